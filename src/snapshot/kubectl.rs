//! The output of `kubectl get -o yaml|json` and answers of the API server, as an observation.
//!
//! Everything goes through [`ObservationBuilder`], so that secrets are sealed as those of the live
//! source are. What such a file cannot say (environment, capture time, which system) stays unknown.

use super::{Head, Recorded, SnapshotError, SourceName};
use crate::{
    document::{self, Dialect, Format},
    model::{
        name::Name,
        observation::{
            Classifier, ItemId, ObjectId, ObservationBuilder, Outcome, Read, Scope, WriteRecord,
            WriterKind,
        },
        secret::DigestKey,
        tree::{Kind, NodeRef, Prune, Tree, TreeBuilder, WithoutSecrets},
        value::{Unread, UnreadCause},
    },
};
use serde_json::value::RawValue;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Files larger than this are refused, in bytes: a tree's text has 28 bits for a length.
pub(super) const MAX_FILE: u64 = (1 << 28) - 1;

/// Lists inside lists: no server sends them, but `kubectl get -f` of one might.
const MAX_LISTS: usize = 4;

/// Holds all plain values of an object once more, in whatever order `kubectl apply` found them.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What was found in all files of one path.
#[derive(Default)]
pub(super) struct Objects {
    found: BTreeMap<ObjectId, Found>,
    reads: BTreeMap<Scope, Read>,
    files: Vec<PathBuf>,
    empty_lists: usize,
    without_uid: usize,
}

struct Found {
    tree: Tree,
    writes: Vec<WriteRecord>,
    file: PathBuf,
}

/// What a list says about its items.
#[derive(Clone, Copy, Default)]
struct List<'a> {
    /// Kind and API version of the items of a typed list, which do not repeat them.
    item: Option<(&'a str, &'a str)>,
    revision: Option<&'a str>,
    /// Whether it is one page of several.
    page: bool,
}

impl Objects {
    /// Adds a file's objects.
    ///
    /// # Errors
    /// When it is neither JSON nor YAML, or holds something else than objects of a cluster.
    pub(super) fn add(&mut self, path: &Path, bytes: &[u8]) -> Result<(), SnapshotError> {
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(not_objects(
                "it is UTF-16, as `>` of Windows PowerShell writes: save it as UTF-8",
            ));
        }
        let mut anything = false;
        for tree in documents(path, bytes)? {
            if tree.root().kind() != Kind::Null {
                anything = true;
                self.document(tree.root(), path, None, 0)?;
            }
        }
        if !anything {
            return Err(not_objects(
                "it is empty: expected a snapshot or objects of a cluster",
            ));
        }
        self.files.push(path.into());
        Ok(())
    }

    fn document(
        &mut self,
        root: NodeRef<'_>,
        path: &Path,
        list: Option<List<'_>>,
        depth: usize,
    ) -> Result<(), SnapshotError> {
        if root.kind() != Kind::Map {
            return Err(not_objects(
                "expected objects of a cluster: maps with apiVersion and kind",
            ));
        }
        let from_list = list.and_then(|l| l.item);
        let kind = root.text_at(&["kind"]).or(from_list.map(|(k, _)| k));
        let version = root.text_at(&["apiVersion"]).or(from_list.map(|(_, v)| v));
        let (Some(kind), Some(version)) = (kind, version) else {
            return Err(not_objects(
                "expected objects of a cluster: apiVersion or kind is missing",
            ));
        };
        refuse_answers(kind, version)?;
        match root.member("items") {
            Some(items) if kind.ends_with("List") => {
                if depth >= MAX_LISTS {
                    return Err(not_objects("lists inside lists inside lists"));
                }
                self.list(root, items, (kind, version), path, depth)
            }
            _ => self.object(root, (kind, version), path, list),
        }
    }

    fn list(
        &mut self,
        root: NodeRef<'_>,
        items: NodeRef<'_>,
        (kind, version): (&str, &str),
        path: &Path,
        depth: usize,
    ) -> Result<(), SnapshotError> {
        if !matches!(items.kind(), Kind::List | Kind::Null) {
            return Err(not_objects("`items` of a list is no list"));
        }
        let of = kind.strip_suffix("List").unwrap_or_default();
        let metadata = |name| root.text_at(&["metadata", name]).filter(|t| !t.is_empty());
        let remaining = root
            .at(&["metadata", "remainingItemCount"])
            .and_then(NodeRef::as_i64);
        let list = List {
            item: (!of.is_empty()).then_some((of, version)),
            revision: metadata("resourceVersion"),
            page: metadata("continue").is_some() || remaining.is_some_and(|n| n > 0),
        };
        if items.is_empty() {
            self.empty_lists += 1;
        }
        for item in items.children() {
            self.document(item, path, Some(list), depth + 1)?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        root: NodeRef<'_>,
        (kind, version): (&str, &str),
        path: &Path,
        list: Option<List<'_>>,
    ) -> Result<(), SnapshotError> {
        let metadata = |name| root.text_at(&["metadata", name]).filter(|t| !t.is_empty());
        let Some(name) = metadata("name") else {
            return Err(not_objects(format!(
                "a {} has no metadata.name: not an object of a cluster",
                word(kind)
            )));
        };
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let id = ObjectId::new(group, kind, metadata("namespace"), name);
        let from_server = metadata("uid").is_some();
        self.without_uid += usize::from(!from_server);
        self.read(&id, list, from_server);
        let tree = pruned(root, (kind, version), keeps_status(group, kind));
        let found = Found {
            tree,
            writes: writes(root),
            file: path.into(),
        };
        match self.found.get(&id) {
            Some(other) if other.tree != found.tree => Err(not_objects(format!(
                "{id} is also in {}, with other content: give the files of one environment, read at one time",
                other.file.display()
            ))),
            Some(_) => Ok(()),
            None => {
                self.found.insert(id, found);
                Ok(())
            }
        }
    }

    /// A list stands for all of a kind in a namespace; a single object for itself.
    ///
    /// Objects without a namespace prove something about their kind only if a server made them:
    /// an object of a namespaced kind whose namespace was stripped must not make all others absent.
    fn read(&mut self, id: &ObjectId, list: Option<List<'_>>, from_server: bool) {
        let whole = id.namespace.is_some() || from_server;
        let scope = match list {
            Some(_) if whole => Scope::kind(&id.group, &id.kind, id.namespace.as_deref()),
            _ => Scope::Item(ItemId::Object(id.clone())),
        };
        let page = whole && list.is_some_and(|l| l.page);
        let outcome = if page {
            Outcome::Partial(Unread::new(
                UnreadCause::CutOff,
                "the file holds one page of a list; save all of them with `kubectl get`",
            ))
        } else {
            Outcome::Complete
        };
        let read = Read {
            scope: scope.clone(),
            outcome,
            revision: list.and_then(|l| l.revision).map(Into::into),
        };
        let known = self.reads.entry(scope).or_insert_with(|| read.clone());
        if page {
            *known = read;
        }
    }

    /// Whether no file was added.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Seals everything into one observation.
    pub(super) fn finish(
        self,
        path: &Path,
        key: &DigestKey,
        classifier: &dyn Classifier,
    ) -> Recorded {
        let notes = self.notes();
        let describe = match &self.files[..] {
            [_] => format!("kubectl output in {}", path.display()),
            files => format!(
                "kubectl output in {} ({} files)",
                path.display(),
                files.len()
            ),
        };
        let mut builder = ObservationBuilder::new(key, classifier);
        let kube_system = ObjectId::new("", "Namespace", None, "kube-system");
        let system: Option<Box<str>> = self
            .found
            .get(&kube_system)
            .and_then(|f| f.tree.root().text_at(&["metadata", "uid"]))
            .map(Into::into);
        if let Some(uid) = &system {
            builder.system(uid);
        }
        for read in self.reads.into_values() {
            builder.read(read);
        }
        for (id, found) in self.found {
            builder.item(ItemId::Object(id), found.tree, found.writes);
        }
        Recorded {
            head: Head {
                environment: None,
                source: SourceName {
                    name: "kubernetes".into(),
                    describe: describe.into(),
                },
                system,
                taken: None,
                key: key.is_lasting().then(|| key.id()),
            },
            observation: builder.finish(),
            verified: false,
            notes,
        }
    }

    fn notes(&self) -> Vec<Box<str>> {
        let mut notes: Vec<Box<str>> =
            vec!["capture time unknown: kubectl output does not say when it was taken".into()];
        let scopes: Vec<String> = self
            .reads
            .values()
            .filter(|r| {
                matches!(
                    (&r.scope, &r.outcome),
                    (Scope::Kind { .. }, Outcome::Complete)
                )
            })
            .map(|r| r.scope.to_string())
            .collect();
        if !scopes.is_empty() {
            notes.push(
                format!(
                    "taken as complete lists: {}; with a label or field selector they were not",
                    scopes.join(", ")
                )
                .into(),
            );
        }
        if self.empty_lists > 0 {
            notes.push(
                "a list without items says nothing: neither its kind nor its namespace is known"
                    .into(),
            );
        }
        if self.found.values().all(|f| f.writes.is_empty()) && !self.found.is_empty() {
            notes.push(
                "no managedFields, so no writers: add --show-managed-fields to kubectl get".into(),
            );
        }
        if self.without_uid > 0 {
            notes.push(
                format!(
                    "{} objects have no metadata.uid: they look like manifests, not like what a cluster holds",
                    self.without_uid
                )
                .into(),
            );
        }
        notes
    }
}

fn not_objects(what: impl Into<Box<str>>) -> SnapshotError {
    SnapshotError::NotObjects(what.into())
}

/// A kind, if it looks like one: a broken file may hold anything there.
fn word(kind: &str) -> &str {
    let plain = kind.len() <= 63 && kind.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain { kind } else { "document" }
}

/// Answers of a server that are no objects.
fn refuse_answers(kind: &str, version: &str) -> Result<(), SnapshotError> {
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
fn documents(path: &Path, bytes: &[u8]) -> Result<Vec<Tree>, SnapshotError> {
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
fn keeps_status(group: &str, kind: &str) -> bool {
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
fn pruned(root: NodeRef<'_>, (kind, version): (&str, &str), status: bool) -> Tree {
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
fn writes(root: NodeRef<'_>) -> Vec<WriteRecord> {
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

#[cfg(test)]
mod tests;
