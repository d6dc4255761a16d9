//! Writes down when each call began and when its answer was there, and makes a history of each contact of it.
//!
//! Time is one counter that every begin and every answer takes a tick of: a monotonic clock on which no two moments are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use consent_ledger::proto::{Acknowledgement, Decision, Entry};
use parking_lot::Mutex;

use super::contact::{Act, Asked, Call, Checked, Recorded};
use super::linear::Called;

/// What was called, and what was answered.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    /// A record; no answer: nobody knows whether it happened.
    Record { event: usize, act: Act, answer: Option<Recorded> },
    /// A check that was answered.
    Check { asked: Asked, min_position: u64, answer: Checked },
    /// An erasure was asked for, and had happened by the time at which that is over.
    Erased,
}

#[derive(Clone, Copy, Debug)]
struct Noted {
    contact: usize,
    begun: u64,
    answered: Option<u64>,
    told: Told,
}

/// Everything that was called.
pub struct Recorder {
    ticks: AtomicU64,
    noted: Mutex<Vec<Noted>>,
    /// The last entry of each contact that was acknowledged to anybody.
    latest: Vec<AtomicU64>,
}

/// What was acknowledged.
pub fn acknowledged(acknowledgement: &Acknowledgement) -> Recorded {
    let Acknowledgement { seq, caused_seq, duplicate, .. } = *acknowledgement;
    Recorded::Acknowledged { seq, caused: caused_seq, duplicate: Some(duplicate) }
}

/// What was decided.
pub fn decided(decision: &Decision) -> Checked {
    let position = decision.position.as_ref().expect("every answer has its head").seq;
    assert!(decision.deciding_seqs.iter().all(|seq| *seq <= position), "an answer rests on what is behind its head: {decision:?}");
    Checked::Decided { permission: decision.permission(), window: decision.window_closes_at.is_some(), position }
}

impl Recorder {
    pub fn new(contacts: usize) -> Self {
        let latest = (0..contacts).map(|_| AtomicU64::new(0)).collect();
        Self { ticks: AtomicU64::new(0), noted: Mutex::default(), latest }
    }

    /// Now.
    pub fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::SeqCst)
    }

    /// Notes a call that began then, and what came of it by now.
    pub fn note(&self, contact: usize, begun: u64, told: Told) {
        let answered = !matches!(told, Told::Record { answer: None, .. });
        let noted = Noted { contact, begun, answered: answered.then(|| self.tick()), told };
        if let Told::Record { answer: Some(Recorded::Acknowledged { seq, caused, .. }), .. } = told {
            self.latest[contact].fetch_max(seq.max(caused), Ordering::SeqCst);
        }
        self.noted.lock().push(noted);
    }

    /// The last entry of a contact that was acknowledged to anybody.
    pub fn latest(&self, contact: usize) -> u64 {
        self.latest[contact].load(Ordering::SeqCst)
    }

    /// The last entry of anybody.
    pub fn latest_of_all(&self) -> u64 {
        self.latest.iter().map(|seq| seq.load(Ordering::SeqCst)).max().unwrap_or_default()
    }

    /// The records that had no answer.
    pub fn unanswered(&self) -> Vec<(usize, usize, Act)> {
        let noted = self.noted.lock();
        let without = |noted: &Noted| match noted.told {
            Told::Record { event, act, answer: None } => Some((noted.contact, event, act)),
            _ => None,
        };
        noted.iter().filter_map(without).collect()
    }

    /// The history of each contact, once every event id was answered and this is the whole log.
    pub fn histories(self, log: &[Entry]) -> Vec<Vec<Called<Call>>> {
        let contacts = self.latest.len();
        let mut noted = self.noted.into_inner();
        noted.sort_by_key(|noted| noted.begun);
        let log = Log::of(log);
        assert_head_never_goes_back(&noted);
        log.assert_holds_what_was_acknowledged_and_nothing_else(&noted);
        (0..contacts)
            .map(|contact| {
                let own: Vec<Noted> = noted.iter().filter(|noted| noted.contact == contact).copied().collect();
                let first = first_answers(&own);
                own.iter()
                    .filter_map(|noted| Some(Called { begun: noted.begun, answered: noted.answered, call: log.call(noted, &first)? }))
                    .collect()
            })
            .collect()
    }
}

/// What is known of an event id: for what act it was spent and with which entries, and whether somebody was told that it was he who did it.
type First = BTreeMap<usize, (Act, Recorded, bool)>;

fn first_answers(noted: &[Noted]) -> First {
    let mut first = First::new();
    for noted in noted {
        if let Told::Record { event, act, answer: Some(Recorded::Acknowledged { seq, caused, duplicate }) } = noted.told {
            let told = first.get(&event).is_some_and(|(_, _, told)| *told) || duplicate == Some(false);
            first.insert(event, (act, Recorded::Acknowledged { seq, caused, duplicate: None }, told));
        }
    }
    first
}

/// What the log says of entries.
struct Log<'a> {
    entries: BTreeMap<u64, &'a Entry>,
    erased: u64,
}

impl<'a> Log<'a> {
    fn of(log: &'a [Entry]) -> Self {
        let erased = log.iter().find(|entry| entry.kind == "contact_erased").map(|entry| entry.seq).unwrap_or_default();
        Self { entries: log.iter().map(|entry| (entry.seq, entry)).collect(), erased }
    }

    fn at(&self, seq: u64) -> i64 {
        let entry = self.entries.get(&seq).unwrap_or_else(|| panic!("entry {seq} was acknowledged and is not in the log"));
        let at = entry.recorded_at.as_ref().expect("every entry has its time");
        at.seconds * 1_000_000 + i64::from(at.nanos / 1_000)
    }

    /// The call as the model takes it; none: it had no answer and came to nothing.
    fn call(&self, noted: &Noted, first: &First) -> Option<Call> {
        match noted.told {
            Told::Check { asked, min_position, answer } => Some(Call::Check { asked, min_position, answer }),
            Told::Erased => Some(Call::Erased { seq: self.erased, at: self.at(self.erased) }),
            Told::Record { event, act, answer: Some(Recorded::Acknowledged { seq, .. }) } if seq == self.erased => {
                Some(Call::Record { event, act, at: self.at(seq), answer: Recorded::Outranked { seq } })
            }
            Told::Record { event, act, answer: Some(answer) } => {
                let at = if let Recorded::Acknowledged { seq, .. } = answer { self.at(seq) } else { 0 };
                Some(Call::Record { event, act, at, answer })
            }
            // Where somebody was told that he is the first, this one is a duplicate or refused, and leaves nothing.
            Told::Record { event, act, answer: None } => {
                let (spent_for, answer, told) = first.get(&event).unwrap_or_else(|| panic!("event {event} was never answered"));
                let Recorded::Acknowledged { seq, .. } = *answer else { return None };
                (*spent_for == act && !told).then(|| Call::Record { event, act, at: self.at(seq), answer: *answer })
            }
        }
    }

    /// Nothing is missing, nothing is there twice, and nothing is there that nobody was told of.
    fn assert_holds_what_was_acknowledged_and_nothing_else(&self, noted: &[Noted]) {
        let acts = ["opted_in", "opted_out", "inbound_message_received"];
        let recorded: BTreeSet<u64> =
            self.entries.values().filter(|entry| acts.contains(&entry.kind.as_str())).map(|entry| entry.seq).collect();
        let mut told = BTreeSet::new();
        for noted in noted {
            if let Told::Record { answer: Some(Recorded::Acknowledged { seq, caused, .. }), .. } = noted.told {
                told.extend([seq, caused]);
            }
        }
        told.remove(&0);
        told.remove(&self.erased);
        assert_eq!(recorded, told, "the acts in the log, and what was acknowledged");
    }
}

/// Whatever contact is asked about, the head of an answer is not before one that was told before the question.
fn assert_head_never_goes_back(noted: &[Noted]) {
    let mut moments = BTreeMap::new();
    for (place, noted) in noted.iter().enumerate() {
        if let Some(answered) = noted.answered {
            moments.insert(noted.begun, (place, false));
            moments.insert(answered, (place, true));
        }
    }
    let (mut told, mut before) = (0, vec![0; noted.len()]);
    for (place, is_answer) in moments.into_values() {
        if !is_answer {
            before[place] = told;
            continue;
        }
        let seen = match noted[place].told {
            Told::Record { answer: Some(Recorded::Acknowledged { seq, caused, duplicate }), .. } => {
                let behind = duplicate == Some(true) || seq > before[place];
                assert!(behind, "entry {seq} is recorded though the head was {} before: {:?}", before[place], noted[place]);
                seq.max(caused)
            }
            Told::Check { answer: Checked::Decided { position, .. }, .. } => {
                assert!(position >= before[place], "the head was {} before: {:?}", before[place], noted[place]);
                position
            }
            _ => 0,
        };
        told = seen.max(told);
    }
}
