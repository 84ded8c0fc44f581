//! What kustomize and helm have in common: a private export of the inputs, a child under limits,
//! a cache of what was rendered, and opaque leaves for what no render can know.

use super::{
    DesiredContext,
    cache::CacheKey,
    disk,
    objects::{Extracted, Fault},
};
use crate::{
    git::{ExportLimits, FileError, Files, PathKind},
    model::{place::Place, problem::Problem, value::UnreadCause},
    process::{self, Command, Limits, Output, PrivateFolder, ProcessError},
};
use std::{
    collections::BTreeSet,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Exports larger than this are refused: they are no configuration.
const MOST_BYTES: u64 = 200 << 20;
/// The same, in files.
const MOST_FILES: u64 = 50_000;
/// Symlinks that lead out of what is exported and stay in the repository.
const MOST_LINKS: usize = 200;

/// How to get helm, or do without it.
pub(super) const INSTALL_HELM: &str = "https://helm.sh/docs/intro/install/, or hand over your own render with `rendered:` and --rendered";

/// Why there is no render.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) problem: Problem,
    pub(super) cause: UnreadCause,
}

impl Failed {
    /// Something that the files of the revision lack.
    pub(super) fn missing(place: Place, message: impl Into<String>) -> Failed {
        Failed {
            problem: Problem::new(Some(place), message),
            cause: UnreadCause::MissingObject,
        }
    }

    /// Something that rendering refuses to do, or can't.
    pub(super) fn refused(place: Place, message: impl Into<String>) -> Failed {
        Failed {
            problem: Problem::new(Some(place), message),
            cause: UnreadCause::NotRendered,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Failed {
        self.problem = self.problem.hint(hint);
        self
    }

    /// A file that could not be read.
    pub(super) fn file(place: Place, error: &FileError) -> Failed {
        Failed::missing(place, error.to_string())
    }
}

/// The place of a whole file.
pub(super) fn whole(file: &str) -> Place {
    Place::exact(file.into(), None)
}

/// A renderer on this machine.
pub(super) struct Tool {
    /// Absolute.
    pub(super) program: PathBuf,
    /// What it says of itself: other versions render differently.
    pub(super) version: Arc<str>,
}

/// Finds a renderer and asks for its version, once per run.
pub(super) fn tool(
    name: &str,
    install: &'static str,
    place: &Place,
    cx: &DesiredContext<'_>,
) -> Result<Tool, Failed> {
    let failed = |e: ProcessError| Failed::refused(place.clone(), e.to_string());
    let program = process::find(name, cx.program_path, install).map_err(failed)?;
    if let Some(version) = cx.cache.version(&program) {
        return Ok(Tool { program, version });
    }
    let home = PrivateFolder::new().map_err(failed)?;
    let output = run(&program, vec!["version".into()], &home, false, cx).map_err(failed)?;
    let version: Arc<str> = String::from_utf8_lossy(&output.stdout).trim().into();
    cx.cache.keep_version(&program, &version);
    Ok(Tool { program, version })
}

/// Runs a renderer with everything that it could write or look up inside `home`.
pub(super) fn run(
    program: &Path,
    arguments: Vec<OsString>,
    home: &PrivateFolder,
    network: bool,
    cx: &DesiredContext<'_>,
) -> Result<Output, ProcessError> {
    let inside = |name: &str| home.path().join(name).into_os_string();
    process::run(&Command {
        program,
        arguments,
        home,
        path: cx.program_path.to_owned(),
        variables: vec![
            ("HELM_CACHE_HOME", inside("helm-cache")),
            ("HELM_CONFIG_HOME", inside("helm-config")),
            ("HELM_DATA_HOME", inside("helm-data")),
            // No plugin, no repository, no registry of the user's.
            ("HELM_PLUGINS", inside("helm-plugins")),
            ("KUSTOMIZE_PLUGIN_HOME", inside("kustomize-plugins")),
            ("XDG_CONFIG_HOME", inside("config")),
            // The collector works harder before the limit kills.
            ("GOMEMLIMIT", "2GiB".into()),
        ],
        network,
        limits: Limits {
            time: Duration::from_secs(cx.render.timeout.unwrap_or(60).into()),
            ..Limits::default()
        },
    })
}

/// What makes one render differ from another.
pub(super) struct Key(blake3::Hasher);

impl Key {
    pub(super) fn new(kind: &str, tool: &Tool, cx: &DesiredContext<'_>) -> Key {
        let mut key = Key(blake3::Hasher::new_derive_key("driftgate v1 render"));
        key.add(kind.as_bytes());
        key.add(tool.program.as_os_str().as_encoded_bytes());
        key.add(tool.version.as_bytes());
        key.add(&[u8::from(cx.render.allow_remote)]);
        key.add(cx.default_namespace.unwrap_or_default().as_bytes());
        key
    }

    /// With its length, so that two parts are never taken for others.
    pub(super) fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    pub(super) fn finish(self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}

/// The objects of a render: of this run's memory, of the cache folder, or made now. What holds a
/// secret never reaches the cache folder.
pub(super) fn objects(
    key: [u8; 32],
    cx: &DesiredContext<'_>,
    render: impl FnOnce() -> Result<Rendered, Failed>,
    read: impl Fn(&Rendered) -> Extracted,
) -> Result<Arc<Extracted>, Failed> {
    let cache_key = CacheKey::Render(key);
    if let Some(known) = cx.cache.get(&cache_key) {
        return Ok(known);
    }
    let stored = cx.cache_folder.and_then(|f| disk::load(f, &key));
    if let Some(stdout) = stored {
        let rendered = Rendered {
            stdout,
            again: None,
        };
        return Ok(cx.cache.keep(cache_key, read(&rendered)));
    }
    let rendered = render()?;
    let made = read(&rendered);
    let sound = !made.faults.iter().any(|f: &Fault| f.problem.blocks);
    if let Some(folder) = cx.cache_folder
        && sound
        && !made.has_secrets
        && rendered.again.is_none()
    {
        disk::store(folder, &key, &rendered.stdout);
    }
    Ok(cx.cache.keep(cache_key, made))
}

/// What a renderer wrote.
pub(super) struct Rendered {
    pub(super) stdout: Vec<u8>,
    /// A second time, where the templates ask for random values or the time: what differs was
    /// generated, and is what nobody can know before it is deployed.
    pub(super) again: Option<Vec<u8>>,
}

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

    /// Whether templates may yield something else at every render.
    pub(super) fn asks_for_more_than_its_input(&self) -> Result<Option<More>, Failed> {
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
pub(super) struct More {
    /// The time, too; otherwise random values only.
    pub(super) the_time: bool,
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
