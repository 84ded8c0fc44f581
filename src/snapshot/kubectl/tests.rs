//! Real output of `kubectl get`, and what else lies in such folders.

use crate::{
    model::{
        observation::{
            Classifier, Item, ItemId, ObjectId, Observation, Outcome, Scope, WriterKind,
        },
        secret::DigestKey,
        tree::{Kind, NodeRef, Sealing, Step},
        value::{Reading, UnreadCause},
    },
    snapshot::{Recorded, Section, SnapshotError, SourceName, read_path, write_file},
};
use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Seals the data of Secrets.
struct Secrets;
impl Classifier for Secrets {
    fn sealing(&self, id: &ItemId, path: &[Step<'_>], _: NodeRef<'_>) -> Sealing {
        match (id, path) {
            (ItemId::Object(o), [Step::Member("data"), ..]) if o.is("", "Secret") => {
                Sealing::Base64
            }
            _ => Sealing::Keep,
        }
    }
}

fn key() -> DigestKey {
    DigestKey::for_this_run(&[3; 32])
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/kubectl")
        .join(name)
}

fn try_path(path: &Path) -> Result<Vec<Recorded>, SnapshotError> {
    read_path(path, &key(), &Secrets)
}

fn only(path: &Path) -> Recorded {
    let mut all = try_path(path).expect("readable");
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
        fs::write(path, bytes).expect("written");
    }
    folder
}

fn text(files: &[(&str, &str)]) -> TempDir {
    let files: Vec<_> = files.iter().map(|(n, t)| (*n, t.as_bytes())).collect();
    folder(&files)
}

fn refused(name: &str, content: &[u8]) -> String {
    let folder = folder(&[(name, content)]);
    let error = try_path(&folder.path().join(name)).expect_err("refused");
    let error = error.to_string();
    assert!(error.contains(name), "which file: {error}");
    error
}

fn id(group: &str, kind: &str, name: &str) -> ItemId {
    ItemId::Object(ObjectId::new(group, kind, Some("shop"), name))
}

fn present<'o>(o: &'o Observation, id: &ItemId) -> &'o Item {
    o.find(id).present().copied().expect("it was read")
}

#[test]
fn a_list_of_kubectl_is_an_observation() {
    let recorded = only(&data("list.json"));
    let o = &recorded.observation;
    assert_eq!(o.items().count(), 5);
    let deployment = present(o, &id("apps", "Deployment", "api-server"));
    let root = deployment.tree.root();
    assert!(root.member("status").is_none());
    assert!(root.at(&["metadata", "managedFields"]).is_none());
    assert_eq!(root.text_at(&["metadata", "resourceVersion"]), Some("222"));
    let set = deployment
        .writes
        .iter()
        .find(|w| &*w.writer == "kubectl-set")
        .expect("who changed DB_TIMEOUT");
    assert_eq!(set.kind, WriterKind::UpdateManager);
    assert_eq!(set.api_version.as_deref(), Some("apps/v1"));
    assert!(set.time.is_some());
    let fields = set.fields.as_deref().expect("fieldsV1");
    assert!(
        fields.contains(r#""k:{\"name\":\"DB_TIMEOUT\"}""#),
        "{fields}"
    );
    let config = present(o, &id("", "ConfigMap", "api-config"));
    assert_eq!(config.writes[0].kind, WriterKind::ApplyManager);
    assert_eq!(
        config.writes[0].fields.as_deref(),
        Some(r#"{"f:data":{"f:CACHE_TTL":{},"f:LOG_LEVEL":{},"f:application.yml":{}}}"#)
    );
    // Each kind of the list, in its namespace, is known as a whole.
    assert!(matches!(
        o.find(&id("", "ConfigMap", "gone")),
        Reading::Absent(_)
    ));
    assert!(matches!(
        o.find(&id("", "ServiceAccount", "x")),
        Reading::Unknown(_)
    ));
    let elsewhere = ItemId::Object(ObjectId::new("", "ConfigMap", Some("other"), "x"));
    assert!(matches!(o.find(&elsewhere), Reading::Unknown(_)));
    // What such a file cannot say.
    assert_eq!(
        (&recorded.head.environment, recorded.head.taken),
        (&None, None)
    );
    assert_eq!(&*recorded.head.source.name, "kubernetes");
    assert!(!recorded.verified);
    let notes = recorded.notes.join("\n");
    assert!(notes.contains("capture time unknown"), "{notes}");
    assert!(notes.contains("ConfigMap in shop"), "{notes}");
}

#[test]
fn secrets_are_sealed_like_those_of_the_live_source() {
    let o = only(&data("list.json")).observation;
    let secret = present(&o, &id("", "Secret", "api-secret"));
    let leaf = secret
        .tree
        .root()
        .at(&["data", "DB_PASSWORD"])
        .expect("a key");
    assert_eq!(leaf.kind(), Kind::Sealed);
    assert_eq!(leaf.secret(), Some(&key().seal(b"s3cr3t")));
}

#[test]
fn yaml_and_json_are_one_observation() {
    let (yaml, json) = (only(&data("list.yaml")), only(&data("list.json")));
    assert_eq!(yaml.observation, json.observation);
    assert_eq!(yaml.notes, json.notes);
}

#[test]
fn typed_lists_name_their_items() {
    let o = only(&data("deployment-list.json")).observation;
    let item = present(&o, &id("apps", "Deployment", "api-server"));
    assert_eq!(item.tree.root().text_at(&["kind"]), Some("Deployment"));
    assert_eq!(item.tree.root().text_at(&["apiVersion"]), Some("apps/v1"));
    let read = &o.reads()[0];
    assert_eq!(read.scope, Scope::kind("apps", "Deployment", Some("shop")));
    assert_eq!(
        (&read.outcome, read.revision.as_deref()),
        (&Outcome::Complete, Some("230"))
    );
}

#[test]
fn a_single_object_says_nothing_about_others() {
    let recorded = only(&data("deployment.yaml"));
    let o = &recorded.observation;
    let item = present(o, &id("apps", "Deployment", "api-server"));
    assert!(
        item.writes.is_empty(),
        "kubectl hides managedFields by default"
    );
    assert!(matches!(
        o.find(&id("apps", "Deployment", "other")),
        Reading::Unknown(_)
    ));
    assert!(
        recorded
            .notes
            .iter()
            .any(|n| n.contains("--show-managed-fields"))
    );
}

#[test]
fn a_page_of_a_list_proves_no_absence() {
    for metadata in [
        r#"{"continue":"eyJ2Ijo"}"#,
        r#"{"remainingItemCount":1004}"#,
    ] {
        let list = format!(
            r#"{{"kind":"ConfigMapList","apiVersion":"v1","metadata":{metadata},"items":[{{"metadata":{{"name":"a","namespace":"shop"}}}}]}}"#
        );
        let folder = text(&[("page.json", &list)]);
        let o = only(folder.path()).observation;
        present(&o, &id("", "ConfigMap", "a"));
        assert!(
            matches!(o.find(&id("", "ConfigMap", "b")), Reading::Unknown(u) if u.cause == UnreadCause::CutOff)
        );
    }
}

#[test]
fn an_empty_list_says_nothing() {
    for list in [
        r#"{"kind":"List","apiVersion":"v1","items":[]}"#,
        r#"{"kind":"ConfigMapList","apiVersion":"v1","metadata":{},"items":null}"#,
    ] {
        let folder = text(&[("list.json", list)]);
        let recorded = only(folder.path());
        assert!(recorded.observation.reads().is_empty());
        let find = recorded.observation.find(&id("", "ConfigMap", "x"));
        assert!(matches!(find, Reading::Unknown(_)));
        assert!(
            recorded
                .notes
                .iter()
                .any(|n| n.contains("a list without items"))
        );
    }
}

/// `namespace` and `uid` are text to put into metadata.
fn in_list(kind: &str, metadata: &str) -> Observation {
    let list = format!(
        r#"{{"kind":"List","apiVersion":"v1","items":[{{"kind":"{kind}","apiVersion":"v1","metadata":{{"name":"a"{metadata}}}}}]}}"#
    );
    let folder = text(&[("list.json", &list)]);
    only(folder.path()).observation
}

#[test]
fn a_stripped_namespace_makes_nothing_absent() {
    let stripped = in_list("ConfigMap", "");
    let other = id("", "ConfigMap", "other");
    assert!(matches!(stripped.find(&other), Reading::Unknown(_)));
    let cluster = in_list("ClusterRole", r#","uid":"u""#);
    let gone = ItemId::Object(ObjectId::new("", "ClusterRole", None, "gone"));
    assert!(matches!(cluster.find(&gone), Reading::Absent(_)));
}

#[test]
fn the_uid_of_kube_system_names_the_system() {
    let list =
        r#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"5f0c"}}"#;
    let folder = text(&[("ns.json", list)]);
    let recorded = only(folder.path());
    assert_eq!(recorded.head.system.as_deref(), Some("5f0c"));
    assert_eq!(recorded.observation.system(), Some("5f0c"));
}

#[test]
fn status_is_kept_where_it_is_about_configuration() {
    let object = |version: &str, kind: &str| {
        format!(
            r#"{{"apiVersion":"{version}","kind":"{kind}","metadata":{{"name":"{kind}","namespace":"shop"}},"status":{{"x":1}}}}"#
        )
    };
    let kinds = [
        ("v1", "Pod", true),
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", true),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease", true),
        ("source.toolkit.fluxcd.io/v1", "GitRepository", true),
        ("argoproj.io/v1alpha1", "Application", true),
        ("v1", "Service", false),
        ("pods.example.io/v1", "Pod", false),
        ("apps/v1", "Deployment", false),
    ];
    for (version, kind, kept) in kinds {
        let folder = text(&[("o.json", &object(version, kind))]);
        let o = only(folder.path()).observation;
        let item = o.items().next().expect("one");
        assert_eq!(
            item.tree.root().member("status").is_some(),
            kept,
            "{version} {kind}"
        );
    }
}

#[test]
fn last_applied_is_dropped_because_it_holds_every_value_again() {
    let object = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"shop","annotations":{
        "kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"P\":\"aHVudGVyMg==\"}}","team":"payments"}},"data":{"P":"aHVudGVyMg=="}}"#;
    let folder = text(&[("o.json", object)]);
    let o = only(folder.path()).observation;
    let annotations = o.items().next().expect("one").tree.root();
    let annotations = annotations.at(&["metadata", "annotations"]).expect("kept");
    assert_eq!(annotations.len(), 1);
    assert_eq!(annotations.text_at(&["team"]), Some("payments"));
}

#[test]
fn a_record_without_fields_does_not_mean_the_whole_object() {
    let object = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"s","namespace":"shop","managedFields":[
        {"manager":"a","operation":"Update"},{"manager":"b","operation":"Update","fieldsV1":{},"time":"yesterday"}]}}"#;
    let folder = text(&[("o.json", object)]);
    let o = only(folder.path()).observation;
    let writes = &o.items().next().expect("one").writes;
    assert_eq!(writes.len(), 1);
    assert_eq!((&*writes[0].writer, writes[0].time), ("b", None));
}

#[test]
fn several_objects_in_one_file() {
    let object = |name: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}","namespace":"shop"}}}}"#
        )
    };
    let lines = format!("{}\n{}\n", object("a"), object("b"));
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n---\n# nothing\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: shop}\n";
    let flow = format!("# a YAML file\n---\n{}", object("a"));
    for (name, content, count) in [
        ("o.ndjson", lines.as_str(), 2),
        ("o.yaml", yaml, 2),
        ("o.yml", flow.as_str(), 1),
        (
            "o.yaml",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
            1,
        ),
        ("o.json", &format!("\u{feff}{}", object("a")), 1),
    ] {
        let folder = text(&[(name, content)]);
        let o = only(folder.path()).observation;
        assert_eq!(o.items().count(), count, "{name}: {content}");
    }
}

#[test]
fn what_is_no_state_of_a_cluster_is_refused() {
    let forbidden = fs::read(data("forbidden.json")).expect("recorded");
    assert!(refused("403.json", &forbidden).contains("error answer of the API server"));
    for (name, content, said) in [
        (
            "table.json",
            r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[]}"#,
            "use -o yaml",
        ),
        (
            "meta.json",
            r#"{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":[]}"#,
            "metadata of objects only",
        ),
        (
            "config.yaml",
            "apiVersion: v1\nkind: Config\nusers: []\n",
            "a Config has no metadata.name",
        ),
        (
            "values.yaml",
            "replicas: 3\n",
            "apiVersion or kind is missing",
        ),
        ("list.json", "[1]", "expected objects of a cluster"),
        ("text.yaml", "hello\n", "expected objects of a cluster"),
        ("empty.yaml", "", "it is empty"),
        ("comment.yaml", "# nothing\n", "it is empty"),
        (
            "broken.json",
            "{\n\"kind\": \"hunter2",
            "line 2: broken JSON",
        ),
        (
            "items.json",
            r#"{"kind":"List","apiVersion":"v1","items":{"a":1}}"#,
            "is no list",
        ),
        (
            "item.json",
            r#"{"kind":"List","apiVersion":"v1","items":[{"metadata":{"name":"a"}}]}"#,
            "apiVersion or kind is missing",
        ),
        (
            "damaged.jsonl",
            "{\"schema\":\"driftgatX/snapshot/v1\"}\n",
            "apiVersion or kind is missing",
        ),
        (
            "lists.json",
            &(r#"{"kind":"List","apiVersion":"v1","items":["#.repeat(20) + &"]}".repeat(20)),
            "lists inside lists",
        ),
        ("deep.json", &"[".repeat(10_000), "broken JSON"),
    ] {
        let error = refused(name, content.as_bytes());
        assert!(error.contains(said), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("kind: x".bytes().flat_map(|b| [b, 0]))
        .collect();
    assert!(refused("powershell.yaml", &utf16).contains("save it as UTF-8"));
}

#[test]
fn broken_yaml_is_refused_with_its_line() {
    let error = refused(
        "o.yaml",
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: [\n  name: hunter2\n",
    );
    assert!(error.contains("line "), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

// Folders -----------------------------------------------------------------------------------------

fn config_map(name: &str, value: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}","namespace":"shop"}},"data":{{"A":"{value}"}}}}"#
    )
}

#[test]
fn a_folder_is_all_its_files() {
    let (a, b) = (config_map("a", "1"), config_map("b", "1"));
    let files = [
        ("live/b.json", b.as_str()),
        ("live/deeper/a.json", &a),
        ("live/same-as-a.ndjson", &a),
        ("live/.git/c.json", "not read"),
        ("live/README.md", "not read"),
    ];
    let folder = text(&files);
    let o = Observation::default();
    let source = SourceName {
        name: "kubernetes".into(),
        describe: "context prod".into(),
    };
    let section = Section {
        environment: Some("production"),
        source: &source,
        taken: None,
        observation: &o,
    };
    let path = folder.path().join("live/z.jsonl");
    write_file(&path, &[section], &key()).expect("written");
    let all = try_path(&folder.path().join("live")).expect("readable");
    assert_eq!(all.len(), 2, "a section, and everything of kubectl");
    assert_eq!(all[0].head.environment.as_deref(), Some("production"));
    assert_eq!(all[1].observation.items().count(), 2);
    assert!(all[1].head.source.describe.ends_with("(3 files)"));
}

#[test]
fn one_object_with_two_contents_is_refused() {
    let (staging, production) = (config_map("a", "1"), config_map("a", "2"));
    let folder = text(&[
        ("production/a.json", &production),
        ("staging/a.json", &staging),
    ]);
    let error = try_path(folder.path())
        .expect_err("whose is it?")
        .to_string();
    assert!(
        error.contains("staging/a.json: ConfigMap/shop/a is also in")
            && error.contains("production/a.json"),
        "{error}"
    );
}

#[test]
fn one_broken_file_refuses_the_folder() {
    let a = config_map("a", "1");
    let folder = text(&[("a.json", &a), ("b.json", "{")]);
    assert!(try_path(folder.path()).is_err());
    let empty = text(&[("README.md", "nothing")]);
    assert!(matches!(
        try_path(empty.path()),
        Err(SnapshotError::File { error, .. }) if matches!(*error, SnapshotError::Empty)
    ));
    let gone = try_path(&empty.path().join("gone.json")).expect_err("not there");
    assert!(gone.to_string().contains("gone.json"), "{gone}");
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    use std::os::unix::fs::symlink;
    let a = config_map("a", "1");
    let outside = text(&[("secret.json", &a)]);
    let folder = text(&[("..data/a.json", &a)]);
    // As Kubernetes mounts a ConfigMap.
    symlink("..data/a.json", folder.path().join("a.json")).expect("a link");
    assert_eq!(only(folder.path()).observation.items().count(), 1);
    let link = folder.path().join("b.json");
    symlink(outside.path().join("secret.json"), &link).expect("a link");
    let error = try_path(folder.path()).expect_err("out").to_string();
    assert!(error.contains("leads out of the folder"), "{error}");
    fs::remove_file(&link).expect("removed");
    symlink(folder.path(), folder.path().join("round")).expect("a link");
    let error = try_path(folder.path()).expect_err("in circles").to_string();
    assert!(error.contains("a link to a folder"), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), name in "a\\.(json|yaml)") {
        let _ = super::Objects::default().add(Path::new(&name), &bytes);
    }

    /// Real output with something else in between.
    #[test]
    fn no_damage_panics(at in any::<prop::sample::Index>(), cut in 0usize..60, put in ".{0,12}", yaml in any::<bool>()) {
        let name = if yaml { "list.yaml" } else { "list.json" };
        let mut bytes = fs::read(data(name)).expect("recorded");
        let at = at.index(bytes.len());
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, put.bytes());
        let _ = super::Objects::default().add(Path::new(name), &bytes);
    }
}
