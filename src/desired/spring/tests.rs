use super::*;
use crate::desired::{DesiredSpec, is_there, testing::*};

fn spec(profiles: &[&str]) -> DesiredSpec {
    DesiredSpec::Spring(SpringSpec {
        folder: "src/main/resources".into(),
        name: "application".into(),
        profiles: profiles.iter().map(|p| (*p).into()).collect(),
    })
}

fn read_in(files: &[(&str, &str)], profiles: &[&str]) -> DesiredWorld {
    let files: Vec<(String, &str)> = files
        .iter()
        .map(|(path, content)| (format!("src/main/resources/{path}"), *content))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(p, c)| (p.as_str(), *c)).collect();
    Setup::new().read_sealing(&spec(profiles), folder(&files).path())
}

/// What wins, and no problem.
fn clean(files: &[(&str, &str)], profiles: &[&str]) -> Vec<String> {
    let world = read_in(files, profiles);
    assert_eq!(problems(&world), [""; 0]);
    effective(&world)
}

#[test]
fn files_in_their_order() {
    let files = [
        (
            "application.yaml",
            "a: yaml\nb: yaml\nc: yaml\nd: yaml\ne: yaml\nf: yaml\n",
        ),
        (
            "application.yml",
            "b: yml\nc: yml\nd: yml\ne: yml\nf: yml\n",
        ),
        (
            "application.properties",
            "c=properties\nd=properties\ne=properties\nf=properties\n",
        ),
        (
            "config/application.yml",
            "d: config\ne: config\nf: config\n",
        ),
        ("application-eu.yml", "e: eu\nf: eu\n"),
        ("application-prod.yml", "f: prod\n"),
        ("application-dev.yml", "a: dev\n"),
        ("other.yml", "a: other\n"),
    ];
    assert_eq!(
        clean(&files, &["eu", "prod"]),
        [
            "a = yaml",
            "b = yml",
            "c = properties",
            "d = config",
            "e = eu",
            "f = prod"
        ]
    );
    // The last profile wins.
    assert_eq!(clean(&files, &["prod", "eu"])[5], "f = eu");
    let world = read_in(&files, &["eu", "prod"]);
    assert_eq!(
        world.settings.len(),
        6 + 5 + 4 + 3 + 2 + 1,
        "what is hidden is kept"
    );
    let last = shown(&world).pop().expect("a setting");
    assert_eq!(
        last,
        "f = prod @ src/main/resources/application-prod.yml:1:4"
    );
    assert_eq!(world.inputs.len(), 6);
}

#[test]
fn documents_with_profiles() {
    let yml = "\
pool: 5
---
spring.config.activate.on-profile: prod & (eu | us)
pool: 20
---
spring:
  config:
    activate:
      on-profile: [dev, test]
pool: 1
---
spring.profiles: '!prod'
legacy: true
";
    let files = [("application.yml", yml)];
    assert_eq!(clean(&files, &["prod", "eu"]), ["pool = 20"]);
    assert_eq!(clean(&files, &["dev"]), ["legacy = true", "pool = 1"]);
    assert_eq!(clean(&files, &[]), ["legacy = true", "pool = 5"]);
    let properties =
        "pool=5\n#---\nspring.config.activate.on-profile=prod\npool=20\n!---\nother=1\n";
    let world = read_in(&[("application.properties", properties)], &["prod"]);
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(
        shown(&world),
        [
            "pool = 5 @ src/main/resources/application.properties:1:6",
            "pool = 20 @ src/main/resources/application.properties:4:6",
            "other = 1 @ src/main/resources/application.properties:6:7",
        ]
    );
    let world = read_in(
        &[(
            "application.yml",
            "a: 1\n---\nspring.config.activate.on-profile: a & b | c\na: 2\n",
        )],
        &["prod"],
    );
    assert!(world.incomplete.is_some());
    assert!(
        problems(&world)[0].contains("refuses this expression"),
        "{:?}",
        problems(&world)
    );
}

#[test]
fn groups_includes_and_defaults() {
    let base = "\
spring.profiles.group.production: [proddb, prodmq]
spring.profiles.include: common
x: base
";
    let files = [
        ("application.yml", base),
        ("application-common.yml", "x: common\nc: common\n"),
        (
            "application-production.yml",
            "x: production\np: production\n",
        ),
        ("application-proddb.yml", "x: proddb\n"),
        ("application-prodmq.properties", "x=prodmq\n"),
        ("application-default.yml", "x: default\n"),
    ];
    let found = clean(&files, &["production"]);
    assert!(found.contains(&"x = prodmq".to_owned()), "{found:?}");
    assert!(
        found.contains(&"c = common".to_owned()) && found.contains(&"p = production".to_owned())
    );
    let plain = [("application.yml", "x: base\n"), files[5]];
    assert_eq!(clean(&plain, &[]), ["x = default"]);
    let own = [
        ("application.yml", "x: base\nspring.profiles.active: a, b\n"),
        ("application-a.yml", "x: a\n"),
        ("application-b.yml", "x: b\n"),
    ];
    assert!(clean(&own, &[]).contains(&"x = b".to_owned()));
    assert!(
        clean(&own, &["a"]).contains(&"x = a".to_owned()),
        "driftgate.yaml's win"
    );
    let world = read_in(&own, &["a", "prdo"]);
    assert!(problems(&world)[0].contains("nothing is said for the profile `prdo`"));
    assert!(world.incomplete.is_none());
}

#[test]
fn imports() {
    let base = "\
x: base
spring.config.import:
  - optional:classpath:more/db.yml
  - file:./extra.properties
  - optional:file:/etc/app/secret.yml
  - configserver:http://config:8888
  - classpath:not-here.yml
  - optional:classpath:not-here-either.yml
---
y: after
";
    let files = [
        ("application.yml", base),
        (
            "more/db.yml",
            "x: db\ny: db\nspring.config.import: [deeper.yml, ../application.yml]\n",
        ),
        ("more/db-prod.yml", "z: db-prod\n"),
        ("more/deeper.yml", "w: deeper\n"),
        ("extra.properties", "v=extra\n"),
    ];
    let world = read_in(&files, &["prod"]);
    assert_eq!(
        effective(&world),
        [
            "v = extra",
            "w = deeper",
            "x = db",
            "y = after",
            "z = db-prod"
        ]
    );
    let said = problems(&world);
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(
        said[0].contains("`file:` is not followed")
            && said[1].contains("`configserver:`")
            && said[2].contains("not-here.yml is not in the repository")
    );
    assert!(world.incomplete.is_none());
    assert_eq!(
        beyond(&world),
        [
            "file:/etc/app/secret.yml",
            "configserver:http://config:8888",
            "classpath:not-here.yml"
        ]
    );
    let place = world.beyond[0].place.as_ref().expect("a place").to_string();
    assert!(
        place.starts_with("src/main/resources/application.yml:3:"),
        "{place}"
    );
}

fn beyond(world: &DesiredWorld) -> Vec<&str> {
    world.beyond.iter().map(|b| &*b.what).collect()
}

#[test]
fn imports_from_elsewhere_are_kept_without_their_secrets() {
    for (import, expected) in [
        ("vault://secret/app", "vault://secret/app"),
        ("optional:configserver:", "configserver:"),
        ("configtree:/etc/config/", "configtree:/etc/config/"),
        ("file:./folder/", "file:./folder/"),
        ("file:${CONFIG}/app.yml", "file:${CONFIG}/app.yml"),
        ("optional:file:.env[.properties]", "file:.env[.properties]"),
        ("optional:file:./local.yml", "file:./local.yml"),
        (
            "configserver:http://u:hunter2@config:8888",
            "configserver:…",
        ),
        (
            "configserver:http://config?token=hunter2",
            "configserver:http://config",
        ),
    ] {
        let base = format!("pool: 1\nspring.config.import: '{import}'\n");
        let world = read_in(&[("application.yml", &base)], &[]);
        assert_eq!(beyond(&world), [expected], "{import}");
        assert!(world.incomplete.is_none(), "{import}");
        assert!(!format!("{world:?}").contains("hunter2"), "{world:?}");
    }
    for nothing in ["optional:classpath:local.yml", "optional:local.yml"] {
        let base = format!("pool: 1\nspring.config.import: '{nothing}'\n");
        assert_eq!(
            beyond(&read_in(&[("application.yml", &base)], &[])),
            [""; 0]
        );
    }
    let world = read_in(
        &[(
            "application.yml",
            "a: 1\nspring: {config: {import: 'ENC[AES256_GCM,data:x]'}}\nsops: {mac: x, version: 3.9.0}\n",
        )],
        &[],
    );
    assert!(world.incomplete.is_some(), "{world:?}");
    let many: Vec<String> = (0..400).map(|n| format!("p{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut files = vec![("application.yml", "a: 1\n")];
    files.push(("application-p399.yml", "a: 2\n"));
    assert_eq!(
        effective(&read_in(&files, &many)),
        ["a = 2"],
        "the last of many"
    );
}

#[test]
fn a_mandatory_import_that_is_missing_blocks() {
    for (import, blocks) in [
        ("file:./missing.yml", true),
        ("missing.yml", true),
        ("./missing.properties", true),
        ("optional:file:./missing.yml", false),
        ("optional:missing.yml", false),
        ("optional:classpath:missing.yml", false),
    ] {
        let base = format!("pool: 1\nspring.config.import: '{import}'\n");
        let world = read_in(&[("application.yml", &base)], &[]);
        let said = problems(&world);
        assert_eq!(world.incomplete.is_some(), blocks, "{import}: {said:?}");
        assert_eq!(effective(&world), ["pool = 1"]);
        if blocks {
            assert!(
                said[0].starts_with("! src/main/resources/application.yml:2:23: the imported")
                    && said[0].contains("is not in the repository"),
                "{said:?}"
            );
        }
    }
    // Only what counts is imported.
    let base =
        "pool: 1\n---\nspring.config.activate.on-profile: dev\nspring.config.import: missing.yml\n";
    assert_eq!(clean(&[("application.yml", base)], &[]), ["pool = 1"]);
    // Files of profiles are looked for on their own.
    let files = [
        ("application.yml", "spring.config.import: optional:db.yml\n"),
        ("db-prod.yml", "x: 1\n"),
    ];
    assert_eq!(clean(&files, &["prod"]), ["x = 1"]);
}

#[test]
fn spellings_are_one_setting() {
    let files = [
        (
            "application.yml",
            "app:\n  poolSize: 5\n  open_in_view: false\nlogging.level.com.acme.OrderService: debug\n",
        ),
        (
            "application-prod.properties",
            "app.pool-size=20\napp.openInView=true\n",
        ),
    ];
    let world = read_in(&files, &["prod"]);
    assert_eq!(
        effective(&world),
        [
            "app.open-in-view = true",
            "app.pool-size = 20",
            "logging.level.com.acme.OrderService = debug"
        ]
    );
    let names: Vec<&str> = world.settings.iter().map(|s| &*s.name).collect();
    assert_eq!(names.iter().filter(|n| **n == "app.pool-size").count(), 2);
    assert_eq!(
        world.settings[0].entry.from[0].path.to_string(),
        "app.poolSize"
    );
}

#[test]
fn lists_are_whole() {
    let files = [
        (
            "application.yml",
            "hosts: [a, b, c]\nroutes:\n  - {id: x, url: http://x}\nempty: []\nnothing:\n",
        ),
        (
            "application-prod.properties",
            "hosts[0]=p\nhosts[1]=q\nroutes[0].id=y\nroutes[0].url=http://y\nroutes[1].id=z\ngap[0]=1\ngap[2]=3\n",
        ),
    ];
    assert_eq!(
        clean(&files, &["prod"]),
        [
            "empty = []",
            "gap[0] = 1",
            "gap[2] = 3",
            "hosts = [\"p\",\"q\"]",
            "nothing = ",
            r#"routes = [{"id":"y","url":"http://y"},{"id":"z"}]"#,
        ]
    );
}

#[test]
fn placeholders() {
    let files = [
        (
            "application.yml",
            "\
host: localhost
port: 5432
db:
  url: jdbc:postgresql://${host}:${port}/shop
  user: ${DB_USER}
  name: ${DB_NAME:shop}
  alias: ${host:other}
  deep: ${db.url}?ssl
  password: ${DB_PASSWORD}
  dsn: app:${secret.key}@${host}
secret.key: s3cr3t-V4lu3-x9
literal: \\${host}
version: '@project.version@'
a: ${b}
b: ${c}
c: ${a}
items: [\"${host}\", fixed]
outer: [\"${UNKNOWN}\", \"${host}\"]
max-size: 3
same: ${max-size}
mail: me@example.com
",
        ),
        ("application-prod.yml", "host: db.example.com\n"),
    ];
    let world = read_in(&files, &["prod"]);
    let found = effective(&world);
    for expected in [
        "db.url = jdbc:postgresql://db.example.com:5432/shop",
        "db.user = <placeholder ${DB_USER}>",
        "db.name = <placeholder ${DB_NAME:shop}>",
        "db.alias = db.example.com",
        "db.deep = jdbc:postgresql://db.example.com:5432/shop?ssl",
        "db.password = <placeholder ${DB_PASSWORD}>",
        "db.dsn = [secret]",
        "secret.key = [secret]",
        "literal = ${host}",
        "version = <placeholder @project.version@>",
        "a = <placeholder ${b}>",
        r#"items = ["db.example.com","fixed"]"#,
        r#"outer = <placeholder ["${UNKNOWN}","db.example.com"]>"#,
        "same = 3",
        "mail = me@example.com",
    ] {
        assert!(
            found.contains(&expected.to_owned()),
            "{expected}: {found:#?}"
        );
    }
    let url = world
        .settings
        .iter()
        .find(|s| &*s.name == "db.url")
        .expect("there");
    let places: Vec<String> = url
        .entry
        .from
        .iter()
        .map(|o| o.place.as_ref().expect("a place").to_string())
        .collect();
    assert_eq!(
        places,
        [
            "src/main/resources/application.yml:4:8",
            "src/main/resources/application-prod.yml:1:7",
            "src/main/resources/application.yml:2:7"
        ]
    );
    let said = problems(&world);
    assert!(
        said.iter().any(|p| p.contains("lead in a circle")),
        "{said:?}"
    );
    assert!(world.incomplete.is_none());
    assert!(!format!("{world:?}").contains("s3cr3t"));
}

#[test]
fn hostile_configurations_end() {
    let mut bomb = String::from("p0: xxxxxxxxxx\n");
    for n in 1..40 {
        let m = n - 1;
        bomb.push_str(&format!("p{n}: ${{p{m}}}${{p{m}}}${{p{m}}}\n"));
    }
    let world = read_in(&[("application.yml", &bomb)], &[]);
    assert_eq!(world.settings.len(), 40);
    let circle = [
        ("application.yml", "a: 1\nspring.config.import: one.yml\n"),
        ("one.yml", "b: 1\nspring.config.import: two.yml\n"),
        (
            "two.yml",
            "c: 1\nspring.config.import: [one.yml, application.yml]\n",
        ),
    ];
    assert_eq!(clean(&circle, &[]), ["a = 1", "b = 1", "c = 1"]);
    let many = "#---\na=1\n".repeat(5_000);
    assert!(
        read_in(&[("application.properties", &many)], &[])
            .incomplete
            .is_some()
    );
    let deep = format!("a{}=1\n", "[0]".repeat(5_000));
    assert!(
        !read_in(&[("application.properties", &deep)], &[])
            .settings
            .is_empty()
    );
    let groups = "spring.profiles.group.a: b\nspring.profiles.group.b: a\nx: 1\n";
    assert!(
        read_in(&[("application.yml", groups)], &["a"])
            .incomplete
            .is_none()
    );
}

#[test]
fn what_is_missing_or_broken_is_said() {
    let world = read_in(&[("other.yml", "a: 1\n")], &[]);
    assert!(problems(&world)[0].contains("no `application` with .properties, .yml or .yaml"));
    assert!(world.incomplete.is_some());
    let world = Setup::new().read(
        &spec(&[]),
        folder(&[("src/main/resource/application.yml", "a: 1\n")]).path(),
    );
    assert!(
        problems(&world)[0].contains("did you mean `src/main/resource`?"),
        "{:?}",
        problems(&world)
    );
    let world = read_in(&[("application.yml", "version: @project.version@\n")], &[]);
    assert!(world.incomplete.is_some());
    assert!(
        problems(&world)[0].contains("quote what the build fills in"),
        "{:?}",
        problems(&world)
    );
    let world = read_in(
        &[(
            "application.yml",
            "a: 1\n---\nspring.config.activate.on-cloud-platform: kubernetes\na: 2\n",
        )],
        &[],
    );
    assert_eq!(
        effective(&world),
        ["a = <only on the cloud platform kubernetes>"]
    );
    assert!(world.incomplete.is_none());
    let root = folder(&[
        ("src/main/resources/logback.xml", ""),
        ("src/main/resources/config/application-prod.yaml", ""),
    ]);
    assert_eq!(is_there(&spec(&[]), &Files::folder(root.path())), Ok(true));
    let root = folder(&[("src/main/resources/logback.xml", "")]);
    assert_eq!(is_there(&spec(&[]), &Files::folder(root.path())), Ok(false));
}

#[test]
fn a_secret_default_is_not_written_out() {
    let yaml = "db:\n  password: ${DB_PASSWORD:geheim}\n  url: jdbc:x://h?password=${DBP:geheim}\n  pool: ${POOL:10}\n";
    let settings = clean(&[("application.yml", yaml)], &[]);
    assert!(
        settings.iter().any(|s| s.contains("${POOL:10}")),
        "{settings:?}"
    );
    assert!(
        settings.iter().all(|s| !s.contains("geheim")),
        "{settings:?}"
    );
}
