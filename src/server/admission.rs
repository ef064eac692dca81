//! From an accepted connection to a session, or to none: who is let in, and what is made for him.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use log::Level;

use super::Refusal;
use super::direct::Direct;
use super::filter::Filter;
use super::shared::{Reserved, Shared, TARGET};
use crate::error::Error;
use crate::net::proxy::{Expected, Preface};
use crate::net::{Endpoint, Stream, Transport};
use crate::service::{Ending, Home, Seat, contain, note};
use crate::session::{Admitted, CloseReason, Gate, Link, Owner, Parts, Permit, Place};

/// How a peer's connection begins.
enum Opening {
    /// With his session.
    Session,
    /// The same, though there are proxies, of which he is none.
    Direct,
    /// With what says who he is.
    Preface(Preface),
}

impl Shared {
    /// Makes a session of an accepted connection, or refuses it: for want of a place, or because
    /// the program wants it so.
    pub(super) fn accept(
        self: &Arc<Self>,
        stream: Stream,
        peer: Endpoint,
        home: &Arc<Home>,
        place: Option<Reserved<'_>>,
    ) {
        let Some(place) = place else {
            return self.refuse(stream, &peer, &Refusal::Full { limit: self.max_connections });
        };
        let opening = match self.opening(&peer) {
            Ok(opening) => opening,
            Err(refusal) => return self.refuse(stream, &peer, &refusal),
        };
        let Some(link) = self.begin(opening, stream, peer, home) else { return };
        // The session gives it back when it has closed.
        std::mem::forget(place);
        if self.ending.load(Ordering::Acquire) {
            link.end(CloseReason::Shutdown, Ending::Graceful);
        }
    }

    fn opening(&self, peer: &Endpoint) -> Result<Opening, Refusal> {
        let Some(proxies) = &self.proxies else { return Ok(Opening::Session) };
        match proxies.expects(peer) {
            None => Err(Refusal::NotAProxy),
            // Where the server may have to speak first, nothing can be waited for.
            Some(Expected::NoHeader) if !self.speaks_tls() => Ok(Opening::Direct),
            Some(expected) => Ok(Opening::Preface(proxies.preface(expected))),
        }
    }

    fn begin(
        self: &Arc<Self>,
        opening: Opening,
        stream: Stream,
        peer: Endpoint,
        home: &Arc<Home>,
    ) -> Option<Arc<Link>> {
        let direct = match opening {
            Opening::Session => false,
            Opening::Direct => true,
            Opening::Preface(preface) => {
                let link = self.link(home);
                link.connect_behind(preface, stream, peer);
                return Some(link);
            }
        };
        let Admitted { transport, protocol, permits } = self.let_in(stream, &peer)?;
        let protocol = if direct { Direct::around(protocol) } else { protocol };
        let link = self.link(home);
        link.hold(permits);
        link.connect(transport, peer, protocol, None);
        Some(link)
    }

    fn link(self: &Arc<Self>, home: &Arc<Home>) -> Arc<Link> {
        self.book.begun();
        let (link, _) = self.everyone.insert(home.index(), |slot| {
            Link::new(Parts {
                seat: Seat::new(home),
                id: self.ids.draw(Place { home: home.index(), slot }),
                service: Arc::clone(self.service()),
                owner: Arc::clone(self) as Arc<dyn Owner>,
                terms: Arc::clone(&self.terms),
                gate: Gate::Closed,
            })
        });
        link
    }

    /// What the session of this peer begins with, unless he is refused or something fails, which
    /// then has been told, and the stream is closed.
    pub(super) fn let_in(&self, stream: Stream, peer: &Endpoint) -> Option<Admitted> {
        let permits = match self.permits(peer) {
            Ok(permits) => permits,
            Err(refusal) => {
                self.refuse(stream, peer, &refusal);
                return None;
            }
        };
        let made = contain("make a handler", || self.protocol.make(peer));
        let Ok(protocol) = made.inspect_err(|error| self.report(error)) else {
            stream.abort();
            self.give_back(permits);
            return None;
        };
        match self.transport(stream) {
            Ok(transport) => Some(Admitted { transport, protocol, permits }),
            Err(error) => {
                self.report(&error.on(peer));
                self.give_back(permits);
                None
            }
        }
    }

    /// Everybody's who is asked, or the first refusal.
    fn permits(&self, peer: &Endpoint) -> Result<Vec<Permit>, Refusal> {
        let mut permits = Vec::new();
        if !self.filters.is_empty() {
            let now = Instant::now();
            for filter in &self.filters {
                match self.ask(&**filter, peer, now) {
                    Ok(permit) if permit.is_none() => {}
                    Ok(permit) => permits.push(permit),
                    Err(refusal) => {
                        self.give_back(permits);
                        return Err(refusal);
                    }
                }
            }
        }
        if !self.welcomes(peer) {
            self.give_back(permits);
            return Err(Refusal::Unwelcome);
        }
        Ok(permits)
    }

    fn ask(&self, filter: &dyn Filter, peer: &Endpoint, now: Instant) -> Result<Permit, Refusal> {
        contain("run a filter", || filter.admit(peer, now)).unwrap_or_else(|panic| {
            self.report(&panic);
            Err(Refusal::Failed)
        })
    }

    fn welcomes(&self, peer: &Endpoint) -> bool {
        contain("run on_accept", || self.events.on_accept(peer)).unwrap_or_else(|panic| {
            self.service().report(&panic);
            false
        })
    }

    fn give_back(&self, permits: Vec<Permit>) {
        for permit in permits {
            if let Err(error) = contain("give back a permit", || drop(permit)) {
                self.report(&error);
            }
        }
    }

    fn refuse(&self, stream: Stream, peer: &Endpoint, refusal: &Refusal) {
        // Not more than a word at a low level: a flood must not become one of the log.
        note(Level::Debug, || {
            log::debug!(target: TARGET, server:% = self.id, peer:% = peer; "refused: {refusal}");
        });
        self.book.refused();
        stream.abort();
        self.tell(|events| events.on_refused(peer, refusal));
    }

    #[cfg(feature = "tls")]
    fn speaks_tls(&self) -> bool {
        self.tls.is_some()
    }

    #[cfg(not(feature = "tls"))]
    fn speaks_tls(&self) -> bool {
        false
    }

    #[cfg(feature = "tls")]
    fn transport(&self, stream: Stream) -> Result<Transport, Error> {
        match &self.tls {
            Some(config) => Transport::accept(stream, config),
            None => Ok(stream.into()),
        }
    }

    #[cfg(not(feature = "tls"))]
    fn transport(&self, stream: Stream) -> Result<Transport, Error> {
        Ok(stream.into())
    }
}
