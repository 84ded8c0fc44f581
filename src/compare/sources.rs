//! What differing settings are made from, and who mounts what: found by object and path.

use super::{Compared, fields::ObjectSides};
use crate::{
    kubernetes::workload,
    model::{
        observation::ObjectId,
        path::{KeyPath, Segment},
    },
};
use std::collections::BTreeMap;

/// Whether a setting that differs is made from the field at `path` of `object`.
pub(crate) fn is_made_from(setting: &Compared, path: &KeyPath, object: &ObjectSides<'_>) -> bool {
    (setting.state.is_problem() || setting.state.is_change())
        && path.0.len() > 1
        && setting
            .sides
            .each()
            .iter()
            .filter_map(|r| r.present())
            .flat_map(|e| &e.from)
            .any(|o| {
                o.object().is_some_and(|id| object.is_called(id))
                    && (o.path.starts_with(path) || path.starts_with(&item_of(&o.path)))
            })
}

/// The list item that a path is in: `env[NAME].value` belongs to `env[NAME]`.
fn item_of(path: &KeyPath) -> KeyPath {
    let last_item = path.0.iter().rposition(|s| matches!(s, Segment::Item(_)));
    let in_env = last_item
        .is_some_and(|i| i > 0 && matches!(&path.0[i - 1], Segment::Member(m) if &**m == "env"));
    match last_item {
        Some(i) if in_env => KeyPath(path.0[..=i].to_vec()),
        _ => path.clone(),
    }
}

/// Settings that differ by the fields that they are made from.
pub(crate) struct Sources(BTreeMap<(ObjectId, KeyPath), Vec<usize>>);

impl Sources {
    /// Of settings by their number.
    pub(crate) fn of(settings: &[Compared]) -> Sources {
        let mut out: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, setting) in settings.iter().enumerate() {
            let present = setting.sides.each().into_iter().filter_map(|r| r.present());
            for origin in present.flat_map(|e| &e.from) {
                let Some(object) = origin.object() else {
                    continue;
                };
                let near = (object.clone(), first_steps(&origin.path, 2));
                let all = out.entry(near).or_default();
                if all.last() != Some(&at) {
                    all.push(at);
                }
            }
        }
        Sources(out)
    }

    /// The numbers of the settings that may be made from the field at `path` of `object`: those
    /// whose field begins as `path` does. In their order.
    pub(crate) fn near(&self, path: &KeyPath, object: &ObjectSides<'_>) -> Vec<usize> {
        let mut names: Vec<&ObjectId> = object.pair.each().into_iter().flatten().collect();
        names.dedup();
        let mut out = Vec::new();
        for name in names {
            for steps in 0..=path.0.len().min(2) {
                let near = (name.clone(), first_steps(path, steps));
                out.extend(self.0.get(&near).into_iter().flatten());
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}

fn first_steps(path: &KeyPath, n: usize) -> KeyPath {
    KeyPath(path.0.iter().take(n).cloned().collect())
}

/// The workloads that mount ConfigMaps and Secrets as files.
pub(crate) struct Mounts<'a>(BTreeMap<ObjectId, Vec<Mount<'a>>>);

struct Mount<'a> {
    consumer: &'a ObjectId,
    /// The keys that become files; absent: all.
    keys: Option<Vec<Box<str>>>,
}

impl<'a> Mounts<'a> {
    /// What the workloads among `objects` mount, live and at head.
    pub(crate) fn of(objects: &[&'a ObjectSides<'a>]) -> Mounts<'a> {
        let mut out: BTreeMap<ObjectId, Vec<Mount<'a>>> = BTreeMap::new();
        for consumer in objects {
            let roots = consumer.roots();
            for root in [roots.live, roots.head].into_iter().flatten() {
                for mount in workload::mounted(root) {
                    let id = consumer.id.core_sibling(mount.kind, &mount.name);
                    out.entry(id).or_default().push(Mount {
                        consumer: &consumer.id,
                        keys: mount.keys,
                    });
                }
            }
        }
        Mounts(out)
    }

    /// Who mounts the key at `path` of a ConfigMap or Secret.
    pub(crate) fn of_key(&self, object: &ObjectSides<'_>, path: &KeyPath) -> Vec<Box<str>> {
        let [Segment::Member(data), Segment::Member(key)] = path.0.as_slice() else {
            return vec![];
        };
        if !matches!(&**data, "data" | "binaryData")
            || !matches!(&*object.id.kind, "ConfigMap" | "Secret")
        {
            return vec![];
        }
        let names = object.pair.each().into_iter().flatten();
        let mounts = names.filter_map(|id| self.0.get(id)).flatten();
        let mut out: Vec<Box<str>> = mounts
            .filter(|m| m.keys.as_ref().is_none_or(|keys| keys.contains(key)))
            .map(|m| format!("{} (mounted file)", m.consumer).into())
            .collect();
        out.sort();
        out.dedup();
        out
    }
}
