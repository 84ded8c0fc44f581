//! From raw to validated: environments that should agree, and the stages of promotion.

use super::{
    form::{Form, visible},
    leaf::{Scalar, Stages, Text},
    policy::{Policy, Select},
    raw::{self, EnvironmentList, EnvironmentRef},
    suggest::{did_you_mean, listed},
};
use crate::classify;
use crate::model::{
    policy::{Difference, ParityGroup, Pattern},
    target::{TargetId, Tier},
    tree::Span,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A bound on what few lines can ask for: differences times targets.
const MOST_EXPECTED: usize = 200_000;

impl Policy<'_, '_, '_> {
    /// Environments that should agree.
    pub(super) fn parity(&mut self, raw: &[raw::ParityGroup]) -> Vec<ParityGroup> {
        let mut expected = 0;
        let mut out = Vec::new();
        for raw in raw {
            let group = self.group(raw, &mut expected);
            if expected > MOST_EXPECTED {
                let message =
                    format!("more than {MOST_EXPECTED} expected values, all targets together");
                self.cx
                    .problem(raw.span, message)
                    .hint("name the service of each difference".to_string());
                break;
            }
            out.extend(group);
        }
        out
    }

    fn group(&mut self, raw: &raw::ParityGroup, expected: &mut usize) -> Option<ParityGroup> {
        let environments = self.group_environments(raw);
        let services = raw.services.as_deref().unwrap_or_default();
        if raw.services.as_ref().is_some_and(Vec::is_empty) && !raw.flawed {
            self.cx
                .problem(raw.span, "`services` is an empty list")
                .hint("remove it for all services".to_string());
        }
        let services: Vec<Option<Pattern>> = services
            .iter()
            .map(|s| self.service_pattern(Some(s)).flatten())
            .collect();
        let sound: Option<Vec<Pattern>> = services.iter().cloned().collect();
        let services: Vec<Pattern> = services.into_iter().flatten().collect();
        let targets = self.group_targets(environments.as_deref().unwrap_or_default(), &services);
        let mut differences = Vec::new();
        for raw in raw.differences.as_deref().unwrap_or_default() {
            differences.push(self.difference(raw, &targets, expected));
            if *expected > MOST_EXPECTED {
                return None;
            }
        }
        Some(ParityGroup {
            environments: environments?,
            services: sound?,
            differences: differences.into_iter().collect::<Option<_>>()?,
            strict: raw.strict.unwrap_or(false),
            place: self.place(raw.span),
        })
    }

    /// The environments of a group, each once.
    fn group_environments(&mut self, raw: &raw::ParityGroup) -> Option<Vec<Arc<str>>> {
        let mut out: Vec<Arc<str>> = Vec::new();
        let mut sound = true;
        let mut add = |names: Vec<Arc<str>>| {
            for name in names {
                if !out.contains(&name) {
                    out.push(name);
                }
            }
        };
        match &raw.environments {
            EnvironmentList::Tier(of) => match self.of_tier(of.tier.0, of.span) {
                Some(names) => add(names),
                None => sound = false,
            },
            EnvironmentList::Many(items) => {
                let mut seen = BTreeSet::new();
                for item in items {
                    let names = match item {
                        EnvironmentRef::Tier(of) => self.of_tier(of.tier.0, of.span),
                        EnvironmentRef::Name(text) => {
                            self.environment(text, &mut seen).map(|n| vec![n])
                        }
                    };
                    match names {
                        Some(names) => add(names),
                        None => sound = false,
                    }
                }
            }
        }
        if sound && out.len() < 2 && !raw.flawed && !self.environments_unsure {
            self.cx
                .problem(raw.span, "parity needs at least two environments")
                .hint("like `environments: [ staging, production ]`".to_string());
            return None;
        }
        sound.then_some(out)
    }

    /// A known environment that was not named before.
    fn environment<'t>(
        &mut self,
        text: &'t Text,
        seen: &mut BTreeSet<&'t str>,
    ) -> Option<Arc<str>> {
        let plain = self.plain.clone();
        let name = self.filler.fill(self.cx, text, &plain, Form::Line)?;
        if !self.environment_names.contains(&*name) {
            let names = || self.environment_names.iter().copied();
            let hint = did_you_mean(&name, names())
                .unwrap_or_else(|| format!("known: {}", listed(names())));
            let message = format!("environment `{}` does not exist", visible(&name));
            self.filler
                .refuse(text, &plain, "environment", message, hint);
            return None;
        }
        if !seen.insert(text.value.as_str()) {
            let message = format!("environment `{name}` is listed twice");
            self.cx
                .problem(text.span, message)
                .hint("remove one of the two".to_string());
            return None;
        }
        Some((*name).into())
    }

    fn of_tier(&mut self, tier: Tier, span: Option<Span>) -> Option<Vec<Arc<str>>> {
        let all = self.environments.values();
        let names: Vec<Arc<str>> = all
            .filter(|p| p.built.tier == tier)
            .map(|p| p.built.name.clone())
            .collect();
        if names.is_empty() && !self.environments_unsure {
            self.cx
                .problem(span, "no environment is of this tier")
                .hint("an environment's tier is `production` unless it says otherwise".to_string());
            return None;
        }
        Some(names)
    }

    /// The targets that are compared: those of services that run in two of the environments.
    fn group_targets(&self, environments: &[Arc<str>], services: &[Pattern]) -> Vec<TargetId> {
        let is_in = |id: &TargetId| {
            let wanted = |p: &Pattern| p.matches(&id.service);
            environments.contains(&id.environment)
                && (services.is_empty() || services.iter().any(wanted))
        };
        let all: Vec<&TargetId> = self.known.scopes.keys().filter(|id| is_in(id)).collect();
        // They are sorted by service.
        all.chunk_by(|a, b| a.service == b.service)
            .filter(|of_service| of_service.len() > 1)
            .flatten()
            .map(|id| (*id).clone())
            .collect()
    }

    fn difference(
        &mut self,
        raw: &raw::Difference,
        targets: &[TargetId],
        count: &mut usize,
    ) -> Option<Difference> {
        let select = Select {
            service: raw.service.as_ref(),
            key: raw.key.as_ref(),
            object: raw.object.as_ref(),
            field: raw.field.as_ref(),
            ..Select::default()
        };
        self.check_one_entry(raw.span, raw.flawed, &select);
        self.check_not_all(raw.span, &select, "accept");
        let (selector, scope) = self.selector(&select);
        let reason = self.filler.fill(self.cx, &raw.reason, &scope, Form::Prose);
        let service = selector.as_ref().and_then(|s| s.service.as_ref());
        if let (Some(expected), Some(key)) = (&raw.expected, &raw.key)
            && classify::is_secret(&key.value, &expected.0.value)
        {
            let message = "`expected` of a secret: its value does not belong into driftgate.yaml";
            self.cx
                .problem(key.span, message)
                .hint("remove `expected`: secrets of environments may differ".to_string());
        }
        let expected = raw
            .expected
            .as_ref()
            .map(|value| self.expected(value, service, targets, count));
        Some(Difference {
            selector: selector?,
            reason: reason?,
            expected: match expected {
                Some(filled) => Some(filled?),
                None => None,
            },
            place: self.place(raw.span),
        })
    }

    /// The value of each target, with its variables.
    fn expected(
        &mut self,
        value: &Scalar,
        service: Option<&Pattern>,
        targets: &[TargetId],
        count: &mut usize,
    ) -> Option<BTreeMap<TargetId, Box<str>>> {
        let known = self.known;
        let mut out: BTreeMap<TargetId, Box<str>> = BTreeMap::new();
        let mut sound = true;
        for id in targets {
            let Some(scope) = known.scopes.get(id) else {
                continue;
            };
            if service.is_some_and(|p| !p.matches(&id.service)) {
                continue;
            }
            *count += 1;
            if *count > MOST_EXPECTED {
                return None;
            }
            // Without variables it is the same everywhere.
            let filled = match out.first_key_value() {
                Some((_, first)) if !value.0.value.contains("${") => Some(Box::clone(first)),
                _ => self.value(value, scope),
            };
            match filled {
                Some(filled) => {
                    out.insert(id.clone(), filled);
                }
                None => sound = false,
            }
        }
        sound.then_some(out)
    }

    /// Stages in order, every environment at most once.
    pub(super) fn promotion(&mut self, raw: &Stages) -> Vec<Vec<Arc<str>>> {
        if raw.value.len() == 1 {
            self.cx
                .problem(raw.span, "`promotion` has one stage: expected at least two")
                .hint(
                    "a stage is a list of environments: `[ [ staging ], [ production ] ]`"
                        .to_string(),
                );
        }
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        for stage in &raw.value {
            if stage.all().is_empty() {
                self.cx
                    .problem(raw.span, "a stage of `promotion` is empty")
                    .hint("name its environments, or remove it".to_string());
            }
            let names = stage.all().iter();
            out.push(
                names
                    .filter_map(|n| self.environment(n, &mut seen))
                    .collect(),
            );
        }
        out
    }
}
