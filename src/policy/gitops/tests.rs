use super::*;
use crate::{
    check::{pending_restart, states},
    model::{
        finding::{LiveShown, Severity, Writer, WriterClass, Written},
        observation::{ItemId, WriterKind},
        state::State,
        tree::{Prune, Tree},
        value::Shown,
    },
};
use serde_json::{Value, json};

fn object(json: &serde_json::Value) -> DesiredObject {
    let text = |path: &str| json.pointer(path).and_then(|v| v.as_str());
    let api_version = text("/apiVersion").expect("apiVersion");
    let group = api_version.rsplit_once('/').map_or("", |(g, _)| g);
    DesiredObject {
        id: ObjectId::new(
            group,
            text("/kind").expect("kind"),
            text("/metadata/namespace"),
            text("/metadata/name").expect("name"),
        ),
        api_version: api_version.into(),
        tree: Tree::from_json(json.to_string().as_bytes(), Prune::NOTHING).expect("JSON"),
        place: Place::exact("apps/api.yaml".into(), None),
    }
}

fn deployment(annotations: serde_json::Value) -> DesiredObject {
    object(&json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "api", "namespace": "shop", "annotations": annotations,
            "labels": { "app": "api" } },
        "spec": { "replicas": 2, "template": { "spec": { "containers": [
            { "name": "sidecar" }, { "name": "api", "image": "a", "env": [{ "name": "LOG", "value": "x" }] } ] } } } }))
}

fn application(ignore: serde_json::Value) -> DesiredObject {
    object(
        &json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": { "name": "api-eu", "namespace": "argocd" },
        "spec": { "ignoreDifferences": ignore } }),
    )
}

fn finding(key: EntryKey, live_field: Option<&str>) -> Finding {
    let id = ItemId::Object(ObjectId::new("apps", "Deployment", Some("shop"), "api"));
    let mut s = Subject::new("api".into(), "eu".into(), "workload".into(), key);
    s.state = Some(State::Drifted);
    s.object = Some(id.clone());
    s.live = Some(LiveShown {
        value: Shown::Value("5".into()),
        object: Some(id),
        field: live_field.map(Into::into),
        written: Some(Written {
            writers: vec![Writer {
                name: "keda-operator".into(),
                kind: WriterKind::UpdateManager,
                class: WriterClass::Controller,
            }],
            not_later_than: None,
            not_earlier_than: None,
            certainty: crate::model::finding::Certainty::Exact,
        }),
        in_git: None,
    });
    Finding::new(&states::DRIFTED, Severity::Error, s)
}

fn field(path: &str) -> Finding {
    finding(EntryKey::Field(path.parse().expect("a path")), None)
}

fn setting() -> Finding {
    finding(
        EntryKey::Setting("LOG".into()),
        Some("spec.template.spec.containers[api].env[LOG].value"),
    )
}

fn argo(application: &str) -> DeployedSpec {
    DeployedSpec::ArgoCd {
        application: application.into(),
        namespace: None,
    }
}

fn flux(kind: &str, name: &str) -> DeployedSpec {
    DeployedSpec::Flux {
        kind: kind.into(),
        name: name.into(),
        namespace: None,
    }
}

fn reason(
    found: &Found,
    finding: &Finding,
    object: &DesiredObject,
    deployed: Option<&DeployedSpec>,
) -> Option<String> {
    let gitops = Gitops {
        rules: &found.rules,
        object_of: &|_, _, id| (*id == object.id).then_some(object),
        deployed_by: &|_, _| deployed,
    };
    let found = gitops.find(finding)?;
    Some(format!("{}: {}", found.accepted.by, found.accepted.reason))
}

fn of(objects: &[DesiredObject]) -> Found {
    from_objects(objects.iter())
}

#[test]
fn argo_cds_rules_count_for_its_application() {
    let found = of(&[application(json!([
        { "group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas", "/spec/template/spec/containers/1/image"] },
        { "group": "apps", "kind": "Deployment", "name": "api", "namespace": "shop",
          "jqPathExpressions": [".spec.template.spec.containers[].env[] | select(.name == \"LOG\")"] },
    ]))]);
    assert_eq!(found.rules.len(), 3);
    assert!(found.not_understood.is_empty(), "{found:?}");
    let plain = deployment(json!({}));
    let by = |f: &Finding, deployed: Option<&DeployedSpec>| reason(&found, f, &plain, deployed);
    let here = argo("api-eu");
    assert_eq!(
        by(&field("spec.replicas"), Some(&here)).as_deref(),
        Some("argo-cd ignoreDifferences: /spec/replicas")
    );
    assert!(
        by(
            &field("spec.template.spec.containers[api].image"),
            Some(&here)
        )
        .is_some()
    );
    assert!(
        by(
            &field("spec.template.spec.containers[sidecar].image"),
            Some(&here)
        )
        .is_none()
    );
    assert!(by(&setting(), Some(&here)).is_some());
    assert!(by(&field("spec.paused"), Some(&here)).is_none());
    // Of another application, or of nobody knows what.
    assert!(by(&field("spec.replicas"), Some(&argo("api-us"))).is_none());
    assert!(
        by(
            &field("spec.replicas"),
            Some(&flux("Kustomization", "api-eu"))
        )
        .is_none()
    );
    assert!(by(&field("spec.replicas"), None).is_none());
    // A restart that is due is no difference.
    let mut restart = field("spec.replicas");
    restart.rule = &pending_restart::RULE;
    assert!(by(&restart, Some(&here)).is_none());
}

#[test]
fn argo_cds_targets() {
    let plain = deployment(json!({}));
    for (target, covered) in [
        (json!({ "group": "apps", "kind": "Deployment" }), true),
        (json!({ "group": "*", "kind": "*" }), true),
        (json!({ "kind": "Deployment" }), false),
        (json!({ "group": "apps", "kind": "StatefulSet" }), false),
        (
            json!({ "group": "apps", "kind": "Deployment", "name": "other" }),
            false,
        ),
        (
            json!({ "group": "apps", "kind": "Deployment", "namespace": "other" }),
            false,
        ),
        (
            json!({ "group": "apps", "kind": "Deployment", "name": "" }),
            true,
        ),
    ] {
        let mut rule = target.clone();
        rule["jsonPointers"] = json!(["/spec/replicas"]);
        let found = of(&[application(json!([rule]))]);
        let here = argo("api-eu");
        assert_eq!(
            reason(&found, &field("spec.replicas"), &plain, Some(&here)).is_some(),
            covered,
            "{target}"
        );
    }
}

#[test]
fn managers_are_ignored_where_they_write() {
    let found = of(&[application(json!([
        { "group": "*", "kind": "*", "managedFieldsManagers": ["keda-operator"] },
    ]))]);
    let (plain, here) = (deployment(json!({})), argo("api-eu"));
    assert!(reason(&found, &field("spec.replicas"), &plain, Some(&here)).is_some());
    let mut other = field("spec.replicas");
    other.subject.live.as_mut().expect("live").written = None;
    assert!(reason(&found, &other, &plain, Some(&here)).is_none());
    let object = finding(EntryKey::Object, None);
    assert!(reason(&found, &object, &plain, Some(&here)).is_none());
}

#[test]
fn application_sets_name_their_applications_by_template() {
    let set = object(
        &json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
        "metadata": { "name": "all" }, "spec": { "template": {
            "metadata": { "name": "api-{{ .region }}" },
            "spec": { "ignoreDifferences": [
                { "group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas", "/spec/{{x}}"] } ] } } } }),
    );
    let found = of(&[set]);
    assert_eq!(found.rules.len(), 1);
    assert_eq!(found.not_understood.len(), 1);
    let plain = deployment(json!({}));
    for (application, covered) in [("api-eu", true), ("api-us-2", true), ("worker-eu", false)] {
        assert_eq!(
            reason(
                &found,
                &field("spec.replicas"),
                &plain,
                Some(&argo(application))
            )
            .is_some(),
            covered,
            "{application}"
        );
    }
}

#[test]
fn argocd_cm_counts_for_all_of_argo_cd() {
    let cm = object(&json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "argocd-cm", "namespace": "argocd" }, "data": {
            "resource.customizations.ignoreDifferences.all": "jsonpointers:\n  - /spec/replicas\n",
            "resource.customizations.ignoreDifferences.apps_Deployment": "jqPathExpressions:\n- '.spec.template.spec.containers[].image'\n",
            "resource.customizations.ignoreDifferences.apps_StatefulSet": "jsonPointers: [/spec/paused]",
            "resource.customizations.ignoreDifferences.a_b_c": "jsonPointers: [/spec/paused]",
            "resource.customizations.ignoreDifferences.ConfigMap": "jsonPointers: [",
            "url": "https://argo.example.com" } }));
    let found = of(&[cm]);
    assert_eq!(found.rules.len(), 3, "{found:#?}");
    assert_eq!(found.not_understood.len(), 2, "{found:#?}");
    let plain = deployment(json!({}));
    let anywhere = argo("whatever");
    let by = |path: &str| reason(&found, &field(path), &plain, Some(&anywhere)).is_some();
    assert!(by("spec.replicas"));
    assert!(by("spec.template.spec.containers[api].image"));
    assert!(!by("spec.paused"));
    assert!(reason(&found, &field("spec.replicas"), &plain, None).is_none());
}

#[test]
fn what_is_not_understood_is_said_and_accepts_nothing() {
    let found = of(&[application(json!([
        { "group": "apps", "kind": "Deployment",
          "jsonPointers": ["spec/replicas", ""], "jqPathExpressions": [".spec | del(.x)", "."] },
        { "group": "apps", "jsonPointers": ["/spec/replicas"] },
        { "group": "apps", "kind": "Deployment", "jsonPointers": "/spec/replicas" },
    ]))]);
    assert!(found.rules.is_empty(), "{found:#?}");
    let said: Vec<&str> = found.not_understood.iter().map(|(_, w)| &**w).collect();
    assert_eq!(
        said,
        [
            "jsonPointers: spec/replicas",
            "jsonPointers: ",
            "jqPathExpressions: .spec | del(.x)",
            "jqPathExpressions: .",
            "ignoreDifferences without a kind",
        ]
    );
}

#[test]
fn fluxs_rules_count_for_its_release() {
    let release = |rule: serde_json::Value| {
        object(
            &json!({ "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": { "name": "api", "namespace": "shop" },
            "spec": { "driftDetection": { "mode": "warn", "ignore": [rule] } } }),
        )
    };
    let plain = deployment(json!({ "tier": "web" }));
    let here = flux("HelmRelease", "api");
    for (target, covered) in [
        (json!(null), true),
        (json!({ "kind": "Deployment" }), true),
        (
            json!({ "kind": "Deploy.*", "group": "apps", "version": "v1" }),
            true,
        ),
        (json!({ "version": "v2" }), false),
        (json!({ "kind": "StatefulSet" }), false),
        (json!({ "name": "^api$" }), true),
        (json!({ "name": "ap" }), false),
        (json!({ "name": "a(pi|b)" }), false),
        (json!({ "labelSelector": "app in (api, worker)" }), true),
        (json!({ "labelSelector": "app=worker" }), false),
        (json!({ "annotationSelector": "tier=web" }), true),
        (json!({ "labelSelector": "app > 3" }), false),
    ] {
        let mut rule = json!({ "paths": ["/spec/replicas"] });
        if !target.is_null() {
            rule["target"] = target.clone();
        }
        let found = of(&[release(rule)]);
        assert_eq!(
            reason(&found, &field("spec.replicas"), &plain, Some(&here)).is_some(),
            covered,
            "{target}"
        );
        assert!(reason(&found, &field("spec.paused"), &plain, Some(&here)).is_none());
        assert!(
            reason(
                &found,
                &field("spec.replicas"),
                &plain,
                Some(&flux("Kustomization", "api"))
            )
            .is_none()
        );
    }
    // The whole object, also where it is missing.
    let found = of(&[release(json!({ "paths": [""] }))]);
    let mut missing = finding(EntryKey::Object, None);
    missing.rule = &states::MISSING;
    assert!(reason(&found, &missing, &plain, Some(&here)).is_some());
    let kustomization = object(&json!({ "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization", "metadata": { "name": "apps" },
        "spec": { "driftIgnoreRules": [{ "paths": ["/spec/replicas"] }] } }));
    let found = of(&[kustomization]);
    let here = flux("Kustomization", "apps");
    assert_eq!(
        reason(&found, &field("spec.replicas"), &plain, Some(&here)).as_deref(),
        Some("flux drift ignore: /spec/replicas")
    );
}

#[test]
fn annotations_of_the_object_in_git() {
    let (flux, argo) = (flux("Kustomization", "x"), argo("x"));
    let mut missing = finding(EntryKey::Object, None);
    missing.rule = &states::MISSING;
    missing.subject.state = Some(State::Missing);
    let mut extra = finding(EntryKey::Object, None);
    extra.rule = &states::UNMANAGED;
    extra.subject.state = Some(State::Unmanaged);
    let drifted = field("spec.replicas");
    let none = Found::default();
    for (key, value, deployed, of_field, of_missing, of_extra) in [
        (FLUX_SSA, "Ignore", &flux, true, true, true),
        (FLUX_SSA, "ignore", &flux, true, true, true),
        (FLUX_SSA, "IfNotPresent", &flux, true, false, true),
        (FLUX_SSA, "Merge", &flux, false, false, false),
        (FLUX_RECONCILE, "disabled", &flux, true, true, true),
        (FLUX_RECONCILE, "enabled", &flux, false, false, false),
        (FLUX_RECONCILE, "disabled", &argo, false, false, false),
        (FLUX_DRIFT, "disabled", &flux, true, true, true),
        (ARGO_COMPARE, "IgnoreExtraneous", &argo, false, false, true),
        (
            ARGO_COMPARE,
            "ServerSideDiff=true,IgnoreExtraneous",
            &argo,
            false,
            false,
            true,
        ),
        (
            ARGO_COMPARE,
            "ServerSideDiff=true",
            &argo,
            false,
            false,
            false,
        ),
        (ARGO_COMPARE, "IgnoreExtraneous", &flux, false, false, false),
        (
            "argocd.argoproj.io/sync-options",
            "Prune=false",
            &argo,
            false,
            false,
            false,
        ),
    ] {
        let annotated = deployment(json!({ key: value }));
        for (finding, expected) in [
            (&drifted, of_field),
            (&missing, of_missing),
            (&extra, of_extra),
        ] {
            let is = reason(&none, finding, &annotated, Some(deployed)).is_some();
            assert_eq!(
                is, expected,
                "{key}: {value} {deployed:?} {}",
                finding.rule.id
            );
        }
    }
    // Without `deployed`, the object's own word counts.
    let annotated = deployment(json!({ FLUX_SSA: "Ignore" }));
    assert!(reason(&none, &drifted, &annotated, None).is_some());
}

#[test]
fn one_rule_in_two_worlds_is_one() {
    let rule = application(
        json!([{ "group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"] }]),
    );
    assert_eq!(of(&[rule.clone(), rule]).rules.len(), 1);
}

#[test]
fn a_cheap_look() {
    assert!(may_hold(b"spec:\n  ignoreDifferences: []\n"));
    assert!(may_hold(
        b"data:\n  resource.customizations.ignoreDifferences.all: |\n"
    ));
    assert!(may_hold(
        "# für Flux\nspec: {driftDetection: {}}".as_bytes()
    ));
    assert!(!may_hold(b"kind: Deployment\n"));
    assert!(!may_hold(b"\xff\xfeignoreDifferences"));
}

#[test]
fn of_several_objects_of_one_name_all_must_say_it() {
    let rule = |pointers: Value| json!([{ "group": "apps", "kind": "Deployment", "jsonPointers": pointers }]);
    let mut eu = application(rule(json!(["/spec/replicas", "/spec/paused"])));
    let mut us = application(rule(json!(["/spec/replicas"])));
    eu.place = Place::exact("eu/app.yaml".into(), None);
    us.place = Place::exact("us/app.yaml".into(), None);
    let found = of(&[eu.clone(), us]);
    let said: Vec<&str> = found.rules.iter().map(|r| &*r.said).collect();
    assert_eq!(said, ["/spec/replicas", "/spec/replicas"]);
    assert!(
        found.not_understood[0]
            .1
            .contains("in us/app.yaml does not say so")
    );
    let mut silent = application(json!(null));
    silent.place = Place::exact("us/app.yaml".into(), None);
    assert!(of(&[eu.clone(), silent]).rules.is_empty());
    assert_eq!(of(&[eu]).rules.len(), 2);
}
