use super::*;
use crate::{
    desired::{DesiredSpec, is_there, testing::*},
    git::testing::TestRepo,
    model::{
        setting::{KeyStyle, SettingEntry},
        value::{Plain, Value},
    },
};
use std::{fmt::Write, fs};

fn spec(parts: &[(&str, &str)]) -> DesiredSpec {
    DesiredSpec::File(FileSpec {
        parts: parts
            .iter()
            .map(|(file, select)| FilePart {
                file: (*file).into(),
                select: (!select.is_empty()).then(|| select.parse().expect("a path")),
                ..FilePart::default()
            })
            .collect(),
        nulls_delete: false,
    })
}

fn skipping(parts: &[(&str, &str)]) -> DesiredSpec {
    let DesiredSpec::File(mut spec) = spec(parts) else {
        unreachable!("a file")
    };
    for part in &mut spec.parts {
        part.if_absent_skip = true;
    }
    DesiredSpec::File(spec)
}

fn read_in(files: &[(&str, &str)], spec: &DesiredSpec) -> DesiredWorld {
    Setup::new().read_sealing(spec, folder(files).path())
}

const PRODUCTION: &str = "\
# Production.
database:
  host: db.example.com
  pool_size: 20
  password: hunter2-or-not
features:
  - checkout
  - search
empty: {}
gone: ~
a.b: dotted
";

#[test]
fn leaves_with_their_names_values_and_places() {
    let world = read_in(
        &[("config/production.yml", PRODUCTION)],
        &spec(&[("config/production.yml", "")]),
    );
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(
        shown(&world),
        [
            "database.host = db.example.com @ config/production.yml:3:9",
            "database.pool_size = 20 @ config/production.yml:4:14",
            "database.password = [secret] @ config/production.yml:5:13",
            "features = [\"checkout\",\"search\"] @ config/production.yml:7:3",
            "empty = {} @ config/production.yml:9:8",
            "gone = null @ config/production.yml:10:7",
            "a.b = dotted @ config/production.yml:11:6",
        ]
    );
    assert!(!format!("{world:?}").contains("hunter2"));
    assert!(world.settings.iter().all(|s| s.style == KeyStyle::Tree));
    assert_eq!(
        world.inputs.iter().map(|i| &**i).collect::<Vec<_>>(),
        ["config/production.yml"]
    );
}

#[test]
fn later_files_come_later_and_all_are_kept() {
    let files = [
        ("a.yml", "k: 1\nx: 1\n"),
        ("b.json", "{\"k\": 2}"),
        ("c.toml", "k = 3\n[t]\ny = true\n"),
    ];
    let world = read_in(
        &files,
        &spec(&[("a.yml", ""), ("b.json", ""), ("c.toml", "")]),
    );
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(
        shown(&world),
        [
            "k = 1 @ a.yml:1:4",
            "x = 1 @ a.yml:2:4",
            "k = 2 @ b.json:1:7",
            "k = 3 @ c.toml:1:5",
            "t.y = true @ c.toml:3:5"
        ]
    );
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let files = [
        ("config/production.yml", "a: 1\n"),
        ("config/staging.yml", "a: 1\n"),
    ];
    for (path, part) in [
        ("config/prod.yml", "did you mean `config/production.yml`?"),
        ("config/stagign.yml", "did you mean `config/staging.yml`?"),
        ("confg/staging.yml", "did you mean `config`?"),
        ("config/qa.yml", "does not exist"),
        ("config", "tells no format"),
        ("../x.yml", "../x.yml"),
    ] {
        let world = read_in(&files, &spec(&[(path, "")]));
        let said = problems(&world);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].starts_with("! ") && said[0].contains(part),
            "{said:?}"
        );
        assert!(world.incomplete.is_some() && world.settings.is_empty());
    }
    let world = read_in(
        &files,
        &skipping(&[("config/qa.yml", ""), ("config/staging.yml", "")]),
    );
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(shown(&world), ["a = 1 @ config/staging.yml:1:4"]);
}

#[test]
#[cfg(unix)]
fn if_absent_softens_absence_and_nothing_else() {
    let root = folder(&[
        ("broken.yml", "a: [1\n"),
        ("list.yml", "- 1\n- 2\n"),
        (
            "lfs.yml",
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        ),
        ("real.yml", "a: 1\n"),
    ]);
    std::os::unix::fs::symlink("nowhere.yml", root.path().join("dangling.yml")).expect("a link");
    std::os::unix::fs::symlink("nowhere", root.path().join("folder")).expect("a link");
    std::os::unix::fs::symlink("/etc/hostname", root.path().join("out.yml")).expect("a link");
    std::os::unix::fs::symlink("real.yml", root.path().join("link.yml")).expect("a link");
    for (path, part) in [
        ("broken.yml", "no YAML"),
        ("list.yml", "is a list"),
        ("lfs.yml", "Git LFS"),
        ("dangling.yml", "leads nowhere"),
        ("folder/a.yml", "leads nowhere"),
        ("out.yml", "out of the repository"),
    ] {
        let world = Setup::new().read(&skipping(&[(path, "")]), root.path());
        let said = problems(&world);
        assert!(world.incomplete.is_some(), "{path}");
        assert!(
            said[0].starts_with("! ") && said[0].contains(part),
            "{path}: {said:?}"
        );
    }
    let world = Setup::new().read(&spec(&[("link.yml", "")]), root.path());
    assert_eq!(shown(&world), ["a = 1 @ real.yml:1:4"]);
}

#[test]
fn files_that_are_no_map_of_settings() {
    for (name, content, part) in [
        ("a.yml", "just text\n", "the file is a text"),
        ("a.yml", "- a\n- b\n", "the file is a list"),
        ("a.yml", "a: 1\n---\nb: 2\n", "a second YAML document"),
        ("a.yml", "a: {{ .Values.x }}\n", "template"),
        (
            "a.yml",
            "x: 1\n{{- if .Values.x }}\ny: 1\n{{- end }}\n",
            "template",
        ),
        ("a.json", "{\"a\": 1", "no JSON"),
        ("settings", "a=1\n", "tells no format"),
        (
            "a.properties",
            "{\"data\": \"ENC[AES256_GCM,data:x]\", \"sops\": {\"mac\": \"ENC[x]\", \"version\": \"3.9.0\"}}",
            "as a whole",
        ),
    ] {
        let world = read_in(&[(name, content)], &spec(&[(name, "")]));
        let said = problems(&world);
        assert!(world.incomplete.is_some(), "{content}");
        assert!(
            said[0].starts_with("! ") && said[0].contains(part),
            "{content}: {said:?}"
        );
    }
    for (name, content) in [
        ("a.yml", ""),
        ("a.yml", "# nothing\n"),
        ("a.yml", "{}\n"),
        ("a.yml", "[]\n"),
        ("a.env", ""),
    ] {
        let world = read_in(&[(name, content)], &spec(&[(name, "")]));
        assert_eq!(problems(&world), [""; 0], "{content:?}");
        assert!(world.settings.is_empty());
    }
}

#[test]
fn lists_of_names_and_values_are_environments() {
    let task = r#"{"containerDefinitions": [{"name": "api", "environment": [{"name": "PORT", "value": "8080"}],
        "secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:eu-west-1:1:parameter/db"}]}]}"#;
    let world = read_in(
        &[("task.json", task)],
        &spec(&[
            ("task.json", "containerDefinitions[api].environment"),
            ("task.json", "containerDefinitions[api].secrets"),
        ]),
    );
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(
        shown(&world),
        [
            "PORT = 8080 @ task.json:1:85",
            "DB_PASSWORD = <arn:aws:ssm:eu-west-1:1:parameter/db> @ task.json:2:58"
        ]
    );
    assert!(
        world
            .settings
            .iter()
            .all(|s| s.style == KeyStyle::Environment)
    );
    let origin = world.settings[0].entry.origin().expect("an origin");
    assert_eq!(
        origin.path.to_string(),
        "containerDefinitions[api].environment[PORT].value"
    );
    let chart = "env:\n- name: A\n  valueFrom: {secretKeyRef: {name: api-secret, key: DB_PASSWORD}}\n- name: B\n  valueFrom: {fieldRef: {fieldPath: status.podIP}}\n";
    let world = read_in(&[("values.yaml", chart)], &spec(&[("values.yaml", "env")]));
    assert_eq!(
        shown(&world),
        [
            "A = <secretKeyRef api-secret/DB_PASSWORD> @ values.yaml:3:14",
            "B = <fieldRef status.podIP> @ values.yaml:5:14"
        ]
    );
}

#[test]
fn a_select_that_leads_nowhere_says_what_is_there() {
    let content = "apps:\n- name: api\n  config: {a: 1}\n- name: web\n  config: {a: 2}\n- name: twin\n- name: twin\nlimits: {cpu: 1}\n";
    for (select, part) in [
        ("app", "did you mean `apps`?"),
        ("apps[ap].config", "did you mean `api`?"),
        ("apps[worker].config", "there is `api`, `web`"),
        ("apps[api].confg", "did you mean `config`?"),
        ("apps.api", "`[api]`"),
        ("apps[#9]", "4 items"),
        ("apps[twin]", "two items"),
        ("limits[cpu]", "write `.cpu`"),
        ("limits.cpu.x", "`limits.cpu` is a single value"),
        ("limits.cpu", "`limits.cpu` is a number"),
        ("apps", "`apps` is a list"),
    ] {
        let world = read_in(&[("v.yaml", content)], &spec(&[("v.yaml", select)]));
        let said = problems(&world);
        assert_eq!(said.len(), 1, "{select}: {said:?}");
        assert!(
            said[0].starts_with("! ") && said[0].contains(part),
            "{select}: {said:?}"
        );
    }
    // Provably nothing, and expected.
    let files = [("v.yaml", content)];
    let world = read_in(&files, &skipping(&[("v.yaml", "apps[worker].config")]));
    assert!(world.incomplete.is_none() && world.settings.is_empty());
    let root = folder(&files);
    let at = Files::folder(root.path());
    assert_eq!(
        is_there(&spec(&[("v.yaml", "apps[worker].config")]), &at),
        Ok(false)
    );
    assert_eq!(
        is_there(&spec(&[("v.yaml", "apps[web].config")]), &at),
        Ok(true)
    );
    assert_eq!(is_there(&spec(&[("x.yaml", "")]), &at), Ok(false));
    let world = read_in(&files, &skipping(&[("v.yaml", "apps[twin].config")]));
    assert!(world.incomplete.is_some(), "two are not none");
}

#[test]
fn what_may_be_hidden_on_the_way_is_not_absent() {
    let api = "apps[api].config";
    for (content, select) in [
        ("apps: x\n", api),
        ("apps: 3\n", api),
        ("apps: [x]\n", "apps.api.config"),
        ("apps: {api: {config: {a: 1}}}\n", api),
        ("apps: [{name: api, config: {a: 1}}]\n", "apps.api.config"),
        ("apps: !Ref other\n", api),
        ("apps: [!Ref other]\n", api),
        ("apps: [{name: !Ref other, config: {a: 1}}]\n", api),
        ("apps: [{name: !Ref other, id: x}]\n", api),
        (
            "apps: [{name: '{{ .Values.name }}', config: {a: 1}}]\n",
            api,
        ),
        ("apps: [{name: '${NAME}', config: {a: 1}}]\n", api),
        ("apps: ['{{ .Values.app }}']\n", api),
        ("apps: [{'Fn::If': [C, {name: api}, {name: web}]}]\n", api),
        (
            "apps: [{name: api}]\n'Fn::Transform': {Name: x}\n",
            "more.config",
        ),
        (
            "apps: [{name: 'ENC[AES256_GCM,data:x]', config: {a: 1}}]\nsops: {mac: x, version: 3.9.0}\n",
            api,
        ),
    ] {
        let files = [("v.yml", content)];
        let world = read_in(&files, &skipping(&[("v.yml", select)]));
        assert!(world.incomplete.is_some(), "{content}");
        assert!(problems(&world)[0].contains("there is no `"), "{content}");
        let root = folder(&files);
        assert_eq!(
            is_there(&spec(&[("v.yml", select)]), &Files::folder(root.path())),
            Ok(true),
            "{content}"
        );
    }
    for content in [
        "apps: ~\n",
        "apps:\n",
        "apps: []\n",
        "apps: {}\n",
        "other: 1\n",
        "apps: [{name: web, config: {a: 1}}, {image: x}, text]\n",
        "apps: [{name: api}]\n",
    ] {
        let world = read_in(&[("v.yml", content)], &skipping(&[("v.yml", api)]));
        assert_eq!(problems(&world), [""; 0], "{content}");
        assert!(world.incomplete.is_none() && world.settings.is_empty());
    }
}

#[test]
fn properties_and_env_files_keep_their_names() {
    let files = [
        (
            "a.properties",
            "spring.datasource.url=jdbc:x\nspring.datasource.pool=5\nother=1\n",
        ),
        (".env", "DB_HOST=db\nDB_TIMEOUT=10s\n"),
        (
            "secret.env",
            "DB_PASSWORD=ENC[AES256_GCM,data:x]\nsops_mac=ENC[y]\nsops_version=3.9.0\nsops_age__list_0__map_enc=z\nPLAIN=1\n",
        ),
    ];
    let world = read_in(
        &files,
        &spec(&[
            ("a.properties", "spring.datasource"),
            (".env", ""),
            ("secret.env", ""),
        ]),
    );
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(
        shown(&world),
        [
            "url = jdbc:x @ a.properties:1:23",
            "pool = 5 @ a.properties:2:24",
            "DB_HOST = db @ .env:1:9",
            "DB_TIMEOUT = 10s @ .env:2:12",
            "DB_PASSWORD = <<sops>> @ secret.env:1:13",
            "PLAIN = 1 @ secret.env:5:7",
        ]
    );
    assert_eq!(world.settings[2].style, KeyStyle::Environment);
    let world = read_in(&files, &spec(&[("a.properties", "spring.jpa")]));
    assert_eq!(
        problems(&world),
        ["! a.properties: no key begins with `spring.jpa.`"]
    );
}

#[test]
fn dialects_of_yaml() {
    let content = "flag: on\nmode: 0777\n";
    let files = [("values.yaml", content)];
    assert_eq!(
        shown(&read_in(&files, &spec(&[("values.yaml", "")])))[0],
        "flag = on @ values.yaml:1:7"
    );
    let DesiredSpec::File(mut helm) = spec(&[("values.yaml", "")]) else {
        unreachable!("a file")
    };
    helm.parts[0].format = Some(FileFormat::HelmValues);
    let world = read_in(&files, &DesiredSpec::File(helm));
    assert_eq!(
        shown(&world),
        [
            "flag = true @ values.yaml:1:7",
            "mode = 511 @ values.yaml:2:7"
        ]
    );
}

/// A values file as large applications have them: defaults behind anchors, sixty applications.
fn large_values() -> String {
    let mut out = String::from(
        "x-defaults: &defaults\n  replicas: 2\n  config: &config\n    LOG_LEVEL: info\n    DB_TIMEOUT: 10s\n",
    );
    for n in 0..20 {
        let _ = writeln!(out, "    SHARED_{n}: value-{n}");
    }
    out.push_str("apps:\n");
    for app in 0..60 {
        let _ = write!(
            out,
            "- name: app-{app}\n  <<: *defaults\n  config:\n    <<: *config\n    APP: app-{app}\n"
        );
        for n in 0..60 {
            let _ = writeln!(out, "    SETTING_{n}: \"{app}-{n}\"");
        }
    }
    out
}

#[test]
fn sixty_applications_share_one_file() {
    let content = large_values();
    assert!(content.lines().count() > 3_900);
    let repo = TestRepo::with(&[("values-production.yaml", &content)]);
    let git = repo.open();
    let commit = git.resolve("HEAD").expect("a commit");
    let files = git.files_at(&commit).expect("its files");
    let setup = Setup::new();
    let mut all = 0;
    for round in 0..10 {
        for app in 0..60 {
            let world = crate::desired::read(
                &spec(&[("values-production.yaml", &format!("apps[app-{app}].config"))]),
                &files,
                &setup.context(),
            );
            assert_eq!(problems(&world), [""; 0]);
            assert_eq!(world.settings.len(), 60 + 22 + 1);
            if round == 0 && app == 17 {
                let text = shown(&world);
                assert!(
                    text.iter()
                        .any(|s| s.starts_with("SETTING_3 = 17-3 @ values-production.yaml:")),
                    "{text:?}"
                );
                // What an anchor brings stands where it is merged.
                assert!(
                    text.iter().any(|s| s.starts_with("DB_TIMEOUT = 10s @ ")),
                    "{text:?}"
                );
            }
            all += 1;
        }
    }
    assert_eq!(all, 600);
    assert_eq!(setup.cache.settings_parsed(), 1, "parsed once");
}

#[test]
fn hostile_files_end() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let list = vec![format!("*a{}", n - 1); 10].join(", ");
        let _ = writeln!(bomb, "a{n}: &a{n} [{list}]");
    }
    let world = read_in(&[("bomb.yml", &bomb)], &spec(&[("bomb.yml", "")]));
    assert!(world.incomplete.is_some());
    let select = "a.".repeat(20_000) + "a";
    let world = read_in(
        &[("a.yml", "a: {a: {a: 1}}\n")],
        &spec(&[("a.yml", &select)]),
    );
    assert!(world.incomplete.is_some());
    let select = "[x]".repeat(20_000);
    let world = read_in(&[("a.yml", "a: 1\n")], &spec(&[("a.yml", &select)]));
    assert!(world.incomplete.is_some());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn each_leaf_once_and_the_same_every_time(keys in proptest::collection::btree_set("[a-z]{1,4}(\\.[a-z]{1,3})?", 1..12), depth in 0_usize..3) {
        let pad = |n: usize| " ".repeat(n);
        let mut text = String::new();
        for d in 0..depth {
            let _ = writeln!(text, "{}level{d}:", pad(d));
        }
        for (n, key) in keys.iter().enumerate() {
            let _ = writeln!(text, "{}\"{key}\": v{n}", pad(depth));
        }
        let root = folder(&[("a.yml", &text)]);
        let spec = spec(&[("a.yml", "")]);
        let world = Setup::new().read(&spec, root.path());
        let again = Setup::new().read(&spec, root.path());
        proptest::prop_assert_eq!(shown(&world), shown(&again));
        proptest::prop_assert_eq!(world.settings.len(), keys.len());
        let prefix: String = (0..depth).map(|d| format!("level{d}.")).collect();
        for (n, (key, setting)) in keys.iter().zip(&world.settings).enumerate() {
            proptest::prop_assert_eq!(&*setting.name, &format!("{prefix}{key}"));
            let is_value = matches!(
                &setting.entry.value,
                Value::Plain(Plain::Text(value)) if **value == *format!("v{n}")
            );
            proptest::prop_assert!(is_value);
        }
    }
}

#[test]
fn the_same_content_elsewhere_is_another_place() {
    let root = folder(&[("a.yml", "k: 1\n"), ("b.yml", "k: 1\n")]);
    let setup = Setup::new();
    let world = setup.read(&spec(&[("a.yml", ""), ("b.yml", "")]), root.path());
    assert_eq!(shown(&world), ["k = 1 @ a.yml:1:4", "k = 1 @ b.yml:1:4"]);
    fs::write(root.path().join("a.yml"), "k: 2\n").expect("a file");
    let entries: Vec<SettingEntry> = setup.read(&spec(&[("a.yml", "")]), root.path()).settings;
    assert!(matches!(&entries[0].entry.value, Value::Plain(Plain::Number(n)) if &**n == "2"));
}
