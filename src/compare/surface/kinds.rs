//! Which kinds and fields environments should agree on: data; docs/parity.md shows it.

use crate::model::value::ValueType;

/// Paths of fields, each with the way its value compares.
pub(super) type Paths = &'static [(&'static str, ValueType)];

/// Kinds whose presence and fields count, each field with the way its value compares.
pub(super) const KINDS: &[(&str, &str, Paths)] = &[
    (
        "apps",
        "Deployment",
        &[
            ("spec.replicas", ValueType::Number),
            ("spec.strategy", ValueType::Text),
        ],
    ),
    (
        "apps",
        "StatefulSet",
        &[
            ("spec.replicas", ValueType::Number),
            ("spec.updateStrategy", ValueType::Text),
        ],
    ),
    (
        "apps",
        "DaemonSet",
        &[("spec.updateStrategy", ValueType::Text)],
    ),
    (
        "argoproj.io",
        "Rollout",
        &[
            ("spec.replicas", ValueType::Number),
            ("spec.strategy", ValueType::Text),
        ],
    ),
    (
        "batch",
        "CronJob",
        &[
            ("spec.schedule", ValueType::Text),
            ("spec.timeZone", ValueType::Text),
            ("spec.concurrencyPolicy", ValueType::Text),
            ("spec.suspend", ValueType::Boolean),
            ("spec.startingDeadlineSeconds", ValueType::Number),
        ],
    ),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        &[
            ("spec.minReplicas", ValueType::Number),
            ("spec.maxReplicas", ValueType::Number),
        ],
    ),
    (
        "keda.sh",
        "ScaledObject",
        &[
            ("spec.minReplicaCount", ValueType::Number),
            ("spec.maxReplicaCount", ValueType::Number),
            ("spec.idleReplicaCount", ValueType::Number),
            ("spec.pollingInterval", ValueType::Number),
            ("spec.cooldownPeriod", ValueType::Number),
        ],
    ),
    (
        "policy",
        "PodDisruptionBudget",
        &[
            ("spec.minAvailable", ValueType::Text),
            ("spec.maxUnavailable", ValueType::Text),
        ],
    ),
];

/// Fields of a pod.
pub(super) const POD: Paths = &[("terminationGracePeriodSeconds", ValueType::Number)];

/// Fields of each container.
pub(super) const CONTAINER: Paths = &[
    ("resources.requests", ValueType::Quantity),
    ("resources.limits", ValueType::Quantity),
    ("livenessProbe", ValueType::Text),
    ("readinessProbe", ValueType::Text),
    ("startupProbe", ValueType::Text),
];

/// Of a KEDA trigger, what says how eagerly it scales; the rest says where to look.
pub(super) const TRIGGER: &[&str] = &[
    "activationThreshold",
    "activationValue",
    "desiredReplicas",
    "end",
    "lagThreshold",
    "listLength",
    "messageCount",
    "mode",
    "queueLength",
    "start",
    "streamLength",
    "threshold",
    "timezone",
    "value",
];

/// KEDA fills these in when it reads, not when it is written: docs of ScaledObject.
pub(super) const KEDA_DEFAULTS: &[(&str, &str)] = &[
    ("minReplicaCount", "0"),
    ("maxReplicaCount", "100"),
    ("pollingInterval", "30"),
    ("cooldownPeriod", "300"),
];

/// Of the metadata, what says nothing about what runs.
pub(super) const METADATA: &[&str] = &[
    "creationTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];
