//! How connections to a name in memory are: how much fits in, and what goes wrong.

use std::sync::Arc;

use super::{Faults, memory};

/// How the connections to a name in memory are. By default nothing goes wrong, 64 KiB can be under
/// way in each direction, and 128 connections can wait to be accepted.
///
/// See [`set_conditions`](crate::testing::set_conditions).
#[derive(Clone, Debug)]
#[must_use]
pub struct Conditions {
    server: Faults,
    client: Faults,
    capacity: usize,
    pub(super) backlog: usize,
}

impl Conditions {
    /// What goes wrong when the server's side of each connection reads and writes. Each connection
    /// draws its own faults; the same seed gives the first, the second .. connection the same ones.
    pub fn server(mut self, faults: Faults) -> Self {
        self.server = faults;
        self
    }

    /// What goes wrong when the client's side of each connection reads and writes.
    pub fn client(mut self, faults: Faults) -> Self {
        self.client = faults;
        self
    }

    /// Bytes that can be under way in each direction, written by one side and not yet read by the
    /// other. 0 counts as 1.
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes;
        self
    }

    /// How many connections can wait to be accepted; clients ask again until there is room. 0
    /// counts as 1.
    pub fn backlog(mut self, connections: usize) -> Self {
        self.backlog = connections.max(1);
        self
    }

    /// The two ends of the next connection: the server's and the client's.
    pub(super) fn pair(&mut self, name: &Arc<str>) -> (memory::End, memory::End) {
        memory::named_pair(name, self.capacity, self.server.draw(), self.client.draw())
    }
}

impl Default for Conditions {
    fn default() -> Self {
        let (server, client) = (Faults::default(), Faults::default());
        Self { server, client, capacity: 64 << 10, backlog: 128 }
    }
}
