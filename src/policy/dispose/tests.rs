use super::*;
use crate::{
    check::{source_unavailable, states},
    model::{
        entry::EntryKey,
        finding::{LiveShown, Severity, SideShown, Writer, WriterClass, Written},
        observation::{ItemId, ObjectId, WriterKind},
        place::Place,
        policy::Pattern,
        report::SideName,
        state::State,
        target::Tier,
        tree::Span,
    },
};

const NOW: Timestamp = Timestamp(1_800_000_000);

fn tiers() -> Tiers {
    [
        ("production-eu", Tier::Production),
        ("production-us", Tier::Production),
        ("staging", Tier::Staging),
    ]
    .map(|(name, tier)| (name.into(), tier))
    .into()
}

/// `DB_TIMEOUT` of api in production-eu: 10s in git, 60s live.
fn drifted() -> Finding {
    let mut s = Subject::new(
        "api".into(),
        "production-eu".into(),
        "workload".into(),
        EntryKey::Setting("DB_TIMEOUT".into()),
    );
    let object = ItemId::Object(ObjectId::new("apps", "Deployment", Some("shop"), "api"));
    s.state = Some(State::Drifted);
    s.object = Some(object.clone());
    s.affects = vec!["Deployment/shop/api container api".into()];
    s.desired = Some(shown(Shown::Value("10s".into())));
    s.live = Some(LiveShown {
        value: Shown::Value("60s".into()),
        object: Some(object),
        field: Some("spec.template.spec.containers[api].env[DB_TIMEOUT].value".into()),
        written: Some(Written {
            writers: vec![Writer {
                name: "kubectl-set".into(),
                kind: WriterKind::UpdateManager,
                class: WriterClass::Person,
            }],
            not_later_than: None,
            not_earlier_than: None,
            certainty: crate::model::finding::Certainty::Exact,
        }),
        in_git: None,
    });
    Finding::new(&states::DRIFTED, Severity::Error, s)
}

fn shown(value: Shown) -> crate::model::finding::DesiredShown {
    crate::model::finding::DesiredShown {
        value,
        place: None,
        commit: None,
    }
}

/// The same key with two values in two environments.
fn between() -> Finding {
    let mut f = drifted();
    f.subject.state = None;
    f.subject.desired = None;
    f.subject.live = None;
    f.subject.sides = [("production-eu", "10"), ("production-us", "20")]
        .map(|(environment, value)| SideShown {
            environment: environment.into(),
            layer: "workload".into(),
            side: SideName::Desired,
            value: Shown::Value(value.into()),
            place: None,
            made_from: vec![],
            object: None,
            path: crate::model::path::KeyPath::default(),
            commit: None,
            written: None,
            note: None,
        })
        .into();
    f
}

fn pattern(text: &str) -> Option<Pattern> {
    Some(Pattern::new(text))
}

fn waiver(value: Option<&str>) -> Waiver {
    Waiver {
        selector: Selector {
            rule: pattern("drifted"),
            environment: pattern("production-eu"),
            key: pattern("DB_TIMEOUT"),
            ..Selector::default()
        },
        value: value.map(Into::into),
        reason: "payment incident".into(),
        owner: "payments".into(),
        expires: Timestamp(NOW.0 + 86_400),
        place: Some(Place::exact(
            "driftgate.yaml".into(),
            Some(Span {
                line: 7,
                column: 5,
                ..Span::default()
            }),
        )),
    }
}

struct Given {
    severities: Vec<SeverityRule>,
    ignore: Vec<Ignore>,
    waivers: Vec<Waiver>,
    baseline: Option<Baseline>,
    occasion: Occasion,
    now: Timestamp,
}

impl Default for Given {
    fn default() -> Given {
        Given {
            severities: vec![],
            ignore: vec![],
            waivers: vec![],
            baseline: None,
            occasion: Occasion::Audit,
            now: NOW,
        }
    }
}

impl Given {
    fn apply(&self, findings: &mut [Finding]) -> Applied {
        let (tiers, key) = (tiers(), DigestKey::for_this_run(&[1; 32]));
        apply(
            findings,
            &Policy {
                severities: &self.severities,
                ignore: &self.ignore,
                gitops: None,
                waivers: &self.waivers,
                baseline: self.baseline.as_ref(),
                tiers: &tiers,
                occasion: self.occasion,
                now: self.now,
                key: &key,
            },
        )
    }

    /// What becomes of one finding.
    fn of(&self, finding: &Finding) -> Finding {
        let mut all = [finding.clone()];
        self.apply(&mut all);
        all[0].clone()
    }
}

fn with_waiver(waiver: Waiver) -> Given {
    Given {
        waivers: vec![waiver],
        ..Given::default()
    }
}

fn ignore(selector: Selector) -> Ignore {
    Ignore {
        selector,
        reason: "KEDA owns it".into(),
        place: None,
    }
}

#[test]
fn a_waiver_accepts_the_value_that_it_names_and_no_other() {
    let given = with_waiver(waiver(Some("60s")));
    let found = given.of(&drifted());
    assert_eq!(found.disposition, Disposition::Waived);
    let accepted = found.accepted.expect("what accepted it");
    assert_eq!(
        (accepted.by, &*accepted.reason),
        ("waiver", "payment incident")
    );
    assert_eq!(accepted.owner.as_deref(), Some("payments"));
    assert_eq!(accepted.expires, Some(Timestamp(NOW.0 + 86_400)));
    assert_eq!(
        accepted.place.expect("a place").to_string(),
        "driftgate.yaml:7:5"
    );
    let mut again = drifted();
    again.subject.live.as_mut().expect("live").value = Shown::Value("90s".into());
    assert_eq!(given.of(&again).disposition, Disposition::Active);
    // Git's value is not what is accepted.
    let git = with_waiver(waiver(Some("10s")));
    assert_eq!(git.of(&drifted()).disposition, Disposition::Active);
}

#[test]
fn a_waiver_without_a_value_accepts_what_has_none() {
    let given = with_waiver(waiver(None));
    assert_eq!(given.of(&drifted()).disposition, Disposition::Active);
    for value in [Shown::Redacted, Shown::Absent, Shown::Opaque("sops".into())] {
        let mut f = drifted();
        f.subject.live.as_mut().expect("live").value = value.clone();
        assert_eq!(given.of(&f).disposition, Disposition::Waived, "{value:?}");
        let bound = with_waiver(waiver(Some("60s")));
        assert_eq!(bound.of(&f).disposition, Disposition::Active, "{value:?}");
    }
    let mut unknown = drifted();
    unknown.subject.live.as_mut().expect("live").value = Shown::Unknown("timed out".into());
    assert_eq!(given.of(&unknown).disposition, Disposition::Active);
    let mut object = drifted();
    object.subject.key = EntryKey::Object;
    let mut waiver = waiver(None);
    waiver.selector.key = None;
    waiver.selector.object = pattern("Deployment/api");
    assert_eq!(
        with_waiver(waiver).of(&object).disposition,
        Disposition::Waived
    );
}

#[test]
fn a_missing_value_is_bound_to_gits() {
    let mut f = drifted();
    f.rule = &states::MISSING;
    f.subject.state = Some(State::Missing);
    f.subject.live.as_mut().expect("live").value = Shown::Absent;
    let mut waiver = waiver(Some("10s"));
    waiver.selector.rule = pattern("missing");
    let given = with_waiver(waiver);
    assert_eq!(given.of(&f).disposition, Disposition::Waived);
    f.subject.desired = Some(shown(Shown::Value("20s".into())));
    assert_eq!(given.of(&f).disposition, Disposition::Active);
}

#[test]
fn a_waiver_of_one_environment_is_bound_to_its_side() {
    for (value, expected) in [("10", Disposition::Waived), ("20", Disposition::Active)] {
        let given = with_waiver(waiver(Some(value)));
        assert_eq!(given.of(&between()).disposition, expected, "{value}");
    }
    let mut everywhere = waiver(Some("20"));
    everywhere.selector.environment = None;
    assert_eq!(
        with_waiver(everywhere).of(&between()).disposition,
        Disposition::Waived
    );
}

#[test]
fn a_waiver_ends() {
    let mut given = with_waiver(waiver(Some("60s")));
    given.now = given.waivers[0].expires;
    assert_eq!(given.of(&drifted()).disposition, Disposition::Waived);
    given.now.0 += 1;
    let mut all = [drifted()];
    let applied = given.apply(&mut all);
    assert_eq!(all[0].disposition, Disposition::Active);
    assert_eq!((applied.waivers, applied.lapsed), (vec![0], vec![1]));
    // One that took its place.
    let mut next = waiver(Some("60s"));
    next.expires.0 += 86_400;
    given.waivers.push(next);
    let applied = given.apply(&mut [drifted()]);
    assert_eq!((applied.waivers, applied.lapsed), (vec![0, 1], vec![0, 0]));
}

#[test]
fn a_waiver_that_names_nothing_accepts_nothing() {
    let mut nothing = waiver(Some("60s"));
    nothing.selector = Selector::default();
    assert_eq!(
        with_waiver(nothing).of(&drifted()).disposition,
        Disposition::Active
    );
    let mut no_key = waiver(Some("60s"));
    no_key.selector.key = None;
    assert_eq!(
        with_waiver(no_key).of(&drifted()).disposition,
        Disposition::Active
    );
}

#[test]
fn selectors() {
    let empty = Selector::default;
    let tiers = tiers();
    let mut shared = drifted();
    shared.subject.also_in = vec!["worker".into()];
    for (selector, alone, two_services, two_environments) in [
        (empty(), true, true, true),
        (
            Selector {
                rule: pattern("drift*"),
                ..empty()
            },
            true,
            true,
            true,
        ),
        (
            Selector {
                rule: pattern("missing"),
                ..empty()
            },
            false,
            false,
            false,
        ),
        (
            Selector {
                service: pattern("api"),
                ..empty()
            },
            true,
            false,
            true,
        ),
        (
            Selector {
                service: pattern("*"),
                ..empty()
            },
            true,
            true,
            true,
        ),
        (
            Selector {
                environment: pattern("production-*"),
                ..empty()
            },
            true,
            true,
            true,
        ),
        (
            Selector {
                environment: pattern("production-us"),
                ..empty()
            },
            false,
            false,
            true,
        ),
        (
            Selector {
                environment: pattern("staging"),
                ..empty()
            },
            false,
            false,
            false,
        ),
        (
            Selector {
                tier: Some(Tier::Production),
                ..empty()
            },
            true,
            true,
            true,
        ),
        (
            Selector {
                tier: Some(Tier::Staging),
                ..empty()
            },
            false,
            false,
            false,
        ),
        (
            Selector {
                environment: pattern("staging"),
                tier: Some(Tier::Production),
                ..empty()
            },
            false,
            false,
            false,
        ),
        (
            Selector {
                layer: pattern("workload"),
                ..empty()
            },
            true,
            true,
            true,
        ),
        (
            Selector {
                layer: pattern("defaults"),
                ..empty()
            },
            false,
            false,
            false,
        ),
        (
            Selector {
                key: pattern("db.timeout"),
                ..empty()
            },
            true,
            true,
            true,
        ),
        (
            Selector {
                key: pattern("db.*"),
                ..empty()
            },
            false,
            false,
            false,
        ),
        (
            Selector {
                key: pattern("DB_*"),
                ..empty()
            },
            true,
            true,
            true,
        ),
        (
            Selector {
                key: pattern("DB"),
                ..empty()
            },
            false,
            false,
            false,
        ),
        (
            Selector {
                object: pattern("Deployment/api"),
                ..empty()
            },
            true,
            true,
            true,
        ),
        (
            Selector {
                object: pattern("Deployment/shop/api"),
                ..empty()
            },
            true,
            true,
            true,
        ),
        (
            Selector {
                object: pattern("Deployment/other/api"),
                ..empty()
            },
            false,
            false,
            false,
        ),
        (
            Selector {
                object: pattern("Deployment/*"),
                ..empty()
            },
            true,
            true,
            true,
        ),
        (
            Selector {
                field: pattern("spec.template.spec.containers[*].env[*].value"),
                ..empty()
            },
            true,
            true,
            false,
        ),
        (
            Selector {
                field: pattern("spec.replicas"),
                ..empty()
            },
            false,
            false,
            false,
        ),
        (
            Selector {
                writer: pattern("kubectl-*"),
                ..empty()
            },
            true,
            true,
            false,
        ),
        (
            Selector {
                writer: pattern("keda-operator"),
                ..empty()
            },
            false,
            false,
            false,
        ),
    ] {
        for (finding, expected) in [
            (&drifted(), alone),
            (&shared, two_services),
            (&between(), two_environments),
        ] {
            assert_eq!(
                selector::matches(&selector, finding, &tiers),
                expected,
                "{selector:?} {:?}",
                finding.subject
            );
        }
    }
}

#[test]
fn fields_are_no_settings() {
    let mut f = drifted();
    f.subject.key = EntryKey::Field("spec.replicas".parse().expect("a path"));
    f.subject.live.as_mut().expect("live").field = None;
    let is = |selector: Selector| selector::matches(&selector, &f, &tiers());
    let empty = Selector::default;
    assert!(is(Selector {
        field: pattern("spec.replicas"),
        ..empty()
    }));
    assert!(is(Selector {
        field: pattern("spec.*"),
        ..empty()
    }));
    assert!(!is(Selector {
        field: pattern("spec"),
        ..empty()
    }));
    assert!(!is(Selector {
        key: pattern("spec.replicas"),
        ..empty()
    }));
    assert!(!is(Selector {
        key: pattern("*"),
        ..empty()
    }));
}

#[test]
fn words_that_are_none_match_nothing_by_words() {
    let mut f = drifted();
    f.subject.key = EntryKey::Setting("___".into());
    let selector = Selector {
        key: pattern("..."),
        ..Selector::default()
    };
    assert!(!selector::matches(&selector, &f, &tiers()));
}

#[test]
fn ignoring_is_for_live_unless_the_rule_is_named() {
    let by_writer = Selector {
        writer: pattern("kubectl-set"),
        ..Selector::default()
    };
    let given = |selector| Given {
        ignore: vec![ignore(selector)],
        ..Given::default()
    };
    let found = given(by_writer.clone()).of(&drifted());
    assert_eq!(found.disposition, Disposition::Ignored);
    assert_eq!(&*found.accepted.expect("by").reason, "KEDA owns it");
    let mut other = drifted();
    other.rule = &crate::check::deploy_overdue::RULE;
    for (rule, expected) in [
        (None, Disposition::Active),
        (pattern("deploy-*"), Disposition::Active),
        (pattern("deploy-overdue"), Disposition::Ignored),
    ] {
        let selector = Selector {
            rule: rule.clone(),
            ..by_writer.clone()
        };
        assert_eq!(given(selector).of(&other).disposition, expected, "{rule:?}");
    }
}

#[test]
fn the_last_severity_that_matches_wins() {
    let severity = |occasion, severity| SeverityRule {
        selector: Selector::default(),
        occasion,
        severity,
        place: None,
    };
    let mut given = Given {
        severities: vec![
            severity(None, Severity::Warning),
            severity(Some(Occasion::Review), Severity::Error),
            severity(Some(Occasion::Audit), Severity::Info),
        ],
        ..Given::default()
    };
    assert_eq!(given.of(&drifted()).severity, Severity::Info);
    given.occasion = Occasion::Deploy;
    assert_eq!(given.of(&drifted()).severity, Severity::Warning);
}

#[test]
fn what_could_not_be_read_is_beyond_policy() {
    let mut f = drifted();
    f.rule = &source_unavailable::RULE;
    let everything = Selector {
        rule: pattern("source-unavailable"),
        object: pattern("*"),
        ..Selector::default()
    };
    let given = Given {
        severities: vec![SeverityRule {
            selector: Selector::default(),
            occasion: None,
            severity: Severity::Info,
            place: None,
        }],
        ignore: vec![ignore(everything.clone())],
        waivers: vec![Waiver {
            selector: everything,
            ..waiver(Some("60s"))
        }],
        ..Given::default()
    };
    let found = given.of(&f);
    assert_eq!(found, f);
}

#[test]
fn the_first_of_the_order_accepts_and_all_are_counted() {
    let key = DigestKey::for_this_run(&[1; 32]);
    let update = baseline::replace(None, &[drifted()], &key);
    let (n, bytes) = (update.count(), update.bytes);
    assert_eq!(n, 1);
    let mut given = with_waiver(waiver(Some("60s")));
    given.baseline = Some(Baseline::parse(&bytes, "baseline.json").expect("our own"));
    given.ignore = vec![ignore(Selector {
        writer: pattern("nobody"),
        ..Selector::default()
    })];
    let applied = given.apply(&mut [drifted(), drifted()]);
    assert_eq!(
        (&*applied.ignore, &*applied.waivers, &*applied.baseline),
        (&[0][..], &[2][..], &[0][..])
    );
    given.waivers.clear();
    let found = given.of(&drifted());
    assert_eq!(found.disposition, Disposition::Baselined);
    given.ignore[0].selector.writer = pattern("kubectl-set");
    assert_eq!(given.of(&drifted()).disposition, Disposition::Ignored);
}

#[test]
fn the_value_to_waive_is_the_one_that_the_waiver_needs() {
    for finding in [drifted(), between()] {
        let value = value_to_waive(&finding.subject, "production-eu").map(Box::from);
        let given = with_waiver(Waiver {
            value,
            ..waiver(None)
        });
        assert_eq!(given.of(&finding).disposition, Disposition::Waived);
    }
    let mut secret = drifted();
    secret.subject.live.as_mut().expect("live").value = Shown::Redacted;
    assert_eq!(value_to_waive(&secret.subject, "production-eu"), None);
}

#[test]
fn what_several_environments_have_alike_is_accepted_only_for_all_of_them() {
    let mut f = drifted();
    f.subject.environment = "production-eu".into();
    f.subject.also_in_environments = vec!["production-us".into()];
    for (named, is_about, accepts) in [
        ("production-eu", true, false),
        ("production-us", true, false),
        ("production-*", true, true),
        ("staging", false, false),
    ] {
        let selector = Selector {
            environment: pattern(named),
            ..Selector::default()
        };
        let tiers = tiers();
        assert_eq!(
            selector::matches(&selector, &f, &tiers),
            is_about,
            "{named}"
        );
        let whole = selector::leaves_nothing(&selector, &f, &tiers);
        assert_eq!(whole, accepts, "{named}");
    }
}
