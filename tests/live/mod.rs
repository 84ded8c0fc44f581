//! Tests against real servers; ignored unless those are there.

#[cfg(feature = "kubernetes")]
pub(crate) mod cluster;
#[cfg(feature = "kubernetes")]
mod kubernetes;
