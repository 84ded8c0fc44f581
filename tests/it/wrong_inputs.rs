//! What wrong input gets: a clear sentence on stderr, exit code 2, and nothing half-written. What
//! can't be read is never missing, never equal and never green.

use crate::{
    server::{Behaviour, Server, write_kubeconfig},
    support::{CONFIG, NOW, Project, Ran, binary, data, recorded},
};
use serde_json::{Value, json};
use std::{path::Path, time::Instant};

const MANIFEST: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {LOG_LEVEL: info}
";

fn live_object() -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "settings", "namespace": "shop", "uid": "u" }, "data": { "LOG_LEVEL": "info" } })
}

/// A project whose live side is as git says.
fn project() -> Project {
    let project = Project::with(MANIFEST);
    project.live(&[live_object()]);
    project
}

fn live_of(project: &Project) -> String {
    project.beside("live.json").display().to_string()
}

#[test]
fn the_project_of_these_tests_is_fine() {
    project().check(&[]).is("pass", &[]);
}

#[test]
fn a_missing_configuration() {
    let project = Project::empty();
    project.file("README.md", "# Nothing\n");
    project.commit("docs: begin");
    project.run(&["check"]).refused(&["driftgate.yaml"]);
    project
        .run(&["check", "--config", "other.yaml"])
        .refused(&["other.yaml"]);
    project
        .run(&["-C", "nowhere", "check"])
        .refused(&["nowhere"]);
    project.run(&["doctor"]).refused(&["driftgate.yaml"]);
}

#[test]
fn a_configuration_that_is_not_committed() {
    let project = Project::empty();
    project.file("README.md", "# Nothing\n");
    project.commit("docs: begin");
    project.file("driftgate.yaml", CONFIG);
    project
        .run(&["check"])
        .refused(&["driftgate.yaml does not exist", "--worktree"]);
}

#[test]
fn all_problems_of_a_configuration_at_once() {
    let project = Project::empty();
    let broken = CONFIG
        .replace("tier:", "teir:")
        .replace("namespace: shop", "namespace: Shop!")
        .replace("36500d", "soon");
    project
        .file("driftgate.yaml", broken)
        .file("deploy/app.yaml", MANIFEST);
    project.commit("feat: begin");
    let ran = project.run(&["check"]);
    ran.refused(&[
        "driftgate.yaml has 3 problems",
        "driftgate.yaml:7:",
        "Shop!",
        "driftgate.yaml:9:",
        "did you mean `tier`?",
        "driftgate.yaml:10:",
        "soon",
    ]);
    assert!(ran.err.contains('^'), "the text is marked:\n{}", ran.err);
}

#[test]
fn unknown_revisions_and_paths() {
    let project = project();
    let live = live_of(&project);
    project
        .run(&["check", "--live", &live, "--head", "no-such"])
        .refused(&["no-such"]);
    project
        .run(&["check", "--live", &live, "--base", "no-such"])
        .refused(&["no-such"]);
    project
        .run(&["check", "--live", &live, "--base", "main", "--worktree"])
        .refused(&["--worktree"]);
    project
        .run(&["check", "--environment", "prodution", "--live", &live])
        .refused(&["prodution", "production"]);
    project
        .run(&["check", "--service", "apu", "--live", &live])
        .refused(&["apu", "api"]);
    project
        .run(&["check", "--live", "nowhere.json"])
        .refused(&["nowhere.json"]);
    project
        .run(&["check", "--live", &format!("prod={live}")])
        .refused(&["prod", "production"]);
    project.run(&["check", "--live"]).refused(&["--live"]);
    project
        .run(&["check", "--format", "yaml"])
        .refused(&["yaml", "json"]);
    project
        .run(&["check", "--timeout", "0s"])
        .refused(&["--timeout"]);
    project
        .run(&["check", "--now", "yesterday"])
        .refused(&["--now"]);
}

#[test]
fn manifests_that_git_does_not_have() {
    let project = Project::empty();
    project
        .file("driftgate.yaml", CONFIG)
        .file("other/app.yaml", MANIFEST);
    project.commit("feat: begin");
    project.live(&[live_object()]);
    let report = project.check(&[]);
    assert_eq!(report.verdict(), "incomplete", "{}", report.lines());
    let reason = report.status("desired")["reason"]
        .as_str()
        .expect("a reason");
    assert!(reason.contains("deploy"), "{reason}");
}

#[test]
fn a_manifest_that_is_no_yaml_leaves_the_others_checked() {
    let project = Project::with(MANIFEST);
    project.file(
        "deploy/broken.yaml",
        "apiVersion: v1\nkind: ConfigMap\ndata: {a: [1, 2\n",
    );
    project.file(
        "deploy/worse.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: x\n",
    );
    project.commit("feat: break it");
    let mut live = live_object();
    live["data"]["LOG_LEVEL"] = "debug".into();
    project.live(&[live]);
    let report = project.check(&[]);
    assert_eq!(report.verdict(), "incomplete");
    assert!(
        report.lines().contains("error drifted data.LOG_LEVEL"),
        "{}",
        report.lines()
    );
    let problems = report.json["problems"].as_array().expect("a list");
    for file in ["deploy/broken.yaml", "deploy/worse.yaml"] {
        let problem = problems
            .iter()
            .find(|p| p["file"] == file)
            .expect("a problem of the file");
        assert!(
            problem["line"].as_u64().is_some_and(|l| l >= 3),
            "{problem}"
        );
        assert_eq!(problem["blocks"], true);
    }
}

/// `check` against a server; the report's live coverage.
fn check_against(project: &Project, kubeconfig: &Path, timeout: &str) -> Value {
    let path = kubeconfig.display().to_string();
    let report = project.check_without_live(&["--kubeconfig", &path, "--timeout", timeout]);
    assert_eq!(report.verdict(), "incomplete", "{}", report.lines());
    assert_eq!(report.code, 2);
    let missing = report.findings().iter().any(|f| f["rule"] == "missing");
    assert!(!missing, "unreadable is not missing: {}", report.lines());
    report.status("live").clone()
}

#[test]
fn a_context_that_does_not_exist() {
    let project = Project::empty();
    project.file(
        "driftgate.yaml",
        CONFIG.replace("context: production", "context: producton"),
    );
    project.file("deploy/app.yaml", MANIFEST);
    project.commit("feat: begin");
    let kubeconfig = project.beside("kubeconfig");
    write_kubeconfig(&kubeconfig, "http://127.0.0.1:9", "t");
    let coverage = check_against(&project, &kubeconfig, "5s");
    let reason = coverage["reason"].as_str().expect("a reason");
    for part in ["producton", "production", "staging"] {
        assert!(reason.contains(part), "{reason}");
    }
    let path = kubeconfig.display().to_string();
    project
        .run(&[
            "check",
            "--manifests",
            "deploy",
            "--kubernetes",
            "prodution",
            "--kubeconfig",
            &path,
        ])
        .refused(&["prodution", "did you mean `production`?"]);
}

#[test]
fn a_cluster_that_is_not_there() {
    let project = project();
    let kubeconfig = project.beside("kubeconfig");
    let coverage = check_against(&project, &project.beside("no-kubeconfig"), "5s");
    assert!(
        coverage["reason"]
            .as_str()
            .is_some_and(|r| r.contains("no-kubeconfig")),
        "{coverage}"
    );
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("bound")
        .port();
    write_kubeconfig(&kubeconfig, &format!("http://127.0.0.1:{port}"), "t");
    let coverage = check_against(&project, &kubeconfig, "3s");
    assert_eq!(coverage["cause"], "unreachable", "{coverage}");
    let path = kubeconfig.display().to_string();
    let ran = project.run(&["doctor", "--kubeconfig", &path, "--timeout", "3s"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn a_server_that_never_answers() {
    let project = project();
    let server = Server::start(Behaviour::Hangs);
    let kubeconfig = project.beside("kubeconfig");
    server.kubeconfig(&kubeconfig, "t");
    let begun = Instant::now();
    let coverage = check_against(&project, &kubeconfig, "1s");
    assert_eq!(coverage["cause"], "timed-out", "{coverage}");
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}

#[test]
fn a_server_that_refuses() {
    let project = project();
    let kubeconfig = project.beside("kubeconfig");
    for (code, file, cause) in [
        (401, "401.json", "unauthenticated"),
        (403, "403.json", "forbidden"),
    ] {
        let server = Server::start(Behaviour::Always(
            code,
            data(&format!("kubernetes/http/{file}")),
        ));
        server.kubeconfig(&kubeconfig, "t");
        let coverage = check_against(&project, &kubeconfig, "5s");
        assert_eq!(coverage["cause"], cause, "{coverage}");
    }
    let server = Server::start(Behaviour::Always(200, "<html>a proxy</html>".into()));
    server.kubeconfig(&kubeconfig, "t");
    check_against(&project, &kubeconfig, "3s");
}

/// A snapshot of a small cluster, written by the tool.
fn snapshot(project: &Project, name: &str) -> String {
    let server = Server::start(Behaviour::Objects(vec![live_object()], 500));
    let kubeconfig = project.beside("kubeconfig-of-snapshot");
    server.kubeconfig(&kubeconfig, "t");
    let output = project.beside(name).display().to_string();
    let ran = project.run(&[
        "snapshot",
        "--kubeconfig",
        &kubeconfig.display().to_string(),
        "--output",
        &output,
        "--now",
        NOW,
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    output
}

fn refuse_snapshot(project: &Project, path: &str, says: &[&str]) {
    let ran = project.run(&["check", "--live", path, "--now", NOW, "--format", "json"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let all = format!("{}{}", ran.out, ran.err);
    for part in says {
        assert!(all.contains(part), "`{part}` is not said: {all}");
    }
}

#[test]
fn snapshots_that_are_not_fit() {
    let project = project();
    let path = snapshot(&project, "production.snapshot");
    let report = project.check_without_live(&["--live", &path]);
    report.is("pass", &[]);
    let text = std::fs::read_to_string(&path).expect("a snapshot");
    let write = |name: &str, text: &str| {
        let path = project.beside(name);
        std::fs::write(&path, text).expect("a writable file");
        path.display().to_string()
    };
    // Cut anywhere.
    for part in [10, text.len() / 2, text.len() - 3] {
        refuse_snapshot(
            &project,
            &write("cut.snapshot", &text[..part]),
            &["cut.snapshot"],
        );
    }
    let lines: Vec<&str> = text.lines().collect();
    let without = |n: usize| {
        lines
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != n)
            .map(|(_, l)| format!("{l}\n"))
            .collect::<String>()
    };
    for n in 0..lines.len() {
        refuse_snapshot(
            &project,
            &write("line.snapshot", &without(n)),
            &["line.snapshot"],
        );
    }
    refuse_snapshot(
        &project,
        &write("changed.snapshot", &text.replace("info", "warn")),
        &["changed.snapshot"],
    );
    let newer = text.replacen("/v1", "/v9", 1);
    assert_ne!(newer, text);
    refuse_snapshot(&project, &write("newer.snapshot", &newer), &["newer"]);
    refuse_snapshot(&project, &write("empty.snapshot", ""), &["empty.snapshot"]);
    refuse_snapshot(
        &project,
        &write("image.snapshot", "\u{0}PNG\u{1}"),
        &["image.snapshot"],
    );
}

#[test]
fn a_snapshot_that_is_too_old_or_of_another_environment() {
    let project = project();
    let path = snapshot(&project, "production.snapshot");
    let strict = CONFIG.replace("36500d", "24h");
    project.file("driftgate.yaml", &strict);
    project.commit("chore: believe young snapshots only");
    let report = project.check_without_live(&["--live", &path]);
    report.is("pass", &[]);
    let ran = project.run(&[
        "check",
        "--live",
        &path,
        "--now",
        "2026-11-23T12:00:00Z",
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let json: Value = serde_json::from_str(&ran.out).expect("a report");
    assert_eq!(json["verdict"], "incomplete");
    assert!(ran.out.contains("\"stale\""), "{}", ran.out);
    project.file(
        "driftgate.yaml",
        strict.replace("  production:", "  staging:"),
    );
    project.commit("chore: call it staging");
    let report = project.check_without_live(&["--live", &path]);
    assert_eq!(report.verdict(), "incomplete", "{}", report.lines());
    let reason = report.status("live")["reason"]
        .as_str()
        .expect("a reason")
        .to_owned();
    assert!(
        reason.contains("staging") && reason.contains("production"),
        "{reason}"
    );
}

#[test]
fn a_snapshot_is_written_whole_or_not_at_all() {
    let project = project();
    let server = Server::start(Behaviour::Objects(vec![live_object()], 500));
    let kubeconfig = project.beside("kubeconfig");
    server.kubeconfig(&kubeconfig, "t");
    let path = kubeconfig.display().to_string();
    let output = project.beside("nowhere/production.snapshot");
    let ran = project.run(&[
        "snapshot",
        "--kubeconfig",
        &path,
        "--output",
        &output.display().to_string(),
    ]);
    ran.refused(&["nowhere"]);
    assert!(!project.beside("nowhere").exists());
    let before: Vec<_> = names(&project.root());
    project
        .run(&["snapshot", "--kubeconfig", &path, "--output", "deploy"])
        .refused(&["deploy"]);
    assert_eq!(names(&project.root()), before, "nothing is left over");
    project
        .run(&["snapshot", "--live", "x", "--output", "y"])
        .refused(&["--live"]);
    // Of a cluster that lets nothing be read there is no snapshot.
    drop(server);
    let refusing = Server::start(Behaviour::Always(403, data("kubernetes/http/403.json")));
    refusing.kubeconfig(&kubeconfig, "t");
    let output = project.beside("refused.snapshot");
    let ran = project.run(&[
        "snapshot",
        "--kubeconfig",
        &path,
        "--output",
        &output.display().to_string(),
        "--timeout",
        "5s",
    ]);
    ran.refused(&["nothing is written", "403"]);
    assert!(!output.exists());
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let mut out: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").file_name())
        .collect();
    out.sort();
    out
}

#[test]
fn a_key_that_is_none() {
    for key in ["hunter2", "dgk1_short", "correct horse battery staple"] {
        let mut project = project();
        project.env("DRIFTGATE_KEY", key);
        let live = live_of(&project);
        let ran = project.run(&["check", "--live", &live]);
        ran.refused(&["driftgate key new"]);
        assert!(!ran.err.contains(key), "a key is a credential: {}", ran.err);
    }
}

#[test]
fn outside_of_git_the_files_are_read_as_they_lie() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("work/deploy")).expect("folders");
    std::fs::create_dir_all(at("home")).expect("folders");
    std::fs::write(at("work/driftgate.yaml"), CONFIG).expect("written");
    std::fs::write(at("work/deploy/app.yaml"), MANIFEST).expect("written");
    let live = json!({ "apiVersion": "v1", "kind": "List", "items": [live_object()] });
    std::fs::write(at("live.json"), live.to_string()).expect("written");
    let run = |args: &[&str]| {
        let mut command = binary(&at("work"), &at("home"));
        // Nothing above this folder is looked at.
        command.env("GIT_CEILING_DIRECTORIES", folder.path());
        Ran::of(command.args(args).output().expect("the binary runs"))
    };
    let ran = run(&["check", "--live", "../live.json", "--now", NOW]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("not a git repository"), "{}", ran.out);
    run(&["check", "--live", "../live.json", "--base", "main"])
        .refused(&["main", "git repository"]);
}

#[test]
fn files_that_differ_from_head_are_said() {
    let project = project();
    project.file("deploy/app.yaml", MANIFEST.replace("info", "debug"));
    let report = project.check(&[]);
    report.is("pass", &[]).notes(
        "the work tree differs from the checked revision in 1 file that was read, deploy/app.yaml",
    );
    let report = project.check(&["--worktree"]);
    report.is(
        "fail",
        &["error drifted data.LOG_LEVEL of ConfigMap/shop/settings: debug -> info"],
    );
    // A file that the check does not read is nobody's business.
    let project = self::project();
    project.file("notes.txt", "x");
    let notes = project.check(&[]).json["notes"].to_string();
    assert!(!notes.contains("work tree differs"), "{notes}");
}

#[test]
fn a_list_that_lacks_a_kind_is_not_a_proof_of_absence() {
    let project = Project::with(&data("kubernetes/recorded/desired/app.yaml"));
    project.live(&recorded("00-after-gitops-apply.deploy.json"));
    let report = project.check(&[]);
    assert_eq!(report.verdict(), "incomplete", "{}", report.lines());
    assert!(!report.lines().contains("missing"), "{}", report.lines());
}
