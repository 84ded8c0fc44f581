//! Tests of reading documents.
#![expect(clippy::panic, reason = "a test that cannot go on says why")]

use super::*;
use crate::model::{
    name::Name,
    tree::{NodeRef, Prune, WithoutSecrets},
};

const K8S: Format = Format::Yaml(Dialect::K8s);
const CORE: Format = Format::Yaml(Dialect::Core);
const ENV: Format = Format::Dotenv(EnvDialect::Dotenv);

fn json(node: NodeRef<'_>) -> String {
    serde_json::to_string(&WithoutSecrets(node)).expect("trees are JSON")
}

/// All documents as JSON; there must be no problem.
fn read(text: &str, format: Format) -> Vec<String> {
    let parsed = parse(text.as_bytes(), format);
    assert!(
        parsed.problems.is_empty(),
        "{text:?}: {:?}",
        parsed.problems
    );
    parsed
        .documents
        .iter()
        .map(|d| json(d.tree.root()))
        .collect()
}

fn one(text: &str, format: Format) -> String {
    let mut all = read(text, format);
    assert_eq!(all.len(), 1, "{text:?}");
    all.remove(0)
}

/// The only problem, and how many documents were read all the same.
fn problem(text: impl AsRef<[u8]>, format: Format) -> (DocumentProblem, usize) {
    let mut parsed = parse(text.as_ref(), format);
    assert_eq!(parsed.problems.len(), 1, "{:?}", parsed.problems);
    (parsed.problems.remove(0), parsed.documents.len())
}

fn place(p: &DocumentProblem) -> (u32, u32) {
    p.span.map_or((0, 0), |s| (s.line, s.column))
}

fn tree(text: &str, format: Format) -> Tree {
    let mut parsed = parse(text.as_bytes(), format);
    assert!(
        parsed.problems.is_empty(),
        "{text:?}: {:?}",
        parsed.problems
    );
    parsed.documents.remove(0).tree
}

/// Text under the span of the value at `path`, and line and column.
fn under<'t>(text: &'t str, tree: &Tree, path: &[&str]) -> (&'t str, u32, u32) {
    let s = tree
        .root()
        .at(path)
        .and_then(NodeRef::span)
        .expect("a place");
    (&text[s.start as usize..s.end as usize], s.line, s.column)
}

mod kubectl {
    use super::*;

    const ORACLE: &str = include_str!("../../tests/data/document/kubectl-scalars.tsv");

    #[test]
    fn scalars_and_keys_are_read_as_kubectl_reads_them() {
        let mut wrong = Vec::new();
        for line in ORACLE.lines().filter(|l| !l.starts_with('#')) {
            let [scalar, value, key] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three columns: {line}");
            };
            for (text, expected) in [
                (
                    format!("v: {scalar}\n"),
                    (value != "error").then(|| format!("{{\"v\":{value}}}")),
                ),
                (
                    format!("{scalar}: 1\n"),
                    (key != "error").then(|| format!("{{{key}:1}}")),
                ),
            ] {
                let parsed = parse(text.as_bytes(), K8S);
                let found = parsed.documents.first().map(|d| &d.tree);
                let expected =
                    expected.map(|e| Tree::from_json(e.as_bytes(), Prune::NOTHING).expect("JSON"));
                let same = match (found, &expected) {
                    (Some(a), Some(b)) => a == b,
                    (None, None) => parsed.problems.iter().any(|p| p.blocks),
                    _ => false,
                };
                // Integers beyond 64 bits keep their digits here and not there.
                if !same {
                    wrong.push(format!(
                        "{text:?}: {:?}, expected {:?}",
                        found.map(|t| json(t.root())),
                        expected.map(|t| json(t.root()))
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn every_key_and_value_has_its_place() {
    let text = "# head\na: &x 1\nlöng: {q: [1, 'zwei'], w:}\ne:\nf:   # nothing\nl:\n  - b: \"x\"\n    c: >-\n      folded\n      text\n  -\n  - !!str 7\n";
    let t = tree(text, K8S);
    assert_eq!(under(text, &t, &["a"]), ("1", 2, 7));
    assert_eq!(under(text, &t, &["löng"]), ("{q: [1, 'zwei'], w:}", 3, 7));
    assert_eq!(under(text, &t, &["löng", "q"]), ("[1, 'zwei']", 3, 11));
    assert_eq!(under(text, &t, &["löng", "w"]), ("", 3, 26));
    assert_eq!(under(text, &t, &["e"]), ("", 4, 3));
    assert_eq!(under(text, &t, &["f"]), ("", 5, 3));
    let list: Vec<_> = t.root().member("l").expect("l").children().collect();
    let spans: Vec<_> = list
        .iter()
        .filter_map(|n| n.span())
        .map(|s| (s.line, s.column, &text[s.start as usize..s.end as usize]))
        .collect();
    assert_eq!(
        spans,
        [
            (7, 5, "b: \"x\"\n    c: >-\n      folded\n      text"),
            (11, 4, ""),
            (12, 11, "7")
        ]
    );
    for n in t.root().children() {
        let k = n.key_span().expect("a key's place");
        assert_eq!(&text[k.start as usize..k.end as usize], n.key().as_str());
    }
}

#[test]
fn anchors_and_merges() {
    for (text, expected) in [
        (
            "a: &x 1\nb: *x\nc: &x 2\nd: *x",
            r#"{"a":1,"b":1,"c":2,"d":2}"#,
        ),
        ("a: &k key\n*k : 1", r#"{"a":"key","key":1}"#),
        ("a: 1\n<<: {a: 2}", r#"{"a":1}"#),
        ("<<: {a: 2}\na: 1", r#"{"a":1}"#),
        ("<<: {a: 1}\n<<: {a: 2}", r#"{"a":2}"#),
        ("<<: {a: 1}\n<<: {b: 2}", r#"{"a":1,"b":2}"#),
        ("x:\n  !!merge <<: {a: 1}\n  b: 2", r#"{"x":{"a":1,"b":2}}"#),
        ("x:\n  \"<<\": {a: 1}", r#"{"x":{"<<":{"a":1}}}"#),
        (
            "b: &b {a: 1, c: 1}\nc: &c {a: 2, d: 2}\nx:\n  <<: [*b, *c]",
            r#"{"b":{"a":1,"c":1},"c":{"a":2,"d":2},"x":{"a":1,"c":1,"d":2}}"#,
        ),
        (
            "a: &a {x: 1}\nb: &b {<<: *a, w: 2}\nc: {<<: *b, z: 3}",
            r#"{"a":{"x":1},"b":{"w":2,"x":1},"c":{"w":2,"x":1,"z":3}}"#,
        ),
        ("a: <<\nb: [<<]", r#"{"a":"<<","b":["<<"]}"#),
        ("a: &e\nb: *e", r#"{"a":null,"b":null}"#),
    ] {
        for format in [K8S, CORE] {
            assert_eq!(one(text, format), expected, "{text}");
        }
    }
}

#[test]
fn what_came_by_an_alias_says_where_it_stands() {
    let text = "a: &x\n  k: v\nb: *x\nc:\n  <<: *x\n";
    let t = tree(text, K8S);
    assert_eq!(under(text, &t, &["b"]), ("*x", 3, 4));
    assert_eq!(under(text, &t, &["b", "k"]), ("v", 2, 6));
    assert_eq!(under(text, &t, &["c", "k"]), ("v", 2, 6));
}

#[test]
fn tags() {
    for (text, expected) in [
        ("!!str 1", r#""1""#),
        ("!!str", r#""""#),
        ("!!str ~", r#""~""#),
        ("!!int \"5\"", "5"),
        ("!!float 1", "1"),
        ("!!bool \"yes\"", "true"),
        ("!!null ''", "null"),
        ("!!binary aGk=", r#""hi""#),
        ("!!binary /w==", r#""/w==""#),
        ("!!timestamp 2024-01-01", r#""2024-01-01""#),
        ("!!set {b, c}", r#"{"b":null,"c":null}"#),
        ("!foo true", r#""true""#),
        ("! 12", r#""12""#),
        ("!foo [1]", "[1]"),
        ("!!map {b: 1}", r#"{"b":1}"#),
    ] {
        assert_eq!(
            one(&format!("a: {text}"), K8S),
            format!("{{\"a\":{expected}}}"),
            "{text}"
        );
    }
    for text in [
        "!!int x",
        "!!bool 1",
        "!!null x",
        "!!float y",
        "!!binary x!",
    ] {
        let (p, read) = problem(format!("a: {text}"), K8S);
        assert!(p.blocks && read == 0 && place(&p).0 == 1, "{text}: {p:?}");
        assert!(!p.message.contains('x'), "{p:?}");
    }
}

#[test]
fn intrinsics_are_opaque() {
    let t = tree(
        "a: !Ref Db\nb: !Sub {x: [1, 2]}\nc: !GetAtt [a, b]\nd: !vault |\n  $ANSIBLE\ne: 1\n",
        CORE,
    );
    for (key, symbol) in [
        ("a", "!Ref"),
        ("b", "!Sub"),
        ("c", "!GetAtt"),
        ("d", "!vault"),
    ] {
        let n = t.root().member(key).expect("a member");
        assert_eq!((n.kind(), n.text()), (Kind::Opaque, symbol));
        assert!(n.span().is_some() && n.is_empty());
    }
    assert_eq!(t.root().member("e").and_then(NodeRef::as_i64), Some(1));
}

#[test]
fn the_core_dialect() {
    for (text, expected) in [
        ("yes", r#""yes""#),
        ("on", r#""on""#),
        ("y", r#""y""#),
        ("True", "true"),
        ("~", "null"),
        ("0644", "644"),
        ("015", "15"),
        ("0o17", "15"),
        ("0x1F", "31"),
        ("0b11", r#""0b11""#),
        ("1_000", r#""1_000""#),
        ("+12", "12"),
        ("-0", "0"),
        ("1:30:00", r#""1:30:00""#),
        ("2024-01-01", r#""2024-01-01""#),
        (".inf", r#"".inf""#),
        (".nan", r#"".nan""#),
        ("1e400", r#""1e400""#),
    ] {
        assert_eq!(
            one(&format!("a: {text}"), CORE),
            format!("{{\"a\":{expected}}}"),
            "{text}"
        );
    }
    assert_eq!(
        one("n: 1\non: 2\n1: 3\n~: 4\n0x10: 5", CORE),
        r#"{"0x10":5,"1":3,"n":1,"null":4,"on":2}"#
    );
    // Floats stay as written, integers are whole.
    let t = tree(
        "a: 1.10\nb: 123456789012345678901234\nc: 9007199254740993\nd: 1e3",
        CORE,
    );
    let digits: Vec<_> = t.root().children().map(NodeRef::text).collect();
    assert_eq!(
        digits,
        [
            "1.10",
            "123456789012345678901234",
            "9007199254740993",
            "1e3"
        ]
    );
}

#[test]
fn large_integers_keep_their_digits_for_kubernetes() {
    let t = tree(
        "a: 123456789012345678901234\nb: 18446744073709551616\nc: -9223372036854775809\nd: 1_000_000_000_000_000_000_000",
        K8S,
    );
    let digits: Vec<_> = t.root().children().map(NodeRef::text).collect();
    assert_eq!(
        digits,
        [
            "123456789012345678901234",
            "18446744073709551616",
            "-9223372036854775809",
            "1000000000000000000000"
        ]
    );
}

#[test]
fn duplicates_name_both_places_and_the_last_counts() {
    for (text, format) in [
        ("a:\n  x: 1\nb: 2\na:\n  z: 2\n", K8S),
        (
            "{\"a\": {\"x\": 1},\n\n\"b\": 2, \"a\": {\"z\": 2}}",
            Format::Json,
        ),
    ] {
        let parsed = parse(text.as_bytes(), format);
        let [p] = &*parsed.problems else {
            panic!("one problem: {:?}", parsed.problems)
        };
        assert!(!p.blocks);
        assert!(
            p.message.contains("`a`") && p.message.contains("line 1"),
            "{p:?}"
        );
        assert!(place(p).0 > 1);
        assert_eq!(
            json(parsed.documents[0].tree.root()),
            r#"{"a":{"z":2},"b":2}"#
        );
        assert_eq!(parsed.documents[0].tree.root().len(), 2);
    }
    let (p, read) = problem("yes: 1\ntrue: 2", K8S);
    assert!(!p.blocks && read == 1);
    assert_eq!(one("yes: 1\ntrue: 2", CORE), r#"{"true":2,"yes":1}"#);
    // Many members, beyond the first few; and three of a kind.
    let mut text = String::new();
    for i in 0..100 {
        text += &format!("k{i}: {i}\n");
    }
    text += "k7: x\nk7: w\nk99: z\n";
    let parsed = parse(text.as_bytes(), K8S);
    assert_eq!(parsed.problems.len(), 3);
    let root = parsed.documents[0].tree.root();
    assert_eq!(
        (root.len(), root.text_at(&["k7"]), root.text_at(&["k99"])),
        (100, Some("w"), Some("z"))
    );
}

#[test]
fn streams() {
    assert_eq!(
        read(
            "a: 1\n---\n---\n# nothing\n---\nb: 2\n...\n---\nnull\n--- ~\n",
            K8S
        ),
        [r#"{"a":1}"#, r#"{"b":2}"#]
    );
    assert!(read("", K8S).is_empty());
    assert!(read("# only a comment\n", K8S).is_empty());
    assert!(read("\u{feff}", K8S).is_empty());
    assert_eq!(
        one("a:\t1\r\nb: |\r\n  x\r\n  y\r\n", K8S),
        r#"{"a":1,"b":"x\ny\n"}"#
    );
    assert_eq!(one("%YAML 1.1\n---\na: yes", K8S), r#"{"a":true}"#);
    assert_eq!(one("just text", K8S), r#""just text""#);
    let many =
        "---\n# Source: chart/templates/x.yaml\nkind: ConfigMap\ndata:\n  a: b\n".repeat(20_000);
    let parsed = parse(many.as_bytes(), K8S);
    assert_eq!((parsed.documents.len(), parsed.problems.len()), (20_000, 0));
    let last = &parsed.documents[19_999];
    assert_eq!(last.start.line, 19_999 * 5 + 3);
    assert_eq!(
        last.source_comment.as_deref(),
        Some("chart/templates/x.yaml")
    );
}

#[test]
fn byte_order_marks_are_no_content() {
    let text = "\u{feff}a: 1\n---\n\u{feff}b: zwei\n\u{feff}---\nc: ö3\n";
    let parsed = parse(text.as_bytes(), K8S);
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let found: Vec<_> = parsed
        .documents
        .iter()
        .map(|d| json(d.tree.root()))
        .collect();
    assert_eq!(found, [r#"{"a":1}"#, r#"{"b":"zwei"}"#, r#"{"c":"ö3"}"#]);
    assert_eq!(under(text, &parsed.documents[0].tree, &["a"]), ("1", 1, 4));
    assert_eq!(
        under(text, &parsed.documents[1].tree, &["b"]),
        ("zwei", 3, 4)
    );
    assert_eq!(under(text, &parsed.documents[2].tree, &["c"]), ("ö3", 5, 4));
    assert_eq!(one("\u{feff}{\"a\": 1}", Format::Json), r#"{"a":1}"#);
    assert_eq!(one("a: x\u{feff}y", K8S), "{\"a\":\"x\u{feff}y\"}");
}

#[test]
fn the_source_comment_is_that_of_its_own_document() {
    let text = "# Source: a/first.yaml\na: 1\n# Source: a/not-mine.yaml\n---\nb: |\n  # Source: content\n---\n# Source: a/empty.yaml\n---\n# Source: a/third.yaml\r\nc: 3\n";
    let parsed = parse(text.as_bytes(), K8S);
    let found: Vec<_> = parsed
        .documents
        .iter()
        .map(|d| d.source_comment.as_deref())
        .collect();
    assert_eq!(found, [Some("a/first.yaml"), None, Some("a/third.yaml")]);
    assert_eq!(parsed.documents[1].start.line, 5);
}

#[test]
fn a_broken_document_does_not_hide_the_others() {
    for (broken, line, column) in [
        ("a: [1, 2", 4, 4),
        ("a: b: c", 4, 5),
        ("a: 1\n b: 2", 5, 3),
        ("a:\n\tb: 1", 5, 2),
        ("a: *nothing", 4, 4),
        ("a: &a [*a]", 4, 8),
        ("a: x\u{7}y", 4, 5),
        ("a: \"x\u{0}y\"", 4, 6),
        ("# x\u{0}y\na: 1", 4, 4),
        ("a: x\u{9f}y", 4, 5),
        ("[a]: 1", 4, 1),
        ("{a: 1}: 1", 4, 1),
        ("~: 1", 4, 1),
        ("a: .inf", 4, 4),
        ("a: !!int x", 4, 10),
        ("<<: 1", 4, 5),
        ("<<: [{a: 1}, 2]", 4, 5),
        ("a: 'x", 5, 1),
        ("a: }", 4, 4),
        ("%FOO\na: 1", 4, 1),
    ] {
        let text = format!("first: 1\n---\n# middle\n{broken}\n---\nlast: 1\n");
        let parsed = parse(text.as_bytes(), K8S);
        let found: Vec<_> = parsed
            .documents
            .iter()
            .map(|d| json(d.tree.root()))
            .collect();
        assert_eq!(
            found,
            [r#"{"first":1}"#, r#"{"last":1}"#],
            "{broken:?} {:?}",
            parsed.problems
        );
        let [p] = &*parsed.problems else {
            panic!("{broken:?}: one problem, not {:?}", parsed.problems)
        };
        assert!(p.blocks);
        assert_eq!(place(p), (line, column), "{broken:?}: {p:?}");
        assert_eq!(parsed.documents[1].start.line, text.lines().count() as u32);
    }
}

#[test]
fn bytes_that_are_no_utf8() {
    let (p, read) = problem(b"a: 1\n---\nb: \xff\xfe x\n---\nc: 1\n", K8S);
    assert!(p.blocks && read == 2, "{p:?}");
    assert_eq!(place(&p), (3, 4));
    assert!(p.message.contains("UTF-8"));
    let (p, read) = problem(b"{\"a\":\n \"\xc3\"}", Format::Json);
    assert!(p.blocks && read == 0);
    assert_eq!(place(&p), (2, 3));
    for format in [K8S, Format::Json] {
        let (p, read) = problem(b"\xff\xfea\0:\0", format);
        assert!(p.message.contains("UTF-16") && read == 0);
    }
}

#[test]
fn templates_are_recognised() {
    for text in [
        "kind: X\nname: {{ .Values.name }}\n",
        "kind: X\n{{- if .Values.on }}\na: 1\n{{- end }}\n",
        "kind: X\nspec:\n  {{- toYaml .Values.spec | nindent 2 }}\n",
        "a: {{ .Values.x }}-suffix\n",
        "- {{ .x }}\n",
        "{% if x %}\na: 1\n{% endif %}\n",
        "a:\n  - b\n{{ include \"x\" . }}\n",
    ] {
        let (p, read) = problem(format!("{text}---\nlast: 1\n"), K8S);
        assert!(
            p.message.contains("template") && p.hint.is_some() && p.blocks,
            "{text}: {p:?}"
        );
        assert_eq!(read, 1, "{text}");
        assert!(p.span.is_some());
    }
    // Braces in texts are no template, and not every error near one is about it.
    assert_eq!(
        one("a: \"{{ .Values.x }}\"\nb: x {{ y }}", K8S),
        r#"{"a":"{{ .Values.x }}","b":"x {{ y }}"}"#
    );
    let (p, _) = problem("a: \"{{ x }}\"\nb: 1\nc: 2\nd: [\n", K8S);
    assert!(!p.message.contains("template"), "{p:?}");
}

mod hostile {
    use super::*;

    #[test]
    fn alias_bombs_are_bounded() {
        let mut laughs = String::from("a0: &a0 lol\n");
        for i in 1..=30 {
            let items = vec![format!("*a{}", i - 1); 9].join(", ");
            laughs += &format!("a{i}: &a{i} [{items}]\n");
        }
        let (p, read) = problem(format!("{laughs}---\nlast: 1\n"), K8S);
        assert!(
            p.message.contains("aliases") && p.span.is_some() && read == 1,
            "{p:?}"
        );

        let long = "x".repeat(1 << 20);
        let text = format!("a: &a {long}\nb: [{}]\n", vec!["*a"; 1000].join(", "));
        let (p, _) = problem(text, CORE);
        assert!(p.message.contains("aliases"), "{p:?}");
    }

    #[test]
    fn merge_bombs_are_bounded() {
        let mut text = String::from("a0: &a0 {k: 1}\n");
        for i in 1..=60 {
            text += &format!("a{i}: &a{i} {{<<: [*a{0}, *a{0}]}}\n", i - 1);
        }
        let (p, _) = problem(text, K8S);
        assert!(p.message.contains("merges"), "{p:?}");

        let mut chain = String::from("a0: &a0 {k: 1}\n");
        for i in 1..=5_000 {
            chain += &format!("a{i}: &a{i} {{<<: *a{}}}\n", i - 1);
        }
        let (p, _) = problem(chain, K8S);
        assert!(p.message.contains("deeper"), "{p:?}");
    }

    #[test]
    fn depth_is_bounded() {
        let deep = 50_000;
        for (text, format) in [
            ("[".repeat(deep), K8S),
            ("{a: ".repeat(deep), K8S),
            ("- ".repeat(deep), K8S),
            (
                (0..2_000)
                    .map(|i| format!("{}a:\n", " ".repeat(i)))
                    .collect(),
                K8S,
            ),
            ("[".repeat(deep), Format::Json),
            ("{\"a\":".repeat(deep), Format::Json),
            (
                (0..300)
                    .map(|i| format!("a{i}: &a{i} [*a{}]\n", i - 1))
                    .collect::<String>()
                    .replacen("[*a-1]", "1", 1),
                K8S,
            ),
            (
                format!("{}{}", "[".repeat(202), "]".repeat(202)),
                Format::Json,
            ),
            (format!("{}1{}", "[".repeat(201), "]".repeat(201)), K8S),
        ] {
            let parsed = parse(text.as_bytes(), format);
            assert!(
                parsed.documents.is_empty()
                    && parsed.problems.iter().all(|p| p.blocks && p.span.is_some()),
                "{:?}",
                parsed.problems
            );
            assert!(!parsed.problems.is_empty());
        }
        let fits = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        assert_eq!(one(&fits, K8S), fits);
        assert_eq!(one(&fits, Format::Json), fits);
    }

    #[test]
    fn a_flood_of_problems_is_cut_and_still_blocks() {
        let parsed = parse("a: [\n---\n".repeat(5_000).as_bytes(), K8S);
        assert_eq!(parsed.problems.len(), MAX_PROBLEMS + 1);
        assert!(parsed.problems.iter().all(|p| p.blocks));
        let twice = "a: 1\n".repeat(5_000);
        let parsed = parse(twice.as_bytes(), K8S);
        assert!(
            parsed.problems.len() == MAX_PROBLEMS + 1 && parsed.problems.iter().all(|p| !p.blocks)
        );
        let parsed = parse(format!("{twice}---\na: [").as_bytes(), K8S);
        assert!(parsed.problems.iter().any(|p| p.blocks));
    }

    #[test]
    fn large_things_are_read_in_one_pass() {
        let map: String = (0..100_000).map(|i| format!("k{i}: v\n")).collect();
        assert_eq!(tree(&map, K8S).root().len(), 100_000);
        let json = format!(
            "{{{}\"last\":1}}",
            (0..100_000)
                .map(|i| format!("\"ö{i}\":1,"))
                .collect::<String>()
        );
        let t = tree(&json, Format::Json);
        let last = t.root().member("last").expect("the last");
        assert_eq!(
            last.span().map(|s| s.column),
            Some(json.chars().count() as u32 - 1)
        );
        let text = format!("a: {}", "x".repeat(8 << 20));
        assert_eq!(
            tree(&text, K8S).root().text_at(&["a"]).map(str::len),
            Some(8 << 20)
        );
        let (p, _) = problem(vec![b' '; MAX_BYTES + 1], K8S);
        assert!(p.blocks && p.message.contains("too large"));
    }

    #[test]
    fn comments_without_end_are_read() {
        let text = format!("a:\n{}  b: 1\n", "  # x\n".repeat(5_000));
        assert_eq!(one(&text, K8S), r#"{"a":{"b":1}}"#);
    }
}

mod json_files {
    use super::*;
    use serde_json::value::RawValue;

    #[test]
    fn every_key_and_value_has_its_place() {
        let text = "{\n  \"ä\": [1, {\"b\": \"x\\ny\"}],\r\n  \"c\": null, \"d\": -1.5e3\n}";
        let t = tree(text, Format::Json);
        assert_eq!(
            json(t.root()),
            r#"{"c":null,"d":-1500,"ä":[1,{"b":"x\ny"}]}"#
        );
        assert_eq!(under(text, &t, &["ä"]).0, "[1, {\"b\": \"x\\ny\"}]");
        assert_eq!(under(text, &t, &["c"]), ("null", 3, 8));
        let keys: Vec<_> = t
            .root()
            .children()
            .filter_map(NodeRef::key_span)
            .map(|s| (s.line, s.column, &text[s.start as usize..s.end as usize]))
            .collect();
        assert_eq!(keys, [(2, 3, "\"ä\""), (3, 3, "\"c\""), (3, 14, "\"d\"")]);
    }

    #[test]
    fn strict_json_is_strict() {
        for text in [
            "{a: 1}",
            "{'a': 1}",
            "{\"a\": 1,}",
            "[1,]",
            "[1 2]",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "[0x1F]",
            "[+1]",
            "[.5]",
            "[5.]",
            "[01]",
            "[-01]",
            "[NaN]",
            "[Infinity]",
            "// x\n1",
            "[1] /* x */",
            "[\"\\x41\"]",
            "[\"a\tb\"]",
            "[\"a\nb\"]",
            "[\"\\ud800\"]",
            "[1e400]",
            "{} {}",
            "{}\n{}",
            "[1",
            "{\"a\":",
            "[tru]",
            "[1]]",
            "\"x",
            "[1,,2]",
            "{,}",
            "[-]",
            "nul",
            "{\"a\":1}}",
        ] {
            let (p, read) = problem(text, Format::Json);
            assert!(p.blocks && read == 0 && p.span.is_some(), "{text}: {p:?}");
        }
        let (p, _) = problem("{}\n{}", Format::Json);
        assert!(
            p.message.contains("more than one") && place(&p) == (2, 1),
            "{p:?}"
        );
        let (p, _) = problem("[\"\\ud8zz\"]", Format::Json);
        assert!(!p.message.contains("d8"), "{p:?}");
        assert!(read("", Format::Json).is_empty());
        assert!(read(" \n", Format::Json).is_empty());
    }

    #[test]
    fn comments_and_trailing_commas_where_they_may_be() {
        let text = "// head\n{\n  /* x */ \"a\": [1, 2,], // tail\n  \"b\": {\"c\": 1,},\n}\n";
        assert_eq!(one(text, Format::Jsonc), r#"{"a":[1,2],"b":{"c":1}}"#);
        for text in ["{a: 1}", "{\"a\":1 \"b\":2}", "[0x1]", "['x']"] {
            assert!(problem(text, Format::Jsonc).0.blocks, "{text}");
        }
        let (p, _) = problem(text, Format::Json);
        assert!(p.hint.is_some_and(|h| h.contains(".jsonc")));
    }

    #[test]
    fn numbers_are_those_of_the_other_reader() {
        for number in [
            "0",
            "-1",
            "1.5",
            "1.0",
            "1e3",
            "1E+3",
            "0.1",
            "1e-7",
            "0.00001",
            "1e20",
            "1e21",
            "18446744073709551615",
            "9007199254740993",
            "-9223372036854775808",
            "100.50",
            "123456789.125",
        ] {
            let here = tree(number, Format::Json);
            let raw: &RawValue = serde_json::from_str(number).expect("JSON");
            let there = Tree::from_json(raw.get().as_bytes(), Prune::NOTHING).expect("JSON");
            assert!(
                crate::model::value::same_number(here.root().text(), there.root().text()),
                "{number}: {} and {}",
                here.root().text(),
                there.root().text()
            );
        }
        assert_eq!(
            tree("123456789012345678901234", Format::Json).root().text(),
            "123456789012345678901234"
        );
    }
}

#[test]
fn sops_hides_values_and_itself() {
    let text = "password: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\nplain: text\nlist:\n  - a: ENC[AES256_GCM,data:q]\nsops:\n  mac: ENC[x]\n  lastmodified: \"2024-01-01T00:00:00Z\"\n  version: 3.8.1\n---\npassword: ENC[not sops]\nsops: {mac: x}\n";
    let parsed = parse(text.as_bytes(), K8S);
    let [a, b] = &*parsed.documents else {
        panic!("two documents");
    };
    let root = a.tree.root();
    assert!(root.member("sops").is_none());
    let pw = root.member("password").expect("a password");
    assert_eq!((pw.kind(), pw.text()), (Kind::Opaque, "sops"));
    assert_eq!(pw.span().map(|s| (s.line, s.column)), Some((1, 11)));
    assert!(pw.key_span().is_some());
    assert_eq!(root.text_at(&["plain"]), Some("text"));
    let nested = root
        .member("list")
        .and_then(|l| l.children().next()?.member("a"))
        .expect("nested");
    assert_eq!(nested.kind(), Kind::Opaque);
    assert!(root.member("list").is_some_and(|l| l.span().is_some()));
    assert_eq!(b.tree.root().text_at(&["password"]), Some("ENC[not sops]"));
    let t = tree(
        r#"{"a":"ENC[x]","sops":{"mac":"m","version":"3"}}"#,
        Format::Json,
    );
    assert_eq!(t.root().member("a").map(NodeRef::kind), Some(Kind::Opaque));
    assert_eq!(t.root().len(), 1);
}

#[test]
fn formats_by_name() {
    for (path, expected) in [
        ("a/b.yaml", Some(CORE)),
        ("b.YML", Some(CORE)),
        ("a.json", Some(Format::Json)),
        ("x/appsettings.Development.jsonc", Some(Format::Jsonc)),
        ("a.yaml.tpl", None),
        ("a/.yaml", None),
        ("Cargo.toml", Some(Format::Toml)),
        ("app/application-prod.properties", Some(Format::Properties)),
        ("php.ini", Some(Format::Ini)),
        ("setup.CFG", Some(Format::Ini)),
        ("terraform.tfvars", Some(Format::Tfvars)),
        ("prod.auto.tfvars", Some(Format::Tfvars)),
        ("prod.tfvars.json", Some(Format::Json)),
        (".env", Some(ENV)),
        ("a/.env", Some(ENV)),
        (".env.production", Some(ENV)),
        (".env.example", Some(ENV)),
        (".env.production.local", Some(ENV)),
        (".env.yaml", Some(CORE)),
        ("prod.env", Some(ENV)),
        ("env", None),
        ("environment", None),
        (".envrc", None),
        (".toml", None),
        ("a.conf", None),
        ("main.tf", None),
        ("yaml", None),
        ("a.json/README", None),
        ("", None),
    ] {
        assert_eq!(format_of(path, Dialect::Core), expected, "{path}");
    }
}

#[test]
fn embedded_files() {
    let t = embedded("application.yml", "a:\n  b: yes\n").expect("a map");
    assert_eq!(t.root().text_at(&["a", "b"]), Some("yes"));
    assert!(embedded("x.json", "[1, 2]").is_some());
    for (key, text) in [
        ("application", "a: 1"),
        ("a.yml", "just text"),
        ("a.yml", "a: 1\n---\nb: 2"),
        ("a.yml", "a: [1"),
        ("a.yml", "a: 1\na: 2"),
        ("a.yml", ""),
        ("a.json", "{\"a\": 1,}"),
    ] {
        assert!(embedded(key, text).is_none(), "{key} {text:?}");
    }
}

#[test]
fn lines_for_snippets() {
    let text = b"\xef\xbb\xbfone\r\ntwo \xff\n\nfour";
    let lines: Vec<_> = (0..6).map(|n| line_of(text, n)).collect();
    assert_eq!(lines, ["", "one", "two \u{fffd}", "", "four", ""]);
}

#[test]
fn no_value_is_in_a_message() {
    for text in [
        "password: hunter2: x\n",
        "password: [hunter2\n",
        "password: !!int hunter2\n",
        "hunter2\n\ta: x\n",
        "a: \"hunter2\\q\"\n",
        "a: 'hunter2\n",
        "a: *hunter2\n",
        "a: hunter2\u{7}\n",
        "a: &hunter2 [*hunter2]\n",
        "{\"a\": \"hunter2\\x\"}",
        "{\"a\": hunter2}",
        "{\"a\": \"hunter2",
    ] {
        for format in [K8S, CORE, Format::Json, Format::Jsonc] {
            for p in parse(text.as_bytes(), format).problems {
                assert!(!format!("{p:?}").contains("hunter2"), "{text:?}: {p:?}");
            }
        }
    }
}

pub(super) mod any_input {
    use super::*;
    use proptest::prelude::*;

    /// What holds for every file.
    pub(in crate::document) fn sound(bytes: &[u8], format: Format) {
        let parsed = parse(bytes, format);
        let within = |s: Span| {
            s.start <= s.end && s.end as usize <= bytes.len() && s.line > 0 && s.column > 0
        };
        for p in &parsed.problems {
            assert!(p.span.is_none_or(within), "{p:?}");
        }
        for d in &parsed.documents {
            assert!(within(d.start));
            node(d.tree.root(), 0, &within);
            assert_eq!(d.tree.root().key(), Name::NONE);
        }
        assert_eq!(
            format!("{:?}", parsed.problems),
            format!("{:?}", parse(bytes, format).problems)
        );
    }

    fn node(n: NodeRef<'_>, depth: usize, within: &dyn Fn(Span) -> bool) {
        assert!(depth <= crate::model::tree::MAX_DEPTH);
        assert!(n.span().is_some_and(within), "{n:?} {:?}", n.span());
        assert!(n.key_span().is_none_or(within), "{n:?}");
        if n.kind() == Kind::Number {
            assert!(n.text().parse::<f64>().is_ok(), "{}", n.text());
        }
        if n.kind() == Kind::Map {
            let mut names: Vec<_> = n.children().map(|c| c.key().as_str()).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|w| w[0] != w[1]), "no name twice");
        }
        n.children().for_each(|c| node(c, depth + 1, within));
    }

    pub(in crate::document) const FORMATS: [Format; 13] = [
        K8S,
        CORE,
        Format::Yaml(Dialect::CloudFormation),
        Format::Json,
        Format::Jsonc,
        Format::Toml,
        Format::Dotenv(EnvDialect::Dotenv),
        Format::Dotenv(EnvDialect::Shell),
        Format::Dotenv(EnvDialect::Docker),
        Format::Dotenv(EnvDialect::Compose),
        Format::Properties,
        Format::Ini,
        Format::Tfvars,
    ];

    /// A value, and how it may be written.
    #[derive(Clone, Debug)]
    enum Value {
        Null,
        Bool(bool),
        Integer(i64),
        Float(f64),
        Text(String),
        List(Vec<Value>),
        Map(Vec<(String, Value)>),
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Integer),
            (-1e12..1e12f64).prop_map(Value::Float),
            text().prop_map(Value::Text),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
                proptest::collection::btree_map(text(), inner, 0..5)
                    .prop_map(|m| Value::Map(m.into_iter().collect())),
            ]
        })
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "(yes|no|on|off|y|n|~|null|0644|1_000|1e3|0x1F|<<|- a|a: b|# c|.inf|2024-01-01|true|!x|&a|[*]a|%|@|`|[|>])",
            "[ -~äöü€\u{1F600}\n\t]{0,12}",
            any::<String>().prop_map(|s| s.chars().take(8).collect()),
        ]
    }

    fn quoted(text: &str) -> String {
        // As JSON; what YAML does not print stands as an escape.
        let json = serde_json::to_string(text).expect("text");
        json.chars()
            .map(|c| match c {
                ' '..='~' => c.to_string(),
                c => {
                    let mut units = [0; 2];
                    c.encode_utf16(&mut units)
                        .iter()
                        .map(|u| format!("\\u{u:04x}"))
                        .collect()
                }
            })
            .collect()
    }

    fn flow(v: &Value, out: &mut String) {
        match v {
            Value::Null => out.push_str("null"),
            Value::Bool(b) => out.push_str(&b.to_string()),
            Value::Integer(i) => out.push_str(&i.to_string()),
            Value::Float(f) => out.push_str(&format!("{f:?}")),
            Value::Text(t) => out.push_str(&quoted(t)),
            Value::List(items) => {
                out.push('[');
                for (i, v) in items.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    flow(v, out);
                }
                out.push(']');
            }
            Value::Map(members) => {
                out.push('{');
                for (i, (k, v)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(&format!("{}: ", quoted(k)));
                    flow(v, out);
                }
                out.push('}');
            }
        }
    }

    fn block(v: &Value, indent: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        match v {
            Value::List(items) if !items.is_empty() => {
                for v in items {
                    out.push_str(&format!("\n{pad}-"));
                    block(v, indent + 2, out);
                }
            }
            Value::Map(members) if !members.is_empty() => {
                for (k, v) in members {
                    out.push_str(&format!("\n{pad}{}:", quoted(k)));
                    block(v, indent + 2, out);
                }
            }
            Value::Text(t)
                if t.chars()
                    .all(|c| matches!(c, ' '..='~' | 'ä' | 'ö' | '€' | '\u{1F600}')) =>
            {
                out.push_str(&format!(" '{}'", t.replace('\'', "''")));
            }
            Value::Null if indent.is_multiple_of(4) => {}
            v => {
                out.push(' ');
                flow(v, out);
            }
        }
    }

    proptest! {
        #[test]
        fn bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for format in FORMATS {
                sound(&bytes, format);
            }
        }

        #[test]
        fn fragments(parts in proptest::collection::vec(prop_oneof![
            Just("a: "), Just("- "), Just("\n"), Just("  "), Just("\t"), Just("---\n"), Just("...\n"), Just("&x "), Just("*x"), Just("<<: "),
            Just("!!str "), Just("!Ref "), Just("["), Just("]"), Just("{"), Just("}"), Just(", "), Just("\""), Just("'"), Just("|\n"), Just(">-\n"),
            Just("? "), Just(": "), Just("# c\n"), Just("%YAML 1.2\n"), Just("\u{feff}"), Just("\0"), Just("{{ x }}"), Just("1"), Just("yes"),
            Just("ö"), Just("\r\n"), Just("\r"), Just("\"a\""), Just("//"), Just("/*"), Just("\u{2028}"), Just("\u{85}"),
        ], 0..40)) {
            for format in FORMATS {
                sound(parts.concat().as_bytes(), format);
            }
        }

        #[test]
        fn what_is_printed_is_read_back(v in value()) {
            let mut json_text = String::new();
            flow(&v, &mut json_text);
            let expected = tree_or_null(&json_text, Format::Json);
            let mut block_text = String::from("---");
            block(&v, 0, &mut block_text);
            for format in [K8S, CORE, Format::Jsonc] {
                prop_assert!(same(&tree_or_null(&json_text, format), &expected), "{json_text}");
            }
            for format in [K8S, CORE] {
                prop_assert!(same(&tree_or_null(&block_text, format), &expected), "{block_text}");
            }
            let live = Tree::from_json(json_text.as_bytes(), Prune::NOTHING).expect("JSON");
            prop_assert!(same(&live, &expected));
        }

        #[test]
        fn strict_json_is_what_serde_takes(text in "[\\[\\]{}\",:0-9.eE+\\- \\\\untrflase/\n]{0,16}") {
            let parsed = parse(text.as_bytes(), Format::Json);
            let serde = serde_json::from_str::<serde_json::Value>(&text);
            if text.trim().is_empty() {
                prop_assert!(parsed.documents.is_empty() && parsed.problems.is_empty());
            } else {
                prop_assert_eq!(parsed.problems.iter().any(|p| p.blocks), serde.is_err(), "{}", text);
            }
        }

        #[test]
        fn columns_count_characters(text in "[a\u{e4}\u{20ac}\u{1F600}\n]{0,500}") {
            let lines = super::super::lines::Lines::new(&text);
            for (at, _) in text.char_indices() {
                let before = &text[..at];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
                prop_assert_eq!(lines.at(at), (line as u32, column as u32));
            }
        }
    }

    fn tree_or_null(text: &str, format: Format) -> Tree {
        let mut parsed = parse(text.as_bytes(), format);
        assert!(
            parsed.problems.is_empty(),
            "{text:?}: {:?}",
            parsed.problems
        );
        parsed.documents.pop().map(|d| d.tree).unwrap_or_default()
    }

    /// Same content, numbers by value: each dialect has its own spelling of floats.
    fn same(a: &Tree, b: &Tree) -> bool {
        fn nodes(a: NodeRef<'_>, b: NodeRef<'_>) -> bool {
            match (a.kind(), b.kind()) {
                (Kind::Number, Kind::Number) => {
                    crate::model::value::same_number(a.text(), b.text())
                }
                (Kind::Map, Kind::Map) => {
                    a.len() == b.len()
                        && a.children()
                            .all(|x| b.get(x.key()).is_some_and(|y| nodes(x, y)))
                }
                (Kind::List, Kind::List) => {
                    a.len() == b.len() && a.children().zip(b.children()).all(|(x, y)| nodes(x, y))
                }
                (x, y) => x == y && a.text() == b.text(),
            }
        }
        nodes(a.root(), b.root())
    }

    /// Inputs that fuzzing found interesting, read again.
    #[test]
    fn the_corpus() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        let mut seen = 0;
        for target in ["yaml", "json", "toml", "env", "properties", "ini", "tfvars"] {
            for entry in std::fs::read_dir(corpus.join(target)).expect("the corpus is checked in") {
                let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
                for format in FORMATS {
                    sound(&bytes, format);
                }
                seen += 1;
            }
        }
        assert!(seen >= 50, "{seen} inputs");
    }
}
