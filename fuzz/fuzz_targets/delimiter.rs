#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::framed::Delimiter;
use sockeye_fuzz::check;

fuzz_target!(|data: &[u8]| {
    let Some((&[len, max, cut], bytes)) = data.split_first_chunk() else { return };
    let Some((delimiter, bytes)) = bytes.split_at_checked(usize::from(len % 16) + 1) else {
        return;
    };
    let codec = Delimiter::new(delimiter).keep(len & 0x80 != 0).open_end(len & 0x40 != 0);
    let codec = match max {
        0 => codec,
        max => codec.max(usize::from(max - 1)),
    };
    check(&codec, cut, bytes);
});
