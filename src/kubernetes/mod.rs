//! Object semantics of Kubernetes: pure code over trees.

pub mod autoscaling;
pub mod defaults;
pub mod deployers;
mod downward;
pub mod environment;
pub mod expand;
pub mod ignored;
pub mod ownership;
pub mod pairing;
pub mod pods;
pub mod quantity;
pub mod topology;
pub mod workload;
pub mod writers;
