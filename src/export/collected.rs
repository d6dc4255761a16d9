//! One contact's entries, collected for the forms that show a whole trail at once.

use super::pieces::{ExportError, Format};
use crate::proto::{Entry, ExportBegin, ExportEnd, LeftOut};

/// What an export holds, but for the keys: no form that is read needs them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Collected {
    /// What it is of, and what it claims.
    pub begin: ExportBegin,
    /// Its entries, ascending by seq.
    pub entries: Vec<Entry>,
}

impl Format for Collected {
    fn begin(&mut self, begin: ExportBegin) -> Result<(), ExportError> {
        self.begin = ExportBegin { keys: Vec::new(), heads: Vec::new(), ..begin };
        Ok(())
    }

    fn entry(&mut self, entry: Entry) -> Result<(), ExportError> {
        self.entries.push(entry);
        Ok(())
    }

    fn left_out(&mut self, _: LeftOut) -> Result<(), ExportError> {
        Ok(())
    }

    fn end(&mut self, _: ExportEnd) -> Result<(), ExportError> {
        Ok(())
    }
}
