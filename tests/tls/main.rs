//! TLS in sessions: how it begins, carries, and ends; against peers that control every byte.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;

mod closing;
mod diary;
mod early;
mod interop;
mod opening;
mod records;
mod refusals;
mod resumption;
mod stalls;
mod streams;
mod transfers;
mod trust;
mod wire;
mod world;
