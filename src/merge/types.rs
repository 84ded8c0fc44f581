//! How the values of a setting compare: what the catalogue says, else what its layers say.

use super::{LayerSide, without_prefix};
use crate::model::{effective::words, value::ValueType};
use rustc_hash::FxHashMap;
use std::{cell::OnceCell, collections::BTreeMap, sync::Arc};

/// Types by name. Of several places the first counts: the catalogue, then layers from the highest.
pub(super) struct Types<'a> {
    exact: FxHashMap<&'a str, (usize, ValueType)>,
    /// The same by the words of the names, made when it is needed.
    loose: OnceCell<FxHashMap<Arc<str>, (usize, ValueType)>>,
    by_words: bool,
}

impl<'a> Types<'a> {
    pub(super) fn of(
        catalogue: &'a BTreeMap<Box<str>, ValueType>,
        layers: &[LayerSide<'a>],
        by_words: bool,
    ) -> Types<'a> {
        let mut exact = FxHashMap::default();
        for (name, ty) in catalogue {
            exact.entry(&**name).or_insert((0, *ty));
        }
        for (rank, side) in layers.iter().rev().enumerate() {
            let prefix = side.layer.prefix.as_deref().unwrap_or_default();
            for (name, ty) in &side.layer.types {
                for name in [&**name, without_prefix(name, prefix)] {
                    exact.entry(name).or_insert((rank + 1, *ty));
                }
            }
        }
        Types {
            exact,
            loose: OnceCell::new(),
            by_words,
        }
    }

    /// `spellings` of the setting, of the highest layer first.
    pub(super) fn of_setting<'n>(
        &self,
        spellings: impl Iterator<Item = &'n str>,
        words: &str,
    ) -> ValueType {
        if self.exact.is_empty() {
            return ValueType::default();
        }
        let exact = spellings
            .filter_map(|name| self.exact.get(name))
            .min_by_key(|(rank, _)| *rank);
        let found = exact.or_else(|| self.loose().get(words));
        found.map_or(ValueType::default(), |(_, ty)| *ty)
    }

    fn loose(&self) -> &FxHashMap<Arc<str>, (usize, ValueType)> {
        self.loose.get_or_init(|| {
            let mut out = FxHashMap::default();
            if !self.by_words {
                return out;
            }
            let mut names: Vec<_> = self.exact.iter().collect();
            names.sort_by_key(|(name, (rank, _))| (*rank, **name));
            for (name, found) in names {
                out.entry(words(name)).or_insert(*found);
            }
            out
        })
    }
}
