//! What a peer says, without a session.

use super::{Event, Failure, Inflater, Receiver, Role, Rules};

/// Finds what a peer says in bytes that come in pieces, without a session: behind the handshake, and
/// uncompressed.
///
/// ```
/// use sockeye::ws::parse::{Decoder, Event, Role};
///
/// let mut decoder = Decoder::new(Role::Client);
/// let mut heard = Vec::new();
/// let mut bytes = *b"\x81\x05Hello\x01\x03Hel\x89\0\x80\x02lo";
/// for mut piece in bytes.chunks_mut(9) {
///     while let Some(event) = decoder.next(&mut piece)? {
///         heard.push(match event {
///             Event::Text(text) => text.to_string(),
///             other => format!("{other:?}"),
///         });
///     }
/// }
/// assert_eq!(heard, ["Hello", "Ping([])", "Hello"]);
/// # Ok::<(), sockeye::ws::parse::Failure>(())
/// ```
///
/// What it keeps of a message that has not come to its end is at most
/// [`max_message`](Self::max_message), and no more than twice what has come.
#[derive(Debug)]
pub struct Decoder {
    rules: Rules,
    receiver: Receiver,
}

impl Decoder {
    /// For what this side receives.
    pub fn new(role: Role) -> Self {
        let (max_message, max_frame) = (DEFAULT_MAX, DEFAULT_MAX);
        let rules = Rules { role, max_message, max_frame, deflate: false, whole: true };
        Self { rules, receiver: Receiver::default() }
    }

    /// Bytes that a message may have. Default: 1 MiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.rules.max_message = bytes;
        self
    }

    /// Bytes that a frame of a message may have. Default: 1 MiB.
    pub fn max_frame(mut self, bytes: usize) -> Self {
        self.rules.max_frame = bytes;
        self
    }

    /// Messages are handed out as they come, as [`Event::Fragment`]s. Default: whole.
    pub fn fragments(mut self) -> Self {
        self.rules.whole = false;
        self
    }

    /// The next thing that `data` holds; moves `data` behind what it has taken, which is unmasked
    /// there. After `None` that is everything, and the next call is for the bytes that follow.
    ///
    /// It is borrowed from `data` if it lies there in one piece. What follows a close is ignored.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes. What follows is ignored.
    pub fn next<'a, 'd: 'a>(
        &'a mut self,
        data: &mut &'d mut [u8],
    ) -> Result<Option<Event<'a>>, Failure> {
        self.receiver.next(&self.rules, &mut None::<Inflater>, data)
    }
}

const DEFAULT_MAX: usize = 1 << 20;
