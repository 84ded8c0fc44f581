//! JSON, strict or with comments, with the place of every key and value.

use super::{Document, DocumentProblem, Parsed, input::Input, lines::Lines, raw, scalar};
use crate::model::{
    name::Name,
    tree::{Kind, MAX_DEPTH, Span, TreeBuilder},
};
use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{Array, Object, Value},
    common::{Range, Ranged},
    errors::{ParseError, ParseErrorKind},
    parse_to_ast,
};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::IgnoredAny;

/// Whether comments and trailing commas are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comments {
    Refused,
    Allowed,
}

pub(super) fn parse(bytes: &[u8], comments: Comments) -> Parsed {
    let input = match Input::plain(bytes) {
        Ok(input) => input,
        Err(problem) => return Parsed::broken(problem),
    };
    if let Some(bad) = input.forbidden.first() {
        return Parsed::broken(input.problem(*bad));
    }
    let lines = Lines::new(&input.text);
    let found = parse_to_ast(&input.text, &CollectOptions::default(), &options(comments));
    let value = match found {
        Ok(found) => found.value,
        Err(error) => return Parsed::broken(no_json(&input, &lines, &error)),
    };
    let Some(value) = value else {
        return Parsed::default();
    };
    if comments == Comments::Refused
        && let Err(error) = serde_json::from_str::<IgnoredAny>(&input.text)
    {
        return Parsed::broken(not_strict(&input, &lines, &error));
    }
    let mut reader = Reader {
        input: &input,
        lines: &lines,
        tree: TreeBuilder::new(),
        out: Parsed::default(),
    };
    match reader.value(&value, Name::NONE, None, 0) {
        Ok(()) => {
            let start = reader.span(value.range());
            reader.out.documents.push(Document {
                tree: reader.tree.finish(),
                start,
                source_comment: None,
            });
            reader
                .out
                .documents
                .retain(|d| d.tree.root().kind() != Kind::Null);
            reader.out
        }
        Err(problem) => Parsed::broken(problem),
    }
}

/// The parser is loose by default; JSON is not.
fn options(comments: Comments) -> ParseOptions {
    let allowed = comments == Comments::Allowed;
    ParseOptions {
        allow_comments: allowed,
        allow_trailing_commas: allowed,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn no_json(input: &Input<'_>, lines: &Lines<'_>, error: &ParseError) -> DocumentProblem {
    let range = error.range();
    let span = input.shift(lines.span(range.start, range.end.max(range.start)));
    let (message, hint) = match error.kind() {
        ParseErrorKind::MultipleRootJsonValues => (
            "more than one JSON value in the file".to_owned(),
            Some("one value per file; several objects go into a `kind: List`"),
        ),
        ParseErrorKind::CommentsNotAllowed | ParseErrorKind::TrailingCommasNotAllowed => (
            format!("this is no JSON: {}", lower(error.kind())),
            Some("remove it, or call the file .jsonc"),
        ),
        // Its text quotes the escape.
        ParseErrorKind::String(_) => ("this is no JSON: a broken text or escape".to_owned(), None),
        kind => (format!("this is no JSON: {}", lower(kind)), None),
    };
    DocumentProblem::new(Some(span), message, hint)
}

fn lower(kind: &ParseErrorKind) -> String {
    let text = kind.to_string();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

/// What the parser accepts and JSON does not, by the word of a second one.
fn not_strict(input: &Input<'_>, lines: &Lines<'_>, error: &serde_json::Error) -> DocumentProblem {
    let at = lines.offset_of(error.line(), error.column());
    let span = input.shift(lines.span(at, at));
    let message = match error.classify() {
        serde_json::error::Category::Eof => "this is no JSON: it ends too early",
        _ => "this is no JSON: a number or text that JSON does not allow",
    };
    DocumentProblem::new(Some(span), message, None)
}

struct Reader<'a> {
    input: &'a Input<'a>,
    lines: &'a Lines<'a>,
    tree: TreeBuilder,
    out: Parsed,
}

impl Reader<'_> {
    fn span(&self, range: Range) -> Span {
        self.input.shift(self.lines.span(range.start, range.end))
    }

    fn value(
        &mut self,
        value: &Value<'_>,
        key: Name,
        key_span: Option<Span>,
        depth: usize,
    ) -> Result<(), DocumentProblem> {
        let span = self.span(value.range());
        if depth > MAX_DEPTH {
            return Err(raw::too_deep(span));
        }
        let node = match value {
            Value::Object(object) => self.object(object, key, depth)?,
            Value::Array(array) => self.array(array, key, depth)?,
            Value::StringLit(text) => self.tree.scalar(key, Kind::Text, &text.value),
            Value::NumberLit(number) => {
                let Some(digits) = scalar::json_number(number.value) else {
                    return Err(DocumentProblem::new(
                        Some(span),
                        "a number that is too large",
                        None,
                    ));
                };
                self.tree.scalar(key, Kind::Number, &digits)
            }
            Value::BooleanLit(b) if b.value => self.tree.scalar(key, Kind::True, ""),
            Value::BooleanLit(_) => self.tree.scalar(key, Kind::False, ""),
            Value::NullKeyword(_) => self.tree.scalar(key, Kind::Null, ""),
        };
        self.tree.span_of(node, span);
        if let Some(span) = key_span {
            self.tree.key_span_of(node, span);
        }
        Ok(())
    }

    fn array(
        &mut self,
        array: &Array<'_>,
        key: Name,
        depth: usize,
    ) -> Result<usize, DocumentProblem> {
        let open = self.tree.open(key, Kind::List);
        for item in &array.elements {
            self.value(item, Name::NONE, None, depth + 1)?;
        }
        self.tree.close(open);
        Ok(open)
    }

    fn object(
        &mut self,
        object: &Object<'_>,
        key: Name,
        depth: usize,
    ) -> Result<usize, DocumentProblem> {
        let open = self.tree.open(key, Kind::Map);
        let names: Vec<Name> = object
            .properties
            .iter()
            .map(|p| Name::new(p.name.as_str()))
            .collect();
        let again = self.duplicates(object, &names);
        for (i, (name, property)) in names.iter().zip(&object.properties).enumerate() {
            if !again.contains(&i) {
                let key_span = self.span(property.name.range());
                self.value(&property.value, *name, Some(key_span), depth + 1)?;
            }
        }
        self.tree.close(open);
        Ok(open)
    }

    /// Numbers of the properties that a later one of the same name replaces; reported.
    fn duplicates(&mut self, object: &Object<'_>, names: &[Name]) -> FxHashSet<usize> {
        const FEW: usize = 16;
        let mut again = FxHashSet::default();
        let mut last: FxHashMap<Name, usize> = FxHashMap::default();
        for (i, name) in names.iter().enumerate() {
            // Most objects are small; a map costs more than looking back.
            let first = if names.len() <= FEW {
                names[..i].iter().rposition(|n| n == name)
            } else {
                last.insert(*name, i)
            };
            let Some(first) = first else { continue };
            again.insert(first);
            let first = self.span(object.properties[first].name.range());
            let second = self.span(object.properties[i].name.range());
            self.out
                .report(DocumentProblem::duplicate(name.as_str(), first, second));
        }
        again
    }
}
