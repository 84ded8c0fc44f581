//! Equality of values that are no secrets, by type, and differences that are of spelling only.

use super::{
    json_text,
    secret::Sameness,
    tree::{Kind, NodeRef},
    units,
    value::{Plain, Value, ValueType, same_number},
};
use crate::kubernetes::quantity;
use std::borrow::Cow;

/// How two texts differ that are one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    /// One value of the setting's type: `60s` and `1m`.
    Type,
    /// One truth: `true` and `yes`. Code that compares text takes them apart.
    Boolean,
    /// The same but for blanks around it, whatever the type.
    OuterBlanks,
}

impl Value {
    /// How two values that are no secrets differ by text and not by type. Blanks around are told
    /// of without a type too, under which they are a difference.
    #[must_use]
    pub fn spelling(&self, other: &Value, ty: ValueType) -> Option<Spelling> {
        let (Value::Plain(a), Value::Plain(b)) = (self, other) else {
            return None;
        };
        if !(a.is_scalar() || b.is_scalar()) {
            return None;
        }
        let (x, y) = (a.text(), b.text());
        if x == y {
            return None;
        }
        let is_blank = x.trim().is_empty();
        if a.is_scalar() && b.is_scalar() && x.trim() == y.trim() && !is_blank {
            return Some(Spelling::OuterBlanks);
        }
        if self.same_setting(other, ty) != Sameness::Equal {
            return None;
        }
        Some(match ty {
            ValueType::Boolean => Spelling::Boolean,
            _ => Spelling::Type,
        })
    }
}

impl Plain {
    /// Neither `null` nor a map or list.
    pub(super) fn is_scalar(&self) -> bool {
        matches!(self, Plain::Bool(_) | Plain::Number(_) | Plain::Text(_))
    }

    pub(super) fn same(&self, other: &Plain, ty: ValueType) -> Sameness {
        match (self, other) {
            (Plain::Tree(a), Plain::Tree(b)) => match ty {
                ValueType::List | ValueType::Set => same_trees(a.root(), b.root(), ty),
                _ => a.root().sameness(b.root()),
            },
            (Plain::Tree(tree), scalar) | (scalar, Plain::Tree(tree)) => {
                same_as_text(tree.root(), scalar, ty)
            }
            (a, b) => Sameness::of(a.same_scalar(b, ty)),
        }
    }

    fn same_scalar(&self, other: &Plain, ty: ValueType) -> bool {
        match (self, other) {
            _ if self == other => return true,
            // No text, and no value of any type.
            (Plain::Null, _) | (_, Plain::Null) => return false,
            (Plain::Number(a), Plain::Number(b)) if same_number(a, b) => return true,
            _ => {}
        }
        let (a, b) = (self.text(), other.text());
        let (x, y) = (a.trim(), b.trim());
        match ty {
            ValueType::Text => false,
            _ if a == b => true,
            ValueType::Quantity => quantity::same(x, y),
            ValueType::Duration => {
                units::same_duration(x, y)
                    || quantity::same_duration(x, y)
                    || units::same_number(x, y)
            }
            ValueType::Bytes => units::same_bytes(x, y),
            ValueType::Boolean => {
                matches!((units::truth(x), units::truth(y)), (Some(x), Some(y)) if x == y)
            }
            ValueType::Number => units::same_number(x, y),
            ValueType::Json => json_text::same(x, y),
            ValueType::List => units::items(x) == units::items(y),
            ValueType::Set => is_one_set(texts(units::items(x)), texts(units::items(y))),
        }
    }
}

/// A map or list, and a scalar.
fn same_as_text(tree: NodeRef<'_>, scalar: &Plain, ty: ValueType) -> Sameness {
    if !scalar.is_scalar() || !matches!(ty, ValueType::Json | ValueType::List | ValueType::Set) {
        return Sameness::Different;
    }
    if hides_something(tree) {
        return Sameness::NotComparable("part of one side is a secret, or not readable from here");
    }
    let text = scalar.text();
    let same = match (ty, scalars(tree)) {
        (ValueType::Json, _) => json_text::same_as_tree(tree, &text),
        (_, None) => false,
        (ValueType::List, Some(items)) => items == units::items(&text),
        (_, Some(items)) => is_one_set(items, texts(units::items(&text))),
    };
    Sameness::of(same)
}

fn same_trees(a: NodeRef<'_>, b: NodeRef<'_>, ty: ValueType) -> Sameness {
    match (scalars(a), scalars(b)) {
        (Some(a), Some(b)) => Sameness::of(match ty {
            ValueType::Set => is_one_set(a, b),
            _ => a == b,
        }),
        _ => a.sameness(b),
    }
}

/// The items of a list of scalars, as text; nothing for all else.
fn scalars(list: NodeRef<'_>) -> Option<Vec<Cow<'_, str>>> {
    if list.kind() != Kind::List {
        return None;
    }
    let is_scalar = |n: NodeRef<'_>| {
        matches!(
            n.kind(),
            Kind::True | Kind::False | Kind::Number | Kind::Text
        )
    };
    list.children()
        .map(|n| is_scalar(n).then(|| n.scalar_text()))
        .collect()
}

fn texts(items: Vec<&str>) -> Vec<Cow<'_, str>> {
    items.into_iter().map(Cow::Borrowed).collect()
}

fn is_one_set<'a>(mut a: Vec<Cow<'a, str>>, mut b: Vec<Cow<'a, str>>) -> bool {
    for items in [&mut a, &mut b] {
        items.sort_unstable();
        items.dedup();
    }
    a == b
}

fn hides_something(node: NodeRef<'_>) -> bool {
    match node.kind() {
        Kind::Sealed | Kind::Opaque => true,
        _ => node.children().any(hides_something),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        secret::DigestKey,
        tree::{Prune, Sealing, Tree},
    };
    use proptest::prelude::*;
    use std::sync::Arc;

    const TYPES: [ValueType; 9] = [
        ValueType::Text,
        ValueType::Quantity,
        ValueType::Duration,
        ValueType::Bytes,
        ValueType::Boolean,
        ValueType::Number,
        ValueType::Json,
        ValueType::List,
        ValueType::Set,
    ];

    /// A value as JSON writes it.
    fn value(json: &str) -> Value {
        let tree = Tree::from_json(json.as_bytes(), Prune::NOTHING).expect("JSON");
        Value::of(tree.root())
    }

    fn equal(a: &str, b: &str, ty: ValueType) -> bool {
        let (a, b) = (value(a), value(b));
        let there = a.same_setting(&b, ty);
        assert_eq!(there, b.same_setting(&a, ty), "symmetric");
        there == Sameness::Equal
    }

    #[test]
    fn equal_by_type() {
        use ValueType as T;
        for (a, b, ty) in [
            (r#""60s""#, r#""1m""#, T::Duration),
            (r#""60""#, r#""60.0""#, T::Duration),
            (r#""PT1M""#, r#""1m0s""#, T::Duration),
            (r#""1GiB""#, r#""1024MiB""#, T::Bytes),
            ("1024", r#""1KiB""#, T::Bytes),
            ("true", r#""YES""#, T::Boolean),
            ("1", "true", T::Boolean),
            (r#""off""#, r#""0""#, T::Boolean),
            (r#""20""#, "20.0", T::Number),
            (r#"" 20""#, "20", T::Number),
            (r#""[1, 2]""#, "[1,2]", T::Json),
            (
                r#""{\"a\": 1, \"b\": 2}""#,
                r#""{\"b\":2,\"a\":1}""#,
                T::Json,
            ),
            (r#"["a","b"]"#, r#""a, b""#, T::List),
            ("[8080]", "8080", T::List),
            ("[1,2]", r#"["1","2"]"#, T::List),
            ("[]", r#""""#, T::List),
            (r#""b,a,b""#, r#""a,b""#, T::Set),
            (r#"["b","a"]"#, r#"["a","b"]"#, T::Set),
            (r#"["b","a"]"#, r#""a,b""#, T::Set),
            (r#""500m""#, r#""0.5""#, T::Quantity),
        ] {
            assert!(equal(a, b, ty), "{a} {b} {ty:?}");
        }
    }

    #[test]
    fn different_by_type() {
        use ValueType as T;
        for (a, b, ty) in [
            (r#""60""#, r#""60s""#, T::Duration),
            ("60", r#""60s""#, T::Duration),
            (r#""10MB""#, r#""10MiB""#, T::Bytes),
            ("2", "true", T::Boolean),
            (r#""""#, "false", T::Boolean),
            ("9007199254740993", r#""9007199254740992""#, T::Number),
            (r#""{\"a\":1,\"a\":2}""#, r#""{\"a\": 1,\"a\":2}""#, T::Json),
            (r#""a,b""#, r#""b,a""#, T::List),
            (r#"["a,b"]"#, r#""a,b""#, T::List),
            (r#"[["a"]]"#, r#""a""#, T::List),
            (r#""a""#, r#""a,b""#, T::Set),
            ("null", r#""null""#, T::Number),
            ("null", r#""null""#, T::Text),
            ("null", r#""""#, T::List),
            (r#""true""#, r#""yes""#, T::Text),
            (r#""a""#, r#""a ""#, T::Text),
            ("[1]", r#""[1]""#, T::Text),
        ] {
            assert!(!equal(a, b, ty), "{a} {b} {ty:?}");
        }
    }

    #[test]
    fn settings_compare_by_text_without_a_type() {
        assert!(equal("20", r#""20""#, ValueType::Text));
        assert!(equal("true", r#""true""#, ValueType::Text));
        assert!(!equal("true", r#""True""#, ValueType::Text));
        assert!(!equal("20.0", r#""20""#, ValueType::Text));
        assert!(equal("20.0", "20", ValueType::Text));
        let fields = value("20").same(&value(r#""20""#), ValueType::Text);
        assert_eq!(fields, Sameness::Different, "fields have types");
    }

    #[test]
    fn spelling_tells_what_code_that_compares_text_sees() {
        use ValueType as T;
        for (a, b, ty, expected) in [
            (r#""60s""#, r#""1m""#, T::Duration, Some(Spelling::Type)),
            (r#""60s""#, r#""1m""#, T::Text, None),
            (r#""60s""#, r#""2m""#, T::Duration, None),
            ("true", r#""True""#, T::Boolean, Some(Spelling::Boolean)),
            ("true", r#""true""#, T::Boolean, None),
            ("20", r#""20""#, T::Text, None),
            ("20.0", "20", T::Text, Some(Spelling::Type)),
            (r#""a""#, r#""a ""#, T::Text, Some(Spelling::OuterBlanks)),
            (r#""1 ""#, "1", T::Boolean, Some(Spelling::OuterBlanks)),
            (r#"" ""#, r#""""#, T::Text, None),
            (r#"["a","b"]"#, r#""a,b""#, T::List, Some(Spelling::Type)),
            ("[1]", "[1.0]", T::List, None),
            ("null", r#""null""#, T::Text, None),
        ] {
            let (a, b) = (value(a), value(b));
            assert_eq!(a.spelling(&b, ty), expected, "{a:?} {b:?} {ty:?}");
            assert_eq!(b.spelling(&a, ty), expected, "{b:?} {a:?} {ty:?}");
        }
        let key = DigestKey::for_this_run(&[1; 32]);
        let secret = Value::Secret(key.seal(b"true"));
        assert_eq!(secret.spelling(&Value::text("yes"), T::Boolean), None);
    }

    #[test]
    fn a_tree_with_a_secret_in_it_is_not_compared_by_text() {
        let key = DigestKey::for_this_run(&[1; 32]);
        let tree = Tree::from_json(br#"["hunter2"]"#, Prune::NOTHING).expect("JSON");
        let sealed = tree.seal(&key, &|_, _| Sealing::Text);
        let sealed = Value::Plain(Plain::Tree(Arc::new(sealed)));
        for ty in [ValueType::Json, ValueType::List, ValueType::Set] {
            for text in ["hunter2", "[null]", r#"["hunter2"]"#, "null", ""] {
                let same = sealed.same_setting(&Value::text(text), ty);
                assert!(matches!(same, Sameness::NotComparable(_)), "{ty:?} {text}");
            }
            assert_eq!(sealed.same_setting(&sealed, ty), Sameness::Equal);
        }
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z0-9 ,]{0,6}",
            "[0-9]{1,3}(s|m|ms|MB|MiB|k|\\.0)?",
            Just("true".to_owned()),
            Just("YES".to_owned()),
            Just("[1, 2]".to_owned()),
            Just("{\"a\":1}".to_owned()),
        ]
    }

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            text().prop_map(|t| Value::text(&t)),
            any::<bool>().prop_map(|b| Value::Plain(Plain::Bool(b))),
            any::<i16>().prop_map(|n| Value::Plain(Plain::Number(n.to_string().into()))),
            Just(Value::Plain(Plain::Null)),
            Just(value("[1,2]")),
            Just(value(r#"["a",["b"]]"#)),
            Just(value(r#"{"a":1}"#)),
        ]
    }

    proptest! {
        #[test]
        fn equality_is_reflexive_and_symmetric(a in any_value(), b in any_value()) {
            for ty in TYPES {
                prop_assert_eq!(a.same_setting(&a, ty), Sameness::Equal);
                prop_assert_eq!(a.same(&a, ty), Sameness::Equal);
                prop_assert_eq!(a.same_setting(&b, ty), b.same_setting(&a, ty));
                prop_assert_eq!(a.same(&b, ty), b.same(&a, ty));
                prop_assert_eq!(a.spelling(&b, ty), b.spelling(&a, ty));
                prop_assert_eq!(a.spelling(&a, ty), None);
            }
        }

        #[test]
        fn the_same_text_is_always_equal(t in text()) {
            for ty in TYPES {
                let (a, b) = (Value::text(&t), Value::text(&t));
                prop_assert_eq!(a.same(&b, ty), Sameness::Equal);
                if let Ok(n) = t.parse::<u32>() {
                    let number = Value::Plain(Plain::Number(t.clone().into()));
                    prop_assert_eq!(number.same_setting(&a, ty), Sameness::Equal, "{}", n);
                }
            }
        }

        #[test]
        fn secrets_are_never_compared_by_text(t in text()) {
            let key = DigestKey::for_this_run(&[1; 32]);
            let secret = Value::Secret(key.seal(t.as_bytes()));
            for ty in TYPES {
                let plain = Value::text(&t);
                prop_assert_ne!(secret.same_setting(&plain, ty), Sameness::Equal);
                prop_assert_ne!(plain.same_setting(&secret, ty), Sameness::Equal);
                prop_assert_eq!(secret.spelling(&plain, ty), None);
            }
        }
    }
}
