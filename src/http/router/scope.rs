//! What a router has beside its routes, and those nested in it inherit.

use std::sync::Arc;

use super::pattern::Pattern;
use crate::http::params::Params;
use crate::http::states::States;
use crate::http::{Handler, Layer};

/// A router among those that are nested.
#[derive(Default)]
pub(super) struct Scope {
    /// Where it is nested; its own, the outermost, has none.
    pub(super) parent: Option<usize>,
    pub(super) prefix: Prefix,
    pub(super) layers: Vec<Arc<dyn Layer>>,
    pub(super) states: States,
    pub(super) fallback: Option<Box<dyn Handler>>,
    /// All layers around its routes, the outermost first.
    pub(super) chain: Vec<Arc<dyn Layer>>,
    /// All that its handlers share, if there is anything.
    pub(super) shared: Option<Arc<States>>,
}

impl Scope {
    /// Has what is its own, and what its parent has.
    pub(super) fn inherit(&mut self, parent: Option<&Self>) {
        let layers = parent.into_iter().flat_map(|parent| &parent.chain).chain(&self.layers);
        self.chain = layers.cloned().collect();
        let mut all = States::default();
        for states in
            parent.and_then(|parent| parent.shared.as_deref()).into_iter().chain([&self.states])
        {
            all.extend(states);
        }
        self.shared = (!all.is_empty()).then(|| Arc::new(all));
    }
}

/// The path that a router is nested at.
#[derive(Clone, Default)]
pub(super) struct Prefix {
    /// As the program has written it; without a slash at its end.
    pub(super) text: String,
    /// Normal; `None` for a name.
    segments: Vec<Option<String>>,
    names: Option<Arc<[Box<str>]>>,
}

impl Prefix {
    /// What is wrong with it, if it is none.
    pub(super) fn parse(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        if text.ends_with('/') {
            return Err("it ends with `/`".into());
        }
        let pattern = Pattern::parse(&text)?;
        let segments = pattern.key[1..].split('/').map(Self::segment).collect::<Result<_, _>>()?;
        Ok(Self { text, segments, names: Some(pattern.names) })
    }

    fn segment(key: &str) -> Result<Option<String>, String> {
        match key.find('{') {
            None => Ok(Some(key.into())),
            Some(0) if key.starts_with("{*") => Err("a router cannot be nested behind `*`".into()),
            Some(0) if key.find('}') == Some(key.len() - 1) => Ok(None),
            Some(_) => Err("a name is not a whole segment".into()),
        }
    }

    pub(super) fn depth(&self) -> usize {
        self.segments.len()
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.segments == other.segments
    }

    /// Whether a path is below, or at it.
    pub(super) fn covers(&self, normal: &str) -> bool {
        let mut parts = segments(normal);
        self.segments.iter().all(|segment| match (segment, parts.next()) {
            (_, None) => false,
            (None, Some(part)) => !part.is_empty(),
            (Some(text), Some(part)) => part == text,
        })
    }

    /// The values of its names in a path that it covers.
    pub(super) fn params(&self, raw: &str) -> Option<Params> {
        let names = self.names.as_ref().filter(|names| !names.is_empty())?;
        let named =
            self.segments.iter().zip(segments(raw)).filter(|(segment, _)| segment.is_none());
        Some(Params::new(names, raw, named.map(|(_, part)| part)))
    }
}

/// Of a path as it was sent there are as many as of its normal form: slashes are never decoded.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').into_iter().flat_map(|path| path.split('/'))
}
