#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::http::Method;
use sockeye_fuzz::http;

fuzz_target!(|data: &[u8]| {
    let Some((method, data)) = data.split_first() else { return };
    let method = [Method::Get, Method::Head, Method::Connect][usize::from(method % 3)];
    http::check_responses(method, data);
});
