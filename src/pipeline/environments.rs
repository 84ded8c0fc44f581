//! `driftgate compare`: environments, revisions, snapshots or files side by side.

mod evidence;
mod files;
mod places;
mod rows;

use super::{
    Analysis, BaselineFrom, CheckRequest, Inputs, desired_state, effective, inputs::Run, judge,
    live, revisions,
};
use crate::{
    check::TargetView,
    compare::parity::{ParitySide, compare_all},
    model::{
        environments::{ComparedPlace, Environments, PartialService},
        finding::Message,
        policy::Difference,
        report::{Coverage, CoverageStatus, Occasion, SideName, short_id},
    },
    plan,
};
use anyhow::bail;
use std::{collections::BTreeSet, sync::Arc};

use places::{Asked, Known, asked, known_environments, whose_live};

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
    match known_environments(request)? {
        Known::Environments(known) => environments(request, &known),
        Known::None(why) => files::compare(request, &why),
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

/// Everything that was read for one place.
struct ReadPlace {
    analysis: Analysis,
    /// All services of its configuration, wherever they run.
    services: BTreeSet<Arc<str>>,
    effective: Vec<Option<effective::TargetEffective>>,
}

fn environments(request: &EnvironmentsRequest, known: &[Arc<str>]) -> anyhow::Result<Environments> {
    let asked = asked(request, known)?;
    // Others of the configuration are left out; a name that nothing has is a slip of the hand.
    for name in request
        .inputs
        .live
        .iter()
        .filter_map(|(of, _)| of.as_deref())
    {
        if !known.iter().any(|k| **k == *name) {
            return Err(live::no_such(name, known.iter().map(AsRef::as_ref)));
        }
    }
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
    for (service, members) in by_service(&asked, &read, &views, &mut out) {
        for side in out.sides.clone() {
            one_service(&asked, &read, (&service, &members), side, &mut collected);
        }
        out.services.push(service);
    }
    collected.finish(&mut out, request.all);
    evidence::fill(&runs, &read, &asked, &mut out);
    Ok(out)
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
    let services = projects.head.targets.iter();
    let services = services.map(|t| t.id.service.clone()).collect();
    Ok(ReadPlace {
        analysis,
        services,
        effective,
    })
}

/// What was read for a place: its coverage, problems and notes, as a check has them.
fn describe(run: &Run<'_>, analysis: &Analysis, asked: &Asked, out: &mut Environments) {
    let report = judge::what_was_read(run, analysis);
    let place = ComparedPlace {
        name: asked.name.clone(),
        environment: Some(asked.environment.clone()),
        from: from(analysis, &report.coverage).into(),
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

/// The revision, and which live was read.
fn from(analysis: &Analysis, coverage: &[Coverage]) -> String {
    let head = &analysis.revisions.head_shown;
    let git = match &head.id {
        Some(id) => format!("{} {}", head.name, short_id(id)),
        None => head.name.to_string(),
    };
    let mut live: Vec<String> = vec![];
    let is_live =
        |c: &&Coverage| c.side == SideName::Live && c.status != CoverageStatus::NotInScope;
    for c in coverage.iter().filter(is_live) {
        let mut text = c.source.to_owned();
        if !c.from.is_empty() {
            text = format!("{text} {}", c.from);
        }
        if let Some(taken) = c.taken {
            text = format!("{text}, taken {taken}");
        }
        if !live.contains(&text) {
            live.push(text);
        }
    }
    match live.is_empty() {
        true => format!("git at {git}"),
        false => format!("git at {git}; live: {}", crate::text::list(&live, 3)),
    }
}

/// A service's view in each place.
type Members<'a> = Vec<Option<&'a TargetView<'a>>>;

/// The services of at least two places, sorted. One that a place lacks is a difference, unless
/// the configuration says so.
fn by_service<'a>(
    asked: &[Asked],
    read: &[ReadPlace],
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
        let mut lacking = members.iter().zip(read).filter(|(m, _)| m.is_none());
        if there.len() == members.len() {
        } else if lacking.all(|(_, place)| place.services.contains(service)) {
            out.notes.push(
                Message::words("not compared everywhere: of these, the configuration has ")
                    .name(&**service)
                    .and(" only in ")
                    .name(there.join(", ")),
            );
        } else {
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
            "no service runs in two of the places: there is nothing to compare",
        ));
    }
    found
}

fn one_service(
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
    let found = compare_all(&sides, &differences, true);
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
