//! One `--map`: what it says.
//!
//! ```text
//! --map hubspot                          a known layout
//! --map 'action=WhatsApp consent'        a field from a column, whatever the layout says
//! --map categories==marketing            the same for every row
//! --map 'evidence_other.form=Form name'  any other piece of evidence
//! ```

use std::str::FromStr;

use super::field::Field;
use super::layout::Layout;

/// One `--map`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Choice {
    /// A known layout.
    Layout(Layout),
    /// A field, the name of what is no field of its own, and where it comes from.
    Field(Field, String, Given),
}

/// Where a field comes from, as it was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Given {
    /// This column.
    Column(String),
    /// This, in every row.
    Constant(String),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once('=') else {
            return Layout::named(text).map(Self::Layout).ok_or_else(|| {
                format!(
                    "{text:?} is no layout; known are {}. A field is mapped as FIELD=COLUMN",
                    Layout::ALL.map(Layout::as_str).join(", ")
                )
            });
        };
        let given = match value.strip_prefix('=') {
            Some(constant) => Given::Constant(constant.trim().to_owned()),
            None => Given::Column(value.trim().to_owned()),
        };
        if matches!(&given, Given::Column(column) if column.is_empty()) {
            return Err("no column is named after '='".to_owned());
        }
        if let Some((prefix, other)) = name.split_once('.')
            && prefix.trim().eq_ignore_ascii_case(Field::EvidenceOther.as_str())
        {
            let other = other.trim();
            return if other.is_empty() {
                Err("evidence_other has no name".to_owned())
            } else {
                Ok(Self::Field(Field::EvidenceOther, other.to_owned(), given))
            };
        }
        Field::named(name).map(|field| Self::Field(field, String::new(), given)).map_err(|near| {
            let meant = near.map(|near| format!(" did you mean {near}?")).unwrap_or_default();
            format!("{:?} is no field;{meant} known are {}, evidence_other.NAME", name.trim(), Field::ALL.map(Field::as_str).join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_a_layout_a_column_or_a_constant() {
        let field = |field, given| Choice::Field(field, String::new(), given);
        assert_eq!("HubSpot".parse(), Ok(Choice::Layout(Layout::Hubspot)));
        assert_eq!("contact=Mobile Phone".parse(), Ok(field(Field::Contact, Given::Column("Mobile Phone".into()))));
        assert_eq!("method==import".parse(), Ok(field(Field::Method, Given::Constant("import".into()))));
        let other = Choice::Field(Field::EvidenceOther, "form".into(), Given::Column("Form name".into()));
        assert_eq!("evidence_other.form=Form name".parse(), Ok(other));
        for (text, said) in
            [("hubspott", "no layout"), ("contct=A", "did you mean contact?"), ("contact=", "no column"), ("evidence_other.=A", "no name")]
        {
            assert!(text.parse::<Choice>().unwrap_err().contains(said), "{text}");
        }
    }
}
