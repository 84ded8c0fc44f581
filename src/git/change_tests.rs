use super::*;
use crate::git::testing::{TestRepo, everything_in, git_at, open};

fn text(files: &Files, path: &str) -> String {
    String::from_utf8_lossy(&files.read(path).expect(path).bytes).into_owned()
}

fn why_not(change: &Change) -> String {
    match &change.result {
        MergeResult::NotMerged(why) => why.clone(),
        other => format!("not refused, but {other:?}"),
    }
}

const TEN: &str = "a: 1\nb: 1\nc: 1\nd: 1\ne: 1\nf: 1\ng: 1\nh: 1\ni: 1\nj: 1\n";

#[test]
fn a_branch_is_compared_after_merging_and_nothing_is_written() {
    let test = TestRepo::with(&[
        ("values.yaml", TEN),
        ("other.yaml", "x: 1\n"),
        ("deploy/kept.yaml", "k: 1\n"),
    ]);
    let fork = test.head();
    test.branch("topic");
    test.change(&[("values.yaml", &TEN.replace("a: 1", "a: 2"))], "topic");
    test.checkout("main");
    test.change(
        &[
            ("values.yaml", &TEN.replace("j: 1", "j: 9")),
            ("other.yaml", "x: 2\n"),
        ],
        "meanwhile",
    );
    let before = everything_in(&test.root());
    let repo = test.open();
    let change = repo.change("main", "topic").expect("a change");
    assert_eq!(change.result, MergeResult::Merged);
    assert_eq!(change.merge_base.as_ref().map(|b| &*b.id), Some(&*fork));
    let (base, head) = (change.files_base(), change.files_head());
    // What main gained meanwhile is no revert, what topic changes is seen.
    assert_eq!(text(&base, "other.yaml"), "x: 2\n");
    assert_eq!(text(&head, "other.yaml"), "x: 2\n");
    let merged = TEN.replace("a: 1", "a: 2").replace("j: 1", "j: 9");
    assert_eq!(text(&head, "values.yaml"), merged);
    assert_eq!(change.touched().expect("paths"), ["values.yaml".into()]);
    assert_eq!(head.revision(), None);
    assert_eq!(&*head.describe().name, "topic merged into main");
    assert_eq!(head.walk("").expect("files").len(), 3);
    assert_eq!(
        before,
        everything_in(&test.root()),
        "the repository is untouched"
    );
}

#[test]
fn several_merge_bases_are_merged_in_memory_too() {
    let test = TestRepo::with(&[("values.yaml", TEN)]);
    let first = test.head();
    test.branch("topic");
    let t1 = test.change(&[("values.yaml", &TEN.replace("a: 1", "a: 2"))], "t1");
    test.checkout("main");
    let m1 = test.change(&[("values.yaml", &TEN.replace("j: 1", "j: 2"))], "m1");
    // Each merges the other: two merge bases, which libgit2 merges to a virtual one first.
    test.merge(&t1);
    test.checkout("topic");
    test.merge(&m1);
    let both = TEN.replace("a: 1", "a: 2").replace("j: 1", "j: 2");
    test.change(&[("values.yaml", &both.replace("e: 1", "e: 5"))], "t2");
    test.checkout("main");
    test.change(&[("new.yaml", "n: 1\n")], "m2");
    // Contents only: libgit2 renews the time of a stored blob that a merge comes to again.
    let contents = || {
        everything_in(&test.root())
            .into_iter()
            .map(|(p, hash, _)| (p, hash))
            .collect::<Vec<_>>()
    };
    let before = contents();
    let change = test.open().change("main", "topic").expect("a change");
    assert_eq!(change.result, MergeResult::Merged);
    let head = change.files_head();
    assert_eq!(text(&head, "values.yaml"), both.replace("e: 1", "e: 5"));
    assert_eq!(text(&head, "new.yaml"), "n: 1\n");
    assert_ne!(change.merge_base.map(|b| b.id), Some(first.as_str().into()));
    assert_eq!(before, contents());
}

#[test]
fn a_head_that_contains_the_base_is_itself() {
    let test = TestRepo::with(&[("a.yaml", "1\n")]);
    let base = test.head();
    let head = test.change(&[("a.yaml", "2\n"), ("b.yaml", "1\n")], "head");
    let repo = test.open();
    let change = repo.change(&base, &head).expect("a change");
    assert_eq!(change.result, MergeResult::HeadContainsBase);
    assert_eq!(change.files_head().revision(), Some(&*head));
    assert_eq!(
        change.touched().expect("paths"),
        ["a.yaml", "b.yaml"].map(Arc::from)
    );
    let same = repo.change("HEAD", "HEAD").expect("a change");
    assert_eq!(same.result, MergeResult::HeadContainsBase);
    assert_eq!(same.touched(), Ok(vec![]));
}

#[test]
fn a_head_that_is_merged_already_changes_nothing() {
    let test = TestRepo::with(&[("a.yaml", "1\n")]);
    let old = test.head();
    let tip = test.change(&[("a.yaml", "2\n")], "tip");
    let change = test.open().change(&tip, &old).expect("a change");
    assert_eq!(change.result, MergeResult::AlreadyMerged);
    assert_eq!(text(&change.files_head(), "a.yaml"), "2\n");
    assert_eq!(change.touched(), Ok(vec![]));
}

#[test]
fn conflicts_are_named_and_head_stands_alone() {
    let test = TestRepo::with(&[
        ("a.yaml", "v: 1\n"),
        ("b.yaml", "v: 1\n"),
        ("c.yaml", "v: 1\n"),
    ]);
    test.branch("topic");
    test.remove("b.yaml");
    test.change(&[("a.yaml", "v: 2\n")], "topic");
    test.checkout("main");
    test.change(&[("a.yaml", "v: 3\n"), ("b.yaml", "v: 3\n")], "main");
    let before = everything_in(&test.root());
    let change = test.open().change("main", "topic").expect("a change");
    let paths = ["a.yaml", "b.yaml"].map(Arc::from).to_vec();
    assert_eq!(change.result, MergeResult::Conflicts(paths));
    assert_eq!(text(&change.files_head(), "a.yaml"), "v: 2\n");
    assert_eq!(before, everything_in(&test.root()));
}

#[test]
fn moved_files_merge() {
    let test = TestRepo::with(&[("old/values.yaml", TEN)]);
    test.branch("topic");
    test.change(
        &[("old/values.yaml", &TEN.replace("a: 1", "a: 2"))],
        "topic",
    );
    test.checkout("main");
    test.run(&["mv", "old", "new"]);
    test.commit("move");
    let change = test.open().change("main", "topic").expect("a change");
    assert_eq!(change.result, MergeResult::Merged);
    let head = change.files_head();
    assert_eq!(text(&head, "new/values.yaml"), TEN.replace("a: 1", "a: 2"));
    assert_eq!(head.exists("old/values.yaml"), Ok(false));
}

#[test]
fn unrelated_histories_are_said() {
    let test = TestRepo::with(&[("a.yaml", "1\n")]);
    let tree = test
        .git
        .head()
        .and_then(|h| h.peel_to_tree())
        .expect("a tree")
        .id();
    let other = test.commit_on(tree, &[], None, "unrelated");
    let change = test.open().change("main", &other).expect("a change");
    let why = why_not(&change);
    assert!(why.contains("no commit in common"), "{why}");
    assert_eq!(change.merge_base, None);
    assert_eq!(change.files_head().revision(), Some(&*other));
}

#[test]
fn the_merge_commit_of_a_shallow_checkout_is_the_head() {
    // As actions/checkout leaves it: one commit, the base fetched by its id.
    let test = TestRepo::with(&[("a.yaml", "1\n"), ("b.yaml", "1\n")]);
    test.branch("topic");
    let pushed = test.change(&[("a.yaml", "2\n")], "topic");
    test.checkout("main");
    let base = test.change(&[("b.yaml", "2\n")], "meanwhile");
    let merge = test.merge("topic");
    let clone = test.clone_as("shallow", &["--depth=1"]);
    let repo = open(&clone);
    assert!(matches!(
        repo.change(&base, "HEAD"),
        Err(GitError::Unknown { shallow: true, .. })
    ));
    git_at(&clone, 0, &["fetch", "-q", "--depth=1", "origin", &base]);
    git_at(&clone, 0, &["fetch", "-q", "--depth=1", "origin", &pushed]);
    let repo = open(&clone);
    let change = repo.change(&base, "HEAD").expect("a change");
    assert_eq!(change.result, MergeResult::HeadContainsBase);
    assert_eq!(change.files_head().revision(), Some(&*merge));
    assert_eq!(change.merge_base.as_ref().map(|b| &*b.id), Some(&*base));
    assert_eq!(change.touched().expect("paths"), ["a.yaml".into()]);
    // The branch's own commit cannot be merged here, and the remedy is said.
    let change = repo.change(&base, &pushed).expect("a change");
    let why = why_not(&change);
    assert!(why.contains("fetch-depth: 0"), "{why}");
}

#[test]
fn a_partial_clone_cannot_merge_and_says_so() {
    let test = TestRepo::with(&[("values.yaml", TEN)]);
    test.branch("topic");
    test.change(&[("values.yaml", &TEN.replace("a: 1", "a: 2"))], "topic");
    test.checkout("main");
    test.change(&[("values.yaml", &TEN.replace("j: 1", "j: 9"))], "main");
    let clone = test.clone_as("partial", &["--filter=blob:none", "--no-checkout"]);
    let change = open(&clone)
        .change("origin/main", "origin/topic")
        .expect("a change");
    assert!(
        matches!(change.result, MergeResult::NotMerged(_)),
        "{:?}",
        change.result
    );
}

#[test]
fn a_linked_work_tree_merges_too() {
    let test = TestRepo::with(&[("a.yaml", "1\n"), ("b.yaml", "1\n")]);
    test.branch("topic");
    test.change(&[("a.yaml", "2\n")], "topic");
    test.checkout("main");
    test.change(&[("b.yaml", "2\n")], "main");
    test.run(&["worktree", "add", "-q", "../linked", "topic"]);
    let repo = open(&test.outer.path().join("linked"));
    let change = repo.change("main", "HEAD").expect("a change");
    assert_eq!(change.result, MergeResult::Merged);
    assert_eq!(text(&change.files_head(), "b.yaml"), "2\n");
    assert_eq!(text(&change.files_head(), "a.yaml"), "2\n");
}

#[test]
fn the_merged_tree_is_the_one_that_git_makes() {
    let test = TestRepo::with(&[
        ("a.b", "1\n"),
        ("a/x", "1\n"),
        ("a/sub/y", "1\n"),
        ("a0", "1\n"),
        ("z/deep/er/file", "1\n"),
    ]);
    test.branch("topic");
    test.change(&[("a/sub/new", "2\n"), ("z/deep/er/file", "2\n")], "topic");
    test.checkout("main");
    test.change(&[("a.b", "2\n"), ("a-c/new", "1\n")], "main");
    let before = everything_in(&test.root());
    let change = test.open().change("main", "topic").expect("a change");
    let ours = change.files_head().id_of("").expect("an id");
    assert_eq!(before, everything_in(&test.root()));
    test.merge("topic");
    assert_eq!(*ours, test.run(&["rev-parse", "HEAD^{tree}"]));
}
