//! Every format's reader ends here.

use super::{Kind, LEN, Node, NodeRef, Span, Tree};
use crate::model::{name::Name, secret::SecretValue};

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
    pub(super) prune: Prune,
    pub(super) path: Vec<Name>,
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

    pub(super) fn copy_spans(&mut self, at: usize, from: NodeRef<'_>) {
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

    pub(super) fn is_pruned(&self) -> bool {
        self.prune.0.iter().any(|p| {
            p.len() == self.path.len() && p.iter().zip(&self.path).all(|(a, b)| *a == b.as_str())
        })
    }
}
