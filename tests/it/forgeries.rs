//! A corpus of forgeries: each kind of false evidence is rejected by both verifiers, for the same reason at the same line.
//!
//! ```text
//! a real server's files ── a kind of forgery ── the library, and tests/verifier/verify.py ── one code, one line
//! ```

mod bundles;
mod checkpoints;
mod entries;
mod files;
mod flips;
mod golden;
mod headers;
mod odd;
mod owner;
mod proofs;
mod receipts;
mod stated;
mod trails;

use std::collections::BTreeSet;

use consent_ledger::export::verify::{Against, verify};

use crate::support::forger::file::File;
use crate::support::forger::goods::{GOODS, Goods};
use crate::support::forger::judges::{Case, Verdict, binary, printed, python, python_alone, python_schema, rust};
use crate::support::forger::owner::{another_answer, elder, history_rewritten, owned, rewritten, signed};

/// A kind of forgery.
struct Kind {
    /// What was done, as a sentence.
    name: &'static str,
    /// What both verifiers report: a name in capitals of `docs/ledger-format.md`, or `CANNOT_TELL`.
    code: &'static str,
    /// Does it.
    forge: fn(&Goods) -> Case,
}

/// All kinds.
const KINDS: [&[Kind]; 10] = [
    files::KINDS,
    checkpoints::KINDS,
    headers::KINDS,
    entries::KINDS,
    stated::KINDS,
    trails::KINDS,
    bundles::KINDS,
    owner::KINDS,
    proofs::KINDS,
    receipts::KINDS,
];

/// A good file, changed line by line.
fn lines(goods: &Goods, file: &File, change: impl FnOnce(&mut File)) -> Case {
    let mut file = file.clone();
    change(&mut file);
    Case::new(file.bytes(), &goods.key)
}

/// A good file, changed as a text.
fn text(goods: &Goods, file: &[u8], change: impl FnOnce(&str) -> String) -> Case {
    Case::new(change(std::str::from_utf8(file).unwrap()), &goods.key)
}

/// A text in which `from` stands, with `to` in its place the first time.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from:?} is not in {text}");
    text.replacen(from, to, 1)
}

/// Every good file with a name, and with what it can be held against.
fn good(goods: &Goods) -> Vec<(&'static str, Case)> {
    let case = |bytes: &[u8]| Case::new(bytes, &goods.key);
    let file = |file: &File| case(&file.handed_out);
    vec![
        ("the whole log", file(&goods.whole)),
        ("the whole log against an older checkpoint", file(&goods.whole).with_older(&goods.older)),
        ("a range of the log", file(&goods.range)),
        ("an account's entries", file(&goods.account)),
        ("a contact's entries", file(&goods.contact)),
        (
            "a contact's entries with a proof beside them",
            file(&goods.contact).with_older(&goods.older).with_consistency(&goods.consistency),
        ),
        ("a bundle", file(&goods.bundle)),
        ("a bundle against an older checkpoint", file(&goods.bundle).with_older(&goods.older)),
        ("a bundle with a shared trail", file(&goods.shared)),
        ("a receipt", case(&goods.receipt)),
        ("a receipt for an unknown contact", case(&goods.unknown)),
        ("a proof of inclusion", case(&goods.inclusion).about(&goods.entry)),
        ("a proof of inclusion against an older checkpoint", {
            case(&goods.inclusion).about(&goods.entry).with_older(&goods.older).with_consistency(&goods.consistency)
        }),
        ("a proof of consistency", case(&goods.consistency).with_older(&goods.older)),
        ("a checkpoint", case(&goods.checkpoint)),
        ("a checkpoint against itself", case(&goods.checkpoint).with_older(&goods.checkpoint)),
        ("a checkpoint against an older one", { case(&goods.checkpoint).with_older(&goods.older).with_consistency(&goods.consistency) }),
    ]
}

/// Holds what both verifiers say about each case against what is expected: a code, by name of the case.
fn judged(cases: &[(&str, &str, Case)]) {
    let ours: Vec<Verdict> = cases.iter().map(|(_, _, case)| rust(case)).collect();
    let theirs = python(&cases.iter().map(|(_, _, case)| case).collect::<Vec<_>>());
    let theirs = theirs.unwrap_or_else(|| ours.clone());
    let mut wrong = Vec::new();
    for (((name, code, _), ours), theirs) in cases.iter().zip(&ours).zip(&theirs) {
        if ours.code() != *code || ours != theirs {
            wrong.push(format!("{name}: {code} is expected, the library says {ours}, the one in Python {theirs}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_good_file_is_accepted_by_both_verifiers() {
    let cases: Vec<_> = good(&GOODS).into_iter().map(|(name, case)| (name, "HOLDS", case)).collect();
    judged(&cases);
}

#[test]
fn every_kind_of_forgery_is_rejected_by_both_verifiers_for_the_same_reason() {
    let kinds: Vec<&Kind> = KINDS.iter().copied().flatten().collect();
    let names: BTreeSet<&str> = kinds.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), kinds.len(), "two kinds have one name");
    assert!(kinds.len() >= 45 && kinds.iter().all(|kind| kind.code != "HOLDS"));
    let cases: Vec<_> = kinds.iter().map(|kind| (kind.name, kind.code, (kind.forge)(&GOODS))).collect();
    judged(&cases);
}

#[test]
fn the_commands_of_both_verifiers_say_the_same_and_answer_by_their_exit_code() {
    let good = good(&GOODS).into_iter();
    let kinds = KINDS.iter().copied().flatten().step_by(11).map(|kind| (kind.name, (kind.forge)(&GOODS)));
    for (name, case) in good.step_by(4).chain(kinds) {
        let expected = rust(&case);
        assert_eq!(binary(&case), expected, "{name}");
        assert_eq!(python_alone(&case).unwrap_or_else(|| expected.clone()), expected, "{name}");
    }
}

#[test]
fn the_verifier_in_python_knows_every_stored_field() {
    let lock = include_str!("../data/entry-proto.lock").lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let known = python_schema().unwrap_or_else(|| lock.clone());
    assert_eq!(known.symmetric_difference(&lock).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// Why older checkpoints are kept: without one, a log that its owner rewrote is a log.
#[test]
fn a_rewritten_log_holds_for_whoever_kept_no_checkpoint() {
    let forged = |file: &File| owned(&GOODS, file, |file| history_rewritten(&GOODS, file));
    let honest = owned(&GOODS, &GOODS.bundle, |_| {});
    judged(&[
        ("the whole log", "HOLDS", forged(&GOODS.whole)),
        ("a bundle", "HOLDS", forged(&GOODS.bundle)),
        ("a bundle that was signed twice", "HOLDS", honest.with_older(&GOODS.older)),
    ]);
}

/// The rules are the library's alone: the other verifier says that the answer is signed, and that it did not derive it.
#[test]
fn a_signed_answer_that_does_not_follow_is_told_by_the_verifier_that_knows_the_rules() {
    let case = owned(&GOODS, &GOODS.bundle, |file| {
        another_answer(&GOODS, file, |issued, stored| {
            issued.permission = 3;
            signed(&GOODS, stored, issued);
        });
    });
    assert_eq!(rust(&case).code(), "ANSWER_DIFFERS");
    if let Some(theirs) = python(&[&case]) {
        assert_eq!(theirs, [Verdict::Holds]);
    }
}

/// What is printed is partly what the file says: it must not look like a verdict.
#[test]
fn what_a_file_says_does_not_write_lines_of_its_own() {
    let name = "+447400123456\nok\u{1b}[2J\u{202e}";
    let case = owned(&GOODS, &GOODS.bundle, |file| {
        let seq = elder(file)[0];
        rewritten(&GOODS, file, seq, |stored| stored.edit_sealed(|sealed| sealed.identifiers = vec![name.to_owned()]));
        let stored = file.stored(seq, &GOODS.keys);
        file.line(seq)["sealed"] = consent_ledger::export::opened::sealed(stored.plain[0].as_ref().unwrap()).unwrap();
        file.first()["selection"]["contacts"] = serde_json::json!([name]);
    });
    judged(&[("a bundle", "HOLDS", case.clone())]);
    for said in printed(&case) {
        assert!(said.contains("about: +447400123456\\"), "{said}");
        assert!(!said.contains(['\u{1b}', '\u{202e}']) && !said.contains("\nok"), "{said}");
    }
}

/// An entry of a kind that is not known may say anything: no answer is derived over it, and both verifiers say that it is there.
#[test]
fn over_an_entry_of_an_unknown_kind_no_answer_is_derived() {
    let case = owned(&GOODS, &GOODS.bundle, |file| {
        let seq = elder(file)[1];
        rewritten(&GOODS, file, seq, |stored| stored.header.kind = 999);
        let line = file.line(seq).as_object_mut().unwrap();
        line.remove("kind");
        line.remove("clear");
    });
    judged(&[("a bundle", "HOLDS", case.clone())]);
    let key = case.key.parse().unwrap();
    let report = verify(case.file.as_slice(), &key, &Against::default(), |_, _| {}).unwrap();
    let says = |words: &str| report.holds.iter().any(|line| line.contains(words));
    assert!(says("the answers of 0 follow") && says("uninterpreted: 1 entries of an unknown kind"), "{:?}", report.holds);
}
