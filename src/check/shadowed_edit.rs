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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Made, lines, made, world};

    const EU_US: &[(&str, &[&str])] = &[("eu", &[]), ("us", &[])];

    /// A default of 20 becomes `to`; the workload says 10.
    fn hidden(environment: &str, to: &str) -> Made {
        let workload: &[(&str, &str)] = &[("TIMEOUT", "10")];
        made("api", environment, &[])
            .was_of(&[("defaults", &[("TIMEOUT", "20")]), ("workload", workload)])
            .of(&[("defaults", &[("TIMEOUT", to)]), ("workload", workload)])
    }

    /// The same where nothing is above.
    fn seen(environment: &str, to: &str) -> Made {
        made("api", environment, &[])
            .was_of(&[("defaults", &[("TIMEOUT", "20")]), ("workload", &[])])
            .of(&[("defaults", &[("TIMEOUT", to)]), ("workload", &[])])
    }

    #[test]
    fn an_edit_that_takes_effect_nowhere() {
        let found = world(EU_US).run(&[hidden("eu", "30"), hidden("us", "30")], run);
        assert_eq!(
            lines(&found),
            [
                "warning api: the change sets TIMEOUT to 30 in layer defaults \
                 (config/defaults.env:1), and layer workload \
                 hides it: the application sees 10; the same in us"
            ]
        );
        let notes = found[0].subject.sides.iter().map(|s| {
            let note = s.note.as_ref().map(crate::render::message);
            let place = s.place.as_ref().map(|p| p.file.to_string());
            (note.unwrap_or_default(), place.unwrap_or_default())
        });
        assert_eq!(
            notes.collect::<Vec<_>>(),
            [
                ("wins".to_owned(), "config/workload.env".to_owned()),
                (
                    "edited, hidden".to_owned(),
                    "config/defaults.env".to_owned()
                ),
            ]
        );
        assert!(found[0].subject.written_by_change);
    }

    #[test]
    fn an_edit_that_takes_effect_somewhere_is_what_layers_are_for() {
        let found = world(EU_US).run(&[hidden("eu", "30"), seen("us", "30")], run);
        assert_eq!(
            lines(&found),
            ["info api: the change sets TIMEOUT to 30 in layer defaults \
                 (config/defaults.env:1), and layer workload \
                 hides it: the application sees 10; it takes effect in us"]
        );
        let found = world(EU_US).run(&[seen("eu", "30"), seen("us", "30")], run);
        assert_eq!(lines(&found), [""; 0]);
    }

    #[test]
    fn what_nobody_misses_is_no_finding() {
        let none = |made: Made| {
            let found = world(EU_US).run(&[made], run);
            assert_eq!(lines(&found), [""; 0]);
        };
        // Nothing is edited; both layers are; the hidden value is now what wins.
        none(hidden("eu", "20"));
        none(hidden("eu", "10"));
        let mut both = hidden("eu", "30");
        both = both.of(&[
            ("defaults", &[("TIMEOUT", "30")]),
            ("workload", &[("TIMEOUT", "15")]),
        ]);
        none(both);
        // Nobody knows what wins.
        let mut unread = hidden("eu", "30");
        let why = crate::model::value::Unread::new(
            crate::model::value::UnreadCause::Forbidden,
            "forbidden",
        );
        unread.head.settings[0].unknown = Some((1, why));
        none(unread);
        // A value of a secret is told apart, and not shown.
        let found = world(EU_US).run(&[hidden("eu", "<secret>")], run);
        assert_eq!(lines(&found).len(), 1);
        assert!(!lines(&found)[0].contains("hunter2"), "{found:?}");
    }

    #[test]
    fn an_added_value_is_an_edit_and_a_removed_one_is_none() {
        let workload: &[(&str, &str)] = &[("TIMEOUT", "10")];
        let without = [("defaults", &[][..]), ("workload", workload)];
        let with = [
            ("defaults", &[("TIMEOUT", "30")][..]),
            ("workload", workload),
        ];
        let added = made("api", "eu", &[]).was_of(&without).of(&with);
        assert_eq!(world(EU_US).run(&[added], run).len(), 1);
        let removed = made("api", "eu", &[]).was_of(&with).of(&without);
        assert_eq!(world(EU_US).run(&[removed], run).len(), 0);
    }
}
