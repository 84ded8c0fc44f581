//! The change under review: the target branch before it, and the tree after merging.

use super::{
    error::GitError,
    files::Files,
    repository::{Repository, Revision, Shared, at, find_commit},
};
use crate::model::report::short_id;
use git2::{ErrorCode, IndexEntry, ObjectType, Odb, Oid};
use std::{ffi::OsStr, sync::Arc};

/// Where a merge in memory puts its objects: before all other places, so that libgit2 writes there.
const FIRST: i32 = 1000;
/// Folders inside folders.
const MAX_DEPTH: usize = 256;

/// A change under review. Comparing a branch with the target's tip would make everything that the
/// target gained since look like a revert; comparing with the merge base would miss it. So the
/// base is the target's tip, and the head is the tree that merging gives.
pub struct Change {
    /// The tip of the branch that is merged into; before a push, what is there.
    pub target_tip: Revision,
    /// The commit that is merged.
    pub head: Revision,
    /// Where the two parted; none when this clone does not know.
    pub merge_base: Option<Revision>,
    /// What the head side is.
    pub result: MergeResult,
    base_files: Files,
    head_files: Files,
    shared: Arc<Shared>,
}

/// What stands for "after merging".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeResult {
    /// The head itself: it contains the target's tip.
    HeadContainsBase,
    /// The target's tip: it contains the head, merging changes nothing.
    AlreadyMerged,
    /// A three-way merge, held in memory.
    Merged,
    /// The head itself: merging it conflicts in these paths, sorted.
    Conflicts(Vec<Arc<str>>),
    /// The head itself, since it could not be merged here; why, and what to do.
    NotMerged(String),
}

impl Change {
    /// The files before the change.
    #[must_use]
    pub fn files_base(&self) -> Files {
        self.base_files.clone()
    }

    /// The files after it.
    #[must_use]
    pub fn files_head(&self) -> Files {
        self.head_files.clone()
    }

    /// The paths that the change touches, sorted: what differs between the merge base (the
    /// target's tip where there is none) and the head. A moved file counts with both paths.
    ///
    /// # Errors
    /// When a tree is missing in this clone.
    pub fn touched(&self) -> Result<Vec<Arc<str>>, GitError> {
        let from = self.merge_base.as_ref().unwrap_or(&self.target_tip);
        let repo = self.shared.repo();
        let tree = |revision: &Revision| -> Result<_, GitError> {
            let commit = find_commit(&repo, revision.oid()?)?;
            commit.tree().map_err(|e| missing(&commit, &e))
        };
        let (old, new) = (tree(from)?, tree(&self.head)?);
        let failed = |e| GitError::broken("cannot compare the change with its base", &e);
        let diff = repo
            .diff_tree_to_tree(Some(&old), Some(&new), None)
            .map_err(failed)?;
        let mut paths: Vec<Arc<str>> = Vec::new();
        for delta in diff.deltas() {
            for file in [delta.old_file(), delta.new_file()] {
                let bytes = file.path_bytes().unwrap_or_default();
                paths.push(String::from_utf8_lossy(bytes).into());
            }
        }
        paths.sort();
        paths.dedup();
        Ok(paths)
    }
}

fn missing(commit: &git2::Commit<'_>, e: &git2::Error) -> GitError {
    match e.code() {
        ErrorCode::NotFound => GitError::MissingObject {
            id: commit.tree_id().to_string(),
            what: format!("the folder of commit {}", commit.id()),
        },
        _ => GitError::broken(format!("cannot read commit {}", commit.id()), e),
    }
}

/// What merging gives, before it is dressed up.
enum Outcome {
    Head(MergeResult),
    Base,
    Tree(Arc<Shared>, Oid),
}

impl Repository {
    /// The change that merging one revision into another makes. Nothing is written.
    ///
    /// # Errors
    /// Those of [`Repository::resolve`]. A merge that is not possible is no error, see
    /// [`MergeResult`].
    pub fn change(&self, base_spec: &str, head_spec: &str) -> Result<Change, GitError> {
        self.change_of(self.resolve(base_spec)?, self.resolve(head_spec)?)
    }

    /// The same, of revisions.
    ///
    /// # Errors
    /// [`GitError::MissingObject`], [`GitError::Broken`].
    pub fn change_of(&self, target_tip: Revision, head: Revision) -> Result<Change, GitError> {
        let (merge_base, outcome) = self.merge(&target_tip, &head)?;
        let base_files = self.files_at(&target_tip)?;
        let (result, head_files) = match outcome {
            Outcome::Head(result) => (result, self.files_at(&head)?),
            Outcome::Base => (MergeResult::AlreadyMerged, base_files.clone()),
            Outcome::Tree(shared, tree) => {
                let name = format!("{} merged into {}", head.name, target_tip.name);
                let at = format!("{} merged into {}", at(&head.id), short_id(&target_tip.id));
                let files = Files::tree(shared, tree, &name, None, at);
                (MergeResult::Merged, files)
            }
        };
        Ok(Change {
            target_tip,
            head,
            merge_base,
            result,
            base_files,
            head_files,
            shared: Arc::clone(self.shared()),
        })
    }

    fn merge(
        &self,
        base: &Revision,
        head: &Revision,
    ) -> Result<(Option<Revision>, Outcome), GitError> {
        let (ours, theirs) = (base.oid()?, head.oid()?);
        let repo = self.repo();
        // In a shallow clone the parents of the event's merge commit are cut off; its text still
        // names them.
        let contains =
            ours == theirs || parents_written(&find_commit(&repo, theirs)?).contains(&ours);
        if contains {
            let result = Outcome::Head(MergeResult::HeadContainsBase);
            return Ok((Some(base.clone()), result));
        }
        let found = match repo.merge_base(ours, theirs) {
            Ok(id) => id,
            Err(e) if matches!(e.code(), ErrorCode::NotFound) => {
                let why = if self.is_shallow() {
                    "this shallow clone does not reach the commit where the two parted: run \
                     `git fetch --unshallow`, or check out with `fetch-depth: 0`"
                } else {
                    "the two have no commit in common"
                };
                let result = MergeResult::NotMerged(why.into());
                return Ok((None, Outcome::Head(result)));
            }
            Err(e) => return Err(GitError::broken("cannot find the merge base", &e)),
        };
        let merge_base = Revision::of("the merge base", &find_commit(&repo, found)?);
        let outcome = if found == ours {
            Outcome::Head(MergeResult::HeadContainsBase)
        } else if found == theirs {
            Outcome::Base
        } else {
            merge_in_memory(&repo, ours, theirs).unwrap_or_else(|e| {
                Outcome::Head(MergeResult::NotMerged(format!(
                    "merging in memory failed: {}",
                    e.message()
                )))
            })
        };
        Ok((Some(merge_base), outcome))
    }
}

/// Merges `theirs` into `ours`. libgit2 writes merged files, trees and virtual merge bases to the
/// object database, so a second handle gets a database whose first place is memory. (A merged file
/// that is stored already gets a new time on disk, as git itself does it; nothing else changes.)
fn merge_in_memory(
    repo: &git2::Repository,
    ours: Oid,
    theirs: Oid,
) -> Result<Outcome, git2::Error> {
    let none: [&OsStr; 0] = [];
    let memory =
        git2::Repository::open_ext(repo.path(), git2::RepositoryOpenFlags::NO_SEARCH, none)?;
    memory.odb()?.add_new_mempack_backend(FIRST)?;
    let index = {
        let (ours, theirs) = (memory.find_commit(ours)?, memory.find_commit(theirs)?);
        memory.merge_commits(&ours, &theirs, None)?
    };
    if index.has_conflicts() {
        let mut paths: Vec<Arc<str>> = Vec::new();
        for conflict in index.conflicts()? {
            let conflict = conflict?;
            let sides = [conflict.our, conflict.their, conflict.ancestor];
            for entry in sides.into_iter().flatten() {
                paths.push(String::from_utf8_lossy(&entry.path).into());
            }
        }
        paths.sort();
        paths.dedup();
        return Ok(Outcome::Head(MergeResult::Conflicts(paths)));
    }
    let entries: Vec<IndexEntry> = index.iter().collect();
    let tree = write_tree(&memory.odb()?, &entries, 0, 0)?;
    Ok(Outcome::Tree(Arc::new(Shared::new(memory)), tree))
}

/// Writes the tree of sorted index entries that share their first `skip` bytes. libgit2's own
/// function marks every folder that is stored already as recently used, on disk.
fn write_tree(
    odb: &Odb<'_>,
    entries: &[IndexEntry],
    skip: usize,
    depth: usize,
) -> Result<Oid, git2::Error> {
    if depth > MAX_DEPTH {
        return Err(git2::Error::from_str("folders are nested too deep"));
    }
    let mut bytes = Vec::new();
    let mut rest = entries;
    while let Some(first) = rest.first() {
        let name = name_after(first, skip);
        let in_folder = first.path.get(skip + name.len()) == Some(&b'/');
        // A folder sorts as if its name ended with `/`, in a tree as in the index.
        let same = |e: &IndexEntry| in_folder && name_after(e, skip) == name;
        let count = rest.iter().take_while(|e| same(e)).count().max(1);
        let (mode, id) = if in_folder {
            let below = write_tree(odb, &rest[..count], skip + name.len() + 1, depth + 1)?;
            (0o40_000, below)
        } else {
            (first.mode, first.id)
        };
        bytes.extend_from_slice(format!("{mode:o} ").as_bytes());
        bytes.extend_from_slice(name);
        bytes.push(0);
        bytes.extend_from_slice(id.as_bytes());
        rest = &rest[count..];
    }
    let id = Oid::hash_object(ObjectType::Tree, &bytes)?;
    if !odb.exists(id) {
        odb.write(ObjectType::Tree, &bytes)?;
    }
    Ok(id)
}

/// The segment of an entry's path that starts at a byte.
fn name_after(entry: &IndexEntry, skip: usize) -> &[u8] {
    let rest = entry.path.get(skip..).unwrap_or_default();
    rest.split(|b| *b == b'/').next().unwrap_or_default()
}

/// The parents that a commit's text names, also those that a shallow clone cuts off.
pub(super) fn parents_written(commit: &git2::Commit<'_>) -> Vec<Oid> {
    commit
        .raw_header_bytes()
        .split(|b| *b == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok()?.strip_prefix("parent "))
        .filter_map(|id| Oid::from_str(id.trim()).ok())
        .collect()
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
