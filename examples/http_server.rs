//! A web server: a service that keeps values by key, and a page in which to try it.
//!
//! ```text
//! cargo run --example http_server [port] [folder]
//! ```
//!
//! The default port is 8080, with 0 the system chooses one; the default folder of the page is
//! examples/www. Open http://localhost:8080/ in a browser, or use `http_client`, or
//! `curl -X PUT -d value http://localhost:8080/api/cache/key`.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

mod cache;

use std::env;
use std::error::Error;
use std::io;
use std::time::Duration;

use sockeye::{Server, Service};

fn main() -> Result<(), Box<dyn Error>> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let mut args = env::args().skip(1);
    let usage = |_| "usage: http_server [port] [folder]";
    let port: u16 = args.next().map_or(Ok(8080), |text| text.parse()).map_err(usage)?;
    let www = args.next().unwrap_or_else(|| "examples/www".to_owned());

    let service = Service::builder().start()?;
    let server = Server::builder(&service, cache::protocol(www.as_ref())).listen(port)?;
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
