//! The state read while it is written, under many schedules: the real commits into the real state, the real look. Every answer is that
//! of the head it names, whole, and no thread sees the head go back.
//!
//! ```text
//! seq          1..3        4             5        6           7          8
//!          both opt in  A opts out  A = B, both  B opts in  erased   A opts in again
//! A            yes          no           no       yes         no        yes
//! B            yes          yes          no       yes         no        no
//! ```

use std::sync::Arc;

use shuttle::thread;

use super::answer::{Answer, Question, Sources};
use crate::consent::account::Known;
use crate::consent::decide::Asked;
use crate::consent::event::{Act, Event, SenderNumber};
use crate::consent::facts::Fact;
use crate::consent::identifier::Identifier;
use crate::consent::identity::{IdentifierKey, Member, MemberEvent, resolve};
use crate::consent::time::Time;
use crate::consent::words::{Account, Categories, Category, Permission, Seq};
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::memory::state::{Group, Position, State};
use crate::ledger::storage::disk::RealDisk;
use crate::ledger::storage::reader::Reader;
use crate::ledger::storage::store::Store;
use crate::ledger::writing::batch::Batch;
use crate::proto::ContactErased;
use crate::sync::schedules;

const ACCOUNT: u64 = 1;
const A: IdentifierKey = key(2);
const B: IdentifierKey = key(3);
const AGAIN: IdentifierKey = key(4);

/// Who may be sent marketing at each head, from 3 on.
const TRUE: [(bool, bool); 6] = [(true, true), (false, true), (false, false), (true, true), (false, false), (true, false)];

const fn key(trail: u64) -> IdentifierKey {
    IdentifierKey { trail, ordinal: 1 }
}

fn at(seq: u64) -> Time {
    Time::from_micros(i64::try_from(seq).unwrap() * 1_000)
}

fn fact(seq: u64) -> Fact {
    Fact { at: at(seq), seq: Seq::new(seq) }
}

fn event(seq: u64, opts_in: bool) -> Event {
    let (sender, categories) = (SenderNumber::ALL, Categories::ALL);
    let act = if opts_in {
        Act::OptIn { sender, categories, expires_at: None, weak: false }
    } else {
        Act::OptOut { sender, categories, keyword_sender: None }
    };
    Event { at: at(seq), seq: Seq::new(seq), act }
}

fn act(trail: IdentifierKey, seq: u64, opts_in: bool) -> MemberEvent {
    MemberEvent { trail: trail.trail, what: Member::Act { event: event(seq, opts_in), identifiers: vec![trail] } }
}

struct World {
    state: State,
    secrets: Arc<Secrets>,
    reader: Reader,
    who: [Identifier; 2],
}

impl World {
    fn new(secrets: &Arc<Secrets>, store: &Arc<Store>) -> Self {
        let reader = Reader {
            disk: Arc::new(RealDisk),
            journal_dir: "/nowhere".into(),
            ledger_id: secrets.ledger_id(),
            store: store.clone(),
            pending: Arc::default(),
        };
        let who = ["+447400123456", "GB.1"].map(|who| who.parse().unwrap());
        Self { state: State::default(), secrets: secrets.clone(), reader, who }
    }

    fn commit(&self, seq: u64, fill: impl FnOnce(&mut Batch)) {
        let mut batch = Batch::new(self.state.head(), at(seq), self.state.highest_trail());
        fill(&mut batch);
        batch.head = Position { seq: Seq::new(seq), hash: EntryHash::ZERO, recorded_at: at(seq) };
        batch.publish(&self.state);
    }

    /// An act of a contact that no identity event holds together with another.
    fn acts(&self, batch: &mut Batch, trail: IdentifierKey, seq: u64, opts_in: bool) {
        let working = batch.trail(&self.state, trail.trail, ACCOUNT);
        working.trail.go_on(Seq::new(seq), seq);
        working.facts.as_mut().unwrap().apply(&event(seq, opts_in));
    }

    fn introduce(&self, batch: &mut Batch, key: IdentifierKey, who: usize) {
        batch.identifiers.insert(self.secrets.identifier_digest(ACCOUNT, &self.who[who]), key);
    }

    fn begin(&self) {
        self.commit(3, |batch| {
            batch.accounts.push(("default".into(), ACCOUNT));
            for (who, (key, seq)) in [(A, 2), (B, 3)].into_iter().enumerate() {
                self.introduce(batch, key, who);
                self.acts(batch, key, seq, true);
            }
        });
    }

    fn write(&self) {
        self.commit(4, |batch| self.acts(batch, A, 4, false));
        let mut members = vec![act(A, 2, true), act(B, 3, true), act(A, 4, false)];
        members.push(MemberEvent { trail: A.trail, what: Member::Linked { fact: fact(5), identifiers: vec![A, B] } });
        self.commit(5, |batch| self.regroup(batch, &members, 5));
        members.push(act(B, 6, true));
        self.commit(6, |batch| self.regroup(batch, &members, 6));
        let erased = [A, B].map(|key| MemberEvent { trail: key.trail, what: Member::Erased { fact: fact(7), identifier: key } });
        members.extend(erased);
        self.commit(7, |batch| {
            self.regroup(batch, &members, 7);
            let tokens = self.who.iter().map(|who| self.secrets.suppression_token(ACCOUNT, who).bytes().to_vec());
            let erased = ContactErased { trails: vec![A.trail, B.trail], suppression_tokens: tokens.collect(), ..Default::default() };
            batch.erasing.erased.push((fact(7), Vec::new(), erased));
            batch.erasing.forgotten = self.who.iter().map(|who| self.secrets.identifier_digest(ACCOUNT, who)).collect();
        });
        self.commit(8, |batch| {
            self.introduce(batch, AGAIN, 0);
            self.acts(batch, AGAIN, 8, true);
            batch.trail(&self.state, AGAIN.trail, ACCOUNT).facts.as_mut().unwrap().suppress(fact(7));
        });
    }

    fn regroup(&self, batch: &mut Batch, members: &[MemberEvent], seq: u64) {
        for key in [A, B] {
            batch.trail(&self.state, key.trail, ACCOUNT).trail.go_on(Seq::new(seq), seq);
        }
        batch.put_groups(vec![Group { trails: vec![A.trail, B.trail], spans: resolve(members), latest: at(seq), last: Seq::new(seq) }]);
    }

    fn question(&self, who: usize) -> Question {
        Question {
            account: Account::default_account(),
            contact: self.who[who].clone(),
            sender: "100".parse().unwrap(),
            asked: Asked::For(Category::Marketing),
            template: None,
            at: None,
            known: Known::default(),
            min_position: None,
        }
    }

    fn sources(&self) -> Sources<'_> {
        Sources { state: &self.state, secrets: &self.secrets, reader: &self.reader }
    }

    /// Asks about each of them in turn.
    fn read(&self, first: usize, times: usize) {
        let mut before = Seq::NONE;
        for turn in 0..times {
            let who = (first + turn) % 2;
            let answer = self.sources().until_whole(&self.question(who), || at(1_000)).unwrap();
            before = held(who, &answer, before);
        }
    }

    /// Asks about both together, with what is kept from one question to the next.
    fn read_both(&self, times: usize) {
        let (mut kept, mut before) = (None, Seq::NONE);
        for _ in 0..times {
            let answers = self.sources().all_until_whole(&self.question(0), &self.who, &mut kept, || at(1_000));
            assert_eq!(answers.len(), 2);
            for (who, answer) in answers.into_iter().enumerate() {
                before = held(who, &answer.unwrap(), before);
            }
        }
    }
}

/// Holds an answer about one of them against its head, and gives that.
fn held(who: usize, answer: &Answer, before: Seq) -> Seq {
    let position = answer.position.seq;
    assert!(position >= before, "the head goes back from {before} to {position}");
    let (a, b) = TRUE[usize::try_from(position.number()).unwrap() - 3];
    let yes = answer.decision.permission != Permission::Nothing;
    assert_eq!(yes, if who == 0 { a } else { b }, "contact {who} at {position}: {answer:?}");
    assert!(answer.decision.deciding_seqs.iter().all(|seq| *seq <= position), "{answer:?}");
    position
}

/// One writer, one who reads each of them in turn, and one who reads both together.
fn run(secrets: &Arc<Secrets>, store: &Arc<Store>) {
    let world = Arc::new(World::new(secrets, store));
    world.begin();
    let (in_turn, together) = (world.clone(), world.clone());
    let readers = [thread::spawn(move || in_turn.read(0, 4)), thread::spawn(move || together.read_both(2))];
    world.write();
    for reader in readers {
        reader.join().unwrap();
    }
    world.read(0, 2);
    assert_eq!(world.state.head().seq, Seq::new(8));
}

#[test]
fn an_answer_is_that_of_its_head_whatever_is_committed_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = Arc::new(Secrets::open(&RealDisk, &dir.path().join("secrets"), true).unwrap());
    let store = Arc::new(Store::open(&dir.path().join("sled"), secrets.ledger_id()).unwrap());
    let (of_random, of_pct) = ((secrets.clone(), store.clone()), (secrets, store));
    shuttle::check_random(move || run(&of_random.0, &of_random.1), schedules(2_000));
    // Few changes of thread, each where it hurts.
    shuttle::check_pct(move || run(&of_pct.0, &of_pct.1), schedules(2_000), 3);
}

#[test]
#[should_panic(expected = "contact 0 at 4")]
fn a_head_that_is_told_before_what_it_names_is_there_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let secrets = Arc::new(Secrets::open(&RealDisk, &dir.path().join("secrets"), true).unwrap());
    let store = Arc::new(Store::open(&dir.path().join("sled"), secrets.ledger_id()).unwrap());
    let early = move || {
        let world = Arc::new(World::new(&secrets, &store));
        world.begin();
        let reader = thread::spawn({
            let world = world.clone();
            move || world.read(0, 1)
        });
        world.state.publish(Position { seq: Seq::new(4), hash: EntryHash::ZERO, recorded_at: at(4) });
        world.commit(4, |batch| world.acts(batch, A, 4, false));
        reader.join().unwrap();
    };
    shuttle::check_random(early, schedules(2_000));
}
