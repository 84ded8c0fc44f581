//! Whether an entry of driftgate.yaml is about a finding.

use crate::model::{
    effective::words,
    entry::EntryKey,
    finding::{Finding, SideShown, Subject, Written},
    observation::{ItemId, ObjectId},
    policy::{Pattern, Selector},
    target::Tier,
};
use std::{collections::BTreeMap, sync::Arc};

/// Of which tier each environment is.
pub type Tiers = BTreeMap<Arc<str>, Tier>;

/// Whether `selector` is about `finding`. What the selector leaves out restricts nothing.
///
/// A finding of several services matches when all of them do, so that nothing is accepted for a
/// service that nobody named. One of several environments matches when one of them does: a
/// difference is accepted, or made worse, from either end; see `leaves_nothing`.
#[must_use]
pub fn matches(selector: &Selector, finding: &Finding, tiers: &Tiers) -> bool {
    let Selector {
        rule,
        service,
        environment,
        tier,
        layer,
        key,
        object,
        field,
        writer,
    } = selector;
    let s = &finding.subject;
    given(rule, |p| p.matches(finding.rule.id))
        && given(service, |p| {
            p.matches(&s.service) && s.also_in.iter().all(|other| p.matches(other))
        })
        && (environment.is_none() && tier.is_none()
            || environments(s).any(|name| is_in(environment.as_ref(), *tier, name, tiers)))
        && given(layer, |p| {
            p.matches(&s.layer) || s.sides.iter().any(|side| p.matches(&side.layer))
        })
        && given(key, |p| names_key(p, &s.key))
        && given(object, |p| objects(s).any(|id| names_object(p, id)))
        && given(field, |p| names_field(p, s))
        && given(writer, |p| {
            written(s)
                .flat_map(|w| &w.writers)
                .any(|w| p.matches(&w.name))
        })
}

fn given<T>(wanted: &Option<T>, matches: impl FnOnce(&T) -> bool) -> bool {
    wanted.as_ref().is_none_or(matches)
}

/// Whether nothing is left of a finding once the environments that the selector names are taken
/// out: a difference between two that nobody named is not accepted with it, and what several
/// environments have alike only when all of them are named.
pub(crate) fn leaves_nothing(selector: &Selector, finding: &Finding, tiers: &Tiers) -> bool {
    if selector.environment.is_none() && selector.tier.is_none() {
        return true;
    }
    let s = &finding.subject;
    let is_named = |name: &str| is_in(selector.environment.as_ref(), selector.tier, name, tiers);
    if !s.also_in_environments.is_empty() {
        return is_named(&s.environment) && s.also_in_environments.iter().all(|e| is_named(e));
    }
    let named = |side: &&SideShown| is_named(&side.environment);
    let mut others = s.sides.iter().filter(|side| !named(side));
    match others.next() {
        None => true,
        Some(first) => others.all(|side| side.value == first.value),
    }
}

/// Whether a selector's environment and tier are those of `name`.
pub(crate) fn is_in(
    environment: Option<&Pattern>,
    tier: Option<Tier>,
    name: &str,
    tiers: &Tiers,
) -> bool {
    environment.is_none_or(|p| p.matches(name))
        && tier.is_none_or(|t| tiers.get(name).is_some_and(|of| *of == t))
}

/// The environments that a finding is about.
fn environments(s: &Subject) -> impl Iterator<Item = &str> {
    let sides = s.sides.iter().map(|side| &*side.environment);
    let also = s.also_in_environments.iter().map(|e| &**e);
    std::iter::once(&*s.environment).chain(sides).chain(also)
}

/// An exact name is that of a setting whatever its spelling style; a pattern is matched against
/// the text.
fn names_key(pattern: &Pattern, key: &EntryKey) -> bool {
    match key {
        EntryKey::Setting(name) => {
            pattern.matches(name)
                || pattern.is_exact()
                    && !words(name).is_empty()
                    && words(pattern.as_str()) == words(name)
        }
        EntryKey::Field(_) | EntryKey::Object => false,
    }
}

fn objects(s: &Subject) -> impl Iterator<Item = &ItemId> {
    let live = s.live.as_ref().and_then(|l| l.object.as_ref());
    let sides = s.sides.iter().filter_map(|side| side.object.as_ref());
    s.object.iter().chain(live).chain(sides)
}

/// `Kind/name` and `Kind/namespace/name` both name an object.
pub(crate) fn names_object(pattern: &Pattern, item: &ItemId) -> bool {
    if pattern.matches(&item.to_string()) {
        return true;
    }
    match item {
        ItemId::Object(ObjectId { kind, name, .. }) => pattern.matches(&format!("{kind}/{name}")),
        _ => false,
    }
}

/// The field itself, or the one that holds the setting.
fn names_field(pattern: &Pattern, s: &Subject) -> bool {
    let own = match &s.key {
        EntryKey::Field(path) => pattern.matches(&path.to_string()),
        EntryKey::Setting(_) | EntryKey::Object => false,
    };
    let live = s.live.as_ref().and_then(|l| l.field.as_deref());
    own || live.is_some_and(|field| pattern.matches(field))
}

fn written(s: &Subject) -> impl Iterator<Item = &Written> {
    let of_side = |side: &'_ SideShown| side.written.is_some();
    let sides = s.sides.iter().filter(move |side| of_side(side));
    s.live
        .iter()
        .filter_map(|l| l.written.as_ref())
        .chain(sides.filter_map(|side| side.written.as_ref()))
}
