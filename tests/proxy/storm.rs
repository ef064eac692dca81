//! Permits are given back once each, however connections end on their way to a session.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use sockeye::server::{Filter, Permit, Refusal};
use sockeye::{Endpoint, Limits};

use crate::common::{Peer, Random, SHORT, Served, Setting, eventually};
use crate::headers::line;
use crate::on_all_streams;
use crate::world::{World, trusting};

on_all_streams!(permits_are_given_back_once_in_a_storm);

#[derive(Clone, Default)]
struct Counting(Arc<(AtomicUsize, AtomicUsize)>);

struct Counted(Counting);

impl Filter for Counting {
    fn admit(&self, _: &Endpoint, _: Instant) -> Result<Permit, Refusal> {
        self.0.0.fetch_add(1, Ordering::SeqCst);
        Ok(Permit::new(Counted(self.clone())))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.1.fetch_add(1, Ordering::SeqCst);
    }
}

/// What a peer may do, drawn by chance.
fn act(server: &Served, random: &mut Random) {
    let header = line(&format!("192.0.2.{}:80", random.below(4)));
    match random.below(6) {
        0 => drop(Peer::plain(server)),
        1 => Peer::plain(server).reset(),
        2 => {
            let mut peer = Peer::plain(server);
            let _ = peer.send_at_once(&header[..random.below(header.len())]);
            peer.reset();
        }
        3 => drop(Peer::plain(server).send_at_once(b"no header\r\n")),
        4 => drop(Peer::plain(server).send_at_once(&header)),
        _ => Peer::behind(server, &[&header]).reset(),
    }
}

fn permits_are_given_back_once_in_a_storm(setting: Setting) {
    let counting = Counting::default();
    let (first, last) = (counting.clone(), counting.clone());
    let refusing = |peer: &Endpoint| peer.ip().is_none_or(|ip| ip.to_string() != "192.0.2.3");
    let limits = Limits::default().handshake(10 * SHORT);
    let world = World::with(setting, &setting.service(), trusting(), |builder| {
        builder.filter(first).filter(refusing).filter(last).limits(limits)
    });
    let mut random = Random::new();
    thread::scope(|scope| {
        for _ in 0..3 {
            let (server, mut random) = (&world.server, random.fork());
            scope.spawn(move || (0..25).for_each(|_| act(server, &mut random)));
        }
    });
    // Who comes last is accepted last.
    Peer::behind(&world.server, &[&line("198.51.100.1:80")]).exchange("hello");
    let count = |count: &AtomicUsize| count.load(Ordering::SeqCst);
    let (given, back) = &*counting.0;
    eventually("all are gone", || world.server.connections() == 0);
    assert_eq!(count(given), count(back));
    assert!(count(given) > 1);
}
