//! TOML, with the place of every key and value.

use super::{
    Document, DocumentProblem, Parsed, input::Input, lines::Lines, pairs::clamp, raw, scalar,
};
use crate::model::{
    name::Name,
    tree::{Kind, MAX_DEPTH, Span, TreeBuilder},
};
use std::ops::Range;
use toml_edit::{Item, TableLike, TomlError, Value};

pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let input = match Input::plain(bytes) {
        Ok(input) => input,
        Err(problem) => return Parsed::broken(problem),
    };
    if let Some(bad) = input.forbidden.first() {
        return Parsed::broken(input.problem(*bad));
    }
    let text: &str = &input.text;
    let lines = Lines::new(text);
    let document = match toml_edit::Document::parse(text) {
        Ok(document) => document,
        Err(error) => return Parsed::broken(no_toml(&input, &lines, &error)),
    };
    let mut reader = Reader {
        input: &input,
        lines,
        text,
        tree: TreeBuilder::new(),
    };
    let whole = reader.span(0..text.len());
    let root = reader.tree.open(Name::NONE, Kind::Map);
    if let Err(problem) = reader.members(document.as_table(), whole, 1) {
        return Parsed::broken(problem);
    }
    reader.tree.close(root);
    reader.tree.span_of(root, whole);
    let tree = reader.tree.finish();
    let start = tree.root().children().find_map(|c| c.key_span());
    Parsed {
        documents: vec![Document {
            start: start.unwrap_or(whole),
            tree,
            source_comment: None,
        }],
        problems: Vec::new(),
    }
}

fn no_toml(input: &Input<'_>, lines: &Lines<'_>, error: &TomlError) -> DocumentProblem {
    let at = clamp(error.span().unwrap_or_default(), &input.text);
    let span = input.span(lines, at.start, at.end);
    // The parser's words are fixed ones; they quote nothing.
    DocumentProblem::new(
        Some(span),
        format!("this is no TOML: {}", error.message()),
        None,
    )
}

struct Reader<'a> {
    input: &'a Input<'a>,
    lines: Lines<'a>,
    text: &'a str,
    tree: TreeBuilder,
}

impl Reader<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        let at = clamp(range, self.text);
        self.input.span(&self.lines, at.start, at.end)
    }

    fn members(
        &mut self,
        table: &dyn TableLike,
        outer: Span,
        depth: usize,
    ) -> Result<(), DocumentProblem> {
        for (name, item) in table.iter() {
            let key_span = table
                .key(name)
                .and_then(|k| k.span())
                .map_or(outer, |range| self.span(range));
            let node = self.item(Name::new(name), item, key_span, depth)?;
            self.tree.key_span_of(node, key_span);
        }
        Ok(())
    }

    /// One value; `outer` is its place if it has none of its own, as a table has that only
    /// `[a.b]` implies.
    fn item(
        &mut self,
        key: Name,
        item: &Item,
        outer: Span,
        depth: usize,
    ) -> Result<usize, DocumentProblem> {
        let span = item.span().map_or(outer, |range| self.span(range));
        if depth > MAX_DEPTH {
            return Err(raw::too_deep(span));
        }
        let node = match item {
            Item::None => self.tree.scalar(key, Kind::Null, ""),
            Item::Value(value) => return self.value(key, value, outer, depth),
            Item::Table(table) => {
                let open = self.tree.open(key, Kind::Map);
                self.members(table, span, depth + 1)?;
                self.tree.close(open);
                open
            }
            Item::ArrayOfTables(tables) => {
                let open = self.tree.open(key, Kind::List);
                for table in tables {
                    let span = table.span().map_or(span, |range| self.span(range));
                    let item = self.tree.open(Name::NONE, Kind::Map);
                    self.members(table, span, depth + 2)?;
                    self.tree.close(item);
                    self.tree.span_of(item, span);
                }
                self.tree.close(open);
                open
            }
        };
        self.tree.span_of(node, span);
        Ok(node)
    }

    fn value(
        &mut self,
        key: Name,
        value: &Value,
        outer: Span,
        depth: usize,
    ) -> Result<usize, DocumentProblem> {
        let range = value.span().map(|range| clamp(range, self.text));
        let span = range.clone().map_or(outer, |range| self.span(range));
        if depth > MAX_DEPTH {
            return Err(raw::too_deep(span));
        }
        let written = range.and_then(|r| self.text.get(r)).unwrap_or_default();
        let node = match value {
            Value::String(text) => self.tree.scalar(key, Kind::Text, text.value()),
            Value::Integer(n) => self.tree.scalar(key, Kind::Number, &n.value().to_string()),
            Value::Float(n) => {
                // `inf` and `nan` are floats here, and no numbers elsewhere.
                let digits = written.replace('_', "");
                match scalar::json_number(&digits).filter(|_| n.value().is_finite()) {
                    Some(digits) => self.tree.scalar(key, Kind::Number, &digits),
                    None => self.tree.scalar(key, Kind::Text, written),
                }
            }
            Value::Boolean(b) if *b.value() => self.tree.scalar(key, Kind::True, ""),
            Value::Boolean(_) => self.tree.scalar(key, Kind::False, ""),
            Value::Datetime(_) => self.tree.scalar(key, Kind::Text, written),
            Value::Array(array) => {
                let open = self.tree.open(key, Kind::List);
                for item in array {
                    self.value(Name::NONE, item, span, depth + 1)?;
                }
                self.tree.close(open);
                open
            }
            Value::InlineTable(table) => {
                let open = self.tree.open(key, Kind::Map);
                self.members(table, span, depth + 1)?;
                self.tree.close(open);
                open
            }
        };
        self.tree.span_of(node, span);
        Ok(node)
    }
}
