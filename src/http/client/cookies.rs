//! The cookies of a client.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::codec::http::{CookieJar, Headers, Url};

/// What servers have set, for all requests of a client.
#[derive(Default)]
pub(super) struct Cookies(Mutex<CookieJar>);

impl Cookies {
    /// The value of the field `Cookie` of a request.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        self.lock().header(url, now())
    }

    /// Takes what a response sets.
    pub(super) fn store(&self, headers: Headers<'_>, url: &Url) {
        let now = now();
        for cookie in headers.all("set-cookie") {
            self.lock().store(cookie, url, now);
        }
    }

    pub(super) fn copy(&self) -> CookieJar {
        self.lock().clone()
    }

    pub(super) fn replace(&self, jar: CookieJar) {
        *self.lock() = jar;
    }

    fn lock(&self) -> MutexGuard<'_, CookieJar> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
