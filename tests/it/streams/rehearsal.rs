//! A rehearsal says what recording then does, and records nothing.

use consent_ledger::consent::words::Effect;
use consent_ledger::ledger::Ledger;
use consent_ledger::ledger::writing::job::Recorded;
use consent_ledger::ledger::writing::record::{Acknowledgement, Record, RecordError, What};
use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::{
    ErrorReason, LinkIdentifiersRequest, RecordOptInRequest, RecordStreamRequest, RehearseStreamRequest, RehearseStreamResponse,
    rehearse_stream_response,
};

use super::{item, record};
use crate::errors::refused;
use crate::support::bench::{at, event, link, moves, named, opt_in as opts_in, opt_out, says, try_open};
use crate::support::client::{Client, on_a_server, opt_in, runtime, text};
use crate::support::dice::Dice;
use crate::support::histories::history;

const PHONE: &str = "+447400123456";
const USER: &str = "GB.1";

/// Histories, each on a ledger of its own.
const HISTORIES: u64 = 150;

/// What is the same before and after: not seqs and hashes, which a rehearsal does not know.
fn what_it_comes_to(recorded: &Recorded) -> Result<(bool, Effect, bool), String> {
    match recorded {
        Ok(Acknowledgement { duplicate, effect, caused, .. }) => Ok((*duplicate, *effect, caused.is_some())),
        Err(RecordError::EventIdReused { .. }) => Err("reused".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Rehearses in chunks, then records, and holds the two against each other.
fn assert_rehearsed_right(ledger: &Ledger, dice: &mut Dice, records: &[Record], which: u64) {
    let head = ledger.head();
    let (mut rehearsal, mut rehearsed, mut rest) = (ledger.rehearsal(), Vec::new(), records);
    while !rest.is_empty() {
        let (chunk, more) = rest.split_at(rest.len().min(1 + dice.below(4)));
        rehearsed.extend(rehearsal.next_blocking(chunk.to_vec()).unwrap());
        rest = more;
    }
    assert_eq!(ledger.head(), head, "a rehearsal recorded something");
    for (place, (record, rehearsed)) in records.iter().zip(&rehearsed).enumerate() {
        let recorded = ledger.record_blocking(record.clone());
        let (expected, given) = (what_it_comes_to(&recorded), what_it_comes_to(rehearsed));
        assert_eq!(given, expected, "history {which}, record {place} of {records:#?}");
    }
}

#[test]
fn what_is_rehearsed_is_what_recording_does_whoever_is_who() {
    let mut identity = 0;
    for seed in 0..HISTORIES {
        let mut dice = Dice::new(7_000_000 + seed);
        let mut records: Vec<Record> = history(&mut dice).into_iter().map(|arrival| arrival.record).collect();
        // Some come again, as they were or with other content.
        for _ in 0..dice.below(3) {
            let again = dice.pick(&records);
            let again = if dice.one_in(2) { again } else { Record { what: opts_in(PHONE), ..again } };
            records.insert(dice.below(records.len() + 1), again);
        }
        identity += records.iter().filter(|record| matches!(record.what, What::Link { .. } | What::Move { .. })).count();
        let dir = tempfile::tempdir().unwrap();
        let ledger = try_open(dir.path(), at(90 * 86_400)).unwrap();
        // The rest is rehearsed on top of what is there.
        let there = dice.below(records.len());
        let rest = records.split_off(there);
        for record in records {
            let _ = ledger.record_blocking(record);
        }
        assert_rehearsed_right(&ledger, &mut dice, &rest, seed);
        ledger.close();
    }
    assert!(identity > 50, "{identity} links and moves");
}

#[test]
fn a_contact_that_a_rehearsal_introduces_is_nobody_who_comes_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = try_open(dir.path(), at(86_400)).unwrap();
    let mut rehearsal = ledger.rehearsal();
    let first = rehearsal.next_blocking(vec![event(10, opt_out(PHONE))]).unwrap();
    assert_eq!(first[0].as_ref().unwrap().effect, Effect::Applied);
    // Another contact gets the trail that the first would have had.
    ledger.record_blocking(event(20, opts_in("+447400999999"))).unwrap();
    let then = rehearsal.next_blocking(vec![event(5, opts_in(PHONE)), event(30, says(&[PHONE], "hello"))]).unwrap();
    let effects: Vec<Effect> = then.iter().map(|tried| tried.as_ref().unwrap().effect).collect();
    // The opt-in lies before the opt-out that was only rehearsed.
    assert_eq!(effects, [Effect::HistoricalOnly, Effect::Applied]);
    ledger.close();
}

#[test]
fn what_a_rehearsal_joins_and_moves_it_knows_later() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = try_open(dir.path(), at(86_400)).unwrap();
    let records = vec![
        event(1, opts_in(PHONE)),
        event(2, opt_out(USER)),
        event(3, link(PHONE, USER)),
        // Older than the other identifier's opt-out, which is the same person's now.
        named("late", event(1, opts_in(PHONE))),
        event(4, moves(PHONE, "+447400123457")),
        event(3, opts_in("+447400123457")),
        event(5, says(&["+447400123457", USER], "stop")),
    ];
    assert_rehearsed_right(&ledger, &mut Dice::new(1), &records, 0);
    ledger.close();
}

fn tried(response: RehearseStreamResponse) -> Result<consent_ledger::proto::Acknowledgement, consent_ledger::proto::ItemError> {
    match response.outcome.expect("an outcome") {
        rehearse_stream_response::Outcome::Acknowledgement(acknowledgement) => Ok(acknowledgement),
        rehearse_stream_response::Outcome::Error(error) => Err(error),
    }
}

async fn rehearse(
    client: &Client,
    items: &[RecordStreamRequest],
) -> Vec<Result<consent_ledger::proto::Acknowledgement, consent_ledger::proto::ItemError>> {
    let items: Vec<_> = items.iter().map(|item| RehearseStreamRequest { record: Some(item.clone()) }).collect();
    let mut answers = client.recording.clone().rehearse_stream(tokio_stream::iter(items)).await.unwrap().into_inner();
    let mut answered = Vec::new();
    while let Some(response) = answers.message().await.unwrap() {
        answered.push(tried(response));
    }
    answered
}

#[test]
fn a_stream_is_rehearsed_over_grpc_and_nothing_is_recorded() {
    on_a_server(async |client| {
        client.opt_in(opt_in(PHONE, "known")).await.unwrap();
        let before = client.log().await;
        let items = vec![
            item(Event::OptIn(opt_in(PHONE, "known"))),
            item(Event::OptIn(RecordOptInRequest { categories: vec![2], ..opt_in(PHONE, "known") })),
            item(Event::OptIn(opt_in("+447400999999", "new"))),
            item(Event::OptIn(opt_in("+447400999999", "new"))),
            item(Event::InboundMessage(text(PHONE, "1001", "STOP"))),
            item(Event::LinkIdentifiers(LinkIdentifiersRequest { contacts: vec![PHONE.into(), USER.into()], ..Default::default() })),
            item(Event::OptIn(opt_in("nobody", ""))),
            RecordStreamRequest::default(),
        ];
        let rehearsed = rehearse(&client, &items).await;
        assert_eq!(client.log().await, before);
        let recorded = record(&client, items).await;
        assert_eq!(rehearsed.len(), recorded.len());
        for (place, (one, other)) in rehearsed.iter().zip(&recorded).enumerate() {
            let known = |answer: &consent_ledger::proto::Acknowledgement| (answer.duplicate, answer.effect, answer.caused_seq != 0);
            match (one, other) {
                (Ok(one), Ok(other)) => assert_eq!(known(one), known(other), "item {place}"),
                (Err(one), Err(other)) => assert_eq!((one.reason, &one.field), (other.reason, &other.field), "item {place}"),
                other => panic!("item {place}: {other:?}"),
            }
        }
        assert_eq!(rehearsed[1].as_ref().unwrap_err().reason(), ErrorReason::EventIdReused);
        // Nothing is acknowledged that is not there.
        assert!(rehearsed[2].as_ref().unwrap().entry_hash.iter().all(|byte| *byte == 0));
    });
}

#[test]
fn a_third_rehearsal_is_told_when_to_come_back() {
    on_a_server(async |client| {
        let open = async || {
            let (items, sent) = tokio::sync::mpsc::channel::<RehearseStreamRequest>(1);
            let sent = tokio_stream::wrappers::ReceiverStream::new(sent);
            client.recording.clone().rehearse_stream(sent).await.map(|answers| (items, answers))
        };
        let two = (open().await.unwrap(), open().await.unwrap());
        let status = open().await.unwrap_err();
        assert_eq!(refused(&status).1, "TOO_MANY_STREAMS");
        drop(two);
    });
}

#[test]
fn a_rehearsal_ends_with_its_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = try_open(dir.path(), at(86_400)).unwrap();
    let mut rehearsal = ledger.rehearsal();
    ledger.close();
    let tried = runtime().block_on(rehearsal.next(vec![event(1, opts_in(PHONE))])).unwrap();
    assert!(matches!(tried[0], Err(RecordError::Unavailable { .. })), "{tried:?}");
}
