//! Containers whose environment is older than what it was made from: a pod's environment is fixed
//! when its container starts. And predicted ones: a change under review that reaches no process,
//! because nothing rolls the workload out.

use super::{Compared, LayerInput, Restart, fields::ObjectSides};
use crate::{
    kubernetes::{
        environment::effective_environment,
        pods::{Pods, Staleness},
        workload::{self, ContainerRef},
    },
    model::{
        entry::EntryKey,
        observation::ObjectId,
        path::{KeyPath, Segment},
        state::State,
        tree::{NodeRef, Tree},
    },
};
use std::{
    cell::LazyCell,
    collections::{BTreeMap, BTreeSet},
};

/// Objects and keys that settings are made from, with the names of those settings.
type Sources = BTreeMap<(ObjectId, Option<Box<str>>), BTreeSet<Box<str>>>;

/// All restarts of a layer, in a stable order.
pub(crate) fn find(
    input: &LayerInput<'_>,
    objects: &[&ObjectSides<'_>],
    settings: &[Compared],
) -> Vec<Restart> {
    let mut out = Vec::new();
    let pods = input.live.map(Pods::of);
    for object in objects {
        let (Some(live), Some(root), Some(pods)) = (input.live, object.roots().live, &pods) else {
            continue;
        };
        if !pods.has(&object.id) {
            continue;
        }
        let world = super::worlds::LiveWorld {
            live,
            secrets: input.secrets,
        };
        for container in workload::containers(root) {
            let environment = effective_environment(&object.id, root, &container, &world);
            let mut sources: Sources = BTreeMap::new();
            for name in environment.variables.keys() {
                for (source, path) in environment.from(name) {
                    if source != object.id {
                        sources
                            .entry((source, data_key(&path)))
                            .or_default()
                            .insert(name.as_ref().into());
                    }
                }
            }
            out.extend(running(pods, object, &container, &sources));
        }
    }
    out.extend(predicted(objects, settings));
    out.sort_by(|a, b| {
        (&a.workload, &a.container, &a.source).cmp(&(&b.workload, &b.container, &b.source))
    });
    out
}

/// `data.KEY` of a ConfigMap or Secret.
fn data_key(path: &KeyPath) -> Option<Box<str>> {
    match path.0.as_slice() {
        [Segment::Member(_), Segment::Member(key)] => Some(key.clone()),
        _ => None,
    }
}

fn running(
    pods: &Pods<'_>,
    object: &ObjectSides<'_>,
    container: &ContainerRef<'_>,
    sources: &Sources,
) -> Vec<Restart> {
    let mut by_source: BTreeMap<&ObjectId, Restart> = BTreeMap::new();
    for ((source, key), settings) in sources {
        let asked = [(source.clone(), key.clone())];
        let stale: Vec<_> = pods
            .stale_containers(&object.id, container.name, &asked)
            .into_iter()
            .filter(|s| s.certainty != Staleness::Unknown)
            .collect();
        let Some(oldest) = stale.iter().map(|s| s.started).min() else {
            continue;
        };
        let changed = stale.iter().filter_map(|s| s.changed).min();
        let restart = by_source.entry(source).or_insert_with(|| Restart {
            workload: object.id.clone(),
            container: container.name.into(),
            source: source.clone(),
            settings: vec![],
            started: Some(oldest),
            changed,
            pods: stale.len(),
            certain: false,
            predicted: false,
        });
        restart.certain |= stale.iter().any(|s| s.certainty > Staleness::Possible);
        restart.settings.extend(settings.iter().cloned());
    }
    by_source.into_values().collect()
}

/// Settings that the change under review changes in a ConfigMap or Secret whose name stays, while
/// the workload's pod template stays as it is.
fn predicted(objects: &[&ObjectSides<'_>], settings: &[Compared]) -> Vec<Restart> {
    let mut out: BTreeMap<(ObjectId, Box<str>, ObjectId), Vec<Box<str>>> = BTreeMap::new();
    let by_name: LazyCell<BTreeMap<String, &ObjectSides<'_>>, _> = LazyCell::new(|| {
        // Of two kinds of one name the first one counts.
        let named = objects.iter().rev().map(|o| (o.id.to_string(), *o));
        named.collect()
    });
    for setting in settings
        .iter()
        .filter(|s| s.state == State::Pending || s.state == State::Behind)
    {
        let origin = setting.sides.head.present().and_then(|e| e.origin());
        let Some(source) = origin.and_then(|o| o.object()).cloned() else {
            continue;
        };
        let EntryKey::Setting(name) = &setting.key else {
            continue;
        };
        for consumer in &setting.affects {
            let Some((workload, container)) = consumer.split_once(" container ") else {
                continue;
            };
            let object = by_name.get(workload).copied();
            if let Some(object) = object.filter(|o| source != o.id && !template_changes(o)) {
                out.entry((object.id.clone(), container.into(), source.clone()))
                    .or_default()
                    .push((&**name).into());
            }
        }
    }
    out.into_iter()
        .map(|((workload, container, source), settings)| Restart {
            workload,
            container,
            source,
            settings,
            started: None,
            changed: None,
            pods: 0,
            certain: true,
            predicted: true,
        })
        .collect()
}

/// Whether deploying head rolls the workload: its pod template, generated names included, differs
/// from base's or from what was deployed.
fn template_changes(object: &ObjectSides<'_>) -> bool {
    let roots = object.roots();
    let template = |root: Option<NodeRef<'_>>| root.and_then(workload::pod_template).map(Tree::of);
    let head = template(roots.head);
    [roots.base, roots.deployed]
        .into_iter()
        .any(|before| template(before) != head)
}
