//! Records the live side of everything that is planned.

use super::{
    CheckRequest, Inputs, desired_state,
    inputs::Run,
    live::{self, SystemKey, SystemState},
    revisions,
};
use crate::{
    model::{
        observation::{Item, ItemId, Observation, Outcome},
        report::Occasion,
        time::Timestamp,
    },
    plan,
    snapshot::{Section, SourceName, write_file},
    source::SOURCES,
    text,
};
use std::{collections::BTreeSet, path::PathBuf};

/// What `driftgate snapshot` was asked for.
pub struct SnapshotRequest {
    /// What is read, and where from.
    pub inputs: Inputs,
    /// The revision whose configuration says what to record; absent: HEAD.
    pub head: Option<String>,
    /// Read the files as they lie.
    pub worktree: bool,
    /// The file to write.
    pub output: PathBuf,
}

/// What came of it.
pub struct SnapshotOutcome {
    /// Sentences for people.
    pub lines: Vec<String>,
    /// Whether everything was read.
    pub complete: bool,
}

/// Records a snapshot. What could not be read is in the file as such, so that a check against it
/// is incomplete too.
///
/// # Errors
/// When it can't even begin, or the file can't be written: then nothing is.
pub fn snapshot(request: &SnapshotRequest) -> anyhow::Result<SnapshotOutcome> {
    let inputs = &request.inputs;
    if !inputs.live.is_empty() {
        anyhow::bail!("--live is a recorded snapshot already: there is nothing to record");
    }
    let run = Run::new(inputs)?;
    let output = run.path(&request.output);
    // Said before anything is read: reading may take a minute.
    if output.is_dir() {
        anyhow::bail!(
            "{} is a folder: expected a file to write to",
            request.output.display()
        );
    }
    if let Some(folder) = output.parent().filter(|f| !f.is_dir()) {
        anyhow::bail!(
            "{} can't be written: the folder {} does not exist",
            request.output.display(),
            folder.display()
        );
    }
    let check = CheckRequest {
        inputs: inputs.clone(),
        base: None,
        head: request.head.clone(),
        worktree: request.worktree,
        occasion: Some(Occasion::Audit),
        fail_on: None,
        baseline: super::BaselineFrom::Nowhere,
    };
    let revisions = revisions::choose(&run, &check)?;
    let projects = revisions::projects(&run, &revisions)?;
    let plan = plan::plan(None, &projects.head, &run.filter())?;
    let state = desired_state::read(&run, &plan, &revisions);
    let mut systems = live::systems(&plan, &state);
    for system in systems.values_mut() {
        // A later head may refer to what today's does not.
        let namespaces: BTreeSet<Box<str>> = system
            .wanted
            .kinds
            .iter()
            .filter_map(|k| k.namespace.clone())
            .collect();
        system.wanted.everything_in.extend(namespaces);
    }
    let begun = run.now;
    let live = live::read_systems(&run, &systems);
    let ended = if inputs.now.is_some() {
        begun
    } else {
        Timestamp::now()
    };
    let mut lines = Vec::new();
    let mut complete = true;
    let named: Vec<(SystemKey, SourceName)> = live
        .iter()
        .map(|(key, system)| {
            let name = SourceName {
                name: key.source.into(),
                describe: system.from.clone(),
            };
            (key.clone(), name)
        })
        .collect();
    let mut sections = Vec::new();
    for ((key, system), (_, source)) in live.iter().zip(&named) {
        let (line, read) = describe(key, system);
        lines.push(line);
        complete &= read;
        sections.push(Section {
            environment: Some(&key.environment),
            source,
            taken: Some((begun, ended)),
            observation: &system.observation,
        });
    }
    let desired_complete = state.layers.iter().all(|l| l.head.incomplete.is_none());
    if !desired_complete {
        complete = false;
        lines.push(
            "some of what git has could not be read, so the snapshot may lack kinds (see `driftgate check`)"
                .into(),
        );
    }
    if sections.is_empty() {
        anyhow::bail!(
            "no layer of the chosen services has a live side: there is nothing to record"
        );
    }
    if !complete
        && sections
            .iter()
            .all(|s| entries(s.observation).next().is_none())
    {
        anyhow::bail!(
            "nothing was read, so nothing is written\n{}",
            lines.join("\n")
        );
    }
    write_file(&output, &sections, &run.key)?;
    if !run.key.is_lasting() {
        lines.push(
            "without DRIFTGATE_KEY secrets are recorded as present only, and not compared (`driftgate key new` makes one)"
                .into(),
        );
    }
    lines.push(format!("wrote {}", request.output.display()));
    Ok(SnapshotOutcome { lines, complete })
}

/// What was recorded, without the facts that only help.
fn entries(observation: &Observation) -> impl Iterator<Item = &Item> {
    observation
        .items()
        .filter(|item| !matches!(item.id, ItemId::Fact(_)))
}

/// A line per system, and the reasons of what is missing.
fn describe(key: &SystemKey, system: &SystemState) -> (String, bool) {
    let observation = &system.observation;
    let failed: Vec<String> = observation
        .reads()
        .iter()
        .filter_map(|r| match &r.outcome {
            Outcome::Failed(u) | Outcome::Partial(u) => Some(format!("{}: {u}", r.scope)),
            Outcome::Complete | Outcome::Skipped(_) => None,
        })
        .collect();
    let unit = SOURCES.iter().find(|k| k.name == key.source);
    let unit = unit.map_or("item", |kind| kind.unit);
    let mut line = format!(
        "{}: {} recorded",
        key.environment,
        text::plural(entries(observation).count(), unit)
    );
    for why in &failed {
        line.push_str("\n  not read: ");
        line.push_str(&text::terminal(why));
    }
    (line, failed.is_empty())
}
