//! The master key, which wraps every other key, and where it was read from.

use zeroize::Zeroizing;

use crate::ledger::bytes::seal::Key;

/// A master key and the name of where it is kept, for whoever must look there.
#[derive(Clone, Debug)]
pub struct MasterKey {
    key: Key,
    named: String,
}

/// Not a master key. What was there instead is not told.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("{named} does not hold 64 hex digits")]
pub struct NoMasterKey {
    /// Where it should be.
    pub named: String,
}

impl MasterKey {
    /// This key, kept there.
    pub fn new(key: Key, named: impl Into<String>) -> Self {
        Self { key, named: named.into() }
    }

    /// Reads 64 hex digits; white space around them is ignored.
    ///
    /// # Errors
    /// Where they are not that.
    pub fn parse(text: &[u8], named: impl Into<String>) -> Result<Self, NoMasterKey> {
        let named = named.into();
        let mut bytes = Zeroizing::new([0; 32]);
        match hex::decode_to_slice(text.trim_ascii(), bytes.as_mut_slice()) {
            Ok(()) => Ok(Self { key: Key::from_bytes(*bytes), named }),
            Err(_) => Err(NoMasterKey { named }),
        }
    }

    /// A new random one, to be kept there.
    ///
    /// # Errors
    /// Where the operating system has no random numbers.
    pub fn random(named: impl Into<String>) -> Result<Self, crate::ledger::bytes::seal::SealError> {
        Ok(Self { key: Key::random()?, named: named.into() })
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Where it is kept.
    #[must_use]
    pub fn named(&self) -> &str {
        &self.named
    }

    /// As it is kept: 64 hex digits and a line feed.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(65));
        text.push_str(&Zeroizing::new(hex::encode(self.key.bytes())));
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_64_hex_digits_and_is_never_shown() {
        let key = MasterKey::parse(format!(" {}\r\n", "0aB1".repeat(16)).as_bytes(), "the variable X").unwrap();
        assert_eq!(key.text().as_str(), format!("{}\n", "0ab1".repeat(16)));
        assert!(!format!("{key:?}").to_lowercase().contains("0ab1"));
        for wrong in ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &format!("0x{}", "0".repeat(62))] {
            let refused = MasterKey::parse(wrong.as_bytes(), "the variable X").unwrap_err().to_string();
            assert_eq!(refused, "the variable X does not hold 64 hex digits");
        }
    }
}
