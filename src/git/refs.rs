//! Names of revisions: git's expressions, refs by name, the base to compare with.

use super::{
    error::GitError,
    repository::{Repository, Revision, find_commit, kind_name},
};
use git2::{ErrorCode, ObjectType};
use std::collections::BTreeSet;

/// How many names an unknown revision is answered with.
const MAX_SIMILAR: usize = 3;
/// A repository with more refs is not searched for similar names.
const MAX_REFS: usize = 20_000;

impl Repository {
    /// The commit that a git expression means: `HEAD~2`, `origin/main`, a tag, the start of an id,
    /// `main@{1}`. Annotated tags lead to their commit.
    ///
    /// # Errors
    /// [`GitError::Unknown`] with similar names, [`GitError::Unborn`], [`GitError::Ambiguous`],
    /// [`GitError::NotARevision`], [`GitError::NotACommit`], [`GitError::MissingObject`].
    pub fn resolve(&self, spec: &str) -> Result<Revision, GitError> {
        let wrong = |why: &str| GitError::NotARevision {
            spec: spec.escape_debug().to_string(),
            why: why.into(),
        };
        if spec.trim().is_empty() {
            return Err(wrong("it is empty"));
        }
        if spec.contains('\0') {
            return Err(wrong("it contains a NUL"));
        }
        if spec.split('/').any(|part| matches!(part, "." | "..")) && !spec.contains(':') {
            return Err(wrong("it is a path"));
        }
        if spec.contains("..") && !spec.starts_with(':') && !spec.contains(":/") {
            return Err(wrong("it is a range, name one end of it"));
        }
        let repo = self.repo();
        let object = match repo.revparse_single(spec) {
            Ok(object) => object,
            Err(e) => {
                return Err(match e.code() {
                    ErrorCode::Ambiguous => GitError::Ambiguous { spec: spec.into() },
                    ErrorCode::UnbornBranch => GitError::Unborn { spec: spec.into() },
                    ErrorCode::InvalidSpec => wrong("it is not written as git expects"),
                    ErrorCode::NotFound if is_unborn(&repo, spec) => {
                        GitError::Unborn { spec: spec.into() }
                    }
                    ErrorCode::NotFound => GitError::Unknown {
                        spec: spec.into(),
                        similar: similar(&repo, spec),
                        shallow: self.is_shallow(),
                    },
                    _ => GitError::broken(format!("cannot find revision `{spec}`"), &e),
                });
            }
        };
        let commit = object
            .peel(ObjectType::Commit)
            .map_err(|e| match e.code() {
                ErrorCode::NotFound => GitError::MissingObject {
                    id: object.id().to_string(),
                    what: format!("the commit of `{spec}`"),
                },
                _ => GitError::NotACommit {
                    spec: spec.into(),
                    what: kind_name(object.kind()),
                },
            })?;
        Ok(Revision::of(spec, &find_commit(&repo, commit.id())?))
    }

    /// The commit of a ref, by its full or short name (`refs/deployed/production`,
    /// `deployed/production`, a tag); no expressions. None when there is no such ref.
    ///
    /// # Errors
    /// When the name is not one that a ref can have, or the ref leads to no commit in this clone.
    pub fn resolve_ref_name(&self, name: &str) -> Result<Option<Revision>, GitError> {
        let repo = self.repo();
        let reference = match repo.resolve_reference_from_short_name(name) {
            Ok(reference) => reference,
            Err(e) if e.code() == ErrorCode::NotFound => return Ok(None),
            Err(e) if e.code() == ErrorCode::InvalidSpec => {
                return Err(GitError::NotARevision {
                    spec: name.escape_debug().to_string(),
                    why: "it is not the name of a ref".into(),
                });
            }
            Err(e) => return Err(GitError::broken(format!("cannot read ref `{name}`"), &e)),
        };
        peel(&reference, name).map(Some)
    }

    /// The refs whose full name matches a glob (`refs/deployed/*`), with their commits, sorted by
    /// name. Refs that lead to no commit (a tag of a file) are left out.
    ///
    /// # Errors
    /// When refs cannot be read, or one leads to a commit that is not in this clone.
    pub fn refs_matching(&self, glob: &str) -> Result<Vec<Revision>, GitError> {
        let repo = self.repo();
        let failed = |e: git2::Error| GitError::broken(format!("cannot list refs `{glob}`"), &e);
        let mut out = Vec::new();
        for reference in repo.references_glob(glob).map_err(failed)? {
            let reference = reference.map_err(failed)?;
            let Ok(name) = std::str::from_utf8(reference.name_bytes()) else {
                continue;
            };
            match peel(&reference, name) {
                Ok(revision) => out.push(revision),
                Err(GitError::NotACommit { .. }) => {}
                Err(e) => return Err(e),
            }
        }
        out.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(out)
    }

    /// What a local change will most likely be merged into: `origin/HEAD`, else `origin/main`, else
    /// `origin/master`. None when there is none of them.
    ///
    /// # Errors
    /// When the ref is there and leads to no commit in this clone.
    pub fn default_base(&self) -> Result<Option<Revision>, GitError> {
        let repo = self.repo();
        for short in ["origin/HEAD", "origin/main", "origin/master"] {
            let Ok(reference) = repo.find_reference(&format!("refs/remotes/{short}")) else {
                continue;
            };
            let target = reference
                .symbolic_target()
                .ok()
                .flatten()
                .and_then(|t| t.strip_prefix("refs/remotes/"))
                .unwrap_or(short)
                .to_owned();
            // `origin/HEAD` outlives the branch that it names.
            if reference.resolve().is_err() {
                continue;
            }
            return peel(&reference, &target).map(Some);
        }
        Ok(None)
    }
}

fn peel(reference: &git2::Reference<'_>, name: &str) -> Result<Revision, GitError> {
    let commit = reference.peel_to_commit().map_err(|e| match e.code() {
        ErrorCode::NotFound => GitError::MissingObject {
            id: reference
                .target()
                .map(|t| t.to_string())
                .unwrap_or_default(),
            what: format!("the commit of `{name}`"),
        },
        _ => GitError::NotACommit {
            spec: name.into(),
            what: kind_name(reference.peel(ObjectType::Any).ok().and_then(|o| o.kind())),
        },
    })?;
    Ok(Revision::of(name, &commit))
}

/// Whether the expression starts at a `HEAD` that has no commit.
fn is_unborn(repo: &git2::Repository, spec: &str) -> bool {
    let start = spec.split(['~', '^', '@', ':']).next().unwrap_or_default();
    let Err(e) = repo.head() else { return false };
    if e.code() != ErrorCode::UnbornBranch {
        return false;
    }
    let branch = repo.find_reference("HEAD").ok();
    let branch = branch
        .as_ref()
        .and_then(|head| head.symbolic_target().ok().flatten())
        .and_then(|target| target.strip_prefix("refs/heads/"));
    start.is_empty() || start == "HEAD" || branch == Some(start)
}

/// Names of refs that may have been meant, quoted, closest first.
fn similar(repo: &git2::Repository, spec: &str) -> Option<String> {
    let asked = spec.split(['~', '^', '@', ':']).next().unwrap_or(spec);
    let names: BTreeSet<String> = repo
        .references()
        .ok()?
        .take(MAX_REFS)
        .filter_map(|r| Some(r.ok()?.shorthand().ok()?.to_owned()))
        .collect();
    let mut close: Vec<(usize, String)> = names
        .into_iter()
        .filter_map(|name| {
            let last = name.split_once('/').map_or("", |(_, rest)| rest);
            let far = if last == asked {
                0
            } else {
                distance(&name, asked).min(distance(last, asked) + 1)
            };
            (far <= (asked.chars().count() / 3).clamp(1, 4)).then_some((far, name))
        })
        .collect();
    close.sort();
    let quoted: Vec<String> = close
        .into_iter()
        .take(MAX_SIMILAR)
        .map(|(_, name)| format!("`{name}`"))
        .collect();
    (!quoted.is_empty()).then(|| quoted.join(" or "))
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(200).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(200).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != *y))
                .min(row[j] + 1)
                .min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}
