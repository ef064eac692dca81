//! Strands of the program's own, and how they share the threads.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use sockeye::{ErrorKind, Server, Service, Strand, raw};

use crate::common::{Design, LIMIT, eventually};
use crate::{Gate, next, on_both_designs, single, take};

on_both_designs!(
    a_strand_runs_its_jobs_in_the_order_posted,
    a_strand_never_runs_two_jobs_at_once,
    two_strands_run_side_by_side,
    a_strand_runs_beside_the_services_own,
    clones_are_the_same_strand,
    a_strand_with_many_jobs_leaves_room_for_others,
    a_strand_with_many_jobs_leaves_room_for_timers_and_connections,
    dispatch_on_an_idle_strand_runs_at_once,
    dispatch_within_a_job_of_the_same_strand_posts,
    dispatch_outside_of_the_service_posts,
    dispatch_returns_the_panic_of_a_job_that_ran_at_once,
    what_is_posted_during_a_dispatched_job_runs_after_it,
    strands_have_their_own_queues_and_limits,
    a_strand_may_be_dropped_with_jobs_queued,
);

fn a_strand_runs_its_jobs_in_the_order_posted(design: Design) {
    let service = design.service();
    let strands = [service.strand(), service.strand(), service.strand()];
    let (sender, receiver) = channel();
    for number in 0..300 {
        for (index, strand) in strands.iter().enumerate() {
            let sender = sender.clone();
            strand.post(move || sender.send((index, number)).unwrap()).unwrap();
        }
    }
    let mut expected = [0; 3];
    for (index, number) in take(&receiver, 900) {
        assert_eq!(number, expected[index]);
        expected[index] += 1;
    }
    service.stop().unwrap();
}

fn a_strand_never_runs_two_jobs_at_once(design: Design) {
    let service = design.service();
    let strand = service.strand();
    let inside = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = channel();
    let posters: Vec<_> = (0..4)
        .map(|_| {
            let (strand, inside, sender) = (strand.clone(), Arc::clone(&inside), sender.clone());
            thread::spawn(move || {
                for _ in 0..500 {
                    let (inside, sender) = (Arc::clone(&inside), sender.clone());
                    let job = move || {
                        let alone = !inside.swap(true, Ordering::SeqCst);
                        thread::yield_now();
                        inside.store(false, Ordering::SeqCst);
                        sender.send(alone).unwrap();
                    };
                    strand.post(job).unwrap();
                }
            })
        })
        .collect();
    posters.into_iter().for_each(|poster| poster.join().unwrap());
    assert!(take(&receiver, 2000).into_iter().all(|alone| alone));
    service.stop().unwrap();
}

/// Each job waits for the other one's message.
fn two_strands_run_side_by_side(design: Design) {
    let service = design.service();
    meet(&service.strand(), &service.strand());
    service.stop().unwrap();
}

fn meet(one: &Strand, other: &Strand) {
    let (to_one, from_other) = channel();
    let (to_other, from_one) = channel();
    let (done, both) = channel();
    let also_done = done.clone();
    let first = move || {
        to_other.send(()).unwrap();
        done.send(from_other.recv_timeout(LIMIT).is_ok()).unwrap();
    };
    let second = move || {
        to_one.send(()).unwrap();
        also_done.send(from_one.recv_timeout(LIMIT).is_ok()).unwrap();
    };
    one.post(first).unwrap();
    other.post(second).unwrap();
    assert_eq!([both.recv().unwrap(), both.recv().unwrap()], [true, true]);
}

fn a_strand_runs_beside_the_services_own(design: Design) {
    let service = design.service();
    // With a loop per thread the service's own strand is on the first loop; so is one of these.
    let strands = [service.strand(), service.strand()];
    let (gate, blocked) = Gate::new();
    service.post(blocked).unwrap();
    gate.wait_begun();
    let (sender, receiver) = channel();
    for strand in &strands {
        let sender = sender.clone();
        strand.post(move || sender.send(()).unwrap()).unwrap();
    }
    next(&receiver);
    gate.open();
    next(&receiver);
    service.stop().unwrap();
}

fn clones_are_the_same_strand(design: Design) {
    let service = design.service();
    let strand = service.strand();
    let (gate, blocked) = Gate::new();
    let clones = [strand.clone(), strand.clone()];
    strand.post(blocked).unwrap();
    gate.wait_begun();
    let (sender, receiver) = channel();
    for (number, strand) in clones.iter().enumerate() {
        let sender = sender.clone();
        strand.post(move || sender.send(number).unwrap()).unwrap();
    }
    assert!(receiver.try_recv().is_err());
    gate.open();
    assert_eq!(take(&receiver, 2), [0, 1]);
    service.stop().unwrap();
}

fn a_strand_with_many_jobs_leaves_room_for_others(design: Design) {
    let service = single(design).start().unwrap();
    let (busy, quick) = (service.strand(), service.strand());
    let (gate, blocked) = Gate::new();
    busy.post(blocked).unwrap();
    let (sender, receiver) = channel();
    for _ in 0..10_000 {
        let sender = sender.clone();
        busy.post(move || sender.send("busy").unwrap()).unwrap();
    }
    quick.post(move || sender.send("quick").unwrap()).unwrap();
    gate.open();
    let all = take(&receiver, 10_001);
    let turn = all.iter().position(|job| *job == "quick").unwrap();
    assert!(turn < 1000, "its turn came after {turn} jobs of the other strand");
    service.stop().unwrap();
}

fn a_strand_with_many_jobs_leaves_room_for_timers_and_connections(design: Design) {
    let service = single(design).start().unwrap();
    let (sender, receiver) = channel();
    let (on_timer, on_data) = (sender.clone(), sender.clone());
    let make = move |_: &_| {
        let sender = on_data.clone();
        move |_: &mut raw::Session<'_>, _: &[u8]| sender.send("data").unwrap()
    };
    let server = Server::builder(&service, raw::server(make)).listen("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(server.local_addr()).unwrap();
    eventually("the session is there", || server.connections() == 1);
    let (gate, blocked) = Gate::new();
    service.post(blocked).unwrap();
    gate.wait_begun();
    for _ in 0..10_000 {
        let sender = sender.clone();
        service.post(move || sender.send("job").unwrap()).unwrap();
    }
    let armed = Instant::now();
    service.after(Duration::ZERO, move || on_timer.send("timer").unwrap()).detach();
    peer.write_all(b"!").unwrap();
    // Ticks are a millisecond long, in which thousands of jobs fit.
    eventually("the timer is due", || armed.elapsed() > Duration::from_millis(2));
    gate.open();
    let all = take(&receiver, 10_002);
    for other in ["timer", "data"] {
        let turn = all.iter().position(|job| *job == other).unwrap();
        assert!(turn < 1000, "{other}: its turn came after {turn} jobs");
    }
    service.stop().unwrap();
}

fn dispatch_on_an_idle_strand_runs_at_once(design: Design) {
    let service = single(design).start().unwrap();
    let strand = service.strand();
    let (sender, receiver) = channel();
    let job = move || {
        let dispatched = sender.clone();
        strand.dispatch(move || dispatched.send("dispatched").unwrap()).unwrap();
        sender.send("after it").unwrap();
    };
    service.post(job).unwrap();
    assert_eq!(take(&receiver, 2), ["dispatched", "after it"]);
    service.stop().unwrap();
}

fn dispatch_within_a_job_of_the_same_strand_posts(design: Design) {
    let service = single(design).start().unwrap();
    let strand = service.strand();
    let (sender, receiver) = channel();
    let own = strand.clone();
    let job = move || {
        let dispatched = sender.clone();
        own.dispatch(move || dispatched.send("dispatched").unwrap()).unwrap();
        sender.send("before it").unwrap();
    };
    strand.post(job).unwrap();
    assert_eq!(take(&receiver, 2), ["before it", "dispatched"]);
    service.stop().unwrap();
}

fn dispatch_outside_of_the_service_posts(design: Design) {
    let service = design.service();
    let strand = service.strand();
    let (sender, receiver) = channel();
    let inside = service.clone();
    strand.dispatch(move || sender.send(inside.is_service_thread()).unwrap()).unwrap();
    assert!(next(&receiver));
    service.stop().unwrap();
}

fn dispatch_returns_the_panic_of_a_job_that_ran_at_once(design: Design) {
    let service = single(design).start().unwrap();
    let strand = service.strand();
    let (sender, receiver) = channel();
    let (own, outcome) = (strand.clone(), sender.clone());
    let job = move || outcome.send(own.dispatch(|| panic!("at once"))).unwrap();
    service.post(job).unwrap();
    let error = next(&receiver).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert!(error.to_string().contains("at once"), "{error}");
    strand.post(move || sender.send(Ok(())).unwrap()).unwrap();
    next(&receiver).unwrap();
    service.stop().unwrap();
}

fn what_is_posted_during_a_dispatched_job_runs_after_it(design: Design) {
    let service = single(design).start().unwrap();
    let strand = service.strand();
    let (sender, receiver) = channel();
    let job = move || {
        let (own, inner) = (strand.clone(), sender.clone());
        let dispatched = move || {
            let posted = inner.clone();
            own.post(move || posted.send("posted").unwrap()).unwrap();
            inner.send("dispatched").unwrap();
        };
        strand.dispatch(dispatched).unwrap();
        sender.send("after it").unwrap();
    };
    service.post(job).unwrap();
    assert_eq!(take(&receiver, 3), ["dispatched", "after it", "posted"]);
    service.stop().unwrap();
}

fn strands_have_their_own_queues_and_limits(design: Design) {
    let service = design.builder().post_limit(2).start().unwrap();
    let (full, free) = (service.strand(), service.strand());
    let (gate, blocked) = Gate::new();
    full.post(blocked).unwrap();
    gate.wait_begun();
    full.post(|| {}).unwrap();
    full.post(|| {}).unwrap();
    assert_eq!(full.post(|| {}).unwrap_err().kind(), ErrorKind::LimitReached);
    let (sender, receiver) = channel();
    free.post(move || sender.send(()).unwrap()).unwrap();
    next(&receiver);
    gate.open();
    service.stop().unwrap();
}

fn a_strand_may_be_dropped_with_jobs_queued(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    for number in 0..10 {
        let sender = sender.clone();
        service.strand().post(move || sender.send(number).unwrap()).unwrap();
    }
    let mut ran = take(&receiver, 10);
    ran.sort_unstable();
    assert_eq!(ran, (0..10).collect::<Vec<_>>());
    service.stop().unwrap();
}

/// A dispatched job does not wait for the strand, whose job another thread runs just now.
#[test]
fn dispatch_on_a_busy_strand_posts() {
    let service = Service::builder().thread_pool(2).start().unwrap();
    let strand = service.strand();
    let (gate, blocked) = Gate::new();
    strand.post(blocked).unwrap();
    gate.wait_begun();
    let (sender, receiver) = channel();
    let job = move || {
        let dispatched = sender.clone();
        strand.dispatch(move || dispatched.send("dispatched").unwrap()).unwrap();
        sender.send("not waited").unwrap();
    };
    service.post(job).unwrap();
    assert_eq!(next(&receiver), "not waited");
    gate.open();
    assert_eq!(next(&receiver), "dispatched");
    service.stop().unwrap();
}

/// The blocked job ends only when all that shall not be held up has happened.
#[test]
fn a_blocked_callback_in_a_pool_holds_up_nobody_else() {
    let service = Service::builder().thread_pool(2).start().unwrap();
    let (sender, receiver) = channel::<&str>();
    let on_data = sender.clone();
    let make = move |_: &_| {
        let sender = on_data.clone();
        move |_: &mut raw::Session<'_>, _: &[u8]| sender.send("data").unwrap()
    };
    let server = Server::builder(&service, raw::server(make)).listen("127.0.0.1:0").unwrap();
    for round in 0..20 {
        let (gate, blocked) = Gate::new();
        service.strand().post(blocked).unwrap();
        // Every other time what follows finds the callback running.
        if round % 2 == 0 {
            gate.wait_begun();
        }
        held_up_by_nobody(&service, &server, &sender);
        let mut happened = take(&receiver, 52);
        happened.sort_unstable();
        assert_eq!(happened[..2], ["data", "job"]);
        assert_eq!(happened[51], "timer");
        gate.open();
    }
    service.stop().unwrap();
}

fn held_up_by_nobody(service: &Service, server: &Server, sender: &Sender<&'static str>) {
    for _ in 0..50 {
        let sender = sender.clone();
        service.strand().post(move || sender.send("job").unwrap()).unwrap();
    }
    let from_timer = sender.clone();
    service.after(Duration::from_millis(1), move || from_timer.send("timer").unwrap()).detach();
    let mut peer = TcpStream::connect(server.local_addr()).unwrap();
    peer.write_all(b"!").unwrap();
}

/// All threads of the pool but one are blocked.
#[test]
fn a_pool_works_with_its_last_thread() {
    let service = Service::builder().thread_pool(4).start().unwrap();
    let gates: Vec<_> = (0..3)
        .map(|_| {
            let (gate, blocked) = Gate::new();
            service.strand().post(blocked).unwrap();
            gate.wait_begun();
            gate
        })
        .collect();
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..100 {
        let ran = Arc::clone(&ran);
        service
            .strand()
            .post(move || {
                ran.fetch_add(1, Ordering::SeqCst);
            })
            .unwrap();
    }
    eventually("all jobs ran", || ran.load(Ordering::SeqCst) == 100);
    gates.into_iter().for_each(Gate::open);
    service.stop().unwrap();
}
