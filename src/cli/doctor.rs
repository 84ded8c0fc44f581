//! `driftgate doctor`: reaches every source, compares nothing.

use super::{Global, check::InputArgs, print};
use crate::pipeline::{self, DoctorRequest};
use clap::Args;

/// Reach every source, and show which rights are there or missing. Compares nothing.
#[derive(Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    inputs: InputArgs,
    /// Print the least-privilege Role for this configuration; reads no cluster.
    #[arg(long)]
    rbac: bool,
}

impl DoctorArgs {
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<u8> {
        let terminal = global.terminal();
        let outcome = pipeline::doctor(&DoctorRequest {
            inputs: self.inputs.inputs(global, &terminal),
            rbac: self.rbac,
        })?;
        print(outcome.text.as_bytes())?;
        Ok(if outcome.healthy { 0 } else { 2 })
    }
}
