//! JSON to trees, and trees to JSON without their secrets.

use super::{Kind, NodeRef, Prune, Tree, TreeBuilder};
use crate::model::name::Name;
use serde::{
    Deserialize, Serialize, Serializer,
    de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeSeq},
};
use std::fmt;

impl Tree {
    /// Reads JSON without spans, leaving out what `prune` names.
    ///
    /// # Errors
    /// When `bytes` are not one JSON value, or nested deeper than `serde_json` allows (128).
    pub fn from_json(bytes: &[u8], prune: Prune) -> serde_json::Result<Tree> {
        let mut builder = TreeBuilder::new();
        builder.prune = prune;
        let mut de = serde_json::Deserializer::from_slice(bytes);
        Seed {
            builder: &mut builder,
            key: Name::NONE,
            depth: 0,
        }
        .deserialize(&mut de)?;
        de.end()?;
        Ok(builder.finish())
    }
}

/// Without spans; as part of a larger text, in one pass.
impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Tree, D::Error> {
        let mut builder = TreeBuilder::new();
        Seed {
            builder: &mut builder,
            key: Name::NONE,
            depth: 0,
        }
        .deserialize(d)?;
        Ok(builder.finish())
    }
}

struct Seed<'b> {
    builder: &'b mut TreeBuilder,
    key: Name,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        self.builder.scalar(self.key, Kind::Null, "");
        Ok(())
    }
    fn visit_bool<E>(self, v: bool) -> Result<(), E> {
        let kind = if v { Kind::True } else { Kind::False };
        self.builder.scalar(self.key, kind, "");
        Ok(())
    }
    fn visit_i64<E>(self, v: i64) -> Result<(), E> {
        self.builder.scalar(self.key, Kind::Number, &v.to_string());
        Ok(())
    }
    fn visit_u64<E>(self, v: u64) -> Result<(), E> {
        self.builder.scalar(self.key, Kind::Number, &v.to_string());
        Ok(())
    }
    fn visit_f64<E>(self, v: f64) -> Result<(), E> {
        self.builder
            .scalar(self.key, Kind::Number, &format!("{v:?}"));
        Ok(())
    }
    fn visit_str<E>(self, v: &str) -> Result<(), E> {
        self.builder.scalar(self.key, Kind::Text, v);
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let open = self.builder.open(self.key, Kind::List);
        while seq
            .next_element_seed(Seed {
                builder: &mut *self.builder,
                key: Name::NONE,
                depth: self.depth + 1,
            })?
            .is_some()
        {}
        self.builder.close(open);
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let open = self.builder.open(self.key, Kind::Map);
        // Prune paths are at most two steps deep, so the path is kept for those only.
        let near = self.depth < 2 && !self.builder.prune.0.is_empty();
        while let Some(key) = map.next_key_seed(NameSeed)? {
            if near {
                self.builder.path.push(key);
            }
            if near && self.builder.is_pruned() {
                map.next_value::<de::IgnoredAny>()?;
            } else {
                map.next_value_seed(Seed {
                    builder: &mut *self.builder,
                    key,
                    depth: self.depth + 1,
                })?;
            }
            if near {
                self.builder.path.pop();
            }
        }
        self.builder.close(open);
        Ok(())
    }
}

struct NameSeed;
impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Name;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Name, D::Error> {
        d.deserialize_str(self)
    }
}
impl Visitor<'_> for NameSeed {
    type Value = Name;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }
    fn visit_str<E>(self, v: &str) -> Result<Name, E> {
        Ok(Name::new(v))
    }
}

/// A view that can be serialised because it shows no sealed or opaque leaf: those become `null`,
/// and are listed beside the tree by place (see the snapshot), never inside it, so that no
/// content of a document can pass for a seal. Members are sorted by name.
pub struct WithoutSecrets<'a>(pub NodeRef<'a>);

impl Serialize for WithoutSecrets<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let n = self.0;
        match n.kind() {
            Kind::Null | Kind::Sealed | Kind::Opaque => s.serialize_unit(),
            Kind::True => s.serialize_bool(true),
            Kind::False => s.serialize_bool(false),
            Kind::Text => s.serialize_str(n.text()),
            Kind::Number => serialize_number(n.text(), s),
            Kind::List => {
                let mut q = s.serialize_seq(None)?;
                for c in n.children() {
                    q.serialize_element(&WithoutSecrets(c))?;
                }
                q.end()
            }
            Kind::Map => {
                let mut members: Vec<_> = n.children().collect();
                members.sort_by_key(|c| c.key().as_str());
                let mut m = s.serialize_map(Some(members.len()))?;
                for c in members {
                    m.serialize_entry(c.key().as_str(), &WithoutSecrets(c))?;
                }
                m.end()
            }
        }
    }
}

fn serialize_number<S: Serializer>(text: &str, s: S) -> Result<S::Ok, S::Error> {
    if let Ok(i) = text.parse::<i64>() {
        s.serialize_i64(i)
    } else if let Ok(u) = text.parse::<u64>() {
        s.serialize_u64(u)
    } else {
        s.serialize_f64(text.parse().map_err(serde::ser::Error::custom)?)
    }
}
