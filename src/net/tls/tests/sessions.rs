//! What is agreed on: versions, protocols, resumption, keys of every kind.

use super::certificates::Authority;
use super::*;

#[test]
fn the_highest_common_version_is_spoken() {
    let ca = Authority::new("ca");
    let local = ca.local();
    let (old, new) = (Version::Tls12, Version::Tls13);
    let with = |server: &[Version], client: &[Version]| {
        let server = ServerConfig::builder(identity(&local)).versions(server.iter().copied());
        let client = ClientConfig::builder().roots(roots(&ca)).versions(client.iter().copied());
        let pair = connect(&server.build().unwrap(), &client.build().unwrap())?;
        assert_eq!(pair.client().version(), pair.server().version());
        Ok(pair.server().version())
    };
    assert_eq!(with(&[old, new], &[new, old]).unwrap(), new);
    assert_eq!(with(&[old], &[old, new]).unwrap(), old);
    assert_eq!(with(&[old, new], &[old]).unwrap(), old);
    let failure: Failure = with(&[new], &[old]).unwrap_err();
    assert!(failure.words().contains("no version of TLS in common"), "{failure:?}");
}

#[test]
fn the_server_chooses_the_application_protocol() {
    let ca = Authority::new("ca");
    let local = ca.local();
    let with = |server: &[&str], client: &[&str]| {
        let server = ServerConfig::builder(identity(&local)).alpn(server).build().unwrap();
        let client = ClientConfig::builder().roots(roots(&ca)).alpn(client).build().unwrap();
        let pair = connect(&server, &client)?;
        assert_eq!(pair.client().alpn(), pair.server().alpn());
        Ok(pair.client().alpn().map(<[u8]>::to_vec))
    };
    assert_eq!(with(&["h2", "http/1.1"], &["http/1.1", "h2"]).unwrap().unwrap(), b"h2");
    assert_eq!(with(&[], &["h2"]).unwrap(), None);
    assert_eq!(with(&["h2"], &[]).unwrap(), None);
    let failure: Failure = with(&["h2"], &["spdy/1"]).unwrap_err();
    assert!(failure.words().contains("NoApplicationProtocol"), "{failure:?}");
}

#[test]
fn sessions_are_resumed_by_tickets_or_from_the_cache_or_not_at_all() {
    let ca = Authority::new("ca");
    let local = ca.local();
    for version in [Version::Tls12, Version::Tls13] {
        for (tickets, cache, own, wanted) in [
            (true, 256, 256, true),
            (true, 0, 256, true),
            (false, 256, 256, true),
            (false, 0, 256, false),
            (true, 256, 0, false),
        ] {
            let server = ServerConfig::builder(identity(&local))
                .versions([version])
                .tickets(tickets)
                .session_cache(cache)
                .build()
                .unwrap();
            let client = ClientConfig::builder().roots(roots(&ca)).session_cache(own);
            let client = client.build().unwrap();
            assert!(!connect(&server, &client).unwrap().client().resumed());
            for _ in 0..3 {
                let again = connect(&server, &client).unwrap();
                let case = format!("{version} tickets {tickets} cache {cache} client {own}");
                assert_eq!(again.client().resumed(), wanted, "{case}");
                assert_eq!(again.server().resumed(), wanted, "{case}");
                // From the session before.
                assert_eq!(again.shown(), local.chain_der()[0]);
            }
        }
    }
}

#[test]
fn keys_of_every_kind_sign() {
    let ca = Authority::new("ca");
    let client = ClientConfig::builder().roots(roots(&ca)).build().unwrap();
    for issued in [ca.rsa(), ca.local()] {
        let from_pkcs12 = Identity::from_pkcs12(issued.pkcs12("secret", &[ca.der()]), "secret");
        let from_der = Identity::from_der(issued.chain_der(), issued.key_der());
        for identity in [identity(&issued), from_pkcs12.unwrap(), from_der.unwrap()] {
            let pair = connect(&ServerConfig::new(identity).unwrap(), &client).unwrap();
            assert_eq!(pair.client().peer_certificates().count(), 1);
            assert!(pair.client().cipher_suite().starts_with("TLS13_"));
        }
    }
}

#[test]
fn another_provider_does_the_cryptography() {
    let ca = Authority::new("ca");
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| suite.suite().as_str() == Some(ONLY));
    let server = ServerConfig::builder(identity(&ca.local())).provider(provider.clone());
    let client = ClientConfig::builder().roots(roots(&ca)).versions([Version::Tls13]);
    let server = server.versions([Version::Tls13]).build().unwrap();
    let pair = connect(&server, &client.provider(provider.clone()).build().unwrap()).unwrap();
    assert_eq!(pair.client().cipher_suite(), ONLY);
    // One without a suite for the version that is asked for.
    let error = ServerConfig::builder(identity(&ca.local())).provider(provider);
    let error = error.versions([Version::Tls12]).build().unwrap_err();
    assert!(error.to_string().starts_with("cannot configure TLS: "), "{error}");
}

#[test]
fn there_is_no_early_data_and_no_plain_text() {
    let ca = Authority::new("ca");
    let server = ServerConfig::new(identity(&ca.local())).unwrap();
    assert_eq!(server.current().max_early_data_size, 0);
    assert!(!server.current().send_half_rtt_data);
    assert!(!ClientConfig::builder().roots(roots(&ca)).build().unwrap().rustls().enable_early_data);
    let mut server = ServerConnection::new(server.current()).unwrap();
    server.read_tls(&mut &b"GET / HTTP/1.1\r\n\r\n"[..]).unwrap();
    let words = describe::describe(&server.process_new_packets().unwrap_err());
    assert!(words.starts_with("that is not TLS (InvalidContentType)"), "{words}");
}

const ONLY: &str = "TLS13_CHACHA20_POLY1305_SHA256";
