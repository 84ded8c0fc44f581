//! Cuts objects down to what is compared: most of a Pod is churn, and the values of a Secret are
//! nobody's business when only its keys are asked for.

use crate::model::{
    name::Name,
    tree::{Kind, NodeRef, Prune, Tree, TreeBuilder},
};

/// How much of an object is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// All but the status.
    Configuration,
    /// The status as well: objects of deployers, which say in it what they applied.
    WithStatus,
    /// What tells which template a Pod runs, and since when.
    Pod,
    /// What tells which template it holds.
    ReplicaSet,
    /// Names of keys, not what they hold.
    SecretKeys,
}

impl Keep {
    /// What is left out already while parsing.
    pub(super) fn prune(self) -> Prune {
        match self {
            Keep::Configuration | Keep::ReplicaSet | Keep::SecretKeys => Prune::LIVE,
            Keep::WithStatus | Keep::Pod => Prune::LIVE_WITH_STATUS,
        }
    }

    /// Whether it matters who wrote it: controllers write Pods and ReplicaSets.
    pub(super) fn writes(self) -> bool {
        !matches!(self, Keep::Pod | Keep::ReplicaSet)
    }

    /// How much of the object at `root` is kept: a Pod or ReplicaSet without an owner is nobody's
    /// churn, but somebody's own configuration.
    pub(super) fn of(self, root: NodeRef<'_>) -> Keep {
        let owners = root.at(&["metadata", "ownerReferences"]);
        match self {
            Keep::Pod if owners.is_none_or(NodeRef::is_hollow) => Keep::WithStatus,
            Keep::ReplicaSet if owners.is_none_or(NodeRef::is_hollow) => Keep::Configuration,
            other => other,
        }
    }
}

/// Groups of the deployers whose status says what they applied.
const DEPLOYERS: &[&str] = &[
    "kustomize.toolkit.fluxcd.io",
    "helm.toolkit.fluxcd.io",
    "source.toolkit.fluxcd.io",
];

/// How much of a kind is kept; `keys_only` is for Secrets.
pub(super) fn keep(group: &str, kind: &str, keys_only: bool) -> Keep {
    match (group, kind) {
        ("", "Pod") => Keep::Pod,
        ("apps", "ReplicaSet") => Keep::ReplicaSet,
        ("", "Secret") if keys_only => Keep::SecretKeys,
        ("argoproj.io", "Application") => Keep::WithStatus,
        (g, _) if DEPLOYERS.contains(&g) => Keep::WithStatus,
        _ => Keep::Configuration,
    }
}

/// What of a node is kept.
enum Shape {
    /// All of it.
    All,
    /// These members of a map.
    Members(&'static [(&'static str, Shape)]),
    /// Of each item of a list.
    Items(&'static Shape),
}

use Shape::{All, Items, Members};

const NAME_AND_IMAGE: Shape = Members(&[("name", All), ("image", All)]);

const CONTAINER_STATUS: Shape = Members(&[
    ("name", All),
    (
        "state",
        Members(&[("running", Members(&[("startedAt", All)]))]),
    ),
    ("restartCount", All),
]);

const POD: Shape = Members(&[
    ("apiVersion", All),
    ("kind", All),
    (
        "metadata",
        Members(&[
            ("name", All),
            ("namespace", All),
            ("labels", All),
            ("creationTimestamp", All),
            ("deletionTimestamp", All),
            ("ownerReferences", All),
        ]),
    ),
    (
        "spec",
        Members(&[
            ("containers", Items(&NAME_AND_IMAGE)),
            ("initContainers", Items(&NAME_AND_IMAGE)),
        ]),
    ),
    (
        "status",
        Members(&[
            ("phase", All),
            ("startTime", All),
            ("containerStatuses", Items(&CONTAINER_STATUS)),
            ("initContainerStatuses", Items(&CONTAINER_STATUS)),
        ]),
    ),
]);

const REPLICA_SET: Shape = Members(&[
    ("apiVersion", All),
    ("kind", All),
    ("metadata", All),
    ("spec", Members(&[("replicas", All), ("template", All)])),
]);

/// The symbol of what a Secret holds when only its keys are read.
const NOT_READ: &str = "secret not read";
/// kubectl's copy of what was applied, values included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The tree that is kept of an object.
pub(super) fn reduce(tree: Tree, keep: Keep) -> Tree {
    let mut out = TreeBuilder::new();
    match keep {
        Keep::Configuration | Keep::WithStatus => return tree,
        Keep::Pod => cut(&mut out, Name::NONE, tree.root(), &POD),
        Keep::ReplicaSet => cut(&mut out, Name::NONE, tree.root(), &REPLICA_SET),
        Keep::SecretKeys => hide(&mut out, tree.root()),
    }
    out.finish()
}

fn cut(out: &mut TreeBuilder, key: Name, node: NodeRef<'_>, shape: &Shape) {
    match (shape, node.kind()) {
        (Members(members), Kind::Map) => {
            let open = out.open(key, Kind::Map);
            for child in node.children() {
                let kept = members.iter().find(|(n, _)| *n == child.key().as_str());
                if let Some((_, shape)) = kept {
                    cut(out, child.key(), child, shape);
                }
            }
            out.close(open);
        }
        (Items(shape), Kind::List) => {
            let open = out.open(key, Kind::List);
            for child in node.children() {
                cut(out, child.key(), child, shape);
            }
            out.close(open);
        }
        _ => {
            out.copy(key, node);
        }
    }
}

fn hide(out: &mut TreeBuilder, root: NodeRef<'_>) {
    let open = out.open(Name::NONE, Kind::Map);
    for member in root.children() {
        match member.key().as_str() {
            "data" | "stringData" => opaque(out, member.key(), member),
            "metadata" => hide_annotation(out, member),
            _ => {
                out.copy(member.key(), member);
            }
        }
    }
    out.close(open);
}

fn hide_annotation(out: &mut TreeBuilder, metadata: NodeRef<'_>) {
    let open = out.open(metadata.key(), metadata.kind());
    for member in metadata.children() {
        if member.key().as_str() != "annotations" || member.kind() != Kind::Map {
            out.copy(member.key(), member);
            continue;
        }
        let inner = out.open(member.key(), Kind::Map);
        for a in member.children() {
            if a.key().as_str() == LAST_APPLIED {
                out.scalar(a.key(), Kind::Opaque, NOT_READ);
            } else {
                out.copy(a.key(), a);
            }
        }
        out.close(inner);
    }
    out.close(open);
}

/// The keys of a map with nothing behind them; whatever else stands there is hidden whole.
fn opaque(out: &mut TreeBuilder, key: Name, node: NodeRef<'_>) {
    match node.kind() {
        Kind::Map => {
            let open = out.open(key, Kind::Map);
            for child in node.children() {
                out.scalar(child.key(), Kind::Opaque, NOT_READ);
            }
            out.close(open);
        }
        Kind::Null => {
            out.scalar(key, Kind::Null, "");
        }
        _ => {
            out.scalar(key, Kind::Opaque, NOT_READ);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::WithoutSecrets;

    fn reduced(json: &str, keep: Keep) -> (Tree, String) {
        let tree = Tree::from_json(json.as_bytes(), keep.prune()).expect("JSON");
        let tree = reduce(tree, keep);
        let shown = serde_json::to_string(&WithoutSecrets(tree.root())).expect("JSON");
        (tree, shown)
    }

    #[test]
    fn of_a_pod_only_what_dates_it_stays() {
        let (_, shown) = reduced(
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"api-1","uid":"u","labels":{"a":"b"},"annotations":{"x":"y"},
               "creationTimestamp":"2026-08-03T02:14:07Z"},
               "spec":{"nodeName":"n","containers":[{"name":"api","image":"i:1","env":[{"name":"PW","value":"hunter2"}]}]},
               "status":{"phase":"Running","podIP":"10.0.0.1","containerStatuses":[{"name":"api","imageID":"x","restartCount":3,
               "state":{"running":{"startedAt":"2026-08-03T02:15:00Z"}},"lastState":{"terminated":{"message":"hunter2"}}}]}}"#,
            Keep::Pod,
        );
        assert_eq!(
            shown,
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"creationTimestamp":"2026-08-03T02:14:07Z","labels":{"a":"b"},"name":"api-1"},"spec":{"containers":[{"image":"i:1","name":"api"}]},"status":{"containerStatuses":[{"name":"api","restartCount":3,"state":{"running":{"startedAt":"2026-08-03T02:15:00Z"}}}],"phase":"Running"}}"#
        );
    }

    #[test]
    fn a_secrets_keys_stay_and_its_values_do_not() {
        let (tree, shown) = reduced(
            r#"{"kind":"Secret","type":"Opaque","data":{"PW":"aHVudGVyMg==","EMPTY":""},"metadata":{"name":"s",
               "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"PW\":\"aHVudGVyMg==\"}}","team":"shop"}}}"#,
            Keep::SecretKeys,
        );
        assert!(!shown.contains("aHVudGVyMg"), "{shown}");
        let data = tree.root().member("data").expect("data");
        assert_eq!(data.len(), 2);
        assert!(
            data.children()
                .all(|c| c.kind() == Kind::Opaque && c.text() == NOT_READ)
        );
        assert_eq!(
            tree.root().text_at(&["metadata", "annotations", "team"]),
            Some("shop")
        );
    }

    #[test]
    fn hostile_shapes_stay_hidden() {
        for data in [
            r#""aHVudGVyMg==""#,
            r#"["aHVudGVyMg=="]"#,
            r#"{"a":{"b":"aHVudGVyMg=="}}"#,
        ] {
            let (_, shown) = reduced(&format!(r#"{{"data":{data}}}"#), Keep::SecretKeys);
            assert!(!shown.contains("aHVudGVyMg"), "{shown}");
        }
        let (_, shown) = reduced(r#"{"spec":3,"status":[1],"metadata":null}"#, Keep::Pod);
        assert_eq!(shown, r#"{"metadata":null,"spec":3,"status":[1]}"#);
    }
}
