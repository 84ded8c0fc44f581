//! What the pods of a workload tell: which containers run with values that have changed since,
//! and what earlier templates held.
//!
//! A container's environment is fixed when the container starts, not when its pod does: a restart
//! after a crash takes new values. Times come from two clocks with whole seconds.

use super::ownership::{BEFORE_FIRST_APPLY, Ownership};
use crate::model::{
    observation::{Item, ObjectId, Observation, WriteRecord},
    path::KeyPath,
    time::Timestamp,
    tree::{Kind, NodeRef},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

mod restarts;
mod templates;
pub use restarts::{RestartedBy, restarted_by};
pub use templates::{Revision, TemplateChange, when_changed};

/// Differences of the server's and the nodes' clocks, and the kubelet's delay, in seconds.
const TOLERANCE: i64 = 5;
/// How far up owner references are followed: Pod, Job, CronJob, and one for what owns that.
const MAX_OWNERS: usize = 4;

/// The pods and earlier templates of all workloads of an observation.
#[derive(Debug)]
pub struct Pods<'a> {
    observation: &'a Observation,
    pods: BTreeMap<ObjectId, Vec<&'a ObjectId>>,
    revisions: BTreeMap<ObjectId, Vec<(&'a ObjectId, &'a Item)>>,
}

/// A container that runs with a value that has changed since it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleContainer {
    /// Its pod.
    pub pod: ObjectId,
    /// Its name.
    pub container: Box<str>,
    /// When it was started.
    pub started: Timestamp,
    /// Which object changed.
    pub source: ObjectId,
    /// Not later than this; absent when the server does not know.
    pub changed: Option<Timestamp>,
    /// What that is worth.
    pub certainty: Staleness,
}

/// What is known of a container's values. Best evidence last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Staleness {
    /// The start and the change are too close to tell, or the server keeps no time of the change.
    Unknown,
    /// The object that holds the value was written after the start; whether this value was, is not
    /// certain.
    Possible,
    /// The value was written after the start.
    Certain,
}

impl<'a> Pods<'a> {
    /// Reads the owner references of all pods, ReplicaSets and ControllerRevisions.
    #[must_use]
    pub fn of(observation: &'a Observation) -> Pods<'a> {
        let mut out = Pods {
            observation,
            pods: BTreeMap::new(),
            revisions: BTreeMap::new(),
        };
        for (id, item) in observation.objects_of("", "Pod") {
            for owner in owners(observation, id, item.tree.root()) {
                out.pods.entry(owner).or_default().push(id);
            }
        }
        for kind in ["ControllerRevision", "ReplicaSet"] {
            for (id, item) in observation.objects_of("apps", kind) {
                if let Some(owner) = controller(id, item.tree.root()) {
                    out.revisions.entry(owner).or_default().push((id, item));
                }
            }
        }
        out
    }

    /// Whether any pod of `workload` is known.
    #[must_use]
    pub fn has(&self, workload: &ObjectId) -> bool {
        self.pods.contains_key(workload)
    }

    /// The containers called `container` in the pods of `workload` that were started before one of
    /// `sources` changed, by pod. A source is an object and a key of it, or all of its keys
    /// (`envFrom`). What could not be read is left out: it is said where the reference is.
    #[must_use]
    pub fn stale_containers(
        &self,
        workload: &ObjectId,
        container: &str,
        sources: &[(ObjectId, Option<Box<str>>)],
    ) -> Vec<StaleContainer> {
        let running: Vec<_> = self
            .pods
            .get(workload)
            .into_iter()
            .flatten()
            .filter_map(|pod| Some((*pod, self.started(pod, container)?)))
            .collect();
        if running.is_empty() {
            return Vec::new();
        }
        let changes: Vec<_> = sources
            .iter()
            .filter_map(|(id, key)| Some((id, self.change(id, key.as_deref())?)))
            .collect();
        let mut out = Vec::new();
        for (pod, started) in running {
            let worst = changes
                .iter()
                .filter_map(|(id, change)| Some((change.against(started)?, *id)))
                .max_by_key(|((certainty, changed), id)| (*certainty, *changed, Reverse(*id)));
            if let Some(((certainty, changed), source)) = worst {
                out.push(StaleContainer {
                    pod: pod.clone(),
                    container: container.into(),
                    started,
                    source: source.clone(),
                    changed,
                    certainty,
                });
            }
        }
        out
    }

    /// When a container of a pod was started; nothing when it is not running or about to go.
    fn started(&self, pod: &ObjectId, container: &str) -> Option<Timestamp> {
        let root = self.observation.object(pod).present()?.tree.root();
        if root.at(&["metadata", "deletionTimestamp"]).is_some() {
            return None;
        }
        ["containerStatuses", "initContainerStatuses"]
            .into_iter()
            .filter_map(|list| root.at(&["status", list]))
            .flat_map(NodeRef::children)
            .find(|s| s.text_at(&["name"]) == Some(container))?
            .text_at(&["state", "running", "startedAt"])?
            .parse()
            .ok()
    }

    fn change(&self, id: &ObjectId, key: Option<&str>) -> Option<Change> {
        let item = *self.observation.object(id).present()?;
        let root = item.tree.root();
        let mut out = Change {
            created: time(root, "creationTimestamp"),
            written: Vec::new(),
        };
        let ownership = Ownership::of(&item.writes, root, &[]);
        let data = root.member("data").filter(|d| d.kind() == Kind::Map);
        for leaf in data.into_iter().flat_map(NodeRef::children) {
            let name = leaf.key().as_str();
            if key.is_none_or(|k| k == name) {
                let write = last_write(&ownership, &item.writes, name);
                out.written.push(write);
            }
        }
        Some(out)
    }
}

/// When a source was written.
struct Change {
    created: Option<Timestamp>,
    /// One per key that counts.
    written: Vec<Write>,
}

struct Write {
    /// Not later than this.
    time: Option<Timestamp>,
    /// The writer wrote nothing else.
    only: bool,
    /// The time is none of a write, only not before it.
    vague: bool,
}

impl Change {
    /// Nothing when the container has the values of today.
    fn against(&self, started: Timestamp) -> Option<(Staleness, Option<Timestamp>)> {
        // Made again after the start: the container saw another object of this name.
        let made_again = self.created.map(|created| Write {
            time: Some(created),
            only: false,
            vague: false,
        });
        let writes = self.written.iter().chain(&made_again);
        writes.filter_map(|w| w.against(started)).max()
    }
}

impl Write {
    fn against(&self, started: Timestamp) -> Option<(Staleness, Option<Timestamp>)> {
        let Some(time) = self.time else {
            return Some((Staleness::Unknown, None));
        };
        match time.0.saturating_sub(started.0) {
            after if after < -TOLERANCE => None,
            _ if self.vague => Some((Staleness::Unknown, None)),
            ..=TOLERANCE => Some((Staleness::Unknown, self.time)),
            _ if self.only => Some((Staleness::Certain, self.time)),
            _ => Some((Staleness::Possible, self.time)),
        }
    }
}

/// The last write of a key: at its change every other owner lost it, and whoever owns it with the
/// writer joined later, so no owner's time is before the change and the earliest is the closest.
fn last_write(ownership: &Ownership<'_>, writes: &[WriteRecord], key: &str) -> Write {
    let owners = ownership.owners(&KeyPath::members(&["data", key]));
    let timed = owners
        .iter()
        .filter_map(|o| Some((writes[o.record].time?, o)));
    let closest = timed.min_by_key(|(time, o)| (*time, !o.only));
    Write {
        time: closest.map(|(time, _)| time),
        only: closest.is_some_and(|(_, o)| o.only),
        vague: owners
            .iter()
            .all(|o| &*writes[o.record].writer == BEFORE_FIRST_APPLY),
    }
}

fn time(root: NodeRef<'_>, field: &str) -> Option<Timestamp> {
    root.text_at(&["metadata", field])?.parse().ok()
}

/// The object that controls another one: the owner reference with `controller: true`.
fn controller(id: &ObjectId, root: NodeRef<'_>) -> Option<ObjectId> {
    let references = root.at(&["metadata", "ownerReferences"])?;
    let controls = |r: &NodeRef<'_>| r.member("controller").and_then(NodeRef::as_bool);
    let reference = references.children().find(|r| controls(r) == Some(true))?;
    let api_version = reference.text_at(&["apiVersion"])?;
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    Some(ObjectId::new(
        group,
        reference.text_at(&["kind"])?,
        id.namespace.as_deref(),
        reference.text_at(&["name"])?,
    ))
}

/// Everything that owns a pod: its ReplicaSet and its Deployment, its Job and its CronJob.
fn owners(observation: &Observation, pod: &ObjectId, root: NodeRef<'_>) -> BTreeSet<ObjectId> {
    let mut out = BTreeSet::new();
    let (mut id, mut node) = (pod.clone(), Some(root));
    for _ in 0..MAX_OWNERS {
        let Some(owner) = node.and_then(|n| controller(&id, n)) else {
            break;
        };
        out.insert(owner.clone());
        node = observation.object(&owner).present().map(|i| i.tree.root());
        if node.is_none() && owner.is("apps", "ReplicaSet") {
            // Its name is its owner's and the hash in the pod's label.
            out.extend(named_after_template(root, &owner));
        }
        id = owner;
    }
    out
}

fn named_after_template(pod: NodeRef<'_>, replica_set: &ObjectId) -> Vec<ObjectId> {
    [
        ("pod-template-hash", "apps", "Deployment"),
        ("rollouts-pod-template-hash", "argoproj.io", "Rollout"),
    ]
    .into_iter()
    .filter_map(|(label, group, kind)| {
        let hash = pod.text_at(&["metadata", "labels", label])?;
        let name = replica_set.name.strip_suffix(hash)?.strip_suffix('-')?;
        let namespace = replica_set.namespace.as_deref();
        Some(ObjectId::new(group, kind, namespace, name))
    })
    .collect()
}

#[cfg(test)]
mod tests;
