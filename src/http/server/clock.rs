//! The date, formatted once a second by each thread.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::codec::http::date;

thread_local! {
    static DATE: Cell<Option<(Instant, [u8; 29])>> = const { Cell::new(None) };
}

/// The date at this moment, as a `Date` field says it.
#[inline]
pub(super) fn date(now: Instant) -> [u8; 29] {
    match DATE.get() {
        Some((until, date)) if now < until => date,
        _ => renew(now),
    }
}

#[cold]
fn renew(now: Instant) -> [u8; 29] {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let date = date::format(since.as_secs());
    let rest =
        Duration::from_secs(1).saturating_sub(Duration::from_nanos(since.subsec_nanos().into()));
    DATE.set(Some((now + rest, date)));
    date
}
