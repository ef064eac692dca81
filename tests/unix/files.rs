//! The file of a listening socket: when another's is replaced, who may use it, and that it goes.

use std::fs;
use std::io::ErrorKind as IoErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use sockeye::{ErrorKind, Result, Server, Service, UnixOptions};

use crate::common::{Design, bounded};
use crate::folder::Folder;
use crate::{assert_served, builder, on_both_designs, skip};

on_both_designs!(
    the_file_is_there_while_the_server_listens,
    a_server_that_is_dropped_takes_its_file_along,
    restarts_bind_again,
    a_file_that_nobody_listens_on_is_replaced,
    a_stale_file_stays_if_it_shall,
    a_file_that_somebody_listens_on_is_in_use,
    what_is_no_socket_is_never_removed,
    a_socket_of_another_type_is_in_use,
    somebody_elses_file_outlives_the_server,
    a_removed_file_is_no_trouble,
    the_mode_is_as_it_shall_be,
    the_owner_is_as_it_shall_be,
    an_owner_that_cannot_be_set_leaves_nothing_behind,
    one_bad_address_leaves_no_file,
);

/// A socket file that somebody has left.
fn leave_stale(folder: &Folder) {
    drop(UnixListener::bind(folder.socket()).unwrap());
    assert!(fs::symlink_metadata(folder.socket()).unwrap().file_type().is_socket());
}

fn listen(service: &Service, folder: &Folder) -> Result<Server> {
    builder(service).listen(folder.socket())
}

fn the_file_is_there_while_the_server_listens(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let server = listen(&service, &folder).unwrap();
    assert_eq!(folder.names(), ["a.sock"]);
    assert_served(&folder.socket());
    let stopped = server.clone();
    bounded("stop", move || stopped.stop()).unwrap();
    assert!(folder.names().is_empty());
    let error = UnixStream::connect(folder.socket()).unwrap_err();
    assert_eq!(error.kind(), IoErrorKind::NotFound);
    server.start().unwrap();
    assert_served(&folder.socket());
    service.stop().unwrap();
    assert!(folder.names().is_empty());
}

fn a_server_that_is_dropped_takes_its_file_along(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    drop(listen(&service, &folder).unwrap());
    service.stop().unwrap();
    assert!(folder.names().is_empty());
}

fn restarts_bind_again(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let server = listen(&service, &folder).unwrap();
    server.restart().unwrap();
    assert_served(&folder.socket());
    service.restart().unwrap();
    assert_served(&folder.socket());
    assert_eq!(folder.names(), ["a.sock"]);
}

fn a_file_that_nobody_listens_on_is_replaced(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    leave_stale(&folder);
    let _server = listen(&service, &folder).unwrap();
    assert_served(&folder.socket());
}

fn a_stale_file_stays_if_it_shall(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    leave_stale(&folder);
    let options = UnixOptions::default().replace_stale(false);
    let error = builder(&service).unix_options(options).listen(folder.socket()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    assert_eq!(folder.names(), ["a.sock"]);
}

fn a_file_that_somebody_listens_on_is_in_use(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let first = listen(&service, &folder).unwrap();
    let error = listen(&service, &folder).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    assert_eq!(error.address(), Some(&*first.local_addr().to_string()));
    assert!(error.to_string().contains("somebody listens there"), "{error}");
    assert_served(&folder.socket());
    drop(first);
}

fn what_is_no_socket_is_never_removed(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let make: [(&str, &dyn Fn()); 4] = [
        ("no socket", &|| fs::write(folder.socket(), "precious").unwrap()),
        ("no socket", &|| fs::create_dir(folder.socket()).unwrap()),
        ("symbolic link", &|| symlink("nowhere", folder.socket()).unwrap()),
        ("symbolic link", &|| {
            let target = folder.path().join("b.sock");
            drop(UnixListener::bind(&target).unwrap());
            symlink(target, folder.socket()).unwrap();
        }),
    ];
    for (why, make) in make {
        make();
        let before = fs::symlink_metadata(folder.socket()).unwrap();
        let error = listen(&service, &folder).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInUse);
        assert!(error.to_string().contains(why), "{error}");
        let after = fs::symlink_metadata(folder.socket()).unwrap();
        assert_eq!((after.ino(), after.mode()), (before.ino(), before.mode()));
        if before.is_dir() {
            fs::remove_dir(folder.socket()).unwrap();
        } else {
            fs::remove_file(folder.socket()).unwrap();
        }
    }
}

fn a_socket_of_another_type_is_in_use(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let _owner = UnixDatagram::bind(folder.socket()).unwrap();
    let error = listen(&service, &folder).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    assert!(error.to_string().contains("somebody may listen there"), "{error}");
    assert_eq!(folder.names(), ["a.sock"]);
}

fn somebody_elses_file_outlives_the_server(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let server = listen(&service, &folder).unwrap();
    fs::remove_file(folder.socket()).unwrap();
    let _other = UnixListener::bind(folder.socket()).unwrap();
    server.stop().unwrap();
    assert_eq!(folder.names(), ["a.sock"]);
    assert!(UnixStream::connect(folder.socket()).is_ok());
    assert_eq!(server.start().unwrap_err().kind(), ErrorKind::AddressInUse);
}

fn a_removed_file_is_no_trouble(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let server = listen(&service, &folder).unwrap();
    fs::remove_file(folder.socket()).unwrap();
    server.restart().unwrap();
    assert_served(&folder.socket());
}

fn the_mode_is_as_it_shall_be(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    for mode in [0o600, 0o660, 0o777] {
        let options = UnixOptions::default().mode(mode);
        let server = builder(&service).unix_options(options).listen(folder.socket()).unwrap();
        for _ in 0..2 {
            let found = fs::symlink_metadata(folder.socket()).unwrap();
            assert_eq!(found.mode() & 0o7777, mode, "whatever the process's mask is");
            server.restart().unwrap();
        }
        server.stop().unwrap();
    }
}

fn the_owner_is_as_it_shall_be(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let own = fs::metadata(folder.path()).unwrap();
    // Only root can give files away.
    let wanted = if own.uid() == 0 { (4321, 1234) } else { (own.uid(), own.gid()) };
    let options = UnixOptions::default().mode(0o640).owner(wanted.0, wanted.1);
    let _server = builder(&service).unix_options(options).listen(folder.socket()).unwrap();
    let found = fs::symlink_metadata(folder.socket()).unwrap();
    assert_eq!(((found.uid(), found.gid()), found.mode() & 0o7777), (wanted, 0o640));
}

fn an_owner_that_cannot_be_set_leaves_nothing_behind(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    if folder.is_of_root() {
        return skip("root may give files to anybody");
    }
    let options = UnixOptions::default().owner(0, None);
    let error = builder(&service).unix_options(options).listen(folder.socket()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(folder.names().is_empty());
}

fn one_bad_address_leaves_no_file(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let bad = folder.path().join("missing/b.sock");
    let error = builder(&service).listen([folder.socket(), bad]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInvalid);
    assert!(folder.names().is_empty());
}
