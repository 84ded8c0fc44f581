//! From configuration to the disposition and severity of every finding.

use super::{
    baseline::{self, Baseline},
    gitops::Gitops,
    selector::{self, Tiers},
};
use crate::model::{
    entry::EntryKey,
    finding::{Accepted, Disposition, Finding, Message, Subject},
    policy::{Ignore, Selector, SeverityRule, Waiver},
    report::Occasion,
    secret::DigestKey,
    time::Timestamp,
    value::Shown,
};

/// What findings are judged by. All of it is base's: a change does not loosen its own gate.
pub struct Policy<'a> {
    /// What findings are worth here; the last entry that matches wins.
    pub severities: &'a [SeverityRule],
    /// Lasting rules about live.
    pub ignore: &'a [Ignore],
    /// The deployers' own ignore rules, found in git; absent: none are honoured.
    pub gitops: Option<Gitops<'a>>,
    /// Accepted findings.
    pub waivers: &'a [Waiver],
    /// Known findings.
    pub baseline: Option<&'a Baseline>,
    /// Of which tier each environment is.
    pub tiers: &'a Tiers,
    /// When the check runs.
    pub occasion: Occasion,
    /// The time that waivers end by.
    pub now: Timestamp,
    /// For digests of values that a baseline holds.
    pub key: &'a DigestKey,
}

/// How often each entry was used: what stays at 0 is not needed (any more).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Findings that each entry of `ignore` covers.
    pub ignore: Vec<usize>,
    /// Findings that each rule of a deployer covers.
    pub gitops: Vec<usize>,
    /// Findings that each waiver accepts.
    pub waivers: Vec<usize>,
    /// Findings that each waiver accepted until its time was over.
    pub lapsed: Vec<usize>,
    /// Findings that each entry of the baseline holds.
    pub baseline: Vec<usize>,
    /// What people must know: a baseline that was made under another key.
    pub notes: Vec<Message>,
}

/// Ids of the rules that are about live, to which an entry of `ignore` without a rule applies.
const ABOUT_LIVE: &[&str] = &[
    "conflicting",
    "drifted",
    "missing",
    "pending-restart",
    "unmanaged",
];

/// What could not be read is no opinion: nothing accepts it or makes it less.
const NEVER: &str = "source-unavailable";

/// Gives every finding its severity and disposition. None is dropped.
pub fn apply(findings: &mut [Finding], policy: &Policy<'_>) -> Applied {
    let mut applied = Applied {
        ignore: vec![0; policy.ignore.len()],
        gitops: vec![0; policy.gitops.as_ref().map_or(0, |g| g.rules.len())],
        waivers: vec![0; policy.waivers.len()],
        lapsed: vec![0; policy.waivers.len()],
        baseline: vec![0; policy.baseline.map_or(0, Baseline::len)],
        notes: vec![],
    };
    severities(findings, policy);
    for finding in findings.iter_mut().filter(|f| f.rule.id != NEVER) {
        let Some((disposition, accepted)) = accepted(finding, policy, &mut applied) else {
            continue;
        };
        finding.disposition = disposition;
        finding.accepted = Some(accepted);
    }
    applied
        .notes
        .extend(policy.baseline.and_then(|b| b.not_comparable(policy.key)));
    applied
}

/// Gives findings the severity that the configuration says; for those, too, that come after
/// [`apply`] because they are about what it did.
pub fn severities(findings: &mut [Finding], policy: &Policy<'_>) {
    for finding in findings.iter_mut().filter(|f| f.rule.id != NEVER) {
        let rule = policy.severities.iter().rev().find(|rule| {
            rule.occasion.is_none_or(|o| o == policy.occasion)
                && selector::matches(&rule.selector, finding, policy.tiers)
        });
        if let Some(rule) = rule {
            finding.severity = rule.severity;
        }
    }
}

fn accepted(
    finding: &Finding,
    policy: &Policy<'_>,
    applied: &mut Applied,
) -> Option<(Disposition, Accepted)> {
    if let Some(i) = policy
        .ignore
        .iter()
        .position(|i| ignores(&i.selector, finding, policy.tiers))
    {
        applied.ignore[i] += 1;
        return Some((Disposition::Ignored, by_ignore(&policy.ignore[i])));
    }
    if let Some(gitops) = &policy.gitops
        && let Some(found) = gitops.find(finding)
    {
        if let Some(i) = found.rule {
            applied.gitops[i] += 1;
        }
        return Some((Disposition::Ignored, found.accepted));
    }
    let lapsed = match waived(finding, policy) {
        Ok(i) => {
            applied.waivers[i] += 1;
            return Some((Disposition::Waived, by_waiver(&policy.waivers[i])));
        }
        Err(lapsed) => lapsed,
    };
    if let Some(baseline) = policy.baseline
        && let Some(i) = baseline.find(finding, policy.key)
    {
        applied.baseline[i] += 1;
        return Some((Disposition::Baselined, baseline.accepted()));
    }
    for i in lapsed {
        applied.lapsed[i] += 1;
    }
    None
}

fn ignores(selector: &Selector, finding: &Finding, tiers: &Tiers) -> bool {
    let named = selector.rule.as_ref().is_some_and(|r| r.is_exact());
    (named || ABOUT_LIVE.contains(&finding.rule.id))
        && selector::matches(selector, finding, tiers)
        && selector::leaves_nothing(selector, finding, tiers)
}

fn by_ignore(ignore: &Ignore) -> Accepted {
    Accepted {
        by: "ignore",
        reason: ignore.reason.clone(),
        owner: None,
        expires: None,
        place: ignore.place.clone(),
    }
}

/// The first waiver that accepts the finding, or those that did until their time was over.
fn waived(finding: &Finding, policy: &Policy<'_>) -> Result<usize, Vec<usize>> {
    let is_about = |waiver: &Waiver| {
        names_one(&waiver.selector)
            && selector::matches(&waiver.selector, finding, policy.tiers)
            && selector::leaves_nothing(&waiver.selector, finding, policy.tiers)
            && names_entry(&waiver.selector, &finding.subject.key)
            && is_bound_to(waiver, &finding.subject, policy.tiers)
    };
    let mut lapsed = Vec::new();
    for (i, waiver) in policy.waivers.iter().enumerate() {
        if is_about(waiver) {
            if policy.now <= waiver.expires {
                return Ok(i);
            }
            lapsed.push(i);
        }
    }
    Err(lapsed)
}

/// A waiver of an object is not one of whatever is in it.
fn names_entry(selector: &Selector, key: &EntryKey) -> bool {
    selector.key.is_some() || selector.field.is_some() || *key == EntryKey::Object
}

/// A waiver says what it accepts: a rule, and an entry or an object.
fn names_one(selector: &Selector) -> bool {
    selector.rule.is_some()
        && (selector.key.is_some() || selector.object.is_some() || selector.field.is_some())
}

fn by_waiver(waiver: &Waiver) -> Accepted {
    Accepted {
        by: "waiver",
        reason: waiver.reason.clone(),
        owner: Some(waiver.owner.clone()),
        expires: Some(waiver.expires),
        place: waiver.place.clone(),
    }
}

/// Whether the value that a waiver accepts is one that the finding is about. Without a value it
/// accepts only what has none to compare: objects, absent values, secrets.
fn is_bound_to(waiver: &Waiver, subject: &Subject, tiers: &Tiers) -> bool {
    let selector = &waiver.selector;
    let here = |environment: &str| {
        selector::is_in(
            selector.environment.as_ref(),
            selector.tier,
            environment,
            tiers,
        )
    };
    let values = baseline::values(subject);
    let mut own = values
        .iter()
        .filter(|v| v.environment.is_none_or(&here))
        .map(|v| bound(v.value));
    match &waiver.value {
        Some(value) => own.any(|v| v == Bound::Text(value)),
        None => own.all(|v| v == Bound::Nothing),
    }
}

#[derive(PartialEq, Eq)]
enum Bound<'a> {
    /// A text that a waiver says.
    Text(&'a str),
    /// Nothing that could be said.
    Nothing,
    /// Nobody knows.
    Unknown,
}

fn bound(value: &Shown) -> Bound<'_> {
    match value {
        Shown::Value(text) => Bound::Text(text),
        Shown::Absent | Shown::Redacted | Shown::Opaque(_) => Bound::Nothing,
        Shown::Unknown(_) => Bound::Unknown,
    }
}

/// The value that a waiver of this finding must say, for one of its environments; absent where
/// there is none to say (an object, an absent value, a secret).
#[must_use]
pub fn value_to_waive<'a>(subject: &'a Subject, environment: &str) -> Option<&'a str> {
    baseline::values(subject)
        .iter()
        .filter(|v| v.environment.is_none_or(|e| e == environment))
        .find_map(|v| match bound(v.value) {
            Bound::Text(text) => Some(text),
            Bound::Nothing | Bound::Unknown => None,
        })
}

#[cfg(test)]
mod tests;
