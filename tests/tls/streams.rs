//! TLS over what is not TCP: Unix sockets, and memory with faults.

use sockeye::testing::{Conditions, Faults, set_conditions};
use sockeye::{Client, Server, Service, raw};

use crate::common::{Design, Echo, LIMIT, Probe, Random, eventually};
use crate::on_both_designs;
use crate::world::{BOTH, World};

on_both_designs!(
    #[cfg(unix)]
    a_unix_socket_carries_tls,
    memory_carries_tls_however_it_is_cut,
);

/// Echoes a lot over this address, with either version.
fn carry(service: &Service, addr: &str, total: usize) {
    let world = World::new();
    let builder = Server::builder(service, raw::server(|_| Echo)).tls(world.server_config());
    let server = builder.listen(addr).unwrap();
    for version in BOTH {
        let (probe, events) = Probe::new();
        let builder = Client::builder(service, raw::client(probe)).tls(world.client_of(&[version]));
        let client = builder.connect(addr).unwrap();
        client.wait_connected(LIMIT).unwrap();
        let data = Random::new().bytes(total);
        for piece in data.chunks(7000) {
            client.handle().send_within(piece, LIMIT).unwrap();
        }
        assert!(events.data(total) == data);
        client.disconnect();
        client.wait_disconnected(LIMIT).unwrap();
    }
    eventually("the sessions are gone", || server.connections() == 0);
    server.stop().unwrap();
}

#[cfg(unix)]
fn a_unix_socket_carries_tls(design: Design) {
    let folder = crate::common::Folder::new();
    let addr = format!("unix:{}", folder.path().join("tls").display());
    carry(&design.service(), &addr, 1 << 20);
}

fn memory_carries_tls_however_it_is_cut(design: Design) {
    let service = design.service();
    let mut random = Random::new();
    for (round, most) in [1, 2, 7, 100, 5000].into_iter().enumerate() {
        let addr = format!("memory:tls-{round}");
        let mut faults = || {
            let seed = random.next();
            Faults::seeded(seed).short_reads(most).short_writes(most).would_block(20)
        };
        let conditions = Conditions::default().server(faults()).client(faults());
        set_conditions(&service, &*addr, conditions).unwrap();
        carry(&service, &addr, 20_000);
    }
}
