//! Passing descriptors along with bytes.

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use rustix::io::{FdFlags, fcntl_getfd};
use sockeye::{
    Backoff, Client, CloseReason, Descriptor, ErrorKind, Server, Service, UnixOptions, raw,
};

use crate::common::{Design, Event, Events, LIMIT, Peer, Probe, addr_of, serve};
use crate::folder::Folder;
use crate::{builder, client, on_both_designs};

on_both_designs!(
    a_pipe_goes_to_the_server_and_works,
    a_pipe_comes_back_and_works,
    each_comes_with_its_byte_over_many_writes,
    a_handle_passes_them_from_any_thread,
    more_than_may_wait_are_refused,
    more_than_may_come_are_closed_and_counted,
    where_they_are_not_wanted_the_bytes_still_come,
    without_the_option_none_are_sent,
    other_streams_refuse_them,
    those_that_are_not_sent_are_closed,
    a_client_passes_them_after_a_reconnect_too,
);

/// What came with the data of each callback.
type Arrivals = Receiver<(Vec<u8>, Vec<Descriptor>, u64)>;

fn passing(most: usize) -> UnixOptions {
    UnixOptions::default().pass_descriptors(most)
}

/// A server that passes so many on what it gets, and tells the test.
fn collector(service: &Service, path: &Path, most: usize) -> (Server, Arrivals) {
    let (told, arrivals) = channel();
    let protocol = raw::server(move |_| {
        let told = told.clone();
        move |session: &mut raw::Session<'_>, data: &[u8]| {
            let descriptors = session.take_descriptors();
            let _ = told.send((data.to_vec(), descriptors, session.lost_descriptors()));
        }
    });
    let builder = Server::builder(service, protocol).unix_options(passing(most));
    (builder.listen(path).unwrap(), arrivals)
}

fn connect(service: &Service, path: &Path, options: UnixOptions) -> (Client, Events) {
    let (probe, events) = Probe::new();
    let client = client(service, probe).unix_options(options).connect(path).unwrap();
    client.wait_connected(LIMIT).unwrap();
    (client, events)
}

/// Has the session send them, and tells what becomes of it.
fn send(client: &Client, data: &'static [u8], pipes: Vec<PipeWriter>) -> sockeye::Result<()> {
    let (told, seen) = channel();
    let descriptors = pipes.into_iter().map(Descriptor::from).collect();
    let job = move |session: &mut raw::Session<'_>| {
        let sent = session.send_with_descriptors(data, descriptors);
        let _ = told.send(sent.map(|sent| assert!(sent.is_queued())));
    };
    client.handle().post(job).unwrap();
    seen.recv_timeout(LIMIT).unwrap()
}

fn pipes(count: usize) -> (Vec<PipeReader>, Vec<PipeWriter>) {
    (0..count).map(|_| pipe().unwrap()).unzip()
}

/// Writes into what is the pipe's other end, and closes it.
#[track_caller]
fn assert_joined(mut reader: PipeReader, writer: Descriptor) {
    let flags = fcntl_getfd(&writer).unwrap();
    assert!(flags.contains(FdFlags::CLOEXEC), "no other program inherits it");
    File::from(writer).write_all(b"through the pipe").unwrap();
    assert_eq!(rest(&mut reader), "through the pipe");
}

fn rest(reader: &mut PipeReader) -> String {
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    text
}

fn a_pipe_goes_to_the_server_and_works(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (_server, arrivals) = collector(&service, &folder.socket(), 4);
    let (client, _events) = connect(&service, &folder.socket(), passing(4));
    let (mut readers, writers) = pipes(2);
    send(&client, b"two", writers).unwrap();
    let (data, descriptors, lost) = arrivals.recv_timeout(LIMIT).unwrap();
    assert_eq!((&*data, descriptors.len(), lost), (&b"two"[..], 2, 0));
    for descriptor in descriptors {
        assert_joined(readers.remove(0), descriptor);
    }
}

fn a_pipe_comes_back_and_works(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let back = |session: &mut raw::Session<'_>, data: &[u8]| {
        let descriptors = session.take_descriptors();
        session.send_with_descriptors(data, descriptors).unwrap();
    };
    let server = Server::builder(&service, raw::server(move |_| back)).unix_options(passing(1));
    let _server = server.listen(folder.socket()).unwrap();
    let (told, seen) = channel();
    let take = move |session: &mut raw::Session<'_>, data: &[u8]| {
        let _ = told.send((data.to_vec(), session.take_descriptors()));
    };
    let client = client(&service, take).unix_options(passing(1)).connect(folder.socket()).unwrap();
    client.wait_connected(LIMIT).unwrap();
    for _ in 0..5 {
        let (mut readers, writers) = pipes(1);
        send(&client, b"to and fro", writers).unwrap();
        let (data, mut descriptors) = seen.recv_timeout(LIMIT).unwrap();
        assert_eq!((&*data, descriptors.len()), (&b"to and fro"[..], 1));
        assert_joined(readers.remove(0), descriptors.remove(0));
    }
}

/// Each message that has descriptors begins with their number, the others with 0; what fills them
/// is larger than that. The socket is narrow, so that the queue is written in many pieces.
fn each_comes_with_its_byte_over_many_writes(design: Design) {
    const MESSAGES: usize = 300;
    let (service, folder) = (design.service(), Folder::new());
    let (_server, arrivals) = collector(&service, &folder.socket(), 253);
    let options = passing(253).send_buffer(4096);
    let (client, _events) = connect(&service, &folder.socket(), options);
    let (readers, writers) = pipes(100);
    let mut writers = writers.into_iter();
    let job = move |session: &mut raw::Session<'_>| {
        for number in 0..MESSAGES {
            let count = if number % 6 == 0 { 1 + number % 4 / 2 } else { 0 };
            let mut message = vec![9; 1 + number * 31 % 3000];
            message[0] = count as u8;
            let descriptors = writers.by_ref().take(count).map(Descriptor::from).collect();
            assert!(session.send_with_descriptors(message, descriptors).unwrap().is_queued());
            session.send([9; 20]);
        }
    };
    client.handle().post(job).unwrap();
    let all: usize = (0..MESSAGES).map(|number| 21 + number * 31 % 3000).sum();
    let (mut bytes, mut announced, mut arrived) = (0, 0, Vec::new());
    while bytes < all {
        let (data, descriptors, lost) = arrivals.recv_timeout(LIMIT).unwrap();
        bytes += data.len();
        announced +=
            data.iter().filter(|byte| **byte < 9).map(|byte| *byte as usize).sum::<usize>();
        arrived.extend(descriptors);
        assert_eq!((arrived.len(), lost), (announced, 0), "after {bytes} bytes");
    }
    assert_eq!(bytes, all);
    assert!(announced > 50);
    for (reader, descriptor) in readers.into_iter().zip(arrived) {
        assert_joined(reader, descriptor);
    }
}

fn a_handle_passes_them_from_any_thread(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (_server, arrivals) = collector(&service, &folder.socket(), 4);
    let (client, _events) = connect(&service, &folder.socket(), passing(4));
    let (mut readers, writers) = pipes(1);
    client.handle().send("before ");
    let descriptors = writers.into_iter().map(Descriptor::from).collect();
    client.handle().send_with_descriptors("with it", descriptors).unwrap();
    client.handle().send(" after");
    let (mut text, mut found) = (Vec::new(), Vec::new());
    while text.len() < b"before with it after".len() {
        let (data, descriptors, _) = arrivals.recv_timeout(LIMIT).unwrap();
        text.extend(data);
        found.extend(descriptors);
    }
    assert_eq!((&*text, found.len()), (&b"before with it after"[..], 1));
    assert_joined(readers.remove(0), found.remove(0));
}

fn more_than_may_wait_are_refused(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (_server, arrivals) = collector(&service, &folder.socket(), 9);
    let (client, _events) = connect(&service, &folder.socket(), passing(2));
    let (mut readers, writers) = pipes(3);
    let error = send(&client, b"three", writers).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    assert!(error.to_string().contains("at most 2"), "{error}");
    readers.iter_mut().for_each(|reader| assert_eq!(rest(reader), "", "it is closed"));
    // The session goes on.
    send(&client, b"two", pipes(2).1).unwrap();
    let (data, descriptors, _) = arrivals.recv_timeout(LIMIT).unwrap();
    assert_eq!((&*data, descriptors.len()), (&b"two"[..], 2));
}

fn more_than_may_come_are_closed_and_counted(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (_server, arrivals) = collector(&service, &folder.socket(), 2);
    let (client, _events) = connect(&service, &folder.socket(), passing(9));
    let (mut readers, writers) = pipes(5);
    send(&client, b"five", writers).unwrap();
    let (data, descriptors, lost) = arrivals.recv_timeout(LIMIT).unwrap();
    assert_eq!((&*data, descriptors.len(), lost), (&b"five"[..], 2, 3));
    for reader in &mut readers[2..] {
        assert_eq!(rest(reader), "", "it is closed");
    }
    for descriptor in descriptors {
        assert_joined(readers.remove(0), descriptor);
    }
    send(&client, b"two", pipes(2).1).unwrap();
    let (_, descriptors, lost) = arrivals.recv_timeout(LIMIT).unwrap();
    assert_eq!((descriptors.len(), lost), (2, 3));
}

/// The system stops reading behind a byte with descriptors, though more is there, and no event
/// tells of the rest.
fn where_they_are_not_wanted_the_bytes_still_come(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (probe, served) = Probe::new();
    let probe = probe.on_open(|session| session.pause());
    let _server = Server::builder(&service, probe.serve()).listen(folder.socket()).unwrap();
    let (client, events) = connect(&service, &folder.socket(), passing(9));
    let (mut readers, mut writers) = pipes(3);
    let session = served.open();
    for _ in 0..3 {
        send(&client, b"one", vec![writers.remove(0)]).unwrap();
        events.wait(|event| matches!(event, Event::Sent { pending: 0, .. }).then_some(()));
    }
    session.resume();
    assert_eq!(served.data(9), b"oneoneone");
    readers.iter_mut().for_each(|reader| assert_eq!(rest(reader), "", "it is closed"));
}

fn without_the_option_none_are_sent(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let _server = builder(&service).listen(folder.socket()).unwrap();
    let (client, _events) = connect(&service, &folder.socket(), UnixOptions::default());
    let error = send(&client, b"one", pipes(1).1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("pass_descriptors"), "{error}");
    let (client, _events) = connect(&service, &folder.socket(), passing(1));
    assert_eq!(send(&client, b"", pipes(1).1).unwrap_err().kind(), ErrorKind::Unsupported);
}

fn other_streams_refuse_them(design: Design) {
    let service = design.service();
    let (probe, events) = Probe::new();
    let (told, seen) = channel();
    let probe = probe.on_data(move |session, data| {
        let refused =
            session.send_with_descriptors(data, pipes(1).1.into_iter().map(Into::into).collect());
        let _ = told.send((refused.unwrap_err().kind(), session.take_descriptors().len()));
    });
    let server = serve(&service, probe.serve());
    let mut peer = Peer::at(addr_of(&server));
    peer.send("hello");
    assert_eq!(seen.recv_timeout(LIMIT).unwrap(), (ErrorKind::Unsupported, 0));
    drop(events);
}

fn those_that_are_not_sent_are_closed(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (probe, served) = Probe::new();
    let probe = probe.on_open(|session| session.pause());
    let server = Server::builder(&service, probe.serve());
    let _server = server.unix_options(passing(1)).listen(folder.socket()).unwrap();
    let (client, events) = connect(&service, &folder.socket(), passing(9).send_buffer(4096));
    let (mut readers, writers) = pipes(1);
    served.open();
    client.handle().send(vec![1; 1_000_000]);
    send(&client, b"far behind", writers).unwrap();
    client.handle().abort();
    assert!(matches!(events.close(), CloseReason::Aborted));
    assert_eq!(rest(&mut readers[0]), "", "it is closed");
}

fn a_client_passes_them_after_a_reconnect_too(design: Design) {
    let (service, folder) = (design.service(), Folder::new());
    let (server, arrivals) = collector(&service, &folder.socket(), 4);
    let (probe, events) = Probe::new();
    let client = client(&service, probe).unix_options(passing(4)).reconnect(Backoff::default());
    let client = client.connect(folder.socket()).unwrap();
    for _ in 0..2 {
        events.open();
        let (mut readers, writers) = pipes(1);
        send(&client, b"one", writers).unwrap();
        let (_, mut descriptors, _) = arrivals.recv_timeout(LIMIT).unwrap();
        assert_joined(readers.remove(0), descriptors.remove(0));
        server.restart().unwrap();
    }
}
