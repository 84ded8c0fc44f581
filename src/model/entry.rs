//! Settings and fields, and their value on one side with where it comes from.

use super::{
    observation::{ItemId, ObjectId},
    path::{KeyPath, Segment},
    place::Place,
    value::Value,
};
use std::{fmt, sync::Arc};

/// What a comparison is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKey {
    /// What the application sees: an environment variable, a key of a configuration file.
    Setting(Arc<str>),
    /// What the platform sees.
    Field(KeyPath),
    /// The object as a whole: there or not.
    Object,
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryKey::Setting(name) => f.write_str(name),
            EntryKey::Field(path) => write!(f, "{path}"),
            EntryKey::Object => Ok(()),
        }
    }
}

/// A field that a value was made from, on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The object, file or parameter that holds it.
    pub item: ItemId,
    /// Where in it.
    pub path: KeyPath,
    /// Where it is written in git; absent on the live side.
    pub place: Option<Place>,
}

impl Origin {
    /// The object that holds it, if one does.
    #[must_use]
    pub fn object(&self) -> Option<&ObjectId> {
        self.item.object()
    }
}

/// A value on one side.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// What it was made from, the field that holds the winning value first. A setting put
    /// together by `$(VAR)` lists the inputs too.
    pub from: Vec<Origin>,
}

impl Entry {
    /// A value that stands in one field.
    #[must_use]
    pub fn of(value: Value, origin: Origin) -> Entry {
        Entry {
            value,
            from: vec![origin],
        }
    }

    /// The field that holds the winning value.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.from.first()
    }

    /// Where git has further text that the value is made of, each place once: what fills in a
    /// `${VAR}` or `$(VAR)`. A field that only refers to the value holds none of its text.
    #[must_use]
    pub fn made_from(&self) -> Vec<Place> {
        let Some(own) = self.origin() else {
            return vec![];
        };
        let mut out: Vec<Place> = vec![];
        for origin in &self.from[1..] {
            let is_reference = |s: &Segment| matches!(s, Segment::Member(m) if matches!(&**m, "envFrom" | "valueFrom"));
            let refers = origin.path.0.iter().any(is_reference);
            // Parts of one list of a file stand side by side.
            let beside = origin.object().is_none() && origin.item == own.item;
            if let Some(place) = &origin.place
                && !refers
                && !beside
                && !out.contains(place)
                && own.place.as_ref() != Some(place)
            {
                out.push(place.clone());
            }
        }
        out
    }
}
