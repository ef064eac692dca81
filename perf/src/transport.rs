//! Which sockets the programs use.

use sockeye::raw::{ClientProtocol, ServerProtocol};
use sockeye::{Client, Limits, Result, Server, Service, TcpOptions};

use crate::options::SocketOptions;

/// A TCP server.
///
/// # Errors
///
/// Those of [`listen`](sockeye::server::Builder::listen).
pub fn tcp_server(
    service: &Service,
    options: &SocketOptions,
    protocol: ServerProtocol,
) -> Result<Server> {
    Server::builder(service, protocol)
        .tcp_options(TcpOptions::default().nodelay(options.nodelay))
        .listen(options.socket_address())
}

/// A TCP client, which is connected later.
///
/// # Errors
///
/// Those of [`connect`](sockeye::client::Builder::connect).
pub fn tcp_client(
    service: &Service,
    options: &SocketOptions,
    limits: Limits,
    protocol: ClientProtocol,
) -> Result<Client> {
    Client::builder(service, protocol)
        .tcp_options(TcpOptions::default().nodelay(options.nodelay))
        .limits(limits)
        .connect(options.socket_address())
}

/// A server on a Unix socket.
///
/// # Errors
///
/// Those of [`listen`](sockeye::server::Builder::listen).
pub fn uds_server(
    service: &Service,
    options: &SocketOptions,
    protocol: ServerProtocol,
) -> Result<Server> {
    Server::builder(service, protocol).listen(options.unix_address())
}

/// A client on a Unix socket, which is connected later.
///
/// # Errors
///
/// Those of [`connect`](sockeye::client::Builder::connect).
pub fn uds_client(
    service: &Service,
    options: &SocketOptions,
    limits: Limits,
    protocol: ClientProtocol,
) -> Result<Client> {
    Client::builder(service, protocol).limits(limits).connect(options.unix_address())
}
