//! Gaps of all services and sides as rows: what is the same in several of them stands once.

use crate::{
    check::between::value_shown,
    compare::{
        names::OwnNames,
        parity::{Gap, Gaps},
    },
    model::{
        effective::EffectiveConfig,
        entry::EntryKey,
        environments::{Class, EnvironmentCounts, EnvironmentRow, Environments},
        finding::{Message, SideShown},
        policy::Difference,
        report::SideName,
        value::{Reading, Unread},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What tells rows apart: class, key, values; everything but the service and the side.
type Alike = (Class, String, Vec<(Arc<str>, String)>, Option<Box<str>>);

/// An entry of a service, on whichever sides it is: service, object, name, container.
type Looked = (Arc<str>, Option<Arc<str>>, EntryKey, Option<Box<str>>);

/// Entries that were looked at, each once however many sides have it.
#[derive(Default)]
struct Counted {
    compared: BTreeSet<Looked>,
    opaque: BTreeSet<Looked>,
    by_names: BTreeSet<Looked>,
    unknown: BTreeSet<Looked>,
    documented: BTreeSet<Looked>,
}

impl Counted {
    fn add(&mut self, service: &Arc<str>, class: Class, gap: &Gap) {
        let looked = (
            service.clone(),
            gap.holder.clone(),
            gap.key.clone(),
            gap.container.clone(),
        );
        for (is_so, set) in [
            (gap.opaque, &mut self.opaque),
            (gap.by_names, &mut self.by_names),
            (gap.unknown, &mut self.unknown),
            (class == Class::Documented, &mut self.documented),
        ] {
            if is_so {
                set.insert(looked.clone());
            }
        }
        self.compared.insert(looked);
    }

    fn counts(&self) -> EnvironmentCounts {
        EnvironmentCounts {
            compared: self.compared.len() as u64,
            fields: self.compared.iter().filter(|l| l.1.is_some()).count() as u64,
            opaque: self.opaque.len() as u64,
            by_names: self.by_names.len() as u64,
            unknown: self.unknown.len() as u64,
            differences: 0,
            documented: self.documented.len(),
        }
    }
}

/// Rows so far.
#[derive(Default)]
pub(super) struct Collected {
    rows: Vec<EnvironmentRow>,
    /// Each with the services that have it, by side.
    at: BTreeMap<Alike, usize>,
    counted: Counted,
    unread: Vec<Unread>,
}

impl Collected {
    /// Adds what comparing one side of one service gave.
    pub(super) fn add(
        &mut self,
        service: &Arc<str>,
        side: SideName,
        labels: &[Arc<str>],
        configs: &[&EffectiveConfig],
        differences: &[Difference],
        found: Gaps,
    ) {
        for why in found.unread {
            if !self.unread.contains(&why) {
                self.unread.push(why);
            }
        }
        let equal = found.equal.into_iter().filter(|g| !g.alone);
        let equal = equal.map(|g| (class_of_equal(&g), g));
        let all = found.gaps.into_iter().map(|g| (class(&g), g)).chain(equal);
        for (class, gap) in all {
            self.counted.add(service, class, &gap);
            let row = row(service, side, labels, configs, differences, class, &gap);
            self.merge(service, side, row);
        }
    }

    /// The same on both sides, or in several services, is one row.
    fn merge(&mut self, service: &Arc<str>, side: SideName, row: EnvironmentRow) {
        let alike = alike(service, &row);
        let Some(&at) = self.at.get(&alike) else {
            self.at.insert(alike, self.rows.len());
            self.rows.push(row);
            return;
        };
        let known = &mut self.rows[at];
        if !known.services.contains(service) {
            known.services.push(service.clone());
        }
        if !known.sides.contains(&side) {
            known.sides.push(side);
        }
    }

    /// Rows in their order, and what they come to.
    pub(super) fn finish(self, out: &mut Environments, all: bool) {
        let mut rows = self.rows;
        for row in &mut rows {
            row.services.sort();
            row.sides.sort();
        }
        rows.sort_by(|a, b| {
            (
                a.class,
                &a.holder,
                &a.key,
                &a.container,
                &a.services,
                &a.sides,
            )
                .cmp(&(
                    b.class,
                    &b.holder,
                    &b.key,
                    &b.container,
                    &b.services,
                    &b.sides,
                ))
        });
        out.counts = self.counted.counts();
        let differing = rows.iter().filter(|r| r.class.counts()).count();
        out.counts.differences = differing + out.partial.len();
        if !all {
            rows.retain(|r| r.class.counts());
        }
        out.rows = rows;
        out.unread = self.unread;
    }
}

/// What kind of row a gap is.
fn class(gap: &Gap) -> Class {
    if gap.is_accepted() {
        return Class::Documented;
    }
    if gap.spelling_only {
        return Class::Spelling;
    }
    let absent = |g: &Vec<usize>| matches!(gap.values[g[0]].reading, Reading::Absent(_));
    match gap.groups.as_slice() {
        [a, b] if absent(a) != absent(b) => Class::OnlyIn,
        _ => Class::Different,
    }
}

/// What kind of row it is where nothing was found to differ.
fn class_of_equal(gap: &Gap) -> Class {
    match gap {
        _ if gap.unknown => Class::Unknown,
        _ if gap.opaque => Class::NotComparable,
        _ if gap.by_names => Class::EqualByNames,
        _ => Class::Equal,
    }
}

fn row(
    service: &Arc<str>,
    side: SideName,
    labels: &[Arc<str>],
    configs: &[&EffectiveConfig],
    differences: &[Difference],
    class: Class,
    gap: &Gap,
) -> EnvironmentRow {
    let value = |i: usize| {
        let value = &gap.values[i];
        let origin = value.reading.present().and_then(|e| e.origin());
        let mut layers = configs[i].layers.iter();
        let borrowed = layers.any(|l| l.name == value.layer && l.borrowed);
        let expected = gap.documented.as_ref().and_then(|d| {
            let wrong = d.unexpected.contains(&i);
            let expected = differences.get(d.index)?.expected.as_ref()?;
            let mut of = expected.iter();
            let environment = labels[i].split('@').next().unwrap_or_default();
            let found = of.find(|(t, _)| *t.service == **service && *t.environment == *environment);
            wrong.then(|| found.map(|(_, text)| text.clone())).flatten()
        });
        SideShown {
            environment: labels[i].clone(),
            layer: value.layer.clone(),
            side: match (side, borrowed) {
                (SideName::Desired, false) | (SideName::Live, true) => SideName::Desired,
                _ => SideName::Live,
            },
            value: value_shown(&value.reading),
            place: origin.and_then(|o| o.place.clone()),
            made_from: value
                .reading
                .present()
                .map(|e| e.made_from())
                .unwrap_or_default(),
            object: origin.map(|o| o.item.clone()),
            path: origin.map(|o| o.path.clone()).unwrap_or_default(),
            commit: None,
            written: None,
            note: expected.map(|text| {
                Message::words("expected ")
                    .value(crate::model::value::Shown::Value((&*text).into()))
            }),
        }
    };
    EnvironmentRow {
        class,
        services: vec![service.clone()],
        key: gap.key.clone(),
        holder: gap.holder.clone(),
        container: gap.container.clone(),
        sides: vec![side],
        values: (0..gap.values.len()).map(value).collect(),
        documented: gap.documented.as_ref().map(|d| {
            let place = differences.get(d.index).and_then(|d| d.place.clone());
            (d.reason.clone(), place)
        }),
    }
}

fn alike(service: &Arc<str>, row: &EnvironmentRow) -> Alike {
    // What is called after its service is the same thing in each.
    let own = OwnNames::new([&**service]);
    let text = |text: &str| own.marked(text).into_owned();
    let name = match &row.holder {
        Some(holder) => format!("{} {}", text(holder), text(&row.key.to_string())),
        None => row.key.to_string(),
    };
    let container = row.container.as_deref().map(text).unwrap_or_default();
    let values = row
        .values
        .iter()
        .map(|v| (v.environment.clone(), text(&format!("{:?}", v.value))))
        .collect();
    let reason = row.documented.as_ref().map(|(reason, _)| reason.clone());
    (row.class, format!("{name} {container}"), values, reason)
}
