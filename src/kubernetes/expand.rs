//! `$(VAR)` in environment variables, as Kubernetes expands it
//! (`third_party/forked/golang/expansion`): one pass from left to right, `$$` is a `$`, what is
//! not found stays as written, and results are not looked at again.

use crate::model::value::{Part, Value};
use std::sync::Arc;

/// A text after expansion.
#[derive(Clone, Debug)]
pub struct Expanded<'t> {
    /// The text. Nothing when what it refers to makes it larger than allowed.
    pub value: Result<Value, TooLarge>,
    /// The names between `$(` and `)` in their order, found or not, repeated as often as written.
    pub references: Vec<&'t str>,
}

/// The expanded text would be larger than [`MAX_BYTES`] or have more than [`MAX_PARTS`] parts.
/// No process can be started with such a variable: Linux takes 128 KiB per variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("larger than 1 MiB after `$(…)` is filled in; no process can be started with it")]
pub struct TooLarge;

/// Bytes of literal text after expansion. Thirty variables that each name the one before twice
/// would be a gibibyte.
pub const MAX_BYTES: usize = 1 << 20;
/// Literals, secrets and symbols of one text after expansion.
pub const MAX_PARTS: usize = 10_000;

/// Expands `text`. `lookup` gives the value of a name, or nothing when it is not declared.
pub fn expand<'t>(text: &'t str, lookup: &mut dyn FnMut(&'t str) -> Option<Value>) -> Expanded<'t> {
    let mut out = Joined::default();
    let mut references = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.literal(&rest[..at]);
        let after = &rest[at + 1..];
        rest = if let Some(escaped) = after.strip_prefix('$') {
            out.literal("$");
            escaped
        } else if let Some(inner) = after.strip_prefix('(') {
            if let Some((name, behind)) = inner.split_once(')') {
                references.push(name);
                match lookup(name) {
                    Some(value) => out.value(value, name.len() + 3 == text.len()),
                    None => out.literal(&rest[at..at + name.len() + 3]),
                }
                behind
            } else {
                out.literal("$(");
                inner
            }
        } else {
            out.literal("$");
            after
        };
    }
    out.literal(rest);
    Expanded {
        value: out.finish(),
        references,
    }
}

/// Whether `text` could change by expansion.
#[must_use]
pub fn has_references(text: &str) -> bool {
    text.contains('$')
}

/// Puts parts together; neighbouring literals are one.
#[derive(Default)]
struct Joined {
    parts: Vec<Part>,
    literal: String,
    bytes: usize,
    /// The whole text is one reference: its value, not a copy.
    only: Option<Value>,
    /// A part whose content nobody knows makes the whole text such a one.
    opaque: Option<Box<str>>,
    too_large: bool,
}

impl Joined {
    fn literal(&mut self, text: &str) {
        self.bytes += text.len();
        if self.bytes > MAX_BYTES {
            self.too_large = true;
        } else {
            self.literal.push_str(text);
        }
    }

    fn value(&mut self, value: Value, is_all: bool) {
        if is_all {
            self.only = Some(match value {
                Value::Plain(p) => Value::Plain(crate::model::value::Plain::Text(p.text())),
                other => other,
            });
            return;
        }
        match value {
            Value::Plain(p) => self.literal(&p.text()),
            Value::Secret(s) => self.part(Part::Secret(s)),
            Value::Symbol(s) => self.part(Part::Symbol(s)),
            Value::Opaque(why) => self.opaque = Some(why),
            Value::Composite(parts) => {
                for part in parts.iter() {
                    match part {
                        Part::Literal(text) => self.literal(text),
                        other => self.part(other.clone()),
                    }
                    if self.too_large {
                        return;
                    }
                }
            }
        }
    }

    fn part(&mut self, part: Part) {
        if self.parts.len() >= MAX_PARTS {
            self.too_large = true;
            return;
        }
        self.flush();
        self.parts.push(part);
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            let text = std::mem::take(&mut self.literal);
            self.parts.push(Part::Literal(text.into()));
        }
    }

    fn finish(mut self) -> Result<Value, TooLarge> {
        if self.too_large {
            return Err(TooLarge);
        }
        if let Some(value) = self.only {
            return Ok(value);
        }
        if let Some(why) = self.opaque {
            return Ok(Value::Opaque(why));
        }
        if self.parts.is_empty() {
            return Ok(Value::text(&self.literal));
        }
        self.flush();
        if self.parts.len() > 1 {
            return Ok(Value::Composite(Arc::from(self.parts)));
        }
        Ok(match self.parts.swap_remove(0) {
            Part::Literal(text) => Value::text(&text),
            Part::Secret(secret) => Value::Secret(secret),
            Part::Symbol(symbol) => Value::Symbol(symbol),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        secret::DigestKey,
        value::{Plain, ValueType},
    };
    use proptest::prelude::*;

    fn expanded(text: &str) -> String {
        let e = expand(text, &mut |name| {
            Some(Value::text(match name {
                "VAR_A" => "A",
                "VAR_B" => "B",
                "VAR_C" => "C",
                "VAR_REF" => "$(VAR_A)",
                "VAR_EMPTY" => "",
                _ => return None,
            }))
        });
        match e.value.expect("small") {
            Value::Plain(Plain::Text(t)) => t.to_string(),
            other => format!("not a text: {other:?}"),
        }
    }

    /// The vectors of Kubernetes' own test, `TestMapReference` and `TestMapping`.
    #[test]
    fn vectors_of_upstream() {
        for (text, wanted) in [
            ("$(VAR_A)", "A"),
            ("___$(VAR_B)___", "___B___"),
            ("___$(VAR_C)", "___C"),
            ("$(VAR_A)-$(VAR_A)", "A-A"),
            ("$(VAR_A)-1", "A-1"),
            ("$(VAR_A)_$(VAR_B)_$(VAR_C)", "A_B_C"),
            ("$$(VAR_B)_$(VAR_A)", "$(VAR_B)_A"),
            ("$$(VAR_A)_$$(VAR_B)", "$(VAR_A)_$(VAR_B)"),
            ("f000-$$VAR_A", "f000-$VAR_A"),
            ("foo\\$(VAR_C)bar", "foo\\Cbar"),
            ("foo\\\\$(VAR_C)bar", "foo\\\\Cbar"),
            ("foo\\\\\\\\$(VAR_A)bar", "foo\\\\\\\\Abar"),
            ("$(VAR_A$(VAR_B))", "$(VAR_A$(VAR_B))"),
            ("$(VAR_A$(VAR_B)", "$(VAR_A$(VAR_B)"),
            ("$(VAR_REF)", "$(VAR_A)"),
            ("%%$(VAR_REF)--$(VAR_REF)%%", "%%$(VAR_A)--$(VAR_A)%%"),
            ("foo$(VAR_EMPTY)bar", "foobar"),
            ("foo$(VAR_Awhoops!", "foo$(VAR_Awhoops!"),
            ("f00__(VAR_A)__", "f00__(VAR_A)__"),
            ("$?_boo_$!", "$?_boo_$!"),
            ("$VAR_A", "$VAR_A"),
            ("$(VAR_DNE)", "$(VAR_DNE)"),
            ("$$$$$$(BIG_MONEY)", "$$$(BIG_MONEY)"),
            ("$$$$$$(VAR_A)", "$$$(VAR_A)"),
            ("$$$$$$$(GOOD_ODDS)", "$$$$(GOOD_ODDS)"),
            ("$$$$$$$(VAR_A)", "$$$A"),
            ("$VAR_A)", "$VAR_A)"),
            ("${VAR_A}", "${VAR_A}"),
            ("$(VAR_B)_______$(A", "B_______$(A"),
            ("$(VAR_C)_______$(", "C_______$("),
            ("$(VAR_A)foobarzab$", "Afoobarzab$"),
            ("foo-\\$(VAR_A", "foo-\\$(VAR_A"),
            ("--$($($($($--", "--$($($($($--"),
            ("$($($($($--foo$(", "$($($($($--foo$("),
            ("foo0--$($($($(", "foo0--$($($($("),
            ("$(foo$$var)", "$(foo$$var)"),
            ("$()", "$()"),
            ("", ""),
            ("$", "$"),
            ("$£FOO", "$£FOO"),
            ("$中文", "$中文"),
            ("$(VAR_中)", "$(VAR_中)"),
        ] {
            assert_eq!(expanded(text), wanted, "{text}");
        }
    }

    #[test]
    fn references_are_named_found_or_not() {
        let e = expand("$(A)-$$(B)-$(C$(D)-$(A)", &mut |_| None);
        assert_eq!(e.references, ["A", "C$(D", "A"]);
    }

    fn value(key: &DigestKey, text: &'static str) -> Value {
        expand(text, &mut |name| match name {
            "PW" => Some(Value::Secret(key.seal(b"hunter2"))),
            "IP" => Some(Value::Symbol("fieldRef(status.podIP)".into())),
            "SOPS" => Some(Value::Opaque("sops".into())),
            "N" => Some(Value::Plain(Plain::Number("5".into()))),
            "URL" => expand("x$(PW2)y", &mut |_| Some(Value::Secret(key.seal(b"p"))))
                .value
                .ok(),
            _ => None,
        })
        .value
        .expect("small")
    }

    #[test]
    fn secrets_and_symbols_stay_what_they_are() {
        let key = DigestKey::for_this_run(&[1; 32]);
        assert!(matches!(value(&key, "$(PW)"), Value::Secret(_)));
        assert!(matches!(value(&key, "$(IP)"), Value::Symbol(_)));
        assert!(matches!(value(&key, "a$(SOPS)b$(PW)"), Value::Opaque(_)));
        assert!(matches!(value(&key, "$(N)"), Value::Plain(Plain::Text(t)) if &*t == "5"));
        let parts = match value(&key, "a$(N)://$(PW)@$(IP):$(URL)$$") {
            Value::Composite(parts) => parts,
            _ => [].into(),
        };
        let shape: String = parts
            .iter()
            .map(|p| match p {
                Part::Literal(t) => t.to_string(),
                Part::Secret(_) => "<secret>".into(),
                Part::Symbol(s) => format!("<{s}>"),
            })
            .collect();
        assert_eq!(shape, "a5://<secret>@<fieldRef(status.podIP)>:x<secret>y$");
        assert!(!format!("{parts:?}").contains("hunter2"));
    }

    #[test]
    fn texts_with_one_secret_each_compare() {
        let key = DigestKey::for_this_run(&[1; 32]);
        let (a, b, c) = (
            value(&key, "x-$(PW)-y"),
            value(&key, "x-$(PW)-y"),
            value(&key, "x-$(PW)-z"),
        );
        use crate::model::secret::Sameness;
        assert_eq!(a.same(&b, ValueType::Text), Sameness::Equal);
        assert_eq!(a.same(&c, ValueType::Text), Sameness::Different);
    }

    #[test]
    fn what_grows_without_bound_is_refused() {
        let mut text: Result<Value, TooLarge> = Ok(Value::text("0123456789"));
        for _ in 0..40 {
            let before = text.clone();
            text = match before {
                Ok(v) => expand("$(A)$(A)", &mut |_| Some(v.clone())).value,
                Err(e) => Err(e),
            };
        }
        assert_eq!(text.err(), Some(TooLarge));
        let key = DigestKey::for_this_run(&[1; 32]);
        let mut many: Result<Value, TooLarge> = Ok(Value::Secret(key.seal(b"x")));
        for _ in 0..40 {
            many = many.and_then(|v| expand("$(A)$(A)", &mut |_| Some(v.clone())).value);
        }
        assert_eq!(many.err(), Some(TooLarge));
    }

    proptest! {
        #[test]
        fn without_a_dollar_nothing_changes(text in "[^$]{0,40}") {
            prop_assert_eq!(expanded(&text), text);
        }

        #[test]
        fn no_text_panics(text in "[$(){}a中]{0,40}") {
            let _ = expanded(&text);
        }
    }
}
