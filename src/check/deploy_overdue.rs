//! `deploy-overdue`: what was merged is not deployed within the time that the environment
//! promises (`deploys-within`).

use super::CheckContext;
use crate::model::{
    entry::EntryKey,
    finding::{Finding, Message, Needs, Rule, Severity, Subject},
    state::State,
    time::show_span,
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "deploy-overdue",
    summary: "what was merged is not deployed within the promised time",
    needs: Needs::OneTarget,
};

/// A finding when something has been `behind` for longer than the environment allows. `since`
/// is when the oldest commit that is not deployed was made.
#[must_use]
pub fn run(
    cx: &CheckContext<'_>,
    behind: usize,
    since: Option<crate::model::time::Timestamp>,
) -> Option<Finding> {
    let (limit, since) = (cx.environment.deploys_within?, since?);
    let age = cx.now.0 - since.0;
    (behind > 0 && age > limit).then(|| {
        let subject = Subject {
            state: Some(State::Behind),
            message: Message(vec![])
                .count(behind)
                .and(" merged entries are not deployed after ")
                .name(show_span(age))
                .and("; this environment deploys within ")
                .name(show_span(limit)),
            ..cx.subject(EntryKey::Object)
        };
        Finding::new(&RULE, Severity::Warning, subject)
    })
}
