//! `bench`: measures the real server on this machine, and the floors it stands on.
//!
//! ```text
//! check: CheckSend, one contact a call, 4 connections with 32 calls in flight each
//!   per_s                        41,234 /s
//!   p50_us                        2,904 µs
//!   …
//!   to_noop_ratio                 0.932      at least 0.9: met
//! ```

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::json;
use tokio::net::TcpListener;

use super::error::{CliError, Verdict};
use super::output::Output;
use super::signals::Signals;
use crate::bench::floors::noop;
use crate::bench::machine::Machine;
use crate::bench::report::{markdown, text};
use crate::bench::{Effort, Home, Measurement, Plan, Sizes, Stage, run};

const EXAMPLES: &str = "\
Every row takes turns with its floor in short rounds; what is printed is the median of the rounds. A ratio is the median of the \
rounds' own ratios, and its key contains `ratio`. Targets are those at 10,000,000 contacts and 30,000,000 events on two cores.

Loading takes most of the time, and about 1.5 GB of disk for a million contacts with three events each. With --data-dir it is done \
once: the next run with the same sizes uses the ledgers again, with what earlier runs recorded into them.

Exit code: 0 everything was measured, 2 it was not. Whether a target is met changes nothing.

Examples:
  consent-ledger bench --quick
  consent-ledger bench --contacts 10000000 --events 30000000 --data-dir /var/tmp/bench --markdown
  consent-ledger bench --only check,record-many --json";

/// Contacts of a quick run.
const QUICK_CONTACTS: u64 = 2_000;

/// Events of a contact, unless told otherwise.
const EVENTS_EACH: u64 = 3;

/// Measure the real server on this machine, and the floors it stands on.
///
/// Starts servers of its own, on free ports of the loopback, with ledgers of made-up people, and talks gRPC to them. In the same run:
/// the same calls to a service that does nothing, a plain file with fdatasync, SHA-256.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Bench {
    /// Everything small, in well under a minute: shows that it works, not how fast
    #[arg(long, conflicts_with_all = ["contacts", "events"])]
    quick: bool,
    /// How many contacts the ledger knows
    #[arg(long, value_name = "N", default_value = "1000000")]
    contacts: u64,
    /// How many events are loaded, at least two a contact; without it, three a contact
    #[arg(long, value_name = "N")]
    events: Option<u64>,
    /// Measure only these
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = measurement())]
    only: Vec<Measurement>,
    /// Where the ledgers lie, on the disk that is to be measured; they stay there and are used again. Without it, among the
    /// temporary files, until the end
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print tables in Markdown, once everything is measured
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

impl Bench {
    /// Measures and prints.
    ///
    /// # Errors
    /// Where a server does not start or answers wrongly, or a file does not do what is asked.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        let plan = self.plan()?;
        let home = self.data_dir.map_or_else(Home::temporary, Home::kept).map_err(CliError::local)?;
        let machine = Machine::here(home.path());
        let program = std::env::current_exe().map_err(|error| CliError::local(error).context("finding this program"))?;
        let mut number = [0; 8];
        getrandom::fill(&mut number).map_err(|error| CliError::local(error).context("making event ids"))?;
        let tell = Box::new(|what: &str| eprintln!("{what}"));
        let mut stage = Stage::new(program, home, &plan, u64::from_be_bytes(number), tell);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| CliError::local(error).context("starting the runtime"))?;
        let is_text = !output.is_json() && !self.markdown;
        let mut printed = Ok(());
        let rows = runtime.block_on(async {
            let mut signals = Signals::new()?;
            let measured = run(&plan, &mut stage, |row| {
                if is_text && printed.is_ok() {
                    printed = Output::line(&text::row(row));
                }
            });
            tokio::select! {
                rows = measured => rows.map_err(|error| {
                    CliError::local(error).hint("nothing but this command's own ledgers was touched; its servers were stopped")
                }),
                () = signals.next() => Err(CliError::local(anyhow::Error::msg("interrupted"))),
            }
        })?;
        printed?;
        let about = About { plan: &plan, machine: &machine, quick: self.quick };
        if output.is_json() {
            let rows: Vec<_> = rows.iter().map(crate::bench::figures::Row::json).collect();
            Output::line(&json!({ "about": about.json(), "rows": rows }).to_string())?;
        } else if self.markdown {
            Output::line(&markdown::page(&about.to_string(), &rows))?;
        } else {
            Output::line(&about.to_string())?;
        }
        Ok(Verdict::Yes)
    }

    fn plan(&self) -> Result<Plan, CliError> {
        let (contacts, effort) = if self.quick { (QUICK_CONTACTS, Effort::QUICK) } else { (self.contacts, Effort::FULL) };
        let sizes = Sizes::new(contacts, self.events.unwrap_or_else(|| contacts.saturating_mul(EVENTS_EACH)));
        let sizes = sizes.map_err(|error| CliError::usage(error.to_string()).hint("give --contacts and --events other numbers"))?;
        let asked = |measurement: &Measurement| self.only.is_empty() || self.only.contains(measurement);
        Ok(Plan { measurements: Measurement::ALL.into_iter().filter(asked).collect(), sizes, effort })
    }
}

/// Measurements by their names.
fn measurement() -> impl TypedValueParser<Value = Measurement> {
    PossibleValuesParser::new(Measurement::ALL.map(Measurement::as_str)).try_map(|name| name.parse::<Measurement>())
}

/// What was measured, and on what.
struct About<'a> {
    plan: &'a Plan,
    machine: &'a Machine,
    quick: bool,
}

impl About<'_> {
    fn json(&self) -> serde_json::Value {
        let Plan { sizes, effort, .. } = self.plan;
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "optimised": !cfg!(debug_assertions),
            "quick": self.quick,
            "contacts": sizes.contacts(),
            "events": sizes.events(),
            "rounds": effort.rounds,
            "round_s": effort.round.as_secs_f64(),
            "machine": self.machine.json(),
        })
    }
}

impl std::fmt::Display for About<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Plan { sizes, effort, .. } = self.plan;
        let (contacts, events) = (text::grouped(sizes.contacts()), text::grouped(sizes.events()));
        let (rounds, round, version) = (effort.rounds, effort.round, env!("CARGO_PKG_VERSION"));
        writeln!(f, "consent-ledger {version}, {contacts} contacts, {events} events, {rounds} rounds of {round:?}")?;
        write!(f, "{}", self.machine)?;
        if self.quick {
            write!(f, "\na quick run: it shows that everything works, not how fast")?;
        }
        if cfg!(debug_assertions) {
            write!(f, "\nbuilt without optimisation: these figures say nothing")?;
        }
        Ok(())
    }
}

/// Serves the floor of a call until the process is ended, and prints where.
///
/// # Errors
/// Where no port can be listened on.
pub fn serve_noop() -> Result<Verdict, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::local(error).context("starting the runtime"))?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.map_err(|error| CliError::local(error).context("listening on the loopback"))?;
        let address = listener.local_addr().map_err(CliError::local)?;
        Output::line(&format!("ready grpc={address}"))?;
        noop::serve(listener).await.map_err(CliError::local)?;
        Ok(Verdict::Yes)
    })
}
