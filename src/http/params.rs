//! What a route's path has at its `{names}`.

use std::sync::Arc;

/// Parameters that a path may have.
pub(crate) const MOST: usize = 8;

/// The values of a path's parameters: where in the path they are.
#[derive(Default)]
pub(crate) struct Params {
    names: Option<Arc<[Box<str>]>>,
    values: [(u32, u32); MOST],
}

impl Params {
    /// Those of a path, whose parts these values are, in the order of their names.
    pub(crate) fn new<'p>(
        names: &Arc<[Box<str>]>,
        path: &'p str,
        values: impl Iterator<Item = &'p str>,
    ) -> Self {
        let mut params = Self { names: Some(Arc::clone(names)), ..Self::default() };
        for (place, value) in params.values.iter_mut().zip(values) {
            let begin = value.as_ptr().addr().saturating_sub(path.as_ptr().addr());
            *place = (begin as u32, (begin + value.len()) as u32);
        }
        params
    }

    /// The value of the parameter of this name.
    pub(crate) fn find<'p>(&self, name: &str, path: &'p str) -> Option<&'p str> {
        let at = self.names.as_ref()?.iter().position(|known| **known == *name)?;
        let &(begin, end) = self.values.get(at)?;
        path.get(begin as usize..end as usize)
    }
}
