//! The objects of one layer: paired, walked, their settings resolved, one cause one entry.

use super::{
    Compared, Comparison, LayerInput, embedded,
    evidence::{self, Evidence},
    fields::{LiveSide, ObjectSides, entry_of, state_of},
    restarts, settings,
    walk::{FieldDifference, WalkContext, Walked, walk},
};
use crate::{
    kubernetes::{
        autoscaling::{self, Scaled},
        deployers, ignored,
        pairing::{Pair, pair},
        topology::Topology,
    },
    model::{
        desired::{DesiredObject, DesiredWorld},
        entry::{Entry, EntryKey, Origin},
        finding::Message,
        observation::{Item, ObjectId, Observation},
        path::{KeyPath, Segment},
        state::{Sides, State},
        target::SecretsMode,
        value::{Reading, UnreadCause, Value, ValueType},
    },
};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// One object with what walking it gave.
struct WalkedObject<'a> {
    sides: ObjectSides<'a>,
    /// The object as a whole, when that is not simply in sync.
    whole: Option<Compared>,
    walked: Walked<'a>,
    /// A Secret whose content may not be read here: present in git, not comparable.
    unread_secret: bool,
}

/// Compares one layer of one target.
#[must_use]
pub fn compare_layer(input: &LayerInput<'_>) -> Comparison {
    let git = Sides {
        base: input.base,
        head: input.head,
        deployed: input.deployed,
        live: input.head,
    };
    let pairs = pair(&git, input.live);
    let walked: Vec<WalkedObject<'_>> = pairs
        .par_iter()
        .filter_map(|p| walk_object(input, p))
        .collect();
    let objects: Vec<&ObjectSides<'_>> = walked.iter().map(|w| &w.sides).collect();
    let mut out = count(&walked);
    let mut found = settings::compare(input, &objects);
    out.unknown = found.unknown.take();
    out.compared += found.compared;
    out.opaque += found.opaque;
    out.notes.append(&mut found.notes);
    let scaled = autoscaling::scaled_workloads(input.live, &[input.head, input.base]);
    for w in &walked {
        out.entries.extend(w.whole.clone());
        for difference in &w.walked.differences {
            let entry = entry_of(input, &w.sides, difference);
            if let Some(inner) = file(&entry, difference, &objects, &w.sides, &mut found.entries) {
                out.entries.extend(inner);
                continue;
            }
            if explain(&mut found.entries, difference, &w.sides, entry.state) {
                continue;
            }
            if let Some(note) = autoscaled(&entry, &w.sides, &scaled) {
                out.notes.push(note);
                continue;
            }
            out.entries
                .push(named(entry, difference, &objects, &w.sides));
        }
    }
    out.restarts = restarts::find(input, &objects, &found.entries);
    out.entries.extend(found.entries);
    out.entries.extend(live_only_objects(input, &pairs));
    finish(input, &mut out);
    out
}

fn count(walked: &[WalkedObject<'_>]) -> Comparison {
    let mut out = Comparison::default();
    for w in walked {
        out.compared += w.walked.compared + 1;
        out.opaque += w.walked.opaque + u64::from(w.unread_secret);
        out.objects += u64::from(w.sides.live.present().is_some());
        out.written_by_change |= w.sides.written_by_change;
    }
    out
}

/// Whether settings that differ are made from this field; they are told that they explain it.
///
/// A problem is explained by a problem only, and never what a list of references gained beside the
/// settings that came through it.
fn explain(
    settings: &mut [Compared],
    difference: &FieldDifference<'_>,
    object: &ObjectSides<'_>,
    state: State,
) -> bool {
    let mut any = false;
    for setting in settings.iter_mut() {
        if state.is_problem() && !setting.state.is_problem() {
            continue;
        }
        if settings::is_made_from(setting, &difference.path, object) {
            setting.written_by_change |= object.written_by_change;
            setting
                .explains
                .push(format!("{} {}", object.id, difference.path).into());
            any = true;
        }
    }
    any
}

/// The keys of a configuration file inside a ConfigMap. Containers that take the whole file as a
/// variable see its keys; their variable is the same difference again.
fn file(
    entry: &Compared,
    difference: &FieldDifference<'_>,
    objects: &[&ObjectSides<'_>],
    object: &ObjectSides<'_>,
    settings: &mut Vec<Compared>,
) -> Option<Vec<Compared>> {
    let mut affects = settings::mounted_by(objects, object, &difference.path);
    let takes = |s: &Compared| settings::is_made_from(s, &difference.path, object);
    for setting in settings.iter().filter(|s| takes(s)) {
        affects.extend(setting.affects.iter().cloned());
    }
    affects.sort();
    affects.dedup();
    let inner = embedded::entries(difference, entry, &affects)?;
    settings.retain(|s| !takes(s));
    Some(inner)
}

/// A difference as what people call it: a mounted key is a setting, anything else a field.
fn named(
    mut entry: Compared,
    difference: &FieldDifference<'_>,
    objects: &[&ObjectSides<'_>],
    object: &ObjectSides<'_>,
) -> Compared {
    let mounts = settings::mounted_by(objects, object, &difference.path);
    if let ([_, Segment::Member(key)], false) = (difference.path.0.as_slice(), mounts.is_empty()) {
        entry.key = EntryKey::Setting((&**key).into());
        entry.affects = mounts;
    }
    entry
}

/// Replicas that an autoscaler owns are its own business; that git sets them all the same is said.
fn autoscaled(
    entry: &Compared,
    object: &ObjectSides<'_>,
    scaled: &BTreeMap<ObjectId, Scaled>,
) -> Option<Message> {
    if entry.key != EntryKey::Field(KeyPath::members(&["spec", "replicas"])) {
        return None;
    }
    let by = scaled.get(&object.id)?;
    let live = match entry.sides.live.present()?.value {
        Value::Plain(ref plain) => plain.text().parse::<i64>().ok()?,
        _ => return None,
    };
    by.allows(live).then(|| {
        Message::words("git sets replicas of ")
            .name(object.id.to_string())
            .and(", which ")
            .name(by.autoscaler.to_string())
            .and(" owns: every forced apply resets them")
    })
}

/// Drops what is no difference after all, and fills in who wrote what is one.
fn finish(input: &LayerInput<'_>, out: &mut Comparison) {
    let not_compared = |e: &Compared| e.state == State::NotCompared;
    out.opaque += out.entries.iter().filter(|e| not_compared(e)).count() as u64;
    for entry in out.entries.iter().filter(|e| e.state == State::Unknown) {
        let why = entry.sides.each().into_iter().find_map(|r| match r {
            Reading::Unknown(u) => Some(u.clone()),
            _ => None,
        });
        if let Some(why) = why {
            out.unknown.get_or_insert(why);
        }
    }
    out.entries
        .retain(|e| e.state.is_problem() || e.state.is_change());
    let mut evidence = Evidence::of(input);
    for entry in out.entries.iter_mut().filter(|e| e.state.is_problem()) {
        evidence.fill(entry);
    }
    // What stands beside git's own words is a finding only when a person edited it in.
    out.entries
        .retain(|e| !e.beside || evidence::is_edit_by_a_person(e.written.as_ref()));
    out.entries.sort_by(|a, b| {
        let by = |e: &Compared| (e.object.clone(), e.key.clone(), e.affects.clone());
        by(a).cmp(&by(b))
    });
    out.notes.sort_by_key(|m| format!("{m:?}"));
    out.notes.dedup();
}

fn walk_object<'a>(input: &LayerInput<'a>, pair: &'a Pair) -> Option<WalkedObject<'a>> {
    let sides = object_sides(input, pair)?;
    // Of kinds that only what was deployed long ago has, nobody was asked.
    let only_deployed = pair.base.is_none() && pair.head.is_none();
    if only_deployed
        && matches!(&sides.live, Reading::Unknown(u) if u.cause == UnreadCause::NotAsked)
    {
        return None;
    }
    let unread_secret = sides.id.is("", "Secret")
        && input.secrets == SecretsMode::References
        && input.live.is_some();
    let mut out = WalkedObject {
        whole: None,
        walked: Walked::default(),
        unread_secret,
        sides,
    };
    if unread_secret {
        return Some(out);
    }
    let presence = out.sides.presence();
    let state = state_of(&presence, ValueType::Text);
    if state != State::InSync && !(state == State::Missing && never_missing(&out.sides)) {
        out.whole = Some(out.sides.whole(presence, state));
    }
    if let Reading::Present(live) = &out.sides.live {
        out.walked = walk_fields(input, &out.sides, live);
    }
    Some(out)
}

fn object_sides<'a>(input: &LayerInput<'a>, pair: &'a Pair) -> Option<ObjectSides<'a>> {
    let id = [&pair.live, &pair.head, &pair.base, &pair.deployed]
        .into_iter()
        .find_map(Clone::clone)?;
    let git = |world: &'a DesiredWorld, own: &Option<ObjectId>| -> Reading<&'a DesiredObject> {
        let found = world.find(own.as_ref().unwrap_or(&id));
        // A patch that deletes is git's way to say that the object is not to be.
        match found {
            Reading::Present(o) if o.tree.root().text_at(&["$patch"]) == Some("delete") => {
                Reading::within_whole(None)
            }
            other => other,
        }
    };
    let base = git(input.base, &pair.base);
    let head = git(input.head, &pair.head);
    let deployed = git(input.deployed, &pair.deployed);
    let live = match input.live {
        Some(live) => in_either_scope(live, &id).map(|item| LiveSide {
            root: item.tree.root(),
            item: Some(item),
        }),
        // Without a live side only what merging changes is of interest.
        None => base.as_ref().map(|o| LiveSide {
            root: o.tree.root(),
            item: None,
        }),
    };
    let written_by_change = match (&base, &head) {
        (Reading::Present(b), Reading::Present(h)) => {
            !std::ptr::eq(*b, *h) && (b.id != h.id || !b.tree.root().same(h.tree.root()))
        }
        (Reading::Absent(_), Reading::Absent(_)) => false,
        _ => true,
    };
    Some(ObjectSides {
        pair,
        id,
        base,
        head,
        deployed,
        live,
        written_by_change,
    })
}

/// A kind lives in namespaces or outside of them, never both: of a custom kind only the cluster
/// knows.
fn in_either_scope<'a>(live: &'a Observation, id: &ObjectId) -> Reading<&'a Item> {
    let wide = ObjectId {
        namespace: None,
        ..id.clone()
    };
    match live.object(&wide) {
        Reading::Present(item) => Reading::Present(item),
        _ => live.object(id),
    }
}

fn walk_fields<'a>(
    input: &LayerInput<'a>,
    object: &ObjectSides<'a>,
    live: &LiveSide<'a>,
) -> Walked<'a> {
    let roots = object.walk_roots();
    if roots.head.is_none() {
        return Walked::default();
    }
    let version = |o: &DesiredObject| {
        live.root
            .text_at(&["apiVersion"])
            .is_some_and(|v| v != &*o.api_version)
    };
    let other_version = object.newest().is_some_and(version);
    let cx = WalkContext {
        id: &object.id,
        topology: Topology::of(&object.id, input.live),
        closed: input.layer.closed,
        other_version,
        follows_secrets: input.secrets != SecretsMode::References,
        deployer_owns: &|path| {
            live.item
                .is_some_and(|item| evidence::deployer_owns(input, item, path))
        },
    };
    walk(roots, &cx)
}

/// Hooks run and vanish; Jobs may clean up after themselves.
fn never_missing(object: &ObjectSides<'_>) -> bool {
    let Some(o) = object.newest() else {
        return false;
    };
    let root = o.tree.root();
    let hook = root
        .at(&["metadata", "annotations"])
        .is_some_and(|annotations| {
            annotations
                .children()
                .any(|a| matches!(a.key().as_str(), "helm.sh/hook" | "argocd.argoproj.io/hook"))
        });
    hook || (o.id.is("batch", "Job") && root.at(&["spec", "ttlSecondsAfterFinished"]).is_some())
}

/// Live objects that carry the deployer's label of this target, and that git has nowhere.
fn live_only_objects(input: &LayerInput<'_>, pairs: &[Pair]) -> Vec<Compared> {
    let (Some(live), Some(deployer)) = (input.live, input.deployer) else {
        return vec![];
    };
    let kinds: BTreeSet<(&str, &str)> = pairs
        .iter()
        .flat_map(|p| [&p.head, &p.base, &p.deployed])
        .flatten()
        .map(|id| (&*id.group, &*id.kind))
        .collect();
    let paired: BTreeSet<&ObjectId> = pairs.iter().filter_map(|p| p.live.as_ref()).collect();
    let is_leftover = |id: &ObjectId, item: &Item| {
        let root = item.tree.root();
        kinds.contains(&(&*id.group, &*id.kind))
            && !paired.contains(id)
            && !input.claimed.contains(id)
            && !ignored::is_machinery(id)
            && root.at(&["metadata", "ownerReferences"]).is_none()
            && crate::kubernetes::pairing::generated_name(&id.name).is_none()
            && deployers::belongs_to(root, deployer) == Some(true)
    };
    live.objects()
        .filter(|(id, item)| is_leftover(id, item))
        .map(|(id, _)| {
            let absent = || Reading::within_whole(None);
            let sides = Sides {
                base: absent(),
                head: absent(),
                deployed: absent(),
                live: Reading::Present(Entry::of(
                    Value::text("present"),
                    Origin {
                        object: id.clone(),
                        path: KeyPath::default(),
                        place: None,
                    },
                )),
            };
            Compared::new(EntryKey::Object, id.clone(), sides, State::Unmanaged)
        })
        .collect()
}
