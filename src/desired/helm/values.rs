//! Values files: whole ones as they are, selected parts as files of their own.

use super::super::{
    opaque::SOPS_MARK,
    render::{Failed, whole},
};
use crate::{
    document::{self, Dialect, Format},
    git::{FileError, Files},
    model::{
        path::{KeyPath, Segment},
        place::Place,
        problem::Problem,
        target::ValuesSpec,
        tree::{Kind, NodeRef, Tree},
    },
};
use std::sync::Arc;

/// A file for `--values`.
pub(super) struct ValuesFile {
    /// Where it is in the repository.
    pub(super) file: Arc<str>,
    /// What helm gets.
    pub(super) content: Vec<u8>,
    /// What can't be known because of it.
    pub(super) doubt: Option<Problem>,
}

/// All values files in their order.
pub(super) fn read(specs: &[ValuesSpec], files: &Files) -> Result<Vec<ValuesFile>, Failed> {
    let mut out = Vec::new();
    for spec in specs {
        match files.read(&spec.file) {
            Ok(found) => {
                let content = match &spec.select {
                    None => found.bytes.to_vec(),
                    Some(path) => selected(&found.bytes, path, &found.path)?,
                };
                let doubt = holds(&found.bytes, SOPS_MARK.as_bytes()).then(|| sops(&found.path));
                out.push(ValuesFile {
                    file: found.path,
                    content,
                    doubt,
                });
            }
            Err(FileError::NotFound { .. }) if spec.if_absent_skip => {}
            Err(error) => return Err(Failed::file(whole(&spec.file), &error)),
        }
    }
    Ok(out)
}

fn sops(file: &Arc<str>) -> Problem {
    Problem::new(
        Some(whole(file)),
        "encrypted with SOPS: what is made from these values is not compared",
    )
    .harmless()
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|w| w == text)
}

fn selected(bytes: &[u8], path: &KeyPath, file: &Arc<str>) -> Result<Vec<u8>, Failed> {
    let parsed = document::parse(bytes, Format::Yaml(Dialect::K8s));
    if let Some(p) = parsed.problems.iter().find(|p| p.blocks) {
        let place = Place::exact(file.clone(), p.span);
        return Err(Failed::refused(place, p.message.clone()));
    }
    let nothing = || {
        Failed::missing(whole(file), format!("`select: {path}` finds nothing"))
            .hint("a step in brackets is an item's name, key or id; its index is written `[#0]`")
    };
    let document = parsed.documents.first().map(|d| &d.tree);
    let node = document
        .and_then(|tree: &Tree| find(tree.root(), path))
        .ok_or_else(nothing)?;
    match node.kind() {
        // As an empty values file.
        Kind::Null => Ok(b"{}\n".to_vec()),
        Kind::Map => Ok(json(node).to_string().into_bytes()),
        _ => Err(Failed::refused(
            Place::exact(file.clone(), node.span()),
            format!("`select: {path}` is no map of values"),
        )),
    }
}

/// What lies at a path; an item of a list is found by its `name`, `key` or `id`.
fn find<'a>(root: NodeRef<'a>, path: &KeyPath) -> Option<NodeRef<'a>> {
    path.0.iter().try_fold(root, |node, step| match step {
        Segment::Member(name) => node.member(name),
        Segment::Index(at) if node.kind() == Kind::List => node.children().nth(*at as usize),
        Segment::Item(keys) if node.kind() == Kind::List => match &keys[..] {
            [identity] => ["name", "key", "id"].iter().find_map(|field| {
                node.children().find(|item| {
                    item.member(field)
                        .is_some_and(|n| *n.scalar_text() == **identity)
                })
            }),
            _ => None,
        },
        _ => None,
    })
}

/// As JSON, which every reader of YAML reads alike. Anchors are resolved by now, since a part may
/// refer to what is outside of it.
fn json(node: NodeRef<'_>) -> serde_json::Value {
    use serde_json::{Map, Number, Value};
    match node.kind() {
        Kind::Null | Kind::Sealed => Value::Null,
        Kind::True => true.into(),
        Kind::False => false.into(),
        Kind::Text => node.text().into(),
        // Hidden, and recognised as such again in what is rendered from it.
        Kind::Opaque => format!("{SOPS_MARK}data:]").into(),
        Kind::Number => {
            let text = node.text();
            let integer = text.parse::<i64>().map(Number::from);
            let integer = integer.or_else(|_| text.parse::<u64>().map(Number::from));
            match integer {
                Ok(n) => n.into(),
                Err(_) => match text.parse().ok().and_then(Number::from_f64) {
                    Some(n) => n.into(),
                    None => text.into(),
                },
            }
        }
        Kind::List => node.children().map(json).collect::<Vec<_>>().into(),
        Kind::Map => Value::Object(
            node.children()
                .map(|c| (c.key().as_str().to_owned(), json(c)))
                .collect::<Map<_, _>>(),
        ),
    }
}
