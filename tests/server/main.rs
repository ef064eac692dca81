//! Servers: where they listen, whom they accept, what they tell, and how they end.

#[path = "../common/mod.rs"]
mod common;

mod events;
mod extremes;
mod lifecycle;
mod listen;
mod overload;
mod sessions;
