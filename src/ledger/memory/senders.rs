//! Senders by number, as facts in memory name them.

use std::collections::HashMap;

use crate::consent::event::SenderNumber;

/// The senders' numbers: in order of first mention, from 1.
#[derive(Default, Debug)]
pub struct Senders {
    numbers: HashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
}

impl Senders {
    /// The number of a sender, where it was ever mentioned.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<SenderNumber> {
        self.numbers.get(name).copied().map(SenderNumber::new)
    }

    /// The number of a sender; a new one where it is new.
    pub fn number_or_new(&mut self, name: &str) -> SenderNumber {
        if let Some(known) = self.number(name) {
            return known;
        }
        self.names.push(name.into());
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.into(), number);
        SenderNumber::new(number)
    }

    /// The name of a sender.
    #[must_use]
    pub fn name(&self, number: SenderNumber) -> Option<&str> {
        let place = usize::try_from(number.number()).ok()?.checked_sub(1)?;
        self.names.get(place).map(AsRef::as_ref)
    }

    /// Their names, in order of their numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }
}
