//! The effective environment of a container: the kubelet's own algorithm
//! (`makeEnvironmentVariables` in pkg/kubelet/kubelet_pods.go), over trees.
//!
//! `env` beats `envFrom`, later beats earlier; an optional reference that leads nowhere leaves a
//! variable as it was; `$(VAR)` sees what is declared so far and is not applied to what comes from
//! a ConfigMap or a Secret. Not part of it: variables of the image, and service links, whose
//! values are fixed when the container starts.
//!
//! Secrets that are not read ([`World::follows_secrets`] is false) are symbols. Which keys an
//! `envFrom` of such a Secret has, and so whether it hides a variable of an earlier `envFrom`,
//! is not known then ([`Environment::may_be_replaced`]); both sides of a comparison are treated
//! alike.

use crate::model::{
    observation::ObjectId,
    path::KeyPath,
    tree::NodeRef,
    value::{Reading, Unread, Value},
};
use std::{borrow::Cow, collections::BTreeMap};

mod kubelet;
pub use kubelet::effective_environment;

/// Where references lead: live objects, or those of git.
pub trait World {
    /// A ConfigMap of a namespace.
    fn config_map(&self, namespace: Option<&str>, name: &str) -> Reading<NodeRef<'_>>;
    /// A Secret of a namespace. Not called when [`World::follows_secrets`] is false.
    fn secret(&self, namespace: Option<&str>, name: &str) -> Reading<NodeRef<'_>>;
    /// Whether Secrets are read at all.
    fn follows_secrets(&self) -> bool;
    /// The identity of the object that a reference of this kind (`ConfigMap`, `Secret`) leads to:
    /// a generated name may stand for another one.
    fn origin_of(&self, kind: &str, namespace: Option<&str>, name: &str) -> ObjectId;
}

/// What a container sees, as far as the API tells.
#[derive(Clone, Debug)]
pub struct Environment<'a> {
    /// Variables by name. A name that is not here is absent, except as [`Environment::read`] says.
    pub variables: BTreeMap<Cow<'a, str>, Variable<'a>>,
    /// Secrets in `envFrom` that are not read, in the order of the list.
    pub unlisted: Vec<Unlisted<'a>>,
    /// Required references that provably lead nowhere: the container can't start.
    pub errors: Vec<MissingReference>,
    /// `envFrom` sources that could not be read, with their prefix: any name may be in one.
    pub incomplete: Vec<(&'a str, Unread)>,
    workload: &'a ObjectId,
    container: KeyPath,
    objects: Vec<ObjectId>,
}

/// A variable.
#[derive(Clone, Debug)]
pub struct Variable<'a> {
    /// Its value. Absent when a required reference leads nowhere.
    pub reading: Reading<Value>,
    /// The names that its text refers to by `$(VAR)`, found or not.
    pub references: Vec<&'a str>,
    field: Field<'a>,
    via: Via<'a>,
    inputs: Vec<Field<'a>>,
    /// The last one of [`Environment::unlisted`] that may have it, too, and come later.
    unlisted: Option<usize>,
}

/// A Secret whose keys are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisted<'a> {
    /// What its keys are prefixed with.
    pub prefix: &'a str,
    /// The Secret.
    pub object: ObjectId,
    /// Its name as the workload refers to it.
    pub name: &'a str,
    /// Whether the container starts without it.
    pub optional: bool,
}

/// A required reference that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingReference {
    /// What is referred to.
    pub object: ObjectId,
    /// The key that is needed; absent for all of it (`envFrom`).
    pub key: Option<Box<str>>,
    /// The object is there, its key is not.
    pub object_exists: bool,
    /// The variable that needs it.
    pub variable: Option<Box<str>>,
    /// The field of the workload that refers to it.
    pub path: KeyPath,
}

/// The field that holds a value; made into a path only where sides differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field<'a> {
    /// An item of `env`, and the members below it.
    Env(&'a str, &'static [&'static str]),
    /// A key below `data` or `stringData` of `objects[.0]`.
    Key(usize, &'static str, &'a str),
}

/// The field of the workload through which a value of another object comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Via<'a> {
    Itself,
    EnvFrom,
    Reference(&'a str, &'static [&'static str]),
}

impl<'a> Environment<'a> {
    /// The value of a variable. One that is not declared is absent, unless a source that could
    /// not be read may have it.
    #[must_use]
    pub fn read(&self, name: &str) -> Reading<Value> {
        if let Some(v) = self.variables.get(name) {
            return v.reading.clone();
        }
        match self.may_be_unread(name) {
            Some(why) => Reading::Unknown(why.clone()),
            None => Reading::Present(()).inside(|()| None),
        }
    }

    /// Why it is not known whether `name` is declared.
    #[must_use]
    pub fn may_be_unread(&self, name: &str) -> Option<&Unread> {
        let mut sources = self.incomplete.iter();
        Some(&sources.find(|(p, _)| is_below(name, p))?.1)
    }

    /// The Secrets whose keys are not known and of which one may declare `name`.
    pub fn may_come_from(&self, name: &str) -> impl Iterator<Item = &Unlisted<'a>> {
        self.unlisted
            .iter()
            .filter(move |u| is_below(name, u.prefix))
    }

    /// The Secret whose keys are not known, and of which one may be seen instead of the variable's
    /// value: it comes later in `envFrom`.
    #[must_use]
    pub fn may_be_replaced(&self, name: &str) -> Option<&Unlisted<'a>> {
        self.unlisted.get(self.variables.get(name)?.unlisted?)
    }

    /// What a variable is made from: the field that holds the winning value first, then the fields
    /// of its `$(VAR)` inputs, then the field of the workload that refers to the winning one.
    #[must_use]
    pub fn from(&self, name: &str) -> Vec<(ObjectId, KeyPath)> {
        let Some(v) = self.variables.get(name) else {
            return Vec::new();
        };
        let mut out = vec![self.path(v.field)];
        for input in &v.inputs {
            let place = self.path(*input);
            if !out.contains(&place) {
                out.push(place);
            }
        }
        match v.via {
            Via::Itself => {}
            Via::EnvFrom => out.push((self.workload.clone(), self.container.join("envFrom"))),
            Via::Reference(name, tail) => out.push(self.path(Field::Env(name, tail))),
        }
        out
    }

    fn path(&self, field: Field<'_>) -> (ObjectId, KeyPath) {
        match field {
            Field::Env(name, tail) => {
                let item = self.container.join("env").item(&[name]);
                let path = tail.iter().fold(item, |path, member| path.join(member));
                (self.workload.clone(), path)
            }
            Field::Key(object, holder, key) => (
                self.objects[object].clone(),
                KeyPath::members(&[holder, key]),
            ),
        }
    }
}

/// Whether a source with this prefix could declare `name`.
fn is_below(name: &str, prefix: &str) -> bool {
    name.len() > prefix.len() && name.starts_with(prefix)
}

#[cfg(test)]
mod tests;
