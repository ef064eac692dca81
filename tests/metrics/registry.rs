//! What is exported as OpenMetrics, and under which names.

use std::io::Write;
use std::process::{Command, Stdio};

use sockeye::metrics::Registry;
use sockeye::{Client, ErrorKind, Service, raw, udp};

use crate::common::{Design, Echo, LIMIT, echo_server, eventually, serve};
use crate::grammar::parse;
use crate::on_both_designs;

on_both_designs!(everything_is_exported_as_counted, what_is_gone_is_not_exported);

/// One that needs all escapes.
const ODD: &str = "a \"quoted\" \\ name\nof two lines, ü";

fn everything_is_exported_as_counted(design: Design) {
    let (service, registry) = (design.service(), Registry::new());
    let server = echo_server(&service);
    let client = Client::builder(&service, raw::client(raw::Discard));
    let client = client.connect(server.local_addr()).unwrap();
    let socket = udp::Socket::builder(&service, |_: &mut udp::Session<'_>, _, _: &[u8]| ());
    let socket = socket.bind("127.0.0.1:0").unwrap();
    registry.add_service(ODD, &service).unwrap();
    registry.add_server("front", &server).unwrap();
    registry.add_server("front too", &server).unwrap();
    registry.add_client("back", &client).unwrap();
    registry.add_socket("side", &socket).unwrap();
    client.wait_connected(LIMIT).unwrap();
    client.handle().send("hello");
    eventually("it comes back", || client.metrics().stats.bytes_received == 5);
    client.disconnect();
    client.wait_disconnected(LIMIT).unwrap();
    eventually("the session ends", || server.metrics().closed.total() == 1);
    let samples = parse(&registry.openmetrics());
    let odd = "a \\\"quoted\\\" \\\\ name\\nof two lines, ü";
    for (name, value) in [
        ("sockeye_server_opened_total{name=\"front\"}", 1.0),
        ("sockeye_server_opened_total{name=\"front too\"}", 1.0),
        ("sockeye_server_closed_total{name=\"front\",reason=\"remote\"}", 1.0),
        ("sockeye_server_closed_total{name=\"front\",reason=\"panic\"}", 0.0),
        ("sockeye_server_active{name=\"front\"}", 0.0),
        ("sockeye_server_received_bytes_total{name=\"front\"}", 5.0),
        ("sockeye_server_open_seconds_count{name=\"front\"}", 1.0),
        ("sockeye_server_handshake_seconds_count{name=\"front\"}", 0.0),
        ("sockeye_client_begun_total{name=\"back\"}", 1.0),
        ("sockeye_client_closed_total{name=\"back\",reason=\"local\"}", 1.0),
        ("sockeye_udp_datagrams_received_total{name=\"side\"}", 0.0),
        (&format!("sockeye_service_servers_opened_total{{name=\"{odd}\"}}"), 1.0),
        (&format!("sockeye_service_clients_sent_bytes_total{{name=\"{odd}\"}}"), 5.0),
        (&format!("sockeye_service_jobs{{name=\"{odd}\"}}"), 0.0),
    ] {
        assert_eq!(samples.get(name), Some(&value), "{name}");
    }
    let turns = samples[&format!("sockeye_service_turn_seconds_count{{name=\"{odd}\"}}")];
    assert!(turns > 0.0 && turns <= service.metrics().loops.turns.count() as f64);
    assert!(!samples.contains_key("sockeye_client_refused_total{name=\"back\"}"));
}

fn what_is_gone_is_not_exported(design: Design) {
    let (service, registry) = (design.service(), Registry::new());
    for _ in 0..3 {
        let server = serve(&service, raw::server(|_| Echo));
        registry.add_server("front", &server).unwrap();
        assert!(registry.openmetrics().contains("\"front\""));
        drop(server);
        eventually("it is forgotten", || !registry.openmetrics().contains("\"front\""));
    }
    registry.add_service("main", &service).unwrap();
    drop(service);
    eventually("it is forgotten", || registry.openmetrics() == "# EOF\n");
}

#[test]
fn names_are_unique_among_their_kind_and_bounded() {
    let service = Service::builder().threads(1).start().unwrap();
    let (server, registry) = (echo_server(&service), Registry::with_limit(3));
    for name in ["", &"x".repeat(129)] {
        let error = registry.add_server(name, &server).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("from 1 to 128 bytes"), "{error}");
    }
    registry.add_server("x".repeat(128), &server).unwrap();
    registry.add_server("a", &server).unwrap();
    let error = registry.add_server("a", &server).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let wanted = "cannot register \"a\": it is not allowed (the name is taken)";
    assert_eq!(error.to_string(), wanted);
    // Another kind's names are others.
    registry.add_service("a", &service).unwrap();
    let error = registry.add_service("b", &service).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    assert!(format!("{registry:?}").contains("\"a\""));
}

/// Takes so many pieces.
struct Narrow(usize);

impl std::fmt::Write for Narrow {
    fn write_str(&mut self, _: &str) -> std::fmt::Result {
        self.0 = self.0.checked_sub(1).ok_or(std::fmt::Error)?;
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_is_told() {
    assert!(Registry::new().write_openmetrics(&mut Narrow(0)).is_err());
    let mut text = String::from("before\n");
    Registry::new().write_openmetrics(&mut text).unwrap();
    assert_eq!(text, "before\n# EOF\n");
}

/// Prometheus' own reader, if this machine has it.
#[test]
fn another_reader_reads_the_same() {
    let service = Service::builder().threads(1).start().unwrap();
    let (server, registry) = (echo_server(&service), Registry::new());
    registry.add_service(ODD, &service).unwrap();
    registry.add_server("front", &server).unwrap();
    crate::common::Peer::new(&server).exchange("hello");
    eventually("the session ends", || server.metrics().closed.total() == 1);
    let text = registry.openmetrics();
    let Some(read) = read_by_another(&text) else { return };
    let ours = parse(&text);
    assert_eq!(read.trim(), ours.len().to_string());
}

const READER: &str = "
import sys
try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
except ImportError:
    sys.exit(77)
families = list(read(sys.stdin.buffer.read().decode()))
names = {sample.labels['name'] for family in families for sample in family.samples}
assert names == {'front', sys.argv[1]}, names
print(sum(len(family.samples) for family in families))
";

#[expect(clippy::print_stderr, reason = "the harness shows it to who asks")]
fn read_by_another(text: &str) -> Option<String> {
    let mut command = Command::new("python3");
    command.args(["-c", READER, ODD]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut reader) = command.stderr(Stdio::piped()).spawn() else {
        eprintln!("skipped: no python3");
        return None;
    };
    // Who lacks the package does not read.
    let _ = reader.stdin.take().unwrap().write_all(text.as_bytes());
    let output = reader.wait_with_output().unwrap();
    if output.status.code() == Some(77) {
        eprintln!("skipped: python3 has no prometheus_client");
        return None;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}
