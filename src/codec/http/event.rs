//! Server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>): what a
//! stream of type `text/event-stream` is made of.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::time::Duration;

/// One event, or a comment, as it is sent.
///
/// Data may have lines, which end with LF, CR LF or CR; the client gets them with LF between them. No
/// text can end the event or begin another one.
///
/// ```
/// use std::time::Duration;
/// use sockeye::http::Event;
///
/// let event = Event::new("sunny\n21 °C").event("weather").id("7");
/// assert_eq!(event.to_string(), "event: weather\nid: 7\ndata: sunny\ndata: 21 °C\n\n");
/// assert_eq!(Event::comment("still there").to_string(), ": still there\n\n");
/// let retry = Event::default().retry(Duration::from_secs(5));
/// assert_eq!(retry.to_string(), "retry: 5000\n\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event<'a> {
    comment: Option<&'a str>,
    event: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    retry: Option<Duration>,
    data: Option<&'a str>,
}

impl<'a> Event<'a> {
    /// An event with data, which may be empty. [`Event::default`] is one without: the client is told of
    /// it nothing, but takes over its id and retry.
    pub fn new(data: &'a str) -> Self {
        Self { data: Some(data), ..Self::default() }
    }

    /// Text that clients skip; sent now and then it keeps a connection from being taken for idle.
    pub fn comment(text: &'a str) -> Self {
        Self { comment: Some(text), ..Self::default() }
    }

    /// The event's type, which scripts listen to; `message` if it is not said. Line ends in it are left
    /// out.
    #[must_use]
    pub fn event(self, name: &'a str) -> Self {
        Self { event: Some(without(name, &['\r', '\n'])), ..self }
    }

    /// What the client says with `Last-Event-ID` when it connects again. Line ends and zero characters
    /// in it, with which it would be ignored, are left out. An empty one makes the client forget the
    /// last.
    #[must_use]
    pub fn id(self, id: &'a str) -> Self {
        Self { id: Some(without(id, &['\r', '\n', '\0'])), ..self }
    }

    /// How long the client is to wait before it connects again, from now on; in whole milliseconds.
    #[must_use]
    pub fn retry(self, wait: Duration) -> Self {
        Self { retry: Some(wait), ..self }
    }

    /// Appends it to `out`, as it is sent.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.to_string().as_bytes());
    }
}

/// As it is sent.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        field(f, "", self.comment)?;
        field(f, "event", self.event.as_deref())?;
        field(f, "id", self.id.as_deref())?;
        if let Some(wait) = self.retry {
            writeln!(f, "retry: {}", wait.as_millis())?;
        }
        field(f, "data", self.data)?;
        f.write_char('\n')
    }
}

/// A line for each line of the value.
fn field(f: &mut fmt::Formatter<'_>, name: &str, value: Option<&str>) -> fmt::Result {
    value.map_or(Ok(()), |value| lines(value).try_for_each(|line| writeln!(f, "{name}: {line}")))
}

/// At least one; one more than there are ends.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some(end) = text.find(['\r', '\n']) else { return Some(text) };
        let length = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[end + length..]);
        Some(&text[..end])
    })
}

fn without<'a>(text: &'a str, unwanted: &[char]) -> Cow<'a, str> {
    if text.contains(unwanted) { text.replace(unwanted, "").into() } else { text.into() }
}
