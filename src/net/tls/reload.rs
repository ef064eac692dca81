//! How a server's configuration is replaced while it is in use.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::recipe::Recipe;
use super::{Identity, ServerConfig};
use crate::error::{Error, ErrorKind, Result};

/// Replacing it concerns handshakes that begin from then on, through all clones; sessions that
/// there are go on undisturbed. When it fails, nothing has changed. It may be done from any thread,
/// though not from callbacks if the files are on a slow disk.
impl ServerConfig {
    /// Replaces the default identity, such as by one with a renewed certificate. Clients may go on
    /// to resume earlier sessions.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] if the configuration was made with rustls, [`ErrorKind::Tls`] if
    /// its provider does not know the key.
    pub fn reload(&self, identity: Identity) -> Result<()> {
        let mut recipe = self.recipe();
        let old = recipe.as_ref().ok_or_else(foreign)?;
        let new = Recipe { default: identity, ..old.clone() };
        self.install(&mut recipe, new, Resumption::Goes)
    }

    /// Reads all files again from which the configuration was made: identities, and the roots and
    /// revocation lists for clients. Where clients are verified, they cannot resume earlier
    /// sessions, so that the new rules hold for all of them.
    ///
    /// ```no_run
    /// # fn config() -> sockeye::Result<sockeye::tls::ServerConfig> { unimplemented!() }
    /// let config = config()?;
    /// if let Err(error) = config.reload_files() {
    ///     eprintln!("the server goes on with its former certificate: {error}");
    /// }
    /// # Ok::<(), sockeye::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of reading the files. [`ErrorKind::Unsupported`] if there are none, or one was read
    /// with a password, which is not kept.
    pub fn reload_files(&self) -> Result<()> {
        let mut recipe = self.recipe();
        let old = recipe.as_ref().ok_or_else(foreign)?;
        if !old.has_files() {
            return Err(cannot("nothing in it came from a file"));
        }
        let new = old.reread()?;
        let verified = new.clients.is_some();
        let resumption = if verified { Resumption::Ends } else { Resumption::Goes };
        self.install(&mut recipe, new, resumption)
    }

    /// Replaces everything by what is in another configuration now. The two stay separate: what is
    /// reloaded in the other later does not concern this one. Earlier sessions of this one cannot
    /// be resumed.
    pub fn replace(&self, by: &Self) {
        // One after the other: the two may be one.
        let new = by.recipe().clone();
        let config = by.0.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut recipe = self.recipe();
        *recipe = new;
        self.set(config);
    }

    fn install(&self, recipe: &mut Option<Recipe>, new: Recipe, old: Resumption) -> Result<()> {
        let mut config = new.build()?;
        if old == Resumption::Goes {
            let former = self.0.current.read().unwrap_or_else(PoisonError::into_inner);
            config.session_storage = former.session_storage.clone();
            config.ticketer = former.ticketer.clone();
        }
        *recipe = Some(new);
        self.set(Arc::new(config));
        Ok(())
    }

    fn set(&self, config: Arc<rustls::ServerConfig>) {
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    fn recipe(&self) -> MutexGuard<'_, Option<Recipe>> {
        self.0.recipe.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether earlier sessions go on to be resumable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Resumption {
    Goes,
    Ends,
}

fn foreign() -> Error {
    cannot("it was made with rustls: replace it as a whole")
}

fn cannot(why: &str) -> Error {
    Error::new(ErrorKind::Unsupported, "reload a TLS configuration").because(why)
}
