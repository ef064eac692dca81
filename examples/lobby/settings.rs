//! What the command line says.

use sockeye::{Limits, Overflow, Server, Service, server};

use super::MAX_NAME;
use super::options::Options;

pub(crate) const THREADS: usize = 2;

pub(crate) struct Settings {
    pub(crate) address: String,
    /// Messages of an address in a second; 0 for no limit.
    pub(crate) rate: u32,
    pub(crate) connections: usize,
    pub(crate) pool: bool,
    pub(crate) log: bool,
}

impl Settings {
    pub(crate) fn read(usage: &'static str, address: &str) -> Result<Self, &'static str> {
        let mut options = Options::new(usage);
        let settings = Self {
            address: options.value("--address", address.into())?,
            rate: options.value("--rate", 10)?,
            connections: options.value("--connections", 1000)?,
            pool: options.flag("--pool"),
            log: options.flag("--log"),
        };
        options.end()?;
        Ok(settings)
    }

    /// Starts a service, and the log before it.
    pub(crate) fn start(&self) -> sockeye::Result<Service> {
        if self.log {
            env_logger::builder().filter_level(log::LevelFilter::Info).init();
        }
        let service = Service::builder();
        if self.pool {
            service.thread_pool(THREADS).start()
        } else {
            service.loop_per_thread(THREADS).start()
        }
    }

    pub(crate) fn listen(&self, server: server::Builder) -> sockeye::Result<Server> {
        // Who does not keep up misses messages, and delays nobody.
        let limits = Limits::default().queue(256 * 1024).overflow(Overflow::Drop).groups(8);
        server
            .events(Watch)
            .limits(limits)
            .max_connections(self.connections)
            .max_rooms(1000)
            .max_room_name(MAX_NAME * 4) // bytes, which a letter has at most four of
            .listen(&*self.address)
    }
}

/// What concerns the server as a whole.
struct Watch;

impl server::Events for Watch {
    fn on_error(&self, error: &sockeye::Error) {
        println!("Server error: {error}");
    }
}
