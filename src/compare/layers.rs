//! The settings of a layer: of workloads, what their containers see; of files and stores, what
//! they hold. And such a layer of files or stores, git's side against live's.

use super::{
    Compared, Comparison, LayerInput,
    fields::state_of,
    setting_pairs::pair_settings,
    settings::{origins, place, selects},
    worlds::{GitWorld, LiveWorld},
};
use crate::{
    document,
    kubernetes::{
        environment::{Environment, World, effective_environment},
        pairing::same_generated,
        workload,
    },
    merge::{LayerSide, merge},
    model::{
        desired::DesiredWorld,
        effective::{EffectiveConfig, EffectiveSetting, Placed},
        entry::{Entry, EntryKey, Origin},
        observation::{ItemId, ObjectId},
        path::KeyPath,
        setting::{
            Doubt, KeyStyle, LayerSettings, MayHold, SettingEntry, setting_name, settings_below,
        },
        state::{Sides, State},
        target::{ConfigMapKey, Layer, LiveSpec},
        tree::NodeRef,
        value::{Plain, Reading, Unread, Value, ValueType},
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// Which side of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Git before the change under review.
    Base,
    /// Git after it.
    Head,
    /// Git at the revision that was applied last.
    Deployed,
    /// What is running.
    Live,
}

impl<'a> LayerInput<'a> {
    fn git(&self, side: Side) -> &'a DesiredWorld {
        match side {
            Side::Base => self.base,
            Side::Head | Side::Live => self.head,
            Side::Deployed => self.deployed,
        }
    }

    fn objects(&self, side: Side) -> Vec<(&'a ObjectId, Reading<NodeRef<'a>>)> {
        if side != Side::Live {
            let objects = self.git(side).objects.iter();
            return objects
                .map(|(id, o)| (id, Reading::Present(o.tree.root())))
                .collect();
        }
        let Some(live) = self.live else { return vec![] };
        let mut ids: Vec<&ObjectId> = [self.head, self.base, self.deployed]
            .into_iter()
            .flat_map(|w| w.objects.keys())
            .collect();
        ids.sort();
        ids.dedup();
        ids.into_iter()
            .map(|id| (id, live.object(id).map(|item| item.tree.root())))
            .collect()
    }
}

/// What the containers of a layer's workloads see, each with its container. A value that several
/// containers get from one place is one entry.
#[must_use]
pub fn workload_settings(input: &LayerInput<'_>, side: Side) -> LayerSettings {
    let git = input.git(side);
    let git_world;
    let live_world;
    let world: &dyn World = match (side, input.live) {
        (Side::Live, Some(live)) => {
            live_world = LiveWorld {
                live,
                secrets: input.secrets,
            };
            &live_world
        }
        _ => {
            git_world = GitWorld {
                world: git,
                live: input.live,
                secrets: input.secrets,
                git: [input.base, input.head, input.deployed],
            };
            &git_world
        }
    };
    let mut out = LayerSettings::default();
    if side != Side::Live {
        out.unread.clone_from(&git.incomplete);
    }
    let mut shared: BTreeMap<(Arc<str>, ItemId, KeyPath), usize> = BTreeMap::new();
    let mut consumers: Vec<Vec<Box<str>>> = vec![];
    for (id, root) in input.objects(side) {
        if !selects(input.layer, id) {
            continue;
        }
        let root = match root {
            Reading::Present(root) => root,
            Reading::Absent(_) => continue,
            Reading::Unknown(why) => {
                out.unread.get_or_insert(why);
                continue;
            }
        };
        for container in workload::containers(root) {
            let environment = effective_environment(id, root, &container, world);
            let consumer: Box<str> = format!("{id} container {}", container.name).into();
            may_hold(&environment, &mut out.may_hold);
            let in_git = (side != Side::Live).then_some(git);
            for name in environment.variables.keys() {
                let Some(found) = variable(&environment, name, in_git) else {
                    continue;
                };
                // What is put together by `$(VAR)` is each container's own.
                let from = &found.entry.from;
                let holder = from.first().filter(|_| from.len() <= 2);
                let key = holder.map(|o| (found.name.clone(), o.item.clone(), o.path.clone()));
                let alike = |at: &&usize| out.entries[**at].doubt == found.doubt;
                if let Some(at) = key.as_ref().and_then(|k| shared.get(k)).filter(alike) {
                    consumers[*at].push(consumer.clone());
                    continue;
                }
                if let Some(key) = key {
                    shared.insert(key, out.entries.len());
                }
                consumers.push(vec![consumer.clone()]);
                out.entries.push(found);
            }
        }
    }
    for (entry, seen_by) in out.entries.iter_mut().zip(consumers) {
        entry.seen_by = seen_by.into();
    }
    // What was not read are other workloads, and what references lead to: that is said above.
    out.certain = out.entries.len();
    out
}

/// A variable that a container has, as an entry that nobody sees yet.
fn variable(
    environment: &Environment<'_>,
    name: &str,
    in_git: Option<&DesiredWorld>,
) -> Option<SettingEntry> {
    let (value, unread) = match environment.read(name) {
        Reading::Present(value) => (value, None),
        Reading::Absent(_) => return None,
        Reading::Unknown(why) => (Value::text(""), Some(why)),
    };
    let unlisted = environment.may_be_replaced(name);
    let found = SettingEntry {
        path: KeyPath::members(&[name]),
        name: name.into(),
        style: KeyStyle::Environment,
        entry: Entry {
            value,
            from: origins(environment, name, in_git),
        },
        seen_by: Arc::default(),
        doubt: unlisted.map(|u| Arc::new(Doubt::KeysNotRead(u.object.to_string().into()))),
    };
    Some(match unread {
        Some(why) => found.unread(why),
        None => found,
    })
}

/// The `envFrom` of a container whose keys are not known, each once.
fn may_hold(environment: &Environment<'_>, out: &mut Vec<MayHold>) {
    let unread = environment
        .incomplete
        .iter()
        .map(|(prefix, why)| (*prefix, Doubt::Unread(why.clone())));
    let unlisted = environment
        .unlisted
        .iter()
        .map(|u| (u.prefix, Doubt::KeysNotRead(u.object.to_string().into())));
    for (prefix, doubt) in unread.chain(unlisted) {
        let one = MayHold {
            prefix: prefix.into(),
            doubt,
        };
        if !out.contains(&one) {
            out.push(one);
        }
    }
}

/// The settings of a configuration file inside a ConfigMap of `input`'s layer.
#[must_use]
pub fn config_map_settings(
    input: &LayerInput<'_>,
    key: &ConfigMapKey,
    side: Side,
) -> LayerSettings {
    let mut out = LayerSettings::default();
    let mut incomplete = None;
    let is_it = |id: &ObjectId| id.is("", "ConfigMap") && same_generated(&id.name, &key.name);
    if side != Side::Live {
        // What else is not read is no second ConfigMap of this name.
        incomplete.clone_from(&input.git(side).incomplete);
    } else if input.live.is_none() {
        return out;
    }
    for (id, root) in input.objects(side) {
        if !is_it(id) {
            continue;
        }
        let root = match root {
            Reading::Present(root) => root,
            Reading::Absent(_) => continue,
            Reading::Unknown(why) => {
                out.unread.get_or_insert(why);
                continue;
            }
        };
        let Some(held) = root.member("data").and_then(|d| d.member(&key.key)) else {
            continue;
        };
        let Some(tree) = held.as_text().and_then(|t| document::embedded(&key.key, t)) else {
            out.unread = Some(Unread::new(
                crate::model::value::UnreadCause::Malformed,
                format!(
                    "{} of {id} is no configuration file that can be read key by key",
                    key.key
                ),
            ));
            continue;
        };
        let outer = KeyPath::members(&["data", &key.key]);
        let in_git = (side != Side::Live).then(|| input.git(side));
        let whole = in_git.and_then(|world| place(world, id, &outer));
        settings_below(tree.root(), &mut KeyPath::default(), &mut |path, node| {
            let full = outer.0.iter().chain(&path.0).cloned().collect();
            let origin = Origin {
                item: id.clone().into(),
                path: KeyPath(full),
                place: whole
                    .as_ref()
                    .map(|p| super::embedded::inner_place(p, node)),
            };
            out.entries.push(SettingEntry {
                name: setting_name(path),
                style: KeyStyle::Tree,
                path: path.clone(),
                entry: Entry::of(Value::of(node), origin),
                seen_by: Arc::default(),
                doubt: None,
            });
        });
    }
    if out.unread.is_none() {
        out.unread = incomplete;
        out.certain = out.entries.len();
    }
    out
}

/// A layer of files or stores on its four sides.
#[derive(Clone, Copy)]
pub struct SettingsInput<'a> {
    /// What driftgate.yaml says of it.
    pub layer: &'a Layer,
    /// The sides; `live` is absent for a layer without a live side, which only has changes.
    pub sides: Sides<Option<&'a LayerSettings>>,
    /// Whether names meet across spelling styles only where they are the same text.
    pub exact_keys: bool,
}

/// Compares a layer of files or stores.
#[must_use]
pub fn compare_settings(input: &SettingsInput<'_>) -> Comparison {
    let nothing = LayerSettings::default();
    let sides = [
        input.sides.base,
        input.sides.head,
        input.sides.deployed,
        // Without a live side only what merging changes is of interest.
        input.sides.live.or(input.sides.base),
    ]
    .map(|side| side.unwrap_or(&nothing));
    // Sides that are the same are merged once.
    let mut merged: Vec<(&LayerSettings, Arc<EffectiveConfig>)> = vec![];
    for settings in sides {
        let known = merged.iter().find(|m| std::ptr::eq(m.0, settings));
        let config = known.map(|m| m.1.clone()).unwrap_or_else(|| {
            let side = LayerSide {
                layer: input.layer,
                settings,
                borrowed: false,
            };
            Arc::new(merge(&[side], input.exact_keys, &BTreeMap::new()))
        });
        merged.push((settings, config));
    }
    let merged: Vec<&EffectiveConfig> = merged.iter().map(|m| &*m.1).collect();
    let mut out = Comparison {
        objects: input.sides.live.map_or(0, |live| live.entries.len() as u64),
        ..Comparison::default()
    };
    out.unknown = sides.iter().find_map(|s| s.unread.clone());
    for row in pair_settings(&merged) {
        one_setting(input, &sides, &row, &mut out);
    }
    let whole_file = matches!(input.layer.live, Some(LiveSpec::File(_)));
    let any = !std::ptr::eq(merged[0], merged[1]) && differ(merged[0], merged[1]);
    out.written_by_change = any;
    for entry in &mut out.entries {
        entry.written_by_change |= whole_file && any;
    }
    out.entries
        .sort_by(|a, b| (&a.object, &a.key).cmp(&(&b.object, &b.key)));
    out
}

fn one_setting(
    input: &SettingsInput<'_>,
    sides: &[&LayerSettings; 4],
    row: &[Option<&EffectiveSetting>],
    out: &mut Comparison,
) {
    let placed = |i: usize| row[i].and_then(|s| s.winning().next());
    let reading = |i: usize| -> Reading<Entry> {
        let unread = match row[i] {
            Some(setting) => setting.unknown.as_ref().map(|(_, why)| why),
            None => sides[i].unread.as_ref(),
        };
        match (unread, placed(i)) {
            (Some(why), _) => Reading::Unknown(why.clone()),
            (None, Some(p)) => Reading::Present(p.entry.entry.clone()),
            (None, None) => Reading::within_whole(None),
        }
    };
    let readings = Sides {
        base: reading(0),
        head: reading(1),
        deployed: reading(2),
        live: reading(3),
    };
    let Some(shown) = [1, 3, 0, 2].into_iter().find_map(|i| row[i]) else {
        return;
    };
    out.compared += 1;
    let ty = shown.ty;
    let compared = readings.map(|r| r.clone().map(as_setting));
    let state = state_of(&compared, ty);
    let item = [3, 1, 0, 2]
        .into_iter()
        .filter_map(placed)
        .find_map(|p: &Placed| Some(p.entry.entry.origin()?.item.clone()));
    let Some(item) = item else { return };
    match state {
        State::InSync => {
            let opaque = readings.head.present();
            out.opaque += u64::from(opaque.is_some_and(|e| e.value.is_opaque()));
        }
        State::Unmanaged if !input.layer.closed => {}
        State::NotCompared => out.opaque += 1,
        State::Unknown => {
            let why = readings.each().into_iter().find_map(|r| match r {
                Reading::Unknown(u) => Some(u.clone()),
                _ => None,
            });
            out.unknown = out.unknown.take().or(why);
        }
        state => {
            let same = super::fields::same_reading(&compared.base, &compared.head, ty);
            out.entries.push(Compared {
                ty,
                written_by_change: !same,
                deploy_time: input.layer.deploy_time.iter().any(|d| **d == *shown.name),
                ..Compared::new(EntryKey::Setting(shown.name.clone()), item, readings, state)
            });
        }
    }
}

/// Settings are read as texts, whatever their format makes of them: `20` is `"20"`.
#[must_use]
pub fn as_setting(entry: Entry) -> Entry {
    let value = match entry.value {
        Value::Plain(plain @ (Plain::Bool(_) | Plain::Number(_))) => {
            Value::Plain(Plain::Text(plain.text()))
        }
        other => other,
    };
    Entry { value, ..entry }
}

fn differ(a: &EffectiveConfig, b: &EffectiveConfig) -> bool {
    pair_settings(&[a, b]).iter().any(|row| {
        let value = |s: Option<&EffectiveSetting>| {
            Reading::within_whole(
                s.and_then(|s| Some(as_setting(s.winning().next()?.entry.entry.clone()))),
            )
        };
        let ty = row
            .iter()
            .flatten()
            .next()
            .map_or(ValueType::Text, |s| s.ty);
        !super::fields::same_reading(&value(row[0]), &value(row[1]), ty)
    })
}
