//! The filters there are: lists of addresses, and limits for each.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use sockeye::middleware::{AddressLimits, AddressList, Rate};
use sockeye::server::Refusal;
use sockeye::{AddressRange, Endpoint, ErrorKind, Server, raw, server};

use crate::common::{Echo, LIMIT, Peer, Served, Setting, Stream, eventually};
use crate::{on_all_streams, on_tcp};

on_all_streams!(
    a_list_says_who_may_connect,
    an_address_has_so_many_connections_at_a_time,
    an_address_connects_so_often,
);

on_tcp!(
    a_list_is_changed_while_it_is_asked,
    servers_may_share_a_limit,
    filters_of_several_kinds_work_together,
);

struct Refused(Sender<Refusal>);

impl server::Events for Refused {
    fn on_refused(&self, _: &Endpoint, refusal: &Refusal) {
        let _ = self.0.send(refusal.clone());
    }
}

/// A server behind filters, and whom it refuses.
struct Guarded {
    server: Served,
    refused: Receiver<Refusal>,
}

impl Guarded {
    fn new(setting: Setting, filter: impl FnOnce(server::Builder) -> server::Builder) -> Self {
        let (told, refused) = channel();
        let service = setting.service();
        let builder = Server::builder(&service, raw::server(|_| Echo)).events(Refused(told));
        Self { server: setting.listen(filter(builder)), refused }
    }

    #[track_caller]
    fn admits(&self) -> Peer {
        let mut peer = Peer::new(&self.server);
        peer.exchange("hello");
        peer
    }

    #[track_caller]
    fn refuses(&self, why: Refusal) {
        assert!(Peer::new(&self.server).receive_to_reset().is_empty());
        assert_eq!(self.refused.recv_timeout(LIMIT), Ok(why));
    }

    /// Refuses who has an IP address, and nobody else.
    #[track_caller]
    fn refuses_addresses(&self, setting: Setting, why: Refusal) {
        match setting.stream {
            Stream::Tcp | Stream::Tls => self.refuses(why),
            _ => drop(self.admits()),
        }
    }
}

fn range(text: &str) -> AddressRange {
    text.parse().unwrap()
}

fn a_list_says_who_may_connect(setting: Setting) {
    for (list, welcome) in [
        (AddressList::allow(["127.0.0.0/8"]), true),
        (AddressList::allow(["10.0.0.0/8", "::1"]), false),
        (AddressList::allow([""; 0]), false),
        (AddressList::deny(["::ffff:127.0.0.1"]), false),
        (AddressList::deny(["::/0", "10.0.0.0/8"]), true),
        (AddressList::deny([""; 0]), true),
    ] {
        let guarded = Guarded::new(setting, |builder| builder.filter(list.unwrap()));
        if welcome {
            guarded.admits();
        } else {
            guarded.refuses_addresses(setting, Refusal::Denied);
        }
    }
}

#[test]
fn a_list_names_what_it_cannot_read() {
    let error = AddressList::deny(["10.0.0.0/8", "everybody"]).unwrap_err();
    assert_eq!((error.kind(), error.address()), (ErrorKind::AddressInvalid, Some("everybody")));
}

#[test]
fn a_list_tells_what_is_on_it() {
    let list = AddressList::allow(["10.0.0.0/8", "10.1.0.0/16", "::1"]).unwrap();
    let inner = "10.1.2.3".parse().unwrap();
    assert!(!list.insert(range("10.9.9.9/8")), "it is on it");
    assert!(list.remove(range("10.0.0.0/8")) && !list.remove(range("10.0.0.0/8")));
    assert!(list.admits(inner) && !list.admits("10.2.0.0".parse().unwrap()));
    assert_eq!(list.ranges(), [range("10.1.0.0/16"), range("::1")]);
    list.extend([range("10.2.0.0/16")]);
    assert!(list.admits("10.2.0.0".parse().unwrap()));
    list.replace([]);
    assert!(!list.admits(inner) && list.ranges().is_empty());
}

fn a_list_is_changed_while_it_is_asked(setting: Setting) {
    let list = AddressList::deny([""; 0]).unwrap();
    let guarded = Guarded::new(setting, |builder| builder.filter(list.clone()));
    let mut first = guarded.admits();
    let remote = list.clone();
    thread::spawn(move || remote.insert(range("127.0.0.0/8"))).join().unwrap();
    guarded.refuses(Refusal::Denied);
    first.exchange("who is in stays in");
    list.replace([range("10.0.0.0/8")]);
    guarded.admits();
}

fn an_address_has_so_many_connections_at_a_time(setting: Setting) {
    let guarded =
        Guarded::new(setting, |builder| builder.filter(AddressLimits::new().connections(2)));
    let (first, second) = (guarded.admits(), guarded.admits());
    for _ in 0..2 {
        guarded.refuses_addresses(setting, Refusal::TooMany { limit: 2 });
    }
    drop(first);
    eventually("one is gone", || guarded.server.connections() == 1);
    let third = guarded.admits();
    guarded.refuses_addresses(setting, Refusal::TooMany { limit: 2 });
    drop((second, third));
}

fn an_address_connects_so_often(setting: Setting) {
    let limits = AddressLimits::new().rate(Rate::per_second(0).burst(3));
    let guarded = Guarded::new(setting, |builder| builder.filter(limits));
    for _ in 0..3 {
        drop(guarded.admits());
    }
    eventually("all are gone", || guarded.server.connections() == 0);
    for _ in 0..2 {
        guarded.refuses_addresses(setting, Refusal::TooFast);
    }
}

fn servers_may_share_a_limit(setting: Setting) {
    let limits = Arc::new(AddressLimits::new().connections(1));
    let [one, other] =
        [(); 2].map(|()| Guarded::new(setting, |builder| builder.filter(Arc::clone(&limits))));
    let first = one.admits();
    other.refuses(Refusal::TooMany { limit: 1 });
    drop(first);
    eventually("it is gone", || one.server.connections() == 0);
    other.admits();
}

fn filters_of_several_kinds_work_together(setting: Setting) {
    let list = AddressList::allow(["127.0.0.1"]).unwrap();
    let guarded = Guarded::new(setting, |builder| {
        let builder = builder.filter(AddressLimits::new().connections(1));
        builder.filter(list.clone()).filter(|peer: &Endpoint| peer.port() != Some(1))
    });
    let first = guarded.admits();
    guarded.refuses(Refusal::TooMany { limit: 1 });
    drop(first);
    eventually("it is gone", || guarded.server.connections() == 0);
    list.replace([]);
    // What the first filter gives is given back each time.
    for _ in 0..3 {
        guarded.refuses(Refusal::Denied);
    }
    list.replace([range("127.0.0.1")]);
    guarded.admits();
}
