//! Receiving up to a delimiter, by calls that wait.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use sockeye::ErrorKind;

use crate::common::{LIMIT, Random, SHORT, Setting, bounded, eventually};
use crate::inbox::Scene;
use crate::{on_all_streams, on_tcp};

on_all_streams!(
    everything_up_to_the_delimiter_is_received,
    delimiters_are_found_however_they_come,
    the_end_comes_before_the_delimiter,
    more_than_the_limit_is_refused_and_kept,
);

on_tcp!(
    a_delimiter_that_does_not_come_in_time_is_an_error,
    a_full_inbox_without_a_delimiter_is_refused,
    a_delimiter_that_fills_the_inbox_is_found,
    a_delimiter_has_bytes_and_no_more_than_the_limit,
    other_calls_may_come_between,
    threads_take_turns,
    an_endless_line_is_searched_once,
);

fn everything_up_to_the_delimiter_is_received(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000);
    peer.send("first\r\n\r\nlast");
    assert_eq!(inbox.receive_until(b"\r\n", 100, LIMIT).unwrap(), b"first\r\n");
    assert_eq!(inbox.receive_until(b"\r\n", 100, LIMIT).unwrap(), b"\r\n");
    eventually("it is there", || inbox.len() == 4);
    peer.send("\r\nmore");
    assert_eq!(inbox.receive_until(b"\n", 100, LIMIT).unwrap(), b"last\r\n");
    let mut rest = [0; 4];
    inbox.receive_exact(&mut rest, LIMIT).unwrap();
    assert_eq!(&rest, b"more");
}

fn delimiters_are_found_however_they_come(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 2000);
    let mut random = Random::new();
    let delimiter = b"--aab";
    let pieces = (0..200).map(|_| {
        let len = random.below(600);
        let bytes = random.bytes(len).into_iter().map(|byte| b"ab-"[usize::from(byte) % 3]);
        let mut piece = bytes.collect::<Vec<_>>();
        while let Some(at) = piece.windows(delimiter.len()).position(|part| part == delimiter) {
            piece[at] = b'b';
        }
        piece.extend_from_slice(delimiter);
        piece
    });
    let pieces = pieces.collect::<Vec<_>>();
    let sent = pieces.concat();
    let sending = thread::spawn(move || {
        let mut rest = &*sent;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(1 + random.below(300)));
            peer.send(piece);
            rest = after;
        }
        peer
    });
    for piece in &pieces {
        assert!(inbox.receive_until(delimiter, 1000, LIMIT).unwrap() == *piece);
    }
    drop(sending.join().unwrap());
}

fn the_end_comes_before_the_delimiter(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, listener, client: _client } = Scene::new(setting, &service, 1000);
    drop(listener);
    peer.send("one;two");
    peer.finish();
    assert_eq!(inbox.receive_until(b";", 100, LIMIT).unwrap(), b"one;");
    for _ in 0..2 {
        let error = inbox.receive_until(b";", 100, LIMIT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert!(error.to_string().contains("closed by the peer"), "{error}");
        assert_eq!(inbox.len(), 3, "what has come stays");
    }
    let mut rest = [0; 3];
    assert_eq!(inbox.receive(&mut rest, LIMIT).unwrap(), 3);
    assert_eq!(inbox.receive_until(b";", 100, LIMIT).unwrap_err().kind(), ErrorKind::Closed);
}

fn more_than_the_limit_is_refused_and_kept(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000);
    peer.send("0123456789;");
    for limit in [1, 5, 10] {
        let error = inbox.receive_until(b";", limit, LIMIT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitReached, "{limit} bytes");
    }
    assert_eq!(inbox.receive_until(b";", 11, LIMIT).unwrap(), b"0123456789;");
}

fn a_delimiter_that_does_not_come_in_time_is_an_error(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000);
    peer.send("half a line\r");
    let began = Instant::now();
    let error = inbox.receive_until(b"\r\n", 100, SHORT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(began.elapsed() >= SHORT);
    eventually("it is there", || inbox.len() == 12);
    peer.send("\n");
    assert_eq!(inbox.receive_until(b"\r\n", 100, LIMIT).unwrap(), b"half a line\r\n");
}

fn a_full_inbox_without_a_delimiter_is_refused(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000);
    peer.send([b'x'; 1000]);
    peer.send(";");
    let error = inbox.receive_until(b";", 5000, LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitReached);
    inbox.receive_exact(&mut [0; 1000], LIMIT).unwrap();
    assert_eq!(inbox.receive_until(b";", 5000, LIMIT).unwrap(), b";");
}

fn a_delimiter_that_fills_the_inbox_is_found(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000);
    for first in [1, 400, 500, 501, 999] {
        let line = [vec![b'x'; 999], vec![b';']].concat();
        peer.send(&line);
        eventually("it is full", || inbox.len() == 1000);
        // Behind this it goes on to read only when it is wanted.
        peer.send(&line[..999]);
        inbox.receive_exact(&mut vec![0; first], LIMIT).unwrap();
        assert!(inbox.receive_until(b";", 1000, LIMIT).unwrap() == line[first..]);
        peer.send(";");
        assert!(inbox.receive_until(b";", 1000, LIMIT).unwrap() == line);
    }
}

fn a_delimiter_has_bytes_and_no_more_than_the_limit(setting: Setting) {
    let service = setting.service();
    let scene = Scene::new(setting, &service, 1000);
    let error = scene.inbox.receive_until(b"", 100, LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    for limit in [0, 1] {
        let error = scene.inbox.receive_until(b"\r\n", limit, LIMIT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitReached);
    }
}

fn other_calls_may_come_between(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000);
    peer.send("aaaaab");
    eventually("it is there", || inbox.len() == 6);
    for count in [1, 2] {
        // It has seen a part of the delimiter, of which a part is then taken away.
        assert!(inbox.receive_until(b"aabc", 100, SHORT / 10).is_err());
        inbox.receive_exact(&mut vec![0; count], LIMIT).unwrap();
    }
    assert!(inbox.receive_until(b"aabc", 100, SHORT / 10).is_err());
    assert_eq!(inbox.receive_until(b"a", 100, LIMIT).unwrap(), b"a");
    peer.send("c aabc");
    assert_eq!(inbox.receive_until(b"aabc", 100, LIMIT).unwrap(), b"abc aabc");
}

fn threads_take_turns(setting: Setting) {
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, 1000);
    let inbox = Arc::new(inbox);
    let taking = (0..4).map(|thread: usize| {
        let inbox = Arc::clone(&inbox);
        thread::spawn(move || {
            let take = || match thread % 2 {
                0 => inbox.receive_until(b"\n", 100, LIMIT).unwrap(),
                _ => {
                    let mut line = [0; 8];
                    inbox.receive_exact(&mut line, LIMIT).unwrap();
                    line.to_vec()
                }
            };
            (0..250).map(|_| take()).collect::<Vec<_>>()
        })
    });
    let taking = taking.collect::<Vec<_>>();
    let sent = (0..1000).map(|line| format!("line{line:03}\n").into_bytes()).collect::<Vec<_>>();
    peer.send(sent.concat());
    let all = move || taking.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let mut taken: Vec<Vec<u8>> = bounded("receive", all);
    taken.sort();
    assert!(taken == sent, "each line goes to one thread, and whole");
}

/// Looking at everything again for each piece would take some 5 * 10^10 steps.
fn an_endless_line_is_searched_once(setting: Setting) {
    const LEN: usize = 8 << 20;
    let service = setting.service();
    let Scene { inbox, mut peer, client: _client, listener: _listener } =
        Scene::new(setting, &service, LEN + 2);
    let sending = thread::spawn(move || {
        for _ in 0..LEN / 1024 {
            peer.send([b'\r'; 1024]);
        }
        peer.send("\r\n");
        peer
    });
    let line = bounded("receive", move || inbox.receive_until(b"\r\n", LEN + 2, LIMIT)).unwrap();
    assert_eq!(line.len(), LEN + 2);
    drop(sending.join().unwrap());
}
