use std::time::Duration;

use proptest::prelude::*;

use super::super::event::Event;

#[test]
fn fields_are_lines() {
    for (event, text) in [
        (Event::new("a"), "data: a\n\n"),
        (Event::new(""), "data: \n\n"),
        (Event::new("a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (Event::new("a\n"), "data: a\ndata: \n\n"),
        (Event::new("\n\r"), "data: \ndata: \ndata: \n\n"),
        (Event::new(" a"), "data:  a\n\n"),
        (Event::new("a").event("b").id("c"), "event: b\nid: c\ndata: a\n\n"),
        (
            Event::new("a").event("b\nid: c\r\n\r\n").id("d\0\r\n"),
            "event: bid: c\nid: d\ndata: a\n\n",
        ),
        (Event::default().id(""), "id: \n\n"),
        (Event::default().retry(Duration::from_micros(1999)), "retry: 1\n\n"),
        (Event::comment(""), ": \n\n"),
        (Event::comment("a\ndata: b"), ": a\n: data: b\n\n"),
    ] {
        assert_eq!(event.to_string(), text);
        let mut out = b"before".to_vec();
        event.encode(&mut out);
        assert_eq!(out, [b"before", text.as_bytes()].concat());
    }
}

proptest! {
    /// Each event arrives as one, whatever is in it.
    #[test]
    fn what_is_sent_is_what_a_browser_sees(
        data in TEXT, name in TEXT, id in prop::option::of(TEXT), comment in TEXT,
    ) {
        let mut event = Event::new(&data).event(&name);
        if let Some(id) = &id {
            event = event.id(id);
        }
        let mut stream = Event::comment(&comment).to_string();
        stream += &event.to_string();
        stream += &Event::default().retry(Duration::from_secs(1)).to_string();
        let seen = browse(&stream);
        let wanted = Seen {
            data: data.replace("\r\n", "\n").replace('\r', "\n"),
            name: name.replace(['\r', '\n'], ""),
            id: id.unwrap_or_default().replace(['\r', '\n', '\0'], ""),
        };
        prop_assert_eq!(seen, [wanted]);
    }
}

const TEXT: &str = "(data: |[ab: \r\n\0ü]){0,12}";

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    data: String,
    name: String,
    id: String,
}

/// What the standard says about reading a stream, word by word ("Interpreting an event stream").
fn browse(stream: &str) -> Vec<Seen> {
    let (mut seen, mut data, mut name, mut id) =
        (Vec::new(), String::new(), String::new(), String::new());
    for line in stream.replace("\r\n", "\n").replace('\r', "\n").split_terminator('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                if let Some(data) = data.strip_suffix('\n') {
                    seen.push(Seen { data: data.into(), name: name.clone(), id: id.clone() });
                }
                data.clear();
                name.clear();
            }
            "data" => data += &format!("{value}\n"),
            "event" => name = value.into(),
            "id" if !value.contains('\0') => id = value.into(),
            _ => {}
        }
    }
    seen
}
