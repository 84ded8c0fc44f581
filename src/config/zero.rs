//! `driftgate check --manifests deploy/ --kubernetes <context>[/<namespace>]`: a project without
//! a driftgate.yaml.

use super::{
    form::{Form, is_label, visible},
    suggest::{did_you_mean, listed},
};
use crate::model::{
    problem::Problem,
    target::{
        DesiredSpec, Environment, KubernetesSpec, Layer, LiveSpec, Project, Target, TargetId, Tier,
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// The name of the one service and the one environment.
const NAME: &str = "default";

/// Splits `<context>[/<namespace>]`. Contexts may hold slashes themselves
/// (`arn:aws:eks:eu-west-1:123456789012:cluster/shop`), so that the kubeconfig's contexts decide:
///
/// 1. a text that is a known context is one, without a namespace;
/// 2. where the part before the last `/` is a known context, the part behind it is the namespace;
/// 3. else, and where no contexts are known, the last part is the namespace if it can be one (an
///    RFC 1123 label), unless the text is the ARN of an EKS cluster.
#[must_use]
pub fn split_context<'t>(text: &'t str, known: &[&str]) -> (&'t str, Option<&'t str>) {
    let Some((context, namespace)) = text.rsplit_once('/') else {
        return (text, None);
    };
    let is_known = |context: &str| known.contains(&context);
    let is_cluster_arn = context.starts_with("arn:") && context.ends_with(":cluster");
    if is_known(text) || context.is_empty() || is_cluster_arn {
        return (text, None);
    }
    if is_known(context) || is_label(namespace) {
        return (context, Some(namespace));
    }
    (text, None)
}

/// The project of one service in one environment, both called `default`. `manifests` are paths in
/// the repository; `known_contexts` are those of the kubeconfig, empty where there is none.
///
/// # Errors
/// Where a path leaves the repository, and where the context or namespace can't be one: all of it.
pub fn zero_config(
    manifests: &[String],
    kubernetes: &str,
    known_contexts: &[&str],
) -> Result<Project, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut paths = Vec::new();
    for path in manifests {
        match Form::Glob.check(path) {
            Ok(path) => paths.push(path),
            Err(misfit) => problems.push(wrong("--manifests", &misfit.message)),
        }
    }
    if manifests.is_empty() {
        problems.push(wrong("--manifests", "names no file or folder"));
    }
    let live = cluster(kubernetes, known_contexts, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let environment = Arc::new(Environment {
        name: NAME.into(),
        tier: Tier::Production,
        names: Vec::new(),
        deployed: None,
        deploys_within: None,
        settle: 0,
        tracks: None,
        deploys_later: false,
        variables: BTreeMap::new(),
    });
    let desired = DesiredSpec::Manifests { paths };
    let layer = Layer {
        name: "manifests".into(),
        closed: desired.closed_by_default(),
        desired: Some(desired),
        live: Some(LiveSpec::Kubernetes(live)),
        ..Layer::default()
    };
    let target = Target {
        id: TargetId {
            service: NAME.into(),
            environment: environment.name.clone(),
        },
        environment: environment.clone(),
        layers: vec![layer],
        exact_keys: false,
    };
    Ok(Project {
        environments: BTreeMap::from([(environment.name.clone(), environment)]),
        targets: vec![target],
        ..Project::default()
    })
}

fn cluster(text: &str, known: &[&str], problems: &mut Vec<Problem>) -> KubernetesSpec {
    let (context, namespace) = split_context(text, known);
    let parts = [(Some(context), Form::Line), (namespace, Form::Namespace)];
    for (part, form) in parts {
        if let Some(Err(misfit)) = part.map(|p| form.check(p)) {
            problems.push(wrong("--kubernetes", &misfit.message));
        }
    }
    if !known.is_empty() && !context.is_empty() && !known.contains(&context) {
        let message = format!("the kubeconfig has no context `{}`", visible(context));
        let hint = did_you_mean(context, known.iter().copied())
            .unwrap_or_else(|| format!("known: {}", listed(known.iter().copied())));
        problems.push(wrong("--kubernetes", &message).hint(hint));
    }
    KubernetesSpec {
        context: Some(context.into()),
        namespace: namespace.map(Into::into),
        ..KubernetesSpec::default()
    }
}

fn wrong(flag: &str, message: &str) -> Problem {
    Problem::new(None, format!("{flag}: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EKS: &str = "arn:aws:eks:eu-west-1:123456789012:cluster/shop";

    #[test]
    fn contexts_may_hold_slashes() {
        let known = [EKS, "kind-dev", "admin/prod"];
        let with_namespace = format!("{EKS}/shop");
        for (text, known, context, namespace) in [
            ("kind-dev", &known[..], "kind-dev", None),
            ("kind-dev/shop", &known, "kind-dev", Some("shop")),
            (
                "kind-dev/Not_A_Label",
                &known,
                "kind-dev",
                Some("Not_A_Label"),
            ),
            ("admin/prod", &known, "admin/prod", None),
            ("admin/prod/shop", &known, "admin/prod", Some("shop")),
            (EKS, &known, EKS, None),
            (&with_namespace, &known, EKS, Some("shop")),
            (EKS, &[], EKS, None),
            (&with_namespace, &[], EKS, Some("shop")),
            ("prod/shop", &[], "prod", Some("shop")),
            ("gke/Team_A", &[], "gke/Team_A", None),
            ("/shop", &[], "/shop", None),
        ] {
            assert_eq!(split_context(text, known), (context, namespace), "{text}");
        }
    }

    #[test]
    fn two_flags_make_a_project() {
        let project =
            zero_config(&["./deploy/".into()], "kind-dev/shop", &["kind-dev"]).expect("a project");
        let target = &project.targets[0];
        assert_eq!(target.id.to_string(), "default in default");
        assert_eq!(
            target.layers[0].desired,
            Some(DesiredSpec::Manifests {
                paths: vec!["deploy".into()]
            })
        );
        let live = KubernetesSpec {
            context: Some("kind-dev".into()),
            namespace: Some("shop".into()),
            ..KubernetesSpec::default()
        };
        assert_eq!(target.layers[0].live, Some(LiveSpec::Kubernetes(live)));
        assert!(target.layers[0].closed);
    }

    #[test]
    fn wrong_flags_say_which_and_why() {
        let check = |manifests: &[&str], kubernetes: &str| {
            let manifests: Vec<String> = manifests.iter().map(|m| (*m).to_string()).collect();
            zero_config(&manifests, kubernetes, &["kind-dev", "prod-eu"])
                .expect_err("problems")
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            check(&["../other", "/etc"], "kind-dev/Shop"),
            [
                "--manifests: `../other` leaves the repository",
                "--manifests: `/etc` is an absolute path: paths start at the repository's root",
                "--kubernetes: `Shop` is no Kubernetes namespace: expected at most 63 of a-z, 0-9 and `-`, \
                 with a letter or digit at both ends",
            ]
        );
        assert_eq!(
            check(&[], "prod-ue/shop"),
            [
                "--manifests: names no file or folder",
                "--kubernetes: the kubeconfig has no context `prod-ue` (did you mean `prod-eu`?)",
            ]
        );
        assert_eq!(check(&["deploy"], ""), ["--kubernetes: the text is empty"]);
    }
}
