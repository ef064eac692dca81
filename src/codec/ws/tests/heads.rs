//! Lengths, and heads that come in pieces.

use super::{Head, Opcode, Role};
use crate::codec::ws::Rules;

#[test]
fn every_length_has_its_shortest_form_and_comes_back() {
    let lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 32, (1 << 63) - 1];
    for (len, form) in lengths.into_iter().zip([2, 2, 2, 4, 4, 4, 10, 10, 10]) {
        for (role, mask) in [(Role::Server, Some([1, 2, 3, 4])), (Role::Client, None)] {
            let head =
                Head { fin: len % 2 == 0, compressed: false, opcode: Opcode::Binary, len, mask };
            let mut bytes = b"before".to_vec();
            head.write(&mut bytes);
            let bytes = &bytes[b"before".len()..];
            assert_eq!(bytes.len(), form + mask.map_or(0, |mask| mask.len()));
            for cut in 0..bytes.len() {
                assert_eq!(Head::parse(&bytes[..cut], &rules(role), None), Ok(None));
            }
            let followed = [bytes, b"payload"].concat();
            let parsed = Head::parse(&followed, &rules(role), None);
            assert_eq!(parsed, Ok(Some((head, bytes.len()))));
        }
    }
}

#[test]
fn what_is_compressed_is_marked_on_the_first_frame() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let head = Head { fin: true, compressed: true, opcode, len: 0, mask: None };
        let mut bytes = Vec::new();
        head.write(&mut bytes);
        let with = Rules { deflate: true, ..rules(Role::Client) };
        assert_eq!(Head::parse(&bytes, &with, None), Ok(Some((head, 2))));
        assert!(Head::parse(&bytes, &rules(Role::Client), None).is_err());
    }
}

fn rules(role: Role) -> Rules {
    let (max_message, max_frame) = (usize::MAX, usize::MAX);
    Rules { role, max_message, max_frame, deflate: false, whole: true }
}
