//! From a raw layer to one of a target: what its texts say once variables are filled in.

use super::{
    form::{self, Form, visible},
    layers::has_objects,
    leaf::{Map, OneOrMany, Scalar, Text, Word},
    raw,
    read::Cx,
    suggest::{did_you_mean, listed},
    variables::{Filler, Scope},
    words::Nulls,
};
use crate::model::{
    path::KeyPath,
    target::{
        ComposeSpec, ConfigMapKey, DesiredSpec, EnvSpec, FileFormat, FilePart, FileSpec, HelmSpec,
        KubernetesSpec, Layer, LiveFileSpec, LiveSpec, SpringSpec, ValuesSpec, WorkloadRef,
    },
    value::ValueType,
};
use std::collections::BTreeMap;

/// The repositories that driftgate.yaml declares.
#[derive(Clone, Copy)]
pub(super) struct Declared<'r> {
    pub(super) repositories: Option<&'r Map<Text>>,
    /// Whether they could not be read, so that one not found proves nothing.
    pub(super) unsure: bool,
}

/// Builds the layers of one target.
pub(super) struct Builder<'b, 'c> {
    pub(super) cx: &'b mut Cx<'c>,
    pub(super) filler: &'b mut Filler,
    pub(super) scope: &'b Scope,
    /// The target's service.
    pub(super) service: &'b str,
    /// All layers of the target, for those that refer to others.
    pub(super) layers: &'b [&'b raw::Layer],
    pub(super) declared: Declared<'b>,
}

impl Builder<'_, '_> {
    fn fill(&mut self, text: &Text, form: Form) -> Option<Box<str>> {
        self.filler.fill(self.cx, text, self.scope, form)
    }

    /// Outer: whether it could be filled in; inner: whether it is written.
    #[expect(clippy::option_option, reason = "a failed value is not an absent one")]
    fn fill_optional(&mut self, text: Option<&Text>, form: Form) -> Option<Option<Box<str>>> {
        match text {
            Some(text) => self.fill(text, form).map(Some),
            None => Some(None),
        }
    }

    fn fill_all(&mut self, texts: &[Text], form: Form) -> Option<Vec<Box<str>>> {
        // Not `collect` alone: every text is looked at, so that all problems are found.
        let filled: Vec<_> = texts.iter().map(|t| self.fill(t, form)).collect();
        filled.into_iter().collect()
    }

    fn fill_map(&mut self, map: Option<&Map<Scalar>>) -> Option<BTreeMap<Box<str>, Box<str>>> {
        let entries = map.map_or(&[][..], |m| &m.0).iter();
        let filled: Vec<_> = entries
            .map(|entry| {
                let value = &entry.value.as_ref()?.0;
                // An empty text is a value like any other here.
                let filled = match value.value.as_str() {
                    "" => Some("".into()),
                    _ => self.fill(value, Form::Line),
                };
                Some((entry.name.value.as_str().into(), filled?))
            })
            .collect();
        filled.into_iter().collect()
    }

    /// The layer, if nothing is wrong with it.
    pub(super) fn layer(&mut self, raw: &raw::Layer) -> Option<Layer> {
        let desired = raw
            .desired
            .as_ref()
            .map(|d| self.desired(d, raw.live.as_ref()));
        let live = raw.live.as_ref().map(|l| self.live(l));
        let config_map = raw.config_map.as_ref().map(|c| self.config_map(c, raw));
        let repository = raw.desired.as_ref().and_then(|d| d.repository.as_ref());
        let repository = repository.map(|r| self.repository(r));
        let workloads = self.workloads(raw.workloads.as_deref().unwrap_or_default());
        let deploy_time = self.fill_all(raw.deploy_time.as_deref().unwrap_or_default(), Form::Line);
        let outside = self.fill_optional(raw.outside.as_ref(), Form::Prose);
        let prefix = self.fill_optional(raw.prefix.as_ref(), Form::Word);
        let (desired, live) = (flip(desired)?, flip(live)?);
        let closed_by_default = desired.as_ref().is_some_and(DesiredSpec::closed_by_default);
        Some(Layer {
            name: raw.name.value.as_str().into(),
            live,
            desired,
            workloads: workloads?,
            deploy_time: deploy_time?,
            closed: raw.closed.unwrap_or(closed_by_default),
            types: types(raw.types.as_ref()),
            outside: outside?,
            prefix: prefix?,
            repository: flip(repository)?,
            config_map: flip(config_map)?,
        })
    }

    fn workloads(&mut self, texts: &[Text]) -> Option<Vec<WorkloadRef>> {
        let filled = self.fill_all(texts, Form::Workload)?;
        filled.iter().map(|w| form::workload(w).ok()).collect()
    }

    fn repository(&mut self, text: &Text) -> Option<Box<str>> {
        let name = self.fill(text, Form::Line)?;
        let known = || self.declared.repositories.into_iter().flat_map(Map::names);
        if self.declared.unsure || known().any(|n| n == &*name) {
            return Some(name);
        }
        let hint = did_you_mean(&name, known()).unwrap_or_else(|| match known().next() {
            Some(_) => format!("known: {}", listed(known())),
            None => "say where it is: `repositories: { config: ../config }`".to_string(),
        });
        let message = format!("repository `{}` is not declared", visible(&name));
        self.filler
            .refuse(text, self.scope, "repository", message, hint);
        None
    }

    /// The key of a ConfigMap, which another layer must have.
    fn config_map(&mut self, raw: &raw::ConfigMapRef, own: &raw::Layer) -> Option<ConfigMapKey> {
        let layer = self.fill(&raw.layer, Form::Line);
        let name = self.fill(&raw.name, Form::ObjectName);
        let key = self.fill(&raw.key, Form::ConfigMapKey);
        let layer = layer?;
        let others = || {
            self.layers
                .iter()
                .filter(|l| l.name.value != own.name.value)
        };
        let wrong = match others().find(|l| l.name.value == *layer) {
            Some(other) if may_have_objects(other) => None,
            Some(_) => Some((
                format!("layer `{}` has no Kubernetes objects", visible(&layer)),
                "name the layer whose manifests have the ConfigMap".to_string(),
            )),
            None => {
                let names = others().map(|l| l.name.value.as_str());
                let hint = did_you_mean(&layer, names.clone())
                    .unwrap_or_else(|| format!("its other layers: {}", listed(names)));
                let service = self.service;
                let message = format!("`{service}` has no other layer `{}`", visible(&layer));
                Some((message, hint))
            }
        };
        if let Some((message, hint)) = wrong {
            self.filler
                .refuse(&raw.layer, self.scope, "layer", message, hint);
            return None;
        }
        Some(ConfigMapKey {
            layer: (*layer).into(),
            name: name?,
            key: key?,
        })
    }

    fn desired(&mut self, raw: &raw::Desired, live: Option<&raw::Live>) -> Option<DesiredSpec> {
        // More than one is a problem already; each is still filled in, so that all problems show.
        let specs: Vec<Option<DesiredSpec>> = [
            raw.manifests.as_ref().map(|m| {
                let paths = self.fill_all(m.all(), Form::Glob)?;
                Some(DesiredSpec::Manifests { paths })
            }),
            raw.kustomize.as_ref().map(|folder| {
                let folder = self.fill(folder, Form::Path)?;
                Some(DesiredSpec::Kustomize { folder })
            }),
            raw.helm
                .as_ref()
                .map(|helm| self.helm(helm, live).map(DesiredSpec::Helm)),
            raw.rendered.as_ref().map(|path| {
                let path = self.fill(path, Form::Path)?;
                Some(DesiredSpec::Rendered { path })
            }),
            raw.file
                .as_ref()
                .map(|files| self.files(files, raw).map(DesiredSpec::File)),
            raw.spring
                .as_ref()
                .map(|spring| self.spring(spring).map(DesiredSpec::Spring)),
            raw.compose
                .as_ref()
                .map(|compose| self.compose(compose).map(DesiredSpec::Compose)),
        ]
        .into_iter()
        .flatten()
        .collect();
        match <[_; 1]>::try_from(specs) {
            Ok([only]) => only,
            Err(_) => None,
        }
    }

    fn helm(&mut self, raw: &raw::Helm, live: Option<&raw::Live>) -> Option<HelmSpec> {
        // The release goes where the cluster is read, unless it says otherwise.
        let of_live = || live?.kubernetes.as_ref()?.namespace.as_ref();
        let namespace = raw.namespace.as_ref().or_else(of_live);
        let chart = self.fill(&raw.chart, Form::Path);
        let release = self.fill(&raw.release, Form::Release);
        let namespace = self.fill_optional(namespace, Form::Namespace);
        let items = raw.values.as_deref().unwrap_or_default();
        let values: Vec<_> = items.iter().map(|v| self.values(v)).collect();
        let set = self.fill_map(raw.set.as_ref());
        Some(HelmSpec {
            chart: chart?,
            release: release?,
            namespace: namespace?,
            values: values.into_iter().collect::<Option<_>>()?,
            set: set?,
        })
    }

    fn values(&mut self, raw: &raw::ValuesItem) -> Option<ValuesSpec> {
        let part = match raw {
            raw::ValuesItem::File(file) => {
                return Some(ValuesSpec {
                    file: self.fill(file, Form::Path)?,
                    select: None,
                    if_absent_skip: false,
                });
            }
            raw::ValuesItem::Part(part) => part,
        };
        let file = self.fill(&part.file, Form::Path);
        let select = self.key_path(part.select.as_ref());
        Some(ValuesSpec {
            file: file?,
            select: select?,
            if_absent_skip: part.if_absent.is_some(),
        })
    }

    fn files(&mut self, raw: &raw::Files, beside: &raw::Desired) -> Option<FileSpec> {
        let parts: Vec<Option<FilePart>> = match raw {
            raw::Files::One(file) => vec![self.file(&FileFields {
                file,
                select: beside.select.as_ref(),
                format: beside.format.map(|w| w.0),
                may_be_absent: beside.if_absent.is_some(),
                parameters: beside.parameters.as_ref(),
            })],
            raw::Files::Many(items) => items
                .iter()
                .map(|item| self.file(&FileFields::of(item)))
                .collect(),
        };
        let parts: Vec<FilePart> = parts.into_iter().collect::<Option<_>>()?;
        let is_helm = |p: &FilePart| p.format == Some(FileFormat::HelmValues);
        Some(FileSpec {
            nulls_delete: match beside.nulls {
                Some(Word(nulls)) => nulls == Nulls::Delete,
                None => parts.iter().any(is_helm),
            },
            parts,
        })
    }

    fn file(&mut self, raw: &FileFields<'_>) -> Option<FilePart> {
        let file = self.fill(raw.file, Form::Path);
        let select = self.key_path(raw.select);
        let parameters = self.fill_map(raw.parameters);
        Some(FilePart {
            file: file?,
            format: raw.format,
            select: select?,
            if_absent_skip: raw.may_be_absent,
            parameters: parameters?,
        })
    }

    fn spring(&mut self, raw: &raw::Spring) -> Option<SpringSpec> {
        let folder = self.fill(&raw.folder, Form::Path);
        let name = self.fill_optional(raw.name.as_ref(), Form::NamePart);
        let profiles = raw.profiles.as_ref().map_or(&[][..], OneOrMany::all);
        let profiles = self.fill_all(profiles, Form::NamePart);
        Some(SpringSpec {
            folder: folder?,
            name: name?.unwrap_or_else(|| "application".into()),
            profiles: profiles?,
        })
    }

    fn compose(&mut self, raw: &raw::Compose) -> Option<ComposeSpec> {
        let files = raw
            .files
            .as_ref()
            .map(|files| self.fill_all(files.all(), Form::Path));
        let env_files = raw.env_file.as_ref().map_or(&[][..], OneOrMany::all);
        let env_files = self.fill_all(env_files, Form::Path);
        let service = self.fill_optional(raw.service.as_ref(), Form::Word);
        Some(ComposeSpec {
            files: flip(files)?.unwrap_or_else(|| vec!["compose.yaml".into()]),
            env_files: env_files?,
            service: service?.unwrap_or_else(|| self.service.into()),
        })
    }

    /// Outer: whether it could be filled in; inner: whether it is written.
    #[expect(clippy::option_option, reason = "a failed value is not an absent one")]
    fn key_path(&mut self, text: Option<&Text>) -> Option<Option<KeyPath>> {
        match text {
            Some(text) => self.fill(text, Form::KeyPath)?.parse().ok().map(Some),
            None => Some(None),
        }
    }

    fn live(&mut self, raw: &raw::Live) -> Option<LiveSpec> {
        let kubernetes = raw.kubernetes.as_ref().map(|k| self.kubernetes(k));
        let env = raw.env.as_ref().map(|names| {
            let names = self.fill_all(names, Form::EnvName)?;
            Some(LiveSpec::Env(EnvSpec { names }))
        });
        let file = raw.file.as_ref().map(|f| self.live_file(f));
        // More than one is a problem already, as in `desired`.
        let specs: Vec<_> = [kubernetes, env, file].into_iter().flatten().collect();
        match <[_; 1]>::try_from(specs) {
            Ok([only]) => only,
            Err(_) => None,
        }
    }

    fn kubernetes(&mut self, raw: &raw::Kubernetes) -> Option<LiveSpec> {
        let context = self.fill_optional(raw.context.as_ref(), Form::Line);
        let namespace = self.fill_optional(raw.namespace.as_ref(), Form::Namespace);
        Some(LiveSpec::Kubernetes(KubernetesSpec {
            context: context?,
            namespace: namespace?,
            secrets: raw.secrets.map(|w| w.0).unwrap_or_default(),
            timeout: raw
                .timeout
                .as_ref()
                .and_then(|t| u32::try_from(t.value).ok()),
        }))
    }

    fn live_file(&mut self, raw: &raw::LiveFile) -> Option<LiveSpec> {
        let (path, format, select) = match raw {
            raw::LiveFile::Path(path) => (path, None, None),
            raw::LiveFile::Part(part) => (&part.path, part.format, part.select.as_ref()),
        };
        let path = self.fill(path, Form::DiskPath);
        let select = self.key_path(select);
        Some(LiveSpec::File(LiveFileSpec {
            path: path?,
            format: format.map(|w| w.0),
            select: select?,
        }))
    }
}

/// A file with what explains it, wherever it is written.
struct FileFields<'r> {
    file: &'r Text,
    select: Option<&'r Text>,
    format: Option<FileFormat>,
    may_be_absent: bool,
    parameters: Option<&'r Map<Scalar>>,
}

impl<'r> FileFields<'r> {
    fn of(item: &'r raw::FileItem) -> FileFields<'r> {
        match item {
            raw::FileItem::File(file) => FileFields {
                file,
                select: None,
                format: None,
                may_be_absent: false,
                parameters: None,
            },
            raw::FileItem::Part(part) => FileFields {
                file: &part.file,
                select: part.select.as_ref(),
                format: part.format.map(|w| w.0),
                may_be_absent: part.if_absent.is_some(),
                parameters: part.parameters.as_ref(),
            },
        }
    }
}

/// Whether a layer reads Kubernetes objects, or nobody knows because of a mistake in it.
fn may_have_objects(layer: &raw::Layer) -> bool {
    layer.flawed
        || layer.desired.as_ref().is_some_and(has_objects)
        || layer.live.as_ref().is_some_and(|l| l.kubernetes.is_some())
}

/// Absent stays absent; failed fails.
#[expect(clippy::option_option, reason = "a failed value is not an absent one")]
fn flip<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    }
}

fn types(raw: Option<&Map<Word<ValueType>>>) -> BTreeMap<Box<str>, ValueType> {
    let entries = raw.map_or(&[][..], |m| &m.0).iter();
    entries
        .filter_map(|e| Some((e.name.value.as_str().into(), e.value?.0)))
        .collect()
}
