//! What is secret, by kind, name and look.
//!
//! Sealing too much hides a difference's words; sealing too little publishes a password. In doubt
//! a value is sealed: it is still compared.

mod command;
mod look;
mod names;
mod pairs;
#[cfg(test)]
mod tests;
mod value;

use crate::{
    document::{self, Dialect, Format},
    model::{
        name::Name,
        observation::{Classifier, ItemId},
        tree::{Kind, NodeRef, Sealing, Step},
    },
};
use rustc_hash::FxHashMap;
use std::cell::RefCell;

pub use look::looks_secret;
pub use names::is_secret_name;

/// kubectl's copy of a whole object, Secrets' `data` included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The shipped classifier.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByNameAndLook;

impl Classifier for ByNameAndLook {
    fn sealing(&self, id: &ItemId, path: &[Step<'_>], leaf: NodeRef<'_>) -> Sealing {
        if leaf.kind() == Kind::Null {
            return Sealing::Keep;
        }
        if is_kubernetes_secret(id) {
            match path.first() {
                Some(Step::Member("data")) => return Sealing::Base64,
                Some(Step::Member("stringData")) => return Sealing::Text,
                _ => {}
            }
        }
        if let (ItemId::Parameter(name), []) = (id, path) {
            return match is_secret_parameter(name, leaf) {
                true => Sealing::Text,
                false => Sealing::Keep,
            };
        }
        if path.last() == Some(&Step::Member(LAST_APPLIED))
            || is_secret_leaf(path, leaf, Place::of(id, path))
        {
            Sealing::Text
        } else {
            Sealing::Keep
        }
    }

    fn looks_secret(&self, text: &str) -> bool {
        looks_secret(text)
    }
}

/// A value of its own is called by the last part of its name: `/production/api/DB_PASSWORD`.
fn is_secret_parameter(name: &str, leaf: NodeRef<'_>) -> bool {
    let names: Vec<&str> = name.split('/').filter(|n| !n.is_empty()).collect();
    let name = names.last().copied().unwrap_or(name);
    let text = leaf.text();
    match leaf.kind() {
        Kind::Text => {
            is_secret(name, text)
                || is_below(&names, text)
                || (may_be_file(text) && is_secret_file(name, text))
        }
        Kind::Number => is_secret(name, text) || is_below(&names, text),
        _ => false,
    }
}

/// Whether a setting called `name` with this value is a secret: by its name, unless the value is
/// none (empty, a switch, a reference to somewhere else), or by the value's look.
#[must_use]
pub fn is_secret(name: &str, value: &str) -> bool {
    (is_secret_name(name) && value::may_be_secret(name, value)) || looks_secret(value)
}

fn is_kubernetes_secret(id: &ItemId) -> bool {
    matches!(id, ItemId::Object(o) if o.is("", "Secret"))
}

/// Where a leaf stands, as far as names mean different things there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Names are the user's own: settings of an application.
    Settings,
    /// A field of a Kubernetes object: `secret: api-tls` names a Secret.
    Field,
    /// A label or an annotation.
    Annotation,
    /// A kind whose fields speak about secrets and hold none.
    AboutSecrets,
}

impl Place {
    fn of(id: &ItemId, path: &[Step<'_>]) -> Place {
        let ItemId::Object(object) = id else {
            return Place::Settings;
        };
        if object.is("", "ConfigMap") && path.first() == Some(&Step::Member("data")) {
            return Place::Settings;
        }
        if let [.., Step::Member("annotations" | "labels"), Step::Member(_)] = path {
            return Place::Annotation;
        }
        const ABOUT_SECRETS: [&str; 4] = [
            "external-secrets.io",
            "secrets-store.csi.x-k8s.io",
            "cert-manager.io",
            "generators.external-secrets.io",
        ];
        if ABOUT_SECRETS.contains(&&*object.group) {
            return Place::AboutSecrets;
        }
        Place::Field
    }
}

fn is_secret_leaf(path: &[Step<'_>], leaf: NodeRef<'_>, place: Place) -> bool {
    match leaf.kind() {
        Kind::Text | Kind::Number => {}
        // `true` is no secret, whatever it is called.
        _ => return false,
    }
    let text = leaf.text();
    if by_name(path, leaf, text, place) || beside_no_echo(path, leaf) {
        return true;
    }
    if leaf.kind() != Kind::Text {
        return false;
    }
    looks_secret(text)
        || is_secret_argument(path, leaf)
        || (may_be_file(text) && is_secret_file(file_name(path), text))
}

fn by_name(path: &[Step<'_>], leaf: NodeRef<'_>, text: &str, place: Place) -> bool {
    let Some((nearest, name)) = nearest_name(path) else {
        return false;
    };
    let (above, is_value) = (&path[..nearest], matches!(name, "value" | "Value" | "val"));
    // `env: [{name: DB_PASSWORD, value: …}]`
    let sibling = is_value.then(|| sibling_name(above, leaf)).flatten();
    let secret = match sibling {
        Some(sibling) => is_secret_name(sibling),
        None if leaf.key() == Name::NONE => is_secret_name(name),
        None => remembered(leaf.key()),
    };
    let name = sibling.unwrap_or(name);
    if secret && value::may_be_secret(name, text) {
        let is_secret = sibling.is_some()
            || match place {
                Place::Settings => true,
                Place::Field => !(names::may_name_a_secret(name) && value::is_object_name(text)),
                Place::Annotation => names::ends_in_secret(name) && !value::is_object_name(text),
                Place::AboutSecrets => false,
            };
        if is_secret {
            return true;
        }
    }
    place == Place::Settings
        && ((is_marked(above, leaf) && value::may_be_secret("", text))
            || (!is_reference(above, leaf, text) && is_below_secrets(above, name, text)))
}

/// Whether the names of the maps around it say so. Properties have dots where YAML has maps.
fn is_below_secrets(above: &[Step<'_>], name: &str, text: &str) -> bool {
    let names: Vec<&str> = above
        .iter()
        .filter_map(|s| match s {
            Step::Member(name) => Some(*name),
            Step::Index(_) => None,
        })
        .chain([name])
        .flat_map(|n| n.split('.'))
        .filter(|n| !n.is_empty())
        .collect();
    is_below(&names, text)
}

fn is_below(names: &[&str], text: &str) -> bool {
    let is_secret = match names::above(names) {
        names::Above::No => false,
        names::Above::Perhaps => value::is_random(text),
        names::Above::Yes => true,
    };
    let name = names.last().copied().unwrap_or_default();
    // A connection string need not hold a password, whatever its own name.
    let map = names.iter().rev().nth(1).copied().unwrap_or_default();
    is_secret
        && value::may_be_secret(name, text)
        && (!names::is_connection(map) || value::may_be_secret(map, text))
}

/// CloudFormation's `{ NoEcho: true, Default: … }`, Terraform's `{ sensitive = true, … }`.
fn is_marked(above: &[Step<'_>], leaf: NodeRef<'_>) -> bool {
    let name = leaf.key();
    if name == Name::NONE || !matches!(name.as_str(), "Default" | "default" | "value" | "Value") {
        return false;
    }
    let marks = ["NoEcho", "sensitive", "secret", "secure", "masked"];
    walk(leaf.root(), above).is_some_and(|parent| {
        marks.iter().any(|mark| {
            parent
                .member(mark)
                .is_some_and(|m| m.as_bool() == Some(true) || m.text().eq_ignore_ascii_case("true"))
        })
    })
}

/// The key of a Secret, beside its name: `secret: { name: db, key: password }`.
fn is_reference(above: &[Step<'_>], leaf: NodeRef<'_>, text: &str) -> bool {
    let is_key = leaf.key() != Name::NONE && matches!(leaf.key().as_str(), "key" | "property");
    let names_it = |parent: NodeRef<'_>| {
        let has = |name| parent.member(name).is_some();
        has("secretName")
            || has("path")
            || (has("name")
                && nearest_name(above).is_some_and(|(_, n)| names::ends_in_one_secret(n)))
    };
    let is_name = text
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        || value::is_object_name(text);
    is_key && is_name && walk(leaf.root(), above).is_some_and(names_it)
}

/// Whether a parameter of a CloudFormation template is one that nobody shall echo: what `NoEcho`
/// says, unless that is plainly no.
#[must_use]
pub fn is_no_echo(parameter: NodeRef<'_>) -> bool {
    parameter.member("NoEcho").is_some_and(|says| {
        let text = says.scalar_text();
        !["", "false", "no", "off", "null"]
            .iter()
            .any(|no| text.trim().eq_ignore_ascii_case(no))
    })
}

/// `Default` and `AllowedValues` beside `NoEcho: true`, whatever the file is taken for.
fn beside_no_echo(path: &[Step<'_>], leaf: NodeRef<'_>) -> bool {
    let parameter = match path {
        [parameter @ .., Step::Member("Default")]
        | [
            parameter @ ..,
            Step::Member("AllowedValues"),
            Step::Index(_),
        ] => parameter,
        _ => return false,
    };
    walk(leaf.root(), parameter).is_some_and(is_no_echo)
}

/// The last member name, and where in the path it stands.
fn nearest_name<'a>(path: &[Step<'a>]) -> Option<(usize, &'a str)> {
    path.iter().enumerate().rev().find_map(|(i, s)| match s {
        Step::Member(name) => Some((i, *name)),
        Step::Index(_) => None,
    })
}

/// `name` or `key` beside a `value`.
fn sibling_name<'a>(parent: &[Step<'_>], leaf: NodeRef<'a>) -> Option<&'a str> {
    let parent = walk(leaf.root(), parent)?;
    ["name", "key", "Name", "Key", "variable"]
        .iter()
        .find_map(|k| parent.member(k)?.as_text())
}

fn walk<'a>(root: NodeRef<'a>, path: &[Step<'_>]) -> Option<NodeRef<'a>> {
    path.iter().try_fold(root, |node, step| match step {
        Step::Member(name) => node.member(name),
        Step::Index(i) => node.children().nth(*i),
    })
}

/// `args: ["--password", "hunter2"]`, `command: [mysqladmin, "-phunter2"]`
fn is_secret_argument(path: &[Step<'_>], leaf: NodeRef<'_>) -> bool {
    let [parent @ .., Step::Index(at)] = path else {
        return false;
    };
    let [object @ .., Step::Member(list)] = parent else {
        return false;
    };
    if !matches!(
        *list,
        "args" | "command" | "cmd" | "entrypoint" | "Cmd" | "Command" | "EntryPoint" | "Args"
    ) {
        return false;
    }
    let Some(object) = walk(leaf.root(), object) else {
        return false;
    };
    let texts = |list: &str| {
        let list = object.member(list).into_iter();
        list.flat_map(NodeRef::children)
            .filter_map(NodeRef::as_text)
    };
    let before: Vec<&str> = object
        .member(list)
        .into_iter()
        .flat_map(NodeRef::children)
        .take(*at)
        .skip(at.saturating_sub(64))
        .map(|n| n.as_text().unwrap_or_default())
        .collect();
    let of_command = match *list {
        "args" => texts("command").fold("", command::tool_after),
        _ => "",
    };
    let tool = before
        .iter()
        .fold(of_command, |t, w| command::tool_after(t, w));
    command::is_secret_argument(tool, before.last().unwrap_or(&""), leaf.text())
}

fn file_name<'a>(path: &[Step<'a>]) -> &'a str {
    nearest_name(path).map_or("", |(_, name)| name)
}

/// A text of lines, or JSON on one.
fn may_be_file(text: &str) -> bool {
    text.contains('\n') || text.starts_with(['{', '['])
}

/// A whole file in one leaf (a ConfigMap's `application.yml`): secret when anything in it is.
fn is_secret_file(name: &str, text: &str) -> bool {
    if !names::mentions_secrets(text) {
        return false;
    }
    let format = document::format_of(name, Dialect::Core);
    // Many a file's key has no end: `config`.
    let tree = match format {
        Some(_) => document::embedded(name, text),
        None if text.starts_with(['{', '[']) => document::embedded("value.json", text),
        None => document::embedded("value.yml", text),
    };
    // In files of lines, what is commented out is as readable as the rest.
    let has_lines = !matches!(format, Some(Format::Yaml(_) | Format::Json | Format::Jsonc));
    tree.as_ref()
        .is_some_and(|t| any_leaf(t.root(), &mut Vec::new()))
        || ((tree.is_none() || has_lines) && pairs::has_secret_line(text))
}

fn any_leaf<'a>(node: NodeRef<'a>, path: &mut Vec<Step<'a>>) -> bool {
    match node.kind() {
        Kind::Map | Kind::List => node.children().enumerate().any(|(i, child)| {
            path.push(if child.key() == Name::NONE {
                Step::Index(i)
            } else {
                Step::Member(child.key().as_str())
            });
            let found = any_leaf(child, path);
            path.pop();
            found
        }),
        _ => is_secret_leaf(path, node, Place::Settings),
    }
}

/// [`is_secret_name`] of an interned name: a few thousand names, millions of leaves.
fn remembered(name: Name) -> bool {
    thread_local! {
        static KNOWN: RefCell<FxHashMap<Name, bool>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        *known
            .entry(name)
            .or_insert_with(|| is_secret_name(name.as_str()))
    })
}
