//! Which files are base and head, and which configuration they hold.

use super::{CheckRequest, inputs::Run};
use crate::{
    config,
    git::{Change, Files, MergeResult, Repository, Revision},
    model::{
        finding::Message,
        report::{Occasion, RevisionShown},
        target::Project,
    },
};
use anyhow::{Context, anyhow, bail};
use std::path::{Path, PathBuf};

/// The sides of git.
pub(crate) struct Revisions {
    /// Before the change; the same as head where there is none.
    pub(crate) base: Files,
    /// After it.
    pub(crate) head: Files,
    /// The commit that history of head is told from.
    pub(crate) head_commit: Option<Revision>,
    /// The commit before the change.
    pub(crate) base_commit: Option<Revision>,
    /// For reports; absent where there is no change under review.
    pub(crate) base_shown: Option<RevisionShown>,
    /// For reports.
    pub(crate) head_shown: RevisionShown,
    /// The occasion.
    pub(crate) occasion: Occasion,
    /// Whether the files are read as they lie.
    pub(crate) work_tree: bool,
    /// What people must know.
    pub(crate) notes: Vec<Message>,
}

/// The configurations of both sides.
pub(crate) struct Projects {
    /// Absent when it is head's.
    pub(crate) base: Option<Project>,
    pub(crate) head: Project,
}

/// Chooses base and head.
pub(crate) fn choose(run: &Run<'_>, request: &CheckRequest) -> anyhow::Result<Revisions> {
    let Some(repository) = &run.repository else {
        return outside_git(run, request);
    };
    let mut notes = Vec::new();
    if repository.is_shallow() {
        notes.push(Message::words(
            "this clone is shallow: history ends where it was cut (`git fetch --unshallow` completes it)",
        ));
    }
    match &request.base {
        Some(_) if request.worktree => {
            bail!("--base and --worktree don't go together: a review compares two revisions")
        }
        Some(base) => {
            let head = request.head.as_deref().unwrap_or("HEAD");
            let change = repository.change(base, head)?;
            Ok(review(request, change, base, head, notes))
        }
        None => single(run, repository, request, notes),
    }
}

fn outside_git(run: &Run<'_>, request: &CheckRequest) -> anyhow::Result<Revisions> {
    if let Some(revision) = request.base.as_ref().or(request.head.as_ref()) {
        bail!(
            "{} is in no git repository, so there is no revision `{revision}`",
            run.directory.display()
        );
    }
    needs_base(request)?;
    let files = Files::folder(&run.directory);
    Ok(Revisions {
        base: files.clone(),
        head_shown: files.describe(),
        head: files,
        head_commit: None,
        base_commit: None,
        base_shown: None,
        occasion: request.occasion.unwrap_or(Occasion::Audit),
        work_tree: true,
        notes: vec![Message::words(
            "not a git repository: files are read as they lie, and nothing is known of their history",
        )],
    })
}

/// A review of nothing would look at nothing, and pass.
fn needs_base(request: &CheckRequest) -> anyhow::Result<()> {
    if request.occasion == Some(Occasion::Review) {
        bail!("--for review compares two revisions: say which is the one before with --base");
    }
    Ok(())
}

/// Without a change under review: base and head are one.
fn single(
    run: &Run<'_>,
    repository: &Repository,
    request: &CheckRequest,
    mut notes: Vec<Message>,
) -> anyhow::Result<Revisions> {
    needs_base(request)?;
    let spec = request.head.as_deref().unwrap_or("HEAD");
    let commit = repository.resolve(spec);
    let (files, commit) = if request.worktree {
        (repository.files_of_work_tree()?, commit.ok())
    } else {
        let commit = commit.with_context(|| unborn_hint(run))?;
        (repository.files_at(&commit)?, Some(commit))
    };
    let mut head_shown = files.describe();
    if !request.worktree {
        head_shown.name = spec.into();
    } else {
        notes.push(Message::words(
            "files are read as they lie in the work tree",
        ));
    }
    Ok(Revisions {
        base: files.clone(),
        head: files,
        head_commit: commit.clone(),
        base_commit: commit,
        base_shown: None,
        head_shown,
        occasion: request.occasion.unwrap_or(Occasion::Audit),
        work_tree: request.worktree,
        notes,
    })
}

fn unborn_hint(run: &Run<'_>) -> String {
    format!(
        "no revision to read in {} (use --worktree to read the files as they lie)",
        run.root().display()
    )
}

fn review(
    request: &CheckRequest,
    change: Change,
    base: &str,
    head: &str,
    mut notes: Vec<Message>,
) -> Revisions {
    match &change.result {
        MergeResult::HeadContainsBase | MergeResult::AlreadyMerged => {}
        MergeResult::Merged => notes.push(
            Message::words("head is the result of merging ")
                .name(head)
                .and(" into ")
                .name(base)
                .and(", made in memory"),
        ),
        MergeResult::Conflicts(paths) => notes.push(
            Message::words("merging conflicts in ")
                .count(paths.len())
                .and(" files, first in ")
                .name(paths.first().map(|p| &**p).unwrap_or_default())
                .and(": head itself is compared"),
        ),
        MergeResult::NotMerged(why) => notes.push(
            Message::words("head itself is compared, not the result of merging: ")
                .name(why.as_str()),
        ),
    }
    let shown = |name: &str, revision: &Revision| RevisionShown {
        name: name.into(),
        id: Some(revision.id.clone()),
    };
    let unchanged = change.target_tip.id == change.head.id;
    let default = if unchanged {
        Occasion::Audit
    } else {
        Occasion::Review
    };
    Revisions {
        base: change.files_base(),
        head: change.files_head(),
        base_shown: Some(shown(base, &change.target_tip)),
        head_shown: shown(head, &change.head),
        head_commit: Some(change.head.clone()),
        base_commit: Some(change.target_tip.clone()),
        occasion: request.occasion.unwrap_or(default),
        work_tree: false,
        notes,
    }
}

/// Reads the configuration of both sides, or makes one from the arguments.
pub(crate) fn projects(run: &Run<'_>, revisions: &Revisions) -> anyhow::Result<Projects> {
    if run.inputs.zero.is_some() {
        return Ok(Projects {
            base: None,
            head: zero(run)?,
        });
    }
    let file = config_file(run)?;
    let name = relative(run, &file)?;
    let head = load(&name, &revisions.head)?;
    let base = match &revisions.base_shown {
        None => None,
        // A base without a configuration is the first adoption: head's is all there is.
        Some(_) => match name_at_base(&revisions.base, &name)? {
            Some(old) => Some(load(&old, &revisions.base)?),
            None => None,
        },
    };
    Ok(Projects { base, head })
}

/// Where base has its configuration: at the same place, or under the other name, or in a folder
/// above. A change that renames or shadows the file does not become its own judge.
fn name_at_base(base: &Files, name: &str) -> anyhow::Result<Option<String>> {
    if base.exists(name)? {
        return Ok(Some(name.into()));
    }
    let mut folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    loop {
        for file in config::NAMES {
            let path = crate::model::target::below(folder, file);
            if base.exists(&path)? {
                return Ok(Some(path.into()));
            }
        }
        if folder.is_empty() {
            return Ok(None);
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
}

/// The configuration without a driftgate.yaml.
pub(crate) fn zero(run: &Run<'_>) -> anyhow::Result<Project> {
    let zero = run
        .inputs
        .zero
        .as_ref()
        .context("called with arguments only")?;
    let manifests: Vec<String> = zero
        .manifests
        .iter()
        .map(|m| {
            let path = run.path(Path::new(m));
            relative(run, &path)
        })
        .collect::<anyhow::Result<_>>()?;
    let known = crate::source::kubernetes::known_contexts(run.inputs.kubeconfig.as_deref());
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    config::zero_config(&manifests, &zero.kubernetes, &known)
        .map_err(|p| anyhow!("{}", config::show(&p).trim_end()))
}

/// Where driftgate.yaml is.
pub(crate) fn config_file(run: &Run<'_>) -> anyhow::Result<PathBuf> {
    match &run.inputs.config {
        Some(path) => {
            let path = run.path(path);
            if path.exists() || run.repository.is_some() {
                Ok(path)
            } else {
                bail!("{} does not exist", path.display())
            }
        }
        None => Ok(config::discover(&run.directory)?),
    }
}

/// A path as git calls it: relative to the root, with `/`.
pub(crate) fn relative(run: &Run<'_>, path: &Path) -> anyhow::Result<String> {
    match &run.repository {
        Some(repository) => Ok(repository.prefix_of(path)?),
        None => {
            let clean = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
            let below = clean.strip_prefix(&run.directory).with_context(|| {
                format!(
                    "{} is not below {}; outside a git repository, start in the folder that holds everything (--directory)",
                    path.display(),
                    run.directory.display()
                )
            })?;
            Ok(below
                .components()
                .map(|c| c.as_os_str().to_string_lossy())
                .collect::<Vec<_>>()
                .join("/"))
        }
    }
}

/// Reads a configuration at a revision; all of its problems are one error.
pub(crate) fn load(name: &str, files: &Files) -> anyhow::Result<Project> {
    let found = files.read(name).map_err(|e| match e {
        crate::git::FileError::NotFound { .. } => anyhow!(
            "{name} does not exist {}; commit it, or use --worktree to read the files as they lie",
            files.at()
        ),
        other => anyhow!(other),
    })?;
    match config::load(&found.bytes, name, files) {
        Ok(loaded) => Ok(loaded.project),
        Err(problems) => {
            let n = problems.len();
            bail!(
                "{name} has {}\n\n{}",
                crate::text::plural(n, "problem"),
                config::show(&problems).trim_end()
            )
        }
    }
}
