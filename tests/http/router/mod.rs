//! Which handler a router asks, and what it says itself.

mod building;
mod guarded;
mod matching;
mod model;
mod nesting;
