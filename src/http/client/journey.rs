//! A request from the program's call to the answer, over all connections that it takes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;

use super::options::Options;
use super::redirect::{self, Next};
use super::response::{ClientResponse, Streaming};
use super::route::Route;
use crate::codec::http::{Fields, Method, Url};
use crate::error::{Error, ErrorKind, Result};
use crate::http::Body;
use crate::http::body::Kind;
use crate::http::upgrade::Upgrade;
use crate::session::Waker;
use crate::{Promise, Service, Timer};

pub(super) struct Journey {
    pub(super) id: u64,
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) fields: Fields,
    pub(super) payload: Payload,
    /// What the connection is to speak behind it, named in the field `Upgrade`.
    pub(super) upgrade: Option<Box<dyn Upgrade>>,
    pub(super) options: Options,
    pub(super) route: Route,
    /// When it must be done.
    pub(super) deadline: Option<Instant>,
    /// Redirections that it has followed.
    pub(super) hops: u32,
    /// It was sent on a kept connection that died, and is for a new one.
    pub(super) retried: bool,
    pub(super) wanted: Option<Wanted>,
    /// While it waits for a connection.
    pub(super) timer: Option<Timer>,
    pub(super) ticket: Arc<Ticket>,
}

/// What is sent behind the head.
pub(super) enum Payload {
    None,
    /// As often as need be.
    Bytes(Bytes),
    /// Once; nothing, if that has happened.
    Once(Option<Body>),
}

/// Who waits for the answer.
pub(super) enum Wanted {
    Whole(Promise<ClientResponse>),
    Stream(Promise<Streaming>),
    Callback(Callback),
}

pub(super) type Callback = Box<dyn FnOnce(Result<ClientResponse>) + Send>;

/// Tells the connection that a request is on that nobody wants its answer any more.
#[derive(Default)]
pub(super) struct Ticket(Mutex<Option<Waker>>);

impl Ticket {
    pub(super) fn set(&self, waker: Option<Waker>) {
        let former = std::mem::replace(&mut *self.lock(), waker);
        drop(former);
    }

    pub(super) fn wake(&self) {
        let waker = self.lock().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Payload {
    pub(super) fn of(body: Body) -> Self {
        match body.0 {
            Kind::Empty => Self::None,
            Kind::Whole(bytes) => Self::Bytes(bytes),
            kind => Self::Once(Some(Body(kind))),
        }
    }

    /// Whether it can be sent, also if it was before.
    pub(super) fn is_there(&self) -> bool {
        !matches!(self, Self::Once(None))
    }

    /// A body that was not sent.
    pub(super) fn give_back(&mut self, body: Body) {
        if let Self::Once(place @ None) = self {
            *place = Some(body);
        }
    }

    /// The body, to be sent now.
    pub(super) fn body(&mut self) -> Body {
        match self {
            Self::None => Body::empty(),
            Self::Bytes(bytes) => bytes.clone().into(),
            Self::Once(body) => body.take().unwrap_or_default(),
        }
    }
}

impl Journey {
    /// Nobody wants the answer any more.
    pub(super) fn is_canceled(&self) -> bool {
        match &self.wanted {
            Some(Wanted::Whole(promise)) => promise.is_canceled(),
            Some(Wanted::Stream(promise)) => promise.is_canceled(),
            Some(Wanted::Callback(_)) | None => false,
        }
    }

    pub(super) fn is_stream(&self) -> bool {
        matches!(self.wanted, Some(Wanted::Stream(_)))
    }

    /// Compressed answers are asked for, and unpacked: not if the program has asked for something
    /// else, or for a part, which would be one of the compressed bytes.
    pub(super) fn unpacks(&self) -> bool {
        let its_own = ["accept-encoding", "range"].iter().any(|name| self.fields.contains(name));
        self.options.unpacks && !its_own
    }

    /// Goes on to where it was redirected to.
    pub(super) fn follow(&mut self, next: Next) {
        redirect::strip(&mut self.fields, &next);
        if !next.keeps_body {
            self.payload = Payload::None;
        }
        self.url = next.url;
        self.method = next.method;
        self.hops += 1;
        self.retried = false;
    }

    /// An error of this request.
    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, ATTEMPT).on(&self.url)
    }

    /// Gives the answer.
    pub(super) fn answer(mut self: Box<Self>, service: &Service, answer: Result<ClientResponse>) {
        match (self.wanted.take(), answer) {
            (Some(Wanted::Whole(promise)), Ok(answer)) => drop(promise.fulfill(answer)),
            (Some(Wanted::Whole(promise)), Err(error)) => promise.fail(error),
            (Some(Wanted::Stream(promise)), Err(error)) => promise.fail(error),
            (Some(Wanted::Callback(callback)), answer) => call_back(service, callback, answer),
            (Some(Wanted::Stream(_)) | None, _) => {}
        }
    }

    pub(super) fn fail(self: Box<Self>, service: &Service, error: Error) {
        self.answer(service, Err(error));
    }
}

/// Calls a program's function on a service thread, unless there is none any more.
pub(super) fn call_back(service: &Service, callback: Callback, answer: Result<ClientResponse>) {
    let fenced = Fenced(service.clone(), Some((callback, answer)));
    if service.is_service_thread() {
        return drop(fenced);
    }
    // What cannot be posted is dropped, and called here by that.
    let _ = service.post(move || drop(fenced));
}

/// A callback that is called when this is dropped.
struct Fenced(Service, Option<(Callback, Result<ClientResponse>)>);

impl Drop for Fenced {
    fn drop(&mut self) {
        if let Some((callback, answer)) = self.1.take() {
            self.0.fenced("run the callback of a request", || callback(answer));
        }
    }
}

pub(super) const ATTEMPT: &str = "get an answer from";
