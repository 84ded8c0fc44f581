//! `driftgate doctor`: reaches every source, compares nothing.

use super::{
    Global,
    inputs::{ClockArgs, ScopeArgs, SourceArgs},
    print,
};
use crate::pipeline::{self, DoctorRequest};
use clap::Args;

/// Reach every source, and show which rights are there or missing. Compares nothing.
#[derive(Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    clock: ClockArgs,
    /// Print the least-privilege Role for this configuration; reads no cluster.
    #[arg(long)]
    rbac: bool,
}

impl DoctorArgs {
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<u8> {
        let terminal = global.terminal();
        let mut inputs = self.source.inputs(global, &terminal);
        self.scope.add_to(&mut inputs);
        self.clock.add_to(&mut inputs);
        let outcome = pipeline::doctor(&DoctorRequest {
            inputs,
            rbac: self.rbac,
        })?;
        print(outcome.text.as_bytes())?;
        Ok(if outcome.healthy { 0 } else { 2 })
    }
}
