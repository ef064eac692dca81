//! What a Unix socket may be called, and what is said of names that do not work.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sockeye::{Address, Endpoint, ErrorKind, Server, Service, UnixName};

use crate::common::{Design, LIMIT, Probe};
use crate::folder::Folder;
use crate::{assert_served, builder, client, on_both_designs, skip};

on_both_designs!(
    every_form_of_a_path_is_listened_on,
    abstract_names_need_no_file,
    a_path_may_be_as_long_as_the_system_takes,
    a_path_that_is_too_long_is_told_the_limit,
    a_folder_that_is_missing_is_told,
    a_file_in_place_of_a_folder_is_told,
    a_folder_without_permission_is_told,
);

fn every_form_of_a_path_is_listened_on(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let path = folder.socket();
    let text = format!("unix:{}", path.display());
    let listen: [&dyn Fn() -> Server; 5] = [
        &|| builder(&service).listen(&*text).unwrap(),
        &|| builder(&service).listen(&path).unwrap(),
        &|| builder(&service).listen(path.as_path()).unwrap(),
        &|| builder(&service).listen(text.parse::<Address>().unwrap()).unwrap(),
        &|| builder(&service).listen(Endpoint::Unix(UnixName::Path(path.clone().into()))).unwrap(),
    ];
    for listen in listen {
        let server = listen();
        assert_eq!(server.local_addr().to_string(), text);
        assert_served(&path);
        server.stop().unwrap();
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn abstract_names_need_no_file(design: Design) {
    let service = design.service();
    let name = format!("unix:@sockeye {} {}", std::process::id(), design.module());
    let server = builder(&service).listen(&*name).unwrap();
    assert_eq!((server.local_addr().to_string(), server.local_addr().path()), (name.clone(), None));
    assert_eq!(builder(&service).listen(&*name).unwrap_err().kind(), ErrorKind::AddressInUse);
    assert_echo(&service, &name);
    server.restart().unwrap();
    assert_echo(&service, &name);
    server.stop().unwrap();
    let client = client(&service, sockeye::raw::Discard).connect(&*name).unwrap();
    assert_eq!(client.wait_connected(LIMIT).unwrap_err().kind(), ErrorKind::Refused);
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn abstract_names_need_no_file(design: Design) {
    let error = builder(&design.service()).listen("unix:@name").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

fn a_path_may_be_as_long_as_the_system_takes(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let path = longest(&folder, 0);
    let server = builder(&service).listen(&path).unwrap();
    assert_served(&path);
    assert_echo(&service, &server.local_addr().to_string());
    // It does not matter either what a client has bound itself to.
    let own = longest(&folder, 0).with_extension("b");
    let peer = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    peer.bind(&socket2::SockAddr::unix(&own).unwrap()).unwrap();
    peer.connect(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
    let sessions = || server.sessions().iter().filter_map(|session| session.peer_addr()).collect();
    crate::common::eventually("it is accepted", || {
        let peers: Vec<Endpoint> = sessions();
        peers.iter().any(|peer| peer.path() == Some(&*own))
    });
}

fn a_path_that_is_too_long_is_told_the_limit(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let path = longest(&folder, 1);
    let listening = builder(&service).listen(&path).unwrap_err();
    let connecting = client(&service, sockeye::raw::Discard).connect(&path).unwrap();
    let connecting = connecting.wait_connected(LIMIT).unwrap_err();
    for error in [listening, connecting] {
        assert_eq!(error.kind(), ErrorKind::AddressInvalid);
        let text = error.to_string();
        assert!(
            text.contains(&format!("at most {} bytes, this has {}", most(), most() + 1)),
            "{text}"
        );
    }
}

fn a_folder_that_is_missing_is_told(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let error = builder(&service).listen(folder.path().join("b/a.sock")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInvalid);
    assert!(error.to_string().contains("there is no such folder"), "{error}");
}

fn a_file_in_place_of_a_folder_is_told(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    fs::write(folder.path().join("b"), "").unwrap();
    let error = builder(&service).listen(folder.path().join("b/a.sock")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInvalid);
}

fn a_folder_without_permission_is_told(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    if folder.is_of_root() {
        return skip("root may write everywhere");
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let error = builder(&service).listen(folder.socket()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

fn assert_echo(service: &Service, address: &str) {
    let (probe, events) = Probe::new();
    let client = client(service, probe).connect(address).unwrap();
    client.wait_connected(LIMIT).unwrap();
    client.handle().send("hello");
    assert_eq!(events.data(5), b"hello");
}

fn most() -> usize {
    if cfg!(any(target_os = "linux", target_os = "android")) { 107 } else { 103 }
}

/// A path of so many bytes more than the system takes.
fn longest(folder: &Folder, more: usize) -> PathBuf {
    let room = most() + more - folder.path().as_os_str().len() - 1;
    let name = format!("{}.a", "x".repeat(room - 2));
    Path::new(folder.path()).join(name)
}
