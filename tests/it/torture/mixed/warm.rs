//! Before anything is measured: entries enough to fill the caches of the server, and in each life all of them read once.

use std::sync::Arc;

use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::{Evidence, RecordOptInRequest, RecordStreamRequest, WatchEntriesRequest};
use tokio::task::JoinSet;

use super::Load;
use super::people::{self, EACH, number};
use super::writers::send;
use crate::streams::item;
use crate::support::client::opt_in;
use crate::support::dice::Dice;

/// Whose contacts these are: they opt in here, and nobody writes to them afterwards.
pub const OWNER: usize = 8;

/// How many entries a long run begins with, and how many letters of text each holds: more than the 64 MiB that sled keeps.
const ENTRIES: usize = 80_000;
const LETTERS: usize = 1_000;

/// How many streams bring them, and how many on one stream.
const AT_ONCE: usize = 4;
const BURST: usize = 500;

/// Records, where that is wanted in such numbers; otherwise one opt-in each.
pub async fn fill(load: &Arc<Load>) {
    let rounds = if load.campaign.runs == 0 { 1 } else { ENTRIES / EACH };
    let mut filling = JoinSet::new();
    for part in 0..AT_ONCE {
        let load = load.clone();
        filling.spawn(async move {
            let client = load.served.connect();
            let places = (0..EACH).filter(|place| place % AT_ONCE == part);
            let acts: Vec<(usize, usize)> = (0..rounds).flat_map(|round| places.clone().map(move |place| (round, place))).collect();
            for acts in acts.chunks(BURST) {
                let items: Vec<_> = acts.iter().map(|(round, place)| opt_in_with_text(*round, *place)).collect();
                let acknowledged = load.until_answered("streams of records", || send(&client, items.clone())).await;
                for acknowledgement in &acknowledged {
                    load.acknowledge(acknowledgement);
                }
            }
        });
    }
    filling.join_all().await;
}

/// An opt-in with a text that nothing makes smaller.
fn opt_in_with_text(round: usize, place: usize) -> RecordStreamRequest {
    let mut dice = Dice::new((round * EACH + place) as u64);
    let text = (0..LETTERS).map(|_| char::from(dice.pick(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))).collect();
    let evidence = Some(Evidence { text, ..Default::default() });
    item(Event::OptIn(RecordOptInRequest { evidence, ..opt_in(&number(OWNER, place), &format!("warm-{round}-{place}")) }))
}

/// Reads every entry there is.
pub async fn read(load: &Load) {
    let client = load.served.connect();
    let head = load.until_answered("checks", || client.check(people::of(OWNER)[0].asked())).await.position.unwrap().seq;
    load.until_answered("readings of the whole log", || async {
        let request = WatchEntriesRequest { all_accounts: true, from_seq: 1, with_raw: true, ..Default::default() };
        let mut stream = client.watch.clone().watch_entries(request).await?.into_inner();
        while let Some(response) = stream.message().await? {
            if response.position.is_some_and(|position| position.seq >= head) {
                break;
            }
        }
        Ok(())
    })
    .await;
}
