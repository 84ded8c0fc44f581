//! What merging promises.

use super::*;
use crate::model::{
    effective::AmbiguousKey,
    entry::{Entry, Origin},
    observation::ItemId,
    path::KeyPath,
    place::Place,
    secret::DigestKey,
    setting::{Doubt, KeyStyle, setting_name, settings_below},
    target::{FilePart, FileSpec},
    tree::{Kind, Prune, Tree},
    value::UnreadCause,
};

mod properties;

/// A layer with what it holds.
#[derive(Clone, Default)]
struct Made {
    layer: Layer,
    settings: LayerSettings,
}

fn named(name: &str) -> Made {
    let mut made = Made::default();
    made.layer.name = name.into();
    made
}

impl Made {
    fn with(mut self, name: &str, style: KeyStyle, value: Value, seen_by: &[&str]) -> Made {
        let path = match style {
            KeyStyle::Tree => KeyPath::members(&name.split('.').collect::<Vec<_>>()),
            _ => KeyPath::members(&[name]),
        };
        let origin = Origin {
            item: ItemId::Parameter(name.into()),
            path: path.clone(),
            place: None,
        };
        self.settings.entries.push(SettingEntry {
            name: name.into(),
            style,
            path,
            entry: Entry::of(value, origin),
            seen_by: seen_by.iter().map(|c| (*c).into()).collect(),
            doubt: None,
        });
        self
    }

    fn env(self, name: &str, value: &str) -> Made {
        self.with(name, KeyStyle::Environment, Value::text(value), &[])
    }

    fn tree(self, name: &str, value: &str) -> Made {
        self.with(name, KeyStyle::Tree, Value::text(value), &[])
    }

    fn path(self, name: &str, value: &str) -> Made {
        self.with(name, KeyStyle::Path, Value::text(value), &[])
    }

    fn seen(self, name: &str, value: &str, by: &[&str]) -> Made {
        self.with(name, KeyStyle::Environment, Value::text(value), by)
    }

    /// The settings of a file of JSON, as a part of the layer's list of files.
    fn file(self, file: &str, json: &str) -> Made {
        self.part(file, None, json)
    }

    fn part(mut self, file: &str, select: Option<&str>, json: &str) -> Made {
        let tree = Tree::from_json(json.as_bytes(), Prune::NOTHING).expect("JSON");
        let entries = &mut self.settings.entries;
        settings_below(tree.root(), &mut KeyPath::default(), &mut |path, node| {
            let origin = Origin {
                item: ItemId::Document(file.into()),
                path: path.clone(),
                place: Some(Place::exact(file.into(), node.span())),
            };
            entries.push(SettingEntry {
                name: setting_name(path),
                // A list that is selected itself is an environment.
                style: match tree.root().kind() {
                    Kind::List => KeyStyle::Environment,
                    _ => KeyStyle::Tree,
                },
                path: path.clone(),
                entry: Entry::of(Value::of(node), origin),
                seen_by: [].into(),
                doubt: None,
            });
        });
        let part = FilePart {
            file: file.into(),
            select: select.map(|s| s.parse().expect("a path")),
            ..FilePart::default()
        };
        match &mut self.layer.desired {
            Some(DesiredSpec::File(spec)) => spec.parts.push(part),
            desired => {
                *desired = Some(DesiredSpec::File(FileSpec {
                    parts: vec![part],
                    nulls_delete: false,
                }));
            }
        }
        self
    }

    fn nulls_delete(mut self) -> Made {
        if let Some(DesiredSpec::File(spec)) = &mut self.layer.desired {
            spec.nulls_delete = true;
        }
        self
    }

    fn prefix(mut self, prefix: &str) -> Made {
        self.layer.prefix = Some(prefix.into());
        self
    }

    fn unread(mut self) -> Made {
        self.settings.unread = Some(Unread::new(UnreadCause::Forbidden, "no right to read it"));
        self
    }

    fn ty(mut self, name: &str, ty: ValueType) -> Made {
        self.layer.types.insert(name.into(), ty);
        self
    }
}

fn merged_as(layers: &[Made], exact: bool, types: &[(&str, ValueType)]) -> EffectiveConfig {
    let sides: Vec<LayerSide<'_>> = layers
        .iter()
        .map(|m| LayerSide {
            layer: &m.layer,
            settings: &m.settings,
            borrowed: false,
        })
        .collect();
    let types = types.iter().map(|(n, t)| ((*n).into(), *t)).collect();
    merge(&sides, exact, &types)
}

fn merged(layers: &[Made]) -> EffectiveConfig {
    merged_as(layers, false, &[])
}

fn value(placed: &Placed) -> String {
    match &placed.entry.entry.value {
        Value::Plain(p) => p.text().to_string(),
        _ => "[hidden]".into(),
    }
}

/// `name=value@containers` of everything that wins, `name` of what nothing wins for.
fn shown(config: &EffectiveConfig) -> Vec<String> {
    let one = |s: &EffectiveSetting| {
        let winners: Vec<String> = s
            .winning()
            .map(|w| match w.entry.seen_by.join("+").as_str() {
                "" => value(w),
                seen => format!("{}@{seen}", value(w)),
            })
            .collect();
        match winners.is_empty() {
            true => s.name.to_string(),
            false => format!("{}={}", s.name, winners.join("|")),
        }
    };
    config.settings.iter().map(one).collect()
}

/// The same without what nothing wins for.
fn winning(config: &EffectiveConfig) -> Vec<String> {
    shown(config)
        .into_iter()
        .filter(|s| s.contains('='))
        .collect()
}

#[test]
fn variables_are_springs_properties_by_their_letters() {
    let spring = |name: &str, value: &str| {
        named("spring").with(name, KeyStyle::Spring, Value::text(value), &[])
    };
    for variable in ["ORDERS_RETRY_MAXATTEMPTS", "ORDERS_RETRY_MAX_ATTEMPTS"] {
        let layers = [
            spring("orders.retry.max-attempts", "5"),
            named("workload").env(variable, "9"),
        ];
        let sides: Vec<LayerSide<'_>> = layers
            .iter()
            .map(|made| LayerSide {
                layer: &made.layer,
                settings: &made.settings,
                borrowed: false,
            })
            .collect();
        let merged = merge(&sides, false, &BTreeMap::new());
        assert_eq!(merged.settings.len(), 1, "{variable}");
        let winner = merged.settings[0].winner().expect("one wins");
        assert_eq!(&*winner.entry.name, variable);
        assert_eq!(merged.settings[0].stack.len(), 2);
        let exact = merge(&sides, true, &BTreeMap::new());
        assert_eq!(exact.settings.len(), 2, "{variable}: `keys: exact`");
    }
}

#[test]
fn sprawl_one_setting_in_four_layers() {
    let config = merged(&[
        named("file").file("config.yml", r#"{"database":{"poolSize":20,"url":"db"}}"#),
        named("environment").env("DATABASE_POOL_SIZE", "10"),
        named("config map").file("application.yml", r#"{"database":{"pool_size":15}}"#),
        named("parameters").path("database/pool-size", "25"),
    ]);
    // Two names of one style are two settings; the parameter attaches to the first of them.
    assert_eq!(config.ambiguous, vec![]);
    assert_eq!(
        shown(&config),
        [
            "database.pool_size=15",
            "database/pool-size=25",
            "database.url=db"
        ]
    );

    let config = merged(&[
        named("file").file("config.yml", r#"{"database":{"poolSize":20}}"#),
        named("environment").env("DATABASE_POOL_SIZE", "10"),
        named("config map").file("application.yml", r#"{"database":{"poolSize":15}}"#),
        named("parameters").path("database/pool-size", "25"),
    ]);
    assert_eq!(shown(&config), ["database/pool-size=25"]);
    let setting = config.find("DATABASE_POOL_SIZE").expect("it is there");
    assert_eq!(&*setting.words, "database pool size");
    let hidden: Vec<(usize, String)> = setting.shadowed().map(|p| (p.layer, value(p))).collect();
    assert_eq!(
        hidden,
        [(2, "15".into()), (1, "10".into()), (0, "20".into())]
    );
    assert_eq!(setting.winner().map(value).as_deref(), Some("25"));
}

#[test]
fn names_within_one_style_are_exact() {
    let config = merged(&[named("a").env("HTTP_PROXY", "1").env("http_proxy", "2")]);
    assert_eq!(shown(&config), ["HTTP_PROXY=1", "http_proxy=2"]);
    assert!(config.ambiguous.is_empty());
    let config = merged(&[
        named("a").tree("http.proxy", "0"),
        named("b").env("HTTP_PROXY", "1").env("http_proxy", "2"),
    ]);
    assert_eq!(shown(&config), ["HTTP_PROXY=1", "http_proxy=2"]);
    assert_eq!(
        config.ambiguous,
        [AmbiguousKey {
            layer: 1,
            keys: vec!["HTTP_PROXY".into(), "http_proxy".into()],
            other: (0, "http.proxy".into()),
        }]
    );
    assert_eq!(config.settings[0].stack.len(), 2, "attached to the first");
}

#[test]
fn the_same_text_is_the_same_setting_whatever_the_style() {
    let config = merged(&[
        named("a").tree("http_proxy", "0").tree("HTTP_PROXY", "1"),
        named("b").env("HTTP_PROXY", "2").env("http_proxy", "3"),
    ]);
    assert_eq!(shown(&config), ["HTTP_PROXY=2", "http_proxy=3"]);
    assert!(config.ambiguous.is_empty());
    // What is left of one words-key after those meets as ever.
    let config = merged(&[
        named("a").tree("A_B", "0").tree("a.b", "1"),
        named("b").env("A_B", "2"),
        named("c").path("a/b", "3"),
    ]);
    assert_eq!(shown(&config), ["A_B=2", "a/b=3"]);
}

#[test]
fn two_names_in_two_layers_are_not_ambiguous() {
    let config = merged(&[
        named("a").env("A_B", "1"),
        named("b").env("a_b", "2"),
        named("c").tree("a.b", "3"),
    ]);
    assert_eq!(shown(&config), ["a.b=3", "a_b=2"]);
    assert!(config.ambiguous.is_empty());
}

#[test]
fn exact_keys_meet_by_text_only() {
    let layers = [
        named("a").tree("a.b", "1").tree("A_B", "2"),
        named("b").env("A_B", "3").env("a_b", "4"),
    ];
    let config = merged_as(&layers, true, &[]);
    assert_eq!(shown(&config), ["A_B=3", "a.b=1", "a_b=4"]);
    assert!(config.ambiguous.is_empty());
}

#[test]
fn names_without_words_never_meet_by_them() {
    let config = merged(&[named("a").env("__", "1"), named("b").path("//", "2")]);
    assert_eq!(shown(&config), ["//=2", "__=1"]);
}

#[test]
fn a_prefix_is_taken_off_before_names_meet() {
    let config = merged(&[
        named("file").file("a.json", r#"{"db":{"url":"1"}}"#),
        named("env")
            .prefix("APP_")
            .env("APP_DB_URL", "2")
            .env("APP_", "3")
            .env("OTHER", "4"),
    ]);
    assert_eq!(shown(&config), ["APP_=3", "DB_URL=2", "OTHER=4"]);
    let setting = config.find("db.url").expect("it is there");
    assert_eq!(&*setting.stack[1].entry.name, "DB_URL");
    assert_eq!(setting.path(), Some(&KeyPath::members(&["APP_DB_URL"])));
    // In trees, too, and for what replaces a map.
    let config = merged(&[
        named("a").file("a.json", r#"{"db":{"url":"1"}}"#),
        named("b")
            .prefix("app.")
            .file("b.json", r#"{"app":{"db":"off"}}"#),
    ]);
    assert_eq!(shown(&config), ["db=off", "db.url"]);
}

#[test]
fn later_files_of_one_layer_win() {
    let config = merged(&[named("values")
        .file("values.yaml", r#"{"a":{"b":"1","c":"2"}}"#)
        .file("values-production.yaml", r#"{"a":{"b":"3"}}"#)]);
    assert_eq!(shown(&config), ["a.b=3", "a.c=2"]);
    assert_eq!(config.settings[0].stack.len(), 2);
}

#[test]
fn what_replaces_a_map_hides_what_was_in_it() {
    for (lower, higher, expected) in [
        (
            r#"{"db":{"url":"x","pool":{"size":1}}}"#,
            r#"{"db":"off"}"#,
            vec!["db=off"],
        ),
        (
            r#"{"db":{"url":"x"}}"#,
            r#"{"db":["a","b"]}"#,
            vec![r#"db=["a","b"]"#],
        ),
        (r#"{"db":{"url":"x"}}"#, r#"{"db":null}"#, vec!["db=null"]),
        (r#"{"db":{"url":"x"}}"#, r#"{"db":[]}"#, vec!["db=[]"]),
        (r#"{"db":{"url":"x"}}"#, r#"{"db":{}}"#, vec!["db.url=x"]),
        (r#"{"db":{}}"#, r#"{"db":{"url":"x"}}"#, vec!["db.url=x"]),
        (r#"{"db":"off"}"#, r#"{"db":{}}"#, vec!["db={}"]),
        (r#"{"db":"off"}"#, r#"{"db":{"url":"x"}}"#, vec!["db.url=x"]),
        (r#"{"db":["a"]}"#, r#"{"db":{"url":{}}}"#, vec!["db.url={}"]),
        (
            r#"{"db":{"a":{}}}"#,
            r#"{"db":{"a":{"b":{}}}}"#,
            vec!["db.a.b={}"],
        ),
    ] {
        let config = merged(&[named("a").file("a", lower), named("b").file("b", higher)]);
        assert_eq!(winning(&config), expected, "{lower} {higher} in two layers");
        let config = merged(&[named("a").file("a", lower).file("b", higher)]);
        assert_eq!(winning(&config), expected, "{lower} {higher} in one layer");
    }
    // In between, too: what a later layer adds is there, what an earlier one had is not.
    let config = merged(&[
        named("a").file("a", r#"{"db":{"url":"x","user":"u"}}"#),
        named("b").file("b", r#"{"db":"off"}"#),
        named("c").file("c", r#"{"db":{"url":"y"}}"#),
    ]);
    assert_eq!(winning(&config), ["db.url=y"]);
    assert_eq!(config.settings.len(), 3, "everything is kept");
}

#[test]
fn only_trees_have_maps() {
    let config = merged(&[
        named("a")
            .tree("db.url", "1")
            .env("DB_HOST", "2")
            .path("db/user", "3"),
        named("b").env("DB", "4").path("db", "5").env("db.url", "6"),
    ]);
    assert_eq!(
        shown(&config),
        ["db=5", "DB_HOST=2", "db.url=6", "db/user=3"]
    );
}

#[test]
fn what_one_file_says_comes_together() {
    // As `.properties` may say it: `db=on`, `db.url=x`.
    let mut made = named("a")
        .file("a", r#"{"db":"on"}"#)
        .file("a", r#"{"db":{"url":"x"}}"#);
    assert_eq!(winning(&merged(&[made.clone()])), ["db=on", "db.url=x"]);
    made = made.file("b", r#"{"db":{"url":"y"}}"#);
    assert_eq!(winning(&merged(&[made])), ["db.url=y"]);
}

#[test]
fn a_document_that_is_no_map_hides_nothing() {
    let config = merged(&[
        named("a").file("a", r#"{"x":"1"}"#),
        named("b").file("b", "null"),
    ]);
    assert_eq!(winning(&config), ["=null", "x=1"]);
}

#[test]
fn null_is_a_value_unless_the_format_deletes() {
    let files = || {
        named("values")
            .file(
                "a",
                r#"{"db":{"url":"x","user":"u"},"log":"info","keep":1}"#,
            )
            .file("b", r#"{"db":null,"log":null,"new":null}"#)
    };
    let config = merged(&[files()]);
    assert_eq!(
        winning(&config),
        ["db=null", "keep=1", "log=null", "new=null"]
    );
    let config = merged(&[files().nulls_delete()]);
    assert_eq!(winning(&config), ["keep=1"]);
    assert_eq!(
        config.settings.len(),
        6,
        "what is taken away is still told of"
    );
    // It takes away what its own layer says, and nothing of others.
    let config = merged(&[
        named("defaults").file("d", r#"{"db":{"url":"default"},"log":"debug"}"#),
        files().nulls_delete(),
    ]);
    assert_eq!(winning(&config), ["db.url=default", "keep=1", "log=debug"]);
    // And a later file may say it again.
    let config = merged(&[files().file("c", r#"{"db":{"url":"y"}}"#).nulls_delete()]);
    assert_eq!(winning(&config), ["db.url=y", "keep=1"]);
}

#[test]
fn lists_of_names_and_values_are_replaced_like_all_lists() {
    let (a, b) = (
        r#"{"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}"#,
        r#"{"env":[{"name":"A","value":"3"},{"name":"C","value":"4"}]}"#,
    );
    let expected = ["env.A=3", "env.C=4"];
    let config = merged(&[named("x").file("a", a).file("b", b)]);
    assert_eq!(winning(&config), expected);
    let config = merged(&[named("x").file("a", a), named("y").file("b", b)]);
    assert_eq!(winning(&config), expected);
    let config = merged(&[
        named("x").file("a", a),
        named("y").file("b", r#"{"env":{"A":"3"}}"#),
        named("z").file("c", r#"{"env":{"C":"4"}}"#),
    ]);
    assert_eq!(
        winning(&config),
        ["env.A=3", "env.C=4"],
        "a map replaces a list"
    );
    let config = merged(&[
        named("x").file("a", r#"{"env":{"Z":"1"}}"#),
        named("y").file("b", b),
    ]);
    assert_eq!(winning(&config), expected, "and a list a map");
}

#[test]
fn selected_lists_replace_each_other_where_they_are_the_same_part() {
    let (a, b) = (
        r#"[{"name":"A","value":"1"},{"name":"B","value":"2"}]"#,
        r#"[{"name":"A","value":"3"}]"#,
    );
    let two = |x: &str, y: &str| {
        merged(&[
            named("x").part("a", Some(x), a),
            named("y").part("b", Some(y), b),
        ])
    };
    assert_eq!(winning(&two("env", "env")), ["A=3"]);
    // The chart puts the two together.
    assert_eq!(winning(&two("commonEnv", "env")), ["A=3", "B=2"]);
    // A map elsewhere has nothing to do with it.
    let map = named("z").file("c", r#"{"C":"4"}"#);
    let config = merged(&[named("x").file("a", a), map.clone()]);
    assert_eq!(winning(&config), ["A=1", "B=2", "C=4"]);
    let config = merged(&[map, named("x").file("a", a)]);
    assert_eq!(winning(&config), ["A=1", "B=2", "C=4"]);
}

#[test]
fn containers_that_see_different_values() {
    let config = merged(&[named("w")
        .seen("SAME", "1", &["api"])
        .seen("SAME", "1", &["worker"])
        .seen("OWN", "1", &["api", "cron"])
        .seen("OWN", "2", &["worker"])
        .seen("OWN", "1", &["migrate"])
        .seen("TWICE", "1", &["api"])
        .seen("TWICE", "2", &["api"])
        .seen("PART", "1", &["api", "worker"])
        .seen("PART", "2", &["api"])
        .seen("ALL", "1", &["api"])
        .seen("ALL", "2", &[])]);
    assert_eq!(
        shown(&config),
        [
            "ALL=2",
            "OWN=2@worker|1@api+cron+migrate",
            "PART=1@worker|2@api",
            "SAME=1@api+worker",
            "TWICE=2@api",
        ]
    );
    let same = config.find("SAME").expect("it is there");
    assert!(same.winner().is_some());
    assert_eq!(same.shadowed().count(), 0, "nobody's value is hidden");
    let twice = config.find("TWICE").expect("it is there");
    assert_eq!(twice.shadowed().count(), 1);
    assert!(config.find("OWN").expect("there").winner().is_none());
}

#[test]
fn containers_across_layers() {
    let config = merged(&[
        named("file").env("A", "file").env("B", "file"),
        named("w")
            .seen("A", "1", &["api"])
            .seen("C", "1", &["api", "worker"]),
        named("x").seen("C", "2", &["api"]).env("B", "x"),
    ]);
    assert_eq!(shown(&config), ["A=1@api", "B=x", "C=1@worker|2@api"]);
}

#[test]
fn secrets_of_containers_are_compared_by_digest() {
    let key = DigestKey::for_this_run(&[1; 32]);
    let secret = |plain: &str| Value::Secret(key.seal(plain.as_bytes()));
    let two = |a: &str, b: &str| {
        merged(&[named("w")
            .with("P", KeyStyle::Environment, secret(a), &["api"])
            .with("P", KeyStyle::Environment, secret(b), &["worker"])])
    };
    assert_eq!(two("x", "x").settings[0].winners.len(), 1);
    assert_eq!(two("x", "y").settings[0].winners.len(), 2);
}

#[test]
fn a_layer_that_could_not_be_read_might_win() {
    let config = merged(&[
        named("a").env("LOW", "1").env("HIGH", "1"),
        named("b").unread().env("OWN", "1"),
        named("c").env("HIGH", "2"),
    ]);
    let unknown = |name: &str| config.find(name).and_then(|s| s.unknown.clone());
    assert_eq!(unknown("LOW").map(|(layer, _)| layer), Some(1));
    assert_eq!(unknown("HIGH"), None);
    assert_eq!(
        unknown("OWN").map(|(layer, _)| layer),
        Some(1),
        "a part of the layer that was not read may come later"
    );
    let mut certain = named("b").unread().env("BEFORE", "1").env("BEHIND", "1");
    certain.settings.certain = 1;
    let partly = merged(&[named("a").env("BEHIND", "0"), certain]);
    let unknown_of = |name: &str| partly.find(name).and_then(|s| s.unknown.as_ref());
    assert_eq!(unknown_of("BEFORE").map(|(layer, _)| *layer), Some(1));
    assert_eq!(unknown_of("BEHIND"), None, "it is known to come later");
    assert!(config.find("LOW").expect("there").winner().is_none());
    assert_eq!(shown(&config), ["HIGH=2", "LOW=1", "OWN=1"]);
    // Where nothing wins, it might too.
    let config = merged(&[
        named("a").unread(),
        named("b")
            .file("x", r#"{"k":"1"}"#)
            .file("y", r#"{"k":null}"#)
            .nulls_delete(),
    ]);
    assert_eq!(config.settings[0].winners, [0usize; 0]);
    assert!(config.settings[0].unknown.is_some());
}

#[test]
fn a_value_that_could_not_be_read_is_there_and_unknown() {
    let why = Unread::new(UnreadCause::NotAsked, "ConfigMap/shop/ext is not in git");
    let mut workload = named("w").env("DB_POOL", "").env("LOG", "debug");
    let entry = workload.settings.entries[0].clone();
    workload.settings.entries[0] = entry.unread(why.clone());
    let config = merged(&[
        named("a").tree("db.pool", "3").tree("log", "info"),
        workload,
    ]);
    let pool = config.find("db.pool").expect("it is there");
    assert_eq!(pool.unknown, Some((1, why.clone())));
    assert!(pool.winner().is_none());
    assert_eq!(config.find("log").expect("there").unknown, None);
    // A higher layer decides.
    let mut workload = named("w").env("DB_POOL", "");
    let entry = workload.settings.entries[0].clone();
    workload.settings.entries[0] = entry.unread(why);
    let config = merged(&[workload, named("p").path("db/pool", "5")]);
    assert_eq!(shown(&config), ["db/pool=5"]);
    assert_eq!(config.settings[0].unknown, None);
}

#[test]
fn a_part_that_was_not_read_may_hold_names_with_its_prefix() {
    let why = || Unread::new(UnreadCause::NotAsked, "ConfigMap/shop/ext is not in git");
    let with = |prefix: &str, doubt: Doubt| {
        let mut made = named("w").env("DB_URL", "w").prefix("APP_");
        made.settings.may_hold.push(MayHold {
            prefix: prefix.into(),
            doubt,
        });
        made
    };
    let lower = || {
        named("a")
            .tree("db.pool", "3")
            .tree("db.url", "a")
            .tree("log.level", "info")
            .env("cache_size", "1")
    };
    let unknown = |prefix: &str, exact: bool| -> Vec<String> {
        let layers = [lower(), with(prefix, Doubt::Unread(why()))];
        let config = merged_as(&layers, exact, &[]);
        let unknown = config.settings.iter().filter(|s| s.unknown.is_some());
        unknown.map(|s| s.name.to_string()).collect()
    };
    assert_eq!(unknown("", false), ["cache_size", "db.pool", "log.level"]);
    assert_eq!(
        unknown("APP_", false),
        ["cache_size", "db.pool", "log.level"]
    );
    assert_eq!(unknown("APP_DB_", false), ["db.pool"]);
    assert_eq!(unknown("LOG_", false), ["log.level"]);
    assert_eq!(
        unknown("CACHE_", false),
        [""; 0],
        "variables are spelt exactly"
    );
    assert_eq!(unknown("cache_", false), ["cache_size"]);
    assert_eq!(unknown("DB_", true), [""; 0], "so are all with exact keys");
    // A Secret whose keys are not read makes nothing unknown.
    let config = merged(&[
        lower(),
        with("", Doubt::KeysNotRead("Secret/shop/s".into())),
    ]);
    assert!(config.settings.iter().all(|s| s.unknown.is_none()));
}

#[test]
fn an_opaque_value_over_a_map_may_have_its_members() {
    let include = || Value::Opaque("!include".into());
    let lower = || named("a").file("a", r#"{"db":{"pool":{"size":3},"url":"x"},"log":"info"}"#);
    let over = |made: Made| made.with("db", KeyStyle::Tree, include(), &[]);
    let opaque = |config: &EffectiveConfig, name: &str| {
        let winner = config.find(name).and_then(EffectiveSetting::winner);
        winner.map(|w| (w.layer, w.entry.entry.value.clone()))
    };
    for config in [
        merged(&[lower(), over(named("b"))]),
        // What is below may be there beside what a later layer adds.
        merged(&[
            lower(),
            over(named("b")),
            named("c").file("c", r#"{"db":{"user":"u"}}"#),
        ]),
        // In the second of two layers, whatever the first one was.
        merged(&[
            lower(),
            named("b").file("b", r#"{"db":"off"}"#),
            over(named("c")),
        ]),
    ] {
        let layer = config
            .layers
            .iter()
            .rposition(|l| matches!(&*l.name, "b" | "c"));
        for name in ["db.pool.size", "db.url"] {
            let (at, value) = opaque(&config, name).expect("it wins");
            assert!(value.is_opaque(), "{name}");
            assert!(Some(at) <= layer && at > 0);
        }
        assert!(shown(&config).contains(&"log=info".to_owned()));
        let size = config.find("db.pool.size").expect("there");
        assert_eq!(size.shadowed().map(value).collect::<Vec<_>>(), ["3"]);
        assert_eq!(size.stack.len(), 2);
    }
    // What is said above it is known, and so is what another value replaces.
    let config = merged(&[
        lower(),
        over(named("b")),
        named("c").file("c", r#"{"db":{"url":"y"}}"#),
    ]);
    assert!(shown(&config).contains(&"db.url=y".to_owned()));
    let config = merged(&[
        lower(),
        over(named("b")),
        named("c").file("c", r#"{"db":"off"}"#),
    ]);
    assert_eq!(winning(&config), ["db=off", "log=info"]);
}

#[test]
fn layers_outside_are_listed_and_make_nothing_unknown() {
    let mut outside = named("vault").unread();
    outside.layer.outside = Some("the vault agent writes them".into());
    let config = merged(&[named("a").env("A", "1"), outside]);
    assert_eq!(config.settings[0].unknown, None);
    assert_eq!(
        config.layers[1].outside.as_deref(),
        Some("the vault agent writes them")
    );
}

#[test]
fn types_by_name_then_by_words_and_the_higher_layer_first() {
    use ValueType as T;
    let layers = [
        named("a")
            .tree("db.timeout", "1")
            .ty("db.timeout", T::Number)
            .ty("RETRIES", T::Number),
        named("b")
            .prefix("APP_")
            .env("APP_DB_TIMEOUT", "2")
            .env("RETRIES", "3")
            .ty("APP_DB_TIMEOUT", T::Duration),
    ];
    let ty = |config: &EffectiveConfig, name: &str| config.find(name).map(|s| s.ty);
    let config = merged(&layers);
    assert_eq!(ty(&config, "db.timeout"), Some(T::Duration));
    assert_eq!(ty(&config, "RETRIES"), Some(T::Number));
    let config = merged_as(
        &layers,
        false,
        &[("retries", T::Bytes), ("DB_TIMEOUT", T::Text)],
    );
    assert_eq!(
        ty(&config, "db.timeout"),
        Some(T::Text),
        "the catalogue first"
    );
    assert_eq!(
        ty(&config, "RETRIES"),
        Some(T::Number),
        "an exact name first"
    );
    let config = merged_as(
        &[named("a").env("DB_POOL", "1")],
        false,
        &[("db.pool", T::Number)],
    );
    assert_eq!(ty(&config, "DB_POOL"), Some(T::Number));
    let config = merged_as(
        &[named("a").env("DB_POOL", "1")],
        true,
        &[("db.pool", T::Number)],
    );
    assert_eq!(ty(&config, "DB_POOL"), Some(T::Text));
}

#[test]
fn hostile_sizes_take_no_hostile_time() {
    // A name of which every second letter could begin a word.
    let long = "A1".repeat(200_000);
    // Deep below each other, alternately a value and a map.
    let deep = |n: usize| vec!["x"; n].join(".");
    let mut low = named("low").env(&long, "1");
    let mut high = named("high");
    for n in 1..200 {
        low = low.tree(&deep(n), "1");
        high = high.tree(&deep(n), "2");
    }
    // Many containers, each with a value of its own.
    let mut many = named("many");
    for n in 0..1_000 {
        many = many.seen("HOSTNAME", &n.to_string(), &[&format!("c{n}")]);
    }
    let config = merged(&[low, high, many]);
    let hosts = config.find("HOSTNAME").expect("it is there");
    assert_eq!(hosts.winners.len(), 1_000);
    assert_eq!(winning(&config).len(), 3, "the deepest wins of the tree");
}

#[test]
fn nothing_of_nothing() {
    assert!(merged(&[]).settings.is_empty());
    assert!(
        merged(&[named("a"), named("b").unread()])
            .settings
            .is_empty()
    );
}
