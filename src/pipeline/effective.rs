//! The layers of each target merged, on every side: what explain, compare, parity and the rules
//! about layers look at.

use super::{
    desired_state::{LayerState, State},
    judge,
    live::{self, Live},
};
use crate::{
    check::TargetView,
    compare::{
        LayerInput, Side, config_map_settings,
        merge_order::{self, MergeOrder},
        surface::{self, SurfaceField},
        workload_settings,
    },
    merge::{LayerSide, merge},
    model::{
        effective::EffectiveConfig,
        setting::LayerSettings,
        target::{Layer, LiveSpec},
        value::{Unread, UnreadCause},
    },
    plan::{LayerPlan, Plan, TargetPlan},
};
use rayon::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

/// A target's layers, merged on every side.
pub(crate) struct TargetEffective {
    pub(crate) base: Arc<EffectiveConfig>,
    pub(crate) head: Arc<EffectiveConfig>,
    /// Absent where nothing live was read.
    pub(crate) live: Option<EffectiveConfig>,
    pub(crate) base_fields: Arc<Vec<SurfaceField>>,
    pub(crate) fields: Arc<Vec<SurfaceField>>,
    pub(crate) live_fields: Option<Vec<SurfaceField>>,
    pub(crate) orders: Vec<MergeOrder>,
}

/// Merges the layers of the chosen targets (by index into the plan's); absent for the others.
pub(crate) fn of(
    plan: &Plan,
    state: &State,
    live: &Live,
    chosen: &(dyn Fn(usize) -> bool + Sync),
) -> Vec<Option<TargetEffective>> {
    let mut layers: Vec<Vec<&LayerState>> = vec![vec![]; plan.targets.len()];
    for layer in &state.layers {
        layers[layer.target].push(layer);
    }
    plan.targets
        .par_iter()
        .zip(layers)
        .enumerate()
        .map(|(t, (target, layers))| {
            let of_target = Layers {
                plan,
                live,
                target,
                layers: &layers,
                git_only: state.git_only,
            };
            chosen(t).then(|| one(&of_target))
        })
        .collect()
}

/// The views that rules are given, in the plan's order; without the targets that were not chosen.
pub(crate) fn views<'a>(
    plan: &'a Plan,
    effective: &'a [Option<TargetEffective>],
) -> Vec<TargetView<'a>> {
    plan.targets
        .iter()
        .zip(effective)
        .filter_map(|(target, effective)| {
            let effective = effective.as_ref()?;
            Some(TargetView {
                id: &target.id,
                environment: &target.environment,
                layers: target.layers.iter().map(|l| &l.layer).collect(),
                base: &effective.base,
                head: &effective.head,
                live: effective.live.as_ref(),
                fields: &effective.fields,
                base_fields: &effective.base_fields,
                live_fields: effective.live_fields.as_deref(),
                orders: &effective.orders,
            })
        })
        .collect()
}

fn one(of_target: &Layers<'_>) -> TargetEffective {
    let layers = of_target.layers;
    let unchanged = layers.iter().all(|l| Arc::ptr_eq(&l.base, &l.head));
    let head = Arc::new(of_target.git(Side::Head));
    let base = match unchanged {
        true => head.clone(),
        false => Arc::new(of_target.git(Side::Base)),
    };
    let names = of_target.target.environment.own_names();
    let names: Vec<&str> = names.iter().map(|n| &**n).collect();
    let fields = |side: fn(&LayerState) -> &Arc<crate::model::desired::DesiredWorld>| {
        let worlds = layers.iter().filter(|l| !side(l).objects.is_empty());
        let all: Vec<SurfaceField> = worlds
            .flat_map(|l| surface::of_git(side(l), &names))
            .collect();
        Arc::new(all)
    };
    let head_fields = fields(|l| &l.head);
    TargetEffective {
        base,
        live: of_target.live(),
        base_fields: match unchanged {
            true => head_fields.clone(),
            false => fields(|l| &l.base),
        },
        live_fields: of_target.live_fields(&names),
        orders: layers
            .iter()
            .flat_map(|l| {
                let planned = of_target.planned(l);
                let files = planned.head.as_ref().and_then(|spec| {
                    merge_order::of_files(&planned.layer.name, spec, &l.head, &names)
                });
                let mut orders = merge_order::of_git(&l.head, &names);
                orders.extend(files);
                orders
            })
            .collect(),
        fields: head_fields,
        head,
    }
}

/// The layers of one target.
struct Layers<'a> {
    plan: &'a Plan,
    live: &'a Live,
    target: &'a TargetPlan,
    layers: &'a [&'a LayerState],
    git_only: bool,
}

impl<'a> Layers<'a> {
    /// Why nobody knows what lives in a layer.
    fn not_read(&self) -> Unread {
        let why = match self.git_only {
            true => "--side desired reads nothing live",
            false => "live was not read: the change does not write this service",
        };
        Unread::new(UnreadCause::NotAsked, why)
    }

    fn planned(&self, layer: &LayerState) -> &'a LayerPlan {
        &self.target.layers[layer.layer]
    }

    fn input<R>(&self, layer: &LayerState, with: impl FnOnce(&LayerInput<'_>) -> R) -> R {
        let none = std::collections::BTreeSet::new();
        with(&judge::input(self.plan, self.live, layer, &none, false))
    }

    /// What one side of git says; live-only layers that were read stand in with what is live.
    fn git(&self, side: Side) -> EffectiveConfig {
        let mut found: Vec<(&Layer, LayerSettings, bool)> = vec![];
        for layer in self.layers {
            let planned = self.planned(layer);
            let desired = match side {
                Side::Base => planned.base.is_some(),
                _ => planned.head.is_some() || planned.base.is_some(),
            };
            let settings = if desired || planned.layer.config_map.is_some() {
                (self.of_git(layer, side), false)
            } else {
                let read = self.of_live(layer);
                // What was not read may be there.
                let unread = || match planned.layer.live {
                    Some(_) => LayerSettings::unread(self.not_read()),
                    None => LayerSettings::default(),
                };
                (read.unwrap_or_else(unread), true)
            };
            found.push((&planned.layer, settings.0, settings.1));
        }
        self.merged(&found)
    }

    /// What is running; layers without a live side stand in with what was deployed.
    fn live(&self) -> Option<EffectiveConfig> {
        let mut read = false;
        let mut found: Vec<(&Layer, LayerSettings, bool)> = vec![];
        for layer in self.layers {
            let planned = self.planned(layer);
            let settings = match self.of_live(layer) {
                Some(settings) => {
                    read = true;
                    (settings, false)
                }
                None if planned.layer.live.is_some() => {
                    (LayerSettings::unread(self.not_read()), false)
                }
                None => (self.of_git(layer, Side::Deployed), true),
            };
            found.push((&planned.layer, settings.0, settings.1));
        }
        read.then(|| self.merged(&found))
    }

    fn merged(&self, found: &[(&Layer, LayerSettings, bool)]) -> EffectiveConfig {
        let sides: Vec<LayerSide<'_>> = found
            .iter()
            .map(|(layer, settings, borrowed)| LayerSide {
                layer,
                settings,
                borrowed: *borrowed,
            })
            .collect();
        merge(&sides, self.target.exact_keys, &BTreeMap::new())
    }

    fn of_git(&self, layer: &LayerState, side: Side) -> LayerSettings {
        let planned = self.planned(layer);
        if let Some((of, key)) = self.config_map(planned) {
            return self.input(of, |input| config_map_settings(input, key, side));
        }
        let spec = planned.head.as_ref().or(planned.base.as_ref());
        if spec.is_some_and(|s| !s.has_objects()) {
            return judge::git_settings(layer, side);
        }
        self.input(layer, |input| workload_settings(input, side))
    }

    /// Absent where the layer has no live side, or it was not read.
    fn of_live(&self, layer: &LayerState) -> Option<LayerSettings> {
        let planned = self.planned(layer);
        if let Some((of, key)) = self.config_map(planned) {
            live::system_of(self.plan, self.live, of)?;
            return Some(self.input(of, |input| config_map_settings(input, key, Side::Live)));
        }
        match planned.layer.live.as_ref()? {
            LiveSpec::Kubernetes(_) => {
                live::system_of(self.plan, self.live, layer)?;
                Some(self.input(layer, |input| workload_settings(input, Side::Live)))
            }
            _ => judge::live_settings(self.plan, self.live, layer),
        }
    }

    /// The layer that holds a layer's ConfigMap.
    fn config_map<'l>(
        &'l self,
        planned: &'l LayerPlan,
    ) -> Option<(&'l LayerState, &'l crate::model::target::ConfigMapKey)> {
        let key = planned.layer.config_map.as_ref()?;
        let of = self
            .layers
            .iter()
            .find(|l| self.planned(l).layer.name == key.layer)?;
        Some((of, key))
    }

    fn live_fields(&self, names: &[&str]) -> Option<Vec<SurfaceField>> {
        let mut out = vec![];
        let mut read = false;
        for layer in self.layers {
            let objects = matches!(
                self.planned(layer).layer.live,
                Some(LiveSpec::Kubernetes(_))
            );
            let Some(system) = live::system_of(self.plan, self.live, layer).filter(|_| objects)
            else {
                continue;
            };
            read = true;
            let git = [&*layer.head, &*layer.base, &*layer.deployed];
            out.extend(surface::of_live(&system.observation, &git, names));
        }
        read.then_some(out)
    }
}
