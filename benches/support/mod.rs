//! Objects as clusters have them, made up: the same number gives the same objects.
//!
//! Of ten objects two are Deployments with two containers and 30 variables (about 10 KB each with
//! `managedFields`), three ConfigMaps, two Services, one each a Secret, a HorizontalPodAutoscaler
//! and a custom resource (an Istio VirtualService). Of one app in fifty the live side differs.

#![allow(dead_code)] // each benchmark uses its part

pub(crate) mod applications;

use base64::Engine as _;
use driftgate::{
    classify::ByNameAndLook,
    document::{self, Format},
    model::{
        desired::{DesiredObject, DesiredWorld},
        observation::{
            ItemId, ObjectId, Observation, ObservationBuilder, Outcome, Read, Scope, WriteRecord,
            WriterKind,
        },
        place::Place,
        secret::DigestKey,
        tree::{Prune, Tree},
    },
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc};

const TIME: &str = "2026-11-21T06:38:55Z";
const EDITED: &str = "2026-11-21T06:40:24Z";
const WORDS: [&str; 30] = [
    "DB", "CACHE", "QUEUE", "USER", "ORDER", "CART", "PRICE", "SEARCH", "AUTH", "MAIL", "IMAGE",
    "VIDEO", "STOCK", "AUDIT", "EVENT", "BATCH", "RETRY", "POOL", "TIMEOUT", "LIMIT", "SIZE",
    "HOST", "PORT", "URL", "KEY", "MODE", "LEVEL", "FLAG", "REGION", "ZONE",
];

/// What is made.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// How many objects; rounded down to a multiple of ten.
    pub(crate) objects: usize,
    /// All in this namespace; without one they are spread over 120.
    pub(crate) namespace: Option<&'static str>,
    /// Whether the custom resources are among them.
    pub(crate) custom: bool,
}

impl Shape {
    /// So many objects of all kinds in many namespaces.
    pub(crate) fn of(objects: usize) -> Shape {
        Shape {
            objects,
            namespace: None,
            custom: true,
        }
    }

    /// The apps: two and what belongs to them make ten objects.
    pub(crate) fn groups(self) -> impl Iterator<Item = Vec<Object>> {
        (0..self.objects / 10).map(move |g| group(self, g))
    }
}

/// An object on both sides.
pub(crate) struct Object {
    /// What git has.
    pub(crate) desired: Value,
    /// What runs, without `managedFields`.
    pub(crate) live: Value,
    /// Its field managers: name, API version, subresource, time, fields.
    pub(crate) managers: Vec<Manager>,
}

/// An entry of `managedFields`.
pub(crate) struct Manager {
    pub(crate) name: &'static str,
    pub(crate) applied: bool,
    pub(crate) api_version: String,
    pub(crate) subresource: Option<&'static str>,
    pub(crate) time: &'static str,
    pub(crate) fields: Value,
}

impl Object {
    pub(crate) fn id(&self) -> ObjectId {
        let text = |path: &str| self.desired.pointer(path).and_then(Value::as_str);
        let version = text("/apiVersion").unwrap_or_default();
        ObjectId::new(
            version.split_once('/').map_or("", |(group, _)| group),
            text("/kind").unwrap_or_default(),
            text("/metadata/namespace"),
            text("/metadata/name").unwrap_or_default(),
        )
    }

    fn writes(&self) -> Vec<WriteRecord> {
        self.managers
            .iter()
            .map(|m| WriteRecord {
                writer: m.name.into(),
                kind: if m.applied {
                    WriterKind::ApplyManager
                } else {
                    WriterKind::UpdateManager
                },
                subresource: m.subresource.map(Into::into),
                api_version: Some(m.api_version.as_str().into()),
                time: m.time.parse().ok(),
                fields: Some(m.fields.to_string().into()),
            })
            .collect()
    }
}

/// What git has, parsed with the place of every field.
pub(crate) fn desired(shape: Shape) -> DesiredWorld {
    let mut world = DesiredWorld::default();
    for object in shape.groups().flatten() {
        let id = object.id();
        let file: Arc<str> = format!("deploy/{}.json", id.name).into();
        let parsed = document::parse(object.desired.to_string().as_bytes(), Format::Json);
        let document = parsed.documents.into_iter().next().expect("one document");
        let object = DesiredObject {
            api_version: object.desired["apiVersion"].as_str().unwrap_or("").into(),
            id: id.clone(),
            tree: document.tree,
            place: Place::exact(file, Some(document.start)),
        };
        world.objects.insert(id, Arc::new(object));
    }
    world
}

/// What runs, as a source would have read it.
pub(crate) fn live(shape: Shape, key: &DigestKey) -> Observation {
    let mut builder = ObservationBuilder::new(key, &ByNameAndLook);
    builder.system("5c1d2f6e-20e4-4ae4-ac50-1a9bb52e9c29");
    let mut scopes = BTreeSet::new();
    for object in shape.groups().flatten() {
        let id = object.id();
        let namespace = id.namespace.clone();
        for (group, kind) in [(&*id.group, &*id.kind), ("", "Pod"), ("apps", "ReplicaSet")] {
            scopes.insert(Scope::kind(group, kind, namespace.as_deref()));
        }
        let tree = Tree::from_json(object.live.to_string().as_bytes(), Prune::LIVE);
        builder.item(
            ItemId::Object(id),
            tree.expect("generated JSON"),
            object.writes(),
        );
    }
    for scope in scopes {
        builder.read(Read {
            scope,
            outcome: Outcome::Complete,
            revision: Some("1000".into()),
        });
    }
    builder.finish()
}

/// The same numbers in the same order for the same seed.
struct Dice(u64);

impl Dice {
    fn of(seed: usize, n: usize) -> Dice {
        let mut dice = Dice((seed as u64) << 20 ^ n as u64 ^ 0x9e37_79b9_7f4a_7c15);
        dice.next(1);
        dice
    }

    fn next(&mut self, below: usize) -> usize {
        // Knuth's MMIX constants.
        self.0 = (self.0)
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

/// Apps of one kind share their variables' names, as services of one framework do.
fn variable(app: usize, n: usize) -> String {
    let mut dice = Dice::of(app % 400, n);
    let mut word = || WORDS[dice.next(WORDS.len())];
    format!("{}_{}_{}_{n}", word(), word(), word())
}

fn value(app: usize, n: usize) -> String {
    match Dice::of(app, n).next(10) {
        0 => "30s".into(),
        1 => "true".into(),
        2 => "false".into(),
        3 => "10".into(),
        4 => format!("https://svc.{app}.example.internal:8443/api/v1"),
        5 => format!("postgres://app@db-{app}.shop.svc:5432/app"),
        6 => "info".into(),
        7 => "eu-west-1".into(),
        8 => "64Mi".into(),
        _ => "http://otel-collector.observability:4317".into(),
    }
}

fn group(shape: Shape, g: usize) -> Vec<Object> {
    let namespace = match shape.namespace {
        Some(one) => one.to_owned(),
        None => format!("ns-{}", g % 120),
    };
    let mut out = Vec::with_capacity(10);
    for app in [2 * g, 2 * g + 1] {
        let name = format!("app-{app}");
        out.push(deployment(app, &namespace, &name));
        out.push(config_map(app, &namespace, &name));
        out.push(service(app, &namespace, &name, shape.custom));
    }
    let app = 2 * g;
    let name = format!("app-{app}");
    out.push(config_map(app, &namespace, &format!("{name}-shared")));
    out.push(secret(app, &namespace, &name));
    out.push(autoscaler(app, &namespace, &name));
    if shape.custom {
        out.push(virtual_service(app, &namespace, &name));
    }
    out
}

fn drifts(app: usize) -> bool {
    app.is_multiple_of(50)
}

fn metadata(namespace: &str, name: &str, labels: &Value) -> Value {
    json!({"name": name, "namespace": namespace, "labels": labels})
}

/// What a server adds to any object, and the deployer's own entry of `managedFields`.
fn object(desired: Value, mut live: Value, app: usize, extra: Vec<Manager>) -> Object {
    let metadata = &mut live["metadata"];
    metadata["uid"] = json!(format!("{app:08x}-20e4-4ae4-ac50-1a9bb52e9c29"));
    metadata["resourceVersion"] = json!((1000 + app).to_string());
    metadata["creationTimestamp"] = json!(TIME);
    metadata["generation"] = json!(3);
    let mut fields = Map::new();
    for (name, value) in desired.as_object().into_iter().flatten() {
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                let labels = fields_of(&value["labels"]);
                fields.insert("f:metadata".into(), json!({"f:labels": labels}));
            }
            _ => {
                fields.insert(format!("f:{name}"), fields_of(value));
            }
        }
    }
    let mut managers = vec![Manager {
        name: "gitops",
        applied: true,
        api_version: desired["apiVersion"].as_str().unwrap_or("").into(),
        subresource: None,
        time: TIME,
        fields: Value::Object(fields),
    }];
    managers.extend(extra);
    Object {
        desired,
        live,
        managers,
    }
}

const KEYS: [(&str, &[&str]); 5] = [
    ("containers", &["name"]),
    ("env", &["name"]),
    ("ports", &["containerPort", "protocol"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
];
const ATOMIC: [&str; 4] = ["selector", "configMapKeyRef", "secretKeyRef", "matchLabels"];

/// `fieldsV1` of what was applied.
fn fields_of(value: &Value) -> Value {
    let mut out = Map::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let keys = KEYS.iter().find(|(list, _)| list == name);
        let fields = match (value, keys) {
            (Value::Object(m), _) if !m.is_empty() && !ATOMIC.contains(&name.as_str()) => {
                fields_of(value)
            }
            (Value::Array(items), Some((_, keys))) => {
                let mut list = Map::new();
                for item in items {
                    let id: Map<String, Value> = keys
                        .iter()
                        .filter_map(|k| Some(((*k).into(), item.get(k)?.clone())))
                        .collect();
                    let mut inner = fields_of(item);
                    inner["."] = json!({});
                    list.insert(format!("k:{}", Value::Object(id)), inner);
                }
                Value::Object(list)
            }
            _ => json!({}),
        };
        out.insert(format!("f:{name}"), fields);
    }
    Value::Object(out)
}

fn container(app: usize, image: &str, (name, port): (&str, u16), variables: usize) -> Value {
    let mut env: Vec<Value> = (0..variables)
        .map(|n| json!({"name": variable(app, n), "value": value(app, n)}))
        .collect();
    env.push(json!({"name": "DB_PASSWORD", "valueFrom":
        {"secretKeyRef": {"name": image, "key": "password"}}}));
    env.push(json!({"name": "SELF_URL", "value": format!("http://$({})/x", variable(app, 0))}));
    json!({
        "name": name,
        "image": format!("registry.example/{image}:1.{}.2", app % 90),
        "env": env,
        "envFrom": [{"configMapRef": {"name": image}}],
        "ports": [
            {"containerPort": port, "name": format!("{name}-http"), "protocol": "TCP"},
            {"containerPort": port + 1000, "name": format!("{name}-metr"), "protocol": "TCP"}],
        "resources": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "512Mi"}},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": port}, "periodSeconds": 10},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": port}, "periodSeconds": 5},
        "volumeMounts": [{"mountPath": "/etc/app", "name": "conf"}, {"mountPath": "/tmp", "name": "tmp"}]
    })
}

fn deployment(app: usize, namespace: &str, name: &str) -> Object {
    let labels = json!({"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop",
        "team": format!("team-{}", app % 30)});
    let desired = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": metadata(namespace, name, &labels),
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": {
                "metadata": {"labels": labels, "annotations": {"checksum/config": format!("{app:064x}")}},
                "spec": {
                    "serviceAccountName": name,
                    "containers": [container(app, name, ("api", 8080), 22), container(app, name, ("sidecar", 8081), 6)],
                    "volumes": [{"name": "conf", "configMap": {"name": name}}, {"name": "tmp", "emptyDir": {}}]
                }
            }
        }
    });
    let mut live = desired.clone();
    live["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "3"});
    default_deployment(&mut live["spec"], name);
    live["status"] = json!({"observedGeneration": 3, "replicas": 3, "updatedReplicas": 3,
        "readyReplicas": 3, "availableReplicas": 3, "conditions": [
            {"type": "Available", "status": "True", "lastUpdateTime": TIME, "lastTransitionTime": TIME},
            {"type": "Progressing", "status": "True", "lastUpdateTime": TIME, "lastTransitionTime": TIME}]});
    let manager = |name, subresource, time, fields| Manager {
        name,
        applied: false,
        api_version: "apps/v1".into(),
        subresource,
        time,
        fields,
    };
    let mut extra = vec![manager(
        "kube-controller-manager",
        Some("status"),
        TIME,
        json!({"f:metadata": {"f:annotations": {".": {}, "f:deployment.kubernetes.io/revision": {}}},
            "f:status": {"f:availableReplicas": {}, "f:observedGeneration": {}, "f:readyReplicas": {},
                "f:replicas": {}, "f:updatedReplicas": {}, "f:conditions": {".": {},
                    r#"k:{"type":"Available"}"#: {".": {}, "f:status": {}, "f:type": {}}}}}),
    )];
    if drifts(app) {
        // `kubectl set env`, in a hurry: one variable changed, one added.
        let env = &mut live["spec"]["template"]["spec"]["containers"][0]["env"];
        let changed = env[1]["name"].clone();
        env[1]["value"] = json!("60s-changed");
        if let Value::Array(env) = env {
            env.push(json!({"name": "ADDED_LIVE", "value": "1"}));
        }
        let key = format!("k:{}", json!({"name": changed}));
        extra.push(manager(
            "kubectl-set",
            None,
            EDITED,
            json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {r#"k:{"name":"api"}"#: {"f:env": {
                key: {"f:value": {}},
                r#"k:{"name":"ADDED_LIVE"}"#: {".": {}, "f:name": {}, "f:value": {}}}}}}}}}),
        ));
    }
    object(desired, live, app, extra)
}

/// What the API server fills in.
fn default_deployment(spec: &mut Value, name: &str) {
    spec["progressDeadlineSeconds"] = json!(600);
    spec["revisionHistoryLimit"] = json!(10);
    spec["strategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
    let pod = &mut spec["template"]["spec"];
    pod["dnsPolicy"] = json!("ClusterFirst");
    pod["restartPolicy"] = json!("Always");
    pod["schedulerName"] = json!("default-scheduler");
    pod["securityContext"] = json!({});
    pod["terminationGracePeriodSeconds"] = json!(30);
    pod["serviceAccount"] = json!(name);
    pod["volumes"][0]["configMap"]["defaultMode"] = json!(420);
    for container in pod["containers"].as_array_mut().into_iter().flatten() {
        container["imagePullPolicy"] = json!("IfNotPresent");
        container["terminationMessagePath"] = json!("/dev/termination-log");
        container["terminationMessagePolicy"] = json!("File");
        for probe in ["livenessProbe", "readinessProbe"] {
            let probe = &mut container[probe];
            probe["timeoutSeconds"] = json!(1);
            probe["successThreshold"] = json!(1);
            probe["failureThreshold"] = json!(3);
            probe["httpGet"]["scheme"] = json!("HTTP");
        }
    }
}

fn config_map(app: usize, namespace: &str, name: &str) -> Object {
    let mut data: Map<String, Value> = (100..112)
        .map(|n| (variable(app, n), json!(value(app, n))))
        .collect();
    let file = format!(
        "server:\n  port: 8080\nspring:\n  datasource:\n    url: jdbc:postgresql://db-{app}/app\n    pool: 10\nlogging:\n  level: info\n"
    );
    data.insert("application.yml".into(), json!(file));
    let desired = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": metadata(namespace, name, &json!({"app": name})), "data": data});
    let mut live = desired.clone();
    let mut extra = Vec::new();
    if drifts(app) {
        let key = variable(app, 100);
        live["data"][&key] = json!("changed");
        live["data"]["ADDED_KEY"] = json!("x");
        live["data"]["application.yml"] = json!(file.replace("pool: 10", "pool: 50"));
        let mut fields = Map::new();
        for name in [&*key, "ADDED_KEY", "application.yml"] {
            fields.insert(format!("f:{name}"), json!({}));
        }
        extra.push(Manager {
            name: "kubectl-edit",
            applied: false,
            api_version: "v1".into(),
            subresource: None,
            time: EDITED,
            fields: json!({"f:data": fields}),
        });
    }
    object(desired, live, app, extra)
}

fn secret(app: usize, namespace: &str, name: &str) -> Object {
    let encoded = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    let data = json!({"password": encoded(format!("not-a-real-password-{app}")),
        "token": encoded(format!("not-a-real-token-{app}"))});
    let desired = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": metadata(namespace, name, &json!({"app": name})), "data": data});
    object(desired.clone(), desired, app, vec![])
}

/// Headless ones need no address: a small cluster has few.
fn service(app: usize, namespace: &str, name: &str, address: bool) -> Object {
    let mut desired = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": metadata(namespace, name, &json!({"app": name})),
        "spec": {"selector": {"app": name},
            "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}]}});
    if !address {
        desired["spec"]["clusterIP"] = json!("None");
    }
    let mut live = desired.clone();
    let spec = &mut live["spec"];
    let address = match address {
        true => format!("10.0.{}.{}", app / 250 % 250, app % 250),
        false => "None".into(),
    };
    spec["clusterIPs"] = json!([address]);
    spec["clusterIP"] = json!(address);
    spec["internalTrafficPolicy"] = json!("Cluster");
    spec["ipFamilies"] = json!(["IPv4"]);
    spec["ipFamilyPolicy"] = json!("SingleStack");
    spec["sessionAffinity"] = json!("None");
    spec["type"] = json!("ClusterIP");
    object(desired, live, app, vec![])
}

fn autoscaler(app: usize, namespace: &str, name: &str) -> Object {
    let desired = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(namespace, name, &json!({"app": name})),
        "spec": {"minReplicas": 2, "maxReplicas": 20,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "metrics": [{"type": "Resource", "resource":
                {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]}});
    object(desired.clone(), desired, app, vec![])
}

fn virtual_service(app: usize, namespace: &str, name: &str) -> Object {
    let desired = json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": metadata(namespace, name, &json!({"app": name})),
        "spec": {"hosts": [name], "http": [{"name": "main", "timeout": "10s",
            "retries": {"attempts": 3, "perTryTimeout": "2s", "retryOn": "5xx"},
            "route": [{"destination": {"host": name, "port": {"number": 80}}, "weight": 100}]}]}});
    let mut live = desired.clone();
    if drifts(app) {
        live["spec"]["http"][0]["timeout"] = json!("60s");
    }
    object(desired, live, app, vec![])
}
