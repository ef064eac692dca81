#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::ws::checks;

// How bytes are cut and compressed, and the bytes: a stream, and messages of lines.
fuzz_target!(|data: &[u8]| {
    let [cut, settings, bytes @ ..] = data else { return };
    checks::inflate_any(*cut, bytes);
    let messages = bytes.split(|byte| *byte == b'\n').collect::<Vec<_>>();
    let (bits, level, takeover) = (9 + settings % 7, settings / 7 % 10, *settings < 128);
    checks::round_trip(bits, level.into(), takeover, &messages, *cut);
});
