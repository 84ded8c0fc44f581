//! How lists and maps of an object merge, and of what type a field is.
//!
//! Source: OpenAPI v3 of kube-apiserver v1.36 (`x-kubernetes-list-type`, `-list-map-keys`,
//! `-map-type`); anything not named here is a granular struct or an atomic list. For custom
//! resources the cluster's own schema answers, where it was read (a `topology` fact).

use crate::model::{
    name::Name,
    observation::{ObjectId, Observation},
    tree::{Kind, NodeRef},
    value::ValueType,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::{borrow::Cow, sync::LazyLock};

/// How a list merges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Items are matched by the values of these members.
    Keyed(Vec<Name>),
    /// Items are scalars, order does not count.
    Set,
    /// The list is one value.
    Atomic,
}

/// Names of map lists that mean the same wherever they occur in built-in kinds and pod templates.
const KEYED: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("env", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("volumes", &["name"]),
    ("claims", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("hostAliases", &["ip"]),
    ("resourceClaims", &["name"]),
    ("schedulingGates", &["name"]),
    (
        "topologySpreadConstraints",
        &["topologyKey", "whenUnsatisfiable"],
    ),
    ("secrets", &["name"]),
    ("ownerReferences", &["uid"]),
    ("conditions", &["type"]),
];

/// Maps whose members come from several writers: a live-only one counts.
const GRANULAR: &[&str] = &[
    "data",
    "binaryData",
    "stringData",
    "labels",
    "annotations",
    "limits",
    "requests",
    "hard",
];

/// Maps that are one value.
const ATOMIC: &[&str] = &[
    "nodeSelector",
    "selector",
    "matchLabels",
    "labelSelector",
    "podSelector",
    "namespaceSelector",
    "fieldRef",
    "resourceFieldRef",
    "configMapKeyRef",
    "secretKeyRef",
    "fileKeyRef",
    "roleRef",
];

/// Members that hold lists or maps of the two kinds above: looked into even where git has nothing.
const LEADING: &[&str] = &[
    "env",
    "containers",
    "initContainers",
    "volumes",
    "volumeMounts",
    "resources",
    "limits",
    "requests",
    "labels",
    "annotations",
    "data",
    "binaryData",
    "envFrom",
];

struct Names {
    keyed: FxHashMap<Name, Vec<Name>>,
    granular: FxHashSet<Name>,
    atomic: FxHashSet<Name>,
    leading: FxHashSet<Name>,
    ports: Name,
    container_port: Name,
    container_port_keys: Vec<Name>,
    service_port_keys: Vec<Name>,
    protocol: Name,
    finalizers: Name,
    template: Name,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let set = |names: &[&str]| names.iter().map(|n| Name::new(n)).collect();
    Names {
        keyed: KEYED
            .iter()
            .map(|(list, keys)| (Name::new(list), keys.iter().map(|k| Name::new(k)).collect()))
            .collect(),
        granular: set(GRANULAR),
        atomic: set(ATOMIC),
        leading: set(LEADING),
        ports: Name::new("ports"),
        container_port: Name::new("containerPort"),
        container_port_keys: vec![Name::new("containerPort"), Name::new("protocol")],
        service_port_keys: vec![Name::new("port"), Name::new("protocol")],
        protocol: Name::new("protocol"),
        finalizers: Name::new("finalizers"),
        template: Name::new("template"),
    }
});

/// The topology of one object.
pub struct Topology<'a> {
    built_in: bool,
    /// Of a custom resource: dotted path → list of keys, `set` or `atomic`.
    fact: Option<NodeRef<'a>>,
}

impl<'a> Topology<'a> {
    /// Of an object, with what the cluster said of its kind.
    #[must_use]
    pub fn of(id: &ObjectId, live: Option<&'a Observation>) -> Topology<'a> {
        let built_in = is_built_in(&id.group);
        let fact = (!built_in)
            .then(|| live?.fact(&format!("topology {} {}", id.group, id.kind)))
            .flatten();
        Topology { built_in, fact }
    }

    /// Whether API server types of Kubernetes itself apply.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.built_in
    }

    /// How the list at `path` (member names from the root) merges; `sample` is one of its items.
    #[must_use]
    pub fn list(&self, path: &[Name], sample: Option<NodeRef<'_>>) -> ListKind {
        let Some(&last) = path.last() else {
            return ListKind::Atomic;
        };
        if let Some(known) = self.fact.and_then(|f| recorded(f, path)) {
            return known;
        }
        if last == NAMES.finalizers && path.len() == 2 {
            return ListKind::Set;
        }
        if !self.built_in && !path.contains(&NAMES.template) {
            return ListKind::Atomic;
        }
        if last == NAMES.ports {
            let container = sample.is_some_and(|s| s.get(NAMES.container_port).is_some());
            let is_map = sample.is_some_and(|s| s.kind() == Kind::Map);
            return match (container, is_map) {
                (true, _) => ListKind::Keyed(NAMES.container_port_keys.clone()),
                (false, true) if path.len() == 2 => {
                    ListKind::Keyed(NAMES.service_port_keys.clone())
                }
                _ => ListKind::Atomic,
            };
        }
        match NAMES.keyed.get(&last) {
            Some(keys) if sample.is_none_or(|s| s.kind() == Kind::Map) => {
                ListKind::Keyed(keys.clone())
            }
            _ => ListKind::Atomic,
        }
    }

    /// Whether the map at `path` is one value.
    #[must_use]
    pub fn is_atomic_map(&self, path: &[Name]) -> bool {
        let Some(last) = path.last() else {
            return false;
        };
        if let Some(ListKind::Atomic) = self.fact.and_then(|f| recorded(f, path)) {
            return true;
        }
        (self.built_in || path.contains(&NAMES.template)) && NAMES.atomic.contains(last)
    }

    /// Whether a live-only member of the map at `path` counts.
    #[must_use]
    pub fn is_granular_map(&self, path: &[Name]) -> bool {
        path.last().is_some_and(|l| NAMES.granular.contains(l))
            && (self.built_in || path.len() == 2 || path.contains(&NAMES.template))
    }

    /// Whether a live-only member called `name` leads to maps or lists whose members count.
    #[must_use]
    pub fn leads_on(&self, name: Name) -> bool {
        NAMES.leading.contains(&name)
    }
}

/// Groups whose kinds are compiled into the API server.
#[must_use]
pub fn is_built_in(group: &str) -> bool {
    matches!(group, "" | "apps" | "batch" | "autoscaling" | "policy")
        || group
            .strip_suffix(".k8s.io")
            .is_some_and(|g| !matches!(g, "gateway.networking" | "snapshot.storage" | "metrics"))
}

fn recorded(fact: NodeRef<'_>, path: &[Name]) -> Option<ListKind> {
    let dotted = path
        .iter()
        .map(|n| n.as_str())
        .collect::<Vec<_>>()
        .join(".");
    let node = fact.member(&dotted)?;
    Some(match node.kind() {
        Kind::List => ListKind::Keyed(node.children().map(|k| Name::new(k.text())).collect()),
        _ if node.text() == "set" => ListKind::Set,
        _ => ListKind::Atomic,
    })
}

/// The identity of a list item: the values of its keys, `protocol` defaulted to TCP.
#[must_use]
pub fn identity<'a>(item: NodeRef<'a>, keys: &[Name]) -> Option<Vec<Cow<'a, str>>> {
    let mut all = Vec::with_capacity(keys.len());
    let mut found = false;
    for key in keys {
        match item.get(*key) {
            Some(v) if !matches!(v.kind(), Kind::Map | Kind::List) => {
                found = true;
                all.push(v.scalar_text());
            }
            _ if *key == NAMES.protocol => all.push("TCP".into()),
            _ => all.push("".into()),
        }
    }
    found.then_some(all)
}

/// Of what type the field at `path` is, for equality.
#[must_use]
pub fn field_type(built_in: bool, path: &[Name]) -> ValueType {
    let Some(last) = path.last().map(|n| n.as_str()) else {
        return ValueType::Text;
    };
    let parent = path.len().checked_sub(2).map_or("", |i| path[i].as_str());
    let quantity = matches!(
        parent,
        "limits" | "requests" | "hard" | "capacity" | "default" | "defaultRequest" | "max" | "min"
    ) || matches!(last, "sizeLimit" | "averageValue" | "divisor")
        || (last == "value" && parent == "target");
    if quantity {
        return ValueType::Quantity;
    }
    if !built_in {
        let lower = last.to_ascii_lowercase();
        let time = [
            "timeout", "interval", "duration", "time", "period", "ttl", "delay", "age",
        ];
        if time.iter().any(|t| lower.ends_with(t)) {
            return ValueType::Duration;
        }
    }
    ValueType::Text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::{Prune, Tree};

    fn names(path: &str) -> Vec<Name> {
        path.split('.').map(Name::new).collect()
    }

    #[test]
    fn lists_of_pods_services_and_custom_resources() {
        let built_in = Topology {
            built_in: true,
            fact: None,
        };
        let custom = Topology {
            built_in: false,
            fact: None,
        };
        let port = Tree::from_json(br#"{"containerPort":80}"#, Prune::NOTHING).expect("JSON");
        let service = Tree::from_json(br#"{"port":80}"#, Prune::NOTHING).expect("JSON");
        let keyed = |keys: &[&str]| ListKind::Keyed(keys.iter().map(|k| Name::new(k)).collect());
        let ports = names("spec.template.spec.containers.ports");
        assert_eq!(
            built_in.list(&ports, Some(port.root())),
            keyed(&["containerPort", "protocol"])
        );
        assert_eq!(
            built_in.list(&names("spec.ports"), Some(service.root())),
            keyed(&["port", "protocol"])
        );
        assert_eq!(
            built_in.list(&names("spec.template.spec.containers.envFrom"), None),
            ListKind::Atomic
        );
        assert_eq!(custom.list(&names("spec.volumes"), None), ListKind::Atomic);
        assert_eq!(
            custom.list(&names("spec.template.spec.volumes"), None),
            keyed(&["name"]),
            "a Rollout embeds a pod template"
        );
        assert_eq!(
            identity(port.root(), &names("containerPort.protocol")),
            Some(vec!["80".into(), "TCP".into()])
        );
    }

    #[test]
    fn types_of_fields() {
        let ty = |built_in, path: &str| field_type(built_in, &names(path));
        assert_eq!(ty(true, "resources.limits.memory"), ValueType::Quantity);
        assert_eq!(ty(true, "env.value"), ValueType::Text);
        assert_eq!(ty(false, "spec.http.timeout"), ValueType::Duration);
        assert_eq!(ty(true, "spec.timeout"), ValueType::Text);
    }
}
