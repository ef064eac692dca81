//! The tables of options by platform (`src/platforms.md`): nothing is missing in them, and what they say
//! of the system that this runs on is so.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[allow(dead_code, reason = "the house rules need the rest")]
mod source;

use std::collections::BTreeSet;

use sockeye::{Acceptors, ErrorKind, KeepAlive, Result, Server, Service, TcpOptions, raw, udp};

use source::{read, tokens};

/// What a table begins with, and where its options are.
const OPTIONS: [(&str, &str); 3] = [
    ("TCP sockets", "src/net/options.rs"),
    ("Unix sockets", "src/net/unix_options.rs"),
    ("UDP sockets", "src/net/udp_options.rs"),
];

#[test]
fn every_option_has_its_row() {
    for (title, file) in OPTIONS {
        assert_eq!(options(title), setters(&read(file)), "{title}");
    }
}

#[test]
fn every_cell_of_an_option_begins_with_its_verdict() {
    for (title, _) in OPTIONS {
        for row in table(title) {
            let known = |cell: &String| ["yes", "no", "fails"].contains(&verdict(cell));
            let is_option = name(&row).is_some();
            assert!(!is_option || row[1..].iter().all(known), "{title}: {row:?}");
        }
    }
}

#[test]
fn every_row_tells_of_three_systems() {
    let text = read(TABLES);
    let rows = text.lines().filter(|line| line.starts_with('|')).map(cells).collect::<Vec<_>>();
    assert!(rows.len() > 60, "these are not the tables");
    for row in rows {
        // The first row of a table has a blank first.
        let told = row.iter().skip(1).all(|cell| !cell.is_empty());
        assert!(row.len() == 4 && told, "{row:?}");
    }
}

#[test]
fn what_is_said_of_tcp_is_so() {
    let service = Service::builder().threads(1).start().unwrap();
    let plain = TcpOptions::default;
    let tried = [
        ("nodelay", plain().nodelay(true)),
        ("keep_alive", plain().keep_alive(KeepAlive::default())),
        ("reuse_address", plain().reuse_address(true)),
        ("reuse_port", plain().reuse_port(true)),
        ("exclusive", plain().exclusive(true)),
        ("receive_buffer", plain().receive_buffer(40_000)),
        ("send_buffer", plain().send_buffer(40_000)),
        ("backlog", plain().backlog(4096)),
        ("dual_stack", plain().dual_stack(false)),
        ("local_address", plain().local_address(([127, 0, 0, 1], 0).into())),
        ("interface", plain().interface("lo")),
        ("ttl", plain().ttl(9)),
        ("dscp", plain().dscp(8)),
        ("configure", plain().configure(|socket| socket.set_recv_buffer_size(40_000))),
    ];
    assert_eq!(names(&tried), options("TCP sockets"));
    for (name, options) in tried {
        let server = Server::builder(&service, raw::server(|_| raw::Discard));
        let made = server.tcp_options(options).listen("127.0.0.1:0");
        check("TCP sockets", &format!("`{name}`"), made);
    }
}

#[test]
fn what_is_said_of_udp_is_so() {
    let service = Service::builder().threads(1).start().unwrap();
    let plain = udp::Options::default;
    let tried = [
        ("reuse_address", plain().reuse_address(true)),
        ("reuse_port", plain().reuse_port(true)),
        ("receive_buffer", plain().receive_buffer(40_000)),
        ("send_buffer", plain().send_buffer(40_000)),
        ("dual_stack", plain().dual_stack(false)),
        ("local_address", plain().local_address(([127, 0, 0, 1], 0).into())),
        ("interface", plain().interface("lo")),
        ("broadcast", plain().broadcast(true)),
        ("ttl", plain().ttl(9)),
        ("dscp", plain().dscp(8)),
        ("ecn", plain().ecn(1)),
        ("multicast_ttl", plain().multicast_ttl(9)),
        ("multicast_loopback", plain().multicast_loopback(false)),
        ("multicast_interface", plain().multicast_interface(HERE)),
        ("details", plain().details(true)),
        ("batching", plain().batching(true)),
        ("segmenting", plain().segmenting(true)),
        ("coalescing", plain().coalescing(true)),
        ("configure", plain().configure(|socket| socket.set_recv_buffer_size(40_000))),
    ];
    assert_eq!(names(&tried), options("UDP sockets"));
    let ignore = |_: &mut udp::Session<'_>, _: std::net::SocketAddr, _: &[u8]| ();
    for (name, options) in tried {
        let builder = udp::Socket::builder(&service, ignore).options(options);
        let made = builder.bind("127.0.0.1:0");
        check("UDP sockets", &format!("`{name}`"), made);
    }
}

#[test]
fn what_is_said_of_accepting_and_addresses_is_so() {
    let service = Service::builder().loop_per_thread(2).start().unwrap();
    let server = || Server::builder(&service, raw::server(|_| raw::Discard));
    let row = "[`Acceptors::OnePerLoop`](crate::Acceptors::OnePerLoop)";
    check("Accepting", row, server().acceptors(Acceptors::OnePerLoop).listen("127.0.0.1:0"));
    let file = std::env::temp_dir().join(format!("sockeye-{}", std::process::id()));
    let path = format!("unix:{}", file.display());
    check("Unix sockets", "`unix:PATH`", server().listen(&*path));
    let name = format!("unix:@sockeye-{}", std::process::id());
    check("Unix sockets", "`unix:@NAME`", server().listen(&*name));
}

/// Whether the row says of this system what has come of it.
#[track_caller]
fn check<T>(title: &str, row: &str, made: Result<T>) {
    let rows = table(title);
    let row = rows.iter().find(|cells| cells[0] == row).expect("there is such a row");
    let column = match std::env::consts::OS {
        "linux" | "android" => 1,
        "macos" => 2,
        "windows" => 3,
        _ => return,
    };
    let cell = &row[column];
    let unsupported = made.as_ref().err().map(|error| error.kind()) == Some(ErrorKind::Unsupported);
    assert_eq!(unsupported, verdict(cell) == "fails", "{}: {cell}: {:?}", row[0], made.err());
    assert!(!unsupported || cell.contains("`Unsupported`"), "{}: {cell}", row[0]);
}

/// Rows of the table whose title begins so, cell by cell.
fn table(title: &str) -> Vec<Vec<String>> {
    let text = read(TABLES);
    let heading = format!("# {title}");
    let below = text.lines().skip_while(|line| !line.starts_with(&heading)).skip(1);
    let lines = below.take_while(|line| !line.starts_with('#'));
    // Without the names of the systems, and the line below them.
    let rows = lines.filter(|line| line.starts_with('|')).skip(2).map(cells).collect::<Vec<_>>();
    assert!(!rows.is_empty(), "there is no table of {title}");
    rows
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim_end().trim_start_matches('|').trim_end_matches('|');
    inner.split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn verdict(cell: &str) -> &str {
    cell.split([',', ':', ';', ' ']).next().unwrap_or_default()
}

/// The options of a table.
fn options(title: &str) -> BTreeSet<String> {
    table(title).iter().filter_map(|row| name(row)).collect()
}

/// The option that a row is about; none if it is about something else.
fn name(row: &[String]) -> Option<String> {
    let name = row[0].strip_prefix('`')?.strip_suffix('`')?;
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    is_name.then(|| name.to_owned())
}

fn names<T>(tried: &[(&str, T)]) -> BTreeSet<String> {
    tried.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// The public functions of a file, which has no others than those that set an option.
fn setters(text: &str) -> BTreeSet<String> {
    let words = tokens(text);
    let public = words.windows(3).filter(|three| (three[0].text, three[1].text) == ("pub", "fn"));
    public.map(|three| three[2].text.to_owned()).collect()
}

const HERE: udp::Interface = udp::Interface::Address(std::net::Ipv4Addr::LOCALHOST);

const TABLES: &str = "src/platforms.md";

#[test]
fn functions_are_told_from_what_is_not_public() {
    let text = "pub fn one(mut self) {} fn two() {} pub(crate) fn three() {} pub fn four<F>() {}";
    assert_eq!(setters(text), ["one", "four"].map(str::to_owned).into());
}
