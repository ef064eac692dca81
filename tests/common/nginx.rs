//! nginx, as a server or before one.

use std::net::SocketAddr;

use super::{Folder, Running, certificate_pem, eventually, free_addr, is_there};

/// Runs as long as it is held.
pub struct Nginx {
    pub addr: SocketAddr,
    /// Where it speaks TLS.
    pub tls_addr: SocketAddr,
    pub folder: Folder,
    _process: Running,
}

impl Nginx {
    /// A server as these lines say, and what else belongs to `http`; `None` where there is no nginx.
    pub fn start(folder: Folder, server: &str, http: &str) -> Option<Self> {
        if !is_there("nginx", "-v") {
            return None;
        }
        let (addr, tls_addr) = (free_addr(), free_addr());
        let (chain, key) = certificate_pem();
        folder.file("server.pem", chain);
        folder.file("server.key", key);
        let own = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|name| format!("{name}_temp_path {own}/{name};\n"))
            .collect();
        let config = format!(
            "daemon off;\nmaster_process off;\npid {own}/nginx.pid;\nerror_log stderr warn;\n\
             events {{ worker_connections 256; }}\n\
             http {{\naccess_log off;\nclient_max_body_size 0;\n{temporary}{http}\n\
             server {{\nlisten {addr};\nlisten {tls_addr} ssl;\nserver_name localhost;\n\
             ssl_certificate {own}/server.pem;\nssl_certificate_key {own}/server.key;\n\
             {server}\n}}\n}}\n"
        );
        folder.file("nginx.conf", config);
        let args = ["-e", "stderr", "-p", ".", "-c", "nginx.conf"];
        let mut process = Running::start("nginx", folder.path(), &args);
        eventually("nginx listens", || {
            if !process.lives() {
                panic!("nginx has ended: {}", process.errors());
            }
            std::net::TcpStream::connect(tls_addr).is_ok()
        });
        Some(Self { addr, tls_addr, folder, _process: process })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub fn tls_url(&self, path: &str) -> String {
        format!("https://{}{path}", self.tls_addr)
    }
}
