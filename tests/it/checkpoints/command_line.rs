//! Checkpoints and proofs on the real binary, and a rewritten log before `verify`.

use std::path::Path;

use consent_ledger::consent::words::Seq;
use consent_ledger::ledger::bytes::block::Block;
use consent_ledger::ledger::bytes::entry::{Entry, EntryHash};
use consent_ledger::ledger::storage::disk::RealDisk;
use consent_ledger::ledger::storage::journal::{Journal, Piece, Resume, ledger_id_of, read_segment, segments};
use consent_ledger::proto::{GetCheckpointRequest, ProveConsistencyRequest, ProveInclusionRequest};
use tonic::Code;
use tonic_types::StatusExt;

use super::{Dirs, contact, open, record};
use crate::support::bench::copy;
use crate::support::cli::{Said, cli};
use crate::support::client::{Client, on_a_server, opt_in, runtime};
use crate::support::server::Server;

fn opt_ins(server: &Server, numbers: std::ops::Range<u32>) {
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        for n in numbers {
            client.opt_in(opt_in(&contact(n), &format!("e{n}"))).await.unwrap();
        }
    });
}

fn key_of(data: &Path) -> String {
    let said = cli(&["keys", "public", "--data-dir", data.to_str().unwrap()]);
    assert_eq!(said.code, 0, "{said:?}");
    said.out.trim().to_owned()
}

fn says(line: &str, code: i32) -> Said {
    let said = cli(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(said.code, code, "{line}: {said:?}");
    said
}

/// Publishes, is killed, serves again; an older copy and an empty directory are refused with exit code 2.
#[test]
fn a_server_refuses_a_log_that_is_behind_what_it_published() {
    let dirs = Dirs::new();
    let published = dirs.published().to_str().unwrap().to_owned();
    let flags = ["--checkpoint-dir", published.as_str()];
    let server = Server::start(&dirs.data(), &flags);
    opt_ins(&server, 0..3);
    server.kill();
    let older = dirs.copy(&dirs.data(), "older");
    let server = Server::start(&dirs.data(), &flags);
    opt_ins(&server, 3..6);
    says(&format!("checkpoint --fresh --server {}", server.url()), 0);
    server.kill();

    let refused = Server::try_start(&older, &flags).err().unwrap();
    assert!(refused.contains("exit status: 2") && refused.contains("an older copy of the data directory was put back"), "{refused}");
    let empty = dirs.all.path().join("empty");
    let flags = ["--checkpoint-dir", empty.to_str().unwrap()];
    let refused = Server::try_start(&dirs.data(), &flags).err().unwrap();
    assert!(refused.contains("exit status: 2") && refused.contains("--first-checkpoint"), "{refused}");
    let server = Server::start(&dirs.data(), &[&flags[..], &["--first-checkpoint"]].concat());
    assert_eq!(server.terminate().code(), Some(0));
    let variables = [("CONSENT_LEDGER_CHECKPOINT_DIR", published.as_str())];
    let server = Server::try_start_with(&dirs.data(), &[], &variables).unwrap();
    assert_eq!(server.terminate().code(), Some(0));
    let verified = says(&format!("verify {published}/checkpoint --key {} --json", key_of(&dirs.data())), 0);
    assert_eq!(verified.json()[0]["checkpoint"]["size"], 8);
}

#[test]
fn a_proof_is_verified_without_the_server_and_holds_for_its_entry_alone() {
    let dirs = Dirs::new();
    let server = Server::start(&dirs.data(), &[]);
    opt_ins(&server, 0..3);
    let file = |name: &str| dirs.all.path().join(name).to_str().unwrap().to_owned();
    let to = format!("--server {}", server.url());
    std::fs::write(file("old"), says(&format!("checkpoint --fresh {to}"), 0).out).unwrap();
    opt_ins(&server, 3..9);
    let size = says(&format!("checkpoint --fresh --json {to}"), 0).json()[0]["size"].clone();
    assert_eq!(size, 11);
    says(&format!("prove inclusion --seq 4 --out {} --entry-out {} {to}", file("4.proof"), file("4.bin")), 0);
    says(&format!("prove inclusion --seq 5 --out {} --entry-out {} {to}", file("5.proof"), file("5.bin")), 0);
    says(&format!("prove consistency --old {} --size 11 --out {} {to}", file("old"), file("grown")), 0);
    assert_eq!(server.terminate().code(), Some(0));
    let key = format!("--key {}", key_of(&dirs.data()));

    let (proof, entry, old, grown) = (file("4.proof"), file("4.bin"), file("old"), file("grown"));
    let said = says(&format!("verify {proof} --entry {entry} {key}"), 0);
    assert!(said.out.starts_with("ok\nentry 4 is included\ncheckpoint: 11 entries"), "{}", said.out);
    says(&format!("verify {proof} --entry {entry} {key} --checkpoint {old} --consistency {grown}"), 0);
    says(&format!("verify {grown} {key} --checkpoint {old}"), 0);
    says(&format!("verify {old} {key}"), 0);
    says(&format!("verify {old} {key} --checkpoint {old}"), 0);

    let said = says(&format!("verify {proof} --entry {} {key}", file("5.bin")), 1);
    assert!(said.out.contains("the entry says that it stands at 5"), "{}", said.out);
    says(&format!("verify {proof} --entry-hash {} {key}", "ab".repeat(32)), 1);
    let mut bytes = std::fs::read(&entry).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(file("changed"), bytes).unwrap();
    says(&format!("verify {proof} --entry {} {key}", file("changed")), 1);
    // A key of somebody else is no key of this checkpoint, whatever the file says.
    open(&dirs.all.path().join("other"), None).unwrap().close();
    let other = format!("--key {}", key_of(&dirs.all.path().join("other")));
    says(&format!("verify {proof} --entry {entry} {other}"), 1);
    says(&format!("verify {grown} {other} --checkpoint {old}"), 2);
    let said = says(&format!("verify {proof} --entry {entry} {key} --checkpoint {old}"), 2);
    assert!(said.err.contains("--consistency"), "{}", said.err);
    says(&format!("verify {proof} {key}"), 2);
    says(&format!("verify {proof}"), 2);
}

/// The journal of `data` written anew from an entry on, every hash behind it right; sled is left out.
fn rewrite(data: &Path, from: u64) {
    let dir = data.join("journal");
    let segment = segments(&RealDisk, &dir, ".journal").unwrap().remove(0);
    let id = ledger_id_of(&RealDisk, &segment).unwrap();
    let (pieces, _) = read_segment(&RealDisk, &segment, id).unwrap();
    let mut previous = EntryHash::ZERO;
    let mut blocks = Vec::new();
    for piece in pieces {
        let Piece::Frame(frame) = piece else { continue };
        let (mut bytes, mut count) = (Vec::new(), 0);
        for entry in frame.block.entries() {
            let mut header = entry.header;
            header.previous_hash = previous;
            if header.seq.number() >= from {
                header.actor += 256;
            }
            let entry = [header.encode().as_slice(), &entry.bytes[144..]].concat();
            previous = Entry::split(&entry).unwrap().0.hash();
            bytes.extend(entry);
            count += 1;
        }
        blocks.push(Block::new(frame.block.first(), count, &bytes));
    }
    std::fs::remove_file(&segment.path).unwrap();
    for left in ["sled", "snapshot"] {
        let path = data.join(left);
        let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
    }
    let resume = Resume { tail: None, last: Seq::NONE, last_hash: EntryHash::ZERO };
    let mut journal = Journal::resume(std::sync::Arc::new(RealDisk), &dir, id, &resume).unwrap();
    journal.append(&blocks, EntryHash::ZERO).unwrap();
    journal.close().unwrap();
}

#[test]
fn a_rewritten_log_verifies_alone_and_not_against_an_older_checkpoint() {
    let dirs = Dirs::new();
    let ledger = open(&dirs.data(), Some(&dirs.published())).unwrap();
    record(&ledger, 0..5);
    ledger.checkpoint(true).unwrap();
    let older = dirs.copy(&dirs.data(), "older");
    record(&ledger, 5..9);
    ledger.close();
    drop(ledger);
    let key = key_of(&dirs.data());
    let against = |data: &Path, published: &Path, code: i32| {
        let (data, published) = (data.to_str().unwrap(), published.join("checkpoint"));
        says(&format!("verify --data-dir {data} --key {key} --checkpoint {}", published.to_str().unwrap()), code).out
    };
    let before = dirs.copy(&dirs.published(), "before");
    assert!(against(&dirs.data(), &before, 0).contains("the first 11 entries are those that the checkpoint was signed over"));
    assert!(against(&older, &before, 1).contains("the checkpoint was signed over 11: an older copy of the log was put back"));
    for (from, holds) in [(11, false), (4, false), (12, true)] {
        let rewritten = dirs.all.path().join(format!("rewritten-{from}"));
        copy(&dirs.data(), &rewritten);
        rewrite(&rewritten, from);
        let alone = says(&format!("verify --data-dir {}", rewritten.to_str().unwrap()), 0);
        assert!(alone.out.starts_with("ok\n"), "{}", alone.out);
        let said = against(&rewritten, &before, i32::from(!holds));
        assert!(holds || said.contains("the first 11 entries are not those that the checkpoint was signed over"), "{said}");
    }
}

#[test]
fn what_cannot_be_proved_has_its_reason() {
    on_a_server(|client| async move {
        let mut audit = client.audit.clone();
        let checkpoint = audit.get_checkpoint(GetCheckpointRequest { fresh: false }).await.unwrap().into_inner().checkpoint.unwrap();
        assert_eq!((checkpoint.size, checkpoint.root.len()), (2, 32));
        let reason = |status: tonic::Status| (status.code(), status.get_error_details().error_info().unwrap().reason.clone());
        for (seq, size, code, wanted) in [
            (0, 0, Code::InvalidArgument, "SEQ_MISSING"),
            (2, 1, Code::InvalidArgument, "SIZE_TOO_SMALL"),
            (3, 0, Code::NotFound, "ENTRY_UNKNOWN"),
            (1, 9, Code::NotFound, "CHECKPOINT_UNKNOWN"),
        ] {
            let refused = audit.prove_inclusion(ProveInclusionRequest { seq, size }).await.unwrap_err();
            assert_eq!(reason(refused), (code, wanted.to_owned()));
        }
        for (old_size, size, code, wanted) in [
            (0, 0, Code::InvalidArgument, "SIZE_MISSING"),
            (2, 1, Code::InvalidArgument, "SIZE_TOO_SMALL"),
            (3, 0, Code::FailedPrecondition, "LOG_BEHIND"),
            (1, 9, Code::NotFound, "CHECKPOINT_UNKNOWN"),
        ] {
            let refused = audit.prove_consistency(ProveConsistencyRequest { old_size, size }).await.unwrap_err();
            assert_eq!(reason(refused), (code, wanted.to_owned()));
        }
        let proved = audit.prove_inclusion(ProveInclusionRequest { seq: 2, size: 2 }).await.unwrap().into_inner();
        assert_eq!((proved.path.len(), proved.checkpoint.unwrap().note), (1, checkpoint.note));
        let grown = audit.prove_consistency(ProveConsistencyRequest { old_size: 1, size: 0 }).await.unwrap().into_inner();
        assert_eq!((grown.path.len(), grown.checkpoint.unwrap().size), (1, 2));
    });
}
