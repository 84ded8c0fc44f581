//! Configuration and arguments to what is to be read, for which targets.
//!
//! Where to look in git at head comes from head's configuration; where to connect and how to
//! judge comes from base's, as far as base has the layer.

use crate::{
    kubernetes::pairing,
    model::{
        desired::DesiredWorld,
        finding::Message,
        observation::ObjectId,
        target::{
            DeployedSpec, DesiredSpec, Environment, Gate, KubernetesSpec, Layer, LiveSpec, Project,
            RenderPolicy, SecretsMode, Target, TargetId,
        },
    },
    source::{Wanted, WantedKind},
    text,
};
use std::{collections::BTreeMap, sync::Arc};

/// What a run reads and compares.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Sorted by service, then environment.
    pub targets: Vec<TargetPlan>,
    /// From base.
    pub gate: Gate,
    /// From base.
    pub render: RenderPolicy,
    /// From base.
    pub deployers: Vec<Box<str>>,
    /// How findings are judged: base's configuration.
    pub judge: Arc<Project>,
    /// Whether nothing was left out by a filter.
    pub whole: bool,
    /// Head's configuration stands in for base's, which has none.
    pub adopted: bool,
    /// What people must know of the configuration itself.
    pub notes: Vec<Message>,
}

/// A service in an environment.
#[derive(Clone, Debug)]
pub struct TargetPlan {
    /// Which.
    pub id: TargetId,
    /// Base's, if it has it.
    pub environment: Arc<Environment>,
    /// In head's order.
    pub layers: Vec<LayerPlan>,
    /// Whether names meet across spelling styles only where they are the same text.
    pub exact_keys: bool,
}

/// A layer of a target.
#[derive(Clone, Debug)]
pub struct LayerPlan {
    /// How to connect and judge: base's layer, else head's.
    pub layer: Layer,
    /// What git says at base; absent where base has no such layer.
    pub base: Option<DesiredSpec>,
    /// What git says at head.
    pub head: Option<DesiredSpec>,
}

impl LayerPlan {
    /// The cluster of its live side.
    #[must_use]
    pub fn kubernetes(&self) -> Option<&KubernetesSpec> {
        match &self.layer.live {
            Some(LiveSpec::Kubernetes(spec)) => Some(spec),
            _ => None,
        }
    }

    /// The objects that it needs to read, if its source has objects.
    #[must_use]
    pub fn wanted(
        &self,
        worlds: &[&DesiredWorld],
        namespace: Option<&str>,
        deployed: Option<&DeployedSpec>,
    ) -> Wanted {
        match self.kubernetes() {
            Some(spec) => wanted(worlds, namespace, spec.secrets, deployed),
            None => Wanted::default(),
        }
    }
}

/// Which part of a configuration is asked for; empty means all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Names of environments.
    pub environments: Vec<String>,
    /// Names of services.
    pub services: Vec<String>,
}

/// A filter names what the configuration does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No such environment.
    #[error("there is no environment `{name}` in the configuration; it has {known}")]
    UnknownEnvironment {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// No such service.
    #[error("there is no service `{name}` in the configuration; it has {known}")]
    UnknownService {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The two filters meet nowhere.
    #[error("no service of the chosen ones runs in the chosen environments")]
    Nothing,
}

/// Plans a run. Without `base` (no change under review), head's configuration is both.
///
/// # Errors
/// [`PlanError`].
pub fn plan(base: Option<&Project>, head: &Project, filter: &Filter) -> Result<Plan, PlanError> {
    known_names(base, head, filter)?;
    let judge = base.unwrap_or(head);
    let chosen = |id: &TargetId| {
        let in_list =
            |list: &[String], name: &str| list.is_empty() || list.iter().any(|l| l == name);
        in_list(&filter.environments, &id.environment) && in_list(&filter.services, &id.service)
    };
    let mut notes = Vec::new();
    let targets: Vec<TargetPlan> = head
        .targets
        .iter()
        .filter(|t| chosen(&t.id))
        .map(|t| target(base, t))
        .collect();
    if let Some(base) = base {
        for gone in base
            .targets
            .iter()
            .filter(|t| chosen(&t.id) && !head.targets.iter().any(|h| h.id == t.id))
        {
            notes.push(
                Message::words("the change takes ")
                    .name(gone.id.to_string())
                    .and(" out of the configuration: it is not checked any more"),
            );
        }
        for (target, layer) in layers_gone(base, head).filter(|(t, _)| chosen(&t.id)) {
            notes.push(
                Message::words("the change takes layer ")
                    .name(&**layer)
                    .and(" of ")
                    .name(target.id.to_string())
                    .and(" out of the configuration: it is not checked any more"),
            );
        }
        if base != head {
            notes.push(Message::words(
                "the change edits the configuration: files are looked for as head says, live sources and the gate are base's",
            ));
        }
    }
    if targets.is_empty() {
        return Err(PlanError::Nothing);
    }
    Ok(Plan {
        targets,
        gate: judge.gate.clone(),
        render: judge.render.clone(),
        deployers: judge.deployers.clone(),
        judge: Arc::new(judge.clone()),
        whole: filter.environments.is_empty() && filter.services.is_empty(),
        adopted: base.is_none(),
        notes,
    })
}

/// Layers that base has and head lacks, of targets that both have.
fn layers_gone<'a>(
    base: &'a Project,
    head: &'a Project,
) -> impl Iterator<Item = (&'a Target, &'a Arc<str>)> {
    base.targets.iter().flat_map(|old| {
        let new = head.targets.iter().find(|t| t.id == old.id);
        old.layers
            .iter()
            .filter(move |l| new.is_some_and(|n| !n.layers.iter().any(|h| h.name == l.name)))
            .map(move |l| (old, &l.name))
    })
}

fn known_names(base: Option<&Project>, head: &Project, filter: &Filter) -> Result<(), PlanError> {
    let projects = [Some(head), base];
    let known = |of: fn(&TargetId) -> &str| -> Vec<String> {
        let mut names: Vec<String> = projects
            .iter()
            .flatten()
            .flat_map(|p| p.targets.iter().map(|t| of(&t.id).to_owned()))
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let environments = known(|id| &id.environment);
    for name in &filter.environments {
        if !environments.contains(name) {
            return Err(PlanError::UnknownEnvironment {
                name: name.clone(),
                known: environments.join(", "),
            });
        }
    }
    let services = known(|id| &id.service);
    for name in &filter.services {
        if !services.contains(name) {
            return Err(PlanError::UnknownService {
                name: name.clone(),
                known: services.join(", "),
            });
        }
    }
    Ok(())
}

fn target(base: Option<&Project>, head: &Target) -> TargetPlan {
    let before = base.and_then(|b| b.targets.iter().find(|t| t.id == head.id));
    let layers = head
        .layers
        .iter()
        .map(|layer| {
            let old = match base {
                None => Some(layer),
                Some(_) => before.and_then(|b| b.layers.iter().find(|l| l.name == layer.name)),
            };
            LayerPlan {
                layer: match old {
                    Some(old) => old.clone(),
                    None => judged_by_base(base, head, layer),
                },
                base: old.and_then(|l| l.desired.clone()),
                head: layer.desired.clone(),
            }
        })
        .collect();
    TargetPlan {
        exact_keys: before.map_or(head.exact_keys, |b| b.exact_keys),
        id: head.id.clone(),
        environment: before
            .map(|b| b.environment.clone())
            .or_else(|| base?.environments.get(&head.id.environment).cloned())
            .unwrap_or_else(|| head.environment.clone()),
        layers,
    }
}

/// A layer that only head has: live is read only where base already reads for this environment,
/// and nothing about how to judge it comes from head.
fn judged_by_base(base: Option<&Project>, target: &Target, layer: &Layer) -> Layer {
    let known = base.is_none_or(|base| {
        base.targets
            .iter()
            .filter(|t| t.id.environment == target.id.environment)
            .flat_map(|t| &t.layers)
            .any(|l| l.live == layer.live)
    });
    Layer {
        live: layer.live.clone().filter(|_| known),
        deploy_time: vec![],
        workloads: vec![],
        closed: true,
        ..layer.clone()
    }
}

/// Workloads whose pods are asked about.
const WORKLOADS: &[(&str, &str)] = &[
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("argoproj.io", "Rollout"),
];

/// What a layer needs to read of its cluster: the kinds that git has on any side, those that its
/// objects can refer to, and as a help those that give evidence.
fn wanted(
    worlds: &[&DesiredWorld],
    namespace: Option<&str>,
    secrets: SecretsMode,
    deployed: Option<&DeployedSpec>,
) -> Wanted {
    let mut wanted = Wanted::default();
    let reads_secrets = secrets != SecretsMode::References;
    let kind = |group: &str, kind: &str, namespace: Option<&str>| WantedKind {
        group: group.into(),
        kind: kind.into(),
        namespace: namespace.map(Into::into),
    };
    for (id, object) in worlds.iter().flat_map(|w| &w.objects) {
        let ns = id.namespace.as_deref();
        if !id.is("", "Secret") || reads_secrets {
            wanted.kinds.insert(kind(&id.group, &id.kind, ns));
        }
        pairing::references(object.tree.root(), &mut |what, _| {
            if what != "Secret" || reads_secrets {
                wanted.kinds.insert(kind("", what, ns));
            }
        });
        if WORKLOADS.contains(&(&*id.group, &*id.kind)) {
            wanted.helps.insert(kind("", "Pod", ns));
            wanted.helps.insert(kind("apps", "ReplicaSet", ns));
            wanted
                .helps
                .insert(kind("autoscaling", "HorizontalPodAutoscaler", ns));
        }
    }
    wanted.helps = &wanted.helps - &wanted.kinds;
    if let Some(ns) = namespace
        && wanted.kinds.is_empty()
    {
        // Nothing in git: still ask for what could be live only.
        wanted.kinds.insert(kind("apps", "Deployment", Some(ns)));
    }
    wanted.objects.extend(deployed.and_then(deployer_object));
    wanted
}

/// The object that says what was applied.
#[must_use]
pub fn deployer_object(deployed: &DeployedSpec) -> Option<ObjectId> {
    match deployed {
        DeployedSpec::Flux {
            kind,
            name,
            namespace,
        } => {
            let group = if &**kind == "HelmRelease" {
                "helm.toolkit.fluxcd.io"
            } else {
                "kustomize.toolkit.fluxcd.io"
            };
            let ns = namespace.as_deref().unwrap_or("flux-system");
            Some(ObjectId::new(group, kind, Some(ns), name))
        }
        DeployedSpec::ArgoCd {
            application,
            namespace,
        } => {
            let ns = namespace.as_deref().unwrap_or("argocd");
            Some(ObjectId::new(
                "argoproj.io",
                "Application",
                Some(ns),
                application,
            ))
        }
        DeployedSpec::Ref(_) | DeployedSpec::Annotation(_) => None,
    }
}

/// Names by which the targets of a plan are grouped for reading.
#[must_use]
pub fn environments(plan: &Plan) -> BTreeMap<Arc<str>, Arc<Environment>> {
    plan.targets
        .iter()
        .map(|t| (t.id.environment.clone(), t.environment.clone()))
        .collect()
}

/// `2 services in 3 environments`, for progress.
#[must_use]
pub fn size(plan: &Plan) -> String {
    let mut services: Vec<&str> = plan.targets.iter().map(|t| &*t.id.service).collect();
    services.sort_unstable();
    services.dedup();
    format!(
        "{} in {}",
        text::plural(services.len(), "service"),
        text::plural(environments(plan).len(), "environment")
    )
}
