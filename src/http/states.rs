//! What handlers share, by type.

use std::any::{Any, TypeId};
use std::sync::Arc;

/// Values that a router's handlers share, one of each type.
#[derive(Clone, Default)]
pub(crate) struct States(Vec<(TypeId, Arc<dyn Any + Send + Sync>)>);

impl States {
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.put(TypeId::of::<T>(), Arc::new(value));
    }

    /// Those of the others take the places of those of their types.
    pub(crate) fn extend(&mut self, others: &Self) {
        others.0.iter().for_each(|(id, value)| self.put(*id, Arc::clone(value)));
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        let id = TypeId::of::<T>();
        let (_, value) = self.0.iter().find(|(known, _)| *known == id)?;
        value.downcast_ref()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn put(&mut self, id: TypeId, value: Arc<dyn Any + Send + Sync>) {
        self.0.retain(|(known, _)| *known != id);
        self.0.push((id, value));
    }
}
