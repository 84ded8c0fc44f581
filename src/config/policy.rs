//! From raw to validated: what findings are worth, what is ignored, and what is waived.

use super::{
    environments::Place as EnvironmentPlace,
    form::{Form, visible},
    leaf::{Scalar, Text, Word},
    raw,
    read::Cx,
    suggest::{did_you_mean, listed},
    variables::{Filler, Scope},
};
use crate::model::{
    finding::Severity,
    place::Place,
    policy::{Ignore, Pattern, Selector, SeverityRule, Waiver},
    target::{TargetId, Tier},
    tree::Span,
};
use std::collections::{BTreeMap, BTreeSet};

/// The ids of all rules, sorted: what `severity`, `ignore` and `waivers` may name.
pub const RULE_IDS: &[&str] = &[
    "ambiguous-key",
    "conflicting",
    "deploy-overdue",
    "difference-declared-twice",
    "difference-unused",
    "drifted",
    "duplicate-definition",
    "expired",
    "foreign-environment",
    "missing",
    "parity-gap",
    "pending-restart",
    "precedence-deviates",
    "shadowed-edit",
    SOURCE_UNAVAILABLE,
    "spelling-differs",
    "unmanaged",
    "waiver-unused",
];

/// The rule that says that something was not read. Nothing may hide it.
const SOURCE_UNAVAILABLE: &str = "source-unavailable";

/// The targets that were built, or tried, with their variables.
#[derive(Default)]
pub(super) struct Known {
    pub(super) scopes: BTreeMap<TargetId, Scope>,
    /// Whether services could not all be found, so that one not found proves nothing.
    pub(super) unsure: bool,
}

/// Builds what stands at the top of driftgate.yaml.
pub(super) struct Policy<'p, 'c, 'r> {
    pub(super) cx: &'p mut Cx<'c>,
    pub(super) filler: &'p mut Filler,
    pub(super) environments: &'p BTreeMap<&'r str, EnvironmentPlace<'r>>,
    /// Environments of which nothing but the name is known, among the others.
    pub(super) environment_names: BTreeSet<&'r str>,
    pub(super) known: &'p Known,
    pub(super) services: BTreeSet<&'p str>,
    layers: BTreeSet<&'r str>,
    /// Whether layers, or environments, could not all be read.
    layers_unsure: bool,
    pub(super) environments_unsure: bool,
    /// What a text knows that is about no one environment or service.
    pub(super) plain: Scope,
}

/// What an entry selects findings with, as it is written.
#[derive(Clone, Copy, Default)]
pub(super) struct Select<'r> {
    pub(super) rule: Option<&'r Text>,
    pub(super) service: Option<&'r Text>,
    pub(super) environment: Option<&'r Text>,
    pub(super) tier: Option<Word<Tier>>,
    pub(super) layer: Option<&'r Text>,
    pub(super) key: Option<&'r Text>,
    pub(super) object: Option<&'r Text>,
    pub(super) field: Option<&'r Text>,
    pub(super) writer: Option<&'r Text>,
}

impl<'r> Select<'r> {
    /// What it says about entries, not about where they are.
    fn entry(&self) -> impl Iterator<Item = &'r Text> + use<'r> {
        [self.key, self.object, self.field, self.writer]
            .into_iter()
            .flatten()
    }
}

impl<'p, 'c, 'r> Policy<'p, 'c, 'r> {
    /// Nothing built yet.
    pub(super) fn new(
        cx: &'p mut Cx<'c>,
        filler: &'p mut Filler,
        project: &'r raw::Project,
        environments: &'p BTreeMap<&'r str, EnvironmentPlace<'r>>,
        known: &'p Known,
    ) -> Policy<'p, 'c, 'r>
    where
        'r: 'p,
    {
        let built = known.scopes.keys().map(|id| &*id.service);
        let services = project.services.names().filter(|n| *n != "*").chain(built);
        let raw = project.services.0.iter().filter_map(|e| e.value.as_ref());
        let layers = raw.flat_map(|s| s.layers.as_deref().unwrap_or_default());
        let flawed = |s: Option<&raw::Service>| s.is_none_or(|s| s.flawed);
        let mut services_raw = project.services.0.iter().map(|e| e.value.as_ref());
        let mut environments_raw = project.environments.0.iter();
        Policy {
            layers_unsure: services_raw.any(flawed),
            environments_unsure: environments_raw.any(|e| e.value.is_none()),
            cx,
            filler,
            environments,
            environment_names: project.environments.names().collect(),
            known,
            services: services.collect(),
            layers: layers.map(|l| l.name.value.as_str()).collect(),
            plain: Scope::new("the whole file".into(), false),
        }
    }

    pub(super) fn place(&self, span: Option<Span>) -> Option<Place> {
        Some(Place::exact(self.cx.file.clone(), span))
    }

    /// A path of the repository.
    pub(super) fn path(&mut self, text: &Text) -> Option<Box<str>> {
        self.filler.fill(self.cx, text, &self.plain, Form::Path)
    }

    /// What findings are worth.
    pub(super) fn severities(&mut self, raw: &[raw::SeverityRule]) -> Vec<SeverityRule> {
        let built: Vec<_> = raw.iter().map(|r| self.severity(r)).collect();
        built.into_iter().flatten().collect()
    }

    fn severity(&mut self, raw: &raw::SeverityRule) -> Option<SeverityRule> {
        let select = Select {
            rule: raw.rule.as_ref(),
            service: raw.service.as_ref(),
            environment: raw.environment.as_ref(),
            tier: raw.tier,
            key: raw.key.as_ref(),
            ..Select::default()
        };
        let texts = [select.rule, select.service, select.environment, select.key];
        let restricts = texts.into_iter().flatten().any(|t| !is_stars(t));
        if !restricts && raw.tier.is_none() && raw.r#for.is_none() && !raw.flawed {
            self.cx
                .problem(raw.span, "this would change every finding")
                .hint("name a `rule`, or what else it is about; what fails the check is said by `gate: { fail-on: … }`".to_string());
        }
        let Word(severity) = raw.is;
        if let Some(rule) = select.rule.filter(|r| r.value == SOURCE_UNAVAILABLE)
            && severity != Severity::Error
            && !raw.flawed
        {
            let message = "`source-unavailable` can't be lowered";
            self.cx.problem(rule.span, message).hint(
                "what was not read is not known to be right: the verdict is incomplete".to_string(),
            );
        }
        let (selector, _) = self.selector(&select);
        Some(SeverityRule {
            selector: selector?,
            occasion: raw.r#for.map(|w| w.0),
            severity,
            place: self.place(raw.span),
        })
    }

    /// What is ignored.
    pub(super) fn ignores(&mut self, raw: &[raw::Ignore]) -> Vec<Ignore> {
        let built: Vec<_> = raw.iter().map(|r| self.ignore(r)).collect();
        built.into_iter().flatten().collect()
    }

    fn ignore(&mut self, raw: &raw::Ignore) -> Option<Ignore> {
        let select = Select {
            rule: Some(&raw.rule),
            service: raw.service.as_ref(),
            environment: raw.environment.as_ref(),
            tier: raw.tier,
            layer: raw.layer.as_ref(),
            key: raw.key.as_ref(),
            object: raw.object.as_ref(),
            field: raw.field.as_ref(),
            writer: raw.writer.as_ref(),
        };
        if select.entry().next().is_none() && !raw.flawed {
            self.cx
                .problem(raw.span, "this does not say what is ignored")
                .hint("add at least one of `key`, `object`, `field` and `writer`".to_string());
        }
        self.check_not_all(raw.span, &select, "ignore");
        self.check_hides_nothing_unread(&raw.rule, "ignored");
        let (selector, scope) = self.selector(&select);
        let reason = self.filler.fill(self.cx, &raw.reason, &scope, Form::Prose);
        Some(Ignore {
            selector: selector?,
            reason: reason?,
            place: self.place(raw.span),
        })
    }

    /// What is accepted.
    pub(super) fn waivers(&mut self, raw: &[raw::Waiver]) -> Vec<Waiver> {
        let built: Vec<_> = raw.iter().map(|r| self.waiver(r)).collect();
        built.into_iter().flatten().collect()
    }

    fn waiver(&mut self, raw: &raw::Waiver) -> Option<Waiver> {
        let select = Select {
            rule: Some(&raw.rule),
            service: raw.service.as_ref(),
            environment: Some(&raw.environment),
            layer: raw.layer.as_ref(),
            key: raw.key.as_ref(),
            object: raw.object.as_ref(),
            field: raw.field.as_ref(),
            ..Select::default()
        };
        self.check_one_entry(raw.span, raw.flawed, &select);
        self.check_not_all(raw.span, &select, "accept");
        self.check_hides_nothing_unread(&raw.rule, "waived");
        for (what, text) in [("rule", &raw.rule), ("environment", &raw.environment)] {
            if text.value.contains('*') {
                self.cx
                    .problem(text.span, format!("a waiver names one {what}"))
                    .hint("it accepts a finding that someone looked at; a lasting rule is an `ignore`".to_string());
            }
        }
        let (selector, scope) = self.selector(&select);
        let reason = self.filler.fill(self.cx, &raw.reason, &scope, Form::Prose);
        let owner = self.filler.fill(self.cx, &raw.owner, &scope, Form::Line);
        let value = raw.value.as_ref().map(|v| self.value(v, &scope));
        Some(Waiver {
            selector: selector?,
            value: match value {
                Some(filled) => Some(filled?),
                None => None,
            },
            reason: reason?,
            owner: owner?,
            expires: raw.expires.value,
            place: self.place(raw.span),
        })
    }

    /// A value as its text. An empty one is a value like any other.
    pub(super) fn value(&mut self, Scalar(text): &Scalar, scope: &Scope) -> Option<Box<str>> {
        match text.value.as_str() {
            "" => Some("".into()),
            _ => self.filler.fill(self.cx, text, scope, Form::Value),
        }
    }

    /// An entry is a setting, or an object or a field of one.
    pub(super) fn check_one_entry(
        &mut self,
        span: Option<Span>,
        flawed: bool,
        select: &Select<'_>,
    ) {
        let (wrong, hint) = match (select.key, select.object, select.field) {
            _ if flawed => return,
            (None, None, None) => (
                "this does not say what it is about",
                "add `key: …`, or `object: …` and perhaps `field: …`",
            ),
            (None, None, Some(_)) => ("`field` without `object`", "add `object: Kind/name`"),
            (Some(_), None, None) | (None, Some(_), _) => return,
            (Some(_), ..) => (
                "`key` is a setting, `object` and `field` are none: expected one of the two",
                "write an entry for each",
            ),
        };
        self.cx.problem(span, wrong).hint(hint.to_string());
    }

    /// Patterns of nothing but stars say nothing.
    pub(super) fn check_not_all(&mut self, span: Option<Span>, select: &Select<'_>, verb: &str) {
        if select.entry().next().is_some() && select.entry().all(is_stars) {
            self.cx
                .problem(span, format!("this would {verb} everything"))
                .hint("say more than `*` in one of its fields".to_string());
        }
    }

    fn check_hides_nothing_unread(&mut self, rule: &Text, verb: &str) {
        if rule.value == SOURCE_UNAVAILABLE {
            let message = format!("`{SOURCE_UNAVAILABLE}` can't be {verb}");
            self.cx.problem(rule.span, message).hint(
                "what was not read is not known to be right: the verdict is incomplete".to_string(),
            );
        }
    }

    /// The selector, if nothing is wrong with it, and what its entry's other texts know: the
    /// variables of the one environment and the one service that it names.
    pub(super) fn selector(&mut self, select: &Select<'_>) -> (Option<Selector>, Scope) {
        let rule = self.rule(select.rule);
        let environment = self.environment_pattern(select.environment);
        let service = self.service_pattern(select.service);
        let mut scope = self.scope_of(flat(environment.as_ref()), flat(service.as_ref()));
        if environment.is_none() || service.is_none() {
            scope.doubt();
        }
        let layer = self.layer_pattern(select.layer, &scope);
        let key = self.pattern(select.key, &scope, Form::Line);
        let object = self.pattern(select.object, &scope, Form::ObjectPattern);
        let field = self.pattern(select.field, &scope, Form::FieldPattern);
        let writer = self.pattern(select.writer, &scope, Form::Line);
        let selector = (|| {
            Some(Selector {
                rule: rule?,
                service: service?,
                environment: environment?,
                tier: select.tier.map(|w| w.0),
                layer: layer?,
                key: key?,
                object: object?,
                field: field?,
                writer: writer?,
            })
        })();
        (selector, scope)
    }

    fn scope_of(&self, environment: Option<&Pattern>, service: Option<&Pattern>) -> Scope {
        let exact = |p: Option<&Pattern>| p.filter(|p| p.is_exact()).map(|p| p.as_str().to_owned());
        let (environment, service) = (exact(environment), exact(service));
        if let (Some(environment), Some(service)) = (&environment, &service) {
            let id = TargetId {
                service: service.as_str().into(),
                environment: environment.as_str().into(),
            };
            if let Some(scope) = self.known.scopes.get(&id) {
                return scope.clone();
            }
        }
        let place = environment.and_then(|e| self.environments.get(e.as_str()));
        let mut scope = place.map_or_else(|| self.plain.clone(), |p| p.scope.clone());
        if let Some(service) = service {
            scope.set("service", &service);
        }
        scope
    }

    /// Outer: whether it could be filled in; inner: whether it is written.
    #[expect(clippy::option_option, reason = "a failed value is not an absent one")]
    fn pattern(
        &mut self,
        text: Option<&Text>,
        scope: &Scope,
        form: Form,
    ) -> Option<Option<Pattern>> {
        match text {
            Some(text) => {
                let filled = self.filler.fill(self.cx, text, scope, form)?;
                Some(Some(Pattern::new(&filled)))
            }
            None => Some(None),
        }
    }

    #[expect(clippy::option_option, reason = "a failed value is not an absent one")]
    fn rule(&mut self, text: Option<&Text>) -> Option<Option<Pattern>> {
        let names: Vec<&str> = RULE_IDS.to_vec();
        self.known_pattern(text, "rule", &names)
    }

    #[expect(clippy::option_option, reason = "a failed value is not an absent one")]
    fn environment_pattern(&mut self, text: Option<&Text>) -> Option<Option<Pattern>> {
        let names: Vec<&str> = self.environment_names.iter().copied().collect();
        self.known_pattern(text, "environment", &names)
    }

    #[expect(clippy::option_option, reason = "a failed value is not an absent one")]
    pub(super) fn service_pattern(&mut self, text: Option<&Text>) -> Option<Option<Pattern>> {
        if self.known.unsure {
            let plain = self.plain.clone();
            return self.pattern(text, &plain, Form::Line);
        }
        let names: Vec<&str> = self.services.iter().copied().collect();
        self.known_pattern(text, "service", &names)
    }

    #[expect(clippy::option_option, reason = "a failed value is not an absent one")]
    fn layer_pattern(&mut self, text: Option<&Text>, scope: &Scope) -> Option<Option<Pattern>> {
        let pattern = self.pattern(text, scope, Form::Line)?;
        if self.layers_unsure {
            return Some(pattern);
        }
        let names: Vec<&str> = self.layers.iter().copied().collect();
        self.check_known(text, scope, pattern, "layer", &names)
    }

    #[expect(clippy::option_option, reason = "a failed value is not an absent one")]
    fn known_pattern(
        &mut self,
        text: Option<&Text>,
        what: &str,
        names: &[&str],
    ) -> Option<Option<Pattern>> {
        let plain = self.plain.clone();
        let pattern = self.pattern(text, &plain, Form::Line)?;
        self.check_known(text, &plain, pattern, what, names)
    }

    /// A name that nothing has selects nothing: a slip of the hand, or left behind.
    #[expect(clippy::option_option, reason = "a failed value is not an absent one")]
    fn check_known(
        &mut self,
        text: Option<&Text>,
        scope: &Scope,
        pattern: Option<Pattern>,
        what: &str,
        names: &[&str],
    ) -> Option<Option<Pattern>> {
        let (Some(text), Some(pattern)) = (text, pattern) else {
            return Some(None);
        };
        if names.iter().any(|n| pattern.matches(n)) {
            return Some(Some(pattern));
        }
        let shown = visible(pattern.as_str());
        let names = || names.iter().copied();
        let meant = match pattern.is_exact() {
            true => did_you_mean(pattern.as_str(), names()),
            false => None,
        };
        let hint = meant.unwrap_or_else(|| format!("known: {}", listed(names())));
        let message = match pattern.is_exact() {
            true => format!("{what} `{shown}` does not exist"),
            false => format!("no {what} matches `{shown}`"),
        };
        self.filler.refuse(text, scope, what, message, hint);
        None
    }
}

fn is_stars(text: &Text) -> bool {
    !text.value.is_empty() && text.value.chars().all(|c| c == '*')
}

fn flat(pattern: Option<&Option<Pattern>>) -> Option<&Pattern> {
    pattern.and_then(Option::as_ref)
}
