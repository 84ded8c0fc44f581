//! Layers to the effective config: the highest layer wins, and everything that it hides is kept.

use crate::model::{
    effective::EffectiveConfig, setting::LayerSettings, target::Layer, value::ValueType,
};
use std::collections::BTreeMap;

/// One side of one layer.
#[derive(Clone, Copy)]
pub struct LayerSide<'a> {
    /// What driftgate.yaml says of the layer.
    pub layer: &'a Layer,
    /// What this side of it holds.
    pub settings: &'a LayerSettings,
    /// Whether it stands in from another side ([`crate::model::effective::LayerInfo::borrowed`]).
    pub borrowed: bool,
}

/// Merges a target's layers, lowest precedence first. `exact_keys`: names of different spelling
/// styles meet only where they are the same text. `types` by name, beside those of the layers.
#[must_use]
pub fn merge(
    _layers: &[LayerSide<'_>],
    _exact_keys: bool,
    _types: &BTreeMap<Box<str>, ValueType>,
) -> EffectiveConfig {
    EffectiveConfig::default()
}
