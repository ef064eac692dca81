//! Starting, stopping, and the threads in between.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::inner::{Ending, Inner, Lifecycle, State};
use super::worker::Worker;
use crate::error::{Error, ErrorKind, Result};

/// Starts the threads and wakes up what is attached.
pub(super) fn start(service: &Arc<Inner>) -> Result<()> {
    claim(service, State::Stopped, "start the service")?;
    service.set_halt(false);
    if let Err(error) = spawn_all(service) {
        halt(service, Instant::now() + service.settings.stop_limit);
        return Err(error);
    }
    service.set_accepts_work(true);
    service.lifecycle.update(|lifecycle| lifecycle.state = State::Running);
    for object in service.attached() {
        if let Err(error) = object.resume() {
            service.report(&error);
        }
    }
    service.hooks().started();
    Ok(())
}

/// Ends connections, then threads, each within the given time; on a thread that may wait.
pub(super) fn stop(service: &Arc<Inner>, how: Ending, within: Duration) -> Result<()> {
    if claim(service, State::Running, "stop the service").is_err() {
        wait_stopped(service, None);
        return Ok(());
    }
    let deadline = Instant::now() + within;
    end_all(service, how);
    let mut drained = service.wait_idle(deadline, how == Ending::Graceful);
    service.set_accepts_work(false);
    if !drained && how == Ending::Graceful {
        end_all(service, Ending::Abrupt);
        service.wait_idle(Instant::now() + service.settings.stop_limit, false);
    } else if how == Ending::Abrupt {
        drained = true;
    }
    let ended = halt(service, Instant::now() + service.settings.stop_limit);
    if drained && ended {
        return Ok(());
    }
    let late = if ended { "connections were cut off" } else { "a callback has not returned" };
    Err(Error::new(ErrorKind::TimedOut, "stop the service").because(late))
}

/// Waits until the service is stopped; false at the deadline.
pub(super) fn wait_stopped(service: &Arc<Inner>, deadline: Option<Instant>) -> bool {
    service.lifecycle.wait(deadline, |lifecycle| lifecycle.state == State::Stopped)
}

/// Makes this caller the one that starts or stops.
fn claim(service: &Inner, from: State, attempt: &'static str) -> Result<()> {
    service.lifecycle.update(|lifecycle| {
        if lifecycle.state != from {
            let kind = match lifecycle.state {
                State::Stopped => ErrorKind::Stopped,
                State::Running | State::Stopping => ErrorKind::AlreadyRunning,
            };
            return Err(Error::new(kind, attempt));
        }
        lifecycle.state = State::Stopping;
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
    Ok(())
}

fn run(service: &Arc<Inner>, index: usize) {
    pin(service, index);
    service.hooks().thread_start(index);
    let home = &service.homes()[index / service.settings.workers];
    Worker::new(home).run(service, service.settings.busy);
    service.hooks().thread_end(index);
    service.lifecycle.update(|lifecycle| lifecycle.threads -= 1);
}

/// Ends the threads; false when one did not end in time. The service counts as stopped anyway: a
/// thread in a callback that never returns does nothing else any more.
fn halt(service: &Arc<Inner>, deadline: Instant) -> bool {
    service.set_accepts_work(false);
    service.set_halt(true);
    let all_ended = |lifecycle: &mut Lifecycle| lifecycle.threads == 0;
    let ended = service.lifecycle.wait(Some(deadline), all_ended);
    service.hooks().stopped();
    service.lifecycle.update(|lifecycle| lifecycle.state = State::Stopped);
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
