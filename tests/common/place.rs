//! Where a server listens, or has listened.

use std::any::Any;
use std::net::{TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;

use sockeye::{Client, Endpoint, Server, Service, client, raw};

use super::{Folder, LIMIT, Listener, Stream, tls_client};

/// An address of one stream, and what must be there for it.
#[derive(Clone)]
pub struct Place {
    pub(super) stream: Stream,
    pub(super) endpoint: Endpoint,
    pub(super) service: Service,
    pub(super) folder: Arc<Folder>,
}

impl Place {
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Listens there, and has plain peers for those who connect.
    pub fn listen(&self) -> Listener {
        Listener::new(self.clone())
    }

    /// A client of whoever listens there.
    pub fn client(&self, service: &Service, protocol: raw::ClientProtocol) -> client::Builder {
        let builder = Client::builder(service, protocol);
        match self.stream {
            Stream::Tls => builder.tls(tls_client()),
            _ => builder,
        }
    }

    /// Somebody else listens there as long as the result lives, if that is possible.
    pub fn taken(&self) -> Option<Box<dyn Any>> {
        match self.stream {
            Stream::Tcp | Stream::Tls => {
                let listener = TcpListener::bind(self.endpoint.socket_addr().unwrap());
                Some(Box::new(listener.ok()?))
            }
            #[cfg(unix)]
            Stream::Unix => Some(Box::new(UnixListener::bind(self.endpoint.path().unwrap()).ok()?)),
            Stream::Memory => {
                let builder = Server::builder(&self.service, raw::server(|_| raw::Discard));
                Some(Box::new(Stopping(builder.listen(&self.endpoint).ok()?)))
            }
        }
    }

    /// Whether somebody else could listen there.
    pub fn is_free(&self) -> bool {
        let free = self.taken().is_some();
        if let Some(path) = self.endpoint.path().filter(|_| free) {
            std::fs::remove_file(path).unwrap();
        }
        free
    }

    /// Whether nobody listens there.
    pub fn refuses(&self) -> bool {
        match self.stream {
            Stream::Tcp | Stream::Tls => {
                TcpStream::connect(self.endpoint.socket_addr().unwrap()).is_err()
            }
            #[cfg(unix)]
            Stream::Unix => UnixStream::connect(self.endpoint.path().unwrap()).is_err(),
            Stream::Memory => {
                let client = Client::builder(&self.service, raw::client(raw::Discard));
                let connected = client.connect(&self.endpoint);
                connected.and_then(|client| client.wait_connected(LIMIT)).is_err()
            }
        }
    }
}

/// Leaves its address at once when it is dropped.
struct Stopping(Server);

impl Drop for Stopping {
    fn drop(&mut self) {
        self.0.stop().unwrap();
    }
}
