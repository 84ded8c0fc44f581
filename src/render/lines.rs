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
    for row in rows {
        let cells: Vec<(Span, usize)> = row
            .cells
            .iter()
            .zip(&widths)
            .filter_map(|(cell, width)| Some((cell.clone(), (*width)?)))
            .collect();
        let own: usize = indent
            + cells
                .iter()
                .map(|(c, w)| c.width().max(*w) + 2)
                .sum::<usize>();
        let fits = own + total(&row.rest).min(REST) <= page.width();
        if beside && fits {
            page.columns(indent, &cells, &row.rest)?;
        } else {
            page.columns(indent, &cells, &[])?;
            if !row.rest.is_empty() {
                page.wrapped(indent + 2, indent + 2, &row.rest)?;
            }
        }
    }
    Ok(())
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
