//! Repositories of the shapes and sizes that teams keep, looked at as their people do: a quiet
//! repository stays quiet, and what is planted in it is found, once.

#[path = "../../benches/support/applications.rs"]
mod applications;
mod shapes;

use crate::{
    compare::{compare, lines},
    support::{NOW, Project},
};
use serde_json::Value;

fn committed(files: shapes::Files) -> Project {
    let project = Project::empty();
    for (path, text) in files {
        project.file(&path, text);
    }
    project.commit("feat: add everything");
    project
}

/// Changes one file: the first `from` behind `behind` becomes `to`.
#[track_caller]
fn plant(project: &Project, path: &str, behind: &str, from: &str, to: &str) {
    let file = project.root().join(path);
    let text = std::fs::read_to_string(&file).expect("the file is there");
    let at = text.find(behind).expect("it is in the file");
    let at = at + text[at..].find(from).expect("it is behind that");
    let text = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
    std::fs::write(&file, text).expect("a writable file");
}

/// What findings say, one line each: `warning parity-gap: KEY is …`.
fn said(project: &Project, args: &[&str]) -> Vec<String> {
    let report = project.check_without_live(args);
    report
        .findings()
        .iter()
        .map(|f| {
            let text = |name: &str| f[name].as_str().unwrap_or("-");
            let mut said = format!("{} {}: {}", text("severity"), text("rule"), text("message"));
            if let Some(also @ [_, ..]) = f["also_in"].as_array().map(Vec::as_slice) {
                said += &format!(" (and {} more)", also.len());
            }
            said
        })
        .collect()
}

/// How many settings all layers have in git.
fn settings_read(project: &Project) -> u64 {
    let report = project.check_without_live(&[]);
    let all = report.json["coverage"].as_array().expect("a list").iter();
    all.map(|c| c["entries"].as_u64().unwrap_or(0)).sum()
}

/// The one answer of `explain`.
#[track_caller]
fn answer(project: &Project, args: &[&str]) -> String {
    let ran = project.run(&[&["explain", "--format", "json", "--now", NOW], args].concat());
    let json: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    assert_eq!(json["notes"], serde_json::json!([]), "{ran:?}");
    assert_eq!(json["keys"].as_array().map(Vec::len), Some(1), "{ran:?}");
    json["keys"][0]["answer"]
        .as_str()
        .expect("an answer")
        .to_owned()
}

fn one_list() -> Project {
    let environments = &applications::ENVIRONMENTS[..3];
    let mut files = vec![(
        "driftgate.yaml".into(),
        applications::configuration(environments),
    )];
    for environment in environments {
        let text = applications::values(environment, 60);
        assert!(text.lines().count() > 3_990, "{}", text.lines().count());
        files.push((format!("values-{environment}.yaml"), text));
    }
    committed(files)
}

#[test]
fn sixty_applications_in_one_list_agree() {
    let project = one_list();
    let report = project.check_without_live(&[]);
    report.is("pass", &[]);
    report.notes("60 documented differences between environments hold");
    report.notes("300 values differ between environments by their own names only");
    assert_eq!(settings_read(&project), 3 * 60 * 49);
    let (code, json) = compare(&project, &["staging", "production"]);
    assert_eq!((code, lines(&json)), (0, vec![]), "{json:#}");
    assert_eq!(json["summary"]["documented"], 60);
    // A line of an anchor is a setting of every application that merges it.
    assert_eq!(
        answer(&project, &["values-staging.yaml:28"]),
        "values-staging.yaml:28 sets replicaCount to 2: it wins in accounts-api, accounts-api-2, accounts-sync, accounts-ui and 56 more"
    );
    assert_eq!(
        answer(&project, &["env.LOG_LEVEL"]),
        "env.LOG_LEVEL is info in all 180 targets: layer \"values\" wins"
    );
    assert_eq!(
        answer(&project, &["replicaCount"]),
        "replicaCount is 1 in accounts-api in development, accounts-api-2 in development, accounts-sync in development, accounts-ui in development and 56 more; 4 in accounts-api in production, accounts-api-2 in production, accounts-sync in production, accounts-ui in production and 56 more; 2 in accounts-api in staging, accounts-api-2 in staging, accounts-sync in staging, accounts-ui in staging and 56 more"
    );
    assert_eq!(
        answer(&project, &["image.port"]),
        "image.port is 8004 in accounts-api; 8036 in accounts-api-2; 8028 in accounts-sync; 8020 in accounts-ui; 56 more values in others"
    );
}

#[test]
fn what_is_planted_in_sixty_applications_is_found_once() {
    let project = one_list();
    let production = "values-production.yaml";
    let pool = "name: DATABASE_POOL_SIZE\n          value: \"";
    let (five, fifty) = (format!("{pool}5\""), format!("{pool}50\""));
    plant(&project, production, "name: orders-api\n", &five, &fifty);
    // A reference that one environment lacks. Where another one leads is its own business.
    let ip = "        - name: POD_IP
          valueFrom:
            fieldRef: { fieldPath: status.podIP }
";
    plant(&project, production, "name: payments-api\n", ip, "");
    let (of_two, of_one) = ("mail-api-database,", "mail-database-v2,");
    plant(&project, production, "name: mail-api\n", of_two, of_one);
    let (own, other) = (
        "https://search-api.staging.example.com",
        "https://search-api.example.com",
    );
    plant(
        &project,
        "values-staging.yaml",
        "name: search-api\n",
        own,
        other,
    );
    // An application that only staging has.
    let more = applications::values("staging", 61);
    let last = format!("  - name: {}\n", applications::name(60));
    let at = more.find(&last).expect("it is there");
    let all = applications::values("staging", 60);
    let staging = std::fs::read_to_string(project.root().join("values-staging.yaml"));
    let staging = staging.expect("the file is there");
    assert_eq!(staging.len(), all.len() - "staging.".len());
    project.file("values-staging.yaml", format!("{staging}{}", &more[at..]));
    project.commit("fix: change this and that");
    assert_eq!(
        said(&project, &[]),
        [
            "warning parity-gap: env.DATABASE_POOL_SIZE is 50 in production, 5 in development and staging. 2 of 3 agree",
            "warning parity-gap: env.POD_IP is absent in production, (opaque: fieldRef status.podIP) in development and staging. 2 of 3 agree",
            "warning foreign-environment: env.PUBLIC_URL is https://search-api.example.com in staging: `example.com` is a name of production",
            "warning parity-gap: env.PUBLIC_URL is https://search-api.example.com in staging, https://search-api.dev.example.com in development and production. 2 of 3 agree",
        ]
    );
    let report = project.check_without_live(&[]);
    report
        .notes("1 service runs in only one of the environments that should agree: accounts-sync-2");
    let (code, json) = compare(&project, &["staging", "production"]);
    assert_eq!(
        lines(&json),
        [
            "only-in env.POD_IP: fieldRef status.podIP | -",
            "different env.DATABASE_POOL_SIZE: 5 | 50",
        ]
    );
    assert_eq!(code, 1);
    // It is listed in one of the two.
    let notes = json["notes"].to_string();
    let lonely = "of these, the configuration has accounts-sync-2 only in staging";
    assert!(notes.contains(lonely), "{notes}");
    assert_eq!(
        answer(
            &project,
            &["env.DATABASE_POOL_SIZE", "--service", "orders-api"]
        ),
        "env.DATABASE_POOL_SIZE is 5 in development and staging; 50 in production"
    );
}

#[test]
fn two_data_centres() {
    let project = committed(shapes::data_centres());
    let report = project.check_without_live(&[]);
    // NODE_ENV=production in staging among them.
    report.is("pass", &[]);
    report.notes("12 documented differences between environments hold");
    report.notes("216 values differ between environments by their own names only");
    let (code, json) = compare(&project, &["dc1", "dc2"]);
    assert_eq!((code, lines(&json)), (0, vec![]), "{json:#}");

    plant(
        &project,
        "services/orders/dc2.yml",
        "queue",
        "mq.dc2",
        "mq.dc1",
    );
    project.commit("fix: the queue moves");
    assert_eq!(
        said(&project, &[]),
        [
            "warning foreign-environment: queue.url is amqp://orders.mq.dc1.internal:5672 in dc2: `dc1` is a name of dc1"
        ]
    );
    assert_eq!(
        answer(&project, &["queue.url", "--service", "orders"]),
        "queue.url is amqp://orders.mq.dc1.internal:5672 in dc1 and dc2; amqp://orders.mq.staging.internal:5672 in staging"
    );
    assert_eq!(
        answer(&project, &["services/orders/dc2.yml:2"]),
        "services/orders/dc2.yml:2 sets queue.url to amqp://orders.mq.dc1.internal:5672: it wins in dc2"
    );
}

#[test]
fn spring_profiles_and_variables() {
    let project = committed(shapes::spring());
    let report = project.check_without_live(&[]);
    report.notes("25 documented differences between environments hold");
    // The URL is written in the files too, for the developers' machines.
    let found = said(&project, &[]);
    let others: Vec<&String> = found
        .iter()
        .filter(|f| {
            !f.starts_with(
                "info duplicate-definition: SPRING_DATASOURCE_URL is written in 2 layers",
            )
        })
        .collect();
    assert!(others.is_empty(), "{others:#?}");
    for pair in [["staging", "prod"], ["prod", "prod-eu"]] {
        let (code, json) = compare(&project, &pair);
        assert_eq!((code, lines(&json)), (0, vec![]), "{json:#}");
    }
    let key = "spring.datasource.hikari.maximum-pool-size";
    assert_eq!(
        answer(&project, &[key, "--service", "orders"]),
        format!("{key} is 40 in prod and prod-eu; 10 in staging")
    );
    assert_eq!(
        answer(
            &project,
            &[
                "SPRING_DATASOURCE_URL",
                "--service",
                "orders",
                "--environment",
                "prod-eu"
            ]
        ),
        "SPRING_DATASOURCE_URL is jdbc:postgresql://orders.prod-eu.db:5432/orders in prod-eu: layer \"workload\" wins (deploy/prod-eu/orders.yaml:15), over jdbc:postgresql://localhost:5432/orders (application)"
    );
    // Two spellings of one property are one setting, also between files.
    plant(
        &project,
        "services/orders/src/main/resources/application-staging.properties",
        "feature",
        "newCheckout = true",
        "new_checkout = false",
    );
    project.commit("fix: no new checkout in staging");
    let (_, json) = compare(&project, &["staging", "prod"]);
    assert_eq!(
        lines(&json),
        ["different feature.new-checkout: false | true"]
    );
}

#[test]
fn terraform_variables_of_three_regions() {
    let project = committed(shapes::terraform());
    let report = project.check_without_live(&[]);
    // "2" is 2; a set has no order, but code that compares texts sees one.
    assert_eq!(
        said(&project, &[]),
        [
            "info spelling-differs: allowed_zones is spelt a,b,c in eu-west-1 and ap-south-1, c,b,a in us-east-1"
        ]
    );
    assert_eq!(report.verdict(), "pass");
    report.notes("6 values differ between environments by their own names only");
    assert_eq!(
        answer(&project, &["instance_count"]),
        "instance_count is 2 in all 3 environments: layer \"variables\" wins"
    );
    let region = "terraform/regions/us-east-1.tfvars";
    plant(&project, region, "user_data", "echo ready", "echo  ready");
    plant(&project, region, "big_id", "993", "992");
    // A list has an order.
    plant(&project, region, "subnets", "use1-a", "use1-b");
    plant(&project, region, "first", "use1-b", "use1-a");
    project.commit("fix: change this and that");
    let (code, json) = compare(&project, &["eu-west-1", "us-east-1"]);
    assert_eq!(
        lines(&json),
        [
            "different big_id: 9007199254740993 | 9007199254740992",
            "different subnets: [\"subnet-euw1-a\",\"subnet-euw1-b\"] | [\"subnet-use1-b\",\"subnet-use1-a\"]",
            "different user_data: #!/bin/sh\nhostname shop.euw1.internal\necho ready\n | #!/bin/sh\nhostname shop.use1.internal\necho  ready\n",
            "spelling allowed_zones: a,b,c | c,b,a",
        ]
    );
    assert_eq!(code, 1);
}

#[test]
fn a_quarter_of_all_overlays() {
    let project = committed(shapes::overlays());
    let report = project.check_without_live(&[]);
    report.is("pass", &[]);
    report.notes("74 documented differences between environments hold");
    assert_eq!(settings_read(&project), 8 * 74 * 26 + 147);
    let (code, json) = compare(&project, &["dev", "prod-us"]);
    assert_eq!((code, lines(&json)), (0, vec![]), "{json:#}");
    // Overlays that are not there are no gap; what stands in one by mistake is.
    let typo = |path: &str, word: &str| plant(&project, path, "database", "pool_size", word);
    typo("services/accounts-00/config/dev.yml", "pool_sise");
    typo("services/basket-01/config/prod-ca.yml", "pol_size");
    project.commit("fix: size pools");
    assert_eq!(
        said(&project, &[]),
        [
            "warning parity-gap: database.pool_sise is 10 in dev, absent in test, preprod, staging and 4 more. 7 of 8 agree",
            "warning parity-gap: database.pol_size is 17 in prod-ca, absent in dev, test, preprod and 4 more. 7 of 8 agree",
        ]
    );
    assert_eq!(
        answer(
            &project,
            &["database.pool_size", "--service", "accounts-00"]
        ),
        "database.pool_size is 5 in dev, preprod, prod-ap, prod-ca and 3 more; 14 in prod-eu"
    );
}

#[test]
fn a_value_on_its_way_through_promotion_is_told_once() {
    let project = one_list();
    let stages = "promotion: [development, staging, production]\nparity:";
    plant(&project, "driftgate.yaml", "parity:", "parity:", stages);
    project.commit("feat: promote");
    project.branch("change");
    let (from, to) = ("failureThreshold: 3", "failureThreshold: 6");
    plant(&project, "values-development.yaml", "x-probes", from, to);
    project.commit("feat: be patient");
    let ran = project.run(&["check", "--base", "main", "--now", NOW]);
    let said: Vec<&str> = ran.out.split_whitespace().collect();
    let said = said.join(" ");
    for part in [
        "~ readinessProbe.failureThreshold 3 → 6 in 60 services",
        "On the way from stage to stage (promotion): readinessProbe.failureThreshold is 6 in development, 3 in staging, 3 in production: development leads (in 60 services)",
        "pass: 0 errors, 0 warnings, 0 infos",
    ] {
        assert!(said.contains(part), "no `{part}` in\n{}", ran.out);
    }
    assert!(!said.contains("Set at deploy time"), "{}", ran.out);
}
