//! What is read, and where from: arguments that several commands share. Each command takes those
//! that mean something to it.

use super::{Global, Terminal};
use crate::{
    model::time::Timestamp,
    pipeline::{Checkout, Inputs, ZeroConfig},
};
use clap::Args;
use std::path::PathBuf;

/// Everything: for commands that compare git with live.
#[derive(Args)]
pub(super) struct InputArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    zero: ZeroArgs,
    #[command(flatten)]
    clock: ClockArgs,
}

/// The same, for commands that need a driftgate.yaml.
#[derive(Args)]
pub(super) struct ConfiguredArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    clock: ClockArgs,
}

/// Which targets.
#[derive(Args)]
pub(super) struct ScopeArgs {
    /// Only these environments.
    #[arg(short, long, value_name = "NAME", help_heading = "Scope")]
    environment: Vec<String>,
    #[command(flatten)]
    services: ServiceArgs,
}

/// Which services.
#[derive(Args)]
pub(super) struct ServiceArgs {
    /// Only these services.
    #[arg(short, long, value_name = "NAME", help_heading = "Scope")]
    service: Vec<String>,
}

/// What stands for the running system.
#[derive(Args)]
pub(super) struct LiveArgs {
    /// A snapshot (file or folder) instead of the running system; also a plain
    /// `kubectl get -o yaml` list. Repeatable; ENVIRONMENT= says whose it is.
    #[arg(long, value_name = "[ENVIRONMENT=]PATH", help_heading = "Live")]
    live: Vec<String>,
}

/// How sources are reached.
#[derive(Args)]
pub(super) struct SourceArgs {
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
}

/// Instead of a driftgate.yaml.
#[derive(Args)]
pub(super) struct ZeroArgs {
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
}

/// When it is.
#[derive(Args)]
pub(super) struct ClockArgs {
    /// The time that ages and expiries are measured by; default: the clock.
    #[arg(long, value_name = "RFC3339", help_heading = "Gate")]
    now: Option<Timestamp>,
}

impl InputArgs {
    /// What the pipeline is asked for.
    pub(super) fn inputs(&self, global: &Global, terminal: &Terminal) -> Inputs {
        let mut inputs = self.source.inputs(global, terminal);
        self.scope.add_to(&mut inputs);
        self.live.add_to(&mut inputs);
        self.zero.add_to(&mut inputs);
        self.clock.add_to(&mut inputs);
        inputs
    }
}

impl ConfiguredArgs {
    /// What the pipeline is asked for.
    pub(super) fn inputs(&self, global: &Global, terminal: &Terminal) -> Inputs {
        let mut inputs = self.source.inputs(global, terminal);
        self.scope.add_to(&mut inputs);
        self.live.add_to(&mut inputs);
        self.clock.add_to(&mut inputs);
        inputs
    }
}

impl ScopeArgs {
    pub(super) fn add_to(&self, inputs: &mut Inputs) {
        inputs.environments.clone_from(&self.environment);
        self.services.add_to(inputs);
    }
}

impl ServiceArgs {
    pub(super) fn add_to(&self, inputs: &mut Inputs) {
        inputs.services.clone_from(&self.service);
    }
}

impl LiveArgs {
    pub(super) fn add_to(&self, inputs: &mut Inputs) {
        inputs.live = self.live.iter().map(|l| live_argument(l)).collect();
    }
}

impl ZeroArgs {
    pub(super) fn add_to(&self, inputs: &mut Inputs) {
        inputs.zero = self.kubernetes.as_ref().map(|kubernetes| ZeroConfig {
            manifests: self.manifests.clone(),
            kubernetes: kubernetes.clone(),
        });
    }
}

impl ClockArgs {
    pub(super) fn add_to(&self, inputs: &mut Inputs) {
        inputs.now = self.now;
    }
}

impl SourceArgs {
    /// What the pipeline is asked for, as far as these arguments and the process say it.
    pub(super) fn inputs(&self, global: &Global, terminal: &Terminal) -> Inputs {
        Inputs {
            directory: global.directory.clone().unwrap_or_else(|| ".".into()),
            config: global.config.clone(),
            environments: vec![],
            services: vec![],
            reads_all: false,
            live: vec![],
            kubeconfig: self.kubeconfig.clone(),
            git_only: false,
            timeout_seconds: self.timeout,
            repositories: self
                .repository
                .iter()
                .map(|(name, checkout)| (name.as_str().into(), checkout.clone()))
                .collect(),
            rendered: self.rendered.iter().cloned().collect(),
            zero: None,
            now: None,
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
