//! The logging middleware. A program has one logger, so that this is a program of its own.

use std::sync::Mutex;

use log::kv::{self, VisitSource};
use log::{Level, LevelFilter, Log, Metadata, Record};
use sockeye::middleware::Logging;
use sockeye::testing::Harness;
use sockeye::{Endpoint, raw};

/// Keeps the records of the targets that begin with `test`.
struct Kept(Mutex<Vec<String>>);

static KEPT: Kept = Kept(Mutex::new(Vec::new()));

impl Log for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("test") && metadata.level() != Level::Debug
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut line = format!("{} {} {}", record.target(), record.level(), record.args());
            let _ = record.key_values().visit(&mut Pairs(&mut line));
            self.0.lock().unwrap_or_else(|lock| lock.into_inner()).push(line);
        }
    }

    fn flush(&self) {}
}

struct Pairs<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for Pairs<'_> {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        *self.0 += &format!(" {key}={value}");
        Ok(())
    }
}

fn take() -> Vec<String> {
    std::mem::take(&mut *KEPT.0.lock().unwrap_or_else(|lock| lock.into_inner()))
}

fn echo(session: &mut raw::Session<'_>, data: &[u8]) {
    if data == b"panic" {
        panic!("as told");
    }
    session.send(data);
}

#[test]
fn sessions_and_messages_are_written_down_as_wanted() {
    log::set_logger(&KEPT).expect("the only logger");
    log::set_max_level(LevelFilter::Trace);

    let mut peer = Harness::new(raw::server(|_| echo).with(Logging::new().target("test")));
    let handle = peer.handle();
    let who = format!("session={} peer={}", handle.id(), handle.peer_addr().expect("a peer"));
    peer.feed("secret");
    peer.finish();
    assert_eq!(
        take(),
        [
            format!("test INFO opened {who}"),
            format!("test TRACE received 6 bytes {who}"),
            format!("test TRACE sent 6 bytes {who}"),
            format!("test INFO closed by the peer {who}"),
        ]
    );

    let logging = Logging::new().target("test two").level(Level::Debug).contents(4);
    let mut peer = Harness::new(raw::server(|_| echo).with(move |_: &Endpoint| logging));
    let handle = peer.handle();
    let who = format!("session={} peer={}", handle.id(), handle.peer_addr().expect("a peer"));
    peer.feed("a\n");
    peer.feed("panic");
    assert_eq!(
        take(),
        [
            format!("test two TRACE received 2 bytes: a\\n {who}"),
            format!("test two TRACE sent 2 bytes: a\\n {who}"),
            format!("test two TRACE received 5 bytes: pani.. {who}"),
            format!(
                "test two WARN cannot run a session's callback: a callback panicked (as told) {who}"
            ),
        ]
    );

    log::set_max_level(LevelFilter::Debug);
    let mut peer = Harness::new(
        raw::client(echo).with(Logging::new().target("test three").level(Level::Warn)),
    );
    peer.feed("nobody shall know");
    let records = take();
    assert_eq!(records.len(), 1, "{records:?}");
    assert!(records[0].starts_with("test three WARN opened session="));
}
