//! An export or a bundle that is being forged: its lines as JSON.

use std::collections::BTreeMap;

use consent_ledger::consent::words::Seq;
use consent_ledger::export::opened;
use consent_ledger::ledger::bytes::entry::{Entry, EntryHash};
use consent_ledger::proof::checkpoint::Checkpoint;
use consent_ledger::proof::merkle::{Frontier, Hash};
use consent_ledger::proof::note::Note;
use consent_ledger::proof::range::{Gap, Subtree};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use super::goods::Keys;
use super::stored::Stored;
use super::{from_base64, to_base64};

/// The lines of a file: the first, entries and what was left out, the last.
#[derive(Clone)]
pub struct File {
    /// Each a JSON object.
    pub lines: Vec<Value>,
    /// The bytes that were handed out.
    pub handed_out: Vec<u8>,
}

impl File {
    /// Reads a good file.
    pub fn read(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap();
        Self { lines: text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), handed_out: bytes.to_vec() }
    }

    /// Its bytes as its lines are now.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in &self.lines {
            serde_json::to_writer(&mut bytes, line).unwrap();
            bytes.push(b'\n');
        }
        bytes
    }

    /// The first line.
    pub fn first(&mut self) -> &mut Value {
        &mut self.lines[0]
    }

    /// The last line.
    pub fn last(&mut self) -> &mut Value {
        self.lines.last_mut().unwrap()
    }

    /// The seqs of its entry lines.
    pub fn seqs(&self) -> Vec<u64> {
        self.lines.iter().filter(|line| line.get("entry").is_some()).map(|line| line["seq"].as_u64().unwrap()).collect()
    }

    /// The seqs of its entries of this kind.
    pub fn of_kind(&self, kind: &str) -> Vec<u64> {
        let lines = self.lines.iter().filter(|line| line.get("kind").is_some_and(|named| named == kind));
        lines.map(|line| line["seq"].as_u64().unwrap()).collect()
    }

    /// The seqs of its entries of this trail.
    pub fn of_trail(&self, trail: u64) -> Vec<u64> {
        let lines = self.lines.iter().filter(|line| line.get("trail").is_some_and(|named| *named == trail));
        lines.map(|line| line["seq"].as_u64().unwrap()).collect()
    }

    /// Where the line of an entry stands; the file's line counted from 1 is one more.
    pub fn place(&self, seq: u64) -> usize {
        let found = self.lines.iter().position(|line| line.get("entry").is_some() && line["seq"] == seq);
        found.unwrap_or_else(|| panic!("entry {seq} is not in it"))
    }

    /// The line of an entry.
    pub fn line(&mut self, seq: u64) -> &mut Value {
        let place = self.place(seq);
        &mut self.lines[place]
    }

    /// The bytes of an entry.
    pub fn entry(&self, seq: u64) -> Vec<u8> {
        from_base64(self.lines[self.place(seq)]["entry"].as_str().unwrap())
    }

    /// An entry taken apart, opening what `keys` open.
    pub fn stored(&self, seq: u64, keys: &Keys) -> Stored {
        Stored::read(&self.entry(seq), keys)
    }

    /// Puts other bytes in an entry's line and leaves what stands beside them.
    pub fn put(&mut self, seq: u64, bytes: &[u8]) {
        self.line(seq)["entry"] = to_base64(bytes).into();
    }

    /// Puts other bytes in an entry's line, and beside them what they say.
    pub fn restate(&mut self, seq: u64, bytes: &[u8]) {
        let place = self.place(seq);
        let (entry, _) = Entry::split(bytes).unwrap();
        let line = &mut self.lines[place];
        line["entry"] = to_base64(bytes).into();
        line["entry_hash"] = hex::encode(entry.hash().bytes()).into();
        line["seq"] = entry.header.seq.number().into();
        line["recorded_at"] = entry.header.recorded_at.to_string().into();
        line["account"] = entry.header.account.into();
        line["trail"] = entry.header.link.trail.into();
        let members = line.as_object_mut().unwrap();
        members.remove("second_trail");
        if entry.header.second.trail != 0 {
            members.insert("second_trail".into(), entry.header.second.trail.into());
        }
        if let Ok(clear) = entry.clear() {
            members.insert("clear".into(), opened::clear(entry.clear_bytes()).unwrap());
            members.insert("kind".into(), consent_ledger::ledger::bytes::kind::field_name(&clear.fact.unwrap()).into());
        }
    }

    /// Makes every entry follow from the one on the line before it, sealing anew what `keys` seal: what only the owner can.
    /// `follow` changes what an entry says about the entries before it; whether it did is its answer.
    pub fn relink(&mut self, keys: &Keys, follow: impl Fn(&mut Stored, &BTreeMap<u64, EntryHash>) -> bool) {
        let mut before: Option<EntryHash> = None;
        let mut hashes = BTreeMap::new();
        for place in 1..self.lines.len() {
            if self.lines[place].get("entry").is_none() {
                before = None;
                continue;
            }
            let seq = self.lines[place]["seq"].as_u64().unwrap();
            let mut bytes = self.entry(seq);
            let mut stored = Stored::read(&bytes, keys);
            let mut changed = false;
            if let Some(before) = before.filter(|before| *before != stored.header.previous_hash) {
                stored.header.previous_hash = before;
                changed = true;
            }
            if follow(&mut stored, &hashes) || changed {
                bytes = stored.resealed(keys);
                self.restate(seq, &bytes);
            }
            before = Some(EntryHash::of(&bytes));
            hashes.insert(seq, EntryHash::of(&bytes));
        }
    }

    /// The root that its lines lead to.
    pub fn root(&self) -> Hash {
        let mut told = Frontier::default();
        for line in &self.lines[1..] {
            if let Some(entry) = line.get("entry") {
                told.push(EntryHash::of(&from_base64(entry.as_str().unwrap())).bytes());
            } else if let Some(root) = line.get("root") {
                let root = from_base64(root.as_str().unwrap()).try_into().unwrap();
                assert!(told.push_complete(line["left_out"].as_u64().unwrap(), root));
            }
        }
        told.root()
    }

    /// How many entries its lines are about.
    pub fn size(&self) -> u64 {
        let left_out = self.lines.iter().filter(|line| line.get("root").is_some()).map(|line| line["left_out"].as_u64().unwrap());
        left_out.sum::<u64>() + self.seqs().len() as u64
    }

    /// Signs a checkpoint over what its lines lead to, with the time of the one that it has.
    pub fn resign(&mut self, key: &SigningKey) {
        let origin = self.lines[0]["origin"].as_str().unwrap().to_owned();
        let checkpoint = Checkpoint { origin, size: self.size(), root: self.root() };
        self.lines[0]["checkpoint"] = checkpoint.sign(key, self.seconds()).to_string().into();
    }

    /// When its checkpoint was signed, in seconds since 1970.
    fn seconds(&self) -> u64 {
        let note: Note = self.lines[0]["checkpoint"].as_str().unwrap().parse().unwrap();
        u64::from_be_bytes(note.signatures[1].signature[..8].try_into().unwrap())
    }

    /// Puts the right numbers in the last line.
    pub fn count(&mut self) {
        let (size, entries) = (self.size(), self.seqs().len() as u64);
        *self.last() = json!({ "entries": entries, "left_out": size - entries });
    }

    /// Puts an entry's hash in its place, and the right numbers in the last line.
    pub fn leave_out(&mut self, seq: u64) {
        let hash = EntryHash::of(&self.entry(seq)).bytes();
        *self.line(seq) = json!({ "left_out": 1, "root": to_base64(hash) });
        self.count();
    }

    /// Shows an entry that was left out: `whole` has all of them.
    pub fn show(&mut self, seq: u64, whole: &Self) {
        let mut before = 0;
        let place = self.lines.iter().position(|line| {
            before += line
                .get("left_out")
                .filter(|_| line.get("root").is_some())
                .map_or(u64::from(line.get("entry").is_some()), |count| count.as_u64().unwrap());
            before >= seq
        });
        let place = place.unwrap();
        let count = self.lines[place]["left_out"].as_u64().unwrap();
        let from = before - count;
        let leaf = |index: u64| EntryHash::of(&whole.entry(index + 1)).bytes();
        let mut lines = Vec::new();
        let gap = |from: u64, to: u64, lines: &mut Vec<Value>| {
            let mut gap = Gap::default();
            (from..to).for_each(|index| gap.push(Subtree { level: 0, index }, leaf(index)));
            lines.extend(gap.take().into_iter().map(|(part, root)| json!({ "left_out": 1_u64 << part.level, "root": to_base64(root) })));
        };
        gap(from, seq - 1, &mut lines);
        lines.push(whole.lines[whole.place(seq)].clone());
        gap(seq, before, &mut lines);
        self.lines.splice(place..=place, lines);
        self.count();
    }

    /// The entry whose seq the owner gave to another: its header says so, and nothing else changed.
    pub fn renumber(&self, from: u64, to: u64, keys: &Keys) -> Stored {
        let mut stored = self.stored(from, keys);
        stored.header.seq = Seq::new(to);
        stored
    }
}
