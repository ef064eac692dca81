//! Descriptors that travel with the bytes of a Unix socket, as the session sees them.

use super::Stream;
use crate::error::{Error, ErrorKind, Result};

/// A file descriptor that is passed on: an [`OwnedFd`](std::os::fd::OwnedFd).
#[cfg(unix)]
pub type Descriptor = std::os::fd::OwnedFd;

/// A file descriptor that is passed on; there are none on this system.
#[cfg(not(unix))]
#[derive(Debug)]
pub enum Descriptor {}

impl Stream {
    /// Fails unless so many descriptors can go along with a message of `len` bytes.
    pub(crate) fn may_attach(&self, count: usize, len: usize) -> Result<()> {
        let refused = |kind, why| Err(Error::new(kind, "send descriptors to").because(why));
        let Some((room, most)) = self.room() else {
            return refused(ErrorKind::Unsupported, "only Unix sockets pass them".to_owned());
        };
        if most == 0 {
            refused(ErrorKind::Unsupported, "see UnixOptions::pass_descriptors".to_owned())
        } else if len == 0 {
            refused(ErrorKind::Unsupported, "they need a byte to go with".to_owned())
        } else if count > room {
            refused(ErrorKind::LimitReached, format!("at most {most} may wait to be sent"))
        } else {
            Ok(())
        }
    }

    /// Has the descriptors go along with the byte that comes `after` so many that are queued. To be
    /// asked first whether they may.
    #[cfg_attr(not(unix), expect(unused_variables, clippy::needless_pass_by_ref_mut))]
    pub(crate) fn attach(&mut self, after: usize, descriptors: Vec<Descriptor>) {
        match self {
            #[cfg(unix)]
            Self::Unix(unix) => unix.attach(after, descriptors),
            _ => {}
        }
    }

    /// Those that have come, in order.
    #[cfg_attr(not(unix), expect(clippy::needless_pass_by_ref_mut))]
    pub(crate) fn take_descriptors(&mut self) -> Vec<Descriptor> {
        match self {
            #[cfg(unix)]
            Self::Unix(unix) => unix.take_descriptors(),
            _ => Vec::new(),
        }
    }

    /// How many came and were closed, because there was no room for them.
    pub(crate) fn lost_descriptors(&self) -> u64 {
        match self {
            #[cfg(unix)]
            Self::Unix(unix) => unix.lost_descriptors(),
            _ => 0,
        }
    }

    /// How many descriptors more may be attached, and how many there may be at most.
    fn room(&self) -> Option<(usize, usize)> {
        match self {
            #[cfg(unix)]
            Self::Unix(unix) => Some(unix.room()),
            _ => None,
        }
    }
}
