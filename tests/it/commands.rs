//! The commands as a shell sees them: exit codes, pipes, colour, help.

use crate::support::{NOW, Project, Ran, binary};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

const MANIFEST: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {LOG_LEVEL: info}
";

fn project(live: &str) -> Project {
    let project = Project::with(MANIFEST);
    project.live(&[
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "LOG_LEVEL": live },
        "metadata": { "name": "settings", "namespace": "shop", "uid": "u" } }),
    ]);
    project
}

fn check(project: &Project, args: &[&str]) -> Ran {
    let live = project.beside("live.json").display().to_string();
    let mut all = vec!["check", "--live", &live, "--now", NOW];
    all.extend(args);
    project.run(&all)
}

fn run(args: &[&str]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    Ran::of(
        binary(folder.path(), folder.path())
            .args(args)
            .output()
            .expect("the binary runs"),
    )
}

#[test]
fn exit_codes() {
    for format in ["text", "json"] {
        assert_eq!(check(&project("info"), &["--format", format]).code, 0);
        assert_eq!(check(&project("debug"), &["--format", format]).code, 1);
        assert_eq!(
            check(
                &project("debug"),
                &["--format", format, "--fail-on", "never"]
            )
            .code,
            0
        );
        assert_eq!(
            check(&project("info"), &["--format", format, "--head", "nowhere"]).code,
            2
        );
    }
    let empty = project("info");
    empty.live(&[json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s", "namespace": "shop", "uid": "u" } })]);
    assert_eq!(
        check(&empty, &["--fail-on", "never"]).code,
        2,
        "incomplete is never green"
    );
    assert_eq!(run(&["--help"]).code, 0);
    assert_eq!(run(&["--version"]).code, 0);
    assert_eq!(run(&[]).code, 2);
    assert_eq!(run(&["chekc"]).code, 2);
    assert_eq!(run(&["check", "--no-such-flag"]).code, 2);
}

#[test]
fn data_goes_to_stdout_and_nothing_else_does() {
    let ran = check(&project("debug"), &["--format", "json"]);
    serde_json::from_str::<Value>(&ran.out).expect("only JSON");
    assert_eq!(ran.err, "");
    let ran = check(&project("debug"), &[]);
    assert_eq!(ran.err, "");
    assert!(ran.out.contains("LOG_LEVEL"), "{}", ran.out);
}

#[test]
fn a_report_in_a_file_is_whole_or_not_there() {
    let project = project("debug");
    let path = project.beside("report.json");
    let ran = check(
        &project,
        &["--format", "json", "--output", &path.display().to_string()],
    );
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    let text = std::fs::read_to_string(&path).expect("a report");
    assert_eq!(text, check(&project, &["--format", "json"]).out);
    let nowhere = project.beside("nowhere/report.json");
    check(&project, &["--output", &nowhere.display().to_string()]).refused(&["nowhere"]);
    assert!(!project.beside("nowhere").exists());
}

#[test]
fn a_closed_pipe_is_no_error() {
    let project = project("debug");
    let live = project.beside("live.json").display().to_string();
    for args in [
        &["check", "--live", &live, "--now", NOW][..],
        &["schema", "print"],
        &["completions", "bash"],
    ] {
        let mut command = project.command(args);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut line = String::new();
        let mut out = BufReader::with_capacity(16, child.stdout.take().expect("a pipe"));
        // The report is the same, whoever reads how much of it.
        out.read_line(&mut line).expect("a line");
        drop(out);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
        let code = i32::from(args[0] == "check");
        assert_eq!(output.status.code(), Some(code), "{args:?}");
    }
    // Closed before the first byte.
    let mut command = project.command(&["check", "--live", &live, "--now", NOW]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn colour_only_where_it_is_asked_for() {
    let mut project = project("debug");
    let plain = check(&project, &[]).out;
    assert!(!plain.contains('\u{1b}'), "no terminal, no colour");
    let coloured = check(&project, &["--color", "always"]).out;
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(check(&project, &["--color", "never"]).out, plain);
    project.env("NO_COLOR", "1").env("CLICOLOR", "1");
    assert_eq!(check(&project, &[]).out, plain);
    for columns in ["40", "80", "200"] {
        project.env("COLUMNS", columns);
        let out = check(&project, &["-v"]).out;
        assert!(out.contains("LOG_LEVEL"), "{out}");
    }
}

#[test]
fn schemas_are_printed_as_they_are_checked_in() {
    let config = run(&["schema", "print"]);
    assert_eq!(config.code, 0);
    assert_eq!(
        config.out,
        include_str!("../../schemas/driftgate.schema.json")
    );
    assert_eq!(run(&["schema", "print", "config"]).out, config.out);
    let report = run(&["schema", "print", "report"]);
    assert_eq!(
        report.out,
        include_str!("../../schemas/report-v1.schema.json")
    );
    let environments = run(&["schema", "print", "environments"]);
    assert_eq!(
        environments.out,
        include_str!("../../schemas/environments-v1.schema.json")
    );
    for schema in [config.out, report.out, environments.out] {
        let schema: Value = serde_json::from_str(&schema).expect("JSON");
        jsonschema::meta::validate(&schema).expect("a JSON Schema");
    }
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(&["completions", shell]);
        assert_eq!(ran.code, 0, "{shell}");
        for command in [
            "check",
            "snapshot",
            "doctor",
            "schema",
            "key",
            "completions",
        ] {
            assert!(ran.out.contains(command), "{shell} lacks {command}");
        }
    }
}

#[test]
fn a_new_key_is_taken_and_no_two_are_alike() {
    let keys = [run(&["key", "new"]).out, run(&["key", "new"]).out];
    assert_ne!(keys[0], keys[1]);
    for key in keys {
        assert!(key.ends_with('\n') && key.lines().count() == 1);
        let mut project = project("info");
        project.env("DRIFTGATE_KEY", key.trim());
        let ran = check(&project, &[]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!ran.out.contains(key.trim()));
        // One wrong letter is seen.
        let mut wrong: Vec<char> = key.trim().chars().collect();
        let middle = wrong.len() / 2;
        wrong[middle] = if wrong[middle] == 'a' { 'b' } else { 'a' };
        let wrong: String = wrong.into_iter().collect();
        project.env("DRIFTGATE_KEY", &wrong);
        let ran = check(&project, &[]);
        ran.refused(&[]);
        assert!(!ran.err.contains(&wrong), "{}", ran.err);
    }
}

#[test]
fn help_says_what_a_command_needs() {
    for (args, parts) in [
        (
            &["--help"][..],
            &["check", "snapshot", "doctor", "Exit codes"][..],
        ),
        (
            &["check", "--help"],
            &[
                "--base",
                "--for",
                "--live",
                "--kubeconfig",
                "--format",
                "--fail-on",
                "driftgate.yaml",
                "Examples",
            ],
        ),
        (&["snapshot", "--help"], &["--output", "DRIFTGATE_KEY"]),
        (&["doctor", "--help"], &["--rbac", "least-privilege"]),
        (&["schema", "print", "--help"], &["config", "report"]),
        (
            &["key", "new", "--help"],
            &["DRIFTGATE_KEY", "Passphrases are refused"],
        ),
        (&["completions", "--help"], &["bash"]),
    ] {
        let ran = run(args);
        assert_eq!(ran.code, 0, "{args:?}");
        for part in parts {
            assert!(
                ran.out.contains(part),
                "{args:?} lacks {part}:\n{}",
                ran.out
            );
        }
        assert!(
            ran.out.lines().all(|l| l.chars().count() <= 100),
            "{args:?} is too wide:\n{}",
            ran.out
        );
    }
}

#[test]
fn without_a_configuration_two_flags_are_enough() {
    let project = project("debug");
    project.remove("driftgate.yaml");
    project.commit("chore: without a configuration");
    let ran = check(
        &project,
        &[
            "--manifests",
            "deploy",
            "--kubernetes",
            "production/shop",
            "--format",
            "json",
        ],
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("LOG_LEVEL"), "{}", ran.out);
    check(&project, &["--manifests", "deploy"]).refused(&["--kubernetes"]);
    check(&project, &["--kubernetes", "production"]).refused(&["--manifests"]);
}
