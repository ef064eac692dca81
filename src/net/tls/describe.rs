//! What went wrong in TLS, in words that keep the name of the RFC, or of rustls, to search for.

use std::fmt::Write;

use rustls::{
    AlertDescription, CertificateError, Error as Tls, InconsistentKeys, InvalidMessage,
    PeerIncompatible,
};

use crate::error::{Error, ErrorKind};

/// One sentence without its full stop, such as "the peer sent the alert UnknownCA: ...".
pub(super) fn describe(error: &Tls) -> String {
    match error {
        Tls::AlertReceived(alert) => {
            format!("the peer sent the alert {alert:?}{}", after_colon(alert_means(*alert)))
        }
        Tls::InvalidCertificate(error) => {
            format!("the certificate is not accepted: {}", certificate(error))
        }
        Tls::NoCertificatesPresented => {
            "the peer presented no certificate (NoCertificatesPresented)".to_owned()
        }
        Tls::NoApplicationProtocol => {
            "no application protocol in common (NoApplicationProtocol, RFC 7301)".to_owned()
        }
        Tls::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "that is not TLS (InvalidContentType): the peer may speak in plain text".to_owned()
        }
        Tls::InvalidMessage(why) => format!("the peer sent a message that is not valid: {why:?}"),
        Tls::PeerIncompatible(why) => {
            format!("the peer is incompatible: {why:?}{}", after_colon(incompatible(why)))
        }
        Tls::PeerMisbehaved(why) => format!("the peer broke a rule of TLS: {why:?}"),
        Tls::DecryptError => {
            "a record does not decrypt (DecryptError): it was changed on its way".to_owned()
        }
        Tls::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            "the private key belongs to another certificate (KeyMismatch)".to_owned()
        }
        Tls::InvalidCertRevocationList(why) => {
            format!("the revocation list is not accepted: {why:?}")
        }
        Tls::General(why) => why.clone(),
        other => other.to_string(),
    }
}

/// An error of rustls as one of ours: in words, and to be found among the sources.
pub(super) fn refused(attempt: &'static str, error: Tls) -> Error {
    let words = describe(&error);
    Error::new(ErrorKind::Tls, attempt).caused_by(error).because(words)
}

/// What the alerts of RFC 8446 6.2 that are seen in practice come from.
fn alert_means(alert: AlertDescription) -> &'static str {
    use AlertDescription as A;
    match alert {
        A::HandshakeFailure => "nothing in common that it would accept",
        A::ProtocolVersion => "it does not speak our versions of TLS",
        A::InsufficientSecurity => "it demands stronger ciphers",
        A::BadCertificate => "our certificate is damaged, or not for this name",
        A::UnsupportedCertificate => "our certificate is not for this purpose",
        A::CertificateRevoked => "our certificate is revoked",
        A::CertificateExpired => "our certificate is expired, or not valid yet",
        A::CertificateUnknown => "it does not accept our certificate",
        A::UnknownCA => "it does not know the issuer of our certificate",
        A::CertificateRequired => "it wants a certificate, and we have shown none",
        A::AccessDenied => "our certificate is valid, but not welcome",
        A::DecryptError => "a signature, or the handshake's checksum, does not verify",
        A::UnrecognisedName => "it does not know the server name",
        A::NoApplicationProtocol => "no application protocol in common",
        A::UserCanceled => "it gave up",
        A::InternalError => "something went wrong on its side",
        _ => "",
    }
}

fn certificate(error: &CertificateError) -> String {
    use CertificateError as C;
    match error {
        C::ExpiredContext { time, not_after } => {
            format!("Expired: its time ended {} ago", span(time.as_secs(), not_after.as_secs()))
        }
        C::NotValidYetContext { time, not_before } => {
            format!(
                "NotValidYet: its time begins in {}",
                span(not_before.as_secs(), time.as_secs())
            )
        }
        C::NotValidForName => "NotValidForName".to_owned(),
        C::NotValidForNameContext { expected, presented } => {
            let names = presented.iter().map(|name| bare(name)).collect::<Vec<_>>().join(", ");
            let names = if names.is_empty() { "none" } else { &names };
            format!("NotValidForName: it is not for {}; its names: {names}", expected.to_str())
        }
        C::UnknownIssuer => "UnknownIssuer: it leads to no trusted root".to_owned(),
        C::Revoked => "Revoked: its issuer took it back".to_owned(),
        C::UnknownRevocationStatus => {
            "UnknownRevocationStatus: no revocation list of its issuer is at hand".to_owned()
        }
        C::ExpiredRevocationListContext { time, next_update } => {
            let late = span(time.as_secs(), next_update.as_secs());
            format!("ExpiredRevocationList: the next list was due {late} ago")
        }
        C::InvalidPurposeContext { .. } => format!("InvalidPurpose: {error}"),
        C::BadEncoding => "BadEncoding: it is damaged, or no certificate".to_owned(),
        other => other.to_string(),
    }
}

/// `a.example` in `DnsName("a.example")`, and `10.0.0.1` in `IpAddress(10.0.0.1)`.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').map_or(name, |(_, inner)| inner.trim_end_matches(')'));
    inner.trim_matches('"')
}

fn incompatible(why: &PeerIncompatible) -> &'static str {
    use PeerIncompatible as P;
    match why {
        P::NoCipherSuitesInCommon => "no cipher suite in common",
        P::NoKxGroupsInCommon => "no group for the key exchange in common",
        P::NoSignatureSchemesInCommon | P::NoCertificateRequestSignatureSchemesInCommon => {
            "it knows no kind of signature that the key can make"
        }
        P::Tls12NotOffered
        | P::Tls12NotOfferedOrEnabled
        | P::SupportedVersionsExtensionRequired => "no version of TLS in common",
        P::ServerDoesNotSupportTls12Or13 | P::ServerTlsVersionIsDisabledByOurConfig => {
            "no version of TLS in common"
        }
        P::ExtendedMasterSecretExtensionRequired => {
            "its TLS 1.2 lacks the extended master secret (RFC 7627)"
        }
        _ => "",
    }
}

fn after_colon(text: &str) -> String {
    let mut tail = String::new();
    if !text.is_empty() {
        // Writing to a String succeeds.
        let _ = write!(tail, ": {text}");
    }
    tail
}

/// How long it is from one second to a later one, roughly.
fn span(later: u64, earlier: u64) -> String {
    let seconds = later.saturating_sub(earlier);
    let (amount, unit) = match seconds {
        0..120 => (seconds, "seconds"),
        120..7200 => (seconds / 60, "minutes"),
        7200..172_800 => (seconds / 3600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{amount} {unit}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    #[test]
    fn alerts_are_named_and_explained() {
        let text = describe(&Tls::AlertReceived(AlertDescription::UnknownCA));
        assert_eq!(
            text,
            "the peer sent the alert UnknownCA: it does not know the issuer of our certificate"
        );
        let text = describe(&Tls::AlertReceived(AlertDescription::ExportRestriction));
        assert_eq!(text, "the peer sent the alert ExportRestriction");
    }

    #[test]
    fn certificate_errors_are_named_with_their_figures() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let expired = CertificateError::ExpiredContext { time: at(900_000), not_after: at(0) };
        assert_eq!(
            describe(&expired.into()),
            "the certificate is not accepted: Expired: its time ended 10 days ago"
        );
        let early = CertificateError::NotValidYetContext { time: at(0), not_before: at(7_300) };
        assert!(describe(&early.into()).ends_with("NotValidYet: its time begins in 2 hours"));
        let other = CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("a.example").unwrap(),
            presented: vec!["DnsName(\"b.example\")".to_owned(), "IpAddress(::1)".to_owned()],
        };
        let text = describe(&other.into());
        assert!(text.contains("not for a.example; its names: b.example, ::1"), "{text}");
        let unknown = describe(&CertificateError::UnknownIssuer.into());
        assert!(unknown.contains("UnknownIssuer"), "{unknown}");
    }

    #[test]
    fn plain_text_is_told_from_damaged_tls() {
        let text = describe(&InvalidMessage::InvalidContentType.into());
        assert!(text.starts_with("that is not TLS (InvalidContentType)"), "{text}");
        let text = describe(&InvalidMessage::MessageTooShort.into());
        assert_eq!(text, "the peer sent a message that is not valid: MessageTooShort");
    }

    #[test]
    fn whatever_lacks_is_named() {
        let text = describe(&PeerIncompatible::NoCipherSuitesInCommon.into());
        assert!(text.ends_with("NoCipherSuitesInCommon: no cipher suite in common"), "{text}");
        let text = describe(&PeerIncompatible::EcPointsExtensionRequired.into());
        assert_eq!(text, "the peer is incompatible: EcPointsExtensionRequired");
        assert!(describe(&Tls::NoApplicationProtocol).contains("NoApplicationProtocol"));
    }

    #[test]
    fn the_error_of_rustls_can_be_found() {
        let error = refused("build", Tls::NoApplicationProtocol);
        let source = error.io_error().and_then(|error| error.get_ref());
        let source = source.and_then(|error| error.downcast_ref::<Tls>());
        assert_eq!(source, Some(&Tls::NoApplicationProtocol));
        assert_eq!(error.kind(), ErrorKind::Tls);
    }
}
