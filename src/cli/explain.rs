//! `driftgate explain`: which value wins, and what it hides.

use super::{Global, emit, inputs::InputArgs};
use crate::{
    pipeline::{self, ExplainRequest},
    render::explanation::FORMATS,
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Say which value of a setting the application uses, and why.
///
/// For each environment: the layer that wins, every value that it hides, where each is written, by
/// whom and since when, whether live agrees, which containers see it, and which rules touch it.
#[derive(Args)]
#[command(after_long_help = "Examples:
  driftgate explain database.pool_size             in all services and environments that have it
  driftgate explain DATABASE_POOL_SIZE -e production
                                                   any spelling of the name will do
  driftgate explain params/production.yaml:3       what this line sets, and whether it wins anywhere
  driftgate explain DB_TIMEOUT --live production.snapshot
                                                   offline, from a recorded snapshot
  driftgate explain DB_TIMEOUT --side desired      what git says, without a cluster
  driftgate explain DB_TIMEOUT --base origin/main  also what it was before this change
  driftgate explain DB_TIMEOUT --format json

Exit codes: 0 explained (also when live or environments disagree), 2 when something that might win
was not read, or there is no such setting.")]
pub(super) struct ExplainArgs {
    /// A setting, in the spelling of any layer; or a line of a file (`params/production.yaml:3`).
    #[arg(value_name = "KEY|FILE:LINE")]
    asked: String,
    #[command(flatten)]
    inputs: InputArgs,
    /// Which sides are explained.
    #[arg(long, value_enum, default_value = "both", help_heading = "Scope")]
    side: Side,
    /// The revision before the change, to say what it changes.
    #[arg(long, value_name = "REVISION", help_heading = "Git")]
    base: Option<String>,
    /// The revision whose values are explained; default: HEAD.
    #[arg(long, value_name = "REVISION", help_heading = "Git")]
    head: Option<String>,
    /// Read the files as they lie instead of a revision.
    #[arg(long, conflicts_with = "head", help_heading = "Git")]
    worktree: bool,
    /// Output format.
    #[arg(long, value_parser = formats(), default_value = "text", help_heading = "Output")]
    format: String,
    /// Write the explanation to a file instead of stdout.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// List every target of its own, those with the same details too.
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    /// What git says; nothing live is read.
    Desired,
    /// What git says, and what is running.
    Both,
}

fn formats() -> clap::builder::PossibleValuesParser {
    FORMATS
        .iter()
        .map(|f| clap::builder::PossibleValue::new(f.name).help(f.summary))
        .collect::<Vec<_>>()
        .into()
}

impl ExplainArgs {
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<u8> {
        let terminal = global.terminal();
        let mut inputs = self.inputs.inputs(global, &terminal);
        inputs.git_only = self.side == Side::Desired;
        let explanation = pipeline::explain(&ExplainRequest {
            inputs,
            base: self.base.clone(),
            head: self.head.clone(),
            worktree: self.worktree,
            asked: self.asked.clone(),
        })?;
        let format = FORMATS
            .iter()
            .find(|f| f.name == self.format)
            .expect("clap accepts only known formats");
        let output = self.output.as_ref().map(|o| global.path(o));
        emit(
            &terminal,
            self.verbose,
            output.as_deref(),
            |style, bytes| (format.write)(&explanation, style, bytes),
        )?;
        Ok(if explanation.is_complete() { 0 } else { 2 })
    }
}
