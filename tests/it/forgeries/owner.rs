//! Forgeries by a dishonest owner, who has every key: seals, links and signs anew.

use consent_ledger::consent::words::Seq;
use consent_ledger::ledger::bytes::entry::EntryHash;
use consent_ledger::ledger::evidence::receipt::identifier_digest;
use consent_ledger::proof::merkle::{Hash, prove_inclusion};
use consent_ledger::proof::tlog_proof::TlogProof;
use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::{SigningKeyChanged, SigningKeyUse};
use serde_json::{Value, json};

use super::{Kind, lines};
use crate::support::forger::from_base64;
use crate::support::forger::goods::JOINED;
use crate::support::forger::judges::Case;
use crate::support::forger::owner::{
    Leaves, another_answer, another_key, another_key_for_the_same_ciphertext, created, elder, false_heads, history_rewritten, owned,
    rewritten, signed,
};

/// The hash of the entry on a line.
fn hash_of(line: &Value) -> Option<Hash> {
    Some(EntryHash::of(&from_base64(line.get("entry")?.as_str().unwrap())).bytes())
}

pub const KINDS: &[Kind] = &[
    Kind {
        name: "the owner rewrites the log from an early entry on",
        code: "OLDER_CONTRADICTED",
        forge: |goods| owned(goods, &goods.whole, |file| history_rewritten(goods, file)).with_older(&goods.older),
    },
    Kind {
        name: "the owner rewrites a bundle from an early entry on",
        code: "OLDER_CONTRADICTED",
        forge: |goods| owned(goods, &goods.bundle, |file| history_rewritten(goods, file)).with_older(&goods.older),
    },
    Kind {
        name: "the owner rewrites a file beside which an honest proof lies",
        code: "OLDER_CONTRADICTED",
        forge: |goods| {
            let forged = owned(goods, &goods.contact, |file| history_rewritten(goods, file));
            forged.with_older(&goods.older).with_consistency(&goods.consistency)
        },
    },
    Kind {
        name: "the owner leaves the middle of a trail out and counts on over it, the heads being honest",
        code: "TRAIL_INCOMPLETE",
        forge: |goods| {
            owned(goods, &goods.bundle, |file| {
                let seqs = elder(file);
                file.leave_out(seqs[1]);
                for (before, seq) in seqs.iter().enumerate().skip(2) {
                    rewritten(goods, file, *seq, |stored| {
                        stored.header.link.trail_seq -= 1;
                        if before == 2 {
                            stored.header.link.previous = Seq::new(seqs[0]);
                        }
                    });
                }
            })
        },
    },
    Kind {
        name: "the owner commits to false heads after a checkpoint over honest ones was kept",
        code: "OLDER_CONTRADICTED",
        forge: |goods| {
            let kept = goods.bundle.clone().first()["checkpoint"].as_str().unwrap().to_owned();
            owned(goods, &goods.bundle, |file| false_heads(goods, file)).with_older(kept.as_bytes())
        },
    },
    Kind {
        name: "the owner swaps the sealed parts of two entries",
        code: "SEALED_DIFFERS",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                let seqs = elder(file);
                let (mut one, mut two) = (file.stored(seqs[1], &goods.keys), file.stored(seqs[2], &goods.keys));
                std::mem::swap(&mut one.sealed, &mut two.sealed);
                file.restate(seqs[1], &one.bytes());
                file.restate(seqs[2], &two.bytes());
                file.resign(&goods.checkpoint_key);
            })
        },
    },
    Kind {
        name: "the owner shows a second key for a trail, under which all of it was sealed anew",
        code: "KEY_DIFFERS",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                another_key(goods, file, |_, _| {});
                file.resign(&goods.checkpoint_key);
            })
        },
    },
    Kind {
        name: "the owner shows a second key, under which the same ciphertext opens to other words",
        code: "KEY_DIFFERS",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                another_key_for_the_same_ciphertext(goods, file);
                file.resign(&goods.checkpoint_key);
            })
        },
    },
    Kind {
        name: "the owner shows a second key for a trail, and commits to it after the fact",
        code: "OLDER_CONTRADICTED",
        forge: |goods| {
            let forged = lines(goods, &goods.bundle, |file| {
                another_key(goods, file, |clear, commitment| clear.key_commitment = commitment.to_vec());
                file.resign(&goods.checkpoint_key);
            });
            forged.with_older(&goods.older)
        },
    },
    Kind {
        name: "the owner never committed to a trail's key",
        code: "KEY_DIFFERS",
        forge: |goods| {
            owned(goods, &goods.bundle, |file| {
                let seq = elder(file)[0];
                rewritten(goods, file, seq, |stored| stored.edit(|clear| clear.key_commitment.clear()));
            })
        },
    },
    Kind {
        name: "the owner seals what is not written as it must be",
        code: "SEALED_DIFFERS",
        forge: |goods| {
            owned(goods, &goods.bundle, |file| {
                let seq = elder(file)[1];
                rewritten(goods, file, seq, |stored| stored.plain[0].as_mut().unwrap().extend([0xf8, 0x07, 0x01]));
            })
        },
    },
    Kind {
        name: "the owner seals something else than is stated",
        code: "STATED_DIFFERS",
        forge: |goods| {
            owned(goods, &goods.bundle, |file| {
                let seq = elder(file)[1];
                rewritten(goods, file, seq, |stored| stored.edit_sealed(|sealed| sealed.message_id = "wamid.0".into()));
            })
        },
    },
    Kind {
        name: "the owner writes a clear part in another order",
        code: "NOT_CANONICAL",
        forge: |goods| {
            owned(goods, &goods.whole, |file| {
                let seq = file.of_kind("opted_in")[0];
                rewritten(goods, file, seq, |stored| stored.clear = [&stored.clear[34..], &stored.clear[..34]].concat());
            })
        },
    },
    Kind {
        name: "the owner turns back the clock",
        code: "CHAIN_BROKEN",
        forge: |goods| {
            owned(goods, &goods.whole, |file| {
                let seq = file.of_kind("opted_in")[1];
                rewritten(goods, file, seq, |stored| stored.header.recorded_at = stored.header.recorded_at.plus_days(300));
            })
        },
    },
    Kind {
        name: "the owner changes the answer of a receipt and cannot sign it",
        code: "RECEIPT_INVALID",
        forge: |goods| owned(goods, &goods.whole, |file| another_answer(goods, file, |issued, _| issued.permission = 3)),
    },
    Kind {
        name: "the owner signs a receipt about somebody else than its entry names",
        code: "RECEIPT_INVALID",
        forge: |goods| {
            owned(goods, &goods.bundle, |file| {
                another_answer(goods, file, |issued, stored| {
                    let (other, trail) = ("+447400129999".parse().unwrap(), stored.header.link.trail);
                    issued.identifier_digest = identifier_digest(&goods.keys[&trail], stored.header.account, &other).to_vec();
                    signed(goods, stored, issued);
                });
            })
        },
    },
    Kind {
        name: "the owner names another receipt key in the first entry",
        code: "RECEIPT_INVALID",
        forge: |goods| owned(goods, &goods.whole, |file| created(goods, file, |created| created.receipt_public_key = vec![7; 32])),
    },
    Kind {
        name: "the owner names a receipt key in the first entry that is none",
        code: "RECEIPT_INVALID",
        forge: |goods| owned(goods, &goods.whole, |file| created(goods, file, |created| created.receipt_public_key = vec![7; 31])),
    },
    Kind {
        name: "the owner proves that an entry stands where it says that it does not",
        code: "NOT_INCLUDED",
        forge: |goods| {
            let mut file = goods.whole.clone();
            let bytes = file.renumber(4, 40, &goods.keys).bytes();
            file.restate(4, &bytes);
            file.resign(&goods.checkpoint_key);
            let leaves = Leaves(file.lines.iter().filter_map(hash_of).collect());
            let Ok(path) = prove_inclusion(&leaves, 3, file.size());
            let checkpoint = file.lines[0]["checkpoint"].as_str().unwrap().to_owned();
            Case::new(TlogProof { index: 3, path, checkpoint }.to_string(), &goods.key).about(&bytes)
        },
    },
    Kind {
        name: "the owner names another checkpoint key in the first entry",
        code: "WRONG_LEDGER",
        forge: |goods| owned(goods, &goods.whole, |file| created(goods, file, |created| created.checkpoint_public_key = vec![7; 32])),
    },
    Kind {
        name: "the owner names another ledger in the first entry",
        code: "WRONG_LEDGER",
        forge: |goods| owned(goods, &goods.whole, |file| created(goods, file, |created| created.origin = "example.com/other".into())),
    },
    Kind {
        name: "the owner begins the log with something else",
        code: "WRONG_LEDGER",
        forge: |goods| {
            owned(goods, &goods.whole, |file| {
                let mut other = file.stored(2, &goods.keys);
                let first = file.stored(1, &goods.keys);
                other.header.seq = Seq::new(1);
                other.header.previous_hash = first.header.previous_hash;
                other.header.recorded_at = first.header.recorded_at;
                file.restate(1, &other.resealed(&goods.keys));
            })
        },
    },
    Kind {
        name: "the owner changes the signing key and goes on signing with the old one",
        code: "WRONG_LEDGER",
        forge: |goods| {
            owned(goods, &goods.whole, |file| {
                let seq = file.of_kind("heads_committed")[0];
                rewritten(goods, file, seq, |stored| {
                    stored.header.kind = 17;
                    let changed = SigningKeyChanged { r#use: SigningKeyUse::Checkpoint.into(), public_key: vec![7; 32] };
                    stored.edit(|clear| clear.fact = Some(Fact::SigningKeyChanged(changed)));
                });
            })
        },
    },
    Kind {
        name: "the owner shows an entry of a claimed trail from after the time that the claim is for",
        code: "TRAIL_BROKEN",
        forge: |goods| {
            owned(goods, &goods.bundle, |file| {
                let as_of = elder(file).last().unwrap() - 1;
                file.first()["claim"]["as_of"] = as_of.into();
            })
        },
    },
    Kind {
        name: "the owner lies about the number of trails under the heads",
        code: "HEAD_UNPROVEN",
        forge: |goods| {
            owned(goods, &goods.bundle, |file| {
                let seq = file.of_kind("heads_committed")[0];
                rewritten(goods, file, seq, |stored| {
                    stored.edit(|clear| {
                        let Some(Fact::HeadsCommitted(heads)) = &mut clear.fact else { panic!("heads are expected") };
                        heads.trails = 1;
                    });
                });
            })
        },
    },
    Kind {
        name: "the owner opens a join's second box with words that it does not hold",
        code: "STATED_DIFFERS",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                let seq = file.of_kind("identifiers_linked")[0];
                file.line(seq)["second_sealed"]["identifiers"] = json!([JOINED[0]]);
            })
        },
    },
    Kind {
        name: "the owner gives an entry that seals nothing an empty box",
        code: "ENTRY_MALFORMED",
        forge: |goods| {
            owned(goods, &goods.whole, |file| {
                let mut stored = file.stored(1, &goods.keys);
                stored.sealed = vec![0; 4];
                let bytes = stored.bytes();
                file.restate(1, &bytes);
            })
        },
    },
    Kind {
        name: "the owner writes an entry of a seq that is not its place",
        code: "OUT_OF_ORDER",
        forge: |goods| {
            owned(goods, &goods.whole, |file| {
                let stored = file.renumber(4, 40, &goods.keys);
                file.restate(4, &stored.resealed(&goods.keys));
            })
        },
    },
];
