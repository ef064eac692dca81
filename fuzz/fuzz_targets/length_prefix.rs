#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::framed::LengthPrefix;
use sockeye_fuzz::check;

fuzz_target!(|data: &[u8]| {
    let Some((&[kind, offset, counted_from, max, cut], bytes)) = data.split_first_chunk() else {
        return;
    };
    let mut codec = match kind % 5 {
        0 => LengthPrefix::u8(),
        1 => LengthPrefix::u16(),
        2 => LengthPrefix::u24(),
        3 => LengthPrefix::u32(),
        _ => LengthPrefix::u64(),
    };
    if kind & 0x80 != 0 {
        codec = codec.little_endian();
    }
    if offset > 0 {
        codec = codec.in_header(usize::from(offset - 1));
    }
    if counted_from > 0 {
        codec = codec.counts_from(usize::from(counted_from - 1));
    }
    if max > 0 {
        codec = codec.max(usize::from(max - 1));
    }
    check(&codec, cut, bytes);
});
