//! What is to go wrong on connections to a name in memory.

use crate::error::{Error, ErrorKind, Result};
use crate::net::{Conditions, Endpoint, Network, ToAddresses};
use crate::service::Service;

/// Sets how connections to a name in memory are: those that are made from now on by clients of
/// this service, until the conditions are set again. It does not matter whether somebody listens
/// there already.
///
/// ```
/// use std::time::Duration;
/// use sockeye::testing::{Conditions, Faults, set_conditions};
/// use sockeye::{Client, Inbox, Server, Service, raw};
///
/// let service = Service::builder().thread_pool(2).start()?;
/// let echo = raw::server(|_| |session: &mut raw::Session<'_>, data: &[u8]| {
///     session.send(data);
/// });
/// let server = Server::builder(&service, echo).listen("memory:echo")?;
///
/// let seed = 42;
/// let faults = Faults::seeded(seed).short_reads(3).short_writes(2).would_block(20);
/// set_conditions(&service, "memory:echo", Conditions::default().server(faults))?;
/// let (protocol, inbox) = Inbox::new(&service, 1000);
/// let client = Client::builder(&service, protocol).connect("memory:echo")?;
/// client.wait_connected(Duration::from_secs(5))?;
/// client.handle().send("hello");
/// let mut answer = [0; 5];
/// inbox.receive_exact(&mut answer, Duration::from_secs(5))?;
/// assert_eq!(&answer, b"hello", "seed {seed}");
/// # service.stop()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
///
/// # Errors
///
/// [`AddressInvalid`](ErrorKind::AddressInvalid) when that is no name in memory.
pub fn set_conditions(
    service: &Service,
    name: impl ToAddresses,
    conditions: Conditions,
) -> Result<()> {
    let network = service.inner().shared(Network::default);
    for address in name.to_addresses()? {
        let Some(Endpoint::MemoryName(name)) = address.literal() else {
            let error = Error::new(ErrorKind::AddressInvalid, "set the conditions of").on(address);
            return Err(error.because("it is no name in memory"));
        };
        network.names.set_conditions(&name, conditions.clone());
    }
    Ok(())
}
