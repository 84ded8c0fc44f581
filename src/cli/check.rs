//! `driftgate check`: the gate.

use super::{Global, Terminal, emit};
use crate::{
    model::{
        report::{FailOn, Occasion},
        time::Timestamp,
    },
    pipeline::{self, BaselineFrom, CheckRequest, Checkout, Inputs, ZeroConfig},
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

/// What is read, and where from: the same for check, snapshot and doctor.
#[derive(Args)]
pub(super) struct InputArgs {
    /// Only these environments.
    #[arg(short, long, value_name = "NAME", help_heading = "Scope")]
    environment: Vec<String>,
    /// Only these services.
    #[arg(short, long, value_name = "NAME", help_heading = "Scope")]
    service: Vec<String>,
    /// A snapshot (file or folder) instead of the running system; also a plain
    /// `kubectl get -o yaml` list. Repeatable; ENVIRONMENT= says whose it is.
    #[arg(long, value_name = "[ENVIRONMENT=]PATH", help_heading = "Live")]
    live: Vec<String>,
    /// Kubeconfig; default: KUBECONFIG, ~/.kube/config, or the pod's own credentials.
    #[arg(long, value_name = "FILE", help_heading = "Live")]
    kubeconfig: Option<PathBuf>,
    /// Time for reading each source, retries included.
    #[arg(long, value_name = "SPAN", default_value = "60s", value_parser = span, help_heading = "Live")]
    timeout: u64,
    /// Manifests of a revision that your own renderer made, for `rendered:` layers. Repeatable.
    #[arg(long, value_name = "SHA=DIR", value_parser = render_of, help_heading = "Desired")]
    rendered: Vec<(String, PathBuf)>,
    /// Another checkout that layers read from, instead of the configuration's. Repeatable.
    #[arg(long, value_name = "NAME=PATH[@REVISION]", value_parser = checkout, help_heading = "Desired")]
    repository: Vec<(String, Checkout)>,
    /// Without a driftgate.yaml: files, folders or globs of manifests. Repeatable.
    #[arg(
        long,
        value_name = "PATH",
        requires = "kubernetes",
        help_heading = "Without a driftgate.yaml"
    )]
    manifests: Vec<String>,
    /// Without a driftgate.yaml: the cluster to compare with.
    #[arg(
        long,
        value_name = "CONTEXT[/NAMESPACE]",
        requires = "manifests",
        help_heading = "Without a driftgate.yaml"
    )]
    kubernetes: Option<String>,
    /// The time that ages and expiries are measured by; default: the clock.
    #[arg(long, value_name = "RFC3339", help_heading = "Gate")]
    now: Option<Timestamp>,
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

fn span(text: &str) -> Result<u64, String> {
    let seconds = crate::model::time::parse_span(text)?;
    u64::try_from(seconds)
        .ok()
        .filter(|s| *s > 0)
        .ok_or_else(|| "expected more than 0 seconds".into())
}

/// `SHA=DIR`: a commit id, or at least its first seven digits, or `worktree`.
fn render_of(text: &str) -> Result<(String, PathBuf), String> {
    let (revision, path) = text
        .split_once('=')
        .ok_or_else(|| format!("expected SHA=DIR, like 1a2b3c4=rendered/, found `{text}`"))?;
    let is_id = revision.bytes().all(|b| b.is_ascii_hexdigit()) && revision.len() <= 40;
    match (revision, revision.len()) {
        ("worktree", _) => {}
        (_, 7..) if is_id => {}
        (_, _) if is_id => {
            return Err(format!(
                "`{revision}` is too short for a commit id: write at least seven of its digits"
            ));
        }
        _ => {
            return Err(format!(
                "`{revision}` is no commit id: write at least seven of its digits (`git rev-parse {revision}` prints them), or worktree"
            ));
        }
    }
    Ok((revision.into(), path.into()))
}

/// `NAME=PATH[@REVISION]`; a path that exists is a path, whatever it holds.
fn checkout(text: &str) -> Result<(String, Checkout), String> {
    let (name, rest) = text
        .split_once('=')
        .ok_or_else(|| format!("expected NAME=PATH, like config=../config, found `{text}`"))?;
    let (path, revision) = match rest.rsplit_once('@') {
        Some((path, revision)) if !PathBuf::from(rest).exists() => (path, Some(revision.into())),
        _ => (rest, None),
    };
    let path = path.into();
    Ok((name.into(), Checkout { path, revision }))
}

impl InputArgs {
    /// What the pipeline is asked for.
    pub(super) fn inputs(&self, global: &Global, terminal: &Terminal) -> Inputs {
        Inputs {
            directory: global.directory.clone().unwrap_or_else(|| ".".into()),
            config: global.config.clone(),
            environments: self.environment.clone(),
            services: self.service.clone(),
            reads_all: false,
            live: self.live.iter().map(|l| live_argument(l)).collect(),
            kubeconfig: self.kubeconfig.clone(),
            git_only: false,
            timeout_seconds: self.timeout,
            repositories: self
                .repository
                .iter()
                .map(|(name, checkout)| (name.as_str().into(), checkout.clone()))
                .collect(),
            rendered: self.rendered.iter().cloned().collect(),
            zero: self.kubernetes.as_ref().map(|kubernetes| ZeroConfig {
                manifests: self.manifests.clone(),
                kubernetes: kubernetes.clone(),
            }),
            now: self.now,
            key: std::env::var("DRIFTGATE_KEY")
                .ok()
                .filter(|k| !k.is_empty()),
            cache: cache_folder(),
            program_path: std::env::var_os("PATH").unwrap_or_default(),
            variables: std::sync::Arc::new(|name| std::env::var_os(name)),
            progress: super::progress::new(terminal.progress),
        }
    }
}

/// `ENVIRONMENT=PATH` or `PATH`; a path that exists is a path, whatever it holds.
fn live_argument(text: &str) -> (Option<String>, PathBuf) {
    match text.split_once('=') {
        Some((environment, path))
            if !environment.contains(['/', '\\']) && !PathBuf::from(text).exists() =>
        {
            (Some(environment.into()), path.into())
        }
        _ => (None, text.into()),
    }
}

/// Where renders are kept: the XDG cache folder.
fn cache_folder() -> Option<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    folder("XDG_CACHE_HOME")
        .or_else(|| folder("HOME").map(|h| h.join(".cache")))
        .map(|c| c.join("driftgate"))
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
