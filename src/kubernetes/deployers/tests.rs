//! Statuses as the controllers write them.

use super::*;
use crate::model::tree::{Prune, Tree};
use serde_json::{Value as Json, json};

const A: &str = "1f0e7a3c5b9d2846e1c07f3a9b5d8246c0e1f7a3";
const B: &str = "2f0e7a3c5b9d2846e1c07f3a9b5d8246c0e1f7a3";

fn tree(json: &Json) -> Tree {
    Tree::from_json(json.to_string().as_bytes(), Prune::LIVE_WITH_STATUS).expect("JSON")
}

fn ready(status: &str, reason: &str) -> Json {
    json!({"type": "Ready", "status": status, "reason": reason, "message": "password: hunter2\nline two"})
}

fn kustomization(source: &str, status: &Json) -> Json {
    json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "api", "namespace": "flux-system", "generation": 2},
        "spec": {"sourceRef": {"kind": source, "name": "fleet"}}, "status": status})
}

#[test]
fn revisions_of_flux() {
    let sha256 = format!("{A}{}", &B[..24]);
    for (source, revision, wanted) in [
        ("GitRepository", format!("main@sha1:{A}"), Some(A)),
        ("GitRepository", format!("main/{A}"), Some(A)),
        ("GitRepository", format!("feature/x/{A}"), Some(A)),
        ("GitRepository", format!("sha1:{A}"), Some(A)),
        ("GitRepository", A.to_owned(), Some(A)),
        ("GitRepository", format!("a:b@sha1:{A}"), Some(A)),
        (
            "GitRepository",
            format!("main@sha256:{sha256}"),
            Some(&*sha256),
        ),
        ("OCIRepository", format!("latest@sha256:{sha256}"), None),
        ("Bucket", sha256.clone(), None),
        ("GitRepository", "main@sha1:1f0e7a3".into(), None),
        ("GitRepository", "1.2.3".into(), None),
        ("GitRepository", A.to_uppercase(), None),
        ("GitRepository", String::new(), None),
    ] {
        let o = kustomization(source, &json!({"lastAppliedRevision": revision}));
        let got = flux(tree(&o).root());
        assert_eq!(got.revision.as_deref(), wanted, "{source} {revision}");
        assert_eq!(got.revisions.len(), usize::from(wanted.is_some()));
    }
    let status = json!({"lastAppliedRevision": format!("latest@sha256:{sha256}"), "lastAppliedOriginRevision": format!("main@sha1:{A}")});
    let got = flux(tree(&kustomization("OCIRepository", &status)).root());
    assert_eq!(got.revision.as_deref(), Some(A));
}

#[test]
fn what_flux_says() {
    let status = |generation: i32, conditions: &Json| {
        json!({"observedGeneration": generation, "lastAppliedRevision": format!("main@sha1:{A}"),
            "lastAttemptedRevision": format!("main@sha1:{B}"), "conditions": conditions})
    };
    let of = |generation, conditions: Json| {
        let o = kustomization("GitRepository", &status(generation, &conditions));
        flux(tree(&o).root())
    };
    let good = of(2, json!([ready("True", "ReconciliationSucceeded")]));
    assert_eq!(
        (good.ready, good.failing, good.suspended),
        (Some(true), None, false)
    );
    assert_eq!(good.last_attempted.as_deref(), Some(B));
    assert_eq!(
        of(1, json!([ready("True", "ReconciliationSucceeded")])).ready,
        None
    );
    assert_eq!(of(2, json!([ready("Unknown", "Progressing")])).ready, None);
    assert_eq!(of(2, json!([])).ready, None);
    let bad = of(2, json!([ready("False", "BuildFailed")]));
    assert_eq!(
        (bad.ready, bad.failing.as_deref()),
        (Some(false), Some("BuildFailed"))
    );
    let stalled = json!({"type": "Stalled", "status": "True", "reason": "InvalidPath"});
    let bad = of(2, json!([ready("Unknown", "Progressing"), stalled]));
    assert_eq!(bad.failing.as_deref(), Some("InvalidPath"));
    // What is no reason is not repeated, and messages never are.
    for reason in ["token=abc", "two words", "", "x\ny", &"A".repeat(65)] {
        let bad = of(2, json!([ready("False", reason)]));
        assert_eq!(bad.failing.as_deref(), Some("failing"));
        assert!(!format!("{bad:?}").contains("hunter2"));
    }
}

#[test]
fn suspended_and_without_a_status() {
    let o = json!({"kind": "Kustomization", "spec": {"suspend": true}});
    let got = flux(tree(&o).root());
    assert!(got.suspended && got.revision.is_none() && got.ready.is_none());
    for nothing in [
        json!(null),
        json!([]),
        json!({"status": []}),
        json!({"status": {"conditions": {"a": 1}}}),
    ] {
        assert_eq!(flux(tree(&nothing).root()), DeployerState::default());
        let suspended = DeployerState {
            suspended: true,
            ..DeployerState::default()
        };
        assert_eq!(argo_cd(tree(&nothing).root()), suspended);
    }
}

#[test]
fn a_helm_release_has_a_chart_version_and_no_commit() {
    let o = json!({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"generation": 3}, "spec": {"chart": {"spec": {"chart": "api"}}},
        "status": {"observedGeneration": 3, "lastAttemptedRevision": "1.4.2+1f0e7a3c5b9d", "lastAppliedRevision": "1.4.2",
            "conditions": [ready("False", "UpgradeFailed")]}});
    let got = flux(tree(&o).root());
    assert_eq!((got.revision, got.last_attempted), (None, None));
    assert_eq!(got.failing.as_deref(), Some("UpgradeFailed"));
}

fn application(policy: &Json, status: &Json) -> Json {
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "api", "namespace": "argocd"},
        "spec": {"source": {"repoURL": "https://bot:s3cr3t@git.example.com/shop/deploy.git?x=y"}, "syncPolicy": policy}, "status": status})
}

fn argo(status: &Json) -> DeployerState {
    argo_cd(tree(&application(&json!({"automated": {}}), status)).root())
}

#[test]
fn what_argo_cd_applied() {
    let sync = |status: &str, revision: &str| json!({"status": status, "revision": revision});
    let history =
        json!([{"revision": "0000000000000000000000000000000000000000"}, {"revision": A}]);
    let operation = |phase: &str, sync: &Json| json!({"phase": phase, "syncResult": {"revision": B}, "operation": {"sync": sync}});
    // Nothing to sync: what runs is the newest revision, though an older one was synced last.
    let s = argo(
        &json!({"sync": sync("Synced", B), "history": history, "health": {"status": "Healthy"}}),
    );
    assert_eq!((s.revision.as_deref(), s.ready), (Some(B), Some(true)));
    // Out of sync: what was applied last.
    let s = argo(
        &json!({"sync": sync("OutOfSync", B), "history": history, "operationState": operation("Failed", &json!({}))}),
    );
    assert_eq!(
        (s.revision.as_deref(), s.last_attempted.as_deref()),
        (Some(A), Some(B))
    );
    assert_eq!(
        (s.failing.as_deref(), s.ready),
        (Some("sync failed"), Some(false))
    );
    // Without a history, a whole sync that succeeded; no partial one, no dry run.
    let last = |phase: &str, sync: Json| {
        argo(&json!({"operationState": operation(phase, &sync)})).revision
    };
    assert_eq!(last("Succeeded", json!({})).as_deref(), Some(B));
    assert_eq!(
        last("Succeeded", json!({"resources": [{"kind": "Service"}]})),
        None
    );
    assert_eq!(last("Succeeded", json!({"dryRun": true})), None);
    assert_eq!(last("Running", json!({})), None);
}

#[test]
fn what_argo_cd_says() {
    let of = |policy: Json| argo_cd(tree(&application(&policy, &json!({}))).root()).suspended;
    assert!(!of(json!({"automated": {}})) && !of(json!({"automated": {"enabled": true}})));
    assert!(of(json!({"automated": {"enabled": false}})) && of(json!({})) && of(json!(null)));
    let conditions = json!([{"type": "OrphanedResourceWarning", "message": "x"}, {"type": "ComparisonError", "message": "token s3cr3t"}]);
    let s = argo(&json!({"conditions": conditions, "sync": {"status": "Unknown"}}));
    assert_eq!(s.failing.as_deref(), Some("ComparisonError"));
    assert!(!format!("{s:?}").contains("s3cr3t"));
    let s = argo(
        &json!({"health": {"status": "Degraded"}, "sync": {"status": "Synced", "revision": A}}),
    );
    assert_eq!(
        (s.failing.as_deref(), s.ready),
        (Some("Degraded"), Some(false))
    );
    let s = argo(
        &json!({"health": {"status": "Progressing"}, "sync": {"status": "Synced", "revision": A}}),
    );
    assert_eq!((s.failing, s.ready), (None, None));
}

#[test]
fn several_sources() {
    let mut o = application(
        &json!({"automated": {}}),
        &json!({"sync": {"status": "Synced", "revisions": ["6.1.0", A, B]}}),
    );
    o["spec"]["sources"] = json!([
        {"repoURL": "https://charts.example.com", "chart": "api"},
        {"repoURL": "git@github.com:shop/deploy.git"},
        {"repoURL": "ssh://git:pw@git.example.com:22/shop/values.git"},
    ]);
    let s = argo_cd(tree(&o).root());
    assert_eq!(s.revision, None);
    let pairs: Vec<_> = s.revisions.iter().map(|(r, c)| (&**r, &**c)).collect();
    assert_eq!(
        pairs,
        [
            ("github.com:shop/deploy.git", A),
            ("ssh://git.example.com:22/shop/values.git", B)
        ]
    );
    o["status"]["sync"]["revisions"] = json!(["6.1.0", A, A]);
    assert_eq!(argo_cd(tree(&o).root()).revision.as_deref(), Some(A));
    let one = argo(&json!({"sync": {"status": "Synced", "revision": A}}));
    assert_eq!(
        &*one.revisions[0].0,
        "https://git.example.com/shop/deploy.git"
    );
}

fn belongs(labels: &Json, annotations: &Json, deployed: &DeployedSpec) -> Option<bool> {
    let o = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "api", "namespace": "shop", "labels": labels, "annotations": annotations}});
    belongs_to(tree(&o).root(), deployed)
}

fn kustomize_label(name: &str, namespace: &str) -> Json {
    json!({"kustomize.toolkit.fluxcd.io/name": name, "kustomize.toolkit.fluxcd.io/namespace": namespace})
}

#[test]
fn marks_of_flux() {
    let flux = |kind: &str, namespace: Option<&str>| DeployedSpec::Flux {
        kind: kind.into(),
        name: "apps".into(),
        namespace: namespace.map(Into::into),
    };
    let none = json!({});
    let k = flux("Kustomization", None);
    assert_eq!(
        belongs(&kustomize_label("apps", "flux-system"), &none, &k),
        Some(true)
    );
    assert_eq!(
        belongs(&kustomize_label("infra", "flux-system"), &none, &k),
        Some(false)
    );
    assert_eq!(
        belongs(&kustomize_label("apps", "team-a"), &none, &k),
        Some(false)
    );
    let team = flux("Kustomization", Some("team-a"));
    assert_eq!(
        belongs(&kustomize_label("apps", "team-a"), &none, &team),
        Some(true)
    );
    assert_eq!(belongs(&none, &none, &k), None);
    let helm = json!({"helm.toolkit.fluxcd.io/name": "apps", "helm.toolkit.fluxcd.io/namespace": "flux-system"});
    let h = flux("HelmRelease", None);
    assert_eq!(belongs(&helm, &none, &h), Some(true));
    assert_eq!(belongs(&helm, &none, &k), Some(false));
    assert_eq!(
        belongs(&kustomize_label("apps", "flux-system"), &none, &h),
        Some(false)
    );
    let release = |name: &str| json!({"meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": "shop"});
    assert_eq!(belongs(&none, &release("apps"), &h), Some(true));
    assert_eq!(belongs(&none, &release("shop-apps"), &h), None);
    assert_eq!(belongs(&none, &release("apps"), &k), None);
}

#[test]
fn marks_of_argo_cd() {
    let a = DeployedSpec::ArgoCd {
        application: "api".into(),
        namespace: None,
    };
    let none = json!({});
    let tracked = |id: &str| belongs(&none, &json!({"argocd.argoproj.io/tracking-id": id}), &a);
    assert_eq!(tracked("api:apps/Deployment:shop/api"), Some(true));
    assert_eq!(tracked("argocd_api:apps/Deployment:shop/api"), Some(true));
    assert_eq!(tracked("other:apps/Deployment:shop/api"), Some(false));
    // Copied from another object.
    assert_eq!(tracked("api:apps/StatefulSet:shop/api"), Some(false));
    assert_eq!(tracked("api:apps/Deployment:shop/web"), Some(false));
    assert_eq!(tracked("nonsense"), None);
    let labelled = |name: &str, value: &str| belongs(&json!({name: value}), &none, &a);
    assert_eq!(labelled("argocd.argoproj.io/instance", "api"), Some(true));
    assert_eq!(labelled("argocd.argoproj.io/instance", "web"), Some(false));
    assert_eq!(labelled("app.kubernetes.io/instance", "api"), Some(true));
    assert_eq!(labelled("app.kubernetes.io/instance", "api-release"), None);
    assert_eq!(belongs(&kustomize_label("x", "y"), &none, &a), Some(false));
    assert_eq!(belongs(&none, &none, &a), None);
    assert_eq!(
        belongs(&none, &none, &DeployedSpec::Ref("refs/deployed".into())),
        None
    );
}
