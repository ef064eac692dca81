//! What a Unix socket may be called: a path, an abstract name, or nothing. A value, on every system.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of a Unix socket. Cheap to clone.
///
/// ```
/// use std::path::Path;
/// use sockeye::{Address, Endpoint, ToAddresses, UnixName};
///
/// let name = UnixName::Path(Path::new("/run/site.sock").into());
/// assert_eq!(name.path(), Some(Path::new("/run/site.sock")));
/// let [address] = &*Endpoint::Unix(name).to_addresses()? else { unreachable!() };
/// assert_eq!(*address, "unix:/run/site.sock".parse::<Address>()?);
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnixName {
    /// A socket file.
    Path(Arc<Path>),
    /// A name without a file, as Linux has them besides: free when its last socket is closed, and
    /// anybody's to take and to connect to, as no file mode protects it.
    Abstract(Arc<[u8]>),
    /// None, as clients have it.
    Unnamed,
}

impl UnixName {
    /// The socket's file, if it has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Abstract(_) | Self::Unnamed => None,
        }
    }

    /// What follows `unix:` in an address, or what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        match text.strip_prefix('@') {
            _ if text.contains('\0') => Err("there is a zero byte in it"),
            Some("") => Err("the name is empty"),
            Some(name) => Ok(Self::Abstract(name.as_bytes().into())),
            None => Self::of_path(Path::new(text)),
        }
    }

    /// As it lies in a `sockaddr_un` that is filled up with zeroes.
    pub(super) fn of_sockaddr(bytes: &[u8]) -> Self {
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        match &bytes[..used] {
            [] => Self::Unnamed,
            [0, name @ ..] => Self::Abstract(name.into()),
            bytes => {
                let path = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                Self::Path(path_of(path).into())
            }
        }
    }

    /// The name of a file, or what is wrong with it.
    pub(super) fn of_path(path: &Path) -> Result<Self, &'static str> {
        let bytes = path.as_os_str().as_encoded_bytes();
        if bytes.is_empty() {
            Err("the path is empty")
        } else if bytes.contains(&0) {
            Err("there is a zero byte in it")
        } else {
            Ok(Self::Path(path.into()))
        }
    }
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// As in an address. A path that begins with `@` gets a `./` before it, so that it stays a path.
impl fmt::Display for UnixName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) if path.as_os_str().as_encoded_bytes().starts_with(b"@") => {
                write!(f, "unix:./{}", path.display())
            }
            Self::Path(path) => write!(f, "unix:{}", path.display()),
            Self::Abstract(name) => write!(f, "unix:@{}", name.escape_ascii()),
            Self::Unnamed => f.write_str("unix:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_their_zeroes() {
        for (bytes, name) in [
            (&b""[..], "unix:"),
            (b"\0\0\0", "unix:"),
            (b"/run/a\0\0", "unix:/run/a"),
            (b"/run/a", "unix:/run/a"),
            (b"/run/a\0rest", "unix:/run/a"),
            (b"\0abc\0\0", "unix:@abc"),
            (b"\0a\0c\0", "unix:@a\\x00c"),
        ] {
            assert_eq!(UnixName::of_sockaddr(bytes).to_string(), name);
        }
    }
}
