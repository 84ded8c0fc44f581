//! `driftgate explain`, from a repository and a live side to the answer.

use crate::{
    server::write_kubeconfig,
    support::{NOW, Project, Ran},
};
use serde_json::{Value, json};
use std::sync::OnceLock;

const CONFIG: &str = "version: 1
services:
  api:
    layers:
      - name: defaults
        desired: { file: config/defaults.yaml }
      - name: params
        desired: { file: 'params/${environment}.yaml' }
      - name: workload
        desired: { manifests: 'deploy/${environment}' }
        live: { kubernetes: { context: production, namespace: shop } }
      - name: console
        outside: overrides in the vendor's console
  cart:
    layers:
      - name: defaults
        desired: { file: config/cart.yaml }
environments:
  production: { tier: production }
  staging: { tier: staging }
gate: { snapshot-max-age: 36500d }
";

fn manifests(pool: &str) -> String {
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
            - {{ name: DATABASE_TIMEOUT, value: 30s }}
            - {{ name: DB_PASSWORD, value: hunter2 }}
          envFrom:
            - configMapRef: {{ name: api }}
---
apiVersion: v1
kind: ConfigMap
metadata: {{ name: api, namespace: shop }}
data:
  DATABASE_POOL_SIZE: \"{pool}\"
"
    )
}

/// What runs, with a pool of 15, and a timeout that somebody has set by hand.
fn objects() -> [Value; 2] {
    let fields = json!({ "f:spec": { "f:template": { "f:spec": { "f:containers": {
        "k:{\"name\":\"api\"}": { "f:env": {
            "k:{\"name\":\"DATABASE_TIMEOUT\"}": { "f:value": {} } } } } } } } });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": "api", "namespace": "shop", "uid": "u1",
            "managedFields": [{
                "manager": "kubectl-set", "operation": "Update", "apiVersion": "apps/v1",
                "time": "2026-08-03T02:14:07Z", "fieldsType": "FieldsV1", "fieldsV1": fields
            }]
        },
        "spec": {
            "selector": { "matchLabels": { "app": "api" } },
            "template": {
                "metadata": { "labels": { "app": "api" } },
                "spec": { "containers": [{
                    "name": "api", "image": "api:1",
                    "env": [
                        { "name": "DATABASE_TIMEOUT", "value": "60s" },
                        { "name": "DB_PASSWORD", "value": "correct-horse" }
                    ],
                    "envFrom": [{ "configMapRef": { "name": "api" } }]
                }] }
            }
        }
    });
    let config = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "api", "namespace": "shop", "uid": "u2" },
        "data": { "DATABASE_POOL_SIZE": "15" }
    });
    [deployment, config]
}

fn project() -> Project {
    let project = Project::empty();
    project
        .file("driftgate.yaml", CONFIG)
        .file(
            "config/defaults.yaml",
            "# of all environments\ndatabase:\n  pool_size: 20\n  timeout: 10s\nonly_here: 1\n",
        )
        .file("config/cart.yaml", "feature: true\n")
        .file("params/production.yaml", "database:\n  pool_size: 25\n")
        .file("params/staging.yaml", "database:\n  pool_size: 10\n")
        .file("deploy/production/app.yaml", manifests("15"))
        .file("deploy/staging/app.yaml", manifests("12"));
    project.commit("feat: add the api");
    project.live(&objects());
    project
}

fn run(project: &Project, args: &[&str]) -> Ran {
    let live = project.beside("live.json").display().to_string();
    let (production, staging) = (format!("production={live}"), format!("staging={live}"));
    let mut all = vec!["explain", "--now", NOW, "--live", &production];
    if !args.contains(&"production") {
        all.extend(["--live", &staging]);
    }
    all.extend(args);
    project.run(&all)
}

/// As JSON, which keeps to its schema.
fn explain(project: &Project, args: &[&str]) -> Value {
    let mut all = args.to_vec();
    all.extend(["--format", "json"]);
    let ran = run(project, &all);
    let json: Value = serde_json::from_str(&ran.out)
        .unwrap_or_else(|e| panic!("no explanation ({e}):\n{}\n{}", ran.out, ran.err));
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| {
        let text = include_str!("../../schemas/explanation-v1.schema.json");
        let schema = serde_json::from_str(text).expect("JSON");
        jsonschema::validator_for(&schema).expect("a schema")
    });
    let errors: Vec<String> = schema.iter_errors(&json).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{}", ran.out);
    assert_eq!(ran.code, if json["complete"] == true { 0 } else { 2 });
    json
}

/// `layer value standing file:line`, one per value.
fn stack(side: &Value) -> Vec<String> {
    let values = side["values"].as_array().expect("values");
    let line = |v: &Value| {
        format!(
            "{} {} {} {}:{}",
            v["standing"].as_str().unwrap_or("-"),
            v["value"].as_str().unwrap_or("-"),
            v["layer"].as_str().unwrap_or("-"),
            v["file"].as_str().unwrap_or("-"),
            v["line"]
        )
    };
    values.iter().map(line).collect()
}

#[test]
fn file_over_file_over_config_map() {
    let project = project();
    let json = explain(&project, &["database.pool_size"]);
    let key = &json["keys"][0];
    assert_eq!(
        key["answer"],
        "database.pool_size is 15 in production; 12 in staging; live differs in staging"
    );
    let production = &key["targets"][0];
    assert_eq!(
        stack(&production["git"]),
        [
            "wins 15 workload deploy/production/app.yaml:22",
            "hidden 25 params params/production.yaml:2",
            "hidden 20 defaults config/defaults.yaml:3",
        ]
    );
    let winner = &production["git"]["values"][0];
    assert_eq!(winner["object"], "ConfigMap/shop/api");
    assert_eq!(winner["author"], "Ada");
    assert_eq!(
        winner["seen_by"],
        json!(["Deployment/shop/api container api"])
    );
    assert_eq!(
        production["git"]["gaps"][0]["outside"],
        "overrides in the vendor's console"
    );
    assert_eq!(production["git"]["gaps"][0]["may_win"], true);
    assert_eq!(production["agreement"], "same");
    let staging = &key["targets"][1];
    assert_eq!(staging["agreement"], "differs");
    assert_eq!(staging["findings"][0]["rule"], "drifted");
    assert_eq!(key["not_in"], json!(["cart"]));
    // Any spelling of the name, and a repeated run, give the same.
    let again = explain(&project, &["DATABASE_POOL_SIZE"]);
    assert_eq!(again["keys"][0]["targets"], key["targets"]);
}

#[test]
fn since_when_and_by_whom() {
    let project = project();
    project.file(
        "params/production.yaml",
        "# why\ndatabase:\n  pool_size: 25\n",
    );
    project.commit("docs: say why");
    project.file(
        "config/defaults.yaml",
        "database:\n  pool_size: 30\n  timeout: 10s\n",
    );
    let last = project.commit("feat: raise the default");
    let json = explain(&project, &["database.pool_size", "-e", "production"]);
    let values = &json["keys"][0]["targets"][0]["git"]["values"];
    assert_eq!(values[2]["value"], "30");
    assert_eq!(values[2]["commit"], last.as_str());
    assert_eq!(values[1]["line"], 3);
    assert!(values[1]["commit"].is_string());
    assert_ne!(values[1]["commit"], last.as_str());
    let live = explain(&project, &["database.timeout", "-e", "production"]);
    let target = &live["keys"][0]["targets"][0];
    assert_eq!(target["agreement"], "differs");
    let winner = &target["live"]["values"][0];
    assert_eq!(winner["value"], "60s");
    assert_eq!(winner["writer"]["name"], "kubectl-set");
    assert_eq!(winner["not_later_than"], "2026-08-03T02:14:07Z");
    let text = run(&project, &["database.timeout", "-e", "production"]);
    assert_eq!(text.code, 0, "{}", text.err);
    for said in [
        "database.timeout is 30s in production: layer \"workload\" wins",
        "; live has 60s",
        "kubectl-set",
        "driftgate can't see: overrides in the vendor's console;",
    ] {
        let joined = text.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains(said), "{said}\n{}", text.out);
    }
}

#[test]
fn what_a_change_does_to_it() {
    let project = project();
    project.branch("change");
    project.file("deploy/production/app.yaml", manifests("40"));
    project.commit("feat: raise the pool");
    let args = ["DATABASE_POOL_SIZE", "-e", "production", "--base", "main"];
    let json = explain(&project, &args);
    let target = &json["keys"][0]["targets"][0];
    assert_eq!(target["git"]["values"][0]["value"], "40");
    assert_eq!(target["base"]["values"][0]["value"], "15");
    assert_eq!(json["base_name"], "main");
    project.file("deploy/production/app.yaml", manifests("50"));
    let args = ["DATABASE_POOL_SIZE", "-e", "production", "--worktree"];
    let json = explain(&project, &args);
    let winner = &json["keys"][0]["targets"][0]["git"]["values"][0];
    assert_eq!(winner["value"], "50");
    assert_eq!(winner.get("commit"), None, "nobody committed it");
}

#[test]
fn lines() {
    let project = project();
    let json = explain(&project, &["params/production.yaml:2"]);
    assert_eq!(
        json["asked"],
        json!({ "file": "params/production.yaml", "line": 2 })
    );
    let key = &json["keys"][0];
    assert_eq!(
        key["answer"],
        "params/production.yaml:2 sets database.pool_size to 25: it is hidden in production by 15 \
         (workload)"
    );
    assert_eq!(
        key["targets"].as_array().map(Vec::len),
        Some(1),
        "staging does not read it"
    );
    assert_eq!(key["targets"][0]["git"]["values"][1]["asked"], true);
    let json = explain(&project, &["config/defaults.yaml:5:1"]);
    assert_eq!(
        json["keys"][0]["answer"],
        "config/defaults.yaml:5 sets only_here to 1: it wins in production and staging"
    );
    // From another folder, as a shell completes it.
    let folder = project.root().join("config").display().to_string();
    let json = explain(&project, &["-C", &folder, "../params/staging.yaml:2"]);
    assert_eq!(json["asked"]["file"], "params/staging.yaml");
}

#[test]
fn wrong_questions() {
    let project = project();
    let refused = |args: &[&str], says: &[&str]| {
        run(&project, args).refused(says);
    };
    refused(
        &["database.pool_sise"],
        &["no layer that was read has a setting `database.pool_sise`; did you mean"],
    );
    refused(&["pool"], &["did you mean `database.pool_size`?"]);
    refused(&["nothing.like.it"], &["has a setting `nothing.like.it`"]);
    refused(&[""], &["has a setting ``"]);
    refused(
        &["params/production.yaml:1"],
        &["no setting is written at params/production.yaml:1; line 2 sets database.pool_size"],
    );
    refused(
        &["params/production.yaml:99"],
        &["params/production.yaml has 2 lines, there is no line 99"],
    );
    refused(
        &["params/production.yaml:99999999999"],
        &["there is no line 99999999999"],
    );
    refused(
        &["params/nowhere.yaml:1"],
        &["params/nowhere.yaml does not exist at "],
    );
    refused(
        &["driftgate.yaml:1"],
        &["no layer has a setting whose place is a line of driftgate.yaml"],
    );
    refused(&["params:1"], &["params"]);
    // What is no setting is named as what it is.
    let fields = "explain answers for settings, and `driftgate check`";
    refused(
        &["spec.selector"],
        &[
            "`spec.selector` is a field of Deployment/shop/api (deploy/production/app.yaml:5:3)",
            fields,
        ],
    );
    refused(
        &["Deployment/api"],
        &["`Deployment/api` is an object", fields],
    );
    refused(
        &["Deployment/shop/api spec.selector"],
        &[
            "`Deployment/shop/api spec.selector` is a field (deploy/production/app.yaml:5:3)",
            fields,
        ],
    );
    refused(
        &["deploy/production/app.yaml:5"],
        &[
            "no setting is written at deploy/production/app.yaml:5",
            "app.yaml:5 is the field spec.selector of Deployment/shop/api",
            fields,
        ],
    );
    refused(
        &["deploy/production/app.yaml:10"],
        &[
            "app.yaml:10 is the field spec.template.spec.containers[api].name of Deployment/shop/api",
        ],
    );
    refused(
        &["spec.nothing"],
        &["no layer that was read has a setting `spec.nothing`"],
    );
    refused(&["../outside.yaml:1"], &["outside.yaml"]);
    project
        .run(&["explain", "feature", "--environment", "producton"])
        .refused(&["there is no environment `producton`"]);
    project
        .run(&["explain", "feature", "--service", "crt"])
        .refused(&["there is no service `crt`"]);
    project.run(&["explain"]).refused(&["KEY|FILE:LINE"]);
    project
        .run(&["explain", "feature", "--format", "xml"])
        .refused(&["xml"]);
    project
        .run(&["explain", "feature", "--base", "nowhere"])
        .refused(&["nowhere"]);
}

#[test]
fn what_spring_imports_from_elsewhere_may_win() {
    let project = Project::empty();
    let config = "\
version: 1
services:
  api:
    layers:
      - { name: app, desired: { spring: { folder: res } } }
environments:
  production: {}
";
    let imports = |what: &str| format!("pool: 1\nspring.config.import: '{what}'\n");
    project.file("driftgate.yaml", config);
    project.file("res/application.yml", imports("vault://secret/app"));
    project.commit("feat: add the api");
    let json = || -> Value {
        let ran = project.run(&["explain", "pool", "--format", "json"]);
        serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err))
    };
    let found = json();
    assert_eq!(
        found["keys"][0]["answer"],
        "pool is 1 in production: layer \"app\" wins (res/application.yml:1); layer \"app\" imports \
         vault://secret/app, which driftgate does not read and which may win over it"
    );
    let gap = &found["keys"][0]["targets"][0]["git"]["gaps"][0];
    assert_eq!(gap["imports"][0], "vault://secret/app");
    assert_eq!(gap["may_win"], true);
    let ran = project.run(&["explain", "pool"]);
    assert!(
        ran.out
            .contains("vault://secret/app, which driftgate does not read; it may win over"),
        "{}",
        ran.out
    );
    // Spring refuses to start without it.
    project.file("res/application.yml", imports("file:./missing.yml"));
    project.commit("feat: import what is not there");
    let ran = project.run(&["check"]);
    assert_eq!(ran.code, 2, "{}\n{}", ran.out, ran.err);
    assert!(ran.out.contains("is not in the repository"), "{}", ran.out);
    assert_eq!(json()["complete"], false);
}

#[test]
fn what_cannot_be_reached_may_win() {
    let project = project();
    let kubeconfig = project.beside("kubeconfig");
    write_kubeconfig(&kubeconfig, "http://127.0.0.1:9", "t");
    let path = kubeconfig.display().to_string();
    let args = ["explain", "database.pool_size", "-e", "production"];
    let unreachable = ["--kubeconfig", &path, "--timeout", "2s"];
    let ran = project.run(&[&args[..], &unreachable].concat());
    assert_eq!(ran.code, 2, "{}\n{}", ran.out, ran.err);
    // Git's side is known and told all the same.
    assert!(
        ran.out.contains("database.pool_size is 15 in production"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("could not be read: "), "{}", ran.out);
    assert!(
        ran.out
            .contains("incomplete: something that might win was not read")
    );
    // A layer below the winner is no reason to doubt it.
    project.file("config/defaults.yaml", "database: [\n");
    project.commit("feat: break the defaults");
    let json = explain(&project, &["DATABASE_POOL_SIZE", "-e", "production"]);
    let git = &json["keys"][0]["targets"][0]["git"];
    assert_eq!(git["outcome"], "known");
    let unread = git["gaps"]
        .as_array()
        .expect("gaps")
        .iter()
        .find(|g| g["layer"] == "defaults");
    assert_eq!(unread.expect("defaults")["may_win"], false);
    assert_eq!(json["complete"], true);
    // What only a broken file might have is not known to be absent.
    let ran = run(&project, &["only_here"]);
    ran.refused(&[
        "has a setting `only_here`",
        "could not be read: layer defaults",
    ]);
}

#[test]
fn secrets_are_never_shown() {
    let project = project();
    for format in ["text", "json"] {
        let ran = run(
            &project,
            &["DB_PASSWORD", "-e", "production", "--format", format],
        );
        assert_eq!(ran.code, 0, "{}", ran.err);
        for secret in ["hunter2", "correct-horse"] {
            assert!(
                !ran.out.contains(secret) && !ran.err.contains(secret),
                "{}",
                ran.out
            );
        }
    }
    let json = explain(&project, &["DB_PASSWORD", "-e", "production"]);
    let target = &json["keys"][0]["targets"][0];
    assert_eq!(target["git"]["values"][0]["redacted"], true);
    assert_eq!(target["agreement"], "differs");
}

#[test]
fn to_a_file_and_without_a_configuration() {
    let project = project();
    let out = project.beside("explained.json").display().to_string();
    let ran = run(&project, &["feature", "--format", "json", "--output", &out]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    let written = std::fs::read_to_string(&out).expect("a file");
    assert!(written.contains("\"driftgate/explanation/v1\""));
    let live = project.beside("live.json").display().to_string();
    let zero = [
        "--manifests",
        "deploy/production",
        "--kubernetes",
        "prod/shop",
    ];
    let plain = Project::empty();
    plain.file("deploy/production/app.yaml", manifests("15"));
    plain.commit("feat: add the api");
    let args = [
        "explain",
        "DATABASE_POOL_SIZE",
        "--now",
        NOW,
        "--live",
        &live,
    ];
    let ran = plain.run(&[&args[..], &zero].concat());
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    assert!(
        ran.out.contains("DATABASE_POOL_SIZE is 15 in "),
        "{}",
        ran.out
    );
    let help = project.run(&["explain", "--help"]);
    assert!(
        help.out
            .contains("driftgate explain params/production.yaml:3")
    );
    let schema = project.run(&["schema", "print", "explanation"]);
    assert!(schema.out.contains("driftgate/explanation/v1"));
}

const DOUBTS: &str = r#"version: 1
services:
  api:
    layers:
      - { name: defaults, desired: { file: [broken.yml, defaults.yml] } }
      - { name: env, desired: { file: [env.yml, "${environment}.yml"] } }
      - { name: included, desired: { file: included.yml } }
  web:
    layers:
      - { name: defaults, desired: { file: defaults.yml } }
      - { name: workload, desired: { manifests: deploy } }
environments: { production: {}, staging: { tier: staging } }
"#;

const DOUBTFUL_WORKLOAD: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: { name: cm, namespace: shop }
data: { FROM_MAP: "1" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: example.com/web:1
          envFrom:
            - configMapRef: { name: cm }
            - secretRef: { name: sec }
            - prefix: EXTRA_
              configMapRef: { name: outside }
          env:
            - { name: LOG, value: debug }
            - name: DB_POOL
              valueFrom: { configMapKeyRef: { name: outside, key: pool } }
"#;

/// Of one service and environment: what wins in git, as JSON, and the exit code.
fn doubted(project: &Project, name: &str, service: &str) -> (Value, i32) {
    let args = [
        "explain",
        name,
        "-s",
        service,
        "-e",
        "production",
        "--format",
        "json",
    ];
    let ran = project.run(&args);
    let json: Value = serde_json::from_str(&ran.out)
        .unwrap_or_else(|e| panic!("no explanation ({e}):\n{}\n{}", ran.out, ran.err));
    (json["keys"][0]["targets"][0]["git"].clone(), ran.code)
}

#[test]
fn what_was_not_read_is_never_said_to_lose() {
    let project = Project::empty();
    project
        .file("driftgate.yaml", DOUBTS)
        .file("broken.yml", "db: [\n")
        .file(
            "defaults.yml",
            "db: { pool: 3, url: x }\nlog: info\nextra: { a: 1 }\ncache: 1\n",
        )
        .file("env.yml", "log: debug\n")
        .file("production.yml", "cache: 2\n")
        .file("staging.yml", "cache: [\n")
        .file("included.yml", "db: !include other.yml\n")
        .file("deploy/web.yaml", DOUBTFUL_WORKLOAD);
    project.commit("feat: add the services");
    // A broken file below what wins is no reason to doubt; one above it is.
    let (git, code) = doubted(&project, "log", "api");
    assert_eq!((&git["outcome"], code), (&Value::from("known"), 0), "{git}");
    let ran = project.run(&["explain", "log", "-s", "api", "-e", "staging"]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    for said in [
        "nobody knows what log is in staging: layer \"env\" could not be read completely",
        "so nobody knows whether it wins",
        "may win",
    ] {
        let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(said), "{said}: {}", ran.out);
    }
    // What an opaque value replaces may be in it.
    let (git, code) = doubted(&project, "db.pool", "api");
    assert_eq!((&git["outcome"], code), (&Value::from("known"), 0), "{git}");
    assert_eq!(git["values"][0]["layer"], "included");
    assert!(git["values"][0]["opaque"].is_string(), "{git}");
    assert_eq!(git["values"][1]["standing"], "hidden");
    // One reference that leads out of git is one unknown variable.
    let (git, code) = doubted(&project, "DB_POOL", "web");
    assert_eq!(
        (&git["outcome"], code),
        (&Value::from("unknown"), 2),
        "{git}"
    );
    assert!(git["values"][0]["unknown"].is_string(), "{git}");
    assert_eq!(git["values"][0]["file"], "deploy/web.yaml");
    let (git, code) = doubted(&project, "extra.a", "web");
    assert_eq!(
        (&git["outcome"], code),
        (&Value::from("unknown"), 2),
        "{git}"
    );
    // A Secret whose keys are not read is told of, and makes nothing unknown.
    for (name, holds) in [("cache", true), ("FROM_MAP", true), ("LOG", false)] {
        let (git, code) = doubted(&project, name, "web");
        assert_eq!((&git["outcome"], code), (&Value::from("known"), 0), "{git}");
        let gaps = git["gaps"].as_array().map_or(&[][..], Vec::as_slice);
        let secret = gaps.iter().find(|g| g["may_hold"] == "Secret/shop/sec");
        assert_eq!(secret.is_some(), holds, "{name}: {git}");
    }
    let ran = project.run(&["explain", "cache", "-s", "web", "-e", "production"]);
    let text = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "not read ? workload Secret/shop/sec may hold it: its keys are not read";
    assert!(text.contains(said), "{}", ran.out);
}

#[test]
fn git_alone_answers() {
    let project = project();
    let args = ["explain", "database.pool_size", "--side", "desired"];
    let ran = project.run(&args);
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    assert!(
        ran.out
            .starts_with("database.pool_size is 15 in production; 12 in staging\n"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("\n  environment  git  layer     where\n"),
        "{}",
        ran.out
    );
    for live in ["live", "not read", "kubeconfig", "drifted"] {
        assert!(!ran.out.contains(live), "{live}\n{}", ran.out);
    }
    // Snapshots that are named are not read either.
    let ran = run(&project, &args[1..]);
    assert_eq!(
        (ran.code, ran.out.contains("live")),
        (0, false),
        "{}",
        ran.out
    );
    project
        .run(&["explain", "database.pool_size", "--side", "live"])
        .refused(&["desired", "both"]);
}

#[test]
fn what_only_lives_is_not_read_for_git_alone() {
    let with = |layers: &str| {
        let mut project = Project::empty();
        project.file(
            "driftgate.yaml",
            format!("version: 1\nservices:\n  api:\n    layers:\n{layers}environments:\n  production: {{ tier: production }}\n"),
        );
        project.file("app.yml", "pool: 20\n");
        project.commit("feat: begin");
        project.env("POOL", "30");
        project
    };
    let file = "      - { name: file, desired: { file: app.yml } }\n";
    let variables = "      - { name: variables, live: { env: [POOL] } }\n";
    let said = |project: &Project, args: &[&str]| {
        let ran = project.run(&[&["explain", "pool"], args].concat());
        let words: Vec<&str> = ran.out.split_whitespace().collect();
        (ran.code, words.join(" "))
    };
    let below = with(&[variables, file].concat());
    let (code, text) = said(&below, &["--side", "desired"]);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("pool is 20 in production: layer \"file\" wins"),
        "{text}"
    );
    assert!(
        text.contains(
            "not read ? variables --side desired reads nothing live; what wins is higher"
        ),
        "{text}"
    );
    let above = with(&[file, variables].concat());
    let (code, text) = said(&above, &["--side", "desired"]);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("nobody knows what pool is in production: layer \"variables\" was not read, and it may win over 20 (file)"),
        "{text}"
    );
    assert!(
        text.contains("incomplete: something that might win was not read"),
        "{text}"
    );
    let (code, text) = said(&above, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("pool is 30 in production"), "{text}");
}

#[test]
fn notes_are_about_the_question() {
    let project = project();
    let policy = "parity:
  - environments: [staging, production]
    differences:
      - { key: database.pool_size, reason: staging is smaller }
      - { key: database.timeout, reason: nobody has it any more }
waivers:
  - { rule: drifted, key: DATABASE_POOL_SIZE, environment: staging, value: '15', reason: load test, owner: team, expires: 2026-12-01 }
baseline: known.json
";
    project.file("driftgate.yaml", format!("{CONFIG}{policy}"));
    let live = project.beside("live.json").display().to_string();
    let (production, staging) = (format!("production={live}"), format!("staging={live}"));
    let written = project.run(&[
        "baseline",
        "write",
        "--worktree",
        "--partial",
        "--now",
        NOW,
        "--live",
        &production,
        "--live",
        &staging,
    ]);
    assert_eq!(written.code, 0, "{}", written.err);
    project.commit("feat: say what is known");
    let json = explain(&project, &["only_here"]);
    let notes = json["notes"].as_array().expect("a list");
    for note in notes.iter().filter_map(Value::as_str) {
        for other in ["baseline", "difference"] {
            assert!(!note.contains(other), "{note}");
        }
    }
    assert!(
        !notes.is_empty(),
        "what is to be known of the snapshots stays"
    );
    // What accepts a finding is told with it, once.
    let json = explain(&project, &["database.pool_size"]);
    let staging = &json["keys"][0]["targets"][1];
    let drifted = &staging["findings"][0];
    assert_eq!(drifted["rule"], "drifted");
    assert_eq!(drifted["accepted"]["reason"], "load test");
    let policies = staging["policies"].as_array().expect("a list");
    let by: Vec<_> = policies.iter().map(|p| p["by"].as_str()).collect();
    assert_eq!(by, [Some("difference")]);
}

#[test]
fn arguments_that_name_no_place() {
    let project = project();
    let file = project.root().join("driftgate.yaml").display().to_string();
    project
        .run(&["explain", "feature", "-C", &file])
        .refused(&[&file, "is a file: --directory takes the folder"]);
    let ran = project.run(&["explain", "feature", "--live", "production=../gone.yaml"]);
    ran.refused(&["gone.yaml"]);
    assert!(!ran.err.contains("/../"), "{}", ran.err);
    for (render, says) in [
        (
            "abc=out",
            "`abc` is too short for a commit id: write at least seven of its digits",
        ),
        ("=out", "too short for a commit id"),
        ("main=out", "`main` is no commit id"),
        ("abc", "expected SHA=DIR"),
    ] {
        project
            .run(&["explain", "feature", "--rendered", render])
            .refused(&[says]);
    }
    let id = project.commit("chore: nothing");
    for render in ["worktree=out", &format!("{}=out", &id[..7])] {
        let ran = project.run(&[
            "explain",
            "feature",
            "--side",
            "desired",
            "--rendered",
            render,
        ]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    // Revisions have seven digits everywhere.
    project
        .run(&["explain", "gone.yaml:1", "--side", "desired"])
        .refused(&[&format!("gone.yaml does not exist at {}\n", &id[..7])]);
}
