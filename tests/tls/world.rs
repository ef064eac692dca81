//! What the tests are set in: an authority, configurations of both kinds, a server that tells its
//! errors, and a session beside them that must go on.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use sockeye::tls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use sockeye::tls::rustls::pki_types::PrivatePkcs8KeyDer;
use sockeye::tls::rustls::{self, RootCertStore};
use sockeye::tls::{ClientBuilder, ClientConfig, Identity, Roots, ServerConfig, Version};
use sockeye::{Client, Error, ErrorKind, Limits, Server, Service, client, raw, server};

use crate::common::certificates::{Authority, Issued};
use crate::common::{Echo, LIMIT, addr_of, quiet};
use crate::wire::Wire;

pub(crate) const BOTH: [Version; 2] = [Version::Tls12, Version::Tls13];

pub(crate) struct World {
    pub(crate) ca: Authority,
    pub(crate) local: Issued,
}

impl World {
    pub(crate) fn new() -> Self {
        let ca = Authority::new("ca");
        Self { local: ca.local(), ca }
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::from_pem(self.ca.pem()).unwrap()
    }

    pub(crate) fn identity(&self) -> Identity {
        identity(&self.local)
    }

    pub(crate) fn server_config(&self) -> ServerConfig {
        ServerConfig::new(self.identity()).unwrap()
    }

    pub(crate) fn client_config(&self) -> ClientConfig {
        self.client_of(&BOTH)
    }

    pub(crate) fn client_of(&self, versions: &[Version]) -> ClientConfig {
        self.client_builder().versions(versions.iter().copied()).build().unwrap()
    }

    /// For servers at whatever address.
    pub(crate) fn client_builder(&self) -> ClientBuilder {
        ClientConfig::builder().roots(self.roots()).server_name("localhost")
    }

    /// For a peer of the test's own.
    pub(crate) fn rustls_client(&self, versions: &[Version]) -> rustls::ClientConfig {
        self.rustls_client_builder(versions).with_no_client_auth()
    }

    /// The same, with a certificate to show.
    pub(crate) fn rustls_client_as(
        &self,
        versions: &[Version],
        issued: &Issued,
    ) -> rustls::ClientConfig {
        let (chain, key) = (chain(issued), PrivatePkcs8KeyDer::from(issued.key_der()));
        self.rustls_client_builder(versions).with_client_auth_cert(chain, key.into()).unwrap()
    }

    fn rustls_client_builder(
        &self,
        versions: &[Version],
    ) -> rustls::ConfigBuilder<rustls::ClientConfig, rustls::client::WantsClientCert> {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.der().into()).unwrap();
        rustls::ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&supported(versions))
            .unwrap()
            .with_root_certificates(roots)
    }

    pub(crate) fn peer(&self, server: &Server) -> Wire {
        self.peer_of(server, &BOTH)
    }

    /// A client that has shaken hands with the server.
    pub(crate) fn peer_of(&self, server: &Server, versions: &[Version]) -> Wire {
        let config = Arc::new(self.rustls_client(versions));
        Wire::connect(addr_of(server), &config).shake_hands()
    }

    /// A server of the test's own.
    pub(crate) fn rustls_server(&self, versions: &[Version]) -> Arc<rustls::ServerConfig> {
        rustls_server(&self.local, versions)
    }

    pub(crate) fn serve(&self, service: &Service, protocol: raw::ServerProtocol) -> Serving {
        Serving::new(service, protocol, self.server_config(), Limits::default())
    }

    /// A client that connects to a listener of the test's own.
    pub(crate) fn connect(
        &self,
        service: &Service,
        handler: impl raw::Handler,
        listener: &TcpListener,
    ) -> (Client, Errors) {
        self.connect_with(service, handler, listener, |builder| builder)
    }

    pub(crate) fn connect_with(
        &self,
        service: &Service,
        handler: impl raw::Handler,
        listener: &TcpListener,
        build: impl FnOnce(client::Builder) -> client::Builder,
    ) -> (Client, Errors) {
        let (events, errors) = Errors::new();
        let builder = Client::builder(service, raw::client(handler)).tls(self.client_config());
        let client = build(builder.events(events)).connect(listener.local_addr().unwrap());
        (client.unwrap(), errors)
    }
}

/// A server, what it reports, and a good session on it.
pub(crate) struct Serving {
    pub(crate) server: Server,
    pub(crate) errors: Errors,
}

impl Serving {
    pub(crate) fn new(
        service: &Service,
        protocol: raw::ServerProtocol,
        config: ServerConfig,
        limits: Limits,
    ) -> Self {
        let (events, errors) = Errors::new();
        let builder = Server::builder(service, protocol).tls(config).events(events);
        Self { server: builder.limits(limits).listen(quiet()).unwrap(), errors }
    }

    pub(crate) fn echo(service: &Service, config: ServerConfig) -> Self {
        Self::new(service, raw::server(|_| Echo), config, Limits::default())
    }
}

/// What a server or a client reports.
pub(crate) struct Errors(Receiver<Error>);

/// Tells [`Errors`].
pub(crate) struct Report(Sender<Error>);

impl Errors {
    pub(crate) fn new() -> (Report, Self) {
        let (told, receiver) = channel();
        (Report(told), Self(receiver))
    }

    #[track_caller]
    pub(crate) fn next(&self) -> Error {
        self.0.recv_timeout(LIMIT).expect("an error within the limit")
    }

    /// The next one is of TLS, and says so.
    #[track_caller]
    pub(crate) fn expect_tls(&self, words: &str) {
        let error = self.next();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        assert!(error.to_string().contains(words), "{error}: wanted {words}");
    }

    #[track_caller]
    pub(crate) fn expect(&self, kind: ErrorKind, words: &str) {
        let error = self.next();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}: wanted {words}");
    }

    #[track_caller]
    pub(crate) fn expect_none(&self) {
        if let Ok(error) = self.0.try_recv() {
            panic!("{error}");
        }
    }
}

impl server::Events for Report {
    fn on_error(&self, error: &Error) {
        let _ = self.0.send(error.clone());
    }
}

impl client::Events for Report {
    fn on_error(&self, error: &Error) {
        let _ = self.0.send(error.clone());
    }
}

pub(crate) fn identity(issued: &Issued) -> Identity {
    Identity::from_pem(issued.chain_pem(), issued.key_pem()).unwrap()
}

pub(crate) fn rustls_server(issued: &Issued, versions: &[Version]) -> Arc<rustls::ServerConfig> {
    let key = PrivatePkcs8KeyDer::from(issued.key_der());
    let config = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&supported(versions))
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain(issued), key.into());
    Arc::new(config.unwrap())
}

pub(crate) fn chain(issued: &Issued) -> Vec<rustls::pki_types::CertificateDer<'static>> {
    issued.chain_der().into_iter().map(Into::into).collect()
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

pub(crate) fn supported(versions: &[Version]) -> Vec<&'static rustls::SupportedProtocolVersion> {
    let of = |version: &Version| match version {
        Version::Tls12 => &rustls::version::TLS12,
        _ => &rustls::version::TLS13,
    };
    versions.iter().map(of).collect()
}

/// A listener of the test's own.
pub(crate) fn listener() -> TcpListener {
    TcpListener::bind(quiet()).unwrap()
}
