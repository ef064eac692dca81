//! The pages of examples in a browser.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "to say what is skipped")]

#[path = "../common/mod.rs"]
mod common;

mod chat;
mod dashboard;
mod driver;
mod explorer;

use common::program::Program;

/// A server of `examples/`, and its port.
fn served(name: &'static str, folder: &str) -> (Program, String) {
    let folder = format!("{}/examples/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut server = Program::start(name, &["0", &folder]);
    let line = server.expect("Server listening on ");
    let port = line.rsplit(':').next().unwrap().to_owned();
    (server, port)
}
