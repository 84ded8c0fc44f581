//! What one side of a target says of a setting: what wins, what it hides, and what nobody knows.

use super::{Key, Line};
use crate::{
    check::TargetView,
    model::{
        effective::{EffectiveConfig, EffectiveSetting, Placed},
        explanation::{Agreement, ExplainedSide, ExplainedValue, Gap, GapKind, Standing},
        secret::Sameness,
        setting::Doubt,
        target::DesiredSpec,
        value::{Plain, Value},
    },
};

/// What `config` says of a setting, if it has it.
pub(super) fn of(
    view: &TargetView<'_>,
    config: &EffectiveConfig,
    key: &Key,
    line: Option<&Line<'_>>,
) -> ExplainedSide {
    let setting = key.find(config);
    ExplainedSide {
        values: setting.map_or_else(Vec::new, |s| values(view, config, s, line)),
        gaps: gaps(config, setting, &key.words),
        unknown: match setting {
            Some(setting) => setting.unknown.as_ref().map(|(_, why)| why.clone()),
            None => config.why_not_absent(&key.words).cloned(),
        },
    }
}

fn values(
    view: &TargetView<'_>,
    config: &EffectiveConfig,
    setting: &EffectiveSetting,
    line: Option<&Line<'_>>,
) -> Vec<ExplainedValue> {
    let mut out: Vec<ExplainedValue> = setting
        .stack
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(at, placed)| {
            let layer = config.layers.get(placed.layer)?;
            let entry = &placed.entry;
            Some(ExplainedValue {
                layer: layer.name.clone(),
                precedence: placed.layer,
                name: entry.name.clone(),
                value: entry.shown(),
                standing: standing(view, setting, at),
                origin: entry.entry.origin().cloned(),
                made_from: entry.entry.made_from(),
                commit: None,
                written: None,
                seen_by: entry.seen_by.to_vec(),
                borrowed: layer.borrowed,
                asked: line.is_some_and(|line| line.has(placed)),
            })
        })
        .collect();
    // Stable: of one layer and standing the later one stays first.
    out.sort_by(|a, b| (b.precedence, a.standing).cmp(&(a.precedence, b.standing)));
    out
}

fn standing(view: &TargetView<'_>, setting: &EffectiveSetting, at: usize) -> Standing {
    let placed = &setting.stack[at];
    if setting.winners.contains(&at) {
        Standing::Wins
    } else if takes_away(view, placed) {
        Standing::Removes
    } else if setting.winning().any(|w| is_said_again(setting, w, placed)) {
        Standing::Agrees
    } else {
        Standing::Hidden
    }
}

/// A `null` that the layer's own tool takes as "not there".
fn takes_away(view: &TargetView<'_>, placed: &Placed) -> bool {
    let desired = view
        .layers
        .get(placed.layer)
        .and_then(|l| l.desired.as_ref());
    matches!(desired, Some(DesiredSpec::File(spec)) if spec.nulls_delete)
        && matches!(placed.entry.entry.value, Value::Plain(Plain::Null))
}

/// Equal values of several containers are one winner, which is seen by all of them.
fn is_said_again(setting: &EffectiveSetting, winner: &Placed, placed: &Placed) -> bool {
    let (all, own) = (&winner.entry.seen_by, &placed.entry.seen_by);
    winner.layer == placed.layer
        && !own.is_empty()
        && own.len() < all.len()
        && own.iter().all(|c| all.contains(c))
        && same(setting, winner, placed) == Sameness::Equal
}

fn same(setting: &EffectiveSetting, a: &Placed, b: &Placed) -> Sameness {
    let (a, b) = (&a.entry.entry.value, &b.entry.entry.value);
    a.same_setting(b, setting.ty)
}

/// Layers, and parts of them, of which nobody knows what they say of the setting.
fn gaps(config: &EffectiveConfig, setting: Option<&EffectiveSetting>, words: &str) -> Vec<Gap> {
    let winning = || setting.into_iter().flat_map(EffectiveSetting::winning);
    let stack = setting.map_or(&[][..], |s| &s.stack);
    let lowest = winning().map(|w| w.layer).min();
    let mut out: Vec<Gap> = Vec::new();
    for (at, layer) in config.layers.iter().enumerate().rev() {
        let is_above = lowest.is_none_or(|l| at > l);
        let mut add = |why: GapKind, may_win: bool| {
            let gap = Gap {
                layer: layer.name.clone(),
                precedence: at,
                why,
                may_win,
            };
            if !out.contains(&gap) {
                out.push(gap);
            }
        };
        if let Some(what) = &layer.outside {
            add(GapKind::Outside(what.clone()), is_above);
            continue;
        }
        let own = || winning().filter(|w| w.layer == at);
        if let Some(why) = &layer.unread {
            let may_win = is_above || own().any(|w| !w.certain);
            add(GapKind::Unread(why.clone()), may_win);
        }
        if !layer.beyond.is_empty() {
            // What a layer imports may win over its own values too.
            let what = layer.beyond.iter().map(|b| b.what.clone()).collect();
            add(GapKind::Imports(what), is_above || lowest == Some(at));
        }
        let parts = layer.doubts(words, stack, config.exact_keys);
        let later = own().filter_map(|w| match w.entry.doubt.as_deref() {
            Some(doubt @ Doubt::KeysNotRead(_)) => Some(doubt),
            _ => None,
        });
        for doubt in parts.filter(|_| is_above).chain(later) {
            add(
                match doubt {
                    Doubt::Unread(why) => GapKind::Unread(why.clone()),
                    Doubt::KeysNotRead(secret) => GapKind::KeysNotRead(secret.clone()),
                },
                true,
            );
        }
    }
    out
}

/// Whether two sides differ in what layers say, wherever they say it.
pub(super) fn says_something_else(a: &ExplainedSide, b: &ExplainedSide) -> bool {
    let says = |side: &ExplainedSide| -> Vec<_> {
        let all = side.values.iter().map(|v| {
            let (layer, value) = (v.layer.clone(), v.value.clone());
            (layer, value, v.standing, v.seen_by.clone())
        });
        all.collect()
    };
    a.outcome() != b.outcome() || says(a) != says(b)
}

/// Whether what wins is the same on both sides, in every container.
pub(super) fn agreement(
    git: Option<&EffectiveSetting>,
    live: Option<&EffectiveSetting>,
) -> Agreement {
    let winning = |s: Option<&EffectiveSetting>| -> Vec<Placed> {
        s.map(|s| s.winning().cloned().collect())
            .unwrap_or_default()
    };
    let (ours, theirs) = (winning(git), winning(live));
    let Some(ty) = git.or(live).map(|s| s.ty) else {
        return Agreement::Same;
    };
    if ours.is_empty() != theirs.is_empty() {
        return Agreement::Differs;
    }
    let mut so_far = Sameness::Equal;
    for (mine, others) in [(&ours, &theirs), (&theirs, &ours)] {
        for one in mine {
            let mut met = false;
            for other in others.iter().filter(|o| share_a_container(one, o)) {
                met = true;
                let (a, b) = (&one.entry.entry.value, &other.entry.entry.value);
                so_far = so_far.and(a.same_setting(b, ty));
            }
            if !met {
                so_far = so_far.and(Sameness::Different);
            }
        }
    }
    match so_far {
        Sameness::Equal => Agreement::Same,
        Sameness::Different => Agreement::Differs,
        Sameness::NotComparable(why) => Agreement::Unknown(why.into()),
    }
}

fn share_a_container(a: &Placed, b: &Placed) -> bool {
    let (a, b) = (&a.entry.seen_by, &b.entry.seen_by);
    a.is_empty() || b.is_empty() || a.iter().any(|c| b.contains(c))
}
