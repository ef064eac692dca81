//! Clients that speak WebSocket by hand.

use sockeye::http::Method;
use sockeye::testing::{Harness, Side};
use sockeye::{CloseReason, Service};

use crate::answer::Answer;
use crate::common::{LIMIT, Peer, Served};
use crate::request::Ask;
use crate::wire::Frame;

/// One without a socket, to which everything happens at once.
pub(crate) struct Caller {
    pub(crate) harness: Harness,
    /// What the request was answered with.
    pub(crate) answer: Answer,
    /// What came of a frame that is not at its end.
    begun: Vec<u8>,
}

impl Caller {
    pub(crate) fn new(side: impl Into<Side>) -> Self {
        Self::asking(side, &Ask::new("/"))
    }

    /// One of several on a service without threads.
    pub(crate) fn on(service: &Service, side: impl Into<Side>, ask: &Ask) -> Self {
        Self::greeted(Harness::on(service, side), ask)
    }

    /// The request is accepted.
    #[track_caller]
    pub(crate) fn asking(side: impl Into<Side>, ask: &Ask) -> Self {
        Self::greeted(Harness::new(side), ask)
    }

    #[track_caller]
    fn greeted(mut harness: Harness, ask: &Ask) -> Self {
        let heard = harness.feed(ask.bytes());
        let mut rest = &*heard;
        let answer = Answer::take(&mut rest, Method::Get);
        assert_eq!(answer.status, 101, "{answer:?}");
        Self { harness, answer, begun: rest.into() }
    }

    /// Sends bytes, and tells what is sent then.
    #[track_caller]
    pub(crate) fn feed(&mut self, bytes: impl AsRef<[u8]>) -> Vec<Frame> {
        let heard = self.harness.feed(bytes);
        self.frames(&heard)
    }

    #[track_caller]
    pub(crate) fn send(&mut self, frame: Frame) -> Vec<Frame> {
        self.feed(frame.masked())
    }

    /// What was sent without being asked.
    #[track_caller]
    pub(crate) fn take(&mut self) -> Vec<Frame> {
        let heard = self.harness.take();
        self.frames(&heard)
    }

    #[track_caller]
    pub(crate) fn resume(&mut self) -> Vec<Frame> {
        let heard = self.harness.resume();
        self.frames(&heard)
    }

    #[track_caller]
    pub(crate) fn finish(&mut self) -> Vec<Frame> {
        let heard = self.harness.finish();
        self.frames(&heard)
    }

    /// Waits for frames; there must be some.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut heard = Vec::new();
        let came = self.harness.run_until(LIMIT, |harness| {
            heard.extend(harness.take());
            !heard.is_empty() || harness.is_finished() || harness.is_reset()
        });
        assert!(came, "nothing came");
        frames.extend(self.frames(&heard));
        frames
    }

    /// Waits for the session's end.
    #[track_caller]
    pub(crate) fn closed(&mut self) -> CloseReason {
        assert!(self.harness.run_until(LIMIT, |harness| harness.closed().is_some()));
        self.harness.closed().unwrap()
    }

    #[track_caller]
    fn frames(&mut self, heard: &[u8]) -> Vec<Frame> {
        self.begun.extend_from_slice(heard);
        let mut rest = &*self.begun;
        let frames = std::iter::from_fn(|| Frame::take(&mut rest)).collect();
        self.begun = rest.to_vec();
        frames
    }

    /// No frame is incomplete.
    #[track_caller]
    pub(crate) fn is_between_frames(&self) {
        assert!(self.begun.is_empty(), "{} bytes of a frame", self.begun.len());
    }
}

/// One on a stream.
pub(crate) struct Line(pub(crate) Peer);

impl Line {
    #[track_caller]
    pub(crate) fn new(to: &Served) -> Self {
        Self::of(Peer::new(to), &Ask::new("/"))
    }

    #[track_caller]
    pub(crate) fn of(peer: Peer, ask: &Ask) -> Self {
        let mut line = Self(peer);
        line.0.send(ask.bytes());
        let head = line.head();
        assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
        line
    }

    /// The head of an answer.
    pub(crate) fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.0.receive(1));
        }
        String::from_utf8(head).unwrap()
    }

    pub(crate) fn send(&mut self, frame: &Frame) {
        self.0.send(frame.masked());
    }

    /// The next frame.
    #[track_caller]
    pub(crate) fn frame(&mut self) -> Frame {
        let mut bytes = self.0.receive(2);
        let more = match bytes[1] {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        bytes.extend(self.0.receive(more));
        let len = bytes[2..].iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
        let len = if more == 0 { usize::from(bytes[1]) } else { len };
        bytes.extend(self.0.receive(len));
        Frame::take(&mut &*bytes).unwrap()
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, frame: &Frame) {
        let got = self.frame();
        assert!(got == *frame, "got {got:?}, wanted {frame:?}");
    }
}
