//! Bundles: trails with something missing, heads, keys, and whom it is about.

use serde_json::{Value, json};

use super::{Kind, lines};
use crate::support::forger::file::File;
use crate::support::forger::goods::{Goods, JOINED, Keys};
use crate::support::forger::judges::Case;
use crate::support::forger::owner::elder;
use crate::support::forger::{from_base64, to_base64};

/// The evidence of a contact whose trails were joined, changed.
fn bundle(goods: &Goods, change: impl FnOnce(&mut File)) -> Case {
    lines(goods, &goods.bundle, change)
}

fn claim(file: &mut File) -> &mut Value {
    &mut file.first()["claim"]
}

/// The seqs of the account's own trail.
fn account(file: &File) -> Vec<u64> {
    let trail = file.lines[0]["claim"]["account"].as_u64().unwrap();
    file.of_trail(trail)
}

/// The head of the contact's first trail.
fn head(file: &mut File) -> &mut Value {
    let trail = claim(file)["contact_trails"][0].clone();
    let heads = file.first()["heads"].as_array_mut().unwrap();
    heads.iter_mut().find(|head| head["trail"] == trail).unwrap()
}

/// A bit of a member in base64 changed.
fn flip(member: &mut Value) {
    let mut bytes = from_base64(member.as_str().unwrap());
    bytes[5] ^= 1;
    *member = to_base64(bytes).into();
}

/// What is claimed of the contact's second trail, taken out of the first line.
fn forget_the_younger(file: &mut File) {
    let trail = claim(file)["contact_trails"].as_array_mut().unwrap().pop().unwrap();
    for list in ["keys", "heads"] {
        file.first()[list].as_array_mut().unwrap().retain(|of| of["trail"] != trail);
    }
}

/// A seq of somebody else's opt-in.
fn somebody(goods: &Goods) -> u64 {
    let theirs = goods.bundle.seqs();
    goods.whole.of_kind("opted_in").into_iter().find(|seq| !theirs.contains(seq)).unwrap()
}

pub const KINDS: &[Kind] = &[
    Kind {
        name: "the middle of the contact's trail is left out",
        code: "TRAIL_BROKEN",
        forge: |goods| bundle(goods, |file| file.leave_out(elder(file)[1])),
    },
    Kind {
        name: "the end of the contact's trail is left out",
        code: "TRAIL_INCOMPLETE",
        forge: |goods| bundle(goods, |file| file.leave_out(*elder(file).last().unwrap())),
    },
    Kind {
        name: "the middle of the account's trail is left out",
        code: "TRAIL_BROKEN",
        forge: |goods| bundle(goods, |file| file.leave_out(account(file)[1])),
    },
    Kind {
        name: "the end of the account's trail is left out",
        code: "TRAIL_INCOMPLETE",
        forge: |goods| bundle(goods, |file| file.leave_out(*account(file).last().unwrap())),
    },
    Kind {
        name: "the end of a trail is left out, and its head says so",
        code: "HEAD_UNPROVEN",
        forge: |goods| {
            bundle(goods, |file| {
                let seqs = elder(file);
                file.leave_out(*seqs.last().unwrap());
                let count = head(file)["trail_seq"].as_u64().unwrap();
                head(file)["trail_seq"] = (count - 1).into();
                head(file)["last_seq"] = seqs[seqs.len() - 2].into();
            })
        },
    },
    Kind { name: "a head's blind is another", code: "HEAD_UNPROVEN", forge: |goods| bundle(goods, |file| flip(&mut head(file)["blind"])) },
    Kind { name: "a head's path is another", code: "HEAD_UNPROVEN", forge: |goods| bundle(goods, |file| flip(&mut head(file)["path"][0])) },
    Kind {
        name: "a head's path is too short",
        code: "HEAD_UNPROVEN",
        forge: |goods| bundle(goods, |file| drop(head(file)["path"].as_array_mut().unwrap().pop())),
    },
    Kind {
        name: "a head's path goes on behind the root",
        code: "HEAD_UNPROVEN",
        forge: |goods| bundle(goods, |file| head(file)["path"].as_array_mut().unwrap().push(to_base64([7; 32]).into())),
    },
    Kind {
        name: "the root over the heads is left out",
        code: "HEAD_UNPROVEN",
        forge: |goods| bundle(goods, |file| file.leave_out(file.of_kind("heads_committed")[0])),
    },
    Kind { name: "the ledger's first entry is left out", code: "WRONG_LEDGER", forge: |goods| bundle(goods, |file| file.leave_out(1)) },
    Kind {
        name: "a bundle claims that it is complete up to a later entry",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| {
            bundle(goods, |file| {
                let as_of = claim(file)["as_of"].as_u64().unwrap();
                claim(file)["as_of"] = (as_of + 1).into();
            })
        },
    },
    Kind {
        name: "a bundle claims that it is complete up to the checkpoint",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| bundle(goods, |file| claim(file)["as_of"] = file.size().into()),
    },
    Kind {
        name: "the head of a claimed trail is missing",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| bundle(goods, |file| drop(file.first()["heads"].as_array_mut().unwrap().pop())),
    },
    Kind {
        name: "a bundle without heads",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| bundle(goods, |file| drop(file.first().as_object_mut().unwrap().remove("heads"))),
    },
    Kind {
        name: "the contact's trails descend",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| bundle(goods, |file| claim(file)["contact_trails"].as_array_mut().unwrap().reverse()),
    },
    Kind {
        name: "a shared trail is named twice",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| {
            lines(goods, &goods.shared, |file| {
                let shared = claim(file)["shared_trails"].as_array_mut().unwrap();
                shared.extend_from_within(..);
            })
        },
    },
    Kind {
        name: "the heads descend",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| bundle(goods, |file| file.first()["heads"].as_array_mut().unwrap().reverse()),
    },
    Kind {
        name: "the keys descend",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| bundle(goods, |file| file.first()["keys"].as_array_mut().unwrap().reverse()),
    },
    Kind {
        name: "a trail is claimed as the contact's and as shared",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| bundle(goods, |file| claim(file)["shared_trails"] = claim(file)["contact_trails"].clone()),
    },
    Kind { name: "a trail of the contact is not claimed", code: "CLAIM_UNFOUNDED", forge: |goods| bundle(goods, forget_the_younger) },
    Kind {
        name: "a shared trail is passed off as the contact's",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| {
            lines(goods, &goods.shared, |file| {
                let shared = claim(file)["shared_trails"].take();
                let mut trails = [claim(file)["contact_trails"].as_array().unwrap().clone(), shared.as_array().unwrap().clone()].concat();
                trails.sort_by_key(Value::as_u64);
                claim(file)["contact_trails"] = trails.into();
                claim(file)["shared_trails"] = json!([]);
            })
        },
    },
    Kind {
        name: "a bit of a key is another",
        code: "KEY_DIFFERS",
        forge: |goods| bundle(goods, |file| flip(&mut file.first()["keys"][0]["key"])),
    },
    Kind {
        name: "two trails' keys are swapped",
        code: "KEY_DIFFERS",
        forge: |goods| {
            bundle(goods, |file| {
                let first = file.first()["keys"][0]["key"].take();
                file.first()["keys"][0]["key"] = file.first()["keys"][1]["key"].take();
                file.first()["keys"][1]["key"] = first;
            })
        },
    },
    Kind {
        name: "a bundle without keys",
        code: "KEY_DIFFERS",
        forge: |goods| bundle(goods, |file| drop(file.first().as_object_mut().unwrap().remove("keys"))),
    },
    Kind {
        name: "a bundle with the key of a shared trail too",
        code: "KEY_DIFFERS",
        forge: |goods| {
            lines(goods, &goods.shared, |file| {
                let shared = claim(file)["shared_trails"][0].as_u64().unwrap();
                let key = json!({ "trail": shared, "key": to_base64(goods.keys[&shared].bytes()) });
                let keys = file.first()["keys"].as_array_mut().unwrap();
                keys.push(key);
                keys.sort_by_key(|key| key["trail"].as_u64());
            })
        },
    },
    Kind {
        name: "another evidence is stated than was sealed",
        code: "STATED_DIFFERS",
        forge: |goods| {
            bundle(goods, |file| {
                let seq = elder(file)[0];
                file.line(seq)["sealed"]["evidence"]["text"] = "Yes, and call me at night".into();
            })
        },
    },
    Kind {
        name: "what was sealed is not stated",
        code: "STATED_DIFFERS",
        forge: |goods| {
            bundle(goods, |file| {
                let seq = elder(file)[0];
                file.line(seq).as_object_mut().unwrap().remove("sealed");
            })
        },
    },
    Kind {
        name: "a box that opens is called erased",
        code: "STATED_DIFFERS",
        forge: |goods| {
            bundle(goods, |file| {
                let seq = elder(file)[0];
                file.line(seq)["erased"] = true.into();
            })
        },
    },
    Kind {
        name: "the bundle is said to be about somebody else",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| bundle(goods, |file| file.first()["selection"]["contacts"] = json!(["+447400129999"])),
    },
    Kind {
        name: "the bundle is said to be about two contacts",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| bundle(goods, |file| file.first()["selection"]["contacts"] = json!(JOINED)),
    },
    Kind {
        name: "the bundle is said to be about nobody",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| bundle(goods, |file| drop(file.first()["selection"].as_object_mut().unwrap().remove("contacts"))),
    },
    Kind {
        name: "an entry of somebody else is shown",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| bundle(goods, |file| file.show(somebody(goods), &goods.whole)),
    },
    Kind {
        name: "an earlier root over heads is shown too",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| lines(goods, &goods.shared, |file| file.show(goods.whole.of_kind("heads_committed")[0], &goods.whole)),
    },
    Kind {
        name: "an entry's back-pointer is rewired past the one before it",
        code: "TRAIL_BROKEN",
        forge: |goods| {
            bundle(goods, |file| {
                let seqs = elder(file);
                let mut stored = file.stored(seqs[2], &goods.keys);
                stored.header.link.previous = consent_ledger::consent::words::Seq::new(seqs[0]);
                file.restate(seqs[2], &stored.resealed(&goods.keys));
            })
        },
    },
    Kind {
        name: "an entry's place in its trail is another",
        code: "TRAIL_BROKEN",
        forge: |goods| {
            bundle(goods, |file| {
                let seq = elder(file)[1];
                let mut stored = file.stored(seq, &goods.keys);
                stored.header.link.trail_seq += 1;
                file.restate(seq, &stored.resealed(&goods.keys));
            })
        },
    },
    Kind {
        name: "a box of a bundle is changed, and hash and line are right for it",
        code: "SEALED_DIFFERS",
        forge: |goods| {
            bundle(goods, |file| {
                let seq = elder(file)[1];
                let mut stored = file.stored(seq, &Keys::new());
                *stored.sealed.last_mut().unwrap() ^= 1;
                file.restate(seq, &stored.bytes());
            })
        },
    },
];
