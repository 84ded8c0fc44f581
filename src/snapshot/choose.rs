//! Which recorded sections may answer for an environment.

use super::{Head, Recorded};
use crate::model::{
    observation::{Item, ItemId, Observation, Read, Scope},
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
/// # Errors
/// When there is none, they are of different systems, or two of them read the same scope or hold
/// the same item (an older snapshot beside a newer one): nobody can tell which is meant.
pub fn merge<'a>(sections: &[&'a Recorded]) -> Result<Cow<'a, Observation>, Unread> {
    let malformed = |detail: String| Err(Unread::new(UnreadCause::Malformed, detail));
    let (first, rest) = match sections {
        [] => {
            return Err(Unread::new(UnreadCause::NotAsked, "nothing is recorded"));
        }
        [only] => return Ok(Cow::Borrowed(&only.observation)),
        [first, rest @ ..] => (first, rest),
    };
    let mut system: Option<&str> = first.observation.system();
    let mut reads: Vec<Read> = first.observation.reads().to_vec();
    let mut scopes: BTreeSet<Scope> = reads.iter().map(|r| r.scope.clone()).collect();
    let mut items: BTreeMap<&ItemId, &Item> =
        first.observation.items().map(|i| (&i.id, i)).collect();
    for section in rest {
        let observation = &section.observation;
        match (system, observation.system()) {
            (Some(a), Some(b)) if a != b => {
                return malformed(format!(
                    "the snapshots are of two systems (identities {a} and {b})"
                ));
            }
            (None, b) => system = b,
            _ => {}
        }
        for read in observation.reads() {
            if !scopes.insert(read.scope.clone()) {
                return malformed(twice(first, section, &read.scope.to_string()));
            }
            reads.push(read.clone());
        }
        for item in observation.items() {
            let other = items.insert(&item.id, item);
            if other.is_some_and(|o| o.tree != item.tree) {
                return malformed(twice(first, section, &super::shown(&item.id)));
            }
        }
    }
    reads.sort_by(|a, b| a.scope.cmp(&b.scope));
    let items = items.into_values().cloned().collect();
    Ok(Cow::Owned(Observation::from_parts(
        system.map(Into::into),
        reads,
        items,
    )))
}

fn twice(a: &Recorded, b: &Recorded, what: &str) -> String {
    let when = |r: &Recorded| {
        r.head
            .taken
            .map_or("at an unknown time".into(), |(begin, _)| begin.to_string())
    };
    format!(
        "{what} was recorded twice ({}, taken {}, and {}, taken {}): keep one of them",
        a.head.source.describe,
        when(a),
        b.head.source.describe,
        when(b)
    )
}
