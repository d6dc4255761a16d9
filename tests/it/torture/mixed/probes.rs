//! Whoever looks after the server: its counters are scraped, and all who ask whether it is ready are told the same.

use std::sync::Arc;
use std::time::Duration;

use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::Load;
use super::principals::Who;
use crate::support::cli::cli;
use crate::support::metrics::Scrape;

/// How long it is paused between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// Every so many looks the command asks too.
const BY_COMMAND: usize = 10;

/// Looks until the load is over.
pub async fn probes(load: Arc<Load>) {
    let mut health = HealthClient::new(load.served.channel());
    let (mut looks, mut head) = (0, 0.0);
    while load.pause(PAUSE).await {
        looks += 1;
        let Some(url) = load.served.http_url().filter(|_| !load.served.is_away()) else { continue };
        let scraped = load.scrape(&url).await;
        let ready = load.served.https.ask("GET", &format!("{url}/readyz"), &[], Vec::new()).await;
        let serving = health.check(HealthCheckRequest::default()).await.map(|answer| answer.into_inner().status());
        let by_command = if looks % BY_COMMAND == 1 { Some(command(&load).await) } else { None };
        // Nothing of it counts where the server was told to stop meanwhile.
        if load.served.is_away() {
            continue;
        }
        match scraped {
            Ok(seq) if seq >= head => head = seq,
            other => load.faults.wrong(format!("the counters after head {head}: {other:?}")),
        }
        let agree = ready.as_ref().is_some_and(|(status, _)| *status == 200)
            && matches!(serving, Ok(ServingStatus::Serving))
            && by_command.as_ref().is_none_or(|said| said.starts_with("0 SERVING"));
        if agree {
            load.one("looks at readiness, all answers the same");
        } else {
            load.faults.wrong(format!("ready {ready:?}, health {serving:?}, the command {by_command:?}"));
        }
    }
}

/// What `health` prints, after its exit code.
async fn command(load: &Load) -> String {
    let args = [vec!["health".to_owned()], load.served.reached().to_vec()].concat();
    let said = tokio::task::spawn_blocking(move || cli(&args)).await.unwrap();
    format!("{} {}{}", said.code, said.out, said.err)
}

impl Load {
    /// The head that the counters tell; the scrub must have found nothing.
    async fn scrape(&self, url: &str) -> Result<f64, String> {
        let key = self.served.principals.key(Who::Audits).bearer();
        let answer = self.served.https.ask("GET", &format!("{url}/metrics"), &[("authorization", &key)], Vec::new()).await;
        let Some((200, text)) = answer else { return Err(format!("{answer:?}")) };
        let scrape = Scrape::read(text);
        self.one("scrapes of the counters");
        let faults = scrape.value("consent_ledger_scrub_faults_total", &[]);
        if faults > 0.0 { Err(format!("{faults} faults of the scrub")) } else { Ok(scrape.value("consent_ledger_log_head_seq", &[])) }
    }
}
