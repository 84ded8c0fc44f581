//! The integration tests, in one binary: every further one costs a link.

#[path = "../live/mod.rs"]
mod live;
