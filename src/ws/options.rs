//! What the connections of one server or client have in common.

use std::sync::{Arc, Mutex, PoisonError};

use super::compression::{Inflating, Packing, Spare};
use super::frames::Frames;
use super::{Deflate, Heartbeat};
use crate::codec::ws::deflate::Deflate as Agreed;
use crate::codec::ws::{Role, Rules};
use crate::session::{Session, Speech};

/// What can be set, on either side.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) max_message: usize,
    pub(super) max_frame: usize,
    pub(super) deflate: Option<Deflate>,
    pub(super) heartbeat: Option<Heartbeat>,
    pub(super) subprotocols: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_message: 16 << 20,
            max_frame: 16 << 20,
            deflate: None,
            heartbeat: None,
            subprotocols: Vec::new(),
        }
    }
}

/// What the connections go by.
pub(super) struct Terms {
    pub(super) options: Options,
    pub(super) rules: Rules,
    pub(super) frames: Arc<Frames>,
    spare: Arc<Spare>,
    /// For each agreement without a context, of which there are few.
    packing: Mutex<Vec<Arc<Frames>>>,
}

impl Terms {
    pub(super) fn new(options: Options, role: Role) -> Arc<Self> {
        let Options { max_message, max_frame, .. } = options;
        Arc::new(Self {
            rules: Rules { role, max_message, max_frame, deflate: false, whole: true },
            options,
            frames: Arc::new(Frames::new(role, None)),
            spare: Arc::default(),
            packing: Mutex::default(),
        })
    }

    /// Has the session say what is sent as it was agreed.
    pub(super) fn speak(&self, session: &mut Session<'_>, agreed: Option<&Agreed>) {
        let (Some(agreed), Some(settings)) = (agreed, &self.options.deflate) else {
            return session.speak(&Speech::Framed(self.frames.clone()));
        };
        let packing = || Packing::new(*agreed, self.rules.role, settings.level, settings.min_size);
        if agreed.sending(self.rules.role).0 {
            let frames = Frames::new(self.rules.role, Some(packing()));
            return session.speak_by_itself(Arc::new(frames));
        }
        let mut known = self.packing.lock().unwrap_or_else(PoisonError::into_inner);
        let same = known.iter().find(|frames| frames.packs_as(agreed)).cloned();
        let frames = same.unwrap_or_else(|| {
            let frames = Arc::new(Frames::new(self.rules.role, Some(packing())));
            known.push(Arc::clone(&frames));
            frames
        });
        drop(known);
        session.speak(&Speech::Framed(frames));
    }

    pub(super) fn inflating(&self, agreed: Agreed) -> Inflating {
        Inflating::new(agreed, self.rules.role, Arc::clone(&self.spare))
    }
}
