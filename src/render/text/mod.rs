//! `text`: the report for people who know `kubectl`, `terraform plan` and `cargo`.
//!
//! In the order of what must be known first: what was read and what not, what the environments
//! run, problems in files, findings, what the change will do, and the verdict in the last line.

mod change;
mod coverage;
mod deployed;
mod diff;
mod evidence;
mod finding;
mod fold;
mod problem;
mod sides;

use super::{Format, Style, lines::say, value, words};
use crate::{
    model::{
        finding::Severity,
        report::{Coverage, Occasion, Report, RevisionShown, SideName, Verdict, short_id},
    },
    text::{
        list,
        page::{Page, Paint, Span},
        plural,
    },
};
use std::{collections::HashMap, hash::Hash, io};

/// The format.
pub(super) static FORMAT: Format = Format {
    name: "text",
    summary: "for people (default)",
    write,
};

fn write(report: &Report, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = &mut Page::new(out, style.color, style.width);
    page.wrapped(0, 2, &[Span::painted(&title(report), Paint::Bold)])?;
    coverage::write(page, report, style)?;
    deployed::write(page, report, style)?;
    if !report.notes.is_empty() {
        page.blank()?;
    }
    for note in &report.notes {
        let mut spans = vec![Span::painted("note:", Paint::BoldCyan), Span::prose(" ")];
        spans.extend(say(note));
        page.wrapped(0, 2, &spans)?;
    }
    problem::write(page, report)?;
    finding::write(page, report, style)?;
    change::write(page, report, style)?;
    page.blank()?;
    verdict(page, report)
}

fn title(report: &Report) -> String {
    let name = |r: &RevisionShown| match r.id.as_deref().map(short_id) {
        Some(id) if *id == *r.name || short_id(&r.name) == id => id.to_owned(),
        Some(id) => format!("{} {id}", r.name),
        None => r.name.to_string(),
    };
    let head = name(&report.head);
    match &report.base {
        Some(base) if base != &report.head => {
            format!("{} of {} → {head}", report.occasion.name(), name(base))
        }
        _ => format!("{} of {head}", report.occasion.name()),
    }
}

/// The last line: what was not read first, because nobody knows what else is wrong.
fn verdict(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let s = report.summary();
    let paint = match report.verdict {
        Verdict::Pass => Paint::BoldGreen,
        Verdict::Fail => Paint::BoldRed,
        Verdict::Incomplete => Paint::BoldYellow,
    };
    let mut spans = vec![
        Span::painted(report.verdict.name(), paint),
        Span::prose(": "),
    ];
    if report.verdict == Verdict::Incomplete {
        spans.push(Span::prose(&format!("{}; ", unread(report))));
    }
    spans.push(Span::prose(&format!(
        "{}, {}, {} ({} waived, {} baselined, {} ignored)",
        plural(s.error, "error"),
        plural(s.warning, "warning"),
        plural(s.info, "info"),
        s.waived,
        s.baselined,
        s.ignored
    )));
    page.wrapped(0, 2, &spans)
}

fn unread(report: &Report) -> String {
    let mut what: Vec<String> = Vec::new();
    for c in report.coverage.iter().filter(|c| c.blocks()) {
        let name = format!("{} {} {} ({})", c.environment, c.service, c.layer, side(c));
        if !what.contains(&name) {
            what.push(name);
        }
    }
    let files = report.problems.iter().filter(|p| p.blocks).count();
    if files > 0 {
        what.push(format!("{} in files", plural(files, "problem")));
    }
    if what.is_empty() {
        return "nothing was read".into();
    }
    format!("not read: {}", list(&what, 3))
}

fn side(c: &Coverage) -> &'static str {
    match c.side {
        SideName::Desired => "desired",
        SideName::Live => "live",
    }
}

/// Items with the same key together, in the order in which keys are first met.
fn grouped<T, K: Hash + Eq + Clone>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> Vec<(K, Vec<T>)> {
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    let mut known: HashMap<K, usize> = HashMap::new();
    for item in items {
        let key = key(&item);
        match known.get(&key) {
            Some(&at) => groups[at].1.push(item),
            None => {
                known.insert(key.clone(), groups.len());
                groups.push((key, vec![item]));
            }
        }
    }
    groups
}

/// `error`, `warning`, `info` in their colours.
fn severity_paint(severity: Severity) -> Paint {
    match severity {
        Severity::Error => Paint::BoldRed,
        Severity::Warning => Paint::BoldYellow,
        Severity::Info => Paint::BoldCyan,
    }
}

/// What the change under review is called where it is about to act.
fn this_change(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Review => "this merge",
        Occasion::Deploy => "this deploy",
        Occasion::Audit => "head",
    }
}

/// `in 41 services × 2 environments`; empty for one target. `targets` are distinct and sorted.
fn spread(targets: &[(&str, &str)]) -> String {
    let distinct = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.dedup();
        names.len()
    };
    let services = distinct(targets.iter().map(|t| t.0).collect());
    let environments = distinct(targets.iter().map(|t| t.1).collect());
    match (services, environments) {
        (0 | 1, 0 | 1) => String::new(),
        (n, 1) => format!("in {}", plural(n, "service")),
        (1, n) => format!("in {}", plural(n, "environment")),
        (s, e) if s * e == targets.len() => {
            format!("in {} × {}", plural(s, "service"), plural(e, "environment"))
        }
        (s, e) => format!(
            "in {} of {} and {}",
            plural(targets.len(), "target"),
            plural(s, "service"),
            plural(e, "environment")
        ),
    }
}

/// `production-eu, production-us: api, cart`; many are counted.
fn whose(targets: &[(&str, &str)]) -> String {
    let names = |mut names: Vec<&str>, word: &str| {
        names.sort_unstable();
        names.dedup();
        if names.len() > 3 {
            plural(names.len(), word)
        } else {
            names.join(", ")
        }
    };
    format!(
        "{}: {}",
        names(targets.iter().map(|t| t.1).collect(), "environment"),
        names(targets.iter().map(|t| t.0).collect(), "service")
    )
}
