//! The beginning of most answers, with the date: formatted once a second by each thread.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::codec::http::{Status, date, write};

/// `HTTP/1.1 200 OK` and the date, each with its line's end: in one piece, as that is quickest to
/// copy.
#[derive(Clone, Copy)]
pub(super) struct Opening([u8; LEN]);

const STATUS: &[u8; 17] = b"HTTP/1.1 200 OK\r\n";
const LEN: usize = STATUS.len() + b"Date: \r\n".len() + 29;

thread_local! {
    static OPENING: Cell<Option<(Instant, Opening)>> = const { Cell::new(None) };
}

impl Opening {
    /// That of this moment.
    #[inline]
    pub(super) fn at(now: Instant) -> Self {
        match OPENING.get() {
            Some((until, opening)) if now < until => opening,
            _ => Self::renewed(now),
        }
    }

    #[cold]
    fn renewed(now: Instant) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut line = Vec::with_capacity(LEN);
        write::status_line(&mut line, Status::OK);
        write::date(&mut line, &date::format(since.as_secs()));
        let mut opening = Self([b' '; LEN]);
        opening.0.copy_from_slice(&line);
        let passed = Duration::from_nanos(since.subsec_nanos().into());
        OPENING.set(Some((now + Duration::from_secs(1).saturating_sub(passed), opening)));
        opening
    }

    /// Appends the line with this status, and that with the date.
    #[inline]
    pub(super) fn write(&self, out: &mut Vec<u8>, status: Status) {
        if status == Status::OK {
            return out.extend_from_slice(&self.0);
        }
        write::status_line(out, status);
        out.extend_from_slice(&self.0[STATUS.len()..]);
    }
}
