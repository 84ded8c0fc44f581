//! Not one byte of a secret leaves: not on stdout, not on stderr, not in a snapshot, and not in a
//! file that is left over.

use crate::{
    server::{Behaviour, Server},
    support::{CONFIG, Project, Ran},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::path::Path;

/// A text that is nowhere else; `n` tells where it was put.
fn canary(n: u8) -> String {
    format!("cnry{n}Zx8Qv")
}

const PLACES: u8 = 12;

/// Base64 and hex of a canary are the canary.
fn spellings(n: u8) -> Vec<String> {
    let plain = canary(n);
    let hex: String = plain.bytes().map(|b| format!("{b:02x}")).collect();
    vec![
        STANDARD.encode(&plain).trim_end_matches('=').to_owned(),
        hex,
        plain,
    ]
}

fn objects(side: u8) -> Vec<Value> {
    let at = |n: u8| canary(n + side * 6);
    let file = format!(
        "spring:\n  datasource:\n    url: jdbc:pg://db\n    password: {}\n",
        at(3)
    );
    let meta =
        |name: &str| json!({ "name": name, "namespace": "shop", "uid": format!("uid-{name}") });
    vec![
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": meta("api-secret"),
            "data": { "DB_PASSWORD": STANDARD.encode(at(0)), "plain": STANDARD.encode(at(1)) } }),
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("api-config"),
            "data": { "API_TOKEN": at(2), "application.yml": file, "LOG_LEVEL": format!("level-{side}") } }),
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta("api"),
            "spec": { "selector": { "matchLabels": { "app": "api" } }, "template": {
                "metadata": { "labels": { "app": "api" } },
                "spec": {
                    "volumes": [{ "name": "config", "configMap": { "name": "api-config" } }],
                    "containers": [{ "name": "main", "image": "x",
                        "envFrom": [{ "configMapRef": { "name": "api-config" } }, { "secretRef": { "name": "api-secret" } }],
                        "volumeMounts": [{ "name": "config", "mountPath": "/etc/app" }],
                        "env": [
                            { "name": "ADMIN_PASSWORD", "value": at(4) },
                            { "name": "DATABASE_URL", "value": format!("postgres://app:{}@db/shop", at(5)) },
                            { "name": "FROM_SECRET", "value": "pre-$(DB_PASSWORD)" } ] }] } } } }),
    ]
}

fn assert_clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for n in 0..PLACES {
        for spelling in spellings(n) {
            assert!(
                !text.contains(&spelling),
                "canary {n} ({spelling}) is in {what}:\n{text}"
            );
        }
    }
}

fn assert_folder_clean(folder: &Path, except: &[&str]) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if except.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            assert_folder_clean(&path, except);
        } else {
            assert_clean(
                &path.display().to_string(),
                &std::fs::read(&path).expect("a file"),
            );
        }
    }
}

struct Lab {
    project: Project,
    server: Server,
}

fn lab(secrets: &str, key: bool) -> Lab {
    let mut project = Project::empty();
    std::fs::create_dir_all(project.beside("tmp")).expect("a folder");
    let tmp = project.beside("tmp").display().to_string();
    project.env("TMPDIR", &tmp);
    project.file(
        "driftgate.yaml",
        CONFIG.replace(
            "namespace: shop",
            &format!("namespace: shop, secrets: {secrets}"),
        ),
    );
    let manifests = |side| {
        objects(side)
            .iter()
            .map(|o| format!("---\n{o}\n"))
            .collect::<String>()
    };
    project.file("deploy/app.yaml", manifests(0));
    project.commit("feat: begin");
    project.branch("feature");
    // The change writes every object, with what live has in some of them.
    project.file(
        "deploy/app.yaml",
        manifests(0)
            .replace("level-0", "level-2")
            .replace(&canary(2), &canary(8)),
    );
    project.commit("feat: change it");
    if key {
        let text = project.run(&["key", "new"]).out;
        project.env("DRIFTGATE_KEY", text.trim());
    }
    let server = Server::start(Behaviour::Objects(objects(1), 500));
    server.kubeconfig(&project.beside("kubeconfig"), "cnry7Zx8Qv-token");
    Lab { project, server }
}

impl Lab {
    fn run(&self, args: &[&str]) -> Ran {
        let ran = self.project.run(args);
        let what = format!("{args:?} (exit code {})", ran.code);
        assert_clean(&what, ran.out.as_bytes());
        assert_clean(&what, ran.err.as_bytes());
        ran
    }
}

#[test]
fn no_command_shows_a_secret() {
    for secrets in ["references", "presence", "digest"] {
        for key in [true, false] {
            let lab = lab(secrets, key);
            let kubeconfig = lab.project.beside("kubeconfig").display().to_string();
            let snapshot = lab
                .project
                .beside("production.snapshot")
                .display()
                .to_string();
            let live = lab.project.live(&objects(1)).display().to_string();
            let ran = lab.run(&[
                "snapshot",
                "--kubeconfig",
                &kubeconfig,
                "--output",
                &snapshot,
            ]);
            assert_eq!(ran.code, 0, "{ran:?}");
            for from in [
                ["--kubeconfig", &kubeconfig],
                ["--live", &snapshot],
                ["--live", &live],
            ] {
                for format in ["text", "json"] {
                    for occasion in [
                        &[][..],
                        &["--base", "main"],
                        &["--for", "deploy", "--base", "main"],
                    ] {
                        let mut args = vec!["check", "-v", "--format", format];
                        args.extend(from);
                        args.extend(occasion);
                        let ran = lab.run(&args);
                        // It did compare: something differs on purpose.
                        assert!(ran.out.contains("LOG_LEVEL"), "{args:?}: {ran:?}");
                        assert_ne!(ran.code, 0, "{args:?}");
                    }
                }
            }
            let report = lab.project.beside("report.json").display().to_string();
            lab.run(&[
                "check", "--live", &snapshot, "--format", "json", "--output", &report,
            ]);
            lab.run(&["doctor", "--kubeconfig", &kubeconfig]);
            lab.run(&["doctor", "--rbac", "--kubeconfig", &kubeconfig]);
            let asked = lab.server.log().iter().any(|l| l.contains("/secrets"));
            assert_eq!(asked, secrets != "references", "{secrets}");
            // Beside what the test itself wrote.
            let folder = lab.project.beside("x");
            assert_folder_clean(
                folder.parent().expect("a parent"),
                &["repository", "kubeconfig", "live.json"],
            );
            let left = std::fs::read_dir(lab.project.beside("tmp"))
                .expect("a folder")
                .count();
            assert_eq!(left, 0, "temporary files are left over");
        }
    }
}

#[test]
fn errors_show_no_secret_either() {
    let lab = lab("digest", false);
    let kubeconfig = lab.project.beside("kubeconfig").display().to_string();
    let secret = canary(1);
    for (name, text) in [
        (
            "deploy/tab.yaml",
            format!("apiVersion: v1\nkind: Secret\nstringData:\n\tpassword: {secret}\n"),
        ),
        (
            "deploy/open.yaml",
            format!("apiVersion: v1\nkind: Secret\nstringData: {{password: \"{secret}\n"),
        ),
        (
            "deploy/nameless.yaml",
            format!("apiVersion: v1\nkind: Secret\nstringData: {{password: {secret}}}\n"),
        ),
        (
            "deploy/base64.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: b}}\ndata: {{password: \"{secret}!\"}}\n"
            ),
        ),
        (
            "deploy/shape.yaml",
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: c}}\ndata: [{secret}]\n"),
        ),
        (
            "deploy/twice.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: d}}\nstringData: {{password: {secret}, password: {secret}x}}\n"
            ),
        ),
    ] {
        lab.project.file(name, text);
    }
    lab.project.commit("feat: break it");
    for format in ["text", "json"] {
        let ran = lab.run(&[
            "check",
            "-v",
            "--kubeconfig",
            &kubeconfig,
            "--format",
            format,
        ]);
        assert_eq!(ran.code, 2, "{ran:?}");
    }
    let beside = |name: &str, text: String| {
        let path = lab.project.beside(name);
        std::fs::write(&path, text).expect("a writable file");
        path.display().to_string()
    };
    let broken = beside(
        "broken.json",
        format!("{{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"data\": {{\"p\": \"{secret}\" "),
    );
    lab.run(&["check", "--live", &broken]);
    // A server that fails, and one that answers with what was never an object.
    for body in [
        "internal error".to_owned(),
        format!("{{\"kind\":\"Secret\",\"data\":\"{secret}"),
    ] {
        let code = if body.starts_with('{') { 200 } else { 500 };
        let server = Server::start(Behaviour::Always(code, body));
        server.kubeconfig(&lab.project.beside("kubeconfig-failing"), &secret);
        let path = lab
            .project
            .beside("kubeconfig-failing")
            .display()
            .to_string();
        let ran = lab.run(&["check", "--kubeconfig", &path, "--timeout", "3s"]);
        assert_eq!(ran.code, 2, "{ran:?}");
    }
    // A kubeconfig that does not parse.
    let path = beside(
        "kubeconfig-broken",
        format!("users: [{{name: u, user: {{token: {secret}"),
    );
    lab.run(&["check", "--kubeconfig", &path]);
    lab.run(&["doctor", "--kubeconfig", &path]);
    // A credential in the server's address.
    crate::server::write_kubeconfig(
        &lab.project.beside("kubeconfig-url"),
        &format!("http://me:{secret}@127.0.0.1:9"),
        "t",
    );
    let path = lab.project.beside("kubeconfig-url").display().to_string();
    lab.run(&["check", "--kubeconfig", &path, "--timeout", "2s"]);
    lab.run(&["doctor", "--kubeconfig", &path, "--timeout", "2s"]);
}
