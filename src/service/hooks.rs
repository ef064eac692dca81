//! The service's own callbacks.

use log::Level;

use super::faults::Faults;
use super::journal::note;
use super::panics::contain;
use crate::error::Error;

type Hook = Box<dyn Fn() + Send + Sync>;
type ThreadHook = Box<dyn Fn(usize) + Send + Sync>;
type ErrorHook = Box<dyn Fn(&Error) + Send + Sync>;

/// What a program wants to be told of the service. Each callback is fenced in.
#[derive(Default)]
pub(super) struct Hooks {
    pub(super) thread_start: Option<ThreadHook>,
    pub(super) thread_end: Option<ThreadHook>,
    pub(super) started: Option<Hook>,
    pub(super) stopped: Option<Hook>,
    pub(super) idle: Option<Hook>,
    pub(super) error: Option<ErrorHook>,
    /// What `error` has been told of.
    pub(super) faults: Faults,
}

impl Hooks {
    pub(super) fn thread_start(&self, index: usize) {
        self.run(
            "run on_thread_start",
            self.thread_start.as_deref().map(|hook| move || hook(index)),
        );
    }

    pub(super) fn thread_end(&self, index: usize) {
        self.run("run on_thread_end", self.thread_end.as_deref().map(|hook| move || hook(index)));
    }

    pub(super) fn started(&self) {
        self.run("run on_started", self.started.as_deref());
    }

    pub(super) fn stopped(&self) {
        self.run("run on_stopped", self.stopped.as_deref());
    }

    pub(super) fn idle(&self) {
        match &self.idle {
            Some(hook) => self.run("run on_idle", Some(hook)),
            None => std::thread::yield_now(),
        }
    }

    /// Tells of an error that has no caller to go to.
    pub(super) fn error(&self, error: &Error) {
        self.faults.count(error);
        note(Level::Error, || log::error!(target: "sockeye::service", "{error}"));
        let Some(hook) = &self.error else { return };
        if let Err(panic) = contain("run on_error", || hook(error)) {
            note(Level::Error, || log::error!(target: "sockeye::service", "{panic}"));
        }
    }

    fn run(&self, what: &'static str, hook: Option<impl FnOnce()>) {
        let Some(hook) = hook else { return };
        if let Err(panic) = contain(what, hook) {
            self.error(&panic);
        }
    }
}
