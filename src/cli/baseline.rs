//! `driftgate baseline write`: takes what is found today as known.

use super::{Global, inputs::ConfiguredArgs, write_out};
use crate::{
    pipeline::{self, BaselineFrom, CheckRequest},
    text,
};
use anyhow::bail;
use clap::{Args, Subcommand};
use std::{io::Write, path::PathBuf};

/// Take what is found today as known, so that the gate stops only what comes after it.
#[derive(Args)]
pub(super) struct BaselineArgs {
    #[command(subcommand)]
    command: BaselineCommand,
}

#[derive(Subcommand)]
enum BaselineCommand {
    /// Write all active findings to a baseline file.
    ///
    /// A known finding is told by its fingerprint and a digest of its value: it shows again when
    /// the value changes. Findings about secrets are known by the fingerprint alone. With
    /// DRIFTGATE_KEY the digests are made under that key, and every check needs it.
    #[command(after_long_help = "Examples:
  driftgate baseline write --output driftgate-baseline.json
  driftgate check --baseline driftgate-baseline.json")]
    Write(WriteArgs),
}

#[derive(Args)]
struct WriteArgs {
    #[command(flatten)]
    inputs: ConfiguredArgs,
    /// The revision whose driftgate.yaml and manifests are compared; default: HEAD.
    #[arg(long, value_name = "REVISION", help_heading = "Git")]
    head: Option<String>,
    /// Read the files as they lie.
    #[arg(long, conflicts_with = "head", help_heading = "Git")]
    worktree: bool,
    /// The file to write; default: the one that driftgate.yaml names (`baseline`).
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Write it even when not everything was looked at or could be read.
    #[arg(long, help_heading = "Output")]
    partial: bool,
}

impl BaselineArgs {
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<u8> {
        let BaselineCommand::Write(args) = &self.command;
        let outcome = pipeline::baseline_of(CheckRequest {
            inputs: args.inputs.inputs(global, &global.terminal()),
            base: None,
            head: args.head.clone(),
            worktree: args.worktree,
            occasion: None,
            fail_on: None,
            baseline: BaselineFrom::Nowhere,
        })?;
        let mut err = std::io::stderr();
        if !outcome.missing.is_empty() && !args.partial {
            bail!(
                "not everything was seen, so nothing is written (--partial writes what was):\n{}",
                outcome.missing.join("\n")
            );
        }
        for line in &outcome.missing {
            let _ = writeln!(err, "missing: {}", text::terminal(line));
        }
        let Some(output) = args.output.clone().or(outcome.configured) else {
            bail!("driftgate.yaml names no `baseline`: say which file to write with --output");
        };
        write_out(&outcome.bytes, Some(&output))?;
        let name = output.display().to_string();
        let _ = writeln!(
            err,
            "{} written to {}",
            text::plural(outcome.count, "known finding"),
            text::terminal(&name)
        );
        Ok(0)
    }
}
