//! Reaches every source, shows what may be read, compares nothing.

use super::{
    CheckRequest, Inputs, desired_state,
    inputs::Run,
    live::{self, SystemKey, SystemPlan},
    revisions,
};
use crate::{
    model::{
        report::Occasion,
        target::LiveSpec,
        value::{Unread, UnreadCause},
    },
    plan,
    source::{Diagnosis, SOURCES, Wanted},
    text,
};
use std::{collections::BTreeMap, fmt::Write};

/// What `driftgate doctor` was asked for.
pub struct DoctorRequest {
    /// What is read, and where from.
    pub inputs: Inputs,
    /// Only print the least-privilege roles.
    pub rbac: bool,
}

/// What came of it.
pub struct DoctorOutcome {
    /// For stdout.
    pub text: String,
    /// Whether every source answers and may be read.
    pub healthy: bool,
}

/// Runs the doctor.
///
/// # Errors
/// When it can't even begin.
pub fn doctor(request: &DoctorRequest) -> anyhow::Result<DoctorOutcome> {
    let run = Run::new(&request.inputs)?;
    let check = CheckRequest {
        inputs: request.inputs.clone(),
        base: None,
        head: None,
        // The doctor is asked before the first commit, too.
        worktree: run.repository.as_ref().is_some_and(|r| !r.is_bare()),
        occasion: Some(Occasion::Audit),
        fail_on: None,
        baseline: super::BaselineFrom::Nowhere,
    };
    let revisions = revisions::choose(&run, &check)?;
    let projects = revisions::projects(&run, &revisions)?;
    let plan = plan::plan(None, &projects.head, &run.filter())?;
    let state = desired_state::read(&run, &plan, &revisions);
    let systems = live::systems(&plan, &state);
    if request.rbac {
        return Ok(DoctorOutcome {
            text: rights(&systems),
            healthy: true,
        });
    }
    let mut out = DoctorOutcome {
        text: String::new(),
        healthy: true,
    };
    for layer in &state.layers {
        for problem in &layer.head.problems {
            let _ = writeln!(out.text, "{}", text::terminal(&problem.to_string()));
            out.healthy &= !problem.blocks;
        }
    }
    for (key, system) in &systems {
        let (from, diagnosis) = inspect(&run, system);
        let _ = writeln!(out.text, "{}: {}", key.environment, text::terminal(&from));
        out.healthy &= show(&diagnosis, &mut out.text);
    }
    if systems.is_empty() {
        out.text
            .push_str("no layer of the chosen services has a live side\n");
    }
    Ok(out)
}

/// The least privilege, kind by kind; what is YAML comes last, so that all of it is.
fn rights(systems: &BTreeMap<SystemKey, SystemPlan>) -> String {
    let mut out = String::new();
    for kind in SOURCES {
        let of_kind = systems.iter().filter(|(key, _)| key.source == kind.name);
        let mut asked: Vec<(LiveSpec, Wanted)> = of_kind
            .map(|(_, system)| (system.spec.clone(), system.wanted.clone()))
            .collect();
        asked.dedup();
        if !asked.is_empty() {
            out.push_str(&(kind.rights)(&asked));
        }
    }
    if out.is_empty() {
        out.push_str("# no layer of the chosen services has a live side: no rights are needed\n");
    }
    out
}

fn inspect(run: &Run<'_>, system: &SystemPlan) -> (Box<str>, Diagnosis) {
    let source = match live::connect(run, &system.spec) {
        Ok(source) => source,
        Err(why) => return (live::describe(&system.spec), Diagnosis::of(Err(why))),
    };
    let progress = |text: &str| run.progress(text);
    let cx = live::read_context(run, &progress);
    let diagnosis = match live::runtime() {
        Ok(runtime) => {
            let found = runtime.block_on(source.inspect(&system.wanted, &cx));
            runtime.shutdown_background();
            found
        }
        Err(e) => Diagnosis::of(Err(Unread::new(UnreadCause::Unreachable, e.to_string()))),
    };
    (source.describe(), diagnosis)
}

/// What was found, in lines; whether nothing is missing.
fn show(diagnosis: &Diagnosis, out: &mut String) -> bool {
    if let Err(why) = &diagnosis.reached {
        let _ = writeln!(out, "  not reached: {}", text::terminal(&why.detail));
        return false;
    }
    let mut healthy = true;
    if diagnosis.seen.is_empty() {
        let version = diagnosis
            .server_version
            .as_deref()
            .unwrap_or("of unknown version");
        let _ = writeln!(out, "  reached: server {}", text::terminal(version));
    }
    for seen in &diagnosis.seen {
        let (mark, what) = match seen {
            Ok(what) => ("ok", &**what),
            Err(why) => ("UNREAD", &*why.detail),
        };
        healthy &= seen.is_ok();
        let _ = writeln!(out, "  {mark:<8} {}", text::terminal(what));
    }
    let mut missing = false;
    for right in &diagnosis.rights {
        let what = match &right.namespace {
            Some(ns) => format!("{} {} in {ns}", right.verb, right.resource),
            None => format!("{} {}", right.verb, right.resource),
        };
        let (mark, why) = match right.allowed {
            Some(true) => ("allowed", ""),
            Some(false) => ("MISSING", right.why.as_deref().unwrap_or("")),
            None => ("unknown", right.why.as_deref().unwrap_or("")),
        };
        healthy &= right.allowed != Some(false);
        missing |= right.allowed == Some(false);
        let _ = writeln!(
            out,
            "  {mark:<8} {}{}{}",
            text::terminal(&what),
            if why.is_empty() { "" } else { ": " },
            text::terminal(why)
        );
    }
    for warning in &diagnosis.warnings {
        let _ = writeln!(out, "  warning: {}", text::terminal(warning));
    }
    if missing {
        out.push_str("  `driftgate doctor --rbac` prints the role that grants what is missing\n");
    }
    healthy
}
