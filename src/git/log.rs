//! Walks over history along first parents: the versions of a file, the commits that touch paths.
//! No blame: libgit2's takes half a minute for one line of a large values file, comparing blob ids
//! 0.03 ms a commit.

use super::{
    change::parents_written,
    error::GitError,
    path::segments,
    repository::{Repository, Revision, find_commit, oid_of, show_commit},
    store::read_blob,
};
use crate::model::finding::CommitShown;
use git2::{Delta, ErrorCode, ObjectType, Oid};
use std::{collections::BTreeSet, sync::Arc};

/// Commits that [`Repository::commits_between`] looks at.
const MAX_COMMITS: usize = 5_000;
/// Deleted files that a new one is compared with, to see whether it was moved.
const MAX_MOVED: usize = 200;
/// Larger files are taken for moved only when they are equal.
const MAX_COMPARED: usize = 1 << 20;

/// Bounds of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLimits {
    /// Commits looked at.
    pub commits: u32,
    /// Versions of the file found.
    pub versions: usize,
}

/// What is at the path in a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// No file.
    Absent,
    /// A file with this blob id.
    File(Box<str>),
    /// A symlink or a submodule.
    Other,
}

/// Consecutive commits in which the file is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What the file is.
    pub content: Content,
    /// Its path then: a file that was moved is followed.
    pub path: Arc<str>,
    /// The oldest of the commits: the one that made it so, unless the walk was cut there.
    pub commit: CommitShown,
    /// Further parents of that commit, when it is a merge: the branches that it brought in.
    pub merged: Vec<Box<str>>,
    /// Commits looked at, from the newest to the oldest of this run.
    pub depth: u32,
}

/// Why a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogEnd {
    /// It reached the first commit.
    Root,
    /// It reached its limit of commits.
    Commits,
    /// It reached its limit of versions.
    Versions,
    /// Its time was up.
    Time,
    /// The clone is shallow there.
    Shallow,
    /// The clone lacks an object there.
    Missing,
}

/// The versions of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathLog {
    /// Newest first; neighbours differ. Never empty.
    pub runs: Vec<Run>,
    /// Commits looked at.
    pub commits: u32,
    /// Why it ended.
    pub end: LogEnd,
}

impl PathLog {
    /// Adds the next older commit; false when it would be a version too many.
    fn add(&mut self, mut run: Run, versions: usize) -> bool {
        run.depth = self.commits + 1;
        let known = self.runs.len();
        match self.runs.last_mut() {
            Some(last) if last.content == run.content => *last = run,
            _ if known >= versions => return false,
            _ => self.runs.push(run),
        }
        self.commits += 1;
        true
    }

    /// Whether the walk reached the first commit of the file or of the repository.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let reached_its_start = self.runs.len() > 1
            && self
                .runs
                .last()
                .is_some_and(|r| r.content == Content::Absent);
        self.end == LogEnd::Root || reached_its_start
    }
}

/// Commits between two revisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commits {
    /// Newest first.
    pub commits: Vec<CommitShown>,
    /// Whether there are no more: the walk was not cut by a limit or a shallow clone.
    pub complete: bool,
}

impl Repository {
    /// The versions of a file along the first parents of a commit. A move is followed when the
    /// commit that made the file deleted one that is equal or shares half of its lines.
    ///
    /// # Errors
    /// When the path is not one that is read, or the commit itself cannot be read. What is missing
    /// further down ends the walk.
    pub fn path_log(
        &self,
        from: &str,
        path: &str,
        limits: LogLimits,
        out_of_time: &dyn Fn() -> bool,
    ) -> Result<PathLog, GitError> {
        let repo = self.repo();
        let mut walk = PathWalk {
            repo: &repo,
            path: segments(path)?.join("/"),
            above: Vec::new(),
            known: None,
        };
        let mut commit = find_commit(&repo, oid_of(from)?)?;
        let mut log = PathLog {
            runs: vec![Run::of(walk.content(&commit)?, &walk.path, &commit)],
            commits: 1,
            end: LogEnd::Root,
        };
        log.end = loop {
            let parent = match first_parent(&repo, &commit) {
                Ok(parent) => parent,
                Err(end) => break end,
            };
            if log.commits >= limits.commits {
                break LogEnd::Commits;
            }
            if log.commits.is_multiple_of(32) && out_of_time() {
                break LogEnd::Time;
            }
            let Ok(content) = walk.content_before(&parent, &commit) else {
                break LogEnd::Missing;
            };
            if !log.add(Run::of(content, &walk.path, &parent), limits.versions) {
                break LogEnd::Versions;
            }
            commit = parent;
        };
        Ok(log)
    }

    /// The commits after `from` up to `to`, along first parents, newest first, that change one of
    /// the paths (files or folders); at most `limit`.
    ///
    /// # Errors
    /// When a path is not one that is read, or one of the two commits cannot be read.
    pub fn commits_between(
        &self,
        from: &Revision,
        to: &Revision,
        paths: &[&str],
        limit: usize,
    ) -> Result<Commits, GitError> {
        let repo = self.repo();
        let base = from.oid()?;
        find_commit(&repo, base)?;
        let (chain, end) = chain(&repo, to.oid()?, base)?;
        // Once a commit is an ancestor of `from`, all before it are.
        let new = chain.partition_point(|id| {
            *id != base && !repo.graph_descendant_of(base, *id).unwrap_or(false)
        });
        let mut out = Commits {
            commits: Vec::new(),
            complete: new < chain.len() || end == LogEnd::Root,
        };
        let names: Vec<Vec<&str>> = paths
            .iter()
            .map(|p| segments(p))
            .collect::<Result<_, _>>()?;
        let ids = |commit: Option<&git2::Commit<'_>>| -> Result<Vec<Option<Oid>>, GitError> {
            let each = names.iter().map(|names| match commit {
                Some(commit) => id_at(&repo, commit.tree_id(), names),
                None => Ok(None),
            });
            each.collect()
        };
        let Some(newest) = chain[..new].first() else {
            return Ok(out);
        };
        let mut commit = find_commit(&repo, *newest)?;
        let mut here = ids(Some(&commit))?;
        for _ in 0..new {
            let parent = match first_parent(&repo, &commit) {
                Ok(parent) => Some(parent),
                Err(LogEnd::Root) => None,
                Err(_) => break,
            };
            let before = ids(parent.as_ref())?;
            if here != before {
                if out.commits.len() == limit {
                    out.complete = false;
                    break;
                }
                out.commits.push(show_commit(&commit));
            }
            here = before;
            match parent {
                Some(parent) => commit = parent,
                None => break,
            }
        }
        Ok(out)
    }

    /// Whether `ancestor` is `commit` or one of its ancestors, as far as this clone knows.
    #[must_use]
    pub fn is_ancestor(&self, ancestor: &str, commit: &str) -> bool {
        match (Oid::from_str(ancestor), Oid::from_str(commit)) {
            (Ok(a), Ok(c)) => a == c || self.repo().graph_descendant_of(c, a).unwrap_or(false),
            _ => false,
        }
    }

    /// The first parent of a commit; none for a first commit and at the end of a shallow clone.
    #[must_use]
    pub fn first_parent_of(&self, commit: &str) -> Option<Box<str>> {
        let repo = self.repo();
        let commit = repo.find_commit(Oid::from_str(commit).ok()?).ok()?;
        Some(commit.parent_id(0).ok()?.to_string().into())
    }
}

impl Run {
    fn of(content: Content, path: &str, commit: &git2::Commit<'_>) -> Run {
        Run {
            content,
            path: path.into(),
            commit: show_commit(commit),
            merged: commit
                .parent_ids()
                .skip(1)
                .map(|id| id.to_string().into())
                .collect(),
            depth: 1,
        }
    }
}

/// The first parent; else why there is none.
fn first_parent<'r>(
    repo: &'r git2::Repository,
    commit: &git2::Commit<'r>,
) -> Result<git2::Commit<'r>, LogEnd> {
    match commit.parent_id(0) {
        Ok(id) => repo.find_commit(id).map_err(|_| LogEnd::Missing),
        Err(_) if parents_written(commit).is_empty() => Err(LogEnd::Root),
        Err(_) => Err(LogEnd::Shallow),
    }
}

/// First parents from `start` on, up to and including `stop`, and why they end.
fn chain(repo: &git2::Repository, start: Oid, stop: Oid) -> Result<(Vec<Oid>, LogEnd), GitError> {
    let mut commit = find_commit(repo, start)?;
    let mut out = Vec::new();
    loop {
        out.push(commit.id());
        if commit.id() == stop || out.len() >= MAX_COMMITS {
            return Ok((out, LogEnd::Commits));
        }
        match first_parent(repo, &commit) {
            Ok(parent) => commit = parent,
            Err(end) => return Ok((out, end)),
        }
    }
}

/// The id of what is at a path; symlinks are not followed.
fn id_at(repo: &git2::Repository, root: Oid, names: &[&str]) -> Result<Option<Oid>, GitError> {
    let mut id = root;
    let mut is_folder = true;
    for name in names {
        if !is_folder {
            return Ok(None);
        }
        let tree = find_tree(repo, id)?;
        let Some(entry) = tree.get_name(name) else {
            return Ok(None);
        };
        id = entry.id();
        is_folder = entry.kind() == Some(ObjectType::Tree);
    }
    Ok(Some(id))
}

fn find_tree(repo: &git2::Repository, id: Oid) -> Result<git2::Tree<'_>, GitError> {
    repo.find_tree(id).map_err(|e| match e.code() {
        ErrorCode::NotFound => GitError::MissingObject {
            id: id.to_string(),
            what: "a folder".into(),
        },
        _ => GitError::broken(format!("cannot read folder {id}"), &e),
    })
}

/// Looks up one path in many commits. Most commits leave its folders alone, so the ids on the way
/// down are kept and the way ends where one is the same as before.
struct PathWalk<'r> {
    repo: &'r git2::Repository,
    path: String,
    /// Folder ids of the last commit, from the root down.
    above: Vec<Oid>,
    known: Option<Content>,
}

impl PathWalk<'_> {
    fn content(&mut self, commit: &git2::Commit<'_>) -> Result<Content, GitError> {
        let mut id = commit.tree_id();
        let mut above = Vec::new();
        let names: Vec<&str> = self.path.split('/').collect();
        let mut out = Content::Absent;
        for (i, name) in names.iter().enumerate() {
            if let (Some(before), Some(known)) = (self.above.get(i), &self.known)
                && *before == id
            {
                above.extend_from_slice(&self.above[i..]);
                out = known.clone();
                break;
            }
            above.push(id);
            let tree = find_tree(self.repo, id)?;
            let Some(entry) = tree.get_name(name) else {
                break;
            };
            id = entry.id();
            let last = i + 1 == names.len();
            out = match entry.kind() {
                Some(ObjectType::Tree) if !last => continue,
                Some(ObjectType::Blob) if last && entry.filemode() != 0o120_000 => {
                    Content::File(id.to_string().into())
                }
                Some(ObjectType::Tree) => Content::Absent,
                Some(ObjectType::Blob) if entry.filemode() != 0o120_000 => Content::Absent,
                // A symlink on the way or at the end: what it leads to is not in this blob.
                _ => Content::Other,
            };
            break;
        }
        self.above = above;
        self.known = Some(out.clone());
        Ok(out)
    }

    /// The content in a commit's parent, under the name that it had there.
    fn content_before(
        &mut self,
        parent: &git2::Commit<'_>,
        commit: &git2::Commit<'_>,
    ) -> Result<Content, GitError> {
        let newer = self.known.clone();
        let content = self.content(parent)?;
        if let (Content::Absent, Some(Content::File(id))) = (&content, newer) {
            let moved = self.moved_from(parent, commit, &id);
            let moved = moved.map_err(|e| GitError::broken("cannot look for a moved file", &e))?;
            if let Some(old) = moved {
                self.follow(old);
                return self.content(parent);
            }
        }
        Ok(content)
    }

    fn follow(&mut self, path: String) {
        self.path = path;
        self.above.clear();
        self.known = None;
    }

    /// The path that the file had in the parent, if the commit moved it.
    fn moved_from(
        &self,
        parent: &git2::Commit<'_>,
        commit: &git2::Commit<'_>,
        id: &str,
    ) -> Result<Option<String>, git2::Error> {
        let id = Oid::from_str(id)?;
        let (old, new) = (parent.tree()?, commit.tree()?);
        let diff = self.repo.diff_tree_to_tree(Some(&old), Some(&new), None)?;
        let mut gone: Vec<(Oid, String)> = diff
            .deltas()
            .filter(|delta| delta.status() == Delta::Deleted)
            .filter_map(|delta| {
                let file = delta.old_file();
                let path = std::str::from_utf8(file.path_bytes()?).ok()?;
                Some((file.id(), path.to_owned()))
            })
            .collect();
        let name = self.path.rsplit('/').next().unwrap_or_default();
        // The same name first: of equal files it is the likelier one.
        gone.sort_by_key(|(_, path)| (path.rsplit('/').next() != Some(name), path.clone()));
        if let Some((_, path)) = gone.iter().find(|(other, _)| *other == id) {
            return Ok(Some(path.clone()));
        }
        if gone.is_empty() {
            return Ok(None);
        }
        let failed = |_| git2::Error::from_str("a version is missing in this clone");
        let text = read_blob(self.repo, id, &self.path).map_err(failed)?;
        let mut best: Option<(usize, String)> = None;
        for (other, path) in gone.into_iter().take(MAX_MOVED) {
            let Ok(old) = read_blob(self.repo, other, &path) else {
                return Err(failed(super::FileError::NameNotUtf8 { path }));
            };
            let alike = percent_alike(&old, &text);
            if alike >= 50 && best.as_ref().is_none_or(|(most, _)| alike > *most) {
                best = Some((alike, path));
            }
        }
        Ok(best.map(|(_, path)| path))
    }
}

/// How many percent of the bytes of the larger file are in lines that both have.
fn percent_alike(a: &[u8], b: &[u8]) -> usize {
    let larger = a.len().max(b.len());
    if larger == 0 || larger > MAX_COMPARED || a.len().min(b.len()) * 2 < larger {
        return 0;
    }
    let lines = |text| -> BTreeSet<Vec<u8>> {
        <[u8]>::split_inclusive(text, |c| *c == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let (a, b) = (lines(a), lines(b));
    let size = |lines: &BTreeSet<Vec<u8>>| lines.iter().map(Vec::len).sum::<usize>();
    let common: usize = a.intersection(&b).map(Vec::len).sum();
    common * 100 / size(&a).max(size(&b)).max(1)
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
