//! From comparisons to findings and changes. Pure: no I/O, no clock. One file per rule; the state
//! rules share one table.

pub mod ambiguous_key;
pub mod between;
pub mod deploy_overdue;
pub mod difference_declared_twice;
pub mod difference_unused;
pub mod duplicate_definition;
pub mod expired;
pub mod foreign_environment;
pub mod parity_gap;
pub mod pending_restart;
pub mod precedence_deviates;
pub mod shadowed_edit;
pub mod source_unavailable;
pub mod spelling_differs;
pub mod states;
#[cfg(test)]
pub(crate) mod testing;
mod waived;
pub mod waiver_unused;

use crate::{
    compare::{merge_order::MergeOrder, surface::SurfaceField},
    model::{
        effective::{EffectiveConfig, EffectiveSetting, Placed},
        entry::EntryKey,
        finding::{Rule, SideShown, Subject},
        policy::ParityGroup,
        report::{Occasion, SideName},
        secret::Sameness,
        target::{Environment, Layer, TargetId},
        time::Timestamp,
        value::Shown,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
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
    /// Whether a deploy leaves what only live has; absent where nobody can say.
    pub keeps_live_only: Option<bool>,
}

/// What checks are told that look at a target's layers together, or at several targets.
pub struct RunContext<'a> {
    /// All targets of the run, sorted by service, then environment.
    pub targets: &'a [TargetView<'a>],
    /// Environments that should agree.
    pub parity: &'a [ParityGroup],
    /// Stages in the order in which a value is promoted through them.
    pub promotion: &'a [Vec<Arc<str>>],
    /// All environments of the configuration, also those that the run leaves out.
    pub environments: &'a BTreeMap<Arc<str>, Arc<Environment>>,
    /// When the check runs.
    pub occasion: Occasion,
    /// The time that policy goes by.
    pub now: Timestamp,
    /// Whether the run covers the whole configuration, so that what is not seen is not there.
    pub whole: bool,
}

/// A target with its layers merged.
pub struct TargetView<'a> {
    /// The service in its environment.
    pub id: &'a TargetId,
    /// The environment.
    pub environment: &'a Environment,
    /// Its layers, lowest precedence first.
    pub layers: Vec<&'a Layer>,
    /// What git says before the change; the same as `head` where there is none.
    pub base: &'a EffectiveConfig,
    /// What git says after it.
    pub head: &'a EffectiveConfig,
    /// What is running; absent where nothing live was read for the target.
    pub live: Option<&'a EffectiveConfig>,
    /// Fields of the platform that environments should agree on, git's.
    pub fields: &'a [SurfaceField],
    /// The same, before the change.
    pub base_fields: &'a [SurfaceField],
    /// The order in which its containers merge what they take their environment from, in git.
    pub orders: &'a [MergeOrder],
    /// The same fields, live; absent where nothing live was read.
    pub live_fields: Option<&'a [SurfaceField]>,
}

impl CheckContext<'_> {
    /// What a finding about an entry of this layer begins with.
    pub(crate) fn subject(&self, key: EntryKey) -> Subject {
        let TargetId {
            service,
            environment,
        } = self.target.clone();
        Subject::new(service, environment, self.layer.into(), key)
    }
}

/// What may be shown of one layer's value of a setting.
pub(crate) fn side_shown(
    target: &TargetView<'_>,
    config: &EffectiveConfig,
    placed: &Placed,
    side: SideName,
) -> SideShown {
    let origin = placed.entry.entry.origin();
    let layer = &config.layers[placed.layer];
    SideShown {
        environment: target.id.environment.clone(),
        layer: layer.name.clone(),
        side: match (side, layer.borrowed) {
            // Its other side stands in.
            (SideName::Desired, true) => SideName::Live,
            (SideName::Live, true) => SideName::Desired,
            (side, false) => side,
        },
        value: Shown::from(&placed.entry.entry.value),
        place: origin.and_then(|o| o.place.clone()),
        made_from: placed.entry.entry.made_from(),
        object: origin.map(|o| o.item.clone()),
        path: origin.map(|o| o.path.clone()).unwrap_or_default(),
        commit: None,
        written: None,
        note: None,
    }
}

/// Whether the change adds a layer's value, or gives it another one.
pub(crate) fn is_edited(
    target: &TargetView<'_>,
    setting: &EffectiveSetting,
    placed: &Placed,
) -> bool {
    if std::ptr::eq(target.base, target.head) {
        return false;
    }
    let file_of = |p: &Placed| {
        let place = p.entry.entry.origin()?.place.as_ref()?;
        Some(place.file.clone())
    };
    let same_layer = |p: &&Placed| {
        target.base.layers[p.layer].name == target.head.layers[placed.layer].name
            && p.entry.name == placed.entry.name
            && file_of(p) == file_of(placed)
            && p.entry.seen_by == placed.entry.seen_by
    };
    let before = (target.base.settings.iter())
        .filter(|s| s.words == setting.words)
        .flat_map(|s| &s.stack)
        .rfind(same_layer);
    let value = &placed.entry.entry.value;
    before
        .is_none_or(|b| b.entry.entry.value.same_setting(value, setting.ty) == Sameness::Different)
}

/// The environments of further targets, each once, sorted.
pub(crate) fn further<'a>(
    first: &TargetId,
    targets: impl Iterator<Item = &'a TargetId>,
) -> Vec<Arc<str>> {
    let all: BTreeSet<Arc<str>> = targets
        .map(|t| t.environment.clone())
        .filter(|e| *e != first.environment)
        .collect();
    all.into_iter().collect()
}

/// `staging, production-us and 3 more`; nothing for none.
pub(crate) fn names<'a>(all: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut all: Vec<&str> = all.collect();
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [] => None,
        few @ [_, ..] if few.len() <= 4 => Some(few.join(", ")),
        many => Some(format!(
            "{} and {} more",
            many[..3].join(", "),
            many.len() - 3
        )),
    }
}

/// All rules, sorted by id. Each has a page in docs/rules/.
pub static RULES: &[&Rule] = &[
    &ambiguous_key::RULE,
    &states::CONFLICTING,
    &deploy_overdue::RULE,
    &difference_declared_twice::RULE,
    &difference_unused::RULE,
    &states::DRIFTED,
    &duplicate_definition::RULE,
    &expired::RULE,
    &foreign_environment::RULE,
    &states::MISSING,
    &parity_gap::RULE,
    &pending_restart::RULE,
    &precedence_deviates::RULE,
    &shadowed_edit::RULE,
    &source_unavailable::RULE,
    &spelling_differs::RULE,
    &states::UNMANAGED,
    &waiver_unused::RULE,
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
