use super::*;
use crate::desired::{DesiredSpec, is_there, testing::*};

fn spec(files: &[&str], env_files: &[&str], service: &str) -> DesiredSpec {
    let boxed = |list: &[&str]| list.iter().map(|f| (*f).into()).collect();
    DesiredSpec::Compose(ComposeSpec {
        files: boxed(files),
        env_files: boxed(env_files),
        service: service.into(),
    })
}

fn read_in(files: &[(&str, &str)], spec: &DesiredSpec) -> DesiredWorld {
    Setup::new().read_sealing(spec, folder(files).path())
}

/// One service `api` in one file.
fn one(compose: &str, env: &str) -> DesiredWorld {
    read_in(
        &[("compose.yaml", compose), (".env", env)],
        &spec(&["compose.yaml"], &[], "api"),
    )
}

#[test]
fn files_are_merged_in_their_order() {
    let files = [
        (
            "deploy/compose.yaml",
            "\
x-common: &common
  LOG_LEVEL: info
  REGION: eu
services:
  api:
    image: api
    env_file: api.env
    environment:
      <<: *common
      DB_HOST: db
      DEBUG: false
      PORT: 8080
",
        ),
        (
            "deploy/compose.prod.yaml",
            "\
services:
  api:
    env_file:
      - path: prod.env
        required: true
      - path: absent.env
        required: false
    environment:
      - LOG_LEVEL=warn
      - EXTRA=a=b
",
        ),
        (
            "deploy/api.env",
            "DB_HOST=from-file\nFROM_FILE=api\nBOTH=api\n",
        ),
        ("deploy/prod.env", "BOTH=prod\n"),
    ];
    let world = read_in(
        &files,
        &spec(
            &["deploy/compose.yaml", "deploy/compose.prod.yaml"],
            &[],
            "api",
        ),
    );
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(
        shown(&world),
        [
            "DB_HOST = from-file @ deploy/api.env:1:9",
            "FROM_FILE = api @ deploy/api.env:2:11",
            "BOTH = api @ deploy/api.env:3:6",
            "BOTH = prod @ deploy/prod.env:1:6",
            "DB_HOST = db @ deploy/compose.yaml:10:16",
            "DEBUG = false @ deploy/compose.yaml:11:14",
            "PORT = 8080 @ deploy/compose.yaml:12:13",
            "LOG_LEVEL = info @ deploy/compose.yaml:2:14",
            "REGION = eu @ deploy/compose.yaml:3:11",
            "LOG_LEVEL = warn @ deploy/compose.prod.yaml:9:9",
            "EXTRA = a=b @ deploy/compose.prod.yaml:10:9",
        ]
    );
    assert!(
        world
            .settings
            .iter()
            .all(|s| s.style == crate::model::setting::KeyStyle::Environment)
    );
    assert_eq!(
        world.settings[4].entry.from[0].path.to_string(),
        "services.api.environment.DB_HOST"
    );
    assert_eq!(world.inputs.len(), 4);
}

/// As `docker compose config` fills in, with an empty environment.
#[test]
fn interpolation() {
    let env = "SET=value\nEMPTY=\nHOST=db\n";
    for (written, expected) in [
        ("${SET}", "value"),
        ("$SET", "value"),
        ("a-$SET-b", "a-value-b"),
        ("$SET.x", "value.x"),
        ("${SET:-d}", "value"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${NONE:-d}", "d"),
        ("${NONE-d}", "d"),
        ("${NONE:-}", ""),
        ("${NONE:-${SET}}", "value"),
        ("${NONE:-${NEITHER:-x}}", "x"),
        ("${NONE:-a}b}", "ab}"),
        ("${SET:+x}", "x"),
        ("${EMPTY:+x}", ""),
        ("${EMPTY+x}", "x"),
        ("${NONE:+x}", ""),
        ("${SET:?must}", "value"),
        ("${EMPTY?must}", ""),
        ("$$SET", "$SET"),
        ("$${SET}", "${SET}"),
        ("100%", "100%"),
        ("postgres://${HOST}:5432", "postgres://db:5432"),
        ("${NONE}", "<from the environment: ${NONE}>"),
        ("${NONE:?must be set}", "<from the environment: ${NONE}>"),
        (
            "http://${HOST}/${NONE}",
            "<from the environment: http://db/${NONE}>",
        ),
    ] {
        let compose = format!("services:\n  api:\n    environment:\n      K: '{written}'\n");
        let world = one(&compose, env);
        assert_eq!(problems(&world), [""; 0], "{written}");
        assert_eq!(effective(&world), [format!("K = {expected}")], "{written}");
        let compose = format!("services:\n  api:\n    environment:\n      - 'K={written}'\n");
        assert_eq!(
            effective(&one(&compose, env)),
            [format!("K = {expected}")],
            "{written}"
        );
    }
    for refused in [
        "${SET",
        "${}",
        "$",
        "a $ b",
        "${EMPTY:?must}",
        "${SET!}",
        "${1}",
    ] {
        let compose = format!("services:\n  api:\n    environment:\n      K: '{refused}'\n");
        let world = one(&compose, env);
        assert!(world.incomplete.is_some(), "{refused}");
        assert!(problems(&world)[0].contains("Compose refuses"), "{refused}");
    }
}

#[test]
fn what_is_passed_through() {
    let compose = "services:\n  api:\n    env_file: a.env\n    environment:\n      A:\n      B: ~\n      C: ''\n";
    let files = [
        ("compose.yaml", compose),
        (".env", "A=1\n"),
        ("a.env", "D\nE=${A}-x\nF=${NONE}\n"),
    ];
    let world = read_in(&files, &spec(&["compose.yaml"], &[], "api"));
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(
        effective(&world),
        [
            "A = 1",
            "B = <from the environment>",
            "C = ",
            "D = <from the environment>",
            "E = 1-x",
            "F = <from the environment: ${NONE}>"
        ]
    );
    let compose = "services:\n  api:\n    environment:\n      - A\n      - B\n";
    assert_eq!(
        effective(&one(compose, "A=1\n")),
        ["A = 1", "B = <from the environment>"]
    );
}

#[test]
fn a_secret_default_is_not_written_out() {
    let compose = "services:\n  api:\n    environment:\n      DB_PASSWORD: ${DB_PW:-geheim}\n      DB_URL: postgres://app:${DB_PW:-geheim}@db\n      ANY: ${A}-${DB_PW:-geheim}\n      REGION: ${REGION:-eu}\n";
    let world = one(compose, "");
    let settings = effective(&world);
    assert!(settings.contains(&"REGION = eu".to_owned()), "{settings:?}");
    assert!(
        settings.iter().all(|s| !s.contains("geheim")),
        "{settings:?}"
    );
}

#[test]
fn secrets_stay_secret() {
    let compose = "services:\n  api:\n    environment:\n      DB_URL: postgres://app:${DB_PASSWORD}@db\n      REST: '${DB_PASSWORD}${NONE}'\n      API_TOKEN: plain-Tok3n-9x\n";
    let world = one(compose, "DB_PASSWORD=Sup3r-s3cret-99\n");
    assert_eq!(
        effective(&world),
        [
            "API_TOKEN = [secret]",
            "DB_URL = [secret]",
            "REST = [composite]"
        ]
    );
    let all = format!("{world:?}");
    assert!(!all.contains("s3cret") && !all.contains("Tok3n"));
}

#[test]
fn reset_and_override() {
    let base =
        "services:\n  api:\n    env_file: [a.env]\n    environment:\n      A: 1\n      B: 1\n";
    let files = |over: &'static str| {
        [
            ("compose.yaml", base),
            ("over.yaml", over),
            ("a.env", "X=1\n"),
        ]
    };
    for (over, expected) in [
        (
            "services:\n  api:\n    environment:\n      A: !reset null\n",
            vec!["B = 1", "X = 1"],
        ),
        (
            "services:\n  api:\n    environment: !override\n      C: 2\n",
            vec!["C = 2", "X = 1"],
        ),
        (
            "services:\n  api:\n    environment: !reset {}\n",
            vec!["X = 1"],
        ),
        (
            "services:\n  api:\n    env_file: !reset []\n",
            vec!["A = 1", "B = 1"],
        ),
        (
            "services:\n  api: !override\n    environment:\n      C: 2\n",
            vec!["C = 2"],
        ),
    ] {
        let world = read_in(
            &files(over),
            &spec(&["compose.yaml", "over.yaml"], &[], "api"),
        );
        assert_eq!(problems(&world), [""; 0], "{over}");
        assert_eq!(effective(&world), expected, "{over}");
    }
}

#[test]
fn extends_and_include() {
    let files = [
        (
            "compose.yaml",
            "include:\n  - other/compose.yaml\nservices:\n  base:\n    environment: {A: base, B: base}\n  api:\n    extends: base\n    environment: {B: api}\n  far:\n    extends: {file: common/services.yaml, service: web}\n    environment: {C: far}\n",
        ),
        (
            "common/services.yaml",
            "services:\n  web:\n    env_file: web.env\n    environment: {C: web, D: web}\n",
        ),
        ("common/web.env", "E=web\n"),
        (
            "other/compose.yaml",
            "services:\n  worker:\n    environment: {W: '${WHERE}'}\n",
        ),
        ("other/.env", "WHERE=other\n"),
    ];
    for (service, expected) in [
        ("api", vec!["A = base", "B = api"]),
        ("far", vec!["C = far", "D = web", "E = web"]),
        ("worker", vec!["W = other"]),
    ] {
        let world = read_in(&files, &spec(&["compose.yaml"], &[], service));
        assert_eq!(problems(&world), [""; 0], "{service}");
        assert_eq!(effective(&world), expected, "{service}");
    }
}

#[test]
fn what_compose_would_refuse_is_said() {
    for (compose, part) in [
        ("services:\n  ap:\n    image: x\n", "did you mean `ap`?"),
        ("services:\n  web: {}\n  db: {}\n", "there is `db`, `web`"),
        (
            "services:\n  api:\n    extends: web\n  web:\n    extends: api\n",
            "in a circle",
        ),
        (
            "services:\n  api:\n    extends: nobody\n",
            "`nobody`, which is not here",
        ),
        (
            "services:\n  api:\n    env_file: absent.env\n",
            "absent.env does not exist",
        ),
        (
            "services:\n  api:\n    env_file: ../../x.env\n",
            "out of the repository",
        ),
        (
            "services:\n  api:\n    env_file: ${STAGE}.env\n",
            "depends on the environment",
        ),
        (
            "services:\n  api:\n    environment:\n      A: [1]\n",
            "no single value",
        ),
        (
            "services:\n  api:\n    environment: text\n",
            "neither a map nor a list",
        ),
        ("services: [\n", "no YAML"),
    ] {
        let world = one(compose, "");
        let said = problems(&world);
        assert!(world.incomplete.is_some(), "{compose}");
        assert!(
            said.iter().any(|p| p.starts_with("! ") && p.contains(part)),
            "{compose}: {said:?}"
        );
    }
    let world = read_in(
        &[("compose.yml", "services: {api: {}}\n")],
        &spec(&["compose.yaml"], &[], "api"),
    );
    assert!(problems(&world)[0].contains("did you mean `compose.yml`?"));
    let world = read_in(
        &[("compose.yaml", "services: {api: {}}\n")],
        &spec(&["compose.yaml"], &["prod.env"], "api"),
    );
    assert!(
        world.incomplete.is_some(),
        "an env file that is named has to be there"
    );
    let root = folder(&[("compose.yaml", "")]);
    let at = Files::folder(root.path());
    assert_eq!(
        is_there(&spec(&["compose.yaml", "x.yaml"], &[], "api"), &at),
        Ok(true)
    );
    assert_eq!(is_there(&spec(&["x.yaml"], &[], "api"), &at), Ok(false));
}

#[test]
fn values_as_the_container_gets_them() {
    let compose = "services:\n  api:\n    environment:\n      A: 015\n      B: 1.10\n      C: true\n      D: on\n      E: 1e3\n      F: 0x10\n      G: 12345678901234567890123\n      H: \"015\"\n      I: 0.00001\n";
    assert_eq!(
        effective(&one(compose, "")),
        [
            "A = 13",
            "B = 1.1",
            "C = true",
            "D = on",
            "E = 1000",
            "F = 16",
            "G = 1.2345678901234568e+22",
            "H = 015",
            "I = 1e-05"
        ]
    );
}

#[test]
fn env_files_of_the_project() {
    let files = [
        (
            "compose.yaml",
            "services:\n  api:\n    environment:\n      A: ${A}\n      B: ${B}\n",
        ),
        (".env", "A=default\nB=default\n"),
        ("one.env", "A=one\nB=one\n"),
        ("two.env", "B=two\n"),
    ];
    let world = read_in(
        &files,
        &spec(&["compose.yaml"], &["one.env", "two.env"], "api"),
    );
    assert_eq!(effective(&world), ["A = one", "B = two"]);
    let from: Vec<String> = world.settings[1]
        .entry
        .from
        .iter()
        .map(|o| o.place.as_ref().expect("a place").to_string())
        .collect();
    assert_eq!(from, ["compose.yaml:5:10", "two.env:1:3"]);
    let made_from = world.settings[1].entry.made_from();
    assert_eq!(made_from.len(), 1);
    assert_eq!(made_from[0].to_string(), "two.env:1:3");
}
