//! Which certificates a server wants of its clients.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::{RevocationLists, Roots};
use crate::error::{Error, ErrorKind, Result};

/// What a server asks its clients for: a certificate that leads to one of given roots, and is for
/// clients by its extended key usage, if it has that.
///
/// Who a client is, then tells [`Info::peer_certificate`](super::Info::peer_certificate).
///
/// ```no_run
/// use sockeye::tls::{ClientCertificates, Identity, RevocationLists, Roots, ServerConfig};
///
/// let clients = ClientCertificates::required(Roots::from_pem_file("clients.pem")?)
///     .revocation(RevocationLists::from_file("clients.crl")?);
/// let config = ServerConfig::builder(Identity::from_pem_files("chain.pem", "key.pem")?)
///     .client_certificates(clients)
///     .build()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientCertificates {
    roots: Roots,
    revocation: Option<RevocationLists>,
    demand: Demand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    Required,
    Optional,
}

impl ClientCertificates {
    /// Nobody is served without one: the handshake ends with the alert `CertificateRequired`.
    pub fn required(roots: Roots) -> Self {
        Self { roots, revocation: None, demand: Demand::Required }
    }

    /// A client may have none. One that it shows must be valid all the same.
    pub fn optional(roots: Roots) -> Self {
        Self { roots, revocation: None, demand: Demand::Optional }
    }

    /// Refuses certificates that are in one of these lists, and those whose issuers have none here.
    /// By default nothing is known to be revoked.
    #[must_use]
    pub fn revocation(mut self, lists: RevocationLists) -> Self {
        self.revocation = Some(lists);
        self
    }

    pub(super) fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>> {
        if self.roots.with_system() {
            let why = "clients are verified by given roots only, not by the system's";
            return Err(Error::new(ErrorKind::Unsupported, VERIFY_CLIENTS).because(why));
        }
        let roots = self.roots.store()?;
        let mut builder = WebPkiClientVerifier::builder_with_provider(roots, provider.clone());
        if self.demand == Demand::Optional {
            builder = builder.allow_unauthenticated();
        }
        if let Some(rules) = &self.revocation {
            builder = builder.with_crls(rules.lists());
            if rules.leaf_only {
                builder = builder.only_check_end_entity_revocation();
            }
            if rules.allow_unknown {
                builder = builder.allow_unknown_revocation_status();
            }
            if !rules.allow_expired {
                builder = builder.enforce_revocation_expiration();
            }
        }
        let refuse = |error| Error::new(ErrorKind::Tls, VERIFY_CLIENTS).caused_by(error);
        builder.build().map_err(refuse)
    }

    /// The same from the same files, as they are now.
    pub(super) fn reread(&self) -> Result<Self> {
        let revocation = self.revocation.as_ref().map(RevocationLists::reread).transpose()?;
        Ok(Self { roots: self.roots.reread()?, revocation, demand: self.demand })
    }

    pub(super) fn has_files(&self) -> bool {
        self.roots.has_files() || self.revocation.as_ref().is_some_and(RevocationLists::has_files)
    }
}

const VERIFY_CLIENTS: &str = "verify clients of a TLS server";
