//! Reviews, deploys and audits: what a change meets in live, object by object.

use crate::{
    server::write_kubeconfig,
    support::{CONFIG, NOW, Project},
};
use serde_json::{Value, json};

type Env<'a> = &'a [(&'a str, &'a str)];

fn env(pairs: Env<'_>) -> Value {
    pairs
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}

/// A Deployment in git.
fn deployment(name: &str, variables: Env<'_>) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": { "selector": { "matchLabels": { "app": name } }, "template": {
            "metadata": { "labels": { "app": name } },
            "spec": { "containers": [ { "name": "main", "image": "registry.example/api:1", "env": env(variables) } ] } } },
    })
}

fn config_map(name: &str, data: Env<'_>) -> Value {
    let data: serde_json::Map<String, Value> = data
        .iter()
        .map(|(k, v)| ((*k).to_owned(), json!(v)))
        .collect();
    json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "namespace": "shop" }, "data": data })
}

/// The Deployment with all variables of a ConfigMap.
fn from_config(name: &str, config: &str) -> Value {
    let mut out = deployment(name, &[]);
    container(&mut out)["envFrom"] = json!([{ "configMapRef": { "name": config } }]);
    out
}

fn container(deployment: &mut Value) -> &mut Value {
    &mut deployment["spec"]["template"]["spec"]["containers"][0]
}

/// As a server holds it: with an identity, and written by the deployer but for the variables that
/// a person set.
fn running(mut object: Value, by_a_person: &[&str]) -> Value {
    let name = object["metadata"]["name"]
        .as_str()
        .expect("a name")
        .to_owned();
    object["metadata"]["uid"] = format!("uid-of-{name}").into();
    let items: serde_json::Map<String, Value> = by_a_person
        .iter()
        .map(|v| {
            (
                format!("k:{{\"name\":\"{v}\"}}"),
                json!({ ".": {}, "f:name": {}, "f:value": {} }),
            )
        })
        .collect();
    let fields = json!({ "f:spec": { "f:template": { "f:spec": { "f:containers": {
        "k:{\"name\":\"main\"}": { "f:env": items } } } } } });
    object["metadata"]["managedFields"] = json!([{ "manager": "kubectl-set", "operation": "Update",
        "apiVersion": "apps/v1", "time": "2026-11-20T02:14:07Z", "fieldsType": "FieldsV1", "fieldsV1": fields }]);
    object
}

fn documents(objects: &[Value]) -> String {
    objects.iter().map(|o| format!("---\n{o}\n")).collect()
}

/// `main` with one side, branch `feature` with the other, and what runs.
fn change(before: &[Value], after: &[Value], live: &[Value]) -> Project {
    let project = Project::with(&documents(before));
    project
        .branch("feature")
        .file("deploy/app.yaml", documents(after));
    project.commit("feat: change it");
    project.live(live);
    project
}

const REVIEW: &[&str] = &["--base", "main"];

#[test]
fn a_change_of_an_object_that_drifted_is_stopped() {
    let project = change(
        &[deployment("api", &[("DB_TIMEOUT", "10s"), ("LOG", "info")])],
        &[deployment(
            "api",
            &[("DB_TIMEOUT", "10s"), ("LOG", "debug")],
        )],
        &[running(
            deployment("api", &[("DB_TIMEOUT", "60s"), ("LOG", "info")]),
            &["DB_TIMEOUT"],
        )],
    );
    let report = project.check(REVIEW);
    report.is(
        "fail",
        &[
            "error drifted DB_TIMEOUT: 10s -> 60s [update-manager kubectl-set]",
            "pending LOG: debug -> info (base info)",
        ],
    );
    assert_eq!(report.json["occasion"], "review");
    // The same as a warning, where merging does not deploy.
    let later = CONFIG.replace("tier: production", "tier: production, deploys: later");
    project.branch("main").file("driftgate.yaml", &later);
    project.commit("chore: deploy by approval");
    project.branch("feature");
    project.check(REVIEW).is(
        "pass",
        &[
            "warning drifted DB_TIMEOUT: 10s -> 60s [update-manager kubectl-set]",
            "pending LOG: debug -> info (base info)",
        ],
    );
}

#[test]
fn old_drift_elsewhere_is_not_the_authors() {
    let (api, drifted) = (
        deployment("api", &[("DB_TIMEOUT", "10s")]),
        running(deployment("api", &[("DB_TIMEOUT", "60s")]), &["DB_TIMEOUT"]),
    );
    let worker = |log| deployment("worker", &[("LOG", log)]);
    let project = change(
        &[api.clone(), worker("info")],
        &[api.clone(), worker("debug")],
        &[drifted, running(worker("info"), &[])],
    );
    project.check(REVIEW).is(
        "pass",
        &[
            "info drifted DB_TIMEOUT: 10s -> 60s [update-manager kubectl-set]",
            "pending LOG: debug -> info (base info)",
        ],
    );
    let strict = project.check(&["--base", "main", "--fail-on", "info"]);
    assert_eq!(strict.verdict(), "fail");
    let deploy = project.check(&["--base", "main", "--for", "deploy"]);
    assert_eq!(deploy.about("DB_TIMEOUT")["severity"], "error");
}

#[test]
fn a_change_takes_up_what_is_live_or_meets_it() {
    let api = |timeout| deployment("api", &[("DB_TIMEOUT", timeout)]);
    let live = running(api("60s"), &["DB_TIMEOUT"]);
    change(&[api("10s")], &[api("60s")], std::slice::from_ref(&live))
        .check(REVIEW)
        .is("pass", &["adopted DB_TIMEOUT: 60s -> 60s (base 10s)"]);
    let report = change(&[api("10s")], &[api("30s")], std::slice::from_ref(&live)).check(REVIEW);
    report.is(
        "fail",
        &["error conflicting DB_TIMEOUT: 30s -> 60s (base 10s) [update-manager kubectl-set]"],
    );
    change(&[api("10s")], &[api("30s")], &[running(api("10s"), &[])])
        .check(REVIEW)
        .is("pass", &["pending DB_TIMEOUT: 30s -> 10s (base 10s)"]);
}

#[test]
fn a_new_name_that_live_already_uses_is_a_conflict() {
    let before = deployment("api", &[]);
    let after = deployment("api", &[("ENABLE_CHECKOUT", "false")]);
    let live = running(
        deployment("api", &[("ENABLE_CHECKOUT", "true")]),
        &["ENABLE_CHECKOUT"],
    );
    change(&[before], &[after], &[live]).check(REVIEW).is(
        "fail",
        &["error conflicting ENABLE_CHECKOUT: false -> true (base <absent>) [update-manager kubectl-set]"],
    );
}

#[test]
fn live_only_and_git_only_by_occasion() {
    let api = |extra: Env<'_>| deployment("api", extra);
    let live = [running(api(&[("DEBUG", "1")]), &["DEBUG"])];
    let before = [api(&[("LOG", "info")])];
    let after = [api(&[("LOG", "info"), ("NEW", "1")])];
    let lines = |args: &[&str]| change(&before, &after, &live).check(args).lines();
    assert_eq!(
        lines(REVIEW).lines().collect::<Vec<_>>(),
        [
            "warning unmanaged DEBUG: <absent> -> 1 [update-manager kubectl-set]",
            "warning missing LOG: info -> <absent>",
            "pending NEW: 1 -> <absent> (base <absent>)",
        ]
    );
    let of = |args: &[&str], key: &str| {
        change(&before, &after, &live).check(args).about(key)["severity"].clone()
    };
    assert_eq!(of(&["--base", "main", "--for", "deploy"], "LOG"), "info");
    assert_eq!(of(&["--head", "main"], "LOG"), "error");
    assert_eq!(of(&["--head", "main"], "DEBUG"), "error");
}

#[test]
fn a_change_that_no_rollout_brings_to_the_process() {
    let workload = from_config("api", "api-config");
    let config = |level| config_map("api-config", &[("LOG_LEVEL", level)]);
    let live = [running(workload.clone(), &[]), running(config("info"), &[])];
    let project = change(
        &[workload.clone(), config("info")],
        &[workload.clone(), config("debug")],
        &live,
    );
    let report = project.check(REVIEW);
    report.is(
        "pass",
        &[
            "info pending-restart Deployment/shop/api",
            "pending LOG_LEVEL: debug -> info (base info)",
        ],
    );
    let message = report.about("Deployment/shop/api")["message"]
        .as_str()
        .expect("a text")
        .to_owned();
    assert!(
        message.contains("will not see the new values from ConfigMap/shop/api-config"),
        "{message}"
    );
    // A change of the pod template rolls it out.
    let mut rolled = workload.clone();
    rolled["spec"]["template"]["metadata"]["annotations"] = json!({ "checksum/config": "2" });
    let project = change(
        &[workload, config("info")],
        &[rolled, config("debug")],
        &live,
    );
    let report = project.check(REVIEW);
    assert!(
        !report.lines().contains("pending-restart"),
        "{}",
        report.lines()
    );
}

#[test]
fn new_and_removed_objects() {
    let (api, worker) = (deployment("api", &[]), deployment("worker", &[]));
    let created = change(
        std::slice::from_ref(&api),
        &[api.clone(), worker.clone()],
        &[running(api.clone(), &[])],
    );
    let report = created.check(REVIEW);
    report.is(
        "pass",
        &["pending Deployment/shop/worker: present -> <absent> (base <absent>)"],
    );
    let message = report.about("Deployment/shop/worker")["message"]
        .as_str()
        .expect("a text");
    assert!(message.contains("will be created"), "{message}");
    let live = [running(api.clone(), &[]), running(worker.clone(), &[])];
    let removed = change(
        &[api.clone(), worker.clone()],
        std::slice::from_ref(&api),
        &live,
    );
    let report = removed.check(REVIEW);
    assert_eq!(report.verdict(), "pass");
    let message = report.about("Deployment/shop/worker")["message"]
        .as_str()
        .expect("a text");
    assert!(message.contains("is removed from git"), "{message}");
    // Gone from live: one finding, not one per field.
    let project = Project::with(&documents(&[api.clone(), worker]));
    project.live(&[running(api, &[])]);
    project.check(&[]).is(
        "fail",
        &["error missing Deployment/shop/worker: present -> <absent>"],
    );
}

const TWO: &str = "version: 1
services:
  api:
    layers:
      - { name: workload, desired: { manifests: deploy/api.yaml }, live: { kubernetes: { context: production, namespace: shop } } }
  worker:
    layers:
      - { name: workload, desired: { manifests: deploy/worker.yaml }, live: { kubernetes: { context: production, namespace: shop } } }
environments: { production: }
";

#[test]
fn a_documentation_change_never_asks_a_cluster() {
    let project = Project::with(&documents(&[deployment("api", &[("LOG", "info")])]));
    // Nothing listens there.
    let kubeconfig = project.beside("kubeconfig");
    write_kubeconfig(&kubeconfig, "http://127.0.0.1:9", "t");
    project.branch("feature").file("README.md", "# Docs\n");
    project.commit("docs: say more");
    let path = kubeconfig.display().to_string();
    let args = ["--base", "main", "--kubeconfig", &path, "--timeout", "5s"];
    let report = project.check_without_live(&args);
    report.is("pass", &[]);
    assert_eq!(report.status("live")["status"], "not-in-scope");
    // A change of what runs does ask, and is not green.
    project.file(
        "deploy/app.yaml",
        documents(&[deployment("api", &[("LOG", "debug")])]),
    );
    project.commit("feat: log more");
    let report = project.check_without_live(&args);
    assert_eq!(report.verdict(), "incomplete", "{}", report.lines());
    assert_eq!(report.status("live")["status"], "failed");
}

#[test]
fn only_targets_that_the_change_writes_are_in_scope() {
    let project = Project::empty();
    project.file("driftgate.yaml", TWO);
    project.file(
        "deploy/api.yaml",
        deployment("api", &[("LOG", "info")]).to_string(),
    );
    project.file(
        "deploy/worker.yaml",
        deployment("worker", &[("LOG", "info")]).to_string(),
    );
    project.commit("feat: two services");
    project.branch("feature");
    project.file(
        "deploy/worker.yaml",
        deployment("worker", &[("LOG", "debug")]).to_string(),
    );
    project.commit("feat: log more");
    project.live(&[
        running(deployment("api", &[("LOG", "trace")]), &["LOG"]),
        running(deployment("worker", &[("LOG", "info")]), &[]),
    ]);
    let report = project.check(REVIEW);
    report.is("pass", &["pending LOG: debug -> info (base info)"]);
    let scopes: Vec<(&str, &str)> = report.json["coverage"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|c| c["side"] == "live")
        .map(|c| {
            (
                c["service"].as_str().expect("a name"),
                c["status"].as_str().expect("a status"),
            )
        })
        .collect();
    assert_eq!(scopes, [("api", "not-in-scope"), ("worker", "read")]);
    assert_eq!(
        project.check(&[]).verdict(),
        "fail",
        "an audit sees the other"
    );
}

#[test]
fn the_merged_result_is_what_is_checked() {
    let objects = |timeout, log| {
        let config = |name, value| config_map(name, &[("VALUE", value)]);
        vec![config("timeout", timeout), config("log", log)]
    };
    let project = Project::empty();
    project.file("driftgate.yaml", CONFIG);
    let write = |timeout, log| {
        let [a, b] = &objects(timeout, log)[..] else {
            unreachable!("two")
        };
        project
            .file("deploy/a.yaml", a.to_string())
            .file("deploy/b.yaml", b.to_string());
    };
    write("10s", "info");
    project.commit("feat: begin");
    project.branch("feature");
    write("10s", "debug");
    project.commit("feat: log more");
    project.branch("main");
    write("20s", "info");
    project.commit("feat: wait longer");
    let live: Vec<Value> = objects("20s", "info")
        .into_iter()
        .map(|o| running(o, &[]))
        .collect();
    project.live(&live);
    let report = project.check(&["--base", "main", "--head", "feature"]);
    // Not "the branch takes the timeout back to 10s".
    report.is(
        "pass",
        &["pending data.VALUE of ConfigMap/shop/log: debug -> info (base info)"],
    );
    report.notes("made in memory");
}

#[test]
fn entries_of_the_pipeline_are_changes() {
    let project = Project::empty();
    project.file(
        "driftgate.yaml",
        CONFIG.replace(
            "        live:",
            "        deploy-time: [image, GIT_REF]\n        live:",
        ),
    );
    project.file(
        "deploy/app.yaml",
        deployment("api", &[("GIT_REF", "unset")]).to_string(),
    );
    project.commit("feat: begin");
    let mut live = running(deployment("api", &[("GIT_REF", "1a2b3c")]), &[]);
    container(&mut live)["image"] = "registry.example/api:7".into();
    project.live(&[live]);
    let report = project.check(&[]);
    assert_eq!(report.findings().len(), 0, "{}", report.lines());
    assert_eq!(report.verdict(), "pass");
}

#[test]
fn generated_names_are_one_object() {
    let (old, new) = ("api-config-8bt6tk5f2k", "api-config-6ct58987ht");
    let side = |name, level| {
        vec![
            from_config("api", name),
            config_map(name, &[("LOG_LEVEL", level)]),
        ]
    };
    let live: Vec<Value> = side(old, "info")
        .into_iter()
        .map(|o| running(o, &[]))
        .collect();
    let report = change(&side(old, "info"), &side(new, "debug"), &live).check(REVIEW);
    assert_eq!(report.verdict(), "pass", "{}", report.lines());
    assert_eq!(report.findings().len(), 0, "{}", report.lines());
    assert_eq!(report.about("LOG_LEVEL")["state"], "pending");
    // Edited in place.
    let edited: Vec<Value> = side(old, "trace")
        .into_iter()
        .map(|o| running(o, &[]))
        .collect();
    let project = Project::with(&documents(&side(old, "info")));
    project.live(&edited);
    let report = project.check(&[]);
    assert_eq!(report.findings().len(), 1, "{}", report.lines());
    assert_eq!(report.about("LOG_LEVEL")["rule"], "drifted");
}

#[test]
fn hooks_and_jobs_that_clean_up_are_never_missing() {
    let job = |name: &str, annotations: Value, ttl: Value| {
        json!({ "apiVersion": "batch/v1", "kind": "Job",
            "metadata": { "name": name, "namespace": "shop", "annotations": annotations },
            "spec": { "ttlSecondsAfterFinished": ttl, "template": { "spec": {
                "restartPolicy": "Never", "containers": [{ "name": "main", "image": "x" }] } } } })
    };
    let stays = job("stays", Value::Null, Value::Null);
    let project = Project::with(&documents(&[
        stays.clone(),
        job(
            "helm",
            json!({ "helm.sh/hook": "pre-install,pre-upgrade" }),
            Value::Null,
        ),
        job(
            "argo",
            json!({ "argocd.argoproj.io/hook": "PreSync" }),
            Value::Null,
        ),
        job("ttl", Value::Null, json!(60)),
    ]));
    project.live(&[running(stays.clone(), &[])]);
    project.check(&[]).is("pass", &[]);
    let other = job("other", Value::Null, Value::Null);
    project.live(&[running(other, &[])]);
    project.check(&[]).is(
        "fail",
        &["error missing Job/shop/stays: present -> <absent>"],
    );
}

#[test]
fn an_open_layer_and_chosen_workloads() {
    let (api, worker) = (
        deployment("api", &[("LOG", "info")]),
        deployment("worker", &[("LOG", "info")]),
    );
    let with = |addition: &str| {
        let project = Project::empty();
        project.file(
            "driftgate.yaml",
            CONFIG.replace(
                "        live:",
                &format!("        {addition}\n        live:"),
            ),
        );
        project.file("deploy/app.yaml", documents(&[api.clone(), worker.clone()]));
        project.commit("feat: begin");
        project.live(&[
            running(
                deployment("api", &[("LOG", "info"), ("DEBUG", "1")]),
                &["DEBUG"],
            ),
            running(deployment("worker", &[("LOG", "trace")]), &["LOG"]),
        ]);
        project.check(&[])
    };
    let drifted = "error drifted LOG: info -> trace [update-manager kubectl-set]";
    let extra = "error unmanaged DEBUG: <absent> -> 1 [update-manager kubectl-set]";
    with("closed: true").is("fail", &[extra, drifted]);
    with("closed: false").is("fail", &[drifted]);
    let report = with("workloads: [deployment/api]");
    // The other's variables are no settings of this layer; its fields still compare.
    assert_eq!(report.about("DEBUG")["kind"], "setting");
    let settings = report
        .findings()
        .iter()
        .filter(|f| f["kind"] == "setting")
        .count();
    assert_eq!(settings, 1, "{}", report.lines());
}

#[test]
fn what_was_merged_and_not_deployed_is_behind() {
    let project = Project::empty();
    let config = CONFIG.replace(
        "tier: production",
        "tier: production, deployed: { ref: deployed/production }, deploys-within: 1h",
    );
    project.file("driftgate.yaml", config);
    project.file(
        "deploy/app.yaml",
        deployment("api", &[("LOG", "info"), ("TTL", "1")]).to_string(),
    );
    project.commit("feat: begin");
    project.branch("deployed/production").branch("main");
    project.file(
        "deploy/app.yaml",
        deployment("api", &[("LOG", "debug"), ("TTL", "1")]).to_string(),
    );
    let merged = project.commit("feat: log more");
    project.live(&[running(
        deployment("api", &[("LOG", "info"), ("TTL", "2")]),
        &["TTL"],
    )]);
    let report = project.check(&[]);
    assert_eq!(report.about("LOG")["state"], "behind");
    assert_eq!(report.about("TTL")["rule"], "drifted");
    assert_eq!(report.json["deployed"][0]["how"], "ref");
    assert_eq!(report.json["deployed"][0]["commits"][0]["commit"], merged);
    assert!(
        report.lines().contains("warning deploy-overdue"),
        "{}",
        report.lines()
    );
    // A deploy is measured from what was deployed: base is that, and not HEAD's parent.
    let report = project.check(&["--for", "deploy"]);
    assert_eq!(
        report.about("LOG")["state"],
        "pending",
        "{}",
        report.lines()
    );
    assert_eq!(report.verdict(), "fail", "it would overwrite TTL");
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let project = change(
        &[
            deployment("api", &[("A", "1"), ("B", "2")]),
            config_map("c", &[("K", "1")]),
        ],
        &[
            deployment("api", &[("A", "2"), ("B", "2")]),
            config_map("c", &[("K", "2")]),
        ],
        &[
            running(
                deployment("api", &[("A", "3"), ("B", "3"), ("C", "4")]),
                &["B", "C"],
            ),
            running(config_map("c", &[("K", "1")]), &[]),
        ],
    );
    let live = project.beside("live.json").display().to_string();
    for format in ["json", "text"] {
        for args in [&["--base", "main"][..], &[]] {
            let mut all = vec!["check", "--format", format, "--now", NOW, "--live", &live];
            all.extend(args);
            let first = project.run(&all);
            for _ in 0..3 {
                let again = project.run(&all);
                assert_eq!(again.out, first.out);
                assert_eq!(again.err, first.err);
            }
        }
    }
}
