//! The requests under way: a pure value, without threads, clock or connection.

use std::collections::BTreeMap;
use std::mem;
use std::time::{Duration, Instant};

use super::outstanding::{Matching, Outstanding};

/// A request is admitted, begun when its session is about to send it, and answered; it may be
/// given up in between. `P` is the promise of its answer, which whoever gets it back must settle.
pub(super) struct Table<P> {
    limit: usize,
    next: u64,
    /// Those whose answer somebody waits for, by numbers: the first is the oldest.
    awaited: BTreeMap<u64, Awaited<P>>,
    /// How many are on their way to the session.
    unsent: usize,
    outstanding: Outstanding,
    open: bool,
}

struct Awaited<P> {
    promise: P,
    id: Option<u64>,
    since: Instant,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unsent,
    Sent,
    /// It will not be sent; the end of the connection, which is about to be told, says why.
    Lost,
}

/// What is to be done with a request that could be sent now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Begun<P> {
    Send,
    /// Nobody waits for it any more.
    Skip(Option<P>),
    /// Its answer could not be told from another's.
    Ambiguous(P),
}

/// Whose a message is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<P> {
    /// It answers this promise.
    Answer(P),
    /// It answers a request that nobody waits for any more.
    Late,
    /// It is no answer.
    Nothing,
}

impl<P> Table<P> {
    pub(super) fn new(matching: Matching, limit: usize) -> Self {
        let outstanding = Outstanding::new(matching, limit);
        Self { limit, next: 0, awaited: BTreeMap::new(), unsent: 0, outstanding, open: false }
    }

    /// How many the peer may have to answer yet.
    pub(super) fn under_way(&self) -> usize {
        self.unsent + self.outstanding.len()
    }

    /// The number of a new request; the promise again when there are too many.
    pub(super) fn admit(&mut self, promise: P, id: Option<u64>, since: Instant) -> Result<u64, P> {
        if self.under_way() >= self.limit {
            return Err(promise);
        }
        let number = self.next;
        self.next += 1;
        self.unsent += 1;
        self.awaited.insert(number, Awaited { promise, id, since, stage: Stage::Unsent });
        Ok(number)
    }

    /// The session is about to send a request, which is in its hands from now on.
    pub(super) fn begin(&mut self, number: u64, canceled: impl FnOnce(&P) -> bool) -> Begun<P> {
        self.unsent -= 1;
        let Some(awaited) = self.awaited.get_mut(&number) else { return Begun::Skip(None) };
        let skip = canceled(&awaited.promise);
        if !skip && self.outstanding.add(number, awaited.id) {
            awaited.stage = Stage::Sent;
            return Begun::Send;
        }
        match self.awaited.remove(&number) {
            Some(Awaited { promise, .. }) if !skip => Begun::Ambiguous(promise),
            gone => Begun::Skip(gone.map(|gone| gone.promise)),
        }
    }

    /// The request that was begun last could not be sent.
    pub(super) fn undo(&mut self, number: u64) -> Option<P> {
        let Awaited { promise, id, .. } = self.awaited.remove(&number)?;
        self.outstanding.undo(id);
        Some(promise)
    }

    /// A request never got to the session: its promise, unless it is failed in a moment with all
    /// others of the connection.
    pub(super) fn lose(&mut self, number: u64) -> Option<P> {
        self.unsent -= 1;
        match self.awaited.get_mut(&number) {
            Some(awaited) if self.open => {
                awaited.stage = Stage::Lost;
                None
            }
            _ => self.withdraw(number),
        }
    }

    /// Takes back a request that has not begun.
    pub(super) fn withdraw(&mut self, number: u64) -> Option<P> {
        self.awaited.remove(&number).map(|awaited| awaited.promise)
    }

    /// A message has come.
    pub(super) fn answer(&mut self, id: Option<u64>) -> Found<P> {
        let Some(number) = self.outstanding.take(id) else { return Found::Nothing };
        self.withdraw(number).map_or(Found::Late, Found::Answer)
    }

    /// Gives up what is older than the limit; and when to look again, if anything is left.
    pub(super) fn expire(&mut self, now: Instant, limit: Duration) -> (Vec<P>, Option<Duration>) {
        let mut expired = Vec::new();
        while let Some(oldest) = self.awaited.first_entry() {
            let age = now.saturating_duration_since(oldest.get().since);
            if age < limit {
                return (expired, Some(limit - age));
            }
            let Awaited { promise, id, stage, .. } = oldest.remove();
            if stage == Stage::Sent {
                self.outstanding.give_up(id);
            }
            expired.push(promise);
        }
        (expired, None)
    }

    pub(super) fn open(&mut self) {
        self.open = true;
    }

    /// The connection has ended: what will not be answered. Requests that wait for the next one
    /// stay.
    pub(super) fn close(&mut self) -> Vec<P> {
        self.open = false;
        self.outstanding.clear();
        let stays = |(_, awaited): &(u64, Awaited<P>)| awaited.stage == Stage::Unsent;
        let all = mem::take(&mut self.awaited).into_iter();
        let (stay, gone) = all.partition::<BTreeMap<_, _>, _>(stays);
        self.awaited = stay;
        gone.into_values().map(|awaited| awaited.promise).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, VecDeque};

    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 6;
    const PATIENCE: Duration = Duration::from_secs(10);

    #[derive(Clone, Debug)]
    enum Operation {
        /// With an id.
        Ask(u64),
        /// The request that has waited longest is about to be sent, and can be or not.
        Begin {
            fails: bool,
        },
        /// The request that has waited longest will never be sent.
        Lose,
        Cancel(usize),
        /// A message with an id.
        Hear(u64),
        Wait(u64),
        Open,
        Close,
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            8 => (0..8u64).prop_map(Operation::Ask),
            8 => any::<u8>().prop_map(|coin| Operation::Begin { fails: coin < 40 }),
            1 => Just(Operation::Lose),
            2 => (0..20usize).prop_map(Operation::Cancel),
            6 => (0..8u64).prop_map(Operation::Hear),
            3 => (1..8u64).prop_map(Operation::Wait),
            1 => Just(Operation::Open),
            1 => Just(Operation::Close),
        ]
    }

    /// What a promise stands for here: its request's place in the order of asking, and id.
    type Promise = (usize, u64);

    /// The table, and what is known of it from outside.
    struct Model {
        table: Table<Promise>,
        matching: Matching,
        now: Instant,
        asked: usize,
        canceled: BTreeSet<usize>,
        /// Numbers, on their way to the session.
        unsent: VecDeque<u64>,
        /// Those of the connection that may be answered, in the order of sending.
        sent: VecDeque<Promise>,
        /// Promises that are in the table, and when they were given to it.
        inside: BTreeMap<Promise, Instant>,
    }

    impl Model {
        fn new(matching: Matching) -> Self {
            Self {
                table: Table::new(matching, LIMIT),
                matching,
                now: Instant::now(),
                asked: 0,
                canceled: BTreeSet::new(),
                unsent: VecDeque::new(),
                sent: VecDeque::new(),
                inside: BTreeMap::new(),
            }
        }

        /// A promise comes back once, or the reply would never end, or end twice.
        fn back(&mut self, promise: Promise) {
            assert!(self.inside.remove(&promise).is_some(), "{promise:?} is not inside");
        }

        fn run(&mut self, operation: Operation) {
            match operation {
                Operation::Ask(id) => self.ask(id),
                Operation::Begin { fails } => self.begin(fails),
                Operation::Lose => {
                    let Some(number) = self.unsent.pop_front() else { return };
                    if let Some(promise) = self.table.lose(number) {
                        self.back(promise);
                    }
                }
                Operation::Cancel(place) => {
                    self.canceled.insert(place);
                }
                Operation::Hear(id) => self.hear(id),
                Operation::Wait(seconds) => self.wait(Duration::from_secs(seconds)),
                Operation::Open => self.table.open(),
                Operation::Close => {
                    self.table.close().into_iter().for_each(|promise| self.back(promise));
                    self.sent.clear();
                }
            }
            assert!(self.table.under_way() <= LIMIT);
            assert!(self.unsent.len() <= self.table.under_way());
        }

        fn ask(&mut self, id: u64) {
            let promise = (self.asked, id);
            let full = self.table.under_way() == LIMIT;
            self.asked += 1;
            match self.table.admit(promise, Some(id), self.now) {
                Ok(number) => {
                    assert!(!full);
                    self.unsent.push_back(number);
                    self.inside.insert(promise, self.now);
                }
                Err(refused) => assert!(full && refused == promise),
            }
        }

        fn begin(&mut self, fails: bool) {
            let Some(number) = self.unsent.pop_front() else { return };
            let canceled = &self.canceled;
            let begun = self.table.begin(number, |(place, _)| canceled.contains(place));
            match begun {
                Begun::Send if fails => {
                    let promise = self.table.undo(number).expect("it was just begun");
                    self.back(promise);
                }
                Begun::Send => {
                    let awaited = self.table.awaited.get(&number).expect("it was just begun");
                    assert!(!self.canceled.contains(&awaited.promise.0));
                    self.sent.push_back(awaited.promise);
                }
                Begun::Skip(None) => {}
                Begun::Skip(Some(promise)) => {
                    assert!(self.canceled.contains(&promise.0));
                    self.back(promise);
                }
                Begun::Ambiguous(promise) => {
                    assert_eq!(self.matching, Matching::ById);
                    assert!(self.sent.iter().any(|(_, id)| *id == promise.1));
                    self.back(promise);
                }
            }
        }

        fn hear(&mut self, id: u64) {
            let place = match self.matching {
                Matching::InOrder => (!self.sent.is_empty()).then_some(0),
                // The latest: one that was given up may have left its id to another.
                Matching::ById => self.sent.iter().rposition(|sent| sent.1 == id),
            };
            let expected = place.and_then(|place| self.sent.remove(place));
            match self.table.answer(Some(id)) {
                Found::Answer(promise) => {
                    assert_eq!(Some(promise), expected);
                    self.back(promise);
                }
                Found::Late => {
                    assert!(expected.is_some_and(|sent| !self.inside.contains_key(&sent)));
                }
                // By id, late ones are forgotten some time.
                Found::Nothing => {
                    assert!(expected.is_none_or(|sent| !self.inside.contains_key(&sent)));
                }
            }
        }

        fn wait(&mut self, time: Duration) {
            self.now += time;
            let (expired, next) = self.table.expire(self.now, PATIENCE);
            for promise in expired {
                assert!(self.now - self.inside[&promise] >= PATIENCE);
                self.back(promise);
            }
            let oldest = self.inside.values().min();
            assert_eq!(next, oldest.map(|oldest| PATIENCE - (self.now - *oldest)));
        }

        /// Everything comes to an end.
        fn finish(mut self) {
            while !self.unsent.is_empty() {
                self.run(Operation::Lose);
            }
            self.run(Operation::Close);
            assert_eq!((self.table.under_way(), self.inside.len()), (0, 0));
        }
    }

    proptest! {
        #[test]
        fn every_promise_comes_back_once_and_to_whom_it_belongs(
            matching in prop_oneof![Just(Matching::InOrder), Just(Matching::ById)],
            operations in prop::collection::vec(operation(), 1..200),
        ) {
            let mut model = Model::new(matching);
            operations.into_iter().for_each(|operation| model.run(operation));
            model.finish();
        }
    }
}
