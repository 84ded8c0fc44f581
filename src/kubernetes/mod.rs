//! Object semantics of Kubernetes: pure code over trees.
pub mod autoscaling;
pub mod defaults;
pub mod ignored;
pub mod pairing;
pub mod quantity;
pub mod topology;
