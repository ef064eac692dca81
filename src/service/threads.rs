//! Starting, stopping, and the threads in between.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use log::Level;

use super::current::Current;
use super::deadline::deadline;
use super::inner::{Ending, Inner, Lifecycle, State};
use super::journal::note;
use super::worker::Worker;
use crate::error::{Error, ErrorKind, Result};

/// Starts the threads and wakes up what is attached.
pub(super) fn start(service: &Arc<Inner>) -> Result<()> {
    claim(service, State::Stopped, State::Starting, "start the service")?;
    service.set_halt(false);
    if let Err(error) = spawn_all(service) {
        halt(service, deadline(service.settings.stop_limit));
        return Err(error);
    }
    service.set_accepts_work(true);
    for object in service.attached() {
        if let Err(error) = object.resume() {
            service.report(&error);
        }
    }
    service.lifecycle.update(|lifecycle| lifecycle.state = State::Running);
    note(Level::Debug, || {
        let threads = service.lifecycle.lock().threads;
        log::debug!(target: "sockeye::service", threads; "started");
    });
    service.hooks().started();
    Ok(())
}

/// Ends connections, then threads, each within the given time; on a thread that may wait.
pub(super) fn stop(service: &Arc<Inner>, how: Ending, within: Duration) -> Result<()> {
    let limit = service.settings.stop_limit;
    if !claim_stop(service, limit)? {
        return Ok(());
    }
    let mut until = deadline(within);
    end_all(service, how);
    let drained = service.wait_idle(until, how == Ending::Graceful);
    service.set_accepts_work(false);
    if how == Ending::Graceful {
        until = deadline(limit);
    }
    // What was about to begin when nothing was under way may have done so since.
    if !service.wait_idle(Instant::now(), false) {
        end_all(service, Ending::Abrupt);
        service.wait_idle(until, false);
    }
    let ended = halt(service, until.max(deadline(GRACE)));
    let late = match (ended, how) {
        (false, _) => "a callback has not returned",
        (true, Ending::Graceful) if !drained => "connections or jobs were cut off",
        (true, _) => return Ok(()),
    };
    Err(Error::new(ErrorKind::TimedOut, STOP).because(late))
}

const STOP: &str = "stop the service";

/// True when it is this caller who stops; false when there is nothing left to stop, perhaps after
/// waiting for another caller's stop. A start under way is waited for.
fn claim_stop(service: &Inner, limit: Duration) -> Result<bool> {
    let until = Some(deadline(limit));
    let stops = service.lifecycle.lock().stops;
    loop {
        match claim(service, State::Running, State::Stopping, STOP) {
            Ok(()) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::Stopped => return Ok(false),
            Err(_) => {}
        }
        let settled = |now: &mut Lifecycle| now.state == State::Running || has_stopped(now, stops);
        if !service.lifecycle.wait(until, settled) {
            return Err(Error::new(ErrorKind::TimedOut, STOP));
        }
        if service.lifecycle.lock().stops != stops {
            return Ok(false);
        }
    }
}

/// What threads have to end in, however long connections took.
const GRACE: Duration = Duration::from_millis(250);

/// Waits until the service is stopped; false at the deadline.
pub(super) fn wait_stopped(service: &Arc<Inner>, deadline: Option<Instant>) -> bool {
    let stops = service.lifecycle.lock().stops;
    service.lifecycle.wait(deadline, |now| has_stopped(now, stops))
}

/// Whether the service is stopped, or has been since it had been so many times.
fn has_stopped(now: &Lifecycle, stops: u64) -> bool {
    now.state == State::Stopped || now.stops != stops
}

/// Makes this caller the one that starts or stops.
fn claim(service: &Inner, from: State, to: State, attempt: &'static str) -> Result<()> {
    service.lifecycle.update(|lifecycle| {
        if lifecycle.state != from {
            let kind = match lifecycle.state {
                State::Stopped => ErrorKind::Stopped,
                State::Starting | State::Running | State::Stopping => ErrorKind::AlreadyRunning,
            };
            return Err(Error::new(kind, attempt));
        }
        lifecycle.state = to;
        Ok(())
    })
}

fn end_all(service: &Inner, how: Ending) {
    for object in service.attached() {
        object.suspend(how);
    }
}

fn spawn_all(service: &Arc<Inner>) -> Result<()> {
    if service.settings.manual {
        return Ok(());
    }
    let workers = service.settings.workers;
    for index in 0..service.homes().len() * workers {
        service.lifecycle.update(|lifecycle| lifecycle.threads += 1);
        let name = (service.settings.thread_name)(index);
        let this = Arc::clone(service);
        let spawned = thread::Builder::new().name(name).spawn(move || run(&this, index));
        if let Err(error) = spawned {
            service.lifecycle.update(|lifecycle| lifecycle.threads -= 1);
            return Err(Error::io("start a thread", error));
        }
    }
    // A hook that takes longer is not waited for.
    let until = deadline(service.settings.stop_limit);
    service.lifecycle.wait(Some(until), |lifecycle| lifecycle.ready >= lifecycle.threads);
    Ok(())
}

fn run(service: &Arc<Inner>, index: usize) {
    pin(service, index);
    let home = &service.homes()[index / service.settings.workers];
    let current = Current::enter(service.id(), home.index());
    service.hooks().thread_start(index);
    service.lifecycle.update(|lifecycle| lifecycle.ready += 1);
    Worker::new(home).run(service, service.settings.busy);
    service.hooks().thread_end(index);
    drop(current);
    service.lifecycle.update(|lifecycle| {
        lifecycle.threads -= 1;
        lifecycle.ready -= 1;
    });
}

/// Ends the threads; false when one did not end in time. The service counts as stopped anyway: a
/// thread in a callback that never returns does nothing else any more.
fn halt(service: &Arc<Inner>, deadline: Instant) -> bool {
    service.set_accepts_work(false);
    service.set_halt(true);
    let all_ended = |now: &mut Lifecycle| now.threads == 0 && service.is_at_rest();
    let ended = service.lifecycle.wait(Some(deadline), all_ended);
    service.lifecycle.update(|lifecycle| {
        lifecycle.state = State::Stopped;
        lifecycle.stops += 1;
    });
    note(Level::Debug, || log::debug!(target: "sockeye::service", in_time = ended; "stopped"));
    service.hooks().stopped();
    ended
}

#[cfg(feature = "affinity")]
fn pin(service: &Inner, index: usize) {
    let wanted = &service.settings.processors;
    if wanted.is_empty() {
        return;
    }
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let core = cores.get(wanted[index % wanted.len()]);
    if !core.is_some_and(|core| core_affinity::set_for_current(*core)) {
        let processor = format!("processor {}", wanted[index % wanted.len()]);
        service.report(&Error::new(ErrorKind::Unsupported, "pin a thread to").on(processor));
    }
}

#[cfg(not(feature = "affinity"))]
fn pin(_service: &Inner, _index: usize) {}
