//! What a server's configuration does: names, clients, reloading.

use super::certificates::{Authority, self_signed};
use super::folder::Folder;
use super::*;

#[test]
fn the_name_asked_for_chooses_the_identity() {
    let ca = Authority::new("ca");
    let [default, exact, wild] = [&["localhost"][..], &["a.example"], &["*.example.org"]]
        .map(|names| (names, ca.server(names)));
    let server = ServerConfig::builder(identity(&default.1))
        .identity(identity(&exact.1))
        .identity(identity(&wild.1))
        .build()
        .unwrap();
    let client = ClientConfig::builder().roots(roots(&ca)).build().unwrap();
    for (host, issued) in
        [("localhost", &default.1), ("A.example", &exact.1), ("b.Example.org", &wild.1)]
    {
        let pair = connect_to(&server, &client, host).unwrap();
        assert_eq!(pair.shown(), issued.chain_der()[0], "{host}");
        assert_eq!(pair.server().server_name(), Some(&*host.to_ascii_lowercase()));
    }
    // Nobody's name: the default, which this client does not accept for it.
    let words = failure(connect_to(&server, &client, "c.b.example.org")).words();
    assert!(words.contains("NotValidForName"), "{words}");
    assert!(words.contains("not for c.b.example.org; its names: localhost"), "{words}");
}

#[test]
fn an_identity_can_be_for_some_of_its_names() {
    let ca = Authority::new("ca");
    let both = ca.server(&["a.example", "b.example"]);
    let default = ca.server(&["localhost", "b.example"]);
    let server = ServerConfig::builder(identity(&default))
        .identity_for(["A.example"], identity(&both))
        .build()
        .unwrap();
    let client = ClientConfig::builder().roots(roots(&ca)).build().unwrap();
    let shown = |host| connect_to(&server, &client, host).unwrap().shown().to_vec();
    assert_eq!(shown("a.example"), both.chain_der()[0]);
    assert_eq!(shown("b.example"), default.chain_der()[0]);
}

#[test]
fn clients_must_show_what_is_required() {
    let (ca, others) = (Authority::new("ca"), Authority::new("others"));
    let clients = ClientCertificates::required(roots(&ca));
    let server = ServerConfig::builder(identity(&ca.local())).client_certificates(clients);
    let server = server.build().unwrap();
    let trusting = || ClientConfig::builder().roots(roots(&ca));

    let known = ca.client("known");
    let client = trusting().identity(identity(&known)).build().unwrap();
    let pair = connect(&server, &client).unwrap();
    assert_eq!(pair.server().peer_certificate(), Some(&*known.chain_der()[0]));
    assert_eq!(pair.server().peer_certificates().count(), 1);

    let without = failure(connect(&server, &trusting().build().unwrap()));
    assert!(matches!(without, Failure::Server(_)), "{without:?}");
    assert!(without.words().contains("NoCertificatesPresented"), "{without:?}");

    let stranger = trusting().identity(identity(&others.client("x"))).build().unwrap();
    let words = failure(connect(&server, &stranger)).words();
    assert!(words.contains("UnknownIssuer"), "{words}");

    let wrong_purpose = trusting().identity(identity(&ca.local())).build().unwrap();
    let words = failure(connect(&server, &wrong_purpose)).words();
    assert!(words.contains("InvalidPurpose"), "{words}");
}

#[test]
fn clients_may_show_what_is_optional() {
    let (ca, others) = (Authority::new("ca"), Authority::new("others"));
    let clients = ClientCertificates::optional(roots(&ca));
    let server = ServerConfig::builder(identity(&ca.local())).client_certificates(clients);
    let server = server.build().unwrap();
    let trusting = || ClientConfig::builder().roots(roots(&ca));

    let pair = connect(&server, &trusting().build().unwrap()).unwrap();
    assert_eq!(pair.server().peer_certificate(), None);
    let wrong = trusting().identity(identity(&others.client("x"))).build().unwrap();
    assert!(failure(connect(&server, &wrong)).words().contains("UnknownIssuer"));
}

#[test]
fn revoked_clients_are_refused() {
    let ca = Authority::new("ca");
    let (good, bad) = (ca.client("good"), ca.client("bad"));
    let with = |list: RevocationLists| {
        let clients = ClientCertificates::required(roots(&ca)).revocation(list);
        let server = ServerConfig::builder(identity(&ca.local())).client_certificates(clients);
        server.build().unwrap()
    };
    let client = |issued| {
        ClientConfig::builder().roots(roots(&ca)).identity(identity(issued)).build().unwrap()
    };
    let list = |pem: String| RevocationLists::from_pem(pem).unwrap();

    let server = with(list(ca.revocation_list(&[&bad])));
    connect(&server, &client(&good)).unwrap();
    let words = failure(connect(&server, &client(&bad))).words();
    assert!(words.contains("Revoked"), "{words}");

    let server = with(list(ca.expired_revocation_list()));
    let words = failure(connect(&server, &client(&good))).words();
    assert!(words.contains("ExpiredRevocationList"), "{words}");
    connect(&with(list(ca.expired_revocation_list()).allow_expired(true)), &client(&good)).unwrap();

    let foreign = Authority::new("foreign").revocation_list(&[]);
    let words = failure(connect(&with(list(foreign.clone())), &client(&good))).words();
    assert!(words.contains("UnknownRevocationStatus"), "{words}");
    connect(&with(list(foreign).allow_unknown(true)), &client(&good)).unwrap();
}

#[test]
fn a_chain_needs_the_list_of_each_issuer() {
    let ca = Authority::new("ca");
    let below = ca.intermediate("below");
    let client = below.client("client");
    let with = |list: RevocationLists| {
        let clients = ClientCertificates::required(roots(&ca)).revocation(list);
        let server = ServerConfig::builder(identity(&ca.local())).client_certificates(clients);
        let client = ClientConfig::builder().roots(roots(&ca)).identity(identity(&client));
        connect(&server.build().unwrap(), &client.build().unwrap())
    };
    let own = || RevocationLists::from_der([below.revocation_list_der(&[])]).unwrap();
    let upper = RevocationLists::from_pem(ca.revocation_list(&[])).unwrap();
    let words = failure(with(own())).words();
    assert!(words.contains("UnknownRevocationStatus"), "{words}");
    with(own().leaf_only(true)).unwrap();
    assert_eq!(with(own().and(upper)).unwrap().server().peer_certificates().count(), 2);
}

#[test]
fn a_new_identity_is_for_new_handshakes() {
    let ca = Authority::new("ca");
    let (old, new) = (ca.local(), ca.local());
    let server = ServerConfig::new(identity(&old)).unwrap();
    let clone = server.clone();
    let client = || ClientConfig::builder().roots(roots(&ca)).build().unwrap();
    let before = connect(&server, &client()).unwrap();
    clone.reload(identity(&new)).unwrap();
    let after = connect(&server, &client()).unwrap();
    assert_eq!(before.shown(), old.chain_der()[0]);
    assert_eq!(after.shown(), new.chain_der()[0]);
}

#[test]
fn sessions_are_resumed_over_a_new_identity_but_not_over_a_new_configuration() {
    let ca = Authority::new("ca");
    let server = ServerConfig::new(identity(&ca.local())).unwrap();
    let client = ClientConfig::builder().roots(roots(&ca)).build().unwrap();
    assert!(!connect(&server, &client).unwrap().server().resumed());
    server.reload(identity(&ca.local())).unwrap();
    assert!(connect(&server, &client).unwrap().server().resumed());
    server.replace(&ServerConfig::new(identity(&ca.local())).unwrap());
    assert!(!connect(&server, &client).unwrap().server().resumed());
    // Not a lock-up.
    server.replace(&server.clone());
    connect(&server, &client).unwrap();
}

#[test]
fn who_is_revoked_cannot_resume() {
    let (folder, ca) = (Folder::new(), Authority::new("ca"));
    let (local, known) = (ca.local(), ca.client("known"));
    let list = folder.file("list.crl", ca.revocation_list(&[]));
    let lists = RevocationLists::from_file(&list).unwrap();
    let clients = ClientCertificates::required(roots(&ca)).revocation(lists);
    for version in [Version::Tls12, Version::Tls13] {
        folder.file("list.crl", ca.revocation_list(&[]));
        let server = ServerConfig::builder(identity(&local)).client_certificates(clients.clone());
        let server = server.versions([version]).build().unwrap();
        let client = ClientConfig::builder().roots(roots(&ca)).identity(identity(&known));
        let client = client.build().unwrap();
        connect(&server, &client).unwrap();
        let again = connect(&server, &client).unwrap();
        assert!(again.server().resumed());
        assert_eq!(again.server().peer_certificate(), Some(&*known.chain_der()[0]));

        folder.file("list.crl", ca.revocation_list(&[&known]));
        server.reload_files().unwrap();
        let words = failure(connect(&server, &client)).words();
        assert!(words.contains("Revoked"), "{words}");
    }
}

#[test]
fn a_configuration_of_rustls_is_used_as_it_is() {
    let ca = Authority::new("ca");
    let made = ServerConfig::new(identity(&ca.local())).unwrap().current();
    let server = ServerConfig::from_rustls(made.clone());
    assert!(Arc::ptr_eq(&server.current(), &made));
    let error: Error = server.reload(identity(&ca.local())).unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::Unsupported);
    assert!(error.to_string().contains("made with rustls"), "{error}");
    server.replace(&ServerConfig::new(identity(&self_signed(&["localhost"]))).unwrap());
    server.reload(identity(&ca.local())).unwrap();
}
