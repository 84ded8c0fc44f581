//! Walking below a folder: over symlinks, as people see it, and at real places, as it is stored.

use super::{
    error::FileError,
    files::Files,
    path::{join, segments},
    store::{Node, What},
};
use std::sync::Arc;

/// Files and folders of one walk; a tree object can stand for billions.
const MAX_ENTRIES: usize = 1_000_000;
/// Folders inside folders.
const MAX_DEPTH: usize = 256;

/// Something in a walked folder that was not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where; replacement characters where the name is not UTF-8.
    pub path: Arc<str>,
    /// Why.
    pub why: FileError,
}

/// Files below a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// Sorted. Symlinks to nothing and special files are among them: reading them says what is wrong.
    pub files: Vec<Arc<str>>,
    /// What may hold files and was not entered: submodules, symlinks that lead out or in a circle,
    /// unreadable folders, names that are not UTF-8. Sorted.
    pub skipped: Vec<Skipped>,
}

impl Files {
    /// All files below a folder, sorted; `""` is the root. Symlinked folders are followed, each
    /// once on a way down, so that circles end.
    ///
    /// # Errors
    /// [`FileError`], also for the first thing below the folder that could not be entered, so that
    /// no file is missing silently; names that are not UTF-8 are passed over.
    /// [`Files::walk_all`] goes on and lists both.
    pub fn walk(&self, folder: &str) -> Result<Vec<Arc<str>>, FileError> {
        let walk = self.walk_all(folder)?;
        let blocking = walk
            .skipped
            .into_iter()
            .find(|s| !matches!(s.why, FileError::NameNotUtf8 { .. }));
        match blocking {
            Some(skipped) => Err(skipped.why),
            None => Ok(walk.files),
        }
    }

    /// All files below a folder, and what could not be entered.
    ///
    /// # Errors
    /// When the folder itself cannot be read, or holds too much.
    pub fn walk_all(&self, folder: &str) -> Result<Walk, FileError> {
        self.walk_where(folder, &|_| true, &|_| true)
    }

    /// A walk that enters the folders that `may` accepts and keeps the files that `keep` accepts.
    pub(super) fn walk_where(
        &self,
        folder: &str,
        may: &dyn Fn(&str) -> bool,
        keep: &dyn Fn(&str) -> bool,
    ) -> Result<Walk, FileError> {
        let node = self.locate_folder(folder)?;
        let mut walker = Walker {
            files: self,
            may,
            keep,
            out: Walk::default(),
            above: Vec::new(),
            seen: 0,
        };
        walker.enter(node, &segments(folder)?.join("/"))?;
        let mut out = walker.out;
        out.files.sort();
        out.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(out)
    }

    /// Everything below a folder at its real place, folders left out, symlinks not followed; and
    /// the names that cannot be read.
    pub(super) fn physical(&self, folder: &Node) -> Result<(Vec<Node>, Vec<FileError>), FileError> {
        let (mut out, mut odd) = (Vec::new(), Vec::new());
        let mut open = vec![folder.clone()];
        let mut seen = 0usize;
        while let Some(next) = open.pop() {
            let (nodes, bad) = self.store().children(&next)?;
            odd.extend(bad);
            seen += nodes.len();
            if seen > MAX_ENTRIES || next.path.len() > MAX_DEPTH * 64 {
                return Err(too_many(&folder.path));
            }
            for node in nodes {
                match node.what {
                    What::Folder => open.push(node),
                    _ => out.push(node),
                }
            }
        }
        out.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((out, odd))
    }
}

/// One walk: the real places above guard against circles, the count against bombs.
struct Walker<'w> {
    files: &'w Files,
    may: &'w dyn Fn(&str) -> bool,
    keep: &'w dyn Fn(&str) -> bool,
    out: Walk,
    above: Vec<String>,
    seen: usize,
}

impl Walker<'_> {
    /// Walks a folder at its real place, shown under `shown`.
    fn enter(&mut self, folder: Node, shown: &str) -> Result<(), FileError> {
        if self.above.contains(&folder.path) {
            // A symlink back up: all that it leads to is listed already.
            return Ok(());
        }
        let listed = match self.files.store().children(&folder) {
            Ok(listed) if self.above.len() < MAX_DEPTH => listed,
            Ok(_) => return Err(too_many(shown)),
            Err(why) if self.above.is_empty() => return Err(why),
            Err(why) => {
                self.skip(shown, why);
                return Ok(());
            }
        };
        let (nodes, odd) = listed;
        self.seen += nodes.len();
        if self.seen > MAX_ENTRIES {
            return Err(too_many(shown));
        }
        for why in odd {
            let path = match &why {
                FileError::NameNotUtf8 { path }
                | FileError::Invalid { path, .. }
                | FileError::Unreadable { path, .. } => path.clone(),
                _ => shown.to_owned(),
            };
            self.skip(&path, why);
        }
        self.above.push(folder.path);
        for node in nodes {
            let name = node.path.rsplit('/').next().unwrap_or_default();
            let shown = join(shown, name);
            self.visit(node, &shown)?;
        }
        self.above.pop();
        Ok(())
    }

    fn visit(&mut self, node: Node, shown: &str) -> Result<(), FileError> {
        match node.what {
            What::File { .. } | What::Special => self.keep(shown),
            What::Folder if (self.may)(shown) => return self.enter(node, shown),
            What::Submodule if (self.may)(shown) => {
                let path = shown.to_owned();
                self.skip(shown, FileError::Submodule { path });
            }
            What::Folder | What::Submodule => {}
            What::Link if (self.may)(shown) || (self.keep)(shown) => {
                match self.files.locate(&node.path) {
                    Ok(None) => self.keep(shown),
                    Ok(Some(found)) => return self.visit(found.node, shown),
                    Err(why) => self.skip(shown, why),
                }
            }
            What::Link => {}
        }
        Ok(())
    }

    fn keep(&mut self, shown: &str) {
        if (self.keep)(shown) {
            self.out.files.push(shown.into());
        }
    }

    fn skip(&mut self, shown: &str, why: FileError) {
        self.out.skipped.push(Skipped {
            path: shown.into(),
            why,
        });
    }
}

fn too_many(path: &str) -> FileError {
    FileError::TooMany {
        path: if path.is_empty() { "the folder" } else { path }.into(),
        limit: MAX_ENTRIES,
    }
}
