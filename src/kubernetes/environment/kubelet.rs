//! `makeEnvironmentVariables` of the kubelet.

use super::{Environment, Field, MissingReference, Unlisted, Variable, Via, World, is_below};
use crate::kubernetes::{
    downward,
    expand::{self, TooLarge},
    workload::ContainerRef,
};
use crate::model::{
    observation::ObjectId,
    path::KeyPath,
    tree::{Kind, NodeRef},
    value::{Part, Plain, Reading, Unread, UnreadCause, Value},
};
use std::{borrow::Cow, collections::BTreeMap};

const VALUE: &[&str] = &["value"];
const VALUE_FROM: &[&str] = &["valueFrom"];
const CONFIG_MAP_KEY: &[&str] = &["valueFrom", "configMapKeyRef"];
const SECRET_KEY: &[&str] = &["valueFrom", "secretKeyRef"];

/// Inputs that are kept per variable; a chain of ten thousand variables would cost gigabytes.
const MAX_INPUTS: usize = 64;
/// Bytes that all `$(VAR)` of a container may expand to. Linux starts no process with more than 6 MiB.
const MAX_EXPANDED: usize = 8 << 20;

/// The environment of one container of a workload.
#[must_use]
pub fn effective_environment<'a>(
    workload: &'a ObjectId,
    root: NodeRef<'a>,
    container: &ContainerRef<'a>,
    world: &'a dyn World,
) -> Environment<'a> {
    let mut kubelet = Kubelet {
        root,
        container,
        world,
        expanded: 0,
        out: Environment {
            variables: BTreeMap::new(),
            unlisted: Vec::new(),
            errors: Vec::new(),
            incomplete: Vec::new(),
            workload,
            container: container.path.clone(),
            objects: Vec::new(),
        },
    };
    let list = |name| {
        let node = container.node.member(name);
        node.filter(|n| n.kind() == Kind::List)
            .into_iter()
            .flat_map(NodeRef::children)
    };
    for source in list("envFrom") {
        kubelet.env_from(source);
    }
    for item in list("env") {
        kubelet.env(item);
    }
    kubelet.out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    ConfigMap,
    Secret,
}

impl Source {
    fn kind(self) -> &'static str {
        match self {
            Source::ConfigMap => "ConfigMap",
            Source::Secret => "Secret",
        }
    }

    /// The maps that hold its keys; later ones win. Never `binaryData`.
    fn holders(self) -> &'static [&'static str] {
        match self {
            Source::ConfigMap => &["data"],
            Source::Secret => &["data", "stringData"],
        }
    }
}

struct Kubelet<'a, 'c> {
    root: NodeRef<'a>,
    container: &'c ContainerRef<'a>,
    world: &'a dyn World,
    expanded: usize,
    out: Environment<'a>,
}

impl<'a> Kubelet<'a, '_> {
    fn read(&self, source: Source, name: &str) -> Reading<NodeRef<'a>> {
        let namespace = self.out.workload.namespace.as_deref();
        match source {
            Source::ConfigMap => self.world.config_map(namespace, name),
            Source::Secret => self.world.secret(namespace, name),
        }
    }

    fn identity(&self, source: Source, name: &str) -> ObjectId {
        let namespace = self.out.workload.namespace.as_deref();
        self.world.origin_of(source.kind(), namespace, name)
    }

    /// The number of an object in the result.
    fn object(&mut self, source: Source, name: &str) -> usize {
        let id = self.identity(source, name);
        if let Some(at) = self.out.objects.iter().position(|o| *o == id) {
            return at;
        }
        self.out.objects.push(id);
        self.out.objects.len() - 1
    }

    fn env_from(&mut self, item: NodeRef<'a>) {
        let prefix = item.text_at(&["prefix"]).unwrap_or_default();
        for (member, source) in [
            ("configMapRef", Source::ConfigMap),
            ("secretRef", Source::Secret),
        ] {
            let Some(reference) = item.member(member) else {
                continue;
            };
            let Some(name) = reference.text_at(&["name"]).filter(|n| !n.is_empty()) else {
                continue;
            };
            let optional = is_optional(reference);
            if source == Source::Secret && !self.world.follows_secrets() {
                let object = self.identity(source, name);
                for (variable, found) in &mut self.out.variables {
                    if is_below(variable, prefix) {
                        found.unlisted = Some(self.out.unlisted.len());
                    }
                }
                self.out.unlisted.push(Unlisted {
                    prefix,
                    object,
                    name,
                    optional,
                });
                continue;
            }
            match self.read(source, name) {
                Reading::Present(root) => self.all_keys(source, name, root, prefix),
                Reading::Absent(_) if optional => {}
                Reading::Absent(_) => {
                    let path = self.container.path.join("envFrom");
                    self.missing(source, name, None, false, None, path);
                }
                Reading::Unknown(why) => self.unread(prefix, &why),
            }
        }
    }

    fn all_keys(&mut self, source: Source, name: &str, root: NodeRef<'a>, prefix: &'a str) {
        let object = self.object(source, name);
        for holder in source.holders() {
            let Some(data) = root.member(holder).filter(|d| !d.is_hollow()) else {
                continue;
            };
            if data.kind() != Kind::Map {
                let why = format!("{}: `{holder}` is not a map", self.out.objects[object]);
                self.unread(prefix, &Unread::new(UnreadCause::Malformed, why));
                continue;
            }
            for leaf in data.children() {
                let key: &'a str = leaf.key().as_str();
                let name = if prefix.is_empty() {
                    Cow::Borrowed(key)
                } else {
                    Cow::Owned(format!("{prefix}{key}"))
                };
                self.out.variables.insert(
                    name,
                    Variable {
                        reading: Reading::Present(leaf_value(source, leaf)),
                        references: Vec::new(),
                        field: Field::Key(object, holder, key),
                        via: Via::EnvFrom,
                        inputs: Vec::new(),
                        unlisted: None,
                    },
                );
            }
        }
    }

    /// A source that could not be read may replace everything before it.
    fn unread(&mut self, prefix: &'a str, why: &Unread) {
        for (name, variable) in &mut self.out.variables {
            if is_below(name, prefix) {
                variable.reading = Reading::Unknown(why.clone());
            }
        }
        self.out.incomplete.push((prefix, why.clone()));
    }

    fn missing(
        &mut self,
        source: Source,
        name: &str,
        key: Option<&str>,
        object_exists: bool,
        variable: Option<&str>,
        path: KeyPath,
    ) {
        let object = self.identity(source, name);
        self.out.errors.push(MissingReference {
            object,
            key: key.map(Into::into),
            object_exists,
            variable: variable.map(Into::into),
            path,
        });
    }

    fn env(&mut self, item: NodeRef<'a>) {
        let Some(name) = item.text_at(&["name"]).filter(|n| !n.is_empty()) else {
            return;
        };
        let from = item.member("valueFrom").filter(|f| f.kind() == Kind::Map);
        let value = item.member("value").filter(|v| !is_empty(*v));
        let variable = match (value, from) {
            (Some(value), _) => self.literal(name, value),
            (None, None) => {
                let tail = item.member("value").map_or(&[] as &[_], |_| VALUE);
                Variable::of(Value::text(""), Field::Env(name, tail))
            }
            (None, Some(from)) => match self.value_from(name, from) {
                Some(variable) => variable,
                // An optional reference that leads nowhere leaves the variable as it was.
                None => return,
            },
        };
        self.out.variables.insert(Cow::Borrowed(name), variable);
    }

    fn literal(&mut self, name: &'a str, value: NodeRef<'a>) -> Variable<'a> {
        let field = Field::Env(name, VALUE);
        match value.as_text() {
            Some(text) if expand::has_references(text) => self.expanded(text, field),
            _ => Variable::of(Value::of(value), field),
        }
    }

    fn expanded(&mut self, text: &'a str, field: Field<'a>) -> Variable<'a> {
        let mut inputs = Vec::new();
        let mut unread = None;
        let mut unlisted = None;
        let too_large = || Unread::new(UnreadCause::TooLarge, TooLarge.to_string());
        if self.expanded > MAX_EXPANDED {
            return Variable {
                reading: Reading::Unknown(too_large()),
                ..Variable::of(Value::text(""), field)
            };
        }
        let done = expand::expand(text, &mut |name| {
            let variable = self.out.variables.get(name);
            unlisted = unlisted.max(variable.and_then(|v| v.unlisted));
            match self.lookup(name, &mut inputs) {
                Ok(value) => value,
                Err(why) => {
                    unread = Some(why);
                    None
                }
            }
        });
        let reading = match (unread, done.value) {
            (Some(why), _) => Reading::Unknown(why),
            (None, Err(TooLarge)) => Reading::Unknown(too_large()),
            (None, Ok(value)) => {
                self.expanded += size(&value);
                Reading::Present(value)
            }
        };
        Variable {
            reading,
            references: done.references,
            field,
            via: Via::Itself,
            inputs,
            unlisted,
        }
    }

    /// What a name stands for so far: nothing when it is not declared.
    fn lookup(&self, name: &str, inputs: &mut Vec<Field<'a>>) -> Result<Option<Value>, Unread> {
        if let Some(v) = self.out.variables.get(name) {
            for field in std::iter::once(&v.field).chain(&v.inputs) {
                if inputs.len() < MAX_INPUTS && !inputs.contains(field) {
                    inputs.push(*field);
                }
            }
            return match &v.reading {
                Reading::Present(value) => Ok(Some(value.clone())),
                Reading::Absent(_) => Ok(None),
                Reading::Unknown(why) => Err(why.clone()),
            };
        }
        if let Some(why) = self.out.may_be_unread(name) {
            return Err(why.clone());
        }
        let symbols: Vec<_> = self
            .out
            .may_come_from(name)
            .map(|u| downward::secret_key(u.name, &name[u.prefix.len()..]))
            .collect();
        Ok((!symbols.is_empty()).then(|| Value::Symbol(symbols.join(" or ").into())))
    }

    /// Nothing when the variable stays as it was.
    fn value_from(&mut self, name: &'a str, from: NodeRef<'a>) -> Option<Variable<'a>> {
        for (member, source, tail) in [
            ("configMapKeyRef", Source::ConfigMap, CONFIG_MAP_KEY),
            ("secretKeyRef", Source::Secret, SECRET_KEY),
        ] {
            if let Some(reference) = from.member(member).filter(|r| r.kind() == Kind::Map) {
                return self.key_of(name, source, reference, tail);
            }
        }
        let value = downward::of(from, self.out.workload, self.root, self.container);
        Some(Variable::of(value, Field::Env(name, VALUE_FROM)))
    }

    fn key_of(
        &mut self,
        name: &'a str,
        source: Source,
        reference: NodeRef<'a>,
        tail: &'static [&'static str],
    ) -> Option<Variable<'a>> {
        let object = reference.text_at(&["name"]).unwrap_or_default();
        let key = reference.text_at(&["key"]).unwrap_or_default();
        let here = Field::Env(name, tail);
        if source == Source::Secret && !self.world.follows_secrets() {
            let symbol = downward::secret_key(object, key);
            return Some(Variable::of(Value::Symbol(symbol), here));
        }
        let root = self.read(source, object);
        let exists = root.present().is_some();
        let found = root.inside(|root| {
            let mut holders = source.holders().iter().rev();
            holders.find_map(|h| Some((*h, root.member(h)?.member(key)?)))
        });
        match found {
            Reading::Present((holder, leaf)) => Some(Variable {
                field: Field::Key(self.object(source, object), holder, leaf.key().as_str()),
                via: Via::Reference(name, tail),
                ..Variable::of(leaf_value(source, leaf), here)
            }),
            Reading::Absent(_) if is_optional(reference) => None,
            Reading::Absent(proof) => {
                let (_, path) = self.out.path(here);
                self.missing(source, object, Some(key), exists, Some(name), path);
                Some(Variable {
                    reading: Reading::Absent(proof),
                    ..Variable::of(Value::text(""), here)
                })
            }
            Reading::Unknown(why) => Some(Variable {
                reading: Reading::Unknown(why),
                ..Variable::of(Value::text(""), here)
            }),
        }
    }
}

impl<'a> Variable<'a> {
    fn of(value: Value, field: Field<'a>) -> Variable<'a> {
        Variable {
            reading: Reading::Present(value),
            references: Vec::new(),
            field,
            via: Via::Itself,
            inputs: Vec::new(),
            unlisted: None,
        }
    }
}

fn is_optional(reference: NodeRef<'_>) -> bool {
    reference.member("optional").and_then(NodeRef::as_bool) == Some(true)
}

fn is_empty(value: NodeRef<'_>) -> bool {
    value.kind() == Kind::Null || value.as_text() == Some("")
}

/// The value of a key. What a Secret holds unsealed is not shown: the seal was forgotten somewhere.
fn leaf_value(source: Source, leaf: NodeRef<'_>) -> Value {
    match (source, leaf.kind()) {
        (_, Kind::Sealed | Kind::Opaque) => Value::of(leaf),
        (Source::Secret, _) => Value::Opaque("secret".into()),
        // Server-side apply stores a `null` as an empty text.
        (Source::ConfigMap, Kind::Null) => Value::text(""),
        (Source::ConfigMap, _) => Value::of(leaf),
    }
}

pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Plain(Plain::Text(text)) => text.len(),
        Value::Composite(parts) => {
            let literal = |p: &Part| match p {
                Part::Literal(text) => text.len(),
                _ => 0,
            };
            parts.len() * size_of::<Part>() + parts.iter().map(literal).sum::<usize>()
        }
        _ => 0,
    }
}
