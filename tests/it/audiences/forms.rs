//! Lists as people have them: with columns, delimiters, marks, quotes; and JSON Lines.

use super::{ADDED, OPTED_IN, STOPPED, WROTE, checked, with_people};

#[test]
fn other_columns_come_through_as_they_were() {
    let (_dir, server) = with_people();
    let list: Vec<u8> = [
        "\u{feff}id;\"Full name\";WhatsApp Number;formula\r\n".as_bytes(),
        format!("7;\"Ann; \"\"A\"\"\";{OPTED_IN};=1+1\r\n").as_bytes(),
        b"8;Ren\xe9;",
        format!("{WROTE};-5\r\n9;C;{STOPPED};x\r\n10;too;few\r\n11;too;many;cells;here\r\n").as_bytes(),
    ]
    .concat();
    let dir = tempfile::tempdir().unwrap();
    let (path, out) = (dir.path().join("list.csv"), dir.path().join("out.csv"));
    std::fs::write(&path, &list).unwrap();
    let said = super::check(&server.url(), &path, &["--out", out.to_str().unwrap()]);
    assert_eq!(said.code, 0, "{said:?}");
    let written = std::fs::read(&out).unwrap();
    let header = format!("\u{feff}id;Full name;WhatsApp Number;formula;{}\n", ADDED.replace(',', ";"));
    assert!(written.starts_with(header.as_bytes()), "{}", String::from_utf8_lossy(&written));
    let rows: Vec<&[u8]> = written[header.len()..].split(|byte| *byte == b'\n').collect();
    assert!(rows[0].starts_with(format!("7;\"Ann; \"\"A\"\"\";{OPTED_IN};=1+1;TEMPLATE_ONLY;").as_bytes()));
    assert!(rows[1].starts_with(&[b"8;Ren\xe9;", format!("{WROTE};-5;FREE_FORM;").as_bytes()].concat()[..]));
    let refused = super::lines(&dir.path().join("out.refused.csv"));
    assert!(refused[1].starts_with(&format!("9;C;{STOPPED};x;NOTHING;")), "{refused:?}");
    assert!(refused[2].starts_with("10;too;few;;NO_ANSWER;ROW_MALFORMED;") && refused[2].contains("3 cells"), "{refused:?}");
    assert!(refused[3].starts_with("11;too;many;cells;NO_ANSWER;ROW_MALFORMED;") && refused[3].ends_with(";here"), "{refused:?}");
}

#[test]
fn a_list_in_another_encoding_comes_out_in_utf_8_with_a_mark() {
    let (_dir, server) = with_people();
    let list = format!("sep=;\r\nName;Phone\r\nJosé;{OPTED_IN}\r\n\"São; Paulo\";{STOPPED}\r\n");
    let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(list.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = list.chars().map(|sign| u8::try_from(u32::from(sign)).unwrap()).collect();
    for (bytes, more, guessed) in [(&wide[..], &[][..], false), (&wide[2..], &["--encoding", "utf-16le"], false), (&latin, &[], true)] {
        let (said, allowed, refused) = checked(&server.url(), "list.csv", bytes, more);
        assert_eq!((said.code, said.err.contains("read as windows-1252")), (0, guessed), "{said:?}");
        assert_eq!(allowed[0], format!("\u{feff}Name;Phone;{}", ADDED.replace(',', ";")));
        assert!(allowed[1].starts_with(&format!("José;{OPTED_IN};TEMPLATE_ONLY;")), "{allowed:?}");
        assert!(refused[1].starts_with(&format!("\"São; Paulo\";{STOPPED};NOTHING;")), "{refused:?}");
    }
    let (said, allowed, _) = checked(&server.url(), "list.csv", &wide[2..], &[]);
    assert!(said.code == 2 && said.err.contains("--encoding utf-16le") && allowed.is_empty(), "{said:?}");
}

#[test]
fn a_member_is_found_however_it_is_written_and_a_row_that_has_two_is_refused() {
    let (_dir, server) = with_people();
    let list = format!("{{\"Phone Number\":\"{OPTED_IN}\"}}\n{{\"phone_number\":\"{OPTED_IN}\",\"phone_number\":\"{STOPPED}\"}}\n");
    let (_, allowed, refused) = checked(&server.url(), "list.jsonl", &list, &[]);
    assert!(allowed.len() == 1 && refused.len() == 1 && refused[0].contains("ROW_MALFORMED"), "{allowed:?} {refused:?}");
    let nested = format!("{{\"properties\":{{\"phone\":\"{OPTED_IN}\"}}}}\n");
    assert_eq!(checked(&server.url(), "list", &nested, &["--column", "properties.phone"]).1.len(), 1);
}

#[test]
fn a_list_that_was_checked_is_checked_again_with_the_same_columns() {
    let (dir, server) = with_people();
    let (list, first, second) = (dir.path().join("list.csv"), dir.path().join("1.csv"), dir.path().join("2.csv"));
    std::fs::write(&list, format!("phone,name\n{OPTED_IN},Ann\n{WROTE},Bob\n")).unwrap();
    let url = server.url();
    assert_eq!(super::check(&url, &list, &["--out", first.to_str().unwrap()]).code, 0);
    assert_eq!(super::check(&url, &first, &["--out", second.to_str().unwrap()]).code, 0);
    let own = |path: &std::path::Path| -> Vec<String> {
        super::lines(path).iter().map(|line| line.split(',').take(4).collect::<Vec<_>>().join(",")).collect()
    };
    assert_eq!(own(&first), own(&second));
    assert_eq!(super::lines(&second)[0], format!("phone,name,{ADDED}"));
}

#[test]
fn a_contact_a_line_needs_no_header_and_national_numbers_need_a_country() {
    let (_dir, server) = with_people();
    let list = format!("{OPTED_IN}\n\n  07400 000002 \n'{STOPPED}\nUS.13491208655302741918\nnonsense\n4.47E+11\n");
    let (said, allowed, refused) = checked(&server.url(), "list", &list, &["--region", "GB"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(allowed[0], format!("contact,{ADDED}"));
    assert!(allowed[1].starts_with(&format!("{OPTED_IN},TEMPLATE_ONLY,")) && allowed[2].starts_with("  07400 000002 ,FREE_FORM,"));
    for (line, begins) in refused[1..].iter().zip([
        &format!("'{STOPPED},NOTHING,RECIPIENT_OPTED_OUT,") as &str,
        "US.13491208655302741918,NOTHING,RECIPIENT_NOT_OPTED_IN,",
        "nonsense,NO_ANSWER,CONTACT_MALFORMED,",
        "4.47E+11,NO_ANSWER,CONTACT_MANGLED,",
    ]) {
        assert!(line.starts_with(begins), "{line}");
    }
    let (_, allowed, refused) = checked(&server.url(), "list", &list, &[]);
    assert!(allowed.len() == 2 && refused[1].starts_with("  07400 000002 ,NO_ANSWER,CONTACT_MALFORMED,"), "{refused:?}");
}

#[test]
fn a_contact_that_comes_twice_is_answered_twice_or_refused_where_that_was_asked_for() {
    let (_dir, server) = with_people();
    let list = format!("phone\n{OPTED_IN}\n+44 7400 000001\n{STOPPED}\n{OPTED_IN}\n");
    let (_, allowed, _) = checked(&server.url(), "list.csv", &list, &[]);
    assert_eq!(allowed.len(), 4);
    let (said, allowed, refused) = checked(&server.url(), "list.csv", &list, &["--unique"]);
    assert_eq!(allowed.len(), 2, "{said:?}");
    assert_eq!(refused.iter().filter(|line| line.contains(",NO_ANSWER,REPEATED,")).count(), 2, "{refused:?}");
}

#[test]
fn json_lines_keep_their_members_and_get_one_more() {
    let (_dir, server) = with_people();
    let list = format!(
        "{{\"id\": 1.50, \"phone\": \"{OPTED_IN}\"}}\n\n{{\"phone\":\"{STOPPED}\",\"note\":\"a\\u00e9\"}}\n[1]\n{{\"phone\":[1]}}\n{{\"id\":2}}\n"
    );
    let (said, allowed, refused) = checked(&server.url(), "list.jsonl", &list, &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(allowed[0].starts_with(&format!("{{\"id\": 1.50, \"phone\": \"{OPTED_IN}\",\"consent_check\":{{")), "{allowed:?}");
    let checks: Vec<serde_json::Value> = allowed
        .iter()
        .chain(&refused)
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["consent_check"].clone())
        .collect();
    let reasons: Vec<&str> = checks.iter().map(|check| check["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["OPTED_IN", "RECIPIENT_OPTED_OUT", "ROW_MALFORMED", "CONTACT_MALFORMED", "CONTACT_EMPTY"]);
    assert_eq!(checks[0]["permission"], "TEMPLATE_ONLY");
    let again = allowed.join("\n");
    let (_, twice, _) = checked(&server.url(), "again.jsonl", &again, &["--column", "phone"]);
    assert_eq!(twice[0].matches("consent_check").count(), 1, "{twice:?}");
}

#[test]
fn a_quote_that_is_not_closed_is_an_error_and_no_file_is_written() {
    let (_dir, server) = with_people();
    let list = format!("phone,name\n{OPTED_IN},\"Ann\n{}", "+447400000009,x\n".repeat(200_000));
    let (said, allowed, refused) = checked(&server.url(), "list.csv", &list, &[]);
    assert_eq!((said.code, allowed.len(), refused.len()), (2, 0, 0), "{said:?}");
    assert!(said.err.contains("a quote that opens a cell at line 2 is never closed"), "{said:?}");
}

#[test]
fn a_list_with_a_stray_quote_comes_to_no_file_and_one_without_quotes_is_said_to_be_one() {
    let (_dir, server) = with_people();
    let list = format!("phone,name\n{OPTED_IN},\"Ann\n{STOPPED},\"Bob\"\n");
    let (said, allowed, refused) = checked(&server.url(), "list.csv", &list, &[]);
    assert!(said.code == 2 && said.err.contains("line 2") && allowed.is_empty() && refused.is_empty(), "{said:?}");
    let (said, allowed, _) = checked(&server.url(), "list.csv", &list, &["--quote", "none"]);
    assert!(said.err.contains("the contact is in the column \"phone\""), "{said:?}");
    assert!(allowed[1].starts_with(&format!("{OPTED_IN},\"Ann,TEMPLATE_ONLY,")), "{allowed:?}");
}
