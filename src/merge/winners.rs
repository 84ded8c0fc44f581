//! What wins of the values of one setting.

use super::Item;
use crate::model::{effective::Placed, secret::Sameness, value::ValueType};
use rustc_hash::FxHashSet;
use std::{collections::BTreeSet, sync::Arc};

/// Indices into `stack` (which is made of `members`, in their order) of the values that win, and
/// there says which containers see them. `gone`: items whose surroundings were replaced.
pub(super) fn winners(
    items: &[Item<'_>],
    members: &[usize],
    gone: &[bool],
    ty: ValueType,
    stack: &mut [Placed],
) -> Vec<usize> {
    let visible = visible(items, members, gone);
    if let [(at, None)] = visible.as_slice() {
        return vec![*at];
    }
    // Values that are the same in several containers are one, said by the highest.
    let mut groups: Vec<(usize, Option<Vec<Box<str>>>)> = Vec::new();
    for (at, seen) in visible {
        let value = &stack[at].entry.entry.value;
        let same = groups.iter_mut().find(|(first, _)| {
            let first = &stack[*first].entry.entry.value;
            first.same_setting(value, ty) == Sameness::Equal
        });
        match same {
            Some((_, all)) => match (all.as_mut(), seen) {
                (Some(all), Some(seen)) => all.extend(seen),
                _ => *all = None,
            },
            None => groups.push((at, seen)),
        }
    }
    for (at, seen) in &mut groups {
        let seen = seen.take().unwrap_or_default();
        let said: BTreeSet<&Box<str>> = stack[*at].entry.seen_by.iter().collect();
        if said != seen.iter().collect() {
            stack[*at].entry.seen_by = sorted(seen);
        }
    }
    let mut out: Vec<usize> = groups.into_iter().map(|(at, _)| at).collect();
    out.sort_unstable();
    out
}

fn sorted(mut containers: Vec<Box<str>>) -> Arc<[Box<str>]> {
    containers.sort();
    containers.dedup();
    containers.into()
}

/// What no later value is in the way of, the highest first, with the containers that see it
/// (none: whatever reads the layer).
fn visible(
    items: &[Item<'_>],
    members: &[usize],
    gone: &[bool],
) -> Vec<(usize, Option<Vec<Box<str>>>)> {
    let mut out: Vec<(usize, Option<Vec<Box<str>>>)> = Vec::new();
    let mut covered: FxHashSet<&str> = FxHashSet::default();
    let mut highest = None;
    // Items that take away what their own layer says before them.
    let mut deletes: Vec<usize> = Vec::new();
    for (at, member) in members.iter().enumerate().rev() {
        let item = &items[*member];
        if item.deletes {
            deletes.push(*member);
            continue;
        }
        let is_deleted = deletes
            .iter()
            .any(|d| items[*d].layer == item.layer && items[*d].covers(item));
        if gone[*member] || is_deleted {
            continue;
        }
        if item.entry.seen_by.is_empty() {
            // Whoever reads a lower layer sees the higher one too, as far as anybody knows.
            if highest.is_none_or(|h| h == item.layer) {
                out.push((at, None));
            }
            break;
        }
        let containers = item.entry.seen_by.iter();
        let left: Vec<Box<str>> = containers.filter(|c| covered.insert(c)).cloned().collect();
        if !left.is_empty() {
            out.push((at, Some(left)));
            highest = highest.or(Some(item.layer));
        }
    }
    out
}
