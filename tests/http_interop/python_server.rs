//! A server in Python answers the library's client.

use std::io::{BufRead, BufReader};

use sockeye::http::{Body, Client, Status, Version};

use crate::common::{Design, Folder, Running, is_there};
use crate::on_both_designs;
use crate::site::{content, summary};

on_both_designs!(
    python_answers_in_every_framing,
    python_is_sent_bodies,
    python_says_something_before_its_answer,
    python_answers_many_times,
);

/// Python, and a client.
struct Scene {
    client: Client,
    url: String,
    _python: Running,
    _folder: Folder,
}

impl Scene {
    /// `None` where there is no Python.
    fn new(design: Design) -> Option<Self> {
        if !is_there("python3", "--version") {
            return None;
        }
        let folder = Folder::new();
        folder.file("server.py", SERVER);
        let mut python = Running::start("python3", folder.path(), &["-u", "server.py"]);
        let url = format!("http://127.0.0.1:{}", python.line());
        let client = Client::new(&design.service()).unwrap();
        Some(Self { client, url, _python: python, _folder: folder })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

const SERVER: &str = r#"
import gzip, zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY = bytes(range(256)) * 1000

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def log_message(self, *_):
        pass

    def parse_request(self):
        # Before it is asked to say `100 Continue`.
        self.protocol_version = "HTTP/1.0" if b"/old" in self.raw_requestline else "HTTP/1.1"
        return super().parse_request()

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            assert self.rfile.readline() == b"\r\n"
        assert self.rfile.readline() == b"\r\n"
        return body

    def head(self, status, **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def whole(self, body, **fields):
        self.head(200, Content_Length=len(body), **fields)
        if self.command != "HEAD":
            self.wfile.write(body)

    def chunks(self, body, size, **fields):
        self.head(200, Transfer_Encoding="chunked", Trailer="X-Sum", **fields)
        if self.command == "HEAD":
            return
        for at in range(0, len(body), size):
            piece = body[at:at + size]
            self.wfile.write(b"%x;at=%d\r\n%b\r\n" % (len(piece), at, piece))
        self.wfile.write(b"0\r\nX-Sum: 7\r\n\r\n")

    def do_GET(self):
        match self.path:
            case "/whole" | "/old/whole":
                self.whole(BODY)
            case "/chunks":
                self.chunks(BODY, 1000)
            case "/crumbs":
                self.chunks(BODY[:2000], 1)
            case "/gzip":
                self.chunks(gzip.compress(BODY), 100, Content_Encoding="gzip")
            case "/deflate":
                self.whole(zlib.compress(BODY), Content_Encoding="deflate")
            case "/end" | "/old/end":
                self.head(200, Connection="close")
                if self.command != "HEAD":
                    self.wfile.write(BODY)
                self.close_connection = True
            case "/early":
                for _ in range(3):
                    self.send_response_only(103)
                    self.send_header("Link", "</a.css>; rel=preload")
                    self.end_headers()
                self.send_response_only(102)
                self.end_headers()
                self.whole(BODY)
            case _:
                self.send_error(404)

    do_HEAD = do_GET

    def do_POST(self):
        body = self.body()
        framing = self.headers.get("Transfer-Encoding") or self.headers.get("Content-Length")
        self.whole(body, X_Framing=framing, X_Expect=self.headers.get("Expect", "none"))

    def handle_expect_100(self):
        if self.path == "/refused":
            self.send_error(417)
            return False
        return super().handle_expect_100()

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port)
server.serve_forever()
"#;

fn body() -> Vec<u8> {
    (0..=255).collect::<Vec<u8>>().repeat(1000)
}

fn python_answers_in_every_framing(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let (client, body) = (&scene.client, body());
    for (path, version) in [
        ("/whole", Version::Http11),
        ("/chunks", Version::Http11),
        ("/gzip", Version::Http11),
        ("/deflate", Version::Http11),
        ("/end", Version::Http11),
        ("/old/whole", Version::Http10),
        ("/old/end", Version::Http10),
    ] {
        let answer = client.get(scene.url(path)).send().unwrap();
        assert_eq!((answer.status(), answer.version()), (Status::OK, version), "{path}");
        assert!(answer.bytes() == &body, "{path}");
        let trailer = ["/chunks", "/gzip"].contains(&path).then_some("7");
        assert_eq!(answer.trailers().str("x-sum"), trailer, "{path}");
        let mut streamed = client.get(scene.url(path)).stream().unwrap();
        assert_eq!(summary(&mut streamed).unwrap(), summary(&*body).unwrap(), "{path}");
        let head = client.head(scene.url(path)).send().unwrap();
        assert_eq!((head.status(), head.bytes().len()), (Status::OK, 0), "{path}");
    }
    let crumbs = client.get(scene.url("/crumbs")).send().unwrap();
    assert!(crumbs.bytes() == &body[..2000]);
    let missing = client.get(scene.url("/missing")).send().unwrap();
    assert_eq!(missing.status(), Status::NOT_FOUND);
}

fn python_is_sent_bodies(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let data = content(700_000);
    let len = data.len().to_string();
    let reader = || Body::reader(std::io::Cursor::new(data.clone()), None);
    for (path, body, expects, framing) in [
        ("/a", Body::from(data.clone()), false, &*len),
        ("/a", reader(), false, "chunked"),
        ("/a", Body::from(data.clone()), true, &*len),
        ("/a", reader(), true, "chunked"),
        ("/a", Body::empty(), false, "0"),
        // It does not know what it is asked, so that the client waits in vain, and then sends.
        ("/old", Body::from(data.clone()), true, &*len),
        // It does not want to be asked, and gets it then.
        ("/refused", Body::from(data.clone()), true, &*len),
    ] {
        let wanted = if framing == "0" { &[] } else { &*data };
        let call = scene.client.post(scene.url(path)).body(body).expect_continue(expects);
        let answer = call.send().unwrap();
        assert_eq!(answer.status(), Status::OK, "{path}");
        assert_eq!(answer.header("x-framing"), Some(framing), "{path}");
        let said = if expects && path != "/refused" { "100-continue" } else { "none" };
        assert_eq!(answer.header("x-expect"), Some(said), "{path}");
        assert!(answer.bytes() == wanted, "{path}");
    }
}

fn python_says_something_before_its_answer(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    for _ in 0..3 {
        let answer = scene.client.get(scene.url("/early")).send().unwrap();
        assert_eq!((answer.status(), answer.header("link")), (Status::OK, None));
        assert!(answer.bytes() == &body());
        let streamed = scene.client.get(scene.url("/early")).stream().unwrap();
        assert_eq!(BufReader::new(streamed).fill_buf().unwrap()[..3], [0, 1, 2]);
    }
}

fn python_answers_many_times(design: Design) {
    let Some(scene) = Scene::new(design) else { return };
    let wanted = body();
    for _ in 0..5 {
        let paths = ["/whole", "/chunks", "/gzip", "/old/whole", "/end"].repeat(4);
        let replies: Vec<_> =
            paths.iter().map(|path| scene.client.get(scene.url(path)).start()).collect();
        for (path, reply) in paths.iter().zip(replies) {
            let answer = reply.wait(crate::common::LIMIT).unwrap();
            assert!(answer.bytes() == &wanted, "{path}");
        }
    }
}
