//! The objects of one layer: paired, walked, their settings resolved, one cause one entry.

use super::{
    Compared, Comparison, LayerInput, embedded,
    evidence::{self, Evidence},
    fields::{LiveSide, ObjectSides, entry_of, state_of},
    restarts, settings, sources,
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
        tree::Kind,
        value::{Reading, UnreadCause, Value, ValueType},
    },
};
use rayon::prelude::*;
use std::{
    cell::LazyCell,
    collections::{BTreeMap, BTreeSet},
};

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
    let mut settings = Settings::of(std::mem::take(&mut found.entries));
    let mounts = LazyCell::new(|| sources::Mounts::of(&objects));
    for w in &walked {
        out.entries.extend(w.whole.clone());
        for difference in &w.walked.differences {
            let entry = entry_of(input, &w.sides, difference);
            if let Some(inner) = file(&entry, difference, &mounts, &w.sides, &mut settings) {
                out.entries.extend(inner);
                continue;
            }
            if settings.explain(difference, &w.sides, entry.state) {
                continue;
            }
            if let Some(note) = autoscaled(&entry, &w.sides, &scaled) {
                out.notes.push(note);
                continue;
            }
            out.entries
                .push(named(entry, difference, &mounts, &w.sides));
        }
    }
    let settings = settings.finish();
    out.restarts = restarts::find(input, &objects, &settings);
    out.entries.extend(settings);
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

/// Settings that differ, found by the fields that they are made from.
struct Settings {
    all: Vec<Compared>,
    sources: sources::Sources,
    /// The numbers of those that other entries stand for.
    gone: BTreeSet<usize>,
}

impl Settings {
    fn of(all: Vec<Compared>) -> Settings {
        Settings {
            sources: sources::Sources::of(&all),
            all,
            gone: BTreeSet::new(),
        }
    }

    /// The numbers of those that are made from the field at `path` of `object`.
    fn made_from(&self, path: &KeyPath, object: &ObjectSides<'_>) -> Vec<usize> {
        let mut near = self.sources.near(path, object);
        near.retain(|at| {
            !self.gone.contains(at) && sources::is_made_from(&self.all[*at], path, object)
        });
        near
    }

    /// Whether any are made from this field; they are told that they explain it. A problem is
    /// explained by a problem only.
    fn explain(
        &mut self,
        difference: &FieldDifference<'_>,
        object: &ObjectSides<'_>,
        state: State,
    ) -> bool {
        let mut made = self.made_from(&difference.path, object);
        made.retain(|at| !state.is_problem() || self.all[*at].state.is_problem());
        for at in &made {
            let explained = format!("{} {}", object.id, difference.path);
            let setting = &mut self.all[*at];
            setting.explains.push(explained.into());
            setting.written_by_change |= object.written_by_change;
        }
        !made.is_empty()
    }

    /// Those that are left.
    fn finish(self) -> Vec<Compared> {
        let all = self.all.into_iter().enumerate();
        all.filter(|(at, _)| !self.gone.contains(at))
            .map(|(_, setting)| setting)
            .collect()
    }
}

/// The keys of a configuration file inside a ConfigMap. Containers that take the whole file as a
/// variable see its keys; their variable is the same difference again.
fn file(
    entry: &Compared,
    difference: &FieldDifference<'_>,
    mounts: &sources::Mounts<'_>,
    object: &ObjectSides<'_>,
    settings: &mut Settings,
) -> Option<Vec<Compared>> {
    if !matches!(difference.path.0.as_slice(), [Segment::Member(data), Segment::Member(_)] if &**data == "data")
    {
        return None;
    }
    let mut affects = mounts.of_key(object, &difference.path);
    let takes = settings.made_from(&difference.path, object);
    for at in &takes {
        affects.extend(settings.all[*at].affects.iter().cloned());
    }
    affects.sort();
    affects.dedup();
    let inner = embedded::entries(difference, entry, &affects)?;
    settings.gone.extend(takes);
    Some(inner)
}

/// A difference as what people call it: a mounted key is a setting, anything else a field.
fn named(
    mut entry: Compared,
    difference: &FieldDifference<'_>,
    mounts: &sources::Mounts<'_>,
    object: &ObjectSides<'_>,
) -> Compared {
    let mounts = mounts.of_key(object, &difference.path);
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
    evidence::inherit(&mut out.entries);
    // What stands beside git's own words is a finding only when a person edited it in.
    out.entries
        .retain(|e| !e.beside || evidence::is_edit_by_a_person(e.written.as_ref()));
    out.entries
        .sort_by(|a, b| (&a.object, &a.key, &a.affects).cmp(&(&b.object, &b.key, &b.affects)));
    out.notes.sort_by_cached_key(|m| format!("{m:?}"));
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
    // Without a change, and where nothing says what was applied, all three are one world.
    let like_base = |world: &DesiredWorld, own: &Option<ObjectId>| {
        std::ptr::eq(world, input.base) && *own == pair.base
    };
    let or_base = |world, own| match like_base(world, own) {
        true => base.clone(),
        false => git(world, own),
    };
    let head = or_base(input.head, &pair.head);
    let deployed = or_base(input.deployed, &pair.deployed);
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
    let own = live.object(id);
    if own.present().is_some() || id.namespace.is_none() {
        return own;
    }
    let wide = ObjectId {
        namespace: None,
        ..id.clone()
    };
    match live.object(&wide) {
        Reading::Present(item) => Reading::Present(item),
        _ => own,
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
    // A chart that renders no value leaves a null, which is none.
    let cleans_up = root
        .at(&["spec", "ttlSecondsAfterFinished"])
        .is_some_and(|ttl| ttl.kind() != Kind::Null);
    hook || (o.id.is("batch", "Job") && cleans_up)
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
                        item: id.clone().into(),
                        path: KeyPath::default(),
                        place: None,
                    },
                )),
            };
            Compared::new(EntryKey::Object, id.clone(), sides, State::Unmanaged)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        classify::ByNameAndLook,
        model::{
            observation::{ItemId, Observation, ObservationBuilder, Outcome, Read, Scope},
            place::Place,
            secret::DigestKey,
            target::Layer,
            tree::{Prune, Tree},
        },
    };
    use std::sync::Arc;

    fn tree(json: &str) -> Tree {
        Tree::from_json(json.as_bytes(), Prune::NOTHING).expect("JSON")
    }

    /// A Deployment whose container is given, in git and live; no ConfigMap was read.
    fn compared(container: &str) -> Comparison {
        let json = format!(
            r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"api","namespace":"shop"}},
            "spec":{{"template":{{"spec":{{"containers":[{container}]}}}}}}}}"#
        );
        let id = ObjectId::new("apps", "Deployment", Some("shop"), "api");
        let mut git = DesiredWorld::default();
        let object = DesiredObject {
            id: id.clone(),
            api_version: "apps/v1".into(),
            tree: tree(&json),
            place: Place::exact("deploy/api.yaml".into(), None),
        };
        git.objects.insert(id.clone(), Arc::new(object));
        let key = DigestKey::for_this_run(&[1; 32]);
        let mut live = ObservationBuilder::new(&key, &ByNameAndLook);
        live.read(Read {
            scope: Scope::kind("apps", "Deployment", Some("shop")),
            outcome: Outcome::Complete,
            revision: None,
        });
        live.item(ItemId::Object(id), tree(&json), vec![]);
        let live: Observation = live.finish();
        let layer = Layer {
            name: "workload".into(),
            closed: true,
            ..Layer::default()
        };
        compare_layer(&LayerInput {
            layer: &layer,
            base: &git,
            head: &git,
            deployed: &git,
            live: Some(&live),
            secrets: SecretsMode::References,
            deployer: None,
            claimed: &BTreeSet::new(),
            deployers: &[],
        })
    }

    #[test]
    fn a_source_of_settings_that_was_not_read_is_unknown_not_equal() {
        for unread in [
            r#"{"name":"api","env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"other","key":"A"}}}]}"#,
            r#"{"name":"api","envFrom":[{"configMapRef":{"name":"other"}}]}"#,
        ] {
            let found = compared(unread);
            assert!(found.entries.is_empty(), "{:?}", found.entries);
            assert!(found.unknown.is_some(), "{unread}");
        }
        let read = compared(r#"{"name":"api","env":[{"name":"A","value":"1"}]}"#);
        assert!(read.unknown.is_none(), "{:?}", read.unknown);
    }
}
