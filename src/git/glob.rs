//! Files by pattern, without walking what cannot match.

use super::{
    error::FileError,
    files::{Files, PathKind},
    path::{is_within, segments},
    walk::Walk,
};
use globset::{Glob, GlobBuilder, GlobMatcher};

impl Files {
    /// The files that a pattern matches, sorted, and what could not be entered on the way. `*` and
    /// `?` stay within a segment, `**` stands for any number of folders, `{a,b}` and `[a-z]` as
    /// usual. Only the folders that can hold a match are read. No match is an empty result.
    ///
    /// # Errors
    /// [`FileError::Pattern`], or [`FileError`] of the folder that the pattern starts with.
    pub fn glob(&self, pattern: &str) -> Result<Walk, FileError> {
        let wanted = Pattern::new(pattern)?;
        if !matches!(self.kind_of(&wanted.start)?, PathKind::Folder) {
            return Ok(Walk::default());
        }
        self.walk_where(
            &wanted.start,
            &|folder| wanted.may_match_below(folder),
            &|file| wanted.whole.is_match(file),
        )
    }
}

struct Pattern {
    whole: GlobMatcher,
    /// The folder that all matches are in.
    start: String,
    parts: Vec<Part>,
}

enum Part {
    Literal(String),
    Glob(GlobMatcher),
    /// Anything, any number of segments: `**`, and what cannot be told apart segment by segment.
    Anything,
}

impl Pattern {
    fn new(pattern: &str) -> Result<Pattern, FileError> {
        // Patterns obey the rules of paths.
        let names = segments(pattern)?;
        let whole = compile(&names.join("/"), pattern)?.compile_matcher();
        let mut parts = Vec::new();
        for name in &names {
            parts.push(
                if name.contains("**") || name.contains(['{', '[', '\\', '}', ']']) {
                    Part::Anything
                } else if name.contains(['*', '?']) {
                    Part::Glob(compile(name, pattern)?.compile_matcher())
                } else {
                    Part::Literal((*name).into())
                },
            );
        }
        let start = names
            .iter()
            .zip(&parts)
            .take(names.len().saturating_sub(1))
            .take_while(|(_, part)| matches!(part, Part::Literal(_)))
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join("/");
        Ok(Pattern {
            whole,
            start,
            parts,
        })
    }

    /// Whether a file below this folder can match.
    fn may_match_below(&self, folder: &str) -> bool {
        if is_within(&self.start, folder) {
            return true;
        }
        let mut parts = self.parts.iter();
        for name in folder.split('/') {
            match parts.next() {
                Some(Part::Anything) => return true,
                Some(Part::Literal(literal)) if literal == name => {}
                Some(Part::Glob(glob)) if glob.is_match(name) => {}
                _ => return false,
            }
        }
        parts.next().is_some()
    }
}

fn compile(text: &str, pattern: &str) -> Result<Glob, FileError> {
    GlobBuilder::new(text)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|e| FileError::Pattern {
            pattern: pattern.into(),
            reason: e.kind().to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(pattern: &str, folder: &str) -> bool {
        Pattern::new(pattern)
            .expect("a pattern")
            .may_match_below(folder)
    }

    #[test]
    fn folders_that_cannot_match_are_not_entered() {
        assert!(may("deploy/*/api.yaml", "deploy"));
        assert!(may("deploy/*/api.yaml", "deploy/eu"));
        assert!(!may("deploy/*/api.yaml", "deploy/eu/old"));
        assert!(!may("deploy/*/api.yaml", "src"));
        assert!(may("deploy/**/api.yaml", "deploy/eu/old/x"));
        assert!(!may("deploy/**/api.yaml", "vendor"));
        assert!(may("{deploy,charts}/*.yaml", "charts"));
        assert!(!may("*.yaml", "deploy"));
        assert!(may("**/*.yaml", "anything/at/all"));
    }

    #[test]
    fn patterns_obey_the_rules_of_paths() {
        assert!(matches!(
            Pattern::new("../*.yaml").err(),
            Some(FileError::Leaves { .. })
        ));
        assert!(matches!(
            Pattern::new("a/[").err(),
            Some(FileError::Pattern { .. })
        ));
    }
}
