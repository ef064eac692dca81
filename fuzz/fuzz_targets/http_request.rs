#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye_fuzz::http;

fuzz_target!(|data: &[u8]| http::check_requests(data));
