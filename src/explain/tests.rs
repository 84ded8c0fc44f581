use super::*;
use crate::{
    compare::merge_order::MergeOrder,
    merge::{LayerSide, merge},
    model::{
        entry::{Entry, EntryKey, Origin},
        explanation::{GapKind, Outcome, Standing},
        finding::{Disposition, Needs, Rule, Severity, Subject},
        observation::{ItemId, ObjectId},
        path::KeyPath,
        place::Place,
        policy::{Difference, Ignore, ParityGroup, Pattern, Selector, Waiver},
        secret::DigestKey,
        setting::{Beyond, Doubt, KeyStyle, LayerSettings, MayHold, SettingEntry},
        target::{DesiredSpec, Environment, FileSpec, Layer, TargetId, Tier},
        time::Timestamp,
        tree::Span,
        value::{Plain, Shown, Unread, UnreadCause, Value},
    },
    render::message,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One target with its merged sides.
struct World {
    id: TargetId,
    environment: Environment,
    layers: Vec<Layer>,
    base: Option<EffectiveConfig>,
    head: EffectiveConfig,
    live: Option<EffectiveConfig>,
}

fn environment(name: &str) -> Environment {
    Environment {
        name: name.into(),
        tier: Tier::Production,
        names: vec![],
        deployed: None,
        deploys_within: None,
        settle: 0,
        tracks: None,
        deploys_later: false,
        variables: BTreeMap::new(),
    }
}

fn span(line: u32) -> Span {
    Span {
        line,
        column: 3,
        start: 0,
        end: 1,
    }
}

fn valued(file: &str, line: u32, name: &str, value: Value) -> SettingEntry {
    let path = KeyPath::members(&name.split('.').collect::<Vec<_>>());
    let capitals = !name.chars().any(char::is_lowercase);
    SettingEntry {
        name: name.into(),
        style: match name {
            _ if capitals => KeyStyle::Environment,
            path if path.contains('/') => KeyStyle::Path,
            _ => KeyStyle::Tree,
        },
        entry: Entry::of(
            value,
            Origin {
                item: ItemId::Document(file.into()),
                path: path.clone(),
                place: Some(Place::exact(file.into(), Some(span(line)))),
            },
        ),
        path,
        seen_by: [].into(),
        doubt: None,
    }
}

/// A layer whose file is called like it; one line per setting.
fn said(layer: &str, settings: &[(&str, &str)]) -> LayerSettings {
    let file = format!("{layer}.yaml");
    LayerSettings {
        entries: settings
            .iter()
            .zip(1..)
            .map(|((name, value), line)| valued(&file, line, name, Value::text(value)))
            .collect(),
        ..LayerSettings::default()
    }
}

fn layer(name: &str) -> Layer {
    Layer {
        name: name.into(),
        ..Layer::default()
    }
}

fn merged(layers: &[Layer], all: &[LayerSettings], borrowed: &[&str]) -> EffectiveConfig {
    let sides: Vec<LayerSide<'_>> = layers
        .iter()
        .zip(all)
        .map(|(layer, settings)| LayerSide {
            layer,
            settings,
            borrowed: borrowed.contains(&&*layer.name),
        })
        .collect();
    merge(&sides, false, &BTreeMap::new())
}

impl World {
    fn of(service: &str, name: &str, layers: Vec<Layer>, all: &[LayerSettings]) -> World {
        World {
            id: TargetId {
                service: service.into(),
                environment: name.into(),
            },
            environment: environment(name),
            head: merged(&layers, all, &[]),
            layers,
            base: None,
            live: None,
        }
    }

    /// Layers of settings only, lowest precedence first.
    fn plain(service: &str, name: &str, all: &[(&str, &[(&str, &str)])]) -> World {
        let layers = all.iter().map(|(name, _)| layer(name)).collect();
        let said: Vec<LayerSettings> = all.iter().map(|(n, s)| said(n, s)).collect();
        World::of(service, name, layers, &said)
    }

    fn live(mut self, all: &[(&str, &[(&str, &str)])], borrowed: &[&str]) -> World {
        let said: Vec<LayerSettings> = all.iter().map(|(n, s)| said(n, s)).collect();
        self.live = Some(merged(&self.layers, &said, borrowed));
        self
    }

    fn view(&self) -> TargetView<'_> {
        const NO_ORDERS: &[MergeOrder] = &[];
        TargetView {
            id: &self.id,
            environment: &self.environment,
            layers: self.layers.iter().collect(),
            base: self.base.as_ref().unwrap_or(&self.head),
            head: &self.head,
            live: self.live.as_ref(),
            fields: &[],
            base_fields: &[],
            live_fields: None,
            orders: NO_ORDERS,
        }
    }
}

fn explain(worlds: &[World], name: &str) -> Result<Vec<ExplainedKey>, NotFound> {
    let views: Vec<TargetView<'_>> = worlds.iter().map(World::view).collect();
    let input = Input {
        targets: &views,
        findings: &[],
        project: &Project::default(),
    };
    by_key(&input, name)
}

fn explain_line(worlds: &[World], line: &Line<'_>) -> Result<Vec<ExplainedKey>, NotFound> {
    let views: Vec<TargetView<'_>> = worlds.iter().map(World::view).collect();
    let input = Input {
        targets: &views,
        findings: &[],
        project: &Project::default(),
    };
    by_line(&input, line)
}

fn only(keys: Result<Vec<ExplainedKey>, NotFound>) -> ExplainedKey {
    let mut keys = keys.expect("it is there");
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys.remove(0)
}

fn sprawl() -> World {
    World::plain(
        "api",
        "production",
        &[
            ("defaults", &[("database.pool_size", "20")]),
            ("environment", &[("DATABASE_POOL_SIZE", "10")]),
            ("workload", &[("DATABASE_POOL_SIZE", "15")]),
            ("parameters", &[("database/pool-size", "25")]),
        ],
    )
}

#[test]
fn four_sources_of_one_key() {
    for asked in [
        "database.pool_size",
        "DATABASE_POOL_SIZE",
        "databasePoolSize",
    ] {
        let key = only(explain(&[sprawl()], asked));
        let t = &key.targets[0];
        let stack: Vec<(&str, Shown, Standing)> = t
            .git
            .values
            .iter()
            .map(|v| (&*v.layer, v.value.clone(), v.standing))
            .collect();
        let value = |text: &str| Shown::Value(text.into());
        assert_eq!(
            stack,
            [
                ("parameters", value("25"), Standing::Wins),
                ("workload", value("15"), Standing::Hidden),
                ("environment", value("10"), Standing::Hidden),
                ("defaults", value("20"), Standing::Hidden),
            ]
        );
        assert_eq!(t.git.outcome(), Outcome::Known);
        assert_eq!(t.live, None);
        assert_eq!(t.agreement, None);
    }
    let key = only(explain(&[sprawl()], "database.pool_size"));
    assert_eq!(
        message(&key.answer),
        "database.pool_size is 25 in production: layer \"parameters\" wins (parameters.yaml:1), \
         over 15 (workload), 10 (environment), 20 (defaults)"
    );
    let key = only(explain(&[sprawl()], "databasePoolSize"));
    assert_eq!(&*key.name, "database/pool-size", "the highest layer's");
}

#[test]
fn two_environments_and_a_service_without_it() {
    let worlds = [
        World::plain("api", "production", &[("a", &[("pool", "25")])])
            .live(&[("a", &[("pool", "30")])], &[]),
        World::plain("api", "staging", &[("a", &[("pool", "10")])])
            .live(&[("a", &[("pool", "10")])], &[]),
        World::plain("api", "test", &[("a", &[("other", "1")])]).live(&[("a", &[])], &[]),
        World::plain("cart", "production", &[("a", &[("other", "1")])]),
    ];
    let key = only(explain(&worlds, "pool"));
    let agreements: Vec<_> = key.targets.iter().map(|t| t.agreement.clone()).collect();
    assert_eq!(
        agreements,
        [
            Some(Agreement::Differs),
            Some(Agreement::Same),
            Some(Agreement::Same)
        ]
    );
    assert_eq!(key.targets[2].git.outcome(), Outcome::Absent);
    assert_eq!(key.not_in, ["cart".into()]);
    assert_eq!(
        message(&key.answer),
        "pool is 25 in production; 10 in staging; absent in test; live differs in production"
    );
    let same: Vec<World> = ["eu", "us", "ap"]
        .map(|e| World::plain("api", e, &[("a", &[("pool", "25")])]))
        .into();
    assert_eq!(
        message(&only(explain(&same, "pool")).answer),
        "pool is 25 in all 3 environments: layer \"a\" wins"
    );
}

#[test]
fn what_could_not_be_read_may_win() {
    let unread = || LayerSettings::unread(Unread::new(UnreadCause::Unreachable, "no connection"));
    let layers = || vec![layer("low"), layer("middle"), layer("high")];
    let known = || said("middle", &[("pool", "15")]);
    let above = World::of("api", "p", layers(), &[said("low", &[]), known(), unread()]);
    let key = only(explain(&[above], "pool"));
    let git = &key.targets[0].git;
    assert_eq!(git.outcome(), Outcome::Unknown);
    assert!(git.gaps[0].may_win);
    assert_eq!(
        message(&key.answer),
        "nobody knows what pool is in p: layer \"high\" could not be read, and it may win over 15 \
         (middle)"
    );
    let below = World::of(
        "api",
        "p",
        layers(),
        &[unread(), known(), said("high", &[])],
    );
    let key = only(explain(&[below], "pool"));
    let git = &key.targets[0].git;
    assert_eq!(git.outcome(), Outcome::Known);
    assert!(!git.gaps[0].may_win);
    // Where one target lacks it and could not be read, nobody knows that it lacks it.
    let lacking = World::of(
        "api",
        "q",
        layers(),
        &[unread(), said("m", &[]), said("h", &[])],
    );
    let with = World::of(
        "api",
        "p",
        layers(),
        &[said("low", &[]), known(), said("high", &[])],
    );
    let key = only(explain(&[with, lacking], "pool"));
    assert_eq!(key.targets[1].git.outcome(), Outcome::Unknown);
    assert_eq!(message(&key.answer), "pool is 15 in p; unknown in q");
}

#[test]
fn what_was_not_read_of_the_winners_own_layer_may_win() {
    let partly = || LayerSettings {
        unread: Some(Unread::new(UnreadCause::Malformed, "br.yml:1:5: no YAML")),
        ..said("env", &[("pool", "5")])
    };
    let world = |environment: &str| {
        let layers = vec![layer("defaults"), layer("env")];
        World::of(
            "api",
            environment,
            layers,
            &[said("defaults", &[("pool", "3")]), partly()],
        )
    };
    let key = only(explain(&[world("p")], "pool"));
    let git = &key.targets[0].git;
    assert_eq!(git.outcome(), Outcome::Unknown);
    assert!(git.gaps[0].may_win);
    assert_eq!(
        message(&key.answer),
        "nobody knows what pool is in p: layer \"env\" could not be read completely, and what is \
         missing may win over 5 (env), 3 (defaults)"
    );
    let key = only(explain(&[world("p"), world("q")], "pool"));
    assert_eq!(
        message(&key.answer),
        "pool is unknown in both environments",
        "nothing wins for certain"
    );
    let mut certain = partly();
    certain.certain = 1;
    let layers = vec![layer("defaults"), layer("env")];
    let world = World::of("api", "p", layers, &[said_nothing(), certain]);
    let key = only(explain(&[world], "pool"));
    let git = &key.targets[0].git;
    assert_eq!(git.outcome(), Outcome::Known);
    assert!(!git.gaps[0].may_win);
}

#[test]
fn secrets_whose_keys_are_not_read_are_said_where_they_may_win() {
    let secret = || Doubt::KeysNotRead("Secret/shop/sec".into());
    let mut workload = said("workload", &[("LOG", "debug"), ("CACHE", "1")]);
    workload.may_hold.push(MayHold {
        prefix: "".into(),
        doubt: secret(),
    });
    workload.entries[1].doubt = Some(std::sync::Arc::new(secret()));
    let defaults = said("defaults", &[("db.pool", "3"), ("log", "info")]);
    let layers = vec![layer("defaults"), layer("workload")];
    let world = [World::of("api", "p", layers, &[defaults, workload])];
    for (name, answer) in [
        (
            "db.pool",
            "db.pool is 3 in p: layer \"defaults\" wins (defaults.yaml:1); Secret/shop/sec may hold \
             it: its keys are not read",
        ),
        (
            "CACHE",
            "CACHE is 1 in p: layer \"workload\" wins (workload.yaml:2); Secret/shop/sec may hold \
             it: its keys are not read",
        ),
        (
            "LOG",
            "LOG is debug in p: layer \"workload\" wins (workload.yaml:1), over info (defaults)",
        ),
    ] {
        let key = only(explain(&world, name));
        assert_eq!(message(&key.answer), answer);
        assert_eq!(key.targets[0].git.outcome(), Outcome::Known);
    }
    let none = explain(&world, "nowhere").expect_err("it is nowhere");
    assert!(
        none.to_string()
            .contains("the keys of Secret/shop/sec are not read"),
        "{none}"
    );
}

#[test]
fn a_value_that_could_not_be_read_is_found() {
    let mut workload = said("workload", &[("POOL", "")]);
    let why = Unread::new(UnreadCause::NotAsked, "ConfigMap/shop/ext is not in git");
    workload.entries[0] = workload.entries[0].clone().unread(why);
    let layers = vec![layer("defaults"), layer("workload")];
    let world = [World::of(
        "api",
        "p",
        layers,
        &[
            said("defaults", &[("pool", "3"), ("log", "info")]),
            workload,
        ],
    )];
    let key = only(explain(&world, "POOL"));
    assert_eq!(key.targets[0].git.outcome(), Outcome::Unknown);
    assert!(matches!(
        &key.targets[0].git.values[0].value,
        Shown::Unknown(_)
    ));
    assert_eq!(
        message(&key.answer),
        "nobody knows what POOL is in p: ConfigMap/shop/ext is not in git (workload.yaml:1), over 3 \
         (defaults)"
    );
    let key = only(explain(&world, "log"));
    assert_eq!(key.targets[0].git.outcome(), Outcome::Known);
}

#[test]
fn layers_that_nobody_sees_are_said_where_they_are() {
    let mut console = layer("console");
    console.outside = Some("the vendor's console".into());
    let mut image = layer("image");
    image.outside = Some("defaults of the image".into());
    let world = World::of(
        "api",
        "production",
        vec![image, layer("file"), console],
        &[
            said("i", &[]),
            said("file", &[("pool", "15")]),
            said("c", &[]),
        ],
    );
    let key = only(explain(&[world], "pool"));
    let git = &key.targets[0].git;
    let gaps: Vec<(&str, bool)> = git.gaps.iter().map(|g| (&*g.layer, g.may_win)).collect();
    assert_eq!(gaps, [("console", true), ("image", false)]);
    assert!(
        matches!(&git.gaps[0].why, GapKind::Outside(what) if &**what == "the vendor's console")
    );
    assert_eq!(git.outcome(), Outcome::Known, "seeing is not reading");
    assert_eq!(
        message(&key.answer),
        "pool is 15 in production: layer \"file\" wins (file.yaml:1); layer \"console\", which \
         driftgate can't see, may win over it"
    );
}

#[test]
fn what_a_layer_imports_may_win_over_its_own_values() {
    let importing = |settings: &[(&str, &str)], what: &[&str]| LayerSettings {
        beyond: what
            .iter()
            .map(|what| Beyond {
                what: (*what).into(),
                place: None,
            })
            .collect(),
        ..said("app", settings)
    };
    let gaps = |app: LayerSettings, above: LayerSettings| {
        let layers = vec![layer("defaults"), layer("app"), layer("workload")];
        let all = [said("defaults", &[("pool", "5")]), app, above];
        let world = World::of("api", "production", layers, &all);
        let key = only(explain(&[world], "pool"));
        let git = key.targets[0].git.clone();
        assert_eq!(git.outcome(), Outcome::Known);
        (git.gaps, message(&key.answer))
    };
    let vault = || importing(&[("pool", "15")], &["vault://secret/app"]);
    let (found, answer) = gaps(vault(), said("w", &[]));
    assert_eq!(found.len(), 1);
    assert!(found[0].may_win && &*found[0].layer == "app");
    assert_eq!(
        found[0].why,
        GapKind::Imports(vec!["vault://secret/app".into()])
    );
    assert_eq!(
        answer,
        "pool is 15 in production: layer \"app\" wins (app.yaml:1), over 5 (defaults); layer \
         \"app\" imports vault://secret/app, which driftgate does not read and which may win over \
         it"
    );
    // It may hold what the layer itself does not say.
    let (found, _) = gaps(importing(&[], &["a", "b"]), said("w", &[]));
    assert!(found[0].may_win);
    let (found, answer) = gaps(vault(), said("w", &[("pool", "20")]));
    assert!(!found[0].may_win);
    assert!(!answer.contains("vault"), "{answer}");
}

#[test]
fn imports_in_words() {
    for (all, expected) in [
        (vec!["a"], "a"),
        (vec!["a", "b"], "a and b"),
        (vec!["a", "b", "c", "d", "e", "f"], "a, b, c, d and 2 more"),
    ] {
        let all: Vec<Box<str>> = all.into_iter().map(Into::into).collect();
        assert_eq!(GapKind::imported(&all), expected);
    }
}

#[test]
fn containers_see_different_values() {
    let of = |line, container: &str, value: &str| SettingEntry {
        seen_by: [Box::from(container)].into(),
        ..valued("w.yaml", line, "POOL", Value::text(value))
    };
    let settings = LayerSettings {
        entries: vec![of(1, "api", "5"), of(2, "worker", "9"), of(3, "cron", "9")],
        ..LayerSettings::default()
    };
    let world = World::of("api", "production", vec![layer("workload")], &[settings]);
    let key = only(explain(&[world], "POOL"));
    let git = &key.targets[0].git;
    assert_eq!(git.outcome(), Outcome::ByContainer);
    assert_eq!(git.shown(), None);
    assert_eq!(git.winners().count(), 2);
    let again: Vec<_> = git
        .values
        .iter()
        .filter(|v| v.standing == Standing::Agrees)
        .collect();
    assert_eq!(again.len(), 1);
    assert!(message(&key.answer).contains(", by container: layer \"workload\" wins"));
}

#[test]
fn a_null_that_takes_away() {
    let mut helm = layer("values");
    helm.desired = Some(DesiredSpec::File(FileSpec {
        nulls_delete: true,
        ..FileSpec::default()
    }));
    let settings = LayerSettings {
        entries: vec![
            valued("base.yaml", 1, "pool", Value::text("15")),
            valued("prod.yaml", 4, "pool", Value::Plain(Plain::Null)),
        ],
        ..LayerSettings::default()
    };
    let world = World::of("api", "production", vec![helm], &[settings]);
    let key = only(explain(&[world], "pool"));
    assert_eq!(key.targets[0].git.outcome(), Outcome::Absent);
    assert_eq!(
        message(&key.answer),
        "pool is absent in git in production: layer \"values\" takes it away (prod.yaml:4), \
         hidden: 15 (values)"
    );
}

#[test]
fn live_is_compared_where_it_has_something_of_its_own() {
    let git: &[(&str, &[(&str, &str)])] =
        &[("file", &[("pool", "25")]), ("env", &[("LOG", "info")])];
    let answer = |world: World, key: &str| {
        let key = only(explain(&[world], key));
        (message(&key.answer), key.targets[0].agreement.clone())
    };
    let world = || World::plain("api", "production", git);
    let (said, agreement) = answer(world().live(git, &["file"]), "pool");
    assert_eq!(agreement, Some(Agreement::NotCompared));
    assert!(said.ends_with("wins (file.yaml:1)"), "{said}");
    let other: &[(&str, &[(&str, &str)])] = &[("file", &[]), ("env", &[("LOG", "debug")])];
    let (said, agreement) = answer(world().live(other, &[]), "LOG");
    assert_eq!(agreement, Some(Agreement::Differs));
    assert!(said.ends_with("; live has debug"), "{said}");
    let (said, agreement) = answer(world().live(other, &[]), "pool");
    assert_eq!(agreement, Some(Agreement::Differs));
    assert!(said.ends_with("; it is absent live"), "{said}");
    let mut unread = world();
    let gone = LayerSettings::unread(Unread::new(UnreadCause::Unreachable, "no connection"));
    unread.live = Some(merged(&unread.layers, &[said_nothing(), gone], &[]));
    let (said, agreement) = answer(unread, "LOG");
    assert_eq!(agreement, Some(Agreement::Unknown("no connection".into())));
    assert!(
        said.ends_with("; nobody knows whether live agrees"),
        "{said}"
    );
    let only_live =
        World::plain("api", "production", &[("env", &[])]).live(&[("env", &[("FLAG", "on")])], &[]);
    let (said, agreement) = answer(only_live, "FLAG");
    assert_eq!(agreement, Some(Agreement::Differs));
    assert_eq!(said, "FLAG is absent in git in production; live has \"on\"");
}

fn said_nothing() -> LayerSettings {
    LayerSettings::default()
}

#[test]
fn secrets_are_compared_and_never_shown() {
    let key = DigestKey::for_this_run(&[7; 32]);
    let secret = |text: &str| LayerSettings {
        entries: vec![valued(
            "s.yaml",
            1,
            "DB_PASSWORD",
            Value::Secret(key.seal(text.as_bytes())),
        )],
        ..LayerSettings::default()
    };
    for (live, agreement) in [
        ("hunter2", Agreement::Same),
        ("correct-horse", Agreement::Differs),
    ] {
        let layers = vec![layer("low"), layer("high")];
        let mut world = World::of("api", "p", layers, &[secret("old-one"), secret("hunter2")]);
        world.live = Some(merged(
            &world.layers,
            &[secret("old-one"), secret(live)],
            &[],
        ));
        let key = only(explain(&[world], "DB_PASSWORD"));
        assert_eq!(key.targets[0].agreement, Some(agreement));
        let all = format!("{key:?} {}", message(&key.answer));
        for hidden in ["hunter2", "old-one", "correct-horse"] {
            assert!(!all.contains(hidden), "{all}");
        }
        assert!(all.contains("(secret)"), "{all}");
    }
}

#[test]
fn what_the_change_does_to_it() {
    let mut world = sprawl();
    let all = [
        said("defaults", &[("database.pool_size", "20")]),
        said_nothing(),
        said_nothing(),
        said_nothing(),
    ];
    world.base = Some(merged(&world.layers, &all, &[]));
    let key = only(explain(&[world], "database.pool_size"));
    let base = key.targets[0]
        .base
        .as_ref()
        .expect("it said something else");
    assert_eq!(base.shown(), Some(Shown::Value("20".into())));
    let mut moved = sprawl();
    moved.base = Some(moved.head.clone());
    assert_eq!(
        only(explain(&[moved], "database.pool_size")).targets[0].base,
        None
    );
}

#[test]
fn what_is_not_there_says_what_is() {
    let error =
        |worlds: &[World], name: &str| explain(worlds, name).expect_err("not there").to_string();
    let world = || [sprawl()];
    assert_eq!(
        error(&world(), "databse.pool_size"),
        "no layer that was read has a setting `databse.pool_size`; did you mean \
         `database/pool-size`?"
    );
    assert!(error(&world(), "pool_sise").ends_with("did you mean `database/pool-size`?"));
    assert!(error(&world(), "database.pool").ends_with("did you mean `database.pool_size`?"));
    assert_eq!(
        error(&world(), "zzz"),
        "no layer that was read has a setting `zzz`"
    );
    assert_eq!(
        error(&world(), ""),
        "no layer that was read has a setting ``"
    );
    let several = [World::plain(
        "api",
        "p",
        &[("a", &[("db.pool.min", "1"), ("db.pool.max", "2")])],
    )];
    assert!(error(&several, "pool").ends_with("one of `db.pool.max`, `db.pool.min`?"));
    let unread = LayerSettings::unread(Unread::new(UnreadCause::Malformed, "a.yaml:3: no YAML"));
    let world = World::of("api", "p", vec![layer("a")], &[unread]);
    assert!(
        error(&[world], "pool")
            .ends_with("(could not be read: layer a of api in p: a.yaml:3: no YAML)")
    );
}

#[test]
fn names_of_one_style_are_told_apart() {
    let worlds = [
        World::plain("api", "p", &[("a", &[("db.url", "1"), ("db.URL", "2")])]),
        World::plain("api", "q", &[("a", &[("db.url", "3")])]),
    ];
    let key = only(explain(&worlds, "db.URL"));
    assert_eq!(&*key.name, "db.URL");
    assert_eq!(key.targets[0].git.shown(), Some(Shown::Value("2".into())));
    assert_eq!(key.targets[1].git.outcome(), Outcome::Absent);
    assert_eq!(explain(&worlds, "DB_URL").expect("both").len(), 2);
}

#[test]
fn a_prefix_that_a_layer_takes_off_may_be_typed() {
    let mut prefixed = layer("env");
    prefixed.prefix = Some("APP_".into());
    let settings = said("env", &[("APP_POOL", "5")]);
    let world = World::of("api", "p", vec![prefixed], &[settings]);
    assert_eq!(&*only(explain(&[world], "APP_POOL")).name, "POOL");
}

#[test]
fn a_line_says_where_its_value_wins() {
    let shared: &[(&str, &str)] = &[("a", "0"), ("pool", "20")];
    let worlds = [
        World::plain(
            "api",
            "production",
            &[("shared", shared), ("env", &[("POOL", "25")])],
        ),
        World::plain("api", "staging", &[("shared", shared), ("env", &[])]),
        World::plain("cart", "staging", &[("other", &[("pool", "9")])]),
    ];
    let key = only(explain_line(&worlds, &Line::new("shared.yaml", 2, None)));
    assert_eq!(&*key.name, "pool");
    assert_eq!(
        message(&key.answer),
        "shared.yaml:2 sets pool to 20: it is hidden in production by 25 (env); it wins in staging"
    );
    let asked: Vec<bool> = key.targets[0].git.values.iter().map(|v| v.asked).collect();
    assert_eq!(asked, [false, true]);
    assert!(key.not_in.is_empty());
}

#[test]
fn a_line_without_a_setting_says_what_is_near() {
    let error = |line: u32, text: Option<&str>| {
        let worlds = [World::plain(
            "api",
            "p",
            &[("a", &[("x", "1"), ("y", "2")])],
        )];
        explain_line(&worlds, &Line::new("a.yaml", line, text))
            .expect_err("nothing is there")
            .to_string()
    };
    let text = "x: 1\ny: 2\n# the end\n";
    assert_eq!(
        error(3, Some(text)),
        "no setting is written at a.yaml:3; line 2 sets y"
    );
    assert_eq!(
        error(4, Some(text)),
        "a.yaml has 3 lines, there is no line 4"
    );
    assert_eq!(
        error(0, Some(text)),
        "a.yaml has 3 lines, there is no line 0"
    );
    assert_eq!(
        error(u32::MAX, None),
        "no setting is written at a.yaml:4294967295; line 2 sets y"
    );
    let worlds = [World::plain("api", "p", &[("a", &[("x", "1")])])];
    let other = explain_line(&worlds, &Line::new("b.yaml", 1, Some("x: 1\n")));
    assert!(
        other
            .expect_err("no layer reads it")
            .to_string()
            .starts_with("no layer has a setting whose place is a line of b.yaml;")
    );
}

#[test]
fn a_value_of_several_lines_has_all_of_them() {
    let text = "a: 1\ncert: |\n  one\n  two\nb: 2\n";
    let mut entry = valued("a.yaml", 2, "cert", Value::text("one\ntwo\n"));
    let start = text.find('|').expect("there") as u32;
    let end = text.find("b:").expect("there") as u32;
    entry.entry.from[0].place = Some(Place::exact(
        "a.yaml".into(),
        Some(Span {
            line: 2,
            column: 7,
            start,
            end,
        }),
    ));
    let settings = LayerSettings {
        entries: vec![entry],
        ..LayerSettings::default()
    };
    let worlds = [World::of("api", "p", vec![layer("a")], &[settings])];
    for line in 2..=4 {
        assert!(
            explain_line(&worlds, &Line::new("a.yaml", line, Some(text))).is_ok(),
            "{line}"
        );
    }
    for line in [1, 5] {
        assert!(
            explain_line(&worlds, &Line::new("a.yaml", line, Some(text))).is_err(),
            "{line}"
        );
    }
    // Offsets of another text say nothing about this one.
    let line = Line::new("a.yaml", 3, Some("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"));
    assert!(explain_line(&worlds, &line).is_err());
}

#[test]
fn rules_that_touch_it() {
    static RULE: Rule = Rule {
        id: "drifted",
        summary: "",
        needs: Needs::OneTarget,
    };
    let about = |service: &str, environment: &str, key: EntryKey| {
        let s = Subject::new(service.into(), environment.into(), "workload".into(), key);
        Finding::new(&RULE, Severity::Error, s)
    };
    let setting = |name: &str| EntryKey::Setting(name.into());
    let mut shared = about("cart", "staging", setting("DATABASE_POOL_SIZE"));
    shared.subject.also_in = vec!["api".into()];
    let findings = [
        about("api", "production", setting("DATABASE_POOL_SIZE")),
        about("api", "staging", setting("DATABASE_POOL_SIZE")),
        about("api", "production", setting("DATABASE_POOL")),
        about(
            "api",
            "production",
            EntryKey::Field(KeyPath::members(&["spec"])),
        ),
        shared,
    ];
    let selector = |key: &str| Selector {
        key: Some(Pattern::new(key)),
        ..Selector::default()
    };
    let waiver = |selector: Selector| Waiver {
        selector,
        value: None,
        reason: "load test".into(),
        owner: "team".into(),
        expires: Timestamp(0),
        place: None,
    };
    let elsewhere = Selector {
        environment: Some(Pattern::new("staging")),
        ..selector("database.pool_size")
    };
    let project = Project {
        waivers: vec![
            waiver(selector("database.poolSize")),
            waiver(selector("database.pool")),
            waiver(elsewhere),
        ],
        ignore: vec![
            Ignore {
                selector: selector("DATABASE_*"),
                reason: "operator".into(),
                place: None,
            },
            Ignore {
                selector: Selector::default(),
                reason: "everything".into(),
                place: None,
            },
        ],
        parity: vec![ParityGroup {
            environments: vec!["production".into(), "staging".into()],
            differences: vec![Difference {
                selector: selector("database.pool_size"),
                reason: "smaller".into(),
                expected: Some(BTreeMap::from([(sprawl().id, "25".into())])),
                place: None,
            }],
            ..ParityGroup::default()
        }],
        ..Project::default()
    };
    let world = sprawl();
    let views = [world.view()];
    let input = Input {
        targets: &views,
        findings: &findings,
        project: &project,
    };
    let key = only(by_key(&input, "database.pool_size"));
    let t = &key.targets[0];
    assert_eq!(t.findings.len(), 1);
    assert_eq!(t.findings[0].disposition, Disposition::Active);
    let policies: Vec<(&str, &str, Option<&str>)> = t
        .policies
        .iter()
        .map(|p| (p.entry.by, &*p.entry.reason, p.expected.as_deref()))
        .collect();
    assert_eq!(
        policies,
        [
            ("waiver", "load test", None),
            ("ignore", "operator", None),
            ("difference", "smaller", Some("25")),
        ]
    );
}

#[test]
fn many_hidden_values_are_counted() {
    let names: Vec<String> = (0..9).map(|n| format!("layer-{n}")).collect();
    let all: Vec<LayerSettings> = (0..9)
        .map(|n| said(&names[n], &[("pool", &n.to_string())]))
        .collect();
    let layers = names.iter().map(|n| layer(n)).collect();
    let key = only(explain(&[World::of("api", "p", layers, &all)], "pool"));
    assert!(
        message(&key.answer)
            .ends_with("over 7 (layer-7), 6 (layer-6), 5 (layer-5), 4 (layer-4) and 4 more")
    );
}

/// A layer: settings (name, value, container), whether it could not be read, whether it is outside.
type Drawn = (Vec<(usize, u8, usize)>, bool, bool);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let settings = prop::collection::vec((0..6usize, 0..3u8, 0..4usize), 0..8);
    let layer = (
        settings,
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.1),
    );
    prop::collection::vec(layer, 1..6)
}

const NAMES: [&str; 6] = [
    "db.pool",
    "DB_POOL",
    "db",
    "db.pool.max",
    "LOG_LEVEL",
    "\u{202e}x",
];

fn world_of(drawn: &[Drawn]) -> World {
    let mut layers = Vec::new();
    let mut all = Vec::new();
    for (n, (settings, unread, outside)) in drawn.iter().enumerate() {
        let mut layer = layer(&format!("layer-{n}"));
        layer.outside = outside.then(|| "a console".into());
        layers.push(layer);
        let file = format!("{n}.yaml");
        let entries = settings.iter().zip(1..).map(|((name, value, seen), line)| {
            let seen: &[&str] = [&[][..], &["a"], &["b"], &["a", "b"]][*seen];
            SettingEntry {
                seen_by: seen.iter().map(|s| Box::from(*s)).collect(),
                ..valued(&file, line, NAMES[*name], Value::text(&value.to_string()))
            }
        });
        all.push(LayerSettings {
            entries: entries.collect(),
            unread: unread.then(|| Unread::new(UnreadCause::Forbidden, "forbidden")),
            ..LayerSettings::default()
        });
    }
    World::of("api", "production", layers, &all)
}

proptest! {
    #[test]
    fn the_winner_is_what_merging_gives(drawn in drawn()) {
        let world = world_of(&drawn);
        for setting in &world.head.settings {
            let keys = explain(std::slice::from_ref(&world), &setting.name).expect("it is there");
            let explained: Vec<_> = keys
                .iter()
                .map(|k| &k.targets[0].git)
                .filter(|g| g.values.len() == setting.stack.len())
                .collect();
            let mut expected: Vec<(usize, Shown)> = setting
                .winning()
                .map(|w| (w.layer, Shown::from(&w.entry.entry.value)))
                .collect();
            expected.sort_by_key(|(layer, shown)| (*layer, format!("{shown:?}")));
            let found = explained.iter().any(|git| {
                let mut won: Vec<(usize, Shown)> =
                    git.winners().map(|w| (w.precedence, w.value.clone())).collect();
                won.sort_by_key(|(layer, shown)| (*layer, format!("{shown:?}")));
                won == expected
                    && git.unknown == setting.unknown.as_ref().map(|(_, why)| why.clone())
            });
            prop_assert!(found, "{setting:?}\n{keys:?}");
            for key in &keys {
                prop_assert!(!key.answer.0.is_empty());
                for git in key.targets.iter().map(|t| &t.git) {
                    prop_assert!(git.values.is_sorted_by_key(|v| std::cmp::Reverse(v.precedence)));
                }
            }
        }
    }

    #[test]
    fn every_place_leads_back_to_its_setting(drawn in drawn()) {
        let world = world_of(&drawn);
        for placed in world.head.settings.iter().flat_map(|s| &s.stack) {
            let origin = placed.entry.entry.origin().expect("an origin");
            let place = origin.place.as_ref().expect("a place");
            let line = place.span.expect("a span").line;
            let at = Line::new(&place.file, line, None);
            let keys = explain_line(std::slice::from_ref(&world), &at).expect("it is there");
            prop_assert!(keys.iter().any(|k| k.name == placed.entry.name));
            let all = keys.iter().flat_map(|k| &k.targets).flat_map(|t| &t.git.values);
            prop_assert!(all.filter(|v| v.asked).count() == 1);
        }
    }

    #[test]
    fn no_question_is_too_strange(name in any::<String>()) {
        let answer = explain(&[sprawl()], &name);
        if let Err(e) = answer {
            prop_assert!(!e.to_string().is_empty());
        }
    }
}

#[test]
fn an_object_holds_what_is_live() {
    let mut entry = valued("", 1, "POOL", Value::text("5"));
    entry.entry.from[0] = Origin {
        item: ObjectId::new("", "ConfigMap", Some("shop"), "api").into(),
        path: KeyPath::members(&["data", "POOL"]),
        place: None,
    };
    let settings = LayerSettings {
        entries: vec![entry],
        ..LayerSettings::default()
    };
    let mut world = World::of("api", "p", vec![layer("live")], &[said_nothing()]);
    world.head = merged(&world.layers, std::slice::from_ref(&settings), &["live"]);
    world.live = Some(merged(&world.layers, &[settings], &[]));
    let key = only(explain(&[world], "POOL"));
    assert_eq!(key.targets[0].agreement, Some(Agreement::NotCompared));
    assert_eq!(
        message(&key.answer),
        "POOL is 5 in p: layer \"live\" wins (ConfigMap/shop/api)"
    );
}
