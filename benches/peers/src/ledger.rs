//! The consent ledger, over gRPC.

use consent_ledger::bench::BenchError;
use consent_ledger::bench::lanes::{CONNECTIONS, Check, Record, connect};
use consent_ledger::bench::loading::{Known, stream};
use consent_ledger::bench::people::People;

/// Makes every contact known, with an opt-in.
pub async fn load(url: &str, people: People) -> Result<(), BenchError> {
    stream(url, people, 0..people.count(), Known::No).await.map(drop)
}

/// 128 callers that ask.
pub async fn checks(url: &str, people: People) -> Result<Vec<Check>, BenchError> {
    Ok(Check::lanes(&connect(url, CONNECTIONS).await?, people))
}

/// So many callers that record.
pub async fn records(url: &str, people: People, callers: usize, event_ids: &str) -> Result<Vec<Record>, BenchError> {
    let channels = connect(url, CONNECTIONS.min(callers)).await?;
    let callers = (0..).zip(channels.into_iter().cycle().take(callers));
    Ok(callers.map(|(seed, channel)| Record::over(channel, people, seed, event_ids)).collect())
}
