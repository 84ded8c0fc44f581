//! What is known of a field manager's name.
//!
//! A name is `?fieldManager=` or the client's user agent up to the first `/`; so it says which tool
//! wrote, not who held it.

use crate::model::{
    finding::WriterClass,
    observation::{WriteRecord, WriterKind},
};

/// Apply what git says.
const DEPLOYERS: [&str; 20] = [
    "argocd-controller",
    "argocd-application-controller",
    "kustomize-controller",
    "helm-controller",
    "flux",
    "flux-client-side-apply",
    "helm",
    "Helm",
    "helmfile",
    "Terraform",
    "HashiCorp",
    "OpenTofu",
    "gitops",
    "fleetagent",
    "fleet-agent",
    "configsync",
    "applier-configmanagement.gke.io",
    "kapp-server-side-apply",
    "werf",
    "gitlab-agent",
];

/// The same, with anything behind them (`pulumi-kubernetes-1a2b3c`).
const DEPLOYER_PREFIXES: [&str; 4] = [
    "pulumi",
    "terraform-provider-",
    "configsync.gke.io",
    "flux-",
];

/// Controllers, autoscalers, injectors and operators whose names the suffixes below do not tell.
const CONTROLLERS: [&str; 22] = [
    "kubelet",
    "kube-proxy",
    "kube-scheduler",
    "kube-apiserver",
    "kube-controller-manager",
    "cluster-autoscaler",
    "karpenter",
    "keda",
    "flagger",
    "Reloader",
    "manager",
    "controller",
    "pilot-discovery",
    "external-dns",
    "external-secrets",
    "descheduler",
    "traefik",
    "PrometheusOperator",
    "argo-rollouts",
    "cilium",
    "velero-server",
    "crossplane",
];

const CONTROLLER_PREFIXES: [&str; 8] = [
    "vpa-",
    "keda-",
    "istio",
    "linkerd",
    "cert-manager",
    "cilium-",
    "karpenter-",
    "knative-",
];

const CONTROLLER_SUFFIXES: [&str; 8] = [
    "-controller",
    "-controller-manager",
    "-operator",
    "-injector",
    "-webhook",
    "-autoscaler",
    "-scheduler",
    "-reloader",
];

/// Tools in a person's hand: command lines, consoles, browsers. `argocd-server` writes what someone
/// clicks in Argo CD's own pages.
const PERSONS: [&str; 18] = [
    "kubectl",
    "oc",
    "k9s",
    "Mozilla",
    "Lens",
    "OpenLens",
    "freelens",
    "headlamp",
    "headlamp-server",
    "octant",
    "dashboard",
    "kubernetes-dashboard",
    "node-fetch",
    "python-requests",
    "curl",
    "PostmanRuntime",
    "Wget",
    "argocd-server",
];

const PERSON_PREFIXES: [&str; 3] = ["kubectl-", "oc-", "kubectl_"];

/// What is known of one writer, whoever else wrote the object. `extra_deployers` are names of
/// driftgate.yaml; a `*` at the end stands for anything.
///
/// `kubectl apply` is a person's here; see [`classes`].
#[must_use]
pub fn class_of(
    manager: &str,
    kind: WriterKind,
    subresource: Option<&str>,
    extra_deployers: &[Box<str>],
) -> WriterClass {
    // Nobody deploys through `/scale`: with `kubectl`, it is `kubectl scale`.
    let scales = subresource == Some("scale");
    if kind == WriterKind::Person {
        return WriterClass::Person;
    }
    let is_extra = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => manager.starts_with(prefix),
        None => manager == pattern,
    };
    if !scales && extra_deployers.iter().any(|p| is_extra(p)) {
        return WriterClass::Deployer;
    }
    if kind == WriterKind::Principal {
        return WriterClass::Other;
    }
    let begins = |all: &[&str]| all.iter().any(|p| manager.starts_with(p));
    if DEPLOYERS.contains(&manager) || begins(&DEPLOYER_PREFIXES) {
        WriterClass::Deployer
    } else if PERSONS.contains(&manager) || begins(&PERSON_PREFIXES) {
        WriterClass::Person
    } else if CONTROLLERS.contains(&manager)
        || begins(&CONTROLLER_PREFIXES)
        || CONTROLLER_SUFFIXES.iter().any(|s| manager.ends_with(s))
    {
        WriterClass::Controller
    } else {
        WriterClass::Other
    }
}

/// Whether it is `kubectl apply`, client-side or server-side.
fn is_kubectl_apply(write: &WriteRecord) -> bool {
    match &*write.writer {
        "kubectl-client-side-apply" => true,
        "kubectl" | "kubectl-last-applied" => write.kind == WriterKind::ApplyManager,
        _ => false,
    }
}

/// What is known of all writers of one object, in their order.
///
/// `kubectl apply` is how many pipelines deploy, and how people change things beside a
/// GitOps controller: it counts as the deployer only of an object that no other deployer wrote.
#[must_use]
pub fn classes(writes: &[WriteRecord], extra_deployers: &[Box<str>]) -> Vec<WriterClass> {
    let mut out: Vec<WriterClass> = writes
        .iter()
        .map(|w| class_of(&w.writer, w.kind, w.subresource.as_deref(), extra_deployers))
        .collect();
    if !out.contains(&WriterClass::Deployer) {
        for (class, write) in out.iter_mut().zip(writes) {
            if is_kubectl_apply(write) {
                *class = WriterClass::Deployer;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(manager: &str) -> WriterClass {
        class_of(manager, WriterKind::UpdateManager, None, &[])
    }

    #[test]
    fn names_that_are_known() {
        use WriterClass::{Controller, Deployer, Other, Person};
        for (name, class) in [
            ("argocd-controller", Deployer),
            ("argocd-application-controller", Deployer),
            ("kustomize-controller", Deployer),
            ("helm-controller", Deployer),
            ("helm", Deployer),
            ("Terraform", Deployer),
            ("HashiCorp", Deployer),
            ("pulumi-kubernetes-1a2b", Deployer),
            ("kube-controller-manager", Controller),
            ("kubelet", Controller),
            ("keda", Controller),
            ("keda-operator", Controller),
            ("vpa-updater", Controller),
            ("cert-manager-cainjector", Controller),
            ("pilot-discovery", Controller),
            ("rollouts-controller", Controller),
            ("my-app-operator", Controller),
            ("kubectl", Person),
            ("kubectl-set", Person),
            ("kubectl-edit", Person),
            ("kubectl-rollout", Person),
            ("kubectl-client-side-apply", Person),
            ("k9s", Person),
            ("Mozilla", Person),
            ("node-fetch", Person),
            ("argocd-server", Person),
            ("unknown", Other),
            ("before-first-apply", Other),
            ("ancient-changes", Other),
            ("OpenAPI-Generator", Other),
            ("rancher", Other),
            ("team-b", Other),
            ("Helmut", Other),
            ("", Other),
        ] {
            assert_eq!(update(name), class, "{name}");
        }
    }

    #[test]
    fn a_project_knows_its_own_deployers() {
        let extra: [Box<str>; 2] = ["team-b".into(), "deploy-bot-*".into()];
        let of = |name, kind, sub| class_of(name, kind, sub, &extra);
        let apply = WriterKind::ApplyManager;
        assert_eq!(of("team-b", apply, None), WriterClass::Deployer);
        assert_eq!(of("deploy-bot-7", apply, None), WriterClass::Deployer);
        assert_eq!(of("team-bc", apply, None), WriterClass::Other);
        assert_eq!(
            of("team-b", WriterKind::Principal, None),
            WriterClass::Deployer
        );
        assert_eq!(of("x", WriterKind::Person, None), WriterClass::Person);
    }

    #[test]
    fn scaling_is_no_deploy() {
        let update = WriterKind::UpdateManager;
        let of = |name, extra: &[Box<str>]| class_of(name, update, Some("scale"), extra);
        assert_eq!(of("kubectl", &[]), WriterClass::Person);
        assert_eq!(of("kubectl", &["kubectl".into()]), WriterClass::Person);
        assert_eq!(of("kube-controller-manager", &[]), WriterClass::Controller);
    }

    fn write(writer: &str, kind: WriterKind) -> WriteRecord {
        WriteRecord {
            writer: writer.into(),
            kind,
            subresource: None,
            api_version: None,
            time: None,
            fields: None,
        }
    }

    #[test]
    fn kubectl_apply_deploys_what_nobody_else_deploys() {
        use WriterClass::{Deployer, Person};
        let (a, u) = (WriterKind::ApplyManager, WriterKind::UpdateManager);
        let alone = [
            write("kubectl-client-side-apply", u),
            write("kubectl", u),
            write("kubectl-edit", u),
        ];
        assert_eq!(classes(&alone, &[]), [Deployer, Person, Person]);
        let server_side = [write("kubectl", a), write("kubectl-set", u)];
        assert_eq!(classes(&server_side, &[]), [Deployer, Person]);
        let beside = [
            write("kustomize-controller", a),
            write("kubectl", a),
            write("kubectl-client-side-apply", u),
        ];
        assert_eq!(classes(&beside, &[]), [Deployer, Person, Person]);
    }
}
