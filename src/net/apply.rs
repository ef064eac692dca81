//! How [`TcpOptions`] get onto a socket: a listening one, an accepted one, a connecting one.

use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

use super::options::Hook;
use super::{KeepAlive, TcpOptions, os, panic_text};
use crate::error::out_of_resources;

/// Whether an accepted socket has the options of its listener, so that accepting costs no system
/// call but `accept`. Linux clones the listener's whole state (`inet_csk_clone_lock`); a test of
/// `listener.rs` holds it to that. The other systems inherit some, and document little.
pub(crate) const INHERITED: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// A non-blocking socket for this address' family.
pub(super) fn socket(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), os::STREAM, Some(Protocol::TCP))?;
    if os::STREAM == Type::STREAM {
        socket.set_nonblocking(true)?;
    }
    Ok(socket)
}

/// Before `bind`: what concerns the listener, and what its connections may inherit.
pub(super) fn listening(socket: &Socket, addr: SocketAddr, options: &TcpOptions) -> io::Result<()> {
    reusing(socket, options)?;
    if addr.is_ipv6() && !(options.dual_stack && cfg!(target_os = "openbsd")) {
        named("dual_stack", socket.set_only_v6(!options.dual_stack))?;
    }
    inheritable(socket, addr, options)?;
    configured(socket, options)
}

/// What each connection shall have. It is set on the listener as well: buffers must be known
/// before the handshake (RFC 7323 2.2, the window's scale), and mistakes are better told to the
/// caller of `listen` than to no one at each connection.
pub(super) fn inheritable(
    socket: &Socket,
    addr: SocketAddr,
    options: &TcpOptions,
) -> io::Result<()> {
    if let Some(bytes) = options.receive_buffer {
        named("receive_buffer", socket.set_recv_buffer_size(bytes))?;
    }
    if let Some(bytes) = options.send_buffer {
        named("send_buffer", socket.set_send_buffer_size(bytes))?;
    }
    if let Some(name) = &options.interface {
        named("interface", os::bind_device(socket, name))?;
    }
    per_connection(socket, addr, options)
}

/// The rest of it, which a connection that does not inherit can still get when it is accepted.
pub(super) fn per_connection(
    socket: &Socket,
    addr: SocketAddr,
    options: &TcpOptions,
) -> io::Result<()> {
    if options.nodelay {
        named("nodelay", socket.set_tcp_nodelay(true))?;
    }
    if let Some(probes) = options.keep_alive {
        named("keep_alive", os::set_keep_alive(socket, &keep_alive(probes)))?;
    }
    if let Some(hops) = options.ttl {
        named("ttl", set_ttl(socket, addr, hops))?;
    }
    if let Some(class) = options.dscp {
        named("dscp", set_dscp(socket, addr, class))?;
    }
    Ok(())
}

/// Before `connect`: as for a listener, and the address to connect from.
pub(super) fn connecting(
    socket: &Socket,
    addr: SocketAddr,
    options: &TcpOptions,
) -> io::Result<()> {
    inheritable(socket, addr, options)?;
    let Some(local) = options.local_address else {
        return configured(socket, options);
    };
    reusing(socket, options)?;
    configured(socket, options)?;
    named("local_address", socket.bind(&local.into()))
}

fn reusing(socket: &Socket, options: &TcpOptions) -> io::Result<()> {
    if options.reuse_address && !options.exclusive && os::LINGERING_KEEPS_ADDRESS {
        named("reuse_address", socket.set_reuse_address(true))?;
    }
    if options.reuse_port && !options.exclusive {
        named("reuse_port", os::set_reuse_port(socket))?;
    }
    Ok(())
}

fn configured(socket: &Socket, options: &TcpOptions) -> io::Result<()> {
    options.configure.as_ref().map_or(Ok(()), |hook| run(hook, socket))
}

/// The hook is the user's code, and may run on an event loop.
pub(super) fn run(hook: &Hook, socket: &Socket) -> io::Result<()> {
    catch_unwind(AssertUnwindSafe(|| (hook.0)(socket))).unwrap_or_else(|panic| {
        let text = panic_text(&*panic);
        Err(io::Error::other(format!("the function given to configure panicked: {text}")))
    })
}

/// Says which option it was. A value that the system takes for none is one it does not offer;
/// left as "invalid input" it would be taken for an invalid address.
pub(super) fn named(option: &str, result: io::Result<()>) -> io::Result<()> {
    let Err(error) = result else { return Ok(()) };
    let kind = match error.kind() {
        _ if out_of_resources(&error) => return Err(error),
        io::ErrorKind::InvalidInput => io::ErrorKind::Unsupported,
        kind => kind,
    };
    Err(io::Error::new(kind, format!("option {option}: {error}")))
}

fn keep_alive(KeepAlive { idle, interval, count }: KeepAlive) -> TcpKeepalive {
    let idle = TcpKeepalive::new().with_time(whole_seconds(idle));
    os::with_probes(idle, whole_seconds(interval), count)
}

/// The systems cut fractions off, and refuse 0.
fn whole_seconds(time: Duration) -> Duration {
    let up = u64::from(time.subsec_nanos() > 0);
    Duration::from_secs(time.as_secs().saturating_add(up).max(1))
}

pub(super) fn set_ttl(socket: &Socket, addr: SocketAddr, hops: u32) -> io::Result<()> {
    if addr.is_ipv4() {
        return socket.set_ttl_v4(hops);
    }
    // For the IPv4 peers of a dual-stack socket, where the system lets it have both.
    let _ = socket.set_ttl_v4(hops);
    socket.set_unicast_hops_v6(hops)
}

/// RFC 2474 3: the six upper bits of the octet; ECN has the others.
fn set_dscp(socket: &Socket, addr: SocketAddr, class: u8) -> io::Result<()> {
    if class > 63 {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "a class is 0 to 63"));
    }
    os::set_traffic_class(socket, addr.is_ipv6(), u32::from(class) << 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_seconds_and_never_none() {
        let seconds = |time| whole_seconds(time).as_secs();
        assert_eq!(seconds(Duration::ZERO), 1);
        assert_eq!(seconds(Duration::from_millis(1500)), 2);
        assert_eq!(seconds(Duration::from_secs(60)), 60);
        assert_eq!(seconds(Duration::MAX), u64::MAX);
    }

    #[test]
    fn running_out_is_not_blamed_on_an_option() {
        let error =
            named("ttl", Err(io::Error::from_raw_os_error(if cfg!(windows) { 10055 } else { 12 })));
        assert!(error.is_err_and(|error| out_of_resources(&error)));
    }
}
