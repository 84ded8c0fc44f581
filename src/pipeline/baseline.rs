//! `driftgate baseline write`: the findings of today as a file.

use super::{BaselineFrom, CheckRequest, Run, check, policy::read_baseline, revisions};
use crate::{
    model::report::{Coverage, CoverageStatus, Report, Verdict},
    policy::baseline::{self, Baseline, Update},
    render,
};
use anyhow::{Context, anyhow, bail};
use std::path::PathBuf;

/// What `driftgate baseline write` was asked for.
pub struct BaselineRequest {
    /// What is read, and where from; nothing is known to it.
    pub check: CheckRequest,
    /// The file; absent: the one that driftgate.yaml names, in the work tree.
    pub output: Option<PathBuf>,
    /// Only take out what is not needed any more.
    pub prune: bool,
}

/// What a baseline would hold.
pub struct BaselineOutcome {
    /// Where it is written.
    pub file: PathBuf,
    /// What is written, and what that changes.
    pub update: Update,
    /// Why the file that is there is none that could be compared with.
    pub replaces: Option<String>,
    /// What is missing in it, one line each; empty when everything was seen.
    pub missing: Vec<String>,
}

/// Runs a check and gives the baseline of what it found. Writes nothing.
///
/// # Errors
/// As [`check`]; when there is no file to write, or none to prune.
pub fn baseline_of(request: BaselineRequest) -> anyhow::Result<BaselineOutcome> {
    let check_request = CheckRequest {
        baseline: BaselineFrom::Nowhere,
        ..request.check
    };
    let run = Run::new(&check_request.inputs)?;
    // Said before anything is read: reading may take a minute.
    let file = match &request.output {
        Some(path) => run.directory.join(path),
        None => configured(&run, &check_request)?
            .context("driftgate.yaml names no `baseline`: say which file to write with --output")?,
    };
    let name = request
        .output
        .as_ref()
        .unwrap_or(&file)
        .display()
        .to_string();
    if file.is_dir() {
        bail!("{name} is a folder: expected a file to write to");
    }
    let (old, replaces) = match old(&file, &name) {
        Ok(old) => (old, None),
        Err(why) if request.prune => return Err(why),
        Err(why) => (None, Some(format!("{why:#}"))),
    };
    if request.prune && old.is_none() {
        bail!("{name} does not exist: there is no baseline to prune");
    }
    let report = check(&check_request)?;
    let update = match &old {
        Some(old) if request.prune => baseline::prune(old, &report.findings, &run.key)
            .map_err(|why| anyhow!("{}, so nothing is removed", render::message(&why)))?,
        old => baseline::replace(old.as_ref(), &report.findings, &run.key),
    };
    Ok(BaselineOutcome {
        file,
        update,
        replaces,
        missing: missing(&check_request, &report),
    })
}

/// The baseline that is there already.
fn old(file: &std::path::Path, name: &str) -> anyhow::Result<Option<Baseline>> {
    if file.exists() {
        read_baseline(file, name).map(Some)
    } else {
        Ok(None)
    }
}

fn configured(run: &Run<'_>, request: &CheckRequest) -> anyhow::Result<Option<PathBuf>> {
    if run.inputs.zero.is_some() {
        return Ok(None);
    }
    let revisions = revisions::choose(run, request)?;
    let projects = revisions::projects(run, &revisions)?;
    Ok(projects.head.baseline.map(|path| run.root().join(&*path)))
}

fn missing(request: &CheckRequest, report: &Report) -> Vec<String> {
    let mut out = Vec::new();
    let inputs = &request.inputs;
    if !inputs.environments.is_empty() || !inputs.services.is_empty() {
        out.push("what --environment and --service leave out".into());
    }
    out.extend(report.coverage.iter().filter_map(unread));
    if out.is_empty() && report.verdict == Verdict::Incomplete {
        out.push("nothing was read".into());
    }
    out
}

fn unread(c: &Coverage) -> Option<String> {
    let target = format!("{} in {}, layer {}", c.service, c.environment, c.layer);
    match &c.status {
        CoverageStatus::Read => None,
        CoverageStatus::NotInScope => Some(format!("{target}: the change does not touch it")),
        CoverageStatus::Partial(why) | CoverageStatus::Failed(why) => Some(format!(
            "{target}: {} ({}): {}",
            c.source, c.from, why.detail
        )),
    }
}
