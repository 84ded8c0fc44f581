//! `source-unavailable`: a side that could not be read. Makes the verdict incomplete by itself;
//! the finding is for formats that list findings only.

use crate::model::{
    entry::EntryKey,
    finding::{Disposition, Finding, Message, Needs, Rule, Severity, Subject},
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
            Some(Finding {
                rule: &RULE,
                severity: Severity::Error,
                disposition: Disposition::Active,
                subject: Subject {
                    state: Some(State::Unknown),
                    service: c.service.clone(),
                    environment: c.environment.clone(),
                    layer: c.layer.clone(),
                    key: EntryKey::Object,
                    object: None,
                    message: Message(vec![])
                        .name(c.source)
                        .and(" (")
                        .name(c.from.clone())
                        .and(") was not read completely: ")
                        .name(why.detail.clone()),
                    base: None,
                    desired: None,
                    deployed: None,
                    live: None,
                    affects: vec![],
                    explains: vec![],
                    cause: None,
                    written_by_change: false,
                    resolve: vec![],
                },
            })
        })
        .collect()
}
