//! What the formats for people share: messages and places as spans, and aligned columns.

use crate::{
    model::{
        finding::{CommitShown, Message, Piece},
        place::{Exactness, Place},
        report::short_id,
    },
    render::words,
    text::page::{Page, Paint, Span, total},
};
use std::io;

/// Wider cells do not widen their column.
const CELL: usize = 44;
/// Places that a value is made from, before they are counted.
const FURTHER: usize = 2;
/// What is left beside the columns for the rest of a row; with less it goes below them.
const REST: usize = 38;

/// A message as spans: only our words and prose break, keys and values stay whole.
pub(crate) fn say(message: &Message) -> Vec<Span> {
    message
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Words(_) | Piece::Name(_) | Piece::Count(_) => Span::prose(&super::piece(piece)),
            Piece::Time(_) | Piece::Key(_) | Piece::Value(_) => {
                Span::solid(&super::piece(piece), Paint::Plain)
            }
        })
        .collect()
}

/// `deploy/api.yaml:21:18`, `about deploy/api.yaml (by its origin annotation)`.
pub(crate) fn place(place: &Place) -> Vec<Span> {
    match place.exact {
        Exactness::Exact => vec![Span::solid(&place.to_string(), Paint::Plain)],
        Exactness::Approximate(how) => vec![
            Span::prose("about "),
            Span::solid(&place.to_string(), Paint::Plain),
            Span::painted(&format!(" (by its {how})"), Paint::Dim),
        ],
    }
}

/// A place, and where the text comes from that a reference there is filled in with:
/// `compose.yaml:9:18, from env/dev.env:1:11`.
pub(crate) fn places(own: &Place, made_from: &[Place]) -> Vec<Span> {
    let mut spans = place(own);
    for (i, from) in made_from.iter().take(FURTHER).enumerate() {
        spans.push(Span::prose(if i == 0 { ", from " } else { " and " }));
        spans.extend(place(from));
    }
    if made_from.len() > FURTHER {
        let more = format!(" and {} more", made_from.len() - FURTHER);
        spans.push(Span::prose(&more));
    }
    spans
}

/// `(3f2e1d0, Ada Lovelace, 2026-05-11)`.
pub(crate) fn commit(c: &CommitShown) -> Span {
    let by = format!("({}, {}, {})", short_id(&c.id), c.author, words::day(c));
    Span::solid(&by, Paint::Dim)
}

/// A row of a table: cells in columns, and what may be wrapped beside or below them.
pub(crate) struct Row {
    pub(crate) cells: Vec<Span>,
    pub(crate) rest: Vec<Span>,
}

/// Rows of one number of cells, aligned; a column that is empty in all rows takes no room.
pub(crate) fn table(page: &mut Page<'_>, indent: usize, rows: &[Row]) -> io::Result<()> {
    draw(page, indent, rows, false)
}

/// The same, the first row naming the columns: in one line, whatever the others take.
pub(crate) fn headed(page: &mut Page<'_>, indent: usize, rows: &[Row]) -> io::Result<()> {
    draw(page, indent, rows, true)
}

fn draw(page: &mut Page<'_>, indent: usize, rows: &[Row], headed: bool) -> io::Result<()> {
    let columns = rows.iter().map(|r| r.cells.len()).max().unwrap_or(0);
    let widths: Vec<Option<usize>> = (0..columns)
        .map(|c| {
            let cells = rows.iter().filter_map(|r| r.cells.get(c)).map(Span::width);
            let widest = cells.clone().filter(|w| *w <= CELL).max().unwrap_or(0);
            cells.max().filter(|w| *w > 0).map(|_| widest)
        })
        .collect();
    let taken: usize = indent + widths.iter().flatten().map(|w| w + 2).sum::<usize>();
    let roomy = taken + REST <= page.width();
    let widest = rows.iter().map(|r| total(&r.rest)).max().unwrap_or(0);
    let beside = roomy || taken + widest <= page.width();
    for (n, row) in rows.iter().enumerate() {
        let cells: Vec<(Span, usize)> = row
            .cells
            .iter()
            .zip(&widths)
            .filter_map(|(cell, width)| Some((cell.clone(), (*width)?)))
            .collect();
        let mut lines = unshifted(&cells);
        let last = lines.pop().unwrap_or_default();
        for line in &lines {
            page.columns(indent, line, &[])?;
        }
        let own = indent
            + last
                .iter()
                .map(|(c, w)| c.width().max(*w) + 2)
                .sum::<usize>();
        let fits = own + total(&row.rest).min(REST) <= page.width();
        if beside && fits {
            page.columns(indent, &last, &row.rest)?;
        } else {
            page.columns(indent, &last, &[])?;
            let is_heading = headed && n == 0;
            if !is_heading && !row.rest.is_empty() {
                page.wrapped(indent + 2, indent + 2, &row.rest)?;
            }
        }
    }
    Ok(())
}

/// The lines of a row: what is wider than its column ends one, so that what follows stays in its
/// own.
fn unshifted(cells: &[(Span, usize)]) -> Vec<Vec<(Span, usize)>> {
    let blank = |(_, width): &(Span, usize)| (Span::solid("", Paint::Plain), *width);
    let mut lines: Vec<Vec<(Span, usize)>> = Vec::new();
    let mut line = Vec::new();
    for (i, cell) in cells.iter().enumerate() {
        let more = cells[i + 1..].iter().any(|(c, _)| c.width() > 0);
        line.push(cell.clone());
        if cell.0.width() > cell.1 && more {
            let next = cells[..=i].iter().map(blank).collect();
            lines.push(std::mem::replace(&mut line, next));
        }
    }
    lines.push(line);
    lines
}

/// Joins groups of spans by spaces.
pub(crate) fn joined(groups: impl IntoIterator<Item = Vec<Span>>) -> Vec<Span> {
    let mut all: Vec<Span> = Vec::new();
    for group in groups {
        if !group.is_empty() && !all.is_empty() {
            all.push(Span::prose(" "));
        }
        all.extend(group);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: &[Row], headed: bool) -> String {
        let mut bytes = Vec::new();
        let page = &mut Page::new(&mut bytes, false, 80);
        draw(page, 2, rows, headed).expect("memory takes all");
        String::from_utf8(bytes).expect("UTF-8")
    }

    fn row(cells: [&str; 3], rest: &str) -> Row {
        Row {
            cells: cells.map(|c| Span::solid(c, Paint::Plain)).to_vec(),
            rest: vec![Span::prose(rest)],
        }
    }

    #[test]
    fn a_long_value_shifts_no_column() {
        let long = "x".repeat(50);
        let rows = [
            row(["staging", "5", "defaults"], "a.yaml:1:1"),
            row(["production", &long, "workload"], "b.yaml:1:1"),
        ];
        assert_eq!(
            drawn(&rows, false),
            format!(
                "  staging     5  defaults  a.yaml:1:1\n  production  {long}\n                 \
                 workload  b.yaml:1:1\n"
            )
        );
    }

    #[test]
    fn a_header_is_one_line() {
        let long = "y".repeat(60);
        let rows = [
            row(["environment", "git", "layer"], "where"),
            row(
                [
                    "production",
                    "5",
                    "a layer with a rather long name of its own",
                ],
                &long,
            ),
        ];
        let text = drawn(&rows, true);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "  environment  git  layer", "{text}");
        assert!(
            lines[1].starts_with("  production   5    a layer"),
            "{text}"
        );
    }
}
