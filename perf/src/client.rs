//! Running a client program.

use std::fmt::Display;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use sockeye::{Client, Service};

use crate::console;
use crate::datagram_multicast::DatagramListener;
use crate::datagrams::{Datagrams, SHORTEST};
use crate::echo::{Echo, Pace};
use crate::multicast::Listener;
use crate::options::{ClientOptions, EchoOptions};
use crate::pattern::Stream;
use crate::report::Report;
use crate::run::Run;
use crate::schedule::Schedule;

/// A connected client, as the thread sees it that drives the benchmark.
pub trait Link {
    /// Waits until it is connected.
    ///
    /// # Errors
    ///
    /// Why it will not be, or that the time is over.
    fn wait_connected(&self, within: Duration) -> sockeye::Result<()>;

    /// Sends one or several whole messages, waiting for room if there is none. What comes back for
    /// the first ones is replaced at once, so nothing may get in between.
    ///
    /// # Errors
    ///
    /// Why they cannot be sent.
    fn send(&self, data: &[u8]) -> sockeye::Result<()>;
}

impl Link for Client {
    fn wait_connected(&self, within: Duration) -> sockeye::Result<()> {
        Self::wait_connected(self, within)
    }

    fn send(&self, data: &[u8]) -> sockeye::Result<()> {
        self.handle().send_within(data, LATE)
    }
}

/// Measures a server that sends back what it gets.
pub fn echo<L: Link>(
    options: &EchoOptions,
    connect: impl Fn(&Service, Echo) -> sockeye::Result<L>,
) -> ExitCode {
    let (size, pace) = (options.client.size.get(), options.pace());
    let talk = |run, client| Echo::new(run, client, size, pace);
    measure_echo(options, size, Losses::None, talk, connect)
}

/// Measures a server that sends back the datagrams it gets. What is lost is sent again.
pub fn datagram_echo<L: Link>(
    options: &EchoOptions,
    connect: impl Fn(&Service, Datagrams) -> sockeye::Result<L>,
) -> ExitCode {
    let (size, pace) = (options.client.size.get().max(SHORTEST), options.pace());
    let talk = |run, client| Datagrams::new(run, client, size, pace);
    measure_echo(options, size, Losses::Counted, talk, connect)
}

/// Measures a server that sends datagrams to a group, unasked.
pub fn datagram_multicast<L: Link>(
    options: &ClientOptions,
    connect: impl Fn(&Service, DatagramListener) -> sockeye::Result<L>,
) -> ExitCode {
    let size = options.size.get();
    let talk = |run, client| DatagramListener::new(run, client, size);
    measure_multicast(options, Losses::Counted, talk, connect)
}

/// Whether messages may be lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Losses {
    None,
    Counted,
}

fn measure_echo<T, L: Link>(
    options: &EchoOptions,
    size: usize,
    losses: Losses,
    talk: impl Fn(Arc<Run>, usize) -> T,
    connect: impl Fn(&Service, T) -> sockeye::Result<L>,
) -> ExitCode {
    let (client, pace) = (&options.client, options.pace());
    let senders = pace.senders(client.clients.get());
    measure(client, &options.title(), losses, talk, connect, |run, links| {
        let begin = run.start(client.duration());
        match pace {
            Pace::InFlight(messages) => kick(run, links, messages * size as u64),
            Pace::Due(schedule) => send_when_due(run, links, schedule, size as u64),
        }
        if run.wait_finished(senders, run.left() + LATE) {
            run.sleep_until(run.end());
        } else if !run.has_failed() {
            run.failed(format!("messages did not return within {LATE:?} after the end"));
        }
        run.statistics().total().last.max(run.now().min(run.end())) - begin
    })
}

/// Measures a server that sends messages to all its sessions, unasked.
pub fn multicast<L: Link>(
    options: &ClientOptions,
    connect: impl Fn(&Service, Listener) -> sockeye::Result<L>,
) -> ExitCode {
    let size = options.size.get();
    let talk = |run, client| Listener::new(run, client, size);
    measure_multicast(options, Losses::None, talk, connect)
}

fn measure_multicast<T, L: Link>(
    options: &ClientOptions,
    losses: Losses,
    talk: impl Fn(Arc<Run>, usize) -> T,
    connect: impl Fn(&Service, T) -> sockeye::Result<L>,
) -> ExitCode {
    measure(options, &options.title(), losses, talk, connect, |run, links| {
        let begin = run.start(options.duration());
        run.wait_finished(links.len(), run.left()); // None does, but one may fail.
        run.now().min(run.end()) - begin
    })
}

/// Connects all clients, measures what `drive` does with them (it tells for how many
/// nanoseconds), and prints the results.
fn measure<T, L: Link>(
    options: &ClientOptions,
    title: &str,
    losses: Losses,
    talk: impl Fn(Arc<Run>, usize) -> T,
    connect: impl Fn(&Service, T) -> sockeye::Result<L>,
    drive: impl FnOnce(&Run, &[L]) -> u64,
) -> ExitCode {
    if !options.json {
        console::print(title);
    }
    let service = match options.socket.workers.start() {
        Ok(service) => service,
        Err(error) => return fail(error),
    };
    let run = Arc::new(Run::new(options.clients.get()));
    let links = connect_all(&run, |client| connect(&service, talk(Arc::clone(&run), client)));
    let cpu = ProcessTime::now();
    let elapsed = if run.has_failed() { 0 } else { drive(&run, &links) };
    let cpu = cpu.elapsed();
    run.close();
    if let Err(error) = service.shutdown(LATE) {
        console::complain(error);
    }
    let counted = run.statistics().total();
    let report = Report {
        errors: run.errors(),
        counted,
        loses: losses == Losses::Counted,
        elapsed: Duration::from_nanos(elapsed),
        cpu,
    };
    console::print(&if options.json { report.json() } else { report.text() });
    run.error().map_or(ExitCode::SUCCESS, fail)
}

/// Connects all clients, which takes its time side by side.
fn connect_all<L: Link>(run: &Run, connect: impl Fn(usize) -> sockeye::Result<L>) -> Vec<L> {
    let links: Vec<_> = (0..run.clients()).map(connect).collect();
    let deadline = Instant::now() + CONNECT;
    let connected = |link: sockeye::Result<L>| {
        let link = link?;
        link.wait_connected(deadline.saturating_duration_since(Instant::now()))?;
        Ok(link)
    };
    let note = |(client, link)| {
        let failed = |error: sockeye::Error| run.failed(format!("client {client}: {error}"));
        connected(link).map_err(failed).ok()
    };
    links.into_iter().enumerate().filter_map(note).collect()
}

/// Sends each client's first messages; for all further ones it waits until they come back.
fn kick<L: Link>(run: &Run, links: &[L], bytes: u64) {
    for (client, link) in links.iter().enumerate() {
        run.kick(client);
        send(run, client, link, 0, bytes);
    }
}

/// Sends each message at its time. It takes a thread of its own because that sleeps more exactly
/// than timers fire.
fn send_when_due<L: Link>(run: &Run, links: &[L], schedule: Schedule, size: u64) {
    for due in schedule.all() {
        run.sleep_until(run.begin() + due.time);
        if run.has_failed() || run.is_late(LATE) {
            break;
        }
        send(run, due.client, &links[due.client], due.message * size, size);
    }
}

fn send<L: Link>(run: &Run, client: usize, link: &L, position: u64, bytes: u64) {
    let pieces: Vec<_> = Stream::new(client).pieces(position, bytes).collect();
    if let Err(error) = link.send(&pieces.concat()) {
        run.failed(format!("client {client}: {error}"));
    }
}

fn fail(error: impl Display) -> ExitCode {
    console::complain(error);
    ExitCode::FAILURE
}

/// How long it may take until all clients are connected.
const CONNECT: Duration = Duration::from_secs(30);
/// How long after the end messages may still return.
const LATE: Duration = Duration::from_secs(2);
