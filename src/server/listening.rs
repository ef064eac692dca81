//! Where a server listens: from addresses to bound sockets, and to the same again after a restart.

use super::Acceptors;
use crate::error::Result;
use crate::net::{
    Address, Endpoint, Listener, ListeningSocket, Resolver, SPREADS_CONNECTIONS, Sockets,
};

/// What a server was told to listen on.
pub(super) enum Source {
    Addresses(Vec<Address>),
    Socket(ListeningSocket),
}

/// Binds a server's sockets, the first time as told, later where they were.
pub(super) struct Binding {
    source: Source,
    acceptors: Acceptors,
    bound: Vec<Endpoint>,
}

impl Binding {
    pub(super) fn new(source: Source, acceptors: Acceptors) -> Self {
        Self { source, acceptors, bound: Vec::new() }
    }

    /// Addresses it is, or was, bound to.
    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        self.bound.clone()
    }

    /// A list of listeners for each acceptor, `homes` at most.
    pub(super) fn bind(&mut self, sockets: &Sockets, homes: usize) -> Result<Vec<Vec<Listener>>> {
        if let Source::Socket(socket) = &self.source {
            let listener = Listener::adopt(socket.try_clone()?, sockets)?;
            self.bound = vec![listener.local_addr()];
            return Ok(vec![vec![listener]]);
        }
        let shares = if self.acceptors == Acceptors::OnePerLoop { homes } else { 1 };
        let mut sockets = sockets.clone();
        if shares > 1 && SPREADS_CONNECTIONS {
            sockets.tcp = sockets.tcp.reuse_port(true);
        }
        let first = self.bind_first(&sockets)?;
        self.bound = first.iter().map(Listener::local_addr).collect();
        let again = |_| first.iter().map(|one| one.another(&sockets)).collect();
        let mut all = (1..shares).map(again).collect::<Result<Vec<_>>>()?;
        all.push(first);
        Ok(all)
    }

    fn bind_first(&self, sockets: &Sockets) -> Result<Vec<Listener>> {
        if !self.bound.is_empty() {
            return self.bound.iter().map(|end| Listener::bind(end, sockets)).collect();
        }
        let Source::Addresses(addresses) = &self.source else { return Ok(Vec::new()) };
        let mut listeners = Vec::new();
        for address in addresses {
            for end in candidates(address)? {
                listeners.push(Listener::bind(&end, sockets)?);
            }
        }
        Ok(listeners)
    }
}

fn candidates(address: &Address) -> Result<Vec<Endpoint>> {
    if let Some(literal) = address.literal() {
        return Ok(vec![literal]);
    }
    let resolved = Resolver::new(None).resolve_now(address)?;
    Ok(resolved.into_iter().map(Endpoint::from).collect())
}
