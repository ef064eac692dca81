//! The certificates themselves (RFC 5280).

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    Error, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

use crate::options::Options;

/// All that is made in one run.
pub(crate) struct Set {
    pub(crate) authority: Issued,
    pub(crate) server: Issued,
    pub(crate) client: Issued,
}

pub(crate) struct Issued {
    pub(crate) certificate: Certificate,
    pub(crate) key: KeyPair,
}

pub(crate) fn issue(options: &Options) -> Result<Set, Error> {
    let (params, key) = (authority(options), KeyPair::generate()?);
    let issuer = CertifiedIssuer::self_signed(params, &key)?;
    let server = leaf(server(options)?, &issuer)?;
    let client = leaf(client(options), &issuer)?;
    let certificate = issuer.as_ref().clone();
    drop(issuer);
    Ok(Set { authority: Issued { certificate, key }, server, client })
}

fn leaf(
    mut params: CertificateParams,
    issuer: &CertifiedIssuer<'_, &KeyPair>,
) -> Result<Issued, Error> {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    Ok(Issued { certificate: params.signed_by(&key, issuer)?, key })
}

fn authority(options: &Options) -> CertificateParams {
    let mut params = named(CertificateParams::default(), "Sockeye development CA", options);
    // It issues no other authorities.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn server(options: &Options) -> Result<CertificateParams, Error> {
    let params = CertificateParams::new(options.names.clone())?;
    let name = options.names.first().map_or("server", |name| name);
    let mut params = named(params, name, options);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn client(options: &Options) -> CertificateParams {
    let mut params = named(CertificateParams::default(), &options.client, options);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn named(mut params: CertificateParams, name: &str, options: &Options) -> CertificateParams {
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = OffsetDateTime::now_utc();
    // Clocks differ.
    params.not_before = now - Duration::hours(1);
    params.not_after = now + Duration::days(options.days.into());
    params
}
