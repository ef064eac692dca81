//! A client's side of a benchmark, without a socket: the same over every transport and protocol.

/// What one client does with what it receives. Protocols drive it: they tell it what arrived,
/// and send what it says.
pub trait Talk: Send + 'static {
    /// Bytes arrived; says how many messages are to be sent for them.
    fn received(&mut self, data: &[u8]) -> u64;

    /// The bytes of that many more messages, in as few pieces as can be.
    fn next(&mut self, messages: u64) -> impl Iterator<Item = &'static [u8]>;

    /// The connection is closed, for this reason.
    fn closed(&mut self, why: &str);
}
