//! What bash has after `set -a; . file`, for files of assignments. Nothing is run and nothing is
//! looked up: what would need that is opaque, and other statements are problems.

use super::Known;
use crate::document::pairs::{Leaf, Pairs, line_end};
use std::ops::Range;

/// The symbol of a value that only a shell can make.
const EXPANSION: &str = "shell expansion";

pub(super) fn read(pairs: &mut Pairs<'_>, has_mark: bool) {
    if has_mark {
        pairs.broken(
            0..0,
            "a byte-order mark, which a shell takes as a part of the first word",
            Some("save the file as UTF-8 without a byte-order mark"),
        );
    }
    let text = pairs.text();
    if let Some(at) = text.find("\r\n") {
        pairs.note(
            at..at + 1,
            "lines end with CR LF; to a shell the CR is a part of the value",
            "save the file with LF",
        );
    }
    Reader {
        pairs,
        text,
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

struct Assignment<'i> {
    name: &'i str,
    name_at: Range<usize>,
    /// Absent when only a shell can say.
    value: Option<String>,
    at: Range<usize>,
}

/// Why a statement was not read.
enum Other {
    /// It is no assignment; what follows it can be read.
    Statement,
    /// What it does to the lines behind it is not known.
    Compound,
    /// A quote or bracket that is not closed.
    Open(usize),
}

type Step<T> = Result<T, Other>;

impl<'i> Reader<'_, 'i> {
    fn run(&mut self) {
        while self.to_statement() {
            let from = self.at;
            match self.statement() {
                Ok(found) => found.into_iter().for_each(|a| self.assign(a)),
                Err(other) => {
                    if !self.not_read(from, &other) {
                        return;
                    }
                }
            }
        }
    }

    fn assign(&mut self, found: Assignment<'i>) {
        self.known.set(found.name, found.value.as_deref());
        let value = match found.value {
            Some(text) => Leaf::Text(text.into()),
            None => Leaf::Opaque(EXPANSION),
        };
        self.pairs.push(found.name, found.name_at, value, found.at);
    }

    /// Says what was not read; whether the lines behind it can be.
    fn not_read(&mut self, from: usize, other: &Other) -> bool {
        let line = from..line_end(self.text, from);
        match other {
            Other::Statement => {
                self.pairs.broken(
                    line,
                    "a shell statement that is no assignment: what it does is not known",
                    Some("keep the file to lines `NAME=value`"),
                );
                // It may have changed any of them.
                self.known = Known::default();
                self.skip_statement()
            }
            Other::Compound => {
                self.pairs.broken(
                    line,
                    "a shell statement that may change what the lines behind it mean; none of them is read",
                    Some("keep the file to lines `NAME=value`, and put quotes around `&|<>();`"),
                );
                false
            }
            Other::Open(at) => {
                self.pairs.broken(
                    *at..at + 1,
                    "a quote or bracket that is not closed; nothing behind it is read",
                    None,
                );
                false
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn rest(&self) -> &'i str {
        &self.text[self.at..]
    }

    /// Over blanks, line breaks and comments; whether a statement follows.
    fn to_statement(&mut self) -> bool {
        loop {
            match self.peek() {
                None => return false,
                Some(' ' | '\t' | '\r' | '\n') => self.at += 1,
                Some('\\') if self.rest().starts_with("\\\n") => self.at += 2,
                Some('#') => self.at = line_end(self.text, self.at),
                Some(_) => return true,
            }
        }
    }

    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => self.at += 1,
                Some('\\') if self.rest().starts_with("\\\n") => self.at += 2,
                _ => return,
            }
        }
    }

    /// Behind a word: whether the statement ends here.
    fn at_end(&mut self) -> bool {
        self.blanks();
        match self.peek() {
            None | Some('\n' | '#') => true,
            Some(';') if !self.rest().starts_with(";;") => {
                self.at += 1;
                true
            }
            // A line of nothing but CR.
            Some('\r') => self.rest().starts_with("\r\n"),
            _ => false,
        }
    }

    fn statement(&mut self) -> Step<Vec<Assignment<'i>>> {
        let mut found: Vec<Assignment<'i>> = Vec::new();
        loop {
            match self.assignment(&found, false)? {
                Some(next) => found.push(next),
                None if found.is_empty() => return self.command(),
                // `A=b command`: for that command only.
                None => return Err(self.other()),
            }
            if self.at_end() {
                return Ok(found);
            }
        }
    }

    /// What kind of statement this is that is not read.
    fn other(&self) -> Other {
        const COMPOUND: [&str; 27] = [
            "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case",
            "esac", "select", "function", "{", "}", "[[", "!", "coproc", "time", "exit", "return",
            "exec", "break", "continue", "set", "alias",
        ];
        let word = self.rest().split_ascii_whitespace().next().unwrap_or("");
        if COMPOUND.contains(&word.trim_end_matches(';'))
            || word.contains(['(', ')', '<', '|', '&'])
        {
            Other::Compound
        } else {
            Other::Statement
        }
    }

    /// `export A=b C`, `readonly`, `declare -x`; `set -a` and its like, which change nothing here.
    fn command(&mut self) -> Step<Vec<Assignment<'i>>> {
        let start = self.at;
        let rest = self.rest();
        let line = rest.split(['\n', ';', '#']).next().unwrap_or_default();
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if matches!(
            words[..],
            ["set", "-a" | "+a"] | ["set", "-o" | "+o", "allexport"] | [":" | "true"]
        ) {
            self.at += line.len();
            self.at_end();
            return Ok(Vec::new());
        }
        let is_declaration = match words[..] {
            ["export" | "readonly", ..] => {
                self.at += words[0].len();
                true
            }
            ["declare" | "typeset", "-x", ..] => {
                let option = line.find("-x").unwrap_or(0) + 2;
                self.at += option;
                true
            }
            _ => false,
        };
        if !is_declaration || !matches!(self.peek(), Some(' ' | '\t')) {
            self.at = start;
            return Err(self.other());
        }
        let mut found = Vec::new();
        while !self.at_end() {
            let next = match self.assignment(&[], true)? {
                Some(next) => Some(next),
                None => self.argument()?,
            };
            found.extend(next);
        }
        Ok(found)
    }

    /// `export A` and `export "A=b"`.
    fn argument(&mut self) -> Step<Option<Assignment<'i>>> {
        let from = self.at;
        let word = self.word(&[], true)?;
        let raw = &self.text[from..self.at];
        let Some(word) = word.filter(|_| self.at > from) else {
            return Err(Other::Statement);
        };
        if name_of(raw) == raw.trim_end_matches('\r') && !raw.is_empty() {
            return Ok(None);
        }
        let quote = raw.starts_with(['"', '\'']);
        let name = name_of(&raw[usize::from(quote)..]);
        let value = word.strip_prefix(name).and_then(|w| w.strip_prefix('='));
        match value {
            Some(value) if quote && !name.is_empty() => Ok(Some(Assignment {
                name,
                name_at: from + 1..from + 1 + name.len(),
                value: Some(value.into()),
                at: from + 1 + name.len() + 1..self.at,
            })),
            _ => Err(Other::Statement),
        }
    }

    /// `NAME=word` or `NAME+=word` here, if it is one.
    fn assignment(
        &mut self,
        before: &[Assignment<'i>],
        is_argument: bool,
    ) -> Step<Option<Assignment<'i>>> {
        let name = name_of(self.rest());
        let behind = &self.rest()[name.len()..];
        let (adds, sign) = match behind.as_bytes() {
            [b'=', ..] => (false, 1),
            [b'+', b'=', ..] => (true, 2),
            _ => return Ok(None),
        };
        if name.is_empty() {
            return Ok(None);
        }
        let name_at = self.at..self.at + name.len();
        self.at = name_at.end + sign;
        let from = self.at;
        let mut value = self.word(before, is_argument)?;
        if self.peek() == Some('(') {
            return Err(Other::Compound);
        }
        if adds {
            let old = self.value_of(name, before);
            value = old.zip(value).map(|(old, new)| old + &new);
        }
        Ok(Some(Assignment {
            name,
            name_at,
            value,
            at: from..self.at,
        }))
    }

    /// The value that a variable has by now: of an earlier assignment of the statement, or the file.
    fn value_of(&mut self, name: &str, before: &[Assignment<'i>]) -> Option<String> {
        match before.iter().rfind(|a| a.name == name) {
            Some(found) => {
                let text = found.value.as_deref()?;
                self.known.allowance.take(text.len()).then(|| text.into())
            }
            None => self.known.text(name).map(Into::into),
        }
    }

    /// One word with its quotes taken off; absent when only a shell can say.
    fn word(&mut self, before: &[Assignment<'i>], is_argument: bool) -> Step<Option<String>> {
        let mut out = Out::default();
        // Behind an unquoted `=` or `:` a `~` is a folder.
        let mut tilde = true;
        let mut braces = Braces::default();
        while let Some(c) = self.peek() {
            let from = self.at;
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => break,
                '\r' if self.rest().starts_with("\r\n") && is_argument => {
                    out.text.push('\r');
                    self.at += 1;
                }
                '\'' => {
                    let end = self.closing('\'')?;
                    out.text.push_str(&self.text[from + 1..end]);
                    self.at = end + 1;
                }
                '"' => {
                    self.at += 1;
                    self.double_quoted(from, &mut out, before)?;
                }
                '\\' => self.escape(&mut out),
                '$' => self.dollar(false, &mut out, before)?,
                '`' => {
                    self.skip_backticks()?;
                    out.opaque = true;
                }
                '~' if tilde => {
                    out.opaque = true;
                    self.at += 1;
                }
                c => {
                    braces.see(c);
                    out.text.push(c);
                    self.at += c.len_utf8();
                }
            }
            tilde = c == ':';
        }
        // `export A={b,c}` is two arguments.
        let opaque = out.opaque || (is_argument && braces.expand);
        Ok((!opaque).then_some(out.text))
    }

    fn escape(&mut self, out: &mut Out) {
        self.at += 1;
        match self.peek() {
            Some('\n') => self.at += 1,
            Some(c) => {
                out.text.push(c);
                self.at += c.len_utf8();
            }
            None => out.text.push('\\'),
        }
    }

    /// The place of the next `quote` behind the one here.
    fn closing(&self, quote: char) -> Step<usize> {
        self.rest()[1..]
            .find(quote)
            .map(|n| self.at + 1 + n)
            .ok_or(Other::Open(self.at))
    }

    fn double_quoted(&mut self, open: usize, out: &mut Out, before: &[Assignment<'i>]) -> Step<()> {
        loop {
            match self.peek() {
                None => return Err(Other::Open(open)),
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\\') => {
                    let next = self.rest()[1..].chars().next();
                    match next {
                        Some('$' | '`' | '"' | '\\' | '\n') => self.escape(out),
                        _ => {
                            out.text.push('\\');
                            self.at += 1;
                        }
                    }
                }
                Some('$') => self.dollar(true, out, before)?,
                Some('`') => {
                    self.skip_backticks()?;
                    out.opaque = true;
                }
                Some(c) => {
                    out.text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// A `$` and what belongs to it.
    fn dollar(&mut self, quoted: bool, out: &mut Out, before: &[Assignment<'i>]) -> Step<()> {
        let open = self.at;
        self.at += 1;
        let rest = self.rest();
        let (name, len) = match rest.strip_prefix('{') {
            Some(behind) => {
                let name = name_of(behind);
                let is_simple = !name.is_empty() && behind[name.len()..].starts_with('}');
                (if is_simple { name } else { "" }, name.len() + 2)
            }
            None => (name_of(rest), name_of(rest).len()),
        };
        if !name.is_empty() {
            self.at += len;
            match self.value_of(name, before) {
                Some(text) => out.text.push_str(&text),
                None => out.opaque = true,
            }
            return Ok(());
        }
        match rest.chars().next() {
            Some('{' | '(') => self.skip_nested(open)?,
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => self.at += 1,
            Some('\'') if !quoted => self.skip_ansi_c()?,
            // A text to be translated.
            Some('"') if !quoted => {}
            _ => {
                out.text.push('$');
                return Ok(());
            }
        }
        out.opaque = true;
        Ok(())
    }

    /// Over `{…}` or `(…)` behind a `$`.
    fn skip_nested(&mut self, open: usize) -> Step<()> {
        let mut closers: Vec<char> = Vec::new();
        loop {
            let Some(c) = self.peek() else {
                return Err(Other::Open(open));
            };
            let inside = closers.last().copied();
            self.at += c.len_utf8();
            match c {
                '\\' => self.at += self.peek().map_or(0, char::len_utf8),
                '\'' if inside != Some('"') => {
                    self.at -= 1;
                    self.at = self.closing('\'')? + 1;
                }
                c if inside == Some(c) => {
                    closers.pop();
                }
                '"' | '`' => closers.push(c),
                '(' if inside != Some('"') => closers.push(')'),
                '{' if closers.is_empty() => closers.push('}'),
                '$' if self.rest().starts_with(['{', '(']) => {
                    closers.push(if self.rest().starts_with('{') {
                        '}'
                    } else {
                        ')'
                    });
                    self.at += 1;
                }
                _ => {}
            }
            if closers.is_empty() {
                return Ok(());
            }
        }
    }

    /// Over `'…'` behind a `$`, in which a backslash escapes.
    fn skip_ansi_c(&mut self) -> Step<()> {
        self.skip_escaped('\'')
    }

    fn skip_backticks(&mut self) -> Step<()> {
        self.skip_escaped('`')
    }

    /// From the quote here to behind the next one without a backslash.
    fn skip_escaped(&mut self, quote: char) -> Step<()> {
        let open = self.at;
        self.at += 1;
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            if c == '\\' {
                self.at += self.peek().map_or(0, char::len_utf8);
            } else if c == quote {
                return Ok(());
            }
        }
        Err(Other::Open(open))
    }

    /// Over a statement that is not read; whether what follows can be.
    fn skip_statement(&mut self) -> bool {
        let from = self.at;
        loop {
            match self.word(&[], false) {
                Ok(_) => {}
                Err(other) => return self.not_read(from, &other),
            }
            if self.at_end() {
                return true;
            }
            if matches!(self.peek(), Some('&' | '|' | '<' | '>' | '(' | ')' | ';')) {
                return self.not_read(from, &Other::Compound);
            }
        }
    }
}

/// A word so far.
#[derive(Default)]
struct Out {
    text: String,
    opaque: bool,
}

/// Whether unquoted `{a,b}` or `{1..2}` was seen.
#[derive(Default)]
struct Braces {
    open: bool,
    separated: bool,
    last: Option<char>,
    expand: bool,
}

impl Braces {
    fn see(&mut self, c: char) {
        match c {
            '{' => self.open = true,
            ',' => self.separated |= self.open,
            '.' => self.separated |= self.open && self.last == Some('.'),
            '}' => self.expand |= self.separated,
            _ => {}
        }
        self.last = Some(c);
    }
}

/// The name at the start of a text.
fn name_of(text: &str) -> &str {
    let end = text
        .find(|c: char| c != '_' && !c.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    match text.as_bytes().first() {
        Some(b) if b.is_ascii_digit() => "",
        _ => &text[..end],
    }
}
