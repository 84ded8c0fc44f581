//! Targets made by hand, for the tests of rules about several of them.

use super::{RunContext, TargetView};
use crate::{
    compare::{merge_order::MergeOrder, parity::testing, surface::SurfaceField},
    model::{
        effective::EffectiveConfig,
        entry::{Entry, Origin},
        finding::Finding,
        place::Place,
        policy::{Difference, ParityGroup, Pattern, Selector},
        report::Occasion,
        target::{Environment, Layer, TargetId, Tier},
        time::Timestamp,
    },
    render::message,
};
use std::{collections::BTreeMap, sync::Arc};

/// A service in an environment.
pub(crate) struct Made {
    pub(crate) id: TargetId,
    pub(crate) base: Option<EffectiveConfig>,
    pub(crate) head: EffectiveConfig,
    pub(crate) live: Option<EffectiveConfig>,
    pub(crate) fields: Vec<SurfaceField>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) orders: Vec<MergeOrder>,
}

/// With these settings in git.
pub(crate) fn made(service: &str, environment: &str, settings: &[(&str, &str)]) -> Made {
    Made {
        id: testing::target(service, environment),
        base: None,
        head: testing::config(settings),
        live: None,
        fields: vec![],
        layers: vec![],
        orders: vec![],
    }
}

/// Layers by name, lowest precedence first, each with its settings in a file of its own:
/// `config/<layer>.env`, one per line.
pub(crate) fn layered(layers: &[(&str, &[(&str, &str)])]) -> EffectiveConfig {
    let mut out = EffectiveConfig::default();
    for (at, (layer, settings)) in layers.iter().enumerate() {
        let own = testing::config(settings);
        let mut info = own.layers[0].clone();
        info.name = (*layer).into();
        out.layers.push(info);
        for mut setting in own.settings {
            for placed in &mut setting.stack {
                placed.layer = at;
                let entry = &placed.entry.entry;
                let origin = entry.origin().expect("made with one").clone();
                let span = origin.place.as_ref().and_then(|p| p.span);
                let place = Place::exact(format!("config/{layer}.env").into(), span);
                placed.entry.entry = Entry::of(
                    entry.value.clone(),
                    Origin {
                        place: Some(place),
                        ..origin
                    },
                );
            }
            match out.settings.iter_mut().find(|s| s.words == setting.words) {
                Some(known) => {
                    known.name = setting.name;
                    known.stack.extend(setting.stack);
                    known.winners = vec![known.stack.len() - 1];
                }
                None => out.settings.push(setting),
            }
        }
    }
    out.settings.sort_by(|a, b| a.words.cmp(&b.words));
    out
}

impl Made {
    /// With these layers in git instead.
    pub(crate) fn of(mut self, layers: &[(&str, &[(&str, &str)])]) -> Made {
        self.head = layered(layers);
        self
    }

    /// With other layers before the change.
    pub(crate) fn was_of(mut self, layers: &[(&str, &[(&str, &str)])]) -> Made {
        self.base = Some(layered(layers));
        self
    }

    /// With other settings before the change.
    pub(crate) fn was(mut self, settings: &[(&str, &str)]) -> Made {
        self.base = Some(testing::config(settings));
        self
    }
}

/// What a run knows beside its targets.
pub(crate) struct World {
    pub(crate) environments: BTreeMap<Arc<str>, Arc<Environment>>,
    pub(crate) parity: Vec<ParityGroup>,
    pub(crate) promotion: Vec<Vec<Arc<str>>>,
    pub(crate) occasion: Occasion,
    pub(crate) whole: bool,
}

/// Environments with their further names, all of which should agree.
pub(crate) fn world(environments: &[(&str, &[&str])]) -> World {
    let environment = |name: &str, names: &[&str]| Environment {
        name: name.into(),
        tier: Tier::Production,
        names: names.iter().map(|n| Box::from(*n)).collect(),
        deployed: None,
        deploys_within: None,
        settle: 600,
        tracks: None,
        deploys_later: false,
        variables: BTreeMap::new(),
    };
    World {
        environments: environments
            .iter()
            .map(|(name, names)| (Arc::from(*name), Arc::new(environment(name, names))))
            .collect(),
        parity: vec![ParityGroup {
            environments: environments.iter().map(|(n, _)| Arc::from(*n)).collect(),
            ..ParityGroup::default()
        }],
        promotion: vec![],
        occasion: Occasion::Audit,
        whole: true,
    }
}

impl World {
    /// With a documented difference.
    pub(crate) fn differs(mut self, key: &str, expected: &[(&str, &str)]) -> World {
        self.parity[0].differences.push(Difference {
            selector: Selector {
                key: Some(Pattern::new(key)),
                ..Selector::default()
            },
            reason: "each has its own".into(),
            expected: (!expected.is_empty()).then(|| {
                expected
                    .iter()
                    .map(|(e, text)| (testing::target("api", e), Box::from(*text)))
                    .collect()
            }),
            place: None,
        });
        self
    }

    /// With stages of promotion.
    pub(crate) fn promotes(mut self, stages: &[&[&str]]) -> World {
        let stage = |s: &&[&str]| s.iter().map(|e| Arc::from(*e)).collect();
        self.promotion = stages.iter().map(stage).collect();
        self.occasion = Occasion::Review;
        self
    }

    /// Runs a rule over targets.
    pub(crate) fn run<T>(&self, made: &[Made], rule: impl FnOnce(&RunContext<'_>) -> T) -> T {
        let mut targets: Vec<TargetView<'_>> = made
            .iter()
            .map(|m| TargetView {
                id: &m.id,
                environment: &self.environments[&m.id.environment],
                layers: m.layers.iter().collect(),
                base: m.base.as_ref().unwrap_or(&m.head),
                head: &m.head,
                live: m.live.as_ref(),
                fields: &m.fields,
                base_fields: &m.fields,
                orders: &m.orders,
                live_fields: None,
            })
            .collect();
        targets.sort_by(|a, b| a.id.cmp(b.id));
        rule(&RunContext {
            targets: &targets,
            parity: &self.parity,
            promotion: &self.promotion,
            environments: &self.environments,
            occasion: self.occasion,
            now: Timestamp(1_790_000_000),
            whole: self.whole,
        })
    }
}

/// `warning api: POOL_SIZE is 10 in a, 20 in b (also web)`.
pub(crate) fn lines(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|f| {
            let s = &f.subject;
            let mut out = format!(
                "{} {}: {}",
                f.severity.name(),
                s.service,
                message(&s.message)
            );
            if !s.also_in.is_empty() {
                out += &format!(" (also {})", s.also_in.join(", "));
            }
            out
        })
        .collect()
}
