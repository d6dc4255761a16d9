//! What the timeline shows: for each contact and sender a lane with the times at which the window was open, and marks.

use crate::consent::event::{Act, CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED, Event, SenderNumber};
use crate::consent::time::Time;
use crate::consent::timeline::{Open, windows};
use crate::consent::words::{Categories, Category, PlatformPreference, Seq};
use crate::export::person::{Life, Person};

/// A line of the timeline.
#[derive(Debug)]
pub(super) struct Lane {
    /// Of whom and toward whom.
    pub(super) name: String,
    /// When the window was open.
    pub(super) open: Vec<Open>,
    /// What happened.
    pub(super) marks: Vec<Mark>,
}

/// Something that happened at an instant.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) at: Time,
    pub(super) seq: Seq,
    pub(super) shape: Shape,
    /// In words.
    pub(super) says: String,
}

/// How a mark looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// An opt-in.
    In,
    /// An opt-out.
    Out,
    /// What the contact told WhatsApp.
    Preference,
    /// What the platform reported, or a changed identity key.
    Report,
}

impl Shape {
    pub(super) const ALL: [Self; 4] = [Self::In, Self::Out, Self::Preference, Self::Report];

    /// Its colour.
    pub(super) const fn colour(self) -> &'static str {
        match self {
            Self::In => "#1d6b3d",
            Self::Out => "#a4262c",
            Self::Preference => "#6b3fa0",
            Self::Report => "#8a5a00",
        }
    }

    /// What the legend says.
    pub(super) const fn means(self) -> &'static str {
        match self {
            Self::In => "opt-in",
            Self::Out => "opt-out",
            Self::Preference => "marketing preference told to WhatsApp",
            Self::Report => "report of the platform",
        }
    }
}

/// Every lane that has something to show: what holds for all senders first, then sender by sender.
pub(super) fn lanes(person: &Person) -> Vec<Lane> {
    let senders = || person.senders.iter().map(|(number, name)| (*number, format!("sender {name}")));
    let mut lanes = Vec::new();
    for life in &person.lives {
        for (number, name) in std::iter::once((SenderNumber::ALL, "all senders".to_owned())).chain(senders()) {
            let name = if person.lives.len() > 1 { format!("{name}, under {}", life.identifiers.join(", ")) } else { name };
            let lane = lane(name, life, number, person);
            if !lane.open.is_empty() || !lane.marks.is_empty() {
                lanes.push(lane);
            }
        }
    }
    lanes
}

fn lane(name: String, life: &Life, sender: SenderNumber, person: &Person) -> Lane {
    let open = windows(&life.acts, sender, &person.policies, life.left);
    Lane { name, open, marks: life.acts.iter().filter_map(|event| mark(event, sender)).collect() }
}

fn mark(event: &Event, lane: SenderNumber) -> Option<Mark> {
    let (sender, shape, says) = match event.act {
        Act::OptIn { sender, categories, .. } => (sender, Shape::In, format!("opted in to {}", names(categories))),
        Act::OptOut { sender, categories, .. } => (sender, Shape::Out, format!("opted out of {}", names(categories))),
        Act::Preference { sender, preference } => {
            let says = match preference {
                PlatformPreference::Stop => "stopped marketing in WhatsApp",
                PlatformPreference::Resume => "resumed marketing in WhatsApp",
                PlatformPreference::Signup => "signed up for marketing in WhatsApp",
            };
            (sender, Shape::Preference, says.to_owned())
        }
        Act::SendFailed { sender, code: CODE_WINDOW_CLOSED } => (sender, Shape::Report, "the platform said: window closed (131047)".into()),
        Act::SendFailed { sender, code: CODE_MARKETING_STOPPED } => {
            (sender, Shape::Report, "the platform said: marketing stopped (131050)".into())
        }
        Act::IdentityKeyChanged => (SenderNumber::ALL, Shape::Report, "the device's identity key changed".into()),
        Act::Inbound { .. } | Act::SendFailed { .. } | Act::ConfirmationSent { .. } => return None,
    };
    (sender == lane).then_some(Mark { at: event.at, seq: event.seq, shape, says })
}

fn names(categories: Categories) -> String {
    categories.iter().map(Category::as_str).collect::<Vec<_>>().join(", ")
}
