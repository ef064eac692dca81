//! Which sockets the programs use.

use sockeye::raw::{ClientProtocol, ServerProtocol};
use sockeye::{Client, Limits, Result, Server, Service, TcpOptions, client, server, tls, udp};

use crate::datagrams::{DatagramLink, Datagrams};
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
    over_tcp(service, options, protocol).listen(options.socket_address())
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
    to_tcp(service, options, limits, protocol).connect(options.socket_address())
}

/// A TLS server.
///
/// # Errors
///
/// Those of [`listen`](sockeye::server::Builder::listen).
pub fn tls_server(
    service: &Service,
    options: &SocketOptions,
    config: tls::ServerConfig,
    protocol: ServerProtocol,
) -> Result<Server> {
    over_tcp(service, options, protocol).tls(config).listen(options.socket_address())
}

/// A TLS client, which is connected later.
///
/// # Errors
///
/// Those of [`connect`](sockeye::client::Builder::connect).
pub fn tls_client(
    service: &Service,
    options: &SocketOptions,
    limits: Limits,
    config: tls::ClientConfig,
    protocol: ClientProtocol,
) -> Result<Client> {
    to_tcp(service, options, limits, protocol).tls(config).connect(options.socket_address())
}

fn over_tcp(
    service: &Service,
    options: &SocketOptions,
    protocol: ServerProtocol,
) -> server::Builder {
    Server::builder(service, protocol)
        .tcp_options(TcpOptions::default().nodelay(options.nodelay))
        .limits(Limits::default().queue(2 * LONGEST))
}

fn to_tcp(
    service: &Service,
    options: &SocketOptions,
    limits: Limits,
    protocol: ClientProtocol,
) -> client::Builder {
    Client::builder(service, protocol)
        .tcp_options(TcpOptions::default().nodelay(options.nodelay))
        .limits(limits)
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

/// A UDP socket that is bound to the server's address.
///
/// # Errors
///
/// Those of [`Builder::bind`](udp::Builder::bind).
pub fn udp_server(
    service: &Service,
    options: &SocketOptions,
    handler: impl udp::Handler,
) -> Result<udp::Socket> {
    udp::Socket::builder(service, handler)
        .options(udp::Options::default().receive_buffer(RECEIVE))
        .bind(options.socket_address())
}

/// A UDP socket that is connected to the server's address.
///
/// # Errors
///
/// Those of [`Builder::connect`](udp::Builder::connect).
pub fn udp_client(
    service: &Service,
    options: &SocketOptions,
    messages: Datagrams,
) -> Result<DatagramLink> {
    let socket = udp::Socket::builder(service, messages.clone())
        .options(udp::Options::default().receive_buffer(RECEIVE))
        .connect(options.socket_address())?;
    Ok(DatagramLink::new(service, socket, messages))
}

/// Bytes of the longest message that is measured. Servers have room for two.
pub(crate) const LONGEST: usize = 64 << 20;

/// What the system may hold while the program is busy; it grants less where it is told to.
const RECEIVE: usize = 4 << 20;
