//! Odd JSON and odd Protocol Buffers in every good export: numbers that do not fit, names that come twice, texts that are none, times that there are not.
//! Two readers that disagree are two truths: both verifiers say the same of each.

use serde_json::Value;

use super::good;
use crate::support::dice::Dice;
use crate::support::forger::goods::GOODS;
use crate::support::forger::judges::{Case, Verdict, python, rust};

/// Oddities put into each file.
const ODDITIES: usize = 400;

/// Stands where an oddity will.
const HOLE: &str = "\"@hole@\"";

const TOKENS: &[&str] = &[
    "0",
    "-0",
    "-0.0",
    "1",
    "-1",
    "1.0",
    "1e0",
    "1E3",
    "1e999",
    "-1e999",
    "1e-999",
    "01",
    "+1",
    ".5",
    "1.",
    "0x10",
    "NaN",
    "Infinity",
    "-Infinity",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "null",
    "true",
    "false",
    "\"\"",
    "[]",
    "{}",
    "[null]",
    "{\"a\":null}",
    "{\"a\":1,\"a\":1}",
    "{\"a\":1,\"\\u0061\":1}",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\x41\"",
    "\"\\/\"",
    "\"\u{0}\"",
    "\"\t\"",
    "\"\u{7f}\u{85}\u{2028}\u{feff}\"",
    "'a'",
    "[1,]",
    "{\"a\":1,}",
    "/**/1",
    "\"2016-12-31T23:59:60Z\"",
    "\"2026-01-01T00:00:61Z\"",
    "\"2026-01-01T24:00:00Z\"",
    "\"2026-02-29T00:00:00Z\"",
    "\"2024-02-29T00:00:00Z\"",
    "\"2026-01-01t00:00:00z\"",
    "\"2026-01-01 00:00:00Z\"",
    "\"2026-01-01T00:00:00+00:00\"",
    "\"2026-01-01T00:00:00.Z\"",
    "\"2026-01-01T00:00:00,5Z\"",
    "\"2026-01-01T00:00:00.123456789Z\"",
    "\"2026-01-01T00:00:00.1234567890Z\"",
    "\"9999-12-31T23:59:59.999999999Z\"",
    "\"9999-12-30T22:00:01Z\"",
    "\"10000-01-01T00:00:00Z\"",
    "\"0001-01-01T00:00:00Z\"",
    "\"0000-01-01T00:00:00Z\"",
    "\"-0001-01-01T00:00:00Z\"",
    "\"２０26-01-01T00:00:00Z\"",
    "\"AA==\"",
    "\"AB==\"",
    "\"AA=\"",
    "\"AA\"",
    "\"-_==\"",
    "\"AA==\\n\"",
    "\" AA==\"",
    "\"=\"",
    "\"A===\"",
    "\"AAAA====\"",
];

/// The places in a value, each as the steps that lead there.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| places(item, &format!("{at}/{n}"), found)),
        Value::Object(members) => members.iter().for_each(|(name, member)| places(member, &format!("{at}/{name}"), found)),
        _ => {}
    }
}

/// What stood there, spelt oddly.
fn respelt(dice: &mut Dice, was: &Value) -> String {
    match was {
        Value::String(text) if !text.is_empty() => {
            let first = text.chars().next().unwrap();
            let rest = serde_json::to_string(&text[first.len_utf8()..]).unwrap();
            let (rest, whole) = (&rest[1..], serde_json::to_string(text).unwrap());
            let escaped = format!("\"\\u{:04x}{rest}", u32::from(first));
            let inside = &whole[1..whole.len() - 1];
            dice.pick(&[
                if u32::from(first) < 0x1_0000 { escaped } else { whole.clone() },
                whole.to_uppercase(),
                format!("\" {inside}\""),
                format!("\"{inside}\\n\""),
                format!("\"{inside}\u{0}\""),
                format!("[{whole}]"),
                inside.to_owned(),
            ])
        }
        Value::Number(number) => {
            dice.pick(&[format!("{number}.0"), format!("{number}e0"), format!("\"{number}\""), format!("-{number}"), format!("0{number}")])
        }
        other => format!("[{other}]"),
    }
}

fn nested(dice: &mut Dice) -> String {
    let depth = dice.pick(&[20, 60, 62, 64, 66, 100, 124, 126, 128, 130, 300, 20_000]);
    if dice.one_in(2) { "[".repeat(depth) + &"]".repeat(depth) } else { "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth) }
}

/// A line with something odd in it.
fn odd(dice: &mut Dice, line: &Value) -> String {
    let mut all = Vec::new();
    places(line, "", &mut all);
    let place = dice.pick(&all);
    let mut line = line.clone();
    let there = line.pointer_mut(&place).unwrap();
    let was = there.clone();
    let token = match dice.below(12) {
        0..=2 => respelt(dice, &was),
        3 => nested(dice),
        4 => "9".repeat(dice.pick(&[309, 310, 4_000, 5_000])),
        _ => dice.pick(TOKENS).to_owned(),
    };
    if let (Value::Object(members), true) = (&mut *there, dice.one_in(2)) {
        let name = members.keys().next().cloned().unwrap_or_default();
        members.insert("~".to_owned(), "@hole@".into());
        // The same name again, another, or one that nobody knows.
        let name = dice.pick(&[name, "kind".to_owned(), "entry".to_owned(), "root".to_owned(), "é".to_owned()]);
        return line.to_string().replacen(&format!("\"~\":{HOLE}"), &format!("{}:{token}", serde_json::to_string(&name).unwrap()), 1);
    }
    *there = "@hole@".into();
    line.to_string().replacen(HOLE, &token, 1)
}

/// A line in which its bytes are odd.
fn odd_bytes(dice: &mut Dice, line: &str) -> Vec<u8> {
    let mut bytes = line.as_bytes().to_vec();
    let around =
        dice.pick(&[b"\r".as_slice(), b"\xef\xbb\xbf", b"\0", b"\x0b", b"\x0c", b"\xc2\xa0", b" \t ", b"\xff", b"\xed\xa0\x80", b"\n"]);
    let at = dice.pick(&[0, bytes.len(), 1, bytes.len() / 2]);
    bytes.splice(at..at, around.iter().copied());
    bytes
}

#[test]
fn both_verifiers_say_the_same_of_every_oddity() {
    let mut dice = Dice::new(20_261_121);
    let mut cases = Vec::new();
    for (name, case) in good(&GOODS).into_iter().filter(|(_, case)| case.file.starts_with(b"{")) {
        let text = String::from_utf8(case.file.clone()).unwrap();
        let whole = serde_json::from_str::<Value>(&text).is_ok();
        let lines: Vec<String> = if whole { vec![text] } else { text.lines().map(str::to_owned).collect() };
        for _ in 0..ODDITIES {
            let place = if dice.one_in(3) { 0 } else { dice.below(lines.len()) };
            let line = &lines[place];
            let changed = if dice.one_in(12) {
                odd_bytes(&mut dice, line.trim_end())
            } else {
                odd(&mut dice, &serde_json::from_str(line).unwrap()).into_bytes()
            };
            let mut file = Vec::new();
            for (n, line) in lines.iter().enumerate() {
                file.extend(if n == place { changed.as_slice() } else { line.trim_end().as_bytes() });
                file.push(b'\n');
            }
            let shown: String = String::from_utf8_lossy(&changed).chars().take(3_000).collect();
            cases.push((format!("{name}, line {}: {shown}", place + 1), Case { file, ..case.clone() }));
        }
    }
    compare(&cases);
}

fn compare(cases: &[(String, Case)]) {
    let ours: Vec<Verdict> = cases.iter().map(|(_, case)| rust(case)).collect();
    let theirs = python(&cases.iter().map(|(_, case)| case).collect::<Vec<_>>()).unwrap_or_else(|| ours.clone());
    let wrong: Vec<String> = cases
        .iter()
        .zip(ours.iter().zip(&theirs))
        .filter(|(_, (ours, theirs))| ours != theirs)
        .map(|((name, _), (ours, theirs))| format!("the library says {ours}, the one in Python {theirs}: {name}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Clear parts made odd.
const CLEAR_PARTS: usize = 1_500;

/// A clear part in which something is odd: a bit, a byte too many or too few, a field that is not known, one that comes again.
fn odd_clear(dice: &mut Dice, clear: &[u8]) -> Vec<u8> {
    let mut clear = clear.to_vec();
    let at = dice.below(clear.len().max(1));
    match dice.below(7) {
        0 | 1 if !clear.is_empty() => clear[at] ^= 1 << dice.below(8),
        2 if !clear.is_empty() => drop(clear.remove(at)),
        3 => clear.insert(at.min(clear.len()), dice.pick(&[0, 1, 0x7f, 0x80, 0xff])),
        4 => {
            let to = (at + dice.below(12)).min(clear.len());
            let slice = clear[at.min(to)..to].to_vec();
            clear.splice(at.min(to)..at.min(to), slice);
        }
        5 => clear.extend(dice.pick(&[
            b"\xf8\x07\x01".as_slice(),
            b"\x38\x09",
            b"\x38\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x38\x80\x80\x80\x80\x08",
            b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
            b"\x18\x80\x00",
            b"\x2a\x00",
            b"\x2a\x02\x10\x01",
        ])),
        _ => clear.truncate(at),
    }
    clear
}

#[test]
fn both_verifiers_say_the_same_of_every_odd_clear_part() {
    let mut dice = Dice::new(20_261_122);
    let seqs = GOODS.whole.seqs();
    let cases: Vec<(String, Case)> = (0..CLEAR_PARTS)
        .map(|_| {
            let mut file = GOODS.whole.clone();
            let seq = dice.pick(&seqs);
            let mut stored = file.stored(seq, &GOODS.keys);
            stored.clear = odd_clear(&mut dice, &stored.clear);
            let shown = format!("entry {seq}, clear part {}", hex::encode(&stored.clear));
            file.restate(seq, &stored.bytes());
            (shown, Case::new(file.bytes(), &GOODS.key))
        })
        .collect();
    compare(&cases);
}
