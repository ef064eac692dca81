//! Messages and bytes at random, cut at random, through every codec.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{Codec, Delimiter, FixedSize, LengthPrefix, Lines, Varint};
use super::padded::Padded;
use super::slip::Slip;
use super::{encoded, outcome};

/// All that can be sent arrives as it was, and nothing is left over.
fn messages_arrive<C: Codec + Debug>(codec: &C, messages: &[Vec<u8>], lengths: &[usize])
where
    C::Message: AsRef<[u8]>,
{
    let sent = messages.iter().filter_map(|message| Some((message, encoded(codec, message).ok()?)));
    let (sent, frames): (Vec<_>, Vec<_>) = sent.unzip();
    let outcome = outcome(codec, &frames.concat(), lengths);
    assert_eq!(outcome.end, Ok(()));
    assert_eq!(outcome.messages.iter().collect::<Vec<_>>(), sent);
}

/// All that is received can be sent back.
fn what_comes_can_go<C: Codec + Debug>(codec: &C, bytes: &[u8], lengths: &[usize])
where
    C::Message: AsRef<[u8]>,
{
    let received = outcome(codec, bytes, lengths).messages;
    let frames = received.iter().map(|message| encoded(codec, message).unwrap());
    let again = outcome(codec, &frames.collect::<Vec<_>>().concat(), lengths);
    assert_eq!((again.messages, again.end), (received, Ok(())));
}

/// Half of them mean something to one of the codecs.
fn byte() -> impl Strategy<Value = u8> {
    const TELLING: &[u8] =
        b"\0\0\0\x01\x01\x02\x03\x04\x05\r\n\r\n\r\n---=-aa--abc\x80\xff\xc0\xdb\xdc\xdd";
    any::<u8>().prop_map(|byte| match byte {
        0..0x80 => TELLING[usize::from(byte) % TELLING.len()],
        byte => byte,
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![8 => vec(byte(), 0..80), 1 => vec(byte(), 0..1500)]
}

fn messages() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(prop_oneof![8 => vec(byte(), 0..20), 1 => vec(byte(), 0..1500)], 0..6)
}

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![4 => 1..20usize, 1 => 1..1500usize], 1..10)
}

fn max() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0..30usize, 1 => 250..600usize, 1 => Just(1 << 20), 1 => Just(usize::MAX)]
}

/// Without a header in messages.
fn length_prefix() -> impl Strategy<Value = LengthPrefix> {
    let widths = [
        LengthPrefix::u8(),
        LengthPrefix::u16(),
        LengthPrefix::u24(),
        LengthPrefix::u32(),
        LengthPrefix::u64(),
    ];
    (select(widths.to_vec()), any::<bool>(), max(), prop::option::of(0..12usize)).prop_map(
        |(codec, little, max, from)| {
            let codec = if little { codec.little_endian() } else { codec };
            let codec = from.map_or(codec, |from| codec.counts_from(from));
            codec.max(max)
        },
    )
}

fn with_header() -> impl Strategy<Value = LengthPrefix> {
    (length_prefix(), 0..6usize).prop_map(|(codec, offset)| codec.in_header(offset))
}

fn delimiter() -> impl Strategy<Value = Delimiter> {
    let mark = select(&["\n", "\r\n", "\r\n\r\n", "--", "a--a", "-=-=-"][..]);
    (mark, any::<bool>(), max())
        .prop_map(|(mark, keep, max)| Delimiter::new(mark).keep(keep).max(max))
}

fn lines() -> impl Strategy<Value = Lines> {
    (any::<bool>(), any::<bool>(), max())
        .prop_map(|(crlf, open, max)| Lines::new().crlf(crlf).open_end(open).max(max))
}

/// For each codec: what is sent arrives, and the same comes of whatever bytes in whatever pieces.
macro_rules! properties {
    ($($name:ident: $codec:expr, $of_bytes:expr;)+) => {
        $(mod $name {
            use super::*;

            proptest! {
                #[test]
                fn what_is_sent_arrives(
                    codec in $codec, messages in messages(), lengths in lengths(),
                ) {
                    messages_arrive(&codec, &messages, &lengths);
                }

                #[test]
                fn cuts_make_no_difference(
                    codec in $codec, bytes in bytes(), lengths in lengths(),
                ) {
                    $of_bytes(&codec, &bytes, &lengths);
                }
            }
        })+
    };
}

properties! {
    length_prefixes: length_prefix(), what_comes_can_go;
    varints: max().prop_map(|max| Varint::new().max(max)), what_comes_can_go;
    delimiters: delimiter(), what_comes_can_go;
    open_delimiters: delimiter().prop_map(|codec| codec.open_end(true)), outcome;
    // A line that ends with CR CR LF cannot be sent back with a LF.
    lines_of_text: lines(), outcome;
    fixed_sizes: (1..300usize).prop_map(FixedSize::new), what_comes_can_go;
    padded: Just(Padded), what_comes_can_go;
    slip: (1..300usize).prop_map(Slip::new), outcome;
}

proptest! {
    #[test]
    fn headers_arrive_with_their_length_filled_in(
        codec in with_header(), messages in messages(), lengths in lengths(),
    ) {
        let frames = messages.iter().filter_map(|message| encoded(&codec, message).ok());
        let frames = frames.collect::<Vec<_>>();
        let outcome = outcome(&codec, &frames.concat(), &lengths);
        prop_assert_eq!(outcome.end, Ok(()));
        prop_assert_eq!(outcome.messages, frames);
    }

    #[test]
    fn cuts_make_no_difference_to_headers(
        codec in with_header(), bytes in bytes(), lengths in lengths(),
    ) {
        what_comes_can_go(&codec, &bytes, &lengths);
    }
}
