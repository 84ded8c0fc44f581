//! `check(live) = check(snapshot(live))`, over generated clusters behind a small API server.

use crate::{
    server::{Behaviour, Server},
    support::{CONFIG, NOW, Project, Report},
};
use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

/// What git and live say of one entry, and who wrote it last.
#[derive(Clone, Debug)]
struct Pair {
    git: Option<u8>,
    live: Option<u8>,
    by_a_person: bool,
}

/// A service's worth of both sides.
#[derive(Clone, Debug)]
struct Cluster {
    variables: Vec<Pair>,
    config: Vec<Pair>,
    secret: Vec<Pair>,
    replicas: Pair,
    autoscaler: Option<(u8, u8)>,
    port: Pair,
    deployment_missing: bool,
    page: usize,
}

fn pair() -> impl Strategy<Value = Pair> {
    let side = || prop_oneof![3 => (0u8..3).prop_map(Some), 1 => Just(None)];
    (side(), side(), any::<bool>()).prop_map(|(git, live, by_a_person)| Pair {
        git,
        live,
        by_a_person,
    })
}

fn cluster() -> impl Strategy<Value = Cluster> {
    let pairs = || prop::collection::vec(pair(), 0..5);
    let autoscaler = prop::option::of((1u8..3, 3u8..9));
    (
        pairs(),
        pairs(),
        pairs(),
        pair(),
        autoscaler,
        pair(),
        prop::bool::weighted(0.1),
        1usize..4,
    )
        .prop_map(
            |(variables, config, secret, replicas, autoscaler, port, deployment_missing, page)| {
                Cluster {
                    variables,
                    config,
                    secret,
                    replicas,
                    autoscaler,
                    port,
                    deployment_missing,
                    page,
                }
            },
        )
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Git,
    Live,
}

impl Pair {
    fn on(&self, side: Side) -> Option<u8> {
        match side {
            Side::Git => self.git,
            Side::Live => self.live,
        }
    }
}

fn data(pairs: &[Pair], side: Side, prefix: &str) -> serde_json::Map<String, Value> {
    let of = |(n, p): (usize, &Pair)| {
        Some((
            format!("{prefix}_{n}"),
            json!(format!("value-{}", p.on(side)?)),
        ))
    };
    pairs.iter().enumerate().filter_map(of).collect()
}

fn managed(object: &mut Value, side: Side, by_a_person: Value) {
    if side == Side::Git {
        return;
    }
    let name = object["metadata"]["name"]
        .as_str()
        .expect("a name")
        .to_owned();
    object["metadata"]["uid"] = format!("uid-of-{name}").into();
    object["metadata"]["resourceVersion"] = "3".into();
    object["metadata"]["creationTimestamp"] = "2026-11-01T00:00:00Z".into();
    object["metadata"]["managedFields"] = json!([
        { "manager": "gitops", "operation": "Apply", "apiVersion": "v1", "time": "2026-11-01T00:00:00Z",
          "fieldsType": "FieldsV1", "fieldsV1": { "f:metadata": { "f:labels": {} } } },
        { "manager": "kubectl-edit", "operation": "Update", "apiVersion": "v1", "time": "2026-11-20T02:14:07Z",
          "fieldsType": "FieldsV1", "fieldsV1": by_a_person } ]);
}

fn keys_of(pairs: &[Pair], prefix: &str) -> Value {
    let owned = pairs.iter().enumerate().filter(|(_, p)| p.by_a_person);
    owned
        .map(|(n, _)| (format!("f:{prefix}_{n}"), json!({})))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

impl Cluster {
    fn objects(&self, side: Side) -> Vec<Value> {
        let mut out = vec![self.config(side), self.secret(side), self.service(side)];
        if side == Side::Git || !self.deployment_missing {
            out.push(self.deployment(side));
        }
        if let Some((min, max)) = self.autoscaler {
            let mut hpa = json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                "metadata": { "name": "api", "namespace": "shop" },
                "spec": { "minReplicas": min, "maxReplicas": max,
                    "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "api" } } });
            managed(&mut hpa, side, json!({}));
            out.push(hpa);
        }
        if side == Side::Live {
            // What is nobody's business: in the same kinds, with names of their own.
            let mut other = json!({ "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": { "name": "other", "namespace": "shop" }, "data": { "A": "1" } });
            managed(&mut other, side, json!({}));
            out.push(other);
        }
        out
    }

    fn config(&self, side: Side) -> Value {
        let mut out = json!({ "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "api-config", "namespace": "shop" }, "data": data(&self.config, side, "CONFIG") });
        managed(
            &mut out,
            side,
            json!({ "f:data": keys_of(&self.config, "CONFIG") }),
        );
        out
    }

    fn secret(&self, side: Side) -> Value {
        use base64::Engine;
        let encode = |v: &Value| {
            base64::engine::general_purpose::STANDARD.encode(v.as_str().expect("a text"))
        };
        let plain = data(&self.secret, side, "SECRET");
        let encoded: serde_json::Map<String, Value> = plain
            .iter()
            .map(|(k, v)| (k.clone(), encode(v).into()))
            .collect();
        let mut out = json!({ "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": { "name": "api-secret", "namespace": "shop" }, "data": encoded });
        managed(
            &mut out,
            side,
            json!({ "f:data": keys_of(&self.secret, "SECRET") }),
        );
        out
    }

    fn service(&self, side: Side) -> Value {
        let port = 8000 + u16::from(self.port.on(side).unwrap_or(9));
        let mut out = json!({ "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": "api", "namespace": "shop" },
            "spec": { "selector": { "app": "api" }, "ports": [{ "name": "http", "port": port }] } });
        if side == Side::Live {
            out["spec"]["clusterIP"] = "10.0.0.7".into();
            out["spec"]["ports"][0]["protocol"] = "TCP".into();
            out["spec"]["ports"][0]["targetPort"] = port.into();
        }
        managed(&mut out, side, json!({}));
        out
    }

    fn deployment(&self, side: Side) -> Value {
        let env: Vec<Value> = data(&self.variables, side, "VARIABLE")
            .into_iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let mut out = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "api", "namespace": "shop" },
            "spec": { "selector": { "matchLabels": { "app": "api" } }, "template": {
                "metadata": { "labels": { "app": "api" } },
                "spec": { "containers": [{ "name": "main", "image": "registry.example/api:1", "env": env,
                    "envFrom": [{ "configMapRef": { "name": "api-config" } }, { "secretRef": { "name": "api-secret" } }] }] } } } });
        if let Some(replicas) = self.replicas.on(side) {
            out["spec"]["replicas"] = (replicas + 1).into();
        }
        let owned: serde_json::Map<String, Value> = self
            .variables
            .iter()
            .enumerate()
            .filter(|(_, p)| p.by_a_person)
            .map(|(n, _)| {
                (
                    format!("k:{{\"name\":\"VARIABLE_{n}\"}}"),
                    json!({ ".": {}, "f:name": {}, "f:value": {} }),
                )
            })
            .collect();
        managed(
            &mut out,
            side,
            json!({ "f:spec": { "f:template": { "f:spec": { "f:containers": {
            "k:{\"name\":\"main\"}": { "f:env": owned } } } } } }),
        );
        out
    }
}

/// Findings, changes and the verdict; of the coverage all but where it was read and when.
fn comparable(report: &Report) -> Value {
    let coverage: Vec<Value> = report.json["coverage"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| {
            json!([
                c["side"],
                c["layer"],
                c["status"],
                c["objects"],
                c["entries"],
                c["opaque"]
            ])
        })
        .collect();
    json!({ "verdict": report.json["verdict"], "findings": report.json["findings"],
        "changes": report.json["changes"], "coverage": coverage, "deployed": report.json["deployed"] })
}

struct Lab {
    project: Project,
    server: Server,
}

impl Lab {
    fn of(cluster: &Cluster, secrets: &str, key: Option<&str>) -> Lab {
        let mut project = Project::empty();
        let config = CONFIG.replace(
            "namespace: shop",
            &format!("namespace: shop, secrets: {secrets}"),
        );
        project.file("driftgate.yaml", config);
        let manifests: String = cluster
            .objects(Side::Git)
            .iter()
            .map(|o| format!("---\n{o}\n"))
            .collect();
        project.file("deploy/app.yaml", manifests);
        project.commit("feat: begin");
        if let Some(key) = key {
            project.env("DRIFTGATE_KEY", key);
        }
        let server = Server::start(Behaviour::Objects(
            cluster.objects(Side::Live),
            cluster.page,
        ));
        server.kubeconfig(&project.beside("kubeconfig"), "t");
        Lab { project, server }
    }

    fn kubeconfig(&self) -> String {
        self.project.beside("kubeconfig").display().to_string()
    }

    fn live(&self) -> Report {
        self.project
            .check_without_live(&["--kubeconfig", &self.kubeconfig()])
    }

    fn snapshot(&self, name: &str) -> String {
        let output = self.project.beside(name).display().to_string();
        let ran = self.project.run(&[
            "snapshot",
            "--kubeconfig",
            &self.kubeconfig(),
            "--output",
            &output,
            "--now",
            NOW,
        ]);
        assert_eq!(ran.code, 0, "{ran:?}");
        output
    }

    fn recorded(&self) -> Report {
        let path = self.snapshot("production.snapshot");
        self.project.check_without_live(&["--live", &path])
    }
}

fn new_key() -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let output = crate::support::binary(folder.path(), folder.path())
        .args(["key", "new"])
        .output()
        .expect("the binary runs");
    String::from_utf8(output.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

proptest! {
    #![proptest_config(Config { cases: 24, max_shrink_iters: 40, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_snapshot_stands_for_the_cluster(cluster in cluster(), secrets in prop_oneof![Just("references"), Just("digest")]) {
        let key = new_key();
        let lab = Lab::of(&cluster, secrets, Some(&key));
        let (live, recorded) = (lab.live(), lab.recorded());
        prop_assert_eq!(comparable(&live), comparable(&recorded));
        // Both ways of the deploy and the review read the same.
        prop_assert!(!lab.server.log().iter().any(|l| !l.starts_with("GET ")), "only reads");
        let asks_secrets = lab.server.log().iter().any(|l| l.contains("/secrets"));
        prop_assert_eq!(asks_secrets, secrets == "digest");
    }
}

fn one(git: u8, live: u8) -> Pair {
    Pair {
        git: Some(git),
        live: Some(live),
        by_a_person: true,
    }
}

/// One difference of each sort.
fn drifting() -> Cluster {
    Cluster {
        variables: vec![one(0, 1)],
        config: vec![one(0, 1), one(1, 1)],
        secret: vec![one(0, 1), one(2, 2)],
        replicas: one(1, 2),
        autoscaler: None,
        port: one(0, 0),
        deployment_missing: false,
        page: 1,
    }
}

#[test]
fn without_a_lasting_key_secrets_of_a_snapshot_are_not_compared() {
    let lab = Lab::of(&drifting(), "digest", None);
    let live = lab.live();
    assert_eq!(live.about("SECRET_0")["rule"], "drifted");
    let recorded = lab.recorded();
    assert!(
        !recorded.lines().contains("SECRET_0"),
        "{}",
        recorded.lines()
    );
    let others = |r: &Report| -> Vec<String> {
        r.lines()
            .lines()
            .filter(|l| !l.contains("SECRET"))
            .map(Into::into)
            .collect()
    };
    assert_eq!(others(&live), others(&recorded));
    assert!(
        recorded.lines().contains("CONFIG_0"),
        "{}",
        recorded.lines()
    );
    let opaque = |r: &Report| r.status("live")["opaque"].as_u64().expect("a number");
    assert!(opaque(&recorded) > opaque(&live), "they are counted");
}

#[test]
fn a_snapshot_is_the_same_bytes_each_time_and_under_another_key_no_secret_compares() {
    let key = new_key();
    let mut lab = Lab::of(&drifting(), "digest", Some(&key));
    let (first, second) = (lab.snapshot("a.snapshot"), lab.snapshot("b.snapshot"));
    let read = |path: &str| std::fs::read(path).expect("a snapshot");
    assert_eq!(read(&first), read(&second));
    let same = lab.project.check_without_live(&["--live", &first]);
    assert_eq!(same.about("SECRET_0")["rule"], "drifted");
    lab.project.env("DRIFTGATE_KEY", &new_key());
    let other = lab
        .project
        .run(&["check", "--live", &first, "--now", NOW, "--format", "json"]);
    assert!(!other.out.contains("SECRET_0"), "{}", other.out);
}
