//! A server's configuration, and how it is built.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::crypto::CryptoProvider;

use super::recipe::{Named, Recipe};
use super::settings::Settings;
use super::{ClientCertificates, Identity, Version};
use crate::error::Result;

/// How a server speaks TLS. Cheap to clone; the clones are one configuration, so that a running
/// server sees what is [reloaded](Self::reload) through any of them.
///
/// ```no_run
/// use sockeye::tls::{Identity, ServerConfig, Version};
///
/// let config = ServerConfig::builder(Identity::from_pem_files("chain.pem", "key.pem")?)
///     .identity(Identity::from_pkcs12_file("other.example.pfx", "its password")?)
///     .versions([Version::Tls13])
///     .alpn(["h2", "http/1.1"])
///     .build()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct ServerConfig(pub(super) Arc<Shared>);

pub(super) struct Shared {
    /// What new handshakes take.
    pub(super) current: RwLock<Arc<rustls::ServerConfig>>,
    /// What it was made of; `None` if rustls' user made it. Locked before `current`.
    pub(super) recipe: Mutex<Option<Recipe>>,
}

impl ServerConfig {
    /// A configuration with the defaults of [`ServerBuilder`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if no randomness is to be had.
    pub fn new(identity: Identity) -> Result<Self> {
        Self::builder(identity).build()
    }

    /// Begins a configuration. Its identity is for clients that ask for no name, or for one that
    /// is in no other identity.
    pub fn builder(identity: Identity) -> ServerBuilder {
        ServerBuilder(Recipe {
            default: identity,
            named: Vec::new(),
            clients: None,
            session_cache: 256,
            tickets: true,
            settings: Settings::default(),
        })
    }

    /// A configuration that was made with [`rustls`](super::rustls), used as it is: nothing here
    /// applies to it, and only [`replace`](Self::replace) replaces it.
    pub fn from_rustls(config: impl Into<Arc<rustls::ServerConfig>>) -> Self {
        Self::from_parts(config.into(), None)
    }

    /// What a new handshake takes: a read lock and a reference count.
    pub(crate) fn current(&self) -> Arc<rustls::ServerConfig> {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn from_parts(config: Arc<rustls::ServerConfig>, recipe: Option<Recipe>) -> Self {
        let shared = Shared { current: RwLock::new(config), recipe: Mutex::new(recipe) };
        Self(Arc::new(shared))
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recipe = self.0.recipe.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tuple = f.debug_tuple("ServerConfig");
        match &*recipe {
            Some(recipe) => tuple.field(recipe).finish(),
            None => tuple.field(&format_args!("made with rustls")).finish(),
        }
    }
}

/// Describes a [`ServerConfig`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ServerBuilder(Recipe);

impl ServerBuilder {
    /// Adds an identity for the names of its certificate: a client that asks for one of them is
    /// shown this one (SNI). `*.example.org` is for all names with one more label. By default there
    /// is only the one that the builder began with.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.0.named.push(Named { names: None, identity });
        self
    }

    /// Adds an identity for some names only. Its certificate must be for each of them.
    pub fn identity_for<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
        identity: Identity,
    ) -> Self {
        let names = Some(names.into_iter().map(Into::into).collect());
        self.0.named.push(Named { names, identity });
        self
    }

    /// Asks clients for certificates. By default they are not asked.
    pub fn client_certificates(mut self, clients: ClientCertificates) -> Self {
        self.0.clients = Some(clients);
        self
    }

    /// The versions to speak, whatever their order: the highest that both sides speak is used. 1.2
    /// and 1.3 by default.
    pub fn versions(mut self, versions: impl IntoIterator<Item = Version>) -> Self {
        self.0.settings.versions = versions.into_iter().collect();
        self
    }

    /// The application protocols to speak (ALPN, RFC 7301), the preferred one first, such as
    /// `["h2", "http/1.1"]`. A client that offers others only is refused; one that offers none is
    /// not. By default none is agreed on.
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.0.settings.alpn = protocols.into_iter().map(|each| each.as_ref().to_vec()).collect();
        self
    }

    /// Whether clients are given tickets, with which they resume sessions without a new key
    /// exchange by certificate (RFC 8446 4.6.1, RFC 5077). `true` by default. The server keeps
    /// nothing per session; the key of the tickets is random, changes every six hours, and is
    /// never stored. A ticket lasts twelve hours at most, and what a client certificate was valid
    /// for is not asked again meanwhile.
    pub fn tickets(mut self, on: bool) -> Self {
        self.0.tickets = on;
        self
    }

    /// How many sessions are kept in memory to be resumed, for clients of version 1.2 that know no
    /// tickets, or for all when tickets are off. 256 by default, about 200 bytes each; 0 for none.
    pub fn session_cache(mut self, sessions: usize) -> Self {
        self.0.session_cache = sessions;
        self
    }

    /// Whether the secrets of all sessions are appended to the file that the environment variable
    /// `SSLKEYLOGFILE` names, so that tools can decrypt recorded traffic; and so can whoever gets
    /// the file. Without the variable nothing is logged. `false` by default.
    pub fn key_log(mut self, on: bool) -> Self {
        self.0.settings.key_log = on;
        self
    }

    /// What does the cryptography. By default the provider that the program installed for all of
    /// rustls, or else aws-lc-rs, which seals the tickets in any case.
    pub fn provider(mut self, provider: impl Into<Arc<CryptoProvider>>) -> Self {
        self.0.settings.provider = Some(provider.into());
        self
    }

    /// The configuration.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if an identity is not for the names given, or a
    /// name is in two identities; if there is no version, or the name of an application protocol
    /// is empty or has more than 255 bytes; or if the provider does not know the key or a version.
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if clients are to be verified
    /// with the system's roots. The operating system's if the key log cannot be opened.
    pub fn build(self) -> Result<ServerConfig> {
        Ok(ServerConfig::from_parts(Arc::new(self.0.build()?), Some(self.0)))
    }
}
