//! Two sessions on a running service, without a socket between them.

use super::Side;
use super::stand_in::StandIn;
use crate::error::{Error, ErrorKind, Result};
use crate::net::memory;
use crate::service::{Attached, Ending, Service};
use crate::session::Handle;

/// Connects two sessions of a running service, by convention a server's and a client's, and
/// returns their handles in the order given. Each is on whatever home has its turn.
///
/// They are sessions like others: each lives until it is closed or the service stops, whatever
/// becomes of the handles. Their handlers' panics are told to the service's
/// [`on_error`](crate::service::Builder::on_error).
///
/// ```
/// use std::sync::mpsc;
/// use sockeye::testing::{Faults, Side, connect};
/// use sockeye::{Service, raw};
///
/// let service = Service::builder().thread_pool(2).start()?;
/// let server = raw::server(|_| |session: &mut raw::Session<'_>, data: &[u8]| {
///     session.send(data.to_ascii_uppercase());
/// });
/// let (sender, answers) = mpsc::channel();
/// let client = raw::client(move |_: &mut raw::Session<'_>, data: &[u8]| {
///     let _ = sender.send(data.to_vec());
/// });
///
/// let faults = Faults::seeded(5).short_writes(3);
/// let (_, client) = connect(&service, Side::new(server).faults(faults), client)?;
/// client.send("shout");
/// let answer: Vec<u8> = answers.iter().flatten().take(5).collect();
/// assert_eq!(answer, b"SHOUT");
/// # service.stop()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
///
/// # Errors
///
/// [`Stopped`](ErrorKind::Stopped) when the service does not run.
pub fn connect(
    service: &Service,
    server: impl Into<Side>,
    client: impl Into<Side>,
) -> Result<(Handle, Handle)> {
    let sides: [Side; 2] = [server.into(), client.into()];
    let inner = service.inner();
    inner.begun();
    let connected = match inner.accepts_work() {
        true => Ok(connect_sides(service, sides)),
        false => Err(Error::new(ErrorKind::Stopped, "connect two sessions")),
    };
    inner.ended();
    connected
}

fn connect_sides(service: &Service, sides: [Side; 2]) -> (Handle, Handle) {
    let inner = service.inner();
    let capacity = sides[0].capacity.min(sides[1].capacity);
    let [server_faults, client_faults] = sides.each_ref().map(|side| side.faults.clone());
    let (server_stream, client_stream) = memory::pair(capacity, server_faults, client_faults);
    let [server, client] = sides.map(|side| StandIn::new(inner, side));
    let links = (server.open(server_stream), client.open(client_stream));
    if !service.is_running() {
        // A stop may have looked through the attached before it could see these.
        [&server, &client].iter().for_each(|side| side.suspend(Ending::Abrupt));
    }
    (Handle::new(links.0), Handle::new(links.1))
}
