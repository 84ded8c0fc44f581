//! INI, as Python's configparser reads it by default, with three allowances that most others make:
//! keys keep their case, quotes around a whole value are taken off, and keys may precede the first
//! section.

use super::{
    Parsed,
    input::Input,
    pairs::{Leaf, Pairs, line_end},
};
use std::ops::Range;

pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let input = match Input::plain(bytes) {
        Ok(input) => input,
        Err(problem) => return Parsed::broken(problem),
    };
    let pairs = match Pairs::of(&input) {
        Ok(pairs) => pairs,
        Err(broken) => return broken,
    };
    let text = pairs.text();
    let mut reader = Reader {
        pairs,
        text,
        indent: 0,
        open: None,
    };
    let mut at = 0;
    while at < text.len() {
        let end = line_end(text, at);
        reader.line(at, end);
        at = end + 1;
    }
    reader.close();
    reader.pairs.finish()
}

struct Reader<'i> {
    pairs: Pairs<'i>,
    text: &'i str,
    /// Of the last line that was none of a value's further lines.
    indent: usize,
    /// The value that deeper lines continue.
    open: Option<Open<'i>>,
}

struct Open<'i> {
    key: Range<usize>,
    /// Where the value stands so far.
    at: Range<usize>,
    lines: Vec<&'i str>,
}

impl<'i> Reader<'i> {
    fn line(&mut self, from: usize, end: usize) {
        let line = &self.text[from..end];
        let bare = line.trim();
        if bare.starts_with(['#', ';']) {
            return;
        }
        if bare.is_empty() {
            // A blank line inside of a value belongs to it, one behind it does not.
            if let Some(open) = &mut self.open {
                open.lines.push("");
            }
            return;
        }
        let indent = line.len() - line.trim_start().len();
        let at = from + indent..from + indent + bare.len();
        if let Some(open) = &mut self.open
            && indent > self.indent
        {
            open.lines.push(bare);
            open.at.end = at.end;
            return;
        }
        self.indent = indent;
        self.close();
        if bare.starts_with('[')
            && let Some(close) = bare.rfind(']').filter(|n| *n > 1)
        {
            self.pairs
                .section(&bare[1..close], at.start + 1..at.start + close);
            return;
        }
        match bare.find(['=', ':']) {
            Some(n) if n > 0 => {
                let key = bare[..n].trim_end();
                let value = bare[n + 1..].trim_start();
                self.open = Some(Open {
                    key: at.start..at.start + key.len(),
                    at: at.end - value.len()..at.end,
                    lines: vec![value],
                });
            }
            _ => self.pairs.broken(
                at,
                "a line that is neither `[section]` nor `key = value`",
                Some("indent it if it continues the value above"),
            ),
        }
    }

    fn close(&mut self) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        while open.lines.len() > 1 && open.lines.last().is_some_and(|l| l.is_empty()) {
            open.lines.pop();
        }
        let value = match open.lines[..] {
            [one] => unquoted(one).into(),
            _ => open.lines.join("\n").trim_end().to_owned().into(),
        };
        self.pairs.push(
            &self.text[open.key.clone()],
            open.key,
            Leaf::Text(value),
            open.at,
        );
    }
}

/// Without quotes that surround the whole value.
fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = value
            .strip_prefix(quote)
            .and_then(|v| v.strip_suffix(quote))
            .filter(|v| !v.contains(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    value
}
