//! Problems as text, the way compilers show them.

use crate::model::problem::{Problem, Snippet};
use std::fmt::Write;

/// Longer lines are cut around the marked part.
const WINDOW: usize = 160;

/// All problems in plain text, each with its line and the offending part marked:
///
/// ```text
/// driftgate.yaml:12:3: unknown field `enviroments`
///    12 |   enviroments:
///       |   ^^^^^^^^^^^ did you mean `environments`?
/// ```
///
/// Control characters, and those that turn the direction of text, are shown as `�`.
#[must_use]
pub fn show(problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems {
        if let Some(place) = &problem.place {
            out.push_str(&harmless(&place.to_string()));
            out.push_str(": ");
        }
        if !problem.blocks {
            out.push_str("note: ");
        }
        out.push_str(&harmless(&problem.message));
        out.push('\n');
        let line = problem.place.as_ref().and_then(|p| p.span).map(|s| s.line);
        let hint = problem.hint.as_deref().map(harmless);
        match (&problem.snippet, line, hint) {
            (Some(snippet), Some(line), hint) => {
                marked(&mut out, snippet, line, hint.as_deref());
            }
            (_, _, Some(hint)) => {
                out.push_str("       = ");
                out.push_str(&hint);
                out.push('\n');
            }
            (_, _, None) => {}
        }
    }
    out
}

fn marked(out: &mut String, snippet: &Snippet, line: u32, hint: Option<&str>) {
    let from = match snippet.line.chars().count() {
        length if length > WINDOW => snippet.before.saturating_sub(WINDOW / 4),
        _ => 0,
    };
    let width = snippet.width.clamp(1, WINDOW / 2);
    let text: String = snippet.line.chars().skip(from).take(WINDOW).collect();
    let text = harmless(text.trim_end());
    let (blank, mark) = (" ".repeat(snippet.before - from), "^".repeat(width));
    // Writing to a String can't fail.
    let _ = writeln!(out, "{line:>5} | {text}");
    let _ = write!(out, "      | {blank}{mark}");
    if let Some(hint) = hint {
        let _ = write!(out, " {hint}");
    }
    out.push('\n');
}

/// The text on one line, without anything that a terminal would obey. One character stays one.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() || is_invisible(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Zero-width and bidirectional controls: they make a line look like another one.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{place::Place, tree::Span};

    fn problem(line: &str, before: usize, width: usize) -> Problem {
        let span = Span {
            line: 12,
            column: u32::try_from(before).expect("small") + 1,
            start: 0,
            end: 0,
        };
        let place = Place::exact("driftgate.yaml".into(), Some(span));
        let mut problem = Problem::new(Some(place), "unknown field `enviroments`")
            .hint("did you mean `environments`?");
        problem.snippet = Some(Snippet {
            line: line.into(),
            before,
            width,
        });
        problem
    }

    #[test]
    fn a_problem_shows_its_line() {
        assert_eq!(
            show(&[problem("  enviroments:", 2, 11)]),
            "\
driftgate.yaml:12:3: unknown field `enviroments`
   12 |   enviroments:
      |   ^^^^^^^^^^^ did you mean `environments`?
"
        );
    }

    #[test]
    fn a_place_without_a_line_keeps_its_hint() {
        let mut problem = problem("", 0, 1);
        problem.snippet = None;
        problem.blocks = false;
        assert_eq!(
            show(&[problem]),
            "\
driftgate.yaml:12:1: note: unknown field `enviroments`
       = did you mean `environments`?
"
        );
    }

    #[test]
    fn terminals_are_told_nothing() {
        let mut hostile = problem("\tx: \u{1b}[31mred\u{202e}\r", 1, 1);
        hostile.message = "a\nb\u{7}".into();
        let shown = show(&[hostile]);
        let expected = "\
driftgate.yaml:12:2: a\u{fffd}b\u{fffd}
   12 |  x: \u{fffd}[31mred\u{fffd}
      |  ^ did you mean `environments`?
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let shown = show(&[problem(&"x".repeat(900), 700, 5)]);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[1].len() < 200, "{shown}");
        assert_eq!(lines[2].matches('^').count(), 5);
    }
}
