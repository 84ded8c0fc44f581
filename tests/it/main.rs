//! The integration tests, in one binary: every further one costs a link.
#![allow(clippy::panic, reason = "tests fail by it")]

mod architecture;
mod commands;
mod compare;
mod examples;
mod explain;
mod layers;
#[path = "../live/mod.rs"]
mod live;
mod policy;
mod recorded;
mod reports;
mod repositories;
mod secrecy;
mod server;
mod snapshots;
mod sources;
mod states;
mod support;
mod wrong_inputs;
