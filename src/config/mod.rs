//! driftgate.yaml: found, read, checked, and turned into the [`Project`] that everything else
//! works on. Its format is described by [`json_schema`].
//!
//! Two types: the raw one mirrors the file (`raw`) and has the schema; the validated one
//! is [`Project`], with all variables filled in. All problems are found in one run, each with its
//! place, the marked line, and what to do.

mod discover;
mod each;
mod environments;
mod form;
mod layers;
mod leaf;
mod parity;
mod policy;
mod raw;
mod read;
mod schema;
mod services;
mod show;
mod sides;
mod suggest;
mod variables;
mod words;
mod zero;

#[cfg(test)]
mod tests;

pub use discover::{NAMES, NotFound, discover};
pub use leaf::expiry;
pub use policy::RULE_IDS;
pub use schema::{SCHEMA_ID, json_schema};
pub use show::show;
pub(crate) use suggest::{did_you_mean, nearest};
pub use zero::{split_context, zero_config};

use crate::{
    document::{self, Dialect, Format},
    git::Files,
    model::{
        place::Place,
        problem::Problem,
        target::{Gate, Project, RenderPolicy, below},
        tree::{NodeRef, Tree},
    },
};
use each::Finder;
use form::Form;
use leaf::{Map, Text};
use policy::{Known, Policy};
use read::{Cx, FromNode};
use services::Services;
use std::{collections::BTreeMap, sync::Arc};
use variables::{Filler, Scope};

/// A driftgate.yaml that was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it asks for.
    pub project: Project,
    /// Problems that leave nothing unread.
    pub problems: Vec<Problem>,
    /// Where its parts are written.
    pub places: Places,
    /// Files that it was spread out with (`each: { file: … }`), sorted: the answer changes with
    /// them.
    pub inputs: Vec<Arc<str>>,
}

/// Where the parts of a driftgate.yaml are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// By service and layer.
    pub layers: BTreeMap<(Arc<str>, Arc<str>), Place>,
    /// By environment.
    pub environments: BTreeMap<Arc<str>, Place>,
}

/// Reads a driftgate.yaml. `file` is its path in the repository: paths in it are relative to its
/// folder, those of the project to the repository's root. `files` is the repository at the same
/// revision, for services that are found in it (`each`).
///
/// # Errors
/// Every problem that leaves something unread, sorted by place; the harmless ones among them.
pub fn load(bytes: &[u8], file: &str, files: &Files) -> Result<Loaded, Vec<Problem>> {
    let source = String::from_utf8_lossy(bytes);
    let mut cx = Cx::new(file, &source);
    let home = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut finder = Finder::new(files, home);
    let mut places = Places::default();
    let project = read_tree(&mut cx, bytes)
        .filter(|tree| is_known_version(&mut cx, tree.root()))
        .and_then(|tree| raw::Project::read(&mut cx, tree.root()))
        .map(|raw| build(&mut cx, &mut finder, &mut places, &raw));
    let problems = in_order(cx.problems);
    match project {
        Some(project) if problems.iter().all(|p| !p.blocks) => Ok(Loaded {
            project: project.below(home),
            problems,
            places,
            inputs: finder.inputs.into_iter().collect(),
        }),
        _ => Err(problems),
    }
}

/// The one document of the file. Whatever a reader of manifests would let pass is a problem here.
fn read_tree(cx: &mut Cx<'_>, bytes: &[u8]) -> Option<Tree> {
    let parsed = document::parse(bytes, Format::Yaml(Dialect::Core));
    let broken = parsed.problems.iter().any(|p| p.blocks);
    for problem in parsed.problems {
        // A reader of manifests takes the last of two equal keys. Here it would lose a service.
        let message = problem.message.trim_end_matches("; the last one counts");
        cx.problem(problem.span, message).hint(problem.hint);
    }
    let mut documents = parsed.documents.into_iter();
    let first = documents.next();
    if let Some(second) = documents.next() {
        cx.problem(
            Some(second.start),
            "a second document begins here: expected one",
        )
        .hint("remove the `---` before it".to_string());
    }
    if first.is_none() && !broken {
        let message = "the file is empty";
        cx.problem(None, message)
            .hint("docs/configuration.md has one to begin with".to_string());
    }
    first.map(|d| d.tree)
}

/// Of a newer format the version is all that can be judged.
fn is_known_version(cx: &mut Cx<'_>, root: NodeRef<'_>) -> bool {
    match root.member("version") {
        Some(version) if version.as_i64().is_some_and(|v| v > leaf::VERSION) => {
            leaf::Version::read(cx, version);
            false
        }
        _ => true,
    }
}

fn build(
    cx: &mut Cx<'_>,
    finder: &mut Finder<'_>,
    places: &mut Places,
    raw: &raw::Project,
) -> Project {
    let mut filler = Filler::default();
    let home = finder.home;
    let environments = environments::build(cx, &mut filler, raw);
    for place in environments.values() {
        let at = Place::exact(cx.file.clone(), place.name.span);
        places.environments.insert(place.built.name.clone(), at);
    }
    let mut known = Known::default();
    let targets = Services {
        cx,
        filler: &mut filler,
        finder,
        places,
        known: &mut known,
        layers: 0,
    }
    .targets(raw, &environments);
    let repositories = repositories(cx, &mut filler, home, raw.repositories.as_ref());
    let mut policy = Policy::new(cx, &mut filler, raw, &environments, &known);
    let judged = Project {
        parity: policy.parity(raw.parity.as_deref().unwrap_or_default()),
        promotion: raw
            .promotion
            .as_ref()
            .map_or_else(Vec::new, |p| policy.promotion(p)),
        severities: policy.severities(raw.severity.as_deref().unwrap_or_default()),
        ignore: policy.ignores(raw.ignore.as_deref().unwrap_or_default()),
        waivers: policy.waivers(raw.waivers.as_deref().unwrap_or_default()),
        baseline: raw.baseline.as_ref().and_then(|b| policy.path(b)),
        ..Project::default()
    };
    filler.finish(cx);
    let built = environments.values().map(|p| p.built.clone());
    Project {
        environments: built.map(|e| (e.name.clone(), e)).collect(),
        targets,
        gate: gate(raw.gate.as_ref()),
        render: render(cx, raw.render.as_ref()),
        deployers: deployers(raw),
        repositories,
        ..judged
    }
}

fn gate(raw: Option<&raw::Gate>) -> Gate {
    let default = Gate::default();
    let Some(raw) = raw else { return default };
    Gate {
        fail_on: raw.fail_on.map_or(default.fail_on, |w| w.0),
        snapshot_max_age: raw
            .snapshot_max_age
            .as_ref()
            .map_or(default.snapshot_max_age, |s| s.value),
    }
}

fn render(cx: &mut Cx<'_>, raw: Option<&raw::Render>) -> RenderPolicy {
    let Some(raw) = raw else {
        return RenderPolicy::default();
    };
    layers::check_timeout(cx, raw.timeout.as_ref());
    RenderPolicy {
        allow_remote: raw.allow_remote.unwrap_or(false),
        timeout: raw
            .timeout
            .as_ref()
            .and_then(|t| u32::try_from(t.value).ok()),
    }
}

/// Other checkouts, by name, from the repository's root.
fn repositories(
    cx: &mut Cx<'_>,
    filler: &mut Filler,
    home: &str,
    raw: Option<&Map<Text>>,
) -> BTreeMap<Box<str>, Box<str>> {
    let scope = Scope::new("repositories".into(), false);
    let mut out = BTreeMap::new();
    for entry in raw.map_or(&[][..], |m| &m.0) {
        environments::check_name(cx, "repository", &entry.name);
        let Some(folder) = &entry.value else { continue };
        let Some(folder) = filler.fill(cx, folder, &scope, Form::Folder) else {
            continue;
        };
        if let Ok(folder) = Form::Folder.check(&below(home, &folder)) {
            out.insert(entry.name.value.as_str().into(), folder);
        }
    }
    out
}

fn deployers(raw: &raw::Project) -> Vec<Box<str>> {
    let texts = raw.deployers.as_deref().unwrap_or_default();
    texts.iter().map(|t| t.value.as_str().into()).collect()
}

/// By place, each once.
fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by(|a, b| (&a.place, &a.message).cmp(&(&b.place, &b.message)));
    problems.dedup();
    problems
}
