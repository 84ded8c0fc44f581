//! One YAML document as it was written: keys beside values, merges and aliases not resolved; and
//! the way from there to a tree.

use super::{
    Dialect, DocumentProblem,
    scalar::{self, Plain},
};
use crate::model::{
    name::Name,
    tree::{Kind, MAX_DEPTH, Span, Tree, TreeBuilder},
};
use base64::Engine;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// A node in depth-first order; a map's children are key, value, key, value.
pub(super) struct Raw<'t> {
    pub(super) what: What<'t>,
    pub(super) span: Span,
    /// The first node behind it; 0 while it is open.
    pub(super) end: u32,
}

/// What a node is.
pub(super) enum What<'t> {
    Scalar {
        text: Cow<'t, str>,
        plain: bool,
        tag: Tag,
    },
    List,
    Map,
    /// The number of the anchored node.
    Alias(u32),
    /// `<<`, where it is a key.
    Merge,
    /// An intrinsic (`!Ref`): known to whoever evaluates it.
    Opaque(Box<str>),
}

/// A scalar's tag, as far as it says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    None,
    /// `!!str`, and every tag that nobody knows: the text as it is.
    Text,
    Int,
    Float,
    Bool,
    Null,
    Binary,
}

/// What aliases and merges of one file may expand to, all documents together.
pub(super) struct Budget {
    nodes: usize,
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            nodes: 2_000_000,
            bytes: super::MAX_BYTES,
        }
    }
}

impl Budget {
    fn take(&mut self, bytes: usize, place: Span) -> Result<(), DocumentProblem> {
        match (self.nodes.checked_sub(1), self.bytes.checked_sub(bytes)) {
            (Some(nodes), Some(bytes)) => {
                *self = Budget { nodes, bytes };
                Ok(())
            }
            _ => Err(DocumentProblem::new(
                Some(place),
                "the aliases and merges of this file expand to more than 2 million values or 64 MiB",
                Some("write the values out, or leave the file out"),
            )),
        }
    }
}

/// Makes trees of raw documents.
pub(super) struct Maker<'a, 't> {
    pub(super) nodes: &'a [Raw<'t>],
    pub(super) text: &'t str,
    pub(super) dialect: Dialect,
    pub(super) budget: &'a mut Budget,
    /// Problems that leave nothing unread.
    pub(super) problems: &'a mut Vec<DocumentProblem>,
    pub(super) out: TreeBuilder,
}

/// A member on its way into a tree.
#[derive(Clone, Copy)]
struct Member {
    key: Name,
    key_span: Option<Span>,
    value: u32,
    /// The outermost alias or merge that brought it here.
    via: Option<Span>,
}

/// The members of one map; of duplicates the last stays.
#[derive(Default)]
struct Members {
    list: Vec<Option<Member>>,
    /// Used beyond [`Members::FEW`].
    index: FxHashMap<Name, usize>,
}

impl Members {
    const FEW: usize = 12;

    fn find(&self, key: Name) -> Option<usize> {
        if self.list.len() > Self::FEW {
            return self.index.get(&key).copied();
        }
        self.list
            .iter()
            .position(|m| m.is_some_and(|m| m.key == key))
    }

    fn push(&mut self, member: Member) {
        self.list.push(Some(member));
        let len = self.list.len();
        if len == Self::FEW + 1 {
            let known = self.list.iter().enumerate();
            self.index
                .extend(known.filter_map(|(i, m)| m.map(|m| (m.key, i))));
        } else if len > Self::FEW {
            self.index.insert(member.key, len - 1);
        }
    }
}

impl<'a, 't> Maker<'a, 't> {
    /// The tree of the document; nodes are not empty.
    pub(super) fn make(mut self) -> Result<Tree, DocumentProblem> {
        let root = Member {
            key: Name::NONE,
            key_span: None,
            value: 0,
            via: None,
        };
        self.value(root, 0)?;
        Ok(self.out.finish())
    }

    fn value(&mut self, member: Member, depth: usize) -> Result<(), DocumentProblem> {
        let here = self.nodes[member.value as usize].span;
        if depth > MAX_DEPTH {
            return Err(too_deep(member.via.unwrap_or(here)));
        }
        let (at, via) = match self.nodes[member.value as usize].what {
            What::Alias(target) => (target, member.via.or(Some(here))),
            _ => (member.value, member.via),
        };
        if let Some(place) = via {
            let bytes = match &self.nodes[at as usize].what {
                What::Scalar { text, .. } => text.len(),
                _ => 0,
            };
            self.budget.take(bytes, place)?;
        }
        let nodes = self.nodes;
        let node = match &nodes[at as usize].what {
            What::Map => self.map(at, member.key, via, depth)?,
            What::List => {
                let open = self.out.open(member.key, Kind::List);
                for value in self.children(at) {
                    let item = Member {
                        key: Name::NONE,
                        key_span: None,
                        value,
                        via,
                    };
                    self.value(item, depth + 1)?;
                }
                self.out.close(open);
                open
            }
            What::Scalar { text, plain, tag } => {
                let (kind, text) = self.scalar(text, *plain, *tag, here)?;
                self.out.scalar(member.key, kind, &text)
            }
            What::Opaque(symbol) => self.out.scalar(member.key, Kind::Opaque, symbol),
            What::Merge | What::Alias(_) => self.out.scalar(member.key, Kind::Text, "<<"),
        };
        self.out.span_of(node, here);
        if let Some(span) = member.key_span {
            self.out.key_span_of(node, span);
        }
        Ok(())
    }

    fn map(
        &mut self,
        at: u32,
        key: Name,
        via: Option<Span>,
        depth: usize,
    ) -> Result<usize, DocumentProblem> {
        let (mut members, merges) = self.own_members(at, via)?;
        self.merge(&mut members, merges, via, depth)?;
        let open = self.out.open(key, Kind::Map);
        for member in members.list.into_iter().flatten() {
            self.value(member, depth + 1)?;
        }
        self.out.close(open);
        Ok(open)
    }

    /// Literal members, and the values of `<<`.
    fn own_members(
        &mut self,
        at: u32,
        via: Option<Span>,
    ) -> Result<(Members, Vec<u32>), DocumentProblem> {
        let mut members = Members::default();
        let mut merges = Vec::new();
        let nodes = self.nodes;
        let mut children = self.children(at);
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            if matches!(nodes[key as usize].what, What::Merge) {
                merges.push(value);
                continue;
            }
            let member = Member {
                key: self.key(key)?,
                key_span: Some(nodes[key as usize].span),
                value,
                via,
            };
            if let Some(first) = members.find(member.key) {
                let before = members.list[first].take();
                if let (None, Some(a), Some(b)) =
                    (via, before.and_then(|m| m.key_span), member.key_span)
                {
                    self.problems
                        .push(DocumentProblem::duplicate(member.key.as_str(), a, b));
                }
            }
            members.push(member);
        }
        Ok((members, merges))
    }

    /// Adds what `<<` brings: earlier maps of a list win over later ones, a later `<<` over an
    /// earlier one, literal members over all.
    fn merge(
        &mut self,
        into: &mut Members,
        merges: Vec<u32>,
        via: Option<Span>,
        depth: usize,
    ) -> Result<(), DocumentProblem> {
        for value in merges.into_iter().rev() {
            let place = via.unwrap_or(self.nodes[value as usize].span);
            match self.nodes[self.target(value) as usize].what {
                What::Map => self.merge_map(into, value, place, depth)?,
                What::List => {
                    for item in self.children(self.target(value)) {
                        self.budget.take(0, place)?;
                        self.merge_map(into, item, place, depth)?;
                    }
                }
                _ => return Err(no_merge(place)),
            }
        }
        Ok(())
    }

    fn merge_map(
        &mut self,
        into: &mut Members,
        value: u32,
        place: Span,
        depth: usize,
    ) -> Result<(), DocumentProblem> {
        if depth > MAX_DEPTH {
            return Err(too_deep(place));
        }
        let at = self.target(value);
        if !matches!(self.nodes[at as usize].what, What::Map) {
            return Err(no_merge(place));
        }
        let (members, merges) = self.own_members(at, Some(place))?;
        for member in members.list.into_iter().flatten() {
            self.budget.take(0, place)?;
            if into.find(member.key).is_none() {
                into.push(member);
            }
        }
        self.merge(into, merges, Some(place), depth + 1)
    }

    fn key(&self, at: u32) -> Result<Name, DocumentProblem> {
        let node = &self.nodes[self.target(at) as usize];
        let span = self.nodes[at as usize].span;
        let name = match &node.what {
            What::Scalar {
                text,
                plain: true,
                tag: Tag::None,
            } => scalar::key(text, self.dialect),
            What::Scalar { text, plain, tag } => match self.scalar(text, *plain, *tag, span)? {
                (Kind::Text, text) => return Ok(Name::new(&text)),
                (Kind::Null, _) => None,
                _ => scalar::key(text, self.dialect),
            },
            What::Merge => Some("<<".into()),
            _ => None,
        };
        if let Some(name) = name {
            return Ok(Name::new(&name));
        }
        let before = (span.start as usize).saturating_sub(1);
        if self.text.get(before..).is_some_and(|t| t.starts_with("{{")) {
            return Err(super::template::not_rendered(Some(span)));
        }
        Err(DocumentProblem::new(
            Some(span),
            "a key that is no text: a map, a list, null or not a finite number",
            Some("write the key as text, in quotes"),
        ))
    }

    fn scalar<'s>(
        &self,
        text: &'s str,
        plain: bool,
        tag: Tag,
        span: Span,
    ) -> Result<(Kind, Cow<'s, str>), DocumentProblem> {
        let wrong = |message: &str| DocumentProblem::new(Some(span), message, None);
        let meaning = match tag {
            Tag::Text => Plain::Text,
            Tag::Binary => {
                return binary(text).ok_or_else(|| wrong("`!!binary` before what is no base64"));
            }
            Tag::None if !plain => Plain::Text,
            _ => scalar::resolve(text, self.dialect),
        };
        let as_tagged = match (tag, &meaning) {
            (Tag::Int, Plain::Number(n)) => n.bytes().all(|b| b == b'-' || b.is_ascii_digit()),
            (Tag::Int, _) => false,
            (Tag::Float, m) => matches!(m, Plain::Number(_) | Plain::NotFinite),
            (Tag::Bool, m) => matches!(m, Plain::Bool(_)),
            (Tag::Null, m) => *m == Plain::Null,
            _ => true,
        };
        if !as_tagged {
            return Err(wrong(
                "a tag (`!!int`, `!!float`, `!!bool`, `!!null`) before a value that is none",
            ));
        }
        Ok(match meaning {
            Plain::Null => (Kind::Null, "".into()),
            Plain::Bool(true) => (Kind::True, "".into()),
            Plain::Bool(false) => (Kind::False, "".into()),
            Plain::Number(n) => (Kind::Number, n),
            Plain::Text => (Kind::Text, text.into()),
            Plain::NotFinite if self.dialect != Dialect::K8s => (Kind::Text, text.into()),
            Plain::NotFinite => {
                return Err(DocumentProblem::new(
                    Some(span),
                    "infinity or not-a-number, which Kubernetes cannot hold",
                    Some("put it in quotes if it is meant as text"),
                ));
            }
        })
    }

    /// Behind an alias.
    fn target(&self, at: u32) -> u32 {
        match self.nodes[at as usize].what {
            What::Alias(target) => target,
            _ => at,
        }
    }

    fn children(&self, at: u32) -> Children<'a, 't> {
        Children {
            nodes: self.nodes,
            at: at + 1,
            end: self.nodes[at as usize].end,
        }
    }
}

struct Children<'a, 't> {
    nodes: &'a [Raw<'t>],
    at: u32,
    end: u32,
}

impl Iterator for Children<'_, '_> {
    type Item = u32;
    fn next(&mut self) -> Option<u32> {
        if self.at >= self.end {
            return None;
        }
        let here = self.at;
        self.at = self.nodes[here as usize].end;
        Some(here)
    }
}

fn binary(text: &str) -> Option<(Kind, Cow<'static, str>)> {
    let clean: String = text.split_ascii_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(&clean)
        .ok()?;
    // Bytes that are no text stay as they were written.
    Some((Kind::Text, String::from_utf8(bytes).unwrap_or(clean).into()))
}

/// Says that nesting has a bound.
pub(super) fn too_deep(span: Span) -> DocumentProblem {
    DocumentProblem::new(
        Some(span),
        format!("nested deeper than {MAX_DEPTH} levels"),
        None,
    )
}

fn no_merge(span: Span) -> DocumentProblem {
    DocumentProblem::new(
        Some(span),
        "`<<` needs a map, or a list of maps",
        Some("put the key in quotes if it is meant as text"),
    )
}
