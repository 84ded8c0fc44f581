//! Reports as bytes: one format per file, each seeing only the [`Report`].
//!
//! A format joins and escapes: a [`Message`] keeps its dynamic parts apart and a resolution is
//! an argv, so that nothing of somebody else's input is taken for words or for shell syntax.

pub mod environments;
pub mod explanation;
mod json;
mod lines;
mod parts;
mod text;
mod value;
mod words;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use crate::{
    model::{
        finding::{Message, Piece},
        report::Report,
    },
    text::{number, terminal},
};
use std::io;

/// How a report is written. The result never depends on it, only its look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// SGR colours: only on a terminal, and without `NO_COLOR`. The caller decides.
    pub color: bool,
    /// Columns of the terminal; 80 where there is none.
    pub width: usize,
    /// Everything: accepted findings, older differences, each target of its own.
    pub verbose: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style {
            color: false,
            width: 80,
            verbose: false,
        }
    }
}

/// A format.
#[derive(Debug)]
pub struct Format {
    /// As in `--format`.
    pub name: &'static str,
    /// One line for `--help`.
    pub summary: &'static str,
    /// Writes the report. Errors are those of the writer only; what a closed pipe means is the
    /// caller's business.
    pub write: fn(&Report, &Style, &mut dyn io::Write) -> io::Result<()>,
}

/// All formats, the default first.
pub static FORMATS: &[&Format] = &[&text::FORMAT, &json::FORMAT];

/// The format of this name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|f| f.name == name)
}

/// A message as one line of plain text: dynamic parts sanitised, long values shortened, a secret
/// as `(secret)`.
#[must_use]
pub fn message(message: &Message) -> String {
    message.0.iter().map(piece).collect()
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Words(words) => (*words).into(),
        Piece::Key(text) | Piece::Name(text) => terminal(text).into_owned(),
        Piece::Value(shown) => value::spoken(shown),
        Piece::Time(time) => time.to_string(),
        Piece::Count(n) => number(*n),
    }
}
