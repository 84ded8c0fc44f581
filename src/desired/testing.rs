//! Contexts, folders and renderers for the tests of this module.

use super::*;
use crate::model::{
    desired::DesiredObject,
    observation::{ItemId, ObjectId},
    tree::{NodeRef, Sealing, Step},
    value::Value,
};
use std::{ffi::OsString, fs, io::Write, sync::Arc};

/// Seals the data of Secrets, and nothing else.
pub(super) struct OnlySecrets;

impl Classifier for OnlySecrets {
    fn sealing(&self, id: &ItemId, path: &[Step<'_>], _: NodeRef<'_>) -> Sealing {
        match (id, path.first()) {
            (ItemId::Object(o), Some(Step::Member("data"))) if o.is("", "Secret") => {
                Sealing::Base64
            }
            _ => Sealing::Keep,
        }
    }
}

/// Everything that a context borrows.
pub(super) struct Setup {
    pub(super) key: DigestKey,
    pub(super) render: RenderPolicy,
    pub(super) rendered: BTreeMap<String, PathBuf>,
    pub(super) cache: ParseCache,
    pub(super) path: OsString,
    pub(super) cache_folder: Option<PathBuf>,
}

impl Setup {
    pub(super) fn new() -> Setup {
        Setup {
            key: DigestKey::for_this_run(&[1; 32]),
            render: RenderPolicy::default(),
            rendered: BTreeMap::new(),
            cache: ParseCache::new(),
            path: std::env::var_os("PATH").unwrap_or_default(),
            cache_folder: None,
        }
    }

    pub(super) fn context(&self) -> DesiredContext<'_> {
        DesiredContext {
            key: &self.key,
            classifier: &OnlySecrets,
            default_namespace: Some("shop"),
            cluster_scoped: &is_cluster_scoped,
            render: &self.render,
            rendered: &self.rendered,
            cache_folder: self.cache_folder.as_deref(),
            program_path: &self.path,
            cache: &self.cache,
        }
    }

    /// With the shipped classifier.
    pub(super) fn read_sealing(&self, spec: &DesiredSpec, root: &Path) -> DesiredWorld {
        let context = DesiredContext {
            classifier: &crate::classify::ByNameAndLook,
            ..self.context()
        };
        read(spec, &Files::folder(root), &context)
    }

    pub(super) fn read(&self, spec: &DesiredSpec, root: &Path) -> DesiredWorld {
        read(spec, &Files::folder(root), &self.context())
    }
}

/// Finds a renderer, in `PATH` or where `go install` puts it. Without one a test says that it is
/// skipped, or fails when `DRIFTGATE_REQUIRE_RENDERERS` is set.
pub(super) fn renderer(name: &str) -> Option<Setup> {
    let mut setup = Setup::new();
    let is_there = |path: &OsString| crate::process::find(name, path, "").is_ok();
    if is_there(&setup.path) {
        return Some(setup);
    }
    let gopath = std::process::Command::new("go")
        .args(["env", "GOPATH"])
        .output();
    if let Ok(output) = gopath {
        let bin = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("bin");
        let all = std::env::split_paths(&setup.path).chain([bin]);
        setup.path = std::env::join_paths(all).expect("no colon in GOPATH");
    }
    if is_there(&setup.path) {
        return Some(setup);
    }
    assert!(
        std::env::var_os("DRIFTGATE_REQUIRE_RENDERERS").is_none(),
        "{name} is required and not installed"
    );
    let _ = writeln!(std::io::stderr(), "skipped: {name} is not installed");
    None
}

/// A folder of `tests/data`.
pub(super) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// A folder with these files.
pub(super) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary folder");
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("below the root")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    root
}

/// A copy of a folder of `tests/data`.
pub(super) fn copy_of(name: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary folder");
    let source = Files::folder(&data(name));
    for path in source.walk("").expect("test data") {
        let to = root.path().join(&*path);
        fs::create_dir_all(to.parent().expect("below the root")).expect("a folder");
        fs::write(to, source.read(&path).expect("test data").bytes).expect("a file");
    }
    root
}

pub(super) fn manifests(paths: &[&str]) -> DesiredSpec {
    DesiredSpec::Manifests {
        paths: paths.iter().map(|p| (*p).into()).collect(),
    }
}

pub(super) fn object<'w>(
    world: &'w DesiredWorld,
    kind: &str,
    name: &str,
) -> &'w Arc<DesiredObject> {
    let found = world
        .objects
        .values()
        .find(|o| &*o.id.kind == kind && &*o.id.name == name);
    assert!(found.is_some(), "no {kind} {name} in {:?}", ids(world));
    found.expect("just asserted")
}

pub(super) fn ids(world: &DesiredWorld) -> Vec<String> {
    world.objects.keys().map(ObjectId::to_string).collect()
}

pub(super) fn problems(world: &DesiredWorld) -> Vec<String> {
    world
        .problems
        .iter()
        .map(|p| format!("{}{p}", if p.blocks { "! " } else { "" }))
        .collect()
}

/// `name = value @ place`, a line per setting; `<…>` is a symbol, `<<…>>` opaque.
pub(super) fn shown(world: &DesiredWorld) -> Vec<String> {
    world
        .settings
        .iter()
        .map(|s| {
            let value = match &s.entry.value {
                Value::Plain(plain) => plain.text().to_string(),
                Value::Secret(_) => "[secret]".to_owned(),
                Value::Composite(_) => "[composite]".to_owned(),
                Value::Symbol(text) => format!("<{text}>"),
                Value::Opaque(text) => format!("<<{text}>>"),
            };
            let place = s.entry.origin().and_then(|o| o.place.as_ref());
            format!(
                "{} = {value} @ {}",
                s.name,
                place.expect("every setting has one")
            )
        })
        .collect()
}

/// `name = value` of what wins, in the order of names.
pub(super) fn effective(world: &DesiredWorld) -> Vec<String> {
    let mut last = BTreeMap::new();
    for (setting, text) in world.settings.iter().zip(shown(world)) {
        let text = text
            .rsplit_once(" @ ")
            .map_or(text.clone(), |(t, _)| t.to_owned());
        last.insert(setting.name.clone(), text);
    }
    last.into_values().collect()
}
