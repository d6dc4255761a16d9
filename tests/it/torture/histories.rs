//! Histories of concurrent clients of the real server, each of them explained: for every contact there is an order of all calls that
//! keeps to when they began and were answered, and in which a trivial sequential model gives the same answers. So after an
//! acknowledged opt-out no later check says yes, an event id counts once, and a check with `min_position` sees its write.
//!
//! ```text
//! clients ──▶ recorder: begin, answer ──▶ a history a contact ──▶ linear: explained, or where it cannot be
//!    └ gRPC ─▶ the server, killed or stopped in the middle        contact: the model
//! ```
//!
//! Answers name entries and heads, and the model holds them to it: that is what makes the search short.

mod calls;
mod clients;
mod contact;
mod linear;
mod recorder;
mod written;

use self::clients::{CONTACTS, Ending, World};
use self::contact::{Call, Checked, Contact, Recorded};
use self::linear::{Called, explain};
use super::campaign::{Campaign, Counts};
use crate::support::client::runtime;
use crate::support::dice::Dice;
use consent_ledger::proto::Permission;

/// How many answers of each history are altered, to see that it is found.
const ALTERED: usize = 4;

/// How many calls of an explanation are shown where it ends.
const SHOWN: usize = 12;

#[test]
fn what_concurrent_clients_are_told_is_explained_by_one_order_of_their_calls() {
    let campaign = Campaign::or(2);
    let (runtime, mut counts) = (runtime(), Counts::default());
    for run in 0..campaign.runs {
        let mut dice = campaign.dice(run);
        let ending = [Ending::Kill, Ending::None, Ending::Stop][run % 3];
        let dir = tempfile::tempdir().unwrap();
        let _within = runtime.enter();
        let world = World::start(dir.path().join("data"), ending);
        let (recorder, log, mut counted) = runtime.block_on(world.run(&mut dice));
        counts.take(&mut counted);
        counts.one("ledgers");
        let histories = recorder.histories(&log);
        assert_eq!(histories.len(), CONTACTS);
        for (contact, history) in histories.into_iter().enumerate() {
            assert_explained(run, contact, &history);
            counts.one("histories explained");
            counts.add("calls in them", history.len());
            counts.add("calls in them that overlap the one before", overlapping(&history));
            counts.add("altered answers found", assert_altered_answers_are_found(&history, &mut dice));
        }
    }
    assert!(counts.of("altered answers found") > 0 && counts.of("calls in them that overlap the one before") > 0, "{counts:?}");
    counts.print("histories", campaign);
}

fn assert_explained(run: usize, contact: usize, history: &[Called<Call>]) {
    let Err(contradiction) = explain(Contact::default(), history) else { return };
    let explained = contradiction.explained.iter().rev().take(SHOWN).rev();
    let shown: Vec<String> = explained.map(|place| format!("{:?}", history[*place])).collect();
    let stuck: Vec<String> = contradiction.stuck_at.iter().map(|place| format!("{:?}", history[*place])).collect();
    panic!(
        "run {run}, contact {contact}: not linearizable. {} of {} calls can be explained, the last of them\n{}\nand none of these can be next\n{}",
        contradiction.explained.len(),
        history.len(),
        shown.join("\n"),
        stuck.join("\n"),
    );
}

fn overlapping(history: &[Called<Call>]) -> usize {
    history.windows(2).filter(|two| two[0].answered.is_none_or(|answered| answered > two[1].begun)).count()
}

/// Another answer than was given to some of the calls: none of them can be explained.
fn assert_altered_answers_are_found(history: &[Called<Call>], dice: &mut Dice) -> usize {
    let mut found = 0;
    for _ in 0..ALTERED {
        let mut other = history.to_vec();
        let place = dice.below(other.len());
        let Some(call) = altered(other[place].call) else { continue };
        other[place].call = call;
        assert!(explain(Contact::default(), &other).is_err(), "{:?} is explained as {call:?}", history[place]);
        found += 1;
    }
    found
}

/// The call with an answer that it cannot have had.
fn altered(call: Call) -> Option<Call> {
    match call {
        Call::Check { asked, min_position, answer: Checked::Decided { permission, window, position } } => {
            let permission = if permission == Permission::Nothing { Permission::TemplateOnly } else { Permission::Nothing };
            Some(Call::Check { asked, min_position, answer: Checked::Decided { permission, window, position } })
        }
        Call::Record { event, act, at, answer: Recorded::Acknowledged { seq, caused, duplicate: Some(duplicate) } } => {
            Some(Call::Record { event, act, at, answer: Recorded::Acknowledged { seq, caused, duplicate: Some(!duplicate) } })
        }
        Call::Record { event, act, at, answer: Recorded::IdReused } => {
            Some(Call::Record { event, act, at, answer: Recorded::Acknowledged { seq: 1, caused: 0, duplicate: Some(true) } })
        }
        _ => None,
    }
}
