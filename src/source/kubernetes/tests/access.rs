//! Kubeconfigs, contexts and exec plugins.

use super::{
    super::{ConnectError, kubeconfig},
    server::json,
    *,
};
use std::{collections::BTreeMap, ffi::OsString, path::Path};

fn spec(context: &str) -> KubernetesSpec {
    KubernetesSpec {
        context: Some(context.into()),
        ..KubernetesSpec::default()
    }
}

fn refused(spec: &KubernetesSpec, options: &ConnectOptions) -> ConnectError {
    match connect(spec, options) {
        Ok(_) => panic!("it should have been refused"),
        Err(e) => e,
    }
}

#[test]
fn a_context_that_does_not_exist() {
    let setup = Setup::new("http://127.0.0.1:1", "{}");
    let text = refused(&spec("prod-us"), &setup.options()).to_string();
    assert!(
        text.ends_with(
            "has no context `prod-us`, did you mean `prod-eu`?; it has `prod-eu`, `staging`"
        ),
        "{text}"
    );
    let text = refused(&spec("quite-something-else"), &setup.options()).to_string();
    assert!(!text.contains("did you mean"), "{text}");
}

#[test]
fn the_namespace_is_the_specs_else_the_contexts() {
    let setup = Setup::new("http://127.0.0.1:1", "{}");
    let source = connect(&spec("prod-eu"), &setup.options()).expect("a context");
    assert_eq!(source.namespace().as_deref(), Some("shop"));
    assert_eq!(&*source.describe(), "context prod-eu, namespace shop");
    let source = connect(&spec("staging"), &setup.options()).expect("a context");
    assert_eq!(source.namespace().as_deref(), Some("default"));
    let mut own = spec("staging");
    own.namespace = Some("other".into());
    let source = connect(&own, &setup.options()).expect("a context");
    assert_eq!(source.namespace().as_deref(), Some("other"));
}

#[test]
fn files_that_are_no_kubeconfigs() {
    let setup = Setup::new("http://127.0.0.1:1", "{}");
    let at = setup.kubeconfig();
    let mut options = setup.options();
    options.kubeconfig = Some(at.with_file_name("nope"));
    assert!(matches!(
        refused(&spec("x"), &options),
        ConnectError::Unreadable { .. }
    ));
    options.kubeconfig = Some(at.parent().expect("a folder").into());
    assert!(matches!(
        refused(&spec("x"), &options),
        ConnectError::Unreadable { .. }
    ));
    options.kubeconfig = Some(at.clone());
    for text in [
        "users:\n- name: a\n  user: { token: [c4nary] }\n",
        "contexts: {c4nary",
        "users: c4nary",
        "\t c4nary",
    ] {
        std::fs::write(&at, text).expect("a file");
        let e = refused(&spec("x"), &options);
        assert!(matches!(e, ConnectError::Malformed { .. }), "{text}: {e}");
        assert!(!format!("{e} {e:?}").contains("c4nary"), "{e}");
    }
    std::fs::write(&at, "").expect("a file");
    assert!(matches!(
        refused(&KubernetesSpec::default(), &options),
        ConnectError::NoContext { .. }
    ));
    std::fs::write(
        &at,
        "contexts:\n- name: x\n  context: { cluster: gone, user: u }\n",
    )
    .expect("a file");
    let text = refused(&spec("x"), &options).to_string();
    assert_eq!(
        text,
        "context `x`: its cluster `gone` is not in the kubeconfig"
    );
}

#[test]
fn a_kubeconfig_inside_the_repository_is_refused() {
    let setup = Setup::new("http://127.0.0.1:1", "{}");
    let mut options = setup.options();
    options.forbid_inside = Some(setup.folder.path().into());
    assert!(matches!(
        refused(&spec("prod-eu"), &options),
        ConnectError::Inside { .. }
    ));
    let outside = tempfile::tempdir().expect("a folder");
    options.forbid_inside = Some(outside.path().into());
    assert!(connect(&spec("prod-eu"), &options).is_ok());
    #[cfg(unix)]
    {
        // A link in the repository, and a link to the repository.
        let link = outside.path().join("link");
        std::os::unix::fs::symlink(setup.kubeconfig(), &link).expect("a link");
        options.kubeconfig = Some(link);
        assert!(matches!(
            refused(&spec("prod-eu"), &options),
            ConnectError::Inside { .. }
        ));
        options.forbid_inside = Some(setup.folder.path().into());
        assert!(matches!(
            refused(&spec("prod-eu"), &options),
            ConnectError::Inside { .. }
        ));
    }
}

#[test]
fn where_the_kubeconfig_is_looked_for() {
    let setup = Setup::new("http://127.0.0.1:1", "{}");
    let home = tempfile::tempdir().expect("a folder");
    let missing = home.path().join("nope");
    let list = |paths: &[&Path]| std::env::join_paths(paths).expect("paths");
    let load = |variables: &[(&str, OsString)]| {
        let env: BTreeMap<_, _> = variables.iter().cloned().collect();
        kubeconfig::load(
            &KubernetesSpec::default(),
            &ConnectOptions::default(),
            &|n| env.get(n).cloned(),
        )
        .map(|a| a.who)
    };
    let found = load(&[("KUBECONFIG", list(&[&missing, &setup.kubeconfig()]))]);
    assert_eq!(
        found.ok().as_deref(),
        Some("context prod-eu"),
        "kubectl skips files that are missing"
    );
    let none = load(&[("KUBECONFIG", list(&[&missing]))]);
    assert!(matches!(
        none.err(),
        Some(ConnectError::NoKubeconfig { .. })
    ));
    let none = load(&[("HOME", home.path().into())]);
    assert!(
        matches!(none.err(), Some(ConnectError::NoKubeconfig { looked }) if looked.contains(".kube"))
    );
    std::fs::create_dir(home.path().join(".kube")).expect("a folder");
    std::fs::copy(setup.kubeconfig(), home.path().join(".kube/config")).expect("a copy");
    assert_eq!(
        load(&[("HOME", home.path().into())]).ok().as_deref(),
        Some("context prod-eu")
    );
}

#[test]
fn removed_auth_providers_name_their_successors() {
    let setup = Setup::new(
        "http://127.0.0.1:1",
        "{ auth-provider: { name: gcp, config: { cmd-path: /bin/false } } }",
    );
    let text = refused(&spec("prod-eu"), &setup.options()).to_string();
    assert!(text.contains("gke-gcloud-auth-plugin"), "{text}");
}

#[cfg(unix)]
mod plugins {
    use super::*;

    /// A kubeconfig whose user runs this shell script.
    fn with_plugin(url: &str, script: &str, more: &str) -> Setup {
        let setup = Setup::new(url, "{}");
        let plugin = setup.folder.path().join("plugin");
        std::fs::write(&plugin, format!("#!/bin/sh\n{script}\n")).expect("a script");
        let text = std::fs::read_to_string(setup.kubeconfig()).expect("a kubeconfig");
        let user = format!(
            "user: {{ exec: {{ apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, args: [\"{}\"]{more} }} }}",
            plugin.display()
        );
        std::fs::write(setup.kubeconfig(), text.replace("user: {}", &user)).expect("a kubeconfig");
        setup
    }

    fn accepts_the_plugins_token() -> Server {
        Server::start(|asked| {
            let token = asked.headers.get("authorization").map(String::as_str);
            (token != Some("Bearer from-plugin")).then(|| server::file(401, "401.json"))
        })
    }

    const GIVES: &str = r#"echo '{"kind":"ExecCredential","status":{"token":"from-plugin"}}'"#;

    #[test]
    fn its_token_is_used_and_it_runs_once() {
        let server = accepts_the_plugins_token();
        let script = format!("echo run >> \"$(dirname \"$0\")/runs\"\n{GIVES}");
        let setup = with_plugin(&server.url(), &script, "");
        let o = setup.read(&config_maps());
        assert_eq!(o.reads()[0].outcome, Outcome::Complete);
        let runs = std::fs::read_to_string(setup.folder.path().join("runs")).expect("it ran");
        assert_eq!(runs, "run\n");
    }

    #[test]
    fn it_may_answer_in_yaml() {
        let server = accepts_the_plugins_token();
        let setup = with_plugin(
            &server.url(),
            "printf 'kind: ExecCredential\\nstatus:\\n  token: from-plugin\\n'",
            "",
        );
        assert_eq!(
            setup.read(&config_maps()).reads()[0].outcome,
            Outcome::Complete
        );
    }

    #[test]
    fn it_has_no_input_and_none_of_our_variables() {
        let server = accepts_the_plugins_token();
        // HOME stands for a variable of ours: tests must not set any of this process.
        let script =
            format!("cat > \"$(dirname \"$0\")/stdin\"\nenv > \"$(dirname \"$0\")/env\"\n{GIVES}");
        let setup = with_plugin(
            &server.url(),
            &script,
            ", env: [{ name: AWS_PROFILE, value: shop }, { name: DRIFTGATE_KEY, value: c4nary }]",
        );
        let mut options = setup.options();
        options.drop_env = vec!["HOME".into(), "DRIFTGATE_KEY".into()];
        let source = connect(&KubernetesSpec::default(), &options).expect("a context");
        let o = setup.run(async |_, cx| source.read(&config_maps(), cx).await);
        assert_eq!(o.reads()[0].outcome, Outcome::Complete);
        let read = |name| std::fs::read_to_string(setup.folder.path().join(name)).expect("it ran");
        assert_eq!(read("stdin"), "");
        let env = read("env");
        assert!(
            env.contains("AWS_PROFILE=shop") && env.contains("\"interactive\":false"),
            "{env}"
        );
        assert!(!env.contains("\nHOME=") && !env.contains("c4nary"), "{env}");
    }

    #[test]
    fn it_fails_hangs_or_prints_nonsense() {
        for (script, words) in [
            ("echo c4nary; echo c4nary >&2; exit 3", "failed (status 3)"),
            ("echo c4nary; sleep 60", "did not end in time"),
            ("(sleep 60; echo c4nary) &", "did not end in time"),
            ("echo c4nary", "printed no ExecCredential"),
            (
                "echo '{\"status\":{\"clientCertificateData\":\"c4nary\"}}'",
                "neither a token nor",
            ),
            (
                "echo '{\"status\":{\"token\":\"c4nary\",\"expirationTimestamp\":\"2020-01-01T00:00:00Z\"}}'",
                "already expired",
            ),
            ("yes c4nary | head -c 3000000", "failed ("),
            ("kill -9 $$", "failed (a signal)"),
        ] {
            let setup =
                with_plugin("http://127.0.0.1:1", script, "").within(Duration::from_millis(1200));
            let o = setup.read(&config_maps());
            let (how, cause, text) = failure(&o);
            assert_eq!(
                (how, cause),
                ("failed", UnreadCause::Unauthenticated),
                "{script}"
            );
            assert!(
                text.contains(words) && text.contains("`sh` of context prod-eu"),
                "{text}"
            );
            assert!(!format!("{o:?}").contains("c4nary"), "{o:?}");
        }
    }

    #[test]
    fn it_is_missing_or_wants_a_person() {
        let plugin =
            |user: &str| failure(&Setup::new("http://127.0.0.1:1", user).read(&config_maps())).2;
        let text = plugin("{ exec: { command: no-such-plugin, args: [c4nary] } }");
        assert!(
            text.contains("`no-such-plugin`")
                && text.contains("not installed")
                && !text.contains("c4nary"),
            "{text}"
        );
        let text = plugin("{ exec: { command: /bin/true, interactiveMode: Always } }");
        assert!(text.contains("terminal"), "{text}");
        let text = plugin("{ exec: { args: [x] } }");
        assert!(text.contains("no `command`"), "{text}");
    }

    #[test]
    fn a_token_file_that_is_gone() {
        let server = Server::start(|_| Some(json("{}")));
        let setup = Setup::new(&server.url(), "{ tokenFile: /nowhere/token }");
        let (how, cause, text) = failure(&setup.read(&config_maps()));
        assert_eq!((how, cause), ("failed", UnreadCause::Unauthenticated));
        assert!(text.contains("/nowhere/token"), "{text}");
    }
}
