//! So many requests at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::codec::http::Status;
use crate::http::{Layer, Next, Reception, Request, Response};

/// Lets so many requests in at a time; others are answered 503 with `Retry-After`.
///
/// A request is in from when it is there as a whole, or its head if the handler gets the body in
/// pieces, until its answer is given or its connection is gone. So it bounds what is answered
/// [later](Response::later); of those that are answered at once a service has no more under way than
/// threads. Clones count together.
///
/// It does not tell one client from another: to limit how often an address may connect, there are
/// the [filters](crate::middleware) of a server.
///
/// ```
/// use sockeye::http::{Request, Response, Router, layers::Limit};
///
/// let slow = |_: &mut Request<'_>| {
///     let (response, later) = Response::later();
///     std::thread::spawn(move || later.answer("at last"));
///     response
/// };
/// let router = Router::new().get("/report", slow).layer(Limit::new(16));
/// ```
#[derive(Clone, Debug)]
pub struct Limit {
    most: usize,
    retry_after: Duration,
    inside: Arc<AtomicUsize>,
}

impl Limit {
    /// For so many requests at a time.
    pub fn new(most: usize) -> Self {
        Self { most, retry_after: Duration::from_secs(1), inside: Arc::default() }
    }

    /// When those who are not let in shall come again, in whole seconds. Default: 1 s.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = wait;
        self
    }

    /// How many are in.
    pub fn inside(&self) -> usize {
        self.inside.load(Ordering::Relaxed)
    }

    fn enter(&self) -> Result<Inside, Response> {
        let more = |inside: usize| (inside < self.most).then_some(inside + 1);
        match self.inside.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => Ok(Inside(Arc::clone(&self.inside))),
            Err(_) => Err(self.refusal()),
        }
    }

    fn refusal(&self) -> Response {
        let status = Status::SERVICE_UNAVAILABLE;
        let wait = self.retry_after.as_secs().to_string();
        Response::error(status, status.phrase()).header("Retry-After", wait)
    }
}

impl Layer for Limit {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        match self.enter() {
            Ok(inside) => next.run(request).map(|answer| inside.leave(answer)),
            Err(refusal) => refusal,
        }
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        match self.enter() {
            Ok(inside) => match next.begin(request) {
                // It enters when the body is there; until then others can.
                Reception::Gather(limit) => Reception::Gather(limit),
                reception => reception.map(|answer| inside.leave(answer)),
            },
            Err(refusal) => Reception::answer(refusal),
        }
    }
}

/// One that is in, until it is dropped.
struct Inside(Arc<AtomicUsize>);

impl Inside {
    fn leave(self, answer: Response) -> Response {
        drop(self);
        answer
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
