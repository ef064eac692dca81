//! Entity tags (RFC 9110 8.8.3): names of the versions of a resource.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};

/// The name of one version of a resource, as the field `ETag` has it.
///
/// A strong one says that the bytes are the same, a weak one that they mean the same.
///
/// ```
/// use sockeye::http::ETag;
///
/// let tag = ETag::strong("5f3a-1c")?;
/// assert_eq!(tag.to_string(), "\"5f3a-1c\"");
/// let weak = ETag::parse("W/\"5f3a-1c\"").expect("it is one");
/// assert!(weak.weakly_matches(&tag) && !weak.strongly_matches(&tag));
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag {
    weak: bool,
    tag: String,
}

impl ETag {
    /// The tag of a version that is the same byte by byte.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] if there is a quotation mark, white space or a control character in
    /// it.
    pub fn strong(tag: impl Into<String>) -> Result<Self> {
        Self::new(false, tag.into())
    }

    /// The tag of versions that mean the same.
    ///
    /// # Errors
    ///
    /// As those of [`strong`](Self::strong).
    pub fn weak(tag: impl Into<String>) -> Result<Self> {
        Self::new(true, tag.into())
    }

    /// Reads one tag: `"a"` or `W/"a"`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        match split_first(text)? {
            (tag, "") => Some(Self { weak: tag.weak, tag: tag.tag.into() }),
            _ => None,
        }
    }

    /// Whether it is a weak one.
    pub fn is_weak(&self) -> bool {
        self.weak
    }

    /// What is between the quotation marks.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether both are strong and the same (RFC 9110 8.8.3.2).
    pub fn strongly_matches(&self, other: &Self) -> bool {
        self.borrowed().strongly_matches(other.borrowed())
    }

    /// Whether both are the same but for their strength (RFC 9110 8.8.3.2).
    pub fn weakly_matches(&self, other: &Self) -> bool {
        self.tag == other.tag
    }

    /// Whether a list as in `If-Match` has the tag, compared strongly; `*` has every one.
    ///
    /// What follows something that is no tag is not looked at.
    ///
    /// ```
    /// use sockeye::http::ETag;
    ///
    /// let tag = ETag::strong("b,c")?;
    /// assert!(tag.strongly_in("\"a\", \"b,c\"") && tag.strongly_in("*"));
    /// assert!(!tag.strongly_in("\"a\", W/\"b,c\"") && !tag.strongly_in("a, \"b,c\""));
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    pub fn strongly_in(&self, list: &str) -> bool {
        is_any(list) || tags(list).any(|tag| tag.strongly_matches(self.borrowed()))
    }

    /// Whether a list as in `If-None-Match` has the tag, compared weakly; `*` has every one.
    ///
    /// What follows something that is no tag is not looked at.
    pub fn weakly_in(&self, list: &str) -> bool {
        is_any(list) || tags(list).any(|tag| tag.tag == self.tag)
    }

    fn new(weak: bool, tag: String) -> Result<Self> {
        if tag.chars().all(is_inside) {
            Ok(Self { weak, tag })
        } else {
            Err(Error::new(ErrorKind::Invalid, "make an entity tag of")
                .on(format_args!("{tag:?}"))
                .because("no quotation marks, white space and control characters"))
        }
    }

    fn borrowed(&self) -> Borrowed<'_> {
        Borrowed { weak: self.weak, tag: &self.tag }
    }
}

/// As in the field.
impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.weak { "W/" } else { "" };
        write!(f, "{prefix}\"{}\"", self.tag)
    }
}

/// Whether a list means whatever there is.
pub(super) fn is_any(list: &str) -> bool {
    list.trim_matches(BLANK) == "*"
}

/// The tags of a list up to its end, or to what is none.
fn tags(list: &str) -> impl Iterator<Item = Borrowed<'_>> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let (tag, behind) = split_first(rest.trim_start_matches(SEPARATORS))?;
        let behind = behind.trim_start_matches(BLANK);
        // Without a comma it is something else than a tag.
        let alone = behind.is_empty() || behind.starts_with(',');
        rest = behind;
        alone.then_some(tag)
    })
}

#[derive(Clone, Copy)]
struct Borrowed<'a> {
    weak: bool,
    tag: &'a str,
}

impl Borrowed<'_> {
    fn strongly_matches(self, other: Borrowed<'_>) -> bool {
        !self.weak && !other.weak && self.tag == other.tag
    }
}

/// The tag at the beginning, and what follows it.
fn split_first(text: &str) -> Option<(Borrowed<'_>, &str)> {
    let (weak, quoted) = match text.strip_prefix("W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    };
    let (tag, behind) = quoted.strip_prefix('"')?.split_once('"')?;
    tag.chars().all(is_inside).then_some((Borrowed { weak, tag }, behind))
}

/// `etagc`, with characters for its `obs-text`.
fn is_inside(c: char) -> bool {
    c > ' ' && c != '"' && !c.is_control()
}

const BLANK: [char; 2] = [' ', '\t'];

/// Between elements, of which some may be empty (RFC 9110 5.6.1.2).
const SEPARATORS: [char; 3] = [' ', '\t', ','];
