//! What other threads want of a session, in the order they said it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::{CloseReason, Session, Tag};
use crate::service::{Ending, Watched, lock};

/// Messages below this are copied behind each other, so that many small ones cost one allocation.
const COPY: usize = 512;

pub(crate) type Job = Box<dyn FnOnce(&mut Session<'_>) + Send>;

pub(crate) enum Mail {
    /// Bytes to send: so many messages.
    Copied(Vec<u8>, u32),
    Shared(Bytes, u32),
    /// One message, which the session is to frame.
    Unframed(Bytes, Tag),
    /// What sends so many bytes, if it sends any.
    Job(Job, usize),
    End(CloseReason, Ending),
    Watch(Watch),
}

impl Mail {
    /// Bytes that it was counted as.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Copied(data, _) => data.len(),
            Self::Shared(data, _) | Self::Unframed(data, _) => data.len(),
            Self::Job(_, len) => *len,
            Self::End(..) | Self::Watch(_) => 0,
        }
    }
}

/// A thread that waits for a session's queue to fall to `below` bytes. Dropping it, in whatever
/// way, tells the thread that the session has ended.
pub(crate) struct Watch {
    pub(crate) below: usize,
    pub(crate) outcome: Arc<Watched<Option<Outcome>>>,
}

/// What became of a [`Watch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Fell,
    Ended,
}

impl Watch {
    /// Whoever waited has stopped waiting.
    pub(crate) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.outcome) == 1
    }

    /// The queue has fallen. Always true, to be used in conditions.
    pub(crate) fn fell(&self) -> bool {
        self.outcome.update(|outcome| *outcome = Some(Outcome::Fell));
        true
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.outcome.update(|outcome| {
            outcome.get_or_insert(Outcome::Ended);
        });
    }
}

/// Whether a session takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Up to the session's limit.
    Open,
    /// No messages any more; what else there is to say until the end is taken.
    Closing,
    /// The client is not connected; so many bytes may wait until it is.
    Down(usize),
    Closed,
}

#[repr(C)]
pub(crate) struct Mailbox {
    bytes: AtomicUsize,
    mails: Mutex<Mails>,
}

pub(crate) struct Mails {
    pub(crate) list: Vec<Mail>,
    pub(crate) gate: Gate,
    /// The last word on whether to read.
    pub(crate) paused: Option<bool>,
    /// The protocol is to be woken.
    woken: bool,
    jobs: u32,
    ending: Option<Ending>,
}

/// What was in a mailbox.
pub(crate) struct Drained {
    pub(crate) list: Vec<Mail>,
    pub(crate) bytes: usize,
    pub(crate) paused: Option<bool>,
    pub(crate) woken: bool,
}

impl Mailbox {
    pub(crate) fn new(gate: Gate) -> Self {
        let mails =
            Mails { list: Vec::new(), gate, paused: None, woken: false, jobs: 0, ending: None };
        Self { bytes: AtomicUsize::new(0), mails: Mutex::new(mails) }
    }

    /// Bytes in the mailbox.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes in the mailbox and those that `queued` counts, at one moment: with a limit that holds
    /// at any time, two numbers of different moments may add up to more.
    pub(crate) fn bytes_and(&self, queued: impl FnOnce() -> usize) -> usize {
        let _none_moves = lock(&self.mails);
        self.bytes() + queued()
    }

    pub(crate) fn gate(&self) -> Gate {
        lock(&self.mails).gate
    }

    /// Queues a message if `admit`, which sees the gate and the bytes in the mailbox, says so.
    pub(crate) fn push<R>(
        &self,
        message: Message<'_>,
        admit: impl FnOnce(Gate, usize) -> Result<R, R>,
    ) -> Result<R, R> {
        let mut mails = lock(&self.mails);
        let bytes = self.bytes();
        let admitted = admit(mails.gate, bytes)?;
        self.bytes.store(bytes + message.len(), Ordering::Relaxed);
        mails.append(message);
        Ok(admitted)
    }

    /// False when the session takes no jobs any more, or `limit` of them wait.
    pub(crate) fn push_job(&self, job: Job, limit: usize) -> Result<(), Gate> {
        let mut mails = lock(&self.mails);
        if mails.gate == Gate::Closed || mails.jobs as usize >= limit {
            return Err(mails.gate);
        }
        mails.jobs += 1;
        mails.list.push(Mail::Job(job, 0));
        Ok(())
    }

    /// Asks for the end; messages are refused from here on. Only the first asking of each severity
    /// is kept.
    pub(crate) fn push_end(&self, reason: CloseReason, how: Ending) -> Gate {
        let mut mails = lock(&self.mails);
        let known = mails.ending == Some(Ending::Abrupt) || mails.ending == Some(how);
        if matches!(mails.gate, Gate::Open | Gate::Closing) {
            mails.gate = Gate::Closing;
            if !known {
                mails.ending = Some(how);
                mails.list.push(Mail::End(reason, how));
            }
        }
        mails.gate
    }

    /// The end that was asked for, if one was.
    pub(crate) fn ending(&self) -> Option<(CloseReason, Ending)> {
        let mails = lock(&self.mails);
        mails.list.iter().find_map(|mail| match mail {
            Mail::End(reason, how) => Some((reason.clone(), *how)),
            _ => None,
        })
    }

    /// Drops the watch when the session is closed.
    pub(crate) fn push_watch(&self, watch: Watch) {
        let mut mails = lock(&self.mails);
        match mails.gate {
            Gate::Open | Gate::Closing => mails.list.push(Mail::Watch(watch)),
            // Nobody reads the list for a long time; who has stopped waiting must not fill it.
            Gate::Down(limit) if limit > 0 => {
                mails.list.retain(|mail| !matches!(mail, Mail::Watch(old) if old.is_abandoned()));
                mails.list.push(Mail::Watch(watch));
            }
            Gate::Down(_) | Gate::Closed => {}
        }
    }

    pub(crate) fn pause(&self, paused: bool) {
        lock(&self.mails).paused = Some(paused);
    }

    /// Has the protocol be woken. True when there was no such wish, and somebody is there to be told of it.
    #[cfg(feature = "http")]
    pub(crate) fn wake(&self) -> bool {
        let mut mails = lock(&self.mails);
        let connected = matches!(mails.gate, Gate::Open | Gate::Closing);
        connected && !std::mem::replace(&mut mails.woken, true)
    }

    /// Takes all mails; `take` runs under the lock, with the number of bytes that leave the
    /// mailbox, so that they are counted somewhere at any time.
    pub(crate) fn drain(&self, take: impl FnOnce(usize)) -> Drained {
        let mut mails = lock(&self.mails);
        let bytes = self.bytes.swap(0, Ordering::Relaxed);
        take(bytes);
        mails.jobs = 0;
        Drained {
            list: std::mem::take(&mut mails.list),
            bytes,
            paused: mails.paused.take(),
            woken: std::mem::take(&mut mails.woken),
        }
    }

    /// From open to closing.
    pub(crate) fn set_closing(&self) {
        let mut mails = lock(&self.mails);
        if mails.gate == Gate::Open {
            mails.gate = Gate::Closing;
        }
    }

    /// Sets the gate and takes out, to be dropped by the caller, what may not wait behind it:
    /// nothing while open, everything once closed, and all but messages and jobs in between.
    pub(crate) fn set_gate(&self, gate: Gate) -> Vec<Mail> {
        let mut mails = lock(&self.mails);
        mails.gate = gate;
        mails.ending = None;
        mails.woken = false;
        let waits = |mail: &Mail| match gate {
            Gate::Open | Gate::Closing => true,
            Gate::Down(limit) => limit > 0 && !matches!(mail, Mail::End(..) | Mail::Watch(_)),
            Gate::Closed => false,
        };
        let (stay, leave) = std::mem::take(&mut mails.list).into_iter().partition(waits);
        mails.list = stay;
        if mails.list.is_empty() {
            mails.jobs = 0;
            self.bytes.store(0, Ordering::Relaxed);
        }
        leave
    }
}

/// A message on its way into the mailbox.
pub(crate) enum Message<'a> {
    Borrowed(&'a [u8]),
    /// Several messages in one payload.
    Shared(Bytes, u32),
    /// One message, which the session is to frame.
    Unframed(Bytes, Tag),
    /// A job that sends so many bytes; taken if it is admitted.
    Job(&'a mut Option<Job>, usize),
}

impl Message<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Borrowed(data) => data.len(),
            Self::Shared(data, _) | Self::Unframed(data, _) => data.len(),
            Self::Job(_, len) => *len,
        }
    }
}

impl Mails {
    fn append(&mut self, message: Message<'_>) {
        match message {
            Message::Shared(data, count) if data.len() >= COPY => {
                self.list.push(Mail::Shared(data, count));
            }
            Message::Shared(data, count) if self.list.is_empty() => {
                self.list.push(Mail::Shared(data, count));
            }
            Message::Shared(data, count) => self.append_copy(&data, count),
            Message::Borrowed(data) => self.append_copy(data, 1),
            Message::Unframed(data, tag) => self.list.push(Mail::Unframed(data, tag)),
            Message::Job(job, len) => self.list.extend(job.take().map(|job| Mail::Job(job, len))),
        }
    }

    fn append_copy(&mut self, data: &[u8], count: u32) {
        if let Some(Mail::Copied(bytes, messages)) = self.list.last_mut() {
            bytes.extend_from_slice(data);
            *messages = messages.saturating_add(count);
            return;
        }
        self.list.push(Mail::Copied(data.to_vec(), count));
    }
}
