//! Forms that are sent.

use memchr::memmem;

use super::Boundary;
use crate::codec::http::syntax::is_value;
use crate::error::{Error, ErrorKind, Result};

/// Makes the body of a form. It is sent with the type [`Boundary::content_type`].
///
/// What is too long for memory is sent in pieces: [`begin`](Self::begin) a part,
/// [`take`](Self::take) what there is of the body, send the data, and so on.
///
/// ```
/// use sockeye::http::multipart::{Boundary, Form};
///
/// let mut form = Form::new(Boundary::new("--")?);
/// form.text("a", "b")?;
/// let body = form.finish();
/// assert_eq!(body, b"----\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n------\r\n");
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Form {
    delimiter: String,
    body: Vec<u8>,
    /// The first delimiter has no line's end before it.
    begun: bool,
}

impl Form {
    /// A form without parts.
    pub fn new(boundary: Boundary) -> Self {
        Self { delimiter: boundary.delimiter(), body: Vec::new(), begun: false }
    }

    /// Adds a field.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] if the name has a control character in it, or the text has the
    /// boundary; nothing is added then.
    pub fn text(&mut self, name: &str, text: &str) -> Result<&mut Self> {
        self.part(name, None, None, text.as_bytes())
    }

    /// Adds a file with a name and a type of its own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] if the name, the file's name or the type has a control character in
    /// it, or the data has the boundary; nothing is added then.
    pub fn file(
        &mut self,
        name: &str,
        filename: &str,
        content_type: &str,
        data: impl AsRef<[u8]>,
    ) -> Result<&mut Self> {
        self.part(name, Some(filename), Some(content_type), data.as_ref())
    }

    /// Begins a part, whose data is sent behind what [`take`](Self::take) gives, and must not have
    /// the boundary in it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] if a name or the type has a control character in it; nothing is added
    /// then.
    pub fn begin(
        &mut self,
        name: &str,
        filename: Option<&str>,
        content_type: Option<&str>,
    ) -> Result<&mut Self> {
        let texts = [Some(name), filename, content_type];
        if !texts.into_iter().flatten().all(|text| is_value(text.as_bytes())) {
            return Err(invalid(name, "a control character"));
        }
        self.delimit();
        self.push("\r\nContent-Disposition: form-data; name=\"").push(&escaped(name)).push("\"");
        if let Some(filename) = filename {
            self.push("; filename=\"").push(&escaped(filename)).push("\"");
        }
        if let Some(content_type) = content_type {
            self.push("\r\nContent-Type: ").push(content_type);
        }
        self.push("\r\n\r\n");
        Ok(self)
    }

    /// What there is of the body and has not been taken yet.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.body)
    }

    /// The body to its end, without what has been taken.
    pub fn finish(mut self) -> Vec<u8> {
        self.delimit();
        self.push("--\r\n");
        self.body
    }

    fn part(
        &mut self,
        name: &str,
        filename: Option<&str>,
        content_type: Option<&str>,
        data: &[u8],
    ) -> Result<&mut Self> {
        // At its beginning the empty line's end comes before it.
        let whole = memmem::find(data, self.delimiter.as_bytes()).is_some();
        if whole || data.starts_with(&self.delimiter.as_bytes()[2..]) {
            return Err(invalid(name, "the form's boundary in its data"));
        }
        self.begin(name, filename, content_type)?;
        self.body.extend_from_slice(data);
        Ok(self)
    }

    /// Ends the part before, if there is one.
    fn delimit(&mut self) {
        let from = if self.begun { 0 } else { 2 };
        self.begun = true;
        self.body.extend_from_slice(&self.delimiter.as_bytes()[from..]);
    }

    fn push(&mut self, text: &str) -> &mut Self {
        self.body.extend_from_slice(text.as_bytes());
        self
    }
}

/// As it stands in quotation marks (RFC 9110 5.6.4).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn invalid(name: &str, why: &str) -> Error {
    let error = Error::new(ErrorKind::Invalid, "add to a form").on(format_args!("{name:?}"));
    error.because(format_args!("there is {why}"))
}
