//! A client that sends lines as datagrams, and prints what comes back.
//!
//! ```text
//! cargo run --example udp_echo_client [address] [port]
//! ```
//!
//! The default is 127.0.0.1 and 3333, where `udp_echo_server` listens.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use sockeye::{Service, udp};

struct Print;

impl udp::Handler for Print {
    fn on_open(&mut self, socket: &mut udp::Session<'_>) {
        println!("Client sending from {}", socket.local_addr());
    }

    fn on_datagram(&mut self, _socket: &mut udp::Session<'_>, _from: SocketAddr, data: &[u8]) {
        println!("Incoming: {}", String::from_utf8_lossy(data));
    }

    /// That nobody listens there, for example.
    fn on_error(&mut self, _socket: &mut udp::Session<'_>, error: &sockeye::Error) {
        println!("Client error: {error}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1".to_string());
    let usage = |_| "usage: udp_echo_client [address] [port]";
    let port: u16 = args.next().map_or(Ok(3333), |text| text.parse()).map_err(usage)?;

    let service = Service::builder().threads(1).start()?;
    let client = udp::Socket::builder(&service, Print).connect((address.as_str(), port))?;
    println!("Press Enter to stop the client...");

    for line in io::stdin().lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        client.send(line);
    }

    println!("Client stopping...");
    service.shutdown(Duration::from_secs(2))?;
    println!("Done!");
    Ok(())
}
