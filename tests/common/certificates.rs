//! Certificates made on the fly: an authority, what it issues, and what it takes back.

#![allow(dead_code, reason = "each suite uses a part of it")]
#![allow(unreachable_pub, reason = "a module of several suites")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SerialNumber, date_time_ymd,
};

/// What certificates for this machine are for.
pub const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A root, or an authority below one.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Certificates between this one's leaves and the root, in PEM and DER.
    above: Vec<(String, Vec<u8>)>,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(authority(name), key).unwrap();
        Self { issuer, above: Vec::new() }
    }

    /// An authority below this one.
    pub fn intermediate(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::signed_by(authority(name), key, &self.issuer).unwrap();
        let mut above = vec![(issuer.pem(), issuer.der().to_vec())];
        above.extend(self.above.iter().cloned());
        Self { issuer, above }
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub fn der(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    /// A server's, for names and IP addresses.
    pub fn server(&self, names: &[&str]) -> Issued {
        self.issue(server(names))
    }

    /// A server's, for this machine.
    pub fn local(&self) -> Issued {
        self.server(&LOCAL)
    }

    pub fn client(&self, name: &str) -> Issued {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params)
    }

    /// A server's or client's whose time is over.
    pub fn expired(&self) -> Issued {
        let mut params = either();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 2, 1);
        self.issue(params)
    }

    /// A server's or client's whose time has not come.
    pub fn early(&self) -> Issued {
        let mut params = either();
        params.not_before = date_time_ymd(3000, 1, 1);
        self.issue(params)
    }

    /// A server's with an RSA key.
    pub fn rsa(&self) -> Issued {
        let key = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        self.issue_for(server(&LOCAL), key)
    }

    /// The list of what is taken back, in PEM.
    pub fn revocation_list(&self, revoked: &[&Issued]) -> String {
        self.list(revoked, 4000).pem().unwrap()
    }

    pub fn revocation_list_der(&self, revoked: &[&Issued]) -> Vec<u8> {
        self.list(revoked, 4000).der().to_vec()
    }

    /// A list whose successor is overdue.
    pub fn expired_revocation_list(&self) -> String {
        self.list(&[], 2021).pem().unwrap()
    }

    fn list(&self, revoked: &[&Issued], until: i32) -> rcgen::CertificateRevocationList {
        let revoked = revoked.iter().map(|issued| RevokedCertParams {
            serial_number: issued.serial.clone(),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(until, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap()
    }

    fn issue(&self, params: CertificateParams) -> Issued {
        self.issue_for(params, KeyPair::generate().unwrap())
    }

    fn issue_for(&self, mut params: CertificateParams, key: KeyPair) -> Issued {
        let serial = serial_of(&key);
        params.serial_number = Some(serial.clone());
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let mut chain = vec![(certificate.pem(), certificate.der().to_vec())];
        chain.extend(self.above.iter().cloned());
        Issued { chain, key, serial }
    }
}

/// A certificate that nobody else vouches for.
pub fn self_signed(names: &[&str]) -> Issued {
    let key = KeyPair::generate().unwrap();
    let serial = serial_of(&key);
    let certificate = server(names).self_signed(&key).unwrap();
    Issued { chain: vec![(certificate.pem(), certificate.der().to_vec())], key, serial }
}

/// A chain without its root, and the key of its first certificate.
pub struct Issued {
    chain: Vec<(String, Vec<u8>)>,
    key: KeyPair,
    serial: SerialNumber,
}

impl Issued {
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(|(pem, _)| &**pem).collect()
    }

    pub fn chain_der(&self) -> Vec<Vec<u8>> {
        self.chain.iter().map(|(_, der)| der.clone()).collect()
    }

    /// PKCS#8.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// PKCS#8.
    pub fn key_der(&self) -> Vec<u8> {
        self.key.serialize_der()
    }

    /// Chain, key, and what else is given: in one file under a password.
    pub fn pkcs12(&self, password: &str, more: &[Vec<u8>]) -> Vec<u8> {
        let key = PrivateKey::from_der(&self.key_der()).unwrap();
        let all = self.chain_der().into_iter().chain(more.iter().cloned());
        let certificates = all.map(|der| Certificate::from_der(&der).unwrap());
        let chain = PrivateKeyChain::new("1", key, certificates);
        let mut store = KeyStore::new();
        store.add_entry("sockeye", KeyStoreEntry::PrivateKeyChain(chain));
        // Tests are about the format, not about how long guessing takes.
        store.writer(password).encryption_iterations(10).mac_iterations(10).write().unwrap()
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn server(names: &[&str]) -> CertificateParams {
    let names = names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let mut params = CertificateParams::new(names.clone()).unwrap();
    let common = names.first().map_or("nobody", |name| name);
    params.distinguished_name.push(DnType::CommonName, common);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

/// For this machine, in either role.
fn either() -> CertificateParams {
    let mut params = server(&LOCAL);
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    params
}

/// As random as the key.
fn serial_of(key: &KeyPair) -> SerialNumber {
    let raw = key.public_key_raw();
    let mut serial = raw[raw.len() - 12..].to_vec();
    serial[0] = serial[0] & 0x7f | 1;
    SerialNumber::from_slice(&serial)
}
