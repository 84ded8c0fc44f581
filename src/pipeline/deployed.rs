//! Which revision each environment runs, as far as something says so.

use super::{
    desired_state::{LayerState, Reader, State},
    inputs::Run,
    judge,
    live::{self, Live},
    revisions::Revisions,
};
use crate::{
    compare::Comparison,
    git::{Files, Repository, Revision},
    kubernetes::deployers::{self, DeployerState},
    model::{
        desired::DesiredWorld,
        finding::{Message, WriterClass},
        observation::{ObjectId, Observation},
        report::{Deployed, Occasion},
        target::{DeployedSpec, DesiredSpec},
        value::Reading,
    },
    plan::{self, Plan},
};
use std::{collections::BTreeSet, sync::Arc};

/// At most so many commits between deployed and head are named.
const COMMITS: usize = 200;

/// Learns what every target in scope runs, and reads the desired side at that revision.
pub(crate) fn learn(
    run: &Run<'_>,
    plan: &Plan,
    revisions: &Revisions,
    state: &mut State,
    live: &Live,
) -> Vec<Deployed> {
    let reader = Reader::new(run, plan);
    let mut out = Vec::new();
    for (t, target) in plan.targets.iter().enumerate() {
        if !state.layers.iter().any(|l| l.target == t && l.in_scope) {
            continue;
        }
        // Without a cluster nothing says what was deployed, and nobody expects it to.
        let of_cluster = |l: &crate::plan::LayerPlan| l.kubernetes().is_some();
        if target.environment.deployed.is_none() && !target.layers.iter().any(of_cluster) {
            continue;
        }
        let mut deployed = one(run, plan, state, t, live);
        let revision = resolve(run, &mut deployed);
        for layer in state
            .layers
            .iter_mut()
            .filter(|l| l.target == t && l.in_scope)
        {
            let Some((repository, revision)) = &revision else {
                continue;
            };
            let planned = &target.layers[layer.layer];
            if planned.layer.repository.is_some() {
                continue;
            }
            let spec = planned.base.as_ref();
            match repository.files_at(revision) {
                Ok(files) => {
                    let world = reader.world(spec, &files, layer.namespace.as_deref());
                    match &world.incomplete {
                        None => layer.deployed = world,
                        // The revision may be older than the folder.
                        Some(why) => deployed.warnings.push(
                            Message::words(
                                "what was deployed can't be read, base stands in for it: ",
                            )
                            .name(why.detail.clone()),
                        ),
                    }
                }
                Err(e) => deployed
                    .warnings
                    .push(Message::words("what was deployed can't be read: ").name(e.to_string())),
            }
            if revisions.occasion == Occasion::Deploy && revisions.base_shown.is_none() {
                layer.base = layer.deployed.clone();
            }
        }
        if let Some((repository, revision)) = &revision {
            commits(repository, revision, revisions, state, t, &mut deployed);
        }
        out.push(deployed);
    }
    out
}

/// What the environment itself says.
fn one(run: &Run<'_>, plan: &Plan, state: &State, t: usize, live: &Live) -> Deployed {
    let target = &plan.targets[t];
    let mut out = Deployed {
        service: target.id.service.clone(),
        environment: target.id.environment.clone(),
        revision: None,
        how: "assumed base",
        warnings: vec![],
        commits: vec![],
    };
    let Some(spec) = &target.environment.deployed else {
        return out;
    };
    let observed = state
        .layers
        .iter()
        .filter(|l| l.target == t && target.layers[l.layer].kubernetes().is_some())
        .find_map(|l| live::system_of(plan, live, l));
    match (spec, observed) {
        (DeployedSpec::Ref(name), _) => from_ref(run, name, &mut out),
        (_, None) => out.warnings.push(Message::words(
            "what was deployed is not known: no cluster is read for this service",
        )),
        (DeployedSpec::Annotation(name), Some(system)) => {
            let worlds = state.layers.iter().filter(|l| l.target == t);
            let ids = worlds.flat_map(|l| l.head.objects.keys());
            from_annotation(name, ids, &system.observation, &mut out);
        }
        (_, Some(system)) => from_deployer(spec, &system.observation, &mut out),
    }
    out
}

fn from_ref(run: &Run<'_>, name: &str, out: &mut Deployed) {
    let Some(repository) = &run.repository else {
        return;
    };
    match repository.resolve_ref_name(name) {
        Ok(Some(revision)) => {
            out.revision = Some(revision.id);
            out.how = "ref";
        }
        Ok(None) => out.warnings.push(
            Message::words("the ref ")
                .name(name)
                .and(", which says what was deployed, does not exist in this clone"),
        ),
        Err(e) => out
            .warnings
            .push(Message::words("what was deployed can't be learnt: ").name(e.to_string())),
    }
}

fn from_annotation<'a>(
    name: &str,
    ids: impl Iterator<Item = &'a ObjectId>,
    live: &Observation,
    out: &mut Deployed,
) {
    let mut found: Vec<Arc<str>> = ids
        .filter_map(|id| {
            let item = match live.object(id) {
                Reading::Present(item) => item,
                _ => return None,
            };
            let root = item.tree.root();
            let text = root.text_at(&["metadata", "annotations", name])?;
            Some(text.into())
        })
        .collect();
    found.sort();
    found.dedup();
    let is_commit =
        |t: &str| (7..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_hexdigit());
    match found.as_slice() {
        [one] if !is_commit(one) => out.warnings.push(
            Message::words("the annotation ")
                .name(name)
                .and(", which says what was deployed, holds no commit id"),
        ),
        [one] => {
            out.revision = Some((**one).into());
            out.how = "annotation";
        }
        [] => out.warnings.push(
            Message::words("no object of this service has the annotation ")
                .name(name)
                .and(", which says what was deployed"),
        ),
        several => out.warnings.push(
            Message::words("the annotation ")
                .name(name)
                .and(" names ")
                .count(several.len())
                .and(" different revisions: a deploy is under way, or stopped half way"),
        ),
    }
}

fn from_deployer(spec: &DeployedSpec, live: &Observation, out: &mut Deployed) {
    let Some(id) = plan::deployer_object(spec) else {
        return;
    };
    let root = match live.object(&id) {
        Reading::Present(item) => item.tree.root(),
        Reading::Absent(_) => {
            out.warnings
                .push(Message(vec![]).name(id.to_string()).and(" does not exist"));
            return;
        }
        Reading::Unknown(why) => {
            out.warnings.push(
                Message(vec![])
                    .name(id.to_string())
                    .and(" can't be read: ")
                    .name(why.detail),
            );
            return;
        }
    };
    let (state, how): (DeployerState, &'static str) = match spec {
        DeployedSpec::ArgoCd { .. } => (deployers::argo_cd(root), "argo-cd"),
        _ => (deployers::flux(root), "flux"),
    };
    if state.suspended {
        out.warnings.push(
            Message(vec![])
                .name(id.to_string())
                .and(" is suspended: what is merged is not deployed"),
        );
    }
    if let Some(reason) = &state.failing {
        out.warnings.push(
            Message(vec![])
                .name(id.to_string())
                .and(" fails: ")
                .name(&**reason),
        );
    }
    match state.revision {
        Some(revision) => {
            out.revision = Some(revision);
            out.how = how;
        }
        None => out.warnings.push(
            Message(vec![])
                .name(id.to_string())
                .and(" does not say which git revision it applied"),
        ),
    }
}

/// The revision in this clone; without it base stands in, and that is said.
fn resolve(run: &Run<'_>, deployed: &mut Deployed) -> Option<(Repository, Revision)> {
    let name = deployed.revision.clone()?;
    let repository = run.repository.clone()?;
    match repository.resolve(&name) {
        Ok(revision) => {
            deployed.revision = Some(revision.id.clone());
            Some((repository, revision))
        }
        Err(_) => {
            deployed.warnings.push(
                Message::words("the deployed revision ")
                    .name(name)
                    .and(" is not in this clone; base stands in for it"),
            );
            deployed.how = "assumed base";
            None
        }
    }
}

/// The commits between deployed and head that touch what the target reads.
fn commits(
    repository: &Repository,
    deployed: &Revision,
    revisions: &Revisions,
    state: &State,
    t: usize,
    out: &mut Deployed,
) {
    let Some(head) = &revisions.head_commit else {
        return;
    };
    let mut inputs: Vec<&str> = state
        .layers
        .iter()
        .filter(|l| l.target == t)
        .flat_map(|l| l.head.inputs.iter().map(|i| &**i))
        .collect();
    inputs.sort_unstable();
    inputs.dedup();
    if let Ok(found) = repository.commits_between(deployed, head, &inputs, COMMITS) {
        out.commits = found.commits;
    }
}

/// Old versions of what a target reads that are tried.
const VERSIONS: usize = 10;
/// The same where each has to be rendered.
const RENDERS: usize = 3;
/// Commits that are looked at for them.
const LOOK_BACK: usize = 200;

/// A layer at an older revision, and what comparing with it gave.
type Tried = (Arc<DesiredWorld>, Comparison);

/// Learns what was deployed from what runs, where nothing says so: the newest revision up to base
/// with which everything agrees that no person wrote. Bounded; what is found is an estimate, and
/// the report says so.
pub(crate) struct Estimate<'a> {
    pub(crate) run: &'a Run<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) revisions: &'a Revisions,
    pub(crate) live: &'a Live,
}

impl Estimate<'_> {
    /// Fills in the estimate, and compares again what it changes.
    pub(crate) fn fill(
        &self,
        state: &mut State,
        compared: &mut [Option<Comparison>],
        deployed: &mut [Deployed],
    ) {
        let Some(base) = &self.revisions.base_commit else {
            return;
        };
        for out in deployed.iter_mut().filter(|d| d.revision.is_none()) {
            let Some(t) =
                self.plan.targets.iter().position(|t| {
                    t.id.service == out.service && t.id.environment == out.environment
                })
            else {
                continue;
            };
            let layers: Vec<usize> = (0..state.layers.len())
                .filter(|l| state.layers[*l].target == t && compared[*l].is_some())
                .collect();
            if self.plan.targets[t].environment.deployed.is_some() || layers.is_empty() {
                continue;
            }
            let agrees = |c: &Option<Comparison>| c.as_ref().is_some_and(agrees);
            if layers.iter().all(|l| agrees(&compared[*l])) {
                out.revision = Some(base.id.clone());
                out.how = "estimated";
            } else if !self.revisions.work_tree
                && let Some((revision, found)) = self.older(base, state, &layers)
            {
                out.revision = Some(revision.id.clone());
                out.how = "estimated";
                for (l, (world, comparison)) in layers.iter().zip(found) {
                    state.layers[*l].deployed = world;
                    compared[*l] = Some(comparison);
                }
                if let Some(repository) = &self.run.repository {
                    commits(repository, &revision, self.revisions, state, t, out);
                }
            }
        }
    }

    /// The newest older version with which live agrees.
    fn older(
        &self,
        base: &Revision,
        state: &State,
        layers: &[usize],
    ) -> Option<(Revision, Vec<Tried>)> {
        let repository = self.run.repository.as_ref()?;
        let reader = Reader::new(self.run, self.plan);
        let specs: Vec<&DesiredSpec> = layers
            .iter()
            .map(|l| {
                let layer = &state.layers[*l];
                self.plan.targets[layer.target].layers[layer.layer]
                    .base
                    .as_ref()
            })
            .collect::<Option<_>>()?;
        let cheap = |spec: &&DesiredSpec| matches!(spec, DesiredSpec::Manifests { .. });
        let versions = if specs.iter().all(cheap) {
            VERSIONS
        } else {
            RENDERS
        };
        let mut tried = Vec::new();
        let mut commit = base.id.clone();
        for _ in 0..LOOK_BACK {
            commit = repository.first_parent_of(&commit)?;
            let revision = repository.resolve(&commit).ok()?;
            let files = repository.files_at(&revision).ok()?;
            let version = content(&specs, &files);
            // A glob has no id of its own: such versions are not told apart.
            if version.iter().all(Option::is_some) && tried.contains(&version) {
                continue;
            }
            tried.push(version);
            if tried.len() > versions {
                return None;
            }
            let found: Vec<Tried> = layers
                .iter()
                .zip(&specs)
                .map(|(l, spec)| {
                    let layer = &state.layers[*l];
                    let world = reader.world(Some(spec), &files, layer.namespace.as_deref());
                    let then = LayerState {
                        deployed: world.clone(),
                        ..layer.clone()
                    };
                    let nothing = BTreeSet::new();
                    (
                        world,
                        judge::one(self.plan, self.live, &then, &nothing, false),
                    )
                })
                .collect();
            if found
                .iter()
                .all(|(w, c)| w.incomplete.is_none() && agrees(c))
            {
                return Some((revision, found));
            }
        }
        None
    }
}

/// What a version of the files is told apart by.
fn content(specs: &[&DesiredSpec], files: &Files) -> Vec<Option<Box<str>>> {
    specs
        .iter()
        .flat_map(|spec| match spec {
            DesiredSpec::Manifests { paths } => paths.iter().map(|p| &**p).collect(),
            // Whatever a render reads, it is in the repository.
            _ => vec![""],
        })
        .map(|path: &str| files.id_of(path).ok())
        .collect()
}

/// Whether everything agrees that no person, and nobody unknown, wrote.
fn agrees(comparison: &Comparison) -> bool {
    let read = comparison.unknown.is_none() && comparison.objects > 0;
    read && comparison
        .entries
        .iter()
        .filter(|e| e.state.is_problem() && !e.deploy_time && e.cause.is_none())
        .all(|e| {
            let writer = e.written.as_ref().and_then(|w| w.writers.first());
            writer.is_some_and(|w| matches!(w.class, WriterClass::Person | WriterClass::Controller))
        })
}
