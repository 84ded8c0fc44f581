//! What merging or deploying will do, like the plan of `terraform`.

use super::{Style, diff, fold, grouped, spread, value, whose};
use crate::{
    model::{
        entry::EntryKey,
        finding::{Change, Subject},
        report::{Occasion, Report},
        state::State,
        value::Shown,
    },
    render::{lines::say, message},
    text::{
        page::{Page, Paint, Span, total},
        width,
    },
};
use std::io;

/// Columns are aligned up to these widths.
const KEY: usize = 32;
const VALUES: usize = 32;

/// One line of the plan: an entry, in one target or many.
struct Row<'a> {
    all: Vec<&'a Subject>,
    sign: &'static str,
    paint: Paint,
    key: String,
    values: String,
    whose: String,
    target: String,
    /// What makes it special; on a line of its own where there is no room.
    note: String,
}

pub(super) fn write(page: &mut Page<'_>, report: &Report, style: &Style) -> io::Result<()> {
    let pending = match report.occasion {
        Occasion::Review => "This merge will do (pending a deploy):",
        Occasion::Deploy => "This deploy will do (pending):",
        Occasion::Audit => "The next deploy will do (pending):",
    };
    let sections = [
        (Some(State::Pending), pending),
        (Some(State::Behind), "Merged, not deployed yet (behind):"),
        (
            Some(State::Adopted),
            "Live already, git catches up (adopted):",
        ),
        // A difference that is no problem: git holds a placeholder.
        (None, "Set at deploy time:"),
    ];
    for (state, heading) in sections {
        let of = |c: &&Change| match c.subject.state {
            Some(s) if s.is_change() => state == Some(s),
            Some(_) => state.is_none(),
            None => false,
        };
        let changes: Vec<&Subject> = report
            .changes
            .iter()
            .filter(of)
            .map(|c| &c.subject)
            .collect();
        if !changes.is_empty() {
            page.blank()?;
            page.wrapped(0, 2, &[Span::painted(heading, Paint::Bold)])?;
            section(page, &rows(&changes, style.verbose))?;
        }
    }
    promoted(page, report)
}

/// Values that one environment has and the next will get: what they say, once for all services.
fn promoted(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let of = |c: &&Change| c.subject.state.is_none();
    let all: Vec<&Subject> = (report.changes.iter().filter(of))
        .map(|c| &c.subject)
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    page.blank()?;
    let heading = "On the way from stage to stage (promotion):";
    page.wrapped(0, 2, &[Span::painted(heading, Paint::Bold)])?;
    for (_, alike) in grouped(all.iter().copied(), |s| message(&s.message)) {
        let mut spans = say(&alike[0].message);
        let services = match alike.as_slice() {
            [one] => format!(" (in {})", one.service),
            many => format!(" (in {} services)", many.len()),
        };
        spans.push(Span::painted(&services, Paint::Dim));
        page.wrapped(2, 4, &spans)?;
    }
    Ok(())
}

fn rows<'a>(changes: &[&'a Subject], apart: bool) -> Vec<Row<'a>> {
    if apart {
        return changes.iter().map(|s| row(vec![s])).collect();
    }
    let groups = grouped(changes.iter().copied(), |s| fold::sides(s));
    groups.into_iter().map(|(_, all)| row(all)).collect()
}

fn row(all: Vec<&Subject>) -> Row<'_> {
    let s = all[0];
    let (from, to) = from_to(s);
    let (sign, paint) = match (from, to) {
        _ if s.state == Some(State::Adopted) => ("=", Paint::Cyan),
        (Shown::Absent, _) => ("+", Paint::Green),
        (_, Shown::Absent) => ("-", Paint::Red),
        _ => ("~", Paint::Yellow),
    };
    let (shown_from, shown_to) = value::beside(from, to);
    let targets = fold::targets(all.iter().copied());
    let object = s
        .object
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let is_object = s.key == EntryKey::Object;
    let values = match (from, to) {
        _ if is_object => String::new(),
        (Shown::Absent, _) => shown_to,
        (_, Shown::Absent) => shown_from,
        (Shown::Redacted, Shown::Redacted) => "(secret)".into(),
        _ => format!("{shown_from} → {shown_to}"),
    };
    Row {
        sign,
        paint,
        values,
        whose: whose(&targets),
        target: match all.len() {
            1 if is_object => String::new(),
            1 => object.clone(),
            n if targets.len() == 1 => format!("in {n} objects"),
            _ => spread(&targets),
        },
        note: (s.hidden_by.as_ref())
            .map_or(String::new(), |layer| format!("(hidden by layer {layer})")),
        key: if is_object { object } else { s.key.to_string() },
        all,
    }
}

/// Before and after: of live, or of git where live stays as it is.
fn from_to(s: &Subject) -> (&Shown, &Shown) {
    let absent = &Shown::Absent;
    let git = s.desired.as_ref().map_or(absent, |d| &d.value);
    let base = s.base.as_ref().map(|b| &b.value);
    let live = s.live.as_ref().map(|l| &l.value);
    let before = match s.state {
        Some(state) if state.is_problem() => return (git, live.unwrap_or(absent)),
        Some(State::Adopted) => base.or(live),
        _ => live.or(base),
    };
    (before.unwrap_or(absent), git)
}

fn section(page: &mut Page<'_>, rows: &[Row<'_>]) -> io::Result<()> {
    let key = column(rows.iter().map(|r| &r.key), KEY);
    let values = column(rows.iter().map(|r| &r.values), VALUES);
    let groups = grouped(rows, |r| r.whose.as_str());
    for (whose, rows) in groups {
        page.wrapped(2, 4, &[Span::prose(whose)])?;
        for row in rows {
            one(page, row, key, values)?;
        }
    }
    Ok(())
}

/// The width of a column: of its widest cell that is not wider than `most`.
fn column<'a>(cells: impl Iterator<Item = &'a String>, most: usize) -> usize {
    cells
        .map(|c| width(c))
        .filter(|w| *w <= most)
        .max()
        .unwrap_or(0)
}

fn one(page: &mut Page<'_>, row: &Row<'_>, key: usize, values: usize) -> io::Result<()> {
    let sign = Span::solid(row.sign, row.paint);
    let target = Span::painted(&row.target, Paint::Dim);
    let last = if row.target.is_empty() {
        &row.values
    } else {
        &row.target
    };
    let pad = |text: &str, to: usize| match last.is_empty() {
        true => text.to_owned(),
        false => format!("{text:to$}"),
    };
    let cells = [
        Span::solid(&pad(&row.key, key), Paint::Plain),
        Span::solid(
            &if row.target.is_empty() {
                row.values.clone()
            } else {
                pad(&row.values, values)
            },
            Paint::Plain,
        ),
        target,
    ];
    if 4 + 2 + total(&cells) + 4 <= page.width() {
        let [key, values, target] = cells;
        let gap = || Span::solid("  ", Paint::Plain);
        let mut spans = vec![sign, Span::solid(" ", Paint::Plain), key];
        for cell in [values, target] {
            if cell.width() > 0 {
                spans.extend([gap(), cell]);
            }
        }
        let note = Span::painted(&row.note, Paint::Dim);
        let fits = 4 + total(&spans) + 1 + note.width() <= page.width();
        if fits && note.width() > 0 {
            spans.extend([Span::solid(" ", Paint::Plain), note]);
            page.line(4, &spans)?;
        } else {
            page.line(4, &spans)?;
            if note.width() > 0 {
                page.wrapped(8, 8, &[note])?;
            }
        }
    } else {
        let space = || Span::prose(" ");
        let spans = [
            sign,
            space(),
            Span::solid(&row.key, Paint::Plain),
            space(),
            Span::prose(&row.values),
            space(),
            Span::painted(&row.target, Paint::Dim),
            space(),
            Span::painted(&row.note, Paint::Dim),
        ];
        page.wrapped(4, 8, &spans)?;
    }
    let (from, to) = from_to(row.all[0]);
    match diff::files(from, to) {
        Some(files) => diff::write(page, 6, 10, files),
        None => Ok(()),
    }
}
