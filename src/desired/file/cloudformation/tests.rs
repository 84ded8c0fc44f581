use crate::{
    desired::{DesiredSpec, DesiredWorld, testing::*},
    model::{
        secret::Sameness,
        setting::KeyStyle,
        target::{FileFormat, FilePart, FileSpec},
        value::ValueType,
    },
};

const SAM: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Environment: {Type: String, Default: staging}
  LogLevel: {Type: String, Default: info}
  Timeout: {Type: Number, Default: 30}
  DbHost: {Type: String}
  Token: {Type: String, NoEcho: true, Default: t0k}
  Flag: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/flag}
Mappings:
  PerEnvironment:
    staging: {Pool: 5, Url: https://staging.example.com}
    production: {Pool: 20, Url: https://example.com}
Conditions:
  IsProduction: !Equals [!Ref Environment, production]
  IsQuiet: !And [!Condition IsProduction, !Not [!Equals [!Ref LogLevel, debug]]]
  IsRegion: !Equals [!Ref AWS::Region, eu-west-1]
  Loop: !Condition Loop
Globals:
  Function:
    Environment:
      Variables:
        SHARED: global
        STAGE: global
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  ApiFunction:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          STAGE: !Ref Environment
          LITERAL: text
          TIMEOUT: !Ref Timeout
          POOL: !FindInMap [PerEnvironment, !Ref Environment, Pool]
          URL: !Sub '${Base}/v1/${Environment}'
          LINK: !Sub ['${Base}/v1', {Base: !FindInMap [PerEnvironment, !Ref Environment, Url]}]
          MODE: !If [IsProduction, strict, loose]
          QUIET: !If [IsQuiet, 'yes', !Ref AWS::NoValue]
          REGION_MODE: !If [IsRegion, a, b]
          LOOP: !If [Loop, a, b]
          TABLE: !Ref Table
          ARN: !GetAtt Table.Arn
          LONG_ARN: {'Fn::GetAtt': [Table, Arn]}
          REGION: !Ref AWS::Region
          HOST: !Ref DbHost
          DSN: !Sub 'postgres://${DbHost}/${Environment}'
          TOKEN: !Ref Token
          FLAG: !Ref Flag
          SECRET: '{{resolve:secretsmanager:shop/db:SecretString:password}}'
          JOINED: !Join ['-', [shop, !Ref Environment]]
          SELECTED: !Select [0, !Split [',', !Ref Environment]]
          BASE: !ImportValue base
";

fn read(template: &str, select: &str, parameters: &[(&str, &str)]) -> DesiredWorld {
    let spec = DesiredSpec::File(FileSpec {
        parts: vec![FilePart {
            file: "template.yaml".into(),
            select: Some(select.parse().expect("a path")),
            parameters: parameters
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect(),
            ..FilePart::default()
        }],
        nulls_delete: false,
    });
    Setup::new().read_sealing(&spec, folder(&[("template.yaml", template)]).path())
}

const VARIABLES: &str = "Resources.ApiFunction.Properties.Environment.Variables";

#[test]
fn what_the_template_tells_is_resolved() {
    let world = read(SAM, VARIABLES, &[]);
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(
        effective(&world),
        [
            "ARN = <!GetAtt Table.Arn>",
            "BASE = <!ImportValue base>",
            "DSN = <!Sub postgres://${DbHost}/staging>",
            "FLAG = <ssm parameter /shop/flag>",
            "HOST = <!Ref DbHost>",
            "JOINED = shop-staging",
            "LINK = https://staging.example.com/v1",
            "LITERAL = text",
            "LONG_ARN = <!GetAtt Table.Arn>",
            "LOOP = <!If [Loop, a, b]>",
            "MODE = loose",
            "POOL = 5",
            "REGION = <!Ref AWS::Region>",
            "REGION_MODE = <!If [IsRegion, a, b]>",
            "SECRET = <{{resolve:secretsmanager:shop/db:SecretString:password}}>",
            "SELECTED = <!Select [0, !Split [,, staging]]>",
            "SHARED = global",
            "STAGE = staging",
            "TABLE = <!Ref Table>",
            "TIMEOUT = 30",
            "TOKEN = [secret]",
            "URL = <!Sub ${Base}/v1/staging>",
        ]
    );
    assert!(
        world
            .settings
            .iter()
            .all(|s| s.style == KeyStyle::Environment)
    );
    let stage: Vec<String> = world
        .settings
        .iter()
        .filter(|s| &*s.name == "STAGE")
        .flat_map(|s| &s.entry.from)
        .map(|o| format!("{} {}", o.path, o.place.as_ref().expect("a place")))
        .collect();
    assert_eq!(
        stage,
        [
            "Globals.Function.Environment.Variables.STAGE template.yaml:24:16",
            "Resources.ApiFunction.Properties.Environment.Variables.STAGE template.yaml:32:18",
            "Parameters.Environment.Default template.yaml:4:40",
        ]
    );
}

#[test]
fn parameters_of_an_environment() {
    let world = read(
        SAM,
        VARIABLES,
        &[
            ("Environment", "production"),
            ("DbHost", "db.example.com"),
            ("AWS::Region", "eu-west-1"),
            ("Typo", "x"),
        ],
    );
    let found = effective(&world);
    for expected in [
        "STAGE = production",
        "POOL = 20",
        "LINK = https://example.com/v1",
        "MODE = strict",
        "QUIET = yes",
        "REGION = eu-west-1",
        "REGION_MODE = a",
        "HOST = db.example.com",
        "DSN = postgres://db.example.com/production",
        "SELECTED = <!Select [0, !Split [,, production]]>",
    ] {
        assert!(
            found.contains(&expected.to_owned()),
            "{expected}: {found:#?}"
        );
    }
    assert_eq!(
        problems(&world),
        ["template.yaml: `parameters` has `Typo`, which is no parameter of the template"]
    );
}

#[test]
fn task_definitions_in_json_and_conditions_around_maps() {
    let json = r#"{"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [
        {"Name": "api", "Environment": [{"Name": "A", "Value": {"Ref": "X"}}, {"Fn::If": ["On", {"Name": "B", "Value": "1"}, {"Ref": "AWS::NoValue"}]}],
         "Secrets": [{"Name": "PW", "ValueFrom": "arn:aws:ssm:x"}]}]}}},
        "Parameters": {"X": {"Type": "String", "Default": "x"}}, "Conditions": {"On": {"Fn::Equals": ["a", "b"]}}}"#;
    let spec = |select: &str| {
        DesiredSpec::File(FileSpec {
            parts: vec![FilePart {
                file: "task.json".into(),
                select: Some(select.parse().expect("a path")),
                ..FilePart::default()
            }],
            nulls_delete: false,
        })
    };
    let root = folder(&[("task.json", json)]);
    let base = "Resources.Task.Properties.ContainerDefinitions[api]";
    let world = Setup::new().read_sealing(&spec(&format!("{base}.Environment")), root.path());
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(effective(&world), ["A = x"]);
    assert_eq!(world.settings[0].style, KeyStyle::Environment);
    let world = Setup::new().read_sealing(&spec(&format!("{base}.Secrets")), root.path());
    assert_eq!(effective(&world), ["PW = <arn:aws:ssm:x>"]);

    let template = "AWSTemplateFormatVersion: x\nParameters: {E: {Default: a}, U: {Type: String}}\nConditions:\n  A: !Equals [!Ref E, a]\n  B: !Equals [!Ref U, a]\nResources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Environment: !If [A, {Variables: {K: 1}}, {Variables: {K: 2}}]\n      Other: !If [B, {K: 1}, {K: 2}]\n";
    let world = read(
        template,
        "Resources.F.Properties.Environment.Variables",
        &[],
    );
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(effective(&world), ["K = 1"]);
    let world = read(template, "Resources.F.Properties.Other", &[]);
    assert!(world.incomplete.is_some());
    assert!(
        problems(&world)[0].contains("depends on what is not known"),
        "{:?}",
        problems(&world)
    );
    let world = read(template, "Resources.G.Properties", &[]);
    assert!(
        problems(&world)[0].contains("did you mean")
            || problems(&world)[0].contains("there is `F`"),
        "{:?}",
        problems(&world)
    );
}

#[test]
fn hostile_templates_end() {
    let mut conditions = String::new();
    for n in 1..60 {
        let m = n - 1;
        conditions.push_str(&format!(
            "  C{n}: !And [!Condition C{m}, !Condition C{m}]\n"
        ));
    }
    let template = format!(
        "AWSTemplateFormatVersion: x\nConditions:\n  C0: !Equals [a, a]\n{conditions}Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {{K: !If [C59, 1, 2], L: !If [C3, 1, 2]}}\n"
    );
    let world = read(&template, "Resources.F.Properties", &[]);
    assert_eq!(effective(&world).len(), 2);
}

/// Everything that is known of a template, read as what it is or as YAML that nobody calls one.
fn all_of(template: &str, format: Option<FileFormat>) -> String {
    let spec = DesiredSpec::File(FileSpec {
        parts: vec![FilePart {
            file: "template.yaml".into(),
            format,
            ..FilePart::default()
        }],
        nulls_delete: false,
    });
    let world = Setup::new().read_sealing(&spec, folder(&[("template.yaml", template)]).path());
    assert!(!world.settings.is_empty());
    format!("{world:?}")
}

#[test]
fn what_nobody_shall_echo_is_sealed_where_it_stands() {
    for no_echo in ["true", "'true'", "yes", "TRUE"] {
        let template = format!(
            "AWSTemplateFormatVersion: x
Parameters:
  Pw: {{Type: String, NoEcho: {no_echo}, Default: hunter2x, AllowedValues: [hunter2x, hunter2y]}}
  DbPassword: {{Type: String, Default: hunter3}}
  Plain: {{Type: String, NoEcho: false, Default: seen}}
Conditions:
  C: !Equals [!Ref Pw, x]
Mappings: {{M: {{password: {{staging: hunter3}}}}}}
"
        );
        let as_template = all_of(&template, None);
        for shown in [&as_template, &all_of(&template, Some(FileFormat::Yaml))] {
            assert!(!shown.contains("hunter2"), "{no_echo}: {shown}");
            assert!(shown.contains("seen"));
        }
        assert!(!as_template.contains("hunter3"), "{as_template}");
    }
}

#[test]
fn secrets_stay_secret_wherever_they_are_filled_in() {
    let template = "\
AWSTemplateFormatVersion: x
Parameters:
  Env: {Type: String, Default: a}
  Pw: {Type: String, NoEcho: true, Default: hunter2}
  DbPassword: {Type: String, Default: hunter3}
  Given: {Type: String, NoEcho: true}
  ApiToken: {Type: String}
Mappings:
  M:
    a: {password: hunter4, size: 5, passwords: [hunter5, x], passwordLength: 12}
    password: {a: hunter6}
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      Environment:
        Variables:
          A: !FindInMap [M, a, password]
          B: !FindInMap [M, !Ref Env, password]
          C: !FindInMap [M, password, !Ref Env]
          D: !Ref DbPassword
          E: !Ref Given
          F: !Ref ApiToken
          G: !Sub ['${Z}', {Z: !Sub 'x-${Pw}-${Unknown}'}]
          H: !Sub ['${Z}-y', {Z: !FindInMap [M, a, password]}]
          I: !Join ['-', [!FindInMap [M, a, password], !Ref Unknown]]
          J: !Join ['', [x, !FindInMap [M, a, password]]]
          K: !FindInMap [M, a, passwords]
          L: !FindInMap [M, a, size]
          M: !FindInMap [M, a, passwordLength]
          N: !If [Undecided, {password: hunter7}, {password: hunter8}]
          O: !Base64 {'Fn::Sub': 'hunter9 ${Pw} ${AWS::Region}'}
          P: !FindInMap [M, a, missing, {DefaultValue: !Ref Pw}]
";
    let parameters = [("Given", "hunter0"), ("ApiToken", "hunter1")];
    let world = read(
        template,
        "Resources.F.Properties.Environment.Variables",
        &parameters,
    );
    let found = effective(&world);
    let (secret, _): (Vec<String>, Vec<String>) =
        found.iter().cloned().partition(|s| s.contains("[secret]"));
    let named: String = secret.iter().map(|s| &s[..1]).collect();
    assert_eq!(named, "ABCDEFHJKP", "{found:#?}");
    assert!(found.contains(&"L = 5".to_owned()) && found.contains(&"M = 12".to_owned()));
    for n in 0..9 {
        let shown = format!("{world:?}");
        assert!(!shown.contains(&format!("hunter{n}")), "{n}: {found:#?}");
    }
    // What is hidden is still told apart.
    let key = |world: &DesiredWorld, name: &str| {
        let of = world.settings.iter().find(|s| &*s.name == name);
        of.map(|s| s.entry.value.clone())
    };
    for name in ["G", "I", "K", "N"] {
        for (other, same) in [(template.to_owned(), true), (changed(template), false)] {
            let other = read(
                &other,
                "Resources.F.Properties.Environment.Variables",
                &parameters,
            );
            let (a, b) = (key(&world, name), key(&other, name));
            let is = a.expect("there").same(&b.expect("there"), ValueType::Text);
            assert_eq!(is == Sameness::Equal, same, "{name}: {found:#?}");
        }
    }
}

fn changed(template: &str) -> String {
    template
        .replace("hunter2", "hunter2-changed")
        .replace("hunter4", "hunter4-changed")
        .replace("hunter5", "hunter5-changed")
        .replace("hunter7", "hunter7-changed")
}

#[test]
fn a_part_that_is_not_there_may_be_skipped() {
    let template = "AWSTemplateFormatVersion: x\nResources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {Role: x}\n  G:\n    Type: AWS::Lambda::Function\n    Properties: x\n";
    for (resource, complete) in [("F", true), ("G", false)] {
        let select = format!("Resources.{resource}.Properties.Environment.Variables");
        let spec = DesiredSpec::File(FileSpec {
            parts: vec![FilePart {
                file: "template.yaml".into(),
                select: Some(select.parse().expect("a path")),
                if_absent_skip: true,
                ..FilePart::default()
            }],
            nulls_delete: false,
        });
        let world = Setup::new().read_sealing(&spec, folder(&[("template.yaml", template)]).path());
        assert_eq!(world.incomplete.is_none(), complete, "{resource}");
    }
}

#[test]
fn what_a_function_leaves_to_globals_is_no_problem() {
    let template = "\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Environment: {Variables: {SHARED: global}}}}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {Handler: x}}
";
    let world = read(
        template,
        "Resources.F.Properties.Environment.Variables",
        &[],
    );
    assert_eq!(problems(&world), [""; 0]);
    assert_eq!(effective(&world), ["SHARED = global"]);
}
