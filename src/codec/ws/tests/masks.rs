//! Masks, against one byte after the other.

use std::collections::HashSet;

use crate::codec::ws::{Masks, mask};

#[test]
fn any_place_and_phase_is_masked_as_byte_by_byte() {
    let key = [0x37, 0xFA, 0x21, 0x3D];
    let data = (0..=255).cycle().take(300).collect::<Vec<u8>>();
    for start in 0..16 {
        for len in (0..150).chain([200, 255, 284]) {
            for phase in [0, 1, 2, 3, 4, 7] {
                let mut masked = data.clone();
                mask(&mut masked[start..start + len], key, phase);
                let naive = data.iter().enumerate().map(|(at, byte)| {
                    let inside = (start..start + len).contains(&at);
                    byte ^ if inside { key[(at - start + phase) % 4] } else { 0 }
                });
                assert!(masked.iter().copied().eq(naive), "{start} {len} {phase}");
            }
        }
    }
}

#[test]
fn each_frame_has_a_mask_of_its_own() {
    fn fill(bytes: &mut [u8]) {
        // Numbers that go on from one call to the next.
        thread_local!(static NEXT: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
        for four in bytes.chunks_exact_mut(4) {
            four.copy_from_slice(&NEXT.replace(NEXT.get() + 1).to_be_bytes());
        }
    }
    let mut masks = Masks::new(fill);
    let given = (0..1000).map(|_| masks.next()).collect::<HashSet<_>>();
    assert_eq!(given.len(), 1000);
    assert!(!format!("{masks:?}").contains("bytes"), "masks to come are told");
}
