//! Explanations that both formats are tested with: what people meet, and everything that one can
//! hold, hostile strings too.

use crate::{
    model::{
        entry::Origin,
        explanation::{
            Agreement, Asked, ExplainedKey, ExplainedSide, ExplainedTarget, ExplainedValue,
            Explanation, FindingShown, Gap, GapKind, PolicyShown, Standing,
        },
        finding::{Accepted, Certainty, Disposition, Message, Severity, WriterClass},
        observation::ItemId,
        path::KeyPath,
        report::RevisionShown,
        value::{Shown, Unread, UnreadCause},
    },
    render::sample::{BASE, HEAD, HOSTILE, by, commit, deployment, place, time, value},
};

pub(super) fn in_git(
    layer: &str,
    precedence: usize,
    name: &str,
    shown: &str,
    standing: Standing,
) -> ExplainedValue {
    let file = format!("config/{layer}.yaml");
    ExplainedValue {
        layer: layer.into(),
        precedence,
        name: name.into(),
        value: value(shown),
        standing,
        made_from: vec![],
        origin: Some(Origin {
            item: ItemId::Document((*file).into()),
            path: KeyPath::members(&["database", "pool_size"]),
            place: Some(place(&file, 3, 14)),
        }),
        commit: Some(commit(
            BASE,
            "Ada Lovelace",
            "2026-05-11T09:30:00Z",
            "Set the pool",
        )),
        written: None,
        seen_by: vec![],
        borrowed: false,
        asked: false,
    }
}

fn live(layer: &str, precedence: usize, shown: &str, standing: Standing) -> ExplainedValue {
    ExplainedValue {
        made_from: vec![],
        origin: Some(Origin {
            item: deployment("api").into(),
            path: KeyPath::members(&["spec", "env"]),
            place: None,
        }),
        commit: None,
        written: Some(by(
            "kubectl-set",
            WriterClass::Person,
            Certainty::NotLaterThan,
            Some("2026-08-03T02:14:07Z"),
        )),
        seen_by: vec!["Deployment/shop/api container api".into()],
        ..in_git(layer, precedence, "DATABASE_POOL_SIZE", shown, standing)
    }
}

fn target(environment: &str, git: ExplainedSide) -> ExplainedTarget {
    ExplainedTarget {
        service: "api".into(),
        environment: environment.into(),
        git,
        base: None,
        live: None,
        agreement: None,
        findings: vec![],
        policies: vec![],
    }
}

fn side(values: Vec<ExplainedValue>) -> ExplainedSide {
    ExplainedSide {
        values,
        ..ExplainedSide::default()
    }
}

fn explanation(keys: Vec<ExplainedKey>) -> Explanation {
    Explanation {
        asked: Asked::Key("database.pool_size".into()),
        base: None,
        head: RevisionShown {
            name: "HEAD".into(),
            id: Some(HEAD.into()),
        },
        notes: vec![],
        keys,
    }
}

fn stack() -> Vec<ExplainedValue> {
    vec![
        in_git("parameters", 3, "database.pool_size", "25", Standing::Wins),
        in_git("workload", 2, "DATABASE_POOL_SIZE", "15", Standing::Hidden),
        in_git("env", 1, "DATABASE_POOL_SIZE", "10", Standing::Hidden),
        in_git("defaults", 0, "database.pool_size", "20", Standing::Hidden),
    ]
}

fn key(answer: &'static str, targets: Vec<ExplainedTarget>) -> ExplainedKey {
    ExplainedKey {
        name: "database.pool_size".into(),
        answer: Message::words(answer),
        targets,
        not_in: vec![],
    }
}

/// File, environment, ConfigMap, parameters.
pub(super) fn sprawl() -> Explanation {
    explanation(vec![key(
        "database.pool_size is 25 in production: layer \"parameters\" wins",
        vec![target("production", side(stack()))],
    )])
}

/// Four environments: two alike, one whose live side differs, one that could not be read.
pub(super) fn environments() -> Explanation {
    let mut drifted = target("production-us", side(stack()));
    drifted.live = Some(side(vec![
        live("parameters", 3, "30", Standing::Wins),
        live("workload", 2, "99", Standing::Hidden),
        ExplainedValue {
            borrowed: true,
            ..in_git("defaults", 0, "database.pool_size", "20", Standing::Hidden)
        },
    ]));
    drifted.agreement = Some(Agreement::Differs);
    drifted.findings = vec![
        FindingShown {
            rule: "drifted",
            severity: Severity::Error,
            disposition: Disposition::Active,
            message: Message::words("production-us: database.pool_size is 30 live, 25 in git"),
            accepted: None,
        },
        FindingShown {
            rule: "parity-gap",
            severity: Severity::Warning,
            disposition: Disposition::Waived,
            message: Message::words("database.pool_size differs"),
            accepted: Some(Accepted {
                by: "waiver",
                reason: "load test".into(),
                owner: Some("team-checkout".into()),
                expires: Some(time("2026-12-01T23:59:59Z")),
                place: Some(place("driftgate.yaml", 31, 5)),
            }),
        },
    ];
    drifted.policies = vec![PolicyShown {
        entry: Accepted {
            by: "difference",
            reason: "the US is larger".into(),
            owner: None,
            expires: None,
            place: Some(place("driftgate.yaml", 40, 5)),
        },
        rule: None,
        expected: Some("25".into()),
    }];
    let mut unread = target("staging", side(stack()));
    let why = || {
        Unread::new(
            UnreadCause::Unreachable,
            "no connection to context staging.",
        )
    };
    unread.git.gaps = vec![
        Gap {
            layer: "ssm".into(),
            precedence: 4,
            why: GapKind::Unread(why()),
            may_win: true,
        },
        Gap {
            layer: "image".into(),
            precedence: 0,
            why: GapKind::Outside("defaults of the image".into()),
            may_win: false,
        },
        Gap {
            layer: "app".into(),
            precedence: 1,
            why: GapKind::Imports(vec!["vault://secret/app".into()]),
            may_win: false,
        },
    ];
    unread.git.unknown = Some(why());
    unread.live = Some(unread.git.clone());
    unread.agreement = Some(Agreement::Unknown(
        "no connection to context staging.".into(),
    ));
    let mut same = target("production-eu", side(stack()));
    same.live = Some(side(vec![ExplainedValue {
        value: value("25"),
        ..live("parameters", 3, "25", Standing::Wins)
    }]));
    same.agreement = Some(Agreement::Same);
    let mut alike = same.clone();
    alike.environment = "production-ap".into();
    let mut absent = target("test", ExplainedSide::default());
    absent.base = Some(side(stack()));
    let mut e = explanation(vec![key(
        "database.pool_size is 25 in production-ap, production-eu and production-us; unknown in \
         staging; absent in test",
        vec![alike, same, drifted, unread, absent],
    )]);
    e.keys[0].not_in = vec!["cart".into(), "web".into()];
    e.base = Some(RevisionShown {
        name: "origin/main".into(),
        id: Some(BASE.into()),
    });
    e
}

/// All kinds of values and standings, hostile strings everywhere.
pub(super) fn everything(hostile: &str) -> Explanation {
    let kinds = [
        (Shown::Redacted, Standing::Wins),
        (Shown::Value(hostile.into()), Standing::Wins),
        (Shown::Value(hostile.into()), Standing::Agrees),
        (Shown::Opaque("sops".into()), Standing::Hidden),
        (Shown::Value("null".into()), Standing::Removes),
        (Shown::Value("x".repeat(1204).into()), Standing::Hidden),
    ];
    let mut values = Vec::new();
    for (n, (shown, standing)) in kinds.into_iter().enumerate() {
        let mut v = in_git(hostile, 9 - n, hostile, "", standing);
        v.value = shown;
        v.seen_by = vec![hostile.into()];
        v.borrowed = n % 2 == 0;
        v.asked = n == 1;
        v.origin = Some(Origin {
            item: ItemId::Parameter(hostile.into()),
            path: KeyPath::members(&[hostile]),
            place: (n == 2).then(|| place(hostile, 3, 4)),
        });
        v.commit = Some(commit(OLD_ID, hostile, "2026-08-02T16:00:00Z", hostile));
        values.push(v);
    }
    let mut t = target(hostile, side(values));
    t.service = hostile.into();
    t.git.gaps = vec![
        Gap {
            layer: hostile.into(),
            precedence: 20,
            why: GapKind::Outside(hostile.into()),
            may_win: true,
        },
        Gap {
            layer: hostile.into(),
            precedence: 19,
            why: GapKind::Imports(vec![hostile.into(), hostile.into()]),
            may_win: true,
        },
    ];
    t.live = Some(t.git.clone());
    t.base = Some(t.git.clone());
    t.agreement = Some(Agreement::Unknown(hostile.into()));
    t.findings = vec![FindingShown {
        rule: "expired",
        severity: Severity::Info,
        disposition: Disposition::Ignored,
        message: Message::default().name(hostile).key(hostile),
        accepted: None,
    }];
    t.policies = vec![PolicyShown {
        entry: Accepted {
            by: "ignore",
            reason: hostile.into(),
            owner: Some(hostile.into()),
            expires: None,
            place: Some(place(hostile, 1, 1)),
        },
        rule: Some(hostile.into()),
        expected: Some(hostile.into()),
    }];
    let mut k = key("", vec![t]);
    k.answer = Message::words("a ").key(hostile).and(" b ").name(hostile);
    k.name = hostile.into();
    k.not_in = vec![hostile.into()];
    Explanation {
        asked: Asked::Line {
            file: hostile.into(),
            line: 3,
        },
        notes: vec![Message::default().name(hostile)],
        ..explanation(vec![k.clone(), k])
    }
}

const OLD_ID: &str = crate::render::sample::OLD;

/// The hostile sample.
pub(super) fn hostile() -> Explanation {
    everything(HOSTILE)
}
