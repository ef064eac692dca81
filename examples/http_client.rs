//! An HTTP client: asks once, or what is typed line by line.
//!
//! ```text
//! cargo run --example http_client [http://localhost:8080]
//! cargo run --example http_client METHOD URL [body]
//! ```
//!
//! The default is where `http_server` listens. Any server will do, also one on a Unix socket:
//! `GET unix:/run/site.sock:/path`.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

mod requests;

use std::env;
use std::error::Error;

use sockeye::{Service, http};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let service = Service::builder().threads(1).start()?;
    let client = http::Client::new(&service)?;
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => requests::converse(&client, "http://localhost:8080")?,
        [server] => requests::converse(&client, server)?,
        [method, url] => requests::ask(&client, method, url, None)?,
        [method, url, body] => requests::ask(&client, method, url, Some(body))?,
        _ => return Err("usage: http_client [URL] | METHOD URL [body]".into()),
    }
    service.stop()?;
    println!("Done!");
    Ok(())
}
