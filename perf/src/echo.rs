//! Messages that come back: what is in flight, whether it returns unharmed, and after what time.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::pattern::Stream;
use crate::run::Run;
use crate::schedule::Schedule;
use crate::statistics::Sample;
use crate::talk::Talk;

/// One client's messages.
///
/// It never begins: the first messages are sent, and where a schedule is kept all of them, by
/// whoever starts the run.
#[derive(Debug)]
pub struct Echo {
    run: Arc<Run>,
    client: usize,
    stream: Stream,
    size: u64,
    /// Messages that may come back.
    sent: u64,
    /// Bytes that came back.
    received: u64,
    times: Times,
    ended: bool,
}

/// When messages are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// So many at once when the run starts, then one for each that comes back.
    InFlight(u64),
    /// When they are due.
    Due(Schedule),
}

impl Pace {
    /// How many of so many clients send anything.
    pub(crate) fn senders(&self, clients: usize) -> usize {
        match self {
            Self::InFlight(_) => clients,
            Self::Due(schedule) => (0..clients).filter(|&c| schedule.messages(c) > 0).count(),
        }
    }
}

impl Echo {
    /// A client that has nothing back yet.
    pub(crate) fn new(run: Arc<Run>, client: usize, size: usize, pace: Pace) -> Self {
        let (sent, times) = match pace {
            Pace::InFlight(messages) => (messages, Times::Sent([(messages, None)].into())),
            Pace::Due(schedule) => (schedule.messages(client), Times::Due(schedule)),
        };
        let stream = Stream::new(client);
        Self { run, client, stream, size: size as u64, sent, received: 0, times, ended: false }
    }

    fn received_at(&mut self, now: u64, data: &[u8]) -> Result<u64, String> {
        if let Some(at) = self.stream.mismatch(self.received, data) {
            return Err(format!("byte {at} is not what was sent"));
        }
        let before = self.received / self.size;
        self.received += data.len() as u64;
        if self.received > self.sent * self.size {
            return Err("more came back than was sent".to_owned());
        }
        let messages = self.received / self.size - before;
        self.count(now, data.len(), before, messages);
        Ok(self.replace(now, messages))
    }

    fn count(&mut self, now: u64, bytes: usize, before: u64, messages: u64) {
        let mut sample = self.run.statistics().of(self.client);
        sample.bytes += bytes as u64;
        sample.messages += messages;
        sample.last = sample.last.max(now);
        match &mut self.times {
            Times::Sent(times) => {
                let first = || self.run.kicked(self.client);
                record(&mut sample, times, first, now, messages);
            }
            Times::Due(schedule) => {
                for message in before..before + messages {
                    let due = self.run.begin() + schedule.due(self.client, message);
                    sample.record(now.saturating_sub(due), 1);
                }
            }
        }
    }

    /// How many messages follow those that came back.
    fn replace(&mut self, now: u64, messages: u64) -> u64 {
        if let Times::Sent(times) = &mut self.times
            && self.run.goes_on(now)
        {
            if messages > 0 {
                times.push_back((messages, Some(now)));
                self.sent += messages;
            }
            return messages;
        }
        if self.received == self.sent * self.size {
            self.ended = true;
            self.run.finished();
        }
        0
    }

    fn fail(&mut self, error: &str) {
        self.ended = true;
        self.run.failed(format!("client {}: {error}", self.client));
    }
}

impl Talk for Echo {
    fn received(&mut self, data: &[u8]) -> u64 {
        if self.ended {
            return 0;
        }
        self.received_at(self.run.now(), data).unwrap_or_else(|error| {
            self.fail(&error);
            0
        })
    }

    fn next(&mut self, messages: u64) -> impl Iterator<Item = &'static [u8]> {
        self.stream.pieces((self.sent - messages) * self.size, messages * self.size)
    }

    fn closed(&mut self, why: &str) {
        if !self.ended && !self.run.is_closing() {
            self.fail(why);
        }
    }
}

#[derive(Debug)]
enum Times {
    /// How many messages were sent at once, and when; unknown for the first ones.
    Sent(VecDeque<(u64, Option<u64>)>),
    Due(Schedule),
}

/// Takes messages that came back from those in flight.
fn record(
    sample: &mut Sample,
    times: &mut VecDeque<(u64, Option<u64>)>,
    first: impl Fn() -> u64,
    now: u64,
    mut messages: u64,
) {
    while messages > 0
        && let Some((left, time)) = times.front_mut()
    {
        let some = messages.min(*left);
        sample.record(now.saturating_sub(time.unwrap_or_else(&first)), some);
        messages -= some;
        *left -= some;
        if *left == 0 {
            times.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SIZE: usize = 10;

    fn echo(pace: Pace) -> (Arc<Run>, Echo) {
        let run = Arc::new(Run::new(1));
        let echo = Echo::new(Arc::clone(&run), 0, SIZE, pace);
        run.start(Duration::from_secs(3600));
        run.kick(0);
        (run, echo)
    }

    fn bytes(position: u64, length: u64) -> Vec<u8> {
        Stream::new(0).pieces(position, length).collect::<Vec<_>>().concat()
    }

    #[test]
    fn whole_messages_are_replaced() {
        let (run, mut echo) = echo(Pace::InFlight(4));
        assert_eq!(echo.received(&bytes(0, 9)), 0);
        assert_eq!(echo.received(&bytes(9, 12)), 2);
        assert_eq!(echo.next(2).collect::<Vec<_>>().concat(), bytes(40, 20));
        assert_eq!(echo.received(&bytes(21, 39)), 4);
        assert_eq!(echo.next(4).collect::<Vec<_>>().concat(), bytes(60, 40));
        let total = run.statistics().total();
        assert_eq!((total.messages, total.bytes, run.errors()), (6, 60, 0));
    }

    #[test]
    fn latency_counts_from_the_send_to_the_last_byte() {
        let (run, mut echo) = echo(Pace::InFlight(2));
        let kicked = run.kicked(0);
        assert_eq!(echo.received_at(kicked + 100, &bytes(0, 10)), Ok(1));
        assert_eq!(echo.received_at(kicked + 200, &bytes(10, 15)), Ok(1));
        assert_eq!(echo.received_at(kicked + 900, &bytes(25, 5)), Ok(1));
        let total = run.statistics().total();
        let latencies = [0.33, 0.66, 1.0].map(|share| total.latency(share));
        assert_eq!(latencies, [Some(100), Some(200), Some(800)]);
        assert_eq!(total.last, kicked + 900);
    }

    #[test]
    fn nothing_is_replaced_after_the_end() {
        let (run, mut echo) = echo(Pace::InFlight(2));
        run.start(Duration::ZERO);
        assert_eq!(echo.received(&bytes(0, 19)), 0);
        assert!(!run.wait_finished(1, Duration::ZERO));
        assert_eq!(echo.received(&bytes(19, 1)), 0);
        assert!(run.wait_finished(1, Duration::ZERO));
        echo.closed("gone");
        assert_eq!(run.error(), None);
    }

    #[test]
    fn harm_is_found() {
        let doubled = [bytes(0, 10), bytes(0, 10)].concat();
        for (data, error) in [
            (bytes(1, 10), "client 0: byte 0 is not what was sent"),
            (doubled, "client 0: byte 10 is not what was sent"),
            (bytes(0, 41), "client 0: more came back than was sent"),
        ] {
            let (run, mut echo) = echo(Pace::InFlight(4));
            assert_eq!(echo.received(&data), 0);
            assert_eq!(run.error().as_deref(), Some(error));
            assert_eq!(echo.received(&data), 0);
            assert_eq!(run.errors(), 1);
        }
    }

    #[test]
    fn a_lost_connection_is_an_error_until_closing() {
        let (run, mut lost) = echo(Pace::InFlight(1));
        lost.closed("reset");
        assert_eq!(run.error().as_deref(), Some("client 0: reset"));
        let (run, mut closed) = echo(Pace::InFlight(1));
        run.close();
        closed.closed("local");
        assert_eq!(run.error(), None);
    }

    #[test]
    fn latency_counts_from_when_a_message_was_due() {
        let schedule = Schedule::new(1000.0, 1, Duration::from_millis(3));
        let (run, mut echo) = echo(Pace::Due(schedule));
        let begin = run.begin();
        assert_eq!(echo.received_at(begin + 5_000_000, &bytes(0, 30)), Ok(0));
        let total = run.statistics().total();
        for (share, expected) in [(0.33, 3_000_000), (0.66, 4_000_000), (1.0, 5_000_000)] {
            assert!(total.latency(share).unwrap().abs_diff(expected) < 5_000);
        }
        assert!(run.wait_finished(1, Duration::ZERO));
    }
}
