//! `driftgate compare`: environments, revisions, snapshots and files side by side.

use crate::support::{NOW, Project, Ran};
use serde_json::{Value, json};
use std::sync::OnceLock;

const CONFIG: &str = "version: 1
services:
  api:
    layers:
      - name: file
        desired: { file: \"config/${environment}.env\" }
environments:
  staging: { tier: staging }
  production: { tier: production, names: [prod] }
parity:
  - environments: [staging, production]
    differences:
      - { key: DB_HOST, reason: each has its own database, expected: \"db-${environment}.internal\" }
";

fn project() -> Project {
    let project = Project::empty();
    project.file("driftgate.yaml", CONFIG);
    project.file(
        "config/staging.env",
        "DB_HOST=db-staging.internal\nTIMEOUT=10\nURL=https://staging.example.com\nLEVEL=info\nDEBUG=1\nAPI_TOKEN=aaaa-one\n",
    );
    project.file(
        "config/production.env",
        "DB_HOST=db-production.internal\nTIMEOUT=20\nURL=https://production.example.com\nLEVEL=info\nAPI_TOKEN=bbbb-two\n",
    );
    project.commit("feat: configure the api");
    project
}

/// A comparison that keeps to its schema.
#[track_caller]
pub(crate) fn compare(project: &Project, args: &[&str]) -> (i32, Value) {
    let mut all = vec!["compare", "--format", "json", "--now", NOW];
    all.extend(args);
    let ran = project.run(&all);
    (ran.code, parsed(&ran))
}

#[track_caller]
fn parsed(ran: &Ran) -> Value {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let json: Value = serde_json::from_str(&ran.out)
        .unwrap_or_else(|e| panic!("no comparison ({e}):\n{}\n{}", ran.out, ran.err));
    let schema = SCHEMA.get_or_init(|| {
        let text = include_str!("../../schemas/environments-v1.schema.json");
        let schema = serde_json::from_str(text).expect("JSON");
        jsonschema::validator_for(&schema).expect("a schema")
    });
    let errors: Vec<String> = schema
        .iter_errors(&json)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{}", ran.out);
    json
}

/// `different TIMEOUT: 10 | 20`.
pub(crate) fn lines(json: &Value) -> Vec<String> {
    let shown = |v: &Value| {
        for name in ["value", "opaque", "unknown"] {
            if let Some(text) = v[name].as_str() {
                return text.to_owned();
            }
        }
        if v["redacted"] == true {
            "<secret>"
        } else {
            "-"
        }
        .to_owned()
    };
    json["rows"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|r| {
            let holder = r["holder"]
                .as_str()
                .map_or(String::new(), |h| format!("{h} "));
            let values: Vec<String> = r["values"]
                .as_array()
                .expect("a list")
                .iter()
                .map(shown)
                .collect();
            let text = |name: &str| r[name].as_str().unwrap_or_default().to_owned();
            format!(
                "{} {holder}{}: {}",
                text("class"),
                text("key"),
                values.join(" | ")
            )
        })
        .collect()
}

#[test]
fn two_environments() {
    let project = project();
    let (code, json) = compare(&project, &["staging", "production"]);
    assert_eq!(
        lines(&json),
        ["only-in DEBUG: 1 | -", "different TIMEOUT: 10 | 20"]
    );
    assert_eq!(code, 1);
    assert_eq!(json["verdict"], "differ");
    assert_eq!(json["summary"]["documented"], 1);
    assert_eq!(json["summary"]["equal_by_names"], 1);
    assert_eq!(json["summary"]["opaque"], 1);
    let timeout = &json["rows"][1]["values"][1];
    assert_eq!(timeout["file"], "config/production.env");
    assert_eq!(timeout["line"], 2);
    assert_eq!(timeout["author"], "Ada");
    let (_, json) = compare(&project, &["staging", "production", "--all"]);
    let all = lines(&json);
    assert!(
        all.contains(&"documented DB_HOST: db-staging.internal | db-production.internal".into()),
        "{all:?}"
    );
    assert!(all.contains(&"equal LEVEL: info | info".into()), "{all:?}");
}

#[test]
fn no_secret_is_printed() {
    let project = project();
    for format in ["text", "json"] {
        let ran = project.run(&[
            "compare",
            "staging",
            "production",
            "--all",
            "--format",
            format,
        ]);
        assert!(
            !ran.out.contains("aaaa-one") && !ran.out.contains("bbbb-two"),
            "{}",
            ran.out
        );
    }
}

#[test]
fn agreement_is_the_exit_code() {
    let project = project();
    project.file(
        "config/production.env",
        "DB_HOST=db-production.internal\nTIMEOUT=10\nURL=https://prod.example.com\nLEVEL=info\nDEBUG=1\nAPI_TOKEN=x\n",
    );
    project.commit("fix: agree");
    let (code, json) = compare(&project, &["staging", "production"]);
    assert_eq!((code, lines(&json).len()), (0, 0), "{json:#}");
    // A documented value that is not the declared one is a difference again.
    project.file(
        "config/production.env",
        "DB_HOST=db-staging.internal\nTIMEOUT=10\nURL=https://prod.example.com\nLEVEL=info\nDEBUG=1\nAPI_TOKEN=x\n",
    );
    project.commit("fix: point at another database");
    let (code, json) = compare(&project, &["staging", "production"]);
    assert_eq!(code, 1);
    assert_eq!(lines(&json).len(), 1);
    let note = json["rows"][0]["values"][1]["note"].as_str();
    assert_eq!(note, Some("expected db-production.internal"));
}

#[test]
fn an_environment_at_another_revision() {
    let project = project();
    let before = project.commit("chore: nothing");
    project.file("config/production.env", "TIMEOUT=30\n");
    project.commit("fix: wait longer");
    let (code, json) = compare(&project, &[&format!("production@{before}"), "production"]);
    assert_eq!(code, 1);
    let all = lines(&json);
    assert!(
        all.contains(&"different TIMEOUT: 20 | 30".into()),
        "{all:?}"
    );
    assert!(all.contains(&"only-in LEVEL: info | -".into()), "{all:?}");
}

const CLUSTER: &str = "version: 1
services:
  api:
    layers:
      - name: workload
        desired: { manifests: \"deploy/${environment}\" }
        live: { kubernetes: { context: \"${environment}\", namespace: shop } }
environments:
  staging: { tier: staging }
  production: { tier: production }
";

fn deployment(replicas: u32, timeout: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "api", "namespace": "shop" },
        "spec": { "replicas": replicas,
            "selector": { "matchLabels": { "app": "api" } },
            "template": { "metadata": { "labels": { "app": "api" } },
                "spec": { "containers": [ { "name": "api", "image": "api:1",
                    "env": [ { "name": "DB_TIMEOUT", "value": timeout } ],
                    "resources": { "limits": { "memory": "1Gi" } } } ] } } }
    })
}

fn cluster() -> Project {
    let project = Project::empty();
    project.file("driftgate.yaml", CLUSTER);
    project.file("deploy/staging/app.yaml", deployment(2, "10s").to_string());
    project.file(
        "deploy/production/app.yaml",
        deployment(2, "10s").to_string(),
    );
    project.commit("feat: deploy the api");
    project
}

#[test]
fn what_changed_since_it_last_worked() {
    let project = cluster();
    let before = project.live_as("before.json", &[deployment(2, "10s")]);
    let now = project.live_as("now.json", &[deployment(5, "60s")]);
    let (code, json) = compare(
        &project,
        &[
            &format!("production@{}", before.display()),
            "production",
            "--live",
            &format!("production={}", now.display()),
            "--side",
            "live",
        ],
    );
    assert_eq!(
        lines(&json),
        [
            "different DB_TIMEOUT: 10s | 60s",
            "different Deployment/api spec.replicas: 2 | 5"
        ]
    );
    assert_eq!(code, 1);
}

#[test]
fn live_and_git_are_told_apart() {
    let project = cluster();
    let staging = project.live_as("staging.json", &[deployment(2, "10s")]);
    let production = project.live_as("production.json", &[deployment(2, "60s")]);
    let (code, json) = compare(
        &project,
        &[
            "staging",
            "production",
            "--live",
            &format!("staging={}", staging.display()),
            "--live",
            &format!("production={}", production.display()),
        ],
    );
    assert_eq!(lines(&json), ["different DB_TIMEOUT: 10s | 60s"]);
    assert_eq!(json["rows"][0]["sides"], json!(["live"]));
    assert_eq!(code, 1);
}

#[test]
fn an_unreachable_cluster_still_shows_git_and_is_incomplete() {
    let project = cluster();
    project.file(
        "deploy/production/app.yaml",
        deployment(3, "10s").to_string(),
    );
    project.commit("feat: more replicas");
    let kubeconfig = project.beside("kubeconfig");
    let contexts: String = ["staging", "production"]
        .iter()
        .map(|c| format!("- {{ name: {c}, context: {{ cluster: c, user: u }} }}\n"))
        .collect();
    std::fs::write(
        &kubeconfig,
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- {{ name: c, cluster: {{ server: 'https://127.0.0.1:1' }} }}\nusers:\n- {{ name: u, user: {{ token: t }} }}\ncontexts:\n{contexts}"
        ),
    )
    .expect("a writable file");
    let kubeconfig = kubeconfig.display().to_string();
    let args = ["--kubeconfig", &kubeconfig, "--timeout", "2s"];
    let (code, json) = compare(&project, &[&["staging", "production"], &args[..]].concat());
    assert_eq!(code, 2, "{json:#}");
    assert_eq!(json["verdict"], "incomplete");
    assert!(
        lines(&json).contains(&"different Deployment/api spec.replicas: 2 | 3".into()),
        "{json:#}"
    );
    // Git alone asks no cluster.
    let all = [&["staging", "production", "--side", "desired"], &args[..]].concat();
    let (code, json) = compare(&project, &all);
    assert_eq!(
        lines(&json),
        ["different Deployment/api spec.replicas: 2 | 3"]
    );
    assert_eq!(code, 1, "{json:#}");
}

#[test]
fn the_same_in_many_services_stands_once() {
    let project = Project::empty();
    let services: String = ["api", "cart", "web"]
        .iter()
        .map(|s| format!("  {s}:\n    layers: [ {{ name: file, desired: {{ file: \"{s}/${{environment}}.env\" }} }} ]\n"))
        .collect();
    project.file(
        "driftgate.yaml",
        format!("version: 1\nservices:\n{services}environments:\n  staging: {{ tier: staging }}\n  production: {{ tier: production }}\n"),
    );
    for service in ["api", "cart", "web"] {
        project.file(&format!("{service}/staging.env"), "POOL=10\n");
        project.file(&format!("{service}/production.env"), "POOL=20\n");
    }
    project.commit("feat: three services");
    let (_, json) = compare(&project, &["staging", "production"]);
    assert_eq!(lines(&json), ["different POOL: 10 | 20"]);
    assert_eq!(json["rows"][0]["services"], json!(["api", "cart", "web"]));
    let (_, json) = compare(&project, &["staging", "production", "--service", "web"]);
    assert_eq!(json["rows"][0]["services"], json!(["web"]));
}

#[test]
fn two_files_without_a_configuration() {
    let project = Project::empty();
    project.file(
        "a/values.yaml",
        "db:\n  host: a\n  pool: 10\nservers:\n- { name: x, port: 1 }\n",
    );
    project.file(
        "b/values.yaml",
        "db:\n  host: b\n  pool: 10\nservers:\n- { name: x, port: 2 }\n",
    );
    let (code, json) = compare(&project, &["a/values.yaml", "b/values.yaml"]);
    assert_eq!(
        lines(&json),
        [
            "different db.host: a | b",
            "different servers[x].port: 1 | 2"
        ]
    );
    assert_eq!(json["rows"][0]["values"][0]["file"], "a/values.yaml");
    assert_eq!(json["rows"][0]["values"][0]["line"], 2);
    assert_eq!(code, 1);
    project.file("x.env", "A=1\n");
    project.file("y.properties", "a=1\n");
    let (code, json) = compare(&project, &["x.env", "y.properties"]);
    assert_eq!((code, lines(&json)), (0, vec![]), "{json:#}");
}

#[test]
fn two_folders_of_manifests_and_of_settings() {
    let project = cluster();
    std::fs::remove_file(project.root().join("driftgate.yaml")).expect("it is there");
    project.file(
        "deploy/production/app.yaml",
        deployment(3, "60s")
            .to_string()
            .replace("1Gi", "1024Mi")
            .replace("api:1", "api:2"),
    );
    project.file(
        "deploy/production/more.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: { name: api }\nspec: { ports: [ { port: 80 } ] }\n",
    );
    let (code, json) = compare(&project, &["deploy/staging", "deploy/production"]);
    assert_eq!(
        lines(&json),
        [
            "only-in Service/api : - | present",
            "different DB_TIMEOUT: 10s | 60s",
            "different Deployment/api spec.replicas: 2 | 3",
            "different Deployment/api spec.template.spec.containers[api].image: api:1 | api:2",
        ]
    );
    assert_eq!(code, 1);
    project.file("one/app.toml", "[db]\npool = 1\n");
    project.file("one/only.json", "{\"a\": 1}");
    project.file("two/app.toml", "[db]\npool = 2\n");
    let (code, json) = compare(&project, &["one", "two"]);
    assert_eq!(lines(&json), ["different db.pool: 1 | 2"]);
    assert_eq!(json["services"], json!(["app.toml"]));
    assert_eq!(json["services_not_everywhere"][0]["service"], "only.json");
    assert_eq!((code, &json["summary"]["differences"]), (1, &json!(2)));
}

#[test]
fn a_check_reports_gaps_and_values_on_their_way() {
    let project = Project::empty();
    project.file(
        "driftgate.yaml",
        format!("{CONFIG}promotion: [[staging], [production]]\n"),
    );
    project.file("config/staging.env", "TIMEOUT=10\nOLD=1\n");
    project.file("config/production.env", "TIMEOUT=10\nOLD=2\n");
    project.commit("feat: configure the api");
    project.branch("change");
    project.file("config/staging.env", "TIMEOUT=20\nOLD=1\n");
    project.file("config/production.env", "TIMEOUT=10\nOLD=2\nNEW=1\n");
    project.commit("feat: wait longer in staging");
    let report = project.check_without_live(&["--base", "main"]);
    let found: Vec<String> = report
        .findings()
        .iter()
        .filter(|f| f["rule"] == "parity-gap")
        .map(|f| format!("{} {}", f["severity"], f["message"]))
        .collect();
    assert_eq!(
        found,
        [
            "\"warning\" \"NEW is absent in staging, 1 in production\"",
            "\"info\" \"OLD is 1 in staging, 2 in production\"",
        ]
    );
    let leads = report
        .changes()
        .iter()
        .filter_map(|c| c["message"].as_str())
        .find(|m| m.contains("leads"));
    assert_eq!(
        leads,
        Some("TIMEOUT is 20 in staging, 10 in production: staging leads")
    );
    // In an audit there is no change that could be on its way.
    let report = project.check_without_live(&[]);
    let gaps = report
        .findings()
        .iter()
        .filter(|f| f["rule"] == "parity-gap");
    assert!(gaps.clone().all(|f| f["severity"] == "warning"));
    assert_eq!(gaps.count(), 3);
}

#[test]
fn wrong_inputs() {
    let project = project();
    project.run(&["compare", "staging", "prodction"]).refused(&[
        "there is no environment `prodction`, did you mean `production`?",
        "production, staging",
    ]);
    project
        .run(&["compare", "staging", "production@no-such-revision"])
        .refused(&["no-such-revision"]);
    project
        .run(&["compare", "staging", "staging"])
        .refused(&["given twice"]);
    project
        .run(&["compare", "staging", "production", "-e", "staging"])
        .refused(&["unexpected argument '-e'"]);
    project
        .run(&["compare", "staging@HEAD", "production", "--side", "live"])
        .refused(&["a revision has no live side"]);
    project.run(&["compare", "staging"]).refused(&["2 values"]);
    let cluster = cluster();
    let live = cluster.live(&[deployment(2, "10s")]).display().to_string();
    cluster
        .run(&["compare", "staging", "production", "--live", &live])
        .refused(&["names no environment", "--live ENVIRONMENT=PATH"]);
    let staging = format!("staging={live}");
    cluster
        .run(&["compare", "staging", "production", "--live", &staging])
        .refused(&["no snapshot of production"]);
    let bare = Project::empty();
    bare.file("a.env", "A=1\n");
    bare.run(&["compare", "a.env", "b.env"])
        .refused(&["`b.env` does not exist"]);
    bare.run(&["compare", "c.env", "b.env"])
        .refused(&["`c.env` is no file or folder"]);
    bare.file("broken.yaml", "a: [1\n");
    bare.file("fine.yaml", "a: 1\n");
    let ran = bare.run(&["compare", "fine.yaml", "broken.yaml"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn a_file_of_one_folder_only_is_a_difference() {
    let project = Project::empty();
    project.file("one/x.yml", "a: 1\n");
    project.file("one/y.yml", "b: 1\n");
    project.file("one/empty.env", "");
    project.file("two/x.yml", "a: 1\n");
    project.file("two/empty.env", "");
    let (code, json) = compare(&project, &["one", "two"]);
    assert_eq!((code, &json["verdict"]), (1, &json!("differ")), "{json:#}");
    assert_eq!(json["summary"]["differences"], 1);
    let text = project.run(&["compare", "one", "two"]).out;
    assert!(text.contains("only in one\n  file y.yml"), "{text}");
    assert!(text.contains("(1 setting compared)"), "{text}");
    // Without any file in common it is said why nothing else was compared.
    project.file("three/z.yml", "a: 1\n");
    let ran = project.run(&["compare", "two", "three"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in [
        "differ: 3 differences",
        "only in three\n  file z.yml",
        "no file that is read lies at the same path in two of the folders",
    ] {
        assert!(ran.out.contains(part), "lacks `{part}`:\n{}", ran.out);
    }
    // Also one whose name tells no format.
    project.file("four/x.yml", "a: 1\n");
    project.file("four/empty.env", "");
    project.file("four/LICENSE", "MIT");
    let (code, json) = compare(&project, &["two", "four"]);
    assert_eq!(code, 1);
    assert_eq!(json["services_not_everywhere"][0]["service"], "LICENSE");
}

#[test]
fn a_service_of_some_places_is_a_difference_unless_the_configuration_limits_it() {
    let two = |limit: &str| {
        format!(
            "version: 1\nservices:\n  api:\n    layers: [ {{ name: file, desired: {{ file: \"${{environment}}.env\" }} }} ]\n  reports:\n    {limit}\n    layers: [ {{ name: file, desired: {{ file: \"${{environment}}.env\" }} }} ]\nenvironments:\n  staging: {{ tier: staging }}\n  production: {{ tier: production }}\n"
        )
    };
    let project = Project::empty();
    project.file("staging.env", "A=1\n");
    project.file("production.env", "A=1\n");
    let limited = two("environments: [production]");
    let (only_api, _) = limited.split_once("  reports:").expect("it is there");
    project.file(
        "driftgate.yaml",
        format!("{only_api}environments:\n  staging: {{ tier: staging }}\n  production: {{ tier: production }}\n"),
    );
    let before = project.commit("feat: one service");
    project.file("driftgate.yaml", limited);
    project.commit("feat: reports in production");
    let (code, json) = compare(&project, &["staging", "production"]);
    assert_eq!(code, 0, "{json:#}");
    assert_eq!(json["services_not_everywhere"], Value::Null);
    let notes = json["notes"].to_string();
    assert!(
        notes.contains("of these, the configuration has reports only in production"),
        "{notes}"
    );
    // Which it did not have before is a difference.
    let (code, json) = compare(&project, &[&format!("production@{before}"), "production"]);
    assert_eq!(code, 1, "{json:#}");
    assert_eq!(json["services_not_everywhere"][0]["service"], "reports");
    assert_eq!(json["summary"]["differences"], 1);
    let text = project
        .run(&["compare", &format!("production@{before}"), "production"])
        .out;
    assert!(
        text.contains("only in production\n  service reports"),
        "{text}"
    );
}

#[test]
fn what_does_not_exist_is_named() {
    let project = project();
    project.file("config/default.yml", "a: 1\n");
    project
        .run(&["compare", "config/default.yml", "nope.yml"])
        .refused(&["`nope.yml` does not exist"]);
    project
        .run(&["compare", "config/default.yml", "production"])
        .refused(&["`config/default.yml` is a file or folder, and `production` an environment"]);
    for at in ["../live/x.snapshot", "./x.snapshot", "a..b"] {
        project
            .run(&["compare", &format!("production@{at}"), "production"])
            .refused(&[&format!("`{at}` is neither a file nor a revision")]);
    }
}

#[test]
fn settings_are_counted_once_however_many_sides_they_have() {
    let project = Project::empty();
    project.file(
        "driftgate.yaml",
        format!("{CLUSTER}parity:\n  - environments: [staging, production]\n    differences: [ {{ key: DB_TIMEOUT, reason: slower }} ]\n"),
    );
    project.file("deploy/staging/app.yaml", deployment(2, "10s").to_string());
    project.file(
        "deploy/production/app.yaml",
        deployment(2, "60s").to_string(),
    );
    project.commit("feat: deploy the api");
    let staging = project.live_as("staging.json", &[deployment(2, "11s")]);
    let production = project.live_as("production.json", &[deployment(2, "61s")]);
    let (staging, production) = (
        format!("staging={}", staging.display()),
        format!("production={}", production.display()),
    );
    let both = [
        "staging",
        "production",
        "--live",
        &staging,
        "--live",
        &production,
    ];
    let (_, git) = compare(&project, &["staging", "production", "--side", "desired"]);
    let (code, all) = compare(&project, &both);
    assert_eq!(code, 0, "{all:#}");
    for count in ["compared", "documented", "opaque", "equal_by_names"] {
        assert_eq!(
            all["summary"][count], git["summary"][count],
            "{count}: {all:#}"
        );
    }
    assert_eq!(all["summary"]["documented"], 1);
    // The header says which live it was.
    let from = all["places"][1]["from"].as_str().expect("a text");
    assert!(
        from.contains("; live: snapshot ") && from.contains("production.json"),
        "{from}"
    );
    let from = git["places"][1]["from"].as_str().expect("a text");
    assert!(!from.contains("live"), "{from}");
}

#[test]
fn equal_is_only_what_is() {
    let project = project();
    let (_, json) = compare(&project, &["staging", "production", "--all"]);
    let all = lines(&json);
    for line in [
        "equal LEVEL: info | info",
        "equal-by-names URL: https://staging.example.com | https://production.example.com",
        "not-comparable API_TOKEN: <secret> | <secret>",
    ] {
        assert!(all.contains(&line.to_owned()), "lacks {line}: {all:#?}");
    }
    let text = project
        .run(&["compare", "staging", "production", "--all"])
        .out;
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("lacks `{part}`:\n{text}"))
    };
    assert!(at("\nequal\n") < at("\nequal but for the environments' own names\n"));
    assert!(at("https://staging.example.com") < at("https://production.example.com"));
    assert!(at("own names\n  URL") < at("\nnot comparable (secret or opaque)\n"));
}

#[test]
fn unreadable_files_are_told_once() {
    let project = Project::empty();
    project.file("run/driftgate.md", "");
    project.file("a.txt", "A=1\n");
    project.file("b.env", "A=1\n");
    project.file("bad.yaml", "a: 1\nb: [\n");
    let run = |args: &[&str]| {
        let ran = project.run(&[&["-C", "run", "compare"], args].concat());
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            !ran.out.contains("/../") && !ran.out.contains("git"),
            "{}",
            ran.out
        );
        ran.out
    };
    let text = run(&["../a.txt", "../b.env"]);
    assert!(
        text.contains("NOT READ ../a.txt: the name tells no format"),
        "{text}"
    );
    assert!(
        text.contains("docs/formats.md") && !text.contains("format: yaml"),
        "{text}"
    );
    assert_eq!(text.matches("no format").count(), 1, "{text}");
    let text = run(&["../bad.yaml", "../b.env"]);
    assert!(text.contains("NOT READ ../bad.yaml:"), "{text}");
    assert_eq!(text.matches("no YAML").count(), 1, "{text}");
    let ran = self::cluster().run(&[
        "compare",
        "staging",
        "production",
        "--side",
        "live",
        "--live",
        "staging=../nope.yaml",
        "--live",
        "production=../nope.yaml",
    ]);
    ran.refused(&["nope.yaml"]);
    assert!(!ran.err.contains("/../"), "{}", ran.err);
    // A file that two environments share is one that can't be read.
    let project = self::project();
    project.file("config/staging.env", "A=\u{0}\n");
    project.commit("fix: break it");
    let ran = project.run(&["compare", "staging", "production"]);
    assert_eq!(
        (ran.code, ran.out.matches("config/staging.env").count()),
        (2, 1),
        "{ran:?}"
    );
}
