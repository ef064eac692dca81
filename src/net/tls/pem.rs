//! The text form of certificates, keys and revocation lists (RFC 7468).

use std::result::Result as StdResult;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;

use super::describe::describe;
use super::encrypted;
use super::input::Input;
use crate::error::Result;

/// At least one certificate, in the order of the text.
pub(super) fn certificates(input: &Input<'_>) -> Result<Vec<CertificateDer<'static>>> {
    let found = sections(input, READ_CERTIFICATE)?;
    if found.is_empty() {
        return Err(input.refuse(READ_CERTIFICATE, nothing(input, "certificate")));
    }
    for certificate in &found {
        check(certificate).map_err(|why| input.refuse(READ_CERTIFICATE, why))?;
    }
    Ok(found)
}

/// The one private key, be it PKCS#8, PKCS#1 or SEC1.
pub(super) fn private_key(
    input: &Input<'_>,
    password: Option<&str>,
) -> Result<PrivateKeyDer<'static>> {
    if input.holds("Proc-Type: 4,ENCRYPTED") {
        return Err(input.refuse(READ_KEY, OLD_ENCRYPTION));
    }
    if input.holds(encrypted::BEGIN) {
        return encrypted::private_key(input, password);
    }
    let mut found = sections(input, READ_KEY)?;
    match (found.pop(), found.is_empty()) {
        (Some(key), true) => Ok(key),
        (Some(_), false) => Err(input.refuse(READ_KEY, "it holds several private keys")),
        (None, _) => Err(input.refuse(READ_KEY, nothing(input, "private key"))),
    }
}

/// At least one revocation list.
pub(super) fn revocation_lists(
    input: &Input<'_>,
) -> Result<Vec<CertificateRevocationListDer<'static>>> {
    let found = sections(input, READ_REVOCATION)?;
    if found.is_empty() {
        return Err(input.refuse(READ_REVOCATION, nothing(input, "revocation list")));
    }
    Ok(found)
}

/// Whether it is a certificate at all.
pub(super) fn check(certificate: &CertificateDer<'_>) -> StdResult<(), String> {
    ParsedCertificate::try_from(certificate).map(drop).map_err(|error| describe(&error))
}

pub(super) const READ_CERTIFICATE: &str = "read a certificate from";
pub(super) const READ_KEY: &str = "read a private key from";
pub(super) const READ_REVOCATION: &str = "read a revocation list from";

fn sections<T: PemObject>(input: &Input<'_>, attempt: &'static str) -> Result<Vec<T>> {
    let sections = T::pem_slice_iter(&input.bytes);
    sections.map(|section| section.map_err(|error| input.refuse(attempt, why(&error)))).collect()
}

/// The parser's own words are lists of bytes.
fn why(error: &pem::Error) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!("its section {} has no end", text(end_marker))
        }
        pem::Error::IllegalSectionStart { line } => {
            format!("`{}` begins no PEM section", text(line))
        }
        pem::Error::Base64Decode(why) => format!("a PEM section is not base64: {why}"),
        other => other.to_string(),
    }
}

/// Why there is none of what was looked for.
fn nothing(input: &Input<'_>, wanted: &str) -> String {
    if input.bytes.is_empty() {
        "it is empty".to_owned()
    } else if !input.holds("-----BEGIN ") {
        format!("it holds no {wanted}: it is not PEM")
    } else {
        format!("it holds no {wanted}, but other PEM sections")
    }
}

/// RFC 1421's way derives the key with one round of MD5.
const OLD_ENCRYPTION: &str = "it is encrypted in the outdated way of `Proc-Type: 4,ENCRYPTED`; \
                              convert it with `openssl pkcs8 -topk8`";
