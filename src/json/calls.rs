//! Which calls there are over HTTP, and which service answers them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use prost::Message;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use tonic::{Request, Response, Status};

use super::codec::{self, SetUpError};
use crate::api::access::Caller;
use crate::api::decision::Decisions;
use crate::api::identity::Identity;
use crate::api::limits::rate::Allowance;
use crate::api::recording::Recording;
use crate::api::status;
use crate::api::stopping::Stop;
use crate::ledger::Ledger;
use crate::proto::decision_service_server::DecisionService as _;
use crate::proto::identity_service_server::IdentityService as _;
use crate::proto::recording_service_server::RecordingService as _;

/// The package of every service.
pub const PACKAGE: &str = "consent.v1";

/// From a request to its response, both as protobuf.
type Ask = Box<dyn Fn(Caller, &[u8], Allowance) -> Asked + Send + Sync>;

/// A response on its way.
type Asked = Pin<Box<dyn Future<Output = Result<Vec<u8>, Status>> + Send>>;

/// One rpc that is answered over HTTP.
pub struct Call {
    /// Its service, as in `DecisionService`.
    pub service: &'static str,
    /// Its name, as in `CheckSend`.
    pub rpc: &'static str,
    /// What it takes.
    pub input: MessageDescriptor,
    /// What it answers.
    pub output: MessageDescriptor,
    ask: Ask,
}

impl Call {
    /// Its path, the same as in gRPC.
    pub fn path(&self) -> String {
        path(self.service, self.rpc)
    }

    /// Asks the service for this caller; request and response are protobuf, and what it holds is charged to `allowance`.
    ///
    /// # Errors
    /// What the service refuses.
    pub async fn answer(&self, caller: Caller, request: Vec<u8>, allowance: Allowance) -> Result<Vec<u8>, Status> {
        (self.ask)(caller, &request, allowance).await
    }
}

/// The path of an rpc.
pub fn path(service: &str, rpc: &str) -> String {
    format!("/{PACKAGE}.{service}/{rpc}")
}

/// The table of calls: a service, what serves it, and its rpcs.
macro_rules! calls {
    ($($service:literal by $edge:path { $($rpc:literal $method:ident)+ })+) => {
        /// Every service that is answered, with its rpcs.
        pub const NAMES: &[(&str, &[&str])] = &[$(($service, &[$($rpc),+])),+];

        /// Every call, answered from `ledger`.
        ///
        /// # Errors
        /// Where the descriptors do not describe one of them.
        pub fn all(ledger: &Ledger, pool: &DescriptorPool) -> Result<Vec<Call>, SetUpError> {
            let mut calls = Vec::new();
            $(
                let edge = Arc::new($edge(ledger.clone()));
                $(
                    let asked = Arc::clone(&edge);
                    let ask = ask_of(move |request| {
                        let edge = Arc::clone(&asked);
                        async move { edge.$method(request).await }
                    });
                    let method = codec::method(pool, $service, $rpc)?;
                    calls.push(Call { service: $service, rpc: $rpc, input: method.input(), output: method.output(), ask });
                )+
            )+
            Ok(calls)
        }
    };
}

calls! {
    "DecisionService" by decisions {
        "CheckSend" check_send
        "BatchCheckSend" batch_check_send
    }
    "RecordingService" by recording {
        "RecordOptIn" record_opt_in
        "RecordOptOut" record_opt_out
        "RecordInboundMessage" record_inbound_message
        "RecordProviderFeedback" record_provider_feedback
        "RecordPlatformPreference" record_platform_preference
        "RecordConfirmationSent" record_confirmation_sent
    }
    "IdentityService" by Identity::new {
        "LinkIdentifiers" link_identifiers
        "ChangeNumber" change_number
        "ChangeUserId" change_user_id
        "ReportIdentityChange" report_identity_change
    }
}

/// Without its streams, which are not among the calls: nothing of it has to be told of a stop.
fn decisions(ledger: Ledger) -> Decisions {
    Decisions::new(ledger, Stop::new().1)
}

/// As [`decisions`].
fn recording(ledger: Ledger) -> Recording {
    Recording::new(ledger, Stop::new().1)
}

/// A service's method over encoded messages.
fn ask_of<Req, Res, F>(method: impl Fn(Request<Req>) -> F + Send + Sync + 'static) -> Ask
where
    Req: Message + Default,
    Res: Message,
    F: Future<Output = Result<Response<Res>, Status>> + Send + 'static,
{
    Box::new(move |caller, request, allowance| {
        let Ok(request) = Req::decode(request) else { return Box::pin(std::future::ready(Err(status::interrupted()))) };
        let mut request = Request::new(request);
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(allowance);
        let answer = method(request);
        Box::pin(async move { Ok(answer.await?.into_inner().encode_to_vec()) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_without_a_stream_that_records_or_checks_is_there() {
        let pool = codec::pool().unwrap();
        // What is not for senders and CRMs: erasures, and what officers do with receipts.
        let others = ["VerifyDecision", "RequestErasure", "CancelErasure", "SetLegalHold", "ListErasures"];
        for (service, rpcs) in NAMES {
            let described = pool.get_service_by_name(&format!("{PACKAGE}.{service}")).unwrap();
            let unary = described.methods().filter(|method| !method.is_client_streaming() && !method.is_server_streaming());
            let wanted: Vec<String> =
                unary.map(|method| method.name().to_owned()).filter(|name| !others.contains(&name.as_str())).collect();
            assert_eq!(&wanted, rpcs, "{service}");
        }
    }
}
