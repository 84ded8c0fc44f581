//! What is gone because a whole map or list around it was replaced: maps merge deep, and anything
//! else replaces what was there, lists too.

use super::{Item, LayerSide};
use crate::model::{
    effective::EffectiveSetting,
    entry::Origin,
    path::{KeyPath, Segment},
    setting::KeyStyle,
    target::DesiredSpec,
    tree::Kind,
    value::{Plain, Value},
};
use rustc_hash::FxHashMap;

/// A place in the documents of all layers.
struct Node {
    parent: usize,
    /// Reached as an item of a list of `{ name, value }`.
    is_item: bool,
    /// Items that stand here, lowest first.
    own: Vec<usize>,
    /// The last item below that goes through a member of a map.
    last_member: Option<usize>,
    /// The last item below that goes through an item of a list.
    last_item: Option<usize>,
}

/// All places. A parent comes before its children; the root is the first.
struct Places {
    nodes: Vec<Node>,
    /// Of each item, where it stands; the root for those without a place in a tree.
    of_item: Vec<usize>,
}

const ROOT: usize = 0;

impl Places {
    fn of<'a>(items: &[Item<'a>]) -> Places {
        let node = |parent, is_item| Node {
            parent,
            is_item,
            own: vec![],
            last_member: None,
            last_item: None,
        };
        let mut nodes = vec![node(ROOT, false)];
        let mut children: FxHashMap<(usize, &'a Segment), usize> = FxHashMap::default();
        let mut of_item = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let mut here = ROOT;
            if stands_in_a_tree(item) {
                for segment in path_without_prefix(item) {
                    let is_item = !matches!(segment, Segment::Member(_));
                    if is_item {
                        nodes[here].last_item = Some(at);
                    } else {
                        nodes[here].last_member = Some(at);
                    }
                    here = *children.entry((here, segment)).or_insert_with(|| {
                        nodes.push(node(here, is_item));
                        nodes.len() - 1
                    });
                }
                // A document that is no map at all says nothing about the others.
                if here != ROOT {
                    nodes[here].own.push(at);
                }
            }
            of_item.push(here);
        }
        Places { nodes, of_item }
    }
}

/// Variables stand beside each other, but for those of a list of `{ name, value }`: a list that a
/// later file replaces.
fn stands_in_a_tree(item: &Item<'_>) -> bool {
    let is_list_item = |s: &Segment| matches!(s, Segment::Item(_));
    item.entry.style == KeyStyle::Tree || item.entry.path.0.iter().any(is_list_item)
}

/// The path below the layer's prefix, where the prefix is made of whole members.
fn path_without_prefix<'a>(item: &Item<'a>) -> &'a [Segment] {
    let path = &item.entry.path.0;
    let prefix = &item.entry.name[..item.entry.name.len() - item.name.len()];
    if prefix.is_empty() {
        return path;
    }
    let mut rest = prefix;
    for (at, segment) in path.iter().enumerate() {
        let Segment::Member(name) = segment else {
            break;
        };
        let Some(after) = rest.strip_prefix(&**name) else {
            break;
        };
        rest = after.strip_prefix('.').unwrap_or(after);
        if rest.is_empty() {
            return &path[at + 1..];
        }
    }
    path
}

/// What is gone.
pub(super) struct Replaced {
    /// Of each item, whether a later one replaced what is around it, or it was replaced as a whole
    /// by a map whose members stand below it.
    pub items: Vec<bool>,
    /// Items whose surroundings an opaque value replaced last, and that value: nobody knows
    /// whether it is a map, and what the map has there.
    pub veiled: Vec<(usize, usize)>,
}

pub(super) fn replaced(items: &[Item<'_>], layers: &[LayerSide<'_>]) -> Replaced {
    let places = Places::of(items);
    let mut veiled = vec![];
    let mut is_gone = |at: usize| {
        let here = places.of_item[at];
        if here == ROOT {
            return false;
        }
        let up = |n: &usize| (*n != ROOT).then(|| places.nodes[*n].parent);
        let last = std::iter::successors(Some(here), up)
            .take_while(|n| *n != ROOT)
            .filter_map(|n| replaced_around(items, layers, &places, n, at))
            .max();
        if let Some(by) = last.filter(|by| items[*by].entry.entry.value.is_opaque()) {
            veiled.push((at, by));
        }
        last.is_some() || is_filled_later(items, &places.nodes[here], at)
    };
    let items = (0..items.len()).map(&mut is_gone).collect();
    Replaced { items, veiled }
}

/// Whether a map came later where the item stands. An empty map is one already.
fn is_filled_later(items: &[Item<'_>], here: &Node, at: usize) -> bool {
    let later = here.last_member.max(here.last_item).filter(|l| *l > at);
    later.is_some_and(|l| replaces(&items[l], &items[at])) && !is_empty_map(&items[at])
}

/// What came last, instead of the item, around the `child` on the way to it.
fn replaced_around(
    items: &[Item<'_>],
    layers: &[LayerSide<'_>],
    places: &Places,
    child: usize,
    at: usize,
) -> Option<usize> {
    let around = places.nodes[child].parent;
    let node = &places.nodes[around];
    let by_value = |later: &usize| {
        let later = &items[*later];
        !is_empty_map(later)
            && (!later.deletes || later.layer == items[at].layer)
            && replaces(later, &items[at])
    };
    let mut later = node.own.iter().rev().take_while(|l| **l > at);
    let by_value = later.find(|l| by_value(l)).copied();
    // A list replaces a list and a map, a map replaces a list; but whole documents, or selected
    // parts, are alike only where they are lists of one place.
    let is_item = places.nodes[child].is_item;
    let by_list = node.last_item.filter(|later| {
        around != ROOT || (is_item && is_same_part(layers, &items[*later], &items[at]))
    });
    let by_map = node.last_member.filter(|_| is_item && around != ROOT);
    let is_later = |l: &usize| *l > at && replaces(&items[*l], &items[at]);
    [by_list, by_map]
        .into_iter()
        .flatten()
        .filter(is_later)
        .chain(by_value)
        .max()
}

/// What one file says comes together; all else that comes later replaces what it covers.
fn replaces(later: &Item<'_>, earlier: &Item<'_>) -> bool {
    let is_same_file = later.layer == earlier.layer
        && match (later.entry.entry.origin(), earlier.entry.entry.origin()) {
            (Some(a), Some(b)) => a.item == b.item && file(a) == file(b),
            (None, None) => true,
            _ => false,
        };
    !is_same_file && later.covers(earlier)
}

fn file(origin: &Origin) -> Option<&str> {
    origin.place.as_ref().map(|p| &*p.file)
}

/// Whether two files' selected parts, which are lists themselves, are the same part: only then
/// does one replace the other.
fn is_same_part(layers: &[LayerSide<'_>], a: &Item<'_>, b: &Item<'_>) -> bool {
    match (selected(layers, a), selected(layers, b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

fn selected<'a>(layers: &[LayerSide<'a>], item: &Item<'_>) -> Option<Option<&'a KeyPath>> {
    let Some(DesiredSpec::File(spec)) = &layers[item.layer].layer.desired else {
        return None;
    };
    let file = file(item.entry.entry.origin()?)?;
    let part = spec.parts.iter().find(|p| *p.file == *file)?;
    Some(part.select.as_ref())
}

fn is_empty_map(item: &Item<'_>) -> bool {
    matches!(&item.entry.entry.value, Value::Plain(Plain::Tree(t)) if t.root().kind() == Kind::Map)
}

/// An empty map that wins is none where another layer fills it.
pub(super) fn drop_filled_maps(
    items: &[Item<'_>],
    settings: &mut [(EffectiveSetting, Vec<usize>)],
) {
    if !items.iter().any(is_empty_map) {
        return;
    }
    let places = Places::of(items);
    let mut filled = vec![false; places.nodes.len()];
    for (setting, members) in settings.iter() {
        for winner in &setting.winners {
            filled[places.of_item[members[*winner]]] = true;
        }
    }
    // Children come after their parents: whatever wins at or below a place fills what is around it.
    let mut below = vec![false; places.nodes.len()];
    for at in (1..places.nodes.len()).rev() {
        if filled[at] || below[at] {
            below[places.nodes[at].parent] = true;
        }
    }
    for (setting, members) in settings {
        setting.winners.retain(|w| {
            let item = members[*w];
            !(below[places.of_item[item]] && is_empty_map(&items[item]))
        });
    }
}
