//! How long a head may be.

/// What the head of a message may have.
///
/// ```
/// use sockeye::http::parse::HeadLimits;
///
/// let limits = HeadLimits { fields: 32, ..HeadLimits::default() };
/// assert_eq!((limits.line, limits.bytes), (8 * 1024, 64 * 1024));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HeadLimits {
    /// Bytes of the request line or status line, its end not counted. Default: 8 KiB. A longer
    /// request line is answered with 414.
    pub line: usize,
    /// Header fields. Default: 100; more than 256 are 256. More are answered with 431.
    pub fields: usize,
    /// Bytes of the whole head. Default: 64 KiB. A longer one is answered with 431.
    pub bytes: usize,
}

impl HeadLimits {
    /// The most header fields that a head may have.
    pub(crate) const MOST_FIELDS: usize = 256;
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self { line: 8 * 1024, fields: 100, bytes: 64 * 1024 }
    }
}
