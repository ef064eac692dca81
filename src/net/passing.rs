//! Passing descriptors: which byte each goes with, and those that have come.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Descriptors that one message can carry (`SCM_MAX_FD` of Linux; others take some more).
pub(super) const MOST: usize = 253;

/// What a stream keeps that passes descriptors. There are at most so many in each direction.
#[derive(Debug)]
pub(super) struct Passing {
    most: usize,
    /// Bytes written so far, from which positions in the stream are counted.
    written: u64,
    /// By the position of the byte that they go with.
    outgoing: VecDeque<(u64, Vec<OwnedFd>)>,
    incoming: Vec<OwnedFd>,
    lost: u64,
}

impl Passing {
    pub(super) fn new(most: usize) -> Self {
        let most = most.min(MOST);
        let (outgoing, incoming) = (VecDeque::new(), Vec::new());
        Self { most, written: 0, outgoing, incoming, lost: 0 }
    }

    /// How many more may be attached, and how many there may be at most.
    pub(super) fn room(&self) -> (usize, usize) {
        let waiting: usize = self.outgoing.iter().map(|(_, descriptors)| descriptors.len()).sum();
        (self.most.saturating_sub(waiting), self.most)
    }

    pub(super) fn attach(&mut self, after: usize, descriptors: Vec<OwnedFd>) {
        if !descriptors.is_empty() {
            self.outgoing.push_back((self.written + after as u64, descriptors));
        }
    }

    pub(super) fn take(&mut self) -> Vec<OwnedFd> {
        mem::take(&mut self.incoming)
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    pub(super) fn has_outgoing(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// So many bytes were written that no descriptors go with.
    pub(super) fn wrote(&mut self, count: usize) {
        self.written += count as u64;
    }

    /// How many bytes can be written at once: up to the next that others go with.
    pub(super) fn distance(&self) -> usize {
        let mut positions = self.outgoing.iter().map(|(position, _)| position - self.written);
        let next = positions.find(|distance| *distance > 0).unwrap_or(u64::MAX);
        usize::try_from(next).unwrap_or(usize::MAX)
    }

    /// Writes bytes, of which there is at least one, with those that go with the first. If they
    /// cannot be sent, they wait.
    pub(super) fn send(
        &mut self,
        socket: BorrowedFd<'_>,
        bytes: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        let due = self.outgoing.front().filter(|(position, _)| *position == self.written);
        let due: Vec<_> = due.into_iter().flat_map(|(_, due)| due).map(AsFd::as_fd).collect();
        let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let attached = !due.is_empty() && control.push(SendAncillaryMessage::ScmRights(&due));
        let count =
            rustix::io::retry_on_intr(|| sendmsg(socket, bytes, &mut control, SendFlags::empty()))?;
        if attached {
            self.outgoing.pop_front();
        }
        self.wrote(count);
        Ok(count)
    }

    /// Reads bytes with what goes with them, and tells whether there may be more although the
    /// buffer is not full: the system stops behind bytes that descriptors go with.
    ///
    /// There is always room for as many as can come: what does not fit is closed by Linux, but
    /// left open and unknown on other systems.
    pub(super) fn receive(
        &mut self,
        socket: BorrowedFd<'_>,
        buffer: &mut [u8],
    ) -> io::Result<(usize, bool)> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut slices = [IoSliceMut::new(buffer)];
        let received = rustix::io::retry_on_intr(|| {
            recvmsg(socket, &mut slices, &mut control, CLOSED_ON_EXEC)
        })?;
        let mut more = received.flags.contains(ReturnFlags::CTRUNC);
        // The process has no room for them.
        self.lost += u64::from(more);
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                more = true;
                descriptors.for_each(|descriptor| self.keep(descriptor));
            }
        }
        Ok((received.bytes, more))
    }

    fn keep(&mut self, descriptor: OwnedFd) {
        if CLOSED_ON_EXEC.is_empty()
            && let Err(error) = fcntl_setfd(&descriptor, FdFlags::CLOEXEC)
        {
            log::debug!("a descriptor stays open in other programs: {error}");
        }
        if self.incoming.len() < self.most {
            self.incoming.push(descriptor);
        } else {
            log::debug!("a descriptor is closed: {} wait to be taken already", self.most);
            self.lost += 1;
        }
    }
}

/// So that no program started meanwhile inherits them, where that can be said at once.
#[cfg(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
))]
const CLOSED_ON_EXEC: RecvFlags = RecvFlags::CMSG_CLOEXEC;

#[cfg(not(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
)))]
const CLOSED_ON_EXEC: RecvFlags = RecvFlags::empty();
