//! Tests of TOML, properties, INI, tfvars, CloudFormation's tags, and of all formats together.
#![expect(clippy::panic, reason = "a test that cannot go on says why")]

use super::*;
use crate::model::tree::{NodeRef, WithoutSecrets};

const CLOUD: Format = Format::Yaml(Dialect::CloudFormation);

/// As JSON, opaque leaves as `{"opaque": symbol}`.
fn shown(node: NodeRef<'_>) -> serde_json::Value {
    match node.kind() {
        Kind::Opaque => serde_json::json!({ "opaque": node.text() }),
        Kind::Map => node
            .children()
            .map(|c| (c.key().to_string(), shown(c)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Kind::List => node.children().map(shown).collect(),
        _ => serde_json::to_value(WithoutSecrets(node)).expect("trees are JSON"),
    }
}

fn read(bytes: impl AsRef<[u8]>, format: Format) -> (serde_json::Value, Vec<DocumentProblem>) {
    let mut parsed = parse(bytes.as_ref(), format);
    let Some(document) = parsed.documents.pop() else {
        return (serde_json::Value::Null, parsed.problems);
    };
    (shown(document.tree.root()), parsed.problems)
}

/// Each text reads as this JSON and without a problem.
fn all(format: Format, rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        let (found, problems) = read(text, format);
        assert!(problems.is_empty(), "{text:?}: {problems:?}");
        let expected: serde_json::Value = serde_json::from_str(expected).expect("JSON");
        assert_eq!(found, expected, "{text:?}");
    }
}

/// Each text has one problem there; whether it blocks.
fn wrong(format: Format, rows: &[(&str, (u32, u32), bool)]) {
    for (text, place, blocks) in rows {
        let (_, problems) = read(text, format);
        let [problem] = &problems[..] else {
            panic!("{text:?}: one problem, not {problems:?}");
        };
        assert_eq!(problem.blocks, *blocks, "{text:?}: {problem:?}");
        let found = problem.span.map(|s| (s.line, s.column));
        assert_eq!(found, Some(*place), "{text:?}: {problem:?}");
    }
}

fn under<'t>(text: &'t str, root: NodeRef<'_>, path: &[&str]) -> (&'t str, &'t str, (u32, u32)) {
    let node = root.at(path).expect("a value");
    let (k, v) = (
        node.key_span().expect("a key"),
        node.span().expect("a value"),
    );
    (
        &text[k.start as usize..k.end as usize],
        &text[v.start as usize..v.end as usize],
        (v.line, v.column),
    )
}

#[test]
fn toml() {
    all(
        Format::Toml,
        &[
            ("", "{}"),
            ("a = 1\nb.c = 'x'\n", r#"{"a":1,"b":{"c":"x"}}"#),
            (
                "[a.b]\nc = true\n[a]\nd = false",
                r#"{"a":{"b":{"c":true},"d":false}}"#,
            ),
            (
                "[[s]]\nn = 1\n[[s]]\nn = 2\n[s.t]\nx = []",
                r#"{"s":[{"n":1},{"n":2,"t":{"x":[]}}]}"#,
            ),
            (
                "a = 1_000\nb = 0xFF\nc = 0o17\nd = 0b11\ne = -0",
                r#"{"a":1000,"b":255,"c":15,"d":3,"e":0}"#,
            ),
            ("a = 9223372036854775807", r#"{"a":9223372036854775807}"#),
            (
                "a = 1.50\nb = 1e3\nc = +2.0\nd = 1_0.5",
                r#"{"a":1.5,"b":1000,"c":2,"d":10.5}"#,
            ),
            ("a = inf\nb = -nan", r#"{"a":"inf","b":"-nan"}"#),
            (
                "a = 1979-05-27T07:32:00Z\nb = 1979-05-27\nc = 07:32:00\nd = 1979-05-27 07:32:00.5",
                r#"{"a":"1979-05-27T07:32:00Z","b":"1979-05-27","c":"07:32:00","d":"1979-05-27 07:32:00.5"}"#,
            ),
            ("a = \"\"\"\nx\\\n  y\"\"\"", r#"{"a":"xy"}"#),
            (
                "a = { b = 1, c.d = [1, { e = 'f' }] }",
                r#"{"a":{"b":1,"c":{"d":[1,{"e":"f"}]}}}"#,
            ),
            ("\u{feff}\"ä b\" = 1\r\n'' = 2\r\n", r#"{"ä b":1,"":2}"#),
        ],
    );
    wrong(
        Format::Toml,
        &[
            ("a = 1\na = 2\n", (2, 1), true),
            ("a = \n", (1, 5), true),
            ("a = hunter2", (1, 5), true),
            ("a = 99999999999999999999", (1, 5), true),
            ("a = \"x\u{1}\"", (1, 7), true),
            ("a = 1\n[a]\n", (2, 2), true),
        ],
    );
}

#[test]
fn toml_has_places() {
    let text = "\u{feff}x = 'ü'\n[a.b] # c\nd = [1, 22]\ne = { f = 1 }\n[[l]]\nm.n = 3\n";
    let parsed = parse(text.as_bytes(), Format::Toml);
    let root = parsed.documents[0].tree.root();
    assert_eq!(under(text, root, &["x"]), ("x", "'ü'", (1, 5)));
    assert_eq!(
        under(text, root, &["a", "b", "d"]),
        ("d", "[1, 22]", (3, 5))
    );
    assert_eq!(
        under(text, root, &["a", "b", "e", "f"]),
        ("f", "1", (4, 11))
    );
    assert_eq!(under(text, root, &["a", "b"]).0, "b");
    assert_eq!(under(text, root, &["a"]).0, "a");
    let item = root
        .member("l")
        .and_then(|l| l.children().next())
        .expect("l");
    assert_eq!(under(text, item, &["m", "n"]), ("n", "3", (6, 7)));
    assert!(item.span().is_some_and(|s| s.line == 5));
}

#[test]
fn properties() {
    all(
        Format::Properties,
        &[
            ("", "{}"),
            ("a=b\nc:d\ne f\n", r#"{"a":"b","c":"d","e":"f"}"#),
            ("a.b-c = 1 \n", r#"{"a.b-c":"1 "}"#),
            ("a  =  b", r#"{"a":"b"}"#),
            ("a : = b", r#"{"a":"= b"}"#),
            ("a == b", r#"{"a":"= b"}"#),
            ("a", r#"{"a":""}"#),
            ("=b", r#"{"":"b"}"#),
            ("# c\n! d\n  #e\na=1#2", r##"{"a":"1#2"}"##),
            ("a=1,\\\n   2,\\\n\t3\nb=4", r#"{"a":"1,2,3","b":"4"}"#),
            ("a=1\\\\\nb=2", r#"{"a":"1\\","b":"2"}"#),
            ("a=1\\\n\nb=2", r#"{"a":"1","b":"2"}"#),
            ("a\\ b\\=c\\:d=e", r#"{"a b=c:d":"e"}"#),
            ("a=\\t\\n\\r\\f\\q\\u00e9", r#"{"a":"\t\n\r\fqé"}"#),
            ("a=\\ud83d\\ude00 \\u0041\\u030a", "{\"a\":\"😀 A\u{30a}\"}"),
            ("a=C:\\\\new", r#"{"a":"C:\\new"}"#),
            ("a='b' \"c\"", r#"{"a":"'b' \"c\""}"#),
            ("a=b\rc=d\r\ne=f", r#"{"a":"b","c":"d","e":"f"}"#),
            ("a=b\\", r#"{"a":"b"}"#),
            ("\u{c}a=\u{c}b", r#"{"a":"b"}"#),
            ("a.b=1\na=2", r#"{"a.b":"1","a":"2"}"#),
            ("a=é", r#"{"a":"é"}"#),
        ],
    );
    wrong(
        Format::Properties,
        &[
            ("a=1\nb=2\na=3", (3, 1), false),
            ("a=\\u12", (1, 1), true),
            ("x=1\na=\\uzzzz", (2, 1), true),
            ("a=\\ud83d!", (1, 1), true),
            ("a=\\ude00\\ud83d", (1, 1), true),
            ("\u{feff}a=1", (1, 1), false),
            ("a=\u{0}", (1, 3), true),
        ],
    );
}

#[test]
fn properties_that_are_no_utf_8_are_latin_1() {
    let bytes = b"gr\xfc\xdfe=\xe4\nb=c\n";
    let parsed = parse(bytes, Format::Properties);
    assert!(parsed.problems.is_empty());
    let root = parsed.documents[0].tree.root();
    assert_eq!(root.text_at(&["grüße"]), Some("ä"));
    let b = root.member("b").expect("b");
    let (k, v) = (b.key_span().expect("a key"), b.span().expect("a value"));
    assert_eq!(&bytes[k.start as usize..k.end as usize], b"b");
    assert_eq!(&bytes[v.start as usize..v.end as usize], b"c");
    assert_eq!((v.line, v.column), (2, 3));
    let first = root
        .children()
        .next()
        .and_then(NodeRef::span)
        .expect("a value");
    assert_eq!((first.start, first.end, first.column), (6, 7, 7));
}

#[test]
fn ini() {
    all(
        Format::Ini,
        &[
            ("", "{}"),
            ("a=1\n[s]\nb: 2\n", r#"{"a":"1","s":{"b":"2"}}"#),
            (
                "[a.b]\nc=1\n[x]\n[a.b]\nd=2",
                r#"{"a.b":{"c":"1","d":"2"},"x":{}}"#,
            ),
            (
                "# c\n; d\n[s]\na = b ; c # d\n",
                r#"{"s":{"a":"b ; c # d"}}"#,
            ),
            (
                "[s]\na = \"x y\"\nb = 'z'\nc = \"a\" \"b\"\nd = \"\n",
                r#"{"s":{"a":"x y","b":"z","c":"\"a\" \"b\"","d":"\""}}"#,
            ),
            (
                "[s]\na = 1\n  2\n\n  3\n\nb = 4",
                r#"{"s":{"a":"1\n2\n\n3","b":"4"}}"#,
            ),
            ("[s]\n  a = 1\n  b = 2", r#"{"s":{"a":"1","b":"2"}}"#),
            ("[s]\na =\n  [x]\n  y", r#"{"s":{"a":"\n[x]\ny"}}"#),
            (
                "[s]\npath = C:\\new\\table",
                r#"{"s":{"path":"C:\\new\\table"}}"#,
            ),
            ("[s]\nKey=V\nkey=v", r#"{"s":{"Key":"V","key":"v"}}"#),
            (
                "[s]\nurl = http://h:1/?a=b",
                r#"{"s":{"url":"http://h:1/?a=b"}}"#,
            ),
            ("[s] ; c\r\na=1\r\n", r#"{"s":{"a":"1"}}"#),
            ("[s]\na=%(b)s ${b}", r#"{"s":{"a":"%(b)s ${b}"}}"#),
            ("\u{feff}[s]\na=", r#"{"s":{"a":""}}"#),
        ],
    );
    wrong(
        Format::Ini,
        &[
            ("[s]\na=1\na=2", (3, 1), false),
            ("s=1\n[s]\na=2", (2, 2), false),
            ("[s]\nskip-networking\n", (2, 1), true),
            ("[s]\n= x\n", (2, 1), true),
            ("[]\n", (1, 1), true),
        ],
    );
    let text = "[s]\n  kéy = \"v\"\n";
    let parsed = parse(text.as_bytes(), Format::Ini);
    let root = parsed.documents[0].tree.root();
    assert_eq!(under(text, root, &["s", "kéy"]), ("kéy", "\"v\"", (2, 9)));
    assert_eq!(under(text, root, &["s"]).0, "s");
}

#[test]
fn tfvars() {
    all(
        Format::Tfvars,
        &[
            ("", "{}"),
            (
                "a = \"x\"\nb = 2\nc = \"2\"\n",
                r#"{"a":"x","b":2,"c":"2"}"#,
            ),
            (
                "a = -1.50\nb = 1e3\nc = 123456789012345678901234",
                r#"{"a":-1.5,"b":1000,"c":123456789012345678901234}"#,
            ),
            (
                "a = true # c\nb = false // d\n/* e */ c = null",
                r#"{"a":true,"b":false,"c":null}"#,
            ),
            ("a = [1, \"b\", [true],]", r#"{"a":[1,"b",[true]]}"#),
            (
                "a = { b = 1, \"c d\" : 2\n 3 = 4, e = { f = [] } }",
                r#"{"a":{"b":1,"c d":2,"3":4,"e":{"f":[]}}}"#,
            ),
            (
                "a = <<EOT\n  x\n y\nEOT\nb = 1",
                "{\"a\":\"  x\\n y\\n\",\"b\":1}",
            ),
            ("a = <<-EOT\n    x\n  y\n  EOT\n", "{\"a\":\"  x\\ny\\n\"}"),
            (
                "a = \"q\\\"\\n\\u00e9$${b}%%{c}\"",
                r#"{"a":"q\"\né${b}%{c}"}"#,
            ),
            ("a = (\"x\")", r#"{"a":"x"}"#),
            (
                "a = \"${b}x\"\nc = f(1)\nd = var.x\ne = 1 + 2",
                r#"{"a":{"opaque":"terraform expression"},"c":{"opaque":"terraform expression"},"d":{"opaque":"terraform expression"},"e":{"opaque":"terraform expression"}}"#,
            ),
            (
                "a = <<E\n${b}\nE\n",
                r#"{"a":{"opaque":"terraform expression"}}"#,
            ),
            (
                "a = [for x in y : x]\nb = !true",
                r#"{"a":{"opaque":"terraform expression"},"b":{"opaque":"terraform expression"}}"#,
            ),
            ("\u{feff}a = 1\r\nb = \"ü\"\r\n", r#"{"a":1,"b":"ü"}"#),
        ],
    );
    wrong(
        Format::Tfvars,
        &[
            ("a = 1\na = 2\n", (2, 1), true),
            ("a = { b = 1, \"b\" = 2 }\n", (1, 14), false),
            ("a = {\n (b) = 1\n}\n", (2, 2), true),
            ("variable \"x\" {\n}\n", (1, 1), true),
            ("a = 1\nb = \"x\n", (2, 1), true),
        ],
    );
    let text = "x = {\n  ä = [1, \"22\"]\n}\n";
    let parsed = parse(text.as_bytes(), Format::Tfvars);
    let root = parsed.documents[0].tree.root();
    assert_eq!(under(text, root, &["x", "ä"]), ("ä", "[1, \"22\"]", (2, 7)));
    assert_eq!(under(text, root, &["x"]).0, "x");
}

#[test]
fn cloudformation_tags_read_as_their_long_form() {
    all(
        CLOUD,
        &[
            ("a: !Ref Stage", r#"{"a":{"Ref":"Stage"}}"#),
            (
                "a: !Sub \"${Stage}-x\"",
                r#"{"a":{"Fn::Sub":"${Stage}-x"}}"#,
            ),
            (
                "a: !Sub\n  - x\n  - {b: !Ref C}",
                r#"{"a":{"Fn::Sub":["x",{"b":{"Ref":"C"}}]}}"#,
            ),
            (
                "a: !GetAtt Db.Endpoint.Address",
                r#"{"a":{"Fn::GetAtt":["Db","Endpoint.Address"]}}"#,
            ),
            (
                "a: !GetAtt [Db, Arn]",
                r#"{"a":{"Fn::GetAtt":["Db","Arn"]}}"#,
            ),
            (
                "a: !FindInMap [M, !Ref S, k]",
                r#"{"a":{"Fn::FindInMap":["M",{"Ref":"S"},"k"]}}"#,
            ),
            ("a: !If [c, 1, yes]", r#"{"a":{"Fn::If":["c",1,"yes"]}}"#),
            (
                "a: !Condition c\nb: !Not [!Condition d]",
                r#"{"a":{"Condition":"c"},"b":{"Fn::Not":[{"Condition":"d"}]}}"#,
            ),
            (
                "a: !GetAZs\nb: !Ref 1",
                r#"{"a":{"Fn::GetAZs":""},"b":{"Ref":"1"}}"#,
            ),
            (
                "a: &x !Ref Y\nb: *x",
                r#"{"a":{"Ref":"Y"},"b":{"Ref":"Y"}}"#,
            ),
            (
                "- !Transform {Name: x, Parameters: {k: !Ref V}}\n- 2",
                r#"[{"Fn::Transform":{"Name":"x","Parameters":{"k":{"Ref":"V"}}}},2]"#,
            ),
            ("a: !Sub |\n  x\n  y", r#"{"a":{"Fn::Sub":"x\ny\n"}}"#),
            (
                "a: !secret x\nb: !Unknown c",
                r#"{"a":{"opaque":"!secret"},"b":"c"}"#,
            ),
            ("a: on\nb: 0644", r#"{"a":"on","b":644}"#),
        ],
    );
    // Elsewhere they are opaque.
    all(
        Format::Yaml(Dialect::Core),
        &[("a: !Ref Stage", r#"{"a":{"opaque":"!Ref"}}"#)],
    );
}

#[test]
fn a_carriage_return_behind_a_tag_ends_its_line() {
    let text = "a: !Ref\r  |\n  x\n";
    super::tests::any_input::sound("!Ref \r|\n".as_bytes(), CLOUD);
    let parsed = parse(text.as_bytes(), CLOUD);
    let root = parsed.documents[0].tree.root();
    let place = root.at(&["a"]).and_then(|a| a.span());
    let place = place.expect("a place");
    assert_eq!((place.line, place.column), (1, 4));
}

#[test]
fn cloudformation_tags_have_places() {
    let text = "x: 1\nä: !Ref Stage\nb: !Join\n  - ''\n  - [!GetAtt A.B, c]\nd: !Sub\n    'y'\n";
    let parsed = parse(text.as_bytes(), CLOUD);
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let root = parsed.documents[0].tree.root();
    assert_eq!(under(text, root, &["ä"]), ("ä", "!Ref Stage", (2, 4)));
    assert_eq!(under(text, root, &["ä", "Ref"]), ("!Ref", "Stage", (2, 9)));
    assert_eq!(under(text, root, &["b", "Fn::Join"]).0, "!Join");
    assert_eq!(under(text, root, &["d"]), ("d", "!Sub\n    'y'", (6, 4)));
    assert_eq!(
        under(text, root, &["d", "Fn::Sub"]),
        ("!Sub", "'y'", (7, 5))
    );
    let list = root.at(&["b", "Fn::Join"]).expect("a list");
    let att = list
        .children()
        .nth(1)
        .and_then(|l| l.children().next())
        .expect("!GetAtt");
    assert_eq!(
        under(text, att, &["Fn::GetAtt"]),
        ("!GetAtt", "A.B", (5, 14))
    );
}

#[test]
fn files_inside_of_config_maps() {
    for (key, text, path, value) in [
        (".env", "A=b\nC='d e'\n", &["C"][..], "d e"),
        ("app.properties", "a.b=c\n", &["a.b"], "c"),
        ("config.toml", "[a]\nb = 'c'\n", &["a", "b"], "c"),
        (
            "my.cnf.ini",
            "[mysqld]\nport = 3306\n",
            &["mysqld", "port"],
            "3306",
        ),
        ("x.tfvars", "a = { b = \"c\" }\n", &["a", "b"], "c"),
    ] {
        let tree = embedded(key, text).expect("a file");
        assert_eq!(tree.root().text_at(path), Some(value), "{key}");
    }
    for (key, text) in [
        // Only by name: these would parse.
        ("DB_HOST", "A=b"),
        ("run.sh", "A=b"),
        ("notes", "a = 1"),
        ("my.cnf", "[a]\nb=c"),
        // Only without a problem.
        (".env", "A=b\nthis is no setting\n"),
        (".env", "A=1\nA=2\n"),
        (
            "haproxy.cfg",
            "global\n  maxconn 100\ndefaults\n  mode http\n",
        ),
        ("config.toml", "a = \n"),
        ("app.properties", "a=\\u12\n"),
        (
            "app.properties",
            "k=-----BEGIN KEY-----\nabc\n-----END KEY-----\n",
        ),
        ("x.tfvars", "resource \"a\" \"b\" {}\n"),
    ] {
        assert!(embedded(key, text).is_none(), "{key} {text:?}");
    }
}

#[test]
fn all_formats_refuse_what_none_can_hold() {
    for format in super::tests::any_input::FORMATS {
        let (_, problems) = read(b"\xff\xfea\0=\0b\0", format);
        assert!(
            problems.len() == 1 && problems[0].message.contains("UTF-16"),
            "{format:?}: {problems:?}"
        );
        let (_, problems) = read("a=1\0\n", format);
        assert!(problems.iter().any(|p| p.blocks), "{format:?}: NUL");
        if format != Format::Properties {
            let (_, problems) = read(b"a=\xff\n", format);
            assert!(problems.iter().any(|p| p.blocks), "{format:?}: not UTF-8");
        }
        let large = vec![b'#'; MAX_BYTES + 1];
        let (_, problems) = read(&large, format);
        assert!(problems[0].message.contains("too large"), "{format:?}");
        assert_eq!(problems.len(), 1);
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = 100_000;
    for (text, format) in [
        (format!("a = {}", "[".repeat(deep)), Format::Toml),
        (
            format!("a = {}{}", "[".repeat(deep), "]".repeat(deep)),
            Format::Toml,
        ),
        (format!("a = {}", "{ a = ".repeat(deep)), Format::Toml),
        (format!("{}a = 1", "a.".repeat(deep)), Format::Toml),
        (format!("[{}a]", "a.".repeat(deep)), Format::Toml),
        (format!("[[{}a]]", "a.".repeat(deep)), Format::Toml),
        (format!("a = {}", "[".repeat(deep)), Format::Tfvars),
        (
            format!("a = {}{}", "[".repeat(deep), "]".repeat(deep)),
            Format::Tfvars,
        ),
        (format!("a = {}", "{ a = ".repeat(deep)), Format::Tfvars),
        (format!("a = {}1", "(".repeat(deep)), Format::Tfvars),
        (format!("a = {}1", "!".repeat(deep)), Format::Tfvars),
        (format!("a = 1{}", " + 1".repeat(deep)), Format::Tfvars),
        (format!("a = {}", "\"${".repeat(deep)), Format::Tfvars),
        (format!("a = {}", "f(".repeat(deep)), Format::Tfvars),
        (format!("a = {}", "b ? c : ".repeat(deep)), Format::Tfvars),
        ("a {\n".repeat(deep), Format::Tfvars),
        (format!("a: {}", "!Ref [".repeat(deep)), CLOUD),
        (
            format!("a: {}x", "!Not [".repeat(150)) + &"]".repeat(150),
            CLOUD,
        ),
    ] {
        let (_, problems) = read(&text, format);
        assert!(
            problems.len() == 1 && problems[0].blocks,
            "{format:?} {}: {problems:?}",
            &text[..20]
        );
    }
    // Long, not deep.
    let (found, problems) = read(format!("a = b{}", ".c".repeat(deep)), Format::Tfvars);
    assert!(problems.len() < 2 && (found.is_null() || problems.is_empty()));
}

#[test]
fn large_files_are_read_in_time() {
    let many = 15_000;
    let lines = |line: &dyn Fn(usize) -> String| (0..many).map(line).collect::<String>();
    for (text, format) in [
        (lines(&|i| format!("k{i} = {i}\n")), Format::Toml),
        (lines(&|i| format!("[t{i}]\nk = {i}\n")), Format::Toml),
        (lines(&|i| format!("k{i} = {i}\n")), Format::Tfvars),
        (lines(&|i| format!("k{i}={i}\n")), Format::Properties),
        (lines(&|i| format!("[s{i}]\nk={i}\n")), Format::Ini),
        (
            lines(&|i| format!("K{i}={i}\n")),
            Format::Dotenv(EnvDialect::Dotenv),
        ),
        (
            lines(&|i| format!("K{i}={i}\n")),
            Format::Dotenv(EnvDialect::Shell),
        ),
    ] {
        let (found, problems) = read(&text, format);
        assert!(problems.is_empty(), "{format:?}: {problems:?}");
        assert_eq!(found.as_object().map(serde_json::Map::len), Some(many));
    }
}

#[test]
fn maps_of_tfvars_are_bounded() {
    let map = |n: usize| {
        let members: String = (0..n).map(|i| format!("k{i} = {i}\n")).collect();
        format!("m = {{\n{members}}}\n")
    };
    let (found, problems) = read(map(2_000), Format::Tfvars);
    assert!(problems.is_empty() && found["m"]["k1999"] == 1_999);
    let (_, problems) = read(map(80_000), Format::Tfvars);
    assert!(problems[0].blocks && problems[0].message.contains("too large"));
}

#[test]
fn no_value_is_in_a_message() {
    for text in [
        "hunter2\n",
        "a = hunter2 x\n",
        "a = \"hunter2\n",
        "a = 'hunter2\n",
        "a = \"hunter2\\q\"\n",
        "a = { hunter2\n",
        "a = hunter2(\n",
        "A=${hunter2\n",
        "A='hunter2\n",
        "A=$(hunter2\n",
        "echo hunter2 | cat\n",
        "a = 1hunter2\n",
        "a = 1\na = \"hunter2\"\n",
        "[hunter2\n",
        "a=\\uhunter2\n",
        "hunter2 hunter2=hunter2\n",
        "a = \"\\u{hunter2}\"\n",
    ] {
        for format in super::tests::any_input::FORMATS {
            for p in parse(text.as_bytes(), format).problems {
                assert!(!format!("{p:?}").contains("hunter2"), "{text:?}: {p:?}");
            }
        }
    }
}

mod any_input {
    use super::super::tests::any_input::{FORMATS, sound};
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Each format's way to write a text.
    fn written(pairs: &BTreeMap<String, String>, format: Format) -> String {
        let mut out = String::new();
        if format == Format::Ini {
            out.push_str("[s]\n");
        }
        for (key, value) in pairs {
            let json = serde_json::to_string(value).expect("text");
            out += &match format {
                Format::Toml => format!("{key} = {}\n", json.replace('\u{7f}', "\\u007f")),
                Format::Tfvars => format!(
                    "{key} = {}\n",
                    json.replace("${", "$${").replace("%{", "%%{")
                ),
                Format::Properties => {
                    let escape = |c: char| match c {
                        ' '..='~' if !"\\=:#! ".contains(c) => c.to_string(),
                        c => {
                            let mut units = [0; 2];
                            let units = c.encode_utf16(&mut units);
                            units.iter().map(|u| format!("\\u{u:04x}")).collect()
                        }
                    };
                    format!("{key}={}\n", value.chars().map(escape).collect::<String>())
                }
                Format::Dotenv(EnvDialect::Shell) => {
                    format!("{key}='{}'\n", value.replace('\'', "'\\''"))
                }
                Format::Dotenv(EnvDialect::Compose) => format!(
                    "{key}=\"{}\"\n",
                    value
                        .replace('\\', "\\\\")
                        .replace('"', "\\\"")
                        .replace('$', "\\$")
                ),
                Format::Dotenv(EnvDialect::Dotenv) => format!("{key}=`{value}`\n"),
                _ => format!("{key}={value}\n"),
            };
        }
        out
    }

    /// What the format can hold at all.
    fn holds(value: &str, format: Format) -> bool {
        match format {
            Format::Dotenv(EnvDialect::Dotenv) => {
                !value.contains(['`', '\r']) && !value.ends_with('\\')
            }
            Format::Dotenv(EnvDialect::Shell) => !value.contains("\r\n"),
            Format::Dotenv(EnvDialect::Docker) => !value.contains(['\n', '\r']),
            Format::Ini => {
                !value.contains(['\n', '\r'])
                    && value.trim() == value
                    && !value.starts_with(['"', '\''])
            }
            _ => true,
        }
    }

    fn text() -> impl Strategy<Value = String> {
        "[ -~äöü€\u{1F600}\n\t\r]{0,16}"
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(
            pairs in proptest::collection::btree_map("[A-Z][A-Z0-9_]{0,8}", text(), 0..6)
        ) {
            for format in FORMATS.into_iter().skip(5) {
                let pairs: BTreeMap<_, _> = pairs
                    .iter()
                    .filter(|(_, v)| holds(v, format))
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect();
                let text = written(&pairs, format);
                let (found, problems) = read(&text, format);
                prop_assert!(problems.iter().all(|p| !p.blocks), "{format:?} {text:?}: {problems:?}");
                let found = match format {
                    Format::Ini => found["s"].clone(),
                    _ => found,
                };
                prop_assert_eq!(found, serde_json::json!(pairs), "{:?} {:?}", format, text);
            }
        }

        #[test]
        fn fragments(parts in proptest::collection::vec(prop_oneof![
            Just("a"), Just("A"), Just("="), Just(": "), Just("\n"), Just("\r\n"), Just("\r"), Just("  "), Just("\t"), Just("\""), Just("'"),
            Just("`"), Just("\\"), Just("#"), Just(" ;"), Just("!"), Just("["), Just("]"), Just("[["), Just("]]"), Just("{"), Just("}"),
            Just("${"), Just("$("), Just("$A"), Just("$$"), Just("%{"), Just("<<EOT\n"), Just("<<-EOT\n"), Just("EOT"), Just("\"\"\""), Just("'''"),
            Just("\\u00e9"), Just("\\ud83d"), Just("1.5"), Just("1979-05-27"), Just(", "), Just("export "), Just("if "), Just("\u{feff}"),
            Just("ö"), Just("\u{2028}"), Just("\u{85}"), Just("-----BEGIN "), Just("-----END "), Just("A=b\n"), Just("a = 1\n"), Just("!Ref "),
            Just("!GetAtt "), Just("- "), Just("&x "), Just("\u{c}"), Just("*x"),
        ], 0..40)) {
            for format in FORMATS {
                sound(parts.concat().as_bytes(), format);
            }
        }
    }
}
