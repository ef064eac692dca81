//! Names to addresses. The system's resolver blocks, for seconds if a name server is away; so it
//! runs on a few threads of its own, which exist only while there is something to resolve.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use dns_lookup::{AddrInfoHints, SockType, getaddrinfo};

use super::{Address, Endpoint, panic_text};
use crate::error::{Error, ErrorKind, Result, out_of_resources};

/// A user's function in place of the system's: host (an IPv6 address has no brackets) and service
/// (a port or a name) to addresses, in the order in which they shall be tried. It may block.
pub(crate) type ResolveFn = dyn Fn(&str, &str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// What is told the answer, on one of the resolver's threads. Its panics end there.
pub(crate) type Done = Box<dyn FnOnce(Result<Vec<SocketAddr>>) + Send>;

/// Threads that resolve names, for all who hold a clone. When the last is dropped the threads end,
/// and requests that still wait are dropped unanswered.
#[derive(Clone)]
pub(crate) struct Resolver(Arc<Owner>);

/// So many lookups may hang before others have to wait.
const THREADS: usize = 4;
/// So many requests may wait for a thread.
const QUEUE: usize = 1024;
/// So long a thread stays without work.
const IDLE: Duration = Duration::from_secs(10);

impl Resolver {
    /// Starts no thread yet. `None` asks the system (`getaddrinfo`).
    pub(crate) fn new(custom: Option<Arc<ResolveFn>>) -> Self {
        Self::with_idle(custom, IDLE)
    }

    /// Has the address resolved, and `done` told: at least one socket address, or an error. An
    /// answer that nobody wants any more is ignored, it cannot be stopped.
    ///
    /// # Errors
    ///
    /// `LimitReached` if too many requests wait already, `OutOfResources` or `Io` if there is no
    /// thread and none can be started. `done` is dropped then.
    pub(crate) fn lookup(&self, address: &Address, done: Done) -> Result<()> {
        self.0.0.enqueue(Request { address: address.clone(), done })
    }

    /// Resolves on the caller's thread, which it may block for long.
    pub(crate) fn resolve_now(&self, address: &Address) -> Result<Vec<SocketAddr>> {
        resolve(&*self.0.0.function, address)
    }

    fn with_idle(custom: Option<Arc<ResolveFn>>, idle: Duration) -> Self {
        let function = custom.unwrap_or_else(|| Arc::new(system));
        let shared = Shared { function, idle, state: Mutex::default(), changed: Condvar::new() };
        Self(Arc::new(Owner(Arc::new(shared))))
    }
}

/// What all clones hold; the threads hold only what is in it.
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closed = true;
        let forgotten = std::mem::take(&mut state.queue);
        drop(state);
        self.0.changed.notify_all();
        drop(forgotten); // Users' values may do anything when dropped, so not under the lock.
    }
}

struct Shared {
    function: Arc<ResolveFn>,
    idle: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Request>,
    threads: usize,
    idle: usize,
    closed: bool,
}

struct Request {
    address: Address,
    done: Done,
}

impl Shared {
    fn enqueue(self: &Arc<Self>, request: Request) -> Result<()> {
        let mut state = self.lock();
        if state.queue.len() == QUEUE {
            drop(state);
            let error = Error::new(ErrorKind::LimitReached, "resolve").on(request.address);
            return Err(error.because(format_args!("{QUEUE} names wait to be resolved")));
        }
        state.queue.push_back(request);
        if state.queue.len() <= state.idle {
            self.changed.notify_one();
        } else if state.threads < THREADS {
            return self.start_thread(state);
        }
        Ok(())
    }

    /// Without another thread the request waits for those that there are; without any it fails.
    fn start_thread(self: &Arc<Self>, mut state: MutexGuard<'_, State>) -> Result<()> {
        let shared = Arc::clone(self);
        let work = move || {
            while let Some(request) = shared.next() {
                request.answer(&*shared.function);
            }
        };
        match thread::Builder::new().name("sockeye-resolve".to_owned()).spawn(work) {
            Ok(_) => state.threads += 1,
            Err(error) if state.threads == 0 => {
                let refused = state.queue.pop_back();
                drop(state);
                let error = Error::io("resolve", error);
                return Err(match refused {
                    Some(request) => error.on(request.address),
                    None => error,
                });
            }
            Err(error) => log::warn!("cannot start a thread to resolve names: {error}"),
        }
        Ok(())
    }

    /// What a thread is to do next; `None` if it is to end.
    fn next(&self) -> Option<Request> {
        let mut state = self.lock();
        loop {
            if let Some(request) = state.queue.pop_front() {
                return Some(request);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            let waited = self.changed.wait_timeout(state, self.idle);
            let (locked, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = locked;
            state.idle -= 1;
            if timeout.timed_out() && state.queue.is_empty() {
                state.threads -= 1;
                return None;
            }
        }
    }

    /// Nothing panics under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    fn answer(self, function: &ResolveFn) {
        let Self { address, done } = self;
        let answer = resolve(function, &address);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| done(answer))) {
            log::error!("a callback panicked on the answer for {address}: {}", panic_text(&*panic));
        }
    }
}

fn resolve(function: &ResolveFn, address: &Address) -> Result<Vec<SocketAddr>> {
    if let Some(Endpoint::Inet(addr)) = address.literal() {
        return Ok(vec![addr]);
    }
    let failed = |kind| Error::new(kind, "resolve").on(address);
    let (host, service) = (address.host(), address.service());
    let mut found = match catch_unwind(AssertUnwindSafe(|| function(&host, &service))) {
        Ok(Ok(found)) => found,
        Ok(Err(error)) if out_of_resources(&error) => {
            return Err(Error::io("resolve", error).on(address));
        }
        Ok(Err(error)) => return Err(failed(ErrorKind::Unresolved).because(error)),
        Err(panic) => return Err(failed(ErrorKind::Panicked).because(panic_text(&*panic))),
    };
    let mut seen = HashSet::new();
    found.retain(|addr| seen.insert(*addr));
    if found.is_empty() {
        return Err(failed(ErrorKind::Unresolved).because("it has no address"));
    }
    Ok(found)
}

fn system(host: &str, service: &str) -> io::Result<Vec<SocketAddr>> {
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    let found = getaddrinfo(Some(host), Some(service), Some(hints))?;
    // A family that std does not know is not one to connect to.
    Ok(found.flatten().map(|found| found.sockaddr).collect())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::panic::resume_unwind;
    use std::sync::mpsc::RecvTimeoutError::Disconnected;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// No test waits that long unless something is broken.
    const PATIENCE: Duration = Duration::from_secs(30);

    fn named(host: &str) -> Address {
        format!("{host}:1").parse().unwrap()
    }

    fn found(last: u8) -> Vec<SocketAddr> {
        vec![([127, 0, 0, last], 1).into()]
    }

    fn custom<F>(function: F) -> Resolver
    where
        F: Fn(&str, &str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    {
        Resolver::new(Some(Arc::new(function)))
    }

    /// A resolver whose lookups hang until they are released, one message for one lookup; and who
    /// tells which host has begun to hang.
    fn hanging() -> (Resolver, Receiver<String>, Sender<()>) {
        let (begun, begins) = channel();
        let (release, released) = channel();
        let released = Mutex::new(released);
        let resolver = custom(move |host, _| {
            if host.starts_with("hang") {
                let _ = begun.send(host.to_owned());
                let released = released.lock().unwrap_or_else(PoisonError::into_inner);
                let _ = released.recv_timeout(PATIENCE);
            }
            Ok(found(1))
        });
        (resolver, begins, release)
    }

    /// Sends the answer to a channel.
    fn tell(answers: &Sender<Result<Vec<SocketAddr>>>) -> Done {
        let answers = answers.clone();
        Box::new(move |answer| answers.send(answer).unwrap())
    }

    #[test]
    fn answers_come_from_a_thread_of_its_own() {
        let resolver = custom(|host, service| {
            assert_eq!((host, service), ("fe80::1%eth0", "http"));
            Ok([found(1), found(2), found(1)].concat())
        });
        let (sender, receiver) = channel();
        let done = move |answer: Result<_>| {
            let name = thread::current().name().map(str::to_owned);
            sender.send((name, answer)).unwrap();
        };
        resolver.lookup(&"[fe80::1%eth0]:http".parse().unwrap(), Box::new(done)).unwrap();
        let (name, answer) = receiver.recv_timeout(PATIENCE).unwrap();
        assert_eq!(name.as_deref(), Some("sockeye-resolve"));
        assert_eq!(answer.unwrap(), [found(1), found(2)].concat());
    }

    #[test]
    fn literals_ask_nobody() {
        let resolver = custom(|_, _| panic!("must not be asked"));
        let literal = "127.0.0.1:1".parse().unwrap();
        assert_eq!(resolver.resolve_now(&literal).unwrap(), found(1));
    }

    #[test]
    fn a_failure_says_which_name_and_why() {
        let resolver = custom(|_, _| Err(io::Error::other("the name server is asleep")));
        let error = resolver.resolve_now(&named("a.example")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unresolved);
        assert_eq!(error.address(), Some("a.example:1"));
        assert!(error.to_string().contains("the name server is asleep"), "{error}");
        let none = custom(|_, _| Ok(Vec::new())).resolve_now(&named("a.example")).unwrap_err();
        assert_eq!(none.kind(), ErrorKind::Unresolved);
    }

    #[test]
    fn lookups_that_hang_leave_threads_for_others() {
        let (resolver, begins, release) = hanging();
        let (sender, answers) = channel();
        for _ in 1..THREADS {
            resolver.lookup(&named("hangs"), tell(&sender)).unwrap();
            begins.recv_timeout(PATIENCE).unwrap();
        }
        for _ in 0..10 {
            resolver.lookup(&named("quick"), tell(&sender)).unwrap();
            answers.recv_timeout(PATIENCE).unwrap().unwrap();
        }
        drop(release);
        assert!((1..THREADS).all(|_| answers.recv_timeout(PATIENCE).unwrap().is_ok()));
    }

    #[test]
    fn the_queue_is_bounded_and_every_request_answered_once() {
        let (resolver, begins, release) = hanging();
        let (sender, answers) = channel();
        for _ in 0..THREADS {
            resolver.lookup(&named("hangs"), tell(&sender)).unwrap();
            begins.recv_timeout(PATIENCE).unwrap();
        }
        for _ in 0..QUEUE {
            resolver.lookup(&named("waits"), tell(&sender)).unwrap();
        }
        let error = resolver.lookup(&named("late"), tell(&sender)).unwrap_err();
        assert_eq!((error.kind(), error.address()), (ErrorKind::LimitReached, Some("late:1")));
        assert_eq!(resolver.0.0.lock().threads, THREADS);
        drop((release, sender));
        assert!((0..THREADS + QUEUE).all(|_| answers.recv_timeout(PATIENCE).unwrap().is_ok()));
        drop(resolver);
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap_err(), Disconnected);
    }

    #[test]
    fn panics_end_where_they_began() {
        let resolver =
            custom(
                |host, _| if host == "bad" { resume_unwind(Box::new("no")) } else { Ok(found(1)) },
            );
        let (sender, answers) = channel();
        for _ in 0..2 * THREADS {
            resolver.lookup(&named("good"), Box::new(|_| resume_unwind(Box::new("no")))).unwrap();
            resolver.lookup(&named("bad"), tell(&sender)).unwrap();
            let error = answers.recv_timeout(PATIENCE).unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Panicked);
        }
        resolver.lookup(&named("good"), tell(&sender)).unwrap();
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap().unwrap(), found(1));
    }

    #[test]
    fn dropping_the_last_clone_ends_the_threads_and_forgets_the_rest() {
        let (resolver, begins, release) = hanging();
        let (sender, answers) = channel();
        for _ in 0..THREADS {
            resolver.lookup(&named("hangs"), tell(&sender)).unwrap();
            begins.recv_timeout(PATIENCE).unwrap();
        }
        resolver.lookup(&named("waits"), tell(&sender)).unwrap();
        drop((resolver.clone(), sender));
        assert_eq!(resolver.0.0.lock().queue.len(), 1);
        drop((resolver, release));
        assert!((0..THREADS).all(|_| answers.recv_timeout(PATIENCE).unwrap().is_ok()));
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap_err(), Disconnected, "it is dropped");
        // The function goes with the last thread, and what it tells with goes with the function.
        assert_eq!(begins.recv_timeout(PATIENCE), Err(Disconnected));
    }

    #[test]
    fn dropping_ends_threads_without_work() {
        let (kept, ended) = channel::<()>();
        let function = move |_: &str, _: &str| {
            let _ = &kept;
            Ok(found(1))
        };
        let resolver = Resolver::with_idle(Some(Arc::new(function)), Duration::from_secs(3600));
        resolver.lookup(&named("a"), Box::new(drop)).unwrap();
        while resolver.0.0.lock().idle == 0 {
            thread::yield_now();
        }
        drop(resolver);
        assert_eq!(ended.recv_timeout(PATIENCE), Err(Disconnected));
    }

    #[test]
    fn a_thread_without_work_ends_and_another_starts_when_needed() {
        let resolver = Resolver::with_idle(Some(Arc::new(|_, _| Ok(found(1)))), Duration::ZERO);
        for _ in 0..3 {
            let (sender, ended) = channel::<()>();
            thread_local! {
                static AT_END: RefCell<Option<Sender<()>>> = const {
                    RefCell::new(None)
                };
            }
            // A thread's locals are dropped when it ends, and with them the sender.
            let done = move |_| AT_END.with(|at_end| drop(at_end.replace(Some(sender))));
            resolver.lookup(&named("a"), Box::new(done)).unwrap();
            let end = ended.recv_timeout(PATIENCE);
            assert_eq!(end, Err(Disconnected));
        }
        assert_eq!(resolver.0.0.lock().threads, 0);
    }

    /// What needs no name server.
    #[test]
    fn the_system_is_asked_by_default() {
        assert_eq!(system("127.0.0.1", "1").unwrap(), found(1));
        let v6: Vec<SocketAddr> = vec!["[::1]:1".parse().unwrap()];
        assert_eq!(system("::1", "1").unwrap(), v6);
        let unknown = "127.0.0.1:no-such-service".parse().unwrap();
        let error = Resolver::new(None).resolve_now(&unknown).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unresolved);
    }
}
