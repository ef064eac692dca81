//! Values that the program attaches to a session, found by typed keys.

use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::belongings::{Label, Value};
use super::link::Link;
use super::mailbox::Gate;
use super::{Handle, Session};

/// Names a value of type `T` that sessions may have.
///
/// A key is its type and its name: two keys that agree in both are the same key, wherever they
/// stand. A library that attaches values of a common type had better give its keys names of its
/// own, such as `"my_crate.user"`.
///
/// Values are found from callbacks and from any thread, for as long as the connection lives:
///
/// ```
/// use sockeye::{Key, Server, Service, raw};
///
/// static USER: Key<String> = Key::new("user");
///
/// let service = Service::builder().threads(1).start()?;
/// let login = raw::server(|_peer| {
///     |session: &mut raw::Session<'_>, data: &[u8]| {
///         session.set(&USER, String::from_utf8_lossy(data).into_owned());
///     }
/// });
/// let server = Server::builder(&service, login).listen("127.0.0.1:0")?;
/// for session in server.sessions() {
///     match session.get(&USER) {
///         Some(user) => println!("{}: {user}", session.id()),
///         None => println!("{}: has not said who he is", session.id()),
///     }
/// }
/// # service.stop()?;
/// # Ok::<(), sockeye::Error>(())
/// ```
///
/// What only a session's own callbacks need is simpler, and may be changed in place, as a field of
/// its handler. A value is shared with whoever has got it; to change one in place, let it be a
/// [`Mutex`](std::sync::Mutex) or an atomic.
///
/// How many values a session has is bounded by how many keys the program has, and by nothing else:
/// names are `'static`, so that no peer can make one.
pub struct Key<T> {
    name: &'static str,
    /// A key has no `T` in it, and may be shared between threads whatever `T` is.
    of: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// A key of this name, which programs keep in a `static`.
    pub const fn new(name: &'static str) -> Self {
        Self { name, of: PhantomData }
    }

    /// The key's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<T: 'static> Key<T> {
    fn label(&self) -> Label {
        Label { of: TypeId::of::<T>(), name: self.name }
    }
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key<{}>({:?})", std::any::type_name::<T>(), self.name)
    }
}

impl Session<'_> {
    /// Attaches a value to the session and returns the one it replaces. It is dropped with the
    /// connection, after `on_close`.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use sockeye::{Key, raw};
    ///
    /// static STRIKES: Key<AtomicU32> = Key::new("strikes");
    ///
    /// fn on_open(session: &mut raw::Session<'_>) {
    ///     session.set(&STRIKES, AtomicU32::new(0));
    /// }
    ///
    /// fn on_nonsense(session: &mut raw::Session<'_>) {
    ///     if session.get(&STRIKES).is_some_and(|count| count.fetch_add(1, Ordering::Relaxed) == 2) {
    ///         session.close();
    ///     }
    /// }
    /// ```
    pub fn set<T: Any + Send + Sync>(&mut self, key: &Key<T>, value: T) -> Option<Arc<T>> {
        self.link.set(key, value, || true)
    }

    /// The value that was attached with this key. In `on_close` it is still there.
    pub fn get<T: Any + Send + Sync>(&self, key: &Key<T>) -> Option<Arc<T>> {
        typed(self.link.belongings.get(key.label())?)
    }

    /// Takes the value away that was attached with this key.
    pub fn remove<T: Any + Send + Sync>(&mut self, key: &Key<T>) -> Option<Arc<T>> {
        typed(self.link.belongings.remove(key.label())?)
    }
}

impl Handle {
    /// Attaches a value to the session and returns the one it replaces; at once, on this thread. It
    /// is dropped with the connection, after `on_close`; with a closed session it is dropped here. Of
    /// a client that is not connected it waits for the next connection, and is dropped with that.
    pub fn set<T: Any + Send + Sync>(&self, key: &Key<T>, value: T) -> Option<Arc<T>> {
        let link = self.link();
        link.set(key, value, || link.mailbox().gate() != Gate::Closed)
    }

    /// The value that was attached with this key, while the connection lives. Whoever has got it
    /// may keep it longer.
    pub fn get<T: Any + Send + Sync>(&self, key: &Key<T>) -> Option<Arc<T>> {
        typed(self.link().belongings.get(key.label())?)
    }

    /// Takes the value away that was attached with this key.
    pub fn remove<T: Any + Send + Sync>(&self, key: &Key<T>) -> Option<Arc<T>> {
        typed(self.link().belongings.remove(key.label())?)
    }
}

impl Link {
    /// The gate of a closed session is shut before its values are taken: what finds it open is
    /// dropped with them.
    fn set<T: Any + Send + Sync>(
        &self,
        key: &Key<T>,
        value: T,
        may: impl FnOnce() -> bool,
    ) -> Option<Arc<T>> {
        let replaced = self.belongings.set(key.label(), Arc::new(value), may);
        typed(replaced.ok()??)
    }
}

fn typed<T: Any + Send + Sync>(value: Value) -> Option<Arc<T>> {
    value.downcast().ok()
}
