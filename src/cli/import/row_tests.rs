//! What rows say, field by field.

use super::cells::Cells;
use super::choice::Choice;
use super::mapping::Wanted;
use super::refused::Refused;
use super::row::{Habits, Origin, Row, RowReader};
use super::times::Times;
use crate::cli::lists::csv_rows::CsvCells;
use crate::cli::phone::Phones;
use crate::proto::record_stream_request::Event;
use crate::proto::{Category, Evidence, Method, RecordOptInRequest, RecordOptOutRequest};

fn habits() -> Habits {
    Habits {
        phones: Phones::new(Some("BR".parse().unwrap())),
        times: Times::new(Some("America/Sao_Paulo".parse().unwrap()), None, "2026-11-01T10:00:00Z".parse().unwrap()),
        sender: None,
        account: "shop".into(),
    }
}

/// What a row with these columns says; else reason and field.
fn read_with(habits: &Habits, choices: &[&str], row: &[(&str, &str)]) -> Result<Event, (String, String)> {
    let read = read_row(habits, choices, row);
    read.map(|row| row.request.event.unwrap()).map_err(|refused| (refused.reason.into_owned(), refused.field.into_owned()))
}

fn read_row(habits: &Habits, choices: &[&str], row: &[(&str, &str)]) -> Result<Row, Refused> {
    let choices: Vec<Choice> = choices.iter().map(|choice| choice.parse().unwrap()).collect();
    let columns: Vec<String> = row.iter().map(|(column, _)| (*column).to_owned()).collect();
    let plan = Wanted::new(&choices).unwrap().plan(&columns, true).unwrap();
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for (_, cell) in row {
        bytes.extend_from_slice(cell.as_bytes());
        ends.push(bytes.len());
    }
    let origin = Origin { name: "list.csv".into(), sha256: vec![7; 32] };
    RowReader::new(habits, plan, origin).read(&Cells::Places(CsvCells::new(&bytes, &ends)), 42)
}

fn read(row: &[(&str, &str)]) -> Result<Event, (String, String)> {
    read_with(&habits(), &[], row)
}

fn opt_in(event: Result<Event, (String, String)>) -> RecordOptInRequest {
    let Ok(Event::OptIn(opt_in)) = event else { panic!("{event:?}") };
    opt_in
}

fn opt_out(event: Result<Event, (String, String)>) -> RecordOptOutRequest {
    let Ok(Event::OptOut(opt_out)) = event else { panic!("{event:?}") };
    opt_out
}

/// A row like this one, in which a column says something else, or there is one more.
fn with<'a>(row: &[(&'a str, &'a str)], column: &'a str, cell: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut row: Vec<_> = row.iter().copied().filter(|(known, _)| *known != column).collect();
    row.push((column, cell));
    row
}

const ROW: [(&str, &str); 4] =
    [("phone", "(11) 96123-4567"), ("action", "opt_in"), ("categories", "utility; marketing"), ("occurred_at", "2026-03-01 10:00")];

#[test]
fn a_row_becomes_an_opt_in_with_its_file_as_evidence() {
    let said = opt_in(read(&ROW));
    assert_eq!((said.contact.as_str(), said.account.as_str(), said.sender.as_str()), ("+5511961234567", "shop", ""));
    assert_eq!(said.categories, [i32::from(Category::Marketing), Category::Utility.into()]);
    assert_eq!((said.method, said.expires_at), (Method::Import.into(), None));
    assert_eq!(said.occurred_at.unwrap().seconds, 1_772_370_000);
    let file = Evidence { file_name: "list.csv".into(), file_line: 42, file_sha256: vec![7; 32], ..Default::default() };
    assert_eq!(said.evidence, Some(file));
    assert!(said.event_id.starts_with("import:"));
}

#[test]
fn an_opt_out_without_categories_means_all_four() {
    let said = opt_out(read(&with(&with(&ROW, "action", "opt_out"), "categories", "")));
    assert_eq!(said.categories, [1, 2, 3, 4]);
}

#[test]
fn an_opt_in_without_evidence_is_an_import_whatever_it_says_of_itself() {
    let bare = with(&ROW, "method", "website");
    assert_eq!(opt_in(read(&bare)).method, i32::from(Method::Import));
    assert_eq!(opt_in(read(&with(&bare, "evidence_url", "https://shop.example"))).method, i32::from(Method::Website));
    assert_eq!(opt_out(read(&with(&bare, "action", "opt_out"))).method, i32::from(Method::Website));
}

#[test]
fn the_same_statement_has_the_same_event_id_in_any_spelling_and_another_has_another() {
    let id = |row: &[(&str, &str)]| opt_in(read(row)).event_id;
    let first = id(&ROW);
    for (column, cell) in [
        ("phone", "+55 11 6123 4567"),
        ("categories", "MARKETING,utility"),
        ("occurred_at", "2026-03-01T13:00:00Z"),
        ("method", "import"),
        ("note", "x"),
    ] {
        assert_eq!(id(&with(&ROW, column, cell)), first, "{column}");
    }
    for (column, cell) in [
        ("phone", "+5511961234568"),
        ("categories", "marketing"),
        ("occurred_at", "2026-03-01T13:00:01Z"),
        ("expires_at", "2027-01-01T00:00:00Z"),
        ("sender", "1001"),
        ("evidence_text", "Yes"),
        ("evidence_ip", "::1"),
    ] {
        assert_ne!(id(&with(&ROW, column, cell)), first, "{column}");
    }
    assert_eq!(id(&with(&ROW, "event_id", "signup-1")), "signup-1");
}

#[test]
fn a_sender_is_the_row_s_own_before_it_is_everybody_s() {
    let habits = Habits { sender: Some("1001".parse().unwrap()), ..habits() };
    assert_eq!(opt_in(read_with(&habits, &[], &ROW)).sender, "1001");
    assert_eq!(opt_in(read_with(&habits, &[], &with(&ROW, "sender", "1002"))).sender, "1002");
}

#[test]
fn other_evidence_has_the_name_that_it_was_given() {
    let row = with(&ROW, "Form", "newsletter");
    let said = opt_in(read_with(&habits(), &["evidence_other.form=form"], &row));
    let other: Vec<(String, String)> = said.evidence.unwrap().other.into_iter().map(|field| (field.name, field.value)).collect();
    assert_eq!(other, [("form".to_owned(), "newsletter".to_owned())]);
}

#[test]
fn a_row_that_does_not_say_what_it_must_is_refused_for_its_field() {
    let long = "x".repeat(129);
    let huge = "x".repeat(17_000);
    for (column, cell, reason, field) in [
        ("phone", "", "CONTACT_EMPTY", "contact"),
        ("phone", "5.51196E+12", "CONTACT_MANGLED", "contact"),
        ("action", "perhaps", "ACTION_UNKNOWN", "action"),
        ("action", "NotSeen", "NO_ACT", "action"),
        ("categories", "", "CATEGORY_MISSING", "categories"),
        ("categories", "marketing,news", "CATEGORY_UNKNOWN", "categories"),
        ("occurred_at", "", "OCCURRED_AT_MISSING", "occurred_at"),
        ("occurred_at", "01/03/2026", "TIME_AMBIGUOUS", "occurred_at"),
        ("expires_at", "2026-03-01T13:00:00Z", "EXPIRES_AT_NOT_LATER", "expires_at"),
        ("starts_at", "2026-04-01T00:00:00Z", "STARTS_LATER", "starts_at"),
        ("sender", "10 01", "SENDER_MALFORMED", "sender"),
        ("method", "telepathy", "METHOD_UNKNOWN", "method"),
        ("channel", "EMAIL", "OTHER_CHANNEL", "channel"),
        ("channel", "", "OTHER_CHANNEL", "channel"),
        ("event_id", &long, "EVENT_ID_TOO_LONG", "event_id"),
        ("evidence_ip", "nowhere", "EVIDENCE_MALFORMED", "evidence_ip"),
        ("evidence_text", &huge, "EVIDENCE_TOO_LARGE", "evidence"),
        ("evidence_text", "a\0b", "NOT_TEXT", ""),
    ] {
        assert_eq!(read(&with(&ROW, column, cell)), Err((reason.to_owned(), field.to_owned())), "{column} {cell:.20}");
    }
}

#[test]
fn an_opt_out_is_recorded_without_what_cannot_be_read_and_as_wide_as_it_may_be_meant() {
    let long = "x".repeat(129);
    let huge = "x".repeat(17_000);
    let row = with(&with(&with(&ROW, "action", "opt_out"), "categories", "marketing"), "sender", "1001");
    let whole = opt_out(read(&row));
    for (column, cell, reason) in [
        ("categories", "marketing,news", "CATEGORY_UNKNOWN"),
        ("sender", "10 01", "SENDER_MALFORMED"),
        ("method", "telepathy", "METHOD_UNKNOWN"),
        ("event_id", &long, "EVENT_ID_TOO_LONG"),
        ("evidence_ip", "nowhere", "EVIDENCE_MALFORMED"),
        ("evidence_text", &huge, "EVIDENCE_TOO_LARGE"),
        ("evidence_text", "a\0b", "NOT_TEXT"),
    ] {
        let row = read_row(&habits(), &[], &with(&row, column, cell)).unwrap();
        assert_eq!(row.unread.unwrap().reason, reason, "{column}");
        let Some(Event::OptOut(said)) = row.request.event else { panic!("{column}") };
        let wide = RecordOptOutRequest {
            categories: if column == "categories" { vec![1, 2, 3, 4] } else { whole.categories.clone() },
            sender: if column == "sender" { String::new() } else { whole.sender.clone() },
            event_id: said.event_id.clone(),
            ..whole.clone()
        };
        assert_eq!(said, wide, "{column}: nothing but the file is evidence");
    }
    for (column, cell) in [("phone", "5.51196E+12"), ("occurred_at", "01/03/2026"), ("channel", "EMAIL")] {
        assert!(read(&with(&row, column, cell)).is_err(), "{column}: nobody knows who, when, or whether");
    }
}

#[test]
fn a_box_that_is_not_ticked_is_no_opt_in() {
    let row = [("phone", "+447400123456"), ("opted_out", "true"), ("occurred_at", "2026-03-01T10:00:00Z")];
    assert_eq!(opt_out(read(&row)).contact, "+447400123456");
    assert_eq!(read(&with(&row, "opted_out", "false")), Err(("NO_ACT".into(), "opted_out".into())));
    let both = with(&ROW, "opted_out", "yes");
    assert!(matches!(read(&both), Ok(Event::OptOut(_))), "the opt-out wins");
}

#[test]
fn an_opt_out_needs_neither_to_begin_nor_to_end() {
    let row = with(&with(&ROW, "action", "opt_out"), "starts_at", "2030-01-01T00:00:00Z");
    assert!(matches!(read(&with(&row, "expires_at", "nonsense")), Ok(Event::OptOut(_))));
}

#[test]
fn a_salesforce_consent_counts_where_its_channel_is_whatsapp() {
    let row = [
        ("MobilePhone", "+447400123456"),
        ("PrivacyConsentStatus", "OptIn"),
        ("CaptureDate", "2026-03-01T10:00:00.000+0000"),
        ("EngagementChannelType.Name", "WhatsApp"),
        ("EffectiveTo", "2027-03-01T10:00:00.000Z"),
    ];
    let choices = ["salesforce", "categories==marketing"];
    let said = opt_in(read_with(&habits(), &choices, &row));
    assert_eq!((said.occurred_at.unwrap().seconds, said.expires_at.is_some()), (1_772_359_200, true));
    let refused = read_with(&habits(), &choices, &with(&row, "EngagementChannelType.Name", "Email"));
    assert_eq!(refused, Err(("OTHER_CHANNEL".into(), "channel".into())));
}

#[test]
fn where_a_layout_covers_many_channels_a_row_that_names_none_is_refused() {
    let wanted = Wanted::new(&["hubspot".parse().unwrap()]).unwrap();
    let names = ["subscriberidstring", "channel", "status", "timestamp"];
    let plan = wanted.plan(&names.map(str::to_owned), false).unwrap();
    let habits = habits();
    let mut reader = RowReader::new(&habits, plan, Origin::default());
    let value = |name: &str, text: &str| (name.to_owned(), Some(text.to_owned()));
    let row = [value("subscriberidstring", "+447400123456"), value("status", "UNSUBSCRIBED"), value("timestamp", "2026-03-01T10:00:00Z")];
    assert_eq!(reader.read(&Cells::Names(&row), 1).unwrap_err().reason, "OTHER_CHANNEL");
    let row = [&row[..], &[value("channel", "WHATSAPP")]].concat();
    assert!(reader.read(&Cells::Names(&row), 2).is_ok());
}
