//! One object of `kubectl` output: what is kept of it, and what is no object at all.

use crate::{
    document::{self, Dialect, Format},
    model::{
        name::Name,
        observation::{WriteRecord, WriterKind},
        tree::{Kind, NodeRef, Prune, Tree, TreeBuilder, WithoutSecrets},
    },
    snapshot::SnapshotError,
};
use serde_json::value::RawValue;
use std::path::Path;

/// Holds all plain values of an object once more, in whatever order `kubectl apply` found them.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) fn not_objects(what: impl Into<Box<str>>) -> SnapshotError {
    SnapshotError::NotObjects(what.into())
}

/// A kind, if it looks like one: a broken file may hold anything there.
pub(super) fn word(kind: &str) -> &str {
    let plain = kind.len() <= 63 && kind.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain { kind } else { "document" }
}

/// Answers of a server that are no objects.
pub(super) fn refuse_answers(kind: &str, version: &str) -> Result<(), SnapshotError> {
    match (kind, version.split('/').next()) {
        ("Status", Some("v1")) => Err(not_objects(
            "it is an error answer of the API server (kind Status), not what was asked for",
        )),
        ("Table", Some("meta.k8s.io")) => Err(not_objects(
            "it is a table made for people (kind Table): use -o yaml or -o json",
        )),
        ("PartialObjectMetadata" | "PartialObjectMetadataList", _) => Err(not_objects(
            "it holds the metadata of objects only (kind PartialObjectMetadata)",
        )),
        _ => Ok(()),
    }
}

/// The file's documents: one or several JSON values, or YAML documents.
pub(super) fn documents(path: &Path, bytes: &[u8]) -> Result<Vec<Tree>, SnapshotError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let begin = bytes.iter().find(|b| !b.is_ascii_whitespace());
    if begin.is_none_or(|b| !b"{[".contains(b)) {
        return yaml(bytes);
    }
    let is_yaml = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("yaml") || e.eq_ignore_ascii_case("yml"));
    match json(bytes) {
        // A YAML file may begin with a flow map.
        Err(_) if is_yaml => yaml(bytes),
        other => other,
    }
}

fn json(bytes: &[u8]) -> Result<Vec<Tree>, SnapshotError> {
    let broken = |e: &serde_json::Error| {
        SnapshotError::line(
            e.line(),
            format!("broken JSON at column {}, or nested too deeply", e.column()),
        )
    };
    serde_json::Deserializer::from_slice(bytes)
        .into_iter::<&RawValue>()
        .map(|value| {
            let value = value.map_err(|e| broken(&e))?;
            Tree::from_json(value.get().as_bytes(), Prune::NOTHING).map_err(|e| broken(&e))
        })
        .collect()
}

fn yaml(bytes: &[u8]) -> Result<Vec<Tree>, SnapshotError> {
    let parsed = document::parse(bytes, Format::Yaml(Dialect::K8s));
    if let Some(problem) = parsed.problems.iter().find(|p| p.blocks) {
        let line = problem.span.map_or(1, |s| s.line as usize);
        return Err(SnapshotError::line(line, problem.message.as_str()));
    }
    Ok(parsed.documents.into_iter().map(|d| d.tree).collect())
}

/// Whether the status of an object says something about configuration: where Pods were started
/// from, and what a deployer last applied. The live source keeps the same.
pub(super) fn keeps_status(group: &str, kind: &str) -> bool {
    matches!((group, kind), ("", "Pod"))
        || matches!(
            group,
            "kustomize.toolkit.fluxcd.io"
                | "helm.toolkit.fluxcd.io"
                | "source.toolkit.fluxcd.io"
                | "argoproj.io"
        )
}

/// The object without spans, `managedFields`, last-applied and (mostly) `status`; with the kind and
/// API version that a typed list says once for all items.
pub(super) fn pruned(root: NodeRef<'_>, (kind, version): (&str, &str), status: bool) -> Tree {
    let mut out = TreeBuilder::new();
    let open = out.open(Name::NONE, Kind::Map);
    for (name, text) in [("apiVersion", version), ("kind", kind)] {
        if root.member(name).is_none() {
            out.scalar(Name::new(name), Kind::Text, text);
        }
    }
    for member in root.children() {
        match member.key().as_str() {
            "status" if !status => {}
            "metadata" if member.kind() == Kind::Map => metadata(member, &mut out),
            _ => copy(member, &mut out),
        }
    }
    out.close(open);
    out.finish()
}

fn metadata(metadata: NodeRef<'_>, out: &mut TreeBuilder) {
    let open = out.open(metadata.key(), Kind::Map);
    for member in metadata.children() {
        match member.key().as_str() {
            "managedFields" => {}
            "annotations" if member.kind() == Kind::Map => {
                let open = out.open(member.key(), Kind::Map);
                member
                    .children()
                    .filter(|a| a.key().as_str() != LAST_APPLIED)
                    .for_each(|a| copy(a, out));
                out.close(open);
            }
            _ => copy(member, out),
        }
    }
    out.close(open);
}

/// Without spans: they would point into a file that nobody edits.
fn copy(from: NodeRef<'_>, out: &mut TreeBuilder) {
    if matches!(from.kind(), Kind::Map | Kind::List) {
        let open = out.open(from.key(), from.kind());
        from.children().for_each(|child| copy(child, out));
        out.close(open);
    } else {
        out.scalar(from.key(), from.kind(), from.text());
    }
}

/// `metadata.managedFields`. A record that does not say which fields it means is left out: without
/// them it would mean the whole object.
pub(super) fn writes(root: NodeRef<'_>) -> Vec<WriteRecord> {
    let Some(entries) = root.at(&["metadata", "managedFields"]) else {
        return vec![];
    };
    entries
        .children()
        .filter_map(|entry| {
            let fields = entry.member("fieldsV1").filter(|f| f.kind() == Kind::Map)?;
            let fields = serde_json::to_string(&WithoutSecrets(fields)).ok()?;
            let text = |name| entry.text_at(&[name]).filter(|t| !t.is_empty());
            Some(WriteRecord {
                writer: text("manager").unwrap_or("unknown").into(),
                kind: match text("operation") {
                    Some("Apply") => WriterKind::ApplyManager,
                    _ => WriterKind::UpdateManager,
                },
                subresource: text("subresource").map(Into::into),
                api_version: text("apiVersion").map(Into::into),
                time: text("time").and_then(|t| t.parse().ok()),
                fields: Some(fields.into()),
            })
        })
        .collect()
}
