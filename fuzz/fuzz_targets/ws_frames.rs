#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye_fuzz::ws;

fuzz_target!(|data: &[u8]| ws::check_frames(data));
