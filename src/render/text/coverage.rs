//! What was read, what not and why.

use super::{Style, grouped, side};
use crate::{
    model::report::{Coverage, CoverageStatus, Report, SideName},
    text::{
        number,
        page::{Page, Paint, Span},
        plural,
    },
};
use std::{collections::BTreeSet, io};

/// More services than this, read alike, are one line.
const SERVICES: usize = 3;

pub(super) fn write(page: &mut Page<'_>, report: &Report, style: &Style) -> io::Result<()> {
    failures(page, report)?;
    for line in lines(report, style) {
        page.wrapped(2, 4, &line)?;
    }
    let skipped: BTreeSet<_> = report
        .coverage
        .iter()
        .filter(|c| c.status == CoverageStatus::NotInScope)
        .map(|c| (&*c.service, &*c.environment))
        .collect();
    if !skipped.is_empty() {
        let text = format!(
            "not in scope: {} that this change does not write",
            plural(skipped.len(), "target")
        );
        page.wrapped(2, 4, &[Span::painted(&text, Paint::Dim)])?;
    }
    if report.coverage.is_empty() {
        page.wrapped(2, 4, &[Span::painted("nothing was read", Paint::BoldRed)])?;
    }
    without(page, report)?;
    not_evaluated(page, report)
}

/// What could not be read, one line per reason however many services share it.
fn failures(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let mut groups: Vec<(&Coverage, Vec<&str>)> = Vec::new();
    for c in report.coverage.iter().filter(|c| c.blocks()) {
        let same = |g: &Coverage| {
            (&g.environment, &g.layer, g.side, g.source, &g.status)
                == (&c.environment, &c.layer, c.side, c.source, &c.status)
        };
        match groups.iter_mut().find(|(g, _)| same(g)) {
            Some((_, services)) => services.push(&c.service),
            None => groups.push((c, vec![&c.service])),
        }
    }
    for (c, services) in groups {
        let (word, why) = match &c.status {
            CoverageStatus::Partial(why) => ("READ IN PART", why),
            CoverageStatus::Failed(why) => ("NOT READ", why),
            CoverageStatus::Read | CoverageStatus::NotInScope => continue,
        };
        let text = format!(
            "{}: {}, {} ({})",
            c.environment,
            layer_of(&services, &c.layer),
            side(c),
            from(c)
        );
        let name = Span::painted(&text, Paint::Bold);
        page.wrapped(
            2,
            4,
            &[Span::painted(word, Paint::BoldRed), Span::prose(" "), name],
        )?;
        page.wrapped(4, 4, &[Span::prose(&why.detail)])?;
    }
    Ok(())
}

fn layer_of(services: &[&str], layer: &str) -> String {
    match services {
        [one] => format!("{one} {layer}"),
        few if few.len() <= SERVICES => format!("{layer} of {}", few.join(", ")),
        many => format!("{layer} of {}", plural(many.len(), "service")),
    }
}

/// A layer of a target with all its sides, all read.
struct Row<'a> {
    environment: &'a str,
    layer: &'a str,
    services: Vec<&'a str>,
    is_settings: bool,
    objects: u64,
    entries: u64,
    opaque: u64,
    live: bool,
    from: Vec<String>,
    sources: Vec<(bool, &'static str)>,
}

impl<'a> Row<'a> {
    fn new(sides: &[&'a Coverage]) -> Option<Row<'a>> {
        let first = sides.first()?;
        let live = sides.iter().find(|c| c.side == SideName::Live);
        let mut row = Row {
            environment: &first.environment,
            layer: &first.layer,
            services: vec![&first.service],
            is_settings: first.is_settings,
            objects: live.unwrap_or(first).objects,
            entries: sides.iter().map(|c| c.entries).max()?,
            opaque: sides.iter().map(|c| c.opaque).max()?,
            live: live.is_some(),
            from: Vec::new(),
            sources: sides
                .iter()
                .map(|c| (c.side == SideName::Live, c.source))
                .collect(),
        };
        for c in sides {
            let from = from(c);
            if !row.from.contains(&from) {
                row.from.push(from);
            }
        }
        Some(row)
    }

    fn join(mut self, other: Row<'a>) -> Row<'a> {
        self.services.extend(other.services);
        self.objects += other.objects;
        self.entries += other.entries;
        self.opaque += other.opaque;
        self.from.retain(|f| other.from.contains(f));
        self
    }

    fn spans(&self) -> Vec<Span> {
        let (count, unit) = match self.is_settings {
            true => (self.entries, "setting"),
            false => (self.objects, "object"),
        };
        let mut counts = vec![format!(
            "{}{}",
            plural(usize::try_from(count).unwrap_or(usize::MAX), unit),
            if self.live { "" } else { " in git" }
        )];
        if self.entries > 0 && !self.is_settings {
            counts.push(format!(
                "{} settings and fields compared",
                number(self.entries)
            ));
        }
        if self.opaque > 0 {
            counts.push(format!("{} opaque", number(self.opaque)));
        }
        let mut spans = vec![
            Span::painted(&format!("{}:", self.environment), Paint::Bold),
            Span::prose(&format!(
                " {} — {}",
                layer_of(&self.services, self.layer),
                counts.join(", ")
            )),
        ];
        if !self.from.is_empty() {
            spans.push(Span::prose(" "));
            spans.push(Span::painted(
                &format!("({})", self.from.join("; ")),
                Paint::Dim,
            ));
        }
        spans
    }
}

fn from(c: &Coverage) -> String {
    let mut text = c.source.to_owned();
    if !c.from.is_empty() {
        text = format!("{text}, {}", c.from);
    }
    if let Some(taken) = c.taken {
        text = format!("{text}, taken {taken}");
    }
    text
}

/// The rows of what was read, in the report's order; many services read alike are one.
fn lines(report: &Report, style: &Style) -> Vec<Vec<Span>> {
    let looked_at = report
        .coverage
        .iter()
        .filter(|c| c.status != CoverageStatus::NotInScope);
    let targets = grouped(looked_at, |c| (&*c.environment, &*c.service, &*c.layer));
    let rows = targets
        .iter()
        .filter(|(_, sides)| sides.iter().all(|c| c.status == CoverageStatus::Read))
        .filter_map(|(_, sides)| Row::new(sides));
    let alike = |r: &Row<'_>| {
        (
            r.environment.to_owned(),
            r.layer.to_owned(),
            r.sources.clone(),
        )
    };
    let mut lines = Vec::new();
    for (_, rows) in grouped(rows, alike) {
        if style.verbose || rows.len() <= SERVICES {
            lines.extend(rows.iter().map(Row::spans));
        } else if let Some(row) = rows.into_iter().reduce(Row::join) {
            lines.push(row.spans());
        }
    }
    lines
}

/// What was asked as a help and not granted.
fn without(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let all: BTreeSet<&str> = report
        .coverage
        .iter()
        .flat_map(|c| &c.without)
        .map(|w| &**w)
        .collect();
    for what in all {
        let label = Span::painted("without:", Paint::Yellow);
        page.wrapped(2, 4, &[label, Span::prose(" "), Span::prose(what)])?;
    }
    Ok(())
}

/// Rules whose silence means nothing here, by reason.
fn not_evaluated(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    if report.not_evaluated.is_empty() {
        return Ok(());
    }
    let reasons = grouped(&report.not_evaluated, |n| &*n.why);
    let text: Vec<String> = reasons
        .iter()
        .map(|(why, rules)| {
            let rules: Vec<&str> = rules.iter().map(|n| n.rule).collect();
            format!("{} ({why})", rules.join(", "))
        })
        .collect();
    let text = format!("not evaluated: {}", text.join("; "));
    page.wrapped(2, 4, &[Span::painted(&text, Paint::Dim)])
}
