//! Variables of the process environment: those that driftgate.yaml names, and no other. Never a
//! closed set, because the others belong to whoever started driftgate.
//!
//! Each variable is a scope of its own, so that one that is not set is absent with proof. Nothing
//! says who set a variable, or when.

use crate::{
    model::{
        entry::{Entry, Origin},
        name::Name,
        observation::{ItemId, Observation, Outcome, Read, Scope},
        path::KeyPath,
        setting::{KeyStyle, LayerSettings, SettingEntry},
        target::{EnvSpec, LiveSpec},
        tree::{Kind, Tree, TreeBuilder},
        value::{Reading, Unread, UnreadCause, Value},
    },
    source::{
        BoxFuture, ConnectContext, Diagnosis, LiveOnly, ReadContext, Source, SourceKind, Variables,
        Wanted,
    },
    text,
};
use std::{collections::BTreeSet, sync::Arc};

/// How it is called, by itself and in snapshots. There is one per process.
const DESCRIBED: &str = "process environment";

/// The process environment as a kind of source.
pub static KIND: SourceKind = SourceKind {
    name: "env",
    unit: "variable",
    identity: |_| "".into(),
    join,
    describe: |_| DESCRIBED.into(),
    is_recorded_as: |spec, described, _| own(spec).is_some() && described == DESCRIBED,
    scopes: |spec, _| names(spec).into_iter().map(scope).collect(),
    connect,
    settings: Some(settings),
    // A deploy does not write the environment of the process that driftgate is.
    live_only: LiveOnly::Keeps,
    rights: |_| {
        "# env: needs no rights; driftgate has the environment it is started with.\n".into()
    },
};

fn own(spec: &LiveSpec) -> Option<&EnvSpec> {
    match spec {
        LiveSpec::Env(spec) => Some(spec),
        _ => None,
    }
}

/// What is asked for, each once.
fn names(spec: &LiveSpec) -> BTreeSet<&str> {
    let names = own(spec).into_iter().flat_map(|s| &s.names);
    names.map(|n| &**n).collect()
}

fn scope(name: &str) -> Scope {
    Scope::Item(ItemId::Parameter(name.into()))
}

fn join(all: &mut LiveSpec, more: &LiveSpec) {
    let LiveSpec::Env(all) = all else { return };
    for name in names(more) {
        if !all.names.iter().any(|known| **known == *name) {
            all.names.push(name.into());
        }
    }
}

fn connect(spec: &LiveSpec, cx: &ConnectContext<'_>) -> Result<Box<dyn Source>, Unread> {
    if own(spec).is_none() {
        return Err(super::not_mine(KIND.name));
    }
    Ok(Box::new(Environment {
        names: names(spec).into_iter().map(Into::into).collect(),
        variables: cx.variables.clone(),
        own_credentials: cx.own_credentials.iter().map(|n| (*n).into()).collect(),
    }))
}

/// The variables that are read.
struct Environment {
    names: Vec<Box<str>>,
    variables: Variables,
    own_credentials: Vec<Box<str>>,
}

impl Environment {
    /// The value; nothing for a variable that is not set.
    fn value(&self, name: &str) -> Result<Option<String>, Unread> {
        let shown = text::terminal(name);
        if name.is_empty() || name.contains(['=', '\0']) {
            let why = format!("`{shown}` can't be the name of an environment variable");
            return Err(Unread::new(UnreadCause::Malformed, why));
        }
        if self.own_credentials.iter().any(|own| **own == *name) {
            let why = format!("{shown} is driftgate's own credential, which no source reads");
            return Err(Unread::new(UnreadCause::Forbidden, why));
        }
        (self.variables)(name)
            .map(|value| {
                // The rejected bytes are dropped here: they may be a secret.
                value.into_string().map_err(|_| {
                    let why = format!(
                        "environment variable {shown} is set to bytes that are no UTF-8: its value can't be compared"
                    );
                    Unread::new(UnreadCause::Malformed, why)
                })
            })
            .transpose()
    }

    fn observe(&self, cx: &ReadContext<'_>) -> Observation {
        let mut out = cx.observe();
        for name in &self.names {
            let outcome = match self.value(name) {
                Ok(value) => {
                    if let Some(value) = value {
                        out.item(ItemId::Parameter(name.clone()), leaf(&value), vec![]);
                    }
                    Outcome::Complete
                }
                Err(why) => Outcome::Failed(why),
            };
            out.read(Read {
                scope: scope(name),
                outcome,
                revision: None,
            });
        }
        out.finish()
    }

    fn look(&self) -> Diagnosis {
        let mut out = Diagnosis::of(Ok(()));
        for name in &self.names {
            out.seen.push(self.value(name).map(|value| {
                let state = if value.is_some() { "set" } else { "not set" };
                format!("{name} is {state}").into()
            }));
        }
        out
    }
}

fn leaf(value: &str) -> Tree {
    let mut out = TreeBuilder::new();
    out.scalar(Name::NONE, Kind::Text, value);
    out.finish()
}

impl Source for Environment {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn describe(&self) -> Box<str> {
        DESCRIBED.into()
    }

    fn read<'a>(&'a self, _: &'a Wanted, cx: &'a ReadContext<'a>) -> BoxFuture<'a, Observation> {
        Box::pin(std::future::ready(self.observe(cx)))
    }

    fn inspect<'a>(&'a self, _: &'a Wanted, _: &'a ReadContext<'a>) -> BoxFuture<'a, Diagnosis> {
        Box::pin(std::future::ready(self.look()))
    }
}

/// The variables of a layer, in the order of driftgate.yaml.
fn settings(spec: &LiveSpec, observation: &Observation) -> LayerSettings {
    let mut out = LayerSettings::default();
    let mut seen = BTreeSet::new();
    let listed = own(spec).into_iter().flat_map(|s| &s.names);
    for name in listed.filter(|n| seen.insert(&**n)) {
        let item = ItemId::Parameter(name.clone());
        let (value, unread) = match observation.find(&item) {
            Reading::Present(found) => (Value::of(found.tree.root()), None),
            Reading::Absent(_) => continue,
            // That one only: the others are variables of their own.
            Reading::Unknown(why) => (Value::text(""), Some(why)),
        };
        let origin = Origin {
            item,
            path: KeyPath::default(),
            place: None,
        };
        let entry = SettingEntry {
            name: (&**name).into(),
            style: KeyStyle::Environment,
            path: KeyPath::members(&[name]),
            entry: Entry::of(value, origin),
            seen_by: Arc::default(),
            doubt: None,
        };
        out.entries.push(match unread {
            Some(why) => entry.unread(why),
            None => entry,
        });
    }
    out
}

#[cfg(test)]
mod tests;
