use super::super::testing::*;
use crate::model::{
    desired::DesiredWorld,
    place::Exactness,
    target::{DesiredSpec, HelmSpec, ValuesSpec},
    tree::{Kind, NodeRef},
    value::UnreadCause,
};
use std::{fs, os::unix::fs::symlink, path::Path};

fn values(file: &str, select: Option<&str>) -> ValuesSpec {
    ValuesSpec {
        file: file.into(),
        select: select.map(|s| s.parse().expect("a path")),
        if_absent_skip: false,
    }
}

fn spec(values: Vec<ValuesSpec>) -> HelmSpec {
    HelmSpec {
        chart: "web".into(),
        release: "shop".into(),
        namespace: Some("shop".into()),
        values,
        set: [].into(),
    }
}

fn read(setup: &Setup, spec: HelmSpec, root: &Path) -> DesiredWorld {
    setup.read(&DesiredSpec::Helm(spec), root)
}

/// The chart as it is given away: what it depends on is inside.
fn env(world: &DesiredWorld) -> Vec<(String, String)> {
    let path = ["spec", "template", "spec", "containers"];
    let containers = object(world, "Deployment", "shop-web")
        .tree
        .root()
        .at(&path);
    let first = containers
        .and_then(|c| c.children().next())
        .expect("a container");
    let list = first.member("env").expect("an environment");
    let text = |n: NodeRef<'_>, f: &str| n.text_at(&[f]).unwrap_or("?").to_owned();
    list.children()
        .map(|e| (text(e, "name"), text(e, "value")))
        .collect()
}

#[test]
fn a_chart_with_values_of_a_list_of_applications() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let web = vec![
        values("production.yaml", None),
        values("applications.yaml", Some("apps[web].values")),
    ];
    let world = read(&setup, spec(web), &data("helm"));
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(
        ids(&world),
        [
            "ConfigMap/shop/shop-web-config",
            "ConfigMap/shop/shop-web-flags",
            "CustomResourceDefinition/banners.example.com",
            "CustomResourceDefinition/themes.example.com",
            "Deployment/shop/shop-web",
            "StatefulSet/shop/shop-cache",
            "Job/shop/shop-web-migrate",
        ]
    );
    let pairs = [
        ("DB_TIMEOUT", "30s"),
        ("LOG_LEVEL", "info"),
        ("PORT", "08080"),
        ("RELEASE", "420"),
    ];
    let expected: Vec<_> = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    assert_eq!(
        env(&world),
        expected,
        "anchors from outside of the selected part"
    );
    let root = object(&world, "Deployment", "shop-web").tree.root();
    assert_eq!(
        root.at(&["spec", "replicas"]).and_then(|n| n.as_i64()),
        Some(4)
    );
    let job = object(&world, "Job", "shop-web-migrate").tree.root();
    assert_eq!(
        job.text_at(&["metadata", "annotations", "helm.sh/hook"]),
        Some("pre-upgrade")
    );
    assert!(
        !ids(&world).iter().any(|i| i.contains("Pod")),
        "tests are left out"
    );
}

#[test]
fn places_of_what_was_rendered() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let world = read(
        &setup,
        spec(vec![values("production.yaml", None)]),
        &data("helm"),
    );
    let place = |kind, name| object(&world, kind, name).place.clone();
    let exact = Exactness::Approximate("source comment");
    for (kind, name, file) in [
        ("Deployment", "shop-web", "web/templates/deployment.yaml"),
        ("ConfigMap", "shop-web-flags", "web/templates/config.yaml"),
        (
            "StatefulSet",
            "shop-cache",
            "web/charts/cache/templates/statefulset.yaml",
        ),
        (
            "CustomResourceDefinition",
            "banners.example.com",
            "web/crds/banner.yaml",
        ),
        (
            "CustomResourceDefinition",
            "themes.example.com",
            "web/crds/banner.yaml",
        ),
    ] {
        let place = place(kind, name);
        assert_eq!(
            (&*place.file, &place.exact),
            (file, &exact),
            "{kind} {name}"
        );
    }
    let inputs: Vec<&str> = world.inputs.iter().map(|i| &**i).collect();
    for input in [
        "common/templates/_names.tpl",
        "production.yaml",
        "web/Chart.yaml",
        "web/values.yaml",
    ] {
        assert!(inputs.contains(&input), "{input} in {inputs:?}");
    }
}

#[test]
fn selections_by_name_id_and_index() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let replicas = |select: &str| {
        let world = read(
            &setup,
            spec(vec![values("applications.yaml", Some(select))]),
            &data("helm"),
        );
        assert_eq!(problems(&world), [""; 0], "{select}");
        object(&world, "Deployment", "shop-web")
            .tree
            .root()
            .at(&["spec", "replicas"])
            .and_then(|n| n.as_i64())
    };
    assert_eq!(replicas("apps[7].values"), Some(2));
    assert_eq!(replicas("apps[#1].values"), Some(4));
    assert_eq!(replicas("apps[empty].values"), Some(1), "as an empty file");
}

#[test]
fn selections_that_find_nothing_or_no_map() {
    let setup = Setup::new();
    for (select, said) in [
        (
            "apps[missing].values",
            "applications.yaml: `select: apps[missing].values` finds nothing (a step in brackets is an item's name, key or id; its index is written `[#0]`)",
        ),
        (
            "apps[web].nothing",
            "applications.yaml: `select: apps[web].nothing` finds nothing (a step in brackets is an item's name, key or id; its index is written `[#0]`)",
        ),
        (
            "apps[broken].values",
            "applications.yaml:32:13: `select: apps[broken].values` is no map of values",
        ),
    ] {
        let world = read(
            &setup,
            spec(vec![values("applications.yaml", Some(select))]),
            &data("helm"),
        );
        let unread = world.incomplete.expect("unread");
        assert_eq!(&*unread.detail, said);
    }
}

#[test]
fn absent_values_files_only_where_that_is_declared() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let absent = ValuesSpec {
        if_absent_skip: true,
        ..values("eu.yaml", None)
    };
    assert!(
        read(&setup, spec(vec![absent.clone()]), &data("helm"))
            .incomplete
            .is_none()
    );
    let world = read(&setup, spec(vec![values("eu.yaml", None)]), &data("helm"));
    let unread = world.incomplete.expect("it was expected");
    assert_eq!(unread.cause, UnreadCause::MissingObject);
    // Absence of the file only.
    let broken = ValuesSpec {
        file: "applications.yaml".into(),
        select: "apps[x]".parse().ok(),
        ..absent
    };
    assert!(
        read(&setup, spec(vec![broken]), &data("helm"))
            .incomplete
            .is_some()
    );
}

#[test]
fn set_takes_every_text_as_it_is() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let text = r"{a,b}\c=d,e.f";
    let mut spec = spec(vec![]);
    spec.set.insert("region".into(), text.into());
    spec.set.insert("env.FLAG".into(), "true".into());
    let world = read(&setup, spec, &data("helm"));
    assert_eq!(problems(&world), [""; 0]);
    let config = object(&world, "ConfigMap", "shop-web-config").tree.root();
    assert_eq!(config.text_at(&["data", "REGION"]), Some(text));
    assert_eq!(env(&world), [("FLAG".to_owned(), "true".to_owned())]);
}

#[test]
fn dependencies_that_are_not_in_the_repository() {
    let setup = Setup::new();
    let root = copy_of("helm");
    fs::remove_dir_all(root.path().join("web/charts")).expect("removed");
    let world = read(&setup, spec(vec![]), root.path());
    let unread = world.incomplete.expect("refused");
    assert_eq!(unread.cause, UnreadCause::NotRendered);
    assert!(
        unread
            .detail
            .starts_with("web/Chart.yaml: dependencies are not in web/charts: cache"),
        "{unread}"
    );
    assert!(
        unread.detail.contains("helm dependency build web"),
        "{unread}"
    );
    // An archive will do, whatever is in it.
    fs::create_dir(root.path().join("web/charts")).expect("made");
    fs::write(root.path().join("web/charts/cache-1.0.4.tgz"), "no archive").expect("written");
    let world = read(&setup, spec(vec![]), root.path());
    let said = world.incomplete.expect("helm can't read it").detail;
    assert!(!said.contains("are not in"), "{said}");
    fs::remove_dir_all(root.path().join("common")).expect("removed");
    let said = read(&setup, spec(vec![]), root.path())
        .incomplete
        .expect("refused")
        .detail;
    assert_eq!(&*said, "web/Chart.yaml:6:5: no Chart.yaml in common");
}

#[test]
fn no_chart_or_outside() {
    let setup = Setup::new();
    for (chart, said) in [
        ("nowhere", "no Chart.yaml in nowhere"),
        ("../web", "leads out of the repository"),
        ("shop.tgz", "does not exist"),
        ("https://example.com/chart.tgz", "does not exist"),
    ] {
        let spec = HelmSpec {
            chart: chart.into(),
            ..spec(vec![])
        };
        let unread = read(&setup, spec, &data("helm"))
            .incomplete
            .expect("refused");
        assert!(unread.detail.contains(said), "{unread}");
    }
}

#[test]
fn a_symlink_out_of_the_chart_is_not_followed() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    for target in [
        "/etc/passwd",
        "/proc/self/environ",
        "../../../../../../../../etc/passwd",
    ] {
        let root = copy_of("helm");
        fs::create_dir(root.path().join("web/files")).expect("made");
        symlink(target, root.path().join("web/files/x")).expect("linked");
        let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stolen}\ndata: {x: {{ .Files.Get \"files/x\" | quote }}}\n";
        fs::write(root.path().join("web/templates/x.yaml"), template).expect("written");
        let world = read(&setup, spec(vec![]), root.path());
        let unread = world.incomplete.expect("refused");
        assert!(
            unread.detail.contains("leads out of the repository"),
            "{unread}"
        );
        assert!(world.objects.is_empty());
    }
}

#[test]
fn a_symlink_that_stays_in_the_repository_is() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let root = copy_of("helm");
    fs::remove_file(root.path().join("web/values.yaml")).expect("removed");
    fs::write(root.path().join("shared.yaml"), "replicas: 9\nimage: {repository: r, tag: t}\nenv: {}\ncache: {enabled: false}\nmigrate: false\n").expect("written");
    symlink("../shared.yaml", root.path().join("web/values.yaml")).expect("linked");
    let world = read(&setup, spec(vec![]), root.path());
    assert_eq!(problems(&world), [""; 0]);
    let replicas = |w: &DesiredWorld| {
        object(w, "Deployment", "shop-web")
            .tree
            .root()
            .at(&["spec", "replicas"])
            .and_then(|n| n.as_i64())
    };
    assert_eq!(replicas(&world), Some(9));
    // What it leads to counts for what is kept.
    fs::write(root.path().join("shared.yaml"), "replicas: 8\nimage: {repository: r, tag: t}\nenv: {}\ncache: {enabled: false}\nmigrate: false\n").expect("written");
    assert_eq!(replicas(&read(&setup, spec(vec![]), root.path())), Some(8));
}

#[test]
fn release_and_namespace_make_another_render() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let world = |release: &str, namespace: Option<&str>| {
        let spec = HelmSpec {
            release: release.into(),
            namespace: namespace.map(Into::into),
            ..spec(vec![])
        };
        let world = read(&setup, spec, &data("helm"));
        let job = world
            .objects
            .keys()
            .find(|id| &*id.kind == "Job")
            .expect("there");
        job.to_string()
    };
    assert_eq!(
        world("shop", None),
        "Job/shop/shop-web-migrate",
        "the layer's namespace"
    );
    assert_eq!(world("shop", Some("eu")), "Job/eu/shop-web-migrate");
    assert_eq!(world("other", Some("eu")), "Job/eu/other-web-migrate");
}

#[test]
fn a_render_without_objects_is_said() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let root = with_template("{{ if .Values.enabled }}kind: X{{ end }}");
    let world = read(&setup, spec(vec![]), root.path());
    assert_eq!(
        problems(&world),
        ["web/Chart.yaml: no Kubernetes object was found"]
    );
    assert!(world.incomplete.is_none());
}

#[test]
fn a_chart_in_an_archive() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let helm = crate::process::find("helm", &setup.path, "").expect("found before");
    let root = tempfile::tempdir().expect("a folder");
    let packed = std::process::Command::new(helm)
        .args(["package", "-d"])
        .arg(root.path())
        .arg(data("helm/web/charts/cache"))
        .output()
        .expect("helm runs");
    assert!(packed.status.success());
    let spec = HelmSpec {
        chart: "cache-1.0.4.tgz".into(),
        ..spec(vec![])
    };
    let world = read(&setup, spec, root.path());
    assert_eq!(problems(&world), [""; 0]);
    let cache = object(&world, "StatefulSet", "shop-cache");
    assert_eq!(&*cache.place.file, "cache-1.0.4.tgz");
}

fn with_template(text: &str) -> tempfile::TempDir {
    folder(&[
        (
            "web/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 0.1.0\n",
        ),
        ("web/templates/x.yaml", text),
    ])
}

#[test]
fn what_a_template_makes_up_is_opaque() {
    let Some(mut setup) = renderer("helm") else {
        return;
    };
    let kept = tempfile::tempdir().expect("a folder");
    setup.cache_folder = Some(kept.path().into());
    let root = with_template(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  generated: {{ randAlphaNum 20 }}\n  given: {{ .Values.given | default \"x\" }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: {at: {{ now | unixEpoch | quote }}}}\ndata: {a: b}\n---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: j-{{ randNumeric 8 }}}\n",
    );
    let world = read(&setup, spec(vec![]), root.path());
    let secret = object(&world, "Secret", "s").tree.root();
    let generated = secret
        .at(&["data", "generated"])
        .expect("presence still counts");
    assert_eq!(
        (generated.kind(), generated.text()),
        (Kind::Opaque, "generated")
    );
    assert_eq!(
        secret.at(&["data", "given"]).map(|n| n.kind()),
        Some(Kind::Sealed)
    );
    let config = object(&world, "ConfigMap", "c").tree.root();
    assert_eq!(
        config
            .at(&["metadata", "annotations", "at"])
            .map(|n| n.kind()),
        Some(Kind::Opaque)
    );
    assert_eq!(config.text_at(&["data", "a"]), Some("b"));
    assert_eq!(problems(&world).len(), 1, "{:?}", problems(&world));
    assert!(
        problems(&world)[0].contains("a name that every render makes anew"),
        "{:?}",
        problems(&world)
    );
    assert_eq!(fs::read_dir(kept.path()).map_or(0, Iterator::count), 0);
}

#[test]
fn a_template_that_never_ends() {
    let Some(mut setup) = renderer("helm") else {
        return;
    };
    setup.render.timeout = Some(2);
    let root = with_template(
        "{{- define \"again\" -}}{{- range until 100000 }}{{- range until 100000 }}{{ end }}{{ end }}{{- end -}}\n{{- include \"again\" . -}}\n",
    );
    let start = std::time::Instant::now();
    let unread = read(&setup, spec(vec![]), root.path())
        .incomplete
        .expect("it has no end");
    assert!(unread.detail.contains("did not end within 2 s"), "{unread}");
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn a_template_that_writes_gigabytes() {
    let Some(mut setup) = renderer("helm") else {
        return;
    };
    setup.render.timeout = Some(4);
    let root = with_template("{{- range until 1300000 }}\n# {{ repeat 60 \"x\" }}\n{{- end }}\n");
    let unread = read(&setup, spec(vec![]), root.path())
        .incomplete
        .expect("too much");
    let said = &unread.detail;
    let known = [
        "wrote more than",
        "needed more than",
        "did not end",
        "helm failed",
    ];
    assert!(known.iter().any(|k| said.contains(k)), "{said}");
    assert_eq!(unread.cause, UnreadCause::NotRendered);
}

#[test]
fn a_failure_is_shown_without_its_secret() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let root = with_template("{{ fail (printf \"password is %s\" .Values.password) }}\n");
    let mut spec = spec(vec![]);
    spec.set.insert("password".into(), "hunter2".into());
    let world = read(&setup, spec, root.path());
    let said = format!("{:?}", world);
    assert!(!said.contains("hunter2"), "{said}");
    let unread = world.incomplete.expect("failed");
    assert!(
        unread.detail.contains("web/templates/x.yaml:1:3"),
        "{unread}"
    );
}

#[test]
fn a_schema_violation_is_shown_without_the_value() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let root = with_template("kind: {{ .Values.url }}\n");
    let schema = r#"{"properties": {"url": {"pattern": "^x"}}}"#;
    fs::write(root.path().join("web/values.schema.json"), schema).expect("written");
    let mut spec = spec(vec![]);
    spec.set
        .insert("url".into(), "postgres://app:hunter2@db".into());
    let world = read(&setup, spec, root.path());
    assert!(!format!("{world:?}").contains("hunter2"));
    let unread = world.incomplete.expect("failed");
    assert!(unread.detail.contains("- at '/url': [hidden"), "{unread}");
}

#[test]
fn encrypted_values_are_opaque_and_said() {
    let Some(setup) = renderer("helm") else {
        return;
    };
    let root = with_template(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {p: {{ .Values.p | b64enc }}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {url: \"db://{{ .Values.p }}@x\", v: plain}\n",
    );
    let sops = "p: ENC[AES256_GCM,data:abc,iv:x,tag:y,type:str]\nsops:\n  mac: ENC[AES256_GCM,data:z]\n  lastmodified: \"2026-01-01T00:00:00Z\"\n  version: 3.9.0\n";
    fs::write(root.path().join("secrets.yaml"), sops).expect("written");
    let world = read(
        &setup,
        spec(vec![values("secrets.yaml", None)]),
        root.path(),
    );
    assert_eq!(
        problems(&world),
        ["secrets.yaml: encrypted with SOPS: what is made from these values is not compared"]
    );
    let kind = |object: NodeRef<'_>, path: &[&str]| object.at(path).map(|n| n.kind());
    let secret = object(&world, "Secret", "s").tree.root();
    assert_eq!(kind(secret, &["data", "p"]), Some(Kind::Opaque));
    let config = object(&world, "ConfigMap", "c").tree.root();
    assert_eq!(kind(config, &["data", "url"]), Some(Kind::Opaque));
    assert_eq!(kind(config, &["data", "v"]), Some(Kind::Text));
}
