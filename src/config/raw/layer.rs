//! A layer as it is written: where git says what should run, and where to read what is running.

use super::field_name;
use crate::{
    config::{
        leaf::{Map, OneOrMany, Scalar, Seconds, Text, Word},
        read::{Cx, Fields, FromNode},
        words::{Nulls, Skip},
    },
    model::{
        target::{FileFormat, SecretsMode},
        tree::{Kind, NodeRef, Span},
        value::ValueType,
    },
};
use schemars::JsonSchema;

fields! {
    /// One origin of values at one precedence: what git says, what is running, or both.
    struct Layer {
        /// What reports call it; unique in its service.
        name: Text,
        /// Where git says what should run.
        desired: Option<Desired>,
        /// Where to read what is running.
        live: Option<Live>,
        /// Instead of `desired` and `live`: a configuration file inside of a ConfigMap of another
        /// layer, whose keys are settings.
        config_map: Option<ConfigMapRef>,
        /// Instead of `desired` and `live`: what the application gets its values from here, for a
        /// layer that driftgate can't see.
        #[schemars(example = "set by the platform team in the console")]
        outside: Option<Text>,
        /// The workloads whose environment variables are settings, as `kind/name`; all of the
        /// manifests' when this is left out.
        #[schemars(example = ["deployment/api"])]
        workloads: Option<Vec<Text>>,
        /// Of what git holds a placeholder and the pipeline the value: names of environment
        /// variables, or last steps of fields. Their values are not compared.
        #[schemars(example = ["image", "GIT_REF"])]
        deploy_time: Option<Vec<Text>>,
        /// Whether git has all keys of the maps it governs, so that a key that is only live is a
        /// finding. True by default; false for a selected part of a file and without `desired`.
        closed: Option<bool>,
        /// Taken off the names of its settings; a name without it stays as it is.
        #[schemars(example = &"APP_")]
        prefix: Option<Text>,
        /// How values compare, by the name of the setting.
        #[schemars(example = serde_json::json!({ "DB_TIMEOUT": "duration" }))]
        types: Option<Map<Word<ValueType>>>,
    }
    later ["keys"];
}

fields! {
    /// Where git says what should run: exactly one of `manifests`, `kustomize`, `helm`, `rendered`,
    /// `file`, `spring` and `compose`. Paths are relative to the folder of driftgate.yaml.
    struct Desired {
        /// Kubernetes manifests: files, folders (all YAML and JSON below them) or globs.
        #[schemars(example = "deploy/${environment}")]
        manifests: Option<OneOrMany>,
        /// The folder of a kustomization, rendered by `kustomize build`.
        #[schemars(example = "deploy/overlays/${environment}")]
        kustomize: Option<Text>,
        /// A chart, rendered by `helm template`.
        helm: Option<Helm>,
        /// Manifests that the repository's own tool rendered, below the folder that
        /// `check --rendered <revision>=FOLDER` hands over.
        rendered: Option<Text>,
        /// Files of settings, later ones win: a path, or a list of paths and of parts of files.
        #[schemars(example = "config/${environment}.yml")]
        file: Option<Files>,
        /// The configuration of a Spring Boot application, in Spring's own order.
        spring: Option<Spring>,
        /// The environment of a service of Docker Compose, in Compose's own order.
        compose: Option<Compose>,
        /// Beside one `file`: the part of it that holds the settings, a path of keys; an item of a
        /// list by its name. A list of `{ name, value }` there is read as settings.
        #[schemars(example = "apps[api].config")]
        select: Option<Text>,
        /// Beside one `file`: what to do where it does not exist.
        if_absent: Option<Word<Skip>>,
        /// Beside one `file`: its format; by its name when this is left out.
        format: Option<Word<FileFormat>>,
        /// Beside one `file`: known parameters of a CloudFormation template.
        #[schemars(example = serde_json::json!({ "Stage": "prod" }))]
        parameters: Option<Map<Scalar>>,
        /// Beside `file`: what `null` means in a later file. When this is left out, it takes the
        /// setting away in files of the format `helm-values`, and is a value in others.
        nulls: Option<Word<Nulls>>,
        /// The repository that the paths are in, by its name in `repositories`; this one when it is
        /// left out. The paths start at that repository's root.
        #[schemars(example = &"config")]
        repository: Option<Text>,
    }
    later ["jsonnet", "helmfile"];
}

/// One file of settings, or several.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum Files {
    /// One path.
    One(Text),
    /// Several, lowest precedence first.
    Many(Vec<FileItem>),
}

impl FromNode for Files {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        match node.kind() {
            Kind::Text => Text::read(cx, node).map(Files::One),
            Kind::List => Vec::read(cx, node).map(Files::Many),
            kind => {
                let hint = "write `{ file: b.yml, select: … }`, or `{ file: [ { file: b.yml, select: … } ] }`";
                cx.mismatch(node, "a file or a list of files")
                    .hint((kind == Kind::Map).then(|| hint.to_string()));
                None
            }
        }
    }
}

/// A file of settings, or a part of one.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum FileItem {
    /// The whole file.
    File(Text),
    /// A part of it, or one that needs explaining.
    Part(FilePart),
}

impl FromNode for FileItem {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        match node.kind() {
            Kind::Text => Text::read(cx, node).map(FileItem::File),
            Kind::Map => FilePart::read(cx, node).map(FileItem::Part),
            _ => {
                let expected = "a file, or a map with `file`";
                cx.mismatch(node, expected).hint(None);
                None
            }
        }
    }
}

fields! {
    /// A file of settings, or a part of one.
    struct FilePart {
        /// The file.
        file: Text,
        /// The part that holds the settings: a path of keys; an item of a list by its name. A list
        /// of `{ name, value }` there is read as settings.
        #[schemars(example = "apps[api].config")]
        select: Option<Text>,
        /// What to do where the file does not exist.
        if_absent: Option<Word<Skip>>,
        /// Its format; by its name when this is left out.
        format: Option<Word<FileFormat>>,
        /// Known parameters of a CloudFormation template.
        #[schemars(example = serde_json::json!({ "Stage": "prod" }))]
        parameters: Option<Map<Scalar>>,
    }
    later [];
}

fields! {
    /// Where a Spring Boot application has its configuration.
    struct Spring {
        /// The folder that holds `application.yml` and its like.
        #[schemars(example = "src/main/resources")]
        folder: Text,
        /// The files' name without profile and ending (`spring.config.name`); `application` when
        /// this is left out.
        name: Option<Text>,
        /// The active profiles, later ones win.
        #[schemars(example = ["prod", "${region}"])]
        profiles: Option<OneOrMany>,
    }
    later ["imports", "location"];
}

fields! {
    /// A service of Docker Compose.
    struct Compose {
        /// Compose files, later ones win; `compose.yaml` when this is left out.
        files: Option<OneOrMany>,
        /// Files of values for `${NAME}` in the Compose files (`--env-file`); `.env` beside the
        /// first Compose file, if there is one, when this is left out.
        env_file: Option<OneOrMany>,
        /// The service's name in the Compose files; that of the service when this is left out.
        service: Option<Text>,
    }
    later ["profiles", "project-directory"];
}

fields! {
    /// A key of a ConfigMap that holds a configuration file (`.yml`, `.json`, `.properties`,
    /// `.toml`, `.env`, `.ini`).
    struct ConfigMapRef {
        /// The layer of this service whose manifests or cluster have the ConfigMap.
        #[schemars(example = &"workload")]
        layer: Text,
        /// The ConfigMap's name; a generated suffix may be left out.
        #[schemars(example = "api-config")]
        name: Text,
        /// The key that holds the file.
        #[schemars(example = "application.yml")]
        key: Text,
    }
    later ["namespace", "format"];
}

fields! {
    /// A chart and its values.
    struct Helm {
        /// The chart's folder, or its `.tgz`, in the repository.
        chart: Text,
        /// The release's name.
        release: Text,
        /// The release's namespace; that of `live.kubernetes` when it is left out.
        namespace: Option<Text>,
        /// Values files, later ones win.
        values: Option<Vec<ValuesItem>>,
        /// Single values, as texts (`--set-string`); they win over the files.
        set: Option<Map<Scalar>>,
    }
    later ["post-renderer", "version", "repository"];
}

/// A values file, or a part of one.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum ValuesItem {
    /// The whole file.
    File(Text),
    /// A part of it, or one that may be absent.
    Part(ValuesPart),
}

impl FromNode for ValuesItem {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        match node.kind() {
            Kind::Text => Text::read(cx, node).map(ValuesItem::File),
            Kind::Map => ValuesPart::read(cx, node).map(ValuesItem::Part),
            _ => {
                let expected = "a file, or a map with `file`";
                cx.mismatch(node, expected).hint(None);
                None
            }
        }
    }
}

fields! {
    /// A part of a values file.
    struct ValuesPart {
        /// The file.
        file: Text,
        /// The part that is the values: a path of keys; an item of a list by its name.
        #[schemars(example = "apps[api].helm.values")]
        select: Option<Text>,
        /// What to do where the file does not exist.
        if_absent: Option<Word<Skip>>,
    }
    later [];
}

fields! {
    /// Where to read what is running.
    struct Live {
        /// A Kubernetes cluster.
        kubernetes: Option<Kubernetes>,
        /// Variables of the environment that driftgate runs in, by name.
        #[schemars(example = ["LOG_LEVEL", "DB_TIMEOUT"])]
        env: Option<Vec<Text>>,
        /// A file of settings on the machine that driftgate runs on: its path, absolute or relative
        /// to the folder that driftgate runs in.
        #[schemars(example = "/etc/api/application.yml")]
        file: Option<LiveFile>,
    }
    later ["aws-ssm", "aws-secrets-manager", "aws-lambda", "aws-ecs", "aws-appconfig", "vault", "consul", "etcd", "http", "docker"];
}

/// A file on disk.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum LiveFile {
    /// The whole file.
    Path(Text),
    /// A part of it, or one that needs explaining.
    Part(LiveFilePart),
}

impl FromNode for LiveFile {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        match node.kind() {
            Kind::Text => Text::read(cx, node).map(LiveFile::Path),
            Kind::Map => LiveFilePart::read(cx, node).map(LiveFile::Part),
            _ => {
                let expected = "a file, or a map with `path`";
                cx.mismatch(node, expected).hint(None);
                None
            }
        }
    }
}

fields! {
    /// A file of settings on disk, or a part of one.
    struct LiveFilePart {
        /// The file: absolute, or relative to the folder that driftgate runs in.
        path: Text,
        /// Its format; by its name when this is left out.
        format: Option<Word<FileFormat>>,
        /// The part that holds the settings: a path of keys.
        select: Option<Text>,
    }
    later [];
}

fields! {
    /// A Kubernetes cluster, and the part of it that the layer is in. driftgate needs get and list.
    struct Kubernetes {
        /// The kubeconfig's context; when it is left out, the credentials of the pod that driftgate
        /// runs in, else the current context.
        context: Option<Text>,
        /// The namespace of objects that name none; the context's when this is left out.
        namespace: Option<Text>,
        /// What to read of Secrets; `references` when this is left out.
        secrets: Option<Word<SecretsMode>>,
        /// How long everything that is read of this cluster may take.
        timeout: Option<Seconds>,
    }
    later ["kubeconfig", "api-server", "selector", "impersonate"];
}
