//! Java properties, after `java.util.Properties.load`. The file is UTF-8, as Spring Boot, Quarkus
//! and resource bundles since Java 9 read them; bytes that are none are ISO 8859-1.

use super::{
    Parsed,
    input::Input,
    pairs::{Leaf, Pairs},
};

pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let input = match Input::properties(bytes) {
        Ok(input) => input,
        Err(problem) => return Parsed::broken(problem),
    };
    let mut pairs = match Pairs::of(&input) {
        Ok(pairs) => pairs,
        Err(broken) => return broken,
    };
    if input.has_mark() {
        pairs.note(
            0..0,
            "a byte-order mark, which Java takes as a part of the first key",
            "save the file without a byte-order mark",
        );
    }
    let mut reader = Reader {
        text: pairs.text(),
        pairs,
        at: 0,
    };
    while reader.find_key() {
        reader.pair();
    }
    reader.pairs.finish()
}

struct Reader<'i> {
    pairs: Pairs<'i>,
    text: &'i str,
    at: usize,
}

/// A character of a logical line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// As it stands there.
    Plain(char),
    /// Behind a backslash: it separates nothing.
    Escaped(char),
    /// `\uXXXX`, half a character where it is a surrogate.
    Code(u16),
    /// `\u` without four digits, for which Java refuses the file.
    Malformed,
}

impl<'i> Reader<'i> {
    /// Over blank lines and comments; whether a key follows.
    fn find_key(&mut self) -> bool {
        loop {
            let rest = self.text[self.at..].trim_start_matches([' ', '\t', '\u{c}', '\n', '\r']);
            self.at = self.text.len() - rest.len();
            // A backslash at the file's end is dropped.
            if rest.is_empty() || rest == "\\" {
                return false;
            }
            if rest.starts_with(['#', '!']) {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else if let Some(behind) = behind_continuation(rest) {
                self.at = self.text.len() - behind.len();
            } else {
                return true;
            }
        }
    }

    fn pair(&mut self) {
        let mut key = Text::default();
        let from = self.at;
        let mut key_end = from;
        let mut separated = false;
        while let Some((unit, end)) = self.unit() {
            match unit {
                Unit::Plain('=' | ':') => separated = true,
                Unit::Plain(' ' | '\t' | '\u{c}') => {}
                unit => {
                    key.push(unit);
                    self.at = end;
                    key_end = end;
                    continue;
                }
            }
            self.at = end;
            break;
        }
        self.find_value(separated);
        let value_from = self.at;
        let mut value = Text::default();
        while let Some((unit, end)) = self.unit() {
            value.push(unit);
            self.at = end;
        }
        let (key, key_broken) = key.finish();
        let (value, value_broken) = value.finish();
        if key_broken || value_broken {
            self.pairs.broken(
                from..key_end,
                "the value or the key has a `\\u` escape that is no character: four hexadecimal digits, \
                 surrogates in pairs",
                Some("write a backslash as `\\\\`"),
            );
        }
        self.pairs.push(
            &key,
            from..key_end,
            Leaf::Text(value.into()),
            value_from..self.at,
        );
    }

    /// Over blanks, one `=` or `:`, and blanks.
    fn find_value(&mut self, mut separated: bool) {
        while let Some((Unit::Plain(c), end)) = self.unit() {
            match c {
                ' ' | '\t' | '\u{c}' => {}
                '=' | ':' if !separated => separated = true,
                _ => return,
            }
            self.at = end;
        }
    }

    /// The next character of the logical line and where it ends; nothing at the line's end.
    fn unit(&self) -> Option<(Unit, usize)> {
        let (c, end) = self.raw(self.at)?;
        if c != '\\' {
            return Some((Unit::Plain(c), end));
        }
        let (c, end) = self.raw_behind_backslash(end)?;
        let unit = match c {
            't' => Unit::Escaped('\t'),
            'n' => Unit::Escaped('\n'),
            'r' => Unit::Escaped('\r'),
            'f' => Unit::Escaped('\u{c}'),
            'u' => return Some(self.code(end)),
            c => Unit::Escaped(c),
        };
        Some((unit, end))
    }

    /// The character at `at`, continued lines joined.
    fn raw(&self, at: usize) -> Option<(char, usize)> {
        let mut rest = &self.text[at..];
        while let Some(behind) = behind_continuation(rest) {
            rest = behind;
        }
        let c = rest.chars().next().filter(|c| !matches!(c, '\n' | '\r'))?;
        Some((c, self.text.len() - rest.len() + c.len_utf8()))
    }

    /// The character behind a backslash that continues no line.
    fn raw_behind_backslash(&self, at: usize) -> Option<(char, usize)> {
        let c = self.text[at..].chars().next()?;
        Some((c, at + c.len_utf8()))
    }

    fn code(&self, from: usize) -> (Unit, usize) {
        let mut at = from;
        let mut code = 0;
        for _ in 0..4 {
            let digit = self
                .raw(at)
                .and_then(|(c, end)| Some((c.to_digit(16)?, end)));
            let Some((digit, end)) = digit else {
                return (Unit::Malformed, at);
            };
            code = code * 16 + digit;
            at = end;
        }
        let code = u16::try_from(code).map_or(Unit::Malformed, Unit::Code);
        (code, at)
    }
}

/// Behind a backslash that ends its line, and the blanks that the next line begins with.
fn behind_continuation(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('\\')?;
    let rest = rest
        .strip_prefix("\r\n")
        .or_else(|| rest.strip_prefix(['\n', '\r']))?;
    Some(rest.trim_start_matches([' ', '\t', '\u{c}']))
}

/// A text as it comes, surrogates pending.
#[derive(Default)]
struct Text {
    text: String,
    high: Option<u16>,
    broken: bool,
}

impl Text {
    fn push(&mut self, unit: Unit) {
        let high = self.high.take();
        match unit {
            Unit::Code(code) => {
                if (0xD800..0xDC00).contains(&code) {
                    if high.is_some() {
                        self.replace();
                    }
                    self.high = Some(code);
                    return;
                }
                for c in char::decode_utf16(high.into_iter().chain([code])) {
                    match c {
                        Ok(c) => self.text.push(c),
                        Err(_) => self.replace(),
                    }
                }
            }
            Unit::Malformed => {
                if high.is_some() {
                    self.replace();
                }
                self.replace();
            }
            Unit::Plain(c) | Unit::Escaped(c) => {
                if high.is_some() {
                    self.replace();
                }
                self.text.push(c);
            }
        }
    }

    fn replace(&mut self) {
        self.broken = true;
        self.text.push(char::REPLACEMENT_CHARACTER);
    }

    fn finish(mut self) -> (String, bool) {
        if self.high.take().is_some() {
            self.replace();
        }
        (self.text, self.broken)
    }
}
