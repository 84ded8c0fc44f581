//! `driftgate waive`: accepts a finding for a time.

use super::{Global, inputs::ConfiguredArgs, print, write_file};
use crate::{
    check::expired,
    config,
    model::time::{Timestamp, parse_span},
    pipeline::{self, BaselineFrom, CheckRequest, Wanted},
    text,
};
use anyhow::{Context, bail};
use clap::Args;
use std::io::{BufRead, IsTerminal, Write};

/// Accept a finding for a time: adds a waiver to driftgate.yaml.
///
/// Runs the check, finds the active finding, and binds the waiver to the value that it has now: a
/// second change of the same key counts again. Secrets and objects have no value to bind to. Only
/// driftgate.yaml in the work tree is written; what is in it already stays as it is.
#[derive(Args)]
#[command(after_long_help = "Examples:
  driftgate waive LOG_LEVEL --environment production-eu --reason 'payment incident' \\
      --owner payments --expires 2026-12-01
  driftgate waive spec.replicas --object Deployment/api --expires 14d
  driftgate waive --rule unmanaged --object ConfigMap/shop/debug --dry-run")]
pub(super) struct WaiveArgs {
    /// The setting, or the path of the field.
    #[arg(value_name = "KEY", required_unless_present_any = ["object", "rule"])]
    key: Option<String>,
    /// The rule of the finding.
    #[arg(long, value_name = "RULE", help_heading = "Finding")]
    rule: Option<String>,
    /// The object that the finding is about: Kind/name or Kind/namespace/name.
    #[arg(long, value_name = "OBJECT", help_heading = "Finding")]
    object: Option<String>,
    /// Why it is accepted; asked for on a terminal.
    #[arg(long, value_name = "TEXT", help_heading = "Waiver")]
    reason: Option<String>,
    /// Who answers for it; asked for on a terminal.
    #[arg(long, value_name = "NAME", help_heading = "Waiver")]
    owner: Option<String>,
    /// The last day on which it holds (2026-12-01), a time (2026-12-01T12:00:00Z), or a span from
    /// now (14d); asked for on a terminal.
    #[arg(long, value_name = "DATE", help_heading = "Waiver")]
    expires: Option<String>,
    /// Show what would be written.
    #[arg(long, help_heading = "Waiver")]
    dry_run: bool,
    /// The revision before the change, for findings that only a review has.
    #[arg(long, value_name = "REVISION", help_heading = "Git")]
    base: Option<String>,
    /// The revision that is checked; default: the files as they lie, with --base HEAD.
    #[arg(long, value_name = "REVISION", help_heading = "Git")]
    head: Option<String>,
    #[command(flatten)]
    inputs: ConfiguredArgs,
}

const DAY: i64 = 86_400;

impl WaiveArgs {
    pub(super) fn run(&self, global: &Global) -> anyhow::Result<u8> {
        let inputs = self.inputs.inputs(global, &global.terminal());
        let now = inputs.now.unwrap_or_else(Timestamp::now);
        let asker = Asker::new();
        self.can_ask(&asker)?;
        // What is wrong is said before anything is read.
        let given =
            |text: &Option<String>, what| text.as_deref().map(|t| not_empty(t, what)).transpose();
        let (reason, owner) = (
            given(&self.reason, "--reason")?,
            given(&self.owner, "--owner")?,
        );
        let expires = self.expires.as_deref().map(|t| until(t, now)).transpose()?;
        let request = CheckRequest {
            inputs,
            base: self.base.clone(),
            head: self.head.clone(),
            worktree: self.base.is_none() && self.head.is_none(),
            occasion: None,
            fail_on: None,
            baseline: BaselineFrom::Configuration,
        };
        let wanted = Wanted {
            key: self.key.clone(),
            rule: self.rule.clone(),
            object: self.object.clone(),
            environments: request.inputs.environments.clone(),
            services: request.inputs.services.clone(),
        };
        let accepting = pipeline::waivable(&request, &wanted)?;
        let mut err = std::io::stderr();
        let _ = writeln!(err, "{}", text::terminal(&accepting.shown));
        if accepting.value.is_none() {
            let _ = writeln!(err, "(bound to no value: there is none to name)");
        }
        if let Some(besides) = &accepting.besides {
            let _ = writeln!(err, "{}", text::terminal(besides));
        }
        let reason = reason.map_or_else(|| asker.ask("Why is it accepted?", "a reason"), Ok)?;
        let owner = owner.map_or_else(|| asker.ask("Who answers for it?", "an owner"), Ok)?;
        let expires = match expires {
            Some(time) => time,
            None => until(
                &asker.ask("Until when (2026-12-01, or 14d)?", "a date")?,
                now,
            )?,
        };
        if expires.0 - now.0 > 366 * DAY {
            let _ = writeln!(
                err,
                "warning: it holds for more than a year: a lasting rule is an `ignore` or a `difference`"
            );
        }
        let waived = pipeline::write_waiver(&request.inputs, &accepting, &reason, &owner, expires)?;
        let _ = writeln!(err, "{}", warns_from(expires, now));
        if self.dry_run {
            print(shown(&waived.diff).as_bytes())?;
            return Ok(0);
        }
        let name = || format!("{} can't be written", waived.file.display());
        let rights = std::fs::metadata(&waived.file)
            .with_context(name)?
            .permissions();
        write_file(&waived.file, &waived.bytes, Some(rights))?;
        let _ = writeln!(
            err,
            "added to {}; commit it: a review goes by the waivers of its base branch",
            text::terminal(&waived.file.display().to_string())
        );
        Ok(0)
    }

    fn can_ask(&self, asker: &Asker) -> anyhow::Result<()> {
        let missing: Vec<&str> = [
            (self.reason.is_none(), "--reason"),
            (self.owner.is_none(), "--owner"),
            (self.expires.is_none(), "--expires"),
        ]
        .iter()
        .filter_map(|(is_missing, flag)| is_missing.then_some(*flag))
        .collect();
        if !asker.terminal && !missing.is_empty() {
            bail!(
                "a waiver needs a reason, an owner and a date, and there is no terminal to ask on: give {}",
                missing.join(", ")
            );
        }
        Ok(())
    }
}

fn not_empty(text: &str, what: &str) -> anyhow::Result<String> {
    let text = text.trim();
    if text.is_empty() {
        bail!("{what} is empty");
    }
    Ok(text.into())
}

/// When it ends: as driftgate.yaml says it, or with the day so far from now.
fn until(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    let text = text.trim();
    let time = match parse_span(text) {
        Ok(..=0) => bail!("`{text}` from now is over at once: expected a span to come, like 14d"),
        Ok(seconds) => {
            let then = Timestamp(now.0.saturating_add(seconds)).to_string();
            then.get(..10).and_then(config::expiry)
        }
        Err(_) => config::expiry(text),
    };
    match time {
        None => bail!(
            "`{text}` is no date: expected one like 2026-12-01, a time like 2026-12-01T12:00:00Z, or a span like 14d"
        ),
        Some(time) if time < now => bail!("{text} is over: expected a day to come"),
        Some(time) => Ok(time),
    }
}

/// When [`expired`] begins to say that a waiver ends.
fn warns_from(expires: Timestamp, now: Timestamp) -> String {
    let from = Timestamp(expires.0 - expired::SOON);
    let days = expired::SOON / DAY;
    if from <= now {
        return format!(
            "it ends at {expires}: within {days} days, so checks warn of it (expired) from the start"
        );
    }
    let day: String = from.to_string().chars().take(10).collect();
    format!("it ends at {expires}; checks warn of it (expired) from {day} on, {days} days before")
}

/// Asks on a terminal.
struct Asker {
    terminal: bool,
}

impl Asker {
    fn new() -> Asker {
        Asker {
            terminal: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        }
    }

    fn ask(&self, question: &str, what: &str) -> anyhow::Result<String> {
        let mut err = std::io::stderr();
        write!(err, "{question} ")?;
        err.flush()?;
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        not_empty(&line, what)
    }
}

/// A diff that does nothing to a terminal.
fn shown(diff: &str) -> String {
    let lines = diff.lines().map(|l| format!("{}\n", text::terminal(l)));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
        for (text, end) in [
            ("2026-12-01", "2026-12-01T23:59:59Z"),
            ("2026-11-21", "2026-11-21T23:59:59Z"),
            ("14d", "2026-12-05T23:59:59Z"),
            ("13h", "2026-11-22T23:59:59Z"),
            ("2026-12-01T12:00:00Z", "2026-12-01T12:00:00Z"),
            ("2026-12-01T12:00:00+02:00", "2026-12-01T10:00:00Z"),
        ] {
            let found = until(text, now).map(|t| t.to_string());
            assert_eq!(found.ok().as_deref(), Some(end), "{text}");
        }
        for wrong in [
            "2026-11-20",
            "2026-11-21T11:59:59Z",
            "2026-02-30",
            "tomorrow",
            "",
            "2026-12-1",
            "2026-12-01 12:00",
            "14",
            "0d",
            "0s",
            "é026-12-0",
        ] {
            assert!(until(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn when_it_begins_to_warn() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
        let said = |text| warns_from(until(text, now).expect("a time"), now);
        assert!(said("2026-12-31").contains("from 2026-12-17 on, 14 days before"));
        assert!(said("7d").contains("from the start"));
    }
}
