//! A chat server with rooms among the examples, and who is at its console.

use super::program::Program;

/// The program, and where it listens.
pub struct Lobby {
    pub console: Program,
    pub address: String,
}

impl Lobby {
    /// With these options. Unless they say otherwise, all may talk as fast as they can.
    pub fn start(program: &'static str, options: &[&str]) -> Self {
        let rate: &[&str] = if options.contains(&"--rate") { &[] } else { &["--rate", "0"] };
        let args = [&["--address", "127.0.0.1:0"], rate, options].concat();
        let mut console = Program::start(program, &args);
        let line = console.expect("Server listening on ");
        Self { console, address: line.rsplit(' ').next().unwrap().to_string() }
    }

    /// Begins to stop; all guests then hear the end of what was sent to them.
    pub fn stop(&mut self) {
        self.console.say("/quit");
        self.console.expect("Server stopping...");
    }
}
