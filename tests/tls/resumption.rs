//! What outlives a connection: sessions that are resumed, certificates that are replaced, and a
//! client that comes back until its server is right.

use std::sync::Arc;
use std::time::Duration;

use sockeye::tls::rustls::HandshakeKind;
use sockeye::tls::{ClientConfig, ServerConfig, Version};
use sockeye::{Backoff, Client, ErrorKind, Limits, Service, client, raw};

use crate::common::{Design, Echo, LIMIT, Probe, addr_of};
use crate::on_both_designs;
use crate::wire::Wire;
use crate::world::{BOTH, Serving, World, identity};

on_both_designs!(
    a_second_connection_is_resumed,
    nothing_is_resumed_without_tickets_and_cache,
    a_reload_concerns_new_handshakes_only,
    the_name_chooses_the_certificate,
    a_client_comes_back_until_the_certificate_is_right,
);

/// Connects, exchanges something, and tells whether that was a resumption.
fn visit(service: &Service, serving: &Serving, config: &ClientConfig) -> bool {
    let (told, seen) = std::sync::mpsc::channel();
    let (probe, events) = Probe::new();
    let probe = probe.on_open(move |session| {
        let _ = told.send(session.tls().unwrap().resumed());
        session.send("hello");
    });
    let builder = Client::builder(service, raw::client(probe)).tls(config.clone());
    let client = builder.connect(addr_of(&serving.server)).unwrap();
    // Tickets have come then, too.
    assert_eq!(events.data(5), b"hello");
    client.disconnect();
    client.wait_disconnected(LIMIT).unwrap();
    seen.recv_timeout(LIMIT).unwrap()
}

fn a_second_connection_is_resumed(design: Design) {
    let (world, service) = (World::new(), design.service());
    for version in BOTH {
        let serving = Serving::echo(&service, world.server_config());
        let config = world.client_of(&[version]);
        assert!(!visit(&service, &serving, &config));
        for _ in 0..3 {
            assert!(visit(&service, &serving, &config), "{version}");
        }
        // Another configuration knows nothing of it.
        assert!(!visit(&service, &serving, &world.client_of(&[version])));
        serving.errors.expect_none();
    }
}

fn nothing_is_resumed_without_tickets_and_cache(design: Design) {
    let (world, service) = (World::new(), design.service());
    for version in BOTH {
        let config = ServerConfig::builder(world.identity()).tickets(false).session_cache(0);
        let serving = Serving::echo(&service, config.build().unwrap());
        let config = world.client_of(&[version]);
        assert!(!visit(&service, &serving, &config) && !visit(&service, &serving, &config));
        let serving = Serving::echo(&service, world.server_config());
        let config = world.client_builder().versions([version]).session_cache(0).build().unwrap();
        assert!(!visit(&service, &serving, &config) && !visit(&service, &serving, &config));
    }
}

fn shown(peer: &Wire) -> Vec<u8> {
    peer.tls.peer_certificates().unwrap()[0].to_vec()
}

fn a_reload_concerns_new_handshakes_only(design: Design) {
    let (world, service) = (World::new(), design.service());
    let config = world.server_config();
    let serving = Serving::echo(&service, config.clone());
    for version in BOTH {
        let mut old = world.peer_of(&serving.server, &[version]);
        let begun = Arc::new(world.rustls_client(&[version]));
        let mut begun = Wire::connect(addr_of(&serving.server), &begun);
        begun.push().unwrap();
        begun.pull().unwrap();
        let new = world.ca.local();
        config.reload(identity(&new)).unwrap();
        old.exchange("old");
        begun.try_handshake().unwrap();
        begun.exchange("begun");
        assert_eq!(shown(&old), shown(&begun));
        let mut fresh = world.peer_of(&serving.server, &[version]);
        fresh.exchange("new");
        assert_eq!(shown(&fresh), new.chain_der()[0]);
        assert_ne!(shown(&old), shown(&fresh));
        assert_eq!(fresh.tls.handshake_kind(), Some(HandshakeKind::Full));
    }
}

fn the_name_chooses_the_certificate(design: Design) {
    let (world, service) = (World::new(), design.service());
    let (one, many) = (world.ca.server(&["one.example"]), world.ca.server(&["*.many.example"]));
    let config = ServerConfig::builder(world.identity());
    let config = config.identity(identity(&one)).identity(identity(&many)).build().unwrap();
    let serving = Serving::echo(&service, config);
    for version in BOTH {
        let config = Arc::new(world.rustls_client(&[version]));
        for (name, wanted) in
            [("one.example", &one), ("a.many.example", &many), ("localhost", &world.local)]
        {
            let mut peer = Wire::connect_to(addr_of(&serving.server), &config, name).shake_hands();
            peer.exchange("hello");
            assert_eq!(shown(&peer), wanted.chain_der()[0]);
        }
    }
    serving.errors.expect_none();
}

fn a_client_comes_back_until_the_certificate_is_right(design: Design) {
    struct Attempts(std::sync::mpsc::Sender<u32>);
    impl client::Events for Attempts {
        fn on_reconnecting(&self, attempt: u32, _: Duration) {
            let _ = self.0.send(attempt);
        }
    }
    let (world, service) = (World::new(), design.service());
    let config = ServerConfig::new(identity(&world.ca.expired())).unwrap();
    let serving = Serving::new(&service, raw::server(|_| Echo), config.clone(), Limits::default());
    let (told, attempts) = std::sync::mpsc::channel();
    let (probe, events) = Probe::new();
    let short = Duration::from_millis(5);
    let builder = Client::builder(&service, raw::client(probe))
        .tls(world.client_of(&[Version::Tls13]))
        .queue_while_down(100)
        .reconnect(Backoff::default().first(short).max(4 * short).jitter(0.0))
        .events(Attempts(told));
    let client = builder.connect(addr_of(&serving.server)).unwrap();
    assert!(client.handle().send("at last").is_queued());
    for wanted in 1..5 {
        assert_eq!(attempts.recv_timeout(LIMIT).unwrap(), wanted);
        serving.errors.expect_tls("the alert CertificateExpired");
    }
    assert_eq!(client.last_error().unwrap().kind(), ErrorKind::Tls);
    config.reload(world.identity()).unwrap();
    client.wait_connected(LIMIT).unwrap();
    assert_eq!(events.data(7), b"at last");
}
