//! What the platforms differ in: the error numbers for which `std::io::ErrorKind` has no (stable)
//! name, and the options that not all of them have.

use std::io;
use std::time::Duration;

use socket2::{Socket, TcpKeepalive, Type};

/// Whether a non-blocking `connect` goes on in the background.
///
/// `WouldBlock` is not that on Unix: there it says that the system cannot even begin (`connect(2)`:
/// "insufficient entries in the routing cache"), and no event would ever follow.
pub(super) fn connect_goes_on(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| codes::CONNECTING.contains(&code))
}

/// Whether a socket listens, where the system tells (`SO_ACCEPTCONN`, which Apple's have by name
/// only); elsewhere whether it can, being bound and not connected.
pub(super) fn listens(socket: &Socket) -> bool {
    #[cfg(any(
        target_os = "android",
        target_os = "freebsd",
        target_os = "fuchsia",
        target_os = "linux"
    ))]
    return socket.is_listener().unwrap_or(false);
    #[cfg(not(any(
        target_os = "android",
        target_os = "freebsd",
        target_os = "fuchsia",
        target_os = "linux"
    )))]
    return socket.local_addr().is_ok() && socket.peer_addr().is_err();
}

/// Whether nobody may listen on an address on which connections of an earlier listener linger,
/// unless he says `SO_REUSEADDR`. On Windows he may anyhow, and the option of that name lets
/// several listen on one address, so that which of them gets a connection is nobody's to tell.
pub(super) const LINGERING_KEEPS_ADDRESS: bool = cfg!(not(windows));

/// How many connections may wait, as `listen` takes it.
pub(super) fn backlog(connections: u32) -> i32 {
    let connections = i32::try_from(connections.max(1)).unwrap_or(i32::MAX);
    if cfg!(windows) { hinted(connections) } else { connections }
}

/// Windows takes 200 at most, but for numbers that are marked by their sign (`SOMAXCONN_HINT`):
/// up to 65,535 of those.
fn hinted(connections: i32) -> i32 {
    if connections > 200 { -connections.min(65_535) } else { connections }
}

/// Whether the machine has no support for the address family at all.
pub(super) fn family_missing(error: &io::Error) -> bool {
    error.raw_os_error() == Some(codes::EAFNOSUPPORT)
}

#[cfg(windows)]
mod codes {
    /// WSAEWOULDBLOCK, WSAEINPROGRESS.
    pub(super) const CONNECTING: &[i32] = &[10035, 10036];
    pub(super) const EAFNOSUPPORT: i32 = 10047;
}

#[cfg(not(windows))]
mod codes {
    /// EINPROGRESS and EINTR: an interrupted `connect` goes on as well (POSIX, `connect`).
    pub(super) const CONNECTING: &[i32] = &[EINPROGRESS, 4];
    pub(super) const EAFNOSUPPORT: i32 = NUMBERS.1;

    const EINPROGRESS: i32 = NUMBERS.0;

    const NUMBERS: (i32, i32) = if cfg!(any(target_os = "linux", target_os = "android")) {
        LINUX
    } else if cfg!(any(target_os = "solaris", target_os = "illumos")) {
        SYSTEM_V
    } else {
        BSD
    };

    /// Some of Linux's architectures have the numbers of the Unix that was there first.
    const LINUX: (i32, i32) = if cfg!(any(target_arch = "mips", target_arch = "mips64")) {
        SYSTEM_V
    } else if cfg!(any(target_arch = "sparc", target_arch = "sparc64")) {
        BSD
    } else {
        (115, 97)
    };
    const SYSTEM_V: (i32, i32) = (150, 124);
    const BSD: (i32, i32) = (36, 47);
}

/// A non-blocking stream, in one system call where there is one.
#[cfg(any(
    target_os = "android",
    target_os = "cygwin",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "fuchsia",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
))]
pub(super) const STREAM: Type = Type::STREAM.nonblocking();

#[cfg(not(any(
    target_os = "android",
    target_os = "cygwin",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "fuchsia",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
)))]
pub(super) const STREAM: Type = Type::STREAM;

/// Has idle connections probed. The number of probes is the last that is set, and cannot be before
/// Windows 10 1703 (`TCP_KEEPCNT`), which sends ten.
pub(super) fn set_keep_alive(socket: &Socket, probes: &TcpKeepalive) -> io::Result<()> {
    match socket.set_tcp_keepalive(probes) {
        Err(error) if cfg!(windows) && error.raw_os_error() == Some(WSAENOPROTOOPT) => Ok(()),
        set => set,
    }
}

const WSAENOPROTOOPT: i32 = 10042;

#[cfg(not(any(
    target_os = "haiku",
    target_os = "nto",
    target_os = "openbsd",
    target_os = "redox",
    target_os = "solaris",
)))]
pub(super) fn with_probes(idle: TcpKeepalive, interval: Duration, count: u32) -> TcpKeepalive {
    idle.with_interval(interval).with_retries(count)
}

#[cfg(any(
    target_os = "haiku",
    target_os = "nto",
    target_os = "openbsd",
    target_os = "redox",
    target_os = "solaris",
))]
pub(super) fn with_probes(idle: TcpKeepalive, _interval: Duration, _count: u32) -> TcpKeepalive {
    idle
}

#[cfg(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd",
))]
pub(super) fn set_traffic_class(socket: &Socket, is_ipv6: bool, octet: u32) -> io::Result<()> {
    let for_ipv4 = socket.set_tos_v4(octet);
    if is_ipv6 { socket.set_tclass_v6(octet) } else { for_ipv4 }
}

#[cfg(not(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd",
)))]
pub(super) fn set_traffic_class(_: &Socket, _is_ipv6: bool, _octet: u32) -> io::Result<()> {
    not_here()
}

/// Whether the system spreads connections over the sockets that listen on one address. macOS and
/// some BSDs let several do so, and give all to one.
pub(crate) const SPREADS_CONNECTIONS: bool = cfg!(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "linux",
));

/// With which the kernel spreads connections over the listeners: elsewhere than on FreeBSD that is
/// (at best) the plain option.
#[cfg(target_os = "freebsd")]
pub(super) fn set_reuse_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port_lb(true)
}

#[cfg(all(
    unix,
    not(any(
        target_os = "cygwin",
        target_os = "freebsd",
        target_os = "illumos",
        target_os = "solaris",
    ))
))]
pub(super) fn set_reuse_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(any(not(unix), target_os = "cygwin", target_os = "illumos", target_os = "solaris",))]
pub(super) fn set_reuse_port(_: &Socket) -> io::Result<()> {
    not_here()
}

/// Lets several UDP sockets have one address. The BSDs take `SO_REUSEADDR` for that with addresses
/// of groups only, and `SO_REUSEPORT` (FreeBSD: the plain one) with all (`in_pcbbind`).
pub(super) fn share_address(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)?;
    #[cfg(any(
        target_vendor = "apple",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd",
    ))]
    socket.set_reuse_port(true)?;
    Ok(())
}

/// Whether no datagram may be longer than the send buffer, which is 9216 bytes there if nobody says
/// otherwise (`udp_sendspace`).
pub(super) const SEND_BUFFER_BOUNDS_DATAGRAMS: bool = cfg!(any(
    target_vendor = "apple",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
));

#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
pub(super) fn bind_device(socket: &Socket, name: &str) -> io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}

#[cfg(not(any(target_os = "android", target_os = "fuchsia", target_os = "linux")))]
pub(super) fn bind_device(_: &Socket, _name: &str) -> io::Result<()> {
    not_here()
}

#[allow(dead_code, reason = "some platforms have all of it")]
fn not_here() -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "not on this platform"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_200_are_a_hint_to_windows() {
        for (connections, told) in
            [(1, 1), (200, 200), (201, -201), (1024, -1024), (i32::MAX, -65_535)]
        {
            assert_eq!(hinted(connections), told);
        }
        assert_eq!(backlog(0), 1);
        assert!(backlog(u32::MAX).unsigned_abs() >= 65_535);
    }

    /// The standard library knows these numbers too, though not all by a stable name.
    #[test]
    fn the_numbers_are_those_of_this_platform() {
        let kind = |code| format!("{:?}", io::Error::from_raw_os_error(code).kind());
        let connecting = if cfg!(windows) { "WouldBlock" } else { "InProgress" };
        assert_eq!(kind(codes::CONNECTING[0]), connecting);
        let text = io::Error::from_raw_os_error(codes::EAFNOSUPPORT).to_string();
        // Wine has no words for it.
        let known = !text.contains("FormatMessageW");
        assert!(!known || text.to_lowercase().contains("address"), "{text}");
    }
}
