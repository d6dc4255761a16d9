//! A dry run says what an import will come to, and records nothing.

use super::{Place, counts, example, list};

#[test]
fn a_dry_run_predicts_what_the_import_then_does() {
    let place = Place::new();
    // Something is there before: the older half of another list.
    let before: String = list(300).split_inclusive('\n').take(120).collect();
    assert_eq!(place.import(&place.file("before.csv", before), &[]).code, 0);
    let known = place.known();
    let file = place.file("list.csv", list(2_500));
    let [predicted, came] = ["predicted.jsonl", "came.jsonl"].map(|name| place.dir.path().join(name));
    let dry = place.import(&file, &["--dry-run", "--report", predicted.to_str().unwrap()]);
    assert!(dry.out.starts_with("dry run, nothing was recorded; 2500 rows of list.csv would come to this:\n"), "{dry:?}");
    assert_eq!(place.known(), known, "nothing was recorded");
    let wet = place.import(&file, &["--report", came.to_str().unwrap()]);
    assert_eq!((counts(&dry), dry.code), (counts(&wet), wet.code));
    let verdicts = |path| {
        let lines = std::fs::read_to_string(path).unwrap();
        let rows = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        rows.map(|row| (row["line"].clone(), row["verdict"].clone(), row["reason"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(predicted), verdicts(came));
}

#[test]
fn a_dry_run_of_a_small_list_says_so_in_json_too() {
    let place = Place::new();
    let said = place.import(&example("generic.csv"), &["--dry-run", "--json"]);
    let counted = &said.json()[0];
    assert_eq!((&counted["dry_run"], &counted["applied"], &counted["duplicate"]), (&true.into(), &4.into(), &1.into()), "{said:?}");
    assert!(place.known().is_empty());
}
