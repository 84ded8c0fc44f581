//! Which settings a question is about.

use super::{Line, sides};
use crate::{
    check::TargetView,
    config::nearest,
    model::{
        effective::{EffectiveConfig, EffectiveSetting, Placed, words},
        place::Place,
        setting::Doubt,
        tree::Span,
    },
    text::list,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Names offered instead of one that is not there.
const OFFERED: usize = 5;

/// A setting of several targets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The words of its names.
    pub(super) words: Arc<str>,
    /// One of its names, where a target has several settings of these words.
    name: Option<Arc<str>>,
}

impl Key {
    /// The setting in one target on one side.
    pub(super) fn find<'a>(&self, config: &'a EffectiveConfig) -> Option<&'a EffectiveSetting> {
        config
            .with_words(&self.words)
            .iter()
            .find(|s| self.name.as_ref().is_none_or(|name| is_spelt(s, name)))
    }
}

/// The question is about nothing that is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No layer has a setting of this name.
    #[error(
        "no layer that was read has a setting `{key}`{}{}",
        offered(nearest),
        could_not_read(unread)
    )]
    Key {
        /// What was asked for.
        key: Box<str>,
        /// Names that are there and near.
        nearest: Vec<Arc<str>>,
        /// Layers that could not be read, and might have it.
        unread: Vec<Box<str>>,
    },
    /// No setting is written on this line.
    #[error("no setting is written at {file}:{line}; {}", at_lines(nearest))]
    Line {
        /// The file.
        file: Box<str>,
        /// The line.
        line: u32,
        /// The lines before and after that have settings.
        nearest: Vec<(u32, Vec<Arc<str>>)>,
    },
    /// The line is not in the file.
    #[error("{file} has {lines} lines, there is no line {line}")]
    Range {
        /// The file.
        file: Box<str>,
        /// The line.
        line: u32,
        /// How many there are.
        lines: usize,
    },
    /// No setting is known to be written in this file.
    #[error(
        "no layer has a setting whose place is a line of {file}{}; ask for the setting by its name",
        if *made { ": settings are made from it, but not line by line" } else { "" }
    )]
    File {
        /// The file.
        file: Box<str>,
        /// Whether a renderer made something from it.
        made: bool,
    },
}

fn offered(nearest: &[Arc<str>]) -> String {
    match nearest {
        [] => String::new(),
        [one] => format!("; did you mean `{one}`?"),
        some => {
            let names: Vec<String> = some.iter().map(|n| format!("`{n}`")).collect();
            format!("; did you mean one of {}?", names.join(", "))
        }
    }
}

fn could_not_read(unread: &[Box<str>]) -> String {
    match unread {
        [] => String::new(),
        some => format!(" (could not be read: {})", list(some, 3)),
    }
}

fn at_lines(nearest: &[(u32, Vec<Arc<str>>)]) -> String {
    let lines: Vec<String> = nearest
        .iter()
        .map(|(line, names)| format!("line {line} sets {}", list(names, 3)))
        .collect();
    lines.join(", ")
}

fn is_spelt(setting: &EffectiveSetting, name: &str) -> bool {
    *setting.name == *name || setting.stack.iter().any(|p| *p.entry.name == *name)
}

/// The setting of this name; several where it can be told apart by its words only, and a target
/// has several of them.
pub(super) fn by_name(targets: &[TargetView<'_>], name: &str) -> Result<Vec<Key>, NotFound> {
    for name in with_and_without_prefixes(targets, name) {
        let keys = keys_named(targets, name);
        if !keys.is_empty() {
            return Ok(keys);
        }
    }
    Err(NotFound::Key {
        key: name.into(),
        nearest: near(targets, name),
        unread: unread(targets, name),
    })
}

/// A name as it is, then without what layers take off.
fn with_and_without_prefixes<'n>(targets: &[TargetView<'_>], name: &'n str) -> Vec<&'n str> {
    let mut out = vec![name];
    for layer in targets.iter().flat_map(|t| &t.layers) {
        let prefix = layer.prefix.as_deref().filter(|p| !p.is_empty());
        let rest = prefix.and_then(|p| name.strip_prefix(p));
        out.extend(rest.filter(|r| !r.is_empty()));
    }
    let mut seen = BTreeSet::new();
    out.retain(|n| seen.insert(*n));
    out
}

fn keys_named(targets: &[TargetView<'_>], name: &str) -> Vec<Key> {
    let words = words(name);
    let mut found: Vec<&EffectiveSetting> = Vec::new();
    for config in targets.iter().flat_map(sides) {
        let same = config.with_words(&words);
        let exact: Vec<_> = same.iter().filter(|s| is_spelt(s, name)).collect();
        if exact.is_empty() && !words.is_empty() {
            found.extend(same);
        } else {
            found.extend(exact);
        }
    }
    // What is spelt so somewhere is meant; what only shares its words elsewhere is that setting.
    let exact = found.iter().any(|s| is_spelt(s, name));
    match keys(targets, &found).as_slice() {
        several if several.len() > 1 && exact => {
            let spelt = several.iter().filter(|k| {
                let configs = targets.iter().flat_map(sides);
                configs.filter_map(|c| k.find(c)).any(|s| is_spelt(s, name))
            });
            spelt.cloned().collect()
        }
        all => all.to_vec(),
    }
}

/// Settings of many targets as keys: by their words, where no target has several with them.
fn keys(targets: &[TargetView<'_>], found: &[&EffectiveSetting]) -> Vec<Key> {
    let mut all = BTreeSet::new();
    // Asked once for all settings with the same words: there may be one in each target.
    let mut known: BTreeMap<&Arc<str>, bool> = BTreeMap::new();
    for setting in found {
        let crowded = *known.entry(&setting.words).or_insert_with(|| {
            let mut configs = targets.iter().flat_map(sides);
            configs.any(|config| config.with_words(&setting.words).len() > 1)
        });
        all.insert(Key {
            words: setting.words.clone(),
            name: crowded.then(|| setting.name.clone()),
        });
    }
    // Two names of one setting, on different sides or in different targets, are one key.
    let is_one = |a: &Key, b: &Key| {
        targets.iter().flat_map(sides).any(|config| {
            let (a, b) = (a.find(config), b.find(config));
            matches!((a, b), (Some(a), Some(b)) if std::ptr::eq(a, b))
        })
    };
    let mut out: Vec<Key> = Vec::new();
    for key in all {
        if !out.iter().any(|k| is_one(k, &key)) {
            out.push(key);
        }
    }
    out
}

/// Names that were meant, perhaps: those that have all of its words, else those that, or whose
/// last words, are the most similar.
fn near(targets: &[TargetView<'_>], name: &str) -> Vec<Arc<str>> {
    let wanted = words(name);
    let mut settings: BTreeMap<&str, &EffectiveSetting> = BTreeMap::new();
    for setting in targets.iter().flat_map(sides).flat_map(|c| &c.settings) {
        settings.entry(&setting.words).or_insert(setting);
    }
    let has_all = |own: &str| {
        let own: Vec<&str> = own.split(' ').collect();
        wanted.split(' ').all(|w| own.contains(&w))
    };
    let mut found: Vec<&EffectiveSetting> = settings
        .iter()
        .filter(|(own, _)| !wanted.is_empty() && has_all(own))
        .map(|(_, s)| *s)
        .collect();
    if found.is_empty() {
        let mut ends: BTreeMap<&str, Vec<&EffectiveSetting>> = BTreeMap::new();
        for (own, setting) in &settings {
            let starts = own.match_indices(' ').map(|(at, _)| at + 1);
            for at in std::iter::once(0).chain(starts) {
                ends.entry(&own[at..]).or_default().push(setting);
            }
        }
        let end = nearest(&wanted, ends.keys().copied());
        found = end.and_then(|e| ends.remove(e)).unwrap_or_default();
    }
    // In the spelling that was asked for, if a layer has it so.
    let spelt = |s: &EffectiveSetting| {
        let alike = s.stack.iter().find(|p| p.entry.name.contains(name));
        alike.map_or_else(|| s.name.clone(), |p| p.entry.name.clone())
    };
    let mut out: Vec<Arc<str>> = found.into_iter().map(spelt).collect();
    out.sort_by_key(|n| (n.len(), n.clone()));
    out.truncate(OFFERED);
    out
}

/// Layers that could not be read, with why.
fn unread(targets: &[TargetView<'_>], name: &str) -> Vec<Box<str>> {
    let mut out = BTreeSet::new();
    for view in targets {
        for layer in sides(view).flat_map(|c| &c.layers) {
            let (layer_name, target) = (&layer.name, view.id);
            let all = layer.unread.iter().filter(|_| layer.outside.is_none());
            let mut whys: Vec<String> = all.map(ToString::to_string).collect();
            whys.extend(layer.doubts(&words(name), &[], false).map(|d| match d {
                Doubt::Unread(why) => why.to_string(),
                Doubt::KeysNotRead(secret) => format!("the keys of {secret} are not read"),
            }));
            let named = |why| format!("layer {layer_name} of {target}: {why}").into();
            out.extend(whys.into_iter().map(named));
        }
    }
    out.into_iter().collect()
}

/// Where a layer's value is written, if that is known exactly.
fn place(placed: &Placed) -> Option<&Place> {
    placed.entry.entry.origin()?.place.as_ref()
}

impl Line<'_> {
    /// Whether a value is written on the line.
    pub(super) fn has(&self, placed: &Placed) -> bool {
        let Some(place) = place(placed).filter(|p| p.is_exact() && *p.file == *self.file) else {
            return false;
        };
        let known = place.span.filter(|span| span.line > 0);
        known.is_some_and(|span| (span.line..=self.last_line(span)).contains(&self.line))
    }

    /// The line on which a span ends. Offsets of a place inside of an embedded file are not those
    /// of the outer file: then only its first line is known.
    fn last_line(&self, span: Span) -> u32 {
        let Some((ends, _)) = &self.lines else {
            return span.line;
        };
        let line_of = |offset: u32| 1 + ends.partition_point(|end| *end < offset) as u64;
        if line_of(span.start) != u64::from(span.line) {
            return span.line;
        }
        let last = line_of(span.end.saturating_sub(1).max(span.start));
        u32::try_from(last).unwrap_or(u32::MAX)
    }
}

/// The settings that have a value on the line.
pub(super) fn by_line(targets: &[TargetView<'_>], line: &Line<'_>) -> Result<Vec<Key>, NotFound> {
    let settings = || targets.iter().flat_map(|t| &t.head.settings);
    let found: Vec<&EffectiveSetting> = settings()
        .filter(|s| s.stack.iter().any(|p| line.has(p)))
        .collect();
    if !found.is_empty() {
        return Ok(keys(targets, &found));
    }
    let (file, number) = (Box::<str>::from(line.file), line.line);
    let lines = line.lines.as_ref().map(|(_, lines)| *lines);
    if let Some(lines) = lines.filter(|n| number == 0 || number as usize > *n) {
        return Err(NotFound::Range {
            file,
            line: number,
            lines,
        });
    }
    let mut at: BTreeMap<u32, BTreeSet<Arc<str>>> = BTreeMap::new();
    let mut made = false;
    for placed in settings().flat_map(|s| &s.stack) {
        match place(placed).filter(|p| *p.file == *file) {
            Some(place) if place.is_exact() => {
                if let Some(span) = place.span {
                    at.entry(span.line)
                        .or_default()
                        .insert(placed.entry.name.clone());
                }
            }
            Some(_) => made = true,
            None => {}
        }
    }
    if at.is_empty() {
        return Err(NotFound::File { file, made });
    }
    let before = at.range(..number).next_back();
    let after = at.range(number.saturating_add(1)..).next();
    let nearest = before.into_iter().chain(after);
    Err(NotFound::Line {
        nearest: nearest
            .map(|(line, names)| (*line, names.iter().cloned().collect()))
            .collect(),
        file,
        line: number,
    })
}
