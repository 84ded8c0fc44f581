//! One file, from its path to a tree. Blocks, but not on a pipe: what is no regular file is not
//! opened.

use crate::{
    document::{self, Format, MAX_BYTES},
    model::{
        name::Name,
        tree::{Kind, Tree, TreeBuilder},
        value::{Unread, UnreadCause},
    },
};
use std::{
    ffi::OsStr,
    fs::{File, Metadata},
    io::{self, Read},
    path::{Component, Path, PathBuf},
};

/// Where a file is, and how it is read.
#[derive(Clone)]
pub(super) struct Reader {
    /// The path as in driftgate.yaml.
    pub(super) shown: Box<str>,
    pub(super) path: PathBuf,
    /// The repository's root, canonical.
    pub(super) repository: Option<PathBuf>,
    pub(super) format: Format,
}

impl Reader {
    /// The content; nothing for a file that does not exist.
    pub(super) fn read(&self) -> Result<Option<Tree>, Unread> {
        let bytes = match self.bytes() {
            Ok(bytes) => bytes,
            Err(Trouble::Io(e)) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(trouble) => return Err(self.unread(trouble)),
        };
        self.parse(&bytes).map(Some)
    }

    fn bytes(&self) -> Result<Vec<u8>, Trouble> {
        // Asked before it is opened: opening a pipe waits for whoever writes to it.
        regular(&std::fs::metadata(&self.path)?)?;
        self.stays_in_repository()?;
        let file = File::open(&self.path)?;
        let size = regular(&file.metadata()?)?;
        if size > MAX_BYTES as u64 {
            return Err(Trouble::TooLarge);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > MAX_BYTES {
            return Err(Trouble::TooLarge);
        }
        Ok(bytes)
    }

    /// A change under review can put a link into the repository, and the report shows what is
    /// behind it: a link there may not lead out, nor to git's own files (which hold credentials).
    fn stays_in_repository(&self) -> Result<(), Trouble> {
        let Some(root) = &self.repository else {
            return Ok(());
        };
        let written = without_dots(&self.path);
        if !written.starts_with(root) {
            return Ok(());
        }
        let real = self.path.canonicalize()?;
        let own = |path: &Path| {
            path.components()
                .any(|c| c.as_os_str() == OsStr::new(".git"))
        };
        if real.starts_with(root) && (own(&written) || !own(&real)) {
            Ok(())
        } else {
            Err(Trouble::LeadsOut)
        }
    }

    fn parse(&self, bytes: &[u8]) -> Result<Tree, Unread> {
        let mut parsed = document::parse(bytes, self.format);
        if let Some(problem) = parsed.problems.iter().find(|p| p.blocks) {
            let line = problem.span.map(|s| format!(":{}", s.line));
            let hint = problem.hint.as_ref().map(|h| format!(" ({h})"));
            let why = format!(
                "{}{}: {}{}",
                self.shown,
                line.unwrap_or_default(),
                problem.message,
                hint.unwrap_or_default()
            );
            return Err(Unread::new(UnreadCause::Malformed, why));
        }
        match parsed.documents.len() {
            0 => Ok(empty()),
            1 => Ok(parsed.documents.remove(0).tree),
            n => {
                let why = format!(
                    "{}: it holds {n} documents, and nobody knows which one is read",
                    self.shown
                );
                Err(Unread::new(UnreadCause::Malformed, why))
            }
        }
    }

    fn unread(&self, trouble: Trouble) -> Unread {
        let path = &self.shown;
        let (cause, why) = match trouble {
            Trouble::Folder => (
                UnreadCause::Malformed,
                format!("{path}: it is a folder, expected a file"),
            ),
            Trouble::Special => (
                UnreadCause::Malformed,
                format!(
                    "{path}: it is no regular file (a pipe, a socket or a device), and is not opened"
                ),
            ),
            Trouble::LeadsOut => (
                UnreadCause::Forbidden,
                format!(
                    "{path}: it lies in the repository and is a link that leads out of it, which the change under review could have put there"
                ),
            ),
            Trouble::TooLarge => (
                UnreadCause::TooLarge,
                format!(
                    "{path}: it is larger than the {} MiB that are read",
                    MAX_BYTES >> 20
                ),
            ),
            Trouble::Io(e) => match e.kind() {
                io::ErrorKind::PermissionDenied => (
                    UnreadCause::Forbidden,
                    format!(
                        "{path}: permission denied: the user that driftgate runs as must be able to read it, and to enter its folders"
                    ),
                ),
                io::ErrorKind::NotADirectory => (
                    UnreadCause::Malformed,
                    format!("{path}: a part of this path is a file, not a folder"),
                ),
                _ => (
                    UnreadCause::Unreachable,
                    format!("{path}: it can't be read: {e}"),
                ),
            },
        };
        Unread::new(cause, why)
    }
}

/// Why there are no bytes.
enum Trouble {
    Folder,
    Special,
    LeadsOut,
    TooLarge,
    Io(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(e: io::Error) -> Trouble {
        Trouble::Io(e)
    }
}

/// The size of a regular file.
fn regular(about: &Metadata) -> Result<u64, Trouble> {
    if about.is_file() {
        Ok(about.len())
    } else if about.is_dir() {
        Err(Trouble::Folder)
    } else {
        Err(Trouble::Special)
    }
}

/// `a/./b/../c` as `a/c`: as it is written, links not followed.
fn without_dots(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = out.pop(),
            other => out.push(other),
        }
    }
    out
}

/// A file without content has no settings.
fn empty() -> Tree {
    let mut out = TreeBuilder::new();
    let root = out.open(Name::NONE, Kind::Map);
    out.close(root);
    out.finish()
}
