//! Object semantics of Kubernetes: pure code over trees.

pub mod autoscaling;
pub mod defaults;
mod downward;
pub mod environment;
pub mod expand;
pub mod ignored;
pub mod pairing;
pub mod quantity;
pub mod topology;
pub mod workload;
