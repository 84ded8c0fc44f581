//! `spelling-differs`: two values are one by their type, or but for outer blanks, and differ as
//! texts: whatever compares texts takes them for two.

use super::{
    RunContext, TargetView,
    between::{self, Between},
    is_edited, side_shown,
};
use crate::{
    compare::{parity::Gap, setting_pairs::pair_settings},
    model::{
        effective::{EffectiveConfig, EffectiveSetting, Placed},
        entry::EntryKey,
        finding::{Finding, Message, Needs, Resolution, Rule, Severity, Subject},
        report::SideName,
        secret::Sameness,
        value::{Plain, Shown, Value, ValueType},
    },
};
use std::sync::Arc;

/// The rule.
pub static RULE: Rule = Rule {
    id: "spelling-differs",
    summary: "one value is spelt in two ways, which code that compares texts takes for two values",
    needs: Needs::OneTarget,
};

/// Between git and live of one target, and between environments.
#[must_use]
pub fn run(cx: &RunContext<'_>, all: &[Between<'_>]) -> Vec<Finding> {
    let mut out: Vec<Finding> = cx.targets.iter().flat_map(with_live).collect();
    for between in all {
        for gap in between.head.gaps.iter().filter(|g| g.spelling_only) {
            if gap.documented.is_some() {
                continue;
            }
            let texts: Vec<Arc<str>> = gap
                .values
                .iter()
                .filter_map(|v| text(&v.reading.present()?.value))
                .collect();
            let mut subject = between::subject(between, gap);
            let mut message = between::named(Message::default(), gap).and(" is spelt ");
            for (n, group) in gap.groups.iter().enumerate() {
                message = message
                    .and(if n == 0 { "" } else { ", " })
                    .value(between::value_shown(&gap.values[group[0]].reading))
                    .and(" in ")
                    .name(between::environments(between, group));
            }
            subject.message = message;
            subject.written_by_change = is_new(between, gap);
            subject.resolve = vec![resolution()];
            out.push(Finding::new(&RULE, severity(&texts, gap.ty), subject));
        }
    }
    out
}

/// Whether the change under review makes it. What base could not tell is old.
fn is_new(between: &Between<'_>, gap: &Gap) -> bool {
    let known = |g: &Gap| between::id(g) == between::id(gap) && g.spelling_only;
    (between.base.as_ref()).is_some_and(|b| b.unread.is_empty() && !b.gaps.iter().any(known))
}

fn resolution() -> Resolution {
    Resolution {
        why: "spell it the same everywhere".into(),
        argv: vec![],
    }
}

fn with_live<'a>(view: &'a TargetView<'a>) -> Vec<Finding> {
    let Some(live) = view.live else {
        return vec![];
    };
    pair_settings(&[view.head, live])
        .iter()
        .filter_map(|row| {
            let (git, live_setting) = (row[0]?, row[1]?);
            let (a, b) = (own(view.head, git)?, own(live, live_setting)?);
            one(view, live, git, a, b)
        })
        .collect()
}

/// The winner, where it is this side's own.
fn own<'a>(config: &EffectiveConfig, setting: &'a EffectiveSetting) -> Option<&'a Placed> {
    let winner = setting.winner()?;
    (!config.layers.get(winner.layer)?.borrowed).then_some(winner)
}

fn one(
    view: &TargetView<'_>,
    live: &EffectiveConfig,
    setting: &EffectiveSetting,
    git: &Placed,
    running: &Placed,
) -> Option<Finding> {
    let (a, b) = (&git.entry.entry.value, &running.entry.entry.value);
    let (x, y) = (text(a)?, text(b)?);
    if x == y || a.same_setting(b, setting.ty) != Sameness::Equal {
        return None;
    }
    let layer = view.head.layers.get(git.layer)?.name.clone();
    let mut subject = Subject::new(
        view.id.service.clone(),
        view.id.environment.clone(),
        layer,
        EntryKey::Setting(setting.name.clone()),
    );
    subject.message = Message::default()
        .key(&*setting.name)
        .and(" is spelt ")
        .value(Shown::from(b))
        .and(" live, ")
        .value(Shown::from(a))
        .and(" in git");
    subject.sides = vec![
        side_shown(view, view.head, git, SideName::Desired),
        side_shown(view, live, running, SideName::Live),
    ];
    subject.written_by_change = is_edited(view, setting, git);
    subject.resolve = vec![resolution()];
    Some(Finding::new(&RULE, severity(&[x, y], setting.ty), subject))
}

/// The text of a scalar.
fn text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Plain(Plain::Tree(_) | Plain::Null) => None,
        Value::Plain(plain) => Some(plain.text()),
        _ => None,
    }
}

/// Code that asks `== "true"`, or does not trim, is common.
fn severity(texts: &[Arc<str>], ty: ValueType) -> Severity {
    let blank = |t: &Arc<str>| t.trim() != &**t;
    let boolean = |t: &Arc<str>| {
        matches!(
            &*t.to_lowercase(),
            "true" | "false" | "yes" | "no" | "on" | "off"
        )
    };
    if ty == ValueType::Boolean || texts.iter().any(blank) || texts.iter().all(boolean) {
        Severity::Warning
    } else {
        Severity::Info
    }
}

#[cfg(test)]
#[path = "spelling_differs_tests.rs"]
mod tests;
