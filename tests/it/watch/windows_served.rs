//! Windows from a real server, by its own clock.

use consent_ledger::proto::{
    ChangeNumberRequest, RecordInboundMessageRequest, RecordProviderFeedbackRequest, WatchWindowsRequest, WatchWindowsResponse, WindowEnd,
    WindowEvent, WindowEventKind,
};
use prost_types::{Duration, Timestamp};
use tonic::Streaming;

use crate::support::client::{Client, on_a_server, question, text};

const ANN: &str = "+447400123456";
const DAY: i64 = 24 * 3600;

async fn next(stream: &mut Streaming<WatchWindowsResponse>) -> WatchWindowsResponse {
    stream.message().await.unwrap().expect("it has no end")
}

/// The next events, past heartbeats.
async fn events(stream: &mut Streaming<WatchWindowsResponse>) -> Vec<WindowEvent> {
    loop {
        let response = next(stream).await;
        assert!(response.caught_up);
        if !response.events.is_empty() {
            return response.events;
        }
    }
}

fn kinds(events: &[WindowEvent]) -> Vec<(WindowEventKind, WindowEnd)> {
    events.iter().map(|event| (event.kind(), event.end())).collect()
}

/// What the server's clock says.
async fn now(client: &Client) -> Timestamp {
    client.check(question(ANN, "1001")).await.unwrap().at.unwrap()
}

fn later(time: &Timestamp, seconds: i64) -> Timestamp {
    Timestamp { seconds: time.seconds + seconds, nanos: time.nanos }
}

#[test]
fn a_window_is_told_when_it_opens_when_it_closes_soon_and_when_it_has_closed() {
    on_a_server(|client| async move {
        let request = WatchWindowsRequest {
            sender: "1001".into(),
            closing_within: Some(Duration { seconds: 2, nanos: 0 }),
            heartbeat: Some(Duration { seconds: 1, nanos: 0 }),
            ..Default::default()
        };
        let mut stream = client.watch.clone().watch_windows(request).await.unwrap().into_inner();
        let first = next(&mut stream).await;
        assert!(first.events.is_empty() && first.caught_up && first.position.is_some() && first.at.is_some());
        // It was sent so long ago that it closes in four seconds.
        let sent = later(&now(&client).await, 4 - DAY);
        let message = RecordInboundMessageRequest { occurred_at: Some(sent), ..text(ANN, "1001", "hello") };
        client.inbound(text(ANN, "1002", "to another")).await.unwrap();
        client.inbound(message).await.unwrap();
        let opened = events(&mut stream).await;
        assert_eq!(kinds(&opened), [(WindowEventKind::Opened, WindowEnd::Unspecified)]);
        let open = &opened[0];
        assert_eq!((open.contacts.as_slice(), open.sender.as_str()), ([ANN.to_owned()].as_slice(), "1001"));
        assert_eq!((open.counts_from, open.closes_at), (Some(sent), Some(later(&sent, DAY))));
        let soon = events(&mut stream).await;
        assert_eq!(kinds(&soon), [(WindowEventKind::ClosingSoon, WindowEnd::Unspecified)]);
        let closed = events(&mut stream).await;
        assert_eq!(kinds(&closed), [(WindowEventKind::Closed, WindowEnd::Term)]);
        assert!(soon[0].window == open.window && closed[0].window == open.window && closed[0].closes_at == open.closes_at);
        assert_eq!(client.check(question(ANN, "1001")).await.unwrap().window_closes_at, None);
    });
}

#[test]
fn refusals_and_changed_numbers_close_windows() {
    on_a_server(|client| async move {
        client.inbound(text(ANN, "1001", "hello")).await.unwrap();
        client.inbound(text("+447400123457", "1001", "hello")).await.unwrap();
        let mut stream = client.watch.clone().watch_windows(WatchWindowsRequest::default()).await.unwrap().into_inner();
        let open = events(&mut stream).await;
        assert_eq!(kinds(&open), [(WindowEventKind::Open, WindowEnd::Unspecified); 2]);
        let refused =
            RecordProviderFeedbackRequest { contacts: vec![ANN.into()], sender: "1001".into(), code: 131_047, ..Default::default() };
        client.recording.clone().record_provider_feedback(refused).await.unwrap();
        assert_eq!(kinds(&events(&mut stream).await), [(WindowEventKind::Closed, WindowEnd::Platform)]);
        let moved = ChangeNumberRequest { from: "+447400123457".into(), to: "+447400123458".into(), ..Default::default() };
        client.identity.clone().change_number(moved).await.unwrap();
        assert_eq!(kinds(&events(&mut stream).await), [(WindowEventKind::Closed, WindowEnd::Identity)]);
    });
}

#[test]
fn many_windows_are_told_in_portions_until_all_are_told() {
    on_a_server(|client| async move {
        let mut recorded = tokio::task::JoinSet::new();
        for n in 0..1_200 {
            let client = client.clone();
            recorded.spawn(async move { client.inbound(text(&format!("+4474001{n:05}"), "1001", "hello")).await.unwrap() });
        }
        recorded.join_all().await;
        let mut stream = client.watch.clone().watch_windows(WatchWindowsRequest::default()).await.unwrap().into_inner();
        let (mut contacts, mut responses) = (std::collections::BTreeSet::new(), 0);
        loop {
            let response = next(&mut stream).await;
            assert!(response.events.len() <= 500);
            responses += 1;
            contacts.extend(response.events.into_iter().flat_map(|event| event.contacts));
            if response.caught_up {
                break;
            }
        }
        assert_eq!((contacts.len(), responses), (1_200, 3));
    });
}
