//! Something wrong in a file: where, what, and what to do.

use super::place::Place;
use std::fmt;

/// A problem in a configuration file or manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where; absent when it is about no file.
    pub place: Option<Place>,
    /// What is wrong and what was expected. Holds no value of a manifest.
    pub message: String,
    /// What to do ("did you mean `environments`?").
    pub hint: Option<String>,
    /// The offending line, for files that hold no secrets (driftgate.yaml).
    pub snippet: Option<Snippet>,
    /// Whether something is missing or in doubt because of it, so that the verdict is incomplete.
    /// A duplicate key, of which one wins, is a problem and leaves nothing unread.
    pub blocks: bool,
}

/// A line of a file with the offending part marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The whole line, without its end.
    pub line: String,
    /// Characters before the marked part.
    pub before: usize,
    /// Characters to mark, at least 1.
    pub width: usize,
}

impl Problem {
    /// A problem at a place that leaves something unread.
    #[must_use]
    pub fn new(place: Option<Place>, message: impl Into<String>) -> Problem {
        Problem {
            place,
            message: message.into(),
            hint: None,
            snippet: None,
            blocks: true,
        }
    }

    /// With what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// A problem that leaves nothing unread.
    #[must_use]
    pub fn harmless(mut self) -> Problem {
        self.blocks = false;
        self
    }
}

/// `deploy/api.yaml:3:5: message` on one line, the hint behind it.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}
