//! What is sent to a group reaches each member as its own protocol and middleware want it.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sockeye::framed::{Codec, Decoded, Frame};
use sockeye::middleware::{Middleware, Verdict};
use sockeye::testing::Harness;
use sockeye::{Endpoint, Sent, Service, Violation, framed, raw};

use crate::scribe::Digit;

/// [`Digit`], which counts what it encodes.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Codec for Counting {
    type Message = [u8];

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        Digit.decode(data)
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Digit.encode(message, frame)
    }
}

/// Puts something before what is sent.
struct Prefix(&'static str);

impl Middleware for Prefix {
    fn on_sending(&mut self, _: &mut framed::Session<'_>, message: &mut Cow<'_, [u8]>) -> Verdict {
        message.to_mut().splice(..0, self.0.bytes());
        Verdict::Pass
    }
}

/// Sees what is received alone.
struct Deaf;

impl Middleware for Deaf {
    const SEES_SENDING: bool = false;

    fn on_sending(&mut self, _: &mut framed::Session<'_>, _: &mut Cow<'_, [u8]>) -> Verdict {
        panic!("it was said not to be called")
    }
}

fn member(group: &raw::Group, protocol: raw::ServerProtocol, service: &Service) -> Harness {
    let mut peer = Harness::on(service, protocol);
    peer.handle().join(group);
    peer.run();
    peer
}

fn no_handler(_: &mut framed::Session<'_>, _: &[u8]) {}

#[test]
fn a_broadcast_is_framed_once() {
    let service = Service::builder().threads(0).start().unwrap();
    let group = raw::Group::new(&service);
    let codec = Counting::default();
    let protocol = framed::server(codec.clone(), |_| no_handler).with(|_: &Endpoint| Deaf);
    let mut members: Vec<_> =
        (0..300).map(|_| member(&group, protocol.clone(), &service)).collect();
    for round in 1..=3 {
        assert_eq!(group.send("all"), Sent::Queued);
        assert_eq!(group.send("of you"), Sent::Queued);
        assert_eq!(codec.0.load(Ordering::Relaxed), 2 * round);
        for member in &mut members {
            assert_eq!(member.take(), b"3all6of you");
        }
    }
    assert_eq!(codec.0.load(Ordering::Relaxed), 6);
    let stats = members[0].handle().stats();
    assert_eq!((stats.messages_sent, stats.bytes_sent), (6, 3 * 11));
}

#[test]
fn members_of_any_kind_are_told_in_their_own_way() {
    let service = Service::builder().threads(0).start().unwrap();
    let group = raw::Group::new(&service);
    let framed = || framed::server(Digit, |_| no_handler);
    let mut members = [
        (member(&group, framed(), &service), "3one3two"),
        (member(&group, raw::server(|_| raw::Discard), &service), "onetwo"),
        (member(&group, framed().with(|_: &Endpoint| Prefix("> ")), &service), "5> one5> two"),
        (member(&group, framed(), &service), "3one3two"),
    ];
    group.send("one");
    group.send("two");
    for (member, expected) in &mut members {
        assert_eq!(member.take(), expected.as_bytes());
    }
}

#[test]
fn what_the_members_protocol_cannot_send_is_told_at_once() {
    let service = Service::builder().threads(0).start().unwrap();
    let group = raw::Group::new(&service);
    assert_eq!(group.send("far too long"), Sent::Queued, "nobody is there to mind");
    let mut member = member(&group, framed::server(Digit, |_| no_handler), &service);
    assert_eq!(group.send("far too long"), Sent::Invalid);
    assert_eq!(member.handle().send("far too long"), Sent::Invalid);
    assert_eq!(group.send("well"), Sent::Queued);
    assert_eq!(member.take(), b"4well");
}

/// What the mailbox has taken is sent, though its frames are longer than its messages.
#[test]
fn frames_do_not_end_a_session_whose_mailbox_was_full() {
    let limits = sockeye::Limits::default().queue(1000);
    let protocol = framed::server(Digit, |_| no_handler).with(|_: &Endpoint| Prefix("> "));
    let mut peer = Harness::new(sockeye::testing::Side::new(protocol).limits(limits).capacity(1));
    peer.pause();
    let handle = peer.handle();
    let taken = (0..2000).take_while(|_| handle.send("x").is_queued()).count();
    assert_eq!(taken, 1000);
    assert_eq!(handle.send("x"), Sent::Full);
    peer.run();
    assert_eq!(peer.resume(), b"3> x".repeat(taken));
    assert!(peer.closed().is_none());
}
