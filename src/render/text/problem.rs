//! Problems in files, as `cargo` shows them.

use crate::{
    model::{
        problem::{Problem, Snippet},
        report::Report,
    },
    text::{
        page::{Page, Paint, Span},
        terminal, width,
    },
};
use std::io;

pub(super) fn write(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    for problem in &report.problems {
        page.blank()?;
        one(page, problem)?;
    }
    Ok(())
}

fn one(page: &mut Page<'_>, problem: &Problem) -> io::Result<()> {
    let label = match problem.blocks {
        true => Span::painted("error", Paint::BoldRed),
        false => Span::painted("warning", Paint::BoldYellow),
    };
    page.wrapped(
        0,
        2,
        &[
            label,
            Span::painted(&format!(": {}", problem.message), Paint::Bold),
        ],
    )?;
    let line = problem
        .place
        .as_ref()
        .and_then(|p| p.span)
        .map(|s| s.line)
        .filter(|l| *l > 0);
    let number = line.map(|l| l.to_string()).unwrap_or_default();
    if let Some(place) = &problem.place {
        page.line(
            width(&number),
            &[
                Span::painted("--> ", Paint::Cyan),
                Span::prose(&place.to_string()),
            ],
        )?;
    }
    if let Some(snippet) = &problem.snippet {
        marked(page, &number, snippet)?;
    }
    if let Some(hint) = &problem.hint {
        let at = width(&number) + 1;
        page.wrapped(
            at,
            at + 8,
            &[
                Span::painted("= help:", Paint::Cyan),
                Span::prose(" "),
                Span::prose(hint),
            ],
        )?;
    }
    Ok(())
}

/// The line with the offending part underlined, cut around it when it is long.
fn marked(page: &mut Page<'_>, number: &str, snippet: &Snippet) -> io::Result<()> {
    let at = width(number);
    let room = page.width().saturating_sub(at + 3).max(20);
    let skip = match snippet.before + snippet.width > room {
        true => snippet.before.saturating_sub(room / 3),
        false => 0,
    };
    let part =
        |from: usize, n: usize| -> String { snippet.line.chars().skip(from).take(n).collect() };
    // Each part is sanitised for itself, so that the marks stand below what they mark.
    let before = terminal(&part(skip, snippet.before - skip)).into_owned();
    let wrong = terminal(&part(snippet.before, snippet.width)).into_owned();
    let left = room.saturating_sub(width(&before) + width(&wrong));
    let after = part(snippet.before + snippet.width, left);
    let bar = |n: &str| Span::painted(&format!("{n:at$} | "), Paint::Cyan);
    page.line(0, &[Span::painted(&format!("{:at$} |", ""), Paint::Cyan)])?;
    page.line(
        0,
        &[
            bar(number),
            Span::prose(&before),
            Span::prose(&wrong),
            Span::prose(&after),
        ],
    )?;
    let marks = "^".repeat(width(&wrong).max(1));
    page.line(
        0,
        &[
            bar(""),
            Span::prose(&" ".repeat(width(&before))),
            Span::painted(&marks, Paint::BoldRed),
        ],
    )
}
