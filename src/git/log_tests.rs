use super::*;
use crate::git::testing::{TestRepo, open};

const MANY: LogLimits = LogLimits {
    commits: 1000,
    versions: 100,
};

fn log(test: &TestRepo, path: &str, limits: LogLimits) -> PathLog {
    let log = test.open().path_log(&test.head(), path, limits, &|| false);
    log.expect("a log")
}

fn summaries(log: &PathLog) -> Vec<&str> {
    log.runs.iter().map(|r| &*r.commit.summary).collect()
}

fn lines(first: &str) -> String {
    format!("{first}\nb: 1\nc: 1\nd: 1\ne: 1\n")
}

#[test]
fn versions_are_named_after_the_commits_that_made_them() {
    let test = TestRepo::with(&[("readme", "1")]);
    test.change(&[("deploy/a.yaml", "1")], "add");
    test.change(&[("readme", "2")], "unrelated");
    test.change(&[("deploy/b.yaml", "2")], "beside");
    test.change(&[("deploy/a.yaml", "2")], "change");
    test.change(&[("readme", "3")], "unrelated again");
    let log = log(&test, "deploy/a.yaml", MANY);
    assert_eq!(summaries(&log), ["change", "add", "first"]);
    assert_eq!(
        log.runs.iter().map(|r| r.depth).collect::<Vec<_>>(),
        [2, 5, 6]
    );
    assert_eq!(log.runs[2].content, Content::Absent);
    assert_eq!((log.commits, log.end), (6, LogEnd::Root));
    assert!(log.is_complete());
    let one = test.blob("1").to_string();
    assert_eq!(log.runs[1].content, Content::File(one.as_str().into()));
    assert_eq!(test.open().blob(&one).as_deref(), Ok(&b"1"[..]));
}

#[test]
fn a_file_that_was_deleted_and_came_back_has_its_earlier_life() {
    let test = TestRepo::with(&[("a.yaml", "1")]);
    test.remove("a.yaml");
    test.commit("delete");
    test.change(&[("a.yaml", "2")], "back");
    let log = log(&test, "a.yaml", MANY);
    assert_eq!(summaries(&log), ["back", "delete", "first"]);
    assert_eq!(log.end, LogEnd::Root);
}

#[test]
fn a_moved_file_is_followed() {
    let test = TestRepo::with(&[("old/a.yaml", &lines("a: 1")), ("x", "1")]);
    test.change(&[("old/a.yaml", &lines("a: 2"))], "change");
    test.run(&["mv", "old", "mid"]);
    test.commit("move");
    // Moved and changed in one commit.
    test.remove("mid/a.yaml");
    test.change(&[("new/b.yaml", &lines("a: 3"))], "move and change");
    let log = log(&test, "new/b.yaml", MANY);
    assert_eq!(summaries(&log), ["move and change", "change", "first"]);
    let paths: Vec<&str> = log.runs.iter().map(|r| &*r.path).collect();
    assert_eq!(paths, ["new/b.yaml", "old/a.yaml", "old/a.yaml"]);
    assert!(log.is_complete());
}

#[test]
fn a_new_file_beside_an_unlike_deleted_one_was_not_moved() {
    let test = TestRepo::with(&[("old.yaml", &lines("a: 1"))]);
    test.remove("old.yaml");
    test.change(&[("new.yaml", "x: 1\ny: 1\nz: 1\nw: 1\nv: 1\n")], "replace");
    assert_eq!(
        summaries(&log(&test, "new.yaml", MANY)),
        ["replace", "first"]
    );
}

#[test]
fn cuts_are_said() {
    let test = TestRepo::with(&[("a.yaml", "0")]);
    for n in 1..=9 {
        test.change(&[("a.yaml", &n.to_string())], &n.to_string());
    }
    let cut = log(&test, "a.yaml", LogLimits { commits: 4, ..MANY });
    assert_eq!(
        (cut.commits, cut.end, cut.runs.len()),
        (4, LogEnd::Commits, 4)
    );
    assert!(!cut.is_complete());
    let cut = log(
        &test,
        "a.yaml",
        LogLimits {
            versions: 3,
            ..MANY
        },
    );
    assert_eq!(
        (cut.commits, cut.end, cut.runs.len()),
        (3, LogEnd::Versions, 3)
    );
    assert!(!cut.is_complete());
    let all = log(
        &test,
        "a.yaml",
        LogLimits {
            commits: 10,
            versions: 10,
        },
    );
    assert_eq!(all.end, LogEnd::Root);

    for n in 10..=40 {
        test.change(&[("a.yaml", &n.to_string())], &n.to_string());
    }
    let cut = test
        .open()
        .path_log(&test.head(), "a.yaml", MANY, &|| true)
        .expect("a log");
    assert_eq!((cut.commits, cut.end), (32, LogEnd::Time));

    let repo = open(&test.clone_as("shallow", &["--depth=3"]));
    let cut = repo
        .path_log(&test.head(), "a.yaml", MANY, &|| false)
        .expect("a log");
    assert_eq!((cut.commits, cut.end), (3, LogEnd::Shallow));
    assert!(!cut.is_complete());
}

#[test]
fn what_is_not_a_file_is_not_taken_for_one() {
    let test = TestRepo::with(&[("a", "1"), ("d/x", "1")]);
    assert_eq!(log(&test, "d", MANY).runs[0].content, Content::Absent);
    assert_eq!(log(&test, "a/b", MANY).runs[0].content, Content::Absent);
    assert_eq!(log(&test, "gone", MANY).runs[0].content, Content::Absent);
    assert!(
        test.open()
            .path_log(&test.head(), "../x", MANY, &|| false)
            .is_err()
    );
    test.commit_with_submodule("sub", "submodule");
    assert_eq!(log(&test, "sub/x", MANY).runs[0].content, Content::Other);
}

#[test]
fn commits_between_two_revisions_that_touch_paths() {
    let test = TestRepo::with(&[("deploy/a.yaml", "1"), ("src/x", "1"), ("top", "1")]);
    let deployed = test.head();
    test.change(&[("src/x", "2")], "code");
    test.change(&[("deploy/a.yaml", "2")], "config");
    test.branch("topic");
    test.change(&[("deploy/b.yaml", "1")], "in the branch");
    test.change(&[("deploy/b.yaml", "2")], "in the branch too");
    test.checkout("main");
    test.change(&[("src/x", "3")], "more code");
    test.merge("topic");
    test.change(&[("top", "2")], "top");
    let repo = test.open();
    let between = |from: &str, to: &str, paths: &[&str], limit| {
        let (from, to) = (
            repo.resolve(from).expect("from"),
            repo.resolve(to).expect("to"),
        );
        let found = repo
            .commits_between(&from, &to, paths, limit)
            .expect("commits");
        let names: Vec<String> = found
            .commits
            .iter()
            .map(|c| c.summary.to_string())
            .collect();
        (names, found.complete)
    };
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        between(&deployed, "HEAD", &["deploy"], 50),
        (names(&["Merge topic", "config"]), true)
    );
    assert_eq!(
        between(&deployed, "HEAD", &["deploy/a.yaml", "top"], 50),
        (names(&["top", "config"]), true)
    );
    assert_eq!(
        between(&deployed, "HEAD", &["deploy"], 1),
        (names(&["Merge topic"]), false)
    );
    assert_eq!(between("HEAD", "HEAD", &[""], 50), (vec![], true));
    assert_eq!(between("HEAD", &deployed, &[""], 50), (vec![], true));
    // From a commit that came in with a branch: what main had before the fork is not new.
    assert_eq!(
        between("topic", "HEAD", &["deploy", "src"], 50),
        (names(&["Merge topic", "more code"]), true)
    );
    let shallow = open(&test.clone_as("shallow", &["--depth=2"]));
    let head = shallow.resolve("HEAD").expect("a commit");
    let before = Revision {
        id: deployed.as_str().into(),
        ..head.clone()
    };
    assert!(
        shallow
            .commits_between(&before, &head, &["deploy"], 50)
            .is_err()
    );
}

#[test]
fn likeness_counts_the_larger_file() {
    assert_eq!(percent_alike(b"a\nb\n", b"a\nb\n"), 100);
    assert_eq!(percent_alike(b"a\nb\n", b"a\nc\n"), 50);
    assert_eq!(percent_alike(b"a\n", b"a\nb\nc\nd\n"), 0);
    assert_eq!(percent_alike(b"", b""), 0);
}
