//! What a server's configuration is made of, so that it can be made again.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{NoServerSessionStorage, ServerSessionMemoryCache};

use super::describe::refused;
use super::names::{Names, names_of};
use super::settings::{CONFIGURE, Settings};
use super::{ClientCertificates, Identity};
use crate::error::Result;

#[derive(Clone, Debug)]
pub(super) struct Recipe {
    pub(super) default: Identity,
    pub(super) named: Vec<Named>,
    pub(super) clients: Option<ClientCertificates>,
    pub(super) session_cache: usize,
    pub(super) tickets: bool,
    pub(super) settings: Settings,
}

/// An identity for some names: those of its certificate if none are given.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) names: Option<Vec<String>>,
    pub(super) identity: Identity,
}

impl Recipe {
    pub(super) fn build(&self) -> Result<rustls::ServerConfig> {
        let provider = self.settings.provider();
        let builder = rustls::ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&self.settings.versions()?)
            .map_err(|error| refused(CONFIGURE, error))?;
        let builder = match &self.clients {
            Some(clients) => builder.with_client_cert_verifier(clients.verifier(&provider)?),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(self.names()?));
        config.alpn_protocols = self.settings.alpn()?;
        // Without it, two sessions could be made to have the same secret (RFC 7627 1).
        config.require_ems = true;
        if let Some(log) = self.settings.key_log()? {
            config.key_log = log;
        }
        self.resume(&mut config)?;
        Ok(config)
    }

    /// The same from the same files, as they are now.
    pub(super) fn reread(&self) -> Result<Self> {
        let named = self.named.iter().map(|named| {
            Ok(Named { names: named.names.clone(), identity: named.identity.reread()? })
        });
        Ok(Self {
            default: self.default.reread()?,
            named: named.collect::<Result<_>>()?,
            clients: self.clients.as_ref().map(ClientCertificates::reread).transpose()?,
            ..self.clone()
        })
    }

    pub(super) fn has_files(&self) -> bool {
        let named = self.named.iter().any(|named| named.identity.has_files());
        let clients = self.clients.as_ref().is_some_and(ClientCertificates::has_files);
        named || clients || self.default.has_files()
    }

    fn names(&self) -> Result<Names> {
        let own = self.settings.provider.as_deref();
        let mut names = Names::new(self.default.certified(own)?);
        for Named { names: given, identity } in &self.named {
            let of = names_of(identity, given.as_deref())?;
            names.add(of.iter().map(String::as_str), &identity.certified(own)?)?;
        }
        Ok(names)
    }

    fn resume(&self, config: &mut rustls::ServerConfig) -> Result<()> {
        config.session_storage = match self.session_cache {
            0 => Arc::new(NoServerSessionStorage {}),
            size => ServerSessionMemoryCache::new(size),
        };
        // A client uses one per connection, and is given a new one with each. A further one would
        // take 5 µs of the 240 of a handshake (both sides) and 210 bytes.
        config.send_tls13_tickets = usize::from(self.tickets || self.session_cache > 0);
        if self.tickets {
            config.ticketer = Ticketer::new().map_err(|error| refused(CONFIGURE, error))?;
        }
        Ok(())
    }
}
