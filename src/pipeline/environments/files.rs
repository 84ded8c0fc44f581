//! Files and folders side by side, without a configuration: manifests as objects, anything else as
//! settings.

use super::{EnvironmentsRequest, Sides, rows};
use crate::{
    compare::{
        LayerInput, Side,
        parity::{Gap, ParitySide, compare_all},
        surface::{self, SurfaceField},
        workload_settings,
    },
    desired::{self, DesiredContext},
    git::{Files, PathKind},
    merge::{LayerSide, merge},
    model::{
        desired::DesiredWorld,
        effective::EffectiveConfig,
        environments::{ComparedPlace, Environments, PartialService},
        finding::Message,
        observation::ItemId,
        path::KeyPath,
        place::Place,
        problem::Problem,
        report::{Coverage, CoverageStatus, SideName},
        setting::LayerSettings,
        target::{DesiredSpec, FilePart, FileSpec, Layer, RenderPolicy, SecretsMode, TargetId},
        value::{Unread, UnreadCause},
    },
    pipeline::inputs::Run,
    text::plural,
};
use anyhow::{Context, bail};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

/// One file or folder.
struct Given {
    name: Arc<str>,
    files: Files,
    /// Path below the root of `files`; `.` for a folder.
    path: String,
    is_folder: bool,
    /// What stands before paths of `files`, for people.
    prefix: String,
}

/// What was read of one, for one service.
struct ReadSide {
    target: TargetId,
    config: EffectiveConfig,
    fields: Vec<SurfaceField>,
    unread: Option<Unread>,
    problems: Vec<Problem>,
    objects: u64,
}

/// Compares files or folders.
pub(super) fn compare(request: &EnvironmentsRequest, why: &str) -> anyhow::Result<Environments> {
    let run = Run::new(&request.inputs)?;
    if request.sides == Sides::Live {
        bail!(
            "files have no live side: leave --side out, or name environments of a driftgate.yaml"
        );
    }
    let given: Vec<Given> = request
        .places
        .iter()
        .map(|place| given(&run, place))
        .collect::<anyhow::Result<_>>()?;
    if given.iter().any(|g| g.is_folder) && given.iter().any(|g| !g.is_folder) {
        bail!("compare takes files, or folders, not both at once");
    }
    let mut out = Environments {
        sides: vec![SideName::Desired],
        ..Environments::default()
    };
    out.notes.push(
        Message::words(
            "compared as they are, with no names taken out and no documented differences: ",
        )
        .name(why),
    );
    for g in &given {
        out.places.push(ComparedPlace {
            name: g.name.clone(),
            environment: None,
            from: if g.is_folder { "a folder" } else { "a file" }.into(),
        });
    }
    let mut collected = rows::Collected::default();
    let manifests: Vec<DesiredWorld> = given.iter().map(|g| objects(&run, g)).collect();
    if manifests.iter().any(|w| !w.objects.is_empty()) {
        let sides: Vec<ReadSide> = given
            .iter()
            .zip(manifests)
            .map(|(g, world)| of_objects(g, world))
            .collect();
        one("manifests", &given, sides, &mut out, &mut collected);
    } else if given.iter().all(|g| g.is_folder) {
        by_path(&run, &given, &mut out, &mut collected)?;
    } else {
        let sides = given
            .iter()
            .map(|g| of_settings(&run, g, &g.path, ""))
            .collect();
        one("", &given, sides, &mut out, &mut collected);
    }
    collected.finish(&mut out, request.all);
    Ok(out)
}

fn given(run: &Run<'_>, place: &str) -> anyhow::Result<Given> {
    let path = run.path(Path::new(place));
    let is_folder = path.is_dir();
    let (root, name) = if is_folder {
        (path.as_path(), ".".to_owned())
    } else {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.with_context(|| format!("{place} has no name"))?;
        (path.parent().unwrap_or(Path::new(".")), name)
    };
    let prefix = match (is_folder, place.rfind('/')) {
        (true, _) => format!("{}/", place.trim_end_matches('/')),
        (false, Some(at)) => place[..=at].to_owned(),
        (false, None) => String::new(),
    };
    Ok(Given {
        name: place.into(),
        files: Files::folder(root),
        path: name,
        is_folder,
        prefix,
    })
}

fn read(run: &Run<'_>, spec: &DesiredSpec, files: &Files) -> DesiredWorld {
    // One cache knows files by their path, and the roots differ here.
    let cache = desired::ParseCache::new();
    desired::read(
        spec,
        files,
        &DesiredContext {
            key: &run.key,
            classifier: &run.classifier,
            default_namespace: None,
            cluster_scoped: &desired::is_cluster_scoped,
            render: &RenderPolicy::default(),
            rendered: &BTreeMap::new(),
            cache_folder: None,
            program_path: &run.inputs.program_path,
            cache: &cache,
        },
    )
}

fn objects(run: &Run<'_>, g: &Given) -> DesiredWorld {
    let readable = g.is_folder
        || [".yaml", ".yml", ".json"]
            .iter()
            .any(|end| g.path.to_lowercase().ends_with(end));
    if !readable {
        return DesiredWorld::default();
    }
    let paths = vec![g.path.as_str().into()];
    read(run, &DesiredSpec::Manifests { paths }, &g.files)
}

fn target(service: &str, g: &Given) -> TargetId {
    TargetId {
        service: service.into(),
        environment: g.name.clone(),
    }
}

/// Objects: what containers see, the fields that parity looks at, and everything else.
fn of_objects(g: &Given, world: DesiredWorld) -> ReadSide {
    let nothing = || {
        Unread::new(
            UnreadCause::Malformed,
            "no Kubernetes object was found in it",
        )
    };
    let unread = match world.objects.is_empty() {
        true => world.incomplete.clone().or_else(|| Some(nothing())),
        false => world.incomplete.clone(),
    };
    let layer = Layer {
        name: "manifests".into(),
        closed: true,
        ..Layer::default()
    };
    let settings = {
        let none = BTreeSet::new();
        workload_settings(
            &LayerInput {
                layer: &layer,
                base: &world,
                head: &world,
                deployed: &world,
                live: None,
                secrets: SecretsMode::References,
                deployer: None,
                claimed: &none,
                deployers: &[],
            },
            Side::Head,
        )
    };
    let mut fields = surface::of_git(&world, &[]);
    fields.extend(surface::everything_else(&world));
    let mut settings = settings;
    // References to what is in no file are no reason to know nothing.
    if world.incomplete.is_none() {
        settings.entries.retain(|e| e.why_unread().is_none());
        settings.may_hold.clear();
        settings.certain = settings.entries.len();
    }
    ReadSide {
        target: target("manifests", g),
        config: merged(&layer, &settings),
        fields,
        unread,
        problems: world.problems,
        objects: world.objects.len() as u64,
    }
}

fn merged(layer: &Layer, settings: &LayerSettings) -> EffectiveConfig {
    let side = LayerSide {
        layer,
        settings,
        borrowed: false,
    };
    merge(&[side], false, &BTreeMap::new())
}

/// The names that tell a format.
const NAMES: &str = "what is read ends in .yaml, .yml, .json, .jsonc, .toml, .env, .properties, .ini, .cfg or .tfvars (docs/formats.md)";

/// The settings of one file.
fn of_settings(run: &Run<'_>, g: &Given, path: &str, service: &str) -> ReadSide {
    let target = target(service, g);
    if desired::format_of_file(path, None).is_none() {
        let why = format!("the name tells no format: {NAMES}");
        return ReadSide {
            target,
            config: EffectiveConfig::default(),
            fields: vec![],
            unread: Some(Unread::new(UnreadCause::Malformed, why)),
            problems: vec![],
            objects: 0,
        };
    }
    let spec = DesiredSpec::File(FileSpec {
        parts: vec![FilePart {
            file: path.into(),
            ..FilePart::default()
        }],
        ..FileSpec::default()
    });
    let world = read(run, &spec, &g.files);
    let layer = Layer {
        name: "".into(),
        closed: true,
        ..Layer::default()
    };
    let settings = LayerSettings {
        entries: world.settings,
        unread: world.incomplete.clone(),
        beyond: world.beyond,
        certain: world.certain,
        may_hold: vec![],
    };
    ReadSide {
        target,
        config: merged(&layer, &settings),
        fields: vec![],
        unread: world.incomplete,
        problems: world.problems,
        objects: 0,
    }
}

/// Folders of settings: each file with the one at the same path.
fn by_path(
    run: &Run<'_>,
    given: &[Given],
    out: &mut Environments,
    collected: &mut rows::Collected,
) -> anyhow::Result<()> {
    let mut all: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, g) in given.iter().enumerate() {
        let mut found = vec![];
        files_below(&g.files, "", &mut found, 0)?;
        for path in found {
            all.entry(path).or_default().push(i);
        }
    }
    let is_read = |path: &str| desired::format_of_file(path, None).is_some();
    if !all.keys().any(|path| is_read(path)) {
        bail!("there is no file in these folders whose format is known: {NAMES}");
    }
    let mut others = 0;
    for (path, places) in all {
        if places.len() < given.len() {
            out.partial.push(PartialService {
                service: path.as_str().into(),
                places: places.iter().map(|i| given[*i].name.clone()).collect(),
            });
        }
        if places.len() < 2 {
            continue;
        }
        if !is_read(&path) {
            others += 1;
            continue;
        }
        let those: Vec<&Given> = places.iter().map(|i| &given[*i]).collect();
        let sides = those
            .iter()
            .map(|g| of_settings(run, g, &path, &path))
            .collect();
        service(&path, &those, sides, out, collected);
    }
    if others > 0 {
        let files = plural(others, "file");
        let words = format!("not compared: {files} of which the name tells no format");
        out.notes.push(Message(vec![]).name(words));
    }
    if out.services.is_empty() {
        out.notes.push(Message::words(
            "no file that is read lies at the same path in two of the folders",
        ));
    }
    Ok(())
}

/// Deeper than this, nobody keeps settings.
const DEEPEST: usize = 32;

fn files_below(
    files: &Files,
    folder: &str,
    out: &mut Vec<String>,
    depth: usize,
) -> anyhow::Result<()> {
    if depth > DEEPEST {
        bail!("{folder} lies too deep");
    }
    for entry in files.list(folder)? {
        let path = crate::model::target::below(folder, &entry.name).to_string();
        match entry.kind {
            PathKind::Folder if &*entry.name == ".git" => {}
            PathKind::Folder => files_below(files, &path, out, depth + 1)?,
            PathKind::File => out.push(path),
            _ => {}
        }
    }
    Ok(())
}

fn one(
    name: &str,
    given: &[Given],
    sides: Vec<ReadSide>,
    out: &mut Environments,
    collected: &mut rows::Collected,
) {
    let all: Vec<&Given> = given.iter().collect();
    service(name, &all, sides, out, collected);
}

fn service(
    name: &str,
    given: &[&Given],
    read: Vec<ReadSide>,
    out: &mut Environments,
    collected: &mut rows::Collected,
) {
    let name: Arc<str> = name.into();
    for (g, side) in given.iter().zip(&read) {
        out.coverage.push(coverage(g, &name, side));
        for mut problem in side.problems.iter().cloned() {
            problem.place = problem.place.map(|p| moved(&p, &g.prefix));
            out.problems.push(problem);
        }
    }
    let sides: Vec<ParitySide<'_>> = read
        .iter()
        .map(|r| ParitySide {
            target: &r.target,
            names: &[],
            config: &r.config,
            fields: &r.fields,
        })
        .collect();
    let mut found = compare_all(&sides, &[], true);
    let told = told(&found.gaps);
    found.gaps.retain(|g| !is_told(g, &told));
    let labels: Vec<Arc<str>> = given.iter().map(|g| g.name.clone()).collect();
    let configs: Vec<&EffectiveConfig> = read.iter().map(|r| &r.config).collect();
    for gap in found.gaps.iter_mut().chain(&mut found.equal) {
        for (value, g) in gap.values.iter_mut().zip(given) {
            value.reading = value.reading.clone().map(|mut entry| {
                for origin in &mut entry.from {
                    origin.place = origin.place.as_ref().map(|p| moved(p, &g.prefix));
                }
                entry
            });
        }
    }
    collected.add(&name, SideName::Desired, &labels, &configs, &[], found);
    if !out.services.contains(&name) {
        out.services.push(name);
    }
}

/// A place as it is seen from the folder that the run starts in.
fn moved(place: &Place, prefix: &str) -> Place {
    Place {
        file: format!("{prefix}{}", place.file).into(),
        ..place.clone()
    }
}

/// Why something was not read, with paths as they are seen from the folder that the run starts in.
fn seen_from_here(g: &Given, side: &ReadSide, why: &Unread) -> Unread {
    let mut blocking = side.problems.iter().filter(|p| p.blocks);
    let Some(first) = blocking.next() else {
        return why.clone();
    };
    let first = Problem {
        place: first.place.as_ref().map(|p| moved(p, &g.prefix)),
        ..first.clone()
    };
    Unread::new(
        why.cause,
        match blocking.count() {
            0 => first.to_string(),
            more => format!("{first}; {more} more"),
        },
    )
}

fn coverage(g: &Given, service: &Arc<str>, side: &ReadSide) -> Coverage {
    let empty = side.objects == 0 && side.config.settings.is_empty();
    Coverage {
        service: service.clone(),
        environment: g.name.clone(),
        layer: "".into(),
        side: SideName::Desired,
        source: if side.objects > 0 {
            "manifests"
        } else {
            "file"
        },
        from: (&*g.name).into(),
        status: match side.unread.as_ref().map(|why| seen_from_here(g, side, why)) {
            Some(why) if empty => CoverageStatus::Failed(why),
            Some(why) => CoverageStatus::Partial(why),
            None => CoverageStatus::Read,
        },
        objects: side.objects,
        entries: side.config.settings.len() as u64,
        opaque: 0,
        taken: None,
        without: vec![],
        is_settings: side.objects == 0,
    }
}

/// Where the values of differing settings stand: their fields say nothing new.
fn told(gaps: &[Gap]) -> BTreeSet<(ItemId, KeyPath)> {
    gaps.iter()
        .filter(|g| g.holder.is_none())
        .flat_map(|g| &g.values)
        .filter_map(|v| v.reading.present())
        .flat_map(|e| &e.from)
        .map(|o| (o.item.clone(), o.path.clone()))
        .collect()
}

/// Whether a field is where the value of a differing setting comes from.
fn is_told(gap: &Gap, told: &BTreeSet<(ItemId, KeyPath)>) -> bool {
    gap.holder.is_some()
        && gap
            .values
            .iter()
            .filter_map(|v| v.reading.present())
            .flat_map(|e| &e.from)
            .any(|o| told.contains(&(o.item.clone(), o.path.clone())))
}
