//! Values that kubectl refuses because they are no texts. YAML 1.1 makes them easy to write:
//! `DEBUG: on`, `PORT: 8080`, `version: 1.10`.

use crate::model::tree::{Kind, NodeRef};

/// Values of an object that should be texts and are not, with what they are, in the order of the
/// object. Only fields that every server has as `string` or `map[string]string` (core/v1 types).
pub(super) fn not_texts<'a>(
    object: NodeRef<'a>,
    group: &str,
    kind: &str,
) -> Vec<(NodeRef<'a>, String)> {
    let mut out = Vec::new();
    meta(object.member("metadata"), "metadata", &mut out);
    if group.is_empty() && matches!(kind, "ConfigMap" | "Secret") {
        for map in ["data", "stringData", "binaryData"] {
            if let Some(node) = object.member(map) {
                texts(node, map, &mut out);
            }
        }
    }
    if let Some((template, path)) = template(object, group, kind) {
        if !path.is_empty() {
            meta(
                template.member("metadata"),
                &format!("{path}.metadata"),
                &mut out,
            );
        }
        pod(template, &mut out);
    }
    out
}

/// The node that has a Pod's `metadata` and `spec`, and its path.
fn template<'a>(
    object: NodeRef<'a>,
    group: &str,
    kind: &str,
) -> Option<(NodeRef<'a>, &'static str)> {
    let path: (&[&str], &str) = match (group, kind) {
        ("", "Pod") => (&[], ""),
        ("", "PodTemplate") => (&["template"], "template"),
        ("batch", "CronJob") => (
            &["spec", "jobTemplate", "spec", "template"],
            "spec.jobTemplate.spec.template",
        ),
        ("apps" | "batch" | "extensions", _)
        | ("", "ReplicationController")
        | ("argoproj.io", "Rollout") => (&["spec", "template"], "spec.template"),
        _ => return None,
    };
    Some((object.at(path.0)?, path.1))
}

fn meta<'a>(metadata: Option<NodeRef<'a>>, path: &str, out: &mut Vec<(NodeRef<'a>, String)>) {
    for map in ["labels", "annotations"] {
        if let Some(node) = metadata.and_then(|m| m.member(map)) {
            texts(node, &format!("{path}.{map}"), out);
        }
    }
}

fn pod<'a>(template: NodeRef<'a>, out: &mut Vec<(NodeRef<'a>, String)>) {
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let Some(containers) = template.at(&["spec", list]) else {
            continue;
        };
        for container in containers.children() {
            let of = container.text_at(&["name"]).unwrap_or("?");
            for field in ["name", "image"] {
                if let Some(n) = container.member(field).filter(|n| !fits(*n)) {
                    out.push((n, format!("{list}[{of}].{field}")));
                }
            }
            for item in items(container, "env") {
                let name = item.text_at(&["name"]).unwrap_or("?");
                if let Some(value) = item.member("value").filter(|v| !fits(*v)) {
                    out.push((value, format!("{list}[{of}].env[{name}].value")));
                }
                if let Some(n) = item.member("name").filter(|n| n.as_text().is_none()) {
                    out.push((n, format!("{list}[{of}].env: a name")));
                }
            }
            for field in ["command", "args"] {
                for item in items(container, field).filter(|i| !fits(*i)) {
                    out.push((item, format!("{list}[{of}].{field}: an item")));
                }
            }
        }
    }
}

fn items<'a>(node: NodeRef<'a>, field: &str) -> impl Iterator<Item = NodeRef<'a>> + use<'a> {
    node.member(field)
        .filter(|n| n.kind() == Kind::List)
        .into_iter()
        .flat_map(NodeRef::children)
}

fn texts<'a>(map: NodeRef<'a>, path: &str, out: &mut Vec<(NodeRef<'a>, String)>) {
    if !matches!(map.kind(), Kind::Map | Kind::Null) {
        out.push((map, path.to_owned()));
    }
    for member in map.children().filter(|m| !fits(*m)) {
        out.push((member, format!("{path}.{}", member.key())));
    }
}

/// A null is what the server takes for an empty text.
fn fits(node: NodeRef<'_>) -> bool {
    matches!(
        node.kind(),
        Kind::Text | Kind::Null | Kind::Sealed | Kind::Opaque
    )
}
