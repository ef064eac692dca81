//! A certificate chain and its key in one file under a password: PKCS#12 (RFC 7292), also called
//! PFX.

use p12_keystore::error::Error as Pkcs12Error;
use p12_keystore::{Certificate, Pkcs12Archive};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ParsedCertificate;
use rustls::sign::SigningKey;

use super::describe::describe;
use super::input::Input;
use crate::error::Result;

/// The chain, the certificate of the key first, and the key. Certificates that do not belong to
/// the chain are left out, and so is a root above others: whoever shall trust it has it.
pub(super) fn read(
    input: &Input<'_>,
    password: &str,
    provider: &CryptoProvider,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let refuse = |why: String| input.refuse(READ_PKCS12, why);
    if input.bytes.is_empty() {
        return Err(refuse("it is empty".to_owned()));
    }
    let archive =
        Pkcs12Archive::from_pkcs12(&input.bytes, password).map_err(|e| refuse(why(&e)))?;
    let [key] = &*archive.keys else {
        return Err(refuse(format!("it holds {} private keys instead of one", archive.keys.len())));
    };
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.key.as_der().to_vec()));
    let signing = provider.key_provider.load_private_key(key.clone_key());
    let signing = signing.map_err(|error| refuse(describe(&error)))?;
    let all = archive.certs.iter().map(|bag| &bag.cert).collect::<Vec<_>>();
    let chain = chain(&all, &*signing).ok_or_else(|| {
        refuse("KeyMismatch: none of its certificates belongs to its private key".to_owned())
    })?;
    Ok((chain, key))
}

fn why(error: &Pkcs12Error) -> String {
    match error {
        Pkcs12Error::MacError(_) => "the password is wrong, or the file is damaged".to_owned(),
        Pkcs12Error::DerError(error) => format!("it is not PKCS#12: {error}"),
        other => other.to_string(),
    }
}

/// The bags of a file have no order: each certificate names its issuer.
fn chain(all: &[&Certificate], key: &dyn SigningKey) -> Option<Vec<CertificateDer<'static>>> {
    let leaf = *all.iter().find(|certificate| belongs(certificate, key))?;
    let mut chain = vec![leaf];
    while let Some(next) = issuer(all, chain[chain.len() - 1]).filter(|next| !chain.contains(next))
    {
        chain.push(next);
    }
    if chain.len() > 1 && is_root(chain[chain.len() - 1]) {
        chain.pop();
    }
    Some(chain.into_iter().map(|each| CertificateDer::from(each.as_der().to_vec())).collect())
}

fn issuer<'a>(all: &[&'a Certificate], of: &Certificate) -> Option<&'a Certificate> {
    all.iter().copied().find(|each| each.subject() == of.issuer())
}

fn is_root(certificate: &Certificate) -> bool {
    certificate.subject() == certificate.issuer()
}

fn belongs(certificate: &Certificate, key: &dyn SigningKey) -> bool {
    let der = CertificateDer::from(certificate.as_der());
    let parsed = ParsedCertificate::try_from(&der);
    parsed.is_ok_and(|parsed| key.public_key() == Some(parsed.subject_public_key_info()))
}

pub(super) const READ_PKCS12: &str = "read PKCS#12 from";
