//! The output of `kubectl get -o yaml|json` and answers of the API server, as an observation.
//!
//! Everything goes through [`ObservationBuilder`], so that secrets are sealed as those of the live
//! source are. What such a file cannot say (environment, capture time, which system) stays unknown.

mod object;
#[cfg(test)]
mod tests;

use self::object::{documents, keeps_status, not_objects, pruned, refuse_answers, word, writes};
use super::{Head, Recorded, SnapshotError, SourceName};
use crate::model::{
    observation::{
        Classifier, ItemId, ObjectId, ObservationBuilder, Outcome, Read, Scope, WriteRecord,
    },
    secret::DigestKey,
    tree::{Kind, NodeRef, Tree},
    value::{Unread, UnreadCause},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Files larger than this are refused, in bytes: a tree's text has 28 bits for a length.
pub(super) const MAX_FILE: u64 = (1 << 28) - 1;

/// Lists inside lists: no server sends them, but `kubectl get -f` of one might.
const MAX_LISTS: usize = 4;

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
