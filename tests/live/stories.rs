//! The stories of the examples, played on a real API server: a deployer applies what git has,
//! people act as the stories tell, and the real binary says what it finds. Every check runs on the
//! cluster and on a snapshot of it, and both must say the same.
//!
//! `KUBEBUILDER_ASSETS=<folder> cargo test --test it -- --ignored live`

use super::{
    cluster::{Cluster, User},
    scene::{Repository, Story, about, changes, findings},
};
use serde_json::{Value, json};

/// The namespace's own driftgate.yaml for manifests in `deploy`.
fn configuration(namespace: &str, kubernetes: &str, environment: &str) -> String {
    format!(
        "version: 1\nservices:\n  api:\n    layers:\n      - name: workload\n        desired: {{ manifests: deploy }}\n        \
         live: {{ kubernetes: {{ context: production, namespace: {namespace}{kubernetes} }} }}\n\
         environments:\n  production: {{ tier: production{environment} }}\n"
    )
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_story_emergency_fix() {
    let cluster = Cluster::shared();
    let story = Story::of_example(&cluster, "emergency-fix");
    story.deploy("deploy");
    story.assert_clean("right after the deploy");

    // 2 AM.
    story.set_env("api", "api", "DB_TIMEOUT", Some("60s"));
    let (code, report) = story.check(&[]);
    assert_eq!(code, 1);
    assert_eq!(
        findings(&report),
        ["error drifted DB_TIMEOUT 10s -> 60s by kubectl-set"]
    );
    let finding = about(&report, "DB_TIMEOUT");
    assert_eq!(finding["object"], "Deployment/story-emergency-fix/api");
    assert_eq!(finding["desired"]["file"], "deploy/api.yaml");
    assert_eq!(finding["desired"]["line"], 18);
    assert_eq!(finding["desired"]["author"], "Ada");
    let live = &finding["live"];
    assert_eq!(live["writer"]["class"], "person");
    assert_eq!(live["certainty"], "not-later-than");
    assert!(live["not_later_than"].is_string(), "{live}");
    assert_eq!(live["in_git"], "never");

    // What would merging do? An unrelated edit of the same object deploys over the fix.
    story
        .repository
        .git(&["switch", "--quiet", "--create", "pool"]);
    story
        .repository
        .edit("deploy/api.yaml", "value: \"20\"", "value: \"40\"");
    story.repository.commit("Use more connections");
    let (code, report) = story.check(&["--base", "main"]);
    assert_eq!(code, 1);
    assert_eq!(
        findings(&report),
        ["error drifted DB_TIMEOUT 10s -> 60s by kubectl-set"]
    );
    assert_eq!(changes(&report), ["pending DB_POOL_SIZE 40 -> 20"]);
    // A change of what the fix changed, too.
    story
        .repository
        .edit("deploy/api.yaml", "value: 10s", "value: 30s");
    story.repository.commit("Wait longer");
    let (_, report) = story.check(&["--base", "main"]);
    assert_eq!(
        findings(&report),
        ["error conflicting DB_TIMEOUT 30s -> 60s by kubectl-set"]
    );
    // Git takes the fix over.
    story
        .repository
        .edit("deploy/api.yaml", "value: 30s", "value: 60s");
    story
        .repository
        .edit("deploy/api.yaml", "value: \"40\"", "value: \"20\"");
    story.repository.commit("Keep the fix");
    let (code, report) = story.check(&["--base", "main"]);
    assert_eq!((findings(&report).len(), code), (0, 0), "{report}");
    assert_eq!(changes(&report), ["adopted DB_TIMEOUT 60s -> 60s"]);

    // Or the deploy puts it back.
    story.repository.git(&["switch", "--quiet", "main"]);
    story.deploy("deploy");
    story.assert_clean("after the next deploy");
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_story_debug_override() {
    let cluster = Cluster::shared();
    let story = Story::of_example(&cluster, "debug-override");
    story.deploy("deploy");
    story.assert_clean("right after the deploy");

    let settings = story.path("v1", "ConfigMap", "api-config");
    let evening = json!({ "data": { "LOG_LEVEL": "DEBUG", "LOG_INCLUDE_SENSITIVE": "true" } });
    story.edit(&settings, &evening);
    story.set_env("api", "exporter", "TRACE", Some("1"));
    let (code, report) = story.check(&[]);
    assert_eq!(code, 1);
    assert_eq!(
        findings(&report),
        [
            "error drifted LOG_LEVEL info -> DEBUG by kubectl-edit",
            "error unmanaged LOG_INCLUDE_SENSITIVE absent -> true by kubectl-edit",
            "error unmanaged TRACE absent -> 1 by kubectl-set",
        ]
    );
    // One cause, one finding: the key, with every container that sees it.
    for key in ["LOG_LEVEL", "LOG_INCLUDE_SENSITIVE"] {
        let finding = about(&report, key);
        assert_eq!(
            finding["object"],
            "ConfigMap/story-debug-override/api-config"
        );
        assert_eq!(
            finding["affects"],
            json!([
                "Deployment/story-debug-override/api container api",
                "Deployment/story-debug-override/api container exporter"
            ]),
            "{key}"
        );
    }
    let trace = about(&report, "TRACE");
    assert_eq!(
        trace["affects"],
        json!(["Deployment/story-debug-override/api container exporter"])
    );

    // A forced apply puts values back and leaves what it does not know.
    story.deploy("deploy");
    let (code, report) = story.check(&[]);
    assert_eq!(code, 1);
    assert_eq!(
        findings(&report),
        [
            "error unmanaged LOG_INCLUDE_SENSITIVE absent -> true by kubectl-edit",
            "error unmanaged TRACE absent -> 1 by kubectl-set",
        ]
    );
    story.edit(
        &settings,
        &json!({ "data": { "LOG_INCLUDE_SENSITIVE": null } }),
    );
    story.set_env("api", "exporter", "TRACE", None);
    story.assert_clean("after the evening");
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_a_process_that_is_older_than_its_settings() {
    let cluster = Cluster::shared();
    let own = "namespace: story-restart";
    let repository = Repository::of_example("debug-override", &[("namespace: shop", own)]);
    let story = Story::new(&cluster, "story-restart", repository);
    story.deploy("deploy");
    // What the controllers that do not run here would have made, an hour before the settings.
    let labels = json!({ "app.kubernetes.io/name": "api", "pod-template-hash": "5d4f" });
    let owned = |kind: &str, name: &str, of: &Value| {
        let owner = json!({ "apiVersion": of["apiVersion"], "kind": of["kind"], "controller": true,
            "name": of["metadata"]["name"], "uid": of["metadata"]["uid"] });
        let version = if kind == "Pod" { "v1" } else { "apps/v1" };
        json!({ "apiVersion": version, "kind": kind, "metadata": { "name": name, "labels": labels,
            "annotations": { "deployment.kubernetes.io/revision": "1" }, "ownerReferences": [owner] } })
    };
    let deployment = cluster.send("GET", &story.deployment("api"), None);
    let template =
        json!({ "metadata": { "labels": labels }, "spec": deployment["spec"]["template"]["spec"] });
    let mut set = owned("ReplicaSet", "api-5d4f", &deployment);
    set["spec"] =
        json!({ "replicas": 1, "selector": { "matchLabels": labels }, "template": template });
    let path = story.path("apps/v1", "ReplicaSet", "api-5d4f");
    let set = cluster.apply("kube-controller-manager", &path, &set);
    let mut pod = owned("Pod", "api-5d4f-1", &set);
    pod["spec"] = template["spec"].clone();
    let path = story.path("v1", "Pod", "api-5d4f-1");
    cluster.apply("kube-controller-manager", &path, &pod);
    let started = |at: &str| {
        let container = |name: &str| {
            json!({ "name": name, "image": "i", "imageID": "", "ready": true, "restartCount": 0,
            "state": { "running": { "startedAt": at } } })
        };
        let status = json!({ "phase": "Running", "startTime": at, "containerStatuses": [container("api"), container("exporter")] });
        cluster.patch(
            "kubelet",
            &format!("{path}/status"),
            &json!({ "status": status }),
        );
    };
    started("2026-01-02T03:04:05Z");
    let (code, report) = story.check(&[]);
    assert_eq!(code, 0, "{report}");
    let lines = findings(&report);
    assert_eq!(lines.len(), 2, "one per container: {lines:?}");
    assert!(
        lines.iter().all(|l| l.starts_with("info pending-restart ")),
        "{lines:?}"
    );
    for finding in report["findings"].as_array().expect("findings") {
        let message = finding["message"].as_str().expect("a message");
        assert!(message.contains("may have started before"), "{message}");
        assert!(
            message.contains("ConfigMap/story-restart/api-config"),
            "{message}"
        );
    }
    // It starts again, after them; what controllers make is nobody's drift.
    started("2199-01-02T03:04:05Z");
    story.assert_clean("after the restart");
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_story_autoscaling() {
    let cluster = Cluster::shared();
    let story = Story::of_example(&cluster, "autoscaling");
    story.deploy("deploy");
    story.assert_clean("right after the deploy");

    story.scale("api", 7);
    story.scale("batch", 5);
    let autoscaler = story.path("autoscaling/v2", "HorizontalPodAutoscaler", "api");
    story.edit(&autoscaler, &json!({ "spec": { "maxReplicas": 20 } }));
    let (code, report) = story.check(&[]);
    assert_eq!(code, 1);
    assert_eq!(
        findings(&report),
        [
            "error drifted spec.maxReplicas 10 -> 20 by kubectl-edit",
            "error drifted spec.replicas 2 -> 5 by kubectl",
        ],
        "the replicas of `api` are the autoscaler's"
    );
    let replicas = about(&report, "spec.replicas");
    assert_eq!(replicas["object"], "Deployment/story-autoscaling/batch");
    assert_eq!(replicas["live"]["certainty"], "no-time");
    assert!(replicas["live"]["not_later_than"].is_null(), "{replicas}");

    // Somebody deletes the autoscaler: it is missing, and it still says whose the replicas are.
    story.delete(&autoscaler);
    let (_, report) = story.check(&[]);
    assert_eq!(
        findings(&report),
        [
            "error drifted spec.replicas 2 -> 5 by kubectl",
            "error missing HorizontalPodAutoscaler/story-autoscaling/api present -> absent",
        ]
    );
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_story_quickstart() {
    let cluster = Cluster::shared();
    let story = Story::of_example(&cluster, "quickstart");
    story.deploy("deploy");
    story.assert_clean("right after the deploy");

    story.set_env("api", "api", "DB_TIMEOUT", Some("60s"));
    story.set_env("worker", "worker", "QUEUE", None);
    let image = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "api", "image": "registry.example.com/shop/api:1.4.2" }] } } } });
    story.strategic("pipeline", &story.deployment("api"), &image);
    let settings = story.path("v1", "ConfigMap", "shop-config");
    let file = "server:\n  port: 8080\ncheckout:\n  retries: 9\n  timeout: 30s\n";
    story.edit(
        &settings,
        &json!({ "data": { "application.yml": file, "CACHE_TTL": null } }),
    );
    story.delete(&story.path("v1", "Service", "api"));
    let (code, report) = story.check(&[]);
    assert_eq!(code, 1);
    assert_eq!(
        findings(&report),
        [
            "error drifted DB_TIMEOUT 10s -> 60s by kubectl-set",
            "error drifted DB_URL postgres://db.shop.svc/shop?connect_timeout=10s -> postgres://db.shop.svc/shop?connect_timeout=60s by kubectl-set",
            "error drifted checkout.retries 3 -> 9 by kubectl-edit",
            "error missing CACHE_TTL 300 -> absent",
            "error missing QUEUE orders -> absent",
            "error missing Service/story-quickstart/api present -> absent",
        ]
    );
    assert_eq!(about(&report, "DB_URL")["cause"], "DB_TIMEOUT");
    for key in ["QUEUE", "CACHE_TTL"] {
        let live = &about(&report, key)["live"];
        assert_eq!(live["certainty"], "removal", "{key}");
        assert!(
            live["writer"].is_null(),
            "a removal leaves no trace: {live}"
        );
    }
    // The pipeline sets the image: what differs is no drift.
    assert_eq!(
        changes(&report),
        [
            "drifted spec.template.spec.containers[api].image registry.example.com/shop/api:0.0.0 -> registry.example.com/shop/api:1.4.2 by pipeline"
        ]
    );
    story.deploy("deploy");
    story.assert_clean("after the next deploy");
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_what_a_server_completes_is_no_drift() {
    let cluster = Cluster::shared();
    let kitchen = include_str!("data/kitchen.yaml");
    for (namespace, deployer) in [("kitchen", "apply"), ("kitchen-create", "create")] {
        let yaml = configuration(namespace, "", "");
        let files = [("driftgate.yaml", &*yaml), ("deploy/all.yaml", kitchen)];
        let story = Story::new(&cluster, namespace, Repository::of(&files));
        if deployer == "apply" {
            story.deploy("deploy");
        } else {
            for (path, text) in story.documents("deploy") {
                let (collection, _) = path.rsplit_once('/').expect("a path");
                let path = format!("{collection}?fieldManager=kubectl-create");
                story.ok("POST-YAML", &path, text);
            }
        }
        story.assert_clean(deployer);
    }
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_what_kubectl_apply_leaves_is_no_drift() {
    let cluster = Cluster::shared();
    let kitchen = include_str!("data/kitchen.yaml");
    let yaml = configuration("kitchen-kubectl", "", "");
    let files = [("driftgate.yaml", &*yaml), ("deploy/all.yaml", kitchen)];
    let story = Story::new(&cluster, "kitchen-kubectl", Repository::of(&files));
    let mut applied = true;
    story.kubectl(
        &[
            "apply",
            "--filename",
            &story.repository.root().join("deploy").display().to_string(),
        ],
        || applied = false,
    );
    if !applied {
        // A test has no other voice; the harness shows it when asked for output.
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"skipped: there is no kubectl in KUBEBUILDER_ASSETS or PATH\n",
        );
        return;
    }
    story.assert_clean("after kubectl apply");
    // A variable that a person adds is told from what kubectl applied.
    story.set_env("web", "web", "TRACE", Some("1"));
    let (_, report) = story.check(&[]);
    assert_eq!(
        findings(&report),
        ["error unmanaged TRACE absent -> 1 by kubectl-set"]
    );
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_the_printed_role_is_enough_for_a_check() {
    let cluster = Cluster::start().expect("a cluster");
    let story = Story::of_example(&cluster, "autoscaling");
    story.deploy("deploy");
    story.scale("batch", 5);
    let (_, expected) = story.check(&[]);
    story
        .repository
        .edit("driftgate.yaml", "context: production", "context: reader");
    story.repository.commit("Read as the reader");

    let said = story
        .repository
        .driftgate(&["check", "--format", "json"], &[]);
    assert_eq!(said.code, 2, "{}", said.out);
    let report = said.report();
    assert_eq!(report["verdict"], "incomplete");
    assert!(
        findings(&report)
            .iter()
            .all(|f| f.contains("source-unavailable")),
        "{report}"
    );
    let causes = report["coverage"].as_array().expect("coverage");
    assert!(
        causes.iter().any(|c| c["cause"] == "forbidden"),
        "{causes:?}"
    );
    let said = story.repository.driftgate(&["doctor"], &[]);
    assert_eq!(said.code, 2);
    assert!(said.out.contains("MISSING"), "{}", said.out);

    let said = story.repository.driftgate(&["doctor", "--rbac"], &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(!said.out.contains("secrets"), "{}", said.out);
    grant(&story, &said.out);
    let (code, report) = story.check(&[]);
    assert_eq!(code, 1);
    assert_eq!(findings(&report), findings(&expected));
    assert_eq!(report["notes"], expected["notes"]);
    let coverage = report["coverage"].as_array().expect("coverage");
    assert!(
        coverage.iter().all(|c| c["without"].is_null()),
        "{coverage:?}"
    );
    let said = story.repository.driftgate(&["doctor"], &[]);
    assert_eq!(said.code, 0, "{}", said.out);
    assert!(!said.out.contains("MISSING"), "{}", said.out);
}

/// Applies printed roles, for the user `reader`.
fn grant(story: &Story<'_>, printed: &str) {
    for document in printed.split("---\n").skip(1) {
        let mut object: Value = serde_yaml::from_str(document).expect("YAML");
        if !object["subjects"].is_null() {
            let user = User::Reader.name();
            object["subjects"] =
                json!([{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }]);
        }
        let text = |v: &Value| v.as_str().expect("a text").to_owned();
        let plural = format!("{}s", text(&object["kind"]).to_lowercase());
        let root = "/apis/rbac.authorization.k8s.io/v1";
        let name = text(&object["metadata"]["name"]);
        let path = match object["metadata"]["namespace"].as_str() {
            Some(ns) => format!("{root}/namespaces/{ns}/{plural}/{name}"),
            None => format!("{root}/{plural}/{name}"),
        };
        story.cluster.apply("test", &path, &object);
    }
}

/// Defines a kind, and waits until it is served.
fn define(story: &Story<'_>, group: &str, version: &str, kind: &str, spec: &Value) {
    let plural = format!("{}s", kind.to_lowercase());
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let schema = json!({ "type": "object", "properties": { "spec": spec, "status": open } });
    let definition = json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": { "group": group, "scope": "Namespaced", "names": { "kind": kind, "plural": plural, "singular": kind.to_lowercase() },
        "versions": [{ "name": version, "served": true, "storage": true, "subresources": { "status": {} },
            "schema": { "openAPIV3Schema": schema } }] } });
    let root = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let path = format!("{root}/{plural}.{group}");
    story.cluster.apply("test", &path, &definition);
    let list = format!(
        "/apis/{group}/{version}/namespaces/{}/{plural}",
        story.namespace
    );
    let documents = format!("/openapi/v3/apis/{group}/{version}");
    for _ in 0..150 {
        let served = |path: &str| {
            let answer = story.cluster.try_send(User::Admin, "GET", path, None);
            answer.is_ok_and(|a| a.0 == 200 && a.1.to_string().contains(kind))
        };
        if served(&list) && served(&documents) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    panic!("{kind} is never served");
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_a_custom_resource_compares_by_the_keys_of_its_lists() {
    let cluster = Cluster::shared();
    let route = "apiVersion: mesh.example.com/v1\nkind: Route\nmetadata:\n  name: api\nspec:\n  \
        hosts: [a.example.com, b.example.com]\n  ports:\n    - { port: 80, protocol: TCP, timeout: 10s }\n    \
        - { port: 443, protocol: TCP, timeout: 10s }\n  retries: { attempts: 3, perTry: 2s }\n  limit: 1000m\n";
    let yaml = configuration("story-custom", "", "");
    let files = [("driftgate.yaml", &*yaml), ("deploy/route.yaml", route)];
    let story = Story::new(&cluster, "story-custom", Repository::of(&files));
    let port = json!({ "type": "object", "required": ["port", "protocol"], "properties": { "port": { "type": "integer" },
        "protocol": { "type": "string" }, "timeout": { "type": "string" }, "weight": { "type": "integer", "default": 1 } } });
    define(
        &story,
        "mesh.example.com",
        "v1",
        "Route",
        &json!({ "type": "object", "properties": {
        "hosts": { "type": "array", "items": { "type": "string" }, "x-kubernetes-list-type": "set" },
        "ports": { "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"], "items": port },
        "retries": { "type": "object", "properties": { "attempts": { "type": "integer" }, "perTry": { "type": "string" }, "on": { "type": "string", "default": "5xx" } } },
        "limit": { "x-kubernetes-int-or-string": true }, "mode": { "type": "string", "default": "Strict" } } }),
    );
    story.deploy("deploy");
    story.assert_clean("right after the deploy");

    let path = story.path("mesh.example.com/v1", "Route", "api");
    let ports = json!([
        { "port": 443, "protocol": "TCP", "timeout": "90s" },
        { "port": 80, "protocol": "TCP", "timeout": "10s" },
        { "port": 53, "protocol": "UDP" },
    ]);
    story.edit(
        &path,
        &json!({ "spec": { "ports": ports, "retries": { "attempts": 9 } } }),
    );
    let (code, report) = story.check(&[]);
    assert_eq!(code, 1);
    let lines = findings(&report);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(
        lines[0],
        "error drifted spec.ports[443,TCP].timeout 10s -> 90s by kubectl-edit"
    );
    assert_eq!(
        lines[1],
        "error drifted spec.retries.attempts 3 -> 9 by kubectl-edit"
    );
    assert!(
        lines[2].starts_with("error unmanaged spec.ports[53,UDP] absent -> "),
        "{lines:?}"
    );
    story.deploy("deploy");
    story.edit(&path, &json!({ "spec": { "ports": [
        { "port": 80, "protocol": "TCP", "timeout": "10s" }, { "port": 443, "protocol": "TCP", "timeout": "10s" } ] } }));
    story.assert_clean("after the next deploy, and without what it left");

    story.delete(&path);
    let (_, report) = story.check(&[]);
    assert_eq!(
        findings(&report),
        ["error missing Route/story-custom/api present -> absent"]
    );
}

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: database\ntype: Opaque\nstringData:\n  \
    PASSWORD: c4nary-of-git\n  USER: shop\n";
const USES_SECRET: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  \
    selector: { matchLabels: { app: api } }\n  template:\n    metadata: { labels: { app: api } }\n    spec:\n      \
    containers:\n        - name: api\n          image: registry.example.com/shop/api:1\n          \
    envFrom: [{ secretRef: { name: database } }]\n          env: [{ name: MODE, value: fast }]\n";

fn secret_story<'a>(cluster: &'a Cluster, mode: &str) -> Story<'a> {
    let namespace = format!("story-secrets-{mode}");
    let yaml = configuration(&namespace, &format!(", secrets: {mode}"), "");
    let files = [
        ("driftgate.yaml", &*yaml),
        ("deploy/secret.yaml", SECRET),
        ("deploy/api.yaml", USES_SECRET),
    ];
    let story = Story::new(cluster, &namespace, Repository::of(&files));
    story.deploy("deploy");
    story
}

/// Nothing that was said holds a secret, in the clear or in base64.
fn assert_silent(story: &Story<'_>, environment: &[(&str, &str)]) {
    let snapshot = story.repository.beside("secrets.snapshot");
    let snapshot = snapshot.to_str().expect("UTF-8");
    for args in [
        &["check"][..],
        &["check", "--verbose"],
        &["check", "--format", "json"],
        &["doctor"],
        &["snapshot", "--output", snapshot],
    ] {
        let said = story.repository.driftgate(args, environment);
        let recorded = std::fs::read_to_string(snapshot).unwrap_or_default();
        for text in [&said.out, &said.err, &recorded] {
            for secret in ["c4nary", "YzRuYXJ5"] {
                assert!(!text.contains(secret), "{args:?}: {text}");
            }
        }
    }
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_secrets_by_reference_and_by_presence() {
    let cluster = Cluster::shared();
    // By default no right on Secrets is needed, and nothing is asked of them.
    let story = secret_story(&cluster, "references");
    story.assert_clean("references");
    let path = story.path("v1", "Secret", "database");
    story.delete(&path);
    story.assert_clean("references, without the Secret");

    let story = secret_story(&cluster, "presence");
    story.assert_clean("presence");
    let path = story.path("v1", "Secret", "database");
    story.edit(
        &path,
        &json!({ "stringData": { "PASSWORD": "c4nary-of-live" } }),
    );
    story.assert_clean("presence does not see values");
    story.edit(
        &path,
        &json!({ "data": { "PASSWORD": null }, "stringData": { "EXTRA": "c4nary-more" } }),
    );
    let (code, report) = story.check(&[]);
    assert_eq!(code, 1);
    let lines = findings(&report);
    assert!(
        lines
            .iter()
            .any(|l| l.starts_with("error missing PASSWORD ")),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|l| l.starts_with("error unmanaged EXTRA ")),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_silent(&story, &[]);
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_secrets_by_digest() {
    let cluster = Cluster::shared();
    let story = secret_story(&cluster, "digest");
    let said = story.repository.driftgate(&["key", "new"], &[]);
    let key = said.out.trim().to_owned();
    let environment = [("DRIFTGATE_KEY", &*key)];
    let (code, report) = story.check_with(&[], &environment);
    assert_eq!((code, findings(&report).len()), (0, 0), "{report}");

    let path = story.path("v1", "Secret", "database");
    story.edit(
        &path,
        &json!({ "stringData": { "PASSWORD": "c4nary-of-live" } }),
    );
    let (code, report) = story.check_with(&[], &environment);
    assert_eq!(code, 1);
    assert_eq!(
        findings(&report),
        ["error drifted PASSWORD redacted -> redacted by kubectl-edit"]
    );
    assert_silent(&story, &environment);

    // A snapshot without a lasting key holds presence only: not compared, and not equal.
    let file = story.repository.beside("without-key.snapshot");
    let file = file.to_str().expect("UTF-8");
    let said = story
        .repository
        .driftgate(&["snapshot", "--output", file], &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("DRIFTGATE_KEY"), "{}", said.err);
    let said = story
        .repository
        .driftgate(&["check", "--format", "json", "--live", file], &environment);
    let report = said.report();
    assert_eq!(findings(&report), [""; 0]);
    let coverage = report["coverage"].as_array().expect("coverage");
    assert!(
        coverage.iter().any(|c| c["opaque"].as_u64() > Some(0)),
        "{coverage:?}"
    );
}

const API: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  \
    selector: { matchLabels: { app: api } }\n  template:\n    metadata: { labels: { app: api } }\n    spec:\n      \
    containers:\n        - name: api\n          image: registry.example.com/shop/api:1\n          env:\n            \
    - { name: DB_TIMEOUT, value: 10s }\n            - { name: DB_POOL_SIZE, value: \"20\" }\n";

/// What a deployer's object says moves the same entries through all states. `say` writes the
/// status; `warned` is what a deployer that stands still must be called.
fn deployed_by(story: &Story<'_>, how: &str, say: &dyn Fn(&str), stop: &dyn Fn(), warned: &str) {
    let first = story.repository.git(&["rev-parse", "HEAD"]);
    say(&first);
    story.deploy("deploy");
    story.assert_clean("right after the deploy");
    let (_, report) = story.check(&[]);
    assert_eq!(report["deployed"][0]["how"], how);
    assert_eq!(report["deployed"][0]["revision"], *first);

    // Merged, not deployed yet: live is what was deployed.
    story
        .repository
        .edit("deploy/api.yaml", "value: 10s", "value: 30s");
    let second = story.repository.commit("Wait longer");
    let (code, report) = story.check(&[]);
    assert_eq!((code, findings(&report).len()), (0, 0), "{report}");
    assert_eq!(changes(&report), ["behind DB_TIMEOUT 30s -> 10s"]);
    assert_eq!(report["deployed"][0]["commits"][0]["commit"], *second);

    // A change under review: what it brings is pending, what waits is still behind.
    story
        .repository
        .git(&["switch", "--quiet", "--create", "pool"]);
    story
        .repository
        .edit("deploy/api.yaml", "value: \"20\"", "value: \"40\"");
    story.repository.commit("Use more connections");
    let (code, report) = story.check(&["--base", "main"]);
    assert_eq!((code, findings(&report).len()), (0, 0), "{report}");
    assert_eq!(
        changes(&report),
        [
            "behind DB_TIMEOUT 30s -> 10s",
            "pending DB_POOL_SIZE 40 -> 20"
        ]
    );
    story.repository.git(&["switch", "--quiet", "main"]);

    // A person: neither what is merged nor what was deployed.
    story.set_env("api", "api", "DB_TIMEOUT", Some("60s"));
    let (code, report) = story.check(&[]);
    assert_eq!(code, 1);
    assert_eq!(
        findings(&report),
        ["error drifted DB_TIMEOUT 30s -> 60s by kubectl-set"]
    );
    assert_eq!(about(&report, "DB_TIMEOUT")["deployed"]["value"], "10s");

    // The deployer stands still: everybody must know.
    assert_eq!(report["deployed"][0]["warnings"], Value::Null, "{report}");
    stop();
    let (_, report) = story.check(&[]);
    let warnings = report["deployed"][0]["warnings"].to_string();
    assert!(warnings.contains(warned), "{warnings}");
    let text = story.repository.driftgate(&["check"], &[]).out;
    let first_lines: Vec<&str> = text.lines().take(8).collect();
    assert!(first_lines.join(" ").contains(warned), "{text}");

    // It says a revision that this clone does not have.
    say("0123456789abcdef0123456789abcdef01234567");
    let (_, report) = story.check(&[]);
    let warnings = report["deployed"][0]["warnings"].to_string();
    assert!(warnings.contains("not in this clone"), "{warnings}");
}

fn deployer_story<'a>(cluster: &'a Cluster, namespace: &str, deployed: &str) -> Story<'a> {
    let yaml = configuration(namespace, "", &format!(", deployed: {deployed}"));
    let files = [("driftgate.yaml", &*yaml), ("deploy/api.yaml", API)];
    Story::new(cluster, namespace, Repository::of(&files))
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_flux_says_what_was_deployed() {
    let cluster = Cluster::shared();
    let deployed = "{ flux: { kustomization: shop, namespace: story-flux } }";
    let story = deployer_story(&cluster, "story-flux", deployed);
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let group = "kustomize.toolkit.fluxcd.io";
    define(&story, group, "v1", "Kustomization", &open);
    let path = story.path("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "shop");
    story.cluster.apply("flux", &path, &json!({ "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": { "name": "shop" }, "spec": { "path": "./deploy", "prune": true, "interval": "10m",
        "sourceRef": { "kind": "GitRepository", "name": "shop" } } }));
    let say = |commit: &str| {
        let revision = format!("main@sha1:{commit}");
        let ready = json!({ "type": "Ready", "status": "True", "reason": "ReconciliationSucceeded", "message": "Applied", "lastTransitionTime": "2026-08-03T02:14:07Z" });
        let status = json!({ "status": { "lastAppliedRevision": revision, "lastAttemptedRevision": revision, "conditions": [ready], "observedGeneration": 1 } });
        let path = format!("{path}/status");
        story.cluster.patch("kustomize-controller", &path, &status);
    };
    let stop = || story.edit(&path, &json!({ "spec": { "suspend": true } }));
    deployed_by(&story, "flux", &say, &stop, "suspended");
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_argo_cd_says_what_was_deployed() {
    let cluster = Cluster::shared();
    let deployed = "{ argo-cd: { application: shop, namespace: story-argo } }";
    let story = deployer_story(&cluster, "story-argo", deployed);
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    define(&story, "argoproj.io", "v1alpha1", "Application", &open);
    let path = story.path("argoproj.io/v1alpha1", "Application", "shop");
    let source = json!({ "repoURL": "https://git.example.com/shop.git", "path": "deploy", "targetRevision": "main" });
    story.cluster.apply(
        "argocd",
        &path,
        &json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": { "name": "shop" }, "spec": { "project": "default", "source": source,
        "destination": { "server": "https://kubernetes.default.svc", "namespace": "story-argo" },
        "syncPolicy": { "automated": { "selfHeal": false } } } }),
    );
    let say = |commit: &str| {
        let history = json!([{ "id": 1, "revision": commit, "deployedAt": "2026-08-03T02:14:07Z", "source": source }]);
        let status = json!({ "status": { "sync": { "status": "Synced", "revision": commit }, "health": { "status": "Healthy" }, "history": history } });
        let path = format!("{path}/status");
        story
            .cluster
            .patch("argocd-application-controller", &path, &status);
    };
    let stop = || {
        story.edit(
            &path,
            &json!({ "spec": { "syncPolicy": { "automated": null } } }),
        )
    };
    deployed_by(&story, "argo-cd", &say, &stop, "suspended");
}

/// A check that could not read: exit code 2, the cause, and words that hold a text.
fn assert_incomplete(repository: &Repository, cause: &str, words: &str) {
    let said = repository.driftgate(&["check", "--format", "json", "--timeout", "5s"], &[]);
    assert_eq!(said.code, 2, "{}", said.out);
    let report = said.report();
    assert_eq!(report["verdict"], "incomplete");
    let lines = findings(&report);
    assert!(
        lines.iter().all(|l| l.contains("source-unavailable")),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 1, "{lines:?}");
    let coverage = report["coverage"].as_array().expect("coverage");
    let live = coverage
        .iter()
        .find(|c| c["side"] == "live")
        .expect("the live side");
    assert_eq!(live["cause"], cause, "{live}");
    let reason = live["reason"].as_str().expect("a reason");
    assert!(reason.contains(words), "{reason}");
    assert!(!said.out.contains("of-yesterday") && !said.err.contains("of-yesterday"));
    // Text says the same in its first lines.
    let said = repository.driftgate(&["check", "--timeout", "5s"], &[]);
    assert_eq!(said.code, 2);
    let first: String = said.out.lines().take(3).collect();
    assert!(first.contains("NOT READ"), "{}", said.out);
    assert!(said.out.contains("incomplete: "), "{}", said.out);
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_what_can_not_be_read_is_never_green() {
    let cluster = Cluster::start().expect("a cluster");
    let story = Story::of_example(&cluster, "emergency-fix");
    story.deploy("deploy");
    story.assert_clean("right after the deploy");
    let context = |from: &str, to: &str| {
        story.repository.edit("driftgate.yaml", from, to);
        story.repository.commit("Connect otherwise");
    };
    context("context: production", "context: expired");
    assert_incomplete(&story.repository, "unauthenticated", "expired");
    context("context: expired", "context: prodution");
    assert_incomplete(&story.repository, "unreachable", "production");
    context("context: prodution", "context: production");
    context("namespace: story-emergency-fix", "namespace: story-gone");
    assert_incomplete(&story.repository, "namespace-missing", "story-gone");
    context("namespace: story-gone", "namespace: story-emergency-fix");
    story.assert_clean("connected rightly again");

    let repository = story.repository;
    drop(cluster);
    assert_incomplete(&repository, "unreachable", "refused");
}
