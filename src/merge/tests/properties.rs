//! For all layers.

use super::*;
use proptest::prelude::*;
use serde_json::{Map, Value as Json};

/// A setting of any style with one of few names, so that they meet.
#[derive(Clone, Debug)]
struct Said {
    name: &'static str,
    style: KeyStyle,
    value: u8,
    seen_by: Vec<&'static str>,
}

fn said() -> impl Strategy<Value = Said> {
    let env = prop_oneof![
        Just("A_B"),
        Just("a_b"),
        Just("A__B"),
        Just("C"),
        Just("a.b")
    ];
    let tree = prop_oneof![Just("a.b"), Just("aB"), Just("A_B"), Just("c"), Just("a")];
    let path = prop_oneof![Just("a/b"), Just("a-b"), Just("c"), Just("A_B")];
    let style = |s| move |n| (n, s);
    let name = prop_oneof![
        env.prop_map(style(KeyStyle::Environment)),
        tree.prop_map(style(KeyStyle::Tree)),
        path.prop_map(style(KeyStyle::Path)),
    ];
    let seen = proptest::collection::vec(prop_oneof![Just("x"), Just("y")], 0..2);
    (name, 0u8..4, seen).prop_map(|((name, style), value, seen_by)| Said {
        name,
        style,
        value,
        seen_by,
    })
}

fn layer(name: &str, said: &[Said]) -> Made {
    said.iter().fold(named(name), |made, s| {
        made.with(
            s.name,
            s.style,
            Value::text(&s.value.to_string()),
            &s.seen_by,
        )
    })
}

/// Maps and leaves with few names, so that they meet at all depths.
fn document() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        (0u8..5).prop_map(Json::from),
        Just(Json::from(vec![1, 2])),
        Just(Json::Array(vec![])),
        Just(Json::Null),
        Just(Json::Object(Map::new())),
    ];
    let map = |inner| {
        let key = prop_oneof![Just("a"), Just("b"), Just("c")];
        proptest::collection::btree_map(key, inner, 0..3)
            .prop_map(|m| Json::Object(m.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()))
    };
    let nested = leaf.prop_recursive(3, 24, 3, map);
    map(nested.boxed())
}

/// Maps deep, all else replaced, `null` too.
fn deep_merge(into: &mut Json, from: &Json) {
    match (&mut *into, from) {
        (Json::Object(mine), Json::Object(theirs)) => {
            for (key, value) in theirs {
                deep_merge(mine.entry(key.clone()).or_insert(Json::Null), value);
            }
        }
        _ => *into = from.clone(),
    }
}

/// The same, but `null` takes away what is there, as Helm coalesces values.
fn helm_merge(documents: &[Json]) -> Json {
    let mut out = Json::Object(Map::new());
    for document in documents {
        helm_into(&mut out, document);
    }
    out
}

fn helm_into(into: &mut Json, from: &Json) {
    if let Json::Object(theirs) = from {
        if !into.is_object() {
            *into = Json::Object(Map::new());
        }
        let mine = into.as_object_mut().expect("made just now");
        for (key, value) in theirs {
            if value.is_null() {
                mine.remove(key);
            } else {
                helm_into(mine.entry(key.clone()).or_insert(Json::Null), value);
            }
        }
    } else {
        *into = from.clone();
    }
}

/// Leaves as `name=value`; empty maps below the root are leaves.
fn leaves(json: &Json, at: &str, out: &mut Vec<String>) {
    match json {
        Json::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let at = match at {
                    "" => key.clone(),
                    at => format!("{at}.{key}"),
                };
                leaves(value, &at, out);
            }
        }
        Json::Object(_) if at.is_empty() => {}
        leaf => out.push(format!("{at}={leaf}")),
    }
}

fn expected(json: &Json, empty_maps: bool) -> Vec<String> {
    let mut out = Vec::new();
    leaves(json, "", &mut out);
    out.retain(|l| empty_maps || !l.ends_with("={}"));
    out.sort();
    out
}

fn effective(config: &EffectiveConfig, empty_maps: bool) -> Vec<String> {
    let mut out = winning(config);
    // A document without anything in it.
    out.retain(|l| l != "={}" && (empty_maps || !l.ends_with("={}")));
    out.sort();
    out
}

proptest! {
    #[test]
    fn everything_is_kept_once(
        layers in proptest::collection::vec(proptest::collection::vec(said(), 0..6), 0..5),
        exact in any::<bool>(),
    ) {
        let made: Vec<Made> = layers.iter().map(|said| layer("l", said)).collect();
        let config = merged_as(&made, exact, &[]);
        let mut kept: Vec<Vec<(String, String)>> = vec![vec![]; layers.len()];
        for setting in &config.settings {
            prop_assert!(setting.stack.is_sorted_by_key(|p| p.layer));
            prop_assert!(setting.winners.is_sorted());
            prop_assert!(setting.winners.iter().all(|w| *w < setting.stack.len()));
            prop_assert_eq!(Some(&setting.name), setting.stack.last().map(|p| &p.entry.name));
            for placed in &setting.stack {
                kept[placed.layer].push((placed.entry.name.to_string(), value(placed)));
            }
        }
        for (kept, said) in kept.iter_mut().zip(&layers) {
            let mut said: Vec<(String, String)> =
                said.iter().map(|s| (s.name.to_owned(), s.value.to_string())).collect();
            kept.sort();
            said.sort();
            prop_assert_eq!(&*kept, &*said);
        }
        prop_assert!(config.settings.is_sorted_by(|a, b| (&a.words, &a.name) < (&b.words, &b.name)));
        prop_assert!(config.ambiguous.is_sorted());
        prop_assert!(!exact || config.ambiguous.is_empty());
    }

    #[test]
    fn the_last_layer_that_has_it_wins(
        layers in proptest::collection::vec(proptest::collection::vec((0u8..6, 0u8..9), 0..6), 0..6),
    ) {
        let names = ["A", "B_C", "D_E", "d_e", "F1", "G__H"];
        let made: Vec<Made> = layers
            .iter()
            .map(|said| {
                said.iter().fold(named("l"), |m, (n, v)| m.env(names[usize::from(*n)], &v.to_string()))
            })
            .collect();
        let config = merged(&made);
        for name in names {
            let last = layers.iter().enumerate().rev().find_map(|(layer, said)| {
                let mine = said.iter().rev().find(|(n, _)| names[usize::from(*n)] == name);
                mine.map(|(_, v)| (layer, v.to_string()))
            });
            let setting = config.settings.iter().find(|s| &*s.name == name);
            let winner = setting.and_then(|s| s.winner()).map(|w| (w.layer, value(w)));
            prop_assert_eq!(winner, last);
        }
    }

    #[test]
    fn merging_some_layers_first_changes_nothing(
        a in proptest::collection::vec(said(), 0..6),
        b in proptest::collection::vec(said(), 0..6),
        c in proptest::collection::vec(said(), 0..6),
    ) {
        // Of one layer, whatever reads it and a container of it are told apart.
        let plain = |said: &[Said]| -> Vec<Said> {
            said.iter().map(|s| Said { seen_by: vec![], ..*s }).collect()
        };
        let (a, b, c) = (plain(&a), plain(&b), plain(&c));
        let apart = merged(&[layer("a", &a), layer("b", &b), layer("c", &c)]);
        let first = merged(&[layer("ab", &[a.clone(), b.clone()].concat()), layer("c", &c)]);
        let last = merged(&[layer("a", &a), layer("bc", &[b, c].concat())]);
        prop_assert_eq!(shown(&apart), shown(&first));
        prop_assert_eq!(shown(&apart), shown(&last));
    }

    #[test]
    fn containers_see_what_the_last_layer_tells_them(
        layers in proptest::collection::vec(proptest::collection::vec((0u8..4, 0u8..3), 0..5), 1..4),
    ) {
        let containers = ["w", "x", "y", "z"];
        let made: Vec<Made> = layers
            .iter()
            .map(|said| {
                said.iter().fold(named("l"), |m, (c, v)| {
                    m.seen("K", &v.to_string(), &[containers[usize::from(*c)]])
                })
            })
            .collect();
        let config = merged(&made);
        for (number, container) in containers.iter().enumerate() {
            let last = layers.iter().flatten().rev().find(|(c, _)| usize::from(*c) == number);
            let seen: Vec<String> = config
                .settings
                .iter()
                .flat_map(EffectiveSetting::winning)
                .filter(|w| w.entry.seen_by.iter().any(|c| **c == **container))
                .map(value)
                .collect();
            prop_assert_eq!(seen, last.iter().map(|(_, v)| v.to_string()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn trees_merge_deep(documents in proptest::collection::vec(document(), 1..5)) {
        let mut real = Json::Object(Map::new());
        for document in &documents {
            deep_merge(&mut real, document);
        }
        let texts: Vec<String> = documents.iter().map(ToString::to_string).collect();
        let layers: Vec<Made> = texts.iter().map(|t| named("l").file(t, t)).collect();
        prop_assert_eq!(effective(&merged(&layers), true), expected(&real, true));
        let files = texts.iter().fold(named("l"), |made, t| made.file(t, t));
        prop_assert_eq!(effective(&merged(&[files]), true), expected(&real, true));
    }

    #[test]
    fn nulls_delete_as_in_helm(documents in proptest::collection::vec(document(), 1..5)) {
        let texts: Vec<String> = documents.iter().map(ToString::to_string).collect();
        let files = texts.iter().fold(named("l"), |made, t| made.file(t, t)).nulls_delete();
        let config = merged(&[files]);
        // A map that nulls have emptied leaves nothing to tell of.
        prop_assert_eq!(effective(&config, false), expected(&helm_merge(&documents), false));
    }
}
