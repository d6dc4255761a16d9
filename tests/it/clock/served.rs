//! The real binary with a clock of its own (`tests/torture/clock.c`, compiled here).

use std::path::Path;

use consent_ledger::proto::{Acknowledgement, CheckSendRequest, Permission};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::client::{Client, opt_in, question, runtime};
use crate::support::preload::compiled;
use crate::support::server::Server;

const PHONE: &str = "+447400123456";
const HOUR: i64 = 3_600;

fn start(data_dir: &Path, library: &Path, ahead: &Path) -> Server {
    let variables = [("LD_PRELOAD", library.to_str().unwrap()), ("CLOCK_AHEAD", ahead.to_str().unwrap())];
    Server::try_start_with(data_dir, &[], &variables).unwrap()
}

fn is_stopped(refused: Result<impl std::fmt::Debug, Status>) {
    let status = refused.expect_err("nobody knows what time it is");
    let reason = status.get_details_error_info().map(|info| info.reason);
    assert_eq!((status.code(), reason.as_deref()), (Code::Unavailable, Some("CLOCK_BEHIND")), "{status:?}");
}

async fn acknowledged(client: &Client, contact: &str) -> Acknowledgement {
    client.opt_in(opt_in(contact, contact)).await.unwrap()
}

#[test]
fn a_server_whose_clock_jumps_ahead_and_back_says_so_and_goes_on_when_it_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let Some(library) = compiled("clock.c", dir.path()) else { return };
    let (data, file) = (dir.path().join("data"), dir.path().join("ahead"));
    let ahead = |seconds: i64| std::fs::write(&file, seconds.to_string()).unwrap();
    ahead(0);
    let server = start(&data, &library, &file);
    let asked = || CheckSendRequest { category: consent_ledger::proto::Category::Marketing.into(), ..question(PHONE, "1") };
    let last = runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        acknowledged(&client, PHONE).await;
        let before = client.check(asked()).await.unwrap();
        assert_eq!(before.permission(), Permission::TemplateOnly);
        ahead(5 * HOUR);
        let last = acknowledged(&client, "+447400123457").await;
        ahead(0);
        is_stopped(client.opt_in(opt_in("+447400123458", "refused")).await);
        is_stopped(client.check(asked()).await);
        let then = client.check(CheckSendRequest { at: before.at, ..asked() }).await.unwrap();
        assert_eq!(then.permission(), Permission::TemplateOnly, "what was true then can still be told");
        last
    });
    assert_eq!(server.terminate().code(), Some(0));
    // It starts with such a clock too, and the log is whole.
    let server = start(&data, &library, &file);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        is_stopped(client.check(asked()).await);
        is_stopped(client.opt_in(opt_in("+447400123458", "refused")).await);
        ahead(5 * HOUR - 200);
        assert_eq!(client.check(asked()).await.unwrap().permission(), Permission::TemplateOnly);
        assert_eq!(acknowledged(&client, "+447400123459").await.seq, last.seq + 1);
        let log = client.log().await;
        let recorded: Vec<_> = log.iter().map(|entry| entry.recorded_at.map(|at| (at.seconds, at.nanos))).collect();
        assert!(recorded.is_sorted(), "{recorded:?}");
        let [.., fast, next] = recorded.as_slice() else { panic!("{recorded:?}") };
        assert_eq!(fast, next, "as of the last entry");
    });
    assert_eq!(server.terminate().code(), Some(0));
    assert!(crate::support::cli::verify(&data, 0)["problems"].as_array().is_some_and(Vec::is_empty));
}
