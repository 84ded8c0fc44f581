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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::testing::{Made, lines, made, world},
        model::effective::AmbiguousKey,
    };

    const EU_US: &[(&str, &[&str])] = &[("eu", &[]), ("us", &[])];

    fn ambiguous(environment: &str, keys: &[&str]) -> Made {
        let mut out = made("api", environment, &[]).of(&[
            ("defaults", &[("database.pool_size", "20")]),
            ("workload", &[("DATABASE_POOL_SIZE", "10")]),
        ]);
        out.head.ambiguous = vec![AmbiguousKey {
            layer: 0,
            keys: keys.iter().map(|k| (*k).into()).collect(),
            other: (1, "DATABASE_POOL_SIZE".into()),
        }];
        out
    }

    #[test]
    fn environments_with_the_same_keys_are_one_finding() {
        let keys = ["database.poolSize", "database.pool_size"];
        let found = world(EU_US).run(&[ambiguous("eu", &keys), ambiguous("us", &keys)], run);
        assert_eq!(
            lines(&found),
            [
                "warning api: DATABASE_POOL_SIZE may be database.poolSize or database.pool_size of \
                 layer defaults: nobody can tell which; the same in us"
            ]
        );
        let subject = &found[0].subject;
        assert_eq!((&*subject.environment, &*subject.layer), ("eu", "defaults"));
    }

    #[test]
    fn other_keys_are_another_finding_and_none_is_none() {
        let made = [
            ambiguous("eu", &["database.poolSize", "database.pool_size"]),
            ambiguous("us", &["database.PoolSize", "database.pool_size"]),
        ];
        assert_eq!(world(EU_US).run(&made, run).len(), 2);
        let clean = made_clean();
        assert_eq!(lines(&world(EU_US).run(&[clean], run)), [""; 0]);
    }

    fn made_clean() -> Made {
        let mut out = ambiguous("eu", &[]);
        out.head.ambiguous.clear();
        out
    }
}
