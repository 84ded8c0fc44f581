//! Documents to objects: lists unfolded, identities filled in, secrets sealed.

use super::{
    ClusterScoped, DesiredContext, invalid,
    shape::{self, Shape},
};
use crate::{
    document::{Document, Parsed},
    model::{
        desired::DesiredObject,
        observation::{ItemId, ObjectId},
        place::{Exactness, Place},
        problem::Problem,
        tree::{Kind, NodeRef, Span},
    },
};
use std::sync::Arc;

/// What one file, or one render, holds.
#[derive(Debug, Default)]
pub(super) struct Extracted {
    /// In the order they were written.
    pub(super) objects: Vec<Arc<DesiredObject>>,
    /// What is wrong with the rest.
    pub(super) faults: Vec<Fault>,
    /// Whether something was sealed: then no renderer's output may be kept on disk.
    pub(super) has_secrets: bool,
}

/// A problem, and whether it depends on how the file was found.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// With [`Problem::blocks`] as it is for a file that was named.
    pub(super) problem: Problem,
    /// A document that is no object: expected below a folder, an error in a file that was named.
    pub(super) stray: bool,
}

/// Where objects come from.
pub(super) enum Origin<'a> {
    /// The file says what it says: every place is exact.
    Written {
        /// Path in the repository.
        file: &'a Arc<str>,
        /// Its content, for quoting what kubectl takes for a boolean.
        bytes: &'a [u8],
        /// What its places are worth.
        exact: &'a Exactness,
    },
    /// Made by a renderer.
    Rendered {
        /// Where an object was made from.
        place: &'a (dyn Fn(&Document, NodeRef<'_>) -> Place + Sync),
        /// Where all of it was made from.
        whole: &'a Place,
    },
}

impl Origin<'_> {
    fn place(&self, document: &Document, object: NodeRef<'_>, at: Option<Span>) -> Place {
        match self {
            Origin::Written { file, exact, .. } => Place {
                file: Arc::clone(file),
                span: at.or(Some(document.start)),
                exact: (*exact).clone(),
            },
            Origin::Rendered { place, .. } => place(document, object),
        }
    }

    /// The text at `span`, if the file shows it as it is written.
    fn quote(&self, span: Span) -> Option<&str> {
        match self {
            Origin::Written { bytes, .. } => bytes
                .get(span.start as usize..span.end as usize)
                .and_then(|b| std::str::from_utf8(b).ok()),
            Origin::Rendered { .. } => None,
        }
    }
}

/// All objects of a parsed file. `drop` names annotations that the renderer added for us.
pub(super) fn extract(
    parsed: &Parsed,
    origin: &Origin<'_>,
    drop: &'static [&'static str],
    cx: &DesiredContext<'_>,
) -> Extracted {
    let mut out = Extracted::default();
    // How a renderer writes a text is nothing that anyone could act on.
    let matters = |blocks: bool| blocks || matches!(origin, Origin::Written { .. });
    for problem in parsed.problems.iter().filter(|p| matters(p.blocks)) {
        out.faults.push(Fault {
            problem: broken(problem, origin),
            stray: false,
        });
    }
    for document in &parsed.documents {
        let mut one = One {
            origin,
            document,
            drop,
            cx,
            out: &mut out,
        };
        one.object(document.tree.root(), Inherited::default());
    }
    out
}

fn broken(problem: &crate::document::DocumentProblem, origin: &Origin<'_>) -> Problem {
    let place = match origin {
        Origin::Written { file, exact, .. } => Some(Place {
            file: Arc::clone(file),
            span: problem.span,
            exact: (*exact).clone(),
        }),
        Origin::Rendered { whole, .. } => Some((*whole).clone()),
    };
    let message = match origin {
        Origin::Written { .. } => problem.message.clone(),
        Origin::Rendered { .. } => format!("in what the renderer wrote: {}", problem.message),
    };
    Problem {
        hint: problem.hint.clone(),
        blocks: problem.blocks,
        ..Problem::new(place, message)
    }
}

/// What the items of a `ConfigMapList` may leave out.
#[derive(Clone, Copy, Default)]
struct Inherited<'a> {
    api_version: Option<&'a str>,
    kind: Option<&'a str>,
}

const KUSTOMIZATION: &str = "a kustomization, not an object: it is not read as a manifest";

struct One<'a> {
    origin: &'a Origin<'a>,
    document: &'a Document,
    drop: &'static [&'static str],
    cx: &'a DesiredContext<'a>,
    out: &'a mut Extracted,
}

impl One<'_> {
    fn object(&mut self, node: NodeRef<'_>, inherited: Inherited<'_>) {
        if node.kind() != Kind::Map {
            return self.stray(node, "not a Kubernetes object: a map was expected");
        }
        let api_version = node.text_at(&["apiVersion"]).or(inherited.api_version);
        let kind = node.text_at(&["kind"]).or(inherited.kind);
        let (Some(api_version), Some(kind)) = (api_version, kind) else {
            // kustomize wants neither of the two in its own file.
            let own = [
                "resources",
                "bases",
                "configMapGenerator",
                "patches",
                "components",
            ];
            let what = if own.iter().any(|m| node.member(m).is_some()) {
                KUSTOMIZATION
            } else {
                "not a Kubernetes object: it has no apiVersion and kind"
            };
            return self.stray(node, what);
        };
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        // Flux's kind of the same name is in another group, and is an object like any other.
        if group == "kustomize.config.k8s.io" {
            return self.stray(node, KUSTOMIZATION);
        }
        // As kubectl: whatever has a list of items is a list, and its items are the objects.
        if let Some(items) = node.member("items")
            && (items.kind() == Kind::List || kind == "List")
        {
            return self.items(items, api_version, kind);
        }
        self.named(node, group, api_version, kind);
    }

    fn items(&mut self, items: NodeRef<'_>, api_version: &str, kind: &str) {
        let inherited = match kind.strip_suffix("List") {
            Some(item) if !item.is_empty() => Inherited {
                api_version: Some(api_version),
                kind: Some(item),
            },
            _ => Inherited::default(),
        };
        for item in items.children() {
            self.object(item, inherited);
        }
    }

    fn named(&mut self, node: NodeRef<'_>, group: &str, api_version: &str, kind: &str) {
        let name = match self.name(node, kind) {
            Some(name) => name,
            None => return,
        };
        let namespace = match node.at(&["metadata", "namespace"]) {
            Some(n) if n.kind() != Kind::Null => match n.as_text() {
                Some(text) => Some(text).filter(|t| !t.is_empty()),
                None => return self.invalid(node, n, "metadata.namespace"),
            },
            _ => None,
        };
        let namespace = if is_cluster_scoped(self.cx.cluster_scoped, group, kind) {
            None
        } else {
            namespace.or(self.cx.default_namespace)
        };
        for (at, what) in invalid::not_texts(node, group, kind) {
            self.invalid(node, at, &what);
        }
        self.keep(
            node,
            ObjectId::new(group, kind, namespace, name),
            api_version,
        );
    }

    fn name<'n>(&mut self, node: NodeRef<'n>, kind: &str) -> Option<&'n str> {
        let metadata = node.member("metadata");
        match metadata.and_then(|m| m.member("name")) {
            Some(name) if name.kind() == Kind::Opaque => {
                let text = format!(
                    "{kind} with a name that every render makes anew: it can't be compared"
                );
                self.fault(node, None, Problem::new(None, text).harmless(), false);
            }
            Some(name) if name.kind() != Kind::Null => {
                if let Some(text) = name.as_text().filter(|t| !t.is_empty()) {
                    return Some(text);
                }
                self.invalid(node, name, "metadata.name");
            }
            _ if metadata.is_some_and(|m| m.text_at(&["generateName"]).is_some()) => {
                let text = format!(
                    "{kind} with generateName: its name is made by the server, so it can't be compared"
                );
                self.fault(node, None, Problem::new(None, text).harmless(), false);
            }
            // A file like `kind: Config` of a kubeconfig has no metadata at all.
            None if metadata.is_none() => {
                self.stray(node, "not a Kubernetes object: it has no metadata");
            }
            _ => {
                let problem = Problem::new(None, format!("{kind} without metadata.name"))
                    .hint("kubectl refuses it; give it a name");
                self.fault(node, None, problem, false);
            }
        }
        None
    }

    fn keep(&mut self, node: NodeRef<'_>, id: ObjectId, api_version: &str) {
        let shaped = shape::shaped(
            node,
            &Shape {
                id: &id,
                api_version,
                drop: self.drop,
                key: self.cx.key,
            },
        );
        let item = ItemId::Object(id.clone());
        let classifier = self.cx.classifier;
        let tree = shaped.seal(self.cx.key, &|leaf, path| {
            classifier.sealing(&item, path, leaf)
        });
        self.out.has_secrets |= id.is("", "Secret") || shape::has_sealed(tree.root());
        let at = node.span().filter(|_| node.number() != 0);
        self.out.objects.push(Arc::new(DesiredObject {
            place: self.origin.place(self.document, node, at),
            id,
            api_version: api_version.into(),
            tree,
        }));
    }

    /// A value that kubectl refuses because it is not a text.
    fn invalid(&mut self, object: NodeRef<'_>, at: NodeRef<'_>, what: &str) {
        let found = match at.kind() {
            // The word itself is shown: `on` is what surprises, and a boolean is no secret.
            Kind::True | Kind::False => match at.span().and_then(|s| self.origin.quote(s)) {
                Some(word) if word.len() <= 5 => {
                    format!("kubectl reads `{}` as a boolean", word.escape_debug())
                }
                _ => "found a boolean".to_owned(),
            },
            Kind::Number => "found a number".to_owned(),
            Kind::Null => "found nothing".to_owned(),
            Kind::List => "found a list".to_owned(),
            Kind::Map => "found a map".to_owned(),
            Kind::Text => "found an empty text".to_owned(),
            Kind::Sealed | Kind::Opaque => "found something unreadable".to_owned(),
        };
        let mut problem = Problem::new(None, format!("{what}: expected a string, {found}"));
        if matches!(at.kind(), Kind::True | Kind::False | Kind::Number) {
            problem = problem.hint("quote it; kubectl refuses the object as it is");
        }
        self.fault(object, at.span(), problem, false);
    }

    fn stray(&mut self, node: NodeRef<'_>, message: &str) {
        self.fault(node, None, Problem::new(None, message), true);
    }

    fn fault(&mut self, object: NodeRef<'_>, at: Option<Span>, problem: Problem, stray: bool) {
        let at = at.or_else(|| object.span().filter(|_| object.number() != 0));
        self.out.faults.push(Fault {
            problem: Problem {
                place: Some(self.origin.place(self.document, object, at)),
                ..problem
            },
            stray,
        });
    }
}

fn is_cluster_scoped(table: ClusterScoped<'_>, group: &str, kind: &str) -> bool {
    table(group, kind)
}
