//! The contexts that the kubeconfig has, for telling `context/namespace` from a context whose
//! name holds a slash.

use std::path::Path;

/// Names of all contexts, sorted; empty where there is no kubeconfig, or none that can be read
/// (connecting says why).
#[must_use]
#[cfg(feature = "kubernetes")]
pub fn known_contexts(kubeconfig: Option<&Path>) -> Vec<String> {
    use kube::config::Kubeconfig;
    let read = match kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let mut names: Vec<String> = read
        .map(|k| k.contexts.into_iter().map(|c| c.name).collect())
        .unwrap_or_default();
    names.sort();
    names
}

/// This build reads no kubeconfig.
#[must_use]
#[cfg(not(feature = "kubernetes"))]
pub fn known_contexts(_: Option<&Path>) -> Vec<String> {
    vec![]
}
