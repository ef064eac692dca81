//! TLS (RFC 8446, and RFC 5246 for those who have nothing newer): what it is configured with, and
//! what a session tells of it. All that sockeye knows of rustls is in this folder.
//!
//! A server needs an [`Identity`], a client nothing: it trusts whom the system trusts.
//!
//! ```no_run
//! use sockeye::tls;
//!
//! let identity = tls::Identity::from_pem_files("chain.pem", "key.pem")?;
//! let server = tls::ServerConfig::new(identity)?;
//! let client = tls::ClientConfig::new()?;
//! // Later, when the files are new ones: for all handshakes from now on.
//! server.reload_files()?;
//! # Ok::<(), sockeye::Error>(())
//! ```
//!
//! The defaults are strict: versions 1.2 and 1.3, the latter preferred; no early data, which could
//! be replayed; no TLS 1.2 without an extended master secret (RFC 7627), no renegotiation, no
//! compression; nothing is accepted that does not verify, and revocation lists must be complete
//! and current. What has no name here is set in a finished configuration of [`rustls`]
//! ([`ServerConfig::from_rustls`], [`ClientConfig::from_rustls`]).

// | file | its one idea |
// |---|---|
// | `identity.rs` | who we are: a certificate chain and its private key |
// | `pem.rs`, `encrypted.rs`, `pkcs12.rs` | the forms in which that is stored |
// | `input.rs` | bytes and where they came from, so that errors can say it |
// | `roots.rs`, `revocation.rs` | whom we trust, and whom no more |
// | `clients.rs` | which certificates a server wants of its clients |
// | `names.rs` | which identity is for which server name |
// | `settings.rs`, `version.rs` | what servers and clients are configured with alike |
// | `server.rs`, `recipe.rs`, `reload.rs` | a server's configuration: built, described, replaced |
// | `engine.rs` | either side of a connection, one step at a time |
// | `layer.rs` | TLS over a stream, in borrowed buffers |
// | `client.rs`, `host.rs` | a client's; and what servers' certificates must be for |
// | `trust.rs`, `unverified.rs` | whom a client trusts; and how it trusts anybody |
// | `info.rs` | what a session tells of its TLS |
// | `describe.rs` | what went wrong, in words |

mod client;
mod clients;
mod describe;
mod encrypted;
mod engine;
mod host;
mod identity;
mod info;
mod input;
mod layer;
mod names;
mod pem;
mod pkcs12;
mod recipe;
mod reload;
mod revocation;
mod roots;
mod server;
mod settings;
#[cfg(test)]
mod tests;
mod trust;
mod unverified;
mod version;

pub use client::{ClientBuilder, ClientConfig};
pub use clients::ClientCertificates;
pub use identity::Identity;
pub use info::Info;
pub use revocation::RevocationLists;
pub use roots::Roots;
pub use rustls;
pub use server::{ServerBuilder, ServerConfig};
pub use version::Version;

pub(crate) use layer::Layer;
