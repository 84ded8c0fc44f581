//! Object semantics of Kubernetes: pure code over trees.
pub mod quantity;
