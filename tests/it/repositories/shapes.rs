//! Repositories of the shapes that teams really keep: quiet until a test plants something.

use std::fmt::Write as _;

/// Paths and texts.
pub(crate) type Files = Vec<(String, String)>;

const SERVICES: [&str; 12] = [
    "accounts",
    "basket",
    "catalogue",
    "checkout",
    "invoices",
    "mail",
    "orders",
    "payments",
    "pricing",
    "reports",
    "search",
    "shipping",
];

/// Two data centres and a staging environment: values for all, for each place, for each service,
/// and for each service in a place.
pub(crate) fn data_centres() -> Files {
    let mut files = vec![(
        "driftgate.yaml".to_owned(),
        "version: 1
services:
  \"*\":
    each: { folders: \"services/*\" }
    layers:
      - name: common
        desired: { file: [config/common.yml, \"config/${environment}.yml\"] }
      - name: service
        desired:
          file:
            - \"${path}/common.yml\"
            - { file: \"${path}/${environment}.yml\", if-absent: skip }
      - name: container
        desired: { file: \"${path}/container.env\", format: docker-env }
environments:
  dc1: { tier: production, names: [production, fra1, 10.1.0.0/16] }
  dc2: { tier: production, names: [production, ams2, 10.2.0.0/16] }
  staging: { tier: staging, names: [10.9.0.0/16] }
parity:
  - environments: [dc1, dc2, staging]
    differences:
      - { key: scaling.instances, reason: staging has less to do }
promotion: [staging, [dc1, dc2]]
"
        .to_owned(),
    )];
    let mut common =
        String::from("tracing: { enabled: true, sampler: ratio }\nregions: [eu]\nclients:\n");
    for service in SERVICES {
        _ = write!(
            common,
            "  {service}:
    path: /{service}
    timeout: 2s
    retries: {{ attempts: 3, backoff: [50ms, 100ms, 200ms] }}
    headers:
      - {{ name: x-caller, value: shop }}
      - {{ name: x-contact, value: \"contact-eu@example.com\" }}
"
        );
    }
    files.push(("config/common.yml".into(), common));
    for (place, site, net, instances) in [
        ("dc1", "fra1", "10.1", 6),
        ("dc2", "ams2", "10.2", 6),
        ("staging", "staging", "10.9", 2),
    ] {
        let mut text = format!(
            "# {place}
network: {{ cidr: {net}.0.0/16 }}
proxy: http://proxy.{place}.internal:3128
logs: {{ target: \"logs-{site}.example.com:6514\" }}
scaling: {{ instances: {instances} }}
upstreams:
"
        );
        for service in SERVICES {
            _ = writeln!(
                text,
                "  {service}: \"http://{service}.{place}.internal:8080\""
            );
        }
        files.push((format!("config/{place}.yml"), text));
    }
    for (i, service) in SERVICES.iter().enumerate() {
        let folder = format!("services/{service}");
        let mut text = format!(
            "name: {service}\nserver: {{ port: {}, threads: 64 }}\nfeatures:\n",
            8000 + i
        );
        for flag in 0..40 {
            _ = writeln!(text, "  flag-{flag:02}: {}", flag % 3 == 0);
        }
        files.push((format!("{folder}/common.yml"), text));
        files.push((
            format!("{folder}/container.env"),
            format!("NODE_ENV=production\nSERVICE_NAME={service}\nTZ=UTC\n"),
        ));
        for place in ["dc1", "dc2", "staging"] {
            files.push((
                format!("{folder}/{place}.yml"),
                format!(
                    "queue:
  url: amqp://{service}.mq.{place}.internal:5672
  prefetch: 20
database:
  url: jdbc:postgresql://{service}-db.{place}.internal:5432/{service}
  replicas:
    - {{ name: a, host: {service}-a.{place}.internal }}
    - {{ name: b, host: {service}-b.{place}.internal }}
"
                ),
            ));
        }
    }
    files
}

/// Spring services with profiles, and the manifests whose variables win over them.
pub(crate) fn spring() -> Files {
    let mut files = vec![(
        "driftgate.yaml".to_owned(),
        "version: 1
services:
  \"*\":
    each: { folders: \"services/*\" }
    layers:
      - name: application
        desired: { spring: { folder: \"${path}/src/main/resources\", profiles: [\"${profile}\"] } }
      - name: workload
        desired: { manifests: \"deploy/${environment}/${service}.yaml\" }
environments:
  staging: { tier: staging, variables: { profile: staging } }
  prod: { tier: production, variables: { profile: prod } }
  prod-eu: { tier: production, variables: { profile: prod-eu }, names: [eu] }
parity:
  - environments: [staging, prod, prod-eu]
    differences:
      - { key: SPRING_PROFILES_ACTIVE, reason: each environment has its own profile, expected: \"${profile}\" }
      - { key: spring.datasource.hikari.maximum-pool-size, reason: the databases have different sizes }
      - { key: residency, service: accounts, reason: accounts in Europe stay there }
"
        .to_owned(),
    )];
    for (i, service) in SERVICES.iter().enumerate() {
        let folder = format!("services/{service}/src/main/resources");
        let mut text = format!(
            "spring:
  application: {{ name: {service} }}
  profiles:
    group:
      prod-eu: [prod, eu]
  datasource:
    url: jdbc:postgresql://localhost:5432/{service}
    username: {service}
    hikari: {{ maximumPoolSize: 5, connection_timeout: 3000 }}
  jpa.open-in-view: false
server:
  port: {}
  servlet.context-path: /{service}
management:
  endpoints.web.exposure.include: [health, info, prometheus]
  endpoint:
    health: {{ probes: {{ enabled: true }} }}
clients:
",
            8000 + i
        );
        for client in SERVICES {
            _ = write!(
                text,
                "  {client}:
    base-url: http://{client}.shop.svc:8080
    connect-timeout: 500ms
    read-timeout: 2s
    max-connections: 50
"
            );
        }
        text.push_str(
            "---
spring.config.activate.on-profile: staging | prod
logging.level.root: INFO
spring.datasource.hikari.maximum-pool-size: 10
---
spring.config.activate.on-profile: \"!staging & !prod\"
logging.level.root: DEBUG
---
spring:
  config.activate.on-profile: prod
  datasource.hikari.maximum-pool-size: 40
",
        );
        files.push((format!("{folder}/application.yml"), text));
        files.push((
            format!("{folder}/application-staging.properties"),
            format!("# staging\nmetrics.prefix=shop.{service}\nfeature.newCheckout = true\n"),
        ));
        files.push((
            format!("{folder}/application-prod.properties"),
            format!("metrics.prefix : shop.{service}\nfeature.new-checkout=true\n"),
        ));
        if i == 0 {
            files.push((
                format!("{folder}/application-eu.properties"),
                "residency=eu-only\n".to_owned(),
            ));
        }
        for environment in ["staging", "prod", "prod-eu"] {
            files.push((
                format!("deploy/{environment}/{service}.yaml"),
                format!(
                    "apiVersion: apps/v1
kind: Deployment
metadata: {{ name: {service}, namespace: shop }}
spec:
  replicas: 2
  selector: {{ matchLabels: {{ app: {service} }} }}
  template:
    metadata: {{ labels: {{ app: {service} }} }}
    spec:
      containers:
        - name: {service}
          image: registry.example.com/{service}:1
          env:
            - {{ name: SPRING_PROFILES_ACTIVE, value: {environment} }}
            - {{ name: SPRING_DATASOURCE_URL, value: \"jdbc:postgresql://{service}.{environment}.db:5432/{service}\" }}
            - name: SPRING_DATASOURCE_PASSWORD
              valueFrom: {{ secretKeyRef: {{ name: {service}-db, key: password }} }}
"
                ),
            ));
        }
    }
    files
}

/// Terraform's variables: for all, and for each region.
pub(crate) fn terraform() -> Files {
    let mut files = vec![(
        "driftgate.yaml".to_owned(),
        "version: 1
services:
  platform:
    layers:
      - name: variables
        desired:
          file:
            - terraform/common.tfvars
            - \"terraform/regions/${environment}.tfvars\"
        types: { allowed_zones: set }
environments:
  eu-west-1: { names: [\"111111111111\", euw1] }
  us-east-1: { names: [\"222222222222\", use1] }
  ap-south-1: { names: [\"333333333333\", aps1] }
parity:
  - environments: [eu-west-1, us-east-1, ap-south-1]
"
        .to_owned(),
    )];
    let mut common = String::from("project = \"shop\"\nextra_tags = {}\n");
    for service in SERVICES {
        _ = write!(
            common,
            "
{service} = {{
  image_tag     = \"1.4.2\"
  memory        = 512
  desired_count = 2
  environment = {{
    LOG_LEVEL = \"info\"
    \"TIMEOUT\"  : 10
  }}
  ports = [{{ name = \"http\", port = 8080 }}, {{ name = \"admin\", port = 8081 }}]
}}
"
        );
    }
    files.push(("terraform/common.tfvars".into(), common));
    for (region, account, short, count, zones) in [
        ("eu-west-1", "111111111111", "euw1", "2", "\"a,b,c\""),
        ("us-east-1", "222222222222", "use1", "\"2\"", "\"c,b,a\""),
        ("ap-south-1", "333333333333", "aps1", "2", "\"a,b,c\""),
    ] {
        files.push((
            format!("terraform/regions/{region}.tfvars"),
            format!(
                "/* Everything that {region} has of its own. */
region         = \"{region}\"
account        = \"{account}\"
instance_count = {count}
allowed_zones  = {zones}
big_id         = 9007199254740993
bucket         = \"shop-{short}-assets\"
extra_tags = {{
  region = \"{region}\"
  owner  = \"platform\"
}}
user_data = <<-EOT
  #!/bin/sh
  hostname shop.{short}.internal
  echo ready
EOT
subnets = [
  \"subnet-{short}-a\", # first
  \"subnet-{short}-b\",
]
"
            ),
        ));
    }
    files
}

/// The environments of [`overlays`].
pub(crate) const PLACES: [&str; 8] = [
    "dev", "test", "preprod", "staging", "prod-eu", "prod-us", "prod-ap", "prod-ca",
];

/// 74 services in eight environments, with 147 of the 592 overlays that there could be.
pub(crate) fn overlays() -> Files {
    let mut text = String::from(
        "version: 1
services:
  \"*\":
    each: { folders: \"services/*\" }
    layers:
      - name: defaults
        desired: { file: \"${path}/config/default.yml\" }
      - name: overlay
        desired: { file: \"${path}/config/${environment}.yml\", if-absent: skip }
environments:
",
    );
    for place in PLACES {
        let tier = match place {
            "dev" | "test" => "development",
            "preprod" | "staging" => "staging",
            _ => "production",
        };
        _ = writeln!(text, "  {place}: {{ tier: {tier} }}");
    }
    _ = write!(
        text,
        "parity:
  - environments: [{}]
    differences:
      - {{ key: database.pool_size, reason: sized by the load of each environment }}
",
        PLACES.join(", ")
    );
    let mut files = vec![("driftgate.yaml".to_owned(), text)];
    let mut written = 0;
    for i in 0..74 {
        let service = format!("{}-{:02}", SERVICES[i % 12], i);
        let mut text = format!(
            "name: {service}\ndatabase:\n  host: db.{service}.internal\n  pool_size: 5\n  timeout: 10s\ncache: {{ ttl: 60, size: 1000 }}\nfeatures:\n"
        );
        for flag in 0..20 {
            _ = writeln!(text, "  flag_{flag:02}: {}", flag % 2 == 0);
        }
        files.push((format!("services/{service}/config/default.yml"), text));
        for (p, place) in PLACES.iter().enumerate() {
            if (i + p) % 4 == 0 && written < 147 {
                written += 1;
                files.push((
                    format!("services/{service}/config/{place}.yml"),
                    format!("database: {{ pool_size: {} }}\n", 10 + p),
                ));
            }
        }
    }
    assert_eq!(written, 147);
    files
}
