//! What a run is given, and what all of its stages share.

use super::repositories::Checkout;
use crate::{
    classify::ByNameAndLook,
    desired::ParseCache,
    git::Repository,
    model::{secret::DigestKey, time::Timestamp},
    plan::Filter,
    source::Variables,
};
use anyhow::Context;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

/// Shows a short text while something takes long.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// What is read, and where from: the same for check, snapshot and doctor.
#[derive(Clone)]
pub struct Inputs {
    /// Where the run starts.
    pub directory: PathBuf,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// Only these environments; empty: all.
    pub environments: Vec<String>,
    /// Only these services; empty: all.
    pub services: Vec<String>,
    /// Snapshots instead of running systems, with the environment they are said to be of.
    pub live: Vec<(Option<String>, PathBuf)>,
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// For each source.
    pub timeout_seconds: u64,
    /// Other checkouts, by name; instead of the configuration's.
    pub repositories: BTreeMap<Box<str>, Checkout>,
    /// Renders by revision.
    pub rendered: BTreeMap<String, PathBuf>,
    /// Instead of a driftgate.yaml.
    pub zero: Option<ZeroConfig>,
    /// Instead of the clock.
    pub now: Option<Timestamp>,
    /// `DRIFTGATE_KEY`.
    pub key: Option<String>,
    /// Where renders are kept.
    pub cache: Option<PathBuf>,
    /// The value of `PATH`, in which renderers are looked up.
    pub program_path: OsString,
    /// The process environment, for sources that read variables.
    pub variables: Variables,
    /// What shows progress.
    pub progress: Progress,
}

/// The job without a driftgate.yaml.
#[derive(Clone)]
pub struct ZeroConfig {
    /// Files, folders, globs.
    pub manifests: Vec<String>,
    /// `context[/namespace]`.
    pub kubernetes: String,
}

/// What all stages of a run share.
pub(crate) struct Run<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) directory: PathBuf,
    pub(crate) repository: Option<Repository>,
    pub(crate) key: DigestKey,
    pub(crate) classifier: ByNameAndLook,
    pub(crate) parsed: ParseCache,
    pub(crate) now: Timestamp,
}

impl<'a> Run<'a> {
    pub(crate) fn new(inputs: &'a Inputs) -> anyhow::Result<Run<'a>> {
        let directory = inputs
            .directory
            .canonicalize()
            .with_context(|| format!("{} can't be entered", inputs.directory.display()))?;
        let key = match &inputs.key {
            Some(text) => DigestKey::parse(text)?,
            None => {
                let mut random = [0; 32];
                getrandom::fill(&mut random).context("the system gives no random bytes")?;
                DigestKey::for_this_run(&random)
            }
        };
        Ok(Run {
            inputs,
            repository: Repository::discover(&directory)?,
            directory,
            key,
            classifier: ByNameAndLook,
            parsed: ParseCache::new(),
            now: inputs.now.unwrap_or_else(Timestamp::now),
        })
    }

    /// A path as it was given, seen from the folder that the run starts in, without `/../`.
    pub(crate) fn at(&self, path: &Path) -> PathBuf {
        // The folder is canonical: its parent is what `..` means.
        let mut out = self.directory.clone();
        let mut rest = path.components();
        while let Some(Component::ParentDir | Component::CurDir) = rest.clone().next() {
            if rest.next() == Some(Component::ParentDir) {
                out.pop();
            }
        }
        out.join(rest.as_path())
    }

    pub(crate) fn filter(&self) -> Filter {
        Filter {
            environments: self.inputs.environments.clone(),
            services: self.inputs.services.clone(),
        }
    }

    pub(crate) fn progress(&self, text: &str) {
        (self.inputs.progress)(text);
    }

    /// The repository's root, or the folder that the run starts in.
    pub(crate) fn root(&self) -> &Path {
        self.repository
            .as_ref()
            .map_or(self.directory.as_path(), Repository::root)
    }
}
