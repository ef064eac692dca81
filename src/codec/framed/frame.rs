//! A frame on its way out.

/// A frame that a codec is building: what it appends is sent in this order.
#[derive(Debug)]
pub struct Frame<'a> {
    out: &'a mut Vec<u8>,
    message: &'a [u8],
    /// The message is sent from where it lies rather than copied.
    shared: bool,
    split: Option<usize>,
}

impl<'a> Frame<'a> {
    /// A frame that is built behind what is in `out`. If `shared`, the message is left out where
    /// it belongs.
    #[inline]
    pub(crate) fn new(out: &'a mut Vec<u8>, message: &'a [u8], shared: bool) -> Self {
        Self { out, message, shared, split: None }
    }

    /// Appends bytes.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Appends the message as it is. A big one that its sender shares is not copied, the first
    /// time.
    #[inline]
    pub fn message(&mut self) {
        if self.shared && self.split.is_none() {
            self.split = Some(self.out.len());
        } else {
            self.out.extend_from_slice(self.message);
        }
    }

    /// Where in `out` the message belongs, if it was left out.
    #[inline]
    pub(crate) fn split(&self) -> Option<usize> {
        self.split
    }
}
