//! HTTP/1.1: servers and clients.
//!
#![doc = include_str!("tutorial.md")]

mod body;
pub mod client;
mod events;
pub mod files;
mod handler;
mod into_response;
mod later;
mod limits;
mod params;
mod reception;
mod request;
mod response;
mod router;
mod scrape;
mod server;
mod states;
mod unpack;
mod upgrade;

pub mod layers;

pub use body::{Body, BodyReader, BodySender, Source};
pub use client::{Client, ClientResponse};
pub use events::EventSender;
pub use files::{Cache, Files};
pub use handler::{Handler, streamed};
pub use into_response::IntoResponse;
pub use later::Later;
pub use layers::{Layer, Next};
pub use limits::Limits;
pub use reception::{Piped, Receiver, Reception};
pub use request::Request;
pub use response::Response;
pub use router::Router;
pub use scrape::metrics;
pub use server::{server, server_with};

#[cfg(feature = "ws")]
pub(crate) use upgrade::Upgrade;

pub use crate::codec::http::{
    Cookie, CookieJar, ETag, Event, Fields, Headers, InvalidField, InvalidMethod, Method, Name,
    SameSite, Status, Url, Version, accept, condition, cookies, date, multipart, parse, query,
    range, target,
};
