//! What the API server fills in: live has it, git lacks it, and nothing is different.
//!
//! Source: recorded objects of kube-apiserver v1.36 and the `SetDefaults_*` functions of
//! Kubernetes; these defaults are not in OpenAPI. Needed inside atomic lists and maps, and for
//! live-only fields; elsewhere what git does not say is not compared.

use crate::{
    kubernetes::{pairing::same_generated, quantity, topology::field_type},
    model::{
        name::Name,
        secret::Sameness,
        tree::{Kind, NodeRef},
        value::{ValueType, same_number},
    },
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
    ("timeoutSeconds", &["1", "10"]),
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
    ("phase", &["Pending"]),
    ("port", &["443"]),
    ("matchPolicy", &["Equivalent"]),
    ("reinvocationPolicy", &["Never"]),
    ("failurePolicy", &["Fail"]),
    ("scope", &["*"]),
    ("expirationSeconds", &["3600"]),
];

/// Members the server or a controller fills with what only it knows.
const POPULATED: &[&str] = &[
    "clusterIP",
    "clusterIPs",
    "ipFamilies",
    "nodePort",
    "healthCheckNodePort",
    "serviceAccount",
    "volumeName",
    "storageClassName",
    "caBundle",
    "creationTimestamp",
    // Of a LimitRange: made from `default` and `max`.
    "defaultRequest",
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
    "initialDelaySeconds",
    "preserveUnknownFields",
    "globalDefault",
    "insecureSkipTLSVerify",
    "deprecated",
    "nullable",
    "uniqueItems",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
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

/// What [`same_but_defaults`] lets pass.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Every live-only member: the deployer still owns the value, so whatever was added is
    /// defaulting.
    pub lenient: bool,
    /// Generated names of Secrets count: nothing else tells that their content changed.
    pub exact_secrets: bool,
    /// The member that holds the map or list at hand.
    pub parent: Option<Name>,
}

/// Whether git's value and live's are the same apart from what the server fills in: for atomic
/// lists and maps.
#[must_use]
pub fn same_but_defaults(git: NodeRef<'_>, live: NodeRef<'_>, t: Tolerance) -> bool {
    let inside = Tolerance {
        parent: if git.key() == Name::NONE {
            t.parent
        } else {
            Some(git.key())
        },
        ..t
    };
    match (git.kind(), live.kind()) {
        (Kind::Map, Kind::Map) => {
            git.children().all(|g| match live.get(g.key()) {
                Some(l) => same_but_defaults(g, l, inside),
                None => is_dropped(g, false),
            }) && (t.lenient
                || is_limit_range_default(git, t.parent)
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
                    .all(|(g, l)| same_but_defaults(g, l, inside))
        }
        (Kind::Sealed, Kind::Sealed) => {
            matches!((git.secret(), live.secret()), (Some(a), Some(b))
                if a.same(b) == Sameness::Equal)
        }
        (Kind::Number, Kind::Number) if same_number(git.text(), live.text()) => true,
        (Kind::Text | Kind::Number, Kind::Text | Kind::Number) => {
            git.kind() == live.kind() && git.text() == live.text()
                || (is_quantity(t.parent, git.key()) && quantity::same(git.text(), live.text()))
                || (is_reference(git)
                    && !(t.exact_secrets && is_secret(t.parent, git))
                    && same_generated(git.text(), live.text()))
                || (git.key().as_str() == "caBundle" && matches!(git.text(), "" | "Cg=="))
        }
        (a, b) => a == b,
    }
}

/// The `default` of a LimitRange's item: what it does not name is taken from `max`.
fn is_limit_range_default(git: NodeRef<'_>, parent: Option<Name>) -> bool {
    git.key().as_str() == "default" && parent.is_some_and(|p| p.as_str() == "limits")
}

fn is_quantity(parent: Option<Name>, key: Name) -> bool {
    let path: Vec<Name> = parent.into_iter().chain([key]).collect();
    field_type(true, &path) == ValueType::Quantity
}

fn is_secret(parent: Option<Name>, node: NodeRef<'_>) -> bool {
    node.key().as_str() == "secretName"
        || parent.is_some_and(|p| matches!(p.as_str(), "secretRef" | "secretKeyRef" | "secret"))
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
        let exact = Tolerance {
            lenient: false,
            exact_secrets: true,
            parent: None,
        };
        let lenient = Tolerance {
            lenient: true,
            ..exact
        };
        assert!(same_but_defaults(git.root(), live.root(), exact));
        let udp = tree(r#"[{"configMapRef":{"name":"a"}},{"port":80,"protocol":"UDP"}]"#);
        assert!(!same_but_defaults(git.root(), udp.root(), exact));
        assert!(same_but_defaults(git.root(), udp.root(), lenient));
        let fewer = tree(r#"[{"configMapRef":{"name":"a"}}]"#);
        assert!(!same_but_defaults(git.root(), fewer.root(), lenient));
    }

    #[test]
    fn what_a_server_adds_to_limit_ranges_and_tokens() {
        let t = Tolerance {
            lenient: false,
            exact_secrets: true,
            parent: Name::known("spec"),
        };
        let same = |a: &str, b: &str| {
            let (a, b) = (tree(a), tree(b));
            let (a, b) = (a.root().children().next(), b.root().children().next());
            same_but_defaults(a.expect("git"), b.expect("live"), t)
        };
        let git =
            r#"{"limits":[{"default":{"cpu":0.5},"max":{"memory":"2048Mi"},"type":"Container"}]}"#;
        assert!(same(
            git,
            r#"{"limits":[{"default":{"cpu":"500m","memory":"2Gi"},"defaultRequest":{"cpu":"500m","memory":"2Gi"},"max":{"memory":"2Gi"},"type":"Container"}]}"#
        ));
        assert!(!same(
            git,
            r#"{"limits":[{"default":{"cpu":"900m"},"max":{"memory":"2Gi"},"type":"Container"}]}"#
        ));
        assert!(!same(
            git,
            r#"{"limits":[{"default":{"cpu":"500m"},"max":{"memory":"2Gi","cpu":"4"},"type":"Container"}]}"#
        ));
        let git = r#"{"sources":[{"serviceAccountToken":{"path":"token"}}]}"#;
        let live = |s: u32| {
            format!(
                r#"{{"sources":[{{"serviceAccountToken":{{"expirationSeconds":{s},"path":"token"}}}}]}}"#
            )
        };
        assert!(same(git, &live(3600)));
        assert!(!same(git, &live(86400)));
    }

    #[test]
    fn quantities_and_generated_names_inside_atomic_values() {
        let t = Tolerance {
            lenient: false,
            exact_secrets: true,
            parent: None,
        };
        let same = |a: &str, b: &str| same_but_defaults(tree(a).root(), tree(b).root(), t);
        assert!(same(
            r#"[{"spec":{"resources":{"requests":{"storage":"1024Mi"}}}}]"#,
            r#"[{"spec":{"resources":{"requests":{"storage":"1Gi"}}}}]"#
        ));
        assert!(same(
            r#"[{"configMapRef":{"name":"a-8bt6tk5f2k"}}]"#,
            r#"[{"configMapRef":{"name":"a-6ct58987ht"}}]"#
        ));
        assert!(!same(
            r#"[{"secretRef":{"name":"a-8bt6tk5f2k"}}]"#,
            r#"[{"secretRef":{"name":"a-6ct58987ht"}}]"#
        ));
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
