//! The pipeline from spans to a collector.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, RetryPolicy, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanExporter as _};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::Registry;

use super::handover::{Counted, Handover, send};
use crate::measure::SPANS;

/// How long one request to the collector may take.
const REQUEST: Duration = Duration::from_secs(5);

/// How long what waits may take to be sent at the end.
const LAST: Duration = Duration::from_secs(2);

/// What this program is called in traces.
const SERVICE: &str = "consent-ledger";

/// Where spans go, and of how many traces.
#[derive(Clone, Debug)]
pub struct Export {
    /// The collector, as in `http://127.0.0.1:4317`.
    pub endpoint: String,
    /// Of traces that begin here, the share that is kept, from 0 to 1. A caller's trace is kept where the caller keeps it.
    pub sample: f64,
}

/// Why no spans can be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The endpoint is none.
    #[error("the collector's endpoint is not one that spans can be sent to")]
    Endpoint(#[source] ExporterBuildError),
}

/// What makes spans of what the program tells.
pub type SpanLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Sends spans while the program runs.
#[derive(Debug)]
pub struct Exporter {
    counted: Arc<Counted>,
    stop: oneshot::Sender<()>,
    sending: JoinHandle<()>,
}

impl Exporter {
    /// Starts sending, in the runtime that it is called in. A collector that is not there is no error.
    ///
    /// # Errors
    /// Where the endpoint is none.
    pub fn start(export: &Export) -> Result<(Self, SpanLayer), ExportError> {
        let builder = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(&export.endpoint).with_timeout(REQUEST);
        let mut exporter = builder.with_retry_policy(RetryPolicy::disabled()).build().map_err(ExportError::Endpoint)?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name(SERVICE).with_attribute(version).build();
        exporter.set_resource(&resource);
        let counted = Arc::new(Counted::default());
        let (handover, spans) = Handover::new(Arc::clone(&counted));
        let (stop, stopped) = oneshot::channel();
        let sending = tokio::spawn(send(exporter, spans, Arc::clone(&counted), stopped));
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(export.sample)));
        let provider = SdkTracerProvider::builder().with_sampler(sampler).with_resource(resource).with_span_processor(handover).build();
        Ok((Self { counted, stop, sending }, layer_of(&provider)))
    }

    /// What became of spans so far.
    #[must_use]
    pub fn counted(&self) -> Arc<Counted> {
        Arc::clone(&self.counted)
    }

    /// Sends what waits, for a moment.
    pub async fn finish(self) {
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(LAST, self.sending).await;
    }
}

/// Takes the spans of this program alone, and no events: those are the log's.
fn layer_of(provider: &SdkTracerProvider) -> SpanLayer {
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(SERVICE))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    let only = Targets::new().with_target(SPANS, LevelFilter::TRACE);
    spans.with_filter(only).boxed()
}
