//! The Kubernetes source against a real API server.
//!
//! `KUBEBUILDER_ASSETS=<folder> cargo test --test it -- --ignored live`
#![allow(clippy::panic, reason = "tests fail by it")]

use super::cluster::{Cluster, User};
use driftgate::{
    model::{
        observation::{
            Classifier, ItemId, ObjectId, Observation, Outcome, Read, Scope, WriterKind,
        },
        secret::DigestKey,
        target::{KubernetesSpec, SecretsMode},
        tree::{Kind, NodeRef, Sealing, Step},
        value::{Reading, UnreadCause},
    },
    source::{
        Diagnosis, ReadContext, Wanted, WantedKind,
        kubernetes::{ConnectOptions, connect, rbac},
    },
};
use serde_json::json;
use std::{path::Path, time::Duration};

struct SealsSecrets;

impl Classifier for SealsSecrets {
    fn sealing(&self, id: &ItemId, path: &[Step<'_>], _: NodeRef<'_>) -> Sealing {
        match (id, path) {
            (ItemId::Object(o), [Step::Member("data"), ..]) if o.is("", "Secret") => {
                Sealing::Base64
            }
            _ => Sealing::Keep,
        }
    }
}

fn ask(
    cluster: &Cluster,
    user: User,
    secrets: SecretsMode,
    wanted: &Wanted,
) -> (Observation, Diagnosis) {
    ask_with(&cluster.kubeconfig(user), secrets, wanted)
}

fn ask_with(kubeconfig: &Path, secrets: SecretsMode, wanted: &Wanted) -> (Observation, Diagnosis) {
    let options = ConnectOptions {
        kubeconfig: Some(kubeconfig.into()),
        ..ConnectOptions::default()
    };
    let spec = KubernetesSpec {
        secrets,
        ..KubernetesSpec::default()
    };
    let source = connect(&spec, &options).expect("a context");
    let key = DigestKey::for_this_run(&[7; 32]);
    let cx = ReadContext {
        key: &key,
        classifier: &SealsSecrets,
        limit: Duration::from_secs(60),
        progress: &|_| {},
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        (
            source.read(wanted, &cx).await,
            source.inspect(wanted, &cx).await,
        )
    })
}

fn kinds(kinds: &[(&str, &str, Option<&str>)]) -> Wanted {
    Wanted {
        kinds: kinds
            .iter()
            .map(|(g, k, n)| WantedKind::new(g, k, *n))
            .collect(),
        ..Wanted::default()
    }
}

fn fill(cluster: &Cluster, namespace: &str) {
    cluster.namespace(namespace);
    let root = format!("/apis/apps/v1/namespaces/{namespace}/deployments/api");
    cluster.apply("gitops", &root, &json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "api" },
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "api" } }, "template": { "metadata": { "labels": { "app": "api" } },
        "spec": { "containers": [{ "name": "api", "image": "api:1", "env": [{ "name": "DB_TIMEOUT", "value": "10s" }] }] } } } }));
    let fix = json!({ "spec": { "replicas": 3 } });
    cluster.patch("kubectl-edit", &root, &fix);
    let secret = format!("/api/v1/namespaces/{namespace}/secrets/db");
    cluster.apply("gitops", &secret, &json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "db" }, "stringData": { "PW": "c4nary" } }));
    let release = format!("/api/v1/namespaces/{namespace}/secrets/sh.helm.release.v1.api.v1");
    cluster.apply("helm", &release, &json!({ "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": { "name": "sh.helm.release.v1.api.v1" }, "stringData": { "release": "c4nary" } }));
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_objects_with_their_writers() {
    let cluster = Cluster::shared();
    fill(&cluster, "live-read");
    for n in 0..1203 {
        let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": format!("bulk-{n}") }, "data": { "n": n.to_string() } });
        cluster.send(
            "POST",
            "/api/v1/namespaces/live-read/configmaps?fieldManager=bulk",
            Some(&object),
        );
    }
    let wanted = Wanted {
        helps: [WantedKind::new("", "Pod", Some("live-read"))].into(),
        ..kinds(&[
            ("apps", "Deployment", Some("live-read")),
            ("", "ConfigMap", Some("live-read")),
            ("", "Secret", Some("live-read")),
            ("", "ConfigMap", Some("live-gone")),
            ("example.io", "Widget", Some("live-read")),
        ])
    };
    let (o, d) = ask(&cluster, User::Admin, SecretsMode::Digest, &wanted);
    assert!(o.system().is_some_and(|uid| uid.len() == 36));
    assert_eq!(o.system(), d.system.as_deref());
    assert!(
        d.rights.iter().all(|r| r.allowed == Some(true)),
        "{:?}",
        d.rights
    );
    assert_eq!(
        o.objects().filter(|(id, _)| id.is("", "ConfigMap")).count(),
        1203
    );
    for read in o.reads() {
        let cause = match &read.outcome {
            Outcome::Failed(u) => Some(u.cause),
            Outcome::Complete => None,
            other => panic!("{} {other:?}", read.scope),
        };
        let expected = match &read.scope {
            Scope::Kind {
                namespace: Some(ns),
                ..
            } if &**ns == "live-gone" => Some(UnreadCause::NamespaceMissing),
            Scope::Kind { kind, .. } if &**kind == "Widget" => Some(UnreadCause::NotServed),
            _ => None,
        };
        assert_eq!(cause, expected, "{}", read.scope);
    }
    let id = ObjectId::new("apps", "Deployment", Some("live-read"), "api");
    let Reading::Present(api) = o.object(&id) else {
        panic!("the Deployment exists");
    };
    let writers: Vec<_> = api
        .writes
        .iter()
        .map(|w| (&*w.writer, w.kind, w.time.is_some()))
        .collect();
    assert_eq!(
        writers,
        [
            ("gitops", WriterKind::ApplyManager, true),
            ("kubectl-edit", WriterKind::UpdateManager, true)
        ]
    );
    assert_eq!(
        api.writes[1].fields.as_deref(),
        Some(r#"{"f:spec":{"f:replicas":{}}}"#)
    );
    let secrets: Vec<_> = o.objects().filter(|(id, _)| id.is("", "Secret")).collect();
    assert_eq!(secrets.len(), 1, "Helm's release is left out");
    let leaf = secrets[0]
        .1
        .tree
        .root()
        .at(&["data", "PW"])
        .expect("its key");
    assert_eq!(leaf.kind(), Kind::Sealed);
    assert!(!format!("{o:?}").contains("c4nary"));
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_the_printed_role_is_enough_and_no_more() {
    let cluster = Cluster::shared();
    fill(&cluster, "live-rbac");
    let wanted = Wanted {
        helps: [WantedKind::new("", "Pod", Some("live-rbac"))].into(),
        objects: [ObjectId::new("", "Service", Some("default"), "nobody")].into(),
        ..kinds(&[
            ("apps", "Deployment", Some("live-rbac")),
            ("rbac.authorization.k8s.io", "ClusterRole", None),
        ])
    };
    let (o, d) = ask(&cluster, User::Reader, SecretsMode::References, &wanted);
    let denied = o.reads().iter().filter(|r| matches!(&r.outcome, Outcome::Failed(u) | Outcome::Skipped(u) if u.cause == UnreadCause::Forbidden));
    assert!(denied.count() >= 4, "{:?}", o.reads());
    assert!(
        d.rights.iter().all(|r| r.allowed == Some(false)),
        "{:?}",
        d.rights
    );

    let yaml = rbac(&wanted, &d.resources, "driftgate");
    for document in yaml.split("---\n").skip(1) {
        let mut object: serde_json::Value = serde_yaml::from_str(document).expect("YAML");
        if !object["subjects"].is_null() {
            object["subjects"] = json!([{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reader" }]);
        }
        let plural = format!(
            "{}s",
            object["kind"].as_str().expect("a kind").to_lowercase()
        );
        let root = "/apis/rbac.authorization.k8s.io/v1";
        let path = match object["metadata"]["namespace"].as_str() {
            Some(ns) => format!("{root}/namespaces/{ns}/{plural}/driftgate"),
            None => format!("{root}/{plural}/driftgate"),
        };
        cluster.apply("test", &path, &object);
    }
    let (o, d) = ask(&cluster, User::Reader, SecretsMode::References, &wanted);
    assert!(
        o.reads().iter().all(|r| r.outcome == Outcome::Complete),
        "{:?}",
        o.reads()
    );
    assert!(
        d.rights.iter().all(|r| r.allowed == Some(true)),
        "{:?}",
        d.rights
    );
    assert!(o.system().is_some());
    let path = "/api/v1/namespaces/live-rbac/secrets";
    let (code, _) = cluster
        .try_send(User::Reader, "GET", path, None)
        .expect("an answer");
    assert_eq!(code, 403);
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_a_custom_resource_with_its_lists() {
    let cluster = Cluster::shared();
    cluster.namespace("live-crd");
    let crd = json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "gadgets.live.example.io" },
        "spec": { "group": "live.example.io", "scope": "Namespaced", "names": { "kind": "Gadget", "plural": "gadgets", "singular": "gadget" },
        "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": { "type": "object",
        "properties": { "ports": { "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"],
        "items": { "type": "object", "required": ["port", "protocol"], "properties": { "port": { "type": "integer" }, "protocol": { "type": "string" } } } } } } } } } }] } });
    cluster.apply(
        "test",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.live.example.io",
        &crd,
    );
    let gadget = json!({ "apiVersion": "live.example.io/v1", "kind": "Gadget", "metadata": { "name": "g" }, "spec": { "ports": [{ "port": 80, "protocol": "TCP" }] } });
    let path =
        "/apis/live.example.io/v1/namespaces/live-crd/gadgets/g?fieldManager=test&force=true";
    let wanted = kinds(&[("live.example.io", "Gadget", Some("live-crd"))]);
    // A definition is served, and in the OpenAPI documents, a moment after it was made.
    for attempt in 0.. {
        let made = cluster
            .try_send(User::Admin, "APPLY", path, Some(&gadget))
            .is_ok_and(|a| a.0 < 300);
        let (o, _) = ask(&cluster, User::Admin, SecretsMode::References, &wanted);
        if let Some(topology) = o.fact("topology live.example.io Gadget").filter(|_| made) {
            let ports = topology.member("spec.ports").expect("the list");
            let keys: Vec<_> = ports.children().map(|k| k.text()).collect();
            assert_eq!(keys, ["port", "protocol"]);
            assert_eq!(o.objects().count(), 1);
            return;
        }
        assert!(attempt < 100, "never served: {:?}", o.reads());
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_everything_in_a_namespace() {
    let cluster = Cluster::shared();
    fill(&cluster, "live-all");
    let wanted = Wanted {
        everything_in: ["live-all".into()].into(),
        ..Wanted::default()
    };
    let (o, _) = ask(&cluster, User::Admin, SecretsMode::Presence, &wanted);
    // Another test may have made its own kind this very moment.
    let others = |r: &&Read| match &r.scope {
        Scope::Kind { group, .. } => !group.contains('.') || group.ends_with(".k8s.io"),
        scope => !scope.to_string().contains("topology"),
    };
    let mut reads = o.reads().iter().filter(others);
    assert!(
        o.reads().len() > 15 && reads.all(|r| r.outcome == Outcome::Complete),
        "{:?}",
        o.reads()
    );
    let found: Vec<String> = o.objects().map(|(id, _)| id.to_string()).collect();
    assert!(
        found.contains(&"Deployment/live-all/api".into()),
        "{found:?}"
    );
    let secret = ObjectId::new("", "Secret", Some("live-all"), "db");
    let Reading::Present(secret) = o.object(&secret) else {
        panic!("the Secret exists");
    };
    let leaf = secret.tree.root().at(&["data", "PW"]).expect("its key");
    assert_eq!(leaf.kind(), Kind::Opaque);
}

/// A certificate that signed nothing here.
const OTHER_AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUVrQf5d//S01a0fbXxYRIx9wc0VQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJdGVzdC1jYS0xMCAXDTI2MDMwNDEzMDk1MFoYDzIxMjYwMjA4
MTMwOTUwWjAUMRIwEAYDVQQDDAl0ZXN0LWNhLTEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARg57mWJPDsAIEQAgXqMOOfjMQP+PE9HqcZobycO8z94r/uRuV0wKx/
0SvMsKFtnreut0bjgFtmZaWY+6d87Is9o1MwUTAdBgNVHQ4EFgQUjtGuhkM7LtHB
gMPCJIxMwbY69OQwHwYDVR0jBBgwFoAUjtGuhkM7LtHBgMPCJIxMwbY69OQwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAj/WzNVJDg/cBtLqQVM77
tkB+QyIXLG3Vi9Xj1YfW9QECIQDDFW8yFtgLeCg2Zhr4xQNq3/24r/01kI2rjFPO
xBkDMw==
-----END CERTIFICATE-----
";

#[test]
#[ignore = "needs a kube-apiserver: KUBEBUILDER_ASSETS"]
fn live_credentials_and_certificates_that_are_wrong() {
    let cluster = Cluster::shared();
    let folder = tempfile::tempdir().expect("a folder");
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, OTHER_AUTHORITY).expect("a file");
    let text = std::fs::read_to_string(cluster.kubeconfig(User::Admin)).expect("a kubeconfig");
    let right: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let wanted = kinds(&[("", "ConfigMap", Some("default"))]);
    let failure = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut wrong = right.clone();
        change(&mut wrong);
        let path = folder.path().join("config");
        std::fs::write(&path, wrong.to_string()).expect("a file");
        let (o, d) = ask_with(&path, SecretsMode::References, &wanted);
        match &o.reads()[0].outcome {
            Outcome::Failed(u) => (u.cause, u.detail.to_string(), d),
            other => panic!("{other:?}"),
        }
    };
    let (cause, text, _) = failure(&|k| k["users"][0]["user"]["token"] = "c4nary".into());
    assert_eq!(cause, UnreadCause::Unauthenticated);
    assert!(!text.contains("c4nary"), "{text}");
    let (cause, text, _) = failure(&|k| {
        k["clusters"][0]["cluster"]["certificate-authority"] =
            authority.display().to_string().into()
    });
    assert_eq!(cause, UnreadCause::Unreachable);
    assert!(text.contains("not signed by the authority"), "{text}");
    let (cause, text, _) = failure(&|k| {
        k["clusters"][0]["cluster"]["tls-server-name"] = "elsewhere.example.com".into()
    });
    assert_eq!(cause, UnreadCause::Unreachable);
    assert!(text.contains("another name"), "{text}");
    let (cause, text, d) = failure(&|k| {
        let url = k["clusters"][0]["cluster"]["server"]
            .as_str()
            .expect("a URL")
            .replace("https", "http");
        k["clusters"][0]["cluster"]["server"] = url.into();
    });
    assert!(
        matches!(cause, UnreadCause::Malformed | UnreadCause::Unreachable),
        "{text}"
    );
    assert!(
        d.warnings.iter().any(|w| w.contains("speaks http")),
        "{:?}",
        d.warnings
    );
}
