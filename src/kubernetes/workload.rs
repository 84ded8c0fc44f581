//! Workloads: where their pod template is, its containers, and the objects that they mount.

use crate::model::{
    path::{KeyPath, Segment},
    tree::{Kind, NodeRef},
};

/// Where kinds keep their pod template. The first path that holds containers is it: Deployment,
/// StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, Argo Rollout, Knative Service
/// and others alike; CronJob; KEDA ScaledJob; PodTemplate.
const TEMPLATES: [&[&str]; 4] = [
    &["spec", "template"],
    &["spec", "jobTemplate", "spec", "template"],
    &["spec", "jobTargetRef", "template"],
    &["template"],
];

/// The path of the node that holds the pod's `metadata` and `spec`: empty for a Pod itself,
/// nothing for what runs no pods.
#[must_use]
pub fn pod_template_path(root: NodeRef<'_>) -> Option<&'static [&'static str]> {
    if root.text_at(&["kind"]) == Some("Pod") && root.text_at(&["apiVersion"]) == Some("v1") {
        return Some(&[]);
    }
    TEMPLATES.into_iter().find(|path| {
        root.at(path)
            .and_then(|t| t.at(&["spec", "containers"]))
            .is_some_and(|c| c.kind() == Kind::List)
    })
}

/// The node that holds the pod's `metadata` and `spec`.
#[must_use]
pub fn pod_template(root: NodeRef<'_>) -> Option<NodeRef<'_>> {
    root.at(pod_template_path(root)?)
}

/// A container of a workload.
#[derive(Clone, Debug)]
pub struct ContainerRef<'a> {
    /// Its name; empty when it has none.
    pub name: &'a str,
    /// Whether it is an init container (a sidecar is one too).
    pub init: bool,
    /// The container.
    pub node: NodeRef<'a>,
    /// Where it is: `spec.template.spec.containers[api]`.
    pub path: KeyPath,
}

/// The containers of a workload, then its init containers, each in their order. Empty for what
/// runs no pods.
#[must_use]
pub fn containers(root: NodeRef<'_>) -> Vec<ContainerRef<'_>> {
    let Some(template) = pod_template_path(root) else {
        return Vec::new();
    };
    let Some(spec) = root.at(template).and_then(|t| t.member("spec")) else {
        return Vec::new();
    };
    let base = KeyPath::members(template).join("spec");
    let mut out = Vec::new();
    for (list, init) in [("containers", false), ("initContainers", true)] {
        let Some(nodes) = spec.member(list).filter(|l| l.kind() == Kind::List) else {
            continue;
        };
        for (i, node) in nodes.children().enumerate() {
            let name = node.text_at(&["name"]).unwrap_or_default();
            let mut path = base.join(list);
            path.0.push(if name.is_empty() {
                Segment::Index(u32::try_from(i).unwrap_or(u32::MAX))
            } else {
                Segment::Item(vec![name.into()])
            });
            out.push(ContainerRef {
                name,
                init,
                node,
                path,
            });
        }
    }
    out
}

/// The service account that the pods run as; the server fills in `default`.
#[must_use]
pub fn service_account(root: NodeRef<'_>) -> &str {
    let spec = pod_template(root).and_then(|t| t.member("spec"));
    ["serviceAccountName", "serviceAccount"]
        .iter()
        .filter_map(|name| spec?.text_at(&[name]))
        .find(|name| !name.is_empty())
        .unwrap_or("default")
}

/// A ConfigMap or Secret that a workload mounts as files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// `ConfigMap` or `Secret`.
    pub kind: &'static str,
    /// Its name.
    pub name: Box<str>,
    /// The keys that become files; absent: all.
    pub keys: Option<Vec<Box<str>>>,
    /// Whether a container mounts a file of it by `subPath`: then that file is never updated while
    /// the container runs.
    pub sub_path: bool,
    /// Whether pods start without it.
    pub optional: bool,
    /// The containers that mount it, in their order. Without any, pods still wait for it.
    pub containers: Vec<Box<str>>,
    /// The field that names it.
    pub path: KeyPath,
}

/// The ConfigMaps and Secrets that a workload mounts, volume by volume, projected ones included.
#[must_use]
pub fn mounted(root: NodeRef<'_>) -> Vec<Mounted> {
    let Some(template) = pod_template_path(root) else {
        return Vec::new();
    };
    let volumes = root
        .at(template)
        .and_then(|t| t.at(&["spec", "volumes"]))
        .filter(|v| v.kind() == Kind::List);
    let containers = containers(root);
    let base = KeyPath::members(template).join("spec").join("volumes");
    let mut out = Vec::new();
    for volume in volumes.into_iter().flat_map(NodeRef::children) {
        let name = volume.text_at(&["name"]).unwrap_or_default();
        let path = base.item(&[name]);
        let mut add = |source: NodeRef<'_>, name_field: [&str; 2], path: &KeyPath| {
            for (member, field) in ["configMap", "secret"].into_iter().zip(name_field) {
                if let Some(found) = source.member(member).filter(|m| m.kind() == Kind::Map) {
                    let path = path.join(member).join(field);
                    out.extend(mount(found, member, field, path, name, &containers));
                }
            }
        };
        add(volume, ["name", "secretName"], &path);
        let projected = volume.at(&["projected", "sources"]);
        let sources = projected.into_iter().flat_map(NodeRef::children);
        for (i, source) in (0u32..).zip(sources) {
            let mut sources = path.join("projected").join("sources");
            sources.0.push(Segment::Index(i));
            add(source, ["name", "name"], &sources);
        }
    }
    out
}

fn mount(
    source: NodeRef<'_>,
    member: &str,
    name_field: &str,
    path: KeyPath,
    volume: &str,
    containers: &[ContainerRef<'_>],
) -> Option<Mounted> {
    let name = source.text_at(&[name_field]).filter(|n| !n.is_empty())?;
    let items = source.member("items").filter(|i| !i.is_hollow());
    let mut out = Mounted {
        kind: if member == "secret" {
            "Secret"
        } else {
            "ConfigMap"
        },
        name: name.into(),
        keys: items.map(|items| {
            let keys = items.children().filter_map(|i| i.text_at(&["key"]));
            keys.map(Box::from).collect()
        }),
        sub_path: false,
        optional: source.member("optional").and_then(NodeRef::as_bool) == Some(true),
        containers: Vec::new(),
        path,
    };
    for c in containers {
        let mounts = c.node.member("volumeMounts");
        let mine = mounts
            .into_iter()
            .flat_map(NodeRef::children)
            .filter(|m| m.text_at(&["name"]) == Some(volume));
        let mut any = false;
        for m in mine {
            any = true;
            out.sub_path |= ["subPath", "subPathExpr"]
                .iter()
                .any(|f| m.text_at(&[f]).is_some_and(|p| !p.is_empty()));
        }
        if any {
            out.containers.push(c.name.into());
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::{Prune, Tree};

    fn tree(json: &str) -> Tree {
        Tree::from_json(json.as_bytes(), Prune::NOTHING).expect("JSON")
    }

    fn shown(root: NodeRef<'_>) -> Vec<String> {
        containers(root)
            .iter()
            .map(|c| format!("{}{}", c.path, if c.init { " init" } else { "" }))
            .collect()
    }

    #[test]
    fn where_templates_are() {
        let spec = r#"{"spec":{"initContainers":[{"name":"init"}],"containers":[{"name":"api"},{"image":"x"}]}}"#;
        for (json, base) in [
            (
                format!(
                    r#"{{"apiVersion":"apps/v1","kind":"Deployment","spec":{{"template":{spec}}}}}"#
                ),
                "spec.template.spec",
            ),
            (
                format!(
                    r#"{{"apiVersion":"batch/v1","kind":"CronJob","spec":{{"jobTemplate":{{"spec":{{"template":{spec}}}}}}}}}"#
                ),
                "spec.jobTemplate.spec.template.spec",
            ),
            (
                format!(
                    r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{{"template":{spec}}}}}"#
                ),
                "spec.template.spec",
            ),
            (
                format!(
                    r#"{{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledJob","spec":{{"jobTargetRef":{{"template":{spec}}}}}}}"#
                ),
                "spec.jobTargetRef.template.spec",
            ),
            (
                format!(r#"{{"apiVersion":"v1","kind":"Pod",{}"#, &spec[1..]),
                "spec",
            ),
        ] {
            let t = tree(&json);
            assert_eq!(
                shown(t.root()),
                [
                    format!("{base}.containers[api]"),
                    format!("{base}.containers[#1]"),
                    format!("{base}.initContainers[init] init"),
                ]
            );
            assert!(pod_template(t.root()).is_some());
        }
    }

    #[test]
    fn what_runs_no_pods() {
        for json in [
            "null",
            "[]",
            r#"{"kind":"Service","apiVersion":"v1","spec":{"ports":[]}}"#,
            r#"{"kind":"SealedSecret","spec":{"template":{"metadata":{},"spec":{"containers":"no"}}}}"#,
            r#"{"kind":"Rollout","spec":{"workloadRef":{"name":"x"}}}"#,
        ] {
            let t = tree(json);
            assert!(containers(t.root()).is_empty() && mounted(t.root()).is_empty());
        }
    }

    #[test]
    fn service_accounts() {
        let with = |f: &str| {
            let t = tree(&format!(
                r#"{{"spec":{{"template":{{"spec":{{{f}"containers":[]}}}}}}}}"#
            ));
            service_account(t.root()).to_string()
        };
        assert_eq!(with(r#""serviceAccountName":"api","#), "api");
        assert_eq!(with(r#""serviceAccount":"old","#), "old");
        assert_eq!(with(r#""serviceAccountName":"","#), "default");
        assert_eq!(with(""), "default");
    }

    #[test]
    fn mounted_objects() {
        let t = tree(
            r#"{"spec":{"template":{"spec":{
            "volumes":[
              {"name":"conf","configMap":{"name":"api-config","items":[{"key":"application.yml","path":"application.yml"}]}},
              {"name":"tls","secret":{"secretName":"api-tls","optional":true}},
              {"name":"all","projected":{"sources":[{"secret":{"name":"a"}},{"configMap":{"name":"b","optional":true}},{"serviceAccountToken":{}}]}},
              {"name":"tmp","emptyDir":{}}],
            "containers":[{"name":"api","volumeMounts":[{"name":"conf","mountPath":"/etc/a.yml","subPath":"application.yml"},{"name":"tls","mountPath":"/tls"}]}],
            "initContainers":[{"name":"init","volumeMounts":[{"name":"tls","mountPath":"/tls"}]}]
            }}}}"#,
        );
        let all: Vec<_> = mounted(t.root())
            .into_iter()
            .map(|m| {
                format!(
                    "{} {} {:?} {} {} {:?} {}",
                    m.kind, m.name, m.keys, m.sub_path, m.optional, m.containers, m.path
                )
            })
            .collect();
        assert_eq!(
            all,
            [
                r#"ConfigMap api-config Some(["application.yml"]) true false ["api"] spec.template.spec.volumes[conf].configMap.name"#,
                r#"Secret api-tls None false true ["api", "init"] spec.template.spec.volumes[tls].secret.secretName"#,
                r#"Secret a None false false [] spec.template.spec.volumes[all].projected.sources[#0].secret.name"#,
                r#"ConfigMap b None false true [] spec.template.spec.volumes[all].projected.sources[#1].configMap.name"#,
            ]
        );
    }
}
