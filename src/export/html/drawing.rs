//! The timeline, drawn, and the same in words.

use maud::{Markup, html};

use super::lanes::{Lane, Mark, Shape, lanes};
use crate::consent::time::Time;
use crate::consent::timeline::{End, Open};
use crate::export::person::Person;

/// The drawing's width, in its own units.
const WIDTH: i64 = 1_000;

/// A lane's height.
const LANE: i64 = 46;

/// Where lanes begin and end, from left and right.
const MARGIN: i64 = 12;

/// The shortest bar, in hundredths.
const SHORTEST: i64 = 150;

/// The colour of bars.
const OPEN: &str = "#5fa17a";

/// The height of the axis.
const AXIS: i64 = 30;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// How far ticks may lie apart.
const STEPS: [i64; 15] = [
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    91 * DAY,
    182 * DAY,
    364 * DAY,
    728 * DAY,
    3_640 * DAY,
];

/// The most ticks.
const TICKS: i64 = 7;

/// The section of the page.
pub(super) fn section(person: &Person) -> Markup {
    let lanes = lanes(person);
    html! {
        section {
            h2 { "Customer service window" }
            @if lanes.is_empty() {
                p { "Nothing to draw: no window was ever open, and there is no opt-in, opt-out or preference." }
            } @else {
                div.wide { (drawing(&lanes, person.at)) }
                (legend())
                h3 { "The same in words" }
                @for lane in &lanes { (in_words(lane, person.at)) }
                p.small {
                    "A window belongs to the contact and one sender (rule 3). It is drawn by the policy in force at each instant, from "
                    "what is known today: a message that reached the ledger late shows the window that was open unseen. An opt-out does "
                    "not close a window, it keeps it from being used."
                }
            }
        }
    }
}

/// From instants to places.
struct Scale {
    from: i64,
    to: i64,
}

impl Scale {
    fn of(lanes: &[Lane], at: Time) -> Self {
        let open = lanes.iter().flat_map(|lane| &lane.open).flat_map(|open| [open.from, open.until]);
        let marks = lanes.iter().flat_map(|lane| &lane.marks).map(|mark| mark.at);
        let moments: Vec<i64> = open.chain(marks).chain([at]).map(Time::micros).collect();
        let from = moments.iter().copied().min().unwrap_or_default();
        let to = moments.iter().copied().max().unwrap_or_default();
        let room = (to.saturating_sub(from) / 50).max(HOUR / 2);
        Self { from: from.saturating_sub(room), to: to.saturating_add(room) }
    }

    /// The place of an instant.
    fn x(&self, at: Time) -> Place {
        let length = i128::from(self.to.saturating_sub(self.from).max(1));
        let along = i128::from(at.micros().clamp(self.from, self.to) - self.from) * i128::from((WIDTH - 2 * MARGIN) * 100) / length;
        Place(i64::try_from(along).unwrap_or_default() + MARGIN * 100)
    }

    fn ticks(&self) -> Vec<(Time, String)> {
        let length = self.to.saturating_sub(self.from);
        let step = STEPS.into_iter().find(|step| length / step <= TICKS).unwrap_or(length.max(1));
        let mut ticks = Vec::new();
        let mut next = self.from.div_euclid(step).saturating_add(1).saturating_mul(step);
        while next < self.to {
            let at = Time::from_micros(next);
            let text = at.to_string();
            let day = text.get(..10).unwrap_or(&text);
            let clock = text.get(11..16).filter(|_| step < DAY).map(|clock| format!(" {clock}")).unwrap_or_default();
            ticks.push((at, format!("{day}{clock}")));
            next = next.saturating_add(step);
        }
        ticks
    }
}

/// A place along the drawing, in hundredths of its unit.
#[derive(Clone, Copy)]
struct Place(i64);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

fn drawing(lanes: &[Lane], at: Time) -> Markup {
    let scale = Scale::of(lanes, at);
    let height = AXIS + LANE * i64::try_from(lanes.len()).unwrap_or(i64::MAX / LANE - 1);
    let ends = height - AXIS;
    html! {
        svg.timeline viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-labelledby="timeline-title timeline-words"
            xmlns="http://www.w3.org/2000/svg" {
            title id="timeline-title" { "When the customer service window was open, by sender" }
            desc id="timeline-words" { "The same stands in words below the drawing." }
            @for (tick, text) in scale.ticks() {
                line.tick stroke="#c9c9c9" x1=(scale.x(tick)) x2=(scale.x(tick)) y1="0" y2=(ends) {}
                text.axis x=(scale.x(tick)) y=(ends + 18) text-anchor="middle" { (text) }
            }
            @for (place, lane) in (0_i64..).zip(lanes) {
                @let top = place * LANE;
                text.lane x=(MARGIN) y=(top + 14) { (lane.name) }
                line.base stroke="#c9c9c9" x1=(MARGIN) x2=(WIDTH - MARGIN) y1=(top + 32) y2=(top + 32) {}
                @for open in &lane.open { (bar(open, &scale, top)) }
                @for mark in &lane.marks { (drawn(mark, &scale, top + 32)) }
            }
            line.now stroke="#1a1a1a" stroke-dasharray="3 3" x1=(scale.x(at)) x2=(scale.x(at)) y1="0" y2=(ends) { title { "the report's time, " (at.to_string()) } }
        }
    }
}

fn bar(open: &Open, scale: &Scale, top: i64) -> Markup {
    let (from, until) = (scale.x(open.from), scale.x(open.until));
    // An hour in ten years is drawn too wide: else nobody would see it.
    let until = Place(until.0.max(from.0 + SHORTEST));
    let y = top + 32;
    html! {
        line.open stroke=(OPEN) stroke-width="10" x1=(from) x2=(until) y1=(y) y2=(y) { title { "open from " (open.from.to_string()) " to " (open.until.to_string()) } }
    }
}

fn drawn(mark: &Mark, scale: &Scale, y: i64) -> Markup {
    let title = format!("{}, {}, entry {}", mark.says, mark.at, mark.seq);
    html! {
        g.mark fill="#fff" stroke=(mark.shape.colour()) stroke-width="2.5" transform=(format!("translate({} {y})", scale.x(mark.at))) {
            title { (title) }
            path d=(outline(mark.shape)) {}
        }
    }
}

/// Shapes differ without colour.
const fn outline(shape: Shape) -> &'static str {
    match shape {
        Shape::In => "M0 -9 L7 6 L-7 6 Z",
        Shape::Out => "M-6 -6 L6 6 M6 -6 L-6 6",
        Shape::Preference => "M0 -8 L7 0 L0 8 L-7 0 Z",
        Shape::Report => "M-5 -6 L5 -6 L5 6 L-5 6 Z",
    }
}

fn legend() -> Markup {
    html! {
        ul.legend {
            li { svg viewBox="-14 -10 28 20" aria-hidden="true" { line.open stroke=(OPEN) stroke-width="10" x1="-11" x2="11" y1="0" y2="0" {} } " the window was open" }
            @for shape in Shape::ALL {
                li {
                    svg viewBox="-14 -10 28 20" aria-hidden="true" { g.mark fill="#fff" stroke=(shape.colour()) stroke-width="2.5" { path d=(outline(shape)) {} } }
                    " " (shape.means())
                }
            }
            li { svg viewBox="-14 -10 28 20" aria-hidden="true" { line.now stroke="#1a1a1a" stroke-dasharray="3 3" x1="0" x2="0" y1="-10" y2="10" {} } " the report's time" }
        }
    }
}

fn in_words(lane: &Lane, at: Time) -> Markup {
    let mut lines: Vec<(Time, String)> = lane.open.iter().map(|open| (open.from, opened(open, at))).collect();
    lines.extend(lane.marks.iter().map(|mark| (mark.at, format!("{}: {} (entry {})", mark.at, mark.says, mark.seq))));
    lines.sort_by_key(|(at, _)| *at);
    html! {
        h4 { (lane.name) }
        ul.words { @for (_, line) in &lines { li { (line) } } }
    }
}

fn opened(open: &Open, at: Time) -> String {
    let (from, until, seq) = (open.from, open.until, open.by.seq);
    if at < until {
        return format!("{from}: the window opened (entry {seq}) and is open until {until}, unless something new happens");
    }
    let end = match open.end {
        End::Term => "its term was over",
        End::Platform => "the platform said that it was closed",
        End::Policy => "the account adopted a policy under which it was not open",
        End::Left => "the contact left the identifier",
    };
    format!("{from}: the window opened (entry {seq}) and was open until {until}: {end}")
}
