//! Records that count once, however often they are sent.

use super::error::ClientError;
use super::{Client, retry};
use crate::proto::recording_service_client::RecordingServiceClient;
use crate::proto::{
    Acknowledgement, RecordConfirmationSentRequest, RecordInboundMessageRequest, RecordOptInRequest, RecordOptOutRequest,
    RecordPlatformPreferenceRequest, RecordProviderFeedbackRequest,
};

/// What was recorded, and under which event id.
#[derive(Clone, PartialEq, Debug)]
pub struct Recorded {
    /// The caller's own event id, or the one that was made.
    pub event_id: String,
    /// Where it stands. It says `duplicate` too where an earlier try of this very call had recorded it.
    pub acknowledgement: Acknowledgement,
}

macro_rules! records {
    ($($(#[$doc:meta])* $method:ident($request:ty);)+) => {
        impl Client {
            $(
                $(#[$doc])*
                ///
                /// Without an event id it gets a random one before the first try; every try has the same.
                ///
                /// # Errors
                /// Where the server refuses it, or was not reached in time. Then it may have been recorded: sending the same
                /// again, with the same event id, counts once.
                pub async fn $method(&self, mut request: $request) -> Result<Recorded, ClientError> {
                    if request.event_id.is_empty() {
                        request.event_id = event_id()?;
                    }
                    let recorded = retry::retrying(self.patience(), || {
                        let request = request.clone();
                        let mut service = RecordingServiceClient::new(self.channel.clone());
                        async move { service.$method(request).await }
                    });
                    let acknowledgement = recorded.await?.acknowledgement;
                    let acknowledgement = acknowledgement.ok_or_else(|| ClientError::garbled("it holds no acknowledgement"))?;
                    Ok(Recorded { event_id: request.event_id, acknowledgement })
                }
            )+
        }
    };
}

records! {
    /// Records that somebody opted in.
    record_opt_in(RecordOptInRequest);
    /// Records that somebody opted out.
    record_opt_out(RecordOptOutRequest);
    /// Records that somebody wrote.
    record_inbound_message(RecordInboundMessageRequest);
    /// Records what the provider said about a message that was sent.
    record_provider_feedback(RecordProviderFeedbackRequest);
    /// Records what somebody told the platform itself about marketing.
    record_platform_preference(RecordPlatformPreferenceRequest);
    /// Records that the one confirmation of an opt-out went out.
    record_confirmation_sent(RecordConfirmationSentRequest);
}

/// 128 random bits, as 32 hex digits.
pub(super) fn event_id() -> Result<String, ClientError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| ClientError::NoRandomNumbers { message: error.to_string() })?;
    Ok(hex::encode(bytes))
}
