//! What can be seen of a running program: counts and times.

mod catalog;
#[cfg(feature = "metrics")]
mod facade;
mod openmetrics;
mod registry;
mod totals;

pub use crate::service::distribution::Distribution;
pub use crate::service::histogram::Histogram;
pub use crate::service::loops::Loops;
pub use crate::session::{Closed, Sessions};
pub use registry::Registry;
pub use totals::Totals;
