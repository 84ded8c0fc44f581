//! One tree for everything that was read: documents in git (with spans), objects of a cluster,
//! parameters.
//!
//! Nodes lie in one array in depth-first order, texts in one string: two allocations per object.
//! Nothing is flattened; paths and entries are made for the few places where sides differ.

mod builder;
mod json;
mod members;
mod seal;

pub use builder::{Prune, TreeBuilder};
pub use json::WithoutSecrets;
pub use members::Members;

use super::{
    name::Name,
    secret::{Sameness, SecretValue},
};
use serde::Serialize;
use std::{borrow::Cow, fmt};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `null`.
    Null,
    /// `false`.
    False,
    /// `true`.
    True,
    /// A number; its digits are kept as written, so that large integers stay exact.
    Number,
    /// A text.
    Text,
    /// A list.
    List,
    /// A map.
    Map,
    /// A secret leaf: comparable, not printable.
    Sealed,
    /// Present, and not knowable from here; its text is the symbol (`sops`, `secret not read`).
    /// Two opaque leaves with the same symbol are equal only where the symbol names the value.
    Opaque,
}

const KINDS: [Kind; 9] = [
    Kind::Null,
    Kind::False,
    Kind::True,
    Kind::Number,
    Kind::Text,
    Kind::List,
    Kind::Map,
    Kind::Sealed,
    Kind::Opaque,
];

/// Sixteen bytes. `end` is the number of the first node behind this subtree.
#[derive(Clone, Copy)]
struct Node {
    key: Name,
    end: u32,
    at: u32,
    kind_len: u32,
}

const LEN: u32 = (1 << 28) - 1;

/// Nesting deeper than this is refused in every format.
pub const MAX_DEPTH: usize = 200;

/// Where a text stands in its file. Lines and columns count from 1, columns in characters;
/// `start` and `end` are byte offsets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// From 1; 0 when unknown.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// Byte offset of the first byte.
    pub start: u32,
    /// Byte offset behind the last byte.
    pub end: u32,
}

/// A document, an object, a parameter.
#[derive(Clone, Default)]
pub struct Tree {
    nodes: Box<[Node]>,
    text: Box<str>,
    sealed: Box<[SecretValue]>,
    spans: Box<[Span]>,
    key_spans: Box<[Span]>,
}

/// A node of a tree; copied, not cloned.
#[derive(Clone, Copy)]
pub struct NodeRef<'a> {
    tree: &'a Tree,
    at: u32,
}

/// What to do with a leaf while sealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealing {
    /// It is no secret.
    Keep,
    /// It is a secret: its text is sealed.
    Text,
    /// It is a secret in standard base64 (a Secret's `data`): the decoded bytes are sealed.
    Base64,
}

/// Decides about one leaf by its steps from the root.
pub type SealBy<'f> = &'f dyn Fn(NodeRef<'_>, &[Step<'_>]) -> Sealing;

impl Tree {
    /// The root. A tree that was never filled has a `null` root.
    #[must_use]
    pub fn root(&self) -> NodeRef<'_> {
        NodeRef { tree: self, at: 0 }
    }

    /// Whether a secret is sealed in it.
    #[must_use]
    pub fn has_sealed(&self) -> bool {
        !self.sealed.is_empty()
    }

    /// Number of nodes.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes on the heap, spans included.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.nodes.len() * 16 + self.text.len() + (self.spans.len() + self.key_spans.len()) * 16
    }

    /// The subtree at `node` as a tree of its own, spans included.
    #[must_use]
    pub fn of(node: NodeRef<'_>) -> Tree {
        let mut out = TreeBuilder::new();
        out.copy(Name::NONE, node);
        out.finish()
    }
}

/// A step from the root, for deciding about a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A member of a map.
    Member(&'a str),
    /// An item of a list.
    Index(usize),
}

impl<'a> Step<'a> {
    fn of(child: NodeRef<'a>, index: usize) -> Step<'a> {
        if child.key() == Name::NONE {
            Step::Index(index)
        } else {
            Step::Member(child.key().as_str())
        }
    }
}

impl<'a> NodeRef<'a> {
    fn node(self) -> Option<Node> {
        self.tree.nodes.get(self.at as usize).copied()
    }

    /// The node's number in its tree: spans, seals and errors refer to it.
    #[must_use]
    pub fn number(self) -> u32 {
        self.at
    }

    /// Whether both are one node of one tree: then nothing below can differ.
    #[must_use]
    pub fn is_same_node(self, other: NodeRef<'_>) -> bool {
        self.at == other.at && std::ptr::eq(self.tree, other.tree)
    }

    /// The root of the tree it is in.
    #[must_use]
    pub fn root(self) -> NodeRef<'a> {
        self.tree.root()
    }

    /// The member name, or [`Name::NONE`] for list items and roots.
    #[must_use]
    pub fn key(self) -> Name {
        self.node().map_or(Name::NONE, |n| n.key)
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.node()
            .map_or(Kind::Null, |n| KINDS[(n.kind_len >> 28) as usize])
    }

    /// Where the value stands; absent for what was not read from a text.
    #[must_use]
    pub fn span(self) -> Option<Span> {
        let span = self.tree.spans.get(self.at as usize).copied()?;
        (span.line > 0).then_some(span)
    }

    /// Where the member's key stands; absent for list items and roots.
    #[must_use]
    pub fn key_span(self) -> Option<Span> {
        let span = self.tree.key_spans.get(self.at as usize).copied()?;
        (span.line > 0).then_some(span)
    }

    /// The text of a text, the digits of a number, the symbol of an opaque leaf; empty for what has none.
    #[must_use]
    pub fn text(self) -> &'a str {
        match (self.kind(), self.node()) {
            (Kind::Text | Kind::Number | Kind::Opaque, Some(n)) => {
                &self.tree.text[n.at as usize..(n.at + (n.kind_len & LEN)) as usize]
            }
            _ => "",
        }
    }

    /// The text if it is a text.
    #[must_use]
    pub fn as_text(self) -> Option<&'a str> {
        (self.kind() == Kind::Text).then(|| self.text())
    }

    /// The truth of a boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// The number, if it is one that fits.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        (self.kind() == Kind::Number)
            .then(|| self.text().parse().ok())
            .flatten()
    }

    /// The scalar as text (`true`, `null`, digits); empty for maps, lists and sealed leaves.
    #[must_use]
    pub fn scalar_text(self) -> Cow<'a, str> {
        match self.kind() {
            Kind::Null => "null".into(),
            Kind::True => "true".into(),
            Kind::False => "false".into(),
            _ => self.text().into(),
        }
    }

    /// The sealed value, if it is one.
    #[must_use]
    pub fn secret(self) -> Option<&'a SecretValue> {
        match (self.kind(), self.node()) {
            (Kind::Sealed, Some(n)) => self.tree.sealed.get(n.at as usize),
            _ => None,
        }
    }

    /// Members or items, in the order they were written.
    #[must_use]
    pub fn children(self) -> Children<'a> {
        let end = match (self.kind(), self.node()) {
            (Kind::Map | Kind::List, Some(n)) => n.end,
            _ => self.at + 1,
        };
        Children {
            tree: self.tree,
            at: self.at + 1,
            end,
        }
    }

    /// The member `key`; of duplicates the last, as `kubectl` reads them.
    #[must_use]
    pub fn get(self, key: Name) -> Option<NodeRef<'a>> {
        if self.kind() != Kind::Map {
            return None;
        }
        self.children().filter(|c| c.key() == key).last()
    }

    /// The member called `key`.
    #[must_use]
    pub fn member(self, key: &str) -> Option<NodeRef<'a>> {
        self.get(Name::known(key)?)
    }

    /// What lies at a path of member names.
    #[must_use]
    pub fn at(self, path: &[&str]) -> Option<NodeRef<'a>> {
        path.iter().try_fold(self, |n, k| n.member(k))
    }

    /// The text at a path of member names.
    #[must_use]
    pub fn text_at(self, path: &[&str]) -> Option<&'a str> {
        self.at(path)?.as_text()
    }

    /// Number of members or items.
    #[must_use]
    pub fn len(self) -> usize {
        self.children().count()
    }

    /// Whether there are no members or items.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.children().next().is_none()
    }

    /// `null`, an empty map or an empty list: what a server drops.
    #[must_use]
    pub fn is_hollow(self) -> bool {
        match self.kind() {
            Kind::Null => true,
            Kind::Map | Kind::List => self.is_empty(),
            _ => false,
        }
    }

    /// Whether both hold the same values; what is sealed under different keys, or opaque, makes
    /// equality undecidable, not true.
    #[must_use]
    pub fn sameness(self, other: NodeRef<'_>) -> Sameness {
        let fold = |so_far: Sameness, next: Sameness| so_far.and(next);
        match (self.kind(), other.kind()) {
            (Kind::List, Kind::List) | (Kind::Map, Kind::Map) if self.len() != other.len() => {
                Sameness::Different
            }
            (Kind::List, Kind::List) => self
                .children()
                .zip(other.children())
                .map(|(a, b)| a.sameness(b))
                .fold(Sameness::Equal, fold),
            (Kind::Map, Kind::Map) => {
                let members = Members::of(other);
                self.children()
                    .map(|a| match members.get(a.key()) {
                        Some(b) => a.sameness(b),
                        None => Sameness::Different,
                    })
                    .fold(Sameness::Equal, fold)
            }
            (Kind::Sealed, Kind::Sealed) => match (self.secret(), other.secret()) {
                (Some(a), Some(b)) => a.same(b),
                _ => Sameness::NotComparable("secret"),
            },
            // At one place, what is sealed depends on the text alone: one sealed, one not, differ.
            (Kind::Sealed, Kind::Text | Kind::Number)
            | (Kind::Text | Kind::Number, Kind::Sealed) => Sameness::Different,
            (Kind::Opaque, _) | (_, Kind::Opaque) => {
                Sameness::NotComparable("present, but not readable from here")
            }
            (Kind::Sealed, _) | (_, Kind::Sealed) => {
                Sameness::NotComparable("one side is a secret, the other is not")
            }
            (Kind::Number, Kind::Number) => {
                Sameness::of(super::value::same_number(self.text(), other.text()))
            }
            (a, b) => Sameness::of(a == b && self.text() == other.text()),
        }
    }

    /// Same content; spans and member order aside. For identity of documents; values are compared
    /// by [`NodeRef::sameness`].
    #[must_use]
    pub fn same(self, other: NodeRef<'_>) -> bool {
        match (self.kind(), other.kind()) {
            (Kind::List, Kind::List) => {
                self.len() == other.len()
                    && self
                        .children()
                        .zip(other.children())
                        .all(|(a, b)| a.same(b))
            }
            (Kind::Map, Kind::Map) => {
                self.len() == other.len() && {
                    let members = Members::of(other);
                    self.children()
                        .all(|a| members.get(a.key()).is_some_and(|b| a.same(b)))
                }
            }
            (Kind::Sealed, Kind::Sealed) => self.secret() == other.secret(),
            (a, b) => a == b && self.text() == other.text(),
        }
    }
}

impl PartialEq for Tree {
    fn eq(&self, other: &Tree) -> bool {
        self.root().same(other.root())
    }
}

/// Says how large it is and nothing of its content: trees hold live values.
impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tree({} nodes)", self.nodes.len())
    }
}

impl fmt::Debug for NodeRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({:?}, {:?})", self.key(), self.kind())
    }
}

/// The members or items of a node.
#[derive(Clone)]
pub struct Children<'a> {
    tree: &'a Tree,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Children<'a> {
    type Item = NodeRef<'a>;
    fn next(&mut self) -> Option<NodeRef<'a>> {
        if self.at >= self.end {
            return None;
        }
        let here = NodeRef {
            tree: self.tree,
            at: self.at,
        };
        self.at = here.node()?.end;
        Some(here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::DigestKey;

    fn tree(json: &str) -> Tree {
        Tree::from_json(json.as_bytes(), Prune::NOTHING).expect("JSON")
    }

    #[test]
    fn a_tree_reads_and_shows_json() {
        let t = tree(r#"{"b":[1,2.5,{"x":null}],"a":"text","c":true}"#);
        assert_eq!(
            serde_json::to_string(&WithoutSecrets(t.root())).expect("JSON"),
            r#"{"a":"text","b":[1,2.5,{"x":null}],"c":true}"#
        );
        assert_eq!(t.root().text_at(&["a"]), Some("text"));
        assert!(t.root().at(&["b", "x"]).is_none());
    }

    #[test]
    fn pruning_leaves_out_only_what_is_named() {
        let json = br#"{"status":{"x":1},"metadata":{"managedFields":[1],"name":"n","status":"kept"},"spec":{"status":"kept"}}"#;
        let t = Tree::from_json(json, Prune::LIVE).expect("JSON");
        assert!(t.root().member("status").is_none());
        assert!(t.root().at(&["metadata", "managedFields"]).is_none());
        assert_eq!(t.root().text_at(&["metadata", "status"]), Some("kept"));
        assert_eq!(t.root().text_at(&["spec", "status"]), Some("kept"));
    }

    #[test]
    fn sealing_hides_the_text_and_keeps_comparing() {
        let key = DigestKey::for_this_run(&[7; 32]);
        let by: SealBy<'_> = &|_, path| match path.last() {
            Some(Step::Member("password")) => Sealing::Text,
            Some(Step::Member("data")) => Sealing::Base64,
            _ => Sealing::Keep,
        };
        let a = tree(r#"{"password":"hunter2","user":"app"}"#).seal(&key, by);
        let b = tree(r#"{"data":"aHVudGVyMg==","user":"app"}"#).seal(&key, by);
        let shown = format!(
            "{a:?}{:?}{}",
            a.root().member("password"),
            serde_json::to_string(&WithoutSecrets(a.root())).expect("JSON")
        );
        assert!(!shown.contains("hunter2"), "{shown}");
        let (a, b) = (
            a.root().member("password").and_then(NodeRef::secret),
            b.root().member("data").and_then(NodeRef::secret),
        );
        assert_eq!(a, b, "stringData and data of one value are one secret");
    }

    #[test]
    fn deep_json_is_an_error_not_a_crash() {
        let deep = "[".repeat(100_000);
        assert!(Tree::from_json(deep.as_bytes(), Prune::NOTHING).is_err());
    }

    #[test]
    fn lists_and_maps_of_different_length_differ() {
        for (a, b) in [
            ("[1]", "[1,2]"),
            ("[]", "[1]"),
            (r#"{"a":1}"#, r#"{"a":1,"b":2}"#),
        ] {
            let (a, b) = (tree(a), tree(b));
            assert_eq!(a.root().sameness(b.root()), Sameness::Different);
            assert_eq!(b.root().sameness(a.root()), Sameness::Different);
            assert_eq!(a.root().sameness(a.root()), Sameness::Equal);
        }
    }

    #[test]
    fn an_empty_tree_is_null() {
        assert_eq!(Tree::default().root().kind(), Kind::Null);
        assert!(Tree::default().root().children().next().is_none());
    }
}
