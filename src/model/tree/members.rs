//! The members of a map by name.

use super::{Kind, NodeRef};
use crate::model::name::Name;
use rustc_hash::FxHashMap;

/// The members of a map by name: looked through when they are few, indexed when they are many.
#[derive(Clone, Default)]
pub enum Members<'a> {
    /// Not a map.
    #[default]
    None,
    /// A small map.
    Few(NodeRef<'a>),
    /// A large one.
    Many(FxHashMap<Name, NodeRef<'a>>),
}

impl<'a> Members<'a> {
    /// Of a node; nothing for what is no map.
    #[must_use]
    pub fn of(node: NodeRef<'a>) -> Members<'a> {
        if node.kind() != Kind::Map {
            Members::None
        } else if node.children().nth(FEW).is_some() {
            Members::Many(node.children().map(|c| (c.key(), c)).collect())
        } else {
            Members::Few(node)
        }
    }

    /// As [`NodeRef::get`].
    #[must_use]
    pub fn get(&self, name: Name) -> Option<NodeRef<'a>> {
        match self {
            Members::None => None,
            Members::Few(n) => n.get(name),
            Members::Many(index) => index.get(&name).copied(),
        }
    }
}

/// Up to this many members, looking through them is faster than an index of them.
const FEW: usize = 24;
