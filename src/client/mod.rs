//! The client library: for send paths that fail closed, for whole audiences, and for records that count once.
//!
//! ```no_run
//! use consent_ledger::client::{Client, MaySend, Question};
//! use consent_ledger::consent::words::Category;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), consent_ledger::client::ClientError> {
//! let client = Client::connect("http://127.0.0.1:50051")?;
//! let question = Question::new("+447400123456", "106540352242922").category(Category::Marketing);
//! match client.permission(&question).await {
//!     MaySend::FreeForm(_) => println!("send the message, or a template"),
//!     MaySend::TemplateOnly(_) => println!("send the template"),
//!     MaySend::No(why) => println!("send nothing: {why}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - **Fails closed.** [`Client::permission`] has no error: whatever goes wrong, in whatever time, is [`MaySend::No`] with what
//!   it was. Only this library makes an [`Answer`], and only from a permission that it knows.
//! - **Tries again** on `UNAVAILABLE`, on `RESOURCE_EXHAUSTED` (not before the time the server names) and where the connection
//!   broke: after 50 ms, then twice as long each time, with jitter, within a bounded time ([`Options`]).
//! - **Idempotent by construction.** A record without an event id gets a random one before the first try, and every try has the
//!   same: a record whose answer was lost counts once.
//! - **Says who it is** with an API key ([`Endpoint::api_key`]) or a certificate ([`Tls::identity`]). What is refused, or whose role, account or
//!   sender is another, is not tried again: the answer is [`MaySend::No`].
//! - **Connects by itself**, at the first call and again whenever the connection broke. Clones share one connection.

mod channel;
mod check_stream;
mod connector;
mod endpoint;
mod error;
mod may_send;
mod question;
mod record_stream;
mod recording;
mod resuming;
mod retry;
mod tls;
mod tls_fault;

use std::time::Duration;

pub use channel::{ApiKey, Channel};
pub use check_stream::Answers;
pub use endpoint::Endpoint;
pub use error::ClientError;
pub(crate) use error::is_passing;
pub use may_send::{Answer, MaySend, WhyNot};
pub use question::Question;
pub use record_stream::Records;
pub use recording::Recorded;
pub use resuming::IN_FLIGHT;
pub use tls::Tls;
pub use tls_fault::TlsFault;

use crate::proto::decision_service_client::DecisionServiceClient;
use retry::Patience;

/// How long things may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Until a connection is made.
    pub connect: Duration,
    /// One try of a call. The server itself waits up to 2 seconds for a position that was asked for.
    pub attempt: Duration,
    /// All tries of a record, and of a stream since its latest answer.
    pub total: Duration,
    /// All tries of [`Client::permission`]: how long a message waits to be sent at the most.
    pub decide: Duration,
}

impl Default for Options {
    /// 2 s to connect, 5 s a try, 30 s altogether, 3 s for a permission.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(2), attempt: seconds(5), total: seconds(30), decide: seconds(3) }
    }
}

/// A client of one server.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    options: Options,
}

impl Client {
    /// A client of the server at `http://HOST:PORT` or `https://HOST:PORT`. It connects at the first call; must be made within a tokio runtime.
    ///
    /// # Errors
    /// Where that is no such URL.
    pub fn connect(url: &str) -> Result<Self, ClientError> {
        Self::connect_with(url, Options::default())
    }

    /// The same with other times.
    ///
    /// # Errors
    /// Where that is no such URL.
    pub fn connect_with(url: &str, options: Options) -> Result<Self, ClientError> {
        Ok(Self::connect_to(Endpoint::new(url, &Tls::default())?, options))
    }

    /// The same at an endpoint, which knows whom to trust and what to show: [`Tls`], an [`ApiKey`], or both.
    ///
    /// ```no_run
    /// use consent_ledger::client::{Client, Endpoint, Options, Tls};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tls = Tls::default().authorities(&std::fs::read("ca.pem")?)?;
    /// let endpoint = Endpoint::new("https://ledger.example:50051", &tls)?.api_key(std::fs::read_to_string("sends.key")?.parse()?)?;
    /// let client = Client::connect_to(endpoint, Options::default());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn connect_to(endpoint: Endpoint, options: Options) -> Self {
        Self { channel: endpoint.connect_timeout(options.connect).connect_lazy(), options }
    }

    /// A client over a connection that is there already.
    #[must_use]
    pub fn over(channel: impl Into<Channel>, options: Options) -> Self {
        Self { channel: channel.into(), options }
    }

    /// May this sender write to this contact now? To be asked before every message.
    ///
    /// There is no error to handle: where the ledger cannot be reached, cannot tell, takes too long or says something that this
    /// program does not understand, the answer is [`MaySend::No`], and [`WhyNot::Unanswered`] keeps why.
    pub async fn permission(&self, question: &Question) -> MaySend {
        let patience = Patience { attempt: self.options.attempt, total: self.options.decide };
        let asked = retry::retrying(patience, || {
            let request = question.request().clone();
            let mut service = DecisionServiceClient::new(self.channel.clone());
            async move { service.check_send(request).await }
        });
        match asked.await {
            Ok(response) => MaySend::of(response.decision),
            Err(error) => MaySend::No(WhyNot::Unanswered(error)),
        }
    }

    const fn patience(&self) -> Patience {
        Patience { attempt: self.options.attempt, total: self.options.total }
    }
}
