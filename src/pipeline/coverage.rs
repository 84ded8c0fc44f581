//! What was read of each layer, in a line per side: what a report begins with, and what its verdict
//! rests on.

use super::{
    desired_state::LayerState,
    live::{Live, SystemState, settings_of, system_of},
};
use crate::{
    check::between::Between,
    compare::Comparison,
    model::{
        desired::DesiredWorld,
        observation::{Observation, Outcome, Scope},
        report::{Coverage, CoverageStatus, SideName},
        value::{Unread, UnreadCause},
    },
    plan::{LayerPlan, Plan},
    source::kind_of,
};
use std::{cell::LazyCell, collections::BTreeSet};

/// Both sides of a layer, as far as it has them.
pub(super) fn of(
    plan: &Plan,
    live: &Live,
    layer: &LayerState,
    comparison: Option<&Comparison>,
) -> Vec<Coverage> {
    let target = &plan.targets[layer.target];
    let planned = &target.layers[layer.layer];
    let spec = planned.head.as_ref().or(planned.base.as_ref());
    let is_settings = match (spec, &planned.layer.live) {
        (Some(spec), _) => !spec.has_objects(),
        (None, live) => live.as_ref().is_some_and(|l| kind_of(l).settings.is_some()),
    };
    let coverage = |side, source, from: &str, status| Coverage {
        service: target.id.service.clone(),
        environment: target.id.environment.clone(),
        layer: planned.layer.name.clone(),
        side,
        source,
        from: from.into(),
        status,
        is_settings,
        objects: 0,
        entries: 0,
        opaque: 0,
        taken: None,
        without: vec![],
    };
    let desired = spec.map(|spec| {
        let status = desired_status(layer, is_settings);
        let of_git = coverage(SideName::Desired, spec.kind(), &spec.shown(), status);
        counted(of_git, &layer.head)
    });
    let live_side = match comparison {
        None => planned.layer.live.as_ref().map(|spec| {
            let status = CoverageStatus::NotInScope;
            coverage(SideName::Live, spec.kind(), "", status)
        }),
        Some(comparison) => system_of(plan, live, layer).map(|system| {
            let held = Held::of(planned, system, comparison);
            let status = live_status(layer, planned, system, &held);
            Coverage {
                objects: held.objects,
                entries: held.entries,
                opaque: held.opaque,
                taken: system.taken.map(|t| t.0),
                // What failed as a whole needs no list of its parts.
                without: match status {
                    CoverageStatus::Failed(_) => vec![],
                    _ => helps_missed(&system.observation),
                },
                ..coverage(SideName::Live, system.source, &system.from, status)
            }
        }),
    };
    desired.into_iter().chain(live_side).collect()
}

/// With what git has.
fn counted(mut coverage: Coverage, world: &DesiredWorld) -> Coverage {
    coverage.objects = world.objects.len() as u64;
    if coverage.is_settings {
        let settings = &world.settings;
        let names: BTreeSet<&str> = settings.iter().map(|s| &*s.name).collect();
        let opaque = settings.iter().filter(|s| s.entry.value.is_opaque());
        coverage.entries = names.len() as u64;
        coverage.opaque = opaque.count() as u64;
    }
    coverage
}

/// Of environments that could not be compared completely.
pub(super) fn between(between: &Between<'_>, why: Unread) -> Coverage {
    let environments = between.members.iter().map(|m| &*m.id.environment);
    let environments: Vec<&str> = environments.collect();
    Coverage {
        service: between.service.clone(),
        environment: environments.join(", ").into(),
        layer: "parity".into(),
        side: SideName::Desired,
        source: "layers",
        from: "".into(),
        status: CoverageStatus::Partial(why),
        is_settings: true,
        objects: 0,
        entries: between.head.compared,
        opaque: between.head.opaque,
        taken: None,
        without: vec![],
    }
}

fn desired_status(layer: &LayerState, is_settings: bool) -> CoverageStatus {
    let unread = layer
        .head
        .incomplete
        .as_ref()
        .or(layer.base.incomplete.as_ref());
    match unread {
        None if !is_settings && layer.head.objects.is_empty() && layer.base.objects.is_empty() => {
            CoverageStatus::Failed(Unread::new(
                UnreadCause::Malformed,
                "no Kubernetes object was found there: is it the right place?",
            ))
        }
        None => CoverageStatus::Read,
        Some(why) if layer.head.objects.is_empty() && layer.head.settings.is_empty() => {
            CoverageStatus::Failed(why.clone())
        }
        Some(why) => CoverageStatus::Partial(why.clone()),
    }
}

/// What the live side of a layer holds, counted.
struct Held {
    objects: u64,
    entries: u64,
    opaque: u64,
    /// Why some of it is not known.
    unknown: Option<Unread>,
}

impl Held {
    /// Of a layer of settings, what was read; of one with objects, what was compared.
    fn of(planned: &LayerPlan, system: &SystemState, comparison: &Comparison) -> Held {
        match settings_of(planned, system) {
            None => Held {
                objects: comparison.objects,
                entries: comparison.compared,
                opaque: comparison.opaque,
                unknown: comparison.unknown.clone(),
            },
            Some(settings) => {
                let entries = settings.entries.iter();
                let unread = entries.clone().find_map(|e| e.why_unread()).cloned();
                let opaque = entries.filter(|e| e.entry.value.is_opaque()).count();
                Held {
                    objects: 0,
                    entries: settings.entries.len() as u64,
                    opaque: opaque as u64,
                    unknown: settings.unread.or(unread),
                }
            }
        }
    }
}

/// What the reads that this layer rests on came to.
fn live_status(
    layer: &LayerState,
    planned: &LayerPlan,
    system: &SystemState,
    held: &Held,
) -> CoverageStatus {
    if let Some(why) = &system.unread {
        return CoverageStatus::Failed(why.clone());
    }
    // Going through all objects again is for the rare read that failed.
    let scopes = LazyCell::new(|| {
        let worlds: [&DesiredWorld; 2] = [&layer.base, &layer.head];
        let wanted = planned.wanted(&worlds, layer.namespace.as_deref(), None);
        let spec = planned.layer.live.as_ref();
        spec.map_or(vec![], |spec| (kind_of(spec).scopes)(spec, &wanted))
    });
    let rests_on = |scope: &Scope| scopes.iter().any(|s| s.meets(scope));
    let mut failed: Vec<&Unread> = system
        .observation
        .reads()
        .iter()
        .filter_map(|r| match &r.outcome {
            Outcome::Failed(u) | Outcome::Partial(u) => rests_on(&r.scope).then_some(u),
            Outcome::Complete | Outcome::Skipped(_) => None,
        })
        .collect();
    failed.dedup();
    let why = match failed.as_slice() {
        [] => match &held.unknown {
            None => return CoverageStatus::Read,
            Some(why) if why.cause == UnreadCause::NotAsked && system.source == "snapshot" => {
                Unread::new(
                    why.cause,
                    "the snapshot does not hold everything that git refers to: record a new one with `driftgate snapshot`",
                )
            }
            Some(why) => why.clone(),
        },
        [one] => (*one).clone(),
        [first, rest @ ..] => Unread::new(
            first.cause,
            format!("{} (and {} more)", first.detail, rest.len()),
        ),
    };
    let read = match settings_of(planned, system) {
        Some(_) => held.entries,
        None => held.objects,
    };
    if read == 0 {
        CoverageStatus::Failed(why)
    } else {
        CoverageStatus::Partial(why)
    }
}

/// Evidence that was not to be had; kinds that the cluster does not serve are no loss.
fn helps_missed(observation: &Observation) -> Vec<Box<str>> {
    let mut out: Vec<Box<str>> = observation
        .reads()
        .iter()
        .filter_map(|r| match &r.outcome {
            Outcome::Skipped(u) if u.cause != UnreadCause::NotServed => Some(u.detail.clone()),
            _ => None,
        })
        .collect();
    out.sort();
    out.dedup();
    out
}
