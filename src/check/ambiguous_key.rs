//! `ambiguous-key`: two keys of one layer stand for one setting of another layer.

use super::{RunContext, names};
use crate::model::{
    entry::EntryKey,
    finding::{Finding, Message, Needs, Rule, Severity, Subject},
};
use std::collections::BTreeMap;

/// The rule.
pub static RULE: Rule = Rule {
    id: "ambiguous-key",
    summary: "two keys of one layer stand for one setting of another layer",
    needs: Needs::OneTarget,
};

/// One finding per service and pair of keys, with all environments that have it.
#[must_use]
pub fn run(cx: &RunContext<'_>) -> Vec<Finding> {
    type Found<'a> = (&'a str, &'a str, &'a [std::sync::Arc<str>], &'a str);
    let mut found: BTreeMap<Found<'_>, Vec<&super::TargetView<'_>>> = BTreeMap::new();
    for target in cx.targets {
        for a in &target.head.ambiguous {
            let layer = &*target.head.layers[a.layer].name;
            let key = (&*target.id.service, layer, &*a.keys, &*a.other.1);
            found.entry(key).or_default().push(target);
        }
    }
    found
        .into_iter()
        .map(|((_, layer, keys, other), targets)| {
            let first = targets[0];
            let subject = Subject::new(
                first.id.service.clone(),
                first.id.environment.clone(),
                layer.into(),
                EntryKey::Setting(other.into()),
            );
            let elsewhere = super::further(first.id, targets[1..].iter().map(|t| t.id));
            let mut message = Message(vec![]).key(other).and(" may be ");
            for (i, key) in keys.iter().enumerate() {
                if i > 0 {
                    message = message.and(" or ");
                }
                message = message.key(&**key);
            }
            message = message
                .and(" of layer ")
                .name(layer)
                .and(": nobody can tell which");
            if let Some(names) = names(elsewhere.iter().map(|e| &**e)) {
                message = message.and("; the same in ").name(names);
            }
            let subject = Subject {
                message,
                also_in_environments: elsewhere,
                ..subject
            };
            Finding::new(&RULE, Severity::Warning, subject)
        })
        .collect()
}
