//! More connections than a server takes.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use sockeye::{Acceptors, CloseReason, Endpoint, Overload, Server, raw, server};

use crate::common::{Design, Echo, LIMIT, Peer, Probe, Setting, eventually};
use crate::{on_all_streams, on_tcp};

on_all_streams!(
    one_too_many_is_reset_and_counted,
    one_too_many_waits_until_another_has_ended,
    everybody_who_waits_is_served_in_the_end,
    who_comes_when_another_has_left_is_served,
    a_limit_holds_with_an_acceptor_per_loop,
);

on_tcp!(no_limit_is_exceeded_by_acceptors_that_work_side_by_side);

struct Refused(Sender<(Endpoint, server::Refusal)>);

impl server::Events for Refused {
    fn on_refused(&self, peer: &Endpoint, refusal: &server::Refusal) {
        let _ = self.0.send((peer.clone(), refusal.clone()));
    }
}

fn one_too_many_is_reset_and_counted(setting: Setting) {
    let service = setting.service();
    let (told, refused) = channel();
    let (probe, events) = Probe::new();
    let builder = Server::builder(&service, probe.echo().serve())
        .max_connections(2)
        .overload(Overload::Refuse)
        .events(Refused(told));
    let server = setting.listen(builder);
    let (mut first, mut second) = (Peer::new(&server), Peer::new(&server));
    first.exchange("first");
    second.exchange("second");
    for count in 1..=3 {
        let mut third = Peer::new(&server);
        assert!(third.receive_to_reset().is_empty());
        let refusal = server::Refusal::Full { limit: 2 };
        assert_eq!(refused.recv_timeout(LIMIT), Ok((third.endpoint(), refusal)));
        assert_eq!(server.metrics().refused, count);
    }
    assert_eq!((server.connections(), server.metrics().begun), (2, 2));
    drop(first);
    events.close();
    eventually("there is room", || server.connections() == 1);
    Peer::new(&server).exchange("fourth");
    second.exchange("second again");
}

/// Again and again, as it is a matter of moments: an acceptor may just look for more connections when
/// the one that has the last place goes.
fn who_comes_when_another_has_left_is_served(setting: Setting) {
    let service = setting.service();
    let builder = Server::builder(&service, raw::server(|_| Echo))
        .max_connections(1)
        .overload(Overload::Refuse);
    let server = setting.listen(builder);
    for _ in 0..200 {
        Peer::new(&server).exchange("hello");
        eventually("the place is free", || server.connections() == 0);
    }
    assert_eq!(server.metrics().refused, 0);
}

fn one_too_many_waits_until_another_has_ended(setting: Setting) {
    let service = setting.service();
    let (probe, events) = Probe::new();
    let builder = Server::builder(&service, probe.echo().serve())
        .max_connections(1)
        .overload(Overload::Queue);
    let server = setting.listen(builder);
    let mut first = Peer::new(&server);
    first.exchange("first");
    let mut second = Peer::waiting(&server);
    second.send("second");
    first.exchange("first again");
    assert_eq!((server.connections(), server.metrics().begun), (1, 1));
    drop(first);
    second.expect("second");
    let metrics = server.metrics();
    assert_eq!((server.connections(), metrics.begun, metrics.refused), (1, 2, 0));
    events.close();
}

/// Counts the sessions there are at once, and the most there have been.
#[derive(Default)]
struct Most {
    now: AtomicUsize,
    most: AtomicUsize,
}

struct Counted(Arc<Most>);

impl raw::Handler for Counted {
    fn on_open(&mut self, _: &mut raw::Session<'_>) {
        let now = self.0.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(now, Ordering::SeqCst);
    }
    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        session.send(data);
    }
    fn on_close(&mut self, _: &mut raw::Session<'_>, _: &CloseReason) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

fn crowd_is_served(setting: Setting, acceptors: Acceptors) {
    let service = setting.service();
    let most = Arc::new(Most::default());
    let counted = Arc::clone(&most);
    let builder = Server::builder(&service, raw::server(move |_| Counted(Arc::clone(&counted))))
        .max_connections(3)
        .overload(Overload::Queue)
        .acceptors(acceptors);
    let server = setting.listen(builder);
    let mut peers: Vec<Peer> = (0..30).map(|_| Peer::waiting(&server)).collect();
    peers.iter_mut().for_each(|peer| peer.send("hello"));
    // Whoever is served leaves, in the order in which the system lets them in.
    let (done, served) = channel();
    let waiting: Vec<_> = peers
        .into_iter()
        .map(|mut peer| {
            let done = done.clone();
            std::thread::spawn(move || {
                peer.expect("hello");
                let _ = done.send(());
            })
        })
        .collect();
    waiting.iter().for_each(|_| served.recv_timeout(LIMIT).unwrap());
    waiting.into_iter().for_each(|peer| peer.join().unwrap());
    eventually("all are gone", || server.connections() == 0);
    assert_eq!((server.metrics().begun, server.metrics().refused), (30, 0));
    let most = most.most.load(Ordering::SeqCst);
    assert!((1..=3).contains(&most), "{most} at once");
}

fn everybody_who_waits_is_served_in_the_end(setting: Setting) {
    crowd_is_served(setting, Acceptors::One);
}

fn a_limit_holds_with_an_acceptor_per_loop(setting: Setting) {
    crowd_is_served(setting, Acceptors::OnePerLoop);
}

/// Holds up the first that is asked whether to accept, and tells what happens meanwhile.
struct Hesitant {
    told: Sender<&'static str>,
    go_on: Mutex<Option<Receiver<()>>>,
}

impl server::Events for Hesitant {
    fn on_accept(&self, _: &Endpoint) -> bool {
        let _ = self.told.send("asked");
        let hold = self.go_on.lock().unwrap().take();
        if let Some(hold) = hold {
            let _ = hold.recv_timeout(LIMIT);
        }
        true
    }
    fn on_refused(&self, _: &Endpoint, _: &server::Refusal) {
        let _ = self.told.send("refused");
    }
    fn on_open(&self, _: &raw::Handle) {
        let _ = self.told.send("open");
    }
}

fn no_limit_is_exceeded_by_acceptors_that_work_side_by_side(setting: Setting) {
    let service = setting.service();
    let (told, happened) = channel();
    let (go_on, hold) = channel();
    let events = Hesitant { told, go_on: Mutex::new(Some(hold)) };
    let builder = Server::builder(&service, raw::server(|_| Echo))
        .max_connections(1)
        .acceptors(Acceptors::OnePerLoop)
        .events(events);
    let server = setting.listen(builder);
    let first = Peer::waiting(&server);
    assert_eq!(happened.recv_timeout(LIMIT), Ok("asked"));
    // Enough that some come to the other acceptor, if there is one.
    let others: Vec<Peer> = (0..40).map(|_| Peer::waiting(&server)).collect();
    if setting.design == Design::LoopPerThread {
        assert_eq!(happened.recv_timeout(LIMIT), Ok("refused"), "the only place is taken");
    }
    go_on.send(()).unwrap();
    for mut peer in others {
        peer.receive_to_reset();
    }
    assert_eq!((server.connections(), server.metrics().refused), (1, 40));
    drop(first);
}
