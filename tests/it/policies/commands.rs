//! `policy` and `account` as people and scripts meet them.

use crate::command_line::session;
use crate::support::cli::cli;
use crate::support::server::Server;

#[test]
fn a_policy_is_compared_then_adopted_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let said = session(
        &server,
        &[
            "record opt-in --contact +447400123456 --category marketing --at 2025-01-01T00:00:00Z",
            "policy diff --preset meta --set opt_in_valid_days=1",
            "record inbound --contact +447400123456 --sender 1001 --text hello",
            "record inbound --contact +447400123457 --sender 1001 --text STOP",
            "record inbound --contact +447400123457 --sender 1001 --text hello",
            "policy diff --preset maxcontact --set opt_out_keywords=baja,alto --contacts",
            "policy diff --preset meta",
            "policy adopt --preset sinch --set keep_message_text=true --event-id policy-1",
            "policy adopt --preset sinch --set keep_message_text=true --event-id policy-1",
            "policy show",
            "policy diff --preset sinch --set opt_out_keywords=baja",
            "policy show --at 2025-01-01T00:00:00Z",
            "account create shop",
            "account list",
        ],
    );
    insta::assert_snapshot!(said);
}

#[test]
fn presets_are_listed_without_a_server() {
    let said = cli(&["policy", "presets"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    insta::assert_snapshot!(said.out);
    let values = cli(&["policy", "presets", "--json"]).json();
    assert_eq!(values.len(), 4);
    assert_eq!((&values[3]["preset"], &values[3]["differs_from_meta"]), (&"escalation-2020".into(), &serde_json::json!(["red_quality"])));
    assert_eq!(values[0]["settings"]["window_hours"], 24);
}

#[test]
fn help_says_what_the_exit_codes_of_a_comparison_mean() {
    let said = cli(&["policy", "diff", "--help"]);
    assert_eq!(said.code, 0);
    insta::assert_snapshot!(said.out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_policy_comes_from_a_file_too_and_json_says_it_all() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let on = |words: &[&str]| cli(&[words, &["--server", &server.url()]].concat());
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let yaml = write("policy.yaml", "preset: meta\nwindow_hours: 1\nwindow_kinds: [call]\nopt_out_keywords:\n  - No Quiero!\n");
    let json =
        write("policy.json", r#"{"preset": "meta", "window_hours": 1, "window_kinds": ["call"], "opt_out_keywords": ["no quiero"]}"#);
    on(&["record", "inbound", "--contact", "+447400123456", "--sender", "1001", "--text", "hello"]);
    for file in [&yaml, &json] {
        let said = on(&["policy", "diff", file, "--json", "--contacts"]);
        let lines = said.json();
        assert_eq!((said.code, lines.len()), (1, 3), "{said:?}");
        assert_eq!((&lines[0]["contacts"], &lines[0]["contacts_changed"]), (&1.into(), &1.into()));
        let differing: Vec<_> =
            lines[0]["differences"].as_array().unwrap().iter().map(|found| found["setting"].as_str().unwrap()).collect();
        assert_eq!(differing, ["window_hours", "window_kinds", "opt_out_keywords"]);
        assert_eq!((&lines[1]["contact"], &lines[1]["category"]), (&"+447400123456".into(), &"utility".into()));
        assert_eq!(lines[2]["after"], serde_json::json!({ "permission": "NOTHING", "reason": "RECIPIENT_NOT_OPTED_IN" }));
    }
    let adopted = on(&["policy", "adopt", &yaml, "--json", "--event-id", "p"]).json().remove(0);
    let again = on(&["policy", "adopt", &json, "--json", "--event-id", "p"]).json().remove(0);
    assert_eq!((&adopted["version"], &again["version"], &again["duplicate"]), (&1.into(), &1.into(), &true.into()));
    assert_eq!(on(&["policy", "diff", &yaml]).code, 0, "nothing changes any more");
    let shown = on(&["policy", "show", "--json"]).json().remove(0);
    assert_eq!((&shown["in_force"]["version"], &shown["in_force"]["settings"]["window_kinds"]), (&1.into(), &serde_json::json!(["call"])));
    assert_eq!(shown["history"][0]["seq"], adopted["seq"]);

    // What could not be told ends with 2 and says what to do.
    for (line, said) in [
        (vec!["policy", "diff", "--preset", "metta"], "did you mean meta?"),
        (vec!["policy", "adopt", "--preset", "meta", "--set", "windw_hours=2"], "did you mean window_hours?"),
        (
            vec!["policy", "adopt", "--preset", "meta", "--set", "window_hours=2", "--set", "window_hours=3"],
            "window_hours: it is set twice",
        ),
        (vec!["policy", "diff", "--preset", "meta", "--set", "window_hours=25"], "window_hours: 25 is not from 1 to 24"),
        (vec!["policy", "diff", "no/such/file.yaml"], "no/such/file.yaml: "),
        (vec!["policy", "diff", &write("bad.yaml", "preset: meta\nwindow: 3\n")], "is no setting of a policy"),
        (vec!["policy", "diff", "--preset", "sinch", "--account", "shop"], "the account \"shop\" does not exist"),
    ] {
        let answer = on(&line);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{line:?}");
        assert!(answer.err.contains(said), "{line:?}: {}", answer.err);
    }
}
