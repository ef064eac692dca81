//! What a test is stamped for: a scaling design, and the stream that its connections are.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(unix)]
use sockeye::UnixName;
use sockeye::{Endpoint, Server, Service, TcpOptions, raw, server};

use super::{Design, Folder, Listener, Place, free_addr, quiet, tls_server};

/// What connections are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Tcp,
    /// Over TCP.
    Tls,
    #[cfg(unix)]
    Unix,
    Memory,
}

#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub design: Design,
    pub stream: Stream,
}

impl Setting {
    /// A server at an address of its own.
    pub fn serve(self, service: &Service, protocol: raw::ServerProtocol) -> Served {
        self.listen(Server::builder(service, protocol))
    }

    /// The same of whatever else is wanted.
    pub fn listen(self, builder: server::Builder) -> Served {
        self.listen_at((Ipv4Addr::LOCALHOST, 0).into(), builder)
    }

    /// The same where nobody else comes or goes, so that it may stop and start again.
    pub fn listen_quietly(self, builder: server::Builder) -> Served {
        self.listen_at(quiet(), builder)
    }

    /// An address of its own where nobody listens.
    pub fn nowhere(self, service: &Service) -> Place {
        let folder = Arc::new(Folder::new());
        let endpoint = match self.stream {
            Stream::Tcp | Stream::Tls => free_addr().into(),
            #[cfg(unix)]
            Stream::Unix => Endpoint::Unix(UnixName::Path(folder.path().join("a.sock").into())),
            Stream::Memory => Endpoint::MemoryName(memory_name().into()),
        };
        Place { stream: self.stream, endpoint, service: service.clone(), folder }
    }

    /// A listener of the test's own.
    pub fn listener(self, service: &Service) -> Listener {
        self.nowhere(service).listen()
    }

    fn listen_at(self, addr: SocketAddr, builder: server::Builder) -> Served {
        let folder = Arc::new(Folder::new());
        let server = match self.stream {
            Stream::Tcp => builder.listen(addr),
            Stream::Tls => builder.tls(tls_server()).listen(addr),
            #[cfg(unix)]
            Stream::Unix => builder.listen(folder.path().join("a.sock")),
            Stream::Memory => builder.listen(Endpoint::MemoryName(memory_name().into())),
        };
        let server = server.unwrap();
        let (endpoint, service) = (server.local_addr(), server.service().clone());
        Served { server, place: Place { stream: self.stream, endpoint, service, folder } }
    }
}

impl Deref for Setting {
    type Target = Design;

    fn deref(&self) -> &Design {
        &self.design
    }
}

/// A server, of which a peer knows how to reach it.
#[derive(Clone)]
pub struct Served {
    server: Server,
    place: Place,
}

impl Served {
    /// Where it listens.
    pub fn place(&self) -> Place {
        self.place.clone()
    }
}

impl Deref for Served {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// Has connections hold little in the system, so that the rest is the session's.
pub fn narrow(builder: server::Builder) -> server::Builder {
    let options = TcpOptions::default().send_buffer(8192).receive_buffer(8192);
    let builder = builder.tcp_options(options);
    #[cfg(unix)]
    let builder = builder.unix_options(sockeye::UnixOptions::default().send_buffer(8192));
    builder
}

fn memory_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Stamps each test function, which takes a [`Setting`], for every stream and both designs.
#[macro_export]
macro_rules! on_all_streams {
    ($($tests:tt)+) => {
        $crate::on_stream!(tcp Tcp: $($tests)+);
        $crate::on_stream!(tls Tls: $($tests)+);
        #[cfg(unix)]
        $crate::on_stream!(unix Unix: $($tests)+);
        $crate::on_stream!(memory Memory: $($tests)+);
    };
}

/// The same for streams that know a reset.
#[macro_export]
macro_rules! on_streams_with_resets {
    ($($tests:tt)+) => {
        $crate::on_stream!(tcp_resetting Tcp: $($tests)+);
        $crate::on_stream!(tls_resetting Tls: $($tests)+);
        $crate::on_stream!(memory_resetting Memory: $($tests)+);
    };
}

/// The same for streams whose peers are not of the service itself.
#[macro_export]
macro_rules! on_sockets {
    ($($tests:tt)+) => {
        $crate::on_stream!(tcp_socket Tcp: $($tests)+);
        $crate::on_stream!(tls_socket Tls: $($tests)+);
        #[cfg(unix)]
        $crate::on_stream!(unix_socket Unix: $($tests)+);
    };
}

/// The same for TCP alone: for what is not about streams and takes its time.
#[macro_export]
macro_rules! on_tcp {
    ($($tests:tt)+) => {
        $crate::on_stream!(tcp_alone Tcp: $($tests)+);
    };
}

/// The same for one stream, in a module of this name.
#[macro_export]
macro_rules! on_stream {
    ($module:ident $stream:ident: $($(#[$attribute:meta])* $name:ident),+ $(,)?) => {
        mod $module {
            mod loop_per_thread {
                $(#[test] $(#[$attribute])* fn $name() {
                    super::super::$name($crate::setting!(LoopPerThread, $stream));
                })+
            }
            mod thread_pool {
                $(#[test] $(#[$attribute])* fn $name() {
                    super::super::$name($crate::setting!(ThreadPool, $stream));
                })+
            }
        }
    };
}

/// A [`Setting`](crate::common::Setting).
#[macro_export]
macro_rules! setting {
    ($design:ident, $stream:ident) => {
        $crate::common::Setting {
            design: $crate::common::Design::$design,
            stream: $crate::common::Stream::$stream,
        }
    };
}
