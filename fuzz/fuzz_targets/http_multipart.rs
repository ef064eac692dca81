#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::http::multipart::{Boundary, Form, Limits, Multipart, Part};
use sockeye_fuzz::pieces;

// An input is three bytes of limits, one that says how the rest is cut, and a body whose boundary
// is `b`.
fuzz_target!(|data: &[u8]| {
    let Some((&[parts, head, part, cut], body)) = data.split_first_chunk() else { return };
    let limits = Limits {
        parts: usize::from(parts),
        head: usize::from(head) * 8,
        part: (part > 0).then(|| u64::from(part)),
    };
    let whole = read([body], limits);
    assert_same(&read(body.chunks(1), limits), &whole);
    assert_same(&read(pieces(body, cut), limits), &whole);
    if whole.end.is_ok() {
        write_again(&whole.events, limits);
    }
});

#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Begin { name: String, filename: Option<String>, content_type: Option<String> },
    Data(Vec<u8>),
    End,
    Done,
}

struct Outcome {
    events: Vec<Event>,
    /// The status that answers it.
    end: Result<(), u16>,
}

/// Of what is refused as much may be handed out as has come, so that pieces matter.
#[track_caller]
fn assert_same(one: &Outcome, other: &Outcome) {
    assert_eq!(one.end, other.end);
    assert!(one.end.is_err() || one.events == other.events);
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limits: Limits) -> Outcome {
    let mut events = Vec::new();
    let boundary = Boundary::new("b").expect("it is one");
    let end = read_on(Multipart::new(boundary, limits), pieces, &mut events);
    Outcome { events, end }
}

fn read_on<'a>(
    mut multipart: Multipart,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    events: &mut Vec<Event>,
) -> Result<(), u16> {
    for mut piece in pieces {
        while let Some(part) = multipart.next(&mut piece).map_err(|why| why.status.code())? {
            match (part, events.last_mut()) {
                (Part::Data(more), Some(Event::Data(data))) => data.extend_from_slice(more),
                (part, _) => events.push(event(part)),
            }
        }
        assert!(piece.is_empty());
    }
    multipart.finish().map_err(|why| why.status.code())
}

fn event(part: Part<'_>) -> Event {
    match part {
        Part::Begin(head) => Event::Begin {
            name: head.name.into(),
            filename: head.filename.map(Into::into),
            content_type: head.content_type.map(Into::into),
        },
        Part::Data(data) => Event::Data(data.into()),
        Part::End => Event::End,
        Part::Done => Event::Done,
    }
}

/// What has been read is read again when it is written, but for the limits.
fn write_again(events: &[Event], limits: Limits) {
    let mut form = Form::new(Boundary::new("b").expect("it is one"));
    let mut body = Vec::new();
    for event in events {
        match event {
            Event::Begin { name, filename, content_type } => {
                let begun = form.begin(name, filename.as_deref(), content_type.as_deref());
                begun.expect("heads have no control characters");
            }
            Event::Data(data) => {
                body.extend(form.take());
                body.extend_from_slice(data);
            }
            Event::End | Event::Done => {}
        }
    }
    body.extend(form.finish());
    let again = read([&*body], Limits { head: usize::MAX, ..limits });
    assert_eq!((again.end, &*again.events), (Ok(()), events));
}
