//! The integration tests, in one binary: every further one costs a link.

mod architecture;
#[path = "../live/mod.rs"]
mod live;
mod support;
