//! Runs the programs as people do: each server with its client, over the loopback interface.
#![cfg(unix)]

use std::collections::HashSet;
use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::UdpSocket;
use std::process::{self, Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sockeye::Service;
use sockeye::ws::{self, OwnedMessage};

#[test]
fn tcp_echo_with_a_loop_per_thread() {
    check(TCP_ECHO, &["--design", "loop"], &["-m", "100"]);
}

#[test]
fn tcp_echo_with_a_thread_pool() {
    check(TCP_ECHO, &["--design", "pool"], &["-m", "100", "--nodelay"]);
}

#[test]
fn tcp_echo_at_a_rate() {
    let results = check(TCP_ECHO, &["--design", "loop", "--nodelay"], &["--rate", "500"]);
    assert_eq!(number(&results, "messages"), 500.0);
}

#[test]
fn tcp_echo_of_big_messages() {
    check(TCP_ECHO, &["--design", "loop"], &["-m", "10", "-s", "1000000"]);
}

#[test]
fn framed_echo_with_a_loop_per_thread() {
    check(FRAMED_ECHO, &["--design", "loop"], &["-m", "100", "-s", "100"]);
}

#[test]
fn framed_echo_with_a_thread_pool() {
    check(FRAMED_ECHO, &["--design", "pool"], &["-m", "100", "--nodelay"]);
}

#[test]
fn framed_echo_at_a_rate() {
    let results = check(FRAMED_ECHO, &["--design", "loop"], &["--rate", "500"]);
    assert_eq!(number(&results, "messages"), 500.0);
}

#[test]
fn framed_echo_of_big_messages() {
    check(FRAMED_ECHO, &["--design", "loop"], &["-m", "10", "-s", "1000000"]);
}

#[test]
fn http_trace_with_a_loop_per_thread() {
    check(HTTP_TRACE, &["--design", "loop"], &["-m", "16", "-s", "100", "--nodelay"]);
}

#[test]
fn http_trace_with_a_thread_pool() {
    check(HTTP_TRACE, &["--design", "pool"], &["-m", "100", "--nodelay"]);
}

#[test]
fn http_trace_at_a_rate() {
    let results = check(HTTP_TRACE, &["--design", "loop", "--nodelay"], &["--rate", "500"]);
    assert_eq!(number(&results, "messages"), 500.0);
}

#[test]
fn https_trace_with_a_loop_per_thread() {
    check(HTTPS_TRACE, &["--design", "loop"], &["-m", "16", "-s", "100"]);
}

#[test]
fn https_trace_with_a_thread_pool() {
    check(HTTPS_TRACE, &["--design", "pool", "--no-tickets"], &["-m", "100", "--nodelay"]);
}

#[test]
fn tcp_multicast_with_a_loop_per_thread() {
    check(TCP_MULTICAST, &["--design", "loop"], &[]);
}

#[test]
fn tcp_multicast_with_a_thread_pool() {
    check(TCP_MULTICAST, &["--design", "pool"], &[]);
}

#[test]
fn tcp_multicast_at_a_rate() {
    let results = check(TCP_MULTICAST, &["--design", "loop", "--rate", "100"], &[]);
    assert!((90.0..=110.0).contains(&(number(&results, "messages") / CLIENTS as f64)), "{results}");
}

#[test]
fn tls_echo_with_a_loop_per_thread() {
    check(TLS_ECHO, &["--design", "loop"], &["-m", "100"]);
}

#[test]
fn tls_echo_with_a_thread_pool() {
    check(TLS_ECHO, &["--design", "pool", "--no-tickets"], &["-m", "100", "--nodelay"]);
}

#[test]
fn tls_echo_of_big_messages() {
    check(TLS_ECHO, &["--design", "loop"], &["-m", "10", "-s", "1000000"]);
}

#[test]
fn tls_multicast_with_a_loop_per_thread() {
    check(TLS_MULTICAST, &["--design", "loop"], &[]);
}

#[test]
fn tls_multicast_with_a_thread_pool() {
    check(TLS_MULTICAST, &["--design", "pool"], &[]);
}

/// It signed its own certificate, so that whoever trusts that trusts the server.
#[test]
fn tls_echo_of_a_server_that_is_verified() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let [cert, key] = ["cert", "key"].map(|what| format!("{}-{what}.pem", temporary()));
    fs::write(&cert, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = ["--design", "loop", "--cert", &cert, "--key", &key];
    check(TLS_ECHO, &server, &["-m", "100", "--ca", &cert]);

    let other = Server::start(TLS_ECHO, &["--design", "loop"]);
    let output = client(TLS_ECHO.client, &other.place, &["--ca", &cert]).output().unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.starts_with("error: ") && error.contains("certificate"), "{error}");
    [cert, key].iter().for_each(|file| fs::remove_file(file).unwrap());
}

#[test]
fn whoever_verifies_nothing_is_told() {
    let server = Server::start(TLS_ECHO, &["--design", "loop"]);
    let output = client(TLS_ECHO.client, &server.place, &["-m", "1"]).output().unwrap();
    assert!(output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.starts_with("warning: "), "{error}");
}

#[test]
fn ws_echo_with_a_loop_per_thread() {
    check(WS_ECHO, &["--design", "loop"], &["-m", "100", "-s", "100"]);
}

#[test]
fn ws_echo_with_a_thread_pool() {
    check(WS_ECHO, &["--design", "pool"], &["-m", "100", "--nodelay"]);
}

#[test]
fn ws_echo_at_a_rate() {
    let results = check(WS_ECHO, &["--design", "loop"], &["--rate", "500"]);
    assert_eq!(number(&results, "messages"), 500.0);
}

/// Fewer than elsewhere: without optimization masks take most of the time.
#[test]
fn ws_echo_of_big_messages() {
    check(WS_ECHO, &["--design", "loop"], &["-m", "2", "-s", "200000"]);
}

#[test]
fn wss_echo_with_a_loop_per_thread() {
    check(WSS_ECHO, &["--design", "loop"], &["-m", "100", "-s", "100"]);
}

#[test]
fn wss_echo_with_a_thread_pool() {
    check(WSS_ECHO, &["--design", "pool", "--no-tickets"], &["-m", "100", "--nodelay"]);
}

#[test]
fn ws_multicast_with_a_loop_per_thread() {
    check(WS_MULTICAST, &["--design", "loop"], &[]);
}

#[test]
fn ws_multicast_with_a_thread_pool() {
    check(WS_MULTICAST, &["--design", "pool"], &[]);
}

#[test]
fn wss_multicast_with_a_loop_per_thread() {
    check(WSS_MULTICAST, &["--design", "loop"], &[]);
}

#[test]
fn wss_multicast_with_a_thread_pool() {
    check(WSS_MULTICAST, &["--design", "pool"], &[]);
}

/// What one says, all hear, and nothing else.
#[test]
fn ws_multicast_of_what_a_client_says() {
    let server = Server::start(WS_MULTICAST, &["--relay"]);
    let url = format!("ws://127.0.0.1:{}/", server.place[1]);
    let service = Service::builder().threads(1).start().unwrap();
    let members: Vec<_> = (0..3)
        .map(|_| {
            let (handler, inbox) = ws::Inbox::new(&service, 1024, 8);
            let client = ws::client(url.as_str(), handler).connect(&service).unwrap();
            (client, inbox)
        })
        .collect();
    for (client, inbox) in &members {
        client.wait_connected(LIMIT).unwrap();
        // Only who hears himself is known to be a member.
        assert!(client.handle().text("here").is_queued());
        while inbox.receive(LIMIT).unwrap() != Some(OwnedMessage::Text("here".into())) {}
    }
    assert!(members[0].0.handle().binary("to all").is_queued());
    for (_, inbox) in &members {
        let heard = std::iter::from_fn(|| inbox.receive(LIMIT).unwrap());
        let mut behind = heard.skip_while(|heard| *heard == OwnedMessage::Text("here".into()));
        assert_eq!(behind.next(), Some(OwnedMessage::Binary("to all".into())));
        assert!(inbox.is_empty());
    }
}

#[test]
fn uds_echo_with_a_loop_per_thread() {
    check(UDS_ECHO, &["--design", "loop"], &["-m", "100"]);
}

#[test]
fn uds_echo_with_a_thread_pool() {
    check(UDS_ECHO, &["--design", "pool"], &["-m", "100"]);
}

#[test]
fn uds_echo_of_big_messages() {
    check(UDS_ECHO, &["--design", "loop"], &["-m", "10", "-s", "1000000"]);
}

#[test]
fn uds_multicast_with_a_loop_per_thread() {
    check(UDS_MULTICAST, &["--design", "loop"], &[]);
}

#[test]
fn uds_multicast_with_a_thread_pool() {
    check(UDS_MULTICAST, &["--design", "pool"], &[]);
}

#[test]
fn udp_echo_with_a_loop_per_thread() {
    check(UDP_ECHO, &["--design", "loop"], &["-m", "10"]);
}

#[test]
fn udp_echo_with_a_thread_pool() {
    check(UDP_ECHO, &["--design", "pool"], &["-m", "10"]);
}

#[test]
fn udp_echo_at_a_rate() {
    let results = check(UDP_ECHO, &["--design", "loop"], &["--rate", "500"]);
    assert_eq!(number(&results, "messages"), 500.0);
}

/// The server here swallows every tenth message when it comes for the first time.
#[test]
fn udp_echo_sends_again_what_was_lost() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    let port = server.local_addr().expect("it is bound").port().to_string();
    let place = ["--port".to_owned(), port];
    thread::spawn(move || {
        let mut swallowed = HashSet::new();
        let mut message = [0; 32];
        while let Ok((length, from)) = server.recv_from(&mut message) {
            let first = message[0].is_multiple_of(10) && swallowed.insert((from, message));
            if !first {
                let _ = server.send_to(&message[..length], from);
            }
        }
    });
    let output =
        client(UDP_ECHO.client, &place, &["--rate", "200"]).output().expect("it was built");
    assert!(output.status.success(), "{output:?}");
    let results = String::from_utf8_lossy(&output.stdout);
    assert_eq!(number(&results, "messages"), 200.0, "{results}");
    assert!(number(&results, "lost") >= 20.0, "{results}");
}

#[test]
fn udp_multicast_with_a_loop_per_thread() {
    check(UDP_MULTICAST, &["--design", "loop", "--rate", "1000"], &[]);
}

#[test]
fn udp_multicast_with_a_thread_pool() {
    check(UDP_MULTICAST, &["--design", "pool"], &[]);
}

#[test]
fn a_client_that_finds_no_server_fails() {
    let server = Server::start(TCP_ECHO, &["--design", "loop"]);
    let place = server.place.clone();
    assert!(server.stop().success());
    let output = client(TCP_ECHO.client, &place, &["--design", "loop"]).output().unwrap();
    assert!(!output.status.success());
    assert!(number(&String::from_utf8_lossy(&output.stdout), "errors") > 0.0);
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: "));
}

#[test]
fn timers_are_measured() {
    let mut timers = Command::new(env!("CARGO_BIN_EXE_timers"));
    let output = timers.args(["--timers", "10000", "--json"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("{\"timers\":10000,"));
}

#[test]
fn middleware_is_measured() {
    let mut middleware = Command::new(env!("CARGO_BIN_EXE_middleware"));
    let output = middleware.args(["--rounds", "1", "--json"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let results = String::from_utf8_lossy(&output.stdout);
    assert!(results.starts_with("{\"nanoseconds_per_message\":{\"no middleware\":"), "{results}");
}

#[test]
fn unmasking_is_measured() {
    let mut unmask = Command::new(env!("CARGO_BIN_EXE_unmask"));
    let output = unmask.args(["--rounds", "1", "--json"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let results = String::from_utf8_lossy(&output.stdout);
    assert!(results.starts_with("{\"gigabytes_per_second\":{\"16\":"), "{results}");
    assert!(number(&results, "unmask") > 0.0 && number(&results, "copy") > 0.0, "{results}");
}

#[derive(Clone, Copy)]
struct Pair {
    server: &'static str,
    client: &'static str,
    listen: Listen,
}

/// Where a server listens that is run for a test.
#[derive(Clone, Copy)]
enum Listen {
    Port,
    File,
}

const TCP_ECHO: Pair = Pair {
    server: env!("CARGO_BIN_EXE_tcp_echo_server"),
    client: env!("CARGO_BIN_EXE_tcp_echo_client"),
    listen: Listen::Port,
};

const FRAMED_ECHO: Pair = Pair {
    server: env!("CARGO_BIN_EXE_framed_echo_server"),
    client: env!("CARGO_BIN_EXE_framed_echo_client"),
    listen: Listen::Port,
};

const HTTP_TRACE: Pair = Pair {
    server: env!("CARGO_BIN_EXE_http_trace_server"),
    client: env!("CARGO_BIN_EXE_http_trace_client"),
    listen: Listen::Port,
};

const HTTPS_TRACE: Pair = Pair {
    server: env!("CARGO_BIN_EXE_https_trace_server"),
    client: env!("CARGO_BIN_EXE_https_trace_client"),
    listen: Listen::Port,
};

const TCP_MULTICAST: Pair = Pair {
    server: env!("CARGO_BIN_EXE_tcp_multicast_server"),
    client: env!("CARGO_BIN_EXE_tcp_multicast_client"),
    listen: Listen::Port,
};

const TLS_ECHO: Pair = Pair {
    server: env!("CARGO_BIN_EXE_tls_echo_server"),
    client: env!("CARGO_BIN_EXE_tls_echo_client"),
    listen: Listen::Port,
};

const TLS_MULTICAST: Pair = Pair {
    server: env!("CARGO_BIN_EXE_tls_multicast_server"),
    client: env!("CARGO_BIN_EXE_tls_multicast_client"),
    listen: Listen::Port,
};

const WS_ECHO: Pair = Pair {
    server: env!("CARGO_BIN_EXE_ws_echo_server"),
    client: env!("CARGO_BIN_EXE_ws_echo_client"),
    listen: Listen::Port,
};

const WSS_ECHO: Pair = Pair {
    server: env!("CARGO_BIN_EXE_wss_echo_server"),
    client: env!("CARGO_BIN_EXE_wss_echo_client"),
    listen: Listen::Port,
};

const WS_MULTICAST: Pair = Pair {
    server: env!("CARGO_BIN_EXE_ws_multicast_server"),
    client: env!("CARGO_BIN_EXE_ws_multicast_client"),
    listen: Listen::Port,
};

const WSS_MULTICAST: Pair = Pair {
    server: env!("CARGO_BIN_EXE_wss_multicast_server"),
    client: env!("CARGO_BIN_EXE_wss_multicast_client"),
    listen: Listen::Port,
};

const UDS_ECHO: Pair = Pair {
    server: env!("CARGO_BIN_EXE_uds_echo_server"),
    client: env!("CARGO_BIN_EXE_uds_echo_client"),
    listen: Listen::File,
};

const UDS_MULTICAST: Pair = Pair {
    server: env!("CARGO_BIN_EXE_uds_multicast_server"),
    client: env!("CARGO_BIN_EXE_uds_multicast_client"),
    listen: Listen::File,
};

const UDP_ECHO: Pair = Pair {
    server: env!("CARGO_BIN_EXE_udp_echo_server"),
    client: env!("CARGO_BIN_EXE_udp_echo_client"),
    listen: Listen::Port,
};

const UDP_MULTICAST: Pair = Pair {
    server: env!("CARGO_BIN_EXE_udp_multicast_server"),
    client: env!("CARGO_BIN_EXE_udp_multicast_client"),
    listen: Listen::Port,
};

const CLIENTS: usize = 10;
/// How long a server may take to end.
const LIMIT: Duration = Duration::from_secs(10);

/// Runs a client against its server for a second; both use the same design.
fn check(pair: Pair, server_options: &[&str], client_options: &[&str]) -> String {
    let server = Server::start(pair, server_options);
    let output = client(pair.client, &server.place, client_options)
        .args(&server_options[..2])
        .output()
        .expect("it was built");
    assert!(output.status.success(), "{output:?}");
    let results = String::from_utf8(output.stdout).expect("a client prints text");
    assert_eq!(results.lines().count(), 1, "{results}");
    assert_eq!(number(&results, "errors"), 0.0);
    assert!(number(&results, "messages") > 0.0);
    assert!(number(&results, "seconds") > 0.9);
    assert!(server.stop().success());
    results
}

fn client(program: &str, place: &[String; 2], options: &[&str]) -> Command {
    let mut command = Command::new(program);
    let clients = CLIENTS.to_string();
    command.args(place).args(["--clients", &clients, "--seconds", "1", "--json"]).args(options);
    command
}

/// The first number of that name in a line of JSON.
fn number(json: &str, name: &str) -> f64 {
    let (_, rest) = json.split_once(&format!("\"{name}\":")).expect(json);
    rest[..rest.find([',', '}']).expect(json)].parse().expect(json)
}

/// A path of its own, of what is removed in the end.
fn temporary() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let file = env::temp_dir().join(format!("sockeye-perf-{}-{count}", process::id()));
    file.into_os_string().into_string().expect("its folder has a plain name")
}

struct Server {
    process: Child,
    /// The option that leads a client there.
    place: [String; 2],
}

impl Server {
    fn start(pair: Pair, options: &[&str]) -> Self {
        let place = match pair.listen {
            Listen::Port => ["--port".to_owned(), "0".to_owned()],
            Listen::File => ["--address".to_owned(), temporary()],
        };
        let mut command = Command::new(pair.server);
        command.args(place).args(["--threads", "2"]).args(options);
        let mut process =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it was built");
        let mut line = String::new();
        let output = process.stdout.take().expect("it is piped, and taken once");
        BufReader::new(output).read_line(&mut line).expect("a server prints text");
        let address = line.trim_end().strip_prefix("listening on ").expect(&line);
        let (_, end) = address.rsplit_once(':').expect(address);
        let option = if address.starts_with("unix:") { "--address" } else { "--port" };
        Self { process, place: [option.to_owned(), end.to_owned()] }
    }

    fn stop(mut self) -> ExitStatus {
        let id = self.process.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status();
        assert!(killed.is_ok_and(|status| status.success()));
        let limit = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.process.try_wait().expect("nobody else waits for it") {
                return status;
            }
            assert!(Instant::now() < limit, "the server does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
