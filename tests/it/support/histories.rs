//! Random histories and the questions that are worth asking of them: few people, few senders and few instants, so that
//! facts meet, tie and undo each other.

use consent_ledger::consent::account::Known;
use consent_ledger::consent::choice::PolicyChoice;
use consent_ledger::consent::decide::Asked;
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::policy::Policy;
use consent_ledger::consent::sender::{Declaration, EscalationPath, Quality, Restriction, RestrictionKind};
use consent_ledger::consent::template::{Template, TemplateAsked, TemplateKey, TemplateStatus};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Categories, Category, InboundKind, Method, PlatformPreference, Sender};
use consent_ledger::ledger::Question;
use consent_ledger::ledger::writing::record::{Actor, Evidence, Record, What};

use super::bench::START;
use super::dice::Dice;

/// Who there is.
pub const CONTACTS: [&str; 4] = ["+447400123456", "GB.1", "+447400123457", "GB.2"];

/// The senders there are.
pub const SENDERS: [&str; 2] = ["1", "2"];

/// The policies that accounts adopt, as a scenario writes them.
pub const POLICIES: [&str; 15] = [
    r#"{"preset": "meta"}"#,
    r#"{"preset": "meta", "inbound_after_opt_out": "lifts"}"#,
    r#"{"preset": "meta", "inbound_after_opt_out": "lifts", "keyword_scope": "account"}"#,
    r#"{"preset": "meta", "inbound_after_opt_out": "ignore", "keyword_scope": "account"}"#,
    r#"{"preset": "meta", "platform_stop_scope": "sender"}"#,
    r#"{"preset": "meta", "identity_change_carries_opt_in": true}"#,
    r#"{"preset": "meta", "identity_change_carries_opt_in": true, "inbound_after_opt_out": "lifts", "platform_stop_scope": "sender"}"#,
    r#"{"preset": "meta", "opt_in_valid_days": 1, "import_requires_evidence": false}"#,
    r#"{"preset": "meta", "window_hours": 7, "window_kinds": ["text", "reaction"], "suspend_on_identity_change": false}"#,
    r#"{"preset": "maxcontact"}"#,
    r#"{"preset": "maxcontact", "inbound_after_opt_out": "service_window", "keyword_scope": "account"}"#,
    r#"{"preset": "escalation-2020"}"#,
    r#"{"preset": "escalation-2020", "unknown_contact": "opt_in_request"}"#,
    r#"{"preset": "maxcontact", "identity_change_carries_opt_in": true, "red_quality": "deny_templates", "window_hours": 7}"#,
    r#"{"preset": "sinch", "identity_change_carries_opt_in": true, "suspend_on_identity_change": false}"#,
];

const TEXTS: [&str; 8] = ["hello", "hello", "stop", "stop", "start", "stop marketing", "start utility", "please stop it"];
const HOUR: i64 = 3_600_000_000;

/// A record and the clock at its commit.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The ledger's clock.
    pub clock: Time,
    /// What is recorded.
    pub record: Record,
}

/// A policy as a scenario writes it.
pub fn policy(choice: &str) -> Policy {
    serde_json::from_str::<PolicyChoice>(choice).unwrap().policy().unwrap()
}

/// The instant `hours` after the start.
pub fn hours(hours: usize) -> Time {
    Time::from_micros(START + i64::try_from(hours).unwrap() * HOUR)
}

/// What a random history is made of.
struct World {
    contacts: usize,
    instants: usize,
    /// Hours between two instants.
    step: usize,
    /// Whether senders and templates have a history too.
    business: bool,
}

/// A random history of 1 to 14 events after a policy.
pub fn history(dice: &mut Dice) -> Vec<Arrival> {
    let world = World {
        contacts: 1 + dice.below(4),
        instants: 3 + dice.below(10),
        step: dice.pick(&[6, 6, 6, 12, 24, 84]),
        business: dice.one_in(2),
    };
    let mut records = vec![record(hours(0).plus_micros(-1), adopts(dice))];
    for _ in 0..=dice.below(14) {
        let at = world.instant(dice);
        let what = if world.business && dice.one_in(2) { business(dice, &world) } else { world.what(dice) };
        records.push(record(at, what));
    }
    for (place, record) in records.iter_mut().enumerate() {
        record.event_id = Some(format!("event {place}").parse().unwrap());
    }
    arrive(dice, &records)
}

/// Anything that may happen to a contact, a sender or a template, at whatever time.
pub fn happening(dice: &mut Dice) -> What {
    let world = World { contacts: CONTACTS.len(), instants: 12, step: 12, business: true };
    if dice.one_in(5) { business(dice, &world) } else { world.what(dice) }
}

/// A random history in which people are erased, now and then without a token.
pub fn with_erasures(dice: &mut Dice) -> Vec<Arrival> {
    let mut history = history(dice);
    for _ in 0..=dice.below(3) {
        let place = 1 + dice.below(history.len());
        let like = dice.pick(&history);
        let clock = history[place - 1].clock.max(like.record.occurred_at.unwrap());
        let mut record = like.record;
        record.what = What::Erase { contact: dice.pick(&CONTACTS).parse().unwrap(), keep_suppression: !dice.one_in(5) };
        record.event_id = None;
        history.insert(place, Arrival { clock, record });
    }
    let mut clock = Time::from_micros(i64::MIN);
    for arrival in &mut history {
        clock = clock.max(arrival.clock);
        arrival.clock = clock;
    }
    history
}

/// People are erased and their late events come in afterwards. Nobody changes a number: an erasure forgets that, and with
/// it of whom a late event was.
pub fn erased_in_between(dice: &mut Dice) -> Vec<Arrival> {
    let mut history = with_erasures(dice);
    history.retain(|arrival| !matches!(arrival.record.what, What::Move { .. }));
    history
}

/// After everything else somebody is erased, as of some time.
pub fn erased_at_last(dice: &mut Dice) -> Vec<Arrival> {
    let mut history = history(dice);
    let last = history.iter().map(|arrival| arrival.clock).max().unwrap();
    let contact = dice.pick(&CONTACTS).parse().unwrap();
    let at = dice.pick(&history).record.occurred_at.unwrap();
    history.push(Arrival { clock: last, record: record(at, What::Erase { contact, keep_suppression: !dice.one_in(5) }) });
    history
}

/// Records as they arrive: never before they happened, some of them late.
fn arrive(dice: &mut Dice, records: &[Record]) -> Vec<Arrival> {
    let mut clock = Time::from_micros(i64::MIN);
    let arrival = |record: &Record| {
        let late = if dice.one_in(3) { dice.below(30) } else { 0 };
        clock = clock.max(record.occurred_at.unwrap()).plus_micros(i64::try_from(late).unwrap() * HOUR);
        Arrival { clock, record: record.clone() }
    };
    records.iter().map(arrival).collect()
}

/// Questions about a history: at the instants where answers change, just before and just after, and about what was
/// known earlier.
pub fn questions(dice: &mut Dice, history: &[Arrival], count: usize) -> Vec<Question> {
    let moments: Vec<Time> = history.iter().flat_map(moments).collect();
    let last = history.iter().map(|arrival| arrival.clock).max().unwrap_or_default();
    let ask = |dice: &mut Dice| Question {
        account: Account::default_account(),
        contact: dice.pick(&CONTACTS).parse().unwrap(),
        sender: dice.pick(&SENDERS).parse().unwrap(),
        asked: asked(dice),
        at: Some(if dice.one_in(4) {
            last
        } else {
            let moment = dice.pick(&moments);
            dice.around(moment)
        }),
        template: dice.one_in(3).then(|| TemplateAsked { key: template_key(dice), parameters: u32::from(dice.one_in(2)) }),
        known: Known {
            at: dice.one_in(6).then(|| {
                let clock = dice.pick(history).clock;
                dice.around(clock)
            }),
            seq: None,
        },
        min_position: None,
    };
    (0..count).map(|_| ask(dice)).collect()
}

/// When an answer may change because of an event.
fn moments(arrival: &Arrival) -> Vec<Time> {
    let at = arrival.record.occurred_at.unwrap();
    let mut moments = vec![at, at, at.plus_hours(24), at.plus_hours(7)];
    if let What::Restrict { restriction, .. } = &arrival.record.what {
        moments.extend(restriction.until);
    }
    if let What::ReportQuality { .. } = &arrival.record.what {
        moments.extend([at.plus_days(7), at.plus_days(7)]);
    }
    if let What::OptIn { expires_at: Some(expires_at), .. } = &arrival.record.what {
        moments.extend([*expires_at, *expires_at]);
    }
    moments
}

fn asked(dice: &mut Dice) -> Asked {
    match dice.below(7) {
        0 | 1 => Asked::Anything,
        2 => Asked::OptOutConfirmation,
        n => Asked::For(Category::ALL[n - 3]),
    }
}

fn record(at: Time, what: What) -> Record {
    Record { account: Account::default_account(), actor: Actor::LOCAL, event_id: None, occurred_at: Some(at), what }
}

fn adopts(dice: &mut Dice) -> What {
    What::AdoptPolicy { preset: "meta".to_owned(), policy: Box::new(policy(dice.pick(&POLICIES))) }
}

/// Something about a sender or a template.
fn business(dice: &mut Dice, world: &World) -> What {
    match dice.below(10) {
        0 | 1 => What::DeclareSender {
            sender: sender(dice),
            declaration: Declaration {
                automated: dice.one_in(2),
                retail: dice.one_in(2),
                weekly_templates: dice.pick(&[0, 1000, 1001]),
                paths: (0..dice.below(3))
                    .map(|_| dice.pick(&[EscalationPath::Phone, EscalationPath::StoreVisit, EscalationPath::AppLink]))
                    .collect(),
            },
        },
        2 | 3 => {
            What::ReportQuality { sender: sender(dice), quality: dice.pick(&[Quality::Red, Quality::Red, Quality::Yellow, Quality::Green]) }
        }
        4 if dice.one_in(2) => {
            What::Lift { sender: some_sender(dice), kinds: (0..=dice.below(2)).map(|_| dice.pick(RestrictionKind::ALL)).collect() }
        }
        4 | 5 => What::Restrict {
            sender: some_sender(dice),
            restriction: Restriction {
                kinds: (0..=dice.below(2)).map(|_| dice.pick(RestrictionKind::ALL)).collect(),
                until: (!dice.one_in(4)).then(|| world.instant(dice)),
            },
        },
        6..=8 => What::RegisterTemplate {
            key: template_key(dice),
            template: Template {
                category: dice.pick(&Category::TEMPLATE),
                parameters: u32::from(dice.one_in(3)),
                status: dice.pick(&[TemplateStatus::Approved, TemplateStatus::Approved, TemplateStatus::Paused, TemplateStatus::Pending]),
                opt_in_request: dice.one_in(2),
            },
        },
        _ => What::ChangeTemplate {
            key: template_key(dice),
            category: dice.one_in(2).then(|| dice.pick(&Category::TEMPLATE)),
            status: dice.one_in(2).then(|| dice.pick(TemplateStatus::ALL)),
            quality: None,
        },
    }
}

fn template_key(dice: &mut Dice) -> TemplateKey {
    TemplateKey::new(dice.pick(&["a", "a", "b"]), "en").unwrap()
}

impl World {
    fn instant(&self, dice: &mut Dice) -> Time {
        hours(dice.below(self.instants) * self.step)
    }

    fn contact(&self, dice: &mut Dice) -> Identifier {
        CONTACTS[dice.below(self.contacts)].parse().unwrap()
    }

    /// One identifier, or now and then several seen in one message.
    fn seen(&self, dice: &mut Dice) -> Vec<Identifier> {
        (0..if dice.one_in(6) { 2 } else { 1 }).map(|_| self.contact(dice)).collect()
    }

    fn what(&self, dice: &mut Dice) -> What {
        match dice.below(26) {
            0..=5 => self.opt_in(dice),
            6 | 7 => What::OptOut {
                contact: self.contact(dice),
                sender: some_sender(dice),
                categories: categories(dice),
                method: Method::Website,
                evidence: Evidence::default(),
            },
            8..=14 => What::Inbound {
                contact: self.seen(dice),
                sender: sender(dice),
                kind: dice.pick(&[InboundKind::Text, InboundKind::Text, InboundKind::Text, InboundKind::Image, InboundKind::Reaction]),
                text: Some(dice.pick(&TEXTS).to_owned()),
                payload: None,
                message_id: None,
            },
            15 | 16 => What::Preference { contact: self.seen(dice), sender: sender(dice), preference: dice.pick(PlatformPreference::ALL) },
            17 | 18 => What::SendFailed {
                contact: self.seen(dice),
                sender: sender(dice),
                code: dice.pick(&[131_050, 131_047, 131_047, 131_026]),
                message_id: None,
            },
            19 => What::Link { a: self.contact(dice), b: self.contact(dice) },
            20..=22 => What::Move { from: self.contact(dice), to: self.contact(dice), message_id: None },
            23 => What::IdentityKeyChange { contact: self.seen(dice), sender: sender(dice), message_id: None },
            24 => What::ConfirmationSent { contact: self.contact(dice), sender: sender(dice) },
            _ => adopts(dice),
        }
    }

    fn opt_in(&self, dice: &mut Dice) -> What {
        let proven = Evidence { text: "yes".to_owned(), ..Evidence::default() };
        let listed = Evidence { file_name: "list.csv".to_owned(), file_line: 2, ..Evidence::default() };
        What::OptIn {
            contact: self.contact(dice),
            sender: some_sender(dice),
            categories: categories(dice),
            method: dice.pick(&[Method::Website, Method::Website, Method::Import]),
            expires_at: dice.one_in(3).then(|| self.instant(dice).plus_micros(HOUR * 24)),
            evidence: dice.pick(&[proven, listed, Evidence::default()]),
        }
    }
}

fn sender(dice: &mut Dice) -> Sender {
    dice.pick(&SENDERS).parse().unwrap()
}

fn some_sender(dice: &mut Dice) -> Option<Sender> {
    dice.one_in(2).then(|| sender(dice))
}

/// All categories, or any of them.
fn categories(dice: &mut Dice) -> Categories {
    let mut categories = Categories::NONE.with(dice.pick(Category::ALL));
    for category in Category::ALL {
        if dice.one_in(2) {
            categories = categories.with(*category);
        }
    }
    categories
}
