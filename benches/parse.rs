//! Reading documents: one large stream, many small files, JSON; and judging every leaf.
//!
//! `cargo bench --bench parse`; compare runs of one machine and one hour only.

use divan::{Bencher, counter::BytesCount};
use driftgate::{
    classify::ByNameAndLook,
    document::{Dialect, Format, parse},
    model::{
        observation::{Classifier, ItemId, ObjectId},
        secret::DigestKey,
        tree::{Prune, Tree},
    },
};

fn main() {
    divan::main();
}

const YAML: Format = Format::Yaml(Dialect::K8s);

/// A Deployment, a Service and a ConfigMap of application number `n`.
fn application(n: usize) -> String {
    format!(
        r#"---
# Source: shop/templates/app-{n}.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{n}
  namespace: shop
  labels: {{app.kubernetes.io/name: app-{n}, app.kubernetes.io/part-of: shop}}
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: app-{n}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-{n}
    spec:
      containers:
        - name: app
          image: registry.example.com/shop/app-{n}@sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
          args: ["--port", "8080", "--log-level=info"]
          ports:
            - containerPort: 8080
              protocol: TCP
          env:
            - name: DB_TIMEOUT
              value: "10s" # seconds
            - name: DB_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: app-{n}
                  key: password
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
---
apiVersion: v1
kind: Service
metadata:
  name: app-{n}
  namespace: shop
spec:
  selector:
    app.kubernetes.io/name: app-{n}
  ports:
    - port: 80
      targetPort: 8080
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-{n}
  namespace: shop
data:
  LOG_LEVEL: info
  application.yml: |
    server:
      port: 8080
    feature:
      new-checkout: {on}
"#,
        on = n.is_multiple_of(2)
    )
}

fn stream(bytes: usize) -> String {
    let mut out = String::new();
    for n in 0.. {
        if out.len() >= bytes {
            break;
        }
        out += &application(n);
    }
    out
}

#[divan::bench]
fn stream_of_5_mb(bencher: Bencher<'_, '_>) {
    let text = stream(5_000_000);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| parse(text.as_bytes(), YAML));
}

#[divan::bench]
fn small_files_2000(bencher: Bencher<'_, '_>) {
    let files: Vec<String> = (0..2_000)
        .map(|n| format!("kind: ConfigMap\nmetadata:\n  name: app-{n}\n  namespace: shop\ndata:\n  LOG_LEVEL: info\n  CACHE_TTL: \"300\"\n"))
        .collect();
    bencher
        .counter(BytesCount::new(
            files.iter().map(String::len).sum::<usize>(),
        ))
        .bench(|| {
            files
                .iter()
                .map(|f| parse(f.as_bytes(), YAML).documents.len())
                .sum::<usize>()
        });
}

#[divan::bench]
fn json_of_5_mb(bencher: Bencher<'_, '_>) {
    let item = r#"{"kind":"ConfigMap","metadata":{"name":"app","labels":{"a":"b"}},"data":{"LOG_LEVEL":"info","n":12}}"#;
    let text = format!("[{}]", vec![item; 50_000].join(",\n"));
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| parse(text.as_bytes(), Format::Json));
}

/// Every leaf of 10,000 Deployments is asked about.
#[divan::bench]
fn judge_10000_deployments(bencher: Bencher<'_, '_>) {
    let text = application(1);
    let json = parse(text.as_bytes(), YAML).documents.remove(0).tree;
    let json =
        serde_json::to_vec(&driftgate::model::tree::WithoutSecrets(json.root())).expect("JSON");
    let key = DigestKey::for_this_run(&[1; 32]);
    let id = ItemId::Object(ObjectId::new("apps", "Deployment", Some("shop"), "app"));
    let trees: Vec<Tree> = (0..10_000)
        .map(|_| Tree::from_json(&json, Prune::NOTHING).expect("JSON"))
        .collect();
    bencher.with_inputs(|| trees.clone()).bench_values(|trees| {
        trees
            .into_iter()
            .map(|t| t.seal(&key, &|leaf, path| ByNameAndLook.sealing(&id, path, leaf)))
            .collect::<Vec<_>>()
    });
}
