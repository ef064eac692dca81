//! Whether the peer is still there.

use std::time::Duration;

/// Pings at an interval, and how many of them may stay without an answer. Any bytes of the peer's
/// are an answer.
///
/// ```
/// use std::time::Duration;
/// use sockeye::ws::Heartbeat;
///
/// // Who says nothing for 40 to 60 seconds is cut off.
/// let heartbeat = Heartbeat::every(Duration::from_secs(20)).missed(2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    pub(super) interval: Duration,
    pub(super) missed: u32,
}

/// Every 30 seconds; cut off when 3 have not been answered.
impl Default for Heartbeat {
    fn default() -> Self {
        Self::every(Duration::from_secs(30))
    }
}

impl Heartbeat {
    /// A ping at this interval, at least a millisecond.
    pub fn every(interval: Duration) -> Self {
        Self { interval: interval.max(Duration::from_millis(1)), missed: 3 }
    }

    /// How many pings in a row may stay without an answer until the connection is cut, with
    /// [`Limit::Pong`](crate::Limit::Pong). Default: 3; at least 1.
    #[must_use]
    pub fn missed(mut self, count: u32) -> Self {
        self.missed = count.max(1);
        self
    }
}
