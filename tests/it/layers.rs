//! Layers of files that nothing runs: in other repositories, under review, and on other branches.

use crate::support::{Project, Ran};

/// The answer in one line.
#[track_caller]
fn answer(project: &Project, args: &[&str]) -> String {
    let ran = explain(project, args);
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    first_line(&ran)
}

fn explain(project: &Project, args: &[&str]) -> Ran {
    project.run(&[&["explain", "pool"], args].concat())
}

fn first_line(ran: &Ran) -> String {
    let answer = ran.out.split("\n\n").next().unwrap_or_default();
    answer.split_whitespace().collect::<Vec<_>>().join(" ")
}

const ELSEWHERE: &str = "version: 1
repositories: { config: ../config }
services:
  api:
    layers:
      - { name: own, desired: { file: config/app.yml } }
      - { name: shared, desired: { file: 'api/${environment}.yml', repository: config } }
environments:
  production: { tier: production }
";

fn elsewhere() -> Project {
    let project = Project::empty();
    project
        .file("driftgate.yaml", ELSEWHERE)
        .file("config/app.yml", "pool: 10\nown: 1\n");
    project.commit("feat: add the api");
    project
}

#[test]
fn values_of_another_repository() {
    let project = elsewhere();
    let config = project.another("config", "api/production.yml", "pool: 20\n");
    let wins = |value: &str| {
        format!(
            "pool is {value} in production: layer \"shared\" wins (api/production.yml:1), over 10 (own)"
        )
    };
    assert_eq!(answer(&project, &[]), wins("20"));
    // What is committed there counts, as here.
    let before = config.change("api/production.yml", "pool: 30\n");
    config.file("api/production.yml", "pool: 40\n");
    assert_eq!(answer(&project, &[]), wins("30"));
    assert_eq!(answer(&project, &["--worktree"]), wins("40"));
    // From another folder, and at another revision.
    config.change("api/production.yml", "pool: 50\n");
    let at = format!("config=../config@{before}");
    assert_eq!(answer(&project, &["--repository", &at]), wins("30"));
    assert_eq!(
        answer(&project, &["--repository", "config=../config@HEAD~2"]),
        wins("20")
    );
    // A folder that is no repository is read as it lies.
    std::fs::create_dir_all(project.beside("plain/api")).expect("a folder");
    std::fs::write(project.beside("plain/api/production.yml"), "pool: 60\n").expect("a file");
    assert_eq!(
        answer(&project, &["--repository", "config=../plain"]),
        wins("60")
    );
}

#[test]
fn another_repository_that_cannot_be_read_may_win() {
    let project = elsewhere();
    let unknown = |args: &[&str], says: &str| {
        let ran = explain(&project, args);
        assert_eq!(ran.code, 2, "{}\n{}", ran.out, ran.err);
        let all = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(all.contains(says), "{says}\n{}", ran.out);
        assert!(!all.contains("/../"), "{}", ran.out);
        assert!(
            first_line(&ran).starts_with("nobody knows what pool is in production"),
            "{}",
            ran.out
        );
    };
    unknown(
        &[],
        "the folder does not exist; check the repository out there",
    );
    let report = project.check_without_live(&[]);
    assert_eq!(report.verdict(), "incomplete");
    project.another("config", "api/production.yml", "pool: 20\n");
    unknown(
        &["--repository", "config=../config@v9"],
        "git knows no revision `v9`",
    );
    unknown(
        &["--repository", "config=../config/api@HEAD"],
        "it is the root of no git repository",
    );
    project
        .run(&["explain", "pool", "--repository", "cfg=../config"])
        .refused(&["the configuration has no repository `cfg`; it has config"]);
    project
        .run(&["explain", "pool", "--repository", "config"])
        .refused(&["expected NAME=PATH"]);
}

const FILES: &str = "version: 1
services:
  api:
    layers:
      - { name: defaults, desired: { file: config/defaults.yml } }
      - { name: own, desired: { file: 'config/${environment}.yml' } }
environments:
  production: { tier: production }
  staging: { tier: staging }
";

fn files(config: &str) -> Project {
    let project = Project::empty();
    project
        .file("driftgate.yaml", config)
        .file("config/defaults.yml", "pool: 10\ntimeout: 5s\ntoken: abc\n")
        .file("config/production.yml", "pool: 20\n")
        .file("config/staging.yml", "level: debug\n");
    project.commit("feat: add the api");
    project
}

#[test]
fn a_review_lists_what_the_change_does_to_files() {
    let project = files(FILES);
    project.branch("change");
    project
        .file("config/defaults.yml", "pool: 15\ntoken: def\n")
        .file("config/production.yml", "pool: 20\nlevel: info\n");
    project.commit("feat: change the defaults");
    let report = project.check_without_live(&["--base", "main"]);
    let changed: Vec<String> = (report.changes().iter())
        .map(|c| {
            let text = |name: &str| c[name].as_str().unwrap_or("-").to_owned();
            let side = |name: &str| match &c[name] {
                v if v["redacted"] == true => "<secret>".to_owned(),
                v => v["value"].as_str().unwrap_or("-").to_owned(),
            };
            format!(
                "{} {} {} {}: {} -> {}",
                text("environment"),
                text("layer"),
                text("state"),
                text("key"),
                side("base"),
                side("desired")
            )
        })
        .collect();
    assert_eq!(
        changed,
        [
            "production defaults pending pool: 10 -> 15",
            "production defaults pending timeout: 5s -> -",
            "production defaults pending token: - -> <secret>",
            "production own pending level: - -> info",
            "staging defaults pending pool: 10 -> 15",
            "staging defaults pending timeout: 5s -> -",
            "staging defaults pending token: - -> <secret>",
        ]
    );
    assert_eq!(report.verdict(), "pass");
    // The default is hidden where the environment has its own, and takes effect elsewhere.
    assert_eq!(report.changes()[0]["hidden_by"], "own");
    let found: Vec<_> = (report.findings().iter())
        .map(|f| {
            (
                f["rule"].as_str(),
                f["severity"].as_str(),
                f["key"].as_str(),
            )
        })
        .collect();
    assert_eq!(found, [(Some("shadowed-edit"), Some("info"), Some("pool"))]);
}

const TRACKS: &str = "version: 1
services:
  api:
    layers:
      - { name: defaults, desired: { file: config/defaults.yml } }
      - { name: own, desired: { file: 'config/${environment}.yml' } }
environments:
  production: { tier: production }
  staging: { tier: staging, tracks: release }
";

#[test]
fn an_environment_that_follows_another_branch() {
    let project = files(TRACKS);
    project.branch("release");
    project.file("config/defaults.yml", "pool: 12\n");
    project.commit("feat: try twelve");
    project.branch("main");
    let said = "pool is 20 in production; 12 in staging";
    assert_eq!(answer(&project, &[]), said);
    project.branch("change");
    project.file("config/defaults.yml", "pool: 99\n");
    project.file("config/staging.yml", "pool: 99\n");
    project.commit("feat: raise the pool");
    assert_eq!(answer(&project, &[]), said);
    let reach = |base: &str| {
        let report = project.check_without_live(&["--base", base]);
        let places: std::collections::BTreeSet<String> = (report.changes().iter())
            .map(|c| c["environment"].as_str().unwrap_or("-").to_owned())
            .collect();
        places.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(reach("main"), ["production"]);
    // The change is made on the branch that the environment follows.
    project.branch("release");
    project.branch("fix");
    project.file("config/staging.yml", "pool: 13\n");
    project.commit("fix: thirteen");
    assert_eq!(reach("release"), ["staging"]);
    // As they lie, everything is read from here.
    assert_eq!(
        answer(&project, &["--worktree"]),
        "pool is 20 in production; 13 in staging"
    );
}

#[test]
fn a_branch_that_is_not_there_is_unknown() {
    let project = files(&TRACKS.replace("tracks: release", "tracks: gone"));
    let ran = explain(&project, &[]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    assert_eq!(
        first_line(&ran),
        "pool is 20 in production; unknown in staging"
    );
    assert!(ran.out.contains("staging tracks gone"), "{}", ran.out);
    assert_eq!(project.check_without_live(&[]).verdict(), "incomplete");
}
