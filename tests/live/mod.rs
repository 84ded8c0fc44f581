//! Tests against real servers; ignored unless those are there. `README.md` says how to run them.

#[cfg(feature = "kubernetes")]
pub(crate) mod cluster;
#[cfg(feature = "kubernetes")]
mod kmock;
#[cfg(feature = "kubernetes")]
mod kubernetes;
#[cfg(feature = "kubernetes")]
mod scene;
#[cfg(feature = "kubernetes")]
mod stories;
