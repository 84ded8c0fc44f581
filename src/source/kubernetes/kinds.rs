//! What is known of kinds without asking a server: plurals and scope.

use std::collections::BTreeMap;

/// How a kind is served: what a URL and a Role need to know of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// API group; empty for the core group.
    pub group: Box<str>,
    /// `Deployment`.
    pub kind: Box<str>,
    /// `deployments`.
    pub plural: Box<str>,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
}

/// Built-in kinds: group, kind, plural, namespaced. From the discovery documents of Kubernetes 1.36;
/// these have not changed within a kind since it became stable.
const BUILT_IN: &[(&str, &str, &str, bool)] = &[
    ("", "ConfigMap", "configmaps", true),
    ("", "Endpoints", "endpoints", true),
    ("", "Event", "events", true),
    ("", "LimitRange", "limitranges", true),
    ("", "Namespace", "namespaces", false),
    ("", "Node", "nodes", false),
    ("", "PersistentVolume", "persistentvolumes", false),
    ("", "PersistentVolumeClaim", "persistentvolumeclaims", true),
    ("", "Pod", "pods", true),
    ("", "PodTemplate", "podtemplates", true),
    ("", "ReplicationController", "replicationcontrollers", true),
    ("", "ResourceQuota", "resourcequotas", true),
    ("", "Secret", "secrets", true),
    ("", "Service", "services", true),
    ("", "ServiceAccount", "serviceaccounts", true),
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        false,
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
        false,
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        false,
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        false,
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        false,
    ),
    ("apiregistration.k8s.io", "APIService", "apiservices", false),
    ("apps", "ControllerRevision", "controllerrevisions", true),
    ("apps", "DaemonSet", "daemonsets", true),
    ("apps", "Deployment", "deployments", true),
    ("apps", "ReplicaSet", "replicasets", true),
    ("apps", "StatefulSet", "statefulsets", true),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        true,
    ),
    ("batch", "CronJob", "cronjobs", true),
    ("batch", "Job", "jobs", true),
    (
        "certificates.k8s.io",
        "CertificateSigningRequest",
        "certificatesigningrequests",
        false,
    ),
    ("coordination.k8s.io", "Lease", "leases", true),
    ("discovery.k8s.io", "EndpointSlice", "endpointslices", true),
    (
        "flowcontrol.apiserver.k8s.io",
        "FlowSchema",
        "flowschemas",
        false,
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "PriorityLevelConfiguration",
        "prioritylevelconfigurations",
        false,
    ),
    ("networking.k8s.io", "Ingress", "ingresses", true),
    ("networking.k8s.io", "IngressClass", "ingressclasses", false),
    (
        "networking.k8s.io",
        "NetworkPolicy",
        "networkpolicies",
        true,
    ),
    ("node.k8s.io", "RuntimeClass", "runtimeclasses", false),
    (
        "policy",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        true,
    ),
    (
        "rbac.authorization.k8s.io",
        "ClusterRole",
        "clusterroles",
        false,
    ),
    (
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        "clusterrolebindings",
        false,
    ),
    ("rbac.authorization.k8s.io", "Role", "roles", true),
    (
        "rbac.authorization.k8s.io",
        "RoleBinding",
        "rolebindings",
        true,
    ),
    (
        "scheduling.k8s.io",
        "PriorityClass",
        "priorityclasses",
        false,
    ),
    ("storage.k8s.io", "CSIDriver", "csidrivers", false),
    ("storage.k8s.io", "StorageClass", "storageclasses", false),
    (
        "storage.k8s.io",
        "VolumeAttachment",
        "volumeattachments",
        false,
    ),
    // Custom resources whose plural the rule below would get wrong, or whose scope it cannot know.
    (
        "gateway.networking.k8s.io",
        "GatewayClass",
        "gatewayclasses",
        false,
    ),
    ("gateway.networking.k8s.io", "Gateway", "gateways", true),
    ("cert-manager.io", "ClusterIssuer", "clusterissuers", false),
    (
        "keda.sh",
        "ClusterTriggerAuthentication",
        "clustertriggerauthentications",
        false,
    ),
    (
        "external-secrets.io",
        "ClusterSecretStore",
        "clustersecretstores",
        false,
    ),
];

/// API groups that the API server itself serves; all others are custom or aggregated.
const SERVER_GROUPS: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// Whether a group is not the API server's own: its lists' keys are known from its schema only.
#[must_use]
pub fn is_custom(group: &str) -> bool {
    !SERVER_GROUPS.contains(&group)
}

/// A kind without a server to ask: the shipped table, else the rule by which code generators name
/// plurals (lower case; `y` after a consonant becomes `ies`, sibilants take `es`), namespaced.
#[must_use]
pub fn guess(group: &str, kind: &str) -> Resource {
    let known = BUILT_IN.iter().find(|b| b.0 == group && b.1 == kind);
    Resource {
        group: group.into(),
        kind: kind.into(),
        plural: known
            .map_or_else(|| pluralise(kind), |b| b.2.to_owned())
            .into(),
        namespaced: known.is_none_or(|b| b.3),
    }
}

/// The common endings as controller-gen (gobuffalo/flect) names them.
fn pluralise(kind: &str) -> String {
    let singular = kind.to_lowercase();
    if singular.ends_with("endpoints") {
        return singular;
    }
    match singular.chars().last() {
        Some('s' | 'x') => singular + "es",
        Some('y') => {
            let vowel = ["ay", "ey", "oy", "uy"];
            if vowel.iter().any(|v| singular.ends_with(v)) {
                return singular + "s";
            }
            singular[..singular.len() - 1].to_owned() + "ies"
        }
        _ if singular.ends_with("ch") || singular.ends_with("sh") => singular + "es",
        _ => singular + "s",
    }
}

/// Kinds that a snapshot of a whole namespace leaves out: they change by themselves, many times an
/// hour, and nobody configures them.
pub(super) fn is_churn(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("" | "events.k8s.io", "Event")
            | ("", "Endpoints")
            | ("coordination.k8s.io", _)
            | ("discovery.k8s.io", _)
            | ("cilium.io", "CiliumEndpoint")
            | ("kyverno.io" | "wgpolicyk8s.io" | "reports.kyverno.io", _)
            | ("aquasecurity.github.io", _)
    ) || group.ends_with("metrics.k8s.io")
}

/// What a snapshot of a whole namespace needs of the built-in kinds; Secrets are asked for by name.
pub(super) fn of_a_namespace() -> impl Iterator<Item = Resource> {
    BUILT_IN
        .iter()
        .filter(|b| b.3 && b.1 != "Secret" && !is_churn(b.0, b.1))
        .filter(|b| !is_custom(b.0))
        .map(|b| guess(b.0, b.1))
}

/// Resources by group and kind; what a server said wins over the guess.
pub(super) fn by_kind(resources: &[Resource]) -> BTreeMap<(&str, &str), &Resource> {
    resources
        .iter()
        .map(|r| ((&*r.group, &*r.kind), r))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_of_custom_kinds_follow_the_code_generators() {
        for (kind, plural) in [
            ("Widget", "widgets"),
            ("VirtualService", "virtualservices"),
            ("Proxy", "proxies"),
            ("Gateway", "gateways"),
            ("Mesh", "meshes"),
            ("DNSEndpoints", "dnsendpoints"),
            ("Prometheus", "prometheuses"),
            ("Sandbox", "sandboxes"),
        ] {
            assert_eq!(&*guess("example.io", kind).plural, plural);
        }
        assert_eq!(&*guess("", "Endpoints").plural, "endpoints");
    }

    #[test]
    fn the_shipped_table_agrees_with_a_real_server() {
        let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/kubernetes/http/");
        let mut seen = 0;
        for file in ["disco-api.json", "disco-apis.json"] {
            let text = std::fs::read(format!("{data}{file}")).expect("a recorded answer");
            let json: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
            for group in json["items"].as_array().expect("groups") {
                let name = group["metadata"]["name"].as_str().unwrap_or("");
                for resource in group["versions"][0]["resources"]
                    .as_array()
                    .expect("a list")
                {
                    let kind = resource["responseKind"]["kind"].as_str().expect("a kind");
                    if !BUILT_IN.iter().any(|b| b.0 == name && b.1 == kind) {
                        continue;
                    }
                    let guess = guess(name, kind);
                    assert_eq!(Some(&*guess.plural), resource["resource"].as_str());
                    assert_eq!(
                        guess.namespaced,
                        resource["scope"] == "Namespaced",
                        "{kind}"
                    );
                    seen += 1;
                }
                if name != "example.io" {
                    assert!(!is_custom(name), "{name}");
                }
            }
        }
        assert!(seen > 35, "only {seen} kinds compared");
    }
}
