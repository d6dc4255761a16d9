//! Random bits changed in every good file: neither verifier accepts one that matters, neither crashes, and both say the same.

use serde_json::Value;

use super::good;
use crate::support::dice::Dice;
use crate::support::forger::goods::GOODS;
use crate::support::forger::judges::{Case, Verdict, python, rust};

/// Bits changed in each file.
const FLIPS: usize = 120;

/// What a file says that anybody can hold against a key: without what is stated only.
fn proved(case: &Case) -> Vec<Value> {
    let text = std::str::from_utf8(&case.file).unwrap();
    if !text.starts_with('{') {
        return vec![text.into()];
    }
    if let Ok(mut receipt) = serde_json::from_str::<Value>(text)
        && receipt.get("decision").is_some()
    {
        // That the entry is in the log is shown by a proof of its own.
        for stated in ["seq", "entry_hash"] {
            receipt[stated].take();
        }
        return vec![receipt];
    }
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = &mut lines[0];
    let opened: Vec<Value> = first["keys"].as_array().into_iter().flatten().map(|key| key["trail"].clone()).collect();
    let contacts = first["selection"]["contacts"].take();
    first["selection"] = if first["claim"]["kind"] == "complete" { contacts } else { Value::Null };
    first["made_at"].take();
    if first["claim"]["kind"] == "range" {
        // A narrower range is one too.
        first["claim"].take();
    }
    if lines[1]["seq"] != 1 {
        lines[0]["ledger_id"].take();
    }
    for line in &mut lines[1..] {
        for (trail, member) in [("trail", "sealed"), ("second_trail", "second_sealed")] {
            if line.get(member).is_some() && !opened.contains(&line[trail]) {
                line[member].take();
            }
        }
    }
    lines
}

#[test]
fn a_changed_bit_is_accepted_only_where_nothing_is_proved_and_both_verifiers_say_the_same() {
    let mut dice = Dice::new(20_261_120);
    let mut cases = Vec::new();
    for (name, case) in good(&GOODS) {
        for _ in 0..FLIPS {
            let (at, bit) = (dice.below(case.file.len()), dice.below(8));
            let mut flipped = case.clone();
            flipped.file[at] ^= 1 << bit;
            cases.push((format!("{name}: bit {bit} of byte {at}"), case.file.clone(), flipped));
        }
    }
    let ours: Vec<Verdict> = cases.iter().map(|(_, _, case)| rust(case)).collect();
    let theirs = python(&cases.iter().map(|(_, _, case)| case).collect::<Vec<_>>()).unwrap_or_else(|| ours.clone());
    let mut wrong = Vec::new();
    for (((name, good, case), ours), theirs) in cases.iter().zip(&ours).zip(&theirs) {
        let is_accepted = [ours, theirs].contains(&&Verdict::Holds);
        if ours != theirs || (is_accepted && proved(case) != proved(&Case { file: good.clone(), ..case.clone() })) {
            wrong.push(format!("{name}: the library says {ours}, the one in Python {theirs}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
