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
use anyhow::{Context, bail};
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
    /// The two only say what is meant: everything is read.
    pub reads_all: bool,
    /// Snapshots instead of running systems, with the environment they are said to be of.
    pub live: Vec<(Option<String>, PathBuf)>,
    /// Nothing live is read, whatever there is.
    pub git_only: bool,
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
        let shown = inputs.directory.display();
        let directory = inputs
            .directory
            .canonicalize()
            .with_context(|| format!("{shown} can't be entered"))?;
        if !directory.is_dir() {
            bail!("{shown} is a file: --directory takes the folder to start in");
        }
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

    pub(crate) fn filter(&self) -> Filter {
        if self.inputs.reads_all {
            return Filter::default();
        }
        Filter {
            environments: self.inputs.environments.clone(),
            services: self.inputs.services.clone(),
        }
    }

    pub(crate) fn progress(&self, text: &str) {
        (self.inputs.progress)(text);
    }

    /// A path that the arguments name, from the folder that the run starts in.
    pub(crate) fn path(&self, named: &Path) -> PathBuf {
        from(&self.directory, named)
    }

    /// The repository's root, or the folder that the run starts in.
    pub(crate) fn root(&self) -> &Path {
        self.repository
            .as_ref()
            .map_or(self.directory.as_path(), Repository::root)
    }
}

/// A path from a folder without symlinks, which is why `..` is the folder above: without the `..`
/// and `.` that it begins with.
pub(crate) fn from(folder: &Path, named: &Path) -> PathBuf {
    let mut out = folder.to_path_buf();
    let is_dots = |part: &Component<'_>| matches!(part, Component::ParentDir | Component::CurDir);
    let mut rest = named.components();
    while let Some(dots) = rest.clone().next().filter(is_dots) {
        rest.next();
        if dots == Component::ParentDir {
            out.pop();
        }
    }
    out.extend(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_no_way_back_in_them() {
        for (named, is) in [
            ("live.yaml", "/a/b/live.yaml"),
            ("./live.yaml", "/a/b/live.yaml"),
            ("../live/p.yaml", "/a/live/p.yaml"),
            (".././../x", "/x"),
            ("../../../../x", "/x"),
            ("..", "/a"),
            (".", "/a/b"),
            ("/elsewhere/x", "/elsewhere/x"),
            // What a link means, the file system says.
            ("link/../x", "/a/b/link/../x"),
        ] {
            assert_eq!(
                from(Path::new("/a/b"), Path::new(named)),
                Path::new(is),
                "{named}"
            );
        }
    }
}
