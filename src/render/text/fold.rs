//! Which findings are one line: the same key with the same values in many targets, and what
//! changes along with another finding.

use crate::{
    model::{
        entry::EntryKey,
        finding::{DesiredShown, Disposition, Finding, Message, Piece, Severity, Subject},
        observation::ItemId,
        report::{Occasion, Report},
    },
    render::{Style, message},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Findings that are shown as one.
pub(super) struct Item<'a> {
    /// At least one; in the report's order.
    pub(super) all: Vec<&'a Finding>,
    /// What the first one's key brings along through `$(VAR)`.
    pub(super) along: Vec<&'a Finding>,
}

impl<'a> Item<'a> {
    pub(super) fn first(&self) -> &'a Finding {
        self.all[0]
    }

    pub(super) fn worst(&self) -> Severity {
        self.along
            .iter()
            .map(|f| f.severity)
            .fold(self.first().severity, Severity::max)
    }

    /// Service and environment, distinct and sorted.
    pub(super) fn targets(&self) -> Vec<(&'a str, &'a str)> {
        targets(self.all.iter().map(|f| &f.subject))
    }
}

/// Service and environment of each, distinct and sorted.
pub(super) fn targets<'a>(subjects: impl Iterator<Item = &'a Subject>) -> Vec<(&'a str, &'a str)> {
    let all: BTreeSet<_> = subjects.map(|s| (&*s.service, &*s.environment)).collect();
    all.into_iter().collect()
}

/// What is shown, and the numbers of what is not.
pub(super) struct Folded<'a> {
    pub(super) items: Vec<Item<'a>>,
    /// Older differences in objects that the change does not write.
    pub(super) older: usize,
    /// Infos that the change did not cause, by rule.
    pub(super) old_infos: BTreeMap<&'a str, usize>,
    /// Settings with a value in several layers, by service, where they are many.
    pub(super) duplicates: BTreeMap<&'a str, Vec<String>>,
}

/// More findings that settings of a service are in several layers are told in one line.
const DUPLICATES: usize = 3;

/// More of them in all services are told in lines, however few each has.
const MANY_DUPLICATES: usize = 9;

/// The findings as items, in the report's order.
pub(super) fn findings<'a>(report: &'a Report, style: &Style) -> Folded<'a> {
    let (mut shown, mut older) = (Vec::new(), 0);
    let mut old_infos: BTreeMap<&str, usize> = BTreeMap::new();
    let mut duplicates = match style.verbose {
        true => BTreeMap::new(),
        false => duplicates(report),
    };
    let all: usize = duplicates.values().map(Vec::len).sum();
    duplicates.retain(|_, keys| all > MANY_DUPLICATES || keys.len() > DUPLICATES);
    for keys in duplicates.values_mut() {
        keys.sort();
        keys.dedup();
    }
    for f in &report.findings {
        if !style.verbose && f.disposition != Disposition::Active {
            continue;
        }
        if !style.verbose && is_older(f, report.occasion) {
            older += 1;
            continue;
        }
        if !style.verbose && is_old_info(f, report.occasion) {
            *old_infos.entry(f.rule.id).or_default() += 1;
            continue;
        }
        if is_duplicate(f) && duplicates.contains_key(&*f.subject.service) {
            continue;
        }
        shown.push(f);
    }
    Folded {
        items: items(&shown, style.verbose),
        older,
        old_infos,
        duplicates,
    }
}

/// Active infos that a setting is in several layers, by service.
fn duplicates(report: &Report) -> BTreeMap<&str, Vec<String>> {
    let mut out: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for f in report.findings.iter().filter(|f| is_duplicate(f)) {
        if f.disposition == Disposition::Active && !is_old_info(f, report.occasion) {
            let keys = out.entry(&f.subject.service).or_default();
            keys.push(f.subject.key.to_string());
        }
    }
    out
}

fn is_duplicate(f: &Finding) -> bool {
    f.rule.id == "duplicate-definition" && f.severity == Severity::Info
}

/// Rules about what git says; a review is about what it changes of that.
const ABOUT_GIT: &[&str] = &["duplicate-definition", "parity-gap", "spelling-differs"];

fn is_old_info(f: &Finding, occasion: Occasion) -> bool {
    occasion == Occasion::Review
        && f.severity == Severity::Info
        && !f.subject.written_by_change
        && ABOUT_GIT.contains(&f.rule.id)
}

fn is_older(f: &Finding, occasion: Occasion) -> bool {
    occasion == Occasion::Review
        && f.severity == Severity::Info
        && !f.subject.written_by_change
        && is_about_state(f)
}

/// Whether the rule is the finding's state, so that its sides tell everything but what its
/// message adds. For any other rule the message is what it found.
pub(super) fn is_about_state(f: &Finding) -> bool {
    f.subject
        .state
        .is_some_and(|s| s.is_problem() && s.name() == f.rule.id)
}

fn items<'a>(shown: &[&'a Finding], apart: bool) -> Vec<Item<'a>> {
    let parents = parents(shown);
    let mut along: HashMap<usize, Vec<&'a Finding>> = HashMap::new();
    for (i, parent) in parents.iter().enumerate() {
        if let Some(p) = parent {
            along.entry(*p).or_default().push(shown[i]);
        }
    }
    let mut items: Vec<Item<'a>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (i, f) in shown
        .iter()
        .enumerate()
        .filter(|(i, _)| parents[*i].is_none())
    {
        let along = along.remove(&i).unwrap_or_default();
        let mut key = identity(f);
        for child in &along {
            key.push_str(&identity(child));
        }
        match known.get(&key) {
            Some(&at) if !apart => items[at].all.push(f),
            _ => {
                known.insert(key, items.len());
                items.push(Item {
                    all: vec![f],
                    along,
                });
            }
        }
    }
    items
}

/// For each finding the one that it is told under: the root of its causes, in the same target.
fn parents(shown: &[&Finding]) -> Vec<Option<usize>> {
    let mut by_key: HashMap<(&str, &str, String), usize> = HashMap::new();
    for (i, f) in shown.iter().enumerate() {
        let s = &f.subject;
        by_key
            .entry((&s.service, &s.environment, s.key.to_string()))
            .or_insert(i);
    }
    let up = |i: usize| {
        let s = &shown[i].subject;
        let cause = s.cause.as_ref()?;
        by_key
            .get(&(&*s.service, &*s.environment, cause.to_string()))
            .copied()
    };
    (0..shown.len())
        .map(|i| {
            let mut root = up(i)?;
            // A chain of `$(VAR)` is short; one that does not end is a circle, and stands alone.
            for _ in 0..16 {
                match up(root) {
                    Some(next) => root = next,
                    None => return Some(root),
                }
            }
            None
        })
        .collect()
}

/// Equal for findings that say the same of different targets.
fn identity(f: &Finding) -> String {
    let words = match is_about_state(f) {
        true => String::new(),
        false => message(&without_environment(&f.subject)),
    };
    format!(
        "{}\0{:?}\0{:?}\0{words}\0{}",
        f.rule.id,
        f.severity,
        f.disposition,
        sides(&f.subject)
    )
}

/// The message without the `production: ` that the heading says.
pub(super) fn without_environment(s: &Subject) -> Message {
    match s.message.0.as_slice() {
        [Piece::Name(name), Piece::Words(words), rest @ ..] if **name == *s.environment => {
            match words.strip_prefix(": ") {
                Some(words) => {
                    let mut all = vec![Piece::Words(words)];
                    all.extend_from_slice(rest);
                    Message(all)
                }
                None => s.message.clone(),
            }
        }
        _ => s.message.clone(),
    }
}

/// Equal for entries of one key with the same values.
pub(super) fn sides(s: &Subject) -> String {
    let object = match (&s.key, &s.object) {
        // Names of objects follow names of services; for a field its kind is enough.
        (EntryKey::Field(_), Some(ItemId::Object(o))) => o.kind.to_string(),
        (EntryKey::Object, Some(ItemId::Object(o))) => format!("{}/{}", o.kind, o.name),
        _ => String::new(),
    };
    let value = |d: &Option<DesiredShown>| d.as_ref().map(|d| format!("{:?}", d.value));
    let between = super::sides::is_between(s);
    let sides: Vec<String> = s
        .sides
        .iter()
        .map(|o| {
            let environment = if between { &*o.environment } else { "" };
            let (layer, side, note) = (&o.layer, o.side, &o.note);
            format!("{environment}\0{layer}\0{side:?}\0{:?}\0{note:?}", o.value)
        })
        .collect();
    format!(
        "{:?}\0{}\0{object}\0{:?}\0{:?}\0{:?}\0{:?}\0{:?}\0{sides:?}\0{:?}\0{:?}\0{:?}",
        s.state,
        s.key,
        value(&s.base),
        value(&s.desired),
        value(&s.deployed),
        s.live.as_ref().map(|l| format!("{:?}", l.value)),
        s.cause,
        s.also_in,
        s.also_in_environments,
        s.hidden_by
    )
}
