//! A handler that tells a test what happens to it, and does what the test wants besides.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use sockeye::{CloseReason, raw};

use super::LIMIT;

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

/// A handler that tells a test what happens, and then does what it was told to, if anything.
#[derive(Clone)]
pub struct Probe {
    events: Sender<Event>,
    end: raw::End,
    acts: Acts,
}

/// The test's end of a [`Probe`].
pub struct Events(Receiver<Event>);

type Act = Arc<dyn Fn(&mut raw::Session<'_>) + Send + Sync>;
type DataAct = Arc<dyn Fn(&mut raw::Session<'_>, &[u8]) + Send + Sync>;

#[derive(Clone, Default)]
struct Acts {
    open: Option<Act>,
    data: Option<DataAct>,
    sent: Option<Act>,
    drain: Option<Act>,
    end: Option<Act>,
    close: Option<Act>,
}

impl Probe {
    pub fn new() -> (Self, Events) {
        let (events, receiver) = channel();
        (Self { events, end: raw::End::Close, acts: Acts::default() }, Events(receiver))
    }

    pub fn keep_open(self) -> Self {
        Self { end: raw::End::KeepOpen, ..self }
    }

    pub fn on_open(mut self, act: impl Fn(&mut raw::Session<'_>) + Send + Sync + 'static) -> Self {
        self.acts.open = Some(Arc::new(act));
        self
    }

    pub fn on_data(
        mut self,
        act: impl Fn(&mut raw::Session<'_>, &[u8]) + Send + Sync + 'static,
    ) -> Self {
        self.acts.data = Some(Arc::new(act));
        self
    }

    pub fn on_sent(mut self, act: impl Fn(&mut raw::Session<'_>) + Send + Sync + 'static) -> Self {
        self.acts.sent = Some(Arc::new(act));
        self
    }

    pub fn on_drain(mut self, act: impl Fn(&mut raw::Session<'_>) + Send + Sync + 'static) -> Self {
        self.acts.drain = Some(Arc::new(act));
        self
    }

    pub fn on_end(mut self, act: impl Fn(&mut raw::Session<'_>) + Send + Sync + 'static) -> Self {
        self.acts.end = Some(Arc::new(act));
        self
    }

    pub fn on_close(mut self, act: impl Fn(&mut raw::Session<'_>) + Send + Sync + 'static) -> Self {
        self.acts.close = Some(Arc::new(act));
        self
    }

    pub fn echo(self) -> Self {
        self.on_data(|session, data| {
            session.send(data);
        })
    }

    /// A server's protocol whose sessions all do so, and tell the same test.
    pub fn serve(self) -> raw::ServerProtocol {
        raw::server(move |_| self.clone())
    }

    /// A server's protocol whose sessions all tell the same test, and do nothing else.
    pub fn server() -> (raw::ServerProtocol, Events) {
        let (probe, events) = Self::new();
        (probe.serve(), events)
    }

    fn tell(&self, event: Event) {
        // A test that has seen enough does not listen any more.
        let _ = self.events.send(event);
    }
}

fn act(act: &Option<Act>, session: &mut raw::Session<'_>) {
    if let Some(act) = act {
        act(session);
    }
}

impl raw::Handler for Probe {
    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        self.tell(Event::Open(session.handle()));
        act(&self.acts.open, session);
    }

    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        self.tell(Event::Data(data.to_vec()));
        if let Some(act) = &self.acts.data {
            act(session, data);
        }
    }

    fn on_sent(&mut self, session: &mut raw::Session<'_>, sent: usize, pending: usize) {
        self.tell(Event::Sent { sent, pending });
        act(&self.acts.sent, session);
    }

    fn on_drain(&mut self, session: &mut raw::Session<'_>) {
        self.tell(Event::Drain);
        act(&self.acts.drain, session);
    }

    fn on_end(&mut self, session: &mut raw::Session<'_>) -> raw::End {
        self.tell(Event::End);
        act(&self.acts.end, session);
        self.end
    }

    fn on_close(&mut self, session: &mut raw::Session<'_>, reason: &CloseReason) {
        self.tell(Event::Close(reason.clone()));
        act(&self.acts.close, session);
    }
}

impl Events {
    /// The next event.
    pub fn next(&self) -> Event {
        self.0.recv_timeout(LIMIT).expect("an event within the limit")
    }

    /// The first event that `pick` wants; others are skipped.
    #[track_caller]
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

    #[track_caller]
    pub fn open(&self) -> raw::Handle {
        self.wait(|event| match event {
            Event::Open(handle) => Some(handle),
            _ => None,
        })
    }

    #[track_caller]
    pub fn close(&self) -> CloseReason {
        self.wait(|event| match event {
            Event::Close(reason) => Some(reason),
            _ => None,
        })
    }

    /// Waits for an event that tells nothing more.
    #[track_caller]
    pub fn drain(&self) {
        self.wait(|event| matches!(event, Event::Drain).then_some(()));
    }

    #[track_caller]
    pub fn end(&self) {
        self.wait(|event| matches!(event, Event::End).then_some(()));
    }

    /// Gathers data until there are `count` bytes.
    #[track_caller]
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
