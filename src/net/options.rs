//! What users may set on TCP sockets. How it gets there is told in `apply.rs`.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Options of a server's or client's TCP sockets. The defaults are for many connections with
/// small messages; what is not set is left as the system has it.
///
/// A value that the system refuses is reported where the option gets used: by the `listen` or
/// `connect` in question, with [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if the
/// platform has no such option or value.
///
/// ```
/// use std::time::Duration;
/// use sockeye::{KeepAlive, TcpOptions};
///
/// let options = TcpOptions::default()
///     .keep_alive(KeepAlive { idle: Duration::from_secs(30), ..KeepAlive::default() })
///     .receive_buffer(1 << 20)
///     .backlog(4096);
/// ```
#[derive(Clone, Debug)]
pub struct TcpOptions {
    pub(super) nodelay: bool,
    pub(super) keep_alive: Option<KeepAlive>,
    pub(super) reuse_address: bool,
    pub(super) reuse_port: bool,
    pub(super) exclusive: bool,
    pub(super) receive_buffer: Option<usize>,
    pub(super) send_buffer: Option<usize>,
    pub(super) backlog: u32,
    pub(super) dual_stack: bool,
    pub(super) local_address: Option<SocketAddr>,
    pub(super) interface: Option<String>,
    pub(super) ttl: Option<u32>,
    pub(super) dscp: Option<u8>,
    pub(super) configure: Option<Hook>,
}

/// How a connection without traffic is probed, so that a peer that vanished without a word is
/// found out: after `idle + count × interval`, which are two minutes by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeepAlive {
    /// How long nothing must have come before the first probe, in whole seconds, rounded up.
    /// 60 s by default.
    pub idle: Duration,
    /// The time between two probes, in whole seconds, rounded up. 10 s by default. Not settable on
    /// OpenBSD and Solaris.
    pub interval: Duration,
    /// How many probes in a row must go without an answer. 6 by default. Not settable on OpenBSD
    /// and Solaris, nor before Windows 10 1703, which sends 10.
    pub count: u32,
}

/// The user's own function. `Arc`, so that options can be cloned.
#[derive(Clone)]
pub(super) struct Hook(pub(super) Arc<Configure>);

type Configure = dyn Fn(&socket2::Socket) -> io::Result<()> + Send + Sync;

impl TcpOptions {
    /// Whether small segments are sent at once (`TCP_NODELAY`). `true` by default: what a callback
    /// sends goes out in one write anyhow, so that waiting for more to send only adds delay.
    #[must_use]
    pub fn nodelay(mut self, on: bool) -> Self {
        self.nodelay = on;
        self
    }

    /// How idle connections are probed, or `None` for not at all. [`KeepAlive::default`] by
    /// default.
    #[must_use]
    pub fn keep_alive(mut self, probes: impl Into<Option<KeepAlive>>) -> Self {
        self.keep_alive = probes.into();
        self
    }

    /// Whether an address may be bound while connections of an earlier listener linger on it
    /// (`SO_REUSEADDR`), so that a server can be restarted at once. `true` by default. For clients
    /// it matters only with [`local_address`](Self::local_address).
    ///
    /// On Windows it is always so and this changes nothing: what is called `SO_REUSEADDR` there
    /// would let two servers have one address, and any other program take it over.
    #[must_use]
    pub fn reuse_address(mut self, on: bool) -> Self {
        self.reuse_address = on;
        self
    }

    /// Whether several sockets of this user may listen on the same address (`SO_REUSEPORT`; on
    /// FreeBSD `SO_REUSEPORT_LB`). `false` by default. Linux, Android and FreeBSD spread
    /// connections over the listeners, other systems give all to one. Not there on Windows,
    /// Solaris and illumos.
    #[must_use]
    pub fn reuse_port(mut self, on: bool) -> Self {
        self.reuse_port = on;
        self
    }

    /// Whether nobody else may have the address, even if its connections only linger: as
    /// [`reuse_address(false)`](Self::reuse_address) and [`reuse_port(false)`](Self::reuse_port),
    /// whatever was said with those. `false` by default.
    ///
    /// On Windows a program of the same user may still take the address over by asking for it.
    /// `SO_EXCLUSIVEADDRUSE` is what forbids that; no safe function sets it, but the one given to
    /// [`configure`](Self::configure) may.
    #[must_use]
    pub fn exclusive(mut self, on: bool) -> Self {
        self.exclusive = on;
        self
    }

    /// The size of the system's receive buffer per connection in bytes (`SO_RCVBUF`). By default
    /// the system chooses, and most grow it as needed; a size given here ends that. Linux doubles
    /// it for its own bookkeeping, and caps it silently (`net.core.rmem_max`).
    #[must_use]
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// The size of the system's send buffer per connection in bytes (`SO_SNDBUF`). Otherwise as
    /// [`receive_buffer`](Self::receive_buffer) (`net.core.wmem_max`).
    #[must_use]
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.send_buffer = Some(bytes);
        self
    }

    /// How many connections may wait to be accepted. 1024 by default; 0 counts as 1. Systems cap
    /// it silently (Linux: `net.core.somaxconn`, 4096; macOS: `kern.ipc.somaxconn`, 128; Windows:
    /// 65,535). Beyond it Windows refuses connections, other systems let them try again.
    #[must_use]
    pub fn backlog(mut self, connections: u32) -> Self {
        self.backlog = connections;
        self
    }

    /// Whether a listener on `[::]` serves IPv4 as well (`IPV6_V6ONLY` off). `true` by default on
    /// every platform. Say `false` to listen on `0.0.0.0` and `[::]` with a listener each, which
    /// is the only way on OpenBSD. Where the system has no IPv6 at all, a dual-stack listener on
    /// `[::]` becomes one on `0.0.0.0`.
    #[must_use]
    pub fn dual_stack(mut self, on: bool) -> Self {
        self.dual_stack = on;
        self
    }

    /// The address that clients connect from; with port 0 the system chooses one. By default it
    /// chooses both. Peers of the other family (IPv4, IPv6) cannot be connected to then. Servers
    /// ignore it.
    #[must_use]
    pub fn local_address(mut self, addr: SocketAddr) -> Self {
        self.local_address = Some(addr);
        self
    }

    /// The network interface that all traffic must pass, as "eth0" (`SO_BINDTODEVICE`). Any by
    /// default. Linux, Android and Fuchsia only; elsewhere `listen` and `connect` fail with it.
    #[must_use]
    pub fn interface(mut self, name: &str) -> Self {
        self.interface = Some(name.to_owned());
        self
    }

    /// How many routers a packet may pass, 1 to 255 (`IP_TTL`, `IPV6_UNICAST_HOPS`). The system's
    /// default (64 as a rule, 128 on Windows) by default.
    #[must_use]
    pub fn ttl(mut self, hops: u32) -> Self {
        self.ttl = Some(hops);
        self
    }

    /// The class of service in each packet, 0 to 63 (RFC 2474; `IP_TOS`, `IPV6_TCLASS`). 0 by
    /// default. Linux, Android, macOS, illumos and the BSDs; elsewhere `listen` and `connect` fail
    /// with it: Windows marks packets by its own policies only.
    #[must_use]
    pub fn dscp(mut self, class: u8) -> Self {
        self.dscp = Some(class);
        self
    }

    /// A function that sets what has no name here. It is called for each listening socket before
    /// `bind`, and for each connecting socket before `bind` and `connect`, after all other
    /// options; its error (or panic) ends that attempt. Accepted sockets inherit what their system
    /// lets them inherit: on Linux nearly everything. A second function replaces the first.
    #[must_use]
    pub fn configure<F>(mut self, function: F) -> Self
    where
        F: Fn(&socket2::Socket) -> io::Result<()> + Send + Sync + 'static,
    {
        self.configure = Some(Hook(Arc::new(function)));
        self
    }
}

impl Default for TcpOptions {
    fn default() -> Self {
        Self {
            nodelay: true,
            keep_alive: Some(KeepAlive::default()),
            reuse_address: true,
            reuse_port: false,
            exclusive: false,
            receive_buffer: None,
            send_buffer: None,
            backlog: 1024,
            dual_stack: true,
            local_address: None,
            interface: None,
            ttl: None,
            dscp: None,
            configure: None,
        }
    }
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self { idle: Duration::from_secs(60), interval: Duration::from_secs(10), count: 6 }
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keep_alive_takes_probes_or_none() {
        let probes = KeepAlive { count: 2, ..KeepAlive::default() };
        assert_eq!(TcpOptions::default().keep_alive(probes).keep_alive, Some(probes));
        assert_eq!(TcpOptions::default().keep_alive(None).keep_alive, None);
    }

    #[test]
    fn options_can_be_printed() {
        let options = TcpOptions::default().configure(|_| Ok(()));
        assert!(format!("{options:?}").contains("configure: Some(a function)"));
    }
}
