//! Where a mark is in data that grows.

use memchr::{memchr, memmem};

/// Looks for a mark, and at nothing twice: what has been looked at in vain is remembered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    searched: usize,
}

impl Scan {
    pub(super) const fn new() -> Self {
        Self { searched: 0 }
    }

    /// Where the mark begins that ends within the first `limit` bytes. After `None` the next call's
    /// data begins with the same bytes, after `Some` it is about other data.
    pub(super) fn find(&mut self, mark: &[u8], data: &[u8], limit: usize) -> Option<usize> {
        let data = &data[..data.len().min(limit)];
        let begin = self.searched.min(data.len());
        let found = match mark {
            [byte] => memchr(*byte, &data[begin..]),
            mark => memmem::find(&data[begin..], mark),
        };
        // Its first bytes may be the last ones here.
        self.searched = match found {
            Some(_) => 0,
            None => (data.len() + 1).saturating_sub(mark.len()),
        };
        found.map(|found| begin + found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_looked_at_twice() {
        let mut scan = Scan::new();
        assert_eq!(scan.find(b"--", b"abc-", 100), None);
        // Only what may be the beginning of a mark.
        assert_eq!(scan.searched, 3);
        // So that a mark before that is not seen.
        assert_eq!(scan.find(b"--", b"--c-d--", 100), Some(5));
        assert_eq!(scan.searched, 0);
        assert_eq!(scan.find(b"\n", b"ab", 100), None);
        assert_eq!(scan.searched, 2);
    }

    #[test]
    fn a_mark_ends_within_the_limit() {
        assert_eq!(Scan::new().find(b"--", b"abc--", 5), Some(3));
        assert_eq!(Scan::new().find(b"--", b"abc--", 4), None);
        assert_eq!(Scan::new().find(b"--", b"", 0), None);
    }
}
