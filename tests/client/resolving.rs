//! Names, and hosts with several addresses.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sockeye::{Client, ErrorKind, Service, client, raw};

use crate::common::{
    Design, Echo, Hanging, LIMIT, Peer, Probe, SHORT, addr_of, echo_server, free_addr, serve,
};
use crate::{Teller, accept, assert_nobody_waits, listener, on_both_designs};

on_both_designs!(
    a_resolver_gets_host_and_service,
    the_systems_resolver_knows_this_machine,
    a_literal_address_needs_no_resolver,
    a_name_that_does_not_resolve_is_an_error_that_names_it,
    a_resolver_that_panics_is_an_error_with_its_message,
    a_resolver_that_hangs_holds_up_nobody_else,
    the_time_limit_includes_resolving,
    the_next_address_is_used_when_the_first_refuses,
    when_all_addresses_refuse_the_last_error_is_told,
    the_second_address_is_tried_while_the_first_hangs,
    the_second_address_is_left_alone_when_the_first_answers,
    addresses_and_names_may_be_mixed,
    one_name_of_several_may_fail,
);

fn builder(service: &Service) -> client::Builder {
    Client::builder(service, raw::client(Echo))
}

fn resolver(
    found: Vec<SocketAddr>,
) -> impl Fn(&str, &str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static {
    move |_, _| Ok(found.clone())
}

fn addr(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().unwrap()
}

fn a_resolver_gets_host_and_service(design: Design) {
    let service = design.service();
    let listener = listener();
    let found = addr(&listener);
    let (told, asked) = channel();
    let resolve = move |host: &str, service: &str| {
        let _ = told.send((host.to_owned(), service.to_owned()));
        Ok(vec![found])
    };
    let resolve = Arc::new(resolve);
    let table = [
        ("some.host.example:80", "some.host.example", "80"),
        ("some.host.example:my-service", "some.host.example", "my-service"),
        ("127.0.0.1:my-service", "127.0.0.1", "my-service"),
        ("[::1]:my-service", "::1", "my-service"),
    ];
    for (text, host, name) in table {
        let resolve = Arc::clone(&resolve);
        let builder = builder(&service).resolver(move |host, service| resolve(host, service));
        let client = builder.connect(text).unwrap();
        assert_eq!(asked.recv_timeout(LIMIT).unwrap(), (host.to_owned(), name.to_owned()));
        accept(&listener).exchange("hello");
        client.disconnect();
    }
}

fn the_systems_resolver_knows_this_machine(design: Design) {
    let service = design.service();
    let (protocol, events) = Probe::server();
    let server = serve(&service, protocol);
    let port = addr_of(&server).port();
    for client in [
        builder(&service).connect(format!("localhost:{port}")),
        builder(&service).connect(("localhost", port)),
    ] {
        let client = client.unwrap();
        client.wait_connected(LIMIT).unwrap();
        client.handle().send("hello");
        assert_eq!(events.data(5), b"hello");
    }
}

fn a_literal_address_needs_no_resolver(design: Design) {
    let service = design.service();
    let listener = listener();
    let builder = builder(&service).resolver(|host, _| panic!("asked for {host}"));
    let _client = builder.connect(addr(&listener)).unwrap();
    accept(&listener).exchange("hello");
}

fn a_name_that_does_not_resolve_is_an_error_that_names_it(design: Design) {
    let service = design.service();
    let unknown = |_: &str, _: &str| Err(io::Error::other("nobody knows it"));
    let empty = |_: &str, _: &str| Ok(Vec::new());
    for (builder, why) in [
        (builder(&service).resolver(unknown), "nobody knows it"),
        (builder(&service).resolver(empty), "no address"),
    ] {
        let (teller, told) = Teller::new();
        let client = builder.events(teller).connect("nowhere.example:80").unwrap();
        let error = client.wait_connected(LIMIT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unresolved);
        assert_eq!(error.address(), Some("nowhere.example:80"));
        assert!(error.to_string().contains(why), "{error}");
        told.expect("connecting");
        told.expect("error Unresolved on nowhere.example:80");
    }
}

fn a_resolver_that_panics_is_an_error_with_its_message(design: Design) {
    let service = design.service();
    let builder = builder(&service).resolver(|host, _| panic!("what is {host}?"));
    let client = builder.connect("nowhere.example:80").unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert!(error.to_string().contains("what is nowhere.example?"), "{error}");
}

fn a_resolver_that_hangs_holds_up_nobody_else(design: Design) {
    let service = design.service();
    let (go_on, wait) = channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let clients: Vec<Client> = (0..8)
        .map(|_| {
            let wait = Arc::clone(&wait);
            let builder = builder(&service).resolver(move |_, _| {
                let _ = wait.lock().unwrap().recv_timeout(LIMIT);
                Err(io::Error::other("too late"))
            });
            builder.connect("nowhere.example:80").unwrap()
        })
        .collect();
    let server = echo_server(&service);
    Peer::new(&server).exchange("hello");
    let listener = listener();
    let _client = builder(&service).resolver(resolver(vec![addr(&listener)])).connect("here:1");
    accept(&listener).exchange("hello");
    drop(go_on);
    for client in clients {
        assert_eq!(client.wait_connected(LIMIT).unwrap_err().kind(), ErrorKind::Unresolved);
    }
}

fn the_time_limit_includes_resolving(design: Design) {
    let service = design.service();
    let (go_on, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let builder = builder(&service).connect_timeout(SHORT).resolver(move |_, _| {
        let _ = wait.lock().unwrap().recv_timeout(LIMIT);
        Ok(Vec::new())
    });
    let client = builder.connect("nowhere.example:80").unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.address(), Some("nowhere.example:80"));
    drop(go_on);
}

fn the_next_address_is_used_when_the_first_refuses(design: Design) {
    let service = design.service();
    let listener = listener();
    let (first, second) = (free_addr(), addr(&listener));
    let began = Instant::now();
    for by_name in [true, false] {
        let found = resolver(vec![first, second]);
        let client = match by_name {
            true => builder(&service).resolver(found).connect("here:1"),
            false => builder(&service).connect([first, second]),
        };
        let client = client.unwrap();
        client.wait_connected(LIMIT).unwrap();
        accept(&listener).exchange("hello");
        let peer = client.handle().peer_addr().and_then(|peer| peer.socket_addr());
        assert_eq!(peer, Some(second));
    }
    // RFC 8305 5: after a failure the next need not wait.
    assert!(began.elapsed() < LIMIT / 2);
}

fn when_all_addresses_refuse_the_last_error_is_told(design: Design) {
    let service = design.service();
    let addrs = vec![free_addr(), free_addr(), free_addr()];
    let (teller, told) = Teller::new();
    let builder = builder(&service).resolver(resolver(addrs.clone())).events(teller);
    let client = builder.connect("here:1").unwrap();
    let error = client.wait_connected(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.address(), Some(&*addrs[2].to_string()));
    told.expect("connecting");
    told.expect(&format!("error Refused on {}", addrs[2]));
    assert!(told.rest().is_empty(), "an attempt fails once");
}

fn the_second_address_is_tried_while_the_first_hangs(design: Design) {
    let service = design.service();
    let (hanging, listener) = (Hanging::new(), listener());
    let began = Instant::now();
    let builder = builder(&service).resolver(resolver(vec![hanging.addr, addr(&listener)]));
    let client = builder.connect("here:1").unwrap();
    client.wait_connected(LIMIT).unwrap();
    let took = began.elapsed();
    accept(&listener).exchange("hello");
    // RFC 8305 5: the Connection Attempt Delay.
    assert!(took >= Duration::from_millis(250), "{took:?}");
    assert!(took < LIMIT / 2, "{took:?}");
}

fn the_second_address_is_left_alone_when_the_first_answers(design: Design) {
    let service = design.service();
    let (first, second) = (listener(), listener());
    let builder = builder(&service).resolver(resolver(vec![addr(&first), addr(&second)]));
    let client = builder.connect("here:1").unwrap();
    client.wait_connected(LIMIT).unwrap();
    accept(&first).exchange("hello");
    assert_nobody_waits(&second);
}

fn addresses_and_names_may_be_mixed(design: Design) {
    let service = design.service();
    let listener = listener();
    let refusing = free_addr().to_string();
    let builder = builder(&service).resolver(resolver(vec![addr(&listener)]));
    let client = builder.connect([&*refusing, "here:1"]).unwrap();
    client.wait_connected(LIMIT).unwrap();
    accept(&listener).exchange("hello");
}

fn one_name_of_several_may_fail(design: Design) {
    let service = design.service();
    let listener = listener();
    let found = addr(&listener);
    let builder = builder(&service).resolver(move |host, _| match host {
        "here" => Ok(vec![found]),
        other => Err(io::Error::other(format!("{other}?"))),
    });
    let client = builder.connect(["nowhere:1", "here:1", "elsewhere:1"]).unwrap();
    client.wait_connected(LIMIT).unwrap();
    accept(&listener).exchange("hello");
}
