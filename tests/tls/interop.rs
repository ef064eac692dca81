//! Other implementations: OpenSSL's command line and Python's module, where they are installed.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sockeye::tls::{ClientCertificates, ServerConfig, Version};
use sockeye::{Client, raw};

use crate::common::certificates::Issued;
use crate::common::{Design, Folder, LIMIT, Probe, addr_of, eventually, is_there, quiet};
use crate::on_both_designs;
use crate::world::{BOTH, Serving, World, identity};

on_both_designs!(
    openssl_is_a_client,
    openssl_resumes_a_session,
    openssl_is_a_server,
    python_is_a_client,
);

fn flag(version: Version) -> &'static str {
    match version {
        Version::Tls12 => "-tls1_2",
        _ => "-tls1_3",
    }
}

/// Files that other programs read.
struct Files {
    folder: Folder,
    world: World,
    person: Issued,
}

impl Files {
    fn new() -> Self {
        let (folder, world) = (Folder::new(), World::new());
        let person = world.ca.client("somebody");
        folder.file("ca.pem", world.ca.pem());
        for (name, issued) in [("server", &world.local), ("client", &person)] {
            folder.file(&format!("{name}.pem"), issued.chain_pem());
            folder.file(&format!("{name}.key"), issued.key_pem());
        }
        Self { folder, world, person }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Runs a shell's line in the folder, for a limited time, and tells what it printed.
#[track_caller]
fn run(folder: &Path, line: &str) -> String {
    let mut child = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = output.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    eventually("the program ends", || {
        std::thread::sleep(Duration::from_millis(5));
        child.try_wait().unwrap().is_some()
    });
    reader.join().unwrap()
}

/// Says hello, waits for the echo, and ends.
fn client_line(serving: &Serving, options: &str) -> String {
    let addr = addr_of(&serving.server);
    format!(
        "(echo hello; sleep 0.4) | timeout 15 openssl s_client -connect {addr} -CAfile ca.pem \
         -verify_return_error -servername localhost -verify_hostname localhost {options} 2>&1"
    )
}

fn openssl_is_a_client(design: Design) {
    if !is_there("openssl", "version") || !is_there("timeout", "--version") {
        return;
    }
    let (files, service) = (Files::new(), design.service());
    let config = ServerConfig::builder(files.world.identity())
        .client_certificates(ClientCertificates::required(files.world.roots()))
        .alpn(["one", "two"]);
    let (probe, events) = Probe::new();
    let protocol = probe.echo().serve();
    let config = config.build().unwrap();
    let serving = Serving::new(&service, protocol, config, sockeye::Limits::default());
    for version in BOTH {
        let options = format!("{} -cert client.pem -key client.key -alpn two", flag(version));
        let text = run(files.path(), &client_line(&serving, &options));
        assert!(text.contains("hello\n"), "{text}");
        assert!(text.contains("Verification: OK") && text.contains("ALPN protocol: two"), "{text}");
        assert!(text.contains(if version == Version::Tls12 { "TLSv1.2" } else { "TLSv1.3" }));
        assert_eq!(events.data(6), b"hello\n");
        let reason = events.close();
        assert!(matches!(reason, sockeye::CloseReason::Remote), "{reason:?}");
        run(files.path(), &client_line(&serving, flag(version)));
        serving.errors.expect_tls("NoCertificatesPresented");
    }
    serving.errors.expect_none();
    assert!(!files.person.chain_der().is_empty());
}

fn openssl_resumes_a_session(design: Design) {
    if !is_there("openssl", "version") || !is_there("timeout", "--version") {
        return;
    }
    let (files, service) = (Files::new(), design.service());
    let serving = Serving::echo(&service, files.world.server_config());
    for version in BOTH {
        let first = format!("{} -sess_out session", flag(version));
        let text = run(files.path(), &client_line(&serving, &first));
        assert!(text.contains("\nNew, TLSv1."), "{text}");
        let again = format!("{} -sess_in session", flag(version));
        let text = run(files.path(), &client_line(&serving, &again));
        assert!(text.contains("\nReused, TLSv1.") && text.contains("hello\n"), "{text}");
    }
    serving.errors.expect_none();
}

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn openssl_is_a_server(design: Design) {
    if !is_there("openssl", "version") {
        return;
    }
    let (files, service) = (Files::new(), design.service());
    for version in BOTH {
        let addr = TcpListener::bind(quiet()).unwrap().local_addr().unwrap();
        let server = Command::new("openssl")
            .args(["s_server", "-accept", &addr.to_string(), flag(version), "-rev", "-quiet"])
            .args(["-cert", "server.pem", "-key", "server.key", "-CAfile", "ca.pem"])
            .args(["-Verify", "1", "-verify_return_error", "-alpn", "one"])
            .current_dir(files.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let _server = Running(server.unwrap());
        let (probe, events) = Probe::new();
        let probe = probe.on_open(|session| {
            assert_eq!(session.tls().unwrap().alpn(), Some(&b"one"[..]));
            session.send("hello\n");
        });
        let config = files.world.client_builder().identity(identity(&files.person)).alpn(["one"]);
        let builder = Client::builder(&service, raw::client(probe)).tls(config.build().unwrap());
        let short = Duration::from_millis(20);
        let again = sockeye::Backoff::default().first(short).max(short);
        let client = builder.reconnect(again).connect(addr).unwrap();
        client.wait_connected(LIMIT).unwrap();
        assert_eq!(events.data(6), b"olleh\n");
    }
}

const PYTHON: &str = r#"
import socket, ssl, sys
host, port, version = sys.argv[1], int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile="ca.pem")
context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
context.set_alpn_protocols(["one"])
with socket.create_connection((host, port), 15) as plain:
    tls = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
    data = bytes(range(256)) * 4096
    got = b""
    for at in range(0, len(data), 50000):
        piece = data[at:at + 50000]
        tls.sendall(piece)
        while len(got) < at + len(piece):
            got += tls.recv(65536)
    assert got == data
    print(tls.version(), tls.selected_alpn_protocol())
    tls.unwrap().close()
    print("good bye")
"#;

fn python_is_a_client(design: Design) {
    if !is_there("python3", "--version") || !is_there("timeout", "--version") {
        return;
    }
    let (files, service) = (Files::new(), design.service());
    files.folder.file("client.py", PYTHON);
    let config = ServerConfig::builder(files.world.identity()).alpn(["one"]).build().unwrap();
    let serving = Serving::echo(&service, config);
    for (version, name) in [("TLSv1_2", "TLSv1.2 one"), ("TLSv1_3", "TLSv1.3 one")] {
        let addr = addr_of(&serving.server);
        let line =
            format!("timeout 15 python3 client.py {} {} {version} 2>&1", addr.ip(), addr.port());
        let text = run(files.path(), &line);
        assert!(text.starts_with(name) && text.ends_with("good bye\n"), "{text}");
    }
    serving.errors.expect_none();
}
