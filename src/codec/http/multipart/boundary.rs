//! What stands between parts.

use crate::codec::http::params::{parameter, split};
use crate::error::{Error, ErrorKind, Result};

/// The text that parts are told apart by, which none of them may have in it.
///
/// 1 to 70 letters, digits, blanks and `'()+_,-./:=?`, of which a blank is not the last (RFC 2046
/// 5.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Boundary(String);

impl Boundary {
    /// A boundary that is known not to be in what is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] if it cannot be one.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        if is_boundary(&text) {
            Ok(Self(text))
        } else {
            Err(Error::new(ErrorKind::Invalid, "take for a boundary").on(format_args!("{text:?}")))
        }
    }

    /// A boundary that is in nothing that is sent, if the number is really random.
    pub fn random(number: u128) -> Self {
        Self(format!("-------------------{number:032x}"))
    }

    /// That of a message's `Content-Type`, if it is `multipart/form-data` and has one.
    ///
    /// ```
    /// use sockeye::http::multipart::Boundary;
    ///
    /// let boundary = Boundary::from_content_type("multipart/form-data; boundary=\"a b\"");
    /// assert_eq!(boundary, Some(Boundary::new("a b")?));
    /// assert_eq!(Boundary::from_content_type("multipart/form-data"), None);
    /// assert_eq!(Boundary::from_content_type("text/plain; boundary=a"), None);
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    pub fn from_content_type(value: &str) -> Option<Self> {
        let mut parts = split(value, ';');
        if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let mut named = parts.filter_map(lenient_parameter);
        let boundary = named.find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?.1;
        // Two of them mean two different messages.
        let alone = named.all(|(name, _)| !name.eq_ignore_ascii_case("boundary"));
        (alone && is_boundary(&boundary)).then_some(Self(boundary))
    }

    /// The `Content-Type` of a body with this boundary.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary=\"{}\"", self.0)
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a part's data ends with.
    pub(super) fn delimiter(&self) -> String {
        format!("\r\n--{}", self.0)
    }
}

fn is_boundary(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+_,-./:=?".contains(&byte);
    (1..=70).contains(&text.len()) && text.bytes().all(allowed) && !text.ends_with(' ')
}

/// Some write boundaries that are no tokens without quotation marks.
fn lenient_parameter(text: &str) -> Option<(&str, String)> {
    match parameter(text) {
        Some((name, value)) => Some((name, value.into_owned())),
        None => {
            let (name, value) = text.split_once('=')?;
            (!value.contains('"')).then(|| (name, value.into()))
        }
    }
}
