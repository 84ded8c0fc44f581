//! The settings that win after merging a target's layers, with everything that they hide.

use super::{
    path::KeyPath,
    secret::Sameness,
    setting::{Beyond, Doubt, KeyStyle, MayHold, SettingEntry},
    value::{Unread, ValueType},
};
use std::sync::Arc;

/// The effective config of a target on one side.
#[derive(Clone, Debug, Default)]
pub struct EffectiveConfig {
    /// The layers that it was merged from, lowest precedence first.
    pub layers: Vec<LayerInfo>,
    /// Sorted by the words of their names.
    pub settings: Vec<EffectiveSetting>,
    /// Keys of one layer that meet.
    pub ambiguous: Vec<AmbiguousKey>,
    /// Whether names of different spelling styles meet only where they are the same text.
    pub exact_keys: bool,
}

/// A layer, as far as a merged setting refers to it.
#[derive(Clone, Debug)]
pub struct LayerInfo {
    /// Its name.
    pub name: Arc<str>,
    /// Why it could not be read (completely): it might have any setting.
    pub unread: Option<Unread>,
    /// Parts of it that may have more names; prefixes as names are after the layer's own prefix
    /// was taken off.
    pub may_hold: Vec<MayHold>,
    /// Not this side's own: a layer without a live side stands in with what git says, one without
    /// a desired side with what is live.
    pub borrowed: bool,
    /// What it is, if driftgate can't see it.
    pub outside: Option<Box<str>>,
    /// What it imports and driftgate does not read: it may win over what is known of the layer.
    pub beyond: Vec<Beyond>,
}

/// A setting with everything that layers say of it.
#[derive(Clone, Debug)]
pub struct EffectiveSetting {
    /// The name that people know: the highest layer's.
    pub name: Arc<str>,
    /// Its words in lower case, joined by blanks: `database pool size`. Two settings may have the
    /// same words where layers tell names of one style apart.
    pub words: Arc<str>,
    /// How its values compare.
    pub ty: ValueType,
    /// What every layer says, lowest precedence first; of one layer in its own order.
    pub stack: Vec<Placed>,
    /// Indices into `stack` of the values that win: one, or one per group of containers that see
    /// different values. Empty when the highest layer takes the setting away, or all of them are
    /// hidden by a value of a whole map around them.
    pub winners: Vec<usize>,
    /// Why the winner is not known: this layer (an index into the layers) could not be read and
    /// might have a value that wins over it, or the value that wins could not be read itself.
    pub unknown: Option<(usize, Unread)>,
}

/// What one layer says of a setting.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Index into [`EffectiveConfig::layers`].
    pub layer: usize,
    /// What it says.
    pub entry: SettingEntry,
    /// Whether it wins over whatever could not be read of its layer.
    pub certain: bool,
}

/// Keys of one layer that stand for one setting of another layer, so that nobody knows which one
/// it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AmbiguousKey {
    /// Index into the layers.
    pub layer: usize,
    /// The keys, sorted.
    pub keys: Vec<Arc<str>>,
    /// The layer that spells it another way, and how.
    pub other: (usize, Arc<str>),
}

impl EffectiveConfig {
    /// The setting of this name: the exact one, else the only one with these words.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&EffectiveSetting> {
        let spelt = |s: &&EffectiveSetting| {
            *s.name == *name || s.stack.iter().any(|p| *p.entry.name == *name)
        };
        let same = self.with_words(&words(name));
        same.iter().find(spelt).or(match same {
            [one] => Some(one),
            _ => None,
        })
    }

    /// The settings with these words.
    #[must_use]
    pub fn with_words(&self, words: &str) -> &[EffectiveSetting] {
        let from = self.settings.partition_point(|s| *s.words < *words);
        let own = &self.settings[from..];
        &own[..own.partition_point(|s| *s.words == *words)]
    }

    /// Why nobody knows that no layer has a setting of this name (or of these words).
    #[must_use]
    pub fn why_not_absent(&self, name: &str) -> Option<&Unread> {
        let words = words(name);
        let mut layers = self.layers.iter().rev().filter(|l| l.outside.is_none());
        layers.find_map(|l| {
            l.unread
                .as_ref()
                .or_else(|| l.unread_part(&words, &[], false))
        })
    }
}

impl LayerInfo {
    /// The parts of it that may have the setting with these words and this stack.
    pub fn doubts<'a>(
        &'a self,
        words: &'a str,
        stack: &'a [Placed],
        exact_keys: bool,
    ) -> impl Iterator<Item = &'a Doubt> {
        let fits = move |m: &&MayHold| may_be_below(&m.prefix, words, stack, exact_keys);
        self.may_hold.iter().filter(fits).map(|m| &m.doubt)
    }

    /// Why nobody knows whether one of its parts has the setting.
    #[must_use]
    pub fn unread_part(&self, words: &str, stack: &[Placed], exact_keys: bool) -> Option<&Unread> {
        self.may_hold.iter().find_map(|m| match &m.doubt {
            Doubt::Unread(why) if may_be_below(&m.prefix, words, stack, exact_keys) => Some(why),
            _ => None,
        })
    }
}

/// Whether an environment variable whose name begins with `prefix` could be the setting. Where the
/// setting is spelt as a variable already, only that name is.
fn may_be_below(prefix: &str, words_of_setting: &str, stack: &[Placed], exact_keys: bool) -> bool {
    let is_longer = |name: &str| name.len() > prefix.len() && name.starts_with(prefix);
    let is_variable = |p: &&Placed| p.entry.style == KeyStyle::Environment;
    let names = || stack.iter().map(|p| &*p.entry.name);
    if exact_keys && !stack.is_empty() {
        return names().any(is_longer);
    }
    if stack.iter().any(|p| is_variable(&p)) {
        return stack
            .iter()
            .filter(is_variable)
            .any(|p| is_longer(&p.entry.name));
    }
    let first = words(prefix);
    let rest = words_of_setting.strip_prefix(&*first);
    // `DB_` ends a word, `DB` does not.
    let whole = prefix.ends_with(|c: char| !c.is_alphanumeric()) && !first.is_empty();
    rest.is_some_and(|r| !r.is_empty() && (!whole || r.starts_with(' ')))
}

impl EffectiveSetting {
    /// What wins, where one value does for all containers.
    #[must_use]
    pub fn winner(&self) -> Option<&Placed> {
        match self.winners.as_slice() {
            [one] if self.unknown.is_none() => self.stack.get(*one),
            _ => None,
        }
    }

    /// Everything that wins.
    pub fn winning(&self) -> impl Iterator<Item = &Placed> {
        self.winners.iter().filter_map(|i| self.stack.get(*i))
    }

    /// Everything that is hidden, highest precedence first. What other containers see of the same
    /// layer is not, where it is the same value: the winner stands for all of them.
    pub fn shadowed(&self) -> impl Iterator<Item = &Placed> {
        let is_winner = |i: &usize| self.winners.contains(i);
        let stands_for = |w: &Placed, p: &Placed| {
            w.layer == p.layer
                && !p.entry.seen_by.is_empty()
                && p.entry.seen_by.iter().all(|c| w.entry.seen_by.contains(c))
                && w.entry
                    .entry
                    .value
                    .same_setting(&p.entry.entry.value, self.ty)
                    == Sameness::Equal
        };
        (0..self.stack.len())
            .rev()
            .filter(move |i| !is_winner(i))
            .filter_map(|i| self.stack.get(i))
            .filter(move |p| !self.winning().any(|w| stands_for(w, p)))
    }

    /// The path of the setting in the highest layer.
    #[must_use]
    pub fn path(&self) -> Option<&KeyPath> {
        self.stack.last().map(|p| &p.entry.path)
    }
}

/// The words of a name in lower case, joined by blanks: `DATABASE_POOL_SIZE`, `database.poolSize`,
/// `database/pool-size` and `Database:PoolSize` are all `database pool size`. Digits stay with the
/// letters before them; an acronym is one word (`dbURL`: `db url`, `HTTPServer`: `http server`).
#[must_use]
pub fn words(name: &str) -> Arc<str> {
    let mut out = String::with_capacity(name.len() + 4);
    // Within a name of capitals only, nothing begins inside a word.
    let has_lower = name.chars().any(char::is_lowercase);
    let mut chars = name.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            let mut next_is_lower = || chars.peek().is_some_and(|n| n.is_lowercase());
            let begins = has_lower
                && c.is_uppercase()
                && before.is_some_and(|b| {
                    b.is_lowercase() || b.is_ascii_digit() || (b.is_uppercase() && next_is_lower())
                });
            if begins && !out.ends_with(' ') {
                out.push(' ');
            }
            if c.is_ascii() {
                out.push(c.to_ascii_lowercase());
            } else {
                out.extend(c.to_lowercase());
            }
        }
        before = Some(c);
    }
    out.truncate(out.trim_end().len());
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_by_their_words() {
        for (name, expected) in [
            ("DATABASE_POOL_SIZE", "database pool size"),
            ("database.pool_size", "database pool size"),
            ("database.poolSize", "database pool size"),
            ("database/pool-size", "database pool size"),
            ("Database:PoolSize", "database pool size"),
            ("Database__PoolSize", "database pool size"),
            ("dbURL", "db url"),
            ("HTTPServer", "http server"),
            ("S3_BUCKET", "s3 bucket"),
            ("s3Bucket", "s3 bucket"),
            ("_LEADING_", "leading"),
            ("größeÄnderung", "größe änderung"),
            ("", ""),
            ("...", ""),
        ] {
            assert_eq!(&*words(name), expected, "{name}");
        }
    }

    #[test]
    fn what_a_prefix_allows() {
        for (prefix, setting, expected) in [
            ("", "db pool", true),
            ("DB_", "db pool", true),
            ("DB", "db pool", true),
            ("DB", "dbx pool", true),
            ("DB_", "dbx pool", false),
            ("DB_", "db", false),
            ("db_", "db pool", true),
            ("CACHE_", "db pool", false),
            ("DB_POOL_", "db pool", false),
            ("_", "db pool", true),
        ] {
            let found = may_be_below(prefix, setting, &[], false);
            assert_eq!(found, expected, "{prefix} {setting}");
        }
    }
}
