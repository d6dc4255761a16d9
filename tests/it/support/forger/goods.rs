//! Good files: a history on a real server, and everything that it hands out about it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use consent_ledger::ledger::bytes::seal::Key;
use consent_ledger::ledger::keys::keyring::Keyring;
use consent_ledger::ledger::keys::secrets::{LedgerId, Secrets};
use consent_ledger::ledger::storage::disk::RealDisk;
use ed25519_dalek::SigningKey;
use serde_json::Value;

use super::file::File;
use crate::support::cli::cli;
use crate::support::server::Server;

/// The data keys of trails.
pub type Keys = BTreeMap<u64, Key>;

/// Two identifiers of one person, whose trails were joined.
pub const JOINED: [&str; 2] = ["+447400123456", "US.13491208655302741918"];
/// A number that went to somebody else before the ledger learned of it, and where its first owner went.
pub const MOVED: [&str; 2] = ["+447400123460", "+447400123461"];

/// What one ledger handed out.
pub struct Goods {
    /// The line by which its checkpoints are pinned.
    pub key: String,
    /// Another ledger's.
    pub other_key: String,
    /// A checkpoint of that other ledger.
    pub other_checkpoint: String,
    /// The key that signs checkpoints.
    pub checkpoint_key: SigningKey,
    /// The key that signs receipts.
    pub receipt_key: SigningKey,
    /// Whose it is.
    pub ledger_id: LedgerId,
    /// The keys of all trails.
    pub keys: Keys,
    /// Every entry: the claim `range`.
    pub whole: File,
    /// The entries 5 to 12 of all accounts: the claim `range`.
    pub range: File,
    /// Entries of one account: the claim `included`. None of its lines ends at the older checkpoint.
    pub account: File,
    /// Entries of one contact: the claim `included`.
    pub contact: File,
    /// The evidence of `JOINED`, with a line that ends at the older checkpoint.
    pub bundle: File,
    /// The evidence of `MOVED`: one trail of it is shared.
    pub shared: File,
    /// A receipt about `JOINED`.
    pub receipt: Vec<u8>,
    /// A receipt about somebody the ledger does not know.
    pub unknown: Vec<u8>,
    /// A proof that the entry `proved` is in the log.
    pub inclusion: Vec<u8>,
    /// That entry's bytes.
    pub entry: Vec<u8>,
    /// A proof from the older checkpoint to the latest.
    pub consistency: Vec<u8>,
    /// The latest checkpoint.
    pub checkpoint: Vec<u8>,
    /// One from the middle.
    pub older: Vec<u8>,
}

/// The goods of one ledger, made once for all tests.
pub static GOODS: LazyLock<Goods> = LazyLock::new(Goods::made);

/// How often it is asked whether an erasure happened.
const PATIENCE: usize = 500;

/// Asks the real binary; a check may answer no, everything else must answer yes.
pub fn says(words: &[&str]) -> String {
    let said = cli(words);
    assert!(said.code == 0 || (said.code == 1 && words.first() == Some(&"check")), "{words:?}: {said:?}");
    said.out
}

/// The real binary as a client of a server, writing into a directory.
struct Asked<'a> {
    server: &'a Server,
    dir: &'a Path,
}

impl Asked<'_> {
    fn says(&self, line: &str) -> String {
        let mut words: Vec<&str> = line.split(' ').collect();
        let url = self.server.url();
        words.extend(["--server", &url]);
        says(&words)
    }

    /// The file that a command writes, `FILE` standing for its path.
    fn writes(&self, line: &str) -> Vec<u8> {
        let path = self.dir.join("out");
        let _ = std::fs::remove_file(&path);
        self.says(&line.replace("FILE", path.to_str().unwrap()));
        std::fs::read(path).unwrap()
    }

    fn exports(&self, line: &str) -> File {
        File::read(&self.writes(&format!("export {line} --out FILE")))
    }
}

fn early(asked: &Asked<'_>) {
    asked.says("record opt-in --contact +447400123456 --category marketing,utility --event-id signup-1 --evidence-text Yes");
    asked.says("record inbound --contact +447400123456 --sender 1001 --text Hello");
    asked.says("record opt-in --contact US.13491208655302741918 --category marketing --sender 1001");
    asked.says("record opt-in --contact +447400123457 --category service --method paper");
    asked.says("record inbound --contact +447400123456 --sender 1001 --text STOP --message-id wamid.1");
    asked.says("policy adopt --preset sinch");
    asked.says("sender declare --sender 1001 --automated --path phone,email");
    asked.says("account create shop");
    asked.says("record opt-in --account shop --contact +447400123456 --category marketing");
    asked.says("record inbound --sender 1001 --contact +447400123456 --contact US.13491208655302741918");
    asked.says("record opt-in --contact +447400123460 --category marketing --at 2026-01-01T10:00:00Z");
    asked.says("record opt-in --contact +447400123499 --category marketing");
    asked.says("erase request --contact +447400123499 --delay 0s");
}

/// Waits until nobody waits to be erased.
fn erased(asked: &Asked<'_>) {
    let waits = |_: &usize| asked.says("erase list --json").contains("erasure");
    assert!((0..PATIENCE).find(|turn| !waits(turn)).is_some(), "an erasure that is due does not happen");
}

fn late(asked: &Asked<'_>) {
    asked.says("record opt-in --contact +447400123456 --category marketing --event-id signup-2");
    asked.says("template register --name offer --language en --category marketing --parameters 1");
    asked.says("record opt-out --contact +447400123460 --at 2026-03-01T10:00:00Z --category marketing");
    asked.says("identity change-number --from +447400123460 --to +447400123461 --at 2026-02-01T10:00:00Z");
    asked.says("record inbound --contact +447400123461 --sender 1001 --text Hi");
    asked.says("record inbound --contact +447400123457 --sender 1002 --text Hi");
}

impl Goods {
    fn made() -> Self {
        let all = tempfile::tempdir().unwrap();
        let data = all.path().join("data");
        let server = Server::start(&data, &[]);
        let asked = Asked { server: &server, dir: all.path() };
        early(&asked);
        erased(&asked);
        let kept = all.path().join("older");
        let older = asked.says("checkpoint --fresh");
        std::fs::write(&kept, &older).unwrap();
        late(&asked);
        let receipt =
            asked.writes("check --contact +447400123456 --sender 1001 --template offer --language en --parameters 1 --receipt FILE");
        let unknown = asked.writes("check --contact +447400129999 --sender 1001 --opt-out-confirmation --receipt FILE");
        let held = format!("--checkpoint {}", kept.display());
        // The latest first: each of the evidences is over a checkpoint of its own.
        let bundle = asked.exports(&format!("--contact {} --evidence {held}", JOINED[1]));
        asked.says("record inbound --contact +447400123461 --sender 1001 --text Later");
        let shared = asked.exports(&format!("--contact {} --evidence", MOVED[1]));
        let whole = asked.exports(&format!("--all-accounts {held}"));
        let contact = asked.exports(&format!("--contact {}", JOINED[0]));
        let range = asked.exports("--all-accounts --from-seq 5 --to-seq 12");
        let old = kept.display();
        // These are over one checkpoint, unless one was signed between them: on a slow machine a minute passes.
        let over_one = || {
            let account = asked.exports("--account shop");
            let consistency = asked.writes(&format!("prove consistency --old {old} --out FILE"));
            let checkpoint = account.lines[0]["checkpoint"].as_str().unwrap().to_owned();
            let root = checkpoint.lines().nth(2).unwrap();
            String::from_utf8_lossy(&consistency).contains(root).then_some((account, consistency, checkpoint.clone()))
        };
        let (account, consistency, checkpoint) = (0..20).find_map(|_| over_one()).unwrap();
        let proved = whole.of_kind("opted_in")[1];
        let proof = all.path().join("entry");
        let inclusion = asked.writes(&format!("prove inclusion --seq {proved} --out FILE --entry-out {}", proof.display()));
        let entry = std::fs::read(proof).unwrap();
        assert_eq!(server.terminate().code(), Some(0));

        let secrets = Secrets::open(&RealDisk, &data.join("secrets"), false).unwrap();
        let ring = Keyring::open_to_read(&RealDisk, &data.join("keyring"), secrets.ledger_id(), secrets.master()).unwrap();
        let most = whole.lines.iter().filter_map(|line| line.get("trail").and_then(Value::as_u64)).max().unwrap();
        let keys = (1..=most + 1).filter_map(|trail| ring.key(trail).ok().flatten().map(|key| (trail, key))).collect();
        let (other_key, other_checkpoint) = another(&all.path().join("other"));
        Self {
            key: pinned(&data),
            other_key,
            other_checkpoint,
            checkpoint_key: secrets.checkpoint_key().clone(),
            receipt_key: secrets.receipt_key().clone(),
            ledger_id: secrets.ledger_id(),
            keys,
            whole,
            range,
            account,
            contact,
            bundle,
            shared,
            receipt,
            unknown,
            inclusion,
            entry,
            consistency,
            checkpoint: checkpoint.into_bytes(),
            older: older.into_bytes(),
        }
    }
}

fn pinned(data: &Path) -> String {
    says(&["keys", "public", "--data-dir", data.to_str().unwrap()]).trim().to_owned()
}

/// Another ledger's key and checkpoint.
fn another(data: &Path) -> (String, String) {
    let server = Server::start(data, &[]);
    let checkpoint = says(&["checkpoint", "--fresh", "--server", &server.url()]);
    assert_eq!(server.terminate().code(), Some(0));
    (pinned(data), checkpoint)
}
