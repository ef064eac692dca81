//! Running a server program.

use std::error::Error;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use sockeye::{Server, Service};

use crate::console;
use crate::options::SocketOptions;

/// Runs a server until SIGINT or SIGTERM, whatever the standard input is, and shuts it down. Says
/// where it listens once it does.
pub fn run(
    socket: &SocketOptions,
    listen: impl FnOnce(&Service) -> sockeye::Result<Server>,
) -> ExitCode {
    match serve(socket, listen) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::complain(error);
            ExitCode::FAILURE
        }
    }
}

fn serve(
    socket: &SocketOptions,
    listen: impl FnOnce(&Service) -> sockeye::Result<Server>,
) -> Result<(), Box<dyn Error>> {
    let (stop, stopped) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = stop.send(()); // Gone only when the program ends anyway.
    })?;
    let service = socket.workers.start()?;
    let server = listen(&service)?;
    console::print(&format!("listening on {}\n", server.local_addr()));
    stopped.recv()?;
    Ok(service.shutdown(SHUTDOWN)?)
}

/// How long sessions may take to say goodbye.
const SHUTDOWN: Duration = Duration::from_secs(5);
