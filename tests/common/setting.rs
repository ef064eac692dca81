//! What a test is stamped for: a scaling design, and the stream that its connections are.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};

use sockeye::{Client, Server, Service, TcpOptions, client, raw, server};

use super::authority::{tls_client, tls_server};
use super::{Design, Folder};

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
        let folder = Folder::new();
        let server = match self.stream {
            Stream::Tcp => builder.listen("127.0.0.1:0"),
            Stream::Tls => builder.tls(tls_server()).listen("127.0.0.1:0"),
            #[cfg(unix)]
            Stream::Unix => builder.listen(folder.path().join("a.sock")),
            Stream::Memory => builder.listen(memory_name()),
        };
        Served { server: server.unwrap(), stream: self.stream, _folder: folder }
    }
}

impl Deref for Setting {
    type Target = Design;

    fn deref(&self) -> &Design {
        &self.design
    }
}

/// A server, of which a peer knows how to reach it.
pub struct Served {
    server: Server,
    pub stream: Stream,
    _folder: Folder,
}

impl Served {
    /// A client of it, whose service need not be the same except in memory.
    pub fn client(&self, service: &Service, protocol: raw::ClientProtocol) -> client::Builder {
        let builder = Client::builder(service, protocol);
        match self.stream {
            Stream::Tls => builder.tls(tls_client()),
            _ => builder,
        }
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
    format!("memory:test-{}", COUNT.fetch_add(1, Ordering::Relaxed))
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
        $crate::on_stream!(tcp Tcp: $($tests)+);
        $crate::on_stream!(tls Tls: $($tests)+);
        $crate::on_stream!(memory Memory: $($tests)+);
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
