//! What git says should run: manifests, kustomizations, charts and renders of one revision, read
//! into one [`DesiredWorld`] per layer. Secrets are sealed before anything leaves this module.
//!
//! - one file per source: `manifests`, `kustomize`, `helm`, `rendered`, and those of settings:
//!   `file`, `spring`, `compose`; none knows another
//! - `objects`: documents to objects; `shape`: what a Secret's and a ConfigMap's data mean;
//!   `invalid`: what kubectl would refuse
//! - `render`, `export`, `disk`, `opaque`: what kustomize and helm have in common
//! - `settings`: what the sources of settings have in common
//! - `world`: objects of many files to one world; `cache`: what base, head and deployed share
//! - `scope`: kinds that live outside of namespaces

mod cache;
mod compose;
mod disk;
mod export;
mod file;
mod helm;
mod invalid;
mod kustomize;
mod manifests;
mod objects;
mod opaque;
mod path;
mod plain;
mod render;
mod rendered;
mod scope;
mod settings;
mod shape;
mod spring;
mod world;

pub use cache::ParseCache;
pub use scope::is_cluster_scoped;
pub use settings::{NotSelected, format_of_file, select, style_of, value_of};

use crate::{
    git::{FileError, Files},
    model::{
        desired::DesiredWorld,
        observation::Classifier,
        secret::DigestKey,
        target::{DesiredSpec, RenderPolicy},
    },
};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// Whether a kind (`group`, `kind`) lives outside of namespaces.
pub type ClusterScoped<'a> = &'a (dyn Fn(&str, &str) -> bool + Sync);

/// What reading the desired side needs beside the files.
#[derive(Clone, Copy)]
pub struct DesiredContext<'a> {
    /// The key of all digests of this run.
    pub key: &'a DigestKey,
    /// What is secret.
    pub classifier: &'a dyn Classifier,
    /// Where objects live that name no namespace; absent: they stay without one.
    pub default_namespace: Option<&'a str>,
    /// Which kinds have no namespace; [`is_cluster_scoped`] knows the shipped ones.
    pub cluster_scoped: ClusterScoped<'a>,
    /// What renderers may do.
    pub render: &'a RenderPolicy,
    /// Folders with renders that somebody else made (`--rendered <sha>=DIR`), by revision: a full
    /// commit id or at least its first seven digits, or `worktree`.
    pub rendered: &'a BTreeMap<String, PathBuf>,
    /// Where renders without secrets are kept between runs; absent: nowhere.
    pub cache_folder: Option<&'a Path>,
    /// The value of `PATH`, in which renderers are looked up.
    pub program_path: &'a OsStr,
    /// What was parsed in this run. One key, one classifier and one table of cluster-scoped kinds
    /// per cache: it does not look at them.
    pub cache: &'a ParseCache,
}

/// Reads one layer at the revision that `files` shows. Does not fail: what could not be read is
/// said in the world's problems and makes it incomplete.
#[must_use]
pub fn read(spec: &DesiredSpec, files: &Files, cx: &DesiredContext<'_>) -> DesiredWorld {
    match spec {
        DesiredSpec::Manifests { paths } => manifests::read(paths, files, cx),
        DesiredSpec::Kustomize { folder } => kustomize::read(folder, files, cx),
        DesiredSpec::Helm(spec) => helm::read(spec, files, cx),
        DesiredSpec::Rendered { path } => rendered::read(path, files, cx),
        DesiredSpec::File(spec) => file::read(spec, files, cx),
        DesiredSpec::Spring(spec) => spring::read(spec, files, cx),
        DesiredSpec::Compose(spec) => compose::read(spec, files, cx),
    }
}

/// Whether what `spec` names exists at all at the revision that `files` shows. A layer that the
/// change under review adds is absent at base, which is something else than unreadable; only the
/// caller knows whether that is expected.
///
/// # Errors
/// When nobody can tell.
pub fn is_there(spec: &DesiredSpec, files: &Files) -> Result<bool, FileError> {
    match spec {
        DesiredSpec::Manifests { paths } => {
            for path in paths {
                if plain::is_there(path, files)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        DesiredSpec::Kustomize { folder } => kustomize::is_there(folder, files),
        DesiredSpec::Helm(spec) => files.exists(&spec.chart),
        // Another revision's render says nothing about this one's.
        DesiredSpec::Rendered { .. } => Ok(true),
        DesiredSpec::File(spec) => file::is_there(spec, files),
        DesiredSpec::Spring(spec) => spring::is_there(spec, files),
        DesiredSpec::Compose(spec) => match spec.files.first() {
            Some(file) => files.exists(file),
            None => Ok(false),
        },
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
