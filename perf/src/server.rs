//! Running a server program.

use std::error::Error;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use sockeye::{Server, Service, udp};

use crate::console;
use crate::datagram_multicast::Source;
use crate::options::SocketOptions;

/// Runs a server until SIGINT or SIGTERM, whatever the standard input is, and shuts it down. Says
/// where it listens once it does.
pub fn run<S: Listening>(
    socket: &SocketOptions,
    listen: impl FnOnce(&Service) -> sockeye::Result<S>,
) -> ExitCode {
    match serve(socket, listen) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::complain(error);
            ExitCode::FAILURE
        }
    }
}

/// What a server program runs.
pub trait Listening {
    /// Where it can be reached.
    fn address(&self) -> String;
}

impl Listening for Server {
    fn address(&self) -> String {
        self.local_addr().to_string()
    }
}

impl Listening for udp::Socket {
    fn address(&self) -> String {
        self.local_addr().to_string()
    }
}

impl Listening for Source {
    fn address(&self) -> String {
        self.group.to_string()
    }
}

fn serve<S: Listening>(
    socket: &SocketOptions,
    listen: impl FnOnce(&Service) -> sockeye::Result<S>,
) -> Result<(), Box<dyn Error>> {
    let (stop, stopped) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = stop.send(()); // Gone only when the program ends anyway.
    })?;
    let service = socket.workers.start()?;
    let server = listen(&service)?;
    console::print(&format!("listening on {}\n", server.address()));
    stopped.recv()?;
    Ok(service.shutdown(SHUTDOWN)?)
}

/// How long sessions may take to say goodbye.
const SHUTDOWN: Duration = Duration::from_secs(5);
