//! Who answers which path.

mod dispatch;
mod own;
mod paths;
mod pattern;
mod scope;
mod table;

use std::fmt;
use std::sync::Arc;

use super::{Handler, Layer};
use crate::codec::http::Method;
use pattern::{Pattern, join};
use scope::{Prefix, Scope};
use table::{Route, Table};

/// A [`Handler`] that has others answer, by path and method.
///
/// ```
/// use sockeye::http::{self, Request, Router};
///
/// let users = Router::new()
///     .get("/", "all of them")
///     .get("/{id}", |request: &mut Request<'_>| format!("user {:?}", request.param("id")))
///     .delete("/{id}", |_: &mut Request<'_>| ());
/// let site = Router::new()
///     .get("/", "Hello, World!")
///     .get("/files/{*path}", |request: &mut Request<'_>| request.param("path").map(String::from))
///     .nest("/users", users);
/// let protocol = http::server(site);
/// ```
///
/// # Paths
///
/// `{name}` stands for a segment, or for a part of one as in `/{name}.png`, and `{*name}` for
/// everything up to the end; neither for nothing. [`Request::param`](super::Request::param) has what
/// is there. `{{` and `}}` are the characters. Text counts before names, and what is longer before
/// `{*name}`, in whatever order they were given: of `/users/me`, `/users/{id}` and `/{*all}` the first
/// takes `/users/me`, the second `/users/you`, and the third everything else. In one place there is
/// either `{name}` or `{*name}`; for what neither takes there is the [fallback](Router::fallback).
///
/// Paths are compared as RFC 3986 6.2.2 wants it: `/%61` is `/a`, `/%c3%bc` is `/%C3%BC`. An encoded
/// slash (`%2F`) is not a slash: it may be in a value, which is decoded afterwards. Case, empty
/// segments and a slash at the end make another path, unless [redirected](Router::redirect_slashes).
///
/// # Methods
///
/// `HEAD` is answered by the route for `GET`, unless it has its own; its body is not sent. `OPTIONS`
/// is answered with what there is, unless it has its own. A path that has routes, but none for this
/// method, is answered 405, a path without routes 404 or by the [fallback](Router::fallback).
/// `OPTIONS *` is answered with all methods of all routes. All of that is said before the client has
/// sent a body.
///
/// # Routers in routers
///
/// A nested router keeps its layers, state and fallback for what is below its prefix, and has those
/// of the outer one as well: the outer layers go around its own, its state comes before the outer
/// one, and its fallback too. That holds whether the outer one gets them before or afterwards.
///
/// # Panics
///
/// All functions that take a path panic when it is none (see above), has more than 8 names, or
/// cannot be told from one that is there; the message says which. So a program with such a
/// mistake does not start.
pub struct Router {
    table: Table,
    /// Its own, and those of all that are nested, behind the one that they are nested in.
    scopes: Vec<Scope>,
    redirects: bool,
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

impl Router {
    /// One that answers 404.
    pub fn new() -> Self {
        Self { table: Table::default(), scopes: vec![Scope::default()], redirects: false }
    }

    /// Has `GET` and `HEAD` on a path answered.
    #[must_use]
    #[track_caller]
    pub fn get(self, path: &str, handler: impl Handler) -> Self {
        self.route(Method::Get, path, handler)
    }

    /// Has `HEAD` on a path answered by another than `GET`. The body is not sent; its length is.
    #[must_use]
    #[track_caller]
    pub fn head(self, path: &str, handler: impl Handler) -> Self {
        self.route(Method::Head, path, handler)
    }

    /// Has `POST` on a path answered.
    #[must_use]
    #[track_caller]
    pub fn post(self, path: &str, handler: impl Handler) -> Self {
        self.route(Method::Post, path, handler)
    }

    /// Has `PUT` on a path answered.
    #[must_use]
    #[track_caller]
    pub fn put(self, path: &str, handler: impl Handler) -> Self {
        self.route(Method::Put, path, handler)
    }

    /// Has `PATCH` on a path answered.
    #[must_use]
    #[track_caller]
    pub fn patch(self, path: &str, handler: impl Handler) -> Self {
        self.route(Method::Patch, path, handler)
    }

    /// Has `DELETE` on a path answered.
    #[must_use]
    #[track_caller]
    pub fn delete(self, path: &str, handler: impl Handler) -> Self {
        self.route(Method::Delete, path, handler)
    }

    /// Has `OPTIONS` on a path answered by other than what there is.
    #[must_use]
    #[track_caller]
    pub fn options(self, path: &str, handler: impl Handler) -> Self {
        self.route(Method::Options, path, handler)
    }

    /// Has `TRACE` on a path answered; see [`Response::trace`](super::Response::trace).
    #[must_use]
    #[track_caller]
    pub fn trace(self, path: &str, handler: impl Handler) -> Self {
        self.route(Method::Trace, path, handler)
    }

    /// Has a method on a path answered.
    #[must_use]
    #[track_caller]
    pub fn route(self, method: Method, path: &str, handler: impl Handler) -> Self {
        self.add(Some(method), path, handler)
    }

    /// Has all methods on a path answered that have no other route there; `OPTIONS` too.
    #[must_use]
    #[track_caller]
    pub fn any(self, path: &str, handler: impl Handler) -> Self {
        self.add(None, path, handler)
    }

    /// Has another router answer what is below a prefix, which may have `{names}` for whole segments
    /// and has no slash at its end. The other's `/` is the prefix itself. Within `/`, it is as if its
    /// routes were this one's, but for its layers and state.
    ///
    /// What has no route is the deepest router's to answer. Of several routers at the same prefix
    /// that is the one with a fallback, or else the first.
    ///
    /// # Panics
    ///
    /// Also when two routers at the same prefix have a fallback.
    #[must_use]
    #[track_caller]
    pub fn nest(mut self, prefix: &str, router: Self) -> Self {
        let Self { table, scopes, .. } = router;
        let prefix = if prefix == "/" { "" } else { prefix };
        let first = self.scopes.len();
        for scope in scopes {
            let parent = scope.parent.map_or(0, |parent| first + parent);
            let text = format!("{prefix}{}", scope.prefix.text);
            match Prefix::parse(text) {
                Ok(prefix) => self.add_scope(Scope { parent: Some(parent), prefix, ..scope }),
                Err(why) => panic!("no router can be nested at `{prefix}`: {why}"),
            }
        }
        for route in table.into_routes() {
            let path = join(prefix, &route.path);
            self.add_route(Route { scope: first + route.scope, path, ..route });
        }
        self.settled()
    }

    /// Has what has no route answered, with whatever method: by default 404.
    ///
    /// # Panics
    ///
    /// When there is one already, also of a router that is nested at `/`.
    #[must_use]
    #[track_caller]
    pub fn fallback(mut self, handler: impl Handler) -> Self {
        let mut here = self.scopes.iter().filter(|scope| scope.prefix.depth() == 0);
        assert!(here.all(|scope| scope.fallback.is_none()), "the router has a fallback already");
        self.scopes[0].fallback = Some(Box::new(handler));
        self
    }

    /// Puts a layer around all that this router answers: its routes and those nested in it, those
    /// that are given later too, the fallback, and what it answers by itself (404, 405, `OPTIONS`).
    /// The first layer is the outermost. The request's parameters and state are known to it.
    ///
    /// For a layer around some routes, [nest](Router::nest) them at `/`.
    #[must_use]
    pub fn layer(mut self, layer: impl Layer) -> Self {
        self.scopes[0].layers.push(Arc::new(layer));
        self.settled()
    }

    /// Shares a value with all handlers and layers, one of each type:
    /// [`Request::state`](super::Request::state) has it.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use sockeye::http::{Request, Router, Status};
    ///
    /// let router = Router::new().state(AtomicU64::new(0)).get("/", |request: &mut Request<'_>| {
    ///     let visits = request.state::<AtomicU64>().ok_or(Status::INTERNAL_SERVER_ERROR)?;
    ///     Ok::<_, Status>(format!("visit {}", visits.fetch_add(1, Ordering::Relaxed) + 1))
    /// });
    /// ```
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.scopes[0].states.insert(value);
        self.settled()
    }

    /// Whether who asks for a path that has a route only with a slash at its end, or only without, is
    /// sent there (308). Default: no. Only the outermost router is asked.
    #[must_use]
    pub fn redirect_slashes(mut self, redirects: bool) -> Self {
        self.redirects = redirects;
        self
    }

    #[track_caller]
    fn add(mut self, method: Option<Method>, path: &str, handler: impl Handler) -> Self {
        let handler = Box::new(handler);
        self.add_route(Route {
            method,
            path: path.into(),
            names: Arc::default(),
            handler,
            scope: 0,
        });
        self
    }

    #[track_caller]
    fn add_route(&mut self, mut route: Route) {
        let name = name(&route);
        let added = Pattern::parse(&route.path).and_then(|pattern| {
            route.names = Arc::clone(&pattern.names);
            self.table.insert(pattern, route)
        });
        if let Err(why) = added {
            panic!("no route can be added for `{name}`: {why}");
        }
    }

    #[track_caller]
    fn add_scope(&mut self, scope: Scope) {
        let mut here = self.scopes.iter().filter(|other| other.prefix.is_same(&scope.prefix));
        let twice = scope.fallback.is_some() && here.any(|other| other.fallback.is_some());
        assert!(!twice, "two routers at `{}/` have a fallback", scope.prefix.text);
        self.scopes.push(scope);
    }

    /// Each scope has what it inherits.
    fn settled(mut self) -> Self {
        for at in 0..self.scopes.len() {
            let (before, rest) = self.scopes.split_at_mut(at);
            let parent = rest[0].parent.map(|parent| &before[parent]);
            rest[0].inherit(parent);
        }
        self
    }
}

/// The routes.
impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.table.places().iter().flat_map(|place| &place.0);
        f.debug_list().entries(routes.map(name)).finish()
    }
}

fn name(route: &Route) -> String {
    let method = route.method.as_ref().map_or("any method", Method::as_str);
    format!("{method} {}", route.path)
}
