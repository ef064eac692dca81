//! What a client asks for, on each of its connections.

use crate::codec::http::{Fields, Url};
use crate::codec::ws::deflate::Settings;
use crate::codec::ws::handshake::{Asked, InvalidRequest, Key, Request};
use crate::http::client::credentials;

pub(super) struct Ask {
    pub(super) url: Url,
    pub(super) origin: Option<String>,
    pub(super) subprotocols: Vec<String>,
    pub(super) deflate: Option<Settings>,
    /// The program's own.
    pub(super) fields: Fields,
}

impl Ask {
    /// The same, with what else is to be said.
    ///
    /// # Errors
    ///
    /// What cannot be asked for.
    pub(super) fn complete(mut self) -> Result<Self, InvalidRequest> {
        if let Some(authorization) = credentials::of(&self.url)
            && !self.fields.contains("authorization")
        {
            let set = self.fields.insert("Authorization", authorization);
            set.map_err(|_| InvalidRequest::Field("Authorization"))?;
        }
        self.write(&Key::new([0; 16]), &mut Vec::new())?;
        Ok(self)
    }

    pub(super) fn write(&self, key: &Key, out: &mut Vec<u8>) -> Result<(), InvalidRequest> {
        let request = Request {
            authority: self.url.authority(),
            target: self.url.path_and_query(),
            origin: self.origin.as_deref(),
            asked: self.asked(key),
            extra: &self.fields,
        };
        request.write(out)
    }

    /// What the answer to a request with this key is compared with.
    pub(super) fn asked<'a>(&'a self, key: &'a Key) -> Asked<'a> {
        Asked { key, protocols: &self.subprotocols, deflate: self.deflate.as_ref() }
    }
}
