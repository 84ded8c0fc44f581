//! A file of settings on the disk of the machine that driftgate runs on.
//!
//! The whole file is one item: a file that does not exist is absent with proof; one that can't be
//! read, or is none, is not read, with why. The file system does not record who wrote a file, so
//! there are no write records.

mod read;
#[cfg(test)]
mod tests;

use crate::{
    document::Format,
    model::{
        observation::{ItemId, Observation, Outcome, Read, Scope},
        path::KeyPath,
        setting::{LayerSettings, SettingEntry, settings_below},
        target::{LiveFileSpec, LiveSpec},
        tree::{NodeRef, Tree},
        value::{Reading, Unread, UnreadCause},
    },
    settings::{Found, Wrong, below_prefix, entries, format_of_file, prefix, select},
    source::{
        BoxFuture, ConnectContext, Diagnosis, LiveOnly, ReadContext, Source, SourceKind, Wanted,
    },
};
use read::Reader;
use std::time::Duration;

/// Files on disk as a kind of source.
pub static KIND: SourceKind = SourceKind {
    name: "file",
    unit: "file",
    identity: describe,
    // The whole file is read, whatever a layer selects of it.
    join: |_, _| {},
    describe,
    is_recorded_as: |spec, described, _| own(spec).is_some() && *described == *describe(spec),
    scopes: |spec, _| own(spec).into_iter().map(scope).collect(),
    connect,
    settings: Some(settings),
    live_only: LiveOnly::ReplacesAll,
    rights,
};

fn own(spec: &LiveSpec) -> Option<&LiveFileSpec> {
    match spec {
        LiveSpec::File(spec) => Some(spec),
        _ => None,
    }
}

fn item(spec: &LiveFileSpec) -> ItemId {
    ItemId::Document(spec.path.clone())
}

fn scope(spec: &LiveFileSpec) -> Scope {
    Scope::Item(item(spec))
}

/// The path, and how it is read if not by its name: read in two ways, a file is two things.
fn describe(spec: &LiveSpec) -> Box<str> {
    match own(spec) {
        None => "".into(),
        Some(spec) => match spec.format {
            None => spec.path.clone(),
            Some(format) => format!("{} as {}", spec.path, format.word()).into(),
        },
    }
}

fn rights(systems: &[(LiveSpec, Wanted)]) -> String {
    let files = systems.iter().filter_map(|(spec, _)| own(spec));
    let line = |spec: &LiveFileSpec| {
        let path = crate::text::terminal(&spec.path).into_owned();
        format!(
            "# file: the user that driftgate runs as must be able to read {path}, and to enter its folders.\n"
        )
    };
    files.map(line).collect()
}

fn connect(spec: &LiveSpec, cx: &ConnectContext<'_>) -> Result<Box<dyn Source>, Unread> {
    let own = own(spec).ok_or_else(|| super::not_mine(KIND.name))?;
    let Some(format) = format_of_file(&own.path, own.format) else {
        let why = format!(
            "{}: its name does not tell the format: say `format` in driftgate.yaml",
            own.path
        );
        return Err(Unread::new(UnreadCause::Malformed, why));
    };
    Ok(Box::new(File {
        describe: describe(spec),
        item: item(own),
        reader: Reader {
            shown: own.path.clone(),
            path: cx.directory.join(&*own.path),
            repository: cx.repository.map(Into::into),
            format,
        },
    }))
}

/// A file that is read.
struct File {
    describe: Box<str>,
    item: ItemId,
    reader: Reader,
}

impl File {
    /// The content; nothing for a file that does not exist. In a thread of its own, because a disk
    /// may hang (a network file system) and a thread can be left behind.
    async fn load(&self, limit: Duration) -> Result<Option<Tree>, Unread> {
        let reader = self.reader.clone();
        let reading = tokio::task::spawn_blocking(move || reader.read());
        match tokio::time::timeout(limit, reading).await {
            Ok(Ok(read)) => read,
            Ok(Err(_)) => {
                let why = format!("{}: reading it broke off", self.reader.shown);
                Err(Unread::new(UnreadCause::CutOff, why))
            }
            Err(_) => {
                let why = format!(
                    "{}: it could not be read within {}s (--timeout)",
                    self.reader.shown,
                    limit.as_secs()
                );
                Err(Unread::new(UnreadCause::TimedOut, why))
            }
        }
    }

    async fn observe(&self, cx: &ReadContext<'_>) -> Observation {
        let mut out = cx.observe();
        let outcome = match self.load(cx.limit).await {
            Ok(content) => {
                if let Some(tree) = content {
                    out.item(self.item.clone(), tree, vec![]);
                }
                Outcome::Complete
            }
            Err(why) => Outcome::Failed(why),
        };
        out.read(Read {
            scope: Scope::Item(self.item.clone()),
            outcome,
            revision: None,
        });
        out.finish()
    }

    async fn look(&self, cx: &ReadContext<'_>) -> Diagnosis {
        let mut out = Diagnosis::of(Ok(()));
        let path = &self.reader.shown;
        out.seen.push(self.load(cx.limit).await.map(|content| {
            match content {
                None => format!("{path} does not exist: each of its settings counts as absent"),
                Some(tree) => {
                    let mut n = 0;
                    settings_below(tree.root(), &mut KeyPath::default(), &mut |_, _| n += 1);
                    let settings = crate::text::plural(n, "setting");
                    format!("{path} can be read, with {settings}")
                }
            }
            .into()
        }));
        out
    }
}

impl Source for File {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn describe(&self) -> Box<str> {
        self.describe.clone()
    }

    fn read<'a>(&'a self, _: &'a Wanted, cx: &'a ReadContext<'a>) -> BoxFuture<'a, Observation> {
        Box::pin(self.observe(cx))
    }

    fn inspect<'a>(&'a self, _: &'a Wanted, cx: &'a ReadContext<'a>) -> BoxFuture<'a, Diagnosis> {
        Box::pin(self.look(cx))
    }
}

/// The settings of a layer: the file's, or those of the part that is selected. A part that the file
/// certainly does not have holds none.
fn settings(spec: &LiveSpec, observation: &Observation) -> LayerSettings {
    let Some(spec) = own(spec) else {
        return LayerSettings::unread(super::not_mine(KIND.name));
    };
    match observation.find(&item(spec)) {
        Reading::Present(found) => match part(spec, found.tree.root()) {
            Ok(entries) => LayerSettings {
                entries,
                ..LayerSettings::default()
            },
            Err(why) => {
                let why = format!("{}: {why}", spec.path);
                LayerSettings::unread(Unread::new(UnreadCause::Malformed, why))
            }
        },
        Reading::Absent(_) => LayerSettings::default(),
        Reading::Unknown(why) => LayerSettings::unread(why),
    }
}

fn part(spec: &LiveFileSpec, root: NodeRef<'_>) -> Result<Vec<SettingEntry>, String> {
    // It was read, so it has one.
    let Some(format) = format_of_file(&spec.path, spec.format) else {
        return Err("its format is not known".into());
    };
    let all = KeyPath::default();
    let selected = spec.select.as_ref().unwrap_or(&all);
    let prefix = match format {
        Format::Properties => prefix(selected),
        _ => None,
    };
    let base = if prefix.is_some() { &all } else { selected };
    let node = match select(root, base) {
        Ok(node) => node,
        Err(not) if not.certain => return Ok(vec![]),
        Err(not) => return Err(not.message),
    };
    let found = Found {
        file: &(*spec.path).into(),
        in_git: false,
        base,
        format,
    };
    let mut out = Vec::new();
    entries(node, &found, &mut out).map_err(|wrong| {
        let what = match wrong {
            Wrong::List => "is a list",
            Wrong::Scalar => "is a single value",
            Wrong::Hidden => "is not readable from here",
        };
        let place = match base.0.is_empty() {
            true => "its top".into(),
            false => format!("`{base}`"),
        };
        format!("{place} {what}: expected a map, or a list of `name` and `value`")
    })?;
    Ok(match prefix {
        Some(prefix) => below_prefix(out, &prefix),
        None => out,
    })
}
