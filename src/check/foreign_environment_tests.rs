use super::*;
use crate::check::testing::{Made, World, lines, made, world};

fn run_all(world: &World, made: &[Made]) -> Vec<String> {
    world.run(made, |cx| lines(&run(cx)))
}

const REGIONS: &[(&str, &[&str])] = &[
    ("staging", &[]),
    ("production", &["111122223333"]),
    ("production-eu", &["eu", "eu-west-1", "444455556666"]),
    ("production-us", &["us", "us-east-1"]),
];

#[test]
fn a_further_name_of_another_environment() {
    let found = run_all(
        &world(REGIONS),
        &[
            made(
                "api",
                "production-eu",
                &[
                    ("BUCKET", "s3://logs-us-east-1/app"),
                    ("ROLE", "arn:aws:iam::111122223333:role/x"),
                ],
            ),
            made(
                "api",
                "production-us",
                &[("BUCKET", "s3://logs-us-east-1/app")],
            ),
        ],
    );
    assert_eq!(
        found,
        [
            "warning api: BUCKET is s3://logs-us-east-1/app in production-eu: `us-east-1` is a name of production-us",
            "warning api: ROLE is arn:aws:iam::111122223333:role/x in production-eu: `111122223333` is a name of production",
        ]
    );
}

#[test]
fn the_longest_name_counts() {
    // In production-eu, `production-eu` is not `production`, and `eu-west-1` not `eu`.
    let found = run_all(
        &world(REGIONS),
        &[made(
            "api",
            "production-eu",
            &[
                ("A", "api.production-eu.example.com"),
                ("B", "eu-west-1"),
                ("C", "APP_PRODUCTION_EU"),
            ],
        )],
    );
    assert_eq!(found, [""; 0]);
}

const INTEGRATION: &[(&str, &[&str])] =
    &[("integration", &[]), ("staging", &[]), ("production", &[])];

#[test]
fn the_key_of_another_environment_needs_evidence() {
    let project =
        |environment: &str, value: &str| made("api", environment, &[("PROJECT_ID", value)]);
    let world = world(INTEGRATION);
    let all = [
        project("integration", "shop-integration"),
        project("staging", "shop-integration"),
        project("production", "shop-production"),
    ];
    assert_eq!(
        run_all(&world, &all),
        [
            "warning api: PROJECT_ID is shop-integration in staging: `integration` is a name of integration"
        ]
    );
    // Nothing shows that the value follows the environment.
    let all = [
        project("integration", "shop-integration"),
        project("staging", "shop-integration"),
        project("production", "shop-live"),
    ];
    assert_eq!(run_all(&world, &all), [""; 0]);
}

#[test]
fn words_that_are_environments_by_chance_stay_quiet() {
    let world = world(INTEGRATION);
    let noise = |environment: &str, node_env: &str| {
        made(
            "api",
            environment,
            &[
                ("NODE_ENV", node_env),
                ("RAILS_ENV", node_env),
                ("PROFILES", &format!("{node_env},metrics")),
                ("HELP_TEXT", "ask production support"),
                (
                    "CORS",
                    "https://staging.example.com,https://production.example.com",
                ),
                ("LEVEL", "debug"),
                ("SELF", &format!("https://{environment}.example.com")),
                ("SECRET", "<secret>"),
            ],
        )
    };
    let all = [
        noise("integration", "development"),
        noise("staging", "production"),
        noise("production", "production"),
    ];
    assert_eq!(
        run_all(&world, &all),
        [
            // Integration is on neither list of the two others.
            "warning api: CORS is https://staging.example.com,https://production.example.com in integration: `staging` is a name of staging",
        ]
    );
}

#[test]
fn short_names_count_where_the_value_is_an_environments_own() {
    let world = world(REGIONS);
    let all = [
        made(
            "api",
            "production-eu",
            &[
                ("MAIL", "contact-us@example.com"),
                ("HOST", "db.us.example.com"),
            ],
        ),
        made(
            "api",
            "production-us",
            &[
                ("MAIL", "contact-us@example.com"),
                ("HOST", "db.us.internal"),
            ],
        ),
    ];
    assert_eq!(
        run_all(&world, &all),
        [
            "warning api: HOST is db.us.example.com in production-eu: `us` is a name of production-us"
        ]
    );
}

#[test]
fn a_shared_region_and_a_documented_value_are_meant() {
    let mut shared = world(REGIONS);
    let mut staging = (*shared.environments["staging"]).clone();
    staging
        .variables
        .insert("region".into(), "us-east-1".into());
    shared.environments.insert("staging".into(), staging.into());
    let all = [made("api", "staging", &[("BUCKET", "logs-us-east-1")])];
    assert_eq!(run_all(&shared, &all), [""; 0]);
    let documented = world(REGIONS).differs("BUCKET", &[]);
    assert_eq!(run_all(&documented, &all), [""; 0]);
    assert_eq!(run_all(&world(REGIONS), &all).len(), 1);
}

#[test]
fn one_value_in_many_services_is_one_finding() {
    let bucket = |service: &str| made(service, "production-eu", &[("BUCKET", "logs-us-east-1")]);
    let found = run_all(
        &world(REGIONS),
        &[bucket("api"), bucket("cart"), bucket("web")],
    );
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("(also cart, web)"), "{found:?}");
}

#[test]
fn the_end_of_an_own_name_is_no_environments_own() {
    let world = world(&[
        ("development", &["dev.example.com"]),
        ("staging", &["staging.example.com"]),
        ("production", &["example.com"]),
    ]);
    let of = |environment: &str, url: &str| {
        let all = [
            ("IMAGE", "registry.example.com/shop/api"),
            ("MAIL", "ops@example.com"),
            ("URL", url),
        ];
        made("api", environment, &all)
    };
    let all = [
        of("development", "https://api.dev.example.com"),
        of("staging", "https://api.example.com"),
        of("production", "https://api.example.com"),
    ];
    // That URLs follow the environment shows in development.
    assert_eq!(
        run_all(&world, &all),
        [
            "warning api: URL is https://api.example.com in staging: `example.com` is a name of production"
        ]
    );
}
