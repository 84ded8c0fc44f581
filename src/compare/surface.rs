//! The fields that environments should agree on, whatever they are called there: what parity looks
//! at beside settings.

mod kinds;

use super::names::OwnNames;
use crate::{
    kubernetes::{autoscaling, defaults, workload},
    model::{
        desired::{DesiredObject, DesiredWorld},
        entry::{Entry, Origin},
        observation::{ObjectId, Observation},
        path::{KeyPath, Segment},
        tree::{Kind, NodeRef},
        value::{Reading, Unread, Value, ValueType},
    },
};
use kinds::{CONTAINER, KEDA_DEFAULTS, KINDS, METADATA, POD, Paths, TRIGGER};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A field of one target that environments should agree on.
#[derive(Clone, Debug)]
pub struct SurfaceField {
    /// What it is called in every environment: kind and name, the environment's own names taken
    /// out (`Deployment/api`).
    pub holder: Arc<str>,
    /// Where in the object; empty for "the object is there".
    pub path: KeyPath,
    /// How its value compares; of a map, how the values in it do.
    pub ty: ValueType,
    /// Whether it is what the server fills in, so that leaving it out says the same.
    pub is_default: bool,
    /// Its value, and where it is from.
    pub entry: Entry,
    /// The object in this environment.
    pub object: ObjectId,
    /// Of an object as a whole: why nobody knows whether it is there.
    pub unread: Option<Unread>,
}

/// Whether objects of this kind are looked at.
#[must_use]
pub fn is_surface(id: &ObjectId) -> bool {
    KINDS.iter().any(|(group, kind, _)| id.is(group, kind))
}

/// The fields of git's objects. `names` are the environment's own.
#[must_use]
pub fn of_git(world: &DesiredWorld, names: &[&str]) -> Vec<SurfaceField> {
    let scaled = scaled(None, &[world]);
    let objects = world
        .objects
        .values()
        .map(|o| (&o.id, o.tree.root(), Some(&**o)));
    fields(objects, &scaled, names)
}

/// The same fields of the live objects that git has or had.
#[must_use]
pub fn of_live(live: &Observation, git: &[&DesiredWorld], names: &[&str]) -> Vec<SurfaceField> {
    let scaled = scaled(Some(live), git);
    let ids: BTreeSet<&ObjectId> = git.iter().flat_map(|w| w.objects.keys()).collect();
    let objects = ids.iter().filter_map(|id| match live.object(id) {
        Reading::Present(item) => Some((*id, item.tree.root(), None)),
        Reading::Absent(_) | Reading::Unknown(_) => None,
    });
    let mut out = fields(objects, &scaled, names);
    // What could not be read is not missing.
    let unknown = ids.iter().filter_map(|id| match live.object(id) {
        Reading::Unknown(why) if is_surface(id) => Some((*id, why)),
        _ => None,
    });
    let own = OwnNames::new(names);
    out.extend(unknown.map(|(id, why)| unread_field(id, why, &own)));
    sort(&mut out);
    out
}

fn unread_field(id: &ObjectId, why: Unread, own: &OwnNames) -> SurfaceField {
    let origin = Origin {
        item: id.clone().into(),
        path: KeyPath::default(),
        place: None,
    };
    SurfaceField {
        holder: format!("{}/{}", id.kind, own.stripped(&id.name)).into(),
        path: KeyPath::default(),
        ty: ValueType::Text,
        is_default: false,
        entry: Entry::of(Value::Opaque("not read".into()), origin),
        object: id.clone(),
        unread: Some(why),
    }
}

fn scaled(live: Option<&Observation>, git: &[&DesiredWorld]) -> BTreeMap<ObjectId, ObjectId> {
    autoscaling::scaled_workloads(live, git)
        .into_iter()
        .map(|(workload, scaled)| (workload, scaled.autoscaler))
        .collect()
}

fn fields<'a>(
    objects: impl Iterator<Item = (&'a ObjectId, NodeRef<'a>, Option<&'a DesiredObject>)>,
    scaled: &BTreeMap<ObjectId, ObjectId>,
    names: &[&str],
) -> Vec<SurfaceField> {
    let own = OwnNames::new(names);
    let objects: Vec<_> = objects.filter(|(id, ..)| is_surface(id)).collect();
    let holders = holders(objects.iter().map(|(id, ..)| *id), &own);
    let mut out = Vec::new();
    for ((id, root, git), holder) in objects.into_iter().zip(holders) {
        let of = Of {
            holder,
            id,
            root,
            git,
        };
        of.all(scaled.get(id), &mut out);
    }
    sort(&mut out);
    out
}

fn sort(fields: &mut [SurfaceField]) {
    fields.sort_by(|a, b| (&a.holder, &a.path, &a.object).cmp(&(&b.holder, &b.path, &b.object)));
}

/// What objects are called without own names. Those that are one name then keep their own, with
/// their namespace.
fn holders<'a>(ids: impl Iterator<Item = &'a ObjectId> + Clone, own: &OwnNames) -> Vec<Arc<str>> {
    let short = |id: &ObjectId| format!("{}/{}", id.kind, own.stripped(&id.name));
    let full = |id: &ObjectId| format!("{}/{}", id.kind, id.name);
    let count = |of: &dyn Fn(&ObjectId) -> String| {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for id in ids.clone() {
            *seen.entry(of(id)).or_default() += 1;
        }
        seen
    };
    let (shorts, fulls) = (count(&short), count(&full));
    let one = |id: &ObjectId| -> Arc<str> {
        let once = |seen: &BTreeMap<String, usize>, name: &str| seen.get(name) == Some(&1);
        let (short, full) = (short(id), full(id));
        if once(&shorts, &short) {
            short.into()
        } else if once(&fulls, &full) {
            full.into()
        } else {
            id.to_string().into()
        }
    };
    ids.clone().map(one).collect()
}

/// All other fields of git's objects, and that the others are there: for comparing manifests that
/// nobody said anything about. Environments of containers are left to the settings.
#[must_use]
pub fn everything_else(world: &DesiredWorld) -> Vec<SurfaceField> {
    let known = of_git(world, &[]);
    let objects = world.objects.values();
    let holders = holders(objects.clone().map(|o| &o.id), &OwnNames::default());
    let mut out = Vec::new();
    for (object, holder) in objects.zip(holders) {
        let root = object.tree.root();
        let of = Of {
            holder,
            id: &object.id,
            root,
            git: Some(object),
        };
        let mut skip: BTreeSet<KeyPath> = known
            .iter()
            .filter(|f| f.object == object.id && !f.path.0.is_empty())
            .map(|f| f.path.clone())
            .collect();
        for member in ["kind", "status"] {
            skip.insert(KeyPath::members(&[member]));
        }
        for member in METADATA {
            skip.insert(KeyPath::members(&["metadata", member]));
        }
        for container in workload::containers(root) {
            skip.insert(container.path.join("env"));
            skip.insert(container.path.join("envFrom"));
        }
        if !is_surface(&object.id) {
            let presence = Value::text("present");
            out.push(of.field(KeyPath::default(), ValueType::Text, presence, root));
        }
        of.rest(root, &mut KeyPath::default(), &skip, &mut out);
    }
    sort(&mut out);
    out
}

/// One object whose fields are picked.
struct Of<'a> {
    holder: Arc<str>,
    id: &'a ObjectId,
    root: NodeRef<'a>,
    git: Option<&'a DesiredObject>,
}

impl Of<'_> {
    fn all(&self, autoscaler: Option<&ObjectId>, out: &mut Vec<SurfaceField>) {
        let presence = Value::text("present");
        out.push(self.field(KeyPath::default(), ValueType::Text, presence, self.root));
        for (_, _, paths) in KINDS.iter().filter(|(g, k, _)| self.id.is(g, k)) {
            self.at(self.root, &KeyPath::default(), paths, autoscaler, out);
        }
        if let Some(template) = workload::pod_template_path(self.root)
            && let Some(spec) = self
                .root
                .at(template)
                .and_then(|template| template.member("spec"))
        {
            let path = KeyPath::members(template).join("spec");
            self.at(spec, &path, POD, None, out);
        }
        for container in workload::containers(self.root) {
            self.at(container.node, &container.path, CONTAINER, None, out);
        }
        self.metrics(out);
        self.triggers(out);
    }

    /// The fields of a list that are there.
    fn at(
        &self,
        node: NodeRef<'_>,
        base: &KeyPath,
        paths: Paths,
        autoscaler: Option<&ObjectId>,
        out: &mut Vec<SurfaceField>,
    ) {
        for (path, ty) in paths {
            let names: Vec<&str> = path.split('.').collect();
            let mut full = base.clone();
            full.0.extend(KeyPath::members(&names).0);
            let found = node.at(&names).filter(|n| n.kind() != Kind::Null);
            if *path == "spec.replicas"
                && let Some(autoscaler) = autoscaler
            {
                // Whatever git says, the autoscaler decides.
                let by = format!("set by {}/{}", autoscaler.kind, autoscaler.name);
                let at = found.unwrap_or(self.root);
                out.push(SurfaceField {
                    // Where nothing is said, nothing else is said.
                    is_default: true,
                    ..self.field(full, *ty, Value::Symbol(by.into()), at)
                });
                continue;
            }
            if let Some(found) = found {
                out.push(self.field(full, *ty, Value::of(found), found));
            }
        }
    }

    /// What an autoscaler aims at: `spec.metrics[cpu].target.averageUtilization`, in both versions
    /// of its API.
    fn metrics(&self, out: &mut Vec<SurfaceField>) {
        if !self.id.is("autoscaling", "HorizontalPodAutoscaler") {
            return;
        }
        let path = |metric: &str, member: &str| {
            KeyPath::members(&["spec", "metrics"])
                .item(&[metric])
                .join("target")
                .join(member)
        };
        if let Some(cpu) = self.root.at(&["spec", "targetCPUUtilizationPercentage"]) {
            let path = path("cpu", "averageUtilization");
            out.push(self.field(path, ValueType::Number, Value::of(cpu), cpu));
        }
        let metrics = self.root.at(&["spec", "metrics"]);
        for metric in metrics.iter().flat_map(|m| m.children()) {
            let Some(source) = metric.children().find(|c| c.kind() == Kind::Map) else {
                continue;
            };
            let name = source
                .text_at(&["name"])
                .or_else(|| source.text_at(&["metric", "name"]));
            let (Some(name), Some(target)) = (name, source.member("target")) else {
                continue;
            };
            for (member, ty) in [
                ("averageUtilization", ValueType::Number),
                ("averageValue", ValueType::Quantity),
                ("value", ValueType::Quantity),
            ] {
                if let Some(found) = target.member(member) {
                    out.push(self.field(path(name, member), ty, Value::of(found), found));
                }
            }
        }
    }

    /// What makes KEDA scale: `spec.triggers[kafka].lagThreshold`.
    fn triggers(&self, out: &mut Vec<SurfaceField>) {
        if !self.id.is("keda.sh", "ScaledObject") {
            return;
        }
        let triggers = self.root.at(&["spec", "triggers"]);
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for trigger in triggers.iter().flat_map(|t| t.children()) {
            let Some(kind) = trigger.text_at(&["type"]) else {
                continue;
            };
            let name = trigger
                .text_at(&["name"])
                .filter(|n| !n.is_empty())
                .unwrap_or(kind);
            let nth = seen.entry(name).or_default();
            *nth += 1;
            let mut path = KeyPath::members(&["spec", "triggers"]);
            path.0.push(match *nth {
                1 => Segment::Item(vec![name.into()]),
                n => Segment::Item(vec![name.into(), n.to_string().into()]),
            });
            out.push(self.field(
                path.join("type"),
                ValueType::Text,
                Value::text(kind),
                trigger,
            ));
            let metadata = trigger.member("metadata");
            for known in metadata.iter().flat_map(|m| m.children()) {
                if TRIGGER.contains(&known.key().as_str()) {
                    let path = path.join(known.key().as_str());
                    out.push(self.field(path, ValueType::Quantity, Value::of(known), known));
                }
            }
        }
    }

    /// What is at none of the paths in `skip`, in as large parts as possible.
    fn rest(
        &self,
        node: NodeRef<'_>,
        path: &mut KeyPath,
        skip: &BTreeSet<KeyPath>,
        out: &mut Vec<SurfaceField>,
    ) {
        if skip.contains(path) || node.kind() == Kind::Null {
            return;
        }
        if !path.0.is_empty() && !skip.iter().any(|s| s.starts_with(path)) {
            out.push(self.field(path.clone(), ValueType::Text, Value::of(node), node));
            return;
        }
        for (i, child) in node.children().enumerate() {
            path.0.push(match (node.kind(), child.text_at(&["name"])) {
                (Kind::Map, _) => Segment::Member(child.key().as_str().into()),
                (_, Some(name)) => Segment::Item(vec![name.into()]),
                (_, None) => Segment::Index(u32::try_from(i).unwrap_or(u32::MAX)),
            });
            self.rest(child, path, skip, out);
            path.0.pop();
        }
    }

    fn field(&self, path: KeyPath, ty: ValueType, value: Value, node: NodeRef<'_>) -> SurfaceField {
        let is_presence = path.0.is_empty();
        // The server fills in neither bound: `maxUnavailable: 1` is a choice here.
        let has_defaults = !self.id.is("policy", "PodDisruptionBudget");
        let keda = |name: &str| {
            KEDA_DEFAULTS
                .iter()
                .any(|(n, text)| *n == name && node.scalar_text() == *text)
        };
        let place = self.git.map(|object| match is_presence {
            true => object.place.clone(),
            false => object.place_of(node),
        });
        SurfaceField {
            holder: self.holder.clone(),
            is_default: !is_presence
                && has_defaults
                && (is_filled_in(node)
                    || self.id.is("keda.sh", "ScaledObject") && keda(node.key().as_str())),
            entry: Entry::of(
                value,
                Origin {
                    item: self.id.clone().into(),
                    path: path.clone(),
                    place,
                },
            ),
            path,
            ty,
            object: self.id.clone(),
            unread: None,
        }
    }
}

/// Whether leaving it out says the same.
pub(super) fn is_filled_in(node: NodeRef<'_>) -> bool {
    defaults::is_default(node) || defaults::is_dropped(node, false)
}

#[cfg(test)]
#[path = "surface_tests.rs"]
mod tests;
