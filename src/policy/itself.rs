//! What there is to say of the policy itself, once it is applied: waivers that are over or accept
//! nothing, and entries of the baseline that are not needed any more.

use super::{Applied, Policy, dispose, selector};
use crate::{
    check::{expired, waiver_unused},
    model::{
        finding::{Finding, Message},
        policy::Waiver,
        report::NotEvaluated,
        target::TargetId,
    },
};

/// What the run has seen.
pub struct Scope<'a> {
    /// Whether it looked everywhere and could read everything: only then what was not found is
    /// not there.
    pub whole: bool,
    /// The targets that it looked at.
    pub targets: &'a [TargetId],
}

/// What is said of the policy.
#[derive(Debug, Default, PartialEq)]
pub struct Itself {
    /// Findings about waivers, with their severities.
    pub findings: Vec<Finding>,
    /// What people must know.
    pub notes: Vec<Message>,
    /// Rules whose silence means nothing.
    pub not_evaluated: Vec<NotEvaluated>,
}

/// Judges the policy by what it did.
#[must_use]
pub fn judge(policy: &Policy<'_>, applied: &Applied, scope: &Scope<'_>) -> Itself {
    let mut out = Itself {
        notes: applied.notes.clone(),
        ..Itself::default()
    };
    let seen: Vec<usize> = (0..policy.waivers.len())
        .filter(|i| scope.whole || is_seen(&policy.waivers[*i], policy, scope))
        .collect();
    let waivers: Vec<Waiver> = seen.iter().map(|i| policy.waivers[*i].clone()).collect();
    let of = |counts: &[usize]| -> Vec<usize> { seen.iter().map(|i| counts[*i]).collect() };
    let (uses, lapsed) = (of(&applied.waivers), of(&applied.lapsed));
    out.findings = expired::run(&waivers, &uses, &lapsed, policy.now);
    if scope.whole {
        let is_over = |w: &Waiver| policy.now > w.expires;
        out.findings
            .extend(waiver_unused::run(&waivers, &uses, is_over));
        out.notes.extend(baseline_note(policy, applied));
    } else if !policy.waivers.is_empty() {
        out.not_evaluated.push(NotEvaluated {
            rule: waiver_unused::RULE.id,
            why: "the run did not look everywhere".into(),
        });
    }
    dispose::severities(&mut out.findings, policy);
    out
}

/// Whether a waiver is about a target of the run.
fn is_seen(waiver: &Waiver, policy: &Policy<'_>, scope: &Scope<'_>) -> bool {
    let s = &waiver.selector;
    scope.targets.iter().any(|t| {
        s.service.as_ref().is_none_or(|p| p.matches(&t.service))
            && selector::is_in(s.environment.as_ref(), s.tier, &t.environment, policy.tiers)
    })
}

fn baseline_note(policy: &Policy<'_>, applied: &Applied) -> Option<Message> {
    let baseline = policy.baseline?;
    // Nothing is known of those that can't be compared.
    if baseline.not_comparable(policy.key).is_some() {
        return None;
    }
    let gone = applied.baseline.iter().filter(|n| **n == 0).count();
    (gone > 0).then(|| {
        Message(vec![])
            .count(gone)
            .and(if gone == 1 {
                " entry of the baseline "
            } else {
                " entries of the baseline "
            })
            .name(baseline.name())
            .and(if gone == 1 { " is" } else { " are" })
            .and(" not needed any more: `driftgate baseline write --prune` removes ")
            .and(if gone == 1 { "it" } else { "them" })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            finding::Severity,
            policy::{Pattern, Selector, SeverityRule},
            report::Occasion,
            secret::DigestKey,
            time::Timestamp,
        },
        policy::baseline::Baseline,
    };

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn waiver(environment: &str, days: i64) -> Waiver {
        Waiver {
            selector: Selector {
                rule: Some(Pattern::new("drifted")),
                environment: Some(Pattern::new(environment)),
                key: Some(Pattern::new("LOG_LEVEL")),
                ..Selector::default()
            },
            value: Some("DEBUG".into()),
            reason: "incident".into(),
            owner: "payments".into(),
            expires: Timestamp(NOW.0 + days * 86_400),
            place: None,
        }
    }

    fn judged(policy: &Policy<'_>, whole: bool) -> Itself {
        let applied = super::super::apply(&mut [], policy);
        let target = TargetId {
            service: "api".into(),
            environment: "staging".into(),
        };
        judge(
            policy,
            &applied,
            &Scope {
                whole,
                targets: &[target],
            },
        )
    }

    #[test]
    fn what_a_part_of_a_run_can_tell() {
        let key = DigestKey::for_this_run(&[1; 32]);
        let tiers = selector::Tiers::new();
        let waivers = [
            waiver("staging", -1),
            waiver("production", -1),
            waiver("staging", 100),
        ];
        let severities = [SeverityRule {
            selector: Selector {
                rule: Some(Pattern::new("expired")),
                ..Selector::default()
            },
            occasion: None,
            severity: Severity::Warning,
            place: None,
        }];
        let policy = Policy {
            severities: &severities,
            ignore: &[],
            gitops: None,
            waivers: &waivers,
            baseline: None,
            tiers: &tiers,
            occasion: Occasion::Audit,
            now: NOW,
            key: &key,
        };
        let rules = |i: &Itself| -> Vec<(&str, Severity)> {
            i.findings.iter().map(|f| (f.rule.id, f.severity)).collect()
        };
        let part = judged(&policy, false);
        assert_eq!(rules(&part), [("expired", Severity::Warning)]);
        assert_eq!(part.not_evaluated[0].rule, "waiver-unused");
        let all = judged(&policy, true);
        assert_eq!(
            rules(&all),
            [
                ("expired", Severity::Warning),
                ("expired", Severity::Warning),
                ("waiver-unused", Severity::Info)
            ]
        );
        assert!(all.not_evaluated.is_empty());
    }

    #[test]
    fn what_the_baseline_need_not_hold() {
        let key = DigestKey::for_this_run(&[1; 32]);
        let file = br#"{"schema":"driftgate/baseline/v1","findings":[{"fingerprint":"0123456789abcdef0123456789abcdef","rule":"drifted","service":"api","environment":"staging","key":"A"}]}"#;
        let baseline = Baseline::parse(file, "known.json").expect("a baseline");
        let tiers = selector::Tiers::new();
        let policy = Policy {
            severities: &[],
            ignore: &[],
            gitops: None,
            waivers: &[],
            baseline: Some(&baseline),
            tiers: &tiers,
            occasion: Occasion::Audit,
            now: NOW,
            key: &key,
        };
        assert!(judged(&policy, false).notes.is_empty());
        let notes = judged(&policy, true).notes;
        assert_eq!(notes.len(), 1);
        let said = format!("{notes:?}");
        assert!(
            said.contains("known.json") && said.contains("Count(1)"),
            "{said}"
        );
        // What writes it anew would accept what is new, too.
        assert!(
            said.contains("`driftgate baseline write --prune`"),
            "{said}"
        );
    }
}
