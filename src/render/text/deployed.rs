//! What the environments run, and what is on its way to them.

use super::{Style, grouped, say, words};
use crate::{
    model::{
        finding::CommitShown,
        report::{Deployed, Report, short_id},
    },
    render::message,
    text::{
        list,
        page::{Page, Paint, Span},
        plural, terminal, truncate,
    },
};
use std::{cmp::Reverse, collections::BTreeMap, io};

/// Services named; more are counted.
const SERVICES: usize = 3;
/// Commits listed below an environment.
const COMMITS: usize = 3;

/// One line for the services of an environment that are in the same situation.
pub(super) fn write(page: &mut Page<'_>, report: &Report, style: &Style) -> io::Result<()> {
    let situation = |d: &&Deployed| {
        let warnings: Vec<String> = d.warnings.iter().map(message).collect();
        (d.environment.clone(), d.revision.clone(), d.how, warnings)
    };
    let groups = grouped(&report.deployed, situation);
    for (_, alike) in &groups {
        let Some(first) = alike.first() else { continue };
        let alone = groups
            .iter()
            .filter(|(_, other)| other[0].environment == first.environment)
            .take(2)
            .count()
            == 1;
        one(page, report, alike, alone, style)?;
    }
    Ok(())
}

/// What stands in for what was deployed: base, or head where there is no other.
fn assumed(report: &Report) -> &str {
    match &report.base {
        Some(base) if base != &report.head => "base",
        _ => &report.head.name,
    }
}

fn one(
    page: &mut Page<'_>,
    report: &Report,
    alike: &[&Deployed],
    alone: bool,
    style: &Style,
) -> io::Result<()> {
    let d = alike[0];
    let commits = commits(alike);
    let services: Vec<&str> = alike.iter().map(|d| &*d.service).collect();
    let (who, verb) = match (alone, services.len()) {
        (true, _) => (d.environment.to_string(), "runs"),
        (_, 1) => (format!("{}: {}", d.environment, services[0]), "runs"),
        _ => (
            format!("{}: {}", d.environment, list(&services, SERVICES)),
            "run",
        ),
    };
    let who = match &d.revision {
        Some(_) => who,
        None => format!("{who}:"),
    };
    let mut text = match &d.revision {
        Some(id) => format!(" {verb} {} ({})", short_id(id), d.how),
        None => format!(
            " what was deployed is not known; {} is assumed (say how under `deployed:`)",
            assumed(report)
        ),
    };
    if !commits.is_empty() {
        text = format!("{text}; {} behind", plural(commits.len(), "commit"));
    }
    let who = Span::painted(&who, Paint::Bold);
    page.wrapped(2, 4, &[who, Span::prose(&text)])?;
    let most = if style.verbose { usize::MAX } else { COMMITS };
    for c in commits.iter().take(most) {
        let (id, day) = (short_id(&c.id), words::day(c));
        let line = format!("{id} {day} {}: {}", c.author, c.summary);
        let line = terminal(&line);
        let cut = truncate(&line, page.width() - 4);
        page.line(4, &[Span::painted(&cut, Paint::Dim)])?;
    }
    if commits.len() > most {
        let more = format!("and {} more", commits.len() - most);
        page.line(4, &[Span::painted(&more, Paint::Dim)])?;
    }
    for warning in &d.warnings {
        let mut spans = vec![
            Span::painted("warning:", Paint::BoldYellow),
            Span::prose(" "),
        ];
        spans.extend(say(warning));
        page.wrapped(4, 6, &spans)?;
    }
    Ok(())
}

/// The commits of all, each once, newest first.
fn commits<'a>(alike: &[&'a Deployed]) -> Vec<&'a CommitShown> {
    if let [one] = alike {
        return one.commits.iter().collect();
    }
    let by_id: BTreeMap<&str, &CommitShown> = alike
        .iter()
        .flat_map(|d| &d.commits)
        .map(|c| (&*c.id, c))
        .collect();
    let mut all: Vec<&CommitShown> = by_id.into_values().collect();
    all.sort_by_key(|c| Reverse(c.time));
    all
}
