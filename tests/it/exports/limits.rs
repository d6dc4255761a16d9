//! Many exports at once, readers who do not read, readers who go away.

use std::time::Duration;

use consent_ledger::proto::{Evidence, ExportEntriesRequest, ExportEntriesResponse, RecordOptInRequest};
use tonic::{Code, Streaming};
use tonic_types::StatusExt;

use crate::errors::refused;
use crate::support::client::{Client, opt_in, runtime};
use crate::support::server::Server;

/// Exports at a time.
const AT_A_TIME: usize = 16;

/// How often it is asked whether a slot is free again.
const PATIENCE: usize = 2_000;

/// Enough that an export is not done before anybody reads it.
async fn filled(client: &Client) {
    let evidence = || Some(Evidence { text: "x".repeat(16_000), ..Default::default() });
    let mut recorded = tokio::task::JoinSet::new();
    for n in 0..150 {
        let client = client.clone();
        let request = RecordOptInRequest { evidence: evidence(), ..opt_in(&format!("+4474002{n:05}"), "") };
        recorded.spawn(async move { client.opt_in(request).await.unwrap() });
    }
    recorded.join_all().await;
}

async fn export(client: &Client) -> Result<Streaming<ExportEntriesResponse>, tonic::Status> {
    Ok(client.audit.clone().export_entries(ExportEntriesRequest::default()).await?.into_inner())
}

#[test]
fn a_seventeenth_export_is_told_when_to_come_back_and_a_reader_that_goes_away_makes_room() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        filled(&client).await;
        let mut unread = Vec::new();
        for _ in 0..AT_A_TIME {
            // Each over a connection of its own: what one takes in without reading is limited.
            let reader = Client::connect(&server.url()).await;
            unread.push((export(&reader).await.unwrap(), reader));
        }
        let status = export(&client).await.unwrap_err();
        assert_eq!((refused(&status).0, refused(&status).1.as_str()), (Code::ResourceExhausted, "TOO_MANY_EXPORTS"));
        let retry = status.get_error_details().retry_info().and_then(|info| info.retry_delay);
        assert_eq!(retry, Some(Duration::from_secs(1)));
        // Nothing else waits for them.
        client.opt_in(opt_in("+447400300000", "")).await.unwrap();
        drop(unread.pop());
        let mut again = None;
        for _ in 0..PATIENCE {
            again = export(&client).await.ok();
            if again.is_some() {
                break;
            }
        }
        let mut again = again.expect("room for one more");
        while again.message().await.unwrap().is_some() {}
        // A stop does not wait for readers who do not read.
        drop(client);
        let stopped = tokio::task::spawn_blocking(move || server.terminate());
        assert_eq!(stopped.await.unwrap().code(), Some(0));
        drop(unread);
    });
}
