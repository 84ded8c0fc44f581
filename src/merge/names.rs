//! Which names of different layers are one setting. Within one style names are exact, across
//! styles they match by their words, and the same text is always the same setting.

use super::Item;
use crate::model::{
    effective::{AmbiguousKey, words},
    setting::KeyStyle,
};
use rustc_hash::FxHashMap;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The settings of a target, numbered.
pub(super) struct Settings {
    /// Of each item, the number of its setting.
    pub of_item: Vec<usize>,
    /// Of each setting.
    pub words: Vec<Arc<str>>,
    /// Sorted.
    pub ambiguous: Vec<AmbiguousKey>,
}

/// A name as it is written, in all layers.
struct Spelling<'a> {
    text: &'a str,
    words: Arc<str>,
    /// A bit per style that it occurs in.
    styles: u8,
}

const STYLES: [KeyStyle; 4] = [
    KeyStyle::Environment,
    KeyStyle::Tree,
    KeyStyle::Path,
    KeyStyle::Spring,
];

fn bit(style: KeyStyle) -> u8 {
    match style {
        KeyStyle::Environment => 1,
        KeyStyle::Tree => 2,
        KeyStyle::Path => 4,
        KeyStyle::Spring => 8,
    }
}

impl Settings {
    pub(super) fn of(items: &[Item<'_>], exact_keys: bool) -> Settings {
        let (mut spellings, of_item) = spellings(items);
        if !exact_keys {
            spring_variables(&mut spellings);
        }
        let mut order: Vec<usize> = (0..spellings.len()).collect();
        order.sort_unstable_by(|a, b| {
            let (a, b) = (&spellings[*a], &spellings[*b]);
            (&a.words, a.text).cmp(&(&b.words, b.text))
        });
        let mut groups = Groups {
            spellings: &spellings,
            of_spelling: vec![0; spellings.len()],
            words: Vec::with_capacity(spellings.len()),
            unclear: vec![],
        };
        for same in order.chunk_by(|a, b| spellings[*a].words == spellings[*b].words) {
            if exact_keys || spellings[same[0]].words.is_empty() {
                groups.each(same);
            } else {
                groups.divide(same);
            }
        }
        Settings {
            ambiguous: ambiguous(items, &of_item, &spellings, &groups.unclear),
            of_item: of_item.iter().map(|s| groups.of_spelling[*s]).collect(),
            words: groups.words,
        }
    }
}

/// Every spelling once, and the one of each item.
fn spellings<'a>(items: &[Item<'a>]) -> (Vec<Spelling<'a>>, Vec<usize>) {
    let mut known: FxHashMap<&str, usize> = FxHashMap::default();
    let mut out: Vec<Spelling<'a>> = Vec::new();
    let of_item = items
        .iter()
        .map(|item| {
            let at = *known.entry(item.name).or_insert_with(|| {
                out.push(Spelling {
                    text: item.name,
                    words: words(item.name),
                    styles: 0,
                });
                out.len() - 1
            });
            out[at].styles |= bit(item.entry.style);
            at
        })
        .collect();
    (out, of_item)
}

/// Names of environment variables that Spring reads as one of its properties have that property's
/// words: `ORDERS_RETRY_MAXATTEMPTS` is `orders.retry.max-attempts`.
/// Source: Spring Boot reference, "Binding From Environment Variables".
fn spring_variables(spellings: &mut [Spelling<'_>]) {
    let letters = |words: &str| words.replace(' ', "");
    let properties: FxHashMap<String, Arc<str>> = spellings
        .iter()
        .filter(|s| s.styles & bit(KeyStyle::Spring) != 0)
        .map(|s| (letters(&s.words), s.words.clone()))
        .collect();
    if properties.is_empty() {
        return;
    }
    for spelling in spellings {
        if spelling.styles == bit(KeyStyle::Environment)
            && let Some(words) = properties.get(&letters(&spelling.words))
        {
            spelling.words = words.clone();
        }
    }
}

struct Groups<'s> {
    spellings: &'s [Spelling<'s>],
    /// The setting that each is a name of.
    of_spelling: Vec<usize>,
    words: Vec<Arc<str>>,
    /// Spellings of the same words of which nobody knows which are the same setting.
    unclear: Vec<Vec<usize>>,
}

impl Groups<'_> {
    /// Makes all of them names of one new setting.
    fn one(&mut self, names: &[usize]) {
        let Some(first) = names.first() else { return };
        self.words.push(self.spellings[*first].words.clone());
        for name in names {
            self.of_spelling[*name] = self.words.len() - 1;
        }
    }

    /// Makes each of them the name of a new setting.
    fn each(&mut self, names: &[usize]) {
        for name in names {
            self.one(std::slice::from_ref(name));
        }
    }

    /// `same`: spellings of the same words, sorted by text.
    fn divide(&mut self, same: &[usize]) {
        let spellings = self.spellings;
        if one_per_style(spellings, same) {
            return self.one(same);
        }
        let (shared, rest): (Vec<usize>, Vec<usize>) = same
            .iter()
            .partition(|s| spellings[**s].styles.count_ones() > 1);
        self.each(&shared);
        if one_per_style(spellings, &rest) {
            return self.one(&rest);
        }
        let count = |style: u8| {
            let mine = rest.iter().filter(|s| spellings[**s].styles == style);
            mine.count()
        };
        let counts = STYLES.map(|s| (bit(s), count(bit(s))));
        let is_one_of_several = |s: &usize| {
            let style = spellings[*s].styles;
            counts.iter().any(|(b, n)| *b == style && *n > 1)
        };
        let (several, single): (Vec<usize>, Vec<usize>) =
            rest.iter().partition(|s| is_one_of_several(s));
        self.each(&several);
        if let Some(first) = several.first() {
            let setting = self.of_spelling[*first];
            for name in &single {
                self.of_spelling[*name] = setting;
            }
        }
        if counts.iter().filter(|(_, n)| *n > 0).count() > 1 {
            self.unclear.push(rest);
        }
    }
}

fn one_per_style(spellings: &[Spelling<'_>], names: &[usize]) -> bool {
    STYLES.iter().all(|style| {
        let mine = |n: &&usize| spellings[**n].styles & bit(*style) != 0;
        names.iter().filter(mine).count() < 2
    })
}

/// Of every unclear group, the layers that have several of its names of one style, with the first
/// layer that spells it in another style.
fn ambiguous(
    items: &[Item<'_>],
    of_item: &[usize],
    spellings: &[Spelling<'_>],
    unclear: &[Vec<usize>],
) -> Vec<AmbiguousKey> {
    if unclear.is_empty() {
        return vec![];
    }
    let mut layers: BTreeMap<usize, BTreeSet<usize>> = unclear
        .iter()
        .flatten()
        .map(|s| (*s, BTreeSet::new()))
        .collect();
    for (item, spelling) in items.iter().zip(of_item) {
        if let Some(layers) = layers.get_mut(spelling) {
            layers.insert(item.layer);
        }
    }
    let mut out = Vec::new();
    for group in unclear {
        // By layer and style, sorted like the group.
        let mut names: BTreeMap<(usize, u8), Vec<usize>> = BTreeMap::new();
        for name in group {
            for layer in &layers[name] {
                let style = spellings[*name].styles;
                names.entry((*layer, style)).or_default().push(*name);
            }
        }
        for ((layer, style), keys) in names.iter().filter(|(_, keys)| keys.len() > 1) {
            let others = || names.iter().filter(|((_, s), _)| s != style);
            let other = others()
                .find(|((l, _), _)| l != layer)
                .or_else(|| others().next());
            if let Some(((l, _), other)) = other {
                out.push(AmbiguousKey {
                    layer: *layer,
                    keys: keys.iter().map(|k| spellings[*k].text.into()).collect(),
                    other: (*l, spellings[other[0]].text.into()),
                });
            }
        }
    }
    out.sort();
    out
}
