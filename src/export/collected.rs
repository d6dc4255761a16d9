//! One contact's entries, collected for the forms that show a whole trail at once.

use std::collections::HashSet;

use super::pieces::{ExportError, Format};
use crate::proto::clear_part::Fact;
use crate::proto::export_begin::Claim;
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

    /// Lets go of what an erasure of somebody else took out of the contact's trails: it says nothing about anybody. It stands
    /// in a bundle to keep the chain whole.
    fn end(&mut self, _: ExportEnd) -> Result<(), ExportError> {
        let Some(Claim::Complete(complete)) = &self.begin.claim else { return Ok(()) };
        let claimed: HashSet<u64> = complete.contact_trails.iter().chain(&complete.shared_trails).copied().collect();
        let erased = self.entries.iter().filter_map(|entry| match entry.clear.as_ref()?.fact.as_ref()? {
            Fact::ContactErased(erased) => Some(erased.trails.clone()),
            _ => None,
        });
        let void: HashSet<u64> = erased.flatten().collect();
        self.entries.retain(|entry| {
            let is_void = [entry.trail, entry.second_trail].iter().any(|trail| void.contains(trail));
            let is_erasure = matches!(entry.clear.as_ref().and_then(|clear| clear.fact.as_ref()), Some(Fact::ContactErased(_)));
            let is_elsewhere = is_erasure && !claimed.contains(&entry.trail);
            !is_void && !is_elsewhere
        });
        Ok(())
    }
}
