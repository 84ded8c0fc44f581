//! What a real API server answered, against the manifests that were applied to it: exactly these
//! findings, and none where only the server, a controller or an autoscaler wrote. The guard
//! against crying wolf.

use crate::support::{Project, Report, data, recorded};
use serde_json::{Value, json};

fn desired(name: &str) -> String {
    data(&format!("kubernetes/recorded/desired/{name}"))
}

/// ConfigMap, Secret, Service and HorizontalPodAutoscaler beside the Deployment.
fn others() -> Vec<Value> {
    recorded("00-others.list.json")
}

fn others_without(kind: &str) -> Vec<Value> {
    others().into_iter().filter(|o| o["kind"] != kind).collect()
}

fn check(manifest: &str, live: &[Value]) -> Report {
    let project = Project::with(manifest);
    project.live(live);
    project.check(&[])
}

/// The recorded Deployment `api-server`, with all that was applied beside it.
fn check_api(deployment: &str) -> Report {
    check(
        &desired("app.yaml"),
        &[recorded(deployment), others()].concat(),
    )
}

const DB_TIMEOUT: &str = "error drifted DB_TIMEOUT: 30s -> 60s [update-manager kubectl-set]";
const DB_TIMEOUT_45: &str = "error drifted DB_TIMEOUT: 30s -> 45s [update-manager kubectl-set]";

/// DB_URL is made with `$(DB_TIMEOUT)`, and holds a password. Who wrote it last is not compared
/// here: what moved it is the other variable.
fn but_caused(report: &Report) -> Vec<String> {
    let mut out = Vec::new();
    for line in report.lines().lines() {
        if line.contains("DB_URL") {
            assert!(
                line.starts_with("error drifted DB_URL: <redacted> -> <redacted> by DB_TIMEOUT"),
                "{line}"
            );
        } else {
            out.push(line.to_owned());
        }
    }
    out
}

#[test]
fn what_the_server_fills_in_is_no_finding() {
    for (manifest, live) in [
        (
            "app.yaml",
            [recorded("00-after-gitops-apply.deploy.json"), others()].concat(),
        ),
        (
            "app.yaml",
            [recorded("06-after-force-apply.deploy.json"), others()].concat(),
        ),
        (
            "app.yaml",
            [recorded("50-restored-by-kubectl-set.deploy.json"), others()].concat(),
        ),
        (
            "app.yaml",
            [recorded("51-restored-then-ssa.deploy.json"), others()].concat(),
        ),
        ("csa.yaml", recorded("10-csa-created.deploy.json")),
        ("misc.yaml", recorded("30-misc-defaulted.list.json")),
        ("widget.yaml", recorded("20-widget.json")),
    ] {
        let report = check(&desired(manifest), &live);
        report.is("pass", &[]);
        let coverage = report.status("live");
        assert_eq!(coverage["objects"], live.len(), "{coverage}");
        assert!(
            coverage["entries"].as_u64().expect("a number") >= 15,
            "{coverage}"
        );
    }
}

#[test]
fn an_emergency_fix_is_one_finding_and_what_it_brings_along() {
    let report = check_api("01-after-kubectl-set-env.deploy.json");
    assert_eq!(but_caused(&report), [DB_TIMEOUT]);
    let finding = report.about("DB_TIMEOUT");
    assert_eq!(finding["live"]["not_later_than"], "2026-11-21T06:38:58Z");
    assert_eq!(finding["live"]["in_git"], "never");
    assert_eq!(
        finding["live"]["field"],
        "spec.template.spec.containers[api].env[DB_TIMEOUT].value"
    );
    assert_eq!(finding["desired"]["file"], "deploy/app.yaml");
    let line = desired("app.yaml")
        .lines()
        .position(|l| l.contains("name: DB_TIMEOUT"));
    assert_eq!(finding["desired"]["line"], line.expect("it is there") + 1);
    assert_eq!(finding["desired"]["author"], "Ada");
    assert_eq!(
        finding["affects"],
        json!(["Deployment/shop/api-server container api"])
    );
    assert_eq!(report.about("DB_URL")["cause"], "DB_TIMEOUT");
}

#[test]
fn replicas_of_an_autoscaler_are_its_own() {
    // 02: `kubectl scale`, 03 and 05: the autoscaler; git says 3 and an autoscaler from 2 to 10.
    for name in [
        "02-after-kubectl-scale",
        "03-after-hpa-scale",
        "05-hpa-scale-again",
    ] {
        let report = check_api(&format!("{name}.deploy.json"));
        assert_eq!(but_caused(&report), [DB_TIMEOUT], "{name}");
        report.notes("git sets replicas of Deployment/shop/api-server, which HorizontalPodAutoscaler/shop/api-server owns");
    }
}

#[test]
fn replicas_without_an_autoscaler_are_drift_without_a_time() {
    let (_, manifest) = desired("app.yaml")
        .split_once("---\n")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("documents");
    let manifest = manifest
        .split("---\napiVersion: autoscaling")
        .next()
        .expect("before it")
        .to_owned();
    let manifest = format!(
        "{}---\n{manifest}",
        desired("app.yaml")
            .split("---\n")
            .next()
            .expect("the first")
    );
    let live = [
        recorded("02-after-kubectl-scale.deploy.json"),
        others_without("HorizontalPodAutoscaler"),
    ]
    .concat();
    let report = check(&manifest, &live);
    let lines = but_caused(&report);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], DB_TIMEOUT);
    assert!(
        lines[1].starts_with("error drifted spec.replicas of Deployment/shop/api-server: 3 -> 5"),
        "{lines:?}"
    );
    let live = &report.about("spec.replicas")["live"];
    assert_eq!(
        live.get("not_later_than"),
        None,
        "the scale subresource has no time: {live}"
    );
}

#[test]
fn a_removal_leaves_no_writer() {
    let report = check_api("07-after-set-env-removal.deploy.json");
    assert_eq!(
        but_caused(&report),
        ["error missing DB_TIMEOUT: 30s -> <absent>"]
    );
    assert_eq!(report.about("DB_TIMEOUT")["live"].get("writer"), None);
}

#[test]
fn several_changes_by_one_manager_are_told_apart() {
    let opaque = "error missing POD_NAME: <opaque fieldRef(metadata.name)> -> <absent>";
    let report = check_api("08-after-set-env-multi.deploy.json");
    let on = "error unmanaged FEATURE_X: <absent> -> on [update-manager kubectl-set]";
    assert_eq!(but_caused(&report), [DB_TIMEOUT, on, opaque]);
    let report = check_api("09-set-env-second-change-same-manager.deploy.json");
    let off = "error unmanaged FEATURE_X: <absent> -> off [update-manager kubectl-set]";
    assert_eq!(but_caused(&report), [DB_TIMEOUT, off, opaque]);
    // The manager's record has one time: that of its last change.
    for key in ["DB_TIMEOUT", "FEATURE_X"] {
        assert_eq!(
            report.about(key)["live"]["not_later_than"],
            "2026-11-21T06:40:25Z"
        );
    }
}

#[test]
fn client_side_apply_patch_edit_and_restart() {
    let csa = |name: &str| {
        check(
            &desired("csa.yaml"),
            &recorded(&format!("{name}.deploy.json")),
        )
    };
    // Applied again, from other files than git's.
    csa("11-csa-changed").is(
        "fail",
        &["error drifted B: 2 -> 3 [update-manager kubectl-client-side-apply]"],
    );
    let patched = "error drifted B: 2 -> 99 [update-manager kubectl-patch]";
    csa("12-kubectl-patch").is("fail", &[patched]);
    // `kubectl rollout restart` adds an annotation to the template, and nobody's setting moves.
    csa("13-rollout-restart").is("fail", &[patched]);
    csa("14-kubectl-edit").is(
        "fail",
        &[
            patched,
            "error drifted spec.template.spec.containers[web].image of Deployment/shop/legacy: nginx:1.27 -> nginx:1.28 [update-manager kubectl-edit]",
        ],
    );
    // More than ten managers: the oldest records were merged, so that nobody is named for B.
    let report = csa("15-ancient-changes");
    assert_eq!(report.about("B")["live"].get("writer"), None);
    let image = "spec.template.spec.containers[web].image";
    assert_eq!(
        report.about(image)["live"]["writer"]["name"],
        "ancient-changes"
    );
}

const DUPLICATES: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: dup, namespace: shop}
spec:
  selector: {matchLabels: {app: dup}}
  template:
    metadata: {labels: {app: dup}}
    spec:
      containers:
      - name: web
        image: nginx:1.27
        env: [{name: A, value: "1"}, {name: B, value: x}, {name: A, value: "2"}]
"#;

#[test]
fn of_duplicate_variables_the_last_counts() {
    let live = recorded("16-duplicate-env-create.deploy.json");
    check(DUPLICATES, &live).is("pass", &[]);
    let live = recorded("17-ssa-over-duplicates.deploy.json");
    let first = DUPLICATES.replace(r#", {name: A, value: "2"}"#, "");
    check(&first, &live).is(
        "fail",
        &["error drifted A: 1 -> 2 [update-manager kubectl-create]"],
    );
    let last = DUPLICATES.replace(r#"{name: A, value: "1"}, "#, "");
    // The container sees the same; that live holds one more is said all the same.
    let report = check(&last, &live);
    assert_eq!(report.findings().len(), 1, "{}", report.lines());
    assert_eq!(
        report.findings()[0]["key"],
        "spec.template.spec.containers[web].env"
    );
}

#[test]
fn null_in_a_configmap() {
    let manifest = "apiVersion: v1
kind: ConfigMap
metadata: {name: nulls, namespace: shop}
data: {A: null, B: \"\", C: x}
";
    // Server-side apply stores an empty text.
    check(manifest, &recorded("18-null-configmap-ssa.json")).is("pass", &[]);
    let mut other = recorded("18-null-configmap-ssa.json");
    other[0]["data"]["A"] = "text".into();
    unattributed(&mut other);
    check(manifest, &other).is(
        "fail",
        &["error drifted data.A of ConfigMap/shop/nulls:  -> text"],
    );
}

/// Changed here, so that the recorded writers are not those of what it holds.
fn unattributed(objects: &mut [Value]) {
    for object in objects {
        object["metadata"]["managedFields"] = json!([]);
    }
}

/// A change of the recorded custom resource by somebody.
fn widget(change: impl Fn(&mut Value)) -> Report {
    let mut live = recorded("20-widget.json");
    change(&mut live[0]["spec"]);
    check(&desired("widget.yaml"), &live)
}

#[test]
fn custom_resources_compare_too() {
    let drifted = |key: &str, change: &dyn Fn(&mut Value)| {
        let report = widget(change);
        assert_eq!(report.lines().lines().count(), 1, "{}", report.lines());
        assert_eq!(report.about(key)["rule"], "drifted");
    };
    drifted("spec.routes", &|s| s["routes"][0]["weight"] = 2.into());
    drifted("spec.routes", &|s| s["routes"] = json!([]));
    drifted("spec.routes", &|s| {
        s["routes"]
            .as_array_mut()
            .expect("a list")
            .push(json!({ "name": "c", "proto": "tcp" }));
    });
    drifted("spec.tags", &|s| s["tags"] = json!(["x", "z", "q"]));
    drifted("spec.plain", &|s| s["plain"] = json!(["p"]));
    drifted("spec.free.a.b", &|s| s["free"]["a"]["b"] = json!([1]));
    drifted("spec.opts.k", &|s| s["opts"]["k"] = "w".into());
    drifted("spec.tmpl.spec.foo", &|s| {
        s["tmpl"]["spec"]["foo"] = "baz".into()
    });
    // An int-or-string is not known to be one without the cluster's schema.
    drifted("spec.port", &|s| s["port"] = 8080.into());
    // Spelt otherwise, and what the server's defaults or a controller fill in.
    widget(|s| s["timeout"] = "1m".into()).is("pass", &[]);
    widget(|s| s["replicas"] = 3.into()).is("pass", &[]);
    widget(|s| s["free"]["a"]["c"] = 1.into()).is("pass", &[]);
}

#[test]
fn two_appliers_and_an_override() {
    let extra = "error unmanaged EXTRA: <absent> -> 1 [apply-manager team-b]";
    let off = "error unmanaged FEATURE_X: <absent> -> off [update-manager kubectl-set]";
    check_api("21-coowned.deploy.json").is("fail", &[extra, off]);
    let report = check_api("22-coowned-overridden.deploy.json");
    assert_eq!(but_caused(&report), [DB_TIMEOUT_45, extra, off]);
}

#[test]
fn a_key_of_a_configmap_is_one_finding_that_names_the_container() {
    let deployment = recorded("00-after-gitops-apply.deploy.json");
    let with = |config: &str| {
        let live = [
            deployment.clone(),
            recorded(config),
            others_without("ConfigMap"),
        ]
        .concat();
        check(&desired("app.yaml"), &live)
    };
    let patched = [
        "error drifted LOG_LEVEL: info -> debug [update-manager kubectl-patch]",
        "error unmanaged NEW: <absent> -> 1 [update-manager kubectl-patch]",
    ];
    let report = with("23-cm-patched.json");
    report.is("fail", &patched);
    let finding = report.about("LOG_LEVEL");
    assert_eq!(finding["object"], "ConfigMap/shop/api-config");
    assert_eq!(
        finding["affects"],
        json!(["Deployment/shop/api-server container api"])
    );
    assert_eq!(
        finding["explains"],
        json!(["ConfigMap/shop/api-config data.LOG_LEVEL"])
    );
    let removed = "error missing CACHE_TTL: 300 -> <absent>";
    with("24-cm-key-removed.json").is("fail", &[removed, patched[0], patched[1]]);
}

#[test]
fn an_added_source_of_variables_is_seen_and_what_it_lacks_is_named() {
    let report = check_api("25-envfrom-atomic-changed.deploy.json");
    let key = "spec.template.spec.containers[api].envFrom";
    let about: Vec<&Value> = report
        .findings()
        .iter()
        .filter(|f| f["key"] == key)
        .collect();
    let rules: Vec<&str> = about.iter().filter_map(|f| f["rule"].as_str()).collect();
    assert_eq!(rules, ["drifted", "missing"], "{}", report.lines());
    assert_eq!(about[0]["live"]["writer"]["name"], "kubectl-patch");
    assert_eq!(
        about[1]["severity"], "error",
        "a container can't start without it"
    );
    let message = about[1]["message"].as_str().expect("a text");
    assert!(
        message.contains("needs ConfigMap/shop/extra to start"),
        "{message}"
    );
    // With the ConfigMap there, its variables are the finding, and nothing else is.
    let extra = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "MORE": "1" },
        "metadata": { "name": "extra", "namespace": "shop", "uid": "u" } });
    let live = [
        recorded("25-envfrom-atomic-changed.deploy.json"),
        others(),
        vec![extra],
    ]
    .concat();
    let report = check(&desired("app.yaml"), &live);
    assert_eq!(
        but_caused(&report),
        [
            "error unmanaged MORE: <absent> -> 1",
            DB_TIMEOUT_45,
            "error unmanaged EXTRA: <absent> -> 1 [apply-manager team-b]",
            "error unmanaged FEATURE_X: <absent> -> off [update-manager kubectl-set]",
        ]
    );
}

#[test]
fn a_value_that_became_a_reference() {
    let report = check_api("26-value-to-valueFrom.deploy.json");
    let key = "spec.template.spec.containers[api].env[DB_URL]";
    let changed = report.about(key);
    assert_eq!(changed["rule"], "drifted", "{}", report.lines());
    assert_eq!(changed["live"]["writer"]["name"], "kubectl-patch");
    let mut plain = recorded("00-after-gitops-apply.deploy.json");
    // The same where neither side is a secret: one setting.
    plain[0]["spec"]["template"]["spec"]["containers"][0]["env"][0] = json!({ "name": "DB_TIMEOUT",
        "valueFrom": { "configMapKeyRef": { "name": "api-config", "key": "CACHE_TTL" } } });
    let report = check(&desired("app.yaml"), &[plain, others()].concat());
    let found = but_caused(&report);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("error drifted DB_TIMEOUT: 30s -> 300"),
        "{found:?}"
    );
}

/// Every spelling of a quantity, and how the server stores it.
#[test]
fn quantities_as_the_server_spells_them() {
    let pairs: Vec<(String, String)> =
        serde_json::from_str(&data("kubernetes/recorded/31-quantity-canonical.json"))
            .expect("pairs");
    // What is below a thousandth, of a limit that no container can have, is rounded up by the
    // server only.
    let below = |text: &str| matches!(text, "1u" | "0.0001" | "1n" | "0.1n");
    let pairs: Vec<(String, String)> = pairs.into_iter().filter(|p| !below(&p.0)).collect();
    assert!(pairs.len() > 35);
    let object = |n: usize, quantity: &Value| {
        json!({ "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": format!("q{n}"), "namespace": "shop", "uid": "u" },
            "spec": { "template": { "spec": { "containers": [
                { "name": "c", "image": "x", "resources": { "limits": { "memory": quantity } } } ] } } } })
    };
    let write = |side: fn(&(String, String)) -> &String| -> Vec<Value> {
        pairs
            .iter()
            .enumerate()
            .map(|(n, p)| object(n, &json!(side(p))))
            .collect()
    };
    let manifest = json!({ "apiVersion": "v1", "kind": "List", "items": write(|p| &p.0) });
    let live = write(|p| &p.1);
    let report = check(&manifest.to_string(), &live);
    report.is("pass", &[]);
    assert_eq!(report.status("live")["objects"], pairs.len());
    // And one that is another quantity.
    let mut other = live;
    other[0]["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] =
        "1001m".into();
    let report = check(&manifest.to_string(), &other);
    assert_eq!(report.findings().len(), 1, "{}", report.lines());
}

#[test]
fn order_decides_what_a_reference_between_variables_sees() {
    let manifest = |env: &str| {
        format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{name: ord, namespace: shop}}
spec:
  selector: {{matchLabels: {{a: ord}}}}
  template:
    metadata: {{labels: {{a: ord}}}}
    spec: {{containers: [{{name: c, image: x, env: [{env}]}}]}}
"
        )
    };
    let live = recorded("53-env-order.deploy.json");
    let (host, url) = (
        "{name: HOST, value: h}",
        r#"{name: URL, value: "http://$(HOST)"}"#,
    );
    let extra = "error unmanaged EXTRA: <absent> -> 1 [update-manager kubectl-set]";
    check(&manifest(&format!("{url}, {host}")), &live).is("fail", &[extra]);
    let report = check(&manifest(&format!("{host}, {url}")), &live);
    let lines = report.lines();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines[0], extra);
    assert!(
        lines[1].starts_with("error drifted URL: http://h -> http://$(HOST)"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn a_container_older_than_its_configmap_is_a_pending_restart() {
    let live = [
        recorded("00-after-gitops-apply.deploy.json"),
        recorded("54-pods-rs-cm-stale.list.json"),
        others_without("ConfigMap"),
    ]
    .concat();
    let report = check(&desired("app.yaml"), &live);
    report.is(
        "fail",
        &[
            "error drifted LOG_LEVEL: info -> trace [update-manager kubectl-patch]",
            "warning pending-restart Deployment/shop/api-server",
        ],
    );
    let restart = report.about("Deployment/shop/api-server");
    let message = restart["message"].as_str().expect("a text");
    // One of two pods is stale: the other restarted after the change.
    assert!(message.contains("in 1 running pod;"), "{message}");
    assert!(message.contains("ConfigMap/shop/api-config"), "{message}");
}

#[test]
fn writers_that_are_not_known_are_not_made_up() {
    let manifest = "apiVersion: v1
kind: ConfigMap
metadata: {name: ua2, namespace: shop}
data: {A: git}
";
    check(manifest, &recorded("55-useragent-managers.json")).is(
        "fail",
        &[
            "error drifted data.A of ConfigMap/shop/ua2: git -> 1 [update-manager kubectl-create]",
            "error unmanaged data.ZY of ConfigMap/shop/ua2: <absent> -> 1 [update-manager python-requests]",
            "error unmanaged data.ZZ of ConfigMap/shop/ua2: <absent> -> 1 [update-manager unknown]",
        ],
    );
    let wiped = check(manifest, &recorded("56-wiped-managedfields.json"));
    let left = [
        "error unmanaged data.ZY of ConfigMap/shop/ua2: <absent> -> 1",
        "error unmanaged data.ZZ of ConfigMap/shop/ua2: <absent> -> 1",
    ];
    let drifted = "error drifted data.A of ConfigMap/shop/ua2: git -> changed";
    wiped
        .is("fail", &[drifted, left[0], left[1]])
        .notes("no managedFields, so no writers");
    check(manifest, &recorded("57-before-first-apply.json")).is("fail", &left);
}
