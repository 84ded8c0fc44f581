//! motdotla/dotenv: its regular expression, taken apart. It searches, so that what does not match
//! is skipped, and blanks may be line breaks.

use crate::document::pairs::{Leaf, Pairs};
use std::{borrow::Cow, ops::Range};

pub(super) fn read(pairs: &mut Pairs<'_>) {
    let text = pairs.text();
    let mut at = 0;
    loop {
        at = behind_space(text, at);
        if at >= text.len() {
            return;
        }
        if let Some(found) = setting(text, at) {
            pairs.push(
                &text[found.key.clone()],
                found.key,
                Leaf::Text(found.value),
                found.at,
            );
            at = found.end;
            continue;
        }
        let end = line_end(text, at);
        if !text[at..].starts_with('#') {
            pairs.note(
                at..end,
                "a line that is no `NAME=value`: dotenv skips it",
                "write it as `NAME=value`, or as a comment",
            );
        }
        at = end;
    }
}

struct Setting<'t> {
    key: Range<usize>,
    value: Cow<'t, str>,
    at: Range<usize>,
    /// Where to go on: blanks, a comment or a new line follow.
    end: usize,
}

fn setting(text: &str, at: usize) -> Option<Setting<'_>> {
    let exported = text[at..]
        .strip_prefix("export")
        .map(|_| at + "export".len())
        .filter(|end| behind_space(text, *end) > *end)
        .and_then(|end| assignment(text, behind_space(text, end)));
    exported.or_else(|| assignment(text, at))
}

fn assignment(text: &str, at: usize) -> Option<Setting<'_>> {
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let key = text[at..].find(|c| !is_key(c)).unwrap_or(text.len() - at);
    if key == 0 {
        return None;
    }
    let key = at..at + key;
    let behind = behind_space(text, key.end);
    let from = if text[behind..].starts_with('=') {
        behind + 1
    } else {
        // `NAME: value` needs a blank, which may be the line's end.
        let rest = text[key.end..].strip_prefix(':')?;
        let blank = rest.chars().next().filter(|c| is_space(*c))?;
        key.end + 1 + blank.len_utf8()
    };
    let (raw, end) = value(text, from);
    Some(Setting {
        key,
        value: unquoted(&text[raw.clone()]),
        at: raw,
        end,
    })
}

/// Where the value stands, and where to go on.
fn value(text: &str, from: usize) -> (Range<usize>, usize) {
    let first = behind_space(text, from);
    if let Some(quote @ (b'\'' | b'"' | b'`')) = text.as_bytes().get(first)
        && let Some(close) = closing(text, first, *quote)
    {
        return (first..close + 1, close + 1);
    }
    let end = text[from..]
        .find(['#', '\r', '\n'])
        .map_or(text.len(), |n| from + n);
    let raw = &text[from..end];
    let bare = raw.trim_start_matches(is_space);
    let start = end - bare.len();
    let bare = bare.trim_end_matches(is_space);
    (start..start + bare.len(), end)
}

/// The quote that closes the one at `open`: the first without a backslash, or, if something else
/// follows that on its line, the last with one that the line ends behind.
fn closing(text: &str, open: usize, quote: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut candidates = Vec::new();
    let mut at = open + 1;
    while let Some(byte) = bytes.get(at) {
        if *byte == quote {
            candidates.push(at);
            break;
        }
        if *byte == b'\\' && bytes.get(at + 1) == Some(&quote) {
            at += 1;
            candidates.push(at);
        }
        at += 1;
    }
    candidates
        .into_iter()
        .rev()
        .find(|close| ends_line(text, close + 1))
}

/// Whether only blanks and a comment are left of the line.
fn ends_line(text: &str, at: usize) -> bool {
    let rest = text[at..].chars().find(|c| !is_space(*c) || is_break(*c));
    rest.is_none_or(|c| c == '#' || is_break(c))
}

fn unquoted(raw: &str) -> Cow<'_, str> {
    let quote = raw.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'));
    let inner = quote
        .and_then(|q| raw.strip_prefix(q)?.strip_suffix(q))
        .unwrap_or(raw);
    let mut value = Cow::Borrowed(inner);
    if value.contains('\r') {
        value = value.replace("\r\n", "\n").replace('\r', "\n").into();
    }
    if quote == Some('"') && value.contains('\\') {
        value = value.replace("\\n", "\n").replace("\\r", "\r").into();
    }
    value
}

fn behind_space(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches(is_space).len()
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find(is_break).map_or(text.len(), |n| at + n)
}

/// `\s` of JavaScript.
fn is_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

/// What ends a line in JavaScript.
fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}
