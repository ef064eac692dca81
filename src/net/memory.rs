//! A stream without a socket: two ends, a bounded buffer in each direction, and the behaviour of
//! non-blocking TCP, with whatever [`Faults`] were ordered.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::faults::Direction;
use super::{Endpoint, Faults};

/// Two connected ends with room for `capacity` bytes (at least one) in each direction. Both are
/// known by the number of the pair.
pub(crate) fn pair(capacity: usize, faults_a: Faults, faults_b: Faults) -> (End, End) {
    let number = Endpoint::Memory(next_number());
    join(capacity, [faults_a, faults_b], [number.clone(), number])
}

/// The same with a name for the server's end, which is the first.
pub(super) fn named_pair(
    name: &Arc<str>,
    capacity: usize,
    server: Faults,
    client: Faults,
) -> (End, End) {
    let (named, numbered) =
        (Endpoint::MemoryName(Arc::clone(name)), Endpoint::Memory(next_number()));
    join(capacity, [server, client], [named, numbered])
}

fn next_number() -> u64 {
    /// Only a label.
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

fn join(capacity: usize, faults: [Faults; 2], ends: [Endpoint; 2]) -> (End, End) {
    let state = State { capacity: capacity.max(1), reset: false, sides: Default::default() };
    let link = Arc::new(Link { ends, state: Mutex::new(state) });
    let [faults_a, faults_b] = faults;
    let a = End { link: Arc::clone(&link), side: 0, faults: faults_a };
    (a, End { link, side: 1, faults: faults_b })
}

/// One end. Its waker is woken at each edge: when bytes, the end of the stream or a reset come
/// after there were none, and when there is room after there was none. A read or write that moved
/// less than it was asked for, or was refused, by a fault makes a new edge if more could move; so
/// does a short read with the end of the stream behind it.
///
/// Dropping it closes it like a socket: the peer reads to the end and writes in vain, or finds the
/// connection reset if this end had unread bytes (RFC 9293 3.10.4).
pub(crate) struct End {
    link: Arc<Link>,
    side: usize,
    faults: Faults,
}

struct Link {
    ends: [Endpoint; 2],
    state: Mutex<State>,
}

struct State {
    capacity: usize,
    reset: bool,
    sides: [Side; 2],
}

#[derive(Default)]
struct Side {
    /// What the other side has written, and this one not read.
    inbox: VecDeque<u8>,
    /// Nothing is added to it any more.
    ended: bool,
    closed: bool,
    waker: Option<Waker>,
}

impl End {
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut wakes = Wakes::default();
        let result = self.link.lock().read(self.side, buffer, &mut self.faults.reads, &mut wakes);
        wakes.call();
        result
    }

    pub(crate) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(data)])
    }

    pub(crate) fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut wakes = Wakes::default();
        let result = self.link.lock().write(self.side, slices, &mut self.faults.writes, &mut wakes);
        wakes.call();
        result
    }

    /// The peer reads 0 once it has read everything else; this end can write no more.
    pub(crate) fn shutdown_write(&self) -> io::Result<()> {
        let mut wakes = Wakes::default();
        let result = self.link.lock().finish(self.side, &mut wakes);
        wakes.call();
        result
    }

    /// The peer loses what it has not read; everything it calls fails.
    pub(crate) fn abort(self) {
        let mut wakes = Wakes::default();
        drop(self.set_waker_silently(None));
        self.link.lock().reset(&mut wakes);
        wakes.call();
    }

    /// Sets who is woken, and wakes it at once if something can be done already.
    pub(crate) fn set_waker(&self, waker: Option<Waker>) {
        drop(self.set_waker_silently(waker));
        let mut wakes = Wakes::default();
        let state = self.link.lock();
        if state.is_ready(self.side) {
            wakes.add(&state, self.side);
        }
        drop(state);
        wakes.call();
    }

    /// That the connection was reset, if it was.
    pub(crate) fn take_error(&self) -> Option<io::Error> {
        self.link.lock().reset.then(|| io::ErrorKind::ConnectionReset.into())
    }

    pub(crate) fn local_addr(&self) -> &Endpoint {
        &self.link.ends[self.side]
    }

    pub(crate) fn peer_addr(&self) -> &Endpoint {
        &self.link.ends[1 - self.side]
    }

    /// Returns the one before, to be dropped without the lock.
    fn set_waker_silently(&self, waker: Option<Waker>) -> Option<Waker> {
        std::mem::replace(&mut self.link.lock().sides[self.side].waker, waker)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut wakes = Wakes::default();
        drop(self.set_waker_silently(None));
        self.link.lock().close(self.side, &mut wakes);
        wakes.call();
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "End({}, side {})", self.local_addr(), self.side)
    }
}

impl Link {
    /// Nothing panics under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn read(
        &mut self,
        side: usize,
        buffer: &mut [u8],
        faults: &mut Direction,
        wakes: &mut Wakes,
    ) -> io::Result<usize> {
        self.still_there(faults, wakes)?;
        let Side { inbox, ended, .. } = &mut self.sides[side];
        if buffer.is_empty() || (inbox.is_empty() && *ended) {
            return Ok(0);
        }
        if inbox.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if faults.refuses() {
            wakes.add(self, side);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let was_full = inbox.len() == self.capacity;
        let count = faults.cut(buffer.len().min(inbox.len()));
        for (to, from) in buffer.iter_mut().zip(inbox.drain(..count)) {
            *to = from;
        }
        let more = !inbox.is_empty() || *ended;
        if more && count < buffer.len() {
            wakes.add(self, side);
        }
        if was_full {
            wakes.add(self, 1 - side);
        }
        self.moved(count, faults, wakes);
        Ok(count)
    }

    fn write(
        &mut self,
        side: usize,
        slices: &[IoSlice<'_>],
        faults: &mut Direction,
        wakes: &mut Wakes,
    ) -> io::Result<usize> {
        self.still_there(faults, wakes)?;
        let Side { inbox, ended, closed, .. } = &mut self.sides[1 - side];
        if *ended || *closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let given: usize = slices.iter().map(|slice| slice.len()).sum();
        if given == 0 {
            return Ok(0);
        }
        let room = self.capacity - inbox.len();
        if room == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if faults.refuses() {
            wakes.add(self, side);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let was_empty = inbox.is_empty();
        let count = faults.cut(given.min(room));
        inbox.extend(slices.iter().flat_map(|slice| slice.iter()).take(count));
        if count < given && count < room {
            wakes.add(self, side);
        }
        if was_empty {
            wakes.add(self, 1 - side);
        }
        self.moved(count, faults, wakes);
        Ok(count)
    }

    fn finish(&mut self, side: usize, wakes: &mut Wakes) -> io::Result<()> {
        if self.reset {
            return Err(io::ErrorKind::NotConnected.into());
        }
        if !std::mem::replace(&mut self.sides[1 - side].ended, true) {
            wakes.add(self, 1 - side);
        }
        Ok(())
    }

    fn close(&mut self, side: usize, wakes: &mut Wakes) {
        self.sides[side].closed = true;
        if !self.sides[side].inbox.is_empty() {
            self.reset(wakes);
        }
        // Only fails if there is nobody to be told.
        let _ = self.finish(side, wakes);
    }

    fn reset(&mut self, wakes: &mut Wakes) {
        self.reset = true;
        for side in 0..2 {
            self.sides[side].inbox.clear();
            wakes.add(self, side);
        }
    }

    fn still_there(&mut self, faults: &Direction, wakes: &mut Wakes) -> io::Result<()> {
        if !self.reset && faults.is_over() {
            self.reset(wakes);
        }
        if self.reset { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }

    fn moved(&mut self, count: usize, faults: &mut Direction, wakes: &mut Wakes) {
        faults.moved(count);
        if faults.is_over() {
            self.reset(wakes);
        }
    }

    fn is_ready(&self, side: usize) -> bool {
        let Side { inbox, ended, .. } = &self.sides[side];
        let other = &self.sides[1 - side];
        let readable = !inbox.is_empty() || *ended;
        let writable = other.inbox.len() < self.capacity || other.closed;
        self.reset || readable || writable
    }
}

/// Whom to wake once the lock is released.
#[derive(Default)]
struct Wakes([Option<Waker>; 2]);

impl Wakes {
    fn add(&mut self, state: &State, side: usize) {
        self.0[side].clone_from(&state.sides[side].waker);
    }

    fn call(self) {
        self.0.into_iter().flatten().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Count {
        fn of(end: &End) -> Arc<Self> {
            let count = Arc::new(Self::default());
            end.set_waker(Some(Arc::clone(&count).into()));
            count
        }

        fn take(&self) -> usize {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    fn plain(capacity: usize) -> (End, End) {
        pair(capacity, Faults::default(), Faults::default())
    }

    fn read(end: &mut End, most: usize) -> Result<Vec<u8>, ErrorKind> {
        let mut buffer = vec![0; most];
        let count = end.read(&mut buffer).map_err(|error| error.kind())?;
        buffer.truncate(count);
        Ok(buffer)
    }

    fn write(end: &mut End, data: &[u8]) -> Result<usize, ErrorKind> {
        end.write(data).map_err(|error| error.kind())
    }

    #[test]
    fn buffers_are_bounded_in_each_direction() {
        let (mut a, mut b) = plain(4);
        assert_eq!(read(&mut b, 9), Err(ErrorKind::WouldBlock));
        assert_eq!(write(&mut a, b"abcdef"), Ok(4));
        assert_eq!(write(&mut a, b"ef"), Err(ErrorKind::WouldBlock));
        assert_eq!(write(&mut b, b"xyz"), Ok(3));
        assert_eq!(read(&mut b, 3), Ok(b"abc".to_vec()));
        let slices = [IoSlice::new(b""), IoSlice::new(b"e"), IoSlice::new(b"fgh")];
        assert_eq!(a.write_vectored(&slices).unwrap(), 3);
        assert_eq!(read(&mut b, 9), Ok(b"defg".to_vec()));
        assert_eq!(read(&mut a, 9), Ok(b"xyz".to_vec()));
        assert_eq!((a.local_addr(), a.local_addr()), (b.local_addr(), b.peer_addr()));
    }

    #[test]
    fn a_fin_ends_one_direction_behind_the_data() {
        let (mut a, mut b) = plain(9);
        assert_eq!(write(&mut a, b"abc"), Ok(3));
        a.shutdown_write().unwrap();
        assert_eq!(write(&mut a, b"d"), Err(ErrorKind::BrokenPipe));
        assert_eq!(read(&mut b, 9), Ok(b"abc".to_vec()));
        assert_eq!((read(&mut b, 9), read(&mut b, 9)), (Ok(vec![]), Ok(vec![])));
        assert_eq!(write(&mut b, b"still"), Ok(5));
        assert_eq!(read(&mut a, 9), Ok(b"still".to_vec()));
    }

    #[test]
    fn a_closed_peer_can_be_read_to_the_end_but_not_written_to() {
        let (mut a, mut b) = plain(9);
        assert_eq!(write(&mut a, b"abc"), Ok(3));
        drop(a);
        assert_eq!(write(&mut b, b"d"), Err(ErrorKind::BrokenPipe));
        assert_eq!(read(&mut b, 9), Ok(b"abc".to_vec()));
        assert_eq!(read(&mut b, 9), Ok(vec![]));
    }

    /// RFC 9293 3.10.4, RFC 1122 4.2.2.13.
    #[test]
    fn closing_with_unread_bytes_resets() {
        let (mut a, mut b) = plain(9);
        assert_eq!((write(&mut a, b"lost"), write(&mut b, b"unread")), (Ok(4), Ok(6)));
        drop(a);
        assert_eq!(read(&mut b, 9), Err(ErrorKind::ConnectionReset));
    }

    #[test]
    fn an_abort_discards_and_fails_whatever_follows() {
        let (mut a, mut b) = plain(9);
        assert_eq!(write(&mut a, b"lost"), Ok(4));
        a.abort();
        assert_eq!(read(&mut b, 9), Err(ErrorKind::ConnectionReset));
        assert_eq!(write(&mut b, b"d"), Err(ErrorKind::ConnectionReset));
        assert!(b.shutdown_write().is_err());
    }

    #[test]
    fn edges_wake_and_nothing_else() {
        let (mut a, mut b) = plain(4);
        let (wakes_a, wakes_b) = (Count::of(&a), Count::of(&b));
        let woken = || (wakes_a.take(), wakes_b.take());
        assert_eq!(woken(), (1, 1), "writable from the start");
        assert_eq!(write(&mut a, b"ab"), Ok(2));
        assert_eq!(woken(), (0, 1), "empty to non-empty");
        assert_eq!(write(&mut a, b"cdef"), Ok(2));
        assert_eq!(woken(), (0, 0), "more of the same");
        assert_eq!(read(&mut b, 1), Ok(b"a".to_vec()));
        assert_eq!(woken(), (1, 0), "full to room");
        assert_eq!(read(&mut b, 9), Ok(b"bcd".to_vec()));
        assert_eq!(woken(), (0, 0), "more of the same");
        assert_eq!(write(&mut a, b"e"), Ok(1));
        a.shutdown_write().unwrap();
        assert_eq!(woken(), (0, 2), "bytes, then a FIN");
        assert_eq!(read(&mut b, 9), Ok(b"e".to_vec()));
        assert_eq!(woken(), (0, 1), "the FIN behind a short read");
        b.abort();
        assert_eq!(woken(), (1, 0), "a reset");
    }

    #[test]
    fn removed_wakers_are_not_called() {
        let (mut a, b) = plain(4);
        let wakes = Count::of(&b);
        b.set_waker(None);
        wakes.take();
        assert_eq!(write(&mut a, b"ab"), Ok(2));
        assert_eq!((wakes.take(), Arc::strong_count(&wakes)), (0, 1));
    }

    /// Reads in its waker, which only works if that is called without the lock.
    #[test]
    fn wakers_may_use_the_stream() {
        struct Reader(Mutex<Option<(End, Vec<u8>)>>);

        impl Wake for Reader {
            fn wake(self: Arc<Self>) {
                let mut inner = self.0.lock().unwrap();
                if let Some((end, all)) = &mut *inner {
                    all.extend(read(end, 9).unwrap());
                }
            }
        }

        let (mut a, b) = plain(4);
        let reader = Arc::new(Reader(Mutex::new(None)));
        b.set_waker(Some(Arc::clone(&reader).into()));
        *reader.0.lock().unwrap() = Some((b, Vec::new()));
        assert_eq!((write(&mut a, b"ab"), write(&mut a, b"cd")), (Ok(2), Ok(2)));
        let (_b, all) = reader.0.lock().unwrap().take().unwrap();
        assert_eq!(all, b"abcd");
    }

    #[test]
    fn resets_come_at_exactly_the_byte() {
        for bytes in 0..6 {
            let (mut a, mut b) =
                pair(9, Faults::default(), Faults::default().reset_after_read(bytes));
            assert_eq!(write(&mut a, b"abcdefgh"), Ok(8));
            let wakes = (Count::of(&a), Count::of(&b));
            let mut all = Vec::new();
            let error = loop {
                match read(&mut b, 4) {
                    Ok(some) => all.extend(some),
                    Err(error) => break error,
                }
            };
            assert_eq!((all.len() as u64, error), (bytes, ErrorKind::ConnectionReset));
            assert_eq!(write(&mut a, b"i"), Err(ErrorKind::ConnectionReset));
            assert!(wakes.0.take() == 2 && wakes.1.take() >= 2, "both are told");

            let (mut a, mut b) =
                pair(9, Faults::default().reset_after_write(bytes), Faults::default());
            let wrote = write(&mut a, b"abcdefgh");
            let expected = if bytes == 0 { Err(error) } else { Ok(bytes as usize) };
            assert_eq!((wrote, write(&mut a, b"i")), (expected, Err(error)));
            assert_eq!(read(&mut b, 9), Err(error));
        }
    }

    /// Both ends stop at a short read or write and wait to be woken, as on a socket: everything
    /// still arrives, whatever the faults, and ends.
    #[test]
    fn faults_lose_neither_bytes_nor_edges() {
        const BYTES: usize = 2000;
        for seed in 0..200 {
            let faults = |seed| Faults::seeded(seed).short_reads(7).short_writes(5).would_block(30);
            let (mut a, mut b) = pair(1 + seed as usize % 50, faults(seed), faults(!seed));
            let (wakes_a, wakes_b) = (Count::of(&a), Count::of(&b));
            let data: Vec<u8> = (0..BYTES).map(|index| (index * 7 + seed as usize) as u8).collect();
            let (mut sent, mut received, mut ended) = (0, Vec::new(), false);
            for _ in 0..10 * BYTES {
                if sent < BYTES && wakes_a.take() > 0 {
                    let slice = &data[sent..];
                    sent += write(&mut a, slice).unwrap_or(0);
                    if sent == BYTES {
                        a.shutdown_write().unwrap();
                    }
                }
                if wakes_b.take() > 0 {
                    match read(&mut b, 20) {
                        Ok(some) if some.is_empty() => ended = true,
                        Ok(some) if some.len() == 20 => panic!("longer than the fault allows"),
                        Ok(some) => received.extend(some),
                        Err(error) => assert_eq!(error, ErrorKind::WouldBlock),
                    }
                }
            }
            assert!(ended && received == data, "seed {seed}: {} of {BYTES}", received.len());
        }
    }
}
