//! What users may set on UDP sockets, and how it gets there.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::Socket;

use super::apply::{named, run, set_ttl};
use super::multicast::{self, Interface};
use super::options::Hook;
use super::os;

/// Options of UDP sockets. What is not set is left as the system has it.
///
/// A value that the system refuses is reported by the `bind` or `connect` in question, with
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if the platform has no such option or
/// value.
///
/// ```
/// use sockeye::udp::Options;
///
/// let options = Options::default().receive_buffer(4 << 20).broadcast(true).multicast_ttl(4);
/// ```
#[derive(Clone, Debug)]
pub struct UdpOptions {
    reuse_address: bool,
    reuse_port: bool,
    receive_buffer: Option<usize>,
    send_buffer: Option<usize>,
    pub(super) dual_stack: bool,
    pub(super) local_address: Option<SocketAddr>,
    interface: Option<String>,
    broadcast: bool,
    ttl: Option<u32>,
    dscp: u8,
    ecn: u8,
    multicast_ttl: Option<u32>,
    multicast_loopback: bool,
    multicast_interface: Option<Interface>,
    pub(super) details: bool,
    pub(super) batching: bool,
    pub(super) segmenting: bool,
    pub(crate) coalescing: bool,
    configure: Option<Hook>,
}

impl Default for UdpOptions {
    fn default() -> Self {
        Self {
            reuse_address: false,
            reuse_port: false,
            receive_buffer: None,
            send_buffer: None,
            dual_stack: true,
            local_address: None,
            interface: None,
            broadcast: false,
            ttl: None,
            dscp: 0,
            ecn: 0,
            multicast_ttl: None,
            multicast_loopback: true,
            multicast_interface: None,
            details: false,
            batching: true,
            segmenting: true,
            coalescing: false,
            configure: None,
        }
    }
}

impl UdpOptions {
    /// Whether several sockets may be bound to the same address (`SO_REUSEADDR`, and on macOS and
    /// the BSDs `SO_REUSEPORT`), as those that listen to the same multicast group must: each gets
    /// every multicast. What is sent to one address goes to one of them: on Linux to the last that
    /// was bound, elsewhere to whom the system chooses. `false` by default.
    #[must_use]
    pub fn reuse_address(mut self, on: bool) -> Self {
        self.reuse_address = on;
        self
    }

    /// Whether several sockets of this user may be bound to the same address (`SO_REUSEPORT`; on
    /// FreeBSD `SO_REUSEPORT_LB`). `false` by default. Linux, Android and FreeBSD give each peer
    /// to one of them, so that several sockets on as many loops share the work. Not there on
    /// Windows, Solaris and illumos.
    #[must_use]
    pub fn reuse_port(mut self, on: bool) -> Self {
        self.reuse_port = on;
        self
    }

    /// The size of the system's receive buffer in bytes (`SO_RCVBUF`): what comes while it is full
    /// is lost. The system's default (Linux: 208 KiB, which some 250 small datagrams fill) by
    /// default. Linux doubles it for its own bookkeeping, and caps it silently
    /// (`net.core.rmem_max`).
    #[must_use]
    pub fn receive_buffer(mut self, bytes: usize) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// The size of the system's send buffer in bytes (`SO_SNDBUF`). Otherwise as
    /// [`receive_buffer`](Self::receive_buffer) (`net.core.wmem_max`). On macOS and the BSDs no
    /// datagram may be longer than it, so that there the default is 64 KiB at least.
    #[must_use]
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.send_buffer = Some(bytes);
        self
    }

    /// Whether a socket on `[::]` serves IPv4 as well (`IPV6_V6ONLY` off). `true` by default.
    /// Where the system has no IPv6 at all, a dual-stack socket on `[::]` becomes one on
    /// `0.0.0.0`.
    #[must_use]
    pub fn dual_stack(mut self, on: bool) -> Self {
        self.dual_stack = on;
        self
    }

    /// The address that a connected socket sends from; with port 0 the system chooses one. By
    /// default it chooses both. A bound socket ignores it.
    #[must_use]
    pub fn local_address(mut self, addr: SocketAddr) -> Self {
        self.local_address = Some(addr);
        self
    }

    /// The network interface that all traffic must pass, as "eth0" (`SO_BINDTODEVICE`). Any by
    /// default. Linux, Android and Fuchsia only.
    #[must_use]
    pub fn interface(mut self, name: &str) -> Self {
        self.interface = Some(name.to_owned());
        self
    }

    /// Whether datagrams may be sent to broadcast addresses (`SO_BROADCAST`). `false` by default:
    /// such a send then fails with
    /// [`PermissionDenied`](crate::ErrorKind::PermissionDenied).
    #[must_use]
    pub fn broadcast(mut self, on: bool) -> Self {
        self.broadcast = on;
        self
    }

    /// How many routers a datagram may pass, 1 to 255 (`IP_TTL`, `IPV6_UNICAST_HOPS`). The
    /// system's default (64 as a rule) by default. For multicasts see
    /// [`multicast_ttl`](Self::multicast_ttl).
    #[must_use]
    pub fn ttl(mut self, hops: u32) -> Self {
        self.ttl = Some(hops);
        self
    }

    /// The class of service in each datagram, 0 to 63 (RFC 2474; `IP_TOS`, `IPV6_TCLASS`). 0 by
    /// default. Linux, Android, macOS, illumos and the BSDs.
    #[must_use]
    pub fn dscp(mut self, class: u8) -> Self {
        self.dscp = class;
        self
    }

    /// The codepoint of explicit congestion notification in each datagram, 0 to 3 (RFC 3168 5): 2
    /// is ECT(0), 1 ECT(1). 0, not capable, by default. Where [`dscp`](Self::dscp) is there.
    #[must_use]
    pub fn ecn(mut self, codepoint: u8) -> Self {
        self.ecn = codepoint;
        self
    }

    /// How many routers a multicast may pass, 0 to 255 (`IP_MULTICAST_TTL`,
    /// `IPV6_MULTICAST_HOPS`). 1, this network only, by default.
    #[must_use]
    pub fn multicast_ttl(mut self, hops: u32) -> Self {
        self.multicast_ttl = Some(hops);
        self
    }

    /// Whether multicasts reach sockets on this machine too (`IP_MULTICAST_LOOP`,
    /// `IPV6_MULTICAST_LOOP`). `true` by default. On Windows the receiving socket decides.
    #[must_use]
    pub fn multicast_loopback(mut self, on: bool) -> Self {
        self.multicast_loopback = on;
        self
    }

    /// The network interface that multicasts are sent through. By default the routing table says.
    /// It is named by its index or, for IPv4, by an address of it.
    #[must_use]
    pub fn multicast_interface(mut self, interface: Interface) -> Self {
        self.multicast_interface = Some(interface);
        self
    }

    /// Whether the system says of each datagram where it was sent to, through which interface it
    /// came, and its mark of congestion, for
    /// [`Session::destination`](crate::udp::Session::destination) and its like. `false` by
    /// default. Linux and Android; elsewhere it has no effect.
    #[must_use]
    pub fn details(mut self, on: bool) -> Self {
        self.details = on;
        self
    }

    /// Whether many datagrams are received and sent in one system call where the system offers it
    /// (Linux and Android). `true` by default; `false` is for comparing.
    #[must_use]
    pub fn batching(mut self, on: bool) -> Self {
        self.batching = on;
        self
    }

    /// Whether datagrams of one size to one peer are handed to the system in one piece, to be cut
    /// as late as can be (UDP GSO), where batching is on. They are the same on the wire. `true` by
    /// default; where a route refuses it, the socket goes on without.
    #[must_use]
    pub fn segmenting(mut self, on: bool) -> Self {
        self.segmenting = on;
        self
    }

    /// Whether the system may hand over datagrams of one peer and size in one piece (UDP GRO),
    /// where batching is on; handlers get them one by one all the same. `false` by default: it
    /// pays where single peers send much, and costs a little where many send single datagrams.
    #[must_use]
    pub fn coalescing(mut self, on: bool) -> Self {
        self.coalescing = on;
        self
    }

    /// A function that sets what has no name here. It is called before `bind` and `connect`, after
    /// all other options; its error (or panic) ends that attempt. A second function replaces the
    /// first.
    #[must_use]
    pub fn configure<F>(mut self, function: F) -> Self
    where
        F: Fn(&Socket) -> io::Result<()> + Send + Sync + 'static,
    {
        self.configure = Some(Hook(Arc::new(function)));
        self
    }

    /// Sets them on a socket that is not bound yet.
    pub(super) fn apply(&self, socket: &Socket, addr: SocketAddr) -> io::Result<()> {
        if self.reuse_address {
            named("reuse_address", os::share_address(socket))?;
        }
        if self.reuse_port {
            named("reuse_port", os::set_reuse_port(socket))?;
        }
        if addr.is_ipv6() && !(self.dual_stack && cfg!(target_os = "openbsd")) {
            named("dual_stack", socket.set_only_v6(!self.dual_stack))?;
        }
        if let Some(bytes) = self.receive_buffer {
            named("receive_buffer", socket.set_recv_buffer_size(bytes))?;
        }
        match self.send_buffer {
            Some(bytes) => named("send_buffer", socket.set_send_buffer_size(bytes))?,
            None if os::SEND_BUFFER_BOUNDS_DATAGRAMS => have_room_for_the_longest(socket),
            None => {}
        }
        if let Some(name) = &self.interface {
            named("interface", os::bind_device(socket, name))?;
        }
        if self.broadcast {
            named("broadcast", socket.set_broadcast(true))?;
        }
        if let Some(hops) = self.ttl {
            named("ttl", set_ttl(socket, addr, hops))?;
        }
        self.mark(socket, addr)?;
        self.apply_multicast(socket, addr)?;
        self.configure.as_ref().map_or(Ok(()), |hook| run(hook, socket))
    }

    /// RFC 2474 3 and RFC 3168 5: one octet for both.
    fn mark(&self, socket: &Socket, addr: SocketAddr) -> io::Result<()> {
        let invalid = |what| Err(io::Error::new(io::ErrorKind::Unsupported, what));
        if self.dscp > 63 {
            return named("dscp", invalid("a class is 0 to 63"));
        }
        if self.ecn > 3 {
            return named("ecn", invalid("a codepoint is 0 to 3"));
        }
        let octet = u32::from(self.dscp << 2 | self.ecn);
        if octet == 0 {
            return Ok(());
        }
        let name = if self.dscp == 0 { "ecn" } else { "dscp" };
        named(name, os::set_traffic_class(socket, addr.is_ipv6(), octet))
    }

    fn apply_multicast(&self, socket: &Socket, addr: SocketAddr) -> io::Result<()> {
        if let Some(hops) = self.multicast_ttl {
            named("multicast_ttl", multicast::set_ttl(socket, addr, hops))?;
        }
        if !self.multicast_loopback {
            named("multicast_loopback", multicast::forbid_loopback(socket, addr))?;
        }
        if let Some(interface) = self.multicast_interface {
            named("multicast_interface", multicast::set_interface(socket, addr, interface))?;
        }
        multicast::only_joined(socket, addr);
        Ok(())
    }
}

/// As much as an IP packet can hold. If the system has less for all sockets, who sends is told.
fn have_room_for_the_longest(socket: &Socket) {
    const LONGEST: usize = u16::MAX as usize;
    if socket.send_buffer_size().is_ok_and(|bytes| bytes < LONGEST) {
        let _ = socket.set_send_buffer_size(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use socket2::{Domain, Type};

    use super::*;

    #[test]
    fn room_is_made_where_there_is_less() {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
        socket.set_send_buffer_size(9216).unwrap();
        have_room_for_the_longest(&socket);
        let bytes = socket.send_buffer_size().unwrap();
        assert!(bytes >= 65_535);
        have_room_for_the_longest(&socket);
        assert_eq!(socket.send_buffer_size().unwrap(), bytes);
    }
}
