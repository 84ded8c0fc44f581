//! `driftgate baseline write`: the findings of today as a file.

use super::{BaselineFrom, CheckRequest, Run, check, revisions};
use crate::{
    model::report::{Coverage, CoverageStatus, Report, Verdict},
    policy::baseline,
};
use std::path::PathBuf;

/// What a baseline would hold.
pub struct BaselineOutcome {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many findings it holds.
    pub count: usize,
    /// The file that driftgate.yaml names, in the work tree.
    pub configured: Option<PathBuf>,
    /// What is missing in it, one line each; empty when everything was seen.
    pub missing: Vec<String>,
}

/// Runs a check and gives the baseline of what it found. Writes nothing.
///
/// # Errors
/// As [`check`].
pub fn baseline_of(request: CheckRequest) -> anyhow::Result<BaselineOutcome> {
    let request = CheckRequest {
        baseline: BaselineFrom::Nowhere,
        ..request
    };
    let report = check(&request)?;
    let run = Run::new(&request.inputs)?;
    let (bytes, count) = baseline::write(&report.findings, &run.key);
    Ok(BaselineOutcome {
        bytes,
        count,
        configured: configured(&run, &request)?,
        missing: missing(&request, &report),
    })
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
