//! The name of an imported row in the ledger: the same for the same statement, wherever it stands.
//!
//! ```text
//! "import:" ‖ base64url(SHA-256("consent-ledger/v1 import row" ‖ the request as it is sent))
//! ```
//!
//! The request is taken without account, event id, and the file's name, line and hash, so a row that comes again is known again: in
//! the same file, in a renamed one, in a longer one, lower down, or twice in one file. Whoever says the same of the same person for
//! the same instant says it once. Any other word in it (another time, text, sender) is another statement.
//!
//! The digest is of little that is secret, so it stands nowhere in clear: the ledger keeps event ids sealed and finds them by a keyed
//! digest of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message;
use sha2::{Digest, Sha256};

use crate::proto::RecordStreamRequest;

/// What stands before the digest.
const PREFIX: &str = "import:";

/// Makes event ids, in a buffer that it keeps.
#[derive(Debug, Default)]
pub struct EventIds {
    encoded: Vec<u8>,
}

impl EventIds {
    /// The event id of a request that has neither account, nor event id, nor the file it came from.
    pub fn of(&mut self, request: &RecordStreamRequest) -> String {
        self.encoded.clear();
        self.encoded.reserve(request.encoded_len());
        // A growing buffer takes any message.
        let _ = request.encode(&mut self.encoded);
        let digest = Sha256::new().chain_update("consent-ledger/v1 import row").chain_update(&self.encoded).finalize();
        let mut id = String::with_capacity(PREFIX.len() + 43);
        id.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(digest, &mut id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{RecordOptInRequest, RecordOptOutRequest, record_stream_request::Event};

    /// Kept for ever: another id for the same row would import every file again.
    #[test]
    fn the_id_of_a_row_stays_what_it_is() {
        let occurred_at = Some(prost_types::Timestamp { seconds: 1_772_359_200, nanos: 0 });
        let request =
            |categories| RecordOptInRequest { contact: "+447400123456".into(), categories, method: 5, occurred_at, ..Default::default() };
        let id = |event| EventIds::default().of(&RecordStreamRequest { event: Some(event) });
        let opt_in = id(Event::OptIn(request(vec![1])));
        assert_eq!(opt_in, "import:vOhe5OVjzSwf7hF7tzr9fCUUCEen67-a6njeIfEC0v0");
        assert_ne!(opt_in, id(Event::OptIn(request(vec![1, 2]))));
        let opt_out =
            RecordOptOutRequest { contact: "+447400123456".into(), categories: vec![1], method: 5, occurred_at, ..Default::default() };
        assert_ne!(opt_in, id(Event::OptOut(opt_out)));
    }
}
