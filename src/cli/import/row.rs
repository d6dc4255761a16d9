//! From a row to what is recorded: every field read once, or the row refused.

use std::net::IpAddr;

use prost::Message;

use super::act_words::{self, Act};
use super::cells::Cells;
use super::event_id::EventIds;
use super::field::Field;
use super::mapping::{Plan, Source};
use super::refused::{Reason, Refused};
use super::times::{Side, Times};
use crate::api::map;
use crate::cli::phone::Phones;
use crate::consent;
use crate::consent::time::Time;
use crate::consent::words::{Categories, Category, Method, Sender};
use crate::ledger::writing::event_id::EVENT_ID_MAX_BYTES;
use crate::ledger::writing::record::EVIDENCE_MAX_BYTES;
use crate::proto::record_stream_request::Event;
use crate::proto::{Evidence, EvidenceField, RecordOptInRequest, RecordOptOutRequest, RecordStreamRequest};

/// How rows are read, whatever the file.
#[derive(Clone, Debug)]
pub struct Habits {
    /// How contacts are read.
    pub phones: Phones,
    /// How times are read.
    pub times: Times,
    /// The sender of rows that name none; none: all senders.
    pub sender: Option<Sender>,
    /// The account that it is recorded in.
    pub account: String,
}

/// Which file rows come from, as their evidence names it.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Its name, without the directories.
    pub name: String,
    /// SHA-256 of it; empty where that is not known before it was read.
    pub sha256: Vec<u8>,
}

/// A row that was read.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// What it says.
    pub request: RecordStreamRequest,
    /// What an opt-out is recorded without, since it could not be read; the first of it.
    pub unread: Option<Refused>,
}

/// What could not be read. An opt-in is refused with it. An opt-out is recorded without it, as wide as it may be meant: a
/// refusal that is lost for its evidence's sake is worse than one without evidence.
#[derive(Debug)]
struct Unread {
    act: Act,
    first: Option<Refused>,
}

impl Unread {
    fn or<T>(&mut self, read: Result<T, Refused>, otherwise: T) -> Result<T, Refused> {
        match (read, self.act) {
            (Err(refused), Act::OptOut) => {
                self.first.get_or_insert(refused);
                Ok(otherwise)
            }
            (read, _) => read,
        }
    }
}

/// Reads the rows of one file.
#[derive(Debug)]
pub struct RowReader<'a> {
    habits: &'a Habits,
    plan: Plan,
    origin: Origin,
    event_ids: EventIds,
}

impl<'a> RowReader<'a> {
    /// Rows of a file that is laid out like this.
    #[must_use]
    pub fn new(habits: &'a Habits, plan: Plan, origin: Origin) -> Self {
        Self { habits, plan, origin, event_ids: EventIds::default() }
    }

    /// What the row at this line says.
    ///
    /// # Errors
    /// Where a field does not say what it must. Of an opt-out that is only who, whether, and when.
    pub fn read(&mut self, cells: &Cells<'_>, line: u64) -> Result<Row, Refused> {
        let act = self.act(cells)?;
        let contact = self.habits.phones.read(cells.text(self.source(Field::Contact))?)?.as_str().to_owned();
        let side = match act {
            Act::OptIn => Side::Earlier,
            Act::OptOut => Side::Later,
        };
        let occurred_at = self.occurred_at(cells, side)?;
        let mut unread = Unread { act, first: None };
        let sender = unread.or(self.sender(cells), String::new())?;
        let categories = unread.or(self.categories(cells), Categories::default())?;
        let evidence = self.evidence(cells, &mut unread)?;
        let proven = proves(&evidence);
        let method = unread.or(self.method(cells), Method::Import)?;
        let event = match act {
            Act::OptIn => {
                if categories.is_empty() {
                    return Err(Refused::field(
                        Field::Categories,
                        Reason::CategoryMissing,
                        "an opt-in names its categories; where all are alike, --map categories==marketing",
                    ));
                }
                Event::OptIn(RecordOptInRequest {
                    contact,
                    sender,
                    categories: numbers(categories),
                    // Rule 14: without evidence it is an import, whatever it says of itself, and so it is weak.
                    method: if proven { method } else { Method::Import }.number().into(),
                    occurred_at: Some(map::timestamp(occurred_at)),
                    expires_at: self.expires_at(cells, occurred_at)?.map(map::timestamp),
                    evidence: said(evidence),
                    ..Default::default()
                })
            }
            Act::OptOut => Event::OptOut(RecordOptOutRequest {
                contact,
                sender,
                // Rule 4: an opt-out that names no category means all four.
                categories: numbers(if categories.is_empty() { Categories::ALL } else { categories }),
                method: method.number().into(),
                occurred_at: Some(map::timestamp(occurred_at)),
                evidence: said(evidence),
                ..Default::default()
            }),
        };
        let request = self.named(cells, RecordStreamRequest { event: Some(event) }, line, &mut unread)?;
        Ok(Row { request, unread: unread.first })
    }

    fn source(&self, field: Field) -> &Source {
        self.plan.source(field)
    }

    /// What the person did, where it is about WhatsApp.
    fn act(&self, cells: &Cells<'_>) -> Result<Act, Refused> {
        let channel = self.source(Field::Channel);
        let said = cells.text(channel)?;
        // Names may be missing from a row; a column or a constant is there to be read.
        let asked = match channel {
            Source::Nothing => false,
            Source::Names(_) => self.plan.channel_needed || !said.is_empty(),
            Source::Cell(_) | Source::Constant(_) => true,
        };
        if asked && !act_words::is_whatsapp(said) {
            return Err(Refused::field(Field::Channel, Reason::OtherChannel, "not about WhatsApp"));
        }
        let (action, opted_out) = (self.source(Field::Action), self.source(Field::OptedOut));
        if *opted_out != Source::Nothing && act_words::ticked(cells.text(opted_out)?)? {
            return Ok(Act::OptOut);
        }
        if *action == Source::Nothing {
            return Err(Refused::field(Field::OptedOut, Reason::NoAct, "not opted out; that is no opt-in"));
        }
        act_words::act(cells.text(action)?)
    }

    fn occurred_at(&self, cells: &Cells<'_>, side: Side) -> Result<Time, Refused> {
        let text = cells.text(self.source(Field::OccurredAt))?;
        if text.is_empty() {
            return Err(Refused::field(
                Field::OccurredAt,
                Reason::OccurredAtMissing,
                "every row of an import has the time at which the person acted",
            ));
        }
        self.habits.times.read(Field::OccurredAt, text, side)
    }

    /// When an opt-in ends. One that is to begin after it was given is no opt-in yet.
    fn expires_at(&self, cells: &Cells<'_>, occurred_at: Time) -> Result<Option<Time>, Refused> {
        let time = |field: Field, side: Side| {
            let text = cells.text(self.source(field))?;
            if text.is_empty() { Ok(None) } else { self.habits.times.read(field, text, side).map(Some) }
        };
        if time(Field::StartsAt, Side::Earlier)?.is_some_and(|starts_at| starts_at > occurred_at) {
            return Err(Refused::field(
                Field::StartsAt,
                Reason::StartsLater,
                "it begins after the person gave it: import it with the time at which it begins, once that has come",
            ));
        }
        let expires_at = time(Field::ExpiresAt, Side::Earlier)?;
        if expires_at.is_some_and(|expires_at| expires_at <= occurred_at) {
            return Err(Refused::field(Field::ExpiresAt, Reason::ExpiresAtNotLater, "it is not later than occurred_at"));
        }
        Ok(expires_at)
    }

    fn sender(&self, cells: &Cells<'_>) -> Result<String, Refused> {
        let text = cells.text(self.source(Field::Sender))?;
        if text.is_empty() {
            return Ok(self.habits.sender.as_ref().map(|sender| sender.as_str().to_owned()).unwrap_or_default());
        }
        let sender = text.parse::<Sender>().map_err(|error| Refused::field(Field::Sender, Reason::SenderMalformed, error.to_string()))?;
        Ok(sender.as_str().to_owned())
    }

    fn categories(&self, cells: &Cells<'_>) -> Result<Categories, Refused> {
        let words = cells.text(self.source(Field::Categories))?.split([',', ';', '|']).map(str::trim).filter(|word| !word.is_empty());
        let categories = words.map(|word| {
            word.parse::<Category>().map_err(|_| {
                Refused::field(
                    Field::Categories,
                    Reason::CategoryUnknown,
                    "no category; known are marketing, utility, authentication, service",
                )
            })
        });
        categories.collect()
    }

    fn method(&self, cells: &Cells<'_>) -> Result<Method, Refused> {
        let text = cells.text(self.source(Field::Method))?;
        if text.is_empty() {
            return Ok(Method::Import);
        }
        text.parse().map_err(|_| Refused::field(Field::Method, Reason::MethodUnknown, "no method; `record opt-in --help` lists them"))
    }

    fn evidence(&self, cells: &Cells<'_>, unread: &mut Unread) -> Result<Evidence, Refused> {
        let mut text = |source: &Source| unread.or(cells.text(source).map(str::to_owned), String::new());
        let mut evidence = Evidence {
            text: text(self.source(Field::EvidenceText))?,
            text_version: text(self.source(Field::EvidenceTextVersion))?,
            locale: text(self.source(Field::EvidenceLocale))?,
            url: text(self.source(Field::EvidenceUrl))?,
            user_agent: text(self.source(Field::EvidenceUserAgent))?,
            ..Default::default()
        };
        for (name, source) in &self.plan.others {
            let value = text(source)?;
            if !value.is_empty() {
                evidence.other.push(EvidenceField { name: name.clone(), value });
            }
        }
        evidence.ip_address = unread.or(self.ip_address(cells), String::new())?;
        Ok(evidence)
    }

    fn ip_address(&self, cells: &Cells<'_>) -> Result<String, Refused> {
        let text = cells.text(self.source(Field::EvidenceIp))?;
        if text.is_empty() {
            return Ok(String::new());
        }
        let address = text.parse::<IpAddr>();
        address
            .map(|address| address.to_string())
            .map_err(|_| Refused::field(Field::EvidenceIp, Reason::EvidenceMalformed, "not an IPv4 or IPv6 address"))
    }

    fn event_id(&self, cells: &Cells<'_>) -> Result<String, Refused> {
        let own = cells.text(self.source(Field::EventId))?;
        if own.len() > EVENT_ID_MAX_BYTES {
            let message = format!("{} bytes, at most {EVENT_ID_MAX_BYTES} are allowed", own.len());
            return Err(Refused::field(Field::EventId, Reason::EventIdTooLong, message));
        }
        Ok(own.to_owned())
    }

    /// The request with its event id, and the row that it came from as evidence.
    fn named(
        &mut self,
        cells: &Cells<'_>,
        mut request: RecordStreamRequest,
        line: u64,
        unread: &mut Unread,
    ) -> Result<RecordStreamRequest, Refused> {
        let own = unread.or(self.event_id(cells), String::new())?;
        let event_id = if own.is_empty() { self.event_ids.of(&request) } else { own };
        let Some(
            Event::OptIn(RecordOptInRequest { event_id: id, account, evidence, .. })
            | Event::OptOut(RecordOptOutRequest { event_id: id, account, evidence, .. }),
        ) = &mut request.event
        else {
            return Ok(request);
        };
        *id = event_id;
        account.clone_from(&self.habits.account);
        let file = Evidence {
            file_name: self.origin.name.clone(),
            file_line: line,
            file_sha256: self.origin.sha256.clone(),
            ..Default::default()
        };
        let evidence = evidence.get_or_insert_default();
        *evidence = Evidence {
            file_name: file.file_name.clone(),
            file_line: line,
            file_sha256: file.file_sha256.clone(),
            ..std::mem::take(evidence)
        };
        let bytes = evidence.encoded_len();
        if bytes > EVIDENCE_MAX_BYTES {
            let too_large = Refused {
                field: "evidence".into(),
                ..Refused::row(Reason::EvidenceTooLarge, format!("{bytes} bytes, at most {EVIDENCE_MAX_BYTES} are allowed"))
            };
            *evidence = unread.or(Err(too_large), file)?;
        }
        Ok(request)
    }
}

/// Whether an opt-in is more than a row of a list (rule 14).
fn proves(evidence: &Evidence) -> bool {
    let said = [&evidence.text, &evidence.text_version, &evidence.url, &evidence.ip_address].map(String::as_str);
    consent::evidence::proves(said.into_iter().chain(evidence.other.iter().map(|field| field.value.as_str())))
}

fn said(evidence: Evidence) -> Option<Evidence> {
    (evidence != Evidence::default()).then_some(evidence)
}

/// Their numbers, ascending.
fn numbers(categories: Categories) -> Vec<i32> {
    categories.iter().map(|category| category.number().into()).collect()
}
