//! What servers and clients are configured with alike.

use std::env;
use std::fmt;
use std::fs::OpenOptions;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{KeyLog, KeyLogFile, SupportedProtocolVersion};

use super::Version;
use crate::error::{Error, ErrorKind, Result};

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) versions: Vec<Version>,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) key_log: bool,
    pub(super) provider: Option<Arc<CryptoProvider>>,
}

impl Settings {
    pub(super) fn provider(&self) -> Arc<CryptoProvider> {
        self.provider.clone().unwrap_or_else(default_provider)
    }

    pub(super) fn versions(&self) -> Result<Vec<&'static SupportedProtocolVersion>> {
        if self.versions.is_empty() {
            return Err(Error::new(ErrorKind::Tls, CONFIGURE).caused_by("no version is allowed"));
        }
        Ok(self.versions.iter().map(|version| version.supported()).collect())
    }

    /// A name has 1 to 255 bytes (RFC 7301 3.1).
    pub(super) fn alpn(&self) -> Result<Vec<Vec<u8>>> {
        if let Some(wrong) = self.alpn.iter().find(|name| !(1..=255).contains(&name.len())) {
            let why = format!("an application protocol's name has {} bytes", wrong.len());
            return Err(Error::new(ErrorKind::Tls, CONFIGURE).caused_by(why));
        }
        Ok(self.alpn.clone())
    }

    /// rustls would only log that it cannot write the file.
    pub(super) fn key_log(&self) -> Result<Option<Arc<dyn KeyLog>>> {
        let Some(path) = env::var_os(KEY_LOG).filter(|_| self.key_log) else {
            return Ok(None);
        };
        // Makes the file, readable for this user only.
        let log = KeyLogFile::new();
        let opened = OpenOptions::new().append(true).open(&path);
        let path = path.display();
        opened.map_err(|error| Error::io("log the secrets of TLS sessions to", error).on(&path))?;
        log::warn!(target: "sockeye::tls", "the secrets of TLS sessions are logged to {path}");
        Ok(Some(Arc::new(log)))
    }
}

impl Default for Settings {
    fn default() -> Self {
        let versions = vec![Version::Tls12, Version::Tls13];
        Self { versions, alpn: Vec::new(), key_log: false, provider: None }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alpn = self.alpn.iter().map(|name| String::from_utf8_lossy(name));
        f.debug_struct("Settings")
            .field("versions", &self.versions)
            .field("alpn", &alpn.collect::<Vec<_>>())
            .field("key_log", &self.key_log)
            .field("own_provider", &self.provider.is_some())
            .finish()
    }
}

/// The one that the program installed for all of rustls, or else aws-lc-rs.
pub(super) fn default_provider() -> Arc<CryptoProvider> {
    let installed = CryptoProvider::get_default().cloned();
    installed.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()))
}

pub(super) const CONFIGURE: &str = "configure TLS";

const KEY_LOG: &str = "SSLKEYLOGFILE";
