//! Temporary repositories, recorded live sides and the real binary.

use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};
use tempfile::TempDir;

/// A configuration of one service in one environment, as most tests need.
pub(crate) const CONFIG: &str = "version: 1
services:
  api:
    layers:
      - name: workload
        desired: { manifests: deploy }
        live: { kubernetes: { context: production, namespace: shop } }
environments:
  production: { tier: production }
gate: { snapshot-max-age: 36500d }
";

/// What `--now` says in every run.
pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";

/// A temporary folder with a git repository in `repository/`, and a home beside it.
pub(crate) struct Project {
    folder: TempDir,
    repository: git2::Repository,
    environment: Vec<(String, String)>,
}

impl Project {
    /// An empty repository on branch `main`.
    pub(crate) fn empty() -> Project {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("repository");
        std::fs::create_dir_all(folder.path().join("home")).expect("a home");
        Project {
            repository: repository(&root),
            folder,
            environment: vec![],
        }
    }

    /// A repository with [`CONFIG`] and one manifest, committed.
    pub(crate) fn with(manifest: &str) -> Project {
        let project = Project::empty();
        project.file("driftgate.yaml", CONFIG);
        project.file("deploy/app.yaml", manifest);
        project.commit("feat: add the api");
        project
    }

    /// The repository's root.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// A path outside of the repository.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the work tree.
    pub(crate) fn file(&self, path: &str, text: impl AsRef<[u8]>) -> &Project {
        write(&self.root().join(path), text);
        self
    }

    /// Removes a file of the work tree.
    pub(crate) fn remove(&self, path: &str) -> &Project {
        std::fs::remove_file(self.root().join(path)).expect("the file is there");
        self
    }

    /// Commits the work tree as it is; gives the commit's id.
    pub(crate) fn commit(&self, message: &str) -> String {
        commit(&self.repository, message)
    }

    /// Another repository beside this one, with a file, committed.
    pub(crate) fn another(&self, name: &str, path: &str, text: &str) -> Checkout {
        let root = self.beside(name);
        let checkout = Checkout {
            repository: repository(&root),
            root,
        };
        checkout.change(path, text);
        checkout
    }

    /// Goes to a branch, made here where it does not exist, with a clean work tree.
    pub(crate) fn branch(&self, name: &str) -> &Project {
        if self
            .repository
            .find_branch(name, git2::BranchType::Local)
            .is_err()
        {
            let head = self
                .repository
                .head()
                .expect("a head")
                .peel_to_commit()
                .expect("a commit");
            self.repository
                .branch(name, &head, false)
                .expect("a branch");
        }
        self.repository
            .set_head(&format!("refs/heads/{name}"))
            .expect("a head");
        let mut checkout = git2::build::CheckoutBuilder::new();
        checkout.force().remove_untracked(true);
        self.repository
            .checkout_head(Some(&mut checkout))
            .expect("a checkout");
        self
    }

    /// Sets a variable for every run.
    pub(crate) fn env(&mut self, name: &str, value: &str) -> &mut Project {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Writes objects as `kubectl get -o json` prints them, to `live.json` beside the repository.
    pub(crate) fn live(&self, objects: &[Value]) -> PathBuf {
        self.live_as("live.json", objects)
    }

    /// The same with a name of its own.
    pub(crate) fn live_as(&self, name: &str, objects: &[Value]) -> PathBuf {
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
        let path = self.beside(name);
        std::fs::write(&path, list.to_string()).expect("a writable file");
        path
    }

    /// The binary, in the repository, with an environment that holds nothing of this machine's.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = binary(&self.root(), &self.beside("home"));
        command.args(args);
        command.envs(self.environment.iter().map(|(n, v)| (n, v)));
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().expect("the binary runs"))
    }

    /// `check --format json` at a fixed time, against the recorded live side.
    pub(crate) fn check(&self, args: &[&str]) -> Report {
        let live = self.beside("live.json").display().to_string();
        let mut all = vec!["--live", &live];
        all.extend(args);
        self.check_without_live(&all)
    }

    /// `check --format json` at a fixed time.
    pub(crate) fn check_without_live(&self, args: &[&str]) -> Report {
        let mut all = vec!["check", "--format", "json", "--now", NOW];
        all.extend(args);
        let ran = self.run(&all);
        Report::of(&ran)
    }
}

/// A repository beside a project's own.
pub(crate) struct Checkout {
    root: PathBuf,
    repository: git2::Repository,
}

impl Checkout {
    /// Writes a file of the work tree.
    pub(crate) fn file(&self, path: &str, text: &str) {
        write(&self.root.join(path), text);
    }

    /// Writes and commits it; gives the commit's id.
    pub(crate) fn change(&self, path: &str, text: &str) -> String {
        self.file(path, text);
        commit(&self.repository, "feat: change the configuration")
    }
}

fn repository(root: &Path) -> git2::Repository {
    let mut options = git2::RepositoryInitOptions::new();
    options.initial_head("main");
    git2::Repository::init_opts(root, &options).expect("a repository")
}

fn write(path: &Path, text: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, text).expect("a writable file");
}

fn commit(repository: &git2::Repository, message: &str) -> String {
    let mut index = repository.index().expect("an index");
    index
        .add_all(["*"], git2::IndexAddOption::DEFAULT, None)
        .expect("files are added");
    index.update_all(["*"], None).expect("removed files too");
    index.write().expect("a written index");
    let tree = repository
        .find_tree(index.write_tree().expect("a tree"))
        .expect("a tree");
    let head = repository.head().ok();
    let parent = head.map(|h| h.peel_to_commit().expect("a commit"));
    let time = parent
        .as_ref()
        .map_or(1_790_000_000, |p| p.time().seconds() + 3600);
    let who = git2::Signature::new("Ada", "ada@example.com", &git2::Time::new(time, 0))
        .expect("a signature");
    let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
    repository
        .commit(Some("HEAD"), &who, &who, message, &tree, &parents)
        .expect("a commit")
        .to_string()
}

/// The binary in a folder, with nothing of this machine's environment but `PATH`.
pub(crate) fn binary(folder: &Path, home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .stdin(Stdio::null());
    command
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ran {
            code: output.status.code().expect("no signal ended it"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// Asserts that nothing could be checked, that stdout is empty, and that stderr says so much.
    pub(crate) fn refused(&self, says: &[&str]) -> &Ran {
        assert_eq!(self.code, 2, "{self:?}");
        assert_eq!(self.out, "", "data on stdout: {self:?}");
        for part in says {
            assert!(
                self.err.contains(part),
                "stderr lacks `{part}`:\n{}",
                self.err
            );
        }
        self
    }
}

/// A report that keeps to its schema.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) code: i32,
    pub(crate) json: Value,
    pub(crate) err: String,
}

impl Report {
    fn of(ran: &Ran) -> Report {
        let json: Value = serde_json::from_str(&ran.out)
            .unwrap_or_else(|e| panic!("no report ({e}):\n{}\n{}", ran.out, ran.err));
        static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
        let schema = SCHEMA.get_or_init(|| {
            let text = include_str!("../../schemas/report-v1.schema.json");
            let schema = serde_json::from_str(text).expect("JSON");
            jsonschema::validator_for(&schema).expect("a schema")
        });
        let errors: Vec<String> = schema
            .iter_errors(&json)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}\n{}", ran.out);
        let code = match json["verdict"].as_str() {
            Some("pass") => 0,
            Some("fail") => 1,
            _ => 2,
        };
        assert_eq!(
            ran.code, code,
            "the exit code is the verdict's: {}",
            ran.err
        );
        Report {
            code: ran.code,
            json,
            err: ran.err.clone(),
        }
    }

    pub(crate) fn verdict(&self) -> &str {
        self.json["verdict"].as_str().expect("a verdict")
    }

    pub(crate) fn findings(&self) -> &[Value] {
        self.json["findings"].as_array().expect("a list")
    }

    pub(crate) fn changes(&self) -> &[Value] {
        self.json["changes"].as_array().expect("a list")
    }

    /// The finding or change about `key`.
    pub(crate) fn about(&self, key: &str) -> &Value {
        let found: Vec<&Value> = self
            .findings()
            .iter()
            .chain(self.changes())
            .filter(|f| f["key"] == key)
            .collect();
        match found[..] {
            [one] => one,
            _ => panic!("{} about {key}:\n{}", found.len(), self.lines()),
        }
    }

    /// One line per finding and change, in order: `error drifted DB_TIMEOUT 10s -> 60s [person
    /// kubectl-set]`.
    pub(crate) fn lines(&self) -> String {
        let mut out = String::new();
        for finding in self.findings() {
            let text = |name: &str| finding[name].as_str().unwrap_or("-");
            _ = writeln!(
                out,
                "{} {} {}",
                text("severity"),
                text("rule"),
                line(finding)
            );
        }
        for change in self.changes() {
            _ = writeln!(
                out,
                "{} {}",
                change["state"].as_str().unwrap_or("-"),
                line(change)
            );
        }
        out
    }

    /// Asserts findings and changes, whole, as [`Report::lines`] shows them.
    #[track_caller]
    pub(crate) fn is(&self, verdict: &str, expected: &[&str]) -> &Report {
        let found = self.lines();
        let found: Vec<&str> = found.lines().collect();
        assert_eq!(found, expected, "\n{:#}\n{}", self.json, self.err);
        assert_eq!(self.verdict(), verdict, "{:#}", self.json);
        self
    }

    /// Asserts that a note says so.
    #[track_caller]
    pub(crate) fn notes(&self, part: &str) -> &Report {
        let notes = self.json["notes"].as_array().expect("a list");
        let found = notes
            .iter()
            .filter_map(Value::as_str)
            .any(|n| n.contains(part));
        assert!(found, "no note says `{part}`: {notes:#?}");
        self
    }

    /// The coverage of a side: `read`, `failed` …
    pub(crate) fn status(&self, side: &str) -> &Value {
        self.json["coverage"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|c| c["side"] == side)
            .unwrap_or_else(|| panic!("no coverage of {side}: {:#}", self.json))
    }
}

fn line(subject: &Value) -> String {
    let mut out = subject["key"].as_str().unwrap_or("-").to_owned();
    if subject["kind"] == "field" {
        _ = write!(out, " of {}", subject["object"].as_str().unwrap_or("-"));
    }
    if subject["live"].is_object() {
        _ = write!(
            out,
            ": {} -> {}",
            shown(&subject["desired"]),
            shown(&subject["live"])
        );
    }
    if let Some(base) = subject.get("base") {
        _ = write!(out, " (base {})", shown(base));
    }
    if let Some(deployed) = subject.get("deployed") {
        _ = write!(out, " (deployed {})", shown(deployed));
    }
    if let Some(cause) = subject["cause"].as_str() {
        _ = write!(out, " by {cause}");
    }
    if let Some(writer) = subject["live"].get("writer") {
        _ = write!(
            out,
            " [{} {}]",
            writer["kind"].as_str().unwrap_or("-"),
            writer["name"].as_str().unwrap_or("-")
        );
    }
    out
}

fn shown(side: &Value) -> String {
    for name in ["value", "opaque", "unknown"] {
        if let Some(text) = side[name].as_str() {
            return match name {
                "value" => text.replace('\n', "\\n"),
                _ => format!("<{name} {text}>"),
            };
        }
    }
    for name in ["absent", "redacted"] {
        if side[name] == true {
            return format!("<{name}>");
        }
    }
    "<nothing>".into()
}

/// A file of `tests/data`.
pub(crate) fn data(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The objects of a recorded answer: the items of a list, or the one object.
pub(crate) fn recorded(name: &str) -> Vec<Value> {
    let mut json: Value =
        serde_json::from_str(&data(&format!("kubernetes/recorded/{name}"))).expect("JSON");
    match json["items"].take() {
        Value::Array(items) => items,
        _ => vec![json],
    }
}
