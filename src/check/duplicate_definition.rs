//! `duplicate-definition`: one setting in layers of different owners, with different values.

use super::{RunContext, TargetView, further, is_edited, names, side_shown};
use crate::model::{
    effective::EffectiveSetting,
    entry::EntryKey,
    finding::{Finding, Message, Needs, Rule, Severity, Subject},
    report::SideName,
    secret::Sameness,
    target::{DesiredSpec, Layer, LiveSpec},
};
use std::collections::BTreeMap;

/// The rule.
pub static RULE: Rule = Rule {
    id: "duplicate-definition",
    summary: "one setting in layers of different owners, with different values",
    needs: Needs::OneTarget,
};

/// Who answers for a layer: files of the application, its deployment, or a store. Files that
/// override one another in their order are one owner's own business.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Files,
    Deployment,
    Store(&'static str),
}

fn owner(layer: &Layer) -> Owner {
    match (&layer.desired, &layer.live) {
        (_, Some(LiveSpec::Kubernetes(_))) => Owner::Deployment,
        (Some(spec), _) if spec.has_objects() => Owner::Deployment,
        (_, Some(live @ (LiveSpec::Env(_) | LiveSpec::File(_)))) => Owner::Store(live.kind()),
        (Some(DesiredSpec::Compose(_)), None) => Owner::Deployment,
        _ if layer.config_map.is_some() => Owner::Deployment,
        _ => Owner::Files,
    }
}

/// One finding per service and setting, with the environments that have it alike. What `told` says
/// of a setting, a value that is written and hidden, is not said again.
#[must_use]
pub fn run(cx: &RunContext<'_>, told: &[Finding]) -> Vec<Finding> {
    type Alike = Vec<(std::sync::Arc<str>, String)>;
    let mut found: BTreeMap<_, (Vec<&TargetView<'_>>, &EffectiveSetting)> = BTreeMap::new();
    for target in cx.targets {
        for setting in &target.head.settings {
            let is_told = |f: &Finding| is_about(&f.subject, target, setting);
            if !is_duplicate(target, setting) || told.iter().any(is_told) {
                continue;
            }
            // Values are told apart by what may be shown of them.
            let alike: Alike = setting
                .stack
                .iter()
                .map(|p| {
                    let layer = target.head.layers[p.layer].name.clone();
                    (
                        layer,
                        format!(
                            "{:?}",
                            crate::model::value::Shown::from(&p.entry.entry.value)
                        ),
                    )
                })
                .collect();
            let key = (&*target.id.service, &*setting.words, &*setting.name, alike);
            let entry = found.entry(key).or_insert((vec![], setting));
            entry.0.push(target);
        }
    }
    found
        .into_values()
        .map(|(targets, setting)| finding(&targets, setting))
        .collect()
}

fn is_about(s: &Subject, target: &TargetView<'_>, setting: &EffectiveSetting) -> bool {
    let environment = &target.id.environment;
    s.service == target.id.service
        && (s.environment == *environment || s.also_in_environments.contains(environment))
        && matches!(&s.key, EntryKey::Setting(name) if **name == *setting.name)
}

/// Whether layers of different owners give it values that are known to differ.
fn is_duplicate(target: &TargetView<'_>, setting: &EffectiveSetting) -> bool {
    let mut seen: Vec<(Owner, &crate::model::value::Value)> = vec![];
    for placed in &setting.stack {
        let Some(layer) = target.layers.get(placed.layer) else {
            continue;
        };
        let (owner, value) = (owner(layer), &placed.entry.entry.value);
        let differs = |(other, known): &(Owner, &crate::model::value::Value)| {
            *other != owner && known.same_setting(value, setting.ty) == Sameness::Different
        };
        if seen.iter().any(differs) {
            return true;
        }
        seen.push((owner, value));
    }
    false
}

fn finding(targets: &[&TargetView<'_>], setting: &EffectiveSetting) -> Finding {
    let first = targets[0];
    let winner = setting.winning().next();
    let winner_layer = winner.map(|w| first.head.layers[w.layer].name.clone());
    let mut subject = Subject::new(
        first.id.service.clone(),
        first.id.environment.clone(),
        winner_layer.clone().unwrap_or_default(),
        EntryKey::Setting(setting.name.clone()),
    );
    let mut layers: Vec<usize> = setting.stack.iter().map(|p| p.layer).collect();
    layers.dedup();
    subject.message = Message(vec![])
        .key(&*setting.name)
        .and(" is written in ")
        .count(layers.len())
        .and(" layers with different values");
    if let Some(winner) = winner_layer {
        subject.message = subject.message.and("; ").name(&*winner).and(" wins");
    }
    subject.also_in_environments = further(first.id, targets[1..].iter().map(|t| t.id));
    if let Some(names) = names(subject.also_in_environments.iter().map(|e| &**e)) {
        subject.message = subject.message.and("; the same in ").name(names);
    }
    let edited = |t: &&TargetView<'_>| {
        let own = t.head.find(&setting.name);
        own.is_some_and(|s| s.stack.iter().any(|p| is_edited(t, s, p)))
    };
    subject.written_by_change = targets.iter().any(edited);
    for (i, placed) in setting.stack.iter().enumerate().rev() {
        let mut side = side_shown(first, first.head, placed, SideName::Desired);
        let wins = setting.winners.contains(&i);
        side.note = Some(Message::words(if wins { "wins" } else { "hidden" }));
        subject.sides.push(side);
    }
    Finding::new(&RULE, Severity::Info, subject)
}
