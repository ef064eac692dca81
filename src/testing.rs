//! For tests: in-memory streams with seeded faults.

pub use crate::net::Faults;
