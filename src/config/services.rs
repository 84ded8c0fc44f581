//! Services in environments: `"*"` spread out, named entries laid over it, variables filled in.

use super::{
    Places,
    each::{Finder, FoundServices},
    environments::{self, Place, check_name},
    layers,
    leaf::{Entry, Text, Word},
    policy::Known,
    raw,
    read::{Cx, is_lost},
    sides::{Builder, Declared},
    suggest::{did_you_mean, listed, nearest},
    variables::{Filler, Scope, check_variables},
    words::Keys,
};
use crate::model::{
    place,
    target::{Environment, Target, TargetId},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The name that stands for many services.
const MANY: &str = "*";

/// A bound on what few lines can ask for: services times environments times layers.
const MOST_LAYERS: usize = 50_000;

type Environments<'r> = BTreeMap<&'r str, Place<'r>>;

/// What `"*"` found, by environment.
struct Pattern<'r> {
    raw: Option<&'r raw::Service>,
    found: BTreeMap<&'r str, FoundServices>,
    /// Whether it could not be looked for everywhere, so that a name not found proves nothing.
    unsure: bool,
}

/// Builds all targets, and records where their parts are written.
pub(super) struct Services<'s, 'c, 'f> {
    pub(super) cx: &'s mut Cx<'c>,
    pub(super) filler: &'s mut Filler,
    pub(super) finder: &'s mut Finder<'f>,
    pub(super) places: &'s mut Places,
    pub(super) known: &'s mut Known,
    /// Built so far.
    pub(super) layers: usize,
}

impl Services<'_, '_, '_> {
    /// All targets, sorted by service, then environment.
    pub(super) fn targets(
        &mut self,
        project: &raw::Project,
        environments: &Environments<'_>,
    ) -> Vec<Target> {
        if project.services.0.is_empty() {
            self.cx
                .problem(project.span, "`services` is empty")
                .hint("name at least one, with its layers".to_string());
        }
        for entry in &project.services.0 {
            self.check(project, entry);
        }
        let pattern = self.pattern(project, environments);
        self.known.unsure = pattern.unsure;
        let named: BTreeMap<&str, &Entry<raw::Service>> = project
            .services
            .0
            .iter()
            .map(|e| (e.name.value.as_str(), e))
            .collect();
        let mut names: BTreeSet<&str> = project.services.names().filter(|n| *n != MANY).collect();
        names.extend(
            pattern
                .found
                .values()
                .flat_map(|f| f.keys().map(String::as_str)),
        );
        let mut out = Vec::new();
        for name in names {
            let named = named.get(name).copied();
            // An entry that could not be read is a problem already.
            if named.is_some_and(|e| e.value.is_none()) {
                continue;
            }
            self.service(project, name, named, &pattern, environments, &mut out);
        }
        self.unused(environments, &out);
        out
    }

    /// What is wrong with an entry whatever the environment.
    fn check(&mut self, project: &raw::Project, entry: &Entry<raw::Service>) {
        let many = entry.name.value == MANY;
        if !many {
            check_name(self.cx, "service", &entry.name);
        }
        let Some(service) = &entry.value else { return };
        check_variables(self.cx, service.variables.as_ref());
        layers::check(self.cx, service.layers.as_deref().unwrap_or_default());
        match &service.each {
            None if many && !is_lost(&service.lost, "each") => self
                .cx
                .problem(
                    entry.name.span,
                    "`\"*\"` stands for many services and needs `each`",
                )
                .hint("like `each: { folders: \"services/*\" }`".to_string()),
            Some(each) if !many => self
                .cx
                .problem(each.span, "`each` belongs under `\"*\"`")
                .hint("call the service `\"*\"`: it becomes one service per match".to_string()),
            Some(each) => self.check_each(each),
            None => {}
        }
        if service.layers.as_ref().is_some_and(Vec::is_empty) && !service.flawed {
            let message = format!("service `{}` has an empty list of layers", entry.name.value);
            self.cx.problem(entry.name.span, message).hint(None);
        }
        if let Some(names) = &service.environments {
            self.check_environments(project, &entry.name, names, service.flawed);
        }
    }

    fn check_each(&mut self, each: &raw::Each) {
        let wrong = match (&each.folders, &each.file, &each.select) {
            _ if each.flawed => return,
            (Some(_), None, None) | (None, Some(_), Some(_)) => return,
            (Some(_), ..) => "`folders` stands alone",
            (None, Some(_), None) => "`file` needs `select`: where in it the names are",
            (None, None, _) => "`each` does not say what for",
        };
        self.cx.problem(each.span, wrong).hint(
            "write `{ folders: \"services/*\" }` or `{ file: values.yaml, select: \"apps[*].name\" }`"
                .to_string(),
        );
    }

    fn check_environments(
        &mut self,
        project: &raw::Project,
        service: &Text,
        names: &[Text],
        flawed: bool,
    ) {
        if names.is_empty() && !flawed {
            let message = format!("service `{}` runs in no environment", service.value);
            self.cx
                .problem(service.span, message)
                .hint("remove `environments` for all of them, or the service".to_string());
        }
        let mut seen = BTreeSet::new();
        for name in names {
            if project.environments.find(&name.value).is_none() {
                let known = || project.environments.names();
                let hint = did_you_mean(&name.value, known())
                    .unwrap_or_else(|| format!("known: {}", listed(known())));
                let message = format!(
                    "environment `{}` does not exist",
                    super::form::visible(&name.value)
                );
                self.cx.problem(name.span, message).hint(hint);
            } else if !seen.insert(name.value.as_str()) {
                let message = format!("environment `{}` is listed twice", name.value);
                self.cx.problem(name.span, message).harmless().hint(None);
            }
        }
    }

    /// Looks for what `"*"` stands for.
    fn pattern<'r>(
        &mut self,
        project: &'r raw::Project,
        environments: &Environments<'r>,
    ) -> Pattern<'r> {
        let entry = project.services.find(MANY);
        let mut out = Pattern {
            raw: entry.and_then(|e| e.value.as_ref()),
            found: BTreeMap::new(),
            unsure: entry.is_some_and(|e| e.value.is_none()),
        };
        let Some(raw) = out.raw else { return out };
        let Some(each) = &raw.each else {
            out.unsure = true;
            return out;
        };
        if raw.layers.is_none() && !is_lost(&raw.lost, "layers") {
            let span = entry.and_then(|e| e.name.span);
            self.cx
                .problem(span, "`\"*\"` has no layers")
                .hint("say where its services' values come from: `layers: [ … ]`".to_string());
        }
        for (name, place) in environments {
            if !runs_in(Some(raw), name, environments) {
                continue;
            }
            let unsure = is_lost(&raw.lost, "variables");
            let mut scope = Scope::new(place.name.value.clone(), unsure);
            scope.inherit(&place.scope);
            scope.add(raw.variables.as_ref());
            match self.finder.find(self.cx, self.filler, each, &scope) {
                Some(found) => {
                    out.found.insert(name, found);
                }
                None => out.unsure = true,
            }
        }
        out
    }

    fn service(
        &mut self,
        project: &raw::Project,
        name: &str,
        named: Option<&Entry<raw::Service>>,
        pattern: &Pattern<'_>,
        environments: &Environments<'_>,
        out: &mut Vec<Target>,
    ) {
        let own = named.and_then(|e| e.value.as_ref());
        let found = pattern.found.values().any(|f| f.contains_key(name));
        let many = pattern.raw.filter(|_| found);
        let layers = merged_layers(many, own);
        if layers.is_empty() {
            self.no_layers(name, named, pattern);
        }
        let arc: Arc<str> = name.into();
        for layer in &layers {
            let place = place::Place::exact(self.cx.file.clone(), layer.name.span);
            let key = (arc.clone(), Arc::from(layer.name.value.as_str()));
            self.places.layers.insert(key, place);
        }
        for (environment, place) in environments {
            if !runs_in(own, environment, environments)
                || (found && !runs_in(many, environment, environments))
            {
                continue;
            }
            let at = pattern.found.get(environment).and_then(|f| f.get(name));
            if found && at.is_none() {
                self.not_found_here(name, named, environment, pattern);
                continue;
            }
            if !self.has_room(layers.len()) {
                return;
            }
            let scope = scope_of(name, place, at.and_then(Option::as_deref), many, own);
            if let Some(mut target) = self.target(project, &arc, place, &layers, &scope) {
                target.exact_keys = exact_keys(project, many, own);
                out.push(target);
            }
            let id = TargetId {
                service: arc.clone(),
                environment: place.built.name.clone(),
            };
            self.known.scopes.insert(id, scope);
        }
    }

    fn has_room(&mut self, layers: usize) -> bool {
        self.layers += layers;
        if self.layers > MOST_LAYERS {
            let message = format!("more than {MOST_LAYERS} layers, all targets together");
            self.cx
                .problem(None, message)
                .hint("split the file: one driftgate.yaml for each group of services".to_string());
        }
        self.layers <= MOST_LAYERS
    }

    fn no_layers(
        &mut self,
        name: &str,
        named: Option<&Entry<raw::Service>>,
        pattern: &Pattern<'_>,
    ) {
        let Some(entry) = named else { return };
        let own = entry.value.as_ref();
        if pattern.unsure || own.is_some_and(|s| is_lost(&s.lost, "layers") || s.layers.is_some()) {
            return;
        }
        let found = pattern.found.values().flat_map(|f| f.keys());
        let hint = match (pattern.raw, did_you_mean(name, found.map(String::as_str))) {
            (None, _) => "say where its values come from: `layers: [ … ]`".to_string(),
            (Some(_), None) => {
                "`\"*\"` does not find it, so it needs layers of its own".to_string()
            }
            (Some(_), Some(meant)) => format!("`\"*\"` does not find it: {meant}"),
        };
        let message = format!("service `{name}` has no layers");
        self.cx.problem(entry.name.span, message).hint(hint);
    }

    /// A named entry that lists an environment where `"*"` does not find the service.
    fn not_found_here(
        &mut self,
        name: &str,
        named: Option<&Entry<raw::Service>>,
        environment: &str,
        pattern: &Pattern<'_>,
    ) {
        let listed = named
            .and_then(|e| e.value.as_ref()?.environments.as_ref())
            .and_then(|list| list.iter().find(|t| t.value == environment));
        if let Some(text) = listed.filter(|_| pattern.found.contains_key(environment)) {
            let message = format!("`\"*\"` does not find `{name}` in `{environment}`");
            self.cx
                .problem(text.span, message)
                .hint("remove it here, or add the service there".to_string());
        }
    }

    fn target(
        &mut self,
        project: &raw::Project,
        service: &Arc<str>,
        place: &Place<'_>,
        layers: &[&raw::Layer],
        scope: &Scope,
    ) -> Option<Target> {
        let environment = self.environment_of(place, scope);
        let mut builder = Builder {
            cx: self.cx,
            filler: self.filler,
            scope,
            service,
            layers,
            declared: Declared {
                repositories: project.repositories.as_ref(),
                unsure: is_lost(&project.lost, "repositories"),
            },
        };
        let built: Vec<_> = layers.iter().map(|l| builder.layer(l)).collect();
        Some(Target {
            id: TargetId {
                service: service.clone(),
                environment: environment.name.clone(),
            },
            environment,
            layers: built.into_iter().collect::<Option<_>>()?,
            exact_keys: false,
        })
    }

    /// The environment as this target sees it: where each service is deployed by an object of its
    /// own, `deployed` is its own too.
    fn environment_of(&mut self, place: &Place<'_>, scope: &Scope) -> Arc<Environment> {
        let raw = place.raw.and_then(|r| r.deployed.as_ref());
        match raw.filter(|d| environments::depends_on_service(d)) {
            Some(raw) => Arc::new(Environment {
                deployed: environments::deployed(self.cx, self.filler, raw, scope),
                ..(*place.built).clone()
            }),
            None => place.built.clone(),
        }
    }

    /// None is forgotten silently.
    fn unused(&mut self, environments: &Environments<'_>, targets: &[Target]) {
        if self.filler.has_failed() || self.cx.problems.iter().any(|p| p.blocks) {
            return;
        }
        for (name, place) in environments {
            if !targets.iter().any(|t| &*t.id.environment == *name) {
                self.cx
                    .problem(place.name.span, format!("no service runs in `{name}`"))
                    .harmless()
                    .hint(None);
            }
        }
    }
}

/// Whether a service is to run in an environment. A slip of the hand counts as what it was meant
/// to be: the file is refused because of it, and the rest is still looked at.
fn runs_in(
    service: Option<&raw::Service>,
    environment: &str,
    environments: &Environments<'_>,
) -> bool {
    let Some(list) = service.and_then(|s| s.environments.as_ref()) else {
        return true;
    };
    let is_meant = |name: &str| {
        !environments.contains_key(name)
            && nearest(name, environments.keys().copied()) == Some(environment)
    };
    list.iter()
        .any(|t| t.value == environment || is_meant(&t.value))
}

/// What is written nearest to the service wins.
fn exact_keys(
    project: &raw::Project,
    many: Option<&raw::Service>,
    own: Option<&raw::Service>,
) -> bool {
    let of = |s: Option<&raw::Service>| s.and_then(|s| s.keys);
    let nearest = of(own).or_else(|| of(many)).or(project.keys);
    nearest.is_some_and(|Word(keys)| keys == Keys::Exact)
}

/// Layers of the same name are replaced where they are, new ones come last.
fn merged_layers<'r>(
    many: Option<&'r raw::Service>,
    own: Option<&'r raw::Service>,
) -> Vec<&'r raw::Layer> {
    let of = |s: Option<&'r raw::Service>| s.and_then(|s| s.layers.as_deref()).unwrap_or_default();
    let (base, own) = (of(many), of(own));
    let name = |l: &'r raw::Layer| l.name.value.as_str();
    let over: BTreeMap<&str, &raw::Layer> = own.iter().map(|l| (name(l), l)).collect();
    let under: BTreeSet<&str> = base.iter().map(name).collect();
    let replaced = base.iter().map(|l| over.get(name(l)).copied().unwrap_or(l));
    let new = own.iter().filter(|l| !under.contains(name(l)));
    replaced.chain(new).collect()
}

/// The environment's variables, hidden by those of `"*"`, hidden by the service's own.
fn scope_of(
    name: &str,
    place: &Place<'_>,
    folder: Option<&str>,
    many: Option<&raw::Service>,
    own: Option<&raw::Service>,
) -> Scope {
    let unsure = |s: Option<&raw::Service>| s.is_some_and(|s| is_lost(&s.lost, "variables"));
    let about = format!("{name} in {}", place.name.value);
    let mut scope = Scope::new(about, unsure(many) || unsure(own));
    scope.inherit(&place.scope);
    if let Some(folder) = folder {
        scope.set("path", folder);
    }
    scope.add(many.and_then(|s| s.variables.as_ref()));
    scope.add(own.and_then(|s| s.variables.as_ref()));
    scope.set("service", name);
    if many.is_some() {
        scope.set("each", name);
    }
    scope.set("environment", &place.name.value);
    scope
}
