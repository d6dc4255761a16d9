//! A system whose key is revoked at half time: until then it is answered, from then on never again, in no life of the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use consent_ledger::proto::WatchWindowsRequest;
use tonic::{Code, Status};

use super::Load;
use super::people::SENDER;
use super::principals::Who;
use crate::support::client::{Client, question};

/// How long it is paused between two checks.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a stream may stay open whose key was revoked.
const ENDED_WITHIN: Duration = Duration::from_secs(10);

/// What is counted once it is let in no more.
pub const REFUSED: &str = "checks refused: the key is revoked";

/// How it stands with the key.
#[derive(Default)]
pub struct Standing(AtomicU8);

/// It is taken; it is being revoked, and either answer is right; it is refused.
const TAKEN: u8 = 0;
const BEING_REVOKED: u8 = 1;
const REVOKED: u8 = 2;

impl Load {
    /// A client that shows that key with each call.
    fn former(&self) -> Client {
        self.served.connect_as(Who::Former)
    }

    /// Revokes it.
    pub async fn revoke(self: &Arc<Self>) {
        let request = WatchWindowsRequest { sender: SENDER.into(), ..Default::default() };
        let mut open = self.former().watch.watch_windows(request).await.unwrap().into_inner();
        self.former.0.store(BEING_REVOKED, Ordering::SeqCst);
        let load = self.clone();
        tokio::task::spawn_blocking(move || load.served.principals.revoke(Who::Former, &load.served.reached())).await.unwrap();
        self.former.0.store(REVOKED, Ordering::SeqCst);
        let ended = tokio::time::timeout(ENDED_WITHIN, async {
            while open.message().await?.is_some() {}
            Ok::<(), Status>(())
        })
        .await;
        match ended {
            Ok(Err(status)) if status.code() == Code::Unauthenticated => self.one("streams ended: the key is revoked"),
            other => self.faults.wrong(format!("a stream whose key was revoked: {other:?}")),
        }
    }
}

/// Asks until the load is over.
pub async fn asks(load: Arc<Load>) {
    let client = load.former();
    while load.pause(PAUSE).await {
        let before = load.former.0.load(Ordering::SeqCst);
        let answer = client.check(question("GB.nobody", SENDER)).await;
        let after = load.former.0.load(Ordering::SeqCst);
        match answer {
            Ok(_) if before != REVOKED => load.called("checks by a key that will be revoked"),
            Err(status) if status.code() == Code::Unauthenticated && after != TAKEN => load.called(REFUSED),
            Ok(decision) => load.faults.wrong(format!("a revoked key is answered {decision:?}")),
            Err(status) => load.faults.note("a check by a key that will be revoked", &status, load.served.is_away()),
        }
    }
}
