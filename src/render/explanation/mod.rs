//! Explanations as bytes: one format per file, each seeing only the [`Explanation`].

mod json;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
mod text;

use crate::{model::explanation::Explanation, render::Style};
use std::io;

/// A format of explanations.
#[derive(Debug)]
pub struct ExplanationFormat {
    /// As in `--format`.
    pub name: &'static str,
    /// One line for `--help`.
    pub summary: &'static str,
    /// Writes the explanation. Errors are those of the writer only.
    pub write: fn(&Explanation, &Style, &mut dyn io::Write) -> io::Result<()>,
}

/// All formats, the default first.
pub static FORMATS: &[&ExplanationFormat] = &[&text::FORMAT, &json::FORMAT];
