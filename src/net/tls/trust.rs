//! Whom a client trusts, and who verifies it.

use std::result::Result as StdResult;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_platform_verifier::Verifier;

use super::describe::refused;
use super::unverified::Unverified;
use super::{RevocationLists, Roots};
use crate::error::{Error, ErrorKind, Result};

#[derive(Clone, Debug)]
pub(super) struct Trust {
    pub(super) who: Who,
    pub(super) revocation: Option<RevocationLists>,
}

#[derive(Clone, Debug)]
pub(super) enum Who {
    Roots(Roots),
    Anybody,
}

impl Trust {
    pub(super) fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>> {
        match &self.who {
            Who::Anybody => {
                log::warn!(target: "sockeye::tls", "a client is configured to trust any server");
                Ok(Arc::new(Unverified(provider.clone())))
            }
            Who::Roots(roots) if roots.with_system() => self.by_the_system(roots, provider),
            Who::Roots(roots) => self.by_given_roots(roots, provider),
        }
    }

    fn by_the_system(
        &self,
        roots: &Roots,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>> {
        if self.revocation.is_some() {
            let why = "revocation lists need given roots: the system verifies in its own way";
            return Err(Error::new(ErrorKind::Unsupported, VERIFY_SERVERS).because(why));
        }
        let verifier = system_verifier(roots, provider.clone());
        Ok(Arc::new(verifier.map_err(|error| refused(VERIFY_SERVERS, error))?))
    }

    fn by_given_roots(
        &self,
        roots: &Roots,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>> {
        let provider = provider.clone();
        let mut builder = WebPkiServerVerifier::builder_with_provider(roots.store()?, provider);
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
        let refuse = |error| Error::new(ErrorKind::Tls, VERIFY_SERVERS).caused_by(error);
        Ok(builder.build().map_err(refuse)?)
    }
}

#[cfg(not(target_os = "android"))]
fn system_verifier(
    roots: &Roots,
    provider: Arc<CryptoProvider>,
) -> StdResult<Verifier, rustls::Error> {
    Verifier::new_with_extra_roots(roots.certificates().cloned(), provider)
}

/// There only the system's configuration of the app adds roots.
#[cfg(target_os = "android")]
fn system_verifier(
    roots: &Roots,
    provider: Arc<CryptoProvider>,
) -> StdResult<Verifier, rustls::Error> {
    if roots.certificates().next().is_some() {
        let why = "Android takes no roots beside its own";
        return Err(rustls::Error::General(why.to_owned()));
    }
    Verifier::new(provider)
}

const VERIFY_SERVERS: &str = "verify TLS servers";
