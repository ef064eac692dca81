//! Messages and agreements.
