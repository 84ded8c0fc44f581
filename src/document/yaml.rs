//! YAML streams: events of the parser to raw documents, broken documents skipped with a problem.

use super::{
    Dialect, Document, DocumentProblem, Parsed,
    input::{Forbidden, Input},
    lines::small,
    raw::{self, Budget, Maker, Raw, Tag, What},
    tags::{intrinsic, long_form, tag_place},
    template,
};
use crate::model::tree::{Kind, MAX_DEPTH, Span, TreeBuilder};
use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

pub(super) fn parse(bytes: &[u8], dialect: Dialect) -> Parsed {
    let input = match Input::yaml(bytes) {
        Ok(input) => input,
        Err(problem) => return Parsed::broken(problem),
    };
    let mut reader = Reader {
        input: &input,
        text: &input.text,
        dialect,
        long_forms: dialect == Dialect::CloudFormation,
        nodes: Vec::new(),
        open: Vec::new(),
        anchors: FxHashMap::default(),
        budget: Budget::default(),
        forbidden: &input.forbidden,
        document_from: (0, 1),
        content_end: None,
        failed: false,
        out: Parsed::default(),
    };
    reader.run();
    reader.out
}

struct Reader<'t> {
    input: &'t Input<'t>,
    text: &'t str,
    dialect: Dialect,
    /// Whether CloudFormation's short tags are read as the maps that they stand for.
    long_forms: bool,
    /// Of the document being read.
    nodes: Vec<Raw<'t>>,
    open: Vec<Open>,
    anchors: FxHashMap<usize, u32>,
    budget: Budget,
    /// Those not reported yet.
    forbidden: &'t [Forbidden],
    /// Offset and line behind the previous document.
    document_from: (usize, u32),
    /// Where the content read so far ends.
    content_end: Option<Marker>,
    /// The document being read is broken, and said to be.
    failed: bool,
    out: Parsed,
}

/// A list or a map that is not closed yet.
struct Open {
    node: u32,
    is_map: bool,
    children: usize,
    /// The map around it that a short tag stands for.
    long_form: Option<u32>,
}

type Step = Result<(), DocumentProblem>;

impl<'t> Reader<'t> {
    fn run(&mut self) {
        let options = granit_parser::options! {
            emit_comments: false,
            flow_nesting_limit: MAX_DEPTH + 1,
            block_nesting_limit: MAX_DEPTH + 1,
        };
        let mut parser = Parser::new_from_str_with_options(self.text, options);
        while let Some(next) = parser.next_event() {
            let step = match next {
                Ok((event, span)) => self.event(event, span),
                Err(error) => Err(self.no_yaml(&error)),
            };
            if let Err(problem) = step {
                self.fail(problem);
                if !self.resume(&mut parser) {
                    break;
                }
            }
        }
        self.skip_forbidden(usize::MAX);
    }

    /// Goes to the next document.
    fn resume(&mut self, parser: &mut Parser<'t, StrInput<'t>>) -> bool {
        match parser.proceed_next_document() {
            Ok(more) => more,
            Err(error) => {
                let problem = self.no_yaml(&error);
                self.fail(problem);
                false
            }
        }
    }

    fn event(&mut self, event: Event<'t>, span: granit_parser::Span) -> Step {
        match event {
            Event::DocumentStart(..) => {
                self.skip_forbidden(byte(span.start));
                self.begin();
                Ok(())
            }
            Event::DocumentEnd => self.finish(span.start),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(text, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(_, anchor, tag) => self.enter(false, tag.as_deref(), anchor, span),
            Event::MappingStart(_, anchor, tag) => self.enter(true, tag.as_deref(), anchor, span),
            Event::SequenceEnd | Event::MappingEnd => {
                self.leave(span);
                Ok(())
            }
            Event::Alias(id) => self.alias(id, span),
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        mut anchor: usize,
        tag: Option<&granit_parser::Tag>,
        span: granit_parser::Span,
    ) -> Step {
        let tag_from = self.content_end.map_or(0, byte);
        let (text, here) = self.scalar_place(text, style, span);
        let function = tag.filter(|_| self.long_forms).and_then(long_form);
        let Some(function) = function else {
            let what = scalar_of(text, style, tag);
            let node = self.add(what, here, anchor)?;
            self.nodes[node].end = small(node + 1);
            return Ok(());
        };
        let map = self.add_long_form(&function, tag_from, here, std::mem::take(&mut anchor))?;
        let attribute = match &*function {
            "Fn::GetAtt" => text.split_once('.'),
            _ => None,
        };
        let quoted = |text: &str| What::Scalar {
            text: text.to_owned().into(),
            plain: false,
            tag: Tag::None,
        };
        match attribute {
            Some((resource, attribute)) => {
                let list = self.nodes.len();
                self.push(What::List, here);
                self.push(quoted(resource), here);
                self.push(quoted(attribute), here);
                self.nodes[list].end = small(self.nodes.len());
            }
            None => self.push(quoted(&text), here),
        }
        self.nodes[map].end = small(self.nodes.len());
        Ok(())
    }

    /// A node inside of a long form: of no map or list that is open.
    fn push(&mut self, what: What<'t>, span: Span) {
        let end = small(self.nodes.len() + 1);
        self.nodes.push(Raw { what, span, end });
    }

    /// The map that a short tag stands for, and its key; the value is still to come.
    fn add_long_form(
        &mut self,
        function: &str,
        tag_from: usize,
        value: Span,
        anchor: usize,
    ) -> Result<usize, DocumentProblem> {
        let key_span = tag_place(self.text, tag_from, value);
        let span = Span {
            end: value.end.max(key_span.start),
            ..key_span
        };
        let map = self.add(What::Map, span, anchor)?;
        let key = What::Scalar {
            text: function.to_owned().into(),
            plain: false,
            tag: Tag::None,
        };
        self.push(key, key_span);
        Ok(map)
    }

    fn begin(&mut self) {
        self.nodes.clear();
        self.open.clear();
        self.anchors.clear();
        self.content_end = None;
        self.failed = false;
    }

    fn add(&mut self, what: What<'t>, span: Span, anchor: usize) -> Result<usize, DocumentProblem> {
        let node = self.nodes.len();
        if self.open.len() > MAX_DEPTH {
            return Err(raw::too_deep(self.input.shift(span)));
        }
        if let Some(parent) = self.open.last_mut() {
            parent.children += 1;
        }
        if anchor > 0 {
            self.anchors.insert(anchor, small(node));
        }
        self.nodes.push(Raw { what, span, end: 0 });
        Ok(node)
    }

    fn enter(
        &mut self,
        is_map: bool,
        tag: Option<&granit_parser::Tag>,
        anchor: usize,
        span: granit_parser::Span,
    ) -> Step {
        let here = place(span.start, span.end);
        let function = tag.filter(|_| self.long_forms).and_then(long_form);
        let what = match (&function, tag.and_then(intrinsic)) {
            (None, Some(symbol)) => What::Opaque(symbol),
            _ if is_map => What::Map,
            _ => What::List,
        };
        let tag_from = self.content_end.map_or(0, byte);
        self.content_end = Some(span.end);
        let (node, long_form) = match function {
            None => (self.add(what, here, anchor)?, None),
            Some(function) => {
                let map = self.add_long_form(&function, tag_from, here, anchor)?;
                self.nodes.push(Raw {
                    what,
                    span: here,
                    end: 0,
                });
                (self.nodes.len() - 1, Some(small(map)))
            }
        };
        self.open.push(Open {
            node: small(node),
            is_map,
            children: 0,
            long_form,
        });
        Ok(())
    }

    fn leave(&mut self, span: granit_parser::Span) {
        let behind = small(self.nodes.len());
        let Some(open) = self.open.pop() else {
            return;
        };
        // A block's end is reported where the next token begins; a bracket has a width.
        if byte(span.end) > byte(span.start) {
            self.content_end = Some(span.end);
        }
        for node in std::iter::once(open.node).chain(open.long_form) {
            let node = &mut self.nodes[node as usize];
            node.end = behind;
            if let Some(end) = self.content_end {
                node.span.end = trimmed(self.text, node.span.start, byte(end));
            }
        }
    }

    fn alias(&mut self, id: usize, span: granit_parser::Span) -> Step {
        let here = place(span.start, span.end);
        let Some(target) = self.anchors.get(&id).copied() else {
            return Err(DocumentProblem::new(
                Some(self.input.shift(here)),
                "an alias to an anchor that is not in this document",
                None,
            ));
        };
        if self.nodes[target as usize].end == 0 {
            return Err(DocumentProblem::new(
                Some(self.input.shift(here)),
                "an alias inside the very value that it stands for",
                None,
            ));
        }
        self.content_end = Some(span.end);
        let node = self.add(What::Alias(target), here, 0)?;
        self.nodes[node].end = small(node + 1);
        Ok(())
    }

    /// A missing value is reported as `~` of no width before the colon: its place is behind it.
    fn scalar_place(
        &mut self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        span: granit_parser::Span,
    ) -> (Cow<'t, str>, Span) {
        let missing = style == ScalarStyle::Plain && byte(span.start) == byte(span.end);
        if !missing {
            self.content_end = Some(span.end);
            let mut here = place(span.start, span.end);
            if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                here.end = trimmed(self.text, here.start, byte(span.end));
            }
            return (text, here);
        }
        let is_value = self
            .open
            .last()
            .is_some_and(|o| o.is_map && o.children % 2 == 1);
        let Some(key_end) = self.content_end.filter(|_| is_value) else {
            return ("".into(), place(span.start, span.start));
        };
        let rest = self.text.get(byte(key_end)..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let width = if rest[blanks..].starts_with(':') {
            blanks + 1
        } else {
            0
        };
        let start = small(byte(key_end) + width);
        let here = Span {
            line: small(key_end.line()),
            column: small(key_end.col() + width + 1),
            start,
            end: start,
        };
        ("".into(), here)
    }

    /// A document is complete.
    fn finish(&mut self, end: Marker) -> Step {
        let from = std::mem::replace(&mut self.document_from, (byte(end), small(end.line())));
        if let Some(bad) = self.take_forbidden(byte(end)) {
            return Err(self.input.problem(bad));
        }
        let Some(root) = self.nodes.first() else {
            return Ok(());
        };
        let start = root.span;
        for node in &mut self.nodes {
            node.span = self.input.shift(node.span);
        }
        let mut harmless = Vec::new();
        let tree = Maker {
            nodes: &self.nodes,
            text: self.text,
            dialect: self.dialect,
            budget: &mut self.budget,
            problems: &mut harmless,
            out: TreeBuilder::new(),
        }
        .make()?;
        for problem in harmless {
            self.out.report(problem);
        }
        if tree.root().kind() != Kind::Null {
            let before = self.text.get(from.0..start.start as usize);
            self.out.documents.push(Document {
                source_comment: before.and_then(source_comment),
                start: self.input.shift(start),
                tree,
            });
        }
        Ok(())
    }

    fn no_yaml(&self, error: &ScanError) -> DocumentProblem {
        let at = error.marker();
        let offset = byte(*at);
        if let Some(bad) = self.forbidden.first().filter(|f| f.at <= offset) {
            return self.input.problem(*bad);
        }
        let span = self.input.shift(place(*at, *at));
        let (from, first_line) = self.document_from;
        let rest = self.text.get(from.min(offset)..).unwrap_or_default();
        let document = &rest[..rest[offset.saturating_sub(from)..]
            .find("\n---")
            .map_or(rest.len(), |n| n + offset.saturating_sub(from))];
        if let Some(problem) = template::problem(document, first_line, span.line, Some(span)) {
            return problem;
        }
        DocumentProblem::new(
            Some(span),
            format!("this is no YAML: {}", error.kind()),
            None,
        )
    }

    fn fail(&mut self, problem: DocumentProblem) {
        self.failed = true;
        self.out.report(problem);
    }

    /// The first forbidden place before `end`, all of which are done with.
    fn take_forbidden(&mut self, end: usize) -> Option<Forbidden> {
        let n = self.forbidden.partition_point(|f| f.at < end);
        let (taken, rest) = self.forbidden.split_at(n);
        self.forbidden = rest;
        taken.first().copied()
    }

    /// Reports a forbidden place between documents; inside a broken one it was said already.
    fn skip_forbidden(&mut self, end: usize) {
        let bad = self.take_forbidden(end);
        if let Some(bad) = bad.filter(|_| !self.failed) {
            self.out.report(self.input.problem(bad));
        }
    }
}

fn byte(marker: Marker) -> usize {
    // Text inputs always have byte offsets.
    marker.byte_offset().unwrap_or(0)
}

fn place(start: Marker, end: Marker) -> Span {
    Span {
        line: small(start.line()),
        column: small(start.col() + 1),
        start: small(byte(start)),
        end: small(byte(end)),
    }
}

/// Where a block's text ends: the parser counts the blank lines and the indentation behind it.
fn trimmed(text: &str, start: u32, end: usize) -> u32 {
    let block = text.get(start as usize..end).unwrap_or_default();
    start + small(block.trim_end().len())
}

fn scalar_of<'t>(
    text: Cow<'t, str>,
    style: ScalarStyle,
    tag: Option<&granit_parser::Tag>,
) -> What<'t> {
    let plain = style == ScalarStyle::Plain;
    let Some(tag) = tag else {
        return match (plain, &*text) {
            (true, "<<") => What::Merge,
            _ => What::Scalar {
                text,
                plain,
                tag: Tag::None,
            },
        };
    };
    if let Some(symbol) = intrinsic(tag) {
        return What::Opaque(symbol);
    }
    let known = tag.suffix_in_namespace("tag:yaml.org,2002:");
    let tag = match known.as_deref() {
        Some("merge") if text == "<<" => return What::Merge,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("bool") => Tag::Bool,
        Some("null") => Tag::Null,
        Some("binary") => Tag::Binary,
        _ => Tag::Text,
    };
    What::Scalar { text, plain, tag }
}

/// The path of the last `# Source: path` line.
fn source_comment(before: &str) -> Option<Box<str>> {
    before
        .lines()
        .rev()
        .find_map(|l| l.trim().strip_prefix("# Source:"))
        .map(|path| path.trim().into())
}
