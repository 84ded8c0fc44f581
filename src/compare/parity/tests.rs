use super::{testing::*, *};
use crate::model::{
    policy::{Pattern, Selector},
    value::Shown,
};
use std::collections::BTreeMap;

/// One side: environment, its further names, its settings, its fields.
struct Side {
    target: TargetId,
    names: Vec<Box<str>>,
    config: EffectiveConfig,
    fields: Vec<SurfaceField>,
}

fn side(environment: &str, names: &[&str], config: EffectiveConfig) -> Side {
    Side {
        target: target("api", environment),
        names: names
            .iter()
            .chain([&environment])
            .map(|n| Box::from(*n))
            .collect(),
        config,
        fields: vec![],
    }
}

fn run(sides: &[Side], differences: &[Difference]) -> Gaps {
    let sides: Vec<ParitySide<'_>> = sides
        .iter()
        .map(|s| ParitySide {
            target: &s.target,
            names: &s.names,
            config: &s.config,
            fields: &s.fields,
        })
        .collect();
    gaps(&sides, differences)
}

/// `KEY a | b | c`, with what is documented.
fn lines(gaps: &Gaps) -> Vec<String> {
    let show = |v: &GapValue| match &v.reading {
        Reading::Present(e) => match Shown::from(&e.value) {
            Shown::Value(t) => t.to_string(),
            Shown::Redacted => "<secret>".into(),
            Shown::Opaque(o) => format!("<{o}>"),
            _ => "?".into(),
        },
        Reading::Absent(_) => "-".into(),
        Reading::Unknown(_) => "?".into(),
    };
    gaps.gaps
        .iter()
        .map(|g| {
            let mut out = g.holder.as_ref().map_or(String::new(), |h| format!("{h} "));
            out += &g.key.to_string();
            if let Some(c) = &g.container {
                out += &format!(" in {c}");
            }
            let values: Vec<String> = g.values.iter().map(show).collect();
            out += &format!(": {}", values.join(" | "));
            if g.spelling_only {
                out += " (spelling)";
            }
            match &g.documented {
                Some(d) if d.unexpected.is_empty() => out += " (documented)",
                Some(d) => out += &format!(" (documented, unexpected {:?})", d.unexpected),
                None => {}
            }
            out
        })
        .collect()
}

fn two(a: &[(&str, &str)], b: &[(&str, &str)]) -> Gaps {
    run(
        &[
            side("eu", &["eu-west-1"], config(a)),
            side("us", &["us-east-1"], config(b)),
        ],
        &[],
    )
}

#[test]
fn what_differs_and_what_only_seems_to() {
    let found = two(
        &[
            ("DB_HOST", "db.eu-west-1.example.com"),
            ("LOG_LEVEL", "info"),
            ("POOL_SIZE", "10"),
            ("ONLY_HERE", "1"),
            ("NODE_ENV", "production"),
        ],
        &[
            ("DB_HOST", "db.us-east-1.example.com"),
            ("LOG_LEVEL", "info"),
            ("POOL_SIZE", "20"),
            ("NODE_ENV", "production"),
        ],
    );
    assert_eq!(lines(&found), ["ONLY_HERE: 1 | -", "POOL_SIZE: 10 | 20"]);
    assert_eq!((found.compared, found.by_names, found.unknown), (5, 1, 0));
    assert_eq!(found.gaps[1].groups, [vec![0], vec![1]]);
}

#[test]
fn three_of_four_agree() {
    let sides: Vec<Side> = ["a", "b", "c", "d"]
        .iter()
        .zip(["10", "10", "20", "10"])
        .map(|(e, v)| side(e, &[], config(&[("POOL_SIZE", v)])))
        .collect();
    let found = run(&sides, &[]);
    assert_eq!(found.gaps[0].groups, [vec![0, 1, 3], vec![2]]);
}

#[test]
fn names_pair_by_their_words_where_that_is_one_setting_only() {
    let found = two(&[("DB_HOST", "x")], &[("db.host", "x")]);
    assert_eq!(lines(&found), [""; 0]);
    let found = two(&[("DB_HOST", "x"), ("db.host", "y")], &[("DB_HOST", "x")]);
    assert_eq!(lines(&found), ["db.host: y | -"]);
}

#[test]
fn secrets_and_what_is_opaque_differ_by_presence_only() {
    let found = two(
        &[
            ("A", "<secret>"),
            ("B", "<opaque>"),
            ("C", "<symbol secret shop/api, key C>"),
            ("D", "<secret>"),
            ("E", "plain"),
        ],
        &[
            ("A", "<opaque>"),
            ("B", "text"),
            ("C", "<symbol secret shop/api-us, key C>"),
            ("E", "<secret>"),
        ],
    );
    assert_eq!(lines(&found), ["D: <secret> | -"]);
    assert_eq!(found.gaps[0].groups, [vec![0], vec![1]]);
    assert_eq!(found.opaque, 4);
}

#[test]
fn what_could_not_be_read_is_neither_equal_nor_different() {
    let sides = |third: EffectiveConfig| {
        [
            side("a", &[], config(&[("X", "1"), ("Y", "1")])),
            side("b", &[], config(&[("X", "1"), ("Y", "2")])),
            side("c", &[], third),
        ]
    };
    let found = run(&sides(unread(config(&[("X", "3")]))), &[]);
    assert_eq!(lines(&found), ["Y: 1 | 2 | ?"]);
    assert_eq!(found.unknown, 2);
    assert_eq!(found.unread.len(), 1);
    let found = run(&sides(config(&[("X", "3"), ("Y", "1")])), &[]);
    assert_eq!(lines(&found), ["X: 1 | 1 | 3", "Y: 1 | 2 | 1"]);
}

#[test]
fn lists_differ_item_by_item() {
    let found = two(
        &[(
            "servers",
            r#"[{"name":"eu-1","port":80},{"name":"eu-2","port":80}]"#,
        )],
        &[(
            "servers",
            r#"[{"name":"us-2","port":80},{"name":"us-1","port":81}]"#,
        )],
    );
    // Which server is which does not depend on the order, nor on the region in its name.
    assert_eq!(lines(&found), ["servers[eu-1].port: 80 | 81"]);
    let found = two(&[("l", r#"["a","b"]"#)], &[("l", r#"["b","a"]"#)]);
    assert_eq!(lines(&found), [r#"l: ["a","b"] | ["b","a"]"#]);
    let found = two(
        &[("s", r#"[{"name":"eu","x":1},{"name":"us","x":2}]"#)],
        &[("s", r#"[{"name":"us","x":2},{"name":"eu","x":1}]"#)],
    );
    assert_eq!(lines(&found), [""; 0], "both know both regions");
    let found = two(
        &[("s", r#"[{"name":"a","x":1}]"#)],
        &[("s", r#"[{"name":"a","x":1},{"name":"b","x":2}]"#)],
    );
    assert_eq!(lines(&found), [r#"s[b]: - | {"name":"b","x":2}"#]);
}

#[test]
fn containers_compare_with_their_like() {
    let found = run(
        &[
            side(
                "eu",
                &[],
                per_container(
                    "MODE",
                    &[
                        ("Deployment/shop/api-eu container app", "web"),
                        ("Deployment/shop/worker-eu container app", "queue"),
                    ],
                ),
            ),
            side(
                "us",
                &[],
                per_container(
                    "MODE",
                    &[
                        ("Deployment/shop-us/api-us container app", "web"),
                        ("Deployment/shop-us/worker-us container app", "batch"),
                    ],
                ),
            ),
        ],
        &[],
    );
    assert_eq!(
        lines(&found),
        ["MODE in Deployment/worker container app: queue | batch"]
    );
}

#[test]
fn spelling_is_told_apart() {
    let found = two(&[("A", "on "), ("B", "10")], &[("A", "on"), ("B", "10.0")]);
    assert_eq!(lines(&found), ["A: on  | on (spelling)", "B: 10 | 10.0"]);
    let found = run(
        &[
            side(
                "a",
                &[],
                typed(config(&[("T", "60s")]), "T", ValueType::Duration),
            ),
            side(
                "b",
                &[],
                typed(config(&[("T", "1m")]), "T", ValueType::Duration),
            ),
        ],
        &[],
    );
    assert_eq!(lines(&found), ["T: 60s | 1m (spelling)"]);
}

fn difference(selector: Selector, expected: &[(&str, &str)]) -> Difference {
    Difference {
        selector,
        reason: "each region has its own".into(),
        expected: (!expected.is_empty()).then(|| {
            expected
                .iter()
                .map(|(e, text)| (target("api", e), Box::from(*text)))
                .collect::<BTreeMap<_, _>>()
        }),
        place: None,
    }
}

fn key(pattern: &str) -> Selector {
    Selector {
        key: Some(Pattern::new(pattern)),
        ..Selector::default()
    }
}

#[test]
fn documented_differences_are_checked_not_skipped() {
    let sides = |eu: &str, us: &str| {
        [
            side("eu", &[], config(&[("DATABASE_HOST", eu), ("X", "1")])),
            side("us", &[], config(&[("DATABASE_HOST", us), ("X", "1")])),
        ]
    };
    let expected = [("eu", "db-1"), ("us", "db-2")];
    let all = [difference(key("database.host"), &expected)];
    let found = run(&sides("db-1", "db-2"), &all);
    assert_eq!(lines(&found), ["DATABASE_HOST: db-1 | db-2 (documented)"]);
    assert_eq!(found.used, [0]);
    let found = run(&sides("db-1", "db-3"), &all);
    assert_eq!(
        lines(&found),
        ["DATABASE_HOST: db-1 | db-3 (documented, unexpected [1])"]
    );
    // Equal, and not as declared.
    let found = run(&sides("db-1", "db-1"), &all);
    assert_eq!(
        lines(&found),
        ["DATABASE_HOST: db-1 | db-1 (documented, unexpected [1])"]
    );
    // What differs by own names only is declared all the same.
    let named = [("eu", "db.eu"), ("us", "db.us")];
    let found = run(
        &sides("db.eu", "db.us"),
        &[difference(key("database.host"), &named)],
    );
    assert_eq!(lines(&found), ["DATABASE_HOST: db.eu | db.us (documented)"]);
    assert_eq!(found.by_names, 0);
    // The first one counts, and nothing differs that the last one is about.
    let found = run(
        &sides("db-1", "db-9"),
        &[
            difference(key("DATABASE_*"), &[]),
            difference(key("database.host"), &expected),
            difference(key("X"), &[]),
        ],
    );
    assert_eq!(lines(&found), ["DATABASE_HOST: db-1 | db-9 (documented)"]);
    assert_eq!(found.used, [0]);
    let also = &found.gaps[0].documented.as_ref().expect("documented").also;
    assert_eq!(*also, [1]);
}

#[test]
fn fields_pair_without_own_names_and_a_missing_object_is_one_gap() {
    let mut eu = side("eu", &[], config(&[]));
    eu.fields = vec![
        field("Deployment/api", "Deployment/api-eu", "", "there"),
        field("Deployment/api", "Deployment/api-eu", "spec.replicas", "15"),
        field(
            "Deployment/api",
            "Deployment/api-eu",
            "spec.template.spec.containers[api].resources.limits",
            r#"{"memory":"4Gi","cpu":"500m"}"#,
        ),
    ];
    let mut us = side("us", &[], config(&[]));
    us.fields = vec![
        field("Deployment/api", "Deployment/api-us", "", "there"),
        field("Deployment/api", "Deployment/api-us", "spec.replicas", "10"),
        field(
            "Deployment/api",
            "Deployment/api-us",
            "spec.template.spec.containers[api].resources.limits",
            r#"{"memory":"2Gi","cpu":"0.5"}"#,
        ),
        field("CronJob/report", "CronJob/report", "", "there"),
        field(
            "CronJob/report",
            "CronJob/report",
            "spec.schedule",
            "0 1 * * *",
        ),
    ];
    let found = run(&[eu, us], &[]);
    assert_eq!(
        lines(&found),
        [
            "CronJob/report : - | there",
            "Deployment/api spec.replicas: 15 | 10",
            "Deployment/api spec.template.spec.containers[api].resources.limits.memory: 4Gi | 2Gi",
        ]
    );
}

#[test]
fn an_object_that_could_not_be_read_is_not_missing() {
    let hpa = "HorizontalPodAutoscaler/api";
    let (mut a, mut b) = (side("a", &[], config(&[])), side("b", &[], config(&[])));
    a.fields = vec![
        field(hpa, hpa, "", "there"),
        field(hpa, hpa, "spec.maxReplicas", "9"),
    ];
    b.fields = vec![SurfaceField {
        unread: Some(Unread::new(
            crate::model::value::UnreadCause::Forbidden,
            "forbidden",
        )),
        ..field(hpa, hpa, "", "<opaque>")
    }];
    let found = run(&[a, b], &[]);
    assert_eq!(lines(&found), [""; 0]);
    assert_eq!(found.unknown, 2);
}

#[test]
fn a_default_said_and_a_default_left_out_agree() {
    let with = |replicas: Option<&str>| {
        let mut one = side("a", &[], config(&[]));
        one.fields = vec![field("Deployment/api", "Deployment/api", "", "there")];
        if let Some(n) = replicas {
            one.fields.push(SurfaceField {
                is_default: n == "1",
                ..field("Deployment/api", "Deployment/api", "spec.replicas", n)
            });
        }
        one
    };
    assert_eq!(lines(&run(&[with(Some("1")), with(None)], &[])), [""; 0]);
    let found = run(&[with(Some("1")), with(Some("3")), with(None)], &[]);
    assert_eq!(found.gaps[0].groups, [vec![0, 2], vec![1]]);
    let found = run(&[with(Some("3")), with(None)], &[]);
    assert_eq!(lines(&found), ["Deployment/api spec.replicas: 3 | -"]);
}

/// Between two environments of a real repository 67 variables differ, and own names explain 25.
#[test]
fn noise_of_a_real_size() {
    let mut a: Vec<(String, String)> = vec![];
    let mut b = vec![];
    for i in 0..25 {
        a.push((
            format!("URL_{i:02}"),
            format!("https://s{i}.staging.example.com"),
        ));
        b.push((
            format!("URL_{i:02}"),
            format!("https://s{i}.production.example.com"),
        ));
    }
    for i in 0..42 {
        a.push((format!("SIZE_{i:02}"), format!("{i}")));
        b.push((format!("SIZE_{i:02}"), format!("{}", i + 1)));
    }
    for i in 0..400 {
        a.push((format!("SAME_{i:03}"), "same".into()));
        b.push((format!("SAME_{i:03}"), "same".into()));
    }
    let pairs = |all: &'_ [(String, String)]| -> EffectiveConfig {
        let all: Vec<(&str, &str)> = all.iter().map(|(k, v)| (&**k, &**v)).collect();
        config(&all)
    };
    let found = run(
        &[
            side("staging", &[], pairs(&a)),
            side("production", &[], pairs(&b)),
        ],
        &[difference(key("SIZE_*"), &[])],
    );
    assert_eq!((found.compared, found.by_names), (467, 25));
    assert_eq!(found.gaps.len(), 42);
    assert!(found.gaps.iter().all(Gap::is_accepted));
}
