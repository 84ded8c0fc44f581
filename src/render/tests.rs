//! All formats on the shared sample, and what people see of the stories.
//!
//! `UPDATE_EXPECTED=1 cargo test --lib render` rewrites `tests/data/render/`.

use super::{FORMATS, Style, format, message, sample};
use crate::{
    model::{finding::Message, report::Report, value::Shown},
    text::page::{Paint, RESET},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{fs, path::PathBuf, sync::LazyLock};

const PLAIN: Style = Style {
    color: false,
    width: 80,
    verbose: false,
};

fn render(name: &str, report: &Report, style: &Style) -> String {
    let mut bytes = Vec::new();
    let format = format(name).expect("a format of this name");
    (format.write)(report, style, &mut bytes).expect("memory takes all");
    String::from_utf8(bytes).expect("UTF-8")
}

fn expect(file: &str, is: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/render")
        .join(file);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&path, is).expect("writable test data");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == is,
        "{} differs; UPDATE_EXPECTED=1 rewrites it. Now:\n{is}",
        path.display()
    );
}

#[test]
fn stories_as_text() {
    let stories: [(&str, Report); 8] = [
        ("parity", sample::parity()),
        ("emergency-fix", sample::emergency_fix()),
        ("audit-folded", sample::audit_folded()),
        ("incomplete", sample::incomplete()),
        ("clean", sample::clean()),
        ("pending-restart", sample::pending_restart()),
        ("missing-object", sample::missing_object()),
        ("only-changes", sample::only_changes()),
    ];
    for (name, report) in stories {
        expect(&format!("{name}.txt"), &render("text", &report, &PLAIN));
    }
}

#[test]
fn the_sample_in_every_format() {
    let sample = sample::sample();
    expect("sample.txt", &render("text", &sample, &PLAIN));
    expect(
        "sample-verbose.txt",
        &render(
            "text",
            &sample,
            &Style {
                verbose: true,
                ..PLAIN
            },
        ),
    );
    expect(
        "emergency-fix.json",
        &render("json", &sample::emergency_fix(), &PLAIN),
    );
    let color = Style {
        color: true,
        ..PLAIN
    };
    expect(
        "emergency-fix.ansi",
        &render("text", &sample::emergency_fix(), &color),
    );
    let narrow = Style { width: 50, ..PLAIN };
    expect(
        "emergency-fix-narrow.txt",
        &render("text", &sample::emergency_fix(), &narrow),
    );
}

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let text = include_str!("../../schemas/report-v1.schema.json");
    let schema: Value = serde_json::from_str(text).expect("JSON");
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("a schema")
});

fn parsed(report: &Report) -> Value {
    serde_json::from_str(&render("json", report, &PLAIN)).expect("JSON")
}

#[test]
fn json_keeps_to_its_schema() {
    let mut empty = sample::report(crate::model::report::Occasion::Audit);
    empty.coverage.clear();
    empty.head.id = None;
    for report in [sample::sample(), sample::audit_folded(), empty] {
        let errors: Vec<String> = SCHEMA
            .iter_errors(&parsed(&report))
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn the_schema_refuses_broken_reports() {
    let good = parsed(&sample::emergency_fix());
    assert!(SCHEMA.is_valid(&good));
    let breaks: [(&str, Value); 23] = [
        ("/verdict", json!("green")),
        ("/schema", json!("driftgate/report/v2")),
        ("/head", json!("HEAD")),
        ("/notes", json!(null)),
        ("/not_evaluated", json!([])),
        ("/extra", json!(1)),
        ("/summary/error", json!(-1)),
        ("/findings/0/extra", json!(1)),
        ("/findings/0/severity", json!("fatal")),
        ("/findings/0/fingerprint", json!("60s")),
        ("/findings/0/desired/redacted", json!(true)),
        ("/findings/0/desired/absent", json!(false)),
        ("/findings/0/desired/value", json!(10)),
        ("/findings/0/desired/line", json!(0)),
        ("/findings/0/live/opaque", json!("sops")),
        ("/findings/0/live/secret", json!("60s")),
        ("/findings/0/live/in_git", json!("sometimes")),
        (
            "/findings/0/live/in_git",
            json!({ "not_in_last": 5, "unknown": "why" }),
        ),
        ("/findings/0/live/not_later_than", json!("2 AM")),
        ("/findings/0/live/writer/kind", json!("field-manager")),
        ("/findings/0/resolve/0/why", json!("")),
        ("/coverage/0/status", json!("failed")),
        ("/changes/0/severity", json!("error")),
    ];
    for (pointer, value) in breaks {
        let mut broken = good.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = broken.pointer_mut(parent).expect("a place in the report");
        parent[key] = value;
        assert!(!SCHEMA.is_valid(&broken), "{pointer}");
    }
    for pointer in [
        "/verdict",
        "/coverage",
        "/findings/0/key",
        "/findings/0/live/value",
    ] {
        let mut broken = good.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = broken.pointer_mut(parent).and_then(Value::as_object_mut);
        assert!(
            parent.expect("an object").remove(key).is_some(),
            "{pointer}"
        );
        assert!(!SCHEMA.is_valid(&broken), "{pointer}");
    }
}

#[test]
fn the_schema_refuses_broken_sides() {
    let mut report = sample::parity();
    report.findings.extend(
        sample::sample()
            .findings
            .into_iter()
            .filter(|f| f.accepted.is_some()),
    );
    let good = parsed(&report);
    assert!(SCHEMA.is_valid(&good));
    let accepted = good["findings"]
        .as_array()
        .and_then(|all| all.iter().position(|f| f.get("accepted").is_some()))
        .expect("an accepted finding");
    let accepted = format!("/findings/{accepted}/accepted");
    let breaks = [
        ("/findings/0/sides".to_owned(), json!([])),
        ("/findings/0/sides/0/redacted".into(), json!(true)),
        ("/findings/0/sides/0/side".into(), json!("git")),
        ("/findings/0/sides/0/secret".into(), json!("x")),
        ("/findings/0/sides/0/note".into(), json!("")),
        ("/findings/0/also_in".into(), json!([])),
        ("/not_evaluated/0/why".into(), json!("")),
        (format!("{accepted}/by"), json!("")),
        (format!("{accepted}/expires"), json!("next week")),
        (format!("{accepted}/value"), json!("60s")),
    ];
    for (pointer, value) in breaks {
        let mut broken = good.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        broken.pointer_mut(parent).expect("a place in the report")[key] = value;
        assert!(!SCHEMA.is_valid(&broken), "{pointer}");
    }
}

#[test]
fn json_holds_sides_and_what_accepted_a_finding() {
    let json = parsed(&sample::sample());
    let findings = json["findings"].as_array().expect("a list");
    let gap = findings
        .iter()
        .find(|f| f["key"] == "pool.size" && f["rule"] == "parity-gap")
        .expect("the gap");
    assert_eq!(gap["sides"][0]["environment"], "production-eu");
    assert_eq!(gap["sides"][0]["value"], "10");
    assert_eq!(gap["sides"][0]["line"], 3);
    assert_eq!(gap["sides"][2]["side"], "live");
    assert_eq!(gap["sides"][2]["writer"]["name"], "kubectl-edit");
    assert_eq!(gap["also_in"][0], "cart");
    assert!(gap.get("desired").is_none() && gap.get("live").is_none());
    let secret = findings.iter().find_map(|f| {
        let sides = f["sides"].as_array()?;
        sides.iter().find(|s| s["redacted"] == true)
    });
    assert!(secret.expect("a secret side").get("value").is_none());
    let waived = findings
        .iter()
        .find(|f| f["key"] == "WAIVED")
        .expect("the waived one");
    assert_eq!(
        waived["accepted"],
        json!({
            "by": "waiver", "reason": "load test of the sale", "owner": "team-checkout",
            "expires": "2026-12-01T23:59:59Z", "file": "driftgate.yaml", "line": 31, "column": 5
        })
    );
    assert_eq!(json["not_evaluated"][0]["rule"], "difference-unused");
}

#[test]
fn what_accepted_a_finding_is_listed_with_verbose() {
    let mut report = sample::sample();
    report.findings.retain(|f| f.accepted.is_some());
    assert!(told(&report).contains("accepted: 1 waived, 1 ignored (--verbose lists them)"));
    let verbose = Style {
        verbose: true,
        ..PLAIN
    };
    let text = render("text", &report, &verbose);
    assert!(
        text.contains(
            "  waived: load test of the sale (team-checkout, until 2026-12-01,\n    driftgate.yaml:31:5)\n"
        ),
        "{text}"
    );
}

#[test]
fn json_says_what_the_report_says() {
    let json = parsed(&sample::emergency_fix());
    assert_eq!(json["verdict"], "fail");
    assert_eq!(json["base"], sample::BASE);
    let f = &json["findings"][0];
    assert_eq!(f["desired"]["value"], "10s");
    assert_eq!(f["desired"]["line"], 21);
    assert_eq!(f["live"]["writer"]["name"], "kubectl-set");
    assert_eq!(f["live"]["in_git"], "never");
    assert_eq!(
        f["resolve"][0]["command"],
        "driftgate adopt --environment production --service api DB_TIMEOUT"
    );
    assert_eq!(
        f["message"],
        "production: DB_TIMEOUT is 60s live, 10s in git. Written by manager kubectl-set, not later \
         than 2026-08-03T02:14:07Z. Git has never had 60s. Deploying this branch puts it back to 10s."
    );
    let sample = parsed(&sample::sample());
    let hostile = sample["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|f| f["key"] == sample::HOSTILE && f["desired"]["value"] == sample::HOSTILE);
    assert!(hostile.is_some(), "values reach programs as they are");
}

/// The text as its only finding tells it: wrapped lines joined.
fn told(report: &Report) -> String {
    let text = render("text", report, &PLAIN);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_emergency_fix_is_told_in_full_and_once() {
    let text = told(&sample::emergency_fix());
    for sentence in [
        "error[drifted]: DB_TIMEOUT is 60s live, 10s in git ",
        "Written by manager kubectl-set, not later than 2026-08-03T02:14:07Z.",
        "Git has never had 60s.",
        "Deploying this branch puts it back to 10s.",
        "deploy/production/api.yaml:21:18",
        "driftgate adopt --environment production --service api DB_TIMEOUT",
    ] {
        assert_eq!(text.matches(sentence).count(), 1, "{sentence}\n{text}");
    }
}

#[test]
fn evidence_is_told_without_a_message_too() {
    let mut report = sample::emergency_fix();
    let with = told(&report);
    for f in &mut report.findings {
        f.subject.message = Message::default();
    }
    assert_eq!(told(&report), with);
}

#[test]
fn what_a_message_adds_is_shown() {
    let mut report = sample::emergency_fix();
    let s = &mut report.findings[0].subject;
    s.message = std::mem::take(&mut s.message).and(" KEDA is about to change it too.");
    assert!(told(&report).contains("puts it back to 10s. KEDA is about to change it too."));
}

#[test]
fn equal_findings_are_one_and_verbose_lists_each() {
    let report = sample::audit_folded();
    let text = told(&report);
    let line = "DB_TIMEOUT 10s → 60s in 41 services × 2 environments";
    assert_eq!(text.matches(line).count(), 1, "{text}");
    assert_eq!(text.matches("error[drifted]").count(), 1);
    assert!(text.contains("fail: 82 errors, 1 warning, 0 infos"));
    let verbose = render(
        "text",
        &report,
        &Style {
            verbose: true,
            ..PLAIN
        },
    );
    assert_eq!(verbose.matches("error[drifted]").count(), 82);
}

#[test]
fn different_values_are_not_folded() {
    let mut report = sample::audit_folded();
    if let Some(live) = &mut report.findings[3].subject.live {
        live.value = Shown::Value("61s".into());
    }
    let text = told(&report);
    assert!(
        text.contains("DB_TIMEOUT 10s → 60s in 81 targets of 41 services and 2 environments"),
        "{text}"
    );
    assert!(text.contains("DB_TIMEOUT is 61s live, 10s in git"));
}

#[test]
fn secrets_have_one_image() {
    let text = told(&sample::sample());
    assert!(
        text.contains("SECRET differs; both sides are secret"),
        "{text}"
    );
    assert_eq!(
        message(&Message::words("is ").value(Shown::Redacted)),
        "is (secret)"
    );
}

#[test]
fn lines_fit_the_page_unless_a_word_does_not() {
    for report in [
        sample::audit_folded(),
        sample::incomplete(),
        sample::clean(),
        sample::pending_restart(),
    ] {
        for line in render("text", &report, &PLAIN).lines() {
            let copied = line.trim_start().starts_with("driftgate ")
                || line.trim_start().starts_with("kubectl ");
            assert!(copied || line.chars().count() <= 80, "{line}");
            assert!(!line.ends_with(' '), "`{line}`");
        }
    }
}

#[test]
fn a_closed_pipe_is_an_error_of_the_writer() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in FORMATS {
        let error = (format.write)(&sample::clean(), &PLAIN, &mut Closed).expect_err("closed");
        assert_eq!(
            error.kind(),
            std::io::ErrorKind::BrokenPipe,
            "{}",
            format.name
        );
    }
}

/// Puts `text` where somebody else's input stands.
fn with_hostile(text: &str) -> Report {
    let mut r = sample::sample();
    let shown = Shown::Value(text.into());
    r.head.name = text.into();
    r.head.id = Some(text.into());
    r.notes.push(
        Message::words("a note ")
            .name(text)
            .and(" ")
            .key(text)
            .and(" ")
            .value(shown.clone()),
    );
    for c in &mut r.coverage {
        c.from = text.into();
        c.layer = text.into();
    }
    for d in &mut r.deployed {
        d.environment = text.into();
        d.revision = Some(text.into());
    }
    for p in &mut r.problems {
        p.message = text.into();
        if let Some(s) = &mut p.snippet {
            s.line = text.into();
        }
    }
    let subjects = r.findings.iter_mut().map(|f| &mut f.subject);
    for (i, s) in subjects
        .chain(r.changes.iter_mut().map(|c| &mut c.subject))
        .enumerate()
    {
        if i % 2 == 0 {
            s.key = sample::setting(text);
            s.cause = s.cause.take().map(|_| text.into());
        }
        s.service = text.into();
        s.affects = vec![text.into()];
        s.explains = vec![text.into(); 6];
        s.message = std::mem::take(&mut s.message)
            .and(" More: ")
            .name(text)
            .and(".");
        for r in &mut s.resolve {
            r.argv.push(text.into());
        }
        for d in [&mut s.base, &mut s.desired, &mut s.deployed]
            .into_iter()
            .flatten()
        {
            d.value = shown.clone();
            d.commit = Some(sample::commit(text, text, "2026-08-02T16:00:00Z", text));
        }
        s.also_in = vec![text.into(); 4];
        for side in &mut s.sides {
            side.environment = text.into();
            side.layer = text.into();
            side.value = shown.clone();
            side.note = Some(Message::words("expected ").value(shown.clone()));
        }
        if let Some(live) = &mut s.live {
            live.value = Shown::Value(format!("{text}{i}\n{text}").into());
            live.field = Some(text.into());
        }
    }
    r
}

fn is_clean(text: &str) -> bool {
    !text.contains(|c: char| c != '\n' && crate::text::is_hidden(c))
}

/// The text without our own colours.
fn without_colour(text: &str) -> String {
    let paints = [
        Paint::Bold,
        Paint::Dim,
        Paint::Red,
        Paint::Green,
        Paint::Yellow,
        Paint::Cyan,
        Paint::BoldRed,
        Paint::BoldYellow,
        Paint::BoldCyan,
        Paint::BoldGreen,
    ];
    let sequences = paints.iter().map(|p| p.sequence()).chain([RESET]);
    sequences.fold(text.to_owned(), |t, s| t.replace(s, ""))
}

fn is_harmless(text: &str) {
    let report = with_hostile(text);
    for verbose in [false, true] {
        let plain = render("text", &report, &Style { verbose, ..PLAIN });
        assert!(is_clean(&plain), "{plain:?}");
        let color = render(
            "text",
            &report,
            &Style {
                verbose,
                color: true,
                ..PLAIN
            },
        );
        assert_eq!(without_colour(&color), plain, "colour adds colour only");
    }
    let json = render("json", &report, &PLAIN);
    assert!(is_clean(&json), "{json:?}");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["head_name"], text);
    assert_eq!(json["changes"][1]["service"], text);
}

#[test]
fn hostile_strings_stay_strings() {
    for text in [
        sample::HOSTILE,
        "",
        " ",
        "\n\n\n",
        "\u{1b}[0m",
        "{\"a\":1}",
        "\"\\\u{2028}",
        "a\u{e0041}\u{10ffff}",
    ] {
        is_harmless(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_string_acts_on_a_terminal(text in any::<String>()) {
        is_harmless(&text);
    }

    #[test]
    fn controls_neither(text in "[\u{0}-\u{9f}\u{200b}-\u{2069} ./'\"$]{0,40}") {
        is_harmless(&text);
    }
}

#[test]
fn same_report_same_bytes() {
    for format in FORMATS {
        let (a, b) = (sample::sample(), sample::sample());
        assert_eq!(
            render(format.name, &a, &PLAIN),
            render(format.name, &b, &PLAIN),
            "{}",
            format.name
        );
    }
}

#[test]
fn a_message_of_another_rule_is_never_replaced_by_our_words() {
    let mut report = sample::emergency_fix();
    report.findings = sample::pending_restart().findings;
    let f = &mut report.findings[0];
    f.subject.state = Some(crate::model::state::State::Drifted);
    let text = told(&report);
    assert!(
        text.contains("it still has the value from before Nothing in this change"),
        "{text}"
    );
    let mut other = report.findings[0].clone();
    other.subject.environment = "staging".into();
    other.subject.message = Message::words("staging has another reason.");
    report.findings.push(other);
    let text = told(&report);
    assert!(text.contains("staging has another reason"), "{text}");
}

#[test]
fn findings_go_under_their_cause_and_circles_end() {
    let mut report = sample::emergency_fix();
    assert!(told(&report).contains("in git, through DB_TIMEOUT"));
    report.findings[0].subject.cause = Some("DB_URL".into());
    let text = told(&report);
    assert_eq!(text.matches("error[drifted]").count(), 2, "{text}");
    report.findings.remove(0);
    assert_eq!(told(&report).matches("error[drifted]").count(), 1);
}

#[test]
fn older_differences_are_counted_in_review_and_listed_in_audit() {
    let mut report = sample::sample();
    report
        .findings
        .retain(|f| f.subject.key.to_string().starts_with("OLDER"));
    let text = told(&report);
    assert!(
        text.contains("6 older differences in objects that this change does not write"),
        "{text}"
    );
    assert!(!text.contains("OLDER_0"));
    report.occasion = crate::model::report::Occasion::Audit;
    assert!(told(&report).contains("OLDER_0 is 60s live"));
}

#[test]
fn a_marked_line_is_cut_around_its_mark() {
    let mut report = sample::incomplete();
    let line = format!("{}wrong{}", "x".repeat(300), "y".repeat(300));
    report.problems[0].snippet = Some(crate::model::problem::Snippet {
        line,
        before: 300,
        width: 5,
    });
    let text = render("text", &report, &PLAIN);
    let lines: Vec<&str> = text.lines().collect();
    let marks = lines
        .iter()
        .position(|l| l.ends_with("^^^^^"))
        .expect("marks");
    assert_eq!(
        lines[marks].find('^'),
        lines[marks - 1].find("wrong"),
        "{text}"
    );
    assert!(lines[marks - 1].len() <= 80);
}

#[test]
fn services_in_one_situation_are_one_line() {
    let mut report = sample::clean();
    report.deployed = ["api", "cart", "shop"]
        .map(|s| sample::deployed(s, "production"))
        .to_vec();
    assert!(told(&report).contains(" production runs 1a2b3c4 (flux); 2 commits behind "));
    report.deployed[1].revision = None;
    let text = told(&report);
    assert!(
        text.contains(" production: api, shop run 1a2b3c4 (flux)"),
        "{text}"
    );
    assert!(
        text.contains(" production: cart: what was deployed is not known"),
        "{text}"
    );
}

#[test]
fn a_note_shifts_no_row_of_the_plan() {
    let mut report = sample::only_changes();
    report.changes.truncate(1);
    let object = report.changes[0].subject.object.clone();
    let mut noted = report.changes[0].clone();
    noted.subject.key = sample::setting("POOL");
    noted.subject.object = object;
    noted.subject.hidden_by = Some("a layer with a long name of its own".into());
    report.changes.push(noted);
    let text = render("text", &report, &PLAIN);
    let rows: Vec<&str> = text.lines().filter(|l| l.contains("Deployment/")).collect();
    assert_eq!(rows.len(), 2, "{text}");
    assert_eq!(
        rows[0].find("Deployment/"),
        rows[1].find("Deployment/"),
        "{text}"
    );
    assert!(
        text.contains("\n        (hidden by layer a layer with a long name of its own)\n"),
        "{text}"
    );
}

#[test]
fn what_stands_in_for_what_was_deployed_is_named() {
    let mut report = sample::clean();
    report.base = None;
    report.deployed = vec![sample::deployed("api", "production")];
    report.deployed[0].revision = None;
    let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = report.head.name.clone();
    let text = flat(render("text", &report, &PLAIN));
    assert!(
        text.contains(&format!(
            "what was deployed is not known; {name} is assumed"
        )),
        "{text}"
    );
}
