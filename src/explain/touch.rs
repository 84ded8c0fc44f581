//! Findings and entries of driftgate.yaml that are about a setting.

use super::Key;
use crate::{
    check::TargetView,
    model::{
        effective::{EffectiveSetting, words},
        entry::EntryKey,
        explanation::{FindingShown, PolicyShown},
        finding::{Accepted, Finding, Subject},
        policy::{Pattern, Selector},
        target::Project,
    },
};

/// Findings about the setting in this target.
pub(super) fn findings(
    all: &[Finding],
    view: &TargetView<'_>,
    key: &Key,
    found: &[&EffectiveSetting],
) -> Vec<FindingShown> {
    let is_about = |s: &Subject| {
        let EntryKey::Setting(name) = &s.key else {
            return false;
        };
        let named = found.iter().any(|f| is_name(f, name));
        let same_words = found.is_empty() && *words(name) == *key.words;
        (named || same_words) && is_of(s, view)
    };
    all.iter()
        .filter(|f| is_about(&f.subject))
        .map(|f| FindingShown {
            rule: f.rule.id,
            severity: f.severity,
            disposition: f.disposition,
            message: f.subject.message.clone(),
            accepted: f.accepted.clone(),
        })
        .collect()
}

fn is_of(s: &Subject, view: &TargetView<'_>) -> bool {
    let (service, environment) = (&view.id.service, &view.id.environment);
    (s.service == *service || s.also_in.contains(service))
        && (s.environment == *environment
            || s.also_in_environments.contains(environment)
            || s.sides.iter().any(|side| side.environment == *environment))
}

fn is_name(setting: &EffectiveSetting, name: &str) -> bool {
    *setting.name == *name || setting.stack.iter().any(|p| *p.entry.name == *name)
}

/// Waivers, ignores and documented differences that name the setting; without those that a finding
/// names as what accepts it.
pub(super) fn policies(
    project: &Project,
    view: &TargetView<'_>,
    found: &[&EffectiveSetting],
    findings: &[FindingShown],
) -> Vec<PolicyShown> {
    let mut out = Vec::new();
    for waiver in project
        .waivers
        .iter()
        .filter(|w| names(&w.selector, view, found))
    {
        out.push(PolicyShown {
            entry: Accepted {
                by: "waiver",
                reason: waiver.reason.clone(),
                owner: Some(waiver.owner.clone()),
                expires: Some(waiver.expires),
                place: waiver.place.clone(),
            },
            rule: rule(&waiver.selector),
            expected: None,
        });
    }
    for ignore in project
        .ignore
        .iter()
        .filter(|i| names(&i.selector, view, found))
    {
        out.push(PolicyShown {
            entry: without_owner("ignore", &ignore.reason, ignore.place.as_ref()),
            rule: rule(&ignore.selector),
            expected: None,
        });
    }
    let groups = project
        .parity
        .iter()
        .filter(|g| g.environments.contains(&view.id.environment))
        .filter(|g| {
            g.services.is_empty() || g.services.iter().any(|s| s.matches(&view.id.service))
        });
    for difference in groups.flat_map(|g| &g.differences) {
        if names(&difference.selector, view, found) {
            let reason = &difference.reason;
            out.push(PolicyShown {
                entry: without_owner("difference", reason, difference.place.as_ref()),
                rule: None,
                expected: difference
                    .expected
                    .as_ref()
                    .and_then(|e| e.get(view.id).cloned()),
            });
        }
    }
    let told = |entry: &Accepted| findings.iter().any(|f| f.accepted.as_ref() == Some(entry));
    out.retain(|p| !told(&p.entry));
    out
}

fn without_owner(
    by: &'static str,
    reason: &str,
    place: Option<&crate::model::place::Place>,
) -> Accepted {
    Accepted {
        by,
        reason: reason.into(),
        owner: None,
        expires: None,
        place: place.cloned(),
    }
}

fn rule(selector: &Selector) -> Option<Box<str>> {
    selector.rule.as_ref().map(|r| r.as_str().into())
}

/// Whether an entry is about the setting by its name; what names no key may be about anything.
fn names(selector: &Selector, view: &TargetView<'_>, found: &[&EffectiveSetting]) -> bool {
    let fits =
        |pattern: &Option<Pattern>, text: &str| pattern.as_ref().is_none_or(|p| p.matches(text));
    let layer = |pattern: &Pattern| view.layers.iter().any(|l| pattern.matches(&l.name));
    selector
        .key
        .as_ref()
        .is_some_and(|key| found.iter().any(|s| names_setting(key, s)))
        && fits(&selector.service, &view.id.service)
        && fits(&selector.environment, &view.id.environment)
        && selector.tier.is_none_or(|t| t == view.environment.tier)
        && selector.layer.as_ref().is_none_or(layer)
}

/// An exact name is that of a setting whatever its spelling style.
fn names_setting(pattern: &Pattern, setting: &EffectiveSetting) -> bool {
    let by_words =
        pattern.is_exact() && !setting.words.is_empty() && words(pattern.as_str()) == setting.words;
    by_words
        || pattern.matches(&setting.name)
        || setting.stack.iter().any(|p| pattern.matches(&p.entry.name))
}
