//! The leaves of driftgate.yaml: texts, words out of a list, spans of time, maps by name. Each
//! knows how it is read and how it stands in the JSON Schema.

use super::{
    form::visible,
    read::{Cx, FromNode, shorten},
    suggest::{did_you_mean, listed},
};
use crate::model::{
    time::{Timestamp, parse_span},
    tree::{Kind, NodeRef, Span},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;
use std::borrow::Cow;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) span: Option<Span>,
}

/// A text that is not empty.
pub(super) type Text = Spanned<String>;

fn inline(name: &'static str) -> Cow<'static, str> {
    Cow::Borrowed(name)
}

impl FromNode for Text {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        let Some(text) = node.as_text() else {
            let quote = matches!(node.kind(), Kind::Number | Kind::True | Kind::False);
            cx.mismatch(node, "a text")
                .hint(quote.then(|| "put it in quotes".to_string()));
            return None;
        };
        spanned_text(cx, node, text)
    }

    /// The only text that is empty.
    fn stand_in() -> Option<Self> {
        Some(Spanned {
            value: String::new(),
            span: None,
        })
    }
}

fn spanned_text(cx: &mut Cx<'_>, node: NodeRef<'_>, text: &str) -> Option<Text> {
    if text.is_empty() {
        let span = node.span().or_else(|| node.key_span());
        cx.problem(span, "expected a text, found an empty one")
            .hint(None);
        return None;
    }
    Some(Spanned {
        value: text.into(),
        span: node.span().or_else(|| node.key_span()),
    })
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        inline("Text")
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

/// A text, number or boolean, kept as it is written: the value of a variable.
#[derive(Clone, Debug)]
pub(super) struct Scalar(pub(super) Text);

impl FromNode for Scalar {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        match node.kind() {
            Kind::Text | Kind::Number | Kind::True | Kind::False => Some(Scalar(Spanned {
                value: node.scalar_text().into(),
                span: node.span().or_else(|| node.key_span()),
            })),
            _ => {
                cx.mismatch(node, "a text or a number").hint(None);
                None
            }
        }
    }
}

impl JsonSchema for Scalar {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        inline("Scalar")
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl FromNode for bool {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        if node.as_bool().is_none() {
            cx.mismatch(node, "`true` or `false`").hint(None);
        }
        node.as_bool()
    }
}

/// The version of the file's format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version;

/// The only version so far.
pub(super) const VERSION: i64 = 1;

impl FromNode for Version {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        match node.as_i64() {
            Some(VERSION) => return Some(Version),
            Some(newer) if newer > VERSION => {
                let message = format!("version {newer}: this driftgate knows version {VERSION}");
                cx.problem(node.span(), message)
                    .hint("update driftgate".to_string());
            }
            _ => cx
                .mismatch(node, "the number 1")
                .hint("write `version: 1`".to_string()),
        }
        None
    }

    fn stand_in() -> Option<Self> {
        Some(Version)
    }
}

impl JsonSchema for Version {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        inline("Version")
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "const": VERSION })
    }
}

/// A span of time in seconds.
pub(super) type Seconds = Spanned<i64>;

impl FromNode for Seconds {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        if node.kind() == Kind::Number {
            let hint = format!("say the unit: `{}s`", shorten(node.text()));
            cx.mismatch(node, "a span of time like 90s, 10m, 24h or 7d")
                .hint(hint);
            return None;
        }
        let Some(text) = node.as_text() else {
            cx.mismatch(node, "a span of time like 90s, 10m, 24h or 7d")
                .hint(None);
            return None;
        };
        match parse_span(text) {
            Ok(value) => Some(Spanned {
                value,
                span: node.span(),
            }),
            Err(_) => {
                let message = format!("`{}` is not a span of time", shorten(text));
                let hint = "a number and s, m, h or d, like 90s, 10m, 24h or 7d";
                cx.problem(node.span(), message).hint(hint.to_string());
                None
            }
        }
    }
}

impl JsonSchema for Seconds {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        inline("Seconds")
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^\s*([0-9]+[smhd])+\s*$", "examples": ["90s", "10m", "24h", "7d"] })
    }
}

/// The last second of something that ends.
pub(super) type Expiry = Spanned<Timestamp>;

impl FromNode for Expiry {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        let Some(text) = node.as_text() else {
            cx.mismatch(node, "a date like 2026-12-01").hint(None);
            return None;
        };
        let Some(value) = expiry(text) else {
            let message = format!("`{}` is no date", visible(text));
            cx.problem(node.span(), message).hint(
                "year, month and day, like 2026-12-01: it ends with that day, in UTC".to_string(),
            );
            return None;
        };
        Some(Spanned {
            value,
            span: node.span(),
        })
    }

    fn stand_in() -> Option<Self> {
        Some(Spanned {
            value: Timestamp(0),
            span: None,
        })
    }
}

/// When a waiver of such an `expires` ends: of a day its last second, in UTC; a time is what it
/// says.
#[must_use]
pub fn expiry(text: &str) -> Option<Timestamp> {
    let is_day = text.len() == 10 && !text.contains(['T', 't', ' ', ':']);
    match (is_day, text.contains(['T', 't'])) {
        (true, _) => format!("{text}T23:59:59Z").parse().ok(),
        (false, true) => text.parse().ok(),
        (false, false) => None,
    }
}

impl JsonSchema for Expiry {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        inline("Expiry")
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt].*)?$", "examples": ["2026-12-01"] })
    }
}

/// A word out of a list.
pub(super) trait Words: Copy + 'static {
    /// What the list is called in messages.
    const WHAT: &'static str;
    /// The word, what it means, and a sentence about it for editors.
    const ALL: &'static [(&'static str, Self, &'static str)];
}

/// A word that is in its list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<T>(pub(super) T);

impl<T: Words> FromNode for Word<T> {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        let allowed = listed(T::ALL.iter().map(|(word, ..)| *word));
        let Some(text) = node.as_text() else {
            cx.mismatch(node, &format!("one of {allowed}")).hint(None);
            return None;
        };
        let word = T::ALL.iter().find(|(word, ..)| *word == text);
        if word.is_none() {
            let message = format!("unknown {} `{}`", T::WHAT, shorten(text));
            let mut hint = format!("known: {allowed}");
            if let Some(meant) = did_you_mean(text, T::ALL.iter().map(|(w, ..)| *w)) {
                hint = format!("{meant} {hint}");
            }
            cx.problem(node.span(), message).hint(hint);
        }
        word.map(|(_, value, _)| Word(*value))
    }

    fn stand_in() -> Option<Self> {
        T::ALL.first().map(|(_, value, _)| Word(*value))
    }
}

impl<T: Words> JsonSchema for Word<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        Cow::Owned(format!("Word_{}", T::WHAT))
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<_> = T::ALL
            .iter()
            .map(|(word, _, text)| json!({ "const": word, "description": text }))
            .collect();
        json_schema!({ "type": "string", "oneOf": words })
    }
}

/// A text or a list of texts.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum OneOrMany {
    /// One.
    One(Text),
    /// Several, in this order.
    Many(Vec<Text>),
}

impl OneOrMany {
    pub(super) fn all(&self) -> &[Text] {
        match self {
            OneOrMany::One(text) => std::slice::from_ref(text),
            OneOrMany::Many(texts) => texts,
        }
    }
}

impl FromNode for OneOrMany {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        match node.kind() {
            Kind::List => Vec::read(cx, node).map(OneOrMany::Many),
            Kind::Text => Text::read(cx, node).map(OneOrMany::One),
            _ => {
                cx.mismatch(node, "a text or a list of texts").hint(None);
                None
            }
        }
    }
}

/// Lists of names in order; one name is a list of one.
pub(super) type Stages = Spanned<Vec<OneOrMany>>;

impl FromNode for Stages {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        Some(Spanned {
            value: Vec::read(cx, node)?,
            span: node.key_span().or_else(|| node.span()),
        })
    }
}

impl JsonSchema for Stages {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        inline("Stages")
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<OneOrMany>() })
    }
}

/// A map by name, in the order of the file. A value that can't be read keeps its name.
#[derive(Clone, Debug)]
pub(super) struct Map<T>(pub(super) Vec<Entry<T>>);

/// A name and what stands behind it.
#[derive(Clone, Debug)]
pub(super) struct Entry<T> {
    pub(super) name: Text,
    /// Absent when it could not be read; a problem says why.
    pub(super) value: Option<T>,
}

impl<T> Map<T> {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|e| e.name.value.as_str())
    }

    pub(super) fn find(&self, name: &str) -> Option<&Entry<T>> {
        self.0.iter().find(|e| e.name.value == name)
    }
}

impl<T: FromNode> FromNode for Map<T> {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        if node.kind() != Kind::Map {
            cx.mismatch(node, "a map by name").hint(None);
            return None;
        }
        let entries = node.children().map(|member| Entry {
            name: Spanned {
                value: member.key().as_str().into(),
                span: member.key_span().or_else(|| member.span()),
            },
            value: T::read(cx, member),
        });
        Some(Map(entries.collect()))
    }
}

impl<T: JsonSchema> JsonSchema for Map<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        Cow::Owned(format!("Map_of_{}", T::schema_name()))
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>() })
    }
}
