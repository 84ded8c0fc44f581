//! What is running: every source at once, or the snapshots that stand for them.

use super::{desired_state::State, inputs::Run};
use crate::{
    model::{
        observation::{Observation, Outcome, Read, Scope},
        target::KubernetesSpec,
        time::Timestamp,
        value::{Unread, UnreadCause},
    },
    plan::{self, Plan},
    snapshot::{self, Recorded},
    source::{Source, Wanted, kubernetes},
};
use anyhow::bail;
use std::{collections::BTreeMap, sync::Arc};

/// One system, as one environment sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SystemKey {
    /// The environment.
    pub(crate) environment: Arc<str>,
    /// The kubeconfig context; absent: the current one, or the pod's own credentials.
    pub(crate) context: Option<Box<str>>,
}

/// What is wanted of a system.
#[derive(Clone, Debug)]
pub(crate) struct SystemPlan {
    pub(crate) spec: KubernetesSpec,
    pub(crate) wanted: Wanted,
}

/// What was read of a system.
pub(crate) struct SystemState {
    pub(crate) observation: Observation,
    /// `kubernetes` or `snapshot`.
    pub(crate) source: &'static str,
    /// Where exactly.
    pub(crate) from: Box<str>,
    /// Why nothing was read at all.
    pub(crate) unread: Option<Unread>,
    /// When it was captured.
    pub(crate) taken: Option<(Timestamp, Timestamp)>,
    /// What people must know of it.
    pub(crate) notes: Vec<Box<str>>,
}

/// All systems of a run.
pub(crate) type Live = BTreeMap<SystemKey, SystemState>;

/// What every system in scope is asked for.
pub(crate) fn systems(plan: &Plan, state: &State) -> BTreeMap<SystemKey, SystemPlan> {
    let mut out: BTreeMap<SystemKey, SystemPlan> = BTreeMap::new();
    for layer in state.layers.iter().filter(|l| l.in_scope) {
        let target = &plan.targets[layer.target];
        let Some(spec) = target.layers[layer.layer].kubernetes() else {
            continue;
        };
        let wanted = plan::wanted(
            &[&layer.base, &layer.head],
            layer.namespace.as_deref(),
            spec.secrets,
            target.environment.deployed.as_ref(),
        );
        let key = SystemKey {
            environment: target.id.environment.clone(),
            context: spec.context.clone(),
        };
        let system = out.entry(key).or_insert_with(|| SystemPlan {
            spec: spec.clone(),
            wanted: Wanted::default(),
        });
        system.spec.secrets = system.spec.secrets.max(spec.secrets);
        plan::extend(&mut system.wanted, wanted);
    }
    out
}

/// Reads all systems in scope.
///
/// # Errors
/// When snapshots can't be told apart. What can't be read is an outcome.
pub(crate) fn read(run: &Run<'_>, plan: &Plan, state: &State) -> anyhow::Result<Live> {
    let systems = systems(plan, state);
    if !run.inputs.live.is_empty() {
        return from_snapshots(run, plan, &systems);
    }
    Ok(read_systems(run, &systems))
}

/// Reads systems over the network, all at once.
pub(crate) fn read_systems(run: &Run<'_>, systems: &BTreeMap<SystemKey, SystemPlan>) -> Live {
    let connected: Vec<Connected<'_>> = systems
        .iter()
        .map(|(key, system)| (key, system, connect(run, &system.spec)))
        .collect();
    let read = run_all(run, &connected);
    connected
        .into_iter()
        .zip(read)
        .map(|((key, system, source), observation)| {
            let (from, unread) = match (source, &observation) {
                (Ok(source), Some(_)) => (source.describe(), None),
                (Ok(source), None) => {
                    let why = "reading could not be started on this machine";
                    let unread = Unread::new(UnreadCause::Unreachable, why);
                    (source.describe(), Some(unread))
                }
                (Err(why), _) => (describe(&system.spec), Some(why)),
            };
            let state = SystemState {
                observation: match &unread {
                    None => observation.unwrap_or_default(),
                    Some(why) => nothing(&system.wanted, why),
                },
                source: "kubernetes",
                from,
                unread,
                taken: None,
                notes: vec![],
            };
            (key.clone(), state)
        })
        .collect()
}

fn describe(spec: &KubernetesSpec) -> Box<str> {
    match &spec.context {
        Some(context) => format!("context {context}").into(),
        None => "current context".into(),
    }
}

/// Finds the credentials of a cluster.
pub(crate) fn connect(run: &Run<'_>, spec: &KubernetesSpec) -> Result<Box<dyn Source>, Unread> {
    let options = kubernetes::ConnectOptions {
        kubeconfig: run.inputs.kubeconfig.clone(),
        // A kubeconfig that the arguments name is the caller's own choice.
        forbid_inside: match run.inputs.kubeconfig {
            Some(_) => None,
            None => run.repository.as_ref().map(|r| r.root().to_path_buf()),
        },
        interactive: false,
        drop_env: ["DRIFTGATE_KEY", "GITHUB_TOKEN", "GH_TOKEN"]
            .map(Into::into)
            .into(),
    };
    kubernetes::connect(spec, &options)
        .map_err(|e| Unread::new(UnreadCause::Unreachable, e.to_string()))
}

type Connected<'a> = (
    &'a SystemKey,
    &'a SystemPlan,
    Result<Box<dyn Source>, Unread>,
);

/// One thread, all sources at once; `None` where there was no connection to read with.
#[cfg(feature = "kubernetes")]
fn run_all(run: &Run<'_>, connected: &[Connected<'_>]) -> Vec<Option<Observation>> {
    let read = async |entry: &Connected<'_>| {
        let (key, system, Ok(source)) = entry else {
            return None;
        };
        let progress = |text: &str| run.progress(&format!("{}: {text}", key.environment));
        let seconds = system
            .spec
            .timeout
            .map_or(run.inputs.timeout_seconds, u64::from)
            .min(run.inputs.timeout_seconds);
        let cx = crate::source::ReadContext {
            key: &run.key,
            classifier: &run.classifier,
            limit: std::time::Duration::from_secs(seconds),
            progress: &progress,
        };
        Some(source.read(&system.wanted, &cx).await)
    };
    match runtime() {
        Ok(runtime) => {
            let all = runtime.block_on(futures::future::join_all(connected.iter().map(read)));
            // A look-up of a name that hangs must not hold up the report.
            runtime.shutdown_background();
            all
        }
        Err(_) => connected.iter().map(|_| None).collect(),
    }
}

/// A runtime of one thread.
#[cfg(feature = "kubernetes")]
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

#[cfg(not(feature = "kubernetes"))]
fn run_all(_: &Run<'_>, connected: &[Connected<'_>]) -> Vec<Option<Observation>> {
    connected.iter().map(|_| None).collect()
}

/// An observation in which everything that was wanted failed.
fn nothing(wanted: &Wanted, why: &Unread) -> Observation {
    let reads = wanted
        .kinds
        .iter()
        .map(|k| Read {
            scope: Scope::kind(&k.group, &k.kind, k.namespace.as_deref()),
            outcome: Outcome::Failed(why.clone()),
            revision: None,
        })
        .collect();
    Observation::from_parts(None, reads, vec![])
}

fn from_snapshots(
    run: &Run<'_>,
    plan: &Plan,
    systems: &BTreeMap<SystemKey, SystemPlan>,
) -> anyhow::Result<Live> {
    let mut by_environment: BTreeMap<Option<&str>, Vec<Recorded>> = BTreeMap::new();
    let mut paths: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
    for (environment, path) in &run.inputs.live {
        if let Some(name) = environment
            && !plan.targets.iter().any(|t| *t.id.environment == **name)
        {
            let known: Vec<String> = plan::environments(plan)
                .keys()
                .map(ToString::to_string)
                .collect();
            bail!(
                "--live {name}=…: there is no environment `{name}` here; there are {}",
                known.join(", ")
            );
        }
        let shown = path.display().to_string();
        let path = run.directory.join(path);
        let recorded = snapshot::read_path(&path, &run.key, &run.classifier)?;
        by_environment
            .entry(environment.as_deref())
            .or_default()
            .extend(recorded);
        paths.entry(environment.as_deref()).or_default().push(shown);
    }
    let nameless = by_environment
        .get(&None)
        .is_some_and(|all| all.iter().any(|r| r.head.environment.is_none()));
    if nameless && plan::environments(plan).len() > 1 {
        bail!(
            "kubectl output names no environment: say whose it is with --live ENVIRONMENT=PATH, or choose one with --environment"
        );
    }
    Ok(systems
        .iter()
        .map(|(key, system)| {
            let tag = Some(&*key.environment).filter(|e| by_environment.contains_key(&Some(*e)));
            let recorded = by_environment.get(&tag).map_or(&[][..], Vec::as_slice);
            let from = paths.get(&tag).map_or(String::new(), |p| p.join(", "));
            let several = systems
                .keys()
                .filter(|k| k.environment == key.environment)
                .take(2)
                .count()
                > 1;
            (
                key.clone(),
                from_sections(run, plan, (key, system), recorded, several, &from),
            )
        })
        .collect())
}

fn from_sections(
    run: &Run<'_>,
    plan: &Plan,
    (key, system): (&SystemKey, &SystemPlan),
    recorded: &[Recorded],
    several_contexts: bool,
    from: &str,
) -> SystemState {
    let usable = || -> Result<(Vec<&Recorded>, Observation), Unread> {
        let all = snapshot::select(recorded, &key.environment, Some("kubernetes"))
            .or_else(|_| snapshot::select(recorded, &key.environment, None))?;
        // Several clusters of one environment are told apart by what they are read as.
        let mine: Vec<&Recorded> = match &key.context {
            Some(context) if all.len() > 1 || several_contexts => {
                let named = format!("context {context}");
                let own: Vec<&Recorded> = all
                    .into_iter()
                    .filter(|r| {
                        let from = &r.head.source.describe;
                        **from == *named || from.starts_with(&format!("{named},"))
                    })
                    .collect();
                if own.is_empty() {
                    let why = format!(
                        "nothing is recorded for context {context} of environment {}",
                        key.environment
                    );
                    return Err(Unread::new(UnreadCause::NotAsked, why));
                }
                own
            }
            _ => all,
        };
        for section in &mine {
            let age = plan.gate.snapshot_max_age;
            snapshot::usable(&section.head, &key.environment, run.now, age, None)?;
        }
        let observation = snapshot::merge(&mine)?.into_owned();
        Ok((mine, observation))
    };
    let state = |observation, unread, taken, notes| SystemState {
        observation,
        source: "snapshot",
        from: from.into(),
        unread,
        taken,
        notes,
    };
    match usable() {
        Ok((sections, observation)) => {
            let taken = sections
                .iter()
                .filter_map(|s| s.head.taken)
                .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
            let notes = sections.iter().flat_map(|s| s.notes.clone()).collect();
            state(observation, None, taken, notes)
        }
        Err(why) => state(nothing(&system.wanted, &why), Some(why), None, vec![]),
    }
}
