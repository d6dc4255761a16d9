//! What a caller is told who asks too much, too fast or too slowly.
//!
//! ```text
//! RESOURCE_EXHAUSTED  ErrorInfo { reason: "RATE_LIMITED", … }, RetryInfo { when the next call is taken }
//! DEADLINE_EXCEEDED   ErrorInfo { reason: "DEADLINE_PASSED", … }
//! ```

use std::time::Duration;

use tonic::{Code, Status};

use super::{RETRY_AFTER, RETRY_EXPORT_AFTER, RETRY_STREAM_AFTER, later, status};
use crate::proto::ErrorReason;

/// The caller asks faster than it may; after so long the next call is taken.
#[must_use]
pub fn rate_limited(after: Duration) -> Status {
    let message = format!("more calls and items than this caller may send in a second; the next is taken in {} ms", after.as_millis());
    later(ErrorReason::RateLimited, message, after)
}

/// As many calls are under way as one caller, or all together, may have.
#[must_use]
pub fn too_many_calls(most: usize) -> Status {
    let message = format!("{most} calls are under way already; ask again when one has ended");
    later(ErrorReason::TooManyCalls, message, RETRY_STREAM_AFTER)
}

/// Messages under way take all the memory that they may.
#[must_use]
pub fn no_room() -> Status {
    later(ErrorReason::Overloaded, "too much is sent and answered at once; send this again".into(), RETRY_AFTER)
}

/// The caller's own deadline.
#[must_use]
pub fn deadline_passed() -> Status {
    status(Code::DeadlineExceeded, ErrorReason::DeadlinePassed, "the deadline that the call came with has passed".into())
}

/// A message of more bytes than are taken.
#[must_use]
pub fn message_too_large(bytes: usize, most: usize) -> Status {
    let message = format!("a message of {bytes} bytes, at most {most} are taken; send less at a time");
    status(Code::InvalidArgument, ErrorReason::MessageTooLarge, message)
}

/// A message that is compressed.
#[must_use]
pub fn compressed() -> Status {
    status(Code::Unimplemented, ErrorReason::CompressionUnsupported, "compressed messages are not read; send them as they are".into())
}

/// A message that does not arrive.
#[must_use]
pub fn message_too_slow(within: Duration) -> Status {
    let message = format!("a message, or the end of the request, did not arrive within {} seconds", within.as_secs());
    status(Code::DeadlineExceeded, ErrorReason::MessageTooSlow, message)
}

/// An answer that nobody takes.
#[must_use]
pub fn answer_not_taken(within: Duration) -> Status {
    let message = format!("nothing of the answer was taken for {} seconds; ask again", within.as_secs());
    status(Code::Aborted, ErrorReason::AnswerNotTaken, message)
}

/// Nobody took what was exported.
#[must_use]
pub fn not_taken(patience: Duration) -> Status {
    let message = format!("nothing of the export was taken for {} seconds; ask again", patience.as_secs());
    status(Code::Aborted, ErrorReason::ExportNotTaken, message)
}

/// As many exports are handed out as the server hands out at a time.
#[must_use]
pub fn too_many_exports(at_a_time: usize) -> Status {
    let message = format!("{at_a_time} exports are handed out already; ask again when one has ended");
    later(ErrorReason::TooManyExports, message, RETRY_EXPORT_AFTER)
}

/// As many streams of a kind are open as the server serves at a time.
#[must_use]
pub fn too_many_streams(at_a_time: usize) -> Status {
    let message = format!("{at_a_time} streams of this kind are open already; ask again when one has ended");
    later(ErrorReason::TooManyStreams, message, RETRY_STREAM_AFTER)
}

/// As many watch as the server serves at a time.
#[must_use]
pub fn too_many_watchers(at_a_time: usize) -> Status {
    let message = format!("{at_a_time} watch already; ask again when one has ended");
    later(ErrorReason::TooManyWatchers, message, RETRY_EXPORT_AFTER)
}
