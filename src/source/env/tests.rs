//! Variables that are set, not set, no text, secret.
#![allow(clippy::panic, reason = "tests fail by it")]

use super::*;
use crate::{
    classify::ByNameAndLook,
    model::{secret::DigestKey, setting::LayerSettings, value::Plain},
    snapshot::{self, Section, SourceName},
    source::kind_of,
};
use std::{ffi::OsString, path::Path, time::Duration};

const CANARY: &str = "s3cr3t-canary-7741";

/// What is set; a variable that nobody may ask for panics.
fn variables() -> Variables {
    Arc::new(|name| match name {
        "DB_TIMEOUT" => Some("10s".into()),
        "EMPTY" => Some("".into()),
        "DB_PASSWORD" => Some(CANARY.into()),
        "DSN" => Some(format!("postgres://app:{CANARY}@db.example.com/app").into()),
        "BYTES" => Some(not_utf8()),
        "NOT_SET" => None,
        other => panic!("{other} was not asked for"),
    })
}

fn not_utf8() -> OsString {
    use std::os::unix::ffi::OsStringExt;
    let mut bytes = CANARY.as_bytes().to_vec();
    bytes.push(0xff);
    OsString::from_vec(bytes)
}

fn spec(names: &[&str]) -> LiveSpec {
    LiveSpec::Env(EnvSpec {
        names: names.iter().map(|n| (*n).into()).collect(),
    })
}

fn source(spec: &LiveSpec) -> Box<dyn Source> {
    let variables = variables();
    let cx = ConnectContext {
        directory: Path::new("/"),
        repository: None,
        kubeconfig: None,
        variables: &variables,
        own_credentials: &["DRIFTGATE_KEY"],
    };
    (kind_of(spec).connect)(spec, &cx).expect("nothing is needed")
}

fn with<T>(f: impl FnOnce(&ReadContext<'_>) -> T) -> T {
    let key = DigestKey::parse(&DigestKey::new_text(&[7; 32])).expect("our own key");
    f(&ReadContext {
        key: &key,
        classifier: &ByNameAndLook,
        limit: Duration::from_secs(5),
        progress: &|_| {},
    })
}

/// What a future yields that waits for nothing.
fn now<T>(future: BoxFuture<'_, T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(future)
}

fn read(names: &[&str]) -> (LiveSpec, Observation) {
    let spec = spec(names);
    let source = source(&spec);
    let observation = with(|cx| now(source.read(&Wanted::default(), cx)));
    (spec, observation)
}

fn settings_of(names: &[&str]) -> LayerSettings {
    let (spec, observation) = read(names);
    settings(&spec, &observation)
}

fn parameter(name: &str) -> ItemId {
    ItemId::Parameter(name.into())
}

#[test]
fn what_is_set_is_there_and_what_is_not_is_absent_with_proof() {
    let (_, read) = read(&["DB_TIMEOUT", "NOT_SET", "EMPTY", "DB_TIMEOUT"]);
    let text = |name| {
        read.find(&parameter(name))
            .map(|i| i.tree.root().text().to_owned())
    };
    assert!(matches!(text("DB_TIMEOUT"), Reading::Present(t) if t == "10s"));
    assert!(matches!(text("EMPTY"), Reading::Present(t) if t.is_empty()));
    assert!(matches!(text("NOT_SET"), Reading::Absent(_)));
    let other = text("PATH");
    assert!(matches!(other, Reading::Unknown(u) if u.cause == UnreadCause::NotAsked));
    assert_eq!(read.reads().len(), 3, "{:?}", read.reads());
}

#[test]
fn settings_are_in_the_order_of_the_layer() {
    let found = settings_of(&["EMPTY", "NOT_SET", "DB_TIMEOUT", "EMPTY"]);
    let names: Vec<&str> = found.entries.iter().map(|e| &*e.name).collect();
    assert_eq!(names, ["EMPTY", "DB_TIMEOUT"]);
    assert_eq!(found.unread, None);
    let timeout = &found.entries[1];
    assert_eq!(timeout.style, KeyStyle::Environment);
    assert_eq!(timeout.path, KeyPath::members(&["DB_TIMEOUT"]));
    assert!(matches!(&timeout.entry.value, Value::Plain(Plain::Text(t)) if &**t == "10s"));
    let origin = timeout.entry.origin().expect("an origin");
    assert_eq!(origin.item, parameter("DB_TIMEOUT"));
    assert_eq!(origin.place, None);
}

#[test]
fn bytes_that_are_no_text_are_not_read_and_not_shown() {
    let (spec, read) = read(&["BYTES", "DB_TIMEOUT"]);
    let Reading::Unknown(why) = read.find(&parameter("BYTES")) else {
        panic!("not unknown");
    };
    assert_eq!(why.cause, UnreadCause::Malformed);
    assert!(
        why.detail
            .contains("BYTES is set to bytes that are no UTF-8"),
        "{why}"
    );
    let found = settings(&spec, &read);
    assert_eq!(found.unread, None, "the others were read");
    let [bytes, timeout] = found.entries.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(bytes.why_unread(), Some(&why));
    assert_eq!(timeout.why_unread(), None);
    assert!(!format!("{read:?}").contains("canary"));
}

#[test]
fn names_that_are_none_and_own_credentials_are_refused() {
    for (name, said) in [
        ("", "can't be the name"),
        ("A=B", "can't be the name"),
        ("A\0B", "can't be the name"),
        ("DRIFTGATE_KEY", "driftgate's own credential"),
    ] {
        let (_, read) = read(&[name]);
        let Reading::Unknown(why) = read.find(&parameter(name)) else {
            panic!("{name:?} is not unknown");
        };
        assert!(why.detail.contains(said), "{why}");
    }
}

#[test]
fn secrets_are_sealed_by_name_and_by_look() {
    let (spec, read) = read(&["DB_PASSWORD", "DSN", "DB_TIMEOUT"]);
    let found = settings(&spec, &read);
    let secret = |n: usize| matches!(found.entries[n].entry.value, Value::Secret(_));
    assert_eq!([secret(0), secret(1), secret(2)], [true, true, false]);
    let key = DigestKey::parse(&DigestKey::new_text(&[7; 32])).expect("our own key");
    let name = SourceName {
        name: "env".into(),
        describe: DESCRIBED.into(),
    };
    let section = Section {
        environment: Some("local"),
        source: &name,
        taken: None,
        observation: &read,
    };
    let mut bytes = Vec::new();
    snapshot::write(&[section], &key, &mut bytes).expect("written to memory");
    let text = String::from_utf8(bytes.clone()).expect("UTF-8");
    assert!(!text.contains("canary"), "{text}");
    assert!(!format!("{read:?}{found:?}").contains("canary"));
    let again = snapshot::read(&mut &*bytes, Some(&key)).expect("our own snapshot");
    assert_eq!(again[0].observation, read);
}

#[test]
fn the_doctor_says_what_is_set_and_no_value() {
    let spec = spec(&["DB_TIMEOUT", "NOT_SET", "BYTES", "DB_PASSWORD"]);
    let source = source(&spec);
    let found = with(|cx| now(source.inspect(&Wanted::default(), cx)));
    let lines: Vec<String> = found
        .seen
        .iter()
        .map(|s| match s {
            Ok(text) => text.to_string(),
            Err(why) => format!("unread: {why}"),
        })
        .collect();
    assert_eq!(found.reached, Ok(()));
    assert_eq!(
        lines[0],
        "unread: environment variable BYTES is set to bytes that are no UTF-8: its value can't be compared"
    );
    assert_eq!(
        lines[1..],
        [
            "DB_PASSWORD is set",
            "DB_TIMEOUT is set",
            "NOT_SET is not set"
        ]
    );
}

#[test]
fn layers_of_one_environment_ask_once() {
    let mut all = spec(&["B", "A"]);
    join(&mut all, &spec(&["C", "A"]));
    join(&mut all, &LiveSpec::File(Default::default()));
    assert_eq!(all, spec(&["B", "A", "C"]));
    assert_eq!((KIND.identity)(&all), (KIND.identity)(&spec(&[])));
    assert!((KIND.is_recorded_as)(&all, DESCRIBED, false));
    assert!(!(KIND.is_recorded_as)(&all, "context local", true));
}
