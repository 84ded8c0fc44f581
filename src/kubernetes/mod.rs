//! Object semantics of Kubernetes: pure code over trees.
pub mod deployers;
mod downward;
pub mod environment;
pub mod expand;
pub mod ownership;
pub mod pods;
pub mod quantity;
pub mod workload;
pub mod writers;
