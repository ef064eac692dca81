//! What the suites share: designs and streams to run on, a handler that tells what happens to it,
//! peers that are plain sockets, and waits that end.

#![allow(dead_code, unused_imports, reason = "each suite uses a part of it")]
#![allow(unreachable_pub, reason = "a module of several suites")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod addresses;
mod authority;
pub mod certificates;
mod folder;
mod listener;
mod lobby;
mod nginx;
mod others;
mod peer;
mod permits;
mod person;
mod place;
mod probe;
mod process;
pub mod program;
mod random;
mod setting;
mod talker;

use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use sockeye::{Server, Service, raw, service};

pub use addresses::{Hanging, free_addr, quiet};
pub use authority::{authority_pem, certificate_pem, tls_client, tls_server};
pub use folder::Folder;
pub use listener::Listener;
pub use lobby::Lobby;
pub use nginx::Nginx;
pub use others::{Running, Said, is_there};
pub use peer::Peer;
pub use permits::Permits;
pub use person::Person;
pub use place::Place;
pub use probe::{Echo, Event, Events, Probe};
pub use process::{descriptors, in_a_process, role, spawn_role};
pub use random::Random;
pub use setting::{Served, Setting, Stream, narrow};
pub use talker::Talker;

/// How long a test waits for what must happen: far longer than it takes.
pub const LIMIT: Duration = Duration::from_secs(20);

/// For waits that shall time out.
pub const SHORT: Duration = Duration::from_millis(50);

/// The scaling designs that every suite runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    LoopPerThread,
    ThreadPool,
}

impl Design {
    pub fn builder(self) -> service::Builder {
        self.with(2)
    }

    pub fn service(self) -> Service {
        self.builder().start().unwrap()
    }

    pub fn with(self, threads: usize) -> service::Builder {
        match self {
            Self::LoopPerThread => Service::builder().loop_per_thread(threads),
            Self::ThreadPool => Service::builder().thread_pool(threads),
        }
    }

    /// The module that [`on_both_designs!`](crate::on_both_designs) puts a test into.
    pub fn module(self) -> &'static str {
        match self {
            Self::LoopPerThread => "loop_per_thread",
            Self::ThreadPool => "thread_pool",
        }
    }
}

/// Stamps each test function, which takes a [`Design`], for both.
#[macro_export]
macro_rules! on_both_designs {
    ($($(#[$attribute:meta])* $name:ident),+ $(,)?) => {
        mod loop_per_thread {
            $(#[test] $(#[$attribute])* fn $name() { super::$name($crate::common::Design::LoopPerThread); })+
        }
        mod thread_pool {
            $(#[test] $(#[$attribute])* fn $name() { super::$name($crate::common::Design::ThreadPool); })+
        }
    };
}

/// A server on a loopback address of its own.
pub fn serve(service: &Service, protocol: raw::ServerProtocol) -> Server {
    Server::builder(service, protocol).listen("127.0.0.1:0").unwrap()
}

pub fn echo_server(service: &Service) -> Server {
    serve(service, raw::server(|_| Echo))
}

pub fn addr_of(server: &Server) -> SocketAddr {
    server.local_addr().socket_addr().unwrap()
}

/// Does something with the session in a job, and waits for what it tells.
pub fn ask<T: Send + 'static>(
    handle: &raw::Handle,
    job: impl FnOnce(&mut raw::Session<'_>) -> T + Send + 'static,
) -> T {
    let (told, answer) = channel();
    handle.post(move |session| drop(told.send(job(session)))).unwrap();
    answer.recv_timeout(LIMIT).unwrap()
}

/// Waits until `done`, looking again and again, for what nothing tells of.
#[track_caller]
pub fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < deadline, "{what}: not within the limit");
        thread::yield_now();
    }
}

/// Runs what might never return, and fails when it does not.
pub fn bounded<T: Send + 'static>(what: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (result, receiver) = channel();
    let runner = thread::spawn(move || {
        // Nobody listens to one who is late.
        let _ = result.send(run());
        // With a thread, Wine ends what it has the system watch, which others would hear of.
        if cfg!(windows) {
            thread::park();
        }
    });
    match receiver.recv_timeout(LIMIT) {
        Ok(result) if cfg!(windows) => result,
        Ok(result) => {
            runner.join().unwrap();
            result
        }
        Err(_) if runner.is_finished() => panic!("{what}: failed, see above"),
        Err(_) => panic!("{what}: did not return within the limit"),
    }
}
