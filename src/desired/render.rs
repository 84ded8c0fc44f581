//! What kustomize and helm have in common: a private export of the inputs, a child under limits,
//! a cache of what was rendered, and opaque leaves for what no render can know.

use super::{
    DesiredContext,
    cache::CacheKey,
    disk,
    objects::{Extracted, Fault},
    opaque,
    world::cause_of,
};
use crate::{
    document::{self, Dialect, Format, Parsed},
    git::FileError,
    model::{place::Place, problem::Problem, value::UnreadCause},
    process::{self, Command, Limits, Output, PrivateFolder, ProcessError},
};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How to get helm, or do without it.
pub(super) const INSTALL_HELM: &str = "https://helm.sh/docs/intro/install/, or hand over your own render with `rendered:` and --rendered";

/// Why there is no render.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) problem: Box<Problem>,
    pub(super) cause: UnreadCause,
}

impl Failed {
    /// Something that the files of the revision lack.
    pub(super) fn missing(place: Place, message: impl Into<String>) -> Failed {
        Failed {
            problem: Box::new(Problem::new(Some(place), message)),
            cause: UnreadCause::MissingObject,
        }
    }

    /// Something that rendering refuses to do, or can't.
    pub(super) fn refused(place: Place, message: impl Into<String>) -> Failed {
        Failed {
            problem: Box::new(Problem::new(Some(place), message)),
            cause: UnreadCause::NotRendered,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Failed {
        self.problem.hint = Some(hint.into());
        self
    }

    /// A file that could not be read.
    pub(super) fn file(place: Place, error: &FileError) -> Failed {
        Failed {
            cause: cause_of(error),
            ..Failed::missing(place, error.to_string())
        }
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

impl Rendered {
    /// Its documents, with what nobody can know made opaque.
    pub(super) fn parse(&self) -> Parsed {
        let k8s = Format::Yaml(Dialect::K8s);
        let mut parsed = document::parse(&self.stdout, k8s);
        if let Some(again) = &self.again {
            opaque::hide_generated(&mut parsed, &document::parse(again, k8s));
        }
        opaque::hide_sops(&mut parsed);
        parsed
    }
}
