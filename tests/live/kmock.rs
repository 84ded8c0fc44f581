//! A check against a moving server: kmock's emulator (PyPI `kmock`), which changes while it is
//! watched. `tests/live/run-kmock` makes a Python with it and runs this.
//!
//! `DRIFTGATE_KMOCK=<a python with kmock> cargo test --test it -- --ignored kmock`

use super::scene::{Repository, about, changes, findings};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// A running emulator; it ends when its stdin is closed.
struct Emulator {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    port: u16,
}

impl Emulator {
    fn start(objects: &Path) -> Emulator {
        let python = std::env::var_os("DRIFTGATE_KMOCK")
            .expect("DRIFTGATE_KMOCK is not set: name a python that has kmock");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/kmock_server.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(objects)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the python that DRIFTGATE_KMOCK names");
        let commands = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().expect("its stdout"));
        let mut line = String::new();
        answers.read_line(&mut line).expect("a port");
        let port = line.trim().parse().expect("a port; its errors are above");
        Emulator {
            child,
            commands,
            answers,
            port,
        }
    }

    fn act(&mut self, command: &Value) {
        let commands = self.commands.as_mut().expect("it still runs");
        writeln!(commands, "{command}").expect("it reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        assert_eq!(line.trim(), "done", "{command}");
    }

    /// Closes its stdin, and waits until it has ended.
    fn stop(mut self) {
        self.commands = None;
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // A failed test leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The objects of the manifests in a folder, in the namespace `shop`.
fn objects(folder: &Path) -> Vec<Value> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .collect();
    paths.sort();
    let mut out = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path).expect("a manifest");
        for document in serde_yaml::Deserializer::from_str(&text) {
            let mut object = Value::deserialize(document).expect("a manifest");
            object["metadata"]["namespace"] = "shop".into();
            out.push(object);
        }
    }
    out
}

#[test]
#[ignore = "needs a python with kmock: DRIFTGATE_KMOCK (tests/live/run-kmock)"]
fn kmock_moves_from_clean_to_drifted() {
    let repository = Repository::of_example("quickstart", &[]);
    let objects = objects(&repository.root().join("deploy/production"));
    assert_eq!(objects.len(), 4);
    let file = repository.beside("objects.json");
    std::fs::write(&file, Value::from(objects).to_string()).expect("a file");
    let mut emulator = Emulator::start(&file);
    let server = json!({ "server": format!("http://127.0.0.1:{}", emulator.port) });
    repository.kubeconfig(&server, &[("production", json!({}))]);
    let check = || repository.driftgate(&["check", "--format", "json"], &[]);

    let before = check();
    let report = before.report();
    assert_eq!(findings(&report), [""; 0], "{}", before.err);
    assert_eq!(changes(&report), [""; 0]);
    assert_eq!((before.code, report["verdict"].as_str()), (0, Some("pass")));
    let coverage = report["coverage"].as_array().expect("coverage");
    assert!(
        coverage
            .iter()
            .any(|c| c["side"] == "live" && c["objects"] == 4),
        "{coverage:?}"
    );

    // Emergency fix: the second variable of the container.
    let env = "/spec/template/spec/containers/0/env/1";
    let owned = json!({ "f:spec": { "f:template": { "f:spec": { "f:containers": { "k:{\"name\":\"api\"}": {
        "f:env": { "k:{\"name\":\"DB_TIMEOUT\"}": { "f:value": {} } } } } } } } });
    emulator.act(&json!({ "object": ["apps/v1/deployments", "shop", "api"], "manager": "kubectl-set",
        "patch": [{ "op": "test", "path": format!("{env}/name"), "value": "DB_TIMEOUT" },
                  { "op": "replace", "path": format!("{env}/value"), "value": "60s" }], "fields": owned }));
    let after = check();
    let report = after.report();
    assert_eq!((after.code, report["verdict"].as_str()), (1, Some("fail")));
    let lines = findings(&report);
    assert!(
        lines.contains(&"error drifted DB_TIMEOUT 10s -> 60s by kubectl-set".to_owned()),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2, "and DB_URL, which holds it: {lines:?}");
    assert_eq!(about(&report, "DB_URL")["cause"], "DB_TIMEOUT");

    // The next deploy puts it back; then somebody deletes the Service.
    emulator.act(&json!({ "object": ["apps/v1/deployments", "shop", "api"], "manager": "gitops",
        "patch": [{ "op": "replace", "path": format!("{env}/value"), "value": "10s" }], "fields": owned }));
    emulator.act(&json!({ "object": ["v1/services", "shop", "api"], "delete": true }));
    let report = check().report();
    assert_eq!(
        findings(&report),
        ["error missing Service/shop/api present -> absent"]
    );

    // A server that is gone is not a cluster without objects.
    emulator.stop();
    let gone = repository.driftgate(&["check", "--format", "json", "--timeout", "5s"], &[]);
    assert_eq!(
        (gone.code, gone.report()["verdict"].as_str()),
        (2, Some("incomplete"))
    );
}
