//! The two kinds of storage that files are read from, one name at a time: a tree object, and a
//! folder on disk. Neither follows a symlink; that is done above, the same for both.

use super::{
    error::FileError,
    listing::Listing,
    path::{join, refused},
    repository::Shared,
};
use git2::{ErrorCode, ObjectType, Oid};
use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// No configuration file is larger; a hostile one must not fill the memory.
pub(super) const MAX_FILE_BYTES: u64 = 64 << 20;

/// Where files come from.
pub(super) enum Store {
    /// A tree in an object database.
    Tree { shared: Arc<Shared>, root: Oid },
    /// A folder. `root` is canonical. In a work tree a folder with its own `.git` is another
    /// repository, in a plain folder it is a folder.
    Disk { root: PathBuf, work_tree: bool },
}

/// What a name stands for, without following symlinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Folder,
    File {
        executable: bool,
    },
    Link,
    Submodule,
    /// A socket, a pipe, a device.
    Special,
}

/// An entry at its real place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Relative to the root; no part of it is a symlink.
    pub(super) path: String,
    pub(super) what: What,
    /// In a tree.
    pub(super) id: Option<Oid>,
}

impl Store {
    /// The root folder; none when it is not there.
    pub(super) fn root(&self) -> Option<Node> {
        let id = match self {
            Store::Tree { root, .. } => Some(*root),
            Store::Disk { root, .. } if root.is_dir() => None,
            Store::Disk { .. } => return None,
        };
        Some(Node {
            path: String::new(),
            what: What::Folder,
            id,
        })
    }

    /// The entry of that name in a folder.
    pub(super) fn child(&self, folder: &Node, name: &str) -> Result<Option<Node>, FileError> {
        let path = join(&folder.path, name);
        match self {
            Store::Tree { shared, .. } => {
                let found = listing(shared, folder)?.entry(name);
                Ok(found.map(|(what, id)| Node {
                    path,
                    what,
                    id: Some(id),
                }))
            }
            Store::Disk { root, work_tree } => {
                let real = root.join(&path);
                match fs::symlink_metadata(&real) {
                    Ok(meta) => Ok(Some(disk_node(&real, path, &meta, *work_tree))),
                    Err(e) if is_absence(&e) => Ok(None),
                    Err(e) => Err(unreadable(&path, &e)),
                }
            }
        }
    }

    /// All entries of a folder, sorted by name, and the names that cannot be read.
    pub(super) fn children(&self, folder: &Node) -> Result<(Vec<Node>, Vec<FileError>), FileError> {
        let (mut nodes, mut odd) = (Vec::new(), Vec::new());
        match self {
            Store::Tree { shared, .. } => {
                for (name, what, id) in listing(shared, folder)?.entries() {
                    match name_of(name, &folder.path) {
                        Ok(name) => nodes.push(Node {
                            path: join(&folder.path, name),
                            what,
                            id: Some(id),
                        }),
                        Err(e) => odd.push(e),
                    }
                }
            }
            Store::Disk { root, work_tree } => {
                let real = root.join(&folder.path);
                let entries = fs::read_dir(&real).map_err(|e| unreadable(&folder.path, &e))?;
                for entry in entries {
                    let entry = entry.map_err(|e| unreadable(&folder.path, &e))?;
                    let raw = entry.file_name();
                    if raw == ".git" {
                        continue;
                    }
                    match name_of(raw.as_encoded_bytes(), &folder.path) {
                        Ok(name) => {
                            let path = join(&folder.path, name);
                            match entry.metadata() {
                                Ok(m) => nodes.push(disk_node(&entry.path(), path, &m, *work_tree)),
                                // Gone since it was listed.
                                Err(e) if is_absence(&e) => {}
                                Err(e) => odd.push(unreadable(&path, &e)),
                            }
                        }
                        Err(e) => odd.push(e),
                    }
                }
            }
        }
        nodes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((nodes, odd))
    }

    /// Where a symlink leads, as it is written.
    pub(super) fn target(&self, link: &Node) -> Result<String, FileError> {
        let not_utf8 = || FileError::NameNotUtf8 {
            path: format!("the target of {}", link.path),
        };
        match self {
            Store::Tree { .. } => String::from_utf8(self.bytes(link)?).map_err(|_| not_utf8()),
            Store::Disk { root, .. } => fs::read_link(root.join(&link.path))
                .map_err(|e| unreadable(&link.path, &e))?
                .into_os_string()
                .into_string()
                .map_err(|_| not_utf8()),
        }
    }

    /// The path from the root that an absolute symlink target means; none when it is outside.
    /// A tree has no absolute place, so there it is always outside.
    pub(super) fn inside(&self, absolute: &str) -> Option<String> {
        match self {
            Store::Tree { .. } => None,
            Store::Disk { root, .. } => {
                let target = Path::new(absolute);
                let real = fs::canonicalize(target).unwrap_or_else(|_| target.into());
                Some(real.strip_prefix(root).ok()?.to_str()?.to_owned())
            }
        }
    }

    /// The content of a file (or of a symlink's blob).
    pub(super) fn bytes(&self, file: &Node) -> Result<Vec<u8>, FileError> {
        match self {
            Store::Tree { shared, .. } => {
                let id = file.id.unwrap_or(Oid::ZERO_SHA1);
                read_blob(&shared.repo(), id, &file.path)
            }
            Store::Disk { root, .. } => {
                let open = fs::File::open(root.join(&file.path));
                let source = open.map_err(|e| unreadable(&file.path, &e))?;
                let mut bytes = Vec::new();
                source
                    .take(MAX_FILE_BYTES + 1)
                    .read_to_end(&mut bytes)
                    .map_err(|e| unreadable(&file.path, &e))?;
                if bytes.len() as u64 > MAX_FILE_BYTES {
                    return Err(too_large(&file.path));
                }
                Ok(bytes)
            }
        }
    }
}

/// Reads a blob, looking at its size first.
pub(super) fn read_blob(
    repo: &git2::Repository,
    id: Oid,
    path: &str,
) -> Result<Vec<u8>, FileError> {
    let failed = |e: git2::Error| missing_or_broken(path, id, &e);
    let odb = repo.odb().map_err(failed)?;
    let (size, _) = odb.read_header(id).map_err(failed)?;
    if size as u64 > MAX_FILE_BYTES {
        return Err(too_large(path));
    }
    let object = odb.read(id).map_err(failed)?;
    if object.kind() != ObjectType::Blob {
        return Err(FileError::Unreadable {
            path: path.into(),
            reason: format!("object {id} is not a blob"),
        });
    }
    Ok(object.data().to_vec())
}

fn listing(shared: &Shared, folder: &Node) -> Result<Arc<Listing>, FileError> {
    let id = folder.id.unwrap_or(Oid::ZERO_SHA1);
    let shown = if folder.path.is_empty() {
        "the root folder"
    } else {
        &folder.path
    };
    let repo = shared.repo();
    shared.listings().get(id, || {
        repo.find_tree(id)
            .map_err(|e| missing_or_broken(shown, id, &e))
    })
}

/// What an entry of a tree is; nothing for what git does not know.
pub(super) fn what_of(entry: &git2::TreeEntry<'_>) -> Option<What> {
    match (entry.kind(), entry.filemode()) {
        (Some(ObjectType::Tree), _) => Some(What::Folder),
        (Some(ObjectType::Commit), _) => Some(What::Submodule),
        (Some(ObjectType::Blob), 0o120_000) => Some(What::Link),
        (Some(ObjectType::Blob), mode) => Some(What::File {
            executable: mode & 0o111 != 0,
        }),
        _ => None,
    }
}

fn disk_node(real: &Path, path: String, meta: &fs::Metadata, work_tree: bool) -> Node {
    let kind = meta.file_type();
    let what = if kind.is_symlink() {
        What::Link
    } else if kind.is_dir() {
        if work_tree && fs::symlink_metadata(real.join(".git")).is_ok() {
            What::Submodule
        } else {
            What::Folder
        }
    } else if kind.is_file() {
        What::File {
            executable: is_executable(meta),
        }
    } else {
        What::Special
    };
    Node {
        path,
        what,
        id: None,
    }
}

#[cfg(unix)]
fn is_executable(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

fn name_of<'n>(raw: &'n [u8], folder: &str) -> Result<&'n str, FileError> {
    let name = std::str::from_utf8(raw).map_err(|_| FileError::NameNotUtf8 {
        path: join(folder, &String::from_utf8_lossy(raw)),
    })?;
    match refused(name) {
        None => Ok(name),
        Some(why) => Err(FileError::Invalid {
            path: join(folder, name).escape_debug().to_string(),
            why,
        }),
    }
}

fn is_absence(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn unreadable(path: &str, e: &io::Error) -> FileError {
    FileError::Unreadable {
        path: if path.is_empty() { "the folder" } else { path }.into(),
        reason: e.to_string(),
    }
}

fn too_large(path: &str) -> FileError {
    FileError::TooLarge {
        path: path.into(),
        limit: MAX_FILE_BYTES,
    }
}

fn missing_or_broken(path: &str, id: Oid, e: &git2::Error) -> FileError {
    match e.code() {
        ErrorCode::NotFound => FileError::MissingObject {
            path: path.into(),
            id: id.to_string(),
        },
        _ => FileError::Unreadable {
            path: path.into(),
            reason: e.message().into(),
        },
    }
}
