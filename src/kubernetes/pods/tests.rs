//! Pods, ReplicaSets and a ConfigMap as recorded, and the cases around them.

use super::*;
use crate::model::{
    observation::{
        Classifier, ItemId, ObservationBuilder, Outcome, Read, Scope, WriteRecord, WriterKind,
    },
    secret::DigestKey,
    tree::{Prune, Sealing, Step, Tree},
    value::Shown,
};
use serde_json::{Value as Json, json};

struct NoSecrets;
impl Classifier for NoSecrets {
    fn sealing(&self, _: &ItemId, _: &[Step<'_>], _: NodeRef<'_>) -> Sealing {
        Sealing::Keep
    }
}

fn observed(objects: &[Json]) -> Observation {
    let key = DigestKey::for_this_run(&[0; 32]);
    let mut builder = ObservationBuilder::new(&key, &NoSecrets);
    builder.read(Read {
        scope: Scope::kind("", "ConfigMap", Some("shop")),
        outcome: Outcome::Complete,
        revision: None,
    });
    for o in objects {
        let text = |v: &Json| v.as_str().map(ToOwned::to_owned);
        let api_version = text(&o["apiVersion"]).expect("apiVersion");
        let group = api_version.split_once('/').map_or("", |(g, _)| g);
        let m = &o["metadata"];
        let id = ObjectId::new(
            group,
            &text(&o["kind"]).expect("kind"),
            Some("shop"),
            &text(&m["name"]).expect("name"),
        );
        let fields = m["managedFields"].as_array();
        let writes = fields.into_iter().flatten().map(|f| WriteRecord {
            writer: f["manager"].as_str().expect("manager").into(),
            kind: if f["operation"] == "Apply" {
                WriterKind::ApplyManager
            } else {
                WriterKind::UpdateManager
            },
            subresource: None,
            api_version: None,
            time: f["time"].as_str().map(|t| t.parse().expect("a time")),
            fields: Some(f["fieldsV1"].to_string().into()),
        });
        let tree = Tree::from_json(o.to_string().as_bytes(), Prune::LIVE_WITH_STATUS);
        builder.item(ItemId::Object(id), tree.expect("JSON"), writes.collect());
    }
    builder.finish()
}

fn recorded() -> Vec<Json> {
    let text =
        include_str!("../../../tests/data/kubernetes/recorded/54-pods-rs-cm-stale.list.json");
    let list: Json = serde_json::from_str(text).expect("JSON");
    list["items"].as_array().expect("a list").clone()
}

fn deployment() -> ObjectId {
    ObjectId::new("apps", "Deployment", Some("shop"), "api-server")
}

fn config(key: Option<&str>) -> (ObjectId, Option<Box<str>>) {
    let id = ObjectId::new("", "ConfigMap", Some("shop"), "api-config");
    (id, key.map(Into::into))
}

fn stale(objects: &[Json], sources: &[(ObjectId, Option<Box<str>>)]) -> Vec<String> {
    let o = observed(objects);
    let found = Pods::of(&o).stale_containers(&deployment(), "api", sources);
    let lines = found.iter().map(|s| {
        let pod = s.pod.name.rsplit('-').next().expect("a name");
        let changed = s.changed.map(|t| t.to_string()).unwrap_or_default();
        format!("{pod} {:?} {changed}", s.certainty)
    });
    lines.collect()
}

#[test]
fn one_pod_was_started_before_the_change_and_one_after() {
    let objects = recorded();
    assert_eq!(
        stale(&objects, &[config(Some("LOG_LEVEL"))]),
        ["aaaaa Certain 2026-11-21T07:06:32Z"]
    );
    assert_eq!(
        stale(&objects, &[config(Some("CACHE_TTL"))]),
        ["aaaaa Possible 2026-11-21T06:59:58Z"]
    );
    assert_eq!(
        stale(&objects, &[config(None)]),
        ["aaaaa Certain 2026-11-21T07:06:32Z"]
    );
    assert!(stale(&objects, &[]).is_empty());
    let o = observed(&objects);
    let pods = Pods::of(&o);
    assert!(
        pods.stale_containers(&deployment(), "other", &[config(None)])
            .is_empty()
    );
    let other = ObjectId::new("apps", "Deployment", Some("shop"), "api");
    assert!(
        pods.stale_containers(&other, "api", &[config(None)])
            .is_empty()
    );
}

/// The recorded objects, their first pod's container started so many seconds after the change.
fn started_after(seconds: i64) -> Vec<Json> {
    let mut objects = recorded();
    let change: Timestamp = "2026-11-21T07:06:32Z".parse().expect("a time");
    let at = Timestamp(change.0 + seconds).to_string();
    objects[1]["status"]["containerStatuses"][0]["state"]["running"]["startedAt"] = json!(at);
    objects
}

#[test]
fn too_close_to_tell() {
    let source = [config(Some("LOG_LEVEL"))];
    for (seconds, wanted) in [
        (-6, Some("Certain")),
        (-5, Some("Unknown")),
        (0, Some("Unknown")),
        (5, Some("Unknown")),
        (6, None),
    ] {
        let got = stale(&started_after(seconds), &source);
        let wanted: Vec<_> = wanted
            .map(|w| format!("aaaaa {w} 2026-11-21T07:06:32Z"))
            .into_iter()
            .collect();
        assert_eq!(got, wanted, "{seconds}");
    }
}

fn config_map(objects: &mut [Json]) -> &mut Json {
    let found = objects
        .iter_mut()
        .find(|o| o["metadata"]["name"] == "api-config");
    found.expect("recorded")
}

#[test]
fn what_the_server_does_not_know() {
    let mut objects = recorded();
    config_map(&mut objects)["metadata"]["managedFields"] = json!([]);
    config_map(&mut objects)["metadata"]["creationTimestamp"] = json!("2026-11-20T00:00:00Z");
    assert_eq!(
        stale(&objects, &[config(Some("LOG_LEVEL"))]),
        ["aaaaa Unknown ", "bbbbb Unknown "]
    );
    // Made again after the start: something may have changed.
    config_map(&mut objects)["metadata"]["creationTimestamp"] = json!("2026-11-21T07:00:00Z");
    assert_eq!(
        stale(&objects, &[config(Some("LOG_LEVEL"))]),
        ["aaaaa Possible 2026-11-21T07:00:00Z", "bbbbb Unknown "]
    );
    // Booked at the first apply: not later than that, and nothing more.
    let booked = json!([{"manager": "before-first-apply", "operation": "Update", "time": "2026-11-21T07:07:00Z",
                         "fieldsV1": {"f:data": {"f:LOG_LEVEL": {}}}}]);
    config_map(&mut objects)["metadata"]["managedFields"] = booked;
    config_map(&mut objects)["metadata"]["creationTimestamp"] = json!("2026-11-20T00:00:00Z");
    assert_eq!(
        stale(&objects, &[config(Some("LOG_LEVEL"))]),
        ["aaaaa Unknown "]
    );
}

#[test]
fn a_later_apply_of_the_same_value_is_no_change() {
    let mut objects = started_after(60);
    let fields = &mut config_map(&mut objects)["metadata"]["managedFields"];
    fields[0]["time"] = json!("2026-11-21T09:00:00Z");
    fields[0]["fieldsV1"]["f:data"]["f:LOG_LEVEL"] = json!({});
    assert!(stale(&objects, &[config(Some("LOG_LEVEL"))]).is_empty());
}

#[test]
fn containers_that_do_not_run_and_pods_that_go() {
    let mut objects = recorded();
    objects[1]["status"]["containerStatuses"][0]["state"] =
        json!({"waiting": {"reason": "CrashLoopBackOff"}});
    assert!(stale(&objects, &[config(None)]).is_empty());
    let mut objects = recorded();
    objects[1]["metadata"]["deletionTimestamp"] = json!("2026-11-21T07:10:00Z");
    assert!(stale(&objects, &[config(None)]).is_empty());
    let mut objects = recorded();
    objects.retain(|o| o["metadata"]["name"] != "api-config");
    assert!(stale(&objects, &[config(None)]).is_empty());
}

#[test]
fn without_its_replica_set_a_pod_is_known_by_its_label() {
    let mut objects = recorded();
    objects.retain(|o| o["kind"] != "ReplicaSet");
    assert_eq!(stale(&objects, &[config(Some("LOG_LEVEL"))]).len(), 1);
    objects[0]["metadata"]["labels"]["pod-template-hash"] = json!("other");
    assert!(stale(&objects, &[config(Some("LOG_LEVEL"))]).is_empty());
}

#[test]
fn pods_of_cron_jobs_and_owners_in_a_circle() {
    let owned = |kind: &str, api: &str, name: &str, by: (&str, &str, &str)| {
        json!({"kind": kind, "apiVersion": api, "metadata": {"name": name,
            "ownerReferences": [{"controller": true, "apiVersion": by.0, "kind": by.1, "name": by.2}]},
            "status": {"containerStatuses": [{"name": "c", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]}})
    };
    let mut objects = vec![
        owned("Pod", "v1", "p", ("batch/v1", "Job", "j")),
        owned("Job", "batch/v1", "j", ("batch/v1", "CronJob", "c")),
        owned("CronJob", "batch/v1", "c", ("v1", "Pod", "p")),
    ];
    objects.extend(recorded());
    let o = observed(&objects);
    let pods = Pods::of(&o);
    for (kind, name) in [("Job", "j"), ("CronJob", "c")] {
        let id = ObjectId::new("batch", kind, Some("shop"), name);
        assert_eq!(pods.stale_containers(&id, "c", &[config(None)]).len(), 1);
    }
}

fn replica_set(number: u32, created: &str, env: &Json, cause: Option<&str>) -> Json {
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {
        "name": format!("api-server-{number}"), "creationTimestamp": created,
        "annotations": {"deployment.kubernetes.io/revision": number.to_string(), "kubernetes.io/change-cause": cause},
        "ownerReferences": [{"controller": true, "apiVersion": "apps/v1", "kind": "Deployment", "name": "api-server"}]},
        "spec": {"template": {"spec": {"containers": [{"name": "api", "env": env}]}}}})
}

fn changed(objects: &[Json], variable: &str) -> Option<String> {
    let o = observed(objects);
    let history = Pods::of(&o).template_history(&deployment());
    let c = when_changed(&history, "api", variable)?;
    let time = |t: Option<Timestamp>| t.map_or("?".into(), |t| t.to_string());
    Some(format!(
        "{} .. {} was {:?} {:?}",
        time(c.not_earlier_than),
        time(c.not_later_than),
        c.old.as_ref().map(Shown::from),
        c.change_cause
    ))
}

const T1: &str = "2026-11-01T00:00:00Z";
const T2: &str = "2026-11-02T00:00:00Z";
const T3: &str = "2026-11-03T00:00:00Z";

#[test]
fn removals_and_changes_of_templates() {
    let a = |v: &str| json!([{"name": "A", "value": v}, {"name": "B", "value": "b"}]);
    let objects = [
        replica_set(1, T1, &a("1"), None),
        replica_set(3, T3, &json!([{"name": "A", "value": "2"}]), Some("hotfix")),
        replica_set(2, T2, &a("2"), None),
    ];
    assert_eq!(
        changed(&objects, "B").as_deref(),
        Some(r#"2026-11-02T00:00:00Z .. 2026-11-03T00:00:00Z was Some(Value("b")) Some("hotfix")"#)
    );
    assert_eq!(
        changed(&objects, "A").as_deref(),
        Some(r#"2026-11-01T00:00:00Z .. 2026-11-02T00:00:00Z was Some(Value("1")) None"#)
    );
    assert_eq!(changed(&objects, "NONE"), None);
    assert_eq!(changed(&[], "A"), None);
}

#[test]
fn a_variable_that_was_added_or_became_a_reference() {
    let from = json!([{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}, {"name": "N", "value": "x"}]);
    let objects = [
        replica_set(1, T1, &from, None),
        replica_set(
            2,
            T2,
            &json!([{"name": "A", "value": "x"}, {"name": "N", "value": "x"}, {"name": "M"}]),
            None,
        ),
    ];
    let was = |v: &str| changed(&objects, v).expect("changed");
    assert!(was("A").contains(r#"Some(Opaque("secret s, key k"))"#));
    assert!(was("M").contains("was None"));
    assert_eq!(changed(&objects, "N"), None);
}

#[test]
fn a_rollback_has_no_time_of_its_own() {
    let (one, two) = (
        json!([{"name": "A", "value": "1"}]),
        json!([{"name": "A", "value": "2"}]),
    );
    let objects = [
        replica_set(3, T1, &one, None),
        replica_set(2, T2, &two, None),
    ];
    assert_eq!(
        changed(&objects, "A").as_deref(),
        Some(r#"2026-11-02T00:00:00Z .. ? was Some(Value("2")) None"#)
    );
}

#[test]
fn a_template_that_no_controller_acted_on_yet() {
    let env = json!([{"name": "A", "value": "1"}]);
    let live = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api-server"},
        "spec": {"template": {"spec": {"containers": [{"name": "api", "env": []}]}}}});
    let mut objects = vec![replica_set(1, T1, &env, None), live];
    assert_eq!(
        changed(&objects, "A").as_deref(),
        Some(r#"2026-11-01T00:00:00Z .. ? was Some(Value("1")) None"#)
    );
    objects[1]["spec"]["template"]["spec"]["containers"][0]["env"] = env;
    assert_eq!(changed(&objects, "A"), None);
}

#[test]
fn stateful_sets_keep_controller_revisions() {
    let revision = |n: u32, created: &str, value: &str| {
        json!({"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": n,
            "metadata": {"name": format!("db-{n}"), "creationTimestamp": created,
              "ownerReferences": [{"controller": true, "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"}]},
            "data": {"spec": {"template": {"spec": {"containers": [{"name": "db", "env": [{"name": "A", "value": value}]}]}}}}})
    };
    let o = observed(&[revision(10, T2, "new"), revision(9, T1, "old")]);
    let id = ObjectId::new("apps", "StatefulSet", Some("shop"), "db");
    let history = Pods::of(&o).template_history(&id);
    let c = when_changed(&history, "db", "A").expect("changed");
    assert_eq!(c.not_later_than, T2.parse().ok());
    assert_eq!(
        c.old.as_ref().map(Shown::from),
        Some(Shown::Value("old".into()))
    );
}

#[test]
fn what_restarts_pods() {
    let by = |on_workload: Json, on_template: Json| {
        let json = json!({"kind": "Deployment", "metadata": {"annotations": on_workload},
            "spec": {"template": {"metadata": {"annotations": on_template}, "spec": {"containers": []}}}});
        let tree = Tree::from_json(json.to_string().as_bytes(), Prune::NOTHING).expect("JSON");
        restarted_by(tree.root(), "ConfigMap", "api-config")
    };
    let none = || json!({});
    assert_eq!(by(none(), none()), None);
    assert_eq!(
        by(json!({"reloader.stakater.com/auto": "true"}), none()),
        Some(RestartedBy::Reloader)
    );
    assert_eq!(
        by(json!({"reloader.stakater.com/auto": "false"}), none()),
        None
    );
    let named =
        |kind: &str| json!({format!("{kind}.reloader.stakater.com/reload"): "x, api-config"});
    assert_eq!(by(named("configmap"), none()), Some(RestartedBy::Reloader));
    assert_eq!(by(named("secret"), none()), None);
    let auto = |kind: &str| json!({format!("{kind}.reloader.stakater.com/auto"): "true"});
    assert_eq!(by(none(), auto("configmap")), Some(RestartedBy::Reloader));
    assert_eq!(by(auto("secret"), none()), None);
    let wave = json!({"wave.pusher.com/update-on-config-change": "true"});
    assert_eq!(by(wave, none()), Some(RestartedBy::Wave));
    let sum = json!({"checksum/config": "abc"});
    assert_eq!(by(none(), sum.clone()), Some(RestartedBy::Checksum));
    assert_eq!(by(sum, none()), None);
}
