//! A repository: where it is, what kind it is, and what its revisions are called.

use super::{
    error::{FileError, GitError},
    files::Files,
    listing::Listings,
    store::read_blob,
};
use crate::model::{
    finding::CommitShown,
    report::{RevisionShown, short_id},
    time::Timestamp,
};
use git2::{ErrorCode, ObjectType, Oid, RepositoryOpenFlags};
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A git repository, opened for reading. Cheap to clone; may be used from many threads.
#[derive(Clone)]
pub struct Repository {
    shared: Arc<Shared>,
}

/// libgit2's handle, which one thread uses at a time.
pub(super) struct Shared {
    repo: Mutex<git2::Repository>,
    /// The work tree, or the folder of a bare repository; canonical.
    root: PathBuf,
    bare: bool,
    shallow: bool,
    listings: Listings,
}

impl Shared {
    pub(super) fn new(repo: git2::Repository) -> Shared {
        let root = repo.workdir().unwrap_or_else(|| repo.path());
        Shared {
            root: fs::canonicalize(root).unwrap_or_else(|_| root.into()),
            bare: repo.is_bare() || repo.workdir().is_none(),
            shallow: repo.is_shallow(),
            listings: Listings::default(),
            repo: Mutex::new(repo),
        }
    }

    /// Trees that were read.
    pub(super) fn listings(&self) -> &Listings {
        &self.listings
    }

    /// The handle. A panic elsewhere while holding it leaves nothing half done: we only read.
    pub(super) fn repo(&self) -> MutexGuard<'_, git2::Repository> {
        self.repo.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A commit that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// What was asked for (`HEAD~2`, `origin/main`).
    pub name: Box<str>,
    /// The commit's full id, hexadecimal.
    pub id: Box<str>,
    /// When it was committed.
    pub time: Timestamp,
}

impl Revision {
    /// For reports.
    #[must_use]
    pub fn shown(&self) -> RevisionShown {
        RevisionShown {
            name: self.name.clone(),
            id: Some(self.id.clone()),
        }
    }

    pub(super) fn of(name: &str, commit: &git2::Commit<'_>) -> Revision {
        Revision {
            name: name.into(),
            id: commit.id().to_string().into(),
            time: Timestamp(commit.time().seconds()),
        }
    }

    pub(super) fn oid(&self) -> Result<Oid, GitError> {
        oid_of(&self.id)
    }
}

impl Repository {
    /// The repository that a folder (or file) lies in; none outside of git. Looks upwards like git,
    /// and reads no environment variable.
    ///
    /// # Errors
    /// When there is one and it cannot be used: [`GitError::NotOwned`], [`GitError::Sha256`],
    /// [`GitError::Format`], [`GitError::Broken`].
    pub fn discover(from: &Path) -> Result<Option<Repository>, GitError> {
        let start = fs::canonicalize(from).map_err(|e| GitError::Broken {
            what: format!("cannot look for a repository at {}", from.display()),
            reason: e.to_string(),
        })?;
        let none: [&OsStr; 0] = [];
        match git2::Repository::open_ext(&start, RepositoryOpenFlags::CROSS_FS, none) {
            Ok(repo) => Ok(Some(Repository {
                shared: Arc::new(Shared::new(repo)),
            })),
            Err(e) if e.code() == ErrorCode::NotFound => match dangling_git_file(&start) {
                Some(file) => Err(GitError::Broken {
                    what: format!("{} does not lead to a repository", file.display()),
                    reason: "the work tree or submodule was moved (`git worktree repair`)".into(),
                }),
                None => Ok(None),
            },
            Err(e) => Err(cannot_open(&start, &e)),
        }
    }

    /// The work tree's root, or the folder of a bare repository. Canonical.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.shared.root
    }

    /// Whether there is no work tree.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.shared.bare
    }

    /// Whether history is cut off.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        self.shared.shallow
    }

    /// The path of a file relative to the root, with `/`; the root itself is `""`. The file need
    /// not exist, its folder must.
    ///
    /// # Errors
    /// [`GitError::Outside`]; [`GitError::Broken`] when its folder cannot be read.
    pub fn prefix_of(&self, path: &Path) -> Result<String, GitError> {
        let outside = || GitError::Outside {
            path: path.display().to_string(),
            root: self.root().display().to_string(),
        };
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(_) => {
                let name = path.file_name().ok_or_else(outside)?;
                let parent = match path.parent() {
                    Some(p) if !p.as_os_str().is_empty() => p,
                    _ => Path::new("."),
                };
                let folder = fs::canonicalize(parent).map_err(|e| GitError::Broken {
                    what: format!("cannot find {}", parent.display()),
                    reason: e.to_string(),
                })?;
                folder.join(name)
            }
        };
        let below = real.strip_prefix(self.root()).map_err(|_| outside())?;
        let names: Option<Vec<&str>> = below.iter().map(OsStr::to_str).collect();
        Ok(names.ok_or_else(outside)?.join("/"))
    }

    /// The files of a commit.
    ///
    /// # Errors
    /// [`GitError::MissingObject`] when the clone lacks it.
    pub fn files_at(&self, revision: &Revision) -> Result<Files, GitError> {
        let tree = {
            let repo = self.repo();
            find_commit(&repo, revision.oid()?)?.tree_id()
        };
        Ok(Files::tree(
            Arc::clone(&self.shared),
            tree,
            &revision.name,
            Some(&revision.id),
            at(&revision.id),
        ))
    }

    /// The files of the work tree as they lie, untracked ones included.
    ///
    /// # Errors
    /// [`GitError::Bare`].
    pub fn files_of_work_tree(&self) -> Result<Files, GitError> {
        if self.is_bare() {
            return Err(GitError::Bare {
                path: self.root().display().to_string(),
            });
        }
        Ok(Files::on_disk(
            self.root(),
            true,
            "the work tree",
            "in the work tree".into(),
        ))
    }

    /// The content of a blob, by its id (of [`super::Found::id`] or [`super::Content::File`]).
    ///
    /// # Errors
    /// [`FileError`] with the id as its path.
    pub fn blob(&self, id: &str) -> Result<Vec<u8>, FileError> {
        let oid = Oid::from_str(id).map_err(|_| FileError::Invalid {
            path: id.into(),
            why: "not an object id",
        })?;
        read_blob(&self.repo(), oid, id)
    }

    pub(super) fn repo(&self) -> MutexGuard<'_, git2::Repository> {
        self.shared.repo()
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

/// `at 0123abc`.
pub(super) fn at(id: &str) -> String {
    format!("at {}", short_id(id))
}

pub(super) fn oid_of(id: &str) -> Result<Oid, GitError> {
    Oid::from_str(id).map_err(|_| GitError::NotARevision {
        spec: id.into(),
        why: "a commit id has 40 hexadecimal digits".into(),
    })
}

pub(super) fn find_commit(repo: &git2::Repository, id: Oid) -> Result<git2::Commit<'_>, GitError> {
    repo.find_commit(id).map_err(|e| match e.code() {
        ErrorCode::NotFound => GitError::MissingObject {
            id: id.to_string(),
            what: "a commit".into(),
        },
        _ => GitError::broken(format!("cannot read commit {id}"), &e),
    })
}

/// A commit for people: the author's name, never an address.
pub(super) fn show_commit(commit: &git2::Commit<'_>) -> CommitShown {
    let author = commit.author();
    let raw = String::from_utf8_lossy(author.name_bytes());
    // Some people's name is their address.
    let name = match raw.split_once('@') {
        Some((before, after)) if !after.contains(' ') => before,
        _ => &raw,
    };
    let message = String::from_utf8_lossy(commit.message_raw_bytes());
    CommitShown {
        id: commit.id().to_string().into(),
        author: name.trim().into(),
        time: Timestamp(author.when().seconds()),
        summary: message
            .trim_start()
            .lines()
            .next()
            .unwrap_or("")
            .trim()
            .into(),
    }
}

/// A `.git` file above that leads nowhere. git ignores empty `.git` folders, and so do we.
fn dangling_git_file(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .map(|folder| folder.join(".git"))
        .find(|git| git.is_file())
}

fn cannot_open(start: &Path, e: &git2::Error) -> GitError {
    let path = git2::Repository::discover_path(start, [] as [&OsStr; 0]);
    let git = path.unwrap_or_else(|_| start.into());
    let shown = match git.parent() {
        Some(parent) if git.ends_with(".git") => parent,
        _ => &git,
    };
    open_error(shown.display().to_string(), e)
}

fn open_error(path: String, e: &git2::Error) -> GitError {
    let what = e.message();
    if e.code() == ErrorCode::Owner {
        GitError::NotOwned { path }
    } else if what.contains("object format 'sha256'") {
        GitError::Sha256 { path }
    } else if what.contains("unsupported extension") || what.contains("repository version") {
        GitError::Format {
            path,
            what: what.into(),
        }
    } else {
        GitError::broken(format!("cannot open the repository at {path}"), e)
    }
}

/// Whether an object of that kind is a file, a folder or something else, for messages.
pub(super) fn kind_name(kind: Option<ObjectType>) -> &'static str {
    match kind {
        Some(ObjectType::Blob) => "file",
        Some(ObjectType::Tree) => "folder",
        _ => "object of another kind",
    }
}

#[cfg(test)]
#[path = "repository_tests.rs"]
mod tests;
