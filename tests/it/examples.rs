//! Every example runs offline from its recorded cluster and says what its page says.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Story, what its page says to run, the file that has its output, and the exit code.
const STORIES: &[(&str, &str, &str, i32)] = &[
    ("autoscaling", CHECK, "expected.txt", 1),
    (
        "autoscaling",
        "check --config regions.yaml --live recorded/regions.snapshot",
        "expected-regions.txt",
        1,
    ),
    ("debug-override", CHECK, "expected.txt", 1),
    ("emergency-fix", CHECK, "expected.txt", 1),
    ("merge-order", "check", "expected.txt", 1),
    (
        "only-in-production",
        "compare staging production",
        "expected.txt",
        1,
    ),
    ("quickstart", CHECK, "expected.txt", 1),
    ("regions", "check", "expected.txt", 1),
    (
        "sprawl",
        "explain database.pool_size --live recorded",
        "expected.txt",
        0,
    ),
];

const CHECK: &str = "check --live recorded/production.snapshot";

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a temporary folder");
    for entry in fs::read_dir(from).expect("an example") {
        let entry = entry.expect("an example");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// The example as the only commit of a repository; returns the commit's short id.
fn repository(story: &str, folder: &Path) -> String {
    copy(&examples().join(story), folder);
    let git = |arguments: &[&str]| {
        let out = Command::new("git")
            .current_dir(folder)
            .args(arguments)
            .envs([
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_AUTHOR_NAME", "Ann Author"),
                ("GIT_AUTHOR_EMAIL", "ann@example.com"),
                ("GIT_AUTHOR_DATE", "2026-03-02T10:00:00Z"),
                ("GIT_COMMITTER_NAME", "Ann Author"),
                ("GIT_COMMITTER_EMAIL", "ann@example.com"),
                ("GIT_COMMITTER_DATE", "2026-03-02T10:00:00Z"),
            ])
            .output()
            .expect("git is installed");
        assert!(out.status.success(), "git {arguments:?}");
        String::from_utf8(out.stdout).expect("UTF-8")
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message=Deploy the shop"]);
    git(&["rev-parse", "--short=7", "HEAD"]).trim().into()
}

#[test]
fn every_example_says_what_its_page_says() {
    for (story, command, output, code) in STORIES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let commit = repository(story, folder.path());
        let out = Command::new(env!("CARGO_BIN_EXE_driftgate"))
            .current_dir(folder.path())
            .env_remove("DRIFTGATE_KEY")
            .args(command.split(' '))
            .output()
            .expect("the binary runs");
        assert_eq!(
            String::from_utf8_lossy(&out.stderr),
            "",
            "{story}: {command} says nothing on stderr"
        );
        assert_eq!(out.status.code(), Some(*code), "{story}: {command}");
        let text = String::from_utf8(out.stdout)
            .expect("UTF-8")
            .replace(&commit, "1a2b3c4");
        let expected = examples().join(story).join(output);
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, &text).expect("the expected output can be written");
        }
        let told = fs::read_to_string(&expected).expect("an expected output");
        assert_eq!(text, told, "{story}: UPDATE_EXPECTED=1 rewrites it");
    }
}

#[test]
fn every_story_has_a_page_and_is_tested() {
    let mut folders: Vec<String> = fs::read_dir(examples())
        .expect("examples")
        .map(|e| e.expect("an example").file_name().to_string_lossy().into())
        .filter(|name: &String| examples().join(name).is_dir())
        .collect();
    folders.sort();
    let mut tested: Vec<&str> = STORIES.iter().map(|(story, ..)| *story).collect();
    tested.dedup();
    assert_eq!(folders, tested);
    for story in folders {
        let page = fs::read_to_string(examples().join(&story).join("README.md")).expect("a page");
        for (_, command, output, _) in STORIES.iter().filter(|s| s.0 == story) {
            assert!(
                page.contains(&format!("$ driftgate {command}\n")),
                "{story}: {command}"
            );
            assert!(page.contains(output), "{story}: {output}");
        }
    }
}
