#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::ws::checks;

fuzz_target!(|data: &[u8]| checks::handshake(data));
