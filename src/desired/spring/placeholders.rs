//! `${name}` and `${name:default}` in values.

use super::names;
use crate::model::entry::Origin;
use std::collections::HashMap;

/// What placeholders are looked up in: the properties that win.
pub(super) struct Known<'a> {
    /// By uniform name. Only asked, never walked.
    pub(super) by_uniform: HashMap<&'a str, Winner<'a>>,
}

/// A property that wins.
pub(super) struct Winner<'a> {
    /// As it is written.
    pub(super) name: &'a str,
    /// Its text before placeholders are filled in; absent for lists and what is not readable.
    pub(super) text: Option<&'a str>,
    pub(super) from: &'a [Origin],
    /// Whether it is a secret by its own name and look.
    pub(super) secret: bool,
}

/// A text with its placeholders filled in, as far as they are known.
#[derive(Default)]
pub(super) struct Filled {
    pub(super) text: String,
    /// Whether nothing is left that is decided elsewhere.
    pub(super) known: bool,
    /// Whether a secret went into it.
    pub(super) secret: bool,
    /// Whether a placeholder leads to itself.
    pub(super) circular: bool,
    pub(super) from: Vec<Origin>,
}

const DEEPEST: usize = 30;
/// Bytes that one value may grow to, and placeholders that it may need.
const LONGEST: usize = 1 << 20;
const MOST: usize = 10_000;

/// Whether there is anything to fill in: `${…}`, or `@…@`, which the build fills in.
pub(super) fn has_any(text: &str) -> bool {
    text.contains("${") || built(text).is_some()
}

/// `@project.version@` in a text.
fn built(text: &str) -> Option<&str> {
    let (_, behind) = text.split_once('@')?;
    let (name, _) = behind.split_once('@')?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (!name.is_empty() && name.contains('.') && name.chars().all(allowed)).then_some(name)
}

/// Fills in what the effective configuration knows. A name that it does not have may be set by the
/// environment of the process, its default notwithstanding: it stays.
pub(super) fn fill(text: &str, known: &Known<'_>) -> Filled {
    let mut out = Filled {
        known: built(text).is_none(),
        ..Filled::default()
    };
    let mut run = Run {
        known,
        via: Vec::new(),
        left: MOST,
    };
    run.text(text, &mut out);
    out
}

struct Run<'k, 'a> {
    known: &'k Known<'a>,
    via: Vec<String>,
    left: usize,
}

impl Run<'_, '_> {
    fn text(&mut self, text: &str, out: &mut Filled) {
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            // Since Spring 6.2 a backslash keeps it as it is.
            if let Some(before) = rest[..at].strip_suffix('\\') {
                out.text.push_str(before);
                out.text.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            out.text.push_str(&rest[..at]);
            let Some(close) = closing(&rest[at + 2..]) else {
                rest = &rest[at..];
                break;
            };
            let inner = &rest[at + 2..at + 2 + close];
            if !self.placeholder(inner, out) {
                out.known = false;
                out.text.push_str(&rest[at..at + close + 3]);
            }
            rest = &rest[at + close + 3..];
        }
        out.text.push_str(rest);
    }

    /// Whether it could be filled in.
    fn placeholder(&mut self, inner: &str, out: &mut Filled) -> bool {
        let name = match inner.contains("${") {
            // The name itself is put together; rare, and not guessed.
            true => return false,
            false => inner.split_once(':').map_or(inner, |(name, _)| name).trim(),
        };
        let uniform = names::uniform(name);
        let Some(winner) = self.known.by_uniform.get(&*uniform) else {
            return false;
        };
        // Spring finds other spellings only by the canonical one.
        let is_canonical = name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.[]".contains(c));
        if winner.name != name && !is_canonical {
            return false;
        }
        if self.via.contains(&uniform) {
            out.circular = true;
            return false;
        }
        let Some(text) = winner.text else {
            return false;
        };
        if self.left == 0 || self.via.len() > DEEPEST || out.text.len() > LONGEST {
            return false;
        }
        self.left -= 1;
        out.secret |= winner.secret;
        for origin in winner.from {
            if !out.from.contains(origin) {
                out.from.push(origin.clone());
            }
        }
        out.known &= built(text).is_none();
        self.via.push(uniform);
        self.text(text, out);
        self.via.pop();
        true
    }
}

/// The brace that closes the one before `text`; placeholders may stand inside.
fn closing(text: &str) -> Option<usize> {
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
