//! What only the owner of a ledger can do, who has every key: seal, link and sign anew.

use std::collections::BTreeMap;

use consent_ledger::export::opened;
use consent_ledger::ledger::bytes::entry::EntryHash;
use consent_ledger::ledger::bytes::seal::{self, Key};
use consent_ledger::ledger::evidence::receipt::{identifier_digest, signed_bytes};
use consent_ledger::ledger::keys::keyring::key_commitment;
use consent_ledger::proof::head;
use consent_ledger::proof::merkle::{Hash, Nodes, node, prove_inclusion, root};
use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::{ClearPart, DecisionReceiptIssued, LedgerCreated, SealedPart};
use ed25519_dalek::Signer;
use prost::Message;
use serde_json::json;

use super::file::File;
use super::goods::{Goods, Keys};
use super::judges::Case;
use super::stored::Stored;
use super::to_base64;
use super::two_keys::{BOX_BYTES, sealed_twice};

/// The seqs of the contact's first trail, which went on after the join.
pub fn elder(file: &File) -> Vec<u64> {
    let trail = file.lines[0]["claim"]["contact_trails"][0].as_u64().unwrap();
    file.of_trail(trail)
}

/// A good file, changed, linked and signed anew.
pub fn owned(goods: &Goods, file: &File, change: impl FnOnce(&mut File)) -> Case {
    let mut file = file.clone();
    change(&mut file);
    file.relink(&goods.keys, |stored, hashes| repositioned(goods, stored, hashes));
    file.resign(&goods.checkpoint_key);
    Case::new(file.bytes(), &goods.key)
}

/// An entry changed, sealed and stated anew.
pub fn rewritten(goods: &Goods, file: &mut File, seq: u64, change: impl FnOnce(&mut Stored)) {
    let mut stored = file.stored(seq, &goods.keys);
    change(&mut stored);
    let bytes = stored.resealed(&goods.keys);
    file.restate(seq, &bytes);
}

/// The contact's receipt in the file, changed.
pub fn another_answer(goods: &Goods, file: &mut File, change: impl FnOnce(&mut DecisionReceiptIssued, &Stored)) {
    let seq = file.of_kind("decision_receipt_issued")[0];
    rewritten(goods, file, seq, |stored| {
        let before = stored.clone();
        stored.edit(|clear| {
            let Some(Fact::DecisionReceiptIssued(issued)) = &mut clear.fact else { panic!("a receipt is expected") };
            change(issued, &before);
        });
    });
}

/// Signs a changed receipt of the file as the ledger would.
pub fn signed(goods: &Goods, stored: &Stored, issued: &mut DecisionReceiptIssued) {
    issued.signature = Vec::new();
    let bytes = signed_bytes(goods.ledger_id, stored.header.account, stored.header.link.trail, issued);
    issued.signature = goods.receipt_key.sign(&bytes).to_bytes().to_vec();
}

/// A receipt whose position has another hash now, signed anew; any other entry stays what it is. Whether it changed.
pub fn repositioned(goods: &Goods, stored: &mut Stored, hashes: &BTreeMap<u64, EntryHash>) -> bool {
    let mut clear = stored.decoded();
    let Some(Fact::DecisionReceiptIssued(issued)) = &mut clear.fact else { return false };
    let before = stored.header.previous_hash;
    let is_next = issued.position_seq + 1 == stored.header.seq.number();
    let Some(hash) = is_next.then_some(before).or_else(|| hashes.get(&issued.position_seq).copied()) else { return false };
    if issued.position_hash == hash.bytes() {
        return false;
    }
    issued.position_hash = hash.bytes().to_vec();
    signed(goods, stored, issued);
    stored.clear = clear.encode_to_vec();
    true
}

/// The ledger's first entry, saying something else.
pub fn created(goods: &Goods, file: &mut File, change: impl FnOnce(&mut LedgerCreated)) {
    rewritten(goods, file, 1, |stored| {
        stored.edit(|clear| {
            let Some(Fact::LedgerCreated(created)) = &mut clear.fact else { panic!("the first entry is expected") };
            change(created);
        });
    });
}

/// The log rewritten before the older checkpoint: a consent that nobody gave.
pub fn history_rewritten(goods: &Goods, file: &mut File) {
    let seq = file.of_kind("opted_in")[0];
    rewritten(goods, file, seq, |stored| stored.edit(|clear| clear.occurred_at -= 86_400_000_000));
}

/// The leaves of a tree, every node worked out anew.
pub struct Leaves(pub Vec<Hash>);

impl Nodes for Leaves {
    type Error = std::convert::Infallible;

    fn complete(&self, level: u32, index: u64) -> Result<Hash, Self::Error> {
        Ok(match level.checked_sub(1) {
            None => self.0[usize::try_from(index).unwrap()],
            Some(below) => node(&self.complete(below, 2 * index)?, &self.complete(below, 2 * index + 1)?),
        })
    }
}

/// The end of the contact's trail left out, and a root over all trails, honest but for this one, that says so.
pub fn false_heads(goods: &Goods, file: &mut File) {
    let seqs = elder(file);
    let (end, before) = (seqs[seqs.len() - 1], seqs[seqs.len() - 2]);
    let cut = file.stored(end, &goods.keys).header.link;
    file.leave_out(end);
    recommitted(goods, file, |ends| {
        ends.insert(cut.trail, (cut.trail_seq - 1, before));
    });
}

/// The heads recorded anew, for what the file claims now: honest but for what `change` does to how many entries each trail has
/// and which is its last.
pub fn recommitted(goods: &Goods, file: &mut File, change: impl FnOnce(&mut BTreeMap<u64, (u64, u64)>)) {
    let committed = file.of_kind("heads_committed")[0];
    let mut ends: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for seq in goods.whole.seqs().into_iter().filter(|seq| *seq < committed) {
        let header = goods.whole.stored(seq, &goods.keys).header;
        for link in [header.link, header.second].into_iter().filter(|link| link.trail_seq > 0) {
            ends.insert(link.trail, (link.trail_seq, seq));
        }
    }
    change(&mut ends);
    let leaves = Leaves(ends.iter().map(|(trail, (place, last))| head::leaf(*trail, *place, *last, &[7; 32])).collect());
    let size = leaves.0.len() as u64;
    let claim = file.first()["claim"].clone();
    let mut trails: Vec<u64> = claim["contact_trails"].as_array().unwrap().iter().map(|trail| trail.as_u64().unwrap()).collect();
    trails.push(claim["account"].as_u64().unwrap());
    trails.sort_unstable();
    let heads = trails.into_iter().map(|trail| {
        let Ok(path) = prove_inclusion(&leaves, trail, size);
        let (place, last) = ends[&trail];
        let path: Vec<String> = path.iter().map(to_base64).collect();
        json!({ "trail": trail, "trail_seq": place, "last_seq": last, "blind": to_base64([7; 32]), "path": path })
    });
    file.first()["heads"] = heads.collect();
    let Ok(root) = root(&leaves, size);
    rewritten(goods, file, committed, |stored| {
        stored.edit(|clear| {
            let Some(Fact::HeadsCommitted(heads)) = &mut clear.fact else { panic!("heads are expected") };
            heads.root = root.to_vec();
        });
    });
}

/// A receipt about the same contact under another key of its trail; any other entry stays what it is.
fn redigested(goods: &Goods, stored: &mut Stored, key: &Key) {
    let mut clear = stored.decoded();
    let Some(Fact::DecisionReceiptIssued(issued)) = &mut clear.fact else { return };
    let sealed = SealedPart::decode(stored.plain[0].as_deref().unwrap()).unwrap();
    issued.identifier_digest = identifier_digest(key, stored.header.account, &sealed.identifiers[0].parse().unwrap()).to_vec();
    signed(goods, stored, issued);
    stored.clear = clear.encode_to_vec();
}

/// Another key for the contact's first trail, under which everything of it is sealed anew.
pub fn another_key(goods: &Goods, file: &mut File, change: impl Fn(&mut ClearPart, [u8; 32])) {
    let trail = file.lines[0]["claim"]["contact_trails"][0].as_u64().unwrap();
    let commitment = key_commitment(goods.ledger_id, trail, &Key::from_bytes([7; 32]));
    let first = elder(file)[0];
    resealed(goods, file, [7; 32], |stored, keys| {
        if stored.header.seq.number() == first {
            stored.edit(|clear| change(clear, commitment));
        }
        stored.resealed(keys)
    });
}

/// Another key for the contact's first trail, under which the ciphertext of its first entry opens too; the rest of the trail is
/// sealed anew under that key.
pub fn another_key_for_the_same_ciphertext(goods: &Goods, file: &mut File) {
    let (trail, first) = (file.lines[0]["claim"]["contact_trails"][0].as_u64().unwrap(), elder(file)[0]);
    let committed = &goods.keys[&trail];
    let mut stored = file.stored(first, &goods.keys);
    stored.sealed = vec![0; 4 + BOX_BYTES];
    stored.sealed[..4].copy_from_slice(&u32::try_from(BOX_BYTES).unwrap().to_be_bytes());
    let bytes = stored.bytes();
    let bound_to = &bytes[..bytes.len() - BOX_BYTES];
    let (sealed, second) = sealed_twice(committed.bytes(), bound_to);
    assert!(seal::open(committed, bound_to, &sealed).is_ok());
    let plain = seal::open(&Key::from_bytes(second), bound_to, &sealed).unwrap();
    let bytes = [bound_to, &sealed].concat();
    resealed(goods, file, second, |stored, keys| if stored.header.seq.number() == first { bytes.clone() } else { stored.resealed(keys) });
    file.line(first)["sealed"] = opened::sealed(&plain).unwrap();
}

/// Shows another key for the contact's first trail, whose entries are what `bytes` makes of them, linked anew.
fn resealed(goods: &Goods, file: &mut File, key: [u8; 32], bytes: impl Fn(&mut Stored, &Keys) -> Vec<u8>) {
    let trail = file.lines[0]["claim"]["contact_trails"][0].as_u64().unwrap();
    let mut keys = goods.keys.clone();
    keys.insert(trail, Key::from_bytes(key));
    for seq in elder(file) {
        let mut stored = file.stored(seq, &goods.keys);
        redigested(goods, &mut stored, &keys[&trail]);
        let bytes = bytes(&mut stored, &keys);
        file.restate(seq, &bytes);
    }
    file.relink(&keys, |stored, hashes| repositioned(goods, stored, hashes));
    file.first()["keys"][0]["key"] = to_base64(key).into();
}
