//! What bash has after `set -a; . file`, for files of assignments. Nothing is run and nothing is
//! looked up: what would need that is opaque, and other statements are problems.

mod word;

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
        while self.find_statement() {
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
    fn find_statement(&mut self) -> bool {
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
