use super::*;
use std::os::unix::fs::PermissionsExt;

/// A program that is a small script, in a folder of its own.
fn script(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("renderer");
    std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).expect("writable");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("ours");
    (folder, file)
}

fn run_script(text: &str, limits: Limits) -> Result<Output, ProcessError> {
    let (_folder, program) = script(text);
    let home = PrivateFolder::new().expect("a private folder");
    run(&Command {
        program: &program,
        arguments: vec!["a b".into(), "$(c)".into()],
        home: &home,
        path: "/usr/bin:/bin".into(),
        variables: vec![("HELM_CACHE_HOME", "/cache".into())],
        network: false,
        limits,
    })
}

fn quick() -> Limits {
    Limits {
        time: Duration::from_millis(400),
        ..Limits::default()
    }
}

#[test]
fn arguments_are_passed_as_they_are_and_the_environment_is_ours() {
    let out = run_script("printf '%s|' \"$@\"; env; cat; pwd", Limits::default()).expect("runs");
    let text = String::from_utf8(out.stdout).expect("text");
    assert!(text.starts_with("a b|$(c)|"), "{text}");
    let names: std::collections::BTreeSet<&str> = text
        .lines()
        .filter_map(|l| l.trim_start_matches("a b|$(c)|").split_once('='))
        .map(|(name, _)| name)
        // What a shell adds by itself.
        .filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name))
        .collect();
    let expected = [
        "ALL_PROXY",
        "GIT_ALLOW_PROTOCOL",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_TERMINAL_PROMPT",
        "HELM_CACHE_HOME",
        "HOME",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "LC_ALL",
        "PATH",
        "TMPDIR",
        "all_proxy",
        "http_proxy",
        "https_proxy",
    ];
    assert_eq!(names.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn one_that_hangs_is_killed_with_its_children() {
    let marker = tempfile::tempdir().expect("a temporary folder");
    let file = marker.path().join("late");
    let text = format!("(sleep 2; touch {}) & sleep 60", file.display());
    let start = Instant::now();
    let error = run_script(&text, quick()).err().expect("too slow");
    assert!(matches!(error, ProcessError::TimedOut { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(10));
    thread::sleep(Duration::from_millis(2200));
    assert!(!file.exists(), "its child went on");
}

#[test]
fn one_that_leaves_the_group_does_not_hold_us() {
    let start = Instant::now();
    let text = "command -v setsid >/dev/null || exit 3; setsid sleep 20 & exit 0";
    let _ = run_script(text, quick());
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn endless_output_ends() {
    let limits = Limits {
        stdout: 1 << 20,
        ..Limits::default()
    };
    let error = run_script("yes", limits).err().expect("too much");
    assert_eq!(
        error.to_string(),
        "renderer wrote more than 1 MiB and was killed"
    );
    // Too much on stderr is cut, not an error.
    let out = run_script(
        "yes 2>/dev/null | head -c 1000000 >&2; echo fine",
        Limits::default(),
    )
    .expect("ends well");
    assert_eq!(out.stdout, b"fine\n");
}

#[test]
fn memory_is_limited() {
    let limits = Limits {
        memory: 64 << 20,
        ..Limits::default()
    };
    // The limit arrives just after the start: a moment later everything has it.
    let text = "sleep 0.2; head -c 300000000 /dev/zero | tail -c 299999999 >/dev/null && echo all";
    let out = run_script(text, limits);
    let all = out.is_ok_and(|o| o.stdout == b"all\n");
    assert!(!(all && cfg!(target_os = "linux")), "no limit was set");
}

#[test]
fn failures_say_what_happened_and_no_secret() {
    let error = run_script(
        "echo 'kind: Secret'; echo 'values.yaml:3:2: password: hunter2' >&2; exit 7",
        Limits::default(),
    )
    .err()
    .expect("fails");
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("exit code 7") && text.contains("values.yaml:3:2"),
        "{text}"
    );
    assert!(
        !text.contains("hunter2") && !text.contains("kind"),
        "{text}"
    );
    let error = run_script(
        "echo 'fatal error: out of memory' >&2; exit 2",
        Limits::default(),
    )
    .err()
    .expect("fails");
    assert!(matches!(error, ProcessError::OutOfMemory { .. }));
}

#[test]
fn a_missing_program_says_how_to_get_it() {
    let here = std::env::join_paths([Path::new("."), Path::new("/nonexistent")]).expect("no colon");
    let error = find("helm", &here, "see https://helm.sh/docs/intro/install").err();
    assert_eq!(
        error.map(|e| e.to_string()).as_deref(),
        Some("helm is not installed: no helm in PATH (see https://helm.sh/docs/intro/install)")
    );
    let (folder, file) = script("exit 0");
    assert_eq!(
        find("renderer", folder.path().as_os_str(), "").ok(),
        Some(file.clone())
    );
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("ours");
    assert!(find("renderer", folder.path().as_os_str(), "").is_err());
}

#[test]
fn private_folders_are_private_and_go_away() {
    let folder = PrivateFolder::new().expect("a folder");
    let path = folder.path().to_owned();
    let file = folder.file("values.yaml", b"x: 1").expect("a file");
    let mode = |p: &Path| p.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&file)), (0o700, 0o600));
    drop(folder);
    assert!(!path.exists());
}
