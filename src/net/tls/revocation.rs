//! Whom we trust no more: the lists in which issuers take certificates back (RFC 5280 5).

use std::fmt;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateRevocationListDer;
use webpki::OwnedCertRevocationList;

use super::input::{GIVEN, Input};
use super::pem::{self, READ_REVOCATION};
use crate::error::{Error, ErrorKind, Result};

/// Certificate revocation lists (CRLs). With them, each certificate of a peer's chain must be
/// covered by the current list of its issuer and not be in it; what is not known to be valid is
/// refused. Each of these rules can be relaxed.
///
/// Lists end: get new ones in time, and [reload](super::ServerConfig::reload_files) them.
///
/// ```no_run
/// use sockeye::tls::RevocationLists;
///
/// let lists = RevocationLists::from_file("root.crl")?
///     .and(RevocationLists::from_file("intermediate.crl")?);
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct RevocationLists {
    parts: Vec<Part>,
    pub(super) leaf_only: bool,
    pub(super) allow_unknown: bool,
    pub(super) allow_expired: bool,
}

#[derive(Clone)]
struct Part {
    lists: Vec<CertificateRevocationListDer<'static>>,
    file: Option<PathBuf>,
}

impl RevocationLists {
    /// All lists of a file, in PEM or DER.
    ///
    /// # Errors
    ///
    /// The operating system's if the file cannot be read, [`ErrorKind::Tls`] if it holds no list,
    /// or one that is not understood.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let input = Input::file(READ_REVOCATION, path)?;
        let is_der = input.bytes.first() == Some(&DER_SEQUENCE);
        let lists =
            if is_der { vec![input.bytes.to_vec().into()] } else { pem::revocation_lists(&input)? };
        Self::new(Part { lists, file: Some(path.to_owned()) }, input.place())
    }

    /// All lists of a text in PEM.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] if it holds no list, or one that is not understood.
    pub fn from_pem(text: impl AsRef<[u8]>) -> Result<Self> {
        let input = Input::given(text.as_ref());
        Self::new(Part { lists: pem::revocation_lists(&input)?, file: None }, input.place())
    }

    /// Lists in DER.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] if there are none, or one is not understood.
    pub fn from_der<C: Into<Vec<u8>>>(given: impl IntoIterator<Item = C>) -> Result<Self> {
        let lists = given.into_iter().map(|list| list.into().into()).collect();
        Self::new(Part { lists, file: None }, GIVEN)
    }

    /// These and those. What is relaxed in either is relaxed in both.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.parts.extend(more.parts);
        self.leaf_only |= more.leaf_only;
        self.allow_unknown |= more.allow_unknown;
        self.allow_expired |= more.allow_expired;
        self
    }

    /// Whether only the peer's own certificate is looked for, not those above it. `false` by
    /// default.
    #[must_use]
    pub fn leaf_only(mut self, on: bool) -> Self {
        self.leaf_only = on;
        self
    }

    /// Whether a certificate is accepted whose issuer has no list here. `false` by default.
    #[must_use]
    pub fn allow_unknown(mut self, on: bool) -> Self {
        self.allow_unknown = on;
        self
    }

    /// Whether a list counts whose successor is due. `false` by default.
    #[must_use]
    pub fn allow_expired(mut self, on: bool) -> Self {
        self.allow_expired = on;
        self
    }

    pub(super) fn lists(&self) -> impl Iterator<Item = CertificateRevocationListDer<'static>> + '_ {
        self.parts.iter().flat_map(|part| part.lists.iter().cloned())
    }

    /// The same from the same files, as they are now.
    pub(super) fn reread(&self) -> Result<Self> {
        let parts = self.parts.iter().map(|part| match &part.file {
            Some(path) => Ok(Self::from_file(path)?.parts),
            None => Ok(vec![part.clone()]),
        });
        Ok(Self { parts: parts.collect::<Result<Vec<_>>>()?.concat(), ..*self })
    }

    pub(super) fn has_files(&self) -> bool {
        self.parts.iter().any(|part| part.file.is_some())
    }

    fn new(part: Part, place: &str) -> Result<Self> {
        let refuse =
            |why: String| Error::new(ErrorKind::Tls, READ_REVOCATION).on(place).caused_by(why);
        if part.lists.is_empty() {
            return Err(refuse("there is none".to_owned()));
        }
        for list in &part.lists {
            OwnedCertRevocationList::from_der(list)
                .map_err(|error| refuse(format!("it is not understood: {error:?}")))?;
        }
        let parts = vec![part];
        Ok(Self { parts, leaf_only: false, allow_unknown: false, allow_expired: false })
    }
}

impl fmt::Debug for RevocationLists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationLists")
            .field("lists", &self.lists().count())
            .field("leaf_only", &self.leaf_only)
            .field("allow_unknown", &self.allow_unknown)
            .field("allow_expired", &self.allow_expired)
            .finish()
    }
}

/// What a list in DER begins with, and a text does not.
const DER_SEQUENCE: u8 = 0x30;
