//! Sends lines, and the time each second, to a multicast group.
//!
//! ```text
//! cargo run --example udp_multicast_server [group] [port] [interface]
//! ```
//!
//! The default is 239.255.0.1 and 3334, on the interface that the system chooses; another is named
//! by its address. Listen with `udp_multicast_client`.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use sockeye::udp::Interface;
use sockeye::{Service, udp};

/// Sends only.
struct Source;

impl udp::Handler for Source {
    fn on_datagram(&mut self, _socket: &mut udp::Session<'_>, from: SocketAddr, data: &[u8]) {
        println!("{from} answers: {}", String::from_utf8_lossy(data));
    }

    fn on_error(&mut self, _socket: &mut udp::Session<'_>, error: &sockeye::Error) {
        println!("Server error: {error}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let group = args.next().unwrap_or_else(|| "239.255.0.1".to_string());
    let usage = "usage: udp_multicast_server [group] [port] [interface]";
    let port: u16 = args.next().map_or(Ok(3334), |text| text.parse()).map_err(|_| usage)?;
    let interface = args.next().map(|text| text.parse::<Ipv4Addr>()).transpose();
    let interface = interface.map_err(|_| usage)?.map_or(Interface::Any, Interface::Address);

    let service = Service::builder().threads(1).start()?;
    let socket = udp::Socket::builder(&service, Source)
        .options(udp::Options::default().multicast_interface(interface))
        .multicast_to((group.as_str(), port))
        .bind("0.0.0.0:0")?;
    println!("Server sending to {group}, port {port}");
    println!("Press Enter to stop the server...");

    let (begin, handle) = (Instant::now(), socket.handle());
    let _tick = service.every(Duration::from_secs(1), move || {
        handle.multicast(format!("It runs for {} s", begin.elapsed().as_secs()));
    });
    for line in io::stdin().lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        socket.multicast(line);
    }

    println!("Server stopping...");
    service.shutdown(Duration::from_secs(2))?;
    println!("Done!");
    Ok(())
}
