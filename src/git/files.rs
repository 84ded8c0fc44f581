//! The files of a repository at one state: a revision, a merge result in memory, the work tree,
//! or a plain folder.

use super::{
    error::FileError,
    path::{refused, segments},
    repository::Shared,
    store::{Node, Store, What},
};
use crate::model::report::RevisionShown;
use git2::{ObjectType, Oid};
use std::{fs, path::Path, sync::Arc};

/// Symlinks followed for one path, as Linux does.
const MAX_HOPS: usize = 40;
/// A view of files. Paths are relative to the repository's root, with `/`. Symlinks are followed
/// inside, and are an error where they lead out. Cheap to clone; may be used from many threads.
#[derive(Clone)]
pub struct Files {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    shown: RevisionShown,
    /// `at 0123abcd`, `in the work tree`: for errors.
    at: String,
}

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

/// What a path stands for, after following symlinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// Nothing there, or a symlink to nothing.
    Absent,
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Another repository.
    Submodule,
    /// A pipe, socket or device, or (in a list) a symlink that cannot be followed.
    Other,
}

/// A direct child of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub kind: PathKind,
}

/// A path with its symlinks resolved.
pub(super) struct Located {
    pub(super) node: Node,
    /// The symlinks that were followed.
    pub(super) links: Vec<Node>,
}

impl Files {
    /// A folder outside of git, files as they lie.
    #[must_use]
    pub fn folder(root: &Path) -> Files {
        let name = root.display().to_string();
        Files::on_disk(root, false, &name, format!("in {name}"))
    }

    pub(super) fn on_disk(root: &Path, work_tree: bool, name: &str, at: String) -> Files {
        let real = fs::canonicalize(root).unwrap_or_else(|_| root.into());
        Files::new(
            Store::Disk {
                root: real,
                work_tree,
            },
            name,
            None,
            at,
        )
    }

    /// A tree; `commit` is the commit it belongs to, if it is a commit's.
    pub(super) fn tree(
        shared: Arc<Shared>,
        root: Oid,
        name: &str,
        commit: Option<&str>,
        at: String,
    ) -> Files {
        Files::new(Store::Tree { shared, root }, name, commit, at)
    }

    fn new(store: Store, name: &str, commit: Option<&str>, at: String) -> Files {
        Files {
            inner: Arc::new(Inner {
                store,
                shown: RevisionShown {
                    name: name.into(),
                    id: commit.map(Into::into),
                },
                at,
            }),
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// What these files are, for people and reports.
    #[must_use]
    pub fn describe(&self) -> RevisionShown {
        self.inner.shown.clone()
    }

    /// `at 0123abcd`, `in the work tree`: for the end of a sentence.
    #[must_use]
    pub fn at(&self) -> &str {
        &self.inner.at
    }

    /// The commit's id, hexadecimal; none for a merge in memory, a work tree and a plain folder.
    #[must_use]
    pub fn revision(&self) -> Option<&str> {
        self.inner.shown.id.as_deref()
    }

    /// Reads a file; symlinks are followed inside the repository.
    ///
    /// # Errors
    /// [`FileError::NotFound`] only when it is certain that nothing is there; the other variants
    /// say what stands in the way.
    pub fn read(&self, path: &str) -> Result<Found, FileError> {
        let Some(found) = self.locate(path)? else {
            return Err(self.not_found(path));
        };
        let node = found.node;
        self.must_be_file(path, &node)?;
        let bytes = self.store().bytes(&node)?;
        if is_lfs_pointer(&bytes) {
            return Err(FileError::LfsPointer { path: path.into() });
        }
        let id = match node.id {
            Some(id) => id,
            None => hash(&node.path, &bytes)?,
        };
        Ok(Found {
            bytes: bytes.into(),
            id: id.to_string().into(),
            path: node.path.into(),
        })
    }

    /// The id and the path that [`Files::read`] would give, where git knows them without reading the
    /// content; nothing on a disk, and for what is no file.
    ///
    /// # Errors
    /// When nobody can tell, or the path is not one that is read.
    #[expect(clippy::type_complexity, reason = "id and path, as in `Found`")]
    pub fn peek(&self, path: &str) -> Result<Option<(Box<str>, Arc<str>)>, FileError> {
        Ok(self.locate(path)?.and_then(|found| {
            let node = found.node;
            let id = node.id.filter(|_| matches!(node.what, What::File { .. }))?;
            Some((id.to_string().into(), node.path.into()))
        }))
    }

    /// Whether a file or folder is there.
    ///
    /// # Errors
    /// When nobody can tell, or the path is not one that is read.
    pub fn exists(&self, path: &str) -> Result<bool, FileError> {
        Ok(self.kind_of(path)? != PathKind::Absent)
    }

    /// What is there.
    ///
    /// # Errors
    /// When nobody can tell, or the path is not one that is read, or lies in a submodule.
    pub fn kind_of(&self, path: &str) -> Result<PathKind, FileError> {
        Ok(match self.locate(path)? {
            None => PathKind::Absent,
            Some(found) => kind(found.node.what),
        })
    }

    /// The direct children of a folder, sorted by name. Names that are not UTF-8 are left out;
    /// [`Files::walk_all`] lists them.
    ///
    /// # Errors
    /// [`FileError::NotFound`], [`FileError::NotAFolder`], or why it cannot be read.
    pub fn list(&self, folder: &str) -> Result<Vec<Listed>, FileError> {
        let node = self.locate_folder(folder)?;
        let (nodes, _) = self.store().children(&node)?;
        Ok(nodes
            .into_iter()
            .map(|child| Listed {
                name: child.path.rsplit('/').next().unwrap_or_default().into(),
                kind: match child.what {
                    What::Link => self.kind_of(&child.path).unwrap_or(PathKind::Other),
                    what => kind(what),
                },
            })
            .collect())
    }

    /// An id of a file or folder that changes when its content does, for cache keys: git's blob or
    /// tree id; for a folder on disk a hash over all files below. Symlinks inside a folder count
    /// with their target's path, not with its content.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn id_of(&self, path: &str) -> Result<Box<str>, FileError> {
        let found = self.locate(path)?.ok_or_else(|| self.not_found(path))?;
        let node = found.node;
        if let Some(id) = node.id {
            return Ok(id.to_string().into());
        }
        if node.what != What::Folder {
            self.must_be_file(path, &node)?;
            let bytes = self.store().bytes(&node)?;
            return Ok(hash(path, &bytes)?.to_string().into());
        }
        let mut hasher = blake3::Hasher::new_derive_key("driftgate v1 folder");
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        for below in self.physical(&node)?.0 {
            let (kind, content) = match below.what {
                What::File { executable: false } => ("file", self.store().bytes(&below)?),
                What::File { executable: true } => ("program", self.store().bytes(&below)?),
                What::Link => ("link", self.store().target(&below)?.into_bytes()),
                What::Submodule => ("submodule", Vec::new()),
                What::Folder | What::Special => continue,
            };
            // Relative to the folder: the same folder elsewhere has the same id, as in git.
            let name = below.path.strip_prefix(&node.path).unwrap_or(&below.path);
            part(name.as_bytes());
            part(kind.as_bytes());
            part(&content);
        }
        Ok(format!("blake3-{}", hasher.finalize().to_hex()).into())
    }

    /// Follows a path from the root, symlinks included. None when nothing is there.
    pub(super) fn locate(&self, path: &str) -> Result<Option<Located>, FileError> {
        let asked = segments(path)?;
        let Some(root) = self.store().root() else {
            return Ok(None);
        };
        let mut todo: Vec<String> = asked.iter().rev().map(ToString::to_string).collect();
        let mut trail = vec![root];
        let mut links = Vec::new();
        while let Some(segment) = todo.pop() {
            let Some(here) = trail.last() else { break };
            match here.what {
                What::Folder => {}
                What::Submodule => {
                    return Err(FileError::Submodule {
                        path: here.path.clone(),
                    });
                }
                _ => return Ok(None),
            }
            if segment == ".." {
                if trail.len() == 1 {
                    return Err(FileError::Leaves { path: path.into() });
                }
                trail.pop();
                continue;
            }
            let Some(node) = self.store().child(here, &segment)? else {
                return Ok(None);
            };
            if node.what != What::Link {
                trail.push(node);
                continue;
            }
            if links.len() == MAX_HOPS {
                return Err(FileError::LinkCycle { path: path.into() });
            }
            let target = self.link_target(&node, &mut trail)?;
            links.push(node);
            todo.extend(target.into_iter().rev());
        }
        Ok(trail.pop().map(|node| Located { node, links }))
    }

    /// The segments to follow after a symlink. An absolute target starts again at the root.
    fn link_target(&self, link: &Node, trail: &mut Vec<Node>) -> Result<Vec<String>, FileError> {
        let leaves = || FileError::Leaves {
            path: link.path.clone(),
        };
        let mut target = self.store().target(link)?;
        if Path::new(&target).is_absolute() || target.starts_with('/') {
            target = self.store().inside(&target).ok_or_else(leaves)?;
            trail.truncate(1);
        }
        let parts = target.split('/').filter(|s| !matches!(*s, "" | "."));
        parts
            .map(|part| match refused(part) {
                Some(_) if part != ".." => Err(leaves()),
                _ => Ok(part.to_owned()),
            })
            .collect()
    }

    pub(super) fn locate_folder(&self, folder: &str) -> Result<Node, FileError> {
        let found = self.locate(folder)?;
        let node = found.ok_or_else(|| self.not_found(folder))?.node;
        match node.what {
            What::Folder => Ok(node),
            What::Submodule => Err(FileError::Submodule { path: node.path }),
            _ => Err(FileError::NotAFolder {
                path: folder.into(),
                at: self.inner.at.clone(),
            }),
        }
    }

    fn must_be_file(&self, path: &str, node: &Node) -> Result<(), FileError> {
        let what = match node.what {
            What::File { .. } => return Ok(()),
            What::Submodule => return Err(FileError::Submodule { path: path.into() }),
            What::Folder => "a folder",
            What::Link | What::Special => "a special file",
        };
        Err(FileError::NotAFile {
            path: path.into(),
            what,
            at: self.inner.at.clone(),
        })
    }

    pub(super) fn not_found(&self, path: &str) -> FileError {
        FileError::NotFound {
            path: if path.is_empty() { "the folder" } else { path }.into(),
            at: self.inner.at.clone(),
        }
    }
}

fn kind(what: What) -> PathKind {
    match what {
        What::Folder => PathKind::Folder,
        What::File { .. } => PathKind::File,
        What::Submodule => PathKind::Submodule,
        What::Link | What::Special => PathKind::Other,
    }
}

/// Git's blob id.
pub(super) fn hash(path: &str, bytes: &[u8]) -> Result<Oid, FileError> {
    Oid::hash_object(ObjectType::Blob, bytes).map_err(|e| FileError::Unreadable {
        path: path.into(),
        reason: e.message().into(),
    })
}

/// <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>: less than 1,024 bytes, `version`
/// first.
pub(super) fn is_lfs_pointer(bytes: &[u8]) -> bool {
    bytes.len() < 1024 && bytes.starts_with(b"version https://git-lfs.github.com/spec/")
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
