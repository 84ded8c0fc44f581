//! `waiver-unused`: a waiver that accepts nothing. What it was for is gone, or it names something
//! else than was meant.

use crate::model::{
    finding::{Finding, Message, Needs, Rule, Severity},
    policy::Waiver,
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "waiver-unused",
    summary: "a waiver accepts nothing",
    needs: Needs::TheWholeRun,
};

/// One finding per waiver that accepts nothing; `uses` counts what each accepts. Not for a run
/// that did not look everywhere, and not for those whose time is over: they are `expired`.
#[must_use]
pub fn run(waivers: &[Waiver], uses: &[usize], is_over: impl Fn(&Waiver) -> bool) -> Vec<Finding> {
    waivers
        .iter()
        .zip(uses)
        .filter(|(waiver, uses)| **uses == 0 && !is_over(waiver))
        .map(|(waiver, _)| {
            let message = super::waived::accepts(waiver, Message::words("the waiver of "))
                .and(" accepts nothing: there is no such finding, or its value is another one");
            let why = "remove the waiver, or correct what it names";
            let subject = super::waived::subject(waiver, message, why);
            Finding::new(&RULE, Severity::Info, subject)
        })
        .collect()
}
