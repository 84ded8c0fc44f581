//! Variable files of Terraform. What is no literal is opaque: Terraform itself accepts nothing else
//! there, other tools do.

use super::{
    Document, DocumentProblem, Parsed, input::Input, lines::Lines, pairs::clamp, raw, scalar,
};
use crate::model::{
    name::Name,
    tree::{Kind, MAX_DEPTH, Span, TreeBuilder},
};
use hcl_edit::{
    Span as _,
    expr::{Array, Expression, Object, ObjectKey, UnaryOperator},
    parser::{Error, parse_body},
    structure::Structure,
    template::{Element, HeredocTemplate},
};
use rustc_hash::FxHashMap;
use std::{borrow::Cow, ops::Range};

/// The symbol of a value that only Terraform can make.
const EXPRESSION: &str = "terraform expression";

/// The parser looks through all keys of a map for each one: 80,000 take it minutes, as many as this
/// two seconds.
const MAX_KEYS: usize = 16_000;
const MAX_BYTES: usize = 1 << 20;

pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let keys = bytes.iter().filter(|b| matches!(b, b'=' | b':')).count();
    if bytes.len() > MAX_BYTES || keys > MAX_KEYS {
        return Parsed::broken(DocumentProblem::new(
            None,
            "too large for a file of variables",
            Some("up to 1 MiB and 16,000 keys are read; split it, or leave it out"),
        ));
    }
    let input = match Input::plain(bytes) {
        Ok(input) => input,
        Err(problem) => return Parsed::broken(problem),
    };
    if let Some(bad) = input.forbidden.first() {
        return Parsed::broken(input.problem(*bad));
    }
    let text: &str = &input.text;
    let lines = Lines::new(text);
    let body = match parse_body(text) {
        Ok(body) => body,
        Err(error) => return Parsed::broken(no_hcl(&input, &lines, &error)),
    };
    let mut reader = Reader {
        input: &input,
        lines,
        text,
        tree: TreeBuilder::new(),
        out: Parsed::default(),
    };
    let whole = reader.span(Some(0..text.len()), Span::default());
    let root = reader.tree.open(Name::NONE, Kind::Map);
    for structure in &body {
        let Structure::Attribute(attribute) = structure else {
            let span = reader.span(structure.span(), whole);
            reader.out.report(DocumentProblem::new(
                Some(span),
                "a block; a variable file has `name = value` only",
                None,
            ));
            continue;
        };
        let key_span = reader.span(attribute.key.span(), whole);
        let key = Name::new(attribute.key.as_str());
        match reader.value(key, &attribute.value, key_span, 1) {
            Ok(node) => reader.tree.key_span_of(node, key_span),
            Err(problem) => return Parsed::broken(problem),
        }
    }
    reader.tree.close(root);
    reader.tree.span_of(root, whole);
    let tree = reader.tree.finish();
    let start = tree.root().children().find_map(|c| c.key_span());
    reader.out.documents.push(Document {
        start: start.unwrap_or(whole),
        tree,
        source_comment: None,
    });
    reader.out
}

fn no_hcl(input: &Input<'_>, lines: &Lines<'_>, error: &Error) -> DocumentProblem {
    let at = clamp(
        error.location().offset()..error.location().offset(),
        &input.text,
    );
    let span = input.span(lines, at.start, at.end);
    let message = error.message();
    let hint = message
        .contains("redefined")
        .then_some("remove one of the two");
    DocumentProblem::new(Some(span), format!("this is no HCL: {message}"), hint)
}

struct Reader<'a> {
    input: &'a Input<'a>,
    lines: Lines<'a>,
    text: &'a str,
    tree: TreeBuilder,
    out: Parsed,
}

impl Reader<'_> {
    fn span(&self, range: Option<Range<usize>>, outer: Span) -> Span {
        range.map_or(outer, |range| {
            let at = clamp(range, self.text);
            self.input.span(&self.lines, at.start, at.end)
        })
    }

    fn written(&self, range: Option<Range<usize>>) -> &str {
        range
            .and_then(|r| self.text.get(clamp(r, self.text)))
            .unwrap_or_default()
    }

    fn value(
        &mut self,
        key: Name,
        value: &Expression,
        outer: Span,
        depth: usize,
    ) -> Result<usize, DocumentProblem> {
        let span = self.span(value.span(), outer);
        if depth > MAX_DEPTH {
            return Err(raw::too_deep(span));
        }
        let node = match value {
            Expression::Null(_) => self.tree.scalar(key, Kind::Null, ""),
            Expression::Bool(b) if *b.value() => self.tree.scalar(key, Kind::True, ""),
            Expression::Bool(_) => self.tree.scalar(key, Kind::False, ""),
            Expression::Number(_) => {
                let digits = self.written(value.span()).to_owned();
                self.number(key, &digits)
            }
            Expression::UnaryOp(op)
                if *op.operator.value() == UnaryOperator::Neg && op.expr.is_number() =>
            {
                let digits = format!("-{}", self.written(op.expr.span()));
                self.number(key, &digits)
            }
            Expression::String(text) => self.tree.scalar(key, Kind::Text, text.as_str()),
            Expression::HeredocTemplate(heredoc) => match literal(heredoc) {
                Some(text) => self.tree.scalar(key, Kind::Text, &text),
                None => self.tree.scalar(key, Kind::Opaque, EXPRESSION),
            },
            Expression::Array(array) => self.list(key, array, span, depth)?,
            Expression::Object(object) => self.map(key, object, span, depth)?,
            Expression::Parenthesis(inner) => {
                return self.value(key, inner.inner(), span, depth + 1);
            }
            _ => self.tree.scalar(key, Kind::Opaque, EXPRESSION),
        };
        self.tree.span_of(node, span);
        Ok(node)
    }

    fn number(&mut self, key: Name, written: &str) -> usize {
        match scalar::json_number(written) {
            Some(digits) => self.tree.scalar(key, Kind::Number, &digits),
            None => self.tree.scalar(key, Kind::Opaque, EXPRESSION),
        }
    }

    fn list(
        &mut self,
        key: Name,
        array: &Array,
        span: Span,
        depth: usize,
    ) -> Result<usize, DocumentProblem> {
        let open = self.tree.open(key, Kind::List);
        for item in array {
            self.value(Name::NONE, item, span, depth + 1)?;
        }
        self.tree.close(open);
        Ok(open)
    }

    fn map(
        &mut self,
        key: Name,
        object: &Object,
        span: Span,
        depth: usize,
    ) -> Result<usize, DocumentProblem> {
        let mut members: Vec<Option<(Name, Span, &Expression)>> = Vec::new();
        let mut last: FxHashMap<Name, usize> = FxHashMap::default();
        for (name, value) in object {
            let key_span = self.span(name.span(), span);
            let Some(name) = self.key(name) else {
                self.out.report(DocumentProblem::new(
                    Some(key_span),
                    "a key that only Terraform can make",
                    Some("write the key as text"),
                ));
                continue;
            };
            // `a` and `"a"` are one key.
            if let Some((_, first, _)) = last
                .insert(name, members.len())
                .and_then(|n| members[n].take())
            {
                let problem = DocumentProblem::duplicate(name.as_str(), first, key_span);
                self.out.report(problem);
            }
            members.push(Some((name, key_span, value.expr())));
        }
        let open = self.tree.open(key, Kind::Map);
        for (name, key_span, value) in members.into_iter().flatten() {
            let node = self.value(name, value, key_span, depth + 1)?;
            self.tree.key_span_of(node, key_span);
        }
        self.tree.close(open);
        Ok(open)
    }

    fn key(&self, key: &ObjectKey) -> Option<Name> {
        let expression = match key {
            ObjectKey::Ident(name) => return Some(Name::new(name.as_str())),
            ObjectKey::Expression(expression) => expression,
        };
        let text: Cow<'_, str> = match expression {
            Expression::String(text) => text.as_str().into(),
            Expression::Number(_) => scalar::json_number(self.written(expression.span()))?
                .into_owned()
                .into(),
            Expression::Bool(b) => b.value().to_string().into(),
            _ => return None,
        };
        Some(Name::new(&text))
    }
}

/// The text of a heredoc without templates.
fn literal(heredoc: &HeredocTemplate) -> Option<String> {
    let mut out = String::new();
    for element in &heredoc.template {
        match element {
            Element::Literal(text) => out.push_str(text),
            _ => return None,
        }
    }
    Some(out)
}
