//! A list that grows, imported by the real command again and again.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Load;
use super::people::{self, EACH, Person};
use super::principals::Who;
use super::served::word;
use crate::support::cli::cli_with;
use crate::support::dice::Dice;

/// How long it is paused between two lists.
const PAUSE: Duration = Duration::from_secs(10);

/// The owner of the contacts.
const OWNER: usize = 6;

/// The list with this number: one act of every contact, each a minute later than in the list before.
fn list(number: usize, dice: &mut Dice, people: &mut [Person]) -> String {
    let mut rows = "phone,action,categories,occurred_at,evidence_url\n".to_owned();
    let (day, hour, minute) = (1 + number / 1_440, number / 60 % 24, number % 60);
    for person in people {
        person.opted_in = dice.one_in(2);
        let action = if person.opted_in { "opt_in" } else { "opt_out" };
        let _ =
            writeln!(rows, "{},{action},marketing,2026-01-{day:02}T{hour:02}:{minute:02}:00Z,https://shop.example/signup", person.number);
    }
    rows
}

fn import(file: &Path, reached: &[String], key: &str) -> Result<(), String> {
    let said = cli_with(&[&["import".to_owned(), word(file)], reached].concat(), &[("CONSENT_LEDGER_API_KEY", key)]);
    // The last lines: how many rows came to what.
    let counts = said.out.lines().rev().take(5).filter_map(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok());
    if said.code == 0 && counts.sum::<usize>() == EACH { Ok(()) } else { Err(format!("{said:?}")) }
}

/// Imports list after list. One that a restart broke off is imported again.
pub async fn imports(load: Arc<Load>) -> Vec<Person> {
    let (client, mut dice) = (load.served.connect(), load.campaign.dice(OWNER));
    let dir = tempfile::tempdir().unwrap();
    let (mut people, mut number) = (people::of(OWNER), 0);
    loop {
        number += 1;
        let file = dir.path().join(format!("list-{number}.csv"));
        std::fs::write(&file, list(number, &mut dice, &mut people)).unwrap();
        loop {
            let (reached, path, away) = (load.served.reached(), file.clone(), load.served.is_away());
            let key = load.served.principals.key(Who::Records).text();
            match tokio::task::spawn_blocking(move || import(&path, &reached, &key)).await.unwrap() {
                Ok(()) => break load.one("lists imported by the command"),
                Err(_) if away || load.served.is_away() => load.one("lists imported again: the server was away"),
                Err(said) => break load.faults.wrong(format!("an import: {said}")),
            }
        }
        load.add("rows imported", EACH);
        std::fs::remove_file(file).unwrap();
        let answers = load.until_answered("batch checks", || people::batch(&client, &people)).await;
        people.iter().zip(&answers).for_each(|(person, decision)| person.hold(&load, "after an import", decision));
        if !load.pause(PAUSE).await {
            return people;
        }
    }
}
