//! Counts and times under the names by which others know them: what every export is made from.

use self::Kind::{Counter, Gauge};
use self::Unit::Bytes;
use super::{Distribution, Loops, Sessions, Totals};
use crate::udp;

/// Everything to be exported, each name once.
#[derive(Default)]
pub(super) struct Catalog {
    pub(super) families: Vec<Family>,
}

/// All samples of one name.
pub(super) struct Family {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) unit: Option<Unit>,
    pub(super) help: &'static str,
    pub(super) samples: Vec<Sample>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Base units, with which a name ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Bytes,
    Seconds,
}

pub(super) struct Sample {
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) value: Value,
}

pub(super) enum Value {
    Count(u64),
    Times(Distribution),
}

impl Unit {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
        }
    }
}

impl Catalog {
    pub(super) fn add_server(&mut self, name: &str, sessions: &Sessions) {
        let mut shelf = self.shelf("sockeye_server", name);
        shelf.count("refused", Counter, None, "Connections refused", sessions.refused);
        shelf.add_sessions(sessions);
    }

    pub(super) fn add_client(&mut self, name: &str, sessions: &Sessions) {
        self.shelf("sockeye_client", name).add_sessions(sessions);
    }

    pub(super) fn add_socket(&mut self, name: &str, stats: &udp::Stats) {
        self.shelf("sockeye_udp", name).add_datagrams(stats);
    }

    pub(super) fn add_service(&mut self, name: &str, totals: &Totals) {
        self.shelf("sockeye_service", name).add_loops(&totals.loops);
        let mut servers = self.shelf("sockeye_service_servers", name);
        servers.count("refused", Counter, None, "Connections refused", totals.servers.refused);
        servers.add_sessions(&totals.servers);
        self.shelf("sockeye_service_clients", name).add_sessions(&totals.clients);
        self.shelf("sockeye_service_udp", name).add_datagrams(&totals.udp);
    }

    fn shelf<'a>(&'a mut self, prefix: &'static str, name: &'a str) -> Shelf<'a> {
        Shelf { catalog: self, prefix, name }
    }

    fn family(
        &mut self,
        name: String,
        kind: Kind,
        unit: Option<Unit>,
        help: &'static str,
    ) -> &mut Family {
        let known = self.families.iter().position(|family| family.name == name);
        let index = known.unwrap_or_else(|| {
            self.families.push(Family { name, kind, unit, help, samples: Vec::new() });
            self.families.len() - 1
        });
        &mut self.families[index]
    }
}

/// What has the same owner, and begins with the same words.
struct Shelf<'a> {
    catalog: &'a mut Catalog,
    prefix: &'static str,
    name: &'a str,
}

impl Shelf<'_> {
    fn add_sessions(&mut self, of: &Sessions) {
        for (what, unit, help, count) in [
            ("begun", None, "Connections accepted, or attempts to connect begun", of.begun),
            ("opened", None, "Sessions opened", of.opened),
            ("failed", None, "Connections and attempts that ended before they opened", of.failed),
            ("received_bytes", Some(Bytes), "Bytes read from sockets", of.stats.bytes_received),
            ("sent_bytes", Some(Bytes), "Bytes that sockets took", of.stats.bytes_sent),
            ("messages_received", None, "Messages received", of.stats.messages_received),
            ("messages_sent", None, "Messages accepted for sending", of.stats.messages_sent),
            ("messages_dropped", None, "Messages skipped at a full queue", of.stats.dropped),
            ("panics", None, "Panics in handlers", of.panics),
            ("errors", None, "Other errors told to on_error", of.errors),
        ] {
            self.count(what, Counter, unit, help, count);
        }
        for (reason, count) in of.closed.iter() {
            let labels = vec![("name", self.name.into()), ("reason", reason.into())];
            let help = "Sessions closed, by reason";
            self.add("closed", Counter, None, help, Sample { labels, value: Value::Count(count) });
        }
        for (what, unit, help, count) in [
            ("active", None, "Sessions open now", of.active()),
            ("opening", None, "Connections and attempts not open yet", of.opening()),
            ("queued_bytes", Some(Bytes), "Bytes in the queues of all sessions now", of.queued),
            ("queued_most_bytes", Some(Bytes), "Most bytes in one session's queue", of.queued_most),
        ] {
            self.count(what, Gauge, unit, help, count);
        }
        self.times("handshake_seconds", "How long handshakes took that succeeded", &of.handshakes);
        self.times("open_seconds", "How long sessions were open that have closed", &of.durations);
    }

    fn add_loops(&mut self, loops: &Loops) {
        self.times("turn_seconds", "How long turns of loops took", &loops.turns);
        self.times("lag_seconds", "How long what becomes ready waits for its loop", &loops.lag);
        self.count("jobs", Gauge, None, "Jobs posted that have not been run", loops.jobs as u64);
        self.count("panics", Counter, None, "Panics told to on_error", loops.panics);
        self.count("errors", Counter, None, "Other errors told to on_error", loops.errors);
    }

    fn add_datagrams(&mut self, of: &udp::Stats) {
        for (what, unit, help, count) in [
            ("datagrams_received", None, "Datagrams handed to handlers", of.datagrams_received),
            ("datagrams_sent", None, "Datagrams that the system took", of.datagrams_sent),
            ("datagrams_dropped", None, "Datagrams skipped here", of.dropped),
            ("received_bytes", Some(Bytes), "Bytes of datagrams received", of.bytes_received),
            ("sent_bytes", Some(Bytes), "Bytes of datagrams sent", of.bytes_sent),
            ("errors", None, "Errors of sockets", of.errors),
        ] {
            self.count(what, Counter, unit, help, count);
        }
    }

    fn count(
        &mut self,
        what: &str,
        kind: Kind,
        unit: Option<Unit>,
        help: &'static str,
        count: u64,
    ) {
        let labels = vec![("name", self.name.into())];
        self.add(what, kind, unit, help, Sample { labels, value: Value::Count(count) });
    }

    fn times(&mut self, what: &str, help: &'static str, times: &Distribution) {
        let labels = vec![("name", self.name.into())];
        let sample = Sample { labels, value: Value::Times(times.clone()) };
        self.add(what, Kind::Histogram, Some(Unit::Seconds), help, sample);
    }

    fn add(
        &mut self,
        what: &str,
        kind: Kind,
        unit: Option<Unit>,
        help: &'static str,
        sample: Sample,
    ) {
        let name = format!("{}_{what}", self.prefix);
        self.catalog.family(name, kind, unit, help).samples.push(sample);
    }
}
