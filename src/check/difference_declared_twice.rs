//! `difference-declared-twice`: two documented differences of one parity group are about the same
//! entry: the first one counts, the second one says something that does not hold.

use super::{
    RunContext,
    between::{Between, difference_subject, selected},
};
use crate::model::{
    effective::words,
    finding::{Finding, Message, Needs, Resolution, Rule, Severity},
    policy::{Difference, Pattern, Selector},
};
use std::collections::BTreeMap;

/// The rule.
pub static RULE: Rule = Rule {
    id: "difference-declared-twice",
    summary: "two documented differences are about the same entry; the first one counts",
    needs: Needs::OneTarget,
};

/// One finding per difference that an earlier one of its group makes idle somewhere: a warning
/// where the two expect different values or give the same selection, else an info.
#[must_use]
pub fn run(cx: &RunContext<'_>, all: &[Between<'_>]) -> Vec<Finding> {
    let mut out = vec![];
    for (index, group) in cx.parity.iter().enumerate() {
        // The later one, with the one that counts and an entry that both are about.
        let mut twice: BTreeMap<usize, (usize, Option<String>)> = BTreeMap::new();
        for (later, difference) in group.differences.iter().enumerate() {
            let first = group.differences[..later]
                .iter()
                .position(|d| same_selection(&d.selector, &difference.selector));
            if let Some(first) = first {
                twice.insert(later, (first, None));
            }
        }
        for between in all.iter().filter(|b| b.index == index) {
            for gap in &between.head.gaps {
                for later in gap.documented.iter().flat_map(|d| &d.also) {
                    let first = gap.documented.as_ref().map_or(0, |d| d.index);
                    twice
                        .entry(*later)
                        .or_insert_with(|| (first, Some(gap.key.to_string())));
                }
            }
        }
        for (later, (first, entry)) in twice {
            let (a, b) = (&group.differences[first], &group.differences[later]);
            let own = all.iter().find(|x| x.index == index);
            let Some(mut subject) = difference_subject(group, b, own) else {
                continue;
            };
            let mut message = Message::words("the difference ").key(selected(&b.selector));
            message = match entry {
                Some(entry) => message
                    .and(" is about ")
                    .key(entry)
                    .and(", and so is ")
                    .key(selected(&a.selector)),
                None => message.and(" is declared twice"),
            };
            subject.message = message
                .and(": the first one counts, with the reason ")
                .name(a.reason.clone());
            if let Some(place) = &a.place {
                subject.message = subject.message.and(" at ").name(place.to_string());
            }
            subject.resolve = vec![Resolution {
                why: "keep one of the two".into(),
                argv: vec![],
            }];
            out.push(Finding::new(&RULE, severity(a, b), subject));
        }
    }
    out
}

fn severity(a: &Difference, b: &Difference) -> Severity {
    if a.expected != b.expected || same_selection(&a.selector, &b.selector) {
        Severity::Warning
    } else {
        Severity::Info
    }
}

/// Whether two selectors are about the same, however they spell the key.
fn same_selection(a: &Selector, b: &Selector) -> bool {
    let key = |s: &Selector| {
        s.key.as_ref().map(|p: &Pattern| match p.is_exact() {
            true => words(p.as_str()),
            false => p.as_str().into(),
        })
    };
    key(a) == key(b)
        && a.service == b.service
        && a.environment == b.environment
        && a.object == b.object
        && a.field == b.field
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{
        between,
        testing::{World, lines, made, world},
    };

    fn run_all(world: &World) -> Vec<String> {
        let all = [
            made("api", "eu", &[("DB_HOST", "1")]),
            made("api", "us", &[("DB_HOST", "2")]),
        ];
        world.run(&all, |cx| lines(&run(cx, &between::compare(cx))))
    }

    fn two() -> World {
        world(&[("eu", &[]), ("us", &[])])
    }

    #[test]
    fn the_same_selection_and_one_that_covers_another() {
        assert_eq!(
            run_all(&two().differs("DB_HOST", &[]).differs("db.host", &[])),
            [
                "warning api: the difference db.host is declared twice: the first one counts, \
                 with the reason each has its own"
            ]
        );
        assert_eq!(
            run_all(&two().differs("DB_*", &[]).differs("DB_HOST", &[])),
            [
                "info api: the difference DB_HOST is about DB_HOST, and so is DB_*: \
                 the first one counts, with the reason each has its own"
            ]
        );
        let expecting = two()
            .differs("DB_*", &[])
            .differs("DB_HOST", &[("eu", "7")]);
        assert!(run_all(&expecting)[0].starts_with("warning"));
        // Twice the same, even where nothing differs.
        assert_eq!(run_all(&two().differs("X", &[]).differs("X", &[])).len(), 1);
    }

    #[test]
    fn different_differences_are_fine() {
        assert_eq!(
            run_all(&two().differs("DB_HOST", &[]).differs("OTHER", &[])),
            [""; 0]
        );
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        /// However many others stand around them, and however the second one is spelt.
        #[test]
        fn a_second_declaration_is_always_reported(
            others in proptest::collection::btree_set("[a-z]{3,8}", 0..6),
            name in "[A-Z]{3,8}_[A-Z]{3,8}",
            first in 0..7_usize,
            second in 0..7_usize,
            dotted: bool,
        ) {
            let again = match dotted {
                true => name.to_lowercase().replace('_', "."),
                false => name.clone(),
            };
            let mut keys: Vec<String> = others.into_iter().collect();
            let alone = keys.iter().fold(two(), |w, key| w.differs(key, &[]));
            proptest::prop_assert!(run_all(&alone).is_empty());
            keys.insert(first.min(keys.len()), name);
            keys.insert(second.min(keys.len()), again);
            let both = keys.iter().fold(two(), |w, key| w.differs(key, &[]));
            proptest::prop_assert_eq!(run_all(&both).len(), 1);
        }
    }
}
