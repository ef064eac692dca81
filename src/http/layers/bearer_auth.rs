//! Tokens.

use std::fmt;

use super::challenge::{challenge, credentials, quoted};
use crate::http::{Layer, Next, Reception, Request, Response};

/// Lets in who has a token that is good (`Bearer`, RFC 6750); others are answered 401, before their
/// body has come.
///
/// Whether it is good the program says, on a service thread: it should not block. What it finds out
/// it can keep with the request for the handler ([`Request::insert`]). It is asked when the
/// head is there, and once more with a body that is gathered.
///
/// ```
/// use sockeye::http::{Request, Router, layers::BearerAuth};
///
/// let auth = BearerAuth::new("api", |request: &mut Request<'_>, token: &str| token == "qwerty");
/// let router = Router::new().get("/", "Hello!").layer(auth);
/// ```
pub struct BearerAuth {
    challenge: String,
    check: Box<Check>,
}

type Check = dyn Fn(&mut Request<'_>, &str) -> bool + Send + Sync;

impl BearerAuth {
    /// For those whose tokens are good; the realm is told to the others.
    ///
    /// # Panics
    ///
    /// When there is a control character in the realm.
    #[track_caller]
    pub fn new(
        realm: &str,
        check: impl Fn(&mut Request<'_>, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { challenge: format!("Bearer realm={}", quoted(realm)), check: Box::new(check) }
    }

    fn enter(&self, request: &mut Request<'_>) -> Result<(), Response> {
        match credentials(request, "Bearer") {
            None => Err(challenge(&self.challenge)),
            Some(token) if (self.check)(request, token) => Ok(()),
            // RFC 6750 3.1.
            Some(_) => Err(challenge(&format!("{}, error=\"invalid_token\"", self.challenge))),
        }
    }
}

impl Layer for BearerAuth {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        next.run_checked(self.enter(request), request)
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        next.begin_checked(self.enter(request), request)
    }
}

impl fmt::Debug for BearerAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerAuth").field("challenge", &self.challenge).finish_non_exhaustive()
    }
}
