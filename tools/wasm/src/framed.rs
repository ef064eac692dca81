//! Messages in a stream.

use sockeye::Violation;
use sockeye::framed::{self, Codec, Decoder, Delimiter, FixedSize, LengthPrefix, Lines, Varint};

pub(crate) fn messages() {
    come_back(LengthPrefix::u16());
    come_back(Varint::new());
    come_back(Delimiter::new("--"));
    come_back(FixedSize::new(5));
    come_back(Lines::new());
}

fn come_back<C: Codec<Message: AsRef<[u8]>>>(codec: C) {
    let sent = ["first", "other", "third"];
    let mut bytes = Vec::new();
    for message in sent {
        assert_eq!(framed::encode(&codec, message, &mut bytes), Ok(()));
    }
    let mut decoder = Decoder::new(codec);
    let mut received = Vec::new();
    for mut piece in bytes.chunks(1) {
        while let Some(message) = decoder.next(&mut piece).expect("it is what was encoded") {
            received.push(message.as_ref().to_vec());
        }
    }
    assert_eq!(received, sent.map(|message| message.as_bytes().to_vec()));
}

pub(crate) fn what_is_too_long() {
    let mut decoder = Decoder::new(LengthPrefix::u32().max(4));
    let mut bytes = &[0, 0, 0, 5][..];
    assert_eq!(decoder.next(&mut bytes), Err(Violation::TooLong { limit: 4 }));
}
