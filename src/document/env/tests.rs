//! Tests of reading files of environment variables.
#![expect(clippy::panic, reason = "a test that cannot go on says why")]

use crate::document::{EnvDialect, Format, Parsed, parse};
use crate::model::tree::{Kind, NodeRef};
use std::collections::BTreeMap;

const DIALECTS: [EnvDialect; 4] = [
    EnvDialect::Dotenv,
    EnvDialect::Shell,
    EnvDialect::Docker,
    EnvDialect::Compose,
];

fn read(text: &str, dialect: EnvDialect) -> Parsed {
    parse(text.as_bytes(), Format::Dotenv(dialect))
}

/// Keys and texts; nothing for what is opaque.
fn values(parsed: &Parsed) -> BTreeMap<String, Option<String>> {
    let root = parsed.documents[0].tree.root();
    root.children()
        .map(|c| (c.key().to_string(), c.as_text().map(Into::into)))
        .collect()
}

/// Made with dotenv 18 on Node.js 20, bash 5.2, docker/cli 29 and compose-go 2.16, twice each with
/// different environments.
const ORACLE: &str = include_str!("../../../tests/data/document/env.tsv");

#[test]
fn each_dialect_reads_as_its_own_program_does() {
    let mut wrong = Vec::new();
    let mut rows = 0;
    for row in ORACLE.lines().filter(|l| !l.starts_with('#')) {
        rows += 1;
        let mut columns = row.split('\t');
        let text: String =
            serde_json::from_str(columns.next().expect("an input")).expect("a JSON string");
        for dialect in DIALECTS {
            let column = columns.next().expect("four columns");
            let parsed = read(&text, dialect);
            let blocks = parsed.problems.iter().any(|p| p.blocks);
            let as_expected = match column {
                "error" => blocks,
                json => {
                    let expected: BTreeMap<String, Option<String>> =
                        serde_json::from_str(json).expect("a JSON map");
                    !blocks && values(&parsed) == expected
                }
            };
            if !as_expected {
                let found = parsed.documents.first().map(|_| values(&parsed));
                wrong.push(format!(
                    "{dialect:?} {text:?}: {found:?}, expected {column}; {:?}",
                    parsed.problems
                ));
            }
        }
    }
    assert!(rows > 150, "{rows} rows");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_dialects_agree_on_little() {
    let rows = ORACLE.lines().filter(|l| !l.starts_with('#'));
    let agreed = rows
        .clone()
        .filter(|row| {
            let columns: Vec<&str> = row.split('\t').skip(1).collect();
            columns.windows(2).all(|w| w[0] == w[1])
        })
        .count();
    assert!(agreed * 3 < rows.count(), "{agreed} rows");
}

#[test]
fn keys_and_values_have_their_place() {
    let text = "# ä\nexport A='ü b' # c\nB=\"x\ny\"\n  C=d  \n";
    for dialect in [EnvDialect::Dotenv, EnvDialect::Shell, EnvDialect::Compose] {
        let parsed = read(text, dialect);
        assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
        let root = parsed.documents[0].tree.root();
        let under = |n: NodeRef<'_>| {
            let (k, v) = (n.key_span().expect("a key"), n.span().expect("a value"));
            (
                &text[k.start as usize..k.end as usize],
                &text[v.start as usize..v.end as usize],
                (k.line, k.column),
                (v.line, v.column),
            )
        };
        let found: Vec<_> = root.children().map(under).collect();
        assert_eq!(
            found,
            [
                ("A", "'ü b'", (2, 8), (2, 10)),
                ("B", "\"x\ny\"", (3, 1), (3, 3)),
                ("C", "d", (5, 3), (5, 5)),
            ],
            "{dialect:?}"
        );
        assert_eq!(parsed.documents[0].start.line, 2);
        assert_eq!(root.text_at(&["A"]), Some("ü b"));
    }
    let parsed = read("\u{feff}A='x'\r\n  B = 1", EnvDialect::Docker);
    let a = parsed.documents[0].tree.root().member("A").expect("A");
    assert_eq!(a.span().map(|s| (s.start, s.end)), Some((5, 8)));
    let place = parsed.problems[0].span.map(|s| (s.line, s.column));
    assert_eq!(place, Some((2, 3)));
}

#[test]
fn what_is_not_known_says_why() {
    for (text, dialect, symbol) in [
        ("A=$(date)", EnvDialect::Shell, "shell expansion"),
        ("A=$HOME", EnvDialect::Shell, "shell expansion"),
        ("A=${X:-y}", EnvDialect::Compose, "interpolation"),
        ("A", EnvDialect::Docker, "from the environment"),
        ("A\nB=1", EnvDialect::Compose, "from the environment"),
    ] {
        let parsed = read(text, dialect);
        let node = parsed.documents[0].tree.root().member("A").expect("A");
        assert_eq!((node.kind(), node.text()), (Kind::Opaque, symbol), "{text}");
    }
}

#[test]
fn the_last_of_two_counts_and_is_told() {
    for dialect in DIALECTS {
        let parsed = read("A=1\nB=2\nA=3\n", dialect);
        assert_eq!(values(&parsed)["A"].as_deref(), Some("3"));
        let [problem] = &parsed.problems[..] else {
            panic!("one problem: {:?}", parsed.problems);
        };
        assert!(!problem.blocks && problem.message.contains("`A` is written twice"));
        assert_eq!(problem.span.map(|s| s.line), Some(3));
    }
}

#[test]
fn a_statement_that_is_no_assignment_is_told_and_what_follows_is_read() {
    let parsed = read("A=1\nunset A\nB=$A\nC=2\n", EnvDialect::Shell);
    let [problem] = &parsed.problems[..] else {
        panic!("one problem: {:?}", parsed.problems);
    };
    assert!(problem.blocks);
    assert_eq!(problem.span.map(|s| (s.line, s.column)), Some((2, 1)));
    let found = values(&parsed);
    assert_eq!(found["B"], None, "`unset` may have changed it");
    assert_eq!(found["C"].as_deref(), Some("2"));

    let parsed = read("A=1\nif x\nthen\nA=2\nfi\n", EnvDialect::Shell);
    assert_eq!(values(&parsed)["A"].as_deref(), Some("1"));
    assert!(parsed.problems[0].message.contains("none of them is read"));
}

#[test]
fn no_part_of_a_key_in_several_lines_becomes_a_name() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIEhunter2\nhunter2==\n-----END PRIVATE KEY-----\n";
    for dialect in DIALECTS {
        let parsed = read(&format!("KEY={pem}B=1\n"), dialect);
        let names: Vec<String> = values(&parsed).into_keys().collect();
        assert!(!names.iter().any(|n| n.contains("hunter2")), "{names:?}");
        assert!(parsed.problems.iter().any(|p| p.blocks), "{dialect:?}");
        assert!(!format!("{:?}", parsed.problems).contains("hunter2"));
    }
    let parsed = read(&format!("KEY='{}'\n", pem.trim()), EnvDialect::Dotenv);
    assert!(parsed.problems.is_empty());
    assert!(
        values(&parsed)["KEY"]
            .as_ref()
            .is_some_and(|v| v.ends_with("KEY-----"))
    );
}

#[test]
fn values_that_contain_one_another_are_bounded() {
    let mut text = String::from("A=xxxxxxxxxxxxxxxx\n");
    for _ in 0..200 {
        text += "A=$A$A\n";
    }
    for dialect in [EnvDialect::Shell, EnvDialect::Compose] {
        let parsed = read(&text, dialect);
        let a = parsed.documents[0].tree.root().member("A").expect("A");
        assert_eq!(a.kind(), Kind::Opaque);
    }
}

#[test]
fn long_and_nested_input_is_read_in_time() {
    let deep = 100_000;
    for text in [
        "A=${".repeat(deep),
        format!("A={}", "$(".repeat(deep)),
        format!("A={}", "\"$(".repeat(deep)),
        format!("A=\"{}\"", "${A:-".repeat(deep)),
        format!("A={}{}", "${A:-".repeat(deep), "}".repeat(deep)),
        format!("A={}", "${A:-b}".repeat(deep)),
        "A='\n".repeat(deep),
        "A=\"\\\"\n".repeat(deep),
        format!("A='{}", "\\' x ".repeat(deep)),
        "A=\n".repeat(deep),
        "\n".repeat(deep * 10),
        "export ".repeat(deep),
        format!("A={}", "`\\`".repeat(deep)),
        "A=1;".repeat(deep),
        "foo bar\n".repeat(deep),
    ] {
        for dialect in DIALECTS {
            let parsed = read(&text, dialect);
            assert!(parsed.problems.len() <= 201);
        }
    }
}
