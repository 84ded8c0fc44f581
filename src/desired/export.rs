//! The files that a render is made from: listed, identified, and written to a private folder.

use super::render::{Failed, Key, Rendered};
use crate::{
    git::{ExportLimits, FileError, Files, PathKind},
    model::place::Place,
};
use std::{collections::BTreeSet, path::Path, sync::Arc, thread, time::Duration};

/// Exports larger than this are refused: they are no configuration.
const MOST_BYTES: u64 = 200 << 20;
/// The same, in files.
const MOST_FILES: u64 = 50_000;
/// Symlinks that lead out of what is exported and stay in the repository.
const MOST_LINKS: usize = 200;

/// The files that a render is made from, as they are at a revision.
pub(super) struct Export<'a> {
    files: &'a Files,
    roots: &'a BTreeSet<Arc<str>>,
    below: Vec<Arc<str>>,
    place: &'a Place,
}

impl<'a> Export<'a> {
    /// Lists everything below `roots` (folders and files). A symlink that leads out of the
    /// repository, and a submodule, are refused here already.
    pub(super) fn plan(
        files: &'a Files,
        roots: &'a BTreeSet<Arc<str>>,
        place: &'a Place,
    ) -> Result<Export<'a>, Failed> {
        let mut below = Vec::new();
        for root in roots {
            match files.kind_of(root) {
                Ok(PathKind::Folder) => match files.walk(root) {
                    Ok(found) => below.extend(found),
                    Err(error) => return Err(Failed::file(place.clone(), &error)),
                },
                Ok(_) => below.push(root.clone()),
                Err(error) => return Err(Failed::file(place.clone(), &error)),
            }
        }
        Ok(Export {
            files,
            roots,
            below,
            place,
        })
    }

    /// The files, sorted within each root.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Arc<str>> {
        self.below.iter()
    }

    /// Every path with its content's id. File by file, because a folder's id says nothing of what
    /// its symlinks lead to.
    pub(super) fn identify(&self, key: &mut Key) -> Result<(), Failed> {
        for path in &self.below {
            key.add(path.as_bytes());
            match self.files.id_of(path) {
                Ok(id) => key.add(id.as_bytes()),
                // A symlink to nothing, a pipe: not exported.
                Err(FileError::NotFound { .. } | FileError::NotAFile { .. }) => key.add(b""),
                Err(error) => return Err(Failed::file(self.place.clone(), &error)),
            }
        }
        Ok(())
    }

    /// Writes the files to an empty folder, with what their symlinks lead to.
    pub(super) fn write(&self, to: &Path) -> Result<(), Failed> {
        let limits = ExportLimits {
            files: MOST_FILES,
            bytes: MOST_BYTES,
            refuse_lfs: true,
        };
        let mut paths: BTreeSet<String> = self.roots.iter().map(ToString::to_string).collect();
        loop {
            let list: Vec<&str> = paths.iter().map(String::as_str).collect();
            match self.files.export(&list, to, &limits) {
                Ok(_) => return Ok(()),
                // Found before anything is written.
                Err(FileError::LinkOutsideExport { target, .. }) if paths.len() < MOST_LINKS => {
                    if !paths.insert(target) {
                        return Err(Failed::refused(
                            self.place.clone(),
                            "a symlink leads in a circle",
                        ));
                    }
                }
                Err(error) => return Err(Failed::file(self.place.clone(), &error)),
            }
        }
    }

    /// Renders once, or twice where templates may yield something else the second time.
    pub(super) fn render_as_often_as_needed(
        &self,
        once: impl Fn() -> Result<Vec<u8>, Failed>,
    ) -> Result<Rendered, Failed> {
        let stdout = once()?;
        let Some(more) = self.asks_for_more_than_its_input()? else {
            return Ok(Rendered {
                stdout,
                again: None,
            });
        };
        if more.the_time {
            // The finest grain of what templates print is a second.
            thread::sleep(Duration::from_millis(1100));
        }
        // Random values differ for certain; the date of today is another one tomorrow.
        let again = Some(once()?).filter(|again| more.the_time || *again != stdout);
        Ok(Rendered { stdout, again })
    }

    /// Whether templates may yield something else at every render.
    fn asks_for_more_than_its_input(&self) -> Result<Option<More>, Failed> {
        let mut more = None;
        for path in &self.below {
            // What is inside an archive is not looked at: the charts that are handed on as archives
            // are those that make up passwords.
            if path.ends_with(".tgz") {
                more.get_or_insert(More { the_time: false });
            } else if path.contains("/templates/") || path.starts_with("templates/") {
                let found = self
                    .files
                    .read(path)
                    .map_err(|e| Failed::file(self.place.clone(), &e))?;
                match asks(&String::from_utf8_lossy(&found.bytes)) {
                    Some(More { the_time: true }) => return Ok(Some(More { the_time: true })),
                    Some(other) => drop(more.get_or_insert(other)),
                    None => {}
                }
            }
        }
        Ok(more)
    }
}

/// What a template asks for beside its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct More {
    /// The time, too; otherwise random values only.
    the_time: bool,
}

/// Functions of Sprig and Helm whose result is another one at every call.
const RANDOM: [&str; 17] = [
    "randAlphaNum",
    "randAlpha",
    "randAscii",
    "randNumeric",
    "randBytes",
    "randInt",
    "shuffle",
    "uuidv4",
    "genPrivateKey",
    "genCA",
    "genSelfSignedCert",
    "genSignedCert",
    "htpasswd",
    "bcrypt",
    "encryptAES",
    "genCAWithKey",
    "genSignedCertWithKey",
];
const TIME: [&str; 3] = ["now", "ago", "htmlDate"];

fn asks(template: &str) -> Option<More> {
    let mut more = None;
    for action in template.split("{{").skip(1) {
        let action = action.split("}}").next().unwrap_or(action);
        for word in action.split(|c: char| !c.is_ascii_alphanumeric()) {
            if TIME.contains(&word) {
                return Some(More { the_time: true });
            }
            if RANDOM.contains(&word) {
                more = Some(More { the_time: false });
            }
        }
    }
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_that_make_something_up() {
        let time = Some(More { the_time: true });
        let random = Some(More { the_time: false });
        assert_eq!(
            asks("now: {{ .Values.now }}x"),
            time,
            "better once too often"
        );
        assert_eq!(asks("now: {{ .Values.known }} genCA"), None);
        assert_eq!(asks("{{ randAlphaNum 10 | b64enc }}"), random);
        assert_eq!(asks("{{ uuidv4 }} {{- now | date \"2006\" -}}"), time);
        assert_eq!(asks("plain"), None);
    }
}
