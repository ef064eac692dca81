//! Routes by their paths.

use std::collections::HashMap;
use std::sync::Arc;

use super::paths;
use super::pattern::Pattern;
use crate::codec::http::Method;
use crate::http::Handler;
use crate::http::params::Params;

/// A method on a path, and who answers.
pub(super) struct Route {
    /// `None` stands for all that have no route of their own.
    pub(super) method: Option<Method>,
    /// The path as the program has written it.
    pub(super) path: String,
    pub(super) names: Arc<[Box<str>]>,
    pub(super) handler: Box<dyn Handler>,
    /// The router that it belongs to, among those that are nested.
    pub(super) scope: usize,
}

/// All routes of a path: at least one.
#[derive(Default)]
pub(super) struct Place(pub(super) Vec<Route>);

#[derive(Default)]
pub(super) struct Table {
    tree: matchit::Router<usize>,
    keys: HashMap<String, usize>,
    places: Vec<Place>,
}

/// A path that there is.
pub(super) struct Found<'t, 'p> {
    pub(super) place: &'t Place,
    values: matchit::Params<'t, 'p>,
}

impl Table {
    /// What is in its way, if it cannot be added.
    pub(super) fn insert(&mut self, pattern: Pattern, route: Route) -> Result<(), String> {
        let at = self.place(pattern.key)?;
        let place = &mut self.places[at];
        if place.0.iter().any(|other| other.method == route.method) {
            return Err("there is such a route already".into());
        }
        place.0.push(route);
        Ok(())
    }

    #[inline]
    pub(super) fn find<'p>(&self, path: &'p str) -> Option<Found<'_, 'p>> {
        let matched = self.tree.at(path).ok()?;
        let place = self.places.get(*matched.value)?;
        Some(Found { place, values: matched.params })
    }

    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    pub(super) fn into_routes(self) -> impl Iterator<Item = Route> {
        self.places.into_iter().flat_map(|place| place.0)
    }

    fn place(&mut self, key: String) -> Result<usize, String> {
        if let Some(&at) = self.keys.get(&key) {
            return Ok(at);
        }
        let at = self.places.len();
        self.tree.insert(&*key, at).map_err(|error| match error {
            matchit::InsertError::Conflict { with } => self.conflict(&with),
            error => error.to_string().to_lowercase(),
        })?;
        self.keys.insert(key, at);
        self.places.push(Place::default());
        Ok(at)
    }

    fn conflict(&self, key: &str) -> String {
        let other = self.keys.get(key).and_then(|&at| self.places.get(at)?.0.first());
        let other = other.map_or(key, |route| &route.path);
        format!("nobody could tell which of it and `{other}` is meant")
    }
}

impl Place {
    /// Who answers requests with this method.
    #[inline]
    pub(super) fn route(&self, method: Method) -> Option<&Route> {
        let exact = |method| self.0.iter().find(|route| route.method == Some(method));
        exact(method)
            .or_else(|| exact(Method::Get).filter(|_| method == Method::Head))
            .or_else(|| self.0.iter().find(|route| route.method.is_none()))
    }
}

impl Found<'_, '_> {
    /// The values of a route's names, in the path as it was sent and in its normal form.
    pub(super) fn params(&self, route: &Route, raw: &str, normal: &str) -> Params {
        if raw.len() == normal.len() {
            return Params::new(&route.names, normal, self.values.iter().map(|(_, value)| value));
        }
        let back = |value: &str| {
            let begin = value.as_ptr().addr().saturating_sub(normal.as_ptr().addr());
            let end = begin + value.len();
            raw.get(paths::raw_offset(raw, begin)..paths::raw_offset(raw, end)).unwrap_or_default()
        };
        Params::new(&route.names, raw, self.values.iter().map(|(_, value)| back(value)))
    }
}
