//! From comparisons to findings and changes. Pure: no I/O, no clock. One file per rule; the state
//! rules share one table.

pub mod deploy_overdue;
pub mod pending_restart;
pub mod source_unavailable;
pub mod states;

use crate::model::{
    finding::Rule,
    report::Occasion,
    target::{Environment, TargetId},
    time::Timestamp,
};

/// What checks are told of the layer that was compared.
pub struct CheckContext<'a> {
    /// The service in its environment.
    pub target: &'a TargetId,
    /// The environment.
    pub environment: &'a Environment,
    /// The layer's name.
    pub layer: &'a str,
    /// When the check runs.
    pub occasion: Occasion,
    /// The time that policy goes by.
    pub now: Timestamp,
    /// For commands that resolve a finding: the kubeconfig context.
    pub kubernetes_context: Option<&'a str>,
}

/// All rules, sorted by id. Each has a page in docs/rules/.
pub static RULES: &[&Rule] = &[
    &states::CONFLICTING,
    &deploy_overdue::RULE,
    &states::DRIFTED,
    &states::MISSING,
    &pending_restart::RULE,
    &source_unavailable::RULE,
    &states::UNMANAGED,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_page_and_a_unique_id() {
        let ids: Vec<&str> = RULES.iter().map(|r| r.id).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(ids, sorted, "sorted and unique");
        for id in ids {
            let page = format!("{}/docs/rules/{id}.md", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(&page).expect("a page for every rule");
            for part in ["## What", "## Why", "## Example", "## Resolve", "## Accept"] {
                assert!(text.contains(part), "{page} lacks {part}");
            }
        }
    }
}
