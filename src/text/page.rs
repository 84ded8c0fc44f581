//! Lines for people: spans with a colour, indented and wrapped.
//!
//! A [`Span`] is sanitised when it is made, so that nothing else can reach the terminal.

use super::{terminal, width};
use std::io;

/// How a span looks. One SGR sequence each; without colour all are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// As it is.
    Plain,
    /// What the eye should find.
    Bold,
    /// What is there for those who look for it.
    Dim,
    /// Errors, removals.
    Red,
    /// Passes, additions.
    Green,
    /// Warnings, edits.
    Yellow,
    /// Infos.
    Cyan,
    /// A heading of an error.
    BoldRed,
    /// A heading of a warning.
    BoldYellow,
    /// A heading of an info.
    BoldCyan,
    /// A heading of success.
    BoldGreen,
}

impl Paint {
    /// The sequence that switches it on; empty for [`Paint::Plain`].
    #[must_use]
    pub fn sequence(self) -> &'static str {
        match self {
            Paint::Plain => "",
            Paint::Bold => "\x1b[1m",
            Paint::Dim => "\x1b[2m",
            Paint::Red => "\x1b[31m",
            Paint::Green => "\x1b[32m",
            Paint::Yellow => "\x1b[33m",
            Paint::Cyan => "\x1b[36m",
            Paint::BoldRed => "\x1b[1;31m",
            Paint::BoldYellow => "\x1b[1;33m",
            Paint::BoldCyan => "\x1b[1;36m",
            Paint::BoldGreen => "\x1b[1;32m",
        }
    }
}

/// Switches every paint off.
pub const RESET: &str = "\x1b[0m";

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    text: String,
    paint: Paint,
    solid: bool,
}

impl Span {
    /// Prose: lines may break at its spaces.
    #[must_use]
    pub fn prose(text: &str) -> Span {
        Span::painted(text, Paint::Plain)
    }

    /// Prose with a colour.
    #[must_use]
    pub fn painted(text: &str, paint: Paint) -> Span {
        Span {
            text: terminal(text).into_owned(),
            paint,
            solid: false,
        }
    }

    /// A value, a path, a command: never broken, spaces kept.
    #[must_use]
    pub fn solid(text: &str, paint: Paint) -> Span {
        Span {
            solid: true,
            ..Span::painted(text, paint)
        }
    }

    /// Columns it takes on one line.
    #[must_use]
    pub fn width(&self) -> usize {
        width(&self.text)
    }

    /// In another colour, if it has none of its own.
    #[must_use]
    pub fn or(mut self, paint: Paint) -> Span {
        if self.paint == Paint::Plain {
            self.paint = paint;
        }
        self
    }
}

/// Columns that spans take on one line.
#[must_use]
pub fn total(spans: &[Span]) -> usize {
    spans.iter().map(Span::width).sum()
}

/// Where lines go.
pub struct Page<'a> {
    out: &'a mut dyn io::Write,
    color: bool,
    width: usize,
    now: Paint,
}

impl<'a> Page<'a> {
    /// A page of `width` columns; less than 40 is taken as 40.
    pub fn new(out: &'a mut dyn io::Write, color: bool, width: usize) -> Page<'a> {
        Page {
            out,
            color,
            width: width.max(40),
            now: Paint::Plain,
        }
    }

    /// Columns of a line.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// An empty line.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn blank(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    /// One line, however long.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn line(&mut self, indent: usize, spans: &[Span]) -> io::Result<()> {
        self.indent(indent)?;
        for span in spans {
            self.put(&span.text, span.paint)?;
        }
        self.end()
    }

    /// Spans wrapped at the page's width, the first line indented by `first`, the others by
    /// `rest`. What is longer than a line and has no space stays whole.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn wrapped(&mut self, first: usize, rest: usize, spans: &[Span]) -> io::Result<()> {
        self.indent(first)?;
        self.flow(first, rest, spans)
    }

    /// `label` in a column of `column` characters behind `indent`, and spans wrapped beside it.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn row(
        &mut self,
        indent: usize,
        column: usize,
        label: &str,
        spans: &[Span],
    ) -> io::Result<()> {
        let label = Span::solid(label, Paint::Dim);
        self.indent(indent)?;
        if !label.text.is_empty() {
            self.put(&label.text, label.paint)?;
            self.paint(Paint::Plain)?;
        }
        self.indent(column.saturating_sub(label.width()).max(1))?;
        self.flow(indent + column, indent + column, spans)
    }

    /// `cells` in columns of these widths behind `indent`, and spans wrapped beside them.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn columns(
        &mut self,
        indent: usize,
        cells: &[(Span, usize)],
        spans: &[Span],
    ) -> io::Result<()> {
        self.indent(indent)?;
        let (mut at, mut due) = (indent, 0);
        for (cell, column) in cells {
            if cell.width() > 0 {
                self.paint(Paint::Plain)?;
                self.indent(due)?;
                self.put(&cell.text, cell.paint)?;
                due = 0;
            }
            due += column.saturating_sub(cell.width()) + 2;
            at += cell.width().max(*column) + 2;
        }
        self.paint(Paint::Plain)?;
        if spans.is_empty() {
            return self.end();
        }
        self.indent(due)?;
        self.flow(at, at, spans)
    }

    fn flow(&mut self, from: usize, rest: usize, spans: &[Span]) -> io::Result<()> {
        let (mut at, mut empty) = (from, true);
        for unit in units(spans) {
            let wide: usize = unit.iter().map(|(text, _)| width(text)).sum();
            let starts = unit.first().map_or(Paint::Plain, |(_, paint)| *paint);
            if empty {
                empty = false;
            } else if at + 1 + wide > self.width {
                self.end()?;
                self.indent(rest)?;
                at = rest;
            } else {
                // A space is painted only between words of one paint.
                if starts != self.now {
                    self.paint(Paint::Plain)?;
                }
                self.out.write_all(b" ")?;
                at += 1;
            }
            for (text, paint) in unit {
                self.put(text, paint)?;
            }
            at += wide;
        }
        self.end()
    }

    fn indent(&mut self, n: usize) -> io::Result<()> {
        write!(self.out, "{:n$}", "")
    }

    fn put(&mut self, text: &str, paint: Paint) -> io::Result<()> {
        self.paint(paint)?;
        self.out.write_all(text.as_bytes())
    }

    fn paint(&mut self, paint: Paint) -> io::Result<()> {
        if !self.color || paint == self.now {
            return Ok(());
        }
        if self.now != Paint::Plain {
            self.out.write_all(RESET.as_bytes())?;
        }
        self.now = paint;
        self.out.write_all(paint.sequence().as_bytes())
    }

    fn end(&mut self) -> io::Result<()> {
        self.paint(Paint::Plain)?;
        self.out.write_all(b"\n")
    }
}

/// What may not be broken: words of prose, solid spans, and what touches them without a space.
fn units(spans: &[Span]) -> Vec<Vec<(&str, Paint)>> {
    let mut units: Vec<Vec<(&str, Paint)>> = Vec::new();
    let mut open = false;
    for span in spans {
        let words: Vec<&str> = if span.solid {
            vec![&span.text]
        } else {
            span.text.split(' ').collect()
        };
        for (i, word) in words.into_iter().enumerate() {
            open &= i == 0;
            if word.is_empty() {
                continue;
            }
            match units.last_mut() {
                Some(unit) if open => unit.push((word, span.paint)),
                _ => units.push(vec![(word, span.paint)]),
            }
            open = true;
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(color: bool, f: impl Fn(&mut Page<'_>) -> io::Result<()>) -> String {
        let mut bytes = Vec::new();
        f(&mut Page::new(&mut bytes, color, 40)).expect("memory takes all");
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn prose_wraps_and_solid_spans_stay_whole() {
        let spans = [
            Span::prose("DB_TIMEOUT is ("),
            Span::solid("a  b c", Paint::Bold),
            Span::prose("), and the rest of the sentence is wrapped"),
        ];
        assert_eq!(
            page(false, |p| p.wrapped(2, 4, &spans)),
            "  DB_TIMEOUT is (a  b c), and the rest\n    of the sentence is wrapped\n"
        );
    }

    #[test]
    fn rows_hang_and_long_words_are_not_cut() {
        let spans = [Span::prose(
            "a/very/long/path/that/has/no/place/to/break.yaml and more",
        )];
        assert_eq!(
            page(false, |p| p.row(2, 6, "git", &spans)),
            "  git   a/very/long/path/that/has/no/place/to/break.yaml\n        and more\n"
        );
    }

    #[test]
    fn colours_are_switched_off_at_the_end_of_each_line() {
        let spans = [
            Span::painted("error: one two", Paint::BoldRed),
            Span::prose(" three"),
        ];
        assert_eq!(
            page(true, |p| p.wrapped(0, 0, &spans)),
            "\x1b[1;31merror: one two\x1b[0m three\n"
        );
        assert_eq!(
            page(false, |p| p.wrapped(0, 0, &spans)),
            "error: one two three\n"
        );
    }

    #[test]
    fn a_span_holds_no_escape() {
        let span = Span::solid("\x1b[31mred\n", Paint::Plain);
        assert_eq!(
            page(true, |p| p.line(0, std::slice::from_ref(&span))),
            "\\u{1b}[31mred\\n\n"
        );
    }
}
