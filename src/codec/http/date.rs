//! Dates as HTTP writes them (RFC 9110 5.6.7), from and to Unix time in seconds. The clock is the
//! caller's.

/// The date as fields have it: `Sun, 06 Nov 1994 08:49:37 GMT`, which is ASCII.
///
/// What is later than the year 9999, which the form has no room for, becomes its last second.
///
/// ```
/// use sockeye::http::date;
///
/// assert_eq!(&date::format(784_111_777), b"Sun, 06 Nov 1994 08:49:37 GMT");
/// ```
pub fn format(unix_seconds: u64) -> [u8; 29] {
    let seconds = unix_seconds.min(LAST);
    let (days, second) = (seconds / DAY, seconds % DAY);
    let Civil { year, month, day } = civil(days);
    let mut text = *b"Sun, 00 Jan 0000 00:00:00 GMT";
    // 1 January 1970 was a Thursday.
    text[..3].copy_from_slice(&WEEKDAYS[(days as usize + 4) % 7].as_bytes()[..3]);
    text[8..11].copy_from_slice(MONTHS[month as usize - 1].as_bytes());
    let pairs = [
        (5, day),
        (12, year / 100),
        (14, year % 100),
        (17, second / 3600),
        (20, second / 60 % 60),
        (23, second % 60),
    ];
    for (at, number) in pairs {
        text[at] = b'0' + (number / 10) as u8;
        text[at + 1] = b'0' + (number % 10) as u8;
    }
    text
}

/// Unix time in seconds of a date in any of the three forms: that of today, that of RFC 850 (with a
/// year of two digits, of which 70 to 99 are in the last century), and that of C's `asctime`.
///
/// `None` for anything else, and for what was before 1970. That the day of the week is the right
/// one is not asked, as nothing depends on it.
///
/// ```
/// use sockeye::http::date;
///
/// assert_eq!(date::parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
/// assert_eq!(date::parse("Sunday, 06-Nov-94 08:49:37 GMT"), Some(784_111_777));
/// assert_eq!(date::parse("Sun Nov  6 08:49:37 1994"), Some(784_111_777));
/// assert_eq!(date::parse("06 Nov 1994"), None);
/// ```
pub fn parse(text: &str) -> Option<u64> {
    let text = text.as_bytes();
    // Each form has its place for the comma, or none.
    match text.iter().position(|byte| *byte == b',') {
        Some(3) => imf(text),
        Some(comma) => rfc850(text, comma),
        None => asctime(text),
    }
}

/// Unix time of a date and a time of day, if there is such a day. Second 60 is the one after 59, as
/// Unix time has no leap seconds.
pub(super) fn unix_seconds(civil: &Civil, time: [u64; 3]) -> Option<u64> {
    let [hour, minute, second] = time;
    let Civil { year, month, day } = *civil;
    let days_of_month = *LENGTHS.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    let days_of_month = days_of_month + u64::from(month == 2 && is_leap(year));
    let exists = (1970..=9999).contains(&year) && (1..=days_of_month).contains(&day);
    let exists = exists && hour < 24 && minute < 60 && second <= 60;
    exists.then(|| days(civil) * DAY + hour * 3600 + minute * 60 + second)
}

/// The number of a month, from 1 on, by the first letters of its name.
pub(super) fn month(name: &[u8]) -> Option<u64> {
    let month = MONTHS.iter().position(|month| month.as_bytes() == name)?;
    Some(month as u64 + 1)
}

/// A day of the Gregorian calendar.
pub(super) struct Civil {
    pub(super) year: u64,
    /// From 1 on.
    pub(super) month: u64,
    /// From 1 on.
    pub(super) day: u64,
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf(text: &[u8]) -> Option<u64> {
    let text: &[u8; 29] = text.try_into().ok()?;
    is_weekday(&text[..3], 3)?;
    let laid_out = text[3..5] == *b", " && [7, 11, 16].iter().all(|at| text[*at] == b' ');
    if !laid_out || text[25..] != *b" GMT" {
        return None;
    }
    let (day, month, year) = (number(&text[5..7])?, month(&text[8..11])?, number(&text[12..16])?);
    unix_seconds(&Civil { year, month, day }, time(&text[17..25])?)
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(text: &[u8], comma: usize) -> Option<u64> {
    let (weekday, rest) = text.split_at(comma);
    is_weekday(weekday, usize::MAX)?;
    let rest: &[u8; 24] = rest.try_into().ok()?;
    let laid_out = rest[..2] == *b", " && rest[4] == b'-' && rest[8] == b'-' && rest[11] == b' ';
    if !laid_out || rest[20..] != *b" GMT" {
        return None;
    }
    let (day, month, short) = (number(&rest[2..4])?, month(&rest[5..8])?, number(&rest[9..11])?);
    unix_seconds(&Civil { year: full_year(short), month, day }, time(&rest[12..20])?)
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(text: &[u8]) -> Option<u64> {
    let text: &[u8; 24] = text.try_into().ok()?;
    is_weekday(&text[..3], 3)?;
    if ![3, 7, 10, 19].iter().all(|at| text[*at] == b' ') {
        return None;
    }
    let day = if text[8] == b' ' { &text[9..10] } else { &text[8..10] };
    let (day, month, year) = (number(day)?, month(&text[4..7])?, number(&text[20..])?);
    unix_seconds(&Civil { year, month, day }, time(&text[11..19])?)
}

/// Of a year that has two digits, without a clock: Unix time began in 1970.
pub(super) fn full_year(short: u64) -> u64 {
    if short < 70 { 2000 + short } else { 1900 + short }
}

/// `08:49:37`
fn time(text: &[u8]) -> Option<[u64; 3]> {
    let &[h, hh, b':', m, mm, b':', s, ss] = text else { return None };
    Some([number(&[h, hh])?, number(&[m, mm])?, number(&[s, ss])?])
}

/// Of a few digits and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    digits.iter().try_fold(0, |number, byte| Some(number * 10 + digit(byte)?))
}

/// Whether a day is called so, in its first letters or all of them.
fn is_weekday(name: &[u8], letters: usize) -> Option<()> {
    let is = |day: &&str| day.bytes().take(letters).eq(name.iter().copied());
    WEEKDAYS.iter().any(is).then_some(())
}

/// Days from 1970 to a day that is not before: Howard Hinnant's `days_from_civil`. A year begins
/// with March here, so that the leap day is its last.
fn days(civil: &Civil) -> u64 {
    let Civil { year, month, day } = *civil;
    let year = year - u64::from(month <= 2);
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - TO_1970
}

/// The day that is so many days behind 1 January 1970: his `civil_from_days`.
fn civil(days: u64) -> Civil {
    let days = days + TO_1970;
    let (era, of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_is_0 = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_is_0 + 2) / 5 + 1;
    let month = (march_is_0 + 2) % 12 + 1;
    Civil { year: era * 400 + year + u64::from(month <= 2), month, day }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const DAY: u64 = 86_400;

/// 31 December 9999, 23:59:59.
const LAST: u64 = 253_402_300_799;

/// Of 400 years, after which the calendar repeats itself.
const DAYS_OF_ERA: u64 = 146_097;

/// Days from 1 March of the year 0 to 1 January 1970.
const TO_1970: u64 = 719_468;

const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const LENGTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
