use super::*;
use crate::git::testing::TestRepo;
use git2::Oid;
use tempfile::{TempDir, tempdir};

fn views(test: &TestRepo) -> [Files; 2] {
    let repo = test.open();
    let head = repo.resolve("HEAD").expect("a commit");
    [
        repo.files_at(&head).expect("its files"),
        repo.files_of_work_tree().expect("a work tree"),
    ]
}

fn export(files: &Files, paths: &[&str]) -> Result<(TempDir, Export), FileError> {
    let to = tempdir().expect("a folder");
    let done = files.export(paths, to.path(), &ExportLimits::default())?;
    Ok((to, done))
}

fn failure(files: &Files, paths: &[&str]) -> FileError {
    export(files, paths).map(|_| ()).expect_err("an error")
}

#[cfg(unix)]
#[test]
fn files_keep_their_place_and_mode() {
    use std::os::unix::fs::PermissionsExt as _;
    let test = TestRepo::with(&[
        ("chart/Chart.yaml", "name: api\n"),
        ("chart/templates/a.yaml", "kind: X\n"),
        ("chart/run.sh", "#!/bin/sh\n"),
        ("other/secret.yaml", "no\n"),
    ]);
    let script = test.root().join("chart/run.sh");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("set the mode");
    test.commit("a script");
    let mut ids = Vec::new();
    for files in views(&test) {
        let (to, done) = export(&files, &["chart", "chart/Chart.yaml"]).expect("an export");
        assert_eq!((done.files, done.left_out.len()), (3, 0));
        assert_eq!(done.bytes, 10 + 8 + 10);
        let read = |path: &str| fs::read_to_string(to.path().join(path)).expect(path);
        assert_eq!(read("chart/Chart.yaml"), "name: api\n");
        assert_eq!(read("chart/templates/a.yaml"), "kind: X\n");
        let mode = |path: &str| {
            let meta = fs::metadata(to.path().join(path)).expect(path);
            meta.permissions().mode() & 0o777
        };
        assert_eq!(mode("chart/run.sh"), 0o700);
        assert_eq!(mode("chart/Chart.yaml"), 0o600);
        assert_eq!(mode("chart/templates"), 0o700);
        assert!(!to.path().join("other").exists());
        ids.push(done.id);
    }
    assert_eq!(ids[0], ids[1], "equal exports have equal ids");
}

#[cfg(unix)]
#[test]
fn symlinks_stay_symlinks_when_their_target_is_exported() {
    let test = TestRepo::with(&[("base/values.yaml", "a: 1\n"), ("base/x/y.yaml", "b: 1\n")]);
    test.link("overlay/values.yaml", "../base/values.yaml");
    test.link("overlay/all", "../base");
    test.link("overlay/via", "all/x/y.yaml");
    test.link("current", "overlay");
    test.commit("links");
    for files in views(&test) {
        let (to, done) = export(&files, &["current/", "base"]).expect("an export");
        assert_eq!(done.files, 6);
        let read = |path: &str| fs::read_to_string(to.path().join(path)).expect(path);
        // The way that was asked for works as well as the real one.
        for path in [
            "current/values.yaml",
            "overlay/values.yaml",
            "overlay/all/values.yaml",
        ] {
            assert_eq!(read(path), "a: 1\n");
        }
        assert_eq!(read("overlay/via"), "b: 1\n");
        let link = fs::read_link(to.path().join("overlay/all")).expect("a symlink");
        assert_eq!(link, Path::new("../base"));
        assert_eq!(
            failure(&files, &["overlay"]),
            FileError::LinkOutsideExport {
                path: "overlay/via".into(),
                target: "base/x/y.yaml".into()
            }
        );
    }
}

#[cfg(unix)]
#[test]
fn symlinks_that_lead_out_stop_the_export() {
    for target in [
        "../../secret",
        "/proc/self/environ",
        "../../repo/chart/Chart.yaml",
        "../.git/config",
    ] {
        let test = TestRepo::with(&[("chart/Chart.yaml", "name: api\n")]);
        fs::write(test.outer.path().join("secret"), "outside").expect("write");
        test.link("chart/leak", target);
        test.commit("leak");
        for files in views(&test) {
            let error = failure(&files, &["chart"]);
            assert_eq!(
                error,
                FileError::Leaves {
                    path: "chart/leak".into()
                },
                "{target}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn an_absolute_symlink_into_the_work_tree_is_not_exported() {
    let test = TestRepo::with(&[("chart/a.yaml", "a: 1\n")]);
    let real = fs::canonicalize(test.root())
        .expect("a folder")
        .join("chart/a.yaml");
    test.link("chart/abs", &real.display().to_string());
    let [_, lying] = views(&test);
    assert!(matches!(
        failure(&lying, &["chart"]),
        FileError::Leaves { .. }
    ));
}

#[cfg(unix)]
#[test]
fn circles_are_refused_and_dangling_links_left_out() {
    let test = TestRepo::with(&[("chart/Chart.yaml", "x\n")]);
    test.link("chart/gone", "nothing.yaml");
    test.commit("dangling");
    for files in views(&test) {
        let (to, done) = export(&files, &["chart"]).expect("an export");
        assert_eq!(&*done.left_out[0].path, "chart/gone");
        assert!(fs::symlink_metadata(to.path().join("chart/gone")).is_err());
    }
    test.link("chart/templates/up", "..");
    test.commit("circle");
    for files in views(&test) {
        assert!(matches!(
            failure(&files, &["chart"]),
            FileError::LinkCycle { .. }
        ));
    }
}

#[test]
fn submodules_and_pointers_stop_the_export() {
    let test = TestRepo::with(&[
        ("chart/Chart.yaml", "x\n"),
        (
            "lfs/big.yaml",
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        ),
    ]);
    test.commit_with_submodule("chart/charts/dep", "submodule");
    let [files, _] = views(&test);
    assert!(matches!(
        failure(&files, &["chart"]),
        FileError::Submodule { .. }
    ));
    assert!(matches!(
        failure(&files, &["lfs"]),
        FileError::LfsPointer { .. }
    ));
    assert!(matches!(
        failure(&files, &["gone"]),
        FileError::NotFound { .. }
    ));
    assert!(matches!(
        failure(&files, &["../x"]),
        FileError::Leaves { .. }
    ));
    let to = tempdir().expect("a folder");
    let lenient = ExportLimits {
        refuse_lfs: false,
        ..ExportLimits::default()
    };
    assert!(files.export(&["lfs"], to.path(), &lenient).is_ok());
}

#[test]
fn limits_hold() {
    let test = TestRepo::with(&[("d/a", "12345"), ("d/b", "12345"), ("d/c", "12345")]);
    let [files, _] = views(&test);
    let limited = |files_max, bytes| {
        let to = tempdir().expect("a folder");
        let limits = ExportLimits {
            files: files_max,
            bytes,
            refuse_lfs: true,
        };
        files.export(&["d"], to.path(), &limits)
    };
    assert!(limited(3, 15).is_ok());
    assert!(matches!(limited(2, 15), Err(FileError::TooMany { .. })));
    assert!(matches!(limited(3, 14), Err(FileError::TooLarge { .. })));
}

#[test]
fn only_an_empty_folder_is_written_to() {
    let test = TestRepo::with(&[("a", "1")]);
    let [files, _] = views(&test);
    let to = tempdir().expect("a folder");
    fs::write(to.path().join("mine"), "x").expect("write");
    let error = files.export(&["a"], to.path(), &ExportLimits::default());
    assert!(matches!(error, Err(FileError::Write { .. })));
    let gone = to.path().join("gone");
    let error = files.export(&["a"], &gone, &ExportLimits::default());
    assert!(matches!(error, Err(FileError::Write { .. })));
}

/// The trick of CVE-2018-11235 and its kin: a name that is a symlink and a folder at once.
#[cfg(unix)]
#[test]
fn a_name_that_is_link_and_folder_writes_nothing_outside() {
    let test = TestRepo::new();
    let outside = tempdir().expect("a folder");
    let target = outside.path().display().to_string();
    let inner = test.raw_tree(&[("100644", b"pwned", test.blob("x"))]);
    for link in [target.as_str(), "d"] {
        let link = test.blob(link);
        let mut entries: Vec<(&str, &[u8], Oid)> =
            vec![("120000", b"a", link), ("40000", b"a", inner)];
        for _ in 0..2 {
            entries.reverse();
            let tree = test.raw_tree(&entries);
            test.commit_tree(tree, "hostile");
            let [files, _] = views(&test);
            let _ = export(&files, &["."]);
            let left = fs::read_dir(outside.path()).expect("a folder").count();
            assert_eq!(left, 0);
        }
    }
}
