//! `shadowed-edit`: the change edits a value that a higher layer hides.

use super::{RunContext, TargetView, further, is_edited, names, side_shown};
use crate::model::{
    effective::{EffectiveSetting, Placed},
    entry::EntryKey,
    finding::{Finding, Message, Needs, Resolution, Rule, Severity, Subject},
    place::Place,
    report::SideName,
    secret::Sameness,
    value::Shown,
};
use std::collections::BTreeMap;

/// The rule.
pub static RULE: Rule = Rule {
    id: "shadowed-edit",
    summary: "the change edits a value that a higher layer hides",
    needs: Needs::OneTarget,
};

/// An edit and the environments that it reaches.
#[derive(Default)]
struct Edit<'a> {
    hidden: Vec<(&'a TargetView<'a>, &'a EffectiveSetting, &'a Placed)>,
    takes_effect: Vec<&'a str>,
}

/// One finding per edited place that is hidden somewhere: a warning where it takes effect nowhere.
#[must_use]
pub fn run(cx: &RunContext<'_>) -> Vec<Finding> {
    let mut edits: BTreeMap<(&str, Place, &str), Edit<'_>> = BTreeMap::new();
    for target in cx.targets {
        if std::ptr::eq(target.base, target.head) {
            continue;
        }
        for setting in &target.head.settings {
            for (i, placed) in setting.stack.iter().enumerate() {
                let Some(place) = edited(target, setting, placed) else {
                    continue;
                };
                let key = (&*target.id.service, place, &*setting.name);
                let edit = edits.entry(key).or_default();
                if setting.winners.contains(&i) || setting.unknown.is_some() {
                    edit.takes_effect.push(&target.id.environment);
                } else if !winner_is_edited(target, setting) && !is_what_wins(setting, placed) {
                    edit.hidden.push((target, setting, placed));
                }
            }
        }
    }
    edits
        .into_values()
        .filter_map(|edit| finding(&edit))
        .collect()
}

/// Where git's value of a layer is written, if the change edits or adds it.
fn edited(target: &TargetView<'_>, setting: &EffectiveSetting, placed: &Placed) -> Option<Place> {
    let place = placed.entry.entry.origin()?.place.clone()?;
    is_edited(target, setting, placed).then_some(place)
}

/// An edit of both is meant.
fn winner_is_edited(target: &TargetView<'_>, setting: &EffectiveSetting) -> bool {
    setting
        .winning()
        .any(|winner| edited(target, setting, winner).is_some())
}

/// Of two equal values nobody misses the hidden one.
fn is_what_wins(setting: &EffectiveSetting, placed: &Placed) -> bool {
    let value = &placed.entry.entry.value;
    let same = |w: &Placed| w.entry.entry.value.same_setting(value, setting.ty);
    setting.winning().next().is_some() && setting.winning().all(|w| same(w) == Sameness::Equal)
}

fn finding(edit: &Edit<'_>) -> Option<Finding> {
    let (target, setting, placed) = *edit.hidden.first()?;
    let layers = &target.head.layers;
    let mut subject = Subject::new(
        target.id.service.clone(),
        target.id.environment.clone(),
        layers[placed.layer].name.clone(),
        EntryKey::Setting(setting.name.clone()),
    );
    subject.written_by_change = true;
    let winner = setting.winning().next();
    // As its author wrote it.
    let mut message = Message::words("the change sets ")
        .key(&*placed.entry.name)
        .and(" to ")
        .value(Shown::from(&placed.entry.entry.value))
        .and(" in layer ")
        .name(&*layers[placed.layer].name);
    if let Some(line) = line_of(placed) {
        message = message.and(" (").name(line).and(")");
    }
    message = match winner {
        Some(winner) => {
            let hides = message
                .and(", and layer ")
                .name(&*layers[winner.layer].name)
                .and(" hides it");
            let hides = match winner.entry.name == placed.entry.name {
                true => hides,
                false => hides.and(" as ").key(&*winner.entry.name),
            };
            hides
                .and(": the application sees ")
                .value(Shown::from(&winner.entry.entry.value))
        }
        None => message.and(", and a higher layer takes the setting away"),
    };
    subject.also_in_environments = further(target.id, edit.hidden.iter().map(|(t, ..)| t.id));
    if let Some(names) = names(subject.also_in_environments.iter().map(|e| &**e)) {
        message = message.and("; the same in ").name(names);
    }
    if let Some(names) = names(edit.takes_effect.iter().copied()) {
        message = message.and("; it takes effect in ").name(names);
    }
    subject.message = message;
    for (side, note) in winner
        .map(|w| (w, "wins"))
        .into_iter()
        .chain([(placed, "edited, hidden")])
    {
        let mut side = side_shown(target, target.head, side, SideName::Desired);
        side.note = Some(Message::words(note));
        subject.sides.push(side);
    }
    subject.resolve = winner.and_then(resolution).into_iter().collect();
    let severity = match edit.takes_effect.is_empty() {
        true => Severity::Warning,
        // Overriding a default in some environments is what layers are for.
        false => Severity::Info,
    };
    Some(Finding::new(&RULE, severity, subject))
}

/// `deploy/production/api.yaml:29`.
fn line_of(placed: &Placed) -> Option<String> {
    let place = placed.entry.entry.origin()?.place.as_ref()?;
    Some(match place.span.filter(|s| s.line > 0) {
        Some(span) => format!("{}:{}", place.file, span.line),
        None => place.file.to_string(),
    })
}

/// Where to make the edit instead.
fn resolution(winner: &Placed) -> Option<Resolution> {
    let place = winner.entry.entry.origin()?.place.as_ref()?;
    let why = match place.is_exact() {
        true => Message::words("edit ")
            .name(line_of(winner)?)
            .and(", or remove the value there"),
        false => Message::words("edit it where ")
            .name(place.file.to_string())
            .and(" has it, or remove it there"),
    };
    Some(Resolution { why, argv: vec![] })
}
