use super::*;
use crate::git::{
    Repository,
    testing::{TestRepo, open},
};

fn at_head(repo: &Repository) -> Files {
    let head = repo.resolve("HEAD").expect("a commit");
    repo.files_at(&head).expect("its files")
}

/// The same files as git, the work tree and a plain folder have them.
fn three_views(test: &TestRepo) -> [Files; 3] {
    let repo = test.open();
    [
        at_head(&repo),
        repo.files_of_work_tree().expect("a work tree"),
        Files::folder(&test.root()),
    ]
}

fn strings(paths: &[Arc<str>]) -> Vec<&str> {
    paths.iter().map(|p| &**p).collect()
}

fn must_be_shared<T: Send + Sync + Clone>(_: &T) {}

#[test]
fn files_are_read_the_same_everywhere() {
    let test = TestRepo::with(&[
        ("deploy/api.yaml", "kind: Deployment\n"),
        ("top.txt", "x\n"),
    ]);
    for files in three_views(&test) {
        must_be_shared(&files);
        let found = files.read("./deploy/api.yaml").expect("a file");
        assert_eq!(&*found.bytes, b"kind: Deployment\n");
        assert_eq!(&*found.path, "deploy/api.yaml");
        assert_eq!(
            &*found.id,
            test.blob("kind: Deployment\n").to_string(),
            "{}",
            files.at()
        );
        assert_eq!(files.id_of("deploy/api.yaml"), Ok(found.id));
        assert_eq!(files.kind_of("deploy"), Ok(PathKind::Folder));
        assert_eq!(files.kind_of("top.txt"), Ok(PathKind::File));
        assert_eq!(files.kind_of("top.txt/x"), Ok(PathKind::Absent));
        assert_eq!(files.exists("gone"), Ok(false));
        assert_eq!(
            files.list(""),
            Ok(vec![
                Listed {
                    name: "deploy".into(),
                    kind: PathKind::Folder
                },
                Listed {
                    name: "top.txt".into(),
                    kind: PathKind::File
                },
            ])
        );
        assert!(matches!(
            files.read("deploy"),
            Err(FileError::NotAFile { .. })
        ));
        assert!(matches!(
            files.walk("top.txt"),
            Err(FileError::NotAFolder { .. })
        ));
        assert!(matches!(
            files.walk("gone"),
            Err(FileError::NotFound { .. })
        ));
        for out in ["../x", "/etc/passwd", "deploy/../../x"] {
            assert!(
                matches!(files.read(out), Err(FileError::Leaves { .. })),
                "{out}"
            );
        }
        for wrong in [".git/config", "deploy//api.yaml", "a\0b", "x/.GIT/y"] {
            assert!(
                matches!(files.read(wrong), Err(FileError::Invalid { .. })),
                "{wrong:?}"
            );
        }
    }
}

#[test]
fn a_missing_file_names_the_revision() {
    let test = TestRepo::with(&[("a", "1")]);
    let [committed, lying, _] = three_views(&test);
    let text = committed
        .read("b.yaml")
        .err()
        .expect("an error")
        .to_string();
    assert_eq!(
        text,
        format!("b.yaml does not exist at {}", &test.head()[..7])
    );
    let text = lying.read("b.yaml").err().expect("an error").to_string();
    assert_eq!(text, "b.yaml does not exist in the work tree");
    assert_eq!(committed.revision(), Some(test.head().as_str()));
    assert_eq!(lying.revision(), None);
    assert_eq!(&*committed.describe().name, "HEAD");
    let gone = Files::folder(&test.root().join("gone"));
    assert!(matches!(gone.read("a"), Err(FileError::NotFound { .. })));
    assert!(matches!(gone.walk(""), Err(FileError::NotFound { .. })));
}

#[test]
fn a_revision_does_not_see_the_work_tree() {
    let test = TestRepo::with(&[("a.yaml", "1\n")]);
    test.write("a.yaml", "2\n");
    test.write("new.yaml", "3\n");
    let [committed, lying, _] = three_views(&test);
    assert_eq!(&*committed.read("a.yaml").expect("a file").bytes, b"1\n");
    assert_eq!(committed.exists("new.yaml"), Ok(false));
    assert_eq!(&*lying.read("a.yaml").expect("a file").bytes, b"2\n");
    assert_eq!(
        strings(&lying.walk("").expect("files")),
        ["a.yaml", "new.yaml"]
    );
}

#[cfg(unix)]
#[test]
fn symlinks_are_followed_inside_and_nowhere_else() {
    let test = TestRepo::with(&[
        ("base/values.yaml", "a: 1\n"),
        ("base/deep/x.yaml", "b: 2\n"),
    ]);
    std::fs::write(test.outer.path().join("secret"), "outside").expect("write");
    test.link("overlay/values.yaml", "../base/values.yaml");
    test.link("again", "./overlay//values.yaml");
    test.link("overlay/all", "../base");
    test.link("loop-a", "loop-b");
    test.link("loop-b", "loop-a");
    test.link("out", "../secret");
    test.link("far-out", "base/../../secret");
    test.link("absolute", "/etc/hostname");
    test.link("to-git", ".git/config");
    test.link("nowhere", "base/gone.yaml");
    test.commit("links");
    for files in three_views(&test) {
        for path in ["overlay/values.yaml", "again", "overlay/all/values.yaml"] {
            let found = files.read(path).expect(path);
            assert_eq!(&*found.bytes, b"a: 1\n", "{path}");
            assert_eq!(&*found.path, "base/values.yaml", "{path}");
        }
        assert_eq!(
            &*files.read("overlay/all/deep/x.yaml").expect("a file").bytes,
            b"b: 2\n"
        );
        for path in ["out", "far-out", "absolute", "to-git", "out/x"] {
            let error = files.read(path).err();
            assert!(
                matches!(error, Some(FileError::Leaves { .. })),
                "{path}: {error:?}"
            );
            assert!(
                files.exists(path).is_err(),
                "{path}: unreadable is not missing"
            );
        }
        assert!(matches!(
            files.read("loop-a"),
            Err(FileError::LinkCycle { .. })
        ));
        assert!(matches!(
            files.read("nowhere"),
            Err(FileError::NotFound { .. })
        ));
        assert_eq!(files.kind_of("overlay/all"), Ok(PathKind::Folder));
        assert_eq!(files.kind_of("nowhere"), Ok(PathKind::Absent));
        let listed = files.list("").expect("a list");
        let kind = |name: &str| listed.iter().find(|l| &*l.name == name).map(|l| l.kind);
        assert_eq!(kind("again"), Some(PathKind::File));
        assert_eq!(kind("out"), Some(PathKind::Other));
        assert_eq!(kind("nowhere"), Some(PathKind::Absent));
    }
}

#[cfg(unix)]
#[test]
fn an_absolute_symlink_into_the_work_tree_is_inside() {
    let test = TestRepo::with(&[("base/a.yaml", "a: 1\n")]);
    test.link(
        "abs.yaml",
        &test.root().join("base/a.yaml").display().to_string(),
    );
    test.commit("link");
    let [committed, lying, _] = three_views(&test);
    assert_eq!(
        &*lying.read("abs.yaml").expect("a file").path,
        "base/a.yaml"
    );
    // In git it depends on the machine: no.
    assert!(matches!(
        committed.read("abs.yaml"),
        Err(FileError::Leaves { .. })
    ));
}

#[cfg(unix)]
#[test]
fn walks_follow_symlinked_folders_and_end() {
    let test = TestRepo::with(&[
        ("base/a.yaml", "1"),
        ("base/sub/b.yaml", "2"),
        ("z.yaml", "3"),
    ]);
    test.link("overlay/shared", "../base");
    test.link("base/sub/up", "../..");
    test.link("overlay/dangling.yaml", "gone.yaml");
    test.commit("links");
    for files in three_views(&test) {
        let all = files.walk("overlay").expect("files");
        assert_eq!(
            strings(&all)[..3],
            [
                "overlay/dangling.yaml",
                "overlay/shared/a.yaml",
                "overlay/shared/sub/b.yaml"
            ]
        );
        // The link back up is entered once on each way down, then the circle is noticed.
        assert!(all.len() < 20, "{all:?}");
        assert!(files.read("overlay/shared/sub/b.yaml").is_ok());
        let base = files.walk("base").expect("files");
        assert_eq!(strings(&base)[..2], ["base/a.yaml", "base/sub/b.yaml"]);
        assert!(files.walk("").is_ok());
    }
}

#[cfg(unix)]
#[test]
fn walks_do_not_lose_what_leads_out() {
    let test = TestRepo::with(&[("deploy/a.yaml", "1"), ("other/b.yaml", "2")]);
    test.link("deploy/parent", "../..");
    test.commit("links");
    for files in three_views(&test) {
        assert!(matches!(
            files.walk("deploy"),
            Err(FileError::Leaves { .. })
        ));
        let walk = files.walk_all("deploy").expect("a walk");
        assert_eq!(strings(&walk.files), ["deploy/a.yaml"]);
        assert_eq!(&*walk.skipped[0].path, "deploy/parent");
        assert_eq!(
            strings(&files.walk("other").expect("files")),
            ["other/b.yaml"]
        );
    }
}

#[test]
fn submodules_are_named_and_not_followed() {
    let test = TestRepo::with(&[("deploy/a.yaml", "1"), ("top.yaml", "2")]);
    test.commit_with_submodule("deploy/vendor", "add a submodule");
    test.write("deploy/vendor/.git", "gitdir: ../../.git/modules/vendor\n");
    test.write("deploy/vendor/x.yaml", "3");
    let [committed, lying, _] = three_views(&test);
    for files in [committed, lying] {
        let submodule = |e: Option<FileError>| matches!(e, Some(FileError::Submodule { .. }));
        assert!(submodule(files.read("deploy/vendor/x.yaml").err()));
        assert!(submodule(files.read("deploy/vendor").err()));
        assert!(submodule(files.walk("deploy").err()), "{}", files.at());
        assert!(submodule(files.walk("deploy/vendor").err()));
        assert_eq!(files.kind_of("deploy/vendor"), Ok(PathKind::Submodule));
        let all = files.glob("deploy/**/*.yaml").expect("files");
        assert_eq!(strings(&all.files), ["deploy/a.yaml"]);
        assert_eq!(&*all.skipped[0].path, "deploy/vendor");
        // A pattern that cannot match inside of it does not mind it.
        assert_eq!(files.glob("deploy/*.yaml").expect("files").skipped, []);
        let text = files.walk("deploy").expect_err("an error").to_string();
        assert!(text.contains("deploy/vendor is a submodule"), "{text}");
    }
}

#[test]
fn globs_stay_within_segments() {
    let test = TestRepo::with(&[
        ("deploy/eu/api.yaml", "1"),
        ("deploy/us/api.yaml", "2"),
        ("deploy/us/old/api.yaml", "3"),
        ("deploy/readme.md", "4"),
        ("values-eu.yaml", "5"),
    ]);
    for files in three_views(&test) {
        let glob = |pattern: &str| {
            let found = files.glob(pattern).expect(pattern).files;
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            glob("deploy/*/api.yaml"),
            ["deploy/eu/api.yaml", "deploy/us/api.yaml"]
        );
        assert_eq!(glob("deploy/**/api.yaml").len(), 3);
        assert_eq!(glob("**/*.md"), ["deploy/readme.md"]);
        assert_eq!(glob("values-*.yaml"), ["values-eu.yaml"]);
        assert_eq!(glob("./deploy/{eu,gone}/*.yaml"), ["deploy/eu/api.yaml"]);
        assert_eq!(glob("deploy/us/api.yaml"), ["deploy/us/api.yaml"]);
        assert_eq!(glob("*.yaml"), ["values-eu.yaml"]);
        assert!(glob("gone/*.yaml").is_empty());
        assert!(matches!(files.glob("../*"), Err(FileError::Leaves { .. })));
        assert!(matches!(files.glob("a[/x"), Err(FileError::Pattern { .. })));
    }
}

#[test]
fn lfs_pointers_are_not_content() {
    let pointer = "version https://git-lfs.github.com/spec/v1\n\
                   oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n\
                   size 12345\n";
    let test = TestRepo::with(&[("values.yaml", pointer)]);
    for files in three_views(&test) {
        let error = files.read("values.yaml").err().expect("an error");
        assert!(matches!(error, FileError::LfsPointer { .. }), "{error}");
        assert!(
            !error.to_string().contains("4d7a21"),
            "no content in errors"
        );
    }
}

#[test]
fn a_blob_that_a_partial_clone_lacks_is_neither_absent_nor_empty() {
    let test = TestRepo::with(&[("deploy/a.yaml", "a: 1\n")]);
    let clone = test.clone_as("partial", &["--filter=blob:none", "--no-checkout"]);
    let files = at_head(&open(&clone));
    let error = files.read("deploy/a.yaml").err().expect("an error");
    assert!(matches!(error, FileError::MissingObject { .. }), "{error}");
    assert!(error.to_string().contains("git fetch"), "{error}");
    assert_eq!(files.exists("deploy/a.yaml"), Ok(true));
    assert_eq!(strings(&files.walk("").expect("files")), ["deploy/a.yaml"]);

    let clone = test.clone_as("treeless", &["--filter=tree:0", "--no-checkout"]);
    let files = at_head(&open(&clone));
    for error in [files.read("deploy/a.yaml").err(), files.walk("").err()] {
        assert!(
            matches!(error, Some(FileError::MissingObject { .. })),
            "{error:?}"
        );
    }
}

#[test]
fn huge_files_are_refused() {
    let test = TestRepo::with(&[("a", "1")]);
    let file = std::fs::File::create(test.root().join("huge.yaml")).expect("a file");
    file.set_len((64 << 20) + 1).expect("a sparse file");
    let lying = test.open().files_of_work_tree().expect("a work tree");
    assert!(matches!(
        lying.read("huge.yaml"),
        Err(FileError::TooLarge { .. })
    ));
    test.commit("huge");
    let committed = at_head(&test.open());
    assert!(matches!(
        committed.read("huge.yaml"),
        Err(FileError::TooLarge { .. })
    ));
}

#[cfg(unix)]
#[test]
fn a_pipe_does_not_hang() {
    let test = TestRepo::with(&[("d/a", "1")]);
    let made = std::process::Command::new("mkfifo")
        .arg(test.root().join("d/pipe.yaml"))
        .status();
    assert!(made.expect("mkfifo").success());
    let lying = test.open().files_of_work_tree().expect("a work tree");
    assert!(matches!(
        lying.read("d/pipe.yaml"),
        Err(FileError::NotAFile { .. })
    ));
    assert_eq!(
        strings(&lying.walk("d").expect("files")),
        ["d/a", "d/pipe.yaml"]
    );
    assert!(lying.id_of("d").is_ok());
}

#[test]
fn hostile_trees_are_harmless() {
    let test = TestRepo::new();
    let blob = test.blob("x");
    let inner = test.raw_tree(&[("100644", b"config", blob)]);
    let root = test.raw_tree(&[
        ("40000", b"..", inner),
        ("40000", b".git", inner),
        ("100644", b"a/b", blob),
        ("100644", b"caf\xe9.yaml", blob),
        ("100644", b"fine.yaml", blob),
    ]);
    test.commit_tree(root, "hostile");
    let files = at_head(&test.open());
    let walk = files.walk_all("").expect("a walk");
    assert_eq!(strings(&walk.files), ["fine.yaml"]);
    assert_eq!(walk.skipped.len(), 4, "{:?}", walk.skipped);
    assert!(files.walk("").is_err());
}

#[test]
fn names_that_are_not_utf8_are_passed_over_and_listed() {
    let test = TestRepo::new();
    let blob = test.blob("x");
    let root = test.raw_tree(&[
        ("100644", b"caf\xe9.yaml", blob),
        ("100644", b"fine.yaml", blob),
    ]);
    test.commit_tree(root, "latin 1");
    let files = at_head(&test.open());
    assert_eq!(strings(&files.walk("").expect("files")), ["fine.yaml"]);
    let skipped = files.walk_all("").expect("a walk").skipped;
    assert_eq!(&*skipped[0].path, "caf\u{fffd}.yaml");
    assert!(matches!(skipped[0].why, FileError::NameNotUtf8 { .. }));
}

#[test]
fn a_tree_that_stands_for_billions_of_files_ends() {
    let test = TestRepo::new();
    let blob = test.blob("x");
    let mut tree = test.raw_tree(&[("100644", b"f", blob)]);
    let names: Vec<String> = (0..40).map(|n| format!("d{n:02}")).collect();
    for _ in 0..8 {
        let entries: Vec<(&str, &[u8], Oid)> = names
            .iter()
            .map(|name| ("40000", name.as_bytes(), tree))
            .collect();
        tree = test.raw_tree(&entries);
    }
    test.commit_tree(tree, "bomb");
    let files = at_head(&test.open());
    assert!(matches!(files.walk(""), Err(FileError::TooMany { .. })));
    assert_eq!(files.glob("d00/d00/*").expect("few").files.len(), 0);
    // Folders in folders without end.
    let mut deep = test.raw_tree(&[("100644", b"f", blob)]);
    for _ in 0..2000 {
        deep = test.raw_tree(&[("40000", b"d", deep)]);
    }
    test.commit_tree(deep, "deep");
    assert!(matches!(
        at_head(&test.open()).walk(""),
        Err(FileError::TooMany { .. })
    ));
}

#[test]
fn ids_change_with_the_content_of_a_folder() {
    let test = TestRepo::with(&[("a/x.yaml", "1"), ("a/b/y.yaml", "2"), ("c.yaml", "3")]);
    for (i, old) in three_views(&test).into_iter().enumerate() {
        let (folder, file) = (
            old.id_of("a").expect("an id"),
            old.id_of("c.yaml").expect("an id"),
        );
        assert_eq!(old.id_of("a"), Ok(folder.clone()));
        test.change(&[("a/b/y.yaml", &format!("changed {i}"))], "change");
        let new = &three_views(&test)[i];
        assert_ne!(new.id_of("a").expect("an id"), folder);
        assert_eq!(new.id_of("c.yaml").expect("an id"), file);
        assert!(matches!(new.id_of("gone"), Err(FileError::NotFound { .. })));
    }
}

#[test]
fn many_threads_may_read() {
    let contents: Vec<(String, String)> = (0..50)
        .map(|n| (format!("d/{n}.yaml"), format!("value: {n}\n")))
        .collect();
    let files: Vec<(&str, &str)> = contents.iter().map(|(a, b)| (&**a, &**b)).collect();
    let test = TestRepo::with(&files);
    let view = at_head(&test.open());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (path, content) in &contents {
                    assert_eq!(&*view.read(path).expect("a file").bytes, content.as_bytes());
                }
            });
        }
    });
}
