//! Jobs of the service's own strand: post and dispatch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use sockeye::ErrorKind;

use crate::common::{Design, eventually};
use crate::{Gate, next, on_both_designs, take};

on_both_designs!(
    posted_jobs_run_in_the_order_posted,
    a_job_runs_on_a_service_thread_and_the_caller_goes_on,
    jobs_never_run_two_at_once,
    many_posts_from_many_threads_all_run,
    a_job_posts_a_job_that_runs_after_what_was_queued,
    dispatch_runs_at_once_on_a_service_thread,
    dispatch_posts_on_any_other_thread,
    dispatch_on_a_thread_of_another_service_posts,
    a_full_queue_refuses_one_more,
    jobs_are_refused_while_the_service_is_stopped,
    a_panic_ends_only_its_own_job,
    a_job_is_dropped_when_it_has_run,
);

fn posted_jobs_run_in_the_order_posted(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    for number in 0..1000 {
        let sender = sender.clone();
        service.post(move || sender.send(number).unwrap()).unwrap();
    }
    assert_eq!(take(&receiver, 1000), (0..1000).collect::<Vec<_>>());
    service.stop().unwrap();
}

fn a_job_runs_on_a_service_thread_and_the_caller_goes_on(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    let (gate, blocked) = Gate::new();
    service.post(blocked).unwrap();
    let inside = service.clone();
    let job = move || sender.send((thread::current().id(), inside.is_service_thread())).unwrap();
    service.post(job).unwrap();
    assert!(receiver.try_recv().is_err(), "the job waits for the one before it");
    gate.open();
    let (thread, of_the_service) = next(&receiver);
    assert!(of_the_service);
    assert_ne!(thread, thread::current().id());
    assert!(!service.is_service_thread());
    service.stop().unwrap();
}

fn jobs_never_run_two_at_once(design: Design) {
    let service = design.service();
    let inside = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = channel();
    let posters: Vec<_> = (0..4)
        .map(|_| {
            let (service, inside, sender) = (service.clone(), Arc::clone(&inside), sender.clone());
            thread::spawn(move || {
                for _ in 0..500 {
                    let (inside, sender) = (Arc::clone(&inside), sender.clone());
                    let job = move || {
                        let alone = !inside.swap(true, Ordering::SeqCst);
                        thread::yield_now();
                        inside.store(false, Ordering::SeqCst);
                        sender.send(alone).unwrap();
                    };
                    service.post(job).unwrap();
                }
            })
        })
        .collect();
    posters.into_iter().for_each(|poster| poster.join().unwrap());
    assert!(take(&receiver, 2000).into_iter().all(|alone| alone));
    service.stop().unwrap();
}

fn many_posts_from_many_threads_all_run(design: Design) {
    const EACH: usize = 10_000;
    let service = design.service();
    let (sender, receiver) = channel();
    let posters: Vec<_> = (0..4)
        .map(|poster| {
            let (service, sender) = (service.clone(), sender.clone());
            thread::spawn(move || {
                for number in 0..EACH {
                    let sender = sender.clone();
                    service.post(move || sender.send((poster, number)).unwrap()).unwrap();
                }
            })
        })
        .collect();
    posters.into_iter().for_each(|poster| poster.join().unwrap());
    let mut expected = [0; 4];
    for (poster, number) in take(&receiver, 4 * EACH) {
        assert_eq!(number, expected[poster], "poster {poster}'s jobs are in order");
        expected[poster] += 1;
    }
    assert_eq!(expected, [EACH; 4]);
    service.stop().unwrap();
}

fn a_job_posts_a_job_that_runs_after_what_was_queued(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    let (gate, blocked) = Gate::new();
    service.post(blocked).unwrap();
    let (inner, outer) = (service.clone(), sender.clone());
    let job = move || {
        let sender = outer.clone();
        inner.post(move || sender.send("posted by the job").unwrap()).unwrap();
        outer.send("the job").unwrap();
    };
    service.post(job).unwrap();
    service.post(move || sender.send("queued before").unwrap()).unwrap();
    gate.open();
    assert_eq!(take(&receiver, 3), ["the job", "queued before", "posted by the job"]);
    service.stop().unwrap();
}

fn dispatch_runs_at_once_on_a_service_thread(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    let inner = service.clone();
    let job = move || {
        let dispatched = sender.clone();
        let here = thread::current().id();
        let same_thread = move || dispatched.send(thread::current().id() == here).unwrap();
        inner.dispatch(same_thread).unwrap();
        sender.send(false).unwrap();
    };
    service.post(job).unwrap();
    assert_eq!(take(&receiver, 2), [true, false], "the dispatched job comes first");
    service.stop().unwrap();
}

fn dispatch_posts_on_any_other_thread(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    let (gate, blocked) = Gate::new();
    service.post(blocked).unwrap();
    gate.wait_begun();
    let inside = service.clone();
    service.dispatch(move || sender.send(inside.is_service_thread()).unwrap()).unwrap();
    assert!(receiver.try_recv().is_err(), "it waits for its turn");
    gate.open();
    assert!(next(&receiver));
    service.stop().unwrap();
}

fn dispatch_on_a_thread_of_another_service_posts(design: Design) {
    let (service, other) = (design.service(), design.service());
    let (sender, receiver) = channel();
    let inside = service.clone();
    let job = move || {
        let at = inside.clone();
        inside.dispatch(move || sender.send(at.is_service_thread()).unwrap()).unwrap();
    };
    other.post(job).unwrap();
    assert!(next(&receiver));
    other.stop().unwrap();
    service.stop().unwrap();
}

fn a_full_queue_refuses_one_more(design: Design) {
    let service = design.builder().post_limit(3).start().unwrap();
    let (sender, receiver) = channel();
    let (gate, blocked) = Gate::new();
    service.post(blocked).unwrap();
    gate.wait_begun();
    let post = |number: usize| {
        let sender = sender.clone();
        service.post(move || sender.send(number).unwrap())
    };
    for number in 0..3 {
        post(number).unwrap();
    }
    let error = post(3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    assert_eq!(error.to_string(), "cannot post a job: the limit is reached");
    gate.open();
    assert_eq!(take(&receiver, 3), [0, 1, 2]);
    post(4).unwrap();
    assert_eq!(next(&receiver), 4);
    service.stop().unwrap();
}

fn jobs_are_refused_while_the_service_is_stopped(design: Design) {
    let service = design.service();
    let strand = service.strand();
    service.stop().unwrap();
    for refused in [
        service.post(|| unreachable!()),
        service.dispatch(|| unreachable!()),
        strand.post(|| unreachable!()),
        strand.dispatch(|| unreachable!()),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Stopped);
    }
    service.start().unwrap();
    let (sender, receiver) = channel();
    strand.post(move || sender.send(()).unwrap()).unwrap();
    next(&receiver);
    service.stop().unwrap();
    drop(service);
    assert_eq!(strand.post(|| unreachable!()).unwrap_err().kind(), ErrorKind::Stopped);
}

fn a_panic_ends_only_its_own_job(design: Design) {
    let service = design.service();
    let (sender, receiver) = channel();
    for number in 0..100 {
        let sender = sender.clone();
        let job = move || {
            assert!(number % 3 != 0, "every third job fails");
            sender.send(number).unwrap();
        };
        service.post(job).unwrap();
    }
    let expected = (0..100).filter(|number| number % 3 != 0).collect::<Vec<_>>();
    assert_eq!(take(&receiver, expected.len()), expected);
    service.stop().unwrap();
}

fn a_job_is_dropped_when_it_has_run(design: Design) {
    let service = design.service();
    let held = Arc::new(());
    for panics in [false, true] {
        let hold = Arc::clone(&held);
        let job = move || {
            let _hold = hold;
            assert!(!panics, "with what it holds");
        };
        service.post(job).unwrap();
    }
    eventually("both jobs are dropped", || Arc::strong_count(&held) == 1);
    service.stop().unwrap();
}
