//! Layers to the effective config: the highest layer wins, and everything that it hides is kept.
//!
//! `names` finds out which names are one setting, `replaced` which values are gone because a
//! whole map or list around them was replaced, `winners` what wins of the rest.

mod names;
mod replaced;
#[cfg(test)]
mod tests;
mod types;
mod winners;

use crate::model::{
    effective::{EffectiveConfig, EffectiveSetting, LayerInfo, Placed},
    setting::{LayerSettings, MayHold, SettingEntry},
    target::{DesiredSpec, Layer},
    value::{Plain, Unread, Value, ValueType},
};
use std::{collections::BTreeMap, sync::Arc};

/// One side of one layer.
#[derive(Clone, Copy)]
pub struct LayerSide<'a> {
    /// What driftgate.yaml says of the layer.
    pub layer: &'a Layer,
    /// What this side of it holds.
    pub settings: &'a LayerSettings,
    /// Whether it stands in from another side ([`crate::model::effective::LayerInfo::borrowed`]).
    pub borrowed: bool,
}

/// An entry on its way into the effective config. Items are in order of precedence, lowest first:
/// the number of an item says what comes later.
struct Item<'a> {
    layer: usize,
    entry: &'a SettingEntry,
    /// Without the layer's prefix.
    name: &'a str,
    /// A `null` that takes away what the same layer says before it, and is no value itself.
    deletes: bool,
    /// It comes after whatever could not be read of its layer.
    certain: bool,
}

impl Item<'_> {
    /// Whether `self`, which comes later, is in the way of `earlier` in all containers that see it.
    fn covers(&self, earlier: &Item<'_>) -> bool {
        let (mine, theirs) = (&self.entry.seen_by, &earlier.entry.seen_by);
        if mine.is_empty() || Arc::ptr_eq(mine, theirs) {
            return true;
        }
        match theirs.is_empty() {
            // Whoever reads a lower layer sees this one too, as far as anybody knows.
            true => self.layer != earlier.layer,
            false => theirs.iter().all(|c| mine.contains(c)),
        }
    }

    fn placed(&self) -> Placed {
        let mut entry = self.entry.clone();
        if *self.name != *entry.name {
            entry.name = self.name.into();
        }
        Placed {
            layer: self.layer,
            entry,
            certain: self.certain,
        }
    }
}

/// Merges a target's layers, lowest precedence first. `exact_keys`: names of different spelling
/// styles meet only where they are the same text. `types` by name, beside those of the layers,
/// which they go before.
#[must_use]
pub fn merge(
    layers: &[LayerSide<'_>],
    exact_keys: bool,
    types: &BTreeMap<Box<str>, ValueType>,
) -> EffectiveConfig {
    let mut items = items(layers);
    let known = names::Settings::of(&items, exact_keys);
    let mut gone = replaced::replaced(&items, layers);
    let types = types::Types::of(types, layers, !exact_keys);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); known.words.len()];
    for (item, setting) in known.of_item.iter().enumerate() {
        members[*setting].push(item);
    }
    veil(&mut items, &mut gone, &known.of_item, &mut members);
    let gone = gone.items;
    let mut settings: Vec<(EffectiveSetting, Vec<usize>)> = members
        .into_iter()
        .zip(known.words)
        .map(|(members, words)| (setting(&items, &members, &gone, words, &types), members))
        .collect();
    replaced::drop_filled_maps(&items, &mut settings);
    let mut settings: Vec<EffectiveSetting> = settings.into_iter().map(|(s, _)| s).collect();
    let layers: Vec<LayerInfo> = layers.iter().map(info).collect();
    for setting in &mut settings {
        setting.unknown = unknown(setting, &layers, exact_keys);
    }
    settings.sort_by(|a, b| (&a.words, &a.name).cmp(&(&b.words, &b.name)));
    EffectiveConfig {
        layers,
        settings,
        ambiguous: known.ambiguous,
        exact_keys,
    }
}

/// Gives settings that an opaque value replaced that value: it may be a map that has them.
fn veil(
    items: &mut Vec<Item<'_>>,
    gone: &mut replaced::Replaced,
    of_item: &[usize],
    members: &mut [Vec<usize>],
) {
    let written = items.len();
    let mut veils: Vec<(usize, usize, usize)> = gone
        .veiled
        .iter()
        .map(|(item, by)| (*by, of_item[*item], *item))
        .collect();
    veils.sort_unstable();
    veils.dedup_by_key(|(by, setting, _)| (*by, *setting));
    for (by, setting, item) in &veils {
        let veil = Item {
            name: items[*item].name,
            ..items[*by]
        };
        // Behind all that comes before the value itself.
        let order = |m: usize| if m < written { m } else { veils[m - written].0 };
        let members = &mut members[*setting];
        let at = members.partition_point(|m| order(*m) < *by);
        members.insert(at, items.len());
        items.push(veil);
        gone.items.push(false);
    }
}

fn info(side: &LayerSide<'_>) -> LayerInfo {
    LayerInfo {
        name: side.layer.name.clone(),
        unread: side.settings.unread.clone(),
        may_hold: may_hold(side),
        borrowed: side.borrowed,
        outside: side.layer.outside.clone(),
        beyond: side.settings.beyond.clone(),
    }
}

/// With prefixes as names are after the layer's own was taken off.
fn may_hold(side: &LayerSide<'_>) -> Vec<MayHold> {
    let own = side.layer.prefix.as_deref().unwrap_or_default();
    let cut = |m: &MayHold| MayHold {
        prefix: match m.prefix.strip_prefix(own) {
            Some(rest) => rest.into(),
            // Some of the names begin with the layer's prefix, and end in anything.
            None if own.starts_with(&*m.prefix) => "".into(),
            None => m.prefix.clone(),
        },
        doubt: m.doubt.clone(),
    };
    side.settings.may_hold.iter().map(cut).collect()
}

fn items<'a>(layers: &[LayerSide<'a>]) -> Vec<Item<'a>> {
    let count = layers.iter().map(|l| l.settings.entries.len()).sum();
    let mut out = Vec::with_capacity(count);
    for (layer, side) in layers.iter().enumerate() {
        let prefix = side.layer.prefix.as_deref().unwrap_or_default();
        let nulls_delete =
            matches!(&side.layer.desired, Some(DesiredSpec::File(spec)) if spec.nulls_delete);
        let entries = &side.settings.entries;
        let certain = entries.len().saturating_sub(side.settings.certain);
        out.extend(entries.iter().enumerate().map(|(at, entry)| Item {
            layer,
            certain: at >= certain,
            entry,
            name: without_prefix(&entry.name, prefix),
            deletes: nulls_delete && matches!(entry.entry.value, Value::Plain(Plain::Null)),
        }));
    }
    out
}

/// A name that is nothing but the prefix keeps it.
fn without_prefix<'n>(name: &'n str, prefix: &str) -> &'n str {
    match name.strip_prefix(prefix) {
        Some(rest) if !rest.is_empty() => rest,
        _ => name,
    }
}

/// The setting that `members` (items, lowest first, at least one) make.
fn setting(
    items: &[Item<'_>],
    members: &[usize],
    gone: &[bool],
    words: Arc<str>,
    types: &types::Types<'_>,
) -> EffectiveSetting {
    let spellings = members.iter().rev().map(|m| items[*m].name);
    let ty = types.of_setting(spellings, &words);
    let mut stack: Vec<Placed> = members.iter().map(|m| items[*m].placed()).collect();
    let winners = winners::winners(items, members, gone, ty, &mut stack);
    let name = stack.last().map(|p| p.entry.name.clone());
    EffectiveSetting {
        name: name.unwrap_or_else(|| words.clone()),
        words,
        ty,
        stack,
        winners,
        unknown: None,
    }
}

/// The highest layer of which something could not be read that might win: whatever is not read
/// comes after what wins, unless it is known to come before it. Where nothing wins, any layer's
/// might. So does a value that wins and could not be read itself.
fn unknown(
    setting: &EffectiveSetting,
    layers: &[LayerInfo],
    exact_keys: bool,
) -> Option<(usize, Unread)> {
    let lowest = setting.winning().map(|w| w.layer).min();
    let is_certain = |layer: usize| {
        let mut own = setting.winning().filter(|w| w.layer == layer);
        own.all(|w| w.certain)
    };
    let unread = |(at, layer): (usize, &LayerInfo)| {
        let is_own = lowest == Some(at);
        let all = layer.unread.as_ref().filter(|_| !is_own || !is_certain(at));
        let part = || layer.unread_part(&setting.words, &setting.stack, exact_keys);
        let mut own = setting.winning().filter(|w| w.layer == at);
        let why = own
            .find_map(|w| w.entry.why_unread())
            .or(all)
            .or_else(|| if is_own { None } else { part() });
        Some((at, why?.clone()))
    };
    layers
        .iter()
        .enumerate()
        .skip(lowest.unwrap_or(0))
        .rev()
        .filter(|(_, layer)| layer.outside.is_none())
        .find_map(unread)
}
