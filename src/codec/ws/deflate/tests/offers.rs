//! What a client makes of an answer.

use super::{list, settings};
use crate::codec::ws::deflate::{Deflate, Settings, check, offer};

#[test]
fn an_offer_says_what_is_wanted() {
    let default = settings();
    for (settings, expected) in [
        (
            Settings::default(),
            "permessage-deflate; server_no_context_takeover; client_max_window_bits",
        ),
        (default, "permessage-deflate; client_max_window_bits"),
        (Settings { client_bits: 10, ..default }, "permessage-deflate; client_max_window_bits=10"),
        (
            Settings { server_bits: 9, server_takeover: false, ..default },
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; \
             client_max_window_bits",
        ),
        (
            Settings { client_takeover: false, client_bits: 0, ..default },
            "permessage-deflate; client_no_context_takeover; client_max_window_bits=9",
        ),
    ] {
        assert_eq!(offer(&settings), expected);
    }
}

#[test]
fn an_answer_says_what_is_agreed_to() {
    let default = settings();
    let less = Settings {
        server_takeover: false,
        client_takeover: false,
        server_bits: 12,
        client_bits: 11,
        ..default
    };
    let required = "server_no_context_takeover; server_max_window_bits=12";
    for (settings, answer, expected) in [
        (default, String::new(), (true, true, 15, 15)),
        (default, "; server_no_context_takeover".into(), (false, true, 15, 15)),
        (default, "; client_no_context_takeover".into(), (true, false, 15, 15)),
        (default, "; server_max_window_bits=8".into(), (true, true, 8, 15)),
        (default, "; client_max_window_bits=8".into(), (true, true, 15, 8)),
        (default, "; client_max_window_bits=15".into(), (true, true, 15, 15)),
        (default, " ;client_max_window_bits = \"9\"".into(), (true, true, 15, 9)),
        (less, format!("; {required}"), (false, false, 12, 11)),
        (less, format!("; {required}; client_max_window_bits=12"), (false, false, 12, 11)),
        (less, format!("; {required}; client_max_window_bits=10"), (false, false, 12, 10)),
        (less, format!("; {}", required.replace("12", "9")), (false, false, 9, 11)),
    ] {
        let answer = format!("permessage-deflate{answer}");
        let (server_takeover, client_takeover, server_bits, client_bits) = expected;
        let agreed = Deflate { server_takeover, client_takeover, server_bits, client_bits };
        assert_eq!(check(&list(&answer), Some(&settings)), Ok(Some(agreed)), "{answer}");
    }
    for settings in [None, Some(&default)] {
        assert_eq!(check(&list(""), settings), Ok(None));
    }
}

#[test]
fn an_answer_that_is_not_to_the_offer_fails() {
    let default = settings();
    let less = Settings { server_takeover: false, server_bits: 12, ..default };
    let not_asked = "an extension that was not offered";
    let bits = "permessage-deflate with window bits that are not 8 to 15";
    let no_bits = "permessage-deflate with window bits that have no value";
    let twice = "permessage-deflate with the same parameter twice";
    let more = "permessage-deflate with more server_max_window_bits than were asked for";
    let with = |parameters: &str| format!("permessage-deflate; {parameters}");
    for (settings, answer, words) in [
        (None, "permessage-deflate".into(), not_asked),
        (Some(default), "foo".into(), not_asked),
        (Some(default), "permessage-deflate, foo".into(), not_asked),
        (Some(default), "foo, permessage-deflate".into(), not_asked),
        (
            Some(default),
            "permessage-deflate, permessage-deflate".into(),
            "permessage-deflate twice",
        ),
        (Some(default), with("client_max_window_bits"), no_bits),
        (Some(default), with("server_max_window_bits"), no_bits),
        (Some(default), with("client_max_window_bits=16"), bits),
        (Some(default), with("client_max_window_bits=7"), bits),
        (Some(default), with("server_max_window_bits=010"), bits),
        (Some(default), with("server_max_window_bits=9; server_max_window_bits=9"), twice),
        (Some(default), with("client_no_context_takeover; client_no_context_takeover"), twice),
        (
            Some(default),
            with("server_no_context_takeover=1"),
            "permessage-deflate with a value for a parameter that has none",
        ),
        (Some(default), with("foo"), "permessage-deflate with a parameter that it has not"),
        (
            Some(less),
            with("server_max_window_bits=12"),
            "permessage-deflate without the server_no_context_takeover that was asked for",
        ),
        (Some(less), with("server_no_context_takeover"), more),
        (Some(less), with("server_no_context_takeover; server_max_window_bits=13"), more),
    ] {
        assert_eq!(check(&list(&answer), settings.as_ref()), Err(words), "{answer}");
    }
}
