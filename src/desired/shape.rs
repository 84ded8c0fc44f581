//! What an object means to the server, where that is not what is written: a Secret's `stringData`
//! is its `data`, and a null in data is an empty text. Both sides then compare as one map.

use crate::model::{
    name::Name,
    observation::ObjectId,
    secret::DigestKey,
    tree::{Kind, NodeRef, Tree, TreeBuilder},
};

/// How one object is shaped.
pub(super) struct Shape<'a> {
    pub(super) id: &'a ObjectId,
    /// For items of a typed list, which may leave theirs out.
    pub(super) api_version: &'a str,
    /// Annotations that our own rendering added.
    pub(super) drop: &'static [&'static str],
    pub(super) key: &'a DigestKey,
}

/// The object at `node` as a tree of its own, spans kept.
///
/// `stringData` wins over `data` per key, as the server merges it (core/v1 Secret). A null in the
/// `data` of a ConfigMap or Secret is stored as an empty text by server-side apply (measured;
/// client-side apply drops the key), so it is read as one.
pub(super) fn shaped(node: NodeRef<'_>, shape: &Shape<'_>) -> Tree {
    let mut out = TreeBuilder::new();
    let root = out.open(Name::NONE, Kind::Map);
    spans(&mut out, root, node);
    for (name, text) in [("apiVersion", shape.api_version), ("kind", &shape.id.kind)] {
        if node.member(name).is_none() {
            out.scalar(Name::new(name), Kind::Text, text);
        }
    }
    let secret = shape.id.is("", "Secret");
    let config = shape.id.is("", "ConfigMap");
    for member in node.children() {
        match member.key().as_str() {
            "data" | "stringData" if secret => {}
            "data" if config && member.kind() == Kind::Map => no_nulls(&mut out, member),
            "metadata" if !shape.drop.is_empty() => metadata(&mut out, member, shape.drop),
            _ => {
                out.copy(member.key(), member);
            }
        }
    }
    if secret {
        secret_data(&mut out, node, shape.key);
    }
    out.close(root);
    out.finish()
}

/// Whether the tree holds a sealed leaf.
pub(super) fn has_sealed(node: NodeRef<'_>) -> bool {
    node.kind() == Kind::Sealed || node.children().any(has_sealed)
}

fn spans(out: &mut TreeBuilder, at: usize, from: NodeRef<'_>) {
    if let Some(span) = from.span() {
        out.span_of(at, span);
    }
    if let Some(span) = from.key_span() {
        out.key_span_of(at, span);
    }
}

fn no_nulls(out: &mut TreeBuilder, data: NodeRef<'_>) {
    let open = out.open(data.key(), Kind::Map);
    spans(out, open, data);
    for member in data.children() {
        if member.kind() == Kind::Null {
            let at = out.scalar(member.key(), Kind::Text, "");
            spans(out, at, member);
        } else {
            out.copy(member.key(), member);
        }
    }
    out.close(open);
}

/// One `data` of both maps. Values of `stringData` are sealed here, because what is in `data` is
/// taken for base64 later; the seal of a text is the seal of its encoded form.
fn secret_data(out: &mut TreeBuilder, node: NodeRef<'_>, key: &DigestKey) {
    let (data, text) = (node.member("data"), node.member("stringData"));
    let Some(first) = data.or(text) else { return };
    let open = out.open(Name::new("data"), Kind::Map);
    spans(out, open, first);
    let wins = |name: Name| text.is_some_and(|t| t.get(name).is_some());
    for member in data.iter().flat_map(|d| d.children()) {
        // Of duplicates the last counts, as everywhere.
        if wins(member.key()) || !is_last(first, member) {
            continue;
        }
        let at = match member.kind() {
            Kind::Null => out.sealed(member.key(), key.seal(b"")),
            _ => {
                out.copy(member.key(), member);
                continue;
            }
        };
        spans(out, at, member);
    }
    for member in text.iter().flat_map(|t| t.children().map(move |m| (*t, m))) {
        let (map, member) = member;
        if !is_last(map, member) {
            continue;
        }
        let at = match member.kind() {
            Kind::Opaque => out.scalar(member.key(), Kind::Opaque, member.text()),
            Kind::Null => out.sealed(member.key(), key.seal(b"")),
            _ => out.sealed(member.key(), key.seal(member.scalar_text().as_bytes())),
        };
        spans(out, at, member);
    }
    out.close(open);
}

fn is_last(map: NodeRef<'_>, member: NodeRef<'_>) -> bool {
    map.get(member.key())
        .is_some_and(|last| last.number() == member.number())
}

fn metadata(out: &mut TreeBuilder, metadata: NodeRef<'_>, drop: &[&str]) {
    let open = out.open(metadata.key(), metadata.kind());
    spans(out, open, metadata);
    for member in metadata.children() {
        if member.key().as_str() != "annotations" || member.kind() != Kind::Map {
            out.copy(member.key(), member);
            continue;
        }
        let ours = |n: NodeRef<'_>| drop.contains(&n.key().as_str());
        if member.children().all(ours) {
            continue;
        }
        let annotations = out.open(member.key(), Kind::Map);
        spans(out, annotations, member);
        for annotation in member.children().filter(|a| !ours(*a)) {
            out.copy(annotation.key(), annotation);
        }
        out.close(annotations);
    }
    out.close(open);
}
