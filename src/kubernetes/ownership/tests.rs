//! Ownership as a real server recorded it, write by write.

use super::*;
use crate::model::tree::{Prune, Tree};

fn recorded(name: &str) -> serde_json::Value {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/kubernetes/recorded/"
    );
    let text = std::fs::read_to_string(format!("{folder}{name}.json")).expect("recorded");
    serde_json::from_str(&text).expect("JSON")
}

fn writes(object: &serde_json::Value) -> Vec<WriteRecord> {
    let fields = object["metadata"]["managedFields"].as_array();
    let text = |v: &serde_json::Value| v.as_str().map(Box::from);
    fields
        .into_iter()
        .flatten()
        .map(|m| WriteRecord {
            writer: m["manager"].as_str().expect("a manager").into(),
            kind: if m["operation"] == "Apply" {
                WriterKind::ApplyManager
            } else {
                WriterKind::UpdateManager
            },
            subresource: text(&m["subresource"]),
            api_version: text(&m["apiVersion"]),
            time: m["time"].as_str().map(|t| t.parse().expect("a time")),
            fields: Some(m["fieldsV1"].to_string().into()),
        })
        .collect()
}

fn on_object<T>(object: &serde_json::Value, look: impl FnOnce(&Ownership<'_>) -> T) -> T {
    let tree = Tree::from_json(object.to_string().as_bytes(), Prune::LIVE).expect("JSON");
    let writes = writes(object);
    look(&Ownership::of(&writes, tree.root(), &[]))
}

fn on<T>(name: &str, look: impl FnOnce(&Ownership<'_>) -> T) -> T {
    on_object(&recorded(name), look)
}

fn path(text: &str) -> KeyPath {
    text.parse().expect("a path")
}

fn env(rest: &str) -> KeyPath {
    path(&format!("spec.template.spec.containers[api].env{rest}"))
}

fn said(w: &Written) -> String {
    let names: Vec<_> = w
        .writers
        .iter()
        .map(|w| format!("{} {:?}", w.name, w.class))
        .collect();
    let time = w.not_later_than.map(|t| t.to_string()).unwrap_or_default();
    format!("{} | {:?} {time}", names.join(", "), w.certainty)
}

fn evidence(name: &str, path: &KeyPath) -> String {
    on(name, |o| said(&o.evidence(path)))
}

#[test]
fn what_git_applied_is_the_deployers() {
    let value = env("[DB_TIMEOUT].value");
    assert_eq!(
        evidence("00-after-gitops-apply.deploy", &value),
        "gitops Deployer | NotLaterThan 2026-11-21T06:38:55Z"
    );
    on("00-after-gitops-apply.deploy", |o| {
        assert!(o.applied_by_deployer(&value) && o.lost_ownership(&value).is_none());
        assert_eq!(o.last_deployer().map(|w| &*w.writer), Some("gitops"));
        assert_eq!(o.malformed(), 0);
    });
}

#[test]
fn kubectl_set_env_is_exact_while_it_owns_nothing_else() {
    let value = env("[DB_TIMEOUT].value");
    assert_eq!(
        evidence("01-after-kubectl-set-env.deploy", &value),
        "kubectl-set Person | NotLaterThan 2026-11-21T06:38:58Z"
    );
    on("01-after-kubectl-set-env.deploy", |o| {
        assert!(!o.applied_by_deployer(&value));
        assert_eq!(o.lost_ownership(&value).map(|w| &*w.writer), Some("gitops"));
        assert!(o.applied_by_deployer(&env("[DB_TIMEOUT]")));
    });
    assert_eq!(
        evidence("09-set-env-second-change-same-manager.deploy", &value),
        "kubectl-set Person | NotLaterThan 2026-11-21T06:40:25Z"
    );
}

#[test]
fn a_variable_that_was_added_is_one_field() {
    let object = recorded("53-env-order.deploy");
    let c = "spec.template.spec.containers[c].env[EXTRA]";
    for p in [c.to_owned(), format!("{c}.value"), format!("{c}.name")] {
        let got = on_object(&object, |o| said(&o.evidence(&path(&p))));
        let exact = "kubectl-set Person | NotLaterThan 2026-11-21T07:02:41Z";
        let more = "kubectl-set Person | NotLaterThan 2026-11-21T07:02:41Z";
        assert_eq!(got, if p.ends_with("name") { more } else { exact }, "{p}");
    }
}

#[test]
fn scaling_has_no_time() {
    let replicas = path("spec.replicas");
    assert_eq!(
        evidence("02-after-kubectl-scale.deploy", &replicas),
        "kubectl Person | NoTime "
    );
    assert_eq!(
        evidence("03-after-hpa-scale.deploy", &replicas),
        "kube-controller-manager Controller | NoTime "
    );
}

#[test]
fn a_forced_apply_erases_who_it_was() {
    on("06-after-force-apply.deploy", |o| {
        let value = env("[DB_TIMEOUT].value");
        assert_eq!(
            said(&o.evidence(&value)),
            "gitops Deployer | NotLaterThan 2026-11-21T06:40:19Z"
        );
        assert!(o.lost_ownership(&value).is_none());
    });
}

#[test]
fn co_owners_and_who_comes_first() {
    let item = env("[DB_TIMEOUT]");
    on("21-coowned.deploy", |o| {
        let owners = o.owners(&item);
        assert!(owners.len() >= 2 && owners.iter().all(|o| !o.whole && !o.below));
    });
    let value = env("[DB_TIMEOUT].value");
    assert_eq!(
        evidence("22-coowned-overridden.deploy", &value),
        "kubectl-set Person | NotLaterThan 2026-11-21T06:46:16Z"
    );
    // Put back by hand, then applied: the person stays named, before the deployer.
    assert_eq!(
        evidence("51-restored-then-ssa.deploy", &value),
        "kubectl-set Person, gitops Deployer | NotLaterThan 2026-11-21T07:02:08Z"
    );
}

#[test]
fn a_value_put_back_by_hand_is_still_lost() {
    on("50-restored-by-kubectl-set.deploy", |o| {
        let lost = o.lost_ownership(&env("[DB_TIMEOUT].value"));
        assert_eq!(lost.map(|w| &*w.writer), Some("gitops"));
        assert!(o.lost_ownership(&path("metadata.labels.x")).is_none());
        assert!(o.lost_ownership(&KeyPath::default()).is_none());
    });
}

#[test]
fn atomic_lists_belong_to_whoever_wrote_them_last() {
    let list = path("spec.template.spec.containers[api].envFrom");
    let inside = path("spec.template.spec.containers[api].envFrom[#0].configMapRef.name");
    on("25-envfrom-atomic-changed.deploy", |o| {
        assert_eq!(
            said(&o.evidence(&list)),
            "kubectl-patch Person | NotLaterThan 2026-11-21T06:46:18Z"
        );
        assert!(o.owners(&inside)[0].whole);
        assert_eq!(
            said(&o.evidence(&inside)),
            "kubectl-patch Person | NotLaterThan 2026-11-21T06:46:18Z"
        );
    });
}

#[test]
fn a_value_that_became_a_reference() {
    let got = evidence("26-value-to-valueFrom.deploy", &env("[DB_URL].value"));
    assert!(got.starts_with("kubectl-patch Person | "), "{got}");
    assert_eq!(
        evidence(
            "26-value-to-valueFrom.deploy",
            &env("[DB_URL].valueFrom.configMapKeyRef.key")
        ),
        got
    );
}

#[test]
fn duplicates_are_owned_as_one() {
    let p = path("spec.template.spec.containers[web].env[A].value");
    on("16-duplicate-env-create.deploy", |o| {
        assert!(o.owners(&p)[0].whole);
    });
}

#[test]
fn list_keys_that_the_server_filled_in() {
    let ports = "spec.template.spec.containers[api].ports";
    on("00-after-gitops-apply.deploy", |o| {
        for keys in ["[8080,TCP]", "[8080]", "[TCP,8080]"] {
            let name = path(&format!("{ports}{keys}.name"));
            assert_eq!(o.owners(&name).len(), 1, "{keys}");
        }
        for keys in ["[8080,UDP]", "[8081,TCP]", "[TCP]", "[8080,TCP,x]"] {
            let name = path(&format!("{ports}{keys}.name"));
            assert!(o.owners(&name).is_empty(), "{keys}");
        }
    });
}

#[test]
fn config_map_keys() {
    assert_eq!(
        evidence("23-cm-patched", &path("data.LOG_LEVEL")),
        "kubectl-patch Person | NotLaterThan 2026-11-21T06:46:17Z"
    );
    assert_eq!(
        evidence("23-cm-patched", &path(r#"data."application.yml""#)),
        "gitops Deployer | NotLaterThan 2026-11-21T06:38:55Z"
    );
    // Removed: nobody is named, least of all the newest writer.
    assert_eq!(
        evidence("24-cm-key-removed", &path("data.CACHE_TTL")),
        " | Unattributed "
    );
}

#[test]
fn a_secret_is_owned_where_it_was_applied() {
    let list = recorded("00-others.list");
    let items = list["items"].as_array().expect("a list");
    let secret = items.iter().find(|i| i["kind"] == "Secret").expect("one");
    on_object(secret, |o| {
        assert_eq!(
            said(&o.evidence(&path("data.DB_PASSWORD"))),
            "gitops Deployer | NotLaterThan 2026-11-21T06:38:55Z"
        );
        assert!(o.owners(&path("data.OTHER")).is_empty());
    });
    let config_map = serde_json::json!({"kind": "ConfigMap", "metadata": secret["metadata"]});
    on_object(&config_map, |o| {
        assert!(o.owners(&path("data.DB_PASSWORD")).is_empty());
    });
}

#[test]
fn client_side_apply() {
    let of = |name: &str, field: &str| {
        evidence(
            name,
            &path(&format!("spec.template.spec.containers[web].{field}")),
        )
    };
    assert_eq!(
        of("12-kubectl-patch.deploy", "env[B].value"),
        "kubectl-patch Person | NotLaterThan 2026-11-21T06:41:21Z"
    );
    assert_eq!(
        of("12-kubectl-patch.deploy", "env[A].value"),
        "kubectl-client-side-apply Deployer | NotLaterThan 2026-11-21T06:41:20Z"
    );
    let restarted = r#"spec.template.metadata.annotations."kubectl.kubernetes.io/restartedAt""#;
    assert_eq!(
        evidence("13-rollout-restart.deploy", &path(restarted)),
        "kubectl-rollout Person | NotLaterThan 2026-11-21T06:41:21Z"
    );
}

#[test]
fn nothing_is_known_after_a_wipe() {
    let p = path("data.A");
    assert_eq!(evidence("56-wiped-managedfields", &p), " | Unattributed ");
    assert_eq!(
        evidence("57-before-first-apply", &path("data.ZY")),
        " | Unattributed "
    );
    assert_eq!(
        evidence("57-before-first-apply", &p),
        "gitops Deployer | NotLaterThan 2026-11-21T07:08:30Z"
    );
}

#[test]
fn more_than_ten_writers() {
    let of = |p: &str| evidence("15-ancient-changes.deploy", &path(p));
    assert_eq!(
        of("metadata.annotations.k1"),
        "ancient-changes Other | NotLaterThan 2026-11-21T06:41:23Z"
    );
    let only = WriteRecord {
        writer: "ancient-changes".into(),
        ..record(Some(r#"{"f:a":{}}"#))
    };
    let writes = [only];
    let o = Ownership::of(&writes, Tree::default().root(), &[]);
    assert_eq!(o.evidence(&path("a")).certainty, Certainty::NotLaterThan);
}

fn record(fields: Option<&str>) -> WriteRecord {
    WriteRecord {
        writer: "x".into(),
        kind: WriterKind::UpdateManager,
        subresource: None,
        api_version: None,
        time: Some(Timestamp(1)),
        fields: fields.map(Into::into),
    }
}

fn reached(fields: &str, p: &str) -> Vec<Owner> {
    let writes = [record(Some(fields))];
    Ownership::of(&writes, Tree::default().root(), &[]).owners(&path(p))
}

#[test]
fn what_is_no_trie_owns_nothing() {
    let deep = format!(
        "{}{}",
        r#"{"f:a":"#.repeat(300),
        "{}".to_owned() + &"}".repeat(300)
    );
    for text in [
        "",
        "[]",
        "null",
        r#"{"f:a":1}"#,
        r#"{"fa":{}}"#,
        r#"{"":{}}"#,
        r#"{"k:{":{}}"#,
        r#"{"k:[1]":{}}"#,
        r#"{"k:{\"a\":{}}":{}}"#,
        r#"{"i:x":{}}"#,
        r#"{"v:":{}}"#,
        &deep,
    ] {
        let writes = [record(Some(text)), record(Some(r#"{"f:a":{}}"#))];
        let o = Ownership::of(&writes, Tree::default().root(), &[]);
        assert_eq!(o.malformed(), 1, "{text}");
        let owners = o.owners(&path("a"));
        assert_eq!(owners.len(), 1, "{text}");
        assert_eq!(owners[0].record, 1);
    }
}

#[test]
fn leaves_members_and_what_is_between() {
    // An empty record owns nothing, a record without fields everything.
    assert!(reached("{}", "a").is_empty());
    let writes = [record(None)];
    let o = Ownership::of(&writes, Tree::default().root(), &[]);
    assert!(o.owners(&path("a.b"))[0].whole);
    // Members without `.` do not own their parent.
    assert!(reached(r#"{"f:a":{"f:b":{}}}"#, "a")[0].below);
    assert!(!reached(r#"{"f:a":{".":{},"f:b":{}}}"#, "a")[0].below);
    assert!(reached(r#"{"f:a":{".":{},"f:b":{}}}"#, "a.c").is_empty());
    // A kind of key from a later version is skipped, and its parent is no leaf for it.
    assert!(reached(r#"{"f:a":{"z:1":{"f:b":{}}}}"#, "a.c").is_empty());
    // Sets, indexes, numbers and booleans as keys.
    assert!(!reached(r#"{"f:s":{"v:\"x\"":{}}}"#, "s[x]").is_empty());
    assert!(!reached(r#"{"f:s":{"i:3":{}}}"#, "s[#3]").is_empty());
    assert!(!reached(r#"{"f:s":{"k:{\"a\":1,\"b\":true}":{}}}"#, "s[1,true]").is_empty());
    // Names are raw: dots, slashes and colons are theirs.
    assert!(!reached(r#"{"f:a":{"f:x.y/z:1":{}}}"#, r#"a."x.y/z:1""#).is_empty());
}

#[test]
fn removals_name_nobody() {
    let w = removal_evidence(Some(Timestamp(1)), Some(Timestamp(2)));
    assert!(w.writers.is_empty() && w.certainty == Certainty::Removal);
    assert_eq!(w.not_earlier_than, Some(Timestamp(1)));
}
