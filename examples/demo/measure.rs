//! The benchmark: clients that send, wait for the answer, and send again.

use std::error::Error;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use sockeye::{Client, CloseReason, Server, raw, service};

use crate::histogram::Histogram;
use crate::memory;

pub(crate) const MESSAGE: [u8; 32] = [b'.'; 32];

/// How long connecting and closing may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// How often it is read what has happened.
const TICK: Duration = Duration::from_millis(500);

struct Echo;

impl raw::Handler for Echo {
    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        session.send(data);
    }
}

/// What round trips took since that was last read, in nanoseconds. Nobody but the client and,
/// for a moment, the reader wants it: some 10 ns of the microseconds that a round trip takes.
type Latencies = Arc<Mutex<Vec<u32>>>;

/// A client's side of a connection.
struct Ping {
    running: Arc<AtomicBool>,
    /// When the message under way was sent; the first is not counted.
    sent: Option<Instant>,
    /// Bytes of its answer that have come.
    answered: usize,
    latencies: Latencies,
    done: Sender<CloseReason>,
}

impl raw::Handler for Ping {
    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        self.answered += data.len();
        if self.answered < MESSAGE.len() {
            return;
        }
        self.answered = 0;
        if !self.running.load(Ordering::Relaxed) {
            return session.close();
        }
        let now = Instant::now();
        if let Some(sent) = self.sent.replace(now) {
            let latency = u32::try_from((now - sent).as_nanos());
            lock(&self.latencies).push(latency.unwrap_or(u32::MAX));
        }
        session.send(MESSAGE);
    }

    fn on_close(&mut self, _session: &mut raw::Session<'_>, reason: &CloseReason) {
        let _ = self.done.send(reason.clone());
    }
}

/// What came of a run, or of half a second of it.
#[derive(Serialize)]
pub(crate) struct Reading {
    pub(crate) connections: u64,
    pub(crate) messages: u64,
    /// Messages in a second.
    pub(crate) rate: f64,
    /// Round trips, in nanoseconds.
    pub(crate) p50: Option<u32>,
    pub(crate) p90: Option<u32>,
    pub(crate) p99: Option<u32>,
    pub(crate) max: Option<u32>,
    /// Bytes of the process, where the system tells.
    memory: Option<u64>,
}

impl Reading {
    fn of(latencies: &Histogram, elapsed: Duration, connections: u64) -> Self {
        Self {
            connections,
            messages: latencies.count(),
            rate: latencies.count() as f64 / elapsed.as_secs_f64(),
            p50: latencies.percentile(0.5),
            p90: latencies.percentile(0.9),
            p99: latencies.percentile(0.99),
            max: latencies.max(),
            memory: memory::resident(),
        }
    }
}

/// Runs for so long, and tells twice a second what has happened since.
pub(crate) fn measure(
    builder: service::Builder,
    seconds: u32,
    clients: usize,
    mut tell: impl FnMut(u32, &Reading),
) -> Result<Reading, Box<dyn Error>> {
    let service = builder.start()?;
    let server = Server::builder(&service, raw::server(|_peer| Echo)).listen("127.0.0.1:0")?;
    let address = server.local_addr();

    let running = Arc::new(AtomicBool::new(true));
    let (done, results) = mpsc::channel();
    let latencies = (0..clients).map(|_| Latencies::default()).collect::<Vec<_>>();
    let ping = |latencies: &Latencies| Ping {
        running: Arc::clone(&running),
        sent: None,
        answered: 0,
        latencies: Arc::clone(latencies),
        done: done.clone(),
    };
    let connect =
        |latencies| Client::builder(&service, raw::client(ping(latencies))).connect(&address);
    let clients = latencies.iter().map(connect).collect::<Result<Vec<_>, _>>()?;
    for client in &clients {
        client.wait_connected(LIMIT)?;
    }

    let begun = Instant::now();
    for client in &clients {
        client.handle().send(MESSAGE);
    }
    let (mut all, mut spare, mut before) = (Histogram::new(), Vec::new(), begun);
    for tick in 1..=2 * seconds {
        thread::sleep((begun + TICK * tick).saturating_duration_since(Instant::now()));
        let now = Instant::now();
        let new = collect(&latencies, &mut spare);
        tell(tick, &Reading::of(&new, now - before, server.metrics().active()));
        all.merge(&new);
        before = now;
    }
    running.store(false, Ordering::Relaxed);
    let (elapsed, connections) = (begun.elapsed(), server.metrics().active());

    for _ in &clients {
        let reason = results.recv_timeout(LIMIT)?;
        if !reason.is_clean() {
            return Err(format!("a client was {reason}").into());
        }
    }
    all.merge(&collect(&latencies, &mut spare));
    service.shutdown(LIMIT)?;
    Ok(Reading::of(&all, elapsed, connections))
}

/// Takes what the clients have noted. They go on with the room that others have had before.
fn collect(latencies: &[Latencies], spare: &mut Vec<u32>) -> Histogram {
    let mut collected = Histogram::new();
    for of_one in latencies {
        spare.clear();
        mem::swap(&mut *lock(of_one), spare);
        spare.iter().for_each(|nanos| collected.add(*nanos));
    }
    collected
}

fn lock(latencies: &Latencies) -> MutexGuard<'_, Vec<u32>> {
    latencies.lock().unwrap_or_else(PoisonError::into_inner)
}
