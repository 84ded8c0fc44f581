use super::*;
use crate::git::testing::{TestRepo, open};
use std::collections::BTreeMap;

type Settings = BTreeMap<String, String>;

/// `key: value` lines; anything else cannot be parsed.
fn parse(bytes: &[u8]) -> Option<Settings> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.lines()
        .map(|line| {
            let (key, value) = line.split_once(": ")?;
            Some((key.into(), value.into()))
        })
        .collect()
}

fn clock() -> Instant {
    Instant::now()
}

fn ask(test: &TestRepo, limits: Limits, key: &str, had: Option<&str>) -> Answer {
    let repo = test.open();
    ask_in(&repo, limits, key, had)
}

fn ask_in(repo: &Repository, limits: Limits, key: &str, had: Option<&str>) -> Answer {
    let head = repo.resolve("HEAD").expect("a commit");
    let history = FileHistory::of(repo, &head, "api.yaml", limits, &clock).expect("a history");
    let pick = |s: Option<&Settings>| Some(s.and_then(|s| s.get(key).cloned()));
    let questions = [Question {
        pick: &pick,
        had: had.map(|v| Some(v.to_owned())),
    }];
    let mut answers = history.answer(&parse, &questions);
    answers.pop().expect("an answer")
}

/// The summary of the commit; else what was answered instead.
fn by(answer: &Answer) -> String {
    match &answer.since {
        Since::By(commit) => commit.summary.to_string(),
        other => format!("{other:?}"),
    }
}

fn last(answer: &Answer) -> String {
    match &answer.in_git {
        Some(InGit::Last(commit)) => commit.summary.to_string(),
        other => format!("{other:?}"),
    }
}

fn story() -> TestRepo {
    let test = TestRepo::with(&[("api.yaml", "TIMEOUT: 5s\n")]);
    test.change(&[("api.yaml", "TIMEOUT: 30s\n")], "raise");
    test.change(&[("api.yaml", "TIMEOUT: 10s\n")], "lower");
    test.change(
        &[("api.yaml", "TIMEOUT: 10s\nLEVEL: info\n")],
        "add a level",
    );
    test.change(&[("readme", "1")], "unrelated");
    test
}

#[test]
fn the_entry_counts_not_the_file() {
    let test = story();
    let answer = ask(&test, Limits::default(), "TIMEOUT", Some("60s"));
    assert_eq!(by(&answer), "lower");
    assert_eq!(answer.in_git, Some(InGit::Never));
    let answer = ask(&test, Limits::default(), "TIMEOUT", Some("30s"));
    assert_eq!(last(&answer), "raise");
    let answer = ask(&test, Limits::default(), "TIMEOUT", Some("5s"));
    assert_eq!(last(&answer), "first");
    // The value of today is in git since the commit that gave it.
    assert_eq!(
        last(&ask(&test, Limits::default(), "TIMEOUT", Some("10s"))),
        "lower"
    );
    assert_eq!(
        by(&ask(&test, Limits::default(), "LEVEL", None)),
        "add a level"
    );
    assert_eq!(ask(&test, Limits::default(), "LEVEL", None).in_git, None);
}

#[test]
fn an_entry_that_was_removed_has_a_commit_that_removed_it() {
    let test = story();
    test.change(&[("api.yaml", "TIMEOUT: 10s\n")], "remove the level");
    let answer = ask(&test, Limits::default(), "LEVEL", Some("info"));
    assert_eq!(by(&answer), "remove the level");
    assert_eq!(last(&answer), "add a level");
    test.remove("api.yaml");
    test.commit("remove the file");
    let answer = ask(&test, Limits::default(), "TIMEOUT", Some("10s"));
    assert_eq!(by(&answer), "remove the file");
    assert_eq!(last(&answer), "lower");
    // Never there: absent from the first commit on.
    let answer = ask(&test, Limits::default(), "OTHER", Some("x"));
    assert_eq!(by(&answer), "first");
    assert_eq!(answer.in_git, Some(InGit::Never));
}

#[test]
fn a_cut_walk_never_says_never() {
    let test = story();
    let few = Limits {
        commits: 2,
        ..Limits::default()
    };
    let answer = ask(&test, few, "TIMEOUT", Some("30s"));
    assert_eq!(answer.in_git, Some(InGit::NotInLast(2)));
    assert_eq!(answer.since, Since::Older(2));
    let few = Limits {
        versions: 2,
        ..Limits::default()
    };
    let answer = ask(&test, few, "TIMEOUT", Some("30s"));
    assert_eq!(answer.in_git, Some(InGit::NotInLast(3)));
    assert_eq!(answer.since, Since::Older(3));

    let repo = open(&test.clone_as("shallow", &["--depth=2"]));
    let answer = ask_in(&repo, Limits::default(), "TIMEOUT", Some("30s"));
    assert_eq!(answer.in_git, Some(InGit::NotInLast(2)));
    assert_eq!(answer.since, Since::Older(2));
}

#[test]
fn a_partial_clone_cannot_tell() {
    let test = story();
    let repo = open(&test.clone_as("partial", &["--filter=blob:none", "--no-checkout"]));
    let answer = ask_in(&repo, Limits::default(), "TIMEOUT", Some("30s"));
    assert!(matches!(answer.since, Since::Unknown(_)), "{answer:?}");
    assert!(
        matches!(answer.in_git, Some(InGit::Unknown(_))),
        "{answer:?}"
    );
}

#[test]
fn a_version_that_cannot_be_read_is_not_passed_over() {
    let test = TestRepo::with(&[("api.yaml", "TIMEOUT: 5s\n")]);
    test.change(&[("api.yaml", "<<<<<<< HEAD\n")], "broken");
    test.change(&[("api.yaml", "TIMEOUT: 10s\n")], "repair");
    let answer = ask(&test, Limits::default(), "TIMEOUT", Some("60s"));
    let text = "the entry cannot be read in 1 of 3 versions of the file";
    assert_eq!(answer.in_git, Some(InGit::Unknown(text.into())));
    assert!(matches!(&answer.since, Since::Unknown(_)), "{answer:?}");
    // The same value on both sides of it: then nothing changed.
    test.change(&[("api.yaml", "oops\n")], "broken again");
    test.change(&[("api.yaml", "TIMEOUT: 10s\n")], "repair again");
    assert!(matches!(
        ask(&test, Limits::default(), "TIMEOUT", Some("5s")).in_git,
        Some(InGit::Last(_))
    ));
    let test = TestRepo::with(&[("api.yaml", "TIMEOUT: 5s\n")]);
    test.change(&[("api.yaml", "oops\n")], "broken");
    test.change(&[("api.yaml", "TIMEOUT: 5s\n")], "repair");
    assert_eq!(by(&ask(&test, Limits::default(), "TIMEOUT", None)), "first");
    test.change(&[("api.yaml", "oops\n")], "broken");
    assert!(matches!(
        ask(&test, Limits::default(), "TIMEOUT", None).since,
        Since::Unknown(_)
    ));
}

#[test]
fn a_change_that_came_with_a_merge_is_its_authors() {
    let test = TestRepo::with(&[("api.yaml", "TIMEOUT: 5s\nLEVEL: info\n"), ("x", "1")]);
    test.branch("topic");
    test.author.set("Grace Hopper");
    test.change(&[("api.yaml", "TIMEOUT: 60s\nLEVEL: info\n")], "raise");
    test.author.set("Alan Turing");
    test.change(&[("api.yaml", "TIMEOUT: 60s\nLEVEL: debug\n")], "debug");
    test.checkout("main");
    test.change(&[("x", "2")], "meanwhile");
    test.merge("topic");
    let answer = ask(&test, Limits::default(), "TIMEOUT", None);
    assert_eq!(by(&answer), "raise");
    assert_eq!(
        answer.since.commit().map(|c| &*c.author),
        Some("Grace Hopper")
    );
    assert_eq!(by(&ask(&test, Limits::default(), "LEVEL", None)), "debug");
    test.change(&[("api.yaml", "TIMEOUT: 10s\nLEVEL: info\n")], "back");
    assert_eq!(
        last(&ask(&test, Limits::default(), "TIMEOUT", Some("60s"))),
        "raise"
    );
}

#[test]
fn a_moved_file_keeps_its_past() {
    let test = TestRepo::with(&[("old.yaml", "A: 1\nB: 1\nC: 1\nTIMEOUT: 60s\n")]);
    test.change(&[("old.yaml", "A: 1\nB: 1\nC: 1\nTIMEOUT: 5s\n")], "lower");
    test.run(&["mv", "old.yaml", "api.yaml"]);
    test.commit("move");
    let answer = ask(&test, Limits::default(), "TIMEOUT", Some("60s"));
    assert_eq!(by(&answer), "lower");
    assert_eq!(last(&answer), "first");
}

#[test]
fn every_content_is_parsed_once_for_all_questions() {
    let test = story();
    // Back to an earlier content: one more version, no further content.
    test.change(&[("api.yaml", "TIMEOUT: 5s\n")], "revert");
    let repo = test.open();
    let head = repo.resolve("HEAD").expect("a commit");
    let history = FileHistory::of(&repo, &head, "api.yaml", Limits::default(), &clock);
    let history = history.expect("a history");
    assert_eq!(history.versions().len(), 5);
    assert!(history.is_complete());
    let parsed = Cell::new(0);
    let counting = |bytes: &[u8]| {
        parsed.set(parsed.get() + 1);
        parse(bytes)
    };
    let timeout = |s: Option<&Settings>| Some(s.and_then(|s| s.get("TIMEOUT").cloned()));
    let level = |s: Option<&Settings>| Some(s.and_then(|s| s.get("LEVEL").cloned()));
    let opaque = |_: Option<&Settings>| None;
    let questions = [
        Question {
            pick: &timeout,
            had: Some(Some("60s".to_owned())),
        },
        Question {
            pick: &level,
            had: Some(Some("info".to_owned())),
        },
        Question {
            pick: &opaque,
            had: Some(Some("x".to_owned())),
        },
    ];
    let answers = history.answer(&counting, &questions);
    assert_eq!(parsed.get(), 4);
    assert_eq!(by(&answers[0]), "revert");
    assert_eq!(answers[0].in_git, Some(InGit::Never));
    assert_eq!(last(&answers[1]), "add a level");
    assert!(matches!(answers[2].since, Since::Unknown(_)));
    assert!(matches!(answers[2].in_git, Some(InGit::Unknown(_))));
}

#[test]
fn when_time_is_up_the_answer_says_how_far_it_looked() {
    let test = story();
    let repo = test.open();
    let head = repo.resolve("HEAD").expect("a commit");
    let start = Instant::now();
    let elapsed = Cell::new(Duration::ZERO);
    let now = || start + elapsed.get();
    let limits = Limits {
        time: Duration::from_secs(1),
        ..Limits::default()
    };
    let history = FileHistory::of(&repo, &head, "api.yaml", limits, &now).expect("a history");
    // Each version takes longer than all the time there is.
    let slow = |bytes: &[u8]| {
        elapsed.set(elapsed.get() + Duration::from_secs(2));
        parse(bytes)
    };
    let timeout = |s: Option<&Settings>| Some(s.and_then(|s| s.get("TIMEOUT").cloned()));
    let questions = [Question {
        pick: &timeout,
        had: Some(Some("30s".to_owned())),
    }];
    let answers = history.answer(&slow, &questions);
    // The newest version holds for two commits, then time was up.
    assert_eq!(answers[0].since, Since::Older(2));
    assert_eq!(answers[0].in_git, Some(InGit::NotInLast(2)));
}
