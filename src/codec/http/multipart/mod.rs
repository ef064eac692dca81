//! Forms with files in them: `multipart/form-data` (RFC 7578, RFC 2046 5.1), read in pieces and
//! written.
//!
//! ```
//! use sockeye::http::multipart::{Boundary, Form, Limits, Multipart, Part};
//!
//! // What a client sends,
//! let boundary = Boundary::new("d41d8cd9")?;
//! let mut form = Form::new(boundary.clone());
//! form.text("title", "A fish")?.file("photo", "fish.png", "image/png", b"\x89PNG..")?;
//! let (content_type, body) = (boundary.content_type(), form.finish());
//!
//! // and what a server makes of it, in whatever pieces it comes.
//! let boundary = Boundary::from_content_type(&content_type).expect("it has one");
//! let mut multipart = Multipart::new(boundary, Limits::default());
//! let mut seen = Vec::new();
//! for mut piece in body.chunks(7) {
//!     while let Some(part) = multipart.next(&mut piece)? {
//!         match part {
//!             Part::Begin(head) => seen.push(format!("{} {:?}: ", head.name, head.filename)),
//!             Part::Data(data) => seen.push(data.escape_ascii().to_string()),
//!             Part::End => seen.push("; ".into()),
//!             Part::Done => {}
//!         }
//!     }
//! }
//! multipart.finish()?;
//! assert_eq!(seen.concat(), r#"title None: A fish; photo Some("fish.png"): \x89PNG..; "#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod boundary;
mod decoder;
mod form;
mod head;
mod search;

pub use boundary::Boundary;
pub use decoder::{Limits, Multipart, Part};
pub use form::Form;
pub use head::PartHead;
