//! An HTTP client over TLS: asks once, or what is typed line by line.
//!
//! ```text
//! cargo run --example https_client [ca.pem] [https://localhost:8443]
//! cargo run --example https_client ca.pem METHOD URL [body]
//! ```
//!
//! The default is where `https_server` listens, and certs/ca.pem, whom its certificate is from. With
//! `system` in place of a file, the authorities are trusted that the system trusts.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

mod requests;

use std::env;
use std::error::Error;

use sockeye::{Service, http, tls};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = env::args().skip(1);
    let ca = words.next().unwrap_or_else(|| "certs/ca.pem".to_owned());
    let words: Vec<String> = words.collect();
    let roots = match &*ca {
        "system" => tls::Roots::system(),
        file => tls::Roots::from_pem_file(file)?,
    };
    let config = tls::ClientConfig::builder().roots(roots).build()?;

    let service = Service::builder().threads(1).start()?;
    let client = http::Client::builder(&service).tls(config).build()?;
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => requests::converse(&client, "https://localhost:8443")?,
        [server] => requests::converse(&client, server)?,
        [method, url] => requests::ask(&client, method, url, None)?,
        [method, url, body] => requests::ask(&client, method, url, Some(body))?,
        _ => return Err("usage: https_client [ca.pem] [URL] | ca.pem METHOD URL [body]".into()),
    }
    service.stop()?;
    println!("Done!");
    Ok(())
}
