//! What is one entry on several sides: settings by name, else by their words; fields by object and
//! path.

use super::{GapValue, ParitySide};
use crate::{
    compare::{
        names::OwnNames,
        setting_pairs::{Row as Found, pair_settings},
        surface::SurfaceField,
    },
    model::{
        effective::{EffectiveConfig, EffectiveSetting, Placed},
        entry::EntryKey,
        path::KeyPath,
        value::{Reading, Unread, ValueType},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// One entry, side by side.
pub(super) struct Row {
    pub(super) key: EntryKey,
    pub(super) holder: Option<Arc<str>>,
    pub(super) container: Option<Box<str>>,
    pub(super) ty: ValueType,
    pub(super) cells: Vec<Cell>,
}

/// What one side says of it.
pub(super) struct Cell {
    pub(super) value: GapValue,
    /// Whether leaving it out would say the same.
    pub(super) is_default: bool,
    /// Whether the side takes part: an object that a side lacks is one gap, not one per field.
    pub(super) takes_part: bool,
}

impl Cell {
    fn of(reading: Reading<crate::model::entry::Entry>) -> Cell {
        Cell {
            value: GapValue {
                reading,
                layer: "".into(),
                seen_by: [].into(),
            },
            is_default: false,
            takes_part: true,
        }
    }
}

/// Settings in the order of their names.
pub(super) fn settings(sides: &[ParitySide<'_>], own: &[OwnNames]) -> Vec<Row> {
    let configs: Vec<&EffectiveConfig> = sides.iter().map(|s| s.config).collect();
    let mut found: Vec<(Arc<str>, Found<'_>)> = pair_settings(&configs)
        .into_iter()
        .filter_map(|row| Some((row.iter().flatten().next()?.name.clone(), row)))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let several = |(_, settings): &(_, Found<'_>)| is_per_container(settings);
    let containers: Vec<BTreeSet<Box<str>>> = match found.iter().any(several) {
        true => sides.iter().zip(own).map(containers).collect(),
        false => vec![],
    };
    found
        .into_iter()
        .flat_map(|(name, settings)| match is_per_container(&settings) {
            true => per_container(sides, own, &containers, &name, &settings),
            false => vec![single(sides, &name, &settings)],
        })
        .collect()
}

/// Whether containers of one side see different values.
fn is_per_container(settings: &Found<'_>) -> bool {
    let mut there = settings.iter().flatten();
    there.any(|s| s.winners.len() > 1 && s.unknown.is_none())
}

fn row(
    name: &Arc<str>,
    settings: &Found<'_>,
    container: Option<Box<str>>,
    cells: Vec<Cell>,
) -> Row {
    let types = settings.iter().flatten().map(|s| s.ty);
    Row {
        key: EntryKey::Setting(name.clone()),
        holder: None,
        container,
        ty: types
            .into_iter()
            .find(|ty| *ty != ValueType::Text)
            .unwrap_or_default(),
        cells,
    }
}

fn single(sides: &[ParitySide<'_>], name: &Arc<str>, settings: &Found<'_>) -> Row {
    let cells = sides
        .iter()
        .zip(settings)
        .map(|(side, s)| cell(side.config, name, *s, s.and_then(|s| s.winning().next())));
    row(name, settings, None, cells.collect())
}

/// Each container is compared with its like on the other sides.
fn per_container(
    sides: &[ParitySide<'_>],
    own: &[OwnNames],
    containers: &[BTreeSet<Box<str>>],
    name: &Arc<str>,
    settings: &Found<'_>,
) -> Vec<Row> {
    let all: BTreeSet<Box<str>> = settings
        .iter()
        .zip(own)
        .flat_map(|(s, own)| s.iter().flat_map(move |s| winning_labels(s, own)))
        .collect();
    let one = |label: &str, side: usize| {
        let (config, setting) = (sides[side].config, settings[side]);
        let winner = setting.and_then(|s| {
            s.winning()
                .find(|p| p.entry.seen_by.is_empty() || labels(p, &own[side]).any(|l| *l == *label))
        });
        let known = &containers[side];
        // A container that a side lacks sees nothing there, and misses nothing.
        let lacks = winner.is_none() && !known.is_empty() && !known.contains(label);
        Cell {
            takes_part: !lacks,
            ..cell(config, name, setting, winner)
        }
    };
    all.iter()
        .map(|label| {
            let cells = (0..sides.len()).map(|side| one(label, side)).collect();
            row(name, settings, Some(label.clone()), cells)
        })
        .collect()
}

fn winning_labels<'a>(
    setting: &'a EffectiveSetting,
    own: &'a OwnNames,
) -> impl Iterator<Item = Box<str>> + 'a {
    setting.winning().flat_map(move |p| labels(p, own))
}

/// What a side says of a setting, or what its silence means.
fn cell(
    config: &EffectiveConfig,
    name: &str,
    setting: Option<&EffectiveSetting>,
    winner: Option<&Placed>,
) -> Cell {
    let unread = match setting {
        Some(s) => s.unknown.as_ref().map(|(_, why)| why),
        None => config.why_not_absent(name),
    };
    if let Some(why) = unread {
        return Cell::of(Reading::Unknown(why.clone()));
    }
    let Some(winner) = winner else {
        return Cell::of(Reading::within_whole(None));
    };
    let layer = config.layers.get(winner.layer);
    Cell {
        value: GapValue {
            reading: Reading::Present(winner.entry.entry.clone()),
            layer: layer.map_or_else(|| "".into(), |l| l.name.clone()),
            seen_by: winner.entry.seen_by.clone(),
        },
        is_default: false,
        takes_part: true,
    }
}

/// All containers that a side knows.
fn containers((side, own): (&ParitySide<'_>, &OwnNames)) -> BTreeSet<Box<str>> {
    let placed = side.config.settings.iter().flat_map(|s| &s.stack);
    placed.flat_map(|p| labels(p, own)).collect()
}

/// The containers that see a value, as they are called everywhere: `Deployment/api container api`
/// for `Deployment/shop-eu/api-eu container api`.
fn labels<'a>(placed: &'a Placed, own: &'a OwnNames) -> impl Iterator<Item = Box<str>> + 'a {
    placed.entry.seen_by.iter().map(|seen_by| {
        let Some((object, container)) = seen_by.split_once(" container ") else {
            return seen_by.clone();
        };
        let mut parts = object.split('/');
        let kind = parts.next().unwrap_or_default();
        let name = parts.next_back().unwrap_or_default();
        format!("{kind}/{} container {container}", own.stripped(name)).into()
    })
}

/// What a side says of an object as a whole.
#[derive(Clone, Default)]
enum Holder<'a> {
    #[default]
    Absent,
    There,
    Unread(&'a Unread),
}

/// Fields in the order of their objects and paths.
pub(super) fn fields(sides: &[ParitySide<'_>]) -> Vec<Row> {
    let mut rows: BTreeMap<(Arc<str>, KeyPath), Vec<Option<&SurfaceField>>> = BTreeMap::new();
    let mut objects: BTreeMap<Arc<str>, Vec<Holder<'_>>> = BTreeMap::new();
    let raw = raw_names(sides);
    for (i, side) in sides.iter().enumerate() {
        for field in side.fields {
            let full: Arc<str> = format!("{}/{}", field.object.kind, field.object.name).into();
            // What several sides call the same needs no other name.
            let shared = raw.get(&full).is_some_and(|n| n.iter().sum::<usize>() > 1);
            let holder = if shared { full } else { field.holder.clone() };
            let held = objects
                .entry(holder.clone())
                .or_insert_with(|| vec![Holder::Absent; sides.len()]);
            held[i] = match &field.unread {
                Some(why) => Holder::Unread(why),
                None => Holder::There,
            };
            let found = rows
                .entry((holder, field.path.clone()))
                .or_insert_with(|| vec![None; sides.len()]);
            found[i] = Some(field).filter(|f| f.unread.is_none());
        }
    }
    rows.into_iter()
        .map(|((holder, path), found)| {
            let here = &objects[&holder];
            field_row(sides, holder, path, &found, here)
        })
        .collect()
}

/// How many objects of this kind and name each side has, all environments' own names included;
/// without those that a side has in several namespaces.
fn raw_names(sides: &[ParitySide<'_>]) -> BTreeMap<Arc<str>, Vec<usize>> {
    let mut out: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
    for (i, side) in sides.iter().enumerate() {
        for field in side.fields.iter().filter(|f| f.path.0.is_empty()) {
            let full = format!("{}/{}", field.object.kind, field.object.name);
            out.entry(full.into())
                .or_insert_with(|| vec![0; sides.len()])[i] += 1;
        }
    }
    out.retain(|_, n| n.iter().all(|n| *n <= 1));
    out
}

fn field_row(
    sides: &[ParitySide<'_>],
    holder: Arc<str>,
    path: KeyPath,
    found: &[Option<&SurfaceField>],
    here: &[Holder<'_>],
) -> Row {
    let is_presence = path.0.is_empty();
    let cells = sides.iter().zip(found).zip(here).map(|((side, f), here)| {
        let unread = side.config.layers.iter().find_map(|l| l.unread.as_ref());
        match (f, here, unread) {
            (Some(field), ..) => Cell {
                is_default: field.is_default,
                ..Cell::of(Reading::Present(field.entry.clone()))
            },
            // The object was read: its fields are all there.
            (None, Holder::There, _) => Cell::of(Reading::within_whole(None)),
            (None, Holder::Unread(why), _) => Cell::of(Reading::Unknown((*why).clone())),
            (None, Holder::Absent, Some(why)) => Cell::of(Reading::Unknown(why.clone())),
            (None, Holder::Absent, None) => Cell {
                takes_part: is_presence,
                ..Cell::of(Reading::within_whole(None))
            },
        }
    });
    let cells = cells.collect();
    let ty = found
        .iter()
        .flatten()
        .map(|f| f.ty)
        .next()
        .unwrap_or_default();
    Row {
        key: if is_presence {
            EntryKey::Object
        } else {
            EntryKey::Field(path)
        },
        holder: Some(holder),
        container: None,
        ty,
        cells,
    }
}
