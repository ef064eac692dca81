//! Messages through the codec.
