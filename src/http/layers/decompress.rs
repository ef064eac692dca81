//! Bodies of requests that have come compressed.

use crate::codec::http::Status;
use crate::http::unpack::{PIECE, Unpack};
use crate::http::{Layer, Next, Reception, Request, Response};

/// Undoes the compression of requests' bodies (`Content-Encoding: gzip` or `deflate`), so that the
/// handler gets what the client had before.
///
/// Such bodies are gathered, up to the limit there is for bodies, whatever the handler wants, and
/// may have so many bytes afterwards as this layer allows: 413 beyond, and no more than some
/// memory for a body that was made to become huge. What does not unpack is answered 400, another encoding
/// 415 with those that are known. The field `Content-Encoding` stays in the request.
///
/// ```
/// use sockeye::http::{Request, Router, layers::Decompress};
///
/// let router = Router::new()
///     .post("/", |request: &mut Request<'_>| request.text().map(str::to_uppercase))
///     .layer(Decompress::new(8 << 20));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Decompress(usize);

/// That it is done, in case there are two such layers.
struct Done;

impl Decompress {
    /// For bodies of at most so many bytes when they are unpacked.
    pub fn new(most: usize) -> Self {
        Self(most)
    }

    fn unpacked(&self, coding: &str, body: &[u8]) -> Result<Vec<u8>, Response> {
        let mut unpack = Unpack::of(coding).ok_or_else(unsupported)?;
        let mut unpacked = Vec::new();
        for piece in body.chunks(PIECE) {
            unpack.feed(piece, &mut unpacked).map_err(malformed)?;
            self.check(&unpacked)?;
        }
        unpack.finish(&mut unpacked).map_err(malformed)?;
        self.check(&unpacked)?;
        Ok(unpacked)
    }

    fn check(&self, unpacked: &[u8]) -> Result<(), Response> {
        let status = Status::CONTENT_TOO_LARGE;
        match unpacked.len() <= self.0 {
            true => Ok(()),
            false => Err(Response::error(status, "a body that is too large when it is unpacked")),
        }
    }
}

impl Layer for Decompress {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        let body = request.body();
        let Some(coding) = coding(request).filter(|_| !body.is_empty()) else {
            return next.run(request);
        };
        match self.unpacked(coding, body) {
            Ok(unpacked) => {
                request.insert(Done);
                request.with_body(&unpacked, |request| next.run(request))
            }
            Err(answer) => answer,
        }
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        match coding(request) {
            None => next.begin(request),
            Some(coding) if Unpack::of(coding).is_none() => Reception::answer(unsupported()),
            Some(_) => next.gathering().begin(request),
        }
    }
}

/// What is to be undone.
fn coding<'a>(request: &Request<'a>) -> Option<&'a str> {
    let coding =
        request.headers().get("content-encoding").filter(|_| request.get::<Done>().is_none())?;
    // What is no text is no coding either.
    let coding = std::str::from_utf8(coding).unwrap_or("?").trim();
    (!coding.is_empty() && !coding.eq_ignore_ascii_case("identity")).then_some(coding)
}

/// RFC 9110 12.5.3 and 15.5.16.
fn unsupported() -> Response {
    let status = Status::UNSUPPORTED_MEDIA_TYPE;
    Response::error(status, status.phrase()).header("Accept-Encoding", "gzip, deflate")
}

fn malformed(why: std::io::Error) -> Response {
    Response::error(Status::BAD_REQUEST, format!("the body does not unpack: {why}"))
}
