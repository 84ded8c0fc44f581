//! The main flow, one call per stage.

mod deployed;
mod desired_state;
mod doctor;
mod history;
mod inputs;
mod judge;
mod live;
mod revisions;
mod snapshot;

pub use doctor::{DoctorOutcome, DoctorRequest, doctor};
pub use inputs::{Inputs, Progress, ZeroConfig};
pub use snapshot::{SnapshotOutcome, SnapshotRequest, snapshot};

use crate::{
    model::report::{FailOn, Occasion, Report},
    plan,
};
use inputs::Run;

/// What `driftgate check` was asked for.
pub struct CheckRequest {
    /// What is read, and where from.
    pub inputs: Inputs,
    /// The revision before the change.
    pub base: Option<String>,
    /// The revision after it; absent: HEAD.
    pub head: Option<String>,
    /// Read the files as they lie.
    pub worktree: bool,
    /// Absent: review with a base, else audit.
    pub occasion: Option<Occasion>,
    /// Overrides the configuration's.
    pub fail_on: Option<FailOn>,
}

/// Runs a check.
///
/// # Errors
/// When it can't even begin: arguments, configuration, revisions. What can't be read later is in
/// the report, and makes its verdict incomplete.
pub fn check(request: &CheckRequest) -> anyhow::Result<Report> {
    let run = Run::new(&request.inputs)?;
    let revisions = revisions::choose(&run, request)?;
    let projects = revisions::projects(&run, &revisions)?;
    let plan = plan::plan(projects.base.as_ref(), &projects.head, &run.filter())?;
    run.progress(&format!("reading {} from git", plan::size(&plan)));
    let mut state = desired_state::read(&run, &plan, &revisions);
    state.choose_scope(revisions.occasion);
    let live = live::read(&run, &plan, &state)?;
    let mut deployed = deployed::learn(&run, &plan, &revisions, &mut state, &live);
    let mut compared = judge::compare(&plan, &state, &live);
    let estimate = deployed::Estimate {
        run: &run,
        plan: &plan,
        revisions: &revisions,
        live: &live,
    };
    estimate.fill(&mut state, &mut compared, &mut deployed);
    history::fill(&run, &revisions, &state, &mut compared);
    let mut report = judge::report(&run, &plan, &revisions, &state, &live, deployed, &compared);
    judge::finish(&mut report, request.fail_on.unwrap_or(plan.gate.fail_on));
    Ok(report)
}
