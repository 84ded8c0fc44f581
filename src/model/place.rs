//! Where an entry of the desired side is written.

use super::tree::Span;
use serde::Serialize;
use std::{fmt, sync::Arc};

/// A place in a file of the repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Path from the repository's root, with `/`.
    pub file: Arc<str>,
    /// Absent when only the file is known.
    pub span: Option<Span>,
    /// How sure the place is.
    pub exact: Exactness,
}

/// How sure a [`Place`] is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exactness {
    /// The text of the entry stands there.
    Exact,
    /// Rendered: the file it was made from, and how that is known (`# Source:` comment, origin annotation).
    Approximate(&'static str),
}

impl Place {
    /// The place of a text that stands there as it is.
    #[must_use]
    pub fn exact(file: Arc<str>, span: Option<Span>) -> Place {
        Place {
            file,
            span,
            exact: Exactness::Exact,
        }
    }

    /// Whether the line is the line of this very entry.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.exact == Exactness::Exact
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(span) = self.span {
            write!(f, ":{}:{}", span.line, span.column)?;
        }
        Ok(())
    }
}
