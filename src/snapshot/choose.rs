//! Which recorded sections may answer for an environment.

use super::{Head, Recorded};
use crate::model::{
    observation::{Item, ItemId, Observation, Outcome, Read, Scope},
    time::{Timestamp, show_span},
    value::{Unread, UnreadCause},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// Clocks of two machines may differ by this much, in seconds.
const CLOCKS: i64 = 300;

/// Whether a section may stand for `environment` at `now`.
///
/// `max_age` is in seconds and counted from when reading began; a section without a capture time
/// passes, and it is the caller's to say so. `expected_system` is the identity that the system is
/// known to have, if it is known.
///
/// # Errors
/// An [`Unread`] in words for the report: such a section reads as nothing read, never as green.
pub fn usable(
    head: &Head,
    environment: &str,
    now: Timestamp,
    max_age: i64,
    expected_system: Option<&str>,
) -> Result<(), Unread> {
    if let Some(other) = head.environment.as_deref().filter(|e| *e != environment) {
        return Err(Unread::new(
            UnreadCause::NotAsked,
            format!("the snapshot is of environment {other}, not of {environment}"),
        ));
    }
    if let Some(expected) = expected_system {
        same_system(head, environment, expected)?;
    }
    let Some((begin, end)) = head.taken else {
        return Ok(());
    };
    let again = format!("record it again with `driftgate snapshot --environment {environment}`");
    let ahead = end.0.max(begin.0).saturating_sub(now.0);
    if ahead > CLOCKS {
        return Err(Unread::new(
            UnreadCause::Stale,
            format!(
                "the snapshot was taken at {end}, {} in the future: check the clocks, or {again}",
                show_span(ahead)
            ),
        ));
    }
    let age = now.0.saturating_sub(begin.0);
    if age > max_age {
        return Err(Unread::new(
            UnreadCause::Stale,
            format!(
                "the snapshot of {environment} is {} old (taken at {begin}), older than the {} that are allowed: {again}",
                show_span(age),
                show_span(max_age)
            ),
        ));
    }
    Ok(())
}

fn same_system(head: &Head, environment: &str, expected: &str) -> Result<(), Unread> {
    let why = match head.system.as_deref() {
        Some(system) if system == expected => return Ok(()),
        Some(system) => format!("is of another system (identity {system}, not {expected})"),
        None => format!("does not say which system it is of (expected identity {expected})"),
    };
    Err(Unread::new(
        UnreadCause::NotAsked,
        format!("the snapshot for {environment} {why}"),
    ))
}

/// The sections recorded for `environment`, by `source` if one is named.
///
/// `kubectl` output names no environment: it answers for the one that is asked, provided that
/// everything given is such output. So hand the files of one environment to one call.
///
/// # Errors
/// When there is none; names the environments that are there.
pub fn select<'a>(
    recorded: &'a [Recorded],
    environment: &str,
    source: Option<&str>,
) -> Result<Vec<&'a Recorded>, Unread> {
    let named: BTreeSet<&str> = recorded
        .iter()
        .filter_map(|r| r.head.environment.as_deref())
        .collect();
    let nameless = recorded.iter().any(|r| r.head.environment.is_none());
    if nameless && !named.is_empty() {
        return Err(Unread::new(
            UnreadCause::Malformed,
            format!(
                "snapshots ({}) and kubectl output, which names no environment, lie side by side: keep them in folders of their own",
                list(&named)
            ),
        ));
    }
    let found: Vec<&Recorded> = recorded
        .iter()
        .filter(|r| {
            r.head
                .environment
                .as_deref()
                .is_none_or(|e| e == environment)
        })
        .filter(|r| source.is_none_or(|s| s == &*r.head.source.name))
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let detail = if !nameless && !named.contains(environment) {
        let there = if named.is_empty() {
            "nothing".into()
        } else {
            list(&named)
        };
        format!("nothing is recorded for environment {environment}; the snapshot holds {there}")
    } else {
        let sources: BTreeSet<&str> = recorded
            .iter()
            .filter(|r| {
                r.head
                    .environment
                    .as_deref()
                    .is_none_or(|e| e == environment)
            })
            .map(|r| &*r.head.source.name)
            .collect();
        format!(
            "nothing is recorded by source {} for environment {environment}; the snapshot holds {}",
            source.unwrap_or("(any)"),
            list(&sources)
        )
    };
    Err(Unread::new(UnreadCause::NotAsked, detail))
}

fn list(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}

/// One observation of what several sections of one system hold, so that one question is asked once.
///
/// Two sections may read the same scope if they say the same of it.
///
/// # Errors
/// When there is none, they are of different systems, or they contradict each other (an older
/// snapshot beside a newer one): nobody can tell which is meant.
pub fn merge<'a>(sections: &[&'a Recorded]) -> Result<Cow<'a, Observation>, Unread> {
    match sections {
        [] => return Err(Unread::new(UnreadCause::NotAsked, "nothing is recorded")),
        [only] => return Ok(Cow::Borrowed(&only.observation)),
        _ => {}
    }
    let system = one_system(sections)?;
    no_contradiction(sections)?;
    let mut reads: Vec<Read> = Vec::new();
    let mut items: BTreeMap<&ItemId, &Item> = BTreeMap::new();
    for section in sections {
        items.extend(section.observation.items().map(|i| (&i.id, i)));
        reads.extend_from_slice(section.observation.reads());
    }
    reads.sort_by(|a, b| a.scope.cmp(&b.scope));
    reads.dedup();
    let items = items.into_values().cloned().collect();
    Ok(Cow::Owned(Observation::from_parts(system, reads, items)))
}

fn one_system(sections: &[&Recorded]) -> Result<Option<Box<str>>, Unread> {
    let systems: BTreeSet<&str> = sections
        .iter()
        .filter_map(|s| s.observation.system())
        .collect();
    if systems.len() > 1 {
        return Err(Unread::new(
            UnreadCause::Malformed,
            format!(
                "the snapshots are of several systems (identities {})",
                list(&systems)
            ),
        ));
    }
    Ok(systems.first().map(|s| (*s).into()))
}

/// What is present in one section must not be absent in another, or there with other content.
fn no_contradiction(sections: &[&Recorded]) -> Result<(), Unread> {
    let mut complete: BTreeMap<(&str, &str), Vec<(usize, &Scope)>> = BTreeMap::new();
    for (n, section) in sections.iter().enumerate() {
        for read in section.observation.reads() {
            if read.outcome == Outcome::Complete {
                let of_kind = complete.entry(kind_of(&read.scope)).or_default();
                of_kind.push((n, &read.scope));
            }
        }
    }
    let mut seen: BTreeMap<&ItemId, (usize, &Item)> = BTreeMap::new();
    for (n, section) in sections.iter().enumerate() {
        for item in section.observation.items() {
            let twice = |other: usize| {
                let detail = contradiction(&item.id, section, sections[other]);
                Err(Unread::new(UnreadCause::Malformed, detail))
            };
            let (first, known) = *seen.entry(&item.id).or_insert((n, item));
            if known.tree != item.tree {
                return twice(first);
            }
            let covering = complete.get(&kind_of_item(&item.id)).into_iter().flatten();
            for (other, _) in covering.filter(|(o, s)| *o != n && s.covers(&item.id)) {
                if sections[*other]
                    .observation
                    .find(&item.id)
                    .present()
                    .is_none()
                {
                    return twice(*other);
                }
            }
        }
    }
    Ok(())
}

/// The kind of all parameters: a prefix may cover any of them.
const PARAMETER: (&str, &str) = ("(parameter)", "");

/// Only scopes of one kind can cover the same item.
fn kind_of(scope: &Scope) -> (&str, &str) {
    match scope {
        Scope::Kind { group, kind, .. } => (group, kind),
        Scope::Item(id) => kind_of_item(id),
        Scope::Prefix(_) => PARAMETER,
    }
}

fn kind_of_item(id: &ItemId) -> (&str, &str) {
    match id {
        ItemId::Object(object) => (&object.group, &object.kind),
        ItemId::Parameter(_) => PARAMETER,
        ItemId::Document(name) => ("(document)", name),
        ItemId::Fact(name) => ("(fact)", name),
    }
}

fn contradiction(id: &ItemId, a: &Recorded, b: &Recorded) -> String {
    let which = |r: &Recorded| {
        let taken = r.head.taken.map(|(begin, _)| begin.to_string());
        format!(
            "{}, taken {}",
            r.head.source.describe,
            taken.as_deref().unwrap_or("at an unknown time")
        )
    };
    format!(
        "two recordings disagree about {} ({}; {}): keep one of them",
        super::shown(id),
        which(a),
        which(b)
    )
}
