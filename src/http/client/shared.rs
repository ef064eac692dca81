//! What a client's handles, requests and connections have in common.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::cookies::Cookies;
use super::journey::Journey;
use super::lane::Lane;
use super::options::{Options, Settings};
use super::pool::{Attempt, Bounds, Freed, Placed, Pool};
use super::proxy::Proxy;
use super::response::ClientResponse;
use super::route::Route;
use crate::codec::http::{Fields, Url};
use crate::error::{Error, ErrorKind, Result};
use crate::session::{ClientProtocol, Speech, Waker};
use crate::{Service, TcpOptions};

pub(super) struct Shared {
    pub(super) service: Service,
    pub(super) settings: Settings,
    /// Where requests begin from.
    pub(super) options: Options,
    pub(super) fields: Fields,
    pub(super) cookies: Option<Cookies>,
    pub(super) proxy: Option<Proxy>,
    tcp: TcpOptions,
    #[cfg(feature = "tls")]
    tls: Mutex<Option<crate::tls::ClientConfig>>,
    pool: Mutex<Pool<Route, Arc<Lane>, Box<Journey>>>,
    serial: AtomicU64,
}

/// What becomes of a request that has got its answer.
pub(super) enum Outcome {
    Answer(ClientResponse),
    /// It is to be sent again, as it is now.
    Again,
}

impl Shared {
    pub(super) fn new(
        service: &Service,
        settings: Settings,
        options: Options,
        fields: Fields,
        bounds: Bounds,
        tcp: TcpOptions,
    ) -> Self {
        Self {
            service: service.clone(),
            settings,
            options,
            fields,
            cookies: None,
            proxy: None,
            tcp,
            #[cfg(feature = "tls")]
            tls: Mutex::new(None),
            pool: Mutex::new(Pool::new(bounds)),
            serial: AtomicU64::new(0),
        }
    }

    pub(super) fn with_cookies(self, keep: bool) -> Self {
        Self { cookies: keep.then(Cookies::default), ..self }
    }

    pub(super) fn with_proxy(self, proxy: Option<Proxy>) -> Self {
        Self { proxy, ..self }
    }

    #[cfg(feature = "tls")]
    pub(super) fn with_tls(self, config: Option<crate::tls::ClientConfig>) -> Self {
        Self { tls: Mutex::new(config), ..self }
    }

    pub(super) fn draw(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }

    /// The way to what is asked.
    pub(super) fn route(&self, url: &Url) -> Route {
        Route::to(url, self.proxy.as_ref())
    }

    /// Has a request sent, on whatever connection.
    pub(super) fn send(self: &Arc<Self>, mut journey: Box<Journey>) {
        journey.route = self.route(&journey.url);
        let (route, id, fresh) = (journey.route.clone(), journey.id, journey.retried);
        let timeout = journey.options.connect;
        while let Some(lane) = self.kept(&route, fresh) {
            match lane.give(journey) {
                Ok(()) => return,
                Err(request) => journey = request,
            }
        }
        loop {
            if !self.watch(&mut journey) {
                return self.give_up(journey);
            }
            let placed = self.pool().put(&route, id, fresh, journey);
            match placed {
                Placed::Give(lane, request) => match lane.give(request) {
                    Ok(()) => return,
                    Err(request) => journey = request,
                },
                Placed::Connect(number, evicted) => {
                    if let Some(lane) = evicted {
                        lane.close();
                    }
                    return self.connect(Attempt { place: route, number }, timeout);
                }
                Placed::Wait => return,
                Placed::Full(request) => {
                    let error = request.error(ErrorKind::LimitReached);
                    return request.fail(&self.service, error.because("too many requests wait"));
                }
            }
        }
    }

    fn kept(&self, route: &Route, fresh: bool) -> Option<Arc<Lane>> {
        if fresh { None } else { self.pool().take_kept(route) }
    }

    /// Bounds the time that a request waits for a connection; false if it has passed.
    fn watch(self: &Arc<Self>, journey: &mut Journey) -> bool {
        let Some(deadline) = journey.deadline.filter(|_| journey.timer.is_none()) else {
            return true;
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let (shared, id) = (Arc::downgrade(self), journey.id);
        journey.timer = Some(self.service.after(left, move || {
            if let Some(shared) = shared.upgrade()
                && let Some(journey) = shared.withdraw(id)
            {
                shared.give_up(journey);
            }
        }));
        !left.is_zero()
    }

    /// Its time has passed.
    pub(super) fn give_up(&self, journey: Box<Journey>) {
        let error = journey.error(ErrorKind::TimedOut);
        journey.fail(&self.service, error);
    }

    /// Takes back a request that waits for a connection.
    pub(super) fn withdraw(&self, id: u64) -> Option<Box<Journey>> {
        self.pool().withdraw(id)
    }

    /// Makes a connection, and the one that may follow if that fails at once.
    fn connect(self: &Arc<Self>, attempt: Attempt<Route>, timeout: Duration) {
        let mut next = Some(attempt);
        while let Some(attempt) = next {
            let lane = Arc::new(Lane::new(attempt.place, attempt.number));
            next = match self.begin_to_connect(&lane, timeout) {
                Ok(client) => {
                    lane.keep(client);
                    None
                }
                Err(error) => self.take_down(&lane, Some(error)),
            };
        }
    }

    fn begin_to_connect(
        self: &Arc<Self>,
        lane: &Arc<Lane>,
        timeout: Duration,
    ) -> Result<crate::Client> {
        let connection = Connection::new(Arc::clone(self), Arc::clone(lane));
        let protocol = ClientProtocol::new(connection, Speech::Mute);
        let builder = crate::Client::builder(&self.service, protocol)
            .connect_timeout(timeout)
            .tcp_options(self.tcp.clone());
        let builder = self.secure(builder, &lane.route)?;
        let (shared, lane_at_rest) = (Arc::clone(self), Arc::clone(lane));
        let builder = builder.at_rest(move |failure| shared.lost(&lane_at_rest, failure));
        builder.connect(lane.route.address.as_str())
    }

    #[cfg(feature = "tls")]
    fn secure(
        &self,
        builder: crate::client::Builder,
        route: &Route,
    ) -> Result<crate::client::Builder> {
        use super::route::Through;

        if !route.tls {
            return Ok(builder);
        }
        let mut config = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if config.is_none() {
            *config = Some(crate::tls::ClientConfig::new()?);
        }
        let builder = match &*config {
            Some(config) => builder.tls(config.clone()),
            None => builder,
        };
        Ok(match (&self.proxy, &route.through) {
            (Some(proxy), Through::Tunnel { address, host }) => {
                builder.tunnel(proxy.tunnel(address, host))
            }
            _ => builder,
        })
    }

    #[cfg(not(feature = "tls"))]
    fn secure(
        &self,
        builder: crate::client::Builder,
        route: &Route,
    ) -> Result<crate::client::Builder> {
        if !route.tls {
            return Ok(builder);
        }
        let error = Error::new(ErrorKind::Unsupported, "connect to").on(&route.address);
        Err(error.because("`https` needs the feature `tls`"))
    }

    /// A connection is there: the request that it serves, if it serves one.
    pub(super) fn opened(&self, lane: &Arc<Lane>, waker: Waker) -> Freed<Box<Journey>> {
        lane.open(waker);
        self.pool().opened(&lane.route, lane.attempt, Arc::clone(lane))
    }

    /// A connection has served its request.
    pub(super) fn free(&self, lane: &Arc<Lane>) -> Freed<Box<Journey>> {
        self.pool().free(&lane.route, Arc::clone(lane))
    }

    /// A kept connection wants to be closed: false if it has a request to serve.
    pub(super) fn retire(&self, lane: &Arc<Lane>) -> bool {
        self.pool().remove(&lane.route, lane)
    }

    /// A connection is gone, or there will be none.
    pub(super) fn lost(self: &Arc<Self>, lane: &Arc<Lane>, failure: Option<Error>) {
        if let Some(next) = self.take_down(lane, failure) {
            let timeout = self.options.connect;
            self.connect(next, timeout);
        }
    }

    /// The connection that is to be made in its place, if there is one.
    fn take_down(
        self: &Arc<Self>,
        lane: &Arc<Lane>,
        failure: Option<Error>,
    ) -> Option<Attempt<Route>> {
        let unsent = lane.end()?;
        let next = self.vacate(lane, failure);
        if let Some(journey) = unsent {
            self.send(journey);
        }
        next
    }

    /// A connection is no longer one for requests.
    pub(super) fn detach(self: &Arc<Self>, lane: &Arc<Lane>) {
        if lane.detach()
            && let Some(next) = self.vacate(lane, None)
        {
            self.connect(next, self.options.connect);
        }
    }

    fn vacate(&self, lane: &Arc<Lane>, failure: Option<Error>) -> Option<Attempt<Route>> {
        let (failed, next) = self.pool().lost(&lane.route, lane, lane.attempt);
        if let Some(journey) = failed {
            let error = failure.unwrap_or_else(|| journey.error(ErrorKind::Closed));
            journey.fail(&self.service, error);
        }
        next
    }

    /// The answer is there, or what is to be asked instead.
    pub(super) fn settle(self: &Arc<Self>, journey: Box<Journey>, outcome: Outcome) {
        match outcome {
            Outcome::Answer(answer) => journey.answer(&self.service, Ok(answer)),
            Outcome::Again => self.send(journey),
        }
    }

    /// No handle is left: what is under way goes on, and nothing is kept.
    pub(super) fn close(&self) {
        let kept = self.pool().close();
        kept.iter().for_each(|lane| lane.close());
    }

    /// How many connections there are, and how many of them are kept without a request.
    pub(super) fn count(&self) -> (usize, usize) {
        self.pool().count()
    }

    fn pool(&self) -> MutexGuard<'_, Pool<Route, Arc<Lane>, Box<Journey>>> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
