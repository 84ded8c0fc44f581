//! A file of settings on the disk of the machine that driftgate runs on.
//!
//! The whole file is one item: a file that does not exist is absent with proof; one that can't be
//! read, or is none, is not read, with why. The file system does not record who wrote a file, so
//! there are no write records.

mod read;
#[cfg(test)]
mod tests;

use crate::{
    document,
    model::{
        entry::{Entry, Origin},
        observation::{ItemId, Observation, Outcome, Read, Scope},
        path::KeyPath,
        setting::{
            KeyStyle, LayerSettings, SettingEntry, is_name_value_list, select, setting_name,
            settings_below,
        },
        target::{LiveFileSpec, LiveSpec},
        tree::{Kind, NodeRef, Tree},
        value::{Reading, Unread, UnreadCause, Value},
    },
    source::{
        BoxFuture, ConnectContext, Diagnosis, LiveOnly, ReadContext, Source, SourceKind, Wanted,
    },
};
use read::Reader;
use std::{sync::Arc, time::Duration};

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
    let Some(format) = document::format_for(&own.path, own.format) else {
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
/// does not have holds none.
fn settings(spec: &LiveSpec, observation: &Observation) -> LayerSettings {
    let Some(spec) = own(spec) else {
        return LayerSettings::unread(super::not_mine(KIND.name));
    };
    let item = item(spec);
    let found = match observation.find(&item) {
        Reading::Present(found) => found,
        Reading::Absent(_) => return LayerSettings::default(),
        Reading::Unknown(why) => return LayerSettings::unread(why),
    };
    let all = KeyPath::default();
    let selected = spec.select.as_ref().unwrap_or(&all);
    let Some(part) = select(found.tree.root(), selected) else {
        return LayerSettings::default();
    };
    if part.kind() == Kind::Null {
        return LayerSettings::default();
    }
    if part.kind() != Kind::Map && !is_name_value_list(part) {
        let place = match selected.0.is_empty() {
            true => "its top".into(),
            false => format!("`{selected}`"),
        };
        let why = format!(
            "{}: {place} holds no settings: expected a map, or a list of `name` and `value`",
            spec.path
        );
        return LayerSettings::unread(Unread::new(UnreadCause::Malformed, why));
    }
    LayerSettings {
        entries: entries(part, &item, selected, style(spec)),
        unread: None,
    }
}

fn style(spec: &LiveFileSpec) -> KeyStyle {
    document::format_for(&spec.path, spec.format).map_or(KeyStyle::Tree, document::key_style)
}

fn entries(
    part: NodeRef<'_>,
    item: &ItemId,
    selected: &KeyPath,
    style: KeyStyle,
) -> Vec<SettingEntry> {
    let mut out = Vec::new();
    settings_below(part, &mut KeyPath::default(), &mut |path, node| {
        if path.0.is_empty() {
            return; // an empty map
        }
        let mut whole = selected.clone();
        whole.0.extend_from_slice(&path.0);
        out.push(SettingEntry {
            name: setting_name(path),
            style,
            path: path.clone(),
            entry: Entry::of(
                Value::of(node),
                Origin {
                    item: item.clone(),
                    path: whole,
                    place: None,
                },
            ),
            seen_by: Arc::default(),
        });
    });
    out
}
