//! Which value does the application really use: from merged layers to an [`ExplainedKey`] per
//! setting. Pure: who gave a value its place in git, and who wrote the live one, is filled in by
//! the pipeline.
//!
//! `find` finds the settings that a question is about, `side` says what wins and what it hides,
//! `touch` which findings and entries of driftgate.yaml are about it, `answer` says it in one
//! sentence.

mod answer;
mod find;
mod side;
#[cfg(test)]
mod tests;
mod touch;

pub use find::NotFound;

use crate::{
    check::TargetView,
    model::{
        effective::{EffectiveConfig, EffectiveSetting},
        explanation::{Agreement, ExplainedKey, ExplainedSide, ExplainedTarget},
        finding::Finding,
        target::Project,
    },
};
use find::Key;
use std::{collections::BTreeSet, sync::Arc};

/// What explaining works on.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// All targets that are looked at, sorted by service, then environment.
    pub targets: &'a [TargetView<'a>],
    /// What a check finds in them.
    pub findings: &'a [Finding],
    /// Waivers, ignores and documented differences.
    pub project: &'a Project,
}

/// A line of a file of the repository.
pub struct Line<'a> {
    /// From the repository's root.
    file: &'a str,
    /// From 1.
    line: u32,
    /// Where the file's lines end (byte offsets), and how many lines there are; absent where the
    /// file could not be read.
    lines: Option<(Vec<u32>, usize)>,
}

impl<'a> Line<'a> {
    /// `file` from the repository's root, `line` from 1; `text` is the file's, where it could be
    /// read.
    #[must_use]
    pub fn new(file: &'a str, line: u32, text: Option<&str>) -> Line<'a> {
        let lines = text.map(|text| {
            let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            let ends = ends.filter_map(|(at, _)| u32::try_from(at).ok()).collect();
            (ends, text.lines().count())
        });
        Line { file, line, lines }
    }
}

/// Explains the setting of this name: the one spelt so in any layer, else those with its words.
///
/// # Errors
/// [`NotFound`].
pub fn by_key(input: &Input<'_>, name: &str) -> Result<Vec<ExplainedKey>, NotFound> {
    let keys = find::by_name(input.targets, name)?;
    Ok(keys
        .iter()
        .map(|key| one(input, key, Some(name), None))
        .collect())
}

/// Explains all settings that are written on a line, in the targets that read it.
///
/// # Errors
/// [`NotFound`].
pub fn by_line(input: &Input<'_>, line: &Line<'_>) -> Result<Vec<ExplainedKey>, NotFound> {
    let keys = find::by_line(input.targets, line)?;
    Ok(keys
        .iter()
        .map(|key| one(input, key, None, Some(line)))
        .collect())
}

fn one(input: &Input<'_>, key: &Key, asked: Option<&str>, line: Option<&Line<'_>>) -> ExplainedKey {
    let has = |view: &&TargetView<'_>| sides(view).any(|config| key.find(config).is_some());
    let services: BTreeSet<&Arc<str>> = input
        .targets
        .iter()
        .filter(has)
        .map(|v| &v.id.service)
        .collect();
    let targets: Vec<ExplainedTarget> = input
        .targets
        .iter()
        .filter(|v| services.contains(&v.id.service))
        .map(|view| target(input, view, key, line))
        .filter(|t| line.is_none() || t.git.values.iter().any(|v| v.asked))
        .collect();
    // Of a line, what does not read it is not asked for.
    let mut not_in: Vec<Arc<str>> = match line {
        Some(_) => vec![],
        None => input.targets.iter().map(|v| v.id.service.clone()).collect(),
    };
    not_in.retain(|s| !services.contains(s));
    not_in.dedup();
    let name = name(input, key, asked, line);
    ExplainedKey {
        answer: answer::sentence(&name, &targets, line),
        name,
        targets,
        not_in,
    }
}

/// What people call it: as they asked for it, or as it is spelt on the line, else as the highest
/// layer of the first target that has it in git, else live.
fn name(input: &Input<'_>, key: &Key, asked: Option<&str>, line: Option<&Line<'_>>) -> Arc<str> {
    let all = || input.targets.iter();
    let heads = || all().filter_map(|v| key.find(v.head));
    let lives = all().filter_map(|v| key.find(v.live?));
    let bases = all().filter_map(|v| key.find(v.base));
    let settings: Vec<&EffectiveSetting> = heads().chain(lives).chain(bases).collect();
    let entries = || settings.iter().flat_map(|s| &s.stack);
    let on_line = || entries().find(|p| line.is_some_and(|line| line.has(p)));
    let spelt = entries().find(|p| asked == Some(&*p.entry.name));
    match spelt.or_else(on_line) {
        Some(placed) => placed.entry.name.clone(),
        None => settings
            .first()
            .map_or_else(|| key.words.clone(), |s| s.name.clone()),
    }
}

/// Head, base and live, as far as they are there.
fn sides<'a>(view: &TargetView<'a>) -> impl Iterator<Item = &'a EffectiveConfig> {
    [Some(view.head), Some(view.base), view.live]
        .into_iter()
        .flatten()
}

fn target(
    input: &Input<'_>,
    view: &TargetView<'_>,
    key: &Key,
    line: Option<&Line<'_>>,
) -> ExplainedTarget {
    let explain = |config: &EffectiveConfig| side::of(view, config, key, line);
    let git = explain(view.head);
    let base = explain(view.base);
    let live = view.live.map(explain);
    let found: Vec<&EffectiveSetting> = sides(view).filter_map(|c| key.find(c)).collect();
    let agreement = view.live.map(|config| {
        let settings = (key.find(view.head), key.find(config));
        agreement(settings, &git, live.as_ref())
    });
    let findings = touch::findings(input.findings, view, key, &found);
    ExplainedTarget {
        service: view.id.service.clone(),
        environment: view.id.environment.clone(),
        policies: touch::policies(input.project, view, &found, &findings),
        findings,
        base: side::says_something_else(&base, &git).then_some(base),
        git,
        live,
        agreement,
    }
}

fn agreement(
    (git, live): (Option<&EffectiveSetting>, Option<&EffectiveSetting>),
    git_side: &ExplainedSide,
    live_side: Option<&ExplainedSide>,
) -> Agreement {
    let sides = [Some(git_side), live_side];
    for side in sides.into_iter().flatten() {
        if let Some(why) = &side.unknown {
            return Agreement::Unknown(why.detail.clone());
        }
    }
    let borrowed =
        |side: &ExplainedSide| side.winners().count() > 0 && side.winners().all(|w| w.borrowed);
    if sides.into_iter().flatten().any(borrowed) {
        return Agreement::NotCompared;
    }
    side::agreement(git, live)
}
