//! Where collectors of metrics look.

use super::{Handler, Request, Response};

/// A handler that answers with metrics, as Prometheus and its like fetch them: text of OpenMetrics 1.0,
/// made anew for each request.
///
/// ```
/// use sockeye::http::{self, Router};
/// use sockeye::metrics::Registry;
///
/// let registry = Registry::new();
/// let router = Router::new().get("/metrics", http::metrics(move || registry.openmetrics()));
/// ```
///
/// Whoever may ask sees it: put it behind a layer, or on a server of its own, where that matters.
pub fn metrics(text: impl Fn() -> String + Send + Sync + 'static) -> impl Handler {
    move |_: &mut Request<'_>| Response::content(OPENMETRICS, text())
}

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
