//! A chat server over TLS: what one session sends, all get.
//!
//! ```text
//! cargo run --package sockeye-certificates -- --out certs
//! cargo run --example tls_chat_server [port] [chain.pem key.pem | file.pfx password]
//! ```
//!
//! The default port is 2222; with 0 the system chooses one. The default certificate is the one that
//! the first line makes. Connect with `tls_chat_client`, or with
//! `openssl s_client -connect localhost:2222 -CAfile certs/ca.pem`.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::env;
use std::error::Error;
use std::io;
use std::time::Duration;

use sockeye::{CloseReason, Server, Service, raw, server, tls};

/// One session. It has no state of its own here; fields of this struct would be that.
struct Chat;

impl raw::Handler for Chat {
    fn on_handshake(&mut self, session: &mut raw::Session<'_>) {
        if let Some(tls) = session.tls() {
            let (version, cipher) = (tls.version(), tls.cipher_suite());
            let name = tls.server_name().unwrap_or("no name");
            println!("Session {} speaks {version}, {cipher}, asks for {name}", session.id());
        }
    }

    fn on_open(&mut self, session: &mut raw::Session<'_>) {
        println!("Session {} connected", session.id());
        session.send("Hello from TLS chat! Please send a message or '!' to disconnect the client!");
    }

    fn on_data(&mut self, session: &mut raw::Session<'_>, data: &[u8]) {
        println!("Incoming: {}", String::from_utf8_lossy(data).trim_end());
        session.everyone().send(data);
        if data.trim_ascii() == b"!" {
            session.close();
        }
    }

    fn on_close(&mut self, session: &mut raw::Session<'_>, reason: &CloseReason) {
        println!("Session {} disconnected: {reason}", session.id());
    }
}

/// What concerns the server as a whole.
struct Watch;

impl server::Events for Watch {
    fn on_error(&self, error: &sockeye::Error) {
        println!("Server error: {error}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let port: u16 = args.next().map_or(Ok(2222), |text| text.parse()).map_err(|_| USAGE)?;
    let config = tls::ServerConfig::new(identity(&args.collect::<Vec<_>>())?)?;

    let service = Service::builder().start()?;
    let server = Server::builder(&service, raw::server(|_peer| Chat))
        .events(Watch)
        .tls(config)
        .listen(port)?;
    println!("Server listening on {}", server.local_addr());
    println!("Press Enter to stop the server or '!' to restart the server...");

    for line in io::stdin().lines() {
        match line?.as_str() {
            "" => break,
            "!" => {
                println!("Server restarting...");
                server.restart()?;
                println!("Server listening on {}", server.local_addr());
            }
            text => {
                server.multicast(format!("(admin) {text}"));
            }
        }
    }

    println!("Server stopping...");
    // Sessions get what is queued for them; who does not end in time is cut off.
    if let Err(error) = server.shutdown(Duration::from_secs(2)) {
        println!("{error}");
    }
    service.stop()?;
    println!("Done!");
    Ok(())
}

fn identity(files: &[String]) -> Result<tls::Identity, Box<dyn Error>> {
    Ok(match files {
        [] => tls::Identity::from_pem_files("certs/server.pem", "certs/server-key.pem")?,
        [file, password] if file.ends_with(".pfx") => {
            tls::Identity::from_pkcs12_file(file, password)?
        }
        [chain, key] => tls::Identity::from_pem_files(chain, key)?,
        _ => return Err(USAGE.into()),
    })
}

const USAGE: &str = "usage: tls_chat_server [port] [chain.pem key.pem | file.pfx password]";
