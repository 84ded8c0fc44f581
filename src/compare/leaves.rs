//! Maps and lists, item by item: what is one item on several sides although it stands elsewhere
//! in a list, or is called otherwise there.

use super::names::OwnNames;
use crate::model::{
    name::Name,
    path::{KeyPath, Segment},
    tree::{Kind, NodeRef},
};
use std::collections::{BTreeMap, BTreeSet};

/// Scalars and empty maps and lists by path; items of lists of maps by `name`, `key` or `id`.
pub(super) fn flatten<'a>(
    node: NodeRef<'a>,
    path: &mut Vec<Segment>,
    out: &mut BTreeMap<KeyPath, NodeRef<'a>>,
) {
    match node.kind() {
        Kind::Map if !node.is_empty() => {
            for child in node.children() {
                path.push(Segment::Member(child.key().as_str().into()));
                flatten(child, path, out);
                path.pop();
            }
        }
        Kind::List if !node.is_empty() => {
            let identity = list_identity(node);
            for (i, child) in node.children().enumerate() {
                path.push(match identity.and_then(|k| child.get(k)) {
                    Some(id) => Segment::Item(vec![id.scalar_text().into()]),
                    None => Segment::Index(u32::try_from(i).unwrap_or(u32::MAX)),
                });
                flatten(child, path, out);
                path.pop();
            }
        }
        _ => {
            out.insert(KeyPath(path.clone()), node);
        }
    }
}

/// The member that tells the items of a list apart: present in all, and different in all.
pub(super) fn list_identity(list: NodeRef<'_>) -> Option<Name> {
    ["name", "key", "id"].into_iter().find_map(|member| {
        let name = Name::known(member)?;
        let mut seen = BTreeSet::new();
        list.children()
            .all(|item| {
                item.get(name)
                    .is_some_and(|v| seen.insert(v.scalar_text().into_owned()))
            })
            .then_some(name)
    })
}

/// Deeper than this, what is left is one value.
const DEEPEST: usize = 64;

/// One node per side, absent where a side lacks it.
pub(super) type Nodes<'a> = Vec<Option<NodeRef<'a>>>;

/// Goes down several trees at once, as long as all that are there are maps, or lists of which an
/// item can be told: `emit` gets each leaf, and what is not there on all sides, once. Items and
/// members pair by what they are called, else by that without each side's own names.
pub(super) fn descend<'a>(
    nodes: &Nodes<'a>,
    own: &[&OwnNames],
    path: &mut KeyPath,
    emit: &mut dyn FnMut(&KeyPath, &Nodes<'a>),
) {
    let present = || nodes.iter().flatten();
    let whole = present().count() == nodes.len() && path.0.len() < DEEPEST;
    let children = if !whole {
        None
    } else if present().all(|n| n.kind() == Kind::Map && !n.is_empty()) {
        Some(members(nodes))
    } else if present().all(|n| n.kind() == Kind::List && !n.is_empty()) {
        items(nodes)
    } else {
        None
    };
    let Some(children) = children else {
        return emit(path, nodes);
    };
    let is_map = present().all(|n| n.kind() == Kind::Map);
    for (name, below) in paired(children, own) {
        path.0.push(if is_map {
            Segment::Member(name.into())
        } else {
            Segment::Item(vec![name.into()])
        });
        descend(&below, own, path, emit);
        path.0.pop();
    }
}

/// What each side calls its children.
type Named<'a> = Vec<(String, NodeRef<'a>)>;

fn members<'a>(nodes: &Nodes<'a>) -> Vec<Named<'a>> {
    let of = |node: &Option<NodeRef<'a>>| {
        let mut all: BTreeMap<&str, NodeRef<'a>> = BTreeMap::new();
        for child in node.iter().flat_map(|n| n.children()) {
            all.insert(child.key().as_str(), child);
        }
        all.into_iter().map(|(k, n)| (k.to_owned(), n)).collect()
    };
    nodes.iter().map(of).collect()
}

fn items<'a>(nodes: &Nodes<'a>) -> Option<Vec<Named<'a>>> {
    nodes
        .iter()
        .map(|node| {
            let list = (*node)?;
            let identity = list_identity(list)?;
            list.children()
                .map(|item| Some((item.get(identity)?.scalar_text().into_owned(), item)))
                .collect()
        })
        .collect()
}

/// Children of all sides in pairs, in the order of their names.
fn paired<'a>(children: Vec<Named<'a>>, own: &[&OwnNames]) -> BTreeMap<String, Nodes<'a>> {
    let sides = children.len();
    let mut exact: BTreeMap<String, Nodes<'a>> = BTreeMap::new();
    for (side, named) in children.into_iter().enumerate() {
        for (name, node) in named {
            exact.entry(name).or_insert_with(|| vec![None; sides])[side] = Some(node);
        }
    }
    // What only one side calls so may be called otherwise elsewhere.
    let mut out = BTreeMap::new();
    let mut alone: BTreeMap<String, Vec<(usize, String, NodeRef<'a>)>> = BTreeMap::new();
    for (name, nodes) in exact {
        let mut here = nodes
            .iter()
            .enumerate()
            .filter_map(|(i, n)| Some((i, (*n)?)));
        match (here.next(), here.next()) {
            (Some((side, node)), None) => {
                let marked = own[side].marked(&name).into_owned();
                alone.entry(marked).or_default().push((side, name, node));
            }
            _ => {
                drop(here);
                out.insert(name, nodes);
            }
        }
    }
    for (_, found) in alone {
        let distinct: BTreeSet<usize> = found.iter().map(|(side, ..)| *side).collect();
        let pairs = distinct.len() == found.len();
        let mut first: Option<String> = None;
        for (side, name, node) in found {
            let name = if pairs {
                first.get_or_insert(name).clone()
            } else {
                name
            };
            out.entry(name).or_insert_with(|| vec![None; sides])[side] = Some(node);
        }
    }
    out
}
