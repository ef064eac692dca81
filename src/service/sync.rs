//! The synchronisation the scheduler is built on, exchangeable for the model checker's.

#[cfg(not(sockeye_loom))]
pub(crate) use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU8, Ordering},
};

#[cfg(sockeye_loom)]
pub(crate) use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU8, Ordering},
};

#[cfg(not(sockeye_loom))]
pub(crate) use super::locks::lock;

/// As `locks::lock`, for the model checker's mutex.
#[cfg(sockeye_loom)]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
