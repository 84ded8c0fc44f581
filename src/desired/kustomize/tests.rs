use super::super::{read, testing::*};
use crate::git::{Files, testing::TestRepo};
use crate::model::{place::Exactness, target::DesiredSpec, tree::Kind, value::UnreadCause};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

fn kustomize(folder: &str) -> DesiredSpec {
    DesiredSpec::Kustomize {
        folder: folder.into(),
    }
}

#[test]
fn an_overlay_with_generators_and_patches() {
    let Some(setup) = renderer("kustomize") else {
        return;
    };
    let root = data("kustomize");
    let world = setup.read(&kustomize("overlays/production"), &root);
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(
        ids(&world),
        [
            "ConfigMap/shop/shop-config-984c599626",
            "Secret/shop/shop-database",
            "Service/shop/shop",
            "Deployment/shop/shop",
            "HorizontalPodAutoscaler/shop/shop",
            "PodDisruptionBudget/shop/shop",
        ]
    );
    let api = object(&world, "Deployment", "shop");
    assert_eq!(
        api.tree
            .root()
            .at(&["spec", "replicas"])
            .and_then(|n| n.as_i64()),
        Some(6)
    );
    let metadata = api.tree.root().member("metadata").expect("there");
    assert!(
        metadata.member("annotations").is_none(),
        "our own annotation is gone"
    );
    let label = metadata.text_at(&["labels", "app.kubernetes.io/managed-by"]);
    assert!(
        label.is_some_and(|l| l.starts_with("kustomize-")),
        "the root's own buildMetadata"
    );
    let password = object(&world, "Secret", "shop-database")
        .tree
        .root()
        .at(&["data", "password"]);
    let expected = setup.key.seal(b"not-a-real-password");
    assert_eq!(password.and_then(|p| p.secret().cloned()), Some(expected));
}

#[test]
fn places_of_what_was_rendered() {
    let Some(setup) = renderer("kustomize") else {
        return;
    };
    let root = data("kustomize");
    let world = setup.read(&kustomize("./overlays/production/"), &root);
    let place = |kind, name| object(&world, kind, name).place.to_string();
    assert_eq!(place("Deployment", "shop"), "base/deployment.yaml:2:1");
    assert_eq!(
        place("PodDisruptionBudget", "shop"),
        "overlays/production/autoscaler.yaml:13:1"
    );
    let generated = place("Secret", "shop-database");
    assert!(
        generated.starts_with("overlays/production/kustomization.yaml:2"),
        "{generated}"
    );
    let exact = &object(&world, "Service", "shop").place.exact;
    assert_eq!(*exact, Exactness::Approximate("origin annotation"));
    let inputs: Vec<&str> = world.inputs.iter().map(|i| &**i).collect();
    assert_eq!(
        inputs,
        [
            "base/config/application.yml",
            "base/deployment.yaml",
            "base/kustomization.yaml",
            "base/service.yaml",
            "overlays/production/autoscaler.yaml",
            "overlays/production/database.env",
            "overlays/production/kustomization.yaml",
            "overlays/production/patches/replicas.yaml",
            "overlays/production/patches/resources.yaml",
        ]
    );
}

#[test]
fn a_suffix_and_a_component() {
    let Some(setup) = renderer("kustomize") else {
        return;
    };
    let world = setup.read(&kustomize("overlays/staging"), &data("kustomize"));
    assert_eq!(problems(&world), [""; 0]);
    let api = object(&world, "Deployment", "shop-staging");
    assert_eq!(api.id.namespace.as_deref(), Some("shop-staging"));
    assert_eq!(api.place.to_string(), "base/deployment.yaml:2:1");
    let labels = api.tree.root().at(&["metadata", "labels"]).expect("there");
    assert!(labels.member("app.kubernetes.io/managed-by").is_none());
}

#[test]
fn what_is_unchanged_is_rendered_once() {
    let Some(mut setup) = renderer("kustomize") else {
        return;
    };
    let kept = tempfile::tempdir().expect("a folder");
    setup.cache_folder = Some(kept.path().join("renders"));
    let files = || fs::read_dir(kept.path().join("renders")).map_or(0, Iterator::count);
    let root = copy_of("kustomize");
    let first = setup.read(&kustomize("overlays/production"), root.path());
    let second = setup.read(&kustomize("overlays/production"), root.path());
    assert!(Arc::ptr_eq(
        object(&first, "Deployment", "shop"),
        object(&second, "Deployment", "shop")
    ));
    assert_eq!(files(), 0, "it has a Secret: nothing is kept on disk");
    let staging = setup.read(&kustomize("overlays/staging"), root.path());
    assert_eq!(files(), 1);

    // Another run, in which nothing can be rendered: kept results need no renderer but its version.
    let broken = folder(&[(
        "bin/kustomize",
        "#!/bin/sh\ntest \"$1\" = version && exec REAL version\nexit 9\n",
    )]);
    let script = broken.path().join("bin/kustomize");
    let real = crate::process::find("kustomize", &setup.path, "").expect("found before");
    let text = fs::read_to_string(&script).expect("there");
    fs::write(&script, text.replace("REAL", &real.display().to_string())).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("ours");
    let again = Setup {
        cache_folder: setup.cache_folder.clone(),
        path: setup.path.clone(),
        ..Setup::new()
    };
    let third = again.read(&kustomize("overlays/staging"), root.path());
    assert_eq!(ids(&third), ids(&staging));
    assert_eq!(
        object(&third, "Deployment", "shop-staging").tree,
        object(&staging, "Deployment", "shop-staging").tree
    );

    // An edited input is another render, a damaged one is none.
    let path = root.path().join("base/service.yaml");
    let text = fs::read_to_string(&path).expect("there");
    fs::write(&path, text.replace("port: 80\n", "port: 81\n")).expect("written");
    let edited = again.read(&kustomize("overlays/staging"), root.path());
    assert_ne!(
        object(&edited, "Service", "shop-staging").tree,
        object(&staging, "Service", "shop-staging").tree
    );
    assert_eq!(files(), 2);
    for entry in fs::read_dir(kept.path().join("renders")).expect("there") {
        fs::write(entry.expect("there").path(), "kind: Garbage").expect("written");
    }
    let fresh = Setup {
        cache_folder: setup.cache_folder.clone(),
        path: setup.path.clone(),
        ..Setup::new()
    };
    let after = fresh.read(&kustomize("overlays/staging"), root.path());
    assert_eq!(ids(&after), ids(&staging));
    // Another binary is another renderer, even if it says the same version.
    let other = Setup {
        cache_folder: setup.cache_folder.clone(),
        path: std::env::join_paths([broken.path().join("bin"), "/bin".into(), "/usr/bin".into()])
            .expect("no colon"),
        ..Setup::new()
    };
    assert!(
        other
            .read(&kustomize("overlays/staging"), root.path())
            .incomplete
            .is_some()
    );
}

#[test]
fn from_a_commit_without_a_work_tree() {
    let Some(setup) = renderer("kustomize") else {
        return;
    };
    let repo = TestRepo::new();
    let source = Files::folder(&data("kustomize"));
    for path in source.walk("").expect("test data") {
        let bytes = source.read(&path).expect("test data").bytes;
        repo.write(&format!("deploy/{path}"), &bytes);
    }
    repo.commit("first");
    let git = repo.open();
    fs::remove_dir_all(repo.root().join("deploy")).expect("removed");
    let head = git
        .files_at(&git.resolve("HEAD").expect("a commit"))
        .expect("a commit");
    let spec = kustomize("deploy/overlays/production");
    let world = read(&spec, &head, &setup.context());
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(world.objects.len(), 6);
    let place = &object(&world, "Deployment", "shop").place;
    assert_eq!(place.to_string(), "deploy/base/deployment.yaml:2:1");
}

fn refused(files: &[(&str, &str)]) -> (String, UnreadCause) {
    // No renderer is needed to refuse.
    let mut setup = Setup::new();
    setup.path = "/nonexistent".into();
    let root = folder(files);
    let world = setup.read(&kustomize("o"), root.path());
    let unread = world.incomplete.expect("refused");
    (unread.detail.into(), unread.cause)
}

#[test]
fn nothing_is_fetched() {
    for (field, line) in [
        (
            "resources:\n- a.yaml\n- https://github.com/org/repo//deploy?ref=v1\n",
            3,
        ),
        ("bases: [git@github.com:org/repo.git]\n", 1),
        ("components:\n- github.com/org/repo/components/x\n", 2),
        (
            "configMapGenerator:\n- name: c\n  files: [a=https://example.com/a]\n",
            3,
        ),
        ("openapi:\n  path: http://example.com/schema.json\n", 2),
        ("patches:\n- path: https://example.com/p.yaml\n", 2),
        (
            "helmCharts:\n- name: redis\n  repo: https://charts.example.com\n",
            2,
        ),
    ] {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n";
        let (said, cause) = refused(&[("o/kustomization.yaml", field), ("o/a.yaml", text)]);
        assert!(
            said.starts_with(&format!("o/kustomization.yaml:{line}:")),
            "{said}"
        );
        assert!(said.contains("nothing is fetched"), "{said}");
        assert_eq!(cause, UnreadCause::NotRendered);
    }
    // Also where a base of a base does.
    let (said, _) = refused(&[
        ("o/kustomization.yaml", "resources: [../b]\n"),
        ("b/kustomization.yml", "resources: [../c]\n"),
        (
            "c/Kustomization",
            "# deep\nresources: ['git::https://example.com/x']\n",
        ),
    ]);
    assert!(said.starts_with("c/Kustomization:2:"), "{said}");
}

#[test]
fn what_is_missing_or_outside() {
    let (said, cause) = refused(&[("x.yaml", "")]);
    assert_eq!(
        (said.as_str(), cause),
        ("o: no kustomization.yaml in o", UnreadCause::MissingObject)
    );
    let (said, cause) = refused(&[("o/kustomization.yaml", "resources: [a.yaml]\n")]);
    assert!(
        said.starts_with("o/kustomization.yaml:1:13: o/a.yaml does not exist"),
        "{said}"
    );
    assert_eq!(cause, UnreadCause::MissingObject);
    for outside in ["../../x", "/etc/passwd"] {
        let text = format!("resources: ['{outside}']\n");
        let (said, _) = refused(&[("o/kustomization.yaml", &text)]);
        assert!(said.contains("leads out of the repository"), "{said}");
    }
    let (said, _) = refused(&[
        ("o/kustomization.yaml", "resources: [../a.yaml]\n"),
        ("a.yaml", "x: 1\n"),
    ]);
    assert!(
        said.contains("outside of the kustomization's folder"),
        "{said}"
    );
    let (said, _) = refused(&[("o/kustomization.yaml", "resources: [\n")]);
    assert!(said.starts_with("o/kustomization.yaml:"), "{said}");
    // A circle ends.
    let (said, _) = refused(&[
        ("o/kustomization.yaml", "resources: [../b]\n"),
        ("b/kustomization.yaml", "resources: [../o]\n"),
    ]);
    assert!(said.contains("kustomize is not installed"), "{said}");
}

#[test]
fn plugins_do_not_run() {
    let Some(setup) = renderer("kustomize") else {
        return;
    };
    let root = folder(&[
        ("o/kustomization.yaml", "generators: [gen.yaml]\n"),
        (
            "o/gen.yaml",
            "apiVersion: example.com/v1\nkind: Evil\nmetadata:\n  name: e\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./evil.sh}\n",
        ),
        ("o/evil.sh", "#!/bin/sh\ntouch ran\n"),
    ]);
    let evil = root.path().join("o/evil.sh");
    fs::set_permissions(&evil, fs::Permissions::from_mode(0o755)).expect("ours");
    let world = setup.read(&kustomize("o"), root.path());
    let unread = world.incomplete.expect("refused");
    assert!(
        unread.detail.contains("kustomize failed (exit code 1)"),
        "{unread}"
    );
    assert!(
        unread.detail.contains("rendered:"),
        "says what to do: {unread}"
    );
}

#[test]
fn a_symlink_out_of_the_repository_is_not_followed() {
    let Some(setup) = renderer("kustomize") else {
        return;
    };
    let root = copy_of("kustomize");
    std::os::unix::fs::symlink("/etc/passwd", root.path().join("base/config/users"))
        .expect("linked");
    let world = setup.read(&kustomize("overlays/staging"), root.path());
    let unread = world.incomplete.expect("refused");
    assert!(
        unread.detail.contains("leads out of the repository"),
        "{unread}"
    );
    assert!(world.objects.is_empty());
}

#[test]
fn a_symlink_inside_the_repository_is() {
    let Some(setup) = renderer("kustomize") else {
        return;
    };
    let root = copy_of("kustomize");
    fs::create_dir(root.path().join("shared")).expect("made");
    let (from, to) = (
        root.path().join("base/service.yaml"),
        root.path().join("shared/service.yaml"),
    );
    fs::rename(&from, to).expect("moved");
    std::os::unix::fs::symlink("../shared/service.yaml", &from).expect("linked");
    let world = setup.read(&kustomize("overlays/staging"), root.path());
    // Kustomize itself refuses files outside of its root, also through symlinks.
    assert!(world.incomplete.is_some(), "{:?}", problems(&world));
}

#[test]
fn a_local_chart_is_inflated() {
    let Some(setup) = renderer("kustomize") else {
        return;
    };
    if renderer("helm").is_none() {
        return;
    }
    let root = copy_of("helm");
    let chart = root.path().join("web/charts/cache");
    fs::create_dir_all(root.path().join("o/charts")).expect("made");
    fs::rename(chart, root.path().join("o/charts/cache")).expect("moved");
    fs::write(
        root.path().join("o/kustomization.yaml"),
        "helmCharts:\n- name: cache\n  releaseName: shop\n",
    )
    .expect("written");
    let world = setup.read(&kustomize("o"), root.path());
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(ids(&world), ["StatefulSet/shop/shop-cache"]);
    let template =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {id: {{ uuidv4 }}, a: b}\n";
    fs::write(
        root.path().join("o/charts/cache/templates/c.yaml"),
        template,
    )
    .expect("written");
    let world = setup.read(&kustomize("o"), root.path());
    let data = object(&world, "ConfigMap", "c")
        .tree
        .root()
        .member("data")
        .expect("there");
    assert_eq!(data.member("id").map(|n| n.kind()), Some(Kind::Opaque));
    assert_eq!(data.text_at(&["a"]), Some("b"));
}

#[test]
fn a_renderer_that_hangs_or_is_missing() {
    let bin = folder(&[(
        "kustomize",
        "#!/bin/sh\ntest \"$1\" = version && echo v9 && exit\nexec sleep 30\n",
    )]);
    let program = bin.path().join("kustomize");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("ours");
    let mut setup = Setup::new();
    setup.render.timeout = Some(1);
    setup.path = std::env::join_paths([bin.path(), Path::new("/usr/bin"), Path::new("/bin")])
        .expect("no colon");
    let world = setup.read(&kustomize("overlays/staging"), &data("kustomize"));
    let unread = world.incomplete.expect("too slow");
    assert_eq!(unread.cause, UnreadCause::NotRendered);
    assert!(unread.detail.contains("did not end within 1 s"), "{unread}");
    setup.path = "/nonexistent".into();
    let world = setup.read(&kustomize("overlays/staging"), &data("kustomize"));
    let unread = world.incomplete.expect("missing");
    assert!(
        unread.detail.contains("kustomize is not installed"),
        "{unread}"
    );
    assert!(unread.detail.contains("--rendered"), "{unread}");
}

#[test]
fn sops_values_that_were_rendered_are_opaque() {
    let Some(setup) = renderer("kustomize") else {
        return;
    };
    let root = folder(&[(
        "o/kustomization.yaml",
        "secretGenerator:\n- name: s\n  literals: ['p=ENC[AES256_GCM,data:abc,type:str]', u=app]\n  options: {disableNameSuffixHash: true}\n",
    )]);
    let world = setup.read(&kustomize("o"), root.path());
    let data = object(&world, "Secret", "s")
        .tree
        .root()
        .member("data")
        .expect("there");
    let kind = |name| data.member(name).map(|n| n.kind());
    assert_eq!(kind("p"), Some(Kind::Opaque));
    assert_eq!(kind("u"), Some(Kind::Sealed));
}
