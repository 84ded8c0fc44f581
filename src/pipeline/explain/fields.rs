//! Questions about what is no setting: a field of an object that git has, or the object itself.

use super::Analysis;
use crate::model::{
    desired::DesiredObject,
    path::{KeyPath, Segment},
    tree::{Kind, NodeRef},
};

/// What other commands do with it.
const INSTEAD: &str = "explain answers for settings, and `driftgate check` and `driftgate compare` compare fields and objects";

/// What is called so instead of a setting: `spec.replicas`, `Deployment/api`, or both.
pub(super) fn named(analysis: &Analysis, asked: &str) -> Option<String> {
    let (first, second) = match asked.split_once(char::is_whitespace) {
        Some((object, field)) => (object, Some(field.trim())),
        None => (asked, None),
    };
    if let Some(object) = objects(analysis).find(|o| is_called(o, first)) {
        let Some(field) = second else {
            return Some(format!("`{asked}` is an object: {INSTEAD}"));
        };
        let node = lookup(object.tree.root(), &field.parse().ok()?)?;
        return Some(is_field(&format!("`{asked}`"), field, object, node));
    }
    let path: KeyPath = asked.parse().ok()?;
    // A member of a ConfigMap is a setting by another name.
    let holds = matches!(path.0.first(), Some(Segment::Member(m)) if !matches!(&**m, "data" | "stringData" | "binaryData"));
    if !holds {
        return None;
    }
    let mut found = objects(analysis).filter_map(|o| Some((o, lookup(o.tree.root(), &path)?)));
    let (object, node) = found.next()?;
    Some(is_field(&format!("`{asked}`"), asked, object, node))
}

/// What stands on a line instead of a setting.
pub(super) fn on_line(analysis: &Analysis, file: &str, line: u32) -> Option<String> {
    let mut of_file = objects(analysis).filter(|o| o.place.is_exact() && *o.place.file == *file);
    of_file.find_map(|object| {
        let path = on(object.tree.root(), &KeyPath::default(), line)?;
        Some(format!(
            "{file}:{line} is the field {path} of {}: {INSTEAD}",
            object.id
        ))
    })
}

fn objects(analysis: &Analysis) -> impl Iterator<Item = &DesiredObject> {
    let layers = analysis.state.layers.iter();
    layers
        .flat_map(|l| l.head.objects.values())
        .map(AsRef::as_ref)
}

/// `Deployment/api`, `Deployment/shop/api`.
fn is_called(object: &DesiredObject, name: &str) -> bool {
    let id = &object.id;
    name.split_once('/') == Some((&id.kind, &id.name)) || id.to_string() == name
}

fn is_field(asked: &str, field: &str, object: &DesiredObject, node: NodeRef<'_>) -> String {
    let place = object.place_of_key(node);
    let of = match asked.trim_matches('`') == field {
        true => format!("a field of {}", object.id),
        false => "a field".into(),
    };
    format!("{asked} is {of} ({place}): {INSTEAD}")
}

/// What lies at a path; an item of a list by its name.
fn lookup<'a>(root: NodeRef<'a>, path: &KeyPath) -> Option<NodeRef<'a>> {
    path.0.iter().try_fold(root, |node, segment| match segment {
        Segment::Member(name) => node.member(name),
        Segment::Index(at) => node.children().nth(*at as usize),
        Segment::Item(keys) => node
            .children()
            .find(|item| matches!(&**keys, [name] if item.text_at(&["name"]) == Some(name))),
    })
}

/// The first field whose key, or item of a list whose value, begins on the line.
fn on(node: NodeRef<'_>, path: &KeyPath, line: u32) -> Option<KeyPath> {
    let is_list = node.kind() == Kind::List;
    node.children().enumerate().find_map(|(at, child)| {
        let mut own = path.clone();
        own.0.push(match (is_list, child.text_at(&["name"])) {
            (false, _) => Segment::Member(child.key().as_str().into()),
            (true, Some(name)) => Segment::Item(vec![name.into()]),
            (true, None) => Segment::Index(u32::try_from(at).unwrap_or(u32::MAX)),
        });
        let is_scalar = !matches!(child.kind(), Kind::Map | Kind::List);
        let begins = match child.key_span() {
            Some(key) => key.line == line,
            None => is_scalar && child.span().is_some_and(|s| s.line == line),
        };
        if begins {
            return Some(own);
        }
        on(child, &own, line)
    })
}
