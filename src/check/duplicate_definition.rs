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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::testing::{Made, lines, made, world},
        model::target::FileSpec,
    };

    const EU_US: &[(&str, &[&str])] = &[("eu", &[]), ("us", &[])];

    fn files(name: &str) -> Layer {
        Layer {
            name: name.into(),
            desired: Some(DesiredSpec::File(FileSpec::default())),
            ..Layer::default()
        }
    }

    fn manifests(name: &str) -> Layer {
        Layer {
            desired: Some(DesiredSpec::Manifests {
                paths: vec!["deploy".into()],
            }),
            ..files(name)
        }
    }

    /// A default and what is above it.
    fn two(environment: &str, below: &str, above: &str, layer: fn(&str) -> Layer) -> Made {
        let mut out = made("api", environment, &[]).of(&[
            ("defaults", &[("POOL_SIZE", below)]),
            ("above", &[("POOL_SIZE", above)]),
        ]);
        out.layers = vec![files("defaults"), layer("above")];
        out
    }

    #[test]
    fn a_file_and_a_deployment_that_differ() {
        let found = world(EU_US).run(&[two("eu", "20", "15", manifests)], |cx| run(cx, &[]));
        assert_eq!(
            lines(&found),
            ["info api: POOL_SIZE is written in 2 layers with different values; above wins"]
        );
        let sides = &found[0].subject.sides;
        let layers: Vec<&str> = sides.iter().map(|s| &*s.layer).collect();
        assert_eq!(layers, ["above", "defaults"], "the winner first");
    }

    #[test]
    fn environments_that_have_it_alike_are_one_finding() {
        let both = [
            two("eu", "20", "15", manifests),
            two("us", "20", "15", manifests),
        ];
        let found = world(EU_US).run(&both, |cx| run(cx, &[]));
        assert_eq!(lines(&found).len(), 1);
        assert!(lines(&found)[0].ends_with("; the same in us"));
        let other = [
            two("eu", "20", "15", manifests),
            two("us", "20", "16", manifests),
        ];
        assert_eq!(world(EU_US).run(&other, |cx| run(cx, &[])).len(), 2);
    }

    #[test]
    fn what_is_one_owners_own_business_or_known_not_to_differ() {
        for (below, above, layer) in [
            ("20", "15", files as fn(&str) -> Layer),
            ("20", "20", manifests),
            ("<secret>", "<secret>", manifests),
            // Nobody knows what it is.
            ("20", "<opaque>", manifests),
        ] {
            let found = world(EU_US).run(&[two("eu", below, above, layer)], |cx| run(cx, &[]));
            assert_eq!(lines(&found), [""; 0], "{below} {above}");
        }
    }

    #[test]
    fn secrets_that_differ_are_found_and_not_shown() {
        let found = world(EU_US).run(&[two("eu", "plain", "<secret>", manifests)], |cx| {
            run(cx, &[])
        });
        assert_eq!(found.len(), 1);
        assert!(!format!("{found:?}").contains("hunter2"));
    }
}
