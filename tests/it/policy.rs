//! What findings are worth and what is accepted: severities, ignore rules, waivers, the baseline,
//! the deployers' own rules, and the commands that write them.

use crate::support::{CONFIG, NOW, Project, Ran};
use serde_json::{Value, json};

fn deployment(annotations: Value, env: &[(&str, &str)]) -> Value {
    let env: Value = env
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "api", "namespace": "shop", "annotations": annotations },
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "api" } }, "template": {
            "metadata": { "labels": { "app": "api" } },
            "spec": { "containers": [
                { "name": "main", "image": "registry.example/api:1", "env": env } ] } } } })
}

fn running(mut object: Value, writer: &str) -> Value {
    object["metadata"]["uid"] = "uid-of-api".into();
    object["metadata"]["managedFields"] = json!([{ "manager": writer, "operation": "Update",
        "apiVersion": "apps/v1", "time": "2026-11-20T02:14:07Z", "fieldsType": "FieldsV1",
        "fieldsV1": { "f:spec": { "f:replicas": {}, "f:template": { "f:spec": { "f:containers": {
            "k:{\"name\":\"main\"}": { "f:env": {
                "k:{\"name\":\"LOG_LEVEL\"}": { ".": {}, "f:name": {}, "f:value": {} },
                "k:{\"name\":\"DB_PASSWORD\"}": { ".": {}, "f:name": {}, "f:value": {} } } } } } } } } }]);
    object
}

const GIT: &[(&str, &str)] = &[("LOG_LEVEL", "info"), ("DB_PASSWORD", "cnryGitZx8Qv")];

/// Git's side, and a configuration with more at its end.
fn project(policy: &str) -> Project {
    let project = Project::empty();
    project.file("driftgate.yaml", format!("{CONFIG}{policy}"));
    project.file("deploy/app.yaml", deployment(json!({}), GIT).to_string());
    project.commit("feat: add the api");
    live(&project, "debug");
    project
}

fn live(project: &Project, level: &str) {
    project.live(&[running(
        deployment(
            json!({}),
            &[("LOG_LEVEL", level), ("DB_PASSWORD", "cnryLiveZx8Qv")],
        ),
        "kubectl-edit",
    )]);
}

/// The disposition and severity of the finding about `key`, not of those about its waiver.
fn of(report: &crate::support::Report, key: &str) -> (String, String) {
    let about = |f: &&Value| {
        f["key"] == key && !matches!(f["rule"].as_str(), Some("expired" | "waiver-unused"))
    };
    let found: Vec<&Value> = report.findings().iter().filter(about).collect();
    let [found] = found[..] else {
        panic!("{} about {key}:\n{}", found.len(), report.lines());
    };
    let text = |name: &str| found[name].as_str().expect("a text").to_owned();
    (text("disposition"), text("severity"))
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.into(), b.into())
}

const WAIVERS: &str = "waivers:
  - { rule: drifted, environment: production, key: LOG_LEVEL, value: debug, reason: payment incident, owner: payments, expires: 2026-12-31 }
  - rule: drifted
    environment: production
    key: db.password
    reason: rotated by hand
    owner: payments
    expires: 2026-12-31
";

#[test]
fn waivers_accept_their_value_and_no_other() {
    let project = project(WAIVERS);
    let report = project.check(&[]);
    assert_eq!(report.verdict(), "pass", "{}", report.lines());
    assert_eq!(of(&report, "LOG_LEVEL"), pair("waived", "error"));
    assert_eq!(of(&report, "DB_PASSWORD"), pair("waived", "error"));
    assert_eq!(report.json["summary"]["waived"], 2);
    live(&project, "trace");
    let report = project.check(&[]);
    assert_eq!(report.verdict(), "fail");
    assert_eq!(of(&report, "LOG_LEVEL"), pair("active", "error"));
    // The waiver of another value accepts nothing any more.
    assert!(
        report.lines().contains("info waiver-unused LOG_LEVEL"),
        "{}",
        report.lines()
    );
    // Who looks at a part can't tell.
    let part = project.check(&["--service", "api"]);
    assert!(!part.lines().contains("waiver-unused"), "{}", part.lines());
}

#[test]
fn waivers_end() {
    let project = project(WAIVERS);
    let at = |now: &str| {
        let live = project.beside("live.json").display().to_string();
        let ran = project.run(&["check", "--format", "json", "--live", &live, "--now", now]);
        let json: Value = serde_json::from_str(&ran.out).expect("JSON");
        let findings = json["findings"].as_array().expect("a list").clone();
        let expired = findings.iter().filter(|f| f["rule"] == "expired");
        let expired: Vec<_> = expired
            .map(|f| f["severity"].as_str().unwrap_or_default().to_owned())
            .collect();
        (ran.code, expired)
    };
    assert_eq!(at("2026-12-16T00:00:00Z"), (0, vec![]));
    assert_eq!(
        at("2026-12-31T23:59:59Z"),
        (0, vec!["warning".into(), "warning".into()])
    );
    assert_eq!(
        at("2027-01-01T00:00:01Z"),
        (1, vec!["error".into(), "error".into()])
    );
    let text = project.run(&[
        "check",
        "--live",
        &project.beside("live.json").display().to_string(),
        "--now",
        "2027-01-01T00:00:01Z",
    ]);
    for part in [
        "error[expired]",
        "(owner payments) expired at 2026-12-31T23:59:59Z",
        "the finding that it accepted counts again",
        "driftgate.yaml:",
    ] {
        assert!(
            text.out.replace("\n  ", " ").contains(part),
            "{part}:\n{}",
            text.out
        );
    }
}

#[test]
fn a_change_does_not_waive_its_own_findings() {
    let project = project("");
    project.branch("feature");
    project.file("driftgate.yaml", format!("{CONFIG}{WAIVERS}"));
    let changed = deployment(json!({ "team": "shop" }), GIT).to_string();
    project.file("deploy/app.yaml", changed);
    project.commit("feat: change it, and accept what it meets");
    let report = project.check(&["--base", "main"]);
    assert_eq!(of(&report, "LOG_LEVEL").0, "active");
    assert_eq!(report.verdict(), "fail");
    // An audit of the branch goes by the branch.
    assert_eq!(of(&project.check(&[]), "LOG_LEVEL").0, "waived");
}

#[test]
fn lasting_rules_and_severities() {
    let project = project(
        "ignore:
  - { rule: drifted, key: LOG_*, writer: kubectl-edit, reason: support sets it }
severity:
  - { rule: drifted, is: warning }
  - { rule: drifted, tier: production, for: audit, is: info }
",
    );
    let report = project.check(&[]);
    assert_eq!(report.verdict(), "pass");
    assert_eq!(of(&report, "LOG_LEVEL"), pair("ignored", "info"));
    assert_eq!(of(&report, "DB_PASSWORD"), pair("active", "info"));
    let deploy = project.check(&["--for", "deploy"]);
    assert_eq!(of(&deploy, "DB_PASSWORD"), pair("active", "warning"));
    let object = running(deployment(json!({}), &[("LOG_LEVEL", "debug")]), "other");
    project.live(&[object]);
    assert_eq!(of(&project.check(&[]), "LOG_LEVEL").0, "active");
}

fn write(project: &Project, args: &[&str]) -> Ran {
    let live = project.beside("live.json").display().to_string();
    let mut all = vec!["baseline", "write", "--live", &live, "--now", NOW];
    all.extend(args);
    project.run(&all)
}

#[test]
fn a_baseline_knows_what_there_was() {
    let project = project("");
    let file = project.beside("known.json").display().to_string();
    let ran = write(&project, &["--output", &file]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.err.contains("2 known findings written"), "{}", ran.err);
    let added =
        "added 2, changed 0, kept 0, removed 0\n  + drifted DB_PASSWORD in api, production\n";
    assert!(ran.err.contains(added), "{}", ran.err);
    let text = std::fs::read_to_string(&file).expect("the file");
    for canary in ["cnry", "debug"] {
        assert!(!text.contains(canary), "{text}");
    }
    let check = |args: &[&str]| {
        let mut all = vec!["--baseline", &file];
        all.extend(args);
        project.check(&all)
    };
    let report = check(&[]);
    assert_eq!(report.verdict(), "pass");
    assert_eq!(of(&report, "LOG_LEVEL"), pair("baselined", "error"));
    assert_eq!(of(&report, "DB_PASSWORD"), pair("baselined", "error"));
    live(&project, "trace");
    let report = check(&[]);
    assert_eq!(of(&report, "LOG_LEVEL").0, "active");
    assert_eq!(of(&report, "DB_PASSWORD").0, "baselined");
    assert_eq!(report.verdict(), "fail");
    report.notes("1 entry of the baseline");
    report.notes("`driftgate baseline write --prune` removes it");
    // The same again is the same file, byte for byte.
    live(&project, "debug");
    write(&project, &["--output", &file]);
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), text);
}

#[test]
fn a_baseline_is_pruned_without_accepting_what_is_new() {
    let project = project("baseline: known/today.json\n");
    let file = project.root().join("known/today.json");
    write(&project, &["--prune"]).refused(&["today.json does not exist"]);
    // Its folder is made.
    assert_eq!(write(&project, &[]).code, 0);
    let text = || std::fs::read_to_string(&file).expect("the file");
    let before = text();
    // What the hint says accepts nothing: neither the new value nor the new finding.
    let mut object = deployment(
        json!({}),
        &[("LOG_LEVEL", "trace"), ("DB_PASSWORD", "cnryLiveZx8Qv")],
    );
    object["spec"]["replicas"] = 5.into();
    project.live(&[running(object, "kubectl-edit")]);
    let ran = write(&project, &["--prune"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    let says = "added 0, changed 0, kept 1, removed 1\n  - drifted LOG_LEVEL in api, production\n";
    assert!(ran.err.contains(says), "{}", ran.err);
    let lines: Vec<String> = text().lines().map(Into::into).collect();
    assert!(
        lines
            .iter()
            .all(|l| before.contains(l.trim_end_matches(','))),
        "{lines:#?}"
    );
    project.commit("chore: know what there was");
    let report = project.check(&[]);
    assert_eq!(of(&report, "LOG_LEVEL").0, "active");
    assert_eq!(of(&report, "spec.replicas").0, "active");
    assert_eq!(of(&report, "DB_PASSWORD").0, "baselined");
    let notes = format!("{}", report.json["notes"]);
    assert!(!notes.contains("not needed any more"), "{notes}");
    // Once more there is nothing to do.
    let pruned = text();
    let ran = write(&project, &["--prune"]);
    assert!(ran.err.contains("stays as it is"), "{}", ran.err);
    assert_eq!(text(), pruned);
    // Written anew, it says what it accepts.
    let ran = write(&project, &[]);
    assert!(
        ran.err.contains("added 2, changed 0, kept 1, removed 0"),
        "{}",
        ran.err
    );
    // A part knows nothing of the rest.
    let pruned = text();
    write(&project, &["--prune", "--service", "api"]).refused(&["nothing is removed"]);
    write(&project, &["--prune", "--partial"]).refused(&["--partial"]);
    assert_eq!(text(), pruned);
    project.file("known/today.json", "{}");
    write(&project, &["--prune"]).refused(&["is no baseline"]);
}

#[test]
fn folders_are_no_files() {
    let project = project("");
    let live = project.beside("live.json").display().to_string();
    let of_run = ["--live", &live, "--now", NOW];
    let refused = |args: &[&str], says: &str| {
        let ran = project.run(&[args, &of_run].concat());
        ran.refused(&[says]);
        assert!(!ran.err.contains(".tmp"), "{}", ran.err);
    };
    let folder = "deploy is a folder: expected a file to write to";
    refused(&["check", "--output", "deploy"], folder);
    refused(&["explain", "LOG_LEVEL", "--output", "deploy"], folder);
    refused(&["baseline", "write", "--output", "deploy"], folder);
    project
        .run(&["snapshot", "--output", "deploy"])
        .refused(&[folder]);
    let no_file = "the baseline deploy is a folder";
    refused(&["check", "--baseline", "deploy"], no_file);
    // Its folder is made for a baseline only.
    refused(
        &["check", "-o", "new/report.json"],
        "there is no folder new",
    );
    assert!(!project.root().join("new").exists());
}

#[test]
fn a_baseline_of_a_key() {
    let mut project = project("");
    let file = project.beside("known.json").display().to_string();
    let key = |seed: &[u8; 32]| driftgate::model::secret::DigestKey::new_text(seed).to_string();
    project.env("DRIFTGATE_KEY", &key(&[1; 32]));
    write(&project, &["--output", &file]);
    assert_eq!(project.check(&["--baseline", &file]).verdict(), "pass");
    project.env("DRIFTGATE_KEY", &key(&[2; 32]));
    let report = project.check(&["--baseline", &file]);
    assert_eq!(of(&report, "LOG_LEVEL").0, "active");
    report.notes("another DRIFTGATE_KEY");
}

#[test]
fn a_baseline_that_is_not_one_is_an_error() {
    let project = project("baseline: known.json\n");
    let check = |args: &[&str]| {
        let live = project.beside("live.json").display().to_string();
        let mut all = vec!["check", "--live", &live, "--now", NOW];
        all.extend(args);
        project.run(&all)
    };
    check(&[]).refused(&[
        "baseline: known.json",
        "does not exist",
        "driftgate baseline write",
    ]);
    check(&["--baseline", "nowhere.json"]).refused(&["nowhere.json can't be read"]);
    project.file("known.json", "{}");
    project.commit("chore: add what is no baseline");
    check(&[]).refused(&["known.json is no baseline", "no `schema`"]);
    // Writing it does not need it.
    let ran = write(&project, &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("known.json"), "{}", ran.err);
    // Base's counts, and here that is the commit.
    check(&[]).refused(&["known.json is no baseline"]);
    project.commit("chore: add the baseline");
    assert_eq!(check(&[]).code, 0);
}

#[test]
fn a_baseline_of_a_part_is_refused() {
    let project = project("");
    let file = project.beside("known.json");
    let output = file.display().to_string();
    write(&project, &["--output", &output, "--service", "api"])
        .refused(&["nothing is written", "--service"]);
    write(
        &project,
        &["--live", "nowhere.snapshot", "--output", &output],
    )
    .refused(&[]);
    assert!(!file.exists());
    let ran = write(
        &project,
        &["--output", &output, "--service", "api", "--partial"],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    write(&project, &[]).refused(&["--output"]);
}

const ARGO: &str = "version: 1
services:
  api:
    layers:
      - name: workload
        desired: { manifests: deploy }
        live: { kubernetes: { context: production, namespace: shop } }
environments:
  production: { tier: production, deployed: { argo-cd: { application: api } } }
gate: { snapshot-max-age: 36500d }
";

#[test]
fn the_deployers_own_rules_are_honoured() {
    let project = Project::empty();
    project.file("driftgate.yaml", ARGO);
    let application = |rules: Value| {
        let application = json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": { "name": "api", "namespace": "argocd" },
            "spec": { "ignoreDifferences": rules } });
        let api = deployment(json!({}), GIT);
        format!("---\n{api}\n---\n{application}\n")
    };
    let rules = json!([{ "group": "apps", "kind": "Deployment",
        "jqPathExpressions": [".spec.template.spec.containers[].env[] | select(.name == \"LOG_LEVEL\")", ".spec | del(.x)"] }]);
    project.file("deploy/app.yaml", application(rules.clone()));
    project.commit("feat: add the api");
    let object = deployment(
        json!({}),
        &[("LOG_LEVEL", "debug"), ("DB_PASSWORD", "cnryLiveZx8Qv")],
    );
    let argo = json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": { "name": "api", "namespace": "argocd", "uid": "uid-of-app" },
        "spec": { "ignoreDifferences": rules } });
    project.live(&[running(object, "kubectl-edit"), argo]);
    let report = project.check(&["--for", "deploy"]);
    assert_eq!(of(&report, "LOG_LEVEL").0, "ignored", "{:#}", report.json);
    assert_eq!(of(&report, "DB_PASSWORD").0, "active");
    report.notes("1 ignore rule of Argo CD or Flux is not understood");
    // A change does not bring its own.
    project.branch("feature");
    project.file(
        "deploy/app.yaml",
        application(json!([{ "group": "apps", "kind": "Deployment", "jsonPointers": ["/spec"] }])),
    );
    project.commit("feat: look away");
    let report = project.check(&["--base", "main", "--for", "deploy"]);
    assert_eq!(of(&report, "DB_PASSWORD").0, "active");
}

fn waive(project: &Project, args: &[&str]) -> Ran {
    let live = project.beside("live.json").display().to_string();
    let mut all = vec!["waive", "--live", &live, "--now", NOW];
    all.extend(args);
    project.run(&all)
}

const WHY: &[&str] = &[
    "--reason",
    "payment incident",
    "--owner",
    "payments",
    "--expires",
    "2026-12-31",
];

fn with_why<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, WHY].concat()
}

fn config(project: &Project) -> String {
    std::fs::read_to_string(project.root().join("driftgate.yaml")).expect("the file")
}

#[test]
fn waive_adds_a_waiver_that_accepts_the_finding() {
    let project = project("");
    let before = config(&project);
    let dry = waive(&project, &with_why(&["LOG_LEVEL", "--dry-run"]));
    assert_eq!(dry.code, 0, "{}", dry.err);
    assert!(dry.out.contains("\n+  - rule: drifted\n"), "{}", dry.out);
    assert_eq!(config(&project), before);
    let ran = waive(&project, &with_why(&["log.level"]));
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.err.contains("commit it"), "{}", ran.err);
    assert!(ran.err.contains("from 2026-12-17 on"), "{}", ran.err);
    assert_eq!(
        config(&project),
        format!(
            "{before}waivers:
  - rule: drifted
    environment: production
    service: api
    key: LOG_LEVEL
    value: debug
    reason: payment incident
    owner: payments
    expires: 2026-12-31
"
        )
    );
    let report = project.check(&["--worktree"]);
    assert_eq!(of(&report, "LOG_LEVEL").0, "waived", "{}", report.lines());
    assert_eq!(of(&report, "DB_PASSWORD").0, "active");
    // A secret has no value that could be written.
    let ran = waive(&project, &with_why(&["DB_PASSWORD"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let after = config(&project);
    assert_eq!(after.matches("value:").count(), 1, "{after}");
    for text in [&after, &ran.err] {
        assert!(!text.contains("cnry"), "{text}");
    }
    assert_eq!(project.check(&["--worktree"]).verdict(), "pass");
    waive(&project, &with_why(&["LOG_LEVEL"])).refused(&[
        "accepted already, by waiver in driftgate.yaml:",
        "change its `expires` there",
    ]);
}

#[test]
fn waive_says_what_it_needs() {
    let project = project("");
    let before = config(&project);
    waive(&project, &["LOG_LEVEL", "--reason", "x"])
        .refused(&["no terminal", "--owner, --expires"]);
    waive(&project, &with_why(&["LOG_LEVLE"])).refused(&["did you mean LOG_LEVEL?"]);
    waive(&project, &with_why(&["SOMETHING_ELSE_ENTIRELY"])).refused(&["DB_PASSWORD, LOG_LEVEL"]);
    waive(&project, &with_why(&["--rule", "drifted"])).refused(&[
        "2 findings are meant",
        "    LOG_LEVEL --rule drifted --environment production --service api --object Deployment/shop/api\n",
    ]);
    for (args, says) in [
        (
            &["LOG_LEVEL", "--rule", "drifed"][..],
            "there is no rule drifed; did you mean drifted?",
        ),
        (
            &["LOG_LEVEL", "--rule", "expired"],
            "findings of expired are not waived",
        ),
        (
            &["LOG_LEVEL", "--rule", "unmanaged"],
            "no active finding about LOG_LEVEL of unmanaged; LOG_LEVEL has active findings of: drifted\n",
        ),
        (
            &["LOG_LEVEL", "--object", "Deployment/shop/apy"],
            "did you mean Deployment/shop/api?",
        ),
        (
            &["--object", "Deploymnet/api"],
            "did you mean Deployment/api?",
        ),
        (
            &["LOG_LEVEL", "--environment", "prodution"],
            "no environment `prodution` in the configuration; it has production",
        ),
        (&["LOG_LEVEL", "--service", "apu"], "no service `apu`"),
    ] {
        waive(&project, &with_why(args)).refused(&[says]);
    }
    for (flags, says) in [
        (
            ["--reason", " ", "--owner", "o", "--expires", "1d"],
            "--reason is empty",
        ),
        (
            ["--reason", "r", "--owner", "", "--expires", "1d"],
            "--owner is empty",
        ),
        (
            ["--reason", "r", "--owner", "o", "--expires", "2026-11-20"],
            "is over",
        ),
        (
            ["--reason", "r", "--owner", "o", "--expires", "0d"],
            "is over at once",
        ),
        (
            ["--reason", "r", "--owner", "o", "--expires", "soon"],
            "is no date",
        ),
    ] {
        waive(&project, &[&["LOG_LEVEL"][..], &flags[..]].concat()).refused(&[says]);
    }
    waive(&project, WHY).refused(&["KEY"]);
    assert_eq!(config(&project), before);
    let long = waive(
        &project,
        &[
            "LOG_LEVEL",
            "--reason",
            "r",
            "--owner",
            "o",
            "--expires",
            "400d",
            "--dry-run",
        ],
    );
    assert!(long.err.contains("more than a year"), "{}", long.err);
}

#[test]
fn waive_keeps_the_file_as_it_is() {
    let project = project(
        "# Accepted, each for a time.\nwaivers: # by date\n    -   { rule: missing, environment: production, key: X, value: '1', reason: r, owner: o, expires: 2026-12-01 } # mine\n\n# The end.\n",
    );
    let before = config(&project);
    let ran = waive(&project, &with_why(&["LOG_LEVEL"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let after = config(&project);
    let new: Vec<&str> = after
        .lines()
        .filter(|l| !before.lines().any(|b| b == *l))
        .collect();
    assert_eq!(
        new,
        [
            "    -   { rule: drifted, environment: production, service: api, key: LOG_LEVEL, value: debug, reason: payment incident, owner: payments, expires: 2026-12-31 }"
        ]
    );
    // A text with everything that YAML and variables could take for something else.
    let ran = waive(
        &project,
        &[
            "DB_PASSWORD",
            "--reason",
            "it's \"${odd}\": # [really]\n - yes",
            "--owner",
            "@payments",
            "--expires",
            "1d",
        ],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report = project.check(&["--worktree"]);
    assert_eq!(of(&report, "DB_PASSWORD").0, "waived", "{}", report.lines());
}

#[test]
fn waive_does_not_touch_what_it_can_not_edit() {
    let shared = "x-none: &none [ { rule: missing, environment: production, key: X, value: '1', reason: r, owner: o, expires: 2026-12-01 } ]\nwaivers: *none\n";
    let project = project(shared);
    let before = config(&project);
    waive(&project, &with_why(&["LOG_LEVEL"])).refused(&[
        "driftgate.yaml can't be edited; add the waiver by hand",
        "  - rule: drifted",
        "is an alias",
    ]);
    assert_eq!(config(&project), before);
}

#[test]
fn objects_and_fields_are_waived_by_object() {
    let project = project("");
    let mut object = deployment(json!({}), GIT);
    object["spec"]["replicas"] = 5.into();
    project.live(&[running(object, "kubectl-edit")]);
    let ran = waive(&project, &with_why(&["spec.replicas"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let after = config(&project);
    for line in [
        "    object: Deployment/shop/api\n",
        "    field: spec.replicas\n",
        "    value: \"5\"\n",
    ] {
        assert!(after.contains(line), "{after}");
    }
    assert_eq!(project.check(&["--worktree"]).verdict(), "pass");
    // Another one of its kind, so that the list is known to be read.
    let mut other = running(deployment(json!({}), GIT), "kubectl-edit");
    other["metadata"]["name"] = "other".into();
    project.live(&[other]);
    let ran = waive(
        &project,
        &with_why(&["--object", "Deployment/api", "--rule", "missing"]),
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(project.check(&["--worktree"]).verdict(), "pass");
}

/// Two environments that should agree, and what runs in each of them.
fn two_environments() -> Project {
    let project = Project::empty();
    let config = "version: 1
services:
  api:
    layers:
      - name: file
        desired: { file: \"config/${environment}.yml\" }
      - name: workload
        desired: { manifests: \"deploy/${environment}\" }
        live: { kubernetes: { context: \"${environment}\", namespace: shop } }
environments:
  staging: { tier: staging }
  production: { tier: production }
parity:
  - environments: [staging, production]
gate: { snapshot-max-age: 36500d }
";
    project.file("driftgate.yaml", config);
    for (environment, file) in [
        ("staging", "log_level: warn\nonly_here: \"yes\"\n"),
        ("production", "log_level: warn\n"),
    ] {
        project.file(&format!("config/{environment}.yml"), file);
        let object = deployment(json!({}), GIT).to_string();
        project.file(&format!("deploy/{environment}/app.yaml"), object);
        let level = [("LOG_LEVEL", "debug"), ("DB_PASSWORD", "cnryGitZx8Qv")];
        let object = running(deployment(json!({}), &level), "kubectl-edit");
        project.live_as(&format!("{environment}.json"), &[object]);
    }
    project.commit("feat: add the api");
    project
}

/// A run with the recorded live sides of [`two_environments`].
fn with_both(project: &Project, args: &[&str]) -> Ran {
    let of = |name: &str| {
        let path = project.beside(&format!("{name}.json"));
        format!("{name}={}", path.display())
    };
    let (staging, production) = (of("staging"), of("production"));
    let live = ["--live", &staging, "--live", &production, "--now", NOW];
    project.run(&[args, &live].concat())
}

#[test]
fn what_is_wanted_does_not_limit_what_is_read() {
    let project = two_environments();
    let found = |args: &[&str]| with_both(&project, &[&["waive", "--dry-run"], args, WHY].concat());
    // Between environments: one alone has no such finding.
    let ran = found(&["only_here", "--environment", "production"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("\n+  - rule: parity-gap\n"), "{}", ran.out);
    assert!(
        ran.out.contains("\n+    environment: production\n"),
        "{}",
        ran.out
    );
    // What names no environment is of the one that is meant.
    let live = project.beside("production.json").display().to_string();
    let args = ["LOG_LEVEL", "-e", "production", "--live", &live];
    let ran = project.run(&[&["waive", "--dry-run", "--now", NOW], &args[..], WHY].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("\n+    value: debug\n"), "{}", ran.out);
    // Every line that it proposes means one finding, with the same live sides.
    let many = found(&["--rule", "drifted"]);
    many.refused(&["2 findings are meant"]);
    let proposed: Vec<&str> = (many.err.lines())
        .filter_map(|l| l.strip_prefix("    "))
        .collect();
    assert_eq!(proposed.len(), 2, "{}", many.err);
    for line in proposed {
        let words: Vec<&str> = line.split(' ').collect();
        let ran = found(&words);
        assert_eq!(ran.code, 0, "{line}: {}", ran.err);
    }
}

#[test]
fn what_waive_proposes_tells_containers_apart() {
    let project = project("");
    let two = |level: &str| {
        let mut object = deployment(json!({}), GIT);
        let mut second = object["spec"]["template"]["spec"]["containers"][0].clone();
        second["name"] = "it's second".into();
        second["env"] = json!([{ "name": "LOG_LEVEL", "value": level }]);
        let containers = &mut object["spec"]["template"]["spec"]["containers"];
        containers.as_array_mut().expect("a list").push(second);
        object
    };
    project.file("deploy/app.yaml", two("info").to_string());
    project.commit("feat: add a second container");
    let mut object = two("trace");
    object["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = "debug".into();
    project.live(&[running(object, "kubectl-edit")]);
    let many = waive(&project, &with_why(&["LOG_LEVEL"]));
    many.refused(&["2 findings are meant"]);
    let proposed: Vec<&str> = (many.err.lines())
        .filter_map(|l| l.strip_prefix("    "))
        .collect();
    let mut values = Vec::new();
    for line in proposed {
        let shell = std::process::Command::new("sh")
            .args(["-c", &format!("printf '%s\\n' {line}")])
            .output()
            .expect("a shell");
        let words = String::from_utf8(shell.stdout).expect("UTF-8");
        let words: Vec<&str> = words.lines().chain(["--dry-run"]).collect();
        let ran = waive(&project, &with_why(&words));
        assert_eq!(ran.code, 0, "{line}: {}", ran.err);
        let value = ran.out.lines().find_map(|l| l.strip_prefix("+    value: "));
        values.push(value.expect("a value").to_owned());
    }
    values.sort();
    assert_eq!(values, ["debug", "trace"]);
}

#[test]
fn of_several_findings_the_worst_is_meant() {
    let project = two_environments();
    let report = with_both(&project, &["check", "--format", "json", "-e", "production"]);
    let json: Value = serde_json::from_str(&report.out).expect("JSON");
    let about = json["findings"].as_array().expect("a list").iter();
    let rules: Vec<_> = about.filter_map(|f| f["rule"].as_str()).collect();
    assert!(
        rules.contains(&"drifted") && rules.contains(&"duplicate-definition"),
        "{rules:?}"
    );
    let ran = with_both(
        &project,
        &with_why(&[
            "waive",
            "LOG_LEVEL",
            "--dry-run",
            "--environment",
            "production",
        ]),
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("\n+  - rule: drifted\n"), "{}", ran.out);
    assert!(
        ran.err
            .contains("not accepted with it: duplicate-definition (info) in production"),
        "{}",
        ran.err
    );
}

#[test]
fn snapshots_of_environments_that_are_left_out_are_not_read() {
    let project = two_environments();
    project.live_as("staging.json", &[]);
    std::fs::write(project.beside("staging.json"), "no snapshot").expect("written");
    let ran = with_both(&project, &["check", "--environment", "production"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    with_both(
        &project,
        &["check", "-e", "production", "--live", "produktion=x"],
    )
    .refused(&[
        "there is no environment `produktion` in the configuration; it has production, staging",
    ]);
    with_both(
        &project,
        &["compare", "production", "staging", "--live", "produktion=x"],
    )
    .refused(&["there is no environment `produktion`"]);
}

#[test]
fn waivers_may_end_within_a_day() {
    let project = project("");
    let ran = waive(
        &project,
        &[
            "LOG_LEVEL",
            "--reason",
            "r",
            "--owner",
            "o",
            "--expires",
            "2026-11-21T18:00:00+02:00",
        ],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    let said = config(&project);
    assert!(said.contains("expires: \"2026-11-21T16:00:00Z\""), "{said}");
    let report = project.check(&["--worktree"]);
    assert_eq!(of(&report, "LOG_LEVEL").0, "waived", "{}", report.lines());
}

#[test]
fn the_configuration_knows_all_rules() {
    let ids: Vec<&str> = driftgate::check::RULES.iter().map(|r| r.id).collect();
    assert_eq!(driftgate::config::RULE_IDS, ids);
}
