//! The files: what is secret is readable for this user only, and nothing is replaced unasked.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};

use crate::issue::{Issued, Set};
use crate::options::Options;

/// The files that were written.
pub(crate) fn write(set: &Set, options: &Options) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let files = [
        ("ca.pem", set.authority.certificate.pem().into_bytes()),
        ("ca-key.pem", set.authority.key.serialize_pem().into_bytes()),
        ("server.pem", set.server.certificate.pem().into_bytes()),
        ("server-key.pem", set.server.key.serialize_pem().into_bytes()),
        ("server.pfx", pkcs12(&set.server, "server", set, options)?),
        ("client.pem", set.client.certificate.pem().into_bytes()),
        ("client-key.pem", set.client.key.serialize_pem().into_bytes()),
        ("client.pfx", pkcs12(&set.client, "client", set, options)?),
    ];
    let out = &options.out;
    let files = files.map(|(name, contents)| (out.join(name), contents));
    if let Some((there, _)) = files.iter().find(|(path, _)| path.exists() && !options.force) {
        return Err(format!("{} is there already; --force replaces it", there.display()).into());
    }
    fs::create_dir_all(out).map_err(|error| format!("cannot make {}: {error}", out.display()))?;
    for (path, contents) in &files {
        secret(path, contents)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(files.map(|(path, _)| path).into())
}

fn pkcs12(
    issued: &Issued,
    name: &str,
    set: &Set,
    options: &Options,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let key = PrivateKey::from_der(issued.key.serialized_der())?;
    let chain = [
        Certificate::from_der(issued.certificate.der())?,
        Certificate::from_der(set.authority.certificate.der())?,
    ];
    let mut store = KeyStore::new();
    let chain = PrivateKeyChain::new(name, key, chain);
    store.add_entry(name, KeyStoreEntry::PrivateKeyChain(chain));
    Ok(store.writer(&options.password).write()?)
}

fn secret(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    // A file that is there keeps the rights that it has.
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(contents)
}
