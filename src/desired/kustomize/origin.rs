//! Where kustomize says that an object comes from: the annotation of
//! `buildMetadata: [originAnnotations]`, and the document of that name in the file it names.

use super::super::path::join;
use crate::{
    document::{self, Dialect, Document, Format},
    git::Files,
    model::{
        place::{Exactness, Place},
        tree::{Kind, NodeRef, Span},
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// The annotation; taken out of the objects again.
pub(super) const ANNOTATION: &str = "config.kubernetes.io/origin";
const HOW: Exactness = Exactness::Approximate("origin annotation");

/// A document or a generator of a file, by which an object can be found in it.
struct Named {
    /// Absent for a generator's entry.
    kind: Option<Box<str>>,
    name: Box<str>,
    span: Span,
}

/// The files that a render names, parsed once.
pub(super) struct Origins {
    root: Arc<str>,
    /// How the annotation names the export.
    prefix: String,
    files: BTreeMap<Arc<str>, Vec<Named>>,
}

impl Origins {
    /// Reads every file that an annotation of `documents` names.
    pub(super) fn of(
        documents: &[Document],
        root: &Arc<str>,
        export: &str,
        files: &Files,
    ) -> Origins {
        let mut origins = Origins {
            root: root.clone(),
            prefix: format!("../{export}/"),
            files: BTreeMap::new(),
        };
        for document in documents {
            let Some(path) = origins.path(document.tree.root()) else {
                continue;
            };
            if !origins.files.contains_key(&path)
                && let Ok(found) = files.read(&path)
            {
                origins.files.insert(path, names(&found.bytes));
            }
        }
        origins
    }

    /// Where the object was made; the root kustomization where nothing better is known.
    pub(super) fn place(&self, object: NodeRef<'_>) -> Place {
        let path = self.path(object).filter(|p| self.files.contains_key(p));
        let span = path.as_ref().and_then(|p| self.span(p, object));
        Place {
            file: path.unwrap_or_else(|| self.root.clone()),
            span,
            exact: HOW,
        }
    }

    /// `path: ../files/base/api.yaml`, or `configuredIn:` for what a generator made. With `repo:`
    /// it comes from another repository.
    fn path(&self, object: NodeRef<'_>) -> Option<Arc<str>> {
        let text = object.text_at(&["metadata", "annotations", ANNOTATION])?;
        let field = |name: &str| {
            text.lines()
                .find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))
                .map(|v| v.trim().trim_matches(['\'', '"']))
        };
        if field("repo").is_some() {
            return None;
        }
        let path = field("path").or_else(|| field("configuredIn"))?;
        join("", path.strip_prefix(&self.prefix)?)
    }

    /// Prefixes, suffixes and hashes are around the name in the file; the longest name that fits
    /// is the one.
    fn span(&self, path: &Arc<str>, object: NodeRef<'_>) -> Option<Span> {
        let kind = object.text_at(&["kind"])?;
        let name = object.text_at(&["metadata", "name"])?;
        self.files
            .get(path)?
            .iter()
            .filter(|n| n.kind.as_deref().is_none_or(|k| k == kind))
            .filter(|n| name.contains(&*n.name))
            .max_by_key(|n| n.name.len())
            .map(|n| n.span)
    }
}

fn names(bytes: &[u8]) -> Vec<Named> {
    let parsed = document::parse(bytes, Format::Yaml(Dialect::K8s));
    let mut out = Vec::new();
    for document in &parsed.documents {
        let root = document.tree.root();
        if let Some(items) = root.member("items").filter(|n| n.kind() == Kind::List) {
            out.extend(items.children().filter_map(|i| named(i, i.span()?)));
        }
        out.extend(named(root, document.start));
        for list in ["configMapGenerator", "secretGenerator", "helmCharts"] {
            let entries = root.member(list).filter(|n| n.kind() == Kind::List);
            out.extend(
                entries
                    .iter()
                    .flat_map(|l| l.children())
                    .filter_map(|entry| {
                        Some(Named {
                            kind: None,
                            name: entry.text_at(&["name"])?.into(),
                            span: entry.span()?,
                        })
                    }),
            );
        }
    }
    out
}

fn named(object: NodeRef<'_>, span: Span) -> Option<Named> {
    Some(Named {
        kind: Some(object.text_at(&["kind"])?.into()),
        name: object.text_at(&["metadata", "name"])?.into(),
        span,
    })
}
