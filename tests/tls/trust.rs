//! Certificates that are not accepted, on both sides, and what each side is told.

use std::sync::Arc;

use sockeye::tls::rustls::{AlertDescription, Error as Tls};
use sockeye::tls::{ClientCertificates, ClientConfig, RevocationLists, ServerConfig};
use sockeye::{Client, CloseReason, ErrorKind, raw};

use crate::common::certificates::{Authority, Issued, self_signed};
use crate::common::{Design, Echo, Event, LIMIT, Probe, addr_of};
use crate::diary::Diary;
use crate::on_both_designs;
use crate::wire::Wire;
use crate::world::{BOTH, Errors, Serving, World, identity, listener, rustls_server};

on_both_designs!(
    a_client_refuses_certificates_that_are_not_valid,
    a_client_refuses_a_revoked_certificate,
    a_client_may_skip_verification,
    a_server_is_known_by_another_name,
    a_server_is_known_by_its_ip_address,
    a_server_refuses_certificates_that_are_not_valid,
    a_server_demands_a_certificate,
    a_certificate_may_be_optional,
    a_server_is_told_why_its_certificate_is_refused,
    a_client_is_told_why_its_certificate_is_refused,
);

/// A client meets a server with this certificate.
#[track_caller]
fn meet(
    design: Design,
    issued: &Issued,
    config: &ClientConfig,
) -> Result<(), (sockeye::Error, Tls)> {
    let service = design.service();
    let mut failure = None;
    for version in BOTH {
        let listener = listener();
        let (events, errors) = Errors::new();
        let (diary, entries) = Diary::new();
        let builder = Client::builder(&service, raw::client(diary)).tls(config.clone());
        let builder = builder.events(events);
        let client = builder.connect(listener.local_addr().unwrap()).unwrap();
        let mut peer = Wire::accept(&listener, &rustls_server(issued, &[version]));
        let met = peer.try_handshake();
        match client.wait_connected(LIMIT) {
            Ok(()) => met.unwrap(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
                let words = |error: &sockeye::Error| {
                    error.to_string().split_once(": ").unwrap().1.to_owned()
                };
                assert_eq!(words(&errors.next()), words(&error));
                assert_eq!(error.address(), Some(&*listener.local_addr().unwrap().to_string()));
                let told = peer.handshake_failure();
                drop(client);
                entries.expect_no_more();
                failure = Some((error, told));
            }
        }
        errors.expect_none();
    }
    failure.map_or(Ok(()), Err)
}

#[track_caller]
fn refuses(design: Design, issued: &Issued, config: &ClientConfig, words: &str, alert: &str) {
    let (error, told) = meet(design, issued, config).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("the certificate is not accepted: {words}")), "{text}");
    let Tls::AlertReceived(received) = told else { panic!("{told:?}") };
    assert_eq!(format!("{received:?}"), alert);
}

fn a_client_refuses_certificates_that_are_not_valid(design: Design) {
    let world = World::new();
    let config = world.client_config();
    let other = Authority::new("other");
    let ca = &world.ca;
    refuses(design, &ca.expired(), &config, "Expired: its time ended ", "CertificateExpired");
    refuses(design, &ca.early(), &config, "NotValidYet: its time begins in ", "CertificateExpired");
    let wrong = ca.server(&["wrong.example", "10.0.0.1"]);
    let words = "NotValidForName: it is not for localhost; its names: wrong.example, 10.0.0.1";
    refuses(design, &wrong, &config, words, "BadCertificate");
    let own = self_signed(&["localhost", "127.0.0.1"]);
    let words = "UnknownIssuer: it leads to no trusted root";
    refuses(design, &own, &config, words, "UnknownCA");
    refuses(design, &other.local(), &config, words, "UnknownCA");
    let client = ca.client("localhost");
    refuses(design, &client, &config, "InvalidPurpose", "UnsupportedCertificate");
}

fn a_client_refuses_a_revoked_certificate(design: Design) {
    let world = World::new();
    let lists = RevocationLists::from_pem(world.ca.revocation_list(&[&world.local])).unwrap();
    let config = world.client_builder().server_name("localhost").revocation(lists).build().unwrap();
    refuses(design, &world.local, &config, "Revoked", "CertificateRevoked");
    meet(design, &world.ca.local(), &config).unwrap();
}

fn a_client_may_skip_verification(design: Design) {
    let world = World::new();
    let config = world.client_builder().dangerously_skip_verification().build().unwrap();
    for issued in [world.ca.expired(), self_signed(&["else.example"]), world.local] {
        meet(design, &issued, &config).unwrap();
    }
}

fn a_server_is_known_by_another_name(design: Design) {
    let world = World::new();
    let issued = world.ca.server(&["service.internal"]);
    let config = world.client_builder().server_name("Service.Internal.").build().unwrap();
    meet(design, &issued, &config).unwrap();
    let words = "NotValidForName: it is not for service.internal; its names: localhost";
    refuses(design, &world.local, &config, words, "BadCertificate");
    let config = world.client_config().with_server_name("localhost").unwrap();
    meet(design, &world.local, &config).unwrap();
}

fn a_server_is_known_by_its_ip_address(design: Design) {
    let (world, service) = (World::new(), design.service());
    let protocol = raw::server(|_| Echo);
    let (events, errors) = Errors::new();
    let server = sockeye::Server::builder(&service, protocol)
        .tls(world.server_config())
        .events(events)
        .listen("127.0.0.1:0")
        .unwrap();
    let (probe, _events) = Probe::new();
    let (told, seen) = std::sync::mpsc::channel();
    let probe = probe.on_open(move |session| {
        let _ = told.send(session.tls().unwrap().server_name().map(str::to_owned));
    });
    let config = ClientConfig::builder().roots(world.roots()).build().unwrap();
    let builder = Client::builder(&service, raw::client(probe)).tls(config);
    let client = builder.connect(addr_of(&server)).unwrap();
    client.wait_connected(LIMIT).unwrap();
    assert_eq!(seen.recv_timeout(LIMIT).unwrap(), None, "an address is not asked for");
    errors.expect_none();
}

/// A server that wants certificates of clients.
fn demanding(design: Design, clients: ClientCertificates, world: &World) -> Serving {
    let config = ServerConfig::builder(world.identity()).client_certificates(clients);
    Serving::echo(&design.service(), config.build().unwrap())
}

fn a_server_refuses_certificates_that_are_not_valid(design: Design) {
    let world = World::new();
    let (good, revoked) = (world.ca.client("good"), world.ca.client("revoked"));
    let lists = RevocationLists::from_pem(world.ca.revocation_list(&[&revoked])).unwrap();
    for clients in [ClientCertificates::required, ClientCertificates::optional] {
        let clients = clients(world.roots()).revocation(lists.clone());
        let serving = demanding(design, clients, &world);
        let addr = addr_of(&serving.server);
        for version in BOTH {
            let as_client =
                |issued| Wire::connect(addr, &world.rustls_client_as(&[version], issued).into());
            let mut welcome = as_client(&good).shake_hands();
            welcome.exchange("hello");
            for (issued, words, alert) in [
                (&revoked, "Revoked", AlertDescription::CertificateRevoked),
                (
                    &Authority::new("ca").client("good"),
                    "BadSignature",
                    AlertDescription::DecryptError,
                ),
                (&Authority::new("no").client("x"), "UnknownIssuer", AlertDescription::UnknownCA),
                (&world.ca.expired(), "Expired", AlertDescription::CertificateExpired),
                (&world.ca.early(), "NotValidYet", AlertDescription::CertificateExpired),
                (&world.local, "InvalidPurpose", AlertDescription::UnsupportedCertificate),
            ] {
                let told = as_client(issued).handshake_failure();
                let error = serving.errors.next();
                assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
                let text = error.to_string();
                assert!(text.contains(words), "{words}: {text}");
                assert_eq!(told, Tls::AlertReceived(alert), "{words}: {text}");
            }
            welcome.exchange("still here");
        }
        serving.errors.expect_none();
    }
}

fn a_server_demands_a_certificate(design: Design) {
    let world = World::new();
    let serving = demanding(design, ClientCertificates::required(world.roots()), &world);
    for version in BOTH {
        let config = Arc::new(world.rustls_client(&[version]));
        let told = Wire::connect(addr_of(&serving.server), &config).handshake_failure();
        assert_eq!(told, Tls::AlertReceived(AlertDescription::CertificateRequired));
        serving.errors.expect_tls("the peer presented no certificate (NoCertificatesPresented)");
    }
    serving.errors.expect_none();
}

fn a_certificate_may_be_optional(design: Design) {
    let world = World::new();
    let serving = demanding(design, ClientCertificates::optional(world.roots()), &world);
    for version in BOTH {
        world.peer_of(&serving.server, &[version]).exchange("hello");
        let config = world.rustls_client_as(&[version], &world.ca.client("somebody"));
        let mut peer = Wire::connect(addr_of(&serving.server), &config.into()).shake_hands();
        peer.exchange("hello");
    }
    serving.errors.expect_none();
}

fn a_server_is_told_why_its_certificate_is_refused(design: Design) {
    let world = World::new();
    let expired = ServerConfig::new(identity(&world.ca.expired())).unwrap();
    let stranger = ServerConfig::new(identity(&Authority::new("other").local())).unwrap();
    for (config, alert) in [(expired, "CertificateExpired"), (stranger, "UnknownCA")] {
        let (diary, entries) = Diary::new();
        let serving =
            Serving::new(&design.service(), diary.serve(), config, sockeye::Limits::default());
        for version in BOTH {
            let config = Arc::new(world.rustls_client(&[version]));
            let failure = Wire::connect(addr_of(&serving.server), &config).handshake_failure();
            assert!(matches!(failure, Tls::InvalidCertificate(_)), "{failure:?}");
            serving.errors.expect_tls(&format!("the peer sent the alert {alert}: "));
        }
        serving.errors.expect_none();
        drop(serving.server);
        entries.expect_no_more();
    }
}

/// With TLS 1.3 a client is connected before its server has looked at its certificate.
fn a_client_is_told_why_its_certificate_is_refused(design: Design) {
    let world = World::new();
    let serving = demanding(design, ClientCertificates::required(world.roots()), &world);
    let service = design.service();
    for version in BOTH {
        let (probe, events) = Probe::new();
        let config = world.client_builder().versions([version]);
        let config = config.identity(identity(&Authority::new("no").client("x")));
        let builder = Client::builder(&service, raw::client(probe)).tls(config.build().unwrap());
        let client = builder.connect(addr_of(&serving.server)).unwrap();
        let error = match client.wait_connected(LIMIT) {
            Err(error) => error,
            Ok(()) => {
                assert_eq!(version, sockeye::tls::Version::Tls13);
                assert!(matches!(events.next(), Event::Open(_)));
                match events.close() {
                    CloseReason::Tls(error) => error,
                    reason => panic!("{reason:?}"),
                }
            }
        };
        assert!(error.to_string().contains("the peer sent the alert UnknownCA"), "{error}");
        client.wait_disconnected(LIMIT).unwrap();
        assert_eq!(client.last_error().unwrap().kind(), ErrorKind::Tls);
        serving.errors.expect_tls("UnknownIssuer");
    }
}
