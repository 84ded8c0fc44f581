use super::*;
use crate::{
    check::{source_unavailable, states},
    model::{
        finding::{DesiredShown, LiveShown, Severity},
        observation::{ItemId, ObjectId},
    },
};

fn finding(name: &str, live: Shown) -> Finding {
    let mut s = Subject::new(
        "api".into(),
        "production".into(),
        "workload".into(),
        EntryKey::Setting(name.into()),
    );
    let object = ItemId::Object(ObjectId::new("apps", "Deployment", Some("shop"), "api"));
    s.state = Some(State::Drifted);
    s.object = Some(object.clone());
    s.desired = Some(DesiredShown {
        value: Shown::Value("10s".into()),
        place: None,
        commit: None,
    });
    s.live = Some(LiveShown {
        value: live,
        object: Some(object),
        field: None,
        written: None,
        in_git: None,
    });
    Finding::new(&states::DRIFTED, Severity::Error, s)
}

fn text(value: &str) -> Shown {
    Shown::Value(value.into())
}

fn this_run() -> DigestKey {
    DigestKey::for_this_run(&[1; 32])
}

fn lasting(seed: u8) -> DigestKey {
    DigestKey::parse(&DigestKey::new_text(&[seed; 32])).expect("our own")
}

fn written(findings: &[Finding], key: &DigestKey) -> String {
    String::from_utf8(replace(None, findings, key).bytes).expect("UTF-8")
}

fn known(file: &str, finding: &Finding, key: &DigestKey) -> bool {
    let baseline = Baseline::parse(file.as_bytes(), "b.json").expect("our own");
    baseline.find(finding, key).is_some()
}

#[test]
fn a_known_finding_shows_again_when_its_value_changes() {
    for key in [this_run(), lasting(1)] {
        let file = written(&[finding("DB_TIMEOUT", text("60s"))], &key);
        assert!(known(&file, &finding("DB_TIMEOUT", text("60s")), &key));
        assert!(!known(&file, &finding("DB_TIMEOUT", text("90s")), &key));
        assert!(!known(&file, &finding("DB_TIMEOUT", Shown::Absent), &key));
        assert!(!known(&file, &finding("DB_TIMEOUT", Shown::Redacted), &key));
        assert!(!known(&file, &finding("OTHER", text("60s")), &key));
    }
}

#[test]
fn a_baseline_without_a_key_is_the_same_in_every_run() {
    let all = [finding("A", text("1"))];
    assert_eq!(
        written(&all, &this_run()),
        written(&all, &DigestKey::for_this_run(&[2; 32]))
    );
}

#[test]
fn digests_of_another_key_are_no_digests() {
    let f = finding("A", text("1"));
    let secret = finding("B", Shown::Redacted);
    let file = written(&[f.clone(), secret.clone()], &lasting(1));
    for key in [lasting(2), this_run()] {
        assert!(!known(&file, &f, &key));
        assert!(known(&file, &secret, &key), "by fingerprint alone");
        let baseline = Baseline::parse(file.as_bytes(), "b.json").expect("our own");
        let said = format!("{:?}", baseline.not_comparable(&key).expect("a note"));
        assert!(said.contains("another DRIFTGATE_KEY"), "{said}");
    }
    let unkeyed = written(std::slice::from_ref(&f), &this_run());
    assert!(!known(&unkeyed, &f, &lasting(1)));
    let baseline = Baseline::parse(unkeyed.as_bytes(), "b.json").expect("our own");
    assert!(baseline.not_comparable(&lasting(1)).is_some());
    assert!(baseline.not_comparable(&this_run()).is_none());
}

#[test]
fn nothing_of_a_value_is_in_the_file() {
    let file = written(
        &[
            finding("DB_TIMEOUT", text("hunter2")),
            finding("DB_PASSWORD", Shown::Redacted),
        ],
        &this_run(),
    );
    assert!(!file.contains("hunter2"), "{file}");
    let json: serde_json::Value = serde_json::from_str(&file).expect("JSON");
    let of = |key: &str| {
        json["findings"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|f| f["key"] == key)
            .expect(key)
            .clone()
    };
    assert!(of("DB_PASSWORD").get("value").is_none());
    assert!(of("DB_TIMEOUT")["value"].is_string());
    // One value in two findings does not show that it is one.
    let file = written(
        &[finding("A", text("1")), finding("B", text("1"))],
        &this_run(),
    );
    let json: serde_json::Value = serde_json::from_str(&file).expect("JSON");
    assert_ne!(json["findings"][0]["value"], json["findings"][1]["value"]);
}

#[test]
fn the_file_is_sorted_one_line_per_finding_and_as_its_schema_says() {
    let (a, b) = (finding("A", text("1")), finding("B", text("1")));
    let mut unread = finding("C", text("1"));
    unread.rule = &source_unavailable::RULE;
    let mut waived = finding("D", text("1"));
    waived.disposition = Disposition::Waived;
    let all = [b.clone(), a.clone(), unread, waived];
    let file = written(&all, &lasting(1));
    assert_eq!(file, written(&[a.clone(), b, a], &lasting(1)));
    assert_eq!(file.lines().count(), 4 + 2 + 2, "{file}");
    assert!(file.ends_with("\n  ]\n}\n"));
    let schema: serde_json::Value = serde_json::from_str(JSON_SCHEMA).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    for file in [file, written(&[], &this_run()), written(&all, &this_run())] {
        let json: serde_json::Value = serde_json::from_str(&file).expect("JSON");
        assert!(schema.is_valid(&json), "{file}");
        assert_eq!(
            Baseline::parse(file.as_bytes(), "b.json")
                .expect("our own")
                .len(),
            json["findings"].as_array().expect("a list").len()
        );
    }
}

#[test]
fn what_is_no_baseline_is_an_error_that_says_so() {
    let ours = written(&[finding("A", text("1"))], &this_run());
    let broken = |from: &str, to: &str| {
        let changed = ours.replace(from, to);
        assert_ne!(changed, ours, "{from}");
        changed
    };
    for (file, says) in [
        (String::new(), "empty"),
        ("  \n".into(), "empty"),
        ("findings: []\n".into(), "not JSON (line 1"),
        (ours[..ours.len() - 5].into(), "not JSON"),
        ("[]".into(), "no `schema`"),
        ("{}".into(), "no `schema`"),
        (
            broken("baseline/v1", "baseline/v2"),
            "another version (`driftgate/baseline/v2`",
        ),
        (
            broken("driftgate/baseline/v1", "driftgate/report/v1"),
            "another one",
        ),
        (broken("\"findings\"", "\"finding\""), "schema asks for"),
        (broken("\"rule\"", "\"rules\""), "schema asks for"),
        (
            broken("\"fingerprint\":\"", "\"fingerprint\":\"zz"),
            "finding 1 has a fingerprint",
        ),
        (
            broken("\"value\":\"", "\"value\":\"zz"),
            "finding 1 has a fingerprint or value",
        ),
        (
            broken("\"findings\": [", "\"findings\": [], \"findings\": ["),
            "schema asks for",
        ),
    ] {
        let e = Baseline::parse(file.as_bytes(), "known.json").expect_err(says);
        let said = e.to_string();
        assert!(said.starts_with("known.json is "), "{said}");
        assert!(said.contains(says), "{says}: {said}");
        assert!(said.contains("driftgate baseline write"), "{said}");
    }
    let bom = format!("\u{feff}{}", ours.replace('\n', "\r\n"));
    assert_eq!(
        Baseline::parse(bom.as_bytes(), "b").expect("Windows").len(),
        1
    );
}

fn keys(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|e| &*e.key).collect()
}

#[test]
fn writing_it_again_says_what_that_accepts() {
    let key = this_run();
    let before = [
        finding("KEPT", text("1")),
        finding("CHANGED", text("1")),
        finding("GONE", text("1")),
        finding("DB_PASSWORD", Shown::Redacted),
    ];
    let file = written(&before, &key);
    let old = Baseline::parse(file.as_bytes(), "b.json").expect("our own");
    let now = [
        finding("KEPT", text("1")),
        finding("CHANGED", text("2")),
        finding("NEW", text("1")),
        finding("DB_PASSWORD", Shown::Redacted),
    ];
    let update = replace(Some(&old), &now, &key);
    assert_eq!((update.kept, update.count()), (2, 4));
    assert_eq!(keys(&update.added), ["NEW"]);
    assert_eq!(keys(&update.changed), ["CHANGED"]);
    assert_eq!(keys(&update.removed), ["GONE"]);
    assert!(replace(Some(&old), &before, &key).is_nothing());
    let first = replace(None, &now, &key);
    assert_eq!((first.kept, first.added.len()), (0, 4));
    // Under another key nothing that has a value is known to be the same.
    let update = replace(Some(&old), &before, &lasting(1));
    assert_eq!((update.kept, update.changed.len()), (1, 3));
}

#[test]
fn pruning_accepts_nothing() {
    let key = lasting(1);
    let before = [
        finding("KEPT", text("1")),
        finding("CHANGED", text("1")),
        finding("GONE", text("1")),
    ];
    let file = written(&before, &key);
    let old = Baseline::parse(file.as_bytes(), "b.json").expect("our own");
    let mut waived = finding("GONE", text("1"));
    waived.disposition = Disposition::Waived;
    let now = [
        finding("KEPT", text("1")),
        finding("CHANGED", text("2")),
        finding("NEW", text("1")),
        waived,
    ];
    let update = prune(&old, &now, &key).expect("the same key");
    assert_eq!(keys(&update.removed), ["CHANGED", "GONE"]);
    let only = written(&[finding("KEPT", text("1"))], &key);
    assert_eq!(String::from_utf8(update.bytes).expect("UTF-8"), only);
    let update = prune(&old, &before, &key).expect("the same key");
    assert!(update.is_nothing());
    assert_eq!(update.bytes, file.as_bytes());
    assert!(prune(&old, &now, &lasting(2)).is_err());
}
