//! A proxy of another make, HAProxy, where it is installed.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use sockeye::ErrorKind;

use crate::common::{Folder, LIMIT, Peer, Setting, Stream, addr_of, eventually, free_addr};
use crate::on_stream;
use crate::world::{Told, World};

on_stream!(over_tcp Tcp: haproxy_tells_of_its_clients, haproxy_checks_whether_the_server_lives);

on_stream!(over_tls Tls: haproxy_tells_of_its_clients);

/// Runs as long as it is held.
struct Haproxy {
    child: Child,
    addr: SocketAddr,
    _folder: Folder,
}

impl Haproxy {
    /// Passes on to the server as these options of it say; `None` where there is no such program.
    #[expect(clippy::print_stderr, reason = "who reads the test's output shall see it")]
    fn before(server: SocketAddr, options: &str) -> Option<Self> {
        let version = Command::new("haproxy").arg("-v").output();
        if !version.is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: there is no haproxy on this machine");
            return None;
        }
        let (folder, addr) = (Folder::new(), free_addr());
        let text = format!(
            "defaults\n mode tcp\n timeout connect 20s\n timeout client 20s\n timeout server 20s\n\
             listen tested\n bind {addr}\n server tested {server} {options}\n"
        );
        let file = folder.file("haproxy.cfg", text);
        let child = Command::new("haproxy")
            .args(["-db", "-q", "-f"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut proxy = Self { child, addr, _folder: folder };
        eventually("haproxy listens", || {
            assert!(proxy.child.try_wait().unwrap().is_none(), "haproxy has ended");
            std::net::TcpStream::connect(addr).is_ok()
        });
        Some(proxy)
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The client's address, as a session that opens tells it.
fn next_open(world: &World) -> String {
    loop {
        match world.next() {
            Told::Open(peer) => return peer.unwrap(),
            Told::Error(ErrorKind::Invalid, words) => panic!("{words}"),
            _ => {}
        }
    }
}

fn haproxy_tells_of_its_clients(setting: Setting) {
    for options in [
        "send-proxy",
        "send-proxy-v2",
        "send-proxy-v2 proxy-v2-options crc32c,unique-id",
        "send-proxy-v2-ssl-cn proxy-v2-options crc32c",
    ] {
        let world = World::new(setting);
        let Some(proxy) = Haproxy::before(addr_of(&world.server), options) else { return };
        let mut peer = match setting.stream {
            Stream::Tls => Peer::of_tls_client(proxy.addr),
            _ => Peer::at(proxy.addr),
        };
        peer.exchange("hello");
        let client = peer.addr().to_string();
        // Whoever looked whether it listens may have come first.
        while next_open(&world) != client {}
        peer.exchange(vec![7; 100_000]);
    }
}

/// Checks come from the proxy itself, and say so.
fn haproxy_checks_whether_the_server_lives(setting: Setting) {
    let world = World::new(setting);
    let options = "send-proxy-v2 check inter 20ms";
    let Some(_proxy) = Haproxy::before(addr_of(&world.server), options) else { return };
    let deadline = std::time::Instant::now() + LIMIT;
    let mut checked = false;
    while !checked {
        assert!(std::time::Instant::now() < deadline, "no check within the limit");
        checked = matches!(world.next(), Told::Filter(peer) if peer.starts_with("127.0.0.1:"));
    }
}
