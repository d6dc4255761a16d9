//! What was written: nothing in it is personal.

use serde_json::{Value, json};

use super::Format;
use super::out::Target;
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::words;
use crate::export::html::claim;
use crate::export::pieces::Written;
use crate::proto::export_begin::Claim;

/// The most rows that a spreadsheet opens, its header included.
const ROWS: u64 = 1_048_576;

/// Says what was written: on stdout, or on stderr where the export itself went there.
///
/// # Errors
/// Where stdout cannot be written to.
pub fn print(written: &Written, target: &Target, format: Format, bundle: bool, output: Output) -> Result<(), CliError> {
    if *target == Target::Stdout {
        let said =
            if output.is_json() { value(written, target, format, bundle).to_string() } else { text(written, target, format, bundle) };
        eprintln!("{said}");
        return Ok(());
    }
    output.print(|| value(written, target, format, bundle), || text(written, target, format, bundle))
}

fn text(written: &Written, target: &Target, format: Format, bundle: bool) -> String {
    let size = written.begin.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let entries = words::counted(written.entries, "entry", "entries");
    let mut lines = vec![format!("{target}: {entries}, {} left out, over the checkpoint of {size} entries", written.left_out)];
    lines.push(format!("claim: {}", lower(&claim(written.begin.claim.as_ref()))));
    if bundle {
        lines.push("it opens this contact's sealed data; once handed out it cannot be called back, not by an erasure either".to_owned());
    }
    if format != Format::Jsonl {
        lines.push("it is for reading: the JSON Lines export is what proves".to_owned());
    }
    if format == Format::Csv && written.entries >= ROWS {
        lines.push(format!("a spreadsheet opens {ROWS} rows and leaves out the rest: export it in parts, with --from-seq and --to-seq"));
    }
    lines.join("\n")
}

fn value(written: &Written, target: &Target, format: Format, bundle: bool) -> Value {
    let checkpoint = written.begin.checkpoint.clone().unwrap_or_default();
    let claim = match &written.begin.claim {
        Some(Claim::Complete(complete)) => json!({ "kind": "complete", "as_of": complete.as_of }),
        Some(Claim::Range(range)) => json!({ "kind": "range", "from": range.from_seq, "to": range.to_seq }),
        Some(Claim::Included(_)) | None => json!({ "kind": "included" }),
    };
    json!({
        "out": target.to_string(),
        "format": format.as_str(),
        "entries": written.entries,
        "left_out": written.left_out,
        "claim": claim,
        "checkpoint": { "size": checkpoint.size, "root": hex::encode(&checkpoint.root) },
        "opens_sealed_data": bundle,
    })
}

/// A sentence as what follows a colon.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
