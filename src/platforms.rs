//! What differs from system to system, option by option.
//!
#![doc = include_str!("platforms.md")]
