//! Strands of the program's own: functions run one after the other on the service's threads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};

use super::inner::Inner;
use super::locks::lock;
use super::panics::contain;
use super::strand::{Next, Ready, Seat, Task};
use super::worker::Worker;
use crate::error::{Error, ErrorKind, Result};

type Job = Box<dyn FnOnce() + Send>;

/// Jobs run in one turn, before other strands have theirs.
const JOBS_PER_TURN: usize = 64;

/// A queue of functions that run one at a time, in the order posted, on the service's threads.
///
/// [`Service::post`](crate::Service::post) uses one that every service has; a program takes more
/// of them with [`Service::strand`](crate::Service::strand) where work may run side by side but
/// each kind of it must stay in order. Clones are handles to the same strand.
///
/// ```
/// use std::sync::mpsc;
///
/// let service = sockeye::Service::builder().thread_pool(4).start()?;
/// let (sender, receiver) = mpsc::channel();
/// let strand = service.strand();
/// for i in 0..3 {
///     let sender = sender.clone();
///     strand.post(move || sender.send(i).unwrap())?;
/// }
/// assert_eq!(receiver.iter().take(3).collect::<Vec<_>>(), [0, 1, 2]);
/// # service.stop()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct Strand(Arc<Jobs>);

impl Strand {
    pub(super) fn new(service: &Arc<Inner>, seat: Seat) -> Self {
        let queue = Mutex::new(VecDeque::new());
        Self(Arc::new(Jobs { seat, queue, service: Arc::downgrade(service) }))
    }

    /// Queues `job`, also from within another job.
    ///
    /// A panic in it is contained and told to the service's `on_error`.
    ///
    /// # Errors
    ///
    /// [`Stopped`](ErrorKind::Stopped) while the service does not run, and
    /// [`LimitReached`](ErrorKind::LimitReached) when the queue is full
    /// ([`Builder::post_limit`](crate::service::Builder::post_limit)).
    pub fn post(&self, job: impl FnOnce() + Send + 'static) -> Result<()> {
        let service = self.0.service("post a job")?;
        let mut queue = lock(&self.0.queue);
        if queue.len() >= service.post_limit() {
            return Err(Error::new(ErrorKind::LimitReached, "post a job"));
        }
        queue.push_back(Box::new(job));
        service.job_posted();
        drop(queue);
        Seat::notify(&self.0, Ready::MAIL);
        Ok(())
    }

    /// Runs `job` at once when the strand is idle and this is one of its threads, else posts it.
    ///
    /// Within a job of the same strand it is posted: the strand is not idle.
    ///
    /// # Errors
    ///
    /// Those of [`Strand::post`], and [`Panicked`](ErrorKind::Panicked) when the job ran at once
    /// and did.
    pub fn dispatch(&self, job: impl FnOnce() + Send + 'static) -> Result<()> {
        self.0.service("dispatch a job")?;
        let mut job = Some(job);
        let here = Seat::run_here(&self.0, || {
            let outcome = job.take().map_or(Ok(()), |job| contain("run a dispatched job", job));
            (Next::Idle, outcome)
        });
        match (here, job) {
            (None, Some(job)) => self.post(job),
            (here, _) => here.unwrap_or(Ok(())),
        }
    }
}

impl std::fmt::Debug for Strand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Strand").field("home", &self.0.seat.home().index()).finish_non_exhaustive()
    }
}

struct Jobs {
    seat: Seat,
    queue: Mutex<VecDeque<Job>>,
    service: Weak<Inner>,
}

impl Jobs {
    fn service(&self, attempt: &'static str) -> Result<Arc<Inner>> {
        let running = self.service.upgrade().filter(|service| service.accepts_work());
        running.ok_or_else(|| Error::new(ErrorKind::Stopped, attempt))
    }
}

impl Task for Jobs {
    fn seat(&self) -> &Seat {
        &self.seat
    }

    fn turn(&self, _ready: Ready, _worker: &mut Worker) -> Next {
        let Some(service) = self.service.upgrade() else { return Next::Idle };
        let mut batch: Vec<Job> = Vec::new();
        {
            let mut queue = lock(&self.queue);
            let count = queue.len().min(JOBS_PER_TURN);
            batch.extend(queue.drain(..count));
        }
        for job in batch {
            if let Err(error) = contain("run a posted job", job) {
                service.report(&error);
            }
            service.job_done();
        }
        if lock(&self.queue).is_empty() { Next::Idle } else { Next::Again }
    }

    /// A job may hold the strand that holds the job.
    fn abandon(&self) {
        let jobs = std::mem::take(&mut *lock(&self.queue));
        drop(jobs);
    }
}
