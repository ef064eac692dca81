//! The command lines.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use clap::{Arg, Args, Command, Parser, ValueEnum};
use sockeye::{Limits, Service};

use crate::echo::Pace;
use crate::schedule::Schedule;

/// Reads the command line, with the port that this protocol has by default; exits where it
/// makes no sense.
pub fn parse<T: Parser>(port: &'static str) -> T {
    let default = |argument: Arg| argument.required(false).default_value(port);
    read(T::command().mut_arg("port", default))
}

/// The same where the address is a Unix socket's file.
pub fn parse_unix<T: Parser>() -> T {
    let file = |argument: Arg| {
        argument.help("Server's socket file, or @ and an abstract name").default_value("echo.sock")
    };
    let no_port = |argument: Arg| argument.required(false).default_value(NO_PORT).hide(true);
    read(T::command().mut_arg("address", file).mut_arg("port", no_port))
}

fn read<T: Parser>(command: Command) -> T {
    T::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

/// What there is in place of a port where there are none.
const NO_PORT: &str = "0";

/// Which socket to open, and with how many threads.
#[derive(Args, Clone, Debug)]
pub struct SocketOptions {
    /// Server's IP address
    #[arg(short, long, default_value = "127.0.0.1")]
    pub address: String,
    /// Server's port; a server takes any free one for 0
    #[arg(short, long)]
    pub port: u16,
    /// Who does the work.
    #[command(flatten)]
    pub workers: Workers,
    /// Send small segments at once (TCP_NODELAY)
    #[arg(long)]
    pub nodelay: bool,
}

impl SocketOptions {
    /// The address and the port as one text.
    pub(crate) fn socket_address(&self) -> String {
        match self.address.parse() {
            Ok(ip) => SocketAddr::new(ip, self.port).to_string(),
            Err(_) => format!("{}:{}", self.address, self.port),
        }
    }

    /// The address as a Unix socket's.
    pub(crate) fn unix_address(&self) -> String {
        format!("unix:{}", self.address)
    }
}

/// The threads of a service.
#[derive(Args, Clone, Copy, Debug)]
pub struct Workers {
    /// Working threads
    #[arg(short, long, default_value_t = processors())]
    pub threads: NonZeroUsize,
    /// How the threads share the work
    #[arg(long, value_enum, default_value_t = Design::Loop)]
    pub design: Design,
}

impl Workers {
    /// A service that they run.
    ///
    /// # Errors
    ///
    /// Those of [`Builder::start`](sockeye::service::Builder::start).
    pub(crate) fn start(self) -> sockeye::Result<Service> {
        let threads = self.threads.get();
        match self.design {
            Design::Loop => Service::builder().loop_per_thread(threads).start(),
            Design::Pool => Service::builder().thread_pool(threads).start(),
        }
    }
}

/// How the threads of a service share the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Design {
    /// Each thread has a loop of its own
    Loop,
    /// All threads serve one loop
    Pool,
}

/// What a server is told that answers.
#[derive(Clone, Debug, Parser)]
#[command(about = "Sends back what it gets, until it is interrupted")]
pub struct ServerOptions {
    /// Where to listen.
    #[command(flatten)]
    pub socket: SocketOptions,
}

/// What a server is told that talks to all its sessions, unasked.
#[derive(Clone, Debug, Parser)]
#[command(about = "Sends messages to all sessions, until it is interrupted")]
pub struct MulticastServerOptions {
    /// Where to listen.
    #[command(flatten)]
    pub socket: SocketOptions,
    /// Bytes of one message
    #[arg(short, long, default_value = "32")]
    pub size: NonZeroUsize,
    /// Messages per second to each session; without it, as many as the sessions take
    #[arg(long, value_parser = positive)]
    pub rate: Option<f64>,
}

/// What the benchmark of timers is told.
#[derive(Clone, Debug, Parser)]
#[command(about = "Measures what timers cost while very many are pending")]
pub struct TimersOptions {
    /// Timers that are pending at once
    #[arg(short = 'n', long, default_value = "1000000")]
    pub timers: NonZeroUsize,
    /// Who does the work.
    #[command(flatten)]
    pub workers: Workers,
    /// Print one line of JSON and nothing else
    #[arg(long)]
    pub json: bool,
}

/// What the benchmark of middleware is told.
#[derive(Clone, Debug, Parser)]
#[command(about = "Measures what middleware costs per message, without a socket")]
pub struct MiddlewareOptions {
    /// Rounds, of which the median is told
    #[arg(short, long, default_value = "31")]
    pub rounds: NonZeroUsize,
    /// Print one line of JSON and nothing else
    #[arg(long)]
    pub json: bool,
}

/// What the benchmark of masks is told.
#[derive(Clone, Debug, Parser)]
#[command(about = "Measures how fast the masks of WebSocket are taken off, next to a copy")]
pub struct UnmaskOptions {
    /// Rounds, of which the median is told
    #[arg(short, long, default_value = "31")]
    pub rounds: NonZeroUsize,
    /// Print one line of JSON and nothing else
    #[arg(long)]
    pub json: bool,
}

/// What every client is told.
#[derive(Clone, Debug, Parser)]
#[command(about = "Measures a server that sends messages to all its sessions")]
pub struct ClientOptions {
    /// Where the server is.
    #[command(flatten)]
    pub socket: SocketOptions,
    /// Working clients
    #[arg(short, long, default_value = "100")]
    pub clients: NonZeroUsize,
    /// Bytes of one message
    #[arg(short, long, default_value = "32")]
    pub size: NonZeroUsize,
    /// Seconds to measure
    #[arg(short = 'z', long, default_value = "10", value_parser = positive)]
    pub seconds: f64,
    /// Print one line of JSON and nothing else
    #[arg(long)]
    pub json: bool,
}

impl ClientOptions {
    /// How long to measure.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// What is going to be measured.
    pub(crate) fn title(&self) -> String {
        self.title_with("")
    }

    fn title_with(&self, line: &str) -> String {
        let SocketOptions { address, port, workers, .. } = &self.socket;
        // No client connects to port 0: there are no ports.
        let port = if *port == 0 { String::new() } else { format!("Server port: {port}\n") };
        format!(
            "Server address: {address}\n\
             {port}\
             Working threads: {}\n\
             Working clients: {}\n\
             {line}\
             Message size: {}\n\
             Seconds to benchmarking: {}\n\n",
            workers.threads, self.clients, self.size, self.seconds
        )
    }
}

/// What a client is told whose messages come back.
#[derive(Clone, Debug, Parser)]
#[command(about = "Measures a server that sends back what it gets")]
pub struct EchoOptions {
    /// What every client is told.
    #[command(flatten)]
    pub client: ClientOptions,
    /// Messages that each client keeps in flight
    #[arg(short, long, default_value = "1000")]
    pub messages: NonZeroUsize,
    /// Messages per second of all clients together, sent when they are due whatever has come
    /// back; latency then counts from the time a message was due
    #[arg(long, value_parser = positive)]
    pub rate: Option<f64>,
}

impl EchoOptions {
    /// When messages are sent.
    pub(crate) fn pace(&self) -> Pace {
        let client = &self.client;
        match self.rate {
            Some(rate) => Pace::Due(Schedule::new(rate, client.clients.get(), client.duration())),
            None => Pace::InFlight(self.messages.get() as u64),
        }
    }

    /// Enough room that reading never has to wait for sending: a server that does the same would
    /// otherwise wait for this client, and this client for it.
    pub fn limits(&self) -> Limits {
        let in_flight = self.messages.get().saturating_mul(self.client.size.get());
        let room = in_flight.saturating_mul(2).max(16 << 20);
        Limits::default().queue(room).marks(room, room)
    }

    /// What is going to be measured.
    pub(crate) fn title(&self) -> String {
        self.client.title_with(&match self.rate {
            Some(rate) => format!("Messages per second: {rate}\n"),
            None => format!("Working messages: {}\n", self.messages),
        })
    }
}

fn processors() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The limit keeps durations and message counts within what their types hold.
fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e9 => Ok(number),
        _ => Err("must be a number above 0, at most a billion".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo(line: &str) -> Result<EchoOptions, clap::Error> {
        let words = std::iter::once("client").chain(line.split_whitespace());
        EchoOptions::try_parse_from(words.chain(["--port", "1111"]))
    }

    #[test]
    fn defaults_are_the_classic_ones() {
        let options = echo("").unwrap();
        assert_eq!(options.client.socket.socket_address(), "127.0.0.1:1111");
        assert_eq!(options.client.socket.workers.threads, processors());
        assert_eq!(options.client.socket.workers.design, Design::Loop);
        assert_eq!((options.client.clients.get(), options.messages.get()), (100, 1000));
        assert_eq!((options.client.size.get(), options.client.seconds), (32, 10.0));
        assert_eq!((options.rate, options.client.json), (None, false));
    }

    #[test]
    fn short_and_long_names_are_taken() {
        let options = echo("-a ::1 -t 3 -c 7 -m 5 -s 64 -z 0.5 --design pool --rate 2e4").unwrap();
        assert_eq!(options.client.socket.socket_address(), "[::1]:1111");
        assert_eq!(options.client.socket.workers.threads.get(), 3);
        assert_eq!(options.client.socket.workers.design, Design::Pool);
        assert_eq!((options.client.clients.get(), options.messages.get()), (7, 5));
        assert_eq!(options.client.duration(), Duration::from_millis(500));
        assert_eq!(options.rate, Some(20_000.0));
    }

    #[test]
    fn titles_have_the_classic_lines() {
        let options = echo("-t 8").unwrap();
        let expected = "Server address: 127.0.0.1\nServer port: 1111\nWorking threads: 8\n\
            Working clients: 100\nWorking messages: 1000\nMessage size: 32\n\
            Seconds to benchmarking: 10\n\n";
        assert_eq!(options.title(), expected);
        assert_eq!(options.client.title(), expected.replace("Working messages: 1000\n", ""));
        assert!(echo("--rate 500").unwrap().title().contains("\nMessages per second: 500\n"));
    }

    #[test]
    fn nonsense_is_refused() {
        for line in ["-c 0", "-s 0", "-m 0", "-t 0", "-z 0", "-z nan", "--rate -1", "--rate inf"] {
            assert!(echo(line).is_err(), "{line}");
        }
    }

    #[test]
    fn commands_are_sound() {
        use clap::CommandFactory as _;
        ServerOptions::command().debug_assert();
        MulticastServerOptions::command().debug_assert();
        EchoOptions::command().debug_assert();
    }
}
