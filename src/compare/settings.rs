//! The effective environment of each container, git's world against live's world, so that one
//! changed ConfigMap key is one entry that names every container that sees it.

use super::{
    Compared, LayerInput,
    fields::{ObjectSides, state_of},
    worlds::{GitWorld, LiveWorld},
};
use crate::{
    kubernetes::{
        environment::{Environment, MissingReference, World, effective_environment},
        workload::{self, ContainerRef},
    },
    model::{
        desired::DesiredWorld,
        entry::{Entry, EntryKey, Origin},
        finding::Message,
        observation::{ItemId, ObjectId},
        path::{KeyPath, Segment},
        place::Place,
        secret::Sameness,
        state::{Sides, State},
        target::Layer,
        tree::NodeRef,
        value::{Reading, Unread, Value, ValueType},
    },
};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What comparing settings gave.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Compared>,
    pub(crate) compared: u64,
    pub(crate) opaque: u64,
    pub(crate) unknown: Option<Unread>,
    pub(crate) notes: Vec<Message>,
}

/// Compares the settings of every workload that git has and that runs.
pub(crate) fn compare(input: &LayerInput<'_>, objects: &[&ObjectSides<'_>]) -> Found {
    let each: Vec<Found> = objects
        .par_iter()
        .filter(|o| o.live.present().is_some() && selects(input.layer, &o.id))
        .map(|object| {
            let mut found = Found::default();
            workload(input, object, &mut found);
            found
        })
        .collect();
    let mut all = Found {
        notes: nothing_chosen(input, objects),
        ..Found::default()
    };
    for found in each {
        all.entries.extend(found.entries);
        all.compared += found.compared;
        all.opaque += found.opaque;
        all.unknown = all.unknown.or(found.unknown);
    }
    all.entries = merge(all.entries);
    all
}

/// Chosen workloads that git does not have: a typing error would compare no settings at all.
fn nothing_chosen(input: &LayerInput<'_>, objects: &[&ObjectSides<'_>]) -> Vec<Message> {
    let chosen = input.layer.workloads.iter();
    chosen
        .filter(|w| {
            !objects
                .iter()
                .any(|o| o.id.kind.eq_ignore_ascii_case(&w.kind) && o.id.name == w.name)
        })
        .map(|w| {
            Message::words("`workloads` of layer ")
                .name(&*input.layer.name)
                .and(" names ")
                .name(format!("{}/{}", w.kind, w.name))
                .and(", which git does not have")
        })
        .collect()
}

/// Whether a workload's environment is settings of the layer.
pub(crate) fn selects(layer: &Layer, id: &ObjectId) -> bool {
    let chosen = &layer.workloads;
    chosen.is_empty()
        || chosen
            .iter()
            .any(|w| id.kind.eq_ignore_ascii_case(&w.kind) && id.name == w.name)
}

fn workload<'a>(input: &LayerInput<'a>, object: &ObjectSides<'a>, found: &mut Found) {
    let roots = object.walk_roots();
    let (Some(head), Some(live)) = (roots.head, roots.live) else {
        return;
    };
    let worlds = Worlds::of(input);
    let running = workload::containers(live);
    for container in workload::containers(head) {
        let name = container.name;
        if !running.iter().any(|c| c.name == name) {
            continue;
        }
        let containers = roots.map(|root| {
            let root = (*root)?;
            let all = workload::containers(root);
            Some((root, all.into_iter().find(|c| c.name == name)?))
        });
        let Some(environments) = Environments::of(&object.id, &worlds, &containers) else {
            continue;
        };
        let environments = environments.sides();
        let consumer: Box<str> = format!("{} container {name}", object.id).into();
        missing_references(input, object, &environments, &consumer, found);
        variables(input, object, &environments, &consumer, found);
    }
}

/// The four worlds that references are resolved in.
struct Worlds<'a> {
    base: GitWorld<'a>,
    head: GitWorld<'a>,
    deployed: GitWorld<'a>,
    live: Option<LiveWorld<'a>>,
}

impl<'a> Worlds<'a> {
    fn of(input: &LayerInput<'a>) -> Worlds<'a> {
        let git = |world| GitWorld {
            world,
            live: input.live,
            secrets: input.secrets,
            git: [input.base, input.head, input.deployed],
        };
        Worlds {
            base: git(input.base),
            head: git(input.head),
            deployed: git(input.deployed),
            live: input.live.map(|live| LiveWorld {
                live,
                secrets: input.secrets,
            }),
        }
    }
}

/// The environment of one container on each side; base and deployed only where they may differ
/// from head's.
struct Environments<'a> {
    base: Option<Environment<'a>>,
    head: Environment<'a>,
    deployed: Option<Environment<'a>>,
    live: Option<Environment<'a>>,
}

impl<'a> Environments<'a> {
    /// Where git lacks the container on one side, the other side of git stands in.
    fn of(
        id: &'a ObjectId,
        worlds: &'a Worlds<'a>,
        containers: &'a Sides<Option<(NodeRef<'a>, ContainerRef<'a>)>>,
    ) -> Option<Environments<'a>> {
        let of = |side: &'a Option<(NodeRef<'a>, ContainerRef<'a>)>, world: &'a dyn World| {
            side.as_ref()
                .map(|(root, container)| effective_environment(id, *root, container, world))
        };
        let git = |side: &'a Option<(NodeRef<'a>, ContainerRef<'a>)>, world: &'a GitWorld<'a>| {
            let same_node =
                matches!((side, &containers.head), (Some(a), Some(b)) if a.0.is_same_node(b.0));
            if same_node && std::ptr::eq(world.world, worlds.head.world) {
                return None;
            }
            of(side, world)
        };
        Some(Environments {
            head: of(&containers.head, &worlds.head)?,
            base: git(&containers.base, &worlds.base),
            deployed: git(&containers.deployed, &worlds.deployed),
            live: match &worlds.live {
                Some(world) => Some(of(&containers.live, world)?),
                None => None,
            },
        })
    }

    fn sides(&self) -> Sides<&Environment<'a>> {
        let base = self.base.as_ref().unwrap_or(&self.head);
        Sides {
            base,
            head: &self.head,
            deployed: self.deployed.as_ref().unwrap_or(&self.head),
            live: self.live.as_ref().unwrap_or(base),
        }
    }
}

fn variables(
    input: &LayerInput<'_>,
    object: &ObjectSides<'_>,
    environments: &Sides<&Environment<'_>>,
    consumer: &str,
    found: &mut Found,
) {
    let mut names: Vec<&str> = environments
        .each()
        .iter()
        .enumerate()
        // An environment that stands for several sides is asked once.
        .filter(|(i, e)| {
            !environments.each()[..*i]
                .iter()
                .any(|b| std::ptr::eq(**b, ***e))
        })
        .flat_map(|(_, e)| e.variables.keys().map(|k| &**k))
        .collect();
    names.sort_unstable();
    names.dedup();
    found.opaque += environments.head.unlisted.len() as u64;
    // What a source that was not read holds is unknown, whatever else is equal.
    let unread = environments
        .each()
        .into_iter()
        .find_map(|e| e.incomplete.first());
    found.unknown = found.unknown.take().or(unread.map(|(_, why)| why.clone()));
    let first_new = found.entries.len();
    for name in names {
        found.compared += 1;
        let ty = input
            .layer
            .types
            .get(name)
            .copied()
            .unwrap_or(ValueType::Text);
        if all_equal(environments, name, ty) {
            let opaque = environments.head.read(name);
            found.opaque += u64::from(opaque.present().is_some_and(Value::is_opaque));
            continue;
        }
        let sides = Sides {
            base: reading(environments.base, name, Some(input.base)),
            head: reading(environments.head, name, Some(input.head)),
            deployed: reading(environments.deployed, name, Some(input.deployed)),
            live: reading(environments.live, name, None),
        };
        match state_of(&sides, ty) {
            State::InSync => {}
            // An open layer has not all names: one more is nobody's mistake.
            State::Unmanaged if !input.layer.closed => {}
            State::Unknown => {
                let why = sides.each().into_iter().find_map(|r| match r {
                    Reading::Unknown(u) => Some(u.clone()),
                    _ => None,
                });
                found.unknown = found.unknown.take().or(why);
            }
            _ if other_holder(&sides) => found.opaque += 1,
            state => found.entries.push(Compared {
                ty,
                affects: vec![consumer.into()],
                written_by_change: object.written_by_change,
                deploy_time: input.layer.deploy_time.iter().any(|d| **d == *name),
                ..Compared::new(
                    EntryKey::Setting(name.into()),
                    object.id.clone(),
                    sides,
                    state,
                )
            }),
        }
    }
    causes(&mut found.entries[first_new..], environments);
}

/// A literal on one side and a secret from another field on the other: nobody can tell whether
/// they are equal. That the source changed is the field's own difference.
fn other_holder(sides: &Sides<Reading<Entry>>) -> bool {
    let (Some(head), Some(live)) = (sides.head.present(), sides.live.present()) else {
        return false;
    };
    let path = |e: &Entry| e.origin().map(|o| o.path.clone());
    matches!(
        (&head.value, &live.value),
        (Value::Secret(_), Value::Plain(_)) | (Value::Plain(_), Value::Secret(_))
    ) && path(head) != path(live)
}

/// The ordinary case, without paths and places.
fn all_equal(environments: &Sides<&Environment<'_>>, name: &str, ty: ValueType) -> bool {
    fn value<'e>(e: &'e Environment<'_>, name: &str) -> Option<&'e Value> {
        e.variables.get(name)?.reading.present()
    }
    let Some(first) = value(environments.head, name) else {
        return false;
    };
    [environments.base, environments.deployed, environments.live]
        .into_iter()
        .all(|e| value(e, name).is_some_and(|v| v.same(first, ty) == Sameness::Equal))
}

/// What a side says of a variable: one that is in no source is absent, unless a source could not
/// be read.
pub(crate) fn reading(
    environment: &Environment<'_>,
    name: &str,
    world: Option<&DesiredWorld>,
) -> Reading<Entry> {
    environment.read(name).map(|value| Entry {
        value,
        from: origins(environment, name, world),
    })
}

/// What a variable is made from.
pub(crate) fn origins(
    environment: &Environment<'_>,
    name: &str,
    world: Option<&DesiredWorld>,
) -> Vec<Origin> {
    let origin = |(object, path): (ObjectId, KeyPath)| Origin {
        place: world.and_then(|w| place(w, &object, &path)),
        item: object.into(),
        path,
    };
    environment.from(name).into_iter().map(origin).collect()
}

/// Where a field of an object of git is written.
pub(crate) fn place(world: &DesiredWorld, object: &ObjectId, path: &KeyPath) -> Option<Place> {
    let object = world.objects.get(object)?;
    Some(match lookup(object.tree.root(), path) {
        Some(node) => object.place_of(node),
        None => object.place.clone(),
    })
}

/// The node at a path; list items by the first of their keys.
#[must_use]
pub fn lookup<'a>(root: NodeRef<'a>, path: &KeyPath) -> Option<NodeRef<'a>> {
    path.0.iter().try_fold(root, |node, segment| match segment {
        Segment::Member(name) => node.member(name),
        Segment::Index(i) => node.children().nth(*i as usize),
        Segment::Item(keys) => node.children().find(|item| {
            [
                "name",
                "containerPort",
                "mountPath",
                "key",
                "id",
                "ip",
                "port",
            ]
            .into_iter()
            .filter_map(|k| item.member(k))
            .any(|v| keys.first().is_some_and(|k| v.scalar_text() == **k))
        }),
    })
}

/// A variable that differs only because of another one that it refers to names that one.
fn causes(entries: &mut [Compared], environments: &Sides<&Environment<'_>>) {
    let differing: Vec<Box<str>> = entries.iter().map(|e| e.key.to_string().into()).collect();
    for entry in entries {
        let name = entry.key.to_string();
        let references = |e: &Environment<'_>| {
            let variable = e.variables.get(name.as_str())?;
            let references: Vec<String> = variable
                .references
                .iter()
                .map(ToString::to_string)
                .collect();
            Some((references, e.from(&name).into_iter().next()?))
        };
        let (Some(head), Some(live)) =
            (references(environments.head), references(environments.live))
        else {
            continue;
        };
        if head == live && references(environments.base).is_none_or(|b| b == head) {
            entry.cause = head
                .0
                .iter()
                .find(|r| differing.iter().any(|d| **d == *r.as_str()) && **r != name)
                .map(|r| r.as_str().into());
        }
    }
}

/// A required reference that is provably nowhere: the container can't start.
fn missing_references(
    input: &LayerInput<'_>,
    object: &ObjectSides<'_>,
    environments: &Sides<&Environment<'_>>,
    consumer: &str,
    found: &mut Found,
) {
    let mut all: Vec<&MissingReference> = environments.live.errors.iter().collect();
    for e in &environments.head.errors {
        // Another layer or service of this environment brings it.
        let elsewhere = !e.object_exists && input.claimed.contains(&e.object);
        if !elsewhere && !all.contains(&e) {
            all.push(e);
        }
    }
    for error in all {
        let entry = |env: &Environment<'_>| {
            let has = env.errors.contains(error);
            Reading::within_whole(has.then(|| {
                Entry::of(
                    Value::Symbol(missing_name(error)),
                    Origin {
                        item: object.id.clone().into(),
                        path: error.path.clone(),
                        place: object
                            .newest()
                            .map(|o| match lookup(o.tree.root(), &error.path) {
                                Some(node) => o.place_of(node),
                                None => o.place.clone(),
                            }),
                    },
                )
            }))
        };
        let sides = Sides {
            base: entry(environments.base),
            head: entry(environments.head),
            deployed: entry(environments.deployed),
            live: Reading::within_whole(None),
        };
        found.entries.push(Compared {
            required: true,
            affects: vec![consumer.into()],
            // No side may hold it: a reference that only live has leads nowhere all the same.
            explains: vec![missing_name(error)],
            written_by_change: object.written_by_change,
            ..Compared::new(
                EntryKey::Field(error.path.clone()),
                object.id.clone(),
                sides,
                State::Missing,
            )
        });
    }
}

/// `ConfigMap/shop/api, key LOG_LEVEL`.
fn missing_name(error: &MissingReference) -> Box<str> {
    match &error.key {
        Some(key) => format!("{}, key {key}", error.object).into(),
        None => error.object.to_string().into(),
    }
}

/// The same key of the same source seen by several containers is one entry.
fn merge(entries: Vec<Compared>) -> Vec<Compared> {
    type Cause = (EntryKey, Vec<Option<(ItemId, KeyPath)>>, bool);
    let mut at: BTreeMap<Cause, usize> = BTreeMap::new();
    let mut out: Vec<Compared> = Vec::new();
    for entry in entries {
        let origin = |r: &Reading<Entry>| {
            r.present()
                .and_then(|e| e.origin())
                .map(|o| (o.item.clone(), o.path.clone()))
        };
        let shared = entry.cause.is_none()
            && !entry.required
            && entry
                .sides
                .each()
                .iter()
                .filter_map(|r| origin(r))
                .all(|(item, _)| item != entry.object);
        if !shared {
            out.push(entry);
            continue;
        }
        let cause: Cause = (
            entry.key.clone(),
            entry.sides.each().iter().map(|r| origin(r)).collect(),
            entry.deploy_time,
        );
        match at.get(&cause) {
            Some(&i) => {
                let merged: &mut Compared = &mut out[i];
                merged.affects.extend(entry.affects);
            }
            None => {
                at.insert(cause, out.len());
                // The object that holds the value is what people must look at.
                let holder = origin(&entry.sides.live)
                    .or_else(|| origin(&entry.sides.head))
                    .or_else(|| origin(&entry.sides.base));
                // Whether the change writes it is said by the holder's own field.
                out.push(Compared {
                    object: holder.map_or(entry.object.clone(), |(item, _)| item),
                    written_by_change: false,
                    ..entry
                });
            }
        }
    }
    out
}
