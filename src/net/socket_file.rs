//! The file of a listening Unix socket: whose it is, when it may be removed, and by whom.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown};
use std::path::{self, Path, PathBuf};

use super::{UnixName, UnixOptions, unix_socket};
use crate::error::{Error, ErrorKind, Result};

/// A socket file that this process has made. Dropping it removes the file, if it still is the one.
///
/// To be dropped before its socket: as long as that is open, the system gives the file's number to
/// no other, so that device and number tell for certain.
#[derive(Debug)]
pub(super) struct SocketFile {
    /// Absolute, as the process may change its folder meanwhile.
    path: PathBuf,
    identity: Identity,
}

/// Which file it is, whatever it is called: device and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl SocketFile {
    /// Takes charge of the file that `bind` has just made.
    pub(super) fn of_bound(path: &Path) -> io::Result<Self> {
        let path = path::absolute(path)?;
        let identity = Identity::of(&fs::symlink_metadata(&path)?);
        Ok(Self { path, identity })
    }

    /// Lets those connect who shall. Nobody can before `listen`.
    pub(super) fn admit(&self, options: &UnixOptions) -> io::Result<()> {
        if let Some(mode) = options.mode {
            fs::set_permissions(&self.path, fs::Permissions::from_mode(mode))?;
        }
        if options.uid.is_some() || options.gid.is_some() {
            lchown(&self.path, options.uid, options.gid)?;
        }
        Ok(())
    }

    /// Whether the path still leads here.
    pub(super) fn is_there(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|there| Identity::of(&there) == self.identity)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_there()
            && let Err(error) = fs::remove_file(&self.path)
        {
            log::warn!("cannot remove the socket {}: {error}", self.path.display());
        }
    }
}

impl Identity {
    fn of(file: &fs::Metadata) -> Self {
        Self(file.dev(), file.ino())
    }
}

/// Removes what is at the path if it is a socket on which nobody listens; else says what it is.
pub(super) fn remove_stale(path: &Path, name: &UnixName) -> Result<()> {
    let in_use = |why: &str| Err(Error::new(ErrorKind::AddressInUse, "bind").on(name).because(why));
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    if found.is_symlink() {
        return in_use("there is a symbolic link");
    } else if !found.file_type().is_socket() {
        return in_use("what is there is no socket");
    }
    match probe(name)? {
        Ok(()) => return in_use("somebody listens there"),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        // Too many wait for its owner, or it is a socket of another type.
        Err(error) => return in_use(&format!("somebody may listen there: {error}")),
    }
    // Another server may have been faster, or may have bound and not listen yet. It finds out
    // before its own `listen` returns, unless that falls between this look and the next call.
    match fs::symlink_metadata(path) {
        Ok(there) if Identity::of(&there) != Identity::of(&found) => {
            in_use("somebody else has just replaced it")
        }
        Ok(_) => fs::remove_file(path)
            .map_err(|error| Error::io("remove the stale socket", error).on(name)),
        // Somebody has removed it.
        Err(_) => Ok(()),
    }
}

/// Whether somebody answers.
fn probe(name: &UnixName) -> Result<io::Result<()>> {
    let address = unix_socket::address(name, "bind")?;
    Ok(unix_socket::socket().and_then(|socket| socket.connect(&address)))
}
