//! How long answers take.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::http::{Layer, Next, Reception, Request, Response};

/// Says in each answer how long it took (`Server-Timing`, which browsers show), and tells the program.
///
/// The time is that from when the request was there as a whole, or its head if the handler gets
/// the body in pieces, to the answer's beginning.
///
/// ```
/// use std::sync::Arc;
/// use sockeye::http::{Router, layers::Timing};
/// use sockeye::metrics::Histogram;
///
/// let times = Arc::new(Histogram::new());
/// let seen = times.clone();
/// let timing = Timing::new().report(move |took, _answer| seen.record(took));
/// let router = Router::new().get("/", "Hello, World!").layer(timing);
/// println!("99 % within {:?}", times.read().quantile(0.99));
/// ```
#[derive(Clone)]
pub struct Timing {
    header: bool,
    report: Option<Arc<Report>>,
}

type Report = dyn Fn(Duration, &Response) + Send + Sync;

impl Timing {
    /// With the field, for nobody else.
    pub fn new() -> Self {
        Self { header: true, report: None }
    }

    /// Whether clients are told. Default: yes.
    #[must_use]
    pub fn header(mut self, told: bool) -> Self {
        self.header = told;
        self
    }

    /// Tells the program of each answer, on the service thread that gives it.
    #[must_use]
    pub fn report(mut self, report: impl Fn(Duration, &Response) + Send + Sync + 'static) -> Self {
        self.report = Some(Arc::new(report));
        self
    }

    fn timing(&self) -> impl FnOnce(Response) -> Response + Send + use<> {
        let (timing, begun) = (self.clone(), Instant::now());
        move |answer| timing.tell(answer, begun.elapsed())
    }

    fn tell(&self, mut answer: Response, took: Duration) -> Response {
        if let Some(report) = &self.report {
            report(took, &answer);
        }
        if self.header {
            let millis = took.as_secs_f64() * 1e3;
            answer.add_header("Server-Timing", format!("app;dur={millis:.3}"));
        }
        answer
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self::new()
    }
}

impl Layer for Timing {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        let timing = self.timing();
        next.run(request).map(timing)
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        let timing = self.timing();
        next.begin(request).map(timing)
    }
}

impl fmt::Debug for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timing").field("header", &self.header).finish_non_exhaustive()
    }
}
