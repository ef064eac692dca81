//! Who is at the other end of a Unix socket, as the system vouches for it.

use super::Stream;

/// Whose process is at the other end of a Unix socket; told by the system, so that the peer cannot
/// lie about it.
///
/// They are those of the time when the peer connected or began to listen. By now its process may
/// have ended, and its number may be another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Credentials {
    /// The process, where the system tells it (Linux and Android), and tells it to this one: it
    /// does not across PID namespaces.
    pub pid: Option<u32>,
    /// The effective user.
    pub uid: u32,
    /// The effective group.
    pub gid: u32,
}

impl Stream {
    /// Who is at the other end. `None` if it is no Unix socket, or if the system does not tell.
    pub(crate) fn peer_credentials(&self) -> Option<Credentials> {
        match self {
            #[cfg(unix)]
            Self::Unix(unix) => credentials(unix),
            _ => None,
        }
    }
}

/// Not by rustix, whose process numbers must not be 0, as those of foreign namespaces are.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn credentials(unix: &super::UnixStream) -> Option<Credentials> {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

    let found = getsockopt(unix, PeerCredentials).ok()?;
    let pid = u32::try_from(found.pid()).ok().filter(|pid| *pid != 0);
    Some(Credentials { pid, uid: found.uid(), gid: found.gid() })
}

#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "ios",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd",
))]
fn credentials(unix: &super::UnixStream) -> Option<Credentials> {
    let (uid, gid) = nix::unistd::getpeereid(unix).ok()?;
    Some(Credentials { pid: None, uid: uid.as_raw(), gid: gid.as_raw() })
}

#[cfg(all(
    unix,
    not(any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "ios",
        target_os = "linux",
        target_os = "macos",
        target_os = "netbsd",
        target_os = "openbsd",
    ))
))]
fn credentials(_unix: &super::UnixStream) -> Option<Credentials> {
    None
}
