//! Settings of one layer on one side, before layers are merged.

use super::{
    entry::Entry,
    path::{KeyPath, Segment},
    place::Place,
    tree::{Kind, NodeRef},
    value::{Shown, Unread, Value},
};
use std::sync::Arc;

/// The settings of one layer on one side.
#[derive(Clone, Debug, Default)]
pub struct LayerSettings {
    /// In the order of the layer; of one name and one container the last counts.
    pub entries: Vec<SettingEntry>,
    /// What "not in it" means: absent, or (with why) unknown. What could not be read may also come
    /// after `entries`, and win over them; `certain` says over which of them it can't.
    pub unread: Option<Unread>,
    /// What it imports from where nobody looks: it may win over the entries.
    pub beyond: Vec<Beyond>,
    /// How many entries, from the last one on, certainly come after all that could not be read.
    pub certain: usize,
    /// Parts of the layer that may have more names: `envFrom` of what was not read.
    pub may_hold: Vec<MayHold>,
}

/// Something that a layer imports and driftgate does not read: Spring's `vault://secret/app`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// As the layer says it, without what may be a secret in it.
    pub what: Box<str>,
    /// Where the layer says it.
    pub place: Option<Place>,
}

/// A part of a layer that may have a value of any name with a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MayHold {
    /// What such names begin with, as the layer spells them; often empty.
    pub prefix: Box<str>,
    /// Why nobody knows.
    pub doubt: Doubt,
}

/// Why nobody knows what a part of a layer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It could not be read.
    Unread(Unread),
    /// A Secret whose keys are not read (`Secret/shop/api`): a choice, and no failure.
    KeysNotRead(Box<str>),
}

impl LayerSettings {
    /// A layer of which nothing could be read.
    #[must_use]
    pub fn unread(why: Unread) -> LayerSettings {
        LayerSettings {
            unread: Some(why),
            ..LayerSettings::default()
        }
    }
}

/// A setting in a layer.
#[derive(Clone, Debug)]
pub struct SettingEntry {
    /// As the layer spells it, its prefix taken off: `DB_TIMEOUT`, `database.pool_size`.
    pub name: Arc<str>,
    /// The spelling style of the layer.
    pub style: KeyStyle,
    /// Where it stands in the part of its document that holds the settings: what replaces a whole
    /// map hides what is below. One member for an environment variable.
    pub path: KeyPath,
    /// Its value, and where it is from.
    pub entry: Entry,
    /// The containers that see it; empty: whatever reads the layer.
    pub seen_by: Arc<[Box<str>]>,
    /// Why nobody knows its value (which is opaque then), or what may be seen instead of it.
    pub doubt: Option<Arc<Doubt>>,
}

impl SettingEntry {
    /// An entry of which only the name is known.
    #[must_use]
    pub fn unread(self, why: Unread) -> SettingEntry {
        let value = Value::Opaque("not read".into());
        SettingEntry {
            entry: Entry {
                value,
                ..self.entry
            },
            doubt: Some(Arc::new(Doubt::Unread(why))),
            ..self
        }
    }

    /// Why its value could not be read.
    #[must_use]
    pub fn why_unread(&self) -> Option<&Unread> {
        match self.doubt.as_deref() {
            Some(Doubt::Unread(why)) => Some(why),
            _ => None,
        }
    }

    /// What a report may hold of its value.
    #[must_use]
    pub fn shown(&self) -> Shown {
        match self.why_unread() {
            Some(why) => Shown::Unknown(why.detail.clone()),
            None => Shown::from(&self.entry.value),
        }
    }
}

/// How a layer spells its keys. Within one style names are exact; across styles they match by
/// their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyStyle {
    /// Names of environment variables.
    Environment,
    /// Nested maps, or names with dots.
    Tree,
    /// Names of Spring's properties. A name of an environment variable means one of them when they
    /// have the same letters and digits: Spring drops dashes, or reads them as underscores.
    Spring,
    /// Paths with slashes, below the layer's own path.
    Path,
}

/// The settings below `node`: leaves by the names of the maps around them, joined by dots. A list
/// is one setting (merging replaces lists), and so is an empty map; a list of `{ name, value }` is
/// read as settings. `path` is the way to `node` in the selected part; pass an empty one.
pub fn settings_below<'a>(
    node: NodeRef<'a>,
    path: &mut KeyPath,
    found: &mut dyn FnMut(&KeyPath, NodeRef<'a>),
) {
    match node.kind() {
        Kind::Map if !node.is_empty() => {
            for child in node.children() {
                path.0.push(Segment::Member(child.key().as_str().into()));
                settings_below(child, path, found);
                path.0.pop();
            }
        }
        Kind::List if is_name_value_list(node) => {
            for item in node.children() {
                let name = item.text_at(&["name"]).unwrap_or_default();
                let value = ["value", "valueFrom"]
                    .into_iter()
                    .find_map(|member| item.member(member));
                if let Some(value) = value {
                    path.0.push(Segment::Item(vec![name.into()]));
                    path.0.push(Segment::Member(value.key().as_str().into()));
                    found(path, value);
                    path.0.pop();
                    path.0.pop();
                }
            }
        }
        _ => found(path, node),
    }
}

/// Whether a list is `[{ name: A, value: x }, …]`, as environments are written in Kubernetes, ECS
/// task definitions and many charts: every item has a name and at most one value.
#[must_use]
pub fn is_name_value_list(list: NodeRef<'_>) -> bool {
    list.kind() == Kind::List
        && !list.is_empty()
        && list.children().all(|item| {
            item.kind() == Kind::Map
                && item.text_at(&["name"]).is_some_and(|n| !n.is_empty())
                && item
                    .children()
                    .all(|m| matches!(m.key().as_str(), "name" | "value" | "valueFrom"))
                && item.len() == 2
        })
}

/// The name of the setting at a path of [`settings_below`]: members joined by dots as they are
/// written, so that `a.b: 1` and `a: { b: 1 }` are one name.
#[must_use]
pub fn setting_name(path: &KeyPath) -> Arc<str> {
    let mut out = String::new();
    let mut segments = path.0.iter().peekable();
    while let Some(segment) = segments.next() {
        let word: &str = match segment {
            Segment::Member(name) => name,
            Segment::Item(keys) => {
                // `[NAME].value`: the item's name is the setting's.
                segments.next();
                keys.first().map_or("", |k| k)
            }
            Segment::Index(_) => continue,
        };
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(word);
    }
    out.into()
}
