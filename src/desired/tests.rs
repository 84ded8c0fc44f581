use super::testing::*;
use super::*;
use crate::git::testing::TestRepo;
use crate::model::{
    observation::ObjectId,
    place::Exactness,
    tree::{Kind, WithoutSecrets},
    value::UnreadCause,
};
use std::{fs, sync::Arc};

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  template:
    spec:
      containers:
        - name: api
          env:
            - name: DB_TIMEOUT
              value: 10s
";

#[test]
fn objects_with_the_lines_they_stand_on() {
    let root = folder(&[
        ("deploy/api.yaml", DEPLOYMENT),
        (
            "deploy/more/roles.yml",
            "# Roles.\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reader}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: other}\n",
        ),
        ("deploy/README.md", "no manifest"),
    ]);
    let world = Setup::new().read(&manifests(&["./deploy/"]), root.path());
    assert_eq!(problems(&world), [""; 0]);
    assert!(world.incomplete.is_none());
    assert_eq!(
        ids(&world),
        [
            "ConfigMap/other/c",
            "Deployment/shop/api",
            "ClusterRole/reader"
        ]
    );
    let paths: Vec<&str> = world.inputs.iter().map(|p| &**p).collect();
    assert_eq!(paths, ["deploy/api.yaml", "deploy/more/roles.yml"]);
    let api = object(&world, "Deployment", "api");
    assert_eq!(api.place.to_string(), "deploy/api.yaml:1:1");
    let container = api
        .tree
        .root()
        .at(&["spec", "template", "spec", "containers"]);
    let env = container
        .and_then(|c| {
            c.children()
                .next()?
                .member("env")?
                .children()
                .next()?
                .member("value")
        })
        .expect("an environment variable");
    assert_eq!(api.place_of(env).to_string(), "deploy/api.yaml:12:22");
    assert_eq!(api.place_of_key(env).to_string(), "deploy/api.yaml:12:15");
    let role = object(&world, "ClusterRole", "reader");
    assert_eq!(role.place.span.map(|s| s.line), Some(2));
    assert_eq!(&*role.api_version, "rbac.authorization.k8s.io/v1");
}

#[test]
fn what_is_not_there_is_said_and_never_empty() {
    let root = folder(&[("deploy/notes.txt", "x"), ("a.yaml", DEPLOYMENT)]);
    for path in [
        "missing",
        "missing.yaml",
        "deploy",
        "*.yml",
        "../out",
        "/etc/passwd",
    ] {
        let world = Setup::new().read(&manifests(&[path, "a.yaml"]), root.path());
        let said = problems(&world);
        assert_eq!(said.len(), 1, "{path}: {said:?}");
        assert!(
            said[0].starts_with("! ") && said[0].contains(path),
            "{said:?}"
        );
        assert!(world.incomplete.is_some(), "{path}");
        assert_eq!(ids(&world), ["Deployment/shop/api"], "the rest is read");
    }
    let world = Setup::new().read(&manifests(&["missing"]), root.path());
    let unread = world.incomplete.expect("unread");
    assert_eq!(unread.cause, UnreadCause::MissingObject);
    assert!(
        unread.detail.contains(" in "),
        "names the revision: {unread}"
    );
    let spec = manifests(&["missing", "x*.yaml"]);
    assert_eq!(is_there(&spec, &Files::folder(root.path())), Ok(false));
    let spec = manifests(&["missing", "a*.yaml"]);
    assert_eq!(is_there(&spec, &Files::folder(root.path())), Ok(true));
}

#[test]
fn lists_are_unfolded_with_the_place_of_each_item() {
    let root = folder(&[(
        "all.yaml",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n- apiVersion: v1\n  kind: List\n  items:\n  - apiVersion: v1\n    kind: Service\n    metadata: {name: b}\n---\napiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: c}\n  data: {k: v}\n---\napiVersion: v1\nkind: List\nitems: []\n",
    )]);
    let world = Setup::new().read(&manifests(&["all.yaml"]), root.path());
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(
        ids(&world),
        ["ConfigMap/shop/a", "ConfigMap/shop/c", "Service/shop/b"]
    );
    let line = |kind, name| object(&world, kind, name).place.span.map(|s| s.line);
    assert_eq!(line("ConfigMap", "a"), Some(4));
    assert_eq!(line("Service", "b"), Some(10));
    assert_eq!(line("ConfigMap", "c"), Some(17));
    let c = object(&world, "ConfigMap", "c").tree.root();
    assert_eq!(c.text_at(&["kind"]), Some("ConfigMap"));
    assert_eq!(c.text_at(&["data", "k"]), Some("v"));
}

#[test]
fn documents_that_are_no_objects() {
    let files = [
        (
            "d/Chart.yaml",
            "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        ),
        ("d/kustomization.yaml", "resources: [a.yaml]\n"),
        (
            "d/k2.yaml",
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
        ),
        ("d/list.yaml", "- 1\n- 2\n"),
        (
            "d/kubeconfig.yaml",
            "apiVersion: v1\nkind: Config\nclusters: []\n",
        ),
        (
            "d/flux.yaml",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\n",
        ),
        (
            "d/job.yaml",
            "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: migrate-}\n",
        ),
        ("d/empty.yaml", "# nothing\n---\n"),
    ];
    let root = folder(&files);
    let world = Setup::new().read(&manifests(&["d"]), root.path());
    assert_eq!(ids(&world), ["Kustomization/shop/apps"]);
    assert!(world.incomplete.is_none(), "{:?}", world.incomplete);
    let said = problems(&world);
    assert_eq!(said.len(), 6, "{said:#?}");
    assert!(
        said.iter()
            .any(|p| p.starts_with("d/k2.yaml:1:1: a kustomization")),
        "{said:#?}"
    );
    assert!(
        said.iter()
            .any(|p| p.starts_with("d/kustomization.yaml:1:1: a kustomization")),
        "{said:#?}"
    );
    // Named, each of them is an error; but a generated name is nobody's mistake.
    for (file, blocks) in [
        ("d/Chart.yaml", true),
        ("d/list.yaml", true),
        ("d/job.yaml", false),
    ] {
        let world = Setup::new().read(&manifests(&[file]), root.path());
        assert_eq!(
            world.incomplete.is_some(),
            blocks,
            "{file}: {:?}",
            problems(&world)
        );
        assert_eq!(world.problems.len(), 1);
    }
}

#[test]
fn a_name_that_was_forgotten_is_an_error_wherever_it_is() {
    let root = folder(&[
        (
            "d/a.yaml",
            "apiVersion: v1\nkind: Service\nmetadata:\n  labels: {a: b}\n",
        ),
        (
            "d/b.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: 42}\n",
        ),
        (
            "d/c.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: on}\n",
        ),
    ]);
    let world = Setup::new().read(&manifests(&["d"]), root.path());
    assert_eq!(
        problems(&world),
        [
            "! d/a.yaml:1:1: Service without metadata.name (kubectl refuses it; give it a name)",
            "! d/b.yaml:3:18: metadata.name: expected a string, found a number (quote it; kubectl refuses the object as it is)",
            "! d/c.yaml:3:32: metadata.namespace: expected a string, kubectl reads `on` as a boolean (quote it; kubectl refuses the object as it is)",
        ]
    );
    assert!(world.objects.is_empty() && world.incomplete.is_some());
}

#[test]
fn values_that_kubectl_refuses() {
    let root = folder(&[(
        "a.yaml",
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  annotations: {build: 42}
spec:
  template:
    metadata:
      labels: {version: 1.10}
    spec:
      containers:
        - name: api
          args: [--port, 8080]
          env:
            - {name: DEBUG, value: on}
            - {name: PIN, value: 12345}
            - {name: EMPTY, value: }
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: night}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: job, env: [{name: DRY, value: no}]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {A: off, B: {x: 1}, C: text, D: }
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {P: 12345}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
data: {A: off}
spec: {template: {spec: {containers: [{env: [{value: 1}]}]}}}
",
    )]);
    let world = Setup::new().read(&manifests(&["a.yaml"]), root.path());
    let said: Vec<String> = world
        .problems
        .iter()
        .map(|p| {
            assert!(p.blocks);
            let line = p.place.as_ref().and_then(|p| p.span).map_or(0, |s| s.line);
            format!("{line} {}", p.message)
        })
        .collect();
    assert_eq!(
        said,
        [
            "5 metadata.annotations.build: expected a string, found a number",
            "9 spec.template.metadata.labels.version: expected a string, found a number",
            "15 containers[api].env[DEBUG].value: expected a string, kubectl reads `on` as a boolean",
            "16 containers[api].env[PIN].value: expected a string, found a number",
            "13 containers[api].args: an item: expected a string, found a number",
            "27 containers[job].env[DRY].value: expected a string, kubectl reads `no` as a boolean",
            "32 data.A: expected a string, kubectl reads `off` as a boolean",
            "32 data.B: expected a string, found a map",
            "37 stringData.P: expected a string, found a number",
        ]
    );
    assert!(!format!("{world:?}").contains("12345"), "no value is shown");
}

#[test]
fn a_broken_file_makes_the_world_incomplete() {
    let root = folder(&[("d/a.yaml", DEPLOYMENT), ("d/b.yaml", "a: [1\nb: 2\n")]);
    let world = Setup::new().read(&manifests(&["d"]), root.path());
    assert_eq!(ids(&world), ["Deployment/shop/api"]);
    let unread = world.incomplete.as_ref().expect("incomplete");
    assert_eq!(unread.cause, UnreadCause::Malformed);
    assert!(unread.detail.starts_with("d/b.yaml:"), "{unread}");
    let missing = ObjectId::new("", "Service", Some("shop"), "x");
    assert!(world.find(&missing).is_unknown(), "not provably absent");
}

#[test]
fn the_same_object_twice() {
    let root = folder(&[
        (
            "d/a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: first}\n",
        ),
        (
            "d/b.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata: {k: last}\n",
        ),
    ]);
    let world = Setup::new().read(&manifests(&["d", "d/a.yaml"]), root.path());
    assert_eq!(
        problems(&world),
        [
            "d/b.yaml:1:1: ConfigMap/shop/c is also at d/a.yaml:1:1; the one here wins (keep one of the two)"
        ]
    );
    let c = object(&world, "ConfigMap", "c");
    assert_eq!(c.tree.root().text_at(&["data", "k"]), Some("last"));
    assert!(world.incomplete.is_none());
}

#[test]
fn secrets_are_sealed_and_string_data_is_data() {
    let root = folder(&[
        (
            "a.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  user: YXBw\n  password: b2xk\n  empty:\nstringData:\n  password: hunter2\n  more: \"\"\n",
        ),
        (
            "b.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: aHVudGVyMg==, user: YXBw, more: '', empty: ''}\n",
        ),
    ]);
    let setup = Setup::new();
    let a = setup.read(&manifests(&["a.yaml"]), root.path());
    let b = setup.read(&manifests(&["b.yaml"]), root.path());
    let (a, b) = (object(&a, "Secret", "s"), object(&b, "Secret", "s"));
    assert!(a.tree.root().member("stringData").is_none());
    assert_eq!(a.tree, b.tree, "one map of sealed bytes");
    let password = a.tree.root().at(&["data", "password"]).expect("there");
    assert_eq!(password.kind(), Kind::Sealed);
    assert_eq!(a.place_of(password).to_string(), "a.yaml:9:13");
    let shown = serde_json::to_string(&WithoutSecrets(a.tree.root())).expect("JSON");
    for secret in ["hunter2", "aHVudGVyMg", "YXBw", "b2xk"] {
        assert!(!format!("{shown}{a:?}").contains(secret), "{shown}");
    }
}

#[test]
fn a_null_in_a_config_map_is_an_empty_text() {
    let root = folder(&[(
        "a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  A:\n  B: ~\n  C: 'null'\n",
    )]);
    let world = Setup::new().read(&manifests(&["a.yaml"]), root.path());
    let data = object(&world, "ConfigMap", "c")
        .tree
        .root()
        .member("data")
        .expect("there");
    let texts: Vec<_> = data.children().map(|c| c.as_text()).collect();
    assert_eq!(texts, [Some(""), Some(""), Some("null")]);
    assert_eq!(
        data.member("A").and_then(|a| a.key_span()).map(|s| s.line),
        Some(5)
    );
}

#[test]
fn a_kind_that_the_same_manifests_make_cluster_scoped() {
    let crd = fs::read_to_string(data("helm/web/crds/banner.yaml")).expect("test data");
    let root = folder(&[
        ("d/crd.yaml", &crd),
        (
            "d/a.yaml",
            "apiVersion: example.com/v1\nkind: Banner\nmetadata: {name: b}\n---\napiVersion: example.com/v1\nkind: Theme\nmetadata: {name: t}\n",
        ),
    ]);
    let world = Setup::new().read(&manifests(&["d"]), root.path());
    assert_eq!(object(&world, "Banner", "b").id.namespace, None);
    assert_eq!(
        object(&world, "Theme", "t").id.namespace.as_deref(),
        Some("shop")
    );
}

#[test]
fn what_is_unchanged_is_one_allocation() {
    let (one, two) = (
        folder(&[
            ("a.yaml", DEPLOYMENT),
            (
                "b.yaml",
                "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n",
            ),
        ]),
        folder(&[
            ("a.yaml", DEPLOYMENT),
            (
                "b.yaml",
                "apiVersion: v1\nkind: Service\nmetadata: {name: x, labels: {a: b}}\n",
            ),
        ]),
    );
    let setup = Setup::new();
    let spec = manifests(&["*.yaml"]);
    let (base, head) = (setup.read(&spec, one.path()), setup.read(&spec, two.path()));
    assert!(Arc::ptr_eq(
        object(&base, "Deployment", "api"),
        object(&head, "Deployment", "api")
    ));
    assert!(!Arc::ptr_eq(
        object(&base, "Service", "x"),
        object(&head, "Service", "x")
    ));
    // In another namespace it is another object.
    let mut elsewhere = setup.context();
    elsewhere.default_namespace = Some("other");
    let other = read(&spec, &Files::folder(one.path()), &elsewhere);
    assert_eq!(
        object(&other, "Service", "x").id.namespace.as_deref(),
        Some("other")
    );
}

#[test]
fn json_with_escapes_that_yaml_lacks() {
    let root = folder(&[(
        "a.json",
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"smile":"\ud83d\ude00"}}"#,
    )]);
    let world = Setup::new().read(&manifests(&["a.json"]), root.path());
    assert_eq!(problems(&world), [""; 0]);
    let c = object(&world, "ConfigMap", "c");
    assert_eq!(c.tree.root().text_at(&["data", "smile"]), Some("😀"));
}

#[test]
fn a_symlink_that_leads_out_is_refused_and_one_inside_is_read_once() {
    let root = folder(&[("d/a.yaml", DEPLOYMENT)]);
    std::os::unix::fs::symlink("a.yaml", root.path().join("d/b.yaml")).expect("linked");
    let world = Setup::new().read(&manifests(&["d"]), root.path());
    assert_eq!(problems(&world), [""; 0]);
    std::os::unix::fs::symlink("/etc/passwd", root.path().join("d/c.yaml")).expect("linked");
    let world = Setup::new().read(&manifests(&["d"]), root.path());
    assert_eq!(world.problems.len(), 1);
    assert!(world.incomplete.is_some(), "{:?}", problems(&world));
    assert_eq!(ids(&world), ["Deployment/shop/api"]);
}

#[test]
fn renders_are_handed_over_per_revision() {
    let render = folder(&[("production/api.yaml", DEPLOYMENT)]);
    let root = folder(&[("helmfile.yaml", "releases: []\n")]);
    let spec = DesiredSpec::Rendered {
        path: "production".into(),
    };
    let mut setup = Setup::new();
    let world = setup.read(&spec, root.path());
    let unread = world.incomplete.expect("nothing was handed over");
    assert_eq!(unread.cause, UnreadCause::NotRendered);
    assert_eq!(
        &*unread.detail,
        "no render of worktree was given: run your renderer and pass --rendered worktree=DIR"
    );
    setup
        .rendered
        .insert("worktree".into(), render.path().into());
    let world = setup.read(&spec, root.path());
    let api = object(&world, "Deployment", "api");
    assert_eq!(api.place.exact, Exactness::Approximate("render"));
    assert_eq!(&*api.place.file, "production/api.yaml");
    assert!(
        world.inputs.is_empty(),
        "nothing of the repository was read"
    );
    let spec = DesiredSpec::Rendered {
        path: "staging".into(),
    };
    assert!(setup.read(&spec, root.path()).incomplete.is_some());
}

#[test]
fn revisions_of_a_repository() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n";
    let repo = TestRepo::with(&[("d/api.yaml", DEPLOYMENT)]);
    let first = repo.open().resolve("HEAD").expect("a commit");
    let second = repo.change(&[("d/x.yaml", service)], "add a service");
    let git = repo.open();
    let base = git.files_at(&first).expect("a commit");
    let head = git
        .files_at(&git.resolve(&second).expect("a commit"))
        .expect("a commit");
    let (mut setup, spec) = (Setup::new(), manifests(&["d"]));
    let (a, b) = (
        read(&spec, &base, &setup.context()),
        read(&spec, &head, &setup.context()),
    );
    assert_eq!((a.objects.len(), b.objects.len()), (1, 2));
    assert!(Arc::ptr_eq(
        object(&a, "Deployment", "api"),
        object(&b, "Deployment", "api")
    ));
    let added = manifests(&["d/x.yaml"]);
    assert_eq!(is_there(&added, &base), Ok(false));
    assert_eq!(is_there(&added, &head), Ok(true));

    // Renders are handed over by commit.
    let render = folder(&[("production/x.yaml", service)]);
    let spec = DesiredSpec::Rendered {
        path: "production".into(),
    };
    setup
        .rendered
        .insert(second[..9].to_uppercase(), render.path().into());
    setup.rendered.insert("abc".into(), "/nonexistent".into());
    assert_eq!(
        ids(&read(&spec, &head, &setup.context())),
        ["Service/shop/x"]
    );
    let unread = read(&spec, &base, &setup.context())
        .incomplete
        .expect("not this one");
    assert_eq!(unread.cause, UnreadCause::NotRendered);
    assert!(
        unread
            .detail
            .contains(&format!("--rendered {}=DIR", first.id)),
        "{unread}"
    );
}

#[test]
fn many_documents_in_one_file() {
    let text: String = (0..10_000)
        .map(|i| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{i}}}\n---\n"))
        .collect();
    let root = folder(&[("all.yaml", &text)]);
    let world = Setup::new().read(&manifests(&["all.yaml"]), root.path());
    assert_eq!((world.objects.len(), world.problems.len()), (10_000, 0));
}
