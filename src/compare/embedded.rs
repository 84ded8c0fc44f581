//! A ConfigMap key that holds a file (`application.yml`) compares key by key.

use super::{fields::state_of, leaves::flatten, *};
use crate::{
    compare::walk::FieldDifference,
    document,
    model::{
        entry::Origin,
        path::{KeyPath, Segment},
        place::{Exactness, Place},
        secret::Sameness,
        tree::{NodeRef, Span, Tree},
        value::Value,
    },
};
use std::collections::BTreeMap;

/// The entries of one file-like key, or nothing when a side is no such file: then the key is one
/// value. `sides` are the readings of the whole text.
pub(crate) fn entries(
    difference: &FieldDifference<'_>,
    whole: &Compared,
    affects: &[Box<str>],
) -> Option<Vec<Compared>> {
    let [Segment::Member(data), Segment::Member(key)] = difference.path.0.as_slice() else {
        return None;
    };
    if &**data != "data" {
        return None;
    }
    let parse = |node: &Option<NodeRef<'_>>| -> Option<Option<Tree>> {
        match node {
            None => Some(None),
            Some(n) => document::embedded(key, n.as_text()?).map(Some),
        }
    };
    let n = &difference.nodes;
    let trees = Sides {
        base: parse(&n.base)?,
        head: parse(&n.head)?,
        deployed: parse(&n.deployed)?,
        live: parse(&n.live)?,
    };
    // A file that is missing on a side is one entry, not each of its keys.
    if trees.each().iter().any(|t| t.is_none()) {
        return None;
    }
    let leaves = trees.map(|t| {
        let mut out = BTreeMap::new();
        if let Some(t) = t {
            flatten(t.root(), &mut Vec::new(), &mut out);
        }
        out
    });
    let mut keys: Vec<&KeyPath> = leaves.each().iter().flat_map(|l| l.keys()).collect();
    keys.sort();
    keys.dedup();
    let entries: Vec<Compared> = keys
        .into_iter()
        .filter_map(|path| one(path, &leaves, whole, affects, key))
        .collect();
    (!entries.is_empty()).then_some(entries)
}

fn one(
    path: &KeyPath,
    leaves: &Sides<BTreeMap<KeyPath, NodeRef<'_>>>,
    whole: &Compared,
    affects: &[Box<str>],
    file_key: &str,
) -> Option<Compared> {
    let nodes = leaves.map(|l| l.get(path).copied());
    let all: Vec<NodeRef<'_>> = nodes.each().into_iter().flatten().copied().collect();
    let first = *all.first()?;
    if all.len() == 4 && all.iter().all(|n| first.sameness(*n) == Sameness::Equal) {
        return None;
    }
    let reading = |node: Option<NodeRef<'_>>, outer: &Reading<Entry>| {
        outer.as_ref().inside(|o| {
            let node = node?;
            let origin = o.origin()?;
            Some(Entry::of(
                Value::of(node),
                Origin {
                    item: origin.item.clone(),
                    path: inner_path(&origin.path, path),
                    place: origin.place.as_ref().map(|p| inner_place(p, node)),
                },
            ))
        })
    };
    let sides = Sides {
        base: reading(nodes.base, &whole.sides.base),
        head: reading(nodes.head, &whole.sides.head),
        deployed: reading(nodes.deployed, &whole.sides.deployed),
        live: reading(nodes.live, &whole.sides.live),
    };
    let key = if affects.is_empty() {
        EntryKey::Field(inner_path(&KeyPath::members(&["data", file_key]), path))
    } else {
        EntryKey::Setting(path.to_string().into())
    };
    Some(Compared {
        key,
        state: state_of(&sides, whole.ty),
        sides,
        affects: affects.to_vec(),
        explains: vec![
            format!("{} {}", whole.object, KeyPath::members(&["data", file_key])).into(),
        ],
        ..whole.clone()
    })
}

fn inner_path(outer: &KeyPath, inner: &KeyPath) -> KeyPath {
    KeyPath(outer.0.iter().chain(&inner.0).cloned().collect())
}

/// The place inside a block scalar: its lines follow the outer file's. Flow scalars have escapes,
/// so only their own place is known.
pub(crate) fn inner_place(outer: &Place, node: NodeRef<'_>) -> Place {
    let inner = node.key_span().or_else(|| node.span());
    match (outer.span, inner, &outer.exact) {
        (Some(o), Some(i), Exactness::Exact) if o.line > 0 => Place::exact(
            outer.file.clone(),
            Some(Span {
                line: o.line + i.line.saturating_sub(1),
                ..o
            }),
        ),
        _ => outer.clone(),
    }
}
