//! Reports that all formats are tested with: the shared sample, with everything in it that a
//! report can hold, and the stories that people meet.

use crate::model::{
    entry::EntryKey,
    finding::{
        Accepted, Certainty, Change, CommitShown, DesiredShown, Disposition, Finding, InGit,
        LiveShown, Message, Needs, Resolution, Rule, Severity, SideShown, Subject, Writer,
        WriterClass, Written,
    },
    observation::{ItemId, ObjectId, WriterKind},
    path::KeyPath,
    place::{Exactness, Place},
    problem::{Problem, Snippet},
    report::{
        Coverage, CoverageStatus, Deployed, NotEvaluated, Occasion, Report, RevisionShown,
        SideName, Verdict,
    },
    state::State,
    time::Timestamp,
    tree::Span,
    value::{Shown, Unread, UnreadCause},
};
use std::sync::Arc;

pub(crate) const BASE: &str = "3f2e1d0c9b8a79685746352413029f8e7d6c5b4a";
pub(crate) const HEAD: &str = "9c8b7a6958473625140312f2e1d0cfbe5d6c7b8a";
pub(crate) const OLD: &str = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
/// What somebody else's input may look like.
pub(crate) const HOSTILE: &str = "\u{1b}[2J\u{9b}31m##[add-mask]`$(touch x)`</script>|\u{202e}\u{2066}\u{2028}\r\n\t@everyone ::error::\u{0}";

const fn rule(id: &'static str, summary: &'static str) -> Rule {
    Rule {
        id,
        summary,
        needs: Needs::OneTarget,
    }
}

static DRIFTED: Rule = rule("drifted", "live was changed outside git");
static CONFLICTING: Rule = rule("conflicting", "this change edits what live changed too");
static UNMANAGED: Rule = rule("unmanaged", "live only");
static MISSING: Rule = rule("missing", "in git, and not live");
static RESTART: Rule = rule(
    "pending-restart",
    "the running process still has the old value",
);
static PARITY_GAP: Rule = rule("parity-gap", "environments differ where they should not");
static DUPLICATE: Rule = rule(
    "duplicate-definition",
    "layers of different owners define one setting",
);
static REDUCED: Rule = rule(
    "coverage-reduced",
    "the change takes something out of the gate's sight",
);

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(crate) fn value(text: &str) -> Shown {
    Shown::Value(text.into())
}

pub(crate) fn commit(id: &str, author: &str, at: &str, summary: &str) -> CommitShown {
    CommitShown {
        id: id.into(),
        author: author.into(),
        time: time(at),
        summary: summary.into(),
    }
}

fn ada() -> CommitShown {
    commit(
        BASE,
        "Ada Lovelace",
        "2026-05-11T09:30:00Z",
        "Set a timeout",
    )
}

pub(crate) fn place(file: &str, line: u32, column: u32) -> Place {
    let span = Span {
        line,
        column,
        start: 400,
        end: 403,
    };
    Place::exact(file.into(), Some(span))
}

pub(crate) fn git(shown: Shown, file: &str, line: u32) -> DesiredShown {
    DesiredShown {
        value: shown,
        place: Some(place(file, line, 18)),
        commit: Some(ada()),
    }
}

pub(crate) fn by(
    name: &str,
    class: WriterClass,
    certainty: Certainty,
    at: Option<&str>,
) -> Written {
    Written {
        writers: vec![Writer {
            name: name.into(),
            kind: WriterKind::UpdateManager,
            class,
        }],
        not_later_than: at.map(time),
        not_earlier_than: None,
        certainty,
    }
}

fn nobody(certainty: Certainty) -> Written {
    Written {
        writers: Vec::new(),
        not_later_than: None,
        not_earlier_than: None,
        certainty,
    }
}

pub(crate) fn deployment(name: &str) -> ObjectId {
    ObjectId::new("apps", "Deployment", Some("shop"), name)
}

fn object_of(name: &str) -> ItemId {
    deployment(name).into()
}

fn env_field(key: &str) -> Box<str> {
    format!("spec.template.spec.containers[api].env[{key}].value").into()
}

pub(crate) fn live(
    shown: Shown,
    field: &str,
    written: Option<Written>,
    in_git: Option<InGit>,
) -> LiveShown {
    LiveShown {
        value: shown,
        object: Some(object_of("api")),
        field: Some(field.into()),
        written,
        in_git,
    }
}

pub(crate) fn setting(key: &str) -> EntryKey {
    EntryKey::Setting(key.into())
}

fn field(path: &[&str]) -> EntryKey {
    EntryKey::Field(KeyPath::members(path))
}

pub(crate) fn subject(state: Option<State>, key: EntryKey, message: Message) -> Subject {
    Subject {
        state,
        object: Some(object_of("api")),
        message,
        written_by_change: true,
        ..Subject::new("api".into(), "production".into(), "workload".into(), key)
    }
}

pub(crate) fn finding(rule: &'static Rule, severity: Severity, subject: Subject) -> Finding {
    Finding::new(rule, severity, subject)
}

pub(crate) fn coverage(service: &str, environment: &str, side: SideName) -> Coverage {
    let (source, from) = match side {
        SideName::Desired => ("kustomize", format!("deploy/overlays/{environment}")),
        SideName::Live => ("kubernetes", "context prod, namespace shop".to_owned()),
    };
    Coverage {
        service: service.into(),
        environment: environment.into(),
        layer: "workload".into(),
        side,
        source,
        from: from.into(),
        status: CoverageStatus::Read,
        is_settings: false,
        objects: 5,
        entries: if side == SideName::Live { 42 } else { 0 },
        opaque: if side == SideName::Live { 3 } else { 0 },
        taken: None,
        without: Vec::new(),
    }
}

pub(crate) fn deployed(service: &str, environment: &str) -> Deployed {
    Deployed {
        service: service.into(),
        environment: environment.into(),
        revision: Some(OLD.into()),
        how: "flux",
        warnings: Vec::new(),
        commits: vec![
            commit(
                HEAD,
                "Grace Hopper",
                "2026-08-02T16:00:00Z",
                "Raise the pool for the sale",
            ),
            commit(
                BASE,
                "Ada Lovelace",
                "2026-05-11T09:30:00Z",
                "Set a timeout",
            ),
        ],
    }
}

pub(crate) fn report(occasion: Occasion) -> Report {
    let revision = |name: &str, id: &str| RevisionShown {
        name: name.into(),
        id: Some(id.into()),
    };
    Report {
        verdict: Verdict::Pass,
        occasion,
        base: (occasion != Occasion::Audit).then(|| revision("origin/main", BASE)),
        head: revision("HEAD", HEAD),
        notes: Vec::new(),
        coverage: vec![
            coverage("api", "production", SideName::Desired),
            coverage("api", "production", SideName::Live),
        ],
        deployed: Vec::new(),
        problems: Vec::new(),
        findings: Vec::new(),
        changes: Vec::new(),
        not_evaluated: Vec::new(),
    }
}

fn adopt(key: &str, environment: &str, service: &str) -> Resolution {
    Resolution {
        why: "take the live value into git".into(),
        argv: [
            "driftgate",
            "adopt",
            "--environment",
            environment,
            "--service",
            service,
            key,
        ]
        .map(Into::into)
        .to_vec(),
    }
}

/// A subject as the state rules make it: all that the evidence says in one message.
fn emergency_subject(service: &str, environment: &str, at: &str) -> Subject {
    let file: Arc<str> = format!("deploy/{environment}/{service}.yaml").into();
    let key = "DB_TIMEOUT";
    let message = Message::default()
        .name(environment)
        .and(": ")
        .key(key)
        .and(" is ")
        .value(value("60s"))
        .and(" live, ")
        .value(value("10s"))
        .and(" in git. Written by manager ")
        .name("kubectl-set")
        .and(", not later than ")
        .time(time(at))
        .and(". Git has never had ")
        .value(value("60s"))
        .and(". Deploying this branch puts it back to ")
        .value(value("10s"))
        .and(".");
    let written = by(
        "kubectl-set",
        WriterClass::Person,
        Certainty::NotLaterThan,
        Some(at),
    );
    let object = deployment(service);
    Subject {
        service: service.into(),
        environment: environment.into(),
        affects: vec![format!("{object} container api").into()],
        desired: Some(DesiredShown {
            value: value("10s"),
            place: Some(place(&file, 21, 18)),
            commit: Some(ada()),
        }),
        live: Some(LiveShown {
            object: Some(object.clone().into()),
            ..live(
                value("60s"),
                &env_field(key),
                Some(written),
                Some(InGit::Never),
            )
        }),
        object: Some(object.into()),
        resolve: vec![adopt(key, environment, service)],
        ..subject(Some(State::Drifted), setting(key), message)
    }
}

/// 2 AM, `kubectl set env`; the branch writes the same object.
pub(crate) fn emergency_fix() -> Report {
    let mut subject = emergency_subject("api", "production", "2026-08-03T02:14:07Z");
    subject.resolve.push(Resolution {
        why: "or put the value of git back".into(),
        argv: [
            "kubectl",
            "--context",
            "prod",
            "-n",
            "shop",
            "set",
            "env",
            "deployment/api",
            "DB_TIMEOUT-",
        ]
        .map(Into::into)
        .to_vec(),
    });
    let mut url = subject.clone();
    url.key = setting("DB_URL");
    url.cause = Some("DB_TIMEOUT".into());
    url.resolve.clear();
    if let (Some(git), Some(live)) = (&mut url.desired, &mut url.live) {
        git.value =
            value("postgres://db.prod.example.com/shop?connect_timeout=10s&sslmode=verify-full");
        live.value =
            value("postgres://db.prod.example.com/shop?connect_timeout=60s&sslmode=verify-full");
    }
    let mut pool = subject.clone();
    pool.state = Some(State::Pending);
    pool.key = setting("DB_POOL");
    pool.base = Some(git(value("10"), "deploy/production/api.yaml", 23));
    pool.desired = Some(git(value("20"), "deploy/production/api.yaml", 23));
    pool.live = Some(live(value("10"), &env_field("DB_POOL"), None, None));
    Report {
        verdict: Verdict::Fail,
        deployed: vec![deployed("api", "production")],
        findings: vec![
            finding(&DRIFTED, Severity::Error, subject),
            finding(&DRIFTED, Severity::Error, url),
        ],
        changes: vec![Change { subject: pool }],
        ..report(Occasion::Review)
    }
}

/// One `kubectl set env` in 41 services of two environments.
pub(crate) fn audit_folded() -> Report {
    let mut r = Report {
        verdict: Verdict::Fail,
        coverage: Vec::new(),
        ..report(Occasion::Audit)
    };
    for environment in ["production-eu", "production-us"] {
        for n in 1..=41 {
            let service = format!("shop-{n:02}");
            for side in [SideName::Desired, SideName::Live] {
                r.coverage.push(coverage(&service, environment, side));
            }
            let at = format!("2026-08-03T02:{n:02}:07Z");
            r.findings.push(finding(
                &DRIFTED,
                Severity::Error,
                emergency_subject(&service, environment, &at),
            ));
        }
    }
    let mut replicas = subject(
        Some(State::Drifted),
        field(&["spec", "replicas"]),
        Message::default(),
    );
    replicas.environment = "production-eu".into();
    replicas.service = "shop-07".into();
    replicas.object = Some(object_of("shop-07"));
    replicas.desired = Some(git(value("3"), "deploy/production-eu/shop-07.yaml", 8));
    replicas.live = Some(LiveShown {
        object: replicas.object.clone(),
        ..live(
            value("12"),
            "spec.replicas",
            Some(by(
                "kube-controller-manager",
                WriterClass::Controller,
                Certainty::NoTime,
                None,
            )),
            Some(InGit::NotInLast(500)),
        )
    });
    r.findings
        .push(finding(&DRIFTED, Severity::Warning, replicas));
    r
}

/// The token of one cluster has expired, a namespace may not be listed, a file is broken.
pub(crate) fn incomplete() -> Report {
    let mut r = report(Occasion::Review);
    r.verdict = Verdict::Incomplete;
    r.coverage[1].status = CoverageStatus::Failed(Unread::new(
        UnreadCause::Unauthenticated,
        "the API server of context prod refused the credentials (401): the token has expired. \
         Log in again, for example with `aws eks update-kubeconfig --name prod`, or give a token \
         with KUBECONFIG.",
    ));
    let mut staging = coverage("api", "staging", SideName::Live);
    staging.status = CoverageStatus::Partial(Unread::new(
        UnreadCause::Forbidden,
        "listing configmaps in namespace shop is forbidden (403): `driftgate doctor --rbac` \
         prints the Role that is missing.",
    ));
    r.coverage
        .push(coverage("api", "staging", SideName::Desired));
    r.coverage.push(staging);
    r.problems = vec![
        Problem {
            place: Some(place("driftgate.yaml", 12, 3)),
            message: "unknown field `enviroments`".into(),
            hint: Some("did you mean `environments`?".into()),
            snippet: Some(Snippet {
                line: "  enviroments: [staging]".into(),
                before: 2,
                width: 11,
            }),
            blocks: true,
        },
        Problem::new(
            Some(place("deploy/overlays/staging/values.yaml", 7, 1)),
            "the key `replicas` is written twice; the later one wins",
        )
        .harmless(),
    ];
    r
}

/// Everything was read, nothing differs; most targets are not written by the change.
pub(crate) fn clean() -> Report {
    let mut r = report(Occasion::Review);
    for n in 0..57 {
        r.coverage.push(Coverage {
            status: CoverageStatus::NotInScope,
            ..coverage(&format!("other-{n}"), "production", SideName::Live)
        });
    }
    r
}

/// A ConfigMap was changed after the container started.
pub(crate) fn pending_restart() -> Report {
    let message = Message::default()
        .name("production")
        .and(": ")
        .key("LOG_LEVEL")
        .and(" became ")
        .value(value("info"))
        .and(" at ")
        .time(time("2026-08-03T02:14:07Z"))
        .and(", and container api has run since ")
        .time(time("2026-08-01T10:00:00Z"))
        .and(": it still has the value from before. Nothing in this change rolls it out.");
    let mut s = subject(None, setting("LOG_LEVEL"), message);
    s.desired = Some(git(value("info"), "deploy/production/config.yaml", 6));
    s.live = Some(LiveShown {
        object: Some(ObjectId::new("", "ConfigMap", Some("shop"), "api-config").into()),
        ..live(value("info"), "data.LOG_LEVEL", None, None)
    });
    s.affects = vec![
        "Deployment/shop/api container api".into(),
        "Deployment/shop/api-worker container worker".into(),
    ];
    s.resolve = vec![Resolution {
        why: "restart the containers".into(),
        argv: [
            "kubectl",
            "--context",
            "prod",
            "-n",
            "shop",
            "rollout",
            "restart",
            "deployment/api",
        ]
        .map(Into::into)
        .to_vec(),
    }];
    Report {
        findings: vec![finding(&RESTART, Severity::Info, s)],
        ..report(Occasion::Review)
    }
}

/// An object that git has was deleted from the cluster; another is there without git.
pub(crate) fn missing_object() -> Report {
    let worker = deployment("api-worker");
    let mut gone = subject(Some(State::Missing), EntryKey::Object, Message::default());
    gone.object = Some(worker.into());
    gone.desired = Some(DesiredShown {
        value: value("Deployment"),
        place: Some(Place {
            exact: Exactness::Approximate("origin annotation"),
            ..place("deploy/base/worker.yaml", 1, 1)
        }),
        commit: Some(ada()),
    });
    gone.live = Some(LiveShown {
        value: Shown::Absent,
        object: None,
        field: None,
        written: Some(nobody(Certainty::Removal)),
        in_git: None,
    });
    gone.resolve = vec![Resolution {
        why: "remove it from deploy/base/worker.yaml, or deploy to create it again".into(),
        argv: Vec::new(),
    }];
    let mut extra = subject(
        Some(State::Unmanaged),
        EntryKey::Object,
        Message::default()
            .name("production")
            .and(": ")
            .name("ConfigMap/shop/api-hotfix")
            .and(" is live, and not in git. Applying keeps it, unless the deployer prunes."),
    );
    extra.object = Some(ObjectId::new("", "ConfigMap", Some("shop"), "api-hotfix").into());
    extra.live = Some(LiveShown {
        value: value("ConfigMap"),
        object: extra.object.clone(),
        field: None,
        written: Some(by(
            "kubectl-create",
            WriterClass::Person,
            Certainty::Exact,
            Some("2026-08-03T02:20:00Z"),
        )),
        in_git: Some(InGit::Last(ada())),
    });
    Report {
        verdict: Verdict::Fail,
        findings: vec![
            finding(&MISSING, Severity::Error, gone),
            finding(&UNMANAGED, Severity::Error, extra),
        ],
        ..report(Occasion::Audit)
    }
}

fn change(state: State, key: EntryKey, before: Shown, after: Shown) -> Change {
    let mut s = subject(Some(state), key, Message::default());
    s.base = Some(git(before.clone(), "deploy/production/api.yaml", 21));
    s.desired = Some(git(after, "deploy/production/api.yaml", 21));
    s.live = Some(live(before, "spec", None, None));
    Change { subject: s }
}

/// Nothing wrong, much to do.
pub(crate) fn only_changes() -> Report {
    let mut r = report(Occasion::Review);
    r.deployed = vec![deployed("api", "production")];
    let limits = [
        "spec",
        "template",
        "spec",
        "containers",
        "resources",
        "limits",
        "memory",
    ];
    r.changes = vec![
        change(State::Pending, setting("DB_POOL"), value("10"), value("20")),
        change(
            State::Pending,
            setting("FEATURE_X"),
            Shown::Absent,
            value("true"),
        ),
        change(
            State::Pending,
            setting("OLD_FLAG"),
            value("off"),
            Shown::Absent,
        ),
        change(
            State::Pending,
            setting("DB_PASSWORD"),
            Shown::Redacted,
            Shown::Redacted,
        ),
        change(State::Pending, field(&limits), value("512Mi"), value("1Gi")),
        change(
            State::Pending,
            setting("application.yml"),
            value("server:\n  port: 8080\npool:\n  size: 10\n"),
            value("server:\n  port: 8080\npool:\n  size: 20\n  wait: 5s\n"),
        ),
        change(
            State::Behind,
            setting("LOG_LEVEL"),
            value("debug"),
            value("info"),
        ),
        change(
            State::Adopted,
            setting("DB_TIMEOUT"),
            value("10s"),
            value("60s"),
        ),
    ];
    for service in ["api", "cart"] {
        for environment in ["production", "staging"] {
            let mut all = change(State::Pending, setting("REGION"), value("us"), value("eu"));
            all.subject.service = service.into();
            all.subject.environment = environment.into();
            r.changes.push(all);
        }
    }
    let mut object = change(
        State::Pending,
        EntryKey::Object,
        Shown::Absent,
        value("Deployment"),
    );
    object.subject.object = Some(object_of("api-worker"));
    r.changes.push(object);
    r
}

/// The shared sample: all dispositions, severities, states, kinds of values and evidence, and
/// hostile strings.
pub(crate) fn sample() -> Report {
    let mut r = only_changes();
    let base = incomplete();
    r.verdict = Verdict::Incomplete;
    r.coverage = base.coverage;
    r.coverage.extend(clean().coverage.into_iter().skip(2));
    r.coverage.push(Coverage {
        source: "snapshot",
        from: "snapshots/production-eu.jsonl".into(),
        taken: Some(time("2026-08-02T00:00:00Z")),
        without: vec![
            "replicasets (403): no evidence for removals".into(),
            HOSTILE.into(),
        ],
        ..coverage(HOSTILE, "production-eu", SideName::Live)
    });
    r.problems = base.problems;
    r.problems.push(Problem {
        snippet: Some(Snippet {
            line: HOSTILE.into(),
            before: 3,
            width: 5,
        }),
        ..Problem::new(Some(place(HOSTILE, 3, 4)), HOSTILE).hint(HOSTILE)
    });
    r.notes = vec![
        Message::words("the work tree differs from HEAD: ")
            .count(3)
            .and(" files"),
        Message::words("hostile: ")
            .name(HOSTILE)
            .and(" ")
            .key(HOSTILE)
            .and(" ")
            .value(value(HOSTILE)),
    ];
    r.deployed.push(Deployed {
        revision: None,
        how: "assumed base",
        warnings: vec![
            Message::words("the Kustomization is suspended since ")
                .time(time("2026-07-01T00:00:00Z")),
        ],
        commits: vec![commit(HEAD, HOSTILE, "2026-08-02T16:00:00Z", HOSTILE)],
        ..deployed("cart", HOSTILE)
    });
    r.findings = emergency_fix().findings;
    r.findings.extend(pending_restart().findings);
    r.findings.extend(missing_object().findings);
    r.findings.extend(values());
    r.findings.extend(evidence());
    r.findings.extend(policies());
    r.findings.extend(between());
    r.not_evaluated = not_evaluated();
    r.not_evaluated.push(NotEvaluated {
        rule: "expired",
        why: HOSTILE.into(),
    });
    r
}

fn not_evaluated() -> Vec<NotEvaluated> {
    ["difference-unused", "waiver-unused"]
        .map(|rule| NotEvaluated {
            rule,
            why: "the run covers one environment only".into(),
        })
        .to_vec()
}

/// Git's value in one environment.
pub(crate) fn side(environment: &str, layer: &str, shown: Shown, line: u32) -> SideShown {
    SideShown {
        environment: environment.into(),
        layer: layer.into(),
        side: SideName::Desired,
        value: shown,
        place: Some(place(&format!("params/{environment}.yaml"), line, 12)),
        made_from: vec![],
        object: None,
        path: KeyPath::default(),
        commit: Some(ada()),
        written: None,
        note: None,
    }
}

fn live_side(environment: &str, layer: &str, shown: Shown) -> SideShown {
    SideShown {
        side: SideName::Live,
        place: None,
        object: Some(object_of("api")),
        path: KeyPath::default(),
        commit: None,
        written: Some(by(
            "kubectl-edit",
            WriterClass::Person,
            Certainty::NotLaterThan,
            Some("2026-08-03T02:14:07Z"),
        )),
        ..side(environment, layer, shown, 1)
    }
}

/// Environments that should agree, layers that define one setting twice, holders that are no
/// objects, and what accepted findings.
pub(crate) fn parity() -> Report {
    let message = Message::default()
        .key("pool.size")
        .and(" is ")
        .value(value("10"))
        .and(" in production-eu, ")
        .value(value("20"))
        .and(" in production-us. 2 of 3 agree.");
    let mut gap = subject(None, setting("pool.size"), message);
    gap.environment = "production-eu".into();
    gap.layer = "params".into();
    gap.object = None;
    gap.sides = vec![
        side("production-eu", "params", value("10"), 3),
        side("production-us", "params", value("20"), 3),
        live_side("production-us", "workload", value("25")),
        side("production-ap", "params", value("20"), 4),
    ];
    gap.sides[0].note = Some(Message::words("expected ").value(value("20")));
    gap.also_in = ["cart", "web", "mail", "search", "stock"]
        .map(Into::into)
        .to_vec();
    let mut twice = subject(
        None,
        setting("pool.size"),
        Message::default()
            .name("production")
            .and(": ")
            .key("pool.size")
            .and(" is defined in 2 layers with different values. The highest one wins."),
    );
    twice.object = None;
    twice.sides = vec![
        side("production", "params", value("25"), 3),
        side("production", "defaults", value("15"), 9),
    ];
    twice.sides[0].note = Some(Message::words("wins"));
    twice.sides[1].note = Some(Message::words("hidden"));
    let mut elsewhere = twice.clone();
    elsewhere.environment = "staging".into();
    for side in &mut elsewhere.sides {
        side.environment = "staging".into();
    }
    elsewhere.message.0[0] = crate::model::finding::Piece::Name("staging".into());
    let mut all = vec![
        finding(&PARITY_GAP, Severity::Warning, gap),
        finding(&DUPLICATE, Severity::Info, twice),
        finding(&DUPLICATE, Severity::Info, elsewhere),
    ];
    all.extend(holders());
    Report {
        findings: all,
        not_evaluated: not_evaluated(),
        ..report(Occasion::Audit)
    }
}

/// A file and parameters that hold settings, as live and in git.
fn holders() -> Vec<Finding> {
    let mut file = emergency_subject("api", "production", "2026-08-03T02:14:07Z");
    file.key = setting("pool.max");
    file.layer = "file".into();
    file.object = Some(ItemId::Document("/etc/api/production.yml".into()));
    file.affects.clear();
    file.resolve.clear();
    let mut parameter = file.clone();
    parameter.key = setting("DB_HOST");
    parameter.layer = "ssm".into();
    parameter.object = Some(ItemId::Parameter("/production/api/DB_HOST".into()));
    let mut variable = parameter.clone();
    variable.key = setting("DB_PORT");
    variable.object = Some(ItemId::Parameter("DB_PORT".into()));
    [file, parameter, variable]
        .into_iter()
        .map(|mut s| {
            s.message = Message::default();
            if let Some(live) = &mut s.live {
                live.object = s.object.clone();
                live.field = None;
                live.in_git = None;
            }
            finding(&DRIFTED, Severity::Error, s)
        })
        .collect()
}

/// The findings of [`parity`] and all kinds of values in sides, hostile ones too.
fn between() -> Vec<Finding> {
    let mut all = parity().findings;
    let kinds = [
        Shown::Absent,
        Shown::Redacted,
        Shown::Opaque("sops".into()),
        Shown::Unknown("the Secret may not be read".into()),
        value(""),
        value(&"x".repeat(1204)),
        value("a: 1\nb: 2\n"),
        value(HOSTILE),
    ];
    let mut s = subject(None, setting(HOSTILE), Message::default());
    s.also_in = vec![HOSTILE.into()];
    for (n, shown) in kinds.into_iter().enumerate() {
        s.sides
            .push(side(&format!("production-{n}"), "params", shown, 7));
    }
    let mut hostile = live_side(HOSTILE, HOSTILE, value(HOSTILE));
    hostile.place = Some(place(HOSTILE, 3, 4));
    hostile.note = Some(Message::words("expected ").value(value(HOSTILE)));
    s.sides.push(hostile);
    all.push(finding(&PARITY_GAP, Severity::Warning, s));
    all
}

/// Kinds of values.
fn values() -> Vec<Finding> {
    let file = |n: u32| {
        let lines: Vec<String> = (0..40)
            .map(|i| format!("key-{i}: {}", if i % 4 == 0 { n } else { i }))
            .collect();
        value(&lines.join("\n"))
    };
    let mut all = Vec::new();
    let pairs = [
        ("FILE", file(100), file(200)),
        ("SECRET", Shown::Redacted, Shown::Redacted),
        ("SEALED", Shown::Opaque("sops".into()), value("plain")),
        (
            "LONG",
            value(&"x".repeat(1204)),
            value(&format!("{}y", "x".repeat(1203))),
        ),
        ("EMPTY", value(""), value(" ")),
        (
            "UNREAD",
            Shown::Unknown("the Secret may not be read".into()),
            value("1"),
        ),
        (HOSTILE, value(HOSTILE), value(&format!("{HOSTILE}!"))),
    ];
    for (key, git_value, live_value) in pairs {
        let mut s = subject(Some(State::Drifted), setting(key), Message::default());
        s.desired = Some(git(git_value, "deploy/production/api.yaml", 30));
        s.live = Some(live(live_value, &env_field(key), None, None));
        s.affects = vec![HOSTILE.into()];
        s.explains = vec!["ConfigMap/shop/api-config data.FILE".into()];
        s.resolve = vec![adopt(key, "production", "api")];
        all.push(finding(&DRIFTED, Severity::Error, s));
    }
    let mut three = subject(
        Some(State::Conflicting),
        setting("THREE"),
        Message::default(),
    );
    three.base = Some(git(value("10"), "deploy/production/api.yaml", 31));
    three.desired = Some(git(value("20"), "deploy/production/api.yaml", 31));
    three.deployed = Some(git(value("5"), "deploy/production/api.yaml", 30));
    three.live = Some(live(
        value("60"),
        &env_field("THREE"),
        None,
        Some(InGit::Last(ada())),
    ));
    all.push(finding(&CONFLICTING, Severity::Error, three));
    let mut reused = subject(
        Some(State::Conflicting),
        setting("REUSED"),
        Message::default(),
    );
    reused.base = Some(DesiredShown {
        value: Shown::Absent,
        place: None,
        commit: None,
    });
    reused.desired = Some(git(value("off"), "deploy/production/api.yaml", 33));
    reused.live = Some(live(
        value("on"),
        &env_field("REUSED"),
        None,
        Some(InGit::Never),
    ));
    all.push(finding(&CONFLICTING, Severity::Error, reused));
    all
}

/// Kinds of evidence.
fn evidence() -> Vec<Finding> {
    let unattributed = Written {
        not_earlier_than: Some(time("2026-08-01T00:00:00Z")),
        ..by(
            "before-first-apply",
            WriterClass::Other,
            Certainty::Unattributed,
            Some("2026-08-02T00:00:00Z"),
        )
    };
    let hostile = Written {
        writers: vec![
            Writer {
                name: HOSTILE.into(),
                kind: WriterKind::Person,
                class: WriterClass::Person,
            },
            Writer {
                name: "flux".into(),
                kind: WriterKind::ApplyManager,
                class: WriterClass::Deployer,
            },
            Writer {
                name: "role/x".into(),
                kind: WriterKind::Principal,
                class: WriterClass::Other,
            },
        ],
        ..by(
            "",
            WriterClass::Other,
            Certainty::Exact,
            Some("2026-08-02T00:00:00Z"),
        )
    };
    let kinds = [
        ("A", nobody(Certainty::Removal), Shown::Absent, InGit::Never),
        (
            "B",
            nobody(Certainty::Unattributed),
            value("1"),
            InGit::NotInLast(500),
        ),
        (
            "C",
            by("hpa", WriterClass::Controller, Certainty::NoTime, None),
            value("2"),
            InGit::Last(ada()),
        ),
        (
            "D",
            unattributed,
            Shown::Redacted,
            InGit::Unknown("a shallow clone".into()),
        ),
        ("E", hostile, value("3"), InGit::Unknown(HOSTILE.into())),
    ];
    kinds
        .into_iter()
        .map(|(key, written, shown, in_git)| {
            let state = if shown == Shown::Absent {
                State::Missing
            } else {
                State::Unmanaged
            };
            let mut s = subject(Some(state), setting(key), Message::default());
            s.service = "cart".into();
            s.object = Some(object_of("cart"));
            if state == State::Missing {
                s.desired = Some(git(value("0"), "deploy/production/cart.yaml", 12));
            }
            s.live = Some(live(shown, &env_field(key), Some(written), Some(in_git)));
            let rule = if state == State::Missing {
                &MISSING
            } else {
                &UNMANAGED
            };
            finding(rule, Severity::Warning, s)
        })
        .collect()
}

/// What policy makes of findings, and states without a rule of their own.
fn policies() -> Vec<Finding> {
    let mut all = Vec::new();
    for (disposition, key) in [
        (Disposition::Waived, "WAIVED"),
        (Disposition::Baselined, "BASELINED"),
        (Disposition::Ignored, "IGNORED"),
    ] {
        let mut s = emergency_subject("api", "staging", "2026-08-03T02:14:07Z");
        s.key = setting(key);
        let accepted = Accepted {
            by: "waiver",
            reason: "load test of the sale".into(),
            owner: Some("team-checkout".into()),
            expires: Some(time("2026-12-01T23:59:59Z")),
            place: Some(place("driftgate.yaml", 31, 5)),
        };
        all.push(Finding {
            disposition,
            accepted: match disposition {
                Disposition::Waived => Some(accepted),
                Disposition::Ignored => Some(Accepted {
                    by: "argo-cd ignoreDifferences",
                    reason: HOSTILE.into(),
                    owner: None,
                    expires: None,
                    place: Some(place("argocd/api.yaml", 12, 7)),
                }),
                _ => None,
            },
            ..finding(&DRIFTED, Severity::Error, s)
        });
    }
    for n in 0..6 {
        let mut s = emergency_subject("api", "production", "2026-08-03T02:14:07Z");
        s.key = setting(&format!("OLDER_{n}"));
        s.written_by_change = false;
        all.push(finding(&DRIFTED, Severity::Info, s));
    }
    for state in [
        State::InSync,
        State::Pending,
        State::Adopted,
        State::Behind,
        State::NotCompared,
        State::Unknown,
    ] {
        let message = Message::words("a finding about an entry in state ")
            .name(state.name())
            .and(". And more.");
        all.push(finding(
            &REDUCED,
            Severity::Warning,
            subject(Some(state), setting(HOSTILE), message),
        ));
    }
    all
}
