//! `driftgate compare`: environments, or files, side by side.

use super::{
    Global, emit,
    inputs::{ClockArgs, LiveArgs, ServiceArgs, SourceArgs},
};
use crate::{
    pipeline::{self, ComparedSides, EnvironmentsRequest},
    render::environments::FORMATS,
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Show where environments differ: settings and workload fields, in git and live.
///
/// Values that differ by the environments' own names only are equal; documented differences are
/// checked and counted.
#[derive(Args)]
#[command(after_long_help = "Examples:
  driftgate compare staging production             why does it fail in production only?
  driftgate compare production@before.snapshot production
                                                   what changed since it last worked?
  driftgate compare production@v1.4 production     what git says, then and now
  driftgate compare eu us ap --service api --all
  driftgate compare values-eu.yaml values-us.yaml  without a driftgate.yaml: files or folders

Exit codes: 0 no difference without a reason, 1 some, 2 not everything could be compared (usage,
configuration, a source that could not be read).")]
pub(super) struct CompareArgs {
    /// Environments of driftgate.yaml; ENVIRONMENT@FILE reads the live side from a snapshot,
    /// ENVIRONMENT@REVISION the desired side at another revision. Or files or folders.
    #[arg(value_names = ["A", "B"], num_args = 2.., required = true)]
    places: Vec<String>,
    #[command(flatten)]
    services: ServiceArgs,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    clock: ClockArgs,
    /// Which sides are compared.
    #[arg(long, value_enum, default_value = "both", help_heading = "Scope")]
    side: Side,
    /// The revision that is compared; default: HEAD.
    #[arg(long, value_name = "REVISION", help_heading = "Git")]
    head: Option<String>,
    /// Read the files as they lie instead of a revision.
    #[arg(long, conflicts_with = "head", help_heading = "Git")]
    worktree: bool,
    /// Also show what is documented, equal, equal but for names, or not comparable.
    #[arg(long, help_heading = "Output")]
    all: bool,
    /// Output format.
    #[arg(long, value_parser = formats(), default_value = "text", help_heading = "Output")]
    format: String,
    /// Write the comparison to a file instead of stdout.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Side {
    /// What git says.
    Desired,
    /// What is running.
    Live,
    /// Both, where live can be read.
    Both,
}

fn formats() -> clap::builder::PossibleValuesParser {
    FORMATS
        .iter()
        .map(|f| clap::builder::PossibleValue::new(f.name).help(f.summary))
        .collect::<Vec<_>>()
        .into()
}

impl CompareArgs {
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<u8> {
        let terminal = global.terminal();
        let mut inputs = self.source.inputs(global, &terminal);
        self.services.add_to(&mut inputs);
        self.live.add_to(&mut inputs);
        self.clock.add_to(&mut inputs);
        let compared = pipeline::compare_environments(&EnvironmentsRequest {
            inputs,
            places: self.places.clone(),
            sides: match self.side {
                Side::Desired => ComparedSides::Desired,
                Side::Live => ComparedSides::Live,
                Side::Both => ComparedSides::Both,
            },
            all: self.all,
            head: self.head.clone(),
            worktree: self.worktree,
        })?;
        let format = FORMATS
            .iter()
            .find(|f| f.name == self.format)
            .expect("clap accepts only known formats");
        let output = self.output.as_ref().map(|o| global.path(o));
        emit(&terminal, self.all, output.as_deref(), |style, bytes| {
            (format.write)(&compared, style, bytes)
        })?;
        Ok(compared.exit_code())
    }
}
