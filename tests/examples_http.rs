//! The programs in `examples/` that speak HTTP, run as somebody at a terminal would run them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::Folder;
use common::certificates::Authority;
use common::program::Program;

const WWW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/www");

fn started(name: &'static str, args: &[&str]) -> (Program, String) {
    let mut server = Program::start(name, args);
    let line = server.expect("Server listening on ");
    let port = line.rsplit(':').next().unwrap().to_owned();
    (server, port)
}

#[test]
fn values_are_put_and_got_in_a_conversation() {
    let (mut server, port) = started("http_server", &["0", WWW]);
    let mut client = Program::start("http_client", &[&format!("http://localhost:{port}")]);
    let mut ask = |line: &str, answers: &[&str]| {
        client.say(line);
        answers.iter().for_each(|answer| drop(client.expect(answer)));
    };
    ask("GET /api/cache/colour", &["HTTP/1.1 404 Not Found", "No value for the key: colour"]);
    ask("PUT /api/cache/colour crimson red", &["HTTP/1.1 201 Created"]);
    ask("post /api/cache?key=shape round", &["HTTP/1.1 201 Created"]);
    ask("GET /api/cache/colour", &["HTTP/1.1 200 OK", "crimson red"]);
    ask("HEAD /api/cache/colour", &["HTTP/1.1 200 OK", "Content-Length: 11"]);
    ask(
        "GET /api/cache",
        &[
            "Content-Type: application/json",
            r#"[{"key":"colour","value":"crimson red"},{"key":"shape","value":"round"}]"#,
        ],
    );
    ask("OPTIONS /api/cache", &["Allow: DELETE, GET, HEAD, OPTIONS, POST, PUT, TRACE"]);
    ask("TRACE /api/cache", &["Content-Type: message/http", "TRACE /api/cache HTTP/1.1"]);
    ask("DELETE /api/cache/shape", &["HTTP/1.1 200 OK", "round"]);
    ask("PUT /api/cache", &["HTTP/1.1 400 Bad Request", "Which key?"]);
    ask("PATCH /api/cache/colour", &["HTTP/1.1 405 Method Not Allowed"]);
    ask("GET /", &["Content-Type: text/html", "<!doctype html>"]);
    ask("GET /../Cargo.toml", &["HTTP/1.1 404 Not Found"]);

    server.say("!");
    server.expect("Server restarting...");
    server.expect("Server listening on ");
    ask("GET /api/cache/colour", &["HTTP/1.1 200 OK", "crimson red"]);
    client.say("");
    client.done();
    server.say("");
    server.done();
}

#[test]
fn a_client_asks_once() {
    let (mut server, port) = started("http_server", &["0", WWW]);
    let url = format!("http://localhost:{port}/api/cache/key");
    let output = Program::start("http_client", &["PUT", &url, "value"]).finish();
    assert_eq!(output[0], "HTTP/1.1 201 Created");
    let output = Program::start("http_client", &["GET", &url]).finish();
    assert_eq!((&*output[0], &*output[output.len() - 2]), ("HTTP/1.1 200 OK", "value"));
    server.say("");
    server.done();
}

#[test]
fn the_same_goes_over_tls() {
    let folder = Folder::new();
    let authority = Authority::new("Test CA");
    let leaf = authority.local();
    let ca = folder.file("ca.pem", authority.pem());
    let chain = folder.file("server.pem", leaf.chain_pem());
    let key = folder.file("server-key.pem", leaf.key_pem());
    let [ca, chain, key] = [&ca, &chain, &key].map(|path| path.to_str().unwrap());
    let (mut server, port) = started("https_server", &["0", chain, key, WWW]);
    let url = format!("https://localhost:{port}/api/cache/key");
    let output = Program::start("https_client", &[ca, "PUT", &url, "value"]).finish();
    assert_eq!(output[0], "HTTP/1.1 201 Created");
    let mut client = Program::start("https_client", &[ca, &format!("https://localhost:{port}")]);
    client.say("GET /api/cache/key");
    client.expect("value");
    client.say("");
    client.done();
    server.say("");
    server.done();
}
