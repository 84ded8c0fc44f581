//! `driftgate snapshot`: records the live side.

use super::{
    Global,
    inputs::{ClockArgs, ScopeArgs, SourceArgs, ZeroArgs},
};
use crate::pipeline::{self, SnapshotRequest};
use clap::Args;
use std::{io::Write, path::PathBuf};

/// Record what is running, to check against later or elsewhere.
///
/// The file holds every object of the kinds that git has and can refer to, who wrote them, and
/// what could not be read. Secret values are in it only as digests under DRIFTGATE_KEY.
#[derive(Args)]
pub(super) struct SnapshotArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    zero: ZeroArgs,
    #[command(flatten)]
    clock: ClockArgs,
    /// The revision whose driftgate.yaml and manifests say what to record; default: HEAD.
    #[arg(long, value_name = "REVISION", help_heading = "Git")]
    head: Option<String>,
    /// Read the files as they lie instead of a revision.
    #[arg(long, conflicts_with = "head", help_heading = "Git")]
    worktree: bool,
    /// The file to write.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: PathBuf,
}

impl SnapshotArgs {
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<u8> {
        let terminal = global.terminal();
        let mut inputs = self.source.inputs(global, &terminal);
        self.scope.add_to(&mut inputs);
        self.zero.add_to(&mut inputs);
        self.clock.add_to(&mut inputs);
        let outcome = pipeline::snapshot(&SnapshotRequest {
            inputs,
            head: self.head.clone(),
            worktree: self.worktree,
            output: self.output.clone(),
        })?;
        let mut err = std::io::stderr();
        for line in &outcome.lines {
            let _ = writeln!(err, "{line}");
        }
        Ok(if outcome.complete { 0 } else { 2 })
    }
}
