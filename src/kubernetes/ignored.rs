//! What the server, controllers and deployers write into every object, and nobody configures.
//!
//! Source: API conventions of Kubernetes, and what Argo CD, Flux, Helm and kubectl leave behind
//! (measured; see docs/comparison.md).

use crate::model::{name::Name, observation::ObjectId};
use rustc_hash::FxHashSet;
use std::sync::LazyLock;

static METADATA: LazyLock<FxHashSet<Name>> = LazyLock::new(|| {
    [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "managedFields",
        "generateName",
        "clusterName",
    ]
    .map(Name::new)
    .into_iter()
    .collect()
});

/// Members that are never compared, whatever git says: identity, `status`, server-populated metadata.
#[must_use]
pub fn always(path: &[Name]) -> bool {
    let Some(last) = path.last() else {
        return false;
    };
    match path.len() {
        1 => matches!(last.as_str(), "apiVersion" | "kind" | "status"),
        2 if path[0].as_str() == "metadata" => METADATA.contains(last),
        // Servers before 1.36 emit `creationTimestamp: null` in embedded templates.
        _ => last.as_str() == "creationTimestamp" && path[path.len() - 2].as_str() == "metadata",
    }
}

/// Prefixes of annotations that controllers and deployers leave behind.
const ANNOTATIONS: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
    "kubernetes.io/change-cause",
    "kubernetes.io/limit-ranger",
    "deployment.kubernetes.io/",
    "deprecated.daemonset.template.generation",
    "control-plane.alpha.kubernetes.io/leader",
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "volume.beta.kubernetes.io/storage-provisioner",
    "autoscaling.alpha.kubernetes.io/",
    "meta.helm.sh/release-",
    "helm.toolkit.fluxcd.io/",
    "kustomize.toolkit.fluxcd.io/",
    "reconcile.fluxcd.io/",
    "argocd.argoproj.io/tracking-id",
    "objectset.rio.cattle.io/",
    "field.cattle.io/",
    "cattle.io/",
    "reloader.stakater.com/last-reloaded-from",
    "service.beta.kubernetes.io/last-",
];

const LABELS: &[&str] = &[
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "argocd.argoproj.io/instance",
    "app.kubernetes.io/managed-by",
    "pod-template-hash",
    "controller-revision-hash",
    "kubernetes.io/metadata.name",
    "batch.kubernetes.io/",
    "controller-uid",
    "job-name",
];

/// Live-only members that are no finding: what machinery leaves behind, and what the server
/// fills in. When git sets one of them, it is compared like anything else.
#[must_use]
pub fn unless_desired(id: &ObjectId, path: &[Name]) -> bool {
    let [.., parent, last] = path else {
        return false;
    };
    let (parent, last) = (parent.as_str(), last.as_str());
    let known = |list: &[&str]| list.iter().any(|p| last.starts_with(p));
    match parent {
        "annotations" => known(ANNOTATIONS),
        "labels" => known(LABELS),
        // The server's copy of the CA of the cluster.
        "data" => id.is("", "ConfigMap") && &*id.name == "kube-root-ca.crt",
        // Of a Pod, not of a template: requests are the limits, and a LimitRange fills in both.
        "requests" | "limits" => id.is("", "Pod"),
        _ => false,
    }
}

/// Objects that exist in every namespace without anybody's doing.
#[must_use]
pub fn is_machinery(id: &ObjectId) -> bool {
    (id.is("", "ConfigMap") && matches!(&*id.name, "kube-root-ca.crt" | "openshift-service-ca.crt"))
        || (id.is("", "ServiceAccount") && &*id.name == "default")
        || id.is("", "Pod")
        || id.is("apps", "ReplicaSet")
        || id.is("", "Event")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &[&str]) -> Vec<Name> {
        path.iter().map(|n| Name::new(n)).collect()
    }

    #[test]
    fn resources_of_a_pod_are_filled_in_and_those_of_a_template_are_not() {
        let requests = names(&["spec", "containers", "resources", "requests", "cpu"]);
        let pod = ObjectId::new("", "Pod", Some("shop"), "toolbox");
        assert!(unless_desired(&pod, &requests));
        let deployment = ObjectId::new("apps", "Deployment", Some("shop"), "api");
        assert!(!unless_desired(&deployment, &requests));
    }

    #[test]
    fn only_what_nobody_configures() {
        assert!(always(&names(&["metadata", "uid"])));
        assert!(always(&names(&["status"])));
        assert!(!always(&names(&["spec", "status"])));
        assert!(always(&names(&[
            "spec",
            "template",
            "metadata",
            "creationTimestamp"
        ])));
        let id = ObjectId::new("apps", "Deployment", Some("shop"), "api");
        let annotation = |a: &str| unless_desired(&id, &names(&["metadata", "annotations", a]));
        assert!(annotation("deployment.kubernetes.io/revision"));
        assert!(!annotation("prometheus.io/scrape"));
        assert!(!unless_desired(
            &id,
            &names(&["metadata", "labels", "team"])
        ));
    }
}
