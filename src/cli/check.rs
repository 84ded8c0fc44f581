//! `driftgate check`: the gate.

use super::{Global, emit, inputs::InputArgs};
use crate::{
    model::report::{FailOn, Occasion},
    pipeline::{self, BaselineFrom, CheckRequest},
    render,
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Compare git with what is running, and fail when they disagree.
///
/// Without --base, everything that git has at --head is compared with what is running (an audit).
/// With --base, only what the change between base and head writes counts (a review).
#[derive(Args)]
#[command(after_long_help = "Examples:
  driftgate check                                  audit what HEAD says against what runs
  driftgate check --base origin/main               what would merging this branch overwrite?
  driftgate check --for deploy --environment production
  driftgate check --live production.snapshot       offline, from a recorded snapshot
  driftgate check --manifests deploy/ --kubernetes prod-eu/shop
                                                   without a driftgate.yaml")]
pub(super) struct CheckArgs {
    /// The occasion; default: review with a base, else audit.
    #[arg(long = "for", value_enum, value_name = "OCCASION")]
    occasion: Option<For>,
    #[command(flatten)]
    inputs: InputArgs,
    /// The revision before the change: any git expression.
    #[arg(long, value_name = "REVISION", help_heading = "Git")]
    base: Option<String>,
    /// The revision after the change; default: HEAD.
    #[arg(long, value_name = "REVISION", help_heading = "Git")]
    head: Option<String>,
    /// Read the files as they lie instead of a revision.
    #[arg(long, conflicts_with = "head", help_heading = "Git")]
    worktree: bool,
    /// Output format.
    #[arg(long, value_parser = formats(), default_value = "text", help_heading = "Output")]
    format: String,
    /// Write the report to a file instead of stdout.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Show what is folded by default.
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
    /// Known findings, as `driftgate baseline write` wrote them; default: what driftgate.yaml says.
    #[arg(long, value_name = "FILE", help_heading = "Gate")]
    baseline: Option<PathBuf>,
    /// From which severity on findings fail the gate; default: gate.fail-on, else error.
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "Gate")]
    fail_on: Option<FailOnArg>,
}

#[derive(Clone, Copy, ValueEnum)]
enum For {
    /// Before a merge: what the change writes counts.
    Review,
    /// Before a deploy: what the deploy overwrites counts.
    Deploy,
    /// On a schedule: everything counts.
    Audit,
}

#[derive(Clone, Copy, ValueEnum)]
enum FailOnArg {
    Error,
    Warning,
    Info,
    /// Findings never fail; an incomplete run still does.
    Never,
}

fn formats() -> clap::builder::PossibleValuesParser {
    render::FORMATS
        .iter()
        .map(|f| clap::builder::PossibleValue::new(f.name).help(f.summary))
        .collect::<Vec<_>>()
        .into()
}

impl CheckArgs {
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<u8> {
        let terminal = global.terminal();
        let request = CheckRequest {
            inputs: self.inputs.inputs(global, &terminal),
            base: self.base.clone(),
            head: self.head.clone(),
            worktree: self.worktree,
            occasion: self.occasion.map(|o| match o {
                For::Review => Occasion::Review,
                For::Deploy => Occasion::Deploy,
                For::Audit => Occasion::Audit,
            }),
            fail_on: self.fail_on.map(|f| match f {
                FailOnArg::Error => FailOn::Error,
                FailOnArg::Warning => FailOn::Warning,
                FailOnArg::Info => FailOn::Info,
                FailOnArg::Never => FailOn::Never,
            }),
            baseline: match &self.baseline {
                Some(file) => BaselineFrom::File(file.clone()),
                None => BaselineFrom::Configuration,
            },
        };
        let report = pipeline::check(&request)?;
        let format = render::FORMATS
            .iter()
            .find(|f| f.name == self.format)
            .expect("clap accepts only known formats");
        let output = self.output.as_ref().map(|o| global.path(o));
        emit(
            &terminal,
            self.verbose,
            output.as_deref(),
            |style, bytes| (format.write)(&report, style, bytes),
        )?;
        Ok(report.verdict.exit_code())
    }
}
