//! Keys and values of line formats, at most one section deep, to a tree.

use super::{Document, DocumentProblem, Parsed, input::Input, lines::Lines};
use crate::model::{
    name::Name,
    tree::{Kind, Span, TreeBuilder},
};
use rustc_hash::FxHashMap;
use std::{borrow::Cow, ops::Range};

/// Collects what a reader of lines finds; offsets are those of [`Pairs::text`].
pub(super) struct Pairs<'i> {
    input: &'i Input<'i>,
    lines: Lines<'i>,
    /// The first one is the root; new pairs go to the current one.
    sections: Vec<Section<'i>>,
    by_name: FxHashMap<Name, usize>,
    current: usize,
    /// In the further lines of a key or certificate: they are no keys, and may be secret.
    in_armor: bool,
    out: Parsed,
}

/// A value as it was found.
pub(super) enum Leaf<'i> {
    Text(Cow<'i, str>),
    /// Why it is not known.
    Opaque(&'static str),
}

#[derive(Default)]
struct Section<'i> {
    key: Option<(Name, Span)>,
    span: Span,
    /// Of duplicates the last stays.
    pairs: Vec<Option<Pair<'i>>>,
    last: FxHashMap<Name, usize>,
}

struct Pair<'i> {
    key: Name,
    key_span: Span,
    value: Leaf<'i>,
    span: Span,
}

impl<'i> Pairs<'i> {
    /// Fails for a text with forbidden bytes: what they mean differs from reader to reader.
    pub(super) fn of(input: &'i Input<'i>) -> Result<Pairs<'i>, Parsed> {
        if let Some(bad) = input.forbidden.first() {
            return Err(Parsed::broken(input.problem(*bad)));
        }
        let lines = Lines::new(&input.text);
        let root = Section {
            span: input.span(&lines, 0, input.text.len()),
            ..Section::default()
        };
        Ok(Pairs {
            input,
            lines,
            sections: vec![root],
            by_name: FxHashMap::default(),
            current: 0,
            in_armor: false,
            out: Parsed::default(),
        })
    }

    pub(super) fn text(&self) -> &'i str {
        &self.input.text
    }

    fn span(&self, at: &Range<usize>) -> Span {
        self.input.span(&self.lines, at.start, at.end)
    }

    /// Adds a setting to the current section.
    pub(super) fn push(
        &mut self,
        key: &str,
        key_at: Range<usize>,
        value: Leaf<'i>,
        at: Range<usize>,
    ) {
        if self.is_armor(&key_at) {
            return;
        }
        if let Leaf::Text(text) = &value
            && begins_armor(text)
        {
            self.broken(
                key_at.clone(),
                "a key or certificate of several lines, of which this format takes the first as the value \
                 and the others as keys; they are not read",
                Some("where the format has quotes or `\\n`, make one value of it"),
            );
            self.in_armor = true;
        }
        let pair = Pair {
            key: Name::new(key),
            key_span: self.span(&key_at),
            value,
            span: self.span(&at),
        };
        let section = &mut self.sections[self.current];
        section.span.end = section.span.end.max(pair.span.end);
        let before = section.last.insert(pair.key, section.pairs.len());
        if let Some(first) = before.and_then(|n| section.pairs[n].take()) {
            let problem = DocumentProblem::duplicate(key, first.key_span, pair.key_span);
            self.out.report(problem);
        }
        section.pairs.push(Some(pair));
    }

    /// Goes to a section; one that was there already goes on.
    pub(super) fn section(&mut self, name: &str, at: Range<usize>) {
        let name = Name::new(name);
        self.current = match self.by_name.get(&name) {
            Some(n) => *n,
            None => {
                let span = self.span(&at);
                self.sections.push(Section {
                    key: Some((name, span)),
                    span,
                    ..Section::default()
                });
                let n = self.sections.len() - 1;
                self.by_name.insert(name, n);
                n
            }
        };
    }

    /// Whether this is within a key or certificate that began in a value before.
    fn is_armor(&mut self, at: &Range<usize>) -> bool {
        if !self.in_armor {
            return false;
        }
        let line = &self.text()[at.start..line_end(self.text(), at.start)];
        self.in_armor = !line.contains("-----END ");
        true
    }

    /// Says that something was not read.
    pub(super) fn broken(&mut self, at: Range<usize>, message: &str, hint: Option<&str>) {
        if self.is_armor(&at) {
            return;
        }
        // Of a statement that is not read, the value is not known either.
        let line = &self.text()[at.start..line_end(self.text(), at.start)];
        self.in_armor = begins_armor(line);
        let span = self.span(&at);
        self.out
            .report(DocumentProblem::new(Some(span), message, hint));
    }

    /// Says something about what was read.
    pub(super) fn note(&mut self, at: Range<usize>, message: &str, hint: &str) {
        if self.is_armor(&at) {
            return;
        }
        let span = self.span(&at);
        self.out.report(DocumentProblem {
            blocks: false,
            ..DocumentProblem::new(Some(span), message, Some(hint))
        });
    }

    /// The file's only document; one without any setting is an empty map.
    pub(super) fn finish(mut self) -> Parsed {
        self.drop_shadowed();
        let mut tree = TreeBuilder::new();
        let root = tree.open(Name::NONE, Kind::Map);
        let mut start = None;
        for section in &self.sections {
            let open = section.key.map(|(name, key_span)| {
                let open = tree.open(name, Kind::Map);
                tree.span_of(open, section.span);
                tree.key_span_of(open, key_span);
                start.get_or_insert(key_span);
                open
            });
            for pair in section.pairs.iter().flatten() {
                let leaf = match &pair.value {
                    Leaf::Text(text) => tree.scalar(pair.key, Kind::Text, text),
                    Leaf::Opaque(symbol) => tree.scalar(pair.key, Kind::Opaque, symbol),
                };
                tree.span_of(leaf, pair.span);
                tree.key_span_of(leaf, pair.key_span);
                start.get_or_insert(pair.key_span);
            }
            if let Some(open) = open {
                tree.close(open);
            }
        }
        tree.close(root);
        let whole = self.sections[0].span;
        tree.span_of(root, whole);
        self.out.documents.push(Document {
            tree: tree.finish(),
            start: start.unwrap_or(whole),
            source_comment: None,
        });
        self.out
    }

    /// A key at the root with the name of a section: the section counts.
    fn drop_shadowed(&mut self) {
        let (root, sections) = self.sections.split_at_mut(1);
        for (name, span) in sections.iter().filter_map(|s| s.key) {
            let before = root[0].last.get(&name).copied();
            if let Some(first) = before.and_then(|n| root[0].pairs[n].take()) {
                let problem = DocumentProblem::duplicate(name.as_str(), first.key_span, span);
                self.out.report(problem);
            }
        }
    }
}

/// What the values of one file may add up to when they contain one another (`A=$A$A`).
pub(super) struct Allowance(usize);

impl Default for Allowance {
    fn default() -> Allowance {
        Allowance(super::MAX_BYTES)
    }
}

impl Allowance {
    /// Whether so many bytes more are within it.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        match self.0.checked_sub(bytes) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }
}

/// Whether a key or certificate begins in a text, and goes on behind it.
fn begins_armor(text: &str) -> bool {
    text.contains("-----BEGIN ") && !text.contains("-----END ")
}

/// Where the line that holds `at` ends, its `\n` excluded.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |n| at + n)
}

/// The span of a byte range that a parser reported.
pub(super) fn clamp(range: Range<usize>, text: &str) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(range.start);
    start..floor(range.end).max(start)
}
