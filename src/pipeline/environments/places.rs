//! What the arguments of `compare` mean: environments, at a revision or with a snapshot, or files.

use super::{EnvironmentsRequest, Sides, check_request};
use crate::{
    config::did_you_mean,
    git::GitError,
    pipeline::{Inputs, inputs::Run, revisions},
    snapshot,
};
use anyhow::{anyhow, bail};
use std::{path::PathBuf, sync::Arc};

/// What the configuration has.
pub(super) enum Known {
    Environments(Vec<Arc<str>>),
    /// There is no configuration, or no argument is of it; why files are looked for.
    None(String),
}

pub(super) fn known_environments(request: &EnvironmentsRequest) -> anyhow::Result<Known> {
    let run = Run::new(&request.inputs)?;
    let is_path = |place: &String| run.directory.join(place).exists();
    let all_paths = request.places.iter().all(is_path);
    let file = match revisions::config_file(&run) {
        Ok(file) => file,
        Err(_) if all_paths => return Ok(Known::None("there is no driftgate.yaml".into())),
        Err(e) if request.inputs.config.is_some() => return Err(e),
        Err(e) => {
            let missing = request.places.iter().find(|p| !is_path(p));
            let missing = missing.map_or("", |p| p.as_str());
            if request.places.iter().any(is_path) {
                bail!("`{missing}` does not exist");
            }
            bail!("{e:#}; and `{missing}` is no file or folder that could be compared without one")
        }
    };
    let chosen = revisions::choose(&run, &check_request(request, &request.inputs, None))?;
    let name = revisions::relative(&run, &file)?;
    // Files beside a configuration that does not know them, or is not committed yet.
    let project = match revisions::load(&name, &chosen.head) {
        Ok(project) => project,
        Err(_) if all_paths => {
            return Ok(Known::None(format!("{name} can't be read there")));
        }
        Err(e) => return Err(e),
    };
    let known: Vec<Arc<str>> = project.environments.keys().cloned().collect();
    let is_known = |place: &String| known.iter().any(|k| **k == *split(place).0);
    if all_paths && !request.places.iter().any(is_known) {
        return Ok(Known::None(format!(
            "{name} has no environment of that name"
        )));
    }
    Ok(Known::Environments(known))
}

/// `production@before.snapshot`: the environment, and what stands behind the first `@`.
fn split(place: &str) -> (&str, Option<&str>) {
    match place.split_once('@') {
        Some((environment, rest)) => (environment, Some(rest)),
        None => (place, None),
    }
}

/// A place: an environment as it is, or at another time.
pub(super) struct Asked {
    pub(super) name: Arc<str>,
    pub(super) environment: Arc<str>,
    pub(super) revision: Option<String>,
    pub(super) snapshot: Option<PathBuf>,
}

pub(super) fn asked(
    request: &EnvironmentsRequest,
    known: &[Arc<str>],
) -> anyhow::Result<Vec<Asked>> {
    let run = Run::new(&request.inputs)?;
    let directory = &run.directory;
    let mut out: Vec<Asked> = vec![];
    for place in &request.places {
        let (environment, at) = split(place);
        let Some(environment) = known.iter().find(|k| ***k == *environment) else {
            return Err(no_such_place(&run, request, known, place));
        };
        if at == Some("") {
            bail!("`{place}`: say which snapshot or revision after the @");
        }
        let file = at
            .filter(|at| directory.join(at).exists())
            .map(PathBuf::from);
        if let (Some(at), None) = (at, &file) {
            is_revision(&run, place, at)?;
        }
        if out.iter().any(|o| *o.name == **place) {
            bail!("`{place}` is given twice: there is nothing to compare it with");
        }
        out.push(Asked {
            name: place.as_str().into(),
            environment: environment.clone(),
            revision: match &file {
                None => at.map(Into::into),
                Some(_) => None,
            },
            snapshot: file,
        });
    }
    Ok(out)
}

/// Why an argument is neither an environment nor a file that could be compared with the others.
fn no_such_place(
    run: &Run<'_>,
    request: &EnvironmentsRequest,
    known: &[Arc<str>],
    place: &str,
) -> anyhow::Error {
    let is_known = |p: &str| known.iter().any(|k| **k == *split(p).0);
    let is_file = |p: &str| !is_known(p) && run.directory.join(p).exists();
    let mut places = request.places.iter().map(String::as_str);
    if places.clone().any(is_file) {
        if let Some(missing) = places.clone().find(|p| !is_known(p) && !is_file(p)) {
            return anyhow!("`{missing}` does not exist");
        }
        if let Some(environment) = places.find(|p| is_known(p)) {
            return anyhow!(
                "`{place}` is a file or folder, and `{environment}` an environment: compare takes environments, or files and folders"
            );
        }
    }
    let environment = split(place).0;
    let hint = did_you_mean(environment, known.iter().map(|k| &**k));
    let hint = hint.map_or(String::new(), |h| format!(", {h}"));
    let all: Vec<&str> = known.iter().map(|k| &**k).collect();
    anyhow!(
        "there is no environment `{environment}`{hint} (the configuration has {})",
        all.join(", ")
    )
}

/// Fails where what stands behind the `@` is no file, and no revision either.
fn is_revision(run: &Run<'_>, place: &str, at: &str) -> anyhow::Result<()> {
    let Some(repository) = &run.repository else {
        bail!("`{place}`: the file `{at}` does not exist");
    };
    match repository.resolve(at) {
        Ok(_) => Ok(()),
        Err(e @ GitError::Unknown { .. }) => {
            bail!("`{place}`: `{at}` is neither a file nor a revision: {e}")
        }
        Err(GitError::NotARevision { .. }) => {
            bail!("`{place}`: `{at}` is neither a file nor a revision")
        }
        Err(e) => bail!("`{place}`: {e}"),
    }
}

/// Each recorded live side must be known to be of one environment, and with some recorded, no
/// other is read over the network by surprise.
pub(super) fn whose_live(
    request: &EnvironmentsRequest,
    asked: &[Asked],
    inputs: &[Inputs],
    runs: &[Run<'_>],
) -> anyhow::Result<()> {
    let given = &request.inputs.live;
    if given.is_empty() || request.sides == Sides::Desired {
        return Ok(());
    }
    for (asked, inputs) in asked.iter().zip(inputs) {
        if inputs.live.is_empty() {
            bail!(
                "--live has no snapshot of {name}: add --live {name}=PATH, or name the snapshot with the environment that has one (ENVIRONMENT@FILE) and leave --live out",
                name = asked.environment
            );
        }
    }
    let several = asked.iter().any(|a| a.environment != asked[0].environment);
    let Some(run) = runs.first().filter(|_| several) else {
        return Ok(());
    };
    for (_, path) in given.iter().filter(|(of, _)| of.is_none()) {
        let recorded = snapshot::read_path(&run.path(path), &run.key, &run.classifier)?;
        if recorded.iter().any(|r| r.head.environment.is_none()) {
            bail!(
                "{} names no environment: say whose it is with --live ENVIRONMENT=PATH",
                path.display()
            );
        }
    }
    Ok(())
}
