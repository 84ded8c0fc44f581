//! The files of a repository at one state: a revision, a merge result in memory, the work tree,
//! or a plain folder.

use std::{path::Path, sync::Arc};

/// A view of files. Paths are relative to the repository's root, with `/`.
pub struct Files {}

/// A file that was read.
#[derive(Clone)]
pub struct Found {
    /// Its content.
    pub bytes: Arc<[u8]>,
    /// Git's blob id of the content, hexadecimal; equal content has equal ids.
    pub id: Box<str>,
    /// The path it was found at, after following symlinks inside the repository.
    pub path: Arc<str>,
}

/// Why a path could not be read. Says what to do; holds no content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Nothing there.
    #[error("{path} does not exist {at}")]
    NotFound {
        /// The path.
        path: String,
        /// `at 0123abcd`, `in the work tree`.
        at: String,
    },
}

impl Files {
    /// A folder outside of git, files as they lie.
    #[must_use]
    pub fn folder(_root: &Path) -> Files {
        Files {}
    }
    /// Reads a file; symlinks are followed inside the repository.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read(&self, path: &str) -> Result<Found, FileError> {
        Err(FileError::NotFound {
            path: path.into(),
            at: String::new(),
        })
    }
    /// All files below a folder, sorted; `""` is the root.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn walk(&self, folder: &str) -> Result<Vec<Arc<str>>, FileError> {
        Err(FileError::NotFound {
            path: folder.into(),
            at: String::new(),
        })
    }
}
