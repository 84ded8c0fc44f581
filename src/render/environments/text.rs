//! `text`: what was compared, then what is in some places only, what differs, and what is said of
//! the rest in numbers.

use super::EnvironmentsFormat;
use crate::{
    model::{
        entry::EntryKey,
        environments::{Class, EnvironmentRow, Environments, PartialService},
        finding::SideShown,
        problem::Problem,
        report::{Coverage, CoverageStatus, SideName},
        value::Shown,
    },
    render::{
        Style,
        lines::{self, Row, say},
        message, value, words,
    },
    text::{
        list, number,
        page::{Page, Paint, Span},
        plural,
    },
};
use std::io;

/// The format.
pub(super) static FORMAT: EnvironmentsFormat = EnvironmentsFormat {
    name: "text",
    summary: "for people (default)",
    write,
};

/// Rows of one class that are shown whole; the others are named.
const MOST: usize = 40;
/// Services that are named in a row.
const SERVICES: usize = 3;

fn write(e: &Environments, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = &mut Page::new(out, style.color, style.width);
    head(page, e)?;
    for class in [
        Class::OnlyIn,
        Class::Different,
        Class::Spelling,
        Class::Documented,
        Class::Equal,
        Class::EqualByNames,
        Class::NotComparable,
        Class::Unknown,
    ] {
        let rows: Vec<&EnvironmentRow> = e.rows.iter().filter(|r| r.class == class).collect();
        if !rows.is_empty() || class == Class::OnlyIn && !e.partial.is_empty() {
            page.blank()?;
            section(page, e, style, class, &rows)?;
        }
    }
    page.blank()?;
    problems(page, e)?;
    for note in &e.notes {
        let mut spans = vec![Span::painted("note:", Paint::BoldCyan), Span::prose(" ")];
        spans.extend(say(note));
        page.wrapped(0, 2, &spans)?;
    }
    summary(page, e)
}

/// What was compared, and what could not be read.
fn head(page: &mut Page<'_>, e: &Environments) -> io::Result<()> {
    let names: Vec<&str> = e.places.iter().map(|p| &*p.name).collect();
    let mut title = vec![Span::painted(&and(&names), Paint::Bold)];
    let services: Vec<&str> = e
        .services
        .iter()
        .map(|s| &**s)
        .filter(|s| !s.is_empty())
        .collect();
    if !services.is_empty() {
        title.push(Span::prose(&format!(": {}", list(&services, SERVICES))));
    }
    title.push(Span::painted(&format!(" ({})", compared(e)), Paint::Dim));
    page.wrapped(0, 2, &title)?;
    let rows: Vec<Row> = e
        .places
        .iter()
        .filter(|p| p.environment.is_some())
        .map(|p| Row {
            cells: vec![Span::solid(&p.name, Paint::Plain)],
            rest: vec![Span::painted(&p.from, Paint::Dim)],
        })
        .collect();
    lines::table(page, 2, &rows)?;
    unread(page, e)
}

/// `24 settings and 1 field compared, in git and live`.
fn compared(e: &Environments) -> String {
    let count =
        |n: u64, what| (n > 0).then(|| plural(usize::try_from(n).unwrap_or(usize::MAX), what));
    let settings = count(e.counts.compared.saturating_sub(e.counts.fields), "setting");
    let fields = count(e.counts.fields, "field");
    let counts: Vec<String> = settings.into_iter().chain(fields).collect();
    let text = match counts.is_empty() {
        true => "nothing compared".to_owned(),
        false => format!("{} compared", counts.join(" and ")),
    };
    match sides(&e.sides) {
        sides if is_environment(e) && !sides.is_empty() => format!("{text}, {sides}"),
        _ => text,
    }
}

/// Whether places are environments, and not files.
fn is_environment(e: &Environments) -> bool {
    e.places.iter().any(|p| p.environment.is_some())
}

/// What could not be read, each reason once however many places and services share it.
fn unread(page: &mut Page<'_>, e: &Environments) -> io::Result<()> {
    let mut told: Vec<(&str, String, Vec<&str>, &str)> = vec![];
    for c in e.coverage.iter().filter(|c| c.blocks()) {
        let (word, why) = match &c.status {
            CoverageStatus::Partial(why) => ("READ IN PART", &*why.detail),
            CoverageStatus::Failed(why) => ("NOT READ", &*why.detail),
            CoverageStatus::Read | CoverageStatus::NotInScope => continue,
        };
        let side = match c.side {
            SideName::Desired => "git",
            SideName::Live => "live",
        };
        let what = match is_environment(e) {
            true => format!(": {}, {side} ({})", c.layer, c.source),
            false => String::new(),
        };
        match told
            .iter_mut()
            .find(|t| (t.0, &t.1, t.3) == (word, &what, why))
        {
            Some((_, _, places, _)) if places.contains(&&*c.environment) => {}
            Some((_, _, places, _)) => places.push(&c.environment),
            None => told.push((word, what, vec![&c.environment], why)),
        }
    }
    for (word, what, places, why) in told {
        // A file is named by the place in it.
        let places = match what.is_empty() && places.iter().all(|p| why.starts_with(p)) {
            true => String::new(),
            false => format!("{}{what}: ", places.join(", ")),
        };
        let word = Span::painted(word, Paint::BoldRed);
        page.wrapped(2, 4, &[word, Span::prose(&format!(" {places}{why}"))])?;
    }
    Ok(())
}

fn section(
    page: &mut Page<'_>,
    e: &Environments,
    style: &Style,
    class: Class,
    rows: &[&EnvironmentRow],
) -> io::Result<()> {
    let paint = match class {
        Class::OnlyIn | Class::Different => Paint::BoldRed,
        Class::Spelling => Paint::BoldYellow,
        _ => Paint::Bold,
    };
    if class == Class::OnlyIn {
        // By the places that have it.
        let whole = e
            .partial
            .iter()
            .map(|p| (p.places.iter().map(|p| &**p).collect(), None, Some(p)));
        let entries = rows.iter().map(|row| (having(row), Some(*row), None));
        let mut groups: Vec<OnlyIn<'_>> = vec![];
        for (there, row, service) in whole.chain(entries) {
            let at = groups.iter().position(|g| g.0 == there).unwrap_or_else(|| {
                groups.push((there, vec![], vec![]));
                groups.len() - 1
            });
            groups[at].1.extend(service);
            groups[at].2.extend(row);
        }
        for (i, (places, services, of)) in groups.iter().enumerate() {
            if i > 0 {
                page.blank()?;
            }
            let title = format!("only in {}", and(places));
            page.wrapped(0, 2, &[Span::painted(&title, paint)])?;
            let shown = limit(style, services.len());
            for service in services.iter().take(shown) {
                let what = if is_environment(e) { "service" } else { "file" };
                let name = Span::solid(&service.service, Paint::Bold);
                page.wrapped(2, 4, &[Span::prose(what), Span::prose(" "), name])?;
            }
            if services.len() > shown {
                let names: Vec<&str> = services[shown..].iter().map(|s| &*s.service).collect();
                rest(page, &names)?;
            }
            table(page, e, style, of, |v| v.value != Shown::Absent)?;
        }
        return Ok(());
    }
    let title = match class {
        Class::Different => "different",
        Class::Spelling => "spelt differently",
        Class::Documented => "documented",
        Class::Equal | Class::OnlyIn => "equal",
        Class::EqualByNames => "equal but for the environments' own names",
        Class::NotComparable => "not comparable (secret or opaque)",
        Class::Unknown => "unknown",
    };
    page.wrapped(0, 2, &[Span::painted(title, paint)])?;
    if class == Class::Equal {
        return table(page, e, style, rows, |_| true);
    }
    for row in rows.iter().take(limit(style, rows.len())) {
        one(page, e, row)?;
    }
    more(page, style, rows)
}

/// Places, and what only they have: services or files, and entries.
type OnlyIn<'a> = (
    Vec<&'a str>,
    Vec<&'a PartialService>,
    Vec<&'a EnvironmentRow>,
);

/// The places that have an entry.
fn having(row: &EnvironmentRow) -> Vec<&str> {
    row.values
        .iter()
        .filter(|v| !matches!(v.value, Shown::Absent | Shown::Unknown(_)))
        .map(|v| &*v.environment)
        .collect()
}

fn limit(style: &Style, rows: usize) -> usize {
    if style.verbose { rows } else { MOST }
}

fn more(page: &mut Page<'_>, style: &Style, rows: &[&EnvironmentRow]) -> io::Result<()> {
    let others = &rows[limit(style, rows.len()).min(rows.len())..];
    if others.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = others.iter().map(|r| name(r)).collect();
    rest(page, &names)
}

fn rest<S: AsRef<str>>(page: &mut Page<'_>, names: &[S]) -> io::Result<()> {
    let text = format!(
        "and {} more (--all shows them): {}",
        names.len(),
        list(names, 8)
    );
    page.wrapped(2, 4, &[Span::painted(&text, Paint::Dim)])
}

/// One line per row: name, value, where.
fn table(
    page: &mut Page<'_>,
    e: &Environments,
    style: &Style,
    rows: &[&EnvironmentRow],
    shows: impl Fn(&SideShown) -> bool,
) -> io::Result<()> {
    let rows_shown: Vec<Row> = rows
        .iter()
        .take(limit(style, rows.len()))
        .map(|row| {
            let first = row.values.iter().find(|v| shows(v));
            let shown = match (&row.key, first) {
                (EntryKey::Object, _) | (_, None) => String::new(),
                (_, Some(v)) => value::brief(&v.value),
            };
            Row {
                cells: vec![
                    Span::solid(&name(row), Paint::Plain),
                    Span::solid(&shown, Paint::Bold),
                ],
                rest: lines::joined(
                    [whose(e, row), first.map(evidence).unwrap_or_default()]
                        .into_iter()
                        .filter(|s| !s.is_empty()),
                ),
            }
        })
        .collect();
    lines::table(page, 2, &rows_shown)?;
    more(page, style, rows)
}

/// Name and services, then each place with its value.
fn one(page: &mut Page<'_>, e: &Environments, row: &EnvironmentRow) -> io::Result<()> {
    let mut title = vec![Span::solid(&name(row), Paint::Bold)];
    let whose = whose(e, row);
    if !whose.is_empty() {
        title.push(Span::prose(" "));
        title.extend(whose);
    }
    page.wrapped(2, 4, &title)?;
    if let Some((reason, _)) = &row.documented {
        page.wrapped(4, 6, &[Span::painted(reason, Paint::Dim)])?;
    }
    let all: Vec<&Shown> = row.values.iter().map(|v| &v.value).collect();
    let values = value::among(&all);
    let rows: Vec<Row> = row
        .values
        .iter()
        .zip(values)
        .map(|(v, shown)| Row {
            cells: vec![
                Span::solid(&v.environment, Paint::Plain),
                Span::solid(&shown, Paint::Plain),
            ],
            rest: evidence(v),
        })
        .collect();
    lines::table(page, 4, &rows)
}

/// `DB_TIMEOUT`, `Deployment/api spec.replicas`, `MODE of Deployment/worker container app`.
fn name(row: &EnvironmentRow) -> String {
    let key = row.key.to_string();
    let name = match &row.holder {
        Some(holder) => format!("{holder} {key}").trim_end().to_owned(),
        None => key,
    };
    match &row.container {
        Some(container) => format!("{name} of {container}"),
        None => name,
    }
}

/// The services, and the side, where that is not all of them.
fn whose(e: &Environments, row: &EnvironmentRow) -> Vec<Span> {
    let mut parts = vec![];
    if row.services.len() < e.services.len() || e.services.len() > 1 {
        parts.push(match row.services.len() == e.services.len() {
            true => "in all services".to_owned(),
            false => format!("in {}", list(&row.services, SERVICES)),
        });
    }
    if row.sides.len() < e.sides.len() {
        parts.push(match row.sides.first() {
            Some(SideName::Desired) => "in git only".into(),
            _ => "live only".into(),
        });
    }
    match parts.is_empty() {
        true => vec![],
        false => {
            let text = format!("({})", parts.join(", "));
            vec![Span::painted(&text, Paint::Dim)]
        }
    }
}

/// What is expected, where it is written, by whom and when.
fn evidence(v: &SideShown) -> Vec<Span> {
    let mut groups = vec![];
    if let Some(note) = &v.note {
        groups.push(say(note));
    }
    if let Some(place) = &v.place {
        groups.push(lines::places(place, &v.made_from));
    } else if v.side == SideName::Live
        && let Some(object) = &v.object
    {
        groups.push(vec![Span::prose(&object.described())]);
    }
    if let Some(commit) = &v.commit {
        groups.push(vec![lines::commit(commit)]);
    }
    if let Some(written) = &v.written {
        let text = format!("({})", message(&words::writer_and_time(written)));
        groups.push(vec![Span::painted(&text, Paint::Dim)]);
    }
    lines::joined(groups)
}

fn problems(page: &mut Page<'_>, e: &Environments) -> io::Result<()> {
    let told = |p: &Problem| {
        let text = p.to_string();
        e.coverage.iter().any(|c| match &c.status {
            CoverageStatus::Partial(why) | CoverageStatus::Failed(why) => {
                why.detail.contains(&text)
            }
            CoverageStatus::Read | CoverageStatus::NotInScope => false,
        })
    };
    for p in e.problems.iter().filter(|p| !told(p)) {
        let (word, paint) = match p.blocks {
            true => ("error:", Paint::BoldRed),
            false => ("warning:", Paint::BoldYellow),
        };
        let mut spans = vec![Span::painted(word, paint), Span::prose(" ")];
        if let Some(place) = &p.place {
            spans.extend(lines::place(place));
            spans.push(Span::prose(": "));
        }
        spans.push(Span::prose(&p.message));
        page.wrapped(0, 2, &spans)?;
    }
    Ok(())
}

/// One line: what it comes to, and what is not shown.
fn summary(page: &mut Page<'_>, e: &Environments) -> io::Result<()> {
    let c = &e.counts;
    let (word, paint) = match e.exit_code() {
        0 => ("agree", Paint::BoldGreen),
        1 => ("differ", Paint::BoldRed),
        _ => ("incomplete", Paint::BoldYellow),
    };
    let mut parts = vec![plural(c.differences, "difference")];
    let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    if c.documented > 0 {
        parts.push(format!("{} documented", c.documented));
    }
    if c.by_names > 0 {
        parts.push(format!(
            "{} equal but for the environments' own names",
            number(c.by_names)
        ));
    }
    if c.opaque > 0 {
        parts.push(format!(
            "{} not comparable (secret or opaque)",
            number(c.opaque)
        ));
    }
    if c.unknown > 0 {
        parts.push(format!("{} unknown", plural(count(c.unknown), "entry")));
    }
    let text = format!(": {}", parts.join(", "));
    page.wrapped(0, 2, &[Span::painted(word, paint), Span::prose(&text)])?;
    if e.coverage.iter().any(Coverage::blocks) {
        return Ok(());
    }
    for why in e.unread.iter().take(3) {
        page.wrapped(2, 4, &[Span::prose("unknown: "), Span::prose(&why.detail)])?;
    }
    Ok(())
}

/// `staging, eu and us`.
fn and(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        one => one.join(""),
    }
}

fn sides(sides: &[SideName]) -> &'static str {
    match sides {
        [SideName::Desired] => "in git",
        [SideName::Live] => "live",
        [_, _] => "in git and live",
        _ => "",
    }
}
