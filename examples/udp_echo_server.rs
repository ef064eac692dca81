//! An echo server for datagrams.
//!
//! ```text
//! cargo run --example udp_echo_server [port]
//! ```
//!
//! The default port is 3333; with 0 the system chooses one. Talk to it with `udp_echo_client`, or
//! with `nc -u localhost 3333`.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use sockeye::{CloseReason, Service, udp};

/// Sends back what comes. Peers have no session here: each datagram says who sent it.
struct Echo;

impl udp::Handler for Echo {
    fn on_open(&mut self, socket: &mut udp::Session<'_>) {
        println!("Server listening on {}", socket.local_addr());
    }

    fn on_datagram(&mut self, socket: &mut udp::Session<'_>, from: SocketAddr, data: &[u8]) {
        println!("Incoming from {from}: {}", String::from_utf8_lossy(data).trim_end());
        socket.send_to(from, data);
    }

    fn on_error(&mut self, _socket: &mut udp::Session<'_>, error: &sockeye::Error) {
        println!("Server error: {error}");
    }

    fn on_close(&mut self, _socket: &mut udp::Session<'_>, reason: &CloseReason) {
        println!("Server closed: {reason}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let usage = |_| "usage: udp_echo_server [port]";
    let port: u16 = std::env::args().nth(1).map_or(Ok(3333), |text| text.parse()).map_err(usage)?;

    let service = Service::builder().start()?;
    let server = udp::Socket::builder(&service, Echo).bind(port)?;
    println!("Press Enter to stop the server or '!' to restart the server...");

    for line in io::stdin().lines() {
        match line?.as_str() {
            "" => break,
            "!" => {
                println!("Server restarting...");
                service.restart()?;
            }
            _ => println!("{:?}", server.stats()),
        }
    }

    println!("Server stopping...");
    service.shutdown(Duration::from_secs(2))?;
    println!("Done!");
    Ok(())
}
