//! The main flow, one call per stage.

mod baseline;
mod coverage;
mod deployed;
mod desired_state;
mod doctor;
mod effective;
mod environments;
mod explain;
mod history;
mod inputs;
mod judge;
mod live;
mod policy;
mod repositories;
mod revisions;
mod snapshot;
mod waive;

pub use baseline::{BaselineOutcome, BaselineRequest, baseline_of};
pub use doctor::{DoctorOutcome, DoctorRequest, doctor};
pub use environments::{
    EnvironmentsRequest, Sides as ComparedSides, compare as compare_environments,
};
pub use explain::{ExplainRequest, explain};
pub use inputs::{Inputs, Progress, ZeroConfig};
pub use repositories::Checkout;
pub use snapshot::{SnapshotOutcome, SnapshotRequest, snapshot};
pub use waive::{Accepting, Waived, Wanted, waivable, write_waiver};

use crate::{
    compare::Comparison,
    model::report::{Deployed, FailOn, Occasion, Report},
    plan,
};
use inputs::Run;
use std::path::PathBuf;

/// What `driftgate check` was asked for.
#[derive(Clone)]
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
    /// Where the known findings are.
    pub baseline: BaselineFrom,
}

/// Where the known findings are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BaselineFrom {
    /// Where the configuration says, at base; nowhere if it says nothing.
    #[default]
    Configuration,
    /// A file on the disk.
    File(PathBuf),
    /// Nothing is known.
    Nowhere,
}

/// Runs a check.
///
/// # Errors
/// When it can't even begin: arguments, configuration, revisions. What can't be read later is in
/// the report, and makes its verdict incomplete.
pub fn check(request: &CheckRequest) -> anyhow::Result<Report> {
    let run = Run::new(&request.inputs)?;
    let mut analysis = analyse(&run, request)?;
    history::fill(&run, &mut analysis);
    let effective = analysis.effective(&|t| judge::needs_merging(&analysis.plan, t));
    let views = effective::views(&analysis.plan, &effective);
    let given = policy::Given::read(&run, &analysis, &request.baseline)?;
    let mut report = judge::report(&run, &analysis, &views, &given, request.fail_on);
    history::fill_sides(&run, &analysis, &mut report);
    Ok(report)
}

/// Everything that was read and compared, before it is judged.
pub(crate) struct Analysis {
    pub(crate) revisions: revisions::Revisions,
    pub(crate) plan: plan::Plan,
    pub(crate) state: desired_state::State,
    pub(crate) live: live::Live,
    pub(crate) deployed: Vec<Deployed>,
    /// One per layer of the state; absent for those out of scope.
    pub(crate) compared: Vec<Option<Comparison>>,
}

/// Reads and compares.
pub(crate) fn analyse(run: &Run<'_>, request: &CheckRequest) -> anyhow::Result<Analysis> {
    let revisions = revisions::choose(run, request)?;
    let projects = revisions::projects(run, &revisions)?;
    let plan = plan::plan(projects.base.as_ref(), &projects.head, &run.filter())?;
    repositories::check_names(run, &plan)?;
    run.progress(&format!("reading {} from git", plan::size(&plan)));
    let mut state = desired_state::read(run, &plan, &revisions);
    state.choose_scope(run, revisions.occasion);
    let live = live::read(run, &plan, &state)?;
    let mut deployed = deployed::learn(run, &plan, &revisions, &mut state, &live);
    let mut compared = judge::compare(&plan, &state, &live);
    let estimate = deployed::Estimate {
        run,
        plan: &plan,
        revisions: &revisions,
        live: &live,
    };
    estimate.fill(&mut state, &mut compared, &mut deployed);
    Ok(Analysis {
        revisions,
        plan,
        state,
        live,
        deployed,
        compared,
    })
}

impl Analysis {
    /// The layers of the chosen targets (by index into the plan's) merged on every side.
    pub(crate) fn effective(
        &self,
        chosen: &(dyn Fn(usize) -> bool + Sync),
    ) -> Vec<Option<effective::TargetEffective>> {
        effective::of(&self.plan, &self.state, &self.live, chosen)
    }

    /// A layer of a target in the state, by its name; without one, the target's first.
    pub(crate) fn layer_at(
        &self,
        (service, environment): (&str, &str),
        layer: &str,
    ) -> Option<usize> {
        // Both are in the plan's order.
        let targets = &self.plan.targets;
        let at = targets
            .binary_search_by(|t| (&*t.id.service, &*t.id.environment).cmp(&(service, environment)))
            .ok()?;
        let layers = &self.state.layers;
        let from = layers.partition_point(|l| l.target < at);
        let named = |l: &desired_state::LayerState| {
            layer.is_empty() || *targets[at].layers[l.layer].layer.name == *layer
        };
        let mut own = layers[from..].iter().take_while(|l| l.target == at);
        Some(from + own.position(named)?)
    }
}
