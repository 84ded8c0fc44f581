//! `precedence-deviates`: environments merge the sources of one container in different orders, or
//! different sources.

use super::RunContext;
use crate::{
    compare::merge_order::MergeOrder,
    model::{
        entry::EntryKey,
        finding::{Finding, Message, Needs, Resolution, Rule, Severity, SideShown, Subject},
        path::KeyPath,
        report::SideName,
        value::Shown,
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// The rule.
pub static RULE: Rule = Rule {
    id: "precedence-deviates",
    summary: "environments merge the sources of one service differently",
    needs: Needs::OneTarget,
};

/// One finding per service and container whose environments do not agree.
#[must_use]
pub fn run(cx: &RunContext<'_>) -> Vec<Finding> {
    type Orders<'a> = Vec<(&'a Arc<str>, &'a MergeOrder)>;
    let mut by_consumer: BTreeMap<(&Arc<str>, &str), Orders<'_>> = BTreeMap::new();
    for target in cx.targets {
        for order in target.orders {
            by_consumer
                .entry((&target.id.service, &order.consumer))
                .or_default()
                .push((&target.id.environment, order));
        }
    }
    by_consumer
        .into_iter()
        .filter_map(|((service, consumer), mut orders)| {
            orders.sort_by_key(|(environment, _)| position(cx, environment));
            finding(service, consumer, &orders)
        })
        .collect()
}

/// Where the configuration lists an environment: in the order of its groups, then of promotion.
fn position(cx: &RunContext<'_>, environment: &Arc<str>) -> usize {
    let groups = cx.parity.iter().flat_map(|g| &g.environments);
    let mut all = groups.chain(cx.promotion.iter().flatten());
    all.position(|e| e == environment).unwrap_or(usize::MAX)
}

fn finding(
    service: &Arc<str>,
    consumer: &str,
    orders: &[(&Arc<str>, &MergeOrder)],
) -> Option<Finding> {
    let in_all = |source: &Arc<str>| orders.iter().all(|(_, o)| o.sources.contains(source));
    let mut groups: Vec<(Vec<Arc<str>>, Vec<usize>)> = vec![];
    for (i, (_, order)) in orders.iter().enumerate() {
        let mut sources = order.sources.clone();
        if order.may_lack {
            sources.retain(in_all);
        }
        match groups.iter_mut().find(|g| g.0 == sources) {
            Some(group) => group.1.push(i),
            None => groups.push((sources, vec![i])),
        }
    }
    if groups.len() < 2 {
        return None;
    }
    groups.sort_by_key(|g| std::cmp::Reverse(g.1.len()));
    let sorted = |sources: &[Arc<str>]| {
        let mut sources = sources.to_vec();
        sources.sort();
        sources
    };
    let only_order = groups.iter().all(|g| sorted(&g.0) == sorted(&groups[0].0));
    let odd = &groups[groups.len() - 1];
    let odd_one = odd.1[0];
    let mut subject = Subject::new(
        service.clone(),
        orders[odd_one].0.clone(),
        Arc::default(),
        EntryKey::Setting(consumer.into()),
    );
    let odd_name = &**orders[odd_one].0;
    subject.message = Message(vec![]).name(consumer);
    subject.message = match (groups[0].1.len(), only_order) {
        // Nobody is the odd one out.
        (1, true) => {
            (subject.message).and(" merges the same sources in another order in each environment")
        }
        (1, false) => subject
            .message
            .and(" merges other sources in each environment"),
        (agree, only_order) => (subject.message)
            .and(if only_order {
                " merges the same sources in another order in "
            } else {
                " merges other sources in "
            })
            .name(odd_name)
            .and(": ")
            .count(agree)
            .and(" of ")
            .count(orders.len())
            .and(" environments agree"),
    };
    subject.message = subject.message.and("; what comes last wins");
    for (environment, order) in orders {
        subject.sides.push(SideShown {
            environment: (*environment).clone(),
            layer: Arc::default(),
            side: SideName::Desired,
            value: Shown::Value(order.sources.join(", ").into()),
            place: Some(order.place.clone()),
            made_from: vec![],
            object: None,
            path: KeyPath::default(),
            commit: None,
            written: None,
            note: None,
        });
    }
    subject.resolve = vec![resolution(orders[odd_one].1, groups[0].1.len() > 1)];
    Some(Finding::new(&RULE, Severity::Warning, subject))
}

/// Where to make them agree.
fn resolution(odd: &MergeOrder, is_alone: bool) -> Resolution {
    let line = match odd.place.span.filter(|s| s.line > 0) {
        Some(span) => format!("{}:{}", odd.place.file, span.line),
        None => odd.place.file.to_string(),
    };
    let why = match is_alone {
        true => Message::words("edit ")
            .name(line)
            .and(" to list the sources as the others do"),
        false => {
            Message::words("list the same sources in the same order everywhere, as in ").name(line)
        }
    };
    Resolution { why, argv: vec![] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::testing::{Made, lines, made, world},
        model::{place::Place, tree::Span},
    };

    const THREE: &[(&str, &[&str])] = &[("ap", &[]), ("eu", &[]), ("us", &[])];
    const API: &str = "Deployment/api container api";

    fn merges(environment: &str, sources: &[&str]) -> Made {
        let span = Span {
            line: 14,
            column: 11,
            start: 0,
            end: 0,
        };
        let mut out = made("api", environment, &[]);
        out.orders = vec![MergeOrder {
            consumer: API.into(),
            sources: sources.iter().map(|s| (*s).into()).collect(),
            may_lack: false,
            place: Place::exact(format!("deploy/{environment}.yaml").into(), Some(span)),
        }];
        out
    }

    const DEFAULTS_LAST: &[&str] = &["ConfigMap/overrides", "ConfigMap/defaults"];
    const OVERRIDES_LAST: &[&str] = &["ConfigMap/defaults", "ConfigMap/overrides"];

    #[test]
    fn the_odd_one_out_is_named() {
        let made = [
            merges("ap", OVERRIDES_LAST),
            merges("eu", DEFAULTS_LAST),
            merges("us", OVERRIDES_LAST),
        ];
        let found = world(THREE).run(&made, run);
        assert_eq!(
            lines(&found),
            [
                "warning api: Deployment/api container api merges the same sources in another \
                 order in eu: 2 of 3 environments agree; what comes last wins"
            ]
        );
        assert_eq!(&*found[0].subject.environment, "eu");
        let places: Vec<String> = (found[0].subject.sides.iter())
            .map(|s| s.place.as_ref().map_or(String::new(), ToString::to_string))
            .collect();
        assert_eq!(
            places,
            [
                "deploy/ap.yaml:14:11",
                "deploy/eu.yaml:14:11",
                "deploy/us.yaml:14:11"
            ]
        );
    }

    #[test]
    fn of_two_nobody_is_the_odd_one() {
        let order = [merges("eu", OVERRIDES_LAST), merges("us", DEFAULTS_LAST)];
        let found = world(THREE).run(&order, run);
        assert_eq!(
            lines(&found),
            [
                "warning api: Deployment/api container api merges the same sources in another \
                 order in each environment; what comes last wins"
            ]
        );
        let other = [merges("eu", OVERRIDES_LAST), merges("us", &["Secret/own"])];
        let found = world(THREE).run(&other, run);
        assert_eq!(
            lines(&found),
            [
                "warning api: Deployment/api container api merges other sources in each \
                 environment; what comes last wins"
            ]
        );
    }

    #[test]
    fn what_agrees_or_stands_alone_is_no_finding() {
        let same = [merges("eu", OVERRIDES_LAST), merges("us", OVERRIDES_LAST)];
        assert_eq!(lines(&world(THREE).run(&same, run)), [""; 0]);
        let alone = [merges("eu", OVERRIDES_LAST), made("api", "us", &[])];
        assert_eq!(lines(&world(THREE).run(&alone, run)), [""; 0]);
        // Another container, and another service.
        let mut other = merges("us", DEFAULTS_LAST);
        other.orders[0].consumer = "Deployment/api container proxy".into();
        let found = world(THREE).run(&[merges("eu", OVERRIDES_LAST), other], run);
        assert_eq!(lines(&found), [""; 0]);
        let mut other = merges("us", DEFAULTS_LAST);
        other.id.service = "web".into();
        let found = world(THREE).run(&[merges("eu", OVERRIDES_LAST), other], run);
        assert_eq!(lines(&found), [""; 0]);
    }
}
