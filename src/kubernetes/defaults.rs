//! What the API server fills in: live has it, git lacks it, and nothing is different.
//!
//! Source: recorded objects of kube-apiserver v1.36 and the `SetDefaults_*` functions of
//! Kubernetes; these defaults are not in OpenAPI. Needed inside atomic lists and maps, and for
//! live-only fields; elsewhere what git does not say is not compared.

use crate::{
    kubernetes::pairing::same_generated,
    model::tree::{Kind, NodeRef},
};

/// Member and the texts of its default; `{}` is an empty map.
const DEFAULTS: &[(&str, &[&str])] = &[
    ("protocol", &["TCP"]),
    ("apiVersion", &["v1"]),
    ("divisor", &["0"]),
    ("defaultMode", &["420"]),
    ("type", &["", "ClusterIP", "Opaque", "RollingUpdate"]),
    ("imagePullPolicy", &["IfNotPresent", "Always"]),
    ("terminationMessagePath", &["/dev/termination-log"]),
    ("terminationMessagePolicy", &["File"]),
    ("resources", &["{}"]),
    ("securityContext", &["{}"]),
    ("emptyDir", &["{}"]),
    ("dnsPolicy", &["ClusterFirst"]),
    ("restartPolicy", &["Always"]),
    ("schedulerName", &["default-scheduler"]),
    ("terminationGracePeriodSeconds", &["30"]),
    ("enableServiceLinks", &["true"]),
    ("timeoutSeconds", &["1"]),
    ("periodSeconds", &["10"]),
    ("successThreshold", &["1"]),
    ("failureThreshold", &["3"]),
    ("scheme", &["HTTP"]),
    ("path", &["/"]),
    ("service", &[""]),
    ("revisionHistoryLimit", &["10"]),
    ("progressDeadlineSeconds", &["600"]),
    ("replicas", &["1"]),
    ("podManagementPolicy", &["OrderedReady"]),
    ("concurrencyPolicy", &["Allow"]),
    ("suspend", &["false"]),
    ("successfulJobsHistoryLimit", &["3"]),
    ("failedJobsHistoryLimit", &["1"]),
    ("completionMode", &["NonIndexed"]),
    ("parallelism", &["1"]),
    ("completions", &["1"]),
    ("backoffLimit", &["6"]),
    ("manualSelector", &["false"]),
    ("podReplacementPolicy", &["TerminatingOrFailed"]),
    ("minReplicas", &["1"]),
    ("volumeMode", &["Filesystem"]),
    ("kind", &["PersistentVolumeClaim", "Service", "Gateway"]),
    ("status", &["{}"]),
    ("sessionAffinity", &["None"]),
    ("internalTrafficPolicy", &["Cluster"]),
    ("externalTrafficPolicy", &["Cluster"]),
    ("ipFamilyPolicy", &["SingleStack"]),
    ("allocateLoadBalancerNodePorts", &["true"]),
    ("group", &["", "gateway.networking.k8s.io"]),
    ("weight", &["1"]),
    ("apiGroup", &["rbac.authorization.k8s.io", ""]),
    ("minReadySeconds", &["0"]),
    ("partition", &["0"]),
    ("maxSurge", &["25%", "0"]),
    ("maxUnavailable", &["25%", "1"]),
    ("whenDeleted", &["Retain"]),
    ("whenScaled", &["Retain"]),
    ("namespace", &["default"]),
    ("matchLabelKeys", &["[]"]),
    ("optional", &["false"]),
    ("readOnly", &["false"]),
    ("hostNetwork", &["false"]),
];

/// Members the server or a controller fills with what only it knows.
const POPULATED: &[&str] = &[
    "clusterIP",
    "clusterIPs",
    "ipFamilies",
    "nodePort",
    "targetPort",
    "healthCheckNodePort",
    "serviceAccount",
    "volumeName",
    "storageClassName",
    "caBundle",
    "creationTimestamp",
    "nodeName",
];

/// Whether `live`, a member that git lacks, is what the server fills in.
#[must_use]
pub fn is_default(live: NodeRef<'_>) -> bool {
    let name = live.key().as_str();
    if live.kind() == Kind::Null || POPULATED.contains(&name) {
        return true;
    }
    if DEFAULTS
        .iter()
        .any(|(n, values)| *n == name && values.iter().any(|v| is(live, v)))
    {
        return true;
    }
    // `strategy: {type: RollingUpdate, rollingUpdate: {…}}`: a map of nothing but defaults.
    live.kind() == Kind::Map
        && !live.is_empty()
        && matches!(
            name,
            "strategy"
                | "rollingUpdate"
                | "updateStrategy"
                | "persistentVolumeClaimRetentionPolicy"
                | "metadata"
                | "status"
        )
        && live.children().all(is_default)
}

/// Fields that the server drops when they are false or 0 (`omitempty` without a pointer in the
/// API types); others keep an explicit false.
const DROPPED_WHEN_ZERO: &[&str] = &[
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "readOnly",
    "stdin",
    "stdinOnce",
    "tty",
    "publishNotReadyAddresses",
    "paused",
    "minReadySeconds",
    "hostPort",
    "nodePort",
];

/// Whether the server drops what git says, so that its absence in live is no difference: empty
/// maps and lists, empty texts of structs, and zeros of some fields. Members of granular maps
/// (`data`) are kept whatever they hold.
#[must_use]
pub fn is_dropped(git: NodeRef<'_>, in_granular_map: bool) -> bool {
    match git.kind() {
        _ if git.is_hollow() => true,
        _ if in_granular_map => false,
        Kind::Text => git.text().is_empty(),
        Kind::False => DROPPED_WHEN_ZERO.contains(&git.key().as_str()),
        Kind::Number => git.text() == "0" && DROPPED_WHEN_ZERO.contains(&git.key().as_str()),
        _ => false,
    }
}

fn is(live: NodeRef<'_>, text: &str) -> bool {
    match (text, live.kind()) {
        ("{}", Kind::Map) | ("[]", Kind::List) => live.is_empty(),
        ("{}" | "[]", _) | (_, Kind::Map | Kind::List | Kind::Sealed | Kind::Opaque) => false,
        (text, _) => live.scalar_text() == text,
    }
}

/// Whether git's value and live's are the same apart from what the server fills in: for atomic
/// lists and maps. `lenient` accepts every live-only member (the deployer still owns the value,
/// so whatever was added is defaulting).
#[must_use]
pub fn same_but_defaults(git: NodeRef<'_>, live: NodeRef<'_>, lenient: bool) -> bool {
    match (git.kind(), live.kind()) {
        (Kind::Map, Kind::Map) => {
            git.children().all(|g| match live.get(g.key()) {
                Some(l) => same_but_defaults(g, l, lenient),
                None => is_dropped(g, false),
            }) && (lenient
                || live.children().all(|l| {
                    git.get(l.key()).is_some_and(|g| !g.is_hollow())
                        || l.is_hollow()
                        || is_default(l)
                }))
        }
        (Kind::List, Kind::List) => {
            git.len() == live.len()
                && git
                    .children()
                    .zip(live.children())
                    .all(|(g, l)| same_but_defaults(g, l, lenient))
        }
        (Kind::Sealed, Kind::Sealed) => {
            matches!((git.secret(), live.secret()), (Some(a), Some(b))
                if a.same(b) == crate::model::secret::Sameness::Equal)
        }
        (Kind::Number, Kind::Number) => crate::model::value::same_number(git.text(), live.text()),
        (Kind::Text, Kind::Text) if is_reference(git) => same_generated(git.text(), live.text()),
        (a, b) if a == b => git.text() == live.text(),
        // Quantities are numbers in YAML and texts on the server.
        (Kind::Number, Kind::Text) => {
            crate::kubernetes::quantity::same(git.text(), live.text())
                && crate::kubernetes::topology::field_type(true, &[git.key()])
                    == crate::model::value::ValueType::Quantity
        }
        _ => false,
    }
}

/// A name of another object: of a generated one the content counts, which is compared itself.
fn is_reference(node: NodeRef<'_>) -> bool {
    matches!(node.key().as_str(), "name" | "secretName")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::{Prune, Tree};

    fn tree(json: &str) -> Tree {
        Tree::from_json(json.as_bytes(), Prune::NOTHING).expect("JSON")
    }

    #[test]
    fn atomic_values_are_equal_but_for_defaults() {
        let git = tree(r#"[{"configMapRef":{"name":"a"}},{"port":80}]"#);
        let live = tree(r#"[{"configMapRef":{"name":"a"}},{"port":80,"protocol":"TCP"}]"#);
        assert!(same_but_defaults(git.root(), live.root(), false));
        let udp = tree(r#"[{"configMapRef":{"name":"a"}},{"port":80,"protocol":"UDP"}]"#);
        assert!(!same_but_defaults(git.root(), udp.root(), false));
        assert!(same_but_defaults(git.root(), udp.root(), true));
        let fewer = tree(r#"[{"configMapRef":{"name":"a"}}]"#);
        assert!(!same_but_defaults(git.root(), fewer.root(), true));
    }

    #[test]
    fn the_strategy_of_a_deployment_is_a_default() {
        let live = tree(
            r#"{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}}}"#,
        );
        assert!(live.root().children().all(is_default));
        let recreate = tree(r#"{"strategy":{"type":"Recreate"}}"#);
        assert!(!recreate.root().children().all(is_default));
    }
}
