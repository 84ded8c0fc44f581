//! What the kubelet fills in from the pod itself: `fieldRef`, `resourceFieldRef`, `fileKeyRef`.
//!
//! Only what the template decides has a value; what differs per pod is a symbol, equal to itself.

use super::{
    quantity,
    workload::{self, ContainerRef},
};
use crate::model::{
    observation::ObjectId,
    tree::{Kind, NodeRef},
    value::Value,
};

/// Labels and annotations that controllers write onto pods: their absence in a template says nothing.
const WRITTEN_BY_CONTROLLERS: [&str; 10] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "rollouts-pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "job-name",
    "controller-uid",
    "batch.kubernetes.io/",
    "topology.kubernetes.io/",
];

/// The value of `valueFrom` when it refers to the pod, or the symbol of what is not known from here.
pub(in crate::kubernetes) fn of(
    value_from: NodeRef<'_>,
    workload: &ObjectId,
    root: NodeRef<'_>,
    container: &ContainerRef<'_>,
) -> Value {
    if let Some(r) = value_from.member("fieldRef") {
        return field(
            r.text_at(&["fieldPath"]).unwrap_or_default(),
            workload,
            root,
        );
    }
    if let Some(r) = value_from.member("resourceFieldRef") {
        return resource(r, root, container);
    }
    if value_from.is_hollow() {
        // No source: validation refuses it, and the kubelet would leave the text empty.
        return Value::text("");
    }
    Value::Symbol(symbol(value_from))
}

/// What a `valueFrom` refers to, in words that are equal for equal references.
pub(in crate::kubernetes) fn symbol(value_from: NodeRef<'_>) -> Box<str> {
    let text = |path: &[&str]| value_from.text_at(path).unwrap_or_default().to_owned();
    let Some(source) = value_from.children().find(|c| c.kind() == Kind::Map) else {
        return "valueFrom".into();
    };
    let name = source.key().as_str();
    match name {
        "secretKeyRef" => secret_key(&text(&[name, "name"]), &text(&[name, "key"])),
        "configMapKeyRef" => format!(
            "config map {}, key {}",
            text(&[name, "name"]),
            text(&[name, "key"])
        )
        .into(),
        "fieldRef" => format!("fieldRef({})", text(&[name, "fieldPath"])).into(),
        "resourceFieldRef" => resource_symbol(source),
        "fileKeyRef" => format!(
            "fileKeyRef({}/{}, key {})",
            text(&[name, "volumeName"]),
            text(&[name, "path"]),
            text(&[name, "key"])
        )
        .into(),
        other => format!("valueFrom.{other}").into(),
    }
}

/// A key of a Secret that is not read.
pub(in crate::kubernetes) fn secret_key(name: &str, key: &str) -> Box<str> {
    format!("secret {name}, key {key}").into()
}

fn field(path: &str, workload: &ObjectId, root: NodeRef<'_>) -> Value {
    let unknown = || Value::Symbol(format!("fieldRef({path})").into());
    if let Some((map, key)) = subscript(path) {
        let node = workload::pod_template(root).and_then(|t| t.at(&["metadata", map, key]));
        return match node {
            Some(n) if n.kind() != Kind::Null => Value::of(n),
            _ if WRITTEN_BY_CONTROLLERS
                .iter()
                .any(|w| key == *w || (w.ends_with('/') && key.starts_with(w))) =>
            {
                unknown()
            }
            _ => Value::text(""),
        };
    }
    match path {
        "metadata.namespace" => match &workload.namespace {
            Some(ns) => Value::text(ns),
            None => unknown(),
        },
        "metadata.name" if workload.is("", "Pod") => Value::text(&workload.name),
        "spec.serviceAccountName" => Value::text(workload::service_account(root)),
        _ => unknown(),
    }
}

/// `metadata.labels['app']`: the map and the key.
fn subscript(path: &str) -> Option<(&'static str, &str)> {
    let rest = path.strip_prefix("metadata.")?;
    let (map, rest) = ["labels", "annotations"]
        .into_iter()
        .find_map(|map| Some((map, rest.strip_prefix(map)?)))?;
    Some((map, rest.strip_prefix("['")?.strip_suffix("']")?))
}

fn resource(reference: NodeRef<'_>, root: NodeRef<'_>, container: &ContainerRef<'_>) -> Value {
    let other = reference
        .text_at(&["containerName"])
        .filter(|n| !n.is_empty() && *n != container.name);
    let all;
    let node = match other {
        None => Some(container.node),
        Some(name) => {
            all = workload::containers(root);
            all.iter().find(|c| c.name == name).map(|c| c.node)
        }
    };
    let resource = reference.text_at(&["resource"]).unwrap_or_default();
    let (group, name) = resource.split_once('.').unwrap_or((resource, ""));
    let amount = |group| {
        let n = node?.at(&["resources", group, name])?;
        Some(n.scalar_text())
    };
    // On pods, an absent request is the limit: the server fills it in.
    let amount = match group {
        "requests" => amount("requests").or_else(|| amount("limits")),
        "limits" => amount("limits"),
        _ => None,
    };
    amount
        .and_then(|a| quantity::divided(&a, &divisor(reference), name == "cpu"))
        .map_or_else(
            || Value::Symbol(resource_symbol(reference)),
            |n| Value::text(&n.to_string()),
        )
}

fn divisor(reference: NodeRef<'_>) -> String {
    reference
        .member("divisor")
        .filter(|d| matches!(d.kind(), Kind::Text | Kind::Number))
        .map_or_else(|| "0".into(), |d| d.text().to_owned())
}

fn resource_symbol(reference: NodeRef<'_>) -> Box<str> {
    let resource = reference.text_at(&["resource"]).unwrap_or_default();
    let container = reference.text_at(&["containerName"]).unwrap_or_default();
    let divisor = divisor(reference);
    let mut out = format!("resourceFieldRef({resource}");
    if !["0", "1"].contains(&divisor.as_str()) {
        out += " / ";
        out += &divisor;
    }
    if !container.is_empty() {
        out += " of ";
        out += container;
    }
    out.push(')');
    out.into()
}
