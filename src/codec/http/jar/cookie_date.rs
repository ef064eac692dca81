//! Dates in cookies, of which there have been many forms (RFC 6265 5.1.1).

use crate::codec::http::date::{Civil, full_year, month, unix_seconds};

/// Unix time in seconds of a date in whatever form; 0 for one that was before.
pub(super) fn parse(text: &str) -> Option<u64> {
    let mut found = Found::default();
    text.as_bytes().split(|byte| is_delimiter(*byte)).for_each(|token| found.take(token));
    let ([hour, minute, second], day) = (found.time?, found.day?);
    let (month, year) = (found.month?, found.year?);
    let year = if year < 100 { full_year(year) } else { year };
    if year < 1601 || second > 59 {
        return None;
    }
    // The calendar begins with 1970; from 1972 on it has all days of the months.
    let counted = if year < 1970 { 1972 } else { year };
    let seconds = unix_seconds(&Civil { year: counted, month, day }, [hour, minute, second])?;
    Some(if year < 1970 { 0 } else { seconds })
}

#[derive(Default)]
struct Found {
    time: Option<[u64; 3]>,
    day: Option<u64>,
    month: Option<u64>,
    year: Option<u64>,
}

impl Found {
    /// Takes a token for the first that it can be, of what is not found yet.
    fn take(&mut self, token: &[u8]) {
        if self.time.is_none() {
            self.time = time(token);
            if self.time.is_some() {
                return;
            }
        }
        if self.day.is_none() {
            self.day = number(token, 1, 2);
            if self.day.is_some() {
                return;
            }
        }
        if self.month.is_none() {
            self.month = month_of(token);
            if self.month.is_some() {
                return;
            }
        }
        self.year = self.year.or_else(|| number(token, 2, 4));
    }
}

/// `8:49:37`, and what is no digit behind.
fn time(token: &[u8]) -> Option<[u64; 3]> {
    let mut fields = token.splitn(3, |byte| *byte == b':');
    let mut field = || fields.next();
    let (hour, minute, second) = (field()?, field()?, field()?);
    let whole = |field: &[u8]| number(field, 1, 2).filter(|_| field.len() <= 2);
    let only_digits = |field: &[u8]| field.iter().all(u8::is_ascii_digit);
    if !only_digits(hour) || !only_digits(minute) {
        return None;
    }
    Some([whole(hour)?, whole(minute)?, number(second, 1, 2)?])
}

/// So many digits, and what is no digit behind.
fn number(token: &[u8], least: usize, most: usize) -> Option<u64> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = token[..digits.min(most)]
        .iter()
        .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
    (least..=most).contains(&digits).then_some(value)
}

/// By its first three letters, in whatever case.
fn month_of(token: &[u8]) -> Option<u64> {
    let &[first, second, third, ..] = token else { return None };
    month(&[first.to_ascii_uppercase(), second.to_ascii_lowercase(), third.to_ascii_lowercase()])
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'/' | b';'..=b'@' | b'['..=b'`' | b'{'..=b'~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_come_in_many_forms() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "6 nov 1994 8:49:37",
            "08:49:37 6 NOVEMBER 94",
            "1994 november 06 08:49:37",
            "06th Nov 1994ad 08:49:37pm",
            "Nov/6/1994/8:49:37",
        ] {
            assert_eq!(parse(date), Some(784_111_777), "{date}");
        }
        assert_eq!(parse("1 Jan 1970 0:0:0"), Some(0));
        assert_eq!(parse("31 Dec 1969 23:59:59"), Some(0));
        assert_eq!(parse("29 Feb 1600 0:0:0"), None);
        assert_eq!(parse("1 Jan 1601 0:0:0"), Some(0));
        assert_eq!(parse("Fri, 31 Dec 9999 23:59:59 GMT"), Some(253_402_300_799));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for date in [
            "",
            "0",
            "tomorrow",
            "6 Nov 1994",
            "Nov 1994 08:49:37",
            "6 1994 08:49:37",
            "6 Nov 08:49:37",
            "6 Nov 1994 08:49",
            "6 Nov 1994 24:00:00",
            "6 Nov 1994 08:60:00",
            "6 Nov 1994 08:49:60",
            "6 Nov 1994 008:49:37",
            "6 Nov 1994 08:49:377",
            "0 Nov 1994 08:49:37",
            "32 Nov 1994 08:49:37",
            "31 Nov 1994 08:49:37",
            "29 Feb 2023 08:49:37",
            "6 Nov 19945 08:49:37",
            "6 Foo 1994 08:49:37",
        ] {
            assert_eq!(parse(date), None, "{date}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at(
            text in "([0-9]{1,5}|[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}|Nov|[ ,;]|\\PC){0,10}",
        ) {
            prop_assert!(parse(&text).is_none_or(|seconds| seconds < 253_402_300_800));
        }
    }
}
