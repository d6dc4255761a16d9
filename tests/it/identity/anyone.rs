//! Any method, called by its name with whatever fields of it are about accounts and senders.

use std::time::Duration;

use consent_ledger::client::Channel;
use consent_ledger::proto::{DESCRIPTORS, ErrorReason};
use prost::Message;
use prost::bytes::{Buf, BufMut};
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MethodDescriptor, ReflectMessage, Value};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::reason;

/// Messages as they are.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; from.remaining()];
        from.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}

/// What a call is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The account; empty is left out.
    pub account: &'a str,
    /// The sender; empty is left out.
    pub sender: &'a str,
    /// An entry of the account.
    pub seq: u64,
}

/// Every method of the ledger's own services.
pub fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    pool.services()
        .filter(|service| service.package_name() == "consent.v1")
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

/// The path of a method.
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// A request that names account and sender wherever the method has fields for them, and nothing else.
pub fn request(method: &MethodDescriptor, about: About<'_>) -> DynamicMessage {
    let mut message = DynamicMessage::new(method.input());
    fill(&mut message, about);
    message
}

fn fill(message: &mut DynamicMessage, about: About<'_>) {
    for field in message.descriptor().fields() {
        let (text, list) = match field.name() {
            "account" | "accounts" => (about.account, field.is_list()),
            "sender" | "senders" => (about.sender, field.is_list()),
            "seq" => {
                message.set_field(&field, Value::U64(about.seq));
                continue;
            }
            // Of the events of a stream one stands for all, in the one message or in the other.
            "check" | "opt_in" | "record" => {
                if let Kind::Message(inner) = field.kind() {
                    let mut within = DynamicMessage::new(inner);
                    fill(&mut within, about);
                    message.set_field(&field, Value::Message(within));
                }
                continue;
            }
            _ => continue,
        };
        if !text.is_empty() && field.kind() == Kind::String {
            let text = Value::String(text.to_owned());
            message.set_field(&field, if list { Value::List(vec![text]) } else { text });
        }
    }
}

/// Calls it and gives the reason for which the caller was refused; empty where it was let in, whatever came of it.
pub async fn refusal(channel: &Channel, method: &MethodDescriptor, about: About<'_>) -> String {
    match answer(channel, method, about).await {
        Err(status) => refused_for(&reason(&status), &status),
        Ok(None) => String::new(),
        Ok(Some(bytes)) => {
            let response = DynamicMessage::decode(method.output(), bytes.as_slice()).unwrap();
            let Some(error) = response.get_field_by_name("error").filter(|_| method.is_client_streaming()) else { return String::new() };
            let number = error.as_message().and_then(|error| error.get_field_by_name("reason")).and_then(|reason| reason.as_enum_number());
            let reason = ErrorReason::try_from(number.unwrap_or_default()).unwrap();
            let reason = reason.as_str_name().trim_start_matches("ERROR_REASON_");
            if is_refusal(reason) { reason.to_owned() } else { String::new() }
        }
    }
}

/// The first answer; none where there is none within a moment, as of a watch.
pub async fn answer(channel: &Channel, method: &MethodDescriptor, about: About<'_>) -> Result<Option<Vec<u8>>, Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let request = tokio_stream::once(request(method, about).encode_to_vec());
    let path = path(method).parse().unwrap();
    let mut answers = client.streaming(tonic::Request::new(request), path, Raw).await?.into_inner();
    tokio::time::timeout(Duration::from_secs(10), answers.message()).await.unwrap_or(Ok(None))
}

/// Whether a reason says that the caller may not, and not that the request is wrong.
fn is_refusal(reason: &str) -> bool {
    reason.starts_with("CREDENTIALS_")
        || matches!(reason, "ROLE_MISSING" | "ACCOUNT_NOT_ALLOWED" | "SENDER_NOT_ALLOWED" | "GRANT_NOT_ALLOWED")
}

fn refused_for(reason: &str, status: &Status) -> String {
    let by_code = matches!(status.code(), tonic::Code::Unauthenticated | tonic::Code::PermissionDenied);
    assert_eq!(is_refusal(reason), by_code, "{status:?}");
    if by_code { reason.to_owned() } else { String::new() }
}
