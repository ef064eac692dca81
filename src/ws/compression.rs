//! Messages made shorter on their way (RFC 7692).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::codec::ws::deflate::{Compressor, Deflate, Inflater};
use crate::codec::ws::{Failure, Inflate, Role};

/// Those that nobody uses at the moment. Each thread uses one at a time.
struct Pool<T>(Mutex<Vec<T>>);

/// How many are kept for the next who needs one.
const KEPT: usize = 16;

impl<T> Pool<T> {
    fn take(&self) -> Option<T> {
        self.lock().pop()
    }

    fn put(&self, one: T) {
        let mut kept = self.lock();
        if kept.len() < KEPT {
            kept.push(one);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Compresses what is sent: of one connection, if each message refers to the ones before it, and
/// else for all that have agreed on the same.
pub(super) struct Packing {
    agreed: Deflate,
    role: Role,
    level: u32,
    least: usize,
    /// With its own context: the one there is.
    pool: Pool<Packer>,
}

struct Packer {
    compressor: Compressor,
    /// Scratch.
    packed: Vec<u8>,
}

/// Scratch that is kept.
const SCRATCH: usize = 64 * 1024;

impl Packing {
    /// `least`: bytes of a message that is worth it.
    pub(super) fn new(agreed: Deflate, role: Role, level: u32, least: usize) -> Self {
        Self { agreed, role, level, least, pool: Pool(Mutex::default()) }
    }

    pub(super) fn takes_over(&self) -> bool {
        self.agreed.sending(self.role).0
    }

    pub(super) fn agreed(&self) -> &Deflate {
        &self.agreed
    }

    /// Shows the message as it is to be sent compressed, if it is.
    pub(super) fn pack<R>(&self, message: &[u8], put: impl FnOnce(&[u8]) -> R) -> Option<R> {
        if message.len() < self.least {
            return None;
        }
        let make = || self.agreed.compressor(self.role, self.level);
        let packer = || Some(Packer { compressor: make()?, packed: Vec::new() });
        let mut packer = self.pool.take().or_else(packer)?;
        packer.compressor.compress(message, &mut packer.packed);
        // One that the next will refer to must be sent.
        let worth = self.takes_over() || packer.packed.len() < message.len();
        let result = worth.then(|| put(&packer.packed));
        packer.packed.clear();
        packer.packed.shrink_to(SCRATCH);
        if !self.takes_over() {
            packer.compressor.reset();
        }
        self.pool.put(packer);
        result
    }

    /// The last message is not sent: the next must not refer to it.
    pub(super) fn forget(&self) {
        if let Some(mut packer) = self.pool.take() {
            packer.compressor.reset();
            self.pool.put(packer);
        }
    }
}

/// Inflates what one connection receives.
pub(super) struct Inflating {
    agreed: Deflate,
    role: Role,
    inflater: Option<Inflater>,
    spare: Arc<Spare>,
}

/// Inflaters for messages that do not refer to others.
pub(super) struct Spare(Pool<Inflater>);

impl Default for Spare {
    fn default() -> Self {
        Self(Pool(Mutex::default()))
    }
}

impl Inflating {
    pub(super) fn new(agreed: Deflate, role: Role, spare: Arc<Spare>) -> Self {
        Self { agreed, role, inflater: None, spare }
    }
}

impl Inflate for Inflating {
    fn inflate(
        &mut self,
        piece: &[u8],
        last: bool,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let (takes_over, _) = self.agreed.receiving(self.role);
        let spare = || (!takes_over).then(|| self.spare.0.take()).flatten();
        let mut inflater = match self.inflater.take().or_else(spare) {
            Some(inflater) => inflater,
            None => self.agreed.inflater(self.role),
        };
        inflater.inflate(piece, last, limit, out)?;
        match last && !takes_over {
            true => self.spare.0.put(inflater),
            false => self.inflater = Some(inflater),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_sent_is_not_referred_to() {
        let agreed = Deflate {
            server_takeover: true,
            client_takeover: true,
            server_bits: 15,
            client_bits: 15,
        };
        let packing = Packing::new(agreed, Role::Server, 6, 0);
        let text = b"some words that come again, ".repeat(10);
        let first = packing.pack(&text, <[u8]>::len).unwrap();
        assert!(packing.pack(&text, <[u8]>::len).unwrap() < first / 2, "the second refers to it");
        packing.forget();
        let packed = packing.pack(&text, <[u8]>::to_vec).unwrap();
        let mut inflated = Vec::new();
        Inflater::new(true).inflate(&packed, true, 1000, &mut inflated).unwrap();
        assert_eq!(inflated, text);
    }
}
