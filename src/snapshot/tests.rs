//! Round trips, refusals and choices.

use super::*;
use crate::model::{
    name::Name,
    observation::{Item, ObjectId, Outcome, Read, Scope, WriteRecord, WriterKind},
    secret::{DigestKey, SecretValue, hex},
    tree::{Kind, NodeRef, Prune, Tree, TreeBuilder},
    value::{Reading, Unread, UnreadCause},
};
use proptest::prelude::*;
use std::sync::Arc;

fn key() -> DigestKey {
    DigestKey::parse(&DigestKey::new_text(&[7; 32])).expect("our own key")
}

fn other_key() -> DigestKey {
    DigestKey::parse(&DigestKey::new_text(&[9; 32])).expect("our own key")
}

fn passing_key() -> DigestKey {
    DigestKey::for_this_run(&[1; 32])
}

fn source() -> SourceName {
    SourceName {
        name: "kubernetes".into(),
        describe: "context prod-eu, namespace shop".into(),
    }
}

const TAKEN: (Timestamp, Timestamp) = (Timestamp(1_785_723_247), Timestamp(1_785_723_249));

fn bytes_of(observation: &Observation, key: &DigestKey) -> Vec<u8> {
    let mut out = Vec::new();
    let section = Section {
        environment: Some("production-eu"),
        source: &source(),
        taken: Some(TAKEN),
        observation,
    };
    write(&[section], key, &mut out).expect("written to memory");
    out
}

fn read_all(bytes: &[u8], key: Option<&DigestKey>) -> Result<Vec<Recorded>, SnapshotError> {
    read(&mut &bytes[..], key)
}

fn read_one(bytes: &[u8], key: &DigestKey) -> Recorded {
    let mut all = read_all(bytes, Some(key)).expect("a snapshot");
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn object(kind: &str, name: &str) -> ItemId {
    ItemId::Object(ObjectId::new("", kind, Some("shop"), name))
}

fn tree(json: &str) -> Tree {
    Tree::from_json(json.as_bytes(), Prune::NOTHING).expect("JSON")
}

fn item(id: ItemId, tree: Tree, writes: Vec<WriteRecord>) -> Item {
    Item {
        id,
        tree,
        writes: writes.into(),
    }
}

fn wrote(fields: &str) -> WriteRecord {
    WriteRecord {
        writer: "kubectl-set".into(),
        kind: WriterKind::UpdateManager,
        subresource: None,
        api_version: Some("v1".into()),
        time: Some(Timestamp(1_785_723_000)),
        fields: Some(fields.into()),
    }
}

fn complete(kind: &str) -> Read {
    Read {
        scope: Scope::kind("", kind, Some("shop")),
        outcome: Outcome::Complete,
        revision: Some("1841".into()),
    }
}

/// A ConfigMap, and a Secret whose password is sealed under `key`.
fn shop(key: &DigestKey) -> Observation {
    let mut secret = TreeBuilder::new();
    let root = secret.open(Name::NONE, Kind::Map);
    let data = secret.open(Name::new("data"), Kind::Map);
    secret.sealed(Name::new("DB_PASSWORD"), key.seal(b"hunter2"));
    secret.close(data);
    secret.scalar(Name::new("type"), Kind::Text, "Opaque");
    secret.close(root);
    Observation::from_parts(
        Some("5f0c1a5e-uid-of-kube-system".into()),
        vec![
            complete("ConfigMap"),
            Read {
                scope: Scope::kind("", "Service", Some("shop")),
                outcome: Outcome::Failed(Unread::new(
                    UnreadCause::Forbidden,
                    "list is not allowed",
                )),
                revision: None,
            },
        ],
        vec![
            item(
                object("ConfigMap", "api"),
                tree(r#"{"data":{"DB_TIMEOUT":"10s","LOG_LEVEL":"info"}}"#),
                vec![wrote(r#"{"f:data":{"f:DB_TIMEOUT":{}}}"#)],
            ),
            item(object("Secret", "api"), secret.finish(), vec![]),
        ],
    )
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("snapshots are UTF-8")
}

// What is generated -----------------------------------------------------------------------------

/// A tree before it is built.
#[derive(Clone, Debug)]
enum Any {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    /// A digest of ours, of another key, of a key for one run, or none.
    Sealed(Option<(u8, u8)>),
    Opaque(String),
    List(Vec<Any>),
    Map(std::collections::BTreeMap<String, Any>),
}

fn build(any: &Any, name: Name, out: &mut TreeBuilder) {
    match any {
        Any::Null => drop(out.scalar(name, Kind::Null, "")),
        Any::Bool(b) => {
            out.scalar(name, if *b { Kind::True } else { Kind::False }, "");
        }
        Any::Number(text) => drop(out.scalar(name, Kind::Number, text)),
        Any::Text(text) => drop(out.scalar(name, Kind::Text, text)),
        Any::Opaque(symbol) => drop(out.scalar(name, Kind::Opaque, symbol)),
        Any::Sealed(digest) => {
            out.sealed(
                name,
                match digest {
                    None => SecretValue::from_stored(None),
                    Some((0, n)) => key().seal(&[*n]),
                    Some((1, n)) => other_key().seal(&[*n]),
                    Some((_, n)) => passing_key().seal(&[*n]),
                },
            );
        }
        Any::List(list) => {
            let open = out.open(name, Kind::List);
            list.iter().for_each(|v| build(v, Name::NONE, out));
            out.close(open);
        }
        Any::Map(map) => {
            let open = out.open(name, Kind::Map);
            map.iter()
                .rev()
                .for_each(|(k, v)| build(v, Name::new(k), out));
            out.close(open);
        }
    }
}

fn tree_of(any: &Any) -> Tree {
    let mut out = TreeBuilder::new();
    build(any, Name::NONE, &mut out);
    out.finish()
}

const HOSTILE: &str =
    "[a-z./~\"\\[\\]$\\\\\u{0}\u{1b}\u{2028}é]{0,6}|data|password|\\$sealed|sealed|0|at|mac|";

fn any_tree() -> impl Strategy<Value = Any> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        any::<f64>()
            .prop_filter("finite", |f| f.is_finite())
            .prop_map(|f| format!("{f:?}")),
        "1[0-9]{20,40}|-0|007|0x1F|1_000|\\.inf|1e3|1\\.50|\\+1|12:30:45".prop_map(String::from),
    ];
    let leaf = prop_oneof![
        Just(Any::Null),
        any::<bool>().prop_map(Any::Bool),
        number.prop_map(Any::Number),
        ".{0,12}".prop_map(Any::Text),
        prop::option::of((0u8..3, any::<u8>())).prop_map(Any::Sealed),
        ".{0,8}".prop_map(Any::Opaque),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Any::List),
            prop::collection::btree_map(HOSTILE, inner, 0..5).prop_map(Any::Map),
        ]
    })
}

fn any_write() -> impl Strategy<Value = WriteRecord> {
    let fields = prop::option::of(prop_oneof![
        Just(r#"{"f:data":{}}"#.to_owned()),
        Just(r#"{"f:spec":{"f:replicas":{}}}"#.to_owned()),
        ".{0,20}",
    ]);
    let time = prop::option::of(-1_000_000_000i64..4_000_000_000);
    (".{0,8}", any::<bool>(), time, fields).prop_map(|(writer, apply, time, fields)| WriteRecord {
        writer: writer.into(),
        kind: if apply {
            WriterKind::ApplyManager
        } else {
            WriterKind::Person
        },
        subresource: apply.then(|| "scale".into()),
        api_version: (!apply).then(|| "apps/v1".into()),
        time: time.map(Timestamp),
        fields: fields.map(Into::into),
    })
}

fn any_id() -> impl Strategy<Value = ItemId> {
    prop_oneof![
        (
            "[a-z.]{0,4}",
            "[A-Z]{1,3}",
            prop::option::of("[a-z]{1,3}"),
            ".{1,6}"
        )
            .prop_map(|(g, k, ns, n)| ItemId::Object(ObjectId::new(
                &g,
                &k,
                ns.as_deref(),
                &n
            ))),
        ".{0,8}".prop_map(|n| ItemId::Fact(n.into())),
    ]
}

fn any_read() -> impl Strategy<Value = Read> {
    let why = || Unread::new(UnreadCause::TimedOut, "no answer within 10s");
    let outcome = prop_oneof![
        Just(Outcome::Complete),
        Just(Outcome::Partial(why())),
        Just(Outcome::Failed(why())),
        Just(Outcome::Skipped(why())),
    ];
    (any_id(), outcome, prop::option::of("[0-9]{1,4}")).prop_map(|(id, outcome, revision)| Read {
        scope: match &id {
            ItemId::Object(o) => Scope::Kind {
                group: o.group.clone(),
                kind: o.kind.clone(),
                namespace: o.namespace.clone(),
                except: Some(o.name.clone()),
            },
            _ => Scope::Item(id),
        },
        outcome,
        revision: revision.map(Into::into),
    })
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let items = prop::collection::vec(
        (
            any_id(),
            any_tree(),
            prop::collection::vec(any_write(), 0..4),
        ),
        0..6,
    );
    (
        prop::option::of(".{0,8}"),
        prop::collection::vec(any_read(), 0..4),
        items,
    )
        .prop_map(|(system, reads, items)| {
            let items = items
                .into_iter()
                .map(|(id, any, writes)| item(id, tree_of(&any), writes))
                .collect();
            Observation::from_parts(system.map(Into::into), reads, items)
        })
}

/// The same observation as it can be known from a file under `kept`: other digests are gone.
fn as_recorded(o: &Observation, kept: Option<&DigestKey>) -> Observation {
    fn go(n: NodeRef<'_>, kept: Option<&DigestKey>, out: &mut TreeBuilder) {
        match n.kind() {
            Kind::Map | Kind::List => {
                let open = out.open(n.key(), n.kind());
                n.children().for_each(|c| go(c, kept, out));
                out.close(open);
            }
            Kind::Sealed => {
                let digest = n.secret().and_then(SecretValue::stored);
                let digest = digest.filter(|d| kept.is_some_and(|k| k.id() == d.key));
                out.sealed(n.key(), SecretValue::from_stored(digest));
            }
            kind => {
                out.scalar(n.key(), kind, n.text());
            }
        }
    }
    let items = o
        .items()
        .map(|i| {
            let mut out = TreeBuilder::new();
            go(i.tree.root(), kept, &mut out);
            item(i.id.clone(), out.finish(), i.writes.to_vec())
        })
        .collect();
    Observation::from_parts(o.system().map(Into::into), o.reads().to_vec(), items)
}

/// All digests in an observation, as a file would hold them.
fn digests(o: &Observation) -> Vec<String> {
    fn go(n: NodeRef<'_>, out: &mut Vec<String>) {
        out.extend(
            n.secret()
                .and_then(SecretValue::stored)
                .map(|d| hex(&d.mac)),
        );
        n.children().for_each(|c| go(c, out));
    }
    let mut out = Vec::new();
    o.items().for_each(|i| go(i.tree.root(), &mut out));
    out
}

// Round trips -----------------------------------------------------------------------------------

proptest! {
    /// Everything that a comparison can ask is the same before and after the file.
    #[test]
    fn a_snapshot_is_what_was_observed(o in any_observation()) {
        let k = key();
        let file = bytes_of(&o, &k);
        let back = read_one(&file, &k);
        prop_assert_eq!(&back.observation, &as_recorded(&o, Some(&k)));
        prop_assert!(back.verified);
        let mut again = Vec::new();
        write(&[back.section()], &k, &mut again).expect("written to memory");
        prop_assert_eq!(file, again, "the same bytes");
    }

    /// Without a lasting key everything but the secrets is kept, and no digest leaves.
    #[test]
    fn without_a_lasting_key_secrets_are_present_and_nothing_more(o in any_observation()) {
        let k = passing_key();
        let file = bytes_of(&o, &k);
        for digest in digests(&o) {
            prop_assert!(!text(&file).contains(&digest));
        }
        let back = read_one(&file, &k);
        prop_assert_eq!(&back.observation, &as_recorded(&o, None));
        prop_assert!(!back.verified);
        prop_assert_eq!(bytes_of(&back.observation, &k), file);
    }

    /// Any change of a single byte and any cut is noticed, with the key and without one.
    #[test]
    fn a_changed_or_cut_file_is_refused(
        o in any_observation(), at in any::<prop::sample::Index>(), to in any::<u8>(), lasting in any::<bool>(),
    ) {
        let k = if lasting { key() } else { passing_key() };
        let file = bytes_of(&o, &k);
        let at = at.index(file.len());
        prop_assert!(read_all(&file[..at], Some(&k)).is_err(), "cut at {}", at);
        if file[at] != to {
            let mut changed = file.clone();
            changed[at] = to;
            prop_assert!(read_all(&changed, Some(&k)).is_err(), "byte {}", at);
            prop_assert!(read_all(&changed, None).is_err(), "byte {} without a key", at);
        }
    }

    #[test]
    fn no_input_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..4000, cut in 0usize..40) {
        let _ = read_all(&bytes, None);
        // Real lines with something else in between, so that the parser gets beyond the head.
        let mut file = bytes_of(&shop(&key()), &key());
        let at = at.min(file.len());
        let end = (at + cut).min(file.len());
        file.splice(at..end, bytes);
        let _ = read_all(&file, Some(&key()));
    }

    #[test]
    fn no_secret_leaves(secret in "[a-z]{3}[A-Z0-9!]{9,20}") {
        let k = key();
        let mut b = TreeBuilder::new();
        b.sealed(Name::NONE, k.seal(secret.as_bytes()));
        let o = Observation::from_parts(None, vec![], vec![item(object("Secret", "s"), b.finish(), vec![])]);
        let file = text(&bytes_of(&o, &k));
        let back = format!("{:?}", read_one(file.as_bytes(), &k));
        prop_assert!(!file.contains(&secret) && !back.contains(&secret));
    }
}

/// Every byte of a real file, not only those that chance picks.
#[test]
fn every_single_byte_counts() {
    for k in [key(), passing_key()] {
        let file = bytes_of(&shop(&k), &k);
        assert!(read_all(&file, Some(&k)).is_ok());
        for at in 0..file.len() {
            assert!(read_all(&file[..at], Some(&k)).is_err(), "cut at {at}");
            for flip in [1, 0x20, 0x80] {
                let mut changed = file.clone();
                changed[at] ^= flip;
                let read = read_all(&changed, Some(&k));
                assert!(read.is_err(), "byte {at} of {}", text(&file));
            }
        }
    }
}

#[test]
fn the_file_looks_like_this() {
    let file = text(&bytes_of(&shop(&key()), &key()));
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines.len(), 5, "{file}");
    assert!(lines[0].starts_with(
        r#"{"schema":"driftgate/snapshot/v1","environment":"production-eu","source":{"name":"kubernetes","describe":"context prod-eu, namespace shop"},"system":"5f0c1a5e-uid-of-kube-system","taken":["2026-08-03T02:14:07Z","2026-08-03T02:14:09Z"],"key":""#
    ));
    assert_eq!(lines[1], r#"{"text":"{\"f:data\":{\"f:DB_TIMEOUT\":{}}}"}"#);
    assert_eq!(
        lines[2],
        r#"{"id":{"object":{"group":"","kind":"ConfigMap","namespace":"shop","name":"api"}},"tree":{"data":{"DB_TIMEOUT":"10s","LOG_LEVEL":"info"}},"writes":[{"writer":"kubectl-set","kind":"update-manager","api_version":"v1","time":"2026-08-03T02:10:00Z","fields":0}]}"#
    );
    assert!(lines[3].contains(
        r#""tree":{"data":{"DB_PASSWORD":null},"type":"Opaque"},"sealed":[{"at":["data","DB_PASSWORD"],"mac":""#
    ));
    assert!(lines[4].starts_with(r#"{"items":2,"mac":""#));
}

#[test]
fn a_snapshot_knows_what_it_does_not_know() {
    let k = key();
    let back = read_one(&bytes_of(&shop(&k), &k), &k).observation;
    let find = |kind, name| back.find(&object(kind, name));
    assert!(matches!(find("ConfigMap", "api"), Reading::Present(_)));
    assert!(matches!(find("ConfigMap", "gone"), Reading::Absent(_)));
    assert!(
        matches!(find("Service", "api"), Reading::Unknown(u) if u.cause == UnreadCause::Forbidden)
    );
    assert!(
        matches!(find("Deployment", "api"), Reading::Unknown(u) if u.cause == UnreadCause::NotAsked)
    );
}

#[test]
fn equal_writer_texts_are_written_once_and_shared_again() {
    let fields = r#"{"f:spec":{"f:replicas":{}}}"#;
    let items = (0..1000)
        .map(|n| {
            let id = object("Deployment", &format!("d{n}"));
            item(id, tree("{}"), vec![wrote(fields), wrote(fields)])
        })
        .collect();
    let o = Observation::from_parts(None, vec![], items);
    let k = key();
    let file = bytes_of(&o, &k);
    assert_eq!(text(&file).matches("f:replicas").count(), 1);
    let back = read_one(&file, &k).observation;
    let all: Vec<&Arc<str>> = back
        .items()
        .flat_map(|i| i.writes.iter().filter_map(|w| w.fields.as_ref()))
        .collect();
    assert_eq!(all.len(), 2000);
    assert!(all.iter().all(|t| Arc::ptr_eq(t, all[0])));
}

#[test]
fn digests_of_another_key_are_not_passed_off_as_ours() {
    let o = shop(&other_key());
    let file = bytes_of(&o, &key());
    assert!(text(&file).contains(r#""sealed":[{"at":["data","DB_PASSWORD"]}]"#));
    let back = read_one(&file, &key()).observation;
    assert_eq!(back, as_recorded(&o, None));
}

#[test]
fn of_members_with_one_name_the_last_is_recorded() {
    let mut b = TreeBuilder::new();
    let root = b.open(Name::NONE, Kind::Map);
    b.sealed(Name::new("A"), key().seal(b"x"));
    b.scalar(Name::new("A"), Kind::Text, "last");
    b.close(root);
    let o = Observation::from_parts(
        None,
        vec![],
        vec![item(object("X", "x"), b.finish(), vec![])],
    );
    let back = read_one(&bytes_of(&o, &key()), &key()).observation;
    let x = back.find(&object("X", "x"));
    let x = x.present().expect("recorded");
    assert_eq!(x.tree.root().text_at(&["A"]), Some("last"));
    assert_eq!(x.tree.root().len(), 1);
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let mut any = Any::Null;
    for _ in 0..126 {
        any = Any::List(vec![any]);
    }
    let o = |any: &Any| {
        Observation::from_parts(
            None,
            vec![],
            vec![item(object("X", "deep"), tree_of(any), vec![])],
        )
    };
    assert_eq!(
        read_one(&bytes_of(&o(&any), &key()), &key()).observation,
        o(&any)
    );
    let deeper = o(&Any::List(vec![any]));
    let section = Section {
        environment: None,
        source: &source(),
        taken: None,
        observation: &deeper,
    };
    let e = write(&[section], &key(), &mut Vec::new()).expect_err("too deep");
    assert_eq!(
        e.to_string(),
        "X/shop/deep cannot be recorded: nested deeper than 126 levels"
    );
    assert!(
        write(&[], &key(), &mut Vec::new()).is_err(),
        "an empty file is no snapshot"
    );
}

// Refusals --------------------------------------------------------------------------------------

/// Makes a file whose checksum (not its MAC) is right, as someone without the key would.
fn forge(lines: &[&str]) -> Vec<u8> {
    let mut hash = blake3::Hasher::new();
    let mut out = String::new();
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    hash.update(out.as_bytes());
    let items = lines.iter().filter(|l| l.starts_with("{\"id\":")).count() as u64;
    out.push_str(&write::foot(items, None, &mut hash));
    out.into_bytes()
}

const HEAD: &str = r#"{"schema":"driftgate/snapshot/v1","source":{"name":"kubernetes","describe":"d"},"section":[1,1],"reads":[]}"#;

fn refused(lines: &[&str]) -> String {
    read_all(&forge(lines), None)
        .expect_err("refused")
        .to_string()
}

#[test]
fn forged_lines_are_refused() {
    let id = r#"{"id":{"fact":"x"},"tree":"#;
    let ok = format!(
        r#"{id}{{"a":null,"$sealed":{{"mac":"00"}}}},"opaque":[{{"at":["a"],"symbol":"sops"}}]}}"#
    );
    assert!(
        read_all(&forge(&[HEAD, &ok]), None).is_ok(),
        "the forger itself works"
    );
    for (rest, said) in [
        (r#"{"a":1},"sealed":[{"at":["b"]}]}"#, "not in the tree"),
        (r#"{"a":1},"sealed":[{"at":["a"]}]}"#, "not in the tree"),
        (
            r#"{"a":{}},"opaque":[{"at":["a"],"symbol":"s"}]}"#,
            "not in the tree",
        ),
        (
            r#"{"a":null,"b":null},"sealed":[{"at":["b"]},{"at":["a"]}]}"#,
            "out of order",
        ),
        (
            r#"{"a":null},"sealed":[{"at":["a"]},{"at":["a"]}]}"#,
            "out of order",
        ),
        (
            r#"{"a":null},"sealed":[{"at":["a"]}],"opaque":[{"at":["a"],"symbol":"s"}]}"#,
            "out of order",
        ),
        (r#"[null],"sealed":[{"at":["0"]}]}"#, "not in the tree"),
        (r#"{"0":null},"sealed":[{"at":[0]}]}"#, "not in the tree"),
        (
            r#"{"a":null},"sealed":[{"at":["a"],"mac":"00"}]}"#,
            "no key in the head",
        ),
        (
            r#"{"a":null},"numbers":[{"at":["a"],"text":"12"}]}"#,
            "belongs inside",
        ),
        (
            r#"{"a":null},"numbers":[{"at":["a"],"text":"1e3\u001b[31m"}]}"#,
            "is none",
        ),
        (
            r#"{},"writes":[{"writer":"w","kind":"person","fields":0}]}"#,
            "did not come before",
        ),
        (
            r#"{},"writes":[{"writer":"w","kind":"person","as":1}]}"#,
            "unknown field `as`",
        ),
        (r#"{},"attested":[]}"#, "unknown field `attested`"),
        (r#"{}} trailing"#, "broken JSON"),
    ] {
        let error = refused(&[HEAD, &format!("{id}{rest}")]);
        assert!(
            error.starts_with("line 2: ") && error.contains(said),
            "{rest}: {error}"
        );
    }
    let one = r#"{"id":{"fact":"x"},"tree":{}}"#;
    assert!(refused(&[HEAD, one, one]).contains("line 3: an item twice"));
    assert!(refused(&[HEAD, r#"{"what":1}"#]).contains("line 2: neither an item"));
    let bad_id = r#"{"id":{"object":{"group":"","kind":"K","name":"n","uid":"u"}},"tree":{}}"#;
    assert!(refused(&[HEAD, bad_id]).contains("unknown field `uid`"));
    let deep = format!("{id}{}{}}}", "[".repeat(3000), "]".repeat(3000));
    assert!(refused(&[HEAD, &deep]).contains("nested too deeply"));
}

#[test]
fn heads_are_checked_before_a_line_of_content() {
    let with = |from: &str, to: &str| refused(&[&HEAD.replace(from, to)]);
    let newer = with("snapshot/v1", "snapshot/v2");
    assert!(
        newer.starts_with("recorded by a newer driftgate (v2); this one knows v1"),
        "{newer}"
    );
    for other in [
        "snapshot/v0",
        "snapshot/",
        "snapshot/vx",
        "report/v1",
        "snapshot/v99999999999",
    ] {
        assert!(
            with("snapshot/v1", other).starts_with("not a driftgate snapshot"),
            "{other}"
        );
    }
    assert!(with("\"reads\":[]", "\"reads\":[],\"extra\":1").contains("unknown field `extra`"));
    assert!(with("[1,1]", "[2,2]").contains("not the section that should follow"));
    assert!(with("[1,1]", "[1,0]").contains("not the section that should follow"));
    let taken = r#""taken":["2026-08-03T02:14:09Z","2026-08-03T02:14:07Z"],"section""#;
    assert!(with("\"section\"", taken).contains("ends before it begins"));
    assert!(with("\"section\"", "\"key\":\"xyz\",\"section\"").contains("16 hexadecimal digits"));
    for (bytes, said) in [
        (&b""[..], "the file is empty"),
        (b"hello", "no head of a section"),
        (b"hello\n", "no head of a section"),
        (b"{}\n", "no head of a section"),
        (b"\xff\xfe\n", "no head of a section"),
        (
            b"{\"schema\":\"driftgate/snapshot/v1\"",
            "cut off after 0 items",
        ),
    ] {
        let e = read_all(bytes, None).expect_err("refused").to_string();
        assert!(e.contains(said), "{e}");
    }
}

#[test]
fn errors_hold_no_values() {
    let id = r#"{"id":{"fact":"x"},"tree":{},"#;
    for rest in [
        r#""sealed":"hunter2"}"#,
        r#""sealed":[{"at":["a"],"mac":7,"hunter2 is the word":1}]}"#,
        r#""writes":[{"writer":"w","kind":"hunter2"}]}"#,
        r#""writes":[{"writer":"w","kind":"person","time":"hunter2"}]}"#,
    ] {
        let error = refused(&[HEAD, &format!("{id}{rest}")]);
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn each_kind_of_damage_has_its_own_words() {
    let k = key();
    let file = text(&bytes_of(&shop(&k), &k));
    let error = |changed: &str, key: Option<&DigestKey>| {
        read_all(changed.as_bytes(), key).expect_err("refused")
    };
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    let cut = error(&lines[..3].concat(), Some(&k));
    assert_eq!(cut.to_string(), "cut off after 1 item: record it again");
    assert_eq!(cut.cause(), UnreadCause::CutOff);
    let fewer = [lines[0], lines[1], lines[2], lines[4]].concat();
    assert!(matches!(
        error(&fewer, Some(&k)),
        SnapshotError::Count {
            said: 2,
            found: 1,
            line: 4
        }
    ));
    let edited = error(&file.replace("10s", "60s"), None);
    assert!(
        matches!(edited, SnapshotError::Checksum { line: 5 }),
        "{edited}"
    );
    assert!(matches!(
        error(&file.replace('\n', "\r\n"), None),
        SnapshotError::Checksum { .. }
    ));
}

/// Whoever may write the file can make its checksum right, and cannot make its MAC right.
#[test]
fn without_the_key_nobody_makes_a_file_that_counts_as_verified() {
    let k = key();
    let file = text(&bytes_of(&shop(&k), &k)).replace("10s", "60s");
    let lines: Vec<&str> = file.lines().collect();
    let body = &lines[..4];
    let mut hash = blake3::Hasher::new();
    let joined: String = body.iter().map(|l| format!("{l}\n")).collect();
    hash.update(joined.as_bytes());
    let mac = "00".repeat(32);
    let forged = joined.clone() + &write::foot_with(2, Some(&mac), &mut hash);
    let e = read_all(forged.as_bytes(), Some(&k)).expect_err("refused");
    assert!(matches!(e, SnapshotError::Tampered { line: 5 }), "{e}");
    assert_eq!(e.unread().cause, UnreadCause::Tampered);
    // Under a key that is not at hand nobody can tell, and the result says so.
    let believed = read_all(forged.as_bytes(), Some(&other_key())).expect("read");
    assert!(!believed[0].verified && believed[0].notes[0].contains("not at hand"));
    // The MAC left out while the head names a key.
    for key in [Some(&k), None] {
        let e = read_all(&forge(body), key)
            .expect_err("refused")
            .to_string();
        assert!(e.contains("a key without a MAC"), "{e}");
    }
    // Key and digests left out of the head as well: readable, never verified.
    let key_id = hex(&k.id().0);
    let head = body[0].replace(&format!(",\"key\":\"{key_id}\""), "");
    let (before, after) = body[3].split_once(",\"mac\":\"").expect("a digest");
    let secret = format!("{before}{}", &after[65..]);
    let stripped = forge(&[&head, body[1], body[2], &secret]);
    let read = read_all(&stripped, Some(&k)).expect("read");
    assert!(!read[0].verified && read[0].notes[0].contains("without DRIFTGATE_KEY"));
}

#[test]
fn a_line_beyond_the_limit_is_refused_without_holding_it() {
    struct Endless;
    impl std::io::Read for Endless {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            buf.fill(b'a');
            Ok(buf.len())
        }
    }
    let mut input = std::io::BufReader::with_capacity(1 << 20, Endless);
    let e = read(&mut input, None).expect_err("too large");
    assert_eq!(e.cause(), UnreadCause::TooLarge);
    assert!(
        e.to_string().starts_with("line 1 is larger than 67108864"),
        "{e}"
    );
}

// Several sections --------------------------------------------------------------------------------

fn sections(key: &DigestKey) -> Vec<u8> {
    let (a, b) = (shop(key), Observation::from_parts(None, vec![], vec![]));
    let (s, mut out) = (source(), Vec::new());
    let section = |environment, observation| Section {
        environment: Some(environment),
        source: &s,
        taken: Some(TAKEN),
        observation,
    };
    let all = [section("production-eu", &a), section("staging", &b)];
    write(&all, key, &mut out).expect("written to memory");
    out
}

#[test]
fn sections_follow_each_other_and_none_can_be_lost() {
    let k = key();
    let file = text(&sections(&k));
    let all = read_all(file.as_bytes(), Some(&k)).expect("a snapshot");
    let environments: Vec<_> = all.iter().map(|r| r.head.environment.as_deref()).collect();
    assert_eq!(environments, [Some("production-eu"), Some("staging")]);
    let second = file
        .match_indices("{\"schema\"")
        .nth(1)
        .expect("two heads")
        .0;
    let e = read_all(&file.as_bytes()[..second], Some(&k)).expect_err("half of it");
    assert_eq!(
        e.to_string(),
        "cut off after 0 items of section 2 of 2: record it again"
    );
    let e = read_all(&file.as_bytes()[second..], Some(&k)).expect_err("the other half");
    assert!(
        e.to_string().contains("not the section that should follow"),
        "{e}"
    );
    // Whole files one behind the other are one file.
    let twice = file.repeat(2);
    assert_eq!(
        read_all(twice.as_bytes(), Some(&k))
            .expect("a snapshot")
            .len(),
        4
    );
}

#[test]
fn an_environment_selects_its_sections() {
    let all = read_all(&sections(&key()), None).expect("a snapshot");
    let found = select(&all, "staging", None).expect("there is one");
    assert_eq!(found.len(), 1);
    assert_eq!(
        select(&all, "staging", Some("kubernetes"))
            .expect("same")
            .len(),
        1
    );
    let none = select(&all, "production-us", None).expect_err("none");
    assert_eq!(
        (none.cause, &*none.detail),
        (
            UnreadCause::NotAsked,
            "nothing is recorded for environment production-us; the snapshot holds production-eu, staging"
        )
    );
    let none = select(&all, "staging", Some("aws-ssm")).expect_err("none");
    assert!(none.detail.contains("by source aws-ssm") && none.detail.contains("holds kubernetes"));
    assert!(select(&[], "staging", None).is_err());
    let mut nameless = all[0].clone();
    nameless.head.environment = None;
    assert_eq!(
        select(std::slice::from_ref(&nameless), "any", None)
            .expect("it")
            .len(),
        1
    );
    let mixed = [all[0].clone(), nameless];
    let e = select(&mixed, "production-eu", None).expect_err("whose is the nameless one?");
    assert!(e.detail.contains("side by side"), "{}", e.detail);
}

fn recorded(system: Option<&str>, kind: &str, json: &str) -> Recorded {
    let items = vec![item(object(kind, "api"), tree(json), vec![])];
    Recorded {
        head: Head {
            environment: Some("production".into()),
            source: source(),
            system: system.map(Into::into),
            taken: Some(TAKEN),
            key: None,
        },
        observation: Observation::from_parts(system.map(Into::into), vec![complete(kind)], items),
        verified: false,
        notes: vec![],
    }
}

#[test]
fn sections_of_one_system_answer_together() {
    let (a, b) = (
        recorded(Some("u"), "ConfigMap", "{}"),
        recorded(None, "Service", "{}"),
    );
    let one = merge(&[&a]).expect("one");
    assert!(matches!(one, std::borrow::Cow::Borrowed(o) if std::ptr::eq(o, &a.observation)));
    let both = merge(&[&a, &b]).expect("two kinds");
    assert_eq!(both.system(), Some("u"));
    assert!(matches!(
        both.find(&object("Service", "api")),
        Reading::Present(_)
    ));
    assert!(matches!(
        both.find(&object("ConfigMap", "gone")),
        Reading::Absent(_)
    ));
    assert!(matches!(
        both.find(&object("Secret", "x")),
        Reading::Unknown(_)
    ));
    let said = |sections: &[&Recorded]| merge(sections).expect_err("refused").detail;
    assert!(said(&[]).contains("nothing is recorded"));
    let newer = recorded(Some("u"), "ConfigMap", r#"{"data":{"A":"2"}}"#);
    assert_eq!(
        &*said(&[&a, &b, &newer]),
        "two recordings disagree about ConfigMap/shop/api (context prod-eu, namespace shop, taken 2026-08-03T02:14:07Z; context prod-eu, namespace shop, taken 2026-08-03T02:14:07Z): keep one of them"
    );
    let gone = Recorded {
        observation: Observation::from_parts(None, vec![complete("ConfigMap")], vec![]),
        ..a.clone()
    };
    assert!(said(&[&a, &gone]).contains("two recordings disagree"));
    assert!(said(&[&gone, &a]).contains("two recordings disagree"));
    // The same scope, the same answer: two layers that look at one namespace.
    let same = merge(&[&a, &a]).expect("no contradiction");
    assert_eq!(*same, a.observation);
    assert!(said(&[&a, &recorded(Some("v"), "Service", "{}")]).contains("several systems"));
}

#[test]
fn only_a_fresh_snapshot_of_the_right_system_is_used() {
    let head = recorded(Some("u"), "ConfigMap", "{}").head;
    let now = |after: i64| Timestamp(TAKEN.1.0 + after);
    let day = 86_400;
    let said = |environment: &str, now, system| usable(&head, environment, now, day, system);
    assert_eq!(said("production", now(day - 2), Some("u")), Ok(()));
    assert_eq!(
        said("production", now(-300), None),
        Ok(()),
        "clocks differ a little"
    );
    let no = |r: Result<(), Unread>| r.expect_err("not usable");
    let stale = no(said("production", now(3 * day), None));
    assert_eq!(
        (stale.cause, &*stale.detail),
        (
            UnreadCause::Stale,
            "the snapshot of production is 3d old (taken at 2026-08-03T02:14:07Z), older than the 1d that are allowed: record it again with `driftgate snapshot --environment production`"
        )
    );
    // Counted from the begin of the capture: the oldest answer in it.
    assert!(said("production", now(day - 1), None).is_err());
    let future = no(said("production", now(-301), None));
    assert!(future.cause == UnreadCause::Stale && future.detail.contains("in the future"));
    let other = no(said("staging", now(0), None));
    assert_eq!(
        (other.cause, &*other.detail),
        (
            UnreadCause::NotAsked,
            "the snapshot is of environment production, not of staging"
        )
    );
    assert!(
        no(said("production", now(0), Some("v")))
            .detail
            .contains("another system")
    );
    let nameless = Head {
        system: None,
        taken: None,
        ..head.clone()
    };
    assert_eq!(usable(&nameless, "production", now(0), day, None), Ok(()));
    assert!(usable(&nameless, "production", now(0), day, Some("u")).is_err());
    let hostile = Head {
        taken: Some((Timestamp(i64::MIN), Timestamp(i64::MAX))),
        ..head.clone()
    };
    assert!(usable(&hostile, "production", now(0), day, None).is_err());
}

// Files -------------------------------------------------------------------------------------------

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("production.jsonl");
    let (k, s, o) = (key(), source(), shop(&key()));
    let section = Section {
        environment: Some("production"),
        source: &s,
        taken: Some(TAKEN),
        observation: &o,
    };
    write_file(&path, &[section], &k).expect("written");
    let first = std::fs::read(&path).expect("there");
    assert!(read_all(&first, Some(&k)).is_ok());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "it holds live values");
    }
    let mut any = Any::Null;
    for _ in 0..200 {
        any = Any::List(vec![any]);
    }
    let deep = Observation::from_parts(
        None,
        vec![],
        vec![item(object("X", "x"), tree_of(&any), vec![])],
    );
    let bad = Section {
        observation: &deep,
        ..section
    };
    let e = write_file(&path, &[section, bad], &k)
        .expect_err("too deep")
        .to_string();
    assert!(
        e.contains("production.jsonl: X/shop/x cannot be recorded"),
        "{e}"
    );
    assert_eq!(
        std::fs::read(&path).expect("still there"),
        first,
        "the old file is untouched"
    );
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .collect();
    assert_eq!(left.len(), 1, "nothing half-written is left: {left:?}");
    assert!(write_file(&folder.path().join("no/such/folder.jsonl"), &[section], &k).is_err());
}

#[test]
fn a_secret_that_field_ownership_repeats_is_not_recorded() {
    // Made up, and put together at run time so that no scanner takes this file for a leak.
    let token = format!("ghp_{}", "0123456789abcdefghijABCDEFGHIJ456789");
    let key = key();
    let mut builder =
        crate::model::observation::ObservationBuilder::new(&key, &crate::classify::ByNameAndLook);
    // A list declared as a set: each item is named by its value.
    builder.item(
        ItemId::Object(ObjectId::new("example.io", "Gateway", Some("shop"), "api")),
        tree(&format!(r#"{{"spec":{{"clients":["web","{token}"]}}}}"#)),
        vec![wrote(&format!(
            r#"{{"f:spec":{{"f:clients":{{"v:\"web\"":{{}},"v:\"{token}\"":{{}}}}}}}}"#
        ))],
    );
    let observation = builder.finish();
    let text = String::from_utf8(bytes_of(&observation, &key)).expect("UTF-8");
    assert!(!text.contains("0123456789abcdefghij"), "{text}");
    assert!(text.contains(r#"v:\\\"web\\\""#), "the others stay: {text}");
    assert!(!format!("{observation:?}").contains("0123456789abcdefghij"));
}

#[test]
fn variables_parameters_and_files_are_recorded() {
    let key = key();
    let id = |name: &str| ItemId::Parameter(name.into());
    let file = ItemId::Document("/etc/api/app.yml".into());
    let read = |scope, outcome| Read {
        scope,
        outcome,
        revision: None,
    };
    let failed = Unread::new(UnreadCause::Malformed, "no UTF-8");
    let observation = Observation::from_parts(
        None,
        vec![
            read(Scope::Item(id("LOG_LEVEL")), Outcome::Complete),
            read(Scope::Item(id("NOT_SET")), Outcome::Complete),
            read(Scope::Item(id("BYTES")), Outcome::Failed(failed)),
            read(Scope::Item(file.clone()), Outcome::Complete),
            read(Scope::Prefix("/production/api/".into()), Outcome::Complete),
        ],
        vec![
            item(id("LOG_LEVEL"), tree(r#""info""#), vec![]),
            item(id("/production/api/RATIO"), tree("1.50"), vec![]),
            item(file.clone(), tree(r#"{"db":{"timeout":"10s"}}"#), vec![]),
        ],
    );
    let bytes = bytes_of(&observation, &key);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for part in [
        r#"{"item":{"parameter":"NOT_SET"}}"#,
        r#"{"prefix":"/production/api/"}"#,
        r#"{"id":{"document":"/etc/api/app.yml"},"tree":{"db":{"timeout":"10s"}}}"#,
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let again = read_one(&bytes, &key).observation;
    assert_eq!(again, observation);
    assert!(matches!(again.find(&id("NOT_SET")), Reading::Absent(_)));
    assert!(matches!(
        again.find(&id("/production/api/GONE")),
        Reading::Absent(_)
    ));
    assert!(matches!(again.find(&id("BYTES")), Reading::Unknown(u) if u.detail.contains("UTF-8")));
    assert!(matches!(
        again.find(&ItemId::Document("/etc/other.yml".into())),
        Reading::Unknown(_)
    ));
}
