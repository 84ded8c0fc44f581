//! A repository as platform teams keep it: one Helm values file per environment with every
//! application in a list, anchors and `<<` merges. Its environments agree but for what the
//! configuration documents, so that any finding in it is a false one until something is planted.
//!
//! The tests use it as well, which is why it needs nothing but the standard library.

use std::fmt::Write as _;

/// The environments, in the order in which values are promoted.
pub(crate) const ENVIRONMENTS: [&str; 4] =
    ["development", "staging", "production", "production-eu"];

/// What each environment calls itself elsewhere: domain, account, region, instances.
fn own(environment: &str) -> (&'static str, &'static str, &'static str, usize) {
    match environment {
        "development" => ("dev.example.com", "111111111111", "eu-west-2", 1),
        "staging" => ("staging.example.com", "222222222222", "eu-west-2", 2),
        "production" => ("example.com", "333333333333", "eu-west-2", 4),
        _ => ("eu.example.com", "444444444444", "eu-central-1", 4),
    }
}

/// The name of an application.
pub(crate) fn name(i: usize) -> String {
    const AREAS: [&str; 8] = [
        "orders",
        "payments",
        "catalogue",
        "search",
        "accounts",
        "shipping",
        "reports",
        "mail",
    ];
    const ROLES: [&str; 4] = ["api", "worker", "ui", "sync"];
    let (area, role) = (AREAS[i % 8], ROLES[i / 8 % 4]);
    match i / 32 {
        0 => format!("{area}-{role}"),
        round => format!("{area}-{role}-{}", round + 1),
    }
}

/// The values file of an environment: 66 lines for each application, 40 that they share.
pub(crate) fn values(environment: &str, applications: usize) -> String {
    let (domain, account, region, instances) = own(environment);
    let mut text = format!(
        "# Values of every application in {environment}. Rendered by Argo CD, one Application each.
global:
  environment: {environment}
  domain: {domain}
  account: \"{account}\"
  region: {region}

# Shared by most applications.
x-probes: &probes
  livenessProbe:
    httpGet: {{ path: /health/live, port: http }}
    initialDelaySeconds: 20
    periodSeconds: 10
  readinessProbe:
    httpGet: {{ path: /health/ready, port: http }}
    periodSeconds: 5
    failureThreshold: 3
x-resources:
  small: &small
    requests: {{ cpu: 50m, memory: 256Mi }}
    limits: {{ memory: 512Mi }}
  large: &large
    requests: {{ cpu: 500m, memory: 1Gi }}
    limits: {{ memory: 2Gi }}
x-defaults: &defaults
  <<: *probes
  resources: *small
  replicaCount: {instances}
  podAnnotations:
    prometheus.io/scrape: \"true\"
    prometheus.io/port: \"8080\"
  tolerations: []
  nodeSelector: {{}}
  serviceAccount: {{ create: yes, annotations: {{}} }}
  autoscaling: {{ enabled: off, minReplicas: 1, maxReplicas: 10 }}

apps:
"
    );
    for i in 0..applications {
        application(&mut text, environment, i);
    }
    text
}

fn application(text: &mut String, environment: &str, i: usize) {
    let (domain, account, region, _) = own(environment);
    let name = name(i);
    let resources = if i.is_multiple_of(5) {
        "*large"
    } else {
        "*small"
    };
    let (port, pool, queue) = (8000 + i, 5 + i % 7, 30 * (1 + i % 4));
    let peer = self::name((i + 8) % 32);
    _ = write!(
        text,
        "  - name: {name}
    namespace: shop
    chart: generic-service
    # Owned by the team of {name}; see the service catalogue.
    helmValues:
      <<: *defaults
      resources: {resources}
      fullnameOverride: {name}
      image:
        repository: registry.example.com/shop/{name}
        pullPolicy: IfNotPresent
        port: {port}
      ingress:
        enabled: true
        hosts:
          - name: public
            host: {name}.{domain}
            paths: [/, /api]
          - name: internal
            host: {name}.internal.{domain}
            paths: [/]
        tls:
          - secretName: {name}-tls
        annotations:
          nginx.ingress.kubernetes.io/proxy-read-timeout: \"{queue}\"
          nginx.ingress.kubernetes.io/configuration-snippet: |
            more_set_headers \"X-Service: {name}\";
            more_set_headers \"Strict-Transport-Security: max-age=31536000\";
      serviceAccount:
        create: yes
        annotations:
          eks.amazonaws.com/role-arn: arn:aws:iam::{account}:role/{name}
      env:
        - name: NODE_ENV
          value: production
        - name: LOG_LEVEL
          value: info
        - name: PUBLIC_URL
          value: https://{name}.{domain}
        - name: PEER_URL
          value: http://{peer}.shop.svc.cluster.local:8080
        - name: DATABASE_HOST
          value: {name}.{environment}.db.internal
        - name: DATABASE_POOL_SIZE
          value: \"{pool}\"
        - name: DATABASE_TIMEOUT
          value: {queue}s
        - name: QUEUE_URL
          value: https://sqs.{region}.amazonaws.com/{account}/{name}
        - name: FEATURE_FLAGS
          value: new-basket,fast-checkout
        - name: DATABASE_PASSWORD
          valueFrom:
            secretKeyRef: {{ name: {name}-database, key: password }}
        - name: POD_IP
          valueFrom:
            fieldRef: {{ fieldPath: status.podIP }}
      config:
        http:
          timeout: 10s
          keepAlive: on
          maxBodySize: 1048576
        cache: {{ ttl: {queue}, maxEntries: 10000, store: memory }}
        retry:
          attempts: 3
          backoff: [100ms, 200ms, 400ms]
"
    );
}

/// `driftgate.yaml`: every application of every values file is a service.
pub(crate) fn configuration(environments: &[&str]) -> String {
    let mut text = String::from(
        "version: 1
services:
  \"*\":
    each: { file: \"values-${environment}.yaml\", select: \"apps[*].name\" }
    layers:
      - name: values
        desired:
          file: \"values-${environment}.yaml\"
          select: \"apps[${service}].helmValues\"
          format: helm-values
environments:
",
    );
    for environment in environments {
        let (domain, account, region, _) = own(environment);
        let tier = environment.split('-').next().unwrap_or(environment);
        _ = writeln!(
            text,
            "  {environment}:\n    tier: {tier}\n    variables: {{ domain: {domain} }}\n    names: [{domain}, \"{account}\", {region}]"
        );
    }
    _ = write!(
        text,
        "parity:
  - environments: [{}]
    differences:
      - {{ key: replicaCount, reason: each environment has the load that it has }}
",
        environments.join(", ")
    );
    text
}
