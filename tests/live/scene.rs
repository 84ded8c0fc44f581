//! What a story needs: a repository made from an example, what people do to the cluster, and the
//! real binary with what it says.
#![allow(clippy::panic, reason = "tests fail by it")]

use super::cluster::{Cluster, User};
use base64::Engine;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A repository in a folder of its own, and the kubeconfig that driftgate gets.
pub(crate) struct Repository {
    folder: tempfile::TempDir,
}

/// What driftgate said.
pub(crate) struct Said {
    /// The exit code.
    pub(crate) code: i32,
    /// stdout.
    pub(crate) out: String,
    /// stderr.
    pub(crate) err: String,
}

impl Said {
    /// The report; fails where stdout is none.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("no report ({e}): {}\n{}", self.out, self.err))
    }
}

impl Repository {
    /// A repository with an example as its first commit; texts are replaced in its driftgate.yaml.
    pub(crate) fn of_example(name: &str, replace: &[(&str, &str)]) -> Repository {
        let repository = Repository::empty();
        let example = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("examples")
            .join(name);
        copy(&example, &repository.root());
        let path = repository.root().join("driftgate.yaml");
        let mut text = std::fs::read_to_string(&path).expect("the example's driftgate.yaml");
        for (from, to) in replace {
            assert!(text.contains(from), "{name}: no `{from}` in {text}");
            text = text.replace(from, to);
        }
        std::fs::write(&path, text).expect("a file");
        repository.commit("the example");
        repository
    }

    /// A repository with these files as its first commit.
    pub(crate) fn of(files: &[(&str, &str)]) -> Repository {
        let repository = Repository::empty();
        for (path, text) in files {
            repository.write(path, text);
        }
        repository.commit("first");
        repository
    }

    fn empty() -> Repository {
        let repository = Repository {
            folder: tempfile::tempdir().expect("a folder"),
        };
        std::fs::create_dir(repository.root()).expect("a folder");
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// The root of the work tree.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// A file outside of the work tree.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the work tree.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Replaces a text in a file of the work tree; it must be there.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.root().join(path)).expect("a file");
        assert!(text.contains(from), "no `{from}` in {text}");
        self.write(path, &text.replacen(from, to, 1));
    }

    /// Commits everything and returns the id.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git and returns what it printed.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let out = Command::new("git")
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs([
                ("GIT_AUTHOR_NAME", "Ada"),
                ("GIT_AUTHOR_EMAIL", "ada@example.com"),
                ("GIT_COMMITTER_NAME", "Ada"),
                ("GIT_COMMITTER_EMAIL", "ada@example.com"),
            ])
            .output()
            .expect("git");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        assert!(out.status.success(), "git {args:?}: {}", text(&out.stderr));
        text(&out.stdout)
    }

    /// A kubeconfig of this server beside the repository.
    pub(crate) fn kubeconfig(&self, server: &Value, users: &[(&str, Value)]) {
        let contexts: Vec<Value> = users
            .iter()
            .map(|(name, _)| json!({ "name": name, "context": { "cluster": "c", "user": name } }))
            .collect();
        let users: Vec<Value> = users
            .iter()
            .map(|(name, user)| json!({ "name": name, "user": user }))
            .collect();
        let text = json!({ "apiVersion": "v1", "kind": "Config", "clusters": [{ "name": "c", "cluster": server }],
            "users": users, "contexts": contexts, "current-context": "production" });
        std::fs::write(self.beside("kubeconfig"), text.to_string()).expect("a file");
    }

    /// Runs the binary in the repository, with nothing of this machine's environment.
    pub(crate) fn driftgate(&self, args: &[&str], environment: &[(&str, &str)]) -> Said {
        let out: Output = Command::new(env!("CARGO_BIN_EXE_driftgate"))
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", self.beside("kubeconfig"))
            .envs(environment.iter().copied())
            .output()
            .expect("the binary");
        Said {
            code: out.status.code().expect("an exit code"),
            out: String::from_utf8(out.stdout).expect("UTF-8"),
            err: String::from_utf8(out.stderr).expect("UTF-8"),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// A story: a repository, and a namespace of a cluster that it is deployed to.
pub(crate) struct Story<'a> {
    pub(crate) repository: Repository,
    pub(crate) cluster: &'a Cluster,
    pub(crate) namespace: String,
}

impl<'a> Story<'a> {
    /// A repository for a namespace, which is made. Contexts: `production` may do everything,
    /// `reader` what its Roles say, `expired` has a token that nobody knows.
    pub(crate) fn new(cluster: &'a Cluster, namespace: &str, repository: Repository) -> Story<'a> {
        let certificate = std::fs::read(cluster.certificate()).expect("the server's certificate");
        let certificate = base64::engine::general_purpose::STANDARD.encode(certificate);
        let server = json!({ "server": cluster.url(), "certificate-authority-data": certificate });
        let token = |t: &str| json!({ "token": t });
        repository.kubeconfig(
            &server,
            &[
                ("production", token(cluster.token(User::Admin))),
                ("reader", token(cluster.token(User::Reader))),
                ("expired", token("of-yesterday")),
            ],
        );
        cluster.namespace(namespace);
        Story {
            repository,
            cluster,
            namespace: namespace.into(),
        }
    }

    /// The story of an example, in a namespace of its own.
    pub(crate) fn of_example(cluster: &'a Cluster, name: &str) -> Story<'a> {
        let namespace = format!("story-{name}");
        let own = format!("namespace: {namespace}");
        let repository = Repository::of_example(name, &[("namespace: shop", &own)]);
        Story::new(cluster, &namespace, repository)
    }

    /// The path of an object of this namespace.
    pub(crate) fn path(&self, api_version: &str, kind: &str, name: &str) -> String {
        let root = match api_version.contains('/') {
            true => format!("/apis/{api_version}"),
            false => format!("/api/{api_version}"),
        };
        let plural = plural(kind);
        format!("{root}/namespaces/{}/{plural}/{name}", self.namespace)
    }

    /// What a deployer does: server-side apply with force of every document below a folder, as it
    /// is written, as manager `gitops`.
    pub(crate) fn deploy(&self, folder: &str) {
        for (path, text) in self.documents(folder) {
            self.ok(
                "APPLY",
                &format!("{path}?fieldManager=gitops&force=true"),
                text,
            );
        }
    }

    /// Every document below a folder with the path of its object.
    pub(crate) fn documents(&self, folder: &str) -> Vec<(String, String)> {
        let mut out = Vec::new();
        let mut folders = vec![self.repository.root().join(folder)];
        while let Some(folder) = folders.pop() {
            let entries = std::fs::read_dir(&folder).expect("a folder");
            let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
            paths.sort();
            for path in paths {
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).expect("a manifest");
                for document in text.split("\n---\n") {
                    let head: Head = serde_yaml::from_str(document).expect("a manifest");
                    let name = &head.metadata.name;
                    let path = self.path(&head.api_version, &head.kind, name);
                    out.push((path, document.to_owned()));
                }
            }
        }
        out
    }

    /// Sends a text, and fails at anything but success.
    pub(crate) fn ok(&self, method: &str, path: &str, text: String) -> Value {
        let answer = self
            .cluster
            .try_send_text(User::Admin, method, path, text)
            .expect("the cluster answers");
        assert!(
            (200..300).contains(&answer.0),
            "{method} {path}: {answer:?}"
        );
        answer.1
    }

    /// `kubectl <args>` in this namespace where there is a kubectl, else the request that it would
    /// have sent.
    pub(crate) fn kubectl(&self, args: &[&str], otherwise: impl FnOnce()) {
        let Some(kubectl) = kubectl() else {
            return otherwise();
        };
        let out = Command::new(kubectl)
            .arg("--kubeconfig")
            .arg(self.repository.beside("kubeconfig"))
            .args(["--namespace", &self.namespace])
            .args(args)
            .env("HOME", self.repository.beside(""))
            .output()
            .expect("kubectl");
        let err = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "kubectl {args:?}: {err}");
    }

    /// `kubectl set env deployment/<name> -c <container> <variable>=<value>`; without a value, the
    /// variable is removed.
    pub(crate) fn set_env(&self, name: &str, container: &str, variable: &str, value: Option<&str>) {
        let assignment = match value {
            Some(value) => format!("{variable}={value}"),
            None => format!("{variable}-"),
        };
        let deployment = format!("deployment/{name}");
        self.kubectl(
            &[
                "set",
                "env",
                &deployment,
                "--containers",
                container,
                &assignment,
            ],
            || {
                let item = match value {
                    Some(value) => json!({ "name": variable, "value": value }),
                    None => json!({ "name": variable, "$patch": "delete" }),
                };
                let containers = json!([{ "name": container, "env": [item] }]);
                let patch =
                    json!({ "spec": { "template": { "spec": { "containers": containers } } } });
                self.strategic("kubectl-set", &self.deployment(name), &patch);
            },
        );
    }

    /// `kubectl scale deployment/<name> --replicas <n>`: through the subresource, as kubectl does.
    pub(crate) fn scale(&self, name: &str, replicas: u32) {
        let deployment = format!("deployment/{name}");
        self.kubectl(
            &["scale", &deployment, "--replicas", &replicas.to_string()],
            || {
                let path = format!("{}/scale", self.deployment(name));
                let patch = json!({ "spec": { "replicas": replicas } });
                self.cluster.patch("kubectl", &path, &patch);
            },
        );
    }

    /// What `kubectl edit` sends.
    pub(crate) fn edit(&self, path: &str, patch: &Value) {
        self.cluster.patch("kubectl-edit", path, patch);
    }

    /// A strategic merge patch by a field manager.
    pub(crate) fn strategic(&self, manager: &str, path: &str, patch: &Value) {
        let path = format!("{path}?fieldManager={manager}");
        self.ok("STRATEGIC", &path, patch.to_string());
    }

    /// `kubectl delete`.
    pub(crate) fn delete(&self, path: &str) {
        self.cluster.send("DELETE", path, None);
    }

    /// The path of a Deployment.
    pub(crate) fn deployment(&self, name: &str) -> String {
        self.path("apps/v1", "Deployment", name)
    }

    /// `driftgate check --format json`, both on the cluster and on a snapshot of it: their findings
    /// and changes must be the same. Returns what was said of the cluster.
    pub(crate) fn check(&self, args: &[&str]) -> (i32, Value) {
        self.check_with(args, &[])
    }

    /// The same, with environment variables.
    pub(crate) fn check_with(&self, args: &[&str], environment: &[(&str, &str)]) -> (i32, Value) {
        let run = |more: &[&str]| {
            let all = [&["check", "--format", "json"], args, more].concat();
            self.repository.driftgate(&all, environment)
        };
        let live = run(&[]);
        let file = self.repository.beside("live.snapshot");
        let file = file.to_str().expect("UTF-8");
        let said = self
            .repository
            .driftgate(&["snapshot", "--output", file], environment);
        let report = live.report();
        assert_eq!(said.code, 0, "{}", said.err);
        let recorded = run(&["--live", file]);
        let offline = recorded.report();
        for part in ["findings", "changes", "verdict", "deployed"] {
            assert_eq!(
                report[part], offline[part],
                "{part}: live, then the snapshot"
            );
        }
        assert_eq!(live.code, recorded.code);
        (live.code, report)
    }

    /// Nothing to say at all: no finding, no change, no problem, everything read.
    pub(crate) fn assert_clean(&self, when: &str) {
        let (code, report) = self.check(&[]);
        assert_eq!(findings(&report), [""; 0], "{when}");
        assert_eq!(changes(&report), [""; 0], "{when}");
        assert_eq!(report["problems"], json!([]), "{when}");
        assert_eq!(report["verdict"], "pass", "{when}");
        assert_eq!(code, 0, "{when}");
        let coverage = report["coverage"].as_array().expect("coverage");
        assert!(!coverage.is_empty(), "{when}");
        assert!(
            coverage.iter().all(|c| c["status"] == "read"),
            "{when}: {coverage:?}"
        );
        assert!(
            coverage.iter().any(|c| c["entries"].as_u64() > Some(5)),
            "{when}: {coverage:?}"
        );
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    api_version: String,
    kind: String,
    metadata: Meta,
}

#[derive(serde::Deserialize)]
struct Meta {
    name: String,
}

fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

/// The `kubectl` of the assets or of `PATH`.
fn kubectl() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    assets
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join("kubectl"))
        .find(|file| file.is_file())
}

/// A value as a report shows it.
fn shown(side: &Value) -> String {
    match side {
        Value::Null => "?".into(),
        _ if side["absent"] == true => "absent".into(),
        _ if side["redacted"] == true => "redacted".into(),
        _ => match (&side["value"], &side["opaque"], &side["unknown"]) {
            (Value::String(text), ..) => text.replace('\n', "|"),
            (_, Value::String(why), _) => format!("opaque: {why}"),
            (_, _, Value::String(why)) => format!("unknown: {why}"),
            _ => side.to_string(),
        },
    }
}

/// One line per finding: `error drifted DB_TIMEOUT 10s -> 60s by kubectl-set`.
pub(crate) fn findings(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().expect("findings");
    let text = |v: &Value| v.as_str().unwrap_or("?").to_owned();
    let mut lines: Vec<String> = all
        .iter()
        .map(|f| format!("{} {} {}", text(&f["severity"]), text(&f["rule"]), entry(f)))
        .collect();
    lines.sort();
    lines
}

/// One line per change: `pending DB_TIMEOUT 30s -> 10s`.
pub(crate) fn changes(report: &Value) -> Vec<String> {
    let all = report["changes"].as_array().expect("changes");
    let mut lines: Vec<String> = all
        .iter()
        .map(|c| format!("{} {}", c["state"].as_str().unwrap_or("?"), entry(c)))
        .collect();
    lines.sort();
    lines
}

fn entry(e: &Value) -> String {
    let by = match e["live"]["writer"]["name"].as_str() {
        Some(name) => format!(" by {name}"),
        None => String::new(),
    };
    let key = e["key"].as_str().unwrap_or("?");
    let (git, live) = (shown(&e["desired"]), shown(&e["live"]));
    format!("{key} {git} -> {live}{by}")
}

/// The finding or change about a key; fails when there is none.
pub(crate) fn about<'r>(report: &'r Value, key: &str) -> &'r Value {
    let parts = [&report["findings"], &report["changes"]];
    let mut all = parts.into_iter().filter_map(Value::as_array).flatten();
    all.find(|e| e["key"] == key).unwrap_or_else(|| {
        panic!(
            "nothing about {key}: {:?} {:?}",
            findings(report),
            changes(report)
        )
    })
}
