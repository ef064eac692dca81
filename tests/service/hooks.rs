//! What the program is told of the service itself.

use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sockeye::{ErrorKind, Service};

use crate::common::{Design, eventually};
use crate::{bounded, next, on_both_designs, take};

on_both_designs!(
    hooks_run_in_order_from_start_to_stop,
    hooks_run_again_after_a_restart,
    threads_are_named_by_the_program,
    threads_have_names_by_default,
    hooks_of_threads_run_on_service_threads,
    the_service_can_be_stopped_in_its_own_hooks,
    on_started_runs_on_the_thread_that_starts,
    a_panic_in_a_hook_is_reported_and_nothing_else_happens,
    a_panic_in_on_error_is_contained,
    a_panic_in_a_job_is_reported_with_its_message,
    a_busy_service_calls_on_idle_and_works,
    a_panic_in_on_idle_is_contained,
);

fn hooks_run_in_order_from_start_to_stop(design: Design) {
    let (sender, receiver) = channel();
    let tell = |what: &'static str| {
        let sender = sender.clone();
        move || sender.send(what.to_string()).unwrap()
    };
    let (start, end) = (sender.clone(), sender.clone());
    let service = design
        .builder()
        .on_thread_start(move |index| start.send(format!("start {index}")).unwrap())
        .on_thread_end(move |index| end.send(format!("end {index}")).unwrap())
        .on_started(tell("started"))
        .on_stopped(tell("stopped"))
        .start()
        .unwrap();
    let mut begun = take(&receiver, 3);
    assert_eq!(begun.pop().unwrap(), "started", "on_started is called when all threads run");
    begun.sort();
    assert_eq!(begun, ["start 0", "start 1"]);
    assert!(receiver.try_recv().is_err());

    service.stop().unwrap();
    let mut ended = receiver.try_iter().collect::<Vec<_>>();
    assert_eq!(ended.pop().unwrap(), "stopped", "on_stopped is called when all threads have ended");
    ended.sort();
    assert_eq!(ended, ["end 0", "end 1"]);
}

fn hooks_run_again_after_a_restart(design: Design) {
    let counts: Arc<[AtomicUsize; 4]> = Arc::default();
    let count = |which: usize| {
        let counts = Arc::clone(&counts);
        move || {
            counts[which].fetch_add(1, Ordering::SeqCst);
        }
    };
    let (start, end) = (count(0), count(1));
    let service = design
        .builder()
        .on_thread_start(move |_| start())
        .on_thread_end(move |_| end())
        .on_started(count(2))
        .on_stopped(count(3))
        .start()
        .unwrap();
    service.restart().unwrap();
    service.stop().unwrap();
    let counted = counts.each_ref().map(|count| count.load(Ordering::SeqCst));
    assert_eq!(counted, [4, 4, 2, 2]);
}

fn threads_are_named_by_the_program(design: Design) {
    let mut names = names_of(design.builder().thread_name(|index| format!("io-{index}")));
    names.sort();
    assert_eq!(names, [(0, "io-0".to_string()), (1, "io-1".to_string())]);
}

fn threads_have_names_by_default(design: Design) {
    let mut names = names_of(design.builder());
    names.sort();
    assert_eq!(names, [(0, "sockeye-0".to_string()), (1, "sockeye-1".to_string())]);
}

fn names_of(builder: sockeye::service::Builder) -> Vec<(usize, String)> {
    let (sender, receiver) = channel();
    let tell = move |index| {
        let name = thread::current().name().unwrap_or_default().to_string();
        sender.send((index, name)).unwrap();
    };
    let _service = builder.on_thread_start(tell).start().unwrap();
    take(&receiver, 2)
}

fn hooks_of_threads_run_on_service_threads(design: Design) {
    let own = Arc::new(Mutex::new(None::<Service>));
    let (sender, receiver) = channel();
    let look = |what: &'static str| {
        let (own, sender) = (Arc::clone(&own), sender.clone());
        move |_| {
            let service = own.lock().unwrap().clone();
            if let Some(service) = service {
                sender.send((what, service.is_service_thread())).unwrap();
            }
        }
    };
    let builder = design.builder().on_thread_start(look("start")).on_thread_end(look("end"));
    let service = builder.start().unwrap();
    *own.lock().unwrap() = Some(service.clone());
    service.restart().unwrap();
    let mut seen = take(&receiver, 4);
    seen.sort();
    assert_eq!(seen, [("end", true), ("end", true), ("start", true), ("start", true)]);
    service.stop().unwrap();
    *own.lock().unwrap() = None;
}

fn the_service_can_be_stopped_in_its_own_hooks(design: Design) {
    let own = Arc::new(Mutex::new(None::<Service>));
    let (sender, receiver) = channel();
    let stop = |what: &'static str| {
        let (own, sender) = (Arc::clone(&own), sender.clone());
        move || {
            let service = own.lock().unwrap().clone();
            if let Some(service) = service {
                let _ = sender.send((what, service.stop().map_err(|error| error.kind())));
            }
        }
    };
    let (ends, stopped) = (stop("end"), stop("stopped"));
    let service =
        design.builder().on_thread_end(move |_| ends()).on_stopped(stopped).start().unwrap();
    *own.lock().unwrap() = Some(service.clone());
    bounded("stop", move || service.stop()).unwrap();
    let seen = take(&receiver, 3);
    assert!(seen.iter().all(|(_, outcome)| outcome.is_ok()), "{seen:?}");
    assert_eq!(seen.iter().filter(|(hook, _)| *hook == "end").count(), 2);
    *own.lock().unwrap() = None;
}

fn on_started_runs_on_the_thread_that_starts(design: Design) {
    let (sender, receiver) = channel();
    let tell = move || sender.send(thread::current().id()).unwrap();
    let service = design.builder().on_started(tell).start().unwrap();
    assert_eq!(next(&receiver), thread::current().id());
    service.stop().unwrap();
}

fn a_panic_in_a_hook_is_reported_and_nothing_else_happens(design: Design) {
    let (sender, receiver) = channel();
    let service = design
        .builder()
        .on_thread_start(|index| panic!("start of thread {index}"))
        .on_thread_end(|index| panic!("end of thread {index}"))
        .on_started(|| panic!("started"))
        .on_stopped(|| panic!("stopped"))
        .on_error(move |error| sender.send((error.kind(), error.to_string())).unwrap())
        .start()
        .unwrap();
    let (ran, run) = channel();
    service.post(move || ran.send(()).unwrap()).unwrap();
    next(&run);
    service.stop().unwrap();
    let mut errors = take(&receiver, 6);
    assert!(errors.iter().all(|(kind, _)| *kind == ErrorKind::Panicked), "{errors:?}");
    errors.sort_by(|one, other| one.1.cmp(&other.1));
    let texts = errors.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>();
    assert_eq!(
        texts,
        [
            "cannot run on_started: a callback panicked (started)",
            "cannot run on_stopped: a callback panicked (stopped)",
            "cannot run on_thread_end: a callback panicked (end of thread 0)",
            "cannot run on_thread_end: a callback panicked (end of thread 1)",
            "cannot run on_thread_start: a callback panicked (start of thread 0)",
            "cannot run on_thread_start: a callback panicked (start of thread 1)",
        ]
    );
}

fn a_panic_in_on_error_is_contained(design: Design) {
    let service = design.builder().on_error(|_| panic!("of the hook")).start().unwrap();
    service.post(|| panic!("of the job")).unwrap();
    let (sender, receiver) = channel();
    service.post(move || sender.send("after it").unwrap()).unwrap();
    assert_eq!(next(&receiver), "after it");
    service.stop().unwrap();
}

fn a_panic_in_a_job_is_reported_with_its_message(design: Design) {
    let (sender, receiver) = channel();
    let tell = move |error: &sockeye::Error| sender.send(error.clone()).unwrap();
    let service = design.builder().on_error(tell).start().unwrap();
    service.post(|| panic!("a plain text")).unwrap();
    service.post(|| panic!("a text of {}", "parts")).unwrap();
    service.post(|| panic_any(7)).unwrap();
    let errors = take(&receiver, 3);
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::Panicked), "{errors:?}");
    assert!(errors[0].to_string().contains("a plain text"), "{errors:?}");
    assert!(errors[1].to_string().contains("a text of parts"), "{errors:?}");
    assert!(errors[2].to_string().contains("no text"), "{errors:?}");
    assert_eq!(errors[0].attempt(), "run a posted job");

    let (ran, run) = channel();
    service.post(move || ran.send(()).unwrap()).unwrap();
    next(&run);
    service.stop().unwrap();
}

fn a_busy_service_calls_on_idle_and_works(design: Design) {
    let idle = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&idle);
    let called = move || {
        count.fetch_add(1, Ordering::SeqCst);
        thread::yield_now();
    };
    let service = design.builder().busy().on_idle(called).start().unwrap();
    eventually("threads idle", || idle.load(Ordering::SeqCst) > 100);
    let (sender, receiver) = channel();
    let from_job = sender.clone();
    service.post(move || from_job.send("job").unwrap()).unwrap();
    assert_eq!(next(&receiver), "job");
    let timer = service.after(Duration::from_millis(1), move || sender.send("timer").unwrap());
    assert_eq!(next(&receiver), "timer");
    drop(timer);
    service.stop().unwrap();
    let at_the_end = idle.load(Ordering::SeqCst);
    thread::yield_now();
    assert_eq!(idle.load(Ordering::SeqCst), at_the_end, "nobody is idle after a stop");
}

fn a_panic_in_on_idle_is_contained(design: Design) {
    let (sender, receiver) = channel();
    let once = AtomicUsize::new(0);
    let idle = move || match once.fetch_add(1, Ordering::SeqCst) {
        0 => panic!("idle hands"),
        _ => thread::yield_now(),
    };
    let tell = move |error: &sockeye::Error| sender.send(error.to_string()).unwrap();
    let service = design.builder().busy().on_idle(idle).on_error(tell).start().unwrap();
    assert!(next(&receiver).contains("idle hands"));
    let (ran, run) = channel();
    service.post(move || ran.send(()).unwrap()).unwrap();
    next(&run);
    service.stop().unwrap();
}
