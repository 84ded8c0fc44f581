//! What the pods of a workload tell: which containers run with values that have changed since,
//! and what earlier templates held.
//!
//! A container's environment is fixed when the container starts, not when its pod does: a restart
//! after a crash takes new values. Times come from two clocks with whole seconds.

use super::{
    downward,
    ownership::{BEFORE_FIRST_APPLY, Ownership},
    workload,
};
use crate::model::{
    observation::{Item, ObjectId, Observation, WriteRecord},
    path::KeyPath,
    time::Timestamp,
    tree::{Kind, NodeRef},
    value::Value,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

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

/// A template that a workload had, or has.
#[derive(Clone, Copy, Debug)]
pub struct Revision<'a> {
    /// When its ReplicaSet or ControllerRevision was created: the first time it was used. Absent
    /// for a template that no controller has acted on yet.
    pub created: Option<Timestamp>,
    /// Since when it was used the last time, if that is known: a rollback reuses an old one.
    pub since: Option<Timestamp>,
    /// The pod template.
    pub template: NodeRef<'a>,
    /// The annotation `kubernetes.io/change-cause`.
    pub change_cause: Option<&'a str>,
}

/// When a variable of a template changed, and what it was before.
#[derive(Clone, Debug)]
pub struct TemplateChange<'a> {
    /// The older template was in use since then.
    pub not_earlier_than: Option<Timestamp>,
    /// The newer template was in use since then.
    pub not_later_than: Option<Timestamp>,
    /// The value before; absent when there was none.
    pub old: Option<Value>,
    /// What the newer template's annotation says.
    pub change_cause: Option<&'a str>,
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
        for (id, item) in observation.objects() {
            let root = item.tree.root();
            if id.is("", "Pod") {
                for owner in owners(observation, id, root) {
                    out.pods.entry(owner).or_default().push(id);
                }
            } else if id.is("apps", "ReplicaSet") || id.is("apps", "ControllerRevision") {
                if let Some(owner) = controller(id, root) {
                    out.revisions.entry(owner).or_default().push((id, item));
                }
            }
        }
        out
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

    /// The templates of a workload, the one in use first, as far as the controller keeps them.
    #[must_use]
    pub fn template_history(&self, workload: &ObjectId) -> Vec<Revision<'a>> {
        let mut all: Vec<(u64, Revision<'a>)> = self
            .revisions
            .get(workload)
            .into_iter()
            .flatten()
            .filter_map(|(_, item)| revision(item.tree.root()))
            .collect();
        all.sort_by_key(|(number, r)| Reverse((*number, r.created)));
        let mut out: Vec<Revision<'a>> = all.into_iter().map(|(_, r)| r).collect();
        let created: Vec<_> = out.iter().map(|r| r.created).collect();
        for (i, r) in out.iter_mut().enumerate() {
            // Older than one that was replaced by it: a rollback, whose time nobody kept.
            let reused = created[i + 1..].iter().any(|older| *older > r.created);
            r.since = r.created.filter(|_| !reused);
        }
        let live = self.observation.object(workload);
        let live = live
            .present()
            .and_then(|i| workload::pod_template(i.tree.root()));
        if let (Some(live), Some(newest)) = (live, out.first()) {
            let acted_on = environments(live) == environments(newest.template);
            if !acted_on {
                out.insert(
                    0,
                    Revision {
                        created: None,
                        since: None,
                        template: live,
                        change_cause: None,
                    },
                );
            }
        }
        out
    }
}

/// What a template says about environments, as far as [`when_changed`] looks.
#[derive(Debug)]
struct Environments<'a>(Vec<[Option<NodeRef<'a>>; 2]>);

impl PartialEq for Environments<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Option<NodeRef<'_>>, &Option<NodeRef<'_>>)| match (a, b) {
            (Some(a), Some(b)) => a.same(*b),
            (a, b) => a.is_some() == b.is_some(),
        };
        self.0.len() == other.0.len()
            && self
                .0
                .iter()
                .flatten()
                .zip(other.0.iter().flatten())
                .all(same)
    }
}

fn environments(template: NodeRef<'_>) -> Environments<'_> {
    let lists = ["containers", "initContainers"].into_iter();
    let containers = lists
        .filter_map(|list| template.at(&["spec", list]))
        .flat_map(NodeRef::children);
    Environments(
        containers
            .map(|c| [c.member("name"), c.member("env")])
            .collect(),
    )
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

fn revision(root: NodeRef<'_>) -> Option<(u64, Revision<'_>)> {
    let annotation = |name| root.text_at(&["metadata", "annotations", name]);
    let number = match root.member("revision") {
        Some(n) => n.text().parse().ok(),
        None => annotation("deployment.kubernetes.io/revision")
            .or_else(|| annotation("rollout.argoproj.io/revision"))
            .and_then(|n| n.parse().ok()),
    };
    let template = root
        .at(&["spec", "template"])
        .or_else(|| root.at(&["data", "spec", "template"]))?;
    let revision = Revision {
        created: time(root, "creationTimestamp"),
        since: None,
        template,
        change_cause: annotation("kubernetes.io/change-cause"),
    };
    Some((number.unwrap_or(0), revision))
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

/// When `variable` of `container` became what it is in the newest template of `history`; nothing
/// when all templates have it alike, as one that comes through `envFrom`.
#[must_use]
pub fn when_changed<'a>(
    history: &[Revision<'a>],
    container: &str,
    variable: &str,
) -> Option<TemplateChange<'a>> {
    let item = |r: &Revision<'a>| variable_of(r.template, container, variable);
    let current = item(history.first()?);
    let steps = history.windows(2);
    let mut changed = steps.filter(|step| match (item(&step[1]), current) {
        (Some(a), Some(b)) => !a.same(b),
        (a, b) => a.is_some() != b.is_some(),
    });
    let step = changed.next()?;
    Some(TemplateChange {
        not_earlier_than: step[1].since.or(step[1].created),
        not_later_than: step[0].since,
        old: item(&step[1]).map(value_of),
        change_cause: step[0].change_cause,
    })
}

fn variable_of<'a>(template: NodeRef<'a>, container: &str, variable: &str) -> Option<NodeRef<'a>> {
    let named = |list: NodeRef<'a>, name: &str| {
        let mut all = list
            .children()
            .filter(|c| c.text_at(&["name"]) == Some(name));
        let first = all.next();
        // Of duplicates the last counts.
        all.last().or(first)
    };
    ["containers", "initContainers"]
        .into_iter()
        .filter_map(|list| template.at(&["spec", list]))
        .find_map(|list| named(list, container))
        .and_then(|c| c.member("env"))
        .and_then(|env| named(env, variable))
}

fn value_of(item: NodeRef<'_>) -> Value {
    let value = item.member("value").filter(|v| v.kind() != Kind::Null);
    match (value, item.member("valueFrom")) {
        (Some(value), _) => Value::of(value),
        (None, Some(from)) if from.kind() == Kind::Map => Value::Symbol(downward::symbol(from)),
        _ => Value::text(""),
    }
}

/// What restarts a workload's pods after its configuration changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartedBy {
    /// Stakater Reloader: after every change.
    Reloader,
    /// Pusher Wave: after every change.
    Wave,
    /// A checksum of the configuration in the template: after a change that is rendered, not after
    /// one that was made in the cluster.
    Checksum,
}

/// What restarts the pods of the workload at `root` after the ConfigMap or Secret `name` changed.
#[must_use]
pub fn restarted_by(root: NodeRef<'_>, kind: &str, name: &str) -> Option<RestartedBy> {
    let template = workload::pod_template(root);
    let annotations = [Some(root), template].into_iter().flatten();
    let annotations: Vec<NodeRef<'_>> = annotations
        .filter_map(|n| n.at(&["metadata", "annotations"]))
        .flat_map(NodeRef::children)
        .collect();
    let own = if kind == "Secret" {
        "secret"
    } else {
        "configmap"
    };
    for a in &annotations {
        let value = a.as_text().unwrap_or_default();
        match a.key().as_str() {
            "reloader.stakater.com/auto" if value == "true" => return Some(RestartedBy::Reloader),
            "wave.pusher.com/update-on-config-change" if value == "true" => {
                return Some(RestartedBy::Wave);
            }
            key => match key.strip_suffix(".reloader.stakater.com/reload") {
                Some(k) if k == own && value.split(',').any(|n| n.trim() == name) => {
                    return Some(RestartedBy::Reloader);
                }
                _ if value == "true"
                    && key.strip_suffix(".reloader.stakater.com/auto") == Some(own) =>
                {
                    return Some(RestartedBy::Reloader);
                }
                _ => {}
            },
        }
    }
    let in_template = template.and_then(|t| t.at(&["metadata", "annotations"]));
    in_template
        .into_iter()
        .flat_map(NodeRef::children)
        .any(|a| {
            let key = a.key().as_str();
            ["checksum/", "checksum-", "checksum."]
                .iter()
                .any(|p| key.starts_with(p))
                || key == "checksum"
        })
        .then_some(RestartedBy::Checksum)
}

#[cfg(test)]
mod tests;
