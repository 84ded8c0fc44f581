//! What is running: every source at once, or the snapshots that stand for them.

use super::{
    desired_state::{LayerState, State},
    inputs::Run,
};
use crate::{
    model::{
        observation::{Observation, Outcome, Read},
        setting::LayerSettings,
        target::LiveSpec,
        time::Timestamp,
        value::{Unread, UnreadCause},
    },
    plan::{self, LayerPlan, Plan},
    snapshot::{self, Recorded},
    source::{ConnectContext, ReadContext, Source, Wanted, kind_of},
};
use anyhow::{anyhow, bail};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Variables that hold credentials of driftgate itself.
const OWN_CREDENTIALS: &[&str] = &["DRIFTGATE_KEY", "GITHUB_TOKEN", "GH_TOKEN"];

/// One system, as one environment sees it: what is read at once, once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SystemKey {
    /// The environment.
    pub(crate) environment: Arc<str>,
    /// The kind of source.
    pub(crate) source: &'static str,
    /// Tells systems of one kind apart: the kubeconfig context, the path.
    pub(crate) identity: Box<str>,
}

/// The system that a layer of `environment` is read from.
pub(crate) fn system_key(environment: &Arc<str>, spec: &LiveSpec) -> SystemKey {
    let kind = kind_of(spec);
    SystemKey {
        environment: environment.clone(),
        source: kind.name,
        identity: (kind.identity)(spec),
    }
}

/// What was read for a layer; absent where its live side is not read.
pub(crate) fn system_of<'a>(
    plan: &Plan,
    live: &'a Live,
    layer: &LayerState,
) -> Option<&'a SystemState> {
    let target = &plan.targets[layer.target];
    let spec = target.layers[layer.layer].layer.live.as_ref()?;
    live.get(&system_key(&target.id.environment, spec))
}

/// The settings of a layer's live side; absent for a layer whose source has objects.
pub(crate) fn settings_of(planned: &LayerPlan, system: &SystemState) -> Option<LayerSettings> {
    let spec = planned.layer.live.as_ref()?;
    let settings = kind_of(spec).settings?;
    Some(match &system.unread {
        Some(why) => LayerSettings::unread(why.clone()),
        None => settings(spec, &system.observation),
    })
}

/// What is wanted of a system.
#[derive(Clone, Debug)]
pub(crate) struct SystemPlan {
    /// Of all layers that it is read for.
    pub(crate) spec: LiveSpec,
    /// Objects, for a source that has them.
    pub(crate) wanted: Wanted,
}

/// What was read of a system.
pub(crate) struct SystemState {
    pub(crate) observation: Observation,
    /// The kind of source, or `snapshot`.
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
        let planned = &target.layers[layer.layer];
        let Some(spec) = &planned.layer.live else {
            continue;
        };
        let wanted = planned.wanted(
            &[&layer.base, &layer.head],
            layer.namespace.as_deref(),
            target.environment.deployed.as_ref(),
        );
        let key = system_key(&target.id.environment, spec);
        let system = out.entry(key).or_insert_with(|| SystemPlan {
            spec: spec.clone(),
            wanted: Wanted::default(),
        });
        (kind_of(spec).join)(&mut system.spec, spec);
        system.wanted.extend(wanted);
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

/// Reads systems, all at once.
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
                    Some(why) => nothing(system, why),
                },
                source: key.source,
                from,
                unread,
                taken: None,
                notes: vec![],
            };
            (key.clone(), state)
        })
        .collect()
}

/// A system in words, where nobody is connected to it.
pub(crate) fn describe(spec: &LiveSpec) -> Box<str> {
    (kind_of(spec).describe)(spec)
}

/// Finds what reading a system needs.
pub(crate) fn connect(run: &Run<'_>, spec: &LiveSpec) -> Result<Box<dyn Source>, Unread> {
    let cx = ConnectContext {
        directory: &run.directory,
        repository: run.repository.as_ref().map(|r| r.root()),
        kubeconfig: run.inputs.kubeconfig.as_deref(),
        variables: &run.inputs.variables,
        own_credentials: OWN_CREDENTIALS,
    };
    (kind_of(spec).connect)(spec, &cx)
}

type Connected<'a> = (
    &'a SystemKey,
    &'a SystemPlan,
    Result<Box<dyn Source>, Unread>,
);

/// One thread, all sources at once; `None` where there was no connection to read with.
fn run_all(run: &Run<'_>, connected: &[Connected<'_>]) -> Vec<Option<Observation>> {
    let read = async |entry: &Connected<'_>| {
        let (key, system, Ok(source)) = entry else {
            return None;
        };
        let progress = |text: &str| run.progress(&format!("{}: {text}", key.environment));
        let cx = read_context(run, &progress);
        Some(source.read(&system.wanted, &cx).await)
    };
    match runtime() {
        Ok(runtime) => {
            let all = runtime.block_on(futures::future::join_all(connected.iter().map(read)));
            // A look-up of a name, or a disk, that hangs must not hold up the report.
            runtime.shutdown_background();
            all
        }
        Err(_) => connected.iter().map(|_| None).collect(),
    }
}

/// What each source is given; a limit of its own in driftgate.yaml it knows itself.
pub(crate) fn read_context<'a>(
    run: &'a Run<'_>,
    progress: &'a (dyn Fn(&str) + Sync),
) -> ReadContext<'a> {
    ReadContext {
        key: &run.key,
        classifier: &run.classifier,
        limit: Duration::from_secs(run.inputs.timeout_seconds),
        progress,
    }
}

/// A runtime of one thread.
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// An observation in which everything that was wanted failed.
fn nothing(system: &SystemPlan, why: &Unread) -> Observation {
    let scopes = (kind_of(&system.spec).scopes)(&system.spec, &system.wanted);
    let reads = scopes
        .into_iter()
        .map(|scope| Read {
            scope,
            outcome: Outcome::Failed(why.clone()),
            revision: None,
        })
        .collect();
    Observation::from_parts(None, reads, vec![])
}

/// What to say of a `--live ENVIRONMENT=PATH` whose environment the configuration does not have.
pub(crate) fn no_such<'a>(name: &str, all: impl IntoIterator<Item = &'a str>) -> anyhow::Error {
    let all: Vec<&str> = all.into_iter().collect();
    anyhow!(
        "--live {name}=…: there is no environment `{name}` in the configuration; it has {}",
        all.join(", ")
    )
}

fn from_snapshots(
    run: &Run<'_>,
    plan: &Plan,
    systems: &BTreeMap<SystemKey, SystemPlan>,
) -> anyhow::Result<Live> {
    let asked = run.inputs.environments.as_slice();
    let mut by_environment: BTreeMap<Option<&str>, Vec<Recorded>> = BTreeMap::new();
    let mut paths: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
    for (environment, path) in &run.inputs.live {
        if let Some(name) = environment
            && !plan.targets.iter().any(|t| *t.id.environment == **name)
        {
            let chosen = plan::environments(plan);
            let all: BTreeSet<&str> = (plan.judge.environments.keys())
                .chain(chosen.keys())
                .map(AsRef::as_ref)
                .collect();
            if all.contains(&**name) {
                // Left out of this run.
                continue;
            }
            return Err(no_such(name, all));
        }
        let shown = path.display().to_string();
        let path = run.path(path);
        let mut recorded = snapshot::read_path(&path, &run.key, &run.classifier)?;
        // What names no environment is of the one that was asked for, whatever else is read.
        if let (true, None, [only]) = (run.inputs.reads_all, environment, asked) {
            for nameless in (recorded.iter_mut()).filter(|r| r.head.environment.is_none()) {
                nameless.head.environment = Some(only.as_str().into());
            }
        }
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
                .filter(|k| k.environment == key.environment && k.source == key.source)
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
    several: bool,
    from: &str,
) -> SystemState {
    let usable = || -> Result<(Vec<&Recorded>, Observation), Unread> {
        let all = snapshot::select(recorded, &key.environment, Some(key.source))?;
        let only = all.len() == 1 && !several;
        let mine: Vec<&Recorded> = all
            .into_iter()
            .filter(|r| {
                let described = &r.head.source.describe;
                (kind_of(&system.spec).is_recorded_as)(&system.spec, described, only)
            })
            .collect();
        if mine.is_empty() {
            let why = format!(
                "nothing is recorded for {} of environment {}",
                describe(&system.spec),
                key.environment
            );
            return Err(Unread::new(UnreadCause::NotAsked, why));
        }
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
        Err(why) => state(nothing(system, &why), Some(why), None, vec![]),
    }
}
