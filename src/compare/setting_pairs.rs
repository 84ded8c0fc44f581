//! The same setting in several effective configs: by its name, else by its words.

use crate::model::effective::{EffectiveConfig, EffectiveSetting};
use std::{collections::BTreeMap, sync::Arc};

/// A setting in several effective configs; absent where one does not have it.
pub type Row<'a> = Vec<Option<&'a EffectiveSetting>>;

/// Rows by words, then name. Where no config tells several names with the same words apart, the
/// words are the setting; else each name is one of its own.
#[must_use]
pub fn pair_settings<'a>(configs: &[&'a EffectiveConfig]) -> Vec<Row<'a>> {
    type Group<'a> = Vec<Vec<&'a EffectiveSetting>>;
    let mut by_words: BTreeMap<&Arc<str>, Group<'a>> = BTreeMap::new();
    for (i, config) in configs.iter().enumerate() {
        for setting in &config.settings {
            by_words
                .entry(&setting.words)
                .or_insert_with(|| vec![vec![]; configs.len()])[i]
                .push(setting);
        }
    }
    let mut out = Vec::with_capacity(by_words.len());
    for group in by_words.into_values() {
        if group.iter().all(|own| own.len() <= 1) {
            out.push(group.iter().map(|own| own.first().copied()).collect());
            continue;
        }
        let mut names: BTreeMap<&Arc<str>, Row<'a>> = BTreeMap::new();
        for (i, own) in group.iter().enumerate() {
            for setting in own {
                names
                    .entry(&setting.name)
                    .or_insert_with(|| vec![None; configs.len()])[i] = Some(setting);
            }
        }
        out.extend(names.into_values());
    }
    out
}
