//! How fast it is here: a server and a hundred clients in one process, over real sockets.
//!
//! ```text
//! cargo run --release --example demo [seconds] [clients]
//! ```
//!
//! Each client sends 32 bytes, waits until the server has sent them back, notes how long that took,
//! and sends the next. That goes on for three seconds in each of the two scaling designs.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use sockeye::{Client, CloseReason, Server, Service, raw, service};

const MESSAGE: [u8; 32] = [b'.'; 32];

/// How long connecting and closing may take.
const LIMIT: Duration = Duration::from_secs(10);

struct Echo;

impl raw::Handler for Echo {
    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        session.send(data);
    }
}

/// A client's side of a connection.
struct Ping {
    running: Arc<AtomicBool>,
    /// When the message under way was sent; the first is not counted.
    sent: Option<Instant>,
    /// Bytes of its answer that have come.
    answered: usize,
    /// What each round trip took, in nanoseconds.
    latencies: Vec<u32>,
    done: Sender<(CloseReason, Vec<u32>)>,
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
            self.latencies.push(latency.unwrap_or(u32::MAX));
        }
        session.send(MESSAGE);
    }

    fn on_close(&mut self, _session: &mut raw::Session<'_>, reason: &CloseReason) {
        let _ = self.done.send((reason.clone(), std::mem::take(&mut self.latencies)));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = |_| "usage: demo [seconds] [clients]";
    let seconds: u32 = args.next().map_or(Ok(3), |text| text.parse()).map_err(usage)?;
    let clients: usize = args.next().map_or(Ok(100), |text| text.parse()).map_err(usage)?;
    let threads = thread::available_parallelism()?.get();

    println!("{clients} clients and a server on {threads} threads, over TCP on this machine:");
    println!("{} bytes there and back, one message at a time per client.", MESSAGE.len());
    if cfg!(debug_assertions) {
        println!("This is a debug build. Numbers worth reading need `cargo run --release`.");
    }

    let designs = [
        ("I/O loop per thread", Service::builder().loop_per_thread(threads)),
        ("thread pool", Service::builder().thread_pool(threads)),
    ];
    let mut table = vec![HEADER.map(String::from)];
    for (name, builder) in designs {
        println!("\n{name}");
        table.push(measure(builder, seconds, clients)?.row(name));
    }
    println!();
    print_table(&table);
    Ok(())
}

/// What came of a run.
struct Report {
    elapsed: Duration,
    /// Ascending.
    latencies: Vec<u32>,
}

fn measure(
    builder: service::Builder,
    seconds: u32,
    clients: usize,
) -> Result<Report, Box<dyn Error>> {
    let service = builder.start()?;
    let server = Server::builder(&service, raw::server(|_peer| Echo)).listen("127.0.0.1:0")?;
    let address = server.local_addr();

    let running = Arc::new(AtomicBool::new(true));
    let (done, results) = mpsc::channel();
    let ping = || Ping {
        running: Arc::clone(&running),
        sent: None,
        answered: 0,
        latencies: Vec::new(),
        done: done.clone(),
    };
    let connect = |_| Client::builder(&service, raw::client(ping())).connect(&address);
    let clients = (0..clients).map(connect).collect::<Result<Vec<_>, _>>()?;
    for client in &clients {
        client.wait_connected(LIMIT)?;
    }

    let begun = Instant::now();
    for client in &clients {
        client.handle().send(MESSAGE);
    }
    let mut before = 0;
    for second in 1..=seconds {
        thread::sleep(begun + Duration::from_secs(1) * second - Instant::now());
        let messages = server.metrics().stats.messages_received;
        println!("  second {second:>2}  {:>11} messages", grouped(messages - before));
        before = messages;
    }
    running.store(false, Ordering::Relaxed);
    let elapsed = begun.elapsed();

    let mut latencies = Vec::new();
    for _ in &clients {
        let (reason, of_one) = results.recv_timeout(LIMIT)?;
        if !reason.is_clean() {
            return Err(format!("a client was {reason}").into());
        }
        latencies.extend(of_one);
    }
    latencies.sort_unstable();
    service.shutdown(LIMIT)?;
    Ok(Report { elapsed, latencies })
}

const HEADER: [&str; 6] = ["", "messages/s", "p50", "p90", "p99", "max"];

impl Report {
    fn row(&self, name: &str) -> [String; 6] {
        let count = self.latencies.len();
        let per_second = count as f64 / self.elapsed.as_secs_f64();
        // The smallest latency that this share of all messages did not exceed.
        let percentile = |share: f64| {
            let rank = (count as f64 * share).ceil() as usize;
            self.latencies
                .get(rank.saturating_sub(1))
                .map_or_else(|| "-".into(), |nanos| time(*nanos))
        };
        [
            name.to_string(),
            grouped(per_second as u64),
            percentile(0.5),
            percentile(0.9),
            percentile(0.99),
            percentile(1.0),
        ]
    }
}

/// The first column to the left, the others to the right.
fn print_table(rows: &[[String; 6]]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; 6] = std::array::from_fn(|column| width(column).unwrap_or(0));
    for [name, numbers @ ..] in rows {
        print!("{name:<0$}", widths[0]);
        for (number, width) in numbers.iter().zip(&widths[1..]) {
            print!("   {number:>width$}");
        }
        println!();
    }
}

fn time(nanos: u32) -> String {
    let micros = f64::from(nanos) / 1e3;
    if micros < 1e3 { format!("{micros:.0} µs") } else { format!("{:.2} ms", micros / 1e3) }
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
