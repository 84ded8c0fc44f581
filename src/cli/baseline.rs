//! `driftgate baseline write`: takes what is found today as known.

use super::{Global, folder_of, inputs::ConfiguredArgs, write_out};
use crate::{
    pipeline::{self, BaselineFrom, BaselineOutcome, BaselineRequest, CheckRequest},
    policy::baseline::Entry,
    text,
};
use anyhow::{Context, bail};
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
    /// What is active today counts no more from then on: it is said what the file that is there
    /// did not know. --prune only takes out what is not needed any more.
    ///
    /// A known finding is told by its fingerprint and a digest of its value: it shows again when
    /// the value changes. Findings about secrets are known by the fingerprint alone. With
    /// DRIFTGATE_KEY the digests are made under that key, and every check needs it.
    #[command(after_long_help = "Examples:
  driftgate baseline write --output driftgate-baseline.json
  driftgate baseline write --prune                 accept nothing that is new
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
    #[arg(long, conflicts_with = "prune", help_heading = "Output")]
    partial: bool,
    /// Only remove entries that are not needed any more; nothing is added.
    #[arg(long, help_heading = "Output")]
    prune: bool,
}

impl BaselineArgs {
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<u8> {
        let BaselineCommand::Write(args) = &self.command;
        let outcome = pipeline::baseline_of(BaselineRequest {
            check: CheckRequest {
                inputs: args.inputs.inputs(global, &global.terminal()),
                base: None,
                head: args.head.clone(),
                worktree: args.worktree,
                occasion: None,
                fail_on: None,
                baseline: BaselineFrom::Nowhere,
            },
            output: args.output.clone(),
            prune: args.prune,
        })?;
        let mut err = std::io::stderr();
        if !outcome.missing.is_empty() && !args.partial {
            let way = if args.prune {
                "not everything was seen, so nothing is removed"
            } else {
                "not everything was seen, so nothing is written (--partial writes what was)"
            };
            bail!("{way}:\n{}", outcome.missing.join("\n"));
        }
        for line in &outcome.missing {
            let _ = writeln!(err, "missing: {}", text::terminal(line));
        }
        let output = args.output.as_ref().map(|o| global.path(o));
        let output = output.as_ref().unwrap_or(&outcome.file);
        let name = output.display().to_string();
        // Pruned of nothing, it stays as it is.
        let is_same = args.prune && outcome.update.is_nothing();
        if !is_same {
            let folder = folder_of(output);
            std::fs::create_dir_all(folder)
                .with_context(|| format!("the folder {} can't be made", folder.display()))?;
            write_out(&outcome.update.bytes, Some(output))?;
        }
        for line in changes(&outcome) {
            let _ = writeln!(err, "{}", text::terminal(&line));
        }
        let known = text::plural(outcome.update.count(), "known finding");
        let name = text::terminal(&name);
        let _ = if is_same {
            writeln!(err, "{name} needs all of its {known}: it stays as it is")
        } else {
            writeln!(err, "{known} written to {name}")
        };
        Ok(0)
    }
}

/// Entries that are named, of each kind; the rest is counted.
const MOST: usize = 20;

/// What the file says that it did not say before.
fn changes(outcome: &BaselineOutcome) -> Vec<String> {
    let update = &outcome.update;
    let mut out = Vec::new();
    if let Some(why) = &outcome.replaces {
        out.push(format!("replaced what was no baseline: {why}"));
    }
    out.push(format!(
        "added {}, changed {}, kept {}, removed {}",
        text::number(update.added.len() as u64),
        text::number(update.changed.len() as u64),
        text::number(update.kept as u64),
        text::number(update.removed.len() as u64),
    ));
    for (mark, entries, what) in [
        ('+', &update.added, ""),
        ('~', &update.changed, ": with its value of today"),
        ('-', &update.removed, ""),
    ] {
        let line = |e: &Entry| {
            let Entry {
                rule,
                service,
                environment,
                key,
                ..
            } = e;
            format!("  {mark} {rule} {key} in {service}, {environment}{what}")
        };
        out.extend(entries.iter().take(MOST).map(line));
        if entries.len() > MOST {
            let more = text::number((entries.len() - MOST) as u64);
            out.push(format!("  {mark} and {more} more"));
        }
    }
    out
}
