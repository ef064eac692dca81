//! The turns of a connection that says by a preface who its peer is, before a handshake and before
//! it has a protocol: who is let in, and with which handler, is decided behind it.

use std::io;

use super::CloseReason;
use super::core::{Core, Phase};
use super::establish::Established;
use super::link::Link;
use super::protocol::{Admitted, Protocol};
use crate::net::Transport;
use crate::net::proxy::Heard;
use crate::service::{Ending, Ready, Worker};

impl Link {
    /// Gives the connection its protocol, once its preface is there. True when there is more to do
    /// that needs no event.
    pub(super) fn hear(
        &self,
        core: &mut Core,
        protocol: &mut Option<Box<dyn Protocol>>,
        ready: Ready,
        worker: &mut Worker,
    ) -> bool {
        core.hung_up |= ready.has(Ready::HANGUP);
        match self.prepare(core, ready, worker) {
            Established::Now if core.phase == Phase::Handshaking => {}
            Established::Again => return true,
            Established::Now | Established::Later => return false,
        }
        match self.read_preface(core, &mut worker.read_buffer) {
            Ok(Some(heard)) => *protocol = self.admit(core, heard),
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                core.die(CloseReason::Remote, Ending::Graceful);
            }
            Err(error) => core.die(CloseReason::of(error), Ending::Graceful),
        }
        protocol.is_some()
    }

    fn read_preface(&self, core: &mut Core, buffer: &mut [u8]) -> io::Result<Option<Heard>> {
        let Core { transport, extras, hung_up, .. } = core;
        let Some(Transport::Plain(stream)) = transport else { return Ok(None) };
        let preface = extras.as_mut().and_then(|extras| extras.preface.as_mut());
        preface.map_or(Ok(None), |preface| preface.read(stream, buffer, *hung_up))
    }

    /// Has the owner decide. What it refuses ends with this turn, and has been told.
    fn admit(&self, core: &mut Core, heard: Heard) -> Option<Box<dyn Protocol>> {
        let Heard { header, early } = heard;
        if let Some(source) = header.as_ref().and_then(|header| header.source()) {
            self.belongings.set_peer(source.clone());
        }
        let peer = self.peer()?;
        let Some(Transport::Plain(stream)) = core.transport.take() else { return None };
        let Some(admitted) = self.owner.admit(stream, &peer) else {
            core.die(CloseReason::Aborted, Ending::Abrupt);
            return None;
        };
        let Admitted { mut transport, protocol, permits } = admitted;
        let early = transport.begin_with(early);
        // The socket may have had more than was read, and no event will tell of it.
        core.unread = true;
        core.backlog = !early.is_empty();
        let extras = core.extras();
        extras.preface = None;
        extras.early = early;
        extras.header = header.map(Box::new);
        extras.permits = permits;
        core.transport = Some(transport);
        debug_assert!(core.phase == Phase::Handshaking, "it goes on from there");
        Some(protocol)
    }
}
