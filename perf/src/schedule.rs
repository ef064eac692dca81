//! When messages are due that do not wait for others to come back.

use std::time::Duration;

/// Messages at a steady rate, from each client in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    rate: f64,
    clients: u64,
    total: u64,
}

/// One message of a [`Schedule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// Whose message it is.
    pub(crate) client: usize,
    /// How many messages of this client come before.
    pub(crate) message: u64,
    /// When it is due, in nanoseconds since the start.
    pub(crate) time: u64,
}

impl Schedule {
    /// So many messages per second of all clients together, for so long.
    pub(crate) fn new(rate: f64, clients: usize, duration: Duration) -> Self {
        let total = (rate * duration.as_secs_f64()).ceil() as u64;
        Self { rate, clients: clients as u64, total }
    }

    /// All messages, as they become due.
    pub(crate) fn all(&self) -> impl Iterator<Item = Due> {
        (0..self.total).map(|index| Due {
            client: (index % self.clients) as usize,
            message: index / self.clients,
            time: self.time(index),
        })
    }

    /// How many messages a client sends.
    pub(crate) fn messages(&self, client: usize) -> u64 {
        self.total.saturating_sub(client as u64).div_ceil(self.clients)
    }

    /// When a client's message is due, in nanoseconds since the start.
    pub(crate) fn due(&self, client: usize, message: u64) -> u64 {
        self.time(message * self.clients + client as u64)
    }

    fn time(&self, index: u64) -> u64 {
        (index as f64 * 1e9 / self.rate) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_spread_evenly() {
        let schedule = Schedule::new(1000.0, 3, Duration::from_millis(5));
        let all: Vec<Due> = schedule.all().collect();
        assert_eq!(all.iter().map(|due| due.client).collect::<Vec<_>>(), [0, 1, 2, 0, 1]);
        assert_eq!(all.iter().map(|due| due.message).collect::<Vec<_>>(), [0, 0, 0, 1, 1]);
        assert!(all.iter().map(|due| due.time).eq((0..5).map(|index| index * 1_000_000)));
    }

    #[test]
    fn both_views_agree() {
        for (rate, clients) in [(1.0, 1), (7.0, 100), (999.5, 7), (20_000.0, 64)] {
            let schedule = Schedule::new(rate, clients, Duration::from_secs(2));
            let mut sent = vec![0; clients];
            for due in schedule.all() {
                assert_eq!(due.message, sent[due.client]);
                assert_eq!(due.time, schedule.due(due.client, due.message));
                sent[due.client] += 1;
            }
            assert!(sent.iter().enumerate().all(|(client, &n)| n == schedule.messages(client)));
            assert_eq!(sent.iter().sum::<u64>(), (rate * 2.0_f64).ceil() as u64);
        }
    }
}
