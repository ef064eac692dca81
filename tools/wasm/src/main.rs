//! Has each codec do its work through the public interface, with what comes cut at every byte.
//!
//! `check` builds it for WebAssembly, where a panic ends the program, and runs it there; elsewhere it
//! is a test.

mod framed;
mod http;
mod ws;

fn main() {
    framed::messages();
    framed::what_is_too_long();
    http::a_request();
    http::values();
    ws::handshake();
    ws::frames();
}

#[test]
fn codecs_do_their_work() {
    main();
}
