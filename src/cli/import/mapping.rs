//! From what was asked for and the columns that a file has to where each field stands in a row.

use super::choice::{Choice, Given};
use super::field::{Field, SINGLE};
use super::layout::{Layout, foreign};
use crate::cli::lists::key;
use crate::cli::phone::looks_like_a_contact;
use crate::consent::nearest::nearest;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    layout: Layout,
    fields: [Option<Given>; SINGLE],
    others: Vec<(String, Given)>,
}

/// Where a field stands in a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// Nowhere.
    Nothing,
    /// Everywhere the same.
    Constant(String),
    /// In this cell.
    Cell(usize),
    /// Under the first of these names that the row has.
    Names(Vec<String>),
}

/// Where every field stands in a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    fields: [Source; SINGLE],
    /// Whether every row must say that it is about WhatsApp.
    pub channel_needed: bool,
    /// Other pieces of evidence by name.
    pub others: Vec<(String, Source)>,
}

impl Plan {
    /// Where a field stands.
    #[must_use]
    pub fn source(&self, field: Field) -> &Source {
        self.fields.get(field.place()).unwrap_or(&Source::Nothing)
    }
}

/// A file whose columns do not say what is needed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MappingError {
    /// A field was mapped twice.
    #[error("{field} is mapped twice")]
    FieldTwice {
        /// Which.
        field: String,
    },
    /// Two layouts.
    #[error("two layouts were named; give one")]
    LayoutTwice,
    /// No such column.
    #[error("there is no column {column:?} for {field};{} the file has {columns}", nearest.as_ref().map(|near| format!(" did you mean {near:?}?")).unwrap_or_default())]
    ColumnMissing {
        /// The field.
        field: &'static str,
        /// The column that was named.
        column: String,
        /// One with nearly that name.
        nearest: Option<String>,
        /// Those that are there.
        columns: String,
    },
    /// A column of which there are two.
    #[error("two columns are called {column:?}, from which {field} should come: rename one, or map another")]
    ColumnTwice {
        /// The field.
        field: &'static str,
        /// The column.
        column: String,
    },
    /// What should be a header holds somebody's contact; it is not shown.
    #[error("the first line is a row, not a header: its cell {place} reads as a contact; put a line with the columns' names before it")]
    NoHeader {
        /// Which cell, counting from 1.
        place: usize,
    },
    /// Nothing says what every row must say.
    #[error("no column says {field} in the layout {layout}: {advice}; the file has {columns}")]
    FieldMissing {
        /// The field.
        field: &'static str,
        /// The layout that was looked for.
        layout: &'static str,
        /// What to do.
        advice: &'static str,
        /// The columns that are there.
        columns: String,
    },
    /// A choice that is about something else.
    #[error("the column {column:?} is no consent to WhatsApp: {why}")]
    Foreign {
        /// The column.
        column: String,
        /// Why not.
        why: &'static str,
    },
}

impl Wanted {
    /// What these options ask for together.
    ///
    /// # Errors
    /// Where two of them contradict one another.
    pub fn new(choices: &[Choice]) -> Result<Self, MappingError> {
        let mut layout = None;
        let mut wanted = Self { layout: Layout::Generic, fields: std::array::from_fn(|_| None), others: Vec::new() };
        for choice in choices {
            let twice = |field: &str| Err(MappingError::FieldTwice { field: field.to_owned() });
            match choice {
                Choice::Layout(_) if layout.is_some() => return Err(MappingError::LayoutTwice),
                Choice::Layout(named) => layout = Some(*named),
                Choice::Field(Field::EvidenceOther, name, _) if wanted.others.iter().any(|(known, _)| known == name) => {
                    return twice(&format!("evidence_other.{name}"));
                }
                Choice::Field(Field::EvidenceOther, name, given) => wanted.others.push((name.clone(), given.clone())),
                Choice::Field(field, _, given) => {
                    if let Some(place) = wanted.fields.get_mut(field.place())
                        && place.replace(given.clone()).is_some()
                    {
                        return twice(field.as_str());
                    }
                }
            }
        }
        wanted.layout = layout.unwrap_or(Layout::Generic);
        Ok(wanted)
    }

    /// Where each field stands in a row of a file with these columns. A file without a header has its names in every row.
    ///
    /// # Errors
    /// Where a column that was named is not there, or nothing says what every row must say.
    pub fn plan(&self, columns: &[String], has_header: bool) -> Result<Plan, MappingError> {
        if let Some(place) = columns.iter().position(|name| looks_like_a_contact(name) || name.contains('@')) {
            return Err(MappingError::NoHeader { place: place + 1 });
        }
        let file = Columns { keys: columns.iter().map(|column| key(column)).collect(), names: columns, has_header };
        let mut fields = std::array::from_fn(|_| Source::Nothing);
        for (field, (place, given)) in Field::ALL.into_iter().zip(fields.iter_mut().zip(&self.fields)) {
            *place = match given {
                Some(given) => file.given(field, given)?,
                None => file.known(field, self.layout.columns(field))?,
            };
        }
        let others = self.others.iter().map(|(name, given)| Ok((name.clone(), file.given(Field::EvidenceOther, given)?)));
        let channel_needed = self.layout.is_of_many_channels() && self.takes_its_own_action(&fields);
        let plan = Plan { others: others.collect::<Result<_, MappingError>>()?, fields, channel_needed };
        self.hold_together(&plan, &file)?;
        Ok(plan)
    }

    /// Whether opt-ins and opt-outs come from the layout's own column.
    fn takes_its_own_action(&self, fields: &[Source; SINGLE]) -> bool {
        let asked = self.fields.get(Field::Action.place()).is_some_and(Option::is_some);
        !asked && fields.get(Field::Action.place()).is_some_and(|source| *source != Source::Nothing)
    }

    fn hold_together(&self, plan: &Plan, file: &Columns<'_>) -> Result<(), MappingError> {
        let says = |field: Field| *plan.source(field) != Source::Nothing;
        let missing = |field: Field| {
            Err(MappingError::FieldMissing {
                field: field.as_str(),
                layout: self.layout.as_str(),
                advice: self.layout.advice(field),
                columns: file.list(),
            })
        };
        if !says(Field::Contact) {
            return missing(Field::Contact);
        }
        if !says(Field::Action) && !says(Field::OptedOut) {
            return missing(Field::Action);
        }
        if !says(Field::OccurredAt) {
            return missing(Field::OccurredAt);
        }
        if plan.channel_needed && !says(Field::Channel) {
            return missing(Field::Channel);
        }
        for field in [Field::Action, Field::OptedOut] {
            if let Some(Some(Given::Column(column))) = self.fields.get(field.place())
                && let Some(why) = foreign(column)
            {
                return Err(MappingError::Foreign { column: column.clone(), why });
            }
        }
        Ok(())
    }
}

/// What is about consent in these columns and was not taken, with the reason.
#[must_use]
pub fn left(columns: &[String]) -> Vec<(String, &'static str)> {
    columns.iter().filter_map(|column| foreign(column).map(|why| (column.trim().to_owned(), why))).collect()
}

/// The columns of a file.
struct Columns<'a> {
    keys: Vec<String>,
    names: &'a [String],
    has_header: bool,
}

/// How many columns an error names.
const LISTED: usize = 30;

impl Columns<'_> {
    fn list(&self) -> String {
        let mut list = self.names.iter().take(LISTED).map(|name| format!("{:?}", name.trim())).collect::<Vec<_>>().join(", ");
        if self.names.len() > LISTED {
            list.push_str(", …");
        }
        if list.is_empty() { "none".to_owned() } else { list }
    }

    /// The cell of a column; an error where there are two.
    fn cell(&self, field: Field, column: &str) -> Result<Option<usize>, MappingError> {
        let wanted = key(column);
        let mut places = self.keys.iter().enumerate().filter(|(_, known)| **known == wanted).map(|(place, _)| place);
        let first = places.next();
        if places.next().is_some() {
            return Err(MappingError::ColumnTwice { field: field.as_str(), column: column.to_owned() });
        }
        Ok(first)
    }

    fn given(&self, field: Field, given: &Given) -> Result<Source, MappingError> {
        let column = match given {
            Given::Constant(constant) => return Ok(Source::Constant(constant.clone())),
            Given::Column(column) => column,
        };
        match self.cell(field, column)? {
            Some(cell) if self.has_header => Ok(Source::Cell(cell)),
            Some(_) => Ok(Source::Names(vec![key(column)])),
            // Without a header a later row may have it; but what every row needs must be in the first.
            None if !self.has_header && !matches!(field, Field::Contact | Field::Action | Field::OccurredAt) => {
                Ok(Source::Names(vec![key(column)]))
            }
            None => Err(MappingError::ColumnMissing {
                field: field.as_str(),
                column: column.clone(),
                nearest: nearest(column, self.names.iter().map(String::as_str)).map(str::to_owned),
                columns: self.list(),
            }),
        }
    }

    fn known(&self, field: Field, candidates: &[&str]) -> Result<Source, MappingError> {
        let mut found = None;
        for candidate in candidates {
            if found.is_none() {
                found = self.cell(field, candidate)?;
            }
        }
        Ok(match found {
            Some(cell) if self.has_header => Source::Cell(cell),
            Some(_) => Source::Names(candidates.iter().map(|candidate| key(candidate)).collect()),
            None if self.has_header || candidates.is_empty() || matches!(field, Field::Contact | Field::Action | Field::OccurredAt) => {
                Source::Nothing
            }
            None => Source::Names(candidates.iter().map(|candidate| key(candidate)).collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(choices: &[&str], columns: &[&str], has_header: bool) -> Result<Plan, MappingError> {
        let choices: Vec<Choice> = choices.iter().map(|choice| choice.parse().unwrap()).collect();
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        Wanted::new(&choices)?.plan(&columns, has_header)
    }

    #[test]
    fn columns_are_found_whatever_their_case_and_the_white_space_around_them() {
        let plan = plan(&[], &[" Phone ", "ACTION", "occurred_at", "Category"], true).unwrap();
        let cells =
            [Field::Contact, Field::Action, Field::OccurredAt, Field::Categories, Field::Sender].map(|field| plan.source(field).clone());
        assert_eq!(cells, [Source::Cell(0), Source::Cell(1), Source::Cell(2), Source::Cell(3), Source::Nothing]);
    }

    #[test]
    fn what_every_row_needs_is_missed_before_anything_is_sent() {
        for (choices, columns, field) in [
            (&[][..], &["action", "occurred_at"][..], "contact"),
            (&[], &["phone", "occurred_at"], "action"),
            (&[], &["phone", "action"], "occurred_at"),
            (&["salesforce"], &["MobilePhone", "PrivacyConsentStatus", "CaptureDate"], "channel"),
            (&["hubspot"], &["WhatsApp Phone Number", "Email"], "action"),
        ] {
            let Err(MappingError::FieldMissing { field: missing, .. }) = plan(choices, columns, true) else { panic!("{columns:?}") };
            assert_eq!(missing, field);
        }
        assert!(plan(&["salesforce", "channel==whatsapp"], &["MobilePhone", "PrivacyConsentStatus", "CaptureDate"], true).is_ok());
    }

    #[test]
    fn a_column_that_is_not_there_is_named_with_the_nearest() {
        let said = plan(&["contact=Mobil Phone"], &["Mobile Phone", "action", "occurred_at"], true).unwrap_err().to_string();
        assert!(said.contains("\"Mobil Phone\"") && said.contains("did you mean \"Mobile Phone\"?"), "{said}");
    }

    #[test]
    fn a_row_in_the_place_of_a_header_is_told_and_not_shown() {
        for personal in ["+447400123456", "07400 123456", "ann@example.com", "US.13491208655302741918"] {
            let said = plan(&[], &["Ann", personal, "opt_in"], true).unwrap_err().to_string();
            assert!(said.contains("a row, not a header") && said.contains("cell 2"), "{said}");
            assert!(!said.contains(personal) && !said.contains("Ann"), "{said}");
        }
    }

    #[test]
    fn a_column_of_which_there_are_two_is_refused_where_it_is_needed() {
        let columns = ["phone", "action", "occurred_at", "note", "note", " Action"];
        assert!(matches!(plan(&[], &columns, true), Err(MappingError::ColumnTwice { field: "action", .. })));
        assert!(plan(&["action==opt_out"], &columns, true).is_ok());
    }

    #[test]
    fn a_choice_about_e_mail_is_no_choice_about_whatsapp() {
        let columns = ["phone", "HasOptedOutOfEmail", "occurred_at"];
        for mapped in ["action=HasOptedOutOfEmail", "opted_out=hasoptedoutofemail"] {
            assert!(matches!(plan(&[mapped], &columns, true), Err(MappingError::Foreign { .. })), "{mapped}");
        }
    }

    #[test]
    fn without_a_header_a_later_row_may_say_more_than_the_first() {
        let plan = plan(&[], &["phone", "action", "occurred_at"], false).unwrap();
        assert_eq!(*plan.source(Field::EventId), Source::Names(vec!["event_id".into()]));
        assert!(matches!(plan.source(Field::Contact), Source::Names(names) if names.contains(&"phone".into())));
    }
}
