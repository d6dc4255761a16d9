//! Who is answered at all, before a body is read. What credentials are for is asked of [`crate::api::access`]; here is what only
//! HTTP has.
//!
//! A web page in a browser is never answered: it cannot send `application/json` without asking first, which nobody here answers,
//! and what it sends names its origin. Before a ledger has principals, callers need no credentials, and the machine's own programs
//! are all that may call. A name that somebody else points at loopback shows in `Host`. And a proxy that makes webhooks public
//! would make calls public with them: what it forwards is refused. Whoever shows credentials may come under any name, through any
//! proxy.

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, Version, header};
use tonic::{Code, Status};

use crate::api::access::Caller;
use crate::api::status;
use crate::http::body::BodyError;
use crate::proto::ErrorReason;

/// Headers that only a proxy adds.
const FORWARDED: [&str; 6] = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// Headers that only a browser adds.
const BROWSER: [&str; 2] = ["origin", "sec-fetch-site"];

/// Why a request is not read.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// It comes from a web page.
    #[error("a web page may not call the ledger: the request has a header Origin or Sec-Fetch-Site")]
    WebPage,
    /// It came through a proxy.
    #[error(
        "calls without credentials are answered to programs on this machine that make them directly, and this one came through a \
         proxy; let the proxy forward /webhooks/ alone, or call with an API key, see `consent-ledger keys add`"
    )]
    Proxied,
    /// It names another host.
    #[error(
        "calls without credentials are answered under a loopback address, and the header Host names something else; call \
         http://127.0.0.1, or call with an API key, see `consent-ledger keys add`"
    )]
    Host,
    /// It does not say that it is JSON.
    #[error("the header Content-Type must be application/json, in UTF-8")]
    ContentType,
    /// It is compressed.
    #[error("a body with a Content-Encoding is not read")]
    ContentEncoding,
    /// Its body was not read.
    #[error("{0}")]
    Body(#[from] BodyError),
    /// The path takes another method.
    #[error("the path takes another HTTP method, named in the header Allow; calls are POST")]
    HttpMethod,
    /// There is no such path.
    #[error("there is no such path; GET /openapi.json describes those there are")]
    Path,
}

impl Refusal {
    /// Its status, which says more than its code does.
    pub const fn http(self) -> StatusCode {
        match self {
            Self::WebPage | Self::Proxied | Self::Host => StatusCode::FORBIDDEN,
            Self::ContentType | Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(BodyError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::TooSlow { .. }) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::Broken) => StatusCode::BAD_REQUEST,
            Self::Body(BodyError::NoSpace) => StatusCode::TOO_MANY_REQUESTS,
            Self::HttpMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Path => StatusCode::NOT_FOUND,
        }
    }

    /// The error that it is.
    pub fn status(self) -> Status {
        let (code, reason) = match self {
            Self::Body(BodyError::NoSpace) => return status::no_space(&self.to_string()),
            Self::WebPage | Self::Proxied | Self::Host => (Code::PermissionDenied, ErrorReason::CallerRefused),
            Self::ContentType | Self::ContentEncoding => (Code::InvalidArgument, ErrorReason::ContentTypeUnsupported),
            Self::Body(BodyError::TooLarge { .. }) => (Code::InvalidArgument, ErrorReason::BodyTooLarge),
            Self::Body(BodyError::TooSlow { .. }) => (Code::DeadlineExceeded, ErrorReason::BodyTooSlow),
            Self::Body(BodyError::Broken) => (Code::InvalidArgument, ErrorReason::BodyMalformed),
            Self::HttpMethod => (Code::Unimplemented, ErrorReason::HttpMethodNotAllowed),
            Self::Path => (Code::NotFound, ErrorReason::PathUnknown),
        };
        status::over_http(code, reason, self.to_string())
    }
}

/// Refuses what a browser sent for a page.
///
/// # Errors
/// Where one did.
pub fn refuse_web_pages(head: &Parts) -> Result<(), Refusal> {
    if is_from_a_web_page(&head.headers) { Err(Refusal::WebPage) } else { Ok(()) }
}

/// Lets a request of this caller in.
///
/// # Errors
/// Why it is not.
pub fn look(head: &Parts, caller: &Caller) -> Result<(), Refusal> {
    if caller.as_principal().is_none() {
        look_without_credentials(head.version, &head.headers, &head.uri)?;
    }
    if head.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Refusal::ContentEncoding);
    }
    if is_json(&head.headers) { Ok(()) } else { Err(Refusal::ContentType) }
}

/// Lets in who showed no credentials: a program of this machine that calls it directly and by a name of this machine.
///
/// # Errors
/// Where it came through a proxy, or under another name.
pub fn look_without_credentials(version: Version, headers: &HeaderMap, uri: &Uri) -> Result<(), Refusal> {
    // HTTP/1.0 is what a proxy speaks to what is behind it, unless it is told otherwise.
    if version < Version::HTTP_11 || FORWARDED.iter().any(|name| headers.contains_key(*name)) {
        return Err(Refusal::Proxied);
    }
    if is_loopback(headers, uri) { Ok(()) } else { Err(Refusal::Host) }
}

/// Whether a browser sent it for a page.
#[must_use]
pub fn is_from_a_web_page(headers: &HeaderMap) -> bool {
    BROWSER.iter().any(|name| headers.contains_key(*name))
}

/// Whether the host that was called is `localhost` or a loopback address.
fn is_loopback(headers: &HeaderMap, uri: &Uri) -> bool {
    let named = headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let mut hosts = named.chain(uri.authority().map(axum::http::uri::Authority::as_str)).peekable();
    hosts.peek().is_some() && hosts.all(|host| host.parse().is_ok_and(|host: axum::http::uri::Authority| is_this_machine(host.host())))
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Whether the body is said to be JSON, and in no other encoding than JSON has.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter().peekable();
    types.peek().is_some()
        && types.all(|value| {
            let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
            let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
            is_json && parts.all(|part| part.is_empty() || is_utf8(part))
        })
}

fn is_utf8(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn asked(host: &str, more: &[(&str, &str)]) -> Parts {
        let mut request = Request::post("/consent.v1.DecisionService/CheckSend").header("host", host);
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// Somebody with credentials.
    fn known() -> Caller {
        Caller::principal(crate::ledger::principals::roll::tests::holder())
    }

    const JSON: (&str, &str) = ("content-type", "application/json");

    #[test]
    fn a_program_on_this_machine_is_let_in() {
        for host in ["127.0.0.1", "127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080", "[::1]", "127.1.2.3:1"] {
            assert_eq!(look(&asked(host, &[JSON]), &Caller::local()), Ok(()), "{host}");
        }
        for kind in ["Application/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"", "application/json; a=b;"]
        {
            assert_eq!(look(&asked("localhost", &[("content-type", kind)]), &Caller::local()), Ok(()), "{kind}");
        }
    }

    #[test]
    fn a_name_that_somebody_points_here_is_not() {
        for host in ["ledger.example", "127.0.0.1.example:8080", "localhost.example", "10.0.0.1", "[::2]", "", "127.0.0.1@example", "a b"] {
            assert_eq!(look(&asked(host, &[JSON]), &Caller::local()), Err(Refusal::Host), "{host}");
            assert_eq!(look(&asked(host, &[JSON]), &known()), Ok(()), "{host}");
        }
        assert_eq!(look(&asked("localhost", &[JSON, ("host", "ledger.example")]), &Caller::local()), Err(Refusal::Host));
        let mut silent = asked("localhost", &[JSON]);
        silent.headers.remove("host");
        assert_eq!(look(&silent, &Caller::local()), Err(Refusal::Host));
    }

    #[test]
    fn a_web_page_is_never_let_in_and_a_proxy_only_with_credentials() {
        for name in BROWSER {
            assert_eq!(refuse_web_pages(&asked("localhost", &[JSON, (name, "null")])), Err(Refusal::WebPage), "{name}");
        }
        for name in FORWARDED {
            assert_eq!(look(&asked("localhost", &[JSON, (name, "x")]), &Caller::local()), Err(Refusal::Proxied), "{name}");
            assert_eq!(look(&asked("localhost", &[JSON, (name, "x")]), &known()), Ok(()), "{name}");
        }
        let mut old = asked("localhost", &[JSON]);
        old.version = Version::HTTP_10;
        assert_eq!(look(&old, &Caller::local()), Err(Refusal::Proxied));
    }

    #[test]
    fn what_is_not_said_to_be_json_is_not_read() {
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json; charset=latin1", ""] {
            assert_eq!(look(&asked("localhost", &[("content-type", kind)]), &Caller::local()), Err(Refusal::ContentType), "{kind}");
        }
        assert_eq!(look(&asked("localhost", &[]), &Caller::local()), Err(Refusal::ContentType));
        let two = asked("localhost", &[JSON, ("content-type", "text/plain")]);
        assert_eq!(look(&two, &Caller::local()), Err(Refusal::ContentType));
        assert_eq!(look(&asked("localhost", &[JSON, ("content-encoding", "gzip")]), &Caller::local()), Err(Refusal::ContentEncoding));
    }
}
