//! Rounds without pause, for what goes wrong only when two things happen at the same moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use sockeye::ErrorKind;

use crate::common::{Design, LIMIT};
use crate::{bounded, next, on_both_designs};

on_both_designs!(
    no_thread_misses_the_stop,
    start_and_stop_at_the_same_time_both_return,
    a_job_is_either_refused_or_run,
    no_wake_up_is_lost_between_two_posters,
);

/// Threads are about to sleep just when the service stops.
fn no_thread_misses_the_stop(design: Design) {
    let limit = Duration::from_secs(5);
    let service = design.builder().stop_limit(limit).start().unwrap();
    for round in 0..1500 {
        for _ in 0..round % 4 {
            service.strand().post(|| {}).unwrap();
        }
        service.stop().unwrap_or_else(|error| panic!("round {round}: {error}"));
        service.start().unwrap();
    }
    service.stop().unwrap();
}

fn start_and_stop_at_the_same_time_both_return(design: Design) {
    const STARTS: usize = 300;
    let service = design.service();
    let starts = Arc::new(AtomicUsize::new(0));
    let (starting, count) = (service.clone(), Arc::clone(&starts));
    let starter = thread::spawn(move || {
        while count.load(Ordering::SeqCst) < STARTS {
            match starting.start() {
                Ok(()) => {
                    count.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyRunning),
            }
        }
    });
    let stopping = service.clone();
    bounded("a stop", move || {
        while starts.load(Ordering::SeqCst) < STARTS {
            stopping.stop().unwrap();
        }
    });
    starter.join().unwrap();
    service.stop().unwrap();
}

/// What `post` took is run, also when the service is stopped and started meanwhile.
fn a_job_is_either_refused_or_run(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    let posters: Vec<_> = (0..2)
        .map(|_| {
            let (service, sender) = (service.clone(), sender.clone());
            thread::spawn(move || {
                let mut taken = 0;
                while taken < 2000 {
                    let sender = sender.clone();
                    match service.strand().post(move || sender.send(()).unwrap()) {
                        Ok(()) => taken += 1,
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::Stopped);
                            thread::yield_now();
                        }
                    }
                }
            })
        })
        .collect();
    while !posters.iter().all(|poster| poster.is_finished()) {
        service.restart().unwrap();
    }
    posters.into_iter().for_each(|poster| poster.join().unwrap());
    for job in 0..4000 {
        assert!(receiver.recv_timeout(LIMIT).is_ok(), "job {job} of 4000 did not run");
    }
    service.stop().unwrap();
}

/// Each job is posted when the one before it has run, so that threads fall asleep in between.
fn no_wake_up_is_lost_between_two_posters(design: Design) {
    let service = design.service();
    let players: Vec<_> = (0..2)
        .map(|_| {
            let service = service.clone();
            thread::spawn(move || {
                let strand = service.strand();
                let (sender, receiver) = channel();
                for _ in 0..5000 {
                    let sender = sender.clone();
                    strand.post(move || sender.send(()).unwrap()).unwrap();
                    next(&receiver);
                }
            })
        })
        .collect();
    players.into_iter().for_each(|player| player.join().unwrap());
    service.stop().unwrap();
}
