//! What holds for whatever bytes: for tests, and for the fuzz target.
