//! `driftgate compare`: environments, revisions, snapshots or files side by side.

mod evidence;
mod files;
mod rows;

use super::{
    Analysis, BaselineFrom, CheckRequest, Inputs, desired_state, effective, inputs::Run, judge,
    live, revisions,
};
use crate::{
    check::TargetView,
    compare::parity::{ParitySide, compare_all},
    config::did_you_mean,
    model::{
        environments::{ComparedPlace, Environments, PartialService},
        finding::Message,
        policy::Difference,
        report::{CoverageStatus, Occasion, SideName, short_id},
    },
    plan, snapshot,
};
use anyhow::bail;
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

/// Which sides are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// What git says.
    Desired,
    /// What is running.
    Live,
    /// Both, where live can be read.
    Both,
}

/// What `driftgate compare` was asked for.
pub struct EnvironmentsRequest {
    /// What is read, and where from.
    pub inputs: Inputs,
    /// Environments (with `@FILE` or `@REVISION`), or files and folders: two or more.
    pub places: Vec<String>,
    /// Which sides.
    pub sides: Sides,
    /// Documented and equal entries too.
    pub all: bool,
    /// The revision; absent: HEAD.
    pub head: Option<String>,
    /// Read the files as they lie.
    pub worktree: bool,
}

/// Compares environments, or files.
///
/// # Errors
/// When it can't even begin: arguments, configuration, revisions. What can't be read is in the
/// result, and makes it incomplete.
pub fn compare(request: &EnvironmentsRequest) -> anyhow::Result<Environments> {
    if request.places.len() < 2 {
        bail!("compare takes two environments or more, or two files or folders");
    }
    if !request.inputs.environments.is_empty() {
        bail!("compare takes the environments as arguments: leave --environment out");
    }
    if request.inputs.zero.is_some() {
        bail!("compare needs no --manifests: give the files or folders as arguments");
    }
    match known_environments(request)? {
        Known::Environments(known) => environments(request, &known),
        Known::None(why) => files::compare(request, &why),
    }
}

/// What the configuration has.
enum Known {
    Environments(Vec<Arc<str>>),
    /// There is no configuration, or no argument is of it; why files are looked for.
    None(String),
}

fn known_environments(request: &EnvironmentsRequest) -> anyhow::Result<Known> {
    let run = Run::new(&request.inputs)?;
    let is_path = |place: &String| run.directory.join(place).exists();
    let all_paths = request.places.iter().all(is_path);
    let file = match revisions::config_file(&run) {
        Ok(file) => file,
        Err(_) if all_paths => return Ok(Known::None("there is no driftgate.yaml".into())),
        Err(e) if request.inputs.config.is_some() => return Err(e),
        Err(e) => {
            let missing = request.places.iter().find(|p| !is_path(p));
            let missing = missing.map_or("", |p| p.as_str());
            bail!("{e:#}; and `{missing}` is no file or folder that could be compared without one")
        }
    };
    let chosen = revisions::choose(&run, &check_request(request, &request.inputs, None))?;
    let name = revisions::relative(&run, &file)?;
    // Files beside a configuration that does not know them, or is not committed yet.
    let project = match revisions::load(&name, &chosen.head) {
        Ok(project) => project,
        Err(_) if all_paths => {
            return Ok(Known::None(format!("{name} can't be read there")));
        }
        Err(e) => return Err(e),
    };
    let known: Vec<Arc<str>> = project.environments.keys().cloned().collect();
    let is_known = |place: &String| known.iter().any(|k| **k == *split(place).0);
    if all_paths && !request.places.iter().any(is_known) {
        return Ok(Known::None(format!(
            "{name} has no environment of that name"
        )));
    }
    Ok(Known::Environments(known))
}

/// `production@before.snapshot`: the environment, and what stands behind the first `@`.
fn split(place: &str) -> (&str, Option<&str>) {
    match place.split_once('@') {
        Some((environment, rest)) => (environment, Some(rest)),
        None => (place, None),
    }
}

fn check_request(
    request: &EnvironmentsRequest,
    inputs: &Inputs,
    revision: Option<&str>,
) -> CheckRequest {
    CheckRequest {
        inputs: inputs.clone(),
        base: None,
        head: revision.map(Into::into).or_else(|| request.head.clone()),
        worktree: request.worktree && revision.is_none(),
        // Everything is looked at.
        occasion: Some(Occasion::Audit),
        fail_on: None,
        baseline: BaselineFrom::Nowhere,
    }
}

/// A place: an environment as it is, or at another time.
struct Asked {
    name: Arc<str>,
    environment: Arc<str>,
    revision: Option<String>,
    snapshot: Option<PathBuf>,
}

fn asked(request: &EnvironmentsRequest, known: &[Arc<str>]) -> anyhow::Result<Vec<Asked>> {
    let directory = &request.inputs.directory;
    let mut out: Vec<Asked> = vec![];
    for place in &request.places {
        let (environment, at) = split(place);
        let Some(environment) = known.iter().find(|k| ***k == *environment) else {
            let hint = did_you_mean(environment, known.iter().map(|k| &**k));
            let hint = hint.map_or(String::new(), |h| format!(", {h}"));
            let all: Vec<&str> = known.iter().map(|k| &**k).collect();
            bail!(
                "there is no environment `{environment}`{hint} (the configuration has {})",
                all.join(", ")
            );
        };
        if at == Some("") {
            bail!("`{place}`: say which snapshot or revision after the @");
        }
        let file = at
            .filter(|at| directory.join(at).exists())
            .map(PathBuf::from);
        if out.iter().any(|o| *o.name == **place) {
            bail!("`{place}` is given twice: there is nothing to compare it with");
        }
        out.push(Asked {
            name: place.as_str().into(),
            environment: environment.clone(),
            revision: match &file {
                None => at.map(Into::into),
                Some(_) => None,
            },
            snapshot: file,
        });
    }
    Ok(out)
}

/// Everything that was read for one place.
struct ReadPlace {
    analysis: Analysis,
    effective: Vec<Option<effective::TargetEffective>>,
}

fn environments(request: &EnvironmentsRequest, known: &[Arc<str>]) -> anyhow::Result<Environments> {
    let asked = asked(request, known)?;
    let at_revision = asked.iter().any(|a| a.revision.is_some());
    let sides = match request.sides {
        Sides::Live if at_revision => bail!(
            "a revision has no live side: compare the desired one, or name a snapshot instead"
        ),
        // What runs now is not what ran at a revision.
        Sides::Both if at_revision => Sides::Desired,
        sides => sides,
    };
    let inputs: Vec<Inputs> = asked.iter().map(|a| inputs_of(request, a)).collect();
    let runs: Vec<Run<'_>> = inputs.iter().map(Run::new).collect::<anyhow::Result<_>>()?;
    whose_live(request, &asked, &inputs, &runs)?;
    let mut out = Environments::default();
    let mut read: Vec<ReadPlace> = vec![];
    for ((asked, inputs), run) in asked.iter().zip(&inputs).zip(&runs) {
        let check = check_request(request, inputs, asked.revision.as_deref());
        let place = read_place(run, &check, sides, asked.snapshot.is_some())?;
        describe(run, &place.analysis, asked, &mut out);
        read.push(place);
    }
    out.sides = match sides {
        Sides::Desired => vec![SideName::Desired],
        Sides::Live => vec![SideName::Live],
        Sides::Both => vec![SideName::Desired, SideName::Live],
    };
    let views: Vec<Vec<TargetView<'_>>> = read
        .iter()
        .map(|p| effective::views(&p.analysis.plan, &p.effective))
        .collect();
    let live_anywhere = views.iter().flatten().any(|v| v.live.is_some());
    if sides == Sides::Both && !live_anywhere {
        out.sides = vec![SideName::Desired];
    }
    out.coverage
        .retain(|c| c.status != CoverageStatus::NotInScope);
    let mut collected = rows::Collected::default();
    for (service, members) in by_service(&asked, &views, &mut out) {
        for side in out.sides.clone() {
            one_service(
                request,
                &asked,
                &read,
                (&service, &members),
                side,
                &mut collected,
            );
        }
        out.services.push(service);
    }
    collected.finish(&mut out, request.all);
    evidence::fill(&runs, &read, &asked, &mut out);
    Ok(out)
}

/// Each recorded live side must be known to be of one environment, and with some recorded, no
/// other is read over the network by surprise.
fn whose_live(
    request: &EnvironmentsRequest,
    asked: &[Asked],
    inputs: &[Inputs],
    runs: &[Run<'_>],
) -> anyhow::Result<()> {
    let given = &request.inputs.live;
    if given.is_empty() || request.sides == Sides::Desired {
        return Ok(());
    }
    for (asked, inputs) in asked.iter().zip(inputs) {
        if inputs.live.is_empty() {
            bail!(
                "--live has no snapshot of {name}: add --live {name}=PATH, or name the snapshot with the environment that has one (ENVIRONMENT@FILE) and leave --live out",
                name = asked.environment
            );
        }
    }
    let several = asked.iter().any(|a| a.environment != asked[0].environment);
    let Some(run) = runs.first().filter(|_| several) else {
        return Ok(());
    };
    for (_, path) in given.iter().filter(|(of, _)| of.is_none()) {
        let path = run.path(path);
        let recorded = snapshot::read_path(&path, &run.key, &run.classifier)?;
        if recorded.iter().any(|r| r.head.environment.is_none()) {
            bail!(
                "{} names no environment: say whose it is with --live ENVIRONMENT=PATH",
                path.display()
            );
        }
    }
    Ok(())
}

/// A place with its snapshot reads nothing else.
fn inputs_of(request: &EnvironmentsRequest, asked: &Asked) -> Inputs {
    let mut inputs = request.inputs.clone();
    inputs.environments = vec![asked.environment.to_string()];
    match &asked.snapshot {
        Some(file) => {
            inputs.live = vec![(Some(asked.environment.to_string()), file.clone())];
        }
        // Another environment's snapshot is not this one's.
        None => inputs
            .live
            .retain(|(of, _)| of.as_deref().is_none_or(|of| of == &*asked.environment)),
    }
    inputs
}

fn read_place(
    run: &Run<'_>,
    check: &CheckRequest,
    sides: Sides,
    snapshot: bool,
) -> anyhow::Result<ReadPlace> {
    let revisions = revisions::choose(run, check)?;
    let projects = revisions::projects(run, &revisions)?;
    let mut plan = plan::plan(None, &projects.head, &run.filter())?;
    if snapshot {
        // An old one is what was asked for.
        plan.gate.snapshot_max_age = i64::MAX;
    }
    run.progress(&format!("reading {} from git", plan::size(&plan)));
    let mut state = desired_state::read(run, &plan, &revisions);
    if sides == Sides::Desired {
        // A layer that only lives is part of what git's side comes to.
        for layer in &mut state.layers {
            let planned = &plan.targets[layer.target].layers[layer.layer];
            layer.in_scope = planned.head.is_none() && planned.layer.live.is_some();
        }
    }
    let live = live::read(run, &plan, &state)?;
    let compared = judge::compare(&plan, &state, &live);
    let analysis = Analysis {
        revisions,
        plan,
        state,
        live,
        deployed: vec![],
        compared,
    };
    let effective = analysis.effective(&|_| true);
    Ok(ReadPlace {
        analysis,
        effective,
    })
}

/// What was read for a place: its coverage, problems and notes, as a check has them.
fn describe(run: &Run<'_>, analysis: &Analysis, asked: &Asked, out: &mut Environments) {
    let report = judge::what_was_read(run, analysis);
    let place = ComparedPlace {
        name: asked.name.clone(),
        environment: Some(asked.environment.clone()),
        from: from(analysis, asked).into(),
    };
    out.coverage
        .extend(report.coverage.into_iter().map(|mut c| {
            c.environment = asked.name.clone();
            c
        }));
    for problem in report.problems {
        if !out.problems.contains(&problem) {
            out.problems.push(problem);
        }
    }
    for note in report.notes {
        if !out.notes.contains(&note) {
            out.notes.push(note);
        }
    }
    out.places.push(place);
}

fn from(analysis: &Analysis, asked: &Asked) -> String {
    let head = &analysis.revisions.head_shown;
    let git = match &head.id {
        Some(id) => format!("{} {}", head.name, short_id(id)),
        None => head.name.to_string(),
    };
    match &asked.snapshot {
        Some(file) => format!("git at {git}, live from {}", file.display()),
        None => format!("git at {git}"),
    }
}

/// A service's view in each place.
type Members<'a> = Vec<Option<&'a TargetView<'a>>>;

/// The services of at least two places, sorted; the others are told.
fn by_service<'a>(
    asked: &[Asked],
    views: &'a [Vec<TargetView<'a>>],
    out: &mut Environments,
) -> Vec<(Arc<str>, Members<'a>)> {
    let services: BTreeSet<&Arc<str>> = views.iter().flatten().map(|v| &v.id.service).collect();
    let mut found = vec![];
    for service in services {
        let members: Members<'_> = views
            .iter()
            .map(|of| of.iter().find(|v| v.id.service == *service))
            .collect();
        let there: Vec<Arc<str>> = members
            .iter()
            .zip(asked)
            .filter_map(|(m, a)| m.map(|_| a.name.clone()))
            .collect();
        if there.len() < members.len() {
            out.partial.push(PartialService {
                service: service.clone(),
                places: there.clone(),
            });
        }
        if there.len() > 1 {
            found.push((service.clone(), members));
        }
    }
    if found.is_empty() {
        out.notes.push(Message::words(
            "no service runs in two of the places: nothing was compared",
        ));
    }
    found
}

fn one_service(
    request: &EnvironmentsRequest,
    asked: &[Asked],
    read: &[ReadPlace],
    (service, members): (&Arc<str>, &Members<'_>),
    side: SideName,
    collected: &mut rows::Collected,
) {
    let present: Vec<(usize, &TargetView<'_>)> = members
        .iter()
        .enumerate()
        .filter_map(|(i, m)| Some((i, (*m)?)))
        .collect();
    let names: Vec<Vec<Box<str>>> = present
        .iter()
        .map(|(_, v)| v.environment.own_names())
        .collect();
    let mut sides: Vec<ParitySide<'_>> = vec![];
    let mut places: Vec<usize> = vec![];
    for ((place, view), names) in present.iter().zip(&names) {
        let (config, fields) = match side {
            SideName::Desired => (Some(view.head), view.fields),
            SideName::Live => (view.live, view.live_fields.unwrap_or_default()),
        };
        let Some(config) = config else { continue };
        places.push(*place);
        sides.push(ParitySide {
            target: view.id,
            names,
            config,
            fields,
        });
    }
    if sides.len() < 2 {
        return;
    }
    let differences = differences(read, asked, &places, service);
    let found = compare_all(&sides, &differences, request.all);
    let labels: Vec<Arc<str>> = places.iter().map(|i| asked[*i].name.clone()).collect();
    let configs: Vec<_> = sides.iter().map(|s| s.config).collect();
    collected.add(service, side, &labels, &configs, &differences, found);
}

/// The documented differences of every parity group that two of the environments are in.
fn differences(
    read: &[ReadPlace],
    asked: &[Asked],
    places: &[usize],
    service: &str,
) -> Vec<Difference> {
    let environments: BTreeSet<&Arc<str>> = places.iter().map(|i| &asked[*i].environment).collect();
    let Some(first) = read.first() else {
        return vec![];
    };
    if environments.len() < 2 {
        // One environment at several times has no lasting difference from itself.
        return vec![];
    }
    let judge = &first.analysis.plan.judge;
    let mut out: Vec<Difference> = vec![];
    for group in &judge.parity {
        let named = group.services.is_empty() || group.services.iter().any(|p| p.matches(service));
        let both = group
            .environments
            .iter()
            .filter(|e| environments.contains(e))
            .count();
        if named && both > 1 {
            out.extend(group.differences.iter().cloned());
        }
    }
    out
}
