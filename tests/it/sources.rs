//! The process environment and a file on disk as live sides: checks, snapshots of them, the doctor.

use crate::support::{NOW, Project, Report};
use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};
use std::fmt::Write as _;

const SOURCES: &str = "version: 1
services:
  api:
    layers:
      - name: file
        desired: { file: config/app.yml }
        live: { file: ../live/app.yml }
      - name: variables
        desired: { file: config/app.env }
        live: { env: [LOG_LEVEL, DB_PASSWORD, NOT_SET] }
environments:
  production: { tier: production }
gate: { snapshot-max-age: 36500d }
";

const CANARY: &str = "s3cr3t-canary-7741";

fn new_key() -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let output = crate::support::binary(folder.path(), folder.path())
        .args(["key", "new"])
        .output()
        .expect("the binary runs");
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim().to_owned()
}

fn project() -> Project {
    let mut project = Project::empty();
    project
        .file("driftgate.yaml", SOURCES)
        .file(
            "config/app.yml",
            "db:\n  timeout: 10s\n  password: in-git\n",
        )
        .file("config/app.env", "LOG_LEVEL=info\n");
    project.commit("feat: begin");
    live(
        &project,
        "db:\n  timeout: 60s\n  password: s3cr3t-canary-7741\n",
    );
    project.env("LOG_LEVEL", "debug");
    project.env("DB_PASSWORD", CANARY);
    project
}

fn live(project: &Project, text: impl AsRef<[u8]>) {
    std::fs::create_dir_all(project.beside("live")).expect("a folder");
    std::fs::write(project.beside("live/app.yml"), text).expect("a file");
}

/// The live coverage of a layer.
fn coverage<'r>(report: &'r Report, layer: &str) -> &'r Value {
    let all = report.json["coverage"].as_array().expect("a list");
    let found = all
        .iter()
        .find(|c| c["side"] == "live" && c["layer"] == layer);
    found.unwrap_or_else(|| panic!("no coverage of {layer}: {:#}", report.json))
}

/// Everything but where it was read from and when.
fn comparable(report: &Report) -> Value {
    let all = report.json["coverage"].as_array().expect("a list");
    let coverage: Vec<Value> = all
        .iter()
        .map(|c| {
            json!([
                c["side"],
                c["layer"],
                c["status"],
                c["entries"],
                c["opaque"]
            ])
        })
        .collect();
    json!({ "verdict": report.json["verdict"], "findings": report.json["findings"],
        "changes": report.json["changes"], "coverage": coverage })
}

fn snapshot(project: &Project, code: i32) -> String {
    let output = project.beside("production.snapshot").display().to_string();
    let ran = project.run(&["snapshot", "--output", &output, "--now", NOW]);
    assert_eq!(ran.code, code, "{ran:?}");
    output
}

#[test]
fn the_coverage_says_what_was_read_from_where() {
    let report = project().check_without_live(&[]);
    let file = coverage(&report, "file");
    assert_eq!(file["source"], "file");
    assert_eq!(file["from"], "../live/app.yml");
    assert_eq!(file["status"], "read");
    assert_eq!(file["entries"], 2);
    let variables = coverage(&report, "variables");
    assert_eq!(variables["source"], "env");
    assert_eq!(variables["from"], "process environment");
    assert_eq!(variables["status"], "read");
    assert_eq!(variables["entries"], 2, "NOT_SET is absent");
    assert!(!report.json.to_string().contains("canary"));
}

#[test]
fn a_snapshot_stands_for_both_and_holds_no_secret() {
    let key = new_key();
    let mut project = project();
    project.env("DRIFTGATE_KEY", &key);
    let now = project.check_without_live(&[]);
    let path = snapshot(&project, 0);
    let text = std::fs::read_to_string(&path).expect("a snapshot");
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(
        text.matches(r#""schema":"driftgate/snapshot/v1""#).count(),
        2
    );
    // What the machine has by now does not count.
    live(&project, "db: [");
    project.env("LOG_LEVEL", "trace");
    let then = project.check_without_live(&["--live", &path]);
    assert_eq!(comparable(&now), comparable(&then));
    assert_eq!(coverage(&then, "file")["source"], "snapshot");
}

#[test]
fn a_snapshot_of_other_names_or_of_another_path_is_not_enough() {
    let project = project();
    let path = snapshot(&project, 0);
    project.file(
        "driftgate.yaml",
        SOURCES
            .replace("NOT_SET]", "NOT_SET, LATER]")
            .replace("../live/app.yml", "../live/other.yml"),
    );
    let report = project.check_without_live(&["--live", &path, "--worktree"]);
    assert_eq!(report.verdict(), "incomplete");
    let file = coverage(&report, "file");
    assert_eq!(file["status"], "failed");
    assert!(
        file["reason"]
            .to_string()
            .contains("nothing is recorded for ../live/other.yml"),
        "{file:#}"
    );
    assert_eq!(coverage(&report, "variables")["status"], "partial");
}

#[test]
fn what_cannot_be_read_is_incomplete_live_and_recorded() {
    let project = project();
    live(&project, format!("password: {CANARY}\n  x: ["));
    let now = project.check_without_live(&[]);
    assert_eq!(now.verdict(), "incomplete");
    assert_eq!(coverage(&now, "file")["status"], "failed");
    assert_eq!(coverage(&now, "variables")["status"], "read");
    assert!(!now.json.to_string().contains("canary"));
    let path = snapshot(&project, 2);
    let then = project.check_without_live(&["--live", &path]);
    assert_eq!(coverage(&then, "file")["status"], "failed");
    assert_eq!(then.verdict(), "incomplete");
}

#[test]
fn kubectl_output_says_nothing_of_variables_and_files() {
    let project = project();
    let path = project.live(&[json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "a", "namespace": "shop", "uid": "u" } })]);
    let report = project.check_without_live(&["--live", &path.display().to_string()]);
    assert_eq!(report.verdict(), "incomplete");
    for layer in ["file", "variables"] {
        assert_eq!(coverage(&report, layer)["status"], "failed");
    }
}

#[test]
fn the_doctor_shows_what_is_there_and_no_value() {
    let project = project();
    let ran = project.run(&["doctor"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.out,
        "production: process environment
  ok       DB_PASSWORD is set
  ok       LOG_LEVEL is set
  ok       NOT_SET is not set
production: ../live/app.yml
  ok       ../live/app.yml can be read, with 2 settings
"
    );
    live(&project, "a: [");
    let ran = project.run(&["doctor"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.out.contains("  UNREAD   ../live/app.yml:"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("--rbac"), "{}", ran.out);
    std::fs::remove_file(project.beside("live/app.yml")).expect("it was there");
    let ran = project.run(&["doctor"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("../live/app.yml does not exist"),
        "{}",
        ran.out
    );
}

#[test]
fn rights_are_yaml_whatever_the_sources() {
    let project = project();
    let ran = project.run(&["doctor", "--rbac"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.out,
        "# env: needs no rights; driftgate has the environment it is started with.
# file: the user that driftgate runs as must be able to read ../live/app.yml, and to enter its folders.
"
    );
}

/// A setting on both sides.
#[derive(Clone, Debug)]
struct Pair {
    git: Option<u8>,
    live: Option<u8>,
}

fn pairs() -> impl Strategy<Value = Vec<Pair>> {
    let side = || prop::option::weighted(0.8, 0u8..3);
    prop::collection::vec(
        (side(), side()).prop_map(|(git, live)| Pair { git, live }),
        1..5,
    )
}

fn text(pairs: &[Pair], side: fn(&Pair) -> Option<u8>, prefix: &str, between: &str) -> String {
    let mut out = String::new();
    for (n, pair) in pairs.iter().enumerate() {
        if let Some(value) = side(pair) {
            _ = writeln!(out, "{prefix}_{n}{between}value-{value}");
        }
    }
    out
}

proptest! {
    #![proptest_config(Config { cases: 12, max_shrink_iters: 20, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_snapshot_stands_for_variables_and_files(variables in pairs(), file in pairs(), secrets in any::<bool>(), there in prop::bool::weighted(0.8)) {
        let mut project = Project::empty();
        project.env("DRIFTGATE_KEY", &new_key());
        let prefix = if secrets { "PASSWORD" } else { "SETTING" };
        let names: Vec<String> = (0..variables.len()).map(|n| format!("{prefix}_{n}")).collect();
        project
            .file("driftgate.yaml", SOURCES.replace("LOG_LEVEL, DB_PASSWORD, NOT_SET", &names.join(", ")))
            .file("config/app.yml", format!("# begin\n{}", text(&file, |p| p.git, prefix, ": ")))
            .file("config/app.env", format!("# begin\n{}", text(&variables, |p| p.git, prefix, "=")));
        project.commit("feat: begin");
        if there {
            live(&project, text(&file, |p| p.live, prefix, ": "));
        }
        for (name, pair) in names.iter().zip(&variables) {
            if let Some(value) = pair.live {
                project.env(name, &format!("value-{value}"));
            }
        }
        let now = project.check_without_live(&[]);
        let path = snapshot(&project, 0);
        let then = project.check_without_live(&["--live", &path]);
        prop_assert_eq!(comparable(&now), comparable(&then));
        if secrets {
            let recorded = std::fs::read_to_string(&path).expect("a snapshot");
            prop_assert!(!recorded.contains("value-"), "{}", recorded);
        }
    }
}
