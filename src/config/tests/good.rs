//! What files load to.

use super::{DESIGN, GOOD, POLICY, Repository, SAMPLE, load_alone};
use crate::model::{
    finding::Severity,
    policy::Pattern,
    report::{FailOn, Occasion},
    target::{
        DeployedSpec, DesiredSpec, FileFormat, Layer, LiveSpec, Project, SecretsMode, Target, Tier,
    },
    value::ValueType,
};
use std::fmt::Write;

fn target<'p>(project: &'p Project, service: &str, environment: &str) -> &'p Target {
    let is = |t: &&Target| &*t.id.service == service && &*t.id.environment == environment;
    project.targets.iter().find(is).expect("the target")
}

fn ids(project: &Project) -> Vec<String> {
    project.targets.iter().map(|t| t.id.to_string()).collect()
}

fn context(layer: &Layer) -> Option<&str> {
    let Some(LiveSpec::Kubernetes(live)) = &layer.live else {
        return None;
    };
    live.context.as_deref()
}

#[test]
fn good_files_load() {
    for (about, yaml) in GOOD {
        if let Err(shown) = load_alone(yaml) {
            panic!("{about}:\n{shown}");
        }
    }
}

#[test]
fn the_sample_is_three_targets() {
    let loaded = load_alone(SAMPLE).expect("it loads");
    let project = &loaded.project;
    assert_eq!(
        ids(project),
        [
            "api in production-eu",
            "api in production-us",
            "api in staging"
        ]
    );
    let eu = target(project, "api", "production-eu");
    let layer = &eu.layers[0];
    assert_eq!(
        layer.desired,
        Some(DesiredSpec::Kustomize {
            folder: "deploy/overlays/production-eu".into()
        })
    );
    assert_eq!(context(layer), Some("prod-eu"));
    assert_eq!(layer.workloads[1].name.as_ref(), "api-worker");
    assert!(layer.closed);
    assert_eq!(eu.environment.tier, Tier::Production);
    assert_eq!(eu.environment.deploys_within, Some(86_400));
    assert_eq!(eu.environment.settle, 600);
    assert_eq!(eu.environment.variables["region"].as_ref(), "eu-west-1");
    assert_eq!(project.gate.snapshot_max_age, 86_400);
    let place = &loaded.places.layers[&("api".into(), "workload".into())];
    assert_eq!(place.to_string(), "driftgate.yaml:7:15");
    let place = &loaded.places.environments["staging"];
    assert_eq!(place.to_string(), "driftgate.yaml:13:3");
}

#[test]
fn every_field_arrives() {
    let loaded = load_alone(GOOD[3].1).expect("it loads");
    let project = &loaded.project;
    let target = target(project, "api", "production");
    let [workload, rest] = target.layers.as_slice() else {
        panic!("two layers");
    };
    let Some(DesiredSpec::Helm(helm)) = &workload.desired else {
        panic!("a chart");
    };
    assert_eq!(helm.release.as_ref(), "api-3");
    assert_eq!(helm.values[0].file.as_ref(), "services/api/values.yaml");
    let select = helm.values[1].select.as_ref().expect("a select");
    assert_eq!(select.to_string(), "apps[api].values");
    assert!(helm.values[1].if_absent_skip);
    let set: Vec<String> = helm.set.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(set, ["debug=false", "name=api", "none=", "replicas=2"]);
    let Some(LiveSpec::Kubernetes(live)) = &workload.live else {
        panic!("a cluster");
    };
    assert_eq!(live.secrets, SecretsMode::Digest);
    assert_eq!(live.timeout, Some(90));
    assert_eq!(workload.workloads[0].name.as_ref(), "api");
    assert_eq!(workload.workloads[1].kind.as_ref(), "statefulset");
    assert!(!workload.closed);
    assert_eq!(workload.types["MEMORY"], ValueType::Quantity);
    assert!(rest.closed);
    let environment = &target.environment;
    assert_eq!(environment.tier, Tier::Staging);
    assert_eq!(environment.names[0].as_ref(), "prod");
    assert_eq!(environment.tracks.as_deref(), Some("env/production"));
    assert!(environment.deploys_later);
    assert_eq!(environment.settle, 5400);
    assert_eq!(project.gate.fail_on, FailOn::Never);
    assert!(project.render.allow_remote);
    assert_eq!(project.render.timeout, Some(120));
    assert_eq!(project.deployers, ["my-bot".into()]);
}

fn layer<'p>(project: &'p Project, name: &str) -> &'p Layer {
    let mut layers = project.targets.iter().flat_map(|t| &t.layers);
    layers.find(|l| &*l.name == name).expect("the layer")
}

#[test]
fn files_of_settings_arrive() {
    let loaded = load_alone(GOOD[5].1).expect("it loads");
    let file = |name| match &layer(&loaded.project, name).desired {
        Some(DesiredSpec::File(spec)) => spec,
        other => panic!("{other:?}"),
    };
    let defaults = file("defaults");
    assert_eq!(&*defaults.parts[0].file, "services/api/default.yml");
    assert!(!defaults.nulls_delete);
    assert!(layer(&loaded.project, "defaults").closed);
    let part = file("part");
    let select = part.parts[0].select.as_ref().map(ToString::to_string);
    assert_eq!(select.as_deref(), Some("apps[api].config"));
    assert_eq!(part.parts[0].format, Some(FileFormat::HelmValues));
    assert!(part.parts[0].if_absent_skip && part.nulls_delete);
    assert!(!layer(&loaded.project, "part").closed, "a selected part");
    let files = file("files");
    assert!(files.nulls_delete);
    assert!(layer(&loaded.project, "files").closed, "as written");
    assert_eq!(
        layer(&loaded.project, "files").prefix.as_deref(),
        Some("api_")
    );
    let shown: Vec<&str> = files.parts.iter().map(|p| &*p.file).collect();
    assert_eq!(shown, ["a.yml", "production.env", "stack.yml"]);
    let parameters: Vec<String> = files.parts[2]
        .parameters
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    assert_eq!(parameters, ["None=", "Size=3", "Stage=production"]);
}

#[test]
fn spring_compose_and_config_maps_arrive() {
    let loaded = load_alone(GOOD[5].1).expect("it loads");
    let of = |name| layer(&loaded.project, name);
    let desired = |name| format!("{:?}", of(name).desired.as_ref().expect("a desired side"));
    assert_eq!(
        desired("spring"),
        "Spring(SpringSpec { folder: \"services/api/src/main/resources\", name: \"api\", profiles: [\"prod\", \"eu\"] })"
    );
    assert_eq!(
        desired("spring defaults"),
        "Spring(SpringSpec { folder: \".\", name: \"application\", profiles: [\"prod\"] })"
    );
    assert_eq!(
        desired("compose"),
        "Compose(ComposeSpec { files: [\"compose.yaml\"], env_files: [], service: \"api\" })"
    );
    assert_eq!(
        desired("other compose"),
        "Compose(ComposeSpec { files: [\"compose.yaml\", \"compose.production.yaml\"], env_files: [\"production.env\"], service: \"web\" })"
    );
    let file = of("file");
    assert_eq!(
        format!("{:?}", file.config_map.as_ref().expect("a config map")),
        "ConfigMapKey { layer: \"workload\", name: \"api-config\", key: \"application.yml\" }"
    );
    assert!(!file.closed && file.desired.is_none() && file.live.is_none());
    let console = of("console");
    assert_eq!(
        console.outside.as_deref(),
        Some("set by the platform team in the console")
    );
    assert!(!console.closed);
}

#[test]
fn what_is_live_elsewhere_arrives() {
    let loaded = load_alone(GOOD[5].1).expect("it loads");
    let project = &loaded.project;
    let live = |name| format!("{:?}", layer(project, name).live.as_ref().expect("live"));
    assert_eq!(
        live("other compose"),
        "Env(EnvSpec { names: [\"LOG_LEVEL\", \"api.timeout\"] })"
    );
    assert!(live("elsewhere").starts_with(
        "File(LiveFileSpec { path: \"/etc/api.conf\", format: Some(Properties), select: Some(KeyPath("
    ));
    assert!(
        live("disk").starts_with("File(LiveFileSpec { path: \"../run/api.toml\", format: None")
    );
    let elsewhere = layer(project, "elsewhere");
    assert_eq!(elsewhere.repository.as_deref(), Some("config"));
    assert_eq!(&*project.repositories["config"], "../config");
    let types: Vec<ValueType> = layer(project, "disk").types.values().copied().collect();
    use ValueType::{Boolean, Bytes, Json, List, Number, Set};
    assert_eq!(types, [Bytes, Boolean, Number, Json, List, Set]);
    assert!(
        !target(project, "api", "production").exact_keys,
        "nearest wins"
    );
    assert!(target(project, "web", "production").exact_keys);
}

#[test]
fn parity_arrives_with_the_values_of_each_target() {
    let project = load_alone(POLICY).expect("it loads").project;
    let [group, tier] = project.parity.as_slice() else {
        panic!("two groups");
    };
    let names: Vec<&str> = group.environments.iter().map(|e| &**e).collect();
    assert_eq!(names, ["staging", "production-eu", "production-us"]);
    assert!(group.strict && !tier.strict);
    assert_eq!(tier.environments.len(), 2);
    let services: Vec<&str> = group.services.iter().map(|p| p.as_str()).collect();
    assert_eq!(services, ["api", "w*"]);
    let expected = |at: usize| -> Vec<String> {
        let values = group.differences[at].expected.as_ref().expect("values");
        values.iter().map(|(id, v)| format!("{id}: {v}")).collect()
    };
    assert_eq!(
        expected(0),
        [
            "api in production-eu: db-eu-west-1.example.com",
            "api in production-us: db-us-east-1.example.com",
            "api in staging: db-us-east-1.example.com",
            "web in production-eu: db-eu-west-1.example.com",
            "web in production-us: db-us-east-1.example.com",
            "web in staging: db-us-east-1.example.com",
        ]
    );
    assert_eq!(
        expected(1),
        [
            "api in production-eu: production-eu-7",
            "api in production-us: production-us-7",
            "api in staging: staging-7",
        ],
        "only the service that has the variable"
    );
    assert_eq!(expected(2)[0], "api in production-eu: 20");
    assert_eq!(expected(3)[0], "api in production-eu: ");
    let replicas = &group.differences[4];
    assert_eq!(&*replicas.reason, "less load in staging");
    assert_eq!(replicas.expected, None);
    let place = replicas.place.as_ref().map(ToString::to_string);
    assert_eq!(place.as_deref(), Some("driftgate.yaml:21:9"));
    assert_eq!(group.differences.len(), 7, "a rule looks at doubles");
    let place = tier.place.as_ref().map(ToString::to_string);
    assert_eq!(place.as_deref(), Some("driftgate.yaml:24:5"));
}

#[test]
fn severities_ignores_and_waivers_arrive() {
    let project = load_alone(POLICY).expect("it loads").project;
    let stages: Vec<Vec<&str>> = project
        .promotion
        .iter()
        .map(|s| s.iter().map(|e| &**e).collect())
        .collect();
    assert_eq!(
        stages,
        [vec!["staging"], vec!["production-us", "production-eu"]]
    );
    let [audit, unused, precise, unread] = project.severities.as_slice() else {
        panic!("four entries");
    };
    assert_eq!(audit.occasion, Some(Occasion::Audit));
    assert_eq!(audit.severity, Severity::Info);
    assert_eq!(unused.occasion, None);
    assert!(
        unused
            .selector
            .rule
            .as_ref()
            .expect("a rule")
            .matches("waiver-unused")
    );
    assert_eq!(precise.selector.tier, Some(Tier::Production));
    assert_eq!(precise.selector.key, Some(Pattern::new("DB_*")));
    assert_eq!(unread.severity, Severity::Error);
    let [keda, shards] = project.ignore.as_slice() else {
        panic!("two entries");
    };
    assert_eq!(keda.selector.writer, Some(Pattern::new("keda-operator")));
    assert_eq!(&*keda.reason, "KEDA owns it");
    assert_eq!(shards.selector.key, Some(Pattern::new("SHARD_7")));
    assert_eq!(shards.selector.layer, Some(Pattern::new("workload")));
    assert_eq!(&*shards.reason, "shards move");
    let values: Vec<Option<&str>> = project.waivers.iter().map(|w| w.value.as_deref()).collect();
    assert_eq!(
        values,
        [
            Some("DEBUG"),
            Some("60s"),
            None,
            Some("20"),
            Some("true"),
            Some("${x}")
        ]
    );
    let ends: Vec<String> = project
        .waivers
        .iter()
        .map(|w| w.expires.to_string())
        .collect();
    assert_eq!(
        ends[..3],
        [
            "2026-12-01T23:59:59Z",
            "2026-12-01T10:00:00Z",
            "2028-02-29T23:59:59Z"
        ]
    );
    assert_eq!(&*project.waivers[1].owner, "api");
    let place = project.waivers[0].place.as_ref().map(ToString::to_string);
    assert_eq!(place.as_deref(), Some("driftgate.yaml:43:5"));
    assert_eq!(
        project.baseline.as_deref(),
        Some(".driftgate/baseline.json")
    );
}

#[test]
fn the_design_loads() {
    let loaded = load_alone(DESIGN).expect("it loads");
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let target = target(&loaded.project, "api", "staging");
    let closed: Vec<bool> = target.layers.iter().map(|l| l.closed).collect();
    assert_eq!(closed, [true; 4]);
}

#[test]
fn rule_ids_are_sorted_and_hold_those_that_exist() {
    let ids = crate::config::RULE_IDS;
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn paths_of_another_repository_start_there() {
    let yaml = "\
version: 1
repositories: { config: ../config, above: ../../above }
services:
  api:
    layers:
      - { name: here, desired: { file: a.yml } }
      - { name: there, desired: { file: a.yml, repository: config } }
environments: { production: }
";
    let folder = tempfile::tempdir().expect("a folder");
    let files = crate::git::Files::folder(folder.path());
    let loaded = crate::config::load(yaml.as_bytes(), "team/driftgate.yaml", &files);
    let project = loaded.expect("it loads").project;
    let shown = |name| {
        layer(&project, name)
            .desired
            .as_ref()
            .map(DesiredSpec::shown)
    };
    assert_eq!(shown("here").as_deref(), Some("team/a.yml"));
    assert_eq!(shown("there").as_deref(), Some("a.yml"));
    assert_eq!(&*project.repositories["config"], "config");
    assert_eq!(&*project.repositories["above"], "../above");
}

#[test]
fn what_is_deployed_may_differ_by_service() {
    let loaded = load_alone(GOOD[4].1).expect("it loads");
    let project = &loaded.project;
    let deployed = |e: &str| target(project, "api", e).environment.deployed.clone();
    assert_eq!(
        deployed("a"),
        Some(DeployedSpec::Flux {
            kind: "Kustomization".into(),
            name: "api".into(),
            namespace: None
        })
    );
    assert_eq!(
        deployed("b"),
        Some(DeployedSpec::ArgoCd {
            application: "api-b".into(),
            namespace: Some("gitops".into())
        })
    );
    assert_eq!(deployed("c"), Some(DeployedSpec::Ref("deployed/c".into())));
    assert_eq!(
        deployed("d"),
        Some(DeployedSpec::Annotation("example.com/revision".into()))
    );
    assert_eq!(
        project.environments["b"].deployed, None,
        "it has no one service"
    );
}

#[test]
fn merges_and_aliases_arrive() {
    let loaded = load_alone(GOOD[2].1).expect("it loads");
    let project = &loaded.project;
    let web = &target(project, "web", "us").layers[0];
    assert_eq!(context(web), Some("us"));
    let Some(LiveSpec::Kubernetes(live)) = &web.live else {
        panic!("a cluster");
    };
    assert_eq!(live.namespace.as_deref(), Some("web"));
    assert_eq!(project.environments["eu"].settle, 600);
    assert_eq!(project.environments["us"].settle, 300);
}

#[test]
fn a_release_goes_where_the_cluster_is_read() {
    let yaml = "\
version: 1
services:
  api:
    layers:
      - name: workload
        desired: { helm: { chart: charts/api, release: api } }
        live: { kubernetes: { namespace: shop } }
environments: { production: }
";
    let loaded = load_alone(yaml).expect("it loads");
    let Some(DesiredSpec::Helm(helm)) = &loaded.project.targets[0].layers[0].desired else {
        panic!("a chart");
    };
    assert_eq!(helm.namespace.as_deref(), Some("shop"));
}

#[test]
fn a_service_variable_hides_that_of_the_environment() {
    let yaml = "\
version: 1
services:
  api:
    variables: { context: special }
    layers: [ { name: w, live: { kubernetes: { context: \"${context}\" } } } ]
  web:
    layers: [ { name: w, live: { kubernetes: { context: \"${context}\" } } } ]
environments: { production: { variables: { context: prod } } }
";
    let loaded = load_alone(yaml).expect("it loads");
    let of = |service| {
        context(&target(&loaded.project, service, "production").layers[0]).map(str::to_owned)
    };
    assert_eq!(of("api").as_deref(), Some("special"));
    assert_eq!(of("web").as_deref(), Some("prod"));
}

const FOLDERS: &str = "\
version: 1
services:
  \"*\":
    each: { folders: services/* }
    variables: { namespace: shop }
    layers:
      - name: defaults
        desired: { manifests: \"${path}/base\" }
      - name: workload
        desired: { kustomize: \"${path}/${environment}\" }
        live: { kubernetes: { context: \"${environment}\", namespace: \"${namespace}\" } }
  payments:
    variables: { namespace: money }
    environments: [production]
    layers:
      - name: workload
        desired: { rendered: \"${each}\" }
      - name: extra
        desired: { manifests: \"${path}/extra\" }
  cron:
    layers: [ { name: only, desired: { manifests: cron } } ]
environments: { production: , staging: }
";

#[test]
fn one_service_per_folder_and_named_entries_refine() {
    let repository = Repository::of(&[
        ("services/api/base/a.yaml", ""),
        ("services/payments/base/a.yaml", ""),
        ("services/.hidden/a.yaml", ""),
        ("services/README.md", ""),
        ("other/x/a.yaml", ""),
    ]);
    let loaded = repository.load(FOLDERS).expect("it loads");
    let project = &loaded.project;
    assert_eq!(
        ids(project),
        [
            "api in production",
            "api in staging",
            "cron in production",
            "cron in staging",
            "payments in production"
        ]
    );
    let api = target(project, "api", "staging");
    assert_eq!(
        api.layers[1].desired,
        Some(DesiredSpec::Kustomize {
            folder: "services/api/staging".into()
        })
    );
    let payments = target(project, "payments", "production");
    let names: Vec<&str> = payments.layers.iter().map(|l| &*l.name).collect();
    assert_eq!(names, ["defaults", "workload", "extra"]);
    assert_eq!(
        payments.layers[1].desired,
        Some(DesiredSpec::Rendered {
            path: "payments".into()
        })
    );
    assert_eq!(payments.layers[1].live, None, "replaced as a whole");
    assert_eq!(
        payments.layers[2].desired,
        Some(DesiredSpec::Manifests {
            paths: vec!["services/payments/extra".into()]
        })
    );
}

#[test]
fn sixty_services_in_three_environments() {
    let mut files = Vec::new();
    for environment in ["staging", "production-us", "production-eu"] {
        let mut yaml = String::from("apps:\n");
        for n in 0..60 {
            // One runs in two environments only.
            if n == 59 && environment == "staging" {
                continue;
            }
            writeln!(
                yaml,
                "  - name: service-{n:02}\n    helm: {{ values: {{ replicas: {n} }} }}"
            )
            .expect("a String");
        }
        files.push((format!("values-{environment}.yaml"), yaml));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let yaml = "\
version: 1
services:
  \"*\":
    each: { file: \"values-${environment}.yaml\", select: \"apps[*].name\" }
    layers:
      - name: workload
        desired:
          helm:
            chart: charts/app
            release: \"${each}\"
            values: [ { file: \"values-${environment}.yaml\", select: \"apps[${service}].helm.values\" } ]
        live: { kubernetes: { context: \"${environment}\", namespace: \"${service}\" } }
environments: { staging: { tier: staging }, production-us: , production-eu: }
";
    let loaded = Repository::of(&files).load(yaml).expect("it loads");
    assert_eq!(loaded.project.targets.len(), 179);
    let inputs: Vec<&str> = loaded.inputs.iter().map(|i| &**i).collect();
    assert_eq!(
        inputs,
        [
            "values-production-eu.yaml",
            "values-production-us.yaml",
            "values-staging.yaml"
        ]
    );
    let last = target(&loaded.project, "service-59", "production-eu");
    let Some(DesiredSpec::Helm(helm)) = &last.layers[0].desired else {
        panic!("a chart");
    };
    assert_eq!(helm.release.as_ref(), "service-59");
    let select = helm.values[0].select.as_ref().expect("a select");
    assert_eq!(select.to_string(), "apps[service-59].helm.values");
}

#[test]
fn names_stand_in_lists_maps_and_texts() {
    for (content, select) in [
        ("apps: { api: {}, web: {} }", "apps"),
        ("apps: [ api, web ]", "apps"),
        ("apps: [ { name: api }, { name: web } ]", "apps[*].name"),
        (
            "groups: [ { apps: [ api ] }, { apps: [ web ] } ]",
            "groups[*].apps",
        ),
        ("groups: { a: { x: api }, b: { x: web } }", "groups[*].x"),
        (
            "groups: [ { name: a, apps: [ api, web ] }, { name: b, apps: [ no ] } ]",
            "groups[a].apps",
        ),
        ("groups: [ [ no ], [ api, web ] ]", "groups[#1]"),
    ] {
        let yaml = format!(
            "version: 1\nservices: {{ \"*\": {{ each: {{ file: list.yaml, select: \"{select}\" }}, \
             layers: [ {{ name: w, desired: {{ manifests: \"${{each}}\" }} }} ] }} }}\nenvironments: {{ p: }}\n"
        );
        let loaded = Repository::of(&[("list.yaml", content)]).load(&yaml);
        let loaded = loaded.unwrap_or_else(|shown| panic!("{content}: {shown}"));
        assert_eq!(ids(&loaded.project), ["api in p", "web in p"], "{content}");
    }
}

#[test]
fn what_nothing_runs_in_is_said() {
    let yaml = "\
version: 1
services:
  api: { environments: [production, production], layers: [ { name: w, desired: { manifests: d } } ] }
environments: { production: , staging: }
";
    let loaded = load_alone(yaml).expect("it loads");
    let said: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "driftgate.yaml:3:37: environment `production` is listed twice",
            "driftgate.yaml:4:31: no service runs in `staging`"
        ]
    );
}
