//! OpenSSL's command line asks the library's server.

use crate::common::{Running, Setting, is_there};
use crate::on_stream;
use crate::site::{Site, content};

on_stream!(over_tls Tls: openssl_asks);

/// It waits for the end, and fails if the connection is cut off.
fn openssl_asks(setting: Setting) {
    if !is_there("openssl", "version") {
        return;
    }
    let site = Site::new(setting);
    let addr = site.server.local_addr().to_string();
    for version in ["-tls1_2", "-tls1_3"] {
        let args = [
            ["s_client", "-connect", &addr, "-CAfile", "ca.pem", version],
            [
                "-verify_return_error",
                "-verify_hostname",
                "localhost",
                "-quiet",
                "-alpn",
                "http/1.1",
            ],
        ];
        let run = |request: &str| {
            let openssl = Running::start("openssl", site.folder.path(), args.as_flattened());
            openssl.finish(request.as_bytes().to_vec()).good()
        };
        let said = run("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n\
             GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let said = String::from_utf8(said).unwrap();
        assert_eq!(said.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{said}");
        assert!(said.ends_with("\r\n\r\nhello\n"), "{said}");
        let said = run("GET /files/large.bin HTTP/1.0\r\n\r\n");
        assert!(said.ends_with(&content(1_000_000)));
    }
}
