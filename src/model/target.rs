//! What driftgate.yaml asks for, after validation and with all variables filled in: services in
//! environments, their layers, and where each side is read from.

use super::{
    path::KeyPath,
    policy::{Ignore, ParityGroup, SeverityRule, Waiver},
    report::FailOn,
    value::ValueType,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// Everything that one driftgate.yaml (or the zero-configuration arguments) asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// Environments by name.
    pub environments: BTreeMap<Arc<str>, Arc<Environment>>,
    /// Services in environments, sorted by service, then environment.
    pub targets: Vec<Target>,
    /// What turns findings into a verdict.
    pub gate: Gate,
    /// What renderers may do.
    pub render: RenderPolicy,
    /// Field managers that apply what git says, beside the shipped ones.
    pub deployers: Vec<Box<str>>,
    /// Environments that should agree, and where they may differ.
    pub parity: Vec<ParityGroup>,
    /// Stages in the order in which a value is promoted through them.
    pub promotion: Vec<Vec<Arc<str>>>,
    /// What findings are worth here, later entries win.
    pub severities: Vec<SeverityRule>,
    /// Lasting rules about live.
    pub ignore: Vec<Ignore>,
    /// Accepted findings.
    pub waivers: Vec<Waiver>,
    /// Known findings, from the repository's root.
    pub baseline: Option<Box<str>>,
    /// Other checkouts that layers read from, by name: folders relative to this repository's root.
    pub repositories: BTreeMap<Box<str>, Box<str>>,
}

impl Project {
    /// The same with all paths of the repository below `home`, the folder of driftgate.yaml.
    #[must_use]
    pub fn below(mut self, home: &str) -> Project {
        self.baseline = self.baseline.map(|path| below(home, &path));
        for layer in self.targets.iter_mut().flat_map(|t| &mut t.layers) {
            // Paths of another repository start at its own root.
            if layer.repository.is_some() {
                continue;
            }
            match &mut layer.desired {
                Some(DesiredSpec::Manifests { paths }) => {
                    for path in paths {
                        *path = below(home, path);
                    }
                }
                Some(DesiredSpec::Kustomize { folder }) => *folder = below(home, folder),
                Some(DesiredSpec::Helm(helm)) => {
                    helm.chart = below(home, &helm.chart);
                    for values in &mut helm.values {
                        values.file = below(home, &values.file);
                    }
                }
                Some(DesiredSpec::File(spec)) => {
                    for part in &mut spec.parts {
                        part.file = below(home, &part.file);
                    }
                }
                Some(DesiredSpec::Spring(spec)) => spec.folder = below(home, &spec.folder),
                Some(DesiredSpec::Compose(spec)) => {
                    for file in spec.files.iter_mut().chain(&mut spec.env_files) {
                        *file = below(home, file);
                    }
                }
                // Below the folder that is handed over, which is no part of the repository.
                Some(DesiredSpec::Rendered { .. }) | None => {}
            }
        }
        self
    }
}

/// A path relative to the folder `home` as one relative to the repository's root.
#[must_use]
pub fn below(home: &str, path: &str) -> Box<str> {
    match (home, path) {
        ("", path) => path.into(),
        (home, "" | ".") => home.into(),
        (home, path) => format!("{home}/{path}").into(),
    }
}

/// A named place that services run in.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// `production-eu`.
    pub name: Arc<str>,
    /// Of which tier it is.
    pub tier: Tier,
    /// Its own names (region, account), for parity.
    pub names: Vec<Box<str>>,
    /// How to learn which revision was applied.
    pub deployed: Option<DeployedSpec>,
    /// Seconds after which `behind` is a warning.
    pub deploys_within: Option<i64>,
    /// Seconds within which a difference younger than that is a deploy under way.
    pub settle: i64,
    /// A ref that this environment follows instead of the change's own branch.
    pub tracks: Option<Box<str>>,
    /// Merging does not deploy here: promotion by approval.
    pub deploys_later: bool,
    /// Its variables, filled in.
    pub variables: BTreeMap<Box<str>, Box<str>>,
}

impl Environment {
    /// The words that stand for it in its values: its key and its own names.
    #[must_use]
    pub fn own_names(&self) -> Vec<Box<str>> {
        let mut out: Vec<Box<str>> = vec![(*self.name).into()];
        for name in &self.names {
            if !out.contains(name) {
                out.push(name.clone());
            }
        }
        out
    }
}

/// What an environment is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Users depend on it.
    #[default]
    Production,
    /// The last step before production.
    Staging,
    /// For developers.
    Development,
    /// Short-lived, one per change.
    Preview,
}

/// A service in an environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TargetId {
    /// The service.
    pub service: Arc<str>,
    /// The environment.
    pub environment: Arc<str>,
}

/// `api in production`.
impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.service, self.environment)
    }
}

/// A service in an environment, with its layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Which.
    pub id: TargetId,
    /// Where it runs.
    pub environment: Arc<Environment>,
    /// Lowest precedence first.
    pub layers: Vec<Layer>,
    /// Whether keys of different spelling styles meet only where they are the same text.
    pub exact_keys: bool,
}

/// One origin of values at one precedence, in a target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    /// Unique in its service.
    pub name: Arc<str>,
    /// Read from git; absent for a layer that lives outside of it.
    pub desired: Option<DesiredSpec>,
    /// Read from a running system.
    pub live: Option<LiveSpec>,
    /// Which workloads' environments are settings; empty: all in the render.
    pub workloads: Vec<WorkloadRef>,
    /// Settings and fields of which git holds a placeholder and the pipeline the value:
    /// names of environment variables, or last steps of a field path (`image`).
    pub deploy_time: Vec<Box<str>>,
    /// Whether git has all keys of the maps it governs, so that an added one is a finding.
    pub closed: bool,
    /// How values compare whose key is known to have a type.
    pub types: BTreeMap<Box<str>, ValueType>,
    /// What the application gets its values from here, for a layer that driftgate can't see.
    pub outside: Option<Box<str>>,
    /// Taken off the names of its settings; a name without it stays as it is.
    pub prefix: Option<Box<str>>,
    /// The checkout that its desired side is read from; absent: this repository.
    pub repository: Option<Box<str>>,
    /// A configuration file inside a ConfigMap of another layer, whose keys are its settings.
    pub config_map: Option<ConfigMapKey>,
}

/// A key of a ConfigMap that holds a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigMapKey {
    /// The layer of the same service whose objects have the ConfigMap.
    pub layer: Arc<str>,
    /// The ConfigMap; a generated suffix may be left out.
    pub name: Box<str>,
    /// `application.yml`.
    pub key: Box<str>,
}

/// `deployment/api`: a workload by kind and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkloadRef {
    /// Lower-case kind.
    pub kind: Box<str>,
    /// The object's name; a generated suffix may be left out.
    pub name: Box<str>,
}

/// Where the desired side is read from. Paths are relative to the repository's root, with `/`,
/// and never leave it (in driftgate.yaml they are relative to its folder).
#[derive(Clone, Debug, PartialEq)]
pub enum DesiredSpec {
    /// Kubernetes manifests: files, folders (all YAML and JSON below), globs.
    Manifests {
        /// In the order of driftgate.yaml.
        paths: Vec<Box<str>>,
    },
    /// A kustomization, rendered by `kustomize build`.
    Kustomize {
        /// Its folder.
        folder: Box<str>,
    },
    /// A chart, rendered by `helm template`.
    Helm(HelmSpec),
    /// Manifests rendered by the repository's own tool, handed over with `--rendered`.
    Rendered {
        /// Below the folder that was handed over.
        path: Box<str>,
    },
    /// Files of settings, later ones win.
    File(FileSpec),
    /// The configuration of a Spring Boot application, in Spring's own order.
    Spring(SpringSpec),
    /// The environment of a service of Docker Compose, in Compose's own order.
    Compose(ComposeSpec),
}

impl DesiredSpec {
    /// `manifests`, `kustomize`, `helm`, `rendered`, `file`, `spring`, `compose`: the word in
    /// driftgate.yaml.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            DesiredSpec::Manifests { .. } => "manifests",
            DesiredSpec::Kustomize { .. } => "kustomize",
            DesiredSpec::Helm(_) => "helm",
            DesiredSpec::Rendered { .. } => "rendered",
            DesiredSpec::File(_) => "file",
            DesiredSpec::Spring(_) => "spring",
            DesiredSpec::Compose(_) => "compose",
        }
    }

    /// Where it is in the repository, for reports.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            DesiredSpec::Manifests { paths } => paths.join(", "),
            DesiredSpec::Kustomize { folder } => folder.to_string(),
            DesiredSpec::Helm(helm) => helm.chart.to_string(),
            DesiredSpec::Rendered { path } => path.to_string(),
            DesiredSpec::File(spec) => {
                let files: Vec<&str> = spec.parts.iter().map(|p| &*p.file).collect();
                files.join(", ")
            }
            DesiredSpec::Spring(spec) => spec.folder.to_string(),
            DesiredSpec::Compose(spec) => spec.files.join(", "),
        }
    }

    /// Whether it says Kubernetes objects; else it says settings.
    #[must_use]
    pub fn has_objects(&self) -> bool {
        !matches!(
            self,
            DesiredSpec::File(_) | DesiredSpec::Spring(_) | DesiredSpec::Compose(_)
        )
    }

    /// Whether git has all keys of the maps it governs, unless driftgate.yaml says otherwise.
    #[must_use]
    pub fn closed_by_default(&self) -> bool {
        match self {
            // Of a selected part nobody knows what else belongs to it.
            DesiredSpec::File(spec) => spec.parts.iter().all(|p| p.select.is_none()),
            _ => true,
        }
    }
}

/// Files of settings, merged as their application does: maps deep, lists replaced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileSpec {
    /// Lowest precedence first.
    pub parts: Vec<FilePart>,
    /// Whether `null` takes a setting of an earlier file away, as in Helm's values; else `null` is
    /// a value.
    pub nulls_delete: bool,
}

/// A file of settings, or a part of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilePart {
    /// The file.
    pub file: Box<str>,
    /// The format; absent: by the file's name.
    pub format: Option<FileFormat>,
    /// A subtree that holds the settings: `apps[api].config`. A list of `{ name, value }` there is
    /// read as settings.
    pub select: Option<KeyPath>,
    /// Leave it out where the file does not exist.
    pub if_absent_skip: bool,
    /// Known parameters of a CloudFormation template.
    pub parameters: BTreeMap<Box<str>, Box<str>>,
}

/// The format of a file of settings, by the word in driftgate.yaml.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// YAML 1.2.
    Yaml,
    /// YAML as kubectl, Helm and kustomize read it.
    HelmValues,
    /// Strict JSON.
    Json,
    /// JSON with comments and trailing commas.
    Jsonc,
    /// TOML.
    Toml,
    /// `.env` as the dotenv libraries read it.
    Dotenv,
    /// `.env` as a POSIX shell reads it.
    ShellEnv,
    /// `docker run --env-file`.
    DockerEnv,
    /// `.env` as Compose reads it.
    ComposeEnv,
    /// Java's `.properties`.
    Properties,
    /// INI.
    Ini,
    /// Terraform's variables.
    Tfvars,
    /// An AWS CloudFormation or SAM template.
    Cloudformation,
}

impl FileFormat {
    /// The word in driftgate.yaml.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            FileFormat::Yaml => "yaml",
            FileFormat::HelmValues => "helm-values",
            FileFormat::Json => "json",
            FileFormat::Jsonc => "jsonc",
            FileFormat::Toml => "toml",
            FileFormat::Dotenv => "dotenv",
            FileFormat::ShellEnv => "shell-env",
            FileFormat::DockerEnv => "docker-env",
            FileFormat::ComposeEnv => "compose-env",
            FileFormat::Properties => "properties",
            FileFormat::Ini => "ini",
            FileFormat::Tfvars => "tfvars",
            FileFormat::Cloudformation => "cloudformation",
        }
    }
}

/// Where a Spring Boot application has its configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpringSpec {
    /// The folder (`src/main/resources`).
    pub folder: Box<str>,
    /// `spring.config.name`; `application` unless driftgate.yaml says otherwise.
    pub name: Box<str>,
    /// Active profiles, later ones win.
    pub profiles: Vec<Box<str>>,
}

/// A service of Docker Compose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComposeSpec {
    /// Compose files, later ones win.
    pub files: Vec<Box<str>>,
    /// Files of values for `${NAME}` in the Compose files (`--env-file`); empty: `.env` beside the
    /// first Compose file, if there is one.
    pub env_files: Vec<Box<str>>,
    /// The service.
    pub service: Box<str>,
}

/// `helm template` of a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HelmSpec {
    /// Folder of the chart, or a `.tgz` in the repository.
    pub chart: Box<str>,
    /// Release name.
    pub release: Box<str>,
    /// Release namespace.
    pub namespace: Option<Box<str>>,
    /// Values files, later ones win.
    pub values: Vec<ValuesSpec>,
    /// `--set-string` pairs, sorted by key.
    pub set: BTreeMap<Box<str>, Box<str>>,
}

/// A values file, or a subtree of one.
#[derive(Clone, Debug, PartialEq)]
pub struct ValuesSpec {
    /// The file.
    pub file: Box<str>,
    /// A subtree that is the values: `apps[api].helm.values`.
    pub select: Option<KeyPath>,
    /// Leave it out where it does not exist.
    pub if_absent_skip: bool,
}

/// Where the live side is read from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LiveSpec {
    /// A cluster.
    Kubernetes(KubernetesSpec),
    /// The environment of the process that driftgate is.
    Env(EnvSpec),
    /// A file on the disk of the machine that driftgate runs on.
    File(LiveFileSpec),
}

impl LiveSpec {
    /// `kubernetes`, `env`, `file`: the word in driftgate.yaml.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            LiveSpec::Kubernetes(_) => "kubernetes",
            LiveSpec::Env(_) => "env",
            LiveSpec::File(_) => "file",
        }
    }
}

/// Variables of the process environment. Never a closed set: the others belong to whoever runs
/// driftgate.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnvSpec {
    /// Names of variables.
    pub names: Vec<Box<str>>,
}

/// A file of settings on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LiveFileSpec {
    /// Absolute, or relative to the folder that driftgate runs in.
    pub path: Box<str>,
    /// The format; absent: by the file's name.
    pub format: Option<FileFormat>,
    /// A subtree that holds the settings.
    pub select: Option<KeyPath>,
}

/// A cluster, and the part of it that a layer is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubernetesSpec {
    /// Context of the kubeconfig; absent: the credentials of the pod that driftgate runs in, else
    /// the current context.
    pub context: Option<Box<str>>,
    /// Where objects without a namespace of their own live; absent: the context's.
    pub namespace: Option<Box<str>>,
    /// What is read of Secrets.
    pub secrets: SecretsMode,
    /// Seconds for everything that is read of this cluster.
    pub timeout: Option<u32>,
}

/// What is read of Secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretsMode {
    /// Nothing: references to them are compared, no right on Secrets is needed.
    #[default]
    References,
    /// Whether they and their keys exist.
    Presence,
    /// Their values, by keyed digest.
    Digest,
}

/// How to learn what was applied to an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeployedSpec {
    /// A Flux Kustomization or HelmRelease in the same cluster.
    Flux {
        /// `Kustomization` or `HelmRelease`.
        kind: Box<str>,
        /// Its name.
        name: Box<str>,
        /// Its namespace; absent: `flux-system`.
        namespace: Option<Box<str>>,
    },
    /// An Argo CD Application in the same cluster.
    ArgoCd {
        /// Its name.
        application: Box<str>,
        /// Its namespace; absent: `argocd`.
        namespace: Option<Box<str>>,
    },
    /// A git ref that the pipeline moves after a deploy.
    Ref(Box<str>),
    /// An annotation on the workloads that holds the revision.
    Annotation(Box<str>),
}

/// What turns findings into a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// From which severity on.
    pub fail_on: FailOn,
    /// Seconds; an older snapshot is unknown.
    pub snapshot_max_age: i64,
}

impl Default for Gate {
    fn default() -> Gate {
        Gate {
            fail_on: FailOn::Error,
            snapshot_max_age: 86_400,
        }
    }
}

/// What renderers may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenderPolicy {
    /// Bases and charts from other places may be fetched. Off by default.
    pub allow_remote: bool,
    /// Seconds per render; absent: 60.
    pub timeout: Option<u32>,
}
