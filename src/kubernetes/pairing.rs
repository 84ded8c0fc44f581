//! Which objects of the four sides are one: group, kind, namespace and name; generated ConfigMaps
//! and Secrets by their stem and the workload that refers to them.
//!
//! Source of the generated suffix: kustomize `api/hasher` (ten characters of a fixed alphabet).

use crate::model::{
    desired::DesiredWorld,
    observation::{ObjectId, Observation},
    state::Sides,
    tree::{Kind, NodeRef},
};
use std::collections::{BTreeMap, BTreeSet};

/// One object on four sides: its identity on each side that has it.
pub type Pair = Sides<Option<ObjectId>>;

/// Splits a name that kustomize generated into stem and content hash.
#[must_use]
pub fn generated_name(name: &str) -> Option<(&str, &str)> {
    let (stem, hash) = name.rsplit_once('-')?;
    (hash.len() == 10 && hash.bytes().all(|b| b"2456789bcdfghkmt".contains(&b)) && !stem.is_empty())
        .then_some((stem, hash))
}

/// Whether two names are two generations of one generated object, or the same name.
#[must_use]
pub fn same_generated(a: &str, b: &str) -> bool {
    a == b
        || matches!((generated_name(a), generated_name(b)), (Some((x, _)), Some((y, _))) if x == y)
}

fn is_generated(id: &ObjectId) -> bool {
    id.group.is_empty()
        && matches!(&*id.kind, "ConfigMap" | "Secret")
        && generated_name(&id.name).is_some()
}

/// What is the same on all sides: the identity with a generated suffix cut off.
fn stem_of(id: &ObjectId) -> ObjectId {
    let mut stem = id.clone();
    if is_generated(id)
        && let Some((s, _)) = generated_name(&id.name)
    {
        stem.name = s.into();
    }
    stem
}

/// Pairs the objects that git has on any side with each other and with live ones.
///
/// Of several live objects of one stem, the one counts that a live workload of this layer refers
/// to; without one, the one whose name git has. Others are leftovers of earlier deploys and no
/// finding.
#[must_use]
pub fn pair(git: &Sides<&DesiredWorld>, live: Option<&Observation>) -> Vec<Pair> {
    let mut pairs: BTreeMap<ObjectId, Pair> = BTreeMap::new();
    type Slot = fn(&mut Pair) -> &mut Option<ObjectId>;
    let worlds: [(&DesiredWorld, Slot); 3] = [
        (git.base, |p| &mut p.base),
        (git.head, |p| &mut p.head),
        (git.deployed, |p| &mut p.deployed),
    ];
    for (n, (world, _)) in worlds.iter().enumerate() {
        // One world that stands for several sides is gone through once.
        let is_this = |(other, _): &&(&DesiredWorld, Slot)| std::ptr::eq(*other, *world);
        if worlds[..n].iter().any(|w| is_this(&w)) {
            continue;
        }
        for (key, id) in stems(world) {
            let pair = pairs.entry(key).or_default();
            for (_, slot) in worlds.iter().filter(is_this) {
                *slot(pair) = Some(id.clone());
            }
        }
    }
    let Some(live) = live else {
        return pairs.into_values().collect();
    };
    // Most worlds have no generated names, and then nothing has to be looked for.
    let any_generated = [git.base, git.head, git.deployed]
        .iter()
        .any(|w| w.objects.keys().any(is_generated));
    let (mut referred, mut generated) = (BTreeSet::new(), BTreeMap::<_, Vec<&ObjectId>>::new());
    if any_generated {
        referred = live_references(&pairs, live);
        for (id, _) in live.objects().filter(|(id, _)| is_generated(id)) {
            generated.entry(stem_of(id)).or_default().push(id);
        }
    }
    for (stem, pair) in &mut pairs {
        let git_ids: Vec<&ObjectId> = [&pair.deployed, &pair.base, &pair.head]
            .into_iter()
            .flatten()
            .collect();
        let Some(first) = git_ids.first() else {
            continue;
        };
        let candidates = generated
            .get(stem)
            .filter(|_| git_ids.iter().any(|id| is_generated(id)));
        let chosen = match candidates {
            None => (*first).clone(),
            Some(all) => all
                .iter()
                .find(|id| referred.contains(**id))
                .or_else(|| all.iter().find(|id| git_ids.contains(id)))
                .map_or_else(|| (*first).clone(), |id| (*id).clone()),
        };
        pair.live = Some(chosen);
    }
    pairs.into_values().collect()
}

/// The objects of a world by their stems. Two objects of one stem in one world are two objects,
/// each under its own name.
fn stems(world: &DesiredWorld) -> impl Iterator<Item = (ObjectId, &ObjectId)> {
    let mut generated: BTreeMap<ObjectId, usize> = BTreeMap::new();
    for id in world.objects.keys().filter(|id| is_generated(id)) {
        *generated.entry(stem_of(id)).or_default() += 1;
    }
    world.objects.keys().map(move |id| {
        let stem = stem_of(id);
        let alone =
            stem == *id || (generated.get(&stem) == Some(&1) && !world.objects.contains_key(&stem));
        (if alone { stem } else { id.clone() }, id)
    })
}

/// Generated objects that the live workloads among `pairs` refer to.
fn live_references(pairs: &BTreeMap<ObjectId, Pair>, live: &Observation) -> BTreeSet<ObjectId> {
    let mut out = BTreeSet::new();
    for id in pairs.keys() {
        if let Some(item) = live.object(id).present() {
            references(item.tree.root(), &mut |kind, name| {
                out.insert(id.core_sibling(kind, name));
            });
        }
    }
    out
}

/// Calls `f` with kind and name of every ConfigMap and Secret that an object refers to by one of
/// the reference fields of a pod specification.
pub fn references<'a>(node: NodeRef<'a>, f: &mut dyn FnMut(&'static str, &'a str)) {
    for child in node.children() {
        let (kind, member) = match child.key().as_str() {
            "configMapRef" | "configMapKeyRef" | "configMap" => ("ConfigMap", "name"),
            "secretRef" | "secretKeyRef" => ("Secret", "name"),
            "secret" => ("Secret", "secretName"),
            _ => ("", ""),
        };
        if !kind.is_empty() {
            let name = child
                .text_at(&[member])
                .or_else(|| child.text_at(&["name"]));
            if let Some(name) = name {
                f(kind, name);
            }
        }
        if matches!(child.kind(), Kind::Map | Kind::List) {
            references(child, f);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names() {
        assert_eq!(
            generated_name("api-config-8bt6tk5f2k"),
            Some(("api-config", "8bt6tk5f2k"))
        );
        for plain in ["api-config", "api-1234567890", "-8bt6tk5f2k", "8bt6tk5f2k"] {
            assert_eq!(generated_name(plain), None, "{plain}");
        }
        assert!(same_generated("a-8bt6tk5f2k", "a-6ct58987ht"));
        assert!(!same_generated("a-8bt6tk5f2k", "b-6ct58987ht"));
        assert!(!same_generated("a", "b"));
    }
}
