//! What a server agrees to.

use super::{list, settings};
use crate::codec::ws::deflate::{Deflate, Settings, agree, check, extensions, offer};

const PMD: &str = "permessage-deflate";

/// What is offered, and the answer of a server that takes everything, without the extension's
/// name; none: declined.
const OFFERS: &[(&str, Option<&str>)] = &[
    ("permessage-deflate", Some("")),
    ("permessage-deflate; client_max_window_bits", Some("")),
    ("permessage-deflate; client_max_window_bits=15", Some("")),
    ("permessage-deflate; client_max_window_bits=10", Some("; client_max_window_bits=10")),
    ("permessage-deflate; client_max_window_bits=8", Some("; client_max_window_bits=8")),
    ("permessage-deflate; server_max_window_bits=15", Some("; server_max_window_bits=15")),
    ("permessage-deflate; server_max_window_bits=10", Some("; server_max_window_bits=10")),
    ("permessage-deflate; server_max_window_bits=8", Some("; server_max_window_bits=8")),
    ("permessage-deflate; server_no_context_takeover", Some("; server_no_context_takeover")),
    ("permessage-deflate; client_no_context_takeover", Some("; client_no_context_takeover")),
    (
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
         server_max_window_bits=9; client_max_window_bits=12",
        Some(
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; \
             client_max_window_bits=12",
        ),
    ),
    // Written in other ways.
    ("permessage-deflate;client_max_window_bits=\"10\"", Some("; client_max_window_bits=10")),
    ("permessage-deflate;client_max_window_bits=\"1\\0\"", Some("; client_max_window_bits=10")),
    ("permessage-deflate ; server_max_window_bits = 9", Some("; server_max_window_bits=9")),
    ("\tpermessage-deflate\t;\tclient_max_window_bits\t", Some("")),
    (", ,permessage-deflate,,", Some("")),
    // Parameters that are wrong.
    ("permessage-deflate; server_max_window_bits", None),
    ("permessage-deflate; server_max_window_bits=7", None),
    ("permessage-deflate; server_max_window_bits=16", None),
    ("permessage-deflate; server_max_window_bits=08", None),
    ("permessage-deflate; server_max_window_bits=+9", None),
    ("permessage-deflate; server_max_window_bits=9.0", None),
    ("permessage-deflate; server_max_window_bits=1000000000000000000000", None),
    ("permessage-deflate; server_max_window_bits=ten", None),
    ("permessage-deflate; client_max_window_bits=7", None),
    ("permessage-deflate; client_max_window_bits=16", None),
    ("permessage-deflate; client_max_window_bits=010", None),
    ("permessage-deflate; server_no_context_takeover=true", None),
    ("permessage-deflate; client_no_context_takeover=\"1\"", None),
    ("permessage-deflate; client_max_window_bits; client_max_window_bits", None),
    ("permessage-deflate; client_max_window_bits; client_max_window_bits=10", None),
    ("permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", None),
    ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
    ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", None),
    ("permessage-deflate; mystery", None),
    ("permessage-deflate; Client_Max_Window_Bits", None),
    // Other extensions.
    ("", None),
    ("x-webkit-deflate-frame", None),
    ("permessage-bzip2; level=9", None),
    ("permessage-deflated", None),
    // Several offers.
    ("permessage-deflate; mystery, permessage-deflate; client_max_window_bits", Some("")),
    (
        "permessage-deflate; server_max_window_bits=9, permessage-deflate",
        Some("; server_max_window_bits=9"),
    ),
    ("foo; a=\"permessage-deflate\", permessage-deflate", Some("")),
    ("permessage-deflate; server_max_window_bits=16, foo", None),
];

#[test]
fn an_offer_is_answered_or_declined() {
    for &(offered, expected) in OFFERS {
        assert_eq!(answer(offered, &settings()).as_deref(), expected, "{offered}");
    }
}

#[test]
fn a_server_may_want_less() {
    let less = Settings {
        server_takeover: false,
        client_takeover: false,
        server_bits: 10,
        client_bits: 11,
        ..settings()
    };
    let takeover = "; server_no_context_takeover; client_no_context_takeover";
    for (offered, expected) in [
        // It can use less without being asked, but not ask for less who has not said that he can.
        ("", "; server_max_window_bits=10"),
        ("; server_max_window_bits=12", "; server_max_window_bits=10"),
        ("; server_max_window_bits=9", "; server_max_window_bits=9"),
        ("; client_max_window_bits", "; server_max_window_bits=10; client_max_window_bits=11"),
        ("; client_max_window_bits=12", "; server_max_window_bits=10; client_max_window_bits=11"),
        ("; client_max_window_bits=9", "; server_max_window_bits=10; client_max_window_bits=9"),
        ("; server_no_context_takeover", "; server_max_window_bits=10"),
    ] {
        let expected = format!("{takeover}{expected}");
        assert_eq!(answer(&format!("{PMD}{offered}"), &less), Some(expected), "{offered}");
    }
}

#[test]
fn both_sides_understand_the_same() {
    let mut agreed = 0;
    let all = all_settings();
    for client in &all {
        for server in &all {
            let offered = offer(client);
            let agreement = agree(&list(&offered), server).expect("each can do less");
            let understood = check(&list(&agreement.answer), Some(client));
            assert_eq!(understood, Ok(Some(agreement.deflate)), "{offered}: {}", agreement.answer);
            let Deflate { server_takeover, client_takeover, server_bits, client_bits } =
                agreement.deflate;
            assert_eq!(server_takeover, client.server_takeover && server.server_takeover);
            assert_eq!(client_takeover, client.client_takeover && server.client_takeover);
            assert_eq!(server_bits, client.server_bits.min(server.server_bits));
            assert_eq!(client_bits, client.client_bits.min(server.client_bits));
            agreed += 1;
        }
    }
    assert_eq!(agreed, 36 * 36);
}

#[test]
fn what_a_hint_promises_is_believed() {
    let agreement = agree(&list("permessage-deflate; client_max_window_bits=9"), &settings());
    let agreed = agreement.unwrap().deflate;
    assert_eq!((agreed.server_bits, agreed.client_bits), (15, 9));
}

#[test]
fn a_malformed_list_is_told_from_an_unknown_extension() {
    for field in [
        "permessage-deflate;",
        "permessage-deflate;;client_max_window_bits",
        "; client_max_window_bits",
        "permessage-deflate; =10",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=\"\"",
        "permessage-deflate; client_max_window_bits=\"10",
        "permessage-deflate; client_max_window_bits=\"10\\\"",
        "permessage-deflate; client_max_window_bits=\"1 0\"",
        "permessage-deflate; client_max_window_bits=\"10\"0",
        "permessage-deflate; client_max_window_bits=1=0",
        "permessage-deflate client_max_window_bits",
        "permessage-deflate foo, bar",
        "permessage/deflate",
        "permessage-deflate; a=(b)",
        "\"permessage-deflate\"",
        "perm\u{e9}ssage",
        "a, b;c=d, e f",
    ] {
        assert_eq!(extensions([field.as_bytes()].into_iter()), None, "{field}");
        let two = [b"permessage-deflate".as_slice(), field.as_bytes()];
        assert_eq!(extensions(two.into_iter()), None, "{field} in the second field");
    }
}

#[test]
fn a_list_may_be_in_several_fields() {
    let fields = [b"a;b=c, d".as_slice(), b"", b" , ", b"e ; f ; g = \"h\\i\""];
    let found = extensions(fields.into_iter()).unwrap();
    assert_eq!(found.iter().map(|each| each.name).collect::<Vec<_>>(), ["a", "d", "e"]);
    assert_eq!(found[0].parameters, [("b", Some("c".into()))]);
    assert_eq!(found[2].parameters, [("f", None), ("g", Some("hi".into()))]);
}

/// What is behind the extension's name.
fn answer(offered: &str, settings: &Settings) -> Option<String> {
    let agreement = agree(&list(offered), settings)?;
    Some(agreement.answer.strip_prefix(PMD).expect("it is named").to_owned())
}

fn all_settings() -> Vec<Settings> {
    let mut all = Vec::new();
    for takeover in 0..4 {
        for server_bits in [9, 12, 15] {
            for client_bits in [9, 12, 15] {
                let (server_takeover, client_takeover) = (takeover & 1 == 0, takeover & 2 == 0);
                let default = settings();
                all.push(Settings {
                    server_takeover,
                    client_takeover,
                    server_bits,
                    client_bits,
                    ..default
                });
            }
        }
    }
    all
}
