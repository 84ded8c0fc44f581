//! Environments side by side as bytes: one format per file, each seeing only the
//! [`Environments`].

mod json;
#[cfg(test)]
mod tests;
mod text;

use crate::{model::environments::Environments, render::Style};
use std::io;

/// A format of comparisons.
#[derive(Debug)]
pub struct EnvironmentsFormat {
    /// As in `--format`.
    pub name: &'static str,
    /// One line for `--help`.
    pub summary: &'static str,
    /// Writes the comparison. Errors are those of the writer only.
    pub write: fn(&Environments, &Style, &mut dyn io::Write) -> io::Result<()>,
}

/// All formats, the default first.
pub static FORMATS: &[&EnvironmentsFormat] = &[&text::FORMAT, &json::FORMAT];
