//! Bundles in which the owner passes something off as what it is not: another account, a contact without a trail that was joined
//! with theirs, a time that has not come, an answer given elsewhere.

use serde_json::{Value, json};

use super::{Kind, lines};
use crate::support::forger::file::File;
use crate::support::forger::goods::Goods;
use crate::support::forger::owner::{another_answer, elder, owned, recommitted, rewritten, signed};

fn claim(file: &mut File) -> &mut Value {
    &mut file.first()["claim"]
}

/// Takes the contact's second trail out of the first line and leaves out every entry that is of it alone. Gives the seq of the
/// join.
fn without_the_younger(file: &mut File) -> u64 {
    let younger = claim(file)["contact_trails"].as_array_mut().unwrap().pop().unwrap();
    for list in ["keys", "heads"] {
        file.first()[list].as_array_mut().unwrap().retain(|of| of["trail"] != younger);
    }
    for seq in file.of_trail(younger.as_u64().unwrap()) {
        file.leave_out(seq);
    }
    file.of_kind("identifiers_linked")[0]
}

/// The account's entries are those of another, with true heads.
fn another_account(goods: &Goods, file: &mut File) {
    let mine = claim(file)["account"].as_u64().unwrap();
    let first = goods.whole.of_kind("account_created")[1];
    let other = goods.whole.stored(first, &goods.keys).header.link.trail;
    for seq in file.of_trail(mine) {
        file.leave_out(seq);
    }
    for seq in goods.whole.of_trail(other) {
        file.show(seq, &goods.whole);
    }
    claim(file)["account"] = other.into();
    recommitted(goods, file, |_| {});
}

pub const KINDS: &[Kind] = &[
    Kind {
        name: "the owner shows the policies of another account",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| owned(goods, &goods.bundle, |file| another_account(goods, file)),
    },
    Kind {
        name: "the bundle is said to be of an account of another name",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| lines(goods, &goods.bundle, |file| file.first()["selection"]["account"] = json!("shop")),
    },
    Kind {
        name: "the account's trail does not begin with an account",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| {
            owned(goods, &goods.bundle, |file| {
                let seq = file.of_kind("account_created")[0];
                let policy = file.of_kind("policy_adopted")[0];
                let (kind, clear) = (file.stored(policy, &goods.keys).header.kind, file.stored(policy, &goods.keys).decoded().fact);
                rewritten(goods, file, seq, |stored| {
                    stored.header.kind = kind;
                    stored.edit(|own| own.fact = clear);
                });
            })
        },
    },
    Kind {
        name: "a trail that was joined with the contact's is left out, with all that is in it",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                let join = without_the_younger(file);
                assert!(file.line(join)["second_sealed"].is_object());
            })
        },
    },
    Kind {
        name: "a trail that was joined with the contact's is left out and called erased",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                let join = without_the_younger(file);
                file.line(join).as_object_mut().unwrap().remove("second_sealed");
                file.line(join)["erased"] = true.into();
            })
        },
    },
    Kind {
        name: "the contact has no trail at all",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                let account = claim(file)["account"].clone();
                claim(file)["contact_trails"] = json!([]);
                file.first()["heads"].as_array_mut().unwrap().retain(|head| head["trail"] == account);
                file.first()["keys"] = json!([]);
            })
        },
    },
    Kind {
        name: "the ledger's own trail is passed off as a shared one",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| lines(goods, &goods.bundle, |file| claim(file)["shared_trails"] = json!([0])),
    },
    Kind {
        name: "the account's trail is passed off as a shared one",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| lines(goods, &goods.bundle, |file| claim(file)["shared_trails"] = json!([claim(file)["account"]])),
    },
    Kind {
        name: "the owner records heads of a time to come",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| {
            owned(goods, &goods.shared, |file| {
                let (seq, as_of) = (file.of_kind("heads_committed")[0], claim(file)["as_of"].as_u64().unwrap());
                let earlier = goods.whole.of_kind("heads_committed")[0];
                assert!(earlier < as_of);
                let fact = file.stored(seq, &goods.keys).decoded().fact;
                file.leave_out(seq);
                file.show(earlier, &goods.whole);
                rewritten(goods, file, earlier, |stored| stored.edit(|clear| clear.fact = fact));
            })
        },
    },
    Kind {
        name: "the owner turns back the clock behind what is left out",
        code: "CHAIN_BROKEN",
        forge: |goods| {
            owned(goods, &goods.bundle, |file| {
                let seq = elder(file).into_iter().find(|seq| file.lines[file.place(*seq) - 1].get("root").is_some()).unwrap();
                rewritten(goods, file, seq, |stored| stored.header.recorded_at = consent_ledger::consent::time::Time::from_micros(1));
            })
        },
    },
    Kind {
        name: "the owner signs an answer that was given at an entry of another hash",
        code: "RECEIPT_INVALID",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                another_answer(goods, file, |issued, stored| {
                    issued.position_hash = vec![7; 32];
                    signed(goods, stored, issued);
                });
                file.resign(&goods.checkpoint_key);
            })
        },
    },
    Kind {
        name: "the owner signs an answer that is given at a later entry",
        code: "RECEIPT_INVALID",
        forge: |goods| {
            owned(goods, &goods.bundle, |file| {
                another_answer(goods, file, |issued, stored| {
                    issued.position_seq = stored.header.seq.number();
                    signed(goods, stored, issued);
                });
            })
        },
    },
];
