//! Python's modules ask the library's server.

use crate::common::{Running, Setting, Stream, is_there};
use crate::on_sockets;
use crate::site::Site;

on_sockets!(python_asks, python_pipelines);

/// Runs a script with [`COMMON`] before it, which says what it wants.
fn run(setting: Setting, script: &str, wanted: &str) {
    if !is_there("python3", "--version") {
        return;
    }
    let site = Site::new(setting);
    let addr = site.server.local_addr();
    let (host, port) = match addr.socket_addr() {
        Some(addr) => (addr.ip().to_string(), addr.port().to_string()),
        None => (site.socket().unwrap(), "0".to_owned()),
    };
    let kind = match setting.stream {
        Stream::Tcp => "tcp",
        Stream::Tls => "tls",
        _ => "unix",
    };
    site.folder.file("script.py", format!("{COMMON}\n{script}"));
    let python = Running::start("python3", site.folder.path(), &["script.py", kind, &host, &port]);
    assert_eq!(python.finish(Vec::new()).text(), wanted);
}

const COMMON: &str = r#"
import http.client, socket, ssl, sys
kind, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])

def connect():
    if kind == "unix":
        plain = socket.socket(socket.AF_UNIX)
        plain.settimeout(15)
        plain.connect(host)
        return plain
    plain = socket.create_connection((host, port), 15)
    if kind == "tcp":
        return plain
    context = ssl.create_default_context(cafile="ca.pem")
    return context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)

class Connection(http.client.HTTPConnection):
    made = 0

    def connect(self):
        self.sock = connect()
        Connection.made += 1

def pattern(count):
    return bytes(range(256)) * (count // 256)
"#;

fn python_asks(setting: Setting) {
    let script = r#"
import urllib.request

connection = Connection("localhost")

def ask(method, path, body=None, **more):
    connection.request(method, path, body, **more)
    answer = connection.getresponse()
    return answer, answer.read()

for _ in range(20):
    answer, body = ask("GET", "/hello")
    assert (answer.status, answer.version, body) == (200, 11, b"hello\n")
answer, body = ask("HEAD", "/files/large.bin")
assert (answer.headers["Content-Length"], body) == ("1000000", b"")
answer, body = ask("GET", "/stream?bytes=100000")
assert answer.headers["Transfer-Encoding"] == "chunked" and len(body) == 100000
answer, body = ask("PUT", "/echo", pattern(256000))
assert answer.headers["X-Framing"] == "256000" and body == pattern(256000)

# Of an iterator nobody knows the length.
pieces = (pattern(size) for size in (256, 51200, 256, 102400))
answer, body = ask("POST", "/echo", pieces, encode_chunked=True,
                   headers={"Transfer-Encoding": "chunked"})
assert answer.headers["X-Framing"] == "chunked" and body == pattern(154112)
answer, body = ask("POST", "/echo", b"", headers={"Cookie": "a=b"})
assert (answer.status, answer.headers["X-Framing"], body) == (200, "0", b"")
answer, body = ask("GET", "/empty")
assert (answer.status, body) == (204, b"")
answer, body = ask("GET", "/nowhere")
assert answer.status == 404
assert ask("GET", "/hello")[1] == b"hello\n"
assert Connection.made == 1, Connection.made

answer, body = ask("GET", "/hello", headers={"Connection": "close"})
assert answer.will_close and body == b"hello\n"

# Follows redirections, and raises for errors.
class Handler(urllib.request.AbstractHTTPHandler):
    def http_open(self, request):
        return self.do_open(lambda host, timeout: Connection(host), request)

opener = urllib.request.OpenerDirector()
for handler in (Handler, urllib.request.HTTPRedirectHandler, urllib.request.HTTPErrorProcessor,
                urllib.request.HTTPDefaultErrorHandler):
    opener.add_handler(handler())
answer = opener.open("http://localhost/moved")
assert (answer.url, answer.read()) == ("http://localhost/hello", b"hello\n")
assert opener.open("http://localhost/echo", b"a=b").read() == b"a=b"
try:
    opener.open("http://localhost/nowhere")
    raise AssertionError("it was found")
except urllib.error.HTTPError as error:
    assert error.code == 404
print("good bye")
"#;
    run(setting, script, "good bye\n");
}

fn python_pipelines(setting: Setting) {
    let script = r#"
def answers(wire, bodies):
    for wanted in bodies:
        answer = http.client.HTTPResponse(wire, method="GET")
        answer.begin()
        body = answer.read()
        assert answer.status == 200 and body == wanted, (answer.status, body[:80], wanted[:80])

class Wire:
    """One buffer for all answers of a connection."""
    def __init__(self, sock):
        self.file = sock.makefile("rb")
        self.file.close_really, self.file.close = self.file.close, lambda: None
    def makefile(self, mode):
        return self.file

def request(path, body=b"", fields=""):
    if body:
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n{fields}\r\n"
    else:
        head = f"GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"
    return head.encode() + body

requests, bodies = [], []
for number in range(50):
    requests += [request("/hello"), request("/echo", b"%d" % number), request("/late"),
                 request("/count", b"x"), request("/echo", pattern(2560))]
    bodies += [b"hello\n", b"%d" % number, b"late\n", b"1 121", pattern(2560)]

def whole(sock, data):
    sock.sendall(data)

def pieces(sock, data):
    for at in range(0, len(data), 1000):
        sock.sendall(data[at:at + 1000])

def bytewise(sock, data):
    for at in range(len(data)):
        sock.sendall(data[at:at + 1])

for send, count in ((whole, 250), (pieces, 250), (bytewise, 4)):
    sock = connect()
    send(sock, b"".join(requests[:count]))
    wire = Wire(sock)
    answers(wire, bodies[:count])
    # The last one ends the connection, and what comes behind it is not answered.
    sock.sendall(request("/hello", fields="Connection: close\r\n") + request("/hello"))
    answers(wire, [b"hello\n"])
    try:
        assert wire.file.read() == b""
    except ConnectionResetError:
        pass
    wire.file.close_really()

# Who sends no more gets his answers all the same.
if kind != "tls":
    sock = connect()
    sock.sendall(b"".join(requests[:9]) + request("/stream?bytes=0"))
    sock.shutdown(socket.SHUT_WR)
    wire = Wire(sock)
    answers(wire, bodies[:9] + [b""])
    assert wire.file.read() == b""
print("good bye")
"#;
    run(setting, script, "good bye\n");
}
