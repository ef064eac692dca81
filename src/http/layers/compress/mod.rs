//! Shorter answers.

mod encoder;
mod media;

use crate::codec::http::{ETag, Method, Status, accept};
use crate::http::body::Body;
use crate::http::{Layer, Next, Reception, Request, Response};
use encoder::{Coding, Encoder};

/// Compresses the bodies of answers for clients that can undo it: with gzip, or with deflate.
///
/// Which of both, or none, the quality values of the client's `Accept-Encoding` say. Compressed is
/// what is likely to become shorter: text, JSON, scripts, XML, fonts and the like of at least 1 KiB, or
/// of unknown length. What has a `Content-Encoding` already is left alone, as are parts (206),
/// answers without a body, and what is not to be changed (`Cache-Control: no-transform`) or whose
/// digest is told. The answer varies with `Accept-Encoding`, also where it is not compressed, and its
/// `ETag` becomes a weak one.
///
/// Bodies of up to 64 KiB in memory are compressed at once, and are sent as they were when that does
/// not pay. Longer ones and streams are compressed while they are sent, in chunks; each piece of a
/// stream can be read when it has come. That takes some 300 KiB of memory for each answer under way.
///
/// ```
/// use sockeye::http::{Router, layers::Compress};
///
/// let router = Router::new().get("/", "a long page").layer(Compress::new());
/// ```
///
/// Over TLS, the length of an answer that has both a secret and what an attacker may choose tells him of the
/// secret (BREACH): don't compress such answers.
#[derive(Clone, Copy, Debug)]
pub struct Compress {
    level: u32,
    at_least: u64,
}

impl Compress {
    /// As above, with level 6.
    pub fn new() -> Self {
        Self { level: 6, at_least: 1024 }
    }

    /// How much time it takes, for how much less to send: 1 is the fastest, 9 the shortest. Default: 6.
    #[must_use]
    pub fn level(mut self, level: u32) -> Self {
        self.level = level.clamp(1, 9);
        self
    }

    /// Bytes that a body of known length has at least. Default: 1024; below some 200 nothing becomes
    /// shorter.
    #[must_use]
    pub fn at_least(mut self, bytes: u64) -> Self {
        self.at_least = bytes;
        self
    }

    fn compressing(
        &self,
        request: &Request<'_>,
    ) -> impl FnOnce(Response) -> Response + Send + use<> {
        let task = Task {
            compress: *self,
            coding: coding(request.header("accept-encoding")),
            head_only: request.method() == Method::Head,
        };
        move |answer| task.run(answer)
    }
}

impl Default for Compress {
    fn default() -> Self {
        Self::new()
    }
}

impl Layer for Compress {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        let compressing = self.compressing(request);
        next.run(request).map(compressing)
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        let compressing = self.compressing(request);
        next.begin(request).map(compressing)
    }
}

/// What the client prefers, unless that is what there is.
fn coding(accepted: Option<&str>) -> Option<Coding> {
    let offers = ["gzip", "deflate", "identity"];
    match accept::preferred_encoding(accepted, &offers)? {
        0 => Some(Coding::Gzip),
        1 => Some(Coding::Deflate),
        _ => None,
    }
}

struct Task {
    compress: Compress,
    coding: Option<Coding>,
    head_only: bool,
}

impl Task {
    fn run(self, mut answer: Response) -> Response {
        if !self.concerns(&answer) {
            return answer;
        }
        let fields = answer.fields();
        if !fields.contains_token("vary", "accept-encoding") && !fields.contains_token("vary", "*")
        {
            answer.add_header("Vary", "Accept-Encoding");
        }
        match self.coding {
            Some(coding) => self.compress(answer, coding),
            None => answer,
        }
    }

    /// Whether it could be compressed for some client.
    fn concerns(&self, answer: &Response) -> bool {
        let (status, fields) = (answer.status(), answer.fields());
        let whole = !status.is_informational()
            && !status.is_bodiless()
            && status != Status::PARTIAL_CONTENT
            && !["content-encoding", "content-range"].iter().any(|name| fields.contains(name));
        let free = !fields.contains_token("cache-control", "no-transform")
            && !DIGESTS.iter().any(|name| fields.contains(name));
        let long = answer.body().len().is_none_or(|len| len >= self.compress.at_least);
        whole && free && long && answer.get("content-type").is_some_and(media::is_compressible)
    }

    fn compress(&self, mut answer: Response, coding: Coding) -> Response {
        let body = answer.take_body();
        let encoder = |each: bool| Encoder::new(coding, self.compress.level, each);
        let small = body.bytes().filter(|bytes| bytes.len() <= AT_ONCE && !self.head_only);
        let body = match small {
            // How long it would be `HEAD` must not say wrongly (RFC 9110 9.3.2), so it does not say it.
            None if self.head_only => Body::pieces([]),
            None => {
                let each = body.bytes().is_none();
                body.filtered(encoder(each))
            }
            Some(bytes) => match encoder(false).whole(bytes) {
                Ok(short) if short.len() < bytes.len() => short.into(),
                _ => return answer.with_body(body),
            },
        };
        answer.set_header("Content-Encoding", coding.name());
        weaken(&mut answer);
        answer.with_body(body)
    }
}

/// Compressed it is not the same byte by byte (RFC 9110 8.8.1).
fn weaken(answer: &mut Response) {
    let tag = answer.get("etag").and_then(ETag::parse).filter(|tag| !tag.is_weak());
    if let Some(weak) = tag.and_then(|tag| ETag::weak(tag.tag()).ok()) {
        answer.set_header("ETag", weak.to_string());
    }
}

/// Fields about the bytes as they were.
const DIGESTS: [&str; 4] = ["content-digest", "repr-digest", "digest", "content-md5"];

/// Bytes of a body in memory that are compressed at once: 1 ms or so.
const AT_ONCE: usize = 64 << 10;
