//! What is read when all goes well, and how it is asked for.

use super::{
    super::rbac,
    server::{data, file, json, not_found},
    *,
};
use crate::model::{tree::WithoutSecrets, value::Reading};

/// An empty list of any kind, where one is asked for.
fn empty_lists(asked: &server::Asked) -> Option<Reply> {
    let list = asked.target.contains("?limit=500");
    list.then(|| {
        json(
            r#"{"kind":"AnyList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[]}"#,
        )
    })
}

#[test]
fn two_pages_are_one_list() {
    let server = Server::start(|_| None);
    let setup = Setup::of(&server);
    let o = setup.read(&config_maps());
    let read = outcome(&o, &Scope::kind("", "ConfigMap", Some("bulk")));
    assert_eq!(read.outcome, Outcome::Complete);
    assert_eq!(read.revision.as_deref(), Some("1841"));
    assert_eq!(o.objects().count(), 40);
    assert_eq!(o.system(), Some("uid-of-kube-system"));
    assert_eq!(
        o.fact("server-version")
            .and_then(|f| f.text_at(&["gitVersion"])),
        Some("v1.36.2")
    );
    let Reading::Present(item) = o.find(&object("", "ConfigMap", Some("bulk"), "bulk-0000")) else {
        panic!("it was on the first page");
    };
    assert_eq!(item.tree.root().text_at(&["kind"]), Some("ConfigMap"));
    assert_eq!(item.writes.len(), 1);
    let absent = o.find(&object("", "ConfigMap", Some("bulk"), "nope"));
    assert!(matches!(absent, Reading::Absent(_)));
    assert_eq!(
        *setup.progress.lock().expect("no panic"),
        ["ConfigMap in bulk: 20", "ConfigMap in bulk: 40"]
    );
    assert!(
        server
            .log()
            .iter()
            .any(|t| t.contains("limit=500&continue=eyJ2"))
    );
    assert!(
        !server.log().iter().any(|t| t.contains("resourceVersion")),
        "a gate reads the newest state"
    );
}

#[test]
fn an_empty_page_in_the_middle_is_no_end() {
    let server = Server::start(|asked| {
        let token = asked.target.split("continue=").nth(1);
        let page = |token: &str, items: &str| {
            json(format!(
                r#"{{"kind":"ConfigMapList","apiVersion":"v1","metadata":{{"continue":"{token}"}},"items":[{items}]}}"#
            ))
        };
        if !asked.target.contains("/configmaps") {
            return None;
        }
        Some(match token {
            None => page("one", r#"{"metadata":{"name":"a","namespace":"bulk"}}"#),
            Some("one") => page("two", ""),
            _ => page("", r#"{"metadata":{"name":"b","namespace":"bulk"}}"#),
        })
    });
    let o = Setup::of(&server).read(&config_maps());
    assert_eq!(o.objects().count(), 2);
    assert_eq!(o.reads()[0].outcome, Outcome::Complete);
}

#[test]
fn at_most_four_requests_at_a_time() {
    let server = Server::start(|asked| {
        asked
            .target
            .contains("?limit")
            .then(|| std::thread::sleep(Duration::from_millis(60)));
        empty_lists(asked)
    });
    let all = [
        "ConfigMap",
        "Service",
        "ServiceAccount",
        "Pod",
        "ResourceQuota",
        "LimitRange",
        "PersistentVolumeClaim",
    ];
    let all: Vec<_> = all.iter().map(|k| ("", *k, Some("shop"))).collect();
    let o = Setup::of(&server).read(&kinds(&all));
    assert!(o.reads().iter().all(|r| r.outcome == Outcome::Complete));
    assert!(
        (2..=4).contains(&server.most_at_once()),
        "{}",
        server.most_at_once()
    );
}

#[test]
fn many_namespaces_are_one_list_where_that_is_allowed() {
    let wanted = || {
        let names: Vec<String> = (0..21).map(|n| format!("ns-{n}")).collect();
        let all: Vec<_> = names
            .iter()
            .map(|n| ("", "ConfigMap", Some(n.as_str())))
            .collect();
        kinds(&all)
    };
    let items = r#"{"metadata":{"name":"a","namespace":"ns-1"}},{"metadata":{"name":"b","namespace":"elsewhere"}}"#;
    let server = Server::start(move |asked| {
        if asked.target == "/api/v1/namespaces/ns-2" {
            return Some(not_found("namespaces", "ns-2"));
        }
        asked.target.starts_with("/api/v1/configmaps?").then(|| {
            json(format!(
                r#"{{"kind":"ConfigMapList","metadata":{{}},"items":[{items}]}}"#
            ))
        })
    });
    let o = Setup::of(&server).read(&wanted());
    assert_eq!(server.count("/configmaps"), 1);
    let names: Vec<String> = o.objects().map(|(id, _)| id.to_string()).collect();
    assert_eq!(
        names,
        ["ConfigMap/ns-1/a"],
        "what nobody asked for is not kept"
    );
    let gone = outcome(&o, &Scope::kind("", "ConfigMap", Some("ns-2")));
    assert!(
        matches!(&gone.outcome, Outcome::Failed(u) if u.cause == UnreadCause::NamespaceMissing)
    );
    assert!(matches!(
        o.find(&object("", "ConfigMap", Some("ns-3"), "a")),
        Reading::Absent(_)
    ));

    let server = Server::start(|asked| {
        if asked.target.starts_with("/api/v1/configmaps?") {
            return Some(file(403, "403.json"));
        }
        empty_lists(asked)
    });
    let o = Setup::of(&server).read(&wanted());
    assert_eq!(server.count("/configmaps"), 22);
    assert_eq!(o.reads().len(), 21);
    assert!(o.reads().iter().all(|r| r.outcome == Outcome::Complete));
}

#[test]
fn the_preferred_version_is_read_whatever_git_says() {
    let server = Server::start(empty_lists);
    let _ = Setup::of(&server).read(&kinds(&[(
        "autoscaling",
        "HorizontalPodAutoscaler",
        Some("shop"),
    )]));
    assert_eq!(
        server.count("/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers"),
        1
    );
    assert_eq!(server.count("/apis/autoscaling/v1"), 0);
}

#[test]
fn a_cluster_scoped_kind_is_listed_once_wherever_it_is_wanted() {
    let server = Server::start(|asked| {
        asked.target.starts_with("/apis/rbac.authorization.k8s.io/v1/clusterroles?").then(|| {
            json(r#"{"kind":"ClusterRoleList","metadata":{},"items":[{"metadata":{"name":"reader"}}]}"#)
        })
    });
    let wanted = kinds(&[
        ("rbac.authorization.k8s.io", "ClusterRole", Some("shop")),
        ("rbac.authorization.k8s.io", "ClusterRole", Some("bulk")),
    ]);
    let o = Setup::of(&server).read(&wanted);
    assert_eq!(server.count("/clusterroles"), 1);
    assert!(matches!(
        o.find(&object(
            "rbac.authorization.k8s.io",
            "ClusterRole",
            None,
            "reader"
        )),
        Reading::Present(_)
    ));
}

#[test]
fn custom_resources_bring_their_topology() {
    let server = Server::start(|asked| {
        asked.target.contains("/widgets?").then(|| {
            json(r#"{"kind":"WidgetList","apiVersion":"example.io/v1","metadata":{},"items":[{"apiVersion":"example.io/v1","kind":"Widget","metadata":{"name":"w","namespace":"shop"},"spec":{"port":80},"status":{"x":1}}]}"#)
        })
    });
    let o = Setup::of(&server).read(&kinds(&[("example.io", "Widget", Some("shop"))]));
    let topology = o.fact("topology example.io Widget").expect("a fact");
    assert_eq!(
        serde_json::to_string(&WithoutSecrets(topology)).expect("JSON"),
        r#"{"spec.opts":"atomic","spec.plain":"atomic","spec.routes":["name","proto"],"spec.tags":"set","spec.tmpl.metadata.finalizers":"set","spec.tmpl.metadata.managedFields":"atomic","spec.tmpl.metadata.ownerReferences":"atomic"}"#
    );
    let served = o.fact("served example.io Widget").expect("a fact");
    assert_eq!(served.text_at(&["version"]), Some("v1"));
    assert_eq!(served.text_at(&["scope"]), Some("Namespaced"));
    let (_, item) = o.objects().next().expect("an object");
    assert_eq!(
        serde_json::to_string(&WithoutSecrets(item.tree.root())).expect("JSON"),
        r#"{"apiVersion":"example.io/v1","kind":"Widget","metadata":{"name":"w","namespace":"shop"},"spec":{"port":80}}"#
    );
}

#[test]
fn one_object_and_the_proof_that_there_is_none() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/apis/apps/v1/namespaces/shop/deployments/api" => Some(json(
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"api","namespace":"shop"},"spec":{"replicas":3},"status":{"replicas":3}}"#,
        )),
        "/apis/apps/v1/namespaces/shop/deployments/gone" => Some(not_found("deployments", "gone")),
        "/apis/apps/v1/namespaces/shop/deployments/odd" => Some(file(404, "404-group.txt")),
        "/apis/apps/v1/namespaces/shop/deployments/page" => Some(json("<html>")),
        _ => None,
    });
    let id = |name| ObjectId::new("apps", "Deployment", Some("shop"), name);
    let names = ["api", "gone", "odd", "page", "../../../secrets/x", ".."];
    let wanted = Wanted {
        objects: names.map(id).into(),
        ..Wanted::default()
    };
    let o = Setup::of(&server).read(&wanted);
    assert!(matches!(o.object(&id("api")), Reading::Present(_)));
    assert!(matches!(o.object(&id("gone")), Reading::Absent(_)));
    let cause = |name| match o.object(&id(name)) {
        Reading::Unknown(u) => u.cause,
        _ => panic!("{name} is not known"),
    };
    assert_eq!(cause("odd"), UnreadCause::NotServed);
    assert_eq!(cause("page"), UnreadCause::Malformed);
    assert_eq!(cause("../../../secrets/x"), UnreadCause::Malformed);
    assert_eq!(cause(".."), UnreadCause::Malformed);
    assert_eq!(
        server.count("secrets") + server.count(".."),
        0,
        "names are no paths"
    );
}

#[test]
fn everything_in_a_namespace_leaves_out_what_churns() {
    let server = Server::start(empty_lists);
    let wanted = Wanted {
        everything_in: ["shop".into()].into(),
        ..Wanted::default()
    };
    let o = Setup::of(&server).read(&wanted);
    for plural in ["/configmaps?", "/deployments?", "/widgets?", "/roles?"] {
        assert_eq!(server.count(plural), 1, "{plural}");
    }
    for plural in [
        "/events",
        "/leases",
        "/endpoints",
        "/endpointslices",
        "/secrets",
        "reviews",
        "/clusterroles",
        "/nodes",
    ] {
        assert_eq!(server.count(plural), 0, "{plural}");
    }
    assert!(
        o.reads().iter().all(|r| r.outcome == Outcome::Complete),
        "{:?}",
        o.reads()
    );
    let mut digest = Setup::of(&server);
    digest.secrets = SecretsMode::Digest;
    let o = digest.read(&wanted);
    assert_eq!(
        server.count("/secrets?limit=500&fieldSelector=type%21%3Dhelm.sh%2Frelease.v1"),
        1
    );
    let release = object("", "Secret", Some("shop"), "sh.helm.release.v1.api.v3");
    assert!(
        matches!(o.find(&release), Reading::Unknown(_)),
        "left out is not absent"
    );
}

#[test]
fn an_old_server_without_aggregated_discovery() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/api" => Some(json(r#"{"kind":"APIVersions","versions":["v1"]}"#)),
        "/apis" => Some(json(
            r#"{"kind":"APIGroupList","apiVersion":"v1","groups":[
               {"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],"preferredVersion":{"groupVersion":"apps/v1","version":"v1"}},
               {"name":"example.io","versions":[{"groupVersion":"example.io/v1alpha1","version":"v1alpha1"},{"groupVersion":"example.io/v1","version":"v1"}],"preferredVersion":{"groupVersion":"example.io/v1","version":"v1"}},
               {"name":"metrics.k8s.io","versions":[{"groupVersion":"metrics.k8s.io/v1","version":"v1"}]}]}"#,
        )),
        "/api/v1" => Some(json(
            r#"{"kind":"APIResourceList","resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true,"verbs":["get","list"]},{"name":"pods/log","kind":"Pod","namespaced":true,"verbs":["get"]}]}"#,
        )),
        "/apis/example.io/v1" => Some(json(
            r#"{"kind":"APIResourceList","resources":[{"name":"widgets","kind":"Widget","namespaced":true,"verbs":["list"]}]}"#,
        )),
        "/apis/example.io/v1alpha1" => Some(json(
            r#"{"kind":"APIResourceList","resources":[{"name":"widgets","kind":"Widget","namespaced":true,"verbs":["list"]},{"name":"oldies","kind":"Oldie","namespaced":true,"verbs":["list"]}]}"#,
        )),
        _ => empty_lists(asked),
    });
    let wanted = kinds(&[
        ("", "ConfigMap", Some("shop")),
        ("example.io", "Widget", Some("shop")),
        ("example.io", "Oldie", Some("shop")),
    ]);
    let o = Setup::of(&server).read(&wanted);
    assert!(
        o.reads()
            .iter()
            .filter(|r| matches!(r.scope, Scope::Kind { .. }))
            .all(|r| r.outcome == Outcome::Complete)
    );
    assert_eq!(
        server.count("/apis/example.io/v1/namespaces/shop/widgets"),
        1
    );
    assert_eq!(
        server.count("/apis/example.io/v1alpha1/namespaces/shop/oldies"),
        1
    );
    assert_eq!(server.count("/apis/apps/v1"), 0, "nobody wants it");
}

#[test]
fn pods_and_replica_sets_are_cut_down_to_what_dates_them() {
    let recorded: serde_json::Value =
        serde_json::from_slice(&data("pods-replicasets.json")).expect("JSON");
    let list = move |kind: &str| {
        let items: Vec<_> = recorded["items"]
            .as_array()
            .expect("items")
            .iter()
            .filter(|i| i["kind"] == kind)
            .cloned()
            .collect();
        assert!(!items.is_empty(), "{kind}");
        json(
            serde_json::json!({ "kind": format!("{kind}List"), "metadata": {}, "items": items })
                .to_string(),
        )
    };
    let server = Server::start(move |asked| {
        if asked.target.contains("/pods?") {
            return Some(list("Pod"));
        }
        asked
            .target
            .contains("/replicasets?")
            .then(|| list("ReplicaSet"))
    });
    let o = Setup::of(&server).read(&kinds(&[
        ("", "Pod", Some("shop")),
        ("apps", "ReplicaSet", Some("shop")),
    ]));
    for (id, item) in o.objects() {
        let root = item.tree.root();
        assert!(item.writes.is_empty(), "{id}");
        let pod = &*id.kind == "Pod";
        assert_eq!(root.at(&["spec", "template"]).is_some(), !pod);
        assert_eq!(root.member("status").is_some(), pod);
        let label = root.text_at(&["metadata", "labels", "pod-template-hash"]);
        assert!(label.is_some(), "{id}");
    }
    assert!(o.objects().count() > 1);
}

#[test]
fn doctor_learns_rights_and_prints_the_role() {
    let server = Server::start(|asked| {
        asked.target.ends_with("selfsubjectaccessreviews").then(|| {
            assert!(asked.body.contains("\"resourceAttributes\""), "{}", asked.body);
            let allowed = !asked.body.contains("deployments");
            Reply::Answer(201, "", format!(r#"{{"kind":"SelfSubjectAccessReview","status":{{"allowed":{allowed},"reason":"RBAC: allowed by ClusterRoleBinding \"x\""}}}}"#).into())
        })
    });
    let wanted = kinds(&[
        ("apps", "Deployment", Some("shop")),
        ("example.io", "Widget", Some("shop")),
        ("", "Secret", Some("shop")),
        ("example.io", "Gone", Some("shop")),
    ]);
    let setup = Setup::of(&server);
    let d = setup.inspect(&wanted);
    assert_eq!(d.reached, Ok(()));
    assert_eq!(d.system.as_deref(), Some("uid-of-kube-system"));
    assert_eq!(d.server_version.as_deref(), Some("v1.36.2"));
    let rights: Vec<_> = d
        .rights
        .iter()
        .map(|r| (&*r.verb, &*r.resource, r.allowed))
        .collect();
    assert_eq!(
        rights,
        [
            ("get", "namespaces", Some(true)),
            ("list", "deployments", Some(false)),
            ("list", "widgets", Some(true)),
        ]
    );
    assert!(
        d.warnings.iter().any(|w| w.contains("Gone (example.io)")),
        "{:?}",
        d.warnings
    );
    assert!(
        d.warnings.iter().any(|w| w.contains("http")),
        "{:?}",
        d.warnings
    );
    let yaml = rbac(&wanted, &d.resources, "driftgate");
    assert!(
        yaml.contains("- deployments\n") && yaml.contains("- widgets\n"),
        "{yaml}"
    );
}
