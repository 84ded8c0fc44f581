//! One tree for everything that was read: documents in git (with spans), objects of a cluster,
//! parameters.
//!
//! Nodes lie in one array in depth-first order, texts in one string: two allocations per object.
//! Nothing is flattened; paths and entries are made for the few places where sides differ.

use super::{
    name::Name,
    secret::{Sameness, SecretValue},
};
use rustc_hash::FxHashMap;
use serde::{
    Deserialize, Serialize, Serializer,
    de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeSeq},
};
use std::{borrow::Cow, fmt};
use zeroize::Zeroize;

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

    /// The same tree with every leaf that `by` names replaced by a sealed one; the old text is wiped.
    /// A tree without secrets is returned as it is.
    #[must_use]
    pub fn seal(mut self, key: &super::secret::DigestKey, by: SealBy<'_>) -> Tree {
        let mut path = Vec::new();
        if !any_secret(self.root(), &mut path, by) {
            return self;
        }
        let mut out = TreeBuilder::new();
        path.clear();
        copy_sealing(self.root(), &mut path, &mut out, key, by);
        let mut text = std::mem::take(&mut self.text).into_string();
        text.zeroize();
        out.finish()
    }

    /// The subtree at `node` as a tree of its own, spans included.
    #[must_use]
    pub fn of(node: NodeRef<'_>) -> Tree {
        let mut out = TreeBuilder::new();
        out.copy(Name::NONE, node);
        out.finish()
    }
}

fn any_secret<'a>(n: NodeRef<'a>, path: &mut Vec<Step<'a>>, by: SealBy<'_>) -> bool {
    match n.kind() {
        Kind::Map | Kind::List => n.children().enumerate().any(|(i, child)| {
            path.push(Step::of(child, i));
            let found = any_secret(child, path, by);
            path.pop();
            found
        }),
        Kind::Sealed | Kind::Opaque => false,
        _ => by(n, path) != Sealing::Keep,
    }
}

fn copy_sealing<'a>(
    n: NodeRef<'a>,
    path: &mut Vec<Step<'a>>,
    out: &mut TreeBuilder,
    key: &super::secret::DigestKey,
    by: SealBy<'_>,
) {
    let name = n.key();
    let at = match n.kind() {
        Kind::Map | Kind::List => {
            let open = out.open(name, n.kind());
            for (i, child) in n.children().enumerate() {
                path.push(Step::of(child, i));
                copy_sealing(child, path, out, key, by);
                path.pop();
            }
            out.close(open);
            open
        }
        Kind::Sealed => out.sealed(name, n.secret().expect("its kind is sealed").clone()),
        // Its text is a symbol, not the value: sealed, it would look like one that is known.
        Kind::Opaque => out.scalar(name, Kind::Opaque, n.text()),
        kind => match by(n, path) {
            Sealing::Keep => out.scalar(name, kind, n.text()),
            Sealing::Text => out.sealed(name, key.seal(n.scalar_text().as_bytes())),
            Sealing::Base64 => out.sealed(name, key.seal_base64(n.scalar_text().as_bytes())),
        },
    };
    out.copy_spans(at, n);
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

/// What is left out while reading JSON: member paths from the root, at most two steps deep.
#[derive(Clone, Copy, Debug)]
pub struct Prune(pub &'static [&'static [&'static str]]);

impl Prune {
    /// Everything is kept.
    pub const NOTHING: Prune = Prune(&[]);
    /// A live object without its `status` and `managedFields` (kept apart as write records).
    pub const LIVE: Prune = Prune(&[&["status"], &["metadata", "managedFields"]]);
    /// A live object with its `status`: Pods, and the objects of deployers.
    pub const LIVE_WITH_STATUS: Prune = Prune(&[&["metadata", "managedFields"]]);
}

/// Appends nodes in depth-first order; every format's reader ends here.
#[derive(Default)]
pub struct TreeBuilder {
    nodes: Vec<Node>,
    text: String,
    sealed: Vec<SecretValue>,
    spans: Vec<Span>,
    key_spans: Vec<Span>,
    prune: Prune,
    path: Vec<Name>,
}

impl Default for Prune {
    fn default() -> Prune {
        Prune::NOTHING
    }
}

impl TreeBuilder {
    /// An empty tree to be.
    #[must_use]
    pub fn new() -> TreeBuilder {
        TreeBuilder {
            nodes: Vec::with_capacity(64),
            text: String::with_capacity(1024),
            ..TreeBuilder::default()
        }
    }

    /// Number of nodes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was appended yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Opens a map or a list; returns its number, for [`TreeBuilder::close`].
    pub fn open(&mut self, key: Name, kind: Kind) -> usize {
        self.nodes.push(Node {
            key,
            end: 0,
            at: 0,
            kind_len: (kind as u32) << 28,
        });
        self.nodes.len() - 1
    }

    /// Closes what [`TreeBuilder::open`] opened.
    pub fn close(&mut self, open: usize) {
        self.nodes[open].end = self.next();
    }

    fn next(&self) -> u32 {
        u32::try_from(self.nodes.len()).expect("bounded by the document size limit")
    }

    /// Appends a scalar (or an opaque leaf with its symbol); returns its number.
    pub fn scalar(&mut self, key: Name, kind: Kind, text: &str) -> usize {
        let at = u32::try_from(self.text.len()).expect("bounded by the document size limit");
        let len = if matches!(kind, Kind::Text | Kind::Number | Kind::Opaque) {
            self.text.push_str(text);
            u32::try_from(text.len())
                .ok()
                .filter(|l| *l <= LEN)
                .expect("bounded by the document size limit")
        } else {
            0
        };
        let end = self.next() + 1;
        self.nodes.push(Node {
            key,
            end,
            at,
            kind_len: (kind as u32) << 28 | len,
        });
        self.nodes.len() - 1
    }

    /// Appends a sealed leaf; returns its number.
    pub fn sealed(&mut self, key: Name, value: SecretValue) -> usize {
        let end = self.next() + 1;
        let at = u32::try_from(self.sealed.len()).expect("fewer secrets than nodes");
        self.nodes.push(Node {
            key,
            end,
            at,
            kind_len: (Kind::Sealed as u32) << 28,
        });
        self.sealed.push(value);
        self.nodes.len() - 1
    }

    /// Appends a copy of a subtree under `key`, spans included; returns its number.
    pub fn copy(&mut self, key: Name, from: NodeRef<'_>) -> usize {
        let at = match from.kind() {
            Kind::Map | Kind::List => {
                let open = self.open(key, from.kind());
                for child in from.children() {
                    self.copy(child.key(), child);
                }
                self.close(open);
                open
            }
            Kind::Sealed => self.sealed(key, from.secret().expect("its kind is sealed").clone()),
            kind => self.scalar(key, kind, from.text()),
        };
        self.copy_spans(at, from);
        at
    }

    fn copy_spans(&mut self, at: usize, from: NodeRef<'_>) {
        if let Some(span) = from.span() {
            self.span_of(at, span);
        }
        if let Some(span) = from.key_span() {
            self.key_span_of(at, span);
        }
    }

    /// Says where the value of node `at` stands.
    pub fn span_of(&mut self, at: usize, span: Span) {
        if self.spans.len() <= at {
            self.spans.resize(self.nodes.len(), Span::default());
        }
        self.spans[at] = span;
    }

    /// Says where the key of node `at` stands.
    pub fn key_span_of(&mut self, at: usize, span: Span) {
        if self.key_spans.len() <= at {
            self.key_spans.resize(self.nodes.len(), Span::default());
        }
        self.key_spans[at] = span;
    }

    /// The tree.
    #[must_use]
    pub fn finish(mut self) -> Tree {
        if !self.spans.is_empty() {
            self.spans.resize(self.nodes.len(), Span::default());
        }
        if !self.key_spans.is_empty() {
            self.key_spans.resize(self.nodes.len(), Span::default());
        }
        Tree {
            nodes: self.nodes.into(),
            text: self.text.into(),
            sealed: self.sealed.into(),
            spans: self.spans.into(),
            key_spans: self.key_spans.into(),
        }
    }

    fn is_pruned(&self) -> bool {
        self.prune.0.iter().any(|p| {
            p.len() == self.path.len() && p.iter().zip(&self.path).all(|(a, b)| *a == b.as_str())
        })
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
