//! What a client's configuration does: whom it trusts, and for what name.

use super::certificates::{Authority, LOCAL, self_signed};
use super::*;

#[test]
fn a_server_is_verified() {
    let ca = Authority::new("ca");
    let client = ClientConfig::builder().roots(roots(&ca)).build().unwrap();
    let words = |issued: &Issued, host: &str| {
        let server = ServerConfig::new(identity(issued)).unwrap();
        failure(connect_to(&server, &client, host)).words()
    };
    for (issued, host, wanted) in [
        (ca.expired(), "localhost", "Expired: its time ended "),
        (ca.early(), "localhost", "NotValidYet: its time begins in "),
        (ca.server(&["a.example"]), "localhost", "NotValidForName: it is not for localhost"),
        (ca.server(&["localhost"]), "127.0.0.1", "NotValidForName: it is not for 127.0.0.1"),
        (self_signed(&LOCAL), "localhost", "UnknownIssuer"),
        (Authority::new("other").local(), "localhost", "UnknownIssuer"),
        (ca.client("localhost"), "localhost", "InvalidPurpose"),
    ] {
        let words = words(&issued, host);
        assert!(words.contains(wanted), "{words}");
    }
}

#[test]
fn the_other_side_is_told_by_an_alert() {
    let server = ServerConfig::new(identity(&self_signed(&LOCAL))).unwrap();
    let ca = Authority::new("ca");
    let client = ClientConfig::builder().roots(roots(&ca)).build().unwrap();
    let name = client.server_name("localhost").unwrap();
    let mut client = ClientConnection::new(client.rustls().clone(), name).unwrap();
    let mut server = ServerConnection::new(server.current()).unwrap();
    let mut wire = Vec::new();
    client.write_tls(&mut wire).unwrap();
    server.read_tls(&mut &*wire).unwrap();
    server.process_new_packets().unwrap();
    wire.clear();
    server.write_tls(&mut wire).unwrap();
    client.read_tls(&mut &*wire).unwrap();
    client.process_new_packets().unwrap_err();
    wire.clear();
    client.write_tls(&mut wire).unwrap();
    let mut rest = &*wire;
    let error = loop {
        server.read_tls(&mut rest).unwrap();
        if let Err(error) = server.process_new_packets() {
            break error;
        }
    };
    let words = describe::describe(&error);
    assert!(words.starts_with("the peer sent the alert UnknownCA: "), "{words}");
}

#[test]
fn addresses_and_chains_are_verified_too() {
    let ca = Authority::new("ca");
    let server = ServerConfig::new(identity(&ca.intermediate("below").local())).unwrap();
    let client = ClientConfig::builder().roots(roots(&ca)).build().unwrap();
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let pair = connect_to(&server, &client, host).unwrap();
        assert_eq!(pair.client().peer_certificates().count(), 2);
        let asked_for = (host == "localhost").then_some("localhost");
        assert_eq!(pair.server().server_name(), asked_for);
    }
}

#[test]
fn another_name_may_be_wanted_than_that_of_the_address() {
    let ca = Authority::new("ca");
    let server = ServerConfig::new(identity(&ca.server(&["service.internal"]))).unwrap();
    let builder = || ClientConfig::builder().roots(roots(&ca));
    let client = builder().server_name("service.internal").build().unwrap();
    let pair = connect_to(&server, &client, "127.0.0.1").unwrap();
    assert_eq!(pair.server().server_name(), Some("service.internal"));
    let client = builder().build().unwrap().with_server_name("Service.Internal").unwrap();
    connect_to(&server, &client, "127.0.0.1").unwrap();
}

#[test]
fn revoked_servers_are_refused() {
    let ca = Authority::new("ca");
    let (good, bad) = (ca.local(), ca.local());
    let list = RevocationLists::from_pem(ca.revocation_list(&[&bad])).unwrap();
    let client = ClientConfig::builder().roots(roots(&ca)).revocation(list).build().unwrap();
    connect(&ServerConfig::new(identity(&good)).unwrap(), &client).unwrap();
    let words = failure(connect(&ServerConfig::new(identity(&bad)).unwrap(), &client)).words();
    assert!(words.contains("Revoked"), "{words}");
}

#[test]
fn without_verification_whoever_has_the_key_is_trusted() {
    let client = ClientConfig::builder().dangerously_skip_verification().build().unwrap();
    for version in [Version::Tls12, Version::Tls13] {
        let issued = Authority::new("nobody").expired();
        let server = ServerConfig::builder(identity(&issued)).versions([version]).build().unwrap();
        let pair = connect_to(&server, &client, "whatever.example").unwrap();
        assert_eq!(pair.client().version(), version);

        // Not so one that shows the certificate of another.
        let other = Authority::new("nobody").local();
        let key = identity(&other).certified(None).unwrap();
        let stolen = identity(&issued).certified(None).unwrap().cert.clone();
        let thief = rustls::sign::CertifiedKey::new(stolen, key.key.clone());
        let resolver = rustls::sign::SingleCertAndKey::from(thief);
        let mut config = (*server.current()).clone();
        config.cert_resolver = Arc::new(resolver);
        let words = failure(connect(&ServerConfig::from_rustls(config), &client)).words();
        assert!(words.contains("BadSignature"), "{words}");
    }
}

#[test]
fn whom_the_system_does_not_know_is_refused() {
    // Some machines have no roots.
    let Ok(client) = ClientConfig::new() else {
        return;
    };
    let server = ServerConfig::new(identity(&self_signed(&LOCAL))).unwrap();
    let failure = failure(connect(&server, &client));
    assert!(matches!(failure, Failure::Client(_)), "{failure:?}");
}

#[test]
fn given_roots_may_come_to_those_of_the_system() {
    let ca = Authority::new("ca");
    let both = Roots::system().and(roots(&ca));
    let client = ClientConfig::builder().roots(both).build().unwrap();
    connect(&ServerConfig::new(identity(&ca.local())).unwrap(), &client).unwrap();
}
