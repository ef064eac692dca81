//! What bytes mean: no sockets, no threads, no clock. Bytes in, messages out, bytes out; time and
//! random numbers are arguments.

pub(crate) mod framed;
#[cfg(feature = "http")]
pub(crate) mod http;
pub(crate) mod proxy;
#[cfg(feature = "ws")]
pub(crate) mod ws;
