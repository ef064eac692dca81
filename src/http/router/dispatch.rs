//! From a request to who answers it.

use super::table::Found;
use super::{Router, own, paths};
use crate::codec::http::Method;
use crate::http::{Handler, Next, Reception, Request, Response};

impl Handler for Router {
    #[inline]
    fn handle(&self, request: &mut Request<'_>) -> Response {
        self.next(request).run(request)
    }

    fn begin(&self, request: &mut Request<'_>) -> Reception {
        self.next(request).begin(request)
    }
}

impl Router {
    /// The layers and the handler for a request, which gets its parameters and state.
    #[inline]
    fn next(&self, request: &mut Request<'_>) -> Next<'_> {
        let raw = request.raw_path();
        let path = paths::normal(raw);
        let Some(found) = self.table.find(&path) else { return self.no_place(request, &path) };
        let method = request.method();
        let Some(route) = found.place.route(method) else { return self.no_method(request, &found) };
        if !route.names.is_empty() {
            request.params = found.params(route, raw, &path);
        }
        let scope = &self.scopes[route.scope];
        share(request, route.scope, self);
        Next::new(&scope.chain, &*route.handler)
    }

    #[cold]
    fn no_method(&self, request: &mut Request<'_>, found: &Found<'_, '_>) -> Next<'_> {
        let scope = found.place.0.first().map_or(0, |route| route.scope);
        self.answer(request, scope, own::not_for(request.method(), found.place))
    }

    #[cold]
    fn no_place(&self, request: &mut Request<'_>, path: &str) -> Next<'_> {
        if path == "*" && request.method() == Method::Options {
            return self.answer(request, 0, own::everything(self.table.places()));
        }
        if let Some((scope, other)) = self.other_slash(request.raw_path(), path) {
            return self.answer(request, scope, own::to_other_slash(request, &other));
        }
        let scope = self.scope_of(path);
        if let Some(params) = self.scopes[scope].prefix.params(request.raw_path()) {
            request.params = params;
        }
        let mut owner = Some(scope);
        while let Some(at) = owner {
            if let Some(fallback) = &self.scopes[at].fallback {
                share(request, at, self);
                return Next::new(&self.scopes[scope].chain, &**fallback);
            }
            owner = self.scopes[at].parent;
        }
        self.answer(request, scope, own::not_found())
    }

    /// What the router says itself, with the layers of that scope around it.
    fn answer(&self, request: &mut Request<'_>, scope: usize, answer: Response) -> Next<'_> {
        share(request, scope, self);
        Next::ready(&self.scopes[scope].chain, answer)
    }

    /// The router that is nested deepest on the way to a path without a route.
    fn scope_of(&self, path: &str) -> usize {
        let covering = self.scopes.iter().enumerate().filter(|(_, of)| of.prefix.covers(path));
        let mut deepest = (0, 0, false);
        for (at, scope) in covering {
            let found = (at, scope.prefix.depth(), scope.fallback.is_some());
            if found.1 > deepest.1 || (found.1 == deepest.1 && found.2 && !deepest.2) {
                deepest = found;
            }
        }
        deepest.0
    }

    /// Where the path leads with another end, and as it was sent.
    fn other_slash(&self, raw: &str, path: &str) -> Option<(usize, String)> {
        // `//host` in a `Location` would lead to another host.
        if !self.redirects || raw.starts_with("//") {
            return None;
        }
        let other = |path: &str| match path.strip_suffix('/') {
            Some(shorter) => shorter.into(),
            None => format!("{path}/"),
        };
        let found = self.table.find(&other(path))?.place.0.first()?.scope;
        Some((found, other(raw)))
    }
}

/// Lets a request's handler see what that router's handlers share.
#[inline]
fn share(request: &mut Request<'_>, scope: usize, router: &Router) {
    if let Some(shared) = &router.scopes[scope].shared {
        request.states = Some(shared.clone());
    }
}
