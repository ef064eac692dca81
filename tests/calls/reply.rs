//! Replies: waited for, looked at, awaited, canceled and let down.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use sockeye::{Error, ErrorKind, Promise, Reply, Service};

use crate::common::{Design, LIMIT, Random, SHORT, bounded, eventually};
use crate::on_both_designs;

on_both_designs!(
    a_reply_is_waited_for,
    a_reply_is_not_waited_for_on_a_service_thread,
    what_is_late_can_still_be_had,
    an_answer_is_taken_once,
    threads_that_wait_for_one_reply_all_return,
    a_reply_is_awaited,
    a_reply_is_awaited_with_others,
    a_failure_is_passed_on,
    a_dropped_promise_fails_its_reply_at_once,
    a_promise_that_a_panic_drops_says_so,
    a_dropped_reply_is_known_to_its_promise,
    a_dropped_reply_calls_the_hook_once,
    an_answered_reply_calls_no_hook,
    a_panic_in_a_hook_is_contained,
    a_panic_in_a_waker_is_contained,
    the_last_waker_is_the_one_that_is_woken,
    no_lock_is_held_while_others_code_runs,
    no_wake_up_is_lost,
);

fn a_reply_is_waited_for(design: Design) {
    let service = design.service();
    let (promise, reply) = service.promise();
    assert!(!reply.is_ready());
    assert!(reply.try_take().is_none());
    service.post(move || promise.fulfill("done").unwrap()).unwrap();
    assert_eq!(reply.wait(LIMIT).unwrap(), "done");
}

fn a_reply_is_not_waited_for_on_a_service_thread(design: Design) {
    let service = design.service();
    let (promise, reply) = service.promise();
    promise.fulfill(1).unwrap();
    let (refused, told) = channel();
    service.post(move || refused.send((reply.wait(LIMIT), reply.try_take())).unwrap()).unwrap();
    let (waited, taken) = told.recv_timeout(LIMIT).unwrap();
    assert_eq!(waited.unwrap_err().kind(), ErrorKind::WouldDeadlock);
    assert_eq!(taken.unwrap().unwrap(), 1, "it stays there");
    // Another service may wait for it.
    let (other, (promise, reply)) = (design.service(), service.promise());
    let (answered, told) = channel();
    other.post(move || answered.send(reply.wait(LIMIT)).unwrap()).unwrap();
    promise.fulfill(2).unwrap();
    assert_eq!(told.recv_timeout(LIMIT).unwrap().unwrap(), 2);
}

fn what_is_late_can_still_be_had(design: Design) {
    let service = design.service();
    let (promise, reply) = service.promise();
    let began = Instant::now();
    let error = reply.wait(SHORT).unwrap_err();
    assert!(began.elapsed() >= SHORT);
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "cannot get an answer: the time limit passed");
    assert!(!promise.is_canceled());
    promise.fulfill(3).unwrap();
    assert_eq!(reply.wait(SHORT).unwrap(), 3);
}

fn an_answer_is_taken_once(design: Design) {
    let service = design.service();
    let (promise, mut reply) = service.promise();
    promise.fulfill(4).unwrap();
    assert!(reply.is_ready());
    assert_eq!(reply.try_take().unwrap().unwrap(), 4);
    assert!(reply.is_ready());
    let taken = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Canceled);
        assert!(error.to_string().contains("it was taken before"), "{error}");
    };
    taken(reply.try_take().unwrap().unwrap_err());
    taken(reply.wait(LIMIT).unwrap_err());
    taken(pollster::block_on(&mut reply).unwrap_err());
}

fn threads_that_wait_for_one_reply_all_return(design: Design) {
    let service = design.service();
    let (promise, reply) = service.promise();
    let reply = Arc::new(reply);
    let waiting = (0..4).map(|_| {
        let reply = Arc::clone(&reply);
        thread::spawn(move || reply.wait(LIMIT))
    });
    let waiting = waiting.collect::<Vec<_>>();
    promise.fulfill(5).unwrap();
    let outcomes = waiting.into_iter().map(|thread| thread.join().unwrap());
    let (got, not): (Vec<_>, Vec<_>) = outcomes.partition(Result::is_ok);
    assert_eq!((got.len(), not.len()), (1, 3));
    assert!(not.iter().all(|error| error.as_ref().unwrap_err().kind() == ErrorKind::Canceled));
}

fn a_reply_is_awaited(design: Design) {
    let service = design.service();
    let (promise, reply) = service.promise();
    promise.fulfill(6).unwrap();
    assert_eq!(block_on(reply).unwrap(), 6, "that is there");
    let (promise, reply) = service.promise();
    let timer = service.after(SHORT, move || promise.fulfill(7).unwrap());
    assert_eq!(bounded("await", || block_on(reply)).unwrap(), 7);
    drop(timer);
    let (promise, reply) = service.promise();
    let timer = service.after(SHORT, move || promise.fulfill(8).unwrap());
    assert_eq!(bounded("await", || pollster::block_on(reply)).unwrap(), 8);
    drop(timer);
}

fn a_reply_is_awaited_with_others(design: Design) {
    let service = design.service();
    let (promises, replies): (Vec<_>, Vec<_>) = (0..10).map(|_| service.promise()).unzip();
    service
        .post(move || {
            for (number, promise) in promises.into_iter().enumerate().rev() {
                promise.fulfill(number).unwrap();
            }
        })
        .unwrap();
    let sum = async move {
        let mut sum = 0;
        for reply in replies {
            sum += reply.await.unwrap();
        }
        sum
    };
    assert_eq!(bounded("await", || block_on(sum)), 45);
}

fn a_failure_is_passed_on(design: Design) {
    let service = design.service();
    let error = late(&service);
    let (promise, reply) = service.promise::<()>();
    promise.fail(error.clone());
    assert_eq!(reply.wait(LIMIT).unwrap_err().to_string(), error.to_string());
    let (promise, reply) = service.promise::<()>();
    drop(reply);
    promise.fail(error);
}

fn a_dropped_promise_fails_its_reply_at_once(design: Design) {
    let service = design.service();
    let (promise, reply) = service.promise::<()>();
    let waiting = thread::spawn(move || reply.wait(LIMIT * 10));
    drop(promise);
    let error = bounded("wait", move || waiting.join().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Canceled);
    assert_eq!(
        error.to_string(),
        "cannot get an answer: it was canceled (its promise was dropped)"
    );
    let (promise, reply) = service.promise::<()>();
    let timer = service.after(SHORT, move || drop(promise));
    assert_eq!(bounded("await", || block_on(reply)).unwrap_err().kind(), ErrorKind::Canceled);
    drop(timer);
}

fn a_promise_that_a_panic_drops_says_so(design: Design) {
    let service = design.service();
    let (promise, reply) = service.promise::<()>();
    let panicking = move || {
        let _promise = promise;
        panic!("on purpose");
    };
    service.post(panicking).unwrap();
    let error = reply.wait(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Canceled);
    assert!(error.to_string().contains("a panic dropped its promise"), "{error}");
}

fn a_dropped_reply_is_known_to_its_promise(design: Design) {
    let service = design.service();
    let (promise, reply) = service.promise();
    assert!(!promise.is_canceled());
    drop(reply);
    assert!(promise.is_canceled());
    assert_eq!(promise.fulfill("unwanted"), Err("unwanted"));
}

fn a_dropped_reply_calls_the_hook_once(design: Design) {
    let service = design.service();
    let (promise, reply) = service.promise::<()>();
    let (calls, called) = channel();
    let replaced = calls.clone();
    promise.on_cancel(move || replaced.send("replaced").unwrap());
    let first = calls.clone();
    promise.on_cancel(move || first.send("canceled").unwrap());
    assert_eq!(rest(&called), [""; 0]);
    drop(reply);
    assert_eq!(rest(&called), ["canceled"]);
    promise.on_cancel(move || calls.send("at once").unwrap());
    assert_eq!(rest(&called), ["at once"]);
    drop(promise);
    assert_eq!(rest(&called), [""; 0]);
}

fn an_answered_reply_calls_no_hook(design: Design) {
    let service = design.service();
    for taken in [true, false] {
        let (promise, reply) = service.promise();
        let (calls, called) = channel();
        promise.on_cancel(move || calls.send("canceled").unwrap());
        promise.fulfill(()).unwrap();
        if taken {
            reply.wait(LIMIT).unwrap();
        }
        drop(reply);
        assert_eq!(rest(&called), [""; 0]);
    }
}

fn a_panic_in_a_hook_is_contained(design: Design) {
    let (errors, told) = channel();
    let service = design.builder().on_error(move |error| {
        let _ = errors.send(error.to_string());
    });
    let service = service.start().unwrap();
    let (promise, reply) = service.promise::<()>();
    promise.on_cancel(|| panic!("on purpose"));
    drop(reply);
    let error = told.recv_timeout(LIMIT).unwrap();
    assert_eq!(error, "cannot tell of a cancellation: a callback panicked (on purpose)");
    promise.on_cancel(|| panic!("again"));
    assert!(told.recv_timeout(LIMIT).unwrap().contains("again"));
}

fn a_panic_in_a_waker_is_contained(design: Design) {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("on purpose");
        }
    }
    let (errors, told) = channel();
    let service = design.builder().on_error(move |error| {
        let _ = errors.send(error.to_string());
    });
    let service = service.start().unwrap();
    let (promise, mut reply) = service.promise();
    let waker = Waker::from(Arc::new(Panics));
    assert!(pin!(&mut reply).poll(&mut Context::from_waker(&waker)).is_pending());
    promise.fulfill(9).unwrap();
    let error = told.recv_timeout(LIMIT).unwrap();
    assert_eq!(error, "cannot wake who waits for an answer: a callback panicked (on purpose)");
    assert_eq!(reply.try_take().unwrap().unwrap(), 9);
}

fn the_last_waker_is_the_one_that_is_woken(design: Design) {
    let service = design.service();
    let (promise, mut reply) = service.promise();
    let (first, second) = (Arc::<Counter>::default(), Arc::<Counter>::default());
    for counter in [&first, &second, &second] {
        let waker = Waker::from(Arc::clone(counter));
        assert!(pin!(&mut reply).poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(Arc::strong_count(&first), 1, "the reply has dropped it");
    promise.fulfill(()).unwrap();
    assert_eq!((first.count(), second.count()), (0, 1));
    drop(reply);
    assert_eq!(Arc::strong_count(&second), 1);
}

/// Wakers and hooks use the reply, or the promise, that they are called for.
fn no_lock_is_held_while_others_code_runs(design: Design) {
    struct Asks(Promise<()>, AtomicUsize);
    impl Wake for Asks {
        fn wake(self: Arc<Self>) {
            self.1.fetch_add(usize::from(!self.0.is_canceled()), Ordering::SeqCst);
        }
    }
    impl Drop for Asks {
        fn drop(&mut self) {
            self.1.fetch_add(usize::from(self.0.is_canceled()), Ordering::SeqCst);
        }
    }
    let service = design.service();
    bounded("look", move || {
        let (promise, mut reply) = service.promise();
        let asks = Arc::new(Asks(promise, AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&asks));
        assert!(pin!(&mut reply).poll(&mut Context::from_waker(&waker)).is_pending());
        // Each of these drops a waker, the last one perhaps with all there is.
        assert!(pin!(&mut reply).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(pin!(&mut reply).poll(&mut Context::from_waker(&waker)).is_pending());
        drop((waker, asks));
        drop(reply);
    });
}

/// Answers race with waits of every kind, with cancellations and with each other.
fn no_wake_up_is_lost(design: Design) {
    const ROUNDS: usize = 2000;
    let service = design.service();
    let mut random = Random::new();
    let (promises, answering) = channel::<(Promise<usize>, usize, usize)>();
    let barrier = Arc::new(Barrier::new(2));
    let gate = Arc::clone(&barrier);
    let answerer = thread::spawn(move || {
        for (promise, answer, delay) in answering {
            gate.wait();
            spin(delay);
            match answer % 7 {
                0 => drop(promise),
                _ => drop(promise.fulfill(answer)),
            }
        }
    });
    for round in 0..ROUNDS {
        let (promise, reply) = service.promise();
        let (mine, other) = (random.below(300), random.below(300));
        let how = random.below(4);
        promises.send((promise, round, other)).unwrap();
        barrier.wait();
        spin(mine);
        let outcome = match how {
            0 => reply.wait(LIMIT),
            1 => block_on(reply),
            2 => take(&reply),
            _ => continue,
        };
        match outcome {
            Ok(answer) => assert_eq!(answer, round),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Canceled, "round {round}");
                assert_eq!(round % 7, 0);
            }
        }
    }
    drop(promises);
    answerer.join().unwrap();
}

#[test]
fn a_reply_of_a_service_run_by_hand_runs_it_while_it_waits() {
    let service = Service::builder().threads(0).start().unwrap();
    let (promise, reply) = service.promise();
    service.post(move || promise.fulfill(1).unwrap()).unwrap();
    assert_eq!(reply.wait(LIMIT).unwrap(), 1);
}

#[test]
fn both_ends_may_go_to_other_threads_and_be_shared() {
    fn everywhere<T: Send + Sync + Unpin>() {}
    everywhere::<Reply<Cell<u8>>>();
    everywhere::<Promise<Cell<u8>>>();
}

/// An executor of one thread, which sleeps between polls.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Parked(Thread);
    impl Wake for Parked {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Parked(thread::current())));
    let mut future = pin!(future);
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "nobody has woken the executor");
        thread::park_timeout(left);
    }
}

/// Any error.
fn late(service: &Service) -> Error {
    let (_promise, reply) = service.promise::<()>();
    reply.wait(Duration::ZERO).unwrap_err()
}

fn take<T>(reply: &Reply<T>) -> sockeye::Result<T> {
    let mut taken = None;
    eventually("it is there", || {
        taken = reply.try_take();
        taken.is_some()
    });
    taken.unwrap()
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl Counter {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn rest<T>(receiver: &Receiver<T>) -> Vec<T> {
    receiver.try_iter().collect()
}

fn spin(rounds: usize) {
    (0..rounds).for_each(|_| std::hint::spin_loop());
}
