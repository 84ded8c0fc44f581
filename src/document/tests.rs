//! Tests of reading documents.

use super::*;
use crate::model::{
    name::Name,
    tree::{NodeRef, Prune, WithoutSecrets},
};

const K8S: Format = Format::Yaml(Dialect::K8s);
const CORE: Format = Format::Yaml(Dialect::Core);

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
