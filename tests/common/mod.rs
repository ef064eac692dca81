//! What the suites share: both designs, a handler that tells what happens to it, and waits that
//! end.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use sockeye::{CloseReason, Service, raw, service};

/// How long a test waits for what must happen: far longer than it takes.
pub const LIMIT: Duration = Duration::from_secs(20);

/// The scaling designs that every suite runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    LoopPerThread,
    ThreadPool,
}

impl Design {
    pub fn builder(self) -> service::Builder {
        match self {
            Self::LoopPerThread => Service::builder().loop_per_thread(2),
            Self::ThreadPool => Service::builder().thread_pool(2),
        }
    }

    pub fn service(self) -> Service {
        self.builder().start().unwrap()
    }
}

/// Stamps each test function, which takes a [`Design`], for both.
#[macro_export]
macro_rules! on_both_designs {
    ($($(#[$attribute:meta])* $name:ident),+ $(,)?) => {
        mod loop_per_thread {
            $(#[test] $(#[$attribute])* fn $name() { super::$name($crate::common::Design::LoopPerThread); })+
        }
        mod thread_pool {
            $(#[test] $(#[$attribute])* fn $name() { super::$name($crate::common::Design::ThreadPool); })+
        }
    };
}

/// What happened to a session.
#[derive(Debug)]
pub enum Event {
    Open(raw::Handle),
    Data(Vec<u8>),
    Sent { sent: usize, pending: usize },
    Drain,
    End,
    Close(CloseReason),
}

/// A handler that tells a test what happens, and does nothing else.
pub struct Probe {
    events: Sender<Event>,
    end: raw::End,
}

/// The test's end of a [`Probe`].
pub struct Events(Receiver<Event>);

impl Probe {
    pub fn new() -> (Self, Events) {
        let (events, receiver) = channel();
        (Self { events, end: raw::End::Close }, Events(receiver))
    }

    pub fn keep_open(self) -> Self {
        Self { end: raw::End::KeepOpen, ..self }
    }

    /// A server's protocol whose sessions all tell the same test.
    pub fn server() -> (raw::ServerProtocol, Events) {
        let (events, receiver) = channel();
        let make = move |_: &_| Self { events: events.clone(), end: raw::End::Close };
        (raw::server(make), Events(receiver))
    }

    fn tell(&self, event: Event) {
        // A test that has seen enough does not listen any more.
        let _ = self.events.send(event);
    }
}

impl raw::Handler for Probe {
    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        self.tell(Event::Open(session.handle()));
    }

    fn on_data(&mut self, _session: &mut raw::Session<'_>, data: &[u8]) {
        self.tell(Event::Data(data.to_vec()));
    }

    fn on_sent(&mut self, _session: &mut raw::Session<'_>, sent: usize, pending: usize) {
        self.tell(Event::Sent { sent, pending });
    }

    fn on_drain(&mut self, _session: &mut raw::Session<'_>) {
        self.tell(Event::Drain);
    }

    fn on_end(&mut self, _session: &mut raw::Session<'_>) -> raw::End {
        self.tell(Event::End);
        self.end
    }

    fn on_close(&mut self, _session: &mut raw::Session<'_>, reason: &CloseReason) {
        self.tell(Event::Close(reason.clone()));
    }
}

impl Events {
    /// The next event.
    pub fn next(&self) -> Event {
        self.0.recv_timeout(LIMIT).expect("an event within the limit")
    }

    /// The first event that `pick` wants; others are skipped.
    pub fn wait<T>(&self, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        let deadline = Instant::now() + LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.0.recv_timeout(left) {
                Ok(event) => {
                    if let Some(picked) = pick(event) {
                        return picked;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("the event did not come within the limit"),
                Err(RecvTimeoutError::Disconnected) => panic!("the handler is gone"),
            }
        }
    }

    pub fn open(&self) -> raw::Handle {
        self.wait(|event| match event {
            Event::Open(handle) => Some(handle),
            _ => None,
        })
    }

    pub fn close(&self) -> CloseReason {
        self.wait(|event| match event {
            Event::Close(reason) => Some(reason),
            _ => None,
        })
    }

    /// Gathers data until there are `count` bytes.
    pub fn data(&self, count: usize) -> Vec<u8> {
        let mut data = Vec::new();
        while data.len() < count {
            data.extend(self.wait(|event| match event {
                Event::Data(data) => Some(data),
                _ => None,
            }));
        }
        data
    }

    /// What has happened and not been looked at.
    pub fn rest(&self) -> Vec<Event> {
        self.0.try_iter().collect()
    }
}

/// Sends back what it gets.
pub struct Echo;

impl raw::Handler for Echo {
    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        session.send(data);
    }
}

/// Waits until `done`, looking again and again, for what nothing tells of.
pub fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < deadline, "{what}: not within the limit");
        std::thread::yield_now();
    }
}
