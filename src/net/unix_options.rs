//! What users may set on Unix sockets. How it gets there is told in `unix_listener.rs`.

/// Options of a server's or client's Unix sockets. What is not set is left as the system has it.
///
/// Who may connect is decided by the socket file: connecting needs the permission to write it, on
/// Linux and most others, and to search the folders above. Mode and owner are set before the
/// socket listens, so that at no time anybody else can connect. On old systems that ignore the
/// file's mode (`unix(7)`), protect the folder.
///
/// ```no_run
/// use sockeye::{Server, Service, UnixOptions, raw};
///
/// let service = Service::builder().start()?;
/// let server = Server::builder(&service, raw::server(|_| raw::Discard))
///     .unix_options(UnixOptions::default().mode(0o660).owner(None, 33))
///     .listen("unix:/run/site.sock")?;
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnixOptions {
    pub(super) mode: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) replace_stale: bool,
    pub(super) backlog: u32,
    pub(super) send_buffer: Option<usize>,
    pub(super) pass_descriptors: usize,
}

impl UnixOptions {
    /// The mode of a server's socket file, as 0o660: 0 to 0o777. By default what the process's
    /// mask leaves of 0o777 (`umask(2)`). Clients ignore it, and abstract names have no file.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// The owner of a server's socket file: user, group, or both. By default those of the process.
    /// Another user takes privileges, another group being a member of it. Clients ignore it.
    #[must_use]
    pub fn owner(mut self, uid: impl Into<Option<u32>>, gid: impl Into<Option<u32>>) -> Self {
        (self.uid, self.gid) = (uid.into(), gid.into());
        self
    }

    /// Whether a socket file that is left from a server that has ended is replaced. `true` by
    /// default.
    ///
    /// It is left from one that has ended if connecting to it is refused: on macOS and the BSDs,
    /// that is also what a server does that is too busy to accept. Where somebody answers,
    /// `listen` fails with [`AddressInUse`](crate::ErrorKind::AddressInUse); so it does where the
    /// path leads to anything but a socket, such as a file or a symbolic link, which is never
    /// removed.
    #[must_use]
    pub fn replace_stale(mut self, on: bool) -> Self {
        self.replace_stale = on;
        self
    }

    /// How many connections may wait to be accepted. 1024 by default; 0 counts as 1. Linux caps it
    /// silently (`net.core.somaxconn`, 4096).
    #[must_use]
    pub fn backlog(mut self, connections: u32) -> Self {
        self.backlog = connections;
        self
    }

    /// The size of the system's send buffer per connection in bytes (`SO_SNDBUF`), which is all
    /// the room there is between the two ends. By default the system's (Linux: 208 KiB). Linux
    /// doubles it for its own bookkeeping, and caps it silently (`net.core.wmem_max`).
    #[must_use]
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.send_buffer = Some(bytes);
        self
    }

    /// Whether descriptors may be passed to the peer and from it, and how many of them may wait:
    /// to be sent, and having come to be taken. 0 by default; more than 253, which is what Linux
    /// carries with one message, count as 253. Without it, those that come are closed.
    ///
    /// See [`Session::send_with_descriptors`](crate::raw::Session::send_with_descriptors) and
    /// [`Session::take_descriptors`](crate::raw::Session::take_descriptors).
    #[must_use]
    pub fn pass_descriptors(mut self, most: usize) -> Self {
        self.pass_descriptors = most;
        self
    }
}

impl Default for UnixOptions {
    fn default() -> Self {
        Self {
            mode: None,
            uid: None,
            gid: None,
            replace_stale: true,
            backlog: 1024,
            send_buffer: None,
            pass_descriptors: 0,
        }
    }
}
