//! Whom we trust: the certificates that a peer's chain may end at.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use super::describe::refused;
use super::input::{GIVEN, Input};
use super::pem;
use crate::error::{Error, ErrorKind, Result};

/// The root certificates that are trusted: the system's, given ones, or both.
///
/// ```no_run
/// use sockeye::tls::Roots;
///
/// // The system's, and a company's own.
/// let roots = Roots::system().and(Roots::from_pem_file("company.pem")?);
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone)]
pub struct Roots(Vec<Part>);

#[derive(Clone)]
enum Part {
    System,
    Given { certificates: Vec<CertificateDer<'static>>, file: Option<PathBuf> },
}

impl Roots {
    /// Those that the system trusts, and the way it verifies: on Windows, macOS, iOS and Android
    /// its own verifier with the user's settings, elsewhere the system's file of certificates (or
    /// the one that `SSL_CERT_FILE` or `SSL_CERT_DIR` names). For clients only: systems do not
    /// verify clients.
    pub fn system() -> Self {
        Self(vec![Part::System])
    }

    /// All certificates of a PEM file.
    ///
    /// # Errors
    ///
    /// The operating system's if the file cannot be read, [`ErrorKind::Tls`] if it holds no
    /// certificate, or something that is none.
    pub fn from_pem_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let input = Input::file(pem::READ_CERTIFICATE, path)?;
        Self::given(pem::certificates(&input)?, Some(path.to_owned()), input.place())
    }

    /// All certificates of a text in PEM.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] if it holds no certificate, or something that is none.
    pub fn from_pem(text: impl AsRef<[u8]>) -> Result<Self> {
        let input = Input::given(text.as_ref());
        Self::given(pem::certificates(&input)?, None, input.place())
    }

    /// Certificates in DER.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] if there are none, or one is none.
    pub fn from_der<C: Into<Vec<u8>>>(certificates: impl IntoIterator<Item = C>) -> Result<Self> {
        let given = certificates.into_iter().map(|each| CertificateDer::from(each.into()));
        Self::given(given.collect(), None, GIVEN)
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    pub(super) fn with_system(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::System))
    }

    /// Those that were given.
    pub(super) fn certificates(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        self.0.iter().flat_map(|part| match part {
            Part::System => &[],
            Part::Given { certificates, .. } => &**certificates,
        })
    }

    /// Those that were given, as rustls wants them.
    pub(super) fn store(&self) -> Result<Arc<RootCertStore>> {
        let mut store = RootCertStore::empty();
        for certificate in self.certificates() {
            store.add(certificate.clone()).map_err(|error| refused(TRUST, error))?;
        }
        Ok(store.into())
    }

    /// The same from the same files, as they are now.
    pub(super) fn reread(&self) -> Result<Self> {
        let parts = self.0.iter().map(|part| match part {
            Part::Given { file: Some(path), .. } => Ok(Self::from_pem_file(path)?.0),
            other => Ok(vec![other.clone()]),
        });
        Ok(Self(parts.collect::<Result<Vec<_>>>()?.concat()))
    }

    pub(super) fn has_files(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Given { file: Some(_), .. }))
    }

    fn given(
        certificates: Vec<CertificateDer<'static>>,
        file: Option<PathBuf>,
        place: &str,
    ) -> Result<Self> {
        if certificates.is_empty() {
            return Err(Error::new(ErrorKind::Tls, TRUST).on(place).caused_by("there are none"));
        }
        let roots = Self(vec![Part::Given { certificates, file }]);
        roots.store().map_err(|error| error.on(place))?;
        Ok(roots)
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = self.certificates().count();
        f.debug_struct("Roots").field("system", &self.with_system()).field("given", &given).finish()
    }
}

const TRUST: &str = "trust the certificates of";
