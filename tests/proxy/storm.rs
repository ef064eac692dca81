//! Permits are given back once each, however connections end on their way to a session.

use std::thread;

use sockeye::{Endpoint, Limits};

use crate::common::{Peer, Permits, Random, SHORT, Served, Setting, eventually};
use crate::headers::line;
use crate::on_all_streams;
use crate::world::{World, trusting};

on_all_streams!(permits_are_given_back_once_in_a_storm);

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
    let permits = Permits::default();
    let (first, last) = (permits.clone(), permits.clone());
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
    eventually("all are gone", || world.server.connections() == 0);
    assert_eq!(permits.given(), permits.given_back());
    assert!(permits.given() > 1);
}
