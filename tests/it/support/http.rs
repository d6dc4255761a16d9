//! An HTTP client of the server under test that sends what it is told, right or wrong.

use serde_json::Value;

use super::server::Server;

/// Where checks are asked for.
pub const CHECK: &str = "/consent.v1.DecisionService/CheckSend";

/// Where opt-ins are recorded.
pub const OPT_IN: &str = "/consent.v1.RecordingService/RecordOptIn";

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Every header, by its name in lower case.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON, which it must say it is.
    pub fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json", "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Of an error: the status, the code, the reason, and every violation as `field REASON`.
    pub fn refused(&self) -> (u16, i64, String, Vec<String>) {
        let json = self.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let details = json["details"].as_array().unwrap();
        let of = |kind: &str| details.iter().find(|detail| detail["@type"] == format!("type.googleapis.com/google.rpc.{kind}"));
        let violations = of("BadRequest").and_then(|bad| bad["fieldViolations"].as_array()).cloned().unwrap_or_default();
        let violations =
            violations.iter().map(|violation| format!("{} {}", text(&violation["field"]), text(&violation["reason"]))).collect();
        let info = of("ErrorInfo").expect("an ErrorInfo");
        assert_eq!(info["domain"], "consent-ledger");
        (self.status, json["code"].as_i64().unwrap(), text(&info["reason"]), violations)
    }
}

/// Sends a request with these headers and no others but those that HTTP needs.
pub async fn send(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let method = method.parse().unwrap();
    let mut request = reqwest::Client::new().request(method, format!("{}{path}", server.http_url())).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.text().await.unwrap() }
}

/// Calls with a body as it is.
pub async fn post(server: &Server, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    send(server, "POST", path, &[("content-type", "application/json")], body.into()).await
}

/// Calls.
pub async fn call(server: &Server, path: &str, body: &Value) -> Answer {
    post(server, path, body.to_string()).await
}

/// The seq of the log's last entry, from the metrics.
pub async fn head(server: &Server) -> u64 {
    let metrics = send(server, "GET", "/metrics", &[], Vec::new()).await.body;
    metrics.lines().find_map(|line| line.strip_prefix("consent_ledger_log_head_seq ")).unwrap().parse().unwrap()
}
