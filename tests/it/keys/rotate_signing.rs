//! A signing key changes: what was signed before holds under the old key, what comes after under the new one, and the log itself
//! leads from one to the other, for both verifiers.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::export::receipt;
use consent_ledger::ledger::keys::rotate_signing::ChangedKey;
use consent_ledger::ledger::keys::secrets::{Secrets, SecretsError};
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::{Ledger, OpenError, Options};
use consent_ledger::proof::checkpoint;
use consent_ledger::proof::note::VerifierKey;
use consent_ledger::proto::SigningKeyUse;

use crate::faults::{Fails, FaultyDisk};
use crate::support::bench::{at, copy, open_on, opt_in, put, try_open};
use crate::support::cli::{Said, cli};
use crate::support::python;
use crate::support::server::Server;

const CONTACT: &str = "+447400123456";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What both verifiers say, which must be the same verdict: the exit code, and what either printed.
fn verify(file: &Path, more: &[&str]) -> (i32, String) {
    let ours = cli(&[&["verify", text(file)], more].concat());
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verifier/verify.py");
    let Some(python) = python::with("cryptography") else { return (ours.code, ours.out) };
    let theirs = std::process::Command::new(python).arg(verifier).arg(file).args(more).output().unwrap();
    let said = String::from_utf8_lossy(&theirs.stdout).into_owned();
    assert_eq!(theirs.status.code(), Some(ours.code), "{ours:?}\n{said}\n{}", String::from_utf8_lossy(&theirs.stderr));
    (ours.code, format!("{}\n{said}", ours.out))
}

struct Served {
    _dir: tempfile::TempDir,
    data: std::path::PathBuf,
    published: std::path::PathBuf,
    files: std::path::PathBuf,
}

impl Served {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files = dir.path().join("files");
        std::fs::create_dir(&files).unwrap();
        Self { data: dir.path().join("data"), published: dir.path().join("published"), files, _dir: dir }
    }

    fn start(&self) -> Server {
        Server::start(&self.data, &["--checkpoint-dir", text(&self.published)])
    }

    fn run(server: &Server, args: &[&str]) -> Said {
        let said = cli(&[args, &["--server", &server.url()]].concat());
        assert_eq!(said.code, 0, "{args:?}: {said:?}");
        said
    }

    /// A bundle, a receipt, a range and a checkpoint under this name.
    fn hand_out(&self, server: &Server, name: &str) {
        let file = |what: &str| self.files.join(format!("{name}.{what}"));
        Self::run(server, &["export", "--contact", CONTACT, "--evidence", "--out", text(&file("bundle"))]);
        Self::run(server, &["export", "--all-accounts", "--from-seq", "1", "--to-seq", "2", "--out", text(&file("range"))]);
        Self::run(server, &["check", "--contact", CONTACT, "--sender", "1", "--receipt", text(&file("receipt"))]);
        std::fs::write(file("checkpoint"), Self::run(server, &["checkpoint", "--fresh"]).out).unwrap();
    }

    fn rotate(&self, of: &str) -> serde_json::Value {
        let data = text(&self.data);
        let said = cli(&["keys", "rotate-signing", "--json", "--use", of, "--data-dir", data, "--checkpoint-dir", text(&self.published)]);
        assert_eq!(said.code, 0, "{said:?}");
        said.json().remove(0)
    }

    fn key(&self) -> String {
        cli(&["keys", "public", "--data-dir", text(&self.data)]).out.trim().to_owned()
    }

    /// Whether everything under this name holds under a key.
    fn holds(&self, name: &str, key: &str) -> Vec<i32> {
        let kinds = ["bundle", "range", "receipt", "checkpoint"];
        kinds.iter().map(|what| verify(&self.files.join(format!("{name}.{what}")), &["--key", key]).0).collect()
    }
}

#[test]
fn what_was_handed_out_holds_under_its_own_key_and_the_log_leads_from_one_key_to_the_next() {
    let place = Served::new();
    let server = place.start();
    Served::run(&server, &["record", "opt-in", "--contact", CONTACT, "--category", "marketing"]);
    place.hand_out(&server, "before");
    assert!(server.terminate().success());
    let old = place.key();
    let changed = place.rotate("checkpoint");
    let new = place.key();
    assert_eq!(changed["key"], new.as_str());
    assert_ne!(new, old);
    let (seq, size) = (changed["seq"].to_string(), changed["vouched_size"].to_string());
    let published = std::fs::read_to_string(place.published.join("checkpoint")).unwrap();
    let vouched = checkpoint::verify(&published, &old.parse().unwrap()).unwrap().checkpoint.size;
    assert!(vouched.to_string() == size && vouched >= changed["seq"].as_u64().unwrap(), "{changed}");
    place.rotate("receipt");

    let server = place.start();
    place.hand_out(&server, "after");
    let (proof, entry) = (place.files.join("key.proof"), place.files.join("key.entry"));
    Served::run(&server, &["prove", "inclusion", "--seq", &seq, "--size", &size, "--out", text(&proof), "--entry-out", text(&entry)]);
    let grown = place.files.join("grown.proof");
    let before = place.files.join("before.checkpoint");
    Served::run(&server, &["prove", "consistency", "--old", text(&before), "--out", text(&grown)]);
    // Both receipts still follow, each signed with its own key.
    for name in ["before", "after"] {
        Served::run(&server, &["verify", text(&place.files.join(format!("{name}.receipt")))]);
    }
    assert!(server.terminate().success());

    assert_eq!((place.holds("before", &old), place.holds("before", &new)), (vec![0; 4], vec![1; 4]));
    assert_eq!((place.holds("after", &new), place.holds("after", &old)), (vec![0; 4], vec![1; 4]));
    let (code, said) = verify(&proof, &["--entry", text(&entry), "--key", &old]);
    assert_eq!(
        (code, said.matches(&format!("from entry {seq} on the ledger's checkpoint key is {new}")).count()),
        (0, 1 + usize::from(python::with("cryptography").is_some())),
        "{said}"
    );
    assert_eq!(verify(&proof, &["--entry", text(&entry), "--key", &new]).0, 1);
    let said = cli(&["verify", text(&grown), "--checkpoint", text(&before), "--checkpoint-key", &old, "--key", &new]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(cli(&["verify", text(&grown), "--checkpoint", text(&before), "--key", &new]).code, 2);

    let former = cli(&["keys", "public", "--former", "--json", "--data-dir", text(&place.data)]).json().remove(0);
    let keys = former["checkpoint_keys"].as_array().unwrap();
    assert_eq!(keys.iter().map(|key| key["key"].as_str().unwrap()).collect::<Vec<_>>(), [old.as_str(), new.as_str()]);
    assert_eq!((keys[1]["from_seq"].to_string(), keys[1]["vouched_size"].to_string()), (seq, size));
    assert_eq!(former["receipt_keys"].as_array().unwrap().len(), 2);
    assert!(verify_data_dir(&place.data, |_, _| ()).unwrap().ok());
}

fn prepared(dir: &Path) {
    let ledger = try_open(dir, at(3600)).unwrap();
    put(&ledger, 10, opt_in(CONTACT));
    ledger.close();
}

fn public_keys(dir: &Path, of: SigningKeyUse) -> usize {
    Secrets::open(&RealDisk, &dir.join("secrets"), false).unwrap().public_keys(of).len()
}

#[test]
fn a_change_that_is_cut_off_at_any_step_is_completed_or_forgotten_by_the_next_start() {
    let before = tempfile::tempdir().unwrap();
    prepared(before.path());
    let mut seen = [0, 0];
    for of in [SigningKeyUse::Checkpoint, SigningKeyUse::Receipt] {
        for fails in [Fails::Half, Fails::Done] {
            for nth in 1.. {
                let dir = tempfile::tempdir().unwrap();
                copy(before.path(), dir.path());
                let disk = FaultyDisk::new(0, fails);
                let on: Arc<dyn Disk> = Arc::new(disk.clone());
                let ledger = open_on(dir.path(), at(3600), &on).unwrap();
                let old = ledger.checkpoint_key().clone();
                disk.fail_in(nth);
                let changed: Result<ChangedKey, _> = ledger.change_signing_key(of);
                let done = !disk.failed();
                drop(ledger);
                let case = format!("{of:?}, {fails:?} at step {nth}");
                let ledger = try_open(dir.path(), at(3600)).unwrap_or_else(|error| panic!("{case}: {error}"));
                let keys = public_keys(dir.path(), of);
                seen[keys - 1] += 1;
                assert!(keys == 2 || changed.is_err(), "{case}");
                // A checkpoint signed with the key before covers the entry, and what is signed now holds under the one in force.
                if keys == 2 && of == SigningKeyUse::Checkpoint {
                    assert_ne!(*ledger.checkpoint_key(), old, "{case}");
                    let seq = Secrets::open(&RealDisk, &dir.path().join("secrets"), false).unwrap().in_force().checkpoint;
                    let vouched = (seq.number()..=ledger.head().seq.number()).any(|size| {
                        let proved = ledger.prove_inclusion(seq, Some(size));
                        proved.is_ok_and(|proved| checkpoint::verify(&proved.checkpoint.note, &old).is_ok())
                    });
                    assert!(vouched, "{case}");
                }
                let note = ledger.checkpoint(true).unwrap().note;
                checkpoint::verify(&note, ledger.checkpoint_key()).unwrap_or_else(|error| panic!("{case}: {error}"));
                signs(&ledger, &case);
                ledger.close();
                drop(ledger);
                let ledger = try_open(dir.path(), at(3600)).unwrap_or_else(|error| panic!("{case}, again: {error}"));
                assert_eq!(public_keys(dir.path(), of), keys, "{case}");
                signs(&ledger, &case);
                ledger.close();
                if done {
                    assert!(changed.is_ok() && nth > 5, "{nth} steps");
                    break;
                }
            }
        }
    }
    assert!(seen.iter().all(|times| *times > 3), "{seen:?}");
}

/// A receipt that is issued now holds under the ledger's keys, and follows.
fn signs(ledger: &Ledger, case: &str) {
    use consent_ledger::consent::words::Category;
    use consent_ledger::ledger::evidence::rederive::Verdict;
    use consent_ledger::ledger::writing::record::Actor;
    let question = crate::support::bench::question(CONTACT, Category::Marketing, None);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (_, acknowledged) = runtime.block_on(ledger.check_and_record(&question, Actor::LOCAL)).unwrap();
    let issued = ledger.receipt(acknowledged.seq).unwrap().unwrap();
    receipt::verify(&issued, ledger.checkpoint_key()).unwrap_or_else(|error| panic!("{case}: {error}"));
    assert!(matches!(ledger.verify_decision(&issued, None).unwrap(), Verdict::Follows(_)), "{case}");
}

#[test]
fn receipts_that_name_another_change_of_key_do_not_hold() {
    let dir = tempfile::tempdir().unwrap();
    prepared(dir.path());
    for _ in 0..2 {
        let ledger = try_open(dir.path(), at(3600)).unwrap();
        ledger.change_signing_key(SigningKeyUse::Receipt).unwrap();
        ledger.close();
    }
    let ledger = try_open(dir.path(), at(3600)).unwrap();
    let question = crate::support::bench::question(CONTACT, consent_ledger::consent::words::Category::Marketing, None);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let actor = consent_ledger::ledger::writing::record::Actor::LOCAL;
    let (_, acknowledged) = runtime.block_on(ledger.check_and_record(&question, actor)).unwrap();
    let issued = ledger.receipt(acknowledged.seq).unwrap().unwrap();
    let key: &VerifierKey = ledger.checkpoint_key();
    receipt::verify(&issued, key).unwrap();
    let changed = issued.key_changed.clone().unwrap();
    let first = ledger.prove_inclusion(consent_ledger::consent::words::Seq::new(1), None).unwrap();
    let mut wrong = vec![(None, "RECEIPT_INVALID")];
    let with = |entry: &[u8], inclusion: &str| {
        Some(consent_ledger::ledger::evidence::receipt::KeyChanged { entry: entry.to_vec(), inclusion: inclusion.to_owned() })
    };
    wrong.push((with(&issued.ledger_created, &first.proof.to_string()), "RECEIPT_INVALID"));
    wrong.push((with(&changed.entry, &first.proof.to_string()), "UNREADABLE"));
    wrong.push((with(&changed.entry, "nothing"), "UNREADABLE"));
    let mut flipped = changed.entry.clone();
    *flipped.last_mut().unwrap() ^= 1;
    wrong.push((with(&flipped, &changed.inclusion), "NOT_INCLUDED"));
    wrong.push((with(&[&changed.entry[..], &[0]].concat(), &changed.inclusion), "RECEIPT_INVALID"));
    for (key_changed, name) in wrong {
        let receipt = consent_ledger::ledger::evidence::receipt::Receipt { key_changed, ..issued.clone() };
        let refused = receipt::verify(&receipt, key).unwrap_err();
        assert_eq!(refused.name(), name, "{refused}");
    }
    ledger.close();
}

#[test]
fn secrets_from_before_a_change_are_refused_by_name() {
    for of in [SigningKeyUse::Checkpoint, SigningKeyUse::Receipt] {
        let dir = tempfile::tempdir().unwrap();
        prepared(dir.path());
        let old = std::fs::read(dir.path().join("secrets/ledger.secrets")).unwrap();
        let ledger = try_open(dir.path(), at(3600)).unwrap();
        ledger.change_signing_key(of).unwrap();
        ledger.close();
        drop(ledger);
        std::fs::write(dir.path().join("secrets/ledger.secrets"), old).unwrap();
        for small_bytes in [0, u64::MAX] {
            let disk: Arc<dyn Disk> = Arc::new(RealDisk);
            let clock = consent_ledger::ledger::clock::ManualClock::default();
            clock.set(at(3600));
            let clock: Arc<dyn consent_ledger::ledger::clock::Clock> = Arc::new(clock);
            let options = Options { small_bytes, keys_ahead: 8, ..Options::new(dir.path()) };
            match Ledger::open_with(&options, &disk, &clock).err() {
                Some(OpenError::Secrets(error @ SecretsError::OlderThanLog { .. })) => {
                    assert!(error.to_string().contains("names a signing key that it does not hold"), "{error}");
                }
                other => panic!("{of:?}: {other:?}"),
            }
        }
    }
}
