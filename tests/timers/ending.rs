//! How the wait of a timer ends before its time, and the timer itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use sockeye::{ErrorKind, Expiry, Timer};

use crate::common::{Design, LIMIT, eventually};
use crate::{MANY, ended, next, observed, on_both_designs};

on_both_designs!(
    cancel_is_true_once_and_the_callback_is_told,
    cancel_and_expiry_never_both_happen,
    arming_again_cancels_the_former_wait,
    a_pending_timer_has_a_deadline,
    dropping_a_timer_cancels_it,
    dropping_a_one_shot_timer_drops_its_callback_uncalled,
    a_detached_timer_runs_on,
    a_hundred_thousand_timers_can_be_armed_and_canceled,
    timers_go_on_over_a_restart,
    a_timer_can_be_armed_and_canceled_while_the_service_is_stopped,
    a_timer_may_outlive_its_service,
);

fn cancel_is_true_once_and_the_callback_is_told(design: Design) {
    let service = design.service();
    let (timer, ends) = observed(&service);
    assert!(!timer.cancel(), "it was never armed");
    timer.after(LIMIT);
    assert!(timer.cancel());
    assert!(!timer.cancel());
    assert_eq!(next(&ends), Expiry::Canceled);
    timer.after(Duration::from_millis(1));
    assert_eq!(next(&ends), Expiry::Expired);
    assert!(!timer.cancel(), "it has expired");
    service.stop().unwrap();
    assert!(ends.try_recv().is_err());
}

fn cancel_and_expiry_never_both_happen(design: Design) {
    let service = design.service();
    let (timer, ends) = observed(&service);
    let mut canceled = 0;
    for round in 0..2000_u64 {
        timer.after(Duration::from_micros(round % 50));
        for _ in 0..round % 100 {
            thread::yield_now();
        }
        let expected = if timer.cancel() { Expiry::Canceled } else { Expiry::Expired };
        assert_eq!(timer.wait(LIMIT).unwrap(), expected);
        assert_eq!(next(&ends), expected);
        canceled += usize::from(expected == Expiry::Canceled);
    }
    assert!(ends.try_recv().is_err(), "each wait has one end; {canceled} were canceled");
    service.stop().unwrap();
}

fn arming_again_cancels_the_former_wait(design: Design) {
    let service = design.service();
    let (timer, ends) = observed(&service);
    timer.after(LIMIT);
    timer.at(SystemTime::now() + LIMIT);
    timer.every(LIMIT);
    timer.after(Duration::from_millis(1));
    let told = (0..4).map(|_| next(&ends)).collect::<Vec<_>>();
    use Expiry::{Canceled, Expired};
    assert_eq!(told, [Canceled, Canceled, Canceled, Expired]);
    service.stop().unwrap();
    assert!(ends.try_recv().is_err());
}

fn a_pending_timer_has_a_deadline(design: Design) {
    let service = design.service();
    let (timer, ends) = observed(&service);
    assert_eq!((timer.deadline(), timer.is_pending()), (None, false));
    let before = Instant::now();
    timer.after(LIMIT);
    let deadline = timer.deadline().unwrap();
    assert!(deadline >= before + LIMIT && deadline <= Instant::now() + LIMIT);
    assert!(timer.is_pending());
    timer.after(2 * LIMIT);
    assert!(timer.deadline().unwrap() >= deadline + LIMIT);
    timer.cancel();
    assert_eq!((timer.deadline(), timer.is_pending()), (None, false));
    timer.after(Duration::ZERO);
    while next(&ends) != Expiry::Expired {}
    assert_eq!((timer.deadline(), timer.is_pending()), (None, false));
    service.stop().unwrap();
}

fn dropping_a_timer_cancels_it(design: Design) {
    let service = design.service();
    let (timer, ends) = observed(&service);
    timer.every(LIMIT);
    drop(timer);
    assert_eq!(next(&ends), Expiry::Canceled);
    ended(&ends);
    service.stop().unwrap();
}

fn dropping_a_one_shot_timer_drops_its_callback_uncalled(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    for _ in 0..100 {
        let sender = sender.clone();
        drop(service.after(Duration::from_secs(3600), move || sender.send(()).unwrap()));
    }
    drop(sender);
    ended(&receiver);
    service.stop().unwrap();
}

fn a_detached_timer_runs_on(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    let periodic = sender.clone();
    service.after(Duration::from_millis(1), move || sender.send("once").unwrap()).detach();
    assert_eq!(next(&receiver), "once");
    service.every(Duration::from_millis(1), move || periodic.send("tick").unwrap()).detach();
    for _ in 0..3 {
        assert_eq!(next(&receiver), "tick");
    }
    service.stop().unwrap();
}

fn a_hundred_thousand_timers_can_be_armed_and_canceled(design: Design) {
    let service = design.service();
    let canceled = Arc::new(AtomicUsize::new(0));
    let timers: Vec<_> = (0..MANY)
        .map(|number| {
            let canceled = Arc::clone(&canceled);
            let timer = service.timer(move |expiry| {
                assert_eq!(expiry, Expiry::Canceled);
                canceled.fetch_add(1, Ordering::Relaxed);
            });
            timer.after(LIMIT + Duration::from_millis(number as u64));
            timer
        })
        .collect();
    assert!(timers.iter().all(Timer::is_pending));
    assert!(timers.iter().rev().step_by(2).all(Timer::cancel));
    drop(timers);
    eventually("all are told", || canceled.load(Ordering::Relaxed) == MANY);
    service.stop().unwrap();
}

fn timers_go_on_over_a_restart(design: Design) {
    let service = design.service();
    let (once, once_ends) = observed(&service);
    let (periodic, ticks) = observed(&service);
    let (far, _) = observed(&service);
    periodic.every(Duration::from_millis(1));
    next(&ticks);
    once.after(Duration::from_millis(10));
    far.after(Duration::from_secs(3600));
    let deadline = once.deadline();
    service.stop().unwrap();
    if once_ends.try_recv().is_err() {
        assert_eq!(once.deadline(), deadline);
        eventually("the deadline passes", || Instant::now() >= deadline.unwrap());
        assert!(once.is_pending(), "nothing expires while the service is stopped");
        service.start().unwrap();
        assert_eq!(next(&once_ends), Expiry::Expired);
    } else {
        service.start().unwrap();
    }
    while ticks.try_recv().is_ok() {}
    assert_eq!(next(&ticks), Expiry::Expired);
    assert!(far.is_pending());
    service.stop().unwrap();
}

fn a_timer_can_be_armed_and_canceled_while_the_service_is_stopped(design: Design) {
    let service = design.service();
    let (canceled, canceled_ends) = observed(&service);
    let (armed, armed_ends) = observed(&service);
    canceled.after(LIMIT);
    service.stop().unwrap();
    assert!(canceled.cancel());
    assert_eq!(armed.wait(Duration::ZERO).unwrap(), Expiry::Canceled);
    armed.after(Duration::ZERO);
    assert!(armed.is_pending());
    assert_eq!(armed.wait(Duration::ZERO).unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(canceled_ends.try_recv().is_err());
    service.start().unwrap();
    assert_eq!(next(&canceled_ends), Expiry::Canceled);
    assert_eq!(next(&armed_ends), Expiry::Expired);
    service.stop().unwrap();
}

fn a_timer_may_outlive_its_service(design: Design) {
    let service = design.service();
    let (timer, ends) = observed(&service);
    timer.after(LIMIT);
    drop(service);
    eventually("the service is gone", || {
        timer.wait(Duration::ZERO).is_err_and(|error| error.kind() == ErrorKind::Stopped)
    });
    timer.cancel();
    timer.after(Duration::ZERO);
    timer.every(Duration::from_millis(1));
    drop(timer);
    ended(&ends);
}
