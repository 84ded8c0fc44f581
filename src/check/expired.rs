//! `expired`: what was accepted for a time is past it, or will be within two weeks.

use crate::model::{
    finding::{Finding, Message, Needs, Rule, Severity, Subject},
    policy::Waiver,
    time::{Timestamp, show_span},
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "expired",
    summary: "what was accepted for a time is past it, or soon will be",
    needs: Needs::OneTarget,
};

/// Seconds before the end from which on it is said.
pub const SOON: i64 = 14 * 86_400;

/// One finding per waiver whose time is over, or nearly: `lapsed` counts the findings that each
/// one does not accept any more, `uses` those that it accepts still.
#[must_use]
pub fn run(waivers: &[Waiver], uses: &[usize], lapsed: &[usize], now: Timestamp) -> Vec<Finding> {
    waivers
        .iter()
        .zip(uses.iter().zip(lapsed))
        .filter_map(|(waiver, (uses, lapsed))| {
            let left = waiver.expires.0 - now.0;
            let is_over = now > waiver.expires;
            if !is_over && left > SOON {
                return None;
            }
            let severity = if is_over {
                Severity::Error
            } else {
                Severity::Warning
            };
            let message = if is_over {
                over(waiver, *lapsed)
            } else {
                soon(waiver, *uses, left)
            };
            Some(Finding::new(&RULE, severity, subject(waiver, message)))
        })
        .collect()
}

fn named(waiver: &Waiver) -> Message {
    super::waived::accepts(waiver, Message::words("the waiver of "))
        .and(" (owner ")
        .name(waiver.owner.clone())
        .and(")")
}

fn over(waiver: &Waiver, lapsed: usize) -> Message {
    let said = named(waiver).and(" expired at ").time(waiver.expires);
    match lapsed {
        0 => said.and("; nothing needs it any more"),
        1 => said.and("; the finding that it accepted counts again"),
        n => said
            .and("; ")
            .count(n)
            .and(" findings that it accepted count again"),
    }
}

fn soon(waiver: &Waiver, uses: usize, left: i64) -> Message {
    let said = named(waiver)
        .and(" expires in ")
        .name(show_span(left))
        .and(", at ")
        .time(waiver.expires);
    match uses {
        0 => said.and("; nothing needs it any more"),
        1 => said.and("; then what it accepts counts again"),
        n => said.and("; then ").count(n).and(" findings count again"),
    }
}

fn subject(waiver: &Waiver, message: Message) -> Subject {
    let why = "resolve what it accepts and remove it, or agree with its owner on a new date";
    super::waived::subject(waiver, message, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::waiver_unused,
        model::policy::{Pattern, Selector},
    };

    const DAY: i64 = 86_400;
    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn waiver(days: i64) -> Waiver {
        Waiver {
            selector: Selector {
                rule: Some(Pattern::new("drifted")),
                environment: Some(Pattern::new("production-eu")),
                key: Some(Pattern::new("LOG_LEVEL")),
                ..Selector::default()
            },
            value: Some("DEBUG".into()),
            reason: "payment incident".into(),
            owner: "payments".into(),
            expires: Timestamp(NOW.0 + days * DAY),
            place: None,
        }
    }

    fn said(finding: &Finding) -> String {
        crate::render::message(&finding.subject.message)
    }

    #[test]
    fn an_error_after_and_a_warning_fourteen_days_before() {
        let of = |days, uses, lapsed| {
            run(&[waiver(days)], &[uses], &[lapsed], NOW)
                .first()
                .map(|f| (f.severity, said(f)))
        };
        assert_eq!(of(15, 1, 0), None);
        let (severity, text) = of(14, 1, 0).expect("a finding");
        assert_eq!(severity, Severity::Warning);
        assert!(
            text.starts_with("the waiver of drifted for LOG_LEVEL in production-eu (owner payments) expires in 14d, at "),
            "{text}"
        );
        let (severity, text) = of(0, 0, 0).expect("a finding");
        assert_eq!(severity, Severity::Warning);
        assert!(text.ends_with("nothing needs it any more"), "{text}");
        let (severity, text) = of(-1, 0, 2).expect("a finding");
        assert_eq!(severity, Severity::Error);
        assert!(
            text.ends_with("2 findings that it accepted count again"),
            "{text}"
        );
    }

    #[test]
    fn an_expired_waiver_is_not_unused_too() {
        let over = |w: &Waiver| NOW > w.expires;
        let all = [waiver(-1), waiver(100), waiver(100)];
        let found = waiver_unused::run(&all, &[0, 0, 3], over);
        assert_eq!(found.len(), 1);
        assert!(said(&found[0]).contains("accepts nothing"));
        assert_eq!(found[0].severity, Severity::Info);
    }
}
