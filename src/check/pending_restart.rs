//! `pending-restart`: a container runs with an environment that is older than what it was made
//! from, or will after this change, because nothing rolls it out.

use super::CheckContext;
use crate::{
    compare::{Comparison, Restart},
    model::{
        entry::EntryKey,
        finding::{Finding, Message, Needs, Resolution, Rule, Severity, Subject},
        report::Occasion,
        state::State,
    },
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "pending-restart",
    summary: "a container runs with an environment older than what it was made from",
    needs: Needs::OneTarget,
};

/// Findings of one layer.
#[must_use]
pub fn run(cx: &CheckContext<'_>, comparison: &Comparison) -> Vec<Finding> {
    comparison
        .restarts
        .iter()
        .map(|r| Finding::new(&RULE, severity(cx, r), subject(cx, r)))
        .collect()
}

/// A rollout under way is nobody's mistake: an audit warns when it should be over.
fn severity(cx: &CheckContext<'_>, r: &Restart) -> Severity {
    let settled = r
        .changed
        .is_some_and(|t| cx.now.0 - t.0 >= cx.environment.settle);
    if cx.occasion == Occasion::Audit && r.certain && !r.predicted && settled {
        Severity::Warning
    } else {
        Severity::Info
    }
}

fn subject(cx: &CheckContext<'_>, r: &Restart) -> Subject {
    let consumer: Box<str> = format!("{} container {}", r.workload, r.container).into();
    let message = if r.predicted {
        Message(vec![])
            .name(consumer.clone())
            .and(" will not see the new values from ")
            .name(r.source.to_string())
            .and(" until it restarts: nothing in this change rolls it out")
    } else {
        let m = Message(vec![])
            .name(consumer.clone())
            .and(if r.certain {
                " started before "
            } else {
                " may have started before "
            })
            .name(r.source.to_string())
            .and(" changed, in ")
            .count(r.pods)
            .and(if r.pods == 1 {
                " running pod"
            } else {
                " running pods"
            });
        match (r.started, r.changed) {
            (Some(started), Some(changed)) => m
                .and("; started ")
                .time(started)
                .and(", changed not later than ")
                .time(changed),
            _ => m,
        }
    };
    let workload = format!("{}/{}", r.workload.kind.to_lowercase(), r.workload.name);
    let mut argv: Vec<Box<str>> = vec!["kubectl".into()];
    if let Some(context) = cx.kubernetes_context {
        argv.extend(["--context".into(), context.into()]);
    }
    if let Some(ns) = &r.workload.namespace {
        argv.extend(["--namespace".into(), ns.clone()]);
    }
    argv.extend(["rollout".into(), "restart".into(), workload.into()]);
    Subject {
        state: r.predicted.then_some(State::Pending),
        object: Some(r.workload.clone().into()),
        message,
        affects: vec![consumer],
        explains: r.settings.clone(),
        written_by_change: r.predicted,
        resolve: vec![Resolution {
            why: "to let it see them".into(),
            argv,
        }],
        ..cx.subject(EntryKey::Object)
    }
}
