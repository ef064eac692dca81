//! A client's configuration, and how it is built.

use std::fmt;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;

use super::describe::refused;
use super::host::parse;
use super::settings::{CONFIGURE, Settings};
use super::trust::{Trust, Who};
use super::{Identity, RevocationLists, Roots, Version};
use crate::error::Result;

/// How a client speaks TLS. Cheap to clone; the clones resume each other's sessions.
///
/// ```no_run
/// use sockeye::tls::{ClientConfig, Identity, Roots};
///
/// let config = ClientConfig::builder()
///     .roots(Roots::from_pem_file("ca.pem")?)
///     .identity(Identity::from_pkcs12_file("client.pfx", "its password")?)
///     .server_name("service.internal")
///     .build()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct ClientConfig {
    rustls: Arc<rustls::ClientConfig>,
    name: Option<ServerName<'static>>,
}

impl ClientConfig {
    /// A configuration with the defaults of [`ClientBuilder`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if the system has no root certificates.
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// Begins a configuration.
    pub fn builder() -> ClientBuilder {
        ClientBuilder {
            trust: Trust { who: Who::Roots(Roots::system()), revocation: None },
            identity: None,
            name: None,
            session_cache: 256,
            settings: Settings::default(),
        }
    }

    /// A configuration that was made with [`rustls`](super::rustls), used as it is.
    pub fn from_rustls(config: impl Into<Arc<rustls::ClientConfig>>) -> Self {
        Self { rustls: config.into(), name: None }
    }

    /// The same, for a server of this name; see [`ClientBuilder::server_name`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if a certificate cannot be for such a name.
    pub fn with_server_name(&self, name: &str) -> Result<Self> {
        Ok(Self { rustls: self.rustls.clone(), name: Some(parse(name)?) })
    }

    pub(crate) fn rustls(&self) -> &Arc<rustls::ClientConfig> {
        &self.rustls
    }

    /// What the certificate of a server at this host must be for: a name or an IP address, the
    /// latter also in brackets or with a zone.
    pub(crate) fn server_name(&self, host: &str) -> Result<ServerName<'static>> {
        self.name.clone().map_or_else(|| parse(host), Ok)
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_ref().map(ServerName::to_str);
        f.debug_struct("ClientConfig").field("server_name", &name).finish_non_exhaustive()
    }
}

/// Describes a [`ClientConfig`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    trust: Trust,
    identity: Option<Identity>,
    name: Option<String>,
    session_cache: usize,
    settings: Settings,
}

impl ClientBuilder {
    /// What a server's certificate must lead to. [`Roots::system`] by default.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.trust.who = Who::Roots(roots);
        self
    }

    /// Refuses servers whose certificates are in one of these lists, and those whose issuers have
    /// none here. Only with given roots: systems that know revocation do it themselves. None by
    /// default.
    pub fn revocation(mut self, lists: RevocationLists) -> Self {
        self.trust.revocation = Some(lists);
        self
    }

    /// The certificate for servers that ask for one. None by default.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// The name, or IP address, that the server's certificate must be for, and that the server is
    /// asked for (SNI; not for IP addresses, RFC 6066 3). By default the host of the address that
    /// the client connects to.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The versions to speak, whatever their order: the highest that both sides speak is used. 1.2
    /// and 1.3 by default.
    pub fn versions(mut self, versions: impl IntoIterator<Item = Version>) -> Self {
        self.settings.versions = versions.into_iter().collect();
        self
    }

    /// The application protocols to offer (ALPN, RFC 7301), such as `["h2", "http/1.1"]`; the
    /// server chooses. By default none is agreed on.
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.settings.alpn = protocols.into_iter().map(|each| each.as_ref().to_vec()).collect();
        self
    }

    /// For how many servers sessions are kept in memory, to be resumed by later connections with
    /// less of a handshake. 256 by default; 0 resumes nothing.
    pub fn session_cache(mut self, servers: usize) -> Self {
        self.session_cache = servers;
        self
    }

    /// Whether the secrets of all sessions are appended to the file that the environment variable
    /// `SSLKEYLOGFILE` names, so that tools can decrypt recorded traffic; and so can whoever gets
    /// the file. Without the variable nothing is logged. `false` by default.
    pub fn key_log(mut self, on: bool) -> Self {
        self.settings.key_log = on;
        self
    }

    /// What does the cryptography. By default the provider that the program installed for all of
    /// rustls, or else aws-lc-rs.
    pub fn provider(mut self, provider: impl Into<Arc<CryptoProvider>>) -> Self {
        self.settings.provider = Some(provider.into());
        self
    }

    /// Trusts **whoever answers**, whatever certificate it shows. For development only: anybody on
    /// the way can be the server, read everything and change everything. A
    /// [development CA](Roots::from_pem_file) does the same without that. Roots and revocation
    /// lists count for nothing then, and each `build` logs a warning.
    pub fn dangerously_skip_verification(mut self) -> Self {
        self.trust.who = Who::Anybody;
        self
    }

    /// The configuration. With the system's roots on most Unixes this reads a file of some hundred
    /// kilobytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if the system has no roots; if a certificate
    /// cannot be for the server name; if there is no version, or the name of an application
    /// protocol is empty or has more than 255 bytes; or if the provider does not know the key or a
    /// version. [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for revocation lists with
    /// the system's roots. The operating system's if the key log cannot be opened.
    pub fn build(self) -> Result<ClientConfig> {
        let provider = self.settings.provider();
        let own = self.settings.provider.as_deref();
        let verifier = self.trust.verifier(&provider)?;
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.settings.versions()?)
            .map_err(|error| refused(CONFIGURE, error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match &self.identity {
            Some(identity) => {
                let key = SingleCertAndKey::from(identity.certified(own)?);
                builder.with_client_cert_resolver(Arc::new(key))
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = self.settings.alpn()?;
        // Without it, two sessions could be made to have the same secret (RFC 7627 1).
        config.require_ems = true;
        config.resumption = match self.session_cache {
            0 => Resumption::disabled(),
            size => Resumption::in_memory_sessions(size),
        };
        if let Some(log) = self.settings.key_log()? {
            config.key_log = log;
        }
        let name = self.name.as_deref().map(parse).transpose()?;
        Ok(ClientConfig { rustls: Arc::new(config), name })
    }
}
