//! Who does not speak TLS, or none that both know; and who speaks it where nobody expects it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use sockeye::tls::rustls::{AlertDescription, ClientConfig, Error as Tls, RootCertStore};
use sockeye::tls::{ServerConfig, Version};
use sockeye::{Client, CloseReason, ErrorKind, raw};

use crate::common::{Design, Echo, LIMIT, Peer, Probe, addr_of, echo_server, eventually};
use crate::diary::Diary;
use crate::on_both_designs;
use crate::wire::{Wire, accept, limit};
use crate::world::{BOTH, Errors, Serving, World, listener, provider, supported};

on_both_designs!(
    plain_text_on_a_tls_port_is_named,
    noise_on_a_tls_port_ends_that_session_alone,
    a_client_hello_on_a_plain_port_is_data,
    a_client_names_a_server_that_speaks_plain_text,
    no_common_version,
    no_common_application_protocol,
    no_common_cipher_suite,
    sslv2_and_old_versions_are_refused,
);

/// An echo, with a session on it that must go on.
struct Refusing {
    serving: Serving,
    good: Wire,
}

impl Refusing {
    fn new(design: Design, world: &World, config: ServerConfig) -> Self {
        let serving = Serving::echo(&design.service(), config);
        let good = Wire::connect(addr_of(&serving.server), &Arc::new(world.rustls_client(&BOTH)));
        Self { serving, good }
    }

    /// Nothing is left of the others, and the good session goes on.
    #[track_caller]
    fn assert_unharmed(&mut self) {
        eventually("the others are gone", || self.serving.server.connections() == 1);
        self.good.exchange("good");
        self.serving.errors.expect_none();
    }
}

fn refusing(design: Design) -> (World, Refusing) {
    let world = World::new();
    let mut refusing = Refusing::new(design, &world, world.server_config());
    refusing.good.try_handshake().unwrap();
    (world, refusing)
}

fn plain_text_on_a_tls_port_is_named(design: Design) {
    let (_world, mut refusing) = refusing(design);
    for text in ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "EHLO x\r\n", "\n\n\n\n\n"] {
        let mut peer = Peer::new(&refusing.serving.server);
        peer.send(text);
        // An alert, in a record of its own: decode_error.
        let answer = peer.receive_what_comes();
        assert_eq!((answer.len(), answer[0], answer[5]), (7, 21, 2), "{answer:?}");
        refusing.serving.errors.expect_tls("that is not TLS (InvalidContentType)");
    }
    refusing.assert_unharmed();
}

fn noise_on_a_tls_port_ends_that_session_alone(design: Design) {
    let (_world, mut refusing) = refusing(design);
    let mut random = crate::common::Random::new();
    let noise = (0..40).map(|_| {
        let count = 5 + random.below(70_000);
        random.bytes(count)
    });
    // What begins as a handshake does, too.
    let plausible = (0..40_u8).map(|seed| {
        let mut bytes = vec![22, 3, 1 + seed % 3, seed % 65, 255, 1, 0, seed];
        bytes.resize(20_000, seed);
        bytes
    });
    for bytes in noise.chain(plausible).collect::<Vec<_>>() {
        let mut peer = TcpStream::connect(addr_of(&refusing.serving.server)).unwrap();
        limit(&peer);
        // It may be over before all is sent.
        let _ = peer.write_all(&bytes).and_then(|()| peer.shutdown(Shutdown::Write));
        let _ = peer.read_to_end(&mut Vec::new());
        let error = refusing.serving.errors.next();
        assert!(matches!(error.kind(), ErrorKind::Tls | ErrorKind::Closed), "{error}");
    }
    refusing.assert_unharmed();
}

fn a_client_hello_on_a_plain_port_is_data(design: Design) {
    let (world, service) = (World::new(), design.service());
    let (probe, events) = Probe::new();
    let server = crate::common::serve(&service, probe.serve());
    let mut peer = Wire::connect(addr_of(&server), &Arc::new(world.rustls_client(&BOTH)));
    let hello = peer.take();
    peer.send_raw(&hello);
    assert!(events.data(hello.len()) == hello);
    drop(peer);
    assert!(matches!(events.close(), CloseReason::Remote));
}

fn a_client_names_a_server_that_speaks_plain_text(design: Design) {
    let (world, service) = (World::new(), design.service());
    // An echo sends the hello back.
    let server = echo_server(&service);
    let (events, errors) = Errors::new();
    let (diary, entries) = Diary::new();
    let builder = Client::builder(&service, raw::client(diary)).tls(world.client_config());
    let client = builder.events(events).connect(addr_of(&server)).unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(error.to_string().contains("handshake message"), "{error}");
    errors.expect_tls("handshake message");
    drop(client);
    entries.expect_no_more();
    // A server that speaks first.
    let listener = listener();
    let (client, errors) = world.connect(&service, Echo, &listener);
    accept(&listener).write_all(b"220 mail.example.org ESMTP\r\n").unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    let wanted = "that is not TLS (InvalidContentType): the peer may speak in plain text";
    assert!(error.to_string().contains(wanted), "{error}");
    assert_eq!(error.address(), Some(&*listener.local_addr().unwrap().to_string()));
    errors.expect_tls(wanted);
    errors.expect_none();
}

fn no_common_version(design: Design) {
    let world = World::new();
    let service = design.service();
    for version in BOTH {
        let other = if version == Version::Tls12 { Version::Tls13 } else { Version::Tls12 };
        let config = ServerConfig::builder(world.identity()).versions([version]).build().unwrap();
        let serving = Serving::echo(&service, config);
        let config = Arc::new(world.rustls_client(&[other]));
        let failure = Wire::connect(addr_of(&serving.server), &config).handshake_failure();
        let alert = AlertDescription::ProtocolVersion;
        assert_eq!(failure, Tls::AlertReceived(alert));
        serving.errors.expect_tls("no version of TLS in common");
        let listener = listener();
        let (events, errors) = Errors::new();
        let builder = Client::builder(&service, raw::client(Echo)).tls(world.client_of(&[version]));
        let client = builder.events(events).connect(listener.local_addr().unwrap()).unwrap();
        let mut peer = Wire::accept(&listener, &world.rustls_server(&[other]));
        assert!(matches!(peer.handshake_failure(), Tls::PeerIncompatible(_)));
        let error = client.wait_connected(LIMIT).unwrap_err();
        assert!(error.to_string().contains("the alert ProtocolVersion"), "{error}");
        errors.expect_tls("the alert ProtocolVersion");
    }
}

fn no_common_application_protocol(design: Design) {
    let world = World::new();
    let service = design.service();
    for version in BOTH {
        let config = ServerConfig::builder(world.identity()).alpn(["a"]).build().unwrap();
        let serving = Serving::echo(&service, config);
        let mut config = world.rustls_client(&[version]);
        config.alpn_protocols = vec![b"b".to_vec()];
        let failure =
            Wire::connect(addr_of(&serving.server), &Arc::new(config)).handshake_failure();
        assert_eq!(failure, Tls::AlertReceived(AlertDescription::NoApplicationProtocol));
        serving.errors.expect_tls("NoApplicationProtocol");
        let listener = listener();
        let config = world.client_builder().alpn(["a"]).build().unwrap();
        let (client, errors) =
            world.connect_with(&service, Echo, &listener, |builder| builder.tls(config));
        let mut config = (*world.rustls_server(&[version])).clone();
        config.alpn_protocols = vec![b"b".to_vec()];
        assert_eq!(
            Wire::accept(&listener, &Arc::new(config)).handshake_failure(),
            Tls::NoApplicationProtocol
        );
        let error = client.wait_connected(LIMIT).unwrap_err();
        assert!(error.to_string().contains("the alert NoApplicationProtocol"), "{error}");
        errors.expect_tls("the alert NoApplicationProtocol");
    }
}

fn no_common_cipher_suite(design: Design) {
    let world = World::new();
    let service = design.service();
    let only = |name: &str| {
        let mut provider = (*provider()).clone();
        provider.cipher_suites.retain(|suite| suite.suite().as_str() == Some(name));
        assert_eq!(provider.cipher_suites.len(), 1);
        provider
    };
    let (ours, theirs) = ("TLS13_AES_256_GCM_SHA384", "TLS13_CHACHA20_POLY1305_SHA256");
    let config = ServerConfig::builder(world.identity()).versions([Version::Tls13]);
    let serving = Serving::echo(&service, config.provider(only(ours)).build().unwrap());
    let mut roots = RootCertStore::empty();
    roots.add(world.ca.der().into()).unwrap();
    let config = ClientConfig::builder_with_provider(only(theirs).into());
    let config = config.with_protocol_versions(&supported(&[Version::Tls13])).unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let failure = Wire::connect(addr_of(&serving.server), &Arc::new(config)).handshake_failure();
    assert_eq!(failure, Tls::AlertReceived(AlertDescription::HandshakeFailure));
    serving.errors.expect_tls("no cipher suite in common");
    let config = world.client_builder().versions([Version::Tls13]);
    let config = config.provider(only(theirs)).build().unwrap();
    let (events, errors) = Errors::new();
    let builder = Client::builder(&service, raw::client(Echo)).tls(config).events(events);
    let client = builder.connect(addr_of(&serving.server)).unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert!(error.to_string().contains("the alert HandshakeFailure"), "{error}");
    errors.expect_tls("the alert HandshakeFailure");
    serving.errors.expect_tls("NoCipherSuitesInCommon");
}

fn sslv2_and_old_versions_are_refused(design: Design) {
    let (_world, mut refusing) = refusing(design);
    // SSL 3.0, TLS 1.0, TLS 1.1, and a 1.2 that offers nothing.
    for minor in 0..4 {
        let mut peer = Peer::new(&refusing.serving.server);
        peer.send(bare_hello(minor));
        let answer = peer.receive_what_comes();
        assert_eq!((answer.len(), answer[0], answer[5]), (7, 21, 2), "{answer:?}");
        refusing.serving.errors.expect_tls("the peer is incompatible: ");
    }
    let mut peer = Peer::new(&refusing.serving.server);
    peer.send([0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10]);
    peer.receive_what_comes();
    refusing.serving.errors.expect_tls("that is not TLS");
    refusing.assert_unharmed();
}

/// A client's hello without any extension (RFC 2246 7.4.1.2).
fn bare_hello(minor: u8) -> Vec<u8> {
    let mut hello = vec![22, 3, 1, 0, 45, 1, 0, 0, 41, 3, minor];
    hello.extend([7; 32]);
    // No session, one cipher suite, no compression.
    hello.extend([0, 0, 2, 0xc0, 0x2f, 1, 0]);
    hello
}
