//! Docker Compose's `.env` and `env_file`, after compose-go's `dotenv` package.

use super::{FROM_ENVIRONMENT, Known};
use crate::document::pairs::{Leaf, Pairs};
use std::{borrow::Cow, ops::Range};

/// The symbol of what Compose fills in from elsewhere.
const INTERPOLATION: &str = "interpolation";

pub(super) fn read(pairs: &mut Pairs<'_>) {
    Reader {
        text: pairs.text(),
        pairs,
        at: 0,
        known: Known::default(),
    }
    .run();
}

struct Reader<'p, 'i> {
    pairs: &'p mut Pairs<'i>,
    text: &'i str,
    at: usize,
    known: Known,
}

/// A value and its place.
type Found<'i> = (Leaf<'i>, Range<usize>);

/// The line of a quote that nothing closes.
struct Unclosed(Range<usize>);

impl<'i> Reader<'_, 'i> {
    fn run(&mut self) {
        loop {
            let rest = self.text[self.at..].trim_start();
            self.at = self.text.len() - rest.len();
            if rest.is_empty() {
                return;
            }
            if rest.starts_with('#') {
                self.at = self.line_end();
            } else {
                self.setting();
            }
        }
    }

    fn line_end(&self) -> usize {
        crate::document::pairs::line_end(self.text, self.at)
    }

    fn setting(&mut self) {
        let start = self.at;
        if let Some(behind) = self.text[start..].strip_prefix("export")
            && behind.starts_with(|c: char| c.is_ascii_whitespace())
        {
            let behind = behind.trim_start_matches(is_blank);
            self.at = self.text.len() - behind.len();
        }
        let from = self.at;
        let rest = &self.text[from..];
        let end = rest.find(['=', ':', '\n']).unwrap_or(rest.len());
        let name = rest[..end].trim_end();
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
        if name.is_empty() || !name.chars().all(allowed) {
            let line = self.line_end();
            self.pairs.broken(
                from..line.max(from),
                "a line that is no `NAME=value`, for which Compose refuses the file",
                Some("names have letters, digits and `_ . - [ ]`"),
            );
            self.at = line;
            return;
        }
        let name_at = from..from + name.len();
        self.at = from + end;
        if matches!(rest.as_bytes().get(end), None | Some(b'\n')) {
            self.known.set(name, None);
            self.pairs.push(
                name,
                name_at,
                Leaf::Opaque(FROM_ENVIRONMENT),
                self.at..self.at,
            );
            return;
        }
        let behind = rest[end + 1..].trim_start_matches(is_blank);
        self.at = self.text.len() - behind.len();
        self.value(name, name_at);
    }

    fn value(&mut self, name: &'i str, name_at: Range<usize>) {
        let from = self.at;
        let found = match self.text.as_bytes().get(from) {
            Some(quote @ (b'"' | b'\'')) => self.quoted(char::from(*quote)),
            _ => Ok(self.bare()),
        };
        match found {
            Ok((value, at)) => {
                let text = match &value {
                    Leaf::Text(text) => Some(&**text),
                    Leaf::Opaque(_) => None,
                };
                self.known.set(name, text);
                self.pairs.push(name, name_at, value, at);
            }
            Err(Unclosed(at)) => self.pairs.broken(
                at,
                "a quote that is not closed; nothing behind it is read",
                None,
            ),
        }
    }

    fn bare(&mut self) -> Found<'i> {
        let from = self.at;
        self.at = self.line_end();
        let line = &self.text[from..self.at];
        let value = line.split(" #").next().unwrap_or_default().trim_end();
        let at = from..from + value.len();
        (self.expanded(value.into(), &at), at)
    }

    /// The value in quotes at the current place.
    fn quoted(&mut self, quote: char) -> Result<Found<'i>, Unclosed> {
        let from = self.at;
        let mut value = String::new();
        let mut escaped = false;
        for (n, c) in self.text[from + 1..].char_indices() {
            match c {
                c if c == quote && !escaped => {
                    self.at = from + 1 + n + 1;
                    let at = from..self.at;
                    return Ok((
                        match quote {
                            '"' => self.expanded(unescaped(&value).into(), &at),
                            _ => Leaf::Text(value.into()),
                        },
                        at,
                    ));
                }
                '\\' if !escaped => {
                    escaped = true;
                    continue;
                }
                c => {
                    if escaped && c != quote {
                        value.push('\\');
                    }
                    value.push(c);
                }
            }
            escaped = false;
        }
        let line = self.line_end();
        self.at = self.text.len();
        Err(Unclosed(from..line))
    }

    fn expanded(&mut self, value: Cow<'i, str>, at: &Range<usize>) -> Leaf<'i> {
        if !value.contains('$') {
            return Leaf::Text(value);
        }
        if has_broken_brace(&value) {
            self.pairs.broken(
                at.clone(),
                "a `${` that is no interpolation, for which Compose refuses the file",
                Some("write a `$` that stands for itself as `$$`"),
            );
            return Leaf::Opaque(INTERPOLATION);
        }
        match self.substituted(&value, 0) {
            Some(text) => Leaf::Text(text.into()),
            None => Leaf::Opaque(INTERPOLATION),
        }
    }

    /// The text with what the file itself knows filled in; absent if that is not enough.
    fn substituted(&mut self, text: &str, depth: usize) -> Option<String> {
        // Defaults may nest.
        const DEEPEST: usize = 20;
        if depth > DEEPEST {
            return None;
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(n) = rest.find('$') {
            out.push_str(&rest[..n]);
            rest = &rest[n + 1..];
            if let Some(behind) = rest.strip_prefix('$') {
                out.push('$');
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix('{') {
                let close = closing_brace(behind)?;
                out.push_str(&self.braced(&behind[..close], depth)?);
                rest = &behind[close + 1..];
            } else {
                let name = name_of(rest);
                match name {
                    "" => out.push('$'),
                    name => out.push_str(self.known.text(name)?),
                }
                rest = &rest[name.len()..];
            }
        }
        out.push_str(rest);
        Some(out)
    }

    /// `NAME`, `NAME:-default`, `NAME-default`, `NAME:?message`, `NAME?message`, `NAME:+other`,
    /// `NAME+other`, of a variable that the file sets.
    fn braced(&mut self, inner: &str, depth: usize) -> Option<String> {
        let name = name_of(inner);
        let value = self.known.text(name)?.to_owned();
        let rest = &inner[name.len()..];
        let (empty_counts, rest) = match rest.strip_prefix(':') {
            Some(rest) => (value.is_empty(), rest),
            None => (false, rest),
        };
        let mut chars = rest.chars();
        match chars.next() {
            None if inner.len() == name.len() => Some(value),
            Some('-') if empty_counts => self.substituted(chars.as_str(), depth + 1),
            Some('+') if !empty_counts => self.substituted(chars.as_str(), depth + 1),
            // Compose refuses to start.
            Some('?') if empty_counts => None,
            Some('-' | '+' | '?') => Some(value),
            _ => None,
        }
    }
}

/// A name at the start of a text; names of variables have no other letters than these.
fn name_of(text: &str) -> &str {
    let end = text
        .find(|c: char| c != '_' && !c.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    match text.as_bytes().first() {
        Some(b) if b.is_ascii_digit() => "",
        _ => &text[..end],
    }
}

/// Whether a `${` has no name, no end on its line, or something else behind the name than Compose
/// knows.
fn has_broken_brace(text: &str) -> bool {
    let mut open = 0_usize;
    let mut rest = text;
    while let Some(n) = rest.find(['$', '{', '}', '\n']) {
        let found = rest.as_bytes()[n];
        rest = &rest[n + 1..];
        match found {
            b'$' if rest.starts_with('$') => rest = &rest[1..],
            b'$' => {
                let Some(inner) = rest.strip_prefix('{') else {
                    continue;
                };
                let name = name_of(inner);
                let behind = &inner[name.len()..];
                let operator = behind.strip_prefix(':').unwrap_or(behind);
                let is_sound = behind.starts_with('}') || operator.starts_with(['-', '?', '+']);
                if name.is_empty() || !is_sound {
                    return true;
                }
                open += 1;
                rest = behind;
            }
            b'{' if open > 0 => open += 1,
            b'}' => open = open.saturating_sub(1),
            b'\n' if open > 0 => return true,
            _ => {}
        }
    }
    open > 0
}

fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 1 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

/// `\n` and its like, and octal digits behind `\0`; `\$` becomes `$$`, which stands for a `$`.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(n) = rest.find('\\') {
        out.push_str(&rest[..n]);
        rest = &rest[n + 1..];
        let Some(next) = rest.chars().next() else {
            out.push('\\');
            break;
        };
        let simple = match next {
            'a' => Some('\u{7}'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\u{b}'),
            '"' | '\\' => Some(next),
            _ => None,
        };
        if let Some(c) = simple {
            out.push(c);
            rest = &rest[1..];
        } else if next == '$' {
            out.push_str("$$");
            rest = &rest[1..];
        } else if next == '0' {
            let digits: String = rest[1..]
                .chars()
                .take(3)
                .take_while(char::is_ascii_digit)
                .collect();
            rest = &rest[1 + digits.len()..];
            let code = u8::from_str_radix(&digits, 8);
            match code {
                Ok(code) if digits.len() == 3 => out.push(char::from(code)),
                // compose-go loses the `0`.
                _ => {
                    out.push('\\');
                    out.push_str(&digits);
                }
            }
        } else {
            out.push('\\');
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out.push_str(rest);
    out
}

/// Go's `isSpace` of that package: blanks that end no line.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}'
    )
}
