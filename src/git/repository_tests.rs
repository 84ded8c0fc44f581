use super::*;
use crate::git::testing::{TestRepo, git_at, open};
use tempfile::tempdir;

fn error(repo: &Repository, spec: &str) -> GitError {
    repo.resolve(spec).expect_err("no such revision")
}

#[test]
fn outside_of_git_there_is_no_repository() {
    let folder = tempdir().expect("a folder");
    assert!(
        Repository::discover(folder.path())
            .expect("no error")
            .is_none()
    );
    let gone = folder.path().join("gone");
    assert!(matches!(
        Repository::discover(&gone),
        Err(GitError::Broken { .. })
    ));
}

#[test]
fn a_repository_is_found_from_below() {
    let test = TestRepo::with(&[("deploy/eu/api.yaml", "a: 1\n")]);
    let root = fs::canonicalize(test.root()).expect("a folder");
    for from in ["", "deploy/eu", "deploy/eu/api.yaml"] {
        let repo = open(&root.join(from));
        assert_eq!(repo.root(), root, "{from}");
        assert!(!repo.is_bare());
        assert!(!repo.is_shallow());
    }
    let repo = test.open();
    let prefix = |path: &str| repo.prefix_of(&root.join(path));
    assert_eq!(
        prefix("deploy/eu/api.yaml").as_deref(),
        Ok("deploy/eu/api.yaml")
    );
    assert_eq!(
        prefix("deploy/../deploy/new.yaml").as_deref(),
        Ok("deploy/new.yaml")
    );
    assert_eq!(prefix("").as_deref(), Ok(""));
    assert!(matches!(prefix(".."), Err(GitError::Outside { .. })));
    assert!(matches!(prefix("../x.yaml"), Err(GitError::Outside { .. })));
}

#[test]
fn a_bare_repository_has_revisions_and_no_work_tree() {
    let test = TestRepo::with(&[("a.yaml", "a: 1\n")]);
    let repo = open(&test.clone_as("bare.git", &["--bare"]));
    assert!(repo.is_bare());
    assert!(repo.root().ends_with("bare.git"));
    let head = repo.resolve("HEAD").expect("a commit");
    let files = repo.files_at(&head).expect("its files");
    assert_eq!(&*files.read("a.yaml").expect("a file").bytes, b"a: 1\n");
    assert!(matches!(
        repo.files_of_work_tree().err(),
        Some(GitError::Bare { .. })
    ));
}

#[test]
fn a_linked_work_tree_is_a_repository_of_its_own() {
    let test = TestRepo::with(&[("a.yaml", "a: 1\n")]);
    test.run(&["worktree", "add", "-q", "-b", "side", "../linked"]);
    let linked = test.outer.path().join("linked");
    fs::write(linked.join("a.yaml"), "a: 2\n").expect("write");
    let repo = open(&linked);
    assert!(repo.root().ends_with("linked"));
    let files = repo.files_of_work_tree().expect("its files");
    assert_eq!(&*files.read("a.yaml").expect("a file").bytes, b"a: 2\n");
    assert_eq!(files.walk("").expect("files"), ["a.yaml".into()]);
    assert_eq!(&*repo.resolve("side").expect("a commit").id, test.head());
}

#[test]
fn a_git_file_that_leads_nowhere_is_not_the_absence_of_git() {
    let folder = tempdir().expect("a folder");
    fs::write(folder.path().join(".git"), "gitdir: ../gone/.git\n").expect("write");
    fs::create_dir(folder.path().join("sub")).expect("make a folder");
    let error = Repository::discover(&folder.path().join("sub")).err();
    assert!(matches!(error, Some(GitError::Broken { .. })), "{error:?}");
}

#[test]
fn sha256_and_unknown_formats_are_named() {
    let folder = tempdir().expect("a folder");
    git_at(
        folder.path(),
        0,
        &["init", "-q", "--object-format=sha256", "."],
    );
    let error = Repository::discover(folder.path()).err().expect("an error");
    assert!(matches!(error, GitError::Sha256 { .. }), "{error}");
    let shown = fs::canonicalize(folder.path()).expect("a folder");
    assert!(
        error.to_string().contains(&shown.display().to_string()),
        "{error}"
    );

    let folder = tempdir().expect("a folder");
    git_at(folder.path(), 0, &["init", "-q", "."]);
    git_at(
        folder.path(),
        0,
        &["config", "core.repositoryformatversion", "1"],
    );
    git_at(
        folder.path(),
        0,
        &["config", "extensions.refstorage", "reftable"],
    );
    let error = Repository::discover(folder.path()).err().expect("an error");
    assert!(matches!(error, GitError::Format { .. }), "{error}");
}

#[test]
fn a_repository_of_another_user_is_refused_with_the_remedy() {
    let e = git2::Error::new(
        ErrorCode::Owner,
        git2::ErrorClass::Config,
        "repository path '/srv/repo' is not owned by current user",
    );
    let text = open_error("/srv/repo".into(), &e).to_string();
    assert!(
        text.contains("git config --global --add safe.directory /srv/repo"),
        "{text}"
    );
}

#[test]
fn without_a_commit_head_is_unborn() {
    let test = TestRepo::new();
    let repo = test.open();
    for spec in ["HEAD", "main", "HEAD~1", "@"] {
        assert!(
            matches!(error(&repo, spec), GitError::Unborn { .. }),
            "{spec}: {}",
            error(&repo, spec)
        );
    }
    assert!(matches!(error(&repo, "other"), GitError::Unknown { .. }));
}

#[test]
fn expressions_lead_to_commits() {
    let test = TestRepo::with(&[("a.yaml", "a: 1\n")]);
    let first = test.head();
    let second = test.change(&[("a.yaml", "a: 2\n")], "second");
    test.run(&["tag", "-a", "-m", "a release", "v1.0", &first]);
    test.run(&["tag", "light", &first]);
    let repo = test.open();
    for (spec, id) in [
        ("HEAD", &second),
        ("main", &second),
        ("HEAD~1", &first),
        ("HEAD^", &first),
        ("v1.0", &first),
        ("v1.0^{commit}", &first),
        ("light", &first),
        ("main@{1}", &first),
        (&second[..7], &second),
        (&second[..], &second),
    ] {
        let revision = repo.resolve(spec).expect(spec);
        assert_eq!(&*revision.id, id, "{spec}");
        assert_eq!(&*revision.name, spec);
    }
    let time = repo.resolve(&first).expect("a commit").time;
    assert_eq!(time.to_string(), "2026-01-01T00:00:00Z");
}

#[test]
fn what_is_no_commit_is_said() {
    let test = TestRepo::with(&[("d/a.yaml", "a: 1\n")]);
    let blob = test.blob("x").to_string();
    test.run(&["tag", "of-a-file", &blob]);
    let repo = test.open();
    let not = |spec, what| {
        let e = error(&repo, spec);
        assert!(
            matches!(&e, GitError::NotACommit { what: w, .. } if *w == what),
            "{spec}: {e}"
        );
    };
    not("HEAD:d/a.yaml", "file");
    not("HEAD:d", "folder");
    not("HEAD^{tree}", "folder");
    not("of-a-file", "file");
    for spec in ["", " ", "HEAD..main", "HEAD...main", "a\0b"] {
        let e = error(&repo, spec);
        assert!(matches!(e, GitError::NotARevision { .. }), "{spec:?}: {e}");
    }
    for spec in [
        "HEAD~",
        "HEAD^{",
        "@{",
        "HEAD~99999999999999999999",
        "^",
        ":/",
        "\u{202e}",
    ] {
        // Whatever it means, it is an answer.
        let _ = repo.resolve(spec);
    }
}

#[test]
fn an_unknown_revision_is_answered_with_similar_names() {
    let test = TestRepo::with(&[("a.yaml", "a: 1\n")]);
    test.run(&["branch", "production"]);
    let clone = test.clone_as("clone", &[]);
    let repo = open(&clone);
    let text = error(&repo, "prodution~2").to_string();
    assert!(text.contains("`prodution~2`"), "{text}");
    assert!(text.contains("did you mean `origin/production`?"), "{text}");
    let text = error(&repo, "production").to_string();
    assert!(text.contains("`origin/production`"), "{text}");
    let text = error(&repo, "completely-different").to_string();
    assert!(!text.contains("did you mean"), "{text}");
    assert!(!text.contains("shallow"), "{text}");
    let far = error(&repo, "0123456789012345678901234567890123456789");
    assert!(matches!(far, GitError::Unknown { .. }), "{far}");
}

#[test]
fn in_a_shallow_clone_the_remedy_is_said() {
    let test = TestRepo::with(&[("a.yaml", "a: 1\n")]);
    let first = test.head();
    test.change(&[("a.yaml", "a: 2\n")], "second");
    let repo = open(&test.clone_as("shallow", &["--depth=1"]));
    assert!(repo.is_shallow());
    for spec in [first.as_str(), "HEAD~1"] {
        let text = error(&repo, spec).to_string();
        assert!(text.contains("git fetch --unshallow"), "{spec}: {text}");
    }
}

#[test]
fn the_default_base_is_the_remote_branch() {
    let test = TestRepo::with(&[("a.yaml", "a: 1\n")]);
    assert_eq!(test.open().default_base(), Ok(None));
    let clone = test.clone_as("clone", &[]);
    let base = open(&clone)
        .default_base()
        .expect("no error")
        .expect("a base");
    assert_eq!(
        (&*base.name, &*base.id),
        ("origin/main", test.head().as_str())
    );
    // `origin/HEAD` outlives the branch it names.
    git_at(
        &clone,
        0,
        &[
            "symbolic-ref",
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/gone",
        ],
    );
    let base = open(&clone)
        .default_base()
        .expect("no error")
        .expect("a base");
    assert_eq!(&*base.name, "origin/main");
    git_at(
        &clone,
        0,
        &["update-ref", "refs/remotes/origin/master", "HEAD"],
    );
    git_at(&clone, 0, &["update-ref", "-d", "refs/remotes/origin/main"]);
    let base = open(&clone)
        .default_base()
        .expect("no error")
        .expect("a base");
    assert_eq!(&*base.name, "origin/master");
}

#[test]
fn refs_are_found_by_name_only() {
    let test = TestRepo::with(&[("a.yaml", "a: 1\n")]);
    let first = test.head();
    test.change(&[("a.yaml", "a: 2\n")], "second");
    test.run(&["update-ref", "refs/deployed/production", &first]);
    test.run(&["update-ref", "refs/deployed/staging", "HEAD"]);
    test.run(&["tag", "-a", "-m", "x", "deployed-eu", &first]);
    let blob = test.blob("x").to_string();
    test.run(&["update-ref", "refs/deployed/not-a-commit", &blob]);
    let repo = test.open();
    for name in [
        "refs/deployed/production",
        "deployed/production",
        "deployed-eu",
    ] {
        let found = repo.resolve_ref_name(name).expect("no error").expect(name);
        assert_eq!(&*found.id, first);
    }
    assert_eq!(repo.resolve_ref_name("deployed/gone"), Ok(None));
    assert_eq!(repo.resolve_ref_name(&first), Ok(None));
    assert!(repo.resolve_ref_name("main~1").is_err());
    assert!(matches!(
        repo.resolve_ref_name("deployed/not-a-commit"),
        Err(GitError::NotACommit { .. })
    ));
    let all = repo.refs_matching("refs/deployed/*").expect("refs");
    let names: Vec<&str> = all.iter().map(|r| &*r.name).collect();
    assert_eq!(names, ["refs/deployed/production", "refs/deployed/staging"]);
}

#[test]
fn commits_are_shown_without_addresses() {
    let test = TestRepo::new();
    test.author.set("grace@navy.mil");
    test.change(
        &[("a", "1")],
        "\n  Raise the limit \n\nbecause of reasons\n",
    );
    let commit = test
        .git
        .head()
        .and_then(|h| h.peel_to_commit())
        .expect("a commit");
    let shown = show_commit(&commit);
    assert_eq!(&*shown.author, "grace");
    assert_eq!(&*shown.summary, "Raise the limit");
}

#[test]
fn the_work_tree_is_compared_with_a_revision() {
    let test = TestRepo::with(&[
        ("same.yaml", "a: 1\n"),
        ("changed.yaml", "a: 1\n"),
        ("deleted.yaml", "a: 1\n"),
        ("crlf.yaml", "a: 1\nb: 2\n"),
        (".gitignore", "*.tmp\n"),
    ]);
    let head = test.open().resolve("HEAD").expect("a commit");
    test.write("changed.yaml", "a: 2\n");
    test.write("crlf.yaml", "a: 1\r\nb: 2\r\n");
    test.remove("deleted.yaml");
    test.write("new/file.yaml", "a: 1\n");
    test.write("new/junk.tmp", "x");
    let repo = test.open();
    let paths: Vec<Arc<str>> = [
        "same.yaml",
        "changed.yaml",
        "deleted.yaml",
        "crlf.yaml",
        "new/file.yaml",
        "nowhere.yaml",
    ]
    .map(Arc::from)
    .to_vec();
    assert_eq!(
        repo.differs_in_work_tree(&head, &paths).expect("no error"),
        ["changed.yaml", "deleted.yaml", "new/file.yaml"].map(Arc::from)
    );
    assert_eq!(
        repo.untracked_below(&head, "new").expect("no error"),
        ["new/file.yaml".into()]
    );
    assert_eq!(
        repo.untracked_below(&head, "").expect("no error"),
        ["new/file.yaml".into()]
    );
    assert_eq!(repo.untracked_below(&head, "gone"), Ok(vec![]));
}
