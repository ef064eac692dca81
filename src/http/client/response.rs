//! What a client gets.

use std::fmt;
use std::io::{self, BufRead, Read};

use bytes::Bytes;

use crate::codec::http::{Fields, Status, Url, Version};
use crate::error::{Error, ErrorKind, Result};
use crate::http::BodyReader;

/// An answer with its whole body.
///
/// ```no_run
/// use sockeye::{Service, http};
///
/// let service = Service::builder().threads(1).start()?;
/// let client = http::Client::new(&service)?;
/// let answer = client.get("http://localhost:8080/").send()?;
/// println!("{}: {}", answer.status(), answer.text()?);
/// if let Some(media) = answer.header("content-type") {
///     println!("{} bytes of {media}", answer.bytes().len());
/// }
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct ClientResponse {
    pub(super) url: Url,
    pub(super) version: Version,
    pub(super) status: Status,
    pub(super) fields: Fields,
    pub(super) body: Bytes,
    pub(super) trailers: Fields,
}

impl ClientResponse {
    /// How the request went. Any status is an answer, 404 and 500 too.
    pub fn status(&self) -> Status {
        self.status
    }

    /// What has answered: the URL of the request, or where it was redirected to last.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The server's version of HTTP.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The header's fields. Of a body that was unpacked they don't say how it was packed, nor how long
    /// it was then.
    pub fn headers(&self) -> &Fields {
        &self.fields
    }

    /// The first field of this name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.fields.str(name)
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) if it is not UTF-8, whatever its `Content-Type` says.
    pub fn text(&self) -> Result<&str> {
        str::from_utf8(&self.body).map_err(|error| self.unreadable(&error))
    }

    /// The body, read as JSON, whatever its `Content-Type` says.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) with what is wrong and where.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| self.unreadable(&error))
    }

    /// The fields that came behind a body in chunks.
    pub fn trailers(&self) -> &Fields {
        &self.trailers
    }

    /// The same if the status is one of success (2xx).
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) with the status.
    pub fn succeeded(self) -> Result<Self> {
        if self.status.is_success() {
            return Ok(self);
        }
        let error = Error::new(ErrorKind::Invalid, "do what was asked of").on(&self.url);
        Err(error.because(format_args!("the answer is {}", self.status)))
    }

    fn unreadable(&self, why: &dyn fmt::Display) -> Error {
        Error::new(ErrorKind::Invalid, "read the answer of").on(&self.url).because(why)
    }
}

impl fmt::Debug for ClientResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientResponse")
            .field("url", &self.url)
            .field("status", &self.status)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer whose body is read while it comes: at most 256 KiB wait to be read, then the server is
/// held up.
///
/// Dropped before its end, it closes the connection. A body that is cut off is an error of the read
/// that would go beyond.
///
/// ```no_run
/// use std::fs::File;
/// use std::io;
/// use sockeye::{Service, http};
///
/// let service = Service::builder().threads(1).start()?;
/// let client = http::Client::new(&service)?;
/// let mut answer = client.get("http://localhost:8080/large").stream()?;
/// if answer.head().status().is_success() {
///     io::copy(&mut answer, &mut File::create("large")?)?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Streaming {
    pub(super) head: ClientResponse,
    pub(super) body: BodyReader,
}

impl Streaming {
    /// All but the body and the trailers: [`ClientResponse::bytes`] is empty.
    pub fn head(&self) -> &ClientResponse {
        &self.head
    }

    /// What reads the body.
    pub fn body(&mut self) -> &mut BodyReader {
        &mut self.body
    }

    /// Only what reads the body.
    pub fn into_body(self) -> BodyReader {
        self.body
    }
}

impl Read for Streaming {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.body.read(into)
    }
}

impl BufRead for Streaming {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.body.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.body.consume(count);
    }
}

impl fmt::Debug for Streaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").field("head", &self.head).finish_non_exhaustive()
    }
}
