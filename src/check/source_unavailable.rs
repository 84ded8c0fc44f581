//! `source-unavailable`: a side that could not be read. Makes the verdict incomplete by itself;
//! the finding is for formats that list findings only.

use crate::model::{
    entry::EntryKey,
    finding::{Finding, Message, Needs, Rule, Severity, Subject},
    report::{Coverage, CoverageStatus},
    state::State,
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "source-unavailable",
    summary: "a side could not be read, so nothing can be said of it",
    needs: Needs::OneTarget,
};

/// One finding per side that was not read completely.
#[must_use]
pub fn run(coverage: &[Coverage]) -> Vec<Finding> {
    coverage
        .iter()
        .filter_map(|c| {
            let why = match &c.status {
                CoverageStatus::Partial(u) | CoverageStatus::Failed(u) => u,
                CoverageStatus::Read | CoverageStatus::NotInScope => return None,
            };
            let (service, environment) = (c.service.clone(), c.environment.clone());
            let subject = Subject {
                state: Some(State::Unknown),
                message: Message(vec![])
                    .name(c.source)
                    .and(" (")
                    .name(c.from.clone())
                    .and(") was not read completely: ")
                    .name(why.detail.clone()),
                ..Subject::new(service, environment, c.layer.clone(), EntryKey::Object)
            };
            Some(Finding::new(&RULE, Severity::Error, subject))
        })
        .collect()
}
