#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::framed::Lines;
use sockeye_fuzz::check;

fuzz_target!(|data: &[u8]| {
    let Some((&[flags, max, cut], bytes)) = data.split_first_chunk() else { return };
    let codec = Lines::new().crlf(flags & 1 != 0).open_end(flags & 2 != 0);
    let codec = match max {
        0 => codec,
        max => codec.max(usize::from(max - 1)),
    };
    check(&codec, cut, bytes);
});
