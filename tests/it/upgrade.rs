//! A ledger written by the real binary of version 1, with every kind of entry and keys that were changed, opens, answers, verifies
//! and goes on for ever. `tests/data/write-ledger-v1-served.sh` says how it was written; nobody writes it again.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use consent_ledger::consent::account::Known;
use consent_ledger::consent::decide::Asked;
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::template::{TemplateAsked, TemplateKey};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Category, Effect, Permission, Reason, Seq};
use consent_ledger::export::verify::{Against, verify};
use consent_ledger::ledger::bytes::kind::kind_name;
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::principals::api_key::PresentedKey;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Record, RecordError};
use consent_ledger::ledger::{Filter, Ledger, Options, Question};
use consent_ledger::webhook::dead_letters::DeadLetters;
use sha2::{Digest, Sha256};

use crate::bundles::file;
use crate::support::bench::{copy, event, named, opt_in, opt_out, question, who};
use crate::support::cli::cli;

/// Every kind of entry that version 1 has.
const KINDS: [&str; 31] = [
    "AccountCreated",
    "ConfirmationSent",
    "ContactErased",
    "DecisionReceiptIssued",
    "ErasureCancelled",
    "ErasureRequested",
    "HeadsCommitted",
    "IdentifiersLinked",
    "IdentityKeyChanged",
    "InboundMessageReceived",
    "LedgerCreated",
    "LegalHoldChanged",
    "NumberChanged",
    "OptedIn",
    "OptedOut",
    "PersonalDataRead",
    "PlatformPreferenceChanged",
    "PolicyAdopted",
    "PossibleOptOutResolved",
    "PrincipalAdded",
    "PrincipalRevoked",
    "RestrictionsLifted",
    "SecretRotated",
    "SendFailed",
    "SenderDeclared",
    "SenderQualityReported",
    "SenderRestricted",
    "SigningKeyChanged",
    "TemplateChanged",
    "TemplateRegistered",
    "UserIdChanged",
];

/// SHA-256 over the names and bytes of every file that was written once.
const WRITTEN: [(&str, &str); 6] = [
    ("evidence", "11e25ae91e426753c83e999bf91d744d73a8f2c68b8b1c8b0cff9c28aac5ebb4"),
    ("golden", "b4cc70c51e20abfdfa3b16e219fff09594b8d53ca165166e4e53a2b627889107"),
    ("ledger-before-imports", "a842f3d6d8fdfbec69995c788c45149d5f6df340b28daebc748a132bac95cbd4"),
    ("ledger-v1", "d14c36aa3d5af7b6ec10a028bdb7626e88070002167191a89b5ceecaa3ec34e8"),
    ("ledger-v1-rotated", "2bfb56a2d96b44a611e412251d8cc30a1539f8e82c9fb00ec43bed1d5cec04f2"),
    ("ledger-v1-served", "54a2211ba24f4305076a57a25fd068f854a571c24da81f0d41b0e88cb419c1e7"),
];

fn stored(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

/// A copy of it, and the directory that it goes away with.
fn copied(without: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    copy(&stored("ledger-v1-served"), dir.path());
    let data = dir.path().join("data");
    for name in without {
        std::fs::remove_file(data.join(name)).unwrap();
    }
    (dir, data)
}

/// Opens it a day after it was written; from its snapshot where the log is longer than `small_bytes`.
fn open(data: &Path, small_bytes: u64) -> Ledger {
    let clock = Arc::new(ManualClock::default());
    clock.set("2026-11-30T12:00:00Z".parse().unwrap());
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), clock);
    let published = Some(data.parent().unwrap().join("published"));
    let options = Options { keys_ahead: 8, small_bytes, checkpoint_dir: published, ..Options::new(data) };
    Ledger::open_with(&options, &disk, &clock).unwrap()
}

/// What was asked once, and is asked for ever: everybody who was named, at fixed times.
fn questions() -> Vec<Question> {
    let phones = (1..=15).map(|n| format!("+4474001000{n:02}"));
    let users = [3, 5, 8, 9].into_iter().map(|n| format!("GB.{n}"));
    let times = ["2026-03-01T12:00:00Z", "2026-03-02T10:30:00Z", "2026-03-04T09:00:00Z", "2026-03-05T10:00:00Z", "2026-11-30T00:00:00Z"];
    let mut questions = Vec::new();
    for contact in phones.chain(users) {
        for (place, time) in times.into_iter().enumerate() {
            let about = |asked, sender: &str| Question {
                asked,
                sender: sender.parse().unwrap(),
                at: Some(time.parse::<Time>().unwrap()),
                known: Known { at: None, seq: (place == 2).then(|| Seq::new(30)) },
                ..question(&contact, Category::Marketing, None)
            };
            let template = |name| Some(TemplateAsked { key: TemplateKey::new(name, "en").unwrap(), parameters: 1 });
            questions.extend([
                about(Asked::Anything, "1001"),
                about(Asked::For(Category::Marketing), "1001"),
                about(Asked::For(Category::Utility), "1002"),
                about(Asked::OptOutConfirmation, "1001"),
                Question { template: template(if place % 2 == 0 { "offers" } else { "hello" }), ..about(Asked::Anything, "1003") },
                Question { account: "shop".parse().unwrap(), ..about(Asked::For(Category::Authentication), "1001") },
            ]);
        }
    }
    questions
}

/// Every answer, a line each, in words that do not change with the program's own.
fn answers(ledger: &Ledger) -> String {
    let mut lines = String::new();
    for question in questions() {
        let answer = ledger.check(&question).unwrap();
        let decision = answer.decision;
        let time = |time: Option<Time>| time.map_or_else(|| "never".to_owned(), |time| time.to_string());
        let words = |words: &mut dyn Iterator<Item = String>| words.collect::<Vec<_>>().join(",");
        let asked = match question.asked {
            Asked::Anything => "anything",
            Asked::OptOutConfirmation => "confirmation",
            Asked::For(category) => category.as_str(),
        };
        writeln!(
            lines,
            "{} {} {} {asked} {} {}: {} {} allowed {} window {} until {} by {} policy {}",
            question.account,
            question.contact.as_str(),
            question.sender,
            question.template.as_ref().map_or("-", |template| template.key.name()),
            time(question.at),
            decision.permission,
            words(&mut decision.reasons.iter().map(ToString::to_string)),
            words(&mut decision.allowed.iter().map(|category| category.to_string())),
            time(decision.window_closes_at),
            time(decision.valid_until),
            words(&mut decision.deciding_seqs.iter().map(ToString::to_string)),
            answer.policy_version,
        )
        .unwrap();
    }
    lines
}

fn answers_as_it_did(ledger: &Ledger) {
    let (wanted, given) = (std::fs::read_to_string(stored("ledger-v1-served/answers.txt")).unwrap(), answers(ledger));
    assert_eq!(wanted.lines().count(), questions().len());
    for (wanted, given) in wanted.lines().zip(given.lines()) {
        assert_eq!(given, wanted);
    }
}

/// Every file below, by its path, sorted.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn digest(dir: &Path) -> String {
    let mut digest = Sha256::new();
    for path in files(dir) {
        let (name, bytes) = (path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap());
        digest.update((name.len() as u64).to_be_bytes());
        digest.update(name);
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    }
    digest.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn what_was_written_once_is_never_written_again() {
    let now: Vec<(&str, String)> = WRITTEN.iter().map(|(name, _)| (*name, digest(&stored(name)))).collect();
    let then: Vec<(&str, String)> = WRITTEN.iter().map(|(name, digest)| (*name, (*digest).to_owned())).collect();
    assert_eq!(now, then, "a file of version 1 is another; what is new goes into a new folder");
    let size: u64 = files(&stored("ledger-v1-served")).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(size < 300_000, "{size} bytes");
}

#[test]
fn it_has_every_kind_of_entry() {
    let (_dir, data) = copied(&[]);
    let ledger = open(&data, 0);
    let log = ledger.entries(&Filter::default(), usize::MAX).unwrap();
    ledger.close();
    let mut kinds: Vec<&str> = log.iter().map(|entry| kind_name(entry.clear.fact.as_ref().unwrap())).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, KINDS);
    assert!(log.is_sorted_by_key(|entry| entry.recorded_at));
}

#[test]
fn it_answers_as_it_did_from_its_snapshot_from_the_whole_log_and_from_the_journal_alone() {
    for (small_bytes, without) in
        [(0, &[][..]), (u64::MAX, &[]), (0, &["snapshot", "tree"]), (u64::MAX, &["snapshot", "checkpoints", "tree"])]
    {
        let (_dir, data) = copied(without);
        let ledger = open(&data, small_bytes);
        answers_as_it_did(&ledger);
        ledger.close();
        drop(ledger);
        // Again, with the sled and the snapshot of today.
        assert!(data.join("sled").is_dir());
        let ledger = open(&data, small_bytes);
        answers_as_it_did(&ledger);
        ledger.close();
    }
}

#[test]
fn it_verifies_and_so_does_what_it_handed_out() {
    let (dir, data) = copied(&[]);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let key = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap().trim().to_owned();
    let says_ok = |args: &[String]| {
        let said = cli(args);
        assert_eq!((said.code, said.first_word()), (0, "ok"), "{args:?}: {said:?}");
        said.out
    };
    let ok = |file: &str, by: &str| says_ok(&["verify".into(), text(&dir.path().join(file)), "--key".into(), key(by)]);
    let said = says_ok(&["verify".into(), "--data-dir".into(), text(&data)]);
    assert!(said.contains("journal: whole"), "{said}");
    assert!(ok("evidence.jsonl", "before.key").contains("complete up to entry 78"));
    ok("before.receipt", "before.key");
    ok("after.receipt", "after.key");
    ok("published/checkpoint", "after.key");
    // Once it was open, both copies.
    open(&data, 0).close();
    let said = says_ok(&["verify".into(), "--data-dir".into(), text(&data)]);
    assert!(said.contains("journal: whole\nstore: whole"), "{said}");
}

#[test]
fn it_goes_on() {
    let (_dir, data) = copied(&[]);
    let ledger = open(&data, 0);
    let head = ledger.head().seq;
    let at = |time: &str, record: Record| Record { occurred_at: Some(time.parse().unwrap()), ..record };
    // What it knows of before: the stop is a duplicate, something else under its name is refused, whoever was erased stays so.
    let stop = crate::support::bench::says(&["+447400100002"], "STOP");
    let again = ledger.record_blocking(named("the stop", at("2026-03-02T10:00:00Z", event(0, at_sender(stop, "1001")))));
    assert!(again.as_ref().is_ok_and(|again| again.duplicate && again.caused.is_some()), "{again:?}");
    let other = ledger.record_blocking(named("the stop", event(0, opt_in("+447400100002"))));
    assert!(matches!(other, Err(RecordError::EventIdReused { .. })), "{other:?}");
    let erased = ledger.record_blocking(named("of who is erased", event(0, opt_in("+447400100013")))).unwrap();
    assert!(erased.duplicate, "{erased:?}");
    let late = ledger.record_blocking(event(0, opt_in("+447400100013"))).unwrap();
    assert_eq!((late.effect, ledger.head().seq), (Effect::HistoricalOnly, head));
    // Who has a key still has it.
    let shown = PresentedKey::read(std::fs::read_to_string(stored("ledger-v1-served/ops.key")).unwrap().trim()).unwrap();
    assert!(ledger.holder_of_key(&shown).is_some());
    assert_eq!(ledger.matters(&Account::default_account(), Seq::NONE, usize::MAX).unwrap().len(), 1, "a legal hold");
    let letters = DeadLetters::open_naming(&data, ledger.master_key(), ledger.dead_letter_ids(), ledger.now()).unwrap();
    assert!(letters.list(&Account::default_account()).unwrap().len() > 1);
    // New records, in the old log.
    let new = ledger.record_blocking(Record { occurred_at: None, ..event(0, opt_out("+447400100011")) }).unwrap();
    assert_eq!((new.seq, new.effect), (head.next(), Effect::Applied));
    let bundle = bundle(&ledger, &who("+447400100001"));
    assert!(verify(bundle.as_slice(), ledger.checkpoint_key(), &Against::default(), |_, _| {}).is_ok());
    ledger.close();
    drop(ledger);
    let ledger = open(&data, u64::MAX);
    let decision = ledger.check(&question("+447400100011", Category::Marketing, None)).unwrap().decision;
    assert_eq!((decision.permission, decision.reasons[0]), (Permission::Nothing, Reason::RecipientOptedOut));
    ledger.close();
    let report = consent_ledger::ledger::proving::verify::verify_data_dir(&data, |_, _| ()).unwrap();
    assert!(report.ok(), "{:?}", report.problems);
}

fn at_sender(what: consent_ledger::ledger::writing::record::What, to: &str) -> consent_ledger::ledger::writing::record::What {
    use consent_ledger::ledger::writing::record::What;
    match what {
        What::Inbound { contact, kind, text, payload, message_id, .. } => {
            What::Inbound { contact, sender: to.parse().unwrap(), kind, text, payload, message_id }
        }
        other => other,
    }
}

fn bundle(ledger: &Ledger, contact: &Identifier) -> Vec<u8> {
    let evidence = ledger.evidence(&Account::default_account(), contact, &[]).unwrap();
    file(ledger, contact, evidence).unwrap()
}

#[test]
#[ignore = "wrote the answers, once"]
fn the_answers_are_written() {
    let path = stored("ledger-v1-served/answers.txt");
    assert!(!path.exists(), "they are written once");
    let (_dir, data) = copied(&[]);
    let ledger = open(&data, u64::MAX);
    std::fs::write(path, answers(&ledger)).unwrap();
    ledger.close();
}
