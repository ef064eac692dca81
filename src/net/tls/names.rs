//! Which identity is for which server name: what a client asks for (SNI, RFC 6066 3) decides.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::pki_types::{DnsName, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::Identity;
use crate::error::{Error, ErrorKind, Result};

/// Exact names come before wildcards, and the default is for all others: names of nobody, and
/// clients that ask for none.
#[derive(Debug)]
pub(super) struct Names {
    default: Arc<CertifiedKey>,
    exact: HashMap<String, Arc<CertifiedKey>>,
    /// By what follows `*.`.
    wild: HashMap<String, Arc<CertifiedKey>>,
}

impl Names {
    pub(super) fn new(default: Arc<CertifiedKey>) -> Self {
        Self { default, exact: HashMap::new(), wild: HashMap::new() }
    }

    /// Adds an identity for these names.
    pub(super) fn add<'a>(
        &mut self,
        names: impl IntoIterator<Item = &'a str>,
        key: &Arc<CertifiedKey>,
    ) -> Result<()> {
        for name in names {
            let lower = name.to_ascii_lowercase();
            let (of, key_name) = match lower.strip_prefix("*.") {
                Some(parent) => (&mut self.wild, parent),
                None => (&mut self.exact, &*lower),
            };
            if of.insert(key_name.to_owned(), key.clone()).is_some() {
                return Err(refuse(name, "two identities are for it"));
            }
        }
        Ok(())
    }

    fn find(&self, name: Option<&str>) -> &Arc<CertifiedKey> {
        // A wildcard stands for one label (RFC 9525 6.3).
        let wild = |name: &str| name.split_once('.').and_then(|(_, parent)| self.wild.get(parent));
        let found = name.and_then(|name| self.exact.get(name).or_else(|| wild(name)));
        found.unwrap_or(&self.default)
    }
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // It comes in lower case.
        Some(self.find(hello.server_name()).clone())
    }
}

/// What an identity is for: the names of its certificate, or those that the program gives, which
/// the certificate must be for.
pub(super) fn names_of(identity: &Identity, given: Option<&[String]>) -> Result<Vec<String>> {
    let own = identity.names();
    let Some(given) = given else {
        let nobody = own.is_empty();
        return if nobody { Err(refuse(&identity.place(), NAMELESS)) } else { Ok(own) };
    };
    if given.is_empty() {
        return Err(refuse(&identity.place(), "no name is given"));
    }
    for name in given {
        check(name, &own, identity)?;
    }
    Ok(given.to_vec())
}

fn check(name: &str, own: &[String], identity: &Identity) -> Result<()> {
    let parsed = DnsName::try_from(name.strip_prefix("*.").unwrap_or(name).to_owned());
    let parsed = parsed.map_err(|_| refuse(name, "it is not the name of a host"))?;
    let valid = if name.starts_with("*.") {
        own.contains(&name.to_ascii_lowercase())
    } else {
        let name = ServerName::DnsName(parsed);
        identity.leaf().is_some_and(|leaf| leaf.verify_is_valid_for_subject_name(&name).is_ok())
    };
    let other = || refuse(name, &format!("its certificate is not for it, but for {own:?}"));
    valid.then_some(()).ok_or_else(other)
}

fn refuse(what: &str, why: &str) -> Error {
    Error::new(ErrorKind::Tls, "choose an identity by name for").on(what).caused_by(why)
}

const NAMELESS: &str = "its certificate is for no host's name";

#[cfg(test)]
mod tests {
    use rustls::crypto::aws_lc_rs::sign::any_supported_type;
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

    use super::*;

    #[test]
    fn an_exact_name_comes_before_a_wildcard_and_a_wildcard_before_the_default() {
        let [default, exact, wild] = [certified(), certified(), certified()];
        let mut names = Names::new(default.clone());
        names.add(["A.Example"], &exact).unwrap();
        names.add(["*.example"], &wild).unwrap();
        for (name, wanted) in [
            (Some("a.example"), &exact),
            (Some("b.example"), &wild),
            (Some("c.b.example"), &default),
            (Some("example"), &default),
            (Some(".example"), &wild),
            (None, &default),
        ] {
            assert!(Arc::ptr_eq(names.find(name), wanted), "{name:?}");
        }
    }

    #[test]
    fn a_name_is_for_one_identity() {
        let mut names = Names::new(certified());
        names.add(["a.example"], &certified()).unwrap();
        let error = names.add(["A.example"], &certified()).unwrap_err();
        assert!(error.to_string().contains("A.example: two identities"), "{error}");
    }

    fn certified() -> Arc<CertifiedKey> {
        let key = rcgen::KeyPair::generate().unwrap().serialize_der();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key));
        Arc::new(CertifiedKey::new(Vec::new(), any_supported_type(&key).unwrap()))
    }
}
