//! Which of the requests that were sent an answer belongs to.

use std::collections::{HashMap, VecDeque};

/// How answers find their requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matching {
    /// The first answer belongs to the first request.
    InOrder,
    /// An answer belongs to the request with the same id.
    ById,
}

/// The requests that were sent and may still be answered, by their numbers.
pub(super) enum Outstanding {
    /// Those that nobody waits for any more too: their answers come before the others'.
    InOrder(VecDeque<u64>),
    ById {
        numbers: HashMap<u64, u64>,
        /// Ids of requests that nobody waits for any more, kept so that their answers are known
        /// when they come. The oldest of too many is forgotten.
        late: VecDeque<u64>,
        limit: usize,
    },
}

impl Outstanding {
    pub(super) fn new(matching: Matching, limit: usize) -> Self {
        match matching {
            Matching::InOrder => Self::InOrder(VecDeque::new()),
            Matching::ById => Self::ById { numbers: HashMap::new(), late: VecDeque::new(), limit },
        }
    }

    /// How many there are that count as under way.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::InOrder(numbers) => numbers.len(),
            Self::ById { numbers, late, .. } => numbers.len() - late.len(),
        }
    }

    /// A request is about to be sent. False when nobody could tell its answer from another's.
    pub(super) fn add(&mut self, number: u64, id: Option<u64>) -> bool {
        match (self, id) {
            (Self::InOrder(numbers), _) => numbers.push_back(number),
            (Self::ById { numbers, late, .. }, Some(id)) => {
                if numbers.contains_key(&id) && !forget(late, id) {
                    return false;
                }
                numbers.insert(id, number);
            }
            (Self::ById { .. }, None) => return false,
        }
        true
    }

    /// The one added last could not be sent.
    pub(super) fn undo(&mut self, id: Option<u64>) {
        match (self, id) {
            (Self::InOrder(numbers), _) => drop(numbers.pop_back()),
            (Self::ById { numbers, .. }, Some(id)) => drop(numbers.remove(&id)),
            (Self::ById { .. }, None) => {}
        }
    }

    /// An answer has come: whose it is.
    pub(super) fn take(&mut self, id: Option<u64>) -> Option<u64> {
        match self {
            Self::InOrder(numbers) => numbers.pop_front(),
            Self::ById { numbers, late, .. } => {
                let number = numbers.remove(&id?)?;
                forget(late, id?);
                Some(number)
            }
        }
    }

    /// Nobody waits any more for the answer to this one.
    pub(super) fn give_up(&mut self, id: Option<u64>) {
        if let (Self::ById { numbers, late, limit }, Some(id)) = (self, id) {
            late.push_back(id);
            if late.len() > *limit {
                late.pop_front().map(|oldest| numbers.remove(&oldest));
            }
        }
    }

    /// The connection has ended.
    pub(super) fn clear(&mut self) {
        match self {
            Self::InOrder(numbers) => numbers.clear(),
            Self::ById { numbers, late, .. } => {
                numbers.clear();
                late.clear();
            }
        }
    }
}

/// True when it was among them.
fn forget(ids: &mut VecDeque<u64>, id: u64) -> bool {
    let place = ids.iter().position(|late| *late == id);
    place.is_some_and(|place| ids.remove(place).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_good_for_one_request_at_a_time() {
        let mut outstanding = Outstanding::new(Matching::ById, 2);
        assert!(outstanding.add(0, Some(7)));
        assert!(!outstanding.add(1, Some(7)));
        assert!(!outstanding.add(1, None));
        assert_eq!(outstanding.take(Some(7)), Some(0));
        assert!(outstanding.add(1, Some(7)));
        assert_eq!(outstanding.len(), 1);
    }

    #[test]
    fn late_answers_are_known_until_there_are_too_many_of_them() {
        let mut outstanding = Outstanding::new(Matching::ById, 2);
        for id in 0..3 {
            assert!(outstanding.add(10 + id, Some(id)));
            outstanding.give_up(Some(id));
        }
        assert_eq!(outstanding.len(), 0);
        assert_eq!(outstanding.take(Some(0)), None);
        assert_eq!(outstanding.take(Some(1)), Some(11));
        assert!(outstanding.add(20, Some(2)), "its id may be used again");
        assert_eq!((outstanding.len(), outstanding.take(Some(2))), (1, Some(20)));
    }

    #[test]
    fn in_order_the_late_ones_stay_in_line() {
        let mut outstanding = Outstanding::new(Matching::InOrder, 2);
        assert!(outstanding.add(0, None) && outstanding.add(1, None));
        outstanding.give_up(None);
        assert_eq!((outstanding.take(None), outstanding.take(None)), (Some(0), Some(1)));
        assert_eq!(outstanding.take(None), None);
    }
}
