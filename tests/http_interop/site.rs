//! What the library's server has for everybody who asks.

use std::io::Read;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use sockeye::http::layers::Compress;
use sockeye::http::multipart::{self, Boundary, Multipart, Part};
use sockeye::http::{
    self, Body, BodyReader, EventSender, Files, Later, Limits, Request, Response, Router, Status,
};
use sockeye::{Bytes, Server, Service, raw};

use crate::common::{Folder, Served, Setting, Stream, authority_pem};

/// The library's server, and a folder for what others read and write.
pub(crate) struct Site {
    pub(crate) service: Service,
    pub(crate) server: Served,
    pub(crate) folder: Folder,
    /// Of the events that clients have asked for.
    pub(crate) events: Receiver<EventSender>,
    setting: Setting,
}

impl Site {
    pub(crate) fn new(setting: Setting) -> Self {
        let (service, folder) = (setting.service(), Folder::new());
        std::fs::create_dir(folder.path().join("www")).unwrap();
        folder.file("www/large.bin", content(LARGE));
        folder.file("www/page.html", "<p>plain</p>");
        folder.file("www/page.html.gz", GZIPPED);
        folder.file("ca.pem", authority_pem());
        let (told, events) = channel();
        let files = Files::new(folder.path().join("www"));
        let limits = Limits::default().body(GATHERED).keep_alive(Duration::from_secs(20));
        let protocol = http::server_with(limits, router(told, files));
        let server = setting.listen(Server::builder(&service, protocol));
        Self { service, server, folder, events, setting }
    }

    /// What a URL begins with. On a Unix socket, any name will do.
    pub(crate) fn origin(&self) -> String {
        match self.setting.stream {
            Stream::Tls => format!("https://{}", self.server.local_addr()),
            Stream::Tcp => format!("http://{}", self.server.local_addr()),
            _ => "http://localhost".to_owned(),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.origin() + path
    }

    /// The server's Unix socket, if it has one.
    pub(crate) fn socket(&self) -> Option<String> {
        let addr = self.server.local_addr();
        addr.path().map(|path| path.to_str().unwrap().to_owned())
    }
}

/// Bytes in which a missing or doubled piece shows.
pub(crate) fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8 ^ (at >> 16) as u8).collect()
}

/// What bytes are told apart by where they are not to be kept.
pub(crate) fn summary(mut body: impl Read) -> std::io::Result<String> {
    let (mut count, mut sum, mut buffer) = (0_u64, 0_u64, vec![0; 64 << 10]);
    loop {
        match body.read(&mut buffer)? {
            0 => return Ok(format!("{count} {sum}")),
            read => {
                count += read as u64;
                let fold = |sum: u64, byte: &u8| sum.wrapping_mul(31) + u64::from(*byte) + 1;
                sum = buffer[..read].iter().fold(sum, fold) & u64::from(u32::MAX);
            }
        }
    }
}

/// Bytes of `/files/large.bin`.
pub(crate) const LARGE: usize = 1_000_000;

/// Bytes that a body may have at `/echo`.
pub(crate) const GATHERED: usize = 4 << 20;

/// What `page.html.gz` unpacks to.
pub(crate) const UNPACKED: &str = "<p>packed</p>";

fn router(events: Sender<EventSender>, files: Files) -> Router {
    let events = Mutex::new(events);
    Router::new()
        .get("/hello", "hello\n")
        .any("/echo", echo)
        .post("/count", http::streamed(count))
        .put("/count", http::streamed(count))
        .get("/stream", stream)
        .get("/late", late)
        .get("/moved", |_: &mut Request<'_>| Response::redirect(Status::FOUND, "/hello"))
        .get("/empty", Status::NO_CONTENT)
        .get("/events", move |_: &mut Request<'_>| {
            let (response, sender) = Response::events();
            events.lock().unwrap().send(sender).unwrap();
            response
        })
        .post("/form", form)
        .nest("/packed", Router::new().get("/stream", stream).layer(Compress::new()))
        .get("/upgrade", |_: &mut Request<'_>| Response::upgrade("echo", Shout))
        .files("/files", files)
}

/// The body again, and how it was asked for.
fn echo(request: &mut Request<'_>) -> Response {
    let framing = match request.header("transfer-encoding") {
        Some(coding) => coding.to_owned(),
        None => request.header("content-length").unwrap_or("none").to_owned(),
    };
    Response::from(Bytes::copy_from_slice(request.body()))
        .header("X-Method", request.method().as_str())
        .header("X-Framing", framing)
}

fn count(_: &mut Request<'_>, body: BodyReader, later: Later) {
    thread::spawn(move || match summary(body) {
        Ok(summary) => later.answer(summary),
        Err(error) => later.answer((Status::BAD_REQUEST, error.to_string())),
    });
}

/// So many bytes, of which the length is not said; of text, if that is asked for.
fn stream(request: &mut Request<'_>) -> Response {
    let len = request.query("bytes").and_then(|text| text.parse().ok()).unwrap_or(0);
    let body = std::io::Cursor::new(content(len));
    let text = request.query("text").is_some();
    let media = if text { "text/plain" } else { "application/octet-stream" };
    Response::content(media, Body::reader(body, None))
}

fn late(_: &mut Request<'_>) -> Response {
    let (response, later) = Response::later();
    thread::spawn(move || later.answer("late\n"));
    response
}

/// The parts of a form, a line for each.
fn form(request: &mut Request<'_>) -> Result<String, (Status, String)> {
    let media = request.header("content-type").unwrap_or_default();
    let wrong = |why: String| (Status::BAD_REQUEST, why);
    let boundary =
        Boundary::from_content_type(media).ok_or_else(|| wrong(format!("a body of {media:?}")))?;
    let mut parts = Multipart::new(boundary, multipart::Limits::default());
    let (mut body, mut text, mut data) = (request.body(), String::new(), Vec::new());
    while let Some(part) = parts.next(&mut body).map_err(|fault| wrong(fault.to_string()))? {
        match part {
            Part::Begin(head) => text += &format!("{} {:?} ", head.name, head.filename),
            Part::Data(piece) => data.extend_from_slice(piece),
            Part::End => text += &format!("{}\n", summary(&*std::mem::take(&mut data)).unwrap()),
            Part::Done => {}
        }
    }
    parts.finish().map_err(|fault| wrong(fault.to_string()))?;
    Ok(text)
}

/// The protocol that `/upgrade` goes on with.
struct Shout;

impl raw::Handler for Shout {
    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        session.send(data.to_ascii_uppercase());
    }
}

/// [`UNPACKED`] by `gzip -n`.
const GZIPPED: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xb3, 0x29, 0xb0, 0x2b, 0x48, 0x4c,
    0xce, 0x4e, 0x4d, 0xb1, 0xd1, 0x2f, 0xb0, 0x03, 0x00, 0x7d, 0x31, 0x5c, 0xf5, 0x0d, 0x00, 0x00,
    0x00,
];
