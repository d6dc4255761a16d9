//! What a server acknowledged, and what must hold on every server that is started on the same files afterwards.

use std::collections::{BTreeMap, BTreeSet};

use consent_ledger::proto::batch_check_send_item::Outcome;
use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::{
    Acknowledgement, BatchCheckSendRequest, Category, Entry, Keyword, ListEntriesRequest, Permission, RecordInboundMessageRequest,
    RecordOptInRequest, RecordOptOutRequest, RecordStreamRequest,
};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tonic::Status;

use super::campaign::Counts;
use crate::streams::item;
use crate::support::client::Client;

/// A record that may be sent again.
#[derive(Clone, Debug)]
pub enum Sent {
    OptIn(RecordOptInRequest),
    OptOut(RecordOptOutRequest),
    Inbound(RecordInboundMessageRequest),
}

impl Sent {
    pub async fn send(&self, client: &Client) -> Result<Acknowledgement, Status> {
        match self.clone() {
            Self::OptIn(request) => client.opt_in(request).await,
            Self::OptOut(request) => {
                Ok(client.recording.clone().record_opt_out(request).await?.into_inner().acknowledgement.unwrap_or_default())
            }
            Self::Inbound(request) => client.inbound(request).await,
        }
    }

    /// As an item of a stream.
    pub fn item(&self) -> RecordStreamRequest {
        item(match self.clone() {
            Self::OptIn(request) => Event::OptIn(request),
            Self::OptOut(request) => Event::OptOut(request),
            Self::Inbound(request) => Event::InboundMessage(request),
        })
    }

    fn event_id(&self) -> &str {
        match self {
            Self::OptIn(request) => &request.event_id,
            Self::OptOut(request) => &request.event_id,
            Self::Inbound(request) => &request.event_id,
        }
    }
}

/// The acknowledgements of one ledger.
#[derive(Default)]
pub struct Book {
    known: Mutex<Known>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Known {
    /// The hash of every entry that was acknowledged, by seq.
    acknowledged: BTreeMap<u64, Vec<u8>>,
    /// What may be sent again, with what was answered.
    sent: Vec<(Sent, Acknowledgement)>,
    /// Contacts whose STOP was acknowledged, and who do nothing more.
    stopped: Vec<String>,
    /// The last entry that was looked at, and its hash.
    seen: (u64, Vec<u8>),
}

impl Book {
    /// Counts something.
    pub fn one(&self, what: &str) {
        self.counts.lock().one(what);
    }

    /// Adds what was counted to `counts`.
    pub fn add_to(&self, counts: &mut Counts) {
        counts.take(&mut self.counts.lock());
    }

    /// Notes an acknowledgement.
    pub fn acknowledged(&self, acknowledgement: &Acknowledgement) {
        let mut known = self.known.lock();
        let before = known.acknowledged.insert(acknowledgement.seq, acknowledgement.entry_hash.clone());
        assert!(before.is_none_or(|before| before == acknowledgement.entry_hash), "entry {} has two hashes", acknowledgement.seq);
    }

    /// Notes one that may be sent again.
    pub fn may_come_again(&self, sent: Sent, acknowledgement: Acknowledgement) {
        self.known.lock().sent.push((sent, acknowledgement));
    }

    /// Notes a contact that stopped for good.
    pub fn stopped(&self, contact: String) {
        self.known.lock().stopped.push(contact);
    }

    /// The record that was sent as this one, modulo how many there were.
    pub fn sent(&self, number: usize) -> Option<(Sent, Acknowledgement)> {
        let known = self.known.lock();
        (!known.sent.is_empty()).then(|| known.sent[number % known.sent.len()].clone())
    }

    /// How many entries were acknowledged.
    pub fn len(&self) -> usize {
        self.known.lock().acknowledged.len()
    }

    /// What was acknowledged up to now.
    pub fn copy(&self) -> Self {
        Self { known: Mutex::new(self.known.lock().clone_to_examine()), counts: Mutex::default() }
    }

    /// Holds a server against everything acknowledged so far: its log goes on where the last one looked at ended, has no
    /// gap, and every acknowledged entry in it; whoever stopped is told no. With `whole` the log is read from its beginning.
    pub async fn examine(&self, client: &Client, whole: bool) -> Result<(), Status> {
        let mut known = self.known.lock().clone_to_examine();
        if whole {
            known.seen = (0, vec![0; 32]);
        }
        let log = self.read(client, known.seen.0 + 1).await?;
        let from = known.seen.0;
        assert_chain(&log, &mut known.seen);
        for (seq, hash) in known.acknowledged.range(from + 1..) {
            let entry = log.get(usize::try_from(seq - from).unwrap() - 1);
            let entry = entry.unwrap_or_else(|| panic!("entry {seq} was acknowledged and is gone; the log ends at {}", known.seen.0));
            assert_eq!(entry.entry_hash, *hash, "entry {seq} is another than was acknowledged");
        }
        assert_whole_commits(&log);
        if whole {
            assert_nothing_twice(&log);
        }
        assert_refused(client, &known.stopped).await?;
        self.known.lock().seen = known.seen;
        Ok(())
    }

    async fn read(&self, client: &Client, from_seq: u64) -> Result<Vec<Entry>, Status> {
        let mut request = ListEntriesRequest { all_accounts: true, page_size: 1_000, from_seq, ..Default::default() };
        let mut log = Vec::new();
        loop {
            let page = client.audit.clone().list_entries(request.clone()).await?.into_inner();
            log.extend(page.entries);
            if page.next_seq == 0 {
                return Ok(log);
            }
            request.from_seq = page.next_seq;
        }
    }
}

impl Known {
    fn clone_to_examine(&self) -> Self {
        let seen = if self.seen.1.is_empty() { (0, vec![0; 32]) } else { self.seen.clone() };
        Self { acknowledged: self.acknowledged.clone(), sent: Vec::new(), stopped: self.stopped.clone(), seen }
    }
}

/// The hash chain, worked out from the stored bytes alone, without a gap.
fn assert_chain(log: &[Entry], seen: &mut (u64, Vec<u8>)) {
    for entry in log {
        assert_eq!(entry.seq, seen.0 + 1, "a gap");
        assert_eq!(&entry.raw[16..48], seen.1, "entry {} does not follow from the one before it", entry.seq);
        *seen = (entry.seq, Sha256::new().chain_update([0]).chain_update(&entry.raw).finalize().to_vec());
        assert_eq!(entry.entry_hash, seen.1, "entry {}", entry.seq);
    }
}

/// Every STOP stands before the opt-out it caused. What an erasure recorded again stands apart.
fn assert_whole_commits(log: &[Entry]) {
    let clear = |place: usize| log.get(place).and_then(|entry| entry.clear.as_ref()).filter(|clear| clear.original_seq == 0);
    for (place, entry) in log.iter().enumerate() {
        let fact = clear(place).and_then(|clear| clear.fact.as_ref());
        if matches!(fact, Some(Fact::InboundMessageReceived(message)) if message.keyword() == Keyword::OptOut) {
            let next = clear(place + 1).and_then(|clear| clear.fact.as_ref());
            assert!(matches!(next, Some(Fact::OptedOut(_))), "entry {} is a STOP without its opt-out", entry.seq);
        }
    }
}

/// No event id stands twice.
fn assert_nothing_twice(log: &[Entry]) {
    let mut seen = BTreeSet::new();
    for entry in log.iter().filter(|entry| entry.clear.as_ref().is_some_and(|clear| clear.original_seq == 0)) {
        let event_id = entry.sealed.as_ref().map_or("", |sealed| sealed.event_id.as_str());
        assert!(event_id.is_empty() || seen.insert(event_id.to_owned()), "entry {} has the event id of another", entry.seq);
    }
}

/// Whoever stopped is written to by nobody.
async fn assert_refused(client: &Client, stopped: &[String]) -> Result<(), Status> {
    for some in stopped.chunks(1_000) {
        let category = Category::Marketing.into();
        let request = BatchCheckSendRequest { contacts: some.to_vec(), sender: "100".into(), category, ..Default::default() };
        let answers = client.decision.clone().batch_check_send(request).await?.into_inner();
        for (item, contact) in answers.items.into_iter().zip(some) {
            let Some(Outcome::Decision(decision)) = item.outcome else { panic!("{contact}: {:?}", item.outcome) };
            assert_eq!(decision.permission(), Permission::Nothing, "{contact} stopped: {decision:?}");
        }
    }
    Ok(())
}

impl std::fmt::Display for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.event_id())
    }
}
