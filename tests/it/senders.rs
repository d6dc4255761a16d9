//! How senders stand: declared, rated, restricted, asked about at several times. Over gRPC, on the real binary.

use std::sync::Arc;

use consent_ledger::consent::account::Known;
use consent_ledger::consent::policy::Policy;
use consent_ledger::consent::sender::{Quality as Rating, SenderState as State};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Sender};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Actor, Record, What};
use consent_ledger::ledger::{CheckError, Ledger, Options};
use consent_ledger::proto::report_standing_request::Report;
use consent_ledger::proto::{
    CheckSendRequest, DeclareSenderRequest, EscalationPath, GetSenderStandingRequest, Permission, Quality, Reason, ReportStandingRequest,
    Restriction, RestrictionKind, RestrictionLift, SenderDeclaration, SenderStanding, SenderState,
};
use prost_types::Timestamp;

use crate::support::client::{Client, on_a_server, opt_in, question, text};

const CONTACT: &str = "+447400123456";
const SENDER: &str = "100";
const DAY: i64 = 86_400;

fn after(at: &Timestamp, seconds: i64) -> Timestamp {
    Timestamp { seconds: at.seconds + seconds, nanos: at.nanos }
}

async fn report(client: &Client, sender: &str, report: Report, occurred_at: Option<Timestamp>) -> u64 {
    let request = ReportStandingRequest { sender: sender.into(), report: Some(report), occurred_at, ..Default::default() };
    client.admin.clone().report_standing(request).await.unwrap().into_inner().acknowledgement.unwrap().seq
}

async fn declare(client: &Client, declaration: SenderDeclaration) -> u64 {
    let request = DeclareSenderRequest { sender: SENDER.into(), declaration: Some(declaration), ..Default::default() };
    client.admin.clone().declare_sender(request).await.unwrap().into_inner().acknowledgement.unwrap().seq
}

async fn standing(client: &Client, request: GetSenderStandingRequest) -> SenderStanding {
    let request = GetSenderStandingRequest { sender: SENDER.into(), ..request };
    client.admin.clone().get_sender_standing(request).await.unwrap().into_inner().standing.unwrap()
}

async fn now(client: &Client) -> Timestamp {
    client.check(question(CONTACT, SENDER)).await.unwrap().at.unwrap()
}

#[test]
fn red_starts_a_term_of_seven_days_that_an_accepted_path_ends() {
    on_a_server(async |client| {
        let unknown = standing(&client, GetSenderStandingRequest::default()).await;
        assert_eq!((unknown.state(), unknown.quality(), unknown.declaration), (SenderState::Ok, Quality::Unspecified, None));

        let app_link = SenderDeclaration { automated: true, escalation_paths: vec![EscalationPath::AppLink.into()], ..Default::default() };
        let declared = declare(&client, app_link.clone()).await;
        let at_risk = standing(&client, GetSenderStandingRequest::default()).await;
        assert_eq!((at_risk.state(), at_risk.declaration, at_risk.accepted_paths.len()), (SenderState::AtRisk, Some(app_link), 0));
        assert_eq!(at_risk.advice, [i32::from(Reason::SenderAtRisk)]);
        let decision = client.check(question(CONTACT, SENDER)).await.unwrap();
        assert!(decision.reasons().any(|reason| reason == Reason::SenderAtRisk));

        let turned = after(&now(&client).await, -3 * DAY);
        report(&client, SENDER, Report::Quality(Quality::Red.into()), Some(turned)).await;
        report(&client, SENDER, Report::Quality(Quality::Red.into()), None).await;
        let red = standing(&client, GetSenderStandingRequest::default()).await;
        assert_eq!((red.state(), red.quality(), red.quality_since), (SenderState::Flagged, Quality::Red, Some(turned)));
        assert_eq!((red.deadline, red.days_left, red.templates_close_at_deadline), (Some(after(&turned, 7 * DAY)), 4, false));
        assert_eq!(red.advice, [i32::from(Reason::SenderAtRisk)]);
        for (days, left) in [(4, 3), (7, 0), (9, 0)] {
            let later = standing(&client, GetSenderStandingRequest { at: Some(after(&turned, days * DAY)), ..Default::default() }).await;
            assert_eq!((later.days_left, later.state()), (left, SenderState::Flagged), "{days}");
        }
        // As the ledger knew it before the ratings.
        let then = standing(&client, GetSenderStandingRequest { known_seq: declared, ..Default::default() }).await;
        assert_eq!((then.state(), then.quality(), then.deadline), (SenderState::AtRisk, Quality::Unspecified, None));

        let phone = EscalationPath::Phone.into();
        declare(&client, SenderDeclaration { automated: true, escalation_paths: vec![phone, 7], ..Default::default() }).await;
        let reachable = standing(&client, GetSenderStandingRequest::default()).await;
        assert_eq!((reachable.state(), reachable.deadline, reachable.days_left), (SenderState::Flagged, None, 0));
        assert_eq!((reachable.accepted_paths, reachable.advice.len()), (vec![phone], 0));
    });
}

#[test]
fn a_lift_opens_from_its_instant_on_for_whoever_knows_of_it() {
    on_a_server(async |client| {
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        let all = vec![RestrictionKind::All.into()];
        let began = now(&client).await;
        let ban = Report::Restriction(Restriction { kinds: all.clone(), until: None });
        let banned = report(&client, SENDER, ban, Some(began)).await;
        let marketing = || CheckSendRequest { category: 1, ..question(CONTACT, SENDER) };
        let closed = client.check(marketing()).await.unwrap();
        assert_eq!((closed.permission(), closed.valid_until), (Permission::Nothing, None));
        let lift = |kinds: &[i32]| Report::Lift(RestrictionLift { kinds: kinds.to_vec() });
        // Another kind, the account's, the same instant: none of these is it.
        report(&client, SENDER, lift(&[RestrictionKind::BusinessInitiated.into()]), None).await;
        report(&client, "", lift(&all), None).await;
        report(&client, SENDER, lift(&all), Some(began)).await;
        assert_eq!(client.check(marketing()).await.unwrap().permission(), Permission::Nothing);
        let lifted = now(&client).await;
        report(&client, SENDER, lift(&all), Some(lifted)).await;
        assert_eq!(client.check(marketing()).await.unwrap().permission(), Permission::TemplateOnly);
        let before = CheckSendRequest { at: Some(after(&lifted, 0)), known_seq: banned, ..marketing() };
        assert_eq!(client.check(before).await.unwrap().permission(), Permission::Nothing, "it was not known then");
        let stands = standing(&client, GetSenderStandingRequest::default()).await;
        assert_eq!((stands.state(), stands.restrictions.len()), (SenderState::Ok, 0));
    });
}

#[test]
fn restrictions_bind_together_each_until_its_end() {
    on_a_server(async |client| {
        client.opt_in(opt_in(CONTACT, "")).await.unwrap();
        let answered = now(&client).await;
        let forbid = |kind: RestrictionKind, until| Report::Restriction(Restriction { kinds: vec![kind.into(), kind.into()], until });
        let ends = Some(after(&answered, DAY));
        let own = report(&client, SENDER, forbid(RestrictionKind::BusinessInitiated, ends), None).await;
        report(&client, "", forbid(RestrictionKind::CustomerInitiated, Some(after(&answered, 2 * DAY))), None).await;
        let both = standing(&client, GetSenderStandingRequest::default()).await;
        assert_eq!((both.state(), both.restrictions.len()), (SenderState::Restricted, 2));
        assert_eq!(both.restrictions[0], Restriction { kinds: vec![RestrictionKind::BusinessInitiated.into()], until: ends });

        let marketing = || CheckSendRequest { category: 1, ..question(CONTACT, SENDER) };
        let decision = client.check(marketing()).await.unwrap();
        assert_eq!((decision.permission(), decision.reasons().next()), (Permission::Nothing, Some(Reason::SenderRestricted)));
        assert_eq!((decision.valid_until, decision.deciding_seqs.contains(&own)), (ends, true));
        let ended = client.check(CheckSendRequest { at: ends, ..marketing() }).await.unwrap();
        assert_eq!(ended.permission(), Permission::TemplateOnly);
        let later = standing(&client, GetSenderStandingRequest { at: ends, ..Default::default() }).await;
        assert_eq!((later.state(), later.restrictions.len()), (SenderState::Restricted, 1));
        // The account's own binds every sender, and free-form messages only.
        client.inbound(text(CONTACT, "200", "hello")).await.unwrap();
        let elsewhere = client.check(CheckSendRequest { category: 1, ..question(CONTACT, "200") }).await.unwrap();
        assert_eq!(elsewhere.permission(), Permission::TemplateOnly);
    });
}

#[test]
fn templates_close_at_the_deadline_only_where_the_policy_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let turned = Time::from_micros(1_772_000_000_000_000);
    let clock = Arc::new(ManualClock::default());
    clock.set(turned.plus_days(2));
    let ledger = Ledger::open_with(&Options::new(dir.path()), &(Arc::new(RealDisk) as Arc<dyn Disk>), &(clock as Arc<dyn Clock>)).unwrap();
    let sender: Sender = SENDER.parse().unwrap();
    let record = |occurred_at, what| {
        let record = Record { account: Account::default_account(), actor: Actor::LOCAL, event_id: None, occurred_at, what };
        ledger.record_blocking(record).unwrap().seq
    };
    let rated = record(Some(turned), What::ReportQuality { sender: sender.clone(), quality: Rating::Red });
    let adopted = What::AdoptPolicy { preset: "escalation-2020".into(), policy: Box::new(Policy::escalation_2020()) };
    record(None, adopted);
    let standing = |at, known| ledger.standing(&Account::default_account(), &sender, at, known).unwrap();
    let (now, late) = (standing(None, Known::default()), standing(Some(turned.plus_days(7)), Known::default()));
    assert_eq!((now.standing.state, now.closes_templates, now.policy_version, now.at), (State::Flagged, true, 1, turned.plus_days(2)));
    assert_eq!((late.standing.state, late.closes_templates), (State::Restricted, true));
    let before = standing(Some(turned.plus_days(7)), Known { at: None, seq: Some(rated) });
    assert_eq!((before.standing.state, before.closes_templates, before.policy_version), (State::Flagged, false, 0));
    let nobody = ledger.standing(&"shop".parse().unwrap(), &sender, None, Known::default());
    assert_eq!(nobody, Err(CheckError::AccountUnknown { account: "shop".into() }));
    ledger.close();
}
