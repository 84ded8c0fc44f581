//! `parity-gap`: environments differ where they should not.

use super::{
    RunContext,
    between::{self, Between, id},
    names,
};
use crate::{
    compare::{
        names::OwnNames,
        parity::{Gap, GapValue, gaps},
    },
    model::{
        entry::EntryKey,
        finding::{Change, Finding, Message, Needs, Resolution, Rule, Severity, Subject},
        report::Occasion,
        value::{Reading, Shown},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity-gap",
    summary: "environments differ where they should not",
    needs: Needs::OneTarget,
};

/// What looking at environments side by side gave.
#[derive(Debug, Default)]
pub struct Found {
    /// Gaps that nobody gave a reason for.
    pub findings: Vec<Finding>,
    /// Values on their way from one stage to the next.
    pub changes: Vec<Change>,
    /// What people must know: how many documented differences hold, what own names explain, what
    /// could not be compared.
    pub notes: Vec<Message>,
}

/// Findings, changes and notes of all parity groups.
#[must_use]
pub fn run(cx: &RunContext<'_>, all: &[Between<'_>]) -> Found {
    let mut found = Found::default();
    let mut same: BTreeMap<Alike, usize> = BTreeMap::new();
    let mut seen: BTreeSet<(Arc<str>, String, Vec<Arc<str>>)> = BTreeSet::new();
    for between in all {
        let mut steps = Steps::of(between);
        for gap in between.head.gaps.iter().filter(|g| !g.spelling_only) {
            if gap.is_accepted() {
                continue;
            }
            // Two groups of the same environments find the same.
            let environments: Vec<Arc<str>> = between
                .members
                .iter()
                .map(|m| m.id.environment.clone())
                .collect();
            let key = (
                between.service.clone(),
                format!("{:?}", id(gap)),
                environments,
            );
            if !seen.insert(key) {
                continue;
            }
            if let Some(stages) = leading(cx, &mut steps, gap) {
                found.changes.push(Change {
                    subject: led(between, gap, &stages),
                });
                continue;
            }
            let opened = opened(between, gap);
            let severity = severity(cx, between, opened);
            match same.get(&alike(between, gap, severity)) {
                Some(&at) => {
                    let first: &mut Finding = &mut found.findings[at];
                    first.subject.also_in.push(between.service.clone());
                }
                None => {
                    same.insert(alike(between, gap, severity), found.findings.len());
                    let subject = subject(between, gap, opened);
                    found.findings.push(Finding::new(&RULE, severity, subject));
                }
            }
        }
    }
    found.notes = notes(all);
    if cx.whole {
        found.notes.extend(alone(cx));
    }
    found
}

/// Services that run in one environment of a group only: nothing is there to compare them with,
/// and nobody should take that for agreement.
fn alone(cx: &RunContext<'_>) -> Option<Message> {
    let mut alone: BTreeSet<&str> = BTreeSet::new();
    for group in cx.parity {
        for own in cx.targets.chunk_by(|a, b| a.id.service == b.id.service) {
            let service = &own[0].id.service;
            let named =
                group.services.is_empty() || group.services.iter().any(|p| p.matches(service));
            let members = own
                .iter()
                .filter(|t| group.environments.contains(&t.id.environment));
            if named && members.count() == 1 {
                alone.insert(service);
            }
        }
    }
    let shown = names(alone.iter().copied())?;
    Some(
        Message::default()
            .count(alone.len())
            .and(match alone.len() {
                1 => " service runs in only one of the environments that should agree: ",
                _ => " services run in only one of the environments that should agree: ",
            })
            .name(shown),
    )
}

/// Whether the change under review makes the gap. What base could not tell is old.
fn opened(between: &Between<'_>, gap: &Gap) -> bool {
    let Some(base) = &between.base else {
        return false;
    };
    let known = |g: &&Gap| id(g) == id(gap) && !g.spelling_only && !g.is_accepted();
    base.unread.is_empty() && !base.gaps.iter().any(|g| known(&g))
}

fn severity(cx: &RunContext<'_>, between: &Between<'_>, opened: bool) -> Severity {
    if between.group.strict {
        Severity::Error
    } else if opened || cx.occasion == Occasion::Audit {
        Severity::Warning
    } else {
        Severity::Info
    }
}

/// What makes gaps of several services one: key, values and environments.
type Alike = (usize, Severity, String, Vec<(Arc<str>, String)>);

fn alike(between: &Between<'_>, gap: &Gap, severity: Severity) -> Alike {
    // What is called after its service is the same thing in each.
    let service = OwnNames::new([&**between.service]);
    let text = |text: &str| service.marked(text).into_owned();
    let name = match &gap.holder {
        Some(holder) => format!("{} {}", text(holder), text(&gap.key.to_string())),
        None => gap.key.to_string(),
    };
    let container = gap.container.as_deref().map(text).unwrap_or_default();
    let values = between.members.iter().zip(&gap.values).map(|(m, v)| {
        let shown = between::value_shown(&v.reading);
        (m.id.environment.clone(), text(&format!("{shown:?}")))
    });
    (
        between.index,
        severity,
        format!("{name} {container}"),
        values.collect(),
    )
}

fn subject(between: &Between<'_>, gap: &Gap, opened: bool) -> Subject {
    let mut subject = between::subject(between, gap);
    subject.written_by_change = opened;
    let unexpected: &[usize] = match &gap.documented {
        Some(d) => &d.unexpected,
        None => &[],
    };
    subject.message = match unexpected.first() {
        Some(first) => as_declared(between, gap, *first, unexpected.len()),
        None => differing(between, gap),
    };
    if let Some(first) = unexpected.first() {
        subject.environment = between.members[*first].id.environment.clone();
        subject.layer = gap.values[*first].layer.clone();
    }
    for (i, side) in subject.sides.iter_mut().enumerate() {
        if unexpected.contains(&i)
            && let Some(expected) = expected(between, gap, i)
        {
            side.note = Some(Message::words("expected ").value(expected));
        }
    }
    subject.resolve = vec![Resolution {
        why: if unexpected.is_empty() {
            "make them agree, or say under `parity` why they differ (`differences`)"
        } else {
            "set the expected value, or correct `expected` of the documented difference"
        }
        .into(),
        argv: vec![],
    }];
    subject
}

/// What the documented difference expects of a side.
fn expected(between: &Between<'_>, gap: &Gap, side: usize) -> Option<Shown> {
    let documented = gap.documented.as_ref()?;
    let difference = between.group.differences.get(documented.index)?;
    let expected = difference.expected.as_ref()?;
    let text = expected.get(between.members[side].id)?;
    // What is expected of a secret is one.
    let is_secret = |v: &GapValue| v.reading.present().is_some_and(|e| e.value.is_sensitive());
    if gap.values.iter().any(is_secret) {
        return Some(Shown::Redacted);
    }
    Some(Shown::Value((&**text).into()))
}

/// `pool.size is 10 in production-eu, 20 in production-us. 2 of 3 agree.`
fn differing(between: &Between<'_>, gap: &Gap) -> Message {
    let mut groups: Vec<&Vec<usize>> = gap.groups.iter().collect();
    groups.sort_by_key(|g| (g.len(), g.first().copied()));
    let mut message = between::named(Message::default(), gap);
    if gap.key == EntryKey::Object {
        let is_there = |g: &&&Vec<usize>| matches!(gap.values[g[0]].reading, Reading::Present(_));
        let there: Vec<usize> = groups
            .iter()
            .filter(is_there)
            .flat_map(|g| g.iter().copied())
            .collect();
        let lacks: Vec<usize> = groups
            .iter()
            .filter(|g| !is_there(g))
            .flat_map(|g| g.iter().copied())
            .collect();
        message = message
            .and(" is in ")
            .name(between::environments(between, &there))
            .and(", not in ")
            .name(between::environments(between, &lacks));
    } else {
        const MOST: usize = 3;
        for (n, group) in groups.iter().take(MOST).enumerate() {
            message = message
                .and(if n == 0 { " is " } else { ", " })
                .value(between::value_shown(&gap.values[group[0]].reading))
                .and(" in ")
                .name(between::environments(between, group));
        }
        if groups.len() > MOST {
            message = message
                .and(", and ")
                .count(groups.len() - MOST)
                .and(" more values");
        }
    }
    let most = gap.groups.first().map_or(0, Vec::len);
    if most > 1 {
        let all = gap.groups.iter().map(Vec::len).sum();
        message = message
            .and(". ")
            .count(most)
            .and(" of ")
            .count(all)
            .and(" agree");
    }
    message
}

/// `database.host is db-us in production-eu, where db-eu is expected`
fn as_declared(between: &Between<'_>, gap: &Gap, first: usize, wrong: usize) -> Message {
    let value = between::value_shown(&gap.values[first].reading);
    let mut message = between::named(Message::default(), gap)
        .and(" is ")
        .value(value)
        .and(" in ")
        .name(&*between.members[first].id.environment);
    if let Some(expected) = expected(between, gap, first) {
        message = message.and(", where ").value(expected).and(" is expected");
    }
    if wrong > 1 {
        message = message
            .and(". ")
            .count(wrong)
            .and(" of ")
            .count(gap.values.len());
        message = message.and(" environments are not as declared");
    }
    message
}

/// The stages of a value on its way: all environments of each stage agree, and each stage that
/// differs from the next one had the next one's value before the change.
fn leading(cx: &RunContext<'_>, all: &mut Steps<'_>, gap: &Gap) -> Option<Vec<Vec<usize>>> {
    let between = all.between;
    between.base.as_ref()?;
    if gap.documented.is_some() || cx.promotion.len() < 2 {
        return None;
    }
    let group_of = |side: usize| gap.groups.iter().position(|g| g.contains(&side));
    let mut stages: Vec<Vec<usize>> = vec![];
    let mut placed = 0;
    for stage in cx.promotion {
        let sides: Vec<usize> = (0..between.members.len())
            .filter(|i| stage.contains(&between.members[*i].id.environment))
            .filter(|i| group_of(*i).is_some())
            .collect();
        let Some(first) = sides.first() else { continue };
        if sides.iter().any(|i| group_of(*i) != group_of(*first)) {
            return None;
        }
        placed += sides.len();
        stages.push(sides);
    }
    if placed != gap.groups.iter().map(Vec::len).sum::<usize>() {
        return None;
    }
    let mut steps = stages
        .windows(2)
        .filter(|w| group_of(w[0][0]) != group_of(w[1][0]));
    let followed = steps.clone().next().is_some() && steps.all(|w| all.follows(gap, &w[0], &w[1]));
    followed.then_some(stages)
}

/// A gap's id, kept.
type Kept = (EntryKey, Option<Box<str>>, Option<Box<str>>);

fn kept(gap: &Gap) -> Kept {
    let (key, holder, container) = id(gap);
    (
        key.clone(),
        holder.map(Into::into),
        container.map(Into::into),
    )
}

/// Two stages, by their sides.
type Step = (Vec<usize>, Vec<usize>);

/// The steps from one stage to the next, each compared once for all gaps of a service.
struct Steps<'a> {
    between: &'a Between<'a>,
    /// What differs between the earlier stage before the change and the later one after it;
    /// nothing where something was not read.
    known: BTreeMap<Step, Option<BTreeSet<Kept>>>,
}

impl<'a> Steps<'a> {
    fn of(between: &'a Between<'a>) -> Steps<'a> {
        Steps {
            between,
            known: BTreeMap::new(),
        }
    }

    /// Whether a later stage says what the earlier one said before the change.
    fn follows(&mut self, gap: &Gap, earlier: &[usize], later: &[usize]) -> bool {
        let between = self.between;
        let compared = || {
            let side = |base: bool| {
                move |i: &usize| between::side(between.members[*i], &between.names[*i], base)
            };
            let earlier = earlier.iter().map(side(true));
            let sides: Vec<_> = earlier.chain(later.iter().map(side(false))).collect();
            let before = gaps(&sides, &between.group.differences);
            let differing = before.gaps.iter().map(kept).collect();
            before.unread.is_empty().then_some(differing)
        };
        let step = (earlier.to_vec(), later.to_vec());
        let before = self.known.entry(step).or_insert_with(compared);
        before.as_ref().is_some_and(|all| !all.contains(&kept(gap)))
    }
}

fn led(between: &Between<'_>, gap: &Gap, stages: &[Vec<usize>]) -> Subject {
    let mut subject = between::subject(between, gap);
    let leader = &stages[0];
    let view = between.members[leader[0]];
    subject.environment = view.id.environment.clone();
    subject.layer = gap.values[leader[0]].layer.clone();
    subject.written_by_change = true;
    let mut message = between::named(Message::default(), gap);
    for (n, stage) in stages.iter().enumerate() {
        message = message
            .and(if n == 0 { " is " } else { ", " })
            .value(between::value_shown(&gap.values[stage[0]].reading))
            .and(" in ")
            .name(between::environments(between, stage));
    }
    subject.message = message
        .and(": ")
        .name(between::environments(between, leader))
        .and(if leader.len() == 1 { " leads" } else { " lead" });
    subject
}

fn notes(all: &[Between<'_>]) -> Vec<Message> {
    let mut out = vec![];
    let accepted: usize = all
        .iter()
        .map(|b| {
            b.head
                .gaps
                .iter()
                .filter(|g| g.is_accepted() && !g.spelling_only)
                .count()
        })
        .sum();
    if accepted > 0 {
        out.push(Message::default().count(accepted).and(match accepted {
            1 => " documented difference between environments holds",
            _ => " documented differences between environments hold",
        }));
    }
    let by_names: u64 = all.iter().map(|b| b.head.by_names).sum();
    if by_names > 0 {
        let n = usize::try_from(by_names).unwrap_or(usize::MAX);
        out.push(Message::default().count(n).and(match by_names {
            1 => " value differs between environments by their own names only",
            _ => " values differ between environments by their own names only",
        }));
    }
    let unknown: u64 = all.iter().map(|b| b.head.unknown).sum();
    let why = all.iter().find_map(|b| b.head.unread.first());
    if let (1.., Some(why)) = (unknown, why) {
        let n = usize::try_from(unknown).unwrap_or(usize::MAX);
        out.push(
            Message::default()
                .count(n)
                .and(" entries could not be compared between environments: ")
                .name(why.detail.clone()),
        );
    }
    out
}

#[cfg(test)]
#[path = "parity_gap_tests.rs"]
mod tests;
