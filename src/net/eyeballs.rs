//! RFC 8305, "Happy Eyeballs": a host has several addresses, some of which may lead nowhere; one
//! connection is wanted, soon. A machine without a socket or a clock: it says what to do next.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::Endpoint;

/// RFC 8305 5: the recommended Connection Attempt Delay.
pub(crate) const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The attempts to reach one host. The first that connects wins: its owner then drops the machine
/// and closes the others. A limit for the whole is the owner's, too.
#[derive(Debug)]
pub(crate) struct Eyeballs {
    untried: VecDeque<Endpoint>,
    trying: Vec<Endpoint>,
    next_at: Option<Instant>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Begin to connect to this address, and poll again.
    Start(Endpoint),
    /// Poll again at this time, or when an attempt has failed; at `None` only then.
    Wait(Option<Instant>),
    /// Every address has failed (or there was none).
    Failed,
}

impl Eyeballs {
    /// Takes what a resolver answered.
    pub(crate) fn new(addresses: Vec<Endpoint>) -> Self {
        Self { untried: sorted(addresses), trying: Vec::new(), next_at: None }
    }

    /// Says what to do now; to be asked until it says other than `Start`.
    pub(crate) fn poll(&mut self, now: Instant) -> Step {
        if let Some(at) = self.next_at
            && now < at
            && !self.untried.is_empty()
        {
            return Step::Wait(Some(at));
        }
        if let Some(addr) = self.untried.pop_front() {
            self.trying.push(addr.clone());
            self.next_at = Some(now + ATTEMPT_DELAY);
            return Step::Start(addr);
        }
        if self.trying.is_empty() { Step::Failed } else { Step::Wait(None) }
    }

    /// The attempt on this address has failed: the next need not wait (RFC 8305 5).
    pub(crate) fn failed(&mut self, now: Instant, addr: &Endpoint) {
        if let Some(index) = self.trying.iter().position(|trying| trying == addr) {
            self.trying.swap_remove(index);
            self.next_at = Some(now);
        }
    }
}

/// RFC 8305 4, with a First Address Family Count of 1: the families take turns, beginning with that
/// of the first address; within a family the order stays, as it is the system's (RFC 6724). What is
/// not on the network counts as the other family than IPv6.
fn sorted(addresses: Vec<Endpoint>) -> VecDeque<Endpoint> {
    let mut seen = HashSet::new();
    let first_is_ipv6 = addresses.first().is_some_and(is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .filter(|addr| seen.insert(addr.clone()))
        .partition(|addr| is_ipv6(addr) == first_is_ipv6);
    let mut sorted = VecDeque::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        match (first.next(), second.next()) {
            (None, None) => return sorted,
            pair => sorted.extend(pair.0.into_iter().chain(pair.1)),
        }
    }
}

fn is_ipv6(end: &Endpoint) -> bool {
    end.ip().is_some_and(|ip| ip.is_ipv6())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A6: &str = "[2001:db8::1]:80";
    const B6: &str = "[2001:db8::2]:80";
    const C6: &str = "[2001:db8::3]:80";
    const A4: &str = "192.0.2.1:80";
    const B4: &str = "192.0.2.2:80";

    fn addr(text: &str) -> Endpoint {
        Endpoint::Inet(text.parse().unwrap())
    }

    fn eyeballs(texts: &[&str]) -> Eyeballs {
        Eyeballs::new(texts.iter().map(|text| addr(text)).collect())
    }

    /// RFC 8305 4.
    #[test]
    fn families_take_turns() {
        let table: [(&[&str], &[&str]); 6] = [
            (&[A6, B6, C6, A4, B4], &[A6, A4, B6, B4, C6]),
            (&[A4, B4, A6], &[A4, A6, B4]),
            (&[A4, A6, B6, C6], &[A4, A6, B6, C6]),
            (&[B6, A6, B6, B6], &[B6, A6]),
            (&[A4], &[A4]),
            (&[], &[]),
        ];
        for (given, expected) in table {
            let expected: Vec<_> = expected.iter().map(|text| addr(text)).collect();
            assert_eq!(eyeballs(given).untried, expected, "{given:?}");
        }
    }

    /// RFC 8305 5.
    #[test]
    fn attempts_start_one_delay_apart() {
        let (start, mut machine) = (Instant::now(), eyeballs(&[A6, A4, B6]));
        let second = start + ATTEMPT_DELAY;
        assert_eq!(machine.poll(start), Step::Start(addr(A6)));
        assert_eq!(machine.poll(start), Step::Wait(Some(second)));
        assert_eq!(machine.poll(second - Duration::from_nanos(1)), Step::Wait(Some(second)));
        let late = second + Duration::from_secs(1);
        assert_eq!(machine.poll(late), Step::Start(addr(A4)));
        assert_eq!(machine.poll(late), Step::Wait(Some(late + ATTEMPT_DELAY)));
        assert_eq!(machine.poll(late + ATTEMPT_DELAY), Step::Start(addr(B6)));
        assert_eq!(machine.poll(late + ATTEMPT_DELAY), Step::Wait(None));
    }

    /// RFC 8305 5.
    #[test]
    fn a_failure_starts_the_next_at_once() {
        let (now, mut machine) = (Instant::now(), eyeballs(&[A6, A4]));
        assert_eq!(machine.poll(now), Step::Start(addr(A6)));
        machine.failed(now, &addr(A6));
        assert_eq!(machine.poll(now), Step::Start(addr(A4)));
        assert_eq!(machine.poll(now), Step::Wait(None));
    }

    #[test]
    fn it_has_failed_when_every_attempt_has() {
        let (now, mut machine) = (Instant::now(), eyeballs(&[A6, A4]));
        assert_eq!(machine.poll(now), Step::Start(addr(A6)));
        assert_eq!(machine.poll(now + ATTEMPT_DELAY), Step::Start(addr(A4)));
        machine.failed(now, &addr(A4));
        assert_eq!(machine.poll(now + ATTEMPT_DELAY), Step::Wait(None));
        machine.failed(now, &addr(A6));
        assert_eq!(machine.poll(now + ATTEMPT_DELAY), Step::Failed);
        assert_eq!(eyeballs(&[]).poll(now), Step::Failed);
    }

    #[test]
    fn a_failure_told_twice_counts_once() {
        let (now, mut machine) = (Instant::now(), eyeballs(&[A6, A4, B6]));
        assert_eq!(machine.poll(now), Step::Start(addr(A6)));
        machine.failed(now, &addr(A6));
        assert_eq!(machine.poll(now), Step::Start(addr(A4)));
        machine.failed(now, &addr(A6));
        assert_eq!(machine.poll(now), Step::Wait(Some(now + ATTEMPT_DELAY)));
    }
}
