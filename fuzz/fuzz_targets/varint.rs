#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::framed::Varint;
use sockeye_fuzz::check;

fuzz_target!(|data: &[u8]| {
    let Some((&[max, cut], bytes)) = data.split_first_chunk() else { return };
    let codec = match max {
        0 => Varint::new(),
        max => Varint::new().max(usize::from(max) * 8),
    };
    check(&codec, cut, bytes);
});
