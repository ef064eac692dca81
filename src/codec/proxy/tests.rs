use proptest::collection::vec;
use proptest::prelude::*;

use super::crc32c::Crc32c;
use super::*;

const LIMIT: usize = 4096;

/// A header of version 2 with this command, family and block.
fn binary(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let length = u16::try_from(block.len()).unwrap().to_be_bytes();
    [v2::SIGNATURE, &[command, family], &length, block].concat()
}

fn value(kind: u8, data: &[u8]) -> Vec<u8> {
    [&[kind], &u16::try_from(data.len()).unwrap().to_be_bytes()[..], data].concat()
}

const IPV4: &[u8] = &[192, 0, 2, 1, 198, 51, 100, 2, 0x1f, 0x90, 0, 80];

fn with_values(values: &[Vec<u8>]) -> Vec<u8> {
    binary(0x21, 0x11, &[IPV4, &values.concat()].concat())
}

/// With a sum behind everything else.
fn with_sum(values: &[Vec<u8>]) -> Vec<u8> {
    summed(with_values(&[values, &[value(3, &[0; 4])]].concat()))
}

/// With the sum where it ends, of which there are zeros yet.
fn summed(mut header: Vec<u8>) -> Vec<u8> {
    let sum = Crc32c::new().add(&header).finish().to_be_bytes();
    let at = header.len() - 4;
    header[at..].copy_from_slice(&sum);
    header
}

fn ends(source: &str, destination: &str, transport: Transport) -> Ends {
    let [source, destination] = [source, destination].map(|text| text.parse().unwrap());
    Ends::Inet { source, destination, transport }
}

fn tcp(source: &str, destination: &str) -> Ends {
    ends(source, destination, Transport::Stream)
}

fn path(text: &str) -> Box<[u8; PATH]> {
    let mut name = Box::new([0; PATH]);
    name[..text.len()].copy_from_slice(text.as_bytes());
    name
}

/// Headers of every kind, and of what connection they tell.
fn valid() -> Vec<(Vec<u8>, Ends)> {
    let line = |text: &str| text.as_bytes().to_vec();
    let ipv6 =
        [&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1][..], &[0xff; 16]].concat();
    let ipv6 = [&*ipv6, &[0xff, 0xff, 0, 1]].concat();
    let wide = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let far = format!("[{wide}]:1");
    let unix = [*path("/run/a.sock"), *path("\0b")].concat();
    let named =
        |transport| Ends::Unix { source: path("/run/a.sock"), destination: path("\0b"), transport };
    let udp = ends("192.0.2.1:8080", "198.51.100.2:80", Transport::Datagram);
    let (one, two) = ("192.0.2.1:8080", "198.51.100.2:80");
    vec![
        (line("PROXY TCP4 192.0.2.1 198.51.100.2 8080 80\r\n"), tcp(one, two)),
        (
            line("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n"),
            tcp("255.255.255.255:65535", "0.0.0.0:0"),
        ),
        (line("PROXY TCP6 2001:DB8::1 ::1 1 2\r\n"), tcp("[2001:db8::1]:1", "[::1]:2")),
        (
            line(&format!("PROXY TCP6 {wide} {wide} 65535 1\r\n")),
            tcp(&format!("[{wide}]:65535"), &far),
        ),
        (line("PROXY UNKNOWN\r\n"), Ends::Own),
        (line(&format!("PROXY UNKNOWN {wide} {wide} 65535 65535\r\n")), Ends::Own),
        (b"PROXY UNKNOWN  \xff\0 whatever\r\n".to_vec(), Ends::Own),
        (line("PROXY UNKNOWN \r and\n\n\r\r\n"), Ends::Own),
        (binary(0x21, 0x11, IPV4), tcp(one, two)),
        (binary(0x21, 0x12, IPV4), udp),
        (binary(0x21, 0x21, &ipv6), tcp("[2001:db8::1]:65535", &far)),
        (binary(0x21, 0x22, &ipv6), ends("[2001:db8::1]:65535", &far, Transport::Datagram)),
        (binary(0x21, 0x31, &unix), named(Transport::Stream)),
        (binary(0x21, 0x32, &unix), named(Transport::Datagram)),
        // Unspecified, in part or all.
        (binary(0x21, 0x00, b""), Ends::Own),
        (binary(0x21, 0x00, b"to be skipped"), Ends::Own),
        (binary(0x21, 0x01, IPV4), Ends::Own),
        (binary(0x21, 0x20, IPV4), Ends::Own),
        (binary(0x21, 0x00, &value(5, b"id")), Ends::Own),
        // Local, whatever the rest is.
        (binary(0x20, 0x00, b""), Ends::Own),
        (binary(0x20, 0xff, &[7; 300]), Ends::Own),
        (with_values(&[value(1, b"h2"), value(2, b"a.example"), value(0xe0, b"")]), tcp(one, two)),
        (with_sum(&[value(4, &[0; 9]), value(5, &[1; 128])]), tcp(one, two)),
        (with_sum(&[]), tcp(one, two)),
    ]
}

#[test]
fn headers_of_every_kind_are_read() {
    for (header, ends) in valid() {
        let (read, length) = read(&header, LIMIT).unwrap().unwrap();
        assert_eq!((read.ends, length), (ends, header.len()), "{}", header.escape_ascii());
    }
}

#[test]
fn values_are_kept() {
    let values = [value(1, b"h2"), value(4, b"padding"), value(2, b"a.example"), value(0xee, b"")];
    let (header, _) = read(&with_sum(&values), LIMIT).unwrap().unwrap();
    let kept = Tlvs::new(&header.extras).useful().collect::<Vec<_>>();
    assert_eq!(kept, [(1, &b"h2"[..]), (2, b"a.example"), (0xee, b"")]);
}

/// Proxies say them also of clients whose addresses they do not know, and of whatever family.
#[test]
fn values_without_addresses_are_kept_and_checked() {
    let values = |header: &[u8]| {
        let (header, length) = read(header, LIMIT)?.expect("it is whole");
        assert_eq!(header.ends, Ends::Own);
        let kept = Tlvs::new(&header.extras).useful().map(|(kind, _)| kind).collect::<Vec<_>>();
        Ok::<_, Violation>((kept, length))
    };
    let said = [value(5, b"id"), value(3, &[0; 4])].concat();
    for (family, addresses) in [(0x00, &[][..]), (0x01, &[]), (0x10, IPV4), (0x20, &[7; 36])] {
        let header = binary(0x21, family, &[addresses, &said].concat());
        let wrong = values(&header).unwrap_err().to_string();
        assert!(wrong.ends_with("with a wrong checksum"), "{wrong}");
        let right = summed(header);
        assert_eq!(values(&right), Ok((vec![5], right.len())), "{family:#x}");
    }
    // What is neither is ignored, and so is what a proxy says of itself.
    for (command, family, block) in
        [(0x21, 0x00, IPV4), (0x21, 0x10, &IPV4[1..]), (0x20, 0x00, &*said)]
    {
        let header = binary(command, family, block);
        assert_eq!(values(&header), Ok((vec![], header.len())));
    }
}

#[test]
fn what_is_said_of_tls_is_taken_apart() {
    let inner = [value(0x21, b"TLSv1.3"), value(0x22, b"someone")].concat();
    let data = [&[5, 0, 0, 0, 1][..], &inner].concat();
    let (present, unverified, values) = tls_fields(&data).unwrap();
    assert_eq!((present, unverified), (5, 1));
    let values = values.collect::<Vec<_>>();
    assert_eq!(values, [(0x21, &b"TLSv1.3"[..]), (0x22, b"someone")]);
    assert!(tls_fields(&data[..4]).is_none() && tls_fields(&data[..7]).is_none());
}

#[test]
fn what_is_malformed_names_its_rule() {
    let line = |text: &str| text.as_bytes().to_vec();
    let mut altered = with_sum(&[value(2, b"a.example")]);
    altered[16] ^= 1;
    let other_version = binary(0x11, 0x11, IPV4);
    for (header, rule) in [
        (line("GET / HTTP/1.1\r\n"), "no PROXY protocol header"),
        (line("proxy TCP4 "), "no PROXY protocol header"),
        (line("PROXYTCP4"), "no PROXY protocol header"),
        (line("\r\n\r\n\0\r\nQUIT\r"), "no PROXY protocol header"),
        (line("PROXY \r\n"), "of an unknown family"),
        (line("PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n"), "of an unknown family"),
        (line("PROXY UNKNOWNS\r\n"), "of an unknown family"),
        (line("PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), "of an unknown family"),
        (line("PROXY TCP4\r\n"), "with a wrong address"),
        (line("PROXY TCP4 1.2.3.4\r\n"), "with a wrong address"),
        (line("PROXY TCP4 ::1 ::1 1 2\r\n"), "with a wrong address"),
        (line("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n"), "with a wrong address"),
        (line("PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n"), "with a wrong address"),
        (line("PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n"), "with a wrong address"),
        (line("PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n"), "with a wrong address"),
        (line("PROXY TCP6 fe80::1%1 ::1 1 2\r\n"), "with a wrong address"),
        (b"PROXY TCP4 1.2.3.\xff 1.2.3.4 1 2\r\n".to_vec(), "with a wrong address"),
        (line("PROXY TCP4 1.2.3.4 1.2.3.4\r\n"), "with a wrong port"),
        (line("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n"), "with a wrong port"),
        (line("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n"), "with a wrong port"),
        (line("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"), "with a wrong port"),
        (line("PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n"), "with a wrong port"),
        (line("PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n"), "with a wrong port"),
        (line("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n"), "with too many fields"),
        (line("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n"), "without CR LF at its end"),
        (line("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n"), "without CR LF at its end"),
        (line(&format!("PROXY UNKNOWN {}\r\n", "f".repeat(92))), "of more than 107 bytes"),
        (line(&format!("PROXY UNKNOWN {}\r\n", "f".repeat(93))), "of more than 107 bytes"),
        (line(&format!("PROXY {}", "T".repeat(101))), "of more than 107 bytes"),
        (other_version, "of an unknown version"),
        (binary(0x31, 0x11, IPV4), "of an unknown version"),
        (binary(0x22, 0x11, IPV4), "with an unknown command"),
        (binary(0x21, 0x41, IPV4), "of an unknown family"),
        (binary(0x21, 0x13, IPV4), "with an unknown transport"),
        (binary(0x21, 0x11, &IPV4[1..]), "too short for its addresses"),
        (binary(0x21, 0x21, IPV4), "too short for its addresses"),
        (binary(0x21, 0x31, &[0; 215]), "too short for its addresses"),
        (binary(0x21, 0x11, &[0; LIMIT - 15]), "of more than 4096 bytes"),
        (with_values(&[vec![1]]), "whose values do not fit into it"),
        (with_values(&[vec![1, 0, 1]]), "whose values do not fit into it"),
        (with_values(&[value(1, b"h2"), vec![1, 0xff, 0xff, 0]]), "do not fit into it"),
        (with_values(&[value(2, b"\xff")]), "whose authority is not UTF-8"),
        (with_values(&[value(5, &[0; 129])]), "with too long an id"),
        (with_values(&[value(0x20, &[0; 4])]), "with wrong data of TLS"),
        (with_values(&[value(0x20, &[1, 0, 0, 0, 0, 0x21, 0, 9])]), "with wrong data of TLS"),
        (with_values(&[value(3, &[0; 4])]), "with a wrong checksum"),
        (with_values(&[value(3, &[0; 3])]), "with a wrong checksum"),
        (altered, "with a wrong checksum"),
        (with_sum(&[value(3, &[0; 4])]), "with a wrong checksum"),
    ] {
        let violation = read(&header, LIMIT).expect_err(&header.escape_ascii().to_string());
        let words = violation.to_string();
        assert!(words.contains("PROXY protocol"), "{words}");
        assert!(words.ends_with(rule), "{words}: wanted {rule}: {}", header.escape_ascii());
    }
}

#[test]
fn a_second_sum_is_refused_even_if_the_first_is_right() {
    let mut header = with_values(&[value(3, &[0; 4]), value(3, &[9; 4])]);
    let sum = Crc32c::new().add(&header).finish().to_be_bytes();
    header[31..35].copy_from_slice(&sum);
    let words = read(&header, LIMIT).unwrap_err().to_string();
    assert!(words.ends_with("with two checksums"), "{words}");
}

#[test]
fn a_sum_finds_every_altered_bit() {
    let header = with_sum(&[value(2, b"a.example")]);
    for (at, bit) in (16..header.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut altered = header.clone();
        altered[at] ^= 1 << bit;
        // Without its type it is no sum any more.
        let still_there = altered[header.len() - 7] == 3;
        assert!(!still_there || read(&altered, LIMIT).is_err(), "bit {bit} of byte {at}");
    }
}

#[test]
fn bounds_are_kept_to_the_byte() {
    let header = binary(0x20, 0, &[0; LIMIT - 16]);
    assert_eq!(read(&header, LIMIT).unwrap().unwrap().1, LIMIT);
    assert!(read(&header[..16], LIMIT - 1).is_err(), "told before it has come");
    let line = format!("PROXY UNKNOWN {}\r\n", "f".repeat(91));
    assert_eq!(read(line.as_bytes(), LIMIT).unwrap().unwrap().1, 107);
}

#[test]
fn signatures_are_told_from_what_begins_otherwise() {
    for (data, found) in [
        (&b""[..], Signature::Incomplete),
        (b"P", Signature::Incomplete),
        (b"PROXY", Signature::Incomplete),
        (b"PROXY ", Signature::V1),
        (b"PROXIES", Signature::Other),
        (b"\r\n\r\n", Signature::Incomplete),
        (b"\r\n\r\n\0\r\nQUIT\n", Signature::V2),
        (b"\r\n\r\nGET", Signature::Other),
        (b"\x16\x03\x01", Signature::Other),
    ] {
        assert_eq!(signature(data), found, "{}", data.escape_ascii());
    }
}

#[test]
fn every_cut_waits_for_the_rest_and_what_follows_is_left() {
    for (header, ends) in valid() {
        for cut in 0..header.len() {
            let read = read(&header[..cut], LIMIT);
            assert_eq!(read, Ok(None), "{} at {cut}", header.escape_ascii());
        }
        let followed = [&*header, b"PROXY \r\nwhat follows"].concat();
        let (read, length) = read(&followed, LIMIT).unwrap().unwrap();
        assert_eq!((read.ends, length), (ends, header.len()));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(data in vec(any::<u8>(), 0..300)) {
        let _ = read(&data, LIMIT);
    }

    /// What begins well gets further.
    #[test]
    fn no_bytes_behind_a_signature_make_it_panic(
        line: bool,
        version in 0x1f..0x24u8,
        family in 0..0x34u8,
        length in 0..300u16,
        data in vec(any::<u8>(), 0..300),
    ) {
        let fixed = [&[version, family][..], &length.to_be_bytes()].concat();
        let begun = if line { v1::SIGNATURE.to_vec() } else { [v2::SIGNATURE, &fixed].concat() };
        let data = [begun, data].concat();
        if let Ok(Some((header, length))) = read(&data, LIMIT) {
            prop_assert!(length <= data.len());
            Tlvs::new(&header.extras).useful().for_each(drop);
        }
    }

    /// One byte is changed, put in or taken out.
    #[test]
    fn no_alteration_makes_it_panic(which in 0..24usize, at: prop::sample::Index, byte: u8, how in 0..3) {
        let mut header = valid().swap_remove(which).0;
        let at = at.index(header.len());
        match how {
            0 => header[at] = byte,
            1 => header.insert(at, byte),
            _ => drop(header.remove(at)),
        }
        let _ = read(&header, LIMIT);
    }
}
