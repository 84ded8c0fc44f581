//! Object semantics of Kubernetes: pure code over trees.
mod downward;
pub mod environment;
pub mod expand;
pub mod quantity;
pub mod workload;
