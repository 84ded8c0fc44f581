//! Writing files of a revision to a private folder, for programs that render them.

use super::{
    error::FileError,
    files::{Files, hash, is_lfs_pointer},
    path::is_within,
    store::{Node, What},
    walk::Skipped,
};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// How much an export may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportLimits {
    /// Files and symlinks.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Whether a Git LFS pointer is an error; else it is written as it is.
    pub refuse_lfs: bool,
}

impl Default for ExportLimits {
    /// 20,000 files, 256 MiB, no LFS pointers.
    fn default() -> ExportLimits {
        ExportLimits {
            files: 20_000,
            bytes: 256 << 20,
            refuse_lfs: true,
        }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The folder that mirrors the repository's root.
    pub root: PathBuf,
    /// Files and symlinks written.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// What could not be written and is not read by anyone: symlinks to nothing, special files,
    /// names that are not UTF-8.
    pub left_out: Vec<Skipped>,
    /// A hash over paths, kinds and contents: equal exports have equal ids.
    pub id: Box<str>,
}

impl Files {
    /// Writes files and folders to an empty folder, at the paths they have in the repository. Files
    /// keep their executable bit; symlinks stay symlinks, if all that they lead to is written as
    /// well. Nothing that is outside of the repository is read, nothing outside of `to` is written.
    ///
    /// # Errors
    /// [`FileError::NotFound`], [`FileError::Submodule`], [`FileError::Leaves`],
    /// [`FileError::LinkOutsideExport`] (export its target as well), [`FileError::LinkCycle`],
    /// [`FileError::LfsPointer`], [`FileError::TooLarge`], [`FileError::TooMany`],
    /// [`FileError::MissingObject`], [`FileError::Write`].
    pub fn export(
        &self,
        paths: &[&str],
        to: &Path,
        limits: &ExportLimits,
    ) -> Result<Export, FileError> {
        let mut plan = Plan::default();
        for path in paths {
            self.plan(path, &mut plan)?;
        }
        self.check_links(&mut plan)?;
        if plan.nodes.len() as u64 > limits.files {
            return Err(FileError::TooMany {
                path: "the export".into(),
                limit: usize::try_from(limits.files).unwrap_or(usize::MAX),
            });
        }
        self.write(plan, to, limits)
    }

    /// Adds a path: its files, and the symlinks on the way to it.
    fn plan(&self, path: &str, plan: &mut Plan) -> Result<(), FileError> {
        let found = self.locate(path)?.ok_or_else(|| self.not_found(path))?;
        plan.links_on_the_way(found.links);
        let root = found.node;
        plan.roots.push(root.path.clone());
        let below = match root.what {
            What::Folder => {
                let (nodes, odd) = self.physical(&root)?;
                plan.left_out.extend(odd.into_iter().map(|why| Skipped {
                    path: root.path.as_str().into(),
                    why,
                }));
                nodes
            }
            _ => vec![root],
        };
        for node in below {
            match node.what {
                What::Submodule => return Err(FileError::Submodule { path: node.path }),
                What::Special => plan.left_out.push(Skipped {
                    path: node.path.as_str().into(),
                    why: FileError::NotAFile {
                        path: node.path,
                        what: "a special file",
                        at: self.at().into(),
                    },
                }),
                What::File { .. } | What::Link | What::Folder => {
                    plan.nodes.insert(node.path.clone(), node);
                }
            }
        }
        Ok(())
    }

    /// Makes sure that every symlink leads to something that is written, over symlinks that are
    /// written.
    fn check_links(&self, plan: &mut Plan) -> Result<(), FileError> {
        let is_link = |node: &&Node| node.what == What::Link;
        let mut todo: Vec<Node> = plan.nodes.values().filter(is_link).cloned().collect();
        while let Some(link) = todo.pop() {
            let target = self.store().target(&link)?;
            if Path::new(&target).is_absolute() || target.starts_with('/') {
                return Err(FileError::Leaves { path: link.path });
            }
            let Some(found) = self.locate(&link.path)? else {
                plan.nodes.remove(&link.path);
                plan.left_out.push(Skipped {
                    path: link.path.as_str().into(),
                    why: self.not_found(&link.path),
                });
                continue;
            };
            let to = found.node;
            if to.what == What::Submodule {
                return Err(FileError::Submodule { path: to.path });
            }
            if is_within(&link.path, &to.path) {
                return Err(FileError::LinkCycle { path: link.path });
            }
            if !plan.roots.iter().any(|root| is_within(&to.path, root)) {
                return Err(FileError::LinkOutsideExport {
                    path: link.path,
                    target: to.path,
                });
            }
            todo.extend(plan.links_on_the_way(found.links));
        }
        Ok(())
    }

    /// Files first: while there is no symlink in `to`, none can be followed.
    fn write(&self, plan: Plan, to: &Path, limits: &ExportLimits) -> Result<Export, FileError> {
        prepare(to)?;
        let mut out = Export {
            root: to.into(),
            files: 0,
            bytes: 0,
            left_out: plan.left_out,
            id: "".into(),
        };
        out.left_out.sort_by(|a, b| a.path.cmp(&b.path));
        let mut hasher = blake3::Hasher::new_derive_key("driftgate v1 export");
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        let (links, files): (Vec<_>, Vec<_>) = plan
            .nodes
            .into_values()
            .partition(|node| node.what == What::Link);
        for node in files {
            let bytes = self.store().bytes(&node)?;
            if limits.refuse_lfs && is_lfs_pointer(&bytes) {
                return Err(FileError::LfsPointer { path: node.path });
            }
            out.files += 1;
            out.bytes += bytes.len() as u64;
            if out.bytes > limits.bytes {
                return Err(FileError::TooLarge {
                    path: "the export".into(),
                    limit: limits.bytes,
                });
            }
            let executable = node.what == What::File { executable: true };
            part(node.path.as_bytes());
            part(if executable { b"program" } else { b"file" });
            let id = match node.id {
                Some(id) => id,
                None => hash(&node.path, &bytes)?,
            };
            part(id.as_bytes());
            write_file(to, &node.path, &bytes, executable)
                .map_err(|e| cannot_write(&node.path, &e))?;
        }
        for node in links {
            let target = self.store().target(&node)?;
            out.files += 1;
            part(node.path.as_bytes());
            part(b"link");
            part(target.as_bytes());
            write_link(to, &node.path, &target).map_err(|e| cannot_write(&node.path, &e))?;
        }
        out.id = hasher.finalize().to_hex().as_str().into();
        Ok(out)
    }
}

/// What will be written, by its real path.
#[derive(Default)]
struct Plan {
    nodes: BTreeMap<String, Node>,
    /// The real paths of what was asked for.
    roots: Vec<String>,
    left_out: Vec<Skipped>,
}

impl Plan {
    /// Adds symlinks; returns those that are new.
    fn links_on_the_way(&mut self, links: Vec<Node>) -> Vec<Node> {
        let mut new = Vec::new();
        for link in links {
            if self.nodes.insert(link.path.clone(), link.clone()).is_none() {
                new.push(link);
            }
        }
        new
    }
}

fn cannot_write(path: &str, e: &io::Error) -> FileError {
    FileError::Write {
        path: path.into(),
        reason: e.to_string(),
    }
}

/// The folder must be there and empty, so that nothing in it can be followed or replaced.
fn prepare(to: &Path) -> Result<(), FileError> {
    let shown = to.display().to_string();
    let mut entries = fs::read_dir(to).map_err(|e| cannot_write(&shown, &e))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(FileError::Write {
            path: shown,
            reason: "the folder is not empty".into(),
        }),
    }
}

/// The real place below `to`, its folders made.
fn place(to: &Path, path: &str) -> io::Result<PathBuf> {
    let mut real = to.to_path_buf();
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        real.push(name);
        if names.peek().is_none() {
            break;
        }
        match private_folder(&real) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                if !fs::symlink_metadata(&real)?.is_dir() {
                    return Err(e);
                }
            }
            other => other?,
        }
    }
    Ok(real)
}

#[cfg(unix)]
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

fn write_file(to: &Path, path: &str, bytes: &[u8], executable: bool) -> io::Result<()> {
    let real = place(to, path)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if executable { 0o700 } else { 0o600 });
    }
    #[cfg(not(unix))]
    let _ = executable;
    options.open(real)?.write_all(bytes)
}

#[cfg(unix)]
fn write_link(to: &Path, path: &str, target: &str) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place(to, path)?)
}

#[cfg(not(unix))]
fn write_link(_: &Path, _: &str, _: &str) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "symlinks cannot be exported on this system",
    ))
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
