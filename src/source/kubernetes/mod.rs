//! A Kubernetes cluster, read by LIST and GET and by nothing else.
//!
//! Read path: kubeconfig → credentials (exec plugin) → discovery → namespaces → one LIST per kind
//! and namespace, in pages → trees. What goes wrong becomes the outcome of a scope, never an error.
//!
//! - `kind`: what is known of clusters without asking one
//! - [`kinds`]: what is known of kinds without a server; [`rbac`](mod@rbac): the Role for a read
//! - `kubeconfig`, `exec`: credentials, without anything of them in a message
//! - `api`: requests inside a time budget; `fault`: what went wrong, in our words
//! - `discovery`, `page`, `reduce`, `topology`: answers into trees
//! - `plan`, `list`, `facts`: what is asked; `read`, `inspect`: the whole
//!
//! Without the feature `kubernetes` the kind stays known, and [`connect`] says how to get it.

mod contexts;
mod kind;
pub mod kinds;
pub mod rbac;

#[cfg(feature = "kubernetes")]
mod api;
#[cfg(feature = "kubernetes")]
mod discovery;
#[cfg(feature = "kubernetes")]
mod exec;
#[cfg(feature = "kubernetes")]
mod expiry;
#[cfg(feature = "kubernetes")]
mod facts;
#[cfg(feature = "kubernetes")]
mod fault;
#[cfg(feature = "kubernetes")]
mod inspect;
#[cfg(feature = "kubernetes")]
mod kubeconfig;
#[cfg(feature = "kubernetes")]
mod list;
#[cfg(feature = "kubernetes")]
mod page;
#[cfg(feature = "kubernetes")]
mod plan;
#[cfg(feature = "kubernetes")]
mod read;
#[cfg(feature = "kubernetes")]
mod reduce;
#[cfg(feature = "kubernetes")]
mod topology;

#[cfg(all(test, feature = "kubernetes"))]
mod tests;

pub use contexts::known_contexts;
pub use kind::KIND;
pub use kinds::Resource;
pub use rbac::rbac;

use super::Source;
use crate::model::target::KubernetesSpec;
use std::path::PathBuf;

/// How to connect, beside what driftgate.yaml says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// `--kubeconfig`: this file, and neither `KUBECONFIG` nor the pod's own credentials.
    pub kubeconfig: Option<PathBuf>,
    /// The repository. A kubeconfig inside of it is refused: a change under review could have put it
    /// there, and an exec plugin in it is a program that runs. Absent: allowed.
    pub forbid_inside: Option<PathBuf>,
    /// Whether an exec plugin may ask the person at the terminal.
    pub interactive: bool,
    /// Environment variables that no exec plugin gets to see (`DRIFTGATE_KEY`, `GITHUB_TOKEN`).
    pub drop_env: Vec<Box<str>>,
}

/// Why a cluster cannot even be asked. Quotes nothing of a kubeconfig but names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Built without the feature.
    #[error(
        "this driftgate was built without Kubernetes: build it with `--features kubernetes`, or compare with a snapshot (`--live <file>`)"
    )]
    NotBuilt,
    /// There is no kubeconfig.
    #[error(
        "no kubeconfig: none of {looked} exists, and this is no pod with credentials of its own; name one with --kubeconfig or KUBECONFIG"
    )]
    NoKubeconfig {
        /// Where it was looked for.
        looked: Box<str>,
    },
    /// A file that cannot be read.
    #[error("{path}: the kubeconfig cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: Box<str>,
        /// In our words.
        why: Box<str>,
    },
    /// A file that is no kubeconfig.
    #[error("{path}{place}: this is no kubeconfig: {why}")]
    Malformed {
        /// The file.
        path: Box<str>,
        /// `:3:7`, or nothing.
        place: Box<str>,
        /// In our words.
        why: Box<str>,
    },
    /// A file that a change under review could have brought.
    #[error(
        "{path}: the kubeconfig lies inside the repository, where the change under review could have put it and the programs it runs; move it out of the repository"
    )]
    Inside {
        /// The file.
        path: Box<str>,
    },
    /// A context that the kubeconfig does not have.
    #[error("{path} has no context `{context}`{hint}; it has {known}")]
    UnknownContext {
        /// The file or files.
        path: Box<str>,
        /// What was asked for.
        context: Box<str>,
        /// `, did you mean …?` or nothing.
        hint: Box<str>,
        /// The contexts that there are.
        known: Box<str>,
    },
    /// No context was named anywhere.
    #[error(
        "{path} has no current context: name one as `context` in driftgate.yaml; it has {known}"
    )]
    NoContext {
        /// The file or files.
        path: Box<str>,
        /// The contexts that there are.
        known: Box<str>,
    },
    /// A context that cannot be used.
    #[error("context `{context}`: {why}")]
    Unusable {
        /// Which.
        context: Box<str>,
        /// In our words.
        why: Box<str>,
    },
}

/// Finds the credentials of a cluster and checks their form. Asks nobody: no request is sent and no
/// exec plugin runs before the first read.
///
/// # Errors
/// [`ConnectError`].
#[cfg(feature = "kubernetes")]
pub fn connect(
    spec: &KubernetesSpec,
    options: &ConnectOptions,
) -> Result<Box<dyn Source>, ConnectError> {
    install_tls();
    let access = kubeconfig::load(spec, options, &|name| std::env::var_os(name))?;
    Ok(Box::new(read::Kubernetes {
        access,
        secrets: spec.secrets,
        timeout: spec
            .timeout
            .map(u64::from)
            .map(std::time::Duration::from_secs),
    }))
}

/// Says that this build has no Kubernetes.
///
/// # Errors
/// Always [`ConnectError::NotBuilt`].
#[cfg(not(feature = "kubernetes"))]
pub fn connect(_: &KubernetesSpec, _: &ConnectOptions) -> Result<Box<dyn Source>, ConnectError> {
    Err(ConnectError::NotBuilt)
}

/// Makes ring the TLS provider of this process. Any number of calls is one.
#[cfg(feature = "kubernetes")]
pub fn install_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Fails only when another thread was faster, with the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// Nothing to install without the feature `kubernetes`.
#[cfg(not(feature = "kubernetes"))]
pub fn install_tls() {}

#[cfg(all(test, not(feature = "kubernetes")))]
mod tests {
    use super::*;

    #[test]
    fn without_the_feature_it_says_how_to_get_it() {
        let refused = connect(&KubernetesSpec::default(), &ConnectOptions::default());
        let text = refused.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(text.contains("--features kubernetes"), "{text}");
    }
}
