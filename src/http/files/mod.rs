//! Static content: folders of files, and what is kept in memory.
//!
//! [`Files`] serves a folder; a [`Cache`] has content that a program puts there, or all files of a
//! folder.

mod answer;
mod cache;
mod folder;
mod load;
mod media;
mod names;
mod parts;
mod pattern;
mod place;
mod routed;
mod served;
mod stamp;
mod version;
mod watch;

pub use cache::{Cache, Cached};
pub use media::media_type;
pub use served::Files;
