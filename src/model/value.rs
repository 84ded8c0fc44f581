//! Values as rules see them, readings that may have failed, and what may be shown of either.

use super::{
    secret::{Sameness, SecretValue},
    tree::{Kind, NodeRef, Tree, WithoutSecrets},
};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// A value whose presence is certain. What is known about its content differs.
#[derive(Clone, Debug)]
pub enum Value {
    /// Known and printable.
    Plain(Plain),
    /// A secret: comparable by digest, not printable.
    Secret(SecretValue),
    /// Text put together from literals, secrets and symbols: `postgres://app:$(DB_PASSWORD)@db`.
    /// Compared part by part, because nobody holds the plain parts to join.
    Composite(Arc<[Part]>),
    /// Known when a container starts only (`fieldRef(status.podIP)`), or a reference that is not
    /// followed (`secret shop/api-secret, key DB_PASSWORD`). Equal to itself.
    Symbol(Box<str>),
    /// The source says that there is a value and hides it (`sops`). Not even equal to itself.
    Opaque(Box<str>),
}

/// A piece of a [`Value::Composite`].
#[derive(Clone, Debug)]
pub enum Part {
    /// Text as written.
    Literal(Arc<str>),
    /// A secret in between.
    Secret(SecretValue),
    /// Something known at run time only.
    Symbol(Box<str>),
}

/// A value that is no secret.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// Digits as written: large integers stay exact.
    Number(Box<str>),
    /// A text.
    Text(Arc<str>),
    /// A map or a list.
    Tree(Arc<Tree>),
}

/// How two plain values are compared; from the field's type, the catalogue or the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueType {
    /// By text; `"20"` and `20` differ.
    #[default]
    Text,
    /// A Kubernetes quantity: `500m` equals `0.5`.
    Quantity,
    /// A span of time: `60s` equals `1m0s`, `PT1M` and `1m`. `60` alone is no span.
    Duration,
    /// A size: `1GiB` equals `1024MiB`, `1GB` equals `1000MB`, a number alone is bytes.
    Bytes,
    /// `true`, `yes`, `on` and `1` are one value.
    Boolean,
    /// Numbers by value, whether they are written as numbers or as texts: `"20"` equals `20.0`.
    Number,
    /// JSON by structure: blanks and the order of members mean nothing.
    Json,
    /// A comma-separated list: blanks around items mean nothing.
    List,
    /// A comma-separated list in any order, each item once.
    Set,
}

impl Value {
    /// The value of a leaf, or of a whole map or list that holds no secret.
    #[must_use]
    pub fn of(node: NodeRef<'_>) -> Value {
        match node.kind() {
            Kind::Null => Value::Plain(Plain::Null),
            Kind::True => Value::Plain(Plain::Bool(true)),
            Kind::False => Value::Plain(Plain::Bool(false)),
            Kind::Number => Value::Plain(Plain::Number(node.text().into())),
            Kind::Text => Value::Plain(Plain::Text(node.text().into())),
            Kind::List | Kind::Map => Value::Plain(Plain::Tree(Arc::new(Tree::of(node)))),
            Kind::Sealed => match node.secret() {
                Some(secret) => Value::Secret(secret.clone()),
                None => Value::Opaque("secret".into()),
            },
            Kind::Opaque => Value::Opaque(node.text().into()),
        }
    }

    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Value {
        Value::Plain(Plain::Text(text.into()))
    }

    /// Whether `self` and `other` are one value; see [`Sameness`].
    #[must_use]
    pub fn same(&self, other: &Value, ty: ValueType) -> Sameness {
        match (self, other) {
            (Value::Opaque(_), _) | (_, Value::Opaque(_)) => {
                Sameness::NotComparable("present, but not readable from here")
            }
            (Value::Secret(a), Value::Secret(b)) => a.same(b),
            (Value::Symbol(a), Value::Symbol(b)) if a == b => Sameness::Equal,
            (Value::Symbol(_), _) | (_, Value::Symbol(_)) => {
                Sameness::NotComparable("known at run time only")
            }
            (Value::Composite(a), Value::Composite(b)) => same_parts(a, b),
            (Value::Composite(_), _) | (_, Value::Composite(_)) => {
                Sameness::NotComparable("one side is put together from secrets")
            }
            // At one place, what is sealed depends on the text alone: one sealed, one not, differ.
            (Value::Secret(_), Value::Plain(Plain::Text(_) | Plain::Number(_)))
            | (Value::Plain(Plain::Text(_) | Plain::Number(_)), Value::Secret(_)) => {
                Sameness::Different
            }
            (Value::Secret(_), _) | (_, Value::Secret(_)) => {
                Sameness::NotComparable("one side is a secret, the other is not")
            }
            (Value::Plain(a), Value::Plain(b)) => a.same(b, ty),
        }
    }

    /// [`Value::same`] for settings: where no type is known, scalars compare by their text (a file
    /// says `20`, a variable can only say `"20"`). `null` is no text.
    #[must_use]
    pub fn same_setting(&self, other: &Value, ty: ValueType) -> Sameness {
        match (self, other) {
            (Value::Plain(a), Value::Plain(b)) if a.is_scalar() && b.is_scalar() => {
                match a.text() == b.text() {
                    true => Sameness::Equal,
                    false => a.same(b, ty),
                }
            }
            _ => self.same(other, ty),
        }
    }

    /// Whether nothing of it may be shown: a secret, or a map or list that has one inside. With
    /// the secret blanked out it would be another value.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        match self {
            Value::Secret(_) | Value::Composite(_) => true,
            Value::Plain(Plain::Tree(tree)) => tree.has_sealed(),
            Value::Plain(_) | Value::Symbol(_) | Value::Opaque(_) => false,
        }
    }

    /// Whether its content is not known from here; counted in the coverage.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        matches!(self, Value::Opaque(_) | Value::Symbol(_))
    }
}

fn same_parts(a: &[Part], b: &[Part]) -> Sameness {
    if a.len() != b.len() {
        return Sameness::NotComparable("put together differently from secrets");
    }
    a.iter()
        .zip(b)
        .fold(Sameness::Equal, |so_far, pair| match pair {
            (Part::Literal(x), Part::Literal(y)) => so_far.and(Sameness::of(x == y)),
            (Part::Secret(x), Part::Secret(y)) => so_far.and(x.same(y)),
            (Part::Symbol(x), Part::Symbol(y)) if x == y => so_far,
            _ => so_far.and(Sameness::NotComparable(
                "put together differently from secrets",
            )),
        })
}

impl Plain {
    /// As text: `true`, digits, JSON of a map or list.
    #[must_use]
    pub fn text(&self) -> Arc<str> {
        match self {
            Plain::Null => "null".into(),
            Plain::Bool(b) => b.to_string().into(),
            Plain::Number(n) => (**n).into(),
            Plain::Text(t) => t.clone(),
            Plain::Tree(t) => serde_json::to_string(&WithoutSecrets(t.root()))
                .unwrap_or_default()
                .into(),
        }
    }
}

/// Numeric equality of two spellings; integers exactly, however large.
#[must_use]
pub fn same_number(a: &str, b: &str) -> bool {
    a == b
        || match (a.parse::<i128>(), b.parse::<i128>()) {
            (Ok(x), Ok(y)) => x == y,
            (Err(_), Err(_)) | (Ok(_), Err(_)) | (Err(_), Ok(_)) => {
                // Beyond what a float holds, all numbers would be one.
                matches!((a.parse::<f64>(), b.parse::<f64>()),
                    (Ok(x), Ok(y)) if x.is_finite() && x.total_cmp(&y).is_eq())
            }
        }
}

/// What looking for something yields. `Absent` can only come from a place that was read completely.
#[derive(Clone, Debug)]
pub enum Reading<T> {
    /// It is there.
    Present(T),
    /// It is not there, and somebody looked everywhere it could be.
    Absent(AbsenceProof),
    /// It should have been readable, and was not, or was not asked for.
    Unknown(Unread),
}

/// Proof that somebody looked everywhere the thing could be. Made in `model` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbsenceProof(());

impl AbsenceProof {
    pub(in crate::model) const fn new() -> AbsenceProof {
        AbsenceProof(())
    }
}

impl<T> Reading<T> {
    /// What was, or was not, found inside something that was read as a whole.
    #[must_use]
    pub fn within_whole(found: Option<T>) -> Reading<T> {
        found.map_or(Reading::Absent(AbsenceProof(())), Reading::Present)
    }

    /// The thing, if it is there.
    #[must_use]
    pub fn present(&self) -> Option<&T> {
        match self {
            Reading::Present(t) => Some(t),
            _ => None,
        }
    }

    /// Applies `f` to what is there.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Reading::Present(t) => Reading::Present(f(t)),
            Reading::Absent(p) => Reading::Absent(p),
            Reading::Unknown(u) => Reading::Unknown(u),
        }
    }

    /// Looks inside what is there: items are whole, so absence inside one is certain.
    #[must_use]
    pub fn inside<U>(self, f: impl FnOnce(T) -> Option<U>) -> Reading<U> {
        match self {
            Reading::Present(t) => f(t).map_or(Reading::Absent(AbsenceProof(())), Reading::Present),
            Reading::Absent(p) => Reading::Absent(p),
            Reading::Unknown(u) => Reading::Unknown(u),
        }
    }

    /// By reference.
    #[must_use]
    pub fn as_ref(&self) -> Reading<&T> {
        match self {
            Reading::Present(t) => Reading::Present(t),
            Reading::Absent(p) => Reading::Absent(*p),
            Reading::Unknown(u) => Reading::Unknown(u.clone()),
        }
    }

    /// Whether it could not be read.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Reading::Unknown(_))
    }
}

/// Why something could not be read. `detail` is in our own words; it holds no value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unread {
    /// The kind of failure.
    pub cause: UnreadCause,
    /// A sentence for people: what was tried, what happened, what to do.
    pub detail: Box<str>,
}

impl Unread {
    /// A failure with its sentence.
    #[must_use]
    pub fn new(cause: UnreadCause, detail: impl Into<Box<str>>) -> Unread {
        Unread {
            cause,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// Kinds of failure to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnreadCause {
    /// Outside what was asked for.
    NotAsked,
    /// 401, no or expired credentials.
    Unauthenticated,
    /// 403.
    Forbidden,
    /// The server does not know the kind.
    NotServed,
    /// The namespace does not exist.
    NamespaceMissing,
    /// No connection: DNS, refused, TLS.
    Unreachable,
    /// 429 beyond the budget.
    Throttled,
    /// No answer within the time budget.
    TimedOut,
    /// 5xx beyond the budget.
    ServerError,
    /// The answer ended too early, or a list changed under the reader.
    CutOff,
    /// The answer, or the file, is not what it should be.
    Malformed,
    /// Larger than the limit.
    TooLarge,
    /// A snapshot older than allowed, or from the future.
    Stale,
    /// A snapshot whose MAC does not match.
    Tampered,
    /// A revision, blob or file that git should have and has not (shallow or partial clone).
    MissingObject,
    /// A renderer failed, is missing, or was not run.
    NotRendered,
}

/// What a report may hold of a value. The only conversion from [`Value`]; a secret has one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The value as text.
    Value(Arc<str>),
    /// There is none.
    Absent,
    /// A secret.
    Redacted,
    /// Present, content not knowable from here; why (`sops`, `fieldRef(metadata.name)`).
    Opaque(Box<str>),
    /// Could not be read; why.
    Unknown(Box<str>),
}

impl From<&Value> for Shown {
    fn from(v: &Value) -> Shown {
        match v {
            v if v.is_sensitive() => Shown::Redacted,
            Value::Plain(p) => Shown::Value(p.text()),
            Value::Secret(_) | Value::Composite(_) => Shown::Redacted,
            Value::Symbol(s) | Value::Opaque(s) => Shown::Opaque(s.clone()),
        }
    }
}

impl Shown {
    /// Of a reading.
    #[must_use]
    pub fn of(r: &Reading<Value>) -> Shown {
        match r {
            Reading::Present(v) => v.into(),
            Reading::Absent(_) => Shown::Absent,
            Reading::Unknown(u) => Shown::Unknown(u.detail.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::DigestKey;

    #[test]
    fn numbers_by_value_and_integers_exactly() {
        assert!(same_number("1", "1.0"));
        assert!(same_number("1e3", "1000"));
        assert!(!same_number("9007199254740993", "9007199254740992"));
    }

    #[test]
    fn text_and_number_differ_without_a_type() {
        let (text, number) = (Value::text("20"), Value::Plain(Plain::Number("20".into())));
        assert_eq!(text.same(&number, ValueType::Text), Sameness::Different);
    }

    #[test]
    fn secrets_inside_a_text_are_compared_part_by_part() {
        let key = DigestKey::for_this_run(&[1; 32]);
        let url = |pw: &[u8], host: &str| {
            Value::Composite(
                [
                    Part::Literal("postgres://app:".into()),
                    Part::Secret(key.seal(pw)),
                    Part::Literal(host.into()),
                ]
                .into(),
            )
        };
        let ty = ValueType::Text;
        assert_eq!(url(b"a", "@x").same(&url(b"a", "@x"), ty), Sameness::Equal);
        assert_eq!(
            url(b"a", "@x").same(&url(b"b", "@x"), ty),
            Sameness::Different
        );
        assert_eq!(
            url(b"a", "@x").same(&url(b"a", "@y"), ty),
            Sameness::Different
        );
        assert!(matches!(
            url(b"a", "@x").same(&Value::text("postgres://"), ty),
            Sameness::NotComparable(_)
        ));
        assert_eq!(Shown::from(&url(b"a", "@x")), Shown::Redacted);
    }

    #[test]
    fn opaque_values_are_never_equal_and_symbols_are() {
        let opaque = Value::Opaque("sops".into());
        assert!(matches!(
            opaque.same(&opaque, ValueType::Text),
            Sameness::NotComparable(_)
        ));
        let symbol = Value::Symbol("fieldRef(metadata.name)".into());
        assert_eq!(symbol.same(&symbol, ValueType::Text), Sameness::Equal);
    }
}
