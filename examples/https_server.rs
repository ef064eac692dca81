//! A web server over TLS: a service that keeps values by key, and a page in which to try it.
//!
//! ```text
//! cargo run --package sockeye-certificates -- --out certs
//! cargo run --example https_server [port] [chain.pem key.pem] [folder]
//! ```
//!
//! The default port is 8443, with 0 the system chooses one; the default certificate is the one that
//! the first line makes, and the default folder of the page examples/www. Use `https_client`, or
//! `curl --cacert certs/ca.pem -X PUT -d value https://localhost:8443/api/cache/key`.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

mod cache;

use std::env;
use std::error::Error;
use std::io;
use std::time::Duration;

use sockeye::{Server, Service, tls};

fn main() -> Result<(), Box<dyn Error>> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let mut args = env::args().skip(1);
    let usage = "usage: https_server [port] [chain.pem key.pem] [folder]";
    let port: u16 = args.next().map_or(Ok(8443), |text| text.parse()).map_err(|_| usage)?;
    let chain = args.next().unwrap_or_else(|| "certs/server.pem".to_owned());
    let key = args.next().unwrap_or_else(|| "certs/server-key.pem".to_owned());
    let www = args.next().unwrap_or_else(|| "examples/www".to_owned());
    let config = tls::ServerConfig::new(tls::Identity::from_pem_files(chain, key)?)?;

    let service = Service::builder().start()?;
    let server =
        Server::builder(&service, cache::protocol(www.as_ref())).tls(config).listen(port)?;
    println!("Server listening on {}", server.local_addr());
    println!("Press Enter to stop the server or '!' to restart the server...");

    for line in io::stdin().lines() {
        match line?.as_str() {
            "" => break,
            "!" => {
                println!("Server restarting...");
                server.restart()?;
                println!("Server listening on {}", server.local_addr());
            }
            _ => {}
        }
    }

    println!("Server stopping...");
    // Requests under way are answered; what takes longer is cut off.
    if let Err(error) = server.shutdown(Duration::from_secs(2)) {
        println!("{error}");
    }
    service.stop()?;
    println!("Done!");
    Ok(())
}
