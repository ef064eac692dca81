//! Who is at the other end.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process;
use std::sync::mpsc::channel;

use sockeye::Server;

use crate::common::{Design, LIMIT, Peer, Probe, addr_of, serve};
use crate::folder::Folder;
use crate::{client, on_both_designs, peer};

on_both_designs!(each_end_knows_whose_process_the_other_is, tcp_tells_nobody);

fn each_end_knows_whose_process_the_other_is(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (told, seen) = channel();
    let (probe, _events) = Probe::new();
    let probe = probe.on_open(move |session| {
        let _ = told.send(session.peer_credentials());
    });
    let server = Server::builder(&service, probe.clone().serve()).listen(folder.socket()).unwrap();
    let client = client(&service, probe).connect(folder.socket()).unwrap();
    client.wait_connected(LIMIT).unwrap();
    let _peer = peer(&folder.socket());
    // What this process makes is its user's.
    let own = fs::metadata(folder.path()).unwrap();
    for _ in 0..3 {
        let credentials = seen.recv_timeout(LIMIT).unwrap().unwrap();
        assert_eq!((credentials.uid, credentials.gid), (own.uid(), own.gid()));
        if cfg!(any(target_os = "linux", target_os = "android")) {
            assert_eq!(credentials.pid, Some(process::id()));
        }
    }
    let (told, seen) = channel();
    let asked = client.handle().post(move |session| {
        let _ = told.send(session.peer_credentials());
    });
    asked.unwrap();
    assert!(seen.recv_timeout(LIMIT).unwrap().is_some());
    drop(server);
}

fn tcp_tells_nobody(design: Design) {
    let service = design.service();
    let (told, seen) = channel();
    let (probe, _events) = Probe::new();
    let probe = probe.on_open(move |session| {
        let _ = told.send(session.peer_credentials());
    });
    let server = serve(&service, probe.serve());
    let _peer = Peer::at(addr_of(&server));
    assert_eq!(seen.recv_timeout(LIMIT).unwrap(), None);
}
