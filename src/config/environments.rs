//! Environments: from raw to validated, and how to learn what was applied to them.

use super::{
    form::{Form, is_name, visible},
    leaf::Text,
    raw,
    read::{Cx, is_lost},
    variables::{Filler, Scope, check_variables, mentions},
};
use crate::model::target::{DeployedSpec, Environment};
use std::{collections::BTreeMap, sync::Arc};

/// An environment that could be read, and what its targets start from.
pub(super) struct Place<'r> {
    pub(super) name: &'r Text,
    pub(super) raw: Option<&'r raw::EnvironmentFields>,
    pub(super) scope: Scope,
    pub(super) built: Arc<Environment>,
}

/// Checks and builds all environments, by name.
pub(super) fn build<'r>(
    cx: &mut Cx<'_>,
    filler: &mut Filler,
    project: &'r raw::Project,
) -> BTreeMap<&'r str, Place<'r>> {
    let entries = &project.environments.0;
    if entries.is_empty() {
        cx.problem(project.span, "`environments` is empty")
            .hint("name at least one: `production: { tier: production }`".to_string());
    }
    let mut out = BTreeMap::new();
    for entry in entries {
        check_name(cx, "environment", &entry.name);
        let Some(raw) = &entry.value else {
            continue;
        };
        let raw = raw.0.as_ref();
        let place = environment(cx, filler, &entry.name, raw);
        out.insert(entry.name.value.as_str(), place);
    }
    out
}

/// Services and environments stand in paths and on command lines.
pub(super) fn check_name(cx: &mut Cx<'_>, what: &str, name: &Text) {
    if !is_name(&name.value) {
        let message = format!("`{}` is no name for the {what}", visible(&name.value));
        cx.problem(name.span, message).hint(
            "letters, digits, `-`, `_` and `.`, beginning with a letter or digit".to_string(),
        );
    }
}

fn environment<'r>(
    cx: &mut Cx<'_>,
    filler: &mut Filler,
    name: &'r Text,
    raw: Option<&'r raw::EnvironmentFields>,
) -> Place<'r> {
    let variables = raw.and_then(|r| r.variables.as_ref());
    check_variables(cx, variables);
    let unsure = raw.is_some_and(|r| is_lost(&r.lost, "variables"));
    let mut scope = Scope::new(name.value.clone(), unsure);
    scope.add(variables);
    let own = scope.readable();
    scope.set("environment", &name.value);
    if let Some(deployed) = raw.and_then(|r| r.deployed.as_ref()) {
        check_deployed(cx, deployed);
    }
    let texts = raw.and_then(|r| r.names.as_deref()).unwrap_or_default();
    let names = texts
        .iter()
        .filter_map(|t| filler.fill(cx, t, &scope, Form::Line));
    let names = names.collect();
    let tracks = raw.and_then(|r| r.tracks.as_ref());
    let tracks = tracks.and_then(|t| filler.fill(cx, t, &scope, Form::Ref));
    // What depends on the service is filled in per target.
    let deployed = raw
        .and_then(|r| r.deployed.as_ref())
        .filter(|d| !depends_on_service(d))
        .and_then(|d| self::deployed(cx, filler, d, &scope));
    let built = Environment {
        name: name.value.as_str().into(),
        tier: raw.and_then(|r| r.tier).map(|w| w.0).unwrap_or_default(),
        names,
        deployed,
        deploys_within: raw.and_then(|r| r.deploys_within.as_ref()).map(|s| s.value),
        settle: raw.and_then(|r| r.settle.as_ref()).map_or(0, |s| s.value),
        tracks,
        deploys_later: raw.is_some_and(|r| r.deploys.is_some()),
        variables: own,
    };
    Place {
        name,
        raw,
        scope,
        built: Arc::new(built),
    }
}

fn check_deployed(cx: &mut Cx<'_>, raw: &raw::Deployed) {
    let kinds = [
        raw.flux.is_some(),
        raw.argo_cd.is_some(),
        raw.r#ref.is_some(),
        raw.annotation.is_some(),
    ];
    match kinds.iter().filter(|k| **k).count() {
        0 if !raw.flawed => cx
            .problem(raw.span, "`deployed` does not say how")
            .hint("add one of `flux`, `argo-cd`, `ref` and `annotation`".to_string()),
        2.. => cx
            .problem(raw.span, "`deployed` says more than one way")
            .hint("keep one of `flux`, `argo-cd`, `ref` and `annotation`".to_string()),
        _ => {}
    }
    let Some(flux) = &raw.flux else { return };
    match (&flux.kustomization, &flux.helm_release) {
        (None, None) if !flux.flawed => cx
            .problem(flux.span, "`flux` names no object")
            .hint("add `kustomization` or `helm-release`".to_string()),
        (Some(_), Some(_)) => cx
            .problem(flux.span, "`flux` names two objects")
            .hint("keep `kustomization` or `helm-release`".to_string()),
        _ => {}
    }
}

/// Whether each service has its own: `application: "${service}-${environment}"`.
pub(super) fn depends_on_service(raw: &raw::Deployed) -> bool {
    let flux = raw.flux.as_ref();
    let argo_cd = raw.argo_cd.as_ref();
    let texts = [
        flux.and_then(|f| f.kustomization.as_ref()),
        flux.and_then(|f| f.helm_release.as_ref()),
        flux.and_then(|f| f.namespace.as_ref()),
        argo_cd.map(|a| &a.application),
        argo_cd.and_then(|a| a.namespace.as_ref()),
        raw.r#ref.as_ref(),
        raw.annotation.as_ref(),
    ];
    let of_service = |t: &Text| mentions(t, "service") || mentions(t, "each");
    texts.into_iter().flatten().any(of_service)
}

/// Fills in how to learn what was applied.
pub(super) fn deployed(
    cx: &mut Cx<'_>,
    filler: &mut Filler,
    raw: &raw::Deployed,
    scope: &Scope,
) -> Option<DeployedSpec> {
    let mut fill = |text: &Text, form| filler.fill(cx, text, scope, form);
    if let Some(flux) = &raw.flux {
        let (kind, name) = match (&flux.kustomization, &flux.helm_release) {
            (Some(name), _) => ("Kustomization", name),
            (None, Some(name)) => ("HelmRelease", name),
            (None, None) => return None,
        };
        let name = fill(name, Form::ObjectName);
        let namespace = flux.namespace.as_ref().map(|n| fill(n, Form::Namespace));
        return Some(DeployedSpec::Flux {
            kind: kind.into(),
            name: name?,
            namespace: namespace.flatten(),
        });
    }
    if let Some(argo_cd) = &raw.argo_cd {
        let application = fill(&argo_cd.application, Form::ObjectName);
        let namespace = argo_cd.namespace.as_ref().map(|n| fill(n, Form::Namespace));
        return Some(DeployedSpec::ArgoCd {
            application: application?,
            namespace: namespace.flatten(),
        });
    }
    if let Some(git_ref) = &raw.r#ref {
        return fill(git_ref, Form::Ref).map(DeployedSpec::Ref);
    }
    let annotation = raw.annotation.as_ref()?;
    fill(annotation, Form::Annotation).map(DeployedSpec::Annotation)
}
