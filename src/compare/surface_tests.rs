use super::*;
use crate::{
    document::{Dialect, Format, parse},
    model::place::Place,
};

fn world(yaml: &str) -> DesiredWorld {
    let mut world = DesiredWorld::default();
    for document in parse(yaml.as_bytes(), Format::Yaml(Dialect::K8s)).documents {
        let root = document.tree.root();
        let api = root.text_at(&["apiVersion"]).expect("a version");
        let id = ObjectId::new(
            api.split_once('/').map_or("", |(group, _)| group),
            root.text_at(&["kind"]).expect("a kind"),
            Some("shop"),
            root.text_at(&["metadata", "name"]).expect("a name"),
        );
        let object = DesiredObject {
            id: id.clone(),
            api_version: api.into(),
            place: Place::exact("deploy/app.yaml".into(), Some(document.start)),
            tree: document.tree,
        };
        world.objects.insert(id, Arc::new(object));
    }
    world
}

fn lines(fields: &[SurfaceField]) -> Vec<String> {
    fields
        .iter()
        .map(|f| {
            let value = match &f.entry.value {
                Value::Plain(plain) => plain.text().to_string(),
                Value::Symbol(s) => format!("<{s}>"),
                _ => "?".into(),
            };
            let line = f
                .entry
                .origin()
                .and_then(|o| o.place.as_ref()?.span)
                .map_or(0, |s| s.line);
            format!("{} {}: {value} @{line}", f.holder, f.path)
        })
        .collect()
}

const API: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: api-eu, labels: { region: eu } }
spec:
  replicas: 15
  strategy: { type: Recreate }
  template:
    spec:
      terminationGracePeriodSeconds: 60
      containers:
        - name: api
          image: api:1
          env: [{ name: A, value: b }]
          resources:
            limits: { memory: 4Gi }
          readinessProbe:
            httpGet: { path: /ready, port: 80 }
";

#[test]
fn workloads_without_images_labels_and_variables() {
    assert_eq!(
        lines(&of_git(&world(API), &["eu"])),
        [
            "Deployment/api : present @1",
            "Deployment/api spec.replicas: 15 @5",
            "Deployment/api spec.strategy: {\"type\":\"Recreate\"} @6",
            "Deployment/api spec.template.spec.containers[api].readinessProbe: \
             {\"httpGet\":{\"path\":\"/ready\",\"port\":80}} @17",
            "Deployment/api spec.template.spec.containers[api].resources.limits: \
             {\"memory\":\"4Gi\"} @15",
            "Deployment/api spec.template.spec.terminationGracePeriodSeconds: 60 @9",
        ]
    );
}

#[test]
fn an_autoscaler_owns_the_replicas_and_is_compared_in_both_versions() {
    let hpa = |version: &str, rest: &str| {
        format!(
            "{API}---\napiVersion: autoscaling/{version}\nkind: HorizontalPodAutoscaler\n\
             metadata: {{ name: api-eu }}\nspec:\n  scaleTargetRef: {{ apiVersion: apps/v1, kind: Deployment, name: api-eu }}\n  \
             minReplicas: 3\n  maxReplicas: 9\n{rest}"
        )
    };
    let v1 = of_git(
        &world(&hpa("v1", "  targetCPUUtilizationPercentage: 70\n")),
        &["eu"],
    );
    let v2 = of_git(
        &world(&hpa(
            "v2",
            "  metrics:\n    - type: Resource\n      resource: { name: cpu, target: { type: Utilization, averageUtilization: 70 } }\n",
        )),
        &["eu"],
    );
    let plain = |fields: &[SurfaceField]| -> Vec<String> {
        lines(fields)
            .iter()
            .filter(|l| l.contains("Autoscaler") || l.contains("replicas"))
            .map(|l| l.split(" @").next().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(
        plain(&v1),
        [
            "Deployment/api spec.replicas: <set by HorizontalPodAutoscaler/api-eu>",
            "HorizontalPodAutoscaler/api : present",
            "HorizontalPodAutoscaler/api spec.maxReplicas: 9",
            "HorizontalPodAutoscaler/api spec.metrics[cpu].target.averageUtilization: 70",
            "HorizontalPodAutoscaler/api spec.minReplicas: 3",
        ]
    );
    assert_eq!(plain(&v1), plain(&v2));
}

#[test]
fn keda_and_disruption_budgets_and_cron_jobs() {
    let fields = of_git(
        &world(
            "apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: worker }
spec:
  scaleTargetRef: { name: worker }
  maxReplicaCount: 100
  triggers:
    - type: kafka
      metadata: { bootstrapServers: kafka.eu:9092, lagThreshold: \"50\" }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: api }
spec: { maxUnavailable: 1, selector: {} }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: eu }
spec: { schedule: \"0 1 * * *\", concurrencyPolicy: Allow, suspend: false }
",
        ),
        &["eu"],
    );
    assert_eq!(
        lines(&fields)
            .iter()
            .map(|l| l.split(" @").next().unwrap_or_default())
            .collect::<Vec<_>>(),
        [
            "CronJob/eu : present",
            "CronJob/eu spec.concurrencyPolicy: Allow",
            "CronJob/eu spec.schedule: 0 1 * * *",
            "CronJob/eu spec.suspend: false",
            "PodDisruptionBudget/api : present",
            "PodDisruptionBudget/api spec.maxUnavailable: 1",
            "ScaledObject/worker : present",
            "ScaledObject/worker spec.maxReplicaCount: 100",
            "ScaledObject/worker spec.triggers[kafka].lagThreshold: 50",
            "ScaledObject/worker spec.triggers[kafka].type: kafka",
        ]
    );
    let defaults: Vec<String> = fields
        .iter()
        .filter(|f| f.is_default)
        .map(|f| f.path.to_string())
        .collect();
    assert_eq!(
        defaults,
        [
            "spec.concurrencyPolicy",
            "spec.suspend",
            "spec.maxReplicaCount"
        ]
    );
}

#[test]
fn two_objects_of_one_name_keep_their_own() {
    let text = format!("{API}---\n{}", API.replace("api-eu", "api"));
    let holders: BTreeSet<Arc<str>> = of_git(&world(&text), &["eu"])
        .into_iter()
        .map(|f| f.holder)
        .collect();
    assert_eq!(
        holders.iter().map(|h| &**h).collect::<Vec<_>>(),
        ["Deployment/api", "Deployment/api-eu"]
    );
}
