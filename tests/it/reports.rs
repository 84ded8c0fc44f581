//! What reports say, in words: where a value stands, what a deploy does, what a change caused.

use crate::support::{NOW, Project};
use serde_json::{Value, json};

/// In one line, however it was wrapped.
fn told(project: &Project, args: &[&str]) -> String {
    let ran = project.run(args);
    assert_eq!(ran.err, "", "{ran:?}");
    ran.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(text: &str, part: &str) {
    assert!(text.contains(part), "`{part}` is not in:\n{text}");
}

fn compose() -> Project {
    let project = Project::empty();
    project.file(
        "driftgate.yaml",
        "version: 1
services:
  api:
    layers:
      - name: compose
        desired: { compose: { files: [compose.yaml], env-file: 'env/${environment}.env' } }
environments: { dev: {}, production: {} }
parity: [{ environments: [dev, production] }]
",
    );
    project.file(
        "compose.yaml",
        "services:\n  api:\n    image: api\n    environment:\n      LOG_LEVEL: ${LOG_LEVEL:-info}\n      MODE: a\n",
    );
    project.file("env/dev.env", "LOG_LEVEL=debug\n");
    project.file("env/production.env", "LOG_LEVEL=error\n");
    project.commit("feat: add the api");
    project
}

#[test]
fn a_value_is_shown_where_its_text_stands_too() {
    let project = compose();
    for args in [
        &["check", "--now", NOW][..],
        &["compare", "dev", "production"],
        &["explain", "LOG_LEVEL"],
    ] {
        let text = told(&project, args);
        says(&text, "compose.yaml:5:18, from env/dev.env:1:11");
        says(&text, "compose.yaml:5:18, from env/production.env:1:11");
        assert!(!text.contains("compose.yaml:6:13, from"), "{text}");
    }
    let report = project.check_without_live(&[]);
    let side = &report.about("LOG_LEVEL")["sides"][0];
    assert_eq!(side["file"], "compose.yaml");
    assert_eq!(
        side["made_from"],
        json!([{ "file": "env/dev.env", "line": 1, "column": 11 }])
    );
    assert_eq!(side["object"], Value::Null, "a file of git is no object");
}

fn deployment(pool: &str, region: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{ name: api, namespace: shop }}
spec:
  selector: {{ matchLabels: {{ app: api }} }}
  template:
    metadata: {{ labels: {{ app: api }} }}
    spec:
      containers:
        - name: api
          image: api:1
          env:
            - {{ name: POOL_SIZE, value: \"{pool}\" }}
            - {{ name: TIMEOUT, value: 60s }}
            - {{ name: RETRIES, value: \"5\" }}
            - {{ name: PORT, value: \"81\" }}
            - {{ name: REGION, value: {region} }}
"
    )
}

/// Two environments with settings in two layers, and an old gap between them.
fn layered() -> Project {
    let project = Project::empty();
    project.file(
        "driftgate.yaml",
        "version: 1
services:
  api:
    layers:
      - name: defaults
        desired: { file: config/default.yml }
      - name: workload
        desired: { manifests: 'deploy/${environment}' }
environments: { production: {}, staging: { tier: staging } }
parity: [{ environments: [staging, production] }]
",
    );
    let defaults = "pool_size: 20\ntimeout: 10s\nretries: 3\nport: 80\n";
    project.file("config/default.yml", defaults);
    project.file("deploy/production/api.yaml", deployment("10", "eu"));
    project.file("deploy/staging/api.yaml", deployment("10", "us"));
    project.commit("feat: add the api");
    project
}

#[test]
fn a_review_names_what_was_written_and_folds_what_it_did_not_cause() {
    let project = layered();
    let defaults = "pool_size: 25\ntimeout: 10s\nretries: 3\nport: 80\n";
    project.file("config/default.yml", defaults);
    project.commit("feat: a larger pool");
    let review = ["check", "--base", "HEAD~1", "--now", NOW];
    let text = told(&project, &review);
    says(
        &text,
        "the change sets pool_size to 25 in layer defaults (config/default.yml:1), and layer \
         workload hides it as POOL_SIZE: the application sees 10; the same in staging",
    );
    says(
        &text,
        "resolve edit deploy/production/api.yaml:13, or remove the value there",
    );
    says(
        &text,
        "4 older infos that this change did not cause: 3 duplicate-definition, 1 parity-gap \
         (--verbose lists them)",
    );
    assert!(!text.contains("REGION"), "{text}");
    let all = told(&project, &[&review[..], &["--verbose"]].concat());
    says(&all, "parity-gap]: REGION");
    assert!(!all.contains("older info"), "{all}");
    let report = project.check_without_live(&["--base", "HEAD~1"]);
    let found = report.findings().iter();
    let of_pool: Vec<&Value> = found.filter(|f| f["key"] == "POOL_SIZE").collect();
    assert_eq!(of_pool.len(), 1, "said once: {}", report.lines());
    assert_eq!(of_pool[0]["rule"], "shadowed-edit");
    assert_eq!(of_pool[0]["also_in_environments"], json!(["staging"]));
}

#[test]
fn an_audit_counts_settings_that_are_in_many_layers() {
    let project = layered();
    let text = told(&project, &["check", "--now", NOW]);
    says(
        &text,
        "info[duplicate-definition]: api has 4 settings in several layers with different values: \
         POOL_SIZE, PORT, RETRIES and 1 more (--verbose lists them)",
    );
    assert!(!text.contains("TIMEOUT"), "{text}");
    let all = told(&project, &["check", "--now", NOW, "--verbose"]);
    says(&all, "TIMEOUT is written in 2 layers with different values");
}

#[test]
fn services_made_alike_are_told_in_one_line() {
    let project = Project::empty();
    let mut text = String::from("version: 1\nservices:\n");
    for n in 0..12 {
        text.push_str(&format!(
            "  app-{n:02}:\n    layers:\n      - {{ name: defaults, desired: {{ file: defaults.yml }} }}\n      - {{ name: compose, desired: {{ compose: {{ files: compose.yml, service: app }} }} }}\n"
        ));
    }
    text.push_str("environments: { production: {} }\n");
    project
        .file("driftgate.yaml", text)
        .file("defaults.yml", "log: { level: info }\n")
        .file(
            "compose.yml",
            "services: { app: { image: app, environment: { LOG_LEVEL: debug } } }\n",
        );
    project.commit("feat: add twelve services");
    let text = told(&project, &["check", "--now", NOW]);
    says(
        &text,
        "info[duplicate-definition]: app-00, app-01, app-02 and 9 more have 1 setting in several \
         layers with different values: LOG_LEVEL (--verbose lists them)",
    );
    assert!(!text.contains("is written in 2 layers"), "{text}");
}

#[test]
fn a_rule_that_is_told_once_touches_every_environment() {
    let project = layered();
    let ran = project.run(&["explain", "TIMEOUT", "--format", "json"]);
    let json: Value = serde_json::from_str(&ran.out).expect("JSON");
    for target in json["keys"][0]["targets"].as_array().expect("targets") {
        assert_eq!(
            target["findings"][0]["rule"], "duplicate-definition",
            "{target}"
        );
    }
}

const CONFIG_MAP: &str = "apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: shop }
data: { LOG_LEVEL: info }
";

#[test]
fn what_only_live_has_is_kept_and_can_be_dropped() {
    let project = Project::with(CONFIG_MAP);
    let live = project.live(&[json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "data": { "LOG_LEVEL": "info", "FAST": "on" },
        "metadata": { "name": "settings", "namespace": "shop", "uid": "u" } })]);
    let live = live.display().to_string();
    let text = told(&project, &["check", "--live", &live, "--now", NOW]);
    says(&text, "is \"on\" live, not in git");
    says(&text, "The next deploy keeps it.");
    says(
        &text,
        "to drop it: kubectl --context production --namespace shop patch configmap settings \
         --type=json --patch '[{\"op\":\"remove\",\"path\":\"/data/FAST\"}]'",
    );
    says(
        &text,
        "what was deployed is not known; HEAD is assumed (say how under `deployed:`)",
    );
}

#[test]
fn a_variable_of_the_process_has_a_place() {
    let mut project = Project::empty();
    project.env("DB_TIMEOUT", "99");
    project.file(
        "driftgate.yaml",
        "version: 1
services:
  api:
    layers:
      - name: environment
        live: { env: [DB_TIMEOUT] }
      - name: defaults
        desired: { file: default.env }
environments: { dev: {} }
",
    );
    project.file("default.env", "DB_TIMEOUT=10s\n");
    project.commit("feat: add the api");
    let text = told(&project, &["check", "--now", NOW]);
    says(&text, "hidden, live, process environment, DB_TIMEOUT");
    let text = told(&project, &["explain", "DB_TIMEOUT"]);
    says(&text, "process environment, DB_TIMEOUT");
}
