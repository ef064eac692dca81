//! What servers and clients refuse to be configured with.

use std::sync::Arc;

use sockeye::ErrorKind;
use sockeye::tls::rustls::{self, crypto::aws_lc_rs};
use sockeye::tls::{
    ClientCertificates, ClientConfig, Identity, RevocationLists, Roots, ServerConfig, Version,
};

use crate::common::certificates::{Authority, Issued};
use crate::refuses;

#[test]
fn an_identity_is_chosen_by_names_that_it_is_for() {
    let ca = Authority::new("ca");
    let default = identity(&ca.local());
    let site = identity(&ca.server(&["a.example.org", "*.b.example.org", "10.0.0.1"]));
    assert_eq!(site.names(), ["a.example.org", "*.b.example.org"]);
    let builder = || ServerConfig::builder(default.clone());
    let named =
        |names: &[&str]| builder().identity_for(names.iter().copied(), site.clone()).build();
    named(&["A.example.org", "*.B.example.org", "c.b.example.org"]).unwrap();
    for name in ["*.example.org", "b.example.org", "d.c.b.example.org", "localhost"] {
        let begin =
            format!("cannot choose an identity by name for {name}: its certificate is not ");
        refuses(named(&[name]), &begin, r#"["a.example.org", "*.b.example.org"]"#);
    }
    for name in ["", "*", "10.0.0.1", "a b", "*.*.example.org"] {
        let begin = format!("cannot choose an identity by name for {name}: ");
        refuses(named(&[name]), &begin, "");
    }
    refuses(named(&[]), "cannot choose an identity by name for ", "no name is given");
    let twice = builder().identity(site.clone()).identity(site.clone()).build();
    refuses(twice, "cannot choose an identity by name for a.example.org: two identities", "");
    let nobody = identity(&ca.client("nobody"));
    refuses(builder().identity(nobody).build(), "cannot choose ", "is for no host's name");
}

#[test]
fn versions_and_protocols_must_be_some() {
    let ca = Authority::new("ca");
    let server = || ServerConfig::builder(identity(&ca.local()));
    let client = || ClientConfig::builder().roots(Roots::from_pem(ca.pem()).unwrap());
    let begin = "cannot configure TLS: ";
    refuses(server().versions([]).build(), begin, "no version is allowed");
    refuses(client().versions([]).build(), begin, "no version is allowed");
    client().versions([Version::Tls13, Version::Tls13]).build().unwrap();
    refuses(server().alpn([""]).build(), begin, "an application protocol's name has 0 bytes");
    let long = [0; 256];
    refuses(client().alpn([long]).build(), begin, "an application protocol's name has 256 bytes");
    client().alpn([&long[..255]]).build().unwrap();
}

#[test]
fn the_system_verifies_no_clients_and_with_no_lists() {
    let ca = Authority::new("ca");
    let clients = ClientCertificates::required(Roots::system());
    let server = ServerConfig::builder(identity(&ca.local())).client_certificates(clients);
    let error = server.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().starts_with("cannot verify clients of a TLS server: "), "{error}");
    let lists = RevocationLists::from_pem(ca.revocation_list(&[])).unwrap();
    let error = ClientConfig::builder().revocation(lists).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("revocation lists need given roots"), "{error}");
}

#[test]
fn a_client_wants_a_name_that_a_certificate_can_be_for() {
    let begin = "cannot verify a server as a b: a certificate is for ";
    let builder = ClientConfig::builder().dangerously_skip_verification();
    refuses(builder.clone().server_name("a b").build(), begin, "");
    refuses(builder.build().unwrap().with_server_name("a b"), begin, "");
}

#[test]
fn finished_configurations_are_taken() {
    let ca = Authority::new("ca");
    let provider = Arc::new(aws_lc_rs::default_provider());
    let server = ServerConfig::builder(identity(&ca.local())).provider(provider.clone());
    server.build().unwrap();
    let rustls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    ClientConfig::from_rustls(rustls).with_server_name("127.0.0.1").unwrap();
}

#[test]
fn configurations_can_be_printed_and_say_no_secrets() {
    let ca = Authority::new("ca");
    let clients = ClientCertificates::optional(Roots::from_pem(ca.pem()).unwrap());
    let server = ServerConfig::builder(identity(&ca.local()))
        .client_certificates(clients)
        .alpn(["h2"])
        .build()
        .unwrap();
    let text = format!("{server:?}");
    for part in ["key: (secret)", "Roots { system: false, given: 1 }", r#"alpn: ["h2"]"#] {
        assert!(text.contains(part), "{text}");
    }
    let client = ClientConfig::builder().dangerously_skip_verification().server_name("a.example");
    let text = format!("{client:?} {:?}", client.clone().build().unwrap());
    assert!(text.contains("Anybody") && text.contains("a.example"), "{text}");
}

fn identity(issued: &Issued) -> Identity {
    Identity::from_pem(issued.chain_pem(), issued.key_pem()).unwrap()
}
