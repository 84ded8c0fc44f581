use super::*;
use crate::{
    check::testing::{Made, World, lines, made, world},
    compare::parity::testing::field,
    render::message,
};

fn run_all(world: &World, made: &[Made]) -> Found {
    world.run(made, |cx| {
        let all = between::compare(cx);
        run(cx, &all)
    })
}

fn notes(found: &Found) -> Vec<String> {
    found.notes.iter().map(message).collect()
}

const THREE: &[(&str, &[&str])] = &[("eu", &[]), ("us", &[]), ("ap", &[])];

#[test]
fn names_the_one_that_deviates_and_how_many_agree() {
    let found = run_all(
        &world(THREE),
        &[
            made(
                "api",
                "eu",
                &[("POOL_SIZE", "10"), ("HOST", "db.eu.example.com")],
            ),
            made(
                "api",
                "us",
                &[("POOL_SIZE", "20"), ("HOST", "db.us.example.com")],
            ),
            made(
                "api",
                "ap",
                &[("POOL_SIZE", "20"), ("HOST", "db.ap.example.com")],
            ),
        ],
    );
    assert_eq!(
        lines(&found.findings),
        ["warning api: POOL_SIZE is 10 in eu, 20 in us and ap. 2 of 3 agree"]
    );
    let subject = &found.findings[0].subject;
    assert_eq!(&*subject.environment, "eu");
    assert_eq!(subject.sides.len(), 3);
    assert_eq!(
        subject.sides[0].place.as_ref().map(ToString::to_string),
        Some("config/app.env:1:1".into())
    );
    assert_eq!(
        notes(&found),
        ["1 value differs between environments by their own names only"]
    );
}

#[test]
fn the_same_in_many_services_is_one_finding() {
    let mut all = vec![];
    for service in ["api", "cart", "web"] {
        for (environment, replicas) in [("eu", "3"), ("us", "2")] {
            let mut one = made(service, environment, &[("POOL_SIZE", replicas)]);
            let object = format!("Deployment/{service}");
            one.fields = vec![
                field(&object, &object, "", "there"),
                field(&object, &object, "spec.replicas", replicas),
            ];
            all.push(one);
        }
    }
    let found = run_all(&world(&THREE[..2]), &all);
    assert_eq!(
        lines(&found.findings),
        [
            "warning api: POOL_SIZE is 3 in eu, 2 in us (also cart, web)",
            "warning api: Deployment/api spec.replicas is 3 in eu, 2 in us (also cart, web)",
        ]
    );
    all[5].head = crate::compare::parity::testing::config(&[("POOL_SIZE", "9")]);
    let found = run_all(&world(&THREE[..2]), &all);
    assert_eq!(found.findings.len(), 3, "other values are another finding");
}

#[test]
fn what_the_change_opens_is_a_warning_and_what_was_open_is_not() {
    let mut world = world(&THREE[..2]);
    world.occasion = Occasion::Review;
    let made = |strict: bool| {
        let mut world = self::world(&THREE[..2]);
        world.occasion = Occasion::Review;
        world.parity[0].strict = strict;
        let all = [
            made("api", "eu", &[("NEW", "1"), ("OLD", "1")]).was(&[("OLD", "1")]),
            made("api", "us", &[("OLD", "2")]),
        ];
        lines(&run_all(&world, &all).findings)
    };
    assert_eq!(
        made(false),
        [
            "warning api: NEW is 1 in eu, absent in us",
            "info api: OLD is 1 in eu, 2 in us",
        ]
    );
    assert!(made(true).iter().all(|l| l.starts_with("error")));
}

#[test]
fn documented_differences_are_counted_and_checked() {
    let world = world(&THREE[..2])
        .differs("A", &[("eu", "1"), ("us", "2")])
        .differs("B", &[("eu", "1"), ("us", "2")])
        .differs("C", &[]);
    let all = [
        made("api", "eu", &[("A", "1"), ("B", "1"), ("C", "1")]),
        made("api", "us", &[("A", "2"), ("B", "1"), ("C", "9")]),
    ];
    let found = run_all(&world, &all);
    assert_eq!(
        lines(&found.findings),
        ["warning api: B is 1 in us, where 2 is expected"]
    );
    let note = found.findings[0].subject.sides[1].note.as_ref();
    assert_eq!(note.map(message), Some("expected 2".into()));
    assert_eq!(
        notes(&found),
        ["2 documented differences between environments hold"]
    );
}

#[test]
fn an_object_that_one_environment_lacks_is_one_finding() {
    let mut eu = made("api", "eu", &[]);
    eu.fields = vec![
        field(
            "HorizontalPodAutoscaler/api",
            "HorizontalPodAutoscaler/api",
            "",
            "there",
        ),
        field(
            "HorizontalPodAutoscaler/api",
            "HorizontalPodAutoscaler/api",
            "spec.maxReplicas",
            "9",
        ),
    ];
    let found = run_all(&world(&THREE[..2]), &[eu, made("api", "us", &[])]);
    assert_eq!(
        lines(&found.findings),
        ["warning api: HorizontalPodAutoscaler/api is in eu, not in us"]
    );
}

const STAGES: &[(&str, &[&str])] = &[
    ("staging", &[]),
    ("production-us", &[]),
    ("production-eu", &[]),
];

#[test]
fn a_promotion_under_way_is_a_change() {
    let world = world(STAGES).promotes(&[&["staging"], &["production-us", "production-eu"]]);
    let all = [
        made("api", "staging", &[("TIMEOUT", "20")]).was(&[("TIMEOUT", "10")]),
        made("api", "production-us", &[("TIMEOUT", "10")]),
        made("api", "production-eu", &[("TIMEOUT", "10")]),
    ];
    let found = run_all(&world, &all);
    assert_eq!(lines(&found.findings), [""; 0]);
    let said: Vec<String> = found
        .changes
        .iter()
        .map(|c| message(&c.subject.message))
        .collect();
    assert_eq!(
        said,
        ["TIMEOUT is 20 in staging, 10 in production-us and production-eu: staging leads"]
    );
    // Production never had what staging had: nothing is on its way.
    let all = [
        made("api", "staging", &[("TIMEOUT", "20")]).was(&[("TIMEOUT", "15")]),
        made("api", "production-us", &[("TIMEOUT", "10")]),
        made("api", "production-eu", &[("TIMEOUT", "10")]),
    ];
    let found = run_all(&world, &all);
    assert_eq!((found.findings.len(), found.changes.len()), (1, 0));
    // The regions of one stage must agree.
    let all = [
        made("api", "staging", &[("TIMEOUT", "10")]),
        made("api", "production-us", &[("TIMEOUT", "20")]).was(&[("TIMEOUT", "10")]),
        made("api", "production-eu", &[("TIMEOUT", "10")]),
    ];
    let found = run_all(&world, &all);
    assert_eq!((found.findings.len(), found.changes.len()), (1, 0));
    // Nor does the last stage lead.
    let all = [
        made("api", "staging", &[("TIMEOUT", "10")]),
        made("api", "production-us", &[("TIMEOUT", "20")]).was(&[("TIMEOUT", "10")]),
        made("api", "production-eu", &[("TIMEOUT", "20")]).was(&[("TIMEOUT", "10")]),
    ];
    let found = run_all(&world, &all);
    assert_eq!((found.findings.len(), found.changes.len()), (1, 0));
}

#[test]
fn services_of_one_environment_and_of_no_group_have_no_gaps() {
    let mut world = world(&THREE[..2]);
    world.parity[0].services = vec![crate::model::policy::Pattern::new("api*")];
    let all = [
        made("api", "eu", &[("A", "1")]),
        made("web", "eu", &[("A", "1")]),
        made("web", "us", &[("A", "2")]),
    ];
    assert_eq!(lines(&run_all(&world, &all).findings), [""; 0]);
}

#[test]
fn no_secret_is_shown() {
    let found = run_all(
        &world(&THREE[..2]),
        &[
            made(
                "api",
                "eu",
                &[("DB_PASSWORD", "<secret>"), ("TOKEN", "<secret>")],
            ),
            made("api", "us", &[("DB_PASSWORD", "<opaque>")]),
        ],
    );
    assert_eq!(
        lines(&found.findings),
        ["warning api: TOKEN is (secret) in eu, absent in us"]
    );
}
