//! The log of secrets, in a process of its own for the environment variable's sake.

use std::path::Path;
use std::process::Command;
use std::{env, fs, process};

use super::certificates::Authority;
use super::*;
use crate::error::ErrorKind;

#[test]
fn secrets_are_logged_on_request_only() {
    if let Ok(file) = env::var(INNER) {
        return inner(Path::new(&file));
    }
    let file = env::temp_dir().join(format!("sockeye-key-log-{}", process::id()));
    again(&file);
    let text = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    // One of a server's session, and one of a client's.
    assert_eq!(text.matches("CLIENT_HANDSHAKE_TRAFFIC_SECRET").count(), 2, "{text}");
    again(&env::temp_dir().join("sockeye-no-such-folder").join("log"));
}

fn again(file: &Path) {
    let test = "net::tls::tests::key_log::secrets_are_logged_on_request_only";
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test]).env(INNER, file).env("SSLKEYLOGFILE", file);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

fn inner(file: &Path) {
    let ca = Authority::new("ca");
    let server = ServerConfig::builder(identity(&ca.local()));
    let client = ClientConfig::builder().roots(roots(&ca));
    connect(&server.clone().build().unwrap(), &client.clone().build().unwrap()).unwrap();
    assert!(!file.exists());
    let logging = server.clone().key_log(true).build();
    if !file.parent().unwrap().exists() {
        let error = logging.unwrap_err();
        assert_eq!((error.kind(), error.address()), (ErrorKind::Io, file.to_str()));
        assert!(error.to_string().starts_with("cannot log the secrets of TLS sessions to "));
        client.key_log(true).build().unwrap_err();
        return;
    }
    connect(&logging.unwrap(), &client.clone().build().unwrap()).unwrap();
    connect(&server.build().unwrap(), &client.key_log(true).build().unwrap()).unwrap();
}

const INNER: &str = "SOCKEYE_TEST_KEY_LOG";
