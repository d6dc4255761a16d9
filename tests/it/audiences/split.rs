//! Who goes where, and how many.

use std::os::unix::fs::PermissionsExt as _;

use super::{ADDED, OPTED_IN, STOPPED, WROTE, check, checked, lines, names, with_people};
use crate::support::cli::cli;

#[test]
fn a_list_is_split_and_counted() {
    let (dir, server) = with_people();
    let list = dir.path().join("list.csv");
    std::fs::write(&list, format!("name,phone\nAnn,{OPTED_IN}\nBob,{WROTE}\nCem,{STOPPED}\nDee,0740\nEva,+447400000009\nFay,\n")).unwrap();
    let out = dir.path().join("allowed.csv");
    let said = check(&server.url(), &list, &["--out", out.to_str().unwrap()]);
    assert_eq!((said.code, said.err.as_str()), (0, "the contact is in the column \"phone\"\n"), "{said:?}");

    let allowed = lines(&out);
    assert_eq!(allowed.len(), 3);
    assert_eq!(allowed[0], format!("name,phone,{ADDED}"));
    assert!(allowed[1].starts_with(&format!("Ann,{OPTED_IN},TEMPLATE_ONLY,OPTED_IN,OUTSIDE_ALLOWED_SENDING_WINDOW,marketing,,,2")));
    assert!(
        allowed[2].starts_with(&format!("Bob,{WROTE},FREE_FORM,WINDOW_OPEN,"))
            || allowed[2].starts_with(&format!("Bob,{WROTE},FREE_FORM,"))
    );
    let refused = lines(&dir.path().join("allowed.refused.csv"));
    assert_eq!(refused[0], allowed[0]);
    for (line, begins) in refused[1..].iter().zip([
        format!("Cem,{STOPPED},NOTHING,RECIPIENT_OPTED_OUT,"),
        "Dee,0740,NO_ANSWER,CONTACT_MALFORMED,,,,,,,\"a phone number without".to_owned(),
        "Eva,+447400000009,NOTHING,RECIPIENT_NOT_OPTED_IN,".to_owned(),
        "Fay,,NO_ANSWER,CONTACT_EMPTY,,,,,,,the contact is empty".to_owned(),
    ]) {
        assert!(line.starts_with(&begins), "{line}");
    }
    assert_eq!(refused.len(), 5);
    for name in ["allowed.csv", "allowed.refused.csv"] {
        assert_eq!(std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }

    let told: Vec<&str> = said.out.lines().collect();
    assert!(told[0].ends_with("allowed.csv: 2 rows") && told[1].ends_with("allowed.refused.csv: 4 rows"), "{told:?}");
    assert!(told[2].starts_with("an answer ages: check again right before sending; the first of these changes by itself at 2"), "{told:?}");
    assert_eq!(told.last(), Some(&"FREE_FORM 1, TEMPLATE_ONLY 1, NOTHING 2, NO_ANSWER 2 of 6 rows"));
    for line in ["TEMPLATE_ONLY  OPTED_IN", "NOTHING        RECIPIENT_OPTED_OUT", "NO_ANSWER      CONTACT_MALFORMED"] {
        assert!(told.iter().any(|told| told.starts_with(line) && told.ends_with("  1")), "{line}: {told:?}");
    }
    assert!(!said.out.contains(OPTED_IN), "counts are nobody's");

    let said = check(&server.url(), &list, &["--json"]);
    let value = said.json().remove(0);
    assert_eq!((value["rows"].as_u64(), value["permissions"]["NOTHING"].as_u64()), (Some(6), Some(2)));
    assert_eq!(value["reasons"]["NO_ANSWER"]["CONTACT_EMPTY"], 1);
    assert!(value["allowed"]["file"].is_null() && value["lowest_position"].as_u64() >= Some(5), "{value}");
}

#[test]
fn exit_codes_say_whether_anybody_may_be_written_to() {
    let (_dir, server) = with_people();
    let url = server.url();
    for (list, code) in [
        (format!("{OPTED_IN}\n{STOPPED}\n"), 0),
        (format!("{STOPPED}\n+447400000009\n0740\n"), 1),
        ("+44\n0740\n".to_owned(), 2),
        ("phone\n".to_owned(), 2),
        (String::new(), 2),
    ] {
        let (said, ..) = checked(&url, "list.txt", &list, &[]);
        assert_eq!(said.code, code, "{list:?}: {said:?}");
    }
}

#[test]
fn what_is_wrong_with_everybody_ends_the_check_and_leaves_no_file() {
    let (_dir, server) = with_people();
    let url = server.url();
    for (more, said_of) in [
        (&["--account", "nobody"][..], "nobody"),
        (&["--template", "a\u{7}b", "--language", "en"], "template"),
        (&["--min-position", "1000000"], "before the position asked for"),
        (&["--column", "mobile"], "no column \"mobile\"; it has phone"),
        (&["--region", "XX"], "no country"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("list.csv");
        std::fs::write(&list, format!("phone\n{OPTED_IN}\n0740\n")).unwrap();
        let out = dir.path().join("out.csv");
        let said = check(&url, &list, &[&["--out", out.to_str().unwrap()], more].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{more:?}: {said:?}");
        assert!(said.err.contains(said_of), "{more:?}: {}", said.err);
        assert_eq!(names(dir.path()), ["list.csv"], "{more:?}");
    }
}

#[test]
fn a_file_is_replaced_only_by_force_and_the_two_are_two() {
    let (dir, server) = with_people();
    let (url, list, out) = (server.url(), dir.path().join("list.txt"), dir.path().join("out.csv"));
    std::fs::write(&list, OPTED_IN).unwrap();
    let out_text = out.to_str().unwrap();
    for there in ["out.csv", "out.refused.csv"] {
        std::fs::write(dir.path().join(there), "older").unwrap();
        let said = check(&url, &list, &["--out", out_text]);
        assert!(said.code == 2 && said.err.contains("is there already") && said.err.contains("--force"), "{said:?}");
        assert_eq!(std::fs::read_to_string(dir.path().join(there)).unwrap(), "older");
        std::fs::remove_file(dir.path().join(there)).unwrap();
    }
    std::fs::write(&out, "older").unwrap();
    assert_eq!(check(&url, &list, &["--out", out_text, "--force"]).code, 0);
    assert_eq!(lines(&out).len(), 2);
    assert!(check(&url, &list, &["--out", out_text, "--refused", out_text, "--force"]).err.contains("are the same"));
    assert!(check(&url, &list, &["--out", "-"]).err.contains("needs --refused"));

    let refused = dir.path().join("others.csv");
    let said = check(&url, &list, &["--out", "-", "--refused", refused.to_str().unwrap()]);
    assert!(said.out.starts_with(&format!("contact,{}\n{OPTED_IN},TEMPLATE_ONLY,", super::ADDED)), "{said:?}");
    assert!(said.err.contains("stdout: 1 row") && lines(&refused).len() == 1, "{said:?}");
}

#[test]
fn a_list_comes_by_a_pipe_and_about_another_time() {
    let (_dir, server) = with_people();
    let url = server.url();
    let piped = |more: &[&str]| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_consent-ledger"));
        let args = [&["check", "-", "--server", &url, "--sender", "1001", "--json"][..], more].concat();
        let output = command.args(args).write_stdin(format!("{OPTED_IN}\n{WROTE}\n{STOPPED}\n")).output().unwrap();
        (output.status.code(), serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["permissions"].clone())
    };
    let (code, now) = piped(&[]);
    assert_eq!((code, &now["FREE_FORM"], &now["TEMPLATE_ONLY"], &now["NOTHING"]), (Some(0), &1.into(), &1.into(), &1.into()));
    let (code, then) = piped(&["--at", "2020-01-01T00:00:00Z"]);
    assert_eq!((code, &then["NOTHING"]), (Some(1), &3.into()));
    let (code, known) = piped(&["--known-seq", "5"]);
    assert_eq!((code, &known["TEMPLATE_ONLY"]), (Some(0), &3.into()), "before anybody wrote");
}

#[test]
fn a_check_of_one_contact_stays_what_it_was() {
    let (_dir, server) = with_people();
    let url = server.url();
    for (contact, word, code) in [(OPTED_IN, "TEMPLATE_ONLY", 0), (STOPPED, "NOTHING", 1), ("0740", "", 2)] {
        let said = cli(&["check", "--contact", contact, "--server", &url, "--sender", "1001", "--category", "marketing"]);
        assert_eq!((said.first_word(), said.code), (word, code), "{said:?}");
    }
}
