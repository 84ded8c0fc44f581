//! `difference-unused`: a documented difference covers nothing that differs any more.

use super::{
    RunContext,
    between::{Between, difference_subject},
};
use crate::model::finding::{Finding, Message, Needs, Resolution, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "difference-unused",
    summary: "a documented difference between environments covers nothing that differs",
    needs: Needs::TheWholeRun,
};

/// One finding per difference that no service needed. Says nothing where something could not be
/// read: the difference may be there.
#[must_use]
pub fn run(cx: &RunContext<'_>, all: &[Between<'_>]) -> Vec<Finding> {
    if !cx.whole {
        return vec![];
    }
    let mut out = vec![];
    for (index, group) in cx.parity.iter().enumerate() {
        let own = || all.iter().filter(|b| b.index == index);
        if own().any(|b| !b.head.unread.is_empty()) {
            continue;
        }
        for (d, difference) in group.differences.iter().enumerate() {
            let used = own().any(|b| b.head.used.contains(&d) || covers_too(b, d));
            if used {
                continue;
            }
            let Some(mut subject) = difference_subject(group, difference, own().next()) else {
                continue;
            };
            subject.message =
                Message::words("nothing differs between environments that the difference ")
                    .key(super::between::selected(&difference.selector))
                    .and(" is about");
            subject.resolve = vec![Resolution {
                why: "remove it, or correct what it names".into(),
                argv: vec![],
            }];
            out.push(Finding::new(&RULE, Severity::Info, subject));
        }
    }
    out
}

/// One that a difference before it hides is declared twice, which another rule says.
fn covers_too(between: &Between<'_>, difference: usize) -> bool {
    let documented = between
        .head
        .gaps
        .iter()
        .filter_map(|g| g.documented.as_ref());
    documented.into_iter().any(|d| d.also.contains(&difference))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::{
            between,
            testing::{World, lines, made, world},
        },
        compare::parity::testing::unread,
    };

    fn two() -> World {
        world(&[("eu", &[]), ("us", &[])])
    }

    fn run_all(world: &World, unreadable: bool) -> Vec<String> {
        let mut all = [
            made("api", "eu", &[("A", "1"), ("B", "1"), ("HOST", "db.eu")]),
            made("api", "us", &[("A", "2"), ("B", "1"), ("HOST", "db.us")]),
        ];
        if unreadable {
            all[0].head = unread(all[0].head.clone());
        }
        world.run(&all, |cx| lines(&run(cx, &between::compare(cx))))
    }

    #[test]
    fn what_covers_nothing_is_said() {
        let world = two()
            .differs("A", &[])
            .differs("B", &[])
            .differs("HOST", &[])
            .differs("GONE", &[("eu", "1")]);
        assert_eq!(
            run_all(&world, false),
            [
                "info api: nothing differs between environments that the difference B is about",
                "info api: nothing differs between environments that the difference GONE is about",
            ]
        );
    }

    #[test]
    fn silence_of_a_part_means_nothing() {
        let mut world = two().differs("B", &[]);
        assert_eq!(run_all(&world, true), [""; 0], "something was not read");
        world.whole = false;
        assert_eq!(run_all(&world, false), [""; 0], "the run is filtered");
    }
}
