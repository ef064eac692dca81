//! Private keys in PEM under a password: PKCS#8 with PBES2 (RFC 5958, RFC 8018 6.2), as
//! `openssl pkcs8 -topk8` and `openssl genpkey -aes256` write them.

use std::result::Result as StdResult;
use std::str;

use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::input::Input;
use super::pem::READ_KEY;
use crate::error::Result;

pub(super) const BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

pub(super) fn private_key(
    input: &Input<'_>,
    password: Option<&str>,
) -> Result<PrivateKeyDer<'static>> {
    let Some(password) = password else {
        return Err(input.refuse(READ_KEY, "it is encrypted, and no password was given"));
    };
    let key = decrypt(&input.bytes, password).map_err(|why| input.refuse(READ_KEY, why))?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

fn decrypt(pem: &[u8], password: &str) -> StdResult<SecretDocument, String> {
    let section = section(pem).ok_or("its encrypted private key has no end")?;
    let (_, document) = SecretDocument::from_pem(section).map_err(|error| error.to_string())?;
    let key = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|error| {
        format!("its encryption is not one of PBES2 (RFC 8018), or damaged: {error}")
    })?;
    key.decrypt(password)
        .map_err(|error| format!("the password is wrong, or the key is damaged: {error}"))
}

/// The first encrypted key; what stands around it is nobody's business.
fn section(pem: &[u8]) -> Option<&str> {
    // Comments between sections may be in any encoding.
    let begin = pem.windows(BEGIN.len()).position(|part| part == BEGIN.as_bytes())?;
    let length = pem[begin..].windows(END.len()).position(|part| part == END.as_bytes())?;
    str::from_utf8(&pem[begin..begin + length + END.len()]).ok()
}

const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";
