//! Handles on many threads.

use std::thread;

use sockeye::udp;

use crate::common::{Design, LIMIT, eventually};
use crate::on_both_paths;
use crate::probe::{Probe, bind, peer, receive};

on_both_paths!(each_threads_datagrams_keep_their_order, threads_may_close_while_others_send);

fn each_threads_datagrams_keep_their_order(design: Design, options: udp::Options) {
    const THREADS: u32 = 4;
    const EACH: u32 = 500;
    let service = design.service();
    let (probe, _events) = Probe::new();
    let socket = bind(&service, options, probe);
    let peer = peer();
    let to = peer.local_addr().unwrap();
    // No more under way than the peer's buffer holds: those who send wait for those who receive.
    let (tokens, taken) = std::sync::mpsc::sync_channel::<()>(50);
    let senders = (0..THREADS).map(|thread| {
        let (handle, tokens) = (socket.handle(), tokens.clone());
        thread::spawn(move || {
            for number in 0..EACH {
                tokens.send(()).unwrap();
                let data = [thread.to_le_bytes(), number.to_le_bytes()].concat();
                handle.send_to_within(to, data, LIMIT).unwrap();
            }
        })
    });
    let senders = senders.collect::<Vec<_>>();
    let mut next = [0; THREADS as usize];
    for _ in 0..THREADS * EACH {
        let (data, _) = receive(&peer);
        let thread = u32::from_le_bytes(data[..4].try_into().unwrap()) as usize;
        assert_eq!(u32::from_le_bytes(data[4..].try_into().unwrap()), next[thread]);
        next[thread] += 1;
        taken.recv().unwrap();
    }
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    socket.flush(LIMIT).unwrap();
    assert_eq!(socket.stats().datagrams_sent, u64::from(THREADS * EACH));
}

fn threads_may_close_while_others_send(design: Design, options: udp::Options) {
    let service = design.service();
    let peer = peer();
    let to = peer.local_addr().unwrap();
    for _ in 0..20 {
        let (probe, events) = Probe::new();
        let socket = bind(&service, options.clone(), probe);
        events.open();
        let handle = socket.handle();
        let sender = thread::spawn(move || {
            let mut queued = 0;
            while handle.send_to(to, [1; 8]) != sockeye::Sent::Closed {
                queued += 1;
            }
            (handle, queued)
        });
        eventually("it sends", || socket.stats().datagrams_sent > 0);
        socket.close();
        let (handle, queued) = sender.join().unwrap();
        handle.wait_closed(LIMIT).unwrap();
        let stats = handle.stats();
        assert!(stats.datagrams_sent + stats.dropped <= queued);
        assert_eq!(handle.pending(), 0);
    }
}
