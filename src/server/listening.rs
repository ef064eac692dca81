//! Where a server listens: from addresses to bound sockets, and to the same again after a restart.

use std::net::{SocketAddr, TcpListener};

use super::Acceptors;
use crate::error::{Error, Result};
use crate::net::{Address, Endpoint, Listener, Resolver, TcpOptions};

/// What a server was told to listen on.
pub(super) enum Source {
    Addresses(Vec<Address>),
    Socket(TcpListener),
}

/// Binds a server's sockets, the first time as told, later where they were.
pub(super) struct Binding {
    source: Source,
    acceptors: Acceptors,
    bound: Vec<SocketAddr>,
}

impl Binding {
    pub(super) fn new(source: Source, acceptors: Acceptors) -> Self {
        Self { source, acceptors, bound: Vec::new() }
    }

    /// Addresses it is, or was, bound to.
    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        self.bound.iter().copied().map(Endpoint::from).collect()
    }

    /// A list of listeners for each acceptor, `homes` at most.
    pub(super) fn bind(
        &mut self,
        options: &TcpOptions,
        homes: usize,
    ) -> Result<Vec<Vec<Listener>>> {
        if let Source::Socket(socket) = &self.source {
            let copy = socket.try_clone().map_err(|error| Error::io("copy a listener", error))?;
            let listener = Listener::adopt(copy, options)?;
            self.bound = listener.local_addr().socket_addr().into_iter().collect();
            return Ok(vec![vec![listener]]);
        }
        let shares = if self.acceptors == Acceptors::OnePerLoop { homes } else { 1 };
        let options = if shares > 1 { options.clone().reuse_port(true) } else { options.clone() };
        let first = self.bind_first(&options)?;
        self.bound = first.iter().filter_map(|one| one.local_addr().socket_addr()).collect();
        let again = || -> Result<Vec<Listener>> {
            self.bound.iter().map(|address| Listener::bind(*address, &options)).collect()
        };
        let mut all = vec![first];
        for _ in 1..shares {
            all.push(again()?);
        }
        Ok(all)
    }

    fn bind_first(&self, options: &TcpOptions) -> Result<Vec<Listener>> {
        if !self.bound.is_empty() {
            return self.bound.iter().map(|address| Listener::bind(*address, options)).collect();
        }
        let Source::Addresses(addresses) = &self.source else { return Ok(Vec::new()) };
        let mut listeners = Vec::new();
        for address in addresses {
            for target in candidates(address)? {
                listeners.push(Listener::bind(target, options)?);
            }
        }
        Ok(listeners)
    }
}

fn candidates(address: &Address) -> Result<Vec<SocketAddr>> {
    match address.literal() {
        Some(literal) => Ok(vec![literal]),
        None => Resolver::new(None).resolve_now(address),
    }
}
