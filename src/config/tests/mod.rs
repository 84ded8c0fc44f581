//! Whole files: what they load to, and what is said about wrong ones.

#![allow(clippy::panic, reason = "a test that can't go on says what it found")]

mod bad;
mod docs;
mod good;
mod properties;
mod schema;

use super::{Loaded, load, show};
use crate::git::Files;
use std::fs;

/// A repository of files in a folder.
struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    fn of(files: &[(&str, &str)]) -> Repository {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, content) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, content).expect("written");
        }
        Repository { folder }
    }

    fn load(&self, yaml: &str) -> Result<Loaded, String> {
        let files = Files::folder(self.folder.path());
        load(yaml.as_bytes(), "driftgate.yaml", &files).map_err(|problems| show(&problems))
    }

    /// What is said about a file that does not load.
    fn refused(&self, yaml: &str) -> String {
        match self.load(yaml) {
            Err(shown) => shown,
            Ok(loaded) => format!("loaded: {:?}", loaded.project),
        }
    }
}

fn load_alone(yaml: &str) -> Result<Loaded, String> {
    Repository::of(&[]).load(yaml)
}

/// Files that load, each with what it is about. The schema accepts them too.
const GOOD: &[(&str, &str)] = &[
    (
        "the least",
        "\
version: 1
services:
  api:
    layers: [ { name: workload, desired: { manifests: deploy } } ]
environments:
  production:
",
    ),
    ("the sample", SAMPLE),
    (
        "anchors, merges and x- keys",
        "\
version: 1
x-defaults: &layers
  - name: workload
    desired: { kustomize: \"deploy/${environment}\" }
    live: { kubernetes: &cluster { context: \"${environment}\", namespace: shop } }
    x-note: any map may have them
x-production: &production
  tier: production
  settle: 10m
services:
  api: { layers: *layers }
  web:
    layers:
      - name: workload
        desired: { rendered: web }
        live:
          kubernetes:
            <<: *cluster
            namespace: web
environments:
  eu: { <<: *production, names: [eu] }
  us: { <<: *production, settle: 5m }
",
    ),
    (
        "every field",
        "\
version: 1
services:
  api:
    variables: { path: services/api, shard: 3, canary: true, empty: \"\" }
    environments: [production]
    layers:
      - name: workload
        desired:
          helm:
            chart: charts/api
            release: \"${service}-${shard}\"
            namespace: shop
            values:
              - \"${path}/values.yaml\"
              - { file: values.yaml, select: \"apps[${service}].values\", if-absent: skip }
            set: { replicas: 2, debug: false, name: \"${service}\", none: \"\" }
        live: { kubernetes: { context: prod, namespace: shop, secrets: digest, timeout: 90s } }
        workloads: [\"deployment/${service}\", StatefulSet/db]
        deploy-time: [image, GIT_REF]
        closed: false
        types: { DB_TIMEOUT: duration, MEMORY: quantity, NAME: text }
      - name: rest
        desired: { manifests: [a.yaml, \"b/**/*.yaml\"] }
environments:
  production:
    tier: staging
    variables: { context: prod }
    names: [\"${context}\", us-east-1]
    deployed: { flux: { helm-release: api, namespace: flux } }
    deploys-within: 1d
    settle: 1h30m
    tracks: \"env/${environment}\"
    deploys: later
gate: { fail-on: never, snapshot-max-age: 12h }
render: { allow-remote: true, timeout: 2m }
deployers: [ my-bot ]
",
    ),
    (
        "ways to know what is deployed",
        "\
version: 1
services:
  api: { layers: [ { name: live, live: { kubernetes: {} } } ] }
environments:
  a: { deployed: { flux: { kustomization: api } } }
  b: { deployed: { argo-cd: { application: \"${service}-${environment}\", namespace: gitops } } }
  c: { deployed: { ref: \"deployed/${environment}\" } }
  d: { deployed: { annotation: example.com/revision } }
",
    ),
    (
        "layers of settings",
        "\
version: 1
repositories: { config: ../config/./x/.. }
keys: exact
services:
  api:
    variables: { path: services/api, region: eu }
    keys: words
    layers:
      - { name: defaults, desired: { file: \"${path}/default.yml\" } }
      - name: part
        desired: { file: apps.yaml, select: \"apps[${service}].config\", if-absent: skip, format: helm-values }
      - name: files
        closed: true
        prefix: \"${service}_\"
        desired:
          nulls: delete
          file:
            - a.yml
            - { file: \"${environment}.env\", format: dotenv, if-absent: skip }
            - { file: stack.yml, select: Resources.Api, format: cloudformation, parameters: { Stage: \"${environment}\", Size: 3, None: \"\" } }
      - name: file
        config-map: { layer: workload, name: api-config, key: application.yml }
      - name: spring
        desired: { spring: { folder: \"${path}/src/main/resources\", name: api, profiles: [prod, \"${region}\"] } }
      - { name: spring defaults, desired: { spring: { folder: ., profiles: prod } } }
      - { name: compose, desired: { compose: {} } }
      - name: other compose
        desired: { compose: { files: [compose.yaml, \"compose.${environment}.yaml\"], env-file: \"${environment}.env\", service: web } }
        live: { env: [LOG_LEVEL, \"${service}.timeout\"] }
      - name: elsewhere
        desired: { file: \"config/${environment}.properties\", repository: config }
        live: { file: { path: /etc/api.conf, format: properties, select: api } }
      - { name: disk, live: { file: \"../run/${service}.toml\" }, types: { A: bytes, B: boolean, C: number, D: json, E: list, F: set } }
      - name: console
        outside: >
          set by the platform team
          in the console
      - { name: workload, desired: { manifests: deploy } }
  web: { layers: [ { name: a, desired: { file: a.json } } ] }
environments: { production: }
",
    ),
    ("parity, severities, ignores and waivers", POLICY),
    ("the design", DESIGN),
];

const POLICY: &str = "\
version: 1
services:
  api:
    variables: { shard: 7 }
    layers: [ { name: workload, live: { kubernetes: {} } } ]
  web: { layers: [ { name: pages, live: { kubernetes: {} } } ] }
  solo: { environments: [staging], layers: [ { name: workload, live: { kubernetes: {} } } ] }
environments:
  staging: { tier: staging, variables: { region: us-east-1 } }
  production-us: { variables: { region: us-east-1 } }
  production-eu: { variables: { region: eu-west-1 } }
parity:
  - environments: [staging, { tier: production }]
    services: [api, \"w*\"]
    strict: true
    differences:
      - { key: database.host, reason: its own database, expected: \"db-${region}.example.com\" }
      - { key: SHARD, service: api, reason: one shard each, expected: \"${environment}-${shard}\" }
      - { key: RETRIES, service: \"a*\", reason: tried, expected: 20 }
      - { key: BANNER, reason: shown in tests only, expected: \"\" }
      - { object: Deployment/api, field: spec.replicas, reason: \"less load\\nin staging\" }
      - { object: \"CronJob/*\", reason: jobs run in one region }
      - { key: database.host, reason: said twice }
  - environments: { tier: production }
promotion: [ staging, [production-us, production-eu] ]
severity:
  - { rule: parity-gap, for: audit, is: info }
  - { rule: \"*-unused\", is: warning }
  - { service: api, environment: \"production-*\", tier: production, key: \"DB_*\", is: error }
  - { rule: source-unavailable, is: error }
ignore:
  - { rule: drifted, object: \"Deployment/*\", field: spec.replicas, writer: keda-operator, reason: KEDA owns it }
  - rule: \"*\"
    tier: staging
    environment: staging
    service: api
    layer: workload
    key: \"SHARD_${shard}\"
    reason: >
      shards
      move
waivers:
  - { rule: drifted, environment: production-eu, key: LOG_LEVEL, value: DEBUG, reason: payment incident, owner: payments, expires: 2026-12-01 }
  - { rule: drifted, service: api, environment: production-us, layer: workload, key: TIMEOUT, value: 60s, reason: slow, owner: \"${service}\", expires: 2026-12-01T12:00:00+02:00 }
  - { rule: unmanaged, environment: staging, object: ConfigMap/shop/extra, field: data.x, reason: r, owner: o, expires: \"2028-02-29\" }
  - { rule: drifted, environment: staging, key: A, value: 20, reason: r, owner: o, expires: 2026-12-01 }
  - { rule: drifted, environment: staging, key: B, value: true, reason: r, owner: o, expires: 2026-12-01 }
  - { rule: drifted, environment: staging, key: C, value: \"$${x}\", reason: r, owner: o, expires: 2026-12-01 }
baseline: .driftgate/./baseline.json
";

/// The example of the design, without what later releases have.
const DESIGN: &str = "\
version: 1
services:
  api:
    variables: { path: services/api }
    layers:                                    # lowest precedence first, the same in every environment
      - name: defaults
        desired: { file: \"${path}/config/default.yml\" }
      - name: environment file
        desired: { file: \"${path}/config/${environment}.yml\", if-absent: skip }
      - name: workload
        desired: { kustomize: \"deploy/overlays/${environment}\" }   # or manifests:, helm:, rendered:
        live:    { kubernetes: { context: \"${context}\", namespace: shop } }
        workloads: [deployment/api, deployment/api-worker]         # default: all in the render
        deploy-time: [image, GIT_REF]                              # git holds a placeholder, the pipeline the value
      - name: parameters
        desired: { file: \"params/${environment}.yaml\" }
environments:
  staging:       { tier: staging, variables: { context: staging, region: us-east-1 } }
  production-us: { tier: production, variables: { context: prod-us, region: us-east-1 }, names: [us, us-east-1] }
  production-eu: { tier: production, variables: { context: prod-eu, region: eu-west-1 }, names: [eu, eu-west-1],
                   deployed: { flux: { kustomization: api } }, deploys-within: 1d, settle: 10m }
parity:
  - environments: [staging, production-us, production-eu]
    differences: [ { key: database.host, reason: each region has its own database, expected: \"db-${region}.example.com\" } ]
promotion: [[staging], [production-us, production-eu]]
ignore:  [ { rule: drifted, object: \"Deployment/*\", field: spec.replicas, writer: keda-operator, reason: KEDA owns it } ]
waivers: [ { rule: drifted, environment: production-eu, key: LOG_LEVEL, value: DEBUG, reason: payment incident, owner: payments, expires: 2026-12-01 } ]
gate: { fail-on: error, snapshot-max-age: 24h }
";

/// The sample of the design, with what works in this release.
const SAMPLE: &str = "\
# yaml-language-server: $schema=schemas/driftgate.schema.json
version: 1
services:
  api:
    variables: { path: services/api }
    layers:
      - name: workload
        desired: { kustomize: \"deploy/overlays/${environment}\" }
        live:    { kubernetes: { context: \"${context}\", namespace: shop } }
        workloads: [deployment/api, deployment/api-worker]
        deploy-time: [image, GIT_REF]
environments:
  staging:       { tier: staging, variables: { context: staging, region: us-east-1 } }
  production-us: { tier: production, variables: { context: prod-us, region: us-east-1 }, names: [us, us-east-1] }
  production-eu: { tier: production, variables: { context: prod-eu, region: eu-west-1 }, names: [eu, eu-west-1],
                   deployed: { flux: { kustomization: api } }, deploys-within: 1d, settle: 10m }
gate: { fail-on: error, snapshot-max-age: 24h }
";
