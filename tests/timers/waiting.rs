//! Calls that wait for a timer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use sockeye::{ErrorKind, Expiry};

use crate::common::{Design, LIMIT, eventually};
use crate::{next, observed, on_both_designs};

on_both_designs!(
    wait_tells_how_the_wait_ended,
    wait_gives_up_when_its_own_time_has_passed,
    wait_is_refused_on_a_service_thread,
    wait_sees_every_end,
    several_threads_may_wait_for_one_timer,
);

fn wait_tells_how_the_wait_ended(design: Design) {
    let service = design.service();
    let (timer, ends) = observed(&service);
    assert_eq!(timer.wait(LIMIT).unwrap(), Expiry::Canceled, "it was never armed");
    timer.after(Duration::from_millis(1));
    assert_eq!(timer.wait(LIMIT).unwrap(), Expiry::Expired);
    assert_eq!(ends.try_recv().unwrap(), Expiry::Expired, "the callback comes before");
    assert_eq!(timer.wait(LIMIT).unwrap(), Expiry::Expired, "as it ended last");
    timer.after(LIMIT);
    timer.cancel();
    assert_eq!(timer.wait(LIMIT).unwrap(), Expiry::Canceled);
    assert_eq!(ends.try_recv().unwrap(), Expiry::Canceled);
    timer.every(Duration::from_millis(1));
    assert_eq!(timer.wait(LIMIT).unwrap(), Expiry::Expired, "its next tick");
    service.stop().unwrap();
}

fn wait_gives_up_when_its_own_time_has_passed(design: Design) {
    let service = design.service();
    let timer = service.after(LIMIT, || {});
    let begun = Instant::now();
    let error = timer.wait(Duration::from_millis(10)).unwrap_err();
    assert!(begun.elapsed() >= Duration::from_millis(10));
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "cannot wait for a timer: the time limit passed");
    assert!(timer.is_pending(), "which does not concern the timer");
    service.stop().unwrap();
}

fn wait_is_refused_on_a_service_thread(design: Design) {
    let service = design.service();
    let timer = service.after(LIMIT, || {});
    let (sender, receiver) = channel();
    service.post(move || sender.send(timer.wait(LIMIT)).unwrap()).unwrap();
    assert_eq!(next(&receiver).unwrap_err().kind(), ErrorKind::WouldDeadlock);
    service.stop().unwrap();
}

/// Waits begin at every moment, also just when the timer comes to rest.
fn wait_sees_every_end(design: Design) {
    let service = design.service();
    let timer = service.timer(|_| {});
    let (waits, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                timer.wait(LIMIT).unwrap();
                waits.fetch_add(1, Ordering::SeqCst);
            }
        });
        for _ in 0..1000 {
            timer.after(Duration::ZERO);
            assert_eq!(timer.wait(LIMIT).unwrap(), Expiry::Expired);
            let before = waits.load(Ordering::SeqCst);
            eventually("one more wait", || waits.load(Ordering::SeqCst) > before + 1);
        }
        done.store(true, Ordering::SeqCst);
    });
    service.stop().unwrap();
}

fn several_threads_may_wait_for_one_timer(design: Design) {
    let service = design.service();
    let timer = service.after(Duration::from_millis(5), || {});
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(timer.wait(LIMIT).unwrap(), Expiry::Expired));
        }
    });
    service.stop().unwrap();
}
