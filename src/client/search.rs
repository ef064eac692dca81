//! Looking for a delimiter in bytes that come little by little, and at none of them twice.

use std::collections::VecDeque;

/// The search for one delimiter, which goes on where it has stopped (Knuth, Morris and Pratt: "Fast
/// pattern matching in strings").
#[derive(Debug, Default)]
pub(super) struct Search {
    delimiter: Vec<u8>,
    /// For each length of a match, how long a beginning of the delimiter its end is.
    shorter: Vec<usize>,
    /// Bytes looked at, from the front.
    searched: usize,
    /// How many of the last of these are a beginning of the delimiter.
    matched: usize,
}

impl Search {
    /// Where the first delimiter ends, if it does so within the first `limit` bytes. The delimiter
    /// has at least one.
    pub(super) fn find(
        &mut self,
        delimiter: &[u8],
        data: &VecDeque<u8>,
        limit: usize,
    ) -> Option<usize> {
        if self.delimiter != delimiter {
            *self = Self::new(delimiter);
        }
        let end = data.len().min(limit);
        for byte in data.range(self.searched.min(end)..end) {
            self.searched += 1;
            while self.matched > 0 && self.delimiter[self.matched] != *byte {
                self.matched = self.shorter[self.matched];
            }
            self.matched += usize::from(self.delimiter[self.matched] == *byte);
            if self.matched == self.delimiter.len() {
                let end = self.searched;
                self.begin_again();
                return Some(end);
            }
        }
        None
    }

    /// So many bytes have been taken from the front.
    pub(super) fn taken(&mut self, count: usize) {
        if count > self.searched - self.matched {
            // Of what was looked at, less than a delimiter is left.
            return self.begin_again();
        }
        self.searched -= count;
    }

    fn new(delimiter: &[u8]) -> Self {
        let mut shorter = vec![0; delimiter.len() + 1];
        let mut matched = 0;
        for at in 1..delimiter.len() {
            while matched > 0 && delimiter[matched] != delimiter[at] {
                matched = shorter[matched];
            }
            matched += usize::from(delimiter[matched] == delimiter[at]);
            shorter[at + 1] = matched;
        }
        Self { delimiter: delimiter.to_vec(), shorter, searched: 0, matched: 0 }
    }

    fn begin_again(&mut self) {
        self.searched = 0;
        self.matched = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Operation {
        Put(Vec<u8>),
        Take(usize),
        Find { delimiter: Vec<u8>, limit: usize },
    }

    /// Few different bytes, so that delimiters and halves of them are frequent.
    fn bytes(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop_oneof![4 => Just(b'a'), 1 => Just(b'b')], count)
    }

    fn operation() -> impl Strategy<Value = Operation> {
        let limit = prop_oneof![0..20usize, Just(usize::MAX)];
        prop_oneof![
            3 => bytes(0..10).prop_map(Operation::Put),
            1 => (0..10usize).prop_map(Operation::Take),
            4 => (bytes(1..5), limit)
                .prop_map(|(delimiter, limit)| Operation::Find { delimiter, limit }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_found_is_the_first(operations in prop::collection::vec(operation(), 1..50)) {
            let (mut search, mut data) = (Search::default(), VecDeque::new());
            for operation in operations {
                match operation {
                    Operation::Put(bytes) => data.extend(bytes),
                    Operation::Take(count) => {
                        let count = count.min(data.len());
                        data.drain(..count);
                        search.taken(count);
                    }
                    Operation::Find { delimiter, limit } => {
                        let within = &data.make_contiguous()[..];
                        let within = &within[..within.len().min(limit)];
                        let expected = within.windows(delimiter.len()).position(|at| at == delimiter);
                        let found = search.find(&delimiter, &data, limit);
                        prop_assert_eq!(found, expected.map(|at| at + delimiter.len()));
                    }
                }
            }
        }
    }

    #[test]
    fn no_byte_is_looked_at_twice() {
        let (mut search, mut data) = (Search::default(), VecDeque::new());
        for count in 1..1000 {
            data.push_back(b'a');
            assert_eq!(search.find(b"aab", &data, usize::MAX), None);
            assert_eq!((search.searched, search.matched), (count, count.min(2)));
        }
    }
}
