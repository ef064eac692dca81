//! Who we are: a certificate chain and the private key of its first certificate.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::Error as TlsError;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use webpki::EndEntityCert;

use super::describe::{describe, refused};
use super::input::{GIVEN, Input};
use super::settings::default_provider;
use super::{pem, pkcs12};
use crate::error::{Error, ErrorKind, Result};

/// A certificate chain and its private key, for a [server](super::ServerConfig) or as the
/// certificate of a [client](super::ClientConfig). Cheap to clone.
///
/// The chain begins with the certificate of the key, and each certificate is followed by that of
/// its issuer; the root may be left out. Keys are RSA, ECDSA (P-256, P-384, P-521) or Ed25519, in
/// PKCS#8, PKCS#1 or SEC1. That key and certificate belong together is checked here; that the
/// certificate is valid, and for what name, is for the peer to say.
///
/// Neither the key nor a password is ever logged, and passwords are not kept.
///
/// ```
/// use sockeye::{ErrorKind, tls::Identity};
///
/// let error = Identity::from_pem("no certificate", "no key").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Tls);
/// assert_eq!(
///     error.to_string(),
///     "cannot read a certificate from the given bytes: it holds no certificate: it is not PEM"
/// );
/// ```
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    certified: Arc<CertifiedKey>,
    /// For other providers than the one that made `certified`.
    key: Option<PrivateKeyDer<'static>>,
    origin: Origin,
}

/// Where to read it again.
enum Origin {
    Memory,
    PemFiles {
        chain: PathBuf,
        key: PathBuf,
    },
    /// Its password is forgotten.
    Locked(PathBuf),
}

impl Identity {
    /// A chain and a key from a PEM file each; what else is in the files is left out.
    ///
    /// # Errors
    ///
    /// The operating system's if a file cannot be read. [`ErrorKind::Tls`] if a file holds nothing
    /// of the kind, or something damaged, if the key is encrypted, or there are several, or if it
    /// belongs to another certificate than the chain's first.
    pub fn from_pem_files(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self> {
        let (chain, key) = (chain.as_ref(), key.as_ref());
        let origin = Origin::PemFiles { chain: chain.to_owned(), key: key.to_owned() };
        Self::from_pem_inputs(&certificates(chain)?, &keys(key)?, None, origin)
    }

    /// A chain and a key from one PEM file, in whatever order. Errors are those of
    /// [`from_pem_files`](Self::from_pem_files).
    pub fn from_pem_file(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_pem_files(&path, &path)
    }

    /// As [`from_pem_files`](Self::from_pem_files), with a key under a password (PKCS#8 with PBES2,
    /// as `openssl pkcs8 -topk8` writes it). As the password is not kept, these files cannot be
    /// [reloaded](super::ServerConfig::reload_files).
    ///
    /// # Errors
    ///
    /// Also [`ErrorKind::Tls`] if the password is wrong.
    pub fn from_encrypted_pem_files(
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
        password: &str,
    ) -> Result<Self> {
        let origin = Origin::Locked(key.as_ref().to_owned());
        let (chain, key) = (certificates(chain.as_ref())?, keys(key.as_ref())?);
        Self::from_pem_inputs(&chain, &key, Some(password), origin)
    }

    /// A chain and a key in PEM. Errors are those of [`from_pem_files`](Self::from_pem_files), but
    /// for the operating system's.
    pub fn from_pem(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self> {
        let (chain, key) = (Input::given(chain.as_ref()), Input::given(key.as_ref()));
        Self::from_pem_inputs(&chain, &key, None, Origin::Memory)
    }

    /// A chain and a key from a PKCS#12 file (`.pfx`, `.p12`). The chain is put in order, and a
    /// root above others is left out. As the password is not kept, this file cannot be
    /// [reloaded](super::ServerConfig::reload_files).
    ///
    /// # Errors
    ///
    /// The operating system's if the file cannot be read. [`ErrorKind::Tls`] if the password is
    /// wrong, or the file damaged, or if it does not hold one private key with its certificate.
    pub fn from_pkcs12_file(path: impl AsRef<Path>, password: &str) -> Result<Self> {
        let path = path.as_ref();
        let input = Input::file(pkcs12::READ_PKCS12, path)?;
        Self::from_pkcs12_input(&input, password, Origin::Locked(path.to_owned()))
    }

    /// A chain and a key in PKCS#12. Otherwise as [`from_pkcs12_file`](Self::from_pkcs12_file).
    pub fn from_pkcs12(bytes: impl AsRef<[u8]>, password: &str) -> Result<Self> {
        Self::from_pkcs12_input(&Input::given(bytes.as_ref()), password, Origin::Memory)
    }

    /// A chain and a key in DER.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] if something is not what it should be, or if the key belongs to another
    /// certificate than the chain's first.
    pub fn from_der<C: Into<Vec<u8>>>(
        chain: impl IntoIterator<Item = C>,
        key: impl Into<Vec<u8>>,
    ) -> Result<Self> {
        let chain = chain.into_iter().map(|each| CertificateDer::from(each.into())).collect();
        let key = PrivateKeyDer::try_from(key.into())
            .map_err(|why| Input::given(&[]).refuse(pem::READ_KEY, why))?;
        Self::new(chain, key, GIVEN, Origin::Memory)
    }

    /// A chain and whatever signs for it, such as a key that never leaves its device. Used as it
    /// is, whichever provider the configuration has.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] if the chain is empty or not understood, or the key tells that it belongs
    /// to another certificate.
    pub fn from_certified_key(key: impl Into<Arc<CertifiedKey>>) -> Result<Self> {
        let certified = key.into();
        check(&certified, GIVEN)?;
        Ok(Self(Arc::new(Inner { certified, key: None, origin: Origin::Memory })))
    }

    /// The certificates in DER, that of the key first.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.0.certified.cert.iter().map(|certificate| &**certificate)
    }

    /// The names of hosts that the first certificate is for, in lower case; some begin with `*.`.
    pub fn names(&self) -> Vec<String> {
        let leaf = self.leaf();
        let names = leaf.iter().flat_map(|leaf| leaf.valid_dns_names());
        names.map(str::to_ascii_lowercase).collect()
    }

    /// The key in the hands of a provider other than the default one.
    pub(super) fn certified(&self, own: Option<&CryptoProvider>) -> Result<Arc<CertifiedKey>> {
        let Inner { certified, key, .. } = &*self.0;
        let (Some(provider), Some(key)) = (own, key) else {
            return Ok(certified.clone());
        };
        let key = provider.key_provider.load_private_key(key.clone_key());
        let key = key.map_err(|error| refused(USE, error).on(self.place()))?;
        Ok(Arc::new(CertifiedKey::new(certified.cert.clone(), key)))
    }

    pub(super) fn leaf(&self) -> Option<EndEntityCert<'_>> {
        self.0.certified.cert.first().and_then(|leaf| EndEntityCert::try_from(leaf).ok())
    }

    /// The same from the same files, as they are now.
    pub(super) fn reread(&self) -> Result<Self> {
        match &self.0.origin {
            Origin::Memory => Ok(self.clone()),
            Origin::PemFiles { chain, key } => Self::from_pem_files(chain, key),
            Origin::Locked(path) => {
                let why = "its password is not kept: read it, and reload the identity";
                Err(Error::new(ErrorKind::Unsupported, "reload").on(path.display()).because(why))
            }
        }
    }

    pub(super) fn has_files(&self) -> bool {
        !matches!(self.0.origin, Origin::Memory)
    }

    pub(super) fn place(&self) -> String {
        match &self.0.origin {
            Origin::Memory => GIVEN.to_owned(),
            Origin::PemFiles { chain, .. } => chain.display().to_string(),
            Origin::Locked(path) => path.display().to_string(),
        }
    }

    fn from_pem_inputs(
        chain: &Input<'_>,
        key: &Input<'_>,
        password: Option<&str>,
        origin: Origin,
    ) -> Result<Self> {
        let certificates = pem::certificates(chain)?;
        let place = match (chain.place(), key.place()) {
            (chain, key) if chain == key => chain.to_owned(),
            (chain, key) => format!("{chain} and {key}"),
        };
        Self::new(certificates, pem::private_key(key, password)?, &place, origin)
    }

    fn from_pkcs12_input(input: &Input<'_>, password: &str, origin: Origin) -> Result<Self> {
        let (chain, key) = pkcs12::read(input, password, &default_provider())?;
        Self::new(chain, key, input.place(), origin)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        place: &str,
        origin: Origin,
    ) -> Result<Self> {
        let signing = default_provider().key_provider.load_private_key(key.clone_key());
        let signing = signing.map_err(|error| refused(pem::READ_KEY, error).on(place))?;
        let certified = Arc::new(CertifiedKey::new(chain, signing));
        check(&certified, place)?;
        Ok(Self(Arc::new(Inner { certified, key: Some(key), origin })))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("names", &self.names())
            .field("certificates", &self.0.certified.cert.len())
            .field("key", &format_args!("(secret)"))
            .finish()
    }
}

fn certificates(path: &Path) -> Result<Input<'static>> {
    Input::file(pem::READ_CERTIFICATE, path)
}

fn keys(path: &Path) -> Result<Input<'static>> {
    Input::file(pem::READ_KEY, path)
}

/// Whether the chain is one, and the key that of its first certificate.
fn check(certified: &CertifiedKey, place: &str) -> Result<()> {
    for certificate in &certified.cert {
        let refuse = |why| Error::new(ErrorKind::Tls, USE).on(place).caused_by(why);
        pem::check(certificate).map_err(refuse)?;
    }
    match certified.keys_match() {
        // A key on a device need not tell what it belongs to.
        Ok(()) | Err(TlsError::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(()),
        Err(error) => Err(mismatch(certified, error).on(place)),
    }
}

fn mismatch(certified: &CertifiedKey, error: TlsError) -> Error {
    let later = (1..certified.cert.len()).any(|first| {
        let rest = certified.cert[first..].to_vec();
        CertifiedKey::new(rest, certified.key.clone()).keys_match().is_ok()
    });
    let mut why = describe(&error);
    if later {
        why.push_str(", which comes later in the chain and must be the first");
    }
    refused(USE, error).because(why)
}

const USE: &str = "use the certificate and the key of";
