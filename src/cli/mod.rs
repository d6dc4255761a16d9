//! The command line: one file a command.
//!
//! Exit codes answer: 0 yes, 1 no, 2 could not tell. Answers go to stdout, everything else to stderr.

mod account;
mod act;
mod audience;
mod backup;
mod bench;
mod check;
mod checkpoint;
mod client;
mod credentials;
mod dead_letters;
mod drift;
mod erase;
mod error;
mod explain;
mod export;
mod health;
mod identity;
pub mod import;
mod json;
mod keys;
mod length;
mod lists;
mod master_key;
mod open_files;
mod output;
pub mod phone;
mod policy;
mod possible_opt_outs;
mod prove;
mod reads;
mod record;
mod restore;
mod scenarios;
mod sender;
mod serve;
mod signals;
mod status;
mod template;
mod trail;
mod trust;
mod verify;
mod verify_file;
mod verify_receipt;
mod watch;
mod webhook;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use error::{CliError, Verdict};
use output::Output;
use serve::configuration::{self, Unread};

const EXAMPLES: &str = "\
Exit codes: 0 yes, 1 no, 2 could not tell.

Try it:
  consent-ledger serve --data-dir ./ledger &
  consent-ledger record opt-in --contact +447400123456 --category marketing
  consent-ledger check --contact +447400123456 --sender 106540352242922";

/// May this sender write to this contact on WhatsApp now: free-form, by template only, or not at all?
///
/// The consent ledger answers from an append-only, hash-chained log of opt-ins, opt-outs and inbound messages, and can prove
/// afterwards why it answered so.
#[derive(Parser, Debug)]
#[command(name = "consent-ledger", version, after_help = EXAMPLES, max_term_width = 110)]
struct Cli {
    /// Print JSON on stdout, one value a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Serve(serve::Serve),
    Status(status::Status),
    Health(health::Health),
    Check(check::Check),
    Record(record::Record),
    Import(import::Import),
    Identity(identity::Identity),
    Sender(sender::Sender),
    Template(template::Template),
    Trail(trail::Trail),
    Export(export::Export),
    Watch(watch::Watch),
    Policy(policy::Policy),
    Account(account::Account),
    PossibleOptOuts(possible_opt_outs::PossibleOptOuts),
    Drift(drift::Drift),
    Reads(reads::Reads),
    Erase(erase::Erase),
    DeadLetters(dead_letters::DeadLetters),
    Checkpoint(checkpoint::GetCheckpoint),
    Prove(prove::Prove),
    Verify(verify::Verify),
    Backup(backup::Backup),
    Restore(restore::Restore),
    #[command(visible_alias = "api-keys")]
    Keys(keys::Keys),
    Scenarios(scenarios::Scenarios),
    Webhook(webhook::Webhook),
    Bench(bench::Bench),
    /// Answer every call with a constant: the floor that `bench` compares with
    #[command(hide = true)]
    BenchNoop,
}

/// Reads the command line, runs the command, and answers with its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let args: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let cli = match read(&args) {
        Ok(cli) => cli,
        Err(Unread::Arguments(error)) => error.exit(),
        Err(Unread::File { faults, checking, json }) => {
            let error = CliError::usage(faults.to_string()).hint("`serve --help` lists every key; nothing was started");
            eprintln!("{}", if json { error.json().to_string() } else { error.to_string() });
            return if checking { Verdict::No.into() } else { error.exit_code() };
        }
    };
    match run(cli.command, Output::new(cli.json)) {
        Ok(verdict) => verdict.into(),
        Err(error) if cli.json => {
            eprintln!("{}", error.json());
            error.exit_code()
        }
        Err(error) => {
            eprintln!("{error}");
            error.exit_code()
        }
    }
}

/// Arguments, environment, and the configuration file that they name.
fn read(args: &[std::ffi::OsString]) -> Result<Cli, Unread> {
    let (matches, settings) = configuration::read(Cli::command(), args)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    if let Command::Serve(serve) = &mut cli.command {
        serve.settings = settings;
    }
    Ok(cli)
}

fn run(command: Command, output: Output) -> Result<Verdict, CliError> {
    match command {
        Command::Serve(serve) => serve.run(output),
        Command::Status(status) => client::run(status.run(output)),
        Command::Health(health) => client::run(health.run(output)),
        Command::Check(check) => client::run(check.run(output)),
        Command::Record(record) => client::run(record.run(output)),
        Command::Import(import) => client::run(import.run(output)),
        Command::Identity(identity) => client::run(identity.run(output)),
        Command::Sender(sender) => client::run(sender.run(output)),
        Command::Template(template) => client::run(template.run(output)),
        Command::Trail(trail) => client::run(trail.run(output)),
        Command::Export(export) => client::run(export.run(output)),
        Command::Watch(watch) => client::run(watch.run(output)),
        Command::Policy(policy) => policy.run(output),
        Command::Account(account) => client::run(account.run(output)),
        Command::PossibleOptOuts(possible_opt_outs) => client::run(possible_opt_outs.run(output)),
        Command::Drift(drift) => client::run(drift.run(output)),
        Command::Reads(reads) => client::run(reads.run(output)),
        Command::Erase(erase) => client::run(erase.run(output)),
        Command::DeadLetters(dead_letters) => client::run(dead_letters.run(output)),
        Command::Checkpoint(checkpoint) => client::run(checkpoint.run(output)),
        Command::Prove(prove) => client::run(prove.run(output)),
        Command::Verify(verify) => verify.run(output),
        Command::Backup(backup) => backup.run(output),
        Command::Restore(restore) => restore.run(output),
        Command::Keys(keys) => keys.run(output),
        Command::Scenarios(scenarios) => scenarios.run(output),
        Command::Webhook(webhook) => client::run(webhook.run(output)),
        Command::Bench(bench) => bench.run(output),
        Command::BenchNoop => bench::serve_noop(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn scripts_can_rely_on_these_spellings() {
        for line in [
            "serve --data-dir d --listen 127.0.0.1:0 --http 127.0.0.1:0 --app-secret s --verify-token t",
            "check --contact +447400123456 --sender 1 --category marketing --at 2026-03-01T10:00:00Z --known-at 2026-03-01T10:00:00Z --explain --json --account a",
            "record opt-in --contact +447400123456 --sender 1 --category marketing,utility --method in-person --at 2026-03-01T10:00:00Z --event-id e",
            "record opt-out --contact +447400123456",
            "record inbound --contact +447400123456 --sender 1 --kind text --text STOP --at 2026-03-01T10:00:00Z --event-id e --json",
            "record preference --contact +447400123456 --sender 1 --preference stop --at 2026-03-01T10:00:00Z --event-id e",
            "record feedback --contact +447400123456 --contact US.1 --sender 1 --code 131050 --message-id m",
            "record confirmation --contact +447400123456 --sender 1",
            "import a.csv b.jsonl - --sender 1 --map hubspot --map contact=Phone --map method==import --region BR --dry-run --json",
            "import a.csv --time-zone America/Sao_Paulo --date-format dmy --delimiter ; --encoding latin1 --format csv --report r --force",
            "identity link --contact +447400123456 --contact US.1",
            "identity change-number --from +447400123456 --to +447400123457 --message-id m",
            "identity change-user-id --from US.1 --to US.2",
            "identity key-changed --contact +447400123456 --sender 1",
            "sender declare --sender 1 --automated --retail --weekly-templates 5000 --path in-chat-agent,phone",
            "sender rate --sender 1 --quality red",
            "sender restrict --sender 1 --kind business-initiated,customer-initiated --until 2026-03-01T10:00:00Z",
            "sender restrict --all-senders --kind all",
            "sender lift --sender 1 --kind customer-initiated --at 2026-03-01T10:00:00Z",
            "sender lift --all-senders --kind all",
            "sender standing --sender 1 --at 2026-03-01T10:00:00Z --known-at 2026-03-01T10:00:00Z --known-seq 3 --json",
            "template register --name news --language en --category marketing --parameters 2 --status approved --opt-in-request",
            "template change --name news --language en --quality red",
            "template list",
            "check --contact +447400123456 --sender 1 --template news --language en --parameters 2 --known-seq 3",
            "trail --contact +447400123456 --server http://127.0.0.1:1",
            "export --contact +447400123456 --contact US.1 --sender 1 --from 2026-03-01T10:00:00Z --to 2026-03-02T10:00:00Z --format csv --out f --force",
            "export --contact +447400123456 --evidence --checkpoint a b --out f --json",
            "export --all-accounts --from-seq 1 --to-seq 2 --format jsonl --out -",
            "export --contact +447400123456 --format consent-record --controller Example --out f",
            "watch entries --from 12 --sender 1,2 --kind opted_out,opted-in --with-sealed --json --account a",
            "watch entries --new --all-accounts",
            "watch windows --sender 1 --closing-within 30m --json",
            "serve --data-dir d --checkpoint-dir c --first-checkpoint",
            "serve --data-dir d --config f --check-config --drain-delay 5s --drain-timeout 10s --verify-token-file v --json",
            "status --json",
            "health --service consent.v1.DecisionService --timeout 2s",
            "checkpoint --fresh",
            "prove inclusion --seq 12 --out f --entry-out e",
            "prove consistency --old f --size 12 --out g",
            "verify --data-dir d --json",
            "verify receipt.json --server http://127.0.0.1:1 --contact +447400123456",
            "check --contact +447400123456 --sender 1 --receipt receipt.json",
            "check list.csv --sender 1 --category marketing --out allowed.csv",
            "check - --sender 1 --out - --refused r --column c --region BR --unique --force --known-seq 3 --min-position 2 --json",
            "backup --data-dir d --to b --with-keys --generations 3 --json",
            "restore --from b --data-dir d --number 2 --master-key k --checkpoint-dir c --accept-loss --json",
            "restore --from b --check",
            "keys public --data-dir d",
            "keys public --data-dir d --former --master-key-file f",
            "keys rotate-master --data-dir d --master-key-command c --new-master-key-file f",
            "keys rotate-signing --data-dir d --use checkpoint --checkpoint-dir c",
            "keys rotate-signing --data-dir d --use receipt",
            "keys rotate-lookup --data-dir d --master-key-file f",
            "serve --data-dir d --master-key-command c",
            "policy show --at 2026-03-01T10:00:00Z",
            "policy adopt --preset sinch --set window_hours=12 --set opt_out_keywords=baja,alto --at 2026-03-01T10:00:00Z --event-id e",
            "policy adopt policy.yaml",
            "policy diff --preset meta --set opt_in_valid_days=365 --contacts --sender 1 --json",
            "policy diff policy.yaml",
            "policy presets",
            "account create shop",
            "account list --json",
            "possible-opt-outs list",
            "possible-opt-outs confirm 7 --event-id e",
            "possible-opt-outs dismiss 7",
            "reads --contact +447400123456 --from 2026-03-01T10:00:00Z --account a --json",
            "drift --from 2026-03-01T10:00:00Z --to 2026-03-02T10:00:00Z --sender 1 --json",
            "erase request --contact +447400123456 --delay 24h --forget-suppression --event-id e --at 2026-03-01T10:00:00Z --json",
            "erase cancel --contact +447400123456 --event-id e",
            "erase hold --contact +447400123456",
            "erase release --contact +447400123456",
            "erase list",
            "dead-letters list",
            "dead-letters replay",
            "scenarios a.yaml b.yaml",
            "webhook replay dir a.json --app-secret s --server-http http://127.0.0.1:8080",
            "bench --quick --json",
            "bench --contacts 10000000 --events 30000000 --only check,record-many --data-dir d --markdown",
        ] {
            let words = std::iter::once("consent-ledger").chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_policy_is_a_preset_or_a_file_and_settings_belong_to_a_preset() {
        let parse = |line: &str| Cli::try_parse_from(std::iter::once("consent-ledger").chain(line.split(' ')));
        for line in [
            "policy adopt",
            "policy adopt policy.yaml --preset meta",
            "policy adopt --set window_hours=1",
            "policy adopt policy.yaml --set window_hours=1",
            "policy diff --preset meta --set window_hours",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        let refused = parse("policy diff --preset metta").unwrap_err().to_string();
        assert!(refused.contains("did you mean meta?"), "{refused}");
    }

    #[test]
    fn an_opt_in_without_category_or_with_an_unknown_one_is_refused() {
        let parse = |line: &str| Cli::try_parse_from(std::iter::once("consent-ledger").chain(line.split(' ')));
        assert!(parse("record opt-in --contact +447400123456").is_err());
        assert!(parse("record opt-in --contact +447400123456 --category news").is_err());
    }

    #[test]
    fn options_that_belong_together_come_together() {
        let parse = |line: &str| Cli::try_parse_from(std::iter::once("consent-ledger").chain(line.split(' ')));
        for line in [
            "sender restrict --kind all",
            "sender lift --kind all",
            "sender lift --all-senders",
            "sender restrict --sender 1 --all-senders --kind all",
            "template change --name news --language en",
            "check --contact +447400123456 --sender 1 --template news",
            "check --contact +447400123456 --sender 1 --language en",
            "check --contact +447400123456 --sender 1 --parameters 2",
            "check --contact +447400123456 --sender 1 --opt-out-confirmation --template news --language en",
            "check --contact +447400123456 --sender 1 --receipt f --known-seq 3",
            "check --sender 1",
            "check list.csv --contact +447400123456 --sender 1",
            "check list.csv --sender 1 --explain",
            "check list.csv --sender 1 --receipt f",
            "check list.csv --sender 1 --refused f",
            "check --contact +447400123456 --sender 1 --out f",
            "verify receipt.json",
            "verify receipt.json --contact +447400123456",
            "watch entries --new --from 3",
            "watch entries --all-accounts --account a",
            "bench --quick --contacts 5",
            "bench --only checks",
            "bench --json --markdown",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
