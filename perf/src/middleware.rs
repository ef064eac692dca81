//! What middleware costs per message: echoes without a socket, with layers around them and without.

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use sockeye::Endpoint;
use sockeye::framed::{self, LengthPrefix, ServerProtocol, Session};
use sockeye::middleware::{Excess, Logging, Middleware, Rate, RateLimit};
use sockeye::testing::Harness;

use crate::console;
use crate::options::MiddlewareOptions;
use crate::statistics::median;

/// Measures one arrangement after the other in each round, and prints the medians.
pub fn run(options: &MiddlewareOptions) -> ExitCode {
    let mut arrangements: Vec<_> = arrangements().into_iter().map(Arrangement::new).collect();
    let frames = frames();
    for _ in 0..options.rounds.get() {
        for arrangement in &mut arrangements {
            arrangement.measure(&frames);
        }
    }
    let costs: Vec<_> = arrangements.iter_mut().map(Arrangement::median).collect();
    console::print(&if options.json { json(&costs) } else { text(&costs) });
    ExitCode::SUCCESS
}

/// A protocol, and what is around its handler.
type Named = (&'static str, ServerProtocol);

fn arrangements() -> [Named; 6] {
    let much = Rate::per_second(u32::MAX);
    [
        ("no middleware", echo()),
        ("one that does nothing", echo().with(|_: &Endpoint| Nothing)),
        ("four that do nothing", (0..4).fold(echo(), |echo, _| echo.with(|_: &Endpoint| Nothing))),
        ("logging, switched off", echo().with(Logging::new())),
        ("rate limit per session", echo().with(RateLimit::per_session(much).excess(Excess::Drop))),
        ("rate limit per address", echo().with(RateLimit::per_address(much).excess(Excess::Drop))),
    ]
}

fn echo() -> ServerProtocol {
    framed::server(LengthPrefix::default(), |_| {
        |session: &mut Session<'_>, message: &[u8]| {
            session.send(message);
        }
    })
}

/// Sees everything, and does nothing.
struct Nothing;

impl Middleware for Nothing {}

struct Arrangement {
    name: &'static str,
    peer: Harness,
    /// Nanoseconds per message, by round.
    costs: Vec<f64>,
}

impl Arrangement {
    fn new((name, protocol): Named) -> Self {
        Self { name, peer: Harness::new(protocol), costs: Vec::new() }
    }

    fn measure(&mut self, frames: &[u8]) {
        let begin = Instant::now();
        for _ in 0..BATCHES {
            black_box(self.peer.feed(frames));
        }
        let nanoseconds = begin.elapsed().as_nanos() as f64;
        self.costs.push(nanoseconds / (BATCHES * MESSAGES) as f64);
    }

    fn median(&mut self) -> (&'static str, f64) {
        (self.name, median(&mut self.costs))
    }
}

fn frames() -> Vec<u8> {
    let message = [7; SIZE];
    let frame = [&(SIZE as u32).to_be_bytes()[..], &message].concat();
    frame.repeat(MESSAGES)
}

fn text(costs: &[(&str, f64)]) -> String {
    let none = costs[0].1;
    let mut out = String::new();
    for (name, cost) in costs {
        let _ = writeln!(out, "{name:24} {cost:6.1} ns per message ({:+.1})", cost - none);
    }
    out
}

fn json(costs: &[(&str, f64)]) -> String {
    let fields: Vec<_> = costs.iter().map(|(name, cost)| format!("\"{name}\":{cost:.2}")).collect();
    format!("{{\"nanoseconds_per_message\":{{{}}}}}\n", fields.join(","))
}

/// Bytes of a message.
const SIZE: usize = 32;
/// Messages that come with one read.
const MESSAGES: usize = 1500;
/// Reads in a round.
const BATCHES: usize = 200;
