//! A server of somebody else: that of Python's `websockets`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use sockeye::ErrorKind;
use sockeye::ws::{self, Deflate};

use crate::common::{LIMIT, Setting};
use crate::on_tcp;
use crate::scene::Teller;

on_tcp!(pythons_websockets_are_spoken_with);

/// Echoes, closes with 4001 after "bye", and refuses `/secret`.
const SERVER: &str = r#"
from http import HTTPStatus
from websockets.sync.server import serve

def echo(connection):
    for message in connection:
        if message == "bye":
            connection.close(4001, "as you like")
        else:
            connection.send(message)

def check(connection, request):
    if request.path == "/secret":
        return connection.respond(HTTPStatus.FORBIDDEN, "not for you\n")

with serve(echo, "127.0.0.1", 0, process_request=check, subprotocols=["b"]) as server:
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()
"#;

fn pythons_websockets_are_spoken_with(setting: Setting) {
    let Some(server) = Python::serve() else { return };
    let service = setting.service();
    let long = "ein langer Text, ".repeat(20_000);
    for deflate in [None, Some(Deflate::default())] {
        let (teller, told) = Teller::new();
        let builder = ws::client(server.url("/echo"), teller).subprotocols(["a", "b"]);
        let builder = match deflate {
            Some(settings) => builder.deflate(settings),
            None => builder,
        };
        let client = builder.connect(&service).unwrap();
        client.wait_connected(LIMIT).unwrap();
        told.expect("open /echo Some(\"b\")");
        let handle = client.handle();
        for _ in 0..3 {
            handle.text(&long);
            told.expect(&format!("text {long}"));
        }
        handle.binary([1, 2, 3]);
        told.expect("binary [1, 2, 3]");
        handle.ping("?");
        told.expect("pong [63]");
        let small = client.metrics().stats.bytes_sent < long.len() as u64;
        assert_eq!(small, deflate.is_some());
        match small {
            true => client.close(1000, "done"),
            false => drop(handle.text("bye")),
        }
        told.expect(match small {
            true => "close 1000: closed by this side with 1000: done",
            false => "close 4001: closed by the peer with 4001: as you like",
        });
        client.wait_disconnected(LIMIT).unwrap();
    }
    let (teller, told) = Teller::new();
    let client = ws::client(server.url("/secret"), teller).connect(&service).unwrap();
    assert_eq!(client.wait_connected(LIMIT).unwrap_err().kind(), ErrorKind::Refused);
    told.expect("refused 403 Forbidden: not for you\n");
}

struct Python {
    child: Child,
    port: u16,
}

impl Python {
    /// `None` where there is no Python, or it has no `websockets`.
    fn serve() -> Option<Self> {
        let child = Command::new("python3")
            .args(["-c", SERVER])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.ok()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut line).unwrap();
        let port = line.trim().parse().ok()?;
        Some(Self { child, port })
    }

    fn url(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
