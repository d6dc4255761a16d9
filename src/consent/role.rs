//! What a caller may do.

use std::fmt;

use super::words::words;

words! {
    /// What a caller may do.
    Role, "role" {
        /// Check.
        Sender = 1 "sender",
        /// Record and import.
        Recorder = 2 "recorder",
        /// Read, export and prove.
        Auditor = 3 "auditor",
        /// Policy, senders, templates, keys.
        Operator = 4 "operator",
        /// Erase.
        Eraser = 5 "eraser",
    }
}

/// A set of roles.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Roles(u8);

impl Roles {
    /// No role.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self(0b11_1110);

    /// The set with `role`.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | (1 << role as u8))
    }

    /// Whether `role` is in the set.
    #[must_use]
    pub const fn contains(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// Whether a role is in both.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of `other` are in it.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there is none in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its members, ascending.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Their spellings, as in `auditor or operator`.
impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Role::as_str).collect();
        f.write_str(&names.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let set = Roles::NONE.with(Role::Auditor).with(Role::Eraser);
        assert_eq!(set.iter().collect::<Vec<_>>(), [Role::Auditor, Role::Eraser]);
        assert_eq!(set.to_string(), "auditor or eraser");
        assert!(Roles::ALL.covers(set) && !set.covers(Roles::ALL) && set.covers(Roles::NONE));
        assert!(set.meets(Roles::NONE.with(Role::Eraser)) && !set.meets(Roles::NONE.with(Role::Sender)) && !set.meets(Roles::NONE));
        assert_eq!(Role::ALL.iter().copied().collect::<Roles>(), Roles::ALL);
    }
}
