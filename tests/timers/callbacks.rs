//! What callbacks of timers may do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sockeye::{ErrorKind, Expiry, Timer};

use crate::common::{Design, LIMIT};
use crate::{ended, next, on_both_designs};

on_both_designs!(
    a_timer_may_be_armed_again_in_its_own_callback,
    a_timer_may_be_dropped_in_its_own_callback,
    a_panic_in_a_callback_is_reported_and_ends_no_periodic_timer,
    callbacks_of_one_timer_never_overlap,
);

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
