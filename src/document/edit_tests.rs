use super::*;
use proptest::prelude::*;

const ITEM: &[Member<'_>] = &[
    ("rule", "drifted"),
    ("key", "LOG_LEVEL"),
    ("value", "20"),
    ("reason", "payment incident"),
    ("expires", "2026-12-01"),
];

const BLOCK: &str = "- rule: drifted
    key: LOG_LEVEL
    value: \"20\"
    reason: payment incident
    expires: 2026-12-01
";
const FLOW: &str = "{ rule: drifted, key: LOG_LEVEL, value: \"20\", reason: payment incident, expires: 2026-12-01 }";

fn add(file: &str) -> Result<String, EditError> {
    add_item(file.as_bytes(), "waivers", ITEM).map(|b| String::from_utf8(b).expect("UTF-8"))
}

fn added(file: &str) -> String {
    add(file).expect(file)
}

/// What is the same in both: the file without its list, and the list's items.
fn items(file: &str) -> (String, Vec<String>) {
    let tree = read(file.as_bytes()).expect("YAML");
    let json = |node: NodeRef<'_>| {
        serde_json::to_string(&crate::model::tree::WithoutSecrets(node)).expect("JSON")
    };
    let rest: Vec<String> = tree
        .root()
        .children()
        .filter(|c| c.key().as_str() != "waivers")
        .map(|c| format!("{}: {}", c.key(), json(c)))
        .collect();
    let list = tree.root().member("waivers");
    let items = list.into_iter().flat_map(NodeRef::children).map(json);
    (rest.join("\n"), items.collect())
}

const EXPECTED: &str = r#"{"expires":"2026-12-01","key":"LOG_LEVEL","reason":"payment incident","rule":"drifted","value":"20"}"#;

/// Asserts that the edit adds one item and nothing else.
#[track_caller]
fn adds_one(file: &str) -> String {
    let after = added(file);
    let (before_rest, mut before) = items(file);
    let (after_rest, items) = items(&after);
    assert_eq!(before_rest, after_rest, "{after}");
    before.push(EXPECTED.into());
    assert_eq!(items, before, "{after}");
    let mut rest = after.chars();
    assert!(
        file.chars().all(|c| rest.any(|a| a == c)),
        "something was taken away:\n{after}"
    );
    after
}

#[test]
fn a_list_that_is_not_there() {
    let after = adds_one("version: 1\ngate: { fail-on: error }\n");
    assert_eq!(
        after,
        format!("version: 1\ngate: {{ fail-on: error }}\nwaivers:\n  {BLOCK}")
    );
    // Comments of the last member stay with it, those of the file stay at its end.
    let after = adds_one("a: 1\nb:\n  c: 1\n  # of b\n# vim: ft=yaml\n");
    assert_eq!(
        after,
        format!("a: 1\nb:\n  c: 1\n  # of b\nwaivers:\n  {BLOCK}# vim: ft=yaml\n")
    );
}

#[test]
fn without_a_final_newline_and_with_those_of_windows() {
    assert_eq!(
        adds_one("version: 1"),
        format!("version: 1\nwaivers:\n  {BLOCK}")
    );
    let after = adds_one("version: 1\r\nwaivers:\r\n  - rule: x\r\n    key: y");
    assert!(!after.replace("\r\n", "").contains('\n'), "{after:?}");
    assert!(after.starts_with(
        "version: 1\r\nwaivers:\r\n  - rule: x\r\n    key: y\r\n  - rule: drifted\r\n"
    ));
    let bom = adds_one("\u{feff}version: 1\nwaivers: []\n");
    assert_eq!(bom, format!("\u{feff}version: 1\nwaivers: [ {FLOW} ]\n"));
}

#[test]
fn block_lists_keep_their_indentation() {
    let after = adds_one("waivers:\n- rule: x\n  key: y\n# about the gate\ngate: {}\n");
    assert_eq!(
        after,
        format!(
            "waivers:\n- rule: x\n  key: y\n{}# about the gate\ngate: {{}}\n",
            BLOCK.replace("\n    ", "\n  ")
        )
    );
    let after = adds_one(
        "waivers:   # accepted\n    -   rule: x\n        key: y\n        # until the move\n\n\ngate: {}\n",
    );
    assert!(
        after.contains("# until the move\n    -   rule: drifted\n        key: LOG_LEVEL\n"),
        "{after}"
    );
    let after = adds_one("waivers:\n  -\n    rule: x\n    key: y\n");
    assert!(after.ends_with(&format!("key: y\n  {BLOCK}")), "{after}");
    let after =
        adds_one("waivers:\n  # first\n\n  # second\n  - { rule: x, key: y } # why\n\ngate: {}\n");
    assert!(
        after.contains(&format!("# why\n  - {FLOW}\n\ngate")),
        "{after}"
    );
}

#[test]
fn texts_that_look_like_structure() {
    adds_one(
        "waivers:\n  - rule: x\n    reason: |\n      a\n      # no comment\n      - no item\n\ngate: {}\n",
    );
    adds_one("waivers:\n  - rule: x\n    reason: >-\n      a\n\n      # no comment\ngate: {}\n");
    adds_one("waivers:\n  - rule: x\n    reason: \"a\n      # no comment ]\n      b\"\ngate: {}\n");
    adds_one("waivers: [ { rule: x, reason: \"a ], # [\" } ]\ngate: {}\n");
    adds_one("x: |\n  waivers:\n    - a\nwaivers:\n  - rule: x\n");
    adds_one("\"waivers\":\n  - rule: x\n");
    adds_one("'waivers' : [ ]\n");
    adds_one("waivers:\n  - rule: x\n    key:\ngate: {}\n");
    adds_one("a: |\n  text without an end");
    adds_one("a: 1\n...\n");
    adds_one("---\nwaivers:\n- rule: x\n...\n");
    adds_one("%YAML 1.2\n---\nwaivers:\n- rule: x\n");
}

#[test]
fn flow_lists_on_one_line() {
    assert_eq!(adds_one("waivers: []\n"), format!("waivers: [ {FLOW} ]\n"));
    assert_eq!(
        adds_one("waivers: [ ] # none\n"),
        format!("waivers: [ {FLOW} ] # none\n")
    );
    assert_eq!(
        adds_one("waivers: [{rule: x}] # one\n"),
        format!("waivers: [{{rule: x}}, {FLOW}] # one\n")
    );
    assert_eq!(
        adds_one("waivers: [ { rule: x }, ]\n"),
        format!("waivers: [ {{ rule: x }}, {FLOW} ]\n")
    );
    adds_one("{ version: 1, waivers: [] }\n");
    adds_one("{ version: 1, waivers: [{rule: x}], gate: {} }\n");
}

#[test]
fn flow_lists_on_several_lines() {
    assert_eq!(
        adds_one("waivers: [\n  { rule: x }, # why\n  { rule: y } # too, [really]\n]\n"),
        format!(
            "waivers: [\n  {{ rule: x }}, # why\n  {{ rule: y }}, # too, [really]\n  {FLOW}\n]\n"
        )
    );
    assert_eq!(
        adds_one("waivers: [\n  { rule: x },\n  # the end\n]\n"),
        format!("waivers: [\n  {{ rule: x }},\n  {FLOW},\n  # the end\n]\n")
    );
    adds_one("waivers:\n  [\n    { rule: x\n    , key: y }\n  ]\n");
    adds_one("waivers: [ # none\n]\n");
    adds_one("waivers:\n  [\n  ]\n");
    adds_one("waivers: [\r\n  { rule: x }\r\n]\r\n");
    adds_one("waivers: [ { rule: x },\n  { rule: y } ]\n");
}

#[test]
fn a_member_without_a_value() {
    assert_eq!(
        adds_one("waivers:\ngate: {}\n"),
        format!("waivers:\n  {BLOCK}gate: {{}}\n")
    );
    adds_one("waivers: # none yet\n\ngate: {}\n");
    adds_one("gate: {}\nwaivers:");
    adds_one("gate: {}\nwaivers: # none yet");
}

#[test]
fn items_may_be_shared_and_lists_may_not() {
    adds_one("x-a: &a { rule: x }\nwaivers:\n  - *a\n  - <<: *a\n    key: y\n");
    adds_one("x-a: &a { rule: x }\nwaivers: [ *a ]\n");
    for (file, what) in [
        ("x-a: &a [{ rule: x }]\nwaivers: *a\n", "an alias"),
        ("waivers: &a [{ rule: x }]\n", "an anchor"),
        ("waivers: &a\n  - rule: x\n", "an anchor"),
        ("waivers: # here\n  &a\n  - rule: x\n", "an anchor"),
        ("waivers: !!seq\n  - rule: x\n", "tagged"),
    ] {
        let shared = match add(file) {
            Err(EditError::Shared { what, .. }) => Some(what),
            _ => None,
        };
        assert_eq!(shared, Some(what), "{file}");
    }
}

#[test]
fn what_is_not_edited() {
    for (file, says) in [
        ("waivers: yes\n", "line 1: `waivers` is no list"),
        (
            "a: 1\nwaivers: { rule: x }\n",
            "line 2: `waivers` is no list",
        ),
        ("waivers: null\n", "is no list"),
        ("waivers: ~\n", "is no list"),
        ("{ version: 1 }\n", "flow map"),
        ("- a\n", "a map"),
        ("a: 1\n---\nb: 1\n", "one document"),
        ("a: [\n", "can't be read"),
        ("", "a map"),
        ("a: [\n\t1 ]\n", "line 2 is indented with a tab"),
    ] {
        let error = add(file).expect_err(file).to_string();
        assert!(error.contains(says), "{says}: {error}");
    }
    assert_eq!(
        add_item(b"a: \xff\n", "waivers", ITEM),
        Err(EditError::NotUtf8)
    );
}

#[test]
fn texts_are_quoted_where_they_must_be() {
    for text in [
        "payment incident",
        "",
        " ",
        "a ",
        "true",
        "No",
        "null",
        "~",
        "20",
        "1e3",
        "0x1f",
        "2026-12-01",
        "-",
        "- a",
        "a: b",
        "a #b",
        "#b",
        "[a]",
        "{a}",
        "a, b",
        "\"a\"",
        "'a'",
        "a\\b",
        "a\nb",
        "a\r\nb",
        "\t",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a`",
        "|",
        ">",
        "?",
        "? a",
        "é ü 日本",
        "\u{85}",
        "\u{2028}x",
        "\u{feff}x",
        "\u{1b}[31m",
        ".",
        "1.2.3.4",
        "12:30:45",
        "a  b",
        "_",
        "/a/b",
        "=",
        "<<",
        "\u{0}",
    ] {
        for file in ["waivers: []\n", "waivers:\n  - a: 1\n"] {
            let item: &[Member<'_>] = &[("value", text)];
            let after = add_item(file.as_bytes(), "waivers", item).expect("an edit");
            let tree = read(&after).expect("YAML");
            let last = tree
                .root()
                .member("waivers")
                .and_then(|l| l.children().last());
            let value = last.and_then(|i| i.member("value")).expect("the value");
            assert_eq!(
                value.as_text(),
                Some(text),
                "{}",
                String::from_utf8_lossy(&after)
            );
        }
    }
}

fn comment() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(""), Just(" # why"), Just(" # a: [b], - c")]
}

fn gap() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just(""),
        Just("\n"),
        Just("# about the next\n"),
        Just("\n# - rule: x\n\n"),
        Just("# last\n\n\n")
    ]
}

fn value() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("x"),
        Just("\"a # b\""),
        Just("'it''s ]'"),
        Just("[ a, b ]"),
        Just("{ a: 1 }"),
        Just("2026-12-01"),
    ]
}

/// A list in some style.
fn list() -> impl Strategy<Value = String> {
    let members = proptest::collection::vec((value(), comment()), 1..4);
    let items = proptest::collection::vec(members, 0..4);
    (
        items,
        0usize..5,
        1usize..4,
        0u8..6,
        comment(),
        any::<bool>(),
    )
        .prop_map(|(items, indent, wide, style, after, trailing)| {
            let flow = |members: &Vec<(&str, &str)>| {
                let all: Vec<String> = (members.iter().enumerate())
                    .map(|(i, (v, _))| format!("m{i}: {v}"))
                    .collect();
                format!("{{ {} }}", all.join(", "))
            };
            let comma = if trailing && !items.is_empty() {
                ","
            } else {
                ""
            };
            match style {
                _ if items.is_empty() && style < 3 => format!("waivers: []{after}\n"),
                _ if items.is_empty() => format!("waivers:{after}\n"),
                0 => format!(
                    "waivers: [{}{comma}]{after}\n",
                    items.iter().map(flow).collect::<Vec<_>>().join(", ")
                ),
                1 => {
                    let n = items.len();
                    let lines: Vec<String> = (items.iter().enumerate())
                        .map(|(i, m)| {
                            let comma = if i + 1 < n { "," } else { comma };
                            format!("    {}{comma}{}", flow(m), m[0].1)
                        })
                        .collect();
                    format!("waivers: [{after}\n{}\n  ]\n", lines.join("\n"))
                }
                2 => {
                    let lines = items
                        .iter()
                        .map(|m| format!("{:indent$}-{:wide$}{}{}\n", "", "", flow(m), m[0].1));
                    format!("waivers:{after}\n{}", lines.collect::<String>())
                }
                _ => {
                    let mut out = format!("waivers:{after}\n");
                    for members in &items {
                        for (i, (v, c)) in members.iter().enumerate() {
                            let dash = if i == 0 { "-" } else { " " };
                            out += &format!("{:indent$}{dash}{:wide$}m{i}: {v}{c}\n", "", "");
                        }
                    }
                    out
                }
            }
        })
}

proptest! {
    #[test]
    fn every_style_gets_one_item_more(
        list in proptest::option::of(list()),
        before in gap(),
        between in gap(),
        last in prop_oneof![
            Just(""),
            Just("gate: {}\n"),
            Just("x-a:\n  b: |\n    # text\n    - text\n"),
            Just("x-b: >-\n  long\n  text\n"),
        ],
        windows in any::<bool>(),
        newline in any::<bool>(),
    ) {
        let mut file = format!(
            "{before}version: 1\n{between}{}{between}{last}",
            list.unwrap_or_default(),
        );
        if !newline {
            file.truncate(file.trim_end().len());
        }
        if windows {
            file = file.replace('\n', "\r\n");
        }
        // Every line is kept, in order, and what is added is whole lines or inside of brackets.
        let after = adds_one(&file);
        if !file.contains('[') {
            let mut rest = after.lines();
            for line in file.lines() {
                prop_assert!(rest.any(|l| l == line), "{line:?} changed:\n{after}");
            }
        }
    }

    #[test]
    fn no_file_panics(file in "[a-c:\\-\\[\\]{} #\n\t\r&*'\"|,w]{0,60}", list in any::<bool>()) {
        let file = if list { format!("waivers:{file}") } else { file };
        if let Ok(after) = add(&file) {
            prop_assert!(after.len() > file.len());
        }
    }
}
