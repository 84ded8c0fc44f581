//! Layers to the effective config, in memory: `cargo bench --bench merge`.

use divan::{Bencher, counter::ItemsCount};
use driftgate::{
    merge::{LayerSide, merge},
    model::{
        entry::{Entry, Origin},
        observation::ItemId,
        path::KeyPath,
        place::Place,
        setting::{KeyStyle, LayerSettings, SettingEntry},
        target::Layer,
        value::Value,
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// A file of settings: so many leaves, three maps deep.
fn file(name: &str, style: KeyStyle, settings: usize) -> LayerSettings {
    let file: Arc<str> = name.into();
    let entry = |n: usize| {
        let group = ["database", "cache", "queue", "payments", "search"][n % 5];
        let (tree, name) = (
            format!("{group}.pool{}.maxSize", n / 5),
            match style {
                KeyStyle::Environment => format!("{}_POOL{}_MAX_SIZE", group.to_uppercase(), n / 5),
                KeyStyle::Tree | KeyStyle::Spring => format!("{group}.pool{}.maxSize", n / 5),
                KeyStyle::Path => format!("{group}/pool{}/max-size", n / 5),
            },
        );
        let path = match style {
            KeyStyle::Tree => KeyPath::members(&tree.split('.').collect::<Vec<_>>()),
            _ => KeyPath::members(&[&name]),
        };
        let origin = Origin {
            item: ItemId::Document(name.as_str().into()),
            path: path.clone(),
            place: Some(Place::exact(file.clone(), None)),
        };
        SettingEntry {
            name: name.into(),
            style,
            path,
            entry: Entry::of(Value::text(&n.to_string()), origin),
            seen_by: [].into(),
            doubt: None,
        }
    };
    LayerSettings {
        entries: (0..settings).map(entry).collect(),
        ..LayerSettings::default()
    }
}

/// Six layers of all styles.
fn layers(settings: usize) -> Vec<(Layer, LayerSettings)> {
    [
        ("defaults", KeyStyle::Tree),
        ("environment", KeyStyle::Tree),
        ("region", KeyStyle::Tree),
        ("workload", KeyStyle::Environment),
        ("config map", KeyStyle::Tree),
        ("parameters", KeyStyle::Path),
    ]
    .map(|(name, style)| {
        let layer = Layer {
            name: name.into(),
            ..Layer::default()
        };
        (layer, file(name, style, settings))
    })
    .into()
}

fn sides(layers: &[(Layer, LayerSettings)]) -> Vec<LayerSide<'_>> {
    let side = |(layer, settings)| LayerSide {
        layer,
        settings,
        borrowed: false,
    };
    layers.iter().map(|(l, s)| side((l, s))).collect()
}

/// Files of 4,000 lines, six over each other.
#[divan::bench]
fn one_target_of_4000_settings(bencher: Bencher<'_, '_>) {
    let layers = layers(4_000);
    let sides = sides(&layers);
    let types = BTreeMap::new();
    assert_eq!(merge(&sides, false, &types).settings.len(), 4_000);
    bencher
        .counter(ItemsCount::new(6 * 4_000usize))
        .bench(|| merge(&sides, false, &types));
}

/// One repository: 500 targets of 500 settings in six layers each, on one core.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn targets_500_of_500_settings(bencher: Bencher<'_, '_>) {
    let layers = layers(500);
    let sides = sides(&layers);
    let types = BTreeMap::new();
    bencher
        .counter(ItemsCount::new(500 * 6 * 500usize))
        .bench(|| {
            let settings = (0..500).map(|_| merge(&sides, false, &types).settings.len());
            settings.sum::<usize>()
        });
}

fn main() {
    divan::main();
}
