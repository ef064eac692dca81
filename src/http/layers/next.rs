//! What a layer is around.

use std::fmt;
use std::sync::Arc;

use crate::http::{Handler, IntoResponse, Layer, Reception, Request, Response};

/// What a [`Layer`] is around: further layers, and the handler.
#[must_use = "the request is not answered unless it is run"]
pub struct Next<'n> {
    layers: &'n [Arc<dyn Layer>],
    end: End<'n>,
    /// A layer wants the body as a whole.
    gathers: bool,
}

enum End<'n> {
    Handler(&'n dyn Handler),
    /// The answer is known.
    Ready(Box<Response>),
}

impl<'n> Next<'n> {
    #[inline]
    pub(crate) fn new(layers: &'n [Arc<dyn Layer>], handler: &'n dyn Handler) -> Self {
        Self { layers, end: End::Handler(handler), gathers: false }
    }

    pub(crate) fn ready(layers: &'n [Arc<dyn Layer>], answer: Response) -> Self {
        Self { layers, end: End::Ready(Box::new(answer)), gathers: false }
    }

    /// The same, but that the handler is not asked what it wants of a body.
    pub(super) fn gathering(self) -> Self {
        Self { gathers: true, ..self }
    }

    /// Has the request answered.
    #[inline]
    pub fn run(mut self, request: &mut Request<'_>) -> Response {
        if let [first, rest @ ..] = self.layers {
            self.layers = rest;
            return first.handle(request, self);
        }
        match self.end {
            End::Handler(handler) => handler.handle(request),
            End::Ready(answer) => *answer,
        }
    }

    /// Has the request answered, unless a check has found an answer.
    pub(super) fn run_checked(
        self,
        checked: Result<(), impl IntoResponse>,
        request: &mut Request<'_>,
    ) -> Response {
        match checked {
            Ok(()) => self.run(request),
            Err(answer) => answer.into_response(),
        }
    }

    /// Asks what shall become of the body, unless a check has found an answer.
    pub(super) fn begin_checked(
        self,
        checked: Result<(), impl IntoResponse>,
        request: &mut Request<'_>,
    ) -> Reception {
        match checked {
            Ok(()) => self.begin(request),
            Err(answer) => Reception::answer(answer),
        }
    }

    /// Asks what shall become of the body, in [`Layer::begin`].
    pub fn begin(mut self, request: &mut Request<'_>) -> Reception {
        if let [first, rest @ ..] = self.layers {
            self.layers = rest;
            return first.begin(request, self);
        }
        match self.end {
            End::Ready(answer) => Reception::Answer(answer),
            End::Handler(_) if self.gathers => Reception::Gather(None),
            End::Handler(handler) => handler.begin(request),
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("layers", &self.layers.len()).finish_non_exhaustive()
    }
}
