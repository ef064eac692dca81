//! Whom all TLS of a test process trusts, and what that has issued for this machine.

use std::sync::{Arc, LazyLock};

use sockeye::tls::rustls::pki_types::ServerName;
use sockeye::tls::rustls::{self, RootCertStore};
use sockeye::tls::{self, Identity, Roots};

use super::certificates::{Authority, Issued};

/// For a sockeye server.
pub fn tls_server() -> tls::ServerConfig {
    MADE.server.clone()
}

/// For a sockeye client of whatever address.
pub fn tls_client() -> tls::ClientConfig {
    MADE.client.clone()
}

/// The same for peers.
pub fn server_config() -> Arc<rustls::ServerConfig> {
    Arc::clone(&MADE.peer_server)
}

pub fn client_config() -> Arc<rustls::ClientConfig> {
    Arc::clone(&MADE.peer_client)
}

/// The authority's certificate, in PEM.
pub fn authority_pem() -> &'static str {
    &MADE.authority
}

/// A certificate for this machine and its key, in PEM.
pub fn certificate_pem() -> (&'static str, &'static str) {
    (&MADE.chain, &MADE.key)
}

/// What the certificate is for.
pub fn name() -> ServerName<'static> {
    NAME.try_into().unwrap()
}

const NAME: &str = "localhost";

struct Made {
    authority: String,
    chain: String,
    key: String,
    server: tls::ServerConfig,
    client: tls::ClientConfig,
    peer_server: Arc<rustls::ServerConfig>,
    peer_client: Arc<rustls::ClientConfig>,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let authority = Authority::new("the tests' own");
    let issued = authority.local();
    let identity = Identity::from_pem(issued.chain_pem(), issued.key_pem()).unwrap();
    // A ticket that the peer leaves unread would turn its end into a reset.
    let server = tls::ServerConfig::builder(identity).session_cache(0).tickets(false);
    let client = tls::ClientConfig::builder()
        .roots(Roots::from_pem(authority.pem()).unwrap())
        .server_name(NAME);
    Made {
        authority: authority.pem(),
        chain: issued.chain_pem(),
        key: issued.key_pem(),
        server: server.build().unwrap(),
        client: client.build().unwrap(),
        peer_server: peer_server(&issued),
        peer_client: peer_client(&authority),
    }
});

fn peer_client(authority: &Authority) -> Arc<rustls::ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().into()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap();
    config.with_root_certificates(roots).with_no_client_auth().into()
}

fn peer_server(issued: &Issued) -> Arc<rustls::ServerConfig> {
    let chain = issued.chain_der().into_iter().map(Into::into).collect();
    let key = issued.key_der().try_into().unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.send_tls13_tickets = 0;
    config.into()
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    rustls::crypto::aws_lc_rs::default_provider().into()
}
