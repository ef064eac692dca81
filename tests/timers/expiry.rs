//! When timers expire.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use sockeye::{Expiry, Service, Timer};

use crate::common::{Design, LIMIT, eventually};
use crate::{MANY, ended, next, observed, on_both_designs};

on_both_designs!(
    a_timer_calls_back_once_on_a_service_thread,
    timers_are_never_early,
    timers_expire_in_the_order_of_their_deadlines,
    a_delay_of_zero_expires_at_once,
    a_delay_without_end_is_pending_for_ever,
    a_wall_clock_timer_expires_when_the_clock_shows_its_time,
    a_wall_clock_timer_of_the_past_expires_at_once,
    a_periodic_timer_ticks_until_it_is_canceled,
    a_periodic_timer_keeps_its_grid_and_skips_what_passed,
    a_period_of_zero_is_a_millisecond,
    an_earlier_timer_wakes_a_poller_that_sleeps_for_a_later_one,
    a_hundred_thousand_timers_expire,
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
    timer.at(SystemTime::now() + Duration::from_secs(1 << 36));
    assert_eq!(next(&ends), Expiry::Canceled);
    assert!(timer.is_pending());
    assert!(timer.cancel());
    assert_eq!(next(&ends), Expiry::Canceled);
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
        match round % 2 {
            0 => arm(),
            _ => strand.post(arm).unwrap(),
        }
        next(&receiver);
    }
    assert!(later.iter().all(Timer::is_pending));
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
