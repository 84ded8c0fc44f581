//! Who wrote a field: `fieldsV1` of managed fields, read for objects that differ.
//!
//! The text is a trie. `f:name` is a member of a map, `k:{…}` an item of a list by its keys, `v:…`
//! an item of a set, `.` says that the parent itself is owned. A node without members is owned
//! as a whole: an atomic list or map is one leaf, so that no schema is needed, and of the
//! prefixes of a path the longest owned one decides. A removal leaves no trace at all.

use super::writers;
use crate::model::{
    finding::{Certainty, Writer, WriterClass, Written},
    observation::{WriteRecord, WriterKind},
    path::{KeyPath, Segment},
    time::Timestamp,
    tree::NodeRef,
};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use std::{cmp::Reverse, fmt};

/// Books what existed before the first apply under the time of that apply: says nothing of a change.
pub(super) const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// The owners of an object's fields; parses each record once.
#[derive(Debug)]
pub struct Ownership<'a> {
    writes: &'a [WriteRecord],
    classes: Vec<WriterClass>,
    sets: Vec<Set>,
    is_secret: bool,
}

/// What one record owns.
#[derive(Debug)]
enum Set {
    /// A record without fields: the whole item.
    Everything,
    Fields(Trie),
    /// No `fieldsV1`: dropped.
    Malformed,
}

/// A record that owns a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its number in the writes.
    pub record: usize,
    /// It owns an atomic list or map that the path lies in.
    pub whole: bool,
    /// It owns nothing of the path itself, only something below.
    pub below: bool,
    /// It owns nothing but this path.
    pub only: bool,
}

impl<'a> Ownership<'a> {
    /// The ownership of the object at `root`, written by `writes`. `extra_deployers`: see
    /// [`writers::class_of`].
    #[must_use]
    pub fn of(
        writes: &'a [WriteRecord],
        root: NodeRef<'_>,
        extra_deployers: &[Box<str>],
    ) -> Ownership<'a> {
        let parse = |w: &WriteRecord| match &w.fields {
            None => Set::Everything,
            Some(text) => serde_json::from_str(text).map_or(Set::Malformed, Set::Fields),
        };
        Ownership {
            writes,
            classes: writers::classes(writes, extra_deployers),
            sets: writes.iter().map(parse).collect(),
            is_secret: root.text_at(&["kind"]) == Some("Secret"),
        }
    }

    /// What is known of the writers, in their order.
    #[must_use]
    pub fn classes(&self) -> &[WriterClass] {
        &self.classes
    }

    /// How many records could not be read and were left out.
    #[must_use]
    pub fn malformed(&self) -> usize {
        let sets = self.sets.iter();
        sets.filter(|s| matches!(s, Set::Malformed)).count()
    }

    /// The records that own `path`, in their order: all are co-owners. When none does, those that
    /// own something below it.
    #[must_use]
    pub fn owners(&self, path: &KeyPath) -> Vec<Owner> {
        let alias = self.alias(path);
        let mut found: Vec<Owner> = (0..self.sets.len())
            .filter_map(|record| {
                self.owner(record, &path.0)
                    .or_else(|| self.owner(record, alias.as_ref()?))
            })
            .collect();
        if found.iter().any(|o| !o.below) {
            found.retain(|o| !o.below);
        }
        found
    }

    /// A Secret that was applied with `stringData` is owned there, although the server has `data` only.
    fn alias(&self, path: &KeyPath) -> Option<Vec<Segment>> {
        let (first, rest) = path.0.split_first()?;
        if !self.is_secret || *first != Segment::Member("data".into()) {
            return None;
        }
        let mut out = vec![Segment::Member("stringData".into())];
        out.extend(rest.iter().cloned());
        Some(out)
    }

    fn owner(&self, record: usize, path: &[Segment]) -> Option<Owner> {
        let (reach, only) = match &self.sets[record] {
            Set::Malformed => return None,
            Set::Everything => (Reach::Within, false),
            Set::Fields(trie) => (trie.reach(path)?, trie.has_only(path, None)),
        };
        Some(Owner {
            record,
            whole: reach == Reach::Within,
            below: reach == Reach::Below,
            only: only && reach != Reach::Within,
        })
    }

    /// Who wrote the value at `path`, with words no stronger than what the server knows.
    #[must_use]
    pub fn evidence(&self, path: &KeyPath) -> Written {
        let mut owners = candidates(path)
            .iter()
            .map(|p| self.owners(p))
            .find(|o| !o.is_empty())
            .unwrap_or_default();
        owners.retain(|o| &*self.writes[o.record].writer != BEFORE_FIRST_APPLY);
        owners.sort_by_key(|o| {
            let w = &self.writes[o.record];
            let is_change = w.kind != WriterKind::ApplyManager
                && self.classes[o.record] != WriterClass::Deployer;
            (!is_change, Reverse(w.time), &w.writer)
        });
        let mut writers: Vec<Writer> = Vec::new();
        for o in &owners {
            let writer = Writer {
                name: self.writes[o.record].writer.clone(),
                kind: self.writes[o.record].kind,
                class: self.classes[o.record],
            };
            if !writers.contains(&writer) {
                writers.push(writer);
            }
        }
        let Some(first) = owners.first() else {
            return nobody(Certainty::Unattributed);
        };
        let write = &self.writes[first.record];
        Written {
            writers,
            not_later_than: write.time,
            not_earlier_than: None,
            certainty: match write.time {
                None => Certainty::NoTime,
                // Even a record that owns nothing else now may have owned, and written, more before.
                Some(_) => Certainty::NotLaterThan,
            },
        }
    }

    /// Whether a deployer owns `path`, something around it or something below it: what it once
    /// applied and git no longer has should have been pruned.
    #[must_use]
    pub fn applied_by_deployer(&self, path: &KeyPath) -> bool {
        let owners = self.owners(path);
        owners.iter().any(|o| self.is_deployer(o.record))
    }

    fn is_deployer(&self, record: usize) -> bool {
        self.classes[record] == WriterClass::Deployer
    }

    /// The newest record of a deployer.
    #[must_use]
    pub fn last_deployer(&self) -> Option<&'a WriteRecord> {
        let deployers = (0..self.writes.len()).filter(|r| self.is_deployer(*r));
        deployers
            .map(|r| &self.writes[r])
            .max_by_key(|w| (w.time, Reverse(&w.writer)))
    }

    /// The deployer that applied the list item around `path`, when no deployer owns the value at
    /// `path` any more: someone changed it since, even if they put the same value back. To be
    /// asked for paths that git declares: a deployer never owns what it did not apply.
    #[must_use]
    pub fn lost_ownership(&self, path: &KeyPath) -> Option<&'a WriteRecord> {
        let (last, around) = path.0.split_last()?;
        if !matches!(last, Segment::Member(_)) || !matches!(around.last()?, Segment::Item(_)) {
            return None;
        }
        if self.applied_by_deployer(path) {
            return None;
        }
        (0..self.writes.len())
            .filter(|r| self.is_deployer(*r) && self.writes[*r].kind == WriterKind::ApplyManager)
            .find(|r| self.owner(*r, around).is_some_and(|o| !o.below && !o.whole))
            .map(|r| &self.writes[r])
    }
}

/// The evidence for a removal: it leaves no trace, so nobody is named. `not_earlier_than` and
/// `not_later_than` come from the history of templates, where there is one.
#[must_use]
pub fn removal_evidence(
    not_earlier_than: Option<Timestamp>,
    not_later_than: Option<Timestamp>,
) -> Written {
    Written {
        not_earlier_than,
        not_later_than,
        ..nobody(Certainty::Removal)
    }
}

fn nobody(certainty: Certainty) -> Written {
    Written {
        writers: Vec::new(),
        not_later_than: None,
        not_earlier_than: None,
        certainty,
    }
}

/// Where to look for the owner of `path`, best first. A variable's `value` may have become a
/// `valueFrom` or the other way round; its item is what is left of one that has neither.
fn candidates(path: &KeyPath) -> Vec<KeyPath> {
    let mut out = vec![path.clone()];
    let env = path.0.windows(2).rposition(|w| {
        matches!(&w[0], Segment::Member(m) if &**m == "env") && matches!(w[1], Segment::Item(_))
    });
    if let Some(at) = env {
        let item = KeyPath(path.0[..at + 2].to_vec());
        // The variable as a whole: who wrote its value counts, not who once declared its name.
        out.retain(|p| *p != item);
        out.extend([item.join("value"), item.join("valueFrom"), item]);
    }
    out
}

/// How a record reaches a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It owns the path.
    Exactly,
    /// It owns an atomic value around it.
    Within,
    /// It owns something below it.
    Below,
}

/// A node of `fieldsV1`.
#[derive(Debug, Default)]
struct Trie {
    /// `.`: the node itself is owned, though it has members.
    itself: bool,
    members: Vec<(Element, Trie)>,
}

/// A member's key.
#[derive(Debug)]
enum Element {
    /// `f:NAME`.
    Field(Box<str>),
    /// `k:{"containerPort":8080,"protocol":"TCP"}`; the values as text.
    Item(Vec<(Box<str>, Box<str>)>),
    /// `v:"x"`; the value as text.
    Value(Box<str>),
    /// `i:3`.
    Index(u32),
    /// Of a kind that is not known; it matches nothing, and what holds it is no leaf.
    Unknown,
}

/// Keys of list items that the server fills in; a path made from git may lack them.
const DEFAULT_KEYS: [(&str, &str); 1] = [("protocol", "TCP")];

impl Trie {
    /// A node without members is a leaf, owned as a whole; the root without any owns nothing.
    fn is_leaf(&self) -> bool {
        self.members.is_empty()
    }

    fn reach(&self, path: &[Segment]) -> Option<Reach> {
        let Some((first, rest)) = path.split_first() else {
            return Some(if self.is_leaf() || self.itself {
                Reach::Exactly
            } else {
                Reach::Below
            });
        };
        let mut members = self.members.iter();
        let (_, node) = members.find(|(e, _)| e.matches(first))?;
        if node.is_leaf() && !rest.is_empty() {
            return Some(Reach::Within);
        }
        node.reach(rest)
    }

    /// Whether everything owned lies on or below `path`, or is the identity of items on the way.
    fn has_only(&self, path: &[Segment], here: Option<&Element>) -> bool {
        let Some((first, rest)) = path.split_first() else {
            return true;
        };
        self.members.iter().all(|(element, node)| {
            if element.matches(first) {
                node.has_only(rest, Some(element))
            } else {
                node.is_leaf() && element.is_key_of(here)
            }
        })
    }
}

impl Element {
    fn parse(key: &str) -> Result<Element, &'static str> {
        let (kind, rest) = key.split_once(':').ok_or("a key without `:`")?;
        Ok(match kind {
            "f" => Element::Field(rest.into()),
            "k" => Element::Item(keys(rest).ok_or("`k:` without a JSON object of scalars")?),
            "v" => {
                let value = serde_json::from_str(rest).map_err(|_| "`v:` without JSON")?;
                Element::Value(scalar(&value).unwrap_or_else(|| rest.into()))
            }
            "i" => Element::Index(rest.parse().map_err(|_| "`i:` without a number")?),
            _ => Element::Unknown,
        })
    }

    fn matches(&self, segment: &Segment) -> bool {
        match (self, segment) {
            (Element::Field(a), Segment::Member(b)) => a == b,
            (Element::Item(keys), Segment::Item(values)) => is_item(keys, values),
            (Element::Value(a), Segment::Item(values)) => matches!(&values[..], [b] if a == b),
            (Element::Index(a), Segment::Index(b)) => a == b,
            _ => false,
        }
    }

    fn is_key_of(&self, item: Option<&Element>) -> bool {
        match (self, item) {
            (Element::Field(f), Some(Element::Item(keys))) => keys.iter().any(|(k, _)| k == f),
            _ => false,
        }
    }
}

/// Whether `keys` identify the item of these values: the same values, whatever their order, but for
/// keys that are filled in.
fn is_item(keys: &[(Box<str>, Box<str>)], values: &[Box<str>]) -> bool {
    let mut left: Vec<_> = keys.iter().collect();
    for value in values {
        let Some(at) = left.iter().position(|(_, v)| v == value) else {
            return false;
        };
        left.swap_remove(at);
    }
    let mut left = left.into_iter();
    left.all(|(k, v)| DEFAULT_KEYS.contains(&(&**k, &**v)))
}

fn keys(json: &str) -> Option<Vec<(Box<str>, Box<str>)>> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).ok()?;
    let pairs = object
        .iter()
        .map(|(k, v)| Some((k.as_str().into(), scalar(v)?)));
    pairs.collect()
}

fn scalar(value: &serde_json::Value) -> Option<Box<str>> {
    use serde_json::Value as V;
    Some(match value {
        V::String(s) => s.as_str().into(),
        V::Number(n) => n.to_string().into(),
        V::Bool(b) => b.to_string().into(),
        V::Null => "null".into(),
        V::Array(_) | V::Object(_) => return None,
    })
}

impl<'de> Deserialize<'de> for Trie {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Trie, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Trie;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("fieldsV1")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Trie, A::Error> {
                let mut out = Trie::default();
                while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
                    if key == "." {
                        map.next_value::<de::IgnoredAny>()?;
                        out.itself = true;
                        continue;
                    }
                    let element = Element::parse(&key).map_err(de::Error::custom)?;
                    let node = if matches!(element, Element::Unknown) {
                        map.next_value::<de::IgnoredAny>()?;
                        Trie::default()
                    } else {
                        map.next_value()?
                    };
                    out.members.push((element, node));
                }
                Ok(out)
            }
        }
        d.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests;
