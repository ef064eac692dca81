use proptest::prelude::*;

use super::super::date::{format, parse};

fn text(seconds: u64) -> String {
    String::from_utf8(format(seconds).to_vec()).unwrap()
}

#[test]
fn known_dates_are_read_and_written() {
    for (seconds, date) in [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
        (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
        (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
        (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] {
        assert_eq!(text(seconds), date);
        assert_eq!(parse(date), Some(seconds), "{date}");
    }
}

#[test]
fn what_is_later_than_four_digits_becomes_the_last_second() {
    for seconds in [253_402_300_800, u64::MAX] {
        assert_eq!(text(seconds), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}

#[test]
fn older_forms_are_read() {
    for (date, seconds) in [
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
        ("Thursday, 01-Jan-70 00:00:00 GMT", 0),
        ("Wednesday, 31-Dec-69 23:59:59 GMT", 3_155_759_999),
        ("Sun Nov  6 08:49:37 1994", 784_111_777),
        ("Wed Nov 16 08:49:37 1994", 784_975_777),
        ("Sun Nov 06 08:49:37 1994", 784_111_777),
        // A leap second is the first of what follows.
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
        // The day of the week says nothing new.
        ("Mon, 06 Nov 1994 08:49:37 GMT", 784_111_777),
    ] {
        assert_eq!(parse(date), Some(seconds), "{date}");
    }
}

#[test]
fn what_is_no_date_is_refused() {
    for date in [
        "",
        ",",
        "Sun",
        "0",
        "784111777",
        "Sun, 06 Nov 1994",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Mon, 29 Feb 2100 08:49:37 GMT",
        "Wed, 29 Feb 2023 08:49:37 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08.49.37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun,\u{a0}6 Nov 1994 08:49:37 GMT",
        "Sunday, 06 Nov 94 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 CET",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Someday, 06-Nov-94 08:49:37 GMT",
        "Sunday, 32-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov   08:49:37 1994",
        "Sun Nov 6  08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sunday Nov  6 08:49:37 94",
        "Sun Foo  6 08:49:37 1994",
    ] {
        assert_eq!(parse(date), None, "{date}");
    }
}

/// Each day of 400 years, counted by a calendar's own rules.
#[test]
fn the_calendar_is_right_for_as_long_as_it_takes_to_repeat_itself() {
    let (mut days, months) = (0, ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug"]);
    let months = [&months[..], &["Sep", "Oct", "Nov", "Dec"]].concat();
    for year in 1970..2370 {
        let leap = u64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
        let lengths = [31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for (month, length) in months.iter().zip(lengths) {
            for day in 1..=length {
                let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days as usize % 7];
                let date = format!("{weekday}, {day:02} {month} {year} 00:00:00 GMT");
                assert_eq!(text(days * 86_400), date);
                assert_eq!(parse(&date), Some(days * 86_400));
                days += 1;
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(seconds in 0..253_402_300_800u64) {
        prop_assert_eq!(parse(&text(seconds)), Some(seconds));
    }

    #[test]
    fn any_text_is_looked_at(text in "([A-Z][a-z]{2,5}[, ]{1,2}[0-9A-Za-z:, -]{0,26}|\\PC*)") {
        if let Some(seconds) = parse(&text) {
            prop_assert!(seconds <= 253_402_300_800);
        }
    }
}
