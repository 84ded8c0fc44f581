//! The environments of each parity group side by side, service by service: compared once, for all
//! rules that look at them.

use super::{RunContext, TargetView};
use crate::{
    compare::parity::{Gap, GapValue, Gaps, ParitySide, gaps},
    model::{
        entry::{Entry, EntryKey},
        finding::{Message, SideShown, Subject},
        path::KeyPath,
        policy::{Difference, ParityGroup, Pattern, Selector},
        report::SideName,
        value::{Reading, Shown},
    },
};
use std::{collections::BTreeSet, sync::Arc};

/// A service in the environments of a parity group that it runs in: two or more.
pub struct Between<'a> {
    /// Index into the parity groups.
    pub index: usize,
    /// The group.
    pub group: &'a ParityGroup,
    /// The service.
    pub service: &'a Arc<str>,
    /// In the group's order.
    pub members: Vec<&'a TargetView<'a>>,
    /// The words that stand for each member's environment.
    pub names: Vec<Vec<Box<str>>>,
    /// What git says after the change.
    pub head: Gaps,
    /// What it said before; absent where nothing changed.
    pub base: Option<Gaps>,
}

/// What tells a gap from another one of the same service.
pub(super) type GapId<'g> = (&'g EntryKey, Option<&'g str>, Option<&'g str>);

/// Which gap it is.
pub(super) fn id(gap: &Gap) -> GapId<'_> {
    (&gap.key, gap.holder.as_deref(), gap.container.as_deref())
}

/// Compares every service of every parity group.
#[must_use]
pub fn compare<'a>(cx: &RunContext<'a>) -> Vec<Between<'a>> {
    let services: BTreeSet<&Arc<str>> = cx.targets.iter().map(|t| &t.id.service).collect();
    let mut out = vec![];
    for (index, group) in cx.parity.iter().enumerate() {
        for service in &services {
            let named =
                group.services.is_empty() || group.services.iter().any(|p| p.matches(service));
            if named && let Some(one) = one(cx, index, group, service) {
                out.push(one);
            }
        }
    }
    out
}

fn one<'a>(
    cx: &RunContext<'a>,
    index: usize,
    group: &'a ParityGroup,
    service: &'a Arc<str>,
) -> Option<Between<'a>> {
    let first = cx.targets.partition_point(|t| t.id.service < *service);
    let own = &cx.targets[first..];
    let own = &own[..own.partition_point(|t| t.id.service == *service)];
    let members: Vec<&TargetView<'_>> = group
        .environments
        .iter()
        .filter_map(|e| own.iter().find(|t| t.id.environment == *e))
        .collect();
    if members.len() < 2 {
        return None;
    }
    let names: Vec<Vec<Box<str>>> = members.iter().map(|m| m.environment.own_names()).collect();
    let compared = |base: bool| {
        let sides: Vec<ParitySide<'_>> = members
            .iter()
            .zip(&names)
            .map(|(m, names)| side(m, names, base))
            .collect();
        gaps(&sides, &group.differences)
    };
    let unchanged = members
        .iter()
        .all(|m| std::ptr::eq(m.base, m.head) && std::ptr::eq(m.base_fields, m.fields));
    Some(Between {
        index,
        group,
        service,
        head: compared(false),
        base: (!unchanged).then(|| compared(true)),
        members,
        names,
    })
}

/// One side of git of a target.
pub(super) fn side<'a>(
    view: &'a TargetView<'a>,
    names: &'a [Box<str>],
    base: bool,
) -> ParitySide<'a> {
    ParitySide {
        target: view.id,
        names,
        config: if base { view.base } else { view.head },
        fields: if base { view.base_fields } else { view.fields },
    }
}

/// What one environment says, for a finding.
pub(super) fn shown(view: &TargetView<'_>, value: &GapValue) -> SideShown {
    let entry = value.reading.present();
    let origin = entry.and_then(|e| e.origin());
    // A layer that only lives stands in with what is live.
    let borrowed = |l: &&crate::model::effective::LayerInfo| l.name == value.layer && l.borrowed;
    let live = view.head.layers.iter().find(borrowed).is_some();
    SideShown {
        environment: view.id.environment.clone(),
        layer: value.layer.clone(),
        side: if live {
            SideName::Live
        } else {
            SideName::Desired
        },
        value: value_shown(&value.reading),
        place: origin.and_then(|o| o.place.clone()),
        made_from: entry.map(Entry::made_from).unwrap_or_default(),
        object: origin.map(|o| o.item.clone()),
        path: origin.map(|o| o.path.clone()).unwrap_or_default(),
        commit: None,
        written: None,
        note: None,
    }
}

/// What may be shown of a reading.
pub fn value_shown(reading: &Reading<Entry>) -> Shown {
    Shown::of(&reading.clone().map(|e| e.value))
}

/// `pool.size`, `Deployment/api spec.replicas`, `CronJob/report`; with the container, where
/// several see different values.
pub(super) fn named(message: Message, gap: &Gap) -> Message {
    let message = match (&gap.holder, &gap.key) {
        (Some(holder), EntryKey::Object) => message.name(&**holder),
        (Some(holder), key) => message.name(&**holder).and(" ").key(key.to_string()),
        (None, key) => message.key(key.to_string()),
    };
    match &gap.container {
        Some(container) => message.and(" of ").name(container.clone()),
        None => message,
    }
}

/// What a finding about a gap begins with: it is of the environment that deviates.
pub(super) fn subject(between: &Between<'_>, gap: &Gap) -> Subject {
    let outlier = outlier(gap);
    let view = between.members[outlier];
    let value = &gap.values[outlier];
    let mut subject = Subject::new(
        between.service.clone(),
        view.id.environment.clone(),
        value.layer.clone(),
        gap.key.clone(),
    );
    subject.object = gap
        .holder
        .is_some()
        .then(|| {
            let mut entries = gap.values.iter().filter_map(|v| v.reading.present());
            entries.find_map(|e| e.origin().map(|o| o.item.clone()))
        })
        .flatten();
    subject.affects = gap.container.iter().cloned().collect();
    for (view, value) in between.members.iter().zip(&gap.values) {
        subject.sides.push(shown(view, value));
    }
    subject
}

/// The first side of the smallest group; of two sides the last.
pub(super) fn outlier(gap: &Gap) -> usize {
    gap.groups
        .last()
        .and_then(|g| g.first())
        .copied()
        .unwrap_or(0)
}

/// The environments of some sides: `staging and production-us`.
pub(super) fn environments(between: &Between<'_>, sides: &[usize]) -> String {
    let names: Vec<&str> = sides
        .iter()
        .map(|i| &*between.members[*i].id.environment)
        .collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).into(),
        [first @ .., last] if names.len() <= 4 => format!("{} and {last}", first.join(", ")),
        many => format!("{} and {} more", many[..3].join(", "), many.len() - 3),
    }
}

/// What a difference is about, in its own words: `database.host`, `Deployment/* spec.replicas`.
pub(super) fn selected(selector: &Selector) -> String {
    let parts = [
        &selector.service,
        &selector.object,
        &selector.field,
        &selector.key,
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().map(Pattern::as_str).collect();
    parts.join(" ")
}

/// What a finding about a documented difference itself begins with; nothing for a group without
/// environments.
pub(super) fn difference_subject(
    group: &ParityGroup,
    difference: &Difference,
    between: Option<&Between<'_>>,
) -> Option<Subject> {
    let environment = group.environments.first()?.clone();
    let selector = &difference.selector;
    let service: Arc<str> = match (&selector.service, between) {
        (Some(p), _) => p.as_str().into(),
        (None, Some(between)) => between.service.clone(),
        (None, None) => "*".into(),
    };
    let key = match (&selector.key, &selector.field) {
        (None, None) => EntryKey::Setting(selected(selector).into()),
        (Some(key), _) => EntryKey::Setting(key.as_str().into()),
        (None, Some(field)) => match field.as_str().parse() {
            Ok(path) => EntryKey::Field(path),
            Err(_) => EntryKey::Setting(field.as_str().into()),
        },
    };
    let mut subject = Subject::new(service, environment.clone(), "parity".into(), key);
    subject.sides = vec![SideShown {
        environment,
        layer: "parity".into(),
        side: SideName::Desired,
        value: Shown::Value((&*difference.reason).into()),
        place: difference.place.clone(),
        made_from: vec![],
        object: None,
        path: KeyPath::default(),
        commit: None,
        written: None,
        note: None,
    }];
    Some(subject)
}
