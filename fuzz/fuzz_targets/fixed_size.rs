#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::framed::FixedSize;
use sockeye_fuzz::check;

fuzz_target!(|data: &[u8]| {
    let Some((&[size, cut], bytes)) = data.split_first_chunk() else { return };
    check(&FixedSize::new(usize::from(size) + 1), cut, bytes);
});
