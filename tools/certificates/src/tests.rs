//! What is written can be read and used by the library.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use sockeye::tls::{ClientCertificates, ClientConfig, Identity, Roots, ServerConfig};

use crate::options::Options;

#[test]
fn the_library_takes_what_is_made() {
    let out = folder("taken");
    crate::run(&options(&out, &["--password", "a word"])).unwrap();
    let server = Identity::from_pem_files(out.join("server.pem"), out.join("server-key.pem"));
    let server = server.unwrap();
    assert_eq!(server.names(), ["localhost"]);
    let again = Identity::from_pkcs12_file(out.join("server.pfx"), "a word").unwrap();
    assert!(again.certificates().eq(server.certificates()));
    let client = Identity::from_pkcs12_file(out.join("client.pfx"), "a word").unwrap();
    let roots = || Roots::from_pem_file(out.join("ca.pem")).unwrap();
    let clients = ClientCertificates::required(roots());
    ServerConfig::builder(server).client_certificates(clients).build().unwrap();
    ClientConfig::builder().roots(roots()).identity(client).build().unwrap();
    fs::remove_dir_all(out).unwrap();
}

#[test]
fn names_are_given_and_nothing_is_replaced_unasked() {
    let out = folder("named");
    let name = ["--name", "a.example.org", "--name", "10.0.0.1"];
    crate::run(&options(&out, &name)).unwrap();
    let error = crate::run(&options(&out, &[])).unwrap_err().to_string();
    assert!(error.ends_with("ca.pem is there already; --force replaces it"), "{error}");
    let names = || {
        let (chain, key) = (out.join("server.pem"), out.join("server-key.pem"));
        Identity::from_pem_files(chain, key).unwrap().names()
    };
    assert_eq!(names(), ["a.example.org"]);
    crate::run(&options(&out, &["--force"])).unwrap();
    assert_eq!(names(), ["localhost"]);
    fs::remove_dir_all(out).unwrap();
}

#[cfg(unix)]
#[test]
fn keys_are_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt;

    let out = folder("secret");
    crate::run(&options(&out, &[])).unwrap();
    for name in ["ca-key.pem", "server-key.pem", "server.pfx", "client-key.pem", "client.pfx"] {
        let mode = fs::metadata(out.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
    fs::remove_dir_all(out).unwrap();
}

fn options(out: &Path, more: &[&str]) -> Options {
    let out = out.to_str().unwrap();
    let begin = ["sockeye-certificates", "--out", out];
    Options::parse_from(begin.iter().chain(more))
}

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("sockeye-certificates-{}-{name}", std::process::id()))
}
