//! From the thread that ends a span to the task that sends it, through a queue with an end.
//!
//! The SDK's own batch processor has such a queue too. It drops what does not fit, but does not say how much.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use tokio::sync::{mpsc, oneshot};

use crate::telemetry::metrics::{Families, Source};

/// How many spans wait to be sent.
const WAITING: usize = 4_096;

/// How many are sent at a time.
const TOGETHER: usize = 512;

/// For how long those of a quiet ledger are gathered.
const GATHER: Duration = Duration::from_millis(200);

/// How long sending may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of spans.
#[derive(Debug, Default)]
pub struct Counted {
    exported: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
}

impl Source for Counted {
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        let outcomes = [("exported", &self.exported), ("dropped", &self.dropped), ("failed", &self.failed)];
        let outcomes = outcomes.map(|(outcome, counter)| (vec![("outcome", outcome)], counter.load(Ordering::Relaxed)));
        let help = "Spans: taken by the collector, dropped since too many waited, given up since they could not be sent.";
        families.counters("consent_ledger_spans_total", help, outcomes)
    }
}

/// The end that takes spans.
#[derive(Debug)]
pub struct Handover {
    queue: mpsc::Sender<SpanData>,
    counted: Arc<Counted>,
}

impl Handover {
    /// A queue, counted in `counted`, and where spans come out.
    pub fn new(counted: Arc<Counted>) -> (Self, mpsc::Receiver<SpanData>) {
        let (queue, spans) = mpsc::channel(WAITING);
        (Self { queue, counted }, spans)
    }
}

impl SpanProcessor for Handover {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    /// Never waits.
    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.queue.try_send(span).is_err() {
            self.counted.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Sends spans until it is told to stop, then those that wait.
pub async fn send(
    exporter: impl SpanExporter,
    mut spans: mpsc::Receiver<SpanData>,
    counted: Arc<Counted>,
    mut stop: oneshot::Receiver<()>,
) {
    let (mut batch, mut reached, mut stopping) = (Vec::with_capacity(TOGETHER), true, false);
    loop {
        let came = tokio::select! {
            came = spans.recv_many(&mut batch, TOGETHER) => came,
            _ = &mut stop, if !stopping => {
                stopping = true;
                spans.close();
                continue;
            }
        };
        if came == 0 {
            return;
        }
        if batch.len() < TOGETHER && !stopping {
            tokio::time::sleep(GATHER).await;
            while batch.len() < TOGETHER
                && let Ok(span) = spans.try_recv()
            {
                batch.push(span);
            }
        }
        let count = batch.len() as u64;
        let sent = tokio::time::timeout(PATIENCE, exporter.export(std::mem::take(&mut batch))).await;
        let took = matches!(sent, Ok(Ok(())));
        (if took { &counted.exported } else { &counted.failed }).fetch_add(count, Ordering::Relaxed);
        if took != reached {
            reached = took;
            tell(reached);
        }
    }
}

/// Once when the collector is lost, and once when it is back. Its own words may be anything.
fn tell(reached: bool) {
    if reached {
        tracing::info!("spans reach the collector again");
    } else {
        tracing::warn!("spans do not reach the collector; they are left out until they do");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{TraceFlags, Tracer, TracerProvider};
    use opentelemetry_sdk::error::OTelSdkError;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tokio::sync::Semaphore;

    /// A collector that takes as many batches as it has leave for, and refuses every second one where it is told to.
    #[derive(Debug)]
    struct Slow {
        leave: Arc<Semaphore>,
        refuses: bool,
    }

    impl SpanExporter for Slow {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            assert!(batch.len() <= TOGETHER && batch.iter().all(|span| span.span_context.trace_flags() == TraceFlags::SAMPLED));
            self.leave.acquire().await.unwrap().forget();
            if self.refuses { Err(OTelSdkError::InternalFailure("no".to_owned())) } else { Ok(()) }
        }
    }

    fn end_spans(handover: Handover, count: usize) {
        let provider = SdkTracerProvider::builder().with_span_processor(handover).build();
        let tracer = provider.tracer("test");
        (0..count).for_each(|_| drop(tracer.start("span")));
    }

    fn read(counted: &Counted) -> [u64; 3] {
        [&counted.exported, &counted.dropped, &counted.failed].map(|counter| counter.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn a_collector_that_takes_nothing_holds_up_nobody_and_what_does_not_fit_is_dropped_and_counted() {
        let (counted, leave) = (Arc::new(Counted::default()), Arc::new(Semaphore::new(0)));
        let (handover, spans) = Handover::new(counted.clone());
        // Nobody takes any: this returns all the same.
        end_spans(handover, WAITING + 100);
        assert_eq!(read(&counted), [0, 100, 0]);
        let (_stop, stopped) = oneshot::channel();
        leave.add_permits(WAITING / TOGETHER);
        send(Slow { leave, refuses: false }, spans, counted.clone(), stopped).await;
        assert_eq!(read(&counted), [WAITING as u64, 100, 0]);
    }

    #[tokio::test]
    async fn what_the_collector_refuses_is_given_up_and_counted() {
        let (counted, leave) = (Arc::new(Counted::default()), Arc::new(Semaphore::new(1)));
        let (handover, spans) = Handover::new(counted.clone());
        end_spans(handover, 7);
        let (_stop, stopped) = oneshot::channel();
        send(Slow { leave, refuses: true }, spans, counted.clone(), stopped).await;
        assert_eq!(read(&counted), [0, 0, 7]);
    }

    #[tokio::test]
    async fn a_stop_sends_what_waits_and_ends() {
        let (counted, leave) = (Arc::new(Counted::default()), Arc::new(Semaphore::new(10)));
        let (handover, spans) = Handover::new(counted.clone());
        let provider = SdkTracerProvider::builder().with_span_processor(handover).build();
        drop(provider.tracer("test").start("span"));
        let (stop, stopped) = oneshot::channel();
        stop.send(()).unwrap();
        // The sending end lives on.
        send(Slow { leave, refuses: false }, spans, counted.clone(), stopped).await;
        assert_eq!(read(&counted), [1, 0, 0]);
        drop(provider);
    }
}
