//! The work tree against a revision.

use super::{
    error::{FileError, GitError},
    files::{Files, hash},
    repository::{Repository, Revision},
};
use std::{collections::BTreeSet, sync::Arc};

impl Repository {
    /// Which of these files differ between a revision and the work tree: changed, deleted, or only
    /// in the work tree. Sorted. Line ends that git converts on checkout are no difference.
    ///
    /// # Errors
    /// [`GitError::Bare`], [`GitError::MissingObject`], and [`GitError::File`] when a file is there
    /// on both sides and cannot be read.
    pub fn differs_in_work_tree(
        &self,
        revision: &Revision,
        paths: &[Arc<str>],
    ) -> Result<Vec<Arc<str>>, GitError> {
        let committed = self.files_at(revision)?;
        let lying = self.files_of_work_tree()?;
        let mut out = Vec::new();
        for path in paths.iter().collect::<BTreeSet<_>>() {
            if differs(&committed, &lying, path)? {
                out.push(Arc::clone(path));
            }
        }
        Ok(out)
    }

    /// Files below a folder of the work tree that the revision does not have and git does not
    /// ignore. Sorted; empty when the folder is not there.
    ///
    /// # Errors
    /// [`GitError::Bare`], [`GitError::MissingObject`], [`GitError::File`].
    pub fn untracked_below(
        &self,
        revision: &Revision,
        folder: &str,
    ) -> Result<Vec<Arc<str>>, GitError> {
        let below = |files: &Files| match files.walk_all(folder) {
            Ok(walk) => Ok(walk.files),
            Err(FileError::NotFound { .. } | FileError::NotAFolder { .. }) => Ok(Vec::new()),
            Err(e) => Err(e),
        };
        let known: BTreeSet<Arc<str>> = below(&self.files_at(revision)?)?.into_iter().collect();
        let mut lying = below(&self.files_of_work_tree()?)?;
        let repo = self.repo();
        lying.retain(|path| {
            !known.contains(path) && !repo.is_path_ignored(&**path).unwrap_or(false)
        });
        Ok(lying)
    }
}

fn differs(committed: &Files, lying: &Files, path: &str) -> Result<bool, GitError> {
    let absent = |e: &FileError| matches!(e, FileError::NotFound { .. });
    let id = committed.id_of(path);
    let found = lying.read(path);
    Ok(match (id, found) {
        (Ok(id), Ok(found)) => {
            *id != *found.id && !(found.bytes.contains(&b'\r') && *id == *without_cr(&found.bytes)?)
        }
        (Err(a), Err(b)) if absent(&a) && absent(&b) => false,
        (Ok(_), Err(e)) | (Err(e), Ok(_)) if absent(&e) => true,
        // Both sides refuse the path in the same way (a submodule, a way out): the same there.
        (Err(a), Err(b)) if std::mem::discriminant(&a) == std::mem::discriminant(&b) => false,
        (Err(e), _) | (_, Err(e)) => return Err(e.into()),
    })
}

/// The blob id with `\r\n` as `\n`: what git stores under `core.autocrlf` or `text=auto`.
fn without_cr(bytes: &[u8]) -> Result<String, FileError> {
    let mut out = Vec::with_capacity(bytes.len());
    for (i, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(i + 1) != Some(&b'\n') {
            out.push(*byte);
        }
    }
    Ok(hash("", &out)?.to_string())
}
