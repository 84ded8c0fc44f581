//! JSON inside of texts, compared by structure: blanks and the order of members mean nothing,
//! numbers are exact. What is no JSON, or has a member twice, equals nothing.

use super::{
    tree::{Kind, MAX_DEPTH, NodeRef},
    units,
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// Whether two texts are the same JSON.
#[must_use]
pub(super) fn same(a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (Json::parse(a), Json::parse(b)) else {
        return false;
    };
    a == b
}

/// Whether a tree is what a text says in JSON. What is sealed or opaque equals nothing.
#[must_use]
pub(super) fn same_as_tree(tree: NodeRef<'_>, text: &str) -> bool {
    Json::parse(text).is_some_and(|json| json.is(tree))
}

/// JSON, with borrowed texts where they hold no escapes.
enum Json<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    /// Sorted by name, each once.
    Map(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    fn parse(text: &'a str) -> Option<Json<'a>> {
        Json::of(serde_json::from_str(text).ok()?, 0)
    }

    fn of(raw: &'a RawValue, depth: usize) -> Option<Json<'a>> {
        let text = raw.get();
        if depth > MAX_DEPTH {
            return None;
        }
        Some(match text.as_bytes().first()? {
            b'n' => Json::Null,
            b't' => Json::Bool(true),
            b'f' => Json::Bool(false),
            b'"' => Json::Text(serde_json::from_str::<Text<'a>>(text).ok()?.0),
            b'[' => {
                let items: Vec<&'a RawValue> = serde_json::from_str(text).ok()?;
                let items = items.into_iter().map(|i| Json::of(i, depth + 1));
                Json::List(items.collect::<Option<_>>()?)
            }
            b'{' => {
                let members = serde_json::from_str::<RawMembers<'a>>(text).ok()?.0;
                let members = members
                    .into_iter()
                    .map(|(name, value)| Some((name, Json::of(value, depth + 1)?)));
                let mut members = members.collect::<Option<Vec<_>>>()?;
                members.sort_by(|(a, _), (b, _)| a.cmp(b));
                if members.windows(2).any(|w| w[0].0 == w[1].0) {
                    return None;
                }
                Json::Map(members)
            }
            _ => Json::Number(text),
        })
    }

    fn is(&self, tree: NodeRef<'_>) -> bool {
        match (self, tree.kind()) {
            (Json::Null, Kind::Null) => true,
            (Json::Bool(b), _) => tree.as_bool() == Some(*b),
            (Json::Number(n), Kind::Number) => same_digits(n, tree.text()),
            (Json::Text(t), Kind::Text) => *t == tree.text(),
            (Json::List(items), Kind::List) => {
                items.len() == tree.len() && items.iter().zip(tree.children()).all(|(i, t)| i.is(t))
            }
            (Json::Map(members), Kind::Map) => {
                let mut theirs: Vec<NodeRef<'_>> = tree.children().collect();
                theirs.sort_by_key(|t| t.key().as_str());
                members.len() == theirs.len()
                    && members
                        .iter()
                        .zip(theirs)
                        .all(|((name, json), t)| *name == t.key().as_str() && json.is(t))
            }
            _ => false,
        }
    }
}

impl PartialEq for Json<'_> {
    fn eq(&self, other: &Json<'_>) -> bool {
        match (self, other) {
            (Json::Null, Json::Null) => true,
            (Json::Bool(a), Json::Bool(b)) => a == b,
            (Json::Number(a), Json::Number(b)) => same_digits(a, b),
            (Json::Text(a), Json::Text(b)) => a == b,
            (Json::List(a), Json::List(b)) => a == b,
            (Json::Map(a), Json::Map(b)) => a == b,
            _ => false,
        }
    }
}

fn same_digits(a: &str, b: &str) -> bool {
    a == b || units::same_number(a, b)
}

struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_str(TextVisitor).map(Text)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(v))
    }
    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v.to_owned()))
    }
}

/// The members of a map, duplicates too.
struct RawMembers<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawMembers<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_map(MembersVisitor).map(RawMembers)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            out.push((name.0, value));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::{Prune, Tree};

    #[test]
    fn structure_not_text() {
        for (a, b) in [
            (
                r#"{"a":1,"b":[true,null]}"#,
                "{ \"b\": [true, null],\n\"a\": 1.0 }",
            ),
            (r#""\u0041""#, r#""A""#),
            ("12345678901234567890123", "12345678901234567890123"),
            ("{}", " { } "),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("12345678901234567890123", "12345678901234567890124"),
            ("9007199254740993", "9007199254740992"),
            ("[1,2]", "[2,1]"),
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2}"#),
            (r#"{"a":null}"#, "{}"),
            ("{", "{"),
            ("", ""),
            ("{} x", "{} x"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(!same(&deep, &deep), "bounded, and no stack overflow");
    }

    #[test]
    fn a_tree_and_its_text() {
        let text = r#"{"b":[1,"x",false],"a":{"n":12345678901234567}}"#;
        let tree = Tree::from_json(text.as_bytes(), Prune::NOTHING).expect("JSON");
        assert!(same_as_tree(
            tree.root(),
            r#"{ "a": { "n": 12345678901234567 }, "b": [1, "x", false] }"#
        ));
        assert!(!same_as_tree(tree.root(), r#"{"b":[1,"x",false]}"#));
        assert!(!same_as_tree(
            tree.root(),
            r#"{"b":[1,"x",0],"a":{"n":12345678901234567}}"#
        ));
    }
}
