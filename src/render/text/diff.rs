//! The first lines that differ between two multi-line values.

use super::value::is_multi_line;
use crate::{
    model::value::Shown,
    text::{
        page::{Page, Paint, Span},
        terminal, truncate,
    },
};
use std::io;

/// Lines shown at most.
const LINES: usize = 6;
/// How far ahead the two sides are searched for a line that they share.
const AHEAD: usize = 64;

/// A line that only one side has.
#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    sign: char,
    number: usize,
    text: &'a str,
}

/// The two values, if one of them has more than one line.
pub(super) fn files<'a>(a: &'a Shown, b: &'a Shown) -> Option<(&'a str, &'a str)> {
    match (a, b) {
        (Shown::Value(a), Shown::Value(b)) if is_multi_line(a) || is_multi_line(b) => Some((a, b)),
        _ => None,
    }
}

/// Writes the first differing lines, `-` for `a` and `+` for `b`.
pub(super) fn write(
    page: &mut Page<'_>,
    indent: usize,
    column: usize,
    (a, b): (&str, &str),
) -> io::Result<()> {
    let (lines, more) = differing(a, b);
    let mut last = 0;
    for line in &lines {
        let label = if line.number == last {
            String::new()
        } else {
            format!("line {}", line.number)
        };
        last = line.number;
        let text = format!("{} {}", line.sign, line.text);
        let room = page.width().saturating_sub(indent + column);
        let paint = if line.sign == '-' {
            Paint::Red
        } else {
            Paint::Green
        };
        page.line(
            indent,
            &[
                Span::solid(&format!("{label:column$}"), Paint::Dim),
                Span::solid(&truncate(&terminal(&text), room), paint),
            ],
        )?;
    }
    if more {
        page.row(
            indent,
            column,
            "",
            &[Span::painted("… and more", Paint::Dim)],
        )?;
    }
    Ok(())
}

/// The differing lines, in order, and whether there are more than are shown. Greedy: not the
/// shortest difference, but linear, and the first differing line is always the first.
fn differing<'a>(a: &'a str, b: &'a str) -> (Vec<Line<'a>>, bool) {
    let (a, b): (Vec<_>, Vec<_>) = (a.split('\n').collect(), b.split('\n').collect());
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while (i < a.len() || j < b.len()) && lines.len() <= LINES {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let (to_i, to_j) = meeting(&a[i..], &b[j..]);
        for (n, text) in a.iter().enumerate().skip(i).take(to_i) {
            lines.push(Line {
                sign: '-',
                number: n + 1,
                text,
            });
        }
        for (n, text) in b.iter().enumerate().skip(j).take(to_j) {
            lines.push(Line {
                sign: '+',
                number: n + 1,
                text,
            });
        }
        (i, j) = (i + to_i, j + to_j);
    }
    let more = lines.len() > LINES;
    lines.truncate(LINES);
    (lines, more)
}

/// How many lines of each side to skip until both go on alike.
fn meeting(a: &[&str], b: &[&str]) -> (usize, usize) {
    for both in 1..=AHEAD {
        for skip_a in 0..=both {
            let skip_b = both - skip_a;
            if let (Some(x), Some(y)) = (a.get(skip_a), b.get(skip_b))
                && x == y
            {
                return (skip_a, skip_b);
            }
        }
    }
    if a.len() <= AHEAD && b.len() <= AHEAD {
        (a.len(), b.len())
    } else {
        (1.min(a.len()), 1.min(b.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(a: &str, b: &str) -> (String, bool) {
        let (lines, more) = differing(a, b);
        let text: Vec<String> = lines
            .iter()
            .map(|l| format!("{}{}{}", l.number, l.sign, l.text))
            .collect();
        (text.join(" "), more)
    }

    #[test]
    fn edits_insertions_and_ends() {
        assert_eq!(signs("a\nb\nc", "a\nx\nc"), ("2-b 2+x".into(), false));
        assert_eq!(signs("a\nc", "a\nb\nc"), ("2+b".into(), false));
        assert_eq!(signs("a\nb\nc", "a\nc"), ("2-b".into(), false));
        assert_eq!(signs("a\nb", "a\nb\nc"), ("3+c".into(), false));
        assert_eq!(signs("a\n", "a"), ("2-".into(), false));
        assert_eq!(signs("a", "b"), ("1-a 1+b".into(), false));
    }

    #[test]
    fn scattered_differences_and_the_limit() {
        assert_eq!(
            signs("1\n2\n3\n4\n5", "1\nx\n3\ny\n5"),
            ("2-2 2+x 4-4 4+y".into(), false)
        );
        let (text, more) = signs("1\n2\n3\n4\n5\n6\n7", "a\n2\nb\n4\nc\n6\nd");
        assert_eq!((text.as_str(), more), ("1-1 1+a 3-3 3+b 5-5 5+c", true));
    }

    #[test]
    fn long_sides_without_a_common_line_end() {
        let (a, b) = ("a\n".repeat(5000), "b\n".repeat(4000));
        assert!(differing(&a, &b).1);
        assert!(differing(&a, "").1);
    }
}
