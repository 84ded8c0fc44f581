//! The integration tests, in one binary: every further one costs a link.

mod architecture;
mod examples;
#[path = "../live/mod.rs"]
mod live;
mod recorded;
mod server;
mod states;
mod support;
mod wrong_inputs;
