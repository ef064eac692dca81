//! Sessions are counted by why they have closed.

use sockeye::framed::{Codec, Decoded, Frame};
use sockeye::metrics::Sessions;
use sockeye::{CloseReason, Limit, Limits, Overflow, Server, Service, Violation, framed, raw};

use crate::common::{Design, Peer, Probe, SHORT, Served, Setting, eventually, narrow};
use crate::{on_all_streams, on_both_designs, on_streams_with_resets};

on_all_streams!(
    local,
    aborted,
    because,
    panic,
    overflow,
    remote,
    shutdown,
    timeout_idle,
    timeout_close,
);
on_streams_with_resets!(reset);
on_both_designs!(protocol);

/// Opens a session, has it end, and looks how that was counted.
fn ends(
    setting: Setting,
    name: &str,
    limits: Limits,
    end: impl FnOnce(&Served, &raw::Handle, Peer) -> Option<Peer>,
) {
    let service = setting.service();
    let (protocol, events) = Probe::server();
    let server = setting.listen(narrow(Server::builder(&service, protocol).limits(limits)));
    let peer = Peer::narrow(&server);
    let session = events.open();
    let open = server.metrics();
    assert_eq!((open.opened, open.active(), open.closed.total()), (1, 1, 0));
    let peer = end(&server, &session, peer);
    let reason = events.close();
    assert_eq!(reason.name(), name, "{reason:?}");
    // The handler has just been told.
    assert_closed(&server.metrics(), name);
    drop(peer);
}

#[track_caller]
fn assert_closed(metrics: &Sessions, name: &str) {
    assert_eq!((metrics.begun, metrics.opened, metrics.failed), (1, 1, 0), "{metrics:?}");
    assert_eq!((metrics.closed.because(name), metrics.closed.total()), (1, 1), "{metrics:?}");
    assert_eq!((metrics.active(), metrics.opening()), (0, 0), "{metrics:?}");
    assert_eq!(metrics.durations.count(), 1, "{metrics:?}");
}

fn local(setting: Setting) {
    ends(setting, "local", Limits::default(), |_, session, mut peer| {
        session.close();
        peer.expect_end();
        None
    });
}

fn aborted(setting: Setting) {
    ends(setting, "aborted", Limits::default(), |_, session, peer| {
        session.abort();
        Some(peer)
    });
}

fn because(setting: Setting) {
    ends(setting, "because", Limits::default(), |_, session, mut peer| {
        session.post(|session| session.close_because("it is late")).unwrap();
        peer.expect_end();
        None
    });
}

fn panic(setting: Setting) {
    ends(setting, "panic", Limits::default(), |server, session, peer| {
        session.post(|_| panic!("as the test wants")).unwrap();
        eventually("it is counted", || server.metrics().panics == 1);
        assert_eq!(server.metrics().errors, 0);
        Some(peer)
    });
}

fn overflow(setting: Setting) {
    let limits = Limits::default().queue(10).overflow(Overflow::Disconnect);
    ends(setting, "overflow", limits, |_, session, peer| {
        session.send([0; 11]);
        Some(peer)
    });
}

fn remote(setting: Setting) {
    ends(setting, "remote", Limits::default(), |_, _, peer| {
        peer.finish();
        Some(peer)
    });
}

fn shutdown(setting: Setting) {
    ends(setting, "shutdown", Limits::default(), |server, _, peer| {
        server.service().stop().unwrap();
        Some(peer)
    });
}

fn timeout_idle(setting: Setting) {
    ends(setting, "timeout_idle", Limits::default().idle(SHORT), |_, _, mut peer| {
        peer.expect_end();
        None
    });
}

fn timeout_close(setting: Setting) {
    ends(setting, "timeout_close", Limits::default().close(SHORT), |_, session, peer| {
        session.send(vec![0; 8 << 20]);
        session.close();
        Some(peer)
    });
}

fn reset(setting: Setting) {
    ends(setting, "reset", Limits::default(), |_, _, peer| {
        peer.reset();
        None
    });
}

/// Allows nothing.
#[derive(Clone)]
struct Forbidden;

impl Codec for Forbidden {
    type Message = [u8];

    fn decode(&mut self, _: &[u8]) -> Result<Decoded, Violation> {
        Err(Violation::malformed("something"))
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a [u8], Violation> {
        Ok(payload)
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        frame.put(message);
        Ok(())
    }
}

fn protocol(design: Design) {
    let service = design.service();
    let nothing = |_: &mut framed::Session<'_>, _: &[u8]| ();
    let protocol = framed::server(Forbidden, move |_| nothing);
    let server = Server::builder(&service, protocol).listen("127.0.0.1:0").unwrap();
    let mut peer = Peer::new(&server);
    peer.send("a word");
    eventually("it ends", || server.metrics().closed.total() == 1);
    assert_closed(&server.metrics(), "protocol");
}

#[test]
fn each_reason_has_a_name_that_is_counted_by() {
    let timeout = CloseReason::Timeout;
    let service = Service::builder().threads(1).start().unwrap();
    let none = service.run().unwrap_err();
    for (reason, name) in [
        (CloseReason::Local, "local"),
        (CloseReason::Aborted, "aborted"),
        (CloseReason::Remote, "remote"),
        (CloseReason::Reset, "reset"),
        (CloseReason::Truncated, "truncated"),
        (CloseReason::Tls(none.clone()), "tls"),
        (timeout(Limit::Idle), "timeout_idle"),
        (timeout(Limit::Handshake), "timeout_handshake"),
        (timeout(Limit::ProxyHeader), "timeout_proxy_header"),
        (timeout(Limit::Close), "timeout_close"),
        (CloseReason::Overflow, "overflow"),
        (CloseReason::Protocol(Violation::Incomplete), "protocol"),
        (CloseReason::RateLimited, "rate_limited"),
        (CloseReason::Because("so".into()), "because"),
        (CloseReason::Panic(none), "panic"),
        (CloseReason::Shutdown, "shutdown"),
        (CloseReason::Io(std::io::Error::other("disk").into()), "io"),
    ] {
        assert_eq!(reason.name(), name);
        let closed = Sessions::default().closed;
        assert!(closed.iter().any(|(known, count)| (known, count) == (name, 0)), "{name}");
    }
    assert_eq!(Sessions::default().closed.because("a whim"), 0);
}
