//! Timers: when they expire, who is told of what, and how they end.

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use sockeye::{ErrorKind, Expiry, Service, Timer};

use common::{Design, LIMIT, eventually};

on_both_designs!(
    a_timer_calls_back_once_on_a_service_thread,
    timers_are_never_early,
    timers_expire_in_the_order_of_their_deadlines,
    a_delay_of_zero_expires_at_once,
    a_delay_without_end_is_pending_for_ever,
    a_periodic_timer_ticks_until_it_is_canceled,
    a_periodic_timer_keeps_its_grid_and_skips_what_passed,
    a_period_of_zero_is_a_millisecond,
    a_wall_clock_timer_expires_when_the_clock_shows_its_time,
    a_wall_clock_timer_of_the_past_expires_at_once,
    wait_tells_how_the_wait_ended,
    wait_gives_up_when_its_own_time_has_passed,
    wait_is_refused_on_a_service_thread,
    wait_sees_every_end,
    several_threads_may_wait_for_one_timer,
    cancel_is_true_once_and_the_callback_is_told,
    cancel_and_expiry_never_both_happen,
    arming_again_cancels_the_former_wait,
    a_pending_timer_has_a_deadline,
    dropping_a_timer_cancels_it,
    dropping_a_one_shot_timer_drops_its_callback_uncalled,
    a_detached_timer_runs_on,
    a_timer_may_be_armed_again_in_its_own_callback,
    a_timer_may_be_dropped_in_its_own_callback,
    a_panic_in_a_callback_is_reported_and_ends_no_periodic_timer,
    callbacks_of_one_timer_never_overlap,
    an_earlier_timer_wakes_a_poller_that_sleeps_for_a_later_one,
    a_hundred_thousand_timers_can_be_armed_and_canceled,
    a_hundred_thousand_timers_expire,
    timers_go_on_over_a_restart,
    a_timer_can_be_armed_and_canceled_while_the_service_is_stopped,
    a_timer_may_outlive_its_service,
);

fn a_timer_calls_back_once_on_a_service_thread(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    let own = service.clone();
    let callback = move || sender.send(own.is_service_thread()).unwrap();
    let timer = service.after(Duration::from_millis(1), callback);
    assert!(next(&receiver));
    assert_eq!(timer.wait(LIMIT).unwrap(), Expiry::Expired);
    assert!(!timer.is_pending());
    ended(&receiver);
    service.stop().unwrap();
}

fn timers_are_never_early(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    let timers: Vec<_> = (0..500)
        .map(|number| {
            let sender = sender.clone();
            // Between ticks too.
            let delay = Duration::from_micros(number * 97);
            let due = Instant::now() + delay;
            service.after(delay, move || sender.send((due, Instant::now())).unwrap())
        })
        .collect();
    for _ in 0..timers.len() {
        let (due, now) = next(&receiver);
        assert!(now >= due, "{:?} early", due - now);
    }
    service.stop().unwrap();
}

/// The thread is held up until all are due, so that the order is the timers' alone.
fn timers_expire_in_the_order_of_their_deadlines(design: Design) {
    let service = match design {
        Design::LoopPerThread => Service::builder().loop_per_thread(1).start().unwrap(),
        Design::ThreadPool => Service::builder().thread_pool(1).start().unwrap(),
    };
    let (sender, receiver) = channel();
    let (due, until) = channel();
    let hold_up = move || {
        let last: Instant = until.recv_timeout(LIMIT).unwrap();
        while Instant::now() < last {
            thread::yield_now();
        }
    };
    service.post(hold_up).unwrap();
    let timers: Vec<_> = (0..200_u64)
        .map(|number| {
            let sender = sender.clone();
            // 37 and 200 have no common divisor: each delay once, in a wild order.
            let delay = Duration::from_millis(number * 37 % 200);
            service.after(delay, move || sender.send(number).unwrap())
        })
        .collect();
    let deadlines = timers.iter().map(|timer| timer.deadline().unwrap()).collect::<Vec<_>>();
    due.send(*deadlines.iter().max().unwrap() + Duration::from_millis(1)).unwrap();
    let order = (0..200).map(|_| next(&receiver)).collect::<Vec<_>>();
    for pair in order.windows(2) {
        let [one, other] = [pair[0], pair[1]].map(|number| deadlines[number as usize]);
        // To the millisecond, which is the resolution.
        assert!(one < other + Duration::from_millis(1), "{order:?}");
    }
    service.stop().unwrap();
}

fn a_delay_of_zero_expires_at_once(design: Design) {
    let service = design.service();
    let (timer, ends) = observed(&service);
    for _ in 0..100 {
        timer.after(Duration::ZERO);
        assert_eq!(next(&ends), Expiry::Expired);
    }
    service.stop().unwrap();
}

fn a_delay_without_end_is_pending_for_ever(design: Design) {
    let service = design.service();
    let (timer, ends) = observed(&service);
    timer.after(Duration::MAX);
    assert!(timer.deadline().unwrap() > Instant::now() + Duration::from_secs(1 << 30));
    timer.every(Duration::MAX);
    assert_eq!(next(&ends), Expiry::Canceled);
    timer.at(SystemTime::now() + Duration::from_secs(1 << 40));
    assert_eq!(next(&ends), Expiry::Canceled);
    assert!(timer.is_pending());
    assert!(timer.cancel());
    assert_eq!(next(&ends), Expiry::Canceled);
    service.stop().unwrap();
}

fn a_periodic_timer_ticks_until_it_is_canceled(design: Design) {
    let service = design.service();
    let (timer, ends) = observed(&service);
    timer.every(Duration::from_millis(1));
    for _ in 0..20 {
        assert_eq!(next(&ends), Expiry::Expired);
    }
    assert!(timer.is_pending());
    assert!(timer.cancel());
    while next(&ends) != Expiry::Canceled {}
    assert!(!timer.is_pending());
    assert!(ends.try_recv().is_err(), "nothing comes after the end");
    service.stop().unwrap();
}

fn a_periodic_timer_keeps_its_grid_and_skips_what_passed(design: Design) {
    let period = Duration::from_millis(1);
    let service = design.service();
    let (sender, receiver) = channel();
    let mut held_up = false;
    let timer = service.every(period, move || {
        let begun = Instant::now();
        while !held_up && begun.elapsed() < 20 * period {
            thread::yield_now();
        }
        held_up = true;
        let _ = sender.send(begun);
    });
    let first = timer.deadline().unwrap();
    for call in 1..=10 {
        let begun = next(&receiver);
        // The second call is late, and from the third on nothing is made up for.
        let earliest = if call < 3 { first } else { first + (18 + call) * period };
        assert!(begun >= earliest, "call {call} is {:?} early", earliest - begun);
        let off = (timer.deadline().unwrap() - first).as_nanos() % period.as_nanos();
        assert_eq!(off, 0, "the grid has drifted");
    }
    timer.cancel();
    service.stop().unwrap();
}

fn a_period_of_zero_is_a_millisecond(design: Design) {
    let service = design.service();
    let (timer, ends) = observed(&service);
    let begun = Instant::now();
    timer.every(Duration::ZERO);
    for _ in 0..10 {
        assert_eq!(next(&ends), Expiry::Expired);
    }
    assert!(begun.elapsed() >= Duration::from_millis(10));
    timer.cancel();
    service.stop().unwrap();
}

fn a_wall_clock_timer_expires_when_the_clock_shows_its_time(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    let time = SystemTime::now() + Duration::from_millis(20);
    let timer = service.at(time, move || sender.send(SystemTime::now()).unwrap());
    assert!(timer.is_pending());
    let shown = next(&receiver);
    assert!(shown >= time, "{:?} early", time.duration_since(shown));
    assert_eq!(timer.wait(LIMIT).unwrap(), Expiry::Expired);
    service.stop().unwrap();
}

fn a_wall_clock_timer_of_the_past_expires_at_once(design: Design) {
    let service = design.service();
    for time in [SystemTime::now(), SystemTime::UNIX_EPOCH] {
        assert_eq!(service.at(time, || {}).wait(LIMIT).unwrap(), Expiry::Expired);
    }
    service.stop().unwrap();
}

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

fn a_timer_may_be_armed_again_in_its_own_callback(design: Design) {
    let service = design.service();
    let shared: Arc<Mutex<Option<Timer>>> = Arc::default();
    let (sender, receiver) = channel();
    let own = Arc::clone(&shared);
    let mut left = 10;
    let callback = move |expiry| {
        sender.send((expiry, left)).unwrap();
        left -= 1;
        if left > 0 {
            let timer = own.lock().unwrap();
            timer.as_ref().unwrap().after(Duration::from_millis(1));
        }
    };
    let timer = service.timer(callback);
    shared.lock().unwrap().insert(timer).after(Duration::from_millis(1));
    for left in (1..=10).rev() {
        assert_eq!(next(&receiver), (Expiry::Expired, left));
    }
    assert!(shared.lock().unwrap().take().is_some_and(|timer| !timer.is_pending()));
    service.stop().unwrap();
}

fn a_timer_may_be_dropped_in_its_own_callback(design: Design) {
    let service = design.service();
    let (give, given) = channel::<Timer>();
    let (sender, receiver) = channel();
    let callback = move |expiry| {
        sender.send(expiry).unwrap();
        drop(given.try_recv());
    };
    let timer = service.timer(callback);
    timer.every(Duration::from_millis(5));
    give.send(timer).unwrap();
    assert_eq!(next(&receiver), Expiry::Expired);
    assert_eq!(next(&receiver), Expiry::Canceled);
    ended(&receiver);
    service.stop().unwrap();
}

fn a_panic_in_a_callback_is_reported_and_ends_no_periodic_timer(design: Design) {
    let (errors, reported) = channel();
    let tell = move |error: &sockeye::Error| errors.send(error.clone()).unwrap();
    let service = design.builder().on_error(tell).start().unwrap();
    let mut tick = 0;
    let (sender, receiver) = channel();
    let timer = service.every(Duration::from_millis(1), move || {
        tick += 1;
        sender.send(tick).unwrap();
        assert!(tick % 2 == 0, "tick {tick} failed");
    });
    assert_eq!((0..4).map(|_| next(&receiver)).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for text in ["tick 1 failed", "tick 3 failed"] {
        let error = next(&reported);
        assert_eq!(error.kind(), ErrorKind::Panicked);
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(error.attempt(), "run a timer's callback");
    }
    drop(timer);
    let timer = service.after(Duration::from_millis(1), || panic!("once"));
    assert_eq!(timer.wait(LIMIT).unwrap(), Expiry::Expired);
    service.stop().unwrap();
}

fn callbacks_of_one_timer_never_overlap(design: Design) {
    let service = design.service();
    let inside = AtomicBool::new(false);
    let (sender, receiver) = channel();
    let callback = move |_| {
        let alone = !inside.swap(true, Ordering::SeqCst);
        thread::yield_now();
        inside.store(false, Ordering::SeqCst);
        sender.send(alone).unwrap();
    };
    let timer = Arc::new(service.timer(callback));
    let armers: Vec<_> = (0..4)
        .map(|_| {
            let timer = Arc::clone(&timer);
            thread::spawn(move || (0..500).for_each(|_| timer.after(Duration::ZERO)))
        })
        .collect();
    armers.into_iter().for_each(|armer| armer.join().unwrap());
    // Each arming has one end.
    for _ in 0..4 * 500 {
        assert!(next(&receiver));
    }
    service.stop().unwrap();
}

/// Armed from outside, and on a service thread that may not be the one that polls.
fn an_earlier_timer_wakes_a_poller_that_sleeps_for_a_later_one(design: Design) {
    let service = design.service();
    let later: Vec<_> = (0..4).map(|_| service.after(Duration::from_secs(3600), || {})).collect();
    let strand = service.strand();
    for round in 0..200 {
        let (sender, receiver) = channel();
        let own = service.clone();
        let arm = move || {
            let told = move || sender.send(()).unwrap();
            own.after(Duration::from_millis(1), told).detach();
        };
        if round % 2 == 0 {
            arm()
        } else {
            strand.post(arm).unwrap()
        }
        next(&receiver);
    }
    assert!(later.iter().all(Timer::is_pending));
    service.stop().unwrap();
}

const MANY: usize = 100_000;

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

fn a_hundred_thousand_timers_expire(design: Design) {
    let service = design.service();
    let expired = Arc::new(AtomicUsize::new(0));
    for number in 0..MANY {
        let expired = Arc::clone(&expired);
        let count = move || {
            expired.fetch_add(1, Ordering::Relaxed);
        };
        service.after(Duration::from_millis(number as u64 % 100), count).detach();
    }
    eventually("all have expired", || expired.load(Ordering::Relaxed) == MANY);
    service.stop().unwrap();
    assert_eq!(Arc::strong_count(&expired), 1, "each is called once, and dropped");
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

/// A timer, and what its callback is told.
fn observed(service: &Service) -> (Timer, Receiver<Expiry>) {
    let (sender, receiver) = channel();
    let callback = move |expiry| {
        // The test may have seen enough.
        let _ = sender.send(expiry);
    };
    (service.timer(callback), receiver)
}

fn next<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(LIMIT).expect("a message within the limit")
}

/// The callback has been dropped, and has told nothing more.
fn ended<T: std::fmt::Debug + PartialEq>(receiver: &Receiver<T>) {
    assert_eq!(receiver.recv_timeout(LIMIT), Err(RecvTimeoutError::Disconnected));
}
