//! Leaves of a document as settings.

use crate::{
    document::Format,
    model::{
        entry::{Entry, Origin},
        observation::ItemId,
        path::{KeyPath, Segment},
        place::Place,
        setting::{KeyStyle, SettingEntry, is_name_value_list, setting_name, settings_below},
        tree::{Kind, NodeRef, WithoutSecrets},
        value::Value,
    },
};
use std::sync::Arc;

/// A part of a document that holds settings.
pub struct Found<'a> {
    /// The file, as places name it.
    pub file: &'a Arc<str>,
    /// Whether it is git's: places are in the repository.
    pub in_git: bool,
    /// The whole way from the document's root to the part.
    pub base: &'a KeyPath,
    /// How the file is read.
    pub format: Format,
}

/// A part of a document that holds none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A list of something else than `{ name, value }`.
    List,
    /// One value.
    Scalar,
    /// Something that nobody can read from here.
    Hidden,
}

/// The settings below `node`, a sealed tree's; nothing for an empty part.
///
/// # Errors
/// What stands there instead.
pub fn entries(
    node: NodeRef<'_>,
    found: &Found<'_>,
    out: &mut Vec<SettingEntry>,
) -> Result<(), Wrong> {
    match node.kind() {
        Kind::Null => return Ok(()),
        Kind::Map | Kind::List if node.is_empty() => return Ok(()),
        Kind::Map => {}
        Kind::List if is_name_value_list(node) => {}
        Kind::List => return Err(Wrong::List),
        Kind::Sealed | Kind::Opaque => return Err(Wrong::Hidden),
        _ => return Err(Wrong::Scalar),
    }
    let style = style_of(node, found.format);
    let item = ItemId::Document((**found.file).into());
    settings_below(node, &mut KeyPath::default(), &mut |path, leaf| {
        let mut full = found.base.clone();
        full.0.extend(path.0.iter().cloned());
        let origin = Origin {
            item: item.clone(),
            path: full,
            place: found.in_git.then(|| {
                let span = leaf.span().or_else(|| leaf.key_span());
                Place::exact(Arc::clone(found.file), span)
            }),
        };
        out.push(SettingEntry {
            name: setting_name(path),
            style,
            path: path.clone(),
            entry: Entry::of(value_of(path, leaf), origin),
            seen_by: Arc::default(),
            doubt: None,
        });
    });
    Ok(())
}

/// `spring.datasource.` of a path that has members only: properties keep their dots, so that a part
/// of such a file is all keys that begin alike.
#[must_use]
pub fn prefix(base: &KeyPath) -> Option<String> {
    let mut out = String::new();
    for segment in &base.0 {
        let Segment::Member(name) = segment else {
            return None;
        };
        out.push_str(name);
        out.push('.');
    }
    (!out.is_empty()).then_some(out)
}

/// Those of a file's settings whose keys begin with `prefix`, without it.
#[must_use]
pub fn below_prefix(all: Vec<SettingEntry>, prefix: &str) -> Vec<SettingEntry> {
    let cut = |mut setting: SettingEntry| {
        let rest = setting
            .name
            .strip_prefix(prefix)
            .filter(|r| !r.is_empty())?;
        let rest: Arc<str> = rest.into();
        setting.path = KeyPath(vec![Segment::Member((*rest).into())]);
        setting.name = rest;
        Some(setting)
    };
    all.into_iter().filter_map(cut).collect()
}

/// How the settings below `node` spell their keys.
#[must_use]
pub fn style_of(node: NodeRef<'_>, format: Format) -> KeyStyle {
    match format {
        Format::Dotenv(_) => KeyStyle::Environment,
        _ if node.kind() == Kind::List => KeyStyle::Environment,
        _ => KeyStyle::Tree,
    }
}

/// The value of a leaf of [`settings_below`]: `valueFrom` is a reference that nobody follows here,
/// equal to itself.
#[must_use]
pub fn value_of(path: &KeyPath, leaf: NodeRef<'_>) -> Value {
    let by_name = matches!(
        path.0.as_slice(),
        [.., Segment::Item(_), Segment::Member(member)] if matches!(&**member, "valueFrom" | "ValueFrom")
    );
    match leaf.kind() {
        Kind::Text if by_name => Value::Symbol(leaf.text().into()),
        Kind::Map if by_name => Value::Symbol(reference(leaf)),
        _ => Value::of(leaf),
    }
}

/// `secretKeyRef api-secret/DB_PASSWORD`, `fieldRef status.podIP`; else its JSON.
fn reference(from: NodeRef<'_>) -> Box<str> {
    let mut members = from.children();
    if let (Some(kind), None) = (members.next(), members.next()) {
        let named = |a: &str, b: &str| {
            Some(format!(
                "{} {}/{}",
                kind.key(),
                kind.text_at(&[a])?,
                kind.text_at(&[b])?
            ))
        };
        let field = || Some(format!("{} {}", kind.key(), kind.text_at(&["fieldPath"])?));
        if let Some(text) = named("name", "key").or_else(field) {
            return text.into();
        }
    }
    serde_json::to_string(&WithoutSecrets(from))
        .unwrap_or_else(|_| "valueFrom".to_owned())
        .into()
}
