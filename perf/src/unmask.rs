//! How fast the masks of WebSocket are taken off, next to a copy of as many bytes.

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use sockeye::ws::parse::mask;

use crate::console;
use crate::options::UnmaskOptions;
use crate::statistics::median;

/// Measures each size once in each round, and prints the medians.
pub fn run(options: &UnmaskOptions) -> ExitCode {
    let mut sizes: Vec<_> = SIZES.into_iter().map(Size::new).collect();
    for _ in 0..options.rounds.get() {
        sizes.iter_mut().for_each(Size::measure);
    }
    let speeds: Vec<_> = sizes.iter_mut().map(Size::speed).collect();
    console::print(&if options.json { json(&speeds) } else { text(&speeds) });
    ExitCode::SUCCESS
}

/// What is measured with payloads of one size.
struct Size {
    payload: Vec<u8>,
    copy: Vec<u8>,
    /// Gigabytes per second, by round.
    unmasked: Vec<f64>,
    copied: Vec<f64>,
}

/// Gigabytes per second.
struct Speed {
    size: usize,
    unmask: f64,
    copy: f64,
}

impl Size {
    fn new(size: usize) -> Self {
        let payload = (0..size).map(|at| at as u8).collect();
        Self { payload, copy: vec![0; size], unmasked: Vec::new(), copied: Vec::new() }
    }

    fn measure(&mut self) {
        let Self { payload, copy, unmasked, copied } = self;
        let size = payload.len();
        unmasked.push(speed(size, || mask(black_box(payload), black_box(KEY), 0)));
        copied.push(speed(size, || black_box(&mut *copy).copy_from_slice(black_box(payload))));
    }

    fn speed(&mut self) -> Speed {
        let (unmask, copy) = (median(&mut self.unmasked), median(&mut self.copied));
        Speed { size: self.payload.len(), unmask, copy }
    }
}

fn speed(size: usize, mut act: impl FnMut()) -> f64 {
    let times = (BYTES / size).max(1);
    let begin = Instant::now();
    for _ in 0..times {
        act();
    }
    (times * size) as f64 / begin.elapsed().as_nanos() as f64
}

fn text(speeds: &[Speed]) -> String {
    let mut out = format!("{:>9} {:>13} {:>13}\n", "bytes", "unmask GB/s", "copy GB/s");
    for Speed { size, unmask, copy } in speeds {
        let _ = writeln!(out, "{size:9} {unmask:13.1} {copy:13.1}");
    }
    out
}

fn json(speeds: &[Speed]) -> String {
    let field = |Speed { size, unmask, copy }: &Speed| {
        format!("\"{size}\":{{\"unmask\":{unmask:.2},\"copy\":{copy:.2}}}")
    };
    let fields: Vec<_> = speeds.iter().map(field).collect();
    format!("{{\"gigabytes_per_second\":{{{}}}}}\n", fields.join(","))
}

const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

const SIZES: [usize; 9] = [16, 32, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20];

/// Bytes of a measurement.
const BYTES: usize = 8 << 20;
