//! What a server or a client speaks: a protocol, with middleware around its handler.

use std::fmt;
use std::sync::Arc;

use super::Limits;
use super::chain::{Chain, Stage};
use super::link::Link;
use super::middleware::{Layer, Middleware};
use super::protocol::Protocol;
use super::terms::{Speech, Terms};
use crate::net::Endpoint;

/// What a server speaks; made by a protocol's `server` function such as
/// [`raw::server`](crate::raw::server).
#[derive(Clone)]
pub struct ServerProtocol {
    make: MakeProtocol,
    speech: Speech,
    layers: Vec<MakeStage>,
    intercepted: bool,
}

type MakeProtocol = Arc<dyn Fn(&Endpoint) -> Box<dyn Protocol> + Send + Sync>;
type MakeStage = Arc<dyn Fn(&Endpoint) -> Box<dyn Stage> + Send + Sync>;

impl ServerProtocol {
    pub(crate) fn new<P: Protocol + 'static>(
        make: impl Fn(&Endpoint) -> P + Send + Sync + 'static,
        speech: Speech,
    ) -> Self {
        let make = Arc::new(move |peer: &Endpoint| Box::new(make(peer)) as Box<dyn Protocol>);
        Self { make, speech, layers: Vec::new(), intercepted: false }
    }

    /// Puts a layer of [`middleware`](crate::middleware) around the handler, within the layers that
    /// were given before: the first one sees what is received first, and what is sent last.
    #[must_use]
    pub fn with<L: Layer>(mut self, layer: L) -> Self {
        self.intercepted |= L::Middleware::SEES_SENDING;
        self.layers.push(Arc::new(move |peer| Box::new(layer.middleware(peer))));
        self
    }

    /// The protocol of one connection, with a handler made for it.
    pub(crate) fn make(&self, peer: &Endpoint) -> Box<dyn Protocol> {
        let protocol = (self.make)(peer);
        Chain::around(protocol, self.layers.iter().map(|layer| layer(peer)).collect())
    }

    pub(crate) fn terms(&self, limits: Limits) -> Arc<Terms> {
        Terms::new(limits, self.speech.clone(), self.intercepted)
    }
}

/// What a client speaks; made by a protocol's `client` function such as
/// [`raw::client`](crate::raw::client).
pub struct ClientProtocol {
    protocol: Box<dyn Protocol>,
    speech: Speech,
    stages: Vec<Box<dyn Stage>>,
    intercepted: bool,
    meet: Option<Meet>,
}

/// Is told of the link that all of a client's connections will have.
type Meet = Box<dyn FnOnce(&Arc<Link>) + Send>;

impl ClientProtocol {
    pub(crate) fn new(protocol: impl Protocol + 'static, speech: Speech) -> Self {
        let (protocol, stages) = (Box::new(protocol), Vec::new());
        Self { protocol, speech, stages, intercepted: false, meet: None }
    }

    /// Tells the link before the first connection, for those who ask things of it from outside.
    pub(crate) fn meeting(mut self, meet: impl FnOnce(&Arc<Link>) + Send + 'static) -> Self {
        self.meet = Some(Box::new(meet));
        self
    }

    /// Takes what is to be told of the link.
    pub(crate) fn take_meeting(&mut self) -> impl FnOnce(&Arc<Link>) + use<> {
        let meet = self.meet.take();
        move |link| {
            if let Some(meet) = meet {
                meet(link);
            }
        }
    }

    /// Puts [`middleware`](crate::middleware) around the handler; the first one given is the
    /// outermost. It stays the same over reconnects, as the handler does.
    #[must_use]
    pub fn with<M: Middleware>(mut self, middleware: M) -> Self {
        self.intercepted |= M::SEES_SENDING;
        self.stages.push(Box::new(middleware));
        self
    }

    pub(crate) fn into_parts(self, limits: Limits) -> (Box<dyn Protocol>, Arc<Terms>) {
        let protocol = Chain::around(self.protocol, self.stages);
        (protocol, Terms::new(limits, self.speech, self.intercepted))
    }
}

impl fmt::Debug for ServerProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerProtocol").field("layers", &self.layers.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for ClientProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientProtocol").field("layers", &self.stages.len()).finish_non_exhaustive()
    }
}
