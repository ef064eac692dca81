//! Listens to a multicast group.
//!
//! ```text
//! cargo run --example udp_multicast_client [group] [port] [interface]
//! ```
//!
//! The default is 239.255.0.1 and 3334, where `udp_multicast_server` sends to.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use sockeye::udp::{Interface, MulticastGroup};
use sockeye::{Service, udp};

struct Print;

impl udp::Handler for Print {
    fn on_open(&mut self, socket: &mut udp::Session<'_>) {
        println!("Client listening on {}", socket.local_addr());
    }

    fn on_datagram(&mut self, _socket: &mut udp::Session<'_>, from: SocketAddr, data: &[u8]) {
        println!("Incoming from {}: {}", from.ip(), String::from_utf8_lossy(data));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let group = args.next().unwrap_or_else(|| "239.255.0.1".to_string());
    let usage = "usage: udp_multicast_client [group] [port] [interface]";
    let port: u16 = args.next().map_or(Ok(3334), |text| text.parse()).map_err(|_| usage)?;
    let interface = args.next().map(|text| text.parse::<Ipv4Addr>()).transpose();
    let interface = interface.map_err(|_| usage)?.map_or(Interface::Any, Interface::Address);
    let group = group.parse::<MulticastGroup>()?.on(interface);

    let service = Service::builder().threads(1).start()?;
    let socket = udp::Socket::builder(&service, Print).join(group).bind(("0.0.0.0", port))?;
    println!("Press Enter to stop the client, '-' to leave the group, '+' to join it again...");

    for line in io::stdin().lines() {
        let done = match line?.as_str() {
            "" => break,
            "-" => socket.leave(group).map(|()| println!("Left {group}")),
            _ => socket.join(group).map(|()| println!("Joined {group}")),
        };
        if let Err(error) = done {
            println!("{error}");
        }
    }

    println!("Client stopping...");
    service.shutdown(Duration::from_secs(2))?;
    println!("Done!");
    Ok(())
}
