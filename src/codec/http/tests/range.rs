use proptest::collection::vec;
use proptest::prelude::*;

use super::super::range::{Ranges, content_range, parse_range, unsatisfied_range};

fn these(ranges: &[(u64, u64)]) -> Ranges {
    Ranges::These(ranges.to_vec())
}

#[test]
fn parts_of_ten_bytes() {
    for (value, ranges) in [
        ("bytes=0-0", &[(0, 1)][..]),
        ("bytes=0-9", &[(0, 10)]),
        ("bytes=0-", &[(0, 10)]),
        ("bytes=9-", &[(9, 10)]),
        ("bytes=3-100", &[(3, 10)]),
        ("bytes=-1", &[(9, 10)]),
        ("bytes=-10", &[(0, 10)]),
        ("bytes=-11", &[(0, 10)]),
        ("BYTES=1-2", &[(1, 3)]),
        ("bytes= 1-2 ,\t4-5 ", &[(1, 3), (4, 6)]),
        ("bytes=,,1-2,,", &[(1, 3)]),
        ("bytes=007-8", &[(7, 9)]),
        ("bytes=0-18446744073709551615", &[(0, 10)]),
        ("bytes=0-99999999999999999999999", &[(0, 10)]),
        ("bytes=-99999999999999999999999", &[(0, 10)]),
        // Others may lie outside, or be of no length.
        ("bytes=1-2,10-,-0", &[(1, 3)]),
        ("bytes=99999999999999999999999-,1-2", &[(1, 3)]),
        // In the order of the request.
        ("bytes=5-6,1-2", &[(5, 7), (1, 3)]),
        ("bytes=-2,0-1", &[(8, 10), (0, 2)]),
        // What overlaps or adjoins is one, in the place of the first.
        ("bytes=0-4,2-6", &[(0, 7)]),
        ("bytes=0-4,5-6", &[(0, 7)]),
        ("bytes=2-3,2-3,2-3", &[(2, 4)]),
        ("bytes=7-8,0-1,3-4,1-3", &[(7, 9), (0, 5)]),
        ("bytes=0-1,4-5,8-9,1-8", &[(0, 10)]),
    ] {
        assert_eq!(parse_range(value, 10), these(ranges), "{value}");
    }
}

#[test]
fn there_may_be_nothing_of_a_range() {
    for value in
        ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=-0,10-", "bytes=18446744073709551616-"]
    {
        assert_eq!(parse_range(value, 10), Ranges::Unsatisfiable, "{value}");
    }
}

#[test]
fn what_is_no_range_of_bytes_is_ignored() {
    for value in [
        "",
        "=",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes= ",
        "bytes=-",
        "bytes=--1",
        "bytes=1",
        "bytes=2-1",
        "bytes=1-2,2-1",
        "bytes=1-2,x",
        "bytes=a-b",
        "bytes=0x1-2",
        "bytes=+1-2",
        "bytes=1 - 2",
        "bytes=1-2-3",
        "bytes=1-2;3-4",
        "bytes:1-2",
        "bytes =1-2",
        " bytes=1-2",
        "bytes=٣-٤",
        "lines=1-2",
        "bytes=1-2=3",
    ] {
        assert_eq!(parse_range(value, 10), Ranges::Whole, "{value}");
    }
}

#[test]
fn an_empty_body_has_no_ranges() {
    for value in ["bytes=0-", "bytes=0-1023", "bytes=-1", "bytes=-0"] {
        assert_eq!(parse_range(value, 0), Ranges::Whole, "{value}");
    }
}

#[test]
fn ranges_are_counted_before_they_are_joined() {
    let many = |number: usize| format!("bytes={}", vec!["0-1"; number].join(","));
    assert_eq!(parse_range(&many(16), 10), these(&[(0, 2)]));
    assert_eq!(parse_range(&many(17), 10), Ranges::Whole);
    assert_eq!(parse_range(&many(100_000), 10), Ranges::Whole);
}

#[test]
fn the_longest_bodies_have_ranges() {
    let len = u64::MAX;
    assert_eq!(parse_range("bytes=-1", len), these(&[(len - 1, len)]));
    assert_eq!(parse_range("bytes=1-18446744073709551615", len), these(&[(1, len)]));
    assert_eq!(content_range(len - 1, len, len), format!("bytes {}-{}/{len}", len - 1, len - 1));
    assert_eq!(unsatisfied_range(len), format!("bytes */{len}"));
}

#[test]
fn no_field_says_that_a_part_is_empty() {
    assert_eq!(content_range(5, 5, 10), "bytes */10");
    assert_eq!(content_range(0, 0, 0), "bytes */0");
}

proptest! {
    /// A byte is served if and only if one of the ranges has it.
    #[test]
    fn each_byte_is_served_once(
        specs in vec((0..40u64, prop::option::of(0..40u64)), 1..=16), len in 1..40u64,
    ) {
        let texts = specs.iter().map(|(first, more)| match more {
            Some(more) => format!("{first}-{}", first + more),
            None if first % 2 == 0 => format!("-{first}"),
            None => format!("{first}-"),
        });
        let value = format!("bytes={}", texts.collect::<Vec<_>>().join(", "));
        let mut wanted = vec![0; len as usize];
        for (first, more) in specs {
            let (start, end) = match more {
                Some(more) => (first, first + more + 1),
                None if first % 2 == 0 => (len.saturating_sub(first), len),
                None => (first, len),
            };
            (start.min(len)..end.min(len)).for_each(|at| wanted[at as usize] = 1);
        }
        let mut served = vec![0; len as usize];
        match parse_range(&value, len) {
            Ranges::These(ranges) => {
                for (start, end) in ranges {
                    prop_assert!(start < end && end <= len);
                    (start..end).for_each(|at| served[at as usize] += 1);
                }
            }
            other => prop_assert_eq!(other, Ranges::Unsatisfiable),
        }
        prop_assert_eq!(served, wanted);
    }

    #[test]
    fn any_text_is_looked_at(text in "(bytes=)?[0-9, -]{0,40}", len in any::<u64>()) {
        parse_range(&text, len);
    }
}
