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
    setting::{LayerSettings, SettingEntry},
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
        if self.name.len() < entry.name.len() {
            entry.name = self.name.into();
        }
        Placed {
            layer: self.layer,
            entry,
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
    let items = items(layers);
    let known = names::Settings::of(&items, exact_keys);
    let gone = replaced::replaced(&items, layers);
    let types = types::Types::of(types, layers, !exact_keys);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); known.words.len()];
    for (item, setting) in known.of_item.iter().enumerate() {
        members[*setting].push(item);
    }
    let mut settings: Vec<(EffectiveSetting, Vec<usize>)> = members
        .into_iter()
        .zip(known.words)
        .map(|(members, words)| (setting(&items, &members, &gone, words, &types), members))
        .collect();
    replaced::drop_filled_maps(&items, &mut settings);
    let mut settings: Vec<EffectiveSetting> = settings.into_iter().map(|(s, _)| s).collect();
    for setting in &mut settings {
        setting.unknown = unknown(setting, layers);
    }
    settings.sort_by(|a, b| (&a.words, &a.name).cmp(&(&b.words, &b.name)));
    EffectiveConfig {
        layers: layers.iter().map(info).collect(),
        settings,
        ambiguous: known.ambiguous,
    }
}

fn info(side: &LayerSide<'_>) -> LayerInfo {
    LayerInfo {
        name: side.layer.name.clone(),
        unread: side.settings.unread.clone(),
        borrowed: side.borrowed,
        outside: side.layer.outside.clone(),
        beyond: side.settings.beyond.clone(),
    }
}

fn items<'a>(layers: &[LayerSide<'a>]) -> Vec<Item<'a>> {
    let count = layers.iter().map(|l| l.settings.entries.len()).sum();
    let mut out = Vec::with_capacity(count);
    for (layer, side) in layers.iter().enumerate() {
        let prefix = side.layer.prefix.as_deref().unwrap_or_default();
        let nulls_delete =
            matches!(&side.layer.desired, Some(DesiredSpec::File(spec)) if spec.nulls_delete);
        out.extend(side.settings.entries.iter().map(|entry| Item {
            layer,
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

/// The highest layer that could not be read and comes after what wins: it might win. Where
/// nothing wins, any of them might.
fn unknown(setting: &EffectiveSetting, layers: &[LayerSide<'_>]) -> Option<(usize, Unread)> {
    let lowest = setting.winning().map(|w| w.layer).min();
    let above = lowest.map_or(0, |l| l + 1);
    layers
        .iter()
        .enumerate()
        .skip(above)
        .rev()
        .filter(|(_, side)| side.layer.outside.is_none())
        .find_map(|(at, side)| Some((at, side.settings.unread.clone()?)))
}
